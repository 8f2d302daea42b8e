"""Entries and parts of a matrix, and what is put together from them; places are counted from 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chalkwork.algebra.operations.entry import Operation, Parameter, Precedence, Shape, words
from chalkwork.algebra.operations.matrices import is_shape, shown_shape
from chalkwork.errors import ShapeError

ATOM = Precedence.ATOM


def _place_in(shape: Shape, place: Parameter) -> tuple[int, int]:
    """Row and column, from 0, of an entry that is counted from 1."""
    if not isinstance(place, tuple) or len(place) != 2 or len(shape) != 2:
        raise ShapeError(f"{words(shape)} has no entry {place}", hint="an entry is a row and a column, such as [2, 1]")
    if not all(0 < number <= size for number, size in zip(place, shape, strict=True)):
        raise ShapeError(f"{words(shape)} has no entry {list(place)}", hint="rows and columns are counted from 1")
    return place[0] - 1, place[1] - 1


def _entry_shape(shapes: tuple[Shape, ...], place: Parameter) -> Shape:
    _place_in(shapes[0], place)
    return ()


def _entry(xp: Any, x: Any, place: tuple[int, int]) -> Any:
    row, column = place
    return x[..., row - 1 : row, column - 1 : column]


def _placed_shape(shapes: tuple[Shape, ...], place: Parameter) -> Shape:
    if shapes[1]:
        raise ShapeError(f"an entry of {words(shapes[0])} is a number, not {words(shapes[1])}")
    _place_in(shapes[0], place)
    return shapes[0]


def _placed(xp: Any, a: Any, b: Any, place: tuple[int, int]) -> Any:
    there = np.zeros(a.shape[-2:], dtype=bool)
    there[place[0] - 1, place[1] - 1] = True
    return xp.where(xp.asarray(there), b, a)


def _joined_shape(along: int) -> Callable[[tuple[Shape, ...]], Shape]:
    def shape(shapes: tuple[Shape, ...]) -> Shape:
        first, second = shapes
        if len(first) != 2 or len(second) != 2:
            raise ShapeError(f"{words(first)} and {words(second)} are not joined", hint="vectors and matrices are")
        if first[1 - along] != second[1 - along]:
            what = ("rows", "columns")[1 - along]
            raise ShapeError(f"{words(first)} and {words(second)} are not joined: they have other numbers of {what}")
        sizes = [*first]
        sizes[along] += second[along]
        return tuple(sizes)

    return shape


def _bounds_in(shape: Shape, span: Parameter) -> tuple[slice, slice]:
    """The rows and columns of a part, counted from 1, both ends in it."""
    if not isinstance(span, tuple) or len(span) != 4 or len(shape) != 2:
        raise ShapeError(f"{words(shape)} has no part {span}")
    top, bottom, left, right = span
    if not (1 <= top <= bottom <= shape[0] and 1 <= left <= right <= shape[1]):
        raise ShapeError(f"{words(shape)} has no part with rows {top} to {bottom} and columns {left} to {right}")
    return slice(top - 1, bottom), slice(left - 1, right)


def _part_shape(shapes: tuple[Shape, ...], span: Parameter) -> Shape:
    rows, columns = _bounds_in(shapes[0], span)
    return (rows.stop - rows.start, columns.stop - columns.start)


def _part(xp: Any, x: Any, span: Parameter) -> Any:
    return x[(..., *_bounds_in(x.shape[-2:], span))]


def _padded_shape(shapes: tuple[Shape, ...], span: Parameter, shape: Parameter) -> Shape:
    if not is_shape(shape) or _part_shape((shape,), span) != shapes[0]:
        raise ShapeError(f"{words(shapes[0])} is no such part of {shown_shape(shape)}")
    return shape


def _padded(xp: Any, x: Any, span: Parameter, shape: Shape) -> Any:
    rows, columns = _bounds_in(shape, span)

    def zeros(height: int, width: int) -> Any:
        return xp.zeros((*x.shape[:-2], height, width), dtype=x.dtype)

    height = rows.stop - rows.start
    wide = xp.concat([zeros(height, columns.start), x, zeros(height, shape[1] - columns.stop)], axis=-1)
    return xp.concat([zeros(rows.start, shape[1]), wide, zeros(shape[0] - rows.stop, shape[1])], axis=-2)


def _joined(xp: Any, a: Any, b: Any, axis: int) -> Any:
    before = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    parts = [xp.broadcast_to(one, (*before, *one.shape[-2:])) for one in (a, b)]
    return xp.concat(parts, axis=axis)


OPERATIONS = (
    Operation(
        name="entry",
        value=_entry,
        adjoint=("placed(broadcast(0, shape=shape), g, place=place)",),
        parameters={"place": (1, 1)},
        shape=_entry_shape,
        latex="<0>_{<place>}",
        text="<0>[<place>]",
        slots=(ATOM,),
        script="entryOf(x, place)",
        code="<0>[tuple(np.subtract(<place>, 1))]",
    ),
    Operation(
        name="placed",  # a with b in one place: so a matrix is put together from its entries
        arity=2,
        value=_placed,
        adjoint=("placed(g, 0, place=place)", "entry(g, place=place)"),
        parameters={"place": (1, 1)},
        shape=_placed_shape,
        latex=r"\operatorname{placed}\left( <0>, <1> \right)",
        text="placed(<0>, <1>)",
        script="placedOf(a, b, place)",
        code="placed(<0>, <1>, <place>)",
        code_definition="""def placed(matrix, entry, place):
    there = np.zeros(np.shape(matrix), dtype=bool)
    there[place[0] - 1, place[1] - 1] = True
    return np.where(there, entry, matrix)""",
    ),
    Operation(
        name="concat",  # the second below the first
        arity=2,
        value=lambda xp, a, b: _joined(xp, a, b, -2),
        adjoint=("part(g, span=first)", "part(g, span=second)"),
        shape=_joined_shape(0),
        latex=r"\begin{bmatrix} <0> \\ <1> \end{bmatrix}",
        text="[<0>; <1>]",
        script="belowOf(a, b)",
        code="np.concatenate([<0>, <1>], axis=-2)",
    ),
    Operation(
        name="beside",  # the second to the right of the first
        arity=2,
        value=lambda xp, a, b: _joined(xp, a, b, -1),
        adjoint=("part(g, span=first)", "part(g, span=second)"),
        shape=_joined_shape(1),
        latex=r"\begin{bmatrix} <0> & <1> \end{bmatrix}",
        text="[<0>, <1>]",
        script="besideOf(a, b)",
        code="np.concatenate([<0>, <1>], axis=-1)",
    ),
    Operation(
        name="part",  # from a first row and column to a last
        value=_part,
        adjoint=("padded(g, span=span, shape=shape)",),
        parameters={"span": (1, 1, 1, 1)},
        shape=_part_shape,
        slots=(ATOM,),
        latex="<0>_{<span>}",
        text="<0>[<span>]",
        script="partOf(x, span)",
        code="part(<0>, <span>)",
        code_definition="""def part(matrix, span):
    top, bottom, left, right = span
    return matrix[top - 1 : bottom, left - 1 : right]""",
    ),
    Operation(
        name="padded",  # a part with zeros around it
        value=_padded,
        adjoint=("part(g, span=span)",),
        parameters={"span": (1, 1, 1, 1), "shape": ()},
        shape=_padded_shape,
        latex=r"\operatorname{padded}( <0> )",
        text="padded(<0>)",
        script="paddedOf(x, span, shape)",
        code="padded(<0>, <span>, <shape>)",
        code_definition="""def padded(part, span, shape):
    matrix = np.zeros(shape)
    matrix[span[0] - 1 : span[1], span[2] - 1 : span[3]] = part
    return matrix""",
    ),
)
