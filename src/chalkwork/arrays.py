"""Masked arrays: one without masked entries is an array as any other, one with some is refused wherever it is given."""

from __future__ import annotations

from typing import Any

import numpy as np

from chalkwork.errors import ChalkworkError, ValueProblem

_MOST_DEEP = 64
"""Deeper lists are no arrays."""


def unmasked(value: Any, name: str, kind: type[ChalkworkError] = ValueProblem) -> Any:
    """The value; an error of that kind where an array, also one in lists, has masked entries.

    They would come back as the numbers under the mask.

    >>> unmasked([1, np.ma.array([2, 3], mask=[0, 1])], "x")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    chalkwork.errors.ValueProblem: x has 1 masked entry. Hint: leave ... with .filled(...).
    """
    if count := masked(value):
        raise kind(
            f"{name} has {count} masked {'entry' if count == 1 else 'entries'}",
            hint="leave their samples out, or say what stands in their place with .filled(...)",
        )
    return value


def masked(value: Any, depth: int = 0) -> int:
    """How many entries are masked."""
    if isinstance(value, np.ma.MaskedArray):
        return int(np.ma.getmaskarray(value).sum())
    if isinstance(value, list | tuple) and depth < _MOST_DEEP:
        inner = [each for each in value if isinstance(each, list | tuple | np.ma.MaskedArray)]
        return sum(masked(each, depth + 1) for each in inner)
    return 0
