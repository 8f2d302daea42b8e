"""A notebook for nbgrader: a cell to answer each exercise in, and hidden tests that hold the answers.

Source: nbgrader's metadata, schema version 3. `nbgrader generate_assignment` takes the hidden tests away, so that what
students get holds no answers. Of several items the first is written: a notebook is one assignment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

from chalkwork.classroom.exports.questions import FIELDS, Field, Item
from chalkwork.documents.markdown import to_markdown
from chalkwork.documents.model import Block, Code, Document
from chalkwork.errors import ChalkworkError
from chalkwork.solutions.notebook import code_cell, notebook_of, text_cell
from chalkwork.typesetting.code import identifiers

POINTS = 100


def write(items: Sequence[Item], partial: int) -> str:
    """The notebook; a named mistake earns nothing in it."""
    if len(items) > 1:
        raise ChalkworkError("a notebook is one assignment", hint="export one variant: vary, then export its sheet")
    (item,) = items
    fields = item.fields()
    cells: list[dict[str, Any]] = [text_cell(f"# {' '.join(item.title.split())}")]
    waiting: list[Block] = []
    for block in item.posed():
        if not (isinstance(block, Code) and block.language == FIELDS):
            waiting.append(block)
            continue
        cells += [text_cell(_markdown(waiting)), *_cells(item, block.text, fields.get(block.text, []))]
        waiting = []
    if waiting:
        cells.append(text_cell(_markdown(waiting)))
    return notebook_of(cells)


def _markdown(blocks: Sequence[Block]) -> str:
    return to_markdown(Document("", tuple(blocks))).partition("\n")[2].strip()


def _cells(item: Item, task: str, fields: Sequence[Field]) -> Iterator[dict[str, Any]]:
    """The cell to fill in, and a test for each thing that is asked."""
    if not fields:
        return
    known = identifiers(item.exercises[task].solution)
    names = {field.name: known.get(field.name) or _plain(field.name) for field in fields}
    lines = [f"{names[field.name]} = {_empty(field)}" for field in fields]
    yield _graded(code_cell("\n".join(["import numpy as np", "", *lines])), f"{task}-answers", solution=True)
    for field in fields:
        cell = code_cell("\n".join(_test(field, names[field.name])))
        weight = field.weight + sum(one.weight for row in field.cells for one in row)
        yield _graded(cell, f"{task}-{_plain(field.name)}", points=round(float(weight * POINTS), 6))


def _empty(field: Field) -> str:
    if not field.cells:
        return f'"..."  # {", ".join(field.choices)}' if field.choices else '"..."'
    row = f"[{', '.join(['None'] * len(field.cells[0]))}]"
    return f"[{', '.join([row] * len(field.cells))}]" if len(field.cells) > 1 or len(field.cells[0]) > 1 else "None"


def _test(field: Field, name: str) -> Iterator[str]:
    yield "### BEGIN HIDDEN TESTS"
    if field.cells:
        values = [[float(f"{cell.value:.15g}") for cell in row] for row in field.cells]
        rooms = [[float(f"{cell.tolerance:.6g}") for cell in row] for row in field.cells]
        yield f"given = np.array({name}, dtype=float).reshape(np.shape({values}))"
        yield f"assert np.all(np.abs(given - {values}) <= {rooms})"
    else:
        yield f'assert str({name}).strip().lower().replace("-", " ") == {field.word.lower().replace("-", " ")!r}'
    yield "### END HIDDEN TESTS"


def _graded(cell: dict[str, Any], name: str, points: float = 0.0, solution: bool = False) -> dict[str, Any]:
    grade = {"grade": not solution, "grade_id": _plain(name), "locked": not solution, "schema_version": 3}
    grade |= {"solution": solution, "task": False} | ({} if solution else {"points": points})
    return cell | {"metadata": {"nbgrader": grade}}


def _plain(name: str) -> str:
    """Letters, digits and lines alone; what had others has a mark of its own."""
    plain = "".join(sign if sign.isascii() and (sign.isalnum() or sign == "_") else "_" for sign in name)
    same = plain.replace("_", "-") == name.replace("_", "-")
    return plain if same else f"{plain}_{sha256(name.encode()).hexdigest()[:6]}"
