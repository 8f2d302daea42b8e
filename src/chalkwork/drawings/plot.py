"""Curves, paths and marked places over two axes, linear or logarithmic: a plot in the style of the other drawings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count, pairwise
from math import ceil, floor, isfinite, log10

from chalkwork.drawings.canvas import GRADIENT, GREY, INK, PALE, VALUE, Box, Canvas, Point, number, text_width
from chalkwork.drawings.drawing import Drawing
from chalkwork.typesetting.notation import superscript

WIDTH, HEIGHT = 440.0, 270.0
_SIZE = 13.0
_STYLES = ((INK, ""), (VALUE, "7 4"), (GRADIENT, "2 3"), (GREY, "9 3 2 3"), (VALUE, "1 2"), (GRADIENT, "12 4"))
"""Colour and dashes: told apart in grey by the dashes alone."""
_LEGEND_LINE = 28.0
_LONGER_SIDE = 400.0
_GRID = "#dddddd"
MOST_STOPS = 60


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
    stops: bool = False
    """Whether the points that the line goes through are marked, as those of a method's path: the first sixty. Dots are
    then marked so, a class by its sign."""
    faint: bool = False
    """Whether it is thin and grey, as a contour line."""


@dataclass(frozen=True, slots=True)
class Sign:
    """A place that is marked with a cross, and what is written above it."""

    label: str
    x: float
    y: float


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
    signs: Sequence[Sign] = (),
    equal: bool = False,
    caption: str = "",
) -> Drawing:
    """Curves in one frame, with ticks, a legend below it and a description in words.

    Lines have the style of their place, dots are filled circles; a curve is cut where it leaves the frame. On a
    logarithmic axis only positive values are shown. With `equal` both axes have the same scale, so that what is at
    right angles looks so. Raises ValueError where no point can be shown.

    >>> figure = line_plot("A line", "A line from 0 to 1.", [Curve((0, 1), (0, 1), "y = x")])
    >>> figure.svg.startswith("<svg"), figure.description
    (True, 'A line from 0 to 1.')
    """  # fmt: skip
    x, y = x or Axis(), y or Axis()
    across = _Scale.of(x, [curve.x for curve in curves], WIDTH)
    up = _Scale.of(y, [curve.y for curve in curves], HEIGHT)
    if equal:
        wide, high = across.high - across.low, up.high - up.low
        across = replace(across, length=_LONGER_SIDE * wide / max(wide, high))
        up = replace(up, length=_LONGER_SIDE * high / max(wide, high))
    canvas = Canvas()
    frame = _Frame(across, up)
    _axes(canvas, frame, x.label, y.label)
    styled = list(zip(_styles(curves), curves, strict=True))
    for style, curve in styled:
        _draw(canvas, frame, curve, style)
    for sign in signs:
        _sign(canvas, frame, sign)
    _legend(canvas, frame, [(style, curve) for style, curve in styled if curve.label])
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
        places = range(ceil(self.low / step - 1e-9), floor(self.high / step + 1e-9) + 1)
        return [(k * step, _written(k * step, digits)) for k in places]


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


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where things stand on the page."""

    across: _Scale
    up: _Scale

    @property
    def width(self) -> float:
        return self.across.length

    @property
    def height(self) -> float:
        return self.up.length

    def at(self, x: float, y: float) -> Point:
        return Point(self.across.place(x), self.height - self.up.place(y))

    def holds(self, point: Point) -> bool:
        return -0.5 <= point.x <= self.width + 0.5 and -0.5 <= point.y <= self.height + 0.5

    def runs(self, places: Sequence[Point]) -> list[list[Point]]:
        """The parts of a line that lie in the frame, cut at its edges."""
        runs: list[list[Point]] = []
        last: Point | None = None
        for start, end in pairwise(places):
            part = self._cut(start, end)
            if part is not None and last == part[0]:
                runs[-1].append(part[1])
            elif part is not None:
                runs.append(list(part))
            last = part[1] if part is not None else None
        return runs

    def _cut(self, start: Point, end: Point) -> tuple[Point, Point] | None:
        """The part of a piece of a line inside of the frame (Liang and Barsky 1984); None where there is none."""
        first, last = 0.0, 1.0
        for origin, step, limit in ((start.x, end.x - start.x, self.width), (start.y, end.y - start.y, self.height)):
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


def _axes(canvas: Canvas, frame: _Frame, x_label: str, y_label: str) -> None:
    across, up = frame.across, frame.up
    widest = 0.0
    for value, text in up.ticks():
        height = frame.height - up.place(value)
        zero = value == 0 and not up.log
        canvas.line(Point(0, height), Point(frame.width, height), stroke=GREY if zero else _GRID, width=0.8)
        width = text_width(text, _SIZE)
        widest = max(widest, width)
        canvas.text(Point(-8 - width / 2, height), text, size=_SIZE)
    for value, text in across.ticks():
        place = across.place(value)
        zero = value == 0 and not across.log
        canvas.line(Point(place, 0), Point(place, frame.height), stroke=GREY if zero else _GRID, width=0.8)
        canvas.text(Point(place, frame.height + 14), text, size=_SIZE)
    canvas.line(Point(0, 0), Point(0, frame.height), stroke=PALE)
    canvas.line(Point(0, frame.height), Point(frame.width, frame.height), stroke=PALE)
    if x_label:
        canvas.text(Point(frame.width / 2, frame.height + 34), x_label, size=_SIZE + 1)
    if y_label:
        half = text_width(y_label, _SIZE + 1) / 2
        canvas.text(Point(half - widest, -18), y_label, size=_SIZE + 1)


# --- curves ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Style:
    """Colour, dashes, width, and the mark of points, each told from the others without colour."""

    colour: str
    dashes: str
    width: float
    mark: int = 0

    def stroke(self, commands: str) -> str:
        dashed = f' stroke-dasharray="{self.dashes}"' if self.dashes else ""
        return f'<path d="{commands}" fill="none" stroke="{self.colour}" stroke-width="{self.width}"{dashed}/>'

    def dot(self, at: Point) -> str:
        return f'<circle cx="{at.x:.1f}" cy="{at.y:.1f}" r="3.2" fill="{self.colour}"/>'

    def stop(self, at: Point) -> str:
        """A filled circle, an empty square, an empty circle, a filled diamond."""
        x, y = f"{at.x:.1f}", f"{at.y:.1f}"
        empty = f'fill="#ffffff" stroke="{self.colour}" stroke-width="1.2"'
        return (
            f'<circle cx="{x}" cy="{y}" r="3" fill="{self.colour}"/>',
            f'<path d="M{at.x - 3.2:.1f} {at.y - 3.2:.1f}h6.4v6.4h-6.4z" {empty}/>',
            f'<circle cx="{x}" cy="{y}" r="3.2" {empty}/>',
            f'<path d="M{x} {at.y - 4.4:.1f}l4.4 4.4l-4.4 4.4l-4.4 -4.4z" fill="{self.colour}"/>',
        )[self.mark % 4]


def _styles(curves: Sequence[Curve]) -> list[_Style]:
    """The faint ones all alike, the others by their place."""
    places = count()
    return [
        _Style(PALE, "", 1.0)
        if curve.faint
        else _Style(*_STYLES[(place := next(places)) % len(_STYLES)], width=1.8, mark=place)
        for curve in curves
    ]


def _draw(canvas: Canvas, frame: _Frame, curve: Curve, style: _Style) -> None:
    places = [frame.at(float(x), float(y)) for x, y in zip(curve.x, curve.y, strict=True)]
    if not curve.dots:
        for run in frame.runs(places):
            canvas.parts.append(style.stroke("M" + "L".join(f"{point.x:.1f} {point.y:.1f}" for point in run)))
    if curve.dots or curve.stops:
        shown = places if curve.dots else places[:MOST_STOPS]
        drawn = style.stop if curve.stops else style.dot
        canvas.parts += [drawn(point) for point in shown if frame.holds(point)]


def _sign(canvas: Canvas, frame: _Frame, sign: Sign) -> None:
    at = frame.at(sign.x, sign.y)
    if not frame.holds(at):
        return
    cross = f"M{number(at.x - 5)} {number(at.y - 5)}l10 10m-10 0l10 -10"
    canvas.parts.append(_Style(INK, "", 1.8).stroke(cross))
    if sign.label:
        canvas.label(Point(at.x, at.y - 14), sign.label, size=_SIZE)


def _legend(canvas: Canvas, frame: _Frame, curves: Sequence[tuple[_Style, Curve]]) -> None:
    """A sample of each curve with its label, as many on a line as fit."""
    x, y = 0.0, frame.height + 60
    for style, curve in curves:
        width = _LEGEND_LINE + 8 + text_width(curve.label, _SIZE)
        if x > 0 and x + width > max(frame.width, WIDTH):
            x, y = 0.0, y + 20
        middle = Point(x + _LEGEND_LINE / 2, y)
        if not curve.dots:
            canvas.parts.append(style.stroke(f"M{number(x)} {number(y)}h{number(_LEGEND_LINE)}"))
        if curve.dots or curve.stops:
            canvas.parts.append(style.stop(middle) if curve.stops else style.dot(middle))
        canvas.extents.append(Box(x, y - 8, x + width, y + 8))
        canvas.text(Point(x + _LEGEND_LINE + 6 + text_width(curve.label, _SIZE) / 2, y), curve.label, size=_SIZE)
        x += width + 16
