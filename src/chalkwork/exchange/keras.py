"""Keras: weights as `model.get_weights()` lists them, without importing Keras.

What Keras' layers mean: https://keras.io/api/layers/. Samples are rows and kernels in x out there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chalkwork.arrays import unmasked
from chalkwork.counting import some
from chalkwork.errors import ChalkworkError, ShapeError
from chalkwork.exchange.foreign import arrays_of, check_training, counterpart, in_keras, put, slots_of, theirs_of
from chalkwork.networks.data import Array, size_of
from chalkwork.networks.network import NeuralNetwork


def keras_weights(net: NeuralNetwork) -> list[Array]:
    """The arrays of the network for `model.set_weights()`, in double precision.

    Layer by layer: kernel (in x out, whatever the network's convention is; of a convolution window x in x out) and
    bias; gamma, beta, moving mean and moving variance; of a recurrent layer kernel, recurrent kernel and bias, the
    gates side by side in the order of Keras. Raises ChalkworkError for layers that have no counterpart.

    >>> from chalkwork import Dense
    >>> [array.shape for array in keras_weights(NeuralNetwork([Dense(2, "tanh", inputs=3)], weights="out_in"))]
    [(3, 2), (2,)]
    """
    held = {slot.name: array for slot, array in zip(slots_of(net), arrays_of(net, "in_out"), strict=True)}
    return [_packed([[held[name] for name in row] for row in grid]) for _, grid in _grids(net)]


Grid = tuple[tuple[str, ...], ...]
"""The names of our arrays in one of Keras: side by side, and the rows below each other."""


def _grids(net: NeuralNetwork) -> list[tuple[int, Grid]]:
    """What each array of Keras is made of, with the number of its layer; ChalkworkError where that is not there."""
    found: list[tuple[int, Grid]] = []
    names: dict[int, list[str]] = {}
    for slot in slots_of(net):
        names.setdefault(slot.layer, []).append(slot.name)
    for number, own in names.items():
        layer, plan = net.layers[number - 1], net.plan().layers[number - 1]
        theirs = counterpart(number, layer, theirs_of(layer, plan, "Keras"), "keras.Sequential")
        grids = [tuple(tuple(f"{letter}{number}" for letter in row) for row in grid) for grid in theirs.arrays]
        found += [(number, grid) for grid in grids or [((name,),) for name in own]]
    return found


def _packed(grid: list[list[Array]]) -> Array:
    """Arrays side by side, rows of them below each other; a kernel with its window in front."""
    rows = [np.concatenate([_moved(one) for one in row], axis=-1) for row in grid]
    return rows[0] if len(rows) == 1 else np.stack(rows)


def _moved(array: Array) -> Array:
    """A kernel with its window in front and its first axis last; turned back by the same."""
    return array if array.ndim < 3 else np.moveaxis(array, (0, 1), (-1, -2))


def _unpacked(array: Array, grid: list[list[Array]]) -> list[list[Array]]:
    """The parts of an array as they lie in the grid."""
    rows = [array] if len(grid) == 1 else list(array)
    cuts = [np.cumsum([_moved(one).shape[-1] for one in row])[:-1] for row in grid]
    parts = [np.split(row, cut, axis=-1) for row, cut in zip(rows, cuts, strict=True)]
    return [[one if one.ndim < 3 else np.moveaxis(one, (-1, -2), (0, 1)) for one in row] for row in parts]


def load_keras_weights(net: NeuralNetwork, weights: Sequence[Any]) -> None:
    """Take over what `model.get_weights()` lists, all of it or nothing.

    Arrays say nothing of activations: that these are the same is for the caller to know.

    Raises ChalkworkError where there are more or fewer arrays than the network has, or shapes do not fit.

    >>> import numpy as np
    >>> from chalkwork import Dense
    >>> net = NeuralNetwork([Dense(1, inputs=2, bias=False)], weights="out_in")
    >>> load_keras_weights(net, [np.array([[2.0], [1.0]])])
    >>> net.parameters["W1"]
    array([[2., 1.]])
    """
    if hasattr(weights, "get_weights") or not isinstance(weights, Sequence):
        raise ChalkworkError(
            f"weights are a list of arrays, not a {type(weights).__name__}", hint="model.get_weights() gives it"
        )
    slots, grids = slots_of(net), _grids(net)
    if len(weights) != len(grids):
        names = some((_name(grid) for _, grid in grids), 20)
        raise ChalkworkError(f"there are {len(weights)} arrays, but the network has {len(grids)}: {names}")
    held = {slot.name: array for slot, array in zip(slots, arrays_of(net, "in_out"), strict=True)}
    given: dict[str, tuple[str, Any]] = {}
    for number, ((layer, grid), weight) in enumerate(zip(grids, weights, strict=True), 1):
        own = [[held[name] for name in row] for row in grid]
        label, parts = f"array {number}", [[weight]]
        if len(grid) > 1 or len(grid[0]) > 1 or own[0][0].ndim > 2:
            array, wanted = np.asarray(unmasked(weight, label)), _packed(own).shape
            if array.shape != wanted:
                raise ShapeError(
                    f"{label} is {size_of(array.shape)}, but {_name(grid)} of layer {layer} takes {size_of(wanted)}"
                )
            parts = _unpacked(array, own)
        for own_names, row in zip(grid, parts, strict=True):
            given |= {name: (label, one) for name, one in zip(own_names, row, strict=True)}
    put(net, [given[slot.name][1] for slot in slots], [given[slot.name][0] for slot in slots], "in_out")


def _name(grid: Grid) -> str:
    first, last = grid[0][0], grid[-1][-1]
    return first if first == last else f"{first} to {last}"


def keras_layers(net: NeuralNetwork, *, inference: bool = False) -> list[tuple[str, dict[str, Any]]]:
    """The layers of a `keras.Sequential` that is this network: class and arguments, for `keras.layers`.

    Keras' momentum of batch normalisation is the weight of the OLD statistics, so that it is 1 minus ours, and its
    running variance is the biased one. Where the network does otherwise (`running_variance="unbiased"` is our default)
    or has its own derivative at a kink, ChalkworkError is raised unless the model is for `inference` only. The
    derivative of leaky ReLU at 0 itself is that of Keras' backend.

    >>> from chalkwork import Dense
    >>> from chalkwork import BatchNorm
    >>> net = NeuralNetwork([Dense(2, inputs=3), BatchNorm("tanh", running_variance="biased")])
    >>> for name, arguments in keras_layers(net):
    ...     print(name, arguments)
    Dense {'units': 2, 'use_bias': True}
    BatchNormalization {'momentum': 0.9, 'epsilon': 1e-05}
    Activation {'activation': 'tanh'}
    """
    if not inference:
        check_training(net, "Keras")
    found: list[tuple[str, dict[str, Any]]] = []
    for number, (layer, plan) in enumerate(zip(net.layers, net.plan().layers, strict=True), 1):
        theirs = counterpart(number, layer, theirs_of(layer, plan, "Keras"), "keras.Sequential")
        found.append((theirs.name, theirs.arguments))
        activation = in_keras(layer.activation)
        if activation is not None:
            found.append((activation.name, activation.settings(layer.activation)))
    return found
