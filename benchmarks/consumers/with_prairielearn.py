"""Marks hand-ins with PrairieLearn's elements.

    python with_prairielearn.py FOLDER_OF_PRAIRIELEARN < {"question": FOLDER, "answers": [{"c1": "0.5"}]}

The page is filled in, its elements prepare, parse and grade what was submitted, then `server.py` grades.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import chevron
import lxml.html

ROOT = Path(sys.argv[1]) / "apps" / "prairielearn"
sys.path.insert(0, str(ROOT / "python"))


def module(path: Path, name: str) -> ModuleType:
    """A file as a module."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


ELEMENTS = {name: module(ROOT / "elements" / name / f"{name}.py", name.replace("-", "_"))
            for name in ("pl-number-input", "pl-multiple-choice", "pl-string-input", "pl-symbolic-input")}  # fmt: skip


def through(page: str, data: dict[str, Any], step: str) -> None:
    """Every element of the page does a step."""
    for element in lxml.html.fragment_fromstring(f"<div>{page}</div>").iter(*ELEMENTS):
        element.tail = None
        os.chdir(ROOT / "elements" / element.tag)
        getattr(ELEMENTS[element.tag], step)(lxml.html.tostring(element).decode(), data)


def marked(folder: Path, answers: dict[str, str]) -> dict[str, Any]:
    """One hand-in."""
    server = module(folder / "server.py", "server")
    empty = "params correct_answers submitted_answers raw_submitted_answers format_errors partial_scores answers_names"
    data: dict[str, Any] = {name: {} for name in [*empty.split(), "feedback", "extensions"]}
    data |= {"score": 0, "variant_seed": "0", "options": {"question_path": str(folder)}, "panel": "question"}
    data |= {"editable": True, "num_valid_submissions": 0}
    server.generate(data)
    page = chevron.render((folder / "question.html").read_text(), data)
    through(page, data, "prepare")
    for name, words in data["params"].items():
        if name.startswith("w") and isinstance(words, list) and name in answers:
            answers = {**answers, name: next((one["key"] for one in words if one["html"] == answers[name]), "")}
    data["submitted_answers"] = dict(answers)
    data["raw_submitted_answers"] = dict(answers)
    through(page, data, "parse")
    if data["format_errors"]:  # the platform asks for another answer, and marks nothing
        return {"score": 0.0, "errors": data["format_errors"], "feedback": []}
    through(page, data, "grade")
    server.grade(data)
    drawn = lxml.html.fragment_fromstring(f"<div>{page}</div>")
    for element in drawn.iter(*ELEMENTS):
        os.chdir(ROOT / "elements" / element.tag)
        ELEMENTS[element.tag].render(lxml.html.tostring(element, with_tail=False).decode(), data)
    said = [one.get("feedback") for one in data["partial_scores"].values() if isinstance(one.get("feedback"), str)]
    return {"score": data["score"], "errors": data["format_errors"], "feedback": [one for one in said if one]}


if __name__ == "__main__":
    job = json.load(sys.stdin)
    json.dump([marked(Path(job["question"]), answers) for answers in job["answers"]], sys.stdout)
