"""Gradescope: an autograder that marks hand-ins with Chalkwork's own check, the program itself inside.

Source: Gradescope's documentation of autograders: `setup.sh`, `run_autograder`, `results.json`. A hand-in is any file
that `chalkwork check` reads. Of several variants a student's is the one whose code stands in the file or in its name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import chalkwork
from chalkwork.classroom.exports.letters import as_it_is
from chalkwork.classroom.exports.packing import zipped
from chalkwork.classroom.exports.questions import Item
from chalkwork.errors import ChalkworkError

_SETUP = """#!/usr/bin/env bash
set -e
python=python3
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    python=python3.11
fi
apt-get update -qq
apt-get install -y -qq $python $python-venv
$python -m venv /autograder/python
/autograder/python/bin/pip install --quiet {packages}
"""
_RUN = """#!/usr/bin/env bash
here="$(dirname "$0")"
"${{PYTHON:-/autograder/python/bin/python}}" "$here/autograder.py" "${{1:-/autograder}}"
"""
_AUTOGRADER = '''"""Marks what lies in ROOT/submission and writes ROOT/results/results.json."""

import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from chalkwork.checking.reading.files import READERS, read_answers
from chalkwork.errors import ChalkworkError
from chalkwork.sheets import read_sheet
from chalkwork.sheets.check import check_hand_in


def sheet_for(path):
    """The sheet of the variant whose code the file bears; the only one, where there are none."""
    sheets = sorted((HERE / "sheets").glob("*.md"))
    if len(sheets) == 1:
        return sheets[0]
    said = path.name + " " + path.read_bytes().decode(errors="replace")
    found = [sheet for sheet in sheets if sheet.stem in said]
    if len(found) != 1:
        raise ChalkworkError("the code of the variant stands neither in the file nor in its name, or several do")
    return found[0]


def results(folder):
    """What Gradescope shows: a test for each step, with its points and what is said of it."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix.lower() in READERS)
    if len(files) != 1:
        return {"score": 0, "output": f"One file of answers is expected, but {len(files)} are there: one of "
                f"{', '.join(READERS)}."}
    try:
        report = check_hand_in(read_sheet(sheet_for(files[0])), read_answers(files[0]), files[0].name)
    except ChalkworkError as error:
        return {"score": 0, "output": str(error)}
    parts = [task for task in report.tasks if task.report]
    stated = any(task.points for task in parts)
    tests = []
    for task in parts:
        whole = float(task.points or 0) if stated else POINTS / len(parts)
        credit = float(task.report.credit())
        given = sum(result.credit for result in task.report.values())
        for name, result in task.report.items():
            most = whole / len(task.report)
            earned = most * (result.credit * credit * len(task.report) / given if given else 0)
            tests.append({"name": f"({task.id}) {name}: {result.verdict}", "score": round(earned, 6),
                          "max_score": round(most, 6), "output": result.message, "output_format": "text"})
    score = sum(test["score"] for test in tests)
    return {"score": round(score, 4), "output": "\\n".join(report.unused), "tests": tests}


POINTS = 100
if __name__ == "__main__":
    root = Path(sys.argv[1])
    (root / "results").mkdir(exist_ok=True)
    text = json.dumps(results(root / "submission"), ensure_ascii=False, indent=1)
    (root / "results" / "results.json").write_text(text, encoding="utf-8")
'''
formula = as_it_is


def write(items: Sequence[Item], partial: int) -> bytes:
    """The autograder; `partial` has no place in it, since the sheet says what its answers earn."""
    sheets = {f"sheets/{item.code or 'sheet'}.md": _text(item) for item in items}
    packages = " ".join(f"'{each}'" for each in _packages())
    files: dict[str, str | bytes] = {
        "setup.sh": _SETUP.format(packages=packages),
        "run_autograder": _RUN.format(),
        "autograder.py": _AUTOGRADER,
    }
    return zipped({**files, **sheets, **dict(_program())})


def _text(item: Item) -> str:
    if item.text:
        return item.text
    try:
        return Path(item.sheet.file).read_text(encoding="utf-8")
    except (OSError, ValueError):
        raise ChalkworkError("the autograder holds the sheet, which is in no file", file=item.sheet.file) from None


def _packages() -> list[str]:
    """What the program needs, as its own metadata say."""
    try:
        needed = requires("chalkwork") or []
    except PackageNotFoundError:
        needed = ["numpy", "pyyaml", "rich", "joblib", "contourpy"]
    return [each.replace(" ", "") for each in needed if ";" not in each]


def _program() -> Iterator[tuple[str, bytes]]:
    root = Path(chalkwork.__file__).parent
    for path in sorted(root.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts and "shipped" not in path.parts:
            yield f"chalkwork/{path.relative_to(root).as_posix()}", path.read_bytes()
