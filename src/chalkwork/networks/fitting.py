"""What a network can be trained for: outputs, loss and targets that go together, and what makes its steps too long."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from chalkwork.algebra.expression import Name
from chalkwork.derivation.evaluate import evaluate
from chalkwork.errors import ChalkworkError, ShapeError, ValueProblem
from chalkwork.networks.activations import KINDS
from chalkwork.networks.losses import SquaredError
from chalkwork.networks.plan import Plan
from chalkwork.training.diagnosis import Suspicion

if TYPE_CHECKING:
    from chalkwork.networks.settings import Settings
    from chalkwork.networks.training_data import Samples

PROBABILITIES = ("softmax", "sigmoid")
LARGE_DATA = 10.0
"""Initialisers and usual rates are made for numbers near 1."""
_CHOICE = (
    "softmax with cross_entropy where a sample has one class, sigmoid with binary_cross_entropy where every output is "
    "there or not, identity with mean_squared_error for real numbers"
)


def check_outputs(plan: Plan) -> None:
    """Raise ChalkworkError for outputs under whose loss nothing can be learned, with the pairs that may be meant.

    >>> from chalkwork import Dense, NeuralNetwork
    >>> check_outputs(NeuralNetwork([Dense(2, inputs=1)], "cross_entropy").plan())
    Traceback (most recent call last):
        ...
    chalkwork.errors.ChalkworkError: the outputs (identity) are no probabilities, and cross-entropy takes their \
logarithm. Hint: softmax with cross_entropy where a sample has one class, sigmoid with binary_cross_entropy where \
every output is there or not, identity with mean_squared_error for real numbers.
    """
    plan.check_gradient()
    last = plan.layers[-1]
    if last.positions:
        raise ShapeError(
            f"the last layer gives every sample units at {' x '.join(map(str, last.positions))} {plan.places}, but a "
            "network is trained with one vector of outputs for each sample",
            hint="put Flatten() behind it, and give the targets one after the other",
        )
    name, words, loss = last.activation.name, last.activation.words, plan.loss
    if name == "log_softmax" and loss.of_probabilities:
        raise ChalkworkError(
            f"the outputs (log-softmax) are logarithms already, and {loss.title} takes the logarithm again",
            hint="softmax with cross_entropy: its logarithm is taken of the net inputs at once, as log-softmax does",
        )
    if loss.of_probabilities and name not in PROBABILITIES:
        raise ChalkworkError(
            f"the outputs ({words}) are no probabilities, and {loss.title} takes their logarithm", hint=_CHOICE
        )
    if name == "sigmoid" and loss.distribution:
        raise ChalkworkError(
            f"sigmoid outputs under {loss.title} all go to 1: nothing pulls those of the other classes down",
            hint="softmax with cross_entropy where a sample has one class, sigmoid with binary_cross_entropy where it "
            "may have any number of labels",
        )
    if last.activation.per_sample and last.units == 1:
        raise ChalkworkError(
            f"the {words} of a single output is the same whatever the input is, so nothing can be learned",
            hint="one sigmoid with binary_cross_entropy, or two softmax outputs with cross_entropy",
        )


def check_targets(plan: Plan, samples: Samples) -> None:
    """Raise ValueProblem for targets that the outputs cannot come near."""
    last = plan.layers[-1].activation
    bounds = KINDS[last.name].bounds
    if bounds is None:
        return
    low, high = (0.0, 1.0) if samples.classes else (float(samples.y.min()), float(samples.y.max()))
    if low < bounds[0] or high > bounds[1]:
        raise ValueProblem(
            f"the targets y reach from {low:g} to {high:g}, but the outputs ({last.words}) lie between {bounds[0]:g} "
            f"and {bounds[1]:g}",
            hint="identity outputs for real numbers; for more than two classes an output each and softmax",
        )


def ordinary_loss(plan: Plan, samples: Samples, batch: int) -> float:
    """The loss of a batch under outputs that say nothing: what a loss is measured against when it rises.

    >>> from chalkwork import Dense, NeuralNetwork
    >>> from chalkwork.networks.training_data import Samples
    >>> plan = NeuralNetwork([Dense(1, inputs=1)]).plan(2)
    >>> ordinary_loss(plan, Samples(np.ones((2, 1)), np.array([[3.0], [1.0]])), batch=1)
    2.5
    """
    if samples.classes:  # without a word on any class, a sample's loss is that of every other, and the mean weight one
        axis = plan.convention.sample_axis
        return ordinary_loss(plan, replace(samples, w=None).block(0, 1, axis), batch)
    y, w = samples.y, samples.w
    shape = (y.shape[0], y.shape[1])
    known = {"y": y, "a": np.full(shape, plan.loss.uninformed(plan.layers[-1].units))}
    weights = None
    if w is not None:
        weights, known["w"] = Name("w", (w.shape[0], w.shape[1])), w
    count = shape[plan.convention.sample_axis]
    with np.errstate(all="ignore"):
        loss = evaluate(plan.loss.expression(Name("a", shape), Name("y", shape), count, weights), known).item()
    return float(loss) * (batch / count if plan.loss.reduction == "sum" else 1) if np.isfinite(loss) else 0.0


def suspicions(plan: Plan, samples: Samples, settings: Settings, batch: int) -> tuple[Suspicion, ...]:
    """Why the steps may be too long, as far as data and settings tell."""
    found = []
    rate = settings.rate(plan.loss, batch)
    if batch > 1 and settings.sums(plan.loss):
        mean = "loss='mean_squared_error'" if isinstance(plan.loss, SquaredError) else "reduction='mean' of the loss"
        cause = f"the loss is a sum over {batch} samples, so that a step at the rate {rate:g} is as long as one at the "
        found.append(Suspicion(f"{cause}rate {rate * batch:g} for their mean", f"eta={rate / batch:.2g}, {mean}"))
    for words, array in [("inputs", samples.x), *([] if samples.classes else [("targets", samples.y)])]:
        largest = max(float(array.max()), -float(array.min()))
        if largest > LARGE_DATA:
            found.append(Suspicion(f"the {words} reach {largest:.3g}", f"standardised {words}"))
    return tuple(found)
