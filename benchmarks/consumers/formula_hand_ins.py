"""Five hand-ins of formulas in letters to each platform that marks them, beside what `check` gives.

    python benchmarks/consumers/formula_hand_ins.py [PLATFORM ...] --tools FOLDER

As the solution has it; otherwise but right; a factor too many or too few; of another shape; nonsense. Each is written
as the platform has formulas, from the same expressions.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from consumers_marks import CONSUMERS, Missing
from five_hand_ins import HandIn

from chalkwork.classroom.exports import items_of
from chalkwork.classroom.exports.letters import as_it_is
from chalkwork.sheets import read_sheet
from chalkwork.sheets.check import check_hand_in

KINDS = ("right", "otherwise", "a factor", "another shape", "nonsense")
MATRICES = """
```graph
equations: "s = W x + b; r = s - t; L = r^T r / 2"
```
```task
id: a
values: {W: 2x3, x: 3x1, b: 2x1, t: 2x1}
ask: [s, L, dL/ds, dL/dW, dL/dx]
```
"""
TYPED = {
    "s": ("W @ x + b", "b + W @ x", "2 * (W @ x) + b", "x", "q"),
    "L": ("r.T @ r / 2", "1/2 * ((W @ x + b - t).T @ r)", "r.T @ r", "r", "1/"),
    "dL/ds": ("s - t", "W @ x + b - t", "t - s", "(s - t).T", "dL_dq"),
    "dL/dW": ("(s - t) @ x.T", "r @ x.T", "2 * r @ x.T", "x @ r.T", "W +"),
    "dL/dx": ("W.T @ (s - t)", "(r.T @ W).T", "W.T @ s", "r.T @ W", "))"),
}
NUMBERS = """
```graph
equations: "z = w * x + b; y = sigmoid(z); L = 1/2 (y - t)^2"
```
```task
id: a
values: {w: 1x1, x: 1x1, b: 1x1, t: 1x1}
ask: [z, y, dL/dw]
```
"""
TYPED_NUMBERS = {
    "z": ("w * x + b", "b + x * w", "w * x - b", "w", "q"),
    "y": ("1/(1 + exp(-z))", "exp(z)/(1 + exp(z))", "1/(1 + exp(z))", "z", "1/"),
    "dL/dw": ("(y - t) * y * (1 - y) * x", "x*(y^2 - y^3 - t*y + t*y^2)", "(y - t) * y * x", "x", "(x"),
}


def _maxima(text: str) -> str:
    return _turned(text, "transpose({})").replace("@", ".")


def _numbas(text: str) -> str:
    return _turned(text, "transpose({})").replace("@", "*")


def _numpy(text: str) -> str:
    return text.replace("^", "**").replace("exp(", "np.exp(")


def _turned(text: str, call: str) -> str:
    """The transpose written as a call: of a name, or of what stands in brackets."""
    while found := re.search(r"(\w+|\((?:[^()]|\([^()]*\))*\))\.T", text):
        text = text[: found.start()] + call.format(found[1].removeprefix("(").removesuffix(")")) + text[found.end() :]
    return text


WRITTEN: dict[str, Callable[[str], str]] = {
    "stack": _maxima, "numbas": _numbas, "prairielearn": str, "nbgrader": _numpy, "otter": _numpy,
    "gradescope": str,
}  # fmt: skip


def main() -> int:
    """The table; 1 where a platform gives other marks than `check`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("platforms", nargs="*", default=list(WRITTEN))
    parser.add_argument("--tools", type=Path, required=True)
    options = parser.parse_args()
    wrong = 0
    for title, text, typed in (("matrices", MATRICES, TYPED), ("numbers", NUMBERS, TYPED_NUMBERS)):
        with TemporaryDirectory() as folder:
            path = Path(folder, "sheet.md")
            path.write_text(text, encoding="utf-8")
            wrong += _platform_by_platform(title, path, typed, options)
    return int(wrong > 0)


def _platform_by_platform(
    title: str, path: Path, typed: Mapping[str, tuple[str, ...]], options: argparse.Namespace
) -> int:
    wrong = 0
    (item,) = (replace(one, formulas=as_it_is) for one in items_of(read_sheet(path)))
    hand_ins = [{name: each[place] for name, each in typed.items()} for place in range(len(KINDS))]
    marks = [check_hand_in(item.sheet, {"a": one}).tasks[0].report.credit() for one in hand_ins]
    print(f"\n{title}\n{'':14}{''.join(f'{kind:>15}' for kind in KINDS)}")
    print(f"{'check':14}{''.join(f'{float(one):15.4f}' for one in marks)}")
    for platform in options.platforms:
        if title == "matrices" and platform == "prairielearn":
            continue
        write = WRITTEN[platform]
        values = [{"a": {name: write(formula) for name, formula in one.items()}} for one in hand_ins]
        handed = [HandIn(kind, (), tuple(one["a"].values()), dict(one), float(mark))
                  for kind, one, mark in zip(KINDS, values, marks, strict=True)]  # fmt: skip
        try:
            scores = CONSUMERS[platform](item, handed, options.tools.resolve())
        except (Missing, RuntimeError, ValueError, OSError) as error:
            wrong += not isinstance(error, Missing)
            print(f"{platform:14}{str(error)[:2000]}", flush=True)
            continue
        other = sum(abs(score - one.marks) > 1e-6 for score, one in zip(scores, handed, strict=True))
        wrong += other
        said = "OTHER MARKS" if other else ""
        print(f"{platform:14}{''.join(f'{score:15.4f}' for score in scores)}  {said}", flush=True)
    return wrong


if __name__ == "__main__":
    sys.exit(main())
