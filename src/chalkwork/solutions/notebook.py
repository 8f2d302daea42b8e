"""Solutions as executable notebooks: every equation with its reason, then the same in NumPy."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from chalkwork.derivation.derivation import Equation
from chalkwork.documents.markdown import to_markdown
from chalkwork.documents.model import Document
from chalkwork.solutions.compose import held_fixed, solution_blocks, stage_title, steps_of
from chalkwork.solutions.workbook import SolvedTask, Workbook
from chalkwork.typesetting.code import definitions, identifiers, numpy_source
from chalkwork.typesetting.equations import fill, typeset
from chalkwork.words import Said, written


def to_notebook(workbook: Workbook) -> str:
    """The workbook as a notebook (nbformat 4.5) that needs NumPy only and computes every value of a task again.

    Answers that are no derivations stand in it as they are written.

    >>> from chalkwork.networks.graph import Graph
    >>> "c = a + b" in to_notebook(Workbook.of(Graph("c = a + b").solve(a=2, b=1), "A sum"))
    True
    """
    cells = [text_cell(f"# {workbook.title}")]
    if workbook.tasks:
        expressions = [equation.expression for task in workbook.tasks for equation in _whole(task)]
        cells.append(code_cell("\n\n\n".join(["import numpy as np", *definitions(expressions)])))
    for task in workbook.tasks:
        cells += _task(task, several=len(workbook.tasks) > 1)
    cells += [text_cell(to_markdown(Document(answer.title, answer.blocks))) for answer in workbook.answers]
    return notebook_of(cells)


def notebook_of(cells: Sequence[dict[str, Any]]) -> str:
    """A Python notebook of these cells, each with a name that follows from its place and text."""
    for number, cell in enumerate(cells):
        cell["id"] = sha256(f"{number}{cell['source']}".encode()).hexdigest()[:12]
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    whole = {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, ensure_ascii=False)


def _whole(task: SolvedTask) -> Sequence[Equation]:
    """Every equation of the task's derivation that its answer needs, whatever the detail asked for."""
    wanted = {equation.name.partition("[")[0] for equation in task.equations}
    return task.solution.derivation.ancestors(wanted)


def _task(task: SolvedTask, several: bool) -> list[dict[str, Any]]:
    solution = task.solution
    writer = solution.writer()
    cells: list[dict[str, Any]] = []
    if solution.setting.script is not None:
        cells.append(text_cell(to_markdown(Document(task.title, tuple(solution_blocks(solution))))))
    elif several:
        cells.append(text_cell(f"## {task.title}"))
    if solution.setting.script is None and (posed := solution.setting.introduction()):
        sentences = [written(sentence, writer.language) for sentence in posed]
        cells.append(text_cell(fill(" ".join(sentences), writer, latex=True)))
    equations = _whole(task)
    used = {name for equation in equations for name in _names(equation)}
    givens = [name for name in solution.derivation.givens if name.name in used]
    words = identifiers(solution)
    numbers = not solution.setting.letters_only
    given = [_assignment(words[name.name], solution.arrays[name.name], name.shape) for name in givens if numbers]
    cells += [code_cell("\n".join(given))] if given else []
    first_held = next((equation for equation in equations if held_fixed(equation, writer)), None)
    steps = steps_of(solution)
    title: Said = ""
    for equation in equations:
        if stage_title(equation, steps) != title:
            title = stage_title(equation, steps)
            cells.append(text_cell(f"### {written(title, writer.language)}"))
        work = typeset(equation, writer)
        said = [work.reason_latex, held_fixed(equation, writer)[0].markdown if equation is first_held else ""]
        cells.append(text_cell("\n\n".join([*filter(None, said), f"$$\n{work.latex}\n$$"])))
        name = words[equation.name]
        cells += [code_cell(f"{name} = {numpy_source(equation.expression, names=words)}\n{name}")] if numbers else []
    return cells


def _names(equation: Equation) -> list[str]:
    from chalkwork.algebra.expression import names_in

    return [name.name for name in names_in(equation.expression)]


def _assignment(name: str, value: Any, shape: tuple[int, ...]) -> str:
    if not shape:
        return f"{name} = {float(value[0, 0])!r}"
    rows = ",\n".join(f"    {_tidy(row)!r}" for row in value.tolist())
    return f"{name} = np.array([\n{rows},\n])"


def _tidy(number: Any) -> Any:
    if isinstance(number, list):
        return [_tidy(part) for part in number]
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def text_cell(source: str) -> dict[str, Any]:
    """A cell of Markdown."""
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def code_cell(source: str) -> dict[str, Any]:
    """A cell of Python."""
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source}
