"""Networks as files: the table of formats."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from chalkwork.errors import ChalkworkError
from chalkwork.exchange.model_file import load_model, save_model
from chalkwork.exchange.onnx_file import to_onnx
from chalkwork.networks.network import NeuralNetwork


@dataclass(frozen=True, slots=True)
class Exchange:
    """One file format: what it is, how a network is written into it, and how it is read, where it can be."""

    words: str
    save: Callable[[NeuralNetwork, Path], None]
    load: Callable[[Path], NeuralNetwork] | None = None


EXCHANGES: dict[str, Exchange] = {
    ".safetensors": Exchange("the network with all that belongs to it", save_model, load_model),
    ".onnx": Exchange("the inference graph, for other programs", to_onnx),
}
"""By suffix."""


def save_network(net: NeuralNetwork, path: str | Path) -> None:
    """Write the network in the format of the suffix. Raises ChalkworkError for an unknown one.

    >>> from chalkwork import Dense
    >>> save_network(NeuralNetwork([Dense(1, inputs=1)]), "net.h5")
    Traceback (most recent call last):
        ...
    chalkwork.errors.ChalkworkError: a network is not written as '.h5'. Hint: the formats are .safetensors, .onnx.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in EXCHANGES:
        raise ChalkworkError(
            f"a network is not written as {suffix!r:.20}", hint=f"the formats are {', '.join(EXCHANGES)}"
        )
    EXCHANGES[suffix].save(net, Path(path))


def load_network(path: str | Path) -> NeuralNetwork:
    """Read a network in the format of the suffix. Raises ChalkworkError for one that cannot be read.

    >>> load_network("net.onnx")
    Traceback (most recent call last):
        ...
    chalkwork.errors.ChalkworkError: net.onnx: a network is not read from '.onnx'. Hint: the formats are .safetensors.
    """
    suffix = Path(path).suffix.lower()
    load = EXCHANGES[suffix].load if suffix in EXCHANGES else None
    if load is None:
        readable = [name for name, exchange in EXCHANGES.items() if exchange.load is not None]
        message = f"a network is not read from {suffix!r:.20}"
        raise ChalkworkError(message, file=str(path), hint=f"the formats are {', '.join(readable)}")
    return load(Path(path))
