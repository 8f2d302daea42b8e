"""Counts as horizontal bars."""

from __future__ import annotations

from collections.abc import Sequence

from chalkwork.drawings.canvas import GREY, INK, Box, Canvas, Point, number, text_width
from chalkwork.drawings.drawing import Drawing

_SIZE = 14
_LONGEST = 320
_HIGH, _STEP = 16, 24


def draw_bars(title: str, what: str, bars: Sequence[tuple[str, int]]) -> Drawing:
    """A bar for every label and its count, from top to bottom; `what` says in words what is counted.

    >>> draw_bars("Points", "How many hand-ins have so many points", [("1", 2), ("0", 0)]).description
    'How many hand-ins have so many points: 1: 2; 0: 0.'
    """
    canvas = Canvas()
    most = max((count for _, count in bars), default=0) or 1
    for place, (label, count) in enumerate(bars):
        height = place * _STEP
        width = text_width(label, _SIZE)
        canvas.extents.append(Box(-width - 10, height - _STEP / 2, 0, height + _STEP / 2))
        canvas.text(Point(-10, height), label, size=_SIZE, more=' text-anchor="end"')
        length = _LONGEST * count / most
        if count:
            canvas.extents.append(Box(0, height - _HIGH / 2, length, height + _HIGH / 2))
            canvas.parts.append(
                f'<rect x="0" y="{number(height - _HIGH / 2)}" width="{number(length)}" height="{_HIGH}"'
                f' fill="{GREY}"/>'
            )
        canvas.text(Point(length + 8 + text_width(str(count), _SIZE) / 2, height), str(count), size=_SIZE)
    canvas.line(Point(0, -_STEP / 2), Point(0, (len(bars) - 0.5) * _STEP), stroke=INK)
    counts = "; ".join(f"{label}: {count}" for label, count in bars)
    return canvas.drawing(title, f"{what}: {counts}.")
