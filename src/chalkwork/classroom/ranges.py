"""What a number is drawn from where the author does not say: numbers like those that stand there.

As many decimals, whole where it was whole, about as large, of both signs where signs are free; shares stay shares.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import reduce
from itertools import combinations, pairwise, product
from math import ceil, gcd, lcm

from chalkwork.sheets.parts import Drawn
from chalkwork.sheets.varying import written

FEWEST = 4
"""Sizes that a number is drawn from, at least."""
MOST_BITS, MOST_SHARES = 8, 5000
Texts = tuple[str, ...]


def choices_like(texts: Sequence[str], drawn: Drawn) -> tuple[Texts, Fraction]:
    """What each of the numbers can be besides zero, and how often it is zero.

    >>> choices_like(["0.2", "-0.25", "0.05"], "weights")[0]
    ('-0.25', '-0.2', '-0.15', '-0.1', '-0.05', '0.05', '0.1', '0.15', '0.2', '0.25')
    >>> choices_like(["3"], "data")
    (('1', '2', '3', '4', '5', '6', '7', '8', '9'), Fraction(0, 1))
    """
    numbers = [Fraction(text.replace(" ", "")) for text in texts]
    sizes = [abs(number) for number in numbers if number]
    zeros = Fraction(len(numbers) - len(sizes), len(numbers))
    if not sizes:
        return (), zeros
    plain = not any("/" in text for text in texts)
    unit = _unit(texts)
    step = _step(sizes, unit)
    signs_alone = len(numbers) > 2 and set(numbers) == {-1, 1}
    low, high = (1, 1) if signs_alone or (zeros and set(numbers) == {0, 1}) else _bounds(sizes, step)
    within = drawn != "weights" and max(sizes) < 1
    high = min(high, ceil(1 / step) - 1) if within else high
    negative = any(number < 0 for number in numbers)
    signs = (-1, 1) if negative or drawn == "weights" else (1,)
    found = sorted(sign * place * step for sign in signs for place in range(low, high + 1))
    decimals = _common_decimals(texts)
    return tuple(written(number, plain, decimals) for number in found), zeros


def _unit(texts: Sequence[str]) -> Fraction:
    """One unit of the last place that is written."""
    units = []
    for text in texts:
        number = Fraction(text.replace(" ", ""))
        decimals = len(text.partition(".")[2]) if "." in text else 0
        units.append(Fraction(1, number.denominator) if "/" in text else Fraction(1, 10**decimals))
    return min(units)


def _step(sizes: Sequence[Fraction], unit: Fraction) -> Fraction:
    """The largest step that all numbers are multiples of and that leaves enough of them."""
    scale = lcm(*(size.denominator for size in sizes))
    whole = Fraction(reduce(gcd, (int(size * scale) for size in sizes)), scale)
    steps = [whole, *(times * unit for times in (5, 2) if (whole / (times * unit)).denominator == 1)]
    return next((step for step in steps if max(sizes) / step >= FEWEST), min(unit, whole))


def _bounds(sizes: Sequence[Fraction], step: Fraction) -> tuple[int, int]:
    """The smallest and the largest size, in steps."""
    most = int(max(sizes) / step)
    if len(sizes) > 1:
        return 1, max(most, 3)
    return (1, 9) if most < 10 else (ceil(Fraction(most, 2)), 3 * most // 2)


def _common_decimals(texts: Sequence[str]) -> int:
    """How many decimals all of the numbers have."""
    found = {len(text.partition(".")[2]) for text in texts}
    return found.pop() if len(found) == 1 else 0


# --- alternatives: numbers that are drawn together --------------------------------------------------------------------


def alternatives_like(texts: Sequence[str], drawn: Drawn) -> list[Texts] | None:
    """What numbers can be that hang together: classes, bits, shares, an interval; None where each is drawn alone.

    >>> alternatives_like(["1", "0"], "target"), alternatives_like(["0.75", "0.25"], "shares")[0]
    ([('1', '0'), ('0', '1')], ('0.05', '0.95'))
    """
    numbers = [Fraction(text.replace(" ", "")) for text in texts]
    if drawn == "interval":
        return _intervals(texts, numbers)
    bits = all(number in (0, 1) for number in numbers)
    if drawn == "target" and len(numbers) > 1 and bits and sum(numbers) == 1:
        one, zero = texts[numbers.index(Fraction(1))], texts[numbers.index(Fraction(0))]
        return [tuple(one if at == hot else zero for at in range(len(texts))) for hot in range(len(texts))]
    if bits and (len(numbers) > 1 or drawn == "target") and drawn != "weights":
        return _bits(texts, numbers)
    if drawn in ("target", "shares") and len(numbers) > 1 and min(numbers) >= 0 and sum(numbers) == 1:
        return _shares(texts, numbers)
    return None


def _bits(texts: Sequence[str], numbers: Sequence[Fraction]) -> list[Texts] | None:
    if len(numbers) > MOST_BITS or (len(numbers) == 2 and set(numbers) == {Fraction(1)}):
        return None
    both = len(set(numbers)) > 1
    rows = product("01", repeat=len(numbers))
    return [row for row in rows if not both or len(set(row)) > 1]


def _shares(texts: Sequence[str], numbers: Sequence[Fraction]) -> list[Texts]:
    """Shares that are multiples of a unit; the coarser the more there would be."""
    places = [place for place, number in enumerate(numbers) if number]
    unit = _unit(texts)
    plain, found = not any("/" in text for text in texts), list[Texts]()
    for times in (5, 1) if unit < 1 and (1 / (5 * unit)).denominator == 1 else (1,):
        parts = int(1 / (times * unit))
        found = []
        for cuts in combinations(range(1, parts), len(places) - 1):
            ends = (0, *cuts, parts)
            row = ["0"] * len(numbers)
            for place, (low, high) in zip(places, pairwise(ends), strict=True):
                row[place] = written((high - low) * times * unit, plain)
            found.append(tuple(row))
            if len(found) >= MOST_SHARES:
                return found
        if len(found) >= FEWEST:
            return found
    return found


def _intervals(texts: Sequence[str], numbers: Sequence[Fraction]) -> list[Texts] | None:
    """Intervals about the same point where it was symmetric about 0; else with either end moved."""
    if len(numbers) != 2:
        return None
    low, high = numbers
    if low == -high:
        halves = [high * Fraction(part, 4) for part in range(2, 9)]
        return [(written(-half), written(half)) for half in halves]
    length = high - low
    ends = [high + length * Fraction(part, 4) for part in (-2, -1, 0, 1, 2)]
    return [(texts[0], written(end)) for end in ends]


def classes_like(count: int) -> Texts:
    """The classes that a target can be, from 1."""
    return tuple(str(number) for number in range(1, count + 1))


def is_drawable(texts: Sequence[str]) -> bool:
    """Whether the numbers are written without a power of ten."""
    return not any(re.search("[eE]", text) for text in texts)
