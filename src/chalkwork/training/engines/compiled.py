"""The compiled engine: the equations of a step traced by JAX, and many steps compiled into one loop.

Source of the loop: `jax.lax.scan`, which keeps it inside one compiled program, so that a small network costs no more
than its arithmetic.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from chalkwork.errors import ChalkworkError
from chalkwork.training.engines.sharding import Devices
from chalkwork.training.engines.sweeps import Part, parts_of, run_parts
from chalkwork.training.step import Array, Batches, EngineStopped, Step, Values

SMALL_LOOP = "xla_cpu_small_while_loop_byte_threshold"
"""Loops whose arrays take fewer bytes are compiled into one function; XLA's own 1024 leaves out most small networks."""


@cache
def _jax() -> Any:
    """JAX, with its compilations kept on disk unless somebody chose otherwise."""
    flags = os.environ.get("XLA_FLAGS", "")
    if "xla_backend_extra_options" not in flags:  # read when JAX first computes; later it changes nothing
        os.environ["XLA_FLAGS"] = f"{flags} --xla_backend_extra_options={SMALL_LOOP}=65536".strip()
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
    """JAX on whatever it runs on: one device, or all devices of all processes that `jax.distributed` has joined.

    `spread` is over how many devices the units of large layers are spread; the samples are over all of them.
    Raises ChalkworkError if JAX is not installed, or the devices cannot be divided so.
    """

    name = "jax"

    def __init__(self, dtype: str = "float64", spread: int = 1) -> None:
        self.jax = _jax()
        self.dtype = np.dtype(dtype)
        self.devices = Devices(self.jax, spread)
        self.programs: WeakKeyDictionary[Step, Any] = WeakKeyDictionary()

    @contextmanager
    def precision(self) -> Iterator[None]:
        """64 bits where they are wanted, for this engine's own work only, and no product in fewer bits than asked for.

        JAX's default on a GPU rounds the factors of a float32 product to 10 bits (TF32); somebody who chose a
        precision (`jax_default_matmul_precision`) keeps it.
        """
        products = self.jax.config.jax_default_matmul_precision or "float32"
        with self.jax.enable_x64(self.dtype.itemsize == 8), self.jax.default_matmul_precision(products):
            yield

    def data(self, values: Values) -> dict[str, Any]:
        """The matrices on the device."""
        return self._placed(values, self.devices.everywhere)

    def carried(self, values: Values) -> dict[str, Any]:
        """The values on the device."""
        return self._placed(values, self.devices.parameter)

    def _placed(self, values: Values, place: Callable[[Array], Any]) -> dict[str, Any]:
        put = place if self.devices.several else self.jax.device_put
        with self.precision():
            return {name: put(np.asarray(value, self.dtype)) for name, value in values.items()}

    def plain(self, carried: Values) -> dict[str, Array]:
        """The values, copied from the device."""
        return {name: self.devices.whole(value) for name, value in carried.items()}

    @property
    def lost(self) -> str:
        """What to do where the computation stopped."""
        if self.jax.process_count() > 1:
            return (
                "another process of the run has died or cannot be reached; start all of them again with the checkpoint"
            )
        return "the device may be out of memory; take smaller batches"

    def prepare(self, step: Step, constants: Mapping[str, float]) -> JaxRun:
        """The step, to be compiled when it is first run."""
        return JaxRun(self, step, {name: np.full((1, 1), value, self.dtype) for name, value in constants.items()})


class JaxRun:
    """A step and the programs compiled of it: one for each number of steps done in one go."""

    def __init__(self, engine: JaxEngine, step: Step, constants: Values) -> None:
        self.engine, self.step, self.constants = engine, step, constants
        if step not in engine.programs:
            program = partial(_steps, engine.jax, engine.devices, weakref.proxy(step))
            engine.programs[step] = engine.jax.jit(program, static_argnames=("count",))
        self._program = engine.programs[step]

    def steps(self, carried: Values, data: Values, batches: Batches) -> tuple[dict[str, Any], Array]:
        """Do the steps in one compiled loop."""
        dtype = self.engine.dtype
        each: dict[str, Any] = {name: np.asarray(value, dtype) for name, value in batches.noise.items()}
        if batches.order is not None:
            each["order"] = np.asarray(batches.order, np.int32)
        rate: Any = np.asarray(batches.rates, dtype)
        if rate.ndim:
            each["eta"] = rate.reshape(-1, 1, 1)
        fixed = {**self.constants, "eta": rate.reshape(-1)[:1].reshape(1, 1)}
        try:
            with self.engine.precision():
                state, losses = self._program(dict(carried), dict(data), fixed, each, count=batches.count)
                return state, _waited_for(losses)
        except self.engine.jax.errors.JaxRuntimeError as error:
            reason = str(error).strip().partition("\n")[0]
            raise EngineStopped(f"the computation stopped: {reason}", hint=self.engine.lost) from error


def _steps(
    jax: Any, devices: Devices, step: Step, carried: Values, data: Values, fixed: Values, each: Values, *, count: int
) -> Any:
    """All steps, as JAX traces them."""
    parts = parts_of(step.needed)
    return jax.lax.scan(partial(_step, jax, devices, step, parts, data, fixed), carried, dict(each), length=count)


def _step(
    jax: Any,
    devices: Devices,
    step: Step,
    parts: Sequence[Part],
    data: Values,
    fixed: Values,
    carried: Values,
    each: dict[str, Any],
) -> Any:
    """One step: the carried values after it, and the loss before."""
    xp = jax.numpy
    order = each.get("order")
    chosen = {
        name: data[name] if order is None else xp.take(data[name], order, axis=step.sample_axes[name], mode="clip")
        for name in step.data
    }
    if devices.several:
        chosen = {name: devices.batch(value, step) for name, value in chosen.items()}
    values = {**fixed, **carried, **chosen, **{name: part for name, part in each.items() if name != "order"}}
    values = run_parts(parts, jax, values)
    loss = values[step.loss][0, 0] if step.loss is not None else None
    return {name: values[after] for name, after in step.carried.items()}, loss


def _waited_for(losses: Any) -> Array:
    """The losses as an array; Ctrl-C is heard while they are computed, which takes another thread."""
    found: list[Any] = []

    def wait() -> None:
        try:
            found.append(np.asarray(losses))
        except Exception as error:  # raised where the run is
            found.append(error)

    worker = threading.Thread(target=wait, daemon=True)
    worker.start()
    while worker.is_alive():
        worker.join(0.2)
    if isinstance(found[0], Exception):
        raise found[0]
    return np.asarray(found[0])
