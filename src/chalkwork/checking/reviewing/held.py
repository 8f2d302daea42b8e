"""A step left open in which a mistake was found, and that a program has after all: it is known by the mistake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from chalkwork.algebra.expression import names_in
from chalkwork.checking.mistakes import distinct
from chalkwork.checking.naming.consequences import put
from chalkwork.checking.naming.evidence import same, tells
from chalkwork.checking.report import Report
from chalkwork.checking.task import Task
from chalkwork.derivation.evaluate import evaluate


def held(task: Task, typed: Mapping[str, object], loose: Sequence[object], report: Report) -> tuple[str, int] | None:
    """The step in which the first mistake was made, if it was not answered, and the place of the value that has it."""
    task = report.by or task
    first = report.first_wrong
    name = report[first].made_in if first is not None else None
    if first is None or name is None:
        return None
    size = np.size(task.values[name])
    able = [place for place, value in enumerate(loose) if tells(value) and np.size(np.asarray(value)) == size]
    own = {**task.values, **task.context.constants}
    for equation in task.derivation.equations if able else ():
        if equation.name in typed:
            own[equation.name] = put(typed[equation.name], task.values[equation.name])
        elif equation.name == name:
            break
        elif any(own[one.name] is not task.values.get(one.name) for one in names_in(equation.expression)):
            with np.errstate(all="ignore"):
                own[equation.name] = evaluate(equation.expression, own)
    for expression, ids in distinct(task.derivation[name], task.context) if able else ():
        if set(ids) & set(report[first].mistakes):
            with np.errstate(all="ignore"):
                value = evaluate(expression, own)
            for place in able:
                if same(loose[place], value):
                    return name, place
    return None
