"""What a network is measured by on data held out, and its output for data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from chalkwork.derivation.evaluate import evaluate_each
from chalkwork.errors import ValueProblem
from chalkwork.networks.data import Array
from chalkwork.networks.equations import derive, without_overflow
from chalkwork.networks.labels import CLASSIFY, Labels
from chalkwork.networks.training_data import classes_of, cut_of

if TYPE_CHECKING:
    from chalkwork.networks.network import NeuralNetwork

BLOCK = 4096
"""Samples that are propagated at once: what they take stays in the cache."""


def output(net: NeuralNetwork, x: Any, letter: str = "a") -> Array:
    """The activations of the last layer (`letter` a) or its net inputs (z), in the network's orientation; in inference.

    Raises ShapeError or ValueProblem for what is no input of the network.

    >>> from chalkwork.networks.layers import Dense
    >>> from chalkwork.networks.network import NeuralNetwork
    >>> output(NeuralNetwork([Dense(weights=[[2.0], [1.0]], bias=False)]), [[1, 1], [0, 1]]).tolist()
    [[3.0], [1.0]]
    """
    inputs = net.oriented_input(x, batched=True)
    samples, axis = net.count(inputs), net.convention.axis_of(inputs)
    parts = [inputs.take(range(at, min(at + BLOCK, samples)), axis) for at in range(0, samples, BLOCK)]
    found = [_output(net, part if len(parts) > 1 else inputs, letter) for part in parts]
    return found[0] if len(found) == 1 else np.concatenate(found, net.convention.sample_axis)


def _output(net: NeuralNetwork, inputs: Array, letter: str) -> Array:
    plan = net.plan(net.count(inputs))
    derivation = derive(plan, target=False)
    wanted = f"{letter}{plan.depth}"
    values = evaluate_each(derivation.needed([wanted]), {"x": inputs} | net.values(derivation, plan))
    found = np.asarray(values[wanted])
    if not np.isfinite(found).all():
        raise ValueProblem(
            f"{wanted} is not finite: the numbers grow too large on the way through the network",
            hint="smaller inputs, or a network that has not diverged",
        )
    return found


class Measure:
    """The loss on data held out, in inference and without penalties, and how many classes are right."""

    def __init__(
        self, net: NeuralNetwork, x: Array, y: Array, weights: Array | None = None, labels: Labels | None = None
    ) -> None:
        self.data = {"x": x, "y": y} | ({} if weights is None else {"w": weights})
        self.unit_axis = net.convention.unit_axis
        plan = replace(net.plan(net.count(x), weighted=weights is not None), penalties=())
        needed = derive(plan, target=True).needed(["L", f"a{plan.depth}"])
        self.equations = [without_overflow(plan, each) if each.name == "L" else each for each in needed]
        last = plan.layers[-1].activation.name
        self.output = f"a{plan.depth}" if last in CLASSIFY else None
        self.cut = cut_of(last, labels)
        self.constants = {name: np.array([[value]]) for name, value in net.constants.items()}

    def __call__(self, values: Mapping[str, Array]) -> dict[str, float]:
        """`validation_loss`, and `validation_accuracy` where the network classifies."""
        known = evaluate_each(self.equations, {**self.constants, **values, **self.data})
        found = {"validation_loss": float(known["L"].item())}
        if self.output is not None:
            sides = (classes_of(known[name], self.unit_axis, self.cut) for name in (self.output, "y"))
            found["validation_accuracy"] = float(np.mean(np.equal(*sides)))
        return found
