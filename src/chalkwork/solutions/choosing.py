"""Answers of which many are right, held against what they have to do; what follows is marked by what was chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chalkwork.checking.judging.verdicts import Verdict
from chalkwork.checking.reading.answers import read_answer
from chalkwork.checking.reading.gathering import gathered
from chalkwork.checking.reading.names import NameTable
from chalkwork.checking.report import Report, Result
from chalkwork.solutions.setting import Choice
from chalkwork.words import say, written

if TYPE_CHECKING:
    from chalkwork.solutions.solution import Solution


def check_choices(
    solution: Solution, choice: Choice, answers: Sequence[Mapping[str, object]], marking: Mapping[str, Any]
) -> list[Report]:
    """The reports on answers, each by the values that it chose; `marking` is what `check_class` takes besides.

    Where these do not do what they must, the usual solution's are asked for, and it is said what is wrong.
    """
    plain = type(solution)(solution.derivation, solution.arrays, solution.style, solution.setting._replace(choice=None))
    return [_marked(plain, choice, given, marking) for given in answers]


def _marked(plain: Solution, choice: Choice, given: Mapping[str, object], marking: Mapping[str, Any]) -> Report:
    words, chosen = _chosen(plain, choice, given, marking["names"])
    if chosen is None:
        return plain.check_class([given], **marking)[0]
    other = choice.instead(chosen)
    wrong = choice.wrong(other)
    if wrong:
        report = plain.check_class([given], **marking)[0]
        said = written(wrong, plain.style.language)
        results = {name: _refused(report[name], said) if name in choice.names else report[name] for name in report}
        return report.having(results)
    asked = [name for name in marking["ask"] if name not in choice.names]
    rest = {word: value for word, value in given.items() if word.partition("[")[0] not in words}
    others = other.check_class([rest], **{**marking, "ask": asked})[0] if asked or not marking["ask"] else Report({})
    right = say(plain.style.language, "step.correct")
    found = {
        name: Result(name, Verdict.CORRECT.word, (), right, 1.0, _cells(chosen[name], Verdict.CORRECT), words_given)
        for name, words_given in ((name, chosen[name].tolist()) for name in choice.names)
        if name in (marking["ask"] or choice.names)
    }
    order = [*marking["ask"], *found, *others]
    return others.having({name: found.get(name) or others[name] for name in dict.fromkeys(order)})


def _cells(value: Any, verdict: Verdict) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(verdict.word for _ in row) for row in value)


def _refused(result: Result, said: str) -> Result:
    """What is said of one of the values that do not do together."""
    if result.verdict == Verdict.CORRECT.word:
        return replace(result, message=f"{result.message} {said}")
    cells = _cells(result.cells, Verdict.WRONG)
    return replace(result, verdict=Verdict.WRONG.word, mistakes=(), message=said, credit=0.0, cells=cells)


def _chosen(
    solution: Solution, choice: Choice, given: Mapping[str, object], names: Mapping[str, str] | None
) -> tuple[set[str], dict[str, Any] | None]:
    """What the chosen values are called, and the values; None unless there is a number for each of them."""
    shapes = solution.derivation.shapes()
    table = NameTable(list(solution.derivation), solution.writer().symbols)
    whole, _ = gathered(given, table, shapes, names)
    matched = table.match(whole, names)[0]
    typed = {known: whole[word] for word, known in matched.items()}
    read = {name: read_answer(typed.get(name), shapes[name]) for name in choice.names}
    words = {word for word, known in matched.items() if known in choice.names}
    if any(answer.wrong_shape or answer.blank.any() or answer.unreadable.any() for answer in read.values()):
        return words, None
    return words, {name: answer.value for name, answer in read.items()}
