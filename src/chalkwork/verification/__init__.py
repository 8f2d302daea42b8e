"""Verification: a document of somebody's own, every formula in it read in its context and judged."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from chalkwork.solutions.exercise import Exercise
from chalkwork.solutions.solution import Solution
from chalkwork.verification.comparing import Found, Verdict
from chalkwork.verification.exponents import apart
from chalkwork.verification.finding import Formula, formulas_in, is_page
from chalkwork.verification.holding import Names, agreement, held
from chalkwork.verification.judging import Judge
from chalkwork.verification.networks import described, spellings
from chalkwork.verification.numerals import closed_up, decimal_comma, is_spaced, with_point
from chalkwork.verification.sides import Step
from chalkwork.verification.spelling import Statement, statements
from chalkwork.verification.tasks import Tasks, variables

__all__ = ["Judged", "Verdict", "Verification", "is_page", "verify"]


@dataclass(frozen=True, slots=True)
class Judged:
    """One statement with its line, its formula as it was written, and what was found."""

    line: int
    formula: str
    verdict: Verdict
    reason: str
    display: bool


@dataclass(frozen=True)
class Verification:
    """What was found in a document: how many formulas state something, how many were read, and every verdict."""

    formulas: int
    read: int
    verdicts: tuple[Judged, ...]
    answers: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """What the document says the quantities of the exercises are, by exercise and name."""

    @property
    def first_wrong(self) -> int | None:
        """The line of the first wrong statement."""
        return next((one.line for one in self.verdicts if one.verdict is Verdict.WRONG), None)

    def to_data(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {
            "formulas": self.formulas,
            "read": self.read,
            "first_wrong": self.first_wrong,
            "verdicts": [
                {"line": one.line, "formula": one.formula, "verdict": str(one.verdict), "reason": one.reason}
                for one in self.verdicts
            ],
        }


_SYMMETRIC = re.compile(r"symm?etri|definite|covarian|hessian", re.IGNORECASE)
_NUMBERED = re.compile(r"([1-9])\s*[-–]\s+(?=\\frac\{\\partial)")


def _unnumbered(formulas: list[Formula]) -> list[Formula]:
    """The formulas without the numbers of a list that stand in them: 1 - ..., 2 - ... before derivatives, in order."""
    found = [_NUMBERED.match(formula.text) for formula in formulas]
    numbers = [int(one[1]) for one in found if one]
    if len(numbers) < 2 or numbers != list(range(1, len(numbers) + 1)):
        return formulas
    return [
        replace(formula, text=formula.text[one.end() :]) if one else formula
        for formula, one in zip(formulas, found, strict=True)
    ]


def verify(text: str, form: str = "markdown", *, exercises: Mapping[str, Exercise] | None = None) -> Verification:
    r"""Read and judge every formula of a document; `form` is markdown, latex, notebook or text.

    `exercises` are those of a sheet that it works out (`solve_sheet(sheet)`): what they give is known, and values are
    held against theirs.

    >>> found = verify("Let $x = 2$.\n\n$$y = 3 x + 1 = 7$$\n\n$$z = y^2 = 48$$")
    >>> found.first_wrong, [str(one.verdict) for one in found.verdicts]
    (5, ['given', 'right', 'wrong'])
    >>> found.verdicts[-1].reason
    'relation 2 of 2: the left side is 49, the right side 48'
    """
    formulas = _unnumbered(formulas_in(text, form))
    if decimal_comma([formula.text for formula in formulas]):
        formulas = [replace(formula, text=with_point(formula.text)) for formula in formulas]
    scanned = is_spaced([formula.text for formula in formulas])
    if scanned:
        formulas = [replace(formula, text=closed_up(formula.text)) for formula in formulas]
    parts = [(formula, statements(formula.text)) for formula in formulas]
    judge = Judge(scanned=scanned)
    judge.derivatives.symmetric = bool(_SYMMETRIC.search(text))
    tasks = Tasks(exercises or {}, variables([statement.text for _, found in parts for statement in found]))
    judge.reader.prepare([statement.text for _, found in parts for statement in found])
    stating, read = 0, 0
    task: str | None = None
    if exercises:
        tasks.give(judge, None)
    places: list[tuple[Formula, Statement]] = []
    parts_of: list[str | None] = []
    results: list[Found] = []
    for formula, found in parts:
        if not found:
            continue
        stating += 1
        if exercises and (named := tasks.named(formula.heading)) not in (None, task):
            task = named
            tasks.give(judge, task)
        judge.memory.section = formula.section
        for statement in found:
            judge.place = len(places)
            places.append((formula, statement))
            parts_of.append(task)
            results.append(judge.judge(statement, formula.line + statement.line, formula.display))
        read += all(result.read for result in results[-len(found) :])
    for place, why in judge.solved.items():
        results[place] = replace(results[place], verdict=Verdict.UNJUDGED, reason=why)
    lines = [formula.line + statement.line for formula, statement in places]
    answers: Mapping[str, Mapping[str, object]] = {}
    if exercises:
        written = judge.reader.spellings.written
        results, answers = tasks.hold(results, judge.steps, written, parts_of.__getitem__, lines.__getitem__)
    else:
        results = _held(judge, text, results, lines)
    for place, why in apart(judge.steps, judge.reader.spellings.written):
        results[place] = replace(results[place], verdict=Verdict.WRONG, reason=why)
    verdicts = [
        Judged(formula.line + statement.line, statement.text, result.verdict, result.reason, formula.display)
        for (formula, statement), result in zip(places, results, strict=True)
    ]
    return Verification(stating, read, tuple(verdicts), answers)


def _held(judge: Judge, text: str, results: list[Found], lines: list[int]) -> list[Found]:
    """The verdicts, held against a network where the document describes one."""
    words = judge.reader.spellings.written
    names = [step.name for step in judge.steps]

    def agreeing(steps: Sequence[Step], solution: Solution, known: Mapping[str, str]) -> int:
        return agreement(steps, solution, known, words)

    for own, network in described(judge.steps, text, spellings(words, names), agreeing):
        known = Names(network.solution, network.names, words, network.words, guessed=True)
        results, _ = held(results, own, known, lines.__getitem__)
    return results
