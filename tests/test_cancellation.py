"""What is only rounding error is zero, wherever in the equations it came from; what is small is kept."""

import numpy as np
import pytest

from chalkwork.networks.graph import Graph
from chalkwork.networks.layers import BatchNorm, Dense
from chalkwork.networks.network import NeuralNetwork


def normalised(seed):
    """A network in which biases come before a batch normalisation, and the names of their gradients."""
    rng = np.random.default_rng(seed)
    samples, orientation = int(rng.integers(2, 7)), str(rng.choice(["rows", "columns"]))
    hidden = str(rng.choice(["identity", "sigmoid", "tanh", "leaky_relu"]))
    layers, names = [
        ([Dense(3), BatchNorm("tanh"), Dense(2, hidden)], ["db1"]),
        ([Dense(4, "tanh"), Dense(3), BatchNorm("sigmoid"), Dense(2, "softmax")], ["db2"]),
        ([Dense(3), BatchNorm(hidden), Dense(3), BatchNorm("tanh"), Dense(2)], ["db1", "db3"]),
    ][seed % 3]
    classes = seed % 3 == 1
    net = NeuralNetwork(
        layers, "cross_entropy" if classes else "squared_error", inputs=2, seed=seed, samples=orientation
    )
    x = np.round(rng.normal(size=(samples, 2)), 2)
    y = np.eye(2)[rng.integers(0, 2, samples)] if classes else np.round(rng.normal(size=(samples, 2)), 1)
    return net, (x, y) if orientation == "rows" else (x.T, y.T), names


def test_a_bias_before_batch_normalisation_has_no_gradient():
    for seed in range(60):
        net, data, names = normalised(seed)
        solution = net.solve(*data, learning_rate=0.1)
        for name in names:
            assert not np.any(solution[name]), (seed, name)
            np.testing.assert_array_equal(solution[f"b{name[2:]}_new"], solution[f"b{name[2:]}"])
        assert np.all(solution["dW1"] != 0) and np.any(solution["delta1"])


@pytest.mark.parametrize(
    ("equations", "givens", "name"),
    [
        ("a = 0.1 * x; b = a + a + a; c = b - 0.3", {"x": 1.0}, "c"),
        ("a = sqrt(x); b = a * a; c = b - x; d = c * 5", {"x": 2.0}, "d"),
        ("a = x + 1e8; b = a - 1e8; c = b - x", {"x": 0.1}, "c"),
        ("a = exp(x); b = log(a); c = sin(b) - sin(x)", {"x": 0.7}, "c"),
        ("a = x / 3; b = a * 3; c = (b - x) / x; d = exp(c) - 1", {"x": 0.1}, "d"),
    ],
)
def test_noise_of_earlier_equations_is_counted(equations, givens, name):
    assert float(Graph(equations).solve(**givens)[name]) == 0


@pytest.mark.parametrize(
    ("equations", "givens", "name", "value"),
    [
        ("a = exp(-x); b = a * 3; c = b + a", {"x": 40.0}, "c", 4 * np.exp(-40.0)),
        ("a = sigmoid(-x); b = a * (1 - a)", {"x": 35.0}, "b", np.exp(-35.0)),
        ("a = x * 1e-13; b = a - 2e-13", {"x": 5.0}, "b", 3e-13),
        ("a = x - y; b = a * a", {"x": 1.0, "y": 1.0 + 1e-9}, "b", 1e-18),
        ("a = x + 1; b = a - y", {"x": 1.0, "y": 2 - 2.0**-40}, "b", 2.0**-40),
        ("a = tanh(x); b = 1 - a^2", {"x": 15.0}, "b", 4 * np.exp(-30.0)),
    ],
)
def test_what_is_small_but_no_noise_is_kept(equations, givens, name, value):
    assert float(Graph(equations).solve(**givens)[name]) == pytest.approx(value, rel=1e-2)
