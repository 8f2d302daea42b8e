"""How likely it is that one of many readings gives the digits by accident.

A number of few digits is met by some pair of mistakes whatever it is; ten cells of four digits are met by none. The
readings themselves say how far apart wrong answers lie, and how large they are: where so many are held against
intervals of this width, a wrong answer that has nothing to do with them meets this many on average. Only cells that are
wrong say anything: whatever went wrong can have left the others right.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chalkwork.algebra.expression import Expression
from chalkwork.bounds.intervals import Interval, rounds, widened
from chalkwork.checking.explaining import Array, Asked, enclosed, exchanges, possible
from chalkwork.checking.laid import laid_shape
from chalkwork.checking.mistakes import exchanges_of
from chalkwork.checking.work import Known

MOST_BY_ACCIDENT = 0.05
_SPREAD = (10, 90)


class Crowd:
    """Readings that are held against the answers, with how many there were and how far they lie apart."""

    def __init__(self, asked: Asked, right: Interval | None) -> None:
        self._asked = asked
        self._wrong = asked.given if right is None else asked.given & ~rounds(asked.typed, right)
        self._readings = [] if right is None else [right]
        self._count = 0

    def met(self, expression: Expression, known: Known) -> list[Interval]:
        """The expression's range, where it is somebody's answer."""
        wide = enclosed(expression, known, self._asked, tight=False)
        if wide is None:
            return []
        self._readings.append(wide)
        self._count += 1
        found = possible(expression, known, self._asked, wide)
        return [] if found is None else [found]

    def met_exchanged(self, expression: Expression, known: Known) -> Iterator[Interval]:
        """The same with entries exchanged, every way."""
        self._count += len(exchanges_of(laid_shape(expression.shape)))
        return exchanges(expression, known, self._asked)

    def is_telling(self) -> Array:
        """For every student whether an explanation among these would hardly be found by accident."""
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
            width = np.median(high - low, axis=0) + (typed.high - typed.low)
            chance = np.where(self._wrong, width / (apart + width), 1.0)
        expected = self._count * np.prod(np.where(np.isfinite(chance), chance, 1.0), axis=(-2, -1))
        return np.asarray(expected < MOST_BY_ACCIDENT)
