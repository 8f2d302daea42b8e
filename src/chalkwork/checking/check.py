"""Answers, from what was typed to the reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from chalkwork.checking.handed import Handed, HandIns, Program
from chalkwork.checking.lines import with_lines
from chalkwork.checking.mistakes import context_of
from chalkwork.checking.reading.digits import Digits
from chalkwork.checking.report import Report
from chalkwork.checking.reviewing.adopting import adopted
from chalkwork.checking.reviewing.contradicted import without_contradicted
from chalkwork.checking.reviewing.data import on_own_data
from chalkwork.checking.reviewing.further import trained_on, without_later
from chalkwork.checking.reviewing.held import held
from chalkwork.checking.reviewing.measured import without_measures, without_others
from chalkwork.checking.reviewing.repeated import in_every_step
from chalkwork.checking.reviewing.shuffled import in_their_order
from chalkwork.checking.reviewing.totals import with_totals
from chalkwork.checking.reviewing.turned import on_turned_weights
from chalkwork.checking.seeing.accumulated import accumulated
from chalkwork.checking.seeing.seen import seen_in
from chalkwork.checking.task import Task
from chalkwork.derivation.derivation import Derivation
from chalkwork.errors import ChalkworkError
from chalkwork.typesetting.symbols import Symbols
from chalkwork.words import ENGLISH


def check(
    derivation: Derivation,
    values: Mapping[str, Any],
    given: Mapping[str, object],
    symbols: Symbols,
    *,
    asked: Sequence[str] = (),
    names: Mapping[str, str] | None = None,
    digits: Digits | None = None,
    sample_axis: int | None = None,
    tolerance: float = 0.0,
    follows: Fraction = Fraction(1),
    language: str = ENGLISH,
    conventions: Sequence[str] = (),
) -> Report:
    """The report on one student's answers: `check_class` for one."""
    reports = check_class(
        derivation,
        values,
        [given],
        symbols,
        asked=asked,
        names=names,
        digits=digits,
        sample_axis=sample_axis,
        tolerance=tolerance,
        follows=follows,
        language=language,
        conventions=conventions,
    )
    return reports[0]


def check_class(
    derivation: Derivation,
    values: Mapping[str, Any],
    given: Sequence[Mapping[str, object]],
    symbols: Symbols,
    *,
    asked: Sequence[str] = (),
    names: Mapping[str, str] | None = None,
    digits: Digits | None = None,
    sample_axis: int | None = None,
    tolerance: float = 0.0,
    follows: Fraction = Fraction(1),
    language: str = ENGLISH,
    conventions: Sequence[str] = (),
) -> list[Report]:
    """The reports on the answers of many students, every equation worked out once for all of them.

    Each of `given` maps names as the student wrote them to what was typed; `names` says which is which where a
    guess would be ambiguous. Marked are the `asked` names, or all that anybody answered. `digits` are those that are
    asked. Every number may be off by `tolerance`, besides what its digits leave open. A right step that goes on from a
    wrong value earns the part `follows`. `conventions` are those that are declared; others are found. Raises
    ChalkworkError for a name in `asked` or `names` that the derivation does not have, an unknown convention, or a
    tolerance that is no number from 0 on.
    """
    for name in asked:
        if name not in derivation:
            steps = ", ".join(derivation)
            raise ChalkworkError(f"{name} is not a step of this solution", hint=f"its steps are {steps}")
    if not 0 <= tolerance < float("inf"):
        raise ChalkworkError(f"a tolerance is a number from 0 on, not {tolerance!r}")
    if not given:
        return []
    context = context_of(derivation, sample_axis)
    task = Task(derivation, values, context, tuple(asked), digits or Digits(), tolerance, follows, language)
    hand_ins = HandIns(derivation, values, symbols, context, names, language)
    handed = [hand_ins.of(one) for one in given]
    typed = [one.typed for one in handed]
    reports = adopted(task, typed, [one.unused for one in handed], conventions)
    for place, one in enumerate(handed):
        if one.program is not None:
            reports[place] = _reviewed(task, one, one.program, reports[place], conventions)
    if any(one.data for one in handed):
        reports = on_own_data(task, typed, [one.data for one in handed], reports)
    for place, one in enumerate(handed):
        if one.program is not None and one.program.placed is None:
            reports[place] = without_later(task, one.typed, one.data, one.given, reports[place])
        if one.program is not None:
            reports[place] = with_totals(task, one.typed, reports[place])
            reports[place] = without_measures(task, one.typed, one.words(), reports[place])
    reports = [seen_in(task, one, report) for one, report in zip(typed, reports, strict=True)]
    return [_told(task, one, report) for one, report in zip(handed, reports, strict=True)]


def _reviewed(task: Task, one: Handed, program: Program, report: Report, conventions: Sequence[str]) -> Report:
    """The report on a program by what all of its values say together."""
    report = on_turned_weights(task, one.typed, one.data, report, conventions)
    report = in_their_order(task, one.typed, one.data, report)
    if program.placed is None:
        report = trained_on(task, one.typed, one.data, report, conventions)
        report = in_every_step(task, one.typed, report)
    report = without_contradicted(task, one.typed, program, report, conventions)
    return _with_held(task, one, program, report, conventions)


def _with_held(task: Task, one: Handed, program: Program, report: Report, conventions: Sequence[str]) -> Report:
    """The report with the step left open in which a mistake is told, if the program has that."""
    steps = {id(value) for value in one.typed.values()}
    made = [each for versions in program.words.values() for each in versions if each.line is not None]
    made = [each for each in made if id(each.value) not in steps]
    others = [value for value in one.given.values() if id(value) not in steps]
    values = others if program.placed is None else [each.value for each in made]
    found = held(task, one.typed, values, report)
    if found is None:
        return report
    name, place = found
    one.typed[name] = values[place]
    if program.placed is not None:
        program.placed.makers[name] = made[place]
        program.placed.loose = [each for each in program.placed.loose if each.order != made[place].order]
    unused = {word: why for word, why in report.unused.items() if one.given.get(word) is not values[place]}
    return adopted(task, [one.typed], [unused], conventions)[0]


def _told(task: Task, one: Handed, report: Report) -> Report:
    """The report with the lines of a recording, and what is to be said before the steps of a program."""
    program = one.program
    if program is None:
        return report
    if program.recording is not None and program.placed is not None:
        report = accumulated(task, program.recording, program.placed, report)
        report = without_others(task, one.words(), program.words, report)
        report = with_lines(report, program.recording, program.placed, task)
    return report.noting(program.notes) if program.notes else report
