"""Sums of which only a part was taken: the last summand, or at each place the last that came there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Application, Expression, Name, apply, rebuild
from chalkwork.algebra.operations.partners import PARTNERS
from chalkwork.checking.mistakes.structure import is_operation
from chalkwork.derivation.evaluate import evaluate
from chalkwork.errors import ChalkworkError

Array = np.ndarray[Any, Any]
_MOST_SUMMANDS = 400
_MOST_NUMBERS = 1_000_000
_SETTINGS = (("stride", 1), ("padding", 0))


def summed_otherwise(part: Application, value_of: Callable[[Expression], Array | None]) -> dict[str, Array]:
    """What a part is if its sums hold less than they should, by words for it.

    >>> x, y = Name("x", (2, 2)), Name("y", (2, 2))
    >>> values = {x: np.array([[1.0, 0], [0, 1]]), y: np.array([[1.0, 2], [3, 4]])}
    >>> summed_otherwise(x @ y, values.get)["the last summand of x @ y"].tolist()
    [[0.0, 0.0], [3.0, 4.0]]
    """
    arguments = [one for one in map(value_of, part.arguments) if one is not None]
    if len(arguments) < len(part.arguments):
        return {}
    found = dict(_of_all(part, value_of))
    for of, summands in _summands(part, arguments):
        if not 1 < len(summands) <= _MOST_SUMMANDS:
            continue
        last = summands[0]
        for one in summands[1:]:
            last = np.where(one != 0, one, last)
        found[f"the last at each place of the {of}summands of {part}"] = last
        for number, word in ((0, "first"), (-1, "last")):
            found[f"the {word} {of}summand of {part}"] = summands[number]
            found[f"all but the {word} {of}summand of {part}"] = summands.sum(axis=0) - summands[number]
    for setting, usual in _SETTINGS:
        other = _with_setting(part, arguments, setting, usual)
        if other is not None:
            found[f"{part} with {setting} {usual}, cut off,"] = other
    return found


def _of_all(part: Application, value_of: Callable[[Expression], Array | None]) -> Iterator[tuple[str, Array]]:
    """The first and the last of all that is added up in sums within sums."""
    axes: list[int] = []
    inner: Expression = part
    while is_operation(inner, "sum") and isinstance(inner.parameters[0], int):
        axes.append(inner.parameters[0])
        inner = inner.arguments[0]
    value = value_of(inner) if len(axes) > 1 else None
    for at, word in ((0, "first"), (-1, "last")) if value is not None else ():
        assert value is not None
        one = value
        for axis in reversed(axes):
            one = np.take(one, [at], axis) if axis >= -2 else np.take(one, at, axis)
        yield f"the {word} of all summands of {part}", one


def _summands(part: Application, arguments: list[Array]) -> list[tuple[str, Array]]:
    """What is added up in a part, in each way in which it can be told apart; along a first axis."""
    name, first = part.operation.name, arguments[0]
    if name == "matmul":
        left, right = arguments
        many = left.shape[-1]
        if many * part_size(part) > _MOST_NUMBERS:
            return []
        return [("", np.stack([left[..., :, [at]] @ right[..., [at], :] for at in range(many)]))]
    if name == "sum":
        axis = part.parameters[0]
        if isinstance(axis, int):
            return [("", np.moveaxis(first, axis, 0).reshape(-1, *part.shape))]
        return [(of, np.moveaxis(first, at, 0).reshape(first.shape[at], -1).sum(axis=-1).reshape(-1, 1, 1))
                for at, of in ((-2, "row's "), (-1, "column's "))]  # fmt: skip
    if name.endswith("_back") or name in PARTNERS:
        shown = [("", np.eye(first.size).reshape(-1, *first.shape))] if first.size <= _MOST_SUMMANDS else []
        if name == "convolve" and first.ndim > 2:
            shown = [("channel's ", np.eye(first.shape[-3])[:, :, None, None])]
        return [(of, one) for of, mask in shown for one in _each(part, arguments, first * mask)]
    return []


def part_size(part: Application) -> int:
    """How many numbers it holds."""
    return int(np.prod(part.shape or (1,)))


def _each(part: Application, arguments: list[Array], firsts: Array) -> list[Array]:
    """The part worked out with each of these in the place of its first argument; nothing where that is too much."""
    if len(firsts) * (part_size(part) + firsts[0].size) > _MOST_NUMBERS:
        return []
    names = [Name(f"argument {at}", one.shape) for at, one in enumerate(part.arguments)]
    many = len(firsts)
    values = {
        one.name: np.broadcast_to(value, (many, *value.shape)) for one, value in zip(names, arguments, strict=True)
    }
    try:
        return [np.asarray(evaluate(rebuild(part, tuple(names)), {**values, names[0].name: firsts}), dtype=float)]
    except (ValueError, IndexError, ChalkworkError):
        return []


def _with_setting(part: Application, arguments: list[Array], setting: str, usual: int) -> Array | None:
    """The part with a setting that was not heeded, as far as it goes in the shape that it has."""
    known = part.named_parameters
    if known.get(setting) in (None, usual, (usual, usual)):
        return None
    names = [Name(f"argument {at}", one.shape) for at, one in enumerate(part.arguments)]
    try:
        other = apply(part.operation.name, *names, **{**known, setting: usual})
        values = {one.name: value for one, value in zip(names, arguments, strict=True)}
        value = np.asarray(evaluate(other, values), dtype=float)
    except (ValueError, IndexError, ChalkworkError):
        return None
    if value.ndim != len(part.shape) or any(
        size < wanted for size, wanted in zip(value.shape, part.shape, strict=True)
    ):
        return None
    return value[tuple(slice(size) for size in part.shape)]
