"""Reports: what is said to one student, and to their tutor."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, ItemsView, Iterator, Mapping, Sequence, ValuesView
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

from chalkwork.checking.judging.comparing import Remark
from chalkwork.checking.judging.explaining import NOTHING, Explanation
from chalkwork.checking.judging.marking import Marked
from chalkwork.checking.judging.verdicts import ACCEPTED, BAD, Verdict
from chalkwork.checking.mistakes import TABLE, in_language
from chalkwork.checking.reading.digits import Digits
from chalkwork.checking.task import Task
from chalkwork.documents.literal import visible
from chalkwork.words import ENGLISH, Said, Text, say, written

WIDTH = 80
_WORDS = [verdict.word for verdict in sorted(Verdict)]
MOST_PLACES = 6
MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Line:
    """Where a recorded program made a value."""

    line: int
    source: str
    """The statement; empty where the source is not known."""
    file: str
    cell: int | None = None
    """The number of the cell, in a notebook."""


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
    pairs: tuple[tuple[str, str], ...] = ()
    """Where two mistakes were made at once, all pairs that give the answer, the likeliest first."""
    made_in: str | None = None
    """The earlier step, itself not answered, in which the mistake was made."""
    at: Line | None = None
    """The line of a recorded program that made it, or in which it goes wrong."""
    repair: tuple[str, ...] = ()
    """The statement in the place of that line with which the step would be right; two where both are as near."""

    @property
    def together(self) -> bool:
        """Whether all of the mistakes were made at once, rather than any of them."""
        return bool(self.pairs)


def credit_of(cells: tuple[tuple[str, ...], ...], follows: Fraction) -> Fraction:
    """The part of the cells that is accepted; one that follows from a wrong value counts `follows`."""
    accepted, following, count = _counted(cells)
    return Fraction(accepted - following + following * follows) / count


def of_cells(
    result: Result, places: Collection[tuple[int, int]], follows: Fraction = Fraction(1), language: str = ENGLISH
) -> Result:
    """The result on these cells alone, rows and columns from 0, where only they were asked for."""
    cells = tuple(
        tuple(word if (row, column) in places else "" for column, word in enumerate(line))
        for row, line in enumerate(result.cells)
    )
    verdicts = [Verdict[word.upper()] for line in cells for word in line if word]
    worst, credit = max(verdicts), float(credit_of(cells, follows))
    if worst.word == result.verdict:
        return replace(result, cells=cells, credit=credit)
    some = any(verdict.accepted for verdict in verdicts)
    sentence = "step.some_blank" if worst is Verdict.BLANK and some else f"step.{worst.word}"
    return Result(result.name, worst.word, (), say(language, sentence), credit, cells, result.given)


@lru_cache(maxsize=1 << 12)
def _counted(cells: tuple[tuple[str, ...], ...]) -> tuple[int, int, int]:
    """How many cells are accepted, how many of these follow from a wrong value, and how many there are."""
    words = [word for line in cells for word in line if word]
    return sum(word in ACCEPTED for word in words), words.count(Verdict.FOLLOWS.word), len(words)


@lru_cache(maxsize=1 << 12)
def _mean_credit(counts: tuple[tuple[int, int, int], ...], *part: int) -> Fraction:
    follows = Fraction(*part)
    earned = (Fraction(accepted - following + following * follows) / cells for accepted, following, cells in counts)
    return sum(earned, Fraction(0)) / len(counts)


class Report(Mapping[str, Result]):
    """A mapping from names to results, in the order of the work.

    `first_wrong` is the first step that is neither accepted nor blank, `score` the credit from 0 to 1.
    """

    __slots__ = ("_results", "by", "follows", "language", "notes", "unused")  # a class has thousands

    def __init__(
        self,
        results: Mapping[str, Result],
        unused: Mapping[str, str] | None = None,
        follows: Fraction = Fraction(1),
        notes: Sequence[str] = (),
        *,
        language: str = ENGLISH,
        by: Task | None = None,
    ) -> None:
        self._results = dict(results)
        self.follows = follows
        """What a right cell earns that follows from a wrong value, by the course's policy."""
        self.unused = dict(unused or {})
        """What was given and not used, with the reason."""
        self.notes = tuple(notes)
        """What is to be said before the steps: other data, another convention, names that were taken as steps."""
        self.language = language
        """What its messages are written in."""
        self.by = by
        """What it is held against, where that is another convention's."""

    def __getitem__(self, name: str) -> Result:
        return self._results[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._results)

    def __len__(self) -> int:
        return len(self._results)

    def values(self) -> ValuesView[Result]:
        """The results."""
        return self._results.values()

    def items(self) -> ItemsView[str, Result]:
        """The results with their names."""
        return self._results.items()

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
        return Report(results, self.unused, self.follows, self.notes, language=self.language, by=self.by)

    def with_unused(self, unused: Mapping[str, str]) -> Report:
        """The same report, where this was given and not used."""
        return Report(self._results, unused, self.follows, self.notes, language=self.language, by=self.by)

    def noting_first(self, note: Said) -> Report:
        """The same report with something to be said before everything else."""
        return self._with_notes((self.in_words(note), *self.notes))

    def noting(self, notes: Sequence[Said]) -> Report:
        """The same report with more to be said before the steps."""
        return self._with_notes((*self.notes, *map(self.in_words, notes)))

    def in_words(self, note: Said) -> str:
        """What is known in English alone is marked as that."""
        if not isinstance(note, str):
            return note.written(self.language)
        return note if self.language == ENGLISH else say(self.language, "note.in_english", note=note)

    def _with_notes(self, notes: Sequence[str]) -> Report:
        return Report(self._results, self.unused, self.follows, notes, language=self.language, by=self.by)

    @property
    def first_wrong(self) -> str | None:
        """The first step that is wrong by itself; None if there is none."""
        return next((result.name for result in self._results.values() if result.verdict in BAD), None)

    @property
    def wrong(self) -> list[str]:
        """The steps that are wrong by themselves."""
        return [result.name for result in self._results.values() if result.verdict in BAD]

    def credit(self) -> Fraction:
        """The credit of all steps together, from 0 to 1, exact: every step counts the same."""
        if not self._results:
            return Fraction(0)
        counts = tuple([_counted(result.cells) for result in self._results.values()])
        return _mean_credit(counts, *self.follows.as_integer_ratio())

    @property
    def score(self) -> float:
        """The credit of all steps together, from 0 to 1."""
        return float(self.credit())

    def __str__(self) -> str:
        return self.written()

    def written(self, columns: int = WIDTH) -> str:
        """The report as text on lines of so many columns."""
        first = self.first_wrong
        width = min(max((len(name) for name in self), default=0), columns // 3)
        lines = [line for note in self.notes for line in textwrap.wrap(visible(note), columns)]
        for result in self._results.values():
            mark = "→" if result.name == first else " "
            verdict = say(self.language, f"verdict.{result.verdict}")
            start = f"{mark} {result.name:<{width}}  {verdict:<10}  "
            rest = " " * (width + 16)
            said = " ".join((visible(result.message), *where_wrong(result, self.language)))
            lines += textwrap.wrap(start + said, columns, subsequent_indent=rest) or [start]
        for reason, names in _by_reason(self.unused).items():
            listed = ", ".join(visible(name, 100) for name in names)
            line = "unused.line" if len(names) == 1 else "unused.lines"
            said = say(self.language, line, name=listed, why=visible(reason))
            lines += textwrap.wrap(f"  {said}", columns, subsequent_indent="    ")
        return "\n".join(lines)

    def _repr_markdown_(self) -> str:
        from chalkwork.checking.shown import report_markdown

        return report_markdown(self)


def where_wrong(result: Result, language: str = ENGLISH) -> Iterator[str]:
    """A sentence on which entries are wrong, where others are not.

    >>> found = Result("z1", "wrong", (), "Wrong.", 0.5, (("correct",), ("wrong",)))
    >>> list(where_wrong(found))
    ['Entry 2 is wrong.']
    """
    rows, columns = len(result.cells), len(result.cells[0]) if result.cells else 0
    bad = [
        (row + 1, column + 1)
        for row, line in enumerate(result.cells)
        for column, word in enumerate(line)
        if word in BAD
    ]
    if not bad or len(bad) == rows * columns or len(bad) > MOST_PLACES:
        return
    if 1 in (rows, columns):
        places = [Text.of("place.entry", entry=row + column - 1) for row, column in bad]
    else:
        places = [Text.of("place.cell", row=row, column=column) for row, column in bad]
    yield say(language, "step.where", n=len(bad), places=tuple(places))


def _by_reason(unused: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, reason in unused.items():
        found.setdefault(reason, []).append(name)
    return found


def results_of(
    marked: Marked,
    given: Sequence[object],
    messages: Sequence[Said],
    digits: Digits | None = None,
    follows: Fraction = Fraction(1),
    language: str = ENGLISH,
) -> list[Result]:
    """The results of one step, with what every student answered and what could not be read of it."""
    name = marked.equation.name
    rows, columns = marked.verdicts.shape[-2:]
    cells, size = marked.verdicts.astype(np.uint8).tobytes(), rows * columns
    reasons = marked.explanations or (NOTHING,) * len(given)
    asked, trivial = (digits or Digits()).words(language), marked.trivial.tolist()
    known: dict[tuple[object, ...], tuple[str, str, float, tuple[tuple[str, ...], ...]]] = {}
    results = []
    for student, why in enumerate(reasons):
        of_them, remark = cells[student * size : (student + 1) * size], marked.remarks.get(student)
        key = of_them, id(why), trivial[student], remark, messages[student]
        if key not in known:
            verdict, words = _in_words(of_them, columns)
            said = _message(verdict, why, trivial[student], remark, asked, words, language)
            if message := written(messages[student], language).rstrip("."):
                impossible = remark is Remark.IMPOSSIBLE
                because = Text.of("step.because", said=said, why=message)
                said = say(language, "step.impossible", why=message) if impossible else because.written(language)
            known[key] = verdict.word, said, float(credit_of(words, follows)), words
        word, said, credit, words = known[key]
        results.append(Result(name, word, why.ids, said, credit, words, given[student], why.pairs, why.made_in))
    return results


@lru_cache(maxsize=1 << 12)
def _in_words(cells: bytes, columns: int) -> tuple[Verdict, tuple[tuple[str, ...], ...]]:
    """The verdict on a step, that of its worst cell, and a word for every cell; few patterns occur."""
    words = [_WORDS[cell] for cell in cells]
    return Verdict(max(cells)), tuple(tuple(words[k : k + columns]) for k in range(0, len(words), columns))


@lru_cache(maxsize=1 << 10)
def _message(
    verdict: Verdict,
    why: Explanation,
    trivial: bool,
    remark: Remark | None,
    asked: str,
    words: tuple[tuple[str, ...], ...],
    language: str,
) -> str:
    if why.ids and verdict in (Verdict.MISTAKE, Verdict.WRONG):
        return _explained(why, language)
    sentence = Text.of("step.some_blank")
    if verdict is not Verdict.BLANK or all(word == verdict.word for line in words for word in line):
        sentence = Text.of(f"step.{verdict.word}")
    if verdict is Verdict.WRONG and remark is Remark.FEW_DIGITS:
        sentence = Text.of("step.few_digits", asked=asked)
    elif verdict is Verdict.WRONG and remark is Remark.ACCIDENT:
        sentence = Text.of("step.accident")
    elif verdict is Verdict.WRONG and remark is Remark.NO_WORK:
        sentence = Text.of("step.no_work")
    elif verdict is Verdict.WRONG and why.stopped:
        sentence = Text.of("step.stopped")
    if trivial and verdict is Verdict.WRONG:
        sentence = Text.of("step.and", said=sentence, more=Text.of("step.trivial"))
    return sentence.written(language)


def _explained(why: Explanation, language: str) -> str:
    first, *others = (in_language(TABLE[one], language) for one in why.ids[:MOST_NAMED])
    slots: dict[str, Said] = {"title": first.title, "hint": first.hint}
    slots["place"] = Text.of("mistake.made_in", step=why.made_in) if why.made_in else ""
    titles: Said = ""
    if why.pairs:
        for pair in why.pairs[1:MOST_NAMED]:
            title, second = (in_language(TABLE[one], language).title for one in pair)
            titles = Text.of("mistake.two_or", others=titles, title=title, second=second)
        other = others[0]
        slots |= {"second": other.title, "others": titles, "second_hint": other.hint}
        return say(language, "mistake.two", **slots).rstrip()
    for other in others:
        titles = Text.of("mistake.or", others=titles, title=other.title)
    return say(language, "mistake.one", others=titles, **slots).rstrip()


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
                **(asdict(result.at) if result.at else {}),
                **({"repair": list(result.repair)} if result.repair else {}),
            }
            for result in report.values()
        ],
    }
