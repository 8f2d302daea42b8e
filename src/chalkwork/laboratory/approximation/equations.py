"""The equations of an approximation: values at the points, knots, and the triangular system solved from the top."""

from __future__ import annotations

from chalkwork.algebra.expression import Expression, Name, Number, replace
from chalkwork.derivation.derivation import Derivation, Equation, Stage
from chalkwork.laboratory.approximation.study import Study
from chalkwork.typesetting.notation import subscript
from chalkwork.typesetting.symbols import Symbol

VALUES = Stage("values", "Values at the points")
KNOTS = Stage("knots", "Knots")
SUBSTITUTION = Stage("substitution", "Forward substitution")
MOST_SOLVED = 8
"""Points, from the first on, whose weights are worked out as equations."""


def derivation_of(found: Study) -> Derivation:
    """The values at the points, the knots, and the triangular system solved from the top."""
    equal, count = found.kind == "equidistant", min(found.interpolant.size, MOST_SOLVED)
    givens = [Name(f"x{i}") for i in range(1, count + 1)]
    values: list[Equation] = []
    if found.function is None:
        givens += [Name(f"f{i}") for i in range(1, count + 1)]
    else:
        variable = Name(found.function.variable)
        at = [replace(found.function.tree, {variable: Name(f"x{i}")}) for i in range(1, count + 1)]
        values = [Equation(f"f{i}", value, VALUES) for i, value in enumerate(at, 1)]
    if equal:
        return Derivation(
            (*givens, Name("h")),
            (*values, *(Equation(f"lambda{i}", _equal_step(i), SUBSTITUTION) for i in range(1, count + 1))),
        )
    first = Name("x1") - (Name("x2") - Name("x1"))
    knots = [Equation(f"b{i}", first if i == 1 else Name(f"x{i - 1}"), KNOTS) for i in range(1, count + 1)]
    solved = [Equation(f"lambda{i}", _step(i), SUBSTITUTION) for i in range(1, count + 1)]
    return Derivation(tuple(givens), (*values, *knots, *solved))


def letters(count: int) -> dict[str, Symbol]:
    """The values as f(x_1)."""
    found = {}
    for i in range(1, count + 1):
        found[f"f{i}"] = Symbol(f"f(x_{i})", f"f(x{subscript(str(i))})")
    return found


def _equal_step(i: int) -> Expression:
    """f_i / h less the weights before, the first one i times and the last one twice."""
    result: Expression = Name(f"f{i}") / Name("h")
    for j in range(1, i):
        result = result - Number(i - j + 1) * Name(f"lambda{j}")
    return result


def _step(i: int) -> Expression:
    """The value less what the ReLUs before give there, over the distance from the knot."""
    top: Expression = Name(f"f{i}")
    for j in range(1, i):
        top = top - (Name(f"x{i}") - Name(f"b{j}")) * Name(f"lambda{j}")
    return top / (Name(f"x{i}") - Name(f"b{i}"))
