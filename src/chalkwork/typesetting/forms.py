"""What an expression looks like from outside: questions that the writer asks before it sets one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Application, Expression, Number, apply, names_in
from chalkwork.algebra.numerals import Scalar, as_text
from chalkwork.algebra.operations import Operation, Precedence
from chalkwork.algebra.reading.written import no_value
from chalkwork.derivation.evaluate import evaluate
from chalkwork.typesetting.matrices import under_its_name
from chalkwork.typesetting.notation import subscript

MOST_SQUARES = 8


def as_written(expression: Expression) -> Expression:
    """What is written for an expression.

    An entry has its name, a sum over a single entry is that entry, a mean over all entries is their sum over their
    number, a quotient of whole numbers in lowest terms is a fraction, and what has no name of its own in the table of
    operations is written by the one that people use: log x / log 2 as a logarithm to the base 2.

    >>> from chalkwork.algebra.expression import Name
    >>> print(as_written(apply("sum", Name("a", (1, 1)))), as_written(apply("sum", Name("a", (2, 1)))))
    a sum(a)
    >>> as_written(apply("divide", Number(1), Number(2)))
    <1/2: a scalar>
    """
    if not isinstance(expression, Application):
        return expression
    form = _FORMS.get(expression.operation.name)
    return form(expression) if form is not None else expression


_BASES = {
    base: Operation(
        name=f"log{base}", value=no_value, derivative=("1 / x",), latex=rf"\log_{{{base}}} <0>",
        text=f"log{subscript(str(base))} <0>", precedence=Precedence.MATRIX_PRODUCT, slots=(Precedence.ATOM,),
    )
    for base in (2, 10)
}  # fmt: skip
_FROM_BELOW = {
    "floor": Operation(
        name="ceil", value=no_value, derivative=("0",), latex=r"\left\lceil <0> \right\rceil", text="⌈<0>⌉"
    ),
    "max": Operation(
        name="min", value=no_value, adjoint=(None,), shape=lambda shapes: (), latex=r"\min\left( <0> \right)",
        text="min(<0>)",
    ),
}  # fmt: skip


def _turned_twice(negative: Application) -> Expression:
    """Minus the largest integer below minus x is the smallest one above x, and so for the largest entry."""
    (inner,) = negative.arguments
    if not isinstance(inner, Application) or inner.operation.name not in _FROM_BELOW or any(inner.parameters):
        return negative
    (turned,) = inner.arguments
    if not isinstance(turned, Application) or turned.operation.name != "negative":
        return negative
    return Application(_FROM_BELOW[inner.operation.name], turned.arguments, ())


def _mean(mean: Application) -> Expression:
    (inner,), axes = mean.arguments, summed_axes(mean)
    if mean.parameters[0] is not None or not axes or not is_entry_by_entry(inner, axes):
        return mean
    return Number(Fraction(1, prod(inner.shape))) * apply("sum", inner)


def _common_fraction(quotient: Application) -> Expression:
    above, below = quotient.arguments
    if isinstance(above, Application) and isinstance(below, Application):
        base = below.arguments[0] if above.operation.name == below.operation.name == "log" else None
        if isinstance(base, Number) and base.value in _BASES:
            return Application(_BASES[int(base.value)], above.arguments, ())
    values = [part.value for part in quotient.arguments if isinstance(part, Number) and isinstance(part.value, int)]
    if len(values) != 2 or values[0] < 0 or values[1] < 2:
        return quotient
    found = Fraction(*values)
    return Number(found) if [found.numerator, found.denominator] == values else quotient


def _sum(whole: Application) -> Expression:
    return whole if summed_axes(whole) else as_written(whole.arguments[0])


_FORMS: Mapping[str, Callable[[Application], Expression]] = {
    "divide": _common_fraction, "entry": under_its_name, "mean": _mean, "negative": _turned_twice, "sum": _sum,
}  # fmt: skip


def squares_added(expression: Expression) -> Expression:
    """A squared norm as the sum that it is, where its numbers are few."""
    if not isinstance(expression, Application) or expression.operation.name != "squared_norm":
        return expression
    (inner,) = expression.arguments
    return apply("sum", inner**2) if prod(inner.shape) <= MOST_SQUARES else expression


def is_coefficient(left: Expression, right: Expression) -> bool:
    """Whether a number stands before what it multiplies without a sign between them; a 1 does not."""
    return (
        isinstance(left, Number) and left.value != 1 and not isinstance(right, Number) and not starts_with_number(right)
    )


EULER = apply("exp", Number(1))


def is_sum(expression: Expression) -> bool:
    """Whether it is a sum or a difference."""
    return isinstance(expression, Application) and expression.operation.name in ("add", "subtract")


def is_summation(expression: Expression) -> bool:
    """Whether it is a sum over entries."""
    return isinstance(expression, Application) and expression.operation.name == "sum"


def starts_with_number(expression: Expression) -> bool:
    """Whether its first sign is a digit."""
    while isinstance(expression, Application) and expression.operation.infix:
        expression = expression.arguments[0]
    return isinstance(expression, Number)


def is_entry_by_entry(expression: Expression, axes: Iterable[int]) -> bool:
    """Whether along these axes every entry of it is made of the same entries of its names.

    Along an axis before those of the matrices that is so where every matrix is made of one matrix each.

    >>> from chalkwork.algebra.expression import Name
    >>> product = apply("matmul", Name("x", (4, 2, 3)), Name("W", (3, 2)))
    >>> is_entry_by_entry(product, [-3]), is_entry_by_entry(product, [-1])
    (True, False)
    """
    if not isinstance(expression, Application):
        return True
    operation, axis = expression.operation, expression.named_parameters.get("axis", 0)
    apart = operation.entrywise or operation.name == "broadcast"
    if not apart and (max(axes, default=-1) >= -2 or axis not in (-2, -1, 0) or operation.name not in _WITHIN_MATRICES):
        return False
    return all(is_entry_by_entry(argument, axes) for argument in expression.arguments)


_WITHIN_MATRICES = frozenset(("matmul", "transpose", "softmax", "log_softmax", "logsumexp", "sum", "mean", "max"))


def with_equality(step: Application, values: Mapping[str, Any]) -> Expression:
    """A step with what it is where its argument is zero, if some entry is and that is not 0; else the step itself.

    >>> from chalkwork.algebra.expression import Name
    >>> print(with_equality(apply("step", Name("x"), at_zero=0.5), {"x": np.array([[0.0]])}))
    step(x) + 0.5 * equal(x, 0)
    """
    (inner,) = step.arguments
    at_zero = step.named_parameters["at_zero"]
    if not isinstance(at_zero, int | float) or not at_zero or any(name.name not in values for name in names_in(inner)):
        return step
    if np.all(evaluate(inner, values)):
        return step
    there = apply("equal", inner, Number(0))
    return apply("add", apply("step", inner), apply("multiply", Number(at_zero), there))


def huber_branch(inner: Expression, value: float, delta: float) -> Expression:
    """What a Huber loss is of an argument with that value: half its square, or a straight line.

    >>> from chalkwork.algebra.expression import Name
    >>> print(huber_branch(Name("x"), 0.3, 0.5), "and", huber_branch(Name("x"), 2.0, 0.5))
    (1/2) * x^2 and 0.5 * (abs(x) - 0.25)
    """
    if abs(value) <= delta:
        return Number(Fraction(1, 2)) * inner**2
    return Number(delta) * (apply("abs", inner) - Number(delta / 2))


def short(value: Scalar) -> str:
    """A number of a formula, as it was typed."""
    return f"{value:.15g}" if isinstance(value, float) else as_text(value)


def summed_axes(expression: Application) -> list[int]:
    """The axes over which a sum runs, -2 for rows and -1 for columns, without those of one entry."""
    (inner,) = expression.arguments
    axis = expression.parameters[0]
    axes = (axis,) if isinstance(axis, int) else range(-len(inner.shape), 0)
    return [axis for axis in axes if inner.shape[axis] > 1]


def running_letter(axis: int, samples: str | None, rank: int = 2) -> str:
    """The index of a sum over an axis: i runs over samples, k over units; j over what lies between them.

    >>> running_letter(-2, "rows"), running_letter(-2, "columns"), running_letter(-1, None)
    ('i', 'k', 'j')
    >>> running_letter(-3, "rows", 3), running_letter(-2, "rows", 3)
    ('i', 'j')
    """
    if samples is None:
        return "ij"[axis] if axis >= -2 else "k"
    if axis < -2:
        return "i"
    return ("i" if rank <= 2 else "j") if axis == (-1 if samples == "columns" else -2) else "k"
