"""Weights to start from."""

from __future__ import annotations

from math import sqrt

import numpy as np

from chalkwork.networks.data import Array


def glorot_normal(inputs: int, units: int, generator: np.random.Generator) -> Array:
    """A matrix inputs x units of normal draws with variance 2 / (inputs + units).

    Source: Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks
    (AISTATS 2010), equation 12.

    >>> glorot_normal(3, 2, np.random.default_rng(0)).shape
    (3, 2)
    """
    return generator.normal(0.0, sqrt(2 / (inputs + units)), (inputs, units))
