"""How a network is trained: every setting, checked when it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chalkwork.errors import ChalkworkError
from chalkwork.networks.arguments import flag, positive, seed_of, whole
from chalkwork.networks.data import Array
from chalkwork.networks.layers.settings import real
from chalkwork.networks.losses import Loss
from chalkwork.networks.optimisers import Optimiser
from chalkwork.training.schedules import Schedule

USUAL_RATE = 0.01


@dataclass(frozen=True)
class Settings:
    """How a network is trained; `NeuralNetwork.train` says what each means.

    Raises ChalkworkError for a value that a setting does not have.

    >>> Settings(epochs=True)
    Traceback (most recent call last):
        ...
    chalkwork.errors.ChalkworkError: epochs is a whole number from 1 on, not True
    """

    eta: float | None = None
    iterations: int | None = None
    epochs: int | None = None
    batch_size: int | None = None
    shuffle: bool = True
    drop_last: bool = False
    seed: int = 0
    optimizer: str | Mapping[str, Any] | Optimiser = "gradient_descent"
    schedule: str | Mapping[str, Any] | Schedule | None = None
    clip_norm: float | None = None
    clip_value: float | None = None
    sample_weight: Any = None
    class_weight: str | Mapping[Any, float] | None = None
    validation: tuple[Any, ...] | list[Any] | float | None = None
    patience: int | None = None
    least_change: float = 0.0
    callback: Callable[[dict[str, float]], Any] | None = None
    evaluate_every: int | None = None
    dtype: str = "float64"
    engine: str = "auto"
    progress: bool | None = None
    checkpoint: str | Path | None = None
    checkpoint_every: float = 30.0
    spread: int = 1
    kept: dict[str, Array] | None = None
    """What the optimiser kept of an earlier run, to go on with; what it keeps of this one is put in its place."""

    def __post_init__(self) -> None:
        for name in ("eta", "clip_norm", "clip_value"):
            _unless_none(positive, getattr(self, name), name)
        for name in ("iterations", "epochs", "batch_size", "patience", "evaluate_every"):
            _unless_none(whole, getattr(self, name), name)
        for name in ("shuffle", "drop_last"):
            flag(getattr(self, name), name)
        _unless_none(flag, self.progress, "progress")
        seed_of(self.seed, "seed")
        whole(self.spread, "spread")
        real(self.least_change, "least_change", 0, float("inf"))
        real(self.checkpoint_every, "checkpoint_every", 0, float("inf"))
        Optimiser.of(self.optimizer)
        Schedule.of(self.schedule)
        if self.callback is not None and not callable(self.callback):
            raise ChalkworkError(f"callback is a function of one measurement, not {self.callback!r:.60}")
        if self.checkpoint is not None and (not isinstance(self.checkpoint, str | Path) or not str(self.checkpoint)):
            raise ChalkworkError(f"checkpoint is the name of a file, not {self.checkpoint!r:.60}")

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
        return loss.reduction == "sum" and Optimiser.of(self.optimizer).rule.grows


def _unless_none(check: Callable[[Any, str], Any], value: Any, name: str) -> None:
    if value is not None:
        check(value, name)
