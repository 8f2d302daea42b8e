"""What every test needs: double precision in JAX, and a seeded generator of numbers."""

import os
from collections.abc import Iterator
from pathlib import Path

import jax
import numpy as np
import pytest

from chalkwork.errors import TRACEBACK

LONG = frozenset(
    {"answer_files", "answers", "check", "differentiate", "distributed", "doors", "engine_blas", "exchange", "exports"}
    | {"folder", "hostile_hand_ins", "intervals", "layers", "mistakes", "network", "notebooks", "operations"}
    | {"operations_onnx", "optimisation", "outputs", "shipped_sheets", "simplify", "sklearn", "taylor"}
    | {"train_command", "training"}
)
"""Files that go on for long: they start processes or kernels, train, compile, or go through whole tables."""

os.environ[TRACEBACK] = "raised"  # a fault of ours is never made a message
jax.config.update("jax_enable_x64", True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test is quick unless its file is long, or hypothesis draws its cases."""
    for item in items:
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
