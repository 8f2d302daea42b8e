"""What is remembered of a training run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chalkwork.counting import counted
from chalkwork.packages import package
from chalkwork.training.step import Array


@dataclass
class History:
    """Losses and measures of a training run.

    `loss` is the loss of every step (an iteration, or a minibatch) before its update; `epochs` one dictionary for each
    evaluation, with `step`, `epoch`, `loss` (its mean since the last one) and what else was measured. `stopped` says
    why it ended before its time: `"interrupted"`, `"early stopping"`, `"callback"`, `"exception"` (in a callback), or
    nothing; where the training diverged, a sentence from `"diverged: "` on says the cause and what helps. Of a run that
    went on from a checkpoint, `resumed` steps come from the file `source`. `optimizer_state` is what the optimiser
    keeps at the end, with which another run may go on.

    >>> history = History()
    >>> history.add(np.array([0.7, 0.6]))
    >>> history.loss.tolist(), history.steps
    ([0.7, 0.6], 2)
    >>> history.first, history.last(1).tolist()
    (0.7, [0.6])
    """

    epochs: list[dict[str, float]] = field(default_factory=list)
    stopped: str = ""
    engine: str = ""
    seconds: float = 0.0
    resumed: int = 0
    source: str = ""
    optimizer_state: dict[str, Array] = field(default_factory=dict, repr=False)
    _parts: list[Array] = field(default_factory=list, repr=False)

    def add(self, losses: Array) -> None:
        """Append the losses of some steps."""
        self._parts.append(np.asarray(losses, np.float64))

    @property
    def loss(self) -> Array:
        """The loss of every step, in order."""
        if len(self._parts) != 1:
            self._parts = [np.concatenate(self._parts)] if self._parts else [np.zeros(0)]
        return self._parts[0]

    def last(self, count: int) -> Array:
        """The losses of the last steps, without putting all of them together."""
        found: list[Array] = []
        for part in reversed(self._parts):
            if count <= 0:
                break
            found.insert(0, part[-count:])
            count -= len(part)
        return np.concatenate(found) if found else np.zeros(0)

    @property
    def first(self) -> float:
        """The loss of the first step; NaN where none was done."""
        return next((float(part[0]) for part in self._parts if part.size), float("nan"))

    @property
    def steps(self) -> int:
        """How many steps were done."""
        return sum(len(part) for part in self._parts)

    def column(self, key: str) -> Array:
        """One measure at every evaluation; NaN where it was not taken."""
        return np.array([row.get(key, np.nan) for row in self.epochs])

    def frame(self) -> Any:
        """The evaluations as a DataFrame, a row each. Needs pandas."""
        pandas = package("pandas", "History.frame", "pip install pandas")
        return pandas.DataFrame(self.epochs).astype({"step": int, "epoch": int}) if self.epochs else pandas.DataFrame()

    def as_data(self) -> dict[str, Any]:
        """The history as plain data."""
        return {
            "loss": self.loss.tolist(),
            "epochs": self.epochs,
            "stopped": self.stopped,
            "engine": self.engine,
            "seconds": self.seconds,
        }

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> History:
        """The history that `as_data` gave."""
        history = cls([dict(row) for row in data["epochs"]], data["stopped"], data["engine"], data["seconds"])
        history.add(np.array(data["loss"], np.float64))
        return history

    def __repr__(self) -> str:
        if not self.steps:
            return "History(no steps)"
        first, last = self.loss[0], self.loss[-1]
        ended = f", {self.stopped}" if self.stopped else ""
        which = "all" if self.resumed == self.steps else self.resumed
        kept = f" ({which} of them from {self.source})" if self.resumed else ""
        return f"History({counted(self.steps, 'step')}{kept}, loss {first:.6g} to {last:.6g}{ended})"
