"""What besides the loss says how good a network is: one table, an entry each, worked out by scikit-learn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from chalkwork.errors import ChalkworkError, meant
from chalkwork.networks.arguments import number
from chalkwork.networks.data import Array
from chalkwork.packages import package

Of = Literal["classes", "probabilities", "values"]
"""What is held against the truth: predicted classes, the outputs as probabilities, or the outputs as they are."""

METRICS: dict[str, tuple[Of, str, dict[str, Any]]] = {
    "accuracy": ("classes", "accuracy_score", {}),
    "balanced_accuracy": ("classes", "balanced_accuracy_score", {}),
    "precision": ("classes", "precision_score", {"average": "macro", "zero_division": 0}),
    "recall": ("classes", "recall_score", {"average": "macro", "zero_division": 0}),
    "f1": ("classes", "f1_score", {"average": "macro", "zero_division": 0}),
    "matthews": ("classes", "matthews_corrcoef", {}),
    "roc_auc": ("probabilities", "roc_auc_score", {"multi_class": "ovr"}),
    "mae": ("values", "mean_absolute_error", {}),
    "mse": ("values", "mean_squared_error", {}),
    "rmse": ("values", "root_mean_squared_error", {}),
    "r2": ("values", "r2_score", {}),
}
"""Every metric: of what, the function of `sklearn.metrics`, and what that is given besides."""
_TAKEN = ("step", "epoch", "loss", "penalty", "rate")


@dataclass(frozen=True)
class Truth:
    """Targets and outputs of a batch, a row a sample, and the classes of both where the network has some."""

    target: Array
    output: Array
    classes: Array | None = None
    predicted: Array | None = None
    names: Array | None = None
    """What the classes are called."""


@dataclass(frozen=True)
class Metric:
    """A metric by its name, as a number of what is true and what is predicted."""

    name: str
    measure: Callable[[Truth], float]
    of_outputs: bool = False
    """Whether the outputs are needed, and not the classes alone."""

    def __call__(self, truth: Truth) -> float:
        """The number. Raises ChalkworkError where a function of somebody's gives none."""
        found = number(self.measure(truth))
        if found is None:
            raise ChalkworkError(f"the metric {self.name} gave no finite number")
        return found


def metrics_of(wanted: Any, classifies: bool) -> tuple[Metric, ...]:
    """The metrics by name or as functions of true and predicted values: classes where the network classifies.

    Raises ChalkworkError for one that there is not, and for one of classes where there are none.

    >>> [metric.name for metric in metrics_of(["accuracy", "f1"], True)]
    ['accuracy', 'f1']
    """
    if wanted is None:
        return ()
    if isinstance(wanted, str) or callable(wanted):
        wanted = [wanted]
    if not isinstance(wanted, list | tuple):
        raise ChalkworkError(f"metrics are names or functions, not {wanted!r:.60}")
    found = tuple(_metric(each, classifies) for each in wanted)
    names = [metric.name for metric in found]
    for name in names:
        if names.count(name) > 1 or name in _TAKEN:
            raise ChalkworkError(f"metrics has {name!r:.60} twice, or in place of what is measured anyway")
    return found


def _metric(wanted: Any, classifies: bool) -> Metric:
    if callable(wanted):
        return Metric(getattr(wanted, "__name__", type(wanted).__name__), _Own(wanted))
    if not isinstance(wanted, str) or wanted not in METRICS:
        hint = meant(wanted, METRICS, f"the metrics are {', '.join(METRICS)}, and functions")
        raise ChalkworkError(f"there is no metric {wanted!r:.60}", hint=hint)
    if METRICS[wanted][0] != "values" and not classifies:
        raise ChalkworkError(f"{wanted} is of classes, and the outputs of this network give none")
    return Metric(wanted, _Known(wanted), METRICS[wanted][0] != "classes")


@dataclass(frozen=True)
class _Own:
    function: Callable[..., Any]

    def __call__(self, truth: Truth) -> Any:
        if truth.classes is None or truth.predicted is None:
            return self.function(truth.target, truth.output)
        both = (truth.classes, truth.predicted)
        return self.function(*(both if truth.names is None else (truth.names[places] for places in both)))


@dataclass(frozen=True)
class _Known:
    name: str

    def __call__(self, truth: Truth) -> Any:
        of, function, more = METRICS[self.name]
        score = getattr(
            package("sklearn.metrics", f"the metric {self.name}", "pip install 'chalkwork[train]'"), function
        )
        if of == "values":
            return score(truth.target, truth.output)
        if of == "classes":
            return score(truth.classes, truth.predicted, **more)
        if truth.output.shape[1] == 1:
            return score(truth.classes, truth.output[:, 0])
        shares = truth.output / truth.output.sum(1, keepdims=True)
        return score(truth.classes, shares, labels=np.arange(shares.shape[1]), **more)
