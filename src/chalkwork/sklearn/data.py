"""What becomes of samples and their weights before they are trained on."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import check_array  # type: ignore[import-untyped]

from chalkwork.arrays import unmasked
from chalkwork.errors import ShapeError, ValueProblem
from chalkwork.networks.data import Array


def checked_weights(weights: Any, samples: int) -> Array | None:
    """One weight from 0 on for each sample; None where none are given, or all are the same and so change nothing."""
    if weights is None:
        return None
    found = check_array(
        unmasked(weights, "sample_weight"), ensure_2d=False, dtype=np.float64, input_name="sample_weight"
    )
    if found.ndim != 1:
        raise ShapeError(f"sample_weight has {found.ndim} dimensions, but is one number for each sample")
    if len(found) != samples:
        raise ShapeError(f"sample_weight has {len(found)} entries, but there are {samples} samples")
    if (found < 0).any():
        raise ValueProblem("sample_weight holds a negative number")
    if not found.any():
        raise ValueProblem("sample_weight is zero for every sample, so that nothing is left to learn from")
    return np.asarray(found)


def without_zeros(X: Any, y: Array, weights: Array | None) -> tuple[Any, Array, Array | None]:
    """The samples that count: one of weight 0 is left out, and so is in no batch and makes no class."""
    if weights is None:
        return X, y, None
    kept = np.flatnonzero(weights)
    if len(kept) < len(weights):
        X, y, weights = X[kept], y[kept], weights[kept]
    return X, y, None if (weights == weights[0]).all() else weights
