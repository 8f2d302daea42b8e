"""Networks to exchange, and what two of them that are the same have in common."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from chalkwork import BatchNorm, Dense, Dropout, NeuralNetwork
from chalkwork.networks.activations import KINDS

CONVENTIONS = list(product(("columns", "rows"), ("out_in", "in_out")))
SMOOTH = [name for name, kind in KINDS.items() if not kind.jumps]
ACTIVATIONS = [*SMOOTH, "leaky_relu(0.123456789)", "elu(alpha=0.7)"]


def network(
    samples: str = "rows", weights: str = "in_out", activation: str = "tanh", rng: Any = None, **settings: Any
) -> NeuralNetwork:
    """Every kind of layer, with numbers that are none of those to start from."""
    rng = rng or np.random.default_rng(5)
    running = settings.pop("running_variance", "unbiased")
    net = NeuralNetwork(
        [
            Dense(4, activation, inputs=3, initializer="he_normal"),
            BatchNorm(activation, momentum=0.25, epsilon=0.01, running_variance=running),
            Dropout(0.0),
            Dense(2, "softmax", bias=False),
        ],
        **{"loss": "cross_entropy", "seed": 3} | settings,
        samples=samples,  # type: ignore[arg-type]
        weights=weights,  # type: ignore[arg-type]
    )
    for held in (net.parameters, net.state):
        for name, value in held.items():
            held[name] = rng.uniform(0.2, 1.5, value.shape) if "var" in name else rng.normal(size=value.shape)
    return net


def oriented(net: NeuralNetwork, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return rows.T if net.convention.samples == "columns" else rows


def output(net: NeuralNetwork, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The output, with samples as rows."""
    return oriented(net, net.forward(oriented(net, rows))[f"a{len(net.layers)}"])


def same(net: NeuralNetwork, other: NeuralNetwork) -> None:
    assert repr(other) == repr(net)
    assert other.plan() == net.plan()
    assert other.constants == net.constants
    assert other.seed == net.seed
    for held, kept in ((net.parameters, other.parameters), (net.state, other.state)):
        assert held.keys() == kept.keys()
        for name in held:
            assert held[name].shape == kept[name].shape
            assert held[name].tobytes() == kept[name].tobytes(), name
