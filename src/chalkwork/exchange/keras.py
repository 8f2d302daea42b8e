"""Keras: weights as `model.get_weights()` lists them, without importing Keras.

What Keras' layers mean: https://keras.io/api/layers/. Samples are rows and kernels in x out there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chalkwork.errors import ChalkworkError
from chalkwork.exchange.foreign import arrays_of, check_training, counterpart, in_keras, put, slots_of
from chalkwork.networks.data import Array
from chalkwork.networks.layers import Foreign, Layer
from chalkwork.networks.network import NeuralNetwork
from chalkwork.networks.plan import LayerPlan


def keras_weights(net: NeuralNetwork) -> list[Array]:
    """The arrays of the network for `model.set_weights()`, in double precision.

    Layer by layer: kernel (in x out, whatever the network's convention is) and bias; gamma, beta, moving mean and
    moving variance. Raises ChalkworkError for layers that have no counterpart.

    >>> from chalkwork import Dense
    >>> [array.shape for array in keras_weights(NeuralNetwork([Dense(2, "tanh", inputs=3)], weights="out_in"))]
    [(3, 2), (2,)]
    """
    return arrays_of(net, "in_out")


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
    slots = slots_of(net)
    if len(weights) != len(slots):
        names = ", ".join(slot.name for slot in slots[:20]) + (", ..." if len(slots) > 20 else "")
        raise ChalkworkError(f"there are {len(weights)} arrays, but the network has {len(slots)}: {names}")
    put(net, list(weights), [f"array {number}" for number in range(1, len(slots) + 1)], "in_out")


def keras_layers(net: NeuralNetwork, *, inference: bool = False) -> list[tuple[str, dict[str, Any]]]:
    """The layers of a `keras.Sequential` that is this network: class and arguments, for `keras.layers`.

    Keras' momentum of batch normalisation is the weight of the OLD statistics, so that it is 1 minus ours, and its
    running variance is the biased one. Where the network does otherwise (`running_variance="unbiased"` is our default)
    or has its own derivative at a kink, ChalkworkError is raised unless the model is for `inference` only. The
    derivative of leaky ReLU at 0 itself is that of Keras' backend.

    >>> from chalkwork import Dense
    >>> from chalkwork.networks.layers import BatchNorm
    >>> net = NeuralNetwork([Dense(2, inputs=3), BatchNorm("tanh", running_variance="biased")])
    >>> for name, arguments in keras_layers(net):
    ...     print(name, arguments)
    Dense {'units': 2, 'use_bias': True}
    BatchNormalization {'momentum': 0.9, 'epsilon': 1e-05}
    Activation {'activation': 'tanh'}
    """
    if not inference:
        check_training(net, "Keras", _theirs)
    found: list[tuple[str, dict[str, Any]]] = []
    for number, (layer, plan) in enumerate(zip(net.layers, net.plan().layers, strict=True), 1):
        theirs = counterpart(number, layer, _theirs(layer, plan), "keras.Sequential")
        found.append((theirs.name, theirs.arguments))
        activation = in_keras(layer.activation)
        if activation is not None:
            found.append((activation.name, activation.settings(layer.activation)))
    return found


def _theirs(layer: Layer, plan: LayerPlan) -> Foreign | None:
    return layer.in_keras(plan.inputs, plan.units)
