"""Data for estimators, and estimators for the data."""

from typing import Any

import numpy as np

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
