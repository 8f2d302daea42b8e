"""What the shift of a softmax is good for: large net inputs, naively and shifted, in double precision.

Goodfellow, Bengio and Courville, Deep Learning (2016), section 4.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from chalkwork.documents.model import Block, Paragraph, Table
from chalkwork.typesetting.numbers import NumberFormat

LARGE = (1000.0, 1001.0, 1002.0)


def overflow(values: dict[str, Any], vector: str = "y", shift: str = r"c = -\max y") -> Iterator[Block]:
    """The table, naive against shifted; the shares are added to the values as `naive` and `shifted`."""
    y = np.array(LARGE)
    with np.errstate(all="ignore"):
        powers = np.exp(y)
        naive = powers / powers.sum()
    lower = y - y.max()
    shifted_powers = np.exp(lower)
    shifted = shifted_powers / shifted_powers.sum()
    values["naive"], values["shifted"] = naive, shifted
    yield Paragraph(
        "This is more than a curiosity. In double precision $e^{1000}$ is infinite, and infinity divided by infinity "
        f"is no number (NaN). With ${shift}$ no power exceeds 1, and the result is the same one:"
    )
    numbers = NumberFormat(4)
    head = (
        f"${vector}_i$",
        f"naive $e^{{{vector}_i}}$",
        "naive softmax",
        f"${vector}_i - 1002$",
        "shifted power",
        "shifted softmax",
    )
    columns = [numbers.column(list(column)) for column in (y, lower, shifted_powers, shifted)]
    infinite = ["∞" if np.isinf(power) else numbers.scalar(power) for power in powers]
    nothing = ["NaN" if np.isnan(share) else numbers.scalar(share) for share in naive]
    below = [text.replace("-", "−") for text in columns[1]]
    rows = tuple(zip(columns[0], infinite, nothing, below, columns[2], columns[3], strict=True))
    yield Table(head, rows, right=tuple(range(6)))
