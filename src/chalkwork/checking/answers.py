"""One answer: what was given for a name, read into the shape that was asked, with the interval of each entry."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import chain, zip_longest
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chalkwork.checking.numerals import (
    MAX_LENGTH,
    MAX_MAGNITUDE,
    WRITE,
    NoValueError,
    Numeral,
    plain,
    read_numeral,
    spread,
)
from chalkwork.checking.typed import MAX_CELLS, MAX_DEPTH, candidates, chosen, fits, is_blank
from chalkwork.errors import ReadError

Shape = tuple[int, ...]
Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]

_DECIMAL = re.compile(r"(-?[0-9]{1,17}[.,][0-9]{1,17})")
_LONGEST_PLAIN = 2000
_TYPED_DIGITS = 1e-11
"""Numbers known more precisely, as a part of their size, nobody types."""


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """An answer in the shape that was asked; the arrays have one row and one column for a scalar.

    Equal answers may share their arrays, which are then read-only.
    """

    value: Numbers
    """NaN where nothing was given or nothing could be read; so are `low` and `high`."""
    low: Numbers
    high: Numbers
    blank: Flags
    unreadable: Flags
    """Where there is no number to be had."""
    message: str = ""
    """What could not be read, and how to write it."""
    wrong_shape: Shape | None = None
    """The shape given, where it is not the one that was asked."""
    as_given: Answer | None = None
    """Then the answer in the shape that it has, where that is a matrix."""
    impossible: Flags | None = None
    """Which of what is unreadable was read, and can be no answer: NaN, infinity, all of another shape."""
    unrounded: bool = False
    """Whether a number has more digits than anybody types: a program wrote it."""
    computed: bool = False
    """Whether no number was rounded."""

    @property
    def given(self) -> Flags:
        """Where there is a number."""
        return ~(self.blank | self.unreadable)


class _Misfit(Exception):  # never leaves this file
    def __init__(self, found: Shape) -> None:
        self.found = found


class _Cells(NamedTuple):
    """Rows of cells as they were given, none where all are blank; a row of the wrong length is None."""

    rows: list[list[object] | None]
    shape: Shape


def read_answer(
    given: object, shape: Shape, decimals: int | None = None, *, whole_digits: bool = False
) -> Answer:
    """What was given, read into `shape`: `()` or rows and columns. Never raises for what somebody handed in.

    `given` is a number, a text, a list of lists, an array or tensor, or None where nothing was given. `decimals`
    is how many were asked for, and so what a whole number stands for. With `whole_digits` nothing was rounded.

    >>> answer = read_answer("[1/4 _; 0,5 x]", (2, 2))
    >>> answer.value.tolist(), answer.blank.tolist()
    ([[0.25, nan], [0.5, nan]], [[False, True], [False, False]])
    >>> answer.message
    "row 2, column 2: 'x' is not a number; write it as 0.45, 1/3 or -6.2e-3"
    >>> read_answer([[1, 2], [3, 4], [5, 6]], (2, 3)).message
    'it is 3x2, but 2x3 is expected (its transpose would fit)'
    """
    size = (1, 1) if shape == () else (shape[0], shape[1])
    if whole_digits:
        return _read_any(given, shape, size, None, True)
    cells = _plain_cells(given, shape)
    answer = _of_numerals(cells, size, decimals) if cells else None
    return answer or _read_any(given, shape, size, decimals)


def is_array(given: object) -> bool:
    """Whether it is what programs hand in, rather than a text or a number that somebody typed."""
    return isinstance(given, (list, tuple)) or (not isinstance(given, (str, bytes)) and hasattr(given, "__array__"))


def _read_any(
    given: object, shape: Shape, size: Shape, decimals: int | None, whole_digits: bool = False
) -> Answer:
    try:
        if _blank(given):
            return _nothing(size)
        array = _as_array(given)
        if array is not None and array.dtype.kind in "fiu":
            return _from_array(array, shape, size, decimals, whole_digits)
        cells = _cells(given if array is None else array.tolist(), shape)
        if not cells.rows:
            return _nothing(size)
        return _from_cells(cells, size, decimals, whole_digits)
    except _Misfit as misfit:
        return _of_another_shape(given, misfit.found, shape, size, whole_digits)
    except NoValueError as error:
        return _impossible(_uniform(size, message=error.message))
    except ReadError as error:
        return _uniform(size, message=error.message)
    except (MemoryError, RecursionError):
        return _uniform(size, message="it is too large to be read")


def _uniform(size: Shape, message: str, wrong_shape: Shape | None = None) -> Answer:
    """Nothing could be read."""
    none = _nothing(size)
    return replace(none, blank=none.unreadable, unreadable=none.blank, message=message, wrong_shape=wrong_shape)


def _of_another_shape(given: object, found: Shape, shape: Shape, size: Shape, whole_digits: bool) -> Answer:
    """An answer with the wrong number of rows or columns; unreadable where there is no number in it."""
    nothing = _uniform(size, message=_misfit(found, shape), wrong_shape=found)
    own = found if len(found) != 1 else (found[0], 1)
    as_given = read_answer(given, own, whole_digits=whole_digits) if len(found) < 3 else None
    possible = as_given is None or as_given.impossible is None or not as_given.impossible.any()
    if as_given is not None and as_given.unreadable.all() and possible:
        return replace(nothing, message=as_given.message or nothing.message)
    if as_given is None or len(found) != 2:
        return _impossible(nothing)
    return replace(_impossible(nothing), as_given=as_given, unrounded=as_given.unrounded)


def _impossible(answer: Answer) -> Answer:
    return replace(answer, impossible=answer.unreadable)


@lru_cache(maxsize=1 << 8)
def _nothing(size: Shape) -> Answer:
    """Nothing was given."""
    nothing = _fixed(np.full(size, np.nan))
    return Answer(nothing, nothing, nothing, _fixed(np.ones(size, dtype=bool)), _fixed(np.zeros(size, dtype=bool)))


def _fixed(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array


# --- plain answers, most of a class's: read as by the general way, which says what a text means, but sooner ----------


def _plain_cells(given: object, shape: Shape) -> tuple[str, ...] | None:
    """The cells, row by row, of a text or lists that hold one number in each; None where it takes a closer look."""
    if isinstance(given, str):
        return _plain_text(given, shape) if len(given) <= _LONGEST_PLAIN else None
    if type(given) is not list or not given:
        return None
    rows = given if type(given[0]) is list else [given]
    if any(type(row) is not list or len(row) != len(rows[0]) for row in rows):
        return None
    if not fits((len(rows), len(rows[0])), shape) or any(type(cell) is not str for row in rows for cell in row):
        return None
    cells = tuple(chain.from_iterable(rows))
    joined = "".join(cells)
    return None if " " in joined or len(joined) > _LONGEST_PLAIN else cells


def _plain_text(text: str, shape: Shape) -> tuple[str, ...] | None:
    parts = _DECIMAL.split(plain(text))
    if len(parts) == 1:
        return None
    numbers = parts[1::2]
    order = _order(tuple(parts[::2]), tuple(["," in number for number in numbers]), shape)
    return None if order is None else tuple([numbers[place] for place in order])


@lru_cache(maxsize=1 << 10)
def _order(between: tuple[str, ...], commas: tuple[bool, ...], shape: Shape) -> tuple[int, ...] | None:
    """Which decimal number of a text stands in which cell: that depends only on what is written between them.

    So a text with other numbers is read. None where a cell is not just a number, or a number not just a cell.
    """
    numbers = [f"{place:06}{',' if comma else '.'}5" for place, comma in enumerate(commas)]
    text = "".join(chain.from_iterable(zip_longest(between, numbers, fillvalue="")))
    try:
        rows = _cells(text, shape).rows
    except (ReadError, _Misfit):
        return None
    cells = [str(cell).strip() for row in rows for cell in row or ()]
    return tuple(numbers.index(cell) for cell in cells) if sorted(cells) == numbers else None


@lru_cache(maxsize=1 << 13)
def _of_numerals(cells: tuple[str, ...], size: Shape, decimals: int | None) -> Answer | None:
    """The answer of these numbers; None where one is none. Many in a class write the same ones."""
    try:
        numerals = [read_numeral(cell, decimals) for cell in cells]
    except ReadError:
        return None
    values, lows, highs = zip(*numerals, strict=True)
    value, low, high = _fixed(np.array(values + lows + highs).reshape(3, *size))
    nothing = _nothing(size)
    unrounded = any(_is_unrounded(*numeral) for numeral in numerals)
    return Answer(value, low, high, nothing.unreadable, nothing.unreadable, unrounded=unrounded)


def _is_unrounded(value: float, low: float, high: float) -> bool:
    return 0.0 < high - low <= _TYPED_DIGITS * abs(value)


# --- every other answer ----------------------------------------------------------------------------------------------


def _misfit(found: Shape, shape: Shape) -> str:
    wanted = "a single number" if shape == () else "x".join(map(str, shape))
    have = "a single number" if not found else f"a list of {found[0]}" if len(found) == 1 else "x".join(map(str, found))
    transposed = " (its transpose would fit)" if len(found) == 2 and found[::-1] == shape else ""
    return f"it is {have}, but {wanted} is expected{transposed}"


def _blank(cell: object) -> bool:
    return cell is None or (isinstance(cell, str) and is_blank(cell))


def _as_array(given: object) -> NDArray[Any] | None:
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
        array = np.ma.asarray(given).filled() if np.ma.isMaskedArray(given) else np.asarray(given)
    except Exception as error:  # foreign code: whatever it raises, the answer cannot be read
        raise ReadError(f"{type(given).__name__} cannot be made an array") from error
    if array.size > MAX_CELLS:
        raise ReadError(f"an answer has at most {MAX_CELLS} entries, this has {array.size}")
    return array


def _from_array(
    array: NDArray[Any], shape: Shape, size: Shape, decimals: int | None, whole_digits: bool
) -> Answer:
    given = array.shape
    while array.ndim > 2 and 1 in array.shape:
        array = array.squeeze(axis=array.shape.index(1))
    found = array.shape if array.ndim == 2 else (1, array.size)
    if array.ndim > 2 or not fits((found[0], found[1]), shape):
        raise _Misfit(given)
    array = array.reshape(size)
    with np.errstate(all="ignore"):
        value = array.astype(np.float64)
        bad = ~(np.abs(value) <= MAX_MAGNITUDE)
        half, unrounded = spread(np.where(bad, np.zeros((), array.dtype), array), decimals, whole_digits)
        value[bad] = np.nan
        low, high = value - half, value + half
        if array.dtype.kind == "f" or decimals is not None:
            low, high = np.nextafter(low, -np.inf), np.nextafter(high, np.inf)
    message = ""
    if bad.any():
        row, column = (int(place) for place in np.argwhere(bad)[0])
        message = f"{_place(row, column, size)}{array[row, column]} is not a finite number of a usable size"
    return Answer(
        value, low, high, np.zeros(size, dtype=bool), bad, message,
        impossible=bad, unrounded=unrounded, computed=unrounded or whole_digits,
    )  # fmt: skip


def _cells(given: object, shape: Shape) -> _Cells:
    """The rows of cells of a text, a list or a single number."""
    if isinstance(given, str):
        return _typed(given, shape)
    if not isinstance(given, (list, tuple)):
        return _arranged([[given]], shape, flat=True)
    items = _unwrapped(given, shape)
    if any(isinstance(item, list) for item in items):
        rows: list[list[object]] = [item if isinstance(item, list) else [item] for item in items]
        if any(isinstance(cell, list) for row in rows for cell in row):
            raise ReadError("lists are nested in more than rows and columns; write [[1, 2], [3, 4]]")
        return _arranged(rows, shape, flat=False)
    if items and all(isinstance(item, str) for item in items) and any(" " in str(item).strip() for item in items):
        return _typed("; ".join(str(item).strip("[]() ") for item in items), shape)
    return _arranged([items], shape, flat=True)


def _typed(text: str, shape: Shape) -> _Cells:
    if shape not in ((), (1, 1)) or len(text) > MAX_LENGTH:
        grid = chosen(candidates(text), shape, text)
    else:
        try:
            read_numeral(text)
            return _Cells([[text]], (1, 1))
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
            raise ReadError(f"an answer has at most {MAX_CELLS} entries")
        array = _as_array(value)
        if array is not None:
            count += array.size
            value = array[()] if array.ndim == 0 else [row if array.ndim == 1 else list(row) for row in array]
            if array.ndim <= 1:
                return value
        if not isinstance(value, (list, tuple)):
            return value
        if depth == MAX_DEPTH:
            raise ReadError(f"lists are nested more than {MAX_DEPTH} deep")
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


def _arranged(rows: list[list[object]], shape: Shape, flat: bool) -> _Cells:
    """The cells in the rows and columns that were asked for."""
    if all(_blank(cell) for row in rows for cell in row):
        return _Cells([], (0, 0))
    widths = {len(row) for row in rows}
    height, width = shape or (1, 1)
    if len(widths) == 1:
        found = (len(rows), widths.pop())
        if not fits(found, shape):
            raise _Misfit(() if found == (1, 1) else (found[1],) if flat else found)
        cells = [cell for row in rows for cell in row]
        return _Cells([cells[start : start + width] for start in range(0, len(cells), width)], (height, width))
    if len(rows) != height or not widths or width == 1:
        raise ReadError("its rows differ in length; write a blank entry as _")
    return _Cells([row if len(row) == width else None for row in rows], (height, width))


def _from_cells(cells: _Cells, size: Shape, decimals: int | None, whole_digits: bool) -> Answer:
    value, low, high = (np.full(size, np.nan) for _ in range(3))
    blank, unreadable, impossible = (np.zeros(size, dtype=bool) for _ in range(3))
    message, unrounded = "", False
    floats: list[tuple[int, int]] = []
    for row, entries in enumerate(cells.rows):
        if entries is None:
            unreadable[row] = True
            message = message or f"row {row + 1} has not {size[1]} entries; write a blank entry as _"
            continue
        for column, cell in enumerate(entries):
            if _blank(cell):
                blank[row, column] = True
                continue
            try:
                number = _number(cell, decimals)
            except ReadError as error:
                unreadable[row, column] = True
                impossible[row, column] = isinstance(error, NoValueError)
                message = message or _place(row, column, size) + error.message
                continue
            if whole_digits:
                room = 4.0 * math.ulp(number.value)
                number = Numeral(number.value, number.value - room, number.value + room)
            value[row, column], low[row, column], high[row, column] = number
            unrounded = unrounded or (isinstance(cell, str) and _is_unrounded(*number))
            if isinstance(cell, (float, np.floating)):
                floats.append((row, column))
    if floats:
        typed = [cells.rows[row][column] for row, column in floats]  # type: ignore[index]
        kinds = [cell.dtype for cell in typed if isinstance(cell, np.floating)]
        numbers = np.array(typed, dtype=min(kinds, key=lambda kind: kind.itemsize) if kinds else np.float64)
        halves, full = spread(numbers, decimals, whole_digits)
        unrounded = unrounded or full
        for (row, column), half in zip(floats, halves.tolist(), strict=True):
            low[row, column] = math.nextafter(value[row, column] - half, -math.inf)
            high[row, column] = math.nextafter(value[row, column] + half, math.inf)
    return Answer(
        value, low, high, blank, unreadable, message,
        impossible=impossible, unrounded=unrounded, computed=whole_digits,
    )  # fmt: skip


def _place(row: int, column: int, size: Shape) -> str:
    if size == (1, 1):
        return ""
    return f"entry {row + column + 1}: " if 1 in size else f"row {row + 1}, column {column + 1}: "


def _number(cell: object, decimals: int | None) -> Numeral:
    if isinstance(cell, str):
        return read_numeral(cell, decimals)
    if isinstance(cell, (bool, np.bool_)):
        raise ReadError(f"{cell} is a truth value, not a number; {WRITE}")
    if isinstance(cell, Integral):
        if int(cell).bit_length() > 320:
            raise NoValueError("the number is too large for an answer")
        return read_numeral(str(int(cell)), decimals) if abs(int(cell)) < 10**50 else read_numeral(f"{float(cell)!r}")
    if isinstance(cell, (float, np.floating)):
        number = float(cell)
        if not abs(number) <= MAX_MAGNITUDE:
            raise NoValueError(f"{number!r} is not a finite number of a usable size")
        return Numeral(number, number, number)
    if isinstance(cell, Decimal):
        return read_numeral(str(cell)[:80], decimals)
    if isinstance(cell, Fraction):
        return read_numeral(f"{cell.numerator}/{cell.denominator}"[:80], decimals)
    raise ReadError(f"this is of the kind {type(cell).__name__}, not a number; {WRITE}")
