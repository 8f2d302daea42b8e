"""Two numbers, or matrices entry by entry, that a relation stands between; and the verdicts that there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np

from chalkwork.verification.memory import Value

SAME = 1e-9
"""As a part of their size, how far apart numbers can be that are the same."""
TELLING, PUT_IN, MOST_WIDTHS = 1e-4, 0.02, 40
"""What the digits shown on the way can come to says something where it is no wider than this part of the largest entry
(the second where numbers are put in, and nothing is a result), or so many half units."""
NEAR = 0.005
CUT = 200
"""How many half units a number has at least, three digits, whose further digits may have been cut off."""
MOST_HALVES = 3
"""Half units of the last digit by which a value can miss what was calculated: one for rounding, and one unit."""


class Verdict(StrEnum):
    """What is found of a statement, the worst last."""

    GIVEN = "given"
    DEFINITION = "definition"
    RIGHT = "right"
    ROUNDED = "right to the digits shown"
    UNJUDGED = "not judged"
    FOLLOWS = "follows"
    WRONG = "wrong"


ORDER = list(Verdict)


@dataclass(frozen=True)
class Found:
    """The verdict on one statement, why, and whether all of it was read."""

    verdict: Verdict
    reason: str = ""
    read: bool = True


def by_value(first: Value, relation: str, second: Value, near: bool, loose: float = NEAR) -> Found:
    """Two numbers, or matrices entry by entry; `loose` is the part of their size that ≈ leaves open."""
    if first.shape != second.shape:
        if first.shape and second.shape == first.shape[::-1] and 1 in first.shape:
            turned = by_value(first, relation, second.turned, near, loose)
            said = "a row stands for a column" if second.shape[0] == 1 else "a column stands for a row"
            return turned if turned.verdict is Verdict.WRONG else replace(turned, reason=turned.reason or said)
        if first.shape and second.shape:
            return Found(Verdict.WRONG, f"the left side is {_size(first)}, the right side {_size(second)}")
        return Found(Verdict.UNJUDGED, f"the left side is {_size(first)}, the right side {_size(second)}")
    lines = [line for line in (first.wrong, second.wrong) if line is not None]
    if relation != "=":
        return _by_order(first, relation, second, lines)
    a, b = first.exact, second.exact
    size = np.maximum(np.abs(a), np.abs(b))
    same = SAME
    exact = np.abs(a - b) <= same * size + 1e-15
    if first.fraction is not None and second.fraction is not None:
        same = 1e-15
        exact = np.full(a.shape, first.fraction == second.fraction)
    if exact.all():
        return _or_follows(Verdict.RIGHT, "", lines)
    half = second.half if second.half is not None else first.half
    if half is None:
        half = np.zeros_like(a)
    slack = 1e-9 * half + same * size
    rounds = np.abs(a - b) <= half + slack
    wide = first.range.meets(second.range).reshape(a.shape)
    if first.fraction is not None and second.fraction is not None and first.half is None and second.half is None:
        wide = exact
    width = np.maximum(first.range.width, second.range.width).reshape(a.shape)
    share = TELLING if second.half is not None else PUT_IN
    narrow = width <= np.maximum(share * np.max(size), MOST_WIDTHS * half)
    close = (np.abs(a - b) <= MOST_HALVES * half + slack) | narrow
    accepted = exact | rounds | (close & wide)
    if near:
        shown = np.maximum(2 * half, loose * size)
        accepted |= np.abs(a - b) <= shown + slack
    if accepted.all():
        return _or_follows(Verdict.ROUNDED, "", lines)
    cut = (np.abs(b) <= np.abs(a)) & (np.abs(a - b) < 2 * half) & (np.abs(b) >= CUT * half) & (a * b > 0)
    if (accepted | cut).all():
        return _or_follows(Verdict.ROUNDED, "digits are cut off, not rounded", lines)
    if (accepted | wide).all():
        return Found(Verdict.UNJUDGED, "the digits shown on the way leave it open")
    return Found(Verdict.WRONG, _shown(a, b, ~accepted))


def _by_order(first: Value, relation: str, second: Value, lines: Sequence[int]) -> Found:
    """Whether the one is larger, smaller or another one."""
    a, b = first.exact, second.exact
    slack = SAME * np.maximum(np.abs(a), np.abs(b))
    order = {"<": a < b + slack, ">": a > b - slack, "<=": a <= b + slack, ">=": a >= b - slack}
    holds = order.get(relation, np.abs(a - b) > slack)
    if not np.all(holds):
        return Found(Verdict.WRONG, _shown(a, b, ~holds))
    return _or_follows(Verdict.RIGHT, "", lines)


def _or_follows(verdict: Verdict, reason: str, lines: Sequence[int]) -> Found:
    if not lines:
        return Found(verdict, reason)
    return Found(Verdict.FOLLOWS, f"follows from your wrong line {min(lines)}")


def _shown(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any], bad: np.ndarray[Any, Any]) -> str:
    row, column = (int(one[0]) for one in np.nonzero(bad))
    where = f"in row {row + 1}, column {column + 1} the" if a.size > 1 else "the"
    return f"{where} left side is {a[row, column]:.6g}, the right side {b[row, column]:.6g}"


def _size(value: Value) -> str:
    rows, columns = value.exact.shape
    return f"{rows}x{columns}" if value.shape else "a number"
