"""What every test needs: double precision in JAX, and a seeded generator of numbers."""

import jax
import numpy as np
import pytest

jax.config.update("jax_enable_x64", True)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20240229)
