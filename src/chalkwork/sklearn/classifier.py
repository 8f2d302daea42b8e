"""The classifier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin  # type: ignore[import-untyped]
from sklearn.utils import column_or_1d  # type: ignore[import-untyped]
from sklearn.utils.multiclass import check_classification_targets, type_of_target  # type: ignore[import-untyped]

from chalkwork.errors import ChalkworkError, ShapeError
from chalkwork.networks.data import Array
from chalkwork.networks.labels import MANY, Labels
from chalkwork.networks.layers.settings import real
from chalkwork.networks.network import NeuralNetwork
from chalkwork.sklearn.base import BaseNeuralNetwork
from chalkwork.sklearn.documentation import documented
from chalkwork.sklearn.parameters import answering


@answering
@documented
@dataclass(eq=False, repr=False)
class NeuralNetworkClassifier(ClassifierMixin, BaseNeuralNetwork):  # type: ignore[misc]
    """A neural network that tells classes or labels apart.

    Two classes have one sigmoid output and binary cross-entropy, more have softmax outputs and cross-entropy; a matrix
    of zeros and ones as the target means labels, each with a sigmoid of its own. What `network_.solve(...)` prints is
    what was trained.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    classes_ : ndarray
        The classes in the order of the outputs; the numbers of the labels, where a sample has several.
    {attributes}

    Raises
    ------
    ValueError
        In `fit`, for parameters and data that cannot be used, for an output activation and a loss that do not belong
        together, and where the loss is no number any more. Nearly all are of its kind ChalkworkError, with a hint.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> x, y = load_iris(return_X_y=True)
    >>> estimator = NeuralNetworkClassifier((10,), learning_rate=0.01, tol=None, random_state=0).fit(x, y)
    >>> estimator.score(x, y) > 0.95
    True
    >>> estimator.network_.solve(x[0], [1, 0, 0])["delta2"].shape
    (1, 3)
    """

    class_weight: Any = field(default=None, kw_only=True)

    # --- predicting --------------------------------------------------------------------------------------------------

    def predict(self, X: Any) -> Array:
        """The class of every sample (n_samples,), or a matrix of zeros and ones (n_samples, n_labels) for labels."""
        net = self._output(X, "z")
        if self._labels:
            return (net > 0).astype(np.int64)
        chosen = net.argmax(axis=1) if net.shape[1] > 1 else (net[:, 0] > 0).astype(np.int64)
        return np.asarray(self.classes_[chosen])

    def predict_proba(self, X: Any) -> Array:
        """The probability of every class (n_samples, n_classes), or of every label (n_samples, n_labels)."""
        found = self._output(X, "a")
        return found if self._labels or found.shape[1] > 1 else np.column_stack([1 - found, found])

    def predict_log_proba(self, X: Any) -> Array:
        """The logarithms of `predict_proba`, exact where a probability rounds to 0 or 1."""
        net = self._output(X, "z")
        if self._labels:
            return np.asarray(-np.logaddexp(0, -net))
        if net.shape[1] == 1:
            return np.asarray(-np.logaddexp(0, np.column_stack([net, -net])))
        net = net - net.max(axis=1, keepdims=True)
        return np.asarray(net - np.log(np.exp(net).sum(axis=1, keepdims=True)))

    def decision_function(self, X: Any) -> Array:
        """The net inputs of the output layer: (n_samples,) for one sigmoid, else a column for each class or label.

        The two softmax outputs of two classes give their difference, whose sign decides, as scikit-learn expects.
        """
        net = self._output(X, "z")
        if self._labels or len(self.classes_) > 2:
            return net
        return net[:, 0] if net.shape[1] == 1 else net[:, 1] - net[:, 0]

    # --- targets -----------------------------------------------------------------------------------------------------

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """One epoch over `X` and `y`, going on from where the network is.

        The first call needs `classes`: all classes (or the numbers of all labels) that may ever occur. Raises
        ValueError for labels that are not among them, and as `fit` does.
        """
        if classes is None and not hasattr(self, "network_"):
            raise ChalkworkError("the first call of partial_fit needs classes: all that may ever occur")
        return self._partial_fit(X, y, classes, sample_weight)

    def _task(self, y: Array, classes: Any, fresh: bool) -> str:
        check_classification_targets(y)
        kind = type_of_target(y)
        if kind == "multiclass-multioutput":
            raise ChalkworkError(
                "y has several columns that are no labels (zeros and ones): a network has one target of classes",
                hint="sklearn.multioutput.MultiOutputClassifier fits one network for each column",
            )
        labels = kind == "multilabel-indicator"
        found = np.arange(y.shape[1]) if labels else np.unique(column_or_1d(y, warn=True))
        if fresh:
            self._note_classes(found, classes, labels)
        self._check_classes(found, classes, labels)
        if not labels and len(self.classes_) == 1:
            raise ChalkworkError(
                f"y holds only one class, {self.classes_.tolist()[0]!r}: a classifier learns to tell at least two apart"
            )
        return "multilabel" if labels else "binary" if len(self.classes_) == 2 else "multiclass"

    def _note_classes(self, found: Array, classes: Any, labels: bool) -> None:
        self.classes_ = found if classes is None else np.unique(np.asarray(classes))
        self._labels = labels

    def _check_classes(self, found: Array, classes: Any, labels: bool) -> None:
        known = self.classes_.tolist()
        if labels != self._labels or (labels and len(found) != len(known)):
            fitted = f"{len(known)} labels" if self._labels else "classes"
            raise ShapeError(f"y holds {f'{len(found)} labels' if labels else 'classes'}, but the target is {fitted}")
        if classes is not None and not np.array_equal(np.unique(np.asarray(classes)), self.classes_):
            raise ChalkworkError(f"classes are not those of the first call, {known}")
        unknown = [] if labels else [label for label in found.tolist() if label not in set(known)]
        if unknown:
            raise ChalkworkError(f"y holds {unknown[0]!r}, which is not among the classes {known}")

    def _outputs(self, activation: str) -> int:
        return 1 if activation == "sigmoid" and not self._labels else len(self.classes_)

    def _encoded(self, y: Array, net: NeuralNetwork) -> Array:
        if self._labels:
            return np.asarray(y, np.float64)
        places: Array = np.searchsorted(self.classes_, column_or_1d(y))
        last = net.plan().layers[-1]
        outputs = last.units
        if outputs > MANY and last.activation.name == "softmax":  # labels, so that there is no matrix of all targets
            net.labels = Labels(np.arange(outputs))
            return places
        return np.asarray(np.eye(outputs)[places] if outputs > 1 else places[:, None], np.float64)

    def _strata(self, y: Array) -> Array | None:
        return None if self._labels else np.asarray(column_or_1d(y))

    def _weighted(self, y: Array, weights: Array | None, partial: bool) -> Array | None:
        if self.class_weight is None:
            return weights
        if partial and isinstance(self.class_weight, str):
            raise ChalkworkError(
                "class_weight='balanced' needs all samples, which partial_fit does not see",
                hint="compute_class_weight of scikit-learn on a large part of them gives a dictionary",
            )
        columns = y.T if self._labels else [column_or_1d(y)]
        tables = self.class_weight if isinstance(self.class_weight, list) else [self.class_weight] * len(columns)
        if len(tables) != len(columns):
            raise ShapeError(f"class_weight holds {len(tables)} dictionaries, but there are {len(columns)} labels")
        total = np.ones(len(y)) if weights is None else weights
        for column, table in zip(columns, tables, strict=True):
            known = np.array([0, 1]) if self._labels else self.classes_
            strange = [key for key in table if key not in known.tolist()] if isinstance(table, Mapping) else []
            if strange:
                raise ChalkworkError(f"class_weight names {strange[0]!r:.60}, but the classes are {known.tolist()}")
            total = total * _class_weights(column, table, weights)
        if not total.any():
            raise ChalkworkError("class_weight is zero for every class that y holds")
        return total

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def _class_weights(column: Array, table: Any, weights: Array | None) -> Array:
    """The weight of every sample by its class; one that a dictionary does not name has weight 1."""
    present, places = np.unique(column, return_inverse=True)
    if isinstance(table, str) and table == "balanced":
        sums = np.bincount(places, weights)
        return np.asarray((sums.sum() / (len(present) * sums))[places])
    if not isinstance(table, Mapping):
        raise ChalkworkError(f"class_weight is 'balanced' or a dictionary from classes to weights, not {table!r}")
    name = "a weight of class_weight"
    return np.array([real(table.get(label, 1), name, 0, float("inf")) for label in present.tolist()])[places]
