"""Weights from PyTorch and Keras, and modules of theirs that compute the same."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exchanged import ACTIVATIONS, CONVENTIONS, network, oriented, output, same
from safetensors.numpy import load_file, save_file

from chalkwork import BatchNorm, Dense, Dropout, NeuralNetwork
from chalkwork.errors import ChalkworkError
from chalkwork.exchange import (
    foreign,
    from_torch,
    keras_layers,
    keras_weights,
    load_keras_weights,
    load_torch_state,
    to_torch,
    torch_state,
)

# --- PyTorch --------------------------------------------------------------------------------------------------------


def fill(module: Any, rng: np.random.Generator) -> None:
    """Numbers that nobody starts from, as a trained module has."""
    import torch

    for name, value in module.state_dict().items():
        if value.dtype.is_floating_point:
            drawn = rng.uniform(0.2, 1.5, value.shape) if "var" in name else rng.normal(size=value.shape)
            value.copy_(torch.tensor(drawn))


@pytest.mark.parametrize(("samples", "weights"), CONVENTIONS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_pytorch_computes_the_same(samples: str, weights: str, activation: str) -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(11)
    net = network(samples, weights, activation, rng)
    before = torch.get_rng_state()
    module = to_torch(net)
    assert torch.equal(before, torch.get_rng_state())
    assert {name: tuple(value.shape) for name, value in module.state_dict().items()} == {
        name: array.shape for name, array in torch_state(net).items()
    }
    rows, target = rng.normal(size=(6, 3)), np.eye(2)[rng.integers(2, size=6)]
    module.eval()
    theirs = module(torch.tensor(rows)).detach().numpy()
    np.testing.assert_allclose(theirs, output(net, rows), rtol=1e-12, atol=1e-14)

    module.train()  # dropout at rate 0; cross-entropy over our softmax, mean over samples
    loss = torch.nn.functional.nll_loss(module(torch.tensor(rows)).log(), torch.tensor(target.argmax(1)))
    loss.backward()
    ours = net.backprop(oriented(net, rows), oriented(net, target))
    solution = net.solve(oriented(net, rows), oriented(net, target), learning_rate=1.0)
    np.testing.assert_allclose(loss.item(), solution["L"], rtol=1e-12)
    places = {slot.name: place for slot, place in zip(
        foreign.slots_of(net), [name for name in torch_state(net) if "num" not in name], strict=True
    )}  # fmt: skip
    found = dict(module.named_parameters())
    for name in net.parameters:
        theirs = found[places[name]].grad.numpy()
        turned = theirs.T if name.startswith("W") and weights == "in_out" else theirs
        np.testing.assert_allclose(ours[f"d{name}"], turned, rtol=1e-10, atol=1e-13, err_msg=name)
    state, after = module.state_dict(), net.after(solution)
    for name in net.state:
        np.testing.assert_allclose(state[places[name]].numpy(), after.state[name], rtol=1e-12, err_msg=name)


@pytest.mark.parametrize(("samples", "weights"), CONVENTIONS)
def test_weights_come_from_pytorch(samples: str, weights: str, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")

    class Theirs(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc2 = torch.nn.Linear(3, 4)
            self.fc10 = torch.nn.BatchNorm1d(4, eps=0.01, momentum=0.25)
            self.fc30 = torch.nn.Linear(4, 2, bias=False)

        def forward(self, x: Any) -> Any:
            return torch.softmax(self.fc30(torch.tanh(self.fc10(torch.tanh(self.fc2(x))))), 1)

    rng = np.random.default_rng(2)
    net, module = network(samples, weights), Theirs()
    fill(module, rng)
    rows = rng.normal(size=(5, 3))
    module.eval()
    expected = module(torch.tensor(rows, dtype=torch.float32)).detach().numpy()
    path = tmp_path / "theirs.safetensors"
    state = module.state_dict()
    save_file({name: value.numpy() for name, value in state.items()}, path)
    assert list(load_file(path)) != list(state)
    before = {name: value.copy() for name, value in net.parameters.items()}
    for source in (module, state, path, str(path)):
        other = from_torch(source, net)
        np.testing.assert_allclose(output(other, rows), expected, rtol=1e-4, atol=1e-6)
    assert all((net.parameters[name] == value).all() for name, value in before.items())
    again = from_torch(to_torch(other), net)
    same(other, again)
    load_torch_state(net, state, order=["fc2", "fc10", "fc30"])
    same(other, net)
    torch.save(state, tmp_path / "theirs.pt")
    with pytest.raises(ChalkworkError, match=r"theirs.pt: this is a pickle or a zip.* Hint: save the weights as saf"):
        load_torch_state(net, tmp_path / "theirs.pt")
    with pytest.raises(ChalkworkError, match=r"0.weight gives no NumPy array.*float\(\)"):
        load_torch_state(net, to_torch(net).bfloat16())


@pytest.mark.parametrize("ours", ACTIVATIONS)
def test_a_module_with_another_activation_is_refused(ours: str) -> None:
    pytest.importorskip("torch")
    net = NeuralNetwork([Dense(4, ours, inputs=3), Dense(2, "softmax")], "cross_entropy")
    for theirs in ACTIVATIONS:
        module = to_torch(NeuralNetwork([Dense(4, theirs, inputs=3), Dense(2, "softmax")], "cross_entropy", seed=1))
        if ours == theirs:
            assert (from_torch(module, net).parameters["W1"] == module[0].weight.detach().numpy().T).all()
            continue
        with pytest.raises(
            ChalkworkError,
            match=r"the module is another network: (at place 2 the module has \w+, and the|\w+ of \w+ is )",
        ):
            from_torch(module, net)
        from_torch(module.state_dict(), net)  # the weights alone


def settings_that_differ() -> dict[str, tuple[Any, list[Any], str]]:
    import torch
    from torch import nn

    def linear(*sizes: int) -> Any:
        return nn.Linear(*sizes)

    class Functional(nn.Module):
        def __init__(self, *inner: Any) -> None:
            super().__init__()
            self.inner = nn.ModuleList(inner)

        def forward(self, x: Any) -> Any:
            return torch.relu(self.inner[0](x))

    return {
        "slope": (
            nn.Sequential(linear(3, 2), nn.LeakyReLU(0.2)),
            [Dense(2, "leaky_relu(0.1)")],
            "negative_slope .* 0.2",
        ),
        "alpha": (nn.Sequential(linear(3, 2), nn.ELU(0.5)), [Dense(2, "elu")], "alpha of ELU is 0.5"),
        "GELU by tanh": (
            nn.Sequential(linear(3, 2), nn.GELU("tanh")),
            [Dense(2, "gelu")],
            "approximate of GELU is 'tanh'",
        ),
        "softplus": (nn.Sequential(linear(3, 2), nn.Softplus(2.0)), [Dense(2, "softplus")], "beta of Softplus is 2.0"),
        "softmax over samples": (
            nn.Sequential(linear(3, 2), nn.Softmax(0)),
            [Dense(2, "softmax")],
            "dim of Softmax is 0",
        ),
        "epsilon": (
            nn.Sequential(linear(3, 2), nn.BatchNorm1d(2, eps=0.1)),
            [Dense(2), BatchNorm("identity")],
            "eps .* is 0.1",
        ),
        "momentum": (
            nn.Sequential(linear(3, 2), nn.BatchNorm1d(2, momentum=None)),
            [Dense(2), BatchNorm("identity")],
            "momentum of BatchNorm1d is None",
        ),
        "drop rate": (nn.Sequential(linear(3, 2), nn.Dropout(0.1)), [Dense(2), Dropout(0.5)], "p of Dropout is 0.1"),
        "no dropout": (
            nn.Sequential(linear(3, 2)),
            [Dense(2), Dropout(0.5)],
            "has nothing more, and the network Dropout",
        ),
        "one activation more": (
            nn.Sequential(linear(3, 2), nn.Tanh(), nn.Tanh()),
            [Dense(2, "tanh")],
            "place 3 the module has Tanh, and the",
        ),
        "net inputs": (
            nn.Sequential(nn.Sequential(linear(3, 4), nn.Tanh()), linear(4, 2)),
            [Dense(4, "tanh"), Dense(2, "softmax")],
            "nothing more, and the network Softmax. Hint: cross_entropy of PyTorch takes the softmax itself",
        ),
        "a kind of its own": (nn.Sequential(linear(3, 2), nn.LayerNorm(2)), [Dense(2, "tanh")], "has LayerNorm"),
        "activation of a forward": (Functional(linear(3, 2), nn.Tanh()), [Dense(2, "relu")], "the module uses Tanh"),
        "epsilon of a forward": (
            Functional(linear(3, 2), nn.BatchNorm1d(2, eps=0.1)),
            [Dense(2), BatchNorm("relu")],
            "eps .* is 0.1",
        ),
    }


def test_a_module_that_is_another_network_is_refused() -> None:
    torch = pytest.importorskip("torch")
    for name, (module, layers, message) in settings_that_differ().items():
        net = NeuralNetwork(layers, inputs=3)
        before = net.parameters["W1"].copy()
        for call in (from_torch, lambda source, net: load_torch_state(net, source)):
            with pytest.raises(ChalkworkError, match=message):
                call(module, net)
        assert (net.parameters["W1"] == before).all(), name
    flat = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3, 2), torch.nn.Identity(), torch.nn.Softmax(dim=1))
    from_torch(flat, NeuralNetwork([Dense(2, "softmax")], inputs=3))


def test_reading_a_state_needs_no_pytorch() -> None:
    code = """
import sys
sys.modules["torch"] = sys.modules["keras"] = sys.modules["onnx"] = None
from chalkwork.exchange import *
from chalkwork import Dense, NeuralNetwork
net = NeuralNetwork([Dense(2, "tanh", inputs=3)])
load_torch_state(net, torch_state(net))
load_keras_weights(net, keras_weights(net))
try:
    to_torch(net)
except ValueError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "a network of PyTorch needs torch. Hint: pip install torch.\n"


STATE = {
    "0.weight": np.zeros((4, 3)), "0.bias": np.zeros(4),
    "2.weight": np.zeros(4), "2.bias": np.zeros(4), "2.running_mean": np.zeros(4), "2.running_var": np.ones(4),
    "2.num_batches_tracked": np.array(3), "5.weight": np.zeros((2, 4)),
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"0.weight": np.zeros((3, 4))}, "0.weight is 3x4, but W1 of layer 1 takes 4x3"),
        ({"0.bias": None}, r"layer 1 \(dense\) takes weight, bias, but '0' holds weight"),
        ({"5.bias": np.zeros(2)}, r"layer 4 \(dense\) takes weight, but '5' holds weight, bias"),
        ({"6.weight": np.zeros((2, 2))}, "3 layers with weights, but there are 4 modules: 0, 2, 5, 6"),
        ({"2.running_var": -np.ones(4)}, "2.running_var holds a negative number"),
        ({"0.bias": np.array([1, 2, 3, np.nan])}, "0.bias holds a number that is not finite"),
        ({"0.bias": np.array(["a"] * 4)}, "0.bias holds no numbers"),
        ({"0.bias": "os.system"}, "0.bias is a str, not a tensor"),
    ],
)
def test_states_that_do_not_fit_are_refused_whole(change: dict[str, Any], message: str) -> None:
    state = {name: value for name, value in (STATE | change).items() if value is not None}
    net = network()
    before = {name: value.copy() for name, value in net.parameters.items()}
    with pytest.raises(ChalkworkError, match=message):
        load_torch_state(net, state)
    assert all((net.parameters[name] == value).all() for name, value in before.items())
    load_torch_state(net, STATE)
    with pytest.raises(ChalkworkError, match="order names '0, 2'"):
        load_torch_state(net, STATE, order=["0", "2"])
    with pytest.raises(ChalkworkError, match="not from a list"):
        load_torch_state(net, [1])


def test_training_that_differs_is_refused() -> None:
    pytest.importorskip("torch")
    unlike = network(running_variance="biased")
    with pytest.raises(ChalkworkError, match="layer 2 is trained otherwise in PyTorch: the batch's variance is biased"):
        to_torch(unlike)
    to_torch(unlike, inference=True)
    with pytest.raises(ChalkworkError, match="layer 1 is trained otherwise in PyTorch: the derivative of ReLU at 0"):
        to_torch(NeuralNetwork([Dense(1, "relu(at_zero=1)", inputs=1)]))
    to_torch(NeuralNetwork([Dense(1, "leaky_relu(0.2, 0.2)", inputs=1)]))


# --- Keras ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def keras() -> Any:
    os.environ["KERAS_BACKEND"] = "jax"
    return pytest.importorskip("keras")


def model_of(keras: Any, net: NeuralNetwork, inference: bool = False) -> Any:
    keras.config.set_floatx("float64")
    layers = [getattr(keras.layers, name)(**given) for name, given in keras_layers(net, inference=inference)]
    model = keras.Sequential([keras.Input((net.plan().layers[0].inputs,)), *layers])
    model.set_weights(keras_weights(net))
    return model


def weights_of(model: Any) -> Any:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)  # of Keras, by itself
        return model.get_weights()


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_keras_computes_the_same(keras: Any, activation: str) -> None:
    rng = np.random.default_rng(12)
    rows = rng.normal(size=(6, 3))
    for samples, weights in CONVENTIONS:
        net = network(samples, weights, activation, rng, running_variance="biased")
        model = model_of(keras, net)
        theirs = np.asarray(model(rows, training=False))
        np.testing.assert_allclose(theirs, output(net, rows), rtol=1e-6, atol=1e-6)  # parts are in single precision
        other = network(samples, weights, activation)
        load_keras_weights(other, weights_of(model))
        np.testing.assert_array_equal(output(other, rows), output(net, rows))


def test_keras_moves_its_running_statistics_alike(keras: Any) -> None:
    rng = np.random.default_rng(13)
    net = network(running_variance="biased", rng=rng)
    model, rows = model_of(keras, net), rng.normal(size=(6, 3))
    model(rows, training=True)
    moved = network(running_variance="biased")
    load_keras_weights(moved, weights_of(model))
    after = net.after(net.solve(rows, np.eye(2)[[0, 1, 1, 0, 1, 0]], learning_rate=0.1))
    for name in net.state:
        np.testing.assert_allclose(moved.state[name], after.state[name], rtol=1e-6)


def test_a_keras_model_is_no_list_of_arrays() -> None:
    class Model:
        def get_weights(self) -> list[Any]:
            return []

    for source in (Model(), None, 3):
        with pytest.raises(ChalkworkError, match=r"weights are a list of arrays.*get_weights\(\)"):
            load_keras_weights(network(), source)  # type: ignore[arg-type]


def test_keras_lists_that_do_not_fit_are_refused() -> None:
    net = network()
    arrays = keras_weights(net)
    with pytest.raises(ChalkworkError, match="there are 6 arrays, but the network has 7: W1, b1, gamma2"):
        load_keras_weights(net, arrays[:-1])
    with pytest.raises(ChalkworkError, match="array 1 is 4x3, but W1 of layer 1 takes 3x4"):
        load_keras_weights(net, [arrays[0].T, *arrays[1:]])
    with pytest.raises(ChalkworkError, match="layer 2 is trained otherwise in Keras"):
        keras_layers(net)
