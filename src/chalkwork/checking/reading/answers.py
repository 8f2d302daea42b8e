"""One answer: what was given for a name, read into the shape that was asked, with the interval of each entry."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import lru_cache
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chalkwork.algebra.operations import words
from chalkwork.arrays import masked
from chalkwork.checking.reading.alike import as_typed
from chalkwork.checking.reading.cells import (
    MOST_QUOTED,
    Cells,
    MisfitError,
    Shape,
    as_array,
    cells_of,
    misfit_words,
    nothing_typed,
    plain_cells,
)
from chalkwork.checking.reading.doubtful import Twice
from chalkwork.checking.reading.laid import laid, laid_shape, matrices_of
from chalkwork.checking.reading.numerals import (
    LOST,
    MAX_MAGNITUDE,
    ZEROS,
    AnswerError,
    NoValueError,
    Numeral,
    finest,
    numeral_of,
    read_numeral,
    spread,
)
from chalkwork.checking.reading.typed import fits
from chalkwork.words import Said, Text

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]

_TYPED_DIGITS = 12
"""More digits nobody types."""


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
    said: Said = ""
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
    floats: Flags | None = None
    """Which numbers are floats, whose last zeros are lost: 0.4 can be 0.40."""
    alike: Numbers | None = None
    """Half a unit of the last digit of each number where floats have the decimals of those beside them."""

    @property
    def given(self) -> Flags:
        """Where there is a number."""
        return ~(self.blank | self.unreadable)

    @property
    def message(self) -> str:
        """What could not be read, in English."""
        return str(self.said)


def read_answer(given: object, shape: Shape, decimals: int | None = None, *, whole_digits: bool = False) -> Answer:
    """What was given, read into `shape`: `()`, rows and columns, or matrices in a row, which are laid below each other.

    Never raises for what somebody handed in.

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
    if len(shape) > 2:
        return _of_a_row(given, shape, decimals, whole_digits)
    size = laid_shape(shape)
    if whole_digits:
        return _read_any(given, shape, size, None, True)
    cells = plain_cells(given, shape)
    answer = _of_numerals(cells, size, decimals) if cells else None
    return answer or _read_any(given, shape, size, decimals)


_Known = defaultdict[tuple[Shape, int | None], dict[Hashable, tuple[object, Answer]]]
_read: ContextVar[_Known | None] = ContextVar("read", default=None)


@contextmanager
def reading_once() -> Iterator[None]:
    """While what was typed alike is read once by `read_again`, by however many and in however many tasks."""
    token = _read.set(defaultdict(dict))
    try:
        yield
    finally:
        _read.reset(token)


def read_again(given: object, shape: Shape, decimals: int | None) -> Answer:
    """What `read_answer` says, which may be known."""
    if (known := _read.get()) is None:
        return read_answer(given, shape, decimals)
    answers, key = known[shape, decimals], as_typed(given)
    if key not in answers:
        answers[key] = given, read_answer(given, shape, decimals)  # what is kept is like nothing else meanwhile
    return answers[key][1]


def answer_like(given: object, value: Any) -> Answer:
    """What was given, read into the shape of a value, which is a single number where it has one entry."""
    return read_answer(given, np.shape(value) if np.size(value) > 1 else ())


def with_given(answer: Answer, value: Any) -> Any:
    """The value, in its shape, with the entries that were given in the place of its own."""
    put_in = np.where(answer.given, answer.value, laid(value, np.shape(value)))
    return put_in.reshape(np.shape(value)) if np.ndim(value) > 2 else put_in


def _of_a_row(given: object, shape: Shape, decimals: int | None, whole_digits: bool) -> Answer:
    """Matrices in a row, each read by itself."""
    size = laid_shape(shape)
    if nothing_typed(given):
        return nothing_given(size)
    matrices = matrices_of(given)
    if max(shape[1:]) == 1 and matrices is None:  # one entry each, as people write a vector
        return read_answer(given, size, decimals, whole_digits=whole_digits)
    if shape[0] == 1 and len(matrices or ()) != 1:  # a single one may do without its brackets
        matrices = [given]
    if matrices is None or len(matrices) != shape[0]:
        many = 0 if matrices is None else len(matrices)
        found = Text.of("unread.so_many_matrices", n=many) if many else Text.of("unread.no_matrices")
        said = Text.of("unread.another_row", found=found, wanted=shape[0], size=words(shape[1:]))
        return _impossible(_uniform(size, said))
    parts = [read_answer(matrix, shape[1:], decimals, whole_digits=whole_digits) for matrix in matrices]
    unread = [Text.of("unread.in_matrix", matrix=n, why=part.said) for n, part in enumerate(parts, 1) if part.said]
    others = [part.as_given for part in parts if part.as_given is not None]
    fit = len(others) == len(parts) and len({part.value.shape for part in others}) == 1
    why: Said = parts[0].said if len(parts) == 1 else next(iter(unread), "")
    return replace(_below_each_other(parts, why), as_given=_below_each_other(others, "") if fit else None)


def _below_each_other(parts: Sequence[Answer], said: Said) -> Answer:
    """Matrices in a row as one answer."""

    def whole(field: str) -> Any:
        arrays = [getattr(part, field) for part in parts]
        if all(array is None for array in arrays):
            return None
        nothing = np.zeros(parts[0].value.shape, dtype=bool)
        return np.concatenate([nothing if array is None else array for array in arrays])

    return Answer(
        whole("value"), whole("low"), whole("high"), whole("blank"), whole("unreadable"), said,
        impossible=whole("impossible"), unrounded=any(part.unrounded for part in parts),
        computed=all(part.computed for part in parts), floats=whole("floats"),
    )  # fmt: skip


def is_array(given: object) -> bool:
    """Whether it is what programs hand in, rather than a text or a number that somebody typed."""
    return isinstance(given, (list, tuple)) or (not isinstance(given, (str, bytes)) and hasattr(given, "__array__"))


def _read_any(given: object, shape: Shape, size: Shape, decimals: int | None, whole_digits: bool = False) -> Answer:
    try:
        if isinstance(given, Twice):
            one, other = (repr(text if len(text) <= MOST_QUOTED else f"{text[:MOST_QUOTED]}...") for text in given.both)
            raise AnswerError(Text.of("unread.twice", one=one, other=other))
        if nothing_typed(given):
            return nothing_given(size)
        if count := masked(given):
            raise AnswerError(Text.of("unread.masked", n=count))
        array = as_array(given)
        if array is not None and array.dtype.kind in "fiu":
            return _from_array(array, shape, size, decimals, whole_digits)
        cells = cells_of(given if array is None else array.tolist(), shape)
        if not cells.rows:
            return nothing_given(size)
        return _from_cells(cells, size, decimals, whole_digits)
    except MisfitError as misfit:
        return _of_another_shape(given, misfit.found, shape, size, whole_digits)
    except NoValueError as error:
        return _impossible(_uniform(size, error.why))
    except AnswerError as error:
        return _uniform(size, error.why)
    except (MemoryError, RecursionError):
        return _uniform(size, Text.of("unread.size"))


def _uniform(size: Shape, said: Said, wrong_shape: Shape | None = None) -> Answer:
    """Nothing could be read."""
    none = nothing_given(size)
    return replace(none, blank=none.unreadable, unreadable=none.blank, said=said, wrong_shape=wrong_shape)


def refused(answer: Answer, shown: str) -> Answer:
    """The answer with nothing read, for a number with a comma that can be one for thousands."""
    one, other = shown.replace(",", "."), shown.replace(",", "")
    return _uniform(answer.value.shape, Text.of("unread.two_readings", shown=repr(shown), one=one, other=other))


def _of_another_shape(given: object, found: Shape, shape: Shape, size: Shape, whole_digits: bool) -> Answer:
    """An answer with the wrong number of rows or columns; unreadable where there is no number in it."""
    nothing = _uniform(size, misfit_words(found, shape, given), wrong_shape=found)
    own = found if len(found) != 1 else (found[0], 1) if size[0] == 1 else (1, found[0])  # the other way round
    as_given = read_answer(given, own, whole_digits=whole_digits) if len(found) < 3 and all(found) else None
    possible = as_given is None or as_given.impossible is None or not as_given.impossible.any()
    if as_given is not None and as_given.unreadable.all() and possible:
        return replace(nothing, said=as_given.said or nothing.said)
    if as_given is None or (len(found) == 1 and not hasattr(given, "dtype")):
        return _impossible(nothing)
    return replace(_impossible(nothing), as_given=as_given, unrounded=as_given.unrounded)


def _impossible(answer: Answer) -> Answer:
    return replace(answer, impossible=answer.unreadable)


@lru_cache(maxsize=1 << 8)
def nothing_given(size: Shape) -> Answer:
    """Nothing was given."""
    nothing = _fixed(np.full(size, np.nan))
    return Answer(nothing, nothing, nothing, _fixed(np.ones(size, dtype=bool)), _fixed(np.zeros(size, dtype=bool)))


def _fixed(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array


# --- plain answers, most of a class's: read as by the general way, which says what a text means, but sooner ----------


@lru_cache(maxsize=1 << 13)
def _of_numerals(cells: tuple[str, ...], size: Shape, decimals: int | None) -> Answer | None:
    """The answer of these numbers; None where one is none. Many in a class write the same ones."""
    try:
        numerals = [read_numeral(cell, decimals) for cell in cells]
    except AnswerError:
        return None
    if len(cells) > 1 and not ZEROS.isdisjoint(cells):
        half = finest(cells)
        zero = Numeral(0.0, -half, half)
        numerals = [
            zero if cell in ZEROS and one.high < half else one for cell, one in zip(cells, numerals, strict=True)
        ]
    values, lows, highs = zip(*numerals, strict=True)
    value, low, high = _fixed(np.array(values + lows + highs).reshape(3, *size))
    nothing = nothing_given(size)
    unrounded = any(map(_is_unrounded, cells))
    return Answer(value, low, high, nothing.unreadable, nothing.unreadable, unrounded=unrounded)


def _is_unrounded(text: str) -> bool:
    """Whether a decimal number has more digits than anybody types; `1/3` has few."""
    return len(text) > _TYPED_DIGITS and "/" not in text and sum(map(str.isdigit, text)) > _TYPED_DIGITS


# --- every other answer ----------------------------------------------------------------------------------------------


def _from_array(array: NDArray[Any], shape: Shape, size: Shape, decimals: int | None, whole_digits: bool) -> Answer:
    given = array.shape
    while array.ndim > 2 and 1 in array.shape:
        array = array.squeeze(axis=array.shape.index(1))
    found = array.shape if array.ndim == 2 else (1, array.size)
    if array.ndim > 2 or not fits((found[0], found[1]), shape):
        raise MisfitError(given)
    array = array.reshape(size)
    with np.errstate(all="ignore"):
        value = array.astype(np.float64)
        bad = ~(np.abs(value) <= MAX_MAGNITUDE)
        half, unrounded = spread(np.where(bad, np.zeros((), array.dtype), array), decimals, whole_digits)
        value[bad] = np.nan
        low, high = value - half, value + half
        if array.dtype.kind == "f" or decimals is not None:
            low, high = np.nextafter(low, -np.inf), np.nextafter(high, np.inf)
    said: Said = ""
    if bad.any():
        row, column = (int(place) for place in np.argwhere(bad)[0])
        said = _in_place(row, column, size, Text.of("unread.not_usable", shown=str(array[row, column])))
    return Answer(
        value, low, high, np.zeros(size, dtype=bool), bad, said,
        impossible=bad, unrounded=unrounded, computed=unrounded or whole_digits,
        floats=~bad if array.dtype.kind == "f" else None,
    )  # fmt: skip


def _from_cells(cells: Cells, size: Shape, decimals: int | None, whole_digits: bool) -> Answer:
    value, low, high = (np.full(size, np.nan) for _ in range(3))
    blank, unreadable, impossible, whole_zero = (np.zeros(size, dtype=bool) for _ in range(4))
    said: Said = ""
    unrounded = False
    floats: list[tuple[int, int]] = []
    for row, entries in enumerate(cells.rows):
        if entries is None:
            unreadable[row] = True
            said = said or Text.of("unread.short_row", row=row + 1, columns=size[1])
            continue
        for column, cell in enumerate(entries):
            if nothing_typed(cell):
                blank[row, column] = True
                continue
            try:
                number = numeral_of(cell, decimals)
            except AnswerError as error:
                unreadable[row, column] = True
                impossible[row, column] = isinstance(error, NoValueError)
                said = said or _in_place(row, column, size, error.why)
                continue
            if whole_digits:
                room = 4.0 * math.ulp(number.value)
                number = Numeral(number.value, number.value - room, number.value + room)
            value[row, column], low[row, column], high[row, column] = number
            unrounded = unrounded or (isinstance(cell, str) and _is_unrounded(cell))
            if isinstance(cell, (float, np.floating)):
                floats.append((row, column))
            whole_zero[row, column] = isinstance(cell, Integral) and cell == 0
    if not whole_digits and value.size > 1:
        texts = [cell.strip() if isinstance(cell, str) else "" for row in cells.rows for cell in row or [""] * size[1]]
        zeros = [place for place, text in enumerate(texts) if text in ZEROS]
        half = finest(texts) if zeros else 0.0
        for place in zeros:
            if high.flat[place] < half:
                low.flat[place], high.flat[place] = -half, half
    is_float = np.zeros(size, dtype=bool)
    if floats:
        floats += [(int(row), int(column)) for row, column in np.argwhere(whole_zero)]
        is_float[tuple(zip(*floats, strict=True))] = True
        typed = [(cells.rows[row] or [])[column] for row, column in floats]
        kinds = [cell.dtype for cell in typed if isinstance(cell, np.floating)]
        numbers = np.array(typed, dtype=min(kinds, key=lambda kind: kind.itemsize) if kinds else np.float64)
        halves, full = spread(numbers, decimals, whole_digits)
        unrounded = unrounded or full
        for (row, column), half in zip(floats, halves.tolist(), strict=True):
            low[row, column] = math.nextafter(value[row, column] - half, -math.inf)
            high[row, column] = math.nextafter(value[row, column] + half, math.inf)
    return Answer(
        value, low, high, blank, unreadable, said,
        impossible=impossible, unrounded=unrounded, computed=whole_digits, floats=is_float if floats else None,
    )  # fmt: skip


def rounded_alike(answers: Mapping[str, Answer]) -> dict[str, Answer]:
    """The answers of a hand-in, where floats may have lost their last zeros with how fine they are if they have.

    Those of one array then have as many decimals, and a number alone as many as the arrays usually have.

    >>> answers = {"z": read_answer([0.25, 0.4], (2, 1)), "L": read_answer(0.5, ())}
    >>> {name: answer.alike.ravel().round(4).tolist() for name, answer in rounded_alike(answers).items()}
    {'z': [0.005, 0.005], 'L': [0.005]}
    """
    finest = {name: _finest(answer) for name, answer in answers.items() if not answer.computed}
    several = sorted(half for name, half in finest.items() if answers[name].value.size > 1 and 0 < half < math.inf)
    usual = several[len(several) // 2] if several else math.inf
    found = dict(answers)
    for name, own in finest.items():
        answer, half = answers[name], min(own, usual)
        if answer.floats is not None and half < math.inf:
            halves = np.where(answer.floats, half, answer.high / 2 - answer.low / 2)
            found[name] = replace(answer, alike=halves)
    return found


def in_single(answer: Answer) -> Answer:
    """The same, as far as it is known where something that it was made of is in single precision."""
    room = LOST * float(np.spacing(np.float32(np.max(np.abs(answer.value), initial=0.0, where=answer.given))))
    return replace(
        answer, low=np.minimum(answer.low, answer.value - room), high=np.maximum(answer.high, answer.value + room)
    )


def _finest(answer: Answer) -> float:
    """Half a unit of the last digit of the finest float; infinite where there is none, or all are whole numbers."""
    if answer.floats is None:
        return math.inf
    cells = answer.floats & (answer.value != np.rint(answer.value))
    halves = (answer.high / 2 - answer.low / 2)[cells]
    return 0.5 * 10.0 ** round(math.log10(2 * halves.min())) if halves.size else math.inf


def _in_place(row: int, column: int, size: Shape, why: Text) -> Text:
    if size == (1, 1):
        return why
    if 1 in size:
        return Text.of("unread.in_entry", entry=row + column + 1, why=why)
    return Text.of("unread.in_cell", row=row + 1, column=column + 1, why=why)
