"""Rows of matrices as marking has them: laid below each other, as one matrix.

So every answer is one matrix for each student; only where an equation is worked out its names have their own shapes.
"""

from __future__ import annotations

import re
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chalkwork.algebra.expression import Expression, names_in
from chalkwork.algebra.operations import Shape
from chalkwork.bounds.intervals import Interval
from chalkwork.bounds.ranges import enclose
from chalkwork.derivation.evaluate import evaluate

Known = dict[str, Interval]
_NESTED = re.compile(r"\[\s*(\[\s*\[.*\]\s*\])\s*\]", re.DOTALL)
MOST_TEXT = 1_000_000
_BETWEEN = re.compile(r"\]\s*\]\s*[,;]?\s*\[\s*\[")
_BETWEEN_ROWS = re.compile(r"\]\s*\]\s*\]\s*[,;]?\s*\[\s*\[\s*\[")


def laid_shape(shape: Shape) -> tuple[int, int]:
    """Rows and columns in which a value of the shape is marked.

    >>> laid_shape(()), laid_shape((4, 2, 3))
    ((1, 1), (8, 3))
    """
    return (prod(shape[:-1]), shape[-1]) if shape else (1, 1)


def laid(value: Any, shape: Shape) -> Any:
    """The value, with its free axes, as it is marked."""
    return value if len(shape) <= 2 else np.reshape(value, (*value.shape[: -len(shape)], *laid_shape(shape)))


def laid_place(place: tuple[int, ...], shape: Shape) -> tuple[int, int]:
    """Row and column of an entry as it is marked.

    >>> laid_place((1, 0, 2), (4, 2, 3))
    (2, 2)
    """
    row = 0
    for at, size in zip(place[:-1], shape[:-1], strict=True):
        row = row * size + at
    return row, place[-1]


def on_own_shapes(expression: Expression, known: Known) -> Known:
    """The values of the names, which are laid, in the shapes that the expression has for them."""

    def stood(interval: Interval, shape: Shape) -> Interval:
        return interval.over(lambda bound: bound.reshape(*bound.shape[:-2], *shape))

    return {
        name.name: stood(known[name.name], name.shape) if len(name.shape) > 2 else known[name.name]
        for name in names_in(expression)
    }


def enclosed_laid(
    expression: Expression, known: Known, *, tight: bool = True, parts: dict[Expression, Any] | None = None
) -> Interval:
    """`enclose` on values that are laid, and laid again."""
    found = enclose(expression, on_own_shapes(expression, known), tight=tight, parts=parts)
    return found.over(lambda bound: laid(bound, expression.shape))


def enclosed_for(
    expression: Expression,
    known: Known,
    able: NDArray[np.bool_],
    tight: bool = True,
    parts: dict[Expression, Any] | None = None,
) -> Interval:
    """The range of an expression for some of the students; the whole line for the others. `parts` see `enclose`."""
    if able.all():
        return enclosed_laid(expression, known, tight=tight, parts=parts)
    places = np.flatnonzero(able)
    if not places.size:
        return Interval.of(*(np.full((able.size, *laid_shape(expression.shape)), bound) for bound in (-np.inf, np.inf)))
    part = {name: value.at((..., places, slice(None), slice(None))) if value.low.ndim > 2 else value
            for name, value in known.items()}  # fmt: skip
    found = enclosed_laid(expression, part, tight=tight)
    shape = (*found.shape[:-3], able.size, *found.shape[-2:])
    low, high = np.full(shape, -np.inf), np.full(shape, np.inf)
    low[..., places, :, :], high[..., places, :, :] = found.low, found.high
    return Interval(low, high)


def worked_out_laid(expression: Expression, known: Known, parts: dict[Expression, Any] | None = None) -> Interval:
    """What the expression comes to in the middle of values that are laid, laid again; `parts` see `evaluate`."""
    with np.errstate(all="ignore"):
        values = {
            name: one.low if one.low is one.high else one.low / 2 + one.high / 2
            for name, one in on_own_shapes(expression, known).items()
        }
        found = laid(np.asarray(evaluate(expression, values, known=parts), np.float64), expression.shape)
    shape = (*found.shape[:-2], *laid_shape(expression.shape))
    found = found if found.shape == shape else np.broadcast_to(found, shape)
    return Interval(found, found)


def matrices_of(given: object) -> list[Any] | None:
    """The matrices in a row that somebody handed in, as an array, lists or a text; None where there are none.

    >>> matrices_of("[[[1, 2], [3, 4]], [[5, 6], [7, 8]]]")
    ['[[1, 2], [3, 4]]', '[[5, 6], [7, 8]]']
    >>> matrices_of([[1, 2], [3, 4]])
    """
    if isinstance(given, str):
        inside = _NESTED.fullmatch(given.strip()[:MOST_TEXT])
        if inside is None:
            return None
        if _NESTED.fullmatch(inside[1]):  # rows of matrices in a row
            return _BETWEEN_ROWS.sub("]]]\0[[[", inside[1]).split("\0")
        return _BETWEEN.sub("]]\0[[", inside[1]).split("\0")
    if isinstance(given, (list, tuple)):
        rows = [row for row in given if isinstance(row, (list, tuple))]
        nested = len(rows) == len(given) > 0 and all(row and isinstance(row[0], (list, tuple)) for row in rows)
        arrays = len(given) > 0 and all(getattr(matrix, "ndim", 0) >= 2 for matrix in given)
        return list(given) if nested or arrays else None
    array: Any = given
    return [array[place] for place in range(len(array))] if getattr(given, "ndim", 0) >= 3 else None


def below_each_other(given: object) -> object:
    """What somebody handed in, matrices in a row as the one matrix that they make when they are laid.

    >>> below_each_other([[[1, 2]], [[3, 4]]])
    [[1, 2], [3, 4]]
    """
    matrices = matrices_of(given)
    if matrices is None:
        return given
    if isinstance(given, str):
        return f"[{', '.join(matrix.strip()[1:-1] for matrix in matrices)}]"
    return [row for matrix in matrices for row in matrix]
