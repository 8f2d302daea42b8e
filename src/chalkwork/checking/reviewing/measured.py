"""What a program is watched by, and no step: an error that is called by how it is measured, and is measured so."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from chalkwork.algebra.expression import names_in
from chalkwork.checking.judging.verdicts import RIGHT
from chalkwork.checking.mistakes import Role
from chalkwork.checking.naming.evidence import same, tells
from chalkwork.checking.naming.variables import numbers_of
from chalkwork.checking.reading.names import bare_name
from chalkwork.checking.recording import Made
from chalkwork.checking.report import Report
from chalkwork.checking.seeing.seen import is_said
from chalkwork.checking.task import Task
from chalkwork.derivation.derivation import Equation
from chalkwork.words import Text, written

Array = np.ndarray[Any, Any]
_MEAN = re.compile(r"mean|avg|average|^r?mse$|^mae$|^rms|mittel")
_SUM = re.compile(r"sum|^s[as]e$|^rss$|total(sq|abs)")
_OF = (
    ("absolute", re.compile(r"abs|^[ms]ae$|absolut")),
    ("squared", re.compile(r"sq|^r?[ms]se$|^rss$|quadr")),
)
_ROOT = re.compile(r"^rms|root")
_AN_ERROR = re.compile(r"err|dev|resid|^[ms][as]e$|^rmse?$|^rss$|fehler|abweich")


def without_measures(
    task: Task, typed: Mapping[str, object], words: Mapping[str, Collection[str]], report: Report
) -> Report:
    """The report without a loss that is another measure of the errors, by its name (`words`) and by its value.

    What is made of the derivatives of the loss by the outputs is right: they are of the one that is meant.
    """
    by = report.by or task
    results, unused = dict(report), dict(report.unused)
    for name in [name for name in _losses(by, report) if name in typed]:
        errors = _errors(by, by.derivation[name])
        own: Array = np.asarray(numbers_of(typed[name]))
        for word in words.get(name, ()):
            sizes = _measures(word, errors, by.context.sizes[0]) if errors is not None and own.size == 1 else ()
            if (what := next((what for what, size in sizes if same(own, size)), None)) is not None:
                results.pop(name, None)
                unused[word] = written(Text.of("unused.no_step", what=Text.of(f"measured.{what}")), report.language)
    return report.having(results).with_unused(unused) if len(results) < len(report) else report


def without_others(
    task: Task, words: Mapping[str, Collection[str]], versions: Mapping[str, Sequence[Made]], report: Report
) -> Report:
    """The report without a loss that nothing explains and whose word held the right one of another step of a recording,
    or more of them than there are: with which parameters each was worked out is not known.
    """
    by = report.by or task
    losses = [one.name for one in by.derivation.equations if by.context.role(one) == Role.LOSS]
    results, unused = dict(report), dict(report.unused)
    for name in [name for name in _losses(by, report) if not is_said(report, name)]:
        for word in words.get(name, ()):
            held = [one.value for one in versions.get(word, ()) if tells(one.value)]
            right = any(same(value, by.values[one]) for value in held for one in losses)
            if right or len({float(np.sum(value)) for value in held}) > len(losses):
                results.pop(name, None)
                unused[word] = written(Text.of("unused.several", name=name), report.language)
    return report.having(results).with_unused(unused) if len(results) < len(report) else report


def _losses(task: Task, report: Report) -> list[str]:
    """The wrong losses of a program whose way back begins right: nothing else of it is made with them."""
    wrong = [name for name in report.wrong if task.context.role(task.derivation[name]) == Role.LOSS]
    return wrong if wrong and _begins_right(task, report) else []


def _begins_right(task: Task, report: Report) -> bool:
    """Whether the first answered derivatives on the way back are right, or what is made with them."""
    reached: set[str] = set()
    answered = []
    for equation in task.derivation.equations:
        made = any(one.name in reached for one in names_in(equation.expression))
        if task.context.starts_backward(equation) or made:
            if equation.name in report:
                answered.append(report[equation.name].verdict in RIGHT)
            else:
                reached.add(equation.name)
    return bool(answered) and all(answered)


def _errors(task: Task, loss: Equation) -> Array | None:
    """The distances from the targets."""
    if "y" not in task.values:
        return None
    targets = np.asarray(task.values["y"])
    outputs = [np.asarray(task.values[one.name]) for one in names_in(loss.expression) if one.name != "y"]
    outputs = [one for one in outputs if one.shape == targets.shape]
    return outputs[0] - targets if len(outputs) == 1 else None


def _measures(word: str, errors: Array, samples: int) -> Iterator[tuple[str, float]]:
    """What a word can say that it is: which errors are added up, and to what."""
    bare = bare_name(word).lower().replace("_", "")
    if not _AN_ERROR.search(bare):
        return
    means, sums = bool(_MEAN.search(bare)), bool(_SUM.search(bare))
    for what, pattern in _OF:
        others = [other for one, other in _OF if one != what]
        if any(other.search(bare) for other in others) or not (means or sums or pattern.search(bare)):
            continue
        total = float(np.sum(np.abs(errors) if what == "absolute" else errors**2))
        counts = {*((1,) if sums or not means else ()), *((samples, errors.size) if means or not sums else ())}
        yield from ((what, total / count) for count in counts)
        if what == "squared" and _ROOT.search(bare):
            yield from ((what, float(np.sqrt(total / count))) for count in counts)
