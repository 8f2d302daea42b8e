"""A trained network with its recipe as one ONNX graph: the cells of a row go in, the prediction comes out."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from chalkwork.exchange.onnx_file import ML, SAMPLES, translated, write_onnx
from chalkwork.exchange.onnx_graph import OnnxGraph, Tensor
from chalkwork.networks.network import NeuralNetwork
from chalkwork.tables.cells import MISSING, trimmed
from chalkwork.tables.columns import CYCLES, Category, Column, Flag, LeftOut, Moment, Number
from chalkwork.tables.recipe import Recipe
from chalkwork.tables.targets import Classes, Labels
from chalkwork.tables.writing import unused

ONNX = "model.onnx"
_TEXT = np.dtype(np.str_)
_WHOLE = np.dtype(np.int64)
_OTHERWISE = ("NaN", "-NaN", "NaT", "<NA>")
"""Words for a missing value that are not written in one case of letters."""


def save_onnx(net: NeuralNetwork, recipe: Recipe, path: str | Path) -> None:
    """Write the network and what is done with the columns as one ONNX graph, in double precision.

    Every column that is used is an input of its own under its name, samples x 1: a number (a date as days since
    1970-01-01, NaN where it is missing), or a text (of true or false, and of categories; empty where it is missing).
    The outputs are `prediction`, the text of the class, the text of every label or the numbers in their units, and
    `probability`, that of every class or label. A value never seen is treated as `predict_table` does. Texts are
    without spaces around them, and words for a missing value as they are usually written.

    Raises ChalkworkError where onnx is missing or the file cannot be written.
    """
    graph = OnnxGraph(np.dtype(np.float64), net.convention.sample_axis)
    graph.scope = "recipe"
    used = [column for column in recipe.columns if not isinstance(column, LeftOut)]
    raw = [Tensor(graph, f"cell {place}", _kind(column)) for place, column in enumerate(used)]
    parts = [part for column, cells in zip(used, raw, strict=True) for part in _inputs(graph, column, cells, recipe)]
    (name,) = translated(graph, net, graph.node("Concat", *parts, axis=1))
    graph.scope = "target"
    found = _outputs(graph, recipe, Tensor(graph, name, graph.dtype))
    columns = [column.name for column in used]
    names = {cells.name: column for cells, column in zip(raw, columns, strict=True)}
    names |= {found[key].name: name for key, name in zip(found, unused(list(found), columns), strict=True)}
    _rename(graph, names)
    kinds = {names[each.name]: each.dtype for each in [*raw, *found.values()]}
    sizes = dict.fromkeys(columns, 1)
    infos = [_info(graph, name, kind, sizes.get(name)) for name, kind in kinds.items()]
    write_onnx(graph, infos[: len(raw)], infos[len(raw) :], _words(recipe), path)


def _kind(column: Column) -> np.dtype[Any]:
    return np.dtype(np.float64) if isinstance(column, Number) else _TEXT


def _info(graph: OnnxGraph, name: str, kind: np.dtype[Any], size: int | None) -> Any:
    number = graph.onnx.TensorProto.STRING if kind == _TEXT else graph.helper.np_dtype_to_tensor_dtype(kind)
    return graph.helper.make_tensor_value_info(name, number, [SAMPLES, size])


def _words(recipe: Recipe) -> str:
    numbers = [column for column in recipe.columns if isinstance(column, Number) and column.form.unit]
    units = [f"{column.name} is in {'days' if column.form.is_date else column.form.unit}" for column in numbers]
    return "A network with what is done with the columns of its table. " + "; ".join(units)


def _inputs(graph: OnnxGraph, column: Column, cells: Tensor, recipe: Recipe) -> Iterator[Tensor]:
    """What `encode` makes of a column."""
    if isinstance(column, Number):
        gaps = graph.isnan(cells)
        yield (graph.where(gaps, column.median, cells) - column.mean) / column.scale
        for cycle in column.cycles if isinstance(column, Moment) else ():
            turn = cells * (2 * np.pi / CYCLES[cycle][0])
            for moved in (turn, turn + np.pi / 2):  # a runtime may lack the cosine
                yield graph.where(gaps, 0.0, graph.sin(moved))
    elif isinstance(column, Flag):
        said = {word: float(place) for place, text in enumerate((column.no, column.yes)) for word in _spelled(text)}
        yield graph.astype(_looked_up(graph, cells, said, 0.5), graph.dtype)
    elif isinstance(column, Category):
        values = {value: place for place, value in enumerate(column.values)}
        other = len(values) if column.others else -1
        more = {f"{value}{zeros}": values[value] for value, zeros in product(values, (".0", ".00")) if value}
        places = {text: place for text, place in more.items() if trimmed(text) in values} | values
        if "" in values:
            words = [word for text in (*MISSING, *recipe.missing) for word in _spelled(text)]
            places = dict.fromkeys((*words, *_OTHERWISE), values[""]) | places
        at = _looked_up(graph, cells, places, other)
        yield graph.astype(at == graph.constant(f"places of {cells.name}", np.arange(len(column.inputs))), graph.dtype)


def _spelled(text: str) -> tuple[str, ...]:
    return text, text.upper(), text.capitalize()


def _looked_up(graph: OnnxGraph, cells: Tensor, places: dict[str, Any], other: float) -> Tensor:
    """The number of every text."""
    kind = "int64" if isinstance(other, int) else "float"
    settings = {f"values_{kind}s": list(places.values()), f"default_{kind}": other}
    dtype = _WHOLE if kind == "int64" else np.dtype(np.float32)
    return graph.node("LabelEncoder", cells, dtype=dtype, domain=ML, keys_strings=list(places), **settings)


def _outputs(graph: OnnxGraph, recipe: Recipe, found: Tensor) -> dict[str, Tensor]:
    """Prediction and probabilities, from what the network puts out."""
    target = recipe.target
    if isinstance(target, Classes):
        both = [1.0 - found, found] if target.outputs == 1 else [found]
        shares = graph.node("Concat", *both, axis=1)
        return {"prediction": _texts(graph, graph.argmax(shares, 1, True), target.values), "probability": shares}
    if isinstance(target, Labels):
        said = []
        for place, pair in enumerate(target.pairs):
            one = graph.node("Gather", found, graph.number([place], _WHOLE), axis=1)
            said.append(_texts(graph, graph.astype(one > 0.5, _WHOLE), pair))
        return {"prediction": graph.node("Concat", *said, axis=1), "probability": graph.node("Identity", found)}
    scales, means = (graph.constant(name, np.array([getattr(target, name)])) for name in ("scales", "means"))
    return {"prediction": found * scales + means}


def _texts(graph: OnnxGraph, numbers: Tensor, values: tuple[str, ...]) -> Tensor:
    keys = list(range(len(values)))
    return graph.node("LabelEncoder", numbers, dtype=_TEXT, domain=ML, keys_int64s=keys, values_strings=list(values))


def _rename(graph: OnnxGraph, names: dict[str, str]) -> None:
    """Give inputs and outputs their names, and all else one that is no column's."""
    before = "/"
    while any(name.startswith(before) for name in names.values()):
        before += "/"

    def named(name: str) -> str:
        return names.get(name, f"{before}{name}" if name else "")

    for node in graph.nodes:
        node.input[:], node.output[:], node.name = map(named, node.input), map(named, node.output), named(node.name)
    graph.constants = {named(name): value for name, value in graph.constants.items()}
