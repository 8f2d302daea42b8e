"""What the estimators learn: the printed loss and its gradient, weights of samples, when they end, and how well."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from estimated import RNG, TARGETS, Array, X, estimator_for, output
from in_numpy import in_numpy
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, make_moons, make_regression
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from chalkwork.networks.losses import CrossEntropy, SquaredError
from chalkwork.sklearn import NeuralNetworkClassifier, NeuralNetworkRegressor


def loss_in_jax(task: str, x: Array, y: Array, weights: Array | None, l2: float) -> Callable[[dict[str, Any]], Any]:
    """The loss of a network with one layer of tanh units, written by hand."""
    import jax.numpy as jnp

    w = jnp.ones((len(x), 1)) if weights is None else jnp.asarray(weights)[:, None]

    def loss(parameters: dict[str, Any]) -> Any:
        hidden = jnp.tanh(x @ parameters["W1"] + parameters["b1"])
        z = hidden @ parameters["W2"] + parameters["b2"]
        if task.startswith("regression"):
            each = (z - y) ** 2 / 2
        elif task == "multiclass":
            each = -y * (z - jnp.log(jnp.exp(z).sum(axis=1, keepdims=True)))
        else:
            a = 1 / (1 + jnp.exp(-z))
            each = -y * jnp.log(a) - (1 - y) * jnp.log(1 - a)
        squares = (parameters["W1"] ** 2).sum() + (parameters["W2"] ** 2).sum()
        return (w * each).sum() / len(x) + l2 / 2 * squares

    return loss


@pytest.mark.parametrize("l2", [0.0, 0.3])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("task", TARGETS)
def test_the_gradient_is_that_of_the_printed_loss(task: str, weighted: bool, l2: float) -> None:
    """Of scikit-learn's own networks this does not hold where there are several outputs: its issue 8349."""
    jax = pytest.importorskip("jax")
    y = TARGETS[task]
    estimator = estimator_for(task, activation="tanh", l2=l2, max_epochs=2).fit(X, y)
    net = estimator.network_
    target = np.eye(3)[y] if task == "multiclass" else y.reshape(len(y), -1).astype(float)
    weights = RNG.uniform(0, 3, len(X)) if weighted else None
    with jax.enable_x64(True):
        loss = loss_in_jax(task, X, target, weights, l2)
        wanted = {name: np.asarray(value) for name, value in in_numpy(jax.grad(loss))(net.parameters).items()}
        printed = float(loss(net.parameters))
    found = net.backprop(X, target, sample_weight=weights)
    for name, value in wanted.items():
        np.testing.assert_allclose(found[f"d{name}"], value, rtol=1e-9, atol=1e-13)
    solution = net.solve(X, target, sample_weight=weights)
    assert float(solution["L"]) == pytest.approx(printed, rel=1e-12)


@pytest.mark.parametrize("task", TARGETS)
def test_one_step_of_training_is_the_one_that_solve_prints(task: str) -> None:
    y = TARGETS[task]
    settings: dict[str, Any] = {"optimizer": "gradient_descent", "learning_rate": 0.1, "warm_start": True}
    estimator = estimator_for(task, **settings, max_epochs=1).fit(X, y)
    target = np.eye(3)[y] if task == "multiclass" else y.reshape(len(y), -1)
    solution = estimator.network_.solve(X, target, learning_rate=0.1)
    estimator.fit(X, y)
    for name, value in estimator.network_.parameters.items():
        np.testing.assert_allclose(value, solution[f"{name}_new"].reshape(value.shape), rtol=1e-9, atol=1e-12)
    assert estimator.loss_ == pytest.approx(float(solution["L"]), rel=1e-9)


@pytest.mark.parametrize(
    ("task", "activation", "loss"),
    [
        ("binary", "sigmoid", "binary_cross_entropy"),
        ("multiclass", "softmax", "cross_entropy"),
        ("multilabel", "sigmoid", "binary_cross_entropy"),
        ("regression", "identity", "squared_error"),
    ],
)
def test_output_and_loss_follow_from_the_task(task: str, activation: str, loss: str) -> None:
    automatic = estimator_for(task).fit(X, TARGETS[task])
    assert automatic.network_.layers[-1].activation.name == activation
    said = estimator_for(task, output_activation=activation, loss=loss).fit(X, TARGETS[task])
    np.testing.assert_array_equal(output(said, X), output(automatic, X))


@pytest.mark.parametrize(
    ("task", "activation", "loss", "words"),
    [
        ("binary", "softmax", "binary_cross_entropy", "two softmax outputs"),
        ("binary", "sigmoid", "cross_entropy", "one sigmoid is the probability"),
        ("binary", "sigmoid", "squared_error", "do not belong together"),
        ("multiclass", "sigmoid", "auto", "add up to one"),
        ("multiclass", "auto", "binary_cross_entropy", "'softmax' with 'cross_entropy'"),
        ("multilabel", "softmax", "auto", "a probability of its own"),
        ("regression", "softmax", "auto", "a real number may lie anywhere"),
        ("regression", "auto", "cross_entropy", "losses of probabilities"),
        ("regression", "auto", SquaredError(), "a mean over the samples"),
        ("regression", "identty", "auto", "did you mean identity"),
    ],
)
def test_what_does_not_belong_together_is_explained(task: str, activation: str, loss: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        estimator_for(task, output_activation=activation, loss=loss).fit(X, TARGETS[task])


def test_two_classes_may_have_two_outputs() -> None:
    y = TARGETS["binary"]
    estimator = estimator_for("binary", output_activation="softmax", loss=CrossEntropy(factor=2), max_epochs=300)
    estimator.fit(X, y)
    assert estimator.n_outputs_ == 2
    assert estimator.score(X, y) > 0.95
    chosen = estimator.predict(X)
    np.testing.assert_array_equal(chosen, estimator.predict_proba(X).argmax(axis=1))
    np.testing.assert_array_equal(chosen, estimator.decision_function(X) > 0)


@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel"])
def test_logarithms_of_probabilities_are_exact_where_these_round_to_zero(task: str) -> None:
    estimator = estimator_for(task).fit(X, TARGETS[task])
    np.testing.assert_allclose(estimator.predict_log_proba(X), np.log(estimator.predict_proba(X)), rtol=1e-12)
    assert np.isfinite(estimator.predict_log_proba(1e5 * X)).all()


def test_digits_with_nothing_but_defaults() -> None:
    x, y = load_digits(return_X_y=True)
    parts = train_test_split(x, y, random_state=0)
    model = make_pipeline(StandardScaler(), NeuralNetworkClassifier(random_state=0)).fit(parts[0], parts[2])
    assert model.score(parts[1], parts[3]) >= 0.97


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_usual_data() -> None:
    x, y = make_moons(300, noise=0.1, random_state=0)
    estimator = NeuralNetworkClassifier(learning_rate=0.01, random_state=0)
    assert cross_val_score(estimator, x, y).mean() > 0.97
    x, y = load_diabetes(return_X_y=True)
    model = make_pipeline(StandardScaler(), NeuralNetworkRegressor(learning_rate=0.01, random_state=0))
    assert cross_val_score(model, x, y).mean() > 0.43


def test_inputs_that_are_not_standardised_are_survived() -> None:
    x, y = load_breast_cancer(return_X_y=True)
    estimator = NeuralNetworkClassifier(tol=None, max_epochs=40, random_state=0).fit(10 * x, y)
    assert estimator.score(10 * x, y) > 0.8


@pytest.mark.parametrize("more", [{"dropout": 0.2}, {"batch_norm": True}, {"batch_norm": True, "dropout": 0.1}])
def test_dropout_and_batch_normalisation(more: dict[str, Any]) -> None:
    x, y = make_moons(201, noise=0.1, random_state=0)  # a single sample is left over in batches of 200
    estimator = NeuralNetworkClassifier((30,), learning_rate=0.02, tol=None, random_state=0, **more).fit(x, y)
    assert estimator.score(x, y) > 0.9
    np.testing.assert_allclose(estimator.predict_proba(x[:7]), estimator.predict_proba(x)[:7], rtol=1e-9)


@pytest.mark.parametrize("task", TARGETS)
def test_a_weight_of_two_is_the_sample_twice(task: str) -> None:
    y, weights = TARGETS[task], RNG.integers(0, 4, len(X))
    weighted = estimator_for(task, max_epochs=30).fit(X, y, sample_weight=weights)
    repeated = estimator_for(task, max_epochs=30).fit(X.repeat(weights, axis=0), y.repeat(weights, axis=0))
    np.testing.assert_allclose(output(weighted, X), output(repeated, X), rtol=1e-8)
    scaled = estimator_for(task, max_epochs=30).fit(X, y, sample_weight=7 * weights)
    np.testing.assert_allclose(output(weighted, X), output(scaled, X), rtol=1e-8)


@pytest.mark.parametrize("task", TARGETS)
def test_a_weight_of_zero_leaves_the_sample_out_of_every_batch(task: str) -> None:
    y, weights = TARGETS[task], RNG.integers(0, 2, len(X))
    kept = weights > 0
    weighted = estimator_for(task, batch_size=7).fit(X, y, sample_weight=weights)
    without = estimator_for(task, batch_size=7).fit(X[kept], y[kept])
    np.testing.assert_array_equal(output(weighted, X), output(without, X))


def test_weights_that_are_all_the_same_change_nothing() -> None:
    y = TARGETS["binary"]
    without = estimator_for("binary", batch_size=7).fit(X, y)
    weighted = estimator_for("binary", batch_size=7).fit(X, y, sample_weight=np.full(len(X), 3.0))
    np.testing.assert_array_equal(output(weighted, X), output(without, X))


def test_weights_of_classes_are_weights_of_samples() -> None:
    y = TARGETS["multiclass"]
    counts = np.bincount(y)
    by_class = {label: 1 / count for label, count in enumerate(counts)}
    balanced = estimator_for("multiclass", class_weight="balanced").fit(X, y)
    for other in (
        estimator_for("multiclass", class_weight=by_class).fit(X, y),
        estimator_for("multiclass").fit(X, y, sample_weight=1 / counts[y]),
    ):
        np.testing.assert_allclose(output(balanced, X), output(other, X), rtol=1e-9)
    several = TARGETS["multilabel"]
    labels = estimator_for("multilabel", class_weight=[{1: 2}, {1: 3}, {}]).fit(X, several)
    weights = (1 + several[:, 0]) * (1 + 2 * several[:, 1])
    same = estimator_for("multilabel").fit(X, several, sample_weight=weights)
    np.testing.assert_allclose(output(labels, X), output(same, X), rtol=1e-9)


def test_the_loss_decides_when_it_ends() -> None:
    y = TARGETS["regression"]
    estimator = estimator_for("regression", learning_rate=0.05, tol=1e-3, max_epochs=2000, patience=5).fit(X, y)
    assert estimator.history_.stopped == "converged"
    assert estimator.n_iter_ == len(estimator.loss_curve_) < 2000
    assert estimator.loss_ == estimator.loss_curve_[-1]
    assert min(estimator.loss_curve_[-5:]) > min(estimator.loss_curve_[:-5]) - 5e-3
    with pytest.warns(ConvergenceWarning, match="after 3 epochs"):
        estimator_for("regression", tol=1e-4, max_epochs=3).fit(X, y)


def test_early_stopping_keeps_the_best_network() -> None:
    x, y = make_moons(300, noise=0.3, random_state=0)
    settings: dict[str, Any] = {"learning_rate": 0.05, "validation_fraction": 0.3, "random_state": 0}
    estimator = NeuralNetworkClassifier(early_stopping=True, max_epochs=1000, tol=0.0, **settings).fit(x, y)
    assert estimator.history_.stopped == "early stopping"
    best = int(estimator.history_.column("validation_loss").argmin())
    assert best + 1 + 10 == estimator.n_iter_
    again = NeuralNetworkClassifier(early_stopping=True, max_epochs=best + 1, tol=None, **settings).fit(x, y)
    np.testing.assert_array_equal(again.predict_proba(x), estimator.predict_proba(x))


@pytest.mark.parametrize("engine", ["numpy", "jax"])
@pytest.mark.parametrize("task", TARGETS)
def test_the_engines_learn_the_same(task: str, engine: str) -> None:
    if engine == "jax":
        pytest.importorskip("jax")
    y, weights = TARGETS[task], RNG.uniform(0, 2, len(X))
    settings: dict[str, Any] = {"batch_size": 25, "dropout": 0.2, "l1": 0.01, "clip_norm": 0.5}
    wanted = estimator_for(task, engine="reference", **settings).fit(X, y, sample_weight=weights)
    found = estimator_for(task, engine=engine, **settings).fit(X, y, sample_weight=weights)
    assert found.history_.engine == engine
    np.testing.assert_allclose(output(found, X), output(wanted, X), rtol=1e-8)
    np.testing.assert_allclose(found.loss_curve_, wanted.loss_curve_, rtol=1e-8)


def test_several_outputs_are_learned_at_the_same_rate_as_one() -> None:
    """What scikit-learn's issue 8349 is about: copies of an output do not slow down what is learned."""
    x, y = make_regression(50, 3, random_state=0)
    y = y / y.std()
    settings: dict[str, Any] = {"hidden_layers": (), "optimizer": "gradient_descent", "learning_rate": 0.1, "l2": 0.0}
    one = estimator_for("regression", initializer="zeros", **settings).fit(x, y)
    three = estimator_for("regression", initializer="zeros", **settings).fit(x, np.column_stack([y, y, y]))
    np.testing.assert_allclose(three.predict(x), one.predict(x)[:, None].repeat(3, axis=1), rtol=1e-9)


def test_weights_and_biases_are_where_those_of_mlpclassifier_are():
    x = np.random.default_rng(0).normal(size=(30, 3))
    estimator = NeuralNetworkClassifier((4,), activation="tanh", max_epochs=3, tol=None).fit(x, x[:, 0] > 0)
    (first, second), (start, end) = estimator.coefs_, estimator.intercepts_
    found = 1 / (1 + np.exp(-(np.tanh(x @ first + start) @ second + end)))
    np.testing.assert_allclose(estimator.predict_proba(x)[:, 1:], found, rtol=1e-12)
