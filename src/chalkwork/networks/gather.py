"""Sums over samples as people write them: what is the same for every sample stands before the sum."""

from __future__ import annotations

from chalkwork.algebra.expression import Application, Expression, apply, rebuild
from chalkwork.algebra.simplify import simplify
from chalkwork.algebra.terms import Term, expression_of, term_of
from chalkwork.algebra.times import in_time


def gathered(expression: Expression) -> Expression:
    """The expression with factors that do not change along a sum taken out of it; equal in value.

    >>> from chalkwork.algebra.expression import Name
    >>> a, s = Name("a", (3, 2)), Name("s", (1, 2))
    >>> print(gathered(apply("sum", a / s**2, axis=-2) / s))
    sum(a, axis=0) / s^3
    """
    taken = _taken_out(expression)
    return in_time(expression if taken is expression else simplify(taken))


def _taken_out(node: Expression) -> Expression:
    if not isinstance(node, Application):
        return node
    node = rebuild(node, tuple(_taken_out(argument) for argument in node.arguments))
    if node.operation.name != "sum" or not isinstance(node.parameters[0], int):
        return node
    (inner,), axis = node.arguments, node.parameters[0]
    if not inner.shape or inner.shape[axis] == 1:
        return node

    def same_along(factor: Expression) -> bool:
        shape = factor.shape
        return len(shape) > 0 and (shape[axis] == 1 if len(shape) >= -axis and axis >= -2 else len(shape) < -axis)

    term = term_of(inner)
    outside = tuple(factor for factor in term.factors if same_along(factor[0]))
    rest = expression_of(Term(term.coefficient, tuple(factor for factor in term.factors if factor not in outside)))
    if not outside or rest.shape != inner.shape:
        return node
    return apply("multiply", apply("sum", rest, axis=axis), expression_of(Term(1, outside)))
