"""Parameters by the names that other libraries have for them, answered with the right ones."""

from __future__ import annotations

from functools import wraps
from inspect import signature
from typing import Any, TypeVar

from chalkwork.errors import ChalkworkError, meant

Estimator = TypeVar("Estimator", bound=type)

_MOMENTUM = 'optimizer={"name": "momentum", "mu": 0.9}'
ANSWERS = {
    **dict.fromkeys(("lr", "eta", "eta0", "learning_rate_init", "optimizer__lr", "step_size"), "learning_rate="),
    **dict.fromkeys(("hidden_layer_sizes", "layers", "hidden", "units", "n_hidden", "hidden_units"), "hidden_layers="),
    **dict.fromkeys(("epochs", "n_epochs", "max_iter", "n_iter", "iterations", "num_epochs"), "max_epochs="),
    **dict.fromkeys(("solver", "optimiser"), "optimizer="), **dict.fromkeys(("seed", "random_seed"), "random_state="),
    **dict.fromkeys(("validation_split", "valid_size"), "validation_fraction= with early_stopping=True"),
    **dict.fromkeys(("n_iter_no_change", "early_stopping_rounds"), "patience= with early_stopping=True"),
    **dict.fromkeys(("momentum", "nesterovs_momentum", "mu"), _MOMENTUM),
    **dict.fromkeys(("beta1", "beta2", "beta_1", "beta_2"), 'optimizer={"name": "adam", "beta1": 0.9, "beta2": 0.999}'),
    **dict.fromkeys(("validation_data", "eval_set"), "eval_set= of fit"), "sample_weight": "sample_weight= of fit",
    "alpha": "l2=, which is alpha divided by the samples of a step", "criterion": "loss=",
    "weight_decay": 'l2=, or optimizer={"name": "adamw", "decay": 0.01}',
    "epsilon": 'optimizer={"name": "adam", "epsilon": 1e-8}', "dropout_rate": "dropout=", "batchnorm": "batch_norm=",
    "max_fun": 'optimizer={"name": "lbfgs", "evaluations": 15000}', "lr_scheduler": "schedule=",
    "activation_function": "activation=", "device": "engine=", "class_weight": "NeuralNetworkClassifier takes it",
    "metrics": "scoring= of scikit-learn's own tools", "callbacks": "network_.train(..., callback=)",
}  # fmt: skip
"""What to give in place of what there is not."""


def check_names(estimator: type, given: Any) -> None:
    """Raise ChalkworkError for a parameter that the estimator does not have, with the right one.

    >>> from chalkwork.sklearn import NeuralNetworkRegressor
    >>> NeuralNetworkRegressor(lr=0.1)
    Traceback (most recent call last):
        ...
    chalkwork.errors.ChalkworkError: NeuralNetworkRegressor takes no lr. Hint: learning_rate=.
    """
    known = [name for name in signature(estimator).parameters if name != "self"]
    for name in given:
        if name not in known:
            hint = ANSWERS.get(name) or meant(name, known, f"it takes {', '.join(known)}")
            raise ChalkworkError(f"{estimator.__name__} takes no {name}", hint=hint)


def answering(estimator: Estimator) -> Estimator:
    """The estimator, which says of a parameter that it does not have which one may be meant."""
    named: Any = estimator
    own = named.__init__

    @wraps(own)
    def made(self: Any, *values: Any, **given: Any) -> None:
        if type(self) is estimator:
            check_names(estimator, given)
        own(self, *values, **given)

    named.__init__ = made
    return estimator
