"""The compiled engine: the equations of a step traced by JAX, and many steps compiled into one loop.

Source of the loop: `jax.lax.scan`, which keeps it inside one compiled program, so that a small network costs no more
than its arithmetic.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from chalkwork.derivation.evaluate import evaluate
from chalkwork.errors import ChalkworkError
from chalkwork.training.step import Array, Batches, Step, Values


@cache
def _jax() -> Any:
    """JAX, with its compilations kept on disk unless somebody chose otherwise."""
    try:
        jax: Any = import_module("jax")
    except ImportError as error:
        raise ChalkworkError("the engine 'jax' needs JAX", hint="pip install 'chalkwork[train]'") from error
    if jax.config.jax_compilation_cache_dir is None and "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        jax.config.update("jax_compilation_cache_dir", str(_cache_folder()))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.05)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    return jax


def _cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "chalkwork" / "jax"


class JaxEngine:
    """JAX on whatever it runs on.

    Raises ChalkworkError if JAX is not installed.
    """

    name = "jax"

    def __init__(self, dtype: str = "float64") -> None:
        self.jax = _jax()
        self.dtype = np.dtype(dtype)

    @contextmanager
    def precision(self) -> Iterator[None]:
        """64 bits where they are wanted, for this engine's own work only."""
        with self.jax.enable_x64(self.dtype.itemsize == 8):
            yield

    def data(self, values: Values) -> dict[str, Any]:
        """The matrices on the device."""
        with self.precision():
            return {name: self.jax.device_put(np.asarray(value, self.dtype)) for name, value in values.items()}

    def carried(self, values: Values) -> dict[str, Any]:
        """The values on the device."""
        return self.data(values)

    def plain(self, carried: Values) -> dict[str, Array]:
        """The values, copied from the device."""
        return {name: np.array(value) for name, value in carried.items()}

    def prepare(self, step: Step, constants: Mapping[str, float]) -> JaxRun:
        """The step, to be compiled when it is first run."""
        return JaxRun(self, step, {name: np.full((1, 1), value, self.dtype) for name, value in constants.items()})


class JaxRun:
    """A step and the programs compiled of it: one for each number of steps done in one go."""

    def __init__(self, engine: JaxEngine, step: Step, constants: Values) -> None:
        self.engine, self.step, self.constants = engine, step, constants
        self._program = engine.jax.jit(self._steps, static_argnames=("count",))

    def steps(self, carried: Values, data: Values, batches: Batches) -> tuple[dict[str, Any], Array]:
        """Do the steps in one compiled loop."""
        dtype = self.engine.dtype
        each: dict[str, Any] = {name: np.asarray(value, dtype) for name, value in batches.noise.items()}
        if batches.order is not None:
            each["order"] = np.asarray(batches.order, np.int32)
        rate: Any = np.asarray(batches.rates, dtype)
        if rate.ndim:
            each["eta"] = rate.reshape(-1, 1, 1)
        with self.engine.precision():
            state, losses = self._program(
                dict(carried), dict(data), {**self.constants, "eta": rate.reshape(-1)[:1].reshape(1, 1)}, each,
                count=batches.count,
            )  # fmt: skip
            return state, _waited_for(losses)

    def _steps(self, carried: Values, data: Values, fixed: Values, each: Values, *, count: int) -> Any:
        return self.engine.jax.lax.scan(partial(self._step, data, fixed), carried, dict(each), length=count)

    def _step(self, data: Values, fixed: Values, carried: Values, each: dict[str, Any]) -> Any:
        xp, step = self.engine.jax.numpy, self.step
        order = each.get("order")
        chosen = {
            name: data[name] if order is None else xp.take(data[name], order, axis=step.sample_axis)
            for name in step.data
        }
        values = {**fixed, **carried, **chosen, **{name: part for name, part in each.items() if name != "order"}}
        for equation in step.needed:
            values[equation.name] = evaluate(equation.expression, values, xp)
        loss = values[step.loss][0, 0] if step.loss is not None else None
        return {name: values[after] for name, after in step.carried.items()}, loss


def _waited_for(losses: Any) -> Array:
    """The losses as an array; Ctrl-C is heard while they are computed, which takes another thread."""
    if losses is None:
        return np.zeros(0)
    found: list[Array] = []
    worker = threading.Thread(target=lambda: found.append(np.asarray(losses)), daemon=True)
    worker.start()
    while worker.is_alive():
        worker.join(0.2)
    return found[0]
