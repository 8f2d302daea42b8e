"""Answers, from what was typed to the reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chalkwork.checking.answers import Answer, read_answer
from chalkwork.checking.marking import Answers, Marked, mark
from chalkwork.checking.mistakes import context_of
from chalkwork.checking.names import NameTable
from chalkwork.checking.report import Report, result_of
from chalkwork.derivation.derivation import Derivation
from chalkwork.errors import ChalkworkError
from chalkwork.typesetting.symbols import Symbols


def check(
    derivation: Derivation,
    values: Mapping[str, Any],
    given: Mapping[str, object],
    symbols: Symbols,
    *,
    asked: Sequence[str] = (),
    names: Mapping[str, str] | None = None,
    decimals: int | None = None,
    sample_axis: int | None = None,
) -> Report:
    """The report on one student's answers: `check_class` for one."""
    reports = check_class(
        derivation,
        values,
        [given],
        symbols,
        asked=asked,
        names=names,
        decimals=decimals,
        sample_axis=sample_axis,
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
    decimals: int | None = None,
    sample_axis: int | None = None,
) -> list[Report]:
    """The reports on the answers of many students, every equation worked out once for all of them.

    Each of `given` maps names as the student wrote them to what was typed; `names` says which is which where a
    guess would be ambiguous. Marked are the `asked` names, or all that anybody answered. Raises ChalkworkError for a
    name in `asked` or `names` that the derivation does not have.
    """
    for name in asked:
        if name not in derivation:
            steps = ", ".join(derivation)
            raise ChalkworkError(f"{name} is not a step of this solution", hint=f"its steps are {steps}")
    shapes = derivation.shapes()
    table = NameTable(list(derivation), symbols)
    matches = [table.match(list(one), names) for one in given]
    answers: list[dict[str, Answer]] = [
        {known: read_answer(one[word], shapes[known], decimals) for word, known in matched.items()}
        for one, (matched, _) in zip(given, matches, strict=True)
    ]
    answered = [name for name in derivation if any(name in one for one in answers)]
    stacked = {name: Answers.stacked([one.get(name) for one in answers], _two(shapes[name])) for name in answered}
    wanted = list(asked) or answered
    own = {given.name for given in derivation.givens}
    marked = mark(derivation, values, stacked, wanted, context_of(derivation, sample_axis), len(given))
    reports = []
    for student, (one, (matched, unused)) in enumerate(zip(answers, matches, strict=True)):
        typed = {known: given[student][word] for word, known in matched.items()}
        results = {
            name: result_of(part, student, typed.get(name), _said(one.get(name), part, student))
            for name, part in marked.items()
        }
        reports.append(Report(results, {word: reason for word, reason in unused.items() if word not in own}))
    return reports


def _said(answer: Answer | None, marked: Marked, student: int) -> str:
    """What could not be read; nothing where the shape itself is the mistake."""
    if answer is None or (answer.as_given is not None and marked.mistakes[student]):
        return ""
    return answer.message


def _two(shape: tuple[int, ...]) -> tuple[int, int]:
    return (shape[0], shape[1]) if shape else (1, 1)
