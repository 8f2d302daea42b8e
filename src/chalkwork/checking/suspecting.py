"""The search for the mistakes that explain a wrong step: in it, before it, one, and two at once.

What is cheap and likely comes first: one mistake, on the student's own earlier values or on the right ones, together
with one in an earlier step that was left open; then rounding on the way; then two mistakes at once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace

import numpy as np

from chalkwork.algebra.expression import Expression, Name, names_in
from chalkwork.algebra.expression import replace as exchanged
from chalkwork.algebra.operations import Shape
from chalkwork.checking.answers import Answer
from chalkwork.checking.coincidence import Crowd
from chalkwork.checking.explaining import (
    NOTHING,
    SWAPPED,
    Array,
    Asked,
    Explanation,
    Pair,
    Reading,
    exchanges,
    matching,
    possible,
    rounded_to,
    together_ids,
)
from chalkwork.checking.intervals import Interval
from chalkwork.checking.mistakes import Found, distinct, distinct_pairs, swapped
from chalkwork.checking.ranges import enclose
from chalkwork.checking.work import Answers, Known, Work
from chalkwork.derivation.derivation import Equation
from chalkwork.errors import ShapeError

_EARLY_DECIMALS = (3, 2, 1)
MOST_PAIRS_TOLD = 8
PairReading = tuple[tuple[Pair, ...], Interval]


class Search:
    """The search in one class's work."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.context = work.context

    def explained(self, equation: Equation, typed: Interval, answers: Answers, wrong: Array) -> list[Explanation]:
        """For every student what explains all that was answered to the step."""
        found = [NOTHING] * self.work.students
        for student, answer in answers.misshapen.items():
            found[student] = self._misshapen(equation, student, answer)
        rows = np.flatnonzero(wrong)
        if not rows.size:
            return found
        asked = Asked(rows, typed.at(rows), answers.given[rows])
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
        for way in (self._early, self._early_before, self._double):
            rest = asked.part(np.flatnonzero([not found[int(row)].ids for row in rows]))
            if rest.rows.size:
                for row, one in way(equation, rest).items():
                    found[row] = one
        return found

    def _misshapen(self, equation: Equation, student: int, answer: Answer) -> Explanation:
        """What gives the shape that was answered, and the numbers."""
        asked = Asked(np.array([student]), Interval.of(answer.low, answer.high).at(None), answer.given[None])
        rewrites = [
            (expression, ids)
            for expression, ids in distinct(equation, self.context)
            if expression.shape == answer.low.shape != equation.expression.shape
        ]
        found = matching(asked, self._readings(rewrites, asked.rows, asked))
        right = matching(asked, self._readings(rewrites, None, asked))
        ids = together_ids([*found.get(student, ()), *right.get(student, ())])
        if ids:
            return Explanation(ids)
        before = self._before(equation, asked, ())
        return before.get(student) or self._double(equation, asked).get(student, NOTHING)

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
        for reading in exchanges(equation.expression, self.work.known(equation.expression, rows), asked):
            yield ("entries-swapped",), reading

    def _readings(self, rewrites: Found, rows: Array | None, asked: Asked) -> Iterator[Reading]:
        for expression, ids in rewrites:
            reading = possible(expression, self.work.known(expression, rows), asked)
            if reading is not None:
                yield ids, reading

    def _early(self, equation: Equation, asked: Asked) -> dict[int, Explanation]:
        """Rounded too early: the student's own values with fewer decimals."""
        return {
            row: Explanation(("rounded-early",))
            for known in self._rounded(equation.expression, asked.rows)
            for row in matching(asked, [(("rounded-early",), enclose(equation.expression, known))])
        }

    def _rounded(self, expression: Expression, rows: Array) -> Iterator[Known]:
        """The students' own values with fewer and fewer decimals."""
        computed = {name.name for name in names_in(expression)} & set(self.context.derivation)
        own = self.work.known(expression, rows)
        for decimals in _EARLY_DECIMALS if computed else ():
            yield own | {name: rounded_to(own[name], decimals) for name in computed}

    # --- one mistake in an earlier step ----------------------------------------------------------------------------

    def _before(self, equation: Equation, asked: Asked, free: Collection[int]) -> dict[int, Explanation]:
        """A mistake in an earlier step that was not answered; what stands between is taken on from there.

        Where it is the only explanation (the students in `free`), their own values are those that it gives.
        """
        return self._in_open_steps(equation, asked, free, self._all_mistaken)

    def _early_before(self, equation: Equation, asked: Asked) -> dict[int, Explanation]:
        """Rounded too early in an earlier step that was not answered."""
        return self._in_open_steps(equation, asked, (), self._all_rounded)

    def _in_open_steps(
        self,
        equation: Equation,
        asked: Asked,
        free: Collection[int],
        readings: Callable[[Equation, Array], Iterator[Reading]],
    ) -> dict[int, Explanation]:
        found: dict[int, Explanation] = {}
        groups: dict[tuple[str, ...], list[int]] = {}
        for place, row in enumerate(asked.rows):
            open_steps = self.work.unanswered(equation.expression, int(row))
            if open_steps:
                groups.setdefault(open_steps, []).append(place)
        for open_steps, places in groups.items():
            part = asked.part(np.array(places))
            for name in open_steps:  # the nearest first
                rest = part.part(np.array([k for k, row in enumerate(part.rows) if int(row) not in found], dtype=int))
                if rest.rows.size:
                    made = readings(self.context.derivation[name], rest.rows)
                    found |= self._made_in(name, made, self._between(name, open_steps), equation, rest, free)
        return found

    def _all_mistaken(self, source: Equation, rows: Array) -> Iterator[Reading]:
        for expression, ids in distinct(source, self.context):
            yield ids, enclose(expression, self.work.known(expression, rows))
        right = enclose(source.expression, self.work.known(source.expression, rows))
        for low, high in zip(swapped(right.low), swapped(right.high), strict=True):
            yield ("entries-swapped",), Interval.of(low, high)

    def _all_rounded(self, source: Equation, rows: Array) -> Iterator[Reading]:
        for known in self._rounded(source.expression, rows):
            yield ("rounded-early",), enclose(source.expression, known)

    def _between(self, name: str, open_steps: tuple[str, ...]) -> list[Equation]:
        """The open steps that the value of this one enters, in order."""
        between: list[Equation] = []
        for other in reversed(open_steps[: open_steps.index(name)]):
            step = self.context.derivation[other]
            if {name, *(one.name for one in between)} & {one.name for one in names_in(step.expression)}:
                between.append(step)
        return between

    def _made_in(
        self,
        name: str,
        made: Iterator[Reading],
        between: list[Equation],
        equation: Equation,
        asked: Asked,
        free: Collection[int],
    ) -> dict[int, Explanation]:
        readings, changed = [], []
        for ids, reading in made:
            after = self._carried_on(name, reading, between, equation, asked)
            if after is not None:
                result, values = after
                readings.append((ids, result))
                changed.append(values)
        found = {}
        for row, readings_met in matching(asked, readings).items():
            found[row] = Explanation(together_ids(readings_met), made_in=name)
            place = int(np.flatnonzero(asked.rows == row)[0])
            for later, value in changed[readings_met[0][0]].items() if row in free else ():
                if value.shape[-2:] == self.work.own[later].shape[-2:]:
                    self.work.adopt(later, row, value, place)
        return found

    def _carried_on(
        self, name: str, reading: Interval, between: list[Equation], equation: Equation, asked: Asked
    ) -> tuple[Interval, Known] | None:
        """What a value leads to, and what the steps between come to; None where no such shape was answered."""
        changed = {name: self.work.as_noted(reading, asked.rows)}
        for step in between:
            result = self._on_changed(step.expression, changed, asked.rows)
            if result is None:
                return None
            changed[step.name] = self.work.as_noted(result, asked.rows)
        last = self._on_changed(equation.expression, changed, asked.rows)
        return None if last is None or last.shape != asked.typed.shape else (last, changed)

    def _on_changed(self, expression: Expression, changed: Known, rows: Array) -> Interval | None:
        """The expression on values some of which may have other shapes; None where these do not fit together."""
        values = self.work.known(expression, rows) | changed
        others: Mapping[Expression, Expression] = {
            name: Name(name.name, _shape(changed[name.name], name))
            for name in names_in(expression)
            if name.name in changed and _shape(changed[name.name], name) != name.shape
        }
        try:
            reshaped = exchanged(expression, others) if others else expression
        except ShapeError:
            return None
        return enclose(reshaped, {name.name: values[name.name] for name in names_in(reshaped)})

    # --- two mistakes ----------------------------------------------------------------------------------------------

    def _double(self, equation: Equation, asked: Asked) -> dict[int, Explanation]:
        """Two mistakes at once, where it is no accident that one of so many pairs gives the digits.

        Another shape than the right one is no accident.
        """
        shape = asked.typed.shape[1:]
        reshaped = shape != (equation.expression.shape or (1, 1))
        right = enclose(equation.expression, self.work.known(equation.expression, asked.rows), tight=False)
        crowd = Crowd(asked, None if reshaped else right)
        readings = list(self._pairs(equation, asked, shape, crowd))
        numbered = [((str(number),), one) for number, (_, one) in enumerate(readings)]
        found: dict[int, list[Pair]] = {}
        for row, met in matching(asked, numbered).items():
            found[row] = list(dict.fromkeys(pair for number, _ in met for pair in readings[number][0]))
        sure = dict(zip(asked.rows.tolist(), crowd.is_telling().tolist(), strict=True))
        return {
            row: Explanation(pairs[0], together=True, pairs=tuple(pairs[:MOST_PAIRS_TOLD]))
            for row, pairs in found.items()
            if sure[row] or reshaped
        }

    def _pairs(self, equation: Equation, asked: Asked, shape: Shape, crowd: Crowd) -> Iterator[PairReading]:
        for expression, pairs in distinct_pairs(equation, self.context):
            if (expression.shape or (1, 1)) == shape:
                for reading in crowd.met(expression, self.work.known(expression, asked.rows)):
                    yield pairs, reading
        for expression, ids in distinct(equation, self.context):
            if (expression.shape or (1, 1)) == shape:
                yield from self._mistaken_and_more(expression, ids, asked, crowd)
        if (equation.expression.shape or (1, 1)) == shape:
            for known in self._rounded(equation.expression, asked.rows):
                for reading in crowd.met_exchanged(equation.expression, known):
                    yield (("entries-swapped", "rounded-early"),), reading

    def _mistaken_and_more(
        self, expression: Expression, ids: tuple[str, ...], asked: Asked, crowd: Crowd
    ) -> Iterator[PairReading]:
        """A mistake, with entries exchanged or on numbers rounded too early."""
        for reading in crowd.met_exchanged(expression, self.work.known(expression, asked.rows)):
            yield tuple((one, "entries-swapped") for one in ids), reading
        for known in self._rounded(expression, asked.rows):
            for reading in crowd.met(expression, known):
                yield tuple((one, "rounded-early") for one in ids), reading


def _shape(value: Interval, name: Name) -> Shape:
    """The shape in which an expression has the value; a scalar has one row and one column as a value."""
    found = value.shape[-2:]
    return name.shape if not name.shape and found == (1, 1) else found
