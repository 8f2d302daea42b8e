"""The variables of a program as they are: dictionaries, lists and objects taken apart, the rest passed over."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

MOST_VARIABLES = 2000
MOST_NUMBERS = 1_000_000
MOST_DEPTH = 4
_GRADIENTS = ("grad", "grads", "gradient", "gradients", "nabla", "nablas", "derivatives")
_VELOCITIES = {"v": "v", "velocity": "v", "velocities": "v", "m": "m", "moments": "m", "s": "v", "r": "r"}
_PASSED = (types.ModuleType, type, types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.GeneratorType)
_NOTEBOOK = frozenset(("In", "Out", "exit", "quit", "get_ipython", "self"))
_TYPED = (str, bytes, int, float, complex, type(None), np.generic)


def is_program(given: Mapping[str, object]) -> bool:
    """Whether these are the variables of a program, and not what somebody typed: arrays, objects, functions.

    >>> is_program({"z1": "0.5", "L": 0.3}), is_program({"z1": np.zeros(2)})
    (False, True)
    """
    return any(not _is_typed(value) for value in given.values())


def _is_typed(value: object) -> bool:
    if isinstance(value, (list, tuple)):
        return not value or (_is_typed(value[0]) and _is_typed(value[-1]))
    return isinstance(value, _TYPED)


def taken_apart(given: Mapping[str, object], layers: int) -> dict[str, object]:
    """Every variable that may hold numbers, by a name that says where it belongs; `layers` is how many there are.

    Modules, functions, classes and names with two underscores are passed over. Nothing is called but what gives the
    numbers of a tensor.

    >>> taken_apart({"np": np, "grads": {"W1": 1.0}, "zs": [np.zeros(2), np.ones(1)], "_": 3}, 2)
    {'grad_W1': 1.0, 'z1': array([0., 0.]), 'z2': array([1.])}
    """
    found: dict[str, object] = {}
    for word, value in _walk(given, layers, 0):
        if len(found) >= MOST_VARIABLES:
            break
        if word not in found:
            found[word] = value
    return found


def _walk(given: Mapping[Any, object], layers: int, depth: int) -> Iterator[tuple[str, object]]:
    direct = [(str(key), value) for key, value in given.items()]
    inner: list[Iterator[tuple[str, object]]] = []
    for name, value in direct[:MOST_VARIABLES]:
        if name.startswith("__") or name in _NOTEBOOK or isinstance(value, _PASSED) or (depth == 0 and name == "_"):
            continue
        if type(value).__module__.partition(".")[0] == __name__.partition(".")[0]:
            continue  # the exercise itself, which a program may hold too
        value = _numbers(value)
        if isinstance(value, Mapping) and depth >= MOST_DEPTH:
            continue
        if isinstance(value, Mapping):
            inner.append(_of_mapping(name, value, layers, depth))
        elif isinstance(value, (list, tuple)) and _is_per_layer(value, layers):
            inner.append(_of_list(name, value, layers, depth))
        elif _is_object(value) and depth < MOST_DEPTH:
            inner.append(_of_object(value, layers, depth))
        elif not callable(value):
            yield name, value
    for each in inner:
        yield from each


def _numbers(value: object) -> object:
    """The numbers of a tensor that keeps track of its gradient; anything else as it is."""
    if hasattr(value, "detach") and hasattr(value, "requires_grad"):
        try:
            detached: Any = value.detach()
            return np.asarray(detached.cpu().numpy())
        except Exception:  # foreign code: whatever it raises
            return None
    if isinstance(value, np.matrix):
        return np.asarray(value)
    return value


def _of_mapping(name: str, value: Mapping[Any, object], layers: int, depth: int) -> Iterator[tuple[str, object]]:
    bare = name.strip("_").lower()
    named: dict[str, object] = {}
    for key, one in value.items():
        word = str(key)
        if isinstance(key, int):
            word = f"{name}{key}"
        elif bare in _GRADIENTS and not word.lower().startswith(("d", "grad", "nabla")):
            word = f"grad_{word}"
        elif bare in _VELOCITIES:
            word = _VELOCITIES[bare] + word.removeprefix("d")
        named[word] = one
    yield from _walk(named, layers, depth + 1)


def _is_per_layer(value: list[object] | tuple[object, ...], layers: int) -> bool:
    """Whether a list holds an array or an object for each layer; None stands for what a layer has not."""
    held = [item for item in value if item is not None]
    if not held or len(value) not in (layers, layers + 1):
        return False
    return all((_is_array(item) and _is_wide(item)) or _is_object(item) or isinstance(item, Mapping) for item in held)


def _is_wide(value: Any) -> bool:
    """Whether an array has an axis."""
    return int(getattr(value, "ndim", 0)) > 0


def _of_list(
    name: str, value: list[object] | tuple[object, ...], layers: int, depth: int
) -> Iterator[tuple[str, object]]:
    stem = _singular(name.strip("_"))
    first = 1 if len(value) == layers else 0
    for number, one in enumerate(value, first):
        if one is None:
            continue
        one = _numbers(one)
        if isinstance(one, Mapping) or _is_object(one):
            own = one if isinstance(one, Mapping) else _attributes(one)
            parts = {f"{_singular(str(key).strip('_'))}{number}": part for key, part in own.items()}
            plain = {key: part for key, part in parts.items() if not isinstance(part, (list, Mapping))}
            yield from _walk(plain, layers, MOST_DEPTH)
        else:
            yield f"{stem}{number}", one


def _singular(name: str) -> str:
    for plural, single in (("biases", "bias"), ("weights", "weight"), ("activations", "activation")):
        if name.lower().endswith(plural):
            return name[: -len(plural)] + single
    return name[:-1] if len(name) > 1 and name.endswith("s") and not name.endswith(("ss", "ias")) else name


def _is_array(value: object) -> bool:
    return hasattr(value, "__array__") or hasattr(value, "detach")


def _is_object(value: object) -> bool:
    """Whether it is an object of somebody's own class, with attributes."""
    if isinstance(value, (*_TYPED, *_PASSED, list, tuple, dict, set, frozenset, np.ndarray)) or _is_array(value):
        return False
    return hasattr(value, "__dict__") and type(value).__module__ != "builtins"


def _attributes(value: object) -> Mapping[str, object]:
    return dict(vars(value))


def _of_object(value: object, layers: int, depth: int) -> Iterator[tuple[str, object]]:
    parameters: Callable[[], Any] | None = getattr(value, "named_parameters", None)
    if callable(parameters) and hasattr(value, "state_dict"):
        yield from _of_module(parameters)
        return
    yield from _walk({key.strip("_"): one for key, one in _attributes(value).items()}, layers, depth + 1)


def _of_module(parameters: Callable[[], Any]) -> Iterator[tuple[str, object]]:
    """The weights and biases of a module in their order, with their gradients."""
    try:
        named = [(str(name), value, value.grad) for name, value in parameters()]
    except Exception:  # foreign code: whatever it raises
        return
    layer = 0
    for name, value, gradient in named:
        kind = "b" if name.endswith("bias") else "W"
        layer += kind == "W"
        yield f"{kind}{max(layer, 1)}", _numbers(value)
        if gradient is not None:
            yield f"d{kind}{max(layer, 1)}", _numbers(gradient)
