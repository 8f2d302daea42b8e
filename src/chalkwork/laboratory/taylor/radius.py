"""How far a Taylor series converges: the distance to the nearest singularity in the complex plane.

Ahlfors, Complex Analysis (3rd edition 1979), section 5.1.2: a function that is analytic in a disc about the point is
the sum of its Taylor series there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from chalkwork.algebra.expression import Application, Expression, walk
from chalkwork.algebra.operations import TABLE
from chalkwork.laboratory.functions.one_variable import CONSTANTS, Function
from chalkwork.laboratory.taylor.derivatives import Ring, TooLong

_ENTIRE = {"add", "subtract", "negative", "multiply"} | {name for name, entry in TABLE.items() if entry.poles == inf}
_HIGHEST_DEGREE = 24


@dataclass(frozen=True, slots=True)
class Radius:
    """The radius; `exact` is False where it is a lower bound. `singularities` are the nearest ones."""

    value: float
    exact: bool
    singularities: tuple[complex, ...] = ()


def radius_of(function: Function, about: float) -> Radius | None:
    """The radius of convergence of the series about a point; None where it is not known.

    The function has no kinks (`smooth_branch`).

    >>> from math import pi
    >>> radius_of(Function.of("sigmoid"), 0.0).value == pi, radius_of(Function.of("exp(-x^2)"), 1.0).value
    (True, inf)
    >>> round(radius_of(Function.of("1/(1 + x^2)"), 0.0).value, 12)
    1.0
    """
    places: list[complex] = []
    nodes = 0
    for node in walk(function.tree):
        if not isinstance(node, Application) or node.operation.name in _ENTIRE or _is_harmless(node, function):
            continue
        found = _singularities(node, function, about)
        if found is None:
            return None
        nodes += 1
        places += found
    if not places:
        return Radius(inf, True)
    distance = min(abs(place - about) for place in places)
    near = tuple(dict.fromkeys(place for place in places if abs(place - about) <= distance * (1 + 1e-9)))
    return Radius(float(distance), nodes == 1 and _is_plain(function), near)


def _is_plain(function: Function) -> bool:
    """Whether nothing can cancel the singularity."""
    tree = function.tree
    return function.activation is not None or (
        isinstance(tree, Application) and not any(_depends(part, function) for part in tree.arguments[:-1])
    )


def _depends(node: Expression, function: Function) -> bool:
    return any(str(part) == function.variable for part in walk(node))


def _is_harmless(node: Application, function: Function) -> bool:
    """A quotient by a constant, a whole power that is not negative, a function of a constant."""
    if not _depends(node, function):
        return True
    if node.operation.name == "divide":
        return not _depends(node.arguments[1], function)
    if node.operation.name == "power" and not _depends(node.arguments[1], function):
        exponent = Function("", node.arguments[1], "x").values(0.0).item()
        return exponent >= 0 and float(exponent).is_integer()
    return False


def _singularities(node: Application, function: Function, about: float) -> list[complex] | None:
    name = node.operation.name
    inner = node.arguments[1] if name == "divide" else node.arguments[0]
    coefficients = _polynomial(inner, function)
    if coefficients is None or (name == "power" and _depends(node.arguments[1], function)):
        return None
    if node.operation.poles is not None:
        poles = _near_poles(coefficients, about, node.operation.poles)
        return [root for pole in poles for root in _roots(coefficients, pole)]
    return _roots(coefficients, 0)


def _near_poles(coefficients: Sequence[float], about: float, pole: float) -> list[complex]:
    """The odd multiples of i times `pole` that can be met nearest; of a polynomial of degree 1 the first ones are."""
    return [
        complex(0, sign * pole * k) for k in ((1,) if len(coefficients) <= 2 else (1, 3, 5, 7, 9)) for sign in (1, -1)
    ]


def _roots(coefficients: Sequence[float], value: complex) -> list[complex]:
    """Where the polynomial (lowest power first) has that value."""
    shifted = [complex(part) for part in coefficients]
    shifted[0] -= value
    if len(shifted) == 2:
        return [complex(-shifted[0] / shifted[1])]
    return [complex(root) for root in np.roots(shifted[::-1])]


def _polynomial(node: Expression, function: Function) -> list[float] | None:
    """The coefficients of a polynomial in the variable, lowest power first."""
    ring = Ring(function.variable)
    try:
        terms = ring.of(node)
    except (TooLong, ZeroDivisionError):
        return None
    result = [0.0] * (_HIGHEST_DEGREE + 1)
    for monomial, coefficient in terms.items():
        powers = dict(monomial)
        degree = powers.pop(0, 0)
        size = float(coefficient)
        for index, power in powers.items():
            kind = ring.generators[index].kind
            if kind not in CONSTANTS:
                return None
            size *= CONSTANTS[kind] ** power
        if degree > _HIGHEST_DEGREE:
            return None
        result[degree] += size
    while len(result) > 1 and result[-1] == 0:
        result.pop()
    return result if len(result) > 1 else None
