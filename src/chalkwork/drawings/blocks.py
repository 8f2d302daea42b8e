"""A network of blocks, one above the other, with the ways around them; beside it the weights of attentions as maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chalkwork.drawings.canvas import GRADIENT, GREY, INK, Box, Canvas, Point, number, text_width
from chalkwork.drawings.drawing import Drawing

_NAME, _SMALL, _HIGH, _APART = 14, 12, 30.0, 20.0
_CELL, _BESIDE, _LANE = 30.0, 64.0, 18.0
_FULL = 0.6
"""How much of the colour a weight of 1 has; one of 0 has none."""


@dataclass(frozen=True, slots=True)
class Block:
    """One layer, ready to print; `around` counts the layers below from which a way around ends here, 0 for none."""

    title: str
    leaves: str = ""
    """What leaves it upwards."""
    around: int = 0


@dataclass(frozen=True, slots=True)
class Weights:
    """The weights of one attention: how much each query (row) takes of each key (column), and as they are written."""

    label: str
    shares: Sequence[Sequence[float]]
    written: Sequence[Sequence[str]]
    """Empty texts where they are not to be shown; then nothing is coloured."""


def draw_blocks(blocks: Sequence[Block], maps: Sequence[Weights], sides: tuple[str, str], title: str,
                description: str) -> Drawing:  # fmt: skip
    """The blocks, the first of them below, and the maps on their right; `sides` says what rows and columns are.

    >>> draw_blocks([Block("x"), Block("attention")], [], ("query", "key"), "Blocks", "x enters.").description
    'x enters.'
    """
    canvas = Canvas()
    wide = max(text_width(block.title, _NAME) for block in blocks) + 22
    tops = [-place * (_HIGH + _APART) for place in range(len(blocks))]
    lanes = _lanes(blocks)
    for place, block in enumerate(blocks):
        canvas.box(Box.around(Point(0, tops[place]), wide, _HIGH), radius=7)
        canvas.text(Point(0, tops[place]), block.title, size=_NAME)
        if place:
            end = Point(0, tops[place] + _HIGH / 2)
            canvas.line(Point(0, tops[place - 1] - _HIGH / 2), end)
            canvas.arrowhead_up(end)
        if block.leaves:
            beside = Point(8 + text_width(block.leaves, _SMALL) / 2, tops[place] - _HIGH / 2 - _APART / 2)
            canvas.text(beside, block.leaves, size=_SMALL, fill=GREY)
        if block.around:
            _way_around(canvas, tops[place - block.around] - _HIGH / 2 - 4, tops[place], wide, lanes[place])
    last = tops[-1] - _HIGH / 2
    canvas.line(Point(0, last), Point(0, last - _APART))
    canvas.arrowhead_up(Point(0, last - _APART))
    left, middle = wide / 2 + _BESIDE, (tops[0] + tops[-1]) / 2
    for start in range(0, len(maps), 2):
        pair = maps[start : start + 2]
        apart = (len(pair[0].written) * _CELL + 70) / 2 if len(pair) > 1 else 0
        ends = [_map(canvas, one, left, middle + away * apart, sides) for one, away in zip(pair, (-1, 1), strict=False)]
        left = max(ends)
    return canvas.drawing(title, description)


def _lanes(blocks: Sequence[Block]) -> list[int]:
    """How far out each way around runs, so that none lies on another: inside those that hold it."""
    lanes = [0] * len(blocks)
    ways = sorted((block.around, place) for place, block in enumerate(blocks) if block.around)
    for length, place in ways:
        inside = [lanes[other] for size, other in ways if (size, other) < (length, place)
                  and other - size < place and place - length < other]  # fmt: skip
        lanes[place] = 1 + max(inside, default=0)
    return lanes


def _way_around(canvas: Canvas, start: float, end: float, wide: float, lane: int) -> None:
    """From above a block, out to the left, up, and into another from its side."""
    edge, out = -wide / 2, -wide / 2 - _LANE * lane
    path = f"M0 {number(start)}L{number(out)} {number(start)}L{number(out)} {number(end)}L{number(edge)} {number(end)}"
    canvas.path(path, Box(out, end, 0, start))
    canvas.arrowhead_right(Point(edge, end))


def _map(canvas: Canvas, one: Weights, left: float, middle: float, sides: tuple[str, str]) -> float:
    """One map about a height; the place of the next one."""
    rows, columns = len(one.written), len(one.written[0])
    cell = max(_CELL, *(text_width(text, _SMALL) + 10 for row in one.written for text in row))
    top, row_word, column_word = middle - rows * _CELL / 2, *sides
    left += text_width(row_word, _SMALL) + 26
    canvas.text(Point(left + columns * cell / 2, top - 44), one.label, size=_NAME)
    canvas.text(Point(left + columns * cell / 2, top - 26), column_word, size=_SMALL, fill=GREY)
    canvas.text(Point(left - 24 - text_width(row_word, _SMALL) / 2, middle), row_word, size=_SMALL, fill=GREY)
    for column in range(columns):
        canvas.text(Point(left + (column + 0.5) * cell, top - 10), str(column + 1), size=_SMALL, fill=GREY)
    for row, (shares, texts) in enumerate(zip(one.shares, one.written, strict=True)):
        high = top + row * _CELL
        canvas.text(Point(left - 12, high + _CELL / 2), str(row + 1), size=_SMALL, fill=GREY)
        for column, (share, text) in enumerate(zip(shares, texts, strict=True)):
            box = Box(left + column * cell, high, left + (column + 1) * cell, high + _CELL)
            canvas.extents.append(box)
            size = f' x="{number(box.left)}" y="{number(box.top)}" width="{number(cell)}" height="{number(_CELL)}"'
            canvas.parts.append(f'<rect{size} fill="#ffffff" stroke="{INK}" stroke-width="0.7"/>')
            if text:
                opacity = round(_FULL * min(max(share, 0.0), 1.0), 3)
                canvas.parts.append(f'<rect{size} fill="{GRADIENT}" fill-opacity="{opacity:g}"/>')
                canvas.text(box.centre, text, size=_SMALL)
    return left + columns * cell + 30
