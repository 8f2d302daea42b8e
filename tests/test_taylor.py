"""Taylor polynomials against mpmath, SymPy and published series; what cannot be expanded is refused."""

import math
import re
from itertools import pairwise
from xml.etree import ElementTree

import mpmath
import numpy as np
import pytest
import sympy
from shipped import SHEETS

from chalkwork.algebra.expression import Name
from chalkwork.algebra.reading import read
from chalkwork.derivation.evaluate import evaluate
from chalkwork.documents.markdown import to_markdown
from chalkwork.drawings.drawing import Drawing
from chalkwork.drawings.plot import Axis, Curve, line_plot
from chalkwork.errors import ChalkworkError, SheetError
from chalkwork.laboratory.functions.one_variable import Function, check_defined, constant, smooth_branch
from chalkwork.laboratory.functions.series import coefficient_bounds, largest_coefficient, taylor_coefficients
from chalkwork.laboratory.taylor import HIGHEST_ORDER, taylor
from chalkwork.laboratory.taylor.derivatives import Ring
from chalkwork.sheets.document import workbook
from chalkwork.sheets.format import parse_sheet, read_sheet
from chalkwork.sheets.solve import work_parts
from chalkwork.solutions.export import to_json

SHEET = SHEETS / "taylor-sigmoid.md"
mp = mpmath.mp.clone()
mp.dps = 50


def _sigmoid(x):
    return 1 / (1 + mp.exp(-x))


ORACLES = [
    ("sigmoid", _sigmoid, 0.0),
    ("sigmoid", _sigmoid, -1.5),
    ("tanh", mp.tanh, 0.75),
    ("softplus", lambda x: mp.log(1 + mp.exp(x)), 2.0),
    ("silu", lambda x: x * _sigmoid(x), 1.0),
    ("gelu", lambda x: x * mp.erfc(-x / mp.sqrt(2)) / 2, -0.5),
    ("softsign", lambda x: x / (1 + x), 0.5),
    ("softsign", lambda x: x / (1 - x), -0.5),
    ("elu(0.5)", lambda x: mp.mpf(0.5) * (mp.exp(x) - 1), -1.0),
    ("exp(sin(x))/(1 + x^2)", lambda x: mp.exp(mp.sin(x)) / (1 + x**2), 0.5),
    ("sqrt(1 + t^2)*log(2 + t)^2.5", lambda t: mp.sqrt(1 + t**2) * mp.log(2 + t) ** mp.mpf(2.5), 0.25),
    ("normal_pdf(x)*cos(2*x) - 2^x", lambda x: mp.exp(-(x**2) / 2) / mp.sqrt(2 * mp.pi) * mp.cos(2 * x) - 2**x, 0.25),
    ("sin(pi*x)/e", lambda x: mp.sin(mp.pi * x) / mp.e, 0.125),
    ("(x - 3)^-3 + abs(x)", lambda x: (x - 3) ** -3 + x, 1.0),
]


def _series(function, at, order):
    """The coefficients by Cauchy's integral on a small circle: nothing but values of the function."""
    points, radius = 64, mp.mpf(1) / 8
    roots = [mp.expjpi(mp.mpf(2 * j) / points) for j in range(points)]
    values = [function(at + radius * root) for root in roots]
    return [
        (mp.fsum(v * r ** (-k) for v, r in zip(values, roots, strict=True)) / points / radius**k).real
        for k in range(order + 1)
    ]


@pytest.mark.parametrize(("text", "function", "at"), ORACLES, ids=lambda value: str(value)[:24])
def test_coefficients_and_their_enclosures_are_those_of_mpmath(text, function, at):
    order = 20
    expected = _series(function, mp.mpf(at), order)
    answer = taylor(text, order, at, interval=(at - 0.125, at + 0.125))
    size = max(abs(value) for value in expected)
    np.testing.assert_allclose(
        answer["coefficients"], [float(v) for v in expected], rtol=1e-9, atol=1e-13 * float(size)
    )
    np.testing.assert_allclose([answer[f"c{k}"] for k in range(order + 1)], answer["coefficients"], rtol=1e-11)
    np.testing.assert_allclose([answer[f"f{k}"] for k in range(order + 1)], answer["derivatives"], rtol=1e-11)
    smooth = smooth_branch(Function.of(text), at, at)
    found = taylor_coefficients(smooth, np.array([at]), np.array([at]), order)
    for low, high, value in zip(found.low[:, 0], found.high[:, 0], expected, strict=True):
        room = mp.mpf(10) ** -30
        assert low - room <= value <= high + room


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("sigmoid", "1/(1 + exp(-x))"),
        ("tanh", "tanh(x)"),
        ("exp(-x^2)*cos(x)", "exp(-x**2)*cos(x)"),
        ("log(1 + x)/(1 - x)", "log(1 + x)/(1 - x)"),
        ("sqrt(4 + x)", "sqrt(4 + x)"),
    ],
)
def test_rational_coefficients_are_those_of_sympy(text, expression):
    x = sympy.Symbol("x")
    series = sympy.sympify(expression).series(x, 0, 10).removeO()
    exact = taylor(text, 9, interval=(-0.25, 0.25))["exact"]
    assert [sympy.Rational(value) for value in exact] == [series.coeff(x, k) for k in range(10)]


@pytest.mark.parametrize(
    "text", ["sigmoid", "tanh", "silu", "gelu", "exp(sin(x))/x", "x^2.5*log(x)", "1/(1 + exp(-x))"]
)
def test_derivatives_written_out_are_derivatives(text):
    function = smooth_branch(Function.of(text), 0.5, 1.5)
    ring, x = Ring("x"), np.array([[0.7]])
    form = ring.of(function.tree)
    for k in range(4):
        value = float(evaluate(ring.expression(form), {"x": x}).item())
        exact = taylor_coefficients(function, x[0], x[0], k)
        assert value == pytest.approx(math.factorial(k) * (exact.low + exact.high)[k, 0] / 2, rel=1e-11)
        form = ring.derivative(form)


def test_what_the_course_prints_of_the_sigmoid():
    """f(0) = 1/2, f' = 1/4, f'' = 0, f''' = -1/8; 1/2 + x/4 - x^3/48 to third order."""
    answer = work_parts(read_sheet(SHEET))["a"]
    np.testing.assert_array_equal(answer["derivatives"], [0.5, 0.25, 0, -0.125])
    assert answer["polynomial"] == "1/2 + x/4 - x^3/48"
    assert taylor("sigmoid", 5)["polynomial"] == "1/2 + x/4 - x^3/48 + x^5/480"
    text = str(answer)
    for line in ("f′(x) = s − s²", "f″(0) = ½ − 3 · (½)² + 2 · (½)³ = 0", "T₃(x) = ½ + x / 4 − x³ / 48"):
        assert line in text


def test_published_numbers():
    """Abramowitz and Stegun (1964), 4.5.64: tanh x = x - x^3/3 + 2 x^5/15 - 17 x^7/315 + ..., |x| < pi/2."""
    answer = taylor("tanh", 7)
    assert answer["polynomial"] == "x - x^3/3 + 2*x^5/15 - 17*x^7/315"
    assert answer["radius"] == pytest.approx(math.pi / 2)


@pytest.mark.parametrize(
    ("text", "order", "about", "interval"),
    [
        ("sigmoid", 3, 0, (-2, 2)),
        ("sigmoid", 30, 0, (-2, 2)),
        ("sigmoid", 5, 1, (-4, 4)),
        ("tanh", 5, 0, (-1, 1)),
        ("gelu", 6, 0.5, (-3, 3)),
        ("log(x)", 4, 1, (0.5, 1.5)),
        ("elu", 2, -1, (-3, 0)),
        ("sin(x)", 0, "pi/2", (0, 3)),
        ("exp(sin(x))/(1 + x^2)", 3, 0, (-1, 2)),
    ],
)
def test_the_bound_holds_and_is_not_far_from_lagrange(text, order, about, interval):
    answer = taylor(text, order, about, interval)
    assert answer["error"] <= answer["bound"] * (1 + 1e-12) + 1e-15
    m, low, high = answer["remainder_order"], *answer["interval"]
    smooth = smooth_branch(Function.of(text), min(low, answer["about"]), max(high, answer["about"]))
    points = np.linspace(low, high, 3001)
    found = taylor_coefficients(smooth, points, points, m)
    largest = np.abs(found.low[m] / 2 + found.high[m] / 2).max()
    distance = max(abs(low - answer["about"]), abs(high - answer["about"]))
    assert largest * distance**m * (1 - 1e-12) <= answer["bound"] <= 1.1 * largest * distance**m


def test_enclosures_hold_every_value_of_the_interval(rng):
    for text, low, high in (("tanh(3*x)", -1.0, 1.0), ("exp(-x^2)/(2 + sin(5*x))", -2.0, 2.0), ("x^1.5", 0.1, 3.0)):
        function = Function.of(text)
        for order in (0, 2, 9):
            bound = largest_coefficient(function, low, high, order)
            points = rng.uniform(low, high, 500)
            found = taylor_coefficients(function, points, points, order)
            assert (np.abs(found.low / 2 + found.high / 2)[order] <= bound).all()
            ends = np.linspace(low, high, 9)
            bounds = coefficient_bounds(function, ends[:-1], ends[1:], order)
            piece = np.clip(np.searchsorted(ends, points) - 1, 0, 7)
            assert (np.abs(found.low / 2 + found.high / 2)[order] <= bounds[piece]).all()


@pytest.mark.parametrize(
    ("text", "about", "radius"),
    [
        ("sigmoid", 0, math.pi),
        ("sigmoid", 1, math.hypot(1, math.pi)),
        ("softplus", 2, math.hypot(2, math.pi)),
        ("silu", 0, math.pi),
        ("tanh", 1, math.hypot(1, math.pi / 2)),
        ("tanh(2*x)", 0, math.pi / 4),
        ("softsign", 0.5, 1.5),
        ("gelu", 0, math.inf),
        ("exp(-x^2)", 0, math.inf),
        ("1/(1 + x^2)", 1, math.sqrt(2)),
        ("log(x)", 0.5, 0.5),
        ("elu", -1, math.inf),
    ],
)
def test_radius_of_convergence(text, about, radius):
    assert taylor(text, 2, about)["radius"] == pytest.approx(radius)


def test_the_radius_is_what_the_coefficients_say():
    coefficients = taylor("tanh", 29, 0)["coefficients"][1::2]
    ratios = [abs(a / b) ** 0.5 for a, b in pairwise(coefficients)]
    assert ratios[-1] == pytest.approx(math.pi / 2, rel=1e-9)


def test_an_unknown_radius_is_none():
    assert taylor("tanh(sin(x))", 2)["radius"] is None


@pytest.mark.parametrize("text", ["sigmoid", "silu", "exp(x)*cos(3*x)", "1/(2 - x)", "gelu"])
@pytest.mark.parametrize("about", [0, "1/2", -1, "pi/4"])
def test_the_polynomial_can_be_read_again(text, about):
    answer = taylor(text, 6, about, interval=(-1.5, 1.5))
    tree = read(answer["polynomial"], {"x": Name("x"), "pi": Name("pi")})
    x = np.array([[0.3]])
    value = float(evaluate(tree, {"x": x, "pi": np.array([[np.pi]])}).item())
    expected = np.polynomial.polynomial.polyval(0.3 - answer["about"], answer["coefficients"])
    assert value == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("relu",), "relu has a kink at x = 0"),
        (("leaky_relu(0.1)",), "kink at x = 0"),
        (("softsign",), "kink at x = 0"),
        (("elu", 2, 1, (-1, 2)), "kink at x = 0 in the interval from -1 to 2"),
        (("abs(x^2 - 2)", 2, 1, (0, 2)), "kink at x = 1.41421 in"),
        (("equal(x, 1)",), "jumps"),
        (("sqrt(x)",), "no finite derivative of order 1 at x = 0"),
        (("step(x)", 2, 1, (0, 2)), "kink at x = 0 in the interval"),
        (("maximum(2, x^1.5)", 2, 0.5, (-1, 1)), "no finite value at x = -1"),
        (("log(x)", 3, 1, (-1, 2)), "no finite value at x = -1"),
        (("1/(x - 1)", 3, 0, (0, 2)), "no finite value at x = 1"),
        (("softmax",), "function of a vector"),
        (("sigmiod",), "did you mean sigmoid"),
        (("a*b",), "variables a and b"),
        (("sum(x)",), "no operation of single numbers"),
        (("__import__('os')",), "cannot stand here"),
        (("x^1e308",), "larger than"),
        (("x^5000",), "exponent"),
        (("(" * 300 + "x" + ")" * 300,), "levels of brackets"),
        (("",), "a function is a text"),
        ((None,), "a function is a text"),
        (("sigmoid", 31), "from 0 to 30"),
        (("sigmoid", -1), "from 0 to 30"),
        (("sigmoid", 2.0), "from 0 to 30"),
        (("sigmoid", 3, "x"), "such as 1/2 or pi/2"),
        (("sigmoid", 3, "1/0"), "between -1e15 and 1e15"),
        (("sigmoid", 3, math.nan), "between -1e15 and 1e15"),
        (("sigmoid", 3, 0, (2, 1)), "smaller one"),
        (("sigmoid", 3, 0, (0, math.inf)), "right end"),
        (("sigmoid", 3, 0, 5), "two numbers"),
        (("sin(x)", 30, 0, (-1e15, 1e15)), "larger than double precision holds"),
        (("sin(f1)",), "the variable is called f1"),
        (("exp(1e12*x)", 30), "no finite derivative of order"),
    ],
)
def test_what_cannot_be_expanded_is_refused(arguments, message):
    with pytest.raises(ChalkworkError, match=re.escape(message)):
        taylor(*arguments)


def test_one_side_of_a_kink_is_expanded():
    assert taylor("relu", 2, 1)["polynomial"] == "1 + (x - 1)"
    assert taylor("relu", 2, -1)["polynomial"] == "0"
    assert taylor("leaky_relu(0.1)", 2, -1)["polynomial"] == "-1/10 + (x + 1)/10"
    assert taylor("leaky_relu(0.1)", 2, -1)["exact"] == ["-1/10", "1/10", "0"]


def test_hard_functions_have_their_coefficients_too():
    sin, tanh, exp = mpmath.sin, mpmath.tanh, mpmath.exp
    hard = {
        "tanh(sin(x)*exp(x)/(1 + x^2))": lambda x: tanh(sin(x) * exp(x) / (1 + x**2)),
        "1 + sin(x)^40": lambda x: 1 + sin(x) ** 40,
        "*".join(["tanh(1 + x)"] * 40): lambda x: tanh(1 + x) ** 40,
        "exp(exp(exp(x)))": lambda x: exp(exp(exp(x))),
    }
    for text, function in hard.items():
        answer = taylor(text, 12)
        with mpmath.workdps(60):
            wanted = [float(each) for each in mpmath.taylor(function, 0, 12)]
        np.testing.assert_allclose(answer["coefficients"], wanted, rtol=1e-11, atol=1e-15)
        assert "T₁₂(x) = " in str(answer)


def test_constants_are_exact_where_they_are_typed_so():
    assert constant("1/3", "about")[0] == sympy.Rational(1, 3)
    assert taylor("sin(x)", 3, "pi/2")["exact"] == ["1", "0", "-1/2", "0"]
    assert taylor("sin(pi*x)", 3)["exact"] == ["0", "pi", "0", "-(pi^3 / 6)"]
    assert taylor("softplus", 2)["exact"] == ["log(2)", "1/2", "1/8"]
    check_defined(Function.of("sqrt(1 - x^2)"), -1, 1)


# --- as documents and in sheets --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sigmoid", "gelu", "exp(-x)*sin(3*x)", "softsign", "x^3 - 0.5*x"])
@pytest.mark.parametrize("about", [0.5, 2])
def test_what_is_written_is_tidy(name, about):
    answer = taylor(name, HIGHEST_ORDER if about == 2 else 4, about, (about - 0.25, about + 0.25))
    text, markdown = str(answer), to_markdown(answer.document())
    assert max(map(len, text.splitlines())) <= 80
    for ugly in ("--", "+ −", "+ -", "− −", "1.0 x", "nan", "frac", "None"):
        assert ugly not in text
    assert "+ -" not in markdown and "- -" not in markdown
    (figure,) = [block for block in answer.document().blocks if isinstance(block, Drawing)]
    assert figure.description and "nan" not in figure.svg
    ElementTree.fromstring(figure.svg)


def test_a_block_reads_its_keys_and_reports_the_line():
    sheet = "```taylor\nid: a\nfunction: {}\norder: {}\ninterval: {}\n```\n"
    answer = work_parts(parse_sheet(sheet.format("sin(x)", 3, "[0, pi/2]")))["a"]
    assert answer["interval"][1] == pytest.approx(math.pi / 2)
    for values, message in (
        (("sin(", 3, "[0, 1]"), "line 3, column \\d+: taylor a: "),
        (("sin(x)", 31, "[0, 1]"), "line 4, column \\d+: order: "),
        (("sin(x)", 3, "[0]"), "line 5, column \\d+: interval: "),
        (("relu", 3, "[0, 1]"), "line 1: taylor a: relu has a kink"),
    ):
        with pytest.raises(SheetError, match=re.escape(message).replace(r"\\d\+", r"\d+")):
            work_parts(parse_sheet(sheet.format(*values)))


def test_a_question_has_its_answer_and_nothing_to_mark():
    answer = work_parts(read_sheet(SHEET))["d"]
    assert not len(answer.derivation) and list(answer) == ["answer"]
    assert "up to the nearest point" in str(answer) and "up to the nearest point" in answer["answer"]


def test_the_shipped_sheet():
    answers = work_parts(read_sheet(SHEET))
    assert answers["a"]["error"] <= answers["a"]["bound"] < 0.07
    assert answers["b"]["error"] < answers["a"]["error"] / 2
    assert answers["c"]["radius"] == pytest.approx(math.pi / 2)
    assert '"radius": 3.14159' in to_json(workbook(read_sheet(SHEET)))


# --- plots -----------------------------------------------------------------------------------------------------------


def test_a_plot_cuts_what_leaves_the_frame_and_escapes_labels():
    curve = Curve([0, 1, 2, 3], [0, 1e9, float("nan"), 1], '<script>"&')
    figure = line_plot("t", "d", [curve], y=Axis(within=(0, 2)))
    root = ElementTree.fromstring(figure.svg)
    assert "<script>" not in figure.svg and root is not None
    numbers = [float(n) for d in re.findall(r' d="([^"]*)"', figure.svg) for n in re.findall(r"-?\d+\.?\d*", d)]
    assert max(map(abs, numbers)) < 1000


def test_axes_of_powers_of_ten_and_of_nothing():
    figure = line_plot("t", "d", [Curve([1, 1000], [1e-9, 0.0], "a")], Axis(log=True), Axis(log=True))
    assert "10" in figure.svg
    line_plot("t", "d", [Curve([1.0], [2.0], "constant")])
    with pytest.raises(ValueError, match="nothing to plot"):
        line_plot("t", "d", [Curve([1.0], [-1.0], "a")], y=Axis(log=True))
