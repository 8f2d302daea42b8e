"""Inequalities by interval evaluation: the domain is cut until every piece is enclosed on the right side of zero.

Rigorous, as `chalkwork.bounds.ranges` rounds outwards: Moore, Kearfott and Cloud, Introduction to Interval Analysis
(2009), section 5.3. A bound that is reached cannot be proved so.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from math import inf

import numpy as np
from numpy.typing import NDArray

from chalkwork.algebra.expression import Application, Expression, Name, names_in, walk
from chalkwork.bounds.intervals import Interval
from chalkwork.bounds.ranges import enclose
from chalkwork.laboratory.claims.domain import Range

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
