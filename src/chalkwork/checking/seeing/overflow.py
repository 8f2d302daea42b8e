"""A program's values that are no numbers where the exercise's are: a softmax that overflows, a logarithm of
zero, moments corrected before their first step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chalkwork.algebra.expression import names_in
from chalkwork.checking.judging.verdicts import Verdict
from chalkwork.checking.mistakes import TABLE, Layer, Role, in_language
from chalkwork.checking.mistakes.corrections import corrected
from chalkwork.checking.mistakes.structure import has_operation
from chalkwork.checking.naming.variables import numbers_of
from chalkwork.checking.report import Report, Result
from chalkwork.checking.task import Task
from chalkwork.words import Said, Text, say

UNSTABLE, OF_ZERO, OF_NO_STEP = "softmax-unstable", "logarithm-of-zero", "bias-correction-of-another-step"


def overflown(task: Task, typed: Mapping[str, object], report: Report) -> Report:
    """The report with the cause where a program's values became no numbers."""
    lost = {name for name, given in typed.items() if name in report and _is_lost(given)}
    if not lost:
        return report
    found = {}
    for name in [name for name in report if name in lost]:
        sources = _sources(task, name, typed)
        before = next((one for one in sources[1:] if one in lost), None)
        layers = [
            layer
            for layer in task.context.layers(task.context.steps[name])
            if layer.activation.name in sources
            and (layer.activation.name in lost or layer.activation.name not in typed)
        ]
        softmax = [layer for layer in layers if _overflows(task, layer, typed)]
        result = report[name]
        if before is not None:
            found[name] = replace(result, message=f"It is no number, as {before} is none.")
        elif softmax:
            activation = softmax[0].activation.name
            found[name] = named(result, UNSTABLE, report.language, None if activation == name else activation)
        elif _has_logarithm_of_zero(task, name, typed):
            found[name] = named(result, OF_ZERO, report.language)
        elif (step := _corrected_of_no_step(task, name, sources, typed)) is not None:
            found[name] = named(result, OF_NO_STEP, report.language, None if step == name else step)
    return report.having({**report, **found})


def named(result: Result, id: str, language: str, made_in: str | None = None) -> Result:
    """The result with a mistake of the table, made in this step or in an earlier one."""
    entry = in_language(TABLE[id], language)
    place: Said = Text.of("mistake.made_in", step=made_in) if made_in else ""
    said = say(language, "mistake.one", place=place, title=entry.title, others="", hint=entry.hint)
    return replace(result, verdict=Verdict.MISTAKE.word, mistakes=(id,), message=said, made_in=made_in)


def _floats(given: object) -> Any:
    """The numbers of an array of floats; None for anything else."""
    array: Any = numbers_of(given)
    return array if getattr(getattr(array, "dtype", None), "kind", "") == "f" else None


def _is_lost(given: object) -> bool:
    array = _floats(given)
    return array is not None and not np.isfinite(array).all()


def _overflows(task: Task, layer: Layer, typed: Mapping[str, object]) -> bool:
    """Whether the exponentials of a softmax are no numbers."""
    if layer.function.operation.name != "softmax":
        return False
    own = _floats(typed.get(layer.net.name))
    own = task.values[layer.net.name] if own is None else own
    kind = np.float32 if own.dtype == np.float32 else np.float64
    axis = task.context.samples
    most = np.max(own, axis=None if axis is None or own.ndim < 2 else -3 - axis)
    with np.errstate(all="ignore"):
        least = np.log(np.finfo(kind).smallest_subnormal)
        return bool(np.max(most) > np.log(np.finfo(kind).max) or np.min(most) < least)


def _has_logarithm_of_zero(task: Task, name: str, typed: Mapping[str, object]) -> bool:
    """Whether a loss is made of an output that is exactly 0, or 1, in the program's floats."""
    equation = task.derivation[name]
    if task.context.role(equation) != Role.LOSS or not has_operation(equation.expression, "log", "xlogy"):
        return False
    own = [_floats(typed.get(one.name)) for one in names_in(equation.expression)]
    return any(np.isin(one, (0.0, 1.0)).any() for one in own if one is not None and np.isfinite(one).all())


def _corrected_of_no_step(task: Task, name: str, sources: Sequence[str], typed: Mapping[str, object]) -> str | None:
    """The corrected moment that becomes no number if the steps are counted from 0: 1 - rho^0 is nothing."""
    able = [one for one in sources if one == name or one not in typed]
    return next((one for one in able if corrected(task.derivation[one].expression) is not None), None)


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
