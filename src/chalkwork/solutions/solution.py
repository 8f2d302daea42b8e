"""A worked solution: what `solve` returns, which checks answers and writes itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from chalkwork.algebra.entries import split_entry
from chalkwork.solutions.columns import split_step, spread
from chalkwork.solutions.setting import Style
from chalkwork.solutions.working import Working
from chalkwork.words import Said, Text, written

if TYPE_CHECKING:
    from pathlib import Path

    from chalkwork.checking.report import Report
    from chalkwork.documents.model import Document
    from chalkwork.page.widget import Page


class Solution(Working):
    """A derivation with its numbers, readable by name and in every format.

    `print` shows the board; a notebook renders it; `save` writes a file by its suffix.

    >>> from chalkwork.networks.graph import Graph
    >>> solution = Graph("c = a + b; d = b + 1; e = c * d").solve(a=2, b=1)
    >>> float(solution["e"])
    6.0
    """

    def restyled(self, **changes: Any) -> Solution:
        """The same work written in another style; takes what `Style.of` takes.

        >>> from chalkwork.networks.graph import Graph
        >>> solution = Graph("c = a / b").solve(a=2, b=3)
        >>> solution.restyled(decimals=2).equation("c").latex
        'c = \\\\frac{a}{b} = \\\\frac{2}{3} = 0.67'
        """
        names = {name.name for name in self.derivation.givens}
        givens = {name: value for name, value in self.arrays.items() if name in names}
        return Solution(self.derivation, givens, Style.of(**changes), self.setting)

    # --- checking ------------------------------------------------------------------------------------------------

    def check(
        self,
        answers: Mapping[str, object],
        *,
        ask: Sequence[str] = (),
        names: Mapping[str, str] | None = None,
        tolerance: float = 0.0,
        conventions: Sequence[str] = (),
    ) -> Report:
        """A report on somebody's answers: which step is wrong first, and what mistake explains it.

        `answers` maps names, as people write them (`delta_2`, `grad_W1`), to numbers, arrays or text as it is typed
        (`"0,45"`, `"[1 2; 3 4]"`, a LaTeX matrix); `locals()` of a program will do. Every digit typed counts: "0.79"
        stands for what rounds to it. Each step is held against the right value, then against the student's own
        earlier answers. `ask` lists the names to mark (all that are answered, if none are given), `names` says which
        answer is which where a guess would be ambiguous. Every number may be off by `tolerance`, besides what its
        digits leave open. A convention other than the solution's is found where what follows is right (`delta` without
        the division by the number of samples, y minus the output and an update that adds, ...), or declared by its id
        in `conventions`.

        Raises ChalkworkError for a name in `ask` or `names` that the solution does not have, an unknown convention, or
        a negative tolerance.

        >>> from chalkwork.networks.graph import Graph
        >>> report = Graph("c = a + b; d = b + 1; e = c * d").solve(a=2, b=1).check({"c": 4, "d": "2", "e": "8"})
        >>> report["c"].verdict, report["e"].verdict, report.first_wrong
        ('wrong', 'follows', 'c')
        """
        return self.check_class([answers], ask=ask, names=names, tolerance=tolerance, conventions=conventions)[0]

    def check_class(
        self,
        answers: Sequence[Mapping[str, object]],
        *,
        ask: Sequence[str] = (),
        names: Mapping[str, str] | None = None,
        tolerance: float = 0.0,
        follows: Fraction = Fraction(1),
        conventions: Sequence[str] = (),
    ) -> list[Report]:
        """The reports on the answers of many students, as `check` gives them for one, worked out together.

        A right step that goes on from a wrong value earns the part `follows` of its credit. Who typed the same has the
        same report.

        >>> from chalkwork.networks.graph import Graph
        >>> reports = Graph("c = a + b").solve(a=2, b=1).check_class([{"c": 3}, {"c": "4"}, {}], ask=["c"])
        >>> [report["c"].verdict for report in reports]
        ['correct', 'wrong', 'blank']
        """
        from chalkwork.checking.reading.alike import each_once

        distinct, places = each_once(answers)
        given = {"ask": ask, "names": names, "tolerance": tolerance, "follows": follows, "conventions": conventions}
        reports = self._check_each(distinct, given)
        return [reports[place] for place in places]

    def _check_each(self, answers: Sequence[Mapping[str, object]], marking: Mapping[str, Any]) -> list[Report]:
        from chalkwork.checking.report import Report
        from chalkwork.checking.wording import without

        if self.columns and any(word in self.columns for given in answers for word in given):
            spreads = [spread(given, self.columns) for given in answers]
            reports = self.check_class([one for one, _ in spreads], **marking)
            return [report.with_unused({**report.unused, **more})
                    for report, (_, more) in zip(reports, spreads, strict=True)]  # fmt: skip
        if self.setting.choice is not None:
            from chalkwork.solutions.choosing import check_choices

            return check_choices(self, self.setting.choice, answers, marking)
        words, ask = self.setting.words, marking["ask"]
        apart = [without(given, words) for given in answers]
        numeric = [name for name in ask if name not in words]
        if numeric or not (ask or self.setting.letters_only):
            reports = self._check_numbers([rest for _, rest in apart], **{**marking, "ask": numeric})
        else:
            why = self._said(Text.of("unused.no_name"))
            language = self.style.language
            reports = [Report({}, dict.fromkeys(rest, why), marking["follows"], language=language) for _, rest in apart]
        if not words:
            return reports
        return [self._with_words(report, given, ask) for report, (given, _) in zip(reports, apart, strict=True)]

    def _with_words(self, report: Report, given: Mapping[str, object], ask: Sequence[str]) -> Report:
        """The report with the answers in words at their places among what is asked."""
        from chalkwork.checking.wording import word_result

        words, language = self.setting.words, self.style.language
        asked = [name for name in words if name in (ask or given)]
        said = {
            name: word_result(name, (words[name].value, *words[name].also), given.get(name), language, words[name].same)
            for name in asked
        }
        order = [split_entry(name)[0] if name not in words else name for name in ask]
        found = {**report, **said}
        return report.having({name: found[name] for name in (*order, *found) if name in found})

    def _check_numbers(
        self,
        answers: Sequence[Mapping[str, object]],
        ask: Sequence[str],
        names: Mapping[str, str] | None,
        tolerance: float,
        follows: Fraction,
        conventions: Sequence[str],
    ) -> list[Report]:
        from chalkwork.checking.check import check_class
        from chalkwork.checking.reading.digits import Digits

        numbers = self.style.numbers
        reports = check_class(
            self.derivation,
            self.arrays,
            answers,
            self.writer().symbols,
            asked=ask,
            names=names,
            digits=Digits(numbers.decimals, numbers.significant, self.style.stated, self.is_exact),
            sample_axis={"columns": -1, "rows": -2}.get(self.setting.samples or ""),
            tolerance=tolerance,
            follows=follows,
            language=self.style.language,
            conventions=conventions,
        )
        undecided = self.setting.undecided(self) if self.setting.undecided else {}
        said = {name: self._said(*sentences) for name, sentences in undecided.items()}
        return [report.remarked(said) for report in reports] if said else reports

    @cached_property
    def columns(self) -> Mapping[str, tuple[str, ...]]:
        """The names of every column of its table that may be answered at once, by the column's name and letter."""
        found: dict[str, tuple[str, ...]] = {}
        for bare in self.setting.columns:
            names = tuple(name for name in self.derivation if split_step(name)[0] == bare != name)
            if len(names) > 1:
                found |= {bare: names, self.writer().symbols[bare].text: names}
        return found

    @property
    def is_exact(self) -> bool:
        """Whether every number ends with the digits shown, where that is to be expected."""
        shown = self.style.numbers.rounded
        return self.setting.exact and all(
            np.allclose(self.arrays[name], shown(self.arrays[name]), rtol=0, atol=1e-12) for name in self.derivation
        )

    def names_meant(self, words: Iterable[str], asked: Sequence[str]) -> list[str]:
        """Which of the words mean one of the asked names, or an entry of one.

        >>> from chalkwork.networks.graph import Graph
        >>> Graph("c = a + b").solve(a=2, b=1).names_meant(["c", "something"], ["c"])
        ['c']
        """
        from chalkwork.checking.reading.gathering import entries_in, whole_of
        from chalkwork.checking.reading.names import table_of
        from chalkwork.checking.wording import named

        words = list(words)
        in_columns = [word for word in words if set(self.columns.get(word, ())) & set(asked)]
        meant = {word: whole_of(word) for word in words}
        table = table_of(tuple(self.derivation), self.writer().symbols)
        matched, _ = table.match(meant.values())
        entries = entries_in([word for word in meant if word not in matched], table, self.derivation.shapes())
        wholes = {split_entry(name)[0] for name in asked}
        wording = [name for name in self.setting.words if name in asked]
        return [
            word
            for word, whole in meant.items()
            if matched.get(whole) in wholes or entries.get(word) in wholes or named(word, wording) or word in in_columns
        ]

    # --- documents -----------------------------------------------------------------------------------------------

    def _said(self, *sentences: Said) -> str:
        return " ".join(written(sentence, self.style.language) for sentence in sentences)

    @property
    def title(self) -> str:
        """What stands above it where nobody gives it a title."""
        return self._said(self.setting.title)

    def document(self, title: str | None = None) -> Document:
        """The solution as a document."""
        from chalkwork.solutions.compose import solution_document

        return solution_document(self, title or self.title)

    def __str__(self) -> str:
        from chalkwork.documents.terminal import to_text
        from chalkwork.solutions.compose import solution_document

        return to_text(solution_document(self, self.title, drawings=False))

    def _repr_markdown_(self) -> str:
        from chalkwork.documents.markdown import to_markdown

        return to_markdown(self.document())

    def page(self, title: str | None = None) -> Page:
        """The solution as one HTML page that walks through it, and marks who tries it without looking.

        It is a text with a method `save`, and a notebook shows it.
        Raises ChalkworkError where pandoc is missing.
        """
        from chalkwork.documents.model import Code
        from chalkwork.page.html import FIELDS, Item, page
        from chalkwork.solutions.compose import equation_blocks, setting_blocks
        from chalkwork.solutions.exercise import Exercise

        posed = [*setting_blocks(self, values=False), Code("solution", FIELDS)]
        exercise = Exercise.of("solution", self)
        item = Item("", posed, {"solution": exercise}, equation_blocks(self, self.chosen(), level=3))
        return page(title or self.title, [item], language=self.style.language, walking=True)

    def save(self, path: str | Path, title: str | None = None) -> None:
        """Write the solution to a file; the suffix says how (.md .html .pdf .tex .docx .ipynb .json .txt).

        Raises ChalkworkError for an unknown suffix or a file that cannot be written.
        """
        from chalkwork.solutions.export import save
        from chalkwork.solutions.workbook import Workbook

        save(Workbook.of(self, title or self.title), path)
