"""What users give, as arrays: two-dimensional, float64, finite."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from chalkwork.arrays import unmasked
from chalkwork.counting import counted
from chalkwork.errors import ShapeError, ValueProblem

Array = np.ndarray[Any, Any]


_CHECKED = 2**20
"""Entries that are looked at in one go."""


def as_array(value: Any, name: str, most: int = 2, single: bool = False) -> Array:
    """The value as a float64 array of at most so many dimensions; `single` leaves a float32 array as it is, uncopied.

    Raises ShapeError for ragged rows, ValueProblem for what is no finite number.

    >>> as_array([[1, 2], [3]], "W1")
    Traceback (most recent call last):
        ...
    chalkwork.errors.ShapeError: W1 is ragged: row 1 has 2 entries, row 2 has 1
    """
    unmasked(value, name)
    if hasattr(value, "tocsr"):
        raise ValueProblem(f"{name} is a sparse matrix, of which this takes none", hint=".toarray() of it")
    _check_rows(value, name, most)
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "buif":
            raise ValueError("no numbers")
        if not (single and array.dtype in (np.float32, np.float64)):
            array = array.astype(np.float64)
    except (ValueError, TypeError):
        raise ValueProblem(f"{name} holds something that is no number") from None
    if array.ndim > most:
        what = {2: "a matrix has two", 3: "a row of matrices has three"}.get(most, f"at most {most} are taken")
        raise ShapeError(f"{name} has {array.ndim} dimensions; {what}")
    if array.size == 0:
        raise ShapeError(f"{name} is empty")
    if not all(np.isfinite(part).all() for part in _parts(array)):
        place = np.argwhere(~np.isfinite(array))[0] + 1
        entry = f"[{','.join(map(str, place))}]" if array.ndim else ""
        raise ValueProblem(f"{name}{entry} is {array[tuple(place - 1)]}, not a finite number")
    return array


def _parts(array: Array) -> Iterator[Array]:
    """The array in pieces that are small beside it."""
    if array.size <= _CHECKED:
        yield array
        return
    rows = max(1, _CHECKED * len(array) // array.size)
    for start in range(0, len(array), rows):
        yield array[start : start + rows]


def _check_rows(value: Any, name: str, most: int) -> None:
    if not isinstance(value, list | tuple) or not any(isinstance(row, list | tuple) for row in value):
        return
    if most > 2:
        for number, part in enumerate(value, 1):
            _check_rows(part, f"{name}[{number}]", most - 1)
    lengths = [len(row) if isinstance(row, list | tuple) else 1 for row in value]
    for index, length in enumerate(lengths):
        if length != lengths[0]:
            raise ShapeError(f"{name} is ragged: row 1 has {_entries(lengths[0])}, row {index + 1} has {length}")


def _entries(count: int) -> str:
    return counted(count, "entry")


def as_matrix(value: Any, name: str) -> Array:
    """A matrix; ShapeError for anything else."""
    array = as_array(value, name)
    if array.ndim != 2:
        raise ShapeError(f"{name} is not a matrix: give a list of rows")
    return array


def as_vector(value: Any, name: str) -> Array:
    """A vector; a single row or column counts as one."""
    array = as_array(value, name)
    if array.ndim == 2 and 1 not in array.shape:
        raise ShapeError(f"{name} is {array.shape[0]}x{array.shape[1]}, not a vector")
    return array.reshape(-1)


def size_of(shape: tuple[int, ...]) -> str:
    """The shape of an array as a person says it.

    >>> size_of((2, 3)), size_of(())
    ('2x3', 'a single number')
    """
    return "x".join(map(str, shape)) or "a single number"
