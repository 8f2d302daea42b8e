"""The operations table, checked entry by entry; an operation without an oracle here fails a test.

Values are checked against JAX and against 50-digit arithmetic, derivatives against `jax.vjp`, `jax.hessian`,
SymPy and numerical differentiation at 50 digits.
"""

import itertools
import re
import warnings
from fractions import Fraction
from functools import partial

import array_api_strict
import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
import sympy
from in_numpy import in_numpy
from oracles import AT_KINKS, FORMULAS, LIMITS, VALUES, a, b, x

from chalkwork.algebra.entries import EntryValues
from chalkwork.algebra.entries import entry as entry_of
from chalkwork.algebra.expression import Name, Number, apply
from chalkwork.algebra.operations import TABLE, words
from chalkwork.algebra.reading import read
from chalkwork.algebra.simplify import simplify
from chalkwork.derivation.derivation import Derivation, Equation, Stage
from chalkwork.derivation.differentiate import gradient, local_derivatives
from chalkwork.derivation.evaluate import evaluate
from chalkwork.derivation.work_out import work_out
from chalkwork.errors import ShapeError, ValueProblem
from chalkwork.typesetting.code import definitions, numpy_source

pytestmark = pytest.mark.usefixtures("quick_compilation")

mpmath.mp.dps = 50
INF, NAN = float("inf"), float("nan")
BOTH = (-2, -1)
ENTRYWISE = [name for name, entry in TABLE.items() if entry.entrywise]
UNARY = [name for name in ENTRYWISE if TABLE[name].arity == 1]


def seen(x, keys):
    """Entries whose key, along its axis, comes no later than the query."""
    rows, columns = jnp.indices(x.shape[-2:])
    return columns <= rows if keys == -1 else rows <= columns


def over(function, x, axis):
    return function(x, axis=BOTH if axis is None else axis, keepdims=True)


def argmax(x, axis, tie):
    if axis is None:
        flat = x.reshape(*x.shape[:-2], -1)
        return argmax(flat[..., None], -2, tie)
    largest = x == x.max(axis, keepdims=True)
    place = jnp.argmax(x, axis=axis, keepdims=True) + 1.0
    return place if tie is None else jnp.where(largest.sum(axis, keepdims=True) > 1, tie, place)


def each_map(function):
    """The function of single maps on maps with whatever stands before them."""

    def over_all(*arrays, **settings):
        lead = arrays[0].shape[:-2]
        flat = [jnp.reshape(array, (-1, *array.shape[-2:])) for array in arrays]
        found = jax.vmap(lambda *maps: function(*maps, **settings))(*flat)
        return found.reshape(*lead, *found.shape[1:])

    return over_all


def convolved(x, w, stride=1, padding=0, dilation=1, along=None, before=None, kernel=None):
    every = [(one,) * 2 if isinstance(one, int) else one for one in (stride, padding, dilation)]
    rim = [(one, one) for one in every[1]]
    return jax.lax.conv_general_dilated(x[None, None], w[None, None], every[0], rim, rhs_dilation=every[2])[0, 0]


def convolved_kernel(x, g, kernel, before=None, **settings):
    return jax.vjp(lambda w: convolved(x, w, **settings), jnp.zeros(kernel, x.dtype))[1](g)[0]


def convolved_full(g, k, before, kernel=None, **settings):
    return jax.vjp(lambda x: convolved(x, k[::-1, ::-1], **settings), jnp.zeros(before, g.dtype))[1](g)[0]


def convolved_transposed(x, w, before, kernel=None, **settings):
    return jax.vjp(lambda y: convolved(y, w, **settings), jnp.zeros(before, x.dtype))[1](x)[0]


def patches(x, window, stride, padding, outside):
    window, padding = ((one,) * 2 if isinstance(one, int) else one for one in (window, padding))
    stride = window if stride is None else (stride,) * 2 if isinstance(stride, int) else stride
    x = jnp.pad(x, [(p, p) for p in padding], constant_values=outside)
    rows, columns = ((x.shape[axis] - window[axis]) // stride[axis] + 1 for axis in (0, 1))
    return jnp.stack([
        jnp.stack([x[i * stride[0] : i * stride[0] + window[0], j * stride[1] : j * stride[1] + window[1]].ravel()
                   for j in range(columns)])
        for i in range(rows)
    ])  # fmt: skip


def max_pool(x, window=2, stride=None, padding=0, ties=0):
    found = patches(x, window, stride, padding, -jnp.inf)
    return jnp.max(found, axis=-1) if ties else jnp.take_along_axis(found, found.argmax(-1)[..., None], -1)[..., 0]


def max_pool_at(u, x, window=2, stride=None, padding=0, ties=0):
    chosen = jax.lax.stop_gradient(patches(x, window, stride, padding, -jnp.inf).argmax(-1)[..., None])
    return jnp.take_along_axis(patches(u, window, stride, padding, 0.0), chosen, -1)[..., 0]


def max_pool_back(g, x, **settings):
    return jax.vjp(lambda u: max_pool_at(u, x, **settings), jnp.zeros(x.shape, x.dtype))[1](g)[0]


def average_pool(x, window=2, stride=None, padding=0):
    return jnp.mean(patches(x, window, stride, padding, 0.0), axis=-1)


def average_pool_back(g, before, **settings):
    return jax.vjp(lambda x: average_pool(x, **settings), jnp.zeros(before, g.dtype))[1](g)[0]


def masked_softmax(x, mask, keys, causal):
    kept = (mask > 0) & (seen(x, keys) if causal else True)
    powers = jnp.where(kept, jnp.exp(x), 0.0)
    total = powers.sum(keys, keepdims=True)
    return powers / jnp.where(total == 0, 1.0, total)


ORACLES = VALUES | {
    "softmax": lambda x, axis: jax.nn.softmax(x, axis=BOTH if axis is None else axis),
    "causal_softmax": lambda x, keys: jax.nn.softmax(jnp.where(seen(x, keys), x, -INF), axis=keys),
    "masked_softmax": masked_softmax,
    "split_heads": lambda x, count, along: jnp.stack(jnp.split(x, int(count), along), -3),
    "join_heads": lambda x, count, along: jnp.concatenate([x[..., k, :, :] for k in range(int(count))], along),
    "one_hot": lambda x, count, along: jnp.moveaxis(
        jax.nn.one_hot(jnp.squeeze(x, along).astype(int) - 1, int(count)), -1, along
    ),
    "log_softmax": lambda x, axis: jax.nn.log_softmax(x, axis=BOTH if axis is None else axis),
    "logsumexp": lambda x, axis: over(jax.nn.logsumexp, x, axis),
    "matmul": jnp.matmul,
    "transpose": lambda x: jnp.swapaxes(x, -1, -2),
    "broadcast": lambda x, shape: jnp.broadcast_to(x, x.shape[:-2] + shape),
    "reshape": lambda x, shape, before=None: x.reshape(x.shape[:-2] + shape),
    "sum": lambda x, axis: over(jnp.sum, x, axis),
    "mean": lambda x, axis: over(jnp.mean, x, axis),
    "max": lambda x, axis: over(jnp.max, x, axis),
    "argmax": argmax,
    "squared_norm": lambda x: over(jnp.sum, x**2, None),
    "diag": lambda x: jnp.squeeze(x, -1 if x.shape[-1] == 1 else -2)[..., None] * jnp.eye(max(x.shape[-2:])),
    "diagonal": lambda x, shape: jnp.diagonal(x, axis1=-2, axis2=-1).reshape(x.shape[:-2] + shape),
    "entry": lambda x, place: x[..., place[0] - 1, place[1] - 1][..., None, None],
    "placed": lambda a, b, place: a.at[..., place[0] - 1, place[1] - 1].set(b[..., 0, 0]),
    "concat": lambda a, b: jnp.concatenate([a, b], axis=-2),
    "beside": lambda a, b: jnp.concatenate([a, b], axis=-1),
    "part": lambda x, span: x[..., span[0] - 1 : span[1], span[2] - 1 : span[3]],
    "padded": lambda x, span, shape: (
        jnp.zeros((*x.shape[:-2], *shape)).at[..., span[0] - 1 : span[1], span[2] - 1 : span[3]].set(x)
    ),
    "solve": jnp.linalg.solve,
    "moment": lambda x, at, along, before=None: jnp.take(x, jnp.array([at - 1]), axis=along),
    "at_moment": lambda x, at, along, shape: (
        jnp.zeros((*x.shape[:-2], *shape))
        .at[(..., at - 1, slice(None)) if along == -2 else (..., at - 1)]
        .set(jnp.squeeze(x, along))
    ),
    "convolve": each_map(convolved),
    "convolve_kernel": each_map(convolved_kernel),
    "convolve_full": each_map(convolved_full),
    "convolve_transposed": each_map(convolved_transposed),
    "turned": lambda x, along: jnp.flip(x, (-2, -1) if along is None else -1),
    "max_pool": each_map(max_pool),
    "max_pool_back": each_map(max_pool_back),
    "max_pool_at": each_map(max_pool_at),
    "average_pool": each_map(average_pool),
    "average_pool_back": each_map(average_pool_back),
}

CHOICES = {"axis": (None, -2, -1), "alpha": (0.01, 0.3), "at_zero": (0.0, 0.5), "tie": (None, 0), "delta": (0.5, 2.0)}
CHOICES |= {"keys": (-1, -2), "along": (None, -1), "causal": (0, 1)}
SHAPES_OF_ONE = ((3, 4), (1, 4), (3, 1), ())
SHAPES_OF_TWO = (
    ((3, 4), (3, 4)),
    ((3, 4), (3, 1)),
    ((1, 4), (3, 1)),
    ((), (3, 4)),
    ((3, 4), ()),
    ((), ()),
)
SHAPES = {
    "matmul": (((3, 4), (4, 2)), ((1, 3), (3, 1)), ((3, 1), (1, 4))),
    "diag": (((4, 1),), ((1, 4),), ((1, 1),)),
    "reshape": (((3, 4),), ((1, 12),)),
    "diagonal": (((4, 4),),),
    "entry": (((3, 4),), ((2, 1),)),
    "placed": (((3, 4), ()), ((2, 1), ())),
    "concat": (((2, 3), (1, 3)), ((3, 1), (2, 1))),
    "beside": (((2, 3), (2, 1)), ((1, 3), (1, 2))),
    "part": (((3, 4),), ((2, 3),)),
    "padded": (((2, 1),),),
    "solve": (((3, 3), (3, 1)), ((2, 2), (2, 2)), ((1, 1), (1, 3))),
    "masked_softmax": (((3, 4), (3, 4)), ((3, 4), (1, 4)), ((4, 3), (4, 1))),
    "split_heads": (((4, 6),),),
    "join_heads": (((2, 3, 2),),),
    "one_hot": (((1, 1),),),
    "moment": (((3, 4),), ((2, 2),)),
    "at_moment": (((1, 4),),),
    "convolve": (((5, 4), (3, 2)),),
    "convolve_kernel": (((5, 4), (3, 3)),),
    "convolve_full": (((3, 3), (3, 2)),),
    "convolve_transposed": (((3, 3), (3, 2)),),
    "max_pool": (((4, 5),),),
    "max_pool_back": (((2, 2), (4, 5)),),
    "max_pool_at": (((4, 5), (4, 5)),),
    "average_pool": (((4, 5),),),
    "average_pool_back": (((2, 2),),),
}
PARAMETERS = {
    "broadcast": ({"shape": (3, 4)},),
    "diagonal": ({"shape": (4, 1)}, {"shape": (1, 4)}),
    "reshape": ({"shape": (2, 6)}, {"shape": (12, 1)}),
    "entry": ({"place": (1, 1)}, {"place": (2, 1)}),
    "placed": ({"place": (1, 1)}, {"place": (2, 1)}),
    "part": ({"span": (1, 1, 1, 1)}, {"span": (1, 2, 2, 3)}),
    "padded": ({"span": (2, 3, 2, 2), "shape": (4, 3)}, {"span": (1, 2, 1, 1), "shape": (2, 1)}),
    "split_heads": ({"count": 2, "along": -1}, {"count": 2, "along": -2}),
    "join_heads": ({"count": 2, "along": -1}, {"count": 2, "along": -2}),
    "one_hot": ({"count": 3, "along": -1}, {"count": 4, "along": -2}),
    "moment": ({"at": 1, "along": -2}, {"at": 2, "along": -1}),
    "at_moment": ({"at": 2, "along": -2, "shape": (3, 4)},),
    "convolve": ({}, {"stride": 2, "padding": 1}, {"stride": (1, 2), "padding": (2, 0), "dilation": (2, 1)}),
    "convolve_kernel": ({"kernel": (3, 2)},),
    "convolve_full": ({"before": (5, 4)},),
    "convolve_transposed": (
        {"before": (5, 4)},
        {"before": (5, 4), "stride": (2, 1), "padding": (1, 0)},
        {"before": (6, 6), "stride": 2, "padding": (1, 0)},
    ),
    "max_pool": ({}, {"window": (2, 3), "stride": (1, 2), "padding": (1, 0), "ties": 1}),
    "max_pool_back": ({}, {"stride": (2, 3), "ties": 1}),
    "max_pool_at": ({}, {"window": 3, "stride": 1, "padding": 1}),
    "average_pool": ({}, {"window": (2, 3), "stride": (1, 2), "padding": (1, 0)}),
    "average_pool_back": ({"before": (4, 5)}, {"before": (5, 5), "window": (3, 2), "stride": (2, 2)}),
}


def parameters_of(name):
    """Every choice of the parameters that is tried, the defaults first."""
    entry = TABLE[name]
    if name in PARAMETERS:
        return PARAMETERS[name]
    keys = list(entry.parameters)
    options = [dict.fromkeys((entry.parameters[key], *CHOICES[key])) for key in keys]
    return [dict(zip(keys, values, strict=True)) for values in itertools.product(*options)]


def situations(name):
    """Every choice of parameters and shapes that is tried."""
    one = tuple((shape,) for shape in SHAPES_OF_ONE)
    shapes = SHAPES.get(name, one if TABLE[name].arity == 1 else SHAPES_OF_TWO)
    first, *others = parameters_of(name)
    if TABLE[name].entrywise:  # a slope has nothing to do with shapes
        return [(first, shape) for shape in shapes] + [(other, shapes[0]) for other in others]
    return list(itertools.product((first, *others), shapes))


def names_of(shapes):
    letters = ("x",) if len(shapes) == 1 else ("a", "b")
    return [Name(letter, shape) for letter, shape in zip(letters, shapes, strict=True)]


def full(shape):
    return shape or (1, 1)


def draw(name, shapes, rng, lead=()):
    """Arguments in the domain and away from kinks."""
    low, _ = TABLE[name].domain
    arrays = []
    for index, shape in enumerate(shapes):
        size = rng.uniform(0.2, 3, (*lead, *full(shape)))
        positive = low == 0 or name == "xlogy" or (name == "power" and index == 0)
        arrays.append(size if positive else size * rng.choice((-1.0, 1.0), size.shape))
    if name == "solve":
        arrays[0] = arrays[0] + 9 * np.eye(arrays[0].shape[-1])
    if name == "one_hot":
        arrays = [np.round(np.abs(array)) for array in arrays]
    if name == "equal":
        arrays = [np.sign(array) for array in arrays]
    return arrays


def values_of(names, arrays):
    return {str(name): array for name, array in zip(names, arrays, strict=True)}


def test_every_operation_has_its_oracles():
    assert ORACLES.keys() == TABLE.keys()
    assert FORMULAS.keys() == set(ENTRYWISE)
    assert AT_KINKS.keys() == {name for name, entry in TABLE.items() if entry.kinks}
    assert PARAMETERS.keys() == {
        name
        for name, entry in TABLE.items()
        if {"shape", "place", "span", "at", "kernel", "window", "count"} & entry.parameters.keys()
    }
    assert {
        key for name, entry in TABLE.items() if name not in PARAMETERS for key in entry.parameters
    } <= CHOICES.keys()
    for name, entry in TABLE.items():
        assert name == entry.name
        assert bool(entry.derivative) != bool(entry.adjoint), name
        assert len(entry.derivative or entry.adjoint) == entry.arity, name


def by_jax(name, all_arrays):
    """The values of the oracle in every situation."""
    oracles = [partial(ORACLES[name], **parameters) for parameters, _ in situations(name)]
    return jax.jit(lambda cases: [oracle(*arrays) for oracle, arrays in zip(oracles, cases, strict=True)])(all_arrays)


@pytest.mark.parametrize("name", TABLE)
def test_value_equals_jax_and_leading_axes_are_free(name, rng):
    tried = situations(name)
    all_arrays = [draw(name, shapes, rng, lead=(7,)) for _, shapes in tried]
    for (parameters, shapes), arrays, expected in zip(tried, all_arrays, by_jax(name, all_arrays), strict=True):
        names = names_of(shapes)
        expression = apply(name, *names, **parameters)
        result = evaluate(expression, values_of(names, arrays))
        assert result.shape == (7, *full(expression.shape))
        np.testing.assert_allclose(result, expected, rtol=1e-13, atol=1e-15)
        for index in range(7):
            single = evaluate(expression, values_of(names, [array[index] for array in arrays]))
            assert single.shape == full(expression.shape)
            np.testing.assert_allclose(single, result[index], rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("name", ENTRYWISE)
def test_value_and_derivative_equal_fifty_digit_arithmetic(name, rng):
    entry = TABLE[name]
    for parameters in parameters_of(name):
        names = names_of([()] * entry.arity)
        expression = apply(name, *names, **parameters)
        exact_parameters = {key: None if v is None else sympy.Float(v, 60) for key, v in parameters.items()}
        formula = FORMULAS[name](**exact_parameters)
        symbols = [x] if entry.arity == 1 else [a, b]
        exact = sympy.lambdify(symbols, formula, "mpmath")
        slopes = [sympy.lambdify(symbols, sympy.diff(formula, symbol), "mpmath") for symbol in symbols]
        points = draw(name, [()] * entry.arity, rng, lead=(20,))
        ours = evaluate(expression, values_of(names, points)).ravel()
        derivatives = [
            np.broadcast_to(evaluate(part, values_of(names, points)), points[0].shape).ravel()
            for part in local_derivatives(expression)
        ]
        for index, place in enumerate(zip(*(point.ravel().tolist() for point in points), strict=True)):
            place = [mpmath.mpf(number) for number in place]
            assert_close(ours[index], exact(*place), 4e-15)
            for axis, derivative in enumerate(derivatives):
                assert_close(derivative[index], slopes[axis](*place), 1e-12)
                if name != "equal":  # which has no neighbourhood to differentiate in where it is one
                    order = tuple(int(axis == other) for other in range(entry.arity))
                    numerical = mpmath.diff(exact, tuple(place), order) if order[1:] else mpmath.diff(exact, *place)
                    assert_close(derivative[index], numerical, 1e-12)


def assert_close(ours, exact, tolerance):
    """Equal up to the relative tolerance, or to rounding in a difference of numbers of size one."""
    assert abs(mpmath.mpf(float(ours)) - exact) <= tolerance * abs(exact) + mpmath.mpf("5e-16"), (ours, exact)


def test_normal_distribution_is_exact_into_the_tails():
    points = np.concatenate([np.linspace(-37, 8, 1801), -np.sqrt(2) * np.array([0.5, 4.0]), [1e-300, -1e-9]])
    cdf = evaluate(apply("normal_cdf", Name("x")), {"x": points.reshape(-1, 1, 1)}).ravel()
    pdf = evaluate(apply("normal_pdf", Name("x")), {"x": points.reshape(-1, 1, 1)}).ravel()
    for point, ours, density in zip(points.tolist(), cdf, pdf, strict=True):
        exact = mpmath.erfc(-mpmath.mpf(point) / mpmath.sqrt(2)) / 2
        assert abs(mpmath.mpf(float(ours)) - exact) <= 2e-15 * exact, point
        exact = mpmath.exp(-(mpmath.mpf(point) ** 2) / 2) / mpmath.sqrt(2 * mpmath.pi)
        assert abs(mpmath.mpf(float(density)) - exact) <= 2e-15 * exact, point


def weighted(name, names, shape, parameters):
    """sum(w * f(...)), so that the adjoint of f(...) is w."""
    return apply("sum", Name("w", shape) * apply(name, *names, **parameters))


def assert_near(ours, exact, tolerance=1e-12):
    """Equal in norm."""
    exact = np.asarray(exact)
    assert np.shape(ours)[-exact.ndim :] == exact.shape
    scale = max(np.linalg.norm(exact), 1e-3)
    assert np.linalg.norm(np.broadcast_to(ours, exact.shape) - exact) <= tolerance * scale


def pulled_back(name, all_arrays, weights):
    """The adjoints of the arguments in every situation, by JAX."""
    oracles = [partial(ORACLES[name], **parameters) for parameters, _ in situations(name)]
    return in_numpy(lambda cases, ws: [jax.vjp(f, *xs)[1](w) for f, xs, w in zip(oracles, cases, ws, strict=True)])(
        all_arrays, weights
    )


@pytest.mark.parametrize("name", TABLE)
def test_gradient_equals_jax(name, rng):
    tried = situations(name)
    all_arrays = [draw(name, shapes, rng, lead=(2,)) for _, shapes in tried]
    results = [apply(name, *names_of(shapes), **parameters).shape for parameters, shapes in tried]
    weights = [rng.normal(size=(2, *full(shape))) for shape in results]
    adjoints = pulled_back(name, all_arrays, weights)
    for (parameters, shapes), arrays, shape, w, exact in zip(
        tried, all_arrays, results, weights, adjoints, strict=True
    ):
        names = names_of(shapes)
        output = weighted(name, names, shape, parameters)
        for by, wanted in zip(names, exact, strict=True):
            found = gradient(output, by)
            assert found.shape == by.shape
            ours = evaluate(found, values_of(names, arrays) | {"w": w})
            assert_near(np.broadcast_to(ours, wanted.shape), wanted)


@pytest.mark.parametrize("name", TABLE)
def test_hessian_equals_jax(name, rng):
    """The gradient is an expression, so it can be differentiated again."""
    small = {"matmul": [(2, 3), (3, 2)], "diag": [(2, 1)], "diagonal": [(2, 2)], "broadcast": [(2, 1)]}
    small |= {"placed": [(2, 3), ()], "solve": [(2, 2), (2, 1)], "concat": [(2, 1), (1, 1)], "padded": [(2, 1)]}
    small |= {"at_moment": [(1, 4)], "split_heads": [(2, 4)], "join_heads": [(2, 2, 1)], "one_hot": [(1, 1)]}
    small |= {
        name: list(SHAPES[name][0]) for name in SHAPES if name.startswith(("convolve", "max_pool", "average_pool"))
    }
    sizes = {"diagonal": {"shape": (2, 1)}, "reshape": {"shape": (3, 2)}, "broadcast": {"shape": (2, 3)}}
    shapes = small.get(name, [(2, 3)] if TABLE[name].arity == 1 else [(2, 3), (2, 1)])
    names = names_of(shapes)
    for parameters in [sizes[name]] if name in sizes else parameters_of(name)[:2]:
        expression = apply(name, *names, **parameters)
        arrays = draw(name, shapes, rng)
        w = rng.normal(size=full(expression.shape))
        output = apply("sum", Name("w", expression.shape) * expression * expression)
        values = values_of(names, arrays) | {"w": w}

        def scalar(*xs, parameters=parameters, w=w):
            return jnp.sum(w * ORACLES[name](*xs, **parameters) ** 2)

        exact = in_numpy(jax.hessian(scalar, tuple(range(len(names)))))(*arrays)
        for row, first in enumerate(names):
            size = arrays[row].size
            directions = np.eye(size).reshape(size, *arrays[row].shape)  # one leading axis: every direction at once
            slope = apply("sum", Name("v", first.shape) * gradient(output, first))
            for column, second in enumerate(names):
                ours = evaluate(gradient(slope, second), values | {"v": directions})
                wanted = np.reshape(exact[row][column], (size, *arrays[column].shape))
                assert_near(np.broadcast_to(ours, wanted.shape), wanted)


@pytest.mark.parametrize("name", AT_KINKS)
def test_derivative_at_a_kink_is_the_declared_one(name):
    for parameters in parameters_of(name):
        for kink in TABLE[name].kinks:
            expression = apply(name, Name("x"), **parameters)
            wanted = AT_KINKS[name](**parameters)
            (derivative,) = local_derivatives(expression)
            for form in (derivative, simplify(derivative), gradient(expression, Name("x"))):
                assert evaluate(form, {"x": np.array([[kink]])}).item() == wanted


@pytest.mark.parametrize("name", UNARY)
def test_values_at_the_edges(name):
    for parameters in parameters_of(name):
        expression = apply(name, Name("x"), **parameters)
        for point in (0.0, -0.0, 1e4, -1e4, INF, -INF):
            value = np.array([[point]])
            wanted = LIMITS.get((name, point), float(ORACLES[name](value, **parameters).item()))
            strict = "raise" if np.isfinite(wanted) else "ignore"
            with np.errstate(over=strict, invalid=strict, divide=strict):
                ours = evaluate(expression, {"x": value}).item()
            np.testing.assert_allclose(ours, wanted, rtol=1e-13, err_msg=f"{name}({point})")
        assert np.isnan(evaluate(expression, {"x": np.array([[NAN]])})).all()


@pytest.mark.parametrize("name", UNARY)
def test_derivatives_at_the_edges(name):
    low, high = TABLE[name].domain
    for parameters in parameters_of(name):
        expression = apply(name, Name("x"), **parameters)
        (raw,) = local_derivatives(expression)
        for point in (0.0, 1e4, -1e4):
            value = {"x": np.array([[point]])}
            if not low < point < high or (name == "exp" and point > 0):
                continue
            exact = jax.grad(lambda x: ORACLES[name](x, **parameters))(point)  # noqa: B023
            for form in (raw, simplify(raw)):
                with np.errstate(all="raise", under="ignore"):
                    ours = evaluate(form, value).item()
                if point not in TABLE[name].kinks:
                    np.testing.assert_allclose(ours, exact, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "logsumexp"])
@pytest.mark.parametrize("axis", [None, -2, -1])
def test_softmax_family_neither_overflows_nor_loses_digits(name, axis):
    cases = (
        [[1e4, -1e4], [1e4 - 1, 1e4 + 0.5]],
        [[1e4, 1e4], [1e4, 1e4]],
        [[-1e4, -1e4 - 2], [-1e4 + 1, -1e4]],
        [[0.0, 0.0], [0.0, 0.0]],
        [[0.0, 40.0], [-745.0, 3.0]],
    )
    for entries in cases:
        expression = apply(name, Name("x", (2, 2)), axis=axis)
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            ours = evaluate(expression, {"x": np.array(entries)})
        exact = exactly(name, entries, axis)
        for place in np.ndindex(ours.shape):
            wanted = exact[place]
            error = abs(mpmath.mpf(float(ours[place])) - wanted)
            below_rounding = mpmath.mpf("2e-16" if name == "log_softmax" else "1e-300")  # of a logarithm near zero
            assert error <= 1e-14 * abs(wanted) + below_rounding, (entries, place)
        slope = gradient(apply("sum", Name("w", expression.shape) * expression), Name("x", (2, 2)))
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            values = {"x": np.array(entries), "w": np.arange(1.0, 1 + ours.size).reshape(ours.shape)}
            assert np.isfinite(evaluate(slope, values)).all()


def exactly(name, entries, axis):
    """softmax and its relatives at 50 digits."""
    array = np.array([[mpmath.mpf(entry) for entry in line] for line in entries], dtype=object)
    total = np.vectorize(mpmath.exp, otypes=[object])(array).sum(axis=axis, keepdims=True)
    log_total = np.vectorize(mpmath.log, otypes=[object])(total)
    if name == "logsumexp":
        return log_total
    result = array - log_total
    return result if name == "log_softmax" else np.vectorize(mpmath.exp, otypes=[object])(result)


def test_masked_entries_of_a_softmax_are_zero():
    value = {"x": np.array([[0.0, -INF, 0.0]])}
    with np.errstate(all="raise"):
        assert evaluate(apply("softmax", Name("x", (1, 3)), axis=-1), value).tolist() == [[0.5, 0.0, 0.5]]
        np.testing.assert_allclose(evaluate(apply("logsumexp", Name("x", (1, 3)), axis=-1), value), np.log(2))


def test_not_a_number_is_never_hidden():
    for name, entry in TABLE.items():
        if name in ("argmax", "equal"):
            continue
        shapes = SHAPES.get(name, (((1, 1),) * entry.arity,))[-1]
        for wrong in range(entry.arity):
            arrays = [np.full(full(shape), 2.0) for shape in shapes]
            arrays[wrong] = arrays[wrong] * NAN
            names = names_of(shapes)
            for parameters in parameters_of(name)[:1]:
                with np.errstate(all="ignore"):
                    result = evaluate(apply(name, *names, **parameters), values_of(names, arrays))
                assert np.isnan(result).any(), name
    for zero in (0.0, 1.0):
        both = {"a": np.array([[zero]]), "b": np.array([[NAN]])}
        assert np.isnan(evaluate(apply("xlogy", Name("a"), Name("b")), both)).all()


def test_zero_times_the_logarithm_of_zero_is_zero():
    both = {"a": np.array([[0.0, 2.0]]), "b": np.array([[0.0, 1.0]])}
    names = names_of([(1, 2), (1, 2)])
    with np.errstate(all="raise"):
        assert evaluate(apply("xlogy", *names), both).tolist() == [[0.0, 0.0]]


def test_zero_to_a_power_does_not_change_with_the_exponent():
    slope = gradient(Name("a") ** Name("b"), Name("b"))
    with np.errstate(all="raise"):
        assert evaluate(slope, {"a": np.zeros((1, 1)), "b": np.full((1, 1), 2.0)}).item() == 0


def test_equal_largest_entries_share_the_derivative():
    slope = gradient(apply("max", Name("x", (1, 4))), Name("x", (1, 4)))
    assert evaluate(slope, {"x": np.array([[2.0, 1.0, 2.0, 0.0]])}).tolist() == [[0.5, 0.0, 0.5, 0.0]]
    for name in ("maximum", "minimum"):
        expression = apply(name, Name("a"), Name("b"))
        both = {"a": np.ones((1, 1)), "b": np.ones((1, 1))}
        for by in (Name("a"), Name("b")):
            assert evaluate(gradient(expression, by), both).item() == 0.5


def test_argmax_counts_from_one_and_takes_the_first():
    value = {"x": np.array([[1.0, 3.0, 3.0], [5.0, 0.0, 2.0]])}
    for axis, wanted in ((-1, [[2.0], [1.0]]), (-2, [[2.0, 1.0, 1.0]]), (None, [[4.0]])):
        assert evaluate(apply("argmax", Name("x", (2, 3)), axis=axis), value).tolist() == wanted


def test_argmax_of_equal_entries_is_the_tie():
    third = 1 / 3
    rows = np.array([[1.0, 3.0, 3.0], [5.0, 0.0, 2.0], [third, third * (1 + 1e-15), 0.1], [-0.1, -0.1 - 1e-9, -2.0]])
    chosen = apply("argmax", Name("x", (4, 3)), axis=-1, tie=0)
    assert evaluate(chosen, {"x": rows}).tolist() == [[0.0], [1.0], [0.0], [1.0]]
    known = {"np": np, "x": rows}
    exec(definitions([chosen])[0], known)
    assert eval(numpy_source(chosen), known).tolist() == [[0.0], [1.0], [0.0], [1.0]]


def test_infinite_entries_stay_where_they_are():
    vector = {"x": np.array([[INF], [1.0]])}
    assert evaluate(apply("diag", Name("x", (2, 1))), vector).tolist() == [[INF, 0.0], [0.0, 1.0]]
    square = {"x": np.array([[1.0, INF], [-INF, 2.0]])}
    assert evaluate(apply("diagonal", Name("x", (2, 2)), shape=(2, 1)), square).tolist() == [[1.0], [2.0]]


def test_a_singular_matrix_spoils_no_other_one():
    a = np.array([[[2.0, 0.0], [0.0, 4.0]], [[1.0, 2.0], [2.0, 4.0]]])
    system = apply("solve", Name("a", (2, 2)), Name("b", (2, 1)))
    found = evaluate(system, {"a": a, "b": np.array([[2.0], [4.0]])})
    assert found[0].tolist() == [[1.0], [1.0]] and np.isnan(found[1]).all()
    work = Derivation((Name("a", (2, 2)), Name("b", (2, 1))), (Equation("x", system, Stage.FORWARD),))
    with pytest.raises(ValueProblem, match="a singular matrix in x"):
        work_out(work, {"a": a[1], "b": np.ones((2, 1))})


@pytest.mark.parametrize("place", [(0, 1), (1, 4), (3, 1), (1,), None, 2])
def test_entries_that_do_not_exist_are_refused(place):
    with pytest.raises(ShapeError, match="no entry"):
        apply("entry", Name("x", (2, 3)), place=place)
    with pytest.raises(ShapeError, match="no entry"):
        apply("placed", Name("x", (2, 3)), Name("s"), place=place)


def test_entries_of_matrices_that_are_put_together_and_of_solutions():
    a, b, s = Name("a", (2, 2)), Name("b", (2, 1)), Name("s")
    numbers = {"a": [[2.0, 1.0], [1.0, 3.0]], "b": [[1.0], [2.0]], "s": [[5.0]]}
    values = EntryValues({name: np.array(value) for name, value in numbers.items()})
    for expression in (apply("placed", a, s, place=(1, 2)), apply("solve", a, b), apply("entry", a, place=(2, 1)) * a):
        whole = evaluate(expression, values)
        for row, column in np.ndindex(*expression.shape):
            found = evaluate(entry_of(expression, row, column), values)
            assert found.item() == pytest.approx(whole[row, column])


def test_zero_is_not_negative():
    for name in ("relu", "step", "softplus", "elu"):
        ours = evaluate(apply(name, Name("x")), {"x": np.array([[-1e4], [-3.0]])})
        assert not np.signbit(ours[ours == 0]).any(), name


@pytest.mark.parametrize("name", [name for name, entry in TABLE.items() if entry.definition])
def test_definition_equals_value(name, rng):
    for parameters, shapes in situations(name):
        names = names_of(shapes)
        expression = apply(name, *names, **parameters)
        count = np.prod(full(shapes[0])) // np.prod(full(expression.shape))
        known = {**parameters, "count": int(count), "shape": shapes[0]}
        meant = read(TABLE[name].definition, dict(zip(("x",), names, strict=True)), known)
        assert meant.shape == expression.shape
        values = values_of(names, draw(name, shapes, rng))
        np.testing.assert_allclose(evaluate(meant, values), evaluate(expression, values), rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("name", TABLE)
def test_code_equals_value(name, rng):
    entry = TABLE[name]
    for parameters, shapes in situations(name):
        names = names_of(shapes)
        values = values_of(names, draw(name, shapes, rng))
        slots = {str(index): str(letter) for index, letter in enumerate(names)}
        slots |= {key: repr(value) for key, value in parameters.items()}
        by_window = {"kernel", "window"} & entry.parameters.keys()  # whose settings are put in for every axis
        source = (
            numpy_source(apply(name, *names, **parameters))
            if by_window
            else re.sub(r"<(\w+)>", lambda slot, slots=slots: slots[slot[1]], entry.code)
        )
        space = {"np": np, **values}
        exec(entry.code_definition, space)
        result = np.asarray(eval(source, space))
        expected = evaluate(apply(name, *names, **parameters), values)
        if result.size == 1:
            result = result.reshape(expected.shape)
        assert result.shape == expected.shape, source
        np.testing.assert_allclose(result, expected, rtol=1e-12, atol=1e-15)
        for kink in entry.kinks:
            space |= {"x": np.array([[kink]])}
            expected = evaluate(apply(name, Name("x"), **parameters), {"x": space["x"]})
            np.testing.assert_array_equal(eval(source, space), expected)


@pytest.mark.parametrize("name", TABLE)
def test_single_precision_stays_single(name, rng):
    for parameters, shapes in situations(name)[:1]:
        names = names_of(shapes)
        expression = apply(name, *names, **parameters)
        forms = [expression, *(gradient(weighted(name, names, expression.shape, parameters), by) for by in names)]
        arrays = [array.astype(np.float32) for array in draw(name, shapes, rng)]
        values = values_of(names, arrays) | {"w": np.ones(full(expression.shape), np.float32)}

        def compute(values, forms=forms):
            return [evaluate(form, values, jnp) for form in forms]

        for form, compiled in zip(forms, jax.jit(compute)(values), strict=True):
            plain = evaluate(form, values)
            assert plain.dtype == compiled.dtype == np.float32
            np.testing.assert_allclose(compiled, plain, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("name", TABLE)
def test_only_the_array_standard_is_used(name, rng):
    with array_api_strict.ArrayAPIStrictFlags(api_version="2023.12"):
        for parameters, shapes in situations(name):
            names = names_of(shapes)
            expression = apply(name, *names, **parameters)
            forms = [expression]
            forms += [gradient(weighted(name, names, expression.shape, parameters), by) for by in names]
            values = values_of(names, draw(name, shapes, rng)) | {"w": rng.normal(size=full(expression.shape))}
            strict = {key: array_api_strict.asarray(value) for key, value in values.items()}
            for form in forms:
                result = evaluate(form, strict, array_api_strict)
                expected = evaluate(form, values)
                assert result.dtype == array_api_strict.float64
                assert result.shape == expected.shape
                np.testing.assert_array_equal(np.asarray(result), expected)


SOME_SHAPES = ((), (1, 1), (1, 3), (3, 1), (2, 3), (3, 2), (3, 3))


def result_shape(name, shapes, parameters):
    """The shape that NumPy's own rules give, or None where they refuse."""
    if name == "matmul":
        fits = all(shapes) and shapes[0][1] == shapes[1][0]
        return (shapes[0][0], shapes[1][1]) if fits else None
    if name == "solve":
        fits = all(shapes) and len({*shapes[0], shapes[1][0]}) == 1
        return shapes[1] if fits else None
    if name in ("entry", "placed"):
        fits = bool(shapes[0]) and all(n <= size for n, size in zip(parameters["place"], shapes[0], strict=True))
        return {"entry": (), "placed": shapes[0]}[name] if fits and shapes[1:] in ((), ((),)) else None
    if name in ("part", "padded"):
        top, bottom, left, right = parameters["span"]
        if name == "padded":
            return parameters["shape"] if shapes[0] == (bottom - top + 1, right - left + 1) else None
        fits = bool(shapes[0]) and bottom <= shapes[0][0] and right <= shapes[0][1]
        return (bottom - top + 1, right - left + 1) if fits else None
    if name in ("concat", "beside"):
        along = ("concat", "beside").index(name)
        if not all(shapes) or shapes[0][1 - along] != shapes[1][1 - along]:
            return None
        return np.concatenate([np.zeros(shape) for shape in shapes], axis=along).shape
    if name == "moment":
        fits = bool(shapes[0]) and parameters["at"] <= shapes[0][parameters["along"]]
        return ((1, shapes[0][1]) if parameters["along"] == -2 else (shapes[0][0], 1)) if fits else None
    if name == "at_moment":
        return parameters["shape"] if shapes[0] == (1, parameters["shape"][1]) else None
    if name == "diag":
        return (max(shapes[0]), max(shapes[0])) if 1 in shapes[0] else None
    if name == "reshape":
        return parameters["shape"] if np.prod(full(shapes[0])) == np.prod(parameters["shape"]) else None
    if name == "diagonal":
        size = max(parameters["shape"])
        return parameters["shape"] if shapes[0] == (size, size) else None
    matrices = [shape for shape in (*shapes, parameters.get("shape")) if shape]
    try:
        together = np.broadcast_shapes(*matrices)
    except ValueError:
        return None
    if name == "broadcast":
        return together if together == parameters["shape"] else None
    if name == "squared_norm":
        return ()
    if name == "masked_softmax":
        return together if together == shapes[0] else None
    if TABLE[name].entrywise or "softmax" in name:
        return together
    if name == "transpose":
        return together[::-1]
    axis = parameters["axis"]
    if axis is None or not together:
        return ()
    return (1, together[1]) if axis == -2 else (together[0], 1)


# test_convolution.py says which shapes go together under a window
@pytest.mark.parametrize(
    "name", [name for name, entry in TABLE.items() if not {"kernel", "window", "along"} & entry.parameters.keys()]
)
def test_shapes_fit_or_are_refused_by_name(name):
    refused = 0
    for parameters in parameters_of(name):
        for shapes in itertools.product(SOME_SHAPES, repeat=TABLE[name].arity):
            names = names_of(shapes)
            wanted = result_shape(name, shapes, parameters)
            if wanted is not None:
                expression = apply(name, *names, **parameters)
                assert expression.shape == wanted
                ones = values_of(names, [np.ones(full(shape)) for shape in shapes])
                if name == "solve":
                    ones["a"] = np.eye(*shapes[0])
                assert evaluate(expression, ones).shape == full(wanted)
                continue
            refused += 1
            with pytest.raises(ShapeError) as caught:
                apply(name, *names, **parameters)
            message = str(caught.value)
            assert message.count(name) or TABLE[name].infix in message
            for index, shape in enumerate(shapes):
                as_rows = f"has {shape[0]} rows" if shape and index else "nothing"
                assert words(shape) in message or as_rows in message or not all(shapes), message
    may_refuse = TABLE[name].arity == 2 or name in (
        "diag", "diagonal", "broadcast", "entry", "reshape", "part", "padded", "moment", "at_moment",
    )  # fmt: skip
    assert bool(refused) == may_refuse


@pytest.mark.parametrize("shape", [(3,), (0, 2), (2, -1), (2, 0, 3), 3, None])
def test_a_shape_is_two_or_more_positive_numbers(shape):
    for name in ("broadcast", "diagonal"):
        with pytest.raises(ShapeError):
            apply(name, Name("x", (1, 1)), shape=shape)


def test_axes_that_do_not_exist_are_refused():
    for name, entry in TABLE.items():
        if "axis" in entry.parameters:
            with pytest.raises(ShapeError, match="axis"):
                apply(name, Name("x", (2, 3)), axis=1)


def test_arguments_that_do_not_exist_are_refused():
    with pytest.raises(TypeError, match="add"):
        apply("add", Name("a"))
    with pytest.raises(TypeError, match="leaky_relu"):
        apply("leaky_relu", Name("x"), slope=0.1)


def test_numbers_are_exact_or_as_exact_as_the_arrays_are():
    one = {"x": np.ones((1, 1)), "y": np.ones((1, 1), np.float32)}
    for number in (10**20, -(10**20), 2**40 + 1, Fraction(1, 3), 0.1):
        for xp in (np, jnp, array_api_strict):
            values = {key: xp.asarray(value) for key, value in one.items()}
            for expression in (Name("x") * Number(number), apply("maximum", Name("x") - 1e30, Number(number))):
                assert float(evaluate(expression, values, xp)[0, 0]) == float(number)
            assert evaluate(Name("y") * Number(number), values, xp).dtype == values["y"].dtype
    assert evaluate(Number(Fraction(1, 3)) + 1, {}).tolist() == [[4 / 3]]


SIGNS = {"times", "log", "transposed"}  # slots that a notation fills


@pytest.mark.parametrize("name", TABLE)
def test_typesetting_is_complete(name):
    entry = TABLE[name]
    arguments = {str(index) for index in range(entry.arity)}
    for text in (entry.latex, entry.text, entry.code):
        slots = set(re.findall(r"<(\w+)>", text))
        assert arguments <= slots <= arguments | set(entry.parameters) | SIGNS, (name, text)
        assert text.count("{") == text.count("}")
        assert text.count(r"\left") == text.count(r"\right")
    assert not SIGNS & set(re.findall(r"<(\w+)>", entry.code))
    assert len(entry.slots) in (0, entry.arity)
    assert entry.name.isidentifier() and entry.name.islower()


def test_no_operation_warns_when_it_is_built():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in TABLE:
            for parameters, shapes in situations(name):
                str(apply(name, *names_of(shapes), **parameters))
