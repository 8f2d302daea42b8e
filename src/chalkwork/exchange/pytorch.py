"""PyTorch: weights from and to it, and a network as a `torch.nn.Sequential`.

What PyTorch's layers mean: https://docs.pytorch.org/docs/stable/nn.html. Samples are rows and weights out x in there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from chalkwork.counting import some
from chalkwork.errors import ChalkworkError
from chalkwork.exchange.architecture import kind_of
from chalkwork.exchange.foreign import (
    Slot,
    arrays_of,
    check_training,
    counterpart,
    in_pytorch,
    put,
    slots_of,
    theirs_of,
)
from chalkwork.exchange.safetensors_file import finite_arrays, read_header
from chalkwork.exchange.torch_modules import layers_of
from chalkwork.networks.activations import KINDS, Activation
from chalkwork.networks.data import Array
from chalkwork.networks.network import NeuralNetwork
from chalkwork.packages import package

_COUNT = "num_batches_tracked"


@dataclass(frozen=True, slots=True)
class Module:
    """One module of the Sequential: its class, its arguments, and the layer of ours that holds its arrays, if any."""

    name: str
    settings: dict[str, Any]
    layer: int | None = None


def _modules(net: NeuralNetwork) -> Iterator[Module]:
    for number, (layer, plan) in enumerate(zip(net.layers, net.plan().layers, strict=True), 1):
        found = counterpart(number, layer, theirs_of(layer, plan, "PyTorch"), "PyTorch")
        yield Module(found.name, found.arguments, number)
        if found.then:
            yield Module(found.then, {})
        activation = in_pytorch(layer.activation)
        if activation is not None:
            yield Module(activation.name, activation.settings(layer.activation))


def torch_state(net: NeuralNetwork) -> dict[str, Array]:
    """The arrays of the network under the names that the Sequential of `to_torch` has, in double precision.

    Without PyTorch. `0.weight` is out x in, whatever the network's convention is. Raises ChalkworkError for layers
    that have no counterpart.

    >>> from chalkwork import Dense
    >>> net = NeuralNetwork([Dense(weights=[[2.0], [1.0]], activation="tanh"), Dense(3)])
    >>> {name: array.shape for name, array in torch_state(net).items()}
    {'0.weight': (1, 2), '0.bias': (1,), '2.weight': (3, 1), '2.bias': (3,)}
    """
    places = {module.layer: place for place, module in enumerate(_modules(net)) if module.layer is not None}
    found: dict[str, Array] = {}
    blocks: dict[str, dict[int, Array]] = {}
    for slot, array in zip(slots_of(net), arrays_of(net, "out_in"), strict=True):
        name, place = _block(slot.theirs)
        whole = f"{places[slot.layer]}.{name}"
        if place is None:
            found[whole] = array
        else:  # the gates of a recurrent layer, one below the other
            blocks.setdefault(whole, {})[place] = array
            found[whole] = np.concatenate([one for _, one in sorted(blocks[whole].items())])
        if slot.theirs == "running_var":
            found[f"{places[slot.layer]}.{_COUNT}"] = np.array(0)
    for name in list(found):
        second = name.replace("bias_ih", "bias_hh")
        found.setdefault(second, np.zeros_like(found[name]))
    return found


def _block(name: str) -> tuple[str, int | None]:
    """The name of an array of PyTorch, and which of the blocks in it, where it holds those of several gates.

    >>> _block("weight_ih_l0[2]"), _block("weight")
    (('weight_ih_l0', 2), ('weight', None))
    """
    name, _, place = name.removesuffix("]").partition("[")
    return name, int(place) if place else None


def _part(slot: Slot, slots: Sequence[Slot], group: Mapping[str, Any]) -> Any:
    """What a slot takes of the arrays of a module; one bias is the sum of the two that PyTorch has."""
    name, place = _block(slot.theirs)
    array = group[name]
    own = [_block(other.theirs)[0] for other in slots if other.layer == slot.layer]
    if name == "bias_ih_l0" and "bias_hh_l0" not in own:
        array = np.asarray(array) + np.asarray(group["bias_hh_l0"])
    return array if place is None else np.split(np.asarray(array), own.count(name))[place]


def to_torch(net: NeuralNetwork, *, inference: bool = False) -> Any:
    """The network as a `torch.nn.Sequential` in double precision and training mode; samples are rows there.

    It gives the network's own output: after a softmax, cross-entropy is `nll_loss` of the logarithm, not
    `cross_entropy`, which takes the softmax itself; loss and penalties are not part of it. Batch normalisation has the
    same momentum (the weight of the new batch), the biased variance of the batch and the unbiased running one; dropout
    scales in training, as here; the derivative of ReLU at 0 is 0, of leaky ReLU its slope. Where the network does
    otherwise, ChalkworkError is raised, unless the module is for `inference` only; also where torch is missing or a
    layer has no counterpart.
    """
    if not inference:
        check_training(net, "PyTorch")
    torch = package("torch", "a network of PyTorch", "pip install torch")
    with torch.random.fork_rng(devices=[]):  # the weights that modules draw are replaced, so nothing is to be drawn
        made = [_made(torch, module) for module in _modules(net)]
    sequential = _joined(torch, made, net)
    sequential.load_state_dict({name: torch.tensor(array) for name, array in torch_state(net).items()})
    return sequential


def _joined(torch: Any, made: list[Any], net: NeuralNetwork) -> Any:
    """The modules as a Sequential; one that keeps what every layer gave where a layer takes more than the last."""
    spots = net.plan().spots
    if all(at.sources == (at.number - 1,) for at in spots):
        return torch.nn.Sequential(*made)
    starts = [place for place, module in enumerate(_modules(net)) if module.layer is not None]
    ends = [*starts[1:], len(made)]

    class Joined(torch.nn.Sequential):  # type: ignore[misc]
        """A Sequential whose layers may be given the sum of earlier outputs."""

        def forward(self, given: Any) -> Any:
            outputs = [given]
            for at, start, end in zip(spots, starts, ends, strict=True):
                entering = [outputs[source] for source in at.sources]
                first, *others = self[start:end]
                value = first(*entering) if isinstance(first, torch.nn.MultiheadAttention) else first(sum(entering))
                for module in others:
                    value = module(value)
                outputs.append(value)
            return outputs[-1]

    return Joined(*made)


def _made(torch: Any, module: Module) -> Any:
    if "returns" in module.settings:
        return _recurrent(torch, module)
    if module.name == "MultiheadAttention":
        return _attention(torch, module)
    if module.name == "Embedding":
        return _embedding(torch, module)
    arrays = module.layer is not None and module.name in _WITH_ARRAYS
    precision = {"dtype": torch.float64} if arrays else {}
    return getattr(torch.nn, module.name)(**module.settings, **precision)


def _recurrent(torch: Any, module: Module) -> Any:
    """A recurrent module that gives its states, or the last one, and nothing besides."""
    settings = dict(module.settings)
    last = settings.pop("returns") == "last"
    kind = getattr(torch.nn, module.name)

    def forward(self: Any, given: Any) -> Any:
        states, _ = kind.forward(self, given)
        return states[:, -1] if last else states

    return type(module.name, (kind,), {"forward": forward})(**settings, dtype=torch.float64)


def _attention(torch: Any, module: Module) -> Any:
    """An attention of all to all that gives what it gives, and no weights; which positions are padding tells `x`."""
    settings = dict(module.settings)
    causal, padded = settings.pop("causal"), settings.pop("padded")
    kind = torch.nn.MultiheadAttention

    def forward(self: Any, given: Any, x: Any = None) -> Any:
        size = given.shape[-2]
        later = torch.ones(size, size, dtype=torch.bool).triu(1) if causal else None
        nothing = (given if x is None else x).abs().sum(-1) == 0 if padded else None
        found = kind.forward(self, given, given, given, attn_mask=later, key_padding_mask=nothing, need_weights=False)
        return found[0]

    return type(module.name, (kind,), {"forward": forward})(**settings, dtype=torch.float64)


def _embedding(torch: Any, module: Module) -> Any:
    """An embedding of tokens counted from `first`, below which they are padding; they may be of any type."""
    settings = dict(module.settings)
    first, kind = settings.pop("first"), torch.nn.Embedding

    def forward(self: Any, given: Any) -> Any:
        tokens = (given.squeeze(-1) if given.dim() > 2 else given).long() - first
        return kind.forward(self, tokens.clamp(min=0)) * (tokens >= 0).unsqueeze(-1)

    return type(module.name, (kind,), {"forward": forward})(**settings, dtype=torch.float64)


def load_torch_state(net: NeuralNetwork, source: Any, *, order: Sequence[str] | None = None) -> None:
    """Take over the weights of a module, its state_dict, or a safetensors file of it.

    Layers are matched in the order in which the state_dict lists them, whatever their names are; a file does not keep
    the order, so that its names are put in natural order (`fc2` before `fc10`). `order` gives the names of the
    modules (`["encoder", "decoder"]`) where that is not it. Matrices are turned where the convention has them
    inputs x units. All is taken over or nothing. A state_dict is read through the tensors' `numpy()`.

    Of a module, the layers and activations are held against the network's, with their settings. A state_dict and a file
    hold weights alone, and what a module of one's own computes in its `forward` cannot be seen: that is for the caller
    to know.

    Raises ChalkworkError where layers, activations, shapes or names do not fit, for numbers that are not finite, and
    for what `torch.save` wrote: it is a pickle, and reading one can run what it contains.

    >>> from chalkwork import Dense
    >>> net = NeuralNetwork([Dense(1, inputs=2)])
    >>> load_torch_state(net, {"fc.weight": np.array([[2.0, 1.0]]), "fc.bias": np.array([0.5])})
    >>> net.parameters["W1"].tolist(), net.parameters["b1"].tolist()
    ([[2.0], [1.0]], [0.5])
    """
    if hasattr(source, "state_dict") and hasattr(source, "children"):
        _check_modules(net, source)
    state, ordered = _state(source)
    groups = _groups(state)
    names = list(groups) if ordered else sorted(groups, key=_natural)
    if order is not None:
        if sorted(order) != sorted(groups):
            raise ChalkworkError(f"order names {', '.join(order)!r:.200}, but the modules are {_listed(groups)}")
        names = list(order)
    slots = slots_of(net)
    layers = list(dict.fromkeys(slot.layer for slot in slots))
    if len(names) != len(layers):
        raise ChalkworkError(
            f"the network has {len(layers)} layers with weights, but there are {len(names)} modules: {_listed(names)}"
        )
    matched = dict(zip(layers, names, strict=True))
    for layer, name in matched.items():
        wanted = list(dict.fromkeys(_block(slot.theirs)[0] for slot in slots if slot.layer == layer))
        wanted += ["bias_hh_l0"] * ("bias_ih_l0" in wanted and "bias_hh_l0" not in wanted)
        if set(wanted) != groups[name].keys():
            raise ChalkworkError(
                f"layer {layer} ({kind_of(net.layers[layer - 1])}) takes {', '.join(wanted)}, "
                f"but {name or 'the module'!r} holds {_listed(groups[name])}"
            )
    arrays = [_part(slot, slots, groups[matched[slot.layer]]) for slot in slots]
    labels = [f"{matched[slot.layer]}.{slot.theirs}".lstrip(".") for slot in slots]
    put(net, arrays, labels, "out_in")


def from_torch(
    source: Any,
    like: NeuralNetwork | None = None,
    *,
    loss: Any = "squared_error",
    inputs: int | Sequence[int] | None = None,
    order: Sequence[str] | None = None,
) -> NeuralNetwork:
    """The network that a `torch.nn.Sequential` is, with its weights and samples as rows.

    `loss` is that of the network: a module has none. After `CrossEntropyLoss` belongs a softmax at the end of the
    module, which that takes itself. `inputs` is needed where the first layer does not tell it, as (channels, rows,
    columns) for images. For anything but a Sequential give `like`, a network with the same layers: of a module, its
    state_dict, or a safetensors file of it the weights are taken, as `load_torch_state` takes them.

    Raises ChalkworkError for modules that are no layers here, and as `load_torch_state`.
    """
    if like is None and not (hasattr(source, "state_dict") and hasattr(source, "children")):
        raise ChalkworkError("weights alone do not tell the layers", hint="give like=, a network with the same layers")
    net = NeuralNetwork(layers_of(source), loss, inputs=inputs) if like is None else like.after({})
    load_torch_state(net, source, order=order)
    return net


_WITH_ARRAYS = ("Linear", "Conv2d", "ConvTranspose2d", "BatchNorm1d", "LayerNorm", "RMSNorm")
_IGNORED = ("Identity", "Flatten")
"""What changes nothing about numbers."""
_IN_ARRAYS = (
    "in_features", "out_features", "num_features", "bias", "threshold", "returns", "causal", "padded", "batch_first",
    "first",
)  # fmt: skip
"""Settings that the shapes of the arrays tell, one that makes a difference of 2e-9, and what is said in a call."""


def _check_modules(net: NeuralNetwork, source: Any) -> None:
    """Raise ChalkworkError where a module's layers are others than those of the network."""
    ours = list(_modules(net))
    in_order, theirs = _leaves(source)
    if not in_order:
        used = {_name(module) for module in theirs}
        known = {unit.pytorch.name for kind in KINDS if (unit := Activation(kind).unit).pytorch}
        strange = sorted((used & known) - {module.name for module in ours})
        if strange:
            raise _other(f"the module uses {', '.join(strange)}, which the network does not have")
        held = [module for module in theirs if module.state_dict()]
        for mine, found in zip((module for module in ours if module.layer is not None), held, strict=False):
            if _name(found) == mine.name:
                _check_settings(mine, found)
        return
    ours = [module for module in ours if module.name not in _IGNORED]
    theirs = [module for module in theirs if _name(module) not in _IGNORED]
    for place, (wanted, had) in enumerate(zip_longest(ours, theirs)):
        if wanted is None or had is None or _name(had) != wanted.name:
            has = "nothing more" if had is None else _name(had)
            wants = "nothing more" if wanted is None else wanted.name
            raise _other(f"at place {place + 1} the module has {has}, and the network {wants}", place, ours, theirs)
        _check_settings(wanted, had)


def _check_settings(mine: Module, found: Any) -> None:
    for key, value in mine.settings.items():
        other = getattr(found, key, None)
        same = other in (-1, 1, None) if key == "dim" else _spread(other) == _spread(value)
        if key not in _IN_ARRAYS and not same:
            raise _other(f"{key} of {mine.name} is {other!r:.40} in the module, and {value!r} in the network")


def _spread(value: Any) -> Any:
    """A setting for every axis as one, where they are the same."""
    return value[0] if isinstance(value, tuple | list) and len(set(value)) == 1 else value


def _leaves(module: Any) -> tuple[bool, list[Any]]:
    """The modules that hold no others, and whether they are gone through in this order."""
    inner = list(module.children())
    if not inner:
        return True, [module]
    parts = [_leaves(each) for each in inner]
    in_order = _name(module) == "Sequential" and all(ordered for ordered, _ in parts)
    return in_order, [leaf for _, leaves in parts for leaf in leaves]


def _name(module: Any) -> str:
    return type(module).__name__


def _other(differs: str, place: int = 0, ours: Sequence[Module] = (), theirs: Sequence[Any] = ()) -> ChalkworkError:
    hint = "where the weights alone are meant, give module.state_dict()"
    if place == len(theirs) == len(ours) - 1 and "Softmax" in ours[-1].name:
        hint = f"cross_entropy of PyTorch takes the softmax itself; {hint}"
    return ChalkworkError(f"the module is another network: {differs}", hint=hint)


def _listed(names: Any) -> str:
    return some((str(name)[:40] or "(no name)" for name in names), 20)


def _state(source: Any) -> tuple[Mapping[str, Any], bool]:
    """The arrays by name, and whether their order is that of the layers."""
    if isinstance(source, str | Path):
        try:
            return finite_arrays(Path(source), read_header(Path(source))), False
        except ChalkworkError as error:
            raise error.at(file=str(source)) from None
    state = source.state_dict() if hasattr(source, "state_dict") else source
    if not isinstance(state, Mapping):
        raise ChalkworkError(f"weights come from a module, a state_dict or a file, not from a {type(source).__name__}")
    return state, True


def _groups(state: Mapping[str, Any]) -> dict[str, dict[str, Array]]:
    """The arrays by module and by name in it."""
    groups: dict[str, dict[str, Array]] = {}
    for key, value in state.items():
        module, _, name = str(key).rpartition(".")
        outer, _, inner = module.rpartition(".")
        if inner == "out_proj":  # a part of an attention
            module, name = outer, f"{inner}.{name}"
        if name != _COUNT:
            groups.setdefault(module, {})[name] = _array(key, value)
    return groups


def _array(key: str, value: Any) -> Array:
    for method in ("detach", "cpu", "numpy"):
        if hasattr(value, method):
            try:
                value = getattr(value, method)()
            except (TypeError, RuntimeError) as error:
                raise ChalkworkError(
                    f"{key} gives no NumPy array: {error!s:.100}", hint="convert it by .float()"
                ) from None
    if not isinstance(value, np.ndarray):
        raise ChalkworkError(f"{key!s:.60} is a {type(value).__name__}, not a tensor")
    return value


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"([0-9]{1,18})", name)]
