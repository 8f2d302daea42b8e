"""What every drawing is made of: text that is measured and escaped, lines, boxes, labels that keep apart.

The figures are standalone SVG. They use no identifiers, style sheets or markers, so several can stand in
one HTML page without disturbing each other, and the renderers of PDF makers show the same as a browser does.
Text cannot be measured without its font: `text_width` is an upper estimate for the wider common fonts, and
all room is made by it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from chalkwork.drawings.drawing import Drawing

INK = "#222222"
GREY = "#666666"
PALE = "#a8a8a8"
VALUE = "#1d4f91"
GRADIENT = "#a03a13"
FONTS = "'Libertinus Serif', 'STIX Two Text', 'Times New Roman', 'Liberation Serif', serif"

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]|[\ud800-\udfff\ufffe\uffff]")
_MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})
_NARROW = frozenset(".,;:'|!()[]ijlt/ ·₁₂₃₄₅₆₇₈₉₀ᵢⱼ⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾₍₎⁻₋")
_WIDE = frozenset("mwMW@%…—⟶→")


class Point(NamedTuple):
    """A place in the figure; x grows to the right, y downwards."""

    x: float
    y: float


class Box(NamedTuple):
    """An upright rectangle."""

    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def around(cls, centre: Point, width: float, height: float) -> Box:
        """The box of that size about a centre."""
        x, y = centre
        return cls(x - width / 2, y - height / 2, x + width / 2, y + height / 2)

    @classmethod
    def holding(cls, boxes: Iterable[Box]) -> Box:
        """The smallest box that holds all of them."""
        left, top, right, bottom = zip(*boxes, strict=True)
        return cls(min(left), min(top), max(right), max(bottom))

    @property
    def centre(self) -> Point:
        """The middle."""
        return Point((self.left + self.right) / 2, (self.top + self.bottom) / 2)

    def overlaps(self, other: Box) -> bool:
        """Whether the two have a common inside.

        >>> Box(0, 0, 2, 2).overlaps(Box(1, 1, 3, 3)), Box(0, 0, 2, 2).overlaps(Box(2, 0, 3, 3))
        (True, False)
        """
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def is_met_by(self, start: Point, end: Point) -> bool:
        """Whether the straight line from start to end passes through.

        >>> box = Box(1, 1, 2, 2)
        >>> box.is_met_by(Point(0, 0), Point(3, 3)), box.is_met_by(Point(0, 1), Point(1, 3))
        (True, False)
        """
        first, last = 0.0, 1.0
        for origin, step, low, high in (
            (start.x, end.x - start.x, self.left, self.right),
            (start.y, end.y - start.y, self.top, self.bottom),
        ):
            if step == 0:
                if not low < origin < high:
                    return False
                continue
            enters, leaves = sorted(((low - origin) / step, (high - origin) / step))
            first, last = max(first, enters), min(last, leaves)
        return first < last


def text_width(text: str, size: float) -> float:
    """An upper estimate of how wide a text is when set at that size.

    >>> text_width("", 10), text_width("0.05", 10) < text_width("−0.05", 10)
    (0.0, True)
    """
    return sum(map(_advance, text), 0.0) * size


def _advance(character: str) -> float:
    if unicodedata.combining(character):
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.05
    if character in _NARROW:
        return 0.42
    if character in _WIDE:
        return 1.0
    if character.isdigit() or character.islower():
        return 0.64
    return 0.84


def wrapped(text: str, size: float, width: float) -> tuple[str, ...]:
    """The text broken at spaces into lines of at most that width, where its words allow it.

    >>> wrapped("hidden: leaky ReLU", 14, 100)
    ('hidden:', 'leaky ReLU')
    """
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return tuple(lines)


def escaped(text: str) -> str:
    """The text as XML content: markup is harmless, and characters that XML forbids are replaced.

    >>> escaped("<b> & \\x00")
    '&lt;b&gt; &amp; �'
    """
    return _NOT_XML.sub("\ufffd", text).translate(_MARKUP)


_SMALL_LETTERS = "₀₁₂₃₄₅₆₇₈₉₊₋ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ"
_SMALL_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿᵉʷᵀ"
_PLAIN = str.maketrans(_SMALL_LETTERS + _SMALL_RAISED, "0123456789+−aehijklmnoprstuvx0123456789+−()newT")
_SCRIPTS = re.compile(rf"(?P<low>[{_SMALL_LETTERS}]+)|(?P<high>[{_SMALL_RAISED}]+)|(?<=[^\W\d])\[(?P<layer>\d+)\]")


def _with_scripts(text: str, size: float) -> str:
    """Small Unicode letters, and a layer in brackets, as shifted ordinary ones: every font has those."""

    def shifted(found: re.Match[str]) -> str:
        inside = (found["layer"] and f"[{found['layer']}]") or found[0].translate(_PLAIN)
        shift = "sub" if found["low"] else "super"
        return f'<tspan baseline-shift="{shift}" font-size="{number(0.72 * size)}">{inside}</tspan>'

    return _SCRIPTS.sub(shifted, text)


def number(value: float) -> str:
    """A coordinate, short: at most one decimal.

    >>> number(3.0), number(2.25), number(-0.01)
    ('3', '2.2', '0')
    """
    short = f"{value:.1f}".removesuffix(".0")
    return "0" if short == "-0" else short


@dataclass(slots=True)
class Canvas:
    """Collects the parts of one figure and knows how much room they take."""

    parts: list[str] = field(default_factory=list)
    extents: list[Box] = field(default_factory=list)

    def text(self, centre: Point, text: str, *, size: float, fill: str = INK, more: str = "") -> None:
        """Write a line of text about a centre; `more` are further SVG attributes."""
        self.extents.append(Box.around(centre, text_width(text, size), size * 1.3))
        self.parts.append(
            f'<text x="{number(centre.x)}" y="{number(centre.y + 0.34 * size)}" font-size="{number(size)}"'
            f' fill="{fill}"{more}>{_with_scripts(escaped(text), size)}</text>'
        )

    def label(self, centre: Point, text: str, *, size: float, fill: str = INK) -> None:
        """Write a line of text on white, so that a line beneath it is interrupted.

        The white box is narrower than the estimated text; what is wider gets a white outline.
        """
        left, top, right, bottom = Box.around(centre, 0.7 * text_width(text, size), 0.9 * size)
        self.parts.append(
            f'<rect x="{number(left)}" y="{number(top)}" width="{number(right - left)}"'
            f' height="{number(bottom - top)}" fill="#ffffff"/>'
        )
        outline = ' paint-order="stroke" stroke="#ffffff" stroke-width="4" stroke-linejoin="round"'
        self.text(centre, text, size=size, fill=fill, more=outline)

    def box(self, box: Box, *, radius: float, fill: str = "#ffffff") -> None:
        """Draw a box with round corners."""
        left, top, right, bottom = box
        self.extents.append(box)
        self.parts.append(
            f'<rect x="{number(left)}" y="{number(top)}" width="{number(right - left)}"'
            f' height="{number(bottom - top)}" rx="{number(radius)}" fill="{fill}" stroke="{INK}"'
            ' stroke-width="1.3"/>'
        )

    def line(self, start: Point, end: Point, *, stroke: str = GREY, width: float = 1.1) -> None:
        """Draw a straight line."""
        self.extents.append(Box(*map(min, start, end), *map(max, start, end)))
        self.parts.append(
            f'<path d="M{number(start.x)} {number(start.y)}L{number(end.x)} {number(end.y)}"'
            f' fill="none" stroke="{stroke}" stroke-width="{number(width)}"/>'
        )

    def path(self, commands: str, within: Box, *, stroke: str = GREY) -> None:
        """Draw a curve that is given in SVG's path language and stays within a box."""
        self.extents.append(within)
        self.parts.append(f'<path d="{commands}" fill="none" stroke="{stroke}" stroke-width="1.1"/>')

    def arrowhead_up(self, tip: Point) -> None:
        """Draw an arrowhead that points upwards."""
        self.parts.append(f'<path d="M{number(tip.x)} {number(tip.y)}l-3.8 8.5l3.8 -1.9l3.8 1.9z" fill="{GREY}"/>')

    def arrowhead_right(self, tip: Point) -> None:
        """Draw an arrowhead that points to the right."""
        self.parts.append(f'<path d="M{number(tip.x)} {number(tip.y)}l-8.5 -3.8l1.9 3.8l-1.9 3.8z" fill="{GREY}"/>')

    def dots(self, centre: Point) -> None:
        """Draw three dots, one above the other."""
        self.extents.append(Box.around(centre, 4, 24))
        self.parts.extend(
            f'<circle cx="{number(centre.x)}" cy="{number(centre.y + offset)}" r="1.8" fill="{INK}"/>'
            for offset in (-9, 0, 9)
        )

    def drawing(self, title: str, description: str, caption: str = "") -> Drawing:
        """The finished figure, with a margin on every side."""
        room = Box.holding(self.extents)
        margin = 8
        width, height = room.right - room.left + 2 * margin, room.bottom - room.top + 2 * margin
        view = " ".join(map(number, (room.left - margin, room.top - margin, width, height)))
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="{view}" width="{number(width)}"'
            f' height="{number(height)}" font-family="{FONTS}" text-anchor="middle">'
        )
        words = f"<title>{escaped(title)}</title>", f"<desc>{escaped(description)}</desc>"
        return Drawing("\n".join((head, *words, *self.parts, "</svg>")) + "\n", description, caption)


class Spot(NamedTuple):
    """One place where a label could stand, and what speaks against it."""

    box: Box
    cost: float


def label_box(centre: Point, text: str, size: float) -> Box:
    """The room that a label takes."""
    return Box.around(centre, text_width(text, size) + 2, size * 1.2)


def chosen_spots(options: Sequence[Sequence[Spot]]) -> tuple[list[Box], int]:
    """One box for every label such that few overlap, and how many pairs still do.

    Every label takes the cheapest of its places, one after the other, until nothing improves.

    >>> here, there = Spot(Box(0, 0, 2, 1), cost=0), Spot(Box(5, 0, 7, 1), cost=1)
    >>> chosen_spots([[here, there], [here, there]])
    ([Box(left=5, top=0, right=7, bottom=1), Box(left=0, top=0, right=2, bottom=1)], 0)
    """
    areas = [Box.holding(spot.box for spot in spots) for spots in options]
    rivals = [
        [other for other, area in enumerate(areas) if other != own and area.overlaps(areas[own])]
        for own in range(len(areas))
    ]
    chosen = [min(spots, key=lambda spot: spot.cost) for spots in options]
    for _ in range(8):
        before = list(chosen)
        for own, spots in enumerate(options):
            taken = [chosen[other].box for other in rivals[own]]
            chosen[own] = min(spots, key=lambda spot: spot.cost + 20 * _overlaps(spot.box, taken))
        if chosen == before:
            break
    boxes = [spot.box for spot in chosen]
    pairs = sum(_overlaps(box, [boxes[other] for other in rivals[own]]) for own, box in enumerate(boxes)) // 2
    return boxes, pairs


def _overlaps(box: Box, others: Iterable[Box]) -> int:
    return sum(box.overlaps(other) for other in others)
