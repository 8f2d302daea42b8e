"""What courses ask, worked as people work it: powers of e, 1/m, what leads to an answer and no more."""

import numpy as np
import pytest
from mpmath import mp

from chalkwork import Architecture, Dense, Graph, NeuralNetwork
from chalkwork.documents.terminal import to_text
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.claims import Claim
from chalkwork.sheets import parse_sheet, solve_sheet, workbook
from chalkwork.sheets.library import find_sheet

SIGMOID = {"define": [r"z = w x + b", r"a = \sigma(z)", r"L = -(y \ln a + (1 - y) \ln(1 - a))"]}
DERIVED = [  # a claim, its context, steps in the order in which they are to stand
    (
        r"\frac{\partial L}{\partial w} = (a - y) x", SIGMOID,
        ["∂a/∂z = a · (1 − a)", "∂L/∂a · ∂a/∂z · ∂z/∂w", "(a − y) · x"],
    ),
    (
        r"\theta - \eta \frac{d}{d\theta}[2 \theta^2 - 5 \theta] = \theta - \eta (4 \theta - 5)", {},
        ["Term by term", "d/dθ (2 θ²) − d/dθ (5 θ)", "θ − η · (4 θ − 5)"],
    ),
    (r"\frac{d}{dx} \ln(3 + e^x) = \frac{e^x}{3 + e^x}", {}, ["1 / (3 + exp(x)) · exp(x)", "exp(x) / (3 + exp(x))"]),
    (r"\frac{d}{dx} \frac{x}{2 + x^2} = \frac{2 - x^2}{(2 + x^2)^2}", {}, ["(2 + x² − x · 2 x) / (", "(2 − x²)"]),
    (
        r"\frac{dL}{dp} = \frac{p - y}{p (1 - p)}",
        {"define": r"L = -(y \ln p + (1 - y) \ln(1 - p))", "domain": {"p": "(0, 1)"}},
        ["By the definition", "Term by term", "(p − y) / (p · (1 − p))"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "given", "steps"), DERIVED)
def test_what_is_claimed_of_a_derivative_is_worked_out(statement, given, steps):
    answer = Claim(statement, **given).check()
    assert answer["verdict"] == "proved" and ("Let" in str(answer)) == bool(given)
    _, _, rest = str(answer).partition("To show")
    _, _, rest = rest.partition("\n\n  ")  # the claim itself
    for step in steps:
        assert step in rest, str(answer)
        _, _, rest = rest.partition(step)


def test_a_false_derivative_is_refuted_and_a_derivative_by_a_quantity_is_that_at_its_value():
    wrong = Claim(r"\frac{\partial L}{\partial w} = a - y", **SIGMOID).check()
    assert wrong["verdict"] == "false" and "One derivative" not in str(wrong)
    assert (
        Claim(r"\frac{\partial L}{\partial a} = -\frac{y}{a} + \frac{1 - y}{1 - a}", **SIGMOID).check()["verdict"]
        == "proved"
    )


SLOPE = r"\frac{\partial}{\partial w} \frac{1}{2m} \sum_{i=1}^{m} (w x_i - y_i)^2"
SUMS = [  # claims about as many numbers as there are, and whether they hold
    (rf"{SLOPE} = \frac{{1}}{{m}} \sum_{{i=1}}^{{m}} (w x_i - y_i) x_i", True),
    (rf"{SLOPE} = \sum_{{i=1}}^{{m}} (w x_i - y_i) x_i", False),
    (r"\sum_{j=1}^{n} (x_j - c)^2 = \sum_{j=1}^{n} x_j^2 - 2 c \sum_{j=1}^{n} x_j + n c^2", True),
    (r"\sum_{j=1}^{n} (x_j - c) = \sum_{j=1}^{n} x_j - c", False),
    (r"\frac{1}{n} \sum_{i=1}^{n} x_i^2 \ge \frac{1}{n} \sum_{i=1}^{n} (2 x_i - 1)", True),
]  # fmt: skip


def test_sums_to_a_letter_are_proved_for_every_number_of_terms_or_refused():
    for statement, holds in SUMS:
        assert Claim(statement).check()["verdict"] == ("proved" if holds else "false"), statement
    for statement, message in (
        (r"(\sum_{i=1}^{n} x_i)^2 = \sum_{i=1}^{n} x_i^2", "only what is linear"),
        (r"\sum_{i=1}^{n} x_i = n x_i", "outside of the sum"),
        (r"\sum_{i=1}^{n} i = n^2", "i could be the imaginary unit|stands for itself"),
        (r"\sum_{i=1}^{n} x_i \sum_{i=1}^{n} y_i = 1", "inside of another"),
        (r"\prod_{i=1}^{n} x_i = 1", "only sums"),
        (r"\sum_{i=1}^{n} x_i \ne 0", "equations and bounds"),
    ):
        with pytest.raises(ChalkworkError, match=message):
            Claim(statement).check()


def test_a_letter_that_is_a_factor_elsewhere_is_one_before_parentheses():
    assert Claim(r"\eta \frac{1}{2} + \eta (x + 1) = \eta x + \frac{3}{2} \eta").check()["verdict"] == "proved"
    for text in (r"\eta (x + 1) = 1", r"\frac{df}{dx} = f(x)"):
        with pytest.raises(ChalkworkError, match="a function"):
            Claim(text)


SHEET = """
```graph
equations: |
  h[t] = 0.5*h[t-1] + x[t] for t = 1..3
  y[t] = 4*h[t] for t = 1..3
```
```task
id: a
values: {x: [1, 0, -2], "h[0]": 0}
ask: [y]
```
```network
input: [2, 1]
layers: [{kind: gru, units: 2, seed: 0}]
```
```task
id: b
network: net
x: [[1], [2]]
ask: ["h1[2]"]
```
"""


def test_recurrences_stand_in_sheets_and_are_asked_at_every_step():
    sheet = parse_sheet(SHEET.replace(", seed: 0", ""))
    solved = solve_sheet(sheet)
    assert solved["a"].asked == ("y_t1", "y_t2", "y_t3") and solved["b"].asked == ("h1_t1[2]", "h1_t2[2]")
    assert [solved["a"].solution[name].item() for name in solved["a"].asked] == [4, 2, -7]
    shown = to_text(workbook(sheet, "sheet", drawings=False).document)
    assert "hₜ = 0.5 hₜ₋₁ + xₜ,   yₜ = 4 hₜ,   t = 1, …, 3" in shown and "h₂" not in shown


def test_the_number_of_samples_is_a_letter_where_a_mean_is_taken():
    net = NeuralNetwork([Dense(weights=[[2.0]], bias=[1.0])], {"name": "mean_squared_error", "factor": 0.5}, l2=0.1)
    solution = net.solve([[1], [2], [3], [5]], [[1], [2], [3], [4]])
    text = str(solution)
    assert "over the m = 4 samples" in text and "1/(2m) · ∑ᵢ (a₁,ᵢ − yᵢ)² + ½ λ₂ · ‖W₁‖² = ⅛ · (" in " ".join(
        text.split()
    )
    assert (
        "½ · 0.1 · 2²" in text and "= 1/m · (a₁ − y) = ¼ · " in text and r"\frac{1}{2m}" in solution.equation("L").latex
    )
    assert "1/m" not in str(net.solve([[1]], [[1]]))


def test_functions_are_written_as_people_write_them():
    text = str(Graph("p = softmax(z); k = ceil(n / 4); u = z - min(z); H = -sum(p * log2(p))").solve(z=[1, -2], n=9))
    for part in ("e^(−2)", "/ (e^1 + e^(−2))", "/ 2.8536", "⌈9 / 4⌉ = 3", "z − min(z)", "pᵢ · log₂ pᵢ"):
        assert part in text, part
    answer = Graph("k = ceil(x)").solve(x=-1.5)
    assert answer["k"].item() == mp.ceil(-1.5) and r"\left\lceil" in answer.equation("k").latex


def test_derivatives_in_letters_end_with_what_is_given():
    solution = Graph("e = X w - y; L = e^T e").solve(X="4x2", w="2x1", y="4x1")
    assert "= Xᵀ ∂L/∂e = 2 Xᵀ (X w − y)" in str(solution)
    assert solution.check({"dL/dw": "2 X^T (X w - y)", "dL/de": "2 e"}).score > 0
    solution = Graph("z = W x; p = softmax(z); L = -sum(y * log(p))").solve(W="3x2", x="2x1", y="3x1")
    assert "= p − y" in str(solution) and "as the entries of y sum to one" in " ".join(str(solution).split())
    assert solution.check({"dL/dW": "(p - y) x^T"})["dL/dW"].verdict == "correct"


def test_an_architecture_shows_what_leads_to_what_is_asked():
    layers = [
        {"kind": "conv2d", "filters": 4, "kernel": 3, "padding": 1},
        {"kind": "conv2d", "filters": 8, "kernel": [3, 5]},
    ]
    sized = Architecture(layers, input=(3, 10, 10)).solve(ask=["parameters"])
    free = Architecture(layers, input=(3,)).solve()
    assert sized["parameters"] == free["parameters"] == (27 + 1) * 4 + (3 * 5 * 4 + 1) * 8
    assert (
        "10 × 10" in str(sized) and "Positions" not in str(sized) and "shape2" not in free and "3 channels" in str(free)
    )
    counted = Architecture(layers, input=(3, 10, 10)).solve(ask=["receptive_field", "flops1"])
    assert "receptive_field2" in counted.setting.asked or "receptive_fieldh2" in str(counted.derivation), (
        counted.setting.asked
    )
    assert counted["flops1"] == 2 * 27 * 4 * 100 == 2 * counted["macs1"]
    with pytest.raises(ChalkworkError, match="depends on the size"):
        Architecture([*layers, {"kind": "flatten"}], input=(3,)).solve()


def test_masks_of_dropout_are_given_in_a_sheet():
    layers = "[{units: 2, weights: 1, inputs: 1}, {kind: dropout, rate: 0.5}, {units: 1, weights: 1}]"
    text = f"```network\nloss: squared_error\nlayers: {layers}\n```\n"
    task = "```task\nid: a\nx: [1]\ny: [0]\nmasks: {MASK: [0, 1]}\n```\n"
    solved = solve_sheet(parse_sheet(text + task.replace("MASK", "2")))["a"].solution
    assert np.allclose(solved["a2"], [[0, 2]]) and np.allclose(solved["mask2"], [[0, 1]])
    with pytest.raises(ChalkworkError, match="takes no mask"):
        solve_sheet(parse_sheet(text + task.replace("MASK", "1")))
    with pytest.raises(ChalkworkError, match="number of a layer"):
        parse_sheet(text + task.replace("MASK", "two"))


def test_the_sheet_of_regression_has_the_line_of_least_squares_and_a_step_towards_it():
    solved = solve_sheet(find_sheet("regression-by-hand"))
    x, y = np.array([[1, 1], [1, 2], [1, 3], [1, 4]]), np.array([2, 4, 3, 5])
    best, left, *_ = np.linalg.lstsq(x, y)
    exact, step = solved["b"].solution, solved["a"].solution
    assert np.allclose(exact["theta"].ravel(), best) and np.allclose(exact["S"], left)
    error = x @ [0, 1] - y
    assert np.allclose([step["db1"].item(), step["dW1"].item()], x.T @ error / 4) and step["L"] == error @ error / 8
    border = solved["c"].solution
    p = 1 / (1 + np.exp(-np.array([1, -1, 0.5])))
    assert np.allclose(border["db1"], np.mean(p - [1, 0, 1])) and np.allclose(border["a1"].ravel(), p)
