"""The regressor."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin  # type: ignore[import-untyped]

from chalkwork.errors import ShapeError
from chalkwork.networks.data import Array
from chalkwork.networks.network import NeuralNetwork
from chalkwork.sklearn.base import BaseNeuralNetwork
from chalkwork.sklearn.documentation import documented
from chalkwork.sklearn.parameters import answering


@answering
@documented
class NeuralNetworkRegressor(RegressorMixin, BaseNeuralNetwork):  # type: ignore[misc]
    """A neural network that predicts real numbers, one or several of each sample.

    Its outputs are linear; its loss is half the squared error, summed over the outputs, mean over the samples, plus
    the penalties. What `network_.solve(...)` prints is what was trained.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    Raises
    ------
    ValueError
        In `fit`, for parameters and data that cannot be used, for an output activation or a loss that is none of real
        numbers, and where the loss is no number any more. Nearly all are of its kind ChalkworkError, with a hint.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.linspace(-1, 1, 40).reshape(-1, 1)
    >>> estimator = NeuralNetworkRegressor((20,), learning_rate=0.01, tol=None, random_state=0).fit(x, x.ravel() ** 2)
    >>> estimator.score(x, x.ravel() ** 2) > 0.9
    True
    >>> estimator.network_.solve([[0.5]], [[0.25]])["dW2"].shape
    (20, 1)
    """

    _width: int
    _flat: bool

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """One epoch over `X` and `y`, going on from where the network is. Raises ValueError as `fit` does."""
        return self._partial_fit(X, y, None, sample_weight)

    def predict(self, X: Any) -> Array:
        """The predicted numbers, in the shape of the target that was fitted: (n_samples,) or (n_samples, n_outputs)."""
        found = self._output(X, "a")
        return found.ravel() if self._flat else found

    def _task(self, y: Array, classes: Any, fresh: bool) -> str:
        width = 1 if y.ndim == 1 else y.shape[1]
        if not fresh and width != self._width:
            raise ShapeError(f"y has {width} outputs, but the network was fitted to {self._width}")
        self._flat, self._width = y.ndim == 1, width
        return "regression"

    def _outputs(self, activation: str) -> int:
        return self._width

    def _encoded(self, y: Array, net: NeuralNetwork) -> Array:
        return np.asarray(y, np.float64).reshape(len(y), net.plan().layers[-1].units)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
