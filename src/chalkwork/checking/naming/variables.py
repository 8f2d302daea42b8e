"""The variables of a program as they are: dictionaries, lists and objects taken apart, the rest passed over."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, pairwise
from typing import Any

import numpy as np

from chalkwork.checking.naming.kept import (
    GRADIENTS,
    as_array,
    by_layer,
    is_array,
    is_wide,
    of_each_parameter,
    of_parameters,
    over_time,
    singular,
    told_apart,
)
from chalkwork.checking.naming.libraries import is_library
from chalkwork.checking.naming.stacked import PART, numbered_layers
from chalkwork.checking.naming.states import kept_state

MOST_VARIABLES = 2000
MOST_NUMBERS = 1_000_000
MOST_DEPTH = 4
MOST_LAYERS = 100
FEWEST_SCALARS = 8
_TYPED_DIGITS = 14
_MOST_LOOKED_AT = 10_000
_PASSED = (types.ModuleType, type, types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.GeneratorType)
_NOTEBOOK = frozenset(("In", "Out", "exit", "quit", "get_ipython", "self"))
_WHOLE = ("model", "net", "network", "own object", "mlp", "nn")
"""What a module is called that is all of the network."""
_KINDS = ("w", "b", "dw", "db", "weights", "biases")
"""What a dictionary is called whose keys are the places of what has this kind: `W["f"]`, `weights["out"]`."""
AGAIN = "another "
"""What stands in front of a word that is there already, in another dictionary or object."""
_TYPED = (str, bytes, int, float, complex, type(None), np.generic)


def is_program(given: Mapping[str, object]) -> bool:
    """Whether these are the variables of a program, and not what somebody typed: arrays, objects, functions.

    >>> is_program({"z1": "0.5", "L": 0.3}), is_program({"z1": np.zeros(2)})
    (False, True)
    """
    return not all(map(_is_typed, given.values()))


def are_worked_out(given: Mapping[str, object]) -> bool:
    """Whether these are the many numbers of a program that has no arrays: most with more digits than anybody types.

    >>> are_worked_out({"h": [1 / n for n in range(3, 9)], "o": [[1 / 7, 1 / 3]]}), are_worked_out({"h": [0.33] * 8})
    (True, False)
    """
    numbers = list(islice(_leaves(given.values(), MOST_DEPTH), _MOST_LOOKED_AT))
    if len(numbers) < FEWEST_SCALARS or not all(isinstance(one, (int, float)) for one in numbers):
        return False
    return 3 * sum(len(repr(float(one))) > _TYPED_DIGITS for one in numbers if isinstance(one, float)) > len(numbers)


def _leaves(values: Iterable[object], depth: int) -> Iterator[object]:
    """What stands in lists that are no deeper; None for the deeper ones."""
    for value in values:
        if not isinstance(value, (list, tuple)):
            yield value
        elif depth:
            yield from _leaves(value, depth - 1)
        else:
            yield None


def _is_typed(value: object) -> bool:
    while isinstance(value, (list, tuple)):
        if not value:
            return True
        if len(value) > 1 and not _is_typed(value[-1]):
            return False
        value = value[0]
    return isinstance(value, _TYPED)


def taken_apart(given: Mapping[str, object], layers: int, steps: int = 0) -> dict[str, object]:
    """Every variable that may hold numbers, by a name that says where it belongs; `layers` is how many there are, and
    `steps` how long a sequence is.

    Modules, functions, classes and names with two underscores are passed over. Nothing is called but what gives the
    numbers of a tensor.

    >>> taken_apart({"np": np, "grads": {"W1": 1.0}, "zs": [np.zeros(2), np.ones(1)], "_": 3}, 2)
    {'grad_W1': 1.0, 'z1': array([0., 0.]), 'z2': array([1.])}
    """
    found: dict[str, object] = {}
    for word, value in _walk({**given, **over_time(given, layers, steps)}, layers, 0):
        if len(found) >= MOST_VARIABLES:
            break
        found.setdefault(word if word not in found else f"{AGAIN}{word}", value)
    return found


def _walk(given: Mapping[Any, object], layers: int, depth: int) -> Iterator[tuple[str, object]]:
    direct = [(str(key), value) for key, value in told_apart(given).items()]
    inner: list[Iterator[tuple[str, object]]] = []
    stacked = _stacked(direct[:MOST_VARIABLES], layers)
    for name, value in direct[:MOST_VARIABLES]:
        if id(value) in stacked:
            inner.append(_walk(stacked[id(value)], layers, MOST_DEPTH))
            continue
        if name.startswith("__") or name in _NOTEBOOK or isinstance(value, _PASSED) or (depth == 0 and name == "_"):
            continue
        if is_ours(value) or _is_of_a_library(value):
            continue
        gradient = gradient_of(value)
        if gradient is not None:
            yield f"grad_{name}", numbers_of(gradient)
        value = numbers_of(value)
        if isinstance(value, Mapping) and depth >= MOST_DEPTH:
            continue
        if isinstance(value, Mapping):
            inner.append(_of_mapping(name, value, layers, depth))
        elif isinstance(value, (list, tuple)) and (words := of_parameters(name, value, layers)):
            inner.append(iter(zip(words, map(numbers_of, value), strict=True)))
        elif isinstance(value, (list, tuple)) and _is_per_layer(value, layers):
            inner.append(_of_list(name, value, layers, depth))
        elif isinstance(value, (list, tuple)) and not (_is_one(name) or is_rectangular(value)):
            parts = {f"{PART}{name.removeprefix(PART)}, {place}": one for place, one in enumerate(value[:MOST_LAYERS])}
            inner.append(_walk(parts, layers, depth + 1) if depth < MOST_DEPTH else iter(()))
        elif _is_object(value) and depth < MOST_DEPTH:
            inner.append(_of_object(name, value, layers, depth))
        elif not callable(value):
            yield name, as_array(value) if isinstance(value, list) else value
    for each in inner:
        yield from each


def _stacked(direct: Sequence[tuple[str, object]], layers: int) -> dict[int, dict[str, object]]:
    """What the layers that are objects hold, by the list or the first object; nothing for the other objects."""
    lists = [value for _, value in direct if isinstance(value, (list, tuple)) and 1 < len(value) <= MOST_LAYERS]
    by_id: dict[int, tuple[str, object]] = {}
    for name, value in direct:
        if _is_own_object(value):
            by_id.setdefault(id(value), (name, value))
    alone = list(by_id.values())[:MOST_LAYERS]
    if all(name[-1:].isdigit() for name, _ in alone):
        alone.sort(key=lambda item: int(item[0][len(item[0].rstrip("0123456789")) :]))
    for whole in (*lists, [value for _, value in alone]):
        if not all(map(_is_own_object, whole)):
            continue
        parts = [attributes_of(one) for one in whole]
        found = numbered_layers(parts, layers)
        if found is not None:
            words: dict[str, object] = {}
            for word, value in found:
                words.setdefault(word, value)
            of: dict[int, dict[str, object]] = {id(one): {} for one in whole}
            first = id(whole) if any(whole is one for one in lists) else id(whole[0])
            return of | {first: words}
    return {}


def _is_own_object(value: object) -> bool:
    return _is_object(value) and not is_module(value) and not is_ours(value) and not _is_of_a_library(value)


def numbers_of(value: object) -> object:
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


def _is_of_a_library(value: object) -> bool:
    """Whether it is an object of a library that holds no numbers of its own: an optimiser, a figure."""
    if not _is_object(value) or is_module(value):
        return False
    module = type(value).__module__
    file = getattr(sys.modules.get(module), "__file__", None) or ""
    return module not in ("__main__", "types") and is_library(file)


def is_ours(value: object) -> bool:
    """Whether it is the exercise itself, or something else of Chalkwork's, which a program may hold too."""
    return type(value).__module__.partition(".")[0] == __name__.partition(".")[0]


def gradient_of(value: Any) -> object:
    """The gradient that a tensor keeps; None where there is none, or it is no tensor that keeps one."""
    if type(value).__module__ == "builtins" or isinstance(value, np.ndarray):
        return None
    kept = getattr(value, "is_leaf", None) is True and (hasattr(value, "detach") or hasattr(value, "made"))
    return value.grad if kept else None


def is_module(value: object) -> bool:
    """Whether it is a module of PyTorch."""
    return callable(getattr(type(value), "named_parameters", None)) and hasattr(type(value), "state_dict")


def _of_mapping(name: str, value: Mapping[Any, object], layers: int, depth: int) -> Iterator[tuple[str, object]]:
    bare = name.strip("_").lower()
    if kept := of_each_parameter(value, layers):
        yield from _walk(kept, layers, depth + 1)
        return
    if len(value) == layers > 1 and all(isinstance(one, Mapping) for one in value.values()):
        yield from _walk(by_layer(bare, value), layers, depth + 1)
        return
    named: dict[str, object] = {}
    for key, one in value.items():
        word = str(key)
        if isinstance(key, int):
            word = f"{name}{key}"
        elif bare in GRADIENTS and not word.lower().startswith(("d", "grad", "nabla")):
            word = f"grad_{word}"
        elif bare in _KINDS and len(value) > 1 and not word.lower().startswith(("w", "b", "d")):
            word = f"{bare.replace('dw', 'dW').replace('w', 'W')}{'_' * (len(word) > 1)}{word}"
        named[kept_state(bare, word) or word] = one
    yield from _walk(named, layers, depth + 1)


def _is_per_layer(value: list[object] | tuple[object, ...], layers: int) -> bool:
    """Whether a list holds an array or an object for each layer; None stands for what a layer has not."""
    held = [item for item in map(_layer_in, value) if item is not None]
    if not held or len(value) not in (layers, layers + 1) or any(map(_is_neuron, held)):
        return False
    if len(held) > layers and all(isinstance(item, Mapping) and {*item} == {"W", "b"} for item in held):
        return False  # pairs of data: no layer stands before the first that has weights
    pairs = [
        (np.shape(item["W"]), np.size(item["b"]))
        for item in held
        if isinstance(item, Mapping) and {*item} == {"W", "b"}
    ]
    if len(pairs) == len(held) and not _are_layers(pairs):
        return False  # of other things: all errors beside all gradients
    arrays = [item for item in held if is_array(item)]
    wide = not arrays or any(map(is_wide, arrays))
    return wide and all(is_array(item) or _is_object(item) or isinstance(item, Mapping) for item in held)


def _are_layers(pairs: Sequence[tuple[tuple[int, ...], int]]) -> bool:
    """Whether matrices of these shapes and biases of these sizes can follow each other, either way round."""
    return any(
        all(shape[out] == size for shape, size in pairs)
        and all(one[out] == other[1 - out] for (one, _), (other, _) in pairwise(pairs))
        for out in (0, 1)
    )


def _is_one(name: str) -> bool:
    """Whether a list under this name is one quantity, whatever it holds."""
    return name[-1:].isdigit() and not name.startswith(PART)


def is_rectangular(value: object) -> bool:
    """Whether it is one array of numbers, or what somebody typed."""
    try:
        return np.asarray(value).dtype.kind in "fiubU"
    except Exception:  # rows of several lengths, and whatever foreign arrays raise
        return False


def _of_list(
    name: str, value: list[object] | tuple[object, ...], layers: int, depth: int
) -> Iterator[tuple[str, object]]:
    stem = singular(name.strip("_"))
    first = 1 if len(value) == layers else 0
    for number, one in enumerate(value, first):
        one = _layer_in(one, "d" if name.strip("_").lower() in GRADIENTS else "")
        if one is None:
            continue
        gradient = gradient_of(one)
        if gradient is not None:
            yield f"grad_{stem}{number}", numbers_of(gradient)
        one = numbers_of(one)
        if is_module(one):
            yield from _of_module(stem, one, number)
        elif isinstance(one, Mapping) or _is_object(one):
            own = one if isinstance(one, Mapping) else attributes_of(one)
            parts = {f"{singular(str(key).strip('_'))}{number}": part for key, part in own.items()}
            plain = {key: part for key, part in parts.items() if not isinstance(part, (list, Mapping))}
            yield from _walk(plain, layers, MOST_DEPTH)
        else:
            yield f"{stem}{number}", one


def _layer_in(one: object, before: str = "") -> object:
    """What a list holds for one layer: weights and bias as a pair and neurons one by one are each a mapping."""
    if not isinstance(one, (list, tuple)) or not one:
        return one
    if len(one) == 2 and all(map(is_array, one)) and np.ndim(one[0]) == 2 and np.ndim(one[1]) in (1, 2):
        return dict(zip((f"{before}W", f"{before}b"), one, strict=True))
    neurons = [one if isinstance(one, Mapping) else attributes_of(one) for one in one if _is_own_mapping(one)]
    if len(neurons) != len(one):
        return one
    kept = [key for key in neurons[0] if all(key in neuron for neuron in neurons)]
    columns = {str(key): [neuron[key] for neuron in neurons] for key in kept}
    held = {key: [np.asarray(one) if hasattr(one, "made") else one for one in each] for key, each in columns.items()}
    return {key: _side_by_side(column) for key, column in columns.items() if is_rectangular(held[key])}


def _is_neuron(one: object) -> bool:
    """Whether it is one unit: what it gives, or its error, is a single number."""
    if not _is_own_mapping(one):
        return False
    own = one if isinstance(one, Mapping) else attributes_of(one)
    single = (own.get(key) for key in ("output", "delta", "out", "error"))
    return any(isinstance(value, float) or getattr(value, "ndim", None) == 0 for value in single)


def _is_own_mapping(one: object) -> bool:
    return isinstance(one, Mapping) or _is_own_object(one)


def _side_by_side(column: Sequence[Any]) -> object:
    """What the neurons of a layer hold, as one array; of a recording with all that they held before. A row that all of
    them hold is what goes into the layer.
    """
    if np.ndim(column[0]) == 1 and all(np.array_equal(one, column[0]) for one in column[1:]):
        return column[0]
    if all(hasattr(one, "made") for one in column):
        return column[0].beside(column[1:])
    return np.asarray(column)


def _is_object(value: object) -> bool:
    """Whether it is an object of somebody's own class, with attributes."""
    if isinstance(value, (*_TYPED, *_PASSED, list, tuple, dict, set, frozenset, np.ndarray)) or is_array(value):
        return False
    return hasattr(value, "__dict__") and type(value).__module__ != "builtins"


def attributes_of(value: object) -> Mapping[str, object]:
    """What an object has of its own."""
    return dict(vars(value))


def _of_object(name: str, value: object, layers: int, depth: int) -> Iterator[tuple[str, object]]:
    attributes = attributes_of(value)
    held = attributes.get("data"), attributes.get("grad")
    if all(is_array(one) or isinstance(one, (int, float)) for one in held):  # of an engine of somebody's own
        yield from ((name, attributes["data"]), (f"grad_{name}", attributes["grad"]))
        return
    if is_module(value):
        yield from _of_module(name, value)
        attributes = {key: one for key, one in attributes.items() if not key.startswith("_") and key != "training"}
    yield from _walk({key.strip("_"): one for key, one in attributes.items()}, layers, depth + 1)


def _of_module(name: str, module: Any, number: int | None = None) -> Iterator[tuple[str, object]]:
    """The weights and biases of a module in their order, with their gradients; what it has named itself by its name.

    A single layer has the number of its place, or of its name; where there is none, its name stands for it.
    """
    try:
        named = [(str(key), value, numbers_of(value)) for key, value in module.named_parameters()]
    except Exception:  # foreign code: whatever it raises
        return
    digits = name[len(name.rstrip("0123456789")) :]
    layer, single = 0, all("." not in key for key, _, _ in named)
    if single and number is None and digits:
        number = int(digits)
    scales = False
    for key, value, numbers in named:
        last = key.rpartition(".")[2]
        layer += last == "weight" or (last == "bias" and not layer)
        scales = getattr(numbers, "ndim", 2) == 1 if last == "weight" else scales
        stem = {"weight": "gamma" if scales else "W", "bias": "beta" if scales else "b"}.get(last)
        if stem is None:
            word = last
        elif single and number is None and name not in _WHOLE:
            word = f"{name}_{last}"
        else:
            word = f"{stem}{layer if number is None or not single else number}"
        yield word, numbers
        gradient = gradient_of(value)
        if gradient is not None:
            yield f"grad_{word}", numbers_of(gradient)
