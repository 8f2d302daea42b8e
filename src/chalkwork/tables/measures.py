"""How good predictions are, as plain data: figures of a whole part, and of each class, label or number."""

from __future__ import annotations

from typing import Any

import numpy as np

from chalkwork.networks.data import Array
from chalkwork.tables.packages import learn
from chalkwork.tables.targets import Classes, Labels, Target

Figures = dict[str, Any]


def measured(target: Target, wanted: Array, predicted: Array) -> Figures:
    """The figures of one part.

    For classes `accuracy`, `macro_f1`, `classes` (precision, recall, F1 and support of each) and `confusion`, a row for
    each true class; for labels `accuracy` (all labels of a sample right), `label_accuracy` and `labels`; for numbers
    `r2`, `mae`, `rmse` and, if they are several, the same for each in `numbers`.

    >>> figures = measured(Classes(("t",), ("a", "b")), np.array([[0.0], [1], [1]]), np.array([[0.0], [1], [0]]))
    >>> round(figures["accuracy"], 3), figures["confusion"]
    (0.667, [[1, 0], [1, 1]])
    """
    if isinstance(target, Classes):
        return _classes(target, wanted[:, 0].astype(int), predicted[:, 0].astype(int))
    return _labels(target, wanted, predicted) if isinstance(target, Labels) else _numbers(target, wanted, predicted)


def _classes(target: Classes, wanted: Array, predicted: Array) -> Figures:
    metrics, numbers = learn("metrics"), range(len(target.values))
    each = metrics.precision_recall_fscore_support(wanted, predicted, labels=numbers, zero_division=0)
    return {
        "accuracy": float(metrics.accuracy_score(wanted, predicted)),
        "macro_f1": float(np.mean(each[2])),
        "classes": _rows(target.values, each),
        "confusion": metrics.confusion_matrix(wanted, predicted, labels=numbers).tolist(),
    }


def ranked(target: Target, wanted: Array, outputs: Array) -> Figures:
    """`roc_auc`: how well the probabilities rank the classes (of more than two, the mean of one against the rest).

    Nothing where the target is no class, or a class does not occur.

    >>> from chalkwork.tables.targets import Classes
    >>> outputs = np.array([[0.2], [0.9], [0.4]])
    >>> ranked(Classes(("t",), ("a", "b")), np.array([[0.0], [1], [1]]), outputs)
    {'roc_auc': 1.0}
    """
    if not isinstance(target, Classes) or len(np.unique(wanted[:, 0])) < len(target.values):
        return {}
    places = range(len(target.values))
    shares = target.probabilities(outputs)
    shares = shares[:, 1] if len(places) == 2 else shares / shares.sum(1, keepdims=True)
    score = learn("metrics").roc_auc_score
    more = {} if len(places) == 2 else {"multi_class": "ovr", "labels": list(places)}
    return {"roc_auc": float(score(wanted[:, 0].astype(int), shares, **more))}


def _labels(target: Labels, wanted: Array, predicted: Array) -> Figures:
    metrics = learn("metrics")
    each = metrics.precision_recall_fscore_support(wanted, predicted, average=None, zero_division=0)
    return {
        "accuracy": float(metrics.accuracy_score(wanted, predicted)),
        "label_accuracy": float(np.mean(wanted == predicted)),
        "labels": _rows(target.names, each),
    }


def _rows(names: tuple[str, ...], each: Any) -> list[Figures]:
    keys = ("precision", "recall", "f1", "support")
    return [
        {"name": name, **{key: float(value) for key, value in zip(keys, row, strict=True)}}
        for name, row in zip(names, zip(*each, strict=True), strict=True)
    ]


def _numbers(target: Target, wanted: Array, predicted: Array) -> Figures:
    whole = _errors(wanted, predicted)
    if len(target.names) > 1:
        whole["numbers"] = [
            {"name": name, **_errors(wanted[:, place], predicted[:, place])} for place, name in enumerate(target.names)
        ]
    return whole


def _errors(wanted: Array, predicted: Array) -> Figures:
    """R², the mean absolute error and the root of the mean square; R² is None for fewer than two samples."""
    metrics = learn("metrics")
    return {
        "r2": float(metrics.r2_score(wanted, predicted)) if len(wanted) > 1 else None,
        "mae": float(metrics.mean_absolute_error(wanted, predicted)),
        "rmse": float(metrics.root_mean_squared_error(wanted, predicted)),
    }


def baseline(target: Target, training: Array, samples: int) -> Array:
    """What is predicted without any input: the most frequent class, for each label the commoner, the mean.

    >>> baseline(Classes(("t",), ("a", "b")), np.array([[0.0], [1], [1]]), 2).tolist()
    [[1.0], [1.0]]
    """
    if isinstance(target, Classes):
        usual = np.array([np.bincount(training[:, 0].astype(int)).argmax()], float)
    else:
        usual = training.mean(axis=0)
        usual = np.round(usual) if isinstance(target, Labels) else usual
    return np.tile(usual, (samples, 1))
