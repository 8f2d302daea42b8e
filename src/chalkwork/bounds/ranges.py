"""The range of an expression when every name lies in an interval: rigorous, and tight for small intervals.

Three rules, each exact or of second order in the width of the box:

- An operation on arguments that have no name in common is enclosed by the table.
- Where names occur more than once, the smallest such part is enclosed by its slopes: in a variable in which it is
  monotone over the box the extremes are at the ends; the others are left in the middle, with the slope times the
  radius to either side (the mean value form).
- The result is cut with the natural extension, which is better for wide intervals. It is all there is where no leaf of
  such a part is wider than rounding makes it: the slopes would take away less than what is rounded.

Moore, Kearfott and Cloud, Introduction to Interval Analysis (2009), sections 6.3 and 6.4.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache, partial
from math import prod

import numpy as np

from chalkwork.algebra.expression import Application, Constant, Expression, Number, names_in
from chalkwork.algebra.operations import Shape
from chalkwork.bounds.enclosures import enclosable
from chalkwork.bounds.intervals import BLOCK, EPSILON, TINY, Array, Interval
from chalkwork.bounds.slopes import Known, enclosed, natural, slopes

_MOVING = frozenset(
    (
        "transpose",
        "reshape",
        "broadcast",
        "diag",
        "diagonal",
        "entry",
        "part",
        "padded",
        "placed",
        "turned",
        "moment",
        "at_moment",
        "split_heads",
        "join_heads",
        "one_hot",
    )
)
_MOVED = _MOVING - {"broadcast", "placed", "one_hot"}
"""Those of one argument whose entries do not occur twice."""
_MOST = 64 * BLOCK
"""The slopes of one part that are worked out at most; beyond it only the natural extension is used."""
_ROUNDED, _NOTHING = 2.0**-42, 1e-15
"""The widest box that has only been rounded, as a part of its largest number, and where all of it is zero."""


def enclose(
    expression: Expression, values: Mapping[str, Interval], *, tight: bool = True, parts: Known | None = None
) -> Interval:
    """An interval that holds the expression's value for all numbers in the intervals of its names, entry by entry.

    Always an enclosure of the exact real range, every entry of every name varying independently. With `tight` it is
    too wide by no more than a constant times the square of the radius (plus rounding), as long as the expression is
    continuous on the box, and exact where it is monotone in every entry that occurs more than once. Leading axes are
    free: a thousand answers are one evaluation. What is undefined somewhere on the box gives an infinite bound.
    What is not tight keeps in `parts` what other expressions may have in common with it, on the same values.

    >>> from chalkwork.algebra.expression import Name
    >>> a = Name("a")
    >>> box = {"a": Interval.of([[0.1]], [[0.3]])}
    >>> exact, wide = enclose(a * (1 - a), box), enclose(a * (1 - a), box, tight=False)
    >>> exact.contains([[[0.09]], [[0.21]]]).all().item(), exact.contains([[0.2101]]).item()
    (True, False)
    >>> bool(wide.high.item() > 0.26)
    True
    """
    expression = enclosable(expression)
    leaves: Known = {name: values[name.name] for name in names_in(expression)}
    known = leaves.copy() if tight or parts is None else parts
    known.update(leaves)
    with np.errstate(all="ignore"):
        found = _range(expression, known) if tight else natural(expression, known)
    lead = _free(leaves)
    shape = (*lead, *(expression.shape or (1, 1)))
    return found if found.shape == shape else found.over(lambda bound: np.broadcast_to(bound, shape))


def _free(boxes: Known) -> tuple[int, ...]:
    """The free axes before those of the leaves."""
    return np.broadcast_shapes(*(box.shape[: -(len(leaf.shape) or 2)] for leaf, box in boxes.items()))


def _range(node: Expression, known: Known) -> Interval:
    found = known.get(node)
    if found is None:
        if not isinstance(node, Application):
            return natural(node, known)
        if _is_separate(node):
            found = enclosed(node, [_range(argument, known) for argument in node.arguments])
        else:
            found = _tangled(node, known)
        known[node] = found
    return found


@lru_cache(maxsize=4096)
def _is_separate(node: Application) -> bool:
    """Whether the table's enclosure is exact: what the operation combines has no name in common."""
    arguments = node.arguments
    if not names_in(node):
        return True
    if len(arguments) == 2 and set(names_in(arguments[0])) & set(names_in(arguments[1])):
        return False
    if node.operation.entrywise or node.operation.name in _MOVING:
        return True
    return all(_has_independent_entries(argument) for argument in arguments)


@lru_cache(maxsize=4096)
def _has_independent_entries(node: Expression) -> bool:
    """Whether no entry of a name occurs in two entries of the expression."""
    if not isinstance(node, Application) or not names_in(node):
        return True
    if node.operation.name in _MOVED:
        return _has_independent_entries(node.arguments[0])
    if not node.operation.entrywise:
        return False
    if any(argument.shape != node.shape and names_in(argument) for argument in node.arguments):
        return False
    if len(node.arguments) == 2 and not _is_separate(node):
        return _is_aligned(node)
    return all(_has_independent_entries(argument) for argument in node.arguments)


@lru_cache(maxsize=4096)
def _is_aligned(node: Expression) -> bool:
    """Whether every entry depends on the same entry of each name only."""
    if not isinstance(node, Application):
        return True
    return node.operation.entrywise and all(
        not names_in(argument) or (argument.shape == node.shape and _is_aligned(argument))
        for argument in node.arguments
    )


def tangled_leaves(node: Application) -> tuple[tuple[Expression, ...], bool] | None:
    """The largest parts of a node that can vary independently, and whether it depends on them entry by entry; None
    where the table's enclosure of the node is exact.

    >>> from chalkwork.algebra.expression import Name
    >>> a = Name("a")
    >>> tangled_leaves(a * (1 - a)), tangled_leaves(a * (1 - Name("b")))
    (((<a: a scalar>,), True), None)
    """
    if _is_separate(node):
        return None
    leaves, by_entries = _leaves(node)
    return leaves, by_entries and (len(node.shape) <= 2 or all(len(leaf.shape) == len(node.shape) for leaf in leaves))


def tangles(expression: Expression) -> Iterator[tuple[Application, int]]:
    """The parts whose range takes slopes, and by how many variables; what lies below such a part is among its leaves.

    >>> from chalkwork.algebra.expression import Name
    >>> w, x = Name("W", (2, 3)), Name("x", (3, 1))
    >>> [count for _, count in tangles(w @ x)], [count for _, count in tangles(w.T @ (w @ x))]
    ([], [9])
    """
    for node in _reached(enclosable(expression), set()):
        leaves, by_entries = _leaves(node)
        size = sum(prod(leaf.shape) for leaf in leaves)
        yield node, len(leaves) if by_entries else size if size * _widest(node) <= _MOST else 0


def _reached(node: Expression, seen: set[Expression]) -> Iterator[Application]:
    if not isinstance(node, Application) or node in seen:
        return
    seen.add(node)
    separate = _is_separate(node)
    if not separate:
        yield node
    for part in node.arguments if separate else _leaves(node)[0]:
        yield from _reached(part, seen)


@lru_cache(maxsize=4096)
def _leaves(root: Application) -> tuple[tuple[Expression, ...], bool]:
    """The largest parts that can vary independently, and whether the root depends on them entry by entry."""
    entrywise = _parts(root, root, by_entries=True)
    if entrywise is not None:
        return tuple(dict.fromkeys(entrywise)), True
    return tuple(dict.fromkeys(_parts(root, root, by_entries=False) or ())), False


def _parts(root: Application, node: Expression, by_entries: bool) -> list[Expression] | None:
    if isinstance(node, Number | Constant):
        return []
    if node != root and (by_entries or _has_independent_entries(node)) and _is_the_only_way(root, node):
        return [node]
    assert isinstance(node, Application)
    if by_entries and not (node.operation.entrywise or node.operation.name == "broadcast"):
        return None
    found: list[Expression] = []
    for argument in node.arguments:
        below = _parts(root, argument, by_entries)
        if below is None:
            return None
        found += below
    return found


def _is_the_only_way(root: Expression, node: Expression) -> bool:
    """Whether the names of the node occur in the root inside of the node only."""
    names = set(names_in(node))

    def avoids(part: Expression) -> bool:
        if part == node:
            return True
        if isinstance(part, Application):
            return all(avoids(argument) for argument in part.arguments)
        return part not in names

    return avoids(root)


def _tangled(node: Application, known: Known) -> Interval:
    leaves, by_entries = tangled_leaves(node) or ((), True)
    boxes = {leaf: _range(leaf, known) for leaf in leaves}
    if all(map(_is_rounded_only, boxes.values())):
        return natural(node, dict(boxes))
    lead = _free(boxes)
    if by_entries:
        return _cut(node, boxes, _by_entries(node, boxes, lead))
    size = sum(prod(leaf.shape) for leaf in leaves) * _widest(node)
    if size > _MOST:
        return natural(node, dict(boxes))
    return _in_blocks(node, boxes, lead, size)


def _is_rounded_only(box: Interval) -> bool:
    size = max(np.abs(box.low).max(initial=0.0), np.abs(box.high).max(initial=0.0))
    return bool((box.high - box.low).max(initial=0.0) <= _ROUNDED * size + _NOTHING < np.inf)


@lru_cache(maxsize=4096)
def _widest(node: Expression) -> int:
    """The number of entries of the largest part."""
    below = [_widest(argument) for argument in node.arguments] if isinstance(node, Application) else []
    return max(prod(node.shape), *below, 1)


def _in_blocks(node: Application, boxes: Known, lead: tuple[int, ...], size: int) -> Interval:
    """The range of a part, so much along the leading axes at once as memory is well used for."""
    count = prod(lead)
    if count * size <= 4 * BLOCK or count < 2:
        return _cut(node, boxes, _by_variables(node, boxes, lead))
    axis = next(axis for axis, length in enumerate(lead) if length > 1)
    half, found = lead[axis] // 2, []
    for part in (slice(0, half), slice(half, None)):
        where = (slice(None),) * axis + (part,)
        cut = {
            leaf: box.over(partial(np.broadcast_to, shape=(*lead, *(leaf.shape or (1, 1))))).at(where)
            for leaf, box in boxes.items()
        }
        length = len(range(lead[axis])[part])
        found.append(_in_blocks(node, cut, (*lead[:axis], length, *lead[axis + 1 :]), size))
    first, second = found
    return Interval(np.concatenate([first.low, second.low], axis), np.concatenate([first.high, second.high], axis))


def _cut(node: Application, boxes: Known, by_slopes: Interval) -> Interval:
    """What both the slopes and the natural extension allow."""
    plain = natural(node, dict(boxes))
    low, high = np.fmax(plain.low, by_slopes.low), np.fmin(plain.high, by_slopes.high)
    empty = low > high  # where nothing is defined
    return Interval(np.where(empty, plain.low, low), np.where(empty, plain.high, high))


def _by_entries(node: Application, boxes: Known, lead: tuple[int, ...]) -> Interval:
    """Every entry depends on one entry of each leaf: one slope for each leaf."""
    units = np.eye(len(boxes)).reshape(len(boxes), len(boxes), *(1,) * (len(lead) + (len(node.shape) or 2)))
    seeds = {leaf: Interval(unit, unit) for leaf, unit in zip(boxes, np.swapaxes(units, 0, 1), strict=True)}
    slope = slopes(node, seeds, dict(boxes))
    assert slope is not None
    shape = (len(boxes), *lead, *(node.shape or (1, 1)))
    slope = slope.over(lambda bound: np.broadcast_to(bound, shape))
    by_leaf = {leaf: slope.at(k) for k, leaf in enumerate(boxes)}
    lows, highs, slack = _corners(boxes, by_leaf)
    error = _added(list(slack.values()))
    return _around(natural(node, lows).low, natural(node, highs).high, error)


def _by_variables(node: Application, boxes: Known, lead: tuple[int, ...]) -> Interval:
    """Every entry depends on many: all slopes of all entries, the entries of the result along a new first axis."""
    sizes = [prod(leaf.shape) for leaf in boxes]
    units, ends = np.eye(sum(sizes)), np.cumsum(sizes)
    own = node.shape or (1, 1)
    shape = (sum(sizes), *lead, prod(own))
    seeds = {}
    for leaf, size, end in zip(boxes, sizes, ends, strict=True):
        unit = units[:, end - size : end].reshape(sum(sizes), *(1,) * len(lead), *(leaf.shape or (1, 1)))
        seeds[leaf] = Interval(unit, unit)
    slope = slopes(node, seeds, dict(boxes))
    assert slope is not None
    full = slope.over(lambda bound: np.broadcast_to(bound, (*shape[:-1], *own)).reshape(shape))
    by_leaf = {
        leaf: full.at(slice(end - size, end)).over(partial(_turned, leaf))
        for leaf, size, end in zip(boxes, sizes, ends, strict=True)
    }
    lows, highs, slack = _corners(boxes, by_leaf)
    error = np.moveaxis(_added([_summed(part, len(leaf.shape) or 2) for leaf, part in slack.items()]), 0, -1)
    low, high = _own(natural(node, lows).low, shape, own), _own(natural(node, highs).high, shape, own)
    return _around(low, high, error).over(lambda bound: bound.reshape(*lead, *own))


def _turned(leaf: Expression, bound: Array) -> Array:
    """(entries of the leaf, lead, entries of the result) as (entries of the result, lead, shape of the leaf)."""
    turned = np.moveaxis(np.moveaxis(bound, -1, 0), 1, -1)
    return turned.reshape(*turned.shape[:-1], *(leaf.shape or (1, 1)))


def _own(bound: Array, shape: tuple[int, ...], own: Shape) -> Array:
    """From the evaluation at the corners of every entry, the entry to which the corner belongs."""
    size = shape[-1]
    flat = np.broadcast_to(bound, (size, *shape[1:-1], *own)).reshape(size, *shape[1:])
    return np.diagonal(flat, axis1=0, axis2=-1)


def _corners(boxes: Known, by_leaf: Mapping[Expression, Interval]) -> tuple[Known, Known, dict[Expression, Array]]:
    """Where the least and the largest value are, and by how much the leaves left in the middle can change them."""
    lows: Known = {}
    highs: Known = {}
    slack = {}
    for leaf, box in boxes.items():
        slope = by_leaf[leaf]
        rises, falls = slope.low >= 0, slope.high <= 0
        middle = _middle(box)
        at_low = np.where(rises, box.low, np.where(falls, box.high, middle))
        at_high = np.where(rises, box.high, np.where(falls, box.low, middle))
        lows[leaf], highs[leaf] = Interval.point(at_low), Interval.point(at_high)
        radius = np.nextafter(np.maximum(box.high - middle, middle - box.low), np.inf)
        size = np.maximum(np.abs(slope.low), np.abs(slope.high))
        slack[leaf] = np.where(rises | falls | (box.low == box.high), 0.0, size * radius * (1 + 4 * EPSILON) + TINY)
    return lows, highs, slack


def _middle(box: Interval) -> Array:
    middle = box.low / 2 + box.high / 2
    inside = np.clip(np.where(np.isfinite(middle), middle, 0.0), box.low, box.high)
    return np.asarray(np.where(np.isnan(inside), 0.0, inside))


def _summed(part: Array, rank: int) -> Array:
    """The sum over the last axes."""
    return np.asarray(np.sum(part, axis=tuple(range(-rank, 0))) * (1 + prod(part.shape[-rank:]) * EPSILON))


def _added(parts: list[Array]) -> Array:
    """The sum, rounded up."""
    result = parts[0]
    for part in parts[1:]:
        result = result + part
    return np.asarray(result * (1 + (len(parts) + 1) * EPSILON))


def _around(low: Array, high: Array, error: Array) -> Interval:
    """Both bounds moved outwards."""
    below = np.where(error == 0, low, np.nextafter(low - error, -np.inf))
    above = np.where(error == 0, high, np.nextafter(high + error, np.inf))
    return Interval(np.where(np.isnan(below), -np.inf, below), np.where(np.isnan(above), np.inf, above))
