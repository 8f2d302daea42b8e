"""Runs kept in files belong to one run alone, and what happens in a callback loses nothing."""

import json
import os
import signal

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save

from chalkwork.errors import ChalkworkError
from chalkwork.networks.layers import BatchNorm, Dense, Dropout
from chalkwork.networks.losses import SquaredError
from chalkwork.networks.network import NeuralNetwork
from chalkwork.training.tensors import sealed

GENERATOR = np.random.default_rng(5)
X = GENERATOR.normal(size=(40, 3))
Y = (X[:, :1] > 0) * 1.0
HELD_OUT = (GENERATOR.normal(size=(9, 3)), GENERATOR.integers(0, 2, (9, 1)) * 1.0)
USUAL = {
    "eta": 0.05, "epochs": 4, "batch_size": 8, "optimizer": "momentum", "validation": HELD_OUT, "progress": False,
    "engine": "numpy", "patience": 20, "checkpoint_every": 0,
}  # fmt: skip


def network(slope=0.123456789, seed=0, **more):
    layers = [
        Dense(4, f"leaky_relu({slope})"),
        BatchNorm("tanh", **more.pop("norm", {})),
        Dropout(more.pop("drop", 0.2)),
    ]
    return NeuralNetwork([*layers, Dense(1, "sigmoid")], "binary_cross_entropy", inputs=3, seed=seed, **more)


def run(file, net=None, data=(X, Y), **changes):
    net = net or network()
    return net, net.train(*data, **{**USUAL, "checkpoint": file, **changes})


def with_weights():
    net = network()
    net.parameters["W4"][0, 0] += 1e-12
    return net


def with_state():
    net = network()
    net.state["mu2_run"][0] += 0.5
    return net


OTHERS = {
    "seed of the network": ({"net": lambda: network(seed=1)}, "initial parameters"),
    "one initial weight": ({"net": with_weights}, "initial parameters"),
    "running statistics": ({"net": with_state}, "initial parameters"),
    "ninth digit of a slope": ({"net": lambda: network(0.123456788)}, "network"),
    "momentum of batch normalisation": ({"net": lambda: network(norm={"momentum": 0.2})}, "network"),
    "epsilon": ({"net": lambda: network(norm={"epsilon": 1e-4})}, "epsilon2"),
    "drop rate": ({"net": lambda: network(drop=0.3)}, "network"),
    "penalty": ({"net": lambda: network(l2=0.1)}, "lambda2 is not given, but here 0.1"),
    "inputs": ({"data": (X + 1e-12, Y)}, "data"),
    "targets": ({"data": (X, 1 - Y)}, "data"),
    "order of samples": ({"data": (X[::-1], Y[::-1])}, "data"),
    "sample weights": ({"sample_weight": np.arange(1.0, 41)}, "weights of the samples"),
    "class weights": ({"class_weight": {0: 1.0, 1: 2.0}}, "weights of the samples"),
    "validation inputs": ({"validation": (HELD_OUT[0] + 1e-12, HELD_OUT[1])}, "validation data"),
    "validation targets": ({"validation": (HELD_OUT[0], 1 - HELD_OUT[1])}, "validation data"),
    "validation weights": ({"validation": (*HELD_OUT, np.arange(1.0, 10))}, "validation data"),
    "fewer samples": ({"data": (X[1:], Y[1:])}, "number of samples is 40, but here 39"),
    "fewer to validate on": ({"validation": (X[:5], Y[:5])}, "number of validation samples is 9, but here 5"),
    "none to validate on": ({"validation": None, "patience": None}, "number of validation samples is 9, but here 0"),
    "rate": ({"eta": 0.050000000001}, "rate"),
    "fewer epochs": ({"epochs": 3}, "epochs"),
    "more epochs of a schedule": ({"epochs": 5, "schedule": "cosine"}, "epochs"),
    "state": ({"optimizer_state": lambda: run(None, epochs=1)[1].optimizer_state}, "optimiser's state"),
    "batch": ({"batch_size": 9}, "batch"),
    "shuffle": ({"shuffle": False}, "shuffle"),
    "seed": ({"seed": 1}, "seed"),
    "drop_last": ({"drop_last": True}, "drop_last"),
    "optimiser": ({"optimizer": "nesterov"}, "optimiser"),
    "its constants": ({"optimizer": {"name": "momentum", "mu": 0.91}}, "mu"),
    "schedule": ({"schedule": "cosine"}, "schedule"),
    "warmup": ({"schedule": {"name": "constant", "warmup": 3}}, "warmup"),
    "clip_norm": ({"clip_norm": 1.0}, "clip_norm"),
    "clip_value": ({"clip_value": 1.0}, "clip_value"),
    "patience": ({"patience": 19}, "patience is 20, but here 19"),
    "no patience": ({"patience": None}, "patience is 20, but here not given"),
    "least_change": ({"least_change": 0.1}, "least_change"),
    "evaluate_every": ({"evaluate_every": 2}, "evaluate_every"),
    "dtype": ({"dtype": "float32"}, "dtype"),
    "engine": ({"engine": "reference"}, "engine"),
}
SAME = {
    "checkpoint", "checkpoint_every", "progress", "callback", "iterations", "validation", "spread", "verbose",
    "metrics", "other", "data", "steps_per_epoch", "classes",
}  # fmt: skip
"""Settings that change no number of a run, stand for others of the list (`iterations`, a share as validation), or are
tried with batches given one by one."""


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    file = tmp_path_factory.mktemp("runs") / "run"
    run(file)
    return file


@pytest.mark.parametrize("name", OTHERS)
def test_a_checkpoint_is_of_one_run_alone(name, kept):
    changes, message = OTHERS[name]
    changes = {key: value() if callable(value) else value for key, value in changes.items()}
    with pytest.raises(ChalkworkError, match=rf"of another run: (its|not the same) ({message})"):
        run(kept, **changes)


def test_a_run_may_be_made_longer(tmp_path):
    whole, expected = run(None)
    _, first = run(tmp_path / "run", epochs=2)
    longer, history = run(tmp_path / "run", network())
    assert (first.steps, history.steps, history.resumed) == (10, 20, 10)
    np.testing.assert_array_equal(history.loss, expected.loss)
    for name, value in whole.parameters.items():
        np.testing.assert_array_equal(longer.parameters[name], value)
    assert [row["epoch"] for row in history.epochs] == [1, 2, 3, 4]


def test_a_run_is_ended_by_sigterm_and_goes_on(tmp_path):
    def ask(moment):
        if moment["epoch"] == 2:
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(SystemExit) as caught:
        run(tmp_path / "run", callback=ask)
    assert caught.value.code == 128 + signal.SIGTERM and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    _, history = run(tmp_path / "run")
    _, expected = run(None)
    assert history.resumed >= 5
    np.testing.assert_array_equal(history.loss, expected.loss)


WHOLE = {"eta": 0.05, "iterations": 4, "progress": False, "engine": "numpy"}
ADDED = {
    "validation": ({"validation": HELD_OUT}, "its number of validation samples is {}, but here {}", (0, 9)),
    "evaluate_every": ({"evaluate_every": 2}, "its evaluate_every is {}, but here {}", ("never", 2)),
    "callback": ({"callback": lambda row: None}, "its evaluate_every is {}, but here {}", ("never", 1)),
    "clip_norm": ({"clip_norm": 1.0}, "its clip_norm is {}, but here {}", ("not given", "1.0")),
}


@pytest.mark.parametrize("name", ADDED)
def test_what_differs_is_what_was_given_otherwise(name, tmp_path):
    added, message, values = ADDED[name]
    for place, (first, second) in enumerate(((WHOLE, WHOLE | added), (WHOLE | added, WHOLE))):
        network().train(X, Y, **first, checkpoint=tmp_path / str(place))
        with pytest.raises(ChalkworkError) as caught:
            network().train(X, Y, **second, checkpoint=tmp_path / str(place))
        assert message.format(*(values if place == 0 else values[::-1])) in str(caught.value)


def test_every_setting_of_train_is_in_the_identity_or_changes_nothing():
    settings = set(NeuralNetwork.train.__annotations__) - {"x", "y", "return"}
    tried = {key for changes, _ in OTHERS.values() for key in changes} - {"net", "data"}
    assert settings == tried | SAME


def test_loss_and_convention_are_part_of_a_run(tmp_path):
    def net(loss, **more):
        return NeuralNetwork([Dense(2, weights=0.5), Dense(2, weights=0.5)], loss, inputs=2, **more)

    x = np.array([[1.0, 2.0], [2.0, 1.0]])
    net("squared_error").train(x, x, iterations=2, checkpoint=tmp_path / "run")
    for other in (net(SquaredError(factor=1)), net("mean_squared_error"), net("squared_error", samples="columns")):
        with pytest.raises(ChalkworkError, match="of another run"):
            other.train(x, x, eta=0.005, iterations=2, checkpoint=tmp_path / "run")


def test_history_says_what_came_from_the_file(tmp_path):
    file = tmp_path / "run"
    first, history = run(file)
    assert history.resumed == 0 and "from" not in repr(history)
    again, same = run(file)
    assert (same.resumed, same.source, same.steps) == (20, str(file), 20)
    assert f"20 steps (all of them from {file})" in repr(same)
    for name, value in first.parameters.items():
        np.testing.assert_array_equal(again.parameters[name], value)


def test_a_network_that_the_run_left_goes_on(tmp_path):
    def interrupt(row):
        if row["epoch"] == 2:
            raise KeyboardInterrupt

    net, history = run(tmp_path / "run", callback=interrupt)
    assert history.stopped == "interrupted" and history.steps == 10
    _, whole = run(tmp_path / "run", net)  # the same object, no longer as it was drawn
    assert (whole.resumed, whole.steps) == (10, 20) and "(10 of them from" in repr(whole)
    straight, expected = run(tmp_path / "other")
    np.testing.assert_array_equal(whole.loss, expected.loss)
    assert whole.epochs == expected.epochs
    for name, value in straight.parameters.items():
        np.testing.assert_array_equal(net.parameters[name], value)
    run(tmp_path / "run", net)  # finished, with the best parameters: it is known again


def test_a_run_that_ended_for_good_does_not_go_on(tmp_path):
    for name, changes in {
        "early stopping": {"patience": 2, "epochs": 60, "eta": 1.0},
        "callback": {"callback": lambda row: row["epoch"] == 2},
    }.items():
        first, history = run(tmp_path / name, **changes)
        again, same = run(tmp_path / name, **changes)
        assert history.stopped == same.stopped == name
        assert same.steps == history.steps < first.plan().number_of_parameters * 100
        for key, value in first.parameters.items():
            np.testing.assert_array_equal(again.parameters[key], value)


def test_damaged_checkpoints_are_refused_with_a_message(tmp_path, kept):
    with safe_open(kept, "numpy") as opened:
        metadata = opened.metadata()
    tensors = load_file(kept)
    state = json.loads(metadata["run"])
    broken = {
        "no identity": (tensors, {key: value for key, value in metadata.items() if key != "identity"}),
        "identity no mapping": (tensors, {**metadata, "identity": "[1]"}),
        "no JSON": (tensors, {**metadata, "run": "{"}),
        "state lacks a key": (tensors, {**metadata, "run": json.dumps({**state, "best": None})}),
        "no loss": ({key: value for key, value in tensors.items() if key != "history/loss"}, metadata),
        "no state of the optimiser": ({key: value for key, value in tensors.items() if key != "vW1"}, metadata),
        "an array more": ({**tensors, "W9": tensors["W4"]}, metadata),
        "no array": ({key: value for key, value in tensors.items() if key != "W4"}, metadata),
        "array of another shape": ({**tensors, "W4": np.ones((1, 1))}, metadata),
        "NaN": ({**tensors, "W4": tensors["W4"] * np.nan}, metadata),
    }
    for name, (arrays, words) in broken.items():
        words = {key: value for key, value in words.items() if key != "checksum"}
        (tmp_path / "broken").write_bytes(sealed(save(arrays, words)))
        with pytest.raises(ChalkworkError, match=r"damaged|another run") as caught:
            run(tmp_path / "broken")
        assert "Error" not in str(caught.value), name
    for content in (kept.read_bytes()[:-1] + b"0", save(tensors, metadata)):
        (tmp_path / "broken").write_bytes(content)
        with pytest.raises(ChalkworkError, match="damaged"):
            run(tmp_path / "broken")


# --- callbacks ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["numpy", "jax", "reference"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_in_a_callback_the_network_is_the_network(engine, dtype):
    net = NeuralNetwork([Dense(3, "tanh"), Dense(1)], "mean_squared_error", inputs=3)
    begun = {name: value.copy() for name, value in net.parameters.items()}
    seen = []

    def look(row):
        seen.append((row["validation_loss"], float(net.solve(*HELD_OUT)["L"])))
        assert not np.array_equal(net.parameters["W1"], begun["W1"])

    net.train(X, Y, eta=0.1, epochs=3, batch_size=8, validation=HELD_OUT, callback=look, engine=engine, dtype=dtype)
    assert len(seen) == 3
    np.testing.assert_allclose(*zip(*seen, strict=True), rtol=1e-6 if dtype == "float32" else 1e-12)


class Own(Exception):
    """Somebody's own exception."""


@pytest.mark.parametrize("settings", [{"epochs": 4, "batch_size": 8}, {"iterations": 400}])
def test_an_exception_in_a_callback_loses_nothing(settings, tmp_path):
    usual = {key: value for key, value in USUAL.items() if key not in ("epochs", "batch_size")}
    file, steps = tmp_path / "run", []

    def fail(row):
        steps.append(row["step"])
        if len(steps) == 2:
            raise Own("here")

    net = network()
    with pytest.raises(Own, match=r"^here$"):
        net.train(X, Y, **usual, **settings, callback=fail, checkpoint=file)
    straight = network()
    if "epochs" not in settings:  # whose early stopping keeps the best instead
        straight.train(X, Y, **usual | {"patience": None}, iterations=int(steps[-1]))
        for name, value in {**straight.parameters, **straight.state}.items():
            np.testing.assert_array_equal({**net.parameters, **net.state}[name], value)
    history = net.train(X, Y, **usual, **settings, checkpoint=file)
    assert history.resumed == steps[-1]
    whole = network()
    expected = whole.train(X, Y, **usual, **settings)
    assert history.epochs == expected.epochs
    np.testing.assert_array_equal(net.parameters["W1"], whole.parameters["W1"])


def test_what_a_callback_changes_counts():
    net = NeuralNetwork([Dense(1, bias=False)], "mean_squared_error", inputs=3)

    def clip(row):
        net.parameters["W1"] = np.full((3, 1), 0.25)

    net.train(X, Y, eta=1e-9, epochs=2, batch_size=8, callback=clip)
    np.testing.assert_array_equal(net.parameters["W1"], np.full((3, 1), 0.25))

    def spoil(row):
        net.parameters["W1"] = np.full((2, 1), 0.25)

    with pytest.raises(ChalkworkError, match="W1 is 2x1, but 3x1 is needed"):
        net.train(X, Y, eta=1e-9, epochs=2, batch_size=8, callback=spoil)
    assert net.parameters["W1"].shape == (3, 1)


@pytest.mark.parametrize(("answer", "steps"), [(True, 5), (np.True_, 5), (False, 10), (np.False_, 10), (None, 10)])
def test_a_callback_answers_true_in_either_spelling(answer, steps):
    _, history = run(None, epochs=2, callback=lambda row: answer)
    assert history.steps == steps


@pytest.mark.parametrize("answer", [1, 0.0, "stop", [], np.array([True])])
def test_any_other_answer_is_refused_and_loses_nothing(answer):
    net = network()
    with pytest.raises(ChalkworkError, match="what the callback gives back is True or False"):
        run(None, net, callback=lambda row: answer)
    assert not np.array_equal(net.parameters["W1"], network().parameters["W1"])
