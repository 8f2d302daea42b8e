"""What a program calls like a step, and has not worked out as that: all that is made with it is right nonetheless."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from chalkwork.algebra.expression import names_in
from chalkwork.checking.handed import Program
from chalkwork.checking.judging.verdicts import BAD, RIGHT, Verdict
from chalkwork.checking.mistakes import Context, Role
from chalkwork.checking.naming.evidence import same
from chalkwork.checking.naming.passes import base_of
from chalkwork.checking.naming.variables import numbers_of
from chalkwork.checking.report import Report
from chalkwork.checking.reviewing.adopting import adopted
from chalkwork.checking.task import Task
from chalkwork.derivation.derivation import Stage
from chalkwork.derivation.evaluate import evaluate
from chalkwork.words import Text, written

_MOST_ROUNDS = 3


def contradicted(
    context: Context, report: Report, guessed: Collection[str], turned: Collection[str], misshapen: Collection[str]
) -> dict[str, str]:
    """The steps that are wrong, or follow from such, of which something right came and nothing that follows; of those
    `turned`, anything that does not follow, and of those `misshapen`, from which nothing can follow, nothing wrong.

    A program goes on with what it has worked out: what it goes on from with right numbers is something else than the
    wrong value under that name. Who has minus a derivative and goes on otherwise subtracts what others add.
    """
    found = {}
    for name in [name for name in _not_right(report) if name in guessed]:
        ends = _ends(context, name, report, guessed)
        right = [one for one in ends if report[one].verdict in RIGHT]
        follows = any(report[one].verdict == Verdict.FOLLOWS.word for one in ends)
        stands = follows or (name in misshapen and len(right) < len(ends))
        if (right and not stands) or (name in turned and ends and not follows):
            found[name] = (right or ends)[0]
    return found


def _ends(context: Context, name: str, report: Report, guessed: Collection[str]) -> list[str]:
    """The answered steps that a step comes to: what is right, and parameters, whatever they are.

    What is between, and wrong or follows, is looked through where its name was guessed and more comes of it; nothing
    comes of a loss.
    """
    reached, ends, between = {name}, [], []
    for equation in context.derivation.equations:
        step, role = equation.name, context.role(equation)
        if reached.isdisjoint(one.name for one in names_in(equation.expression)) or step == name:
            continue
        told = report[step].verdict if step in report else Verdict.BLANK.word
        if told in RIGHT or (told != Verdict.BLANK.word and (step not in guessed or role == Role.UPDATE)):
            ends.append(step)
        elif role != Role.LOSS:
            reached.add(step)
            between += [step] if told == Verdict.FOLLOWS.word else []
    return ends + [step for step in between if not _ends(context, step, report, guessed)]


def _is_minus(given: object, right: Any) -> bool:
    own = np.asarray(numbers_of(given))
    return own.dtype.kind == "f" and same(-own, right)


def _has_numbers(given: object) -> bool:
    """Whether every number is one: what is none has gone wrong by itself."""
    array = np.asarray(numbers_of(given))
    return array.dtype.kind in "iu" or (array.dtype.kind == "f" and bool(np.isfinite(array).all()))


def _depends(task: Task, made: str, name: str) -> bool:
    """Whether a step would be another with other numbers in an earlier one: a gate times nothing tells nothing."""
    apart = np.linspace(
        1.0, 2.0, np.size(task.values[name])
    )  # of a softmax, one number more everywhere changes nothing
    own = {**task.values, name: task.values[name] + apart.reshape(np.shape(task.values[name]))}
    reached = {name}
    for equation in task.derivation.equations:
        if any(one.name in reached for one in names_in(equation.expression)):
            reached.add(equation.name)
            with np.errstate(all="ignore"):
                own[equation.name] = evaluate(equation.expression, own)
            if equation.name == made:
                break
    return not same(own[made], task.values[made])


def without_contradicted(
    task: Task, typed: dict[str, object], program: Program, report: Report, conventions: Sequence[str] = ()
) -> Report:
    """The report without such steps that a program names by itself; they are taken out of what was typed.

    Who names minus a derivative like it has a wrong sign; of those whose names were guessed it is another quantity.
    """
    for _ in range(_MOST_ROUNDS):
        trained = program.in_own_words and _is_well_trained(task, report)
        named = typed.keys() if trained else program.doubted
        turned = [name for name in program.guessed if name in typed and _is_minus(typed[name], task.values[name])]
        misshapen = [name for name, one in task.answers(typed).items() if one.wrong_shape is not None]
        found = contradicted(task.context, report, named, turned, misshapen) if named else {}
        found = {name: made for name, made in found.items() if _has_numbers(typed[name]) and _depends(task, made, name)}
        why = {name: _why(task, name, made, name in turned) for name, made in found.items()}
        if trained:
            why |= {name: Text.of("unused.beside", name=name) for name in _worked_out_again(task, report)}
        if not why:
            break
        for name in why:
            del typed[name]
        unused = {**report.unused, **{name: written(reason, task.language) for name, reason in why.items()}}
        report = adopted(task, [typed], [unused], conventions)[0]
    return report


def _why(task: Task, name: str, made: str, turned: bool) -> Text:
    of = task.derivation[name].derivative
    if turned and of is not None:
        return Text.of("unused.no_step", what=Text.of("unused.minus_derivative", name=of.by))
    return Text.of("unused.goes_on_right", name=made)


def _worked_out_again(task: Task, report: Report) -> list[str]:
    """What is wrong by the parameters after the last update: a program predicts with these what it likes."""
    return [name for name in _not_right(report) if task.derivation[name].stage == Stage.REEVALUATION]


def _not_right(report: Report) -> list[str]:
    return [name for name, result in report.items() if result.verdict in (*BAD, Verdict.FOLLOWS.word)]


def _is_well_trained(task: Task, report: Report) -> bool:
    """Whether all parameters are right after the last update: nothing that leads to them is wrong."""
    last = {base_of(one.name): one.name for one in task.derivation.equations if task.context.role(one) == Role.UPDATE}
    learnt = [name for base, name in last.items() if f"d{base}" in task.derivation]
    return bool(learnt) and all(name in report and report[name].verdict in RIGHT for name in learnt)
