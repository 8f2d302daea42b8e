"""How names print in every notation, and how numbers print with so many digits."""

# ruff: noqa: E501
from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalkwork import BatchNorm, ChalkworkError, Dense, Graph, NeuralNetwork, Notation
from chalkwork.typesetting.notation import PRESETS
from chalkwork.typesetting.numbers import NumberFormat, shown
from chalkwork.typesetting.unicode_maths import plain_maths

LAYERS = [Dense(weights=[[1, 2], [3, 4]], activation="tanh"), Dense(weights=[[1, 0], [0, 1]], activation="softmax")]


def solved(notation=None, **more):
    net = NeuralNetwork(LAYERS, "cross_entropy", samples="columns", weights="out_in")
    return net.solve([0.5, -1], [1, 0], 0.1, notation=notation, **more)


def left(solution, name):
    """What stands left of the equals sign, in LaTeX and as text."""
    work = solution.equation(name)
    latex = work.latex.removeprefix("\\begin{aligned}\n")
    return latex.replace(" &=", " =").partition(" = ")[0], work.text.partition(" = ")[0]


# fmt: off
PRINTED = {
    "subscripts": {
        "z1": ("z_1", "z₁"), "a2": ("a_2", "a₂"), "L": ("L", "L"), "delta1": (r"\delta_1", "δ₁"),
        "dW1": (r"\frac{\partial L}{\partial W_1}", "∂L/∂W₁"), "W1_new": (r"W_1^{\text{new}}", "W₁ⁿᵉʷ"),
        "L_new": (r"L^{\text{new}}", "Lⁿᵉʷ"), "z1[2]": ("z_{1,2}", "z₁,₂"),
        "W1_new[1,2]": (r"w_{1,12}^{\text{new}}", "w₁,₁₂ⁿᵉʷ"),
        "dW1[1,2]": (r"\frac{\partial L}{\partial w_{1,12}}", "∂L/∂w₁,₁₂"),
    },
    "brackets": {
        "z1": ("z^{[1]}", "z[1]"), "delta2": (r"\delta^{[2]}", "δ[2]"), "W2_new": (r"W^{[2],\text{new}}", "W[2]ⁿᵉʷ"),
        "b1_new": (r"b^{[1],\text{new}}", "b[1]ⁿᵉʷ"), "z1[2]": ("z_2^{[1]}", "z[1]₂"),
        "db1": (r"\frac{\partial L}{\partial b^{[1]}}", "∂L/∂b[1]"),
    },
    "parentheses": {"a1": ("a^{(1)}", "a⁽¹⁾"), "W1_new[2,1]": (r"w_{21}^{(1),\text{new}}", "w⁽¹⁾₂₁ⁿᵉʷ")},
    "signal": {"z1": ("s^{(1)}", "s⁽¹⁾"), "a2": ("x^{(2)}", "x⁽²⁾"), "L": ("E", "E"),
               "dW2": (r"\frac{\partial E}{\partial W^{(2)}}", "∂E/∂W⁽²⁾")},
    "net-out": {"z1": (r"\mathrm{net}_1", "net₁"), "a1": (r"\mathrm{out}_1", "out₁"), "L_new": (r"E^{\text{new}}", "Eⁿᵉʷ")},
    "hidden-output": {"z1": ("z^{(1)}", "z⁽¹⁾"), "a1": ("h", "h"), "a2": ("o", "o"), "a1[2]": ("h_2", "h₂"),
                      "a2_new": (r"o^{\text{new}}", "oⁿᵉʷ")},
    "bold": {"z1": (r"\boldsymbol{z}^{(1)}", "z⁽¹⁾"), "L": ("L", "L"), "z1[2]": ("z_2^{(1)}", "z⁽¹⁾₂"),
             "delta1": (r"\boldsymbol{\delta}^{(1)}", "δ⁽¹⁾"), "W1_new[1,2]": (r"w_{12}^{(1),\text{new}}", "w⁽¹⁾₁₂ⁿᵉʷ")},
}
# fmt: on


@pytest.mark.parametrize("preset", PRESETS)
def test_the_presets(preset):
    solution = solved(preset)
    for name, wanted in PRINTED[preset].items():
        assert left(solution, name) == wanted, name


def test_the_right_hand_sides_use_the_same_letters():
    latex = solved({"net": "s", "activation": "h", "input": "a0", "rate": "alpha", "target": "t"}).equation
    assert latex("z1").latex.startswith("s_1 = W_1 \\, h_0 + b_1 = ")
    assert "= h_2 - t = " in latex("delta2").latex
    assert r"W_1 - \alpha \, \frac{\partial L}{\partial W_1}" in latex("W1_new").latex
    assert (
        solved("bold")
        .equation("z1")
        .latex.startswith(r"\boldsymbol{z}^{(1)} = \boldsymbol{W}^{(1)} \, \boldsymbol{x} + \boldsymbol{b}^{(1)} = ")
    )
    assert r"- \eta \," in solved("bold").equation("W1_new").latex  # a number is not bold


def test_gradients():
    assert left(solved({"gradient": "nabla"}), "dW1") == (r"\nabla_{W_1} L", "∇W₁ L")
    assert left(solved({"gradient": "d"}), "dW1") == (r"\mathrm{d}W_1", "dW₁")
    assert left(solved({"gradient": "d", "layer": "[l]"}), "db2") == (r"\mathrm{d}b^{[2]}", "db[2]")
    assert left(Graph("c = a * b").solve(a=1, b=2, notation={"gradient": "d"}), "dc/da")[1] == "∂c/∂a"


@pytest.mark.parametrize(
    ("notation", "words"),
    [
        ({"net": "x"}, "input and net in the notation are both 'x'"),
        ({"output": "y"}, "target and output in the notation are both 'y'"),
        ({"preset": "net-out", "loss": "t"}, "target and loss in the notation are both 't'"),
        ({"rate": "delta"}, "delta and rate in the notation are both 'delta'"),
        ({"scale": "beta", "shift": "beta"}, "scale and shift in the notation are both 'beta'"),
    ],
)
def test_two_quantities_have_two_letters(notation, words):
    with pytest.raises(ChalkworkError, match=words):
        Notation.of(notation)


@pytest.mark.parametrize("preset", [*PRESETS, {"activation": "h", "hidden": "h"}, {"rate": "mu"}, {"new": "plus"}])
def test_no_two_names_of_a_network_print_alike(preset):
    layers = [Dense(2, "tanh", inputs=2), BatchNorm("relu"), Dense(2, "softmax")]
    network = NeuralNetwork(layers, "cross_entropy", l2=0.1)
    solution = network.solve([[1, 2], [0, 1]], [[1, 0], [0, 1]], 0.1, 2, optimizer="adam", notation=preset)
    symbols = solution.writer().symbols
    for form in ("latex", "text"):
        seen: dict[str, str] = {}
        for name in solution:
            assert seen.setdefault(getattr(symbols[name], form), name) == name, getattr(symbols[name], form)


def test_new():
    assert left(solved({"new": "prime"}), "W1_new") == ("W_1'", "W₁′")
    assert left(solved({"new": "prime", "layer": "[l]"}), "W1_new") == (r"W^{[1],\prime}", "W[1]′")
    assert left(solved({"new": "plus"}), "W1_new") == ("W_1^{+}", "W₁⁺")
    again = NeuralNetwork(LAYERS).solve([0.5, -1], [1, 0], 0.1, 3)
    assert left(again, "W1_new2") == (r"W_1^{\text{new}(2)}", "W₁ⁿᵉʷ⁽²⁾")
    assert left(again, "W1_new") == (r"W_1^{\text{new}(1)}", "W₁ⁿᵉʷ⁽¹⁾")
    assert left(again.restyled(notation={"new": "prime"}), "z2_new3") == ("z_2'''", "z₂‴")
    assert left(again.restyled(notation={"new": "plus"}), "L_new2") == ("L^{++}", "L⁺⁺")


@pytest.mark.parametrize(
    ("notation", "latex", "text"),
    [
        ({}, r" \circ ", " ∘ "),
        ({"hadamard": "odot"}, r" \odot ", " ⊙ "),
        ({"hadamard": "ast"}, r" \ast ", " ∗ "),
        ({"hadamard": "cdot"}, r" \cdot ", " · "),
        ({}, r"^{\top}", "ᵀ"),
        ({"transpose": "T"}, r"^{\mathsf{T}}", "ᵀ"),
        ({"transpose": "prime"}, r"^{\prime}", "′"),
        ({"transpose": "t"}, "^{t}", "ᵗ"),
    ],
)
def test_signs(notation, latex, text):
    work = solved(notation).equation("delta1")
    assert latex in work.latex
    assert text in work.text


def test_the_logarithm():
    assert r"\log" in solved().equation("L").latex
    assert r"\ln" in (work := solved({"log": "ln"}).equation("L")).latex
    assert "ln " in work.text
    assert r"\log" not in work.latex


def test_brackets_and_the_decimal_comma():
    solution = solved({"brackets": "round", "decimal_comma": True})
    assert r"\left(\begin{array}" in solution.equation("z1").latex
    assert r"\left[" not in solution.equation("z1").latex
    assert "-1{,}5" in solution.equation("z1").latex
    assert "-2{,}5" in solution.equation("z1").latex
    board = str(solution)
    assert "⎛" in board
    assert "⎡" not in board
    assert "−1,5" in board
    assert not re.search(r"[0-9]\.[0-9]", board)


def test_hidden_and_output_letters_need_one_hidden_layer():
    deep = NeuralNetwork([Dense(2, "tanh", inputs=2), Dense(2, "tanh"), Dense(2, "softmax")])
    solution = deep.solve([1, 2], notation="hidden-output")
    assert left(solution, "a1")[1] == "a⁽¹⁾"
    assert left(solution, "a2")[1] == "a⁽²⁾"
    assert left(solution, "a3")[1] == "o"


def test_entries_of_large_matrices_have_commas():
    net = NeuralNetwork([Dense(12, inputs=11)], weights="out_in")
    assert left(net.solve([0] * 11, [0] * 12), "dW1[10,2]") == (
        r"\frac{\partial L}{\partial w_{1,10,2}}", "∂L/∂w₁,₁₀,₂",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "latex", "text"),
    [
        ("c", "c", "c"), ("c1", "c_1", "c₁"), ("c_12", "c_{12}", "c₁₂"), ("sigma", r"\sigma", "σ"),
        ("sigma2", r"\sigma_2", "σ₂"), ("cost", r"\mathrm{cost}", "cost"), ("my_cost", r"\mathrm{my\_cost}", "my_cost"),
        ("_", r"\mathrm{\_}", "_"), ("_1", r"\mathrm{\_1}", "_1"), ("c_", r"\mathrm{c\_}", "c_"), ("Omega", r"\Omega", "Ω"),
        ("W1_new", r"W_1^{\text{new}}", "W₁ⁿᵉʷ"), ("x2y", r"\mathrm{x2y}", "x2y"),
    ],
)  # fmt: skip
def test_names_of_graphs_stand_for_themselves(name, latex, text):
    solution = Graph(f"{name} = a + b").solve(a=1, b=2)
    assert left(solution, name) == (latex, text)
    assert left(solution, f"d{name}/da")[1] == f"∂{text}/∂a"


@pytest.mark.parametrize(
    ("notation", "words"),
    [
        ("bracket", "no notation 'bracket'. Hint: did you mean brackets"),
        ("qqq", "the presets are subscripts, brackets"),
        ({"nett": "s"}, "'nett' is not a key of the notation. Hint: did you mean net"),
        ({"qqqqq": "s"}, "the keys are input, target, net"),
        ({"layer": "superscript"}, r"layer in the notation is one of subscript, \[l\], \(l\), not 'superscript'"),
        ({"hadamard": "times"}, "one of circ, odot, ast, cdot, not 'times'"),
        ({"layer": ["[l]"]}, "layer in the notation is one of"),
        ({"bold": "yes"}, "bold in the notation is true or false, not 'yes'"),
        ({"bold": 1}, "bold in the notation is true or false, not 1"),
        ({"net": ""}, "net in the notation is a letter"),
        ({"net": "a b"}, "net in the notation is a letter"),
        ({"net": r"\input{x}"}, "net in the notation is a letter"),
        ({"net": "x_1"}, "net in the notation is a letter"),
        ({"net": "a" * 13}, "net in the notation is a letter"),
        ({"net": "a0"}, "net in the notation is a letter"),
        ({"net": 3}, "net in the notation is a letter"),
        ({"net": None}, "net in the notation is a letter"),
        ({"preset": "bold", "nett": "s"}, "did you mean net"),
        ({"preset": "blod"}, "did you mean bold"),
        ({1: "s"}, "not a key of the notation"),
        (3, "a notation is a name or a mapping, not 3"),
        (["net"], "a notation is a name or a mapping"),
    ],
)
def test_what_a_notation_cannot_be(notation, words):
    with pytest.raises(ChalkworkError, match=words):
        Notation.of(notation)


def test_a_preset_with_changes_and_a_notation_itself():
    notation = Notation.of({"preset": "signal", "loss": "J"})
    assert (notation.net, notation.loss, notation.layer) == ("s", "J", "(l)")
    assert Notation.of(notation) is notation
    assert Notation.of(None) == Notation.of("subscripts") == Notation()


# --- numbers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (0, 4, "0"), (-0.0, 4, "0"), (3, 4, "3"), (-3.0, 4, "-3"), (0.15, 4, "0.15"), (0.79303641, 4, "0.7930"),
        (1 / 3, 4, "0.3333"), (0.1 + 0.2, 4, "0.3"), (0.1 * 3, 15, "0.3"), (1 - 0.9, 4, "0.1"), (2 / 3, 2, "0.67"),
        (0.00005, 4, "0.0001"), (-0.00005, 4, "-0.0001"), (0.125, 2, "0.13"), (-0.125, 2, "-0.13"), (2.5, 0, "3"),
        (0.5, 0, "1"), (1.005, 2, "1.01"), (2.675, 2, "2.68"), (1.00004999, 4, "1.0000"), (99999.99999, 4, "100000.0000"),
        (1e6, 4, "1000000"), (1e7, 4, "1e7"), (12345678, 4, "12345678"), (12345678.5, 4, "1.235e7"), (1e-9, 4, "1e-9"), (-1.23456e-7, 4, "-1.235e-7"),
        (0.00004, 4, "4e-5"), (1.7e308, 4, "1.7e308"), (5e-324, 4, "4.941e-324"),
        (float("inf"), 4, "inf"), (float("-inf"), 4, "-inf"),
    ],
)  # fmt: skip
def test_decimals(value, decimals, text):
    assert NumberFormat(decimals).scalar(value) == text


@pytest.mark.parametrize(
    ("value", "significant", "text"),
    [
        (0.79303641, 3, "0.793"), (0.99999, 3, "1.00"), (99999.99999, 6, "100000"), (1 / 3, 5, "0.33333"), (0.5, 4, "0.5"),
        (123.456, 4, "123.5"), (-0.00305449, 6, "-0.00305449"), (1.2345e-8, 3, "1.23e-8"), (0, 3, "0"), (100, 2, "100"),
        (0.000123456, 3, "0.000123"), (1e7, 3, "1e7"),
    ],
)  # fmt: skip
def test_significant_digits(value, significant, text):
    assert NumberFormat(None, significant).scalar(value) == text


def test_columns_stand_in_line():
    four = NumberFormat(4)
    assert four.column([0.05, 0.35, -0.2]) == ["0.05", "0.35", "-0.20"]
    assert four.column([1, 1 / 3]) == ["1.0000", "0.3333"]
    assert four.column([1, 2, -3]) == ["1", "2", "-3"]
    assert four.column([0, -1e-5, 1]) == ["0     ", "0.0000", "1.0000"]
    assert four.column([0, -1e-5, 1], given=True) == ["0", "-1e-5", "1"]
    assert NumberFormat(1).column([0.04, 2.5], given=True) == ["0.04", "2.5 "]
    assert NumberFormat(None, 5).column([0.5, 1e-7, -3]) == ["0.5", "1e-7", "-3  "]
    assert four.column([1e7, 1.5, 0]) == ["1e7", "1.5", "0"]
    assert four.column([1e-9, 0]) == ["1e-9", "0"]
    for format in (four, NumberFormat(None, 3)):
        column = format.column([12.345, 0.001234, 100])
        assert len({len(text) - text.find(".") if "." in text else len(text) for text in column[:2]}) == 1


@settings(max_examples=200)
@given(st.floats(-1e308, 1e308) | st.sampled_from([np.inf, -np.inf]), st.integers(0, 15))
def test_a_number_is_never_off_by_more_than_half_a_digit(value, decimals):
    text = NumberFormat(decimals).scalar(value)
    assert not text.startswith(("-0.", "-0")) or float(text) != 0
    assert re.fullmatch(r"-?(inf|[0-9]+(\.[0-9]+)?(e-?[0-9]+)?)", text)
    if np.isinf(value):
        return
    if "e" in text:
        assert abs(float(text) - value) <= 0.51 * 10.0 ** (1 - max(3, decimals)) * abs(value) + 5e-324
    else:
        assert abs(float(text) - value) <= 0.5001 * 10.0**-decimals + 1e-15 * abs(value)
        assert len(text.partition(".")[2]) <= decimals


@settings(max_examples=200)
@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(1, 15))
def test_a_rounded_number_is_what_is_shown(value, significant):
    format = NumberFormat(None, significant)
    rounded = float(format.rounded(value))
    assert abs(rounded - value) <= 0.51 * 10.0 ** (1 - significant) * abs(value) + 5e-324
    assert np.signbit(rounded) == (rounded < 0)
    assert float(format.rounded(rounded)) == pytest.approx(rounded, rel=1e-15, abs=0)


def test_rounding_by_hand_is_half_away_from_zero():
    values = [0.125, -0.125, 0.005, 1.005, 2.675, -0.004, 0.0, 1e300, -1e300]
    rounded = NumberFormat(2).rounded(values)
    assert rounded.tolist() == [0.13, -0.13, 0.01, 1.01, 2.68, 0.0, 0.0, 1e300, -1e300]
    assert not np.signbit(rounded[5])
    assert NumberFormat(None, 3).rounded([0.0012345, 1234.5, 0, -99.95, 5e-324]).tolist() == [
        0.00123, 1230, 0, -100, 5e-324,
    ]  # fmt: skip


def test_noise_and_powers_of_ten_on_the_board():
    text = str(Graph("c = a + b; d = c * 1e9; e = a * 1e-9").solve(a=0.1, b=0.2))
    assert "0.1 + 0.2 = 0.3\n" in text
    assert "3·10⁸" in text
    assert "1·10⁻¹⁰" in text
    assert "1e" not in text


@pytest.mark.parametrize(("size", "most"), [(1, 1), (3, 3), (4, 3), (10, 5), (100, 10), (5, 1)])
def test_what_is_shown_of_many(size, most):
    places = shown(size, most)
    assert places[0] == 0
    assert places[-1] == size - 1
    assert len(places) <= max(most, 3)
    assert (None in places) == (size > most)


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        ("z_1 = W_1 x + b_1", "z₁ = W₁ x + b₁"), (r"\frac{1}{2} x^2", "(1/2) x²"), (r"\frac{a+b}{2}", "(a+b)/2"),
        (r"\delta_2^{\top}", "δ₂ᵀ"), (r"W^{[1]}", "W[1]"), (r"x \in \mathbb{R}^n", "x ∈ ℝⁿ"), (r"\eta = 0.1", "η = 0.1"),
        (r"e^{-x}", "e⁻ˣ"), (r"\text{net}_1", "net₁"), (r"\sum_i y_i \log a_i", "∑ᵢ yᵢ log aᵢ"), ("-1", "−1"),
        (r"x_{ij}", "xᵢⱼ"), (r"\left( a \right)", "(a)"), (r"a \cdot b", "a · b"), ("", ""), ("{", "{"), ("\\", "\\"),
    ],
)  # fmt: skip
def test_maths_in_prose_as_text(latex, text):
    assert plain_maths(latex) == text
