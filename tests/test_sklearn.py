"""The estimators: scikit-learn's own checks, and what they promise beyond them."""

import pickle
import subprocess
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from in_numpy import in_numpy
from scipy import sparse
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_iris,
    make_moons,
    make_multilabel_classification,
    make_regression,
)
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_classifier_multioutput, parametrize_with_checks

from chalkwork import NeuralNetwork
from chalkwork.networks.losses import CrossEntropy, SquaredError
from chalkwork.sklearn import NeuralNetworkClassifier, NeuralNetworkRegressor

Array = np.ndarray[Any, Any]
RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4))
SUMS = X @ RNG.normal(size=(4, 3))
TARGETS: dict[str, Array] = {
    "binary": (SUMS[:, 0] > 0).astype(int),
    "multiclass": SUMS.argmax(axis=1),
    "multilabel": (SUMS > 0).astype(int),
    "regression": SUMS[:, 0],
    "regression of several": SUMS,
}


def estimator_for(task: str, **parameters: Any) -> Any:
    kind = NeuralNetworkRegressor if task.startswith("regression") else NeuralNetworkClassifier
    return kind(**{"hidden_layers": (8,), "tol": None, "max_epochs": 5, "random_state": 0} | parameters)


def output(estimator: Any, x: Any) -> Array:
    return np.asarray(estimator.predict_proba(x) if hasattr(estimator, "predict_proba") else estimator.predict(x))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks(
    [
        NeuralNetworkClassifier(),
        NeuralNetworkRegressor(),
        NeuralNetworkClassifier(engine="reference", hidden_layers=(20,), learning_rate=0.01, random_state=0),
    ]
)
def test_scikit_learns_own_checks(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_its_check_of_several_outputs_holds_for_labels() -> None:
    """The tag that asks for it means several targets of many classes, which these networks do not have."""
    check_classifier_multioutput("NeuralNetworkClassifier", NeuralNetworkClassifier(random_state=0))


# --- the gradient is that of the loss as it is printed --------------------------------------------------------------


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


# --- tasks ----------------------------------------------------------------------------------------------------------


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


def test_classes_keep_their_names() -> None:
    names = np.array(["setosa", "versicolor", "virginica"])
    x, y = load_iris(return_X_y=True)
    estimator = NeuralNetworkClassifier((10,), learning_rate=0.01, tol=None, random_state=0).fit(x, names[y])
    assert estimator.classes_.tolist() == names.tolist()
    assert estimator.score(x, names[y]) > 0.95
    assert set(estimator.predict(x)) == set(names)


@pytest.mark.parametrize(("y", "shape"), [(SUMS[:, 0], (60,)), (SUMS[:, :1], (60, 1)), (SUMS, (60, 3))])
def test_a_regressor_predicts_in_the_shape_of_its_target(y: Array, shape: tuple[int, ...]) -> None:
    assert estimator_for("regression").fit(X, y).predict(X).shape == shape


def test_labels_may_be_sparse() -> None:
    x, y = make_multilabel_classification(n_samples=80, n_classes=4, random_state=0)
    dense = estimator_for("multilabel").fit(x, y)
    thin = estimator_for("multilabel").fit(sparse.csr_array(x), sparse.csr_array(y))
    np.testing.assert_array_equal(dense.predict_proba(x), thin.predict_proba(sparse.csr_matrix(x)))


# --- how well -------------------------------------------------------------------------------------------------------


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


# --- weights --------------------------------------------------------------------------------------------------------


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


# --- when it ends ---------------------------------------------------------------------------------------------------


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


# --- going on -------------------------------------------------------------------------------------------------------


def test_partial_fit_learns() -> None:
    y = TARGETS["multiclass"]
    estimator = estimator_for("multiclass", learning_rate=0.02)
    for _ in range(60):
        for part in np.array_split(np.arange(len(X)), 3):
            estimator.partial_fit(X[part], y[part], classes=[0, 1, 2])
    assert estimator.score(X, y) > 0.9
    assert (estimator.n_iter_, len(estimator.loss_curve_)) == (1, 180)
    several = estimator_for("regression", learning_rate=0.02)
    for _ in range(200):
        several.partial_fit(X, SUMS)
    assert several.score(X, SUMS) > 0.9


def test_partial_fit_takes_a_batch_that_holds_one_class() -> None:
    estimator = estimator_for("binary").partial_fit(X[:3], ["a", "a", "a"], classes=["a", "b"])
    estimator.partial_fit(X[:1], ["b"])
    assert estimator.predict(X).dtype.kind == "U"


def test_partial_fit_says_what_it_cannot_do() -> None:
    y = TARGETS["multiclass"]
    with pytest.raises(ValueError, match="needs classes"):
        estimator_for("multiclass").partial_fit(X, y)
    with pytest.raises(ValueError, match="holds 2, which is not among the classes"):
        estimator_for("multiclass").partial_fit(X, y, classes=[0, 1, 5])
    fitted = estimator_for("multiclass").partial_fit(X, y, classes=[0, 1, 2])
    with pytest.raises(ValueError, match="not those of the first call"):
        fitted.partial_fit(X, y, classes=[0, 1])
    with pytest.raises(ValueError, match="holds 5, which is not among"):
        fitted.partial_fit(X, y + 5)
    with pytest.raises(ValueError, match=r"3 features, but .* 4 features"):
        fitted.partial_fit(X[:, :3], y)
    with pytest.raises(ValueError, match="holds 3 labels"):
        fitted.partial_fit(X, TARGETS["multilabel"])
    for parameters, words in (
        ({"early_stopping": True}, "cannot stop early"),
        ({"schedule": "cosine"}, "number of all steps"),
        ({"class_weight": "balanced"}, "needs all samples"),
    ):
        with pytest.raises(ValueError, match=words):
            estimator_for("multiclass", **parameters).partial_fit(X, y, classes=[0, 1, 2])
    with pytest.raises(ValueError, match="2 outputs, but the network was fitted to 3"):
        estimator_for("regression").partial_fit(X, SUMS).partial_fit(X, SUMS[:, :2])


def test_warm_start_goes_on() -> None:
    y = TARGETS["regression"]
    settings: dict[str, Any] = {"optimizer": "gradient_descent", "learning_rate": 0.1}
    whole = estimator_for("regression", max_epochs=10, **settings).fit(X, y)
    halves = estimator_for("regression", max_epochs=5, warm_start=True, **settings).fit(X, y).fit(X, y)
    np.testing.assert_allclose(halves.predict(X), whole.predict(X), rtol=1e-12)
    np.testing.assert_allclose(halves.loss_curve_, whole.loss_curve_, rtol=1e-12)
    with pytest.raises(ValueError, match="warm_start goes on"):
        halves.set_params(hidden_layers=(9,)).fit(X, y)


# --- the conventions ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", TARGETS)
def test_the_same_seed_gives_the_same_network(task: str) -> None:
    y = TARGETS[task]
    settings: dict[str, Any] = {"batch_size": 7, "dropout": 0.2}
    first, again = (estimator_for(task, **settings).fit(X, y) for _ in range(2))
    np.testing.assert_array_equal(output(first, X), output(again, X))
    one, two = (estimator_for(task, **settings, random_state=np.random.RandomState(3)).fit(X, y) for _ in range(2))
    np.testing.assert_array_equal(output(one, X), output(two, X))
    assert (output(one, X) != output(first, X)).any()
    state = np.random.RandomState(3)
    before, after = (output(estimator_for(task, random_state=state).fit(X, y), X) for _ in range(2))
    assert (before != after).any()


@pytest.mark.parametrize("task", TARGETS)
def test_pickles_and_clones(task: str) -> None:
    estimator = estimator_for(task).fit(X, TARGETS[task])
    again = pickle.loads(pickle.dumps(estimator))
    np.testing.assert_array_equal(output(again, X), output(estimator, X))
    assert isinstance(again.network_, NeuralNetwork)
    assert again.history_.steps == estimator.history_.steps
    fresh = clone(estimator)
    assert fresh.get_params() == estimator.get_params()
    with pytest.raises(NotFittedError):
        fresh.predict(X)


def test_the_tools_of_scikit_learn() -> None:
    x, y = make_moons(120, noise=0.2, random_state=0)
    model = make_pipeline(StandardScaler(), estimator_for("binary", learning_rate=0.05))
    grid = {
        "neuralnetworkclassifier__hidden_layers": [(), (20,)],
        "neuralnetworkclassifier__optimizer": ["adam", {"name": "adam", "beta1": 0.8}],
    }
    search = GridSearchCV(model, grid, cv=3).fit(x, y)
    assert search.best_params_["neuralnetworkclassifier__hidden_layers"] == (20,)
    calibrated = CalibratedClassifierCV(estimator_for("binary"), cv=3).fit(x, y)
    np.testing.assert_allclose(calibrated.predict_proba(x).sum(axis=1), 1)
    assert cross_val_score(model, x, y, scoring="roc_auc").mean() > 0.8
    page = NeuralNetworkClassifier()._repr_html_()
    assert "hidden_layers" in page and "class_weight" in page


def test_tables_with_named_columns() -> None:
    pandas = pytest.importorskip("pandas")
    x, y = load_iris(return_X_y=True, as_frame=True)
    model = make_pipeline(StandardScaler(), estimator_for("multiclass")).set_output(transform="pandas").fit(x, y)
    assert model[-1].feature_names_in_.tolist() == list(x.columns)
    with pytest.raises(ValueError, match="feature names should match"):
        model[-1].predict(pandas.DataFrame(x.to_numpy(), columns=list("abcd")))


# --- bad input ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        (np.where(X > 2, np.nan, X), TARGETS["binary"], "NaN"),
        ([["a", "b"]] * 60, TARGETS["binary"], "could not convert string"),
        (X, np.ones(60), "only one class, 1.0"),
        (X, SUMS[:, 0], "continuous"),
        (X, TARGETS["multilabel"] + TARGETS["multiclass"][:, None], "several columns"),
        (X, TARGETS["binary"][:50], "inconsistent numbers of samples"),
    ],
)
def test_bad_data(x: Any, y: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        estimator_for("binary").fit(x, y)


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        (np.zeros(60), "is zero for every sample"),
        (-np.ones(60), "negative"),
        (np.ones(59), "has 59 entries, but there are 60"),
        (np.ones((60, 1)), "2 dimensions"),
        (np.full(60, np.nan), "sample_weight contains NaN"),
        (TARGETS["binary"], "only one class"),
    ],
)
def test_bad_weights(weights: Array, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        estimator_for("binary").fit(X, TARGETS["binary"], sample_weight=weights)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"hidden_layers": "100"}, "hidden_layers"),
        ({"hidden_layers": (0,)}, "units"),
        ({"hidden_layers": (2.5,)}, "units"),
        ({"activation": "rleu"}, "did you mean relu"),
        ({"optimizer": "adma"}, "did you mean adam"),
        ({"schedule": "cosin"}, "schedule"),
        ({"initializer": "he_norm"}, "did you mean he_normal"),
        ({"learning_rate": 0}, "learning_rate"),
        ({"max_epochs": 0}, "max_epochs"),
        ({"batch_size": 0}, "batch_size"),
        ({"batch_size": "all"}, "batch_size"),
        ({"l2": -1}, "l2"),
        ({"dropout": 1}, "dropout"),
        ({"patience": 0}, "patience"),
        ({"tol": -1}, "tol"),
        ({"early_stopping": True, "validation_fraction": 1.0}, "validation_fraction"),
        ({"clip_norm": 0}, "clip_norm"),
        ({"class_weight": "even"}, "class_weight is"),
        ({"class_weight": 3}, "class_weight is"),
        ({"class_weight": {0: -1}}, "a weight of class_weight is a finite number from 0"),
        ({"class_weight": {0: 0, 1: 0}}, "class_weight is zero"),
        ({"dtype": "float16"}, "float32 or float64"),
        ({"engine": "abacus"}, "there is no engine"),
    ],
)
def test_bad_parameters(parameters: dict[str, Any], words: str) -> None:
    estimator = NeuralNetworkClassifier(**parameters)
    with pytest.raises(ValueError, match=words):
        estimator.fit(X, TARGETS["binary"])


def test_other_settings_work() -> None:
    y, target = TARGETS["multiclass"], TARGETS["regression"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for parameters in (
            {"hidden_layers": 7},
            {"hidden_layers": [5, 4], "activation": "leaky_relu(0.1)", "dtype": "float32"},
            {"hidden_layers": (), "l1": 0.01, "schedule": "cosine", "shuffle": False, "batch_size": 50},
            {"clip_norm": 1.0, "initializer": "normal(0.1)", "optimizer": "adamw"},
        ):
            assert np.isfinite(estimator_for("multiclass", **parameters).fit(X, y).loss_)
        estimator = estimator_for("regression", loss="mean_squared_error").fit(X, target)
        assert estimator.network_.loss == SquaredError(factor=1, reduction="mean")


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


def test_a_missing_scikit_learn_is_said() -> None:
    code = "import sys; sys.modules['sklearn'] = None; import chalkwork.sklearn"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "ChalkworkError: chalkwork.sklearn needs scikit-learn. Hint: pip install 'chalkwork[train]'" in done.stderr


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
