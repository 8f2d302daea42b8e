"""Sums of ReLUs against SciPy's triangular solver and quadrature, and against the theory of linear interpolation."""

import math
import re
import tracemalloc
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.linalg import solve_triangular
from shipped import SHEETS

from chalkwork.documents.model import Table
from chalkwork.drawings.drawing import Drawing
from chalkwork.errors import ChalkworkError, SheetError
from chalkwork.laboratory.approximation import relu_approximation
from chalkwork.laboratory.approximation.interpolant import Interpolant, adapted_points
from chalkwork.laboratory.functions.one_variable import Function
from chalkwork.sheets.document import workbook
from chalkwork.sheets.format import parse_sheet, read_sheet
from chalkwork.sheets.solve import work_parts
from chalkwork.solutions.export import to_json

SHEET = SHEETS / "relu-approximation.md"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0.01, 10), min_size=1, max_size=12), st.data())
def test_weights_are_those_of_the_triangular_system(widths, data):
    points = np.concatenate([[-3.0], -3 + np.cumsum(widths)])
    values = np.array(data.draw(st.lists(st.floats(-100, 100), min_size=points.size, max_size=points.size)))
    line = Interpolant(points, values)
    matrix = np.maximum(0.0, points[:, None] - line.knots)
    np.testing.assert_array_equal(matrix, np.tril(matrix))
    scale = np.abs(values).max() / min(widths) + 1
    np.testing.assert_allclose(line.weights, solve_triangular(matrix, values, lower=True), rtol=1e-6, atol=1e-8 * scale)
    np.testing.assert_allclose(line(points), values, atol=1e-9 * scale)


def test_the_system_of_the_course():
    """h times the triangle 1; 2 1; 3 2 1; ... with b = a - h, a, ..., b - h."""
    answer = relu_approximation("cos(x)", 1, 3, n=5)
    h = 0.5
    np.testing.assert_allclose(answer["knots"], [0.5, 1.0, 1.5, 2.0, 2.5])
    triangle = np.array([[max(0, i - j + 1) for j in range(5)] for i in range(5)])
    np.testing.assert_allclose(h * triangle @ answer["weights"], np.cos(answer["points"]), atol=1e-14)
    text = str(answer)
    for row in ("⎡1  0  0  0  0⎤", "⎢3  2  1  0  0⎥", "⎣5  4  3  2  1⎦", "λ₃ = f(x₃) / h − 3 λ₁ − 2 λ₂"):
        assert row in text


def test_the_network_is_the_interpolant(rng):
    answer = relu_approximation("exp(x)*sin(3*x)", -1, 2, n=20)
    x = rng.uniform(-1.5, 2.5, 200)
    outputs = answer.network.forward(x[:, None])["a2"][:, 0]
    np.testing.assert_allclose(outputs, answer(x), atol=1e-11)
    inside = (x >= -1) & (x <= 2)
    expected = np.interp(x[inside], answer["points"], answer["function_values"])
    np.testing.assert_allclose(outputs[inside], expected, atol=1e-11)


def test_the_network_can_be_trained_further():
    answer = relu_approximation("x^2", 0, 1, n=4)
    x = np.linspace(0, 1, 41)[:, None]
    history = answer.network.train(x, x**2, eta=0.01, iterations=50, engine="reference")
    assert history.loss[-1] < 0.6 * history.loss[0]


@pytest.mark.parametrize("text", ["sin(x)", "exp(-x)*x", "tanh(3*x - 2)", "1/(1 + x^2)"])
def test_errors_are_those_of_a_dense_grid_and_of_quadrature(text):
    function = Function.of(text)
    answer = relu_approximation(text, 0, 3, n=9, compare=[9])
    points, values = answer["points"], answer["function_values"]
    x = np.linspace(0, 3, 200_001)
    errors = np.abs(function.values(x) - np.interp(x, points, values))
    assert answer["max_error"] == pytest.approx(errors.max(), rel=1e-4)
    squares = [
        quad(lambda t: (function.values(t).item() - np.interp(t, points, values)) ** 2, a, b)[0]
        for a, b in pairwise(points)
    ]
    assert answer["l2_error"] == pytest.approx(math.sqrt(sum(squares)), rel=1e-4)


@pytest.mark.parametrize(
    ("text", "a", "b", "curvature"),
    [("sin(x)", 0, "2*pi", 1.0), ("x^2", -1, 1, 2.0), ("exp(x)", 0, 1, math.e), ("sigmoid", -4, 4, 3**-0.5 / 6)],
)  # fmt: skip
def test_the_bound_is_h_squared_over_eight_times_the_curvature(text, a, b, curvature):
    answer = relu_approximation(text, a, b, n=10, compare=[20, 40, 80])
    table = answer["table"]
    for h, error, bound, order in zip(table["h"], table["max_error"], table["bound"], table["order"], strict=True):
        assert error <= bound * (1 + 1e-12)
        assert bound == pytest.approx(h**2 / 8 * curvature, rel=1e-3)
        assert order is None or 1.8 < order < 2.2
    assert table["order"][-1] == pytest.approx(2, abs=0.05)


def test_bounds_of_given_points_hold_piece_by_piece(rng):
    points = np.sort(rng.uniform(-3, 3, 40))
    answer = relu_approximation("exp(-x^2)", points=points)
    assert answer["max_error"] <= answer["bound"] * (1 + 1e-12)
    widest = np.diff(points).max()
    assert answer["bound"] <= widest**2 / 8 * 2 * (1 + 1e-6)


def test_without_two_derivatives_there_is_no_bound():
    root = relu_approximation("sqrt(x)", 0, 1, n=8)
    assert root["bound"] is None and root["table"]["order"][-1] == pytest.approx(0.5, abs=0.01)
    assert relu_approximation("abs(x - 0.3)", 0, 1, n=8)["bound"] is None
    assert "No bound" in str(root)


def test_what_is_piecewise_linear_is_met_exactly():
    answer = relu_approximation("3*x - 1", -2, 2, n=5)
    assert answer["max_error"] < 1e-14 and answer["table"]["order"][1:] == [None] * 4
    assert relu_approximation("relu", -1, 1, n=3)["max_error"] == 0


def test_adapted_points_share_the_error_equally():
    answer = relu_approximation("exp(-20*x)", 0, 1, n=200, adapted=True, compare=[200])
    points = answer["points"]
    middle = (points[:-1] + points[1:]) / 2
    errors = np.abs(np.exp(-20 * middle) - answer(middle))
    inner = errors[5:150]
    assert inner.max() < 1.1 * inner.min()
    plain = relu_approximation("exp(-20*x)", 0, 1, n=200, compare=[200])
    assert answer["max_error"] < plain["max_error"] / 10


def test_adapted_points_of_the_root_have_order_two_again():
    np.testing.assert_allclose(adapted_points(Function.of("sqrt(x)"), 0.0, 1.0, 5), (np.arange(5) / 4) ** 4, atol=2e-3)
    table = relu_approximation("sqrt(x)", 0, 1, n=10, adapted=True, compare=[20, 40])["table"]
    assert table["order"][-1] == pytest.approx(2, abs=0.05)


def test_a_million_points_take_linear_memory():
    tracemalloc.start()
    answer = relu_approximation("sin(x)", 0, "2*pi", n=10**6, compare=[10**6])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 500e6  # the matrix would take 8 terabytes
    assert answer["weights"].shape == (10**6,)
    assert answer["max_error"] == pytest.approx((2 * np.pi / (10**6 - 1)) ** 2 / 8, rel=1e-3)
    assert str(answer).count("\n") < 100
    x = np.array([[0.5], [3.0], [6.0]])
    np.testing.assert_allclose(answer.network.forward(x)["a2"], np.sin(x), atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("1/(x - 0.3)", 0, 1), "1/(x - 0.3) has no finite value at x = 0.3"),
        (("1/x", -1, 1), "no finite value at x = 0"),
        (("tanh(1/x)", -1, 1), "no finite value at x = 0"),
        (("sin(x)/x", -1, 1), "no finite value at x = 0"),
        (("log(x)", 0, 1), "no finite value at x = 0"),
        (("sqrt(x - 0.001)", 0, 1), "no finite value at x = 0"),
        (("1/sin(x)", 1, 4), "no finite value at x = 3.14159"),
        (("exp(1000*x)", 0, 1), "no finite value at x = 0.709"),
        (("sin(x)", 1, 1), "smaller one"),
        (("sin(x)", 2, 1), "smaller one"),
        (("sin(x)", 0, None), "interval is missing"),
        (("sin(x)", 0, math.inf), "right end"),
        (("sin(x)", 0, 1e-300), "too short"),
        (("sin(x)", 0, 1, 0), "from 2 to 2000000, not 0"),
        (("sin(x)", 0, 1, 1), "spacing needs two"),
        (("sin(x)", 0, 1, 10**9), "from 2 to 2000000"),
        (("sin(x)", 0, 1, 2.5), "whole number"),
        (("x*y", 0, 1), "variables x and y"),
        (("open('x')", 0, 1), "a function, and there is none"),
        ((), "there is no function"),
    ],
)
def test_what_cannot_be_approximated_is_refused(arguments, message):
    with pytest.raises(ChalkworkError, match=re.escape(message)):
        relu_approximation(*arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"points": [0, 1, 1], "values": [1, 2, 3]}, "the point 1 is given twice"),
        ({"points": [0, 2, 1], "values": [1, 2, 3]}, "1 comes after 2"),
        ({"points": [0], "values": [1]}, "at least 2 points"),
        ({"points": [0, 1], "values": [1]}, "2 points and 1 values"),
        ({"points": [0, math.nan], "values": [1, 2]}, "points[2] is nan"),
        ({"points": [], "values": []}, "list of numbers"),
        ({"points": "ab", "values": [1, 2]}, "list of numbers"),
        ({"points": [0, 1]}, "there is no function"),
        ({"function": "x", "points": [0, 1], "values": [1, 2]}, "both a function and values"),
        ({"function": "x", "points": [0, 1], "n": 3}, "nothing to say"),
        ({"function": "1/x", "points": [-1, 1]}, "no finite value at x = 0"),
        ({"function": "relu", "a": -1, "b": 1, "adapted": True}, "equidistant or given ones"),
        ({"function": "x", "a": 0, "b": 1, "compare": [1]}, "compare[1]"),
        ({"function": "x", "a": 0, "b": 1, "compare": "all"}, "at most 8"),
    ],
)
def test_points_that_do_not_do_are_refused(arguments, message):
    with pytest.raises(ChalkworkError, match=re.escape(message)):
        relu_approximation(**arguments)


# --- as documents and in sheets --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        {"function": "sin(x)", "a": 0, "b": 6.28, "n": 8},
        {"function": "-10*exp(-10*x)", "a": -1, "b": 1, "n": 30, "adapted": True},
        {"function": "1e-6*x^3", "a": -1e3, "b": 1e3, "n": 2},
        {"points": [-2.5, 0, 0.1, 7], "values": [1e-3, -4, 1e5, 0]},
        {"function": "abs(t)", "points": [-1, -0.5, 2], "decimals": 2},
    ],
)
def test_what_is_written_is_tidy(arguments):
    answer = relu_approximation(**arguments)
    text = str(answer)
    assert max(map(len, text.splitlines())) <= 80
    for ugly in ("--", "+ −", "+ -", "− −", "1.0 x", "nan", "frac", "None", "(−10) x"):
        assert ugly not in text
    for figure in answer.document().blocks:
        if isinstance(figure, Drawing):
            assert figure.description and "nan" not in figure.svg
            ElementTree.fromstring(figure.svg)


def test_long_tables_are_shown_with_dots():
    answer = relu_approximation("sin(x)", 0, 1, n=1000, compare=[1000])
    tables = [block for block in answer.document().blocks if isinstance(block, Table)]
    assert len(tables[0].rows) == 14 and ("⋮",) * 6 in tables[0].rows


def test_a_block_reads_its_keys_and_reports_the_line():
    text = "```relu_approximation\nid: a\nfunction: {}\ninterval: {}\nn: {}\n```\n"
    answer = work_parts(parse_sheet(text.format("sin(x)", "[0, 2*pi]", 4)))["a"]
    assert answer["points"][-1] == pytest.approx(2 * math.pi)
    for values, message in (
        (("sin(", "[0, 1]", 4), "line 3, column \\d+: relu_approximation a: "),
        (("sin(x)", "[0]", 4), "line 4, column \\d+: interval: "),
        (("sin(x)", "[0, 1]", 1), "line 5, column \\d+: n: "),
        (("1/x", "[-1, 1]", 4), "line 1: relu_approximation a: 1/x has no finite value"),
    ):
        with pytest.raises(SheetError, match=re.escape(message).replace(r"\\d\+", r"\d+")):
            work_parts(parse_sheet(text.format(*values)))


def test_the_shipped_sheet():
    answers = work_parts(read_sheet(SHEET))
    np.testing.assert_allclose(answers["c"]["weights"], [1, 0, -2, 2], atol=1e-15)
    assert answers["a"]["n"] == 8 and answers["a"]["table"]["n"] == [8, 16, 32, 64]
    assert '"max_error"' in to_json(workbook(read_sheet(SHEET)))


def test_a_value_that_rounds_to_zero_is_said_to():
    text = " ".join(str(relu_approximation("sin(x)", 0, "2*pi", n=4, compare=[8])).split())
    assert "0.0000" in text and text.count("0.0000 is a number that rounds to zero here") == 1
    assert "rounds to zero" not in str(relu_approximation("x^2", 0, 1, n=3))
