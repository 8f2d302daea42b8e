"""A function on an interval as a network of ReLUs that takes its values at n points: solved, measured, drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from chalkwork.algebra.expression import Expression, Name, Number, replace
from chalkwork.bounds.intervals import Array
from chalkwork.derivation.derivation import Derivation, Equation, Stage
from chalkwork.documents.literal import literal, visible
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.approximation.interpolant import Errors, Interpolant, adapted_points
from chalkwork.laboratory.functions.one_variable import Function, check_defined, constant, interval_of
from chalkwork.solutions.solution import Setting, Solution, Style
from chalkwork.typesetting.notation import Notation, subscript
from chalkwork.typesetting.symbols import Symbol

if TYPE_CHECKING:
    from chalkwork.networks.network import NeuralNetwork

VALUES = Stage("values", "Values at the points")
KNOTS = Stage("knots", "Knots")
SUBSTITUTION = Stage("substitution", "Forward substitution")
MOST_SOLVED = 8
"""Points, from the first on, whose weights are worked out as equations."""
MOST_POINTS = 2_000_000
MOST_COMPARED = 8
_DEFAULT = 8
_DOUBLED = 4096


class ReluApproximation(Solution):
    """A worked approximation that can be evaluated, and trained further as a network."""

    def __init__(
        self,
        derivation: Derivation,
        givens: Mapping[str, Any],
        style: Style,
        setting: Setting,
        interpolant: Interpolant,
    ) -> None:
        super().__init__(derivation, givens, style, setting)
        self.interpolant = interpolant

    @cached_property
    def network(self) -> NeuralNetwork:
        """The network: one input, n ReLUs, one output; samples are rows, so x has the shape (m, 1)."""
        return self.interpolant.network()

    def __call__(self, x: Any) -> Array:
        """The approximation at the places, of the same shape; faster than the network for many ReLUs."""
        return self.interpolant(x)


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


def relu_approximation(
    function: str | None = None,
    a: Any = None,
    b: Any = None,
    n: int | None = None,
    *,
    points: Sequence[Any] | None = None,
    values: Sequence[Any] | None = None,
    adapted: bool = False,
    compare: Sequence[int] | None = None,
    notation: str | Notation | None = None,
    decimals: int | None = None,
    significant: int | None = None,
) -> ReluApproximation:
    """The sum of n ReLUs that takes the values of a function at n points, worked out, with its error against n.

    `function` is a text in one variable or an activation by name, `a` and `b` the ends of the interval (numbers or
    texts such as `2*pi`), `n` from 2 to 2,000,000 (8). The points are equidistant, or `points` (increasing numbers,
    instead of a, b and n), or with `adapted` denser where f is more curved. `values` at the points may stand for the
    function. `compare` are the numbers of points in the table of errors.

    The solution holds `f1`, `lambda1`, ... (value and weight at the first eight points at most), besides `points`,
    `function_values`, `knots`, `weights`, `slopes` (each of shape (n,)), and where there is a function `max_error`,
    `error_at`, `l2_error`, `bound` (h^2/8 max |f''|, rigorous; None where f is not twice differentiable), and `table`:
    lists `n`, `h`, `max_error`, `bound`, `l2_error`, `order`.

    Raises ChalkworkError for bad input, and where the function has no finite value on the interval. The bound: Suli
    and Mayers, An Introduction to Numerical Analysis (2003), theorem 11.1.

    >>> answer = relu_approximation("x^2", 0, 1, n=3)
    >>> answer["knots"].tolist(), answer["weights"].tolist()
    ([-0.5, 0.0, 0.5], [0.0, 0.5, 1.0])
    >>> answer["max_error"], round(answer["bound"], 9), float(answer.network.forward([[0.25]])["a2"].item())
    (0.0625, 0.0625, 0.125)
    """
    found = study(function, (a, b), n, points, values, adapted, compare)
    return work(found, Style.of(notation, decimals, significant))


def work(found: Study, style: Style) -> ReluApproximation:
    """The study, written in that style."""
    from chalkwork.laboratory.approximation.text import script

    line = found.interpolant
    facts: dict[str, Any] = {
        "n": line.size,
        "points": line.points,
        "function_values": line.values,
        "knots": line.knots,
        "weights": line.weights,
        "slopes": line.slopes,
    }
    own = found.own
    if found.function is not None and own is not None:
        facts |= {"function": found.function.text, "max_error": own.errors.largest, "error_at": own.errors.at}
        facts |= {"l2_error": own.errors.squared, "bound": own.bound, "table": _table(found)}
    derivation = _derivation(found)
    known = {"h": line.widths[0]}
    for place in range(min(line.size, MOST_SOLVED)):
        known |= {f"x{place + 1}": line.points[place], f"f{place + 1}": line.values[place]}
    name = literal(found.function.text, 60) if found.function is not None else "a table of values"
    setting = Setting(
        givens=tuple(name.name for name in derivation.givens),
        title=f"Approximation of {name} by {line.size} ReLUs",
        letters=_letters(min(line.size, MOST_SOLVED)),
        script=lambda board: script(board, found),
        asked=tuple(e.name for e in derivation.equations if e.stage == SUBSTITUTION),
        facts=facts,
    )
    givens = {name.name: np.array([[known[name.name]]]) for name in derivation.givens}
    return ReluApproximation(derivation, givens, style, setting, line)


# --- equations -------------------------------------------------------------------------------------------------------


def _derivation(found: Study) -> Derivation:
    """The values at the points, the knots, and the triangular system solved from the top."""
    equal, count = found.kind == "equidistant", min(found.interpolant.size, MOST_SOLVED)
    givens = [Name(f"x{i}") for i in range(1, count + 1)]
    values: list[Equation] = []
    if found.function is None:
        givens += [Name(f"f{i}") for i in range(1, count + 1)]
    else:
        variable = Name(found.function.variable)
        at = [replace(found.function.tree, {variable: Name(f"x{i}")}) for i in range(1, count + 1)]
        values = [Equation(f"f{i}", value, VALUES) for i, value in enumerate(at, 1)]
    if equal:
        return Derivation(
            (*givens, Name("h")),
            (*values, *(Equation(f"lambda{i}", _equal_step(i), SUBSTITUTION) for i in range(1, count + 1))),
        )
    first = Name("x1") - (Name("x2") - Name("x1"))
    knots = [Equation(f"b{i}", first if i == 1 else Name(f"x{i - 1}"), KNOTS) for i in range(1, count + 1)]
    solved = [Equation(f"lambda{i}", _step(i), SUBSTITUTION) for i in range(1, count + 1)]
    return Derivation(tuple(givens), (*values, *knots, *solved))


def _letters(count: int) -> dict[str, Symbol]:
    """The values as f(x_1)."""
    found = {}
    for i in range(1, count + 1):
        found[f"f{i}"] = Symbol(f"f(x_{i})", f"f(x{subscript(str(i))})")
    return found


def _equal_step(i: int) -> Expression:
    """f_i / h less the weights before, the first one i times and the last one twice."""
    result: Expression = Name(f"f{i}") / Name("h")
    for j in range(1, i):
        result = result - Number(i - j + 1) * Name(f"lambda{j}")
    return result


def _step(i: int) -> Expression:
    """The value less what the ReLUs before give there, over the distance from the knot."""
    top: Expression = Name(f"f{i}")
    for j in range(1, i):
        top = top - (Name(f"x{i}") - Name(f"b{j}")) * Name(f"lambda{j}")
    return top / (Name(f"x{i}") - Name(f"b{i}"))


def _table(found: Study) -> dict[str, list[Any]]:
    rows = found.rows
    return {
        "n": [row.interpolant.size for row in rows],
        "h": [row.width for row in rows],
        "max_error": [row.errors.largest for row in rows],
        "bound": [row.bound for row in rows],
        "l2_error": [row.errors.squared for row in rows],
        "order": found.orders(),
    }


# --- what was given -------------------------------------------------------------------------------------------------


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
    count = _count(_DEFAULT if n is None else n, "n")
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
    line = Interpolant(points, _heights(function, points))
    return Compared(line, line.errors(function), line.bound(function))


def _heights(function: Function, points: Array) -> Array:
    heights = function.values(points)
    bad = np.flatnonzero(~np.isfinite(heights))
    if bad.size:
        where = f"{function.variable} = {points[bad[0]]:g}"
        raise ChalkworkError(f"{visible(function.text, 60)} has no finite value at {where}")
    return heights


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
    if isinstance(given, bool) or not isinstance(given, int | np.integer) or not 2 <= given <= MOST_POINTS:
        hint = "one ReLU stands at each point, and the spacing needs two" if given in (0, 1) else None
        raise ChalkworkError(f"{what} is a whole number from 2 to {MOST_POINTS}, not {given!r:.40}", hint=hint)
    return int(given)


def _counts(count: int, compare: Sequence[int] | None) -> list[int]:
    """The numbers of points in the table, the own one among them, in order."""
    if compare is None:
        others = [count * 2**k for k in range(5)] if count <= _DOUBLED else [max(2, count // 4), max(2, count // 2)]
    else:
        if isinstance(compare, str) or not isinstance(compare, Sequence) or len(compare) > MOST_COMPARED:
            raise ChalkworkError(f"compare is a list of at most {MOST_COMPARED} numbers of points")
        others = [_count(size, f"compare[{place}]") for place, size in enumerate(compare, 1)]
    return sorted({count, *others})
