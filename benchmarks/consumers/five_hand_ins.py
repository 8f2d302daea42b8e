"""Five hand-ins to a sheet: right, rounded, an error carried on, a named mistake, nonsense; and what `check` gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chalkwork.algebra.entries import place_of, split_entry
from chalkwork.checking.reading.laid import laid
from chalkwork.classroom.batch import digits_of
from chalkwork.classroom.exports import Item
from chalkwork.derivation.evaluate import evaluate
from chalkwork.sheets.check import check_hand_in
from chalkwork.solutions.exercise import Exercise

KINDS = ("right", "rounded", "carried", "mistake", "nonsense")
Values = dict[str, dict[str, Any]]
"""By exercise and name: arrays, and words."""


@dataclass(frozen=True)
class HandIn:
    """What is handed in: the text of every number in the order of the item, the words, and the marks of `check`."""

    kind: str
    numbers: tuple[str, ...]
    words: tuple[str, ...]
    values: Values
    marks: float


def hand_ins(item: Item) -> list[HandIn]:
    """One of each kind."""
    return [_handed(item, kind, values) for kind, values in zip(KINDS, _kinds(item), strict=True)]


def _kinds(item: Item) -> Iterator[Values]:
    right = _right(item)
    yield right
    yield _changed(right, lambda task, name, value: np.round(value, _decimals(item.exercises[task], value)))
    yield _carried(item, right)
    yield _mistaken(item, right)
    yield {task: {name: "nothing" if isinstance(one, str) else one * 0 + 77.5 for name, one in each.items()}
           for task, each in right.items()}  # fmt: skip


def _right(item: Item) -> Values:
    return {task: {field.name: field.word if not field.cells else _asked(item.exercises[task], field.name)
                   for field in fields} for task, fields in item.fields().items()}  # fmt: skip


def _asked(exercise: Exercise, name: str, arrays: Mapping[str, Any] | None = None) -> Any:
    """The cells of a field, as they are laid."""
    whole, index = split_entry(name)
    shape = exercise.solution.derivation.shapes()[whole]
    value = np.asarray((exercise.solution.arrays if arrays is None else arrays)[whole], float)
    return value[place_of(whole, index, shape)].reshape(1, 1) if index else laid(value, shape)


def _decimals(exercise: Exercise, value: Any) -> int:
    half = float(np.min(digits_of(exercise).half_unit(np.asarray(value, float))))
    return max(0, round(-float(np.log10(2 * half))))


def _changed(values: Values, change: Any) -> Values:
    return {task: {name: one if isinstance(one, str) else change(task, name, one) for name, one in each.items()}
            for task, each in values.items()}  # fmt: skip


def _carried(item: Item, right: Values) -> Values:
    """The first cell of the first step that others are made of is off by two hundredths of itself and one more."""
    found: dict[str, dict[str, Any]] = {}
    worked: dict[str, dict[str, Any]] = {}
    spoilt = False
    for task, fields in right.items():
        exercise = item.exercises[task]
        known = {name: np.asarray(value, float) for name, value in exercise.solution.arrays.items()}
        known |= worked.get(exercise.after, {}) if exercise.goes_on and exercise.after else {}
        own = dict(worked.get(exercise.after, {})) if exercise.goes_on and exercise.after else {}
        for equation in exercise.solution.derivation.equations:
            if equation.name in own:
                continue
            value = np.asarray(evaluate(equation.expression, known), float).reshape(known[equation.name].shape)
            if not spoilt and equation.name in fields and value.size > 1:
                value, spoilt = value.copy(), True
                value.flat[0] += 0.02
            own[equation.name] = known[equation.name] = value
        worked[task] = own
        found[task] = {
            name: one if isinstance(one, str) else _asked(exercise, name, known) for name, one in fields.items()
        }
    return found


def _mistaken(item: Item, right: Values) -> Values:
    """The likeliest mistake in the last step that has one that shows in all of its cells."""
    found = {task: dict(each) for task, each in right.items()}
    for task, fields in reversed(item.fields().items()):
        for field in reversed(fields):
            made = item.made.get((task, field.name), [])
            for one in made:
                value = laid(
                    np.asarray(one.values, float), item.exercises[task].solution.derivation.shapes()[field.name]
                )
                pairs = [
                    (cell, number)
                    for row, numbers in zip(field.cells, value, strict=True)
                    for cell, number in zip(row, numbers, strict=True)
                ]
                near = (any(abs(one.value - number) <= one.tolerance for one in cell.wrong) for cell, number in pairs)
                if all(near):
                    found[task][field.name] = value
                    return found
    raise LookupError("no mistake shows in all cells")


def _handed(item: Item, kind: str, values: Values) -> HandIn:
    numbers = [repr(float(cell)) for each in values.values() for one in each.values() if not isinstance(one, str)
               for cell in np.ravel(one)]  # fmt: skip
    words = [one for each in values.values() for one in each.values() if isinstance(one, str)]
    answers = {task: {name: _plain(one) for name, one in each.items()} for task, each in values.items()}
    report = check_hand_in(item.sheet, answers)
    each = [task.report.credit() for task in report.tasks if task.report]
    marks = report.earned / report.points if report.points else sum(each) / len(each)
    return HandIn(kind, tuple(numbers), tuple(words), values, float(marks))


def _plain(value: Any) -> Any:
    return value if isinstance(value, str) else value.tolist() if value.size > 1 else float(value.flat[0])
