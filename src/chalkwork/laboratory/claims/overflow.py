"""What the shift of a softmax is good for: large net inputs, naively and shifted, in double precision.

Goodfellow, Bengio and Courville, Deep Learning (2016), section 4.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from chalkwork.documents.model import Block, Paragraph, Table
from chalkwork.solutions.board import Board

LARGE = np.array([1000.0, 1001.0, 1002.0])
Array = np.ndarray[Any, np.dtype[np.float64]]


def softmax_of_large() -> tuple[Array, Array]:
    """The softmax of large net inputs, naive and shifted.

    >>> naive, shifted = softmax_of_large()
    >>> naive, shifted.round(4)
    (array([nan, nan, nan]), array([0.09  , 0.2447, 0.6652]))
    """
    with np.errstate(all="ignore"):
        naive, shifted = (powers / powers.sum() for powers in (np.exp(LARGE), np.exp(LARGE - LARGE.max())))
    return naive, shifted


def overflow(board: Board, vector: str, shift: str) -> Iterator[Block]:
    """The table, naive against shifted."""
    yield Paragraph(
        "This is more than a curiosity. In double precision $e^{1000}$ is infinite, and infinity divided by infinity "
        f"is no number (NaN). With ${shift}$ no power exceeds 1, and the result is the same one:"
    )
    lower = LARGE - LARGE.max()
    naive, shifted = softmax_of_large()
    head = (
        f"${vector}_i$",
        f"naive $e^{{{vector}_i}}$",
        "naive softmax",
        f"${vector}_i - 1002$",
        "shifted power",
        "shifted softmax",
    )
    with np.errstate(over="ignore"):
        infinite = ["∞" if np.isinf(power) else board.number(power) for power in np.exp(LARGE)]
    nothing = ["NaN" if np.isnan(share) else board.number(share) for share in naive]
    columns = [board.cells(column.tolist()) for column in (LARGE, lower, np.exp(lower), shifted)]
    rows = tuple(zip(columns[0], infinite, nothing, *columns[1:], strict=True))
    yield Table(head, rows, right=tuple(range(6)))
