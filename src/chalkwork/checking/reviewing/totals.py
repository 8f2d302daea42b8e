"""A loss that a program keeps as a sum over the samples, or by itself for each: that is how it is shown, no mistake."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from chalkwork.checking.judging.verdicts import BAD, RIGHT, Verdict
from chalkwork.checking.mistakes import Role
from chalkwork.checking.naming.evidence import same
from chalkwork.checking.naming.variables import numbers_of
from chalkwork.checking.report import Report
from chalkwork.checking.task import Task
from chalkwork.derivation.derivation import Stage
from chalkwork.words import Text, say


def with_totals(task: Task, typed: Mapping[str, object], report: Report) -> Report:
    """The report with such a loss as a convention, where all updates are right, or nothing else is.

    Nothing follows from a loss. Who has all samples side by side before it, and gets no update right, may have
    forgotten to divide; who takes one sample after the other adds the losses up.
    """
    task = report.by or task
    losses = [name for name in report.wrong if task.context.role(task.derivation[name]) == Role.LOSS and name in typed]
    updates = [name for name in report if task.derivation[name].stage == Stage.UPDATE]
    right = [name for name in report if report[name].verdict in RIGHT]
    if not losses or (right and not (updates and set(updates) <= set(right))):
        return report
    words = Text.own("convention_words.loss-as-sum", "keep the loss as a sum over the samples").written(report.language)
    results = {}
    for name in losses:
        result, given = report[name], np.asarray(numbers_of(typed[name]))
        if _is_total(task, name, given):
            cells = tuple(tuple(Verdict.CORRECT.word if one in BAD else one for one in line) for line in result.cells)
            sentence = say(report.language, f"step.{Verdict.CORRECT.word}")
            said = say(report.language, "convention.step", said=sentence, words=words)
            results[name] = replace(
                result, verdict=Verdict.CORRECT.word, mistakes=(), pairs=(), message=said, credit=1.0, cells=cells
            )
    note = Text.of("convention.note", words=words)
    return report.having({**report, **results}).noting([note]) if results else report


def _is_total(task: Task, name: str, given: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> bool:
    """Whether it is the sum, or what each sample adds to it."""
    count, right = task.context.sizes[0], task.values[name]
    if count == 1 or given.dtype.kind != "f" or given.size not in (1, count):
        return False
    return same(np.sum(given), count * right)
