"""Draws that are the same on every machine, in every version: words of a hash of what is drawn, and no state.

Candidate c of the seed s is drawn from the SHAKE-256 of the text "chalkwork s c", eight bytes a word, little-endian.
"""

from __future__ import annotations

from hashlib import shake_256
from typing import Any

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
Places = NDArray[np.intp]


def words_of(seed: int, first: int, count: int, needed: int) -> Words:
    """The words of `count` candidates from `first` on, a row each.

    >>> words_of(7, 0, 1, 2).tolist()
    [[15431913050742123672, 15033422426249437709]]
    """
    data = b"".join(
        shake_256(f"chalkwork {seed} {number}".encode()).digest(8 * needed) for number in range(first, first + count)
    )
    found: NDArray[Any] = np.frombuffer(data, "<u8").reshape(count, needed)
    return found.astype(np.uint64)


def places(words: Words, size: int) -> Places:
    """Each word as one of `size` places."""
    return np.asarray(words % np.uint64(size), dtype=np.intp)
