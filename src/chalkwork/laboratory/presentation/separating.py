"""Weights that separate samples: found by trying small numbers, or the reason why there are none."""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np

from chalkwork.networks.data import Array

MOST_STEPS = 20_000
MOST_TRIED = 200_000
"""Choices of small weights, or of multiples of rows, that are tried."""


def separating(x: Array, high: Any) -> Array | None:
    """Weights and behind them a bias for which `x w + b` is above 0 where `high`, else below; None if none are found.

    Of small whole weights those are taken that keep the samples farthest from the line; where these do not do, those
    that the perceptron rule finds.

    >>> separating(np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), [False, False, False, True]).tolist()
    [1.0, 1.0, -1.5]
    """
    signed = np.column_stack([x, np.ones(len(x))]) * np.where(np.asarray(high), 1.0, -1.0)[:, None]
    n = x.shape[1]
    most = next((size for size in (3, 2, 1) if (2 * size + 1) ** n * (4 * n + 13) <= MOST_TRIED), 0)
    if most:
        tried = _small(n, most)
        margins = (tried @ signed.T).min(1)
        length = np.linalg.norm(tried[:, :n], axis=1)
        order = np.lexsort((np.abs(tried).sum(1), -np.round(margins / length, 9)))
        if margins[order[0]] > 0:
            return np.asarray(tried[order[0]] + 0.0)
    if contradiction(x, high) is not None:
        return None
    w = np.zeros(n + 1)
    for _ in range(MOST_STEPS):
        wrong = np.flatnonzero(signed @ w <= 0)
        if not wrong.size:
            return w
        w = w + signed[wrong[0]]
    return None


@lru_cache(maxsize=8)
def _small(n: int, most: int) -> Array:
    """Whole weights up to a size, not all of them 0, each with every bias in steps of one half."""
    biases = np.arange(-most * n, most * n + 0.5, 0.5)
    return np.array([(*w, b) for w in product(range(-most, most + 1), repeat=n) for b in biases if any(w)])


def contradiction(x: Array, high: Any) -> tuple[list[int], list[int]] | None:
    """Samples of the one kind and of the other whose inputs have the same sum, as many of each: no line parts them.

    Counted from 0, one as often as it is needed. None where none are found.

    >>> contradiction(np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), [False, True, True, False])
    ([1, 2], [0, 3])
    """
    truth = np.asarray(high)
    signed = np.column_stack([x, np.ones(len(x))]) * np.where(truth, 1.0, -1.0)[:, None]
    for most in (1, 2):
        if (most + 1) ** len(x) > MOST_TRIED:
            return None
        times = np.array(list(product(range(most + 1), repeat=len(x))))
        fits = np.flatnonzero((np.abs(times @ signed).max(1) < 1e-9) & times.any(1))
        if fits.size:
            best = times[fits[times[fits].sum(1).argmin()]]
            one, other = ([int(row) for row in np.flatnonzero(truth == kind) for _ in range(best[row])]
                          for kind in (True, False))  # fmt: skip
            return one, other
    return None
