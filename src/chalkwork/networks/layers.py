"""Layers, as data: what a network is made of before anything is computed."""

from __future__ import annotations

from typing import Any

import numpy as np

from chalkwork.errors import ChalkworkError, ShapeError
from chalkwork.networks.activations import Activation
from chalkwork.networks.data import as_array, as_matrix, as_vector


class Dense:
    """A fully connected layer: weighted sums of its inputs, plus a bias, through an activation.

    `units` or `weights` say how large it is. `weights` is a matrix in the network's orientation, or one number
    for all of them (then with `units`); without weights they are drawn when the network is made. `bias` is True
    (zeros), False (none), a vector, or one number for all of them.

    Raises ChalkworkError for an unknown activation, ShapeError when weights and bias do not fit.

    >>> Dense(weights=[[0.15, -0.25, 0.05], [0.2, 0.1, -0.15]], bias=False, activation="leaky_relu(0.01)")
    Dense(3, 'leaky_relu(0.01)', bias=False)
    >>> Dense(4, "tanh")
    Dense(4, 'tanh')
    """

    def __init__(
        self,
        units: int | None = None,
        activation: str = "identity",
        *,
        weights: Any = None,
        bias: Any = True,
        inputs: int | None = None,
    ) -> None:
        self.activation = Activation.of(activation)
        self.units = size(units, "units")
        self.inputs = size(inputs, "inputs")
        self.weights: float | np.ndarray[Any, Any] | None = None
        if isinstance(weights, int | float) and not isinstance(weights, bool):
            self.weights = float(as_array(weights, "the weight"))
        elif weights is not None:
            self.weights = as_matrix(weights, "the weights")
        if self.units is None and not isinstance(self.weights, np.ndarray):
            raise ChalkworkError("a layer needs the number of its units or its weights")
        self.has_bias = bias is not False
        self.bias: np.ndarray[Any, Any] | float | None = None
        if isinstance(bias, int | float) and not isinstance(bias, bool):
            self.bias = float(as_array(bias, "the bias"))
        elif bias is not None and not isinstance(bias, bool):
            self.bias = as_vector(bias, "the bias")

    def sizes(self, layer: int, inputs: int | None, in_out: bool) -> tuple[int, int]:
        """Inputs and units, once the layer before is known; ShapeError when they contradict each other."""
        units, known = self.units, self.inputs if self.inputs is not None else inputs
        if isinstance(self.weights, np.ndarray):
            rows, columns = self.weights.shape
            found = (rows, columns) if in_out else (columns, rows)
            wanted = (known if known is not None else found[0], units if units is not None else found[1])
            if inputs is not None:
                wanted = (inputs, wanted[1])
            if found != wanted:
                order = "inputs x units" if in_out else "units x inputs"
                expected = wanted if in_out else wanted[::-1]
                raise ShapeError(
                    f"W{layer} is {rows}x{columns}, but {expected[0]}x{expected[1]} ({order}) is needed: "
                    f"layer {layer} has {_count(wanted[0], 'input')} and {_count(wanted[1], 'unit')}",
                    hint="its transpose would fit; check the convention" if found == wanted[::-1] else None,
                )
            known, units = found
        if known is None:
            raise ChalkworkError(
                f"layer {layer} does not know its inputs yet", hint="give inputs=, weights=, or data first"
            )
        assert units is not None
        if isinstance(self.bias, np.ndarray) and len(self.bias) != units:
            raise ShapeError(f"b{layer} has {len(self.bias)} entries, but layer {layer} has {_count(units, 'unit')}")
        return known, units

    def __repr__(self) -> str:
        shape = self.weights.shape if isinstance(self.weights, np.ndarray) else None
        units = self.units if self.units is not None else shape[1] if shape else 0
        return f"Dense({units}, {str(self.activation)!r}{'' if self.has_bias else ', bias=False'})"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def size(value: int | None, what: str) -> int | None:
    """A number of units or inputs, where one is given; ChalkworkError for what is none."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not 1 <= value <= 1_000_000:
        raise ChalkworkError(f"{what} is a whole number from 1 to 1,000,000, not {value!r}")
    return int(value)
