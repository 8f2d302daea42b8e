"""Reports by another convention, for those whose work shows that they have it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression, names_in
from chalkwork.checking.judging.verdicts import ACCEPTED, BAD, RIGHT, Verdict
from chalkwork.checking.mistakes import equivalents
from chalkwork.checking.reading.answers import Answer, with_given
from chalkwork.checking.reading.laid import laid
from chalkwork.checking.report import Report, Result
from chalkwork.checking.reporting import reports_on
from chalkwork.checking.reviewing.conventions import TABLE, Found
from chalkwork.checking.reviewing.simpler import Simpler, resolves
from chalkwork.checking.reviewing.ways import Way, ways
from chalkwork.checking.reviewing.worked import Reading, is_near, own_value
from chalkwork.checking.seeing.seen import seen_in
from chalkwork.checking.task import Task
from chalkwork.derivation.derivation import Derivation, Stage
from chalkwork.derivation.evaluate import evaluate
from chalkwork.errors import ChalkworkError
from chalkwork.words import Text, say

_ABOUT = 1e-4
"""How far, as a part of the largest number, what a program has made in single precision can be apart."""
_MUCH_NEARER = 0.25
"""What follows from rounded numbers by one equation is by this part nearer to it than to another."""


def adopted(
    task: Task,
    typed: Sequence[Mapping[str, object]],
    unused: Sequence[Mapping[str, str]],
    declared: Sequence[str] = (),
) -> list[Report]:
    """The reports, by another convention where that leaves fewer steps wrong and what follows shows it.

    Raises ChalkworkError for a declared convention that there is not.
    """
    for name in declared:
        if name not in TABLE:
            near = get_close_matches(name, TABLE, 1)
            hint = f"did you mean {near[0]}?" if near else f"the conventions are {', '.join(TABLE)}"
            raise ChalkworkError(f"there is no convention {name!r}", hint=hint)
    reports = reports_on(task, typed, unused)
    found = list(reports)
    least = [count_of_wrong(report) for report in reports]
    open_ = [place for place in range(len(found)) if declared or least[place][0]]
    reading = {place: Reading(task, typed[place], reports[place].wrong) for place in open_}
    chosen: dict[int, tuple[Way, Task]] = {}
    resolved: set[int] = set()
    every = list(_apart(ways(task.context, tuple(declared)), task, typed)) if open_ else []
    known: dict[Way, dict[str, Any]] = {}

    def values_by(way: Way) -> dict[str, Any]:
        if way not in known:
            known[way] = way.values(task.values)
        return known[way]

    if len(open_) == 1 and not declared:
        every = _likeliest_first(every, task, reading[open_[0]], reports[open_[0]], values_by)
    for way in every:
        if not declared and not any(reading[place].may_write(way.found) for place in open_):
            continue
        met = [place for place in open_ if declared or _is_met(way, reports[place], reading[place], values_by)]
        met = [place for place in met
               if declared or not _is_hopeless(way, task, reading[place], reports[place], least[place][0])]  # fmt: skip
        if not met:
            continue
        own = values_by(way)
        follow = {
            place for place in met if declared or way.found.shows_by_itself or _may_follow(way, reading[place], own)
        }
        able = [place for place in met if place in follow or reading[place].is_a_programs]
        if not able:
            continue
        changed = {name for name in way.found.forms if not np.array_equal(own[name], task.values[name])}
        other = replace(task, derivation=way.derivation, context=way.context, values=own)
        apart = [reports[place].unused for place in able]
        quick = reports_on(other, [typed[place] for place in able], apart, most=0)
        for place, report in zip(able, quick, strict=True):
            wrong = count_of_wrong(report)
            first = declared and place not in chosen and found[place] is reports[place]
            shown = declared or (place in follow and _is_shown(way, report, changed, reports[place]))
            if not (shown or first) and wrong[0] and wrong < least[place]:
                shown = Simpler(way, other, reading[place], reports[place], changed).is_so(report)
            fewer = shown and wrong < least[place]
            able_to = not (fewer or declared or place in resolved) and wrong[0] and reading[place].is_a_programs
            if able_to and resolves(way, task, other, reading[place], reports[place], report):
                shown = True
                resolved.add(place)
                least[place] = wrong[0] + 1, 0
            if first or (wrong < least[place] and shown):
                least[place] = wrong
                chosen[place] = way, other
                if not wrong[0]:  # nothing is left to be explained
                    found[place] = in_convention(report, way.found, reports[place], other)
        open_ = [place for place in open_ if least[place][0]]
    for place, (way, other) in chosen.items():
        if least[place][0]:
            again = seen_in(other, typed[place], reports_on(other, [typed[place]], [reports[place].unused])[0])
            found[place] = in_convention(again, way.found, reports[place], other)
    return found


def _apart(found: Iterable[Way], task: Task, typed: Iterable[Mapping[str, object]]) -> Iterator[Way]:
    """The conventions that are not the same in all that somebody answered, or that something is made of."""
    used = {name.name for equation in task.derivation.equations for name in names_in(equation.expression)}
    used.update(*typed)
    known = set()
    for way in found:
        ids = tuple(one.id for one in way.found.conventions)
        key = ids, frozenset((name, form) for name, form in way.found.forms.items() if name in used)
        if key not in known:
            known.add(key)
            yield way


def count_of_wrong(report: Report) -> tuple[int, int]:
    """How many steps are wrong, and how many more only follow from what is."""
    words = [result.verdict for result in report.values()]
    return sum(map(words.count, BAD)), words.count(Verdict.FOLLOWS.word)


def _is_met(way: Way, report: Report, reading: Reading, values_by: Callable[[Way], dict[str, Any]]) -> bool:
    """Whether it is worth marking by the convention: wrong steps have its values, or look like it."""
    forms, typed = way.found.forms, reading.typed
    if way.found.is_a_writing and _is_written_so(way, reading, values_by(way)):
        reading.written |= way.found.writing
    if not way.found.writing <= reading.written:
        return False
    if way.kept.isdisjoint(reading.wrong) and not way.found.is_a_writing:
        return False
    own = values_by(way)
    turned = [name for name, form in forms.items() if form.turned and name in typed and 1 not in own[name].shape[-2:]]
    if any(name not in reading.misshapen and len({*own[name].shape}) == own[name].ndim == 2 for name in turned):
        return False
    if not all(is_near(reading.of(name, own[name]), own[name]) or _lies(reading, name, own[name]) for name in turned):
        return False
    if len(turned) < 2 and any(form.turned for form in forms.values()):
        return False
    return way.found.is_a_writing or any(_looks_like(way, report[name], reading, own) for name in reading.wrong)


def _looks_like(way: Way, result: Result, reading: Reading, own: Mapping[str, Any]) -> bool:
    """Whether a wrong step has the convention's value, or what is told of it is what the convention looks like."""
    name, concerned = result.name, result.name in way.found.forms
    if not way.found.taken_for.isdisjoint(result.mistakes):
        return concerned or name in way.first_showing
    return concerned and is_near(reading.of(name, own[name]), own[name])


def _is_written_so(way: Way, reading: Reading, own: Mapping[str, Any]) -> bool:
    """Whether a wrong step is the convention's, of what was typed before it."""
    forms, before = way.found.forms, way.before.derivation
    left = {name for name in reading.wrong if name in forms or before[name].stage == Stage.UPDATE}
    known = dict(own)
    for equation in way.derivation.equations if left else ():
        name, typed = equation.name, reading.has(equation.name, own[equation.name])
        if equation.stage == Stage.UPDATE or name in forms:
            known[name] = _worked_out(equation.expression, known)
            if typed and name in left and is_near(reading.of(name, own[name]), known[name]):
                return True
            left.discard(name)
            if not left:
                return False
        if typed:
            known[name] = with_given(reading.of(name, own[name]), own[name])
    return False


def _lies(reading: Reading, name: str, turned: Any) -> bool:
    """Whether an answer has the turned shape, and it alone."""
    upright = reading.of(name, np.swapaxes(turned, -1, -2))
    return upright.wrong_shape is not None and reading.of(name, turned).wrong_shape is None


def _likeliest_first(
    every: list[Way], task: Task, reading: Reading, report: Report, values_by: Callable[[Way], dict[str, Any]]
) -> list[Way]:
    """Those by which less of a program is wrong before others: where nothing is, no other is marked by."""
    if not reading.is_a_programs:
        return every
    met = [way for way in every if reading.may_write(way.found) and _is_met(way, report, reading, values_by)]
    return sorted(met, key=lambda way: len(_for_sure(way, task, reading, report)[0]))


def _is_hopeless(way: Way, task: Task, reading: Reading, before: Report, least: int) -> bool:
    """Whether more of a program is wrong by the convention, and it resolves nothing: see `resolves`."""
    if not reading.is_a_programs:
        return False
    wrong, at_odds = _for_sure(way, task, reading, before)
    if len(wrong) <= least:
        return False
    right = {one for one in before if before[one].verdict in RIGHT}
    entering = way.begun_in(task.derivation)
    return at_odds or not wrong.isdisjoint(right.union(entering)) or not reading.at_odds(task, before)


def _for_sure(way: Way, task: Task, reading: Reading, before: Report) -> tuple[set[str], bool]:
    """What `_found_wrong` says; of one program, its report is always the same."""
    if way not in reading.wrong_by:
        reading.wrong_by[way] = _found_wrong(way, task, reading, before)
    return reading.wrong_by[way]


def _found_wrong(way: Way, task: Task, reading: Reading, before: Report) -> tuple[set[str], bool]:
    """The steps that are wrong by the convention for sure, and whether such a one contradicts what is right.

    What stands in the program is taken back to what the solution has in its place, and held against that and what
    follows from it, about: what is no multiple of either is wrong.
    """
    own, wrong, derived, at_odds = dict(task.values), set[str](), set[str](), False
    told = {one for one in before if before[one].verdict == Verdict.CORRECT.word and not way.found.written_otherwise}
    for equation in task.derivation.equations:
        name, right = equation.name, task.values[equation.name]
        made_of = [one.name for one in names_in(equation.expression)]
        moved = any(own[one] is not task.values[one] for one in made_of)
        form = way.found.forms.get(name)
        like = np.empty(form.shape(np.shape(right))) if form is not None else right
        if name not in reading.typed or not (answer := reading.of(name, like)).given.all():
            own[name] = _worked_out(equation.expression, own) if moved else right
            derived |= {name} if moved else set()
            continue
        value = np.asarray(with_given(answer, like))
        value = value if form is None else form.undone_of(value, own)
        forms = (equation.expression, *equivalents(equation, task.context)) if moved else ()
        if not _is_about(value, right) and not any(_is_about(value, _worked_out(one, own)) for one in forms):
            wrong.add(name)
        elif form is None and name in told:
            sure = wrong.intersection(made_of, before) and derived.isdisjoint(made_of)
            at_odds = at_odds or bool(sure and not _is_about(value, _worked_out(equation.expression, own)))
        own[name] = right if _is_about(value, right) else value
    return wrong, at_odds


def _worked_out(expression: Expression, values: Mapping[str, Any]) -> Any:
    with np.errstate(all="ignore"):
        return evaluate(expression, values)


def _is_about(value: Any, right: Any) -> bool:
    with np.errstate(all="ignore"):
        room = _ABOUT * np.max(np.abs(right), initial=0.0) + 1e-10
        return np.shape(value) == np.shape(right) and not np.any(np.abs(value - right) > room)


def _may_follow(way: Way, reading: Reading, own: Mapping[str, Any]) -> bool:
    """Whether a step that the convention leaves as it is follows from what was typed before it, and else does not."""
    reached = {name for name in way.found.forms if reading.has(name, own[name])}
    values = dict(own)
    for equation in way.showing:
        names = [name.name for name in names_in(equation.expression)]
        typed = reading.has(equation.name, own[equation.name])
        if not reached.intersection(names) or (typed and equation.name in way.kept):
            continue
        known = {name: own_value(name, reading, values) for name in names}
        with np.errstate(all="ignore"):
            value = evaluate(equation.expression, known)
        if not typed:
            reached.add(equation.name)
            values[equation.name] = value
            continue
        answer = reading.of(equation.name, own[equation.name])
        plain = way.before.derivation[equation.name].expression
        if is_near(answer, value):
            return True
        if any(form.turned for form in way.found.forms.values()):
            continue
        with np.errstate(all="ignore"):
            plainly = evaluate(plain, {name.name: own_value(name.name, reading, own) for name in names_in(plain)})
        if _distance(answer, value) < _MUCH_NEARER * _distance(answer, plainly):
            return True
    return False


def _distance(answer: Answer, value: Any) -> float:
    value = laid(value, np.shape(value))
    with np.errstate(invalid="ignore"):
        apart = np.maximum(np.maximum(answer.low - value, value - answer.high), 0.0)
    return float(np.max(np.where(answer.given & np.isfinite(apart), apart, 0.0)))


def _is_shown(way: Way, report: Report, changed: Collection[str], before: Report) -> bool:
    """Whether what the convention changes is right by it, and something that it leaves as it is follows from that.

    What is about the same by another way of writing it shows by itself: no accident has all the digits.
    """
    forms = way.found.forms
    if way.found.written_otherwise:
        if not any(report[name].verdict in RIGHT for name in before.wrong):
            return False
        if way.found.is_a_writing:
            return True
    concerned = {name for name in changed if name in report and report[name].verdict in ACCEPTED}
    if not concerned or any(report[name].verdict in BAD for name in way.entering if name in report):
        return False
    matrices = [name for name in concerned if 1 not in way.derivation[name].expression.shape]
    if way.found.throughout and len(matrices) > 1 and not set(report.wrong) & set(forms):
        return any(way.derivation[name].derivative is None for name in matrices)
    return any(
        result.verdict in ACCEPTED and result.name not in way.kept and concerned & set(sources)
        for result, sources in _with_sources(report, way.derivation)
    )


def _with_sources(report: Report, derivation: Derivation) -> Iterator[tuple[Result, set[str]]]:
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


def in_convention(again: Report, way: Found, before: Report, by: Task) -> Report:
    """The report with the convention named: before all, and at every step that is not as in the solution."""
    language = before.language
    words = way.words(language)
    results = {
        name: replace(result, message=say(language, "convention.step", said=result.message, words=words))
        if name in way.forms and result.verdict in ACCEPTED
        else result
        for name, result in again.items()
    }
    note = Text.of("convention.note", words=words)
    return Report(results, again.unused, again.follows, before.notes, language=language, by=again.by or by).noting(
        [note]
    )
