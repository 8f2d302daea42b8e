"""Where a claim is to hold: what its names range over."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import inf
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
