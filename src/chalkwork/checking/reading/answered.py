"""The answers of a class to one name, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from chalkwork.bounds.intervals import Interval
from chalkwork.checking.reading.answers import Answer, nothing_given

Array = np.ndarray[Any, Any]
MOST_HALVES = 3
"""Half units of the last digit by which a right answer can miss what was calculated: one for rounding, and one unit."""


@dataclass(frozen=True)
class Answers:
    """The answers of all students to one name, stacked: arrays of the shape (students, rows, columns)."""

    low: Array
    high: Array
    blank: Array
    unreadable: Array
    misshapen: Mapping[int, Answer] = field(default_factory=dict)
    """The students whose answer has another shape, with what it says in that shape."""
    impossible: Mapping[int, Array] = field(default_factory=dict)
    """For these students which cells hold what can be no answer, though it was read."""
    computed: Array = field(default_factory=lambda: np.zeros((0, 1, 1), dtype=bool))
    """Whether a program wrote them, with all digits."""
    tolerance: float = 0.0
    alike: Answers | None = None
    """The same where floats have lost their last zeros."""

    @classmethod
    def stacked(cls, answers: Sequence[Answer | None], shape: tuple[int, int]) -> Answers:
        """The answers of every student; None where a student gave none."""
        each = [nothing_given(shape) if answer is None else answer for answer in answers]
        low, high, blank, unreadable = (
            np.concatenate(parts).reshape(len(each), *shape)
            for parts in (
                [one.low for one in each],
                [one.high for one in each],
                [one.blank for one in each],
                [one.unreadable for one in each],
            )
        )
        found = cls(
            low,
            high,
            blank,
            unreadable,
            {student: one.as_given for student, one in enumerate(each) if one.as_given is not None},
            {student: one.impossible for student, one in enumerate(each) if one.impossible is not None},
            np.array([one.computed for one in each])[:, None, None],
        )
        alike = {student: one.alike for student, one in enumerate(each) if one.alike is not None}
        if not alike:
            return found
        half = found.half.copy()
        for student, one in alike.items():
            half[student] = one
        room = half * (1 + 1e-10) + np.spacing(np.abs(found.value))
        return replace(found, alike=replace(found, low=found.value - room, high=found.value + room))

    def within(self, tolerance: float) -> Answers:
        """The answers with so much room on both sides of what was typed."""
        alike = self.alike and replace(self.alike, tolerance=tolerance)
        return replace(self, tolerance=tolerance, alike=alike)

    @cached_property
    def value(self) -> Array:
        """What was typed."""
        return self.low / 2 + self.high / 2

    @cached_property
    def half(self) -> Array:
        """Half a unit of the last digit."""
        return self.high / 2 - self.low / 2

    @cached_property
    def typed(self) -> Interval:
        """All that can be meant."""
        return Interval.of(self.low - self.tolerance, self.high + self.tolerance)

    @cached_property
    def given(self) -> Array:
        """Where there is a number."""
        return ~(self.blank | self.unreadable)

    def near(self, other: Interval) -> Array:
        """Whether they are no more than a unit of their last digit away from rounding these numbers."""
        room = MOST_HALVES * (self.half + self.tolerance) * (1 + 1e-9)
        return np.asarray((self.value >= other.low - room) & (self.value <= other.high + room))
