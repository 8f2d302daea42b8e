"""Convolution and pooling over intervals: sums of products of entries that meet, and what can be the largest."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, reduce
from math import prod
from typing import Any

import numpy as np

from chalkwork.algebra.operations import Parameter, Shape
from chalkwork.algebra.operations.convolutions import SHAPES, lie_of, pooling
from chalkwork.algebra.operations.partners import PARTNERS
from chalkwork.algebra.operations.windows import Lie, Sweep, chosen
from chalkwork.bounds.intervals import Array, Interval, add, blocks, divide, multiply, total


@lru_cache(maxsize=64)
def _table(name: str, lie: Lie, at: Sweep) -> tuple[Array, Array, tuple[Shape, Shape, Shape]]:
    """For every entry of the result the places of its factors in both arguments, laid in a line; one more is a zero."""
    left, right, result = SHAPES[name](lie, at)
    found = [list(PARTNERS[name](lie, at, place)) for place in np.ndindex(*result)]
    most = max(map(len, found), default=0) or 1
    tables = []
    for side, shape in enumerate((left, right)):
        table = np.full((len(found), most), prod(shape))
        steps = [prod(shape[axis + 1 :]) for axis in range(len(shape))]
        for row, pairs in enumerate(found):
            if pairs:
                table[row, : len(pairs)] = np.array([one[side] for one in pairs]) @ steps
        tables.append(table)
    return tables[0], tables[1], (left, right, result)


def swept(name: str) -> Callable[..., Interval]:
    """The enclosure of a correlation, or of what goes back through one: every entry a sum of products."""

    def enclosure(a: Interval, b: Interval, **settings: Parameter) -> Interval:
        first, second, (left, right, result) = _table(name, *lie_of(**settings))
        one, other = _in_line(a, left), _in_line(b, right)
        free = prod(np.broadcast_shapes(a.shape[: a.low.ndim - len(left)], b.shape[: b.low.ndim - len(right)]))
        parts = []
        for terms in blocks(first.shape[1], free * len(first)):
            products = multiply(one.at((..., first[:, terms])), other.at((..., second[:, terms])))
            parts.append(total(products, -1))
        return reduce(add, parts).over(lambda values: values.reshape(*values.shape[:-2], *result))

    return enclosure


def _in_line(x: Interval, shape: Shape) -> Interval:
    def flat(values: Array) -> Array:
        free = values.shape[: values.ndim - len(shape)]
        return np.concatenate([values.reshape(*free, prod(shape)), np.zeros((*free, 1))], axis=-1)

    return x.over(flat)


def _read(x: Interval, at: Sweep, outside: float = 0.0) -> list[Interval]:
    bounds = zip(at.read(np, x.low, outside), at.read(np, x.high, outside), strict=True)
    return [Interval(low, high) for low, high in bounds]


def _spread(parts: list[Interval], at: Sweep) -> Interval:
    """What each entry of the window gives, added where it lay."""
    if all(
        s >= d * (k - 1) + 1 for s, d, k in zip(at.stride, at.dilation, at.window, strict=True)
    ):  # windows lie apart
        return Interval(at.spread(np, [one.low for one in parts]), at.spread(np, [one.high for one in parts]))
    zero = np.zeros(parts[0].shape)
    spread = []
    for number, part in enumerate(parts):
        sides = [
            at.spread(np, [side if place == number else zero for place in range(len(parts))])
            for side in (part.low, part.high)
        ]
        spread.append(Interval(sides[0], sides[1]))
    return reduce(add, spread)


def _pool(x: Interval | Shape, window: Parameter, stride: Parameter, padding: Parameter) -> Sweep:
    return pooling(tuple((x.shape if isinstance(x, Interval) else x)[-2:]), window, stride, padding)


def shares(x: Interval, at: Sweep, ties: Parameter) -> list[Interval]:
    """The share that each entry of a window can have in its largest."""
    read = _read(x, at, -np.inf)
    floor = np.max([part.low for part in read], axis=0)
    possible = [part.high >= floor for part in read]
    alone = np.sum(possible, axis=0) == 1
    known = np.all([part.low == part.high for part in read], axis=0)
    exact = chosen(np, x.low, at, bool(ties))
    return [
        Interval(np.where(known, one, (can & alone) * 1.0), np.where(known, one, can * 1.0))
        for one, can in zip(exact, possible, strict=True)
    ]


def average_pool(x: Interval, window: Parameter, stride: Parameter, padding: Parameter) -> Interval:
    """The mean of every window."""
    at = _pool(x, window, stride, padding)
    return divide(reduce(add, _read(x, at)), Interval.point(float(prod(at.window))))


def average_pool_back(g: Interval, window: Parameter, stride: Parameter, padding: Parameter, before: Shape) -> Interval:
    """Every error in equal parts."""
    at = _pool(before, window, stride, padding)
    count = prod(at.window)
    return _spread([divide(g, Interval.point(float(count)))] * count, at)


def max_pool_back(g: Interval, x: Interval, ties: Parameter, **settings: Any) -> Interval:
    """Every error to the entries that can be the largest."""
    at = _pool(x, **settings)
    return _spread([multiply(share, g) for share in shares(x, at, ties)], at)


def max_pool_at(u: Interval, x: Interval, ties: Parameter, **settings: Any) -> Interval:
    """Of every window the entries where another map can have its largest."""
    at = _pool(x, **settings)
    return reduce(add, [multiply(share, part) for share, part in zip(shares(x, at, ties), _read(u, at), strict=True)])


def slope_of_max_pool(slope: Interval, x: Interval, y: Interval, parameters: dict[str, Parameter]) -> Interval:
    """The hull of the slopes of all entries of a window that can be the largest."""
    at = _pool(x, parameters["window"], parameters["stride"], parameters["padding"])
    read = _read(x, at, -np.inf)
    floor = np.max([part.low for part in read], axis=0)
    parts = list(zip(_read(slope, at), [part.high >= floor for part in read], strict=True))
    low = np.min([np.where(can, part.low, np.inf) for part, can in parts], axis=0)
    return Interval(low, np.max([np.where(can, part.high, -np.inf) for part, can in parts], axis=0))


def undecided(x: Interval, name: str, **settings: Parameter) -> Array:
    """Where the result of what follows the largest jumps: 0, or infinity."""
    at = _pool(x, settings["window"], settings["stride"], settings["padding"])
    found = shares(x, at, settings["ties"])
    open_ = np.any([one.low != one.high for one in found], axis=0) * 1.0
    if name == "max_pool_at":
        return np.where(open_ > 0, np.inf, 0.0)
    return np.where(at.spread(np, [open_] * len(found)) > 0, np.inf, 0.0)
