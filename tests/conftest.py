"""What every test needs: double precision in JAX, and a seeded generator of numbers."""

import os
from collections.abc import Iterator

import jax
import numpy as np
import pytest

from chalkwork.errors import TRACEBACK

os.environ[TRACEBACK] = "raised"  # a fault of ours is never made a message
jax.config.update("jax_enable_x64", True)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20240229)


@pytest.fixture
def quick_compilation() -> Iterator[None]:
    """JAX compiles sooner and runs slower: for oracles, which run once."""
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)
