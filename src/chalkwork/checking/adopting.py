"""Reports by another convention, for those whose work shows that they have it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np

from chalkwork.algebra.expression import names_in
from chalkwork.checking.answers import read_answer
from chalkwork.checking.conventions import TABLE, Found, conventions_of, rewritten, values_of
from chalkwork.checking.mistakes import Context
from chalkwork.checking.report import Report
from chalkwork.checking.verdicts import Verdict
from chalkwork.derivation.derivation import Derivation
from chalkwork.errors import ChalkworkError

if TYPE_CHECKING:
    from chalkwork.checking.check import Task

_BAD = (Verdict.MISTAKE.word, Verdict.WRONG.word)
_ACCEPTED = frozenset(verdict.word for verdict in Verdict if verdict.accepted)
_SAME = 1e-9


def adopted(
    task: Task, typed: Sequence[Mapping[str, object]], reports: Sequence[Report], declared: Sequence[str] = ()
) -> list[Report]:
    """The reports, by another convention where that leaves fewer steps wrong and what follows shows it.

    Raises ChalkworkError for a declared convention that there is not.
    """
    for name in declared:
        if name not in TABLE:
            near = get_close_matches(name, TABLE, 1)
            hint = f"did you mean {near[0]}?" if near else f"the conventions are {', '.join(TABLE)}"
            raise ChalkworkError(f"there is no convention {name!r}", hint=hint)
    if not declared and all(report.first_wrong is None for report in reports):
        return list(reports)
    ways = _ways(task.context, tuple(declared))
    if not ways:
        return list(reports)
    found = list(reports)
    values = [values_of(task.values, way.forms) for way in ways]
    for place, report in enumerate(reports):
        if report.first_wrong is not None or declared:
            found[place] = _best(task, typed[place], report, ways, values, bool(declared))
    return found


def _ways(context: Context, declared: tuple[str, ...]) -> list[Found]:
    if declared not in context.known_conventions:
        context.known_conventions[declared] = conventions_of(context, declared)
    return context.known_conventions[declared]


def _best(
    task: Task,
    typed: Mapping[str, object],
    report: Report,
    ways: Sequence[Found],
    values: Sequence[Mapping[str, Any]],
    declared: bool,
) -> Report:
    """The report by the convention that leaves the fewest steps wrong; as it is where none is shown to be meant."""
    best, least = report, len(_bad(report))
    for way, own in zip(ways, values, strict=True):
        if not declared and not (_looks_like(way, report) and _meets(way, typed, report, own)):
            continue
        other = replace(
            task,
            derivation=_rewritten(task.context, way),
            context=Context(_rewritten(task.context, way), task.context.samples),
            values=own,
        )
        again = other.reports([typed], [report.unused])[0]
        bad = len(_bad(again))
        if (declared and best is report) or (bad < least and (declared or _is_shown(way, again, other.derivation))):
            best, least = _said(again, way, report), bad
        if not least and best is not report:
            break
    return best


def _rewritten(context: Context, way: Found) -> Derivation:
    return rewritten(context.derivation, way.forms)


def _bad(report: Report) -> list[str]:
    return [result.name for result in report.values() if result.verdict in _BAD]


def _looks_like(way: Found, report: Report) -> bool:
    """Whether a wrong step is one that the convention concerns, and something else was answered that can show it."""
    bad = _bad(report)
    return any(name in way.forms for name in bad) and (way.throughout or any(name not in way.forms for name in report))


def _meets(way: Found, typed: Mapping[str, object], report: Report, own: Mapping[str, Any]) -> bool:
    """Whether a wrong step has the convention's value, or the mistake that it looks like."""
    for name in _bad(report):
        if name in way.forms:
            if way.taken_for.intersection(report[name].mistakes):
                return True
            right = np.asarray(own[name])
            answer = read_answer(typed.get(name), right.shape[-2:] if right.size > 1 else ())
            room = _SAME * np.abs(right) + 1e-12
            met = (answer.low <= right + room) & (answer.high >= right - room)
            if answer.given.any() and bool(np.all(met | ~answer.given)):
                return True
    return False


def _is_shown(way: Found, report: Report, derivation: Derivation) -> bool:
    """Whether what the convention concerns is right by it, and something that it leaves as it is follows from that."""
    concerned = {name for name in way.forms if name in report and report[name].verdict in _ACCEPTED}
    if not concerned:
        return False
    matrices = [name for name in concerned if 1 not in derivation[name].expression.shape]
    if way.throughout and len(matrices) > 1 and not set(_bad(report)) & set(way.forms):
        return True
    return any(result.verdict in _ACCEPTED and result.name not in way.forms and concerned & set(sources)
               for result, sources in _with_sources(report, derivation))  # fmt: skip


def _with_sources(report: Report, derivation: Derivation) -> Iterator[tuple[Any, set[str]]]:
    """Every answered step with the answered steps that it was worked out from, through those left open."""
    answered = {name for name in report if report[name].verdict != Verdict.BLANK.word}
    for name in answered:
        sources: set[str] = set()
        wanted = {one.name for one in names_in(derivation[name].expression)}
        while wanted:
            one = wanted.pop()
            if one in answered:
                sources.add(one)
            elif one in derivation:
                wanted |= {inner.name for inner in names_in(derivation[one].expression)}
        yield report[name], sources


def _said(again: Report, way: Found, before: Report) -> Report:
    """The report with the convention named: before all, and at every step that is not as in the solution."""
    results = {
        name: replace(result, message=f"{result.message} In another convention: you {way.words()}.")
        if name in way.forms and result.verdict in _ACCEPTED
        else result
        for name, result in again.items()
    }
    note = f"Another convention: you {way.words()}. That is no mistake."
    return Report(results, again.unused, again.follows, (*before.notes, note))
