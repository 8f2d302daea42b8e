"""A program that takes the samples in another order: all sums over them are the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from chalkwork.checking.judging.verdicts import ACCEPTED
from chalkwork.checking.naming.evidence import same, tells
from chalkwork.checking.naming.variables import numbers_of
from chalkwork.checking.reading.numerals import is_single
from chalkwork.checking.report import Report
from chalkwork.checking.reviewing.adopting import adopted
from chalkwork.checking.task import Task
from chalkwork.derivation.derivation import Stage
from chalkwork.derivation.evaluate import evaluate_each
from chalkwork.words import Text

_SAME, _SINGLE = 1e-9, 1e-5


def in_their_order(task: Task, typed: Mapping[str, object], data: dict[str, object], report: Report) -> Report:
    """The report by the order in which a program has the samples, if all is right by it, or all updates are anyway.

    The order shows in the data, or in what is right as a sum over the samples.
    """
    axis = task.context.samples
    order = next((one for one in (_order(task, name, typed[name]) for name in report.wrong) if one is not None), None)
    if axis is None or order is None:
        return report
    givens = {given.name: task.values[given.name] for given in task.derivation.givens}
    for name in [name for name in givens if not {f"{name}_new", f"d{name}"} & set(task.derivation)]:
        if np.ndim(givens[name]) == 2 and np.shape(givens[name])[axis] == len(order):
            givens[name] = np.take(givens[name], order, axis)
    other = replace(task, values=evaluate_each(task.derivation.equations, givens))
    again = adopted(other, [typed], [report.unused])[0]
    taken = [name for name, value in data.items() if same(value, givens[name]) and not same(value, task.values[name])]
    sums = [name for name in report if task.context.layer(task.derivation[name]) is None]
    shown = bool(taken) or any(report[name].verdict in ACCEPTED for name in sums)
    updates = {name for name in sums if task.derivation[name].stage == Stage.UPDATE}
    all_updates = bool(updates) and updates.isdisjoint(report.wrong) and len(again.wrong) < len(report.wrong)
    if not shown or (again.wrong and not all_updates):
        return report
    for name in taken:
        del data[name]
    words = Text.own("convention_words.samples-in-another-order", "take the samples in another order")
    return again.noting([Text.of("convention.note", words=words)])


def _order(task: Task, name: str, given: object) -> list[int] | None:
    """Which samples the rows or columns of a layer are those of, one after the other; None where they are in order."""
    axis, right = task.context.samples, np.asarray(task.values[name], dtype=float)
    own: Any = numbers_of(given)
    if axis is None or task.context.layer(task.derivation[name]) is None or not tells(own):
        return None
    if np.shape(own) != right.shape or right.ndim != 2:
        return None
    mine, theirs = (np.moveaxis(np.asarray(one, dtype=float), axis, 0) for one in (own, right))
    apart = np.max(np.abs(mine[:, None] - theirs[None]), axis=-1)
    near = apart <= (_SINGLE if is_single(given) else _SAME) * np.max(np.abs(right))
    if not (np.all(near.sum(axis=0) == 1) and np.all(near.sum(axis=1) == 1)):
        return None
    order = [int(one) for one in np.argmax(near, axis=1)]
    return order if order != sorted(order) else None
