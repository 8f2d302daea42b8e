"""Does the page mark as `check` does? Simulated hand-ins of ten sheets through Node and through `check`.

    python benchmarks/page_verdicts.py [--each N] [--seed S] [--sheets NAME ...] [--examples K]

The hand-ins are worked from the sheet's own equations, going on with all digits or with those written (2 to 6
decimals), a quarter of them by another convention or two: right; with one mistake of the table, or two, in one step
and what follows from it after it; with a slip in one number; with numbers of nothing; a quarter of them with a part
left blank. Counted are the hand-ins with the same first wrong step, the same named mistakes in it, and the same
verdict on every cell. Times are of the processor: of the page's verdicts at once, and of those with a search for two
mistakes at once.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from time import process_time
from typing import Any

import numpy as np

from chalkwork.checking.judging.verdicts import Verdict
from chalkwork.checking.mistakes import context_of, distinct, distinct_pairs
from chalkwork.checking.report import Result
from chalkwork.checking.reviewing.rewriting import values_of as convention_values
from chalkwork.derivation.evaluate import evaluate
from chalkwork.page.data import Derivations, Tasks, _ways, sample_axis, values_of
from chalkwork.page.html import _words
from chalkwork.page.script import MARKING, program
from chalkwork.sheets.check import POLICIES, check_class, check_hand_in
from chalkwork.sheets.check import HandIn as HandInReport
from chalkwork.sheets.library import find_sheet
from chalkwork.sheets.schema import Sheet
from chalkwork.sheets.solve import solve_sheet
from chalkwork.solutions.exercise import Exercise
from chalkwork.words import ENGLISH, say

SHEETS = (
    "leaky-relu-softmax-2-3-2",
    "sigmoid-2-3-2-gradients",
    "tanh-4-4-3-3-single-and-batch",
    "tanh-softmax-4-4-3-3-batch",
    "sigmoid-5-3-2-update-and-query",
    "relu-softmax-3-2-2-forward",
    "batch-norm-by-hand",
    "attention-by-hand",
    "recurrence-by-hand",
    "convolution-by-hand",
)
WORDS = [verdict.word for verdict in Verdict]
Cells = dict[str, list[str]]
HandIn = dict[str, Cells]
MARKED = """
const sheet = load(data.sheet);
const values = arraysOf(sheet, data.values);
const start = process.cpuUsage();
const found = data.hand_ins.map((texts) => {
  const begin = process.cpuUsage();
  markSheet(sheet, values, texts, false);
  const took = process.cpuUsage(begin).user / 1000;
  const marked = markSheet(sheet, values, texts);
  const told = (seen) => seen && filledIn(data.words["step.seen"], { words: toldOf(seen, data.words, (name) => name) });
  const steps = Object.fromEntries(Object.entries(marked).map(([task, names]) => [task,
    Object.fromEntries(Object.entries(names).map(([name, one]) => [name,
      [one.verdicts, one.why && one.why.ids, told(one.seen)]]))]));
  return { first: firstWrong(marked), steps, took };
});
return { found, milliseconds: process.cpuUsage(start).user / 1000 };
"""


def tasks_of(sheet: Sheet) -> tuple[Tasks, dict[str, Exercise]]:
    """The tasks of the sheet that ask for numbers that follow one derivation, or words."""
    solved = {
        name: one
        for name, one in solve_sheet(sheet).items()
        if not one.solution.setting.letters_only and one.solution.setting.choice is None
    }
    tasks = Tasks(Derivations(), sheet.tolerance, POLICIES[sheet.follow_through])
    for one in solved.values():
        tasks.add(one)
    return tasks, solved


def worked(exercises: list[Exercise], random: np.random.Generator) -> dict[str, np.ndarray]:
    """Somebody's values of all names of exercises that are one work, perhaps with a mistake."""
    solution = exercises[-1].solution
    kind, values = random.random(), dict(solution.arrays)
    context = context_of(solution.derivation, sample_axis(solution))
    if random.random() < 0.25 and (others := _ways(context)):
        way = others[int(random.integers(len(others)))]
        context, values = way.context, convention_values(values, way.found.forms)
    derivation = context.derivation
    carries = int(random.integers(2, 7)) if random.random() < 0.5 else None
    wanted = list(derivation.equations)
    chosen = wanted[int(random.integers(len(wanted)))].name
    own = {given.name: values[given.name] for given in derivation.givens}
    for equation in derivation.equations:
        with np.errstate(all="ignore"):
            value = evaluate(equation.expression, own)
            if equation.name == chosen and 0.2 <= kind < 0.9:
                value = mistaken(equation, context, own, value, kind, random)
        own[equation.name] = value if carries is None else np.round(value, carries)
    return own


def mistaken(equation: Any, context: Any, own: Any, value: Any, kind: float, random: np.random.Generator) -> Any:
    """The value with a mistake, two, or a slip."""
    if kind < 0.75:
        found = distinct(equation, context) if kind < 0.65 else distinct_pairs(equation, context)
        fitting = [other for other, _ in found if other.shape == equation.expression.shape]
        if fitting:
            other = fitting[int(random.integers(len(fitting)))]
            try:
                wrong = evaluate(other, {**context.constants, **own})
            except KeyError:  # a parameter after its update
                wrong = value
            if np.isfinite(wrong).all():
                return wrong
    slipped = np.array(np.broadcast_to(value, equation.expression.shape or (1, 1)))
    slipped.flat[int(random.integers(slipped.size))] += float(random.choice([-1, 1, 0.1, -0.1, 0.01]))
    return slipped


def typed(value: np.ndarray, decimals: int) -> list[str]:
    """The cells as they are typed."""
    return [f"{number:.{decimals}f}" for number in np.round(value, decimals).ravel().tolist()]


def hand_ins(solved: dict[str, Exercise], count: int, random: np.random.Generator) -> Iterator[HandIn]:
    """So many hand-ins of the whole sheet."""
    for _ in range(count):
        decimals, hand_in = int(random.integers(2, 7)), {}
        blank = 0.3 if random.random() < 0.25 else 0.0
        nonsense = random.random() < 0.03
        works: dict[int, dict[str, np.ndarray]] = {}
        for name, one in solved.items():
            known = works.setdefault(id(one.solution), {}) or worked([one], random)
            works[id(one.solution)] = known
            cells: Cells = {}
            for asked in dict.fromkeys(each.partition("[")[0] for each in one.asked):
                if asked in one.solution.setting.words:
                    cells[asked] = [str(one.solution.setting.words[asked].value)]
                elif random.random() >= blank:
                    value = np.broadcast_to(known[asked], one.solution.derivation.shapes()[asked] or (1, 1))
                    own = random.normal(size=value.shape) if nonsense else value
                    if np.isfinite(own).all():
                        cells[asked] = typed(own, decimals)
            hand_in[name] = cells
        yield hand_in


def as_typed(hand_in: HandIn, solved: dict[str, Exercise]) -> dict[str, dict[str, object]]:
    """The hand-in as `check` reads it."""
    found: dict[str, dict[str, object]] = {}
    for name, cells in hand_in.items():
        shapes = solved[name].solution.derivation.shapes()
        found[name] = {}
        for asked, texts in cells.items():
            shape = shapes.get(asked, ()) or (1, 1)
            lists: Any = np.array(texts, dtype=object).reshape(shape).tolist()
            found[name][asked] = lists if asked in shapes else texts[0]
    return found


def by_node(tasks: Tasks, given: list[HandIn]) -> tuple[list[dict[str, Any]], float]:
    """What the page says, and how long it took."""
    sheet = {**tasks.derivations.data(), "tasks": tasks.tasks, "works": tasks.works}
    data = {
        "sheet": sheet,
        "values": [values_of(one) for one in tasks.solutions],
        "hand_ins": given,
        "words": _words(ENGLISH),
    }
    source = f"{program(files=(*MARKING, 'saying'))}\nconst run = (data) => {{{MARKED}}};\n" + (
        'process.stdout.write(JSON.stringify(run(JSON.parse(require("fs").readFileSync(0, "utf8")))));'
    )
    node = shutil.which("node")
    assert node, "Node is needed"
    ran = subprocess.run([node, "-e", source], input=json.dumps(data), capture_output=True, text=True)
    if ran.returncode:
        raise SystemExit(ran.stderr[-3000:])
    found = json.loads(ran.stdout)
    return found["found"], found["milliseconds"]


def main() -> None:
    """Mark the same hand-ins twice, and compare."""
    parser = argparse.ArgumentParser(description="does the page mark as check does?")
    parser.add_argument("--each", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--sheets", nargs="+", default=SHEETS)
    parser.add_argument("--examples", type=int, default=3)
    options = parser.parse_args()
    total: Counter[str] = Counter()
    for name in options.sheets:
        sheet = find_sheet(name)
        tasks, solved = tasks_of(sheet)
        random = np.random.default_rng(options.seed)
        given = list(hand_ins(solved, options.each, random))
        start = process_time()
        reports = check_class(sheet, {str(place): as_typed(one, solved) for place, one in enumerate(given)})
        checked = process_time() - start
        pages, milliseconds = by_node(tasks, given)
        for place, (one, page) in enumerate(zip(given, pages, strict=True)):
            if not is_same(reports[place], page, solved):  # by itself, as the page marks it
                reports[place] = check_hand_in(sheet, as_typed(one, solved))
        count = compared(given, reports, pages, solved, options.examples)
        total += count
        times = np.array([one["took"] for one in pages])
        at_once = (
            f"at once {np.median(times):.1f} ms, 95 % in {np.quantile(times, 0.95):.1f}, at most {times.max():.0f}"
        )
        print(
            f"{name:<32} first {count['first']}/{count['all']}  named {count['named']}/{count['wrong']}  "
            f"steps {count['steps']}/{count['of steps']}  cells {count['cells']}/{count['of cells']}  "
            f"page {at_once}; with pairs {(milliseconds - times.sum()) / len(given):.1f}  "
            f"check {1000 * checked / len(given):.1f} ms",
            flush=True,
        )
    print(f"{'all':<32} first {count_of(total, 'first', 'all')}  named {count_of(total, 'named', 'wrong')}  "
          f"steps {count_of(total, 'steps', 'of steps')}  cells {count_of(total, 'cells', 'of cells')}  "
          f"seen {count_of(total, 'seen', 'of seen')}, otherwise {total['other']}")  # fmt: skip


def count_of(total: Counter[str], part: str, of: str) -> str:
    return f"{total[part]}/{total[of]} = {100 * total[part] / max(1, total[of]):.2f} %"


def is_same(report: HandInReport, page: dict[str, Any], solved: dict[str, Exercise]) -> bool:
    """Whether every cell has the same verdict, and every step the same mistakes."""
    return all(
        [WORDS[cell] for cell, word in zip(page["steps"][task.id][name][0], flat(result), strict=True) if word]
        == [word for word in flat(result) if word]
        and set(page["steps"][task.id][name][1] or []) == set(result.mistakes)
        for task in report.tasks
        if task.id in solved
        for name, result in task.report.items()
    )


def flat(result: Result) -> list[str]:
    """The verdicts on all cells."""
    return [word for line in result.cells for word in line]


def compared(given: Any, reports: Any, pages: Any, solved: dict[str, Exercise], examples: int) -> Counter[str]:
    """How much is the same."""
    count: Counter[str] = Counter()
    for hand_in, report, page in zip(given, reports, pages, strict=True):
        steps = {task.id: task.report for task in report.tasks if task.id in solved}
        first = next(((name, one.first_wrong) for name, one in steps.items() if one.first_wrong is not None), None)
        count["all"] += 1
        same = (list(first) if first else None) == page["first"]
        count["first"] += same
        if first:
            result = steps[first[0]][first[1]]
            found = page["steps"][first[0]][first[1]][1] or []
            count["wrong"] += 1
            same_names = set(result.mistakes) == set(found)
            count["named"] += same_names
            if not same_names and examples > 0:
                print("  NAMED", first, result.mistakes, found, result.message[:200], hand_in[first[0]])
                examples -= 1
        if not same and examples > 0:
            print("  FIRST", first, page["first"], steps[first[0]][first[1]] if first else "", hand_in)
            examples -= 1
        for task, one in steps.items():
            for name, result in one.items():
                cells = [WORDS[cell] for cell in page["steps"][task][name][0]]
                own = flat(result)
                same_cells = [mine == theirs for mine, theirs in zip(cells, own, strict=True) if theirs]
                count["cells"] += sum(same_cells)
                count["of cells"] += len(same_cells)
                said = page["steps"][task][name][2]
                seen = say(ENGLISH, "step.seen", words="")[:-1]
                if result.message.startswith(seen) or said:
                    count["of seen"] += 1
                    count["seen"] += bool(said) and result.message.startswith(said)
                    count["other"] += bool(said) and not result.message.startswith(said)
                count["steps"] += all(same_cells)
                count["of steps"] += 1
                if not all(same_cells) and examples > 0:
                    print(
                        "  STEP",
                        task,
                        name,
                        cells,
                        own,
                        result,
                        page["steps"][task][name][1],
                        report.tasks[0].report.notes,
                        hand_in,
                    )
                    examples -= 1
    return count


if __name__ == "__main__":
    main()
