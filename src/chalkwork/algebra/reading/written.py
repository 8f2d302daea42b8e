r"""What formulas hold beyond the table of operations: derivatives, primes, matrices, functions that somebody defined.

They are operations of their own, which can be typeset like any other. All but matrices have no value: who evaluates
works them out first (the chain rule, the definition).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeGuard

from chalkwork.algebra.expression import Application, Expression
from chalkwork.algebra.operations import TABLE, Operation, Precedence, Shape
from chalkwork.algebra.operations.entry import argument_names
from chalkwork.errors import ShapeError


def no_value(*arguments: Any, **parameters: Any) -> Any:
    """The value of what is only written."""
    raise ShapeError("a derivative or a defined function has no value before it is worked out")


def _scalar(shapes: tuple[Shape, ...]) -> Shape:
    if any(shapes):
        raise ShapeError("only numbers are differentiated by numbers here, not vectors or matrices")
    return ()


def _derivative(name: str, sign: str, text: str, of_name: bool = False) -> Operation:
    """d/dx of something; of a mere name it stands in the numerator."""
    return Operation(
        name=name,
        arity=2,
        value=no_value,
        adjoint=(None, None),
        shape=_scalar,
        precedence=Precedence.MATRIX_PRODUCT,
        slots=(Precedence.POWER, Precedence.ATOM),
        latex=rf"\frac{{{sign} <0>}}{{{sign} <1>}}" if of_name else rf"\frac{{{sign}}}{{{sign} <1>}} <0>",
        text=f"{text}<0>/{text}<1>" if of_name else f"{text}/{text}<1> <0>",
    )


DERIVATIVE = _derivative("derivative", "d", "d")
PARTIAL = _derivative("partial", r"\partial", "∂")
BY_SIGN = {
    "d": (DERIVATIVE, _derivative("derivative", "d", "d", of_name=True)),
    "partial": (PARTIAL, _derivative("partial", r"\partial", "∂", of_name=True)),
}
"""The derivative behind each sign, of an expression and of a mere name."""


def is_derivative(node: Expression) -> TypeGuard[Application]:
    """Whether it is d/dx of something, or the partial derivative."""
    return isinstance(node, Application) and node.operation.name in (DERIVATIVE.name, PARTIAL.name)


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
        value=no_value,
        adjoint=(None,),
        shape=_scalar,
        latex=latex + "'" * primes + r"\left( <0> \right)",
        text=text + "′" * primes + "(<0>)",
    )


@lru_cache(maxsize=64)
def series(index: str) -> Operation:
    """A sum over an index from 1 to a number that has a letter; of the summand and that number."""
    below = {"i": "ᵢ", "j": "ⱼ", "k": "ₖ", "t": "ₜ"}.get(index, f"_{index}")
    return Operation(
        name="series",
        arity=2,
        value=no_value,
        adjoint=(None, None),
        shape=lambda shapes, index: _scalar(shapes),
        parameters={"index": ord(index)},
        precedence=Precedence.MATRIX_PRODUCT,
        slots=(Precedence.PRODUCT, Precedence.ATOM),
        latex=rf"\sum_{{{index}=1}}^{{<1>}} <0>",
        text=f"∑{below}₌₁^<1> <0>",
    )


@lru_cache(maxsize=256)
def matrix(rows: int, columns: int) -> Operation:
    """A matrix by its entries, row after row."""
    places = [(row, column) for row in range(1, rows + 1) for column in range(1, columns + 1)]
    slots = [[f"<{row * columns + column}>" for column in range(columns)] for row in range(rows)]
    body = r" \\ ".join(" & ".join(row) for row in slots)
    definition = f"broadcast(0, [{rows}, {columns}])"
    for name, (row, column) in zip(argument_names(len(places)), places, strict=True):
        definition = f"placed({definition}, {name}, place=[{row}, {column}])"

    def value(xp: Any, *entries: Any) -> Any:
        spread = xp.broadcast_arrays(*entries)
        lines = [xp.concat(spread[row * columns : (row + 1) * columns], axis=-1) for row in range(rows)]
        return xp.concat(lines, axis=-2)

    def shape(shapes: tuple[Shape, ...]) -> Shape:
        if any(shapes):
            raise ShapeError("the entries of a matrix are numbers")
        return (rows, columns)

    return Operation(
        name="matrix",
        arity=rows * columns,
        value=value,
        adjoint=tuple(
            f"entry(g, place=[{place // columns + 1}, {place % columns + 1}])" for place in range(rows * columns)
        ),
        shape=shape,
        slots=(Precedence.FREE,) * (rows * columns),
        latex=rf"\begin{{bmatrix}} {body} \end{{bmatrix}}",
        text="[" + "; ".join(" ".join(row) for row in slots) + "]",
        definition=definition,
    )
