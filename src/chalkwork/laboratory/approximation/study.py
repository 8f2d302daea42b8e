"""A function on an interval approximated at n points: what was given checked, errors measured, the system solved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression, Name, Number, replace
from chalkwork.bounds.intervals import Array
from chalkwork.derivation.derivation import Stage
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.approximation.interpolant import Errors, Interpolant, adapted_points
from chalkwork.laboratory.functions.one_variable import Function, check_defined, constant, finite_values, interval_of
from chalkwork.laboratory.work import Work
from chalkwork.networks.arguments import whole
from chalkwork.typesetting.notation import subscript
from chalkwork.typesetting.symbols import Symbol

MOST_POINTS = 2_000_000
MOST_COMPARED = 8
USUAL = 8
_DOUBLED = 4096


@dataclass(frozen=True, slots=True)
class Compared:
    """One number of points: the widest piece, what was measured, and the bound where there is one."""

    interpolant: Interpolant
    errors: Errors
    bound: float | None

    @property
    def width(self) -> float:
        """The widest piece."""
        return float(self.interpolant.widths.max())


@dataclass(frozen=True)
class Study:
    """Everything that is written about one approximation."""

    function: Function | None
    interpolant: Interpolant
    kind: str
    """`equidistant`, `given` or `adapted` points."""
    rows: tuple[Compared, ...]
    """For the numbers of points that are compared; one without comparison, none without a function."""
    plain: tuple[Compared, ...] = ()
    """The same numbers of equidistant points, where the points are adapted."""

    @property
    def own(self) -> Compared | None:
        """The row of the approximation itself."""
        return next((row for row in self.rows if row.interpolant.size == self.interpolant.size), None)

    def orders(self) -> list[float | None]:
        """The order of the error in 1 / (n - 1) from each row to the next; None for the first, and at rounding."""
        found: list[float | None] = [None]
        for before, after in zip(self.rows, self.rows[1:], strict=False):
            ratio = (after.interpolant.size - 1) / (before.interpolant.size - 1)
            noise = 1e-14 * float(np.abs(after.interpolant.values).max())
            exact = after.errors.largest <= noise or before.errors.largest <= noise
            found.append(None if exact else float(np.log(before.errors.largest / after.errors.largest) / np.log(ratio)))
        return found


def study(
    function: str | None,
    ends: tuple[Any, Any],
    n: int | None,
    points: Sequence[Any] | None,
    values: Sequence[Any] | None,
    adapted: bool,
    compare: Sequence[int] | None,
) -> Study:
    """The approximation with its errors, everything that was given checked."""
    given = None if function is None else Function.of(function)
    if points is not None:
        return _with_points(given, ends, n, points, values, adapted, compare)
    if given is None or values is not None:
        raise ChalkworkError("there is no function", hint="give a function with a and b, or points with their values")
    if any(end is None for end in ends):
        raise ChalkworkError("the interval is missing", hint="give both of its ends, a and b")
    low, high = interval_of(*ends)
    count = _count(USUAL if n is None else n, "n")
    counts = _counts(count, compare)
    check_defined(given, low, high)

    def spread(size: int) -> Array:
        return adapted_points(given, low, high, size) if adapted else np.linspace(low, high, size)

    rows = tuple(_compared(given, spread(size)) for size in counts)
    line = next(row.interpolant for row in rows if row.interpolant.size == count)
    plain = tuple(_compared(given, np.linspace(low, high, size)) for size in counts) if adapted else ()
    return Study(given, line, "adapted" if adapted else "equidistant", rows, plain)


def _with_points(
    given: Function | None,
    ends: tuple[Any, Any],
    n: int | None,
    points: Sequence[Any],
    values: Sequence[Any] | None,
    adapted: bool,
    compare: Sequence[int] | None,
) -> Study:
    if adapted or compare is not None or n is not None or any(end is not None for end in ends):
        raise ChalkworkError("the points are given, so that a, b, n, adapted and compare have nothing to say")
    places = _numbers(points, "points")
    if places.size < 2:
        raise ChalkworkError("points has 1 entry; a sum of ReLUs needs at least 2 points")
    _check_increasing(places)
    if values is not None:
        if given is not None:
            raise ChalkworkError("both a function and values are given", hint="give one of them")
        heights = _numbers(values, "values")
        if heights.size != places.size:
            raise ChalkworkError(f"there are {places.size} points and {heights.size} values")
        return Study(None, Interpolant(places, heights), "given", ())
    if given is None:
        raise ChalkworkError("there is no function", hint="give a function, or values at the points")
    check_defined(given, float(places[0]), float(places[-1]))
    row = _compared(given, places)
    return Study(given, row.interpolant, "given", (row,))


def _compared(function: Function, points: Array) -> Compared:
    if (np.diff(points) <= 0).any():
        raise ChalkworkError(f"{points.size} points are too many for this interval: some would coincide")
    line = Interpolant(points, finite_values(function, points))
    return Compared(line, line.errors(function), line.bound(function))


def _numbers(given: Sequence[Any], what: str) -> Array:
    if isinstance(given, str) or not isinstance(given, Sequence | np.ndarray) or not len(given):
        raise ChalkworkError(f"{what} is a list of numbers, not {given!r:.60}")
    if len(given) > MOST_POINTS:
        raise ChalkworkError(f"{what} has {len(given)} entries, more than {MOST_POINTS}")
    if isinstance(given, np.ndarray) and given.ndim == 1 and given.dtype.kind in "fiu":
        found = given.astype(np.float64)
        if np.isfinite(found).all() and np.abs(found).max() <= 1e15:
            return np.asarray(found)
    return np.array([constant(value, f"{what}[{place}]")[1] for place, value in enumerate(given, 1)])


def _check_increasing(places: Array) -> None:
    bad = np.flatnonzero(np.diff(places) <= 0)
    if bad.size:
        first, second = places[bad[0]], places[bad[0] + 1]
        if first == second:
            raise ChalkworkError(f"the point {first:g} is given twice", hint="a function has one value at a point")
        raise ChalkworkError(f"the points must increase, but {second:g} comes after {first:g}")


def _count(given: Any, what: str) -> int:
    if isinstance(given, int) and given in (0, 1):
        hint = "one ReLU stands at each point, and the spacing needs two"
        raise ChalkworkError(f"{what} is a whole number from 2 to {MOST_POINTS}, not {given!r:.40}", hint=hint)
    return whole(given, what, 2, MOST_POINTS)


def _counts(count: int, compare: Sequence[int] | None) -> list[int]:
    """The numbers of points in the table, the own one among them, in order."""
    if compare is None:
        others = [count * 2**k for k in range(5)] if count <= _DOUBLED else [max(2, count // 4), max(2, count // 2)]
    else:
        if isinstance(compare, str) or not isinstance(compare, Sequence) or len(compare) > MOST_COMPARED:
            raise ChalkworkError(f"compare is a list of at most {MOST_COMPARED} numbers of points")
        others = [_count(size, f"compare[{place}]") for place, size in enumerate(compare, 1)]
    return sorted({count, *others})


VALUES = Stage("values", "Values at the points")
KNOTS = Stage("knots", "Knots")
SUBSTITUTION = Stage("substitution", "Forward substitution")
MOST_SOLVED = 8
"""Points, from the first on, whose weights are worked out as equations."""


def work_of(found: Study) -> Work:
    """The values at the points, the knots, and the triangular system solved from the top.

    With equidistant points it is divided by their distance: f_i / h less the weights before, the first one i times and
    the last one twice. Else the value less what the ReLUs before give there, over the distance from the knot.
    """
    line, function, work = found.interpolant, found.function, Work()
    numbers = range(1, min(line.size, MOST_SOLVED) + 1)
    x = {i: work.given(f"x{i}", line.points[i - 1]) for i in numbers}
    f: dict[int, Expression] = {}
    for i in numbers:
        name, letter = f"f{i}", Symbol(f"f(x_{i})", f"f(x{subscript(str(i))})")
        if function is None:
            f[i] = work.given(name, line.values[i - 1], letter)
        else:
            f[i] = work.equation(name, replace(function.tree, {Name(function.variable): x[i]}), VALUES, letter=letter)
    weights = {i: Name(f"lambda{i}") for i in numbers}
    work.asked += [weight.name for weight in weights.values()]
    if found.kind == "equidistant":
        h = work.given("h", line.widths[0])
        for i in numbers:
            before = [Number(i - j + 1) * weights[j] for j in range(1, i)]
            work.equation(weights[i].name, reduce(Expression.__sub__, before, f[i] / h), SUBSTITUTION)
        return work
    first = x[1] - (x[2] - x[1])
    b = {i: work.equation(f"b{i}", first if i == 1 else x[i - 1], KNOTS) for i in numbers}
    for i in numbers:
        before = [(x[i] - b[j]) * weights[j] for j in range(1, i)]
        work.equation(weights[i].name, reduce(Expression.__sub__, before, f[i]) / (x[i] - b[i]), SUBSTITUTION)
    return work
