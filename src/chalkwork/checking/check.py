"""Answers, from what was typed to the reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from chalkwork.checking.adopting import adopted
from chalkwork.checking.answers import Answer, is_array, read_again, read_answer, refused, rounded_alike
from chalkwork.checking.augmented import taken_apart as taken_apart_biases
from chalkwork.checking.consequences import name_by_consequence
from chalkwork.checking.contradicted import without_contradicted
from chalkwork.checking.data import on_own_data
from chalkwork.checking.digits import Digits
from chalkwork.checking.doubtful import thousands_in
from chalkwork.checking.gathering import gathered
from chalkwork.checking.held import held
from chalkwork.checking.holding import laid_out, laid_variables
from chalkwork.checking.laid import laid, laid_shape
from chalkwork.checking.lines import with_lines
from chalkwork.checking.marking import Answers, GoingOn, Marked, mark
from chalkwork.checking.mistakes import Context, context_of
from chalkwork.checking.names import NameTable, longest, match_names
from chalkwork.checking.placed import Recorded
from chalkwork.checking.programs import Reader
from chalkwork.checking.recorded import recorded
from chalkwork.checking.recording import Made, Recording
from chalkwork.checking.repairing.rerunning import Rerun
from chalkwork.checking.repeated import in_every_step
from chalkwork.checking.report import Report, results_of
from chalkwork.checking.seen import seen_in
from chalkwork.checking.suspecting import MOST_AT_ONCE
from chalkwork.checking.totals import with_totals
from chalkwork.checking.turned import on_turned_weights
from chalkwork.checking.variables import is_program
from chalkwork.checking.versions import Words
from chalkwork.derivation.derivation import Derivation
from chalkwork.errors import ChalkworkError
from chalkwork.typesetting.symbols import Symbols
from chalkwork.words import ENGLISH, LANGUAGES, Said, Text, written


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
    shapes = derivation.shapes()
    context = context_of(derivation, sample_axis)
    table = NameTable(list(derivation), symbols)
    programs = [place for place, one in enumerate(given) if is_program(one)]
    times = longest(derivation)
    records = {place: one for place, one in enumerate(given) if isinstance(one, Recording)}
    written_so = {place: set(given[place]) for place in programs}
    handed = list(given)
    runs: dict[int, Words] = {}
    still: dict[int, Mapping[str, Made]] = {}
    notes: dict[int, list[Text]] = {}
    reader = Reader(table, symbols, values, context) if programs else None
    for place in programs:
        assert reader is not None
        if place in records:
            laid_so = laid_out(reader, records[place].places, recorded=True)
            runs[place] = laid_so.beside(records[place].words(symbols.layers, times, laid_so.instead))
            handed[place] = {word: made[-1].value for word, made in runs[place].items()}
            still[place], notes[place] = laid_so.still, laid_so.notes
        else:
            handed[place], notes[place] = laid_variables(reader, given[place], names or {}, symbols.layers, times)
    together = [gathered(one, table, shapes, names) for one in handed]
    given = [one for one, _ in together]
    matches = _matched(table, given, names)
    typed = [_by_known(one, matched) for one, (matched, _) in zip(given, matches, strict=True)]
    nothing: dict[str, object] = {}
    unused, data = [], []
    for words, (_, apart), (_, why) in zip(given, together, matches, strict=True):
        unused.append({word: written(reason, language) for word, reason in {**apart, **why}.items()})
        data.append(_data_in(words, unused[-1], derivation, symbols) if unused[-1] else nothing)
    made: dict[int, Recorded] = {}
    guessed: dict[int, set[str]] = {}
    named: dict[int, set[str]] = {}
    for place in programs:
        assert reader is not None
        if place in runs:
            one = made[place] = recorded(reader, runs[place], Rerun(records[place]), *matches[place], still[place])
            typed[place], data[place], guessed[place] = one.names.steps, one.names.data, one.names.guessed
            unused[place] = {word: written(why, language) for word, why in one.names.unused.items()}
            clear = {name for name in runs[place] if name in typed[place] and reader.fits(typed[place][name], name)}
            named[place] = guessed[place] | (typed[place].keys() - reader.updates - clear)
            continue
        free = {word: reader.upright(one) for word, one in given[place].items() if word not in (names or {})}
        meant = {word: known for word, known in matches[place][0].items() if word in (names or {})}
        reasons = {**together[place][1], **matches[place][1]}
        found = reader.names(free, matches[place][0], reasons)
        name_by_consequence(reader, found, free)
        typed[place] = {**found.steps, **{known: given[place][word] for word, known in meant.items()}}
        said = {word: written(why, language) for word, why in found.unused.items()}
        data[place], unused[place] = found.data, said
        notes[place] += found.notes
        known = {id(given[place][word]) for word in (*matches[place][0], *derivation) if word in given[place]}
        guessed[place] = {name for name, value in found.steps.items() if id(value) not in known}
        named[place] = guessed[place] | (found.steps.keys() - meant.values() - reader.updates - written_so[place])
    task = Task(derivation, values, context, tuple(asked), digits or Digits(), tolerance, follows, language)
    reports = task.adopted(typed, unused, conventions)
    for place in programs:
        reports[place] = on_turned_weights(task, typed[place], data[place], reports[place], conventions)
        if place not in runs:
            reports[place] = in_every_step(task, typed[place], reports[place])
        doubted = named.get(place, guessed[place])
        reports[place] = without_contradicted(task, typed[place], doubted, guessed[place], reports[place], conventions)
        reports[place] = _with_held(
            task, typed[place], given[place], made.get(place), runs.get(place, {}), reports[place], conventions
        )
    reports = on_own_data(task, typed, data, reports) if any(data) else reports
    for place in programs:
        reports[place] = with_totals(task, typed[place], reports[place])
    reports = [seen_in(task, one, report) for one, report in zip(typed, reports, strict=True)]
    for place, one in made.items():
        reports[place] = with_lines(reports[place], records[place], one, task)
    for place, told in notes.items():
        reports[place] = reports[place].noting(told) if told else reports[place]
    return reports


def _by_known(given: Mapping[str, object], matched: Mapping[str, str]) -> dict[str, object]:
    """What was given by the names of the derivation."""
    if isinstance(given, dict) and list(given) == list(matched.values()):
        return given
    return {known: given[word] for word, known in matched.items()}


def _with_held(
    task: Task,
    typed: dict[str, object],
    given: Mapping[str, object],
    found: Recorded | None,
    run: Words,
    report: Report,
    conventions: Sequence[str],
) -> Report:
    """The report with the step left open in which a mistake is told, if the program has that."""
    steps = {id(value) for value in typed.values()}
    made = [one for versions in run.values() for one in versions if one.line is not None and id(one.value) not in steps]
    values = [one.value for one in made] if found else [one for one in given.values() if id(one) not in steps]
    one = held(task, typed, values, report)
    if one is None:
        return report
    name, place = one
    typed[name] = values[place]
    if found is not None:
        found.makers[name] = made[place]
        found.loose = [other for other in found.loose if other.order != made[place].order]
    unused = {word: why for word, why in report.unused.items() if given.get(word) is not values[place]}
    return task.adopted([typed], [unused], conventions)[0]


def _data_in(
    given: Mapping[str, object], refused: dict[str, str], derivation: Derivation, symbols: Symbols
) -> dict[str, object]:
    """What was handed in for the givens, by their names; these are no longer refused."""
    words, _ = match_names(list(refused), [name.name for name in derivation.givens], symbols)
    for word in words:
        del refused[word]
    return {name: given[word] for word, name in words.items() if word in given}


@dataclass(frozen=True)
class Task:
    """What hand-ins are held against, and how."""

    derivation: Derivation
    values: Mapping[str, Any]
    context: Context
    asked: tuple[str, ...]
    digits: Digits
    tolerance: float
    follows: Fraction
    language: str = ENGLISH
    read: dict[tuple[object, ...], dict[str, Answer]] = field(default_factory=dict)
    """What was read already, by the hand-in and the shapes: by another convention it is the same."""

    @cached_property
    def _shapes(self) -> Mapping[str, tuple[int, ...]]:
        return self.derivation.shapes()

    def adopted(
        self,
        typed: Sequence[Mapping[str, object]],
        unused: Sequence[Mapping[str, str]],
        conventions: Sequence[str] = (),
    ) -> list[Report]:
        """The reports, by another convention for those who have one."""
        return adopted(self, typed, self.reports(typed, unused), conventions)

    def reports(
        self,
        typed: Sequence[Mapping[str, object]],
        unused: Sequence[Mapping[str, str]],
        *,
        most: int = MOST_AT_ONCE,
        going_on: GoingOn | None = None,
    ) -> list[Report]:
        """The reports on what was typed, by the names of the derivation; see `mark`."""
        shapes, answers = self._shapes, list(map(self.answers, typed))
        apart = [
            taken_apart_biases(one, shapes, self.values)
            if any(answer.as_given is not None for answer in one.values())
            else (one, [])
            for one in answers
        ]
        answers = [one for one, _ in apart]
        answered = [name for name in self.derivation if any(name in one for one in answers)]
        stacked = {
            name: Answers.stacked([one.get(name) for one in answers], laid_shape(shapes[name])).within(self.tolerance)
            for name in answered
        }
        wanted = list(self.asked) or answered
        marked = mark(
            self.derivation, self.values, stacked, wanted, self.context, len(typed), self.digits,
            most=most, going_on=going_on,
        )  # fmt: skip
        reports = reports_of(marked, answers, typed, unused, self.digits, self.follows, self.language)
        return [report.noting(said) if said else report for report, (_, said) in zip(reports, apart, strict=True)]

    def biases_apart(self, typed: Mapping[str, object]) -> dict[str, Answer]:
        """The answers that hold a bias as a further row of the weights, taken apart."""
        answers = self.answers(typed)
        if all(answer.as_given is None for answer in answers.values()):
            return {}
        apart, _ = taken_apart_biases(answers, self._shapes, self.values)
        return {name: one for name, one in apart.items() if one is not answers.get(name)}

    def answers(self, typed: Mapping[str, object]) -> dict[str, Answer]:
        """What was typed, read."""
        shapes = self._shapes
        key = (id(typed), *((name, shapes[name]) for name in typed))
        if key not in self.read:
            comma = LANGUAGES[self.language].decimal_comma
            self.read[key] = _read_all(typed, shapes, self.digits.decimals, comma, self.values)
        return self.read[key]


def _matched(
    table: NameTable, given: Sequence[Mapping[str, object]], names: Mapping[str, str] | None
) -> list[tuple[dict[str, str], dict[str, Text]]]:
    """What the names of every student mean; most of a class write the same."""
    known: dict[tuple[str, ...], tuple[dict[str, str], dict[str, Text]]] = {}
    for one in given:
        words = tuple(one)
        if words not in known:
            known[words] = table.match(words, names)
    return [known[tuple(one)] for one in given]


def _read_all(
    typed: Mapping[str, object],
    shapes: Mapping[str, tuple[int, ...]],
    decimals: int | None,
    comma: bool,
    values: Mapping[str, Any],
) -> dict[str, Answer]:
    """What a student typed, by the names of the derivation, read.

    Where one array or float of a hand-in has all the digits of a program, none of these was rounded, and 0.1 is 0.1,
    unless it rounds the right `values`. `1,234` is 1.234 where a decimal comma is usual (`comma`) or the hand-in has
    one elsewhere, and is refused in any other.
    """
    answers = {name: read_again(given, shapes[name], decimals) for name, given in typed.items()}
    for name, found in () if comma else thousands_in(typed).items():
        answers[name] = refused(answers[name], found)
    worked_out = [name for name, given in typed.items() if is_array(given) or isinstance(given, float)]
    if any(answers[name].unrounded for name in worked_out):
        for name in worked_out:
            given = typed[name]
            if not answers[name].computed and not _rounds(answers[name], values[name]):
                answers[name] = read_answer(given, shapes[name], decimals, whole_digits=True)
    return rounded_alike(answers) if any(answer.floats is not None for answer in answers.values()) else answers


def _rounds(answer: Answer, right: Any) -> bool:
    """Whether what was given are the right numbers with fewer digits."""
    value = laid(np.asarray(right, dtype=float), np.shape(right))
    if value.shape != answer.value.shape or not answer.given.all():
        return False
    with np.errstate(invalid="ignore"):
        near = (answer.low <= value) & (answer.high >= value)
        exact = np.abs(answer.value - value) <= 1e-12 * np.abs(value)
    return bool(near.all() and not exact.all())


def reports_of(
    marked: Mapping[str, Marked],
    answers: Sequence[Mapping[str, Answer]],
    typed: Sequence[Mapping[str, object]],
    unused: Sequence[Mapping[str, str]],
    digits: Digits,
    follows: Fraction = Fraction(1),
    language: str = ENGLISH,
) -> list[Report]:
    """The marks of every step turned into a report a student."""
    steps = {
        name: results_of(
            part,
            [given.get(name) for given in typed],
            [_said(one.get(name), part, student) for student, one in enumerate(answers)],
            digits,
            follows,
            language,
        )
        for name, part in marked.items()
    }
    return [
        Report({name: results[student] for name, results in steps.items()}, refused, follows, language=language)
        for student, refused in enumerate(unused)
    ]


def _said(answer: Answer | None, marked: Marked, student: int) -> Said:
    """What could not be read; nothing where the shape itself is the mistake."""
    if answer is None or (answer.as_given is not None and marked.mistakes[student]):
        return ""
    return answer.said
