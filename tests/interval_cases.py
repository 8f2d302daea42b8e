"""Every operation by an exact formula, and boxes of numbers to enclose it over."""

import itertools
from fractions import Fraction
from functools import partial

import mpmath
import numpy as np
import oracles
import sympy
from operation_cases import full

from chalkwork.algebra.expression import Application, Name, Number, apply, names_in
from chalkwork.algebra.operations import TABLE
from chalkwork.bounds.intervals import Interval
from chalkwork.derivation.evaluate import evaluate

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


EDGES = [
    (0.0, 0.0), (-0.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (-1.0, 1.0), (-5e-324, 5e-324), (1.0, 1.0), (-2.0, -1.0),
    (1e308, 1.7e308), (-1.7e308, 1e308), (1e-320, 1e-310), (-800.0, 800.0), (-40.0, -38.0), (-INF, INF), (0.0, INF),
    (-INF, 0.0), (INF, INF), (-INF, -INF), (NAN, 1.0), (NAN, NAN), (2.0, 2.0), (-0.005, 0.005), (-3.0, 4.0),
]  # fmt: skip


# -- expressions in which names occur more than once --------------------------------------------------------------

z, y, w = Name("z", (3, 1)), Name("y", (3, 1)), Name("W", (3, 3))
a = apply("softmax", z, axis=-2)
