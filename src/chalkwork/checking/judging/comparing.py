"""One step's answers held against the right value, and against what follows from the students' own earlier ones.

Two roundings are as good as each other: going on with all digits, and going on with the digits that were written.
The first leads to the right value, the second to what the equation gives on paper. An answer is right where it
rounds one of them; or where rounding on the way explains it (the interval of all that can follow) and it is not
further than a unit of its last digit from one of them. The interval alone accepts nothing: it can be wide.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property, reduce

import numpy as np

from chalkwork.bounds.intervals import Interval, rounds
from chalkwork.checking.judging.explaining import Array, is_telling
from chalkwork.checking.judging.verdicts import Verdict
from chalkwork.checking.judging.work import Work
from chalkwork.checking.mistakes.structure import updated_parameter
from chalkwork.checking.reading.answered import Answers
from chalkwork.checking.reading.digits import Digits
from chalkwork.derivation.derivation import Equation, Stage

BY_ACCIDENT = 0.02
"""What follows from a wrong value proves that it was calculated with where other digits do so more rarely."""

COMPUTED = 1e-3
"""The largest rounding error of a program, in single precision too, as a part of a step's largest number."""


class Remark(Enum):
    """Why an answer is wrong that no mistake explains."""

    FEW_DIGITS = "few digits"
    IMPOSSIBLE = "impossible"
    NO_WORK = "no work"
    ACCIDENT = "accident"


@dataclass(frozen=True)
class Compared:
    """The comparison; all arrays have the shape (students, rows, columns)."""

    answers: Answers
    digits: Digits
    right: Interval
    following: Interval
    """All that the step can come to on the students' own values."""
    written: tuple[Interval, ...]
    """What it comes to on the digits that were written."""
    habit: Array
    """Half a unit of the last digit that each student usually writes."""

    @cached_property
    def _alike(self) -> Compared | None:
        """The same for floats that have lost their last zeros: each reading is accepted by its own digits."""
        return None if self.answers.alike is None else replace(self, answers=self.answers.alike)

    def _either(self, own: Array, otherwise: Callable[[Compared], Array]) -> Array:
        return np.asarray(own if self._alike is None else own | otherwise(self._alike))

    @cached_property
    def _tell_right(self) -> Array:
        return self.digits.tell(self.answers.value, self.answers.half, self.right.low, self.habit)

    @cached_property
    def _meets_right(self) -> Array:
        return rounds(self.answers.typed, self.right)

    @cached_property
    def correct(self) -> Array:
        """Where the right value was rounded."""
        return self._either(self._meets_right & self._tell_right, lambda one: one.correct)

    def _on_paper(self, test: Callable[[Interval], Array]) -> Array:
        """Where what was written leads to the answer in one way or another."""
        return np.asarray(reduce(np.logical_or, map(test, self.written)))

    def _rounds(self, written: Interval) -> Array:
        telling = self.digits.tell(self.answers.value, self.answers.half, written.low, self.habit)
        return np.asarray(rounds(self.answers.typed, written) & telling & np.isfinite(written.low))

    @cached_property
    def _meets_written(self) -> Array:
        return self._on_paper(self._rounds)

    @cached_property
    def _near_written(self) -> Array:
        return self._on_paper(self.answers.near)

    @cached_property
    def _computed(self) -> Array:
        """Where a program's rounding errors, and no more, are between its values and what follows from them."""
        size = np.maximum(np.abs(self.following.low), np.abs(self.following.high))
        with np.errstate(all="ignore"):
            narrow = self.following.width <= COMPUTED * np.max(size, axis=(-2, -1), keepdims=True)
        return np.asarray(self.answers.computed & narrow & np.isfinite(self.following.width))

    @cached_property
    def _explained(self) -> Array:
        """Where rounding on the way explains the answer."""
        return np.asarray(self.answers.typed.meets(self.following) & self._enough)

    @cached_property
    def rounded(self) -> Array:
        """Where sound values and their rounding give the answer."""
        near = self.answers.near(self.right) | self._near_written | self._computed
        return self._either(self._meets_written | (self._explained & near), lambda one: one.rounded)

    @cached_property
    def follows(self) -> Array:
        """Where wrong values give the answer; they may have had more digits than were written."""
        sure = self._near_written | self._computed | is_telling(self.following, self.answers.typed)
        return self._either(self._meets_written | (self._explained & sure), lambda one: one.follows)

    @cached_property
    def _enough(self) -> Array:
        return self.digits.enough(self.answers.value, self.answers.half, self.habit)

    @cached_property
    def enough(self) -> Array:
        """Where the digits say enough to look for a mistake."""
        return self._either(self._enough, lambda one: one.enough)

    @cached_property
    def own(self) -> Interval:
        """What the students go on with: digits that say too little stand for no more than themselves."""
        typed, few = self.answers.typed, self.answers.given & ~self._enough
        if not few.any():
            return typed
        value = self.answers.value
        finer = self._alike.own if self._alike else Interval(value, value)
        return Interval.of(np.where(few, finer.low, typed.low), np.where(few, finer.high, typed.high))

    def unmoved(self, work: Work, equation: Equation) -> Array:
        """Where a parameter from before its update was written with fewer digits than would show the update."""
        old = updated_parameter(equation) if equation.stage == Stage.UPDATE else None
        if old is None:
            return np.zeros(self.answers.low.shape, dtype=bool)
        before = work.right[old.name].low
        same = np.abs(self.answers.value - before) <= 1e-12 * np.abs(before)
        still = np.all(same | ~self.answers.given, axis=(-2, -1), keepdims=True)
        half = (self.answers.alike or self.answers).half
        apart = self.digits.tells_apart(self.answers.value, half, self.right.low, self.habit)
        return np.asarray(still & apart & self.answers.given)

    def is_worked_for(self, row: int, follows: Array, often: Array) -> bool:
        """Whether a student's cells that follow can hardly be an accident.

        `often` is for each cell the part of all that the student wrote that is this number again.
        """
        value = np.abs(self.answers.value[row])
        if 2 * np.count_nonzero(follows) <= np.count_nonzero(self.answers.given[row]):
            return False
        open_ways = np.where(self._meets_written[row], 0.0, self.following.at(row).width)
        width = open_ways + 2 * self.answers.half[row]
        with np.errstate(all="ignore"):
            chance = np.maximum(width / (2 * value + width), often)
        telling = follows & ~np.isin(value, (0.0, 1.0)) & np.isfinite(chance)
        return bool(np.prod(np.where(telling, chance, 1.0)) < BY_ACCIDENT)

    def remarks(self, verdicts: Array) -> dict[int, Remark]:
        """For every student whose step is wrong without a mistake, what there is to say of it."""
        found: dict[int, Remark] = {}
        bad = verdicts == Verdict.WRONG
        few = bad & self.answers.given & self._meets_right & ~self._tell_right
        for place in np.flatnonzero(few.any(axis=(-2, -1)) & ~(bad & ~few).any(axis=(-2, -1))):
            found[int(place)] = Remark.FEW_DIGITS
        for student, cells in self.answers.impossible.items():
            if cells[bad[student]].all() and cells.any():
                found[student] = Remark.IMPOSSIBLE
        return found
