"""The search for a mistake in an earlier step that a student left open, of which a later answer shows.

All that can have happened in an open step is taken on to the answer at once, as natural extensions say or, where all
numbers are a program's, as they come out; only what can give the answer then is looked at closely.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression, Name, names_in
from chalkwork.algebra.expression import replace as put_in
from chalkwork.algebra.operations import Shape
from chalkwork.bounds.intervals import Interval, blocks, rounds
from chalkwork.checking.judging.budget import cost_of
from chalkwork.checking.judging.explaining import (
    EARLY,
    Array,
    Asked,
    Explanation,
    Reading,
    enclosed,
    matching,
    nearby,
)
from chalkwork.checking.judging.work import Known, Work
from chalkwork.checking.mistakes import distinct, exchanged, exchanges_of
from chalkwork.checking.reading.laid import laid_shape
from chalkwork.derivation.derivation import Equation
from chalkwork.errors import ShapeError

MOST_KEPT = 1000
"""What can have happened in an open step is kept for the later ones if it is no more than so many numbers."""
Suspects = Callable[[Equation, Asked, Collection[int] | None], Iterator[Reading]]
"""What can have happened in a step: the chosen ones, by number, closely; or all of them, at less cost."""
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


class OpenSteps:
    """The steps that the students of one class left open."""

    def __init__(self, work: Work, rewriting: int) -> None:
        self.work = work
        self.context = work.context
        self.rewriting = rewriting
        """What it costs to write all mistakes of one equation."""
        self.branches: dict[tuple[str, Suspects, bytes], tuple[list[Branch], int]] = {}
        """What can have happened in open steps, with what it costs the student to work that out, where there is one."""

    def mistaken(self, equation: Equation, asked: Asked, *, backward: bool = False) -> dict[int, Explanation]:
        """A mistake in an earlier step that was not answered, `backward` in a derivative; what stands between is taken
        on from there.

        What it gives is then the student's own value.
        """
        return self._in_open_steps(equation, asked, (self._all_mistaken, self._all_exchanged), backward=backward)

    def rounded(self, equation: Equation, asked: Asked) -> dict[int, Explanation]:
        """Rounded too early in an earlier step that was not answered."""
        return self._in_open_steps(equation, asked, (self._all_rounded,))

    def _in_open_steps(
        self, equation: Equation, asked: Asked, ways: Sequence[Suspects], *, backward: bool = False
    ) -> dict[int, Explanation]:
        """What explains the answer if it happened in a step left open; nothing where that could be this or that."""
        groups: dict[tuple[str, ...], list[int]] = {}
        for place, row in enumerate(asked.rows):
            open_steps = self.work.unanswered(equation.expression, int(row))
            if backward:
                derivation = self.context.derivation
                open_steps = tuple(name for name in open_steps if derivation[name].derivative is not None)
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
        for number, (ways, _) in enumerate(self.work.coarser(source, source.expression, asked.rows)):
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
            found, cost = self.branches[key]
            if cost:
                asked.pay(cost)
            return found
        alone, before = self.work.students == 1 and not asked.exact, asked.purse.left(asked.rows)
        made = list(way(source, asked, None))
        cost = int(np.sum(before - asked.purse.left(asked.rows))) if alone else 0
        by_shape: dict[Shape, list[int]] = {}
        for number, (_, reading) in enumerate(made):
            by_shape.setdefault((asked.rows.size, *reading.shape[-2:]), []).append(number)
        found = []
        for shape, numbers in by_shape.items():
            for some in (numbers[part] for part in blocks(len(numbers), prod(shape))):
                readings = [made[one][1].over(partial(np.broadcast_to, shape=shape)) for one in some]
                together = Interval(np.stack([one.low for one in readings]), np.stack([one.high for one in readings]))
                found.append((some, {source.name: self.work.as_noted(together, asked.rows)}))
        if (asked.exact or alone) and asked.going_on.all() and len(made) * asked.typed.low.size <= MOST_KEPT:
            self.branches[key] = found, cost
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
            elif not asked.exact:
                asked.pay(cost_of(step.expression, tight))
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


def _shape(value: Interval, name: Name) -> Shape:
    """The shape in which an expression has the value, which is laid."""
    found = value.shape[-2:]
    return name.shape if found == laid_shape(name.shape) else found
