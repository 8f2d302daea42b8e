"""The step in which a mistake was made, where a program has it under another name: it is known by the mistake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from chalkwork.algebra.expression import names_in
from chalkwork.checking.judging.verdicts import Verdict
from chalkwork.checking.mistakes import distinct
from chalkwork.checking.naming.consequences import put
from chalkwork.checking.naming.evidence import same, tells
from chalkwork.checking.report import Report
from chalkwork.checking.task import Task
from chalkwork.derivation.evaluate import evaluate


def held(task: Task, typed: Mapping[str, object], loose: Sequence[object], report: Report) -> tuple[str, int] | None:
    """The step in which the first mistake was made, and the place of the value that has it: a step left open, or one
    that nothing explains, where something else does of which more follows.

    Some programs have an error without 1/m.
    """
    task = report.by or task
    first = report.first_wrong
    if first is None:
        return None
    result = report[first]
    unexplained = result.verdict == Verdict.WRONG.word and not result.mistakes
    name = first if unexplained else result.made_in
    if name is None:
        return None
    size = np.size(task.values[name])
    able = [place for place, value in enumerate(loose) if tells(value) and np.size(np.asarray(value)) == size]
    own = _before(task, typed, name) if able else {}
    divisors = (1, task.context.sizes[0]) if task.derivation[name].derivative is not None else (1,)
    for expression, ids in distinct(task.derivation[name], task.context) if able else ():
        if unexplained or set(ids) & set(result.mistakes):
            with np.errstate(all="ignore"):
                value = evaluate(expression, own)
            for place, divisor in product(able, divisors):
                if same(loose[place], divisor * value) and not (
                    unexplained and _follows(task, typed, own | {name: value}, name) is None
                ):
                    return name, place
    return None


def _before(task: Task, typed: Mapping[str, object], name: str) -> dict[str, Any]:
    """All values as they follow from what was typed before a step."""
    own = {**task.values, **task.context.constants}
    for equation in task.derivation.equations:
        if equation.name == name:
            break
        if equation.name in typed:
            own[equation.name] = put(typed[equation.name], task.values[equation.name])
        elif any(own[one.name] is not task.values.get(one.name) for one in names_in(equation.expression)):
            with np.errstate(all="ignore"):
                own[equation.name] = evaluate(equation.expression, own)
    return own


def _follows(task: Task, typed: Mapping[str, object], own: dict[str, Any], name: str) -> str | None:
    """The first wrong step that follows from this value of a step, through those left open."""
    reached = {name}
    for equation in task.derivation.equations:
        if reached.isdisjoint(one.name for one in names_in(equation.expression)):
            continue
        with np.errstate(all="ignore"):
            value = evaluate(equation.expression, own)
        if equation.name not in typed:
            reached.add(equation.name)
            own[equation.name] = value
        elif same(typed[equation.name], value):
            return equation.name
    return None
