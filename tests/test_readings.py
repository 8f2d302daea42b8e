"""Every reading reads every operation, or says in a sentence which one it cannot read: the table times the readings.

An operation that a reading has no rule for is read by its entry: turns, branches, definition, value over arrays.
"""

from fractions import Fraction
from itertools import pairwise

import mpmath
import numpy as np
import pytest
import sympy
from oracles import FORMULAS

from chalkwork import Dense, NeuralNetwork
from chalkwork.algebra.definitions import branches, defined
from chalkwork.algebra.expression import Application, Name, Number, apply
from chalkwork.algebra.expression import replace as replace_in
from chalkwork.algebra.operations import TABLE
from chalkwork.algebra.reading import read
from chalkwork.bounds.intervals import Interval
from chalkwork.bounds.ranges import enclose
from chalkwork.derivation.differentiate import local_derivatives
from chalkwork.derivation.evaluate import evaluate
from chalkwork.errors import ChalkworkError
from chalkwork.exchange.onnx_graph import OnnxGraph
from chalkwork.inside.statistics import saturated
from chalkwork.laboratory.claims import Claim, precise, symbolic
from chalkwork.laboratory.equivalent import symmetries
from chalkwork.laboratory.functions.one_variable import Function, smooth_branch
from chalkwork.laboratory.functions.series import taylor_coefficients
from chalkwork.laboratory.taylor import taylor
from chalkwork.laboratory.taylor.derivatives import Ring
from chalkwork.networks.activations import KINDS
from chalkwork.training.engines.lowering_graph import Graph, translate
from chalkwork.typesetting.code import numpy_source
from chalkwork.typesetting.notation import Notation
from chalkwork.typesetting.numbers import NumberFormat
from chalkwork.typesetting.symbols import Symbols
from chalkwork.typesetting.writer import Writer

ENTRYWISE = [name for name, entry in TABLE.items() if entry.entrywise]
POINTS = (Fraction(-3, 4), Fraction(5, 8))
OTHER = Fraction(3, 8)
NAMES = (Name("x"), Name("b"))


def plainly(node, x):
    return float(evaluate(node, {"x": np.array([[float(x)]]), "b": np.array([[float(OTHER)]])}).item())


def of_x(node):
    """The function of x alone, with the other argument a number."""
    plain = replace_in(node, {NAMES[1]: Number(OTHER)})
    return Function(str(plain), plain, "x")


# --- the readings: from an application of x (and b) and a point to a number and the place where it must lie -----------


def by_its_text(node, x):
    return plainly(read(str(node), {name.name: name for name in NAMES}), x)


def by_its_source(node, x):
    space = {"np": np, "x": float(x), "b": float(OTHER)}
    exec(node.operation.code_definition, space)
    return float(np.asarray(eval(numpy_source(node), space)))


def typeset(node, x):
    writer = Writer(Symbols(Notation()), {"x": np.array([[float(x)]]), "b": np.array([[float(OTHER)]])}, NumberFormat())
    piece = writer.formula(node)
    assert "x" in piece.latex and "<0>" not in piece.latex
    return plainly(node, x)


def between_two_numbers(node, x):
    box = {"x": Interval.of([[float(x) - 1e-9]], [[float(x) + 1e-9]]), "b": Interval.point([[float(OTHER)]])}
    found = enclose(node, box)
    assert found.contains([[plainly(node, x)]]).all()
    tangled = enclose(node * node - node, box)
    assert tangled.contains([[plainly(node * node - node, x)]]).all() and tangled.width.item() < 1e-6
    return float((found.low + found.high).item() / 2)


def at_fifty_digits(node, x):
    return float(precise.evaluate(node, {"x": x, "b": OTHER})[0])


def by_sympy(node, x):
    letters = {"x": sympy.Symbol("x", real=True), "b": sympy.Symbol("b", real=True)}
    (found,) = symbolic.to_sympy(node, letters, {})
    return float(found.subs({letters["x"]: sympy.Rational(x), letters["b"]: sympy.Rational(OTHER)}))


def by_its_series(node, x):
    smooth = smooth_branch(of_x(node), float(x), float(x))
    found = taylor_coefficients(smooth, np.array([float(x)]), np.array([float(x)]), 1)
    slope = plainly(local_derivatives(node)[0], x)
    assert found.low[1, 0] - 1e-12 <= slope <= found.high[1, 0] + 1e-12
    return float((found.low + found.high)[0, 0] / 2)


def by_polynomials(node, x):
    ring = Ring("x")
    form = ring.of(smooth_branch(of_x(node), float(x), float(x)).tree)
    known = {"x": np.array([[float(x)]]), "e": np.array([[np.e]]), "pi": np.array([[np.pi]])}
    slope = evaluate(ring.expression(ring.derivative(form)), known).item()
    assert slope == pytest.approx(plainly(local_derivatives(node)[0], x), rel=1e-12, abs=1e-15)
    return evaluate(ring.expression(form), known).item()


def by_an_engine(node, x):
    graph = Graph(np.dtype("float64"))
    given = {"x": graph.number(float(x)), "b": graph.number(float(OTHER))}
    found = translate(graph, node, given)
    if found.kind == "constant":
        return found.what.item()
    assert found.kind in ("table", "xlogy")  # worked out by `value` when the program runs
    return plainly(node, x)


def by_onnx(node, x):
    graph = OnnxGraph(np.dtype("float64"))
    known = {name.name: graph.node("Identity", graph.number(0, graph.dtype)) for name in NAMES}
    graph.translate(node, known)
    assert graph.nodes
    return plainly(node, x)


READINGS = (
    by_its_text, by_its_source, typeset, between_two_numbers, at_fifty_digits, by_sympy, by_its_series, by_polynomials,
    by_an_engine, by_onnx,
)  # fmt: skip
REFUSED = {
    ("equal", "by_sympy"), ("xlogy", "by_sympy"),
    ("equal", "by_its_series"), ("equal", "by_polynomials"), ("floor", "by_its_series"), ("floor", "by_polynomials"),
    ("arctan", "by_its_series"), ("arctan", "by_polynomials"),
}  # fmt: skip
"""What is said to be unreadable, in a sentence with the operation's name; no activation is among it."""


def application(name):
    return apply(name, *NAMES[: TABLE[name].arity])


@pytest.mark.parametrize("reading", READINGS, ids=lambda reading: reading.__name__)
def test_every_operation_is_read_or_named(reading):
    for name in ENTRYWISE:
        node = application(name)
        points = [x for x in POINTS if x > 0 or (TABLE[name].domain[0] < 0 and name not in ("power",))]
        for x in points:
            if (name, reading.__name__) in REFUSED:
                with pytest.raises(ChalkworkError, match=name):
                    reading(node, x)
            else:
                assert reading(node, x) == pytest.approx(plainly(node, x), rel=1e-9, abs=1e-12), (name, x)


def test_nothing_that_can_be_an_activation_is_refused():
    assert not {name for name, _ in REFUSED} & KINDS.keys()


# --- a new operation -------------------------------------------------------------------------------------------------


def stranger(**more):
    """x exp(x), of which no reading has ever heard."""
    return TABLE["mish"]._replace(
        name="stranger", value=lambda xp, x: x * xp.exp(x), derivative=("exp(x) + y",), turns=None,
        code="stranger(<0>)", code_definition="def stranger(x):\n    return x * np.exp(x)", **more,
    )  # fmt: skip


@pytest.mark.parametrize("reading", READINGS[1:], ids=lambda reading: reading.__name__)
def test_a_definition_is_enough(reading, monkeypatch):
    monkeypatch.setitem(TABLE, "stranger", operation := stranger(definition="x * exp(x)"))
    for x in POINTS:
        node = Application(operation, (Name("x"),), ())
        assert reading(node, x) == pytest.approx(float(x) * np.exp(float(x)), rel=1e-9)


@pytest.mark.parametrize("reading", READINGS[1:], ids=lambda reading: reading.__name__)
def test_without_one_a_sentence_names_it(reading):
    operation = stranger(definition="")
    try:
        found = reading(Application(operation, (Name("x"),), ()), POINTS[1])
    except ChalkworkError as error:
        assert "stranger" in str(error)
    else:
        assert reading in (by_its_source, typeset, by_an_engine, by_onnx)
        assert found == pytest.approx(float(POINTS[1]) * np.exp(float(POINTS[1])))


# --- what an entry says is true --------------------------------------------------------------------------------------

UNARY = [name for name in ENTRYWISE if TABLE[name].arity == 1]
GRID = np.concatenate([np.linspace(-40, 40, 4001), [-1e-3, 1e-3]])


def values(name, points):
    entry = TABLE[name]
    inside = points[(points > entry.domain[0]) & (points < entry.domain[1])]
    return inside, evaluate(apply(name, Name("x")), {"x": inside[:, None]}).ravel()


@pytest.mark.parametrize("name", UNARY)
def test_facts_hold(name):
    entry = TABLE[name]
    points, found = values(name, GRID)
    assert (found >= entry.range[0]).all() and (found <= entry.range[1]).all()
    if entry.domain[0] < 0:
        mirrored, scaled = values(name, -points)[1], values(name, 3 * points)[1]
        assert entry.odd == np.allclose(mirrored, -found, rtol=1e-12, atol=0)
        assert entry.homogeneous == np.allclose(scaled, 3 * found, rtol=1e-12, atol=0)
        apart = np.subtract(*values(name, np.array([-1e-9, 1e-9]))[1])
        assert entry.jumps == (abs(apart) > 1e-3)
    for argument, value in entry.known.items():
        exact = FORMULAS[name](**entry.parameters).subs(sympy.Symbol("x", real=True), argument)
        assert sympy.nsimplify(exact) == sympy.Rational(value)


@pytest.mark.parametrize("name", [name for name in UNARY if TABLE[name].turns is not None])
def test_turns_are_all_there_are(name):
    """Monotone between them, by the sign of the derivative (of steps, where the value jumps); the value there is right
    to the last digit."""
    entry = TABLE[name]
    points = np.unique(values(name, np.concatenate([GRID, *(place + GRID / 1e6 for place, _ in entry.turns)]))[0])
    (slope,) = local_derivatives(apply(name, Name("x")))
    known = {"x": points[:, None]}
    slopes = np.broadcast_to(evaluate(slope, known), known["x"].shape).ravel()
    if entry.jumps:
        with np.errstate(invalid="ignore"):
            slopes = np.nan_to_num(np.diff(evaluate(apply(name, Name("x")), known).ravel(), append=np.nan))
    edges = [-np.inf, *sorted(place for place, _ in entry.turns), np.inf]
    for low, high in pairwise(edges):
        signs = set(np.sign(slopes[(points > low) & (points < high) & (np.abs(slopes) > 1e-12)]))
        assert len(signs) == 1, (low, high)
    for place, value in entry.turns:
        with mpmath.workdps(40):
            exact = sympy.lambdify(sympy.Symbol("x", real=True), FORMULAS[name](**entry.parameters), "mpmath")
            assert abs(mpmath.mpf(value) - exact(mpmath.mpf(place))) <= 4e-17


@pytest.mark.parametrize("name", [name for name in ENTRYWISE if TABLE[name].definition or TABLE[name].branches])
def test_definitions_and_branches_are_the_operation(name):
    node = application(name)
    for x in (*POINTS, Fraction(-2), Fraction(3)):
        if defined(node) is not None:
            assert plainly(defined(node), x) == pytest.approx(plainly(node, x), rel=1e-14)
        if branches(node) is not None:
            above = (x - OTHER if len(node.arguments) > 1 else x) > 0
            assert plainly(branches(node)[above], x) == pytest.approx(plainly(node, x), rel=1e-14)


# --- activations -----------------------------------------------------------------------------------------------------

SMOOTH = [name for name, kind in KINDS.items() if kind.entrywise and not kind.jumps and name != "identity"]


def worked(activation):
    hidden = Dense(weights=[[0.5, -0.25], [0.75, -0.5]], bias=[0.125, -0.5], activation=activation)
    net = NeuralNetwork([hidden, Dense(weights=[[1.5], [-2.0]])], weights="in_out")
    return net.solve([[1.0, 2.0]], [[0.25]])


@pytest.mark.parametrize("name", SMOOTH)
def test_a_unit_says_what_it_does_and_a_dropped_derivative_is_named(name):
    solution = worked(name)
    unit = TABLE[name].unit
    text = " ".join(str(solution).split())
    assert "<" not in unit.words and f"({unit.words})" in text
    for part in ("Activation of the hidden layer by", "is multiplied, entry by entry, by the derivative of"):
        assert part in text
    dropped = np.asarray(solution["delta2"]) @ np.asarray(solution["W2"]).T
    named, *others = solution.check({"delta1": dropped})["delta1"].mistakes
    assert named == "derivative-dropped" and set(others) <= ({"slope-elsewhere"} if TABLE[name].kinks else set())


def test_a_unit_that_jumps_ends_with_the_loss():
    """There is nothing to go back with, and it is said; what needs a gradient is refused."""
    for name in (name for name, kind in KINDS.items() if kind.jumps):
        solution = worked(f"{name}(at_zero=1/2)")
        said = " ".join(str(solution).split())
        assert list(solution)[-1] == "L" and f"The derivative of the {name} is 0 wherever there is one" in said
        assert " and 0.5 at 0." in said
        net = NeuralNetwork([Dense(2, name, inputs=2), Dense(1)], seed=1)
        for call in (net.backprop, lambda x, y, net=net: net.solve(x, y, learning_rate=0.1)):
            with pytest.raises(ChalkworkError, match=f"no gradient comes through the {name}"):
                call([[1.0, 2.0]], [[0.25]])
    flips = [symmetries(NeuralNetwork([Dense(2, name, inputs=2), Dense(1)], seed=1))["number"] for name in (
        "sign", "sign(at_zero=1)", "step")]  # fmt: skip
    assert flips == [8, 2, 2]


@pytest.mark.parametrize("name", SMOOTH)
def test_a_unit_has_claims_and_series(name):
    call = f"{name}(x)"
    assert Claim(f"{call} = {call} + 0").check()["verdict"] == "proved"
    assert Claim(f"{call} = {call} + 1").check()["verdict"] == "false"
    assert taylor(name, 2, about=1, interval=(0.5, 1.5))["error"] < 1
    net = NeuralNetwork([Dense(2, name, inputs=2), Dense(1)], seed=1)
    assert symmetries(net)["number"] == (8 if TABLE[name].odd else 2)
    found = saturated(name, np.array([[0.5, 0.999]]))
    assert (name in ("sigmoid", "tanh")) == (found is not None)
    assert found is None or found.tolist() == [[False, True]]
