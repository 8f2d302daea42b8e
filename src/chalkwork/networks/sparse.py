"""Sparse matrices of inputs: only the samples that a step or a block takes are made dense."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from chalkwork.errors import ValueProblem
from chalkwork.networks.data import Array

AT_ONCE = 4096
"""Samples that are looked through at once."""


def is_sparse(value: Any) -> bool:
    """Whether something is a sparse matrix or array of SciPy's.

    >>> from scipy.sparse import csr_array
    >>> is_sparse(csr_array((2, 2))), is_sparse(np.eye(2))
    (True, False)
    """
    return hasattr(value, "tocsr") and hasattr(value, "nnz")


class Sparse:
    """A sparse matrix with its samples in rows or columns, of which parts are taken as from a dense one.

    Raises ValueProblem for what is no finite number.

    >>> from scipy.sparse import csr_array
    >>> matrix = Sparse(csr_array([[0.0, 2.0], [1.0, 0.0], [0.0, 0.0]]), -2)
    >>> matrix.take(np.array([1, 0]), -2).tolist(), matrix[1:].tolist(), matrix.max()
    ([[1.0, 0.0], [0.0, 2.0]], [[1.0, 0.0], [0.0, 0.0]], 2.0)
    """

    ndim = 2

    def __init__(self, matrix: Any, axis: int) -> None:
        rows = (matrix if axis == -2 else matrix.T).tocsr()
        if rows.dtype.kind not in "buif":
            raise ValueProblem("x holds something that is no number")
        if rows.dtype not in (np.float32, np.float64):
            rows = rows.astype(np.float64)
        if not np.isfinite(rows.data).all():
            raise ValueProblem("x holds something that is not a finite number")
        self.rows, self.axis, self.dtype, self.shape = rows, axis, rows.dtype, tuple(matrix.shape)

    def _dense(self, rows: Any) -> Array:
        found: Array = rows.toarray()
        return found if self.axis == -2 else np.ascontiguousarray(found.T)

    def take(self, places: Array, axis: int) -> Array:
        """The samples at these places, dense."""
        return self._dense(self.rows[np.asarray(places).reshape(-1)])

    def __getitem__(self, part: Any) -> Array:
        """A slice of the samples, dense."""
        return self._dense(self.rows[part[1] if isinstance(part, tuple) else part])

    def only(self, places: Array) -> Sparse:
        """The samples at these places, as sparse as they are."""
        rows = self.rows[places]
        return Sparse(rows if self.axis == -2 else rows.T, self.axis)

    def max(self) -> float:
        """The largest entry."""
        return float(self.rows.max())

    def min(self) -> float:
        """The smallest entry."""
        return float(self.rows.min())

    @property
    def named(self) -> dict[str, Array]:
        """What it consists of."""
        return {"x": self.rows.data, "columns": self.rows.indices, "rows": self.rows.indptr}


class Chosen(Sparse):
    """Some samples of a dense matrix, which stays where it is; parts of them are taken as from a matrix of their own.

    >>> some = Chosen(np.arange(6.0).reshape(3, 2), np.array([2, 0]), -2)
    >>> some[:].tolist(), some.shape, some.only(np.array([1])).max()
    ([[4.0, 5.0], [0.0, 1.0]], (2, 2), 1.0)
    """

    def __init__(self, matrix: Array, places: Array, axis: int) -> None:
        self.matrix, self.places, self.axis, self.dtype = matrix, places, axis, matrix.dtype
        self.shape = (len(places), matrix.shape[1]) if axis == -2 else (matrix.shape[0], len(places))

    def take(self, places: Array, axis: int) -> Array:
        """The samples at these places."""
        return self.matrix.take(self.places[places], self.axis)

    def __getitem__(self, part: Any) -> Array:
        """A slice of the samples."""
        return self.matrix.take(self.places[part[1] if isinstance(part, tuple) else part], self.axis)

    def only(self, places: Array) -> Chosen:
        """Those of the samples."""
        return Chosen(self.matrix, self.places[places], self.axis)

    def max(self) -> float:
        """The largest entry."""
        return max(float(part.max()) for part in self._parts())

    def min(self) -> float:
        """The smallest entry."""
        return min(float(part.min()) for part in self._parts())

    def _parts(self) -> Iterator[Array]:
        return (self[start : start + AT_ONCE] for start in range(0, len(self.places), AT_ONCE))

    @property
    def named(self) -> dict[str, Array]:
        """What it consists of."""
        return {"x": self.matrix, "places": self.places}
