"""What was given for a name as rows of cells, before any cell is read: texts, lists, arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chalkwork.checking.numerals import MAX_LENGTH, AnswerError, NoValueError, read_numeral
from chalkwork.checking.typed import MAX_CELLS, MAX_DEPTH, candidates, chosen, fits, is_blank
from chalkwork.errors import ReadError
from chalkwork.words import Said, Text

Shape = tuple[int, ...]


class MisfitError(Exception):  # never leaves the two files that read answers
    """Cells of another shape than was asked."""

    def __init__(self, found: Shape) -> None:
        self.found = found


class Cells(NamedTuple):
    """Rows of cells as they were given, none where all are blank; a row of the wrong length is None."""

    rows: list[list[object] | None]
    shape: Shape


def misfit_words(found: Shape, shape: Shape) -> Text:
    """What is said of a shape that is not the one expected."""
    wanted: Said = "x".join(map(str, shape)) if shape else Text.of("unread.a_number")
    have: Said = "x".join(map(str, found)) if found else Text.of("unread.a_number")
    have = Text.of("unread.a_list", count=found[0]) if len(found) == 1 else have
    transposed = len(found) == 2 and found[::-1] == shape
    return Text.of("unread.transposed" if transposed else "unread.shape", found=have, wanted=wanted)


def nothing_typed(cell: object) -> bool:
    """Whether a cell was left blank."""
    return cell is None or (isinstance(cell, str) and is_blank(cell))


def as_array(given: object) -> NDArray[Any] | None:
    """An array or tensor as a NumPy array; None for everything else."""
    if isinstance(given, (str, bytes, int, float, list, tuple)) and not isinstance(given, np.generic):
        return None
    if isinstance(given, type) or not hasattr(given, "__array__"):
        return None
    try:
        if hasattr(given, "detach") and hasattr(given, "cpu"):
            given = given.detach().cpu()
            if "bfloat16" in str(getattr(given, "dtype", "")):
                given = given.float()  # type: ignore[attr-defined]
        array = np.asarray(given)
    except Exception as error:  # foreign code: whatever it raises, the answer cannot be read
        raise AnswerError(Text.of("unread.no_array", kind=type(given).__name__)) from error
    if array.size > MAX_CELLS:
        raise AnswerError(Text.of("unread.many", most=MAX_CELLS, count=array.size))
    return array


def cells_of(given: object, shape: Shape) -> Cells:
    """The rows of cells of a text, a list or a single number."""
    if isinstance(given, str):
        return _typed(given, shape)
    if not isinstance(given, (list, tuple)):
        return _arranged([[given]], shape, flat=True)
    items = _unwrapped(given, shape)
    if any(isinstance(item, list) for item in items):
        rows: list[list[object]] = [item if isinstance(item, list) else [item] for item in items]
        if any(isinstance(cell, list) for row in rows for cell in row):
            raise AnswerError(Text.of("unread.not_two"))
        return _arranged(rows, shape, flat=False)
    if items and all(isinstance(item, str) for item in items) and any(" " in str(item).strip() for item in items):
        return _typed("; ".join(str(item).strip("[]() ") for item in items), shape)
    return _arranged([items], shape, flat=True)


def _typed(text: str, shape: Shape) -> Cells:
    if shape not in ((), (1, 1)) or len(text) > MAX_LENGTH:
        grid = chosen(candidates(text), shape, text)
    else:
        try:
            read_numeral(text)
            return Cells([[text]], (1, 1))
        except NoValueError:
            raise
        except ReadError as error:  # unless it stands in brackets
            try:
                grid = chosen(candidates(text), shape, text)
            except ReadError:
                raise error from None
            if not grid.fits(shape) and any(sign.isalpha() for sign in text):
                raise
    return _arranged([list[object](row) for row in grid.rows], shape, grid.flat)


def _unwrapped(given: Sequence[object], shape: Shape) -> list[object]:
    """A list of cells, or of lists of them, without brackets around the whole and with arrays as lists."""
    count = 0

    def opened(value: object, depth: int) -> object:
        nonlocal count
        count += 1
        if count > MAX_CELLS:
            raise AnswerError(Text.of("unread.more", most=MAX_CELLS))
        array = as_array(value)
        if array is not None:
            count += array.size
            value = array[()] if array.ndim == 0 else [row if array.ndim == 1 else list(row) for row in array]
            if array.ndim <= 1:
                return value
        if not isinstance(value, (list, tuple)):
            return value
        if depth == MAX_DEPTH:
            raise AnswerError(Text.of("unread.deep_lists", most=MAX_DEPTH))
        return [opened(item, depth + 1) for item in value]

    items = opened(given, 0)
    while isinstance(items, list) and len(items) == 1 and isinstance(items[0], list):
        inner = items[0]
        if not any(isinstance(item, list) for item in inner) and fits((1, len(inner)), shape):
            break
        if not any(isinstance(item, list) for item in inner):
            break
        items = inner
    return items if isinstance(items, list) else [items]


def _arranged(rows: list[list[object]], shape: Shape, flat: bool) -> Cells:
    """The cells in the rows and columns that were asked for."""
    if all(nothing_typed(cell) for row in rows for cell in row):
        return Cells([], (0, 0))
    widths = {len(row) for row in rows}
    height, width = shape or (1, 1)
    if len(widths) == 1:
        found = (len(rows), widths.pop())
        if not fits(found, shape):
            raise MisfitError(() if found == (1, 1) else (found[1],) if flat else found)
        cells = [cell for row in rows for cell in row]
        return Cells([cells[start : start + width] for start in range(0, len(cells), width)], (height, width))
    if len(rows) != height or not widths or width == 1:
        raise AnswerError(Text.of("unread.rows_differ"))
    return Cells([row if len(row) == width else None for row in rows], (height, width))
