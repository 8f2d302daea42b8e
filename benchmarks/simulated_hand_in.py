"""The simulated class: what the students write, and in which step their mistake can be seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import permutations

import numpy as np
from simulated_mistakes import MISTAKES
from simulated_program import DECIMALS, FULL_DIGITS, LARGEST, RIGHT, Array, Exercise, Program, Step, Values

# --- handing in ----------------------------------------------------------------------------------------------------


@dataclass
class HandIn:
    """What one student wrote, and what is true of it."""

    mistake: str
    decimals: int | None
    carries_rounded: bool
    written: dict[str, Array]
    first: str | None
    """The first step in which the mistake can be seen."""
    hidden: bool = False
    """Whether a mistake was made that nobody could see."""
    alone: bool = False
    """Whether two mistakes were made where one alone would give the digits written."""

    def typed(self) -> dict[str, object]:
        """The numbers as they are typed: with all their decimals, or as arrays with all digits."""
        if self.decimals is None:
            return dict(self.written)
        return {
            name: [[f"{number:.{self.decimals}f}" for number in row] for row in value.tolist()]
            for name, value in self.written.items()
        }


def worked(
    program: Program,
    steps: list[Step],
    mistake: str,
    sites: Mapping[Step, Callable[[Values], Array]],
    decimals: int | None,
    carries_rounded: bool,
    blank: frozenset[Step],
) -> HandIn | None:
    """The student's work; None where it ends in numbers that nobody would write."""
    own: Values = dict(program.exercise.givens)
    right: Values = dict(program.exercise.givens)
    written: Values = {}
    first, made = None, False
    for step in steps:
        try:
            value = program.right(step, own)
        except ValueError:  # shapes that a mistake has spoilt
            break
        right[step.name] = program.right(step, right)
        if step in sites:
            value = sites[step](own)
            made = True
        if value.size == right[step.name].size and 1 in value.shape:
            value = value.reshape(right[step.name].shape)  # a row of numbers is a column of them
        if not np.isfinite(value).all() or np.abs(value).max() > LARGEST:
            return None
        rounded = value if decimals is None else np.round(value, decimals)
        own[step.name] = rounded if carries_rounded else value
        if step in blank:
            continue
        written[step.name] = rounded
        behind = [name for name in program.inputs(step) if name not in written and name not in program.exercise.givens]
        doubtful = step in sites or (made and behind)
        if doubtful and first is None and visible(program, steps, step, written, right[step.name], decimals):
            first = step.name
    return HandIn(mistake, decimals, carries_rounded, written, first, made and first is None)


def redone(
    program: Program, steps: list[Step], step: Step, known: Values, off: Mapping[str, Array] | None = None
) -> Values:
    """The step as it should be on what was written, what was not written worked out in between, and so far `off`."""
    values, off = dict(known), off or {}
    for earlier in steps:
        if earlier == step:
            break
        if earlier.name not in values:
            values[earlier.name] = program.right(earlier, values) + off.get(earlier.name, 0.0)
    values[step.name] = program.right(step, values)
    return values


def leading_to(program: Program, steps: list[Step], step: Step, written: Values) -> list[str]:
    """The nearest steps written that the step is made of, and what lies between."""
    by_name = {other.name: other for other in steps}
    found: dict[str, None] = {}
    for name in program.inputs(step):
        if name in by_name:
            found[name] = None
            if name not in written:
                found |= dict.fromkeys(leading_to(program, steps, by_name[name], written))
    return list(found)


def visible(
    program: Program, steps: list[Step], step: Step, written: Values, right: Array, decimals: int | None
) -> bool:
    """Whether what was written for the step is not what the right steps give on anything written before.

    What was not written in between may have been rounded like the rest.
    """
    result = written[step.name]
    if result.shape != right.shape:
        return True
    before = {name: value for name, value in written.items() if name != step.name}
    known: Values = {**program.exercise.givens, **before}
    try:
        values = redone(program, steps, step, known)
    except ValueError:  # shapes that a mistake has spoilt
        return True
    value = values[step.name]
    half = half_unit(result) if decimals is None else np.full(result.shape, 0.5 * 10.0**-decimals)
    slack = half + FULL_DIGITS * np.maximum(np.abs(result), 1e-6)
    seen = (np.abs(result - value) > slack) & (np.abs(result - right) > slack)
    if decimals is None or not seen.any():
        return bool(seen.any())
    unit = 0.5 * 10.0**-decimals
    units = [
        (name, place) for name in leading_to(program, steps, step, before) for place in np.ndindex(values[name].shape)
    ]

    def moved(places: list[tuple[str, tuple[int, ...]]], by: list[float]) -> Array:
        off = {name: np.zeros_like(values[name]) for name in {name for name, _ in places}}
        for (name, place), change in zip(places, by, strict=True):
            off[name][place] += change
        changed = {name: known[name] + off[name] for name in off if name in known}
        return redone(program, steps, step, {**known, **changed}, off)[step.name]

    with np.errstate(all="ignore"):
        rises = np.array([moved([one], [unit]) - value for one in units])
        for entry in np.argwhere(seen):
            place = tuple(entry)
            side = np.sign(result[place] - value[place])
            at_corner = moved(units, [unit * side * float(np.sign(rise[place])) for rise in rises])
            if not side * (at_corner[place] - result[place]) >= -slack[place]:  # or there is no such number
                return True
    return False


def half_unit(value: Array) -> Array:
    """A program that writes all digits rounds nothing: its 0.79 is 0.79."""
    return np.zeros(value.shape)


def random_hand_in(random: np.random.Generator, exercise: Exercise, steps: list[Step], blanks: float) -> HandIn:
    """Somebody's work; every fifth makes no mistake."""
    program = Program(exercise)
    for _ in range(100):
        decimals = DECIMALS[int(random.integers(len(DECIMALS)))]
        carries = bool(random.integers(2)) and decimals is not None
        mistake = RIGHT if random.random() < 0.2 else str(random.choice(list(MISTAKES)))
        sites: dict[Step, Callable[[Values], Array]] = {}
        if mistake != RIGHT:
            known: Values = dict(exercise.givens)
            able = []
            with np.errstate(all="ignore"):
                for step in steps:
                    value = program.right(step, known)
                    variants = MISTAKES[mistake](program, step, known)
                    fitting = [
                        k for k, wrong in enumerate(variants) if mistake in RESHAPING or wrong.shape == value.shape
                    ]
                    known[step.name] = value
                    able += [(step, int(random.choice(fitting)))] if fitting else []
            if not able:
                continue
            everywhere = bool(random.integers(2)) and mistake not in ("wrong-layer", "entries-swapped")
            chosen = able if everywhere else [able[int(random.integers(len(able)))]]
            if everywhere:  # the same variant each time
                chosen = [(step, variant) for step, variant in able if step.kind == able[0][0].kind]
            sites = {step: partial(one_mistake, program, mistake, step, variant) for step, variant in chosen}
        with np.errstate(all="ignore"):
            blank = frozenset(step for step in steps if random.random() < blanks)
            done = worked(program, steps, mistake, sites, decimals, carries, blank)
        if done is not None:
            return done
    raise RuntimeError("no student could work this exercise")


RESHAPING = ("bias-gradient-not-summed", "outer-product-transposed")


def one_mistake(program: Program, mistake: str, step: Step, variant: int, own: Values) -> Array:
    return PAIRED[mistake](program, step, own)[variant]


# --- two mistakes in one step --------------------------------------------------------------------------------------


def _any_sign(p: Program, s: Step, v: Mapping[str, Array]) -> list[Array]:
    return [-p.right(s, v)] if s.kind == "delta" else []


PAIRED = {**MISTAKES, "error-sign": _any_sign}


class Mistaken(Program):
    """Somebody who makes a mistake in one step, and thinks that it is done so."""

    def __init__(self, exercise: Exercise, step: Step, mistake: str, variant: int) -> None:
        super().__init__(exercise)
        self.step, self.mistake, self.variant = step, mistake, variant

    def right(self, step: Step, v: Mapping[str, Array]) -> Array:
        if step != self.step:
            return super().right(step, v)
        return PAIRED[self.mistake](Program(self.exercise), step, v)[self.variant]


def alike(one: Array, other: Array, slack: Array | float = 0.0) -> bool:
    if one.shape != other.shape:
        return False
    return bool((np.abs(one - other) <= slack + FULL_DIGITS * np.maximum(np.abs(other), 1e-6)).all())


def doubly(program: Program, step: Step, pair: tuple[str, str], own: Values) -> list[tuple[Program, str, int]]:
    """How both can be made: a program with the one, the other and its variant; none where one of them is undone."""
    e = program.exercise
    found: list[tuple[Program, str, int]] = []
    single = [program.right(step, own), *(value for wrong in PAIRED.values() for value in wrong(program, step, own))]
    for first, second in permutations(pair):
        for variant in range(len(PAIRED[first](program, step, own))):
            mistaken = Mistaken(e, step, first, variant)
            try:
                values = PAIRED[second](mistaken, step, own)
            except (IndexError, ValueError):  # the first mistake has spoilt the shapes
                continue
            for other, value in enumerate(values):
                fits = value.shape == single[0].shape or set(pair) & set(RESHAPING)
                if fits and np.isfinite(value).all() and not any(alike(value, one) for one in single):
                    found.append((mistaken, second, other))
    return found


def random_pair(random: np.random.Generator, exercise: Exercise, steps: list[Step], blanks: float) -> HandIn | None:
    """Somebody's work with two mistakes in one step; None where none was found that can be made."""
    program = Program(exercise)
    right: Values = dict(exercise.givens)
    with np.errstate(all="ignore"):
        for step in steps:
            right[step.name] = program.right(step, right)
        able = {step: [name for name in PAIRED if PAIRED[name](program, step, right)] for step in steps}
        places = [step for step in steps if len(able[step]) > 1]
        for _ in range(200 if places else 0):
            step = places[int(random.integers(len(places)))]
            first, second = (able[step][int(k)] for k in random.choice(len(able[step]), 2, replace=False))
            ways = doubly(program, step, (first, second), right)
            if not ways:
                continue
            mistaken, last, variant = ways[int(random.integers(len(ways)))]
            decimals = DECIMALS[int(random.integers(len(DECIMALS)))]
            carries = bool(random.integers(2)) and decimals is not None
            blank = frozenset(other for other in steps if other != step and random.random() < blanks)
            sites = {step: partial(one_mistake, mistaken, last, step, variant)}
            try:
                done = worked(program, steps, f"{first} + {second}", sites, decimals, carries, blank)
            except IndexError:  # on the student's own numbers the mistake cannot be made
                continue
            if done is not None:
                return replace(done, alone=by_one_alone(program, step, done))
    return None


def by_one_alone(program: Program, step: Step, done: HandIn) -> bool:
    """Whether one mistake gives the digits that were written, on the numbers written before."""
    known = {**program.exercise.givens, **done.written}
    if any(name not in known for name in program.inputs(step)):
        return False
    result = done.written[step.name]
    slack = half_unit(result) if done.decimals is None else np.full(result.shape, 0.5 * 10.0**-done.decimals)
    return any(alike(value, result, slack) for wrong in PAIRED.values() for value in wrong(program, step, known))


# --- slips, which are no mistake of the table ----------------------------------------------------------------------


def _one_entry(change: Callable[[np.random.Generator, float], float]) -> Callable[[np.random.Generator, Array], Array]:
    def slip(random: np.random.Generator, value: Array) -> Array:
        result = value.copy()
        place = int(random.integers(value.size))
        result.flat[place] = change(random, float(value.flat[place]))
        return result

    return slip


SLIPS: dict[str, Callable[[np.random.Generator, Array], Array]] = {
    "a digit misread": _one_entry(lambda random, one: one + float(random.choice([-1, 1]) * random.choice([0.1, 1, 3]))),
    "the point moved": _one_entry(lambda random, one: one * 10),
    "a sign lost": _one_entry(lambda random, one: -one),
    "a wrong product": _one_entry(lambda random, one: one * float(random.uniform(0.2, 3))),
    "a wrong factor": lambda random, value: np.asarray(value * random.uniform(0.2, 3)),
    "other numbers": lambda random, value: random.normal(0, 2 * np.abs(value).mean() + 0.1, value.shape),
}
"""What goes wrong on paper besides: whoever is told of two mistakes here is told what is not so."""


def random_slip(random: np.random.Generator, exercise: Exercise, steps: list[Step], blanks: float) -> HandIn | None:
    """Somebody's work with a slip in one step."""
    program = Program(exercise)
    step = steps[int(random.integers(len(steps)))]
    kind = str(random.choice(list(SLIPS)))
    decimals = DECIMALS[int(random.integers(len(DECIMALS)))]
    blank = frozenset(other for other in steps if other != step and random.random() < blanks)
    sites = {step: lambda own: SLIPS[kind](random, program.right(step, own))}
    with np.errstate(all="ignore"):
        return worked(program, steps, kind, sites, decimals, bool(random.integers(2)), blank)
