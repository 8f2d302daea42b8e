"""Many candidates worked out at once: every equation of a sheet on a leading axis.

Which number of the text comes to stand where in a derivation is found out by looking: a few candidates are solved as
sheets, and an entry of a given that moves as a number of the text does is that number. Where the equations themselves
depend on the numbers, an exercise is solved candidate by candidate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chalkwork.checking.mistakes import Context, context_of
from chalkwork.checking.reading.digits import Digits
from chalkwork.classroom.draws import Places, words_of
from chalkwork.classroom.groups import Layout
from chalkwork.derivation.derivation import Derivation
from chalkwork.derivation.evaluate import evaluate
from chalkwork.errors import ChalkworkError
from chalkwork.sheets.format import parse_sheet
from chalkwork.sheets.schema import Sheet
from chalkwork.sheets.solve import solve_sheet
from chalkwork.solutions.exercise import Exercise
from chalkwork.solutions.setting import Style
from chalkwork.solutions.solution import Solution

Array = NDArray[Any]
Values = Mapping[str, Array]
MOST_LOOKED_AT = 40
SAMPLE_AXES = {"columns": -1, "rows": -2}


@dataclass(frozen=True)
class Bench:
    """Exercises with one derivation, and where the drawn numbers stand in its givens.

    `sources` are for every given the entries, counted in one row, and the numbers of the text that they are.
    """

    exercises: tuple[Exercise, ...]
    sources: Mapping[str, tuple[Array, Array]] = field(default_factory=dict)

    @property
    def solution(self) -> Solution:
        """The author's."""
        return self.exercises[0].solution

    @property
    def derivation(self) -> Derivation:
        """The equations."""
        return self.solution.derivation

    @cached_property
    def context(self) -> Context:
        """What mistakes ask of it."""
        return context_of(self.derivation, SAMPLE_AXES.get(self.solution.setting.samples or ""))

    @cached_property
    def own(self) -> Values:
        """The author's values."""
        return {name: np.asarray(self.solution.arrays[name], np.float64)[None] for name in self._names}

    @property
    def _names(self) -> Iterator[str]:
        yield from (given.name for given in self.derivation.givens)
        yield from self.derivation

    def givens(self, numbers: Array) -> dict[str, Array]:
        """The givens of candidates whose drawn numbers are the rows."""
        found = {}
        for name in (given.name for given in self.derivation.givens):
            own = np.asarray(self.solution.arrays[name], np.float64)
            if name not in self.sources:
                found[name] = own[None]
                continue
            entries, sources = self.sources[name]
            flat = np.repeat(own.reshape(1, -1), len(numbers), axis=0)
            flat[:, entries] = numbers[:, sources]
            found[name] = flat.reshape(len(numbers), *own.shape)
        return found

    def values(self, numbers: Array) -> Values:
        """A value for every name, each with the candidates as its first axis."""
        style, count = self.solution.style, len(numbers)
        values = self.givens(numbers)
        with np.errstate(all="ignore"):
            for equation in self.derivation.equations:
                value = led(evaluate(equation.expression, values), equation.expression.shape)
                rounded = style.numbers.rounded(value) if style.rounding == "every_line" else value
                values[equation.name] = np.asarray(rounded, np.float64)
        return {name: np.broadcast_to(value, (count, *value.shape[1:])) for name, value in values.items()}

    def solved(self, numbers: Array) -> list[Exercise]:
        """The exercises of one candidate."""
        given = {name: value[0] for name, value in self.givens(numbers[None]).items()}
        made: dict[Style, Solution] = {}
        for one in self.exercises:
            style, own = one.solution.style, one.solution
            if style not in made:
                made[style] = Solution(self.derivation, given, style, own.setting, own.writer().symbols)
        return [one._replace(solution=made[one.solution.style]) for one in self.exercises]


def led(value: Array, shape: tuple[int, ...]) -> Array:
    """The value with an axis for candidates, where it is of constants alone."""
    value = np.asarray(value, np.float64)
    return value[None] if value.ndim <= max(2, len(shape)) else value


def digits_of(exercise: Exercise) -> Digits:
    """The digits that are asked."""
    numbers = exercise.solution.style.numbers
    return Digits(numbers.decimals, numbers.significant, exercise.solution.style.stated)


def numbers_of(layout: Layout, drawn: Sequence[Places]) -> Array:
    """The drawn numbers of candidates, a row each, in the order of the groups."""
    return np.concatenate([group.values(one) for group, one in zip(layout.groups, drawn, strict=True)], axis=1)


def own_numbers(layout: Layout) -> Array:
    """The author's."""
    return np.array([float(text) if "/" not in text else _fraction(text) for g in layout.groups for text in g.own])


def _fraction(text: str) -> float:
    from fractions import Fraction

    return float(Fraction(text.replace(" ", "")))


def benches_of(sheet: Sheet, layout: Layout, seed: int) -> tuple[list[Bench], list[Exercise]]:
    """What is worked out at once, and the exercises that are solved one candidate at a time."""
    solved = solve_sheet(sheet)
    looked_at, numbers = _looked_at(layout, seed)
    rows = np.array([own_numbers(layout), *numbers])
    benches: dict[tuple[int, str], Bench] = {}
    alone = []
    known: list[tuple[Derivation, str]] = []
    for name, exercise in solved.items():
        derivation, style = exercise.solution.derivation, exercise.solution.style
        in_words = not (derivation.givens or derivation.equations)
        if exercise.solution.setting.letters_only or in_words:
            continue
        if any(one[name].solution.derivation != derivation for one in looked_at):
            alone.append(exercise)
            continue
        sources = _sources(exercise, [exercise, *(one[name] for one in looked_at)], rows)
        if sources is None:
            alone.append(exercise)
            continue
        place = next((at for at, one in enumerate(known) if one == (derivation, style.rounding)), len(known))
        if place == len(known):
            known.append((derivation, style.rounding))
        key = (place, _identity(exercise.solution))
        bench = benches.get(key)
        benches[key] = replace(bench, exercises=(*bench.exercises, exercise)) if bench else Bench((exercise,), sources)
    return list(benches.values()), alone


def _identity(solution: Solution) -> str:
    """What tells apart two solutions of the same equations: the numbers of their givens."""
    names = sorted(given.name for given in solution.derivation.givens)
    return repr([(name, np.asarray(solution.arrays[name]).tolist()) for name in names])


def _looked_at(layout: Layout, seed: int) -> tuple[list[Mapping[str, Exercise]], list[Array]]:
    """Candidates that are solved as sheets: as many as it takes to tell all numbers apart."""
    drawn = layout.draw(words_of(seed, 0, MOST_LOOKED_AT, layout.words))
    numbers, own = numbers_of(layout, drawn), own_numbers(layout)
    solved: list[Mapping[str, Exercise]] = []
    rows: list[Array] = []
    for place in range(MOST_LOOKED_AT):
        if len(rows) > 1 and _told_apart(np.array([own, *rows])):
            break
        try:
            found = solve_sheet(parse_sheet(layout.text([one[place].tolist() for one in drawn])))
        except ChalkworkError:
            continue
        solved.append(found)
        rows.append(numbers[place])
    if not rows:
        raise ChalkworkError(
            f"none of {MOST_LOOKED_AT} candidates can be solved",
            hint="the key vary of the front matter says from what givens are drawn, and which stay: keep",
        )
    return solved, rows


def _told_apart(rows: Array) -> bool:
    """Whether no number was the same in all rows, and no two were alike."""
    columns = {tuple(column) for column in rows.T.tolist()}
    return len(columns) == rows.shape[1] and all(len(set(column)) > 1 for column in columns)


def _sources(own: Exercise, looked_at: Sequence[Exercise], rows: Array) -> Mapping[str, tuple[Array, Array]] | None:
    """For every given which of its entries are which of the numbers; None where an entry moves as none of them does."""
    found = {}
    columns = {tuple(column): place for place, column in reversed(list(enumerate(rows.T.tolist())))}
    for given in own.solution.derivation.givens:
        entries = np.array([np.asarray(one.solution.arrays[given.name], np.float64).ravel() for one in looked_at])
        moved = [tuple(column) for column in entries.T.tolist()]
        pairs = [(place, columns[column]) for place, column in enumerate(moved) if column in columns]
        moving = {place for place, column in enumerate(moved) if len(set(column)) > 1}
        if moving - {place for place, _ in pairs}:
            return None
        pairs = [(place, source) for place, source in pairs if place in moving]
        if pairs:
            at, sources = zip(*pairs, strict=True)
            found[given.name] = (np.array(at), np.array(sources))
    return found
