"""What a recorded program added to what was there: a gradient that had not been cleared before the step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from chalkwork.checking.judging.verdicts import Verdict
from chalkwork.checking.mistakes import Role
from chalkwork.checking.naming.evidence import same, tells
from chalkwork.checking.placing.placed import Recorded
from chalkwork.checking.recording import Made, Recording
from chalkwork.checking.report import Report
from chalkwork.checking.seeing.overflow import named
from chalkwork.checking.task import Task
from chalkwork.derivation.evaluate import evaluate

ACCUMULATED = "gradient-accumulated"


def accumulated(task: Task, run: Recording, found: Recorded, report: Report) -> Report:
    """The report with the gradients that are wrong by what their places held before, told as such."""
    context, wrong = (report.by or task).context, Verdict.WRONG.word
    told = {}
    for name, result in report.items():
        made, equation = found.makers.get(name), context.derivation[name]
        if made is None or result.verdict != wrong or result.mistakes or context.role(equation) != Role.GRADIENT:
            continue
        with np.errstate(all="ignore"):
            following = evaluate(equation.expression, found.own)
        if any(same(part, following) for part in _added(run, made)):
            told[name] = named(result, ACCUMULATED, report.language)
    return report.having({**report, **told}) if told else report


def _added(run: Recording, made: Made) -> Iterator[Any]:
    """What was added, by one line or by several, to what a place held before the recording."""
    for first, *later in run.places.values():
        if first.line is None and tells(first.value) and any(one.order == made.order for one in later):
            yield from (one.value - first.value for one in later if one.order == made.order)
