"""The search for the mistakes that explain a wrong step: in it, before it, one, and two at once.

What is cheap and likely comes first: one mistake, on the student's own earlier values or on the right ones, together
with one in an earlier step that was left open; then rounding on the way; then two mistakes at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression
from chalkwork.algebra.operations import Shape
from chalkwork.bounds.intervals import Interval
from chalkwork.checking.judging.budget import Purse, rewriting_cost
from chalkwork.checking.judging.coincidence import Crowd, PairsMet
from chalkwork.checking.judging.explaining import (
    EARLY,
    NOTHING,
    STOPPED,
    SWAPPED,
    Array,
    Asked,
    Explanation,
    Reading,
    exchanges,
    explains,
    matching,
    possible,
    together_ids,
)
from chalkwork.checking.judging.open_steps import OpenSteps
from chalkwork.checking.judging.work import Work
from chalkwork.checking.mistakes import TABLE, Found, distinct, distinct_pairs
from chalkwork.checking.reading.answered import Answers
from chalkwork.checking.reading.answers import Answer
from chalkwork.checking.reading.laid import enclosed_laid, laid_shape
from chalkwork.derivation.derivation import Equation

MOST_AT_ONCE = 2
MOST_PAIRS_TOLD = 8
MOST_APART = 3
"""How many pairs that would be other numbers, but for their digits, are told."""
PAIRS_REWRITTEN = 20
SCALES = frozenset(("learning-rate-omitted", "learning-rate-times-ten", "learning-rate-squared",
                    "factor-two", "factor-half", "sum-for-mean", "mean-for-sum", "other-count"))  # fmt: skip
"""What multiplies the whole: a mistake in a derivative before can come to the same at these numbers."""


class Search:
    """The search in one class's work."""

    def __init__(self, work: Work, most: int = MOST_AT_ONCE) -> None:
        self.work = work
        self.most = most
        """How many mistakes at once are looked for; none where that is 0."""
        self.context = work.context
        self.purse = Purse(work.students, work.context)
        self.rewriting = rewriting_cost(work.context)
        self.open = OpenSteps(work, self.rewriting)

    def explained(self, equation: Equation, answers: Answers, wrong: Array) -> list[Explanation]:
        """For every student what explains all that was answered to the step."""
        found = [NOTHING] * self.work.students
        for student, answer in answers.misshapen.items():
            found[student] = self._misshapen(equation, student, answer)
        rows = np.flatnonzero(wrong)
        if not rows.size:
            return found
        size = np.maximum(np.abs(answers.value[rows]), np.abs(self.work.right[equation.name].low))
        asked = Asked(rows, answers.typed.at(rows), answers.given[rows], size, self.purse, self.work.is_exact)
        asked = asked.part(np.flatnonzero(~asked.is_nothing)) if asked.exact else asked
        rows = asked.rows
        for row in rows[~asked.pay(self.rewriting)]:
            found[int(row)] = STOPPED
        asked = asked.part(np.flatnonzero(asked.going_on))
        if not asked.rows.size:
            return found
        rows = asked.rows
        for row, one in self._single(equation, asked).items():
            found[row] = one
        # a sign can look like an exchange
        free = asked.part(np.flatnonzero([not found[int(row)].ids or found[int(row)] == SWAPPED for row in rows]))
        scaled = asked.part(np.flatnonzero([bool(SCALES.intersection(found[int(row)].ids[:1])) for row in rows]))
        before = self.open.mistaken(equation, free) if free.rows.size else {}
        before |= self.open.mistaken(equation, scaled, backward=True) if scaled.rows.size else {}
        for row, one in before.items():
            found[row] = replace(one, ids=tuple(dict.fromkeys((*one.ids, *found[row].ids))))
        plain = asked.is_constant
        for way in (self._early, self.open.rounded, *([self._double] if self.most > 1 else [])):
            rest = asked.part(np.flatnonzero([not (found[int(row)].ids or plain[at]) for at, row in enumerate(rows)]))
            if rest.rows.size:
                for row, one in way(equation, rest).items():
                    found[row] = one
        for row in map(int, rows):
            if self.purse.stopped[row] and not found[row].ids:
                found[row] = STOPPED
        return found

    def _misshapen(self, equation: Equation, student: int, answer: Answer) -> Explanation:
        """What gives the shape that was answered, and the numbers."""
        typed = Interval.of(answer.low, answer.high).at(None)
        anything = np.full((1, *answer.low.shape), np.inf)  # another shape than the right one is no accident
        asked = Asked(np.array([student]), typed, answer.given[None], anything, self.purse, self.work.is_exact)
        if not answer.given.any():
            return NOTHING
        if not asked.pay(self.rewriting).all():
            return STOPPED
        rewrites = [
            (expression, ids)
            for expression, ids in distinct(equation, self.context)
            if laid_shape(expression.shape) == answer.low.shape and expression.shape != equation.expression.shape
        ]
        found = matching(asked, self._readings(rewrites, asked.rows, asked))
        right = matching(asked, self._readings(rewrites, None, asked))
        ids = together_ids([*found.get(student, ()), *right.get(student, ())])
        if ids:
            return Explanation(ids)
        before = self.open.mistaken(equation, asked)
        if student in before or self.most < 2:
            return before.get(student, NOTHING)
        return self._double(equation, asked).get(student, NOTHING)

    # --- one mistake -----------------------------------------------------------------------------------------------

    def _single(self, equation: Equation, asked: Asked) -> dict[int, Explanation]:
        """One mistake, on the student's own earlier values; else, or if one of those is wrong, on the right ones."""
        found = matching(asked, self._mistaken(equation, asked.rows, asked))
        sound, _ = self.work.standing(equation.expression)
        rest = asked.part(np.flatnonzero([int(row) not in found or not sound[row] for row in asked.rows]))
        if rest.rows.size:
            for row, readings in matching(rest, self._mistaken(equation, None, rest)).items():
                found.setdefault(row, []).extend(readings)
        return {row: Explanation(together_ids(readings)) for row, readings in found.items()}

    def _mistaken(self, equation: Equation, rows: Array | None, asked: Asked) -> Iterator[Reading]:
        """What each mistake would give on these students' own earlier values, or on the right ones."""
        fitting = [one for one in distinct(equation, self.context) if one[0].shape == equation.expression.shape]
        yield from self._readings(fitting, rows, asked)
        for _, reading in exchanges(equation.expression, self.work.known(equation.expression, rows, True), asked):
            yield ("entries-swapped",), reading

    def _readings(self, rewrites: Found, rows: Array | None, asked: Asked) -> Iterator[Reading]:
        parts: dict[Expression, Any] = {}
        for expression, ids in rewrites:
            reading = possible(expression, self.work.known(expression, rows, True), asked, parts=parts)
            if reading is not None:
                yield ids, reading

    def _early(self, equation: Equation, asked: Asked) -> dict[int, Explanation]:
        """Rounded too early: the student's own values with fewer decimals."""
        found: dict[int, Explanation] = {}
        for ways, _ in self.work.coarser(equation, equation.expression, asked.rows):
            reading = possible(equation.expression, ways[0], asked)
            if reading is not None:
                found |= dict.fromkeys(matching(asked, [(EARLY, reading)]), Explanation(EARLY))
        return found

    # --- two mistakes ----------------------------------------------------------------------------------------------

    def _double(self, equation: Equation, asked: Asked) -> dict[int, Explanation]:
        """Two mistakes at once, where it is no accident that one of so many pairs gives the digits.

        Those that give them on exact numbers come before those that can give them; several that do are all told.
        Another shape than the right one is no accident.
        """
        shape = asked.typed.shape[1:]
        reshaped = shape != laid_shape(equation.expression.shape)
        right = enclosed_laid(equation.expression, self.work.known(equation.expression, asked.rows, True), tight=False)
        crowd = Crowd(asked, None if reshaped else right)
        met: dict[int, list[tuple[bool, PairsMet]]] = {}
        for one in self._pairs(equation, asked, shape, crowd):
            exact = np.any([explains(point, asked) for point in one.points], axis=0)
            for place in map(int, np.flatnonzero(exact | explains(one.range, asked))):
                met.setdefault(place, []).append((bool(exact[place]), one))
        sure = [crowd.is_telling(exact) | reshaped for exact in (False, True)] if met else []
        found: dict[int, Explanation] = {}
        for place, each in met.items():
            row, nearest = int(asked.rows[place]), any(exact for exact, _ in each)
            best = [one for exact, one in each if exact == nearest]
            apart = [one for at, one in enumerate(best) if not any(one.is_same(other, place) for other in best[:at])]
            if len(apart) <= MOST_APART and sure[nearest][place] and not self.purse.stopped[row]:
                pairs = tuple(dict.fromkeys(pair for one in best for pair in one.pairs))
                found[row] = Explanation(pairs[0], pairs=pairs[:MOST_PAIRS_TOLD])
        return found

    def _pairs(self, equation: Equation, asked: Asked, shape: Shape, crowd: Crowd) -> Iterator[PairsMet]:
        """All that is somebody's answer with two mistakes in the equation."""
        if not asked.pay(PAIRS_REWRITTEN * self.rewriting).any():
            return
        for expression, pairs in distinct_pairs(equation, self.context):
            if laid_shape(expression.shape) == shape:
                yield from crowd.met(pairs, expression, self.work.ways(expression, asked.rows))
        for expression, ids in distinct(equation, self.context):
            able = [one for one in ids if not TABLE[one].alone]
            if able and laid_shape(expression.shape) == shape:
                swapped, early = (tuple((one, also) for one in able) for also in ("entries-swapped", "rounded-early"))
                yield from crowd.met_exchanged(swapped, expression, self.work.ways(expression, asked.rows))
                for ways, new in self.work.coarser(equation, expression, asked.rows):
                    yield from crowd.met(early, expression, ways, new)
        if laid_shape(equation.expression.shape) == shape:
            for ways, _ in self.work.coarser(equation, equation.expression, asked.rows):
                yield from crowd.met_exchanged((("entries-swapped", "rounded-early"),), equation.expression, ways)
