"""Every loss of the table against JAX, with its gradients, in training, in a sheet and in a file."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from in_numpy import in_numpy
from random_networks import CONVENTIONS

from chalkwork import ChalkworkError, Dense, NeuralNetwork
from chalkwork.exchange import load_network, save_network
from chalkwork.networks.losses import LOSSES, loss_of
from chalkwork.sheets.check import check_hand_in
from chalkwork.sheets.format import parse_sheet
from chalkwork.sheets.solve import solve_sheet
from chalkwork.training.history import History

SIGNS = np.array([[1, -1, -1], [-1, 1, -1], [1, -1, 1], [-1, -1, 1.0]])
CLASSES = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.2, 0.3, 0.5]])
REAL = np.array([[0.3, -2.0, 0.1], [4.0, 0.2, -0.3], [0.0, 1.0, -1.5], [0.4, 0.1, 0.2]])
X = np.array([[1.0, 0.4], [-0.3, 0.8], [0.5, -1.2], [2.0, 0.1]])


def softmax(z):
    return jnp.exp(z) / jnp.exp(z).sum(1, keepdims=True)


def sigmoid(z):
    return 1 / (1 + jnp.exp(-z))


def kl(a, y):
    return jnp.where(y > 0, y * jnp.log(jnp.where(y > 0, y, 1) / a), 0).sum() / 4


# name: settings, output activation, targets, the loss of outputs a and targets y in another form
PEERS = {
    "squared_error": ({}, lambda z: z, REAL, lambda a, y: ((a - y) ** 2).sum() / 2),
    "mean_squared_error": ({}, lambda z: z, REAL, lambda a, y: ((a - y) ** 2).mean()),
    "cross_entropy": ({}, softmax, CLASSES, lambda a, y: -(y * jnp.log(a)).sum() / 4),
    "binary_cross_entropy": (
        {}, sigmoid, CLASSES, lambda a, y: -jnp.where(y > 0, y * jnp.log(a), 0).sum() / 4
        - ((1 - y) * jnp.log(1 - a)).sum() / 4,
    ),
    "absolute_error": ({}, lambda z: z, REAL, lambda a, y: jnp.sqrt((a - y) ** 2).sum()),
    "mean_absolute_error": ({"factor": 2}, lambda z: z, REAL, lambda a, y: 2 * jnp.abs(a - y).mean()),
    "root_mean_squared_error": ({}, lambda z: z, REAL, lambda a, y: jnp.linalg.norm(a - y) / jnp.sqrt(12.0)),
    "huber": (
        {"delta": 0.7}, lambda z: z, REAL,
        lambda a, y: jnp.where(abs(a - y) < 0.7, (a - y) ** 2 / 2, 0.7 * abs(a - y) - 0.245).mean(),
    ),
    "hinge": ({}, lambda z: z, SIGNS, lambda a, y: jnp.clip(1 - y * a, 0, None).sum() / 4),
    "squared_hinge": ({}, jnp.tanh, SIGNS, lambda a, y: (jnp.clip(1 - y * a, 0, None) ** 2).sum() / 4),
    "kl_divergence": ({}, softmax, CLASSES, kl),
    "smoothed_cross_entropy": (
        {"smoothing": 0.3}, softmax, CLASSES, lambda a, y: -((0.7 * y + 0.1) * jnp.log(a)).sum() / 4,
    ),
    "focal": ({"gamma": 1.5}, softmax, CLASSES, lambda a, y: -(y * (1 - a) ** 1.5 * jnp.log(a)).sum() / 4),
    "binary_focal": (
        {}, sigmoid, CLASSES,
        lambda a, y: -(y * (1 - a) ** 2 * jnp.log(a) + (1 - y) * a**2 * jnp.log(1 - a)).sum() / 4,
    ),
}  # fmt: skip
OUTPUTS = {softmax: "softmax", sigmoid: "sigmoid", jnp.tanh: "tanh"}


def network(name, samples="rows", weights="in_out"):
    settings, activation, targets, _ = PEERS[name]
    first, second = np.array([[0.3, -0.2], [0.5, 0.1]]), np.array([[0.4, -0.5, 0.2], [0.3, 0.6, -0.1]])
    if weights == "out_in":
        first, second = first.T, second.T
    layers = [
        Dense(weights=first, activation="tanh"),
        Dense(weights=second, activation=OUTPUTS.get(activation, "identity")),
    ]
    net = NeuralNetwork(layers, {"name": name, **settings}, samples=samples, weights=weights)
    return net, *((X, targets) if samples == "rows" else (X.T, targets.T))


def test_every_loss_and_its_gradients_are_those_of_jax():
    assert PEERS.keys() == LOSSES.keys()
    for place, (name, (_, activation, targets, by_hand)) in enumerate(PEERS.items()):
        convention = CONVENTIONS[place % 4]
        net, x, y = network(name, *convention)
        solution = net.solve(x, y, learning_rate=0.1)
        parameters = {key: np.asarray(v) for key, v in net.parameters.items()}
        if convention[1] == "out_in":
            parameters = {key: value.T for key, value in parameters.items()}

        def loss(p, activation=activation, targets=targets, by_hand=by_hand):
            return by_hand(activation(jnp.tanh(X @ p["W1"] + p["b1"]) @ p["W2"] + p["b2"]), targets)

        wanted, slopes = in_numpy(jax.value_and_grad(loss))(parameters)
        np.testing.assert_allclose(solution["L"], wanted, rtol=1e-12, err_msg=name)
        for key, slope in slopes.items():
            found = solution[f"d{key}"]
            found = found.T if convention[1] == "out_in" and key.startswith("W") else np.reshape(found, slope.shape)
            np.testing.assert_allclose(found, slope, rtol=1e-10, atol=1e-13, err_msg=f"{name} {key}")
        text = str(solution)
        assert max(map(len, text.splitlines())) <= 80 and net.loss.title.split("(")[0].lower() in " ".join(
            text.lower().split()
        )


def test_every_loss_trains_and_is_kept_in_a_file(tmp_path):
    for name in LOSSES:
        net, x, y = network(name)
        history: History = net.train(x, y, eta=0.05, iterations=30, optimizer="adam", progress=False)
        assert history.loss[-1] < history.loss[0], name
        save_network(net, tmp_path / f"{name}.safetensors")
        assert load_network(tmp_path / f"{name}.safetensors").loss == net.loss


SHEET = """
```network
name: net
loss: {loss}
layers:
  - {{weights: [[0.5, -0.3]], bias: false, activation: {activation}}}
convention: {{samples: rows, weights: out_in}}
```

```task
id: a
network: net
x: [1, 2]
y: [{y}]
ask: [z1, L, delta1, dW1]
```
"""
WRITTEN = {
    "{name: huber, delta: 0.5}": ("identity", 2, 0.5 * (2.1 - 0.25)),
    "hinge": ("identity", -1, 0.9),
    "squared_hinge": ("identity", 1, 1.21),
    "mae": ("identity", 2, 2.1),
    "rmse": ("identity", 2, 2.1),
    "{name: binary_focal, gamma: 1}": ("sigmoid", 1, -(1 - 1 / (1 + np.exp(0.1))) * np.log(1 / (1 + np.exp(0.1)))),
}


@pytest.mark.parametrize("loss", WRITTEN)
def test_a_sheet_names_a_loss(loss):
    activation, y, wanted = WRITTEN[loss]
    sheet = parse_sheet(SHEET.format(loss=loss, activation=activation, y=y))
    solution = solve_sheet(sheet)["a"].solution
    np.testing.assert_allclose(solution["L"], wanted, rtol=1e-12)
    right = {"a": {name: solution[name].tolist() for name in ("z1", "L", "delta1", "dW1")}}
    report = check_hand_in(sheet, right).tasks[0].report
    assert report.score == 1
    wrong = {"a": right["a"] | {"L": float(solution["L"].item()) + 0.3}}
    assert check_hand_in(sheet, wrong).tasks[0].report.score < 1


def test_what_a_loss_is_not_for_is_refused():
    net = NeuralNetwork([Dense(1, inputs=2)], "hinge")
    with pytest.raises(ChalkworkError, match=r"the targets y of the hinge loss are -1 and 1"):
        net.solve([[1, 2]], [[0]])
    for wrong, message in (
        ({"name": "huber", "delta": 0}, "delta of a loss is a number above 0"),
        ({"name": "smoothed_cross_entropy", "smoothing": 1}, "smoothing of a loss is a number from 0 to below 1"),
        ({"name": "huber", "gamma": 1}, "a loss has factor, reduction and delta, not 'gamma'"),
        ("hubber", "did you mean huber"),
    ):
        with pytest.raises(ChalkworkError, match=message):
            loss_of(wrong)
    with pytest.raises(ChalkworkError, match="no probabilities"):
        NeuralNetwork([Dense(2, inputs=2)], "focal").train([[1, 2]], [[1, 0]])


def test_a_loss_is_given_by_what_it_says_of_one_output(tmp_path):
    for place, (text, by_hand) in enumerate({
        "(a - y)^4 / 4": lambda a, y: ((a - y) ** 4 / 4).sum(),
        r"\frac{1}{2}(a-y)^2 + 0.1|a-y|": lambda a, y: ((a - y) ** 2 / 2 + 0.1 * abs(a - y)).sum(),
        "log(cosh(a - y))": lambda a, y: jnp.log(jnp.cosh(a - y)).sum(),
        "y * a^2": lambda a, y: (y * a**2).sum(),
    }.items()):  # fmt: skip
        samples, weights = CONVENTIONS[place]
        net = NeuralNetwork([Dense(2, "tanh", inputs=2), Dense(3)], text, samples=samples, weights=weights)
        targets = np.array([[0.2, -0.4, 1.0]] * len(X)) + X[:, :1]
        x, y = (X, targets) if samples == "rows" else (X.T, targets.T)
        turn = (lambda w: w) if weights == "in_out" else (lambda w: w.T)
        weights_of = {key: turn(value) if key[0] == "W" else value for key, value in net.parameters.items()}

        def loss(p, by_hand=by_hand, targets=targets):
            return by_hand(jnp.tanh(X @ p["W1"] + p["b1"]) @ p["W2"] + p["b2"], targets)

        wanted, slopes = in_numpy(jax.value_and_grad(loss))(weights_of)
        solution = net.solve(x, y, learning_rate=0.1)
        np.testing.assert_allclose(solution["L"], wanted, rtol=1e-12, err_msg=text)
        np.testing.assert_allclose(turn(solution["dW1"]), slopes["W1"], rtol=1e-10, err_msg=text)
        assert net.train(x, y, eta=0.001, iterations=20, progress=False).loss[-1] < wanted
        save_network(net, tmp_path / "net.safetensors")
        assert load_network(tmp_path / "net.safetensors").loss == net.loss
    for text, said in {
        "a - y + q": "'q' is not defined", "sum((a - y)^2)": "of one output a", "a y; import os": "the loss 'a y; imp",
        "squared_eror": "did you mean squared_error",
    }.items():  # fmt: skip
        with pytest.raises(ChalkworkError, match=said):
            NeuralNetwork([Dense(2, inputs=2)], text)
