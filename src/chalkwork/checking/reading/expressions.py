"""A calculation typed in the place of its result, `-ln(0.4525)`: read by the reader of formulas, never run.

Its decimals stand for what their digits leave open, so the result does too; whole numbers and `1/3` are exact.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import numpy as np

from chalkwork.algebra.expression import Name
from chalkwork.algebra.reading import read_formula
from chalkwork.bounds.intervals import Interval
from chalkwork.bounds.ranges import enclose
from chalkwork.derivation.evaluate import evaluate
from chalkwork.errors import ChalkworkError

MAX_LENGTH = 200
_WORDS = "ln|log|lg|exp|sqrt|abs|tanh|sigmoid|sigma|relu|sinh|cosh|sin|cos|softplus|pi|e|σ|π|√"
_ALLOWED = re.compile(rf"(?:[0-9.,\s+*/^()|-]|\b(?:{_WORDS})\b|[σπ√])+")
_UNCLEAR = re.compile(
    r"[0-9.,]\s*[(a-zσπ√]"  # 0.5(3), 2e: a product, an uncertainty, a repeated digit
    r"|\)\s*[0-9.]|[-+]{2}"
    r"|[0-9)]\s+-(?=\S)"  # 0.5 -0.2: two numbers
    r"|[0-9.]\s+[0-9.,]"
    r"|\^[^*/+()]*\^|\*\*.*\*\*|\^\s*[0-9]{3}"  # towers
)
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+")
_RAISED = re.compile(r"\^\s*\(?\s*-?\s*$")
_DIGIT = re.compile("[0-9]")
_BARE_ARGUMENT = re.compile(r"(ln|log|lg|exp|sqrt|tanh|sigmoid|relu|√)\s*([0-9.]+)(?=\s*(?:$|[-+)]))")
_RANGE = re.compile(r"([0-9.]+)-([0-9.]+)")


def looks_calculated(text: str) -> bool:
    """Whether a text has only numbers, signs and functions in it, in a way that is read in one way alone.

    >>> looks_calculated("-ln(0.4525)"), looks_calculated("0.5 -0.2"), looks_calculated("0.7-0.8")
    (True, False, False)
    """
    if len(text) > MAX_LENGTH or not _DIGIT.search(text) or not _ALLOWED.fullmatch(text) or _UNCLEAR.search(text):
        return False
    limits = _RANGE.fullmatch(text)
    return limits is None or _size(limits[1]) > _size(limits[2])


def _size(digits: str) -> float:
    try:
        return float(digits)
    except ValueError:
        return math.inf


def calculated(text: str, interval: Callable[[str], tuple[float, float, float]]) -> tuple[float, float, float] | None:
    """Value, lower and upper bound of a calculation; None for what is none. `interval` reads each of its numbers.

    >>> value, low, high = calculated("1/(1+exp(-0))", lambda digits: (float(digits),) * 3)
    >>> value, bool(low <= 0.5 <= high)
    (0.5, True)
    """
    bare = re.sub(r"(?<=[0-9]),(?=[0-9])", ".", text).replace("**", "^")
    bare = _BARE_ARGUMENT.sub(r"\1(\2)", bare)
    if not looks_calculated(bare):
        return None
    numbers: dict[str, tuple[float, float, float]] = {}

    def named(found: re.Match[str]) -> str:
        if found[0].isdigit() and _RAISED.search(bare[: found.start()]):
            return found[0]  # a whole exponent
        name = f"q{len(numbers) + 1}"
        numbers[name] = interval(found[0])
        return name

    try:
        formula = _NUMBER.sub(named, bare)
        expression = read_formula(formula, {name: Name(name) for name in numbers})
        boxes = {name: Interval.of([[low]], [[high]]) for name, (_, low, high) in numbers.items()}
        with np.errstate(all="ignore"):
            points = {name: np.float64(number[0]) for name, number in numbers.items()}
            value = float(np.asarray(evaluate(expression, points)).item())
            found = enclose(expression, boxes)
    except (ChalkworkError, ArithmeticError, KeyError, ValueError):
        return None
    low, high = float(found.low.item()), float(found.high.item())
    return value, min(low, value), max(high, value)
