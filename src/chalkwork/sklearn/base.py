"""What both estimators share: the parameters, and how a network is made of them and trained."""

from __future__ import annotations

import warnings
from abc import ABCMeta, abstractmethod
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, is_regressor  # type: ignore[import-untyped]
from sklearn.exceptions import ConvergenceWarning  # type: ignore[import-untyped]
from sklearn.model_selection import train_test_split  # type: ignore[import-untyped]
from sklearn.utils import check_random_state  # type: ignore[import-untyped]
from sklearn.utils.validation import check_is_fitted, validate_data  # type: ignore[import-untyped]

from chalkwork.arrays import unmasked
from chalkwork.errors import ChalkworkError
from chalkwork.inside.importance import Importance, importance
from chalkwork.networks.arguments import flag, whole
from chalkwork.networks.data import Array
from chalkwork.networks.layers.base import Layer
from chalkwork.networks.layers.dense import Dense
from chalkwork.networks.layers.settings import real
from chalkwork.networks.losses import Loss
from chalkwork.networks.measuring import output
from chalkwork.networks.network import NeuralNetwork
from chalkwork.networks.tasks import batch_of, hidden_layers, output_of
from chalkwork.sklearn.data import checked_weights, without_zeros
from chalkwork.sklearn.parameters import check_names
from chalkwork.training.history import History
from chalkwork.training.lbfgs import LBFGS

FLOATS = [np.float64, np.float32]
"""What data stays as it is."""


@dataclass(eq=False, repr=False)
class BaseNeuralNetwork(BaseEstimator, metaclass=ABCMeta):  # type: ignore[misc]
    """The common part of both estimators; the fields are their parameters."""

    hidden_layers: Any = (100,)
    activation: str = "relu"
    _: KW_ONLY
    output_activation: str = "auto"
    loss: Any = "auto"
    optimizer: Any = "adam"
    learning_rate: float = 0.001
    schedule: Any = None
    max_epochs: int = 200
    batch_size: Any = "auto"
    shuffle: bool = True
    l1: float = 0.0
    l2: float = 1e-4
    dropout: float = 0.0
    batch_norm: bool = False
    initializer: str = "glorot_uniform"
    early_stopping: bool = False
    validation_fraction: float = 0.1
    patience: int = 10
    tol: float | None = 1e-4
    clip_norm: float | None = None
    dtype: str = "float64"
    engine: str = "auto"
    random_state: Any = None
    warm_start: bool = False
    verbose: int = 0

    def set_params(self, **params: Any) -> Self:
        """Set parameters by their names. Raises ChalkworkError for one that there is not, with the right one."""
        check_names(type(self), params)
        super().set_params(**params)
        return self

    @property
    def coefs_(self) -> list[Array]:
        """The weight matrices of the dense layers, inputs x outputs, as `MLPClassifier` has them."""
        return self._of("W")

    @property
    def intercepts_(self) -> list[Array]:
        """The biases of the dense layers."""
        return self._of("b")

    def _of(self, letter: str) -> list[Array]:
        check_is_fitted(self, "network_")
        dense_layers = [number for number, layer in enumerate(self.network_.layers, 1) if isinstance(layer, Dense)]
        return [self.network_.parameters[f"{letter}{number}"] for number in dense_layers]

    # --- what the two differ in ------------------------------------------------------------------------------------

    @abstractmethod
    def _task(self, y: Array, classes: Any, fresh: bool) -> str:
        """The task that the target sets, after noting (or, for a network that goes on, checking) what it holds."""

    @abstractmethod
    def _encoded(self, y: Array, net: NeuralNetwork) -> Array:
        """The target as the network takes it: a column for each output, or labels that the network is then given."""

    @abstractmethod
    def _outputs(self, activation: str) -> int:
        """How many outputs there are."""

    def _strata(self, y: Array) -> Array | None:
        """What a split should keep the proportions of."""
        return None

    def _weighted(self, y: Array, weights: Array | None, partial: bool) -> Array | None:
        """The weights of the samples with those of their classes."""
        return weights

    def _read(self, X: Any, y: Any, reset: bool) -> tuple[Any, Array]:
        unmasked(X, "X")
        unmasked(y, "y")
        X, y = validate_data(
            self, X, y, reset=reset, accept_sparse="csr", dtype=FLOATS, multi_output=True,
            y_numeric=is_regressor(self),
        )  # fmt: skip
        return X, y.toarray() if hasattr(y, "toarray") else y

    # --- fitting -----------------------------------------------------------------------------------------------------

    def fit(self, X: Any, y: Any, sample_weight: Any = None, *, eval_set: Any = None) -> Self:
        """Train on `X` (n_samples, n_features; dense or sparse) and `y` (n_samples,) or (n_samples, n_outputs).

        `sample_weight` is a factor for every sample's loss, from 0. Weights count relative to each other: under full
        batches a sample of weight 2 is the sample twice; one of weight 0 is left out whatever the batches are.

        `eval_set` is other samples, as (X, y) or (X, y, weights) or a list of one such: the loss on them is measured
        after every epoch, as `validation_loss` in `history_.epochs`, and with `early_stopping` it is what ends the
        training, in place of a part of `X`. Of a sparse `X`, only the samples of a batch are ever made dense.

        Raises ValueError for data or parameters that cannot be used, and where the loss is no number any more.
        """
        going_on = flag(self.warm_start, "warm_start") and hasattr(self, "network_")
        X, y = self._read(X, y, reset=not going_on)
        X, y, weights = without_zeros(X, y, checked_weights(sample_weight, X.shape[0]))
        task = self._task(y, None, not going_on)
        self._random = random = check_random_state(self.random_state)
        net = self._network(task, X.shape[1], random)
        if going_on:
            _take_over(net, self.network_)
        held_out = None if eval_set is None else self._eval_set(eval_set, net)
        rows, held_out, target, weights = self._split(X, y, self._weighted(y, weights, False), net, random, held_out)
        settings = self._settings(random, rows.shape[0], whole(self.max_epochs, "max_epochs"), weights)
        settings |= self._stopping(held_out)
        history = net.train(rows, target, **settings)
        self._note(net, history, [*self.loss_curve_] if going_on else [])
        self._warn(history)
        return self

    def _partial_fit(self, X: Any, y: Any, classes: Any, sample_weight: Any) -> Self:
        self._check_incremental()
        fresh = not hasattr(self, "network_")
        X, y = self._read(X, y, reset=fresh)
        X, y, weights = without_zeros(X, y, checked_weights(sample_weight, X.shape[0]))
        task = self._task(y, classes, fresh)
        if fresh:
            self._random = check_random_state(self.random_state)
        net = self._network(task, X.shape[1], self._random) if fresh else self.network_
        settings = self._settings(self._random, X.shape[0], 1, self._weighted(y, weights, True))
        target = self._encoded(y, net)
        state = None if fresh else self.history_.optimizer_state
        history = net.train(X, target, **settings, evaluate_every=1, optimizer_state=state)
        self._note(net, history, [] if fresh else self.loss_curve_)
        return self

    def _check_incremental(self) -> None:
        if flag(self.early_stopping, "early_stopping"):
            raise ChalkworkError("partial_fit cannot stop early: it makes one epoch", hint="early_stopping=False")
        if self._whole is not None:
            raise ChalkworkError("partial_fit makes an epoch of steps, and optimizer='lbfgs' whole runs", hint="fit")
        if self.schedule is not None:
            raise ChalkworkError(
                "a schedule needs the number of all steps, which partial_fit does not know", hint="schedule=None"
            )

    def _network(self, task: str, inputs: int, random: Any) -> NeuralNetwork:
        activation, loss = output_of(task, self.output_activation, self.loss)
        return self._made(
            [*self._hidden(), Dense(self._outputs(activation), activation, initializer=self.initializer)],
            loss,
            inputs,
            random,
        )

    def _made(self, layers: list[Layer], loss: Loss, inputs: int, random: Any) -> NeuralNetwork:
        return NeuralNetwork(layers, loss, seed=_seed(random), inputs=inputs, l1=self.l1, l2=self.l2)

    def _hidden(self) -> list[Layer]:
        widths = self.hidden_layers
        if isinstance(widths, int | np.integer):
            widths = (widths,)
        if not isinstance(widths, tuple | list | np.ndarray) or getattr(widths, "ndim", 1) != 1:
            raise ChalkworkError(f"hidden_layers holds the units of every hidden layer, such as (100,), not {widths!r}")
        rate = real(self.dropout, "dropout", 0, 1)
        return hidden_layers(
            widths,
            self.activation,
            batch_norm=flag(self.batch_norm, "batch_norm"),
            dropout=rate,
            initializer=self.initializer,
        )

    # --- the run -----------------------------------------------------------------------------------------------------

    def _split(
        self, X: Any, y: Array, weights: Array | None, net: NeuralNetwork, random: Any, given: tuple[Any, ...] | None
    ) -> tuple[Any, tuple[Any, ...] | None, Array, Array | None]:
        """What is trained on, what is held out (or given besides), targets and weights."""
        target = self._encoded(y, net)
        if not flag(self.early_stopping, "early_stopping") or given is not None:
            return X, given, target, weights
        part = real(self.validation_fraction, "validation_fraction", 0, 1, low_open=True)
        kept, out = train_test_split(
            np.arange(len(y)), test_size=part, random_state=_seed(random), stratify=self._strata(y)
        )
        if weights is None:
            return X[kept], (X[out], target[out]), target[kept], None
        return X[kept], (X[out], target[out], weights[out]), target[kept], weights[kept]

    def _eval_set(self, given: Any, net: NeuralNetwork) -> tuple[Any, ...]:
        """What the training is measured on, as the network takes it."""
        if isinstance(given, list) and len(given) == 1:
            [given] = given
        if (
            not isinstance(given, tuple | list)
            or len(given) not in (2, 3)
            or any(isinstance(each, tuple) for each in given)
        ):
            raise ChalkworkError("eval_set is one pair (X, y), or (X, y, weights), or a list of one")
        X, y = self._read(given[0], given[1], reset=False)
        weights = checked_weights(given[2] if len(given) == 3 else None, X.shape[0])
        self._task(y, None, False)
        return (X, self._encoded(y, net), *([] if weights is None else [weights]))

    @property
    def _whole(self) -> LBFGS | None:
        """What L-BFGS is told, where it is the optimiser."""
        options = LBFGS.of(self.optimizer)
        asked = isinstance(self.optimizer, str) and options is not None and self.tol is not None
        return replace(options, gradient=self._least()) if asked and options is not None else options

    def _least(self) -> float:
        return 0.0 if self.tol is None else real(self.tol, "tol", 0, float("inf"))

    def _settings(self, random: Any, samples: int, epochs: int, weights: Array | None) -> dict[str, Any]:
        whole, rate = self._whole, real(self.learning_rate, "learning_rate", 0, float("inf"), low_open=True)
        batch = batch_of(self.batch_size, samples, flag(self.batch_norm, "batch_norm"))
        return {
            "eta": None if whole else rate,
            "epochs": epochs,
            "batch_size": None if whole else batch,
            "shuffle": flag(self.shuffle, "shuffle"),
            "seed": _seed(random),
            "optimizer": whole or self.optimizer,
            "schedule": self.schedule,
            "clip_norm": self.clip_norm,
            "sample_weight": weights,
            "dtype": self.dtype,
            "engine": self.engine,
            "progress": self._progress(),
        }

    def _progress(self) -> bool:
        known = isinstance(self.verbose, bool | np.bool_)
        return bool(self.verbose) if known else whole(self.verbose, "verbose", 0) > 0

    def _stopping(self, held_out: tuple[Array, ...] | None) -> dict[str, Any]:
        patience = whole(self.patience, "patience")
        least = self._least()
        measured: dict[str, Any] = {"validation": held_out, "evaluate_every": 1}
        if self.early_stopping:
            return measured | {"patience": patience, "least_change": least}
        decides = self.tol is not None and self._whole is None
        return measured | {"callback": _Converged(least, patience) if decides else None}

    def _note(self, net: NeuralNetwork, history: History, before: list[float]) -> None:
        losses = [row["loss"] for row in history.epochs]
        if history.stopped == "callback":
            history.stopped = "converged"
        self.network_, self.history_ = net, history
        self.n_iter_ = len(losses)
        self.n_outputs_ = net.plan().layers[-1].units
        self.loss_curve_ = before + losses
        self.loss_ = self.loss_curve_[-1] if self.loss_curve_ else float("nan")

    def _warn(self, history: History) -> None:
        if history.stopped == "interrupted":
            warnings.warn("the training was interrupted; the network is as it was then", stacklevel=3)
        elif not history.stopped and self.tol is not None:
            warnings.warn(
                f"after {self.max_epochs} epochs (max_epochs) the loss was still getting better by more than tol; "
                "tol=None trains for so many epochs and does not ask",
                ConvergenceWarning,
                stacklevel=3,
            )

    # --- predicting --------------------------------------------------------------------------------------------------

    def _output(self, X: Any, letter: str) -> Array:
        """The net inputs z or activations a of the output layer."""
        check_is_fitted(self, "network_")
        unmasked(X, "X")
        X = validate_data(self, X, reset=False, accept_sparse="csr", dtype=FLOATS)
        return output(self.network_, X, letter)

    def importance(self, X: Any, y: Any, **settings: Any) -> Importance:
        """How much worse the network is where a feature is shuffled: `chalkwork.inside.importance` on these samples.

        It takes what that does besides (`metric`, `repeats`, `seed`, ...); features have the names of the table that
        was fitted.
        """
        check_is_fitted(self, "network_")
        X, y = self._read(X, y, reset=False)
        self._task(y, None, False)
        names = getattr(self, "feature_names_in_", None)
        named = {} if names is None or "groups" in settings else {"names": names}
        return importance(self.network_, X, self._encoded(y, self.network_), **named | settings)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


class _Converged:
    """Told of every epoch; True when the loss has not become better by more than `least` for `patience` of them."""

    def __init__(self, least: float, patience: int) -> None:
        self.least, self.patience = least, patience
        self.best, self.waited = np.inf, 0

    def __call__(self, row: dict[str, float]) -> bool:
        """Whether to stop."""
        self.waited = self.waited + 1 if row["loss"] > self.best - self.least else 0
        self.best = min(self.best, row["loss"])
        return self.waited >= self.patience


def _take_over(net: NeuralNetwork, before: NeuralNetwork) -> None:
    """The parameters of the network before, where the layers are the same."""
    if repr(net.layers) != repr(before.layers) or net.plan().parameters() != before.plan().parameters():
        raise ChalkworkError(
            "warm_start goes on with the network of the last fit, but its layers, inputs or outputs were others",
            hint="warm_start=False starts afresh",
        )
    for kept, values in ((net.parameters, before.parameters), (net.state, before.state)):
        kept.update({name: value.copy() for name, value in values.items()})


def _seed(random: Any) -> int:
    return int(random.randint(2**31 - 1))
