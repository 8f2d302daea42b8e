"""A relation at many points, the pleasant ones first: a counterexample that a person can follow, or none."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice, product
from math import floor, inf
from typing import Any

from chalkwork.algebra.expression import Expression
from chalkwork.laboratory.claims.domain import Range
from chalkwork.laboratory.claims.evaluation import Undefined
from chalkwork.laboratory.claims.precise import DIGITS, MORE_DIGITS, TooLarge, context, evaluate

Point = dict[str, Fraction]

PLEASANT = tuple(
    Fraction(top, bottom)
    for top, bottom in (
        *((0, 1), (1, 1), (-1, 1), (2, 1), (-2, 1), (1, 2), (-1, 2), (3, 1), (-3, 1), (1, 4), (-1, 4)),
        *((5, 1), (-5, 1), (10, 1), (-10, 1), (1, 10), (4, 1), (-4, 1), (20, 1), (-20, 1)),
    )
)
PLEASANT_FIRST = (*map(Fraction, (1, 2, -1, 3, 0, -2)), Fraction(1, 2), Fraction(5), Fraction(-1, 2))
"""The order for several numbers at once: 0 and 1 hide too much."""
MOST_POINTS = 120
MOST_SECONDS = 4.0
_DRAWN = 40
_AGREE, _AGREE_MORE = 30, 400


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A point, both sides there (entry by entry), and the first entry in which they break the relation."""

    point: Point
    left: tuple[Any, ...]
    right: tuple[Any, ...]
    entry: int


@dataclass
class Trial:
    """What the points said: how many were tried, where a side had no value, whether one broke the relation."""

    points: int = 0
    counterexample: Counterexample | None = None
    one_sided: list[tuple[str, Point, str]] = field(default_factory=list)
    """Points where only one side has a value: which side has none, the point, why."""
    undefined: int = 0


def candidates(ranges: Mapping[str, Range], first: Mapping[str, Fraction] | None = None) -> Iterator[Point]:
    """Points of the domain: the author's own, pleasant numbers, then drawn ones; always the same.

    >>> [str(point["x"]) for point in islice(candidates({"x": Range(low=Fraction(0))}), 3)]
    ['1', '2', '1/2']
    """
    names = list(ranges)
    if first is not None and set(first) >= set(names):
        yield {name: Fraction(first[name]) for name in names}
    if not names:
        yield {}
        return
    for values in _pleasant([_inside(ranges[name], len(names)) for name in names]):
        yield dict(zip(names, values, strict=True))
    source = random.Random(20)
    for _ in range(_DRAWN):
        yield {name: _drawn(ranges[name], source) for name in names}


def _inside(given: Range, names: int) -> list[Fraction]:
    """The pleasant numbers of a range, and some of its own where it has few."""
    found = [value for value in (PLEASANT if names == 1 else PLEASANT_FIRST) if given.holds(value)]
    if len(found) < 8 and not given.whole:
        low, high = _ends(given)
        found += [value for part in range(9) if given.holds(value := low + (high - low) * part / 8)]
    return list(dict.fromkeys(found)) or [_nearest_whole(given)]


def _nearest_whole(given: Range) -> Fraction:
    low, _ = _ends(given)
    return Fraction(floor(low) + 1)


def _ends(given: Range) -> tuple[Fraction, Fraction]:
    """Finite ends to draw between."""
    low = Fraction(given.low) if given.low != -inf else None
    high = Fraction(given.high) if given.high != inf else None
    if low is None:
        low = Fraction(-8) if high is None else high - 16
    return low, (low + 16 if high is None else high)


def _drawn(given: Range, source: random.Random) -> Fraction:
    low, high = _ends(given)
    for _ in range(20):
        value = low + (high - low) * Fraction(source.randint(1, 9999), 10_000)
        value = Fraction(round(value)) if given.whole else Fraction(round(value * 100), 100)
        if given.holds(value):
            return value
    return _inside(given, 1)[0]


def _pleasant(choices: Sequence[Sequence[Fraction]]) -> Iterator[tuple[Fraction, ...]]:
    """Combinations, those of early choices first; for several names different values before equal ones."""
    most = 20 if len(choices) == 1 else 5 if len(choices) <= 3 else 3
    ranked = [list(enumerate(choice[:most])) for choice in choices[:6]]
    tail = tuple(choice[place % len(choice)] for place, choice in enumerate(choices[6:]))
    combinations = sorted(
        islice(product(*ranked), 1000),
        key=lambda pairs: (len({value for _, value in pairs}) < len(pairs) > 1, sum(rank for rank, _ in pairs)),
    )
    for pairs in combinations[: MOST_POINTS - _DRAWN]:
        yield (*(value for _, value in pairs), *tail)


def try_points(
    left: Expression,
    relation: str,
    right: Expression,
    ranges: Mapping[str, Range],
    first: Mapping[str, Fraction] | None = None,
    seconds: float = MOST_SECONDS,
) -> Trial:
    """The relation, its sides without derivatives, at many points of the domain; ends at the first that breaks it."""
    from time import monotonic

    trial, end = Trial(), monotonic() + seconds
    for point in candidates(ranges, first):
        sides = _sides(left, right, point, trial)
        if sides is not None:
            trial.points += 1
            entry = _broken(sides, relation, (left, right), point)
            if entry is not None:
                trial.counterexample = Counterexample(point, *_spread(sides), entry)
                break
        if monotonic() > end:
            break
    return trial


Both = tuple[tuple[Any, ...], tuple[Any, ...]]


def _sides(left: Expression, right: Expression, point: Point, trial: Trial) -> Both | None:
    values: list[tuple[Any, ...] | None] = []
    reasons = []
    for side in (left, right):
        try:
            values.append(evaluate(side, point))
            reasons.append("")
        except Undefined as reason:
            values.append(None)
            reasons.append(str(reason))
        except (TooLarge, OverflowError):
            return None
    if values[0] is not None and values[1] is not None:
        return values[0], values[1]
    if values[0] is None and values[1] is None:
        trial.undefined += 1
    else:
        which = "left" if values[0] is None else "right"
        trial.one_sided.append((which, point, reasons[0] or reasons[1]))
    return None


def _spread(sides: Both) -> Both:
    """Both sides with as many entries: a number stands for all entries."""
    left, right = sides
    count = max(len(left), len(right))
    return (left * count if len(left) == 1 else left), (right * count if len(right) == 1 else right)


def _broken(sides: Both, relation: str, expressions: tuple[Expression, Expression], point: Point) -> int | None:
    """The first entry in which the relation is broken; what fifty digits leave open is decided by more."""
    left, right = _spread(sides)
    for entry, (a, b) in enumerate(zip(left, right, strict=True)):
        if _holds(a, b, relation, _equal(a, b, DIGITS, _AGREE)):
            continue
        try:
            more = _spread(tuple(evaluate(side, point, MORE_DIGITS) for side in expressions))  # type: ignore[arg-type]
        except (Undefined, TooLarge, OverflowError):
            continue
        a, b = more[0][entry], more[1][entry]
        if not _holds(a, b, relation, _equal(a, b, MORE_DIGITS, _AGREE_MORE)):
            return entry
    return None


def _equal(a: Any, b: Any, digits: int, agree: int) -> bool:
    mp = context(digits)
    return bool(abs(a - b) <= mp.mpf(10) ** -agree * max(abs(a), abs(b)) + mp.mpf(10) ** -(digits - 5))


def _holds(a: Any, b: Any, relation: str, equal: bool) -> bool:
    if relation == "=":
        return equal
    if relation == "!=":
        return not equal
    if equal:
        return relation in ("<=", ">=")
    return bool(a < b) if relation[0] == "<" else bool(a > b)
