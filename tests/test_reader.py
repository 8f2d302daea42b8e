"""The reader: every expression comes back from its text, and what is wrong with a text is said with its place."""

from fractions import Fraction

import numpy as np
import pytest
from expressions import EXPRESSIONS, NAMES, SHAPED
from hypothesis import example, given, settings

from chalkwork.algebra.expression import Application, Name, Number, apply, names_in, transform
from chalkwork.algebra.operations import TABLE
from chalkwork.algebra.reading import free_names, parse, read
from chalkwork.derivation.evaluate import evaluate
from chalkwork.errors import ReadError, ShapeError


@given(EXPRESSIONS)
@settings(max_examples=400, deadline=None)
@example(apply("negative", Number(3)))
@example(apply("negative", Number(3)) ** 2)
@example(Number(-3) ** 2)
@example(Number(-0.0) ** 2)
@example(Number(2).T)
@example(Name("a") ** Name("T"))
@example(Name("a") ** apply("negative", Name("T")))
@example(Name("a") - (Name("b") - Name("x")))
@example(Name("a") + (Name("b") + Name("x")))
@example(Name("a") * -Name("b"))
@example(apply("negative", -Name("a")) * Name("b"))
@example((-SHAPED["A"]) @ SHAPED["B"])
@example(-(SHAPED["A"] @ SHAPED["B"]))
@example(Name("a") / (Name("b") * Name("x")))
@example((Name("a") ** Name("b")) ** Name("x"))
@example(apply("argmax", SHAPED["A"], axis=None))
@example(apply("leaky_relu", Name("a"), alpha=0.01, at_zero=0.5))
def test_reading_what_was_printed_gives_it_back(expression):
    assert read(str(expression), NAMES) == expression
    assert list(names_in(expression)) == list(names_in(read(str(expression), NAMES)))


def test_an_exact_fraction_comes_back_as_a_division():
    half = Number(Fraction(-1, 2))
    for expression in (half, half * Name("a"), Name("a") ** half, -half, Name("a") - half, half.T):
        as_division = transform(expression, lambda node: -(Number(1) / Number(2)) if node == half else None)
        assert read(str(expression), NAMES) == as_division


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("a + b * x", "a + (b * x)"),
        ("a - b - x", "(a - b) - x"),
        ("a / b * x", "(a / b) * x"),
        ("a / b / x", "(a / b) / x"),
        ("a^b^x", "a^(b^x)"),
        ("a**b", "a^b"),
        ("-a^2", "-(a^2)"),
        ("-2^2", "-(2^2)"),
        ("a^-b", "a^(-b)"),
        ("a^-2 * b", "(a^(-2)) * b"),
        ("a^-b^2", "a^(-(b^2))"),
        ("a^--b", "a^(-(-b))"),
        ("-a * b", "-(a * b)"),
        ("-a / b * x", "-((a / b) * x)"),
        ("-2 * a", "-(2 * a)"),
        ("a * -b", "a * (-b)"),
        ("a - -b", "a - (-b)"),
        ("a * -b + x", "(a * (-b)) + x"),
        ("- - a", "-(-a)"),
        ("+a", "a"),
        ("2 * A @ B", "2 * (A @ B)"),
        ("A @ B * 2", "(A @ B) * 2"),
        ("-A @ B", "-(A @ B)"),
        ("A @ B.T.T", "A @ ((B.T).T)"),
        ("2 a b", "(2 * a) * b"),
        ("2(a + 1)(b + 1)", "(2 * (a + 1)) * (b + 1)"),
        ("a * b x / e", "(a * (b * x)) / e"),
        ("1/2 (a + b)", "(1 / 2) * (a + b)"),
        ("1/2(a + b)^2", "(1 / 2) * (a + b)^2"),
        ("1/2 a", "(1 / 2) * a"),
        ("2/3 a", "(2 / 3) * a"),
        ("3/2 (a + b)", "(3 / 2) * (a + b)"),
        ("6/2*(a + b)", "(6 / 2) * (a + b)"),
        ("A B c", "(A @ B) @ c"),
        ("max(a, b, x)", "maximum(maximum(a, b), x)"),
        ("min(a, 0)", "minimum(a, 0)"),
        ("min(A, axis=0)", "-max(-A, axis=0)"),
        ("lg(a) + log_2(b)", "log(a) / log(10) + log(b) / log(2)"),
        ("sigma(a) + λ", "sigmoid(a) + lambda"),
        ("|a - |b||", "abs(a - abs(b))"),
        ("elu(a, 0.5)", "elu(a, alpha=0.5)"),
        ("S @ S^2", "S @ (S^2)"),
        ("S.T^2", "(S.T)^2"),
        ("a−b·x×a", "a - ((b * x) * a)"),
        ("ln(a)", "log(a)"),
        ("  a\t+\nb ", "a + b"),
        ("1.5e-3*a", "0.0015 * a"),
        (".5 * a", "0.5 * a"),
        ("2. * a", "2.0 * a"),
        ("2.T", "(2).T"),
        ("sum(A, axis=0)", "sum(A, axis=-2)"),
        ("sum(A, axis=1)", "sum(A, axis=-1)"),
        ("sum(A, axis=none)", "sum(A)"),
        ("leaky_relu(a, alpha=0.2)", "leaky_relu(a, 0.2)"),
        ("leaky_relu(a, at_zero=1)", "leaky_relu(a, 0.01, at_zero=1)"),
        ("exp(exp)", "exp((exp))"),
    ],
)
def test_precedence(text, meaning):
    assert read(text, NAMES) == read(meaning, NAMES)


def test_what_is_read_is_the_tree_that_is_meant():
    a, b, x = Name("a"), Name("b"), Name("x")
    assert read("a + b * x", NAMES) == a + b * x
    assert read("a - b - x", NAMES) == (a - b) - x
    assert read("-a^2", NAMES) == -(a**2)
    assert read("a^b^x", NAMES) == a ** (b**x)
    assert read("(a - b) / x", NAMES) == (a - b) / x
    assert read("-3", NAMES) == Number(-3)
    assert read("-(3)", NAMES) == -Number(3)
    assert read("A @ B", NAMES) == Name("A", (2, 3)) @ Name("B", (3, 2))
    assert read("elu(x, 0.5)", NAMES) == apply("elu", x, alpha=0.5)
    assert read("softmax(A, axis=1)", NAMES) == apply("softmax", Name("A", (2, 3)), axis=-1)
    assert read("broadcast(a, [2, 3])", NAMES) == apply("broadcast", a, shape=(2, 3))
    assert isinstance(read("2", NAMES).value, int)
    assert isinstance(read("2.0", NAMES).value, float)
    assert free_names(parse("b * (a + b) + sum(c, axis=none)")) == ["b", "a", "c"]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ["ends too early", "character 1"]),
        ("a +", ["ends too early", "character 4"]),
        ("a + * b", ["'*' cannot stand here", "character 5"]),
        ("(a + b", ["expected ')'", "the end"]),
        ("a + b)", ["')' is left over", "character 6"]),
        ("1 2", ["two numbers next to each other", "character 3"]),
        ("1.2.3", ["two numbers next to each other"]),
        ("a2 3", ["write a2_3 for an index, a2 * 3 for a product"]),
        ("1/2a", ["1/2 x can mean (1/2) x or 1/(2 x)"]),
        ("6/2(1+2)", ["6/2(...) can mean (6/2) (...) or 6/(2 (...))"]),
        ("6/2 (1+2)", ["6/2(...) can mean (6/2) (...) or 6/(2 (...))"]),
        ("2/3(a + b)", ["2/3(...) can mean (2/3) (...) or 2/(3 (...))"]),
        ("0.5/2 a", ["0.5/2 x can mean (0.5/2) x or 0.5/(2 x)"]),
        ("4/1 a", ["can mean"]),
        ("a/2(b + 1)", ["a/b c can mean (a/b) c or a/(b c)"]),
        ("2*3/2 a", ["a/b c can mean"]),
        ("x(a + b)", ["a function", "or the product x * (...)"]),
        ("x[1]", ["x is a number, so x[1] is no entry of it"]),
        ("c[0]", ["counted from 1", "x[1:2] is the first two"]),
        ("c[3]", ["c is 2x1 and has no entries 3"]),
        ("A[1]", ["row 1, A[1,:], or column 1, A[:,1]"]),
        ("A[1,2,3]", ["an entry has a row and a column"]),
        ("c[a]", ["an entry of c or the product"]),
        ("(c + c)[1]", ["entries of what stands before it or a product"]),
        ("[c, c]", ["below each other, [c; c]", "side by side, beside(c, c)"]),
        ("[1, 2; 3]", ["rows of 1 and of 2 entries"]),
        ("[]", ["nothing between the square brackets"]),
        ("dot(a, A)", ["two vectors"]),
        ("dot(c)", ["two arguments"]),
        ("positional(a, 4)", ["two whole numbers"]),
        ("a = b", ["'=' is left over"]),
        ("a $ b", ["'$' is not part of the language", "character 3"]),
        ("y + 1", ["'y' is not defined"]),
        ("delta2", ["'delta2' is not defined", "did you mean delta1?"]),
        ("sofmax(a)", ["none of that name here", "did you mean softmax?"]),
        ("log(8, 2)", ["log takes 1 argument, not 2", "log2(x)"]),
        ("add(a)", ["add takes 2 arguments, not 1"]),
        ("exp()", ["exp takes 1 argument, not 0"]),
        ("exp(a, b)", ["exp takes 1 argument, not 2"]),
        ("elu(a, 1, alpha=2)", ["elu"]),
        ("leaky_relu(a, alpha=1, alpha=2)", ["twice"]),
        ("leaky_relu(a, 1, alpha=2)", ["twice"]),
        ("leaky_relu(a, slope=1)", ["no parameter 'slope'"]),
        ("leaky_relu(a, b)", ["alpha takes a number"]),
        ("leaky_relu(a, alpha=none)", ["alpha takes a number"]),
        ("leaky_relu(a, [1, 2])", ["alpha takes a number"]),
        ("sum(A, axis=2)", ["axis is 0"]),
        ("sum(A, axis=0.5)", ["axis is 0"]),
        ("sum(A, axis=a)", ["axis is 0"]),
        ("broadcast(a, 3)", ["[2, 3]"]),
        ("broadcast(a, [2.5, 1])", ["[2, 3]"]),
        ("broadcast(a, [-2, 1])", ["[2, 3]"]),
        ("broadcast(a, [2, b])", ["[2, 3]"]),
        ("broadcast(a, [1000000000, 1000000000])", ["[2, 3]"]),
        ("broadcast(a, [1", ["expected ','"]),
        ("1e999", ["too large", "character 1"]),
        ("a + 1e99999999999", ["too large", "character 5"]),
        ("1" * 19_000, ["too large"]),
        ("a^²", ["'²' is not part of the language"]),
        ("a²", ["'²' is not part of the language", "write ^2", "character 2"]),
        ("٣ * a", ["'٣' is not part of the language"]),
        ("a٣", ["'٣' is not part of the language", "character 2"]),
        ("a ＋ b", ["'＋' is not part of the language", "write +"]),
        ("a₁", ["'₁' is not part of the language", "write 1"]),
        ("½", ["'½' is not part of the language"]),
        ("a\0", ["'\\x00' is not part of the language"]),
        ("__import__('os')", ["'_' cannot stand here"]),
        ("import(a)", ["none of that name here"]),
        ("a.__class__", ["'.' is left over"]),
        ("lambda: 1", ["':' is left over"]),
        ("a if b else x", ["if is no function known here"]),
        ("a; b", ["';' is left over"]),
        ("a == b", ["'=' is left over"]),
        ("a and b", ["and is no function known here"]),
        ("9" * 21_000, ["characters, more than"]),
        ("x" * 101, ["name of 101 characters"]),
        ("x" * 19_999, ["name of 19999 characters"]),
    ],
)
def test_errors_say_what_and_where(text, parts):
    with pytest.raises(ReadError) as caught:
        read(text, NAMES)
    message = str(caught.value)
    for part in parts:
        assert part in message
    assert len(message) < 400


def test_what_could_be_two_things_is_refused_with_both():
    with pytest.raises(ReadError, match=r"the transpose or a power, \^\(T\)"):
        read("A^T", NAMES | {"T": Name("T")})
    assert read("A @ A^T", SHAPED) == read("A @ A.T", NAMES)
    for name in ("softmax", "log_softmax", "logsumexp"):
        with pytest.raises(ReadError, match=rf"{name}\(A, axis=0\), over each column, or {name}\(A, axis=1\)"):
            read(f"{name}(A)", NAMES)
        assert read(f"{name}(c)", NAMES) == apply(name, NAMES["c"])
        assert read(f"{name}(A, axis=none)", NAMES) == apply(name, NAMES["A"])


def test_brackets_hold_lists_and_what_is_joined():
    """Values by NumPy, places counted from 1 with both ends in a part; what is written is read back."""
    values = {"A": np.arange(6.0).reshape(2, 3), "c": np.array([[7.0], [8.0]]), "r": np.array([[9.0, 10.0, 11.0]])}
    A, c, r = values.values()
    wanted = {
        "[1, 2]": [[1], [2]], "[[1, 2], [3, 4]]": [[1, 2], [3, 4]], "[1, 2; 3, 4]": [[1, 2], [3, 4]],
        "[[1, 2]]": [[1, 2]], "[2]": [[2]], "[c; 1]": [[7], [8], [1]], "[A; r]": np.vstack([A, r]),
        "concat(c, c, c)": np.vstack([c, c, c]), "[A, c; r, 5]": np.block([[A, c], [r, np.array([[5.0]])]]),
        "beside(c, A)": np.hstack([c, A]), "c[2]": [[8]], "r[2:3]": [[10, 11]], "A[1,:]": A[:1], "A[:,2:]": A[:, 1:],
        "A[2,3]": [[5]], "dot(c, [1, 2])": [[23]], "outer(c, r)": c @ r, "outer(c, c)": c @ c.T, "dot(r, r)": r @ r.T,
    }  # fmt: skip
    names = {name: Name(name, value.shape) for name, value in values.items()}
    for text, value in wanted.items():
        found = read(text, names)
        np.testing.assert_array_equal(evaluate(found, values), value, text)
        assert read(str(found), names) == found, text


@pytest.mark.parametrize("name", [name for name, entry in TABLE.items() if set(entry.parameters) - {"shape", "before"}])
def test_parameters_go_by_name(name):
    entry = TABLE[name]
    value, letter = ("2", "S") if entry.by_place[:1] == ("window",) else ("0.1", "a")
    arguments = ", ".join((letter, "b")[: entry.arity]) + f", {value}" * len(entry.by_place)
    wanted = [key for key in entry.parameters if key not in entry.by_place][:1]
    if name != "max" and wanted:
        with pytest.raises(ReadError, match=rf"write {name}\({arguments}, {wanted[0]}=1\)"):
            read(f"{name}({arguments}, 1)", NAMES)
    if entry.by_place:
        assert read(f"{name}({arguments})", NAMES) == read(f"{name}({letter}, {entry.by_place[0]}={value})", NAMES)


def test_shape_errors_name_the_operands():
    with pytest.raises(ShapeError, match=r"A is 2x3, but c has 2 rows, in A @ c"):
        read("A @ c", NAMES)
    with pytest.raises(ShapeError, match=r"A is 2x3, but S is 2x2"):
        read("A + S", NAMES)
    for text in ("broadcast(A, [3])", "diag(A)", "diagonal(S, [2, 2])", "a @ a"):
        with pytest.raises((ReadError, ShapeError)):
            read(text, NAMES)


def test_expressions_are_equal_only_to_themselves():
    expression = read("sum(A * 2, axis=0) + r", NAMES)
    assert expression == read("sum(A * 2, axis=-2) + r", NAMES)
    assert expression != read("sum(A * 2, axis=1) + r", NAMES)
    assert expression != read("r + sum(A * 2, axis=0)", NAMES)
    assert Name("a") != Name("a", (1, 1))
    assert isinstance(expression, Application) and expression != str(expression)
