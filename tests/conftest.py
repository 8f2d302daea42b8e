"""What every test needs: double precision in JAX, and a seeded generator of numbers."""

import os
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

import jax
import numpy as np
import pytest

from chalkwork.errors import TRACEBACK
from chalkwork.sheets import format as sheet_format
from chalkwork.sheets import solve
from chalkwork.sheets.schema import Sheet

LONG = frozenset(
    {"answer_files", "answers", "check", "differentiate", "distributed", "doors", "engine_blas", "exchange", "exports"}
    | {"folder", "hostile_hand_ins", "intervals", "layers", "mistakes", "network", "notebooks", "operations"}
    | {"operations_onnx", "optimisation", "outputs", "shipped_sheets", "simplify", "sklearn", "taylor"}
    | {"optimisation_steps", "train_command", "training"}
    | {"check_mistakes", "exchange_libraries", "exchange_onnx", "exchange_strangers", "intervals_tangled"}
    | {"mistakes_apart", "operations_edges", "operations_shapes"}
)
"""Files that go on for long: they start processes or kernels, train, compile, or go through whole tables."""

os.environ[TRACEBACK] = "raised"  # a fault of ours is never made a message
jax.config.update("jax_enable_x64", True)

_READ = sheet_format.read_sheet
_SHIPPED = Path(__file__).parents[1] / "sheets"
_NAMES = frozenset(path.stem for path in _SHIPPED.glob("*.md"))


@cache
def _shipped(path: Path) -> Sheet:
    return _READ(path)


def _read_once(path: str | Path) -> Sheet:
    """A shipped sheet is read, and so solved, once for all tests of a process: it is equal only to itself."""
    return _shipped(Path(path)) if Path(path).parent == _SHIPPED else _READ(path)


sheet_format.read_sheet = _read_once
solve._solved = lru_cache(maxsize=200)(solve._solved.__wrapped__)
solve.work_parts = lru_cache(maxsize=200)(solve.work_parts.__wrapped__)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test is quick unless its file is long, or hypothesis draws its cases.

    Tests of one shipped sheet run in one process, which reads and solves it once for all of them.
    """
    for item in items:
        for value in item.callspec.params.values() if hasattr(item, "callspec") else ():
            name = value.stem if isinstance(value, Path) else value
            if isinstance(name, str) and name in _NAMES:
                item.add_marker(pytest.mark.xdist_group(f"the sheet {name}"))
        drawn = getattr(getattr(item, "function", None), "is_hypothesis_test", False)
        if not drawn and item.path.stem.removeprefix("test_") not in LONG:
            item.add_marker("quick")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Files without a quick test are not even read where only those are asked for."""
    quick = config.getoption("markexpr") == "quick"
    return True if quick and collection_path.stem.removeprefix("test_") in LONG else None


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20240229)


@pytest.fixture
def quick_compilation() -> Iterator[None]:
    """JAX compiles sooner and runs slower: for oracles, which run once."""
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)
