"""One language in two spellings: equal trees, course notation, what could be two things refused with the place."""

import runpy
from pathlib import Path

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalkwork.algebra.expression import Application, Name, Number, apply
from chalkwork.algebra.operations import TABLE
from chalkwork.algebra.reading import build, free_names, parse_formula, read, read_chain, read_formula
from chalkwork.algebra.reading.words import DEFINED
from chalkwork.derivation.evaluate import evaluate
from chalkwork.errors import ReadError, ShapeError
from chalkwork.typesetting.notation import Notation
from chalkwork.typesetting.numbers import NumberFormat
from chalkwork.typesetting.symbols import Symbols
from chalkwork.typesetting.writer import Writer

NAMES = {name: Name(name) for name in ("a", "b", "x", "x1", "x12", "alpha", "sigma_i", "W_l")}
SHAPES = {"A": Name("A", (2, 3)), "v": Name("v", (3, 1))}

# --- the same expression written both ways -----------------------------------------------------------------------

LETTERS = {"x1": "x_1", "x12": "x_{12}", "alpha": r"\alpha", "sigma_i": r"\sigma_i", "W_l": "W^{(l)}"}
FUNCTION = {
    "sigmoid": r"\sigma\left({}\right)",
    "tanh": r"\tanh({})",
    "exp": r"\exp\left( {} \right)",
    "log": r"\ln\left({}\right)",
    "sin": r"\sin[{}]",
    "sqrt": r"\sqrt{{{}}}",
    "abs": r"\left| {} \right|",
    "relu": r"\operatorname{{ReLU}}\bigl({}\bigr)",
    "softplus": r"\mathrm{{softplus}}({})",
}
BINARY = {
    "add": "{} + {}",
    "subtract": "{} - {}",
    "multiply": r"{} \cdot {}",
    "divide": r"\frac{{{}}}{{{}}}",
    "power": "{}^{{{}}}",
    "maximum": r"\max\left({}, {}\right)",
    "minimum": r"\min({}, {})",
}
LOOSE = ("add", "subtract", "multiply", "negative")


def written(node):
    """The expression in LaTeX, by a writer of this test's own."""
    if isinstance(node, Name):
        return LETTERS.get(node.name, node.name)
    if not isinstance(node, Application):
        return str(node)
    name = node.operation.name
    parts = [written(argument) for argument in node.arguments]
    if name in FUNCTION:
        return FUNCTION[name].format(*parts)
    if name in ("add", "subtract", "multiply", "power", "negative"):
        grouped = [
            rf"\left({part}\right)"
            if (isinstance(argument, Application) and argument.operation.name not in FUNCTION)
            or part[0] == "-"
            or (name == "negative" and isinstance(argument, Number))
            else part
            for part, argument in zip(parts, node.arguments, strict=True)
        ]
        parts = [grouped[0], parts[1]] if name == "power" else grouped
    return f"-{parts[0]}" if name == "negative" else BINARY[name].format(*parts)


LEAVES = st.one_of(
    st.sampled_from(list(NAMES.values())),
    st.integers(0, 10**6).map(Number),
    st.sampled_from([0.5, 1.25, 12.0625]).map(Number),
)


def larger(parts):
    unary = st.builds(lambda name, x: apply(name, x), st.sampled_from([*FUNCTION, "negative"]), parts)
    binary = st.builds(lambda name, a, b: apply(name, a, b), st.sampled_from(list(BINARY)), parts, parts)
    return st.one_of(unary, binary)


EXPRESSIONS = st.recursive(LEAVES, larger, max_leaves=10)


@given(EXPRESSIONS)
@settings(max_examples=200, deadline=None)
def test_one_expression_has_one_tree_in_every_spelling(expression):
    plain = read(str(expression), NAMES)
    assert plain == read_formula(str(expression), NAMES)
    assert plain == read_formula(r"\displaystyle " + written(plain), NAMES) == read(r"\! " + written(plain), NAMES)


@given(EXPRESSIONS)
@settings(max_examples=100, deadline=None)
def test_what_the_board_writes_is_read_back_with_the_same_value(expression):
    latex = WRITER.formula(expression).latex
    values = {name: np.array([[0.3 + 0.4 * place]]) for place, name in enumerate(NAMES)}
    with np.errstate(all="ignore"):
        wanted, found = (evaluate(each, values) for each in (expression, read_formula(latex + r"\,", NAMES)))
    np.testing.assert_allclose(found, wanted, rtol=1e-9)


PAIRS = [
    ("2x^2 - 3x y/2", r"2x^2 - \frac{3xy}{2}"),
    ("2*x*y", r"2 \cdot x \cdot y"),
    ("2x y", "2xy\\,"),
    ("-x y", r"-xy\,"),
    ("x^-1", r"x^{-1}\,"),
    ("e^x / e", r"\frac{e^x}{e}"),
    ("exp(1) + 2 pi", r"e + 2\pi"),
    ("sigma(x) + sigma'(2x)", r"\sigma(x) + \sigma'(2x)"),
    ("ln(x) + log(x)", r"\ln x + \log x"),
    ("log2(x) + log_3(x) + lg(x)", r"\log_2 x + \log_{3}(x) + \lg x"),
    ("tan(x) tanh(x)^2", r"\tan x \tanh^2 x"),
    ("max(x, y, 0) - min(x, y)", r"\max(x, y, 0) - \min\{x, y\}"),
    ("max(v) + sum(v, axis=0)", r"\max(v) + \operatorname{sum}(v, axis=0)"),
    ("leaky_relu(x, 0.1)", r"\operatorname{LReLU}(x, alpha=0.1)"),
    ("A @ v + A v", r"A v + A \, v"),
    ("A.T @ (A^T).T", r"A^\top (A^T)^{\mathsf{T}}"),
    ("A ∘ A", r"A \odot A"),
    ("softmax(A, axis=1)", r"\operatorname{softmax}(A, axis=1)"),
    ("|x - |y||", r"\left| x - \left| y \right| \right|"),
    ("d/dx x * x", r"\frac{d}{dx} x \cdot x"),
    ("x_1 + x1 + xhat_2", r"x_1 + x_{1} + \hat{x}_2"),
    ("sqrt(x)^3", r"\sqrt{x}^3"),
    ("1/2 (x + 1)", r"\frac{1}{2}(x + 1)"),
    ("0 < x <= 1", r"0 < x \le 1"),
    ("λ x", r"\lambda x"),
]


@pytest.mark.parametrize(("plain", "latex"), PAIRS)
def test_plain_maths_and_latex_are_one_language(plain, latex):
    first, second = read_chain(plain), read_chain(latex)
    assert first.relations == second.relations
    names = {
        name: SHAPES.get(name, Name(name)) for chain in (first, second) for s in chain.sides for name in free_names(s)
    }
    for one, other in zip(first.sides, second.sides, strict=True):
        assert build(one, names) == build(other, names)


@pytest.mark.parametrize(
    ("texts", "readings"),
    [
        (("x(y+z)", r"x(y+z)\,"), ("a function", "the product x * (...)")),
        (("foo(x)", r"\operatorname{foo}(x)", r"\text{foo}(3x)", r"\mathrm{foo}(x)"), ("a function", "foo * (...)")),
        (("xy", "2xy", "net"), ("one name", "the product")),
        (("x[1]", r"x[1]\,"), ("an entry of x", "the product")),
        ((r"\frac{1e-3}{2}", r"2e3 \cdot x"), ("could be a number", "a product with e")),
        (("x/2y", r"x/2y\,"), ("(a/b) c", "a/(b c)")),
        (("1/2x", r"1/2x\,"), ("(1/2) x", "1/(2 x)")),
        (("6/2(1+2)", r"6/2(1+2)\,", r"6/2{(1+2)}", r"6/2\left(1+2\right)"), ("(6/2) (...)", "6/(2 (...))")),
        (("d/dx (x) * x", r"\frac{d}{dx} (x) \cdot x"), ("(d/dx f) g", "d/dx [f g]")),
        ((r"\frac{d}{dx} x \cdot \frac{d}{dx} y",), ("(d/dx f) (d/dx g)", "d/dx [f (d/dx g)]")),
        (("A^2", r"A^{2}\,"), ("a product of matrices, A @ A", "A ∘ A")),
        (("softmax(A)", r"\operatorname{softmax}(A)"), ("axis=0", "axis=1")),
        (("A*A", r"A \cdot A"), ("the matrix product A @ A", "entry by entry, A ∘ A")),
        (("v*v", r"v \times v"), ("the scalar product v.T @ v", "entry by entry, v ∘ v")),
        (("softmax(v, 1)", r"\operatorname{softmax}(v, 1)"), ("write softmax(v, axis=1)",)),
        (("softmax(v, axis=1)", r"\operatorname{softmax}(v, axis=1)"), ("one entry along axis 1", "write softmax(v)")),
        (("sum(x, axis=1)", r"\operatorname{mean}(x, axis=0)"), ("is a number and has no axis",)),
        (("sum(v, 1)", r"\operatorname{sum}(v, 1)"), ("write sum(v, axis=1)",)),
        (("relu(x, 0.5)",), ("write relu(x, at_zero=0.5)",)),
        (("leaky_relu(x, 0.1, 5)",), ("write leaky_relu(x, 0.1, at_zero=5)",)),
        (("log(8, 2)",), ("log takes 1 argument, not 2", "log2(x), log10(x) or log_b(x)")),
        (("e(1) + sigma + sigma(x)",), ("sigma is applied in one place",)),
    ],
)
def test_what_could_be_two_things_is_refused_with_both_in_every_spelling(texts, readings):
    shapes = {"A": Name("A", (2, 2)), "v": Name("v", (3, 1))}
    for text in texts:
        with pytest.raises(ReadError) as caught:
            syntax = parse_formula(text)
            build(syntax, {name: shapes.get(name, Name(name)) for name in free_names(syntax)})
        assert all(reading in str(caught.value) for reading in readings)


def test_a_run_of_letters_is_a_product_where_its_letters_stand_alone_and_a_name_where_it_was_declared():
    assert parse_formula("x*y + xy") == parse_formula("x*y + x y")
    assert parse_formula("x*y + xy", known=["xy"]) == parse_formula(r"x*y + \mathrm{xy}")
    assert parse_formula("x(y + 1)", known=["x"]) == parse_formula("x (y + 1)", known=["x"])


@pytest.mark.parametrize("name", DEFINED)
def test_defined_functions_have_the_values_of_mpmath(name):
    inverse = {"arcsin": "asin", "arccos": "acos", "arsinh": "asinh", "arcosh": "acosh", "artanh": "atanh"}
    oracle = {"log2": lambda x: mpmath.log(x, 2)}.get(name) or getattr(mpmath, inverse.get(name, name))
    for place in (-0.6, 0.3, 1.0, 8.0):
        with np.errstate(all="ignore"):
            found = evaluate(read(f"{name}(x)", {"x": Name("x")}), {"x": np.array([[place]])}).item()
        right = oracle(place)
        if isinstance(right, mpmath.mpc) or not mpmath.isfinite(right):
            assert not np.isfinite(found)
        else:
            assert abs(found - right) <= 4e-15 * max(1, abs(right))


def test_the_page_of_functions_is_that_of_the_table():
    page = Path(__file__).parents[1] / "docs" / "functions.md"
    overview = runpy.run_path(str(page.with_suffix(".py")))
    assert page.read_text(encoding="utf-8") == overview["page"]()
    assert {key for entry in TABLE.values() for key in entry.parameters} == overview["PARAMETERS"].keys()
    assert all(entry.convention for entry in TABLE.values() if entry.kinks)


WRITER = Writer(Symbols(Notation()), {}, NumberFormat(12))
SMOOTH = ("add", "subtract", "multiply", "divide", "power", "sigmoid", "tanh", "sqrt", "maximum", "softplus", "exp")


SIGNED = {"step", "leaky_step", "normal_cdf", "normal_pdf", "log_softmax", "identity", "sum", "broadcast"}
CALLED = [
    n
    for n, e in TABLE.items()
    if e.arity == 1
    and n not in SIGNED | {"squared_norm", "diag", "diagonal", "entry", "reshape", "mean", "moment", "at_moment"}
    and n not in ("part", "padded", "causal_softmax", "average_pool_back", "split_heads", "join_heads", "one_hot")
]


@pytest.mark.parametrize("name", CALLED)
def test_what_the_library_writes_is_read_back(name):
    expression = apply(name, NAMES["x"] + 1) * 2 if not TABLE[name].parameters else apply(name, SHAPES["v"])
    known = {"x": NAMES["x"], "v": SHAPES["v"]}
    latex = WRITER.formula(expression).latex
    back = read_formula(latex, known)
    if name == "relu":
        assert str(back) == "maximum(0, v)"
    else:
        assert back == expression


@pytest.mark.parametrize("name", [name for name in SMOOTH if TABLE[name].arity == 2])
def test_operations_of_two_numbers_are_read_back(name):
    expression = apply(name, NAMES["a"], apply("exp", NAMES["b"] + 2))
    assert read_formula(WRITER.formula(expression).latex + r"\,", NAMES) == expression


# --- what course documents write ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("latex", "plain"),
    [
        (r"\dfrac12 + \tfrac{a}{b}", "1/2 + a/b"),
        (r"\sqrt[3]{x} + \sqrt 2", "x^(1/3) + sqrt(2)"),
        (r"2x \, (a+b)(b+1)", "2*x*(a+b)*(b+1)"),
        (r"3\sigma(x)", "3*sigmoid(x)"),
        (r"\sigma^2(x) - \tanh^2 x", "sigmoid(x)^2 - tanh(x)^2"),
        (r"\tanh 2x", "tanh(2*x)"),
        (r"\log \sigma(x) (1 - x)", "log(sigmoid(x)) * (1 - x)"),
        (r"e^{-x} + \mathrm{exp}(x)", "exp(-x) + exp(x)"),
        (r"\max\{a, b, x\}", "maximum(maximum(a, b), x)"),
        (r"a \times b \circ x", "a * b * x"),
        (r"\sum_{i=1}^{3} i x^i", "1*x^1 + 2*x^2 + 3*x^3"),
        (r"\sum_{i=1}^{2} \sum_{j=1}^{i} i j", "1*1 + (2*1 + 2*2)"),
        (r"\prod_{i=0}^{1} (x - i)", "(x - 0) * (x - 1)"),
        (r"\mathbf{x} + \boldsymbol{\alpha}", "x + alpha"),
        (r"\log_2 x", "log(x) / log(2)"),
        (r"-a b", "-(a * b)"),
        (r"\frac{0}{3!}", "0 / 6"),
        (r"\cosh x", "(exp(x) + exp(-x)) / 2"),
    ],
)
def test_notation_of_course_documents(latex, plain):
    assert read_formula(latex, NAMES) == read(plain, NAMES)


@pytest.mark.parametrize(
    ("latex", "name"),
    [
        ("x_1", "x1"),
        ("x_{12}", "x12"),
        ("a^{[1]}", "a1"),
        ("W^{(l)}", "W_l"),
        ("W^{(2)}_{ij}", "W2_ij"),
        (r"w_{kj}^{(2)}", "w2_kj"),
        (r"\hat{y}", "yhat"),
        (r"x_{\text{max}}", "x_max"),
        (r"\theta", "theta"),
        ("σ_1", "sigma1"),
    ],
)
def test_names_with_indices(latex, name):
    assert parse_formula(latex + r"\,").value == name


def test_transposes_and_matrices():
    A, v = SHAPES["A"], SHAPES["v"]
    for sign in (r"^\top", "^T", r"^{\mathsf{T}}", r"^{\intercal}"):
        assert read_formula(rf"A{sign} A v", SHAPES) == A.T @ A @ v
    assert str(read_formula(r"x^{(1)\top}\,", {"x1": Name("x1", (2, 1))})) == "x1.T"
    assert read_formula(r"A \circ A", SHAPES) == A * A
    matrix = read_formula(
        r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \\ \end{pmatrix} \begin{bmatrix} a \\ b \end{bmatrix}", NAMES
    )
    assert matrix.shape == (2, 1) and str(matrix) == "[[1, 2], [3, 4]] @ [[a], [b]]"
    with pytest.raises(ShapeError):
        read_formula("A A", SHAPES)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (r"\frac{d}{dx} \sigma(x)", "derivative(sigmoid(x), x)"),
        (r"\frac{d\sigma(x)}{dx}", "derivative(sigmoid(x), x)"),
        (r"\frac{\mathrm{d}}{\mathrm{d}x} x^2", "derivative(x^2, x)"),
        (r"\frac{\partial (a + b)(b + 1)}{\partial b}", "partial((a + b) * (b + 1), b)"),
        (r"\frac{d}{dx} \left[ x^2 \right] x", "derivative(x^2, x) * x"),
        (r"\frac{d^2}{dx^2} \tanh x", "derivative(derivative(tanh(x), x), x)"),
        (r"\frac{\partial a}{\partial x_1} + 1", "partial(a, x1) + 1"),
        ("d/dx x^2 + 1", "derivative(x^2, x) + 1"),
        ("sigma'(x)", "sigmoid'(x)"),
        (r"\tanh''(2x)", "tanh''(2 * x)"),
        (r"\frac{d}{2}", "d / 2"),
    ],
)
def test_derivatives(text, read):
    syntax = parse_formula(text)
    names = {name: Name(name) for name in free_names(syntax)}
    assert str(build(syntax, names)) == read


def test_declared_names_are_names():
    names = {name: Name(name) for name in "dex"}
    assert str(build(parse_formula(r"\frac{d}{dx}", known=names), names)) == "d / (d * x)"
    assert str(build(parse_formula(r"e^{2}", known=names), names)) == "e^2"


def test_chains():
    chain = read_chain(r"\begin{aligned} a &= b \\ &\le c, \\ & < d. \end{aligned}")
    assert [side.value for side in chain.sides] == ["a", "b", "c", "d"]
    assert chain.relations == ("=", "<=", "<") and not chain.goes_on
    assert read_chain(r"\geq x + 1").goes_on
    with pytest.raises(ReadError, match="begins with a relation"):
        read_chain(r"\begin{aligned} a &= b \\ c &= d \end{aligned}")
