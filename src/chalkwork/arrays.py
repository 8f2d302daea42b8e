"""Masked arrays: one without masked entries is an array as any other, one with some is refused wherever it is given."""

from __future__ import annotations

import sys
from typing import Any

from chalkwork.errors import ChalkworkError, ValueProblem

_MOST_DEEP = 64
"""Deeper lists are no arrays."""


def unmasked(value: Any, name: str, kind: type[ChalkworkError] = ValueProblem) -> Any:
    """The value; an error of that kind where an array, also one in lists, has masked entries.

    They would come back as the numbers under the mask.

    >>> import numpy as np
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


def masked(value: Any) -> int:
    """How many entries are masked; a list that stands in several places is looked at once."""
    kind = sys.modules.get("numpy.ma")
    if kind is None:  # nobody has made one
        return 0
    open_, seen, found = [(value, 0)], set[int](), 0
    while open_:
        one, depth = open_.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, kind.MaskedArray):
            found += int(kind.getmaskarray(one).sum())
        elif isinstance(one, list | tuple) and depth < _MOST_DEEP:
            open_ += [(each, depth + 1) for each in one if isinstance(each, list | tuple | kind.MaskedArray)]
    return found
