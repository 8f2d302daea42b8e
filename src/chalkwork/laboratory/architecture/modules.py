"""Layers as PyTorch has them, by the names of their classes and attributes; PyTorch itself is not needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalkwork.errors import ChalkworkError
from chalkwork.networks.activations import KINDS, Activation

Layer = dict[str, Any]


def _plain(value: Any) -> Any:
    """A setting: one number where all axes have the same, and of numbers to start from whether there are any."""
    if isinstance(value, tuple):
        return value[0] if len(set(value)) == 1 else list(value)
    return value if value is None or isinstance(value, int | str) else True


@dataclass(frozen=True)
class _Reads:
    """The kind that a module is, its settings by the names of the module's attributes, and what is not counted."""

    kind: str
    settings: Mapping[str, str] = field(default_factory=dict)
    refused: Callable[[Any], bool] = lambda module: False
    why: str = ""

    def layer(self, module: Any) -> Layer:
        """The layer; ChalkworkError for what is not counted."""
        if self.refused(module):
            raise ChalkworkError(self.why)
        found = {ours: _plain(getattr(module, theirs)) for ours, theirs in self.settings.items()}
        if "bias" in found:
            biased = found["bias"] is not None and found["bias"] is not False
            found["bias"] = ("two" if biased else "none") if self.kind in ("rnn", "lstm", "gru") else biased
        return {"kind": self.kind, **found}


_WINDOW = {"kernel": "kernel_size", "stride": "stride", "padding": "padding"}
_SLIDES = {"filters": "out_channels", "bias": "bias", **_WINDOW, "dilation": "dilation", "groups": "groups"}
_BACK = {"filters": "out_channels", **_WINDOW, "output_padding": "output_padding", "bias": "bias"}
_POOLS = {"pool": "kernel_size", "stride": "stride", "padding": "padding"}
_CELL = {"units": "hidden_size", "bias": "bias"}


def _several(module: Any) -> bool:
    return bool(_plain(module.dilation) != 1 or module.groups != 1)


def _odd_pool(module: Any) -> bool:
    return bool(getattr(module, "ceil_mode", False)) or _plain(getattr(module, "dilation", 1)) != 1


def _stacked(module: Any) -> bool:
    own = getattr(module, "proj_size", 0)
    return bool(module.num_layers != 1 or module.bidirectional or not module.batch_first or own)


_NO_SEVERAL = _several, "a transposed convolution with dilation or groups is not counted"
_NO_ODD_POOL = _odd_pool, "a pooling that rounds up or has a dilation is not counted"
_NO_STACK = _stacked, "recurrent layers are counted one by one, in one direction, with batch_first"
_NO_SIZE = (
    lambda module: _plain(module.output_size) != 1,
    "an adaptive pooling is counted where it gives one number for each channel",
)
MODULES: dict[str, _Reads | None] = {
    "Conv1d": _Reads("conv1d", _SLIDES),
    "Conv2d": _Reads("conv2d", _SLIDES),
    **{f"ConvTranspose{axes}d": _Reads(f"conv_transpose{axes}d", _BACK, *_NO_SEVERAL) for axes in (1, 2)},
    **{f"MaxPool{axes}d": _Reads("max_pool", _POOLS, *_NO_ODD_POOL) for axes in (1, 2)},
    **{f"AvgPool{axes}d": _Reads("average_pool", _POOLS, *_NO_ODD_POOL) for axes in (1, 2)},
    **{f"AdaptiveAvgPool{axes}d": _Reads("global_average_pool", {}, *_NO_SIZE) for axes in (1, 2)},
    "Flatten": _Reads("flatten"),
    "Linear": _Reads("dense", {"units": "out_features", "bias": "bias"}),
    "Embedding": _Reads("embedding", {"words": "num_embeddings", "width": "embedding_dim"}),
    "RNN": _Reads("rnn", _CELL, *_NO_STACK),
    "LSTM": _Reads("lstm", _CELL, *_NO_STACK),
    "GRU": _Reads("gru", _CELL, *_NO_STACK),
    "BatchNorm1d": _Reads("batch_norm"),
    "BatchNorm2d": _Reads("batch_norm"),
    "LayerNorm": _Reads("layer_norm"),
    "RMSNorm": _Reads("rms_norm"),
    **{f"Dropout{axes}": _Reads("dropout") for axes in ("", "1d", "2d")},
    "Identity": None,
}
"""What each class of PyTorch is here, besides the activations, which say their names; None leaves it out."""
_WITHOUT_SCALES = ("BatchNorm1d", "BatchNorm2d", "LayerNorm", "RMSNorm")
"""What has nothing to count without scales."""


def _activations() -> dict[str, str]:
    """The activations by the names that they have in PyTorch."""
    return {unit.pytorch.name: kind for kind in KINDS if (unit := Activation(kind).unit).pytorch is not None}


def layers_of(module: Any) -> list[Layer]:
    """The layers of a `torch.nn.Sequential` (within others too), or of a single module.

    Raises ChalkworkError for a module of another class: which way numbers take through it cannot be seen from outside.
    """
    return list(_layers(module))


def _layers(module: Any) -> Iterator[Layer]:
    name, activations = type(module).__name__, _activations()
    if name == "Sequential":
        for child in module:
            yield from _layers(child)
    elif name in activations:
        yield {"kind": "activation", "name": activations[name]}
    elif name not in MODULES:
        known = ", ".join([*MODULES, *activations])
        raise ChalkworkError(f"a module of the class {name:.60} is not counted", hint=f"known are Sequential, {known}")
    elif (reads := MODULES[name]) is not None and not (name in _WITHOUT_SCALES and module.weight is None):
        yield reads.layer(module)
