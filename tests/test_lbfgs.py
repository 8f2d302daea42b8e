"""L-BFGS on the equations' own loss and gradient: the iterates of scikit-learn, and what does not go with it."""

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier, MLPRegressor

from chalkwork.errors import ChalkworkError
from chalkwork.networks.layers import BatchNorm, Dense, Dropout
from chalkwork.networks.network import NeuralNetwork
from chalkwork.sklearn import NeuralNetworkClassifier, NeuralNetworkRegressor

GENERATOR = np.random.default_rng(2)
X = GENERATOR.normal(size=(60, 3))
Y = GENERATOR.integers(0, 3, 60)
QUIET = {"progress": False, "engine": "numpy"}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("engine", ["numpy", "reference"])
def test_its_steps_are_those_of_scikit_learn(engine):
    for theirs, y, output, loss in (
        (MLPClassifier, Y, "softmax", "cross_entropy"), (MLPClassifier, Y > 0, "sigmoid", "binary_cross_entropy"),
        (MLPRegressor, X @ [1.0, -2.0, 0.5], "identity", {"name": "squared_error", "reduction": "mean"}),
    ):  # fmt: skip
        model = theirs(hidden_layer_sizes=(5,), activation="tanh", solver="lbfgs", alpha=0.6, warm_start=True)
        model.set_params(random_state=0, max_iter=1).fit(X, y)
        layers = [
            Dense(weights=weights, bias=bias, activation=activation)
            for weights, bias, activation in zip(model.coefs_, model.intercepts_, ("tanh", output), strict=True)
        ]
        net = NeuralNetwork(layers, loss, l2=0.6 / 60)
        history = net.train(X, y, None, 20, optimizer={"name": "lbfgs", "gradient": 1e-4}, **QUIET | {"engine": engine})
        model.set_params(max_iter=20).fit(X, y)
        assert history.steps == model.n_iter_ == 20
        for place in (1, 2):
            np.testing.assert_allclose(net.parameters[f"W{place}"], model.coefs_[place - 1], rtol=1e-9, atol=1e-11)
            np.testing.assert_allclose(net.parameters[f"b{place}"], model.intercepts_[place - 1], rtol=1e-9, atol=1e-11)


def test_it_ends_in_the_minimum_and_says_so():
    x, y = X[:, :2], X[:, 2] + X[:, 0]
    net = NeuralNetwork([Dense(1)], "mean_squared_error", inputs=2, l2=0.2)
    seen = []
    history = net.train(x, y, iterations=50, optimizer="l-bfgs", callback=seen.append, evaluate_every=1, **QUIET)
    centred = x - x.mean(0)
    weights = np.linalg.solve(2 * centred.T @ centred / 60 + 0.2 * np.eye(2), 2 * centred.T @ (y - y.mean()) / 60)
    np.testing.assert_allclose(net.parameters["W1"][:, 0], weights, atol=1e-5)
    assert history.stopped == "converged" and history.steps == len(seen) < 50
    assert [row["epoch"] for row in history.epochs] == list(range(1, len(seen) + 1))
    assert (np.diff(history.loss) < 0).all() and history.optimizer_state == {}


def test_batch_normalisation_keeps_its_running_statistics():
    def net():
        return NeuralNetwork([Dense(2), BatchNorm("tanh"), Dense(3, "softmax")], "cross_entropy", inputs=3)

    one, start = net(), net()
    one.train(X, Y, iterations=1, optimizer="lbfgs", **QUIET)
    z = X @ one.parameters["W1"] + one.parameters["b1"]
    np.testing.assert_allclose(one.state["mu2_run"], 0.9 * start.state["mu2_run"] + 0.1 * z.mean(0), rtol=1e-12)
    history = start.train(X, Y, iterations=30, optimizer="lbfgs", **QUIET)
    assert (np.diff(history.loss) < 0).all()


@pytest.mark.parametrize(("more", "said"), [
    ({"eta": 0.1}, "eta does not go with optimizer='lbfgs': it finds the length"), ({"batch_size": 3}, "all samples"),
    ({"checkpoint": "run"}, "cannot be kept"), ({"optimizer_state": {}}, "begins anew"), ({"clip_norm": 1}, "relies"),
    ({"schedule": "cosine"}, "schedule does not go"), ({"data": lambda: []}, "data does not go"),
    ({"optimizer": {"name": "lbfgs", "memory": 0}}, "memory of lbfgs is a whole number from 1 on"),
    ({"optimizer": {"name": "lbfgs", "mu": 1}}, "lbfgs takes memory, gradient, change, evaluations, not mu"),
    ({"callback": lambda moment: moment.network.parameters.update(b1=np.ones(3)), "evaluate_every": 1}, "cannot"),
    ({"callback": lambda moment: setattr(moment, "rate", 3), "evaluate_every": 1}, "cannot change parameters or rate"),
])  # fmt: skip
def test_what_does_not_go_with_it_is_refused(more, said):
    net = NeuralNetwork([Dense(3, "softmax")], "cross_entropy", inputs=3)
    with pytest.raises(ChalkworkError, match=said):
        net.train(X, Y, **{"optimizer": "lbfgs", **QUIET, **more})


def test_what_else_it_says():
    noisy = NeuralNetwork([Dense(3), Dropout(0.5), Dense(3, "softmax")], "cross_entropy", inputs=3)
    with pytest.raises(ChalkworkError, match="compares losses, which Dropout"):
        noisy.train(X, Y, optimizer="lbfgs", **QUIET)
    with pytest.raises(ChalkworkError, match="solve writes update rules, and L-BFGS is none: train takes it"):
        NeuralNetwork([Dense(1)], inputs=3).solve(X[:1], [[1.0]], learning_rate=1, optimizer="lbfgs")


def test_the_estimators_take_it():
    estimator = NeuralNetworkClassifier((4,), "tanh", optimizer="lbfgs", random_state=0, max_epochs=500).fit(X, Y)
    assert estimator.history_.stopped == "converged" and estimator.n_iter_ < 500
    gradients = estimator.network_.backprop(X, np.eye(3)[Y])
    assert max(np.abs(gradients[name]).max() for name in ("dW1", "db1", "dW2", "db2")) <= 1e-4
    with pytest.raises(ValueError, match="partial_fit"):
        estimator.partial_fit(X, Y)
    held = NeuralNetworkRegressor((4,), optimizer="lbfgs", early_stopping=True, patience=3, random_state=0)
    assert "validation_loss" in held.fit(X, X[:, 0] + X[:, 1] ** 2).history_.epochs[-1]
