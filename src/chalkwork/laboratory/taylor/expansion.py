"""A function of one variable expanded about a point: derivatives, remainder, and how far the series converges.

That is the distance to the nearest singularity in the complex plane, Ahlfors, Complex Analysis (3rd edition 1979),
section 5.1.2: a function that is analytic in a disc about the point is the sum of its Taylor series there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Context, Decimal
from fractions import Fraction
from functools import cached_property
from math import factorial, inf
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Application, Expression, Name, walk
from chalkwork.algebra.operations import TABLE
from chalkwork.bounds.intervals import Array
from chalkwork.documents.literal import visible
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.functions.one_variable import (
    CONSTANTS,
    Function,
    check_defined,
    constant,
    interval_of,
    smooth_branch,
)
from chalkwork.laboratory.functions.series import largest_coefficient, taylor_coefficients
from chalkwork.laboratory.taylor.derivatives import Place, Polynomial, Ring, TooLong, rational
from chalkwork.networks.arguments import whole

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


HIGHEST_ORDER = 30
MOST_SHOWN = 6
MOST_TERMS = 6
_WIDEST = 60
_POINTS = 4001
_WIDTHS = (2.0, 1.0, 0.5, 0.25, 0.125)
_LETTERS = {name: operation.letter for name, operation in TABLE.items() if operation.letter} | {"power": "p"}
_TAKEN = re.compile(r"[fc]\d+|bound")


@dataclass(frozen=True, slots=True)
class Remainder:
    """The error over an interval: |f(x) - T_n(x)| <= coefficient * distance^order, and what was measured.

    `coefficient` bounds |f^(order)| / order!, rigorously, by a number of four digits; it is infinite where no bound was
    found.
    """

    order: int
    coefficient: float
    distance: float
    error: float
    error_at: float

    @property
    def is_bounded(self) -> bool:
        """Whether the bound of the error is a number."""
        with np.errstate(over="ignore"):
            return bool(np.isfinite(self.coefficient * np.float64(self.distance) ** self.order))


@dataclass(frozen=True)
class Expansion:
    """A function about a point: everything that is written and returned follows from it.

    `function` is what was given, `smooth` the same without kinks on the interval.
    """

    function: Function
    smooth: Function
    order: int
    about: float
    point: Expression
    interval: tuple[float, float]

    @cached_property
    def ring(self) -> Ring:
        """The ring in which the derivatives are polynomials."""
        return Ring(self.smooth.variable)

    @cached_property
    def place(self) -> Place:
        """Exact values at the point."""
        return Place(self.ring, self.point)

    @cached_property
    def derivatives(self) -> list[Polynomial]:
        """f, f', f'', ... up to the order, as far as they are short enough."""
        found: list[Polynomial] = []
        try:
            form = self.ring.of(self.smooth.tree)
            for _ in range(self.order + 2):
                found.append(form)
                form = self.ring.derivative(form)
        except (TooLong, ZeroDivisionError):
            pass
        return found

    @cached_property
    def exact(self) -> list[Polynomial | None]:
        """The derivatives at the point, of the orders 0 to order + 1, exactly; None where there is no short form."""
        values: list[Polynomial | None] = []
        for form in self.derivatives:
            try:
                values.append(self.place.value(form))
            except (TooLong, ZeroDivisionError):
                values.append(None)
        return values + [None] * (self.order + 2 - len(values))

    @cached_property
    def coefficients(self) -> Array:
        """f^(k)(a) / k! for k = 0, ..., order, in double precision."""
        at = np.array([self.about])
        found = taylor_coefficients(self.smooth, at, at, self.order)
        with np.errstate(invalid="ignore"):  # minus and plus infinity where nothing is known
            numbers = np.asarray((found.low / 2 + found.high / 2)[:, 0])
        self._check_finite(numbers)
        for k in range(self.order + 1):
            value = self.rational(k)
            if value is not None:
                numbers[k] = float(value / factorial(k))
        return numbers

    @cached_property
    def values(self) -> Array:
        """f^(k)(a) for k = 0, ..., order, in double precision."""
        exact = [self.rational(k) for k in range(self.order + 1)]
        with np.errstate(over="ignore"):
            found = self.coefficients * [float(factorial(k)) for k in range(self.order + 1)]
        for k, value in enumerate(exact):
            if value is not None and abs(value) < 2**1023:
                found[k] = float(value)
        self._check_finite(found)
        return np.asarray(found)

    def _check_finite(self, numbers: Array) -> None:
        bad = np.flatnonzero(~np.isfinite(numbers))
        if bad.size:
            k = int(bad[0])
            what = "no finite value" if k == 0 else f"no finite derivative of order {k}"
            name, variable = visible(self.function.text, 60), self.function.variable
            raise ChalkworkError(
                f"{name} has {what} at {variable} = {self.about:g}, so no expansion of order {self.order}"
            )

    @cached_property
    def shown(self) -> list[Polynomial]:
        """The derivatives that are written out: the first ones, as long as they are short."""
        shown = []
        for form in self.derivatives[: min(MOST_SHOWN, self.order + 1)]:
            if len(form) > MOST_TERMS or any(
                len(str(self.ring.expression({monomial: factor}))) > _WIDEST for monomial, factor in form.items()
            ):
                break
            shown.append(form)
        return shown

    @cached_property
    def letters(self) -> dict[int, Name]:
        """A letter for every function that is raised to a power in a derivative that is shown."""
        used = {self.function.variable, "e", "pi", *self.given_names}
        raised = {
            index
            for form in self.shown
            for monomial in form
            for index, power in monomial
            if power > 1 and self.ring.generators[index].kind in _LETTERS
        }
        result = {}
        for index in sorted(raised):
            letter = _LETTERS[self.ring.generators[index].kind]
            while letter in used:
                letter = chr(ord(letter) + 1) if letter < "z" else letter + "1"
            used.add(letter)
            result[index] = Name(letter)
        return result

    @property
    def given_names(self) -> tuple[str, str, str]:
        """What the point is called, the bound of the remainder's coefficient, and the largest distance."""
        point, size, reach = (name + "0" * (name == self.function.variable) for name in ("a", "M", "d"))
        return point, size, reach

    def rational(self, k: int) -> Fraction | None:
        """The derivative of order k at the point where it is a rational number."""
        value = self.exact[k]
        return None if value is None else rational(value)

    def value(self, points: Any, order: int | None = None) -> Array:
        """The Taylor polynomial of that order at the points, by Horner's rule."""
        apart = np.asarray(points, float) - self.about
        result = np.zeros_like(apart)
        for coefficient in self.coefficients[: (self.order if order is None else order) + 1][::-1]:
            result = result * apart + coefficient
        return result

    @cached_property
    def remainder(self) -> Remainder:
        """Lagrange's remainder on the interval, and the error at some thousand points."""
        low, high = self.interval
        first = self.order + 1
        if self.rational(first) == 0:  # then T_n is T_(n+1) too
            first += 1
        coefficient = _upper(largest_coefficient(self.smooth, min(low, self.about), max(high, self.about), first))
        points = np.linspace(low, high, _POINTS)
        with np.errstate(over="ignore", invalid="ignore"):
            errors = np.abs(self.function.values(points) - self.value(points))
        if not np.isfinite(errors).all():
            raise ChalkworkError(
                f"the polynomial of order {self.order} is larger than double precision holds somewhere from {low:g} to "
                f"{high:g}",
                hint="choose a shorter interval",
            )
        worst = int(errors.argmax())
        distance = max(abs(low - self.about), abs(high - self.about))
        return Remainder(first, coefficient, distance, float(errors[worst]), float(points[worst]))

    @cached_property
    def radius(self) -> Radius | None:
        """How far the series converges, where known."""
        return radius_of(self.smooth, self.about)


def expanded(function: str, order: int, about: Any, interval: Sequence[Any] | None) -> Expansion:
    """The expansion, everything that was given checked."""
    whole(order, "the order", 0, HIGHEST_ORDER)
    given = Function.of(function)
    if _TAKEN.fullmatch(given.variable):
        raise ChalkworkError(
            f"the variable is called {given.variable}, as a derivative, a coefficient or the bound is",
            hint="give it another letter, such as x",
        )
    _, place, point = constant(about, "the point of expansion")
    _ = Expansion(given, smooth_branch(given, place, place), int(order), place, point, (place, place)).values
    if interval is None:
        return _on_default(given, int(order), place, point)
    if isinstance(interval, str) or not isinstance(interval, Sequence | np.ndarray) or len(interval) != 2:
        raise ChalkworkError(f"the interval is two numbers, such as (-2, 2), not {interval!r:.60}")
    return _on(given, int(order), place, point, interval_of(*interval))


def _on(given: Function, order: int, place: float, point: Expression, interval: tuple[float, float]) -> Expansion:
    low, high = min(interval[0], place), max(interval[1], place)
    smooth = smooth_branch(given, low, high)
    for function in (given, smooth):  # the branch that is expanded may hide another that has no value
        check_defined(function, low, high)
    return Expansion(given, smooth, order, place, point, interval)


def _on_default(given: Function, order: int, place: float, point: Expression) -> Expansion:
    """The widest of a few intervals about the point on which the function is smooth."""
    for width in _WIDTHS:
        try:
            return _on(given, order, place, point, (place - width, place + width))
        except ChalkworkError as error:
            problem = error
    raise ChalkworkError(problem.message, hint=problem.hint or "give an interval on which the function is smooth")


def _upper(value: float) -> float:
    """A bound rounded up to four digits, so that what is shown holds; what is above such a number by rounding stays."""
    if value == 0 or not np.isfinite(value):
        return value
    rounded = Context(prec=4, rounding=ROUND_CEILING).create_decimal(Decimal(value * (1 - 1e-12)))
    return max(float(rounded), value)
