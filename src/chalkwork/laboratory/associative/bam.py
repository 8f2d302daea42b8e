"""A bidirectional associative memory: pairs of patterns, recalled from either side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from typing import Any, Unpack

import numpy as np

from chalkwork.algebra.expression import Expression, Name
from chalkwork.counting import counted
from chalkwork.documents.model import Block, Heading, Paragraph
from chalkwork.errors import ChalkworkError, ShapeError
from chalkwork.laboratory.associative.memory import (
    ENDINGS,
    MOST_STEPS,
    STORE,
    AtZero,
    Memory,
    Script,
    at_zero_of,
    column_of,
    first_step,
    patterns_of,
    said_of_zero,
    thresholded,
    two_valued,
)
from chalkwork.networks.arguments import whole
from chalkwork.networks.data import Array
from chalkwork.solutions.board import Board
from chalkwork.solutions.setting import Look, Style, Word
from chalkwork.solutions.solution import Solution
from chalkwork.solutions.steps import step_table
from chalkwork.typesetting.notation import subscript
from chalkwork.typesetting.symbols import Symbol


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
    style = Style.chosen(**look)
    left, right = patterns_of(x, "x"), patterns_of(y, "y")
    if len(left) != len(right):
        raise ShapeError(f"there are {len(left)} patterns x and {len(right)} patterns y")
    memory = Memory()
    pairs = []
    for number, (one, other) in enumerate(zip(left, right, strict=True), 1):
        p = memory.given(f"p{number}", one[:, None], Symbol(f"x_{{{number}}}", f"x{subscript(str(number))}"))
        q = memory.given(f"q{number}", other[:, None], Symbol(f"y_{{{number}}}", f"y{subscript(str(number))}"))
        pairs.append(p @ q.T)
    w = memory.equation("W", reduce(Expression.__add__, pairs), STORE)
    done, words, facts = 0, {}, {}
    if start is not None and start_y is not None:
        raise ChalkworkError("recall begins at start or at start_y, not at both")
    if start is not None or start_y is not None:
        done, ending = _recall(
            memory, w, start, start_y, at_zero_of(at_zero), whole(steps, "steps", 1, MOST_STEPS // 2)
        )
        found = memory.values[f"x{done}"].ravel(), memory.values[f"y{done}"].ravel()
        words = {"ending": Word(ending, (ENDINGS[ending],), tuple(ENDINGS)), "recalled": _pair(found, left, right)}
        facts = {"steps": done}
    posed = _posed_bam(start is not None, start_y is not None, at_zero_of(at_zero), len(left))
    return memory.solution(
        "A bidirectional associative memory", style, ask, ("W", "u", "y", "v", "x", "E"),
        script=lambda board: _bam_script(board, posed, done),
        posed=posed,
        blank=lambda board: [_bam_rows(board, done, blank=True)] if done else [],
        words=words, facts=facts,
    )  # fmt: skip


def _recall(memory: Memory, w: Name, start: Any, start_y: Any, at_zero: AtZero, steps: int) -> tuple[int, str]:
    """To and fro from an x, or fro and to from a y."""
    n, p = w.shape
    from_x = start is not None
    begin = two_valued(column_of(start if from_x else start_y, n if from_x else p, "start" if from_x else "start_y"),
                        "start" if from_x else "start_y", -1.0)  # fmt: skip
    x = memory.given(memory.numbered("x", 0), begin if from_x else np.zeros((n, 1)))
    y = memory.given(memory.numbered("y", 0), np.zeros((p, 1)) if from_x else begin)

    def of_y(step: int, x: Name, y: Name) -> Name:
        net = memory.equation(memory.numbered("u", step), w.T @ x)
        return memory.equation(memory.numbered("y", step), thresholded(net, y, False, at_zero))

    def of_x(step: int, x: Name, y: Name) -> Name:
        net = memory.equation(memory.numbered("v", step), w @ y)
        return memory.equation(memory.numbered("x", step), thresholded(net, x, False, at_zero))

    for step in range(1, steps + 1):
        before = memory.values[x.name], memory.values[y.name]
        if from_x:
            y = of_y(step, x, y)
            x = of_x(step, x, y)
        else:
            x = of_x(step, x, y)
            y = of_y(step, x, y)
        memory.equation(memory.numbered("E", step), -(x.T @ w @ y))
        if all(np.array_equal(one, memory.values[name.name]) for one, name in zip(before, (x, y), strict=True)):
            return step, "stable"
    return steps, "unfinished"


def _pair(found: tuple[Array, Array], left: Array, right: Array) -> Word:
    choices = [f"pair {number}" for number in range(1, len(left) + 1)]
    pairs = zip(choices, left, right, strict=True)
    known = [name for name, x, y in pairs if np.array_equal(found[0], x) and np.array_equal(found[1], y)]
    return Word(known[0] if known else "none", (), (*choices, "none"))


def _posed_bam(from_x: bool, from_y: bool, at_zero: AtZero, count: int) -> Script:
    def posed(board: Board) -> Iterator[Block]:
        yield Paragraph(f"A bidirectional associative memory stores {counted(count, 'pair')} of patterns.")
        yield from board.givens([name.name for name in board.derivation.givens if name.name[0] in "pq"])
        if from_x or from_y:
            yield Paragraph(
                f"Recall begins here, and goes to and fro until nothing changes. {said_of_zero(at_zero)}"
            )  # fmt: skip
            yield from board.givens(["x0" if from_x else "y0"])

    return posed


def _bam_rows(board: Board, steps: int, blank: bool = False) -> Block:
    return step_table(board, ["u", "y", "v", "x", "E"], range(1, steps + 1), "$k$", blank)


def _bam_script(board: Board, posed: Script, steps: int) -> Iterator[Block]:
    yield from posed(board)
    yield Heading("The weights", 2)
    yield from board.equation("W")
    if not steps:
        return
    yield Heading("Recall", 2)
    yield from first_step(board)
    yield Paragraph("All steps:")
    yield _bam_rows(board, steps)
    if board.solution["ending"] == "stable":
        yield Paragraph("Nothing changes any more.")
    word = str(board.solution["recalled"])
    yield Paragraph("This is none of the stored pairs." if word == "none" else f"This is {word}.")
