"""Answers, from what was typed to the reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from chalkwork.checking.answers import Answer, is_array, read_answer, rounded_alike
from chalkwork.checking.digits import Digits
from chalkwork.checking.gathering import gathered
from chalkwork.checking.laid import laid_shape
from chalkwork.checking.marking import Answers, Marked, mark
from chalkwork.checking.mistakes import context_of
from chalkwork.checking.names import NameTable
from chalkwork.checking.report import Report, results_of
from chalkwork.derivation.derivation import Derivation
from chalkwork.errors import ChalkworkError
from chalkwork.typesetting.symbols import Symbols
from chalkwork.words import ENGLISH, Said, Text, written


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
) -> list[Report]:
    """The reports on the answers of many students, every equation worked out once for all of them.

    Each of `given` maps names as the student wrote them to what was typed; `names` says which is which where a
    guess would be ambiguous. Marked are the `asked` names, or all that anybody answered. `digits` are those that are
    asked. Every number may be off by `tolerance`, besides what its digits leave open. A right step that goes on from a
    wrong value earns the part `follows`. Raises ChalkworkError for a name in `asked` or `names` that the
    derivation does not have, or a tolerance that is no number from 0 on.
    """
    for name in asked:
        if name not in derivation:
            steps = ", ".join(derivation)
            raise ChalkworkError(f"{name} is not a step of this solution", hint=f"its steps are {steps}")
    if not 0 <= tolerance < float("inf"):
        raise ChalkworkError(f"a tolerance is a number from 0 on, not {tolerance!r}")
    shapes = derivation.shapes()
    table = NameTable(list(derivation), symbols)
    together = [gathered(one, table, shapes, names) for one in given]
    given = [one for one, _ in together]
    matches = _matched(table, given, names)
    typed = [
        {known: one[word] for word, known in matched.items()} for one, (matched, _) in zip(given, matches, strict=True)
    ]
    digits = digits or Digits()
    answers = answers_of(typed, shapes, digits.decimals)
    answered = [name for name in derivation if any(name in one for one in answers)]
    stacked = {
        name: Answers.stacked([one.get(name) for one in answers], laid_shape(shapes[name])).within(tolerance)
        for name in answered
    }
    wanted = list(asked) or answered
    marked = mark(derivation, values, stacked, wanted, context_of(derivation, sample_axis), len(given), digits)
    own = {given.name for given in derivation.givens}
    unused = [
        {word: written(reason, language) for word, reason in {**apart, **refused}.items() if word not in own}
        for (_, apart), (_, refused) in zip(together, matches, strict=True)
    ]
    return reports_of(marked, answers, typed, unused, digits, follows, language)


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


def answers_of(
    typed: Sequence[Mapping[str, object]], shapes: Mapping[str, tuple[int, ...]], decimals: int | None
) -> list[dict[str, Answer]]:
    """What every student typed, by the names of the derivation, read.

    Where one array of a hand-in has all the digits of a program, none of its arrays was rounded: 0.1 is 0.1.
    """
    return [_read_all(one, shapes, decimals) for one in typed]


def _read_all(
    typed: Mapping[str, object], shapes: Mapping[str, tuple[int, ...]], decimals: int | None
) -> dict[str, Answer]:
    answers = {name: read_answer(given, shapes[name], decimals) for name, given in typed.items()}
    if any(answer.unrounded and is_array(typed[name]) for name, answer in answers.items()):
        for name, given in typed.items():
            if is_array(given) and not answers[name].computed:
                answers[name] = read_answer(given, shapes[name], decimals, whole_digits=True)
    return rounded_alike(answers) if any(answer.floats is not None for answer in answers.values()) else answers


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
