"""Labels of many classes without a matrix of all targets, data on the disk, and the search for a rate."""

import numpy as np
import pytest

from chalkwork.errors import ChalkworkError
from chalkwork.inside import Rates, find_rate, plot_rates
from chalkwork.networks import labels
from chalkwork.networks.layers import Dense, Dropout
from chalkwork.networks.network import NeuralNetwork
from chalkwork.networks.settings import Settings
from chalkwork.networks.training_data import samples_of
from chalkwork.sklearn import NeuralNetworkClassifier
from chalkwork.training.engines.blas import BlasEngine

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


def test_the_estimator_has_no_matrix_of_targets(monkeypatch):
    names = np.array([f"class {number:02}" for number in range(90)])[NAMES]
    x, y = np.repeat(X, 3, 0), np.repeat(names, 3)

    def fitted():
        usual = {"max_epochs": 4, "tol": None, "engine": "numpy", "random_state": 2, "learning_rate": 0.1}
        stopped = NeuralNetworkClassifier((8,), early_stopping=True, validation_fraction=0.3, **usual).fit(x, y)
        return stopped, NeuralNetworkClassifier((8,), **usual).fit(x, y).partial_fit(x[30:39], y[30:39])

    mine = fitted()
    monkeypatch.setattr("chalkwork.sklearn.classifier.MANY", CLASSES)
    for one, other in zip(mine, fitted(), strict=True):
        assert (one.network_.labels is None, other.network_.labels is None) == (False, True)
        np.testing.assert_array_equal(one.network_.parameters["W2"], other.network_.parameters["W2"])
        np.testing.assert_array_equal(one.predict(x), other.predict(x))


# --- data on the disk ------------------------------------------------------------------------------------------------


def test_a_memory_map_is_taken_as_it_lies(tmp_path):
    np.save(tmp_path / "x.npy", X.astype(np.float32))
    x = np.load(tmp_path / "x.npy", mmap_mode="r")
    data, _, _ = samples_of(network(), x, NAMES, Settings())
    assert np.shares_memory(data.x, x)
    assert np.shares_memory(BlasEngine("float32").data(data.named)["x"], x)
    nets = [network(), network()]
    for net, given in zip(nets, (x, X.astype(np.float32)), strict=True):
        net.train(given, NAMES, **{**USUAL, "dtype": "float32"}, validation=(given, NAMES))
    np.testing.assert_array_equal(*(net.parameters["W1"] for net in nets))


# --- the rate --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("samples", ["rows", "columns"])
def test_a_rate_is_found_and_the_network_left_as_it_is(samples):
    x, y = GENERATOR.normal(size=(400, 3)), GENERATOR.normal(size=(3, 2))
    target = np.tanh(x @ y)
    net = NeuralNetwork([Dense(6, "tanh"), Dense(2)], "mean_squared_error", inputs=3, samples=samples, seed=1)
    both = (x, target) if samples == "rows" else (x.T, target.T)
    before = {name: value.copy() for name, value in net.parameters.items()}
    found = find_rate(net, *both, steps=60, batch_size=16, engine="numpy", highest=1000)
    assert found.rates[0] == pytest.approx(1e-5)
    np.testing.assert_allclose(found.rates[1:] / found.rates[:-1], found.rates[1] / found.rates[0])
    assert len(found.loss) <= 75
    assert 1e-3 < found.suggested < 3
    for name, value in net.parameters.items():
        np.testing.assert_array_equal(value, before[name])
    lines = plot_rates(found).axes[0].get_lines()
    np.testing.assert_array_equal(lines[0].get_ydata(), found.loss)
    assert lines[2].get_xdata()[0] == found.suggested


def test_rates_of_few_samples_of_labels_and_of_nothing_to_learn():
    whole = find_rate(network(), X, NAMES, steps=20, batch_size=16, engine="numpy")
    assert len(whole.loss) == 20
    few = find_rate(network(), X, NAMES, steps=10, batch_size=4, highest=0.1, engine="numpy")
    assert few.rates[-1] == pytest.approx(0.1)
    one = NeuralNetwork([Dense(1, "sigmoid", inputs=3)], "binary_cross_entropy")
    assert len(find_rate(one, X, np.where(NAMES > 20, "b", "a"), steps=10, batch_size=1, engine="numpy").loss) == 10
    risen = Rates(np.logspace(-3, 0, 30), np.linspace(1, 2, 30))
    assert "none suggested" in repr(risen)
    with pytest.raises(ChalkworkError, match="does not fall"):
        _ = risen.suggested
    assert len(plot_rates(risen).axes[0].get_lines()) == 2
    with pytest.raises(ChalkworkError, match="highest is larger than lowest"):
        find_rate(one, X, NAMES % 2, lowest=1, highest=0.1)
