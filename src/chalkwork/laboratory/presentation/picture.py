"""Samples marked by their classes, and the separating lines, epoch by epoch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import dist
from typing import Any

import numpy as np

from chalkwork.counting import counted
from chalkwork.derivation.evaluate import evaluate
from chalkwork.documents.model import Block
from chalkwork.drawings.plot import Axis, Curve, line_plot
from chalkwork.laboratory.presentation.study import Study
from chalkwork.solutions.board import Board

MOST_LINES = 4
"""Lines that are drawn; of more epochs the first ones and the last."""
Line = tuple[float, float, float]
Ranges = tuple[tuple[float, float], tuple[float, float]]


def picture(board: Board, study: Study, epochs: int) -> Iterator[Block]:
    """The plane of the inputs with the samples and the line after each epoch; nothing where none is a line."""
    found: list[tuple[str, Line]] = []
    for epoch in range(epochs + 1):
        line = study.boundary(epoch * len(study.order))
        assert line is not None
        p, q, c = (float(np.ravel(evaluate(part, board.values)).item()) for part in line)
        if (p or q) and not (found and np.allclose(found[-1][1], (p, q, c))):
            found.append((f"after epoch {epoch}" if epoch else "at the start", (p, q, c)))
    if len(found) > MOST_LINES:
        found = [*found[: MOST_LINES - 1], found[-1]]
    if found and study.y is not None:
        yield plane(board, study.x[:, -2:], study.y, found, "The separating line, epoch by epoch")


def plane(board: Board, points: Any, classes: Any, lines: Sequence[tuple[str, Line]], caption: str) -> Block:
    """Points marked by class, and the lines p x1 + q x2 + c = 0 with their labels."""
    low, high = points.min(0), points.max(0)
    middle, half = (low + high) / 2, float(max((high - low).max() / 2 * 1.4, 0.5))
    ranges = tuple((float(at - half), float(at + half)) for at in middle)
    x1, x2 = (board.writer.symbols[f"x[{place}]"] for place in (1, 2))
    if "x[0]" in board.solution.setting.letters or f"x[{points.shape[1] + 1}]" in board.solution.setting.letters:
        x1, x2 = (board.writer.symbols[f"x[{place}]"] for place in (2, 3))
    curves, said = [], []
    for value in sorted(set(classes.tolist()), reverse=True):
        mine = points[classes == value]
        shown = board.piece(value).box.lines[0]
        curves.append(Curve(mine[:, 0].tolist(), mine[:, 1].tolist(), f"target {shown}", dots=True, stops=True))
        said.append(f"{counted(len(mine), 'sample')} with target {value:g}")
    for label, line in lines:
        ends = _ends(line, ranges)
        if ends:
            curves.append(Curve([end[0] for end in ends], [end[1] for end in ends], label))
    words = f"The plane of the two inputs with {', '.join(reversed(said))}."
    words += "".join(f" {label[0].upper()}{label[1:]}: {_in_words(line)}." for label, line in lines)
    across, up = ranges
    drawn = line_plot(caption, words, curves, Axis(x1.text, within=across), Axis(x2.text, within=up), equal=True)
    return drawn.titled(caption)


def _ends(line: Line, ranges: tuple[tuple[float, float], ...]) -> list[tuple[float, float]]:
    """Where the line meets the edges of the window."""
    p, q, c = line
    (left, right), (low, high) = ranges
    found = [(x, -(p * x + c) / q) for x in (left, right) if q] + [(-(q * y + c) / p, y) for y in (low, high) if p]
    inside = [(x, y) for x, y in found if left - 1e-9 <= x <= right + 1e-9 and low - 1e-9 <= y <= high + 1e-9]
    pairs = [(one, other) for one, other in product(inside, inside) if dist(one, other) > 1e-6]
    return list(max(pairs, key=lambda pair: dist(*pair))) if pairs else []


def _in_words(line: Line) -> str:
    p, q, c = line
    return f"the line {p:.4g} x1 + {q:.4g} x2 + {c:.4g} = 0".replace("+ -", "− ").replace("-", "−")
