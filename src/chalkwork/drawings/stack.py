"""Layers in a row, from the input to the output: what leaves each as a volume, a sheet or a bar, with its size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from chalkwork.drawings.canvas import INK, VALUE, Box, Canvas, Point, number, text_width, wrapped
from chalkwork.drawings.drawing import Drawing

_SIZE, _LINE = 13, 17.0
_WIDEST, _APART, _BETWEEN = 770.0, 24.0, 34.0
_LABEL = 88.0
_SIDE, _DEEP, _BAR = (16.0, 84.0), (8.0, 40.0), 14.0
_SHADES = "#ffffff", "#f1f1f1", "#e6e6e6"
MOST = 24
"""Layers that are drawn; of more the first ones and the last."""


@dataclass(frozen=True, slots=True)
class Pile:
    """What leaves one layer: the layer's words, the sizes of its output, and what stands below it.

    Three sizes are maps behind channels, two are positions x width, one is a number of units.
    """

    label: str
    sizes: tuple[int, ...]
    below: tuple[str, ...] = ()


def draw_stack(piles: Sequence[Pile], title: str, description: str) -> Drawing:
    """The input and the layers from left to right, in several rows where one is too narrow.

    Lengths grow with the logarithm of the sizes.

    >>> draw_stack([Pile("input", (3, 8, 8)), Pile("1 flatten", (192,))], "Layers", "Two boxes.").description
    'Two boxes.'
    """
    shown: list[Pile | None] = [*piles]
    if len(piles) > MOST:
        shown = [*piles[: MOST - 8], None, *piles[-7:]]
    canvas, top = Canvas(), 0.0
    largest = max(max(pile.sizes) for pile in piles)
    for row in _rows(shown, largest):
        top = _row(canvas, row, top, largest, last=row[-1] is shown[-1]) + _BETWEEN
    return canvas.drawing(title, description)


def _rows(piles: Sequence[Pile | None], largest: int) -> list[list[Pile | None]]:
    rows: list[list[Pile | None]] = [[]]
    taken = 0.0
    for pile in piles:
        width = _width(pile, largest) + _APART
        if rows[-1] and taken + width > _WIDEST:
            rows.append([])
            taken = 0.0
        rows[-1].append(pile)
        taken += width
    return rows


def _width(pile: Pile | None, largest: int) -> float:
    if pile is None:
        return 24.0
    texts = (*wrapped(pile.label, _SIZE, _LABEL), *pile.below)
    return max(_figure(pile, largest)[0], *(0.85 * text_width(text, _SIZE) for text in texts))


def _row(canvas: Canvas, piles: Sequence[Pile | None], top: float, largest: int, last: bool) -> float:
    """One row from `top` downwards; where it ends."""
    labels = [() if pile is None else wrapped(pile.label, _SIZE, _LABEL) for pile in piles]
    high = max(map(len, labels)) * _LINE
    tall = max(_figure(pile, largest)[1] for pile in piles if pile is not None) if any(piles) else 30.0
    middle, left, before = top + high + 8 + tall / 2, 0.0, None
    bottom = middle + tall / 2
    for pile, label in zip(piles, labels, strict=True):
        width = _width(pile, largest)
        centre = left + width / 2
        half = 9.0 if pile is None else _figure(pile, largest)[0] / 2
        if before is not None:
            _arrow(canvas, Point(before + 5, middle), Point(centre - half - 5, middle))
        if pile is None:
            canvas.text(Point(centre, middle), "⋯", size=_SIZE + 6)
        else:
            for place, text in enumerate(reversed(label)):
                canvas.text(Point(centre, middle - tall / 2 - 10 - place * _LINE), text, size=_SIZE)
            _volume(canvas, pile, Point(centre, middle), largest)
            for place, text in enumerate(pile.below):
                at = Point(centre, middle + tall / 2 + 14 + place * _LINE)
                canvas.text(at, text, size=_SIZE, fill=INK if place == 0 else VALUE)
                bottom = max(bottom, at.y + _LINE / 2)
        before, left = centre + half, left + width + _APART
    if not last:
        _arrow(canvas, Point((before or 0) + 5, middle), Point((before or 0) + 5 + _APART, middle))
    return bottom


def _grown(size: int, largest: int, room: tuple[float, float]) -> float:
    """A length between the two for a size from one to the largest."""
    low, high = room
    return low if largest <= 1 else low + (high - low) * log(size) / log(largest)


def _lengths(pile: Pile, largest: int) -> tuple[float, float, float]:
    """Width, height and depth of what is drawn."""
    match pile.sizes:
        case (units,):
            return _BAR, _grown(units, largest, _SIDE), 0.0
        case (positions, width):
            return _grown(width, largest, _SIDE), _grown(positions, largest, _SIDE), 0.0
    channels, height, width = pile.sizes
    sides = max(height, width)
    front = _grown(sides, largest, _SIDE)
    slant = front * 0.32 * width / sides
    return _grown(channels, largest, _DEEP), front * height / sides * 0.9 + 6, slant


def _figure(pile: Pile, largest: int) -> tuple[float, float]:
    """The room that it takes."""
    across, high, deep = _lengths(pile, largest)
    return across + deep, high + deep


def _volume(canvas: Canvas, pile: Pile, centre: Point, largest: int) -> None:
    """A block whose thickness are the channels, or a plain box."""
    across, high, deep = _lengths(pile, largest)
    left, bottom = centre.x - (across + deep) / 2, centre.y + (high + deep) / 2
    right, top = left + across, bottom - high
    canvas.extents.append(Box(left, top - deep, right + deep, bottom))
    faces = [((left, bottom), (right, bottom), (right, top), (left, top))]
    if deep:
        faces.append(((left, top), (right, top), (right + deep, top - deep), (left + deep, top - deep)))
        faces.append(((right, bottom), (right, top), (right + deep, top - deep), (right + deep, bottom - deep)))
    for face, shade in zip(faces, _SHADES, strict=False):
        path = "L".join(f"{number(x)} {number(y)}" for x, y in face)
        canvas.parts.append(f'<path d="M{path}z" fill="{shade}" stroke="{INK}" stroke-width="1.1"/>')


def _arrow(canvas: Canvas, start: Point, end: Point) -> None:
    canvas.line(start, end)
    canvas.arrowhead_right(end)
