"""The operations table, checked entry by entry; an operation without an oracle here fails a test.

Values are checked against JAX and against 50-digit arithmetic, derivatives against `jax.vjp`, `jax.hessian`,
SymPy and numerical differentiation at 50 digits.
"""

from functools import partial

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
import sympy
from in_numpy import in_numpy
from operation_cases import (
    CHOICES,
    ENTRYWISE,
    ORACLES,
    PARAMETERS,
    SHAPES,
    draw,
    full,
    names_of,
    parameters_of,
    situations,
    values_of,
    weighted,
)
from oracles import AT_KINKS, FORMULAS, a, b, x

from chalkwork.algebra.expression import Name, apply
from chalkwork.algebra.operations import TABLE
from chalkwork.derivation.differentiate import gradient, local_derivatives
from chalkwork.derivation.evaluate import evaluate

pytestmark = pytest.mark.usefixtures("quick_compilation")


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
