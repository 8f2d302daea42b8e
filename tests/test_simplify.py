"""The simplifier: what it writes is worth the same, exactly; and it writes what a textbook writes."""

import operator
from fractions import Fraction
from functools import reduce

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from chalkwork.algebra.expression import Application, Expression, Name, Number, apply, walk
from chalkwork.algebra.operations import TABLE
from chalkwork.algebra.reading import read
from chalkwork.algebra.simplify import SumsToOne, simplify
from chalkwork.derivation.derivation import Equation, Stage
from chalkwork.derivation.differentiate import adjoint_equations
from chalkwork.derivation.evaluate import evaluate
from chalkwork.errors import ShapeError

NAMES = {
    "a": Name("a"),
    "b": Name("b"),
    "A": Name("A", (2, 3)),
    "B": Name("B", (3, 2)),
    "S": Name("S", (2, 2)),
    "C": Name("C", (2, 3)),
    "c": Name("c", (2, 1)),
    "r": Name("r", (1, 3)),
    "u": Name("u", (1, 1)),
    "y": Name("y", (2, 3)),
}
FACTS = [SumsToOne("y", -2)]


def fractions(*numbers):
    return np.array([Fraction(number) for number in numbers], dtype=object)


EXACT = {
    "a": fractions("2/3").reshape(1, 1),
    "b": fractions(-3).reshape(1, 1),
    "A": fractions(1, "-1/2", 3, "2/5", 7, -2).reshape(2, 3),
    "B": fractions(2, "1/3", -1, 5, "3/4", "1/7").reshape(3, 2),
    "S": fractions(-1, 2, "1/2", 3).reshape(2, 2),
    "C": fractions("5/2", 1, "-4/3", 2, -1, "1/9").reshape(2, 3),
    "c": fractions("-2/7", 4).reshape(2, 1),
    "r": fractions(3, "1/4", -5).reshape(1, 3),
    "u": fractions("11/3").reshape(1, 1),
    "y": fractions("1/3", 1, "1/4", "2/3", 0, "3/4").reshape(2, 3),
}

# any function does for an operation that the simplifier does not look into; these are easy to tell apart
STAND_INS = {
    "tanh": lambda x: 1 + 2 * x + x * x,
    "log": lambda x: 3 - x * x,
    "exp": lambda x: 5 * x - 1 + x * x,
    "step": lambda x: 2 - 7 * x,
}
ARITHMETIC = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "power": operator.pow,
    "negative": operator.neg,
    "identity": lambda x: x,
    "matmul": operator.matmul,
    "transpose": np.transpose,
    "squared_norm": lambda x: (x * x).sum(keepdims=True),
}


def exactly(node: Expression):
    """The value in fractions: a second evaluator, which knows nothing of the first."""
    if isinstance(node, Name):
        return EXACT[node.name]
    if isinstance(node, Number):
        return fractions(node.value).reshape(1, 1)
    assert isinstance(node, Application)
    arguments = [exactly(argument) for argument in node.arguments]
    name = node.operation.name
    if name in ("sum", "mean"):
        total = arguments[0].sum(axis=node.parameters[0], keepdims=True)
        return total / Fraction(arguments[0].size, total.size) if name == "mean" else total
    if name == "broadcast":
        return np.broadcast_to(arguments[0], node.shape or (1, 1))
    if name == "power":
        return arguments[0] ** int(arguments[1].item())
    return (ARITHMETIC | STAND_INS)[name](*arguments)


SMALL = st.one_of(st.integers(-3, 4), st.fractions(-2, 2, max_denominator=6)).map(Number)
EXPONENTS = st.integers(-2, 3).map(Number)
ALGEBRA = [*ARITHMETIC, "sum", "broadcast", "tanh", "add", "subtract", "multiply", "multiply", "divide"]


def trees(operations, leaves):
    @st.composite
    def larger(draw, parts):
        entry = TABLE[draw(st.sampled_from(operations))]
        arguments = [draw(parts) for _ in range(entry.arity)]
        if entry.name == "power":
            arguments[1] = draw(EXPONENTS)
        parameters = {}
        for key in entry.parameters:
            if key == "axis":
                parameters[key] = draw(st.sampled_from((None, -2, -1)))
            elif key == "shape":
                parameters[key] = draw(st.sampled_from(((2, 3), (3, 2), (2, 2), (2, 1))))
            else:
                parameters[key] = draw(st.sampled_from((0.0, 0.3)))
        try:
            return apply(entry.name, *arguments, **parameters)
        except ShapeError:
            return arguments[0]

    return st.recursive(leaves, larger, max_leaves=10)


NAMED = st.sampled_from(list(NAMES.values()))


def nodes(expression):
    """How many names, numbers and operations are written."""
    return 1 + sum(map(nodes, expression.arguments)) if isinstance(expression, Application) else 1


def r(text):
    return read(text, NAMES)


@given(trees(ALGEBRA, st.one_of(NAMED, NAMED, SMALL)))
@settings(max_examples=1500, deadline=None)
@example(r("A * 0"))
@example(r("(A + C) * (A - C)"))
@example(r("c * (A / c - r / c)"))
@example(r("sum(broadcast(c, [2, 3]), axis=1)"))
@example(r("A @ (2 * B) @ (a * S)"))
@example(r("(A + c).T + r.T"))
@example(r("a / 0"))
@example(r("sum(u)"))
@example(r("A * (c / A)"))
@example(r("sum(y, axis=0) * (A - C)"))
def test_the_value_stays_exactly_the_same(expression):
    try:
        before = exactly(expression)
    except ZeroDivisionError:
        before = None
    assume(before is None or max(len(str(entry)) for entry in before.flat) < 400)
    for facts in ((), FACTS):
        simpler = simplify(expression, facts)
        assert simpler.shape == expression.shape
        assert simplify(simpler, facts) == simpler
        assert nodes(simpler) <= 2 * nodes(expression)
        if before is not None:
            after = exactly(simpler)
            assert after.shape == before.shape
            assert (after == before).all(), (str(expression), str(simpler))


FLOATS = {name: value.astype(float) for name, value in EXACT.items()}


def hides_what_is_undefined(expression):
    """Whether a comparison somewhere makes a number of what is none, such as 0/0."""
    compared = [node for node in walk(expression) if isinstance(node, Application) and node.operation.name == "equal"]
    with np.errstate(all="ignore"):
        return not all(np.isfinite(evaluate(part, FLOATS)).all() for node in compared for part in node.arguments)


@given(trees(list(TABLE), st.one_of(NAMED, st.sampled_from([0, 1, -1, 2, 0.5, Fraction(1, 3)]).map(Number))))
@settings(max_examples=600, deadline=None)
def test_every_operation_keeps_its_value(expression):
    with np.errstate(all="ignore"):
        before = evaluate(expression, FLOATS)
        nearby = evaluate(expression, {name: value * (1 + 1e-13) for name, value in FLOATS.items()})
        simpler = simplify(expression)
        after = evaluate(simpler, FLOATS)
    assert simpler.shape == expression.shape
    assert simplify(simpler) == simpler
    assume(not hides_what_is_undefined(expression))
    was_finite, after = np.isfinite(before), np.broadcast_to(after, before.shape)
    defined = np.isfinite(before) & np.isfinite(after) & np.isfinite(nearby)
    before, nearby, result = (np.where(defined, value, 0) for value in (before, nearby, after))
    unstable = 100 * np.abs(nearby - before)  # what a change in the last digits does to the value
    compared = unstable < 1e-6 * (1 + np.abs(before))
    difference = np.where(compared, np.abs(result - before), 0)
    assert (difference <= 1e-9 * np.abs(before) + unstable + 1e-12).all(), (str(expression), str(simpler))
    assert (np.isfinite(after) | ~was_finite).all()


@pytest.mark.parametrize(
    ("text", "simple"),
    [
        ("(A @ B).T", "B.T @ A.T"),
        ("(A @ B @ S).T", "S.T @ (B.T @ A.T)"),
        ("A.T.T", "A"),
        ("a.T", "a"),
        ("tanh(A).T", "tanh(A.T)"),
        ("(A + C).T", "A.T + C.T"),
        ("(a * A).T", "a * A.T"),
        ("a + a", "2 * a"),
        ("a - a", "0"),
        ("A - A", "broadcast(0, [2, 3])"),
        ("a * a", "a^2"),
        ("a * a / a", "a"),
        ("a / a", "1"),
        ("a^2 / a", "a"),
        ("1 * a", "a"),
        ("0 + a", "a"),
        ("a - 0", "a"),
        ("0 * a", "0"),
        ("-(-a)", "a"),
        ("-(a - b)", "b - a"),
        ("-a * -b", "a * b"),
        ("-a + b", "b - a"),
        ("-a - b", "-a - b"),
        ("a - (b - a)", "2 * a - b"),
        ("a + 2 * b - b", "a + b"),
        ("2 * a + 2 * b", "2 * (a + b)"),
        ("a^1", "a"),
        ("a^0", "1"),
        ("2^3", "8"),
        ("1/2 * (2 * a)", "a"),
        ("1/2 * 2 * (a - b)", "a - b"),
        ("a * (b / a + 1)", "b + a"),
        ("a * (1 - a) * (b / a - (1 - b) / (1 - a))", "b - a"),
        ("A @ (a * B)", "a * (A @ B)"),
        ("(-A) @ B", "-(A @ B)"),
        ("sum(2 * A)", "2 * sum(A)"),
        ("sum(-A, axis=1)", "-sum(A, axis=1)"),
        ("sum(a * A)", "a * sum(A)"),
        ("sum(r, axis=0)", "r"),
        ("sum(a)", "a"),
        ("sum(broadcast(a, [2, 3]))", "6 * a"),
        ("sum(y * a, axis=0)", "broadcast(a, [1, 3])"),
        ("identity(A)", "A"),
    ],
)
def test_textbook_forms(text, simple):
    assert simplify(r(text), FACTS) == simplify(r(simple), FACTS)
    assert str(simplify(r(text), FACTS)) == str(r(simple))


def test_a_constant_in_the_denominator_becomes_a_fraction_in_front():
    for text in ("a / 3", "a * (1 / 3)", "2 * a / 6", "1 / 3 * a"):
        assert str(simplify(r(text))) == "(1/3) * a"
    assert str(simplify(r("-(1 / 3 * (a - b))"))) == "(1/3) * (b - a)"
    assert str(simplify(r("-(1 / 3 * (1 - b))"))) == "-((1/3) * (1 - b))"


def delta_of(activation, loss, shape):
    """The adjoint of the net input under a loss written in a and y, as text."""
    z, known = Name("z", shape), {"a": Name("a", shape), "y": Name("y", shape)}
    equations = [
        Equation("a", read(activation, {"z": z}), Stage.FORWARD),
        Equation("L", read(loss, known), Stage.FORWARD),
    ]
    axis = -1 if "axis=1" in activation else -2
    facts = [SumsToOne("y", axis)] if "softmax" in activation else []
    (equation,) = adjoint_equations(equations, "L", {"z": "delta"}, facts)
    return str(equation.expression)


CROSS_ENTROPIES = ["-sum(y * log(a))", "-sum(xlogy(y, a))"]
BINARY = [
    "-sum(y * log(a) + (1 - y) * log(1 - a))",
    "-sum(xlogy(y, a) + xlogy(1 - y, 1 - a))",
    "-(sum(y * log(a)) + sum((1 - y) * log(1 - a)))",
]


@pytest.mark.parametrize("loss", CROSS_ENTROPIES)
@pytest.mark.parametrize(("axis", "shape"), [(0, (4, 1)), (0, (4, 3)), (1, (1, 4)), (1, (3, 4))])
def test_softmax_under_cross_entropy_is_a_minus_y(loss, axis, shape):
    softmax = f"softmax(z, axis={axis})"
    assert delta_of(softmax, loss, shape) == "a - y"
    assert delta_of(softmax, f"{loss} / 3", shape) == "(1/3) * (a - y)"
    assert delta_of(softmax, f"1/3 * ({loss})", shape) == "(1/3) * (a - y)"
    assert delta_of(softmax, f"2 * ({loss})", shape) == "2 * (a - y)"


def test_the_mean_over_the_samples_is_a_division_by_their_number():
    assert delta_of("softmax(z, axis=0)", "-mean(sum(y * log(a), axis=0))", (4, 3)) == "(1/3) * (a - y)"
    assert delta_of("softmax(z, axis=1)", "-mean(sum(xlogy(y, a), axis=1))", (3, 4)) == "(1/3) * (a - y)"


def test_without_the_fact_the_targets_are_not_taken_to_sum_to_one():
    z, known = Name("z", (2, 1)), {"a": Name("a", (2, 1)), "y": Name("y", (2, 1))}
    equations = [
        Equation("a", read("softmax(z, axis=0)", {"z": z}), Stage.FORWARD),
        Equation("L", read("-sum(y * log(a))", known), Stage.FORWARD),
    ]
    for facts in ([], [SumsToOne("y", -1)], [SumsToOne("x", -2)]):
        (equation,) = adjoint_equations(equations, "L", {"z": "delta"}, facts)
        assert str(equation.expression) == "sum(y, axis=0) * a - y"


@pytest.mark.parametrize("loss", BINARY)
@pytest.mark.parametrize("shape", [(), (1, 1), (2, 3)])
def test_sigmoid_under_binary_cross_entropy_is_a_minus_y(loss, shape):
    assert delta_of("sigmoid(z)", loss, shape) == "a - y"
    assert delta_of("sigmoid(z)", f"{loss} / 3", shape) == "(1/3) * (a - y)"


def test_squared_errors():
    assert delta_of("identity(z)", "squared_norm(a - y) / 2", (2, 1)) == "a - y"
    assert delta_of("identity(z)", "1/2 * sum((y - a)^2)", (2, 1)) == "a - y"
    assert delta_of("identity(z)", "mean((y - a)^2)", (2, 3)) == "(1/3) * (a - y)"
    assert delta_of("sigmoid(z)", "squared_norm(y - a) / 2", (2, 1)) == "(a - y) * a * (1 - a)"
    assert delta_of("tanh(z)", "squared_norm(a - y) / 2", (2, 1)) == "(a - y) * (1 - a^2)"
    assert delta_of("relu(z)", "squared_norm(a - y) / 2", (2, 1)) == "(a - y) * step(z)"


def test_constants_that_nobody_would_write_stay_as_they_are():
    for text in ("1e308 * 10 * a", "1e300^40 * a", "9^63 * 9^63 * a", "(1e300 + a) * 1e300 * 1e300", "0^(-1) * a"):
        expression = r(text)
        simpler = simplify(expression)
        assert "inf" not in str(simpler) and "nan" not in str(simpler)
        assert len(str(simpler)) <= len(text) + 40
        assert simplify(simpler) == simpler


def test_a_long_product_of_sums_does_not_explode():
    product = reduce(operator.mul, (Name("a") + Name(f"b{index}") for index in range(40)))
    total = reduce(operator.add, (product * Name(f"c{index}") for index in range(10)))
    assert nodes(simplify(product)) <= nodes(product)
    assert nodes(simplify(total)) <= nodes(total)
