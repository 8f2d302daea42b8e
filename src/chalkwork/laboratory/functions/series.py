"""Taylor coefficients by recurrences, in interval arithmetic: rigorous, and for many points or pieces at once.

The coefficients of a sum, a product, a quotient and of the elementary functions follow from those of their arguments,
order by order: Griewank and Walther, Evaluating Derivatives (2nd edition 2008), section 13.2 and table 13.2. Over an
interval instead of a point they enclose f^(k)(t) / k! for all t in it: Moore, Kearfott and Cloud, Introduction to
Interval Analysis (2009), section 9.3.

A series is an `Interval` of shape (orders, m): the coefficients of orders 0, 1, ... at m points.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import comb

import numpy as np

from chalkwork.algebra.expression import Application, Expression, Name, Number
from chalkwork.bounds.enclosures import ENCLOSURES
from chalkwork.bounds.intervals import ONE, Array, Interval, add, divide, multiply, negative, subtract, total
from chalkwork.budget import check_time
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.functions.one_variable import CONSTANTS, ELEMENTARY, Function, exact_value

_EXTRA = 6
_PIECES = (32, 128, 512)


def taylor_coefficients(function: Function, low: Array, high: Array, order: int) -> Interval:
    """Enclosures of f^(k)(t) / k! for k = 0, ..., order and all t between `low` and `high`, of shape (order + 1, m).

    `low` and `high` have shape (m,); the function has no kinks (`smooth_branch`). No bound is infinite.

    >>> found = taylor_coefficients(Function.of("exp(x)"), np.zeros(1), np.zeros(1), 3)
    >>> np.round((found.low + found.high)[:, 0] / 2, 6).tolist()
    [1.0, 1.0, 0.5, 0.166667]
    """
    with np.errstate(all="ignore"):
        return _Series(function.variable, np.asarray(low, float), np.asarray(high, float), order).of(function.tree)


def largest_coefficient(function: Function, low: float, high: float, order: int) -> float:
    """An upper bound of |f^(order)(t)| / order! over the interval; infinite where none was found.

    The interval is cut into pieces; over each the coefficient is expanded once more about the middle, to a few orders,
    and the rest enclosed (a Taylor model), so that little is lost. More pieces are taken until that changes little.

    >>> bound = largest_coefficient(Function.of("sin(x)"), 0.0, 6.28, 2)
    >>> 0.5 <= bound <= 0.501
    True
    """
    best = np.inf
    for pieces in _PIECES:
        ends = np.linspace(low, high, pieces + 1)
        found = float(coefficient_bounds(function, ends[:-1], ends[1:], order).max())
        if found > 0.995 * best:
            return min(found, best)
        best = min(best, found)
    return best


def coefficient_bounds(function: Function, low: Array, high: Array, order: int) -> Array:
    """Upper bounds of |f^(order)(t)| / order! over each of the intervals, of shape (m,)."""
    middle = (low + high) / 2
    radius = np.nextafter(np.maximum(high - middle, middle - low), np.inf)
    last = order + _EXTRA + 1
    with np.errstate(all="ignore"):
        crude = _sizes(taylor_coefficients(function, low, high, last))
        centred = _sizes(taylor_coefficients(function, middle, middle, last - 1))
        result = comb(last, order) * crude[last] * radius ** (last - order)
        for k in range(order, last):
            result = result + comb(k, order) * centred[k] * radius ** (k - order)
        result = np.minimum(result * (1 + 1e-13) + 1e-300, crude[order])
    return np.where(np.isnan(result), np.inf, result)


def _sizes(series: Interval) -> Array:
    sizes = np.maximum(np.abs(series.low), np.abs(series.high))
    return np.where(np.isnan(sizes), np.inf, sizes)


class _Series:
    """The series of every node of a tree, each once."""

    def __init__(self, variable: str, low: Array, high: Array, order: int) -> None:
        self.variable = variable
        self.order = order
        self.size = low.size
        self.low, self.high = low, high
        self.known: dict[Expression, Interval] = {}

    def of(self, node: Expression) -> Interval:
        found = self.known.get(node)
        if found is None:
            check_time(f"the expansion of order {self.order}")
            found = self.known[node] = self.worked(node)
        return found

    def worked(self, node: Expression) -> Interval:
        if isinstance(node, Name):
            return self.name(node.name)
        if isinstance(node, Number):
            return self.constant(*around(Fraction(str(node.value))))
        assert isinstance(node, Application)
        name = node.operation.name
        if name == "power":
            return self.power(node)
        arguments = [self.of(argument) for argument in node.arguments]
        if name in _LINEAR:
            return _LINEAR[name](*arguments)
        if name in ("multiply", "divide"):
            return (self.product if name == "multiply" else self.quotient)(*arguments)
        if name in ("sin", "cos"):
            return self.wave(name, *arguments)
        own = getattr(self, name, None)
        if own is None:
            raise ChalkworkError(f"no series of {name} is known")
        result: Interval = own(*arguments)
        return result

    def name(self, name: str) -> Interval:
        if name in CONSTANTS:
            value = CONSTANTS[name]
            return self.constant(float(np.nextafter(value, 0)), float(np.nextafter(value, 9)))
        series = self.zeros()
        series.low[0], series.high[0] = self.low, self.high
        if self.order:
            series.low[1] = series.high[1] = 1.0
        return series

    def zeros(self) -> Interval:
        shape = (self.order + 1, self.size)
        return Interval(np.zeros(shape), np.zeros(shape))

    def constant(self, low: float, high: float) -> Interval:
        series = self.zeros()
        series.low[0], series.high[0] = low, high
        return series

    # --- arithmetic ------------------------------------------------------------------------------------------------

    def product(self, a: Interval, b: Interval) -> Interval:
        return self.filled(lambda result, k: _convolved(a, b, k))

    def quotient(self, a: Interval, b: Interval) -> Interval:
        def next_one(result: Interval, k: int) -> Interval:
            rest = a.at(k) if k == 0 else subtract(a.at(k), _summed(b.at(slice(1, k + 1)), _backwards(result, k - 1)))
            return divide(rest, b.at(0))

        return self.filled(next_one)

    def power(self, node: Application) -> Interval:
        base, exponent = node.arguments
        value = Fraction(str(exponent.value)) if isinstance(exponent, Number) else exact_value(exponent)
        if value is None:  # a^b = e^(b log a)
            return self.exp(self.product(self.of(exponent), self.log(self.of(base))))
        if value.denominator != 1 or abs(value) > 1000:
            return self.real_power(self.of(base), value)
        result = self.whole_power(self.of(base), abs(value.numerator))
        return result if value >= 0 else self.quotient(self.constant(1.0, 1.0), result)

    def whole_power(self, a: Interval, n: int) -> Interval:
        result = self.constant(1.0, 1.0)
        first = True
        while n:
            if n & 1:
                result, first = (a if first else self.product(result, a)), False
            n >>= 1
            if n:
                a = self.square(a)
        return result

    def square(self, a: Interval) -> Interval:
        result = self.product(a, a)
        head = ENCLOSURES["power"](a.at(0), Interval.point(np.full(self.size, 2.0)))
        result.low[0], result.high[0] = head.low, head.high
        return result

    def real_power(self, u: Interval, r: Fraction) -> Interval:
        head = ENCLOSURES["power"](u.at(0), Interval(*(np.full(self.size, bound) for bound in around(r))))

        def next_one(result: Interval, k: int) -> Interval:
            if k == 0:
                return head
            factors = [around(r * i - (k - i)) for i in range(1, k + 1)]
            low, high = (np.array(bounds)[:, None] for bounds in zip(*factors, strict=True))
            weighted = multiply(Interval(low, high), u.at(slice(1, k + 1)))
            return divide(_summed(weighted, _backwards(result, k - 1)), multiply(_number(k), u.at(0)))

        return self.filled(next_one)

    # --- functions: y' = w u' --------------------------------------------------------------------------------------

    def exp(self, u: Interval) -> Interval:
        return self.grown("exp", u, lambda y, j: y.at(j))

    def sigmoid(self, u: Interval) -> Interval:
        return self.grown("sigmoid", u, lambda y, j: subtract(y.at(j), _convolved(y, y, j)))

    def tanh(self, u: Interval) -> Interval:
        return self.grown("tanh", u, lambda y, j: subtract(_number(1 if j == 0 else 0), _convolved(y, y, j)))

    def softplus(self, u: Interval) -> Interval:
        slope = self.sigmoid(u)
        return self.grown("softplus", u, lambda y, j: slope.at(j))

    def normal_pdf(self, u: Interval) -> Interval:
        return self.grown("normal_pdf", u, lambda y, j: negative(_convolved(u, y, j)))

    def normal_cdf(self, u: Interval) -> Interval:
        slope = self.normal_pdf(u)
        return self.grown("normal_cdf", u, lambda y, j: slope.at(j))

    def log(self, u: Interval) -> Interval:
        slope = self.quotient(self.constant(1.0, 1.0), u)
        return self.grown("log", u, lambda y, j: slope.at(j))

    def sqrt(self, u: Interval) -> Interval:
        return self.real_power(u, Fraction(1, 2))

    def wave(self, name: str, u: Interval) -> Interval:
        sine, cosine = self.zeros(), self.zeros()
        for k in range(self.order + 1):
            if k == 0:
                parts = ENCLOSURES["sin"](u.at(0)), ENCLOSURES["cos"](u.at(0))
            else:
                parts = _integrated(u, cosine, k), negative(_integrated(u, sine, k))
            for series, part in zip((sine, cosine), parts, strict=True):
                series.low[k], series.high[k] = part.low, part.high
        return sine if name == "sin" else cosine

    def grown(self, name: str, u: Interval, slope: Callable[[Interval, int], Interval]) -> Interval:
        """The series of y = F(u), where `slope` gives the coefficients of F'(u) from those of y that are known."""
        slopes = self.zeros()

        def next_one(result: Interval, k: int) -> Interval:
            if k == 0:
                return ENCLOSURES[name](u.at(0))
            part = slope(result, k - 1)
            slopes.low[k - 1], slopes.high[k - 1] = part.low, part.high
            return _integrated(u, slopes, k)

        return self.filled(next_one)

    def filled(self, next_one: Callable[[Interval, int], Interval]) -> Interval:
        """The series whose coefficients follow from those before."""
        result = self.zeros()
        for k in range(self.order + 1):
            part = next_one(result, k)
            result.low[k], result.high[k] = part.low, part.high
        return result


_LINEAR: dict[str, Callable[..., Interval]] = {"add": add, "subtract": subtract, "negative": negative}
assert all(hasattr(_Series, name) for name in ELEMENTARY - _LINEAR.keys() - {"multiply", "divide", "sin", "cos"})


def around(value: Fraction) -> tuple[float, float]:
    """The floats that the fraction lies between; twice itself where it is one.

    >>> around(Fraction(1, 4)), around(Fraction(1, 10))[0] < Fraction(1, 10) < around(Fraction(1, 10))[1]
    ((0.25, 0.25), True)
    """
    number = float(value)
    if Fraction(number) == value:
        return number, number
    return float(np.nextafter(number, -np.inf)), float(np.nextafter(number, np.inf))


def _number(value: int) -> Interval:
    return ONE.over(lambda bound: bound[0] * value)


def _backwards(series: Interval, k: int) -> Interval:
    """The coefficients k, k - 1, ..., 0."""
    return series.over(lambda bound: bound[k::-1])


def _summed(a: Interval, b: Interval) -> Interval:
    """The sum of the products, coefficient by coefficient."""
    return total(multiply(a, b), 0).at(0)


def _convolved(a: Interval, b: Interval, k: int) -> Interval:
    """The coefficient of order k of the product."""
    return _summed(a.at(slice(0, k + 1)), _backwards(b, k))


def _integrated(u: Interval, slope: Interval, k: int) -> Interval:
    """The coefficient of order k of y where y' = slope u'."""
    counts = np.arange(1.0, k + 1)[:, None]
    weighted = multiply(Interval(counts, counts), u.at(slice(1, k + 1)))
    return divide(_summed(weighted, _backwards(slope, k - 1)), _number(k))
