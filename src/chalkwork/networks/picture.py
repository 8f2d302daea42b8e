"""The drawing of a network with its weights and values, as its solution has them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from chalkwork.algebra.operations.windows import Sweep, sweep
from chalkwork.algebra.times import at_time
from chalkwork.drawings.blocks import Block, Weights, draw_blocks
from chalkwork.drawings.drawing import Drawing
from chalkwork.drawings.maps import Map, draw_maps
from chalkwork.drawings.network import LayerPicture, draw_network, shown_units, shows_weights
from chalkwork.drawings.unrolled import Cell, Row, draw_unrolled
from chalkwork.networks.layers.base import LayerKind
from chalkwork.networks.plan import Plan, Spot
from chalkwork.solutions.working import Working
from chalkwork.typesetting.symbols import Symbols
from chalkwork.typesetting.writer import Writer
from chalkwork.words import Text, say


def drawing(plan: Plan, solution: Working, with_values: bool) -> Drawing:
    """The network with its weights, and with the values of a single sample if they are asked for."""
    if plan.places == "steps":
        return unrolled(plan, solution, with_values)
    if len(plan.positions) == 1:
        return blocks(plan, solution, with_values)
    if plan.positions:
        return window(plan, solution, with_values)
    writer = solution.writer()
    inputs = plan.layers[0].inputs
    language = writer.language
    pictures = [_picture(plan, solution, say(language, "layer_title.input"), "x", inputs, with_values)]
    before = inputs
    for number, layer in enumerate(plan.layers, 1):
        title = layer.kind.title(Spot(plan, number)).written(language)
        activation = f"a{number}"
        if f"W{number}" not in solution.arrays:  # a layer without weights changes the units before it
            title = say(language, "layer.after", below=pictures[-1].title, layer=title)
            last = pictures.pop()
            picture = _picture(plan, solution, title, activation, layer.units, with_values)
            pictures.append(replace(picture, weights=last.weights, biases=last.biases))
            continue
        weights: tuple[tuple[str, ...], ...] = ()
        if shows_weights(before, layer.units):
            matrix = solution.arrays[f"W{number}"]
            matrix = matrix.T if plan.convention.weights == "out_in" else matrix
            weights = tuple(tuple(_given(writer, weight) for weight in line) for line in matrix.tolist())
        biases: tuple[str, ...] = ()
        if layer.has_bias and np.any(solution.arrays[f"b{number}"]):
            bias = np.ravel(solution.arrays[f"b{number}"])
            biases = tuple(_given(writer, bias[unit]) for unit in shown_units(layer.units))
        picture = _picture(plan, solution, title, activation, layer.units, with_values)
        pictures.append(replace(picture, weights=weights, biases=biases))
        before = layer.units
    return draw_network(pictures, language)


def unrolled(plan: Plan, solution: Working, with_values: bool) -> Drawing:
    """The recurrent layers unrolled over the steps, with the values of single units if they are asked for."""
    writer = solution.writer()
    steps = range(plan.positions[0] + 1)
    in_time = [at for at in plan.spots if at.layer.kind.in_time]
    lowest, highest = in_time[0], in_time[-1]

    def cell(name: str, value: float | None) -> Cell:
        shown = "" if value is None or not with_values else writer.value([[value]]).box.lines[0]
        return Cell(writer.symbols[name].text, shown)

    def number(array: np.ndarray[Any, Any]) -> float | None:
        return float(array.item()) if array.size == 1 else None

    sequence = solution.arrays[lowest.below]
    along = plan.convention.axis_of(sequence) if sequence.ndim > 2 else plan.convention.sample_axis
    entering = [None if step == 0 else cell(at_time(lowest.below, step), None if plan.samples > 1 else
                number(np.take(sequence, step - 1, axis=along))) for step in steps]  # fmt: skip
    rows = [Row(entering)]
    for at in in_time:
        names = [at_time(f"h{at.number}", step) for step in steps]
        weights = [writer.symbols[f"{letter}{at.number}"].text if f"{letter}{at.number}" in solution.arrays else ""
                   for letter in "WU"]  # fmt: skip
        rows.append(Row([cell(name, number(solution.arrays[name])) for name in names], weights[0], weights[1] or " "))
    if highest.number < plan.depth and not highest.layer.positions:
        output = f"a{plan.depth}"
        last = cell(output, number(solution.arrays[output]))
        rows.append(Row([None if step < steps[-1] else last for step in steps]))
    return draw_unrolled(rows, writer.language)


def window(plan: Plan, solution: Working, with_values: bool) -> Drawing:
    """The window of the first layer on an image: what it covers first, its kernel, and what comes of it."""
    writer, language, kind = solution.writer(), solution.writer().language, plan.layers[0].kind
    symbols, letter = writer.symbols, "z" if "W1" in solution.arrays else "a"
    spreads = kind.spreads
    at = plan_window(kind, plan.layers[0].positions if spreads else plan.positions)
    (high, across), one = at.window, (0, 0, 1, 1)
    lies = (-at.padding[0], -at.padding[1], high, across)

    def panel(name: str, place: tuple[int, int, int, int], sign: str = "", known: bool = True) -> Map:
        value = solution.arrays[name]
        value = value.reshape(-1, *value.shape[-2:])[0]
        shown = known and plan.samples == 1
        rows = tuple(tuple(_given(writer, entry) if shown else "" for entry in row) for row in value.tolist())
        index = tuple("1" for size in solution.arrays[name].shape[:-2] if size > 1)
        return Map(symbols.entry(name, index).text if index else symbols[name].text, rows, place, sign)

    maps = [panel("x", one if spreads else lies, known=with_values)]
    if letter == "z":
        maps.append(panel("W1", (0, 0, high, across), "⋆ᵀ" if spreads else "⋆"))
    more = ["⋯"] * (plan.layers[0].inputs > 1) + [symbols["b1"].text] * plan.layers[0].has_bias
    sign = "".join(f"+ {one} " for one in more) + "="
    maps.append(panel(f"{letter}1", lies if spreads else one, sign if letter == "z" else "→", with_values))
    said = Text.own(
        "window.description",
        "A window of <window> on an image of <size>: what it covers at its first place, and the entry that comes of "
        "it.",
        window="x".join(map(str, at.window)), size="x".join(map(str, plan.positions)),
    )  # fmt: skip
    if spreads:
        said = Text.own(
            "window.spread",
            "An entry of an image of <size> and where it lays a kernel of <window> down in the result.",
            window="x".join(map(str, at.window)), size="x".join(map(str, plan.positions)),
        )  # fmt: skip
    title = Text.own("window.title", "The window at its first place")
    return draw_maps(maps, title.written(language), said.written(language))


def blocks(plan: Plan, solution: Working, with_values: bool) -> Drawing:
    """Layers as blocks with the ways around them, and how every position of an attention weighs the others."""
    writer = solution.writer()
    symbols, language = writer.symbols, writer.language
    boxes = [Block(symbols["x"].text)]
    maps, said = [], [symbols["x"].text]
    for at in plan.spots:
        farthest = max(at.number - source for source in at.sources)
        around = farthest if farthest > 1 and not at.layer.kind.weighs else 0
        leaves = symbols[f"a{at.number}"].text
        boxes.append(Block(at.layer.kind.title(at).written(language), leaves, around))
        said.append(f"{boxes[-1].title} ({leaves})")
        if at.layer.kind.weighs:
            maps += _weights(plan, solution, at, with_values)
    description = Text.own(
        "blocks.description", "From below: <blocks>.<weights>", blocks=", ".join(said),
        weights="".join(f" {one.label}: {'; '.join(', '.join(row) for row in one.written)}." for one in maps
                        if one.written[0][0]),
    )  # fmt: skip
    sides = Text.own("blocks.query", "query"), Text.own("blocks.key", "key")
    title = Text.own("blocks.title", "The layers, and the weights of the attention")
    words = (sides[0].written(language), sides[1].written(language))
    return draw_blocks(boxes, maps[:MOST_MAPS], words, title.written(language), description.written(language))


MOST_MAPS = 4


def _weights(plan: Plan, solution: Working, at: Spot, with_values: bool) -> list[Weights]:
    """The weights of an attention, of each head: a row for each query."""
    writer, name = solution.writer(), f"P{at.number}"
    values = np.asarray(solution.arrays[name])
    shown = with_values and plan.samples == 1
    values = values.reshape(-1, *values.shape[-2:])[: at.layer.kind.weighs]
    found = []
    for head, matrix in enumerate(values, 1):
        by_query = matrix.T if plan.convention.samples == "columns" else matrix
        label = writer.symbols[name].text
        if at.layer.kind.weighs > 1:
            number = Text.own("blocks.head", "<weights>, head <head>", weights=label, head=head)
            label = number.written(writer.language)
        texts = [[writer.value([[share]]).box.lines[0] if shown else "" for share in row] for row in by_query.tolist()]
        found.append(Weights(label, by_query.tolist(), texts))
    return found


def plan_window(kind: LayerKind, positions: tuple[int, ...]) -> Sweep:
    """The window of a layer on an image."""
    known = {key: getattr(kind, key) for key in ("window", "stride", "padding")}
    stride = known["window"] if known["stride"] is None else known["stride"]
    return sweep(positions, known["window"], stride, known["padding"], getattr(kind, "dilation", 1))


def _picture(plan: Plan, solution: Working, title: str, name: str, units: int, with_values: bool) -> LayerPicture:
    labels = _labels(solution.writer().symbols, name, units)
    return LayerPicture(title, units, labels, _values(plan, solution, name, units, with_values))


def _labels(symbols: Symbols, name: str, units: int) -> tuple[str, ...]:
    return tuple(symbols.entry(name, (str(unit + 1),)).text for unit in shown_units(units))


def _values(plan: Plan, solution: Working, name: str, units: int, wanted: bool) -> tuple[str, ...]:
    """The values of a single sample; one drawing cannot hold those of a batch."""
    if plan.samples > 1 or not wanted:
        return ()
    writer = solution.writer()
    values = np.ravel(solution.arrays[name])
    return tuple(writer.value([[values[unit]]]).box.lines[0] for unit in shown_units(units))


def _given(writer: Writer, value: float) -> str:
    return writer.value([[value]], given=True).box.lines[0]
