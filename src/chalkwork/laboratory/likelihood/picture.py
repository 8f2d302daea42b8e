"""A function of one parameter drawn as a curve, with its maximum marked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, isfinite, log10

from chalkwork.documents.drawings import GRADIENT, GREY, INK, PALE, VALUE, Box, Canvas, Point, number, text_width
from chalkwork.documents.model import Figure
from chalkwork.typesetting.notation import superscript
from chalkwork.typesetting.numbers import NumberFormat

_WIDE, _HIGH = 420.0, 220.0
_SIZE = 14
_POINTS = 160
_DEEPEST = 8.0
"""How far below its maximum a log-likelihood is still drawn: a factor of 3000 in the likelihood."""


@dataclass(frozen=True, slots=True)
class Curve:
    """What is drawn: the function from `low` to `high`, its maximum, and the letters on the axes."""

    function: Callable[[float], float]
    low: float
    high: float
    best: float
    letter: str
    ordinate: str
    peak: str


def draw_curve(curve: Curve, title: str, caption: str, numbers: NumberFormat) -> Figure:
    """The curve as a figure.

    >>> curve = Curve(lambda t: -(t - 1) ** 2, 0.0, 2.0, 1.0, "t", "f(t)", "t̂")
    >>> draw_curve(curve, "A parabola", "", NumberFormat(2)).description
    'The curve of f(t) over t from 0 to 2. Its highest point is at t = 1, where it is 0.'
    """
    points = _points(curve)
    top, bottom = curve.function(curve.best), min(y for _, y in points)
    bottom = bottom if bottom < top else top - 1
    left, right = points[0][0], points[-1][0]

    def at(x: float, y: float) -> Point:
        return Point(_WIDE * (x - left) / (right - left), _HIGH * (top - y) / (top - bottom) + 18)

    canvas = Canvas()
    _axes(canvas, curve, (left, right), (bottom, top), at)
    commands = "".join(f"{'L' if i else 'M'}{number(p.x)} {number(p.y)}" for i, p in enumerate(at(*p) for p in points))
    canvas.extents.append(Box(0, 0, _WIDE, _HIGH + 18))
    canvas.parts.append(f'<path d="{commands}" fill="none" stroke="{VALUE}" stroke-width="2"/>')
    peak = at(curve.best, top)
    foot = Point(peak.x, _HIGH + 18)
    canvas.parts.append(
        f'<path d="M{number(peak.x)} {number(peak.y)}L{number(foot.x)} {number(foot.y)}" fill="none"'
        f' stroke="{GRADIENT}" stroke-width="1.2" stroke-dasharray="5 4"/>'
    )
    canvas.parts.append(f'<circle cx="{number(peak.x)}" cy="{number(peak.y)}" r="4.5" fill="{GRADIENT}"/>')
    words = f"{curve.peak} = {_plain(curve.best, numbers)}"
    half = text_width(words, _SIZE) / 2 + 4
    middle = min(max(peak.x, half + 4), _WIDE - half)
    canvas.text(Point(middle, 2), words, size=_SIZE, fill=GRADIENT)
    place, height = _plain(curve.best, numbers), _plain(top, numbers)
    description = (
        f"The curve of {curve.ordinate} over {curve.letter} from {_plain(left, numbers)} to {_plain(right, numbers)}. "
        f"Its highest point is at {curve.letter} = {place}, where it is {height}."
    )
    drawing = canvas.drawing(title, description)
    return Figure(drawing.svg, description, caption)


def _points(curve: Curve) -> list[tuple[float, float]]:
    """Points of the curve, those far below the maximum and those without a value left out."""
    places = [curve.low + (curve.high - curve.low) * i / _POINTS for i in range(_POINTS + 1)]
    if curve.low <= curve.best <= curve.high:
        places = sorted({*places, curve.best})
    top = curve.function(curve.best)
    found = [(x, curve.function(x)) for x in places]
    return [(x, y) for x, y in found if isfinite(y) and y >= top - _DEEPEST]


def _axes(
    canvas: Canvas,
    curve: Curve,
    across: tuple[float, float],
    upwards: tuple[float, float],
    at: Callable[[float, float], Point],
) -> None:
    """The frame with ticks, their numbers and the letters."""
    floor_ = _HIGH + 18
    columns, lines = ticks(*across), ticks(*upwards)
    canvas.line(Point(0, 18), Point(0, floor_), stroke=INK)
    canvas.line(Point(0, floor_), Point(_WIDE, floor_), stroke=INK)
    numbers = _told_apart(columns)
    for x in columns:
        foot = at(x, upwards[0])
        canvas.line(foot, Point(foot.x, foot.y + 5), stroke=INK)
        canvas.text(Point(foot.x, foot.y + 16), _plain(x, numbers), size=_SIZE - 1, fill=GREY)
    numbers = _told_apart(lines)
    for y in lines:
        left = at(across[0], y)
        canvas.line(Point(-5, left.y), Point(0, left.y), stroke=INK)
        canvas.line(left, Point(_WIDE, left.y), stroke=PALE, width=0.4)
        width = text_width(_plain(y, numbers), _SIZE - 1)
        canvas.extents.append(Box(-9 - width, left.y - 9, 0, left.y + 9))
        canvas.text(Point(-9, left.y), _plain(y, numbers), size=_SIZE - 1, fill=GREY, more=' text-anchor="end"')
    canvas.text(Point(_WIDE / 2, floor_ + 36), curve.letter, size=_SIZE)
    canvas.text(Point(-4 - text_width(curve.ordinate, _SIZE) / 2, -2), curve.ordinate, size=_SIZE)


def _told_apart(places: Sequence[float]) -> NumberFormat:
    """As many digits as tell the ticks of an axis apart."""
    step = min((b - a for a, b in pairwise(places)), default=1.0)
    largest = max(map(abs, places), default=1.0)
    return NumberFormat(None, min(15, max(6, 2 + ceil(log10(largest / step))))) if largest else NumberFormat(None, 6)


def _plain(value: float, numbers: NumberFormat) -> str:
    mantissa, _, exponent = numbers.scalar(value).replace("-", "−").partition("e")
    return f"{mantissa}·10{superscript(exponent.replace('−', '-'))}" if exponent else mantissa


def ticks(low: float, high: float) -> list[float]:
    """Four to eight round numbers in the interval.

    >>> ticks(0.0, 1.0)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    width = high - low
    if not (isfinite(width) and width > 0):
        return [low]
    power = 10.0 ** floor(log10(width / 5))
    step = next(factor * power for factor in (1, 2, 5, 10) if width / (factor * power) <= 7.5)
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [float(f"{i * step:.12g}") for i in range(first, min(last, first + 20) + 1)]
