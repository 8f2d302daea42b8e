"""A region of the plane by threshold units: one for each of its edges, and one that joins them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Unpack

import numpy as np

from chalkwork.algebra.expression import Expression, Name, Number, apply
from chalkwork.counting import counted
from chalkwork.derivation.derivation import Stage
from chalkwork.documents.model import Block, Heading, Paragraph
from chalkwork.errors import ChalkworkError, ShapeError
from chalkwork.laboratory.functions.one_variable import as_number
from chalkwork.laboratory.presentation.picture import plane
from chalkwork.laboratory.presentation.unit import Rows, samples_of, signed_sum, targets_of
from chalkwork.networks.activations import Activation
from chalkwork.networks.arguments import one_of
from chalkwork.networks.data import Array, as_matrix, as_vector
from chalkwork.solutions.board import Board
from chalkwork.solutions.setting import Look, Style
from chalkwork.solutions.solution import Solution
from chalkwork.typesetting.symbols import Symbol

UNITS = Stage("units", "The units")
MOST_EDGES = 12
_STEP = Activation.of("step(at_zero=1)")
JOINS = {"and": "all of them are", "or": "any of them is", "majority": "more than half of them are"}
"""When the unit over all others is 1."""


def region(
    *,
    polygon: Any = None,
    weights: Any = None,
    bias: Any = None,
    join: str = "and",
    x: Any = None,
    y: Any = None,
    ask: Sequence[str] = (),
    **look: Unpack[Look],
) -> Solution:
    """Half-planes joined: a unit for each row of `weights` with its `bias`, 1 where w x + b >= 0, and one over all.

    The output is 1 where all of them are (`join: and`), any (`or`), or more than half (`majority`). Instead of weights
    a convex `polygon` may be given, by its corners in order: the units of its edges are found, and in answers any are
    right that hold the points apart. Of the points `x` (of a polygon, if none are given, one inside and one beyond each
    edge) point k has `h1` (the units) and `a1`; with wanted outputs `y` also `right1`, and `right` counts them. The
    units have `W` (units x 2) and `b`.

    >>> found = region(polygon=[[0, 0], [2, 0], [0, 2]])
    >>> found["W"].tolist(), found["b"].ravel().tolist(), found["a1"].item(), found["right"].item()
    ([[0.0, 1.0], [-1.0, -1.0], [1.0, 0.0]], [0.0, 2.0, 0.0], 1.0, 4.0)
    """
    if (polygon is None) == (weights is None) or (weights is None) != (bias is None):
        raise ChalkworkError("give a polygon, or the weights and the bias of each unit")
    one_of(join, tuple(JOINS), "join")
    corners = None if polygon is None else _corners(polygon)
    if corners is not None and join != "and":
        raise ChalkworkError("the edges of a polygon are joined by and")
    w, b = _edges(corners) if corners is not None else (as_matrix(weights, "weights"), as_vector(bias, "bias"))
    if w.shape[1] != 2 or len(w) != len(b) or len(w) > MOST_EDGES:
        raise ShapeError(
            f"a unit has 2 weights and a bias; there are {w.shape[0]} x {w.shape[1]} weights and {len(b)} in bias"
        )
    points, targets = _points(corners, x, y)
    if corners is None and points is None:
        raise ChalkworkError("x is missing: the points that are looked at")
    assert points is not None
    task = _Task(points, targets, w, b[:, None], join, corners)
    return _solved(task, Style.chosen(**look), tuple(ask))


@dataclass(frozen=True)
class _Task:
    """The points, what is wanted there, the units, and the polygon that these are the edges of, if any."""

    x: Array
    y: Array | None
    w: Array
    b: Array
    join: str
    corners: Array | None


def _corners(polygon: Any) -> Array:
    corners = as_matrix(polygon, "polygon")
    if corners.shape[1] != 2 or not 3 <= len(corners) <= MOST_EDGES:
        raise ShapeError(f"a polygon has 3 to {MOST_EDGES} corners of 2 numbers each")
    edges = np.roll(corners, -1, 0) - corners
    following = np.roll(edges, -1, 0)
    turns = edges[:, 0] * following[:, 1] - edges[:, 1] * following[:, 0]
    if not (np.all(turns > 0) or np.all(turns < 0)):
        raise ChalkworkError(
            "the polygon is not convex, or its corners are not in order", hint="one half-plane an edge"
        )
    return corners


def _edges(corners: Array) -> tuple[Array, Array]:
    """For each edge from p to q the weights across it, positive inside, and the bias."""
    following = np.roll(corners, -1, 0)
    w = np.column_stack([corners[:, 1] - following[:, 1], following[:, 0] - corners[:, 0]])
    b = -(w * corners).sum(1)
    turned = np.where(w @ corners.mean(0) + b >= 0, 1.0, -1.0)
    rows = np.column_stack([w * turned[:, None], b * turned]) + 0.0
    if np.array_equal(rows, np.round(rows)) and np.abs(rows).max() < 2**31:
        rows = rows / np.gcd.reduce(rows.astype(np.int64), axis=1)[:, None]
    return rows[:, :2], rows[:, 2]


def _points(corners: Array | None, x: Any, y: Any) -> tuple[Array | None, Array | None]:
    """The points and what is wanted there: of a polygon its middle, and beyond each edge as far again."""
    if x is not None:
        points = samples_of(x)
        if points.shape[1] != 2:
            raise ShapeError("a point of the plane has 2 numbers")
        return points, None if y is None else targets_of(y, len(points))
    if corners is None:
        return None, None
    inside = corners.mean(0)
    beyond = corners + np.roll(corners, -1, 0) - inside
    return np.vstack([inside, beyond]), np.array([1.0, *np.zeros(len(beyond))])


def _solved(task: _Task, style: Style, ask: tuple[str, ...], chosen: bool = False) -> Solution:
    m, rows = len(task.w), Rows(task.x, task.y, style, "ha", "point")
    found = task.corners is not None and not chosen
    least = Number({"and": m, "or": 1, "majority": m // 2 + 1}[task.join] - 0.5)
    rows.letters |= {"W": Symbol("W", "W"), "h": Symbol("h", "h")}
    rows.units({"W": task.w, "b": task.b}, UNITS, found)

    def units(step: int) -> tuple[Expression, Expression]:
        net = Name("W", (m, 2)) @ Name(f"x{step}", (2, 1)) + Name("b", (m, 1))
        return _STEP.expression(net, -2), _STEP.expression(apply("sum", Name(f"h{step}", (m, 1))) - least, -2)

    def instead(values: Mapping[str, Array]) -> Solution:
        return _solved(replace(task, w=values["W"], b=values["b"]), style, (), chosen=True)

    def wrong(points: Sequence[int]) -> str:
        return f"With these units the output at point {points[0]} of the table comes out wrong."

    rows.put_in(units)
    return rows.answer(
        style, ask, "A region by threshold units",
        script=lambda board: _script(board, task, rows),
        posed=lambda board: _posed(board, task, rows),
        blank=lambda board: rows.blanks(board, ("W", "b") if found else ()),
        choice=rows.choice(("W", "b"), instead, wrong) if found else None,
    )  # fmt: skip


# --- the board -----------------------------------------------------------------------------------------------------


def _posed(board: Board, task: _Task, rows: Rows) -> Iterator[Block]:
    every = JOINS[task.join]
    if task.corners is not None:
        corners = ", ".join(
            f"({', '.join(board.piece(one).latex for one in corner)})" for corner in task.corners.tolist()
        )
        yield Paragraph(
            f"Threshold units are to say whether a point lies in the convex polygon with the corners ${corners}$: "
            f"one for each edge, in this order, 1 where its net input $W x + b$ is not negative, and one that "
            f"is 1 where {every}."
        )
    else:
        yield Paragraph(
            f"{counted(len(task.w), 'threshold unit')} are 1 where their net input $W x + b$ is not negative; another "
            f"one over them is 1 where {every}."
        )
        yield from board.givens(["W", "b"])
    yield rows.given_table(board)


def _script(board: Board, task: _Task, rows: Rows) -> Iterator[Block]:
    yield from _posed(board, task, rows)
    if task.corners is not None:
        yield Paragraph(
            "An edge from one corner to the next, $(d_1, d_2)$ apart, has the weights $(-d_2, d_1)$ across it; the "
            "bias makes the net input 0 at the corner, and the sign is that for which the inside is positive. Any "
            "positive multiple does as well; here the smallest whole numbers stand."
        )
        yield from board.givens(["W", "b"])
    yield Heading("The half-planes", 2)
    units = list(zip(task.w.tolist(), task.b.ravel().tolist(), strict=True))
    for w, b in units:
        yield _half_plane(board, w, b)
    yield Heading("Every point", 2)
    yield from board.equations(["h1", "a1"])
    yield rows.table(board)
    lines = [(f"unit {number}", (*w, b)) for number, (w, b) in enumerate(units, 1) if any(w)]
    kinds = np.array([board.values[f"a{step}"].item() for step in rows.steps]) if task.y is None else task.y
    yield plane(board, task.x, kinds, lines, "The points and the lines of the units")


def _half_plane(board: Board, w: Sequence[float], b: float) -> Block:
    """One row of W x + b >= 0 with its numbers."""
    x = Name("x", (2, 1))
    parts = [(value, apply("entry", x, place=(place, 1))) for place, value in enumerate(w, 1)]
    total, free = signed_sum(parts), as_number(abs(b))
    return board.chain(total + free if b > 0 else total - free if b < 0 else total, Number(0), relations=["≥"])
