"""What stands in the entries of the operations: definitions, code, shapes, parameters, typesetting."""

import itertools
import re
import warnings
from fractions import Fraction

import array_api_strict
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from operation_cases import draw, full, names_of, parameters_of, situations, values_of, weighted

from chalkwork.algebra.expression import Name, Number, apply
from chalkwork.algebra.operations import TABLE, words
from chalkwork.algebra.reading import read
from chalkwork.derivation.differentiate import gradient
from chalkwork.derivation.evaluate import evaluate
from chalkwork.errors import ShapeError
from chalkwork.typesetting.code import numpy_source

pytestmark = pytest.mark.usefixtures("quick_compilation")


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
