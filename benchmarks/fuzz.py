"""Random sheets through the whole pipeline, to find anything that is not an explained error.

    python benchmarks/fuzz.py [SECONDS] [--check] [--seed N] [--slow SECONDS] [--keep FOLDER]

With `--check`, hand-ins to shipped sheets, changed or as they are, go through the marking: the right values with a few
exchanged for awkward ones, in every kind of file, and files that were damaged.

Shipped sheets are mutated: lines deleted, doubled, swapped or taken from another sheet, words and numbers exchanged for
awkward ones, characters dropped or added. What comes out is solved, or refused with a ChalkworkError. Anything else, a
message that names an exception of Python's, and anything slow, is printed with its seed and counted; the exit code is
then 1. The same seed gives the same sheets.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import traceback
import warnings
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

import numpy as np

from chalkwork.checking.reading.files import READERS, read_answers
from chalkwork.documents.literal import shown
from chalkwork.documents.markdown import to_markdown
from chalkwork.documents.terminal import to_text
from chalkwork.errors import ChalkworkError
from chalkwork.sheets.check import View, check_class, expected_data, hand_in_data
from chalkwork.sheets.document import Show, workbook
from chalkwork.sheets.format import parse_sheet
from chalkwork.sheets.overview import overview, to_csv
from chalkwork.sheets.reports import class_document, hand_in_document
from chalkwork.sheets.solve import solve_sheet
from chalkwork.solutions.export import to_json
from chalkwork.solutions.notebook import to_notebook

SHEETS = [path.read_text(encoding="utf-8") for path in sorted((Path(__file__).parents[1] / "sheets").glob("*.md"))]
SHOWS: tuple[Show, ...] = ("solution", "solution", "blanks", "sheet", "form")

_PYTHON = re.compile(r"\b(?:[A-Z][a-z]+)+(?:Error|Exception|Warning|Iteration)\b|Traceback")
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:/\d+)?")
_WORD = re.compile(r"\b[A-Za-z_]{2,}\b")
_SIGNS = "[]{}:,-#`'\"$\\*_|>&!%@^=()0 \t\n\x00é∂\u202e😀"
NUMBERS = (
    "0", "-0.0", "1", "-1", "2", "3", "0.1", "1e-300", "1e300", "1e999", "-1e308", ".nan", ".inf", "-.inf", "1/3",
    "0/0", "999999999999999999999", "true", "null", "''", "[]", "[1]", "[[1, 2], [3]]", "[[]]", "{}", "0x10", "1_000",
    "12:30",
)  # fmt: skip
WORDS = (
    "softmax", "log_softmax", "relu", "relu(at_zero=1)", "leaky_relu(-1)", "elu(0)", "gelu", "silu", "softsign",
    "sigmoid", "identity", "tanh", "squared_error", "cross_entropy", "binary_cross_entropy", "rows", "columns",
    "in_out", "out_in", "entries", "equations", "every_line", "shown", "x", "y", "L", "L_new", "W1", "W9", "delta1",
    "a2[1]", "W1[1,2]", "W1[0,0]", "class", "de/db", "after", "ask", "steps", "long_way", "detail", "rounding",
    "decimals", "significant", "notation", "brackets", "nabla", "true", "false", "null", "nan", "__class__", "x" * 300,
)  # fmt: skip


NAMES = ("z1", "a1", "L", "dW1", "delta_1", "z1[1]", "W1[1,2]", "z1[0]", "h_2", "foo", "task", "x" * 200, "", "∂L/∂W_1")
"""Names in hand-ins, beside those that a sheet asks for."""
ANSWERS: tuple[Any, ...] = (
    *NUMBERS, "", None, True, "a", "[", "]", "[[1,2],[3]]", "[1 2; 3]", r"\frac{1}{0}",
    r"\begin{pmatrix}1\end{pmatrix}", "1e5000", "0e9", "0/0", "--1", "nan", [], [[]], [[[1]]], ["a"], [None], {"a": 1},
    "1,2,3", "½", "٣", "\ud800", "∞",
    "[" * 30, "1" * 5000, "9" * 400 + "/7", "1e-400", "±3", "3 ± 1", "0x1f", "1_0", "np.array([1])", "-", "_", "…",
)  # fmt: skip


def mutated(source: str, chance: random.Random) -> str:
    """The sheet after a few random changes."""
    for _ in range(chance.randint(1, 6)):
        source = chance.choice((_number, _number, _number, _word, _word, _line, _line, _sign))(source, chance)
    return source


def _exchanged(pattern: re.Pattern[str], source: str, new: str, chance: random.Random) -> str:
    places = list(pattern.finditer(source))
    if not places:
        return source
    place = chance.choice(places)
    return source[: place.start()] + new + source[place.end() :]


def _number(source: str, chance: random.Random) -> str:
    return _exchanged(_NUMBER, source, chance.choice(NUMBERS), chance)


def _word(source: str, chance: random.Random) -> str:
    return _exchanged(_WORD, source, chance.choice(WORDS), chance)


def _line(source: str, chance: random.Random) -> str:
    lines = source.split("\n")
    place, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    match chance.randrange(4):
        case 0:
            del lines[place]
        case 1:
            lines.insert(other, lines[place])
        case 2:
            lines[place], lines[other] = lines[other], lines[place]
        case _:
            lines.insert(place, chance.choice(chance.choice(SHEETS).split("\n")))
    return "\n".join(lines)


def _sign(source: str, chance: random.Random) -> str:
    place = chance.randrange(len(source) + 1)
    return source[:place] + chance.choice(("", chance.choice(_SIGNS))) + source[place + chance.randint(0, 1) :]


def through(source: str, show: Show) -> None:
    """The sheet in every format that needs no other program."""
    book = workbook(parse_sheet(source), show)
    text = to_text(book.document)
    if text != shown(text):
        raise AssertionError("a terminal would obey this")
    to_markdown(book.document)
    json.loads(to_json(book), parse_constant=_refuse)
    json.loads(to_notebook(book), parse_constant=_refuse)


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


def hand_in(source: str, chance: random.Random) -> tuple[str, str]:
    """A hand-in to the sheet: the suffix of its file and its text, mostly right in most of its values."""
    answers: dict[str, Any] = {}
    try:
        sheet = parse_sheet(source)
        for name, part in solve_sheet(sheet).items():
            asked = dict.fromkeys(
                ask for ask in part.asked if ask not in part.solution.setting.words and chance.random() < 0.9
            )
            answers[name] = {each: _answer(part.solution[each.partition("[")[0]], chance) for each in asked}
            if chance.random() < 0.2:
                answers[name][chance.choice(NAMES)] = chance.choice(ANSWERS)
    except ChalkworkError:
        answers = {"a": {name: chance.choice(ANSWERS) for name in NAMES[:4]}}
    if chance.random() < 0.2:
        answers = dict(next(iter(answers.values()), {}))
    suffix = chance.choice(tuple(READERS))
    text = _as_file(answers, suffix)
    for _ in range(chance.choice((0, 0, 1, 3))):
        text = _sign(text, chance)
    return suffix, text


def _answer(value: Any, chance: random.Random) -> Any:
    """The value with so many digits, or something else altogether."""
    if chance.random() < 0.15:
        return chance.choice(ANSWERS)
    digits = chance.choice((1, 2, 3, 4, 17))
    flat = np.atleast_2d(value)
    rows = [[f"{float(cell):.{digits}g}" for cell in row] for row in flat.reshape(-1, flat.shape[-1])]
    if chance.random() < 0.3:
        chance.choice(rows)[0] = chance.choice(NUMBERS)
    if chance.random() < 0.1:
        rows = [list(row) for row in zip(*rows, strict=True)]
    if chance.random() < 0.05:
        del rows[0]
    if rows and rows[0] and len(rows) == len(rows[0]) == 1:
        return rows[0][0]
    return chance.choice((rows, f"[{'; '.join(' '.join(row) for row in rows)}]"))


def _as_file(answers: dict[str, Any], suffix: str) -> str:
    """Answers by name, or by task and name, in the form of such a file."""
    if suffix in (".yaml", ".yml", ".json"):
        return json.dumps(answers)
    tasks = answers if all(isinstance(each, dict) for each in answers.values()) else {"": answers}
    if suffix == ".csv":
        lines = [f"{task},{name},{value}" for task, each in tasks.items() for name, value in each.items()]
        return "\n".join(["task,name,value", *lines])
    if suffix == ".ipynb":
        cells = [
            {"cell_type": "code", "source": "\n".join([f"# task: {task}", *(f"{n} = {v}" for n, v in each.items())])}
            for task, each in tasks.items()
        ]
        return json.dumps({"cells": cells})
    blocks = [
        "\n".join(["```answers", f"task: {task}", *(f"{name}: {value}" for name, value in each.items()), "```"])
        for task, each in tasks.items()
    ]
    return "\n\n".join(blocks)


def through_check(source: str, suffix: str, text: str) -> None:
    """The hand-in in every report that needs no other program; nothing that goes wrong is caught on the way."""
    sheet = parse_sheet(source)
    solved = solve_sheet(sheet)
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"hand-in{suffix}"
        path.write_bytes(text.encode("utf-8", "replace"))
        answers = read_answers(path)
    with np.errstate(all="ignore"):
        hand_ins = check_class(sheet, {"one": answers, "two": {}})
    str(hand_ins[0])
    overview(hand_ins)
    to_csv(hand_ins)
    json.dumps([hand_in_data(each, expected_data(solved)) for each in hand_ins], allow_nan=False)
    views: tuple[View, ...] = ("tutor", "student")
    for view in views:
        to_text(hand_in_document(solved, hand_ins[0], view))
    to_markdown(class_document(solved, hand_ins))


def case(number: int, check: bool) -> tuple[str, Show, str, str]:
    """The sheet of that number, what is shown of it, and the suffix and the text of the hand-in where there is one."""
    chance = random.Random(number)
    source, show = chance.choice(SHEETS), chance.choice(SHOWS)
    if not check or chance.random() < 0.3:
        source = mutated(source, chance)
    return source, show, *(hand_in(source, chance) if check else ("", ""))


def run(seconds: float, seed: int, slow: float, keep: Path | None, check: bool = False) -> int:
    """Mutate and solve, or check, until the time is up; the result is how many sheets ended otherwise than they may."""
    warnings.simplefilter("error")
    outcomes: Counter[str] = Counter()
    found: Counter[str] = Counter()
    end = perf_counter() + seconds
    number = seed
    while perf_counter() < end:
        source, show, suffix, text = case(number, check)
        start = process_time()
        try:
            if check:
                through_check(source, suffix, text)
            else:
                through(source, show)
            outcome = "marked" if check else "solved"
        except ChalkworkError as error:
            outcome = f"refused ({type(error).__name__})"
            if _PYTHON.search(str(error)) and not _PYTHON.search(source):
                _report(found, f"a message for programmers: {error!s:.200}", number)
                _kept(keep, number, source, suffix, text)
        except Exception as error:
            outcome = "FAILED"
            last = traceback.extract_tb(error.__traceback__)[-1]
            _report(found, f"{type(error).__name__}: {error!s:.100} at {last.name}:{last.lineno}", number)
            _kept(keep, number, source, suffix, text)
        took = process_time() - start
        if took > slow:
            _report(found, f"slow, {outcome}: more than {slow:g} s", number)
            _kept(keep, number, source, suffix, text)
        outcomes[outcome] += 1
        number += 1
    print(f"{number - seed} sheets from seed {seed}: " + ", ".join(f"{n} {what}" for what, n in outcomes.most_common()))
    for what, count in found.most_common():
        print(f"  {count} x {what}")
    return sum(found.values())


def _report(found: Counter[str], what: str, number: int) -> None:
    if not found[what]:
        print(f"seed {number}: {what}", flush=True)
    found[what] += 1


def _kept(keep: Path | None, number: int, source: str, suffix: str, text: str) -> None:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        (keep / f"{number}.md").write_bytes(source.encode("utf-8", "replace"))
        if suffix:
            (keep / f"{number}-hand-in{suffix}").write_bytes(text.encode("utf-8", "replace"))


def main() -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description="Random sheets through the whole pipeline.")
    parser.add_argument("seconds", type=float, nargs="?", default=20.0, help="how long to go on (20)")
    parser.add_argument("--check", action="store_true", help="hand-ins through the marking instead")
    parser.add_argument("--seed", type=int, default=0, help="the number of the first sheet (0)")
    parser.add_argument("--slow", type=float, default=5.0, help="seconds of one core above which a sheet is slow (5)")
    parser.add_argument("--keep", type=Path, help="a folder for the sheets that fail or are slow")
    options = parser.parse_args()
    return 1 if run(options.seconds, options.seed, options.slow, options.keep, options.check) else 0


if __name__ == "__main__":
    sys.exit(main())
