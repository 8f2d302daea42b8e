"""The compiled engine: one program for any number of steps, loops over equal layers, and when `auto` takes it."""

from __future__ import annotations

import numpy as np
import pytest

from chalkwork import BatchNorm, Dense, Dropout, NeuralNetwork
from chalkwork.networks.optimisers import Optimiser
from chalkwork.networks.training import training_step
from chalkwork.training import engines
from chalkwork.training.engines import layers
from chalkwork.training.engines.sweeps import Sweep
from chalkwork.training.history import History

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(20, 3)), np.eye(2)[RNG.integers(0, 2, 20)]


def network(units: int = 4) -> NeuralNetwork:
    return NeuralNetwork([Dense(units, "tanh", inputs=3), Dense(2, "softmax")], "cross_entropy", seed=1)


def same(one: NeuralNetwork, other: NeuralNetwork) -> bool:
    return all(np.array_equal(value, other.parameters[name]) for name, value in one.parameters.items())


def trained(net: NeuralNetwork, engine: str, steps: int = 5, samples: int = 20) -> History:
    return net.train(X[:samples], Y[:samples], 0.1, steps, engine=engine, progress=False)


@pytest.fixture
def fresh(monkeypatch):
    """No engine has compiled anything yet."""
    monkeypatch.setattr(engines, "_COMPILING", {})


def test_auto_takes_what_this_process_has_compiled_and_nothing_else(fresh):
    first, again, compiled, then = (network(5) for _ in range(4))
    assert [trained(net, "auto").engine for net in (first, again)] == ["numpy", "numpy"]
    assert same(first, again)  # the same call, the same bits
    trained(compiled, "jax")
    assert trained(then, "auto").engine == "jax" and same(compiled, then)
    assert trained(network(5), "auto", 9).engine == "jax"
    assert trained(network(5), "auto", samples=19).engine == "numpy"
    assert trained(network(6), "auto").engine == "numpy"


def test_a_step_is_compiled_once_whatever_is_left_over(fresh, monkeypatch):
    for count in (1, 5, 300):
        trained(network(), "jax", count)
    told = {"batch_size": 8, "engine": "jax", "progress": False}
    plain, net = network(), network()
    for epochs in (1, 4):
        net.train(X, Y, 0.1, epochs=epochs, **told)
        plain.train(X, Y, 0.1, epochs=epochs, **told | {"engine": "reference"})
    for name, value in plain.parameters.items():
        np.testing.assert_allclose(net.parameters[name], value, rtol=1e-12, atol=1e-13)
    programs = engines._COMPILING["float64", 1].programs
    sizes = {step.samples: program._cache_size() for step, (_, program) in programs.items()}
    assert sizes == {20: 1, 8: 1}  # and none for the last four samples of an epoch


def test_a_kept_run_goes_on_with_its_engine(fresh, monkeypatch, tmp_path):
    told = {"batch_size": 8, "checkpoint": tmp_path / "run", "progress": False}
    kept, whole = network(), network()
    assert kept.train(X, Y, 0.1, epochs=2, **told).engine == "numpy"
    monkeypatch.setattr(engines, "SHORT", 0.0)
    assert kept.train(X, Y, 0.1, epochs=4, **told).engine == "numpy"
    assert whole.train(X, Y, 0.1, epochs=4, **told | {"checkpoint": None, "engine": "numpy"}).engine == "numpy"
    assert same(kept, whole)
    (tmp_path / "run").write_bytes(b"no run")
    with pytest.raises(Exception, match="no safetensors file"):
        kept.train(X, Y, 0.1, epochs=4, **told)


@pytest.mark.parametrize(
    ("samples", "weights", "optimizer", "more", "loops"),
    [
        ("rows", "in_out", "adam", [Dropout(0.2), Dense(2, "softmax")], 3),
        ("columns", "out_in", "nesterov", [BatchNorm(), Dense(3, "tanh"), Dense(2, "softmax")], 3),
    ],
)
def test_equal_layers_are_a_loop_and_train_as_the_reference_does(
    samples, weights, optimizer, more, loops, fresh, monkeypatch
):
    monkeypatch.setattr(layers, "FEWEST_LAYERS", 8)
    nets = [
        NeuralNetwork(
            [Dense(3, "tanh", inputs=3) for _ in range(11)] + more, "cross_entropy",
            samples=samples, weights=weights, l2=0.01, seed=2,
        )
        for _ in range(2)
    ]  # fmt: skip
    turned = samples == "columns"
    told = {"batch_size": 8, "epochs": 3, "optimizer": optimizer, "progress": False, "schedule": "cosine"}
    found, wanted = (
        net.train(X.T if turned else X, Y.T if turned else Y, 0.05, engine=engine, **told)
        for net, engine in zip(nets, ("jax", "reference"), strict=True)
    )
    np.testing.assert_allclose(found.loss, wanted.loss, rtol=1e-11)
    for name, value in nets[1].parameters.items():
        np.testing.assert_allclose(nets[0].parameters[name], value, rtol=1e-9, atol=1e-12)
    step = training_step(nets[0].plan(8, training=True), Optimiser.of(optimizer))
    form = layers.form_of(step, True)
    assert sum(isinstance(part, Sweep) for part in form.parts) == loops and len(form.rows) >= 2
    assert not layers.form_of(step, False).rows
    monkeypatch.setattr(layers, "LARGEST", 8)
    assert not layers.form_of(step, True).rows
