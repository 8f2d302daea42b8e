"""Labels of many classes: no matrix of all targets, and the same numbers as with one."""

import numpy as np
import pytest

from chalkwork.networks import labels
from chalkwork.networks.layers import Dense, Dropout
from chalkwork.networks.network import NeuralNetwork
from chalkwork.networks.settings import Settings
from chalkwork.networks.training_data import samples_of

GENERATOR = np.random.default_rng(7)
X = GENERATOR.normal(size=(90, 3))
CLASSES = 70
NAMES = GENERATOR.permutation(np.arange(90) % CLASSES)
USUAL = {"eta": 0.3, "epochs": 3, "batch_size": 16, "progress": False, "dtype": "float64", "engine": "numpy"}
WEIGHT = GENERATOR.random(90)


def network(samples="rows", loss="cross_entropy", **more):
    layers = [Dense(5, "tanh"), Dropout(0.2), Dense(CLASSES, "softmax")]
    return NeuralNetwork(layers, loss, inputs=3, samples=samples, **more)


def trained(x, y, samples="rows", loss="cross_entropy", held_out=False, **more):
    x = x.T if samples == "columns" else x
    net = network(samples, loss, l2=0.01)
    if held_out:
        more["validation"] = (x, y)
    return net, net.train(x, y, **{**USUAL, **more})


CASES = [
    {"held_out": True, "metrics": ["accuracy", "f1"], "class_weight": {n: 1 + n % 3 for n in range(CLASSES)}},
    {"samples": "columns", "held_out": True, "metrics": ["mse"], "optimizer": "adam", "sample_weight": WEIGHT},
    {"validation": 0.3, "patience": 2, "class_weight": "balanced"},
    {"engine": "reference", "loss": {"name": "smoothed_cross_entropy", "smoothing": 0.2}, "samples": "columns"},
    {"loss": "kl_divergence", "validation": 0.2, "sample_weight": WEIGHT},
    {"loss": {"name": "cross_entropy", "reduction": "sum"}, "eta": 0.01, "held_out": True, "clip_norm": 1.0},
    {"dtype": "float32", "validation": 0.2, "batch_size": 90, "loss": {"name": "focal", "gamma": 1.5}},
    {"engine": "jax", "validation": 0.2, "samples": "columns", "sample_weight": WEIGHT, "epochs": 2},
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(case))
def test_the_numbers_are_those_of_targets(case, monkeypatch):
    net, history = trained(X, NAMES, **case)
    monkeypatch.setattr("chalkwork.networks.training_data.MANY", CLASSES)
    other, with_targets = trained(X, NAMES, **case)
    near = {"rtol": 1e-6, "atol": 1e-7} if case.get("dtype") == "float32" else {"rtol": 1e-13, "atol": 1e-15}
    np.testing.assert_allclose(history.loss, with_targets.loss, **near)
    for name, value in net.parameters.items():
        np.testing.assert_allclose(value, other.parameters[name], **near)
    assert [row.keys() for row in history.epochs] == [row.keys() for row in with_targets.epochs]
    for mine, theirs in zip(history.epochs, with_targets.epochs, strict=True):
        assert mine == pytest.approx(theirs, rel=near["rtol"], abs=1e-14)
    if case.get("engine", "numpy") != "jax":
        np.testing.assert_array_equal(history.loss, with_targets.loss)


def test_samples_hold_numbers_and_blocks_of_them_targets():
    data, held_out, names = samples_of(network(), X, NAMES, Settings(validation=0.5))
    assert data.y.shape == (45, 1)
    assert held_out.named.keys() == {"x", "k"}
    assert names.values.tolist() == list(range(CLASSES))
    np.testing.assert_array_equal(data.block(10, 20, -2).y, np.eye(CLASSES)[data.y[10:20, 0].astype(int) - 1])
    whole, _, _ = samples_of(network("columns"), X.T, NAMES, Settings())
    assert whole.y.shape == (1, 90)
    np.testing.assert_array_equal(whole.spelled(-1).y, np.eye(CLASSES)[NAMES].T)
    assert CLASSES > labels.MANY


def test_measures_in_small_blocks(monkeypatch):
    for samples in ("rows", "columns"):
        net, _ = trained(X, NAMES, samples)
        x = X.T if samples == "columns" else X
        found, classes = net.evaluate(x, NAMES, metrics="f1", sample_weight=WEIGHT), net.predict(x)
        with monkeypatch.context() as changed:
            changed.setattr("chalkwork.networks.measuring.ENTRIES", 7 * CLASSES)
            assert net.evaluate(x, NAMES, metrics="f1", sample_weight=WEIGHT) == pytest.approx(found, rel=1e-13)
            np.testing.assert_array_equal(net.predict(x), classes)
        targets = np.eye(CLASSES)[NAMES]
        hot = net.evaluate(x, targets.T if samples == "columns" else targets, sample_weight=WEIGHT)
        assert hot == pytest.approx({name: found[name] for name in hot}, rel=1e-13)


def test_a_run_goes_on_from_its_file(tmp_path):
    whole, _ = trained(X, NAMES)
    file = tmp_path / "run.safetensors"
    trained(X, NAMES, epochs=2, checkpoint=file)
    net, history = trained(X, NAMES, checkpoint=file)
    assert history.resumed == 12
    np.testing.assert_array_equal(net.parameters["W3"], whole.parameters["W3"])
    with pytest.raises(Exception, match="not the same data"):
        trained(X, NAMES[::-1], checkpoint=file)
