"""How a network is trained: every setting, checked when it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from chalkwork.errors import ChalkworkError, meant
from chalkwork.networks.arguments import flag, positive, seed_of, whole
from chalkwork.networks.data import Array
from chalkwork.networks.layers.settings import real
from chalkwork.networks.losses import Loss
from chalkwork.networks.moments import callbacks_of
from chalkwork.networks.optimisers import Optimiser
from chalkwork.training.lbfgs import LBFGS
from chalkwork.training.schedules import Plateau, Schedule

USUAL_RATE = 0.01


_SAME = {
    "lr": "eta", "learning_rate": "eta", "rate": "eta", "n_epochs": "epochs", "max_epochs": "epochs",
    "callbacks": "callback", "validation_data": "validation", "validation_split": "validation",
    "eval_set": "validation", "optimiser": "optimizer", "random_state": "seed", "n_iterations": "iterations",
}  # fmt: skip
"""What else settings are called."""
_ANSWERS = {
    "max_iter": "epochs= with batch_size=, or iterations= for all samples at once",
    "momentum": 'optimizer={"name": "momentum", "mu": 0.9}', "mu": 'optimizer={"name": "momentum", "mu": 0.9}',
    "nesterov": 'optimizer="nesterov"', "solver": "optimizer=", "early_stopping": "patience= with validation=",
    "weight_decay": 'l2= of the network, or optimizer={"name": "adamw", "decay": 0.01}',
    "alpha": "l2= of the network", "l1": "l1= of the network", "l2": "l2= of the network",
    "loss": "loss= of the network",
    "clipnorm": "clip_norm=", "clipvalue": "clip_value=", "tol": "least_change= with patience=",
    "n_iter_no_change": "patience=", "lr_scheduler": "schedule=", "steps": "iterations=",
}  # fmt: skip
"""What to give in place of what there is not."""


def under_usual_names(given: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """The settings given, with those under their other names.

    Raises ChalkworkError for one that is given twice, and for one that there is not, with the right one.

    >>> under_usual_names({"eta": None}, {"lr": 0.1})
    {'eta': 0.1}
    >>> under_usual_names({"eta": None}, {"momentum": 0.9})
    Traceback (most recent call last):
        ...
    chalkwork.errors.ChalkworkError: train takes no momentum. Hint: optimizer={"name": "momentum", "mu": 0.9}.
    """
    found = dict(given)
    usual = {one.name: one.default for one in fields(Settings)}
    for key, value in other.items():
        name = _SAME.get(key)
        if name is None:
            hint = _ANSWERS.get(key, meant(key, [*usual, *_SAME], f"it takes {', '.join(usual)}"))
            raise ChalkworkError(f"train takes no {key}", hint=hint)
        if found[name] is not usual[name] and found[name] != usual[name]:
            raise ChalkworkError(f"{key} is {name}, which is given too")
        found[name] = value
    return found


@dataclass(frozen=True)
class Settings:
    """How a network is trained; `NeuralNetwork.train` says what each means.

    Raises ChalkworkError for a value that a setting does not have.

    >>> Settings(epochs=True)
    Traceback (most recent call last):
        ...
    chalkwork.errors.ChalkworkError: epochs is a whole number from 1 on, not True
    """

    data: Any = None
    steps_per_epoch: int | None = None
    classes: Any = None
    eta: float | None = None
    iterations: int | None = None
    epochs: int | None = None
    batch_size: int | None = None
    shuffle: bool = True
    drop_last: bool = False
    seed: int = 0
    optimizer: str | Mapping[str, Any] | Optimiser = "gradient_descent"
    schedule: str | Mapping[str, Any] | Callable[[int], Any] | Schedule | None = None
    clip_norm: float | None = None
    clip_value: float | None = None
    sample_weight: Any = None
    class_weight: str | Mapping[Any, float] | None = None
    validation: Any = None
    patience: int | None = None
    least_change: float = 0.0
    metrics: Any = None
    callback: Callable[[Any], Any] | Sequence[Callable[[Any], Any]] | None = None
    evaluate_every: int | None = None
    dtype: str = "float64"
    engine: str = "auto"
    progress: bool | None = None
    verbose: bool | int = False
    checkpoint: str | Path | None = None
    checkpoint_every: float = 30.0
    spread: int = 1
    optimizer_state: Mapping[str, Array] | None = None

    def __post_init__(self) -> None:
        for name in ("eta", "clip_norm", "clip_value"):
            _unless_none(positive, getattr(self, name), name)
        for name in ("iterations", "epochs", "batch_size", "patience", "evaluate_every", "steps_per_epoch"):
            _unless_none(whole, getattr(self, name), name)
        for name in ("shuffle", "drop_last"):
            flag(getattr(self, name), name)
        _unless_none(flag, self.progress, "progress")
        if not isinstance(self.verbose, bool | np.bool_):
            whole(self.verbose, "verbose", 0)
        seed_of(self.seed, "seed")
        whole(self.spread, "spread")
        real(self.least_change, "least_change", 0, float("inf"))
        real(self.checkpoint_every, "checkpoint_every", 0, float("inf"))
        _ = self.rule, self.rates, self.plateau
        callbacks_of(self.callback)
        if self.checkpoint is not None and (not isinstance(self.checkpoint, str | Path) or not str(self.checkpoint)):
            raise ChalkworkError(f"checkpoint is the name of a file, not {self.checkpoint!r:.60}")

    @property
    def lbfgs(self) -> LBFGS | None:
        """What SciPy makes the steps with, if it does."""
        return None if isinstance(self.optimizer, Optimiser) else LBFGS.of(self.optimizer)

    @property
    def rule(self) -> Optimiser:
        """The rule that makes the steps; where SciPy makes them, the one with nothing but the gradient."""
        return Optimiser() if self.lbfgs else Optimiser.of(self.optimizer)

    @property
    def plateau(self) -> Plateau | None:
        """How the measurements change the learning rate, if they do."""
        return Plateau.of(self.schedule)

    @property
    def rates(self) -> Schedule:
        """How the number of the step changes the learning rate."""
        return Schedule.of(None if self.plateau else self.schedule)

    def rate(self, loss: Loss, batch: int) -> float:
        """The learning rate: the one given, or the usual one.

        Where the loss is a sum over samples and the optimiser's steps grow with it, the usual one is divided by their
        number: the step that the mean would make.

        >>> from chalkwork.networks.losses import LOSSES
        >>> Settings().rate(LOSSES["squared_error"], 100), Settings().rate(LOSSES["mean_squared_error"], 100)
        (0.0001, 0.01)
        """
        if self.eta is not None:
            return positive(self.eta, "eta")
        return USUAL_RATE / (batch if self.sums(loss) else 1)

    def sums(self, loss: Loss) -> bool:
        """Whether a step is the longer the more samples a batch has."""
        return loss.reduction == "sum" and not self.lbfgs and self.rule.rule.grows


def _unless_none(check: Callable[[Any, str], Any], value: Any, name: str) -> None:
    if value is not None:
        check(value, name)
