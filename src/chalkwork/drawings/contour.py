"""Contour lines: where a function of two numbers has the same value."""

from __future__ import annotations

from typing import Any

import numpy as np

from chalkwork.drawings.plot import Curve


def contour_lines(x: Any, y: Any, values: Any) -> list[Curve]:
    """The contour lines of values on a grid, a row for each `y`; there are none around what is not finite.

    >>> x = np.linspace(-1, 1, 21)
    >>> lines = contour_lines(x, x, np.add.outer(x**2, x**2))
    >>> len(lines), all(line.faint for line in lines)
    (24, True)
    """
    from contourpy import contour_generator

    lines: Any = contour_generator(x, y, np.ma.masked_invalid(values))
    found = [line for level in levels_of(values) for line in lines.lines(level)]
    return [Curve(line[:, 0].tolist(), line[:, 1].tolist(), "", faint=True) for line in found]


def levels_of(values: Any, most: int = 12) -> list[float]:
    """Levels that lie evenly among the values, so that the lines do; what is not finite does not count.

    >>> levels_of(np.array([[0.0, 1.0], [2.0, 3.0]]), 2)
    [0.75, 2.25]
    """
    finite = np.sort(np.ravel(values)[np.isfinite(np.ravel(values))])
    if not finite.size or finite[0] == finite[-1]:
        return []
    shares = (np.arange(most) + 0.5) / most
    return sorted(set(np.quantile(finite, shares).tolist()))
