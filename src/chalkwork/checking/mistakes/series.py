"""Mistakes in the coefficients of a Taylor polynomial."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import factorial

from chalkwork.algebra.expression import Expression, Name, Number
from chalkwork.checking.mistakes.context import Context
from chalkwork.checking.mistakes.entry import Mistake, Rewrites
from chalkwork.checking.mistakes.structure import is_operation
from chalkwork.derivation.derivation import Equation


def _order(equation: Equation, context: Context) -> int | None:
    """k where the equation is number k of its stage, from 0, and divides a name by k!, as those before it do."""
    if not is_operation(equation.expression, "divide"):
        return None
    stage = [one for one in context.derivation.equations if one.stage == equation.stage]
    k = stage.index(equation) if equation in stage else 0
    return k if k >= 2 and all(_is_coefficient(one, place) for place, one in enumerate(stage[: k + 1])) else None


def _is_coefficient(equation: Equation, k: int) -> bool:
    form = equation.expression
    if k < 2:
        return isinstance(form, Name) and not form.shape
    if not is_operation(form, "divide"):
        return False
    above, below = form.arguments
    return isinstance(above, Name) and below == Number(factorial(k))


def _instead(change: Callable[[Expression, int], Expression]) -> Rewrites:
    """Something else done with the derivative of order k than dividing it by k!."""

    def rewrites(equation: Equation, context: Context) -> Iterator[Expression]:
        k = _order(equation, context)
        if k is not None and is_operation(equation.expression, "divide"):
            yield change(equation.expression.arguments[0], k)

    return rewrites


MISTAKES = (
    Mistake(
        id="factorial-forgotten",
        title="The factorial was left out",
        explanation="<this> is the derivative at the point itself: it was not divided by the factorial of its order.",
        hint="Differentiate a single power as often as its exponent says. Which number is left in front?",
        likelihood=9,
        rewrites=_instead(lambda derivative, k: derivative),
    ),
    Mistake(
        id="order-for-factorial",
        title="The order instead of its factorial",
        explanation="For <this> the derivative was divided by its order instead of by the factorial of the order.",
        hint="Which factors come down, one after the other, when a power is differentiated to the end?",
        likelihood=6,
        rewrites=_instead(lambda derivative, k: derivative / k),
    ),
    Mistake(
        id="factorial-before",
        title="The factorial of another order",
        explanation="For <this> the derivative was divided by the factorial of the order before.",
        hint="Which order has the derivative that you divide?",
        likelihood=4,
        rewrites=_instead(lambda derivative, k: derivative / factorial(k - 1)),
    ),
)
