"""Where a claim is to hold: what its names range over, and points there at which it is tried.

The points are pleasant numbers, the ends of the domain, large and small ones, drawn ones.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice, product
from math import ceil, floor, inf
from typing import Any

from chalkwork.algebra.entries import entry
from chalkwork.algebra.expression import Expression, Name
from chalkwork.algebra.operations import Shape
from chalkwork.algebra.reading import canonical
from chalkwork.algebra.reading.names import joined
from chalkwork.errors import ChalkworkError

_NUMBER = r"[-+]?(?:[0-9]{1,20}(?:\.[0-9]{1,20})?(?:/[1-9][0-9]{0,9})?|inf)"
_INTERVAL = re.compile(rf"\s*([\[(])\s*({_NUMBER})\s*,\s*({_NUMBER})\s*([\])])\s*")
_SHAPED = re.compile(r"\s*(vector|matrix)\s*\(?\s*([0-9]{1,2})(?:\s*[x,×]\s*([0-9]{1,2}))?\s*\)?\s*")
_WORD = re.compile(r"[^\W\d_][^\W_]*(?:_[^\W_]+)*")
MOST_ENTRIES = 16


@dataclass(frozen=True, slots=True)
class Range:
    """The numbers between two ends; whether the ends belong to it; only whole numbers, perhaps."""

    low: Fraction | float = -inf
    high: Fraction | float = inf
    closed: tuple[bool, bool] = (False, False)
    whole: bool = False
    shape: Shape = ()
    words: str = "real"
    """What the numbers are called; the names stand for {}, else behind."""

    def holds(self, value: Fraction) -> bool:
        """Whether the number belongs to it."""
        above = value >= self.low if self.closed[0] else value > self.low
        below = value <= self.high if self.closed[1] else value < self.high
        return above and below and (not self.whole or value.denominator == 1)


_KINDS = {
    "real": Range(),
    "positive": Range(low=Fraction(0), words="positive"),
    "negative": Range(high=Fraction(0), words="negative"),
    "nonnegative": Range(low=Fraction(0), closed=(True, False), words="non-negative"),
    "integer": Range(whole=True, words="whole"),
    "natural": Range(low=Fraction(1), closed=(True, False), whole=True, words="natural"),
}
EXPECTED = f"{', '.join(_KINDS)}, an interval such as [0, 1] or (0, inf), vector 3, or matrix 2x3"


def read_range(name: str, given: Any) -> Range:
    """One entry of a domain.

    Raises ChalkworkError for what is none.

    >>> read_range("x", "[0, 1/2)").holds(Fraction(1, 2)), read_range("y", "vector 3").shape
    (False, (3, 1))
    """
    if isinstance(given, Sequence) and not isinstance(given, str) and len(given) == 2:
        given = f"[{given[0]}, {given[1]}]"
    text = str(given)[:200] if isinstance(given, str) else ""
    if text.strip() in _KINDS:
        return _KINDS[text.strip()]
    if interval := _INTERVAL.fullmatch(text):
        low, high = end_of(interval[2]), end_of(interval[3])
        closed = (interval[1] == "[" and low != -inf, interval[4] == "]" and high != inf)
        if low < high:
            return Range(low, high, closed, words=f"{{}} in {text.strip()}")
    if shaped := _SHAPED.fullmatch(text):
        rows, columns = int(shaped[2]), int(shaped[3] or 1)
        if 0 < rows * columns <= MOST_ENTRIES and (shaped[1] == "matrix") == (shaped[3] is not None):
            kind = f"matrices {{}} of {rows}x{columns}" if shaped[3] else f"vectors {{}} of {rows}"
            return Range(shape=(rows, columns), words=f"{kind} real numbers")
    raise ChalkworkError(f"the domain of {name}: expected {EXPECTED}, found {given!r:.60}")


def quantified(groups: Mapping[str, Sequence[str]]) -> str:
    """What names range over, said once for those of one kind; `groups` are the names by the words of their range.

    >>> quantified({"real": ["a", "b"], "vectors {} of 3 real numbers": ["y"]})
    'real a, b and all vectors y of 3 real numbers'
    """
    phrases = []
    for words, names in groups.items():
        listed = ", ".join(names)
        phrases.append(words.format(listed) if "{}" in words else f"{words} {listed}")
    return " and all ".join(phrases)


def written(name: str) -> str:
    """A name as formulas have it: x_1 is x1.

    >>> written("x_1"), written("λ")
    ('x1', 'lambda')
    """
    return joined(canonical(name))


def end_of(text: str) -> Fraction | float:
    """The end of an interval, as it is written."""
    return float(text) if text.lstrip("+-") == "inf" else Fraction(text)


@dataclass(frozen=True)
class Domain:
    """The ranges of the names that were given one; every other name is real."""

    ranges: Mapping[str, Range]

    @classmethod
    def of(cls, given: Mapping[str, Any] | None) -> Domain:
        """A domain from plain values; ChalkworkError for what is none."""
        if given is None:
            return cls({})
        if not isinstance(given, Mapping):
            raise ChalkworkError(f"a domain is a mapping such as {{x: real}}, not {given!r:.60}")
        for name in given:
            if not isinstance(name, str) or not _WORD.fullmatch(name) or len(name) > 40:
                raise ChalkworkError(f"the domain names {name!r:.60}, which is no name")
        return cls({written(name): read_range(name, value) for name, value in given.items()})

    def __getitem__(self, name: str) -> Range:
        return self.ranges.get(name, _KINDS["real"])

    def scalars(self, names: Sequence[Name]) -> dict[str, Range]:
        """The numbers that can be chosen: the names of numbers, and the entries of vectors and matrices."""
        return {each: self[each] for name in names for each in entries_of(name)}

    def name(self, name: str) -> Expression:
        """The name with its shape."""
        return Name(name, self[name].shape)


def entries_of(name: Name) -> list[str]:
    """The names of the entries: y1, y2, ... of a vector, A11, A12, ... of a matrix; a number is its own entry.

    >>> entries_of(Name("y", (2, 1))), entries_of(Name("x"))
    (['y1', 'y2'], ['x'])
    """
    return [flat(entry(name, *place)) for place in product(*map(range, name.shape or (1, 1)))]


def flat(name: Expression) -> str:
    """The name of an entry as people write it in claims, without brackets: y1 and not y[1].

    >>> flat(Name("A[1,2]"))
    'A12'
    """
    return re.sub(r"[\[\],]", "", str(name))


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
