"""The slopes of an expression over a whole box: forward mode over intervals, from the table's derivative rules.

A slope here is an interval that holds the derivative at every point of the box (where the derivative jumps, all
values between, as the generalised gradient of Clarke, Optimization and Nonsmooth Analysis, section 2.6). Where the
expression is not continuous on the box, or not defined on all of it, the slope is the whole line, so that nothing
can be concluded from it. Moore, Kearfott and Cloud, Introduction to Interval Analysis (2009), chapter 6.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import numpy as np

from chalkwork.algebra.definitions import branches
from chalkwork.algebra.expression import Application, Constant, Expression, Name, Number
from chalkwork.algebra.operations import Operation, Parameter
from chalkwork.algebra.operations.matrices import axes_of
from chalkwork.algebra.operations.partners import PARTNERS
from chalkwork.algebra.simplify import simplify
from chalkwork.bounds import windows
from chalkwork.bounds.enclosures import ENCLOSURES, collapsed, enclosable, hull_by_sign
from chalkwork.bounds.intervals import BOTH, EPSILON, ONE, Interval, add, matmul, multiply, negative, subtract, total
from chalkwork.derivation.differentiate import gradient, local_derivatives
from chalkwork.derivation.evaluate import lifted

Known = dict[Expression, Interval]
_LINEAR = frozenset(
    (
        "transpose",
        "broadcast",
        "reshape",
        "sum",
        "mean",
        "diag",
        "diagonal",
        "entry",
        "part",
        "padded",
        "moment",
        "at_moment",
        "split_heads",
        "join_heads",
        "identity",
        "negative",
        "turned",
        "average_pool",
        "average_pool_back",
    )
)


def natural(expression: Expression, known: Known) -> Interval:
    """The natural extension: every operation on the enclosures of its arguments; `known` is added to.

    It is exact where nothing occurs twice, and too wide where something does.
    """
    found = known.get(expression)
    if found is None:
        if isinstance(expression, Number | Constant):
            found = constant(expression)
        else:
            assert isinstance(expression, Application)
            parts = [natural(argument, known) for argument in expression.arguments]
            found = enclosed(expression, parts)
        known[expression] = found
    return found


def enclosed(node: Application, parts: list[Interval]) -> Interval:
    """The enclosure of one operation."""
    return ENCLOSURES[node.operation.name](*_lifted(node, parts), **node.named_parameters)


def _lifted(node: Application, parts: Sequence[Interval]) -> Sequence[Interval]:
    """The arguments with as many axes of their own each."""
    if node.is_flat:
        return parts
    lows, highs = (lifted(np, node, bounds) for bounds in ([p.low for p in parts], [p.high for p in parts]))
    return [Interval(low, high) for low, high in zip(lows, highs, strict=True)]


@lru_cache(maxsize=1024)
def constant(number: Number | Constant) -> Interval:
    """The number, or the two doubles around it."""
    value, named = float(number.value), isinstance(number, Constant)  # pi itself is no double
    low = value if value <= number.value and not named else np.nextafter(value, -np.inf)
    high = value if value >= number.value and not named else np.nextafter(value, np.inf)
    return Interval.of([[low]], [[high]])


def slopes(expression: Expression, seeds: Mapping[Expression, Interval], known: Known) -> Interval | None:
    """The slopes by every variable, along a new first axis; None where it depends on none.

    `seeds` are the slopes of the leaves, `known` the enclosures of all nodes.
    """
    found: dict[Expression, Interval | None] = dict(seeds)

    def visit(node: Expression) -> Interval | None:
        if node not in found:
            found[node] = (
                _of_operation(node, [visit(part) for part in node.arguments], known)
                if (isinstance(node, Application))
                else None
            )
        return found[node]

    return visit(expression)


def _of_operation(node: Application, parts: list[Interval | None], known: Known) -> Interval | None:
    if all(part is None for part in parts):
        return None
    name = node.operation.name
    if name in _LINEAR:
        assert parts[0] is not None
        return enclosed(node, [parts[0]])
    values = list(_lifted(node, [natural(argument, known) for argument in node.arguments]))
    flat = iter(_lifted(node, [values[0] if part is None else part for part in parts]))
    parts = [None if part is None else one for part, one in zip(parts, flat, strict=True)]
    result = natural(node, known)
    if node.operation.jumps:
        slope = _flat_or_unknown(node, result, parts)
    elif name == "masked_softmax":
        slope = _of_masked_softmax(node, parts, result)
    elif name in _COMBINING:
        assert parts[0] is not None
        slope = _COMBINING[name](parts[0], values[0], result, node.named_parameters)
    elif name == "matmul":
        slope = _of_matmul(parts, values)
    elif name in PARTNERS:
        slope = _of_product(node, parts, values)
    elif name in ("max_pool_back", "max_pool_at"):
        slope = _of_largest(node, parts, values)
    elif name == "solve":
        slope = _of_solve(parts, values, result)
    elif name in ("placed", "concat", "beside"):
        slope = _put_together(node, parts, values)
    else:
        slope = _of_entrywise(node.operation, node.parameters, parts, [*values, result])
    return _unknown_where(~_is_continuous(node, values, result), slope)


def _is_continuous(node: Application, values: list[Interval], result: Interval) -> np.ndarray:
    """Whether the operation is defined and continuous on the box."""
    good = np.isfinite(result.low) & np.isfinite(result.high)
    if np.isfinite(node.operation.domain[0]):
        good &= values[0].low >= node.operation.domain[0]
    if node.operation.name == "power":
        base, exponent = values
        whole = (exponent.low == exponent.high) & (exponent.low == np.floor(exponent.low))
        good &= (base.low > 0) | whole | ((base.low == 0) & (exponent.low > 0))
    return np.asarray(good)


def _unknown_where(bad: np.ndarray, slope: Interval) -> Interval:
    """The slope, the whole line where nothing is known of it and it is not zero throughout."""
    bad = bad & ~((slope.low == 0) & (slope.high == 0))
    if not bad.any():
        return slope
    return Interval(np.where(bad, -np.inf, slope.low), np.where(bad, np.inf, slope.high))


def _flat_or_unknown(node: Application, result: Interval, parts: list[Interval | None]) -> Interval:
    """Zero where the value is one and the same on the whole box."""
    moves = np.asarray(sum(np.maximum(np.abs(part.low), np.abs(part.high)) for part in parts if part is not None))
    if not node.operation.entrywise:
        before, after = (len(shape) or 2 for shape in (node.arguments[0].shape, node.shape))
        moves = np.max(moves, axis=tuple(range(-before, 0)))
        moves = moves.reshape(*moves.shape, *(1,) * after)
    size = np.where((result.low == result.high) | (moves == 0), 0.0, np.inf)
    return Interval(-size, size)


def _of_matmul(parts: list[Interval | None], values: list[Interval]) -> Interval:
    left = None if parts[0] is None else matmul(parts[0], values[1])
    right = None if parts[1] is None else matmul(values[0], parts[1])
    return _both(left, right)


def _of_product(node: Application, parts: list[Interval | None], values: list[Interval]) -> Interval:
    """What is linear in both arguments."""
    left = None if parts[0] is None else enclosed(node, [parts[0], values[1]])
    right = None if parts[1] is None else enclosed(node, [values[0], parts[1]])
    return _both(left, right)


def _of_largest(node: Application, parts: list[Interval | None], values: list[Interval]) -> Interval:
    """Linear in what is carried; where another entry may become the largest nothing is known."""
    still = Interval.point(np.zeros((1, *values[0].shape)))
    slope = enclosed(node, [parts[0] or still, values[1]])
    if parts[1] is None:
        return slope
    jump = windows.undecided(values[1], node.operation.name, **node.named_parameters)
    return Interval(slope.low - jump, slope.high + jump)


def _of_solve(parts: list[Interval | None], values: list[Interval], result: Interval) -> Interval:
    """A x' = b' - A' x."""
    left = None if parts[0] is None else negative(matmul(parts[0], result))
    return ENCLOSURES["solve"](values[0], _both(left, parts[1]))


def _put_together(node: Application, parts: list[Interval | None], values: list[Interval]) -> Interval:
    still = [Interval.point(np.zeros((1, *value.shape))) for value in values]
    return enclosed(node, [rest if part is None else part for part, rest in zip(parts, still, strict=True)])


def _both(left: Interval | None, right: Interval | None) -> Interval:
    if left is None or right is None:
        only = right if left is None else left
        assert only is not None
        return only
    return add(left, right)


@lru_cache(maxsize=256)
def slope_rules(operation: Operation, parameters: tuple[Parameter, ...]) -> tuple[Expression | None, ...]:
    """f' by each argument, between the names a, b and y."""
    names = tuple(Name(letter) for letter in "ab"[: operation.arity])
    rules = local_derivatives(Application(operation, names, parameters), Name("y"))
    return tuple(rule and enclosable(rule) for rule in rules)


def _of_entrywise(
    operation: Operation, parameters: tuple[Parameter, ...], parts: list[Interval | None], values: list[Interval]
) -> Interval:
    letters = (*"ab"[: operation.arity], "y")
    known: Known = {Name(letter): value for letter, value in zip(letters, values, strict=True)}
    slope: Interval | None = None
    for index, (part, rule) in enumerate(zip(parts, slope_rules(operation, parameters), strict=True)):
        if part is None or rule is None:
            continue
        if own_rules := branch_rules(operation, parameters):
            part = multiply(_of_branches(own_rules, values[0]), part)
        elif operation.name == "power" and index == 0:
            part = multiply(_power_slope(values[0], values[1]), part)
        elif rule != Number(1):
            part = multiply(natural(rule, known), part)
        slope = _both(slope, part)
    assert slope is not None
    return slope


def _power_slope(a: Interval, b: Interval) -> Interval:
    """b a^(b - 1), where a whole number stays whole."""
    whole = (b.low == b.high) & (b.low == np.floor(b.low)) & (np.abs(b.low) < 1 / EPSILON)
    less = subtract(b, ONE)
    less = Interval(np.where(whole, b.low - 1, less.low), np.where(whole, b.high - 1, less.high))
    return multiply(b, ENCLOSURES["power"](a, less))


@lru_cache(maxsize=256)
def branch_rules(operation: Operation, parameters: tuple[Parameter, ...]) -> tuple[Expression, ...]:
    """f' below zero and above it, for a function of one number whose rule joins the two and so holds a twice."""
    whole = Application(operation, (Name("a"),) * operation.arity, parameters)
    pair = branches(whole)
    if pair is None or operation.arity > 1 or _times(slope_rules(operation, parameters)[0]) < 2:
        return ()
    return tuple(enclosable(simplify(gradient(branch, Name("a")))) for branch in pair)


def _times(rule: Expression | None) -> int:
    """How often the argument a occurs."""
    if isinstance(rule, Application):
        return sum(map(_times, rule.arguments))
    return int(rule == Name("a"))


def _of_branches(rules: tuple[Expression, ...], x: Interval) -> Interval:
    """The hull of the slopes of the branches that x can be on."""
    left, right = x.over(lambda bound: np.minimum(bound, 0.0)), x.over(lambda bound: np.maximum(bound, 0.0))
    below, above = (natural(rule, {Name("a"): part}) for rule, part in zip(rules, (left, right), strict=True))
    low = hull_by_sign(x, below.low, np.minimum(below.low, above.low), above.low).low
    return Interval(low, hull_by_sign(x, below.high, np.maximum(below.high, above.high), above.high).high)


Combining = Callable[[Interval, Interval, Interval, dict[str, Parameter]], Interval]


def _of_softmax(slope: Interval, x: Interval, y: Interval, parameters: dict[str, Parameter]) -> Interval:
    return multiply(y, subtract(slope, total(multiply(y, slope), axes_of(parameters["axis"]))))


def _of_causal_softmax(slope: Interval, x: Interval, y: Interval, parameters: dict[str, Parameter]) -> Interval:
    return _of_softmax(slope, x, y, {"axis": parameters["keys"]})


def _of_masked_softmax(node: Application, parts: list[Interval | None], y: Interval) -> Interval:
    """That of the softmax, where nobody else may come to be seen."""
    slope, moved = parts
    keys = node.named_parameters["keys"]
    found = Interval.point(np.zeros_like(y.low)) if slope is None else _of_softmax(slope, y, y, {"axis": keys})
    if moved is None:
        return found
    moves = np.max(np.maximum(np.abs(moved.low), np.abs(moved.high)), axis=axes_of(keys), keepdims=True)
    size = np.where(moves + np.zeros_like(y.low) == 0, 0.0, np.inf)
    return add(found, Interval(-size, size))


def _of_log_softmax(slope: Interval, x: Interval, y: Interval, parameters: dict[str, Parameter]) -> Interval:
    share = ENCLOSURES["softmax"](x, **parameters)
    return subtract(slope, total(multiply(share, slope), axes_of(parameters["axis"])))


def _of_logsumexp(slope: Interval, x: Interval, y: Interval, parameters: dict[str, Parameter]) -> Interval:
    axis = parameters["axis"]
    return collapsed(total(multiply(ENCLOSURES["softmax"](x, **parameters), slope), axes_of(axis)), axis)


def _of_squared_norm(slope: Interval, x: Interval, y: Interval, parameters: dict[str, Parameter]) -> Interval:
    half = total(multiply(x, slope), BOTH)
    return Interval(2 * half.low, 2 * half.high)


def _of_max(slope: Interval, x: Interval, y: Interval, parameters: dict[str, Parameter]) -> Interval:
    """The hull of the slopes of all entries that can be the largest."""
    axis = parameters["axis"]
    axes = axes_of(axis)
    possible = x.high >= np.max(x.low, axis=axes, keepdims=True)
    low = np.min(np.where(possible, slope.low, np.inf), axis=axes, keepdims=True)
    high = np.max(np.where(possible, slope.high, -np.inf), axis=axes, keepdims=True)
    return collapsed(Interval(low, high), axis)


_COMBINING: dict[str, Combining] = {
    "softmax": _of_softmax,
    "causal_softmax": _of_causal_softmax,
    "log_softmax": _of_log_softmax,
    "logsumexp": _of_logsumexp,
    "squared_norm": _of_squared_norm,
    "max": _of_max,
    "max_pool": windows.slope_of_max_pool,
}
