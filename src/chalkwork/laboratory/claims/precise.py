"""Expressions at a point: exactly where all is rational, else in intervals (mpmath) with as many digits as are asked.

A value is a Fraction as long as it can be one, and else an interval that is certain to hold the number, so that what is
said of two sides is certain too: that they differ, or that so many digits do not tell them apart. What has no value at
the point says why. Moore, Kearfott and Cloud, Introduction to Interval Analysis (2009), chapter 2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache
from importlib import import_module
from math import floor as whole
from math import isqrt
from typing import Any

from chalkwork.algebra.expression import Application, Expression
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.claims.evaluation import Arithmetic, Evaluation, Undefined

DIGITS, MORE_DIGITS, MOST_DIGITS = 50, 500, 3000
LARGEST_POWER = 10**30  # of e: beyond it numbers take memory, not insight
MOST_BITS, MOST_WHOLE_BITS = 2**16, 2**20  # of fractions, of whole numbers; what is larger becomes an interval
LARGEST_MAGNITUDE = 5000  # binary digits before the point, of an angle
_GUARD = 12


class TooLarge(ArithmeticError):
    """A number with more digits before the point than anybody asks for; the point is passed over."""


class Undecided(ArithmeticError):
    """With these digits it cannot be told on which side of a jump, or of the edge of a domain, a number lies."""


@lru_cache(maxsize=4)
def context(digits: int) -> Any:
    """mpmath with so many digits (and a few more inside), apart from everybody else's."""
    mp: Any = _mpmath("mpmath.ctx_mp").MPContext()
    mp.dps = digits + _GUARD
    return mp


@lru_cache(maxsize=4)
def intervals(digits: int) -> Any:
    """mpmath's intervals with so many digits (and a few more inside)."""
    iv: Any = _mpmath("mpmath.ctx_iv").MPIntervalContext()
    iv.dps = digits + _GUARD
    return iv


def _mpmath(module: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        raise ChalkworkError("claims are checked with mpmath", hint="pip install 'chalkwork[laboratory]'") from error


@lru_cache(maxsize=4)
def arithmetic(digits: int) -> Arithmetic:
    """The arithmetic of fractions, and of intervals with so many digits."""
    functions = Functions(digits)
    return Arithmetic(lambda value: value, functions.table(), _no_derivative, functions.choose)


def _no_derivative(run: Evaluation, node: Application) -> Any:
    raise ChalkworkError("a derivative must be worked out before it is evaluated")


def enclosed(expression: Expression, point: Mapping[str, Fraction], digits: int = DIGITS) -> tuple[Any, ...]:
    """The entries of an expression without derivatives at a point: fractions, or intervals.

    Raises Undefined, saying why, where it has no value there; Undecided where more digits might tell whether it has
    one; TooLarge where numbers grow out of hand.

    >>> from chalkwork.algebra.expression import Name
    >>> enclosed(1 / Name("x") - 1, {"x": Fraction(3)})
    (Fraction(-2, 3),)
    """
    return tuple(_evaluation(tuple(point.items()), digits).entries(expression))


@lru_cache(maxsize=1 << 10)
def _evaluation(point: tuple[tuple[str, Fraction], ...], digits: int) -> Evaluation:
    """What is known at a point: the claim and all steps of its proof are tried at the same ones, and share terms."""
    return Evaluation(arithmetic(digits), {"pi": +intervals(digits).pi, **dict(point)}, {})


def evaluate(expression: Expression, point: Mapping[str, Fraction], digits: int = DIGITS) -> tuple[Any, ...]:
    """The entries as numbers of mpmath, from the middle of what encloses them.

    >>> from chalkwork.algebra.expression import Name
    >>> str(evaluate(1 / Name("x"), {"x": Fraction(3)})[0])[:8]
    '0.333333'
    """
    return tuple(middle(entry, digits) for entry in enclosed(expression, point, digits))


def middle(value: Any, digits: int = DIGITS) -> Any:
    """The number, or the middle of the interval."""
    mp = context(digits)
    if isinstance(value, Fraction):
        return mp.mpf(value.numerator) / value.denominator
    low, high = ends(value, digits)
    return (low + high) / 2


def settled(value: Any, digits: int = DIGITS) -> Any:
    """The number; zero where the interval does not even tell its size."""
    low, high = ends(value, digits)
    return context(digits).mpf(0) if high - low > max(abs(low), abs(high)) / 2 else middle(value, digits)


def ends(value: Any, digits: int = DIGITS) -> tuple[Any, Any]:
    """The ends between which the number lies."""
    if type(value) is Fraction:
        value = intervals(digits).mpf(value.numerator) / value.denominator
    mp = context(digits)
    low, high = value._mpi_
    return mp.make_mpf(low), mp.make_mpf(high)


def _exact(*values: Any) -> bool:
    return all(type(value) is Fraction for value in values)  # `isinstance` takes long for what is none


def _short(a: Any, b: Any) -> bool:
    """Whether two numbers are exact, and reducing what is made of them is quick."""
    return type(a) is type(b) is Fraction and (a.denominator == b.denominator == 1 or _bits(a) + _bits(b) <= MOST_BITS)


def _bits(value: Fraction) -> int:
    return value.numerator.bit_length() + value.denominator.bit_length()


def _root_of(value: Fraction, index: int) -> Fraction | None:
    """The root of a positive fraction, where it is a fraction too."""
    parts = []
    for number in (value.numerator, value.denominator):
        if number.bit_length() > 900 or index > 900:
            return None
        near = isqrt(number) if index == 2 else round(number ** (1 / index))
        if near**index != number:
            return None
        parts.append(near)
    return Fraction(parts[0], parts[1])


_BY_METHOD = (
    "multiply", "divide", "power", "exp", "log", "sqrt", "floor", "tanh", "maximum", "equal", "normal_cdf", "sigmoid",
    "softplus",
)  # fmt: skip


class Functions:
    """The entrywise functions of the table, on fractions and on intervals with so many digits."""

    def __init__(self, digits: int) -> None:
        self.iv = intervals(digits)
        self.mp = context(digits + _GUARD)
        self.largest = self.iv.mpf(LARGEST_POWER)
        self.libmp: Any = _mpmath("mpmath.libmp")
        self.power_of_e = lru_cache(maxsize=1 << 10)(lambda x: self.iv.exp(self.wide(x)))  # points share their numbers

    def table(self) -> Mapping[str, Callable[..., Any]]:
        """Those that are not worked out by their definitions, by the names of the table."""
        return {
            **{name: getattr(self, name) for name in _BY_METHOD},
            "add": lambda a, b: self.small(a + b) if _short(a, b) else self.wide(a) + self.wide(b),
            "subtract": lambda a, b: self.small(a - b) if _short(a, b) else self.wide(a) - self.wide(b),
            "negative": lambda x: -x,
            "identity": lambda x: x,
            "abs": abs,
            "sin": lambda x: x if x == 0 and _exact(x) else self.iv.sin(self.narrow(x)),
            "cos": lambda x: Fraction(1) if x == 0 and _exact(x) else self.iv.cos(self.narrow(x)),
            "arctan": lambda x: x if x == 0 and _exact(x) else self.iv.atan2(self.wide(x), 1),
            "minimum": lambda a, b: -self.maximum(-a, -b),
            "xlogy": lambda a, b: a if _exact(a) and a == 0 else self.multiply(a, self.log(b)),
            "normal_pdf": lambda x: self.exp(-(self.wide(x) ** 2) / 2) / self.iv.sqrt(2 * self.iv.pi),
        }

    def wide(self, value: Any) -> Any:
        """The number as an interval."""
        if type(value) is not Fraction:
            return value
        number = value.numerator, value.denominator, self.iv.prec
        return self.iv.make_mpf(tuple(self.libmp.from_rational(*number, side) for side in ("f", "c")))

    def narrow(self, value: Any) -> Any:
        """The number as an interval, if it is not so large that its turns or its tails take for ever."""
        found = self.wide(value)
        if self._magnitude(found) > LARGEST_MAGNITUDE:
            raise TooLarge
        return found

    def small(self, value: Fraction) -> Any:
        """The fraction, unless it is so long that nothing is gained by keeping it."""
        most = MOST_WHOLE_BITS if value.denominator == 1 else MOST_BITS
        return value if _bits(value) <= most else self.wide(value)

    def sign(self, x: Any) -> int:
        """The sign; Undecided where the interval does not tell."""
        if type(x) is Fraction:
            return (x > 0) - (x < 0)
        low, high = map(self.libmp.mpf_sign, x._mpi_)
        if low != high:
            raise Undecided
        return int(low)

    def choose(self, x: Any, below: Callable[[], Any], at_zero: Any, above: Callable[[], Any]) -> Any:
        """What belongs to the sign of x."""
        sign = self.sign(x)
        return at_zero if sign == 0 and at_zero is not None else above() if sign >= 0 else below()

    def floor(self, x: Any) -> Any:
        """The largest whole number that is not larger; Undecided where the interval does not tell."""
        if isinstance(x, Fraction):
            return Fraction(whole(x))
        low, high = (whole(self.mp.make_mpf(end)) for end in x._mpi_)
        if low != high:
            raise Undecided
        return Fraction(low)

    def multiply(self, a: Any, b: Any) -> Any:
        """The product."""
        return self.small(a * b) if _short(a, b) else self.wide(a) * self.wide(b)

    def divide(self, a: Any, b: Any) -> Any:
        """The quotient."""
        if self.sign(b) == 0:
            raise Undefined("division by zero")
        quick = _exact(a, b) and _bits(a) + _bits(b) <= 4 * MOST_BITS
        return self.small(a / b) if quick else self.wide(a) / self.wide(b)

    def exp(self, x: Any) -> Any:
        """The exponential function."""
        if type(x) is Fraction:
            if abs(x) > LARGEST_POWER:
                raise TooLarge
            return self.power_of_e(x) if x else Fraction(1)
        if x.b > self.largest or x.a < -self.largest:
            raise TooLarge
        return self.iv.exp(x)

    def log(self, x: Any) -> Any:
        """The natural logarithm."""
        sign = self.sign(x)
        if sign <= 0:
            raise Undefined("the logarithm of " + ("zero" if sign == 0 else "a negative number"))
        return Fraction(0) if _exact(x) and x == 1 else self.iv.log(self.wide(x))

    def sqrt(self, x: Any) -> Any:
        """The square root."""
        sign = self.sign(x)
        if sign < 0:
            raise Undefined("the root of a negative number")
        if sign == 0:
            return x
        found = _root_of(x, 2) if isinstance(x, Fraction) else None
        return self.iv.sqrt(self.wide(x)) if found is None else found

    def power(self, a: Any, b: Any) -> Any:
        """A power; zero to the power of zero is one."""
        whole = isinstance(b, Fraction) and b.denominator == 1
        if whole and b >= 0 and not _exact(a):  # no sign is needed, and none may be known
            return self._whole_power(a, int(b))
        sign = self.sign(a)
        if sign == 0:
            beyond = self.sign(b)
            if beyond < 0:
                raise Undefined("division by zero")
            return Fraction(int(beyond == 0))
        if whole:
            return self._whole_power(a, int(b))
        if sign < 0:
            if not isinstance(b, Fraction) and self._holds_a_whole_number(b):
                raise Undecided
            raise Undefined("a broken power of a negative number")
        if _exact(a, b) and (root := _root_of(a, b.denominator)) is not None:
            return self._whole_power(root, b.numerator)
        return self.exp(self.wide(b) * self.wide(self.log(a)))

    def _holds_a_whole_number(self, b: Any) -> bool:
        low, high = (self.mp.make_mpf(end) for end in b._mpi_)
        return bool(self.mp.floor(high) >= self.mp.ceil(low))

    def _whole_power(self, a: Any, n: int) -> Any:
        if isinstance(a, Fraction):
            if abs(n) * _bits(a) <= (MOST_WHOLE_BITS if a.denominator == 1 and n > 0 else MOST_BITS):
                return a**n
            a = self.wide(a)
        if abs(n) * self._magnitude(a) > LARGEST_POWER:
            raise TooLarge
        return a**n

    def _magnitude(self, a: Any) -> float:
        """The largest binary logarithm of an interval, in size."""
        found = 0.0
        for end in a._mpi_:
            _, mantissa, exponent, bits = end
            found = max(found, abs(exponent + bits) + 1.0) if mantissa else found
        return found

    def tanh(self, x: Any) -> Any:
        """The hyperbolic tangent, from the side on which nothing cancels."""
        if _exact(x) and x == 0:
            return x
        if self.libmp.mpf_sign(self.wide(x)._mpi_[1]) < 0:
            return -self.tanh(-x)
        return 1 - 2 / (self.exp(2 * self.wide(x)) + 1)

    def sigmoid(self, x: Any) -> Any:
        """The logistic function."""
        return Fraction(1, 2) if _exact(x) and x == 0 else 1 / (1 + self.exp(-x))

    def softplus(self, x: Any) -> Any:
        """log(1 + e^x), so that no power is large."""
        above = self.maximum(x, Fraction(0))
        return self.wide(above) + self.wide(self.log(1 + self.exp(-abs(x))))

    def maximum(self, a: Any, b: Any) -> Any:
        """The larger of two numbers."""
        if _exact(a, b):
            return max(a, b)
        first, second = self.wide(a), self.wide(b)
        return self.iv.mpf([max(first.a, second.a), max(first.b, second.b)])

    def equal(self, a: Any, b: Any) -> Fraction:
        """One where two numbers are equal, else zero."""
        return Fraction(int(self.sign(a - b if _exact(a, b) else self.wide(a) - self.wide(b)) == 0))

    def normal_cdf(self, x: Any) -> Any:
        """The normal distribution: increasing, so its ends are those of the argument, give or take the last digits."""
        if _exact(x) and x == 0:
            return Fraction(1, 2)
        mp = self.mp
        if not self.wide(abs(x)) < self.largest:
            raise TooLarge
        grain = mp.mpf(2) ** (8 - self.iv.prec)
        low, high = (mp.ncdf(mp.make_mpf(end)) for end in self.wide(x)._mpi_)
        return self.iv.mpf([low * (1 - grain), high * (1 + grain)])
