"""The sheets that ship with the package give every number that the courses behind them printed.

A value agrees when it rounds to the printed digits: it is at most half a unit away in the last printed place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from looks import blemishes, unheard
from printed_numbers import LEAKY, PRINTED, SHOWN, SIGMOID, SOFTMAX, TANH, Printed
from shipped import SHEETS, TEXTS
from students import sigmoid

from chalkwork.documents.model import Block, Document, Marked
from chalkwork.documents.terminal import to_text
from chalkwork.drawings.drawing import Drawing
from chalkwork.sheets.document import Show, workbook
from chalkwork.sheets.format import read_sheet
from chalkwork.sheets.solve import solve_sheet
from chalkwork.solutions.exercise import Exercise
from chalkwork.solutions.export import save
from chalkwork.solutions.workbook import Workbook

ALL = list(TEXTS)
LABORATORY = (
    "attention-by-hand", "graphs-as-courses", "architecture", "associative", "batch-norm", "claims", "decoding",
    "equivalent", "maximum-likelihood", "optimis", "outputs", "perceptron", "recurrence", "regression", "relu-approx",
    "taylor", "transformer", "word-vectors",
)  # fmt: skip
"""How the sheets of the laboratory and of recurrences begin: each part's own tests hold their numbers."""
FILES = [name for name in ALL if not name.startswith(LABORATORY)]
COLUMNS = 80


def slope(x: float) -> float:
    return sigmoid(x) * (1 - sigmoid(x))


def tanh_series(order: int) -> float:
    """The Taylor polynomial of tanh about 0, at 2."""
    terms = {1: 1, 3: -1 / 3, 5: 2 / 15, 7: -17 / 315, 9: 62 / 2835}
    return sum(factor * 2.0**power for power, factor in terms.items() if power <= order)


def sigmoid_error(order: int) -> float:
    """How far the Taylor polynomial of the sigmoid about 0 is off at 2."""
    terms = {0: 1 / 2, 1: 1 / 4, 3: -1 / 48, 5: 1 / 480, 7: -17 / 80640}
    return abs(sum(factor * 2.0**power for power, factor in terms.items() if power <= order) - sigmoid(2))


CLAIMS, OUTPUTS, TAYLOR = "claims-sigmoid-and-tanh", "outputs-five-tasks", "taylor-sigmoid"
IN_WORDS = [
    *((CLAIMS, "e3", digits, slope(x)) for digits, x in (("0.1050", 2), ("0.0066", 5), ("0.000045", 10))),
    *((CLAIMS, "e4", digits, value) for digits, value in (("0.0066", slope(5)), ("0.00018", 1 - np.tanh(5) ** 2))),
    (CLAIMS, "e4", "9.5", 0.25**10 * 1e7),
    (OUTPUTS, "g", "0.998", (0.001 - 1) ** 2),
    (OUTPUTS, "g", "6.908", -np.log(0.001)),
    (OUTPUTS, "g", "-0.999", 0.001 - 1),
    (OUTPUTS, "g", "-0.000998", (0.001 - 1) * 0.001 * (1 - 0.001)),
    (TAYLOR, "d", "1.5708", np.pi / 2),
    (TAYLOR, "d", "0.9640", np.tanh(2)),
    *((TAYLOR, "d", digits, tanh_series(order))
      for order, digits in ((3, "-0.6667"), (5, "3.6000"), (7, "-3.3079"), (9, "7.8892"))),
    *((TAYLOR, "d", digits, sigmoid_error(order)) for order, digits in ((3, "0.0475"), (5, "0.0192"), (7, "0.0078"))),
]  # fmt: skip
"""What the answers in words say in numbers: sheet, question, the digits, and the value worked out here."""


@pytest.mark.parametrize(("sheet", "question", "digits", "value"), IN_WORDS)
def test_numbers_of_the_answers_in_words(sheet: str, question: str, digits: str, value: float) -> None:
    answer = next(part for part in read_sheet(SHEETS / f"{sheet}.md").parts if part.id == question).source
    assert re.search(rf"(?<![\d.]){re.escape(digits)}(?!\d)", answer)
    assert abs(float(digits) - value) <= tolerance(digits) * (1 + 1e-9)


def test_what_is_said_of_overflow_and_underflow() -> None:
    with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
        assert np.isinf(np.exp(np.float64(710))) and np.isfinite(np.exp(np.float64(709)))
        assert np.isinf(np.exp(np.float32(89))) and np.isfinite(np.exp(np.float32(88)))
        assert np.exp(np.float64(-746)) == 0 < np.exp(np.float64(-745))
        shifted = np.exp(np.array([0.0, 800.0]) - 800)
        assert (shifted / shifted.sum())[0] == 0 and np.isinf(-np.log(shifted[0]))
    answer = next(part for part in read_sheet(SHEETS / f"{CLAIMS}.md").parts if part.id == "h").source
    for digits in ("710", "89", "-746", "(0, 800)", r"4 \cdot 10^{-348}", "instead of 800"):
        assert digits in answer
    assert round(10 ** (-800 / np.log(10) + 348)) == 4


@cache
def solved(sheet: str) -> dict[str, Exercise]:
    return solve_sheet(read_sheet(SHEETS / f"{sheet}.md"))


def text_of(sheet: str, show: Show) -> str:
    return to_text(workbook(read_sheet(SHEETS / f"{sheet}.md"), show).document)


def matrix(digits: str) -> list[list[str]]:
    return [row.split() for row in digits.split(";")]


def tolerance(digits: str) -> float:
    """Half a unit in the last printed place."""
    return 0.5 * 10.0 ** -len(digits.partition(".")[2])


def test_every_sheet_is_checked() -> None:
    assert {printed.sheet for printed in PRINTED} == set(FILES) == set(SHOWN)


@pytest.mark.parametrize("printed", PRINTED, ids=str)
def test_printed_numbers(printed: Printed) -> None:
    solution = solved(printed.sheet)[printed.task].solution
    value = np.atleast_2d(printed.of(solution) if printed.of else solution[printed.name])
    expected = matrix(printed.digits)
    assert value.shape == (len(expected), len(expected[0]))
    for place, digits in np.ndenumerate(expected):
        allowed = min(tolerance(digits), printed.finest) * (1 + 1e-9)
        assert abs(value[place] - float(digits)) <= allowed, f"entry {place}: {value[place]!r} is not {digits}"


def test_the_loss_falls() -> None:
    solution = solved(LEAKY)["c"].solution
    assert solution["L_new"] < solution["L"]


def test_errors_that_cancel() -> None:
    """Equal weights behind a softmax: nothing reaches the hidden layers, and only the last layer changes."""
    solution = solved(SOFTMAX)["b"].solution
    for name in ("delta2", "delta1", "dW2", "db2", "dW1", "db1"):
        assert not solution[name].any()
    for name in ("W2", "b2", "W1", "b1"):
        np.testing.assert_array_equal(solution[f"{name}_new"], solution[name])
    assert np.abs(solution["W3_new"] - solution["W3"]).min() > 1e-4
    assert "that sum is 1 − 1 = 0" in " ".join(text_of(SOFTMAX, "solution").split())


def test_the_batch_starts_from_the_initial_parameters() -> None:
    tasks = solved(TANH)
    np.testing.assert_array_equal(tasks["a"].solution["W1"], tasks["b"].solution["W1"])
    np.testing.assert_allclose(tasks["b"].solution["delta3"][:, :1], tasks["a"].solution["delta3"], rtol=1e-14, atol=0)


def test_the_query_uses_the_updated_network() -> None:
    tasks = solved(SIGMOID)
    for name in ("W1", "b1", "W2", "b2"):
        np.testing.assert_array_equal(tasks["b"].solution[name], tasks["a"].solution[f"{name}_new"])


@pytest.mark.parametrize("sheet", FILES)
def test_text_shows_the_numbers_in_order(sheet: str) -> None:
    text, place = text_of(sheet, "solution"), 0
    for number in SHOWN[sheet]:
        found = re.compile(rf"(?<![\d.]){re.escape(number)}(?!\d)").search(text, place)
        assert found, f"{number} is not shown after {text[max(0, place - 40) : place]!r}"
        place = found.end()


@pytest.mark.parametrize("show", ["solution", "sheet", "blanks"])
@pytest.mark.parametrize("sheet", ALL)
def test_text_fits_the_terminal(sheet: str, show: Show) -> None:
    text = text_of(sheet, show)
    too_long = [line for line in text.splitlines() if len(line) > COLUMNS]
    assert not too_long
    assert not blemishes(text)
    for leftover in ("$", "\\", "+ −", "+ -", "nan", *("{}" if sheet in FILES else "")):
        assert leftover not in text


@pytest.mark.parametrize("sheet", FILES)
def test_plain_sheet_and_blanks_tell_no_results(sheet: str) -> None:
    """Without its solutions a sheet shows what is given and no more."""
    for show in ("sheet", "blanks"):
        text = text_of(sheet, show)
        assert "Solution" not in text
        assert SHOWN[sheet][-1] not in text
    assert "____" in text


@pytest.mark.parametrize("sheet", ALL)
def test_every_format_of_our_own(sheet: str, tmp_path: Path) -> None:
    """`test_read_back` reads what they show."""
    whole = workbook(read_sheet(SHEETS / f"{sheet}.md"))
    for suffix in (".md", ".ipynb", ".json", ".txt"):
        save(whole, tmp_path / f"{sheet}{suffix}")
        assert (tmp_path / f"{sheet}{suffix}").stat().st_size > 500, suffix


def test_every_drawing_is_on_paper_and_every_page_is_heard(tmp_path: Path) -> None:
    """All in one document, which Pandoc and Typst write as fast as one sheet; what is around them: `test_read_back`."""
    books = [workbook(read_sheet(SHEETS / f"{sheet}.md")) for sheet in ALL]
    blocks = tuple(block for book in books for block in book.document.blocks)
    pictures = Workbook("Drawings", Document("Drawings", tuple(drawn(blocks))), ())
    assert len(pictures.document.blocks) > len(ALL)
    for suffix, start in ((".pdf", b"%PDF"), (".docx", b"PK"), (".tex", b"")):
        save(pictures, tmp_path / f"drawings{suffix}")
        data = (tmp_path / f"drawings{suffix}").read_bytes()
        assert len(data) > 500 and data.startswith(start), suffix
    save(Workbook("Sheets", Document("Sheets", blocks), ()), tmp_path / "sheets.html")
    assert not unheard((tmp_path / "sheets.html").read_text(encoding="utf-8"))


def drawn(blocks: Iterable[Block]) -> Iterator[Drawing]:
    for block in blocks:
        match block:
            case Drawing():
                yield block
            case Marked():
                yield from drawn(block.blocks)
