"""Samples and lists of probabilities, checked; every refusal names the entry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import inf, isfinite
from typing import Any

from chalkwork.errors import ChalkworkError, ShapeError, ValueProblem, meant
from chalkwork.laboratory.likelihood.families import NAMES
from chalkwork.laboratory.likelihood.family import Family

MOST_OBSERVATIONS = 5000
MOST_CLASSES = 100
_MOST_BITS = 400
SUM_TOLERANCE = Fraction(1, 10**9)


def exact(value: Any, name: str) -> Fraction:
    """A number exactly as it is written: 0.1 is one tenth. ValueProblem for what is no finite number.

    >>> exact(0.36, "p[1]")
    Fraction(9, 25)
    """
    try:
        if isinstance(value, str | bytes):
            raise TypeError
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueProblem(f"{name} is {_described(value)}, not a number of double precision") from None
    if not isfinite(number):
        raise ValueProblem(f"{name} is {number}, not a finite number")
    if value and not number:
        raise ValueProblem(f"{name} is smaller than double precision can hold, and not 0")
    if isinstance(value, int | Fraction) and Fraction(value).denominator.bit_length() < _MOST_BITS:
        return Fraction(value)
    return Fraction(repr(number))


def _described(value: Any) -> str:
    try:
        return f"{value!r:.60}"
    except ValueError:  # a whole number of thousands of digits
        return "a very large number"


def entries(values: Any, name: str, most: int) -> list[Any]:
    """The entries of a list; ShapeError where it is none, is empty or too long."""
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise ShapeError(f"{name} is {values!r:.60}, not a list of numbers")
    found: list[Any] = []
    for value in values:
        found.append(value)
        if len(found) > most:
            raise ShapeError(f"{name} has more than {most} entries")
    if not found:
        raise ShapeError(f"{name} is empty", hint="give at least one number")
    return found


def check_name(name: Any) -> str:
    """The name of a distribution; ChalkworkError for an unknown one, with the nearest."""
    if name not in NAMES:
        hint = meant(name, NAMES, f"the distributions are {', '.join(NAMES)}")
        raise ChalkworkError(f"there is no distribution {name!r:.60}", hint=hint)
    return str(name)


def observations(values: Any, kind: Family) -> list[Fraction]:
    """The sample of a distribution; ValueProblem for what is not in its support."""
    found = []
    for place, value in enumerate(entries(values, "sample", MOST_OBSERVATIONS), 1):
        number = exact(value, f"sample[{place}]")
        if not kind.support.holds(float(number)) or 0 < abs(number) < Fraction(1, 10**100):
            raise ValueProblem(
                f"sample[{place}] is {_plain(number)}, and an observation of the {kind.title} is {kind.support.words}"
            )
        found.append(number)
    return found


def classes_of(values: Any, classes: int | None) -> tuple[list[int], int]:
    """A sample of class numbers, counted from 1, and how many classes there are (the largest number by default)."""
    if classes is not None and (isinstance(classes, bool) or not isinstance(classes, int)):
        raise ValueProblem(f"classes is {classes!r:.60}, not a whole number")
    if classes is not None and not 2 <= classes <= MOST_CLASSES:
        raise ValueProblem(f"classes is {classes}, and there are 2 to {MOST_CLASSES} of them")
    most = classes or MOST_CLASSES
    found = []
    for place, value in enumerate(entries(values, "sample", MOST_OBSERVATIONS), 1):
        number = exact(value, f"sample[{place}]")
        if number.denominator != 1 or not 1 <= number <= most:
            raise ValueProblem(
                f"sample[{place}] is {_plain(number)}, and an observation of the categorical distribution is the "
                f"number "
                f"of a class, from 1 to {most}"
            )
        found.append(int(number))
    return found, classes or max(2, *found)


def probabilities(values: Any, name: str) -> list[Fraction]:
    """A discrete distribution: numbers from 0 that add up to one (to nine decimals). ValueProblem otherwise.

    >>> probabilities([0.36, 0.48, 0.16], "p")
    [Fraction(9, 25), Fraction(12, 25), Fraction(4, 25)]
    """
    found = []
    for place, value in enumerate(entries(values, name, MOST_CLASSES), 1):
        number = exact(value, f"{name}[{place}]")
        if not 0 <= number <= 1:
            raise ValueProblem(f"{name}[{place}] is {_plain(number)}, and a probability lies between 0 and 1")
        if 0 < number < Fraction(1, 10**100):
            raise ValueProblem(f"{name}[{place}] is {_plain(number)}, smaller than 1e-100 and not 0")
        found.append(number)
    whole = sum(found, Fraction(0))
    if abs(whole - 1) > SUM_TOLERANCE:
        raise ValueProblem(
            f"the entries of {name} add up to {float(whole):.12g}, and probabilities add up to 1",
            hint="write 1/3 for a third" if abs(whole - 1) < Fraction(1, 50) else None,
        )
    return found


def parameter(value: Any, name: str, low: float, high: float) -> Fraction:
    """A known parameter, strictly between two bounds. ValueProblem otherwise."""
    number = exact(value, name)
    size = abs(float(number))
    if not low < number < high or size > 1e100 or 0 < size < 1e-100:
        bounds = f"between {low:g} and {high:g}" if isfinite(high) else "greater than 0" if low == 0 else "a number"
        raise ValueProblem(f"{name} is {_plain(number)}, and it must be {bounds} (1e-100 to 1e100 in size)")
    return number


def distinct(sample: Sequence[Fraction]) -> dict[Fraction, int]:
    """How often each value occurs, smallest first."""
    counts: dict[Fraction, int] = {}
    for value in sorted(sample):
        counts[value] = counts.get(value, 0) + 1
    return counts


def _plain(number: Fraction) -> str:
    try:
        return f"{float(number):.12g}"
    except OverflowError:
        return f"{'-' if number < 0 else ''}{inf}"
