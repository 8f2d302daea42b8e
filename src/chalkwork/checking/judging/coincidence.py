"""How likely it is that one of many readings gives the digits by accident.

A number of few digits is met by some pair of mistakes whatever it is; ten cells of four digits are met by none. The
readings themselves say how far apart wrong answers lie, and how large they are: where so many are held against
intervals of this width, a wrong answer that has nothing to do with them meets this many on average. Only cells that are
wrong say anything: whatever went wrong can have left the others right.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from chalkwork.algebra.expression import Expression
from chalkwork.bounds.intervals import Interval, rounds, widened
from chalkwork.checking.judging.explaining import Array, Asked, Pair, enclosed, exchanges, possible
from chalkwork.checking.judging.work import Ways
from chalkwork.checking.mistakes import exchanged, exchanges_of
from chalkwork.checking.reading.laid import enclosed_laid, laid_shape

MOST_BY_ACCIDENT = 0.05
_SPREAD = (10, 90)


@dataclass(frozen=True, slots=True)
class PairsMet:
    """Pairs of mistakes that give one expression, where that is somebody's answer: its range, and on exact numbers."""

    pairs: tuple[Pair, ...]
    range: Interval
    points: list[Interval]

    def is_same(self, other: PairsMet, place: int) -> bool:
        """Whether both are the same numbers for the student there."""
        return all(
            np.allclose(one.low[place], another.low[place], rtol=1e-9, atol=1e-12, equal_nan=True)
            for one, another in zip(self.points, other.points, strict=True)
        )


class Crowd:
    """Readings that are held against the answers, with how many there were and how far they lie apart."""

    def __init__(self, asked: Asked, right: Interval | None) -> None:
        self._asked = asked
        self._wrong = asked.given if right is None else asked.given & ~rounds(asked.typed, right)
        self._readings = [] if right is None else [right]
        self._count = np.zeros(asked.rows.size)

    def met(
        self, pairs: tuple[Pair, ...], expression: Expression, ways: Ways, new: Array | bool = True
    ) -> Iterator[PairsMet]:
        """The expression with these pairs, where it is somebody's answer; `new` for whom it is another than before."""
        wide = enclosed(expression, ways[0], self._asked, tight=False)
        if wide is None:
            return
        self._readings.append(wide)
        self._count += new
        found = possible(expression, ways[0], self._asked, wide)
        if found is not None:
            yield PairsMet(pairs, found, self._on_exact(expression, ways))

    def met_exchanged(self, pairs: tuple[Pair, ...], expression: Expression, ways: Ways) -> Iterator[PairsMet]:
        """The same with entries exchanged, every way."""
        self._count += len(exchanges_of(laid_shape(expression.shape)))
        points: list[Interval] = []
        for way, found in exchanges(expression, ways[0], self._asked):
            points = points or self._on_exact(expression, ways)
            yield PairsMet(pairs, found, [one.over(partial(exchanged, exchange=way)) for one in points])

    def _on_exact(self, expression: Expression, ways: Ways) -> list[Interval]:
        shape = self._asked.typed.shape
        found = (enclosed_laid(expression, way) for way in ways[1:])
        return [one.over(partial(np.broadcast_to, shape=shape)) for one in found]

    def is_telling(self, exact: bool) -> Array:
        """For every student whether an explanation among these, on `exact` numbers or not, is hardly an accident."""
        shape = self._asked.typed.shape
        if not self._readings:
            return np.zeros(shape[0], dtype=bool)
        low, high = (
            np.stack([np.broadcast_to(bound, shape) for bound in bounds])
            for bounds in zip(*((reading.low, reading.high) for reading in self._readings), strict=True)
        )
        typed = widened(self._asked.typed)
        with np.errstate(all="ignore"):
            middle = np.where(np.isfinite(low + high), low / 2 + high / 2, 0.0)
            first, last = np.percentile(middle, _SPREAD, axis=0)
            apart = np.maximum(last - first, np.median(np.abs(middle), axis=0))
            digits = typed.high - typed.low
            width = np.median(high - low, axis=0) + digits
            if exact:  # of which there are two
                width = np.minimum(width, 2 * digits)
            chance = np.where(self._wrong, width / (apart + width), 1.0)
        expected = self._count * np.prod(np.where(np.isfinite(chance), chance, 1.0), axis=(-2, -1))
        return np.asarray(expected < MOST_BY_ACCIDENT)
