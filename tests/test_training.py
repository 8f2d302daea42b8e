"""Training: every engine against the reference, every optimiser against optax, and runs that end before their time."""

import os
import runpy
import signal
import subprocess
import sys
import textwrap
import time

import jax
import numpy as np
import optax
import pytest
from random_networks import CONVENTIONS

from chalkwork.errors import ChalkworkError
from chalkwork.networks.layers import BatchNorm, Dense, Dropout
from chalkwork.networks.losses import SquaredError
from chalkwork.networks.network import NeuralNetwork
from chalkwork.networks.optimisers import RULES
from chalkwork.networks.settings import Settings
from chalkwork.networks.training import train_network
from chalkwork.training.engines import ENGINES
from chalkwork.training.loop import Diverged
from chalkwork.training.schedules import SCHEDULES, Schedule

jax.config.update("jax_enable_x64", True)
COMPARED = [name for name in ENGINES if name != "reference"]


def by_hand(first, kept, change):
    """An update rule with one state, as optax wants it."""

    def update(gradient, state, _):
        state = {name: kept(state[name], gradient[name]) for name in state}
        return {name: change(state[name], gradient[name]) for name in state}, state

    return optax.GradientTransformation(lambda peer: {name: first(value) for name, value in peer.items()}, update)


PEERS = {
    "gradient_descent": lambda rate: optax.sgd(rate),
    "momentum": lambda rate: optax.sgd(rate, momentum=0.9),
    "nesterov": lambda rate: optax.sgd(rate, momentum=0.9, nesterov=True),
    "adagrad": lambda rate: by_hand(
        jax.numpy.zeros_like, lambda r, g: r + g * g, lambda r, g: -rate * g / (r**0.5 + 1e-8)
    ),
    "rmsprop": lambda rate: optax.rmsprop(rate, decay=0.9, eps=1e-8, eps_in_sqrt=False),
    "adam": lambda rate: optax.adam(rate, b1=0.9, b2=0.999, eps=1e-8),
    "adamw": lambda rate: optax.adamw(rate, b1=0.9, b2=0.999, eps=1e-8, weight_decay=0.01),
    "lion": lambda rate: optax.lion(rate, b1=0.9, b2=0.99, weight_decay=0.0),
}


def toy(samples=40, seed=0):
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(samples, 2))
    return x, (x[:, :1] * x[:, 1:] > 0) * 1.0


def network(samples="rows", weights="in_out", extra=(), **more):
    layers = [Dense(6, "tanh", inputs=2), *extra, Dense(1, "sigmoid")]
    return NeuralNetwork(layers, "binary_cross_entropy", samples=samples, weights=weights, **more)


def oriented(net, *arrays):
    return [array.T if net.convention.samples == "columns" else array for array in arrays]


def trained(net, x, y, **settings):
    history = train_network(net, *oriented(net, x, y), Settings(**{"progress": False, **settings}))
    return history, {**net.parameters, **net.state}


def assert_same(found, expected, tolerance=1e-10):
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=tolerance, atol=tolerance, err_msg=name)


@pytest.mark.parametrize("name", RULES)
def test_every_optimiser_is_that_of_optax(name):
    x, y = toy()
    net = network()
    peer = {key: value.copy() for key, value in net.parameters.items()}

    def loss(p):
        hidden = jax.numpy.tanh(x @ p["W1"] + p["b1"])
        z = hidden @ p["W2"] + p["b2"]
        return jax.numpy.mean(jax.numpy.logaddexp(0, z) - y * z)

    rule = PEERS[name](0.05)
    state = rule.init(peer)
    losses = []

    @jax.jit
    def step(peer, state):
        value, gradient = jax.value_and_grad(loss)(peer)
        change, state = rule.update(gradient, state, peer)
        return value, optax.apply_updates(peer, change), state

    for _ in range(30):
        value, peer, state = step(peer, state)
        losses.append(float(value))
    history, found = trained(net, x, y, eta=0.05, iterations=30, optimizer=name, engine="reference")
    np.testing.assert_allclose(history.loss, losses, rtol=1e-10)
    assert_same(found, {key: np.asarray(value) for key, value in peer.items()})


@pytest.mark.parametrize("engine", COMPARED)
@pytest.mark.parametrize(
    ("optimizer", "convention"), [(name, CONVENTIONS[place % 4]) for place, name in enumerate(RULES)]
)
def test_every_engine_agrees_with_the_reference(engine, convention, optimizer):
    x, y = toy()
    extra = (BatchNorm("relu"), Dropout(0.3), Dense(4, "leaky_relu"))
    more = {"epochs": 3, "batch_size": 32, "eta": 0.05, "optimizer": optimizer, "clip_norm": 0.5, "clip_value": 0.2}
    more |= {"schedule": "cosine", "sample_weight": np.linspace(0, 2, len(x)), "seed": 3}
    first, expected = trained(network(*convention, extra, l2=0.01, l1=0.001), x, y, engine="reference", **more)
    second, found = trained(network(*convention, extra, l2=0.01, l1=0.001), x, y, engine=engine, **more)
    np.testing.assert_allclose(second.loss, first.loss, rtol=1e-9)
    assert_same(found, expected, 1e-8)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_conventions_train_the_same_network(engine):
    x, y = toy()
    runs = []
    for samples, weights in CONVENTIONS:
        net = network(samples, weights)
        trained(net, x, y, eta=0.5, iterations=20, engine=engine)
        parameters = {name: value.T if weights == "out_in" else value for name, value in net.parameters.items()}
        runs.append(parameters)
    for other in runs[1:]:
        assert_same(other, runs[0])


@pytest.mark.parametrize("engine", ENGINES)
def test_single_precision_follows_double_precision(engine):
    x, y = toy()
    _, expected = trained(network(), x, y, eta=0.5, iterations=20, engine="reference")
    _, found = trained(network(), x, y, eta=0.5, iterations=20, engine=engine, dtype="float32")
    assert_same(found, expected, 1e-4)


def test_no_product_is_in_fewer_bits_than_asked_for_unless_somebody_chose_so():
    engine, x = ENGINES["jax"]("float32", 1), np.ones((2, 2), np.float32)
    for chosen, precision in ((None, "HIGHEST"), ("bfloat16", "DEFAULT")):
        with jax.default_matmul_precision(chosen), engine.precision():
            assert precision in str(jax.make_jaxpr(jax.numpy.matmul)(x, x))


@pytest.mark.parametrize("name", RULES)
def test_training_is_what_solve_shows(name):
    net, (x, y) = network(), toy(5)
    solution = net.solve(x, y, 0.3, steps=3, optimizer=name)
    history, found = trained(net, x, y, eta=0.3, iterations=3, optimizer=name)
    np.testing.assert_allclose(history.loss, [solution["L"], solution["L_new"], solution["L_new2"]], rtol=1e-10)
    for parameter, value in found.items():
        np.testing.assert_allclose(value.ravel(), solution[f"{parameter}_new3"].ravel(), rtol=1e-9, atol=1e-12)
    assert max(map(len, str(solution).splitlines())) <= 80


def test_the_smaller_batch_counts_for_less():
    x, y = toy(10)
    history, _ = trained(network(), x, y, eta=1e-9, epochs=1, batch_size=4, shuffle=False)
    whole, _ = trained(network(), x, y, eta=1e-9, iterations=1)
    assert history.steps == 3
    assert history.epochs[0]["loss"] == pytest.approx(whole.loss[0], rel=1e-6)
    assert np.mean(history.loss) != pytest.approx(whole.loss[0], rel=1e-6)


def test_a_weight_of_two_is_the_sample_twice_and_of_zero_none():
    x, y = toy(6)
    weights = np.array([2, 1, 0, 1, 1, 1])
    repeated = np.repeat(np.arange(6), weights)
    _, found = trained(network(), x, y, eta=0.5, iterations=10, sample_weight=weights)
    _, expected = trained(network(), x[repeated], y[repeated], eta=0.5, iterations=10)
    assert_same(found, expected)


def test_balanced_class_weights():
    x, y = toy(30)
    share = y.mean()
    _, found = trained(network(), x, y, iterations=5, class_weight="balanced")
    by_hand = np.where(y > 0.5, 0.5 / share, 0.5 / (1 - share)).ravel()
    _, expected = trained(network(), x, y, iterations=5, sample_weight=by_hand)
    assert_same(found, expected)


@pytest.mark.parametrize("name", [name for name in SCHEDULES if name != "one_cycle"])
def test_a_schedule_starts_at_the_rate_and_stays_between_zero_and_it(name):
    rates = np.broadcast_to(Schedule.of(name).rates(0.1, 0, 5000, 5000), (5000,))
    assert rates[0] == pytest.approx(0.1, rel=1e-3)
    assert (np.diff(rates) <= 1e-15).all() and (rates >= 0).all()
    pieces = [
        np.broadcast_to(Schedule.of(name).rates(0.1, start, 1000, 5000), (1000,)) for start in range(0, 5000, 1000)
    ]
    np.testing.assert_array_equal(np.concatenate(pieces), rates)


def test_schedules_are_those_of_optax():
    steps = np.arange(200)
    peers = {
        "cosine": optax.cosine_decay_schedule(0.1, 200),
        "linear": optax.linear_schedule(0.1, 0.0, 200),
        "exponential": optax.exponential_decay(0.1, 50, 0.5),
        "step": optax.exponential_decay(0.1, 50, 0.5, staircase=True),
        "one_cycle": optax.cosine_onecycle_schedule(200, 0.1),
    }
    for name, peer in peers.items():
        every = {"every": 50} if name in ("exponential", "step") else {}
        found = Schedule.of({"name": name, **every}).rates(0.1, 0, 200, 200)
        np.testing.assert_allclose(found, [float(peer(step)) for step in steps], rtol=1e-6, atol=1e-12)


# --- before the end --------------------------------------------------------------------------------------------------


def test_early_stopping_keeps_the_best():
    x, y = toy(60)
    net = network()
    history, _ = trained(net, x, y, eta=3.0, epochs=200, batch_size=8, validation=0.4, patience=5, optimizer="momentum")
    assert history.stopped == "early stopping"
    best = np.nanmin(history.column("validation_loss"))
    assert history.column("validation_loss")[-6] == best
    assert set(history.epochs[-1]) == {"step", "epoch", "loss", "validation_loss", "validation_accuracy"}


def test_a_callback_sees_every_epoch_and_can_stop():
    x, y = toy()
    seen = []
    history, _ = trained(
        network(), x, y, epochs=10, batch_size=8, callback=lambda row: seen.append(row["epoch"]) or len(seen) == 3
    )
    assert seen == [1, 2, 3] and history.stopped == "callback" and history.steps == 15


def test_ctrl_c_keeps_the_model_so_far():
    x, y = toy()
    net = network()

    def interrupt(row):
        if row["epoch"] == 3:
            raise KeyboardInterrupt

    history, found = trained(net, x, y, eta=0.5, epochs=10, batch_size=8, callback=interrupt)
    _, expected = trained(network(), x, y, eta=0.5, epochs=3, batch_size=8)
    assert history.stopped == "interrupted" and history.steps == 15
    assert_same(found, expected, 1e-12)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_loss_that_is_no_number_says_step_equation_and_cause(engine):
    x, y = toy()
    net = NeuralNetwork([Dense(6, "relu", inputs=2), Dense(1)], SquaredError())
    with pytest.raises(Diverged) as caught:
        trained(net, 100 * x, y, eta=10, iterations=50, engine=engine)
    text = str(caught.value)
    assert "after step 3" in text and "L = (1/2) * sum((a2 - y)^2)" in text and "smaller learning rate than 10" in text
    assert caught.value.run.done == 2 and caught.value.run.history.steps == 2
    assert all(np.isfinite(value).all() for value in net.parameters.values())


def test_a_sure_and_wrong_network_has_a_finite_loss():
    net = NeuralNetwork([Dense(weights=[[200.0, -200.0]], activation="softmax")], "cross_entropy")
    history, _ = trained(net, np.array([[10.0]]), np.array([[0.0, 1.0]]), eta=0.1, iterations=1, dtype="float32")
    assert history.loss[0] == 4000


RUN = """
    import sys, time
    import numpy as np
    from chalkwork.networks.layers import BatchNorm, Dense, Dropout
    from chalkwork.networks.network import NeuralNetwork
    from chalkwork.networks.settings import Settings
    from chalkwork.networks.training import train_network
    engine, file, wait = sys.argv[1], sys.argv[2], float(sys.argv[3])
    x = np.random.default_rng(0).normal(size=(50, 2))
    y = (x[:, :1] * x[:, 1:] > 0) * 1.0
    net = NeuralNetwork([Dense(6, "tanh", inputs=2), BatchNorm("relu"), Dropout(0.2), Dense(1, "sigmoid")],
                        "binary_cross_entropy")
    def slowly(row):
        print(int(row["epoch"]), flush=True)
        time.sleep(wait)
    history = train_network(net, x, y, Settings(
        eta=0.05, epochs=12, batch_size=16, optimizer="adam", schedule="cosine", validation=0.2, patience=50,
        engine=engine, checkpoint=file, checkpoint_every=0, callback=slowly, progress=False))
    values = {**net.parameters, **net.state, "loss": history.loss,
              "rows": np.array([[row[key] for key in sorted(row)] for row in history.epochs])}
    np.savez(sys.argv[4], **values)
"""


@pytest.mark.parametrize("engine", COMPARED)
def test_a_killed_run_goes_on_as_if_nothing_had_happened(engine, tmp_path, monkeypatch):
    program = tmp_path / "run.py"
    program.write_text(textwrap.dedent(RUN))

    def command(file, wait, out):
        return [sys.executable, str(program), engine, str(tmp_path / file), str(wait), str(tmp_path / out)]

    monkeypatch.setattr(sys, "argv", command("whole.run", 0, "whole.npz")[1:])
    runpy.run_path(str(program))
    generator = np.random.default_rng(1)
    for _ in range(3):
        killed = subprocess.Popen(command("killed.run", 0.05, "killed.npz"), stdout=subprocess.PIPE)
        killed.stdout.readline()
        time.sleep(generator.uniform(0, 0.15))
        os.kill(killed.pid, signal.SIGKILL)
        killed.wait()
        killed.stdout.close()
    assert (tmp_path / "killed.run").exists()
    subprocess.run(command("killed.run", 0, "killed.npz"), check=True, capture_output=True)
    whole, found = np.load(tmp_path / "whole.npz"), np.load(tmp_path / "killed.npz")
    assert set(whole) == set(found)
    for name in whole:
        np.testing.assert_array_equal(found[name], whole[name], err_msg=name)


def test_a_checkpoint_of_another_run_is_refused(tmp_path):
    x, y = toy()
    file = tmp_path / "run"
    trained(network(), x, y, iterations=3, checkpoint=file)
    again, _ = trained(network(), x, y, iterations=3, checkpoint=file)
    assert again.steps == 3
    with pytest.raises(ChalkworkError, match=r"of another run: its rate is 0\.01, but here 0\.02"):
        trained(network(), x, y, eta=0.02, iterations=3, checkpoint=file)
    with pytest.raises(ChalkworkError, match="not the same data"):
        trained(network(), x + 1, y, iterations=3, checkpoint=file)
    file.write_bytes(b"nothing of the kind")
    with pytest.raises(ChalkworkError, match="no safetensors file"):
        trained(network(), x, y, iterations=3, checkpoint=file)


# --- bad input -------------------------------------------------------------------------------------------------------

BAD = {
    "NaN": ({"x": np.full((4, 2), np.nan)}, r"x\[1,1\] is nan"),
    "text": ({"x": [["a", "b"]] * 4}, "x holds something that is no number"),
    "width": ({"x": np.ones((4, 3))}, "x is 4x3, but needs 2 columns"),
    "labels": ({"y": np.full((4, 1), 2.0)}, "between 0 and 1"),
    "samples": ({"y": np.ones((5, 1))}, "y holds 5 samples, but x holds 4"),
    "rate": ({"eta": -1}, "eta is a positive number"),
    "iterations": ({"iterations": 0}, "whole number from 1 on"),
    "both": ({"iterations": 3, "batch_size": 2}, "iterations take all samples at once"),
    "optimiser": ({"optimizer": "adma"}, "did you mean adam"),
    "schedule": ({"schedule": "cosin"}, "did you mean cosine"),
    "engine": ({"engine": "cuda"}, "the engines are"),
    "dtype": ({"dtype": "float16"}, "float32 or float64"),
    "patience": ({"patience": 3}, "needs validation data"),
    "validation": ({"validation": 1.5}, "a part between 0 and 1"),
    "weights": ({"sample_weight": [1, 2]}, "sample_weight has 2 entries, but there are 4"),
    "class weights": ({"class_weight": {1: 2.0}}, "says nothing of class 0"),
    "clip": ({"clip_norm": 0}, "clip_norm is a positive number"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_explained(name):
    changes, message = BAD[name]
    x, y = toy(4)
    data = {"x": x, "y": y} | {key: changes[key] for key in ("x", "y") if key in changes}
    settings = {key: value for key, value in changes.items() if key not in data}
    with pytest.raises(ChalkworkError, match=message):
        train_network(network(), data["x"], data["y"], Settings(**settings))


def test_the_last_batch_may_be_left_out():
    x, y = toy(10)
    history, _ = trained(network(), x, y, epochs=3, batch_size=4, drop_last=True)
    assert history.steps == 6
    assert [row["epoch"] for row in history.epochs] == [1, 2, 3]


def test_a_checkpoint_that_cannot_be_written_is_noticed_before_the_work(tmp_path):
    x, y = toy(4)
    seen = []
    (tmp_path / "file").write_text("")
    with pytest.raises(ChalkworkError, match="cannot be made"):
        trained(network(), x, y, epochs=3, batch_size=2, checkpoint=tmp_path / "file" / "run", callback=seen.append)
    assert not seen
