"""What one student typed, read as the conventions ask for it, and held against what it was made of."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from chalkwork.algebra.expression import names_in
from chalkwork.checking.judging.verdicts import RIGHT
from chalkwork.checking.naming.evidence import tells
from chalkwork.checking.reading.answers import Answer, answer_like, with_given
from chalkwork.checking.reading.laid import laid
from chalkwork.checking.report import Report
from chalkwork.checking.reviewing.conventions import Found
from chalkwork.checking.task import Task
from chalkwork.derivation.evaluate import evaluate

_SAME = 1e-9
"""How far, as a part of the largest number, what is the same can be apart."""


class Reading:
    """What one student typed, read in the shapes that are asked for, each once."""

    def __init__(self, task: Task, typed: Mapping[str, object], wrong: Collection[str]) -> None:
        self.typed = typed
        self.apart = task.biases_apart(typed)
        """Weights and biases that were one matrix."""
        self.misshapen = {name for name, one in task.answers(typed).items() if one.wrong_shape is not None}
        """What has another shape than the solution's."""
        self.wrong = wrong
        """The steps that are wrong by the solution's conventions."""
        self.written: set[object] = set()
        """The steps that are written otherwise, each with how."""
        self.wrong_by: dict[object, tuple[set[str], bool]] = {}
        """By each convention that was looked at: what is wrong for sure, and whether that contradicts what is right."""
        self._known: dict[tuple[str, tuple[int, ...]], Answer] = {}
        self._at_odds: bool | None = None

    def may_write(self, found: Found) -> bool:
        """Whether steps can be written as somebody writes them who has the conventions: as was met, or not yet seen."""
        alone = found.is_a_writing and (len(found.conventions) == 1 or found.meeting)
        return alone or found.writing <= self.written

    def of(self, name: str, like: Any) -> Answer:
        """The answer in the shape of a value."""
        shape = np.shape(like)
        if name in self.apart and self.apart[name].value.shape == laid(np.asarray(like), shape).shape:
            return self.apart[name]
        if (name, shape) not in self._known:
            self._known[name, shape] = answer_like(self.typed.get(name), like)
        return self._known[name, shape]

    @cached_property
    def is_a_programs(self) -> bool:
        """Whether it has arrays with all their digits."""
        return any(tells(given) and hasattr(given, "dtype") for given in self.typed.values())

    def at_odds(self, task: Task, report: Report) -> bool:
        """Whether right steps contradict wrong ones; the report is always the same."""
        if self._at_odds is None:
            self._at_odds = bool(contradictions(task, self, report))
        return self._at_odds

    def has(self, name: str, like: Any) -> bool:
        """Whether there is a number in it."""
        return (name in self.typed or name in self.apart) and bool(self.of(name, like).given.any())


def contradictions(task: Task, reading: Reading, report: Report) -> list[str]:
    """The right steps that are made of wrong ones, and do not follow from those."""
    bad = {name for name, result in report.items() if result.verdict not in RIGHT}
    found = []
    for name in report.keys() - bad:
        made_of = [one.name for one in names_in(task.derivation[name].expression)]
        if bad.intersection(made_of):
            own = {one: own_value(one, reading, task.values) for one in made_of}
            with np.errstate(all="ignore"):
                value = evaluate(task.derivation[name].expression, own)
            if not is_near(reading.of(name, task.values[name]), value):
                found.append(name)
    return found


def is_near(answer: Answer, value: Any) -> bool:
    """Whether all that was answered is the value."""
    value = laid(np.asarray(value), np.shape(value))
    room = _SAME * np.max(np.abs(value), initial=0.0) + 1e-12
    with np.errstate(invalid="ignore"):
        met = (answer.low <= value + room) & (answer.high >= value - room)
    return bool(answer.given.any() and np.all(met | ~answer.given))


def own_value(name: str, reading: Reading, values: Mapping[str, Any]) -> Any:
    """What the student has for a name; where that was not answered, what stands in the values."""
    if not reading.has(name, values[name]):
        return values[name]
    return with_given(reading.of(name, values[name]), values[name])
