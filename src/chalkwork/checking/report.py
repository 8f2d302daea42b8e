"""Reports: what is said to one student, and to their tutor."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from chalkwork.checking.explaining import NOTHING
from chalkwork.checking.marking import Marked, Verdict
from chalkwork.checking.mistakes import TABLE

WIDTH = 80
_ACCEPTED = frozenset(verdict.word for verdict in Verdict if verdict.accepted)
_SENTENCES = {
    Verdict.CORRECT: "Correct.",
    Verdict.ROUNDING: "Correct within rounding: your earlier, rounded values explain the difference.",
    Verdict.FOLLOWS: "This follows from an earlier value of yours that is not right; the step itself is right.",
    Verdict.BLANK: "Nothing was answered.",
    Verdict.UNREADABLE: "This could not be read.",
    Verdict.WRONG: "Wrong, and no known mistake explains it.",
}


@dataclass(frozen=True, slots=True)
class Result:
    """What is said of one step: its verdict, the mistakes that explain it, a message, the credit from 0 to 1."""

    name: str
    verdict: str
    mistakes: tuple[str, ...]
    message: str
    credit: float
    cells: tuple[tuple[str, ...], ...]
    """The verdict on every cell."""
    given: object = None
    """What was answered, as it was typed."""
    together: bool = False
    """Whether all of the mistakes were made at once, rather than any of them."""
    made_in: str | None = None
    """The earlier step, itself not answered, in which the mistake was made."""

    def exact_credit(self, follows: Fraction = Fraction(1)) -> Fraction:
        """The part of the cells that is accepted; one that follows from a wrong value counts `follows`."""
        words = [word for line in self.cells for word in line]
        earned = (follows if word == Verdict.FOLLOWS.word else Fraction(word in _ACCEPTED) for word in words)
        return sum(earned, Fraction(0)) / len(words)


class Report(Mapping[str, Result]):
    """A mapping from names to results, in the order of the work.

    `first_wrong` is the first step that is neither accepted nor blank, `score` the credit from 0 to 1.
    """

    def __init__(self, results: Mapping[str, Result], unused: Mapping[str, str] | None = None) -> None:
        self._results = dict(results)
        self.unused = dict(unused or {})
        """What was given and not used, with the reason."""

    def __getitem__(self, name: str) -> Result:
        return self._results[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._results)

    def __len__(self) -> int:
        return len(self._results)

    @property
    def first_wrong(self) -> str | None:
        """The first step that is wrong by itself; None if there is none."""
        bad = (Verdict.MISTAKE.word, Verdict.WRONG.word)
        return next((result.name for result in self._results.values() if result.verdict in bad), None)

    def credit(self, follows: Fraction = Fraction(1)) -> Fraction:
        """The credit of all steps together, from 0 to 1, exact: every step counts the same.

        `follows` is what a right cell earns that follows from a wrong value: 1, or less by a course's policy.
        """
        if not self._results:
            return Fraction(0)
        earned = (result.exact_credit(follows) for result in self._results.values())
        return sum(earned, Fraction(0)) / len(self._results)

    @property
    def score(self) -> float:
        """The credit of all steps together, from 0 to 1."""
        return float(self.credit())

    def __str__(self) -> str:
        first = self.first_wrong
        width = max((len(name) for name in self), default=0)
        lines = []
        for result in self._results.values():
            mark = "→" if result.name == first else " "
            start = f"{mark} {result.name:<{width}}  {result.verdict:<10}  "
            lines += textwrap.wrap(start + result.message, WIDTH, subsequent_indent=" " * len(start)) or [start]
        lines += [f"  {name} was not used: {reason}" for name, reason in self.unused.items()]
        return "\n".join(lines)


def result_of(marked: Marked, student: int, given: object = None, message: str = "") -> Result:
    """The result of one step for one student, who answered what is `given`."""
    verdict = marked.verdict(student)
    why = marked.explanations[student] if marked.explanations else NOTHING
    words = tuple(tuple(Verdict(int(cell)).word for cell in line) for line in marked.verdicts[student])
    said = _message(verdict, why.ids, bool(marked.trivial[student]))
    if message:
        said = f"{said} {message[:1].upper()}{message[1:].rstrip('.')}."
    credit = marked.credit(student)
    return Result(marked.equation.name, verdict.word, why.ids, said, credit, words, given, why.together, why.made_in)


def _message(verdict: Verdict, mistakes: tuple[str, ...], trivial: bool) -> str:
    if verdict is Verdict.MISTAKE:
        hint = TABLE[mistakes[0]].hint
        return f"{TABLE[mistakes[0]].title}. {hint}"
    sentence = _SENTENCES[verdict]
    if trivial and verdict is Verdict.WRONG:
        sentence += " An earlier answer of zeros or ones would make this step trivial, so nothing follows from it."
    return sentence


def as_data(report: Report) -> dict[str, Any]:
    """The report as plain data, for JSON."""
    return {
        "score": report.score,
        "first_wrong": report.first_wrong,
        "results": [
            {
                "name": result.name,
                "verdict": result.verdict,
                "mistakes": list(result.mistakes),
                "message": result.message,
                "credit": result.credit,
                "cells": [list(line) for line in result.cells],
            }
            for result in report.values()
        ],
    }
