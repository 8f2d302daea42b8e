"""Every argument of every call against everything that it is not: a clear error or a documented meaning."""

import inspect

import numpy as np
import pytest

from chalkwork.errors import ChalkworkError
from chalkwork.networks.graph import Graph
from chalkwork.networks.layers import BatchNorm, Dense, Dropout
from chalkwork.networks.losses import SquaredError
from chalkwork.networks.network import NeuralNetwork
from chalkwork.networks.optimisers import Optimiser
from chalkwork.training.schedules import Schedule

X = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.5, 0.2]])
Y = np.array([[0.0], [1.0], [1.0], [0.0]])
MASKED = np.ma.array([0.1, 0.2, 0.3, 0.4], mask=[0, 1, 0, 0])
VALUES = {
    "None": None, "True": True, "False": False, "np.True_": np.True_, "NaN": float("nan"), "inf": float("inf"),
    "-inf": -float("inf"), "-1": -1, "-0.5": -0.5, "0": 0, "0.0": 0.0, "1.5": 1.5, "text": "no such thing",
    "empty text": "", "number as text": "0.1", "empty list": [], "list": [0.1, 0.2], "empty array": np.zeros(0),
    "empty matrix": np.zeros((0, 2)), "array": np.array([0.1, 0.2]), "NaN array": np.full((4, 2), np.nan),
    "masked array": MASKED, "masked matrix": np.ma.array(X, mask=X == 0.5), "complex": 1j, "object": object(),
    "dict": {"colour": 1}, "dict of NaN": {"name": float("nan")}, "set": {1}, "bytes": b"adam", "huge": 10**400,
    "function": len, "mixed": ["a", 1], "nested": [[[1.0]]], "type": int, "datetime": np.datetime64("2020-01-01"),
    "object array": np.array([None, 1], dtype=object), "0-d text": np.array("x"), "int64 min": -(2**63),
}  # fmt: skip
FLAG = {"True", "False", "np.True_"}
NONE = {"None"}
RATE = {"1.5"}
FREE = {"0", "0.0", "1.5"}
MEANT = {
    "train": {
        "eta": NONE | RATE, "iterations": NONE, "epochs": NONE, "batch_size": NONE, "shuffle": FLAG, "drop_last": FLAG,
        "seed": {"0"}, "optimizer": set(), "schedule": NONE | {"function"}, "clip_norm": NONE | RATE,
        "clip_value": NONE | RATE, "patience": NONE, "least_change": FREE,
        "sample_weight": NONE, "class_weight": NONE, "validation": NONE | {"function"},
        "callback": NONE | {"type", "function", "empty list"}, "evaluate_every": NONE, "dtype": set(), "engine": set(),
        "progress": FLAG | NONE, "checkpoint": NONE | {"text", "number as text"}, "checkpoint_every": FREE,
        "spread": set(), "x": set(), "y": set(), "verbose": FLAG | {"0"},
        "metrics": NONE | {"function", "type", "empty list"}, "optimizer_state": NONE, "other": set(),
        "data": NONE | {"function"}, "steps_per_epoch": NONE, "classes": NONE,
    },
    "solve": {
        "x": {"list", "array"}, "y": NONE | {"True", "False", "np.True_", "0", "0.0"},
        "learning_rate": NONE | RATE, "steps": set(), "long_way": FLAG, "predict": FLAG | NONE,
        "training": FLAG | NONE, "masks": NONE,
        "sample_weight": NONE | {"True", "np.True_", "0", "0.0", "1.5", "False"},
        "optimizer": set(),
    },
    "network": {
        "layers": set(), "loss": set(), "samples": set(), "weights": set(), "seed": NONE | {"0"}, "inputs": NONE,
        "l1": FREE, "l2": FREE,
    },
    "Dense": {
        "units": set(), "activation": set(), "weights": NONE | {"-1", "-0.5", "0", "0.0", "1.5", "int64 min"},
        "bias": FLAG | {"-1", "-0.5", "0", "0.0", "1.5", "int64 min", "list", "array"}, "inputs": NONE,
        "initializer": set(),
    },
    "Dropout": {"rate": {"0", "0.0"}},
    "BatchNorm": {
        "activation": set(), "momentum": {"0", "0.0"}, "epsilon": FREE, "variance": set(), "running_variance": set(),
        "gamma": NONE | {"-1", "-0.5", "0", "0.0", "1.5", "int64 min", "list", "array"},
        "beta": NONE | {"-1", "-0.5", "0", "0.0", "1.5", "int64 min", "list", "array"}, "inputs": NONE,
    },
}  # fmt: skip
"""What each argument does mean; anything else is refused."""
FUNCTIONS = {"callback", "data", "metrics", "schedule", "validation"}
"""Arguments that may be a function, whose errors are its own."""
STYLE = {"notation", "decimals", "significant", "rounding", "detail", "language"}
"""Arguments of `solve` that are those of `Style.of`, which has tests of its own."""


def network(**more):
    return NeuralNetwork([Dense(2, "tanh"), Dense(1, "sigmoid")], "binary_cross_entropy", inputs=2, **more)


def train(tmp_path, **given):
    settings = {"x": X, "y": Y, "engine": "numpy", "progress": False, **given}
    if given.keys() & {"steps_per_epoch", "classes"}:
        settings |= {"data": [(X, Y)]} | given
    if settings.get("data") is not None:
        settings |= {"x": None, "y": None}
    settings |= {"validation": (X, Y)} if "patience" in given and given["patience"] is not None else {}
    return network().train(**settings)


def solve(tmp_path, **given):
    rated = given.keys() & {"optimizer", "steps"}
    return network().solve(**{"x": X[0], "y": Y[0], **({"learning_rate": 0.1} if rated else {}), **given})


CALLS = {
    "train": train,
    "solve": solve,
    "network": lambda tmp_path, **given: NeuralNetwork(**{"layers": [Dense(2)], **given}),
    "Dense": lambda tmp_path, **given: NeuralNetwork([Dense(**{"units": 2, "inputs": 2, **given})]),
    "Dropout": lambda tmp_path, **given: NeuralNetwork([Dense(2), Dropout(**given)], inputs=2),
    "BatchNorm": lambda tmp_path, **given: NeuralNetwork([Dense(2), BatchNorm(**given)], inputs=2),
}


@pytest.mark.filterwarnings("ignore:the training diverged")
@pytest.mark.parametrize(("call", "name"), [(call, name) for call, names in MEANT.items() for name in names])
def test_an_argument_means_something_or_is_refused(call, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    accepted, strange = set(), {}
    for words, value in VALUES.items():
        try:
            CALLS[call](tmp_path, **{name: value})
            accepted.add(words)
        except ChalkworkError as error:
            assert len(str(error)) < 500 and "\n" not in str(error), words
        except Exception as error:  # all others are ours to prevent
            if not (call == "train" and name in FUNCTIONS and words in MEANT["train"][name]):
                strange[words] = repr(error)[:100]
            else:
                accepted.add(words)
    assert not strange
    assert accepted - {"int64 min"} <= MEANT[call][name]
    assert MEANT[call][name] - accepted <= {"int64 min", "type", "function"}


@pytest.mark.parametrize("call", MEANT)
def test_every_argument_is_tried(call):
    made = {"train": NeuralNetwork.train, "solve": NeuralNetwork.solve, "network": NeuralNetwork,
            "Dense": Dense, "Dropout": Dropout, "BatchNorm": BatchNorm}[call]  # fmt: skip
    names = set(inspect.signature(made).parameters) - {"self"} - (STYLE if call == "solve" else set())
    assert names == set(MEANT[call])


WEIGHTS = {
    "negative": {0: -1.0, 1: 1.0}, "NaN": {0: float("nan"), 1: 1.0}, "inf": {0: float("inf"), 1: 1.0},
    "all zeros": {0: 0.0, 1: 0.0}, "an unknown class": {0: 1.0, 1: 1.0, 2: 5.0}, "a class missing": {1: 1.0},
    "truth values": {False: 1.0, True: 2.0}, "a weight True": {0: 1.0, 1: True}, "a text": {0: 1.0, 1: "2"},
    "texts as classes": {"0": 1.0, "1": 2.0}, "empty": {}, "a list": [1.0, 2.0], "an array": np.array([1.0, 2.0]),
    "a word": "even", "a class None": {None: 1.0, 0: 1.0, 1: 1.0},
}  # fmt: skip


@pytest.mark.parametrize("name", WEIGHTS)
def test_class_weights_that_are_none(name):
    with pytest.raises(ChalkworkError, match="weight"):
        network().train(X, Y, class_weight=WEIGHTS[name], iterations=1)
    sklearn = pytest.importorskip("chalkwork.sklearn")
    if name in ("truth values", "a class missing", "empty"):  # which scikit-learn takes for 0 and 1, and for 1
        return
    with pytest.raises(ValueError, match="weight"):
        sklearn.NeuralNetworkClassifier(max_epochs=1, class_weight=WEIGHTS[name]).fit(X, Y.ravel().astype(int))


def test_class_weights_need_classes():
    with pytest.raises(ChalkworkError, match="class_weight is for classes, but the outputs are identity"):
        NeuralNetwork([Dense(1)], inputs=2).train(X, Y, class_weight="balanced")


SETTINGS = {
    "optimizer": [{}, {"name": None}, {"name": "adam", "mu": 1}, {"name": "adam", "beta1": 1}, {"name": "adam", 1: 2},
                  {"name": "adam", "epsilon": float("nan")}, {"name": "adam", "beta1": True},
                  {"name": "adam", "beta1": "x"},
                  {"name": []}, {"name": "adam", "beta1": np.array([0.1, 0.2])}],
    "schedule": [{"name": []}, {"name": "cosine", "end": True}, {"name": "cosine", "warmup": 2.5},
                 {"name": "cosine", "warmup": -1}, {"name": "step", "every": 0},
                 {"name": "step", "factor": float("nan")},
                 {"name": "step", "factor": np.array([1, 2])}, {"name": "step", 3: 4}],
    "validation": [(X,), (X, Y, Y, Y), (X, Y[:2]), (X, None), (None, Y), 1.0, 0, 1e-12 - 1, (X, Y, [-1, 1, 1, 1])],
    "sample_weight": [np.zeros(4), -np.ones(4), np.ones(3), [1, 2, float("nan"), 1], [True, "a", 1, 1]],
}  # fmt: skip


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in SETTINGS.items() for value in values])
def test_settings_of_settings(name, value):
    with pytest.raises(ChalkworkError):
        network().train(X, Y, iterations=1, **{name: value})


@pytest.mark.parametrize("number", [np.float32(0.5), np.float64(0.5)])
def test_numbers_of_numpy_are_numbers(number):
    network().train(X, Y, number, clip_norm=number, validation=number, least_change=number, iterations=np.int64(2))
    network().solve(X[0], Y[0], number, np.int64(2), predict=np.True_)
    assert Optimiser.of({"name": "adam", "beta1": number}).constants[0] == ("rho1", 0.5)
    assert Schedule.of({"name": "step", "factor": number, "every": np.int64(3)}).keywords == (
        ("every", 3.0),
        ("factor", 0.5),
    )
    Dense(np.int32(2), weights=number, bias=number)


def test_what_would_be_ignored_is_refused():
    for given, words in (
        ({"steps": 2}, "steps is of use only with a learning_rate"),
        ({"optimizer": "adam"}, "optimizer is of use only with a learning_rate"),
        ({"y": None, "long_way": True}, "long_way is of use only with a target"),
        ({"y": None, "learning_rate": 0.1}, "an update needs a target"),
    ):
        with pytest.raises(ChalkworkError, match=words):
            solve(None, **given) if "y" in given else network().solve(X[0], Y[0], **given)
    with pytest.raises(ChalkworkError, match="identity, which gives no class"):
        NeuralNetwork([Dense(2)], SquaredError()).solve([1, 2], predict=True)
    with pytest.raises(ChalkworkError, match="iterations take all samples at once"):
        network().train(X, Y, iterations=3, batch_size=2)


def test_an_output_beyond_all_floats_is_refused():
    net = NeuralNetwork(
        [Dense(2, "relu", weights=1e200), Dense(2, "softmax", weights=1e200)], "cross_entropy", inputs=2
    )
    for call in (net.output, net.predict):
        with pytest.raises(ChalkworkError, match="not finite"):
            call([[1e5, 1.0]])


ESTIMATOR = {
    "hidden_layers": {"empty list", "empty array"}, "activation": set(), "output_activation": set(), "loss": set(),
    "optimizer": set(), "learning_rate": RATE, "schedule": NONE | {"function"}, "max_epochs": set(),
    "batch_size": {"huge"},
    "shuffle": FLAG, "l1": FREE, "l2": FREE, "dropout": {"0", "0.0"}, "batch_norm": FLAG, "initializer": set(),
    "early_stopping": FLAG, "validation_fraction": set(), "patience": set(), "tol": NONE | FREE,
    "clip_norm": NONE | RATE, "class_weight": NONE, "dtype": set(), "engine": set(),
    "random_state": NONE | {"0", "True", "False"}, "warm_start": FLAG, "verbose": FLAG | {"0"},
}  # fmt: skip
OF_USE = {"validation_fraction": {"early_stopping": True}, "patience": {"early_stopping": True}}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ESTIMATOR)
def test_a_parameter_of_an_estimator_means_something_or_is_refused(name):
    sklearn = pytest.importorskip("chalkwork.sklearn")
    x, y = np.tile(X, (5, 1)), np.tile([0, 1, 1, 0], 5)
    accepted, strange = set(), {}
    for words, value in VALUES.items():
        quick = {"hidden_layers": (2,), "max_epochs": 1, "engine": "numpy", **OF_USE.get(name, {})}
        try:
            sklearn.NeuralNetworkClassifier(**{**quick, name: value}).fit(x, y)
            accepted.add(words)
        except ChalkworkError:
            pass
        except ValueError as error:  # of scikit-learn, in its own words
            assert name == "random_state", (words, error)
        except Exception as error:
            if words == "function" and name in FUNCTIONS:
                accepted.add(words)
            else:
                strange[words] = repr(error)[:100]
    assert not strange
    assert accepted == ESTIMATOR[name]


def test_every_parameter_of_an_estimator_is_tried():
    sklearn = pytest.importorskip("chalkwork.sklearn")
    assert set(sklearn.NeuralNetworkClassifier().get_params()) == set(ESTIMATOR)


CLASSES = np.array([0, 1, 1, 0])
LEARNT = {"iterations": 1, "engine": "numpy", "progress": False}
SOLVED = network().solve(X[0], Y[0], learning_rate=0.1)
ARRAYS = {
    "x of train": (X, lambda x: network().train(x, Y, **LEARNT).loss),
    "y of train": (Y, lambda y: network().train(X, y, **LEARNT).loss),
    "labels": (CLASSES, lambda y: network().train(X, y, **LEARNT).loss),
    "labels as texts": (np.array(list("abba")), lambda y: network().train(X, y, **LEARNT).loss),
    "sample_weight": (np.ones(4), lambda w: network().train(X, Y, sample_weight=w, **LEARNT).loss),
    "x of validation": (X, lambda x: network().train(X, Y, validation=(x, Y), **LEARNT).loss),
    "y of validation": (Y, lambda y: network().train(X, Y, validation=(X, y), **LEARNT).loss),
    "x of solve": (X[0], lambda x: network().solve(x, Y[0])["L"]),
    "y of solve": (Y[0], lambda y: network().solve(X[0], y)["L"]),
    "x of predict": (X, lambda x: network().predict(x)),
    "weights": (X[:2], lambda w: NeuralNetwork([Dense(weights=w)], inputs=2).solve(X[0], X[1])["L"]),
    "bias": (X[0], lambda b: NeuralNetwork([Dense(weights=X[:2], bias=b)], inputs=2).solve(X[0], X[1])["L"]),
    "given of a graph": (X[0], lambda x: Graph("L = sum(x^2)").solve(x=x)["L"]),
    "answer": (np.array(SOLVED["z1"]), lambda z: str(SOLVED.check({"z1": z}))),
}  # fmt: skip


@pytest.mark.parametrize("name", ARRAYS)
def test_a_masked_array_is_an_array_unless_entries_are_masked(name):
    array, call = ARRAYS[name]
    expected = call(array)
    mask = np.zeros(array.shape, bool)
    mask[..., -1] = True
    whole, masked = np.ma.array(array, mask=False), np.ma.array(array, mask=mask)
    for given in (whole, [*whole]):
        np.testing.assert_array_equal(call(given), expected)
    for given in (masked, [*masked]):
        try:
            said = str(call(given))
        except ChalkworkError as error:
            said = str(error)
        assert "masked entr" in " ".join(said.split())


def test_masked_weights_of_classes_and_masked_numbers_are_refused():
    for given in (np.ma.array([1.0, 2.0]), {0: np.ma.masked, 1: 2.0}):
        with pytest.raises(ChalkworkError, match="class_weight"):
            network().train(X, Y, class_weight=given, **LEARNT)
    with pytest.raises(ChalkworkError, match="eta is a positive number, not masked"):
        network().train(X, Y, eta=np.ma.masked)
