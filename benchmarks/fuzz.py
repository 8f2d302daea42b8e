"""Random sheets through the whole pipeline, to find anything that is not an explained error.

    python benchmarks/fuzz.py [SECONDS] [--seed N] [--slow SECONDS] [--keep FOLDER]

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
from time import perf_counter, process_time

from chalkwork.documents.literal import shown
from chalkwork.documents.markdown import to_markdown
from chalkwork.documents.terminal import to_text
from chalkwork.errors import ChalkworkError
from chalkwork.sheets.document import Show, workbook
from chalkwork.sheets.format import parse_sheet
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


def run(seconds: float, seed: int, slow: float, keep: Path | None) -> int:
    """Mutate and solve until the time is up; the result is how many sheets ended otherwise than they may."""
    warnings.simplefilter("error")
    outcomes: Counter[str] = Counter()
    found: Counter[str] = Counter()
    end = perf_counter() + seconds
    number = seed
    while perf_counter() < end:
        chance = random.Random(number)
        source, show = mutated(chance.choice(SHEETS), chance), chance.choice(SHOWS)
        start = process_time()
        try:
            through(source, show)
            outcome = "solved"
        except ChalkworkError as error:
            outcome = f"refused ({type(error).__name__})"
            if _PYTHON.search(str(error)) and not _PYTHON.search(source):
                _report(found, f"a message for programmers: {error!s:.200}", number)
                _kept(keep, number, source)
        except Exception as error:
            outcome = "FAILED"
            last = traceback.extract_tb(error.__traceback__)[-1]
            _report(found, f"{type(error).__name__}: {error!s:.100} at {last.name}:{last.lineno}", number)
            _kept(keep, number, source)
        took = process_time() - start
        if took > slow:
            _report(found, f"slow, {outcome}: more than {slow:g} s", number)
            _kept(keep, number, source)
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


def _kept(keep: Path | None, number: int, source: str) -> None:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        (keep / f"{number}.md").write_text(source, encoding="utf-8")


def main() -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description="Random sheets through the whole pipeline.")
    parser.add_argument("seconds", type=float, nargs="?", default=20.0, help="how long to go on (20)")
    parser.add_argument("--seed", type=int, default=0, help="the number of the first sheet (0)")
    parser.add_argument("--slow", type=float, default=5.0, help="seconds of one core above which a sheet is slow (5)")
    parser.add_argument("--keep", type=Path, help="a folder for the sheets that fail or are slow")
    options = parser.parse_args()
    return 1 if run(options.seconds, options.seed, options.slow, options.keep) else 0


if __name__ == "__main__":
    sys.exit(main())
