"""A function of one variable expanded about a point: derivatives, remainder, radius of convergence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Context, Decimal
from fractions import Fraction
from functools import cached_property
from math import factorial
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression, Name
from chalkwork.algebra.operations import TABLE
from chalkwork.bounds.intervals import Array
from chalkwork.documents.literal import visible
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.functions.one_variable import Function, check_defined, constant, interval_of, smooth_branch
from chalkwork.laboratory.functions.series import largest_coefficient, taylor_coefficients
from chalkwork.laboratory.taylor.derivatives import Place, Polynomial, Ring, TooLong, rational
from chalkwork.laboratory.taylor.radius import Radius, radius_of
from chalkwork.networks.arguments import whole

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
