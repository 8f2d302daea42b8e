"""Points at which a relation is tried: pleasant numbers, the ends of the domain, large and small ones, drawn ones."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import islice, product
from math import ceil, floor, inf

from chalkwork.laboratory.claims.domain import Range

Point = dict[str, Fraction]

PLEASANT = tuple(
    Fraction(top, bottom)
    for top, bottom in (
        *((0, 1), (1, 1), (-1, 1), (2, 1), (-2, 1), (1, 2), (-1, 2), (3, 1), (-3, 1), (1, 4), (-1, 4)),
        *((5, 1), (-5, 1), (10, 1), (-10, 1), (1, 10), (4, 1), (-4, 1), (20, 1), (-20, 1)),
        *((1, 3), (-1, 3), (2, 3), (-2, 3), (3, 2), (-3, 2), (6, 1), (-6, 1), (7, 1), (-7, 1)),
    )
)
PLEASANT_FIRST = (*map(Fraction, (1, 2, -1, 3, 0, -2)), Fraction(1, 2), Fraction(5), Fraction(-1, 2))
"""The order for several numbers at once: 0 and 1 hide too much."""
FAR = tuple(map(Fraction, ("1/1000", "-1/1000", "100", "-100", "1e-9", "-1e-9", "1000", "-1000", "1e6", "-1e6")))
"""Numbers of other sizes, for what holds for those that one thinks of first."""
MOST_POINTS = 80
_DRAWN, _MIXED = 40, 160
_MOST_CHOSEN = 6  # of several names, that all take their pleasant numbers; the others follow


def candidates(ranges: Mapping[str, Range], first: Mapping[str, Fraction] | None = None) -> Iterator[Point]:
    """Points of the domain: the author's own, pleasant numbers, its ends, far ones, then drawn ones; always the same.

    >>> [str(point["x"]) for point in islice(candidates({"x": Range(low=Fraction(0))}), 3)]
    ['1', '2', '1/2']
    """
    names = list(ranges)
    if first is not None and set(first) >= set(names):
        yield {name: Fraction(first[name]) for name in names}
    if not names:
        yield {}
        return
    pleasant = [_inside(ranges[name], len(names)) for name in names]
    for values in _combined(pleasant):
        yield dict(zip(names, values, strict=True))
    source = random.Random(20)
    outside = [_edges(ranges[name]) for name in names]
    if len(names) == 1:
        yield from ({names[0]: value} for value in outside[0])
    else:
        for place in range(_MIXED):
            far = [outer if 2 * place > _MIXED else [] for outer in outside]
            yield {name: source.choice([*a, *b]) for name, a, b in zip(names, pleasant, far, strict=True)}
    for _ in range(_DRAWN):
        yield {name: _drawn(ranges[name], source) for name in names}


def _inside(given: Range, names: int) -> list[Fraction]:
    """The pleasant numbers of a range, and some of its own where it has few."""
    found = [value for value in (PLEASANT if names == 1 else PLEASANT_FIRST) if given.holds(value)]
    low, high = finite_ends(given)
    if len(found) < 8 and given.whole:
        found += [Fraction(value) for value in range(ceil(low), min(floor(high), ceil(low) + 20) + 1)]
    elif len(found) < 8:
        found += [low + (high - low) * part / 8 for part in range(9)]
    return [value for value in dict.fromkeys(found) if given.holds(value)]


def _edges(given: Range) -> list[Fraction]:
    """The ends of a range where they belong to it, numbers just inside of them, and far ones."""
    found = []
    for end, inwards in ((given.low, 1), (given.high, -1)):
        if abs(end) != inf:
            found += [Fraction(end) + inwards * step for step in (Fraction(0), Fraction(1, 1000), Fraction(1, 10**9))]
    found += map(Fraction, range(8, 31)) if given.whole else ()
    return [value for value in dict.fromkeys((*found, *FAR)) if given.holds(value)]


def finite_ends(given: Range) -> tuple[Fraction, Fraction]:
    """Finite ends to draw between."""
    low = Fraction(given.low) if given.low != -inf else None
    high = Fraction(given.high) if given.high != inf else None
    if low is None:
        low = Fraction(-8) if high is None else high - 16
    return low, (low + 16 if high is None else high)


def _drawn(given: Range, source: random.Random) -> Fraction:
    low, high = finite_ends(given)
    for _ in range(20):
        value = low + (high - low) * Fraction(source.randint(1, 9999), 10_000)
        value = Fraction(round(value)) if given.whole else Fraction(round(value * 100), 100)
        if given.holds(value):
            return value
    return _inside(given, 1)[0]


def _combined(choices: Sequence[Sequence[Fraction]]) -> Iterator[tuple[Fraction, ...]]:
    """Combinations, those of early choices first; for several names different values before equal ones."""
    most = len(PLEASANT) if len(choices) == 1 else 9 if len(choices) == 2 else 5 if len(choices) == 3 else 3
    ranked = [list(enumerate(choice[:most])) for choice in choices[:_MOST_CHOSEN]]
    tail = tuple(choice[place % len(choice)] for place, choice in enumerate(choices[_MOST_CHOSEN:]))
    combinations = sorted(
        islice(product(*ranked), 1000),
        key=lambda pairs: (len({value for _, value in pairs}) < len(pairs) > 1, sum(rank for rank, _ in pairs)),
    )
    for pairs in combinations[:MOST_POINTS]:
        yield (*(value for _, value in pairs), *tail)


# --- towards where a bound is nearly reached ----------------------------------------------------------------------

_STARTS, _MOST_TRIES, _SMALLEST_STEP = 2, 240, Fraction(1, 2**44)
_ROUNDED = (1, 12, 1000)
"""Largest denominators to which a place is rounded: where a bound is reached is often a simple number."""
_DECIMALS = (3, 6, 12, 15)


def closing_in(
    margin: Callable[[Point], float | None], tried: Sequence[tuple[float, Point]], ranges: Mapping[str, Range]
) -> Iterator[Point]:
    """Points near those at which a bound holds by the smallest margins, found by steps that get smaller and smaller.

    Hooke and Jeeves, "Direct search" solution of numerical and statistical problems, Journal of the ACM 8 (1961).

    >>> start = (1.0, {"x": Fraction(0)})
    >>> found = list(closing_in(lambda point: float(abs(3 * point["x"] - 1)), [start], {"x": Range()}))
    >>> {"x": Fraction(1, 3)} in found
    True
    """
    for least, start in sorted(tried, key=lambda pair: pair[0])[:_STARTS]:
        point = _lowest(margin, least, start, ranges)
        near = [{name: value.limit_denominator(most) for name, value in point.items()} for most in _ROUNDED]
        near += [{name: round(value, places) for name, value in point.items()} for places in _DECIMALS]
        for place in (*near, point):
            if all(ranges[name].holds(value) for name, value in place.items()):
                yield place


def _lowest(margin: Callable[[Point], float | None], least: float, start: Point, ranges: Mapping[str, Range]) -> Point:
    """Where no small step makes the margin smaller."""
    point, step, tries = start, Fraction(1, 2), 0
    while step > _SMALLEST_STEP and tries < _MOST_TRIES and least > 0:
        better = None
        for name, given in ranges.items():
            for move in (step, -step):
                value = point[name] + (round(move) if given.whole else move)
                if value == point[name] or not given.holds(value):
                    continue
                tries += 1
                found = margin({**point, name: value})
                if found is not None and found < least:
                    better, least = {**point, name: value}, found
        if better is None:
            step /= 2
        else:
            point, step = better, 2 * step
    return point
