"""A program's values that are no numbers where the exercise's are: a softmax that overflows, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from chalkwork.algebra.expression import names_in
from chalkwork.checking.mistakes import TABLE
from chalkwork.checking.report import Report
from chalkwork.checking.variables import numbers_of
from chalkwork.checking.verdicts import Verdict

if TYPE_CHECKING:
    from chalkwork.checking.check import Task

UNSTABLE = "softmax-unstable"


def overflown(task: Task, typed: Mapping[str, object], report: Report) -> Report:
    """The report with the cause where a program's values became no numbers."""
    lost = {name for name, given in typed.items() if name in report and _is_lost(given)}
    if not lost:
        return report
    found = {}
    for name in [name for name in report if name in lost]:
        sources = _sources(task, name, typed)
        before = next((one for one in sources[1:] if one in lost), None)
        layers = [layer for layer in task.context.layers(task.context.steps[name]) if layer.activation.name in sources]
        softmax = [
            layer for layer in layers
            if layer.function.operation.name == "softmax" and _overflows(typed.get(layer.net.name), task.values[layer.net.name])
        ]  # fmt: skip
        result = report[name]
        if before is not None:
            found[name] = replace(result, message=f"It is no number, as {before} is none.")
        elif softmax:
            made_in = softmax[0].activation.name
            place = "" if made_in == name else f"In {made_in}, which was not answered: "
            entry = TABLE[UNSTABLE]
            found[name] = replace(
                result, verdict=Verdict.MISTAKE.word, mistakes=(UNSTABLE,), message=f"{place}{entry.title}. {entry.hint}",
                made_in=made_in if place else None,
            )  # fmt: skip
    return report.having({**report, **found})


def _is_lost(given: object) -> bool:
    array = numbers_of(given)
    return getattr(getattr(array, "dtype", None), "kind", "") == "f" and not np.isfinite(array).all()  # type: ignore[call-overload]


def _overflows(given: object, right: Any) -> bool:
    """Whether the exponentials of these net inputs are no numbers."""
    array = numbers_of(given)
    own = array if getattr(getattr(array, "dtype", None), "kind", "") == "f" else right
    kind = np.float32 if getattr(own, "dtype", None) == np.float32 else np.float64
    with np.errstate(all="ignore"):
        return bool(np.max(own) > np.log(np.finfo(kind).max))


def _sources(task: Task, name: str, typed: Mapping[str, object]) -> list[str]:
    """What a step is made of, through steps that were not answered; itself first."""
    found, open_ = [name], [name]
    while open_:
        for one in names_in(task.derivation[open_.pop()].expression):
            if one.name in task.derivation and one.name not in found:
                found.append(one.name)
                if one.name not in typed:
                    open_.append(one.name)
    return found
