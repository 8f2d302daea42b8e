"""What the numbers of each layer are like: mean, spread, quantiles, zeros, saturation."""

from __future__ import annotations

from typing import Any

import numpy as np

from chalkwork.algebra.expression import Name, apply, names_in
from chalkwork.algebra.operations import TABLE
from chalkwork.derivation.differentiate import local_derivatives
from chalkwork.derivation.evaluate import evaluate
from chalkwork.inside.measured import Measured, inference_values, training_values
from chalkwork.inside.table import Cell, Table
from chalkwork.networks.data import Array
from chalkwork.networks.network import NeuralNetwork

QUANTILES = (0.05, 0.5, 0.95)
SATURATED_SLOPE = 0.05
"""An entry counts as saturated where the derivative of its activation is below this part of its largest: an error
that passes through three such units is shortened ten-thousandfold."""

_SPREAD = ("mean", "std", "5 %", "median", "95 %")


def activations(net: NeuralNetwork, x: Any) -> Table:
    """The activations of each layer on data, in inference: one row a layer.

    Columns: `layer` (a1, a2, ...), `activation`, `mean`, `std` (over all samples and units), `5 %`, `median`, `95 %`,
    `zero` (the share of entries that are 0) and `saturated` (for sigmoid and tanh: the share of entries whose
    derivative is below 5 % of its largest value). Raises ShapeError or ValueProblem for data that does not fit.

    >>> from chalkwork import Dense
    >>> net = NeuralNetwork([Dense(weights=[[1, -1], [1, -1]], activation="relu", bias=False), Dense(1)])
    >>> activations(net, [[1, 0], [2, 1], [0, 3], [1, 1]]).column("zero")
    [0.5, 0.0]
    """
    measured = inference_values(net, x)
    rows = []
    for at in measured.plan.spots:
        values = measured.data(f"a{at.number}")
        known = saturated(at.layer.activation.name, values)
        share = None if known is None else float(known.mean())
        rows.append(
            (f"a{at.number}", str(at.layer.kind.title(at)).split(": ")[-1], *_spread(values), _zeros(values), share)
        )
    return Table(("layer", "activation", *_SPREAD, "zero", "saturated"), tuple(rows))


def gradients(net: NeuralNetwork, x: Any, y: Any) -> Table:
    """The gradient of each parameter on data as one batch, in training mode: one row a parameter.

    Columns: `gradient` (dW1, db1, ...), `norm` (the root of the sum of squares), `relative` (that, divided by the norm
    of the parameter; none where the parameter is 0), `mean`, `std`, `5 %`, `median`, `95 %` of its entries, and `zero`
    (the share that is 0). Raises ShapeError or ValueProblem for data that does not fit.

    >>> from chalkwork import Dense
    >>> net = NeuralNetwork([Dense(weights=[[1.0], [1.0]], bias=False)])
    >>> table = gradients(net, [[3, 4]], [6])
    >>> table.column("gradient"), table.column("norm"), table.column("mean")
    (['dW1'], [5.0], [3.5])
    """
    measured = training_values(net, x, y)
    rows = tuple(_gradient_row(measured, name.name) for name in measured.plan.parameters())
    return Table(("gradient", "norm", "relative", *_SPREAD, "zero"), rows)


def _gradient_row(measured: Measured, name: str) -> tuple[Cell, ...]:
    gradient = measured.values[f"d{name}"]
    norm, size = (float(np.sqrt((value**2).sum())) for value in (gradient, measured.values[name]))
    return (f"d{name}", norm, norm / size if size else None, *_spread(gradient), _zeros(gradient))


def _spread(values: Array) -> tuple[float, ...]:
    return (float(values.mean()), float(values.std()), *map(float, np.quantile(values, QUANTILES)))


def _zeros(values: Array) -> float:
    return float((values == 0).mean())


def saturated(activation: str, values: Array) -> Array | None:
    """Which activations are saturated; None where the activation does not saturate on both sides.

    It does where it has two bounds; the derivative is taken from the activation itself, if its entry writes it so.

    >>> saturated("tanh", np.array([0.5, 0.99])), saturated("relu", np.zeros(2))
    (array([False,  True]), None)
    """
    operation = TABLE[activation]
    if operation.bounds is None or operation.jumps or not operation.entrywise:
        return None
    (slope,) = local_derivatives(apply(activation, Name("x")), Name("y"))
    if slope is None or Name("x") in names_in(slope):
        return None
    largest = np.abs(evaluate(slope, {"y": np.linspace(*operation.bounds, 1001)[:, None]})).max()
    return np.asarray(np.abs(evaluate(slope, {"y": values})) < SATURATED_SLOPE * largest)
