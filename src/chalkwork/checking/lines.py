"""In which line of a recorded program a step was made, and in which it goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from chalkwork.algebra.definitions import defined
from chalkwork.algebra.expression import Application, Expression, Name, walk
from chalkwork.algebra.expression import replace as exchanged
from chalkwork.checking.judging.verdicts import Verdict
from chalkwork.checking.mistakes import equivalents
from chalkwork.checking.mistakes.errors import error_factors, slope_of
from chalkwork.checking.naming.consequences import put
from chalkwork.checking.naming.evidence import same
from chalkwork.checking.placing.placed import Recorded
from chalkwork.checking.reading.answers import answer_like, with_given
from chalkwork.checking.recording import Made, Recording
from chalkwork.checking.recording.places import is_product
from chalkwork.checking.repairing import Later, Repair, repaired
from chalkwork.checking.report import Line, Report, Result
from chalkwork.checking.reviewing.data import OTHER_DATA
from chalkwork.checking.seeing.seen import UNEXPLAINED
from chalkwork.checking.task import Task
from chalkwork.derivation.derivation import Equation
from chalkwork.derivation.evaluate import evaluate
from chalkwork.words import ENGLISH, Text, say

_RIGHT = (Verdict.CORRECT.word, Verdict.ROUNDING.word)
_MOST_SHOWN = 160
_BAD = (Verdict.MISTAKE.word, Verdict.WRONG.word)
_OF_THE_CALL = frozenset(("other-activation", "activation-forgotten"))
"""What is wrong where a function was called, and not in the function."""
_OF_THE_ARGUMENT = frozenset(("derivative-at-activation", "derivative-with-net-input", "slope-elsewhere"))
"""What is wrong with what a function was given."""
_NOT_SUMMED = "gradient-not-summed"
"""What goes wrong where one sample's is taken for that of all, which is right where it was made."""
_AXIS = "softmax-wrong-axis"
_MOST_PARTS = 60
_MOST_LOOSE = 300


def with_lines(report: Report, run: Recording, found: Recorded, task: Task) -> Report:
    """The report with the line that made each step; of the first wrong one, the line in which it goes wrong."""
    results = {}
    first = next((one.name for one in report.values() if one.verdict in _BAD and OTHER_DATA not in one.mistakes), None)
    right = {found.makers[name].order for name in found.makers if name in report and report[name].verdict not in _BAD}
    for name, result in report.items():
        made = found.makers.get(name)
        if made is None or made.line is None:
            results[name] = result
        elif name == first:
            results[name] = _first(result, made, run, found, task, right, report)
        else:
            at = _at(run, _calling(run, made) if result.verdict not in _BAD else _wrong_in(run, found, made, right))
            said = f"{_where(at, run, report.language)}: {_small(result.message)}"
            results[name] = replace(result, at=at, message=said)
    return report.having(results).noting(run.notes)


def _small(message: str) -> str:
    return message[:1].lower() + message[1:] if message.split(" ")[0].rstrip(".:") in _PLAIN else message


_PLAIN = ("Correct", "Wrong", "This")


def _first(
    result: Result, made: Made, run: Recording, found: Recorded, task: Task, right: set[int], report: Report
) -> Result:
    language = report.language
    made = made if _NOT_SUMMED in result.mistakes else _origin(made, right)
    source = _source_of(result.name, made, run.source(made.file, made.line or 0)[0], found, task)
    source = source and _origin(source, right)
    place = _wrong_in(run, found, source or made, right)
    if source is None and (_OF_THE_CALL | _OF_THE_ARGUMENT).intersection(result.mistakes):
        place = _calling(run, made)
    elif source is not None and _OF_THE_ARGUMENT.intersection(result.mistakes):
        place = _calling(run, source)
        callers = [(one.file, one.line) for one in run.called.get(place, ())]
        own = made.file, made.line or 0
        place = callers[0] if len(callers) == 1 else own if own in callers else place
    elif source is None and _AXIS in result.mistakes and "axis" in run.source(*_calling(run, made))[0]:
        place = _calling(run, made)  # the axis is an argument there
    repairs = _repairs(result.name, made, run, found, task, report)
    if repairs:
        outside = bool((_OF_THE_ARGUMENT | _OF_THE_CALL).intersection(result.mistakes))
        led = source is not None
        repair = min(repairs, key=lambda one: (outside and one.is_helper, led and one.line != place))
        place, source = repair.line, repair.source
    at = _at(run, place)
    slots = {"where": _where(at, run, language), "source": _quoted(at), "name": result.name}
    if source is not None:
        slots["makes"] = _within(_at(run, (made.file, made.line or 0)), run, language)
    said = say(language, "line.first" if source is None else "line.source", **slots)
    call = run.calls.get((source or made).order)
    more = ""
    if call is not None and place == ((source or made).file, (source or made).line) and "return " in at.source:
        by = _at(run, (call.file, call.line))
        more = f" {say(language, 'line.called', where=_within(by, run, language), source=_quoted(by))}"
    statements = repair.statements if repairs else ()
    seen = _seen(result, statements, language)
    return replace(result, at=at, message=f"{said}{more} {seen}", repair=statements)


def _seen(result: Result, statements: tuple[str, ...], language: str) -> str:
    """What is said of the step, with the statement that would be right where no entry of the table explains it."""
    if result.mistakes or not statements or len("".join(statements)) > _MOST_SHOWN:
        return result.message
    shown = Text.own("repair.statement", "`<statement>`", statement=statements[0])
    for other in statements[1:]:
        shown = Text.own("repair.or", "<one> or `<other>`", one=shown, other=other)
    words = Text.own("repair.right", "<statement> would be right", statement=shown)
    for name in UNEXPLAINED:
        if result.message.startswith(start := say(language, name)):
            return say(language, "step.seen", words=words) + result.message.removeprefix(start)
    also = Text.own("repair.also", "Here <words>.", words=words)
    return f"{result.message} {also.written(language)}"


def _repairs(name: str, made: Made, run: Recording, found: Recorded, task: Task, report: Report) -> list[Repair]:
    """The smallest edits of a line with which a step follows from what the program has before it."""
    if name not in found.makers:
        return []
    by = report.by or task
    own = {given.name: _given(given.name, found, task, by) for given in by.derivation.givens}
    with np.errstate(all="ignore"):
        following = {}
        for equation in by.derivation:
            following[equation] = evaluate(by.derivation[equation].expression, own)
            one = found.makers.get(equation)
            own[equation] = following[equation] if one is None else put(one.value, following[equation])
    goal = next((one for one in run.everything() if one.order == made.order), made)
    if goal.value.size * task.context.sizes[0] == made.value.size and task.context.samples is not None:
        following = {one: _last_sample(value, task) for one, value in following.items()}
    targets = _BySize([*following.values(), *found.between])

    def meets(target: Any, value: Any) -> bool:
        value = np.asarray(value)
        if value.dtype.kind not in "fiu":
            return False
        value, size = value.astype(made.value.dtype), np.size(target)
        if made.holds is not None and value.size == goal.value.size and size == made.value.size:
            inside, entries = made.holds
            return same(value.ravel()[inside], np.ravel(target)[entries])
        return same(value, target)

    well = {found.makers[one].order: found.makers[one] for one in found.makers if _is_right(report, one)}
    return repaired(
        run,
        goal,
        partial(meets, following[name]),
        lambda value: any(meets(target, value) for target in targets.about(value, made.value.dtype)),
        well,
        found.right,
        list(_later(name, report, found, by, following, meets)),
        task.context.sizes[0],
    )


class _BySize:
    """Values among which one is looked for again and again: most differ in their size or in their largest number."""

    def __init__(self, values: Iterable[Any]) -> None:
        self._values: dict[int, list[tuple[Any, Any, Any]]] = {}
        for value in values:
            room = 2e-5 * np.max(np.abs(value), initial=0.0) + 1e-12
            self._values.setdefault(np.size(value), []).append((value, np.max(value, initial=-np.inf), room))

    def about(self, value: Any, kept: np.dtype[Any]) -> Iterator[Any]:
        """Those that may be this value where it is `kept` as such a number."""
        value = np.asarray(value)
        most = value.max() if value.size and value.dtype.kind == kept.kind == "f" else np.nan
        for one, largest, room in self._values.get(value.size, ()):
            if not abs(largest - most) > room:
                yield one


def _origin(made: Made, right: set[int]) -> Made:
    """The value that is wrong already where a line only gives it another name."""
    while made.of is not None and made.of.line is not None and made.of.order not in right:
        made = made.of
    return made


def _later(
    name: str,
    report: Report,
    found: Recorded,
    by: Task,
    following: dict[str, Any],
    meets: Callable[[Any, Any], bool],
) -> Iterator[Later]:
    """The steps after the first wrong one that are not right, with what is right there, where that is known."""
    names = list(report)
    sure = np.shape(following[name]) == np.shape(by.values[name]) and same(following[name], by.values[name])
    for one in names[names.index(name) + 1 :] if sure else ():
        bad = report[one].verdict in _BAD
        if one in found.makers and (bad or report[one].verdict == Verdict.FOLLOWS.word):
            yield found.makers[one], partial(meets, by.values[one]), bad


def _given(name: str, found: Recorded, task: Task, by: Task) -> Any:
    """What the program has of a given, as the convention has it by which it is marked."""
    return by.values[name] if same(found.own[name], task.values[name]) else put(found.own[name], by.values[name])


def _last_sample(value: Any, task: Task) -> Any:
    """What a program that takes one sample after the other has of it last."""
    count, axis = task.context.sizes[0], task.context.samples
    able = np.ndim(value) == 2 and axis is not None and np.shape(value)[axis] == count
    return np.take(value, [-1], axis) if able else value


def _is_right(report: Report, name: str) -> bool:
    return name in report and report[name].verdict in _RIGHT


def _quoted(at: Line) -> str:
    return f": `{at.source}`" if at.source else ""


def _where(at: Line, run: Recording, language: str) -> str:
    """The line in words, with its cell in a notebook, and its file where that is another one than the block's."""
    if at.cell is not None:
        return say(language, "line.of_cell", cell=at.cell, line=at.line)
    if at.file == run.here:
        return say(language, "line.here", line=at.line)
    return say(language, "line.of_file", file=Path(at.file).name, line=at.line)


def _within(at: Line, run: Recording, language: str) -> str:
    """The same within a sentence."""
    where = _where(at, run, language)
    plain = language == ENGLISH and (at.cell is not None or at.file == run.here)
    return where[:1].lower() + where[1:] if plain else where


def _at(run: Recording, place: tuple[str, int]) -> Line:
    source, cell = run.source(*place)
    return Line(place[1], source, place[0], cell)


def _calling(run: Recording, made: Made) -> tuple[str, int]:
    """Where a value was made; where that is a helper's `return`, the call that gave it back."""
    call = run.calls.get(made.order)
    source, _ = run.source(made.file, made.line or 0)
    helper = "return " in source or "lambda" in source or not source
    return (call.file, call.line) if call and helper else (made.file, made.line or 0)


def _wrong_in(run: Recording, found: Recorded, made: Made, right: set[int]) -> tuple[str, int]:
    """Where a wrong value was made: in a function, unless that gave something right back to another call."""
    call = run.calls.get(made.order)
    for other in found.makers.values() if call else ():
        called = run.calls.get(other.order)
        same_line = other.order in right and (other.file, other.line) == (made.file, made.line)
        if same_line and call and called and called != call:
            return call.file, call.line
    if call and any(np.size(value) == made.value.size and same(made.value, value) for value in found.between):
        return call.file, call.line  # what it gives back is right, and not all that belongs there
    well = {(one.file, one.line) for one in found.makers.values() if one.order in right}
    others = {(one.file, one.line) for one in run.called.get((made.file, made.line or 0), ())}
    if call and (call.file, call.line) in others and (others - {(call.file, call.line)}) & well:
        return call.file, call.line  # called elsewhere it gave what is right
    return made.file, made.line or 0


# --- what a step is made of ------------------------------------------------------------------------------------------


def _source_of(name: str, made: Made, source: str, found: Recorded, task: Task) -> Made | None:
    """An earlier value that is wrong, and with which the step is right: the first one, or None.

    A part of the step's equation is exchanged for it; where that gives what the program has, the step itself is right.
    """
    loose = [one for one in found.loose if one.order < made.order and one.line is not None][-_MOST_LOOSE:]
    parts = list(_parts(task.derivation[name], task)) if loose else []
    with np.errstate(all="ignore"):
        values = [evaluate(part, found.own) for _, part in parts]
    up = task.context.upstream(task.derivation[name])
    known = [value for of, value in found.own.items() if of != name]
    if is_product(source):  # then a factor may be part of the right one
        known += [evaluate(up, found.own)] if up is not None else []
    else:
        known += values
    for one in dict.fromkeys(loose):
        put = [_as(one.value, value) for value in values]
        if one.of is None and any(np.size(value) == one.value.size and same(one.value, value) for value in known):
            continue
        for (form, part), given in zip(parts, put, strict=True):
            if given is None or same(given, evaluate(part, found.own)):
                continue
            with np.errstate(all="ignore"):
                result = evaluate(exchanged(form, {part: Name(_PUT, part.shape)}), {**found.own, _PUT: given})
            if np.shape(result) == np.shape(task.values[name]) and same(made.value, result):
                return one
    return None


_PUT = "a value of the program's"  # no name that is read can hold a space


def _as(given: Any, value: Any) -> Any:
    """A program's value in the shape of a part; None where it has another."""
    if np.size(given) != np.size(value):
        return None
    answer = answer_like(given, value)
    if answer.wrong_shape is not None or not answer.given.all():
        return None
    return with_given(answer, value).reshape(np.shape(value))


def _parts(equation: Equation, task: Task) -> Iterator[tuple[Expression, Expression]]:
    """Every part of an equation, in each of its right forms."""
    seen: set[tuple[Expression, Expression]] = set()
    for form in _forms(equation, task):
        for part in walk(form):
            if isinstance(part, Application) and part != form and (form, part) not in seen and len(seen) < _MOST_PARTS:
                seen.add((form, part))
                yield form, part


def _forms(equation: Equation, task: Task) -> Iterator[Expression]:
    yield equation.expression
    if isinstance(equation.expression, Application) and (written := defined(equation.expression)) is not None:
        yield written
    yield from equivalents(equation, task.context)
    factors = error_factors(equation, task.context)
    slope = slope_of(factors[0]) if factors is not None else None
    if factors is not None and slope is not None and slope.shape == factors[1].shape:
        yield factors[1] * slope
