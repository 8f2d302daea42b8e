"""A program that goes on with its training after the exercise's steps: its variables are those of a later one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression, Name, Number, names_in, transform
from chalkwork.algebra.numerals import Scalar
from chalkwork.checking.judging.verdicts import RIGHT
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

_FEWEST_NUMBERS, _FEWEST_STEPS = 4, 2
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
    numbers = sum(np.asarray(typed[one.name]).size for one in kept)
    if not report.wrong or len(kept) < _FEWEST_STEPS or numbers < _FEWEST_NUMBERS:
        return report
    training, names = _Training(task), [one.name for one in kept]
    for more, (givens, values) in enumerate(training.later(names), 1):
        if more == 1 and any(_is_of_the_exercise(typed[name], task.values[name], values[name]) for name in names):
            return report
        if all(same(typed[name], values[name]) for name in names):
            values = {name: value for name, value in training.whole(givens).items() if name in task.values}
            for name in [name for name, value in data.items() if after(name, 1) in values and tells(value)]:
                typed[after(name, 1)] = data.pop(name)
            again = adopted(replace(task, values=values), [typed], [report.unused], declared)[0]
            said = "The training goes on after the exercise: the variables are those of its step <n>."
            return again.noting([Text.own("program.trained_on", said, n=more + 1)])
    return report


def without_later(
    task: Task, typed: dict[str, object], data: Mapping[str, object], given: Mapping[str, object], report: Report
) -> Report:
    """The report without what a later step left, or one on other data: nothing of it is right or explained."""
    said = any(result.verdict in RIGHT or result.mistakes for result in report.values())
    if said or not report or not any(_is_of_another(task, typed, data, given)):
        return report
    unused = {**report.unused, **dict.fromkeys(typed, say(task.language, "unused.later"))}
    return report.having({}).with_unused(unused)


def _is_of_another(
    task: Task, typed: Mapping[str, object], data: Mapping[str, object], given: Mapping[str, object]
) -> Iterator[bool]:
    """What shows it: the first of more losses than the exercise has is right, or one is that of a later step; there is
    another number of samples, or an input of which nothing is the exercise's.
    """
    losses = [one.name for one in task.derivation.equations if task.context.role(one) == Role.LOSS]
    kept = [np.asarray(value) for value in given.values() if is_rectangular(value)]
    kept = [one for one in kept if one.ndim == 1 and one.size > len(losses) > 0 and tells(one)]
    yield any(same(one[:1], task.values[losses[0]]) for one in kept)
    yield any(
        same(typed[one], task.values[later]) for one in losses for later in losses if one in typed and one != later
    )
    axis = task.context.samples
    layered = [name for name in typed if axis is not None and task.context.layer(task.derivation[name]) is not None]
    counts = {_count(typed[name], task.values[name], axis or 0) for name in layered}
    yield len(counts) == 1 and max(counts) > 1 and counts != {task.context.sizes[0]}
    own, right = (np.asarray(one.get("x", 0.0)) for one in (data, task.values))
    yield own.dtype.kind == "f" and own.shape == right.shape != () and not np.isclose(own, right).any()


def _count(given: object, right: Any, axis: int) -> int:
    """Of how many samples it is, if all else of its shape is the step's."""
    own = np.shape(np.asarray(given)) if is_rectangular(given) else ()
    if len(own) != np.ndim(right) or np.ndim(right) != 2 or own[-3 - axis] != np.shape(right)[-3 - axis]:
        return 0
    return int(own[axis])


def _is_of_the_exercise(given: object, right: Any, later: Any) -> bool:
    """Whether it is right in the exercise's step, and another one in the next."""
    return same(given, right) and not same(later, right)


class _Training:
    """The exercise's equations, worked out for one update after the other."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.counts: dict[str, Scalar] = {}
        """The numbers of steps that stand in equations, each by the name that stands there in its place."""
        self.equations = [self._counted(one) for one in task.derivation.equations]
        self.moved = {given.name: after(given.name, 1) for given in task.derivation.givens}
        self.moved = {name: later for name, later in self.moved.items() if later in task.derivation}

    def later(self, names: Iterable[str]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
        """What a step begins with, and what the names and all that they are made of are there; later and later."""
        wanted, needed = {*names, *self.moved.values()}, list[Equation]()
        for equation in reversed(self.equations):
            if equation.name in wanted:
                wanted.update(one.name for one in names_in(equation.expression))
                needed.insert(0, equation)
        givens = {given.name: self.task.values[given.name] for given in self.task.derivation.givens}
        size = sum(int(np.size(self.task.values[one.name])) for one in self.equations)
        values: Mapping[str, Any] = self.task.values
        for number in range(1, 1 + min(_MOST_EVALUATED // len(self.equations), _MOST_NUMBERS // size)):
            givens |= {name: values[later] for name, later in self.moved.items()}
            givens |= {name: count + number for name, count in self.counts.items()}
            values = evaluate_each(needed, givens)
            yield givens, values
            if not all(np.isfinite(values[later]).all() for later in self.moved.values()):
                return

    def whole(self, givens: Mapping[str, Any]) -> dict[str, Any]:
        """All that is worked out in a step that begins with this."""
        return evaluate_each(self.equations, givens)

    def _counted(self, equation: Equation) -> Equation:
        """An equation with a name in the place of the number of its step: in the powers of an optimiser's constants."""

        def rule(node: Expression) -> Expression | None:
            if is_operation(node, "power"):
                base, step = node.arguments
                if isinstance(base, Name) and not base.shape and isinstance(step, Number):
                    name = f"step {step.value}"  # no name that is read can hold a space
                    self.counts[name] = step.value if isinstance(step.value, int) else float(step.value)
                    return base ** Name(name)
            return None

        if equation.stage != Stage.UPDATE:
            return equation
        return replace(equation, expression=transform(equation.expression, rule), steps=(), worked=None)
