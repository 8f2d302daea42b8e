"""Other ways to write an equation that are equally right, and differ once an earlier step is wrong."""

from __future__ import annotations

from collections.abc import Iterator

from chalkwork.algebra.expression import Expression
from chalkwork.checking.mistakes.context import Context
from chalkwork.checking.mistakes.errors import applied, error_factors, keeps_sign, through
from chalkwork.checking.mistakes.newton import by_determinant
from chalkwork.checking.mistakes.search import simplified
from chalkwork.derivation.derivation import Equation


def equivalents(equation: Equation, context: Context) -> list[Expression]:
    """The error with its f' by the net input where the equation has the activation, and the other way round.

    Only f' is exchanged: an activation that enters as an output or as an input stays what it is. And a linear system of
    two equations solved by the inverse, with the determinant as it was found.
    """
    right = simplified(equation.expression)
    forms = (simplified(form) for form in _forms(equation, context))
    return [form for form in dict.fromkeys(forms) if form != right and form.shape == right.shape]


def _forms(equation: Equation, context: Context) -> Iterator[Expression]:
    yield from by_determinant(equation, context)
    found = error_factors(equation, context)
    if found is None:
        return
    layer, upstream = found
    yield from through(upstream, layer.function, layer.function)
    if keeps_sign(layer.function):  # z > 0 where a > 0
        again = applied(layer.function, layer.activation.symbol)
        yield from through(upstream, again, again)
