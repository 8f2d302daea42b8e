"""One entry of an expression, as an expression between entries: the way one calculates by hand.

The entries of `W1` are the names `W1[1,1]`, `W1[1,2]`, ..., those of a vector `x[1]`, `x[2]`, ...; counted from 1.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import reduce
from itertools import islice, product
from math import prod
from typing import Any

from chalkwork.algebra.definitions import defined
from chalkwork.algebra.expression import Application, Constant, Expression, Name, Number, apply, rebuild
from chalkwork.algebra.operations import Shape
from chalkwork.algebra.operations.convolutions import lie_of, pooling, turned_axes
from chalkwork.algebra.operations.partners import PARTNERS
from chalkwork.algebra.operations.windows import Sweep, meetings_by
from chalkwork.errors import CostError

MOST_TERMS = 200
_ENTRY = re.compile(r"([^\[\]]+)(?:\[([^\[\]]*)\])?")


def entry_name(name: str, shape: Shape, *place: int) -> str:
    """The name of one entry; its place, row and column at the end, is counted from 0.

    A vector has one index, and a single matrix in a row those of the matrix.

    >>> entry_name("W1", (2, 3), 0, 2), entry_name("x", (3, 1), 1, 0), entry_name("L", (), 0, 0)
    ('W1[1,3]', 'x[2]', 'L')
    >>> entry_name("z1", (1, 2, 2), 0, 1, 0), entry_name("b1", (3, 1, 1), 2, 0, 0)
    ('z1[2,1]', 'b1[3]')
    """
    if not shape:
        return name
    place = tuple(place[axis] for axis in _indexed(shape))
    return f"{name}[{','.join(str(number + 1) for number in place)}]"


def _indexed(shape: Shape) -> tuple[int, ...]:
    """The axes that the name of an entry has an index for."""
    long = [axis for axis, size in enumerate(shape) if size > 1]
    if len(long) < 2 and 1 in shape:
        return (long[0] if long else len(shape) - 2,)
    first = next(axis for axis, size in enumerate(shape) if size > 1 or axis == len(shape) - 2)
    return tuple(range(first, len(shape)))


def split_entry(name: str) -> tuple[str, tuple[str, ...]]:
    """The name of the whole and the index of the entry.

    >>> split_entry("W1[1,3]"), split_entry("L")
    (('W1', ('1', '3')), ('L', ()))
    """
    found = _ENTRY.fullmatch(name) if "[" in name else None
    if found is None or found[2] is None:
        return name, ()
    return found[1], tuple(part.strip() for part in found[2].split(","))


def place_of(name: str, index: tuple[str, ...], shape: Shape) -> tuple[int, ...]:
    """The place (from 0) of an entry, row and column at the end; KeyError where the shape has no such entry.

    >>> place_of("W1", ("2", "3"), (2, 3)), place_of("x", ("2",), (2, 1))
    ((1, 2), (1, 0))
    """
    numbers = [int(part) - 1 for part in index if part.isascii() and part.isdigit() and len(part) < 10]
    if len(numbers) == len(index) and len(shape) >= 2:
        axes = _indexed(shape)
        if len(numbers) == len(axes) < len(shape):
            known = dict(zip(axes, numbers, strict=True))
            numbers = [known.get(axis, 0) for axis in range(len(shape))]
        if len(numbers) == len(shape) and all(0 <= at < size for at, size in zip(numbers, shape, strict=True)):
            return tuple(numbers)
    raise KeyError(f"{name}[{','.join(index)}]")


class EntryValues(dict[str, Any]):
    """Values by name, without free axes, in which every entry has its name too.

    >>> import numpy as np
    >>> float(EntryValues({"x": np.array([[5.0], [6.0]])})["x[2]"].item())
    6.0
    """

    def __missing__(self, name: str) -> Any:
        whole, index = split_entry(name)
        if not index:
            raise KeyError(name)
        value = self[whole]
        return value[place_of(whole, index, value.shape)].reshape(1, 1)


def entry(expression: Expression, *place: int) -> Expression:
    """The entry at a place (row and column at the end, from 0) of an expression, in terms of entries of its names.

    Raises CostError where it is made of more terms than could be written out.

    >>> W, x = Name("W", (2, 2)), Name("x", (2, 1))
    >>> print(entry(apply("relu", W @ x), 0, 0))
    relu(W[1,1] * x[1] + W[1,2] * x[2])
    """
    shape = expression.shape
    if shape:
        place = tuple(min(at, size - 1) for at, size in zip(place[-len(shape) :], shape, strict=True))
    if isinstance(expression, Constant):
        return expression
    if isinstance(expression, Name):
        return Name(entry_name(expression.name, shape, *place))
    if not isinstance(expression, Application):
        return expression
    rule = _RULES.get(expression.operation.name)
    if rule is not None:
        return rule(expression, *place)
    if expression.operation.entrywise:
        return rebuild(expression, tuple(entry(argument, *place) for argument in expression.arguments))
    simpler = defined(expression)
    return expression if simpler is None else entry(simpler, *place)


def _added(parts: list[Expression]) -> Expression:
    _check_terms(len(parts))
    return reduce(lambda left, right: apply("add", left, right), parts)


def _check_terms(count: int) -> None:
    if count > MOST_TERMS:
        hint = "leave the detail at equations"
        raise CostError(f"an entry is made of {count} terms, more than {MOST_TERMS} to write out", hint=hint)


def _matmul(expression: Application, *place: int) -> Expression:
    (left, right), (*before, row, column) = expression.arguments, place
    _check_terms(left.shape[-1])
    terms = [(entry(left, *before, row, k), entry(right, *before, k, column)) for k in range(left.shape[-1])]
    return _added([apply("multiply", *term) for term in terms])


def _collapsed(expression: Application, *place: int) -> list[Expression]:
    (inner,) = expression.arguments
    if not inner.shape:
        return [inner]
    axis, kept = expression.parameters[0], [0] * (len(inner.shape) - len(place)) + [*place]
    axes = range(-len(inner.shape), 0) if not isinstance(axis, int) else (axis,)
    runs = [range(size) if at in axes else (kept[at],) for at, size in enumerate(inner.shape, -len(inner.shape))]
    return [entry(inner, *one) for one in product(*runs)]


def _max(expression: Application, *place: int) -> Expression:
    parts = _collapsed(expression, *place)
    _check_terms(len(parts))
    return reduce(lambda left, right: apply("maximum", left, right), parts)


def _entry(expression: Application, *place: int) -> Expression:
    own = expression.parameters[0]
    assert isinstance(own, tuple)
    return entry(expression.arguments[0], own[0] - 1, own[1] - 1)


def _placed(expression: Application, row: int, column: int) -> Expression:
    matrix, number = expression.arguments
    return entry(number, 0, 0) if expression.parameters[0] == (row + 1, column + 1) else entry(matrix, row, column)


def _concat(expression: Application, row: int, column: int) -> Expression:
    first, second = expression.arguments
    rows, columns = first.shape
    if row < rows and column < columns:
        return entry(first, row, column)
    return entry(second, row, column - columns) if row < rows else entry(second, row - rows, column)


def _part(expression: Application, row: int, column: int) -> Expression:
    (span,) = expression.parameters
    assert isinstance(span, tuple)
    return entry(expression.arguments[0], row + span[0] - 1, column + span[2] - 1)


def _padded(expression: Application, row: int, column: int) -> Expression:
    span = expression.parameters[0]
    assert isinstance(span, tuple)
    top, bottom, left, right = span
    inside = top <= row + 1 <= bottom and left <= column + 1 <= right
    return entry(expression.arguments[0], row - top + 1, column - left + 1) if inside else Number(0)


def _reshaped(expression: Application, *place: int) -> Expression:
    (inner,), count = expression.arguments, 0
    for at, size in zip(place, expression.shape, strict=True):
        count = count * size + at
    own: list[int] = []
    for size in reversed(inner.shape or (1, 1)):
        count, at = divmod(count, size)
        own.insert(0, at)
    return entry(inner, *own)


def _transposed(expression: Application, *place: int) -> Expression:
    *before, row, column = place
    return entry(expression.arguments[0], *before, column, row)


def _moment(expression: Application, row: int, column: int) -> Expression:
    (whole,), (at, axis, before) = expression.arguments, expression.parameters
    assert isinstance(at, int) and isinstance(before, tuple)
    if len(before) == 2:
        return entry(whole, at - 1, column) if axis == -2 else entry(whole, row, at - 1)
    return entry(whole, row, at - 1, column) if axis == -2 else entry(whole, column, row, at - 1)


def _sequence(steps: Sequence[Expression], axis: int, place: tuple[int, ...]) -> Expression:
    """The entry of a sequence, from the steps that it consists of."""
    *sample, row, column = place
    if axis == -2:
        return entry(steps[row], *(sample or (0,)), column)
    return entry(steps[column], row, *(sample or (0,)))


def _split_heads(expression: Application, *place: int) -> Expression:
    """An entry of a head, among those of all heads beside each other."""
    *before, head, row, column = place
    _, along = expression.parameters
    own = (row, head * expression.shape[-1] + column) if along == -1 else (head * expression.shape[-2] + row, column)
    return entry(expression.arguments[0], *before, *own)


def _join_heads(expression: Application, *place: int) -> Expression:
    *before, row, column = place
    (heads,), (_, along) = expression.arguments, expression.parameters
    head, at = divmod(column if along == -1 else row, heads.shape[-1 if along == -1 else -2])
    return entry(heads, *before, head, *((row, at) if along == -1 else (at, column)))


def _at_moment(expression: Application, *place: int) -> Expression:
    at, axis = expression.parameters[:2]
    assert isinstance(at, int) and isinstance(axis, int)
    return _sequence([expression.arguments[0]] * (at + 1), axis, place) if place[axis] == at - 1 else Number(0)


def _convolved(expression: Application, *place: int) -> Expression:
    """Window times kernel, or what goes back through it; what lies on the rim is zero and left out."""
    left, right = expression.arguments
    lie, at = lie_of(**expression.named_parameters)
    found = list(islice(PARTNERS[expression.operation.name](lie, at, place), MOST_TERMS + 1))
    _check_terms(len(found))
    terms = [entry(left, *one) * entry(right, *other) for one, other in found]
    return _added(terms) if terms else Number(0)


def _turned(expression: Application, *place: int) -> Expression:
    (inner,), axes = expression.arguments, turned_axes(expression.parameters[0])
    own = [size - 1 - at if axis - len(place) in axes else at
           for axis, (at, size) in enumerate(zip(place, expression.shape, strict=True))]  # fmt: skip
    return entry(inner, *own)


def _window(data: Expression, at: Sweep, place: tuple[int, ...], where: tuple[int, ...]) -> list[Expression]:
    """The entries of data that a window lies on."""
    return [entry(data, *place[:-2], *met) for _, _, met in meetings_by(at, 0)[where]]


def _swept(expression: Application, data: Expression) -> Sweep:
    known = expression.named_parameters
    return pooling(data.shape, known["window"], known["stride"], known["padding"])


def _pooled(expression: Application, *place: int) -> Expression:
    (inner,) = expression.arguments
    at = _swept(expression, inner)
    parts = _window(inner, at, place, place[-2:])
    if expression.operation.name == "max_pool":
        return reduce(lambda left, right: apply("maximum", left, right), parts)
    return apply("divide", _added(parts), Number(prod(at.window)))


def _shares(expression: Application, at: Sweep, place: tuple[int, ...], where: tuple[int, ...]) -> list[Expression]:
    """For every entry that a window lies on the share that it has in the largest."""
    parts = _window(expression.arguments[1], at, place, where)
    top = reduce(lambda left, right: apply("maximum", left, right), parts)
    equal: list[Expression] = [apply("equal", part, top) for part in parts]
    if expression.named_parameters["ties"]:
        return [apply("divide", one, _added(equal)) for one in equal]
    return [reduce(lambda left, right: left * (1 - right), equal[:number], one) for number, one in enumerate(equal)]


def _to_the_largest(expression: Application, *place: int) -> Expression:
    """The errors of all windows that lie there, times the share that it has in their largest."""
    at, terms = _swept(expression, expression.arguments[1]), []
    for where, _, met in meetings_by(at, 2).get(place[-2:], ()):
        share = _shares(expression, at, place, where)[[one[2] for one in meetings_by(at, 0)[where]].index(met)]
        terms.append(entry(expression.arguments[0], *place[:-2], *where) * share)
    return _added(terms) if terms else Number(0)


def _at_the_largest(expression: Application, *place: int) -> Expression:
    at = _swept(expression, expression.arguments[1])
    parts = _window(expression.arguments[0], at, place, place[-2:])
    shares = _shares(expression, at, place, place[-2:])
    return _added([part * share for part, share in zip(parts, shares, strict=True)])


def _spread(expression: Application, *place: int) -> Expression:
    (inner,), before = expression.arguments, expression.named_parameters["before"]
    at = _swept(expression, Name("x", before if isinstance(before, tuple) else ()))
    met = meetings_by(at, 2).get(place[-2:], ())
    terms = [entry(inner, *place[:-2], *where) for where, _, _ in met]
    return apply("divide", _added(terms), Number(prod(at.window))) if terms else Number(0)


_RULES: dict[str, Callable[..., Expression]] = {
    "moment": _moment,
    "at_moment": _at_moment,
    "split_heads": _split_heads,
    "join_heads": _join_heads,
    "sequence": lambda expression, *place: _sequence(expression.arguments, expression.parameters[0], place),
    "matmul": _matmul,
    "transpose": _transposed,
    "broadcast": lambda expression, *place: entry(expression.arguments[0], *place),
    "sum": lambda expression, *place: _added(_collapsed(expression, *place)),
    "max": _max,
    "entry": _entry,
    "reshape": _reshaped,
    "solve": lambda expression, row, column: apply("entry", expression, place=(row + 1, column + 1)),
    "placed": _placed,
    "concat": _concat,
    "beside": _concat,
    "part": _part,
    "padded": _padded,
    "diag": lambda expression, row, column: entry(expression.arguments[0], row, row) if row == column else Number(0),
    "diagonal": lambda expression, row, column: entry(expression.arguments[0], max(row, column), max(row, column)),
    **dict.fromkeys(PARTNERS, _convolved),
    "turned": _turned,
    "max_pool": _pooled,
    "average_pool": _pooled,
    "max_pool_back": _to_the_largest,
    "max_pool_at": _at_the_largest,
    "average_pool_back": _spread,
}
