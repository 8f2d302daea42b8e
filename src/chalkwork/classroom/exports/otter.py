"""Otter-Grader: a master notebook for `otter assign` with hidden tests, and the marking that these call, in a zip.

Source: Otter-Grader's documentation, "Notebook format v1". `otter assign` makes a notebook for students, in which there
are neither answers nor tests, and the autograder. A test for each number; `marks.py` goes into the autograder alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from chalkwork.classroom.exports.letters import as_it_is
from chalkwork.classroom.exports.nbgrader import cells_of, empty, formula_test, markdown_of, named, plain_name
from chalkwork.classroom.exports.packing import zipped
from chalkwork.classroom.exports.python_marks import GIVEN, MARKS, data_source, hints_of
from chalkwork.classroom.exports.questions import Cell, Field, Item
from chalkwork.errors import ChalkworkError
from chalkwork.solutions.notebook import code_cell, notebook_of, text_cell
from chalkwork.words import say

POINTS = 100
_CONFIG = """# ASSIGNMENT CONFIG
name: {name}
files: []
autograder_files: [marks.py]
run_tests: false
export_cell: false
generate: {{show_stdout: true}}"""
_MARKS = '''

def credit(cell, given):
    """The credit of a cell, from the numbers that were given."""
    return marks(given, CELLS_1, FOLLOWS_1, SHARE, PARTIAL)[cell][0]
'''
formula = as_it_is


def write(items: Sequence[Item], partial: int) -> bytes:
    """The zip; of several items there is no notebook."""
    if len(items) > 1:
        raise ChalkworkError("a notebook is one assignment", hint="export one variant: vary, then export its sheet")
    (item,) = items
    name = plain_name(item.title)
    notebook = notebook_of(list(_notebook(item, partial, name)))
    return zipped({f"{name}.ipynb": notebook, "marks.py": _marks(item, partial)})


def _marks(item: Item, partial: int) -> str:
    hints = hints_of([item])
    head = [f"HINTS, FOLLOWS = {hints!r}, {say(item.sheet.language, 'step.follows')!r}"]
    head += [f"SHARE, PARTIAL = {float(item.follows)!r}, {partial / 100!r}", *data_source(item, hints, "1")]
    return "\n".join(['"""Marks cells."""', "", "import math", "", *head]) + "\n" + GIVEN + MARKS + _MARKS


def _raw(text: str) -> dict[str, Any]:
    return {**text_cell(text), "cell_type": "raw"}


def _notebook(item: Item, partial: int, name: str) -> Iterator[dict[str, Any]]:
    yield _raw(_CONFIG.format(name=name))
    yield text_cell(f"# {' '.join(item.title.split())}")
    number = 1
    gathered: list[str] = []
    for blocks, task, fields in cells_of(item):
        if blocks:
            yield text_cell(markdown_of(blocks))
        if not fields:
            continue
        names = named(item, task, fields)
        yield _raw(f"# BEGIN QUESTION\nname: {plain_name(task)}\npoints: {_points(_weight(fields))}")
        yield _raw("# BEGIN SOLUTION")
        lines = "\n".join(f"{names[field.name]} = {empty(field)}" for field in fields)
        yield code_cell(f'""" # BEGIN PROMPT\n{lines}\n""" # END PROMPT\nNone # SOLUTION')
        yield _raw("# END SOLUTION")
        yield _raw("# BEGIN TESTS")
        for field in fields:
            if field.formula is not None:
                yield _test(field.weight, ["import marks", f"assert marks.{formula_test(field, names[field.name])}"])
                continue
            if not field.cells:
                yield _test(
                    field.weight, [f"assert str({names[field.name]}).strip().casefold() == {field.word.casefold()!r}"]
                )
                continue
            rows, columns = len(field.cells), len(field.cells[0])
            gathered.append(f"given.update(marks.typed({names[field.name]}, {number}, {rows}, {columns}))")
            for cell in field.numbers:
                yield from _tests(number, cell, gathered, item, partial)
                number += 1
        yield _raw("# END TESTS")
        yield _raw("# END QUESTION")


def _tests(number: int, cell: Cell, gathered: list[str], item: Item, partial: int) -> Iterator[dict[str, Any]]:
    """A test for each credit that the cell may earn, worth what it is more than the one before."""
    before = Fraction(0)
    for level in sorted({Fraction(1), item.follows, Fraction(partial, 100)} - {Fraction(0)}):
        lines = [
            "import marks",
            "given = {}",
            *gathered,
            f"assert marks.credit({number}, given) >= {float(level)!r} - 1e-9",
        ]
        yield _test(cell.weight * (level - before), lines)
        before = level


def _test(weight: Fraction, lines: Sequence[str]) -> dict[str, Any]:
    config = f'""" # BEGIN TEST CONFIG\npoints: {_points(weight)}\nhidden: true\n""" # END TEST CONFIG'
    return code_cell("\n".join([config, *lines]))


def _points(weight: Fraction) -> str:
    return json.dumps(float(weight * POINTS))


def _weight(fields: Sequence[Field]) -> Fraction:
    return sum((field.weight + sum(cell.weight for cell in field.numbers) for field in fields), Fraction(0))
