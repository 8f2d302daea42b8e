"""Labels go into `train` and come out of `predict`; what could be two things is refused."""

import numpy as np
import pytest

from chalkwork.errors import ChalkworkError
from chalkwork.exchange import load_model, save_model
from chalkwork.exchange.architecture import Architecture, architecture_of
from chalkwork.exchange.pytorch import from_torch, torch_state
from chalkwork.networks.layers import Dense
from chalkwork.networks.network import NeuralNetwork

GENERATOR = np.random.default_rng(1)
PLACES = np.repeat([0, 1, 2], 20)
X = np.array([[0.0, 2.0], [2.0, -1.0], [-2.0, -1.0]])[PLACES] + GENERATOR.normal(size=(60, 2)) * 0.3
TWO = PLACES[:40]
LABELS = {
    "integers from 0": [0, 1, 2],
    "integers from 1": [1, 2, 3],
    "any integers": [-5, 7, 100],
    "texts": ["ant", "bee", "cat"],
    "whole floats": [0.0, 1.0, 2.0],
    "Unicode": ["Ä", "ß", "字"],
}
PAIRS = {
    "integers from 0": [0, 1],
    "integers from 1": [1, 2],
    "minus and plus one": [-1, 1],
    "truth values": [False, True],
    "texts": ["no", "yes"],
}


def several(last="softmax", loss="cross_entropy", **more):
    return NeuralNetwork([Dense(8, "tanh"), Dense(3, last)], loss, inputs=2, **more)


def single(last="sigmoid", loss="binary_cross_entropy", **more):
    return NeuralNetwork([Dense(8, "tanh"), Dense(1, last)], loss, inputs=2, **more)


@pytest.mark.parametrize("samples", ["rows", "columns"])
@pytest.mark.parametrize("kind", ["list", "array", "column"])
@pytest.mark.parametrize("name", LABELS)
def test_predict_gives_back_the_labels(name, kind, samples):
    given = np.array(LABELS[name])[PLACES]
    y = {"list": given.tolist(), "array": given, "column": given.reshape(-1, 1)}[kind]
    x = X.T if samples == "columns" else X
    net = several(samples=samples)
    history = net.train(x, y, eta=0.5, iterations=300, validation=(x, y))
    assert net.predict(x).tolist() == given.tolist()
    assert history.epochs[-1]["validation_accuracy"] == 1
    targets = several(samples=samples)
    hot = np.eye(3)[PLACES]
    targets.train(x, hot.T if samples == "columns" else hot, eta=0.5, iterations=300)
    np.testing.assert_array_equal(net.parameters["W1"], targets.parameters["W1"])
    assert targets.predict(x).tolist() == PLACES.tolist()  # without labels: counted from 0


@pytest.mark.parametrize(("last", "loss"), [("sigmoid", "binary_cross_entropy"), ("sigmoid", "mean_squared_error"),
                                            ("tanh", "mean_squared_error")])  # fmt: skip
@pytest.mark.parametrize("name", PAIRS)
def test_a_single_output_gives_back_the_labels(name, last, loss):
    y = np.array(PAIRS[name])[TWO]
    net = single(last, loss)
    history = net.train(X[:40], y, eta=0.5, iterations=300, validation=(X[:40], y))
    assert net.predict(X[:40]).tolist() == y.tolist()
    assert history.epochs[-1]["validation_accuracy"] == 1
    again = net.train(X[:20], y[:20], eta=1e-9, iterations=1)  # one class alone, of those that are known
    assert again.loss[0] < 0.5 and net.predict(X[:40]).tolist() == y.tolist()


def test_labels_are_what_scikit_learn_gives_back():
    sklearn = pytest.importorskip("sklearn.preprocessing")
    for name in LABELS:
        y = np.array(LABELS[name])[PLACES]
        net = several()
        net.train(X, y, iterations=1)
        coder = sklearn.LabelBinarizer().fit(y)
        np.testing.assert_array_equal(net.labels.values, coder.classes_)
        np.testing.assert_array_equal(net.labels.targets(y, 3, net.convention), coder.transform(y))


def test_class_weights_go_by_label():
    y = np.array(["ant", "bee", "cat"])[PLACES]
    by_label, by_sample = several(), several()
    by_label.train(X, y, iterations=5, class_weight={"ant": 3.0, "bee": 1.0, "cat": 0.0})
    by_sample.train(X, y, iterations=5, sample_weight=np.array([3.0, 1.0, 0.0])[PLACES])
    np.testing.assert_allclose(by_label.parameters["W1"], by_sample.parameters["W1"], rtol=1e-12)
    counted = several()
    counted.train(X, np.eye(3)[PLACES], iterations=5, class_weight={0: 3.0, 1: 1.0, 2: 0.0})
    np.testing.assert_allclose(counted.parameters["W1"], by_sample.parameters["W1"], rtol=1e-12)
    single().train(X[:40], np.array(["no", "yes"])[TWO], iterations=5, class_weight={"no": 1, "yes": 2})


def test_labels_travel_with_the_network(tmp_path):
    for number, net in enumerate((several(), single(), single("tanh", "mean_squared_error"))):
        y = np.array(["ant", "bee", "cat"])[PLACES] if not number else np.array([False, True])[TWO]
        x = X[: len(y)]
        net.train(x, y, eta=0.5, iterations=100)
        save_model(net, tmp_path / "net")
        others = [load_model(tmp_path / "net"), from_torch(torch_state(net), net), net.after(net.solve(x[0]))]
        for other in others:
            assert other.predict(x).tolist() == y.tolist()
            assert other.predict(x).dtype == net.predict(x).dtype


def test_labels_known_in_a_callback():
    net, seen = several(), []
    y = np.array(["ant", "bee", "cat"])[PLACES]
    net.train(X, y, eta=0.5, iterations=100, callback=lambda row: seen.append(np.mean(net.predict(X) == y)))
    assert seen[-1] == 1


def test_not_all_counts_need_to_occur_and_those_that_are_known_stay():
    net = several()
    net.train(X, np.where(PLACES == 1, 2, PLACES), eta=0.5, iterations=100)
    assert set(net.predict(X).tolist()) == {0, 2}
    net = several()
    net.train(X, np.array(["ant", "bee", "cat"])[PLACES], iterations=10)
    net.train(X[:20], ["cat"] * 20, eta=0.5, iterations=200)
    assert set(net.predict(X[:20]).tolist()) == {"cat"}


TARGETS = {
    "probabilities": (single(), np.linspace(0, 1, 60)),
    "zeros": (single(), np.zeros(60)),
    "numbers of a regression": (NeuralNetwork([Dense(1)], "mean_squared_error", inputs=2), PLACES),
    "two numbers of a regression": (NeuralNetwork([Dense(1)], "mean_squared_error", inputs=2), PLACES > 0),
    "a matrix": (several(), np.eye(3)[PLACES]),
}


@pytest.mark.parametrize("name", TARGETS)
def test_targets_are_no_labels(name):
    net, y = TARGETS[name]
    net.train(X, y, eta=1e-6, iterations=1)
    assert net.labels is None


REFUSED = {
    "too many": (several, np.arange(60) % 4, "has 3 outputs, but y names 4 classes: 0, 1, 2, 3.*needs 4 units"),
    "too few texts": (several, ["a", "b"] * 30, "has 3 outputs, but y names 2 classes: 'a', 'b'.*matrix"),
    "from 0 or from 1": (several, PLACES.clip(1, 2), "has 3 outputs, but y names 2 classes: 1, 2.*cannot be told"),
    "texts and numbers": (several, ["a", 1, 2] * 20, "texts and numbers side by side"),
    "fractions": (several, PLACES + 0.5, "y has 60 entries, but the network has 3 outputs"),
    "texts for a regression": (
        lambda: NeuralNetwork([Dense(1)], inputs=2), ["a", "b"] * 30, "outputs are identity, which tells no classes"),
    "numbers as texts": (lambda: NeuralNetwork([Dense(1)], inputs=2), ["1.5", "2.5"] * 30, "tells no classes apart"),
    "three for one output": (single, ["a", "b", "c"] * 20, "tells two classes apart, but y names 3"),
    "three numbers for one output": (single, PLACES, "between 0 and 1"),
    "one text": (single, ["a"] * 60, "tells two classes apart, but y names 1"),
    "another number of samples": (several, ["a", "b", "c"], "y holds 3 labels, but x holds 60 samples"),
    "several tanh": (lambda: several("tanh", "squared_error"), ["a", "b", "c"] * 20, "tells no classes apart"),
    "masked": (several, np.ma.array(PLACES, mask=PLACES == 2), "y has 20 masked entries"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_could_be_two_things_is_refused(name):
    make, y, message = REFUSED[name]
    net = make()
    before = net.parameters["W1"].copy()
    with pytest.raises(ChalkworkError, match=message):
        net.train(X, y)
    assert net.labels is None
    np.testing.assert_array_equal(net.parameters["W1"], before)


def test_labels_of_another_training_are_refused():
    net = several()
    net.train(X, np.array(["ant", "bee", "cat"])[PLACES], iterations=1)
    with pytest.raises(ChalkworkError, match="y holds 'dog', but the classes are 'ant', 'bee', 'cat'"):
        net.train(X, np.array(["ant", "bee", "dog"])[PLACES], iterations=1)
    with pytest.raises(ChalkworkError, match="y holds 'dog'"):
        net.train(X, np.array(["ant", "bee", "cat"])[PLACES], validation=(X[:1], ["dog"]))
    with pytest.raises(ChalkworkError, match="y holds 'dog'"):
        several().train(X, np.array(["ant", "bee", "cat"])[PLACES], validation=(X[:1], ["dog"]))


def test_the_board_counts_outputs_from_one_and_says_so():
    net = several()
    net.train(X, PLACES, eta=0.5, iterations=300)
    solution = net.solve(X[0])
    assert net.predict(X[:1]).tolist() == [0] and float(solution["class"]) == 1
    assert "counted from 1" in str(solution)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"values": ["a", "b"]}, "name 3 classes"),
        ({"values": ["a", "b", 3]}, "name 3 classes"),
        ({"values": ["a", "b", None]}, "name 3 classes"),
        ({"values": [0.5, 1.5, 2.5]}, "name 3 classes"),
        ({"values": ["a", "c", "b"]}, "not in order"),
        ({"values": ["a", "b", "b"]}, "not in order"),
        ({"values": [0, 1, 2**70]}, "64 bits"),
        ({"codes": [0, 0]}, "codes of the labels"),
        ({"codes": [0, 7]}, "codes of the labels"),
        ({"codes": "01"}, "labels.codes: expected a list, found '01'"),
        ({"colour": 1}, "unknown key 'colour'"),
        (None, "labels: expected a mapping or nothing, found 3"),
    ],
)
def test_labels_of_a_file_that_are_none(change, message):
    net = several()
    net.train(X, PLACES, iterations=1)
    data = architecture_of(net)
    data["labels"] = 3 if change is None else data["labels"] | change
    with pytest.raises(ChalkworkError, match=message):
        Architecture.of(data)
