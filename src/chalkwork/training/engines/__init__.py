"""The engines: what runs the equations of a step. One table, an entry each."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING

from chalkwork.errors import ChalkworkError
from chalkwork.training.step import Engine, Step

if TYPE_CHECKING:
    from chalkwork.training.engines.compiled import JaxEngine

SHORT = 0.75
"""Seconds of work with BLAS for which loading JAX, tracing and reading what was compiled do not pay."""


def _reference(dtype: str, spread: int) -> Engine:
    from chalkwork.training.engines.reference import ReferenceEngine

    return ReferenceEngine(dtype)


def _blas(dtype: str, spread: int) -> Engine:
    from chalkwork.training.engines.blas import BlasEngine

    return BlasEngine(dtype)


def _jax(dtype: str, spread: int) -> Engine:
    from chalkwork.training.engines.compiled import JaxEngine

    if (dtype, spread) not in _COMPILING:
        _COMPILING[dtype, spread] = JaxEngine(dtype, spread)
    return _COMPILING[dtype, spread]


_COMPILING: dict[tuple[str, int], JaxEngine] = {}
"""The engines of this process by precision and spread, with the programs that they have compiled."""
ENGINES: dict[str, Callable[[str, int], Engine]] = {"numpy": _blas, "jax": _jax, "reference": _reference}
"""Every engine by its name; it is given the precision, and over how many devices to spread units."""


def engine_of(name: str, dtype: str, step: Step, steps: int, samples: int, spread: int = 1) -> Engine:
    """The engine of that name; for `auto` the one that will be done first with the steps on so many samples.

    What `auto` takes follows from what is asked and from what this process has compiled before, not from the clock, the
    load or a folder: a program that is run again ends with the same bits.

    Raises ChalkworkError for an unknown name or precision, or where JAX is asked for and not installed.
    """
    if not isinstance(dtype, str) or dtype not in ("float32", "float64"):
        raise ChalkworkError(f"dtype is float32 or float64, not {dtype!r:.60}")
    if not isinstance(name, str):
        raise ChalkworkError(f"engine is the name of an engine, not {name!r:.60}")
    if name == "auto":
        name = "jax" if spread != 1 or _joined() else _fastest(dtype, step, steps, samples)
    if spread != 1 and name != "jax":
        raise ChalkworkError(f"spread={spread} spreads units over devices, which the engine {name} does not do")
    if name == "numpy" and not step.is_flat:
        name = "reference"  # BLAS multiplies matrices, not rows of them
    if name not in ENGINES:
        raise ChalkworkError(f"there is no engine {name!r}", hint=f"the engines are {', '.join(ENGINES)} and auto")
    return ENGINES[name](dtype, spread)


def _fastest(dtype: str, step: Step, steps: int, samples: int) -> str:
    ready = _COMPILING.get((dtype, 1))
    if ready is not None and ready.has(step, samples):
        return "jax"
    if steps * step.seconds("numpy") < SHORT:
        return "numpy"
    return "jax" if "jax" in sys.modules or find_spec("jax") is not None else "numpy"


def _joined() -> bool:
    """Whether JAX is in use with several processes."""
    jax = sys.modules.get("jax")
    return jax is not None and jax.distributed.is_initialized()
