"""From syntax to expressions: names get their shapes, words the operations of the table, parameters their values."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from fractions import Fraction
from functools import cache

from chalkwork.algebra.expression import Application, Constant, Expression, Name, Number, apply
from chalkwork.algebra.numerals import exact_number
from chalkwork.algebra.operations import TABLE, Parameter, words
from chalkwork.algebra.operations.entry import entrywise_shape
from chalkwork.algebra.reading.cursor import Syntax
from chalkwork.algebra.reading.grammar import Grammar
from chalkwork.algebra.reading.joining import as_matrix, indexed, of_vectors, positional, stacked
from chalkwork.algebra.reading.laying import laid_out
from chalkwork.algebra.reading.words import CONSTANTS, DEFINED, LAID, VECTORS
from chalkwork.algebra.reading.written import BY_SIGN, defined, matrix, prime, series
from chalkwork.errors import ReadError, ShapeError

_X = Name("x")


def build(
    syntax: Syntax, names: Mapping[str, Expression], parameters: Mapping[str, Parameter] | None = None
) -> Expression:
    """The expression behind the syntax, its names taken from `names`.

    Raises ReadError for an unknown name or what could be two things, ShapeError where the shapes do not fit.
    """
    if syntax.kind == "number":
        return Number(exact_number(syntax.value))
    if syntax.kind == "name":
        return _named(syntax.value, names, parameters or {})
    if syntax.kind == "constant":
        value = CONSTANTS[syntax.value]
        return apply("exp", Number(1)) if value is None else Constant(syntax.value, value)
    if syntax.kind == "call" and syntax.value in ("product", "times", "matmul"):
        arguments = _factors(syntax.parts, names, parameters)
    else:
        arguments = tuple(build(part, names, parameters) for part in syntax.parts)
    match syntax.kind:
        case "stack":
            return stacked(syntax, arguments)
        case "index":
            return indexed(arguments[0], syntax.value)
        case "call":
            return _called(syntax, arguments, parameters or {})
        case "matrix":
            rows, columns = map(int, syntax.value.split("x"))
            return Application(matrix(rows, columns), arguments, ())
        case "series":
            return Application(series(syntax.value), arguments, (ord(syntax.value),))
        case "function":
            return Application(defined(syntax.value), arguments, ())
    order = int(dict(syntax.keywords)["order"].value)
    if syntax.kind == "prime":
        return Application(prime(syntax.value, order), arguments, ())
    (result,) = arguments
    variable = _named(syntax.value, names, {})
    for _ in range(order):
        result = Application(BY_SIGN[syntax.kind][isinstance(result, Name)], (result, variable), ())
    return result


def _factors(
    parts: tuple[Syntax, ...], names: Mapping[str, Expression], parameters: Mapping[str, Parameter] | None
) -> tuple[Expression, ...]:
    """Two factors; a softmax of a matrix without its axis runs along what the product sums over."""
    built: list[Expression] = []
    for place, part in enumerate(parts):
        entry = TABLE.get(part.value) if part.kind == "call" else None
        if entry is not None and entry.needs_axis and not part.keywords and entry.name in ("softmax", "log_softmax"):
            inner = build(part.parts[0], names, parameters)
            other = build(parts[1 - place], names, parameters)
            if inner.shape and 1 not in inner.shape and other.shape:
                built.append(apply(part.value, inner, axis=(-1, -2)[place]))
                continue
        built.append(build(part, names, parameters))
    return tuple(built)


def _named(name: str, names: Mapping[str, Expression], parameters: Mapping[str, Parameter]) -> Expression:
    if name in names:
        return names[name]
    if isinstance(value := parameters.get(name), int | float):
        return Number(value)
    near = get_close_matches(name, names, 1)
    raise ReadError(f"{name!r} is not defined", hint=f"did you mean {near[0]}?" if near else None)


def _called(
    syntax: Syntax, arguments: tuple[Expression, ...], known: Mapping[str, Parameter]
) -> Expression:  # fmt: skip
    name = syntax.value
    if name in DEFINED:
        return build(_definition(name), {"x": arguments[0]})
    if name in ("product", "times"):
        return _product(name, *arguments)
    if name == "positional":
        return positional(*arguments)
    if name in VECTORS:
        return of_vectors(name, *arguments)
    if name in LAID:
        return laid_out(name, arguments, {key: _parameter(key, part, known) for key, part in syntax.keywords})
    if name in ("concat", "beside"):
        return apply(name, *map(as_matrix, arguments))
    if name == "raised":
        return _power(*arguments)
    values = {key: _parameter(key, part, known) for key, part in syntax.keywords}
    if "axis" in TABLE[name].parameters:
        _check_axis(name, arguments[0], dict(syntax.keywords).get("axis"))
    return apply(name, *arguments, **values)


def _check_axis(name: str, argument: Expression, typed: Syntax | None) -> None:
    """Refuse a matrix without the axis that it needs, and an axis along which there is one entry."""
    shape, text = argument.shape, f"{name}({argument}"
    if typed is None:
        if TABLE[name].needs_axis and shape and 1 not in shape:
            both = f"{text}, axis=0), over each column, or {text}, axis=1), over each row"
            raise ReadError(f"{text}) of a {words(shape)} matrix could be {both}")
    elif len(shape) > 2 and typed.kind == "number" and exact_number(typed.value) >= 0:
        raise ReadError(f"the axes of {words(shape)} are counted from the last, -1, to the first, -{len(shape)}")
    elif typed.kind == "number" and (
        not shape or (TABLE[name].needs_axis and shape[int(exact_number(typed.value))] == 1)
    ):
        has = f"is {words(shape)}: one entry along axis {typed.value}" if shape else "is a number and has no axis"
        raise ReadError(f"{argument} {has}", hint=f"write {text})")


@cache
def _definition(name: str) -> Syntax:
    return Grammar(DEFINED[name]).whole()


def _product(sign: str, left: Expression, right: Expression) -> Expression:
    """Beside each other matrices are multiplied; a dot between them must have only one meaning."""
    if not (left.shape and right.shape):
        return apply("multiply", left, right)
    fits = left.shape[-1] == right.shape[-2]
    if sign == "times" and _goes_entrywise(left, right):
        what = f"the matrix product {left} @ {right}" if fits else f"the scalar product {left}.T @ {right}"
        raise ReadError(
            f"the dot between {left} and {right} could mean {what} or, entry by entry, {left} ∘ {right}",
            hint=r"write the one that is meant; in LaTeX A B or A \odot B",
        )
    return apply("matmul", left, right)


def _goes_entrywise(left: Expression, right: Expression) -> bool:
    try:
        entrywise_shape((left.shape, right.shape))
    except ShapeError:
        return False
    return True


def _power(base: Expression, exponent: Expression) -> Expression:
    """A power in a formula: of a square matrix it could be a product of matrices."""
    if base.shape and base.shape[-2] == base.shape[-1] > 1:
        raise ReadError(
            f"the power of the matrix {base} could mean a product of matrices, {base} @ {base}, or one entry by entry, "
            f"{base} ∘ {base}"
        )
    return apply("power", base, exponent)


_IN_BRACKETS = {
    "shape": "the shape is the number of rows and of columns",
    "place": "the place of an entry is its row and its column, counted from 1,",
    "span": "a part is its first and last row and its first and last column, counted from 1,",
    "before": "the shape of the data is the number of rows and of columns",
    "kernel": "the shape of a kernel is the number of rows and of columns",
}
_OF_A_WINDOW = {"window": 1, "stride": 1, "padding": 0, "dilation": 1, "ties": 0, "along": -2}
"""Parameters that are a whole number, or one for each axis in square brackets, and the least of them."""

_WHOLE = ("at", "along", "count", "causal")
"""A step and an axis of a sequence, a number of heads or tokens, whether a mask is causal too."""


def _parameter(name: str, syntax: Syntax, known: Mapping[str, Parameter]) -> Parameter:
    """The value of a parameter."""
    if syntax.kind == "name" and syntax.value in known:
        return known[syntax.value]
    if name in _IN_BRACKETS:
        sizes = [exact_number(part.value) if part.kind == "number" else 0 for part in syntax.parts]
        if syntax.kind != "stack" or not all(isinstance(size, int) and 0 < size < 10**6 for size in sizes):
            raise ReadError(f"{_IN_BRACKETS[name]} in square brackets, such as [2, 3]")
        return tuple(int(size) for size in sizes)
    if syntax.kind == "name" and syntax.value == "none" and name in ("axis", "at_zero", "along", "stride"):
        return None
    if name in _OF_A_WINDOW:
        numbers = [exact_number(part.value) if part.kind == "number" else None for part in syntax.parts or (syntax,)]
        if not all(isinstance(one, int) and _OF_A_WINDOW[name] <= one < 10**6 for one in numbers):
            least = _OF_A_WINDOW[name]
            raise ReadError(f"{name} is a whole number from {least}, or one for rows and one for columns, as in [2, 1]")
        found = tuple(int(one) for one in numbers if one is not None)
        return found if syntax.kind == "stack" else found[0]
    if name in ("axis", "keys"):
        if syntax.kind != "number" or exact_number(syntax.value) not in range(-9, 2):
            raise ReadError("the axis is 0 (over the rows), 1 (over the columns) or none (over both)")
        axis = int(exact_number(syntax.value))
        return axis if axis < 0 else axis - 2
    if syntax.kind != "number":
        raise ReadError(f"the parameter {name} takes a number")
    value = exact_number(syntax.value)
    if name in _WHOLE:
        if not isinstance(value, int):
            raise ReadError(f"the parameter {name} takes a whole number")
        return value
    if isinstance(value, Fraction) or float(value) != value:
        raise ReadError(f"the parameter {name} has more digits than a number in double precision holds")
    return float(value)
