"""Kinds of formulas in documents, each right and wrong: lists, gradients, derivatives by matrices, scans."""

from __future__ import annotations

import pytest

from chalkwork import Dense, NeuralNetwork, verify
from chalkwork.documents.markdown import to_markdown
from chalkwork.solutions.compose import solution_document


def verdicts(text: str) -> list[str]:
    return [str(one.verdict) for one in verify(text).verdicts]


@pytest.mark.parametrize(
    ("left", "right", "wrong"),
    [
        (r"\arctan(1)", r"\pi/4", r"\pi/3"), (r"\arctan 0.5", "0.464", "0.479"), (r"\arcsin(0.5)", "0.5236", "0.5240"),
        (r"\arccos(-1)", r"\pi", r"\pi/2"), (r"\operatorname{artanh}(0.5)", "0.549", "0.545"),
        (r"\operatorname{arsinh}(1)", "0.881", "0.811"), (r"\operatorname{arcosh}(2)", "1.317", "1.371"),
        (r"\cot x", r"\frac{1}{\tan x}", r"\tan x"),
        (r"\frac{d}{dx} \arctan x", r"\frac{1}{1+x^2}", r"\frac{1}{1-x^2}"),
        (r"\frac{d}{dx} \arccos x", r"-\frac{1}{\sqrt{1-x^2}}", r"\frac{1}{\sqrt{1-x^2}}"),
    ],
)  # fmt: skip
def test_inverse_functions(left: str, right: str, wrong: str) -> None:
    assert verdicts(f"$${left} = {right}$$")[0].startswith("right"), verify(f"$${left} = {right}$$").verdicts
    assert verdicts(f"$${left} = {wrong}$$") == ["wrong"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"$v = (\frac{1}{4}, \frac{2.5}{2}) = (0.25, 1.25)$", ["right"]),
        (r"$v = [\frac{1+3}{2}, 2 \cdot 3] = [2, 7]$", ["wrong"]),
        ("$A = [[1, 2], [3, 4]]$, $B = ((1, 2), (3, 4))$, $A + B = ((2, 4), (6, 8))$", ["given", "given", "right"]),
        (r"$\operatorname{softmax}(1, 0) = (\frac{e}{e + 1}, \frac{1}{e + 1}) = (0.731, 0.296)$", ["wrong"]),
        ("$x = [1, 2]$, $y = 2x = (2, 4)$", ["given", "right"]),  # a column stands for a row
        ("$x = (1, 2)$, $y = 3 x_1 + x_2 = 5$, $z = x_1 + x_2 = 4$", ["given", "right", "wrong"]),
        ("$x = (1, 2)$, $x_0 = 1$, $y = x_1 + 1 = 7$", ["given", "given", "not judged"]),  # it counts from 0
        (r"$v = (1, 2)$, $w = (3, 4)$, $v \cdot w = 11$", ["given", "given", "right"]),
        ("$f(x, y) = x^2 y$, $\\nabla f(2, 1) = (4, 4)$, $\\nabla f(2, 1) = (4, 5)$", ["definition", "right", "wrong"]),
        ("$f(x, y) = x^2 y$, $f_{xy} = 2x$, $f_{yy} = 1$", ["definition", "right", "wrong"]),
        (r"$f(x, y) = x^2 y$, $\nabla^2 f = \begin{pmatrix} 2y & 2x \\ 2x & 0 \end{pmatrix}$", ["definition", "right"]),
        (r"$f(x) = x^3$, $\frac{df}{dx}\Big|_{x=2} = 12$, $\frac{df}{dx}(1) = 2$", ["definition", "right", "wrong"]),
        (r"$w = (1, 2)$, $\nabla_w J = (3, 1)$, $w' = w - 2 \nabla_w J = (-5, 1)$", ["given", "given", "wrong"]),
        (r"$\mid -3 \mid = 3$, $3 \mid 6 = 2$, $A = \{x \mid x > 0\}$", ["right", "not judged", "definition"]),
        (r"$J = \ln(0.5)$, $b = 2$, $\frac{\partial J}{\partial b} = 0.3$", ["definition", "given", "given"]),
        (r"$e^1 + 0.1 = 2.81$, $e^1 + 0.1 = 2.80$", ["right to the digits shown", "wrong"]),  # cut off
        (r"$\ln 2 + \frac{1}{4} - \frac12 = 0.6931 + 0.25 - 0.5$", ["right to the digits shown"]),
        (r"$x = (1, 2)$, $W = [[1, 2, 0], [0, 1, 1]]$, $z = x W = (1, 4, 2)$, $z = x W = (1, 4, 3)$",
         ["given", "given", "right", "wrong"]),  # x is a row there
        (r"$P = [[1, 1], [0, 1]]$, $P^2 = P P = [[1, 2], [0, 1]]$, $P^2 = [[1, 1], [0, 1]]$",
         ["given", "right", "not judged"]),
        (r"$A = [[1, 2], [3, 4]]$, $t = \operatorname{tr}(A) = 5$, $s = \operatorname{tr}(A) + 1 = 7$",
         ["given", "right", "wrong"]),
        ("$p = \\frac{\\lambda^k}{k!}$, $n = 3$, $n! = 6$, $n! = 7$", ["definition", "given", "right", "wrong"]),
    ],
)  # fmt: skip
def test_lists_entries_and_gradients(text: str, expected: list[str]) -> None:
    assert verdicts(text) == expected, verify(text).verdicts


@pytest.mark.parametrize(
    ("text", "expected", "layout"),
    [
        (r"\frac{\partial}{\partial x} x^T A x = (A + A^T) x", "right", "denominator"),
        (r"\frac{\partial (x^\top A x)}{\partial x} = 2 A x", "not judged", "right where matrices are symmetric"),
        (r"\frac{\partial}{\partial \mathbf{x}} \mathbf{a}^\top \mathbf{x} = \mathbf{a}^\top", "right", "numerator"),
        (r"\frac{\partial \operatorname{tr}(A X)}{\partial X} = A", "right", "numerator"),
        (r"\nabla_X \operatorname{tr}(A X) = A^\top", "right", "denominator"),
        (r"\nabla_w \|X w - y\|^2 = 2 X^\top (X w - y)", "right", "denominator"),
        (r"\nabla_w \|X w - y\|^2 = X^\top (X w - y)", "wrong", "the left side has"),
        (r"\nabla_w (\frac{1}{n} \|y - Xw\|_2^2 + \lambda w^T w) = -\frac{2}{n} X^T (y - Xw) + 2 \lambda w",
         "right", "denominator"),
        (r"\frac{\partial \log \det X}{\partial X} = X^{-\top}", "right", "denominator"),
        (r"\frac{\partial a^T X^{-1} b}{\partial X} = -X^{-T} a b^T X^{-T}", "right", "denominator"),
        (r"\nabla_x (x - \mu)^\top \Sigma^{-1} (x - \mu) = \Sigma^{-1} (x - \mu)", "wrong", "random"),
        (r"\frac{\partial (A x)}{\partial x} = A^T", "right", "denominator"),
    ],
)  # fmt: skip
def test_derivatives_by_vectors_and_matrices(text: str, expected: str, layout: str) -> None:
    (one,) = verify(f"$${text}$$").verdicts
    assert (str(one.verdict), layout in one.reason) == (expected, True), one


def test_a_function_of_vectors_is_differentiated_and_symmetry_may_be_said() -> None:
    text = r"Let $A$ be symmetric, $f(x) = \frac12 x^T A x - b^T x$. Then "
    assert verdicts(text + r"$\nabla f(x) = A x - b$ and $\nabla f(x) = A x + b$.") == ["definition", "right", "wrong"]


def test_a_derivative_with_other_names_on_the_right_is_not_judged_by_differences() -> None:
    for text in (r"$\hat y = X w$, $\nabla L(w) = 2 X^T (\hat y - y)$", r"$r = y - X w$, $\nabla L = -2 X^T r$"):
        assert "wrong" not in verdicts(r"$L(w) = \|Xw - y\|^2$, " + text), text


def test_plain_text_with_labels_and_wide_spaces() -> None:
    text = "A: d1 = (2-1)^2 + 1 = 2    d2 = 3^2 = 9\nB: d1 = 2^2 = 4    d2 = 1 + 1 = 3\nm1 = ((1+2)/2, 3) = (1.5, 3)"
    found = verify(text, "text")
    assert (found.formulas, found.read, found.first_wrong) == (5, 5, 2)
    text = "from A->B 0.7, B->A 0.3\nalphaA = 0.6 * 0.4 = 0.24\npB = (alphaA + 0.06) / 2 = 0.15\nprec = pB * 2 = 0.4"
    found = verify(text, "text")
    assert (found.formulas, found.read, found.first_wrong) == (3, 3, 4)


def test_what_is_not_worked_out_is_said() -> None:
    for text, why in (
        (r"\lim_{x \to \infty} \tanh x = 1", "a limit"), (r"\int_0^1 x \, dt = 2", "an integral"),
        ("a x = 2 b y", "condition"),
        (r"\sum_{k=0}^\infty \frac{1}{2^k} = 2", "a sum whose bounds are no numbers"), (r"e^{-\infty} = 0", "infinity"),
    ):  # fmt: skip
        (one,) = verify(f"$${text}$$").verdicts
        assert str(one.verdict) == "not judged" and why in one.reason, one


def test_two_readings_of_a_scan_are_both_proposed() -> None:
    text = "$$x _ { 1 } = 0 . 5$$\n\n$$y _ { 1 } = 6 + 6 = 1 4$$\n\n$$z _ { 2 } = \\frac { 1 } { 2 } + 0 . 5 = 1$$"
    found = verify(text)
    assert (
        found.first_wrong == 3
        and "(y_{1} = 8 + 6 = 14), or with 8 for 6 (y_{1} = 6 + 8 = 14)" in found.verdicts[1].reason
    )


def test_results_may_have_more_digits_than_the_rounded_numbers_put_in() -> None:
    text = r"$a = \frac{1}{3} + 0.1 = 0.43$, $b = \frac{1}{7} + 0.2 = 0.34$, $c = a b = 0.43 \cdot 0.34 = 0.1486$"
    assert verdicts(text)[2] != "wrong"
    assert verdicts("$a = 0.43$, $b = 0.34$, $c = 0.43 \\cdot 0.34 = 0.1486$")[2] == "wrong"  # data are exact


def test_a_softmax_over_the_summands_of_one_net_input_is_found_without_a_sheet() -> None:
    units = "$h_1 = \\max(0, 4) = 4$ and $h_2 = \\max(0, -3) = 0$.\n\n"
    first = r"$$o_{11} = \frac{e^{4 \cdot 5}}{e^{4 \cdot 5} + e^{0 \cdot 2}} = 1$$" + "\n\n"
    second = r"$$o_{21} = \frac{e^{4 \cdot 3}}{e^{4 \cdot 3} + e^{0 \cdot 7}} = 1$$"
    found = verify(units + first + second)
    assert found.first_wrong == 3 and "the net inputs of the 2 outputs are 20, 12" in found.verdicts[2].reason
    assert verify(units + first).first_wrong is None  # one alone may be meant so
    right = r"$$o = \frac{e^{20}}{e^{20} + e^{12}} = 1$$"
    assert verify(units + right).first_wrong is None


def test_functions_without_a_backslash_or_with_spaces_inside() -> None:
    for text in ("log 2", "l o g 2", "ln 2", r"\log 2"):
        assert verdicts(f"$${text} = 0.693$$") == ["right to the digits shown"], text
        assert verdicts(f"$${text} = 0.793$$") == ["wrong"], text
    assert verdicts("$$log_2 8 = 3$$") == ["right"]


def test_small_outputs_of_a_layer_without_activation_are_no_others() -> None:
    """Results have more digits than the rounded numbers put in, and a = z, whatever else would have these digits."""
    first = Dense(weights=[[0.4, 0.2, 0.9], [-0.6, -0.7, -0.6]], bias=False, activation="leaky_relu")
    second = Dense(weights=[[0.4, -0.2], [0.4, -0.2], [-0.6, 0.4]], bias=False, activation="identity")
    solution = NeuralNetwork([first, second], "mean_squared_error").solve([-1.5, 1.0], [1, 0], 0.1, decimals=2)
    assert verify(to_markdown(solution_document(solution, "Worked"))).first_wrong is None
