"""The compiled engine: the equations of a step traced by JAX, and many steps compiled into one loop.

Source of the loop: `jax.lax.fori_loop`, which keeps it inside one compiled program, so that a small network costs no
more than its arithmetic; how often it is gone through is known when it runs, so that one program does for every run.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from chalkwork.errors import ChalkworkError
from chalkwork.training.engines.across import is_small
from chalkwork.training.engines.blas import BlasEngine
from chalkwork.training.engines.layers import Form, InRows, form_of
from chalkwork.training.engines.sharding import Devices
from chalkwork.training.step import Array, Batches, EngineStopped, Run, Step, Values

SMALL_LOOP = "xla_cpu_small_while_loop_byte_threshold"
"""Loops whose arrays take fewer bytes are compiled into one function; XLA's own 1024 leaves out most small networks."""
WIDTH = "xla_cpu_prefer_vector_width"
"""How many bits of registers a processor's code uses at once: XLA's own choice is 256 of the 512 that many have."""
ROOM = 1 << 16
"""For how many steps a program has room where nothing but the loss differs from step to step."""
MOST_BYTES = 1 << 26
"""What differs from step to step is given more room than it needs up to here; larger data are not copied."""
GATHERED = 1 << 22
"""Bytes of batches that are put together in one go where the data stay where they are."""


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
        folder = _cache_folder()
        if _is_ours(folder):
            jax.config.update("jax_compilation_cache_dir", str(folder))
            jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.05)
            jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    return jax


def _cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "chalkwork" / "jax"


def _is_ours(folder: Path) -> bool:
    """Whether the folder, made if it is not there, can be written to by us alone: what lies in it is machine code."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (own, mode), *above = ((found.st_uid, found.st_mode) for found in map(Path.stat, (folder, *folder.parents)))
    except OSError:
        return False
    if not hasattr(os, "getuid"):
        return True
    held = all(uid in (own, 0) and (not mode & 0o002 or mode & 0o1000) for uid, mode in above)  # or others may move it
    return own == os.getuid() and not mode & 0o022 and held


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
        self.counts = self.jax.default_backend() == "cpu"
        """Whether a loop counts its steps; on a GPU the processor would ask it after every step, unless it knows."""
        self.programs: WeakKeyDictionary[Step, Any] = WeakKeyDictionary()
        self.done: WeakKeyDictionary[Step, set[int]] = WeakKeyDictionary()
        """For how many samples a step has been compiled and run."""

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
        """The matrices on the device; as they are where they are large and in memory from which JAX would copy them."""
        near = {name: np.asarray(value, self.dtype) for name, value in values.items()}
        copied = sum(value.nbytes for value in near.values() if not _is_aligned(value))
        stay = copied > MOST_BYTES and self.counts and not self.devices.several
        return near if stay else self.placed(near)

    def placed(self, values: Values) -> dict[str, Any]:
        """The matrices on the device, all of them on every one."""
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

    def prepare(self, step: Step, constants: Mapping[str, float], rare: bool = False) -> Run:
        """The step, to be compiled when it is first run; a rare one is done by BLAS where that is as near."""
        if rare and step.is_flat and not self.devices.several and self.counts:
            return _RareRun(self, step, constants)
        return JaxRun(self, step, {name: np.full((1, 1), value, self.dtype) for name, value in constants.items()})

    def has(self, step: Step, samples: int) -> bool:
        """Whether the step is compiled for data of so many samples."""
        return samples in self.done.get(step, ())


def _is_aligned(value: Array) -> bool:
    """Whether JAX on a processor takes the array as it lies (its `kMinAlign`), as it does with files in memory."""
    return value.flags.c_contiguous and value.ctypes.data % 64 == 0


class JaxRun:
    """A step and the program compiled of it: one for any number of steps."""

    def __init__(self, engine: JaxEngine, step: Step, constants: Values) -> None:
        self.engine, self.step, self.constants = engine, step, constants
        if step not in engine.programs:
            form = form_of(step, engine.counts and not engine.devices.several)
            program = partial(_steps, engine.jax, engine.devices, weakref.proxy(step), form)
            known = ("room",) if engine.counts else ("room", "count")
            # products of large matrices on several cores are slower so
            chosen = WIDTH in os.environ.get("XLA_FLAGS", "") or not engine.counts or not is_small(step)
            wide = None if chosen else {WIDTH: 512}
            engine.programs[step] = form, engine.jax.jit(program, static_argnames=known, compiler_options=wide)
        self._form, self._program = engine.programs[step]
        self._room = 64
        self._whole: tuple[Values, Values] = {}, {}

    def steps(self, carried: Values, data: Values, batches: Batches) -> tuple[dict[str, Any], Array]:
        """Do the steps in one compiled loop, or in several where the data stay where they are."""
        name, losses = self.step.data[0], []
        for near, part in self._near(data, batches):
            carried, found = self._together(carried, near, part)
            losses.append(found)
        self.engine.done.setdefault(self.step, set()).add(data[name].shape[self.step.sample_axes[name]])
        return dict(carried), np.concatenate(losses)

    def _near(self, data: Values, batches: Batches) -> Iterator[tuple[Values, Batches]]:
        """The data on the device, or the samples of some steps after another."""
        if not isinstance(data[self.step.data[0]], np.ndarray):
            yield data, batches
            return
        if batches.order is None:
            if self._whole[0] is not data:
                self._whole = data, self.engine.placed(data)
            yield self._whole[1], batches
            return
        size, axes = batches.order.shape[1], self.step.sample_axes
        sample = sum(value.nbytes // value.shape[axes[name]] for name, value in data.items())
        most = max(1, GATHERED // (sample * size))
        places, rates = np.arange(most * size).reshape(most, size), np.ravel(batches.rates)
        for start in range(0, batches.count, most):
            part = slice(start, start + most)
            taken = np.resize(batches.order[part], most * size)  # fewer steps take as much room: no new program
            near = {name: np.take(value, taken, axes[name]) for name, value in data.items()}
            count = min(most, batches.count - start)
            noise = {name: value[part] for name, value in batches.noise.items()}
            rate = rates[part] if len(rates) > 1 else batches.rates
            yield self.engine.placed(near), Batches(count, places[:count], rate, noise)

    def _together(self, carried: Values, data: Values, batches: Batches) -> tuple[dict[str, Any], Array]:
        dtype, count = self.engine.dtype, batches.count
        each: dict[str, Any] = {name: np.asarray(value, dtype) for name, value in batches.noise.items()}
        if batches.order is not None:
            each["order"] = np.asarray(batches.order, np.int32)
        rate: Any = np.asarray(batches.rates, dtype)
        if rate.ndim:
            each["eta"] = rate.reshape(-1, 1, 1)
        fixed = {**self.constants, "eta": rate.reshape(-1)[:1].reshape(1, 1)}
        large = sum(value.nbytes for value in each.values()) > MOST_BYTES
        self._room = max(self._room, count if large else 1 << (count - 1).bit_length())
        room = self._room if each else max(self._room, ROOM)
        each = {name: np.pad(value, [(0, room - count)] + [(0, 0)] * (value.ndim - 1)) for name, value in each.items()}
        try:
            with self.engine.precision():
                number = np.int32(count) if self.engine.counts else count
                state, losses = self._program(
                    self._form.stacked(carried), dict(data), fixed, each, count=number, room=room
                )
                found = _waited_for(losses)[:count].copy()
        except self.engine.jax.errors.JaxRuntimeError as error:
            reason = str(error).strip().partition("\n")[0]
            raise EngineStopped(f"the computation stopped: {reason}", hint=self.engine.lost) from error
        return self._form.apart(state), found


class _RareRun:
    """A step that costs less to do by BLAS than to compile: the last, smaller batch of an epoch."""

    def __init__(self, engine: JaxEngine, step: Step, constants: Mapping[str, float]) -> None:
        self.engine, self.blas = engine, BlasEngine(engine.dtype.name)
        self.run = self.blas.prepare(step, constants)

    def steps(self, carried: Values, data: Values, batches: Batches) -> tuple[dict[str, Any], Array]:
        """Do the steps, one after another."""
        near = {name: np.asarray(value) for name, value in data.items()}  # on the CPU no copy
        state, losses = self.run.steps(carried, near, batches)
        return self.engine.carried(self.blas.plain(state)), losses


def _steps(
    jax: Any,
    devices: Devices,
    step: Step,
    form: Form,
    carried: InRows,
    data: Values,
    fixed: Values,
    each: Values,
    *,
    count: Any,
    room: int,
) -> Any:
    """The first steps of those that there is room for, as JAX traces them."""
    xp = jax.numpy
    whole = form.held(xp, data) if "order" not in each else {}

    def batch(order: Any) -> dict[str, Any]:
        axes = step.sample_axes
        return {name: xp.take(data[name], order, axis=axes[name], mode="clip") for name in step.data}

    def one(number: Any, before: tuple[InRows, Any]) -> tuple[InRows, Any]:
        state, losses = before
        here = {name: jax.lax.dynamic_index_in_dim(value, number, keepdims=False) for name, value in each.items()}
        chosen = whole or form.held(xp, batch(here.pop("order")))
        if devices.several:
            chosen = {name: devices.batch(value, step) for name, value in chosen.items()}
        state, loss = form.after(jax, state, {**fixed, **chosen, **form.held(xp, here)})
        return state, losses if loss is None else jax.lax.dynamic_update_index_in_dim(losses, loss, number, 0)

    losses = xp.full(room, np.nan, fixed["eta"].dtype)
    return jax.lax.fori_loop(0, count, one, (carried, losses))


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
