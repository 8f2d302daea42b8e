"""What is known while the steps of a class are marked in order: what was answered, and what goes on from it.

All students stand side by side: every array has their number as its first axis.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression, names_in
from chalkwork.checking.answers import Answer
from chalkwork.checking.intervals import Interval
from chalkwork.checking.mistakes import Context
from chalkwork.derivation.derivation import Derivation, Equation

Array = np.ndarray[Any, Any]
Known = dict[str, Interval]


@dataclass(frozen=True)
class Answers:
    """The answers of all students to one name, stacked: arrays of the shape (students, rows, columns)."""

    low: Array
    high: Array
    blank: Array
    unreadable: Array
    misshapen: Mapping[int, Answer] = field(default_factory=dict)
    """The students whose answer has another shape, with what it says in that shape."""

    @classmethod
    def stacked(cls, answers: Sequence[Answer | None], shape: tuple[int, int]) -> Answers:
        """The answers of every student; None where a student gave none."""
        empty = np.full(shape, np.nan)
        yes, no = np.ones(shape, dtype=bool), np.zeros(shape, dtype=bool)
        return cls(
            np.stack([empty if answer is None else answer.low for answer in answers]),
            np.stack([empty if answer is None else answer.high for answer in answers]),
            np.stack([yes if answer is None else answer.blank for answer in answers]),
            np.stack([no if answer is None else answer.unreadable for answer in answers]),
            {
                student: answer.as_given
                for student, answer in enumerate(answers)
                if answer is not None and answer.as_given is not None
            },
        )

    def within(self, tolerance: float) -> Answers:
        """The answers with so much room on both sides of what was typed."""
        return replace(self, low=self.low - tolerance, high=self.high + tolerance) if tolerance else self

    @property
    def given(self) -> Array:
        """Where there is a number."""
        return ~(self.blank | self.unreadable)


class Work:
    """The students' own values, which of them are sound, and which would make what follows trivial."""

    def __init__(
        self,
        derivation: Derivation,
        values: Mapping[str, Any],
        answers: Mapping[str, Answers],
        context: Context,
        students: int,
    ) -> None:
        self.context = context
        self.answers = answers
        self.students = students
        self.right = {name: Interval.point(np.asarray(value)) for name, value in values.items()}
        self.own: Known = {name.name: self.spread(self.right[name.name]) for name in derivation.givens}
        self.sound: dict[str, Array] = {name.name: np.ones(students, dtype=bool) for name in derivation.givens}
        self.trivial: dict[str, Array] = {name.name: np.zeros(students, dtype=bool) for name in derivation.givens}
        self._unit = _usual_half_unit(answers, students)

    def spread(self, interval: Interval) -> Interval:
        """The same for every student, where it is."""
        shape = (self.students, *interval.low.shape[-2:])
        return Interval.of(np.broadcast_to(interval.low, shape), np.broadcast_to(interval.high, shape))

    def inputs(self, expression: Expression) -> Known:
        """The students' own values of the names."""
        return {name.name: self.own[name.name] for name in names_in(expression)}

    def known(self, expression: Expression, rows: Array | None) -> Known:
        """The values of the names: these students' own, or the right ones, which they may have used all the same."""
        values = {}
        for name in (name.name for name in names_in(expression)):
            if name in self.context.constants:
                values[name] = Interval.point(self.context.constants[name])
            elif rows is None or name not in self.own:
                values[name] = self.right[name]
            else:
                values[name] = self.own[name].at(rows)
        return values

    def standing(self, expression: Expression) -> tuple[Array, Array]:
        """For every student whether all that it is made of is sound, and whether something makes it trivial."""
        names = [name.name for name in names_in(expression)]
        sound = np.logical_and.reduce([np.ones(self.students, dtype=bool), *(self.sound[name] for name in names)])
        trivial = np.logical_or.reduce([np.zeros(self.students, dtype=bool), *(self.trivial[name] for name in names)])
        return sound, trivial

    def unanswered(self, expression: Expression, student: int) -> tuple[str, ...]:
        """The steps without an answer that lead to the expression, the nearest first."""
        wanted = {name.name for name in names_in(expression)}
        found = []
        for earlier in reversed(self.context.derivation.equations):
            answers = self.answers.get(earlier.name)
            if earlier.name in wanted and (answers is None or not answers.given[student].any()):
                found.append(earlier.name)
                wanted |= {name.name for name in names_in(earlier.expression)}
        return tuple(found)

    def as_noted(self, value: Interval, rows: Array) -> Interval:
        """What a student can have gone on with who did not hand the value in: it may have been rounded, too."""
        unit = self._unit[rows][:, None, None]
        return Interval.of(value.low - unit, value.high + unit)

    def remember(self, equation: Equation, typed: Interval, given: Array, following: Interval, accepted: Array) -> None:
        """Go on with what was typed, else with what follows; `accepted` is where what was typed is right."""
        name = equation.name
        sound, trivial = self.standing(equation.expression)
        unseen = self.as_noted(following, np.arange(self.students))
        low, high = np.where(given, typed.low, unseen.low), np.where(given, typed.high, unseen.high)
        self.own[name] = Interval.of(low, high)
        whole = given.all(axis=(-2, -1))
        self.sound[name] = np.all(accepted | ~given, axis=(-2, -1)) & (whole | sound)
        right = self.right[name]
        bounded = np.isfinite(low) & np.isfinite(high)
        constant = bounded & np.isin(np.where(bounded, low, 0.0) / 2 + np.where(bounded, high, 1.5) / 2, (0.0, 1.0))
        sham = constant.all(axis=(-2, -1)) & given.any(axis=(-2, -1)) & ~np.isin(right.low, (0.0, 1.0)).all()
        self.trivial[name] = sham | (trivial & ~whole)

    def adopt(self, name: str, student: int, value: Interval, place: int) -> None:
        """Go on with what a student must have had."""
        old = self.own[name]
        low, high = old.low.copy(), old.high.copy()
        low[student], high[student] = value.low[place], value.high[place]
        self.own[name] = Interval(low, high)
        self.sound[name][student] = False


def _usual_half_unit(answers: Mapping[str, Answers], students: int) -> Array:
    """Half a unit of the last digit that each student usually writes: the median over the cells that are not exact."""
    if not answers:
        return np.zeros(students)
    with np.errstate(invalid="ignore"):
        halves = np.concatenate([((one.high - one.low) / 2).reshape(students, -1) for one in answers.values()], axis=1)
    ordered = np.sort(np.where(halves > 0, halves, np.nan), axis=1)
    count = np.sum(~np.isnan(ordered), axis=1)
    return np.where(count > 0, ordered[np.arange(students), np.maximum(count - 1, 0) // 2], 0.0)
