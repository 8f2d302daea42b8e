"""The estimators among the tools of scikit-learn: its own checks, what they take, keep and refuse."""

import pickle
import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pytest
from estimated import SUMS, TARGETS, Array, X, estimator_for, output
from scipy import sparse
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_iris, make_moons, make_multilabel_classification
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_classifier_multioutput, parametrize_with_checks

from chalkwork import NeuralNetwork
from chalkwork.networks.losses import SquaredError
from chalkwork.sklearn import NeuralNetworkClassifier, NeuralNetworkRegressor


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks([NeuralNetworkClassifier(), NeuralNetworkRegressor()])
def test_scikit_learns_own_checks(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_its_check_of_several_outputs_holds_for_labels() -> None:
    """The tag that asks for it means several targets of many classes, which these networks do not have."""
    check_classifier_multioutput("NeuralNetworkClassifier", NeuralNetworkClassifier(random_state=0))


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


def test_a_missing_scikit_learn_is_said() -> None:
    code = "import sys; sys.modules['sklearn'] = None; import chalkwork.sklearn"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "ChalkworkError: chalkwork.sklearn needs scikit-learn. Hint: pip install 'chalkwork[train]'" in done.stderr
