"""Reports: what is said to one student, and to their tutor."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

from chalkwork.checking.comparing import Remark
from chalkwork.checking.digits import Digits
from chalkwork.checking.explaining import NOTHING, Explanation
from chalkwork.checking.marking import Marked, Verdict
from chalkwork.checking.mistakes import TABLE
from chalkwork.documents.literal import visible

WIDTH = 80
_ACCEPTED = frozenset(verdict.word for verdict in Verdict if verdict.accepted)
UNEXPLAINED = "Wrong, and no known mistake explains it."
_SENTENCES = {
    Verdict.CORRECT: "Correct.",
    Verdict.ROUNDING: "Correct within rounding: your earlier, rounded values explain the difference.",
    Verdict.FOLLOWS: "This follows from an earlier value of yours that is not right; the step itself is right.",
    Verdict.BLANK: "Nothing was answered.",
    Verdict.UNREADABLE: "This could not be read.",
    Verdict.WRONG: UNEXPLAINED,
}
_REMARKS = {
    Remark.FEW_DIGITS: "Wrong: too few digits to tell. {asked} are asked.",
    Remark.NO_WORK: "Wrong. It would follow from an earlier wrong value, but nothing shows that it was calculated.",
}
MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Result:
    """What is said of one step: its verdict, the mistakes that explain it, a message, the credit from 0 to 1."""

    name: str
    verdict: str
    mistakes: tuple[str, ...]
    message: str
    credit: float
    cells: tuple[tuple[str, ...], ...]
    """The verdict on every cell; nothing on one that was not asked for."""
    given: object = None
    """What was answered, as it was typed."""
    together: bool = False
    """Whether all of the mistakes were made at once, rather than any of them."""
    made_in: str | None = None
    """The earlier step, itself not answered, in which the mistake was made."""

    def exact_credit(self, follows: Fraction = Fraction(1)) -> Fraction:
        """The part of the cells that is accepted; one that follows from a wrong value counts `follows`."""
        return _credit(self.cells, follows)


def _credit(cells: tuple[tuple[str, ...], ...], follows: Fraction) -> Fraction:
    accepted, following, count = _counted(cells)
    return Fraction(accepted - following + following * follows) / count


def of_cells(result: Result, places: Collection[tuple[int, int]], follows: Fraction = Fraction(1)) -> Result:
    """The result on these cells alone, rows and columns from 0, where only they were asked for."""
    cells = tuple(
        tuple(word if (row, column) in places else "" for column, word in enumerate(line))
        for row, line in enumerate(result.cells)
    )
    verdicts = [Verdict[word.upper()] for line in cells for word in line if word]
    worst, credit = max(verdicts), float(_credit(cells, follows))
    if worst.word == result.verdict:
        return replace(result, cells=cells, credit=credit)
    some = any(verdict.accepted for verdict in verdicts)
    sentence = "Some of it is not answered." if worst is Verdict.BLANK and some else _SENTENCES[worst]
    return Result(result.name, worst.word, (), sentence, credit, cells, result.given)


@lru_cache(maxsize=1 << 12)
def _counted(cells: tuple[tuple[str, ...], ...]) -> tuple[int, int, int]:
    """How many cells are accepted, how many of these follow from a wrong value, and how many there are."""
    words = [word for line in cells for word in line if word]
    return sum(word in _ACCEPTED for word in words), words.count(Verdict.FOLLOWS.word), len(words)


@lru_cache(maxsize=1 << 12)
def _mean_credit(counts: tuple[tuple[int, int, int], ...], follows: Fraction) -> Fraction:
    earned = (Fraction(accepted - following + following * follows) / cells for accepted, following, cells in counts)
    return sum(earned, Fraction(0)) / len(counts)


class Report(Mapping[str, Result]):
    """A mapping from names to results, in the order of the work.

    `first_wrong` is the first step that is neither accepted nor blank, `score` the credit from 0 to 1.
    """

    __slots__ = ("_credits", "_results", "follows", "notes", "unused")  # a class has thousands

    def __init__(
        self,
        results: Mapping[str, Result],
        unused: Mapping[str, str] | None = None,
        follows: Fraction = Fraction(1),
        notes: Sequence[str] = (),
    ) -> None:
        self._results = dict(results)
        self.follows = follows
        """What a right cell earns that follows from a wrong value, by the course's policy."""
        self.unused = dict(unused or {})
        """What was given and not used, with the reason."""
        self.notes = tuple(notes)
        """What is to be said before the steps: other data, another convention, names that were taken as steps."""
        self._credits: dict[Fraction, Fraction] = {}

    def __getitem__(self, name: str) -> Result:
        return self._results[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._results)

    def __len__(self) -> int:
        return len(self._results)

    def remarked(self, remarks: Mapping[str, str]) -> Report:
        """The report with a sentence more at some of the steps that were answered."""
        found = {
            name: replace(result, message=f"{result.message} {remarks[name]}")
            if name in remarks and result.verdict != Verdict.BLANK.word
            else result
            for name, result in self._results.items()
        }
        return self.having(found)

    def having(self, results: Mapping[str, Result]) -> Report:
        """The same report with these results."""
        return Report(results, self.unused, self.follows, self.notes)

    def noting(self, notes: Sequence[str]) -> Report:
        """The same report with more to be said before the steps."""
        return Report(self._results, self.unused, self.follows, (*self.notes, *notes))

    @property
    def first_wrong(self) -> str | None:
        """The first step that is wrong by itself; None if there is none."""
        bad = (Verdict.MISTAKE.word, Verdict.WRONG.word)
        return next((result.name for result in self._results.values() if result.verdict in bad), None)

    def credit(self, follows: Fraction | None = None) -> Fraction:
        """The credit of all steps together, from 0 to 1, exact: every step counts the same.

        `follows` is what a right cell earns that follows from a wrong value, in place of the report's own.
        """
        follows = self.follows if follows is None else follows
        if not self._results:
            return Fraction(0)
        if follows not in self._credits:
            counts = tuple([_counted(result.cells) for result in self._results.values()])
            self._credits[follows] = _mean_credit(counts, follows)
        return self._credits[follows]

    @property
    def score(self) -> float:
        """The credit of all steps together, from 0 to 1."""
        return float(self.credit())

    def __str__(self) -> str:
        first = self.first_wrong
        width = min(max((len(name) for name in self), default=0), WIDTH // 3)
        lines = [line for note in self.notes for line in textwrap.wrap(visible(note), WIDTH)]
        for result in self._results.values():
            mark = "→" if result.name == first else " "
            start = f"{mark} {result.name:<{width}}  {result.verdict:<10}  "
            rest = " " * (width + 16)
            lines += textwrap.wrap(start + visible(result.message), WIDTH, subsequent_indent=rest) or [start]
        for reason, names in _by_reason(self.unused).items():
            verb = "was" if len(names) == 1 else "were"
            said = f"  {', '.join(visible(name, 100) for name in names)} {verb} not used: {visible(reason)}"
            lines += textwrap.wrap(said, WIDTH, subsequent_indent="    ")
        return "\n".join(lines)

    def _repr_markdown_(self) -> str:
        from chalkwork.checking.shown import report_markdown

        return report_markdown(self)


def _by_reason(unused: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, reason in unused.items():
        found.setdefault(reason, []).append(name)
    return found


def results_of(
    marked: Marked,
    given: Sequence[object],
    messages: Sequence[str],
    digits: Digits | None = None,
    follows: Fraction = Fraction(1),
) -> list[Result]:
    """The results of one step, with what every student answered and what could not be read of it."""
    name = marked.equation.name
    rows, columns = marked.verdicts.shape[-2:]
    cells, size = marked.verdicts.astype(np.uint8).tobytes(), rows * columns
    reasons = marked.explanations or (NOTHING,) * len(given)
    asked = str(digits or Digits())
    results = []
    for student, why in enumerate(reasons):
        verdict, words = _in_words(cells[student * size : (student + 1) * size], columns)
        remark = marked.remarks.get(student)
        said = _message(verdict, why, bool(marked.trivial[student]), remark, asked, words)
        if message := messages[student]:
            if remark is Remark.IMPOSSIBLE:
                said = f"Wrong: {message.rstrip('.')}."
            else:
                said = f"{said} {message[:1].upper()}{message[1:].rstrip('.')}."
        credit, typed = marked.credit(student), given[student]
        if follows != 1:
            credit = float(_credit(words, follows))
        results.append(Result(name, verdict.word, why.ids, said, credit, words, typed, why.together, why.made_in))
    return results


@lru_cache(maxsize=1 << 12)
def _in_words(cells: bytes, columns: int) -> tuple[Verdict, tuple[tuple[str, ...], ...]]:
    """The verdict on a step, that of its worst cell, and a word for every cell; few patterns occur."""
    words = [Verdict(cell).word for cell in cells]
    return Verdict(max(cells)), tuple(tuple(words[k : k + columns]) for k in range(0, len(words), columns))


@lru_cache(maxsize=1 << 10)
def _message(
    verdict: Verdict,
    why: Explanation,
    trivial: bool,
    remark: Remark | None,
    asked: str,
    words: tuple[tuple[str, ...], ...],
) -> str:
    if why.ids and verdict in (Verdict.MISTAKE, Verdict.WRONG):
        return _explained(why)
    sentence = _SENTENCES[verdict]
    if verdict is Verdict.WRONG and remark in _REMARKS:
        sentence = _REMARKS[remark].format(asked=asked)
    elif verdict is Verdict.WRONG and why.stopped:
        sentence = "Wrong. The search for the mistake was given up: there is too much that it could be."
    if verdict is Verdict.BLANK and any(word != verdict.word for line in words for word in line):
        sentence = "Some of it is not answered."
    if trivial and verdict is Verdict.WRONG:
        sentence += " An earlier answer of zeros or ones would make this step trivial, so nothing follows from it."
    return sentence


def _explained(why: Explanation) -> str:
    first = TABLE[why.ids[0]]
    place = f"In {why.made_in}, which was not answered: " if why.made_in else ""
    if why.together:
        second = TABLE[why.ids[1]]
        return f"{place}Two mistakes at once. {first.title}, and: {second.title}. {first.hint} {second.hint}"
    others = "".join(f", or: {TABLE[one].title}" for one in why.ids[1:MOST_NAMED])
    return f"{place}{first.title}{others}. {first.hint}"


def as_data(report: Report) -> dict[str, Any]:
    """The report as plain data, for JSON."""
    from chalkwork.checking.shown import given_data

    return {
        "score": report.score,
        "first_wrong": report.first_wrong,
        "notes": list(report.notes),
        "results": [
            {
                "name": result.name,
                "verdict": result.verdict,
                "mistakes": list(result.mistakes),
                "message": result.message,
                "credit": result.credit,
                "cells": [list(line) for line in result.cells],
                "given": given_data(result.given),
                "together": result.together,
                "made_in": result.made_in,
            }
            for result in report.values()
        ],
    }
