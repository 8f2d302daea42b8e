"""The layers of a network block: sizes that are stated, sizes that follow, and whether they agree."""

from __future__ import annotations

from chalkwork.errors import SheetError
from chalkwork.sheets import values
from chalkwork.sheets.fields import Fields
from chalkwork.sheets.locate import Listing, Node, Table
from chalkwork.sheets.schema import Convention, Layer, LayerKind
from chalkwork.sheets.values import Matrix, Vector

MAX_LAYERS = 20
MAX_UNITS = 1000

_DENSE = ("units", "inputs", "weights", "bias", "activation", "initializer")
_BATCH_NORM = ("inputs", "activation", "momentum", "epsilon", "variance", "running_variance", "gamma", "beta")
_DROPOUT = ("inputs", "rate")
_KINDS: tuple[LayerKind, ...] = ("dense", "batch_norm", "dropout")
_VARIANCES = ("biased", "unbiased")
_SIZE = values.integer(1, MAX_UNITS)


def read_layers(fields: Fields, convention: Convention, line: int) -> tuple[Layer, ...]:
    """The layers, each with its number of inputs and units known and fitting the layer before.

    `line` is where the block begins.
    Raises `SheetError` where a size is missing or two sizes contradict each other.
    """
    layers: list[Layer] = []

    def read(node: Node, where: str) -> Layer:
        layers.append(_read_layer(node, where, convention, layers[-1] if layers else None))
        return layers[-1]

    return fields.need("layers", values.listing(read, "a list of layers", MAX_LAYERS), line)


def _read_layer(node: Node, where: str, convention: Convention, before: Layer | None) -> Layer:
    kind: LayerKind = "dense"
    if isinstance(node, Table) and "kind" in node.entries:
        kind = values.choice(_KINDS)(node.entries["kind"], f"{where}.kind")
    if kind == "dense":
        return _dense(Fields(node, "a layer", where, (*_DENSE, "kind")), convention, before)
    if kind == "batch_norm":
        return _batch_norm(Fields(node, "a batch_norm layer", where, (*_BATCH_NORM, "kind")), before)
    fields = Fields(node, "a dropout layer", where, (*_DROPOUT, "kind"))
    units = _through(fields, before)
    return Layer(units, units, kind="dropout", settings=(("rate", fields.need("rate", _rate)),))


def _batch_norm(fields: Fields, before: Layer | None) -> Layer:
    readers: dict[str, values.Reader[str | float | Vector]] = {
        "momentum": _share, "epsilon": _not_negative, "variance": values.choice(_VARIANCES),
        "running_variance": values.choice(_VARIANCES), "gamma": values.number_or(values.vector),
        "beta": values.number_or(values.vector),
    }  # fmt: skip
    stated = [(key, fields.read(key, reader, None)) for key, reader in readers.items()]
    units = _through(fields, before, *(value for key, value in stated if key in ("gamma", "beta")))
    for key, value in stated:
        if isinstance(value, tuple) and len(value) != units:
            raise SheetError(
                f"{fields.place(key)}: expected one number for each of the {units} units, found {len(value)}",
                line=fields.line(key),
            )
    return Layer(
        units,
        units,
        activation=fields.read("activation", values.name, "identity"),
        kind="batch_norm",
        settings=tuple((key, value) for key, value in stated if value is not None),
    )


def _through(fields: Fields, before: Layer | None, *vectors: str | float | Vector | None) -> int:
    """How many units a layer has that leaves their number as it is."""
    found = next((len(value) for value in vectors if isinstance(value, tuple)), None)
    inputs = _size(fields, "inputs", None, before.units if before else found)
    if before is not None and inputs != before.units:
        raise SheetError(
            f"{fields.place('inputs')}: expected {before.units} inputs, as many as the units before, found {inputs}",
            line=fields.line("inputs"),
        )
    return inputs


def _rate(node: Node, where: str) -> float:
    value = values.number(node, where)
    if not 0 <= value < 1:
        raise values.fail(node, where, "a number from 0 to below 1")
    return value


def _share(node: Node, where: str) -> float:
    value = values.number(node, where)
    if not 0 <= value <= 1:
        raise values.fail(node, where, "a number from 0 to 1")
    return value


def _not_negative(node: Node, where: str) -> float:
    value = values.number(node, where)
    if value < 0:
        raise values.fail(node, where, "a number from 0 on")
    return value


def _dense(fields: Fields, convention: Convention, before: Layer | None) -> Layer:
    weights = fields.read("weights", values.number_or(values.matrix), None)
    sizes = _shape(weights, convention) if isinstance(weights, tuple) else None
    inputs = _size(fields, "inputs", sizes[0] if sizes else None, before.units if before else None)
    units = _size(fields, "units", sizes[1] if sizes else None, None)
    if before is not None and inputs != before.units:
        raise _chain(fields, inputs, units, before.units, convention, sizes is not None)
    return Layer(
        inputs=inputs,
        units=units,
        weights=weights,
        bias=fields.read("bias", _bias(fields, units), True),
        activation=fields.read("activation", values.name, "identity"),
        settings=(("initializer", fields.read("initializer", values.name, "")),) if "initializer" in fields else (),
    )


def _shape(weights: Matrix, convention: Convention) -> tuple[int, int]:
    """Inputs and units of a weight matrix."""
    rows, columns = len(weights), len(weights[0])
    return (rows, columns) if convention.weights == "in_out" else (columns, rows)


def _size(fields: Fields, key: str, found: int | None, before: int | None) -> int:
    stated = fields.read(key, _SIZE, None)
    if stated is None and found is None and before is None:
        raise SheetError(
            f"{fields.where}: the number of {key} is not known; expected the key {key!r} or a weight matrix",
            line=fields.table.line,
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
