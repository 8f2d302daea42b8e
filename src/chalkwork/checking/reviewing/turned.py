"""Weights that a program writes transposed throughout, as their shapes say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chalkwork.checking.naming.variables import numbers_of
from chalkwork.checking.report import Report
from chalkwork.checking.reviewing.adopting import adopted, count_of_wrong, in_convention
from chalkwork.checking.reviewing.conventions import conventions_of
from chalkwork.checking.reviewing.ways import Way
from chalkwork.checking.seeing.seen import seen_in
from chalkwork.checking.task import Task


def on_turned_weights(
    task: Task, typed: Mapping[str, object], data: Mapping[str, object], report: Report, declared: Sequence[str] = ()
) -> Report:
    """The report for somebody who writes every weight matrix transposed, as their shapes say; else the same."""
    if not report.wrong or "weights-transposed-throughout" in declared:
        return report
    found = next((one for one in conventions_of(task.context, ["weights-transposed-throughout"])), None)
    names = (
        [name for name in found.forms if not (name in task.derivation and task.derivation[name].derivative)]
        if found
        else []
    )
    matrices = [name for name in names if 1 not in task.values[name].shape]
    shapes = [(_shape_of(given), task.values[name].shape) for name in matrices for given in _given(name, typed, data)]
    if (
        found is None
        or not shapes
        or any(own != right[::-1] for own, right in shapes)
        or all(a == b for a, b in shapes)
    ):
        return report
    way = Way(found, task.context)
    other = replace(task, derivation=way.derivation, context=way.context, values=way.values(task.values))
    again = adopted(other, [typed], [report.unused], declared)[0]
    return (
        in_convention(seen_in(other, typed, again), found, report, other)
        if count_of_wrong(again) < count_of_wrong(report)
        else report
    )


def _shape_of(given: object) -> tuple[int, ...]:
    array: Any = numbers_of(given)
    return np.shape(array)


def _given(name: str, *of: Mapping[str, object]) -> list[object]:
    return [one[name] for one in of if name in one]
