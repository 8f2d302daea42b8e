"""A simulated class: programs that make one mistake each, round, and hand in; how well is their work marked?

    python benchmarks/simulated_class.py [--students N] [--seed S] [--each K] [--jobs J] [--pairs | --slips]

The students are plain NumPy programs, written without the derivation that marks them: forward pass, backward pass,
update and forward pass again of a random network, with one mistake in one step (or in every step of its kind). They
carry on with their own values, and write 2, 3, 4 or 6 decimals or all digits, carrying what they wrote or what they
had. A program that makes no mistake, or whose mistake nobody could see in what it wrote, has a right solution.

"Nobody could see": the step that should have been done, applied to some numbers that the digits written earlier
allow, gives the numbers written. Such numbers are looked for at the corners, by finite differences; only what was
found counts. The first wrong step is the first that was done with the mistake and can be seen.

With `--pairs` everybody makes two mistakes in one step: the second program calls the first where it would have done
the step right. Pairs whose result is that of one mistake alone are none.

With `--slips` everybody makes a slip that is no mistake of the table: a name that is given is an accident.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter

import numpy as np
from simulated_hand_in import SLIPS, HandIn, random_hand_in, random_pair, random_slip
from simulated_mistakes import MISTAKES
from simulated_program import KINK, LARGEST, Program, Values, random_exercise, steps_of

from chalkwork.solutions.solution import Solution

# --- marking -------------------------------------------------------------------------------------------------------


@dataclass
class Tally:
    """What came out."""

    wrong: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    listed: Counter[str] = field(default_factory=Counter)
    named: Counter[str] = field(default_factory=Counter)
    confused: Counter[tuple[str, str]] = field(default_factory=Counter)
    unlisted: Counter[tuple[str, str]] = field(default_factory=Counter)
    other_step: Counter[tuple[str, str]] = field(default_factory=Counter)
    by_decimals: Counter[tuple[str, str]] = field(default_factory=Counter)
    right: int = 0
    hidden: int = 0
    alarms: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)
    candidates: int = 0

    def add(self, other: Tally) -> None:
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


def place(seed: int, each: int, blanks: float, what: str, number: int) -> Tally:
    """The students of one exercise, marked."""
    random = np.random.default_rng((seed, number))
    tally = Tally()
    solution: Solution | None = None
    while solution is None:
        exercise = random_exercise(random)
        program, steps = Program(exercise), steps_of(exercise)
        with np.errstate(all="ignore"):
            own: Values = dict(exercise.givens)
            for step in steps:
                own[step.name] = program.right(step, own)
        usable = all(np.isfinite(value).all() and np.abs(value).max() < LARGEST for value in own.values())
        kinked = [k for k, activation in enumerate(exercise.activations, 1) if "relu" in activation]
        if usable and all(np.abs(own[f"z{k}{late}"]).min() > KINK for k in kinked for late in ("", "_new")):
            solution = exercise.solved()
    if [step.name for step in steps] != list(solution.derivation):
        raise AssertionError(f"exercise {number}: {list(solution.derivation)}")
    for name in solution.derivation:
        if not np.allclose(solution.arrays[name], own[name], rtol=1e-9, atol=1e-12):
            raise AssertionError(f"exercise {number}: {name} is {own[name]}, but {solution.arrays[name]}")
    for student in range(each):
        if what in SPECIAL:
            draw, marked = SPECIAL[what]
            work = draw(random, exercise, steps, blanks)
            if work is not None:
                marked(tally, work, solution, f"{number}/{student}")
            continue
        tallied(tally, random_hand_in(random, exercise, steps, blanks), solution, f"{number}/{student}")
    return tally


def tallied(tally: Tally, work: HandIn, solution: Solution, label: str) -> None:
    """One student's marks against what is true."""
    report = solution.check(work.typed())
    digits = "all" if work.decimals is None else str(work.decimals)
    where = f"{label} {work.mistake} digits={digits} carries={'rounded' if work.carries_rounded else 'all'}"
    found = report.first_wrong
    if work.first is None:
        tally.right += 1
        tally.hidden += work.hidden
        if found is not None:
            tally.alarms[work.mistake] += 1
            tally.examples.append(f"ALARM {where} {found}: {report[found].mistakes} {solution.derivation[found]}")
        return
    tally.wrong[work.mistake] += 1
    tally.by_decimals[digits, "wrong"] += 1
    if found != work.first:
        verdict = report[work.first].verdict if work.first in report else "absent"
        tally.other_step[work.mistake, verdict] += 1
        tally.examples.append(f"STEP {where} {work.first} is {verdict}; found {found}")
        tally.confused[work.mistake, "(another step)"] += 1
        return
    tally.found[work.mistake] += 1
    tally.by_decimals[digits, "found"] += 1
    said = report[found].mistakes
    tally.candidates += len(said)
    if work.mistake in said:
        tally.listed[work.mistake] += 1
        tally.by_decimals[digits, "listed"] += 1
    else:
        tally.unlisted[work.mistake, said[0] if said else "(nothing)"] += 1
        tally.examples.append(f"NAME {where} {found}: {said} {solution.derivation[found].expression}")
    if said and said[0] == work.mistake:
        tally.named[work.mistake] += 1
        tally.by_decimals[digits, "first"] += 1
    else:
        tally.confused[work.mistake, said[0] if said else "(nothing)"] += 1


def tallied_slip(tally: Tally, work: HandIn, solution: Solution, label: str) -> None:
    """The marks of one student who made a slip."""
    digits = "all" if work.decimals is None else str(work.decimals)
    if work.first is None:
        tally.hidden += 1
        return
    result = solution.check(work.typed())[work.first]
    said = "two mistakes" if result.together else "one mistake" if result.mistakes else "nothing"
    for count in ("wrong", said):
        tally.by_decimals[digits, count] += 1
    tally.confused[work.mistake, said] += 1
    if said == "two mistakes":
        tally.examples.append(f"SLIP {label} {work.mistake} digits={digits} {work.first}: {result.mistakes}")


def tallied_pair(tally: Tally, work: HandIn, solution: Solution, label: str) -> None:
    """The marks of one student who made two mistakes in one step."""
    digits = "all" if work.decimals is None else str(work.decimals)
    if work.first is None:
        tally.hidden += 1
        return
    report = solution.check(work.typed())
    found, made = report.first_wrong, set(work.mistake.split(" + "))

    def count(what: str) -> None:
        tally.by_decimals[digits, what] += 1

    count("wrong")
    where = f"{label} {work.mistake} digits={digits} carries={'rounded' if work.carries_rounded else 'all'}"
    if found != work.first:
        tally.examples.append(f"STEP {where} {work.first} is {report[work.first].verdict}; found {found}")
        return
    count("found")
    if work.alone:
        count("alone")
        return
    said = report[found]
    listed = any(set(pair) == made for pair in said.pairs)
    if listed:
        count("listed")
        count("first" if set(said.mistakes) == made else "later")
        return
    kind = "another pair" if said.together else "one mistake" if said.mistakes else "nothing"
    count(kind)
    tally.confused[work.mistake, kind] += 1
    tally.examples.append(
        f"NAME {where} {found}: {said.pairs or said.mistakes} {solution.derivation[found].expression}"
    )


SPECIAL = {"pairs": (random_pair, tallied_pair), "slips": (random_slip, tallied_slip)}

# --- saying it -----------------------------------------------------------------------------------------------------


def part(count: int, of: int) -> str:
    return f"{count} of {of} = {100 * count / of:.2f} %" if of else "none"


def show(tally: Tally, rows: int, examples: int) -> None:
    """The figures, their targets beside them."""
    wrong, found = tally.wrong.total(), tally.found.total()
    print(f"first wrong step found   {part(found, wrong):>28}   target 99 %")
    print(f"mistake listed           {part(tally.listed.total(), wrong):>28}   target 95 %")
    print(f"mistake listed first     {part(tally.named.total(), wrong):>28}")
    wrongly = sum(count for (_, said), count in tally.unlisted.items() if said != "(nothing)")
    print(f"another mistake named    {part(wrongly, wrong):>28}   target below 2 %")
    print(f"mistakes listed on average {tally.candidates / max(1, found):.2f}")
    print(f"false alarms             {part(tally.alarms.total(), tally.right):>28}   target below 0.1 %")
    print(f"  (of the right solutions {tally.hidden} have a mistake that nobody could see)")
    print("\ndecimals      wrong   found  listed   first")
    for digits in ("2", "3", "4", "6", "all"):
        cells = [tally.by_decimals[digits, key] for key in ("wrong", "found", "listed", "first")]
        print(f"{digits:<11}" + "".join(f"{cell:>8}" for cell in cells))
    print("\nmistake                      wrong   found  listed   first")
    for name in MISTAKES:
        cells = [counter[name] for counter in (tally.wrong, tally.found, tally.listed, tally.named)]
        print(f"{name:<26}" + "".join(f"{cell:>8}" for cell in cells))
    print("\nmade                       named first instead              times   of them not listed")
    for (made, said), count in tally.confused.most_common(rows):
        print(f"{made:<26} {said:<30} {count:>7}   {tally.unlisted[made, said] or '':>7}")
    for line in tally.examples[:examples]:
        print(line)


def show_pairs(tally: Tally, rows: int, examples: int) -> None:
    """The figures of two mistakes at once. One mistake alone gives the digits of some: those nobody can name."""
    print("decimals       wrong  first wrong step found  one would do   both named          the first said")
    for label, kinds in [*((one, (one,)) for one in ("2", "3", "4", "6", "all")), ("6, all", ("6", "all"))]:
        wrong, found, alone, listed, first = (
            sum(tally.by_decimals[digits, what] for digits in kinds)
            for what in ("wrong", "found", "alone", "listed", "first")
        )
        able = wrong - alone
        rates = [f"{part(count, of):>24}" for count, of in ((found, wrong), (listed, able), (first, able))]
        print(f"{label:<12}{wrong:>8}{rates[0]}{alone:>10}{rates[1]}{rates[2]}")
    for digits in ("2", "3", "4", "6", "all"):
        others = {what: tally.by_decimals[digits, what] for what in ("another pair", "one mistake", "nothing")}
        print(f"{digits} decimals, not both named: " + ", ".join(f"{what} {count}" for what, count in others.items()))
    print(f"could not be seen by anybody: {tally.hidden}")
    for (made, said), count in tally.confused.most_common(rows):
        print(f"{made:<56} {said:<16} {count:>5}")
    for line in tally.examples[:examples]:
        print(line)


def show_slips(tally: Tally, rows: int, examples: int) -> None:
    """What is said of slips that are no mistake of the table."""
    kinds = ("nothing", "one mistake", "two mistakes")
    print("decimals   " + "".join(f"{kind:>28}" for kind in kinds))
    for digits in ("2", "3", "4", "6", "all"):
        wrong = tally.by_decimals[digits, "wrong"]
        print(f"{digits:<11}" + "".join(f"{part(tally.by_decimals[digits, kind], wrong):>28}" for kind in kinds))
    for slip in list(SLIPS)[:rows]:
        print(f"{slip:<18}" + "".join(f"{tally.confused[slip, kind]:>14} {kind}" for kind in kinds))
    for line in tally.examples[:examples]:
        print(line)


def all_placed(seed: int, students: int, each: int, blanks: float, what: str, jobs: int) -> Iterator[Tally]:
    numbers = range(-(-students // each))
    if jobs == 1:
        yield from map(partial(place, seed, each, blanks, what), numbers)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(partial(place, seed, each, blanks, what), numbers, chunksize=2)


def main() -> None:
    """Mark a class and say how well."""
    parser = argparse.ArgumentParser(description="how well is a simulated class marked?")
    parser.add_argument("--students", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--each", type=int, default=10, help="students of one exercise (default 10)")
    parser.add_argument("--blanks", type=float, default=0.0, help="the part of the steps left blank (default 0)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rows", type=int, default=25, help="rows of the confusion table")
    parser.add_argument("--examples", type=int, default=0, help="how many that were marked otherwise to print")
    kinds = parser.add_mutually_exclusive_group()
    for kind, said in (("pairs", "two mistakes in one step, by everybody"), ("slips", "no mistake of the table")):
        kinds.add_argument(f"--{kind}", action="store_const", const=kind, dest="what", help=said)
    options = parser.parse_args()
    start, tally = perf_counter(), Tally()
    done = 0
    settings = (options.seed, options.students, options.each, options.blanks, options.what or "", options.jobs)
    for one in all_placed(*settings):
        tally.add(one)
        done += options.each
        if sys.stderr.isatty():
            print(f"\r{done} students", end="", file=sys.stderr, flush=True)
    seconds = perf_counter() - start
    if sys.stderr.isatty():
        print("\r", end="", file=sys.stderr)
    print(
        f"{done} students, seed {options.seed}, {options.each} an exercise, blank {options.blanks:.0%}, {seconds:.0f} s"
    )
    {"pairs": show_pairs, "slips": show_slips}.get(options.what, show)(tally, options.rows, options.examples)


if __name__ == "__main__":
    main()
