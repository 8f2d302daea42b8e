"""The normal distribution over any array namespace: the standard has no error function.

The rational approximations are those of W. J. Cody, "Rational Chebyshev approximations for the error
function", Mathematics of Computation 23 (1969), 631-637.
"""

from __future__ import annotations

from math import pi, sqrt
from typing import Any

_SMALL = (
    (1.85777706184603153e-1, 3.16112374387056560e0, 1.13864154151050156e2, 3.77485237685302021e2,
     3.20937758913846947e3),
    (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3),
)  # fmt: skip
_MIDDLE = (
    (2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594e0, 6.61191906371416295e1,
     2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3,
     1.23033935479799725e3),
    (1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3,
     3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3),
)  # fmt: skip
_LARGE = (
    (1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1,
     1.60837851487422766e-2, 6.58749161529837803e-4),
    (1.0, 2.56852019228982242e0, 1.87295284992346047e0, 5.27905102951428412e-1, 6.05183413124413191e-2,
     2.33520497626869185e-3),
)  # fmt: skip
COEFFICIENTS = {"small": _SMALL, "middle": _MIDDLE, "large": _LARGE}
"""Above and below the line, for |x| below 0.5, below 4, and beyond."""


def _ratio(coefficients: tuple[tuple[float, ...], tuple[float, ...]], x: Any) -> Any:
    numerator, denominator = coefficients
    top, bottom = numerator[0] + 0 * x, denominator[0] + 0 * x
    for p, q in zip(numerator[1:], denominator[1:], strict=True):
        top, bottom = top * x + p, bottom * x + q
    return top / bottom


def _erfc(xp: Any, x: Any, exp_of_minus_square: Any) -> Any:
    """erfc(x) for x >= 0, given exp(-x^2)."""
    small = xp.where(x < 0.5, x, xp.zeros_like(x))
    middle = xp.where((x >= 0.5) & (x < 4), x, xp.ones_like(x))
    large = xp.where(x >= 4, x, xp.full_like(x, 4.0))
    inverse = 1 / (large * large)
    tail = (1 / sqrt(pi) - inverse * _ratio(_LARGE, inverse)) / large
    beyond = exp_of_minus_square * xp.where(x < 4, _ratio(_MIDDLE, middle), tail)
    return xp.where(x < 0.5, 1 - small * _ratio(_SMALL, small * small), beyond)


def _clipped(xp: Any, x: Any) -> Any:
    """|x|, but 40 for everything above, where the density is zero in double precision; NaN stays."""
    size = xp.abs(x)
    return xp.where(size > 40, xp.full_like(x, 40.0), size)


def _bell(xp: Any, x: Any) -> Any:
    """exp(-x^2 / 2), 0 <= x <= 40, the square split so that its rounding is not magnified (Cody, section 4)."""
    head = xp.floor(x * 16) / 16
    return xp.exp(-head * head / 2) * xp.exp(-(x - head) * (x + head) / 2)


def normal_cdf(xp: Any, x: Any) -> Any:
    """The distribution function of the standard normal, 1/2 erfc(-x / sqrt 2), entry by entry."""
    size = _clipped(xp, x)
    tail = _erfc(xp, size / sqrt(2), _bell(xp, size)) / 2
    return xp.where(xp.isnan(x), x, xp.where(x > 0, 1 - tail, tail))


def normal_pdf(xp: Any, x: Any) -> Any:
    """The density of the standard normal, exp(-x^2 / 2) / sqrt(2 pi), entry by entry."""
    return _bell(xp, _clipped(xp, x)) / sqrt(2 * pi)
