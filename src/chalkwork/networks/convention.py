"""The two choices that make a convention: how samples lie, and how weights lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from chalkwork.algebra.expression import Expression
from chalkwork.errors import ChalkworkError

Samples = Literal["columns", "rows"]
Weights = Literal["out_in", "in_out"]


@dataclass(frozen=True, slots=True)
class Convention:
    """Samples as columns or rows, weights outputs x inputs or inputs x outputs.

    Raises ChalkworkError for any other word.

    >>> from chalkwork.algebra.expression import Name
    >>> print(Convention("columns", "in_out").weighted(Name("x", (2, 1)), Name("W1", (2, 3))))
    W1.T @ x
    >>> print(Convention("rows", "in_out").weighted(Name("x", (1, 2)), Name("W1", (2, 3))))
    x @ W1
    """

    samples: Samples = "rows"
    weights: Weights = "in_out"

    def __post_init__(self) -> None:
        if not isinstance(self.samples, str) or self.samples not in ("columns", "rows"):
            raise ChalkworkError(f"samples are columns or rows, not {self.samples!r:.60}")
        if not isinstance(self.weights, str) or self.weights not in ("out_in", "in_out"):
            raise ChalkworkError(f"weights are out_in or in_out, not {self.weights!r:.60}")

    @property
    def sample_axis(self) -> int:
        """The axis of a data matrix that runs over the samples."""
        return -1 if self.samples == "columns" else -2

    @property
    def unit_axis(self) -> int:
        """The axis of a data matrix that runs over features or units."""
        return -2 if self.samples == "columns" else -1

    def data_shape(self, units: int, samples: int, positions: tuple[int, ...] = ()) -> tuple[int, ...]:
        """The shape of a data matrix; or of a row of matrices, where every sample has units at several positions.

        Then a sample lies as a batch without positions does, and `samples` 0 is one sample without an axis for them.
        Positions along two axes are those of an image, whose channels stand before its rows and columns.

        >>> Convention("rows").data_shape(2, 5), Convention("rows").data_shape(2, 5, (3,))
        ((5, 2), (5, 3, 2))
        >>> Convention("rows").data_shape(2, 5, (3, 4))
        (5, 2, 3, 4)
        """
        if not positions:
            return (units, samples) if self.samples == "columns" else (samples, units)
        first = self.samples == "columns" or len(positions) > 1
        one = (units, *positions) if first else (*positions, units)
        return (samples, *one) if samples else one

    def unit_shape(self, units: int, positions: tuple[int, ...] = ()) -> tuple[int, ...]:
        """The shape of one entry for each unit, to be added to what has those positions."""
        return (units, 1, 1) if len(positions) > 1 else self.data_shape(units, 1)

    def axis_of(self, batch: np.ndarray[Any, Any]) -> int:
        """The axis of a batch that runs over the samples."""
        return self.sample_axis if batch.ndim == 2 else -batch.ndim

    def weight_shape(self, inputs: int, units: int) -> tuple[int, int]:
        """The shape of a weight matrix."""
        return (units, inputs) if self.weights == "out_in" else (inputs, units)

    def sizes(self, weight_shape: tuple[int, int]) -> tuple[int, int]:
        """Inputs and units of a weight matrix of that shape."""
        rows, columns = weight_shape
        return (columns, rows) if self.weights == "out_in" else (rows, columns)

    def weighted(self, inputs: Expression, weights: Expression) -> Expression:
        """The weighted sums: W x, W^T x, x W^T or x W."""
        if self.samples == "columns":
            return (weights if self.weights == "out_in" else weights.T) @ inputs
        return inputs @ (weights.T if self.weights == "out_in" else weights)
