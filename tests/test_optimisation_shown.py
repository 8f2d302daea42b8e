"""Optimisation as people see it: what goes wrong, pictures, and sheets."""

import re
from pathlib import Path

import mpmath
import numpy as np
import pytest

from chalkwork.documents.terminal import to_text
from chalkwork.drawings.contour import contour_lines, levels_of
from chalkwork.drawings.drawing import Drawing
from chalkwork.drawings.plot import Axis, line_plot
from chalkwork.errors import ChalkworkError, ReadError, SheetError, ValueProblem
from chalkwork.laboratory.optimisation import condition, critical_points, escape, newton_cost, optimise, step_size
from chalkwork.laboratory.optimisation.surface import Surface
from chalkwork.sheets.document import workbook
from chalkwork.sheets.format import parse_sheet, read_sheet
from chalkwork.sheets.solve import work_parts

ROOT = Path(__file__).parents[1]
SHEETS = ("optimisation-descent-and-newton", "optimisation-saddle-points")

# --- what goes wrong -------------------------------------------------------------------------------------------------


def test_endings_are_explained():
    singular = optimise("x^3 + y^2", {"x": 0, "y": 1}, "newton")
    assert singular["ending"] == "singular" and "singular" in str(singular)
    infinite = optimise("x^2 + 10*y^2", {"x": 1, "y": 1}, rate=0.5, steps=100)
    assert infinite["ending"] == "diverged" and "runs off to infinity" in " ".join(str(infinite).split())
    assert len(infinite["path"]) < 20
    outside = optimise("x - log(x)", {"x": 0.5}, rate=1)
    assert outside["ending"] == "critical" or outside["value"] == pytest.approx(1.0)
    negative = optimise("x - log(x)", {"x": 5}, "newton")
    assert negative["ending"] == "outside" and "the logarithm of a negative number" in " ".join(str(negative).split())
    pole = optimise("1/x", {"x": 0.1}, "gradient_descent", rate=0.001, steps=3)
    assert np.isfinite(pole["values"]).all()
    with pytest.raises(ValueProblem, match="no value at the start: a division by zero"):
        optimise("1/x", {"x": 0})
    with pytest.raises(ValueProblem, match="no value at the start: the logarithm of a negative number"):
        optimise("log(x) + y", {"x": -1, "y": 0})
    damped = optimise("x^3 + y^2", {"x": 0, "y": 1}, "newton", damping=0.5)
    assert damped["ending"] != "singular"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: optimise("x^2", {"y": 1}), "has the variable x"),
        (lambda: optimise("x^2", {"x": 1, "y": 1}), "y does not occur"),
        (lambda: optimise("x^2", {"x": "a"}), "no number"),
        (lambda: optimise("x^2", {"x": 1e9}), "at most 1e"),
        (lambda: optimise("x^2", {}), "start is a mapping"),
        (lambda: optimise("x^2", {"x": 1}, "newtn"), "there is no method"),
        (lambda: optimise("x^2", {"x": 1}, ["newton", "newton"]), "named twice"),
        (lambda: optimise("x^2", {"x": 1}, rate=0), "the rate is a number above 0"),
        (lambda: optimise("x^2", {"x": 1}, momentum=1), "below 1"),
        (lambda: optimise("x^2", {"x": 1}, steps=10**9), "steps is a whole number"),
        (lambda: optimise("x^2", {"x": 1}, window={"x": [1, 1]}), "is an interval"),
        (lambda: optimise("x^2", {"x": 1}, window={"y": [0, 1]}), "an interval for every variable"),
        (lambda: optimise("a+b+c+d+f", {"a": 1}), "5 variables"),
        (lambda: optimise("3", {"x": 1}), "no variable"),
        (lambda: optimise(5, {"x": 1}), "a function is a text"),
        (lambda: optimise("x" * 500, {"x": 1}), "500 characters"),
        (lambda: optimise("softmax(x)", {"x": 1}), "operation of matrices"),
        (lambda: optimise("__import__('os').system('true')", {"x": 1}), "."),
        (lambda: optimise("x.T + x", {"x": 1}), "operation of matrices"),
        (lambda: optimise("(" * 200 + "x", {"x": 1}), "levels"),
        (lambda: optimise("+".join(["x"] * 99), {"x": 1}), "parts, more than"),
        (lambda: step_size("x^4", {"x": 1}), "not quadratic"),
        (lambda: step_size("x^2 - y^2", {"x": 1, "y": 1}), "no single minimum"),
        (lambda: step_size("abs(x)", {"x": 1}), "not quadratic"),
        (lambda: condition("x^2", {"x": 0}), "the minimum already"),
        (lambda: condition("x^2", {"x": 1}, accuracy=2), "accuracy"),
        (lambda: critical_points("x^2", {"x": [0, 1]}, grid=1000), "grid is a whole number"),
        (lambda: critical_points("x^2", [0, 1]), "box gives an interval"),
        (lambda: critical_points("a+b+c+d", {name: [0, 1] for name in "abcd"}, grid=41), "more than 20000"),
        (lambda: escape("x^2 - y^2", {"x": 0, "y": 0}, [0]), "distances"),
        (lambda: newton_cost([0]), "whole numbers"),
        (lambda: newton_cost(["x"]), "no number"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ChalkworkError, match=message):
        call()


def test_deeply_nested_functions_have_their_derivatives():
    nested = "x"
    for name in ("tanh", "sin", "exp") * 4:
        nested = f"{name}({nested})"
    found = optimise(nested, {"x": 0.1}, "newton", steps=2)

    def function(x):
        for inner in (mpmath.tanh, mpmath.sin, mpmath.exp) * 4:
            x = inner(x)
        return x

    with mpmath.workdps(40):
        for step in (1, 2):
            point = mpmath.mpf(found[f"p{step}"].item())
            slope, curve = (mpmath.diff(function, point, order) for order in (1, 2))
            assert found[f"g{step}"].item() == pytest.approx(float(slope), rel=1e-9)
            assert found[f"H{step}"].item() == pytest.approx(float(curve), rel=1e-9)
            for reached in (found[f"p{step + 1}"].item(), found["path"][step].item()):
                assert reached == pytest.approx(float(point - slope / curve), rel=1e-9)


# --- pictures --------------------------------------------------------------------------------------------------------


def test_contour_lines_lie_on_their_levels():
    places = np.linspace(-2, 2, 41)
    x, y = np.meshgrid(places, places)
    values = x**2 + 2 * y**2
    levels = np.array(levels_of(values))
    lines = contour_lines(places, places, values)
    found = [np.array(line.x) ** 2 + 2 * np.array(line.y) ** 2 for line in lines]
    nearest = [levels[np.argmin(np.abs(levels - height.mean()))] for height in found]
    assert set(nearest) == set(levels.tolist())
    for height, level in zip(found, nearest, strict=True):
        assert height == pytest.approx(np.full(len(height), level), abs=0.03)
    closed = [line for line in lines if np.hypot(line.x, line.y).max() < 1]
    assert closed and all((line.x[0], line.y[0]) == (line.x[-1], line.y[-1]) for line in closed)


def test_there_are_no_contour_lines_where_there_are_no_values():
    x, y = np.meshgrid(np.linspace(-1, 1, 20), np.linspace(-1, 1, 20))
    holes = np.where(x > 0.5, np.nan, x * y)
    lines = contour_lines(x[0], y[:, 0], holes)
    assert lines and max(max(line.x) for line in lines) < 0.5
    assert all(np.isfinite([line.x, line.y]).all() for line in lines)
    assert not contour_lines(x[0], y[:, 0], np.zeros((20, 20)))


def test_the_drawing_is_small_and_says_what_it_shows():
    answer = optimise("x^2 + 10*y^2", {"x": 1, "y": 1}, ["gradient_descent", "newton"], rate=0.09)
    (figure,) = [block for block in answer.document().blocks if isinstance(block, Drawing)]
    assert "Gradient descent starts at (1, 1)" in figure.description and "Newton" in figure.description
    assert len(figure.svg) < 60_000 and "id=" not in figure.svg
    flat = line_plot("Flat", "Nothing.", [], Axis(within=(0, 100)), Axis(within=(0, 50)), equal=True)
    assert flat.description == "Nothing."
    assert re.findall(">([0-9]+)</text>", flat.svg) == [
        "0",
        "10",
        "20",
        "30",
        "40",
        "50",
        "0",
        "20",
        "40",
        "60",
        "80",
        "100",
    ]


# --- sheets ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHEETS)
def test_the_shipped_sheets_fit_the_page(name):
    sheet = read_sheet(ROOT / "sheets" / f"{name}.md")
    text = to_text(workbook(sheet).document)
    assert max(map(len, text.splitlines())) <= 80
    for leftover in ("$", "\\", "{", "}", "+ −", "+ -", "−−", "nan", "1.0 x"):
        assert leftover not in text
    assert "1.6; −1.6" in text or "(1.6, −1.6)" in text or name != SHEETS[0]
    hidden = to_text(workbook(sheet, "sheet").document)
    assert "Newton ends at" not in hidden and "Model answer" not in hidden


def test_the_sheets_values():
    parts = work_parts(read_sheet(ROOT / "sheets" / f"{SHEETS[0]}.md"))
    assert parts["a"]["limit"] == pytest.approx(0.1)
    assert np.abs(parts["b"]["path"][-4:, 0]).tolist() == pytest.approx([0.05] * 4)
    assert parts["d"]["gradient_descent.point"].tolist() == pytest.approx([1.6, -1.6])
    assert parts["i"]["newton.ending"] == "singular"
    np.testing.assert_allclose(parts["i"]["newton.path"][1], 2.5 - np.sinh(2.5))
    saddles = work_parts(read_sheet(ROOT / "sheets" / f"{SHEETS[1]}.md"))
    assert saddles["a"]["kinds"] == ["saddle", "minimum"]
    assert saddles["c"]["newton.point"].tolist() == pytest.approx([-1, 0])
    assert saddles["c"]["saddle_free_newton.point"].tolist() == pytest.approx([1, 0])
    np.testing.assert_allclose(saddles["d"]["newton.point"], 0, atol=1e-9)


@pytest.mark.parametrize(
    ("body", "message", "line"),
    [
        ("function: x^2", "needs the key 'start'", 2),
        ("function: x^2\nstart: {x: 1}\ngrid: 3", "grid is of no use in the study path", 5),
        ("function: x^2\nstart: {x: one}", "expected a number", 4),
        ("study: walk", "expected path or", 3),
        ("network: nn\nx: [1]\ny: [1]", "there is no network", 3),
        ("function: x^^2\nstart: {x: 1}", "cannot stand here", 2),
    ],
)
def test_errors_in_a_sheet_name_the_line(body, message, line):
    with pytest.raises(SheetError, match=message) as caught:
        work_parts(parse_sheet(f"\n```optimise\nid: a\n{body}\n```\n".lstrip("\n")))
    assert abs((caught.value.line or 0) - line) <= 1


def test_reading_is_bounded():
    with pytest.raises(ReadError):
        Surface("x ** ")
    assert re.match("x", Surface("x^2").text)
