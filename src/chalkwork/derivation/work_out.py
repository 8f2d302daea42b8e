"""The numbers of one exercise, in NumPy; where there is none, an error that names the equation and the cause."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from math import isfinite, prod
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Application, Expression, walk
from chalkwork.budget import check_size, check_time, check_work
from chalkwork.derivation.cancellation import SUSPICIOUS, Carried, without_noise
from chalkwork.derivation.derivation import Derivation, Equation
from chalkwork.derivation.evaluate import Rounding, evaluate
from chalkwork.errors import CostError, ValueProblem


def work_out(derivation: Derivation, givens: Mapping[str, Any], rounding: Rounding | None = None) -> dict[str, Any]:
    """`evaluate_all` in NumPy for one exercise; a result that is no number is an error that says why.

    What is only the rounding error of terms that cancel, in this equation or in earlier ones, is zero.

    Raises ValueProblem with the equation and the entry, CostError for what would take too long or too much memory.

    >>> from chalkwork.algebra.expression import Name, apply
    >>> from chalkwork.derivation.derivation import Equation, Stage
    >>> x = Name("x")
    >>> work = Derivation((x,), (Equation("y", apply("log", x), Stage.FORWARD),))
    >>> work_out(work, {"x": np.zeros((1, 1))})
    Traceback (most recent call last):
        ...
    chalkwork.errors.ValueProblem: the logarithm of zero in y, in y = log(x)
    """
    check_cost(derivation, givens)
    values = dict(givens)
    carried = Carried(derivation, values)
    with np.errstate(all="ignore"):
        for number, equation in enumerate(derivation.equations):
            check_time(equation)
            value = evaluate(equation.expression, values)
            sizes = np.abs(value)
            if not isfinite(largest := float(sizes.max())):
                raise _no_number(equation, values, value)
            small = sizes < SUSPICIOUS * carried.largest
            if small.any() and (small & (sizes > 0)).any():
                value = without_noise(value, equation.expression, values)
                value = carried.without_noise(value, number) if rounding is None else value
            carried.largest = max(carried.largest, largest)
            values[equation.name] = value if rounding is None else rounding(value)
    return values


def check_cost(derivation: Derivation, givens: Mapping[str, Any]) -> None:
    """Refuse what would take too much memory, or too many products, before any of it is worked out.

    Raises CostError with the equation at which it becomes too much.

    >>> from chalkwork.algebra.expression import Name
    >>> from chalkwork.derivation.derivation import Equation, Stage
    >>> a = Name("A", (9999, 9999))
    >>> check_cost(Derivation((a,), (Equation("B", a @ a, Stage.FORWARD),)), {})
    Traceback (most recent call last):
        ...
    chalkwork.errors.CostError: B takes 1.0e+12 multiplications, more than 2.0e+11, in B = A @ A
    """
    free = (
        np.shape(givens[name.name])[: -max(len(name.shape), 2)] for name in derivation.givens if name.name in givens
    )
    leading = max(map(prod, free), default=1)
    kept = products = 0
    for equation in derivation.equations:
        entries, added = _parts_of(equation.expression)
        own = prod(equation.expression.shape) * leading
        passing, products, kept = entries * leading - own, products + added * leading, kept + own
        try:
            check_size(kept + passing, equation.name)
            check_work(products, equation.name)
        except CostError as error:
            raise error.at(equation=str(equation)) from None


@lru_cache(maxsize=1024)
def _parts_of(expression: Expression) -> tuple[int, int]:
    """How many entries all parts of the expression have, and how many products they take."""
    nodes = [node for node in walk(expression) if isinstance(node, Application)]
    return sum(prod(node.shape) for node in nodes), sum(node.products for node in nodes)


def _no_number(equation: Equation, values: Mapping[str, Any], value: Any) -> ValueProblem:
    bad = np.argwhere(~np.isfinite(value))[0]
    place = equation.name
    if equation.expression.shape:
        place += f"[{','.join(map(str, bad[-len(equation.expression.shape) :] + 1))}]"
    cause = _cause(equation.expression, values) or f"the value {value[tuple(bad)]}"
    return ValueProblem(f"{cause} in {place}", equation=str(equation))


def _cause(expression: Expression, values: Mapping[str, Any]) -> str | None:
    """The first operation from the inside that left its domain."""
    if not isinstance(expression, Application):
        return None
    for argument in expression.arguments:
        inner = _cause(argument, values)
        if inner:
            return inner
    known = all(np.isfinite(evaluate(argument, values)).all() for argument in expression.arguments)
    if not known or np.isfinite(evaluate(expression, values)).all():
        return None
    name = expression.operation.name
    last = evaluate(expression.arguments[-1], values)
    if name in ("log", "xlogy"):
        return "the logarithm of zero" if (last == 0).any() else "the logarithm of a negative number"
    if name == "divide" and (last == 0).any():
        return "a division by zero"
    if name == "solve":
        return "a singular matrix"
    if name == "sqrt":
        return "the square root of a negative number"
    if name == "power":
        base = evaluate(expression.arguments[0], values)
        if (np.isnan(evaluate(expression, values)) & (base < 0)).any():
            return "a fractional power of a negative number"
        if ((base == 0) & (last < 0)).any():
            return "a negative power of zero"
    return f"an overflow of {name}"
