"""What a program is watched by, and no step: an error that is called by how it is measured, and is measured so."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np

from chalkwork.algebra.expression import names_in
from chalkwork.checking.judging.verdicts import RIGHT
from chalkwork.checking.mistakes import Role
from chalkwork.checking.naming.evidence import same
from chalkwork.checking.naming.variables import numbers_of
from chalkwork.checking.reading.names import bare_name
from chalkwork.checking.report import Report
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
    losses = [name for name in report.wrong if by.context.role(by.derivation[name]) == Role.LOSS and name in typed]
    if not losses or not _begins_right(by, report):
        return report
    results, unused = dict(report), dict(report.unused)
    for name in losses:
        errors = _errors(by, by.derivation[name])
        own: Array = np.asarray(numbers_of(typed[name]))
        for word in words.get(name, ()):
            sizes = _measures(word, errors, by.context.sizes[0]) if errors is not None and own.size == 1 else ()
            if (what := next((what for what, size in sizes if same(own, size)), None)) is not None:
                results.pop(name, None)
                unused[word] = written(Text.of("unused.no_step", what=Text.of(f"measured.{what}")), report.language)
    if len(results) == len(report):
        return report
    return Report(results, unused, report.follows, report.notes, language=report.language, by=report.by)


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
