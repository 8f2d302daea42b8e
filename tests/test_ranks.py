"""Shapes of any rank: matrices in a row, for samples, time or channels, through every reading."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from chalkwork.algebra.expression import Name, apply
from chalkwork.algebra.reading import read
from chalkwork.bounds.intervals import Interval
from chalkwork.bounds.ranges import enclose
from chalkwork.derivation.derivation import Derivation, Equation, Stage
from chalkwork.derivation.differentiate import adjoint_equations
from chalkwork.derivation.evaluate import evaluate, evaluate_all
from chalkwork.errors import ReadError, ShapeError
from chalkwork.typesetting.code import definitions, numpy_source
from chalkwork.typesetting.notation import Notation
from chalkwork.typesetting.numbers import NumberFormat
from chalkwork.typesetting.symbols import Symbols
from chalkwork.typesetting.writer import Writer

pytestmark = pytest.mark.usefixtures("quick_compilation")

SHAPES = {
    "x": (4, 3, 2),
    "W": (2, 5),
    "b": (1, 5),
    "u": (4, 3, 5),
    "s": (4, 1, 5),
    "c": (),
    "r": (3, 1),
    "v": (6, 4, 3, 5),
}
NAMES = {name: Name(name, shape) for name, shape in SHAPES.items()}
X, W, B, U, S, C, R, V = NAMES.values()

EXPRESSIONS = {
    "the same weights for every matrix": X @ W + B,
    "weights turned": apply("tanh", (W.T @ X.T).T) * U,
    "a product within every matrix": (X @ X.T) @ U * S,
    "softmax by rows": apply("softmax", X @ X.T, axis=-1) @ (X @ W),
    "softmax by columns": apply("softmax", X @ W, axis=-2) * U,
    "softmax of all": apply("softmax", U) * C,
    "logsumexp by rows": apply("logsumexp", U * C, axis=-1) * R,
    "sum over the first axis": apply("tanh", apply("sum", U, axis=-3) * (R @ B)),
    "sum over rows": apply("sum", U * (R @ B), axis=-2) * S,
    "mean and largest": apply("mean", U, axis=-3) * apply("max", U, axis=-1),
    "largest of all": apply("max", U) * apply("mean", U * U) + apply("sum", X),
    "spread over matrices": apply("broadcast", R @ B, shape=(4, 3, 5)) * U,
    "flattened": apply("reshape", apply("tanh", X.T), shape=(4, 6)) @ apply("reshape", V, shape=(6, 60)),
    "put back": apply("reshape", apply("reshape", U, shape=(4, 15)) ** 2, shape=(4, 5, 3)) @ R,
    "four axes": (V + U + B) * V @ (B.T * C),
    "reused with both ranks": apply("sigmoid", R @ B + U) * (R @ B),
}  # fmt: skip


def drawn(lead=()):
    numbers = np.random.default_rng(3)
    return {name: numbers.normal(size=(*lead, *(shape or (1, 1)))) for name, shape in SHAPES.items()}


@pytest.mark.parametrize("what", EXPRESSIONS)
def test_values_and_derivatives(what):
    expression, values = EXPRESSIONS[what], drawn()
    loss_of_it = apply("sum", Name("z", expression.shape) ** 2 / 2)
    forward = [Equation("z", expression, Stage.FORWARD), Equation("L", loss_of_it, Stage.FORWARD)]
    named = {name: f"d{name}" for name in ("z", *SHAPES)}
    used = adjoint_equations(forward, "L", named)
    found = evaluate_all(Derivation(tuple(NAMES.values()), (*forward, *used)), values)
    assert found["z"].shape == (expression.shape or (1, 1))

    def loss(given):
        return jnp.sum(evaluate(expression, given, jnp) ** 2) / 2

    oracle = jax.grad(loss)(values)
    for name in SHAPES:
        if f"d{name}" in found:
            assert found[f"d{name}"].shape == values[name].shape
            np.testing.assert_allclose(found[f"d{name}"], oracle[name], rtol=1e-9, atol=1e-12)
        else:
            assert not np.any(oracle[name])


@pytest.mark.parametrize("what", EXPRESSIONS)
def test_free_axes_stay_before_those_of_a_shape(what):
    """Seven variants at once are seven evaluations, where names of different ranks meet too."""
    expression, values = EXPRESSIONS[what], drawn((7,))
    found = evaluate(expression, values)
    assert found.shape == (7, *(expression.shape or (1, 1)))
    for place in range(7):
        alone = evaluate(expression, {name: value[place] for name, value in values.items()})
        np.testing.assert_allclose(found[place], alone, rtol=1e-12)


@pytest.mark.parametrize("what", EXPRESSIONS)
def test_the_text_is_read_back(what):
    expression = EXPRESSIONS[what]
    assert read(str(expression), NAMES) == expression


def test_the_values_are_those_of_plain_numpy():
    values = drawn()
    for axis, x in itertools.product((-3, -2, -1), (values["u"],)):
        for name in ("sum", "mean", "max"):
            kept = getattr(np, name)(x, axis=axis, keepdims=axis >= -2)
            np.testing.assert_array_equal(evaluate(apply(name, U, axis=axis), values), kept)
    assert evaluate(apply("sum", V), values).item() == pytest.approx(values["v"].sum())
    assert evaluate(apply("argmax", U), values).item() == values["u"].argmax() + 1
    np.testing.assert_array_equal(evaluate(apply("argmax", U, axis=-3), values), values["u"].argmax(axis=0) + 1)


def test_what_does_not_fit_is_said():
    with pytest.raises(ShapeError, match="u is 4x3x5, but x has 3 rows"):
        U @ X
    with pytest.raises(ShapeError, match="4x3x2, but u is 4x3x5"):
        X + U
    with pytest.raises(ShapeError, match="no axis -3 in 6x4x3x5"):
        apply("sum", V, axis=-3)
    with pytest.raises(ShapeError, match="squared norm is one of a matrix"):
        apply("squared_norm", U)
    with pytest.raises(ReadError, match="counted from the last, -1, to the first, -3"):
        read("sum(u, axis=0)", NAMES)


def writer(values, samples="rows"):
    return Writer(Symbols(Notation()), values, NumberFormat(1), samples=samples)


def test_a_row_of_matrices_stands_between_parentheses():
    values = {"x": np.arange(12.0).reshape(2, 3, 2), "W": np.ones((2, 1))}
    x, w = Name("x", (2, 3, 2)), Name("W", (2, 1))
    put_in = writer(values).substituted(x @ w)
    assert str(put_in.box) == ("⎛⎡0  1⎤  ⎡ 6   7⎤⎞\n⎜⎢2  3⎥, ⎢ 8   9⎥⎟ ⎡1⎤\n⎝⎣4  5⎦  ⎣10  11⎦⎠ ⎣1⎦")
    assert put_in.latex.count("begin{array}") == 3
    many = writer({"x": np.arange(900.0).reshape(9, 10, 10)}).substituted(Name("x", (9, 10, 10)))
    assert many.width <= 76 and "⋯" in str(many.box)


def test_a_sum_over_samples_has_their_index():
    values = {"x": np.arange(6.0).reshape(3, 1, 2), "d": np.ones((3, 1, 1))}
    x, d = Name("x", (3, 1, 2)), Name("d", (3, 1, 1))
    total = apply("sum", x.T @ d, axis=-3)
    assert writer({}).formula(total).latex == r"\sum_{i=1}^{3} x_i^{\top} \, d_i"
    assert str(writer(values).substituted(total).box).count("ᵀ") == 3
    entries = apply("sum", x, axis=-2), apply("sum", Name("u", (3, 2, 2)))
    assert [str(writer({}).formula(one).box) for one in entries] == ["x", "∑ᵢ ∑ⱼ ∑ₖ uᵢⱼₖ"]


@pytest.mark.parametrize("what", EXPRESSIONS)
def test_the_source_for_notebooks_gives_the_value(what):
    expression = EXPRESSIONS[what]
    values = {name: value if SHAPES[name] else value.item() for name, value in drawn().items()}
    scope = {"np": np, **values}
    for definition in definitions([expression]):
        exec(definition, scope)
    found = eval(numpy_source(expression), scope)
    np.testing.assert_allclose(
        np.reshape(found, expression.shape), evaluate(expression, drawn()).reshape(expression.shape)
    )


@pytest.mark.parametrize("what", EXPRESSIONS)
def test_enclosures_hold_and_are_tight(what):
    """For three students at once; the width of the enclosure is that of the values, but for second-order terms."""
    expression, middle = EXPRESSIONS[what], drawn()
    numbers, radius = np.random.default_rng(5), 1e-7
    students = {name: np.stack([value, value + 0.3, value - 0.1]) for name, value in middle.items()}
    boxes = {name: Interval.of(value - radius, value + radius) for name, value in students.items()}
    found = enclose(expression, boxes)
    assert found.shape == (3, *(expression.shape or (1, 1)))
    ends = [numbers.choice([-radius, radius], size=(40, 1, *value.shape[1:])) for value in students.values()]
    moved = {name: value + move for (name, value), move in zip(students.items(), ends, strict=True)}
    values = evaluate(expression, moved)
    assert found.contains(values).all()
    spread = (values.max(axis=0) - values.min(axis=0)).max()
    assert (found.high - found.low).max() < 8 * spread + 1e-12
