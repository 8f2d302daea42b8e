"""Expressions at a point with many digits (mpmath): what has no value there says why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from importlib import import_module
from typing import Any

from chalkwork.algebra.expression import Application, Expression
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.claims.evaluation import Arithmetic, Evaluation, Undefined, Value

DIGITS, MORE_DIGITS = 50, 500
LARGEST_POWER = 1_000_000  # of e: beyond it numbers take memory, not insight


class TooLarge(ArithmeticError):
    """A number with more digits before the point than anybody asks for; the point is passed over."""


@dataclass(frozen=True, slots=True)
class Sides:
    """The two sides of a relation at a point; entries row after row."""

    left: tuple[Any, ...]
    right: tuple[Any, ...]


@lru_cache(maxsize=4)
def context(digits: int) -> Any:
    """mpmath with so many digits (and a few more inside), apart from everybody else's."""
    try:
        mp: Any = import_module("mpmath.ctx_mp").MPContext()
    except ImportError as error:
        raise ChalkworkError("claims are checked with mpmath", hint="pip install 'chalkwork[laboratory]'") from error
    mp.dps = digits + 10
    return mp


@lru_cache(maxsize=4)
def arithmetic(digits: int) -> Arithmetic:
    """The arithmetic of numbers with so many digits."""
    mp = context(digits)

    def number(value: Fraction) -> Any:
        return mp.mpf(value.numerator) / value.denominator

    return Arithmetic(number, _functions(mp), _no_derivative)


def _no_derivative(run: Evaluation, node: Application) -> Value:
    raise ChalkworkError("a derivative must be worked out before it is evaluated")


def evaluate(expression: Expression, point: Mapping[str, Fraction], digits: int = DIGITS) -> tuple[Any, ...]:
    """The entries of an expression without derivatives at a point.

    Raises Undefined, saying why, where it has no value there; TooLarge where numbers grow out of hand.

    >>> from chalkwork.algebra.expression import Name
    >>> str(evaluate(1 / Name("x"), {"x": Fraction(3)})[0])[:8]
    '0.333333'
    """
    kind = arithmetic(digits)
    known = {name: kind.number(value) for name, value in point.items()}
    known.setdefault("pi", context(digits).pi)
    return tuple(entry for row in Evaluation(kind, known, {}).of(expression) for entry in row)


def _functions(mp: Any) -> Mapping[str, Callable[..., Any]]:
    one, zero = mp.mpf(1), mp.mpf(0)

    def exp(x: Any) -> Any:
        if abs(x) > LARGEST_POWER:
            raise TooLarge
        return mp.exp(x)

    def divide(a: Any, b: Any) -> Any:
        if b == 0:
            raise Undefined("division by zero")
        return a / b

    def log(x: Any) -> Any:
        if x <= 0:
            raise Undefined("the logarithm of " + ("zero" if x == 0 else "a negative number"))
        return mp.log(x)

    def sqrt(x: Any) -> Any:
        if x < 0:
            raise Undefined("the root of a negative number")
        return mp.sqrt(x)

    def power(a: Any, b: Any) -> Any:
        if a == 0:
            if b < 0:
                raise Undefined("division by zero")
            return one if b == 0 else zero
        if a < 0 and not mp.isint(b):
            raise Undefined("a broken power of a negative number")
        if abs(b * mp.log(abs(a))) > LARGEST_POWER:
            raise TooLarge
        return a ** (int(b) if mp.isint(b) else b)

    def sigmoid(x: Any) -> Any:
        return one / (one + exp(-x)) if x >= 0 else exp(x) / (one + exp(x))

    def step(x: Any, at_zero: Any = zero) -> Any:
        return one if x > 0 else (zero if x < 0 else at_zero)

    def leaky(x: Any, alpha: Any, at_zero: Any = None) -> Any:
        return x if x >= 0 else alpha * x

    def leaky_step(x: Any, alpha: Any, at_zero: Any = None) -> Any:
        return one if x > 0 else (alpha if x < 0 or at_zero is None else at_zero)

    def cdf(x: Any) -> Any:
        return mp.ncdf(x)

    return {
        "add": lambda a, b: a + b,
        "subtract": lambda a, b: a - b,
        "negative": lambda x: -x,
        "multiply": lambda a, b: a * b,
        "identity": lambda x: x,
        "divide": divide,
        "power": power,
        "exp": exp,
        "log": log,
        "sqrt": sqrt,
        "abs": abs,
        "sign": lambda x: mp.sign(x),
        "sin": mp.sin,
        "cos": mp.cos,
        "tanh": mp.tanh,
        "maximum": max,
        "minimum": min,
        "equal": lambda a, b: one if a == b else zero,
        "xlogy": lambda a, b: zero if a == 0 else a * log(b),
        "normal_cdf": cdf,
        "normal_pdf": lambda x: mp.npdf(x),
        "sigmoid": sigmoid,
        "relu": lambda x, at_zero=None: max(x, zero),
        "step": step,
        "leaky_relu": leaky,
        "leaky_step": leaky_step,
        "elu": lambda x, alpha: x if x >= 0 else alpha * (exp(x) - 1),
        "softplus": lambda x: x + log(one + exp(-x)) if x > 0 else log(one + exp(x)),
        "silu": lambda x: x * sigmoid(x),
        "gelu": lambda x: x * cdf(x),
        "softsign": lambda x: x / (one + abs(x)),
    }
