"""Estimators for scikit-learn: networks trained by the very equations that `solve` prints.

`classifier` and `regressor` say what people call; `base` holds what both share (parameters, fitting), `data` what
becomes of samples and weights, `documentation` the parameters in words.
"""

from importlib.util import find_spec

from chalkwork.errors import ChalkworkError

if find_spec("sklearn") is None:
    raise ChalkworkError("chalkwork.sklearn needs scikit-learn", hint="pip install 'chalkwork[train]'")

from chalkwork.sklearn.classifier import NeuralNetworkClassifier
from chalkwork.sklearn.regressor import NeuralNetworkRegressor

__all__ = ["NeuralNetworkClassifier", "NeuralNetworkRegressor"]
