"""The compiled engine: one program for any number of steps, loops over equal layers, and when `auto` takes it."""

from __future__ import annotations

import numpy as np
import pytest

from chalkwork import LSTM, BatchNorm, Conv2d, Dense, Dropout, Flatten, NeuralNetwork, Residual
from chalkwork.networks.optimisers import Optimiser
from chalkwork.networks.training import training_step
from chalkwork.training import engines, stream
from chalkwork.training.engines import compiled, layers
from chalkwork.training.engines.across import Turned
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


def test_auto_reckons_with_what_a_step_takes(fresh):
    images = NeuralNetwork([Conv2d(8, 3), Flatten(), Dense(2, "softmax")], "cross_entropy", inputs=(1, 28, 28))
    sequences = NeuralNetwork([LSTM(4), Dense(2, "softmax")], "cross_entropy", inputs=(20, 2))
    for net, batch, few, many in ((images, 64, 5, 100), (sequences, 4, 20, 1000), (network(), 20, 5000, 100_000)):
        step = training_step(net.plan(batch, training=True), Optimiser.of("gradient_descent"))
        assert [engines._fastest("float64", step, steps, 64) for steps in (few, many)] == ["numpy", "jax"]


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


def test_registers_are_used_whole_unless_somebody_chose(fresh, monkeypatch):
    engine, seen = compiled.JaxEngine(), []
    monkeypatch.setattr(engine.jax, "jit", lambda program, **given: seen.append(given["compiler_options"]))
    for units, samples, flags in ((3, 200, ""), (4, 200, f"--{compiled.WIDTH}=256"), (500, 200, "")):
        monkeypatch.setenv("XLA_FLAGS", flags)
        engine.prepare(training_step(network(units).plan(samples), Optimiser.of("gradient_descent")), {})
    assert seen == [{compiled.WIDTH: 512}, None, None]  # products of large matrices are no faster so


def test_large_data_stay_where_they_are_and_the_bits_are_the_same(fresh, monkeypatch):
    pieces, place, room = [], compiled.JaxEngine.placed, np.random.default_rng(1).normal(size=1100)
    monkeypatch.setattr(compiled, "GATHERED", 5000)
    monkeypatch.setattr(
        compiled.JaxEngine, "placed", lambda self, near: pieces.append(len(near["x"])) or place(self, near)
    )
    aligned = room[(-room.ctypes.data // 8) % 8 :]
    x, layers = aligned[1:1001].reshape(100, 10), (Dense(8, "relu", inputs=10), Dropout(0.2), Dense(2, "softmax"))
    found: list[list[tuple[NeuralNetwork, History]]] = [[], []]
    for runs, most, seen in zip(found, (1 << 26, 1 << 12), ([100] * 2, [49] * 4 + [100]), strict=True):
        monkeypatch.setattr(compiled, "MOST_BYTES", most)
        pieces.clear()
        for steps in ({"epochs": 2, "batch_size": 7, "schedule": "cosine"}, {"iterations": 3}):
            net = NeuralNetwork(layers, "cross_entropy", seed=1)
            runs.append((net, net.train(x, np.arange(100) % 2, 0.1, engine="jax", progress=False, **steps)))
        assert pieces == seen
    for (net, history), (other, others) in zip(*found, strict=True):
        assert same(net, other) and np.array_equal(history.loss, others.loss)
    data = compiled.JaxEngine().data({"x": aligned[:1000].reshape(100, 10), "y": x})
    assert isinstance(data["x"], np.ndarray)  # since y would be copied
    lying = compiled.JaxEngine().data({"x": aligned[:1000].reshape(100, 10)})["x"]
    assert lying.unsafe_buffer_pointer() == aligned.ctypes.data


def test_batches_of_a_source_are_compiled_once(fresh, monkeypatch):
    monkeypatch.setattr(stream, "GROUP", 600)  # two batches of eight samples
    plain, net = network(), network()

    def batches():
        return ((X[start : start + 8], Y[start : start + 8]) for start in (0, 5, 8, 10, 12))

    for one, engine in ((net, "jax"), (plain, "reference")):
        one.train(data=batches, eta=0.1, epochs=2, engine=engine, progress=False)
    for name, value in plain.parameters.items():
        np.testing.assert_allclose(net.parameters[name], value, rtol=1e-12, atol=1e-13)
    assert [program._cache_size() for _, program in engines._COMPILING["float64", 1].programs.values()] == [1]


def test_what_is_compiled_is_kept_where_nobody_else_writes(tmp_path):
    folder = tmp_path / "cache" / "chalkwork" / "jax"
    assert compiled._is_ours(folder) and folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o777)
    assert not compiled._is_ours(folder)
    folder.chmod(0o700)
    folder.parent.chmod(0o777)
    assert not compiled._is_ours(folder)
    folder.parent.chmod(0o1777)
    assert compiled._is_ours(folder)
    (tmp_path / "file").write_text("")
    assert not compiled._is_ours(tmp_path / "file" / "jax")


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


def test_samples_of_small_layers_lie_side_by_side():
    """That they train as the reference does is tested in every convention by `test_every_engine_agrees`."""
    made = [Dense(5, "tanh"), BatchNorm("relu"), Dropout(0.2), Dense(32, "softplus"), Dense(4, "softmax")]
    for samples in ("rows", "columns"):
        net = NeuralNetwork(made, "cross_entropy", inputs=3, samples=samples, weights="in_out")
        step = training_step(net.plan(32, training=True), Optimiser.of("adam"))
        form = layers.form_of(step, True)
        assert ({"x", "z1", "a5", "delta1", "mask3"} <= form.across) == (samples == "rows")
        assert not {"dW1", "dW4", "L", "W1_new"} & form.across and not layers.form_of(step, False).across
        assert {"W1", "W4", "W5"} == {one.of.name for one in form.parts if isinstance(one, Turned)}
        few = training_step(net.plan(31, training=True), Optimiser.of("adam"))
        assert not [one for one in layers.form_of(few, True).parts if isinstance(one, Turned)]


def test_equal_layers_are_a_loop_and_train_as_the_reference_does(fresh, monkeypatch):
    monkeypatch.setattr(layers, "FEWEST_LAYERS", 8)

    def net(*block, count):
        made = [Dense(3, "tanh"), *(layer for _ in range(count) for layer in block), Dense(2, "softmax")]
        return NeuralNetwork(made, "cross_entropy", inputs=3, samples="columns", weights="out_in", l2=0.01, seed=2)

    def form_of(net, alone=True):
        return layers.form_of(training_step(net.plan(8, training=True), Optimiser.of("adam")), alone)

    dense, drop = Dense(3, "tanh"), Dropout(0.2)
    nets = [net(drop, dense, count=6) for _ in "ab"]
    told = {"batch_size": 8, "epochs": 3, "optimizer": "adam", "progress": False, "schedule": "cosine"}
    found, wanted = (
        net.train(X.T, Y.T, 0.05, engine=engine, **told) for net, engine in zip(nets, ("jax", "reference"), strict=True)
    )
    np.testing.assert_allclose(found.loss, wanted.loss, rtol=1e-11)
    for name, value in nets[1].parameters.items():
        np.testing.assert_allclose(nets[0].parameters[name], value, rtol=1e-9, atol=1e-12)
    for looped, rows in ((nets[0], 6), (net(dense, count=10), 6), (net(dense, dense, Residual(), count=5), 12)):
        form = form_of(looped)
        assert sum(isinstance(part, Sweep) for part in form.parts) == 3  # to and fro, and the updates
        assert len(form.rows) == rows and not form_of(looped, False).rows
    assert not form_of(net(dense, count=5)).rows
    monkeypatch.setattr(layers, "LARGEST", 8)
    assert not form_of(nets[0]).rows
