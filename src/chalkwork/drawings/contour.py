"""A function of two numbers as contour lines, or of one as a curve, with the paths that methods took over it.

Contour lines are found by marching squares: Lorensen and Cline, Marching cubes (SIGGRAPH 1987), in the plane.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import floor, isfinite, log10
from typing import Any, NamedTuple

import numpy as np

from chalkwork.drawings.canvas import GREY, INK, PALE, Box, Canvas, Drawing, Point, number, text_width

_SIZE = 13
_LONGER_SIDE = 400
_LEGEND_LINE = 20
_DASHES = ("", "7 3", "2 3", "9 3 2 3")
_MARKS = 4
MOST_POINTS_MARKED = 60


class Window(NamedTuple):
    """The part of the plane that is drawn."""

    left: float
    right: float
    bottom: float
    top: float


@dataclass(frozen=True, slots=True)
class Trail:
    """A path: what it is called, and its points (k x 2); only those within the window are drawn."""

    label: str
    points: Any


@dataclass(frozen=True, slots=True)
class Sign:
    """A place that is marked with a cross, and what is written beside it."""

    label: str
    x: float
    y: float


Segment = tuple[tuple[float, float], tuple[float, float]]


def draw_contours(
    title: str,
    description: str,
    window: Window,
    values: Any,
    trails: Sequence[Trail] = (),
    signs: Sequence[Sign] = (),
    axes: tuple[str, str] = ("x", "y"),
) -> Drawing:
    """Contour lines of values on a grid (rows from the bottom to the top), with paths over them.

    Both axes have the same scale, so that a gradient stands at right angles to the lines.

    >>> grid = np.add.outer(np.linspace(-1, 1, 21) ** 2, np.linspace(-1, 1, 21) ** 2)
    >>> draw_contours("A bowl", "A bowl.", Window(-1, 1, -1, 1), grid).description
    'A bowl.'
    """
    frame = _Frame(window, equal=True)
    canvas = Canvas()
    for level in levels_of(values):
        lines = chained(segments(values, level))
        commands = "".join(_polyline([frame.on_grid(point, values.shape) for point in line]) for line in lines)
        if commands:
            canvas.path(commands, frame.box, stroke=PALE)
    _axes(canvas, frame, axes)
    _trails(canvas, frame, trails)
    _signs(canvas, frame, signs)
    return canvas.drawing(title, description)


def draw_curve(
    title: str,
    description: str,
    window: Window,
    values: Any,
    trails: Sequence[Trail] = (),
    signs: Sequence[Sign] = (),
    axes: tuple[str, str] = ("x", "f(x)"),
) -> Drawing:
    """The values of a function on a grid of one variable as a curve, with the points of paths on it.

    >>> draw_curve("A bowl", "A bowl.", Window(-1, 1, 0, 1), np.linspace(-1, 1, 21) ** 2).description
    'A bowl.'
    """
    frame = _Frame(window, equal=False)
    canvas = Canvas()
    places = np.linspace(window.left, window.right, len(values))
    commands = ""
    for start, end in pairwise(zip(places.tolist(), values.tolist(), strict=True)):
        piece = _clipped(start, end, window) if isfinite(start[1]) and isfinite(end[1]) else None
        if piece is not None:
            commands += _polyline([frame.at(*piece[0]), frame.at(*piece[1])])
    if commands:
        canvas.path(commands, frame.box, stroke=PALE)
    _axes(canvas, frame, axes)
    _trails(canvas, frame, trails)
    _signs(canvas, frame, signs)
    return canvas.drawing(title, description)


# --- contour lines ---------------------------------------------------------------------------------------------------


def levels_of(values: Any, most: int = 12) -> list[float]:
    """Levels that lie evenly among the values, so that the lines do; what is not finite does not count.

    >>> levels_of(np.array([[0.0, 1.0], [2.0, 3.0]]), 2)
    [0.75, 2.25]
    """
    finite = np.sort(np.ravel(values)[np.isfinite(np.ravel(values))])
    if not finite.size or finite[0] == finite[-1]:
        return []
    shares = (np.arange(most) + 0.5) / most
    return sorted(set(np.quantile(finite, shares).tolist()))


def segments(values: Any, level: float) -> list[Segment]:
    """The pieces of the line at a level, a cell at a time, in places of the grid (column, row).

    >>> segments(np.array([[0.0, 1.0], [0.0, 1.0]]), 0.5)
    [((0.5, 0.0), (0.5, 1.0))]
    """
    above = values >= level
    corners = np.stack([above[:-1, :-1], above[:-1, 1:], above[1:, 1:], above[1:, :-1]])
    usable = np.isfinite(values)
    whole = usable[:-1, :-1] & usable[:-1, 1:] & usable[1:, 1:] & usable[1:, :-1]
    mixed = whole & (corners.any(0) != corners.all(0))
    found: list[Segment] = []
    for row, column in np.argwhere(mixed).tolist():
        crossings = _crossings(values, level, row, column)
        if len(crossings) == 4 and _joined_through_middle(values, level, row, column):
            crossings = [crossings[3], *crossings[:3]]
        found += [(crossings[i], crossings[i + 1]) for i in range(0, len(crossings), 2)]
    return found


def _joined_through_middle(values: Any, level: float, row: int, column: int) -> bool:
    """Whether the middle of a cell is on the side of its first corner, so that the other two are cut off."""
    middle = float(values[row : row + 2, column : column + 2].mean())
    return bool((middle >= level) != (values[row, column] >= level))


def _crossings(values: Any, level: float, row: int, column: int) -> list[tuple[float, float]]:
    """Where the line crosses the sides of a cell, going around: bottom, right, top, left."""
    around = ((0, 0), (1, 0), (1, 1), (0, 1))
    found = []
    for place, (x, y) in enumerate(around):
        u, v = around[(place + 1) % 4]
        first, second = float(values[row + y, column + x]), float(values[row + v, column + u])
        if (first >= level) == (second >= level):
            continue
        if (x, y) > (u, v):  # each side in one direction, so that two cells find the very same point
            first, second, x, y, u, v = second, first, u, v, x, y
        share = (level - first) / (second - first)
        found.append((column + x + share * (u - x), row + y + share * (v - y)))
    return found


def chained(pieces: Iterable[Segment]) -> list[list[tuple[float, float]]]:
    """The pieces joined to lines, end to end.

    >>> chained([((0, 0), (1, 0)), ((1, 0), (1, 1))])
    [[(0, 0), (1, 0), (1, 1)]]
    """
    left = list(pieces)
    touching: dict[tuple[float, float], list[int]] = defaultdict(list)
    for place, (start, end) in enumerate(left):
        touching[start].append(place)
        touching[end].append(place)
    used = [False] * len(left)
    lines = []
    for place, (start, end) in enumerate(left):
        if used[place]:
            continue
        used[place] = True
        back = _walk(start, left, touching, used)
        lines.append([*reversed(back), start, end, *_walk(end, left, touching, used)])
    return lines


def _walk(
    at: tuple[float, float],
    pieces: Sequence[Segment],
    touching: dict[tuple[float, float], list[int]],
    used: list[bool],
) -> list[tuple[float, float]]:
    line: list[tuple[float, float]] = []
    while True:
        following = next((place for place in touching[at] if not used[place]), None)
        if following is None:
            return line
        used[following] = True
        start, end = pieces[following]
        at = end if start == at else start
        line.append(at)


# --- the frame -------------------------------------------------------------------------------------------------------


class _Frame:
    """Where a place of the window stands on the page."""

    def __init__(self, window: Window, equal: bool) -> None:
        self.window = window
        wide, high = window.right - window.left, window.top - window.bottom
        longest = max(wide, high)
        self.width = _LONGER_SIDE * wide / longest if equal else _LONGER_SIDE
        self.height = _LONGER_SIDE * high / longest if equal else 0.65 * _LONGER_SIDE

    @property
    def box(self) -> Box:
        return Box(0, 0, self.width, self.height)

    def at(self, x: float, y: float) -> Point:
        left, right, bottom, top = self.window
        return Point(self.width * (x - left) / (right - left), self.height * (top - y) / (top - bottom))

    def on_grid(self, place: tuple[float, float], shape: tuple[int, ...]) -> Point:
        rows, columns = shape
        return Point(self.width * place[0] / (columns - 1), self.height * (1 - place[1] / (rows - 1)))


def _polyline(points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{number(point.x)} {number(point.y)}" for point in points)


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers between two bounds.

    >>> ticks(-1.2, 1.2)
    [-1.0, -0.5, 0.0, 0.5, 1.0]
    """
    rough = (high - low) / about
    unit = 10.0 ** floor(log10(rough))
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= 0.999 * rough)
    first, last = floor(low / step + 1), floor(high / step + 1e-9)
    if abs(low / step - round(low / step)) < 1e-9:
        first = round(low / step)
    return [round(place * step, 12) + 0.0 for place in range(first, last + 1)]


def _axes(canvas: Canvas, frame: _Frame, names: tuple[str, str]) -> None:
    left, right, bottom, top = frame.window
    corners = [frame.at(*corner) for corner in ((left, bottom), (right, bottom), (right, top), (left, top))]
    for start, end in zip(corners, [*corners[1:], corners[0]], strict=True):
        canvas.line(start, end, stroke=GREY, width=0.8)
    for value in ticks(left, right):
        at = frame.at(value, bottom)
        canvas.line(at, Point(at.x, at.y + 5), stroke=GREY, width=0.8)
        canvas.text(Point(at.x, at.y + 15), _label(value), size=_SIZE)
    widest = 0.0
    for value in ticks(bottom, top):
        at, text = frame.at(left, value), _label(value)
        widest = max(widest, text_width(text, _SIZE))
        canvas.line(at, Point(at.x - 5, at.y), stroke=GREY, width=0.8)
        canvas.text(Point(at.x - 9 - text_width(text, _SIZE) / 2, at.y), text, size=_SIZE)
    canvas.text(Point(frame.width / 2, frame.height + 34), names[0], size=_SIZE + 1)
    canvas.text(Point(-20 - widest - text_width(names[1], _SIZE + 1) / 2, frame.height / 2), names[1], size=_SIZE + 1)


def _label(value: float) -> str:
    return f"{value:.6g}".replace("-", "−")


# --- paths -----------------------------------------------------------------------------------------------------------


def _trails(canvas: Canvas, frame: _Frame, trails: Sequence[Trail]) -> None:
    for place, trail in enumerate(trails):
        points = [(float(x), float(y)) for x, y in trail.points]
        pieces = (_clipped(start, end, frame.window) for start, end in pairwise(points))
        commands = "".join(_polyline([frame.at(*start), frame.at(*end)]) for start, end in filter(None, pieces))
        dash = _DASHES[place % len(_DASHES)]
        if commands:
            canvas.parts.append(_stroked(commands, dash))
        for point in points[:MOST_POINTS_MARKED]:
            if _inside(point, frame.window):
                canvas.parts.append(_mark(place, frame.at(*point)))
        if trail.label:
            _legend(canvas, Point(4, frame.height + 58 + place * _LEGEND_LINE), place, dash, trail.label)


def _legend(canvas: Canvas, at: Point, place: int, dash: str, label: str) -> None:
    canvas.parts.append(_stroked(_polyline([at, Point(at.x + 40, at.y)]), dash))
    canvas.parts.append(_mark(place, Point(at.x + 20, at.y)))
    canvas.text(Point(at.x + 48, at.y), label, size=_SIZE, more=' text-anchor="start"')
    canvas.extents[-1] = Box(at.x, at.y - 8, at.x + 48 + text_width(label, _SIZE), at.y + 8)


def _stroked(commands: str, dash: str) -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<path d="{commands}" fill="none" stroke="{INK}" stroke-width="1.3"{dashed}/>'


def _mark(kind: int, at: Point) -> str:
    """A filled circle, an empty square, an empty circle, a filled diamond: told apart without colour."""
    x, y = number(at.x), number(at.y)
    corner = f"{number(at.x - 3.2)} {number(at.y - 3.2)}"
    return (
        f'<circle cx="{x}" cy="{y}" r="3" fill="{INK}"/>',
        f'<path d="M{corner}h6.4v6.4h-6.4z" fill="#ffffff" stroke="{INK}" stroke-width="1.2"/>',
        f'<circle cx="{x}" cy="{y}" r="3.2" fill="#ffffff" stroke="{INK}" stroke-width="1.2"/>',
        f'<path d="M{x} {number(at.y - 4.4)}l4.4 4.4l-4.4 4.4l-4.4 -4.4z" fill="{INK}"/>',
    )[kind % _MARKS]


def _signs(canvas: Canvas, frame: _Frame, signs: Sequence[Sign]) -> None:
    for sign in signs:
        if not _inside((sign.x, sign.y), frame.window):
            continue
        at = frame.at(sign.x, sign.y)
        x, y = number(at.x - 5), number(at.y - 5)
        canvas.parts.append(f'<path d="M{x} {y}l10 10m-10 0l10 -10" fill="none" stroke="{INK}" stroke-width="1.8"/>')
        if sign.label:
            canvas.label(Point(at.x, at.y - 14), sign.label, size=_SIZE)


def _inside(point: tuple[float, float], window: Window) -> bool:
    left, right, bottom, top = window
    return left <= point[0] <= right and bottom <= point[1] <= top


def _clipped(start: tuple[float, float], end: tuple[float, float], window: Window) -> Segment | None:
    """The part of a straight line that lies within the window: Liang and Barsky (1984)."""
    if not all(map(isfinite, (*start, *end))):
        return None
    first, last = 0.0, 1.0
    step = (end[0] - start[0], end[1] - start[1])
    for axis, (low, high) in enumerate(((window.left, window.right), (window.bottom, window.top))):
        if step[axis] == 0:
            if not low <= start[axis] <= high:
                return None
            continue
        enters, leaves = sorted(((low - start[axis]) / step[axis], (high - start[axis]) / step[axis]))
        first, last = max(first, enters), min(last, leaves)
    if first > last:
        return None
    ends = [(start[0] + share * step[0], start[1] + share * step[1]) for share in (first, last)]
    return ends[0], ends[1]
