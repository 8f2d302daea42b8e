"""The table of enclosures: for every operation the set of its values when its arguments lie in intervals.

`ENCLOSURES` holds functions of intervals and the operation's parameters: rules, and for every other operation of one
number what follows from where its entry says that it turns or jumps. Every one is exact but for outward rounding when
all entries of its arguments vary independently: a monotone function takes its extremes at the ends, one with a valley
or a peak there too, an entry of a softmax is increasing in its own net input and decreasing in every other. A function
that jumps takes all values between. What has no enclosure is enclosed by its definition (`enclosable`).

Functions of the library are trusted to four units in the last place or what their entry says, square roots and the
four operations to half a unit (IEEE 754).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial, reduce
from math import pi
from typing import Any

import numpy as np

from chalkwork.algebra.definitions import defined
from chalkwork.algebra.expression import Application, Expression, transform
from chalkwork.algebra.operations import TABLE, Operation, Parameter, Shape
from chalkwork.algebra.operations.matrices import EQUAL, axes_of, without
from chalkwork.algebra.operations.partners import PARTNERS
from chalkwork.algebra.operations.softmax import seen_in_order
from chalkwork.bounds import windows
from chalkwork.bounds.intervals import (
    BOTH,
    EPSILON,
    ONE,
    TINY,
    Array,
    Interval,
    add,
    blocks,
    divide,
    matmul,
    multiply,
    negative,
    outward,
    settled,
    subtract,
    total,
    within,
)
from chalkwork.errors import ChalkworkError

Enclosure = Callable[..., Interval]
INFINITY = float("inf")


def _entrywise(operation: Operation) -> Enclosure:
    """The range of a function of one number that is monotone between its turns."""
    start, turns, (ulps, tiny) = operation.domain[0], operation.turns or (), operation.rounding

    def enclosure(x: Interval, **parameters: Parameter) -> Interval:
        left = operation.value(np, np.maximum(x.low, start), **parameters)
        right = operation.value(np, np.where(x.high < start, np.nan, x.high), **parameters)
        low, high = np.minimum(left, right), np.maximum(left, right)
        if np.isnan(low).any():
            left, right = np.where(np.isnan(left), -np.inf, left), np.where(np.isnan(right), np.inf, right)
            low, high = np.minimum(left, right), np.maximum(left, right)
        for place, value in turns:
            room = 4 * EPSILON * abs(place)
            inside = (x.low <= place + room) & (x.high >= place - room)
            low = np.where(inside, np.minimum(low, value), low)
            high = np.where(inside, np.maximum(high, value), high)
        return within(outward(low, high, ulps, tiny) if ulps or tiny else settled(low, high), *operation.range)

    return enclosure


def _wave(name: str, peak: float) -> Enclosure:
    """The sine or the cosine: 1 at the turns `peak + k`, -1 half a turn later, a turn being two pi."""
    ends = _entrywise(TABLE[name])

    def passes(x: Interval, at: float) -> Any:
        first, last = x.low / (2 * pi) - at, x.high / (2 * pi) - at
        room = 4 * EPSILON * (np.maximum(np.abs(first), np.abs(last)) + 1)
        crossed = np.floor(last + room) > np.floor(first - room)
        return (crossed | ~np.isfinite(first) | ~np.isfinite(last)) & (x.low < x.high)

    def enclosure(x: Interval) -> Interval:
        between = ends(x)
        low = np.where(passes(x, peak + 0.5), -1.0, between.low)
        return Interval(low, np.where(passes(x, peak), 1.0, between.high))

    return enclosure


def _jump(operation: Operation) -> Enclosure:
    """The hull of the values of a function of one number that is constant below zero and above it."""

    @lru_cache(maxsize=64)
    def values(parameters: tuple[tuple[str, Parameter], ...]) -> list[float]:
        found: list[float] = operation.value(np, np.array([-1.0, 0.0, 1.0]), **dict(parameters)).tolist()
        return found

    return lambda x, **parameters: hull_by_sign(x, *values(tuple(parameters.items())))


def hull_by_sign(x: Interval, below: Array | float, at: Array | float, above: Array | float) -> Interval:
    """The hull of three values, of those that belong to a sign that x can have."""
    negatives, zero, positives = x.low < 0, (x.low <= 0) & (x.high >= 0), x.high > 0
    choices = ((negatives, below), (zero, at), (positives, above))
    low = reduce(np.minimum, [np.where(there, value, np.inf) for there, value in choices])
    high = reduce(np.maximum, [np.where(there, value, -np.inf) for there, value in choices])
    return Interval(low, high)


def _equal(a: Interval, b: Interval) -> Interval:
    same = (a.low == a.high) & (b.low == b.high) & (a.low == b.low)
    return Interval(np.where(same, 1.0, 0.0), np.where(a.meets(b), 1.0, 0.0))


def _power(a: Interval, b: Interval) -> Interval:
    """The set of all a^b: by parity where b is one whole number, else for a of zero and more."""
    if (b.low == 1).all() and (b.high == 1).all():
        return a.over(lambda values: values + np.zeros_like(b.low))
    if (b.low == 2).all() and (b.high == 2).all():
        return square(a.over(lambda values: values + np.zeros_like(b.low)))
    whole = (b.low == b.high) & (b.low == np.floor(b.low))
    real, whole_power = _real_power(a, b), _whole_power(a, np.where(whole, b.low, 1.0))
    return Interval(np.where(whole, whole_power.low, real.low), np.where(whole, whole_power.high, real.high))


def square(x: Interval) -> Interval:
    """The set of all x^2."""
    size = _magnitude(x)
    return within(multiply(size, size), 0.0, INFINITY)


def _magnitude(x: Interval) -> Interval:
    """The set of all |x|."""
    left, right = np.abs(x.low), np.abs(x.high)
    return Interval(np.where((x.low < 0) & (x.high > 0), 0.0, np.minimum(left, right)), np.maximum(left, right))


def _whole_power(a: Interval, n: Array) -> Interval:
    size, count = _magnitude(a), np.abs(n)
    even = within(outward(size.low**count, size.high**count, 4, 4), 0.0, INFINITY)
    odd = outward(np.copysign(np.abs(a.low) ** count, a.low), np.copysign(np.abs(a.high) ** count, a.high), 4, 4)
    parity = np.fmod(count, 2) == 0
    positive = Interval(np.where(parity, even.low, odd.low), np.where(parity, even.high, odd.high))
    over = divide(ONE, positive)
    crossing = ~parity & (a.low < 0) & (a.high > 0)
    over = Interval(np.where(crossing, -np.inf, over.low), np.where(crossing, np.inf, over.high))
    return Interval(np.where(n < 0, over.low, positive.low), np.where(n < 0, over.high, positive.high))


def _real_power(a: Interval, b: Interval) -> Interval:
    """b log a is bilinear in b and log a, so that the extremes are at the corners."""
    least = np.maximum(a.low, 0.0)
    corners = [base**exponent for base in (least, a.high) for exponent in (b.low, b.high)]
    unknown = (a.high < 0) | ((a.low < 0) & (b.low < b.high))
    wide = outward(reduce(np.minimum, corners), reduce(np.maximum, corners), 4, 4)
    wide = within(wide, 0.0, INFINITY)
    return Interval(np.where(unknown, -np.inf, wide.low), np.where(unknown, np.inf, wide.high))


def _xlogy(a: Interval, b: Interval) -> Interval:
    return multiply(a, ENCLOSURES["log"](b))


def collapsed(kept: Interval, axis: Parameter) -> Interval:
    """What was collapsed along the axis, without the axes that go."""
    return kept.over(lambda values: without(np, values, axis))


def _sum(x: Interval, axis: Parameter) -> Interval:
    return collapsed(total(x, axes_of(axis)), axis)


def _mean(x: Interval, axis: Parameter) -> Interval:
    count = np.sum(np.ones(x.shape), axis=axes_of(axis)).flat[0]
    return divide(_sum(x, axis), Interval.point([[float(count)]]))


def _largest(x: Interval, axis: Parameter) -> Interval:
    return collapsed(_largest_kept(x, axis), axis)


def _largest_kept(x: Interval, axis: Parameter) -> Interval:
    return x.over(lambda values: np.max(values, axis=axes_of(axis), keepdims=True))


def _in_a_row(x: Interval, axis: Parameter) -> Interval:
    """The entries that an operation combines, in the last axis: rows of all of them, or the axes exchanged."""
    if not isinstance(axis, int):
        rank = len(axes_of(axis))
        return x.over(lambda values: values.reshape(*values.shape[:-rank], 1, -1))
    return x if axis == -1 else x.over(lambda values: np.swapaxes(values, -1, axis))


def _back(x: Interval, axis: Parameter, shape: Shape) -> Interval:
    """The reverse of `_in_a_row`; the whole has this shape."""
    if not isinstance(axis, int):
        return x.over(lambda values: values.reshape(shape))
    return x if axis == -1 else x.over(lambda values: np.swapaxes(values, -1, axis))


def _argmax(x: Interval, axis: Parameter, tie: float | None) -> Interval:
    """From the first to the last entry that can be the first of the largest; counted from 1, with a possible tie."""
    row = _in_a_row(x, axis)
    before = np.maximum.accumulate(row.low, axis=-1)[..., :-1]
    before = np.concatenate([np.full_like(row.low[..., :1], -np.inf), before], axis=-1)
    possible = (row.high >= np.max(row.low, axis=-1, keepdims=True)) & ((row.high > before) | np.isneginf(before))
    place = np.arange(1.0, row.shape[-1] + 1)
    low = np.min(np.where(possible, place, np.inf), axis=-1, keepdims=True)
    high = np.max(np.where(possible, place, -np.inf), axis=-1, keepdims=True)
    if tie is not None:
        largest = np.max(row.low, axis=-1, keepdims=True)
        several = np.sum(row.high >= largest - 2 * EQUAL * np.abs(largest), axis=-1, keepdims=True) > 1
        low, high = np.where(several, np.minimum(low, tie), low), np.where(several, np.maximum(high, tie), high)
    rank = 0 if isinstance(axis, int) else len(axes_of(axis))
    return collapsed(_back(Interval(low, high), axis, (*x.shape[:-rank], *(1,) * rank)), axis)


def _against_others(x: Interval, axis: Parameter, function: Callable[[Interval], Interval]) -> Interval:
    """For every entry i the function of all z_j - z_i, j along a new last axis; decreasing in each of them."""
    row = _in_a_row(x, axis)
    size = row.shape[-1]
    parts = []
    for chosen in blocks(size, row.low.size):
        mine, others = row.at((..., chosen, None)), row.at((..., None, slice(None)))
        apart = subtract(others, mine)
        itself = np.eye(size, dtype=bool)[chosen]
        parts.append(function(Interval(np.where(itself, 0.0, apart.low), np.where(itself, 0.0, apart.high))))
    low = np.concatenate([part.low[..., 0] for part in parts], axis=-1)
    high = np.concatenate([part.high[..., 0] for part in parts], axis=-1)
    return _back(Interval(low, high), axis, x.shape)


def _softmax(x: Interval, axis: Parameter) -> Interval:
    def share(apart: Interval) -> Interval:
        return within(divide(ONE, total(ENCLOSURES["exp"](apart), -1)), 0.0, 1.0)

    return _against_others(x, axis, share)


def _masked_softmax(x: Interval, seen: Interval, keys: Parameter, causal: Parameter) -> Interval:
    """What is masked is below every number, and its share is zero; where the mask is not known, any share."""
    sure, never = (np.broadcast_to(one, x.shape) for one in (seen.low > 0, seen.high <= 0))
    if causal:
        sure, never = sure & seen_in_order(x.low, keys), never | ~seen_in_order(x.low, keys)
    shares = _softmax(Interval(np.where(sure, x.low, -np.inf), np.where(sure, x.high, -1e300)), keys)
    known = np.all(sure | never, axis=axes_of(keys), keepdims=True)
    low, high = np.where(known & sure, shares.low, 0.0), np.where(known, shares.high, 1.0)
    return Interval(low, np.where(never, 0.0, high))


def _one_hot(x: Interval, count: Parameter, along: Parameter) -> Interval:
    """Zero at numbers that a token cannot be, one where it can be no other."""
    assert isinstance(count, int | float)
    numbers = np.arange(1.0, count + 1) if along == -1 else np.arange(1.0, count + 1)[:, None]
    low, high = (x.low == numbers) & (x.high == numbers), (x.low <= numbers) & (x.high >= numbers)
    return Interval(low.astype(float), high.astype(float))


def _log_softmax(x: Interval, axis: Parameter) -> Interval:
    wide = _against_others(x, axis, lambda apart: negative(_logsumexp(apart, -1)))
    return within(wide, -INFINITY, 0.0)


def _logsumexp(x: Interval, axis: Parameter) -> Interval:
    """Increasing in every entry; the largest is subtracted before exp, so that nothing overflows."""
    return Interval(_logsumexp_at(x.low, axis).low, _logsumexp_at(x.high, axis).high)


def _logsumexp_at(values: Array, axis: Parameter) -> Interval:
    x = Interval(values, values)
    shift = _largest_kept(x, axis)
    powers = ENCLOSURES["exp"](subtract(x, shift))
    return collapsed(add(shift, ENCLOSURES["log"](total(powers, axes_of(axis)))), axis)


def _moved(name: str) -> Enclosure:
    """An operation that only moves or picks entries: its value on both bounds."""
    return lambda x, **parameters: x.over(partial(TABLE[name].value, np, **parameters))


def _broadcast(x: Interval, shape: Shape) -> Interval:
    """Spread over the shape; entries that are spread further already (each with bounds of its own) stay so."""
    full = np.broadcast_shapes(x.shape, shape or (1, 1))
    return x.over(lambda values: np.broadcast_to(values, full))


def _put_together(name: str) -> Enclosure:
    """An operation that puts two matrices together: its value on both bounds."""

    def enclosure(a: Interval, b: Interval, **parameters: Parameter) -> Interval:
        put = partial(TABLE[name].value, np, **parameters)
        return Interval(put(a.low, b.low), put(a.high, b.high))

    return enclosure


def solve(a: Interval, b: Interval) -> Interval:
    """The set of all solutions x of A x = b, up to second order in the width of A; everything where A may be singular.

    With R near the inverse of A, x - x0 = R (b - A x0) + (I - R A) (x - x0), whose second part is small where the
    norm of I - R A is below 1. Rump, Verification methods: rigorous results using floating-point arithmetic, Acta
    Numerica 19 (2010), section 10.
    """
    middle = a.low / 2 + a.high / 2
    sizes = np.linalg.svd(np.where(np.isfinite(middle), middle, 0.0), compute_uv=False)[..., None]
    usable = np.isfinite(middle).all(BOTH, keepdims=True) & (sizes[..., -1:, :] > 1e-13 * sizes[..., :1, :])
    near = Interval.point(np.linalg.inv(np.where(usable, middle, np.eye(a.shape[-1]))))
    guess = near.low @ np.where(np.isfinite(b.low + b.high), b.low / 2 + b.high / 2, 0.0)
    away = matmul(near, subtract(b, matmul(a, Interval.point(guess))))
    rest = _magnitude(subtract(Interval.point(np.eye(a.shape[-1])), matmul(near, a)))
    rows = total(rest, -1).high
    norm = np.max(rows, axis=-2, keepdims=True)
    farthest = np.max(_magnitude(away).high, axis=-2, keepdims=True)
    radius = np.where(norm < 1, farthest / np.where(norm < 1, 1 - norm, 1.0), np.inf) * (1 + 4 * EPSILON)
    error = rows * radius * (1 + 4 * EPSILON) + TINY
    wide = add(add(Interval.point(guess), away), Interval(-error, error))
    known = usable & (norm < 1)
    return settled(np.where(known, wide.low, -np.inf), np.where(known, wide.high, np.inf))


_RULES: dict[str, Enclosure] = {
    "add": add,
    "subtract": subtract,
    "negative": negative,
    "identity": lambda x: x,
    "multiply": multiply,
    "divide": divide,
    "power": _power,
    "sin": _wave("sin", 0.25),
    "cos": _wave("cos", 0.0),
    "maximum": lambda a, b: Interval(np.maximum(a.low, b.low), np.maximum(a.high, b.high)),
    "minimum": lambda a, b: Interval(np.minimum(a.low, b.low), np.minimum(a.high, b.high)),
    "equal": _equal,
    "xlogy": _xlogy,
    "softmax": _softmax,
    "causal_softmax": lambda x, keys: _masked_softmax(x, ONE, keys, 1),
    "masked_softmax": _masked_softmax,
    "log_softmax": _log_softmax,
    "logsumexp": _logsumexp,
    "matmul": matmul,
    "transpose": _moved("transpose"),
    "broadcast": _broadcast,
    "sum": _sum,
    "mean": _mean,
    "max": _largest,
    "argmax": _argmax,
    "reshape": _moved("reshape"),
    "squared_norm": lambda x: total(square(x), BOTH),
    "diag": _moved("diag"),
    "diagonal": _moved("diagonal"),
    "entry": _moved("entry"),
    "part": _moved("part"),
    "padded": _moved("padded"),
    "placed": _put_together("placed"),
    "concat": _put_together("concat"),
    "beside": _put_together("beside"),
    "split_heads": _moved("split_heads"),
    "join_heads": _moved("join_heads"),
    "one_hot": _one_hot,
    "moment": _moved("moment"),
    "at_moment": _moved("at_moment"),
    "solve": solve,
    **{name: windows.swept(name) for name in PARTNERS},
    "turned": _moved("turned"),
    "max_pool": _moved("max_pool"),
    "max_pool_back": windows.max_pool_back,
    "max_pool_at": windows.max_pool_at,
    "average_pool": windows.average_pool,
    "average_pool_back": windows.average_pool_back,
}

ENCLOSURES: dict[str, Enclosure] = {
    **{name: _entrywise(operation) for name, operation in TABLE.items() if operation.turns is not None},
    **{name: _jump(entry) for name, entry in TABLE.items() if entry.arity == 1 and entry.jumps and entry.branches},
    **_RULES,
}
"""By the operation's name: `enclosure(*intervals, **parameters)`."""


@lru_cache(maxsize=4096)
def enclosable(expression: Expression) -> Expression:
    """The expression with every operation that has no enclosure written by its definition.

    Raises ChalkworkError for one that has no definition either.
    """

    def rule(node: Expression) -> Expression | None:
        if not isinstance(node, Application) or node.operation.name in ENCLOSURES:
            return None
        simpler = defined(node)
        if simpler is None:
            raise ChalkworkError(f"nothing is known of {node.operation.name} between two numbers")
        return enclosable(simpler)

    found = transform(expression, rule)
    return expression if found == expression else found
