"""Marking: every asked step, first as it should be, then on the student's own earlier values.

All students are marked at once: every array has their number as its first axis, and each equation is enclosed once
for all of them. Follow-through marking ("error carried forward") keeps the better of the two readings and says so,
as in Numbas (numbas.org.uk, adaptive marking).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression, names_in
from chalkwork.checking.answers import Answer
from chalkwork.checking.intervals import Interval
from chalkwork.checking.mistakes import Context, distinct, swapped
from chalkwork.checking.ranges import enclose
from chalkwork.derivation.derivation import Derivation, Equation

Array = np.ndarray[Any, Any]
_EARLY_DECIMALS = (3, 2, 1)
RELATIVE_SLACK = 1e-9
"""What counts as equal for values that were computed and not typed."""


class Verdict(IntEnum):
    """What is said of one cell, the best first."""

    CORRECT = 0
    ROUNDING = 1
    FOLLOWS = 2
    BLANK = 3
    UNREADABLE = 4
    MISTAKE = 5
    WRONG = 6

    @property
    def word(self) -> str:
        """The verdict as it stands in a report."""
        return self.name.lower()

    @property
    def accepted(self) -> bool:
        """Whether the step itself is right."""
        return self <= Verdict.FOLLOWS


@dataclass(frozen=True, slots=True)
class Marked:
    """The marks of one step for all students."""

    equation: Equation
    verdicts: Array
    """A `Verdict` for every student and cell."""
    mistakes: tuple[tuple[str, ...], ...] = ()
    """For every student the mistakes that explain the step, the likeliest first."""
    trivial: Array = field(default_factory=lambda: np.zeros(0, dtype=bool))
    """Whether an earlier answer of zeros or ones would have made the step trivial."""

    def verdict(self, student: int) -> Verdict:
        """The verdict on the whole step: that of its worst cell."""
        return Verdict(int(self.verdicts[student].max()))

    def credit(self, student: int) -> float:
        """The part of the cells that is accepted."""
        return float((self.verdicts[student] <= Verdict.FOLLOWS).mean())


@dataclass(frozen=True)
class Answers:
    """The answers of all students to one name, stacked: arrays of the shape (students, rows, columns)."""

    low: Array
    high: Array
    blank: Array
    unreadable: Array

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
        )

    @property
    def given(self) -> Array:
        """Where there is a number."""
        return ~(self.blank | self.unreadable)


def mark(
    derivation: Derivation,
    values: Mapping[str, Any],
    answers: Mapping[str, Answers],
    asked: Collection[str],
    context: Context,
    students: int = 1,
) -> dict[str, Marked]:
    """The marks of every asked step, in the derivation's order.

    `values` are the right ones, `answers` those of the students; an answer to a name that is not asked is used for
    what follows from it, and not marked.
    """
    work = _Work(derivation, values, answers, context, students)
    marked = {}
    for equation in derivation.equations:
        result = work.step(equation, mistakes=equation.name in asked)
        if equation.name in asked:
            marked[equation.name] = result
    return marked


class _Work:
    """What is known while the steps are marked in order: the students' own values and which of them are sound."""

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
        self.own: dict[str, Interval] = {name.name: self._spread(self.right[name.name]) for name in derivation.givens}
        self.sound: dict[str, Array] = {name.name: np.ones(students, dtype=bool) for name in derivation.givens}
        self.trivial: dict[str, Array] = {name.name: np.zeros(students, dtype=bool) for name in derivation.givens}

    def _spread(self, interval: Interval) -> Interval:
        shape = (self.students, *interval.low.shape[-2:])
        return Interval.of(np.broadcast_to(interval.low, shape), np.broadcast_to(interval.high, shape))

    def step(self, equation: Equation, mistakes: bool) -> Marked:
        """Mark one step and remember the students' values for the later ones."""
        expected = _widened(self.right[equation.name])
        following = self._spread(enclose(equation.expression, self._inputs(equation.expression)))
        answers = self.answers.get(equation.name)
        if answers is None:
            answers = Answers.stacked([None] * self.students, (expected.low.shape[-2], expected.low.shape[-1]))
        typed = Interval.of(answers.low, answers.high)
        before = [name.name for name in names_in(equation.expression)]
        sound = np.logical_and.reduce([np.ones(self.students, dtype=bool), *(self.sound[name] for name in before)])
        trivial = np.logical_or.reduce([np.zeros(self.students, dtype=bool), *(self.trivial[name] for name in before)])
        verdicts = np.full(answers.low.shape, int(Verdict.WRONG))
        follows = np.where(sound, int(Verdict.ROUNDING), int(Verdict.FOLLOWS))[:, None, None]
        meets = typed.meets(following) & ~(trivial & ~sound)[:, None, None]
        verdicts = np.where(meets, follows, verdicts)
        verdicts = np.where(typed.meets(expected), int(Verdict.CORRECT), verdicts)
        verdicts = np.where(answers.blank, int(Verdict.BLANK), verdicts)
        verdicts = np.where(answers.unreadable, int(Verdict.UNREADABLE), verdicts)
        found: tuple[tuple[str, ...], ...] = ((),) * self.students
        if mistakes:
            verdicts, found = self._named(equation, typed, answers.given, verdicts)
        self._remember(equation.name, typed, answers.given, following, verdicts)
        return Marked(equation, verdicts, found, trivial)

    def _inputs(self, expression: Expression) -> dict[str, Interval]:
        return {name.name: self.own[name.name] for name in names_in(expression)}

    def _remember(self, name: str, typed: Interval, given: Array, following: Interval, verdicts: Array) -> None:
        low, high = np.where(given, typed.low, following.low), np.where(given, typed.high, following.high)
        self.own[name] = Interval.of(low, high)
        self.sound[name] = np.all((verdicts <= Verdict.ROUNDING) | ~given, axis=(-2, -1))
        right = self.right[name]
        constant = np.isin(low, (0.0, 1.0)) & (low == high)
        sham = constant.all(axis=(-2, -1)) & given.any(axis=(-2, -1)) & ~np.isin(right.low, (0.0, 1.0)).all()
        self.trivial[name] = sham

    def _named(
        self, equation: Equation, typed: Interval, given: Array, verdicts: Array
    ) -> tuple[Array, tuple[tuple[str, ...], ...]]:
        """The verdicts with `mistake` where one explains all that a student answered to the step."""
        wrong = verdicts == Verdict.WRONG
        suspects = wrong.any(axis=(-2, -1))
        found: list[dict[str, None]] = [{} for _ in range(self.students)]
        if suspects.any():
            for ids, reading in self._readings(equation):
                explained = np.all(typed.meets(_widened(reading)) | ~given, axis=(-2, -1))
                for student in np.flatnonzero(explained & suspects):
                    found[student].update(dict.fromkeys(ids))
        named = np.array([bool(ids) for ids in found])
        verdicts = np.where(wrong & named[:, None, None], int(Verdict.MISTAKE), verdicts)
        return verdicts, tuple(tuple(ids) for ids in found)

    def _readings(self, equation: Equation) -> Iterator[tuple[tuple[str, ...], Interval]]:
        """What each mistake would give, on the students' own earlier values and on the right ones."""
        for expression, ids in distinct(equation, self.context):
            if expression.shape == equation.expression.shape:
                for inputs in self._both(expression):
                    yield ids, enclose(expression, inputs)
        for inputs in self._both(equation.expression):
            right = enclose(equation.expression, inputs)
            for low, high in zip(swapped(right.low), swapped(right.high), strict=True):
                yield ("entries-swapped",), Interval.of(low, high)
        for decimals in _EARLY_DECIMALS:
            rounded = {name: _rounded(value, decimals) for name, value in self._inputs(equation.expression).items()}
            yield ("rounded-early",), enclose(equation.expression, rounded)

    def _both(self, expression: Expression) -> Iterator[dict[str, Interval]]:
        names = {name.name for name in names_in(expression)}
        constants = {name: Interval.point(value) for name, value in self.context.constants.items() if name in names}
        for known in (self.own | {name: self.right[name] for name in self.right if name not in self.own}, self.right):
            inputs = constants | {name: known[name] for name in names if name in known}
            if inputs.keys() >= names:
                yield inputs


def _rounded(interval: Interval, decimals: int) -> Interval:
    middle = np.round((interval.low + interval.high) / 2, decimals)
    return Interval.of(middle, middle)


def _widened(interval: Interval) -> Interval:
    """The interval with room for the rounding of another program."""
    slack = RELATIVE_SLACK * np.maximum(np.abs(interval.low), np.abs(interval.high)) + 1e-15
    return Interval.of(interval.low - slack, interval.high + slack)
