"""Curves and points over one or two axes, linear or logarithmic: a small plot in the style of the other drawings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, isfinite, log10

from chalkwork.drawings.canvas import GRADIENT, GREY, INK, PALE, VALUE, Box, Canvas, Drawing, Point, number, text_width
from chalkwork.typesetting.notation import superscript

WIDTH, HEIGHT = 440.0, 270.0
_SIZE = 13.0
_STYLES = ((INK, ""), (VALUE, "7 4"), (GRADIENT, "2 3"), (GREY, "9 3 2 3"), (VALUE, "1 2"), (GRADIENT, "12 4"))
"""Colour and dashes: told apart in grey by the dashes alone."""
_LEGEND_LINE = 28.0


@dataclass(frozen=True, slots=True)
class Curve:
    """One line of a plot, or with `dots` its points without a line; what is not finite leaves a gap.

    >>> Curve((0.0, 1.0), (0.0, 1.0), "a line").dots
    False
    """

    x: Sequence[float]
    y: Sequence[float]
    label: str
    dots: bool = False
    """Whether points are drawn instead of a line."""


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis: its label, whether it is logarithmic, and the values it is cut to (as far as the data where None)."""

    label: str = ""
    log: bool = False
    within: tuple[float, float] | None = None


def line_plot(
    title: str,
    description: str,
    curves: Sequence[Curve],
    x: Axis | None = None,
    y: Axis | None = None,
    *,
    caption: str = "",
) -> Drawing:
    """Curves in one frame, with ticks, a legend below it and a description in words.

    Lines have the style of their place, dots are filled circles; a curve is cut where it leaves the frame. On a
    logarithmic axis only positive values are shown. Raises ValueError where no point can be shown.

    >>> figure = line_plot("A line", "A line from 0 to 1.", [Curve((0, 1), (0, 1), "y = x")])
    >>> figure.svg.startswith("<svg"), figure.description
    (True, 'A line from 0 to 1.')
    """  # fmt: skip
    across = _Scale.of(x or Axis(), [curve.x for curve in curves], WIDTH)
    up = _Scale.of(y or Axis(), [curve.y for curve in curves], HEIGHT)
    canvas = Canvas()
    _frame(canvas, across, up, (x or Axis()).label, (y or Axis()).label)
    for place, curve in enumerate(curves):
        _draw(canvas, curve, _STYLES[place % len(_STYLES)], across, up)
    _legend(canvas, curves)
    return canvas.drawing(title, description, caption)


@dataclass(frozen=True, slots=True)
class _Scale:
    """Values to places along an axis of that length."""

    low: float
    high: float
    log: bool
    length: float

    @classmethod
    def of(cls, axis: Axis, data: Sequence[Sequence[float]], length: float) -> _Scale:
        values = [float(value) for row in data for value in row]
        values = [value for value in values if isfinite(value) and (value > 0 or not axis.log)]
        if axis.within is not None:
            values = list(axis.within)
        if not values:
            raise ValueError("there is nothing to plot")
        low, high = min(values), max(values)
        if axis.log:
            return cls(10.0 ** floor(log10(low)), 10.0 ** max(ceil(log10(high)), floor(log10(low)) + 1), True, length)
        if high - low <= 1e-12 * max(abs(low), abs(high)):
            low, high = low - (abs(low) or 1.0) / 2, high + (abs(high) or 1.0) / 2
        return cls(low, high, False, length)

    def place(self, value: float) -> float:
        """From 0 to the length for what lies in the range; NaN for what has no place."""
        if not isfinite(value) or (self.log and value <= 0):
            return float("nan")
        if self.log:
            return self.length * log10(value / self.low) / log10(self.high / self.low)
        return self.length * ((value - self.low) / (self.high - self.low))

    def ticks(self) -> list[tuple[float, str]]:
        if self.log:
            first, last = round(log10(self.low)), round(log10(self.high))
            every = max(1, (last - first) // 6)
            return [(10.0**k, f"10{superscript(str(k))}") for k in range(first, last + 1, every)]
        step = _nice((self.high - self.low) / 6)
        digits = max(0, -floor(log10(step) + 1e-9))
        count = range(ceil(self.low / step - 1e-9), floor(self.high / step + 1e-9) + 1)
        return [(k * step, _written(k * step, digits)) for k in count]


def _nice(step: float) -> float:
    """1, 2 or 5 times a power of ten, not below the step."""
    power = 10.0 ** floor(log10(step))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= step * (1 - 1e-9))


def _written(value: float, digits: int) -> str:
    if value != 0 and not 1e-4 <= abs(value) < 1e6:
        mantissa, _, exponent = f"{value:.1e}".partition("e")
        return f"{mantissa.removesuffix('.0')}·10{superscript(str(int(exponent)))}".replace("-", "−")
    text = f"{value:.{digits}f}"
    return (text.lstrip("-") if float(text) == 0 else text).replace("-", "−")


def _frame(canvas: Canvas, across: _Scale, up: _Scale, x_label: str, y_label: str) -> None:
    widest = 0.0
    for value, text in up.ticks():
        height = HEIGHT - up.place(value)
        zero = value == 0 and not up.log
        canvas.line(Point(0, height), Point(WIDTH, height), stroke=GREY if zero else "#dddddd", width=0.8)
        width = text_width(text, _SIZE)
        widest = max(widest, width)
        canvas.text(Point(-8 - width / 2, height), text, size=_SIZE)
    for value, text in across.ticks():
        place = across.place(value)
        zero = value == 0 and not across.log
        canvas.line(Point(place, 0), Point(place, HEIGHT), stroke=GREY if zero else "#dddddd", width=0.8)
        canvas.text(Point(place, HEIGHT + 14), text, size=_SIZE)
    canvas.line(Point(0, 0), Point(0, HEIGHT), stroke=PALE)
    canvas.line(Point(0, HEIGHT), Point(WIDTH, HEIGHT), stroke=PALE)
    if x_label:
        canvas.text(Point(WIDTH / 2, HEIGHT + 34), x_label, size=_SIZE + 1)
    if y_label:
        half = text_width(y_label, _SIZE + 1) / 2
        canvas.text(Point(half - widest, -18), y_label, size=_SIZE + 1)


def _draw(canvas: Canvas, curve: Curve, style: tuple[str, str], across: _Scale, up: _Scale) -> None:
    places = [Point(across.place(float(x)), HEIGHT - up.place(float(y))) for x, y in zip(curve.x, curve.y, strict=True)]
    colour, dashes = style
    if curve.dots:
        for point in places:
            if _inside(point):
                canvas.parts.append(_dot(point, colour))
        return
    for run in _runs(places):
        steps = "L".join(f"{point.x:.1f} {point.y:.1f}" for point in run)
        canvas.parts.append(_stroke(f"M{steps}", colour, dashes))


def _dot(point: Point, colour: str) -> str:
    return f'<circle cx="{point.x:.1f}" cy="{point.y:.1f}" r="3.2" fill="{colour}"/>'


def _stroke(commands: str, colour: str, dashes: str) -> str:
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<path d="{commands}" fill="none" stroke="{colour}" stroke-width="1.8"{dashed}/>'


def _inside(point: Point) -> bool:
    return -0.5 <= point.x <= WIDTH + 0.5 and -0.5 <= point.y <= HEIGHT + 0.5


def _runs(places: Sequence[Point]) -> list[list[Point]]:
    """The parts of a line that lie in the frame, cut at its edges."""
    runs: list[list[Point]] = []
    last: Point | None = None
    for start, end in pairwise(places):
        part = _cut(start, end)
        if part is None:
            last = None
            continue
        if last == part[0]:
            runs[-1].append(part[1])
        else:
            runs.append(list(part))
        last = part[1]
    return runs


def _cut(start: Point, end: Point) -> tuple[Point, Point] | None:
    """The part of a piece of a line inside of the frame (Liang and Barsky 1984); None where there is none."""
    first, last = 0.0, 1.0
    for origin, step, limit in ((start.x, end.x - start.x, WIDTH), (start.y, end.y - start.y, HEIGHT)):
        if not (isfinite(origin) and isfinite(step)):
            return None
        if step == 0:
            if not -0.5 <= origin <= limit + 0.5:
                return None
            continue
        enters, leaves = sorted((-origin / step, (limit - origin) / step))
        first, last = max(first, enters), min(last, leaves)
    if first > last:
        return None
    return _along(start, end, first), _along(start, end, last)


def _along(start: Point, end: Point, share: float) -> Point:
    if share in (0.0, 1.0):
        return end if share else start
    return Point(start.x + share * (end.x - start.x), start.y + share * (end.y - start.y))


def _legend(canvas: Canvas, curves: Sequence[Curve]) -> None:
    """A sample of each curve with its label, as many on a line as fit."""
    x, y = 0.0, HEIGHT + 60
    for place, curve in enumerate(curves):
        if not curve.label:
            continue
        colour, dashes = _STYLES[place % len(_STYLES)]
        width = _LEGEND_LINE + 8 + text_width(curve.label, _SIZE)
        if x > 0 and x + width > WIDTH:
            x, y = 0.0, y + 20
        if curve.dots:
            canvas.parts.append(_dot(Point(x + _LEGEND_LINE / 2, y), colour))
        else:
            canvas.parts.append(_stroke(f"M{number(x)} {number(y)}h{number(_LEGEND_LINE)}", colour, dashes))
        canvas.extents.append(Box(x, y - 8, x + width, y + 8))
        canvas.text(Point(x + _LEGEND_LINE + 6 + text_width(curve.label, _SIZE) / 2, y), curve.label, size=_SIZE)
        x += width + 16
