"""What explains an answer: which readings of an equation meet what a student wrote."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression
from chalkwork.bounds.intervals import Interval, moved, rounds
from chalkwork.checking.judging.budget import A_FLOAT, AN_EXCHANGE, Purse, cost_of
from chalkwork.checking.judging.work import EXACT, EXACT_BESIDE, Known
from chalkwork.checking.mistakes import TABLE, exchanged, exchanges_of
from chalkwork.checking.mistakes.matrices import Exchange
from chalkwork.checking.reading.laid import enclosed_for, laid_shape, worked_out_laid

Array = np.ndarray[Any, Any]
Pair = tuple[str, str]
Reading = tuple[tuple[str, ...], Interval]
BY_ACCIDENT = 0.1
"""What can be anything explains nothing: other digits meet a reading more rarely than this."""
ABOUT = 1e-6
"""How far what a program has can be from what is worked out in double precision, as a part of the largest number."""
NOTHING_MORE = 1e-13
"""What is no larger than this part of the right value is what rounding leaves of zero."""
MOST_WIDTHS, SHARE = 20, 1e-6
"""What follows from wrong values is at most so many times as wide as the digits, or as this part of its size."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The mistakes that explain an answer, the likeliest first."""

    ids: tuple[str, ...] = ()
    made_in: str | None = None
    """The earlier step, itself not answered, in which the mistake was made."""
    pairs: tuple[Pair, ...] = ()
    """Where two mistakes were made at once, all pairs that give the answer, the likeliest first."""
    stopped: bool = False
    """Whether the search ended before everything was tried."""


EARLY = ("rounded-early",)
NOTHING = Explanation()
SWAPPED = Explanation(("entries-swapped",))
NOT_UPDATED = Explanation(("not-updated",))
STOPPED = Explanation(stopped=True)


@dataclass(frozen=True, slots=True)
class Asked:
    """The students whose step is to be explained, by number, with what they answered."""

    rows: Array
    typed: Interval
    given: Array
    size: Array
    """How large such numbers are: what was answered, or what would be right."""
    purse: Purse
    exact: bool = False
    """Whether all that they answered has all the digits of a program."""

    def part(self, places: Array) -> Asked:
        """Those at these places only."""
        typed, given, size = self.typed.at(places), self.given[places], self.size[places]
        return Asked(self.rows[places], typed, given, size, self.purse, self.exact)

    def pay(self, cost: int) -> Array:
        """Who of them can pay for what is to be worked out."""
        return self.purse.pay(self.rows, cost)

    @property
    def is_constant(self) -> Array:
        """Whose answer is one number again and again: no two mistakes, and no rounding, give that."""
        shape = (self.rows.size, -1)
        low = np.where(self.given, self.typed.low, np.nan).reshape(shape)
        same = (low == np.nanmax(low, axis=1, keepdims=True)) | np.isnan(low)
        return np.asarray(same.all(axis=1) & (np.count_nonzero(~np.isnan(low), axis=1) > 1))

    @property
    def is_nothing(self) -> Array:
        """Whose answer is zero throughout, but for rounding: too much comes to that."""
        low, high = (np.where(self.given, one, 0.0) for one in (self.typed.low, self.typed.high))
        most = np.max(np.where(self.given, self.size, 0.0), axis=(-2, -1))
        return np.asarray(np.abs(low / 2 + high / 2).max(axis=(-2, -1)) <= NOTHING_MORE * most)

    @property
    def going_on(self) -> Array:
        """Who has been able to pay for everything so far."""
        return np.asarray(~self.purse.stopped[self.rows])


@dataclass(frozen=True, slots=True)
class Match:
    """A reading that explains an answer, by number."""

    number: int
    ids: tuple[str, ...]
    central: bool
    """Whether its middle does: what was worked out with all digits, or on the digits written."""


def matching(asked: Asked, readings: Iterable[Reading]) -> dict[int, list[Match]]:
    """For every student the readings that explain the answers: those nearest to the digits first."""
    found: dict[int, list[Match]] = {}
    for number, (ids, reading) in enumerate(readings):
        explained = explains(reading, asked)
        if explained.any():
            with np.errstate(invalid="ignore"):
                middle = Interval.point(reading.low / 2 + reading.high / 2)
            central = explains(middle, asked)
            for place in np.flatnonzero(explained):
                found.setdefault(int(asked.rows[place]), []).append(Match(number, ids, bool(central[place])))
    return {row: sorted(met, key=lambda one: not one.central) for row, met in found.items()}


def explains(reading: Interval, asked: Asked) -> Array:
    """Which students' answers a reading explains, every cell; what could be anything explains nothing.

    What has all the digits of a program is explained by a number, not by a range that it lies in.
    """
    with np.errstate(all="ignore"):
        width = (reading.high - reading.low) + (asked.typed.high - asked.typed.low)
        chance = width / (2 * asked.size + width)
        unlikely = np.prod(np.where(asked.given & (chance < 1), chance, 1.0), axis=(-2, -1)) <= BY_ACCIDENT
        sharp = asked.typed.high - asked.typed.low <= 2 * EXACT * (asked.size + EXACT_BESIDE)
    sure = np.isfinite(reading.low) & np.isfinite(reading.high) & (is_telling(reading, asked.typed) | ~sharp)
    met = np.all((rounds(asked.typed, reading) & sure) | ~asked.given, axis=(-2, -1))
    return np.asarray(met & unlikely)


def is_telling(reading: Interval, typed: Interval) -> Array:
    """Whether a reading is narrow enough to say something of these digits."""
    with np.errstate(all="ignore"):
        width, size = reading.high - reading.low, np.maximum(np.abs(reading.low), np.abs(reading.high))
        most = MOST_WIDTHS * (typed.high - typed.low) + SHARE * size + 1e-14
        return np.asarray(np.isfinite(width) & (width <= most))


def enclosed(
    expression: Expression,
    known: Known,
    asked: Asked,
    *,
    tight: bool = True,
    parts: dict[Expression, Any] | None = None,
) -> Interval | None:
    """What the expression can be for those who can pay for it, anything for the others; None where nobody can.

    What is not `tight` costs less: of a program's numbers it is what they come to. `parts` see `evaluate`, `enclose`.
    """
    if asked.exact and not tight:
        able = asked.pay(cost_of(expression) // A_FLOAT)
        return worked_out_laid(expression, known, parts) if able.any() else None
    able = asked.pay(cost_of(expression, tight))
    return enclosed_for(expression, known, able, tight, parts) if able.any() else None


def possible(
    expression: Expression,
    known: Known,
    asked: Asked,
    wide: Interval | None = None,
    parts: dict[Expression, Any] | None = None,
) -> Interval | None:
    """What the expression can be for those whose answer that is, as is known at less cost."""
    wide = wide or enclosed(expression, known, asked, tight=False, parts=parts)
    if wide is None:
        return None
    places = np.flatnonzero(nearby(wide, asked) & asked.going_on)
    if not places.size:
        return None
    able = np.zeros(asked.rows.size, dtype=bool)
    able[places] = asked.part(places).pay(cost_of(expression, tight=True))
    return enclosed_for(expression, known, able) if able.any() else None


def exchanges(expression: Expression, known: Known, asked: Asked) -> Iterator[tuple[Exchange, Interval]]:
    """What the expression can be with two rows, columns or entries exchanged, where that is somebody's answer."""
    ways = exchanges_of(laid_shape(expression.shape))
    if not ways:
        return
    able = asked.pay(len(ways) * AN_EXCHANGE + 2 * sum(first.size for first, _ in ways))
    wide = enclosed(expression, known, asked, tight=False) if able.any() else None
    if wide is None:
        return
    near = _near_exchanged(wide, ways, asked) & asked.going_on
    theirs = np.flatnonzero(near.any(axis=0))
    if theirs.size:
        able = np.zeros(asked.rows.size, dtype=bool)
        able[theirs] = asked.part(theirs).pay(cost_of(expression, tight=True))
        exact = enclosed_for(expression, known, able)
        for place in np.flatnonzero(near.any(axis=-1)):
            yield ways[place], exact.over(partial(exchanged, exchange=ways[place]))


def _near_exchanged(reading: Interval, ways: Sequence[Exchange], asked: Asked) -> Array:
    """Whose answers meet the reading after each exchange, every cell: all that do not meet it before are exchanged."""
    count, reading = asked.rows.size, _about(reading) if asked.exact else reading
    wide, typed = (
        Interval(*(np.broadcast_to(bound, asked.typed.shape).reshape(count, -1) for bound in (one.low, one.high)))
        for one in (reading, asked.typed)
    )
    given = asked.given.reshape(count, -1)
    half = np.max(np.where(given, typed.high / 2 - typed.low / 2, 0.0), axis=-1, keepdims=True)
    wide = moved(wide, half)
    bad = given & ~typed.meets(wide)
    wrong = bad.sum(axis=-1)
    found = np.zeros((len(ways), count), dtype=bool)
    fewest = int(np.min(wrong)) if wrong.size else 0
    for place, (first, second) in enumerate(ways):
        if fewest > first.size + second.size:
            continue  # it leaves some as they are
        rows = np.flatnonzero(wrong == bad[:, first].sum(axis=-1) + bad[:, second].sum(axis=-1))
        met = np.ones(rows.size, dtype=bool)
        for here, there in ((first, second), (second, first)) if rows.size else ():
            meets = typed.at(np.ix_(rows, here)).meets(wide.at(np.ix_(rows, there)))
            met &= np.all(meets | ~given[np.ix_(rows, here)], axis=-1)
        found[place, rows] = met
    return found


def nearby(reading: Interval, asked: Asked) -> Array:
    """Whose answers meet the reading, every cell; along more leading axes where it has them."""
    met = asked.typed.meets(_about(reading)) if asked.exact else rounds(asked.typed, reading)
    return np.asarray(np.all(met | ~asked.given, axis=(-2, -1)))


def _about(reading: Interval) -> Interval:
    """Where a program's numbers can be that were worked out in another order."""
    with np.errstate(invalid="ignore"):
        room = ABOUT * np.max(np.abs(reading.low), axis=(-2, -1), keepdims=True) + 1e-12
        return Interval(reading.low - room, reading.high + room)


def together_ids(found: Sequence[Match]) -> tuple[str, ...]:
    """The ids of all the readings, each once.

    A special case of one that gives the same numbers is not named: a slope at another place that is 1 as well is a
    derivative that was left out.
    """
    ids = tuple(dict.fromkeys(name for one in found for name in one.ids))
    return tuple(name for name in ids if not set(TABLE[name].unless) & set(ids))
