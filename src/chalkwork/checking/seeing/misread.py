"""One number of the exercise that was read as another one: what comes out with that in its place, and with no other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from chalkwork.algebra.expression import names_in
from chalkwork.checking.reading.answers import Answer
from chalkwork.checking.reading.laid import laid
from chalkwork.checking.task import Task
from chalkwork.derivation.derivation import Equation
from chalkwork.derivation.evaluate import evaluate
from chalkwork.words import Text

_MOST_ENTRIES = 60
_MOST_DECIMALS = 4
_BY_ACCIDENT = 0.1
"""So many numbers of so few decimals are met by other digits more rarely than this."""
_ROOM = 1e-9


@np.errstate(all="ignore")
def misread(task: Task, equation: Equation, own: Mapping[str, Any], answer: Answer) -> Text | None:
    """What stands in the place of which number, where the step is linear in it and one number alone can be that.

    The other number has no more decimals than those that stand beside it in the exercise.
    """
    base = _laid(evaluate(equation.expression, own), answer)
    if base is None or not answer.given.any():
        return None
    found: list[Text] = []
    expected = 0.0
    for name, place, decimals in _entries(task, equation, own):
        changed = [_laid(evaluate(equation.expression, _with(own, name, place, by)), answer) for by in (1.0, 2.0)]
        if changed[0] is None or changed[1] is None:
            continue
        slope = changed[0] - base
        if not np.allclose(changed[1] - base, 2 * slope, 1e-9, 1e-12):
            return None
        low, high = _between(answer, base, slope)
        old, step = float(np.asarray(own[name])[place]), 10.0**-decimals
        if not low <= high:
            continue
        expected += (high - low) / step
        for number in np.arange(np.ceil((old + low) / step - _ROOM), np.floor((old + high) / step + _ROOM) + 1)[:3]:
            new = round(float(number) * step, decimals)
            if new != old:
                found.append(Text.of("seen.misread", new=f"{new:g}", old=f"{old:g}", name=name))
    return found[0] if len(found) == 1 and expected < _BY_ACCIDENT else None


def _entries(task: Task, equation: Equation, own: Mapping[str, Any]) -> Iterator[tuple[str, tuple[int, ...], int]]:
    """The numbers of rows and tables of the exercise that a step is made of, with the decimals of those beside them."""
    names = [name for name in names_in(equation.expression) if name.shape]
    givens = [name.name for name in names if name in task.derivation.givens]
    if sum(np.size(own[name]) for name in givens) > _MOST_ENTRIES:
        return
    for name in givens:
        value = np.asarray(own[name], dtype=float)
        able = (one for one in range(_MOST_DECIMALS + 1) if np.allclose(value, np.round(value, one), 0, 1e-12))
        decimals = next(able, None)
        if decimals is not None:
            yield from ((name, place, decimals) for place in np.ndindex(value.shape))


def _with(own: Mapping[str, Any], name: str, place: tuple[int, ...], by: float) -> dict[str, Any]:
    value = np.array(own[name], dtype=float)
    value[place] += by
    return {**own, name: value}


def _laid(value: Any, answer: Answer) -> np.ndarray[Any, Any] | None:
    """The value as the answer lies; None where it has another size or is no number."""
    array = np.asarray(value, dtype=float)
    if array.size != answer.value.size or not np.isfinite(array).all():
        return None
    return np.reshape(laid(array, array.shape), answer.value.shape)


def _between(answer: Answer, base: Any, slope: Any) -> tuple[float, float]:
    """How much more the number can be by all that was answered, from where to where; the wrong way round if nothing."""
    room = _ROOM * np.abs(base) + 1e-14
    low, high = answer.low - base - room, answer.high - base + room
    still = answer.given & (slope == 0)
    moving = answer.given & (slope != 0)
    if not moving.any() or np.any(still & ((low > 0) | (high < 0))):
        return 1.0, -1.0
    ends = np.stack([low[moving] / slope[moving], high[moving] / slope[moving]])
    return float(ends.min(axis=0).max()), float(ends.max(axis=0).min())
