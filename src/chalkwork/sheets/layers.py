"""The layers of a network block: sizes that are stated, sizes that follow, and whether they agree."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any

import numpy as np

from chalkwork.errors import ChalkworkError, SheetError
from chalkwork.networks.layers import LAYERS
from chalkwork.networks.layers.base import Layer as Made
from chalkwork.networks.layers.settings import Setting
from chalkwork.networks.quantities import Form
from chalkwork.networks.samples import features_and_positions
from chalkwork.sheets import values
from chalkwork.sheets.locate import Listing, Node, Table
from chalkwork.sheets.schema import Convention, Layer
from chalkwork.sheets.values import Fields, Matrix, Vector

MAX_LAYERS = 20
MAX_UNITS = 1000

_SIZE = values.integer(1, MAX_UNITS)


def read_layers(fields: Fields, convention: Convention, sample: tuple[int, ...] | None = None) -> tuple[Layer, ...]:
    """The layers, each with its number of inputs and units known and fitting the layer before.

    `sample` is the shape of a sample, where that is a matrix.

    Raises `SheetError` where a size is missing or two sizes contradict each other.
    """
    layers: list[Layer] = []
    entering = None
    if sample is not None:
        features, positions = features_and_positions(sample, convention.samples)
        entering = Layer(inputs=features, units=features, positions=positions)

    def read(node: Node, where: str) -> Layer:
        layers.append(_read_layer(node, where, convention, layers[-1] if layers else entering))
        return layers[-1]

    return fields.need("layers", values.listing(read, "a list of layers", MAX_LAYERS))


def _read_layer(node: Node, where: str, convention: Convention, before: Layer | None) -> Layer:
    name = "dense"
    if isinstance(node, Table) and "kind" in node.entries:
        name = values.choice(tuple(LAYERS))(node.entries["kind"], f"{where}.kind")
    kind = LAYERS[name]
    keys = dict.fromkeys([*(setting.key for setting in kind.settings), "inputs", "kind"])
    fields = values.mapping(node, "a layer" if name == "dense" else f"a {name} layer", where, tuple(keys))
    positions = before.positions if before else ()
    if kind.kind_type.positions == "needed" and not positions:
        raise SheetError(
            f"{where}: {kind.title} takes samples that are matrices, but vectors enter it",
            line=fields.start,
            hint="the key 'input' of the network says the shape of a sample, as in input: [3, 2]",
        )
    forms = {one.form for one in kind.kind_type.quantities}
    if Form.KERNEL in forms:
        return _swept(name, fields, before, positions)
    if Form.RECURRENT in forms:
        layer = _sized(name, fields, convention, before)
    elif Form.MATRIX in forms:
        layer = _weighted(fields, convention, before)
    else:
        layer = _through(name, fields, before)
    units, positions = _leaving(kind, layer, positions, fields) if positions else (layer.units, ())
    return layer._replace(units=units, positions=positions)


def _sized(name: str, fields: Fields, convention: Convention, before: Layer | None) -> Layer:
    """A layer that says itself how large it is, of whatever is stated."""
    kind, stated = LAYERS[name], _stated(name, fields)
    sizes = {key: found for key in ("units", "inputs") if (found := fields.read(key, _SIZE, None)) is not None}
    try:
        made = kind(**sizes, **stated)
        inputs, units = made.sizes(0, before.units if before else None, convention.weights == "in_out")
    except ChalkworkError as error:
        said = error.message.replace("layer 0 ", "the layer ").replace("0 is ", " is ")
        raise SheetError(f"{fields.where}: {said}", line=fields.start, hint=error.hint) from None
    return Layer(inputs, units, kind=name, settings=tuple(stated.items()))


def _leaving(kind: type[Made], layer: Layer, positions: tuple[int, ...], fields: Fields) -> tuple[int, tuple[int, ...]]:
    """Units and positions of what leaves, which may depend on the settings."""
    sized = {"units": layer.units} if any(setting.key == "units" for setting in kind.settings) else {}
    try:
        return kind(**sized, **dict(layer.settings)).kind.leaving(layer.units, positions)
    except ChalkworkError as error:
        raise _in_its_place(error, fields) from None


def _in_its_place(error: ChalkworkError, fields: Fields) -> SheetError:
    return SheetError(f"{fields.where}: {error.message}", line=fields.start, hint=error.hint)


def _swept(name: str, fields: Fields, before: Layer | None, positions: tuple[int, ...]) -> Layer:
    """A layer whose kernels move over what enters."""
    stated = _stated(name, fields)
    if "filters" in fields:
        stated["filters"] = fields.need("filters", _SIZE)
    try:
        made = made_of(name, stated)
        inputs = _size(fields, "inputs", made.inputs, before.units if before else None)
        if before is not None and inputs != before.units:
            raise ChalkworkError(f"{inputs} channels are stated, but {before.units} enter")
        size = made.size(1, inputs, positions, True)
    except SheetError:
        raise
    except ChalkworkError as error:
        raise _in_its_place(error, fields) from None
    return Layer(inputs, size.units, kind=name, settings=tuple(stated.items()), positions=size.positions)


def made_of(name: str, stated: Mapping[str, Any]) -> Made:
    """The layer with these settings; numbers to start from are arrays there."""
    arrays = {setting.key for setting in LAYERS[name].settings if setting.is_array or setting.takes == "bias"}
    return LAYERS[name](**{
        key: np.array(value) if key in arrays and isinstance(value, tuple) else value for key, value in stated.items()
    })  # fmt: skip


def _through(name: str, fields: Fields, before: Layer | None) -> Layer:
    """A layer that leaves the number of units as it is."""
    stated = _stated(name, fields)
    found = next((len(value) for value in stated.values() if isinstance(value, tuple)), None)
    units = _size(fields, "inputs", None, before.units if before else found)
    if before is not None and units != before.units:
        raise SheetError(
            f"{fields.place('inputs')}: expected {before.units} inputs, as many as the units before, found {units}",
            line=fields.line("inputs"),
        )
    for key, value in stated.items():
        if isinstance(value, tuple) and len(value) != units:
            raise SheetError(
                f"{fields.place(key)}: expected one number for each of the {units} units, found {len(value)}",
                line=fields.line(key),
            )
    return Layer(units, units, kind=name, settings=tuple(stated.items()))


def _stated(name: str, fields: Fields, *others: str) -> dict[str, Any]:
    """The settings that the layer's block states, besides sizes and those read elsewhere."""
    found: dict[str, Any] = {}
    for setting in LAYERS[name].settings:
        if setting.takes == "size" or setting.key in others:
            continue
        needed = setting.default is None and not setting.is_array and setting.takes not in ("count", "sizes", "flag")
        if setting.key in fields or needed:
            found[setting.key] = fields.need(setting.key, _reader(setting))
    return found


def _reader(setting: Setting) -> values.Reader[Any]:
    """What reads the values of a setting."""
    match setting.takes:
        case "number":
            return _in_range(setting)
        case "choice":
            return values.choice(setting.choices)
        case "layers":
            return values.integer(1, MAX_LAYERS)
        case "entries" | "values":
            return values.number_or(values.vector)
        case "weights":
            return values.number_or(values.matrix)
        case "count":
            return values.integer(1, MAX_UNITS)
        case "kernels":
            return values.number_or(values.numbers)
        case "sizes":
            return _sizes
        case "flag":
            return values.flag
        case "bias":
            return _any_bias
        case _:
            return values.name


def _sizes(node: Node, where: str) -> int | tuple[int, ...] | str:
    """A whole number, one for each axis, or a word."""
    if isinstance(node, Listing):
        return values.listing(values.integer(0, MAX_UNITS), "a list of whole numbers", 2)(node, where)
    return values.integer(0, MAX_UNITS)(node, where) if values.is_number(node) else values.name(node, where)


def _in_range(setting: Setting) -> values.Reader[float]:
    start = f"{'above' if setting.low_open else 'from'} {setting.low:g}"
    end = " on" if setting.high == inf else f" to {'below ' if setting.high_open else ''}{setting.high:g}"

    def read(node: Node, where: str) -> float:
        value = values.number(node, where)
        above = value > setting.low if setting.low_open else value >= setting.low
        below = value < setting.high if setting.high_open else value <= setting.high
        if not (above and below):
            raise values.fail(node, where, f"a number {start}{end}")
        return value

    return read


def _weighted(fields: Fields, convention: Convention, before: Layer | None) -> Layer:
    """A dense layer, whose sizes are stated or those of its weights."""
    weights = fields.read("weights", values.number_or(values.matrix), None)
    sizes = _shape(weights, convention) if isinstance(weights, tuple) else None
    inputs = _size(fields, "inputs", sizes[0] if sizes else None, before.units if before else None)
    units = _size(fields, "units", sizes[1] if sizes else None, None)
    if before is not None and inputs != before.units:
        raise _chain(fields, inputs, units, before.units, convention, sizes is not None)
    bias = fields.read("bias", _bias(fields, units), True)
    settings = tuple(_stated("dense", fields, "bias", "weights").items())
    return Layer(inputs=inputs, units=units, weights=weights, bias=bias, settings=settings)


def _shape(weights: Matrix, convention: Convention) -> tuple[int, int]:
    """Inputs and units of a weight matrix."""
    rows, columns = len(weights), len(weights[0])
    return (rows, columns) if convention.weights == "in_out" else (columns, rows)


def _size(fields: Fields, key: str, found: int | None, before: int | None) -> int:
    stated = fields.read(key, _SIZE, None)
    if stated is None and found is None and before is None:
        raise SheetError(
            f"{fields.where}: the number of {key} is not known; expected the key {key!r} or a weight matrix",
            line=fields.start,
        )
    if found is not None and found > MAX_UNITS:
        raise SheetError(
            f"{fields.place('weights')}: expected at most {MAX_UNITS} {key}, found {found}",
            line=fields.line("weights"),
        )
    if stated is not None and found is not None and stated != found:
        raise SheetError(
            f"{fields.place(key)}: {stated} {key} are stated, but the weights have {found}",
            line=fields.line(key),
        )
    size = stated or found or before
    assert size is not None
    return size


def _chain(
    fields: Fields, inputs: int, units: int, before: int, convention: Convention, by_weights: bool
) -> SheetError:
    key = "weights" if by_weights else "inputs"
    orientation = "inputs x units" if convention.weights == "in_out" else "units x inputs"
    other = "out_in" if convention.weights == "in_out" else "in_out"
    rows, columns = (inputs, units) if convention.weights == "in_out" else (units, inputs)
    found = f"a {rows}x{columns} matrix ({convention.weights}: {orientation})" if by_weights else f"{inputs}"
    fits = by_weights and units == before
    return SheetError(
        f"{fields.place(key)}: expected {before} inputs, as many as the units before, found {found}",
        line=fields.line(key),
        hint=f"with 'convention: {{weights: {other}}}' it would fit" if fits else None,
    )


def _any_bias(node: Node, where: str) -> bool | float | Vector:
    """Whether there is a bias, or its values."""
    value = values.boolean(node)
    return values.number_or(values.vector)(node, where) if value is None else value


def _bias(fields: Fields, units: int) -> values.Reader[bool | float | Vector]:
    def read(node: Node, where: str) -> bool | float | Vector:
        value = values.boolean(node)
        if value is not None:
            return value
        if isinstance(node, Listing):
            given = values.vector(node, where)
            if len(given) != units:
                raise values.fail(node, where, f"one number for each of the {units} units", f"{len(given)}")
            return given
        if values.is_number(node):
            return values.number(node, where)
        raise values.fail(node, where, "true, false, a list of numbers or one number")

    return read
