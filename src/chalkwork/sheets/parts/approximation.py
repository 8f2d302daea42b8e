"""Approximation by ReLUs in a sheet: a function on an interval, or a table of points."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.approximation import MOST_COMPARED, MOST_POINTS, study, written
from chalkwork.laboratory.approximation.study import USUAL, Study
from chalkwork.laboratory.functions.one_variable import Function
from chalkwork.sheets import values
from chalkwork.sheets.parts import Part, Surroundings, Work
from chalkwork.sheets.parts.taylor import interval
from chalkwork.sheets.posed import Key, Keys, Posed, posed, readers
from chalkwork.sheets.values import Fields
from chalkwork.solutions.solution import Solution

_COUNT = values.integer(2, MOST_POINTS)


def _read(fields: Fields) -> Work:
    usual: dict[str, Any] = {"interval": (None, None), "adapted": False}
    read: list[Any] = [fields.read(key, reader, usual.get(key)) for key, reader in readers(_KEYS).items()]
    function, (low, high), n, adapted, points, heights, compare = read

    def work(surroundings: Surroundings) -> Solution:
        try:
            if function is not None:
                Function.of(function)
        except ChalkworkError as error:
            raise error.at(line=fields.line("function")) from None
        given = [None if each is None else tuple(each) for each in (points, heights, compare)]
        return written(_studied(function, low, high, n, adapted, *given), surroundings.manner)

    return work


@lru_cache(maxsize=32, typed=True)
def _studied(
    function: str | None, low: Any, high: Any, n: int | None, adapted: bool, points: tuple[Any, ...] | None,
    heights: tuple[Any, ...] | None, compare: tuple[int, ...] | None,
) -> Study:  # fmt: skip
    """The study, kept: variants of a sheet are many sheets that differ in one block at a time."""
    return study(function, (low, high), n, points, heights, adapted, compare)


_SPREAD = {"true": "closer together where the function bends more", "false": "at equal distances"}

_KEYS: Keys = {
    "function": Key(values.text, "${}$"),
    "interval": Key(interval, "on ${}$"),
    "n": Key(_COUNT, "${}$ [point]"),
    "adapted": Key(values.flag, "{}", lambda word: _SPREAD[word.lower()]),
    "x": Key(values.vector, "the points $x = {}$"),
    "y": Key(values.vector, "the values $y = {}$"),
    "compare": Key(values.listing(_COUNT, "a list of numbers of points", MOST_COMPARED), "compared with ${}$ points"),
}


def _pose(fields: Fields) -> Posed:
    """The points of a function lie at equal distances, as many as are usual, unless something else is said."""
    usual = {} if "x" in fields else {"n": USUAL, "adapted": "false"}
    return posed(fields, _KEYS, usual)


PART = Part(
    tuple(_KEYS),
    _read,
    _pose,
    vary={"y": "data", "interval": "interval"},
)
