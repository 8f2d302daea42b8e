"""Small questions about expressions and equations that several mistakes ask."""

from __future__ import annotations

import re
from fractions import Fraction
from math import prod
from typing import TypeGuard

from chalkwork.algebra.expression import Application, Expression, Name, walk
from chalkwork.algebra.terms import Term, term_of, terms_of
from chalkwork.derivation.derivation import Equation, Stage

_LARGEST_DENOMINATOR = 10**9
_NUMBERED = re.compile(r"\d+(_[a-z_]+)?$")  # p1, p2, p2_newton: points with the number of the step
_SLOPE = re.compile(r"(clipped_)?[gx][0-9]+(_[a-z_]+)?")
_UPDATED = re.compile("_new[0-9]*$")


def is_operation(node: Expression, *names: str) -> TypeGuard[Application]:
    """Whether the node is one of the operations."""
    return isinstance(node, Application) and node.operation.name in names


def is_function(part: Expression) -> TypeGuard[Application]:
    """Whether it is a function of every entry of one argument."""
    return isinstance(part, Application) and len(part.arguments) == 1 and part.operation.entrywise


def has_operation(expression: Expression, *names: str) -> bool:
    """Whether one of the operations occurs."""
    return any(is_operation(node, *names) for node in walk(expression))


def is_slope(name: Name) -> bool:
    """Whether it is what a numbered step takes on: the gradient of a function, or one of the numbers of an average.

    >>> is_slope(Name("g2_adam")), is_slope(Name("gamma1"))
    (True, False)
    """
    return _SLOPE.fullmatch(name.name) is not None


def product(expression: Expression) -> Term:
    """The factors of the expression; the whole as one factor where its numbers are too large to be multiplied."""
    try:
        return term_of(expression)
    except OverflowError:
        return Term(1, ((expression, 1),))


def summands(expression: Expression) -> list[Term]:
    """The terms of the expression; the whole as one term where its numbers are too large to be multiplied."""
    try:
        return terms_of(expression)
    except OverflowError:
        return [Term(1, ((expression, 1),))]


def share_below(term: Term, count: int) -> bool:
    """Whether the number in front of the term is divided by the count."""
    return Fraction(term.coefficient).limit_denominator(_LARGEST_DENOMINATOR).denominator % count == 0


def name_alone(term: Term) -> Name | None:
    """The name that the term consists of."""
    if term.coefficient == 1 and len(term.factors) == 1:
        base, exponent = term.factors[0]
        if isinstance(base, Name) and exponent == 1:
            return base
    return None


def added_step(equation: Equation) -> tuple[Name, Name] | None:
    """The old point and the step of an update that adds one: p + d."""
    if equation.stage != Stage.UPDATE:
        return None
    names = [name_alone(term) for term in summands(equation.expression)]
    if len(names) != 2 or names[0] is None or names[1] is None:
        return None
    return names[0], names[1]


def coefficient_of(expression: Expression) -> Fraction:
    """The number in front of the expression."""
    return Fraction(product(expression).coefficient).limit_denominator(_LARGEST_DENOMINATOR)


def collapsed(node: Application) -> int:
    """How many entries of its argument one entry of a sum or mean is made of."""
    return prod(node.arguments[0].shape) // max(1, prod(node.shape))


def untransposed(expression: Expression) -> Expression:
    """What is transposed, where something is; else the expression."""
    return expression.arguments[0] if is_operation(expression, "transpose") else expression


def updated_parameter(equation: Equation) -> Name | None:
    """What an update changes: the term that stands alone, if it is the same quantity before the step.

    The lines of a moving mean have none: a gradient that stands alone there is no parameter.
    """
    alone = [name for name in map(name_alone, summands(equation.expression)) if name is not None]
    same = [name for name in alone if _bare(name.name) == _bare(equation.name)]
    numbered = [name for name in alone if _NUMBERED.sub("", name.name) == _NUMBERED.sub("", equation.name)]
    return next(iter((*same, *numbered)), None)


def _bare(name: str) -> str:
    return _UPDATED.sub("", name)
