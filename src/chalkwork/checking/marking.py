"""Marking: every asked step, first as it should be, then on the student's own earlier values.

All students are marked at once: every array has their number as its first axis, and each equation is enclosed once
for all of them. Follow-through marking ("error carried forward") keeps the better of the two readings and says so,
as in Numbas (numbas.org.uk, adaptive marking).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from typing import Any

import numpy as np

from chalkwork.checking.explaining import NOTHING, Explanation, widened
from chalkwork.checking.intervals import Interval
from chalkwork.checking.mistakes import Context, equivalents
from chalkwork.checking.ranges import enclose
from chalkwork.checking.suspecting import Search
from chalkwork.checking.work import Answers, Array, Work
from chalkwork.derivation.derivation import Derivation, Equation

__all__ = ["Answers", "Explanation", "Marked", "Verdict", "mark"]


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
    marking = _Marking(Work(derivation, values, answers, context, students))
    marked = {}
    for equation in derivation.equations:
        result = marking.step(equation, mistakes=equation.name in asked)
        if equation.name in asked:
            marked[equation.name] = result
    return marked


class _Marking:
    """The marking of one class, step by step."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.search = Search(work)

    def step(self, equation: Equation, mistakes: bool) -> Marked:
        """Mark one step and remember the students' values for the later ones."""
        work = self.work
        expected = widened(work.right[equation.name])
        following = work.spread(enclose(equation.expression, work.inputs(equation.expression)))
        answers = work.answers.get(equation.name)
        if answers is None:
            answers = Answers.stacked([None] * work.students, (expected.low.shape[-2], expected.low.shape[-1]))
        typed = Interval.of(answers.low, answers.high)
        sound, trivial = work.standing(equation.expression)
        barred = trivial & ~sound
        verdicts = np.full(answers.low.shape, int(Verdict.WRONG))
        follows = np.where(sound, int(Verdict.ROUNDING), int(Verdict.FOLLOWS))[:, None, None]
        verdicts = np.where(typed.meets(following) & ~barred[:, None, None], follows, verdicts)
        verdicts = np.where(typed.meets(expected), int(Verdict.CORRECT), verdicts)
        verdicts = np.where(answers.blank, int(Verdict.BLANK), verdicts)
        verdicts = np.where(answers.unreadable, int(Verdict.UNREADABLE), verdicts)
        otherwise = self._follows_otherwise(equation, typed, verdicts == Verdict.WRONG)
        verdicts = np.where(otherwise, int(Verdict.FOLLOWS), verdicts)
        found = [NOTHING] * work.students
        if mistakes:
            suspects = (verdicts == Verdict.WRONG).any(axis=(-2, -1)) & ~barred
            found = self.search.explained(equation, typed, answers, suspects)
            named = np.array([bool(one.ids) for one in found])[:, None, None]
            verdicts = np.where((verdicts == Verdict.WRONG) & named, int(Verdict.MISTAKE), verdicts)
            for student in answers.misshapen:
                if found[student].ids:
                    verdicts[student] = int(Verdict.MISTAKE)
        work.remember(equation, typed, answers.given, following, verdicts <= Verdict.ROUNDING)
        return Marked(equation, verdicts, tuple(one.ids for one in found), trivial, tuple(found))

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
                reading = enclose(expression, self.work.known(expression, rows))
                sure = np.isfinite(reading.low) & np.isfinite(reading.high)
                found[rows] |= typed.at(rows).meets(reading) & sure
        return found & wrong
