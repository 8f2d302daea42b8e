"""How many hand-ins a second: a class answers the 2-3-2 sheet, in files of four formats, and gets its reports.

    python benchmarks/hand_ins.py [--students N] [--rounds R] [--seed S] [--different] [--profile]

The hand-ins are written by the plain NumPy program of the simulated class, which knows nothing of the derivation: right
or, two in five, with one mistake in one step and everything after it on the wrong value; rounded to 2, 3 or 4
decimals; a few answers left blank, a few cells that cannot be read. With `--different` everybody starts from an own
slip and writes 6 decimals, so that no two hand-ins share their numbers and nothing read once can be used again.

Timed, in rounds, is the way from the files to the class's JSON and CSV, first for each format alone and then for all
files together: CPU time of this process, with the libraries below NumPy held to one thread. The sheet is parsed once;
working it out belongs to every pass.
"""

# ruff: noqa: E402  NumPy reads the number of threads when it is imported

from __future__ import annotations

import os

for _library in ("OPENBLAS", "MKL", "OMP"):
    os.environ[f"{_library}_NUM_THREADS"] = "1"

import argparse
import cProfile
import json
import pstats
import resource
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import numpy as np
from simulated_mistakes import MISTAKES
from simulated_program import Exercise, Program, Step, Values, steps_of

from chalkwork.checking import reporting
from chalkwork.checking import task as reading
from chalkwork.checking.reading.files import read_answers
from chalkwork.sheets.check import HandIn, check_class
from chalkwork.sheets.format import read_sheet
from chalkwork.sheets.overview import save_reports
from chalkwork.sheets.schema import Sheet

Array = np.ndarray[Any, Any]
Cells = list[list[str]]
HandInCells = dict[str, dict[str, Cells]]
WATCHED = ((reading, "_read_all", "answers"), (reporting, "mark", "marking"), (reporting, "reports_of", "reports"))
SHEET = Path(__file__).parent.parent / "sheets" / "leaky-relu-softmax-2-3-2.md"
SLOPE = 0.01
MISTAKEN, BLANK, UNREADABLE = 0.4, 0.03, 0.01
TASKS = {
    "a": ("z1", "a1", "z2", "a2", "L"),
    "b": ("delta2", "dW2", "delta1", "dW1"),
    "c": ("W1_new", "W2_new", "z1_new", "a1_new", "z2_new", "a2_new", "L_new"),
}
TARGET = 1000


# --- the class -----------------------------------------------------------------------------------------------------


class SheetProgram(Program):
    """The program of the simulated class, with the slope of this sheet."""

    def activate(self, kind: str, z: Array) -> Array:
        return np.where(z > 0, z, SLOPE * z) if kind == "leaky_relu" else super().activate(kind, z)

    def slope(self, kind: str, z: Array, a: Array) -> Array:
        return np.where(z > 0, 1.0, SLOPE) if kind == "leaky_relu" else super().slope(kind, z, a)


def exercise() -> Exercise:
    """The sheet's network and data."""
    givens = {
        "x": np.array([[-1.0], [1.0]]),
        "y": np.array([[1.0], [0.0]]),
        "W1": np.array([[0.15, -0.25, 0.05], [0.2, 0.1, -0.15]]),
        "W2": np.array([[0.2, 0.5], [-0.35, 0.15], [0.15, -0.2]]),
        "eta": np.array(0.1),
    }
    return Exercise(True, False, ("leaky_relu", "softmax"), "cross_entropy", (False, False), givens)


def sites(program: Program, steps: Sequence[Step]) -> dict[str, list[Step]]:
    """The steps in which each mistake can be made and gives numbers of the right shape."""
    own: Values = dict(program.exercise.givens)
    found: dict[str, list[Step]] = {}
    for step in steps:
        own[step.name] = program.right(step, own)
        for name, mistake in MISTAKES.items():
            wrong = mistake(program, step, own)
            if wrong and wrong[0].shape == own[step.name].shape and not np.array_equal(wrong[0], own[step.name]):
                found.setdefault(name, []).append(step)
    return found


def worked(program: Program, steps: Sequence[Step], mistakes: Mapping[Step, str], slip: float) -> Values:
    """A student's values: after a mistake, or a slip in the first step, what follows from it."""
    own: Values = dict(program.exercise.givens)
    for step in steps:
        if step in mistakes:
            own[step.name] = MISTAKES[mistakes[step]](program, step, own)[0]
        else:
            own[step.name] = program.right(step, own) + (slip if step is steps[0] else 0.0)
    return own


def typed(random: np.random.Generator, value: Array, decimals: int) -> Cells:
    """The numbers as they are typed; now and then nothing, or a cell that is no number."""
    cells = [[f"{number:.{decimals}f}" for number in row] for row in np.round(value, decimals).tolist()]
    if random.random() < BLANK:
        return []
    if random.random() < UNREADABLE:
        cells[0][0] = "unclear"
    return cells


def students(count: int, seed: int, different: bool) -> Iterator[HandInCells]:
    """The hand-ins, by task and name."""
    random, program = np.random.default_rng(seed), SheetProgram(exercise())
    steps = steps_of(program.exercise)
    known = sites(program, steps)
    for _ in range(count):
        mistakes, slip, decimals = {}, 0.0, int(random.integers(2, 5))
        if different:
            slip, decimals = random.uniform(0.01, 0.2), 6
        elif random.random() < MISTAKEN:
            name = str(random.choice(list(known)))
            mistakes = {known[name][int(random.integers(len(known[name])))]: name}
        own = worked(program, steps, mistakes, slip)
        yield {
            task: {name: typed(random, np.atleast_2d(own[name]), decimals) for name in asked}
            for task, asked in TASKS.items()
        }


# --- files ---------------------------------------------------------------------------------------------------------


def _flow(cells: Cells) -> str:
    """As in Python: a column is a list, a number a number."""
    rows = [row[0] if len(row) == 1 else f"[{', '.join(row)}]" for row in cells]
    return rows[0] if len(rows) == 1 else f"[{', '.join(rows)}]" if rows else ""


def _line(cells: Cells) -> str:
    """As on paper: `[0.45 0.2; 0.1 0.3]`."""
    return cells[0][0] if cells and len(cells) == len(cells[0]) == 1 else f"[{'; '.join(map(' '.join, cells))}]"


def _yaml(hand_in: HandInCells) -> str:
    lines = []
    for task, values in hand_in.items():
        lines += [f"{task}:", *(f"  {name}: {_flow(cells)}" for name, cells in values.items())]
    return "\n".join(lines) + "\n"


def _json(hand_in: HandInCells) -> str:
    def number(cell: str) -> str:
        return cell if cell[-1:].isdigit() else json.dumps(cell)

    def value(cells: Cells) -> str:
        rows = [f"[{', '.join(map(number, row))}]" for row in cells]
        return number(cells[0][0]) if _line(cells)[0] != "[" else f"[{', '.join(rows)}]" if rows else "null"

    tasks = [
        f'"{task}": {{{", ".join(f"{json.dumps(name)}: {value(cells)}" for name, cells in values.items())}}}'
        for task, values in hand_in.items()
    ]
    return f"{{{', '.join(tasks)}}}\n"


def _csv(hand_in: HandInCells) -> str:
    rows = [f"{task},{name},{_line(cells)}" for task, values in hand_in.items() for name, cells in values.items()]
    return "\n".join(["task,name,value", *rows]) + "\n"


def _form(hand_in: HandInCells) -> str:
    parts = ["# One step of gradient descent by hand\n"]
    for task, values in hand_in.items():
        lines = [f"{name}: {_line(cells) if cells else ''}" for name, cells in values.items()]
        parts.append("\n".join(["```answers", f"task: {task}", *lines, "```\n"]))
    return "\n".join(parts)


FORMATS: dict[str, Callable[[HandInCells], str]] = {".yaml": _yaml, ".json": _json, ".csv": _csv, ".md": _form}


def hand_in_files(folder: Path, count: int, seed: int, different: bool) -> list[Path]:
    """The class's files: the formats take turns."""
    kinds = list(FORMATS)
    files = []
    for number, hand_in in enumerate(students(count, seed, different)):
        kind = kinds[number % len(kinds)]
        files.append(folder / f"student-{number:05}{kind}")
        files[-1].write_text(FORMATS[kind](hand_in), encoding="utf-8")
    return files


# --- timing --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pass:
    """One pass over some files: seconds of CPU time by stage, and of wall time."""

    count: int
    stages: dict[str, float]
    wall: float
    verdicts: Counter[str]

    @property
    def seconds(self) -> float:
        return self.stages["whole"]

    @property
    def rate(self) -> float:
        return self.count / self.seconds


@contextmanager
def watched(stages: dict[str, float]) -> Iterator[None]:
    """Add up the CPU time that the stages of a check take, under the stage's name."""

    def watch(function: Callable[..., Any], stage: str) -> Callable[..., Any]:
        def timed(*given: Any, **options: Any) -> Any:
            start = process_time()
            result = function(*given, **options)
            stages[stage] += process_time() - start
            return result

        return timed

    before = [(module, name, getattr(module, name)) for module, name, _ in WATCHED]
    for module, name, stage in WATCHED:
        stages[stage] = 0.0
        setattr(module, name, watch(getattr(module, name), stage))
    try:
        yield
    finally:
        for module, name, original in before:
            setattr(module, name, original)


def one_pass(sheet: Sheet, files: Sequence[Path], folder: Path) -> Pass:
    """From the files to the reports of the class."""
    stages: dict[str, float] = {}
    wall, start = perf_counter(), process_time()
    answers = {file.name: read_answers(file) for file in files}
    read = process_time()
    with watched(stages):
        hand_ins = check_class(sheet, answers)
    checked = process_time()
    save_reports(sheet, hand_ins, folder / "class.json")
    save_reports(sheet, hand_ins, folder / "class.csv")
    end = process_time()
    known = sum(stages.values())
    stages = {"files": read - start, **stages, "sheet and tasks": checked - read - known}
    stages |= {"JSON and CSV": end - checked, "whole": end - start}
    return Pass(len(files), stages, perf_counter() - wall, verdicts(hand_ins))


def verdicts(hand_ins: Sequence[HandIn]) -> Counter[str]:
    return Counter(result.verdict for one in hand_ins for task in one.tasks for result in task.report.values())


def rates(label: str, passes: Sequence[Pass]) -> str:
    found = sorted(one.rate for one in passes)
    wall = median(one.count / one.wall for one in passes)
    return f"{label:<10}{found[0]:>8.0f}{median(found):>9.0f}{found[-1]:>8.0f}{wall:>15.0f}"


def show(by_kind: dict[str, list[Pass]], together: Sequence[Pass]) -> None:
    print(f"\nhand-ins a second and core (CPU time), target {TARGET}")
    print(f"{'':<10}{'min':>8}{'median':>9}{'max':>8}{'by the clock':>15}")
    for kind, passes in by_kind.items():
        print(rates(kind, passes))
    print(rates("all files", together))
    print(f"\nmicroseconds a hand-in, all files\n{'':<18}{'min':>8}{'median':>9}{'max':>8}")
    for stage in together[0].stages:
        found = sorted(1e6 * one.stages[stage] / one.count for one in together)
        print(f"{stage:<18}{found[0]:>8.0f}{median(found):>9.0f}{found[-1]:>8.0f}")
    counts = together[0].verdicts.most_common()
    print("\nverdicts on steps: " + ", ".join(f"{count} {word}" for word, count in counts))
    unit = 1 << (20 if sys.platform == "darwin" else 10)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    print(f"peak memory: {peak:.0f} MiB")


def main() -> None:
    """Make a class, time the way to its reports, and say how fast it was."""
    parser = argparse.ArgumentParser(description="how many hand-ins a second?")
    parser.add_argument("--students", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--different", action="store_true", help="no two hand-ins share their numbers")
    parser.add_argument("--profile", action="store_true", help="print a profile of one pass instead")
    options = parser.parse_args()
    sheet = read_sheet(SHEET)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = hand_in_files(folder, options.students, options.seed, options.different)
        print(f"{len(files)} hand-ins of {sheet.title!r}, seed {options.seed}, {options.rounds} rounds", flush=True)
        if options.profile:
            with cProfile.Profile() as profile:
                one_pass(sheet, files, folder)
            pstats.Stats(profile).sort_stats("tottime").print_stats(40)
            return
        by_kind: dict[str, list[Pass]] = {kind: [] for kind in FORMATS}
        together = []
        for _ in range(options.rounds):
            for kind, passes in by_kind.items():
                passes.append(one_pass(sheet, [file for file in files if file.suffix == kind], folder))
            together.append(one_pass(sheet, files, folder))
        show(by_kind, together)


if __name__ == "__main__":
    main()
