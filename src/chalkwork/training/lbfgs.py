"""L-BFGS: the equations give loss and gradient, SciPy's L-BFGS-B makes steps of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from chalkwork.errors import ChalkworkError
from chalkwork.packages import package
from chalkwork.training.loop import Snapshot, Task, Training
from chalkwork.training.step import Array, Batches, Engine
from chalkwork.training.work import Chunk


@dataclass(frozen=True)
class LBFGS:
    """What SciPy is told: the steps that it remembers, and when it is done.

    It is done where no entry of the gradient is larger than `gradient`, where a step makes the loss smaller by no more
    than the part `change` of it, or where so many `evaluations` were made.

    Source: Nocedal and Wright, Numerical Optimization (2006), algorithm 7.5; Byrd, Lu, Nocedal and Zhu (1995).

    >>> LBFGS.of({"name": "L-BFGS", "memory": 5})
    LBFGS(memory=5, gradient=1e-05, change=2.220446049250313e-09, evaluations=15000)
    """

    memory: int = 10
    gradient: float = 1e-5
    change: float = 1e7 * float(np.finfo(float).eps)
    evaluations: int = 15_000

    @classmethod
    def of(cls, description: Any) -> LBFGS | None:
        """That of an optimiser's description; None for any other. Raises ChalkworkError for what it does not take."""
        if isinstance(description, cls):
            return description
        given = dict(description) if isinstance(description, Mapping) else {"name": description}
        name = given.pop("name", None)
        if not isinstance(name, str) or name.lower().replace("-", "").replace("_", "") not in ("lbfgs", "lbfgsb"):
            return None
        known = [one.name for one in fields(cls)]
        for key, value in given.items():
            if key not in known:
                raise ChalkworkError(f"lbfgs takes {', '.join(known)}, not {key}")
            number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
            counts = key in ("memory", "evaluations")
            if not number or not (1 <= value < 1e6 and value == int(value) if counts else 0 <= value < np.inf):
                wanted = "a whole number from 1 on" if counts else "a number from 0 on"
                raise ChalkworkError(f"{key} of lbfgs is {wanted}, not {value!r:.60}")
            given[key] = int(value) if counts else float(value)
        return cls(**given)


def minimise(task: Task, engine: Engine, run: Snapshot, options: LBFGS) -> None:
    """Do a run on all samples at once, in place, as `train` of the loop does; every step is an iteration of L-BFGS."""
    _Minimising(task, engine, run, options).go()


class _Minimising(Training):
    """A run in progress whose steps SciPy makes."""

    def __init__(self, task: Task, engine: Engine, run: Snapshot, options: LBFGS) -> None:
        super().__init__(task, engine, run)
        self.options = options
        whole = task.step_of(task.work.batch)
        gradients = {name: f"d{name}" for name in run.values if f"d{name}" in whole.derivation}
        self.step = replace(whole, carried=dict(whole.carried) | gradients)  # what is carried out is the gradient
        self.ready = engine.prepare(self.step, task.constants)
        self.names = list(gradients)
        self.kept: dict[str, Array] = {}
        self.loss = np.nan

    def all_steps(self, seconds: Callable[[], float]) -> None:
        """Until SciPy is done, or somebody stops it."""
        minimize = package("scipy.optimize", "lbfgs", "pip install 'chalkwork[train]'").minimize
        start = np.concatenate([self.run.values[name].ravel() for name in self.names]).astype(np.float64)
        self.loss, _ = self._slope(start)
        if not np.isfinite(self.loss):
            raise self.diverged(self._chunk(), np.array([self.loss]))

        def after(intermediate_result: Any) -> None:
            chunk = self._chunk()
            self.advance(self._values(intermediate_result.x) | self.kept, np.array([self.loss]), chunk)
            self.loss, before = intermediate_result.fun, self.run.values
            self.history.seconds = seconds()
            self.history.stopped = self.between(chunk)
            if self.run.values is not before or self.run.factor != 1:
                raise ChalkworkError("a callback cannot change parameters or rate under L-BFGS, which relies on both")
            if self.history.stopped:
                raise StopIteration

        options = self.options
        told = {"maxcor": options.memory, "gtol": options.gradient, "ftol": options.change}
        limits = {"maxiter": self.task.work.steps, "maxfun": options.evaluations}
        found = minimize(self._slope, start, jac=True, method="L-BFGS-B", callback=after, options=told | limits)
        if not self.history.stopped and self.run.done < self.task.work.steps:
            ends = {0: "converged", 1: f"after {options.evaluations} evaluations"}
            self.history.stopped = ends.get(found.status, "no step along the search makes the loss smaller")

    def _chunk(self) -> Chunk:
        return Chunk(self.run.done, 1, self.task.work.batch, None, self.run.done)

    def _values(self, flat: Array) -> dict[str, Array]:
        """The parameters out of a vector of all."""
        shapes = [self.run.values[name].shape for name in self.names]
        cuts = np.cumsum([np.prod(shape, dtype=int) for shape in shapes])[:-1]
        parts = zip(self.names, np.split(flat, cuts), shapes, strict=True)
        return {name: part.reshape(shape).astype(self.engine.dtype) for name, part, shape in parts}

    def _slope(self, flat: Array) -> tuple[float, Array]:
        """The loss and its gradient."""
        carried = self.engine.carried(self.run.values | self._values(flat))
        after, losses = self.ready.steps(carried, self.data, Batches(1))
        values = self.engine.plain(after)
        gradient = np.concatenate([values[name].ravel() for name in self.names]).astype(np.float64)
        self.kept = {name: value for name, value in values.items() if name not in self.names}
        return float(losses[0]), gradient
