"""A bidirectional associative memory: pairs of patterns, recalled from either side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from typing import Any, Unpack

import numpy as np

from chalkwork.algebra.expression import Expression, Name
from chalkwork.counting import counted
from chalkwork.documents.model import Block, Paragraph
from chalkwork.errors import ChalkworkError, ShapeError
from chalkwork.laboratory.associative.memory import (
    BARE,
    MOST_STEPS,
    STORE,
    AtZero,
    Memory,
    at_zero_of,
    column_of,
    patterns_of,
    said_of_zero,
    thresholded,
    two_valued,
)
from chalkwork.networks.arguments import whole
from chalkwork.solutions.board import Board
from chalkwork.solutions.setting import Look, Style
from chalkwork.solutions.solution import Solution


def bam(
    x: Any,
    y: Any,
    *,
    start: Any = None,
    start_y: Any = None,
    steps: int = 5,
    at_zero: str | float = "keep",
    ask: Sequence[str] = (),
    **look: Unpack[Look],
) -> Solution:
    """A bidirectional associative memory: `W` is the sum of x y^T; recall goes to and fro until nothing changes.

    `x` and `y` hold a pattern of -1 and 1 in each row, as many in both. From `start`, an x (or `start_y`, a y),
    step k gives `u1` = W^T x, `y1`, `v1` = W y, `x1` and the energy `E1` = -x^T W y; at most so many `steps`. A
    unit whose net input is 0 keeps its state, which is 0 where it has none yet; `at_zero` may say -1, 0 or 1.
    Words: `ending`, `recalled` as for `hopfield`.

    >>> found = bam([[1, 1, 1], [1, -1, 1]], [[1, -1], [1, 1]], start=[1, 1, 1])
    >>> found["W"].tolist(), found["y1"].ravel().tolist(), found["E1"].item(), found["recalled"]
    ([[2.0, 0.0], [0.0, -2.0], [2.0, 0.0]], [1.0, -1.0], -6.0, 'pair 1')
    """
    left, right = patterns_of(x, "x"), patterns_of(y, "y")
    if len(left) != len(right):
        raise ShapeError(f"there are {len(left)} patterns x and {len(right)} patterns y")
    if start is not None and start_y is not None:
        raise ChalkworkError("recall begins at start or at start_y, not at both")
    memory, pairs = Memory(), []
    for number, (one, other) in enumerate(zip(left, right, strict=True), 1):
        p = memory.given(f"p{number}", one, BARE["x"].below(number))
        q = memory.given(f"q{number}", other, BARE["y"].below(number))
        pairs.append(p @ q.T)
    w = memory.equation("W", reduce(Expression.__add__, pairs), STORE)
    keep = at_zero_of(at_zero)
    if start is not None or start_y is not None:
        found = _recall(memory, w, start, start_y, keep, whole(steps, "steps", 1, MOST_STEPS // 2))
        stored = {f"pair {number}": pair for number, pair in enumerate(zip(left, right, strict=True), 1)}
        state = (memory.values[f"{name}{found[0]}"].ravel() for name in "xy")
        memory.ends(*found, stored, *state)

    def posed(board: Board) -> Iterator[Block]:
        yield Paragraph(f"A bidirectional associative memory stores {counted(len(left), 'pair')} of patterns.")
        yield from board.givens([name.name for name in board.derivation.givens if name.name[0] in "pq"])
        if memory.steps:
            yield Paragraph(f"Recall begins here, and goes to and fro until nothing changes. {said_of_zero(keep)}")
            yield from board.givens(["x0" if start is not None else "y0"])

    def ended(board: Board) -> Iterator[Block]:
        if memory.words["ending"].value == "stable":
            yield Paragraph("Nothing changes any more.")
        word = memory.words["recalled"].value
        yield Paragraph("This is none of the stored pairs." if word == "none" else f"This is {word}.")

    columns = ("u", "y", "v", "x", "E")
    return memory.answer(
        "A bidirectional associative memory", Style.chosen(**look), ask, columns, posed, lambda board: iter(()), ended
    )


def _recall(memory: Memory, w: Name, start: Any, start_y: Any, at_zero: AtZero, steps: int) -> tuple[int, str]:
    """To and fro from an x, or fro and to from a y."""
    n, p = w.shape
    given, name, size = (start, "start", n) if start is not None else (start_y, "start_y", p)
    begin = two_valued(column_of(given, size, name), name, -1.0)
    x = memory.given(memory.numbered("x", 0), begin if start is not None else np.zeros((n, 1)))
    y = memory.given(memory.numbered("y", 0), np.zeros((p, 1)) if start is not None else begin)

    def of_y(step: int, x: Name, y: Name) -> Name:
        return memory.at("y", step, thresholded(memory.at("u", step, w.T @ x), y, False, at_zero))

    def of_x(step: int, x: Name, y: Name) -> Name:
        return memory.at("x", step, thresholded(memory.at("v", step, w @ y), x, False, at_zero))

    for step in range(1, steps + 1):
        before = memory.values[x.name], memory.values[y.name]
        if start is not None:
            y = of_y(step, x, y)
            x = of_x(step, x, y)
        else:
            x = of_x(step, x, y)
            y = of_y(step, x, y)
        memory.at("E", step, -(x.T @ w @ y))
        if all(np.array_equal(one, memory.values[name.name]) for one, name in zip(before, (x, y), strict=True)):
            return step, "stable"
    return steps, "unfinished"
