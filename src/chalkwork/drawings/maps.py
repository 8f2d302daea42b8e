"""Maps side by side, with a window on each: what lies under a kernel, and what comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chalkwork.drawings.canvas import GRADIENT, INK, VALUE, Box, Canvas, Point, number, text_width
from chalkwork.drawings.drawing import Drawing

_SIZE, _CELL, _GAP = 14, 26, 16
_SHADE = "#f3e3d9"


@dataclass(frozen=True, slots=True)
class Map:
    """One map: its label, its entries as they are written, and the window on it: row, column, height, width.

    The window may reach beyond the map, over its rim; `sign` stands before the map.
    """

    label: str
    rows: tuple[tuple[str, ...], ...]
    window: tuple[int, int, int, int] = (0, 0, 0, 0)
    sign: str = ""


def draw_maps(maps: Sequence[Map], title: str, description: str) -> Drawing:
    """The maps from left to right.

    >>> draw_maps([Map("x", (("1", "2"),), (0, 0, 1, 1))], "A window", "A window on x.").description
    'A window on x.'
    """
    canvas, left = Canvas(), 0.0
    for one in maps:
        wide = max(_CELL, *(text_width(text, _SIZE) + 10 for row in one.rows for text in row))
        if one.sign:
            gap = text_width(one.sign, _SIZE + 4) + _GAP
            canvas.text(Point(left + gap / 2, 0), one.sign, size=_SIZE + 4)
            left += gap
        top, width = -len(one.rows) * _CELL / 2, wide * len(one.rows[0])
        row, column, high, across = one.window
        left += max(0, -column) * wide
        for place, entries in enumerate(one.rows):
            for at, text in enumerate(entries):
                x, y = left + at * wide, top + place * _CELL
                covered = row <= place < row + high and column <= at < column + across
                _cell(canvas, Box(x, y, x + wide, y + _CELL), text, covered)
        if high:
            x, y = left + column * wide, top + row * _CELL
            _frame(canvas, Box(x, y, x + across * wide, y + high * _CELL))
        canvas.text(Point(left + width / 2, top + min(0, row) * _CELL - 14), one.label, size=_SIZE)
        left += width + max(0, column + across - len(one.rows[0])) * wide
    return canvas.drawing(title, description)


def _cell(canvas: Canvas, box: Box, text: str, covered: bool) -> None:
    canvas.extents.append(box)
    canvas.parts.append(
        f'<rect x="{number(box.left)}" y="{number(box.top)}" width="{number(box.right - box.left)}"'
        f' height="{number(box.bottom - box.top)}" fill="{_SHADE if covered else "#ffffff"}" stroke="{INK}"'
        ' stroke-width="0.7"/>'
    )
    if text:
        canvas.text(box.centre, text, size=_SIZE, fill=VALUE)


def _frame(canvas: Canvas, box: Box) -> None:
    canvas.extents.append(box)
    canvas.parts.append(
        f'<rect x="{number(box.left)}" y="{number(box.top)}" width="{number(box.right - box.left)}"'
        f' height="{number(box.bottom - box.top)}" fill="none" stroke="{GRADIENT}" stroke-width="2.4"/>'
    )
