"""How programs keep the quantities of all layers together: lists of parameters, dictionaries of layers, of steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chalkwork.arrays import masked
from chalkwork.checking.naming.called import read_in_parts
from chalkwork.checking.naming.states import kept_state

_TYPED_DECIMALS = 6
GRADIENTS = ("grad", "grads", "gradient", "gradients", "nabla", "nablas", "derivatives")
_LAST_LAYER = ("out", "last", "final", "head", "o_", "dec")
_OF_LAYERS = (
    "params",
    "parameters",
    "layers",
    "layer",
    "cache",
    "caches",
    "weights",
    "model",
    "net",
    "network",
    "memory",
)
"""What a dictionary of the layers is called that holds what has names of its own."""
_PARAMETERS = ("params", "parameters", "theta", "variables")


def over_time(given: Mapping[str, object], layers: int, steps: int) -> dict[str, object]:
    """What lists hold for every step of a sequence, each with its number."""
    found: dict[str, object] = {}
    for name, value in given.items():
        whole = isinstance(value, list) and len(value) in (steps, steps + 1) and len(value) not in (layers, layers + 1)
        if steps > 1 and whole and isinstance(value, list) and all(is_array(one) and is_wide(one) for one in value):
            found |= {f"{singular(name.strip('_'))}{step}": one for step, one in enumerate(value)}
    return {word: one for word, one in found.items() if word not in given}


def told_apart(given: Mapping[Any, object]) -> dict[Any, object]:
    """Dictionaries that have the same keys as one before them: what is in them has their name in front."""
    found: dict[Any, object] = {}
    seen: list[frozenset[str]] = []
    for name, value in given.items():
        keys = frozenset(map(str, value)) if isinstance(value, Mapping) and len(value) > 1 else frozenset()
        bare = str(name).strip("_").lower()
        named = bare in (*GRADIENTS, *_PARAMETERS, *_OF_LAYERS) or any(kept_state(bare, key) for key in keys)
        if keys in seen and not named and isinstance(value, Mapping) and all(map(is_array, value.values())):
            found |= {f"{name}_{key}": one for key, one in value.items()}
        else:
            found[name] = value
        seen += [keys] if keys else []
    return found


def by_layer(bare: str, value: Mapping[Any, Any]) -> dict[str, object]:
    """What a dictionary of the layers holds, `params["hidden"]["W"]`, by names with the number of the layer."""
    named: dict[str, object] = {}
    for number, key in enumerate(sorted(value, key=lambda key: str(key).lower().startswith(_LAST_LAYER)), 1):
        for word, one in value[key].items():
            whole = f"{word}{number}"
            if bare in GRADIENTS:
                whole = whole if whole.lower().startswith(("d", "grad", "nabla")) else f"d{whole}"
            elif bare not in _OF_LAYERS:
                whole = kept_state(bare, whole) or f"{bare}_{whole}"
            named[whole] = one
    return named


def of_each_parameter(value: Mapping[Any, Any], layers: int) -> dict[str, object]:
    """What a dictionary keeps of each parameter, `state["fc1.weight"]["exp_avg"]`, by names that end with it.

    >>> of_each_parameter({"fc1.weight": {"exp_avg": 0.5}, "fc1.bias": {"exp_avg": 0.3}}, 2)
    {'exp_avg_W1': 0.5, 'exp_avg_b1': 0.3}
    """
    called = {key: read_in_parts(str(key), layers) for key in value}
    if not all(called[key] and isinstance(one, Mapping) for key, one in value.items()):
        return {}
    return {f"{word}_{called[key]}": one for key, kept in value.items() for word, one in kept.items()}


def of_parameters(name: str, value: Sequence[object], layers: int) -> list[str]:
    """The words for a list of all weights and biases, of their gradients or of what an optimiser keeps of them."""
    bare = name.strip("_").lower()
    if len(value) != 2 * layers or layers < 1 or not all(map(is_array, value)):
        return []
    axes = [int(getattr(one, "ndim", 0)) for one in value]
    kinds = ["b" if axis < 2 else "W" for axis in axes] if min(axes) < 2 else ["W", "b"] * layers
    if kinds not in (["W", "b"] * layers, ["W"] * layers + ["b"] * layers):
        return []
    plain = [f"{kind}{kinds[: place + 1].count(kind)}" for place, kind in enumerate(kinds)]
    if bare in GRADIENTS:
        return [f"d{one}" for one in plain]
    if bare in _PARAMETERS:
        return plain
    kept = [kept_state(bare, one) for one in plain]
    return [one for one in kept if one is not None]


def as_array(value: list[Any]) -> object:
    """A list of numbers that a program has worked out, as an array; one that somebody may have typed as it is."""
    try:
        array = np.asarray(value)
    except ValueError:
        return value
    worked_out = array.dtype.kind == "f" and bool((array != np.round(array, _TYPED_DECIMALS)).any())
    return array if worked_out and not masked(value) else value


def is_wide(value: Any) -> bool:
    """Whether an array has an axis."""
    return int(getattr(value, "ndim", 0)) > 0


def singular(name: str) -> str:
    """What one of several is called: weight for weights, z for zs."""
    for plural, single in (("biases", "bias"), ("weights", "weight"), ("activations", "activation")):
        if name.lower().endswith(plural):
            return name[: -len(plural)] + single
    return name[:-1] if len(name) > 1 and name.endswith("s") and not name.endswith(("ss", "ias")) else name


def is_array(value: object) -> bool:
    """Whether it is an array or a tensor."""
    return hasattr(value, "__array__") or hasattr(value, "detach")
