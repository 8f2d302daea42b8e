"""Reports by another convention, for those whose work shows that they have it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from functools import cached_property
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression, names_in
from chalkwork.checking.judging.verdicts import ACCEPTED, BAD, RIGHT, Verdict
from chalkwork.checking.mistakes import equivalents
from chalkwork.checking.mistakes.structure import updated_parameter
from chalkwork.checking.naming.evidence import tells
from chalkwork.checking.reading.answers import Answer, answer_like, with_given
from chalkwork.checking.reading.laid import laid
from chalkwork.checking.report import Report, Result
from chalkwork.checking.reporting import reports_on
from chalkwork.checking.reviewing.conventions import TABLE, Found
from chalkwork.checking.reviewing.ways import Way, ways
from chalkwork.checking.seeing.seen import UNEXPLAINED, seen_in
from chalkwork.checking.task import Task
from chalkwork.derivation.derivation import Derivation, Stage
from chalkwork.derivation.evaluate import evaluate
from chalkwork.errors import ChalkworkError
from chalkwork.words import Text, say

_SAME = 1e-9
"""How far, as a part of the largest number, what is the same can be apart."""
_ABOUT = 1e-4
"""The same for what a program can have made of it in single precision."""
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
    for way in ways(task.context, tuple(declared)) if open_ else ():
        own = way.values(task.values)
        changed = {name for name in way.found.forms if not np.array_equal(own[name], task.values[name])}
        met = [place for place in open_ if declared or _is_met(way, reports[place], reading[place], own)]
        met = [place for place in met
               if declared or not _is_hopeless(way, task, reading[place], reports[place], least[place][0])]  # fmt: skip
        follow = {
            place for place in met if declared or way.found.shows_by_itself or _may_follow(way, reading[place], own)
        }
        able = [place for place in met if place in follow or reading[place].is_a_programs]
        if not able:
            continue
        other = replace(task, derivation=way.derivation, context=way.context, values=own)
        apart = [reports[place].unused for place in able]
        quick = reports_on(other, [typed[place] for place in able], apart, explain=False)
        for place, report in zip(able, quick, strict=True):
            wrong = count_of_wrong(report)
            first = declared and place not in chosen and found[place] is reports[place]
            shown = declared or (place in follow and _is_shown(way, report, changed, reports[place]))
            if not (shown or first) and wrong[0] and wrong < least[place]:
                shown = _is_simpler(way, other, typed[place], reports[place], changed)
            fewer = shown and wrong < least[place]
            able_to = not (fewer or declared or place in resolved) and wrong[0] and reading[place].is_a_programs
            if able_to and _resolves(way, task, other, reading[place], reports[place], report):
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


class Reading:
    """What one student typed, read in the shapes that are asked for, each once."""

    def __init__(self, task: Task, typed: Mapping[str, object], wrong: Collection[str]) -> None:
        self.typed = typed
        self.apart = task.biases_apart(typed)
        """Weights and biases that were one matrix."""
        self.misshapen = {name for name, one in task.answers(typed).items() if one.wrong_shape is not None}
        """What has another shape than the solution's."""
        self.wrong = wrong
        """The steps that are wrong by the solution's conventions."""
        self._known: dict[tuple[str, tuple[int, ...]], Answer] = {}
        self._at_odds: bool | None = None

    def of(self, name: str, like: Any) -> Answer:
        """The answer in the shape of a value."""
        shape = np.shape(like)
        if name in self.apart and self.apart[name].value.shape == laid(np.asarray(like), shape).shape:
            return self.apart[name]
        if (name, shape) not in self._known:
            self._known[name, shape] = answer_like(self.typed.get(name), like)
        return self._known[name, shape]

    @cached_property
    def is_a_programs(self) -> bool:
        """Whether it has arrays with all their digits."""
        return any(tells(given) and hasattr(given, "dtype") for given in self.typed.values())

    def at_odds(self, task: Task, report: Report) -> bool:
        """Whether right steps contradict wrong ones; the report is always the same."""
        if self._at_odds is None:
            self._at_odds = bool(_contradictions(task, self, report))
        return self._at_odds

    def has(self, name: str, like: Any) -> bool:
        """Whether there is a number in it."""
        return (name in self.typed or name in self.apart) and bool(self.of(name, like).given.any())


def count_of_wrong(report: Report) -> tuple[int, int]:
    """How many steps are wrong, and how many more only follow from what is."""
    words = [result.verdict for result in report.values()]
    return sum(map(words.count, BAD)), words.count(Verdict.FOLLOWS.word)


def _is_met(way: Way, report: Report, reading: Reading, own: Mapping[str, Any]) -> bool:
    """Whether it is worth marking by the convention: wrong steps have its values, or look like it."""
    forms, typed = way.found.forms, reading.typed
    if way.found.written_otherwise and not _is_written_so(way, reading, own):
        return False
    if way.kept.isdisjoint(reading.wrong) and not way.found.is_of_updates:
        return False
    turned = [name for name, form in forms.items() if form.turned and name in typed and 1 not in own[name].shape[-2:]]
    if any(name not in reading.misshapen and len({*own[name].shape}) == own[name].ndim == 2 for name in turned):
        return False
    if not all(_is_near(reading.of(name, own[name]), own[name]) or _lies(reading, name, own[name]) for name in turned):
        return False
    met = way.found.is_of_updates
    for name in reading.wrong:
        if name in way.first_showing:
            met = met or bool(way.found.taken_for.intersection(report[name].mistakes))
        if name in forms:
            alike = way.found.taken_for.intersection(report[name].mistakes)
            met = met or bool(alike) or _is_near(reading.of(name, own[name]), own[name])
    return met and (len(turned) > 1 or not any(form.turned for form in forms.values()))


def _is_written_so(way: Way, reading: Reading, own: Mapping[str, Any]) -> bool:
    """Whether a wrong update is the convention's, of what was typed before it."""
    known = dict(own)
    for equation in way.derivation.equations:
        name, typed = equation.name, reading.has(equation.name, own[equation.name])
        if equation.stage == Stage.UPDATE:
            known[name] = _worked_out(equation.expression, known)
            if typed and name in reading.wrong and _is_near(reading.of(name, own[name]), known[name]):
                return True
        if typed:
            known[name] = with_given(reading.of(name, own[name]), own[name])
    return False


def _lies(reading: Reading, name: str, turned: Any) -> bool:
    """Whether an answer has the turned shape, and it alone."""
    upright = reading.of(name, np.swapaxes(turned, -1, -2))
    return upright.wrong_shape is not None and reading.of(name, turned).wrong_shape is None


def _is_hopeless(way: Way, task: Task, reading: Reading, before: Report, least: int) -> bool:
    """Whether more of a program is wrong by the convention, and it resolves nothing: see `_resolves`.

    What stands in the program is taken back to what the solution has in its place, and held against that and what
    follows from it, about: what is no multiple of either is wrong for sure.
    """
    if not reading.is_a_programs:
        return False
    own, wrong = dict(task.values), set()
    for equation in task.derivation.equations:
        name, right = equation.name, task.values[equation.name]
        moved = any(own[one.name] is not task.values[one.name] for one in names_in(equation.expression))
        form = way.found.forms.get(name)
        like = np.empty(form.shape(np.shape(right))) if form is not None else right
        if name not in reading.typed or not (answer := reading.of(name, like)).given.all():
            own[name] = _worked_out(equation.expression, own) if moved else right
            continue
        value = np.asarray(with_given(answer, like))
        value = value if form is None else form.undone_of(value, own)
        forms = (equation.expression, *equivalents(equation, task.context)) if moved else ()
        if not _is_about(value, right) and not any(_is_about(value, _worked_out(one, own)) for one in forms):
            wrong.add(name)
        own[name] = right if _is_about(value, right) else value
    if len(wrong) <= least:
        return False
    right = {one for one in before if before[one].verdict in RIGHT}
    return not wrong.isdisjoint(right.union(way.begun_in(task.derivation))) or not reading.at_odds(task, before)


def _worked_out(expression: Expression, values: Mapping[str, Any]) -> Any:
    with np.errstate(all="ignore"):
        return evaluate(expression, values)


def _is_about(value: Any, right: Any) -> bool:
    with np.errstate(all="ignore"):
        room = _ABOUT * np.max(np.abs(right), initial=0.0) + 1e-10
        return np.shape(value) == np.shape(right) and not np.any(np.abs(value - right) > room)


def _is_simpler(way: Way, other: Task, typed: Mapping[str, object], before: Report, changed: Collection[str]) -> bool:
    """Whether one mistake in one step is left by the convention, in a step that no single mistake explains without it.

    Who writes y minus the output and squares the learning rate has not made two mistakes that nearly make up for each
    other; nor has who divides the sums by something else, wherever that is.
    """
    report = seen_in(other, typed, reports_on(other, [typed], [before.unused])[0])
    bad = report.wrong
    entering = [name for name in way.entering if name in report]
    if _is_of_the_velocity(way, report, before) or _follow_by_it(way, report, before, entering):
        return True
    if not entering or any(report[name].verdict not in ACCEPTED or name not in changed for name in entering):
        return False
    left = {(report[name].mistakes, report[name].together, report[name].message) for name in bad}
    scaled = all(before[name].mistakes and way.found.taken_for.issuperset(before[name].mistakes) for name in entering)
    unsaid = {say(report.language, sentence) for sentence in UNEXPLAINED}
    told = [(bool(ids) or (scaled and said not in unsaid)) and not together for ids, together, said in left]
    return (
        told == [True]
        and set(bad) <= set(before.wrong)
        and all(
            before[name].mistakes == report[name].mistakes or _goes_along(name, way, other, typed, before)
            for name in bad
        )
    )


def _follow_by_it(way: Way, report: Report, before: Report, entering: Collection[str]) -> bool:
    """Whether one mistake where the convention comes in is all, and much that is wrong without it follows.

    Who has the convention does not make the mistake there that it looks like.
    """
    bad = report.wrong
    told = report[bad[0]].mistakes
    begun = bad[0] in (entering or way.kept) and way.found.taken_for.isdisjoint(told)
    if not (begun and told) or any(report[name].mistakes != told or report[name].together for name in bad):
        return False
    return len([name for name in before.wrong if report[name].verdict == Verdict.FOLLOWS.word]) > 1


def _resolves(way: Way, task: Task, other: Task, reading: Reading, before: Report, quick: Report) -> bool:
    """Whether right steps contradict wrong ones before, none in the `quick` report by it, and one mistake is left."""
    entering = [name for name in way.entering if name in quick]
    well = bool(entering) and all(quick[name].verdict in ACCEPTED for name in entering)
    if not well or any(before[name].verdict in RIGHT for name in quick.wrong):
        return False
    if not reading.at_odds(task, before) or _contradictions(other, reading, quick):
        return False
    report = reports_on(other, [reading.typed], [before.unused])[0]
    left = [report[name] for name in report.wrong]
    one = bool(left) and bool(set.intersection(*(set(result.mistakes) for result in left)))
    return one and not any(result.together for result in left)


def _contradictions(task: Task, reading: Reading, report: Report) -> list[str]:
    """The right steps that are made of wrong ones, and do not follow from those."""
    bad = {name for name, result in report.items() if result.verdict not in RIGHT}
    found = []
    for name in report.keys() - bad:
        made_of = [one.name for one in names_in(task.derivation[name].expression)]
        if bad.intersection(made_of):
            own = {one: _own_value(one, reading, task.values) for one in made_of}
            with np.errstate(all="ignore"):
                value = evaluate(task.derivation[name].expression, own)
            if not _is_near(reading.of(name, task.values[name]), value):
                found.append(name)
    return found


def _is_of_the_velocity(way: Way, report: Report, before: Report) -> bool:
    """Whether the rate stands in the velocity, and one mistake is left: its sign, or a step taken the other way.

    Without the convention both the velocity and the step are wrong.
    """
    bad = report.wrong
    ids = {report[name].mistakes for name in bad}
    alone = [one.id for one in way.found.conventions] == ["rate-in-velocity"] and {*bad} < {*before.wrong}
    return alone and ids in ({("velocity-sign",)}, {("step-subtracted",)})


def _goes_along(name: str, way: Way, other: Task, typed: Mapping[str, object], before: Report) -> bool:
    """Whether a wrong step goes the convention's way: an update so directed; any other has no reason without it, or
    one that the convention looks like.
    """
    equation = other.derivation[name]
    old = updated_parameter(equation) if equation.stage == Stage.UPDATE else None
    if old is None:
        return before[name].together or way.found.taken_for.issuperset(before[name].mistakes)
    start, right = (np.asarray(other.values[one], dtype=float) for one in (old.name, name))
    answer = Reading(other, typed, ()).of(name, right)
    if answer.wrong_shape is not None or not answer.given.all():
        return False
    return bool(np.sum((with_given(answer, right) - start) * (right - start)) > 0)


def _is_near(answer: Answer, value: Any) -> bool:
    value = laid(np.asarray(value), np.shape(value))
    room = _SAME * np.max(np.abs(value), initial=0.0) + 1e-12
    with np.errstate(invalid="ignore"):
        met = (answer.low <= value + room) & (answer.high >= value - room)
    return bool(answer.given.any() and np.all(met | ~answer.given))


def _may_follow(way: Way, reading: Reading, own: Mapping[str, Any]) -> bool:
    """Whether a step that the convention leaves as it is follows from what was typed before it, and else does not."""
    reached = {name for name in way.found.forms if reading.has(name, own[name])}
    values = dict(own)
    for equation in way.showing:
        names = [name.name for name in names_in(equation.expression)]
        if not reached.intersection(names):
            continue
        known = {name: _own_value(name, reading, values) for name in names}
        with np.errstate(all="ignore"):
            value = evaluate(equation.expression, known)
        if not reading.has(equation.name, own[equation.name]):
            reached.add(equation.name)
            values[equation.name] = value
            continue
        answer = reading.of(equation.name, own[equation.name])
        plain = way.before.derivation[equation.name].expression
        if _is_near(answer, value):
            return True
        if any(form.turned for form in way.found.forms.values()):
            continue
        with np.errstate(all="ignore"):
            plainly = evaluate(plain, {name.name: _own_value(name.name, reading, own) for name in names_in(plain)})
        if _distance(answer, value) < _MUCH_NEARER * _distance(answer, plainly):
            return True
    return False


def _distance(answer: Answer, value: Any) -> float:
    value = laid(value, np.shape(value))
    with np.errstate(invalid="ignore"):
        apart = np.maximum(np.maximum(answer.low - value, value - answer.high), 0.0)
    return float(np.max(np.where(answer.given & np.isfinite(apart), apart, 0.0)))


def _own_value(name: str, reading: Reading, values: Mapping[str, Any]) -> Any:
    if not reading.has(name, values[name]):
        return values[name]
    return with_given(reading.of(name, values[name]), values[name])


def _is_shown(way: Way, report: Report, changed: Collection[str], before: Report) -> bool:
    """Whether what the convention changes is right by it, and something that it leaves as it is follows from that.

    What is about the same by another way of writing it shows by itself: no accident has all the digits.
    """
    forms = way.found.forms
    if way.found.written_otherwise:
        if not any(report[name].verdict in RIGHT for name in before.wrong):
            return False
        if way.found.is_of_updates:
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
