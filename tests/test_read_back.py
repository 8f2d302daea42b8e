"""What every format shows is what was computed: each matrix is read back, and held against the values of the JSON.

The matrices of the Markdown are held against the numbers (rows, columns, digits); those of every other format, read
from the finished file, against those of the Markdown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise, product
from math import floor, log10
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from reading_back import (
    READERS,
    Matrix,
    digits_of_docx,
    digits_of_html,
    digits_of_pdf,
    last_number,
    of_boxes,
    of_latex,
    of_pdf,
    rules_of_pages,
)
from shipped import TEXTS

from chalkwork import Dense, NeuralNetwork
from chalkwork.algebra.definitions import defined
from chalkwork.algebra.expression import Application, Expression, walk
from chalkwork.derivation.evaluate import evaluate
from chalkwork.documents.markdown import to_markdown
from chalkwork.documents.model import Document, Heading
from chalkwork.documents.terminal import to_text
from chalkwork.sheets.document import Show, workbook
from chalkwork.sheets.format import parse_sheet
from chalkwork.solutions.export import save, to_json
from chalkwork.solutions.workbook import Workbook
from chalkwork.typesetting.code import identifier
from chalkwork.typesetting.numbers import NumberFormat


@dataclass(frozen=True)
class Made:
    """A sheet made for this test: one network, and how it is written."""

    front: str
    network: str
    task: str

    @property
    def text(self) -> str:
        """The sheet."""
        return f"---\n{self.front}\n---\n```network\n{self.network}\n```\n```task\nid: a\n{self.task}\n```\n"


OUT_IN = "convention: {samples: columns, weights: out_in}"
COLUMN = "layers: [{weights: [[1], [10], [3]], bias: false, activation: identity}]"
TWO = """loss: squared_error
layers:
  - {weights: [[0.5, -1, 2.25], [1e-7, 0, 12.5]], bias: [1, -0.125, 3000], activation: tanh}
  - {weights: [[1, 0.5], [0, -2], [1e-3, 1]], activation: sigmoid}"""
WIDE = "seed: 1\nloss: squared_error\nlayers: [{units: 14, inputs: 12, activation: relu}, {units: 13}]"
ROW = ", ".join(f"{at * 0.37 - 2:.2f}" for at in range(12))
UPDATE = "x: [1.5, -2]\ny: [1, 0]\nlearning_rate: 0.1"

ATTENTION = """input: [{sample}]
loss: squared_error
seed: 3
layers:
  - {{kind: attention, queries: [[1, 0.5], [0, 1]], keys: [[1, 0], [-1, 1]], units: 2}}
  - {{kind: flatten}}
  - {{units: 2}}"""
MATRICES = "x: [{x}]\ny: [[1, 0.5], [0, 2.25]]\nlearning_rate: 0.5"

MADE = {
    "matrices in rows": Made(
        "decimals: 3",
        ATTENTION.format(sample="3, 2"),
        MATRICES.format(x="[[1.5, -2], [0, 1], [0.25, 3]], [[2, 0], [1, 1], [-1, 0.125]]"),
    ),
    "matrices in columns": Made(
        f"significant: 4\n{OUT_IN}\nnotation: {{decimal_comma: true}}",
        ATTENTION.format(sample="2, 2"),
        MATRICES.format(x="[[1.5, 0], [-2, 1]], [[2, 1], [0, 1]]"),
    ),
    "column": Made(f"significant: 6\n{OUT_IN}", COLUMN, "x: [0.123456]\nask: [z1]"),
    "wide": Made("decimals: 3", WIDE, f"x: [{ROW}]\ny: [{', '.join('1' * 13)}]\nlearning_rate: 0.5"),
    **{
        f"{samples} {digits} {look}": Made(
            f"{digits}\nconvention: {{samples: {samples}, weights: in_out}}\nnotation: {{{look}}}", TWO, UPDATE
        )
        for samples, digits, look in product(
            ("columns", "rows"),
            ("decimals: 0", "decimals: 3", "significant: 5"),
            ("brackets: round", "decimal_comma: true", "brackets: round, decimal_comma: true"),
        )
    },
}  # fmt: skip
SHEETS = TEXTS | {name: made.text for name, made in MADE.items()}


@cache
def written(sheet: str, show: Show = "solution") -> Workbook:
    """What is to be written; drawings are no matrices."""
    return workbook(parse_sheet(SHEETS[sheet]), show, drawings=False)


@cache
def expected(sheet: str) -> list[Matrix]:
    """The matrices of the document, in order."""
    return of_latex(to_markdown(written(sheet).document))


ROUND = [name for name, text in SHEETS.items() if re.search(r"brackets: *round", text)]
SQUARE = [name for name in SHEETS if name not in ROUND]
BUNDLES = [ROUND, *(SQUARE[at::3] for at in range(3))]
"""Sheets that are written as one document: Pandoc and Typst take longer to start than to write them."""


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda bundle: f"{bundle[0]} and {len(bundle) - 1} more")
def test_every_matrix_and_every_digit_is_read_back(bundle: list[str], tmp_path: Path) -> None:
    """The matrices from every format; of PDF, DOCX and HTML every digit, too."""
    books = [written(sheet) for sheet in bundle]
    blocks = (block for book in books for block in (Heading(book.title, 2), *book.document.blocks))
    whole = Workbook("Sheets", Document("Sheets", tuple(blocks)), ())
    wanted = [matrix for sheet in bundle for matrix in expected(sheet)]
    paths = {suffix: tmp_path / f"sheets{suffix}" for suffix in READERS if suffix != ".ipynb"}
    for suffix, path in paths.items():
        save(whole, path)
        found = of_pdf(path, "(") if suffix == ".pdf" and bundle is ROUND else READERS[suffix](path)
        assert found == wanted, suffix
    html = paths[".html"].read_text(encoding="utf-8")
    assert digits_of_pdf(paths[".pdf"]) == digits_of_docx(paths[".docx"].read_bytes()) == digits_of_html(html)


@pytest.mark.parametrize("sheet", SHEETS)
def test_every_result_is_what_was_computed(sheet: str) -> None:
    """The results are those of the JSON, and what is put in is the value of a part of the formula."""
    book = written(sheet)
    for task, exported in zip(book.tasks, json.loads(to_json(book))["tasks"], strict=True):
        numbers = task.solution.style.numbers
        for equation, entry in zip(task.equations, exported["equations"], strict=True):
            matrices = of_latex(entry["latex"])
            if isinstance(entry["value"], list) and np.size(entry["value"]) > 1:
                assert ends_with(matrices, np.array(entry["value"]), numbers), entry["name"]
            else:
                assert stands_for(last_number(entry["latex"]), float(np.ravel(entry["value"])[0]), numbers), entry[
                    "name"
                ]
            simpler = defined(equation.expression) if isinstance(equation.expression, Application) else None
            forms = [form for form in (equation.expression, equation.worked, simpler) if form is not None]
            parts = [part for form in forms for node in walk(form) for part in put_in(node, task.solution.arrays)]
            for matrix in matrices:
                assert any(agrees(matrix, part, numbers) for part in parts), (entry["name"], matrix)
            if task.solution.setting.script is None:  # a script may show an equation in another way
                assert is_within(matrices, expected(sheet)), entry["name"]


@pytest.mark.parametrize("sheet", SHEETS)
def test_a_notebook_shows_what_it_computes(sheet: str, tmp_path: Path) -> None:
    path = tmp_path / "sheet.ipynb"
    save(written(sheet), path)
    cells = [cell["source"] for cell in json.loads(path.read_text())["cells"]]
    shown = [(text, code.partition(" = ")[0]) for text, code in pairwise(cells) if text.endswith("$$")]
    computed = [
        (identifier(equation.name), task.solution.arrays[equation.name], task.solution.style.numbers)
        for task in written(sheet).tasks
        for equation in task.solution.derivation.ancestors(
            {equation.name.partition("[")[0] for equation in task.equations}
        )
    ]
    for (text, name), (computed_name, value, numbers) in zip(shown[: len(computed)], computed, strict=True):
        assert name == computed_name
        assert np.size(value) == 1 or ends_with(of_latex(text), value, numbers), name


def put_in(node: Expression, values: Mapping[str, Any]) -> Iterator[Any]:
    """What may stand where numbers are put in: the value of a part of the formula, or a sample of it in a sum."""
    value = evaluate(node, values)
    value = np.where(np.abs(value) < 1e-15, 0.0, value)
    if value.ndim > 2:
        yield from (part for matrix in value.reshape(-1, *value.shape[-2:]) for part in parts_of(matrix))
    yield from parts_of(value)
    if isinstance(node, Application) and node.operation.name == "causal_softmax":
        (scores,) = node.arguments
        yield from parts_of(np.where(value > 0, evaluate(scores, values), -np.inf))


def parts_of(value: Any) -> Iterator[Any]:
    """A matrix, its columns and its rows."""
    yield value
    if value.ndim == 2:
        yield from (value[:, [column]] for column in range(value.shape[1]))
        yield from (value[[row]] for row in range(value.shape[0]))


def ends_with(matrices: Sequence[Matrix], value: Any, numbers: NumberFormat) -> bool:
    """Whether the last of the matrices are the value, a matrix or a row of them."""
    parts = value.reshape(-1, *value.shape[-2:])
    last = matrices[len(matrices) - len(parts) :]
    return len(last) == len(parts) and all(agrees(*pair, numbers) for pair in zip(last, parts, strict=True))


def agrees(matrix: Matrix, value: Any, numbers: NumberFormat) -> bool:
    """Whether the matrix has the rows and columns of the value, dots where some are left out, and its digits."""
    if np.ndim(value) != 2:
        return False
    rows = places([row[0] for row in matrix], "⋮", len(value))
    columns = places(matrix[0], "⋯", len(value[0]))
    return bool(rows and columns) and all(
        stands_for(matrix[at][across], float(value[row, column]), numbers)
        for at, row in rows.items()
        for across, column in columns.items()
    )


def places(entries: Sequence[str], dots: str, size: int) -> dict[int, int]:
    """Which of so many rows or columns each entry of a line stands in; none where they cannot be these."""
    if dots not in entries:
        return {at: at for at in range(size)} if len(entries) == size else {}
    middle, left_out = entries.index(dots), size - len(entries) + 1
    if left_out < 1:
        return {}
    return {at: at if at < middle else at + left_out - 1 for at in range(len(entries)) if at != middle}


def stands_for(text: str, value: float, numbers: NumberFormat) -> bool:
    """Whether the digits are those of the value: all that were asked, or all that there are."""
    if "∞" in text:
        return value == float(text.replace("∞", "inf"))
    mantissa, _, exponent = text.replace(",", ".").partition("e")
    shown = float(f"{mantissa}e{exponent or 0}")
    if shown == value or abs(shown - value) <= 1e-9 * abs(value):
        return True
    if value == 0:
        return False
    if exponent:
        unit = 10.0 ** (int(exponent) - len(mantissa.partition(".")[2]))
        return len(mantissa.strip("-").replace(".", "")) >= 3 and abs(shown - value) <= 0.5001 * unit
    if numbers.decimals is not None:
        unit = 10.0**-numbers.decimals
    else:
        unit = 10.0 ** (floor(log10(abs(value))) - (numbers.significant or 6) + 1)
    return abs(shown - value) <= 0.5001 * unit


def is_within(part: Sequence[Matrix], whole: Sequence[Matrix]) -> bool:
    """Whether the matrices stand side by side among the others."""
    size = len(part)
    return any(list(whole[at : at + size]) == list(part) for at in range(len(whole) - size + 1))


@pytest.mark.parametrize("digits", ["decimals: 0", "decimals: 1", "decimals: 3", "significant: 3"])
def test_no_given_prints_as_zero_and_what_rounds_to_it_is_said(digits: str) -> None:
    weights = "[[1e-7, 2], [0.04, 0], [1, -3]]"
    made = Made(digits, f"layers: [{{weights: {weights}, bias: [1e-9, 4], activation: tanh}}]", "x: [1, 2, 1e-12]")
    book = workbook(parse_sheet(made.text), drawings=False)
    given = of_latex(to_markdown(book.document))[:3]
    for matrix, name in zip(given, ("W1", "b1", "x"), strict=True):
        value = book.tasks[0].solution.arrays[name]
        assert [[float(entry) == 0 for entry in row] for row in matrix] == (value == 0).tolist()
        assert "0" in [entry for row in matrix for entry in row] or value.all()


def test_what_rounds_to_zero_is_said() -> None:
    layer = Dense(weights=[[1, 0, 1e-5]], bias=False, activation="identity")
    net = NeuralNetwork([layer], samples="columns", weights="in_out")
    solution = net.solve(x=[1])
    assert of_latex(solution.equation("z1").latex)[-1] == (("1.0000",), ("0",), ("0.0000",))
    assert "0.0000 is a number that rounds to zero here" in str(solution)
    assert "rounds to zero" not in str(net.solve(x=[0]))


@pytest.mark.parametrize("shape", [(2, 1), (4, 1), (1, 3), (3, 3)])
def test_blanks_have_the_rows_and_columns_of_the_answer(shape: tuple[int, int], tmp_path: Path) -> None:
    rows, columns = shape
    network = f"layers: [{{weights: {[[0.5, 1.25]] * rows}, bias: false, activation: identity}}]"
    task = f"x: {[[1.5] * columns] * 2}\nask: [z1]"
    book = workbook(parse_sheet(Made(OUT_IN, network, task).text), "blanks", drawings=False)
    save(book, tmp_path / "blanks.pdf")
    rules = rules_of_pages(tmp_path / "blanks.pdf")
    assert (len(rules), len({height for height, _ in rules})) == (rows * columns, rows)
    assert len({left for _, left in rules}) == columns
    heights = sorted({height for height, _ in rules})
    assert all(above - below > 20 for below, above in pairwise(heights))
    boxes = of_boxes(to_text(book.document))
    assert [(len(box), len(box[0])) for box in boxes] == [shape]
