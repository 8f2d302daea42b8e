"""Piecewise linear interpolation as a sum of ReLUs: weights in linear time, errors, bounds, adapted points."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from chalkwork.bounds.intervals import Array
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.functions.one_variable import Function, finite_values, smooth_branch
from chalkwork.laboratory.functions.series import coefficient_bounds, taylor_coefficients

if TYPE_CHECKING:
    from chalkwork.networks.network import NeuralNetwork

_BLOCK = 2**17
_GROUPS = 1024
_CELLS = 8192
_ROUNDS = 4
_FLOOR = 1e-3
_MOST_SAMPLES = 255
_FEW = 10_000
_NODES = 8, 3
"""Gauss and Legendre's nodes in each piece: of a few pieces, and of many, which are small."""


@dataclass(frozen=True, eq=False)
class Interpolant:
    """NN(x) = sum of weights_i max(0, x - knots_i), which takes the values at the points.

    `points` increase and have the shape (n,), n >= 2, like `values`, `knots` and `weights`. The first knot stands as
    far before the first point as the second point after it, the others on the points but the last.

    >>> line = Interpolant(np.array([0.0, 1.0, 2.0]), np.array([1.0, 2.0, 0.0]))
    >>> line.knots.tolist(), line.weights.tolist(), line([-1.0, 0.5, 2.0]).tolist()
    ([-1.0, 0.0, 1.0], [1.0, 0.0, -3.0], [0.0, 1.5, 0.0])
    """

    points: Array
    values: Array

    @property
    def size(self) -> int:
        """The number of points, which is that of the ReLUs."""
        return int(self.points.size)

    @cached_property
    def widths(self) -> Array:
        """The distances of neighbouring points, of shape (n - 1,)."""
        return np.diff(self.points)

    @cached_property
    def knots(self) -> Array:
        """Where each ReLU bends."""
        return np.concatenate([self.points[:1] - self.widths[:1], self.points[:-1]])

    @cached_property
    def slopes(self) -> Array:
        """The slope after each knot, of shape (n,)."""
        first = self.values[:1] / self.widths[:1]
        return np.concatenate([first, np.diff(self.values) / self.widths])

    @cached_property
    def weights(self) -> Array:
        """The differences of the slopes: what forward substitution gives, without the matrix."""
        return np.diff(self.slopes, prepend=0.0)

    def __call__(self, x: Any) -> Array:
        """The values at the places, of the same shape, by looking up the piece: no sum over all ReLUs."""
        places = np.asarray(x, np.float64)
        piece = np.searchsorted(self.knots, places, side="right") - 1
        start = np.concatenate([[0.0], self.values[:-1]])
        inside = np.maximum(piece, 0)
        found = start[inside] + self.slopes[inside] * (places - self.knots[inside])
        return np.where(piece < 0, 0.0, found)

    def network(self) -> NeuralNetwork:
        """The same as a network with one hidden layer of n ReLUs; samples are rows."""
        from chalkwork.networks.layers.dense import Dense
        from chalkwork.networks.network import NeuralNetwork

        hidden = Dense(weights=np.ones((1, self.size)), bias=-self.knots, activation="relu")
        return NeuralNetwork([hidden, Dense(weights=self.weights[:, None], bias=False)], loss="squared_error")

    # --- errors ------------------------------------------------------------------------------------------------------

    def errors(self, function: Function) -> Errors:
        """The largest error, at some places in every piece, and the L2 error, by Gauss and Legendre's rule."""
        inner = min(_MOST_SAMPLES, max(3, 200_000 // self.size | 1))
        shares = np.arange(1, inner + 1) / (inner + 1)
        nodes, weights = np.polynomial.legendre.leggauss(_NODES[self.size > _FEW])
        largest, at, squares = 0.0, float(self.points[0]), 0.0
        for part in self._blocks():
            apart, places = self._apart(function, part, shares)
            worst = int(apart.argmax())
            if apart.flat[worst] > largest:
                largest, at = float(apart.flat[worst]), float(places.flat[worst])
            gauss, _ = self._apart(function, part, (nodes + 1) / 2)
            squares += float((self.widths[part] * (gauss**2 @ weights)).sum()) / 2
        return Errors(largest, at, float(np.sqrt(squares)))

    def _blocks(self) -> Iterator[slice]:
        return (slice(start, start + _BLOCK) for start in range(0, self.size - 1, _BLOCK))

    def _apart(self, function: Function, part: slice, shares: Array) -> tuple[Array, Array]:
        """How far function and interpolant are apart at these shares of every piece, and where."""
        left, width = self.points[:-1][part, None], self.widths[part, None]
        low, high = self.values[:-1][part, None], self.values[1:][part, None]
        places = left + width * shares
        return np.abs(finite_values(function, places) - (low + (high - low) * shares)), places

    def bound(self, function: Function) -> float | None:
        """The largest h_i^2 / 8 max |f''|, the maximum over the piece enclosed; None where f'' has no bound.

        Neighbouring pieces are taken together where there are more than a thousand.
        """
        try:
            smooth = smooth_branch(function, float(self.points[0]), float(self.points[-1]))
        except ChalkworkError:
            return None
        pieces = self.size - 1
        edges = np.unique(np.linspace(0, pieces, min(pieces, _GROUPS) + 1).astype(int))
        curvature = 2 * _curvatures(smooth, self.points[edges])
        widest = np.maximum.reduceat(self.widths, edges[:-1])
        found = float((widest**2 / 8 * curvature).max() * (1 + 1e-12))
        return found if np.isfinite(found) else None


@dataclass(frozen=True, slots=True)
class Errors:
    """The largest error and where it is, and the root of the integral of the squared error."""

    largest: float
    at: float
    squared: float


def _curvatures(smooth: Function, ends: Array) -> Array:
    """Upper bounds of |f''| / 2 between neighbouring ends, of shape (m - 1,), each from some small cells."""
    parts = max(1, _GROUPS // (ends.size - 1))
    shares = np.arange(parts) / parts
    cells = np.append((ends[:-1, None] + np.diff(ends)[:, None] * shares).ravel(), ends[-1])
    return np.asarray(coefficient_bounds(smooth, cells[:-1], cells[1:], 2).reshape(-1, parts).max(axis=1))


def adapted_points(function: Function, low: float, high: float, n: int) -> Array:
    """n points from `low` to `high` so that every piece has the same share of the integral of |f''|^(1/2).

    That makes the errors h^2 / 8 |f''| of all pieces nearly equal: de Boor, A Practical Guide to Splines (revised
    edition 2001), chapter III. Where f'' vanishes the density is a thousandth of its mean.

    Raises ChalkworkError for a function with a kink.

    >>> points = adapted_points(Function.of("sqrt(x)"), 0.0, 1.0, 5)
    >>> points.round(2).tolist()
    [0.0, 0.0, 0.06, 0.32, 1.0]
    """
    try:
        smooth = smooth_branch(function, low, high)
    except ChalkworkError as error:
        raise ChalkworkError(error.message, hint="adapted points follow f''; take equidistant or given ones") from None
    edges = np.linspace(low, high, _CELLS + 1)
    for _ in range(_ROUNDS):  # the cells move to where the density is high, so that a steep rise is resolved
        shares = _shares(smooth, edges)
        edges = _equal_parts(edges, shares, _CELLS + 1)
    return _equal_parts(edges, _shares(smooth, edges), n)


def _shares(smooth: Function, edges: Array) -> Array:
    """The integral of the density from the first edge to each, of shape (m,), by the middles of the cells."""
    middle, widths = (edges[:-1] + edges[1:]) / 2, np.diff(edges)
    found = taylor_coefficients(smooth, middle, middle, 2)
    density = np.sqrt(np.abs(found.low[2] + found.high[2]))
    if not np.isfinite(density).all():
        where = float(middle[~np.isfinite(density)][0])
        raise ChalkworkError(f"{smooth.text:.60} has no second derivative near {smooth.variable} = {where:g}")
    mean = float(density @ widths) / float(edges[-1] - edges[0])
    return np.concatenate([[0.0], np.cumsum((density + _FLOOR * mean if mean else np.ones_like(density)) * widths)])


def _equal_parts(edges: Array, shares: Array, n: int) -> Array:
    points = np.interp(np.linspace(0.0, shares[-1], n), shares, edges)
    points[0], points[-1] = edges[0], edges[-1]
    return np.asarray(points)
