"""The reader of LaTeX: the same expression written both ways, course notation, refusals with the place."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalkwork.algebra import TABLE, Name, Number, apply, read
from chalkwork.algebra.expression import Application
from chalkwork.algebra.latex import Scope, build, parse_latex, read_chain, read_latex
from chalkwork.algebra.latex.tokens import LONGEST_TEXT
from chalkwork.algebra.latex.words import FUNCTIONS
from chalkwork.algebra.latex.written import names_of
from chalkwork.errors import ChalkworkError, ReadError, ShapeError
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
            if (isinstance(argument, Application) and argument.operation.name not in FUNCTION) or part[0] == "-"
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


def plain_text(expression):
    """What the plain reader reads; a minus before a number is an operation there only in brackets."""
    return str(expression)


@given(EXPRESSIONS)
@settings(max_examples=150, deadline=None)
def test_latex_and_plain_maths_give_the_same_expression(expression):
    plain = read(plain_text(expression), NAMES)
    latex = read_latex(r"\displaystyle " + written(plain), NAMES)
    assert same(latex) == same(plain)


@given(EXPRESSIONS)
@settings(max_examples=100, deadline=None)
def test_plain_maths_is_read_as_the_plain_reader_reads_it(expression):
    text = str(expression)
    assert same(read_latex(text, NAMES)) == same(read(text, NAMES))


def same(expression):
    """The expression with signs in one place: -(a b) is (-a) b, and minus a number is a negative number."""
    if isinstance(expression, Name):
        return (expression.name,)
    if isinstance(expression, Number):
        size = ("number", abs(expression.value))
        return minus(size) if expression.value < 0 else size
    parts = [same(argument) for argument in expression.arguments]
    name = expression.operation.name
    if name == "negative":
        return minus(parts[0])
    if name in ("multiply", "divide") and parts[0][0] == "minus":
        return minus((name, parts[0][1], parts[1]))
    return (name, *parts)


def minus(form):
    if form == ("number", 0):
        return form
    return form[1] if form[0] == "minus" else ("minus", form)


WRITER = Writer(Symbols(Notation()), {}, NumberFormat(12))
SMOOTH = ("add", "subtract", "multiply", "divide", "power", "sigmoid", "tanh", "sqrt", "maximum", "softplus", "exp")


SIGNED = ("step", "leaky_step", "normal_cdf", "normal_pdf", "log_softmax")  # written by signs, not by a name
CALLED = dict.fromkeys(n for n in FUNCTIONS.values() if n in TABLE and TABLE[n].arity == 1 and n not in SIGNED)


@pytest.mark.parametrize("name", CALLED)
def test_what_the_library_writes_is_read_back(name):
    expression = apply(name, NAMES["x"] + 1) * 2 if not TABLE[name].parameters else apply(name, SHAPES["v"])
    known = {"x": NAMES["x"], "v": SHAPES["v"]}
    latex = WRITER.formula(expression).latex
    back = read_latex(latex, known)
    if name == "relu":
        assert str(back) == "maximum(0, v)"
    else:
        assert back == expression


@pytest.mark.parametrize("name", [name for name in SMOOTH if TABLE[name].arity == 2])
def test_operations_of_two_numbers_are_read_back(name):
    expression = apply(name, NAMES["a"], apply("exp", NAMES["b"] + 2))
    assert read_latex(WRITER.formula(expression).latex + r"\,", NAMES) == expression


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
    assert read_latex(latex, NAMES) == read(plain, NAMES)


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
    assert parse_latex(latex + r"\,").value == name


def test_transposes_and_matrices():
    A, v = SHAPES["A"], SHAPES["v"]
    for sign in (r"^\top", "^T", r"^{\mathsf{T}}", r"^{\intercal}"):
        assert read_latex(rf"A{sign} A v", SHAPES) == A.T @ A @ v
    assert str(read_latex(r"x^{(1)\top}\,", {"x1": Name("x1", (2, 1))})) == "x1.T"
    assert read_latex(r"A \circ A", SHAPES) == A * A
    matrix = read_latex(r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \\ \end{pmatrix} \begin{bmatrix} a \\ b \end{bmatrix}", NAMES)
    assert matrix.shape == (2, 1) and str(matrix) == "[[1, 2], [3, 4]] @ [[a], [b]]"
    with pytest.raises(ShapeError):
        read_latex("A A", SHAPES)


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
    syntax = parse_latex(text)
    names = {name: Name(name) for name in names_of(syntax)}
    assert str(build(syntax, Scope(names))) == read


def test_declared_names_are_names():
    names = {name: Name(name) for name in "dex"}
    assert str(build(parse_latex(r"\frac{d}{dx}", known=names), Scope(names))) == "d / (d * x)"
    assert str(build(parse_latex(r"e^{2}", known=names), Scope(names))) == "e^2"


def test_chains():
    chain = read_chain(r"\begin{aligned} a &= b \\ &\le c, \\ & < d. \end{aligned}")
    assert [side.value for side in chain.sides] == ["a", "b", "c", "d"]
    assert chain.relations == ("=", "<=", "<") and not chain.goes_on
    assert read_chain(r"\geq x + 1").goes_on
    with pytest.raises(ReadError, match="begins with a relation"):
        read_chain(r"\begin{aligned} a &= b \\ c &= d \end{aligned}")


# --- what cannot be read -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message", "column"),
    [
        (r"x + \foo", r"\foo is not part of the language", 5),
        (r"\sum_{i=1}^{n} x_i", "the bounds of a sum must be numbers", 12),
        (r"\sum x", "the bounds of a sum are missing", 1),
        (r"\frac{a}{b", "expected '}', found the end", 11),
        ("x/2y", "a/b c can mean", 4),
        ("f(x)", "no function known here", 1),
        (r"x1 + \alpha", "write x_1 for an index", 2),
        (r"\sigma^2 + \sigma(x)", "applied in one place", 12),
        (r"\tanh^{-1}(x)", "is a power only for", 7),
        (r"x_1 + x^{(1)}\,", "index in two places", 7),
        (r"\frac{\partial (b)}{b}", "another", 20),
        (r"\int x", "integrals", 1),
        (r"a \approx b", "≈", 3),
        (r"x^23 \alpha", "two numbers next to each other", 4),
        (r"\sqrt²", "'²' is not part", 6),
        ("2 $ 3", "'$' is not part", 3),
        (r"\begin{cases} x \end{cases}", "cannot stand here", 1),
        ("", "ends too early", 1),
    ],
)
def test_refusals_show_the_place(text, message, column):
    with pytest.raises(ReadError) as caught:
        read_chain(text)
    shown = str(caught.value).replace("'the end'", "the end")
    first, excerpt, caret = shown.split("\n")
    assert message in first and first.endswith(f"at column {column}")
    assert caret.index("^") - 4 == column - 1 and excerpt.strip() == text


def test_bounds_on_size():
    for text in (
        "x" * (LONGEST_TEXT + 1),
        "(" * 60 + "x",
        "+".join("x" * 200),
        "{" * 1000,
        "-" * 1000 + "x",
        "2^" * 300,
    ):
        with pytest.raises(ReadError):
            parse_latex(text)
    nested = r"\sum_{i=1}^{50}" * 4 + "x"
    with pytest.raises(ReadError, match="too large"):
        parse_latex(nested)
    with pytest.raises(ReadError, match="more than 50"):
        parse_latex(r"\sum_{i=1}^{9999} x")


PIECES = st.sampled_from(
    [
        r"\frac",
        r"\sqrt",
        r"\sigma",
        r"\tanh",
        r"\log",
        r"\sum",
        r"\prod",
        r"\partial",
        r"\left(",
        r"\right)",
        r"\left|",
        r"\right|",
        r"\begin{pmatrix}",
        r"\end{pmatrix}",
        r"\begin{aligned}",
        r"\end{aligned}",
        r"\\",
        r"&",
        r"{",
        r"}",
        r"(",
        r")",
        r"[",
        r"]",
        r"|",
        r"^",
        r"_",
        r"'",
        r"!",
        r",",
        r"=",
        r"<",
        r"\le",
        r"+",
        r"-",
        r"*",
        r"/",
        r"\cdot",
        r"\circ",
        r"\top",
        r"\mathrm",
        r"\hat",
        r"x",
        r"d",
        r"e",
        r"T",
        r"i",
        r"1",
        r"23",
        r".5",
        r"\operatorname{softmax}",
        r"\max",
        r"\text",
        r"d/dx",
        r"dx",
        r"_{i=1}",
        r"^{3}",
        r"^{(1)}",
        r"\,",
        r"\quad",
        r"\left.",
        r"π",
        r"²",
        r"–",
        r"\u200b",
        r"9999",
    ]
)


@given(st.lists(PIECES, max_size=25).map("".join) | st.lists(PIECES, max_size=25).map(" ".join) | st.text(max_size=40))
@settings(max_examples=400, deadline=None)
def test_any_text_is_read_or_refused(text):
    try:
        chain = read_chain(text)
    except ReadError:
        return
    for side in chain.sides:
        names = {name: Name(name) for name in names_of(side)}
        try:
            build(side, Scope(names))
        except ChalkworkError:
            continue


def test_every_word_of_a_function_is_in_the_table_or_defined():
    known = set(TABLE) | {"tan", "sinh", "cosh"}
    assert set(FUNCTIONS.values()) <= known
    assert all(re.fullmatch(r"\w+", word) for word in FUNCTIONS)


def test_a_number_beyond_all_is_refused_with_its_place():
    with pytest.raises(ReadError, match="the number is too large, at column 5"):
        read_latex("1 + 1e999", {})
