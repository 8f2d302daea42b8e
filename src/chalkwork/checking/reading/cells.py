"""What was given for a name as rows of cells, before any cell is read: texts, lists, arrays."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain, zip_longest
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chalkwork.checking.reading.doubtful import Twice
from chalkwork.checking.reading.numerals import MAX_LENGTH, AnswerError, NoValueError, plain, read_numeral
from chalkwork.checking.reading.typed import MAX_CELLS, MAX_DEPTH, candidates, chosen, final, fits, is_blank
from chalkwork.errors import ReadError
from chalkwork.words import Said, Text

Shape = tuple[int, ...]
MOST_QUOTED = 40
_DECIMAL = re.compile(r"(-?[0-9]{1,17}[.,][0-9]{1,17})")
_LONGEST_PLAIN = 2000


class MisfitError(Exception):  # never leaves the two files that read answers
    """Cells of another shape than was asked."""

    def __init__(self, found: Shape) -> None:
        self.found = found


class Cells(NamedTuple):
    """Rows of cells as they were given, none where all are blank; a row of the wrong length is None."""

    rows: list[list[object] | None]
    shape: Shape


def misfit_words(found: Shape, shape: Shape, given: object = None) -> Text:
    """What is said of a shape that is not the one expected, quoting what was typed.

    >>> str(misfit_words((2,), (3, 1), "0.5 0.2"))
    "'0.5 0.2' is a list of two numbers, but three numbers in a column are expected"
    """
    typed: Said = Text.of("unread.it")
    if isinstance(given, str) and (bare := " ".join(given.split())):
        typed = repr(bare if len(bare) <= MOST_QUOTED else f"{bare[: MOST_QUOTED - 3]}...")
    transposed = len(found) == 2 and found[::-1] == shape
    sentence = "unread.transposed" if transposed else "unread.shape"
    several = 1 in shape and shape != (1, 1)
    wanted = Text.of("unread.are" if several else "unread.is", what=_size_words(shape))
    return Text.of(sentence, typed=typed, found=_size_words(found), wanted=wanted)


def _size_words(shape: Shape) -> Said:
    """A shape as one says it: three numbers in a column."""
    if shape in ((), (1,), (1, 1)):
        return Text.of("unread.a_number")
    if len(shape) == 1:
        return Text.of("unread.a_list", count=_counted(shape[0]))
    if len(shape) == 2 and 1 in shape:
        return Text.of("unread.in_row" if shape[0] == 1 else "unread.in_column", count=_counted(max(shape)))
    return "x".join(map(str, shape))


def _counted(number: int) -> Said:
    return Text.of(f"number.{number}") if 1 < number <= 10 else str(number)


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
    text = final(text)
    if nothing_typed(text):
        return Cells([], (0, 0))
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
            if (not grid.fits(shape) and any(sign.isalpha() for sign in text)) or grid.rows == [[plain(text).strip()]]:
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


# --- plain answers, most of a class's: read as by the general way, which says what a text means, but sooner ----------


def plain_cells(given: object, shape: Shape) -> tuple[str, ...] | None:
    """The cells, row by row, of a text or lists that hold one number in each; None where it takes a closer look."""
    if isinstance(given, str):
        usual = len(given) <= _LONGEST_PLAIN and not isinstance(given, Twice)
        return _plain_text(given, shape) if usual else None
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
        rows = cells_of(text, shape).rows
    except (AnswerError, MisfitError):
        return None
    cells = [str(cell).strip() for row in rows for cell in row or ("",)]
    return tuple(numbers.index(cell) for cell in cells) if sorted(cells) == numbers else None
