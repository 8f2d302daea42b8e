"""Layers as PyTorch has them, by the names of their classes and attributes; PyTorch itself is not needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from chalkwork.errors import ChalkworkError

Layer = dict[str, Any]


def _plain(value: Any) -> Any:
    """A setting of a window: one number where all are the same."""
    if isinstance(value, tuple):
        return value[0] if len(set(value)) == 1 else list(value)
    return value


def _slides(kind: str) -> Callable[[Any], Layer]:
    return lambda module: {
        "kind": kind,
        "filters": module.out_channels,
        "bias": module.bias is not None,
        **{ours: _plain(getattr(module, theirs)) for ours, theirs in _WINDOW.items()},
        "dilation": _plain(module.dilation),
        "groups": module.groups,
    }


def _transposed(kind: str) -> Callable[[Any], Layer]:
    def layer(module: Any) -> Layer:
        if _plain(module.dilation) != 1 or module.groups != 1:
            raise ChalkworkError("a transposed convolution with dilation or groups is not counted")
        own = {ours: _plain(getattr(module, theirs)) for ours, theirs in _WINDOW.items()}
        more = {"output_padding": _plain(module.output_padding), "bias": module.bias is not None}
        return {"kind": kind, "filters": module.out_channels, **own, **more}

    return layer


def _pools(kind: str) -> Callable[[Any], Layer]:
    def layer(module: Any) -> Layer:
        if getattr(module, "ceil_mode", False) or _plain(getattr(module, "dilation", 1)) != 1:
            raise ChalkworkError("a pooling that rounds up or has a dilation is not counted")
        own = {"stride": _plain(module.stride), "padding": _plain(module.padding)}
        return {"kind": kind, "pool": _plain(module.kernel_size), **own}

    return layer


def _cell(kind: str) -> Callable[[Any], Layer]:
    def layer(module: Any) -> Layer:
        if module.num_layers != 1 or module.bidirectional or not module.batch_first or getattr(module, "proj_size", 0):
            raise ChalkworkError("recurrent layers are counted one by one, in one direction, with batch_first")
        return {"kind": kind, "units": module.hidden_size, "bias": "two" if module.bias else "none"}

    return layer


def _averaged(module: Any) -> Layer:
    if _plain(module.output_size) != 1:
        raise ChalkworkError("an adaptive pooling is counted where it gives one number for each channel")
    return {"kind": "global_average_pool"}


def _normalised(kind: str) -> Callable[[Any], Layer | None]:
    def layer(module: Any) -> Layer | None:
        return {"kind": kind} if module.weight is not None else None

    return layer


def _activation(name: str) -> Callable[[Any], Layer]:
    return lambda module: {"kind": "activation", "name": name}


_WINDOW = {"kernel": "kernel_size", "stride": "stride", "padding": "padding"}
MODULES: dict[str, Callable[[Any], Layer | None]] = {
    "Conv1d": _slides("conv1d"),
    "Conv2d": _slides("conv2d"),
    **{f"ConvTranspose{axes}d": _transposed(f"conv_transpose{axes}d") for axes in (1, 2)},
    **{f"MaxPool{axes}d": _pools("max_pool") for axes in (1, 2)},
    **{f"AvgPool{axes}d": _pools("average_pool") for axes in (1, 2)},
    **{f"AdaptiveAvgPool{axes}d": _averaged for axes in (1, 2)},
    "Flatten": lambda module: {"kind": "flatten"},
    "Linear": lambda module: {"kind": "dense", "units": module.out_features, "bias": module.bias is not None},
    "Embedding": lambda module: {
        "kind": "embedding", "words": module.num_embeddings, "width": module.embedding_dim,
    },
    "RNN": _cell("rnn"),
    "LSTM": _cell("lstm"),
    "GRU": _cell("gru"),
    "BatchNorm1d": _normalised("batch_norm"),
    "BatchNorm2d": _normalised("batch_norm"),
    "LayerNorm": _normalised("layer_norm"),
    "RMSNorm": _normalised("rms_norm"),
    **{f"Dropout{axes}": lambda module: {"kind": "dropout"} for axes in ("", "1d", "2d")},
    "Identity": lambda module: None,
    "ReLU": _activation("relu"),
    "Tanh": _activation("tanh"),
    "Sigmoid": _activation("sigmoid"),
    "GELU": _activation("gelu"),
    "SiLU": _activation("silu"),
    "Softmax": _activation("softmax"),
}  # fmt: skip
"""What each class of PyTorch is here; None leaves it out."""


def layers_of(module: Any) -> list[Layer]:
    """The layers of a `torch.nn.Sequential` (within others too), or of a single module.

    Raises ChalkworkError for a module of another class: which way numbers take through it cannot be seen from outside.
    """
    return list(_layers(module))


def _layers(module: Any) -> Iterator[Layer]:
    name = type(module).__name__
    if name == "Sequential":
        for child in module:
            yield from _layers(child)
        return
    if name not in MODULES:
        known = ", ".join(MODULES)
        raise ChalkworkError(f"a module of the class {name:.60} is not counted", hint=f"known are Sequential, {known}")
    found = MODULES[name](module)
    if found is not None:
        yield found
