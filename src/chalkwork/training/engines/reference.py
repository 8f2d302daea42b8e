"""The reference: every equation of a step evaluated as it stands, with NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chalkwork.derivation.evaluate import evaluate
from chalkwork.training.step import Array, Batches, Step, Values


class NumpyEngine:
    """What the engines that hold NumPy arrays share."""

    def __init__(self, dtype: str = "float64") -> None:
        self.dtype = np.dtype(dtype)

    def carried(self, values: Values) -> dict[str, Any]:
        """Copies in the engine's precision."""
        return {name: np.array(value, self.dtype) for name, value in values.items()}

    def plain(self, carried: Values) -> dict[str, Array]:
        """The values, copied."""
        return {name: np.array(value) for name, value in carried.items()}


class ReferenceEngine(NumpyEngine):
    """Slow and plain: what the other engines are held against."""

    name = "reference"

    def data(self, values: Values) -> dict[str, Any]:
        """The matrices in the engine's precision."""
        return {name: np.asarray(value, self.dtype) for name, value in values.items()}

    def prepare(self, step: Step, constants: Mapping[str, float], rare: bool = False) -> ReferenceRun:
        """Nothing needs to be prepared but the constants."""
        return ReferenceRun(step, {name: np.full((1, 1), value, self.dtype) for name, value in constants.items()})


class ReferenceRun:
    """One step, evaluated equation by equation."""

    def __init__(self, step: Step, constants: Values) -> None:
        self.step, self.constants = step, constants

    def steps(self, carried: Values, data: Values, batches: Batches) -> tuple[dict[str, Any], Array]:
        """Do the steps, one after another."""
        step, state = self.step, dict(carried)
        dtype = next(iter(data.values())).dtype
        losses = np.full(batches.count, np.nan, dtype)
        rates = np.broadcast_to(np.asarray(batches.rates, dtype), (batches.count,))
        for number in range(batches.count):
            values = {**self.constants, **state, "eta": rates[number].reshape(1, 1)}
            for name in step.data:
                order, axis = None if batches.order is None else batches.order[number], step.sample_axes[name]
                values[name] = data[name] if order is None else data[name].take(order, axis)
            values |= {name: batches.noise[name][number] for name in step.noise}
            with np.errstate(all="ignore"):  # what overflows is found in the loss
                for equation in step.needed:
                    values[equation.name] = evaluate(equation.expression, values)
            if step.loss is not None:
                losses[number] = values[step.loss].item()
            state = {name: values[after] for name, after in step.carried.items()}
        return state, losses
