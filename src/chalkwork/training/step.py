"""One step of training: the equations from the values before it to those after it, and no numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import Any, Protocol

import numpy as np

from chalkwork.algebra.expression import Application, walk
from chalkwork.derivation.derivation import Derivation, Equation
from chalkwork.errors import ChalkworkError

Array = np.ndarray[Any, Any]
Values = Mapping[str, Any]
"""Arrays by name, in the shapes of their names; a scalar is 1x1."""


@dataclass(frozen=True, eq=False)
class Step:
    """The equations of one step and what happens to their names between two steps.

    `carried` maps each given that changes (a weight, a running mean) to the equation that replaces it, `data` names
    the givens that hold a sample in each row or column (along `sample_axis`; or in each of the matrices in a row),
    `noise` those that are drawn anew for every step. All other givens are constant. `loss` is recorded.

    >>> from chalkwork.algebra.expression import Name
    >>> from chalkwork.derivation.derivation import Stage
    >>> w, x, eta = Name("w", (1, 1)), Name("x", (1, 1)), Name("eta")
    >>> update = Equation("w_new", w - eta * x, Stage.UPDATE)
    >>> unused = Equation("z", w * x, Stage.FORWARD)
    >>> step = Step(Derivation((w, x, eta), (unused, update)), {"w": "w_new"}, ("x",))
    >>> [equation.name for equation in step.needed]
    ['w_new']
    """

    derivation: Derivation
    carried: Mapping[str, str]
    data: tuple[str, ...]
    loss: str | None = None
    sample_axis: int = -2
    noise: tuple[str, ...] = ()

    @property
    def results(self) -> tuple[str, ...]:
        """The equations whose values leave the step."""
        return (*self.carried.values(), *([] if self.loss is None else [self.loss]))

    @cached_property
    def needed(self) -> tuple[Equation, ...]:
        """The equations that the results depend on, in order."""
        return self.derivation.needed(self.results)

    @cached_property
    def operations(self) -> int:
        """The floating-point operations of one step, roughly: two for each term of a matrix product, one an entry."""
        return sum(_operations(equation) for equation in self.needed)

    @cached_property
    def _calls(self) -> list[Application]:
        return [node for one in self.needed for node in walk(one.expression) if isinstance(node, Application)]

    def seconds(self, engine: str) -> float:
        """What one step takes on one core, roughly, as measured: so much a call, and so much an operation.

        Where matrices lie in rows the reference engine does the work; it is slow at what moves a window.
        """
        if engine == "jax":
            return 1e-6 + self.operations / 2e10
        if self.is_flat and engine != "reference":
            return 1e-6 * len(self._calls) + self.operations / 5e10
        slow = any(node.operation.own_axes for node in self._calls)
        return 4e-6 * len(self._calls) + self.operations / (6e8 if slow else 1.5e10)

    @cached_property
    def sample_axes(self) -> Mapping[str, int]:
        """The axis of each of the data that runs over the samples: the first, where samples are matrices in a row."""
        shapes = self.derivation.shapes()
        return {name: self.sample_axis if len(shapes[name]) == 2 else -len(shapes[name]) for name in self.data}

    @property
    def samples(self) -> int:
        """How many samples a batch has."""
        name = self.data[0]
        return self.derivation.shapes()[name][self.sample_axes[name]]

    @cached_property
    def is_flat(self) -> bool:
        """Whether everything in it is a scalar or a matrix."""
        return all(node.is_flat for node in self._calls)


def _operations(equation: Equation) -> int:
    total = 0
    for node in walk(equation.expression):
        if isinstance(node, Application):
            total += 2 * node.products or max(prod(node.shape), prod(node.arguments[0].shape) if not node.shape else 1)
    return total


@dataclass(frozen=True, eq=False)
class Batches:
    """Some steps to be done in one go.

    `order` holds the samples of each step, as indices of the shape (steps, samples a batch); None where every step
    takes all. `rates` is the learning rate, one for all steps or one each; `noise` one array a step, stacked.
    """

    count: int
    order: Array | None = None
    rates: float | Array = 0.1
    noise: Mapping[str, Array] = field(default_factory=dict)


class EngineStopped(ChalkworkError):
    """The machine, not the mathematics, ended a run: a lost process, or no memory."""


class Run(Protocol):
    """A step made ready by an engine."""

    def steps(self, carried: Values, data: Values, batches: Batches) -> tuple[dict[str, Any], Array]:
        """Do the steps: the carried values afterwards, and the loss of every step before its update.

        `carried` and `data` are in the engine's own form.
        """
        ...


class Engine(Protocol):
    """What turns equations into something that runs."""

    name: str
    dtype: np.dtype[Any]

    def data(self, values: Values) -> dict[str, Any]:
        """Data matrices in the engine's own form, made once for a whole run."""
        ...

    def carried(self, values: Values) -> dict[str, Any]:
        """The values that change, in the engine's own form; the given arrays are never written to."""
        ...

    def plain(self, carried: Values) -> dict[str, Array]:
        """The same as NumPy arrays of their own."""
        ...

    def prepare(self, step: Step, constants: Mapping[str, float], rare: bool = False) -> Run:
        """Make a step ready; of a rare one a run does no more than one an epoch."""
        ...
