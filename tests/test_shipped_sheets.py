"""The sheets that ship with the package give every number that the courses behind them printed.

`PRINTED` holds those numbers as they were printed, entry by entry. A value agrees when it rounds to the printed digits:
it is at most half a unit away in the last printed place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from looks import blemishes, unheard

from chalkwork.documents.model import Block, Document, Marked
from chalkwork.documents.terminal import to_text
from chalkwork.drawings.canvas import Drawing
from chalkwork.sheets.document import Show, workbook
from chalkwork.sheets.format import read_sheet
from chalkwork.sheets.solve import solve_sheet
from chalkwork.solutions.exercise import Exercise
from chalkwork.solutions.export import save
from chalkwork.solutions.workbook import Workbook

Values = Mapping[str, Any]

SHEETS = Path(__file__).parents[1] / "sheets"
ALL = sorted(path.stem for path in SHEETS.glob("*.md"))
LABORATORY = (
    "attention-by-hand",
    "graphs-as-courses",
    "architecture",
    "associative",
    "batch-norm",
    "claims",
    "decoding",
    "equivalent",
    "maximum-likelihood",
    "optimis",
    "outputs",
    "perceptron",
    "recurrence",
    "regression",
    "relu-approx",
    "taylor",
    "transformer",
    "word-vectors",
)
"""How the sheets of the laboratory and of recurrences begin: each part's own tests hold their numbers."""
FILES = [name for name in ALL if not name.startswith(LABORATORY)]
FORMATS = (".md", ".html", ".pdf", ".tex", ".docx", ".ipynb", ".json", ".txt")
COLUMNS = 80


def rows(number: int, row: str) -> str:
    """A matrix of equal rows."""
    return "; ".join([row] * number)


@dataclass(frozen=True)
class Printed:
    """One printed quantity: the task it belongs to, its name, its digits (rows separated by semicolons).

    `of` gives quantities that have no name of their own. `finest` is the absolute precision where a course drops
    trailing zeros, so that its "0.1" and "0" mean more than they show.
    """

    sheet: str
    task: str
    name: str
    digits: str
    of: Callable[[Values], Any] | None = None
    finest: float = np.inf

    def __str__(self) -> str:
        return f"{self.sheet} ({self.task}) {self.name}"


LEAKY = "leaky-relu-softmax-2-3-2"
RELU = "relu-softmax-3-2-2-forward"
GRAPH = "graph-product-of-sums"
CONVOLUTION = "convolution-by-hand"
LATENT = "latent-variables-and-graphs"
SIGMOID = "sigmoid-5-3-2-update-and-query"
TANH = "tanh-4-4-3-3-single-and-batch"
SOFTMAX = "tanh-softmax-4-4-3-3-batch"
GRADIENTS = "sigmoid-2-3-2-gradients"

# The givens as the sheet states them, and the loss before and after.
LEAKY_PRINTED = [
    Printed(LEAKY, "a", "x", "-1; 1"),
    Printed(LEAKY, "a", "y", "1; 0"),
    Printed(LEAKY, "a", "W1", "0.15 -0.25 0.05; 0.2 0.1 -0.15"),
    Printed(LEAKY, "a", "W2", "0.2 0.5; -0.35 0.15; 0.15 -0.2"),
    Printed(LEAKY, "c", "eta", "0.1"),
    Printed(LEAKY, "a", "L", "0.793036"),
    Printed(LEAKY, "c", "L_new", "0.766696"),
]

# The hidden values as printed. The solution that came with the exercise then took the softmax over single products,
# exp(9*6) / (exp(9*6) + exp(0*(-1))); the net inputs of the outputs are (54, 18), and 1 and 0 come out all the same.
RELU_PRINTED = [
    Printed(RELU, "a", "W1", "2 -1; 1 -3; -2 5"),
    Printed(RELU, "a", "W2", "6 2; -1 8"),
    Printed(RELU, "a", "x", "3; 1; -1"),
    Printed(RELU, "a", "products of h1", "6 1 2", lambda s: s["W1"][:, :1].T * s["x"].T),
    Printed(RELU, "a", "products of h2", "-3 -3 -5", lambda s: s["W1"][:, 1:].T * s["x"].T),
    Printed(RELU, "a", "z1", "9; -11"),
    Printed(RELU, "a", "a1", "9; 0"),
    Printed(RELU, "a", "z2", "54; 18"),
    Printed(RELU, "a", "a2", "1; 0"),
    Printed(RELU, "b", "class", "1"),
]

# The student's solution has a wrong line on the way to de/db, which would give 15; its result is right.
GRAPH_PRINTED = [
    Printed(GRAPH, "a", "a", "2"),
    Printed(GRAPH, "a", "b", "1"),
    Printed(GRAPH, "a", "c", "3"),
    Printed(GRAPH, "a", "d", "2"),
    Printed(GRAPH, "b", "dc/da", "1"),
    Printed(GRAPH, "b", "dd/db", "1"),
    Printed(GRAPH, "b", "de/dc", "2"),
    Printed(GRAPH, "b", "de/dd", "3"),
    Printed(GRAPH, "c", "de/da", "2"),
    Printed(GRAPH, "c", "de/db", "5"),
]

# Six significant digits, trailing zeros dropped.
SIX = 0.5e-6
SIGMOID_PRINTED = [
    Printed(SIGMOID, "a", "W1", rows(3, "0.1 0.1 0.1 0.1 0.1"), finest=SIX),
    Printed(SIGMOID, "a", "b1", rows(3, "0"), finest=SIX),
    Printed(SIGMOID, "a", "W2", rows(2, "0.1 0.1 0.1"), finest=SIX),
    Printed(SIGMOID, "a", "b2", rows(2, "0"), finest=SIX),
    Printed(SIGMOID, "a", "x", "1; 1; 0; 0; 0", finest=SIX),
    Printed(SIGMOID, "a", "y", "1; 0", finest=SIX),
    Printed(SIGMOID, "a", "z1", rows(3, "0.2"), finest=SIX),
    Printed(SIGMOID, "a", "a1", rows(3, "0.549834"), finest=SIX),
    Printed(SIGMOID, "a", "z2", rows(2, "0.16495"), finest=SIX),
    Printed(SIGMOID, "a", "a2", rows(2, "0.541144"), finest=SIX),
    Printed(SIGMOID, "a", "delta2", "-0.113937; 0.13437", finest=SIX),
    Printed(SIGMOID, "a", "delta1", rows(3, "0.00050575"), finest=SIX),
    Printed(SIGMOID, "a", "dW2", "-0.0626465 -0.0626465 -0.0626465; 0.0738812 0.0738812 0.0738812", finest=SIX),
    Printed(SIGMOID, "a", "db2", "-0.113937; 0.13437", finest=SIX),
    Printed(SIGMOID, "a", "dW1", rows(3, "0.00050575 0.00050575 0 0 0"), finest=SIX),
    Printed(SIGMOID, "a", "db1", rows(3, "0.00050575"), finest=SIX),
    Printed(SIGMOID, "a", "W2_new", "0.162647 0.162647 0.162647; 0.0261188 0.0261188 0.0261188", finest=SIX),
    Printed(SIGMOID, "a", "b2_new", "0.113937; -0.13437", finest=SIX),
    Printed(SIGMOID, "a", "W1_new", rows(3, "0.0994943 0.0994943 0.1 0.1 0.1"), finest=SIX),
    Printed(SIGMOID, "a", "b1_new", rows(3, "-0.00050575"), finest=SIX),
    Printed(SIGMOID, "b", "x", "1; 0; 0; 0; 1", finest=SIX),
    Printed(SIGMOID, "b", "z1", rows(3, "0.198989"), finest=SIX),
    Printed(SIGMOID, "b", "a1", rows(3, "0.549584"), finest=SIX),
    Printed(SIGMOID, "b", "z2", "0.382101; -0.0913066", finest=SIX),
    Printed(SIGMOID, "b", "a2", "0.59438; 0.477189", finest=SIX),
    Printed(SIGMOID, "b", "class", "1"),
]

# The document prints the batch; the first column is the single sample of task (a), whose update it leaves to others.
TANH_BATCH = {
    "x": "1 0; 0 0; 1 10; 0 0",
    "y": "0 0; 1 0; 0 1",
    "z1": rows(4, "0.3 1.1"),
    "a1": rows(4, "0.291313 0.800499"),
    "z2": rows(3, "0.216525 0.4202"),
    "a2": rows(3, "0.213204 0.397099"),
    "z3": rows(3, "0.163961 0.21913"),
    "a3": rows(3, "0.162507 0.215688"),
    "delta3": "0.158216 0.205654; -0.815376 0.205654; 0.158216 -0.747824",
    "delta2": rows(3, "-0.0476264 -0.0283452"),
    "delta1": rows(4, "-0.0130754 -0.00305449"),
}
TANH_PARAMETERS = {
    "W1": rows(4, "0.1 0.1 0.1 0.1"),
    "b1": rows(4, "0.1"),
    "W3": rows(3, "0.1 0.1 0.1"),
    "b3": rows(3, "0.1"),
}
TANH_UPDATE = {
    "dW3": "0.115397 0.115397 0.115397; -0.092176 -0.092176 -0.092176; -0.263228 -0.263228 -0.263228",
    "db3": "0.36387; -0.609721; -0.589609",
    "dW2": rows(3, "-0.0365645 -0.0365645 -0.0365645 -0.0365645"),
    "db2": rows(3, "-0.0759716"),
    "dW1": rows(4, "-0.0130754 0 -0.0436203 0"),
    "db1": rows(4, "-0.0161299"),
    "W3_new": "0.0884603 0.0884603 0.0884603; 0.109218 0.109218 0.109218; 0.126323 0.126323 0.126323",
    "b3_new": "0.063613; 0.160972; 0.158961",
    "W2_new": rows(3, "0.103656 0.103656 0.103656 0.103656"),
    "b2_new": rows(3, "0.107597"),
    "W1_new": rows(4, "0.101308 0.1 0.104362 0.1"),
    "b1_new": rows(4, "0.101613"),
}


def first_column(digits: str) -> str:
    """What is printed of the first sample."""
    return "; ".join(row.split()[0] for row in digits.split(";"))


TANH_PRINTED = [
    *(Printed(TANH, "a", name, first_column(digits), finest=SIX) for name, digits in TANH_BATCH.items()),
    *(Printed(TANH, "b", name, digits, finest=SIX) for name, digits in TANH_PARAMETERS.items()),
    *(Printed(TANH, "b", name, digits, finest=SIX) for name, digits in TANH_BATCH.items()),
    *(Printed(TANH, "b", name, digits, finest=SIX) for name, digits in TANH_UPDATE.items()),
]

# As far as the last net inputs it is the network above. delta2 and delta1 are printed as zero matrices (with two rows,
# though there are three and four units).
SOFTMAX_PRINTED = [
    *(Printed(SOFTMAX, "a", name, TANH_BATCH[name], finest=SIX) for name in ("x", "y", "z1", "a1", "z2", "a2", "z3")),
    Printed(SOFTMAX, "a", "a3", rows(3, "0.333333 0.333333"), finest=SIX),
    Printed(SOFTMAX, "a", "delta3", "0.333333 0.333333; -0.666667 0.333333; 0.333333 -0.666667", finest=SIX),
    Printed(SOFTMAX, "a", "delta2", rows(3, "0 0"), finest=SIX),
    Printed(SOFTMAX, "a", "delta1", rows(4, "0 0"), finest=SIX),
    Printed(
        SOFTMAX,
        "b",
        "dW3",
        "0.203434 0.203434 0.203434; -0.0097695 -0.0097695 -0.0097695; -0.193665 -0.193665 -0.193665",
        finest=SIX,
    ),
    Printed(SOFTMAX, "b", "db3", "0.666667; -0.333333; -0.333333", finest=SIX),
    Printed(
        SOFTMAX,
        "b",
        "W3_new",
        "0.0796566 0.0796566 0.0796566; 0.100977 0.100977 0.100977; 0.119366 0.119366 0.119366",
        finest=SIX,
    ),
    Printed(SOFTMAX, "b", "b3_new", "0.0333333; 0.133333; 0.133333", finest=SIX),
]

# The figure with W1 and b1 is lost; the sheet's give the net inputs that the printed numbers need. "-0.00" and "0.000"
# are printed for small negative values: a sign in one place and none in the others.
GRADIENTS_PRINTED = [
    Printed(GRADIENTS, "a", "x", "1; 2"),
    Printed(GRADIENTS, "a", "y", "0; 1"),
    Printed(GRADIENTS, "a", "W2", "0.4 0.2 0.2; 0.1 0.3 0.5"),
    Printed(GRADIENTS, "a", "b2", "-0.6; 0.5"),
    Printed(GRADIENTS, "a", "z1", "-0.1; -2.4; 2.2", finest=1e-12),
    Printed(GRADIENTS, "a", "a1", "0.48; 0.08; 0.90"),
    Printed(GRADIENTS, "a", "a2", "0.45; 0.74"),
    Printed(GRADIENTS, "b", "output - target", "0.45; -0.26", lambda s: s["a2"] - s["y"]),
    Printed(CONVOLUTION, "a", "dL/dw", "1; -3; 2"),
    Printed(CONVOLUTION, "a", "dL/dx", "1; -2; 0; 2; -1"),
    Printed(CONVOLUTION, "b", "a2", "5 5; 3 4", lambda s: s["a2"][0]),
    Printed(CONVOLUTION, "c", "dW1", "-10 0; 0 -4", lambda s: s["dW1"][0, 0]),
    Printed(CONVOLUTION, "d", "y", "1 -2 -1; 2 0 0; 0 0 2"),
    Printed(LATENT, "a", "L", "0.4467"),
    Printed(LATENT, "a", "dL/dW", "-0.6178 0.1406 0.7453; 0.0628 0.0418 -0.0249"),
    Printed(LATENT, "b", "K", "0.3889"),
    Printed(LATENT, "b", "dL/dmu", "0.7000; -0.9098"),
    Printed(LATENT, "b", "dL/ds", "0.0600; -0.1615"),
    Printed(LATENT, "c", "S", "0.5000 0.4082 0; 0.4082 0.3333 0.4082; 0 0.4082 0.5000"),
    Printed(LATENT, "c", "dL/dW", "0.4820 0.2041; 0.8847 0.3708"),
    Printed(GRADIENTS, "b", "slope at s2", "0.25; 0.19", lambda s: s["a2"] * (1 - s["a2"])),
    Printed(GRADIENTS, "b", "delta2", "0.11; -0.05"),
    Printed(GRADIENTS, "b", "dW2", "0.05 0.01 0.10; -0.02 -0.00 -0.05"),
    Printed(GRADIENTS, "b", "db2", "0.11; -0.05"),
    Printed(GRADIENTS, "c", "W2 transposed", "0.4 0.1; 0.2 0.3; 0.2 0.5", lambda s: s["W2"].T),
    Printed(GRADIENTS, "c", "slope at s1", "0.25; 0.08; 0.09", lambda s: s["a1"] * (1 - s["a1"])),
    Printed(GRADIENTS, "c", "dW1", "0.010 0.019; 0.001 0.001; 0.000 -0.001"),
    Printed(GRADIENTS, "c", "db1", "0.010; 0.001; 0.000"),
]

PRINTED = [
    *(*LEAKY_PRINTED, *RELU_PRINTED, *GRAPH_PRINTED, *SIGMOID_PRINTED, *TANH_PRINTED),
    *(*SOFTMAX_PRINTED, *GRADIENTS_PRINTED),
]

# What the text of a solution shows, in this order.
SHOWN = {
    LEAKY: ["W⁽¹⁾", "0.793036", "−0.547531", "η = 0.1", "0.766696"],
    RELU: ["2 · 3 + 1 · 1 + (−2) · (−1) = 9", "= −11", "max(0, 9) = 9", "= 54", "= 18", "class 1"],
    GRAPH: ["c = a + b = 2 + 1 = 3", "∂e/∂c = d = 2", "∂e/∂d = c = 3", "2 · 1 = 2", "2 · 1 + 3 · 1 = 5"],
    SIGMOID: ["0.549834", "0.541144", "−0.113937", "0.0738812", "0.0994943", "0.198989", "0.477189", "class 1"],
    TANH: ["0.291313", "−0.815376", "0.800499", "−0.747824", "−0.00305449", "0.104362", "0.107597", "0.0884603"],
    SOFTMAX: ["0.333333", "2.19722", "−0.666667", "0.0796566", "0.0333333"],
    CONVOLUTION: ["2 · 1 + 0 · (−2) + 1 · 1 = 3", "= max(3, 5, 0, 1) = 5", "−10   0", "= −6", "1 · 1 = 1"],
    LATENT: ["0.4467", "−0.6178", "0.3889", "0.6522", "−0.9098", "0.7071", "1.0998", "−0.0357"],
    GRADIENTS: ["0.48", "0.08", "0.90", "0.45", "0.74", "0.10", "−0.02", "0.475", "0.019"],
}  # fmt: skip


def sigmoid(x: float) -> float:
    return 1 / (1 + np.exp(-x))


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
def test_every_format(sheet: str, tmp_path: Path) -> None:
    """With drawings; `test_read_back` writes what is around them in all formats."""
    whole = workbook(read_sheet(SHEETS / f"{sheet}.md"))
    drawings = Workbook(whole.title, Document(whole.title, tuple(drawn(whole.document.blocks))), ())
    for suffix in FORMATS:
        path = tmp_path / f"{sheet}{suffix}"
        only_drawings = suffix in (".pdf", ".tex", ".docx")
        if only_drawings and not drawings.document.blocks:
            continue
        save(drawings if only_drawings else whole, path)
        data = path.read_bytes()
        assert len(data) > 500, suffix
        assert data.startswith({".pdf": b"%PDF", ".docx": b"PK"}.get(suffix, b""))
        if suffix == ".html":
            assert not unheard(data.decode())


def drawn(blocks: Iterable[Block]) -> Iterator[Drawing]:
    for block in blocks:
        match block:
            case Drawing():
                yield block
            case Marked():
                yield from drawn(block.blocks)
