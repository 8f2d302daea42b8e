"""What the page looks like, over many networks and graphs: nothing that a person would not write."""

from __future__ import annotations

import re

import numpy as np
import pytest
from looks import blemishes
from random_networks import CONVENTIONS, draw
from test_graph import Drawn

from chalkwork import Dense, Graph, NeuralNetwork
from chalkwork.algebra.operations import TABLE
from chalkwork.networks.labels import CLASSIFY
from chalkwork.typesetting.rules import RULES

STYLES = [
    {},
    {"detail": "entries"},
    {"notation": "brackets", "decimals": 2},
    {"notation": {"new": "prime", "gradient": "nabla", "brackets": "round"}, "significant": 3},
    {"notation": {"preset": "signal", "transpose": "prime", "decimal_comma": True}, "rounding": "every_line"},
    {"notation": "bold", "detail": "entries", "decimals": 6},
]
TEXT_BLOTS = ["+ −", "− −", "--", "+ -", "- -", "nan", "NaN", "{", "}", "None", "Fraction", "\\", "e-", "  = ="]
LATEX_BLOTS = ["+ -", "- -", "--", "+-", "{}", "nan", "NaN", "None", "Fraction", "(1.0 ", "()", "==", "= =", "−", "⋯"]


def check_text(text: str) -> None:
    assert not blemishes(text)
    for line in text.split("\n"):
        assert line == line.rstrip()
        if not line.strip("-="):  # below a heading
            continue
        for blot in TEXT_BLOTS:
            assert blot not in line, f"{blot!r} in {line}"
        assert not re.search(r"−0[.,]0*(?![0-9])", line), f"a negative zero in {line}"
        assert not re.search(r"[=·+−(/] ?1[.,]0 ·", line), f"a factor of one in {line}"


def too_wide(solution) -> list[str]:
    return [line for line in str(solution).split("\n") if len(line) > 80]


def check_latex(latex: str) -> None:
    latex = latex.replace(r"\text{} ", "")  # what lets a sign at the beginning of a line stand between two things
    for blot in LATEX_BLOTS:
        assert blot not in latex, f"{blot!r} in {latex}"
    depth = 0
    for sign in re.sub(r"\\[{}]", "", latex):
        depth += (sign == "{") - (sign == "}")
        assert depth >= 0, latex
    assert depth == 0, latex
    for row in re.sub(r"\\begin\{array\}.*?\\end\{array\}", "", latex).split("\\\\"):
        assert row.count(r"\left") == row.count(r"\right"), latex
    for kind in ("array", "aligned"):
        assert latex.count(rf"\begin{{{kind}}}") == latex.count(rf"\end{{{kind}}}")
    assert not re.search(rf"\^{_GROUP}\^|\^{_GROUP}'|'\^", latex), f"double superscript in {latex}"
    assert not re.search(rf"_{_GROUP}_", latex), f"double subscript in {latex}"


_GROUP = r"(?:\{(?:[^{}]|\{[^{}]*\})*\}|\\?\w)"


def check(solution) -> None:
    check_text(str(solution))
    for work in solution.equations:
        check_latex(work.latex)
        assert "\n" not in work.text
        for blot in TEXT_BLOTS:
            assert blot not in work.text, work.text
    for sentence in (work.reason_latex for work in solution.equations):
        assert sentence.count("$") % 2 == 0
        assert not re.search(r"\{\w+\}(?![^$]*\$)", re.sub(r"\$[^$]*\$", "", sentence))


@pytest.mark.parametrize("seed", range(7000, 7030))
def test_random_networks(seed):
    case = draw(seed)
    check(case.solve(steps=1 + seed % 2, **STYLES[seed % len(STYLES)]))


@pytest.mark.parametrize("seed", range(7000, 7030))
def test_no_line_is_wider_than_the_page(seed):
    case = draw(seed)
    assert not too_wide(case.solve(**STYLES[seed % len(STYLES)]))


@pytest.mark.parametrize("seed", range(7100, 7108))
def test_random_networks_the_long_way_or_without_a_target(seed):
    case = draw(seed, loss="cross_entropy")
    x, y = case.given()
    check(case.net.solve(x, y, long_way=True, **STYLES[seed % len(STYLES)]))
    check(case.net.solve(x, predict=case.activations[-1] in CLASSIFY, **STYLES[seed % len(STYLES)]))


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("inner", ["(A @ B) * softmax(A @ B.T, axis=AXIS)", "exp(A) @ (B + A) * A @ B", "A @ B"])
def test_a_sum_over_one_axis_says_which(inner, axis):
    inner = inner.replace("AXIS", str(axis))
    equations = f"S = {inner} - sum({inner}, axis={axis}); L = sum(S * S)"
    solution = Graph(equations).solve(A=[[1, 0.5], [0, 2]], B=[[1, -1], [0.25, 1]])
    check(solution)
    latex, letter = solution.equation("S").latex, "ij"[axis]
    assert rf"\sum_{{{letter}=1}}^{{2}} {{\left(" in latex and rf"\right)}}_{{{letter}}}" in latex
    assert latex.count(r"\sum") == latex.count(rf"\sum_{{{letter}=1}}")


@pytest.mark.parametrize("axis", [0, 1])
def test_a_long_fraction_is_broken(axis):
    equations = f"P = softmax(Q @ K.T / sqrt(2), axis={axis}) @ V; L = sum(P * P)"
    solution = Graph(equations).solve(Q=[[1, 0], [0, 2]], K=[[1, 0], [0, 1]], V=[[1, 2], [3, 1]])
    check(solution)
    assert not too_wide(solution)


@pytest.mark.parametrize("seed", range(200, 225))
def test_random_graphs(seed):
    drawn = Drawn(seed)
    graph = Graph(drawn.text, output=drawn.output)
    check(graph.solve({name: drawn.values[name] for name in graph.inputs}, **STYLES[seed % 4]))


# fmt: off
NEGATIVE = [
    "a - b", "a + b", "a * b", "-a", "a - (-b)", "-a - b", "-(a + b)", "a - (b - c)", "a / b", "a^2 * b", "-a^2",
    "a * (-b) + c", "c - a * b", "2 * a", "a * 2", "-2 * a", "a + -2", "a - -2 * b", "(a * b)^2", "a^b", "a^(-2)",
    "1 - (1 - a)", "exp(-a)", "maximum(a, -b)", "a * b * c", "a / b / c", "a / (b * c)", "abs(a - b)", "1 * a",
    "a * 1", "0.1 * a", "1e-9 * a", "a + 0",
]
# fmt: on


@pytest.mark.parametrize("expression", NEGATIVE)
def test_signs_with_negative_numbers_put_in(expression):
    for a, b, c in ((2, -3, -1), (-2, 3, 1), (-2.5, -3, -0.25), (1, 2, 1e9)):
        graph = Graph(f"y = {expression}")
        given = {name: value for name, value in zip("abc", (a, b, c), strict=True) if name in graph.inputs}
        if "^b" in expression and a < 0:
            continue
        check(graph.solve(given))


def test_products_of_negative_numbers_have_parentheses():
    latex = Graph("y = a * b - c").solve(a=-2, b=-3, c=-1).equation("y").latex
    assert latex == r"y = a \cdot b - c = (-2) \cdot (-3) - (-1) = 7"
    assert Graph("y = a + b").solve(a=-2, b=-3).equation("y").latex == "y = a + b = -2 - 3 = -5"
    assert Graph("y = a^2").solve(a=-2).equation("y").latex == r"y = a^{2} = {\left(-2\right)}^{2} = 4"


# --- the network of a lecture: 3 inputs, 2 hidden units (ReLU), 2 outputs (softmax) ------------------------------


def lecture(**more):
    net = NeuralNetwork(
        [
            Dense(weights=[[2, -1], [1, 0], [-2, 1]], bias=False, activation="relu"),
            Dense(weights=[[6, 2], [-1, 1]], bias=False, activation="softmax"),
        ],
        "cross_entropy",
        samples="columns",
    )
    return net.solve([3, 1, -1], notation="hidden-output", **more)


def test_an_entry_worked_out_as_in_class():
    solution = lecture(detail="entries")
    board = str(solution)
    assert "max(0, 2 · 3 + 1 · 1 + (−2) · (−1)) = max(0, 9) = 9" in " ".join(board.split())
    assert re.search(r"h₁ = .*max\(0, 2 · 3 \+ 1 · 1 \+ \(−2\) · \(−1\)\)", " ".join(board.split()))
    latex = solution.equation("a1[1]").latex
    assert r"= \max(0, 2 \cdot 3 + 1 \cdot 1 + (-2) \cdot (-1)) = \max(0, 9)" in latex
    assert "= 9" in latex
    assert "3·2 + 2·2 = 10 weights and no biases" in " ".join(board.split())
    assert lecture()["z2"].ravel().tolist() == [54, 18]


def test_the_formula_the_numbers_and_the_result_stand_in_this_order():
    latex = lecture().equation("z1").latex
    assert latex.index(r"\top") < latex.index(r"\begin{array}")
    assert latex.count(r"\begin{array}") == 3


# --- large networks --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def digits():
    rng = np.random.default_rng(0)
    net = NeuralNetwork([Dense(128, "relu", inputs=784), Dense(10, "softmax")], "cross_entropy")
    return net.solve(rng.random(784), np.eye(10)[3], 0.1)


def test_a_network_for_digits_fits_on_the_page(digits):
    board = str(digits)
    check_text(board)
    assert not too_wide(digits)
    assert board.count("\n") < 1000
    for sign in "⋯⋮⋱":
        assert sign in board
    for work in digits.equations:
        check_latex(work.latex)
        assert len(work.latex) < 20_000
    W1 = digits.equation("dW1").latex
    assert all(dots in W1 for dots in (r"\cdots", r"\vdots", r"\ddots"))
    assert digits["dW1"].shape == (784, 128)
    assert "784 inputs, 128 hidden units (ReLU) and 10 outputs (softmax)" in " ".join(board.split())


def test_the_entries_of_a_large_network_are_a_few(digits):
    board = str(digits.restyled(detail="entries"))
    check_text(board)
    assert max(map(len, board.split("\n"))) <= 80
    assert board.count("\n") < 3000


@pytest.mark.parametrize("convention", CONVENTIONS, ids="-".join)
def test_a_large_batch_fits_on_the_page(convention):
    samples, weights = convention
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(50, 30)), rng.normal(size=(50, 2))
    net = NeuralNetwork([Dense(20, "tanh", inputs=30), Dense(2)], samples=samples, weights=weights)
    check(net.solve(*((x.T, y.T) if samples == "columns" else (x, y)), 0.1))


def test_a_matrix_is_elided_in_one_direction_where_only_one_is_long():
    tall = Graph("z = 2 * x").solve(x=list(range(100))).equation("z")
    assert r"\vdots" in tall.latex
    assert r"\cdots" not in tall.latex
    wide = Graph("z = 2 * x").solve(x=[list(range(100))]).equation("z")
    assert r"\cdots" in wide.latex
    assert r"\vdots" not in wide.latex
    assert "198" in tall.latex
    assert "198" in wide.latex  # the last entry is always shown


def test_numbers_of_every_size_fit_on_the_page():
    rng = np.random.default_rng(3)
    for scale in (1e-12, 1e-3, 1e5, 1e12, 1e200):
        check(Graph("z = W @ x").solve(W=rng.normal(size=(5, 8)) * scale, x=rng.normal(size=8)))


def test_lines_of_long_names_break():
    names = [f"a_rather_long_name_{letter}" for letter in "abcdefgh"]
    text = f"total_of_everything = {' + '.join(f'{name} * {name}' for name in names)}"
    check(Graph(text).solve(dict.fromkeys(names, -1234.5678)))


def test_the_reason_stands_with_every_equation_of_a_network():
    solution = draw(7000).solve()
    for work in solution.equations:
        assert work.reason_text.endswith((".", ":")), work.name
        assert work.stage in ("forward", "backward", "update", "re-evaluation")


@pytest.mark.parametrize("activation", ["elu", "elu(0.5)", "gelu", "silu", "softsign", "softplus", "leaky_relu(0.1)"])
@pytest.mark.parametrize("samples", [1, 4])
@pytest.mark.parametrize("outputs", ["softmax", "sigmoid", "tanh"])
def test_every_line_of_a_backward_pass_has_its_numbers_put_in(activation, samples, outputs):
    """The error of each layer, in lines that fit, with no dots in matrices of four columns."""
    rng = np.random.default_rng(0)
    layers = [
        Dense(weights=rng.normal(size=(3, 3)), activation=activation),
        Dense(weights=rng.normal(size=(3, 3)), activation=outputs),
    ]
    net = NeuralNetwork(layers, loss="squared_error", samples="columns", weights="in_out")
    solution = net.solve(x=rng.normal(size=(3, samples)), y=np.eye(3)[:, [0, 1, 2, 0][:samples]])
    for name in ("delta2", "delta1"):
        work = solution.equation(name)
        kinds = [kind for line in work.lines for kind, _ in line.parts]
        assert "numbers" in kinds
        if activation != "softsign":  # a quotient of two matrices is one piece, as wide as both
            assert not re.search(r"[⋯⋮]", str([line.parts for line in work.lines]))
        assert "min(" not in "".join(
            text for line in work.lines for kind, box in line.parts if kind == "numbers" for text in box.lines
        )


def test_every_rule_of_the_writer_is_for_an_operation():
    assert RULES.keys() <= {*TABLE, "matrix", "sequence"}  # which are made of so many parts, never in the table


@pytest.mark.parametrize("loss", ["squared_error", "mean_squared_error", "binary_cross_entropy"])
def test_one_output_needs_no_sum_and_no_second_parentheses(loss: str) -> None:
    for samples, weights in CONVENTIONS:
        layer = Dense(weights=[[0.5]], bias=[0.25], activation="sigmoid")
        solution = NeuralNetwork([layer], loss, samples=samples, weights=weights).solve([2.0], [1.0])
        assert not blemishes(str(solution)) and "∑" not in str(solution)
        assert r"\sum" not in solution._repr_markdown_() and r"\bigl" not in solution._repr_markdown_()
        assert "It has 1·1 weight and 1 bias: 2 parameters in all." in " ".join(str(solution).split())


def test_parentheses_grow_with_a_fraction_and_no_matrix_stands_above_a_line() -> None:
    from chalkwork.laboratory.normalisation import batch_norm

    net = NeuralNetwork([Dense(2, "sigmoid", inputs=2)], "binary_cross_entropy")
    assert r"\left( \frac{1 - y}{1 - a_1}" in net.solve([1, 0], [1, 0])._repr_markdown_()
    latex = batch_norm([[1, 2], [3, 4], [2, 8]])._repr_markdown_()
    assert r"\right) / \sqrt{" in latex
    assert not re.search(r"\\frac\{[^$=]*\\begin\{array\}[^$=]*\\\\[^$=]*\\end\{array\}[^$=]*\}\{\\sqrt", latex)


def test_parentheses_grow_in_what_stands_on_the_left_too() -> None:
    from chalkwork.laboratory.claims import Claim

    latex = Claim("x * (1 - 1/(1 + exp(-x))) = x").check()._repr_markdown_()
    assert r"\left( 1 - \frac{1}{1 + e^{-x}} \right)" in latex and r"\bigl" not in latex


def test_no_line_breaks_inside_a_term() -> None:
    layer = Dense(weights=np.full((4, 4), 0.1), activation="tanh")
    wide = NeuralNetwork([layer], "squared_error", samples="columns", weights="out_in")
    text = str(wide.solve([1, 0, 1, 0], [0, 1, 0, 1], learning_rate=0.1, significant=8))
    assert re.search(r"− 0\.1 · ⎢", text) and not blemishes(text)
