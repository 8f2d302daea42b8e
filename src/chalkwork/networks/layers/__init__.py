"""Layers: each kind in a file of its own, and the table of them.

A file holds what people write (`Dense`: settings, numbers to start from) and its `LayerKind`, which gives the
quantities, the equations and the sentences with them and holds no arrays. Sheets, files and other libraries read the
same declarations. To add a layer, write such a file and its line in `LAYERS`.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module

from chalkwork.networks.layers.base import Layer


class _Layers(Mapping[str, type[Layer]]):
    """The layers by the names of their kinds; the file of one is loaded when the layer is asked for."""

    def __init__(self, homes: Mapping[str, str]) -> None:
        self.homes = homes

    def __getitem__(self, kind: str) -> type[Layer]:
        home, name = self.homes[kind].split(".")
        found: type[Layer] = getattr(import_module(f"{__name__}.{home}"), name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self.homes)

    def __len__(self) -> int:
        return len(self.homes)


LAYERS = _Layers(
    {
        "dense": "dense.Dense",
        "batch_norm": "batch_norm.BatchNorm",
        "layer_norm": "layer_norm.LayerNorm",
        "rms_norm": "rms_norm.RMSNorm",
        "dropout": "dropout.Dropout",
        "residual": "residual.Residual",
        "embedding": "embedding.Embedding",
        "attention": "attention.Attention",
        "flatten": "flatten.Flatten",
        "conv1d": "convolution.Conv1d",
        "conv2d": "convolution.Conv2d",
        "conv_transpose1d": "transposed.ConvTranspose1d",
        "conv_transpose2d": "transposed.ConvTranspose2d",
        "max_pool": "pooling.MaxPool",
        "average_pool": "pooling.AveragePool",
        "global_average_pool": "pooling.GlobalAveragePool",
        "rnn": "rnn.RNN",
        "lstm": "lstm.LSTM",
        "gru": "gru.GRU",
    }
)


def __getattr__(name: str) -> type[Layer]:
    """A layer by the name of its class."""
    for kind, home in LAYERS.homes.items():
        if home.endswith(f".{name}"):
            return LAYERS[kind]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
