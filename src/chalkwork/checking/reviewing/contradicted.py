"""What a program calls like a step, and has not worked out as that: all that is made with it is right nonetheless."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np

from chalkwork.algebra.expression import names_in
from chalkwork.checking.judging.verdicts import BAD, RIGHT, Verdict
from chalkwork.checking.naming.evidence import same
from chalkwork.checking.naming.variables import numbers_of
from chalkwork.checking.report import Report
from chalkwork.checking.reviewing.adopting import adopted
from chalkwork.checking.task import Task
from chalkwork.derivation.derivation import Derivation
from chalkwork.derivation.evaluate import evaluate
from chalkwork.words import Text, written

_MOST_ROUNDS = 3


def contradicted(
    derivation: Derivation, report: Report, turned: Collection[str] = (), misshapen: Collection[str] = ()
) -> dict[str, str]:
    """The wrong steps of a program with which something right was made and nothing that follows; of those `turned`,
    whatever was made, and of those `misshapen`, from which nothing can follow, only what is right.

    A program goes on with what it has worked out: what it goes on from with right numbers is something else than the
    wrong value under that name. Who has minus a derivative and goes on otherwise subtracts what others add.
    """
    found = {}
    for name, result in report.items():
        if result.verdict in BAD:
            made = list(_made_with(derivation, name, report))
            verdicts = [report[one].verdict for one in made]
            right = [one for one, verdict in zip(made, verdicts, strict=True) if verdict in RIGHT]
            if right and (len(right) == len(made) or not (name in misshapen or Verdict.FOLLOWS.word in verdicts)):
                found[name] = right[0]
            elif name in turned and made and Verdict.FOLLOWS.word not in verdicts:
                found[name] = made[0]
    return found


def _made_with(derivation: Derivation, name: str, report: Report) -> Iterator[str]:
    """The answered steps that are worked out with a step: directly, or where there are none, through those left open.

    What follows from a wrong step, and is gone on from itself, is looked through, too; and what follows through those
    left open speaks for the step as well.
    """
    made_of = {equation.name: {one.name for one in names_in(equation.expression)} for equation in derivation.equations}
    used = set().union(*(made_of.get(one, set()) for one in report))
    direct = name in used
    reached, through_open = {name}, set[str]()
    for step, names in made_of.items():
        follows = step in report and report[step].verdict == Verdict.FOLLOWS.word
        if names & reached:
            if step in report and not (follows and step in used):
                yield step
            elif step in report or not direct:
                reached.add(step)
            else:
                through_open.add(step)
        elif names & through_open:
            if follows:
                yield step
            elif step not in report:
                through_open.add(step)


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
    task: Task,
    typed: dict[str, object],
    named: Collection[str],
    guessed: Collection[str],
    report: Report,
    conventions: Sequence[str] = (),
) -> Report:
    """The report without such steps among those that a program `named`; they are taken out of what was typed.

    Who names minus a derivative like it has a wrong sign; of those whose names were `guessed` it is another quantity.
    """
    for _ in range(_MOST_ROUNDS if named else 0):
        turned = [name for name in guessed if name in typed and _is_minus(typed[name], task.values[name])]
        misshapen = [name for name, one in task.answers(typed).items() if one.wrong_shape is not None]
        found = contradicted(task.derivation, report, turned, misshapen)
        found = {name: made for name, made in found.items() if name in named}
        found = {name: made for name, made in found.items() if _has_numbers(typed[name]) and _depends(task, made, name)}
        if not found:
            break
        unused = dict(report.unused)
        for name, made in found.items():
            del typed[name]
            why = Text.of("unused.goes_on_right", name=made)
            of = task.derivation[name].derivative
            if name in turned and of is not None:
                why = Text.of("unused.no_step", what=Text.of("unused.minus_derivative", name=of.by))
            unused[name] = written(why, task.language)
        report = adopted(task, [typed], [unused], conventions)[0]
    return report
