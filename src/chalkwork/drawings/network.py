"""A feed-forward network as a figure: layers from left to right, every number that fits at its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from chalkwork.drawings.canvas import (
    GREY,
    INK,
    PALE,
    VALUE,
    Box,
    Canvas,
    Point,
    Spot,
    chosen_spots,
    label_box,
    text_width,
    wrapped,
)
from chalkwork.drawings.drawing import Drawing
from chalkwork.errors import ChalkworkError, ShapeError
from chalkwork.words import ENGLISH, Text, say

MOST_UNITS = 8
MOST_WEIGHTS = 20
_FIRST_UNITS = 4
_LABEL, _NUMBER, _SMALL = 15, 13, 12
_UNIT_HEIGHT, _PITCH, _ROOMY_PITCH = 46, 82, 100
_FEW_EDGES = 8
_TITLE_WIDTH = 130


@dataclass(frozen=True, slots=True)
class LayerPicture:
    """What a layer shows: all strings are ready to print; what is unknown or not wanted stays empty.

    `labels`, `values` and `biases` hold a string for every unit or, to spare the work in a large layer, only
    for `shown_units(units)`. `weights[i][j]` joins unit i of the layer before to unit j of this one; they are
    left out of the figure, and need not be given, unless `shows_weights`.
    """

    title: str
    units: int
    labels: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    weights: tuple[tuple[str, ...], ...] = ()
    biases: tuple[str, ...] = ()


def shown_units(units: int) -> tuple[int, ...]:
    """The places of the units that a layer of that size shows; a large one shows its first few and its last.

    >>> shown_units(3), shown_units(784)
    ((0, 1, 2), (0, 1, 2, 3, 783))
    """
    if units <= MOST_UNITS:
        return tuple(range(units))
    return (*range(_FIRST_UNITS), units - 1)


def shows_weights(before: int, units: int) -> bool:
    """Whether the weights between two layers of those sizes are few enough to be written at their edges.

    >>> shows_weights(2, 3), shows_weights(784, 128)
    (True, False)
    """
    return before * units <= MOST_WEIGHTS and max(before, units) <= MOST_UNITS


def draw_network(layers: Sequence[LayerPicture], language: str = ENGLISH) -> Drawing:
    """Draw a network, its input layer first.

    >>> drawing = draw_network([
    ...     LayerPicture("input", 2, ("x₁", "x₂"), ("−1", "1")),
    ...     LayerPicture("output: tanh", 1, ("a₁",), ("0.2449",), weights=(("0.5",), ("0.75",))),
    ... ])
    >>> drawing.svg.startswith("<svg ")
    True
    >>> print(drawing.description)
    A feed-forward network with 2 layers of 2 and 1 units. Layer 1, input: x₁ = −1, x₂ = 1. Layer 2, \
output: tanh: a₁ = 0.2449. Into a₁: weight 0.5 from x₁, weight 0.75 from x₂.
    """
    _check(layers)
    pictures = [_reduced(before, layer) for before, layer in zip((None, *layers), layers, strict=False)]
    columns = _columns(pictures, language)
    canvas = Canvas()
    for left, right in pairwise(columns):
        _draw_edges(canvas, left, right)
    top, bottom = _reach(columns)
    for left, right in pairwise(columns):
        _draw_note(canvas, left, right, bottom)
    for column in columns:
        _draw_units(canvas, column)
        _draw_title(canvas, column, top)
    sizes = "-".join(str(layer.units) for layer in layers)
    return canvas.drawing(say(language, "drawing.network", sizes=sizes), _description(pictures, language))


def _check(layers: Sequence[LayerPicture]) -> None:
    if not layers:
        raise ChalkworkError("a network without layers cannot be drawn")
    for place, layer in enumerate(layers):
        who = f"layer {place + 1} ({layer.title})"
        if layer.units < 1:
            raise ChalkworkError(f"{who} has {layer.units} units, but a layer needs at least one")
        for name in ("labels", "values", "biases"):
            found = len(getattr(layer, name))
            if found not in (0, layer.units, len(shown_units(layer.units))):
                raise ShapeError(f"{who} has {layer.units} units, but {found} {name}")
        if layer.weights:
            _check_weights(who, layers[place - 1].units if place else 0, layer)


def _check_weights(who: str, before: int, layer: LayerPicture) -> None:
    if len(layer.weights) != before or any(len(row) != layer.units for row in layer.weights):
        found = f"{len(layer.weights)} x {len(layer.weights[0])}"
        raise ShapeError(f"{who} needs {before} x {layer.units} weights, but {found} were given")


def _reduced(before: LayerPicture | None, layer: LayerPicture) -> LayerPicture:
    """The layer with the strings of its shown units only, and its weights only when they are shown."""
    shown = shown_units(layer.units)

    def of_shown(strings: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(strings[unit] for unit in shown) if len(strings) == layer.units else strings

    weights = layer.weights if before is not None and shows_weights(before.units, layer.units) else ()
    return replace(
        layer,
        labels=of_shown(layer.labels),
        values=of_shown(layer.values),
        biases=of_shown(layer.biases),
        weights=weights,
    )


@dataclass(frozen=True, slots=True)
class _Column:
    """A layer with its place; `inward` are the places of the weights of the edges that come in."""

    layer: LayerPicture
    x: float
    unit_width: float
    pitch: float
    inward: tuple[Box, ...] = ()
    language: str = ENGLISH

    @property
    def elided(self) -> bool:
        return self.layer.units > MOST_UNITS

    @property
    def centres(self) -> list[Point]:
        shown = len(shown_units(self.layer.units))
        slots = shown + self.elided
        ys = [(slot - (slots - 1) / 2) * self.pitch for slot in range(slots)]
        return [Point(self.x, y) for y in (ys[:-2] + ys[-1:] if self.elided else ys)]

    @property
    def dots(self) -> Point:
        above, below = self.centres[-2:]
        return Point(self.x, (above.y + below.y) / 2)

    @property
    def units(self) -> list[Box]:
        return [Box.around(centre, self.unit_width, _UNIT_HEIGHT) for centre in self.centres]

    @property
    def title_lines(self) -> tuple[str, ...]:
        kind, colon, activation = self.layer.title.partition(": ")
        parts = (kind + ":", activation) if colon else (kind,)
        return tuple(line for part in parts for line in wrapped(part, _LABEL, _TITLE_WIDTH))

    @property
    def width(self) -> float:
        lines = [text_width(line, _LABEL) for line in self.title_lines]
        biases = [text_width(_bias(bias), _SMALL) for bias in self.layer.biases]
        return max(self.unit_width, *lines, *biases, 0.0)


def _columns(layers: Sequence[LayerPicture], language: str) -> list[_Column]:
    columns: list[_Column] = []
    dense = any(len(layer.weights) * layer.units > _FEW_EDGES for layer in layers)
    pitch = _ROOMY_PITCH if dense else _PITCH
    for layer in layers:
        labels = [text_width(label, _LABEL) for label in layer.labels]
        values = [text_width(value, _NUMBER) for value in layer.values]
        width = max(_UNIT_HEIGHT, *(width + 18 for width in (*labels, *values)), 0.0)
        column = _Column(layer, 0.0, width, pitch, language=language)
        columns.append(_placed(columns[-1], column) if columns else column)
    return columns


def _placed(left: _Column, column: _Column) -> _Column:
    """The column so far to the right of the one before that titles, notes and weights find room."""
    weights = column.layer.weights
    widest = max((text_width(weight, _NUMBER) for row in weights for weight in row), default=0.0)
    height = max(len(left.centres), len(column.centres)) * column.pitch
    gap = max(60 + 2 * widest + 3 * len(weights) * column.layer.units, 0.3 * height) if weights else 130
    units = (left.unit_width + column.unit_width) / 2
    notes = max(map(_note_width, _note(left, column)), default=0.0)
    distance = max(units + gap, (left.width + column.width) / 2 + 20, notes + 20)
    if not weights:
        return replace(column, x=left.x + distance)
    for _ in range(6):
        placed = replace(column, x=left.x + distance)
        boxes, overlaps = _weight_places(left, placed)
        if not overlaps:
            break
        distance += 0.25 * gap
    return replace(placed, inward=tuple(boxes))


def _edges(left: _Column, right: _Column) -> list[tuple[Point, Point]]:
    return [
        (Point(source.right, source.centre.y), Point(target.left, target.centre.y))
        for source in left.units
        for target in right.units
    ]


def _weight_places(left: _Column, right: _Column) -> tuple[list[Box], int]:
    """Near the source, but apart from one another and off the other edges where that is possible."""
    edges = _edges(left, right)
    texts = [weight for row in right.layer.weights for weight in row]
    return chosen_spots(
        [_spots(edge, text, [e for e in edges if e != edge]) for edge, text in zip(edges, texts, strict=True)]
    )


def _spots(edge: tuple[Point, Point], text: str, others: Sequence[tuple[Point, Point]]) -> list[Spot]:
    (x0, y0), (x1, y1) = edge
    margin = text_width(text, _NUMBER) / 2 + 6
    spots = []
    for step in range(21):
        share = step / 20
        x = x0 + margin + share * (x1 - x0 - 2 * margin)
        box = label_box(Point(x, y0 + (y1 - y0) * (x - x0) / (x1 - x0)), text, _NUMBER)
        spots.append(Spot(box, 3 * abs(share - 0.2) + sum(2 * box.is_met_by(*other) for other in others)))
    return spots


def _draw_edges(canvas: Canvas, left: _Column, right: _Column) -> None:
    written = right.layer.weights
    for start, end in _edges(left, right):
        canvas.line(start, end, stroke=GREY if written else PALE, width=1.1 if written else 0.7)
    texts = [weight for row in written for weight in row]
    for box, text in zip(right.inward, texts, strict=True):
        canvas.label(box.centre, text, size=_NUMBER)


def _draw_units(canvas: Canvas, column: _Column) -> None:
    layer = column.layer
    for place, box in enumerate(column.units):
        canvas.box(box, radius=_UNIT_HEIGHT / 2)
        lines = [
            (strings[place], size, fill)
            for strings, size, fill in ((layer.labels, _LABEL, INK), (layer.values, _NUMBER, VALUE))
            if strings
        ]
        offsets = (-9, 9) if len(lines) == 2 else (0,)
        for (text, size, fill), offset in zip(lines, offsets, strict=False):
            canvas.text(Point(box.centre.x, box.centre.y + offset), text, size=size, fill=fill)
        if layer.biases:
            canvas.text(Point(box.centre.x, box.top - 10), _bias(layer.biases[place]), size=_SMALL, fill=GREY)
    if column.elided:
        canvas.dots(column.dots)


def _bias(bias: str) -> str:
    return bias if bias.startswith(("-", "−", "+")) else f"+{bias}"


def _reach(columns: Sequence[_Column]) -> tuple[float, float]:
    units = Box.holding(box for column in columns for box in column.units)
    return units.top - (18 if any(column.layer.biases for column in columns) else 0), units.bottom


def _draw_title(canvas: Canvas, column: _Column, top: float) -> None:
    lines = [*column.title_lines, *([_all_units(column)] if column.elided else [])]
    for height, line in enumerate(reversed(lines)):
        canvas.text(Point(column.x, top - 20 - 19 * height), line, size=_LABEL)


def _all_units(column: _Column) -> str:
    return say(column.language, "drawing.units_in_all", number=column.layer.units)


def _note(left: _Column, right: _Column) -> tuple[str, ...]:
    before, units, language = left.layer.units, right.layer.units, left.language
    if shows_weights(before, units):
        return ()
    return say(language, "drawing.note_weights", before=before, units=units), say(language, "drawing.note_hidden")


def _note_width(line: str) -> float:
    return text_width(line, _SMALL)


def _draw_note(canvas: Canvas, left: _Column, right: _Column, bottom: float) -> None:
    middle = (left.x + left.unit_width / 2 + right.x - right.unit_width / 2) / 2
    for place, line in enumerate(_note(left, right)):
        canvas.text(Point(middle, bottom + 16 + 15 * place), line, size=_SMALL, fill=GREY)


def _description(layers: Sequence[LayerPicture], language: str) -> str:
    sizes = tuple(str(layer.units) for layer in layers)
    units = Text.of("drawing.units", sizes=sizes, n=1 if sizes == ("1",) else 2)
    counted = Text.of("drawing.layers", n=len(layers))
    sentences = [say(language, "drawing.feed_forward", layers=counted, units=units)]
    for place, layer in enumerate(layers):
        inside = _units_in_words(layer, language)
        sentences.append(say(language, "drawing.layer", number=place + 1, title=layer.title, units=inside))
        if place:
            sentences.extend(_inputs_in_words(layers[place - 1], layer, language))
    return " ".join(sentences)


def _units_in_words(layer: LayerPicture, language: str) -> str:
    names = _names(layer, language)
    units = [f"{name} = {value}" for name, value in zip(names, layer.values or names, strict=True)]
    units = units if layer.values else list(names)
    if layer.units <= MOST_UNITS:
        return ", ".join(units)
    first = ", ".join(units[:-1])
    return say(language, "drawing.some_units", number=layer.units, first=first, last=units[-1])


def _inputs_in_words(before: LayerPicture, layer: LayerPicture, language: str) -> list[str]:
    names = _names(layer, language)
    if not shows_weights(before.units, layer.units):
        joined = say(language, "drawing.weights_hidden", before=before.units, units=layer.units)
        biases = ", ".join(f"{name}: {bias}" for name, bias in zip(names, layer.biases, strict=False))
        return [joined, say(language, "drawing.biases", biases=biases)] if biases else [joined]
    sentences = []
    for place, name in enumerate(names):
        parts = [
            say(language, "drawing.weight_from", weight=row[place], source=source)
            for row, source in zip(layer.weights, _names(before, language), strict=False)
        ]
        parts += [say(language, "drawing.bias", bias=layer.biases[place])] if layer.biases else []
        if parts:
            sentences.append(say(language, "drawing.into", name=name, parts=", ".join(parts)))
    return sentences


def _names(layer: LayerPicture, language: str) -> tuple[str, ...]:
    return layer.labels or tuple(say(language, "drawing.unit", number=unit + 1) for unit in shown_units(layer.units))
