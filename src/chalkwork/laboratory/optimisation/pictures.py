"""A whole path: every step in a table, and drawn over contour lines or on a curve."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from chalkwork.counting import counted
from chalkwork.documents.model import Block, Table
from chalkwork.drawings.contour import contour_lines
from chalkwork.drawings.drawing import Drawing
from chalkwork.drawings.plot import Axis, Curve, Sign, line_plot
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.optimisation.letters import Letters
from chalkwork.laboratory.optimisation.methods import Path
from chalkwork.laboratory.optimisation.steps import Route
from chalkwork.laboratory.optimisation.surface import Surface
from chalkwork.networks.data import as_array
from chalkwork.solutions.board import Board
from chalkwork.solutions.steps import Column, step_table
from chalkwork.training.schedules import CONSTANT

GRID = 81
CURVE = 301
MARGIN = 0.18

Ranges = dict[str, tuple[float, float]]


def ranges_of(given: Any, variables: Sequence[str], what: str) -> Ranges:
    """An interval for every variable; ChalkworkError for anything else.

    >>> ranges_of({"x": [-1, 1]}, ["x"], "box")
    {'x': (-1.0, 1.0)}
    """
    if not isinstance(given, dict) or set(given) != set(variables):
        listed = ", ".join(f"{name}: [-2, 2]" for name in variables)
        raise ChalkworkError(f"{what} gives an interval for every variable: {{{listed}}}", hint="and for no other")
    found = {}
    for name in variables:
        ends = as_array(given[name], f"{what}[{name}]")
        if ends.shape != (2,) or not ends[0] < ends[1] or np.abs(ends).max() > 1e6:
            raise ChalkworkError(f"{what}[{name}] is an interval [low, high], not {given[name]!r:.60}")
        found[name] = (float(ends[0]), float(ends[1]))
    return found


def picture(
    board: Board,
    surface: Surface,
    letters: Letters,
    paths: Sequence[tuple[str, Path]],
    window: Ranges | None = None,
    marked: Sequence[tuple[str, Any]] = (),
) -> list[Block]:
    """A figure with the paths, where the function has one or two variables; else nothing."""
    n = len(surface.variables)
    if n > 2:
        return []
    spots = [np.asarray(point) for _, point in marked]
    window = window or _around([path for _, path in paths], spots, surface.variables)
    words = _words(board, surface, paths, marked)
    title, latex = f"{surface.text[:80]}", letters.function_sign.latex
    if n == 1:
        return [_curve(surface, letters, paths, window, marked, words, title).titled(f"The graph of ${latex}$")]
    across, up = (window[name] for name in surface.variables)
    xs, ys = np.linspace(*across, GRID), np.linspace(*up, GRID)
    grid = surface.value(np.stack(np.meshgrid(xs, ys), axis=-1))
    drawn = line_plot(
        title,
        words,
        [*contour_lines(xs, ys, grid), *(_trail(label, *path.points.T) for label, path in paths)],
        Axis(letters.variables[0].text, within=across),
        Axis(letters.variables[1].text, within=up),
        signs=[Sign(label, float(point[0]), float(point[1])) for label, point in marked],
        equal=True,
    )
    return [drawn.titled(f"Contour lines of ${latex}$")]


def _trail(label: str, x: Any, y: Any) -> Curve:
    return Curve(x.tolist(), y.tolist(), label, stops=True)


def _curve(
    surface: Surface,
    letters: Letters,
    paths: Sequence[tuple[str, Path]],
    window: Ranges,
    marked: Sequence[tuple[str, Any]],
    words: str,
    title: str,
) -> Drawing:
    (name,) = surface.variables
    places = np.linspace(*window[name], CURVE)
    values = surface.value(places[:, None])
    finite = values[np.isfinite(values)]
    if not finite.size:
        raise ChalkworkError("the function has no value anywhere in the window", hint="choose another one")
    low, high = np.quantile(finite, [0.0, 1.0]) if np.ptp(finite) < 1e4 else np.quantile(finite, [0.02, 0.9])
    room = MARGIN / 2 * (high - low) or 1.0
    graph = Curve(places.tolist(), values.tolist(), "", faint=True)
    return line_plot(
        title,
        words,
        [graph, *(_trail(label, path.points[:, 0], path.values) for label, path in paths)],
        Axis(letters.variables[0].text, within=window[name]),
        Axis(f"{surface.name}({letters.variables[0].text})", within=(float(low - room), float(high + room))),
        signs=[Sign(label, float(point[0]), float(surface.value(np.asarray(point)))) for label, point in marked],
    )


def _around(paths: Sequence[Path], spots: Sequence[Any], variables: Sequence[str]) -> Ranges:
    """A window that holds the paths, of those that run away only the beginning, neither side much the longer."""
    shown = [point for path in paths for point in (path.points[:5] if path.ending == "diverged" else path.points)]
    points = np.array([*shown, *spots])
    points = points[np.isfinite(points).all(1)]
    low, high = points.min(0), points.max(0)
    middle, half = (low + high) / 2, (high - low) / 2 * (1 + 2 * MARGIN)
    half = np.maximum(half, 0.6 * half.max() or 1.0)
    return {name: (float(m - h), float(m + h)) for name, m, h in zip(variables, middle, half, strict=True)}


def _words(board: Board, surface: Surface, paths: Sequence[tuple[str, Path]], marked: Sequence[tuple[str, Any]]) -> str:
    kind = "Contour lines" if len(surface.variables) == 2 else "The graph"
    parts = [f"{kind} of {surface.name} = {surface.text}."]
    for label, path in paths:
        start, end = (_plain(board, point) for point in (path.points[0], path.last))
        count = len(path.steps)
        way = "runs off to infinity" if path.ending == "diverged" else f"comes to {end}"
        name = label or path.method.title
        parts.append(f"{name[0].upper()}{name[1:]} starts at {start} and {way} in {counted(count, 'step')}.")
    for label, point in marked:
        parts.append(f"Marked: {label} at {_plain(board, point)}.")
    return " ".join(parts)


def _plain(board: Board, point: Any) -> str:
    parts = [board.piece(float(value)).box.lines[0] for value in np.ravel(point)]
    return parts[0] if len(parts) == 1 else f"({', '.join(parts)})"


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
