"""What is accepted: honest work, a value that is off by five units of its last digit, and garbage.

    python benchmarks/acceptance.py [--honest N] [--off N] [--garbage N] [--seed S] [--jobs J]

Random networks of the simulated class, worked by its plain NumPy program, with its numbers written with 2 to 7
decimals. Half of the exercises ask these digits, the others none.

*Honest*: everything is right, whichever of two roundings was used: the program goes on with all digits, or with those
that it wrote. Some leave steps blank, or hand in the last one only. Nothing may be wrong.

*Off by five*: the same, and one entry moved by five units of its last digit, with all steps typed or only the last.
That entry must not be accepted. Where five units further is what an honest program with the other rounding writes
(to a unit), the entry is no wrong one, and another is taken.

*Garbage*: numbers that have nothing to do with the exercise, of any digits. The part of the points that they earn.
"""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from simulated_class import KINK, LARGEST, Array, Exercise, Program, Values, random_exercise, steps_of

from chalkwork.solutions.solution import Solution

EACH = 10
Typed = dict[str, list[list[str]]]
OTHERS = ("correct", "rounding", "follows")


@dataclass
class Tally:
    """What came out."""

    honest: int = 0
    alarms: list[str] = field(default_factory=list)
    off: Counter[str] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)
    other_rounding: int = 0
    examples: list[str] = field(default_factory=list)
    scores: list[tuple[str, float]] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


def drawn(random: np.random.Generator) -> tuple[Exercise, Solution]:
    """A random exercise all of whose numbers are usable, solved."""
    while True:
        exercise = random_exercise(random)
        with np.errstate(all="ignore"):
            own = worked(exercise, None)
        usable = all(np.isfinite(value).all() and np.abs(value).max() < LARGEST for value in own.values())
        kinked = [k for k, activation in enumerate(exercise.activations, 1) if "relu" in activation]
        if usable and all(np.abs(own[f"z{k}{late}"]).min() > KINK for k in kinked for late in ("", "_new")):
            return exercise, exercise.solved()


def worked(exercise: Exercise, decimals: int | None, *, away: bool = False) -> Values:
    """Everything, going on with so many decimals, or with all; `away` rounds halves away from zero, as taught."""
    program, own = Program(exercise), dict(exercise.givens)
    for step in steps_of(exercise):
        with np.errstate(all="ignore"):  # a probability that was rounded to zero
            value = program.right(step, own)
        if decimals is not None:
            unit = 10.0**-decimals
            value = np.sign(value) * np.floor(np.abs(value) / unit + 0.5 + 1e-6) * unit if away else value
            value = np.round(value, decimals) + 0.0
        own[step.name] = value
    return own


def handed_in(exercise: Exercise, decimals: int | None) -> Values:
    """The same where all of it can be handed in: a probability rounded to zero has no logarithm."""
    values = worked(exercise, decimals)
    return values if all(np.isfinite(value).all() for value in values.values()) else worked(exercise, None)


def written(values: Mapping[str, Array], names: Iterator[str] | list[str], decimals: int) -> Typed:
    """The numbers as they are typed."""
    return {name: [[f"{number:.{decimals}f}" for number in row] for row in values[name].tolist()] for name in names}


def asked(solution: Solution, random: np.random.Generator, decimals: int) -> Solution:
    """The solution that asks these decimals, or none."""
    return solution.restyled(decimals=decimals) if random.random() < 0.5 else solution


def honest(seed: int, number: int) -> Tally:
    """Ten honest hand-ins to one exercise."""
    random, tally = np.random.default_rng((seed, 1, number)), Tally()
    exercise, solution = drawn(random)
    for _ in range(EACH):
        decimals, carries = int(random.integers(2, 8)), bool(random.integers(2))
        values, names = handed_in(exercise, decimals if carries else None), list(solution.derivation)
        kind = random.random()
        if kind < 0.2:
            names = [name for name in names if random.random() < 0.7]
        elif kind < 0.3:
            names, values = names[-1:], values if decimals >= 4 and carries else worked(exercise, None)
        # what is left out was rounded to the digits asked, or to those of the rest
        rounds_unseen = kind < 0.3 and carries
        marked = solution.restyled(decimals=decimals) if rounds_unseen else asked(solution, random, decimals)
        if random.random() < 0.15 and not carries:
            answers: dict[str, object] = {name: values[name] for name in names}
        else:
            answers = dict(written(values, names, decimals))
        report = marked.check(answers)
        tally.honest += 1
        wrong = [name for name, result in report.items() if result.verdict not in (*OTHERS[:2], "blank")]
        if wrong:
            name = wrong[0]
            tally.alarms.append(f"{number}: {decimals} decimals, {carries=}, {name}: {report[name]}")
    return tally


def off(seed: int, number: int) -> Tally:
    """Ten hand-ins to one exercise, each with one entry five units off."""
    random, tally = np.random.default_rng((seed, 2, number)), Tally()
    exercise, solution = drawn(random)
    for turn in range(EACH):
        decimals, carries = int(random.integers(2, 8)), bool(random.integers(2))
        values = handed_in(exercise, decimals if carries else None)
        both = [worked(exercise, decimals), worked(exercise, decimals, away=True), worked(exercise, None)]
        names = list(solution.derivation)
        only_last = turn % 2 == 1
        names = names[-1:] if only_last else names
        marked = asked(solution, random, decimals)
        both += [worked(exercise, 4), worked(exercise, 4, away=True)] if only_last and not marked.style.stated else []
        typed = written(values, names, decimals)
        name = names[int(random.integers(len(names)))]
        cells = values[name]
        row, column = int(random.integers(cells.shape[0])), int(random.integers(cells.shape[1]))
        unit = 10.0**-decimals
        moved = float(typed[name][row][column]) + float(random.choice([-5, 5])) * unit
        typed[name][row][column] = f"{moved:.{decimals}f}"
        result = marked.check(typed)[name]
        taken = result.cells[row][column] in OTHERS
        # what this program's own step gives on the digits that stand in the hand-in
        own = {key: value if key in exercise.givens else np.round(value, decimals) for key, value in values.items()}
        step = next(step for step in steps_of(exercise) if step.name == name)
        again = Program(exercise).right(step, own)
        honest_ones = [one[name][row, column] for one in both] + ([] if only_last else [again[row, column]])
        kind = "only the last" if only_last else "all steps"
        if any(abs(moved - one) <= 1.5001 * unit for one in honest_ones):
            tally.other_rounding += 1
            continue
        tally.off[kind] += 1
        if taken:
            tally.accepted[kind] += 1
            tally.examples.append(f"{number}/{turn}: {kind}, {decimals} decimals, {name} {moved}: {honest_ones}")
    return tally


GARBAGE = ("any", "normal", "few digits", "integers", "constant", "wide", "scaled")


def rubbish(random: np.random.Generator, kind: str, shape: tuple[int, int], constant: str) -> list[list[str]]:
    """Numbers that have nothing to do with anything."""

    def number() -> str:
        decimals = int(random.integers(0, 9))
        match kind:
            case "normal":
                return f"{random.normal():.4f}"
            case "few digits":
                return f"{random.normal():.1f}"
            case "integers":
                return str(random.integers(-3, 4))
            case "constant":
                return constant
            case "wide":
                return str(
                    random.choice(["0e9", "0*10^3", "0.0/0.1", "1e0", "-1e2", "0e2", "1e5", "0.", "1/3", "5e-1"])
                )
            case "scaled":
                return f"{random.normal() * 10.0 ** random.integers(-5, 3):.{int(random.integers(1, 4))}e}"
        return f"{random.normal() * 10.0 ** random.integers(-2, 2):.{decimals}f}"

    return [[number() for _ in range(shape[1])] for _ in range(shape[0])]


def garbage(seed: int, number: int) -> Tally:
    """Ten hand-ins of garbage to one exercise."""
    random, tally = np.random.default_rng((seed, 3, number)), Tally()
    exercise, solution = drawn(random)
    shapes = {name: value.shape for name, value in worked(exercise, None).items()}
    for _ in range(EACH):
        kind = str(random.choice(GARBAGE))
        constant = f"{random.choice([0.1, 0.5, 2.0, random.normal()]):.{int(random.integers(1, 6))}f}"
        marked = asked(solution, random, int(random.integers(2, 7)))
        typed = {name: rubbish(random, kind, shapes[name], constant) for name in solution.derivation}
        tally.scores.append((kind, marked.check(typed).score))
    return tally


def part(count: int, of: int) -> str:
    return f"{count} of {of}" + (f" = {100 * count / of:.2f} %" if of else "")


def show(tally: Tally, examples: int) -> None:
    print(f"honest hand-ins with an alarm    {part(len(tally.alarms), tally.honest)}   target 0 of 5,000")
    for kind in tally.off:
        print(
            f"five units off and accepted      {part(tally.accepted[kind], tally.off[kind])}, {kind}   "
            "target 0 of 1,000"
        )
    print(f"  ({tally.other_rounding} more are what the other rounding gives)")
    for kind in dict.fromkeys(kind for kind, _ in tally.scores):
        scores = np.array([score for name, score in tally.scores if name == kind])
        print(
            f"garbage earns, {kind:<18}{100 * scores.mean():.2f} % on average, {100 * scores.max():.1f} % at most, "
            f"{np.count_nonzero(scores >= 0.05)} of {scores.size} earn 5 % or more"
        )
    if tally.scores:
        print(
            f"garbage earns, all               {100 * np.mean([s for _, s in tally.scores]):.2f} %   target below 5 %"
        )
    for line in (*tally.alarms, *tally.examples)[:examples]:
        print(line)


def main() -> None:
    """Mark honest work, work with one wrong number, and garbage."""
    parser = argparse.ArgumentParser(description="what is accepted?")
    parser.add_argument("--honest", type=int, default=5000)
    parser.add_argument("--off", type=int, default=4000)
    parser.add_argument("--garbage", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--examples", type=int, default=0, help="how many that were marked otherwise to print")
    options = parser.parse_args()
    tally = Tally()
    with ProcessPoolExecutor(options.jobs) as pool:
        for work, count in ((honest, options.honest), (off, options.off), (garbage, options.garbage)):
            for one in pool.map(partial(work, options.seed), range(-(-count // EACH)), chunksize=4):
                tally.add(one)
    show(tally, options.examples)


if __name__ == "__main__":
    main()
