"""What is known while the steps of a class are marked in order: what was answered, and what goes on from it.

All students stand side by side: every array has their number as its first axis.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression, names_in
from chalkwork.bounds.intervals import Interval, rounds
from chalkwork.checking.mistakes import Context
from chalkwork.checking.mistakes.structure import updated_parameter
from chalkwork.checking.reading.answered import Answers
from chalkwork.checking.reading.digits import Digits
from chalkwork.checking.reading.laid import enclosed_for, laid, worked_out_laid
from chalkwork.derivation.derivation import Derivation, Equation, Stage

Array = np.ndarray[Any, Any]
Known = dict[str, Interval]
Ways = tuple[Known, ...]
"""The values of names: all that they can be first, then exact ones."""
TIE = 1e-6
"""How near to a half, in units of the last digit, a value counts as halfway: rounding errors decide nothing."""
EXACT, EXACT_BESIDE = 1e-12, 1e-3
"""A program's numbers are no further off, as a part of the largest of them, or of this beside zeros."""
_EARLY_DECIMALS = (3, 2, 1)
NARROW = 1e-9
"""What follows from such numbers and is no narrower is not one number: it jumps, or nearly does."""


class Work:
    """The students' own values, which of them are sound, and which would make what follows trivial."""

    def __init__(
        self,
        derivation: Derivation,
        values: Mapping[str, Any],
        answers: Mapping[str, Answers],
        context: Context,
        students: int,
        digits: Digits | None = None,
    ) -> None:
        self.context = context
        self.answers = answers
        self.students = students
        self.digits = digits or Digits()
        shapes = derivation.shapes()
        self.right = {name: Interval.point(laid(np.asarray(value), shapes[name])) for name, value in values.items()}
        self.own: Known = {name.name: self.spread(self.right[name.name]) for name in derivation.givens}
        self.noted: Known = dict(self.own)
        givens = {name.name: self.right[name.name] for name in derivation.givens}
        self.written: tuple[Known, Known, Known] = (dict(givens), dict(givens), dict(givens))
        """With all digits; and rounded: as a program rounds its floats, or numbers halfway away from zero."""
        self.sound: dict[str, Array] = {name.name: np.ones(students, dtype=bool) for name in derivation.givens}
        self.trivial: dict[str, Array] = {name.name: np.zeros(students, dtype=bool) for name in derivation.givens}
        self.unproven: dict[str, Array] = {name.name: np.zeros(students, dtype=bool) for name in derivation.givens}
        usual, finest = _half_units({name: self._evidence(name) for name in answers}, answers, students)
        usual = np.minimum(usual, self.digits.coarsest_habit)
        self.habit, self.finest = usual[:, None, None], finest[:, None, None]
        self.untouched = set(givens)
        """What nobody can have had another value of: the givens, and what is made of them and was not answered."""
        self._right_cells: dict[str, Array] = {}
        self._vague = False

    @property
    def is_exact(self) -> bool:
        """Whether all that was answered has all the digits of a program, and so has all that follows from it so far."""
        return self._has_all_digits and not self._vague

    @cached_property
    def _has_all_digits(self) -> bool:
        for one in self.answers.values():
            size = np.max(np.abs(np.where(one.given, one.value, 0.0)), axis=(-2, -1), keepdims=True)
            if np.any(one.given & (one.half > EXACT * (size + EXACT_BESIDE))):
                return False
        return True

    def _evidence(self, name: str) -> Array:
        """Which cells show the digits that a student writes: not those of a parameter as it was before its update,
        copied with the digits that it was given with.
        """
        answers = self.answers[name]
        equation = self.context.derivation[name]
        old = updated_parameter(equation) if equation.stage == Stage.UPDATE else None
        if old is None:
            return answers.given
        before = self.right[old.name].low
        same = np.abs(answers.value - before) <= 1e-12 * np.abs(before)
        copied = np.all(same | ~answers.given, axis=(-2, -1), keepdims=True)
        return np.asarray(answers.given & ~copied)

    def spread(self, interval: Interval) -> Interval:
        """The same for every student, where it is."""
        shape = (self.students, *interval.low.shape[-2:])
        return Interval.of(np.broadcast_to(interval.low, shape), np.broadcast_to(interval.high, shape))

    def following(self, equation: Equation) -> tuple[Interval, Interval, tuple[Interval, ...]]:
        """What a step comes to on the students' own values: with all digits; where what was not handed in may have been
        rounded on the way; and on the digits that were written.

        Where nobody answered anything before it, it is the right value: a range about a whole number would be both
        sides of a jump there. For those whose answer is the right one and whole it is anything: nobody asks.
        """
        expression, name = equation.expression, equation.name
        answered = name in self.answers
        wholly = self.right_cells(name).all(axis=(-2, -1)) if answered else np.zeros(self.students, dtype=bool)
        able = np.asarray(~wholly)

        def on(known: Known) -> Interval:
            own = {name.name: known[name.name] for name in names_in(expression)}
            return self.spread(enclosed_for(expression, own, able))

        untouched = all(one.name in self.untouched for one in names_in(expression))
        sharply = self.spread(self.right[name]) if untouched else on(self.own)
        same = all(self.noted[one.name] is self.own[one.name] for one in names_in(expression))
        loosely = sharply if same or not able.any() else on(self.noted)
        return sharply, loosely, self.on_paper(expression) if able.any() else (sharply,)

    def known(self, expression: Expression, rows: Array | None, noted: bool = False) -> Known:
        """The values of the names: these students' own, or the right ones, which they may have used all the same.

        With `noted` what they did not hand in may have been rounded.
        """
        own = self.noted if noted else self.own
        values = {}
        for name in (name.name for name in names_in(expression)):
            if name in self.context.constants:
                values[name] = Interval.point(self.context.constants[name])
            elif rows is None or name not in own:
                values[name] = self.right[name]
            else:
                values[name] = own[name].at(rows)
        return values

    def on_paper(self, expression: Expression) -> tuple[Interval, ...]:
        """The expression on the digits that were written, the program's own for what was left blank: those with all
        digits, and those rounded in two ways.
        """
        names = [name.name for name in names_in(expression)]
        ways: list[Known] = []
        for written in self.written:
            way = {name: written[name] for name in names}
            if not any(all(way[name] is other[name] for name in names) for other in ways):
                ways.append(way)
        found = [worked_out_laid(expression, way) for way in ways]
        return tuple(found) if len(found) in (1, len(self.written)) else (found[0], found[-1], found[-1])

    def standing(self, expression: Expression) -> tuple[Array, Array]:
        """For every student whether all that it is made of is sound, and whether something makes it trivial."""
        names = [name.name for name in names_in(expression)]
        sound = np.logical_and.reduce([np.ones(self.students, dtype=bool), *(self.sound[name] for name in names)])
        trivial = np.logical_or.reduce([np.zeros(self.students, dtype=bool), *(self.trivial[name] for name in names)])
        return sound, trivial

    def is_unproven(self, expression: Expression) -> Array:
        """For every student whether it is made of a wrong value that no work shows in."""
        names = [name.name for name in names_in(expression)]
        return np.asarray(
            np.any([np.zeros(self.students, dtype=bool), *(self.unproven[name] for name in names)], axis=0)
        )

    def prove(self, expression: Expression, rows: Array) -> None:
        """Somebody calculated with what the expression is made of: these values were worked for, all the way back."""
        for name in names_in(expression):
            through = rows & self.unproven[name.name]
            if through.any():
                self.unproven[name.name] = self.unproven[name.name] & ~rows
                self.prove(self.context.derivation[name.name].expression, through)

    def how_often(self, student: int, values: Array) -> Array:
        """For each value the part of all that the student wrote that is this number again, more than twice."""
        written = [np.abs(one.value[student][one.given[student]]) for one in self.answers.values()]
        ordered = np.sort(np.concatenate(written))
        size = np.abs(values)
        first = np.searchsorted(ordered, size * (1 - 1e-12), "left")
        last = np.searchsorted(ordered, size * (1 + 1e-12), "right")
        return np.asarray(np.maximum(last - first - 2, 0) / max(1, ordered.size))

    def unanswered(self, expression: Expression, student: int) -> tuple[str, ...]:
        """The steps without an answer that lead to the expression, the nearest first."""
        wanted = {name.name for name in names_in(expression)}
        found = []
        for earlier in reversed(self.context.derivation.equations):
            if earlier.name in wanted and not self.is_answered(earlier.name, student):
                found.append(earlier.name)
                wanted |= {name.name for name in names_in(earlier.expression)}
        return tuple(found)

    def is_answered(self, name: str, student: int) -> bool:
        """Whether there is a number for any cell."""
        answers = self.answers.get(name)
        return answers is not None and bool(answers.given[student].any())

    def right_cells(self, name: str) -> Array:
        """Which of the cells that were answered to the step round the right values."""
        if name not in self._right_cells:
            one, right = self.answers[name], self.right[name]
            meets = rounds(one.typed, right) & self.digits.tell(one.value, one.half, right.low, self.habit)
            self._right_cells[name] = meets & one.given
        return self._right_cells[name]

    def is_right(self, name: str, student: int) -> bool:
        """Whether all that was answered to the step rounds the right values."""
        return bool((self.right_cells(name) | ~self.answers[name].given)[student].all())

    def as_noted(self, value: Interval, rows: Array) -> Interval:
        """What a student can have gone on with who did not hand the value in: it may have been rounded, too."""
        unit = self.habit[rows]
        return Interval.of(value.low - unit, value.high + unit)

    def remember(
        self,
        equation: Equation,
        answers: Answers,
        typed: Interval,
        following: Interval,
        written: Sequence[Interval],
        accepted: Array,
    ) -> None:
        """Go on with what was typed, else with what follows; `accepted` is where what was typed is right.

        What is left blank is the program's own: as exact as what it follows from, and on paper with the digits that
        the student writes, or that are asked.
        """
        name, given = equation.name, answers.given
        whole = given.all(axis=(-2, -1))
        sound, trivial = self.standing(equation.expression)
        if not given.any() and all(one.name in self.untouched for one in names_in(equation.expression)):
            self.untouched.add(name)
        if whole.all():
            low, high = typed.low, typed.high
            value = Interval(answers.value, answers.value)
            for papers in self.written:
                papers[name] = value
            self.own[name] = self.noted[name] = typed
        else:
            low, high = np.where(given, typed.low, following.low), np.where(given, typed.high, following.high)
            self.own[name] = Interval.of(low, high)
            self.noted[name] = self.own[name]
            if self.habit.any():
                unseen = self.as_noted(following, np.arange(self.students))
                self.noted[name] = Interval.of(np.where(given, low, unseen.low), np.where(given, high, unseen.high))
            self._vague = self._vague or not _is_narrow(self.noted[name])
            exact, floats, away = written if len(written) == len(self.written) else (written[0],) * len(self.written)
            own = np.where(given, answers.value, exact.low)
            self.written[0][name] = Interval(own, own)
            self.written[1][name] = self._as_written(answers, floats.low, np.rint)
            self.written[2][name] = self._as_written(answers, away.low, _halves_away)
        self.sound[name] = np.all(accepted | ~given, axis=(-2, -1)) & (whole | sound)
        right = self.right[name]
        bounded = np.isfinite(low) & np.isfinite(high)
        constant = bounded & np.isin(np.where(bounded, low, 0.0) / 2 + np.where(bounded, high, 1.5) / 2, (0.0, 1.0))
        sham = constant.all(axis=(-2, -1)) & given.any(axis=(-2, -1)) & ~np.isin(right.low, (0.0, 1.0)).all()
        self.trivial[name] = sham | (trivial & ~whole)

    def _as_written(self, answers: Answers, values: Array, rounded: Callable[[Array], Array]) -> Interval:
        """What was typed; for blanks the values with the digits that the student usually writes, or that are asked."""
        asked = self.digits.half_unit(values)
        unit = 2 * np.where(self.habit > 0, self.habit, np.minimum(asked, self.finest))
        with np.errstate(all="ignore"):
            scale = 10.0 ** -np.round(np.log10(unit))
            noted = rounded(values * scale) / scale
        own = np.where(answers.given, answers.value, np.where(np.isfinite(noted), noted, values))
        return Interval(own, own)

    def ways(self, expression: Expression, rows: Array) -> Ways:
        """What the names can be, the digits written, and the numbers that these round, with all their digits."""
        own = self.known(expression, rows, True)
        written = {name: Interval.point(one.low / 2 + one.high / 2) for name, one in own.items()}
        exact = dict(written)
        for name in own.keys() & self.sound.keys():
            sound, right = self.sound[name][rows, None, None], self.right[name]
            exact[name] = Interval.point(np.where(sound, right.low, written[name].low))
        return own, written, exact

    def coarser(self, equation: Equation, expression: Expression, rows: Array) -> Iterator[tuple[Ways, Array]]:
        """The same with fewer and fewer decimals: what was computed, or used instead; and for whom that is less."""
        ways = self.ways(expression, rows)
        names = {name.name for name in names_in(expression)}
        names = (names & set(self.context.derivation)) | (names - {name.name for name in names_in(equation.expression)})
        for decimals in _EARLY_DECIMALS if names else ():
            fewer = tuple(way | {name: _rounded_to(way[name], decimals) for name in names} for way in ways)
            less = np.zeros(rows.size, dtype=bool)
            for name in names:
                less |= (fewer[1][name].low != ways[1][name].low).any(axis=(-2, -1))
            yield fewer, less

    def adopt(self, name: str, student: int, value: Interval, place: int) -> None:
        """Go on with what a student must have had."""
        for known in (self.own, self.noted):
            low, high = known[name].low.copy(), known[name].high.copy()
            low[student], high[student] = value.low[place], value.high[place]
            known[name] = Interval(low, high)
        for papers in self.written:
            written = np.broadcast_to(papers[name].low, low.shape).copy()
            written[student] = low[student] / 2 + high[student] / 2
            papers[name] = Interval(written, written)
        self.sound[name][student] = False
        self.unproven[name] = self.unproven[name].copy()
        self.unproven[name][student] = False


def _rounded_to(interval: Interval, decimals: int) -> Interval:
    """All that the numbers can be after rounding; untouched where they are no finer already."""
    finer = interval.high - interval.low < 0.5 * 10.0**-decimals
    low, high = np.round(interval.low, decimals), np.round(interval.high, decimals)
    return Interval.of(np.where(finer, low, interval.low), np.where(finer, high, interval.high))


def _halves_away(counts: Array) -> Array:
    """Numbers halfway away from zero; rounding errors decide nothing."""
    return np.asarray(np.trunc(counts + np.copysign(0.5 + TIE, counts)))


def _is_narrow(interval: Interval) -> bool:
    size = np.max(np.abs(interval.low), initial=0.0)
    return bool(np.max(interval.high - interval.low, initial=0.0) <= NARROW * size + NARROW)


def _half_units(evidence: Mapping[str, Array], answers: Mapping[str, Answers], students: int) -> tuple[Array, Array]:
    """Half a unit of the last digit that each student usually writes, and of the finest, in the cells that count.

    The usual one is the median over the cells that are not exact; zero where a student answered fewer than two names:
    one answer shows no habit. The finest is infinite where there is none.
    """
    if not answers:
        return np.zeros(students), np.full(students, np.inf)
    with np.errstate(invalid="ignore"):
        cells = [np.where(evidence[name], one.half, np.nan) for name, one in answers.items()]
        halves = np.concatenate([one.reshape(students, -1) for one in cells], axis=1)
    ordered = np.sort(np.where(halves > 0, halves, np.nan), axis=1)
    count = np.sum(~np.isnan(ordered), axis=1)
    names = np.sum([one.any(axis=(-2, -1)) for one in evidence.values()], axis=0)
    usual = ordered[np.arange(students), np.maximum(count - 1, 0) // 2]
    finest = np.where(count > 0, ordered[:, 0], np.inf)
    return _decimal(np.where((count > 0) & (names > 1), usual, 0.0)), _decimal(finest)


def _decimal(halves: Array) -> Array:
    """Half a power of ten where it is one but for the room that an interval has for rounding errors."""
    usable = np.isfinite(halves) & (halves > 0)
    near = 0.5 * 10.0 ** np.round(np.log10(np.where(usable, 2 * halves, 1.0)))
    return np.where(usable & (np.abs(halves / near - 1) < 1e-3), near, halves)
