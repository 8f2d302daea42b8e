"""Layers from the modules of a `torch.nn.Sequential`: one table, an entry a class.

What PyTorch's modules mean: https://docs.pytorch.org/docs/stable/nn.html. The entries read attributes alone; what they
make is held against the module by `pytorch.load_torch_state`, setting by setting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from chalkwork.errors import ChalkworkError
from chalkwork.networks.activations import KINDS, Activation
from chalkwork.networks.layers.attention import Attention
from chalkwork.networks.layers.base import Layer
from chalkwork.networks.layers.batch_norm import BatchNorm
from chalkwork.networks.layers.convolution import Conv2d
from chalkwork.networks.layers.dense import Dense
from chalkwork.networks.layers.dropout import Dropout
from chalkwork.networks.layers.embedding import Embedding
from chalkwork.networks.layers.flatten import Flatten
from chalkwork.networks.layers.layer_norm import LayerNorm
from chalkwork.networks.layers.pooling import AveragePool, GlobalAveragePool, MaxPool
from chalkwork.networks.layers.rms_norm import RMSNorm

Made = tuple[Callable[..., Layer], dict[str, Any]]
"""A layer before it is made: its class and its settings."""


def _refused(module: Any, why: str) -> ChalkworkError:
    return ChalkworkError(f"a {type(module).__name__} {why} is no layer here")


def _convolution(module: Any) -> Made:
    if module.groups != 1 or module.padding_mode != "zeros":
        raise _refused(module, "with groups, or with another padding than zeros,")
    same = ("stride", "padding", "dilation")
    return Conv2d, {
        "filters": module.out_channels, "kernel": module.kernel_size, "bias": module.bias is not None,
        "inputs": module.in_channels, **{key: getattr(module, key) for key in same},
    }  # fmt: skip


def _batch_norm(module: Any) -> Made:
    if module.momentum is None or not module.affine or not module.track_running_stats:
        raise _refused(module, "without momentum, scales or running statistics")
    return BatchNorm, {"momentum": module.momentum, "epsilon": module.eps}


def _scaled(kind: Callable[..., Layer]) -> Callable[[Any], Made]:
    def made(module: Any) -> Made:
        if module.weight is None or len(module.normalized_shape) != 1 or module.eps is None:
            raise _refused(module, "over several axes, without scales or without eps")
        return kind, {"epsilon": module.eps}

    return made


def _pooling(kind: Callable[..., Layer]) -> Callable[[Any], Made]:
    def made(module: Any) -> Made:
        if module.ceil_mode or getattr(module, "dilation", 1) not in (1, (1, 1)):
            raise _refused(module, "with ceil_mode or a dilation")
        if module.padding not in (0, (0, 0)) and not getattr(module, "count_include_pad", True):
            raise _refused(module, "that leaves out its rim")
        return kind, {"pool": module.kernel_size, "stride": module.stride, "padding": module.padding}

    return made


def _averaged(module: Any) -> Made:
    if module.output_size not in (1, (1, 1)):
        raise _refused(module, "to more than one number for each channel")
    return GlobalAveragePool, {}


def _linear(module: Any) -> Made:
    return Dense, {"units": module.out_features, "bias": module.bias is not None, "inputs": module.in_features}


def _embedding(module: Any) -> Made:
    if module.padding_idx is not None or module.max_norm is not None:
        raise _refused(module, "with a padding_idx or a max_norm")
    return Embedding, {"words": module.num_embeddings, "width": module.embedding_dim, "from_zero": True}


def _attention(module: Any) -> Made:
    if not module._qkv_same_embed_dim or module.bias_k is not None or module.add_zero_attn or module.dropout:
        raise _refused(module, "with other widths of keys, more keys or dropout")
    own = {"heads": module.num_heads, "bias": module.in_proj_bias is not None, "inputs": module.embed_dim}
    return Attention, {"units": module.embed_dim, "project": True, **own}


MODULES: dict[str, Callable[[Any], Made | None]] = {
    "Linear": _linear,
    "Embedding": _embedding,
    "MultiheadAttention": _attention,
    "Conv2d": _convolution,
    "BatchNorm1d": _batch_norm,
    "LayerNorm": _scaled(LayerNorm),
    "RMSNorm": _scaled(RMSNorm),
    "Dropout": lambda module: (Dropout, {"rate": module.p}),
    "MaxPool2d": _pooling(MaxPool),
    "AvgPool2d": _pooling(AveragePool),
    "AdaptiveAvgPool2d": _averaged,
    "Flatten": lambda module: (Flatten, {}),
    "Identity": lambda module: None,
}
"""What makes a layer of a module of that class."""
_ACTIVE = (Dense, Conv2d, BatchNorm, LayerNorm, RMSNorm)
"""Layers that have an activation of their own."""


def layers_of(module: Any) -> list[Layer]:
    """The layers of a Sequential (within others too), or of a single module; an activation belongs to the layer before.

    Raises ChalkworkError for a module that is no layer here, and for an activation that no layer can have.
    """
    made: list[Made] = []
    activations = {unit.pytorch.name: kind for kind in KINDS if (unit := Activation(kind).unit).pytorch is not None}
    for one in _leaves(module):
        name = type(one).__name__
        if name in activations:
            _activate(made, one, activations[name])
        elif name not in MODULES:
            hint = (
                f"known are Sequential, {', '.join([*MODULES, *activations])}; or give like=, a network of its layers"
            )
            raise ChalkworkError(f"a module of the class {name:.60} is no layer here", hint=hint)
        elif (found := MODULES[name](one)) is not None and not (
            name == "Flatten" and made and made[-1][0] is GlobalAveragePool  # which gives a vector already
        ):
            made.append(found)
    if not made:
        raise ChalkworkError("the module holds no layer")
    return [kind(**settings) for kind, settings in made]


def _leaves(module: Any) -> Iterator[Any]:
    if type(module).__name__ != "Sequential":
        yield module
        return
    for child in module:
        yield from _leaves(child)


def _activate(made: list[Made], module: Any, kind: str) -> None:
    theirs = Activation(kind).unit.pytorch
    if theirs is None or not made or made[-1][0] not in _ACTIVE or "activation" in made[-1][1]:
        raise ChalkworkError(f"a {type(module).__name__} stands where no layer has an activation")
    values = {ours: float(getattr(module, name)) for name, ours in theirs.parameters.items()}
    inside = ", ".join(f"{key}={value!r}" for key, value in values.items())
    made[-1][1]["activation"] = f"{kind}({inside})" if inside else kind
