"""Marking: every asked step, first as it should be, then on the student's own earlier values.

All students are marked at once: every array has their number as its first axis, and each equation is enclosed once
for all of them. Follow-through marking ("error carried forward") keeps the better of the two readings and says so,
as in Numbas (numbas.org.uk, adaptive marking).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from chalkwork.bounds.intervals import Interval
from chalkwork.checking.judging.accidents import MOST, by_accident
from chalkwork.checking.judging.comparing import Compared, Remark
from chalkwork.checking.judging.explaining import NOT_UPDATED, NOTHING, Explanation, is_telling
from chalkwork.checking.judging.suspecting import MOST_AT_ONCE, Search
from chalkwork.checking.judging.verdicts import Verdict
from chalkwork.checking.judging.work import Array, Work
from chalkwork.checking.mistakes import Context, equivalents
from chalkwork.checking.reading.answered import Answers
from chalkwork.checking.reading.digits import Digits
from chalkwork.checking.reading.laid import enclosed_laid
from chalkwork.derivation.derivation import Derivation, Equation

GoingOn = Callable[[Explanation], bool]
OFTEN = 0.1
"""A number that is a larger part of all that somebody wrote is nobody's mistake."""

__all__ = ["Answers", "Explanation", "Marked", "Remark", "Verdict", "mark"]


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
    remarks: Mapping[int, Remark] = field(default_factory=dict)
    """For some students why the answer is wrong, where no mistake says it."""


def mark(
    derivation: Derivation,
    values: Mapping[str, Any],
    answers: Mapping[str, Answers],
    asked: Collection[str],
    context: Context,
    students: int = 1,
    digits: Digits | None = None,
    *,
    most: int = MOST_AT_ONCE,
    going_on: GoingOn | None = None,
) -> dict[str, Marked]:
    """The marks of every asked step, in the derivation's order.

    `values` are the right ones, `answers` those of the students; an answer to a name that is not asked is used for
    what follows from it, and not marked. `digits` are those that the exercise asks. At `most` so many mistakes at once
    are looked for, and none any more once `going_on` says no to what explains somebody's wrong step.
    """
    marking = _Marking(Work(derivation, values, answers, context, students, digits), most, going_on)
    for equation in derivation.equations:
        marking.step(equation, mistakes=equation.name in asked)
    return {name: one for name, one in marking.settled().items() if name in asked}


class _Marking:
    """The marking of one class, step by step."""

    def __init__(self, work: Work, most: int, going_on: GoingOn | None) -> None:
        self.work = work
        self.going_on = going_on
        self.search = Search(work, most)
        self.marked: dict[str, Marked] = {}
        self.withheld: dict[str, Array] = {}
        right = {name: work.right_cells(name) for name in work.answers}
        self.accidental = by_accident(work.answers, work.right, right, work.digits, work.habit)
        self.accepted: dict[str, Array] = {}

    def step(self, equation: Equation, mistakes: bool) -> None:
        """Mark one step and remember the students' values for the later ones."""
        work = self.work
        right = work.right[equation.name]
        answers = work.answers.get(equation.name)
        if answers is None:
            answers = Answers.stacked([None] * work.students, (right.low.shape[-2], right.low.shape[-1]))
        elif self._is_plainly_right(equation, answers, mistakes):
            return
        following, loosely, written = work.following(equation)
        compared = Compared(answers, work.digits, right, loosely, written, work.habit)
        sound, trivial = work.standing(equation.expression)
        barred, unsound = (trivial & ~sound)[:, None, None], ~sound[:, None, None]
        verdicts = np.full(answers.low.shape, int(Verdict.WRONG))
        verdicts = np.where(compared.rounded & ~unsound, int(Verdict.ROUNDING), verdicts)
        verdicts = np.where(compared.follows & unsound & ~barred, int(Verdict.FOLLOWS), verdicts)
        verdicts = np.where(compared.correct, int(Verdict.CORRECT), verdicts)
        still = compared.unmoved(work, equation)
        verdicts = np.where(still, int(Verdict.WRONG), verdicts)
        verdicts = np.where(answers.blank, int(Verdict.BLANK), verdicts)
        verdicts = np.where(answers.unreadable, int(Verdict.UNREADABLE), verdicts)
        for student, cells in answers.impossible.items():
            verdicts[student] = np.where(cells, int(Verdict.WRONG), verdicts[student])
        wrong = (verdicts == Verdict.WRONG) & answers.given
        otherwise = self._follows_otherwise(equation, answers.typed, wrong & ~still)
        verdicts = np.where(otherwise, int(Verdict.FOLLOWS), verdicts)
        held = self._withheld(equation, compared, verdicts == Verdict.FOLLOWS)
        wrong = (verdicts == Verdict.WRONG) & answers.given
        found = [NOTHING] * work.students
        if mistakes:
            suspects = (wrong & (compared.enough | work.digits.exact)).any(axis=(-2, -1)) & ~barred[:, 0, 0]
            if self.search.most:
                found = self.search.explained(equation, answers, suspects & ~still.any(axis=(-2, -1)))
            for place in np.flatnonzero(still.any(axis=(-2, -1))):
                found[int(place)] = NOT_UPDATED
            named = np.array([bool(one.ids) for one in found])[:, None, None]
            verdicts = np.where(wrong & named, int(Verdict.MISTAKE), verdicts)
            for student in answers.misshapen:
                if found[student].ids:
                    verdicts[student] = int(Verdict.MISTAKE)
            bad = np.flatnonzero((verdicts >= Verdict.MISTAKE).any(axis=(-2, -1))) if self.going_on else ()
            if self.going_on and not all(self.going_on(found[int(student)]) for student in bad):
                self.search.most = 0
        accepted = verdicts <= Verdict.ROUNDING
        work.remember(equation, answers, compared.own, following, written, accepted)
        work.unproven[equation.name] = self._is_unproven(equation, answers, verdicts)
        self.withheld[equation.name] = held
        self.accepted[equation.name] = verdicts <= Verdict.FOLLOWS
        if mistakes:
            remarks = compared.remarks(verdicts)
            ids = tuple(one.ids for one in found)
            self.marked[equation.name] = Marked(equation, verdicts, ids, trivial & ~sound, tuple(found), remarks)

    def _is_plainly_right(self, equation: Equation, answers: Answers, mistakes: bool) -> bool:
        """Whether everybody has all cells right; then that is all there is to the step, and it is marked."""
        work, name = self.work, equation.name
        if not work.right_cells(name).all() or answers.misshapen:
            return False
        right = work.right[name]
        compared = Compared(answers, work.digits, right, right, (right,), work.habit)
        if compared.unmoved(work, equation).any():
            return False
        sound, trivial = work.standing(equation.expression)
        verdicts, every = np.full(answers.low.shape, int(Verdict.CORRECT)), np.ones(answers.low.shape, dtype=bool)
        work.remember(equation, answers, compared.own, compared.own, (compared.own,), every)
        work.unproven[name] = np.zeros(work.students, dtype=bool)
        self.withheld[name], self.accepted[name] = ~every, every
        if mistakes:
            told = ((),) * work.students, (NOTHING,) * work.students
            self.marked[name] = Marked(equation, verdicts, told[0], trivial & ~sound, told[1])
        return True

    def settled(self) -> dict[str, Marked]:
        """The marks, once it is known which wrong values somebody calculated with, and how much is right."""
        for name, held in self.withheld.items():
            if held.any():
                kept = held & self.work.is_unproven(self.work.context.derivation[name].expression)[:, None, None]
                self._refuse(name, kept, Remark.NO_WORK)
        if self.accidental.any():
            accepted, given = (
                sum((np.sum(one, axis=(-2, -1)) for one in each), start=np.zeros(self.work.students, dtype=int))
                for each in (self.accepted.values(), (one.given for one in self.work.answers.values()))
            )
            for name, cells in self.accepted.items():
                nothing = (self.accidental & (accepted <= MOST * given))[:, None, None]
                self._refuse(name, cells & nothing, Remark.ACCIDENT)
        return self.marked

    def _refuse(self, name: str, cells: Array, remark: Remark) -> None:
        """These cells earn nothing."""
        places = np.flatnonzero(cells.any(axis=(-2, -1)))
        self.accepted[name] = self.accepted[name] & ~cells
        if name in self.marked and places.size:
            marked = self.marked[name]
            remarks = {**marked.remarks, **{int(place): remark for place in places}}
            verdicts = np.where(cells, int(Verdict.WRONG), marked.verdicts)
            self.marked[name] = replace(marked, verdicts=verdicts, remarks=remarks)

    def _withheld(self, equation: Equation, compared: Compared, follows: Array) -> Array:
        """Which of the cells that follow from a wrong value show no work, so far.

        A wrong value counts as somebody's work where a known mistake gives it, where some of it is right and that is
        no accident, or where
        the digits of a later step can only come from it: more than half of the step's cells follow, and hardly any
        other digits would. Zeros and ones show nothing, nor does a number that the student writes again and again.
        """
        held = np.zeros(follows.shape, dtype=bool)
        unproven = self.work.is_unproven(equation.expression)
        rows = np.flatnonzero(follows.any(axis=(-2, -1)) & unproven)
        if not rows.size:
            return held
        proving = np.zeros(self.work.students, dtype=bool)
        for row in map(int, rows):
            often = self.work.how_often(row, compared.answers.value[row])
            proving[row] = compared.is_worked_for(row, follows[row], often)
        if proving.any():
            self.work.prove(equation.expression, proving)
        held[rows] = follows[rows]
        return held & ~proving[:, None, None]

    def _is_unproven(self, equation: Equation, answers: Answers, verdicts: Array) -> Array:
        """Whose value goes on as one that no work shows in: wrong without a reason, or following from such a one."""
        given = answers.given
        any_given, whole = given.any(axis=(-2, -1)), given.all(axis=(-2, -1))
        bad = (verdicts == Verdict.WRONG) & given
        plain = np.isin(np.abs(answers.value), (0.0, 1.0))
        part = ((verdicts <= Verdict.ROUNDING) & ~plain).any(axis=(-2, -1))
        named = (verdicts == Verdict.MISTAKE).any(axis=(-2, -1))
        part = part & ~self.accidental
        for row in map(int, np.flatnonzero(named & self.accidental)):
            often = self.work.how_often(row, answers.value[row])
            named[row] = bool((given[row] & ~plain[row] & (often < OFTEN)).any())
        inherited = self.work.is_unproven(equation.expression)
        right = (verdicts <= Verdict.ROUNDING).any(axis=(-2, -1)) & ~bad.any(axis=(-2, -1)) & whole
        own = any_given & bad.any(axis=(-2, -1)) & ~part & ~named
        return np.asarray(own | (inherited & ~right & ~named & ~(part & whole)))

    def _follows_otherwise(self, equation: Equation, typed: Interval, wrong: Array) -> Array:
        """Which of the wrong cells follow from a student's own values by an equally right form of the equation.

        The forms agree where all that they are made of is sound.
        """
        found = np.zeros(wrong.shape, dtype=bool)
        if not wrong.any():
            return found
        for expression in equivalents(equation, self.work.context):
            sound, trivial = self.work.standing(expression)
            rows = np.flatnonzero(wrong.any(axis=(-2, -1)) & ~sound & ~trivial)
            if rows.size:
                reading = enclosed_laid(expression, self.work.known(expression, rows))
                found[rows] |= typed.at(rows).meets(reading) & is_telling(reading, typed.at(rows))
        return found & wrong
