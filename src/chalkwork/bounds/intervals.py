"""Intervals of real numbers, rounded outwards: what a value can be when all that is known is its digits.

An interval is a set of real numbers `low <= x <= high`; either bound may be infinite. Every function here gives an
interval that holds the exact result for all numbers in its arguments: NumPy rounds to nearest, so a bound is moved
outwards by at least the error of the operation. Moore, Kearfott and Cloud, Introduction to Interval Analysis (2009),
chapters 2 and 3; the a priori bounds for sums and products of matrices are those of Rump, "Fast and parallel interval
arithmetic", BIT 39 (1999), and Higham, Accuracy and Stability of Numerical Algorithms (2002), section 4.2.

What is undefined makes an interval wider, never an exception: `1 / [-1, 1]` is the whole line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
BOTH = (-2, -1)
EPSILON = 2.0**-52
TINY = 2.0**-1074
LARGEST = float(np.finfo(np.float64).max)
RELATIVE_SLACK, ABSOLUTE_SLACK = 1e-9, 1e-15
"""What counts as equal for values that were computed and not typed."""
CALCULATOR, TIE = 1e-12, 1e-6
"""The rounding error of a calculator as a part of a number's size; what decides no tie, as a part of half a digit."""
BLOCK = 2**18
"""How many numbers are worked on at once, where there could be very many."""


@dataclass(frozen=True, eq=False, slots=True)
class Interval:
    """Bounds of the shape (..., rows, columns), entry by entry; leading axes are free.

    `low` is never NaN or plus infinity and `high` never NaN or minus infinity when made by `of` or `point`.

    >>> width = Interval.of([[0.785]], [[0.795]])
    >>> width.contains([[0.79]]).item(), width.meets(Interval.point([[0.8]])).item()
    (True, False)
    """

    low: Array
    high: Array

    @classmethod
    def of(cls, low: ArrayLike, high: ArrayLike) -> Interval:
        """The interval between two bounds; NaN stands for an unknown bound.

        >>> Interval.of([[float("nan")]], [[2.0]]).low.item()
        -inf
        """
        lows, highs = np.broadcast_arrays(np.asarray(low, np.float64), np.asarray(high, np.float64))
        return settled(lows, highs)

    @classmethod
    def point(cls, value: ArrayLike) -> Interval:
        """The interval that holds one number only; NaN is any number."""
        return cls.of(value, value)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the bounds."""
        return self.low.shape

    @property
    def width(self) -> Array:
        """How far apart the bounds are, rounded up."""
        with np.errstate(all="ignore"):
            return np.nextafter(self.high - self.low, np.inf)

    def contains(self, value: ArrayLike) -> NDArray[np.bool_]:
        """Whether the number lies in the interval, entry by entry; NaN never does."""
        number = np.asarray(value, np.float64)
        return np.asarray((self.low <= number) & (number <= self.high))

    def meets(self, other: Interval) -> NDArray[np.bool_]:
        """Whether the two have a number in common, entry by entry."""
        return np.asarray((self.low <= other.high) & (other.low <= self.high))

    def over(self, function: Callable[[Array], Array]) -> Interval:
        """Both bounds put through something that only moves or picks entries."""
        return Interval(function(self.low), function(self.high))

    def at(self, where: Any) -> Interval:
        """The part that NumPy's indexing picks from both bounds."""
        return Interval(self.low[where], self.high[where])


ONE = Interval(np.ones((1, 1)), np.ones((1, 1)))


def settled(low: Array, high: Array) -> Interval:
    """The interval, a bound that is NaN or on the wrong side of everything replaced by one that holds."""
    if np.isfinite(low).all() and np.isfinite(high).all():
        return Interval(low, high)
    low = np.where(np.isnan(low), -np.inf, np.minimum(low, LARGEST))
    high = np.where(np.isnan(high), np.inf, np.maximum(high, -LARGEST))
    return Interval(low, high)


def outward(low: Array, high: Array, ulps: float = 1, tiny: float = 0) -> Interval:
    """The interval widened by so many units in the last place of each bound, and `tiny` of the smallest number.

    A unit in the last place of x is at most |x| times 2^-52; sums below the normal numbers are exact.
    """
    below = low - (np.abs(low) * (ulps * EPSILON) + tiny * TINY)
    above = high + (np.abs(high) * (ulps * EPSILON) + tiny * TINY)
    if np.isfinite(below).all() and np.isfinite(above).all():
        return Interval(below, above)
    return settled(np.where(np.isinf(low), low, below), np.where(np.isinf(high), high, above))


def within(interval: Interval, least: float, largest: float) -> Interval:
    """The interval without what a function can never be."""
    return Interval(np.maximum(interval.low, least), np.minimum(interval.high, largest))


def negative(x: Interval) -> Interval:
    """The set of all -x, exactly."""
    return Interval(-x.high, -x.low)


def add(a: Interval, b: Interval) -> Interval:
    """The set of all a + b."""
    return outward(a.low + b.low, a.high + b.high)


def subtract(a: Interval, b: Interval) -> Interval:
    """The set of all a - b.

    >>> difference = subtract(Interval.point([[1.0]]), Interval.of([[0.25]], [[0.5]]))
    >>> difference.contains([[0.5]]).item(), difference.contains([[0.76]]).item()
    (True, False)
    """
    return outward(a.low - b.high, a.high - b.low)


def _hull(parts: list[Array]) -> tuple[Array, Array]:
    """The least and the largest, entry by entry; zero times infinity is zero, which no limit falls short of."""
    numbers = [part if np.isfinite(part).all() else np.where(np.isnan(part), 0.0, part) for part in parts]
    return reduce(np.minimum, numbers), reduce(np.maximum, numbers)


def _products(a: Interval, b: Interval) -> tuple[Array, Array]:
    """The bounds of a times b, rounded to nearest."""
    if np.ndim(a.low) and (a.low >= 0).all():
        low = np.where(b.low < 0, a.high, a.low) * b.low
        high = np.where(b.high < 0, a.low, a.high) * b.high
        return _hull([low])[0], _hull([high])[0]
    return _hull([a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high])


def _nonzero(x: Interval) -> Array:
    """One where x can be something else than zero, so that a product can underflow."""
    return np.asarray((x.low != 0) | (x.high != 0), np.float64)


def multiply(a: Interval, b: Interval) -> Interval:
    """The set of all a b for independent a and b; what is exactly zero stays so, even times the whole line."""
    low, high = _products(a, b)
    room = TINY * (_nonzero(a) * _nonzero(b))
    wide = outward(low, high)
    return Interval(wide.low - room, wide.high + room)


def divide(a: Interval, b: Interval) -> Interval:
    """The set of all a / b with b not zero: the whole line where b has both signs.

    >>> divide(Interval.point([[1.0]]), Interval.of([[0.5]], [[2.0]])).contains([[[0.5]], [[2.0]]]).all().item()
    True
    """
    from_above = np.where(b.low == 0, 0.0, b.low)  # the zero with the sign of the numbers next to it
    from_below = np.where(b.high == 0, -0.0, b.high)
    low, high = _hull([a.low / from_above, a.low / from_below, a.high / from_above, a.high / from_below])
    wide = outward(low, high)
    room = TINY * _nonzero(a)
    nothing = ((b.low < 0) & (b.high > 0)) | ((b.low == 0) & (b.high == 0))
    return Interval(np.where(nothing, -np.inf, wide.low - room), np.where(nothing, np.inf, wide.high + room))


def total(x: Interval, axis: int | tuple[int, ...], ulps: float = 0, tiny: Array | float = 0) -> Interval:
    """The set of all sums along the axes, each term known to `ulps`; n terms are added with n - 1 errors at most."""
    count = x.shape[axis] if isinstance(axis, int) else prod(x.shape[one] for one in axis)
    if count == 1 and not ulps:
        return x
    factor = (count + ulps) * EPSILON

    def bound(values: Array) -> tuple[Array, Array]:
        error = np.sum(np.abs(values), axis=axis, keepdims=True) * factor + count * tiny * TINY
        return np.sum(values, axis=axis, keepdims=True), error

    (low, below), (high, above) = bound(x.low), bound(x.high)
    if np.isfinite(below).all() and np.isfinite(above).all():
        return outward(low - below, high + above)
    return settled(np.where(np.isinf(low), low, low - below), np.where(np.isinf(high), high, high + above))


def widened(interval: Interval) -> Interval:
    """The interval with room for the rounding of another program."""
    return _with_room(interval, RELATIVE_SLACK * _size(interval) + ABSOLUTE_SLACK)


def rounds(typed: Interval, computed: Interval) -> NDArray[np.bool_]:
    """Whether digits that were typed round numbers that were computed, entry by entry.

    Of up to twelve digits no more is forgiven than the errors of a calculator, and a tie; longer numbers come from a
    program, whose errors add up.

    >>> typed = Interval(np.array([[562.17713475]]), np.array([[562.17713485]]))
    >>> [rounds(typed, Interval.point([[number]])).item() for number in (562.177134850001, 562.1771353)]
    [True, False]
    """
    with np.errstate(invalid="ignore"):
        half = typed.high / 2 - typed.low / 2
    return typed.meets(moved(computed, half))


def moved(computed: Interval, half: Array) -> Interval:
    """Where the errors of a calculator or a program can have moved numbers that are held against digits of so many
    half units; see `rounds`.
    """
    with np.errstate(invalid="ignore"):
        size = _size(computed)
        program = RELATIVE_SLACK * size + ABSOLUTE_SLACK
        calculator = np.minimum(np.maximum(CALCULATOR * size, TIE * half), program)
        slack = np.where(half > CALCULATOR * size, calculator, program)
    return _with_room(computed, slack)


def _size(interval: Interval) -> Array:
    return np.maximum(np.abs(interval.low), np.abs(interval.high))


def _with_room(interval: Interval, slack: Array) -> Interval:
    with np.errstate(invalid="ignore"):
        return Interval.of(interval.low - slack, interval.high + slack)


def blocks(count: int, size: int) -> Iterator[slice]:
    """Slices of `range(count)`, each of at most BLOCK numbers when one step of the range is `size` of them."""
    step = max(1, BLOCK // max(1, size))
    return (slice(start, start + step) for start in range(0, count, step))


def matmul(a: Interval, b: Interval) -> Interval:
    """The set of all matrix products: every entry a sum of products of independent intervals."""
    shape = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    size = int(np.prod(shape)) * a.shape[-2] * b.shape[-1]
    parts = []
    for terms in blocks(a.shape[-1], size):
        left, right = a.at((..., terms, None)), b.at((..., None, terms, slice(None)))
        low, high = _products(left, right)
        tiny = np.max(_nonzero(left) * _nonzero(right), axis=-2, keepdims=True)
        part = total(Interval(low, high), -2, ulps=2, tiny=tiny)
        parts.append(part.at((..., 0, slice(None))))
    return reduce(add, parts)
