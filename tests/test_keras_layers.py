"""Recurrent layers and convolutions in Keras, where it is installed: the same values, and the weights both ways."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest

from chalkwork import ChalkworkError, Dense, NeuralNetwork
from chalkwork.exchange import keras_layers, keras_weights, load_keras_weights
from chalkwork.networks.layers import (
    GRU,
    LSTM,
    RNN,
    Attention,
    AveragePool,
    Conv1d,
    Conv2d,
    ConvTranspose1d,
    ConvTranspose2d,
    Flatten,
    Layer,
    MaxPool,
)

STEPS, IMAGE = (5, 3), (2, 6, 6)
NETWORKS: dict[str, tuple[list[Layer], tuple[int, ...]]] = {
    "rnn": ([RNN(4, "relu", bias=0.3), Dense(2)], STEPS),
    "lstm": ([LSTM(4, returns="all", bias=0.3), LSTM(2, bias=False), Dense(2)], STEPS),
    "gru": ([GRU(4, update="old", bias=0.2, returns="all"), Flatten(), Dense(2)], STEPS),
    "gru behind the weights": ([GRU(4, update="old", reset="after", biases=2, bias=0.2), Dense(2)], STEPS),
    "conv1d": ([Conv1d(4, 3, "tanh", padding="same"), Conv1d(2, 2, stride=2, bias=0.1), Flatten(), Dense(2)], STEPS),
    "conv_transpose1d": ([ConvTranspose1d(4, 3, "tanh", stride=2), Flatten(), Dense(2)], STEPS),
    "conv2d": ([Conv2d(4, (3, 2), "relu", bias=0.1), MaxPool(2, 1), AveragePool(2), Flatten(), Dense(2)], IMAGE),
    "conv_transpose2d": ([ConvTranspose2d(3, (2, 3), "tanh", stride=(2, 1)), Flatten(), Dense(2)], IMAGE),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_keras_computes_the_same(name: str) -> None:
    os.environ["KERAS_BACKEND"] = "jax"
    keras: Any = pytest.importorskip("keras")
    layers, shape = NETWORKS[name]
    rng = np.random.default_rng(3)
    x = rng.normal(size=(4, *shape))
    for samples in ("rows", "columns"):
        turned = len(shape) == 2 and samples == "columns"
        net = NeuralNetwork(layers, inputs=shape[::-1] if turned else shape, samples=samples, seed=2)
        for parameter, value in net.parameters.items():
            net.parameters[parameter] = value + rng.normal(0, 0.1, value.shape)
        keras.config.set_floatx("float64")
        made = [getattr(keras.layers, kind)(**given) for kind, given in keras_layers(net)]
        model = keras.Sequential([keras.Input(shape), *made])
        model.set_weights(keras_weights(net))
        own = net.forward(np.swapaxes(x, 1, 2) if turned else x)[f"a{len(layers)}"]
        np.testing.assert_allclose(np.asarray(model(x)), own.T if samples == "columns" else own, rtol=1e-5, atol=1e-6)


def test_weights_go_there_and_come_back() -> None:
    rng = np.random.default_rng(4)
    for layers, shape in NETWORKS.values():
        nets = [NeuralNetwork(layers, inputs=shape, seed=seed, weights=weights)
                for seed, weights in ((1, "in_out"), (2, "out_in"))]  # fmt: skip
        for parameter, value in nets[0].parameters.items():
            nets[0].parameters[parameter] = value + rng.normal(0, 0.1, value.shape)
        load_keras_weights(nets[1], keras_weights(nets[0]))
        x = rng.normal(size=(3, *shape))
        found, wanted = (net.forward(x)[f"a{len(layers)}"] for net in nets)
        np.testing.assert_allclose(found, wanted, rtol=1e-12)
    lstm = NeuralNetwork([LSTM(4), Dense(1)], inputs=STEPS)
    arrays = keras_weights(lstm)
    assert [one.shape for one in arrays] == [(3, 16), (4, 16), (16,), (4, 1), (1,)]
    with pytest.raises(ChalkworkError, match="array 2 is 16x4, but Ui1 to Uo1 of layer 1 takes 4x16"):
        load_keras_weights(lstm, [arrays[0], arrays[1].T, *arrays[2:]])


def test_what_keras_has_not_is_refused_with_its_layer() -> None:
    for layer, shape, said in (
        (LSTM(2, biases=2), STEPS, "layer 1, an LSTM"),
        (GRU(2), STEPS, "layer 1, a GRU"),
        (RNN(2, initial=[1, 2]), STEPS, "layer 1, an RNN"),
        (Conv2d(1, 2, padding=1), IMAGE, "layer 1, a Conv2d"),
        (Conv2d(1, 2, convolution=True), IMAGE, "layer 1, a Conv2d"),
        (ConvTranspose2d(1, 2, padding=1), IMAGE, "layer 1, a ConvTranspose2d"),
        (Attention(2), STEPS, "layer 1, an Attention"),
    ):  # fmt: skip
        more = [] if getattr(layer.kind, "returns", "") == "last" else [Flatten()]
        net = NeuralNetwork([layer, *more, Dense(1)], inputs=shape)
        for call in (keras_weights, keras_layers):
            with pytest.raises(ChalkworkError, match=f"{said}, has no counterpart"):
                call(net)
