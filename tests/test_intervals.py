"""Intervals: enclosures of every operation and of whole equations hold what 50-digit arithmetic finds, tightly.

An operation without an exact oracle here fails a test.
"""

import itertools
import time
import warnings
from fractions import Fraction
from functools import partial

import mpmath
import numpy as np
import oracles
import pytest
import random_networks
import sympy

from chalkwork.algebra.expression import Application, Name, Number, apply, names_in
from chalkwork.algebra.operations import TABLE
from chalkwork.bounds.enclosures import ENCLOSURES
from chalkwork.bounds.intervals import Interval, matmul
from chalkwork.bounds.ranges import enclose
from chalkwork.derivation.evaluate import evaluate
from chalkwork.errors import ShapeError

mpmath.mp.dps = 50
INF, NAN = float("inf"), float("nan")
ENTRYWISE = [name for name, operation in TABLE.items() if operation.entrywise]


# -- a second opinion: every operation on arrays of mpmath numbers ------------------------------------------------


def each(function):
    return np.frompyfunc(function, function.__code__.co_argcount, 1)


def along(function):
    """A function of a list of numbers, over the axis that an operation is given."""

    def over(x, axis=None):
        if axis is None:
            return np.array([[function(list(x.ravel()))]], dtype=object)
        return np.expand_dims(np.apply_along_axis(lambda row: function(list(row)), axis, x), axis)

    return over


def shared(function):
    """The same where every entry keeps its place."""

    def over(x, axis=None):
        if axis is None:
            return np.array(function(list(x.ravel())), dtype=object).reshape(x.shape)
        return np.apply_along_axis(lambda row: np.array(function(list(row)), dtype=object), axis, x)

    return over


def argmax(x, axis, tie):
    """The place of the largest, from 1; `tie` where several are."""

    def place(row):
        several = tie is not None and row.count(max(row)) > 1
        return mpmath.mpf(tie if several else row.index(max(row)) + 1)

    return along(place)(x, axis)


def causal_softmax(x, keys):
    lines = x if keys == -1 else x.T
    found = np.array([[mpmath.mpf(0)] * lines.shape[1] for _ in lines], dtype=object)
    for number, line in enumerate(lines):
        seen = list(line[: number + 1])
        found[number, : len(seen)] = [mpmath.exp(z - log_sum_exp(seen)) for z in seen]
    return found if keys == -1 else found.T


def masked_softmax(x, mask, keys, causal):
    kept = np.broadcast_to(mask > 0, x.shape)
    if causal:
        rows, columns = x.shape
        kept = kept & (np.tri(rows, columns, dtype=bool) if keys == -1 else np.tri(columns, rows, dtype=bool).T)
    powers = np.frompyfunc(lambda z, k: mpmath.exp(z) if k else mpmath.mpf(0), 2, 1)(x, kept)
    total = powers.sum(axis=keys, keepdims=True)
    return np.frompyfunc(lambda p, t: p / t if t else mpmath.mpf(0), 2, 1)(powers, total)


def log_sum_exp(row):
    return mpmath.log(mpmath.fsum(map(mpmath.exp, row)))


def step(x, at, below=0):
    return mpmath.mpf(below) if x < 0 else mpmath.mpf(1) if x > 0 else mpmath.mpf(at)


def leak(alpha, at_zero):
    return alpha if at_zero is None else at_zero


def by_formula(name):
    """The formula of SymPy at fifty digits."""
    letters = [oracles.x] if TABLE[name].arity == 1 else [oracles.a, oracles.b]

    def exact(*arrays, **parameters):
        fixed = {key: None if value is None else sympy.Float(value, 60) for key, value in parameters.items()}
        formula = sympy.lambdify(letters, oracles.FORMULAS[name](**fixed), "mpmath")
        return np.frompyfunc(formula, len(arrays), 1)(*arrays)

    return exact


EXACT = (
    {name: by_formula(name) for name in oracles.FORMULAS}
    | {  # those with a rule at a point, and what is not entrywise
        "softplus": each(lambda x: mpmath.log1p(mpmath.exp(x))),
        "abs": each(lambda x: abs(x)),
        "sign": lambda x, at_zero: each(lambda x: mpmath.sign(x) if x else mpmath.mpf(at_zero))(x),
        "maximum": each(lambda a, b: max(a, b)),
        "minimum": each(lambda a, b: min(a, b)),
        "equal": each(lambda a, b: mpmath.mpf(a == b)),
        "xlogy": each(lambda a, b: mpmath.mpf(0) if a == 0 else a * mpmath.log(b)),
        "identity": lambda x: x,
        "relu": lambda x, at_zero: np.maximum(x, 0),
        "step": lambda x, at_zero: each(lambda x: step(x, at_zero))(x),
        "leaky_relu": lambda x, alpha, at_zero: each(lambda x: mpmath.mpf(alpha) * x if x < 0 else x)(x),
        "leaky_step": lambda x, alpha, at_zero: each(lambda x: step(x, leak(alpha, at_zero), mpmath.mpf(alpha)))(x),
        "elu": lambda x, alpha: each(lambda x: mpmath.mpf(alpha) * mpmath.expm1(x) if x < 0 else x)(x),
        "huber": lambda x, delta: each(
            lambda x: x * x / 2 if abs(x) <= delta else mpmath.mpf(delta) * (abs(x) - mpmath.mpf(delta) / 2)
        )(x),
        "softmax": shared(lambda row: [mpmath.exp(z - log_sum_exp(row)) for z in row]),
        "causal_softmax": lambda x, keys: causal_softmax(x, keys),
        "masked_softmax": masked_softmax,
        "log_softmax": shared(lambda row: [z - log_sum_exp(row) for z in row]),
        "logsumexp": along(log_sum_exp),
        "matmul": lambda a, b: a @ b,
        "transpose": lambda x: x.T,
        "broadcast": lambda x, shape: np.broadcast_to(x, shape or (1, 1)),
        "reshape": lambda x, shape, before: x.reshape(shape),
        "sum": along(mpmath.fsum),
        "mean": along(lambda row: mpmath.fsum(row) / len(row)),
        "max": along(max),
        "argmax": argmax,
        "squared_norm": lambda x: np.array([[mpmath.fsum(x.ravel() ** 2)]], dtype=object),
        "diag": lambda x: np.diag(x.ravel()),
        "diagonal": lambda x, shape: np.diagonal(x).reshape(shape),
        "entry": lambda x, place: x[place[0] - 1 : place[0], place[1] - 1 : place[1]],
        "placed": lambda a, b, place: np.where(np.arange(a.size).reshape(a.shape) == place_in(a, place), b, a),
        "concat": lambda a, b: np.concatenate([a, b]),
        "beside": lambda a, b: np.concatenate([a, b], axis=1),
        "part": lambda x, span: x[span[0] - 1 : span[1], span[2] - 1 : span[3]],
        "padded": lambda x, span, shape: np.pad(
            x, ((span[0] - 1, shape[0] - span[1]), (span[2] - 1, shape[1] - span[3])), constant_values=mpmath.mpf(0)
        ),
        "moment": lambda x, at, along, before: np.take(x, [at - 1], axis=along),
        "at_moment": lambda x, at, along, shape: np.where(np.arange(1, 4)[:, None] == at, x, mpmath.mpf(0)),
        "one_hot": lambda x, count, along: lifted(
            (x == np.arange(1, count + 1).reshape((1, -1) if along == -1 else (-1, 1))).astype(float)
        ),
        "solve": lambda a, b: np.array(mpmath.lu_solve(mpmath.matrix(a.tolist()), mpmath.matrix(b.tolist())).tolist()),
    }
)


# tests/test_operations.py holds these formulas against JAX; here they are worked out with fifty digits
EXACT |= {name: partial(TABLE[name].value, np) for name in (
    "convolve", "convolve_kernel", "convolve_full", "convolve_transposed", "turned", "max_pool", "max_pool_back",
    "max_pool_at", "average_pool", "average_pool_back", "split_heads", "join_heads",
)}  # fmt: skip


def place_in(matrix, place):
    return (place[0] - 1) * matrix.shape[1] + place[1] - 1


def lifted(array):
    return np.frompyfunc(mpmath.mpf, 1, 1)(np.asarray(array, dtype=np.float64)).reshape(np.shape(array))


def exact(expression, values):
    if isinstance(expression, Name):
        return values[expression.name]
    if isinstance(expression, Number):
        number = Fraction(expression.value)
        return np.array([[mpmath.mpf(number.numerator) / number.denominator]], dtype=object)
    assert isinstance(expression, Application)
    parts = [exact(argument, values) for argument in expression.arguments]
    found = EXACT[expression.operation.name](*parts, **expression.named_parameters)
    return np.asarray(found, dtype=object)


def assert_holds(enclosure, expression, point):
    wanted = np.broadcast_to(exact(expression, {name: lifted(value) for name, value in point.items()}), enclosure.shape)
    for low, value, high in zip(
        lifted(enclosure.low).ravel(), wanted.ravel(), lifted(enclosure.high).ravel(), strict=True
    ):
        room = mpmath.mpf("1e-45")  # of the fifty-digit arithmetic
        assert low - room <= value <= high + room, (str(expression), low, value, high)


# -- what is tried ------------------------------------------------------------------------------------------------

CHOICES = {"axis": (None, -2, -1), "alpha": (0.01, 0.3, 1.0), "at_zero": (0.0, 0.5, 1.0), "tie": (None, 0)}
CHOICES |= {"delta": (0.5, 2.0), "keys": (-1, -2), "causal": (0, 1)}
PARAMETERS = {
    "broadcast": [{"shape": (3, 4)}],
    "diagonal": [{"shape": (3, 1)}, {"shape": (1, 3)}],
    "reshape": [{"shape": (3, 2)}, {"shape": (1, 6)}],
    "entry": [{"place": (2, 1)}],
    "placed": [{"place": (2, 1)}],
    "part": [{"span": (1, 2, 2, 2)}],
    "padded": [{"span": (2, 3, 1, 2), "shape": (3, 2)}],
    "moment": [{"at": 2, "along": -2}, {"at": 1, "along": -1}],
    "at_moment": [{"at": 2, "along": -2, "shape": (3, 4)}],
    "split_heads": [{"count": 2, "along": -1}, {"count": 2, "along": -2}],
    "join_heads": [{"count": 2, "along": -1}, {"count": 2, "along": -2}],
    "one_hot": [{"count": 3, "along": -1}, {"count": 2, "along": -2}],
    "convolve": [{"stride": 2, "padding": 1}],
    "convolve_kernel": [{"kernel": (2, 2)}],
    "convolve_full": [{"before": (3, 2)}],
    "convolve_transposed": [{"stride": 2}],
    "turned": [{}],
    "max_pool": [{}, {"stride": 1, "ties": 1}],
    "max_pool_back": [{}, {"ties": 1}],
    "max_pool_at": [{"stride": 1}],
    "average_pool": [{"window": 3, "stride": 1, "padding": 1}],
    "average_pool_back": [{"before": (3, 3), "stride": 1}],
}
SHAPES = {
    "matmul": [((3, 4), (4, 2)), ((1, 3), (3, 1))],
    "diag": [((4, 1),), ((1, 4),)],
    "diagonal": [((3, 3),)],
    "reshape": [((2, 3),)],
    "broadcast": [((3, 1),), ((),)],
    "entry": [((2, 3),)],
    "placed": [((2, 3), ())],
    "concat": [((2, 3), (1, 3))],
    "beside": [((2, 1), (2, 2))],
    "part": [((2, 3),)],
    "padded": [((2, 2),)],
    "moment": [((2, 3),)],
    "at_moment": [((1, 4),)],
    "masked_softmax": [((3, 3), (3, 3)), ((2, 3), (1, 3)), ((3, 2), (3, 1))],
    "split_heads": [((2, 4),)],
    "join_heads": [((2, 2, 1),)],
    "one_hot": [((1, 1),)],
    "solve": [((3, 3), (3, 1)), ((2, 2), (2, 1))],
    "convolve": [((3, 2), (2, 2))],
    "convolve_kernel": [((3, 3), (2, 2))],
    "convolve_full": [((2, 1), (2, 2))],
    "convolve_transposed": [((2, 1), (2, 2))],
    "max_pool": [((2, 4),)],
    "max_pool_back": [((1, 2), (2, 4))],
    "max_pool_at": [((2, 3), (2, 3))],
    "average_pool": [((3, 2),)],
    "average_pool_back": [((2, 2),)],
}


def situations(name):
    operation = TABLE[name]
    keys = list(operation.parameters)
    tried = PARAMETERS.get(name) or [
        dict(zip(keys, choice, strict=True)) for choice in itertools.product(*(CHOICES[key] for key in keys))
    ]
    shapes = SHAPES.get(name, [((2, 3),), ((),)] if operation.arity == 1 else [((2, 3), (2, 3)), ((2, 1), (1, 3))])
    for parameters, shape in itertools.product(tried, shapes):
        names = [Name(letter, part) for letter, part in zip("ab", shape, strict=False)]
        yield apply(name, *names, **parameters)


def full(shape):
    return shape or (1, 1)


def centres(expression, rng, lead=()):
    operation = expression.operation
    found = {}
    for index, name in enumerate(names_in(expression)):
        drawn = rng.uniform(0.3, 3, (*lead, *full(name.shape)))
        positive = operation.domain[0] == 0 or operation.name == "xlogy" or (operation.name == "power" and index == 0)
        found[name.name] = drawn if positive else drawn * rng.choice([-1.0, 1.0], drawn.shape)
    if operation.name == "solve":
        found["a"] = found["a"] + 9 * np.eye(found["a"].shape[-1])
    return found


def box_around(centre, radius):
    return {name: Interval.of(value - radius, value + radius) for name, value in centre.items()}


def points(box, rng):
    """A random one, now and then at corners."""
    corner = rng.random() < 0.5
    drawn = {}
    for name, interval in box.items():
        share = rng.random(interval.shape)
        share = np.round(share) if corner else share
        value = np.where(share == 1, interval.high, interval.low + share * (interval.high - interval.low))
        drawn[name] = np.clip(value, interval.low, interval.high)
    return drawn


def sampled(expression, box, rng, count=3000):
    """The least and largest value at random points and corners, in floating point."""
    many = {}
    for name, interval in box.items():
        share = rng.random((count, *interval.shape))
        share[::2] = np.round(share[::2])
        many[name] = np.clip(interval.low + share * (interval.high - interval.low), interval.low, interval.high)
    values = evaluate(expression, many)
    return values.min(axis=0), values.max(axis=0)


def assert_around(enclosure, least, largest, scale=1.0):
    room = 1e-14 * (scale + np.abs(least) + np.abs(largest))
    assert (enclosure.low <= least + room).all()
    assert (enclosure.high >= largest - room).all()


# -- single operations --------------------------------------------------------------------------------------------


def test_every_operation_has_its_enclosure():
    assert ENCLOSURES.keys() <= TABLE.keys() == EXACT.keys()
    assert not {name for name in TABLE.keys() - ENCLOSURES.keys() if not TABLE[name].definition}


@pytest.mark.parametrize("name", TABLE)
@pytest.mark.parametrize("radius", [0.0, 1e-9, 0.005, 0.2])
def test_exact_values_lie_inside(name, radius, rng):
    for expression in situations(name):
        box = box_around(centres(expression, rng), radius)
        for tight in (True, False):
            enclosure = enclose(expression, box, tight=tight)
            for _ in range(6):
                assert_holds(enclosure, expression, points(box, rng))


@pytest.mark.parametrize("name", TABLE)
def test_thousands_of_points_lie_inside_and_the_bounds_are_reached(name, rng):
    for expression in situations(name):
        box = box_around(centres(expression, rng), 0.2)
        enclosure = enclose(expression, box)
        least, largest = sampled(expression, box, rng)
        assert_around(enclosure, least, largest)
        if (name in ENTRYWISE or "softmax" in name) and name not in ("equal", "step", "sign", "leaky_step"):
            spread = np.maximum(largest - least, 1e-12)
            assert (enclosure.high - enclosure.low <= 1.1 * spread + 1e-12).all()


@pytest.mark.parametrize("name", TABLE)
def test_no_width_gives_a_few_units_in_the_last_place(name, rng):
    for expression in situations(name):
        centre = centres(expression, rng)
        enclosure = enclose(expression, {key: Interval.point(value) for key, value in centre.items()})
        assert_holds(enclosure, expression, centre)
        size = np.maximum(np.abs(evaluate(expression, centre)), 1.0)
        assert (enclosure.width <= 120 * np.spacing(size)).all()


@pytest.mark.parametrize("name", TABLE)
def test_leading_axes_are_a_loop(name, rng):
    for expression in situations(name):
        box = box_around(centres(expression, rng, lead=(4, 2)), 0.1)
        together = enclose(expression, box)
        for index in np.ndindex(4, 2):
            single = enclose(expression, {key: part.over(lambda bound, i=index: bound[i]) for key, part in box.items()})
            for ours, alone in ((together.low, single.low), (together.high, single.high)):
                np.testing.assert_allclose(ours[index], alone, rtol=1e-14, atol=1e-300)


EDGES = [
    (0.0, 0.0), (-0.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (-1.0, 1.0), (-5e-324, 5e-324), (1.0, 1.0), (-2.0, -1.0),
    (1e308, 1.7e308), (-1.7e308, 1e308), (1e-320, 1e-310), (-800.0, 800.0), (-40.0, -38.0), (-INF, INF), (0.0, INF),
    (-INF, 0.0), (INF, INF), (-INF, -INF), (NAN, 1.0), (NAN, NAN), (2.0, 2.0), (-0.005, 0.005), (-3.0, 4.0),
]  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_edges_give_bounds_and_neither_warnings_nor_nan(name, rng):
    for expression in situations(name):
        names = names_in(expression)
        for edges in itertools.product(EDGES, repeat=len(names)):
            box = {key.name: Interval.of(*(np.full(full(key.shape), e) for e in edge))
                   for key, edge in zip(names, edges, strict=True)}  # fmt: skip
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                enclosure = enclose(expression, box)
            assert (enclosure.low <= enclosure.high).all()
            finite = {
                key: Interval(np.maximum(part.low, -1e3), np.minimum(part.high, 1e3)) for key, part in box.items()
            }
            if any((part.low > part.high).any() for part in finite.values()):
                continue
            with np.errstate(all="ignore"):
                for _ in range(2):
                    value = evaluate(expression, points(finite, rng))
                    good = np.isfinite(value)
                    room = 1e-13 * np.abs(np.where(good, value, 0)) + 1e-300
                    assert (~good | ((enclosure.low <= value + room) & (value - room <= enclosure.high))).all()


def one(expression, **edges):
    found = enclose(expression, {name: Interval.of([[low]], [[high]]) for name, (low, high) in edges.items()})
    return found.low.item(), found.high.item()


def test_what_is_undefined_gives_one_sided_bounds():
    a, b = Name("a"), Name("b")
    assert one(apply("log", a), a=(0.0, 1.0))[0] == -INF
    assert one(apply("log", a), a=(-1.0, 1.0))[1] < 1e-300
    assert one(apply("log", a), a=(-2.0, -1.0)) == (-INF, INF)
    assert one(1 / a, a=(-1.0, 1.0)) == (-INF, INF)
    assert one(1 / a + a, a=(-1.0, 1.0)) == (-INF, INF)
    assert one(1 / a, a=(-1.0, 0.0))[0] == -INF and abs(one(1 / a, a=(-1.0, 0.0))[1] + 1) < 1e-15
    assert one(a**-1, a=(-1.0, 1.0)) == (-INF, INF)
    assert one(apply("xlogy", a, b), a=(0.0, 0.0), b=(0.0, 0.5)) == (0.0, 0.0)
    assert one(apply("xlogy", a, b), a=(0.0, 0.0), b=(-0.005, 0.005)) == (0.0, 0.0)
    assert one(apply("xlogy", a, b), a=(1.0, 1.0), b=(-0.005, 0.005))[0] == -INF
    assert one(apply("sqrt", a), a=(-1.0, 4.0)) == (0.0, pytest.approx(2.0))
    assert one(apply("sqrt", a) - a, a=(-1.0, 0.25))[1] >= 0.25


def test_jumps_take_all_values_between():
    a, b = Name("a"), Name("b")
    assert one(apply("step", a), a=(-1.0, 1.0)) == (0.0, 1.0)
    assert one(apply("step", a), a=(0.0, 0.0)) == (0.0, 0.0)
    assert one(apply("step", a, at_zero=0.5), a=(0.0, 0.0)) == (0.5, 0.5)
    assert one(apply("sign", a), a=(0.0, 1.0)) == (0.0, 1.0)
    assert one(apply("leaky_step", a, alpha=0.1), a=(-1.0, 0.0)) == (0.1, 0.1)
    assert one(apply("equal", a, b), a=(1.0, 2.0), b=(2.0, 3.0)) == (0.0, 1.0)
    assert one(apply("equal", a, b), a=(1.0, 2.0), b=(2.5, 3.0)) == (0.0, 0.0)
    low, high = one(apply("step", a) * a + apply("step", a), a=(-1.0, 1.0))
    assert low <= 0.0 and high >= 2.0
    entries = Interval.of([[1.0], [0.5], [2.0]], [[1.2], [0.9], [3.0]])
    found = enclose(apply("argmax", Name("x", (3, 1))), {"x": entries})
    assert (found.low.item(), found.high.item()) == (3.0, 3.0)


def test_turning_points_are_found():
    a = Name("a")
    assert one(apply("sin", a), a=(1.0, 2.0))[1] == 1.0
    assert one(apply("cos", a), a=(3.0, 3.3))[0] == -1.0
    assert one(apply("sin", a), a=(0.1, 0.2)) == pytest.approx((np.sin(0.1), np.sin(0.2)))
    assert one(apply("sin", a), a=(0.0, 100.0)) == (-1.0, 1.0)
    assert one(apply("silu", a), a=(-2.0, 0.0))[0] == pytest.approx(-0.278464542761)
    assert one(apply("gelu", a), a=(-1.0, 0.0))[0] == pytest.approx(-0.169971207480)
    assert one(a**2, a=(-1.0, 2.0)) == (0.0, pytest.approx(4.0))
    assert one(a**3, a=(-1.0, 2.0)) == pytest.approx((-1.0, 8.0))


@pytest.mark.parametrize("name", ["sin", "cos"])
def test_waves_stay_exact_far_out(name, rng):
    places = np.concatenate([rng.uniform(-1e6, 1e6, 200), np.arange(1, 60) * np.pi / 2, 10.0 ** np.arange(7, 23)])
    expression = apply(name, Name("a", (len(places), 1)))
    enclosure = enclose(expression, {"a": Interval.point(places[:, None])})
    assert_holds(enclosure, expression, {"a": places[:, None]})
    assert (enclosure.width <= 16 * np.spacing(1.0)).all()


def test_long_products_are_worked_off_in_blocks(rng):
    a, b = rng.normal(size=(60, 300)), rng.normal(size=(300, 50))
    found = matmul(Interval.of(a - 1e-3, a + 1e-3), Interval.of(b - 1e-3, b + 1e-3))
    spread = 1e-3 * (np.abs(a) @ np.ones_like(b) + np.ones_like(a) @ np.abs(b))
    assert_around(found, a @ b, a @ b)
    np.testing.assert_allclose(found.width, 2 * spread, rtol=0.02)


# -- expressions in which names occur more than once --------------------------------------------------------------

z, y, w = Name("z", (3, 1)), Name("y", (3, 1)), Name("W", (3, 3))
a = apply("softmax", z, axis=-2)
TANGLED = {
    "sigmoid slope": z * (1 - z),
    "minus itself": z - z,
    "tanh slope": apply("tanh", z) * (1 - apply("tanh", z) ** 2),
    "long softmax": apply("exp", z) / apply("sum", apply("exp", z)),
    "squared error at softmax": a * ((a - y) - apply("sum", (a - y) * a)),
    "jacobian": (apply("diag", a) - a @ a.T) @ (a - y),
    "entropy": -apply("sum", apply("xlogy", a, a)),
    "shared weights": w @ (w @ z),
    "softmax of a product": apply("softmax", w @ z, axis=-2),
    "largest": apply("max", w @ z) - apply("mean", z),
    "norm": apply("squared_norm", w @ z - z),
    "log softmax": apply("log_softmax", w.T @ z, axis=None) * y,
    "kinks": apply("relu", z) * (1 - apply("leaky_relu", z)) + apply("abs", z),
    "batch normalisation": (z - apply("mean", z)) / apply("sqrt", apply("mean", (z - apply("mean", z)) ** 2) + 0.01),
    "silu slope": apply("sigmoid", z) * (1 + z * (1 - apply("sigmoid", z))),
    "maximum": apply("maximum", z, y) * apply("minimum", z, y),
    "power of itself": z**z,
    "powers": z**3 - z**2 + y**-2 * z,
    "logsumexp": apply("logsumexp", z * y) - apply("sum", z * y),
}


@pytest.mark.parametrize("title", TANGLED)
@pytest.mark.parametrize("radius", [1e-3, 1e-4, 1e-6])
def test_tangled_names_cost_second_order_only(title, radius, rng):
    expression = TANGLED[title]
    for _ in range(5):
        centre = {name.name: rng.uniform(0.1, 0.9, name.shape) for name in names_in(expression)}
        box = box_around(centre, radius)
        enclosure = enclose(expression, box)
        least, largest = best_corners(expression, box, centre, rng)
        assert_around(enclosure, least, largest)
        assert (enclosure.high - enclosure.low <= (1 + 50 * radius) * (largest - least) + 100 * radius**2 + 1e-13).all()
        for _ in range(3):
            assert_holds(enclosure, expression, points(box, rng))


def best_corners(expression, box, centre, rng):
    """The extremes at random points and at the corners to which numerical differentiation points."""
    least, largest = sampled(expression, box, rng, 500)
    flat = [(name, index) for name, value in centre.items() for index in np.ndindex(value.shape)]
    moved = {name: np.repeat(value[None], 2 * len(flat), axis=0) for name, value in centre.items()}
    for k, (name, index) in enumerate(flat):
        moved[name][(2 * k, *index)] += 1e-5
        moved[name][(2 * k + 1, *index)] -= 1e-5
    values = np.broadcast_to(evaluate(expression, moved), (2 * len(flat), *full(expression.shape)))
    slope = values[::2] - values[1::2]
    for i, j in np.ndindex(full(expression.shape)):
        for sign in (-1, 1):
            corner = {name: value.copy() for name, value in centre.items()}
            for k, (name, index) in enumerate(flat):
                part = box[name]
                corner[name][index] = (part.high if sign * slope[k, i, j] > 0 else part.low)[index]
            value = evaluate(expression, corner)
            least, largest = np.minimum(least, value), np.maximum(largest, value)
    return least, largest


@pytest.mark.parametrize("title", TANGLED)
def test_tangled_names_stay_inside_wide_boxes(title, rng):
    expression = TANGLED[title]
    for radius in (0.05, 0.5, 3.0):
        for _ in range(5):
            centre = {name.name: rng.normal(0, 1, name.shape) for name in names_in(expression)}
            box = box_around(centre, radius)
            natural = enclose(expression, box, tight=False)
            enclosure = enclose(expression, box)
            assert (enclosure.low >= natural.low).all() and (enclosure.high <= natural.high).all()
            with np.errstate(all="ignore"):
                least, largest = sampled(expression, box, rng)
            good = np.isfinite(least) & np.isfinite(largest)
            assert_around(enclosure, np.where(good, least, INF), np.where(good, largest, -INF), 0.0) if not good.all() \
                else assert_around(enclosure, least, largest)  # fmt: skip


@pytest.mark.parametrize("title", TANGLED)
def test_tangled_names_at_the_edges(title):
    expression = TANGLED[title]
    names = names_in(expression)
    for edge in EDGES:
        box = {name.name: Interval.of(np.full(name.shape, edge[0]), np.full(name.shape, edge[1])) for name in names}
        enclosure = enclose(expression, box)
        assert (enclosure.low <= enclosure.high).all()


@pytest.mark.parametrize("title", TANGLED)
def test_tangled_names_with_leading_axes_are_a_loop(title, rng):
    expression = TANGLED[title]
    centre = {name.name: rng.uniform(0.1, 0.9, (5, *name.shape)) for name in names_in(expression)}
    box = box_around(centre, 1e-3)
    together = enclose(expression, box)
    for k in range(5):
        single = enclose(expression, {name: part.over(lambda bound, k=k: bound[k]) for name, part in box.items()})
        np.testing.assert_allclose(together.low[k], single.low, rtol=1e-13, atol=1e-15)
        np.testing.assert_allclose(together.high[k], single.high, rtol=1e-13, atol=1e-15)


def test_many_answers_are_worked_off_in_blocks(rng):
    expression = TANGLED["shared weights"]
    centre = {name.name: rng.uniform(0.1, 0.9, (3, 20000, *name.shape)) for name in names_in(expression)}
    box = box_around(centre, 1e-3)
    together = enclose(expression, box)
    part = enclose(expression, {name: whole.over(lambda bound: bound[1, 70:75]) for name, whole in box.items()})
    np.testing.assert_allclose(together.low[1, 70:75], part.low, rtol=1e-14)


SMOOTH = [*sorted(TABLE.keys() - {"divide", "log", "sqrt", "xlogy", "equal", "solve", "split_heads"}), "square", "cube"]


def grown(depth, rng):
    """A random expression that is defined everywhere, if it is small enough not to overflow."""
    if depth == 0 or rng.random() < 0.1:
        return (Name("a", (2, 1)), Name("b", (2, 1)), Name("s"), Name("M", (2, 2)), Number(2))[rng.integers(5)]
    for _ in range(50):
        name = str(rng.choice(SMOOTH))
        try:
            if name in ("square", "cube"):
                return grown(depth - 1, rng) ** (2 if name == "square" else 3)
            if name == "power":
                base = grown(depth - 1, rng)
                return apply("exp", base) ** base
            kind = {
                "axis": (None, -1, -2)[rng.integers(3)],
                "shape": (2, 1),
                "place": (2, 1),
                "span": (1, 2, 1, 1),
                "alpha": (0.1, 1.0, -0.5)[rng.integers(3)],
                "delta": (0.5, 2.0)[rng.integers(2)],
            }
            parameters = {key: kind[key] for key in TABLE[name].parameters if key in kind}
            return apply(name, *(grown(depth - 1, rng) for _ in range(TABLE[name].arity)), **parameters)
        except ShapeError:
            continue
    return Name("a", (2, 1))


@pytest.mark.parametrize("seed", range(20))
def test_random_expressions(seed):
    rng = np.random.default_rng(seed)
    for _ in range(60):
        expression = grown(int(rng.integers(2, 6)), rng)
        radius = 10.0 ** rng.uniform(-4, 0.5)
        centre = {name.name: rng.normal(0, 1.5, full(name.shape)) for name in names_in(expression)}
        if not centre:
            continue
        if rng.random() < 0.3:  # on kinks and jumps
            centre = {name: np.round(value) for name, value in centre.items()}
        box = box_around(centre, radius)
        enclosure = enclose(expression, box)
        share = {name: rng.random((300, *value.shape)) for name, value in centre.items()}
        for part in share.values():
            part[::2] = np.round(part[::2])
            part[::5] = 0.5
        place = {name: part.low + share[name] * (part.high - part.low) for name, part in box.items()}
        place = {name: np.clip(value, box[name].low, box[name].high) for name, value in place.items()}
        with np.errstate(all="ignore"):
            values = evaluate(expression, place)
        good = np.isfinite(values)
        room = 1e-10 * (1 + np.abs(np.where(good, values, 0)))
        inside = (enclosure.low <= values + room) & (values - room <= enclosure.high)
        assert (inside | ~good).all(), (str(expression), radius)


# -- the equations of networks ------------------------------------------------------------------------------------


def shaped(value):
    return np.asarray(value, dtype=np.float64).reshape((1, 1) if np.ndim(value) == 0 else np.shape(value))


@pytest.mark.parametrize("seed", range(40))
def test_equations_of_random_networks(seed, rng):
    case = random_networks.draw(seed)
    rows = case.samples == "rows"
    solution = case.net.solve(x=case.x if rows else case.x.T, y=case.y if rows else case.y.T, learning_rate=case.rate)
    arrays = solution.arrays
    for equation in solution.derivation.equations:
        centre = {name.name: shaped(arrays[name.name]) for name in names_in(equation.expression)}
        for radius in (5e-3, 1e-6):
            box = box_around(centre, radius)
            enclosure = enclose(equation.expression, box)
            with np.errstate(all="ignore"):
                values = [evaluate(equation.expression, points(box, rng)) for _ in range(60)]
            for value in values:
                good = np.isfinite(value)
                room = 1e-13 * (1 + np.abs(np.where(good, value, 0)))
                assert (~good | ((enclosure.low <= value + room) & (value - room <= enclosure.high))).all()


def test_a_class_takes_little_time(rng):
    expression = TANGLED["squared error at softmax"]
    centre = {name.name: rng.uniform(0.1, 0.9, (300, *name.shape)) for name in names_in(expression)}
    box = box_around(centre, 5e-5)
    enclose(expression, box)
    start = time.process_time()
    enclose(expression, box)
    assert time.process_time() - start < 0.5


def test_intervals_answer_questions():
    x = Interval.of([[1.0, 2.0]], [[1.5, 3.0]])
    assert x.contains([[1.2, 3.1]]).tolist() == [[True, False]]
    assert x.contains([[NAN, 2.0]]).tolist() == [[False, True]]
    assert x.meets(Interval.of([[1.5, 3.5]], [[9.0, 9.0]])).tolist() == [[True, False]]
    assert Interval.point([[NAN]]).low.item() == -INF and Interval.point([[NAN]]).high.item() == INF
    assert Interval.of(0.0, [[1.0, 2.0]]).shape == (1, 2)


def test_fractions_are_enclosed():
    third = enclose(Number(Fraction(1, 3)) * Name("a"), {"a": Interval.point([[3.0]])})
    assert third.contains([[1.0]]).all() and third.width.item() < 1e-15
    assert (
        enclose(Number(Fraction(1, 3)), {}).low.item()
        < Fraction(1, 3)
        < enclose(Number(Fraction(1, 3)), {}).high.item()
    )
