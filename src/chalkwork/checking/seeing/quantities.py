"""What a program can have put in the place of a part of an equation: every other quantity, and what is made of one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice, product
from math import prod
from typing import Any, NamedTuple

import numpy as np

from chalkwork.algebra.expression import Application, Expression, Number, names_in, walk
from chalkwork.checking.mistakes import Context
from chalkwork.checking.mistakes.errors import slope_of
from chalkwork.checking.mistakes.structure import is_operation
from chalkwork.derivation.evaluate import evaluate

Array = np.ndarray[Any, Any]
_MOST_OTHERS, _MOST_CHANGED = 200, 40
"""Quantities that are put in the place of a part, and of these the first that are changed as well."""
_MOST_NUMBERS = 20_000
"""A part that has more numbers is exchanged for quantities of its own shape alone."""
_LONGEST = 70
_MOST_COUNTS = 12


def quantities(
    context: Context,
    name: str,
    expression: Expression,
    own: Mapping[str, Any],
    value_of: Callable[[Expression], Array | None],
) -> dict[str, Array]:
    """Everything that a program has at a step, in words: the nearest first."""
    parts = [part for part in walk(expression) if not isinstance(part, Number)]
    for one in names_in(expression):
        if one.name in context.derivation:
            parts += [part for part in walk(context.derivation[one.name].expression) if isinstance(part, Application)]
    for layer in context.layers(context.steps[name]):
        loss = context.loss_of(context.derivation[name])
        error = context.derivatives.get((loss.name, layer.net.name)) if loss is not None else None
        upstream = context.upstream(error) if error is not None else None
        parts += [one for one in (upstream, slope_of(layer)) if one is not None]
    found: dict[str, Array] = {}
    for part in dict.fromkeys(parts):
        value = value_of(part) if part.shape and len(str(part)) <= _LONGEST else None
        if value is not None:
            found.setdefault(str(part), value)
    for word, known in own.items():
        if word != name and np.ndim(known) >= 2:
            found.setdefault(word, np.asarray(known, dtype=float))
    return found | dict(_with_bias(context, name, own))


class Batch(NamedTuple):
    """Quantities that may stand in the place of parts of one shape, together: their words, their values along a first
    axis, and which of them are there as they are.
    """

    words: Sequence[str]
    values: Array
    plain: Array

    def instead_of(self, part: Expression, value: Array) -> tuple[Callable[[int], str], Array]:
        """They, each times the part, and the part divided by them; and what each of these is in words."""
        own, count = str(part), len(self.words)

        def word(at: int) -> str:
            if at < count:
                return self.words[at]
            times = at < 2 * count
            other = self.words[at - count] if times else self.words[self.plain[at - 2 * count]]
            return f"{own} {'*' if times else '/'} {other if _is_one_piece(other) else f'({other})'}"

        return word, np.concatenate([self.values, value * self.values, value / self.values[self.plain]])


def batches(others: Mapping[str, Array], shape: tuple[int, ...], most: int) -> Iterator[Batch]:
    """What may stand in the place of a part of a shape, so many at once: there can be some hundreds of them."""
    tried = _fitting(others, shape)
    while some := list(islice(tried, most)):
        words, values, plain = zip(*some, strict=True)
        yield Batch(words, np.stack(values), np.flatnonzero(plain))


def _fitting(others: Mapping[str, Array], shape: tuple[int, ...]) -> Iterator[tuple[str, Array, bool]]:
    for fits in (_whole, _spread, _cut, _summed) if prod(shape) <= _MOST_NUMBERS else (_whole,):
        turned = ((f"{word}.T", np.swapaxes(other, -1, -2)) for word, other in others.items())
        ways = (each for pair in zip(others.items(), turned, strict=True) for each in pair)
        fitting = (each for word, other in ways for each in fits(word, other, shape))
        for count, (other, one) in enumerate(islice(fitting, _MOST_OTHERS)):
            yield other, one, True
            for put, times in _made_of(other, one) if count < _MOST_CHANGED and fits is not _summed else ():
                yield put, times, False


def made_of_itself(
    part: Expression, value: Array, own: Mapping[str, Any], whole: Expression
) -> Iterator[tuple[str, Array]]:
    """What people make of a part with its own names, and with rates and counts that occur in the whole equation."""
    word, shape = str(part), value.shape
    inner = word if _is_one_piece(word) else f"({word})"
    for one in [each for each in names_in(part) if each != part and each.shape == part.shape != ()][:2]:
        net = np.asarray(own[one.name], dtype=float).reshape(shape)
        yield f"{one} where it is positive, else {word},", np.where(net > 0, net, value)
        yield f"{one} where it is negative, else {word},", np.where(net > 0, value, net)
    for name, number in own.items():
        if np.ndim(number) < 2 or np.shape(number) == (1, 1):
            yield f"{name} * {inner}", float(np.ravel(number)[0]) * value
            yield f"(1 - {name}) * {inner}", (1 - float(np.ravel(number)[0])) * value
    sizes = (shape for one in (part, *names_in(whole)) for shape in (one.shape, one.shape[1:]))
    for count in islice(dict.fromkeys(size for one in sizes for size in (prod(one), *one) if size > 2), _MOST_COUNTS):
        yield f"{count} * {inner}", count * value
        yield f"{inner} / {count}", value / count
    yield f"the sum of the squares of {word}", np.broadcast_to(np.sum(value**2), shape)
    if is_operation(part, "subtract") and part.arguments[1].shape == part.shape:
        first, mask = (np.asarray(evaluate(one, own), dtype=float) for one in part.arguments)
        if np.shape(first) == shape and np.isin(mask, (0, 1)).all():
            yield f"1 where {part.arguments[1]} is 1, else {part.arguments[0]},", np.where(mask == 1, 1.0, first)
    if is_operation(part, "softmax") and len(shape) == 2:
        net = np.asarray(evaluate(part.arguments[0], own), dtype=float)
        for axis, of, across in ((0, "column", "row"), (1, "row", "column")):
            powers = np.exp(net - net.max(axis, keepdims=True))
            where = f"e = exp({part.arguments[0]} - the largest of each {of})"
            yield f"e / sum(e), {where},", powers / powers.sum()
            yield f"e / the sum of each {across} of e, {where},", powers / powers.sum(1 - axis, keepdims=True)
            if shape[0] == shape[1]:
                spread = np.exp(net) / np.exp(net).sum(axis, keepdims=True).T
                yield f"e / the sums of each {of} of e, put to each {across}, e = exp({part.arguments[0]}),", spread


def _with_bias(context: Context, name: str, own: Mapping[str, Any]) -> Iterator[tuple[str, Array]]:
    """Weights whose bias was in the matrix, with another row or column left out."""
    for layer in context.layers(context.steps[name]):
        if layer.weights is None or layer.bias is None:
            continue
        weights, bias = (np.asarray(own[one.name], dtype=float) for one in (layer.weights, layer.bias))
        axis = 1 if weights.shape[1] != bias.size or bias.shape[0] > 1 else 0
        bias = bias.reshape((-1, 1) if axis else (1, -1))
        if weights.ndim > 2 or bias.shape[1 - axis] != weights.shape[1 - axis]:
            continue
        for first, sign in product((True, False), (1, -1)):
            parts, names = (sign * bias, weights), (f"{'-' if sign < 0 else ''}{layer.bias.name}", layer.weights.name)
            whole = np.concatenate(parts if first else parts[::-1], axis)
            kept = np.delete(whole, -1 if first else 0, axis)
            names = names if first else names[::-1]
            yield f"[{', '.join(names)}][{'' if axis == 0 else ':, '}{':-1' if first else '1:'}]", kept


def _whole(word: str, value: Array, shape: tuple[int, ...]) -> Iterator[tuple[str, Array]]:
    if value.shape == shape:
        yield word, value


def _spread(word: str, value: Array, shape: tuple[int, ...]) -> Iterator[tuple[str, Array]]:
    """A row or column for every row or column."""
    if len(shape) >= 2 and value.shape != shape and value.shape in ((1, shape[-1]), (shape[-2], 1)) and value.size > 1:
        yield word, np.broadcast_to(value, shape)


def _cut(word: str, value: Array, shape: tuple[int, ...]) -> Iterator[tuple[str, Array]]:
    """The first rows or columns of what has more of them, or the last."""
    matrices = value.ndim == len(shape) == 2 and " " not in word
    more = [axis for axis in (0, 1) if matrices and value.shape[axis] > shape[axis]]
    if len(more) == 1 and value.shape[1 - more[0]] == shape[1 - more[0]]:
        before, many = ":, " if more[0] else "", shape[more[0]]
        for said, places in ((f":{many}", slice(many)), (f"-{many}:", slice(-many, None))):
            yield f"{word}[{before}{said}]", value[:, places] if more[0] else value[places]


def _summed(word: str, value: Array, shape: tuple[int, ...]) -> Iterator[tuple[str, Array]]:
    """The sums of all rows or columns."""
    of = ("row", "column") if word.endswith(".T") else ("column", "row")
    for axis in (0, 1) if value.ndim == 2 and value.shape != shape else ():
        if value.shape[axis] > 1 and value.sum(axis, keepdims=True).shape == shape:
            yield f"the sum of each {of[axis]} of {word.removesuffix('.T')}", value.sum(axis, keepdims=True)


def _made_of(word: str, value: Array) -> Iterator[tuple[str, Array]]:
    """What people take for an activation or its slope."""
    half = 1 / (1 + np.exp(-value))
    yield from ((f"({word} > 0)", (value > 0) * 1.0), (f"{word} * (1 - {word})", value * (1 - value)))
    yield from ((f"(1 - {word}^2)", 1 - value**2), (f"(1 - {word})^2", (1 - value) ** 2))
    yield from ((f"sigmoid({word})", half), (f"tanh({word})", np.tanh(value)), (f"exp({word})", np.exp(value)))
    yield f"sigmoid({word}) * (1 - sigmoid({word}))", half * (1 - half)
    yield f"(1 - tanh({word})^2)", 1 - np.tanh(value) ** 2


def _is_one_piece(word: str) -> bool:
    """Whether it can be multiplied with as it stands."""
    return " + " not in word and " - " not in word
