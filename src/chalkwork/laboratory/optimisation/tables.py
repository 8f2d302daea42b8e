"""Every step of a path in a table."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from chalkwork.documents.model import Block, Table
from chalkwork.laboratory.optimisation.letters import Letters
from chalkwork.laboratory.optimisation.methods import Path
from chalkwork.laboratory.optimisation.steps import Route
from chalkwork.solutions.board import Board
from chalkwork.solutions.steps import Column, step_table
from chalkwork.training.schedules import CONSTANT

MOST_COLUMNS = 8
"""Columns of numbers in one table of steps; more make a second table."""
MOST_ROWS = 14


def path_table(board: Board, path: Path, letters: Letters) -> Table:
    """Every point with its value and the step taken there; the middle of a long path is left out."""
    count = len(path.points)
    rows = list(range(count)) if count <= MOST_ROWS else [*range(MOST_ROWS - 3), *range(count - 3, count)]
    rows = [k for k in rows if np.isfinite(path.points[k]).all()]
    head = ["step", *(f"${one.latex}$" for one in letters.variables), f"${letters.function_sign.latex}$"]
    columns: list[list[Any]] = [list(rows)]
    columns += [[float(path.points[k][i]) for k in rows] for i in range(len(letters.variables))]
    columns.append([float(path.values[k]) for k in rows])
    written = board.table(head, columns)
    moves = [board.number(float(np.linalg.norm(path.steps[k].direction))) if k < len(path.steps) else "" for k in rows]
    full = [(*line, move) for line, move in zip(written.rows, moves, strict=True)]
    gap = next((at for at, (k, after) in enumerate(pairwise(rows), 1) if after > k + 1), None)
    if gap is not None:
        full.insert(gap, ("⋮",) * (len(head) + 1))
    return Table((*head, "length of the step"), tuple(full), (*written.right, len(head)))


def steps_tables(board: Board, route: Route, blank: bool = False) -> Iterator[Block]:
    """What every step works out, a row a step, the last point below: all of it are equations.

    With `blank` these are tables to fill in, but for gradients that are given.
    """
    size = len(route.path.points[0])
    scheduled = ["eta"] if route.method.schedule != CONSTANT else []
    lines = [name.rstrip("0123456789") for name in route.steps[0].lines]
    columns = dict.fromkeys(["p", "f", "g", *scheduled, *lines])
    tables: list[list[str]] = [[]]
    room = MOST_COLUMNS
    for column in columns:
        width = 1 if column in ("f", "eta", "gnorm", "gscale") else size
        if width > room and tables[-1]:
            tables.append([])
            room = MOST_COLUMNS
        tables[-1].append(column)
        room -= width
    count = len(route.path.steps)
    for table in tables:
        asked = [Column(name, asked=name != "g" or "g1" in board.derivation) for name in table]
        yield step_table(board, asked, range(1, count + (2 if "p" in table else 1)), "$k$", blank)
