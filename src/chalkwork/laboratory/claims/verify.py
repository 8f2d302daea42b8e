"""One relation, verified: exactly where it can be, else by intervals, else at many points; or refuted.

By intervals the domain is cut until every piece is enclosed on the right side of zero: rigorous, as
`chalkwork.bounds.ranges` rounds outwards (Moore, Kearfott and Cloud, Introduction to Interval Analysis (2009), section
5.3). A bound that is reached cannot be proved so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from math import inf
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from chalkwork.algebra.expression import Application, Expression, Name, Number, names_in, walk
from chalkwork.algebra.expression import replace as exchange
from chalkwork.bounds.intervals import Interval
from chalkwork.bounds.ranges import enclose
from chalkwork.budget import share
from chalkwork.counting import counted
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.claims.domain import Point, Range
from chalkwork.laboratory.claims.evaluation import worked_out
from chalkwork.laboratory.claims.points import Counterexample, Trial, glance, look_closely
from chalkwork.laboratory.claims.precise import MOST_DIGITS
from chalkwork.laboratory.claims.statement import Context, Link
from chalkwork.laboratory.claims.worker import SECONDS, prove_within

Boxes = NDArray[np.float64]
"""Pieces of the domain: (pieces, names, 2) lower and upper ends."""

MOST_PIECES, MOST_ROUNDS, MOST_NAMES = 4000, 30, 2
_CUTS = (-32.0, -8.0, -2.0, 0.0, 2.0, 8.0, 32.0)


def pieces_that_prove(left: Expression, relation: str, right: Expression, ranges: Mapping[str, Range]) -> int | None:
    """How many pieces the proof of an inequality without derivatives takes; None where none is found.

    >>> from chalkwork.algebra.expression import Name, apply
    >>> x = Name("x")
    >>> pieces_that_prove(apply("sin", x) + 2, ">", apply("cos", x) / 2, {"x": Range(-1.0, 1.0, (True, True))}) is None
    False
    """
    if relation not in ("<", "<=", ">", ">=") or not 0 < len(ranges) <= MOST_NAMES:
        return None
    difference = left - right if relation[0] == ">" else right - left
    known = {name.name for name in names_in(difference)}
    if difference.shape or not known <= set(ranges) or not _all_in_table(difference):
        return None
    strict = "=" not in relation
    names = list(ranges)
    boxes = _start([ranges[name] for name in names])
    count = len(boxes)
    for _ in range(MOST_ROUNDS):
        inside = {name: _interval(boxes[:, place]) for place, name in enumerate(names)}
        low = enclose(difference, inside).low.reshape(-1)
        low = np.broadcast_to(low, (len(boxes),))
        boxes = boxes[~(low > 0 if strict else low >= 0)]
        if not len(boxes):
            return count
        if 2 * len(boxes) > MOST_PIECES:
            return None
        boxes = _halved(boxes)
        count += len(boxes) // 2
    return None


def _all_in_table(expression: Expression) -> bool:
    """Whether the table's enclosures can be asked: no matrices written out."""
    return all(
        node.operation.name != "matrix" if isinstance(node, Application) else isinstance(node, Name) or not node.shape
        for node in walk(expression)
    )


def _interval(ends: Boxes) -> Interval:
    return Interval.of(ends[:, 0].reshape(-1, 1, 1), ends[:, 1].reshape(-1, 1, 1))


def _start(ranges: list[Range]) -> Boxes:
    """The domain in a few pieces, rounded outwards, those at infinity apart."""
    columns = []
    for given in ranges:
        low = -inf if given.low == -inf else float(np.nextafter(float(given.low), -inf))
        high = inf if given.high == inf else float(np.nextafter(float(given.high), inf))
        low = 0.0 if given.low == 0 else low
        high = 0.0 if given.high == 0 else high
        cuts = [low, *(cut for cut in _CUTS if low < cut < high), high]
        columns.append(list(pairwise(cuts)))
    if len(columns) == 1:
        return np.array([[piece] for piece in columns[0]])
    return np.array([[first, second] for first in columns[0] for second in columns[1]])


def _halved(boxes: Boxes) -> Boxes:
    """Every piece in two, across its widest side."""
    with np.errstate(all="ignore"):
        widest = np.argmax(boxes[:, :, 1] - boxes[:, :, 0], axis=1)
    rows = np.arange(len(boxes))
    low, high = boxes[rows, widest, 0], boxes[rows, widest, 1]
    with np.errstate(all="ignore"):
        middle = np.where(np.isinf(low), np.where(np.isinf(high), 0.0, 2 * high - 8), (low + high) / 2)
        middle = np.where(np.isinf(high) & ~np.isinf(low), 2 * low + 8, middle)
    first, second = boxes.copy(), boxes.copy()
    first[rows, widest, 1] = middle
    second[rows, widest, 0] = middle
    return np.concatenate([first, second])


MOST_NUMBERS = 64

Way = Literal["exact", "intervals", "points", "false", "undefined"]


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found about a relation.

    `how` says it in words; `equality` where the two sides of a bound meet; `one_sided` where only one of them has a
    value: which has none, the point, why.
    """

    link: Link
    way: Way
    how: str
    points: int = 0
    counterexample: Counterexample | None = None
    equality: tuple[str, ...] = ()
    one_sided: tuple[tuple[str, Point, str], ...] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against it."""
        return self.way in ("exact", "intervals", "points")

    @property
    def proved(self) -> bool:
        """Whether it holds for every number of the domain for which both sides have a value."""
        return self.way in ("exact", "intervals")


def verify(link: Link, context: Context, first: Mapping[str, Fraction] | None = None) -> Verified:
    """Verify one relation on the domain of the context; `first` is a point to try before all others.

    A symbolic proof is given up after a few seconds.

    Raises ChalkworkError for what cannot be evaluated at all.
    """
    left, right = context.meant(link.left), context.meant(link.right)
    ranges = context.ranges(left, right)
    if len(ranges) > MOST_NUMBERS:
        raise ChalkworkError(f"{len(ranges)} different numbers occur in one step, more than {MOST_NUMBERS}")
    plain = (worked_out(left, context.functions), worked_out(right, context.functions))
    trial = glance(plain, link.relation, ranges, first)
    found = Verified(link, "points", "", trial.points + len(trial.alike), one_sided=tuple(trial.one_sided))
    if trial.counterexample is not None:
        return replace(found, way="false", how="false", counterexample=trial.counterexample)
    if not found.points and not trial.undecided:
        return replace(found, way="undefined", how="no point was found at which both sides have a value")
    if left == right and link.relation in ("=", "<=", ">="):
        return replace(found, way="exact", how="both sides are the same")
    proof = prove_within(left, link.relation, right, ranges, context.functions, share(SECONDS))
    if proof is not None:
        return replace(found, way="exact", how=proof.how, equality=proof.equality)
    pieces = pieces_that_prove(plain[0], link.relation, plain[1], ranges)
    if pieces is not None:
        return replace(
            found, way="intervals", how=f"by interval evaluation on {counted(pieces, 'piece')} of the domain"
        )
    look_closely(plain, link.relation, trial)
    met = trial.counterexample or _meeting(plain, trial)
    if met is not None:
        return replace(found, way="false", how="false", counterexample=met)
    if not trial.points:
        return replace(found, way="undefined", how=f"{MOST_DIGITS} digits do not tell the sides apart")
    return replace(found, points=trial.points, how=f"at {counted(trial.points, 'point')}, with 50 digits")


def _meeting(sides: Sequence[Expression], trial: Trial) -> Counterexample | None:
    """The first point at which sides that should differ are proved to be equal."""
    for met in trial.meeting[:1]:
        numbers: dict[Expression, Expression] = {Name(name): Number(value) for name, value in met.point.items()}
        left, right = (exchange(side, numbers) for side in sides)
        if prove_within(left, "=", right, {}, {}, share(SECONDS)) is not None:
            return met
    return None
