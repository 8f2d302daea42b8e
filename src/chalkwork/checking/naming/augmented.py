"""A bias that is kept as a further row or column of the weights, with an input that is always 1 (or −1)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chalkwork.checking.reading.answers import Answer
from chalkwork.words import Text

_WEIGHTS = re.compile(r"(d?)W(\d*(?:_new\d*)?)")
_ACTIVATION = re.compile(r"a\d*(?:_new\d*)?")

Array = np.ndarray[Any, Any]


def taken_apart(
    answers: Mapping[str, Answer], shapes: Mapping[str, tuple[int, ...]], values: Mapping[str, Any]
) -> tuple[dict[str, Answer], list[Text]]:
    """The answers with every bias by itself, and what to say of it.

    Whether the bias stands first or last, and whether its input is 1 or −1, is what most of the numbers say; where that
    is nothing, the answer stays as it is.
    """
    found, said = dict(answers), []
    ways: list[tuple[int, int]] = []
    sides: list[bool] = []
    telling = {name: _tells(name, answer, shapes, values) for name, answer in answers.items()}
    for name, answer in sorted(answers.items(), key=lambda item: (not telling[item[0]], "_new" not in item[0])):
        own = answer.as_given
        if own is None or len(shapes[name]) != 2 or own.value.ndim != 2:
            continue
        weights = _WEIGHTS.fullmatch(name)
        if weights:
            own, turned = _right_way(own, shapes[name], values[name], next(iter(sides), None))
        axis = _axis(own.value.shape, shapes[name])
        if axis is None:
            continue
        if weights:
            bias = f"{weights[1]}b{weights[2]}"
            if bias not in shapes or bias in answers or np.size(values[bias]) != own.value.shape[1 - axis]:
                continue
            way = _likeliest(own, axis, values[name], values[bias]) or next(iter(ways), None)
            if way is None and "_new" in name:
                way = _nearest(own, axis, values[name], values[bias])
            if way is not None:
                ways.append(way)
                sides.append(turned)
                place, sign = way
                found[name] = _without(own, axis, place)
                found[bias] = _bias(own, axis, place, sign, shapes[bias])
                said.append(_words(name, 1 - axis if turned else axis, sign))
        elif _ACTIVATION.fullmatch(name):
            places = [place for place in (0, -1) if _is_one(np.take(own.value, place, axis))]
            if len(places) == 1:
                found[name] = _without(own, axis, places[0])
    return found, said


def _tells(name: str, answer: Answer, shapes: Mapping[str, tuple[int, ...]], values: Mapping[str, Any]) -> bool:
    """Whether the numbers say where the bias stands; the other matrices of the hand-in have it there, too."""
    own, weights = answer.as_given, _WEIGHTS.fullmatch(name)
    if own is None or weights is None or own.value.ndim != 2 or len(shapes[name]) != 2:
        return False
    own, _ = _right_way(own, shapes[name], values[name])
    axis, bias = _axis(own.value.shape, shapes[name]), values.get(f"{weights[1]}b{weights[2]}")
    fits = axis is not None and bias is not None and np.size(bias) == own.value.shape[1 - axis]
    return fits and _likeliest(own, axis or 0, values[name], bias) is not None


def _words(name: str, axis: int, sign: int) -> Text:
    """What somebody does who writes the bias so."""
    if axis == 0:
        return Text.of("note.bias_as_row" if sign > 0 else "note.threshold_as_row", name=name)
    return Text.of("note.bias_as_column" if sign > 0 else "note.threshold_as_column", name=name)


def _right_way(own: Answer, shape: Sequence[int], weights: Any, side: bool | None = None) -> tuple[Answer, bool]:
    """The answer, transposed where it holds these weights with a bias so, and more of them so; and whether."""
    parts: dict[str, Any] = {name: array.T for name, array in _arrays(own)}
    other = replace(own, **parts)
    axes = [_axis(one.value.shape, shape) for one in (own, other)]
    if None not in axes:  # a square with the bias
        both = zip((own, other), axes, strict=True)
        best = [max(_met(_without(one, axis or 0, place), weights) for place in (0, -1)) for one, axis in both]
        return (other, True) if best[1] > best[0] or (best[1] == best[0] and side) else (own, False)
    return (other, True) if axes[0] is None and axes[1] is not None else (own, False)


def _axis(found: Sequence[int], shape: Sequence[int]) -> int | None:
    """Along which axis there is one more than there should be."""
    for axis in (0, 1):
        if found[axis] == shape[axis] + 1 and found[1 - axis] == shape[1 - axis]:
            return axis
    return None


def _is_one(values: Array) -> bool:
    return bool(np.all(values == 1) or np.all(values == -1))


def _likeliest(own: Answer, axis: int, weights: Any, bias: Any) -> tuple[int, int] | None:
    """Place and sign of the bias; None where the numbers do not tell."""
    scores: list[tuple[int, int, int]] = []
    for place, sign in _ways():
        rest = _without(own, axis, place)
        part = _bias(own, axis, place, sign, np.shape(bias))
        scores.append((_met(rest, weights) + _met(part, bias), place, sign))
    best = max(scores)[0]
    ways = [(place, sign) for score, place, sign in scores if score == best]
    if len(ways) > 1 and {place for place, _ in ways} != {0, -1}:
        ways = ways[:1]  # a bias of zeros has no sign
    return ways[0] if best and len(ways) == 1 else None


def _nearest(own: Answer, axis: int, weights: Any, bias: Any) -> tuple[int, int] | None:
    """Place and sign of a bias that was renewed wrongly: it has moved less than it differs from a weight."""
    far = []
    for place, sign in _ways():
        rest, part = _without(own, axis, place), _bias(own, axis, place, sign, np.shape(bias))
        apart = [one.value - np.reshape(right, one.value.shape) for one, right in ((rest, weights), (part, bias))]
        far.append((float(sum(np.sum(one**2) for one in apart)), (place, sign)))
    best, second = sorted(far)[:2]
    return best[1] if best[0] < second[0] / 4 else None


def _ways() -> Iterator[tuple[int, int]]:
    for place in (0, -1):
        yield from ((place, 1), (place, -1))


def _met(answer: Answer, right: Any) -> int:
    value = np.reshape(right, answer.value.shape)
    room = 1e-9 * np.abs(value) + 1e-12
    return int(np.count_nonzero((answer.low <= value + room) & (answer.high >= value - room)))


_ARRAYS = ("value", "low", "high", "blank", "unreadable", "impossible", "floats", "alike")


def _arrays(own: Answer) -> list[tuple[str, Array]]:
    return [(name, array) for name in _ARRAYS if (array := getattr(own, name)) is not None]


def _without(own: Answer, axis: int, place: int) -> Answer:
    """The answer without its first or last row or column."""
    rest = slice(1, None) if place == 0 else slice(None, -1)
    at = (rest,) if axis == 0 else (slice(None), rest)
    parts: dict[str, Any] = {name: array[at] for name, array in _arrays(own)}
    return replace(own, **parts)


def _bias(own: Answer, axis: int, place: int, sign: int, shape: tuple[int, ...]) -> Answer:
    """That row or column alone, in the shape of the bias."""
    size = shape if len(shape) == 2 else (1, 1)
    parts: dict[str, Any] = {name: np.take(array, place, axis).reshape(size) for name, array in _arrays(own)}
    if sign < 0:
        parts |= {"value": -parts["value"], "low": -parts["high"], "high": -parts["low"]}
    return replace(own, **parts)
