"""Solutions as files: the table of formats."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from fractions import Fraction
from math import isfinite
from pathlib import Path
from typing import Any
from urllib.parse import quote

from chalkwork.drawings.drawing import Drawing
from chalkwork.errors import ChalkworkError
from chalkwork.files import write_aside, write_together
from chalkwork.solutions.workbook import Answered, SolvedTask, Workbook
from chalkwork.typesetting.equations import typeset


def to_json(workbook: Workbook) -> str:
    """The equations of every task as JSON: name, stage, reason, latex, text and value, in full double precision.

    Beside those of a block of the laboratory stand the values that it starts from, what was found in words, and the
    facts besides the equations, by name.

    >>> from chalkwork.networks.graph import Graph
    >>> from chalkwork.solutions.workbook import Workbook
    >>> print(to_json(Workbook.of(Graph("c = a + b").solve(a=2, b=1), "A sum"))[:70])
    {"tasks": [{"id": "solution", "points": null, "equations": [{"name": "
    """
    data: dict[str, Any] = {"tasks": [_task(task) for task in workbook.tasks]}
    if workbook.answers:
        data["answers"] = [_answered(answer) for answer in workbook.answers]
    return json.dumps(data, ensure_ascii=False, allow_nan=False) + "\n"


def _task(task: SolvedTask) -> dict[str, Any]:
    writer = task.solution.writer()
    equations = []
    for equation in task.equations:
        work = typeset(equation, writer)
        equations.append(
            {
                "name": work.name,
                "stage": work.stage,
                "reason": work.reason_text,
                "latex": work.latex,
                "text": work.text,
                "value": None if task.solution.setting.letters_only else task.solution[equation.name].tolist(),
            }
        )
    data: dict[str, Any] = {"id": task.id, "points": _points(task.points), "equations": equations}
    setting = task.solution.setting
    if setting.script and not setting.letters_only:
        data["givens"] = {given.name: task.solution[given.name].tolist() for given in task.solution.derivation.givens}
    if setting.words:
        data["words"] = {name: word.value for name, word in setting.words.items()}
    if setting.facts:
        data["facts"] = _plain(setting.facts)
    return data


def _answered(answer: Answered) -> dict[str, Any]:
    values = {name: _plain(value) for name, value in answer.values.items()}
    return {"id": answer.id, "points": _points(answer.points), "kind": answer.kind, "values": values}


def _plain(value: Any) -> Any:
    """Values as JSON has them; what is no finite number is its name."""
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if isfinite(value) else str(value)
    return str(value)


def _points(points: Fraction | None) -> float | int | None:
    if points is None:
        return None
    return points.numerator if points.denominator == 1 else float(points)


def _save_json(workbook: Workbook, path: Path) -> None:
    write_aside(path, to_json(workbook))


def _save_markdown(workbook: Workbook, path: Path) -> None:
    from chalkwork.documents.markdown import to_markdown

    drawings: dict[str, str] = {}

    def beside(number: int, figure: Drawing) -> str:
        """A drawing is a file of its own, so that the Markdown can be read as it is."""
        name = f"{path.stem}-figure-{number}.svg"
        drawings[name] = figure.svg
        return quote(name)

    text = to_markdown(workbook.document, beside)
    write_together({path: text, **{path.with_name(name): svg for name, svg in drawings.items()}})


def _save_plain(workbook: Workbook, path: Path) -> None:
    from chalkwork.documents.terminal import to_text

    write_aside(path, to_text(workbook.document) + "\n")


def _save_html(workbook: Workbook, path: Path) -> None:
    from chalkwork.documents.pandoc import to_html

    write_aside(path, to_html(workbook.document))


def _save_latex(workbook: Workbook, path: Path) -> None:
    from chalkwork.documents.pandoc import to_latex

    write_aside(path, to_latex(workbook.document))


def _save_pdf(workbook: Workbook, path: Path) -> None:
    from chalkwork.documents.pandoc import to_pdf

    to_pdf(workbook.document, path)


def _save_docx(workbook: Workbook, path: Path) -> None:
    from chalkwork.documents.pandoc import to_docx

    to_docx(workbook.document, path)


def _save_notebook(workbook: Workbook, path: Path) -> None:
    from chalkwork.solutions.notebook import to_notebook

    write_aside(path, to_notebook(workbook))


EXPORTERS: dict[str, Callable[[Workbook, Path], None]] = {
    ".md": _save_markdown,
    ".html": _save_html,
    ".pdf": _save_pdf,
    ".tex": _save_latex,
    ".docx": _save_docx,
    ".ipynb": _save_notebook,
    ".json": _save_json,
    ".txt": _save_plain,
}
"""How a workbook is written, by the suffix of the file."""


def save(workbook: Workbook, path: str | Path) -> None:
    """Write the workbook in the format that the suffix names.

    Raises ChalkworkError for an unknown suffix or a file that cannot be written.

    >>> from chalkwork.networks.graph import Graph
    >>> from chalkwork.solutions.workbook import Workbook
    >>> save(Workbook.of(Graph("c = a + b").solve(a=2, b=1), "A sum"), "sum.xyz")
    Traceback (most recent call last):
        ...
    chalkwork.errors.ChalkworkError: sum.xyz has no known suffix; use .md, .html, .pdf, .tex, .docx, .ipynb, .json, .txt
    """
    target = Path(path)
    exporter = EXPORTERS.get(target.suffix.lower())
    if exporter is None:
        raise ChalkworkError(f"{target.name} has no known suffix; use {', '.join(EXPORTERS)}")
    exporter(workbook, target)
