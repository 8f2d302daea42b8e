r"""What formulas hold beyond the table of operations: derivatives, primes, matrices, functions that somebody defined.

They are operations of their own, which can be typeset like any other but have no value: who evaluates works them out
first (the chain rule, the definition).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from chalkwork.algebra import reader
from chalkwork.algebra.expression import Application, Expression, Name, Number, apply
from chalkwork.algebra.operations import TABLE, Operation, Precedence, Shape
from chalkwork.algebra.reader import Syntax
from chalkwork.errors import ReadError, ShapeError


@dataclass(frozen=True)
class Scope:
    """What names stand for, and the functions that were defined: name, parameter, body."""

    names: Mapping[str, Expression]
    functions: Mapping[str, tuple[str, Expression]] = field(default_factory=dict)


def _no_value(*arguments: Any, **parameters: Any) -> Any:
    raise ShapeError("a derivative, a matrix or a defined function has no value before it is worked out")


def _scalar(shapes: tuple[Shape, ...]) -> Shape:
    if any(shapes):
        raise ShapeError("only numbers are differentiated by numbers here, not vectors or matrices")
    return ()


def _derivative(name: str, sign: str, text: str, of_name: bool = False) -> Operation:
    """d/dx of something; of a mere name it stands in the numerator."""
    return Operation(
        name=name,
        arity=2,
        value=_no_value,
        adjoint=(None, None),
        shape=_scalar,
        precedence=Precedence.MATRIX_PRODUCT,
        slots=(Precedence.POWER, Precedence.ATOM),
        latex=rf"\frac{{{sign} <0>}}{{{sign} <1>}}" if of_name else rf"\frac{{{sign}}}{{{sign} <1>}} <0>",
        text=f"{text}<0>/{text}<1>" if of_name else f"{text}/{text}<1> <0>",
    )


DERIVATIVE = _derivative("derivative", "d", "d")
PARTIAL = _derivative("partial", r"\partial", "∂")
_OF_NAMES = {
    "d": (DERIVATIVE, _derivative("derivative", "d", "d", of_name=True)),
    "partial": (PARTIAL, _derivative("partial", r"\partial", "∂", of_name=True)),
}


@lru_cache(maxsize=256)
def prime(function: str, order: int) -> Operation:
    """The derivative of a function of one number, as f'(x)."""
    return _function(f"{function}{chr(39) * order}", function, order)


@lru_cache(maxsize=256)
def defined(function: str) -> Operation:
    """A function that somebody defined."""
    return _function(function, function, 0)


def _function(name: str, function: str, primes: int) -> Operation:
    entry = TABLE.get(function)
    if entry is not None and entry.latex.endswith(r"\left( <0> \right)"):
        latex, text = entry.latex.removesuffix(r"\left( <0> \right)"), entry.text.removesuffix("(<0>)")
    else:
        latex, text = (function if len(function) == 1 else rf"\operatorname{{{function}}}"), function
    return Operation(
        name=name,
        value=_no_value,
        adjoint=(None,),
        shape=_scalar,
        latex=latex + "'" * primes + r"\left( <0> \right)",
        text=text + "′" * primes + "(<0>)",
    )


@lru_cache(maxsize=256)
def matrix(rows: int, columns: int) -> Operation:
    """A matrix by its entries, row after row."""
    slots = [[f"<{row * columns + column}>" for column in range(columns)] for row in range(rows)]
    body = r" \\ ".join(" & ".join(row) for row in slots)

    def shape(shapes: tuple[Shape, ...]) -> Shape:
        if any(shapes):
            raise ShapeError("the entries of a matrix are numbers")
        return (rows, columns)

    return Operation(
        name="matrix",
        arity=rows * columns,
        value=_no_value,
        adjoint=(None,) * (rows * columns),
        shape=shape,
        slots=(Precedence.FREE,) * (rows * columns),
        latex=rf"\begin{{bmatrix}} {body} \end{{bmatrix}}",
        text="[" + "; ".join(" ".join(row) for row in slots) + "]",
    )


def build(syntax: Syntax, scope: Scope) -> Expression:
    """The expression behind the syntax.

    Raises ReadError for an unknown name, ShapeError where shapes do not fit.
    """
    if syntax.kind == "number":
        return Number(reader.number(syntax.value))
    if syntax.kind == "name":
        return _named(syntax.value, scope)
    arguments = tuple(build(part, scope) for part in syntax.parts)
    if syntax.kind == "call":
        return _called(syntax, arguments)
    if syntax.kind == "matrix":
        rows, columns = map(int, syntax.value.split("x"))
        return Application(matrix(rows, columns), arguments, ())
    if syntax.kind == "function":
        return Application(defined(syntax.value), arguments, ())
    order = int(dict(syntax.keywords)["order"].value)
    if syntax.kind == "prime":
        return Application(prime(syntax.value, order), arguments, ())
    (result,) = arguments
    variable = _named(syntax.value, scope)
    for _ in range(order):
        operation = _OF_NAMES[syntax.kind][isinstance(result, Name)]
        result = Application(operation, (result, variable), ())
    return result


def _named(name: str, scope: Scope) -> Expression:
    if name in scope.names:
        return scope.names[name]
    near = get_close_matches(name, scope.names, 1)
    raise ReadError(f"{name!r} is not defined", hint=f"did you mean {near[0]}?" if near else None)


def _called(syntax: Syntax, arguments: tuple[Expression, ...]) -> Expression:
    if syntax.value in ("product", "times"):
        left, right = arguments
        return apply("matmul" if left.shape and right.shape else "multiply", left, right)
    names = {str(place): argument for place, argument in enumerate(arguments)}
    arity = TABLE[syntax.value].arity
    parts = (*(Syntax("name", str(place)) for place in range(arity)), *syntax.parts[arity:])
    return reader.build(Syntax("call", syntax.value, parts), names)


def names_of(syntax: Syntax) -> list[str]:
    """The names in it, variables of derivatives included, in order of first occurrence.

    >>> from chalkwork.algebra.latex.reading import parse_latex
    >>> names_of(parse_latex("b (a + b)"))
    ['b', 'a']
    """
    found = [syntax.value] if syntax.kind in ("name", "d", "partial") else []
    for part in syntax.parts:
        found += names_of(part)
    return list(dict.fromkeys(found))
