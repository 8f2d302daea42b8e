"""Other data than the exercise's: said first, and the rest is held against what follows from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chalkwork.algebra.expression import names_in
from chalkwork.checking.judging.verdicts import ACCEPTED, Verdict
from chalkwork.checking.mistakes import TABLE
from chalkwork.checking.naming.variables import numbers_of
from chalkwork.checking.reading.answers import Answer, answer_like, with_given
from chalkwork.checking.reading.laid import laid
from chalkwork.checking.report import Report, Result, credit_of
from chalkwork.checking.reviewing.adopting import adopted
from chalkwork.checking.task import Task
from chalkwork.derivation.evaluate import evaluate_each
from chalkwork.words import Text

Array = np.ndarray[Any, Any]
OTHER_DATA = "other-data"
PLUS_MINUS = "it has −1 and 1 for 0 and 1"
_SAME = 1e-9


def differing(task: Task, data: Mapping[str, object]) -> dict[str, tuple[Array | None, str]]:
    """What was handed in for a given and is not the exercise's: its numbers, where they have the shape, and words.

    What cannot be read as numbers says nothing, nor do labels in the place of rows with a single one.
    """
    found: dict[str, tuple[Array | None, str]] = {}
    turned = [name for name, given in data.items() if _is_turned(given, task.values[name])]
    turned = turned if any(len(set(np.shape(task.values[name]))) > 1 for name in turned) else []
    for name, given in data.items():
        if name in turned:
            continue
        value = np.asarray(task.values[name], dtype=float)
        answer, right = answer_like(given, value), laid(value, value.shape)
        if answer.wrong_shape is not None:
            words = _other_shape(answer, right)
            if words:
                found[name] = None, words
        elif answer.given.all() and not _near(answer, right):
            words = _relation(answer.value, right.reshape(answer.value.shape))
            found[name] = with_given(answer, value), words
    return found


def _is_turned(given: object, right: Any) -> bool:
    """Whether it is the transpose of a matrix: one that is not square, among them, shows that all are so."""
    own, shape = numbers_of(given), np.shape(right)
    if len(shape) != 2 or min(shape) < 2 or not isinstance(own, np.ndarray) or own.shape != shape[::-1]:
        return False
    return own.dtype.kind in "fi" and bool(np.allclose(own.T, right, 1e-9))


def _near(answer: Answer, right: Array) -> bool:
    room = _SAME * np.abs(right) + 1e-12
    return bool(np.all((answer.low <= right + room) & (answer.high >= right - room)))


def _other_shape(answer: Answer, right: Array) -> str:
    rows, columns = (*answer.wrong_shape, 1)[:2] if answer.wrong_shape else (0, 0)
    own = answer.as_given
    if own is None or not own.given.any():
        return ""
    if own.value.T.shape == right.shape and np.allclose(own.value.T, right, 1e-6):
        return ""
    spread = [np.argmax(right, axis).ravel() for axis in (0, 1)]  # labels for rows or columns with a single one
    for labels in (labels for labels in spread if labels.size == own.value.size):
        if any(np.array_equal(labels + first, own.value.ravel()) for first in (0, 1)):
            return ""
    more = [np.hstack, np.vstack]
    for stack in more:
        for sign in (1.0, -1.0):
            one = np.full((right.shape[0], 1) if stack is np.hstack else (1, right.shape[1]), sign)
            for parts in ((one, right), (right, one)):
                if (both := stack(parts)).shape == own.value.shape and np.allclose(both, own.value, 1e-6):
                    return ""
    return f"it is {rows} x {columns}, and the exercise's {right.shape[0]} x {right.shape[1]}"


def _of_classes(right: Array) -> list[int]:
    """The axis along which each row or column has a single one, where that is only one of them."""
    if not np.isin(right, (0, 1)).all() or 1 in right.shape:
        return []
    axes = [axis for axis in (0, 1) if (right.sum(axis) == 1).all()]
    return axes if len(axes) == 1 else []


def _relation(own: Array, right: Array) -> str:
    """How the numbers differ from the exercise's, in words."""
    for axis in _of_classes(right):
        for shift in (1, -1):
            if np.allclose(np.roll(right, shift, axis), own):
                return f"the ones stand a class {'further' if shift == 1 else 'before'}"
    for one, other, word in ((own, right, "rows"), (own.T, right.T, "columns")):
        if len(one) > 1 and sorted(map(tuple, one.round(9).tolist())) == sorted(map(tuple, other.round(9).tolist())):
            return f"its {word} are in another order"
    if np.isin(right, (0, 1)).all() and np.allclose(own, 2 * right - 1):
        return PLUS_MINUS
    if np.allclose(own, right, 1e-6, 1e-9):
        return "its numbers have lost their last digits, as in single precision"
    with np.errstate(all="ignore"):
        ratio = own / right
    usable = np.isfinite(ratio)
    if usable.any() and np.ptp(ratio[usable]) < 1e-6 * abs(ratio[usable][0]) and np.allclose(own[~usable], 0):
        return f"it is {ratio[usable][0]:.6g} times the exercise's"
    for axis, word in ((0, "column"), (1, "row")):
        with np.errstate(all="ignore"):
            scaled = (right - right.mean(axis, keepdims=True)) / right.std(axis, keepdims=True)
        if np.isfinite(scaled).all() and np.allclose(own, scaled, 1e-4, 1e-4):
            return f"each {word} was shifted and scaled to mean 0 and deviation 1"
    apart = np.argwhere(~np.isclose(own, right, 1e-6, 1e-9))
    row, column = (int(place) + 1 for place in apart[0])
    if len(apart) == right.size > 1:
        return "every number is another one"
    place = f"row {row}, column {column}" if 1 not in right.shape else f"entry {row + column - 1}"
    return f"{place} is {own[row - 1, column - 1]:g} and not {right[row - 1, column - 1]:g}"


def on_own_data(
    task: Task, typed: Sequence[Mapping[str, object]], data: Sequence[Mapping[str, object]], reports: Sequence[Report]
) -> list[Report]:
    """The reports, with what is said of other data; by these where they leave fewer steps wrong."""
    found = list(reports)
    for place, given in enumerate(data):
        other = differing(task, given) if given else {}
        served = {name for name, said in other.items() if said[0] is None and _serves(task, name, reports[place])}
        other = {name: said for name, said in other.items() if name not in served}
        if other:
            found[place] = _one(task, typed[place], other, reports[place])
    return found


def _serves(task: Task, name: str, report: Report) -> bool:
    """Whether something right was worked out with a given, which cannot have had another shape then."""
    made = (task.derivation[one].expression for one in report if report[one].verdict == Verdict.CORRECT.word)
    return any(name == one.name for expression in made for one in names_in(expression))


def _one(
    task: Task, typed: Mapping[str, object], other: Mapping[str, tuple[Array | None, str]], report: Report
) -> Report:
    said = "; ".join(f"{name} is not the exercise's: {words}" for name, (_, words) in other.items())
    bad = len(report.wrong)
    if not bad and all(words == PLUS_MINUS for _, words in other.values()):
        return report.noting_first(Text.of("convention.note", words=Text.of("convention.targets")))
    usable = {name: value for name, (value, _) in other.items() if value is not None}
    if usable and bad:
        givens = {given.name: task.values[given.name] for given in task.derivation.givens}
        own = evaluate_each(task.derivation.equations, {**givens, **usable})
        again = adopted(replace(task, values=own), [typed], [report.unused])[0]
        if len(again.wrong) < bad:
            note = f"Other data. {said}. What follows is held against these."
            return _told(task, again, own, said, note)
    rest = (
        "What follows is worked out from the exercise's." if not bad else "What follows is held against the exercise's."
    )
    return report.noting_first(f"Other data. {said}. {rest}")


def _told(task: Task, report: Report, own: Mapping[str, Any], said: str, note: str) -> Report:
    """The first step that is right for these data alone has them for a mistake; what comes after follows."""
    results: dict[str, Result] = {}
    first = True
    for name, result in report.items():
        same = np.allclose(own[name], task.values[name], 1e-9, 1e-12, equal_nan=True)
        if same or result.verdict not in ACCEPTED:
            results[name] = result
            continue
        verdict = Verdict.MISTAKE if first else Verdict.FOLLOWS
        words = f"{TABLE[OTHER_DATA].title}: {said}." if first else "This follows from your data."
        cells = tuple(tuple(verdict.word if word in ACCEPTED else word for word in line) for line in result.cells)
        credit = 0.0 if first else float(credit_of(cells, report.follows))
        mistakes = (OTHER_DATA,) if first else ()
        results[name] = replace(
            result,
            verdict=verdict.word,
            mistakes=mistakes,
            message=report.in_words(words),
            cells=cells,
            credit=credit,
        )
        first = False
    return report.having(results).noting_first(note)
