"""What explains an answer: which readings of an equation meet what a student wrote."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression
from chalkwork.checking.intervals import Interval
from chalkwork.checking.mistakes import swapped
from chalkwork.checking.ranges import enclose
from chalkwork.checking.work import Known

Array = np.ndarray[Any, Any]
Pair = tuple[str, str]
Reading = tuple[tuple[str, ...], Interval]
RELATIVE_SLACK = 1e-9
"""What counts as equal for values that were computed and not typed."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The mistakes that explain an answer, the likeliest first."""

    ids: tuple[str, ...] = ()
    together: bool = False
    """Whether all of them were made at once, rather than any of them."""
    made_in: str | None = None
    """The earlier step, itself not answered, in which the mistake was made."""
    pairs: tuple[Pair, ...] = ()
    """Where two mistakes were made at once, all pairs that give the answer, the likeliest first."""


NOTHING = Explanation()
SWAPPED = Explanation(("entries-swapped",))


@dataclass(frozen=True, slots=True)
class Asked:
    """The students whose step is to be explained, by number, with what they answered."""

    rows: Array
    typed: Interval
    given: Array

    def part(self, places: Array) -> Asked:
        """Those at these places only."""
        return Asked(self.rows[places], self.typed.at(places), self.given[places])


def matching(asked: Asked, readings: Iterable[Reading]) -> dict[int, list[tuple[int, tuple[str, ...]]]]:
    """For every student the readings that explain the answers, by number: those nearest to the digits first."""
    near: dict[int, list[tuple[int, tuple[str, ...]]]] = {}
    far: dict[int, list[tuple[int, tuple[str, ...]]]] = {}
    for number, (ids, reading) in enumerate(readings):
        explained = explains(reading, asked.typed, asked.given)
        if explained.any():
            middle = widened(Interval.point(reading.low / 2 + reading.high / 2))
            central = explains(middle, asked.typed, asked.given)
            for place in np.flatnonzero(explained):
                kind = near if central[place] else far
                kind.setdefault(int(asked.rows[place]), []).append((number, ids))
    return {row: near.get(row, []) + far.get(row, []) for row in (*near, *(row for row in far if row not in near))}


def explains(reading: Interval, typed: Interval, given: Array) -> Array:
    """Which students' answers a reading explains, every cell; what is undefined somewhere explains nothing."""
    sure = np.isfinite(reading.low) & np.isfinite(reading.high)
    return np.asarray(np.all((typed.meets(widened(reading)) & sure) | ~given, axis=(-2, -1)))


def possible(expression: Expression, known: Known, asked: Asked) -> Interval | None:
    """What the expression can be; None where that is nobody's answer, as its natural extension says at less cost."""
    if not nearby(enclose(expression, known, tight=False), asked).any():
        return None
    return enclose(expression, known)


def exchanges(expression: Expression, known: Known, asked: Asked) -> Iterator[Interval]:
    """What the expression can be with two rows, columns or entries exchanged, where that is somebody's answer."""
    if prod(expression.shape) < 2:
        return
    wide = enclose(expression, known, tight=False)
    wide = wide if wide.low.ndim > 2 else wide.at(None)  # the right values are the same for every student
    places = np.flatnonzero(nearby(Interval(swapped(wide.low), swapped(wide.high)), asked).any(axis=-1))
    if places.size:
        exact = enclose(expression, known)
        lows, highs = swapped(exact.low), swapped(exact.high)
        yield from (Interval(lows[place], highs[place]) for place in places)


def nearby(reading: Interval, asked: Asked) -> Array:
    """Whose answers meet the reading, every cell; along more leading axes where it has them."""
    return np.asarray(np.all(asked.typed.meets(widened(reading)) | ~asked.given, axis=(-2, -1)))


def together_ids(found: Sequence[tuple[int, tuple[str, ...]]]) -> tuple[str, ...]:
    """The ids of all the readings, each once."""
    return tuple(dict.fromkeys(name for _, ids in found for name in ids))


def rounded_to(interval: Interval, decimals: int) -> Interval:
    """All that the numbers can be after rounding; untouched where they are no finer already."""
    finer = interval.high - interval.low < 0.5 * 10.0**-decimals
    low, high = np.round(interval.low, decimals), np.round(interval.high, decimals)
    return Interval.of(np.where(finer, low, interval.low), np.where(finer, high, interval.high))


def widened(interval: Interval) -> Interval:
    """The interval with room for the rounding of another program."""
    slack = RELATIVE_SLACK * np.maximum(np.abs(interval.low), np.abs(interval.high)) + 1e-15
    return Interval.of(interval.low - slack, interval.high + slack)
