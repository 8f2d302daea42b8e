"""The numbers of a network on data: everything that one step of training computes, or one forward pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chalkwork.derivation.derivation import Equation
from chalkwork.derivation.evaluate import evaluate
from chalkwork.networks.data import Array
from chalkwork.networks.network import NeuralNetwork
from chalkwork.networks.optimisers import Optimiser
from chalkwork.networks.parameters import masks_of
from chalkwork.networks.plan import Plan, Spot
from chalkwork.networks.training import training_step
from chalkwork.networks.training_data import targets_of


@dataclass(frozen=True)
class Measured:
    """Values by the names of the equations; those of data as samples x units, whatever the convention."""

    plan: Plan
    values: Mapping[str, Array]

    def data(self, name: str) -> Array:
        """A quantity with an entry for every sample, and every position of it (rows), and unit (columns)."""
        value = self.values[name]
        rows = np.swapaxes(value, -1, -2) if self.plan.convention.samples == "columns" else value
        return rows.reshape(-1, rows.shape[-1])


def oriented(net: NeuralNetwork, x: Any, y: Any) -> tuple[Array, Array]:
    """Input and target as the equations need them. Raises ShapeError or ValueProblem as `train` does."""
    inputs = net.oriented_input(x, batched=True)
    return inputs, targets_of(net, y, net.count(inputs), net.labels)[0]


def gradient_equations(plan: Plan) -> tuple[Equation, ...]:
    """From the input to every gradient, as `train` computes them: the loss does not overflow."""
    derivation = training_step(plan, Optimiser.of("gradient_descent")).derivation
    gradients = [f"d{name.name}" for name in plan.parameters()]
    errors = [f"delta{at.number}" for at in plan.spots if has_error(at)]
    return derivation.needed(["L", *gradients, *errors])


def has_error(at: Spot) -> bool:
    """Whether a layer has a net input, and so an error delta; dropout has none."""
    return any(adjoint.name == at.name("delta") for adjoint in at.layer.kind.adjoints(at))


def filled(equations: tuple[Equation, ...], givens: Mapping[str, Array]) -> dict[str, Array]:
    """The givens, and the value of every equation; what is no number stays what it is."""
    known = dict(givens)
    with np.errstate(all="ignore"):
        for equation in equations:
            known[equation.name] = evaluate(equation.expression, known)
    return known


def training_values(net: NeuralNetwork, x: Any, y: Any) -> Measured:
    """Activations, errors and gradients of all samples as one batch, in training mode."""
    inputs, target = oriented(net, x, y)
    plan = net.plan(net.count(inputs), training=True)
    step = training_step(plan, Optimiser.of("gradient_descent"))
    givens = {"x": inputs, "y": target} | net.values(step.derivation, plan) | masks_of(plan, None, net.seed)
    return Measured(plan, filled(gradient_equations(plan), givens))


def inference_values(net: NeuralNetwork, x: Any) -> Measured:
    """The forward pass of all samples, in inference mode."""
    inputs = net.oriented_input(x, batched=True)
    return Measured(net.plan(net.count(inputs)), {"x": inputs} | net.forward(inputs))
