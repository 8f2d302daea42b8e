"""The search for the mistakes that explain a wrong step: in it, before it, one, and two at once.

What is cheap and likely comes first: one mistake, on the student's own earlier values or on the right ones, together
with one in an earlier step that was left open; then rounding on the way; then two mistakes at once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import prod
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression, Name, names_in
from chalkwork.algebra.expression import replace as put_in
from chalkwork.algebra.operations import Shape
from chalkwork.bounds.intervals import Interval, blocks, rounds
from chalkwork.checking.answers import Answer
from chalkwork.checking.budget import Purse, rewriting_cost
from chalkwork.checking.coincidence import Crowd, PairsMet, Ways
from chalkwork.checking.explaining import (
    NOTHING,
    STOPPED,
    SWAPPED,
    Array,
    Asked,
    Explanation,
    Reading,
    enclosed,
    exchanges,
    explains,
    matching,
    nearby,
    possible,
    rounded_to,
    together_ids,
)
from chalkwork.checking.laid import enclosed_laid, laid_shape
from chalkwork.checking.mistakes import TABLE, Found, distinct, distinct_pairs, exchanged, exchanges_of
from chalkwork.checking.work import Answers, Known, Work
from chalkwork.derivation.derivation import Equation
from chalkwork.errors import ShapeError

_EARLY_DECIMALS = (3, 2, 1)
MOST_PAIRS_TOLD = 8
MOST_APART = 3
"""How many pairs that would be other numbers, but for their digits, are told."""
PAIRS_REWRITTEN = 20
MOST_KEPT = 1000
"""What can have happened in an open step is kept for the later ones if it is no more than so many numbers."""
EARLY = ("rounded-early",)
Suspects = Callable[[Equation, Asked, Collection[int] | None], Iterator[Reading]]
"""What can have happened in a step: for the chosen ones, by number; for all, as natural extensions say, at less cost."""


Branch = tuple[list[int], dict[str, Interval | None]]
"""Readings of an open step by number, and what they lead to; None where the shapes do not fit together."""


@dataclass(frozen=True)
class Guess:
    """One thing that can have happened in a step that a student left open."""

    row: int
    place: int
    name: str
    ids: tuple[str, ...]
    central: bool
    values: Known


class Search:
    """The search in one class's work."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.context = work.context
        self.purse = Purse(work.students, work.context)
        self.rewriting = rewriting_cost(work.context)
        self.branches: dict[tuple[str, Suspects, bytes], list[Branch]] = {}

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
        for row, one in (self._before(equation, free) if free.rows.size else {}).items():
            found[row] = replace(one, ids=tuple(dict.fromkeys((*one.ids, *found[row].ids))))
        plain = asked.is_constant
        for way in (self._early, self._early_before, self._double):
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
        before = self._before(equation, asked)
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
        for ways, _ in self._coarser(equation, equation.expression, asked):
            reading = possible(equation.expression, ways[0], asked)
            if reading is not None:
                found |= dict.fromkeys(matching(asked, [(EARLY, reading)]), Explanation(EARLY))
        return found

    # --- one mistake in an earlier step ----------------------------------------------------------------------------

    def _before(self, equation: Equation, asked: Asked) -> dict[int, Explanation]:
        """A mistake in an earlier step that was not answered; what stands between is taken on from there.

        What it gives is then the student's own value.
        """
        return self._in_open_steps(equation, asked, (self._all_mistaken, self._all_exchanged))

    def _early_before(self, equation: Equation, asked: Asked) -> dict[int, Explanation]:
        """Rounded too early in an earlier step that was not answered."""
        return self._in_open_steps(equation, asked, (self._all_rounded,))

    def _in_open_steps(self, equation: Equation, asked: Asked, ways: Sequence[Suspects]) -> dict[int, Explanation]:
        """What explains the answer if it happened in a step left open; nothing where that could be this or that."""
        groups: dict[tuple[str, ...], list[int]] = {}
        for place, row in enumerate(asked.rows):
            open_steps = self.work.unanswered(equation.expression, int(row))
            if open_steps:
                groups.setdefault(open_steps, []).append(place)
        found: dict[int, Explanation] = {}
        for open_steps, places in groups.items():
            part = asked.part(np.array(places))
            for way in ways:
                rest = part.part(np.flatnonzero([int(row) not in found for row in part.rows]))
                guesses: list[Guess] = []
                for name in open_steps if rest.rows.size else ():  # the nearest first
                    if not rest.going_on.any():
                        break
                    guesses += self._guessed(name, way, self._between(name, open_steps), equation, rest)
                found |= self._decided(rest, guesses)
        return found

    def _all_mistaken(self, source: Equation, asked: Asked, chosen: Collection[int] | None) -> Iterator[Reading]:
        if chosen is None and not asked.pay(self.rewriting).any():
            return
        parts: dict[Expression, Any] = {}
        for number, (expression, ids) in enumerate(distinct(source, self.context)):
            if chosen is None or number in chosen:
                known = self.work.known(expression, asked.rows, True)
                reading = enclosed(expression, known, asked, tight=chosen is not None, parts=parts)
                if reading is None:
                    return
                yield ids, reading

    def _all_exchanged(self, source: Equation, asked: Asked, chosen: Collection[int] | None) -> Iterator[Reading]:
        known = self.work.known(source.expression, asked.rows, True)
        right = enclosed(source.expression, known, asked, tight=chosen is not None)
        if right is not None:
            for number, exchange in enumerate(exchanges_of(laid_shape(source.expression.shape))):
                if chosen is None or number in chosen:
                    yield ("entries-swapped",), right.over(partial(exchanged, exchange=exchange))

    def _all_rounded(self, source: Equation, asked: Asked, chosen: Collection[int] | None) -> Iterator[Reading]:
        for number, (ways, _) in enumerate(self._coarser(source, source.expression, asked)):
            if chosen is None or number in chosen:
                reading = enclosed(source.expression, ways[0], asked, tight=chosen is not None)
                if reading is not None:
                    yield EARLY, reading

    def _between(self, name: str, open_steps: tuple[str, ...]) -> list[Equation]:
        """The open steps that the value of this one enters, in order."""
        between: list[Equation] = []
        touched = {name}
        for other in reversed(open_steps[: open_steps.index(name)]):
            step = self.context.derivation[other]
            if any(one.name in touched for one in names_in(step.expression)):
                between.append(step)
                touched.add(other)
        return between

    def _guessed(
        self, name: str, way: Suspects, between: list[Equation], equation: Equation, asked: Asked
    ) -> list[Guess]:
        """What happened in one open step and gives the answer, as far as nothing else that was answered denies it.

        What cannot give it, as natural extensions say, is left out: all of that is taken on at once.
        """
        guesses = []
        source = self.context.derivation[name]
        near = self._near(source, way, between, equation, asked)
        asked = asked.part(np.flatnonzero(near.any(axis=0)))
        chosen = set(map(int, np.flatnonzero(near.any(axis=1))))
        for ids, reading in way(source, asked, chosen) if chosen else ():
            values: dict[str, Interval | None] = {name: self.work.as_noted(reading, asked.rows)}
            result = self._carried_on(values, between, equation, asked)
            if result is None:
                if not asked.going_on.any():
                    break
                continue
            for row, met in matching(asked, [(ids, result)]).items():
                place = int(np.flatnonzero(asked.rows == row)[0])
                own = {one: value for one, value in values.items() if value is not None}
                if asked.going_on[place] and not self._is_denied(own, equation, row, place, asked):
                    guesses.append(Guess(row, place, name, met[0].ids, met[0].central, own))
        return guesses

    def _near(
        self, source: Equation, way: Suspects, between: list[Equation], equation: Equation, asked: Asked
    ) -> Array:
        """For each reading of an open step whose answers what it leads to can be."""
        branches = self._branches(source, way, asked)
        near = np.zeros((sum(len(numbers) for numbers, _ in branches), asked.rows.size), dtype=bool)
        for numbers, values in branches:
            result = self._carried_on(values, between, equation, asked, tight=False)
            if result is not None:
                near[numbers] = nearby(result, asked) & asked.going_on
        return near

    def _branches(self, source: Equation, way: Suspects, asked: Asked) -> list[Branch]:
        """What can have happened in an open step, all of one shape together, with what it leads to as far as that is
        known: many later steps ask for it.
        """
        key = source.name, way, asked.rows.tobytes()
        if key in self.branches:
            return self.branches[key]
        made = list(way(source, asked, None))
        by_shape: dict[Shape, list[int]] = {}
        for number, (_, reading) in enumerate(made):
            by_shape.setdefault((asked.rows.size, *reading.shape[-2:]), []).append(number)
        found: list[Branch] = []
        for shape, numbers in by_shape.items():
            for some in (numbers[part] for part in blocks(len(numbers), prod(shape))):
                readings = [made[one][1].over(partial(np.broadcast_to, shape=shape)) for one in some]
                together = Interval(np.stack([one.low for one in readings]), np.stack([one.high for one in readings]))
                found.append((some, {source.name: self.work.as_noted(together, asked.rows)}))
        if asked.exact and asked.going_on.all() and len(made) * asked.typed.low.size <= MOST_KEPT:
            self.branches[key] = found
        return found

    def _decided(self, asked: Asked, guesses: Sequence[Guess]) -> dict[int, Explanation]:
        """For every student the one guess that explains the answer, nearest to the digits; a tie decides nothing."""
        found = {}
        for row in dict.fromkeys(guess.row for guess in guesses):
            own = [guess for guess in guesses if guess.row == row]
            best = [guess for guess in own if guess.central] or own
            first = best[0]
            if any(not set(guess.ids) & set(first.ids) for guess in best):
                continue
            ids = tuple(dict.fromkeys(name for guess in best for name in guess.ids))
            found[row] = Explanation(ids, made_in=first.name)
            for later, value in first.values.items():
                if value.shape[-2:] == self.work.own[later].shape[-2:]:
                    self.work.adopt(later, row, value, first.place)
                    self.branches.clear()
        return found

    def _is_denied(self, values: Known, equation: Equation, row: int, place: int, asked: Asked) -> bool:
        """Whether a right answer elsewhere contradicts the guess: it is made of an open step that would be wrong."""
        alone = asked.part(np.array([place]))
        changed = {name: value.at([place]) for name, value in values.items()}
        for other in self.context.derivation.equations:
            entering = changed.keys() & {name.name for name in names_in(other.expression)}
            if other.name == equation.name or other.name in changed or not entering:
                continue
            answered = self.work.is_answered(other.name, row)
            if answered and not self.work.is_right(other.name, row):
                continue
            result = self._on_changed(other.expression, changed, alone)
            if result is None:
                if not alone.going_on.all():
                    return True
                continue
            if not answered:
                changed[other.name] = self.work.as_noted(result, alone.rows)
                continue
            answers = self.work.answers[other.name]
            own = answers.typed.at([row])
            if result.shape != own.shape or not (rounds(own, result) | ~answers.given[row]).all():
                return True
        return False

    def _carried_on(
        self,
        values: dict[str, Interval | None],
        between: list[Equation],
        equation: Equation,
        asked: Asked,
        *,
        tight: bool = True,
    ) -> Interval | None:
        """What a value leads to; None where no such shape was answered. What the steps between come to is added."""
        for step in between:
            if step.name not in values:
                result = self._on_changed(step.expression, values, asked, tight=tight)
                values[step.name] = None if result is None else self.work.as_noted(result, asked.rows)
            if values[step.name] is None:
                return None
        last = self._on_changed(equation.expression, values, asked, tight=tight)
        return None if last is None or last.shape[-3:] != asked.typed.shape else last

    def _on_changed(
        self, expression: Expression, values: Mapping[str, Interval | None], asked: Asked, *, tight: bool = True
    ) -> Interval | None:
        """The expression on values some of which may have other shapes; None where these do not fit together."""
        changed = {name: value for name, value in values.items() if value is not None}
        values = self.work.known(expression, asked.rows, True) | changed
        others: Mapping[Expression, Expression] = {
            name: Name(name.name, _shape(changed[name.name], name))
            for name in names_in(expression)
            if name.name in changed and _shape(changed[name.name], name) != name.shape
        }
        try:
            reshaped = put_in(expression, others) if others else expression
        except ShapeError:
            return None
        return enclosed(reshaped, {name.name: values[name.name] for name in names_in(reshaped)}, asked, tight=tight)

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
                yield from crowd.met(pairs, expression, self._ways(expression, asked))
        for expression, ids in distinct(equation, self.context):
            able = [one for one in ids if not TABLE[one].alone]
            if able and laid_shape(expression.shape) == shape:
                swapped, early = (tuple((one, also) for one in able) for also in ("entries-swapped", "rounded-early"))
                yield from crowd.met_exchanged(swapped, expression, self._ways(expression, asked))
                for ways, new in self._coarser(equation, expression, asked):
                    yield from crowd.met(early, expression, ways, new)
        if laid_shape(equation.expression.shape) == shape:
            for ways, _ in self._coarser(equation, equation.expression, asked):
                yield from crowd.met_exchanged((("entries-swapped", "rounded-early"),), equation.expression, ways)

    def _ways(self, expression: Expression, asked: Asked) -> Ways:
        """What the names can be, the digits written, and the numbers that these round, with all their digits."""
        own = self.work.known(expression, asked.rows, True)
        written = {name: Interval.point(one.low / 2 + one.high / 2) for name, one in own.items()}
        exact = dict(written)
        for name in own.keys() & self.work.sound.keys():
            sound, right = self.work.sound[name][asked.rows, None, None], self.work.right[name]
            exact[name] = Interval.point(np.where(sound, right.low, written[name].low))
        return own, written, exact

    def _coarser(self, equation: Equation, expression: Expression, asked: Asked) -> Iterator[tuple[Ways, Array]]:
        """The same with fewer and fewer decimals: what was computed, or used instead; and for whom that is less."""
        ways = self._ways(expression, asked)
        names = {name.name for name in names_in(expression)}
        names = (names & set(self.context.derivation)) | (names - {name.name for name in names_in(equation.expression)})
        for decimals in _EARLY_DECIMALS if names else ():
            fewer = tuple(way | {name: rounded_to(way[name], decimals) for name in names} for way in ways)
            less = np.zeros(asked.rows.size, dtype=bool)
            for name in names:
                less |= (fewer[1][name].low != ways[1][name].low).any(axis=(-2, -1))
            yield fewer, less


def _shape(value: Interval, name: Name) -> Shape:
    """The shape in which an expression has the value, which is laid."""
    found = value.shape[-2:]
    return name.shape if found == laid_shape(name.shape) else found
