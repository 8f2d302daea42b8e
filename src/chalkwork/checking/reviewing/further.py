"""A program that goes on with its training after the exercise's steps: its variables are those of a later one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression, Name, Number, transform, walk
from chalkwork.checking.judging.verdicts import ACCEPTED
from chalkwork.checking.mistakes import Role
from chalkwork.checking.mistakes.structure import is_operation
from chalkwork.checking.naming.evidence import same, tells
from chalkwork.checking.naming.passes import after
from chalkwork.checking.naming.variables import is_rectangular
from chalkwork.checking.report import Report
from chalkwork.checking.reviewing.adopting import adopted
from chalkwork.checking.task import Task
from chalkwork.derivation.derivation import Equation, Stage
from chalkwork.derivation.evaluate import evaluate_each
from chalkwork.words import Text, say

_FEWEST_NUMBERS = 4
_MOST_EVALUATED, _MOST_NUMBERS = 20_000, 10**7
"""So many equations are worked out altogether, if that is no more than so many numbers."""


def trained_on(
    task: Task,
    typed: dict[str, object],
    data: dict[str, object],
    report: Report,
    declared: Sequence[str] = (),
) -> Report:
    """The report by the step of the training that the variables are of, if all that nobody keeps otherwise is right.

    From the exercise's last step on the same equations go on from what they have made of parameters and states. What
    was taken for the exercise's parameters (`data`) is what that step has made of them.
    """
    kept = [one for one in task.derivation.equations if one.stage == Stage.UPDATE or task.context.layer(one)]
    kept = [one for one in kept if one.derivative is None and tells(typed.get(one.name))]
    if not report.wrong or sum(np.asarray(typed[one.name]).size for one in kept) < _FEWEST_NUMBERS:
        return report
    for more, values in enumerate(_later(task), 1):
        if all(same(typed[one.name], values[one.name]) for one in kept):
            for name in [name for name, value in data.items() if after(name, 1) in values and tells(value)]:
                typed[after(name, 1)] = data.pop(name)
            again = adopted(replace(task, values=values), [typed], [report.unused], declared)[0]
            said = "The training goes on after the exercise: the variables are those of its step <n>."
            return again.noting([Text.own("program.trained_on", said, n=more + 1)])
    return report


def without_later(
    task: Task, typed: dict[str, object], data: dict[str, object], given: Mapping[str, object], report: Report
) -> Report:
    """The report without what a later step left, of which nothing is right and nothing explained.

    The first of the losses that the program keeps is right, and it keeps those of more steps than the exercise has.
    """
    right = [task.values[one.name] for one in task.derivation.equations if task.context.role(one) == Role.LOSS]
    kept = [np.asarray(value) for value in given.values() if is_rectangular(value)]
    kept = [one for one in kept if one.ndim == 1 and one.size > len(right) > 0 and tells(one)]
    said = any(result.verdict in ACCEPTED or result.mistakes for result in report.values())
    if said or not any(same(one[:1], right[0]) for one in kept):
        return report
    unused = {**report.unused, **dict.fromkeys(typed, say(task.language, "unused.later"))}
    typed.clear()
    data.clear()
    return report.having({}).with_unused(unused)


def _later(task: Task) -> Iterator[Mapping[str, Any]]:
    """The values of all quantities, one update later and later."""
    equations = task.derivation.equations
    givens = {given.name: task.values[given.name] for given in task.derivation.givens}
    moved = {name: after(name, 1) for name in givens if after(name, 1) in task.derivation}
    size = sum(int(np.size(task.values[one.name])) for one in equations)
    values: Mapping[str, Any] = task.values
    for number in range(min(_MOST_EVALUATED // len(equations), _MOST_NUMBERS // size)):
        givens |= {name: values[later] for name, later in moved.items()}
        with np.errstate(all="ignore"):
            values = evaluate_each((_counted(one, number + 1) for one in equations), givens)
        yield values
        if not all(np.isfinite(values[later]).all() for later in moved.values()):
            return


def _counted(equation: Equation, more: int) -> Equation:
    """An equation so many updates later: the number of the step stands in the powers of an optimiser's constants."""

    def rule(node: Expression) -> Expression | None:
        if is_operation(node, "power"):
            base, step = node.arguments
            if isinstance(base, Name) and not base.shape and isinstance(step, Number):
                return base ** Number(step.value + more)
        return None

    if equation.stage != Stage.UPDATE or not any(is_operation(node, "power") for node in walk(equation.expression)):
        return equation
    return replace(equation, expression=transform(equation.expression, rule), steps=(), worked=None)
