"""Operations at kinks, at infinity, where entries are equal, and where there is no number."""

import jax
import mpmath
import numpy as np
import pytest
from operation_cases import INF, NAN, ORACLES, SHAPES, UNARY, full, names_of, parameters_of, values_of
from oracles import AT_KINKS, LIMITS

from chalkwork.algebra.entries import EntryValues
from chalkwork.algebra.entries import entry as entry_of
from chalkwork.algebra.expression import Name, apply
from chalkwork.algebra.operations import TABLE
from chalkwork.algebra.simplify import simplify
from chalkwork.derivation.derivation import Derivation, Equation, Stage
from chalkwork.derivation.differentiate import gradient, local_derivatives
from chalkwork.derivation.evaluate import evaluate
from chalkwork.derivation.work_out import work_out
from chalkwork.errors import ShapeError, ValueProblem
from chalkwork.typesetting.code import definitions, numpy_source

pytestmark = pytest.mark.usefixtures("quick_compilation")


@pytest.mark.parametrize("name", AT_KINKS)
def test_derivative_at_a_kink_is_the_declared_one(name):
    for parameters in parameters_of(name):
        kinks = np.array(TABLE[name].kinks)
        for kink, wanted in zip(kinks, np.broadcast_to(AT_KINKS[name](**parameters), kinks.shape), strict=True):
            expression = apply(name, Name("x"), **parameters)
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
