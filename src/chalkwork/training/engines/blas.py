"""NumPy and BLAS: a step lowered, once, to calls on arrays that are reused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chalkwork.training.engines.lowering_blas import threads_for
from chalkwork.training.engines.lowering_graph import results_of
from chalkwork.training.engines.lowering_program import Program, lower
from chalkwork.training.engines.reference import NumpyEngine
from chalkwork.training.step import Array, Batches, Step, Values


class BlasEngine(NumpyEngine):
    """Matrix products by BLAS, everything else by NumPy, and nothing allocated within a step.

    >>> from chalkwork.algebra.expression import Name
    >>> from chalkwork.derivation.derivation import Derivation, Equation, Stage
    >>> w, x, eta = Name("w", (1, 1)), Name("x", (1, 1)), Name("eta")
    >>> update = Equation("w_new", w - eta * x, Stage.UPDATE)
    >>> step = Step(Derivation((w, x, eta), (update,)), {"w": "w_new"}, ("x",))
    >>> engine = BlasEngine()
    >>> data, carried = engine.data({"x": [[2.0]]}), engine.carried({"w": [[1.0]]})
    >>> after, losses = engine.prepare(step, {}).steps(carried, data, Batches(3, rates=0.5))
    >>> engine.plain(after)
    {'w': array([[-2.]])}
    """

    name = "numpy"

    def data(self, values: Values) -> dict[str, Any]:
        """The matrices in the engine's precision, their rows one after another."""
        return {name: np.ascontiguousarray(value, self.dtype) for name, value in values.items()}

    def prepare(self, step: Step, constants: Mapping[str, float], rare: bool = False) -> BlasRun:
        """Lower the step."""
        return BlasRun(step, constants, self.dtype)


class BlasRun:
    """One step, lowered.

    The carried values that `steps` returns are the run's own arrays: its next steps go on in them.
    """

    def __init__(self, step: Step, constants: Mapping[str, float], dtype: np.dtype[Any]) -> None:
        self.step, self.dtype = step, dtype
        graph_results = results_of(step, constants, dtype)
        self.program: Program = lower(graph_results, step.carried, step.data, step.sample_axis == -1, dtype)
        self._sample_rows: dict[str, tuple[Array, Array]] = {}

    def steps(self, carried: Values, data: Values, batches: Batches) -> tuple[dict[str, Any], Array]:
        """Do the steps, one after another."""
        state = {name: self.program.givens[name] for name in self.step.carried}
        for name, array in state.items():
            if carried[name] is not array:
                np.copyto(array, carried[name])
        losses = np.full(batches.count, np.nan, self.dtype)
        with threads_for(self.program.largest), np.errstate(all="ignore"):  # what overflows is found in the loss
            self._repeat(batches, self._feed(data, batches), losses)
        return state, losses

    def _repeat(self, batches: Batches, feeds: list[Any], losses: Array) -> None:
        calls = self.program.calls
        rate = self.program.givens.get("eta", np.empty((1, 1), self.dtype))
        rates = np.broadcast_to(np.asarray(batches.rates, self.dtype), (batches.count,)).tolist()
        loss = None if self.step.loss is None else self.program.results[self.step.loss]
        for number in range(batches.count):
            rate[0, 0] = rates[number]
            for feed in feeds:
                feed(number)
            for call in calls:
                call()
            if loss is not None:
                losses[number] = loss[0, 0]

    def _feed(self, data: Values, batches: Batches) -> list[Any]:
        """What puts the samples and the noise of a step in place; what never changes is put there now."""
        order = None if batches.order is None else np.ascontiguousarray(batches.order, np.intp)
        feeds: list[Any] = []
        for name in self.step.data:
            if name in self.program.pointed:
                feeds += self._point(name, data[name], order)
            elif name in self.program.givens:
                feeds += self._copy(name, data[name], order)
        for name in self.step.noise:
            if name in self.program.givens:
                feeds.append(_copier(self.program.givens[name], batches.noise[name]))
        return feeds

    def _copy(self, name: str, source: Array, order: Array | None) -> list[Any]:
        place = self.program.givens[name]
        if order is None:
            np.copyto(place, source)
            return []
        return [_gatherer(source, _within(order, source.shape[self.step.sample_axis]), self.step.sample_axis, place)]

    def _point(self, name: str, source: Array, order: Array | None) -> list[Any]:
        """Products read the samples where they lie, or where they have been gathered."""
        cell, rows = self.program.pointed[name], self._rows(name, source)
        cell.value = rows.ctypes.data
        if order is None:
            return []
        order = _within(order, len(rows))
        stride = rows.strides[0]
        if (order == order[:, :1] + np.arange(order.shape[1])).all():
            return [_pointer(cell, (rows.ctypes.data + order[:, 0] * stride).tolist())]
        gathered = np.empty((order.shape[1], rows.shape[1]), self.dtype)
        cell.value = gathered.ctypes.data
        return [_gatherer(rows, order, 0, gathered)]

    def _rows(self, name: str, source: Array) -> Array:
        """The data with a sample in each row of memory; a transposed copy is made once for the same data."""
        if self.step.sample_axis == -2:
            return source
        known = self._sample_rows.get(name)
        if known is None or known[0] is not source:
            known = self._sample_rows[name] = (source, np.ascontiguousarray(source.T))
        return known[1]


def _within(order: Array, count: int) -> Array:
    """The indices counted from the start; IndexError beyond the end, as `take` has it."""
    if order.size and (order.min() < -count or order.max() >= count):
        raise IndexError(f"there are {count} samples, and sample {int(order.max())} was asked for")
    return np.where(order < 0, order + count, order) if order.size and order.min() < 0 else order


def _gatherer(source: Array, order: Array, axis: int, place: Array) -> Any:
    take = source.take

    def gather(number: int) -> None:
        take(order[number], axis, place, "clip")  # anything but "clip" goes through a copy

    return gather


def _copier(place: Array, source: Array) -> Any:
    def copy(number: int) -> None:
        place[...] = source[number]

    return copy


def _pointer(cell: Any, addresses: list[int]) -> Any:
    def point(number: int) -> None:
        cell.value = addresses[number]

    return point
