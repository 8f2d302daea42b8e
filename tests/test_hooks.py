"""What stands around a run: callbacks and what they may do, metrics, loggers, rates that change, state that goes on."""

import csv

import numpy as np
import pytest
from sklearn import metrics as theirs

from chalkwork.errors import ChalkworkError
from chalkwork.networks.layers import BatchNorm, Dense
from chalkwork.networks.measuring import BLOCK
from chalkwork.networks.metrics import METRICS
from chalkwork.networks.moments import CSVLogger
from chalkwork.networks.network import NeuralNetwork

GENERATOR = np.random.default_rng(3)
X = GENERATOR.normal(size=(60, 3))
Y = np.array(["c", "a", "b"])[(X[:, 0] > 0.3).astype(int) + (X[:, 1] > 0)]
HELD_OUT = (GENERATOR.normal(size=(20, 3)), np.tile(["a", "b", "c", "a"], 5))
USUAL = {"eta": 0.1, "epochs": 4, "batch_size": 16, "progress": False, "engine": "numpy"}


def network(samples="rows", seed=0, **more):
    return NeuralNetwork(
        [Dense(4), BatchNorm("tanh"), Dense(3, "softmax")],
        "cross_entropy",
        inputs=3,
        samples=samples,
        seed=seed,
        **more,
    )


def test_a_callback_finds_the_network_and_may_set_the_rate():
    seen = []

    def look(moment):
        seen.append((moment["epoch"], moment.rate, moment.snapshot(), moment.optimizer_state))
        moment.rate = 0.1 / (1 + moment["epoch"])

    net = network()
    net.train(X, Y, **USUAL, optimizer="momentum", callback=[look])
    assert [(epoch, rate) for epoch, rate, *_ in seen] == [
        (1, 0.1), (2, pytest.approx(0.05)), (3, pytest.approx(0.1 / 3)), (4, pytest.approx(0.025))
    ]  # fmt: skip
    again, state = network(), None
    for place, (_, rate, after, kept) in enumerate(seen):
        order = np.random.default_rng([0, place]).permutation(60)
        state = again.train(
            X[order], Y[order], **{**USUAL, "eta": rate, "epochs": 1, "shuffle": False}, optimizer="momentum",
            optimizer_state=state,
        ).optimizer_state  # fmt: skip
        for name, value in after.parameters.items():
            np.testing.assert_allclose(again.parameters[name], value, rtol=1e-12, atol=1e-14)
        assert kept.keys() == state.keys()
    np.testing.assert_array_equal(seen[-1][2].parameters["W1"], net.parameters["W1"])


@pytest.mark.parametrize("stop", [lambda moment: moment.stop(), lambda moment: True])
def test_a_callback_stops_the_run(stop):
    history = network().train(X, Y, **USUAL, callback=[lambda moment: None, stop])
    assert history.stopped == "callback" and len(history.epochs) == 1


def test_a_run_that_goes_on_with_the_state_is_one_run():
    whole, parts = network(), network()
    settings = {**USUAL, "shuffle": False, "optimizer": "adam"}
    expected = whole.train(X, Y, **settings).loss
    first = parts.train(X, Y, **{**settings, "epochs": 1})
    rest = parts.train(X, Y, **{**settings, "epochs": 3}, optimizer_state=first.optimizer_state)
    np.testing.assert_allclose(np.concatenate([first.loss, rest.loss]), expected, rtol=1e-12)
    with pytest.raises(ChalkworkError, match="optimizer_state holds other names"):
        parts.train(X, Y, **{**settings, "optimizer": "momentum"}, optimizer_state=first.optimizer_state)
    wrong = {name: np.zeros((1, 2)) for name in first.optimizer_state}
    with pytest.raises(ChalkworkError, match="is 1x2, but"):
        parts.train(X, Y, **settings, optimizer_state=wrong)


@pytest.mark.parametrize("samples", ["rows", "columns"])
def test_metrics_are_those_of_the_predictions(samples):
    def turned(array):
        return array.T if samples == "columns" else array

    def wrong(true, found):
        return int(np.sum(true != found))

    names = [name for name, (of, *_) in METRICS.items() if of != "values"]
    net = network(samples)
    history = net.train(
        turned(X), Y, **USUAL, validation=(turned(HELD_OUT[0]), HELD_OUT[1]), metrics=[*names, wrong]
    )  # fmt: skip
    row = history.epochs[-1]
    assert pytest.importorskip("pandas") and history.frame().to_dict("records") == history.epochs
    for prefix, (x, y) in {"": (X, Y), "validation_": HELD_OUT}.items():
        found, shares = net.predict(turned(x)), turned(net.predict_proba(turned(x)))
        macro = {"average": "macro", "zero_division": 0}
        expected = {
            "accuracy": theirs.accuracy_score(y, found), "balanced_accuracy": theirs.balanced_accuracy_score(y, found),
            "precision": theirs.precision_score(y, found, **macro), "recall": theirs.recall_score(y, found, **macro),
            "f1": theirs.f1_score(y, found, **macro), "matthews": theirs.matthews_corrcoef(y, found),
            "roc_auc": theirs.roc_auc_score(y, shares, multi_class="ovr"), "wrong": wrong(y, found),
        }  # fmt: skip
        assert {name: row[prefix + name] for name in expected} == pytest.approx(expected, rel=1e-12)
    now = net.evaluate(turned(HELD_OUT[0]), HELD_OUT[1], metrics=names)
    assert now["loss"] == pytest.approx(row["validation_loss"], rel=1e-12) and now["f1"] == row["validation_f1"]


def test_metrics_of_numbers():
    net = NeuralNetwork([Dense(2)], inputs=3)
    y = X[:, :2] * 3
    net.train(X, y, **USUAL, metrics=["mae", "r2"])
    found, out = net.evaluate(X, y, metrics=["mae", "mse", "rmse", "r2"]), net.output(X)
    assert found["mae"] == pytest.approx(np.mean(np.abs(out - y))) and found["rmse"] > 0
    assert found["r2"] == pytest.approx(theirs.r2_score(y, out))
    with pytest.raises(ChalkworkError, match="f1 is of classes"):
        net.evaluate(X, y, metrics="f1")


@pytest.mark.parametrize(("metrics", "said"), [
    ("accurcy", "did you mean accuracy"), (["f1", "f1"], "twice"), (3, "names or functions"),
    ([lambda true, found: "high"], "gave no finite number"),
])  # fmt: skip
def test_what_is_no_metric_is_refused(metrics, said):
    with pytest.raises(ChalkworkError, match=said):
        network().train(X, Y, **USUAL, metrics=metrics)


def test_many_samples_are_measured_in_blocks():
    x = GENERATOR.normal(size=(BLOCK + 7, 3))
    y = GENERATOR.integers(0, 3, len(x))
    net = network()
    whole, picked = net.evaluate(x, y), np.log(net.output(x))[np.arange(len(x)), y]
    assert whole["loss"] == pytest.approx(-picked.mean(), rel=1e-12)
    assert whole["accuracy"] == np.mean(net.predict(x) == y)


@pytest.mark.parametrize("engine", ["numpy", "reference"])
def test_penalties_are_named(engine):
    net = network(l2=0.1, l1=0.01)
    row = net.train(X, Y, **{**USUAL, "engine": engine, "epochs": 1, "batch_size": 30}).epochs[-1]
    weights = [net.parameters[name] for name in ("W1", "W3")]
    by_hand = sum(0.01 * np.abs(weight).sum() + 0.05 * (weight**2).sum() for weight in weights)
    assert row["penalty"] == pytest.approx(by_hand, rel=1e-12)


def test_a_plateau_lowers_the_rate():
    rates = []
    net = NeuralNetwork([Dense(weights=[[1.0]], bias=False)])
    history = net.train(
        [[1.0]], [[0.0]], eta=2.0, epochs=5, batch_size=1, engine="numpy",  # the loss stays where it is at the rate 2
        schedule={"name": "plateau", "factor": 0.5, "patience": 2, "monitor": "loss"},
        callback=lambda moment: rates.append(moment.rate),
    )  # fmt: skip
    assert rates == [2, 2, 2, 1, 1] and history.column("loss").tolist() == [0.5, 0.5, 0.5, 0.5, 0.0]
    with pytest.raises(ChalkworkError, match="watches validation_loss, and there is no validation data"):
        net.train([[1.0]], [[0.0]], epochs=5, batch_size=1, schedule="plateau")
    with pytest.raises(ChalkworkError, match="factor of the schedule plateau is between 0 and 1, not 2"):
        net.train([[1.0]], [[0.0]], epochs=5, batch_size=1, schedule={"name": "plateau", "factor": 2})


def test_a_schedule_may_be_a_function():
    nets = [network(), network()]
    found = [
        net.train(X, Y, **USUAL, schedule=schedule).loss
        for net, schedule in zip(nets, [lambda step: 0.5 ** (step // 3), {"name": "step", "every": 3}], strict=True)
    ]
    np.testing.assert_allclose(*found, rtol=1e-12)
    with pytest.raises(ChalkworkError, match="from 0, in step 2"):
        network().train(X, Y, **USUAL, schedule=lambda step: 1 if step < 2 else -1)


def test_lines_and_logs(tmp_path, capsys):
    log = CSVLogger(tmp_path / "run.csv")
    history = network().train(X, Y, **USUAL, validation=0.25, callback=log, verbose=1)
    with log.path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [{key: float(value) for key, value in row.items()} for row in rows] == history.epochs
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4 and lines[0].startswith("epoch 1 of 4  loss ") and "validation_accuracy" in lines[3]
    network().train(X, Y, **{**USUAL, "epochs": 1}, validation=0.25, callback=CSVLogger(log.path, append=True))
    assert len(log.path.read_text().splitlines()) == 6
    with pytest.raises(ChalkworkError, match="the columns of"):
        network().train(X, Y, **{**USUAL, "epochs": 1}, callback=CSVLogger(log.path, append=True))


def test_a_tensorboard_log_is_read_back(tmp_path):
    pytest.importorskip("tensorboardX")
    from tensorboardX.proto.event_pb2 import Event

    from chalkwork.networks.moments import TensorBoardLogger

    history = network().train(X, Y, **USUAL, callback=TensorBoardLogger(tmp_path / "log"))
    [file] = (tmp_path / "log").iterdir()
    data, found = file.read_bytes(), []
    while data:
        size = int.from_bytes(data[:8], "little")
        event = Event.FromString(data[12 : 12 + size])
        found += [(event.step, value.tag, value.simple_value) for value in event.summary.value]
        data = data[16 + size :]
    losses = [(step, value) for step, tag, value in found if tag == "loss"]
    assert losses == [(row["step"], pytest.approx(row["loss"], rel=1e-6)) for row in history.epochs]


@pytest.mark.parametrize(("given", "same"), [
    ({"lr": 0.05}, {"eta": 0.05}), ({"learning_rate": 0.05}, {"eta": 0.05}), ({"n_epochs": 2}, {"epochs": 2}),
    ({"validation_split": 0.25}, {"validation": 0.25}), ({"random_state": 4}, {"seed": 4}),
])  # fmt: skip
def test_settings_have_their_usual_names_too(given, same):
    usual = {key: value for key, value in USUAL.items() if key not in same}
    found = [network().train(X, Y, **usual, **settings).loss for settings in (given, same)]
    np.testing.assert_array_equal(*found)
    with pytest.raises(ChalkworkError, match="which is given too"):
        network().train(X, Y, **usual, **given, **same)


def test_a_setting_that_there_is_not_is_answered():
    for name, said in {
        "momentum": '"momentum"',
        "weight_decay": "adamw",
        "max_iter": "epochs=",
        "shufle": "shuffle",
    }.items():
        with pytest.raises(ChalkworkError, match=f"train takes no {name}.*{said}"):
            network().train(X, Y, **USUAL, **{name: 1})


def test_probabilities_of_one_output_are_of_both_classes():
    for samples, axis in (("rows", 1), ("columns", 0)):
        net = NeuralNetwork([Dense(1, "sigmoid")], "binary_cross_entropy", inputs=3, samples=samples)
        x = X.T if samples == "columns" else X
        found = net.predict_proba(x)
        assert found.shape[axis] == 2
        np.testing.assert_allclose(found.sum(axis), 1)
    with pytest.raises(ChalkworkError, match="gives no probabilities"):
        NeuralNetwork([Dense(1)], inputs=3).predict_proba(X)
