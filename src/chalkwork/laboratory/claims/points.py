"""A relation at many points, the pleasant ones first: a counterexample that a person can follow, or none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain
from time import monotonic
from typing import Any

from chalkwork.algebra.expression import Expression
from chalkwork.budget import share
from chalkwork.laboratory.claims.domain import Point, Range, candidates, closing_in
from chalkwork.laboratory.claims.evaluation import Undefined
from chalkwork.laboratory.claims.precise import (
    DIGITS,
    MORE_DIGITS,
    MOST_DIGITS,
    TooLarge,
    Undecided,
    arithmetic,
    context,
    enclosed,
    ends,
    middle,
    settled,
)

MOST_SECONDS = 4.0
_AGREE = 30  # digits behind the point: sides whose enclosures are no wider agree, as far as can be told
_LOOKED_AT_CLOSELY = 3  # points at which many digits do not tell the sides apart are tried with the most


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A point, both sides there (entry by entry), and the first entry in which they break the relation.

    `difference` is that of the sides in that entry, left minus right, which may be far smaller than either.
    """

    point: Point
    left: tuple[Any, ...]
    right: tuple[Any, ...]
    entry: int
    difference: Any


@dataclass
class Trial:
    """What the points said: how many were tried, where a side had no value, whether one broke the relation."""

    points: int = 0
    complete: bool = True
    """Whether there was time for all of them."""
    counterexample: Counterexample | None = None
    one_sided: list[tuple[str, Point, str]] = field(default_factory=list)
    """Points where only one side has a value: which side has none, the point, why."""
    undecided: int = 0
    meeting: list[Counterexample] = field(default_factory=list)
    """Points at which sides that should differ cannot be told apart: if they are equal there, these break it."""
    closely: int = 0
    margins: list[tuple[float, Point]] = field(default_factory=list)
    """By how much the relation holds at a point."""
    alike: list[Point] = field(default_factory=list)
    """Points at which the first digits of both sides agree; a proof makes it needless to look at more."""


Both = tuple[tuple[Any, ...], tuple[Any, ...]]
Sides = tuple[Expression, Expression]


def try_points(
    left: Expression,
    relation: str,
    right: Expression,
    ranges: Mapping[str, Range],
    first: Mapping[str, Fraction] | None = None,
) -> Trial:
    """The relation, its sides without derivatives, at many points of the domain; ends at the first that breaks it.

    What is said of a point is certain: a relation counts as broken only where the enclosures of both sides say so.
    """
    trial = glance((left, right), relation, ranges, first)
    look_closely((left, right), relation, trial)
    return trial


def glance(
    sides: Sides, relation: str, ranges: Mapping[str, Range], first: Mapping[str, Fraction] | None = None
) -> Trial:
    """`try_points`, but for more digits of sides that agree in the first; `look_closely` does the rest."""
    trial, end = Trial(), monotonic() + share(MOST_SECONDS)

    def margin(point: Point) -> float | None:
        return _margin(sides, relation, point)

    def near() -> Iterator[Point]:
        if relation != "=":
            yield from closing_in(margin, trial.margins, ranges)

    for point in chain(candidates(ranges, first), near()):
        _try(sides, relation, point, trial)
        if trial.counterexample is not None:
            found, trial.counterexample = trial.counterexample, None
            look_closely(sides, relation, trial)  # at those that came before it
            trial.counterexample = trial.counterexample or found
        trial.complete = monotonic() <= end
        if trial.counterexample is not None or not trial.complete:
            break
    return trial


def look_closely(sides: Sides, relation: str, trial: Trial) -> None:
    """More digits at the points at which the first agree, until one breaks the relation."""
    alike, trial.alike, end = trial.alike, [], monotonic() + share(MOST_SECONDS)
    for number, point in enumerate(alike):
        _try(sides, relation, point, trial, (MORE_DIGITS, MOST_DIGITS))
        if trial.counterexample is not None:
            return
        if monotonic() > end:
            trial.points += len(alike) - number - 1
            return


def _try(
    sides: Sides, relation: str, point: Point, trial: Trial, ways: Sequence[int] = (DIGITS, MORE_DIGITS, MOST_DIGITS)
) -> None:
    """One point, with more digits as long as they are needed."""
    for digits in ways:
        if digits == MOST_DIGITS and trial.closely >= _LOOKED_AT_CLOSELY:
            break
        trial.closely += digits == MOST_DIGITS
        try:
            both = _values(sides, point, digits, trial)
        except Undecided:
            continue
        if both is None:
            return
        signs = [_sign(a, b, digits) for a, b in zip(*both, strict=True)]
        broken = [entry for entry, sign in enumerate(signs) if sign is not None and not _holds(sign, relation)]
        if broken:
            trial.counterexample = _counterexample(sides, point, both, broken[0], digits)
            return
        together = [entry for entry, sign in enumerate(signs) if sign is None]
        if not together:
            trial.points += 1
            trial.margins.append((_least(both, relation), point))
            return
        agree = all(_agree(both[0][entry], both[1][entry], digits) for entry in together)
        if agree and digits == DIGITS:
            trial.alike.append(point)
            return
        if agree and (digits == MOST_DIGITS or trial.closely >= _LOOKED_AT_CLOSELY):
            trial.points += 1
            if relation in ("<", ">", "!="):
                trial.meeting.append(_counterexample(sides, point, both, together[0], digits))
            return
    trial.undecided += 1


def _values(sides: Sides, point: Point, digits: int, trial: Trial) -> Both | None:
    """Both sides with as many entries; None, noted where only one has a value, where one has none."""
    values: list[tuple[Any, ...]] = []
    reasons: dict[str, str] = {}
    for which, side in zip(("left", "right"), sides, strict=True):
        try:
            values.append(enclosed(side, point, digits))
        except Undefined as reason:
            reasons[which] = str(reason)
        except (TooLarge, OverflowError):
            return None
    if len(reasons) == 1:
        ((which, why),) = reasons.items()
        trial.one_sided.append((which, point, why))
    if reasons:
        return None
    left, right = values
    count = max(len(left), len(right))
    return (left * count if len(left) == 1 else left), (right * count if len(right) == 1 else right)


def _sign(a: Any, b: Any, digits: int) -> int | None:
    """The sign of a - b, where it is certain."""
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return (a > b) - (a < b)
    (low, high), (other_low, other_high) = ends(a, digits), ends(b, digits)
    if low > other_high:
        return 1
    return -1 if high < other_low else None


def _agree(a: Any, b: Any, digits: int) -> bool:
    """Whether sides that cannot be told apart agree in many digits behind the point."""
    (low, high), (other_low, other_high) = ends(a, digits), ends(b, digits)
    grain = context(digits).mpf(10) ** -_AGREE
    return bool(high - low <= grain and other_high - other_low <= grain)


def _holds(sign: int, relation: str) -> bool:
    return {"=": sign == 0, "!=": sign != 0, "<": sign < 0, "<=": sign <= 0, ">": sign > 0, ">=": sign >= 0}[relation]


def _counterexample(sides: Sides, point: Point, both: Both, entry: int, digits: int) -> Counterexample:
    """The point with values that are right in all digits that may be shown."""
    while digits < MOST_DIGITS and not all(_is_known(value, digits) for side in both for value in side):
        digits = MORE_DIGITS if digits < MORE_DIGITS else MOST_DIGITS
        with suppress(Undecided):
            both = _values(sides, point, digits, Trial()) or both
    left, right = (tuple(settled(value, digits) for value in side) for side in both)
    a, b = both[0][entry], both[1][entry]
    return Counterexample(point, left, right, entry, settled(arithmetic(digits).functions["subtract"](a, b), digits))


def _is_known(value: Any, digits: int) -> bool:
    """Whether the first digits of a value are certain."""
    low, high = ends(value, digits)
    return bool(high - low <= abs(low) / 10**_AGREE)


def _margin(sides: Sides, relation: str, point: Point) -> float | None:
    """By how much the relation holds at a point, if both sides have a value there."""
    try:
        both = _values(sides, point, DIGITS, Trial())
    except Undecided:
        return None
    return None if both is None else _least(both, relation)


def _least(both: Both, relation: str) -> float:
    differences = [middle(b) - middle(a) for a, b in zip(*both, strict=True)]
    if relation == "!=":
        return float(min(map(abs, differences)))
    return float(min(differences) if relation[0] == "<" else -max(differences))
