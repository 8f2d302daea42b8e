"""A notebook for nbgrader: a cell to answer each exercise in, and hidden tests that hold the answers and mark them.

Source: nbgrader's metadata, schema version 3. `nbgrader generate_assignment` takes the hidden tests away, so that what
students get holds no answers. Of several items the first is written: a notebook is one assignment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

from chalkwork.classroom.exports.letters import as_it_is
from chalkwork.classroom.exports.python_marks import GIVEN, MARKS, data_source, hints_of
from chalkwork.classroom.exports.questions import FIELDS, Field, Item
from chalkwork.documents.markdown import to_markdown
from chalkwork.documents.model import Block, Code, Document
from chalkwork.errors import ChalkworkError
from chalkwork.solutions.notebook import code_cell, notebook_of, text_cell
from chalkwork.typesetting.code import identifiers
from chalkwork.words import say

POINTS = 100
_CREDIT = '''

def earned(first, weights):
    """The points of the numbers from `first` on, and what is said of them."""
    marked = marks(GIVEN, CELLS_1, FOLLOWS_1, SHARE, PARTIAL)
    found = [marked[cell] for cell in range(first, first + len(weights))]
    for said in dict.fromkeys(said for _, said in found if said):
        print(said)
    return round(sum(weight * credit for weight, (credit, _) in zip(weights, found)), 9)
'''
formula = as_it_is


def write(items: Sequence[Item], partial: int) -> str:
    """The notebook; of several items there is none."""
    if len(items) > 1:
        raise ChalkworkError("a notebook is one assignment", hint="export one variant: vary, then export its sheet")
    (item,) = items
    cells: list[dict[str, Any]] = [text_cell(f"# {' '.join(item.title.split())}")]
    setting = _setting(item, partial)
    number = 1
    for blocks, task, fields in cells_of(item):
        if blocks:
            cells.append(text_cell(markdown_of(blocks)))
        if not fields:
            continue
        names = named(item, task, fields)
        lines = [f"{names[field.name]} = {empty(field)}" for field in fields]
        cells.append(code_cell("\n".join(["import numpy as np", "", *lines])))  # no solution cell: these are emptied
        for field in fields:
            weights = [float(cell.weight * POINTS) for cell in field.numbers]
            tests = _test(field, names[field.name], number, weights)
            cell = code_cell("\n".join([_BEGIN, *setting, *tests, _END]))
            setting, number = [], number + len(weights)
            points = sum(weights) + float(field.weight * POINTS)
            cells.append(_graded(cell, f"{task}-{plain_name(field.name)}", round(points, 9)))
    return notebook_of(cells)


_BEGIN, _END = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"


def _setting(item: Item, partial: int) -> list[str]:
    """What the tests stand on, in the first of them."""
    hints = hints_of([item])
    return [
        "import math",
        f"HINTS, FOLLOWS = {hints!r}, {say(item.sheet.language, 'step.follows')!r}",
        f"SHARE, PARTIAL, GIVEN = {float(item.follows)!r}, {partial / 100!r}, {{}}",
        *data_source(item, hints, "1"),
        GIVEN + MARKS + _CREDIT,
    ]


def cells_of(item: Item) -> Iterator[tuple[list[Block], str, list[Field]]]:
    """What stands before each place for answers, and what is answered there; no fields at the end."""
    fields = item.fields()
    waiting: list[Block] = []
    for block in item.posed():
        if isinstance(block, Code) and block.language == FIELDS:
            yield waiting, block.text, fields.get(block.text, [])
            waiting = []
        else:
            waiting.append(block)
    yield waiting, "", []


def markdown_of(blocks: Sequence[Block]) -> str:
    """The blocks as Markdown."""
    return to_markdown(Document("", tuple(blocks))).partition("\n")[2].strip()


def named(item: Item, task: str, fields: Sequence[Field]) -> dict[str, str]:
    """What the fields are called in a program."""
    known = identifiers(item.exercises[task].solution)
    return {
        field.name: field.formula.names[field.name]
        if field.formula
        else known.get(field.name) or plain_name(field.name)
        for field in fields
    }


def empty(field: Field) -> str:
    """The field with nothing in it, as source."""
    if field.formula is not None:
        return f"lambda {', '.join(field.formula.before(field.name))}: None"
    if not field.cells:
        return f'"..."  # {", ".join(field.choices)}' if field.choices else '"..."'
    row = f"[{', '.join(['None'] * len(field.cells[0]))}]"
    return f"[{', '.join([row] * len(field.cells))}]" if len(field.cells) > 1 or len(field.cells[0]) > 1 else "None"


def formula_test(field: Field, name: str) -> str:
    """A formula at a point, as source."""
    formula = field.formula
    assert formula is not None
    given = [formula.letters[word] for word in formula.before(field.name)]
    return f"same({name}, {given!r}, {formula.value!r}, {formula.room:.6g})"


def _test(field: Field, name: str, first: int, weights: Sequence[float]) -> Iterator[str]:
    if field.formula is not None:
        yield f"assert {formula_test(field, name)}"
    elif field.cells:
        yield f"GIVEN.update(typed({name}, {first}, {len(field.cells)}, {len(field.cells[0])}))"
        yield f"earned({first}, {weights!r})"
    else:
        yield f'assert str({name}).strip().lower().replace("-", " ") == {field.word.lower().replace("-", " ")!r}'


def _graded(cell: dict[str, Any], name: str, points: float) -> dict[str, Any]:
    grade = {"grade": True, "grade_id": plain_name(name), "locked": True, "schema_version": 3, "points": points}
    return cell | {"metadata": {"nbgrader": grade | {"solution": False, "task": False}}}


def plain_name(name: str) -> str:
    """Letters, digits and lines alone; what had others has a mark of its own."""
    plain = "".join(sign if sign.isascii() and (sign.isalnum() or sign == "_") else "_" for sign in name)
    same = plain.replace("_", "-") == name.replace("_", "-")
    return plain if same else f"{plain}_{sha256(name.encode()).hexdigest()[:6]}"
