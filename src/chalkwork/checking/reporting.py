"""The reports on what a class typed, each step marked for all of them at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chalkwork.checking.judging.marking import Answers, GoingOn, Marked, mark
from chalkwork.checking.judging.suspecting import MOST_AT_ONCE
from chalkwork.checking.naming.augmented import taken_apart
from chalkwork.checking.reading.answers import Answer
from chalkwork.checking.reading.laid import laid_shape
from chalkwork.checking.report import Report, results_of
from chalkwork.checking.task import Task
from chalkwork.words import Said


def reports_on(
    task: Task,
    typed: Sequence[Mapping[str, object]],
    unused: Sequence[Mapping[str, str]],
    *,
    most: int = MOST_AT_ONCE,
    going_on: GoingOn | None = None,
) -> list[Report]:
    """The reports on what was typed, by the names of the derivation; `most` and `going_on` see `mark`."""
    shapes, answers = task.shapes, list(map(task.answers, typed))
    apart = [
        taken_apart(one, shapes, task.values)
        if any(answer.as_given is not None for answer in one.values())
        else (one, [])
        for one in answers
    ]
    answers = [one for one, _ in apart]
    answered = [name for name in task.derivation if any(name in one for one in answers)]
    stacked = {
        name: Answers.stacked([one.get(name) for one in answers], laid_shape(shapes[name])).within(task.tolerance)
        for name in answered
    }
    wanted = list(task.asked) or answered
    marked = mark(
        task.derivation, task.values, stacked, wanted, task.context, len(typed), task.digits,
        most=most, going_on=going_on,
    )  # fmt: skip
    reports = reports_of(task, marked, answers, typed, unused)
    return [report.noting(said) if said else report for report, (_, said) in zip(reports, apart, strict=True)]


def reports_of(
    task: Task,
    marked: Mapping[str, Marked],
    answers: Sequence[Mapping[str, Answer]],
    typed: Sequence[Mapping[str, object]],
    unused: Sequence[Mapping[str, str]],
) -> list[Report]:
    """The marks of every step turned into a report a student."""
    steps = {
        name: results_of(
            part,
            [given.get(name) for given in typed],
            [_said(one.get(name), part, student) for student, one in enumerate(answers)],
            task.digits,
            task.follows,
            task.language,
        )
        for name, part in marked.items()
    }
    return [
        Report(
            {name: results[student] for name, results in steps.items()}, refused, task.follows, language=task.language
        )
        for student, refused in enumerate(unused)
    ]


def _said(answer: Answer | None, marked: Marked, student: int) -> Said:
    """What could not be read; nothing where the shape itself is the mistake."""
    if answer is None or (answer.as_given is not None and marked.mistakes[student]):
        return ""
    return answer.said
