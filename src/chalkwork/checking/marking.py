"""Marking: every asked step, first as it should be, then on the student's own earlier values.

All students are marked at once: every array has their number as its first axis, and each equation is enclosed once
for all of them. Follow-through marking ("error carried forward") keeps the better of the two readings and says so,
as in Numbas (numbas.org.uk, adaptive marking).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression, names_in
from chalkwork.checking.answers import Answer
from chalkwork.checking.explaining import (
    NOTHING,
    SWAPPED,
    Asked,
    Explanation,
    explains,
    matching,
    rounded_to,
    together_ids,
    widened,
)
from chalkwork.checking.intervals import Interval
from chalkwork.checking.mistakes import Context, Found, distinct, distinct_pairs, swapped
from chalkwork.checking.ranges import enclose
from chalkwork.derivation.derivation import Derivation, Equation

Array = np.ndarray[Any, Any]
_EARLY_DECIMALS = (3, 2, 1)
MOST_PAIRS_TOLD = 4


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
        return _WORDS[self]

    @property
    def accepted(self) -> bool:
        """Whether the step itself is right."""
        return self <= Verdict.FOLLOWS


_WORDS = [verdict.name.lower() for verdict in Verdict]


@dataclass(frozen=True)
class Marked:
    """The marks of one step for all students."""

    equation: Equation
    verdicts: Array
    """A `Verdict` for every student and cell."""
    mistakes: tuple[tuple[str, ...], ...] = ()
    """For every student the mistakes that explain the step, the likeliest first."""
    trivial: Array = field(default_factory=lambda: np.zeros(0, dtype=bool))
    """Whether an earlier answer of zeros or ones would have made the step trivial."""
    explanations: tuple[Explanation, ...] = ()
    """For every student how the mistakes explain it."""

    def verdict(self, student: int) -> Verdict:
        """The verdict on the whole step: that of its worst cell."""
        return Verdict(self._worst[student])

    def credit(self, student: int) -> float:
        """The part of the cells that is accepted."""
        return self._credits[student]

    @cached_property
    def _worst(self) -> list[int]:
        worst: list[int] = self.verdicts.max(axis=(-2, -1)).tolist()
        return worst

    @cached_property
    def _credits(self) -> list[float]:
        credits: list[float] = (self.verdicts <= Verdict.FOLLOWS).mean(axis=(-2, -1)).tolist()
        return credits


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
        self.unit = _usual_half_unit(answers, students)
        self.own: dict[str, Interval] = {name.name: self._spread(self.right[name.name]) for name in derivation.givens}
        self.sound: dict[str, Array] = {name.name: np.ones(students, dtype=bool) for name in derivation.givens}
        self.trivial: dict[str, Array] = {name.name: np.zeros(students, dtype=bool) for name in derivation.givens}

    def _spread(self, interval: Interval) -> Interval:
        shape = (self.students, *interval.low.shape[-2:])
        return Interval.of(np.broadcast_to(interval.low, shape), np.broadcast_to(interval.high, shape))

    def step(self, equation: Equation, mistakes: bool) -> Marked:
        """Mark one step and remember the students' values for the later ones."""
        expected = widened(self.right[equation.name])
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
        barred = trivial & ~sound
        meets = typed.meets(following) & ~barred[:, None, None]
        verdicts = np.where(meets, follows, verdicts)
        verdicts = np.where(typed.meets(expected), int(Verdict.CORRECT), verdicts)
        verdicts = np.where(answers.blank, int(Verdict.BLANK), verdicts)
        verdicts = np.where(answers.unreadable, int(Verdict.UNREADABLE), verdicts)
        found = [NOTHING] * self.students
        if mistakes:
            suspects = (verdicts == Verdict.WRONG).any(axis=(-2, -1)) & ~barred
            found = self._explained(equation, typed, answers, suspects)
            named = np.array([bool(one.ids) for one in found])[:, None, None]
            verdicts = np.where((verdicts == Verdict.WRONG) & named, int(Verdict.MISTAKE), verdicts)
            for student in answers.misshapen:
                if found[student].ids:
                    verdicts[student] = int(Verdict.MISTAKE)
        self._remember(equation.name, typed, answers.given, following, verdicts, sound, trivial)
        return Marked(equation, verdicts, tuple(one.ids for one in found), trivial, tuple(found))

    def _inputs(self, expression: Expression) -> dict[str, Interval]:
        return {name.name: self.own[name.name] for name in names_in(expression)}

    def _remember(
        self,
        name: str,
        typed: Interval,
        given: Array,
        following: Interval,
        verdicts: Array,
        sound: Array,
        trivial: Array,
    ) -> None:
        unseen = self._as_noted(following, np.arange(self.students))
        low, high = np.where(given, typed.low, unseen.low), np.where(given, typed.high, unseen.high)
        self.own[name] = Interval.of(low, high)
        whole = given.all(axis=(-2, -1))
        self.sound[name] = np.all((verdicts <= Verdict.ROUNDING) | ~given, axis=(-2, -1)) & (whole | sound)
        right = self.right[name]
        constant = np.isin((low + high) / 2, (0.0, 1.0))
        sham = constant.all(axis=(-2, -1)) & given.any(axis=(-2, -1)) & ~np.isin(right.low, (0.0, 1.0)).all()
        self.trivial[name] = sham | (trivial & ~whole)

    def _as_noted(self, value: Interval, rows: Array) -> Interval:
        """What a student can have gone on with who did not hand the value in: it may have been rounded, too."""
        unit = self.unit[rows][:, None, None]
        return Interval.of(value.low - unit, value.high + unit)

    # --- mistakes --------------------------------------------------------------------------------------------------

    def _explained(self, equation: Equation, typed: Interval, answers: Answers, wrong: Array) -> list[Explanation]:
        """For every student what explains all that was answered to the step; rounding and pairs when all else fails."""
        found = [NOTHING] * self.students
        for student, answer in answers.misshapen.items():
            found[student] = self._misshapen(equation, student, answer)
        rows = np.flatnonzero(wrong)
        if not rows.size:
            return found
        asked = Asked(rows, typed.over(lambda bound: bound[rows]), answers.given[rows])
        single = self._single(equation, asked)
        free = {
            int(row) for row in rows if single.get(int(row), SWAPPED) == SWAPPED
        }  # a sign can look like an exchange
        before = self._before(equation, asked, free)
        for row in (*single, *(row for row in before if row not in single)):
            first, second = single.get(row, NOTHING), before.get(row, NOTHING)
            if row in free and second.ids:
                first, second = second, first
            found[row] = replace(first, ids=tuple(dict.fromkeys((*first.ids, *second.ids))))
        for way in (self._early, self._double):
            rest = asked.part(np.flatnonzero([not found[int(row)].ids for row in rows]))
            if rest.rows.size:
                for row, one in way(equation, rest).items():
                    found[row] = one
        return found

    def _misshapen(self, equation: Equation, student: int, answer: Answer) -> Explanation:
        typed, ids = Interval.of(answer.low, answer.high), dict[str, None]()
        for expression, names in distinct(equation, self.context):
            if expression.shape == answer.low.shape and expression.shape != equation.expression.shape:
                for rows in (np.array([student]), None):
                    if explains(enclose(expression, self._known(expression, rows)), typed, answer.given).all():
                        ids.update(dict.fromkeys(names))
        return Explanation(tuple(ids))

    def _single(self, equation: Equation, asked: Asked) -> dict[int, Explanation]:
        """One mistake, on the student's own earlier values; else, or if one of those is wrong, on the right ones."""
        rewrites = distinct(equation, self.context)
        found = matching(asked, self._readings(equation, asked.rows, rewrites))
        before = [self.sound[name.name] for name in names_in(equation.expression)]
        sound = np.logical_and.reduce([np.ones(self.students, dtype=bool), *before])
        rest = asked.part(np.flatnonzero([int(row) not in found or not sound[row] for row in asked.rows]))
        if rest.rows.size:
            for row, readings in matching(rest, self._readings(equation, None, rewrites)).items():
                found.setdefault(row, []).extend(readings)
        return {row: Explanation(together_ids(readings)) for row, readings in found.items()}

    def _early(self, equation: Equation, asked: Asked) -> dict[int, Explanation]:
        """Rounded too early: the student's own values with fewer decimals."""
        if not any(name.name in self.context.derivation for name in names_in(equation.expression)):
            return {}
        found: dict[int, Explanation] = {}
        for decimals in _EARLY_DECIMALS:
            values = _at(self._inputs(equation.expression), asked.rows)
            rounded = {
                name: rounded_to(value, decimals) if name in self.context.derivation else value
                for name, value in values.items()
            }
            reading = enclose(equation.expression, rounded)
            for row in matching(asked, [(("rounded-early",), reading)]):
                found[row] = Explanation(("rounded-early",))
        return found

    def _double(self, equation: Equation, asked: Asked) -> dict[int, Explanation]:
        """Two mistakes at once, where few pairs explain the values: many would explain anything."""
        pairs = distinct_pairs(equation, self.context)
        readings = [
            (ids, enclose(expression, self._known(expression, asked.rows)))
            for expression, ids in pairs
            if expression.shape == equation.expression.shape
        ]
        found = {row: list(dict.fromkeys(ids for _, ids in pairs)) for row, pairs in matching(asked, readings).items()}
        return {row: Explanation(ids[0], together=True) for row, ids in found.items() if len(ids) <= MOST_PAIRS_TOLD}

    def _before(self, equation: Equation, asked: Asked, free: Collection[int]) -> dict[int, Explanation]:
        """A mistake in an earlier step that was not answered; what stands between is taken on from there.

        Where it is the only explanation (the students in `free`), their own values are those that it gives.
        """
        found: dict[int, Explanation] = {}
        groups: dict[tuple[str, ...], list[int]] = {}
        for place, row in enumerate(asked.rows):
            open_steps = self._unanswered(equation, int(row))
            if open_steps:
                groups.setdefault(open_steps, []).append(place)
        for open_steps, places in groups.items():
            part = asked.part(np.array(places))
            for name in open_steps:  # the nearest first
                rest = part.part(np.array([k for k, row in enumerate(part.rows) if int(row) not in found], dtype=int))
                if rest.rows.size:
                    found |= self._made_in(name, open_steps, equation, rest, free)
        return found

    def _unanswered(self, equation: Equation, student: int) -> tuple[str, ...]:
        """The steps without an answer that lead to this one, the nearest first."""
        wanted = {name.name for name in names_in(equation.expression)}
        found = []
        for earlier in reversed(self.context.derivation.equations):
            answers = self.answers.get(earlier.name)
            if earlier.name in wanted and (answers is None or not answers.given[student].any()):
                found.append(earlier.name)
                wanted |= {name.name for name in names_in(earlier.expression)}
        return tuple(found)

    def _made_in(
        self, name: str, open_steps: tuple[str, ...], equation: Equation, asked: Asked, free: Collection[int]
    ) -> dict[int, Explanation]:
        source = self.context.derivation[name]
        between: list[Equation] = []
        for other in reversed(open_steps[: open_steps.index(name)]):
            step = self.context.derivation[other]
            if {name, *(one.name for one in between)} & {one.name for one in names_in(step.expression)}:
                between.append(step)
        readings, changed = [], []
        for ids, reading in self._readings(source, asked.rows, distinct(source, self.context)):
            own = _at(self.own, asked.rows) | {name: self._as_noted(reading, asked.rows)}
            for step in between:
                result = enclose(step.expression, {one.name: own[one.name] for one in names_in(step.expression)})
                own[step.name] = self._as_noted(result, asked.rows)
            result = enclose(equation.expression, {one.name: own[one.name] for one in names_in(equation.expression)})
            readings.append((ids, result))
            changed.append({later: own[later] for later in (name, *(one.name for one in between))})
        found = {}
        for row, readings_met in matching(asked, readings).items():
            found[row] = Explanation(together_ids(readings_met), made_in=name)
            place = int(np.flatnonzero(asked.rows == row)[0])
            for later, value in changed[readings_met[0][0]].items() if row in free else ():
                self._adopt(later, row, value, place)
        return found

    def _adopt(self, name: str, student: int, value: Interval, place: int) -> None:
        """Go on with what a student must have had."""
        old = self.own[name]
        low, high = old.low.copy(), old.high.copy()
        low[student], high[student] = value.low[place], value.high[place]
        self.own[name] = Interval(low, high)
        self.sound[name][student] = False

    def _readings(
        self, equation: Equation, rows: Array | None, rewrites: Found
    ) -> Iterator[tuple[tuple[str, ...], Interval]]:
        """What each mistake would give on these students' own earlier values, or on the right ones."""
        for expression, ids in rewrites:
            if expression.shape == equation.expression.shape:
                yield ids, enclose(expression, self._known(expression, rows))
        if prod(equation.expression.shape) > 1:
            right = enclose(equation.expression, self._known(equation.expression, rows))
            for low, high in zip(swapped(right.low), swapped(right.high), strict=True):
                yield ("entries-swapped",), Interval.of(low, high)

    def _known(self, expression: Expression, rows: Array | None) -> dict[str, Interval]:
        """The values of the names: the students' own, or the right ones, which they may have used all the same."""
        values = {}
        for name in (name.name for name in names_in(expression)):
            if name in self.context.constants:
                values[name] = Interval.point(self.context.constants[name])
            else:
                values[name] = self.right[name] if rows is None or name not in self.own else _at(self.own, rows, name)
        return values


def _usual_half_unit(answers: Mapping[str, Answers], students: int) -> Array:
    """Half a unit of the last digit that each student usually writes: the median over the cells that are not exact."""
    if not answers:
        return np.zeros(students)
    with np.errstate(invalid="ignore"):
        halves = np.concatenate([((one.high - one.low) / 2).reshape(students, -1) for one in answers.values()], axis=1)
    ordered = np.sort(np.where(halves > 0, halves, np.nan), axis=1)
    count = np.sum(~np.isnan(ordered), axis=1)
    return np.where(count > 0, ordered[np.arange(students), np.maximum(count - 1, 0) // 2], 0.0)


def _at(values: Mapping[str, Interval], rows: Array, name: str | None = None) -> Any:
    if name is not None:
        return values[name].over(lambda bound: bound[rows])
    return {name: value.over(lambda bound: bound[rows]) for name, value in values.items()}
