"""A recurrent network as a figure, unrolled: a column for each step, with what enters below and what leaves above."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chalkwork.drawings.canvas import VALUE, Box, Canvas, Point, text_width
from chalkwork.drawings.drawing import Drawing
from chalkwork.words import ENGLISH, say

_NAME, _NUMBER, _HEIGHT = 15, 13, 44.0
_APART, _ABOVE = 46.0, 42.0


@dataclass(frozen=True, slots=True)
class Cell:
    """A quantity at one step, ready to print; its value stays empty where it is not shown."""

    name: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A quantity at the steps 0, 1, ..., from left to right; None where a step has none.

    `upwards` stands with the ways from the row below, `onwards` with those from step to step, if there are such.
    """

    cells: Sequence[Cell | None]
    upwards: str = ""
    onwards: str = ""


def draw_unrolled(rows: Sequence[Row], language: str = ENGLISH) -> Drawing:
    """Draw the rows, the first of them below.

    >>> cells = [Cell("h₀", "0"), Cell("h₁", "0.5")]
    >>> print(draw_unrolled([Row([None, Cell("x₁", "1")]), Row(cells, "W", "U")]).description)
    A recurrent network, unrolled over 1 step. x₁ = 1; h₀ = 0, h₁ = 0.5.
    """
    shown = [cell for row in rows for cell in row.cells if cell is not None]
    width = max(44.0, *(text_width(text, _NAME) + 16 for cell in shown for text in (cell.name, cell.value)))
    canvas = Canvas()
    places = {
        (line, step): Point(step * (width + _APART), -line * (_HEIGHT + _ABOVE))
        for line, row in enumerate(rows)
        for step, cell in enumerate(row.cells)
        if cell is not None
    }
    for (line, step), here in places.items():
        below, before = places.get((line - 1, step)), places.get((line, step - 1))
        if below is not None:
            start, end = Point(below.x, below.y - _HEIGHT / 2), Point(here.x, here.y + _HEIGHT / 2)
            canvas.line(start, end)
            canvas.arrowhead_up(end)
            _label(canvas, start, end, rows[line].upwards)
        if before is not None and rows[line].onwards:
            start, end = Point(before.x + width / 2, before.y), Point(here.x - width / 2, here.y)
            canvas.line(start, end)
            canvas.arrowhead_right(end)
            _label(canvas, start, end, rows[line].onwards)
    for (line, step), here in places.items():
        cell = rows[line].cells[step]
        assert cell is not None
        canvas.box(Box.around(here, width, _HEIGHT), radius=8)
        lift = 9 if cell.value else 0
        canvas.text(Point(here.x, here.y - lift), cell.name, size=_NAME)
        if cell.value:
            canvas.text(Point(here.x, here.y + 11), cell.value, size=_NUMBER, fill=VALUE)
    lists = [[_said(cell) for cell in row.cells if cell is not None] for row in rows]
    steps = max(len(row.cells) for row in rows) - 1
    description = say(language, "drawing.unrolled", steps=say(language, "counted.steps", n=steps),
                      rows="; ".join(", ".join(one) for one in lists))  # fmt: skip
    return canvas.drawing(say(language, "drawing.unrolled_title"), description)


def _said(cell: Cell) -> str:
    return f"{cell.name} = {cell.value}" if cell.value else cell.name


def _label(canvas: Canvas, start: Point, end: Point, text: str) -> None:
    if text:
        canvas.label(Point((start.x + end.x) / 2, (start.y + end.y) / 2), text, size=_NUMBER)
