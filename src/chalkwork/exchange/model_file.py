"""Networks kept in files of their own: safetensors, with the architecture as JSON in the header."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, overload

from chalkwork.errors import ChalkworkError
from chalkwork.exchange.architecture import Architecture, architecture_of
from chalkwork.exchange.safetensors_file import finite_arrays, read_header
from chalkwork.exchange.strict import check_data, mapping, of, parse
from chalkwork.networks.network import NeuralNetwork
from chalkwork.training.tensors import is_whole, write_tensors

FORMAT = "chalkwork-model-2"
MOST_ARCHITECTURE = 2**20
MOST_EXTRA = 8 * 2**20


def save_model(net: NeuralNetwork, path: str | Path, *, extra: Mapping[str, Any] | None = None) -> None:
    """Write the network into a safetensors file: architecture, loss, convention, parameters, statistics, labels.

    The file is there as a whole or not at all, has the same bytes whenever the network is the same, and holds a
    checksum over all of them. `extra` is JSON data that travels along (tuples become lists).
    Raises ChalkworkError where a parameter is missing, misshapen or not finite, where `extra` is no JSON data or longer
    than 8 MiB, for layers and losses of one's own, and where the file cannot be written.

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from chalkwork import Dense
    >>> net = NeuralNetwork([Dense(weights=[[2.0], [1.0]], activation="tanh")], samples="columns")
    >>> with TemporaryDirectory() as folder:
    ...     save_model(net, Path(folder) / "net.safetensors", extra={"columns": ["a", "b"]})
    ...     again, extra = load_model(Path(folder) / "net.safetensors", with_extra=True)
    >>> again, again.parameters["W1"].tolist(), extra
    (NeuralNetwork([Dense(1, 'tanh')], loss=SquaredError(factor=Fraction(1, 2), reduction='sum'), \
Convention(samples='columns', weights='in_out')), [[2.0], [1.0]], {'columns': ['a', 'b']})
    """
    plan = net.plan()
    architecture = json.dumps(architecture_of(net))
    shapes = {name.name: plan.held_shape(name) for name in [*plan.parameters(), *plan.state()]}
    metadata = {"format": FORMAT, "architecture": architecture}
    if extra is not None:
        metadata["extra"] = _extra_text(extra)
    write_tensors(Path(path), {name: value.reshape(shapes[name]) for name, value in net.held(plan).items()}, metadata)


def _extra_text(extra: Mapping[str, Any]) -> str:
    data = dict(extra) if isinstance(extra, Mapping) else extra
    if not isinstance(data, dict):
        raise ChalkworkError(f"extra is a mapping, not a {type(extra).__name__}")
    check_data(data, "extra")
    text = json.dumps(data, allow_nan=False)
    if len(text) > MOST_EXTRA:
        raise ChalkworkError(f"extra is {len(text)} characters long; at most {MOST_EXTRA} are kept")
    return text


@overload
def load_model(path: str | Path, *, with_extra: Literal[False] = False) -> NeuralNetwork: ...
@overload
def load_model(path: str | Path, *, with_extra: Literal[True]) -> tuple[NeuralNetwork, dict[str, Any]]: ...
def load_model(path: str | Path, *, with_extra: bool = False) -> NeuralNetwork | tuple[NeuralNetwork, dict[str, Any]]:
    """The network that `save_model` wrote, the same to the last bit; with `with_extra` also what travelled along.

    Nothing in the file is executed, and nothing is made before it is known to fit. Raises ChalkworkError, with the
    file and the key or array, for files that are no such model, damaged or larger than 4 GiB, arrays of another shape
    or type, numbers that are not finite, and unknown keys.

    >>> load_model("nowhere.safetensors")
    Traceback (most recent call last):
        ...
    chalkwork.errors.ChalkworkError: nowhere.safetensors: there is no such file
    """
    try:
        net, extra = _loaded(Path(path))
    except ChalkworkError as error:
        raise error.at(file=str(path)) from None
    return (net, extra) if with_extra else net


def _loaded(path: Path) -> tuple[NeuralNetwork, dict[str, Any]]:
    header, whole = read_header(path), is_whole(path)
    metadata = mapping(header.metadata, "the metadata", "metadata")
    if metadata.read("format", of(str), "") != FORMAT:
        raise ChalkworkError(
            f"this is no model of Chalkwork: its metadata does not say format {FORMAT}",
            hint="the weights alone of a network of PyTorch are read by load_torch_state",
        )
    metadata.need("checksum", of(str))
    if not whole:
        raise ChalkworkError("this file is damaged: its checksum is not at its place", hint="take another copy of it")
    written, more = metadata.need("architecture", of(str)), metadata.read("extra", of(str), "{}")
    architecture = Architecture.of(parse(written, "the architecture", MOST_ARCHITECTURE))
    extra = parse(more, "extra", MOST_EXTRA)
    if not isinstance(extra, dict):
        raise ChalkworkError("extra is no mapping")
    metadata.done()
    plan = architecture.plan
    header.check({name.name: plan.held_shape(name) for name in [*plan.parameters(), *plan.state()]})
    net = architecture.network(finite_arrays(path, header))
    net.held(plan)
    return net, extra
