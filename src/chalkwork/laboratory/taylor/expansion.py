"""Taylor polynomials of activations and other functions of one variable: derived, bounded, measured, drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import factorial
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression
from chalkwork.budget import within
from chalkwork.checking.intervals import Array
from chalkwork.documents.literal import visible
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.functions.one_variable import Function, check_defined, constant, interval_of, smooth_branch
from chalkwork.laboratory.functions.series import largest_coefficient, taylor_coefficients
from chalkwork.laboratory.taylor.derivatives import Place, Polynomial, Ring, TooLong, rational
from chalkwork.laboratory.taylor.radius import Radius, radius_of
from chalkwork.laboratory.worked import Manner, Worked
from chalkwork.typesetting.notation import Notation

MOST_SECONDS = 20.0
HIGHEST_ORDER = 30
_POINTS = 4001
_WIDTHS = (2.0, 1.0, 0.5, 0.25, 0.125)


@dataclass(frozen=True, slots=True)
class Remainder:
    """The error over an interval: |f(x) - T_n(x)| <= coefficient * distance^order, and what was measured.

    `coefficient` bounds |f^(order)| / order!, rigorously; it is infinite where no bound was found.
    """

    order: int
    coefficient: float
    distance: float
    error: float
    error_at: float

    @property
    def bound(self) -> float:
        """The bound of the error, rounded up."""
        return float(self.coefficient * self.distance**self.order * (1 + 1e-14))


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
        if not np.isfinite(numbers).all():
            k = int(np.flatnonzero(~np.isfinite(numbers))[0])
            what = "no finite value" if k == 0 else f"no finite derivative of order {k}"
            name, variable = visible(self.function.text, 60), self.function.variable
            raise ChalkworkError(
                f"{name} has {what} at {variable} = {self.about:g}, so no expansion of order {self.order}"
            )
        for k in range(self.order + 1):
            value = self.rational(k)
            if value is not None:
                numbers[k] = float(value / factorial(k))
        return numbers

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
        coefficient = largest_coefficient(self.smooth, min(low, self.about), max(high, self.about), first)
        points = np.linspace(low, high, _POINTS)
        errors = np.abs(self.function.values(points) - self.value(points))
        worst = int(errors.argmax())
        distance = max(abs(low - self.about), abs(high - self.about))
        return Remainder(first, coefficient, distance, float(errors[worst]), float(points[worst]))

    @cached_property
    def radius(self) -> Radius | None:
        """How far the series converges, where known."""
        return radius_of(self.smooth, self.about)


def taylor(
    function: str,
    order: int = 3,
    about: Any = 0,
    interval: Sequence[Any] | None = None,
    *,
    notation: str | Notation | None = None,
    decimals: int | None = None,
    significant: int | None = None,
) -> Worked:
    """The Taylor polynomial of a function about a point, worked out, with its error over an interval.

    `function` is an activation by name (`sigmoid`, `elu(0.5)`) or a text in one variable (`sin(x)*exp(-x)`; `pi` and
    `e` are known), `order` from 0 to 30, `about` a number or a text such as `1/2` or `pi/2`, `interval` two numbers;
    without it two to either side of the point, or less where the function is not smooth so far.

    Values: `coefficients` and `derivatives` (orders 0 to n, shape (order + 1,)), `exact` (the same coefficients as
    texts, None where there is no short form), `polynomial` (a text that can be read again), `radius` (of convergence;
    None where not known), `bound` (Lagrange's remainder on the interval, by interval arithmetic, so rigorous; of
    `remainder_order`), `error` (the largest at 4001 points) and `error_at`.

    Raises ChalkworkError where the function has a kink or no derivative there or on the interval, and for bad input.
    Apostol, Calculus I (2nd edition 1967), sections 7.5 to 7.7; Moore, Kearfott and Cloud (2009), chapter 9.

    >>> answer = taylor("sigmoid", order=5, about=0, interval=(-2, 2))
    >>> answer["polynomial"], answer["exact"]
    ('1/2 + x/4 - x^3/48 + x^5/480', ['1/2', '1/4', '0', '-1/48', '0', '1/480'])
    >>> answer["error"] < answer["bound"] < 0.03
    True
    """
    return work(function, order, about, interval, Manner.of(notation, decimals, significant))


def work(function: str, order: int, about: Any, interval: Sequence[Any] | None, manner: Manner) -> Worked:
    """`taylor`, written in that manner."""
    from chalkwork.laboratory.taylor.text import blocks_of, coefficient_text, polynomial_text

    with within(MOST_SECONDS):
        expansion = expanded(function, order, about, interval)
        coefficients, remainder, radius = expansion.coefficients, expansion.remainder, expansion.radius
    values = {
        "function": expansion.function.text,
        "order": expansion.order,
        "about": expansion.about,
        "coefficients": coefficients,
        "derivatives": np.array([value * factorial(k) for k, value in enumerate(coefficients)]),
        "exact": [coefficient_text(expansion, k) for k in range(order + 1)],
        "polynomial": polynomial_text(expansion),
        "radius": None if radius is None else radius.value,
        "interval": list(expansion.interval),
        "remainder_order": remainder.order,
        "bound": remainder.bound,
        "error": remainder.error,
        "error_at": remainder.error_at,
    }
    title = f"Taylor expansion of {_named(expansion.function)} to order {order}"
    return Worked(title, blocks_of(expansion, manner), values, manner.notation)


def _named(function: Function) -> str:
    from chalkwork.documents.literal import literal

    return literal(function.text, 60)


def expanded(function: str, order: int, about: Any, interval: Sequence[Any] | None) -> Expansion:
    """The expansion, everything that was given checked."""
    if isinstance(order, bool) or not isinstance(order, int | np.integer) or not 0 <= order <= HIGHEST_ORDER:
        raise ChalkworkError(f"the order is a whole number from 0 to {HIGHEST_ORDER}, not {order!r:.40}")
    given = Function.of(function)
    _, place, point = constant(about, "the point of expansion")
    _ = Expansion(given, smooth_branch(given, place, place), int(order), place, point, (place, place)).coefficients
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
