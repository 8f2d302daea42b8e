"""Single mistakes, two at once, and what the table of mistakes says."""

from __future__ import annotations

import re
from fractions import Fraction

import numpy as np
import pytest
from mistaken_programs import CONVENTIONS, NETWORKS, NO_REWRITE, axis_of, draw, givens, oriented, planned
from numpy_programs import FUNCTIONS

from chalkwork import Graph
from chalkwork.algebra.expression import Name, apply, names_in
from chalkwork.algebra.reading import read
from chalkwork.checking.mistakes import (
    TABLE,
    Context,
    Role,
    combinations,
    distinct,
    distinct_pairs,
    exchanged,
    exchanges_of,
    explanation,
)
from chalkwork.checking.mistakes.search import simplified
from chalkwork.derivation.derivation import Derivation, Equation, Stage
from chalkwork.derivation.evaluate import evaluate, evaluate_all
from chalkwork.networks.activations import Activation
from chalkwork.networks.convention import Convention
from chalkwork.networks.equations import derive
from chalkwork.networks.layers.base import LayerPlan
from chalkwork.networks.layers.dense import DENSE
from chalkwork.networks.losses import BinaryCrossEntropy, CrossEntropy, SquaredError
from chalkwork.networks.plan import Plan
from chalkwork.typesetting.equations import fill
from chalkwork.typesetting.notation import Notation
from chalkwork.typesetting.numbers import NumberFormat
from chalkwork.typesetting.symbols import Symbols
from chalkwork.typesetting.writer import Writer

# --- nothing raises ---------------------------------------------------------------------------------------------------

GRAPHS = [
    "c = a + b; d = b + 1; e = c * d",
    "z = w * x + b; a = sigmoid(z); L = (a - y)^2",
    "z = w * x + b; a = tanh(z); u = v * a; p = sigmoid(u); L = -y * log(p) - (1 - y) * log(1 - p)",
    "h = x^2; k = exp(h); m = k / (1 + h); e = log(m) * sin(x)",
    "z = x * w; a = relu(z); e = a * z",
    "c = 1e300 * 1e300 * a; e = c + b",
]


def check_all(derivation: Derivation, samples: int | None) -> int:
    context = Context(derivation, samples)
    known = {*derivation.shapes(), *context.constants}
    count = 0
    for equation in derivation.equations:
        for mistake in TABLE.values():
            assert not re.search(r"<\w+>", explanation(mistake, equation, context))
        found = distinct(equation, context)
        pairs = [(expression, ids) for expression, all_ids in distinct_pairs(equation, context, 40) for ids in all_ids]
        for expression, ids in [*found, *pairs]:
            assert {name.name for name in names_in(expression)} <= known
            allowed = any(TABLE[id].reshapes for id in ids)
            assert expression.shape == equation.expression.shape or allowed
            count += 1
    return count


@pytest.mark.parametrize("text", GRAPHS)
def test_nothing_raises_on_graphs(text: str) -> None:
    names = {name for name in re.findall(r"[a-z]\w*", text) if len(name) == 1} - set(re.findall(r"(\w+) =", text))
    solution = Graph(text).solve(**dict.fromkeys(names, 0.5)) if "1e300" not in text else None
    if solution is not None:
        check_all(solution.derivation, None)
    else:
        a, b = Name("a"), Name("b")
        first = Equation("c", read("1e300 * 1e300 * a", {"a": a}), Stage.FORWARD)
        check_all(Derivation((a, b), (first, Equation("e", first.symbol + b, Stage.FORWARD))), None)


@pytest.mark.parametrize("seed", range(8))
def test_nothing_raises_on_random_networks(seed: int) -> None:
    rng = np.random.default_rng(seed)
    depth = int(rng.integers(1, 5))
    sizes = [int(size) for size in rng.integers(1, 5, depth + 1)]
    kinds = [*FUNCTIONS, "log_softmax", "relu(at_zero=1)", "leaky_relu(0)"]
    layers = tuple(
        LayerPlan(sizes[k], sizes[k + 1], Activation.of(str(rng.choice(kinds))), bool(rng.integers(2)), DENSE)
        for k in range(depth)
    )
    losses = [
        SquaredError(Fraction(1, 2), "mean_over_samples"), SquaredError(0.3, "mean"), CrossEntropy(1, "sum"),
        CrossEntropy(), BinaryCrossEntropy(0.25),
    ]  # fmt: skip
    convention = CONVENTIONS[rng.integers(4)]
    plan = Plan(layers, losses[rng.integers(5)], Convention(*convention), int(rng.choice([1, 3])))  # type: ignore[arg-type]
    derivation = derive(
        plan, target=seed % 10 != 0, updates=seed % 3, predict=True, long_way=seed % 4 == 1 and seed % 10 != 0
    )
    assert check_all(derivation, axis_of(convention)) > 0
    check_all(derivation, None)


# --- single mistakes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("inline", [False, True])
@pytest.mark.parametrize("text", ["mean({})", "sum({}) / 5", "sum({}) / 4"])
@pytest.mark.parametrize("axis", [-1, -2])
def test_the_other_variance(axis: int, text: str, inline: bool, rng: np.random.Generator) -> None:
    x = Name("x", (3, 5) if axis == -1 else (5, 3))
    mean = Equation("m", apply("mean", x, axis=axis), Stage.FORWARD)
    centre = mean.expression if inline else mean.symbol
    variance = Equation(
        "v", read(text.format("(x - m)^2, axis=axis"), {"x": x, "m": centre}, {"axis": axis}), Stage.FORWARD
    )
    normalised = Equation("n", (x - mean.symbol) / apply("sqrt", variance.symbol + 0.1), Stage.FORWARD)
    derivation = Derivation((x,), (mean, variance, normalised))
    context = Context(derivation, axis)
    values = evaluate_all(derivation, {"x": rng.normal(size=x.shape)})
    (rewrite,) = TABLE["wrong-variance"].rewrites(variance, context)
    wanted = values["x"].var(axis=axis, keepdims=True, ddof=0 if "4" in text else 1)
    assert np.allclose(evaluate(rewrite, values), wanted)
    assert not list(TABLE["wrong-variance"].rewrites(normalised, context))


def test_a_squared_error_is_no_variance() -> None:
    derivation = derive(planned(NETWORKS[3], ("rows", "in_out"), 4), target=True, updates=1)
    context = Context(derivation, -2)
    assert not any(list(TABLE["wrong-variance"].rewrites(equation, context)) for equation in derivation.equations)


def test_a_path_of_the_chain_rule_is_forgotten() -> None:
    solution = Graph("c = a + b; d = b + 1; e = c * d").solve(a=2, b=1)
    context = Context(solution.derivation)
    both = distinct(solution.derivation["de/db"], context)
    values = {name: np.asarray(solution[name]).reshape(1, 1) for name in ("de/dc", "de/dd", "dc/db", "dd/db")}
    forgotten = [evaluate(expression, values).item() for expression, ids in both if "path-forgotten" in ids]
    assert sorted(forgotten) == [2.0, 3.0]  # d = 2 through c, c = 3 through d
    assert not list(TABLE["path-forgotten"].rewrites(solution.derivation["de/da"], context))


def test_a_graph_has_its_local_derivative_wrong() -> None:
    solution = Graph("z = w * x + b; a = sigmoid(z); L = (a - y)^2").solve(w=1, x=2, b=1, y=3)
    context = Context(solution.derivation)
    found = {id: str(expression) for expression, ids in distinct(solution.derivation["da/dz"], context) for id in ids}
    assert found["derivative-dropped"] == "1"
    assert found["derivative-at-activation"] == "sigmoid(a) * (1 - sigmoid(a))"
    assert context.role(solution.derivation["L"]) == Role.LOSS
    assert [str(other) for other in TABLE["bias-forgotten"].rewrites(solution.derivation["z"], context)] == ["w * x"]


def test_the_table_reads_well() -> None:
    writer = Writer(Symbols(Notation(), 2), {}, NumberFormat())
    derivation = derive(planned(NETWORKS[0], ("columns", "out_in"), 1), target=True, updates=1)
    context = Context(derivation, -1)
    for id, mistake in TABLE.items():
        assert id == mistake.id and re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", id)
        assert mistake.title and mistake.likelihood > 0
        assert mistake.explanation.endswith(".") and mistake.hint.endswith((".", "?"))
        assert not re.search(r"[0-9<{]", mistake.hint), "a hint gives nothing of the solution away"
        for equation in derivation.equations:
            text = explanation(mistake, equation, context)
            assert "{" not in fill(text, writer, latex=False)
            assert fill(text, writer, latex=True).count("$") % 2 == 0


def test_explanations_name_what_the_equation_holds() -> None:
    derivation = derive(planned(NETWORKS[0], ("columns", "out_in"), 1), target=True, updates=1)
    context = Context(derivation, -1)
    assert "at {z1}." in explanation(TABLE["derivative-dropped"], derivation["delta1"], context)
    omitted = explanation(TABLE["learning-rate-omitted"], derivation["W2_new"], context)
    assert omitted == "{dW2} was subtracted from {W2} without being multiplied by {eta}."


def test_roles() -> None:
    derivation = derive(planned(NETWORKS[0], ("columns", "out_in"), 1), target=True, updates=2, long_way=True)
    context = Context(derivation, -1)
    roles = {"z1": Role.NET, "a2": Role.ACTIVATION, "L": Role.LOSS, "delta1": Role.ERROR, "dW1": Role.GRADIENT}
    roles |= {"W1_new": Role.UPDATE, "L_new": Role.LOSS, "dW1_new": Role.GRADIENT, "J2": Role.OTHER, "da2": Role.OTHER}
    assert {name: context.role(derivation[name]) for name in roles} == roles
    assert [context.steps[name] for name in ("dW1", "W1_new", "z1_new", "delta1_new", "W2_new2", "z1_new2")] == [
        0, 0, 1, 1, 1, 2,
    ]  # fmt: skip
    assert str(next(iter(TABLE["derivative-dropped"].rewrites(derivation["delta1_new"], context)))) == (
        "W2_new.T @ delta2_new"
    )


def test_what_cannot_be_told_apart_stands_together() -> None:
    derivation = derive(planned(NETWORKS[0], ("rows", "in_out"), 1), target=True)
    found = dict(distinct(derivation["L"], Context(derivation, -2)))
    assert ("factor-half", "mean-for-sum") in found.values()  # two outputs
    batch = derive(planned(NETWORKS[3], ("rows", "in_out"), 4), target=True)
    ids = [ids for _, ids in distinct(batch["delta1"], Context(batch, -2))]
    assert ids[0] == ("derivative-dropped",)


def test_two_mistakes_at_once(rng: np.random.Generator) -> None:
    network, convention = NETWORKS[0], ("columns", "in_out")
    program = draw(rng, network, 4)
    derivation = derive(planned(network, convention, 4), target=True, updates=1)
    context = Context(derivation, -1)
    values = evaluate_all(derivation, givens(program, convention, derivation.shapes())) | context.constants
    new = program.W_new[1].T
    expected = {
        ("derivative-dropped", "updated-weights-used", "delta1"): program.delta2 @ new,
        ("error-sign", "sum-for-mean", "delta2"): -program.N * program.delta2,
        ("ascent", "learning-rate-omitted", "W1_new"): program.W[0] + program.dW[0],
        ("bias-forgotten", "activation-forgotten", "z2"): program.z1 @ program.W[1],
        ("outer-product-transposed", "sum-for-mean", "dW1"): program.N * program.dW[0].T,
        ("first-sample-only", "log-base-2", "L"): program.each(program.a2, np.log2)[0].sum(),
    }
    for (one, other, name), value in expected.items():
        target = oriented(name, value, convention, derivation[name].expression.shape)
        for first, second in ((one, other), (other, one)):
            rewrites = combinations(TABLE[first], TABLE[second], derivation[name], context)
            assert any(np.allclose(evaluate(rewrite, values), target) for rewrite in rewrites), (first, second)
        pairs = [set(ids) for _, all_ids in distinct_pairs(derivation[name], context) for ids in all_ids]
        assert {one, other} in pairs
    assert len(distinct_pairs(derivation["delta2"], context, 10)) == 10
    assert not list(combinations(TABLE["ascent"], TABLE["ascent"], derivation["W1_new"], context))


def test_exchanged_entries() -> None:
    value = np.arange(6.0).reshape(2, 3)
    found = [exchanged(value, exchange) for exchange in exchanges_of(value.shape)]
    kept = {tuple(each.reshape(-1)) for each in found}
    assert len(kept) == len(found) == 1 + 3 + 15
    assert tuple(value[::-1].reshape(-1)) in kept and tuple(value[:, [1, 0, 2]].reshape(-1)) in kept
    assert exchanges_of(()) == exchanges_of((1, 1)) == ()
    for exchange, one in zip(exchanges_of(value.shape), found, strict=True):
        assert (exchanged(np.stack([value, -value]), exchange) == np.stack([one, -one])).all()


def test_mistakes_that_are_no_rewrites_keep_the_expression() -> None:
    derivation = derive(planned(NETWORKS[0], ("rows", "in_out"), 1), target=True)
    context = Context(derivation, -2)
    for id in NO_REWRITE - {"softmax-unstable", "logarithm-of-zero"}:
        assert not TABLE[id].is_rewrite
        assert list(TABLE[id].rewrites(derivation["z2"], context)) == [derivation["z2"].expression]
    assert not list(TABLE["softmax-unstable"].rewrites(derivation["z2"], context))  # looked for by what overflows
    assert not list(TABLE["entries-swapped"].rewrites(derivation["L"], context))
    assert not list(TABLE["rounded-early"].rewrites(derivation["z1"], context))  # made of givens alone


def test_what_is_equal_is_simplified_as_it_is_written() -> None:
    """1 and 1.0 are equal: neither is taken from what was simplified of the other before, in either order."""
    for first, second in ((5.0, 5), (7, 7.0)):
        assert [str(simplified(Name("q") * value)) for value in (first, second)] == [f"{first} * q", f"{second} * q"]
