"""One student's answers, from what was typed to the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chalkwork.checking.answers import Answer, read_answer
from chalkwork.checking.marking import Answers, mark
from chalkwork.checking.mistakes import Context
from chalkwork.checking.names import match_names
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
    """The report on one student's answers.

    `given` maps names as the student wrote them to what was typed; `names` says which is which where a guess would
    be ambiguous. Marked are the `asked` names, or all that were answered. Raises ChalkworkError for a name in
    `asked` or `names` that the derivation does not have.
    """
    for name in asked:
        if name not in derivation:
            raise ChalkworkError(
                f"{name} is not a step of this solution", hint=f"its steps are {', '.join(derivation)}"
            )
    shapes = derivation.shapes()
    matched, unused = match_names(list(given), list(derivation), symbols, names)
    answers: dict[str, Answer] = {
        known: read_answer(given[word], shapes[known], decimals) for word, known in matched.items()
    }
    stacked = {name: Answers.stacked([answer], _two(shapes[name])) for name, answer in answers.items()}
    wanted = list(asked) or [name for name in derivation if name in answers]
    marked = mark(derivation, values, stacked, wanted, Context(derivation, sample_axis))
    results = {}
    for name in derivation:
        if name in marked:
            said = answers[name].message if name in answers else ""
            results[name] = result_of(marked[name], 0, said)
    return Report(results, unused)


def _two(shape: tuple[int, ...]) -> tuple[int, int]:
    return (shape[0], shape[1]) if shape else (1, 1)
