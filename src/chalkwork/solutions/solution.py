"""A worked solution: a derivation, its numbers, and how they are to be written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from chalkwork.algebra.entries import EntryValues, entry, entry_name, place_of, split_entry
from chalkwork.algebra.expression import Application, Name
from chalkwork.algebra.expression import replace as replaced
from chalkwork.derivation.derivation import Derivation, Equation, Stage, updates_of
from chalkwork.derivation.work_out import work_out
from chalkwork.errors import ChalkworkError, CostError
from chalkwork.typesetting.equations import TypesetEquation, typeset
from chalkwork.typesetting.notation import Notation
from chalkwork.typesetting.numbers import NumberFormat, shown
from chalkwork.typesetting.symbols import Symbol, Symbols
from chalkwork.typesetting.values import Layout
from chalkwork.typesetting.writer import Writer

if TYPE_CHECKING:
    from pathlib import Path

    from chalkwork.checking.report import Report
    from chalkwork.documents.model import Block, Document
    from chalkwork.drawings.canvas import Drawing
    from chalkwork.solutions.board import Board

Rounding = Literal["shown", "every_line"]
Detail = Literal["equations", "entries"]
MOST_ENTRIES = 6
"""Rows and columns of a matrix whose entries are worked out one by one; the others are like them."""

Remarks = Callable[["Solution"], Mapping[str, tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class Style:
    """How a solution is written: notation, digits, whether each line is rounded, and how fine the steps are.

    Raises ChalkworkError for decimals together with significant digits, or a word that is not known.

    >>> Style.of(notation="brackets", decimals=2).numbers.decimals
    2
    """

    notation: Notation = field(default_factory=Notation)
    numbers: NumberFormat = field(default_factory=NumberFormat)
    rounding: Rounding = "shown"
    detail: Detail = "equations"
    stated: bool = False
    """Whether somebody asked for these digits, rather than nobody for any."""

    @classmethod
    def of(
        cls,
        notation: str | Mapping[str, Any] | Notation | None = None,
        decimals: int | None = None,
        significant: int | None = None,
        rounding: Rounding = "shown",
        detail: Detail = "equations",
    ) -> Style:
        """A style from plain values; four decimals where nothing is asked."""
        if decimals is not None and significant is not None:
            raise ChalkworkError("give decimals or significant digits, not both")
        for value, least, most, what in ((decimals, 0, 15, "decimals"), (significant, 1, 17, "significant digits")):
            whole = isinstance(value, int) and not isinstance(value, bool)
            if value is not None and not (whole and least <= value <= most):
                raise ChalkworkError(f"{what} are a number from {least} to {most}, not {value!r}")
        if rounding not in ("shown", "every_line"):
            raise ChalkworkError(f"rounding is 'shown' or 'every_line', not {rounding!r}")
        if detail not in ("equations", "entries"):
            raise ChalkworkError(f"detail is 'equations' or 'entries', not {detail!r}")
        numbers = NumberFormat(4 if decimals is None and significant is None else decimals, significant)
        stated = decimals is not None or significant is not None
        return cls(Notation.of(notation), numbers, rounding, detail, stated)


@dataclass(frozen=True, slots=True)
class Word:
    """An answer that is no number: the word, what else it is called, and what there is to choose from.

    >>> Word("softmax", choices=("sigmoid", "softmax")).value
    'softmax'
    """

    value: str
    also: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Setting:
    """What surrounds the equations: sentences about the exercise, the givens to list, a drawing, remarks.

    Sentences hold `{names}` that are set in the notation.
    """

    introduction: tuple[str, ...] = ()
    givens: tuple[str, ...] = ()
    layers: int = 0
    samples: str | None = None
    drawing: Callable[[Solution, bool], Drawing] | None = None
    """Draws the network or graph; with the values that were found, or without them."""
    values_drawn: bool = True
    """Whether the drawing has values to show: one drawing cannot hold those of a batch."""
    remarks: Remarks | None = None
    title: str = "Worked solution"
    letters: Mapping[str, Symbol] = field(default_factory=dict)
    """How single names print, whatever the notation."""
    script: Callable[[Board], Iterable[Block]] | None = None
    """What stands on the board, in order, where a room arranges its equations in its own way."""
    asked: tuple[str, ...] = ()
    """What is to be answered where an exercise does not say; every equation, if empty."""
    words: Mapping[str, Word] = field(default_factory=dict)
    """What was found in words, by name; it can be asked for."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What was found besides the equations, by name: counts, measured differences; it is not asked for."""
    undecided: Callable[[Solution], Mapping[str, str]] | None = None
    """What an answer is told where the right value is a matter of convention, by the name of the step."""


class Solution(Mapping[str, Any]):
    """A derivation with its numbers, readable by name and in every format.

    A mapping from names to values: arrays in the convention's orientation, numbers for scalars; an entry is
    `solution["W1[1,2]"]`. `print` shows the board; a notebook renders it; `save` writes a file by its suffix.

    >>> from chalkwork.networks.graph import Graph
    >>> solution = Graph("c = a + b; d = b + 1; e = c * d").solve(a=2, b=1)
    >>> float(solution["e"])
    6.0
    """

    def __init__(
        self,
        derivation: Derivation,
        givens: Mapping[str, Any],
        style: Style | None = None,
        setting: Setting | None = None,
    ) -> None:
        self.derivation = derivation
        self.style = style or Style()
        self.setting = setting or Setting()
        rounding = self.style.numbers.rounded if self.style.rounding == "every_line" else None
        self.arrays = EntryValues(work_out(derivation, givens, rounding))
        self._shapes = derivation.shapes()

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

    # --- values ------------------------------------------------------------------------------------------------

    def __getitem__(self, name: str) -> Any:
        whole, index = split_entry(name)
        if whole not in self._shapes:
            word = self.setting.words.get(name)
            return self.setting.facts[name] if word is None else word.value
        if index:
            place_of(whole, index, self._shapes[whole])
        value = self.arrays[name]
        return np.float64(value[0, 0]) if index or not self._shapes[whole] else value

    def __iter__(self) -> Iterator[str]:
        yield from self._shapes
        yield from self.setting.words
        yield from self.setting.facts

    def __len__(self) -> int:
        return len(self._shapes) + len(self.setting.words) + len(self.setting.facts)

    # --- equations -----------------------------------------------------------------------------------------------

    @cached_property
    def _writer(self) -> Writer:
        derivatives = {e.name: e.derivative for e in self.derivation.equations if e.derivative is not None}
        several = any(updates_of(name) > 1 for name in self.derivation)
        plain = {name: name.replace("_", " ") for name in self.setting.words}
        words = {name: Symbol(rf"\text{{{word}}}", word) for name, word in plain.items()}
        letters = {**words, **self.setting.letters}
        symbols = Symbols(self.style.notation, self.setting.layers, derivatives, letters, numbered=several)
        givens = frozenset(name.name for name in self.derivation.givens)
        return Writer(symbols, self.arrays, self.style.numbers, None, self.setting.samples, givens)

    def writer(self, layout: Layout | None = None) -> Writer:
        """A writer for the expressions of this solution; the one for the usual page is kept, with what it wrote."""
        own = self._writer
        if layout is None:
            return own
        return Writer(own.symbols, self.arrays, own.numbers, layout, self.setting.samples, own.givens)

    def equation(self, name: str) -> TypesetEquation:
        """One equation, or one entry of it, typeset; KeyError for a name that no equation defines."""
        whole, index = split_entry(name)
        equation = self.derivation[whole]
        return typeset(self._entry(equation, index) if index else equation, self._writer)

    @property
    def equations(self) -> list[TypesetEquation]:
        """Every equation in order, typeset."""
        return [typeset(equation, self._writer) for equation in self.chosen()]

    def chosen(self, names: tuple[str, ...] = (), known: tuple[str, ...] = ()) -> list[Equation]:
        """The equations that lead to the names (all, if none are given), in the style's detail.

        What is in `known`, and what only leads to that, is left out. KeyError for an unknown name.
        """
        wholes = tuple(split_entry(name)[0] for name in names)
        for name, whole in zip(names, wholes, strict=True):
            if whole not in self._shapes:
                raise KeyError(name)
        equations = self.derivation.ancestors(wholes or tuple(self.derivation), known)
        if self.style.detail == "equations":
            return list(equations)
        only = {split_entry(name) for name in names if "[" in name}
        return [part for equation in equations for part in self._entries(equation, only)]

    def _entries(self, equation: Equation, only: set[tuple[str, tuple[str, ...]]]) -> list[Equation]:
        """One scalar equation for every entry; the whole one where an entry is too long to be written out."""
        shape = equation.expression.shape
        if not shape or (isinstance(equation.expression, Application) and equation.name.startswith("class")):
            return [equation]
        chosen = [index for whole, index in only if whole == equation.name]
        places = chosen or [
            split_entry(entry_name(equation.name, shape, *place))[1]
            for place in product(*([at for at in shown(size, MOST_ENTRIES) if at is not None] for size in shape))
        ]
        try:
            return [self._entry(equation, index, first=place == 0) for place, index in enumerate(places)]
        except CostError:
            return [equation]

    def _entry(self, equation: Equation, index: tuple[str, ...], first: bool = True) -> Equation:
        shape = equation.expression.shape
        place = place_of(equation.name, index, shape)
        scalar = entry(equation.expression, *place)
        return replace(
            equation,
            name=entry_name(equation.name, shape, *place),
            expression=scalar,
            reason=equation.reason if first else "",
            chain=(),
            steps=(),
            worked=self._with_sums(equation, scalar, place),
        )

    def _with_sums(self, equation: Equation, scalar: Any, place: tuple[int, ...]) -> Any:
        """An activation's entry with its net input written as the sum that it is."""
        if equation.stage not in (Stage.FORWARD, Stage.REEVALUATION) or not isinstance(
            equation.expression, Application
        ):
            return None
        names = equation.expression.arguments
        if len(names) != 1 or not isinstance(names[0], Name) or not equation.expression.operation.entrywise:
            return None
        net = self.derivation[names[0].name].expression if names[0].name in self.derivation else None
        if net is None or max(net.shape, default=0) > MOST_ENTRIES:
            return None
        inner = Name(entry_name(names[0].name, names[0].shape, *place))
        return replaced(scalar, {inner: entry(net, *place)})

    # --- checking ------------------------------------------------------------------------------------------------

    def check(
        self,
        answers: Mapping[str, object],
        *,
        ask: Sequence[str] = (),
        names: Mapping[str, str] | None = None,
        tolerance: float = 0.0,
    ) -> Report:
        """A report on somebody's answers: which step is wrong first, and what mistake explains it.

        `answers` maps names, as people write them (`delta_2`, `grad_W1`), to numbers, arrays or text as it is typed
        (`"0,45"`, `"[1 2; 3 4]"`, a LaTeX matrix); `locals()` of a program will do. Every digit typed counts: "0.79"
        stands for what rounds to it. Each step is held against the right value, then against the student's own
        earlier answers. `ask` lists the names to mark (all that are answered, if none are given), `names` says which
        answer is which where a guess would be ambiguous. Every number may be off by `tolerance`, besides what its
        digits leave open.

        Raises ChalkworkError for a name in `ask` or `names` that the solution does not have, or a negative tolerance.

        >>> from chalkwork.networks.graph import Graph
        >>> report = Graph("c = a + b; d = b + 1; e = c * d").solve(a=2, b=1).check({"c": 4, "d": "2", "e": "8"})
        >>> report["c"].verdict, report["e"].verdict, report.first_wrong
        ('wrong', 'follows', 'c')
        """
        return self.check_class([answers], ask=ask, names=names, tolerance=tolerance)[0]

    def check_class(
        self,
        answers: Sequence[Mapping[str, object]],
        *,
        ask: Sequence[str] = (),
        names: Mapping[str, str] | None = None,
        tolerance: float = 0.0,
        follows: Fraction = Fraction(1),
    ) -> list[Report]:
        """The reports on the answers of many students, as `check` gives them for one, worked out together.

        A right step that goes on from a wrong value earns the part `follows` of its credit.

        >>> from chalkwork.networks.graph import Graph
        >>> reports = Graph("c = a + b").solve(a=2, b=1).check_class([{"c": 3}, {"c": "4"}, {}], ask=["c"])
        >>> [report["c"].verdict for report in reports]
        ['correct', 'wrong', 'blank']
        """
        from chalkwork.checking.report import Report
        from chalkwork.checking.wording import without

        words = self.setting.words
        apart = [without(given, words) for given in answers]
        numeric = [name for name in ask if name not in words]
        if numeric or not ask:
            reports = self._check_numbers([rest for _, rest in apart], numeric, names, tolerance, follows)
        else:
            reports = [Report({}, dict.fromkeys(rest, "not a name of this exercise"), follows) for _, rest in apart]
        if not words:
            return reports
        return [self._with_words(report, given, ask) for report, (given, _) in zip(reports, apart, strict=True)]

    def _with_words(self, report: Report, given: Mapping[str, object], ask: Sequence[str]) -> Report:
        """The report with the answers in words at their places among what is asked."""
        from chalkwork.checking.report import Report
        from chalkwork.checking.wording import word_result

        words = self.setting.words
        asked = [name for name in words if name in (ask or given)]
        said = {name: word_result(name, (words[name].value, *words[name].also), given.get(name)) for name in asked}
        order = [split_entry(name)[0] if name not in words else name for name in ask]
        found = {**report, **said}
        return Report({name: found[name] for name in (*order, *found) if name in found}, report.unused, report.follows)

    def _check_numbers(
        self,
        answers: Sequence[Mapping[str, object]],
        ask: Sequence[str],
        names: Mapping[str, str] | None,
        tolerance: float,
        follows: Fraction,
    ) -> list[Report]:
        from chalkwork.checking.check import check_class
        from chalkwork.checking.digits import Digits

        numbers = self.style.numbers
        reports = check_class(
            self.derivation,
            self.arrays,
            answers,
            self.writer().symbols,
            asked=ask,
            names=names,
            digits=Digits(numbers.decimals, numbers.significant, self.style.stated),
            sample_axis={"columns": -1, "rows": -2}.get(self.setting.samples or ""),
            tolerance=tolerance,
            follows=follows,
        )
        undecided = self.setting.undecided(self) if self.setting.undecided else {}
        return [report.remarked(undecided) for report in reports] if undecided else reports

    def names_meant(self, words: Iterable[str], asked: Sequence[str]) -> list[str]:
        """Which of the words mean one of the asked names, or an entry of one.

        >>> from chalkwork.networks.graph import Graph
        >>> Graph("c = a + b").solve(a=2, b=1).names_meant(["c", "something"], ["c"])
        ['c']
        """
        from chalkwork.checking.gathering import whole_of
        from chalkwork.checking.names import match_names
        from chalkwork.checking.wording import named

        meant = {word: whole_of(word) for word in words}
        matched, _ = match_names(list(meant.values()), list(self.derivation), self.writer().symbols)
        wholes = {split_entry(name)[0] for name in asked}
        wording = [name for name in self.setting.words if name in asked]
        return [word for word, whole in meant.items() if matched.get(whole) in wholes or named(word, wording)]

    # --- documents -----------------------------------------------------------------------------------------------

    def document(self, title: str | None = None) -> Document:
        """The solution as a document."""
        from chalkwork.solutions.compose import solution_document

        return solution_document(self, title or self.setting.title)

    def __str__(self) -> str:
        from chalkwork.documents.terminal import to_text
        from chalkwork.solutions.compose import solution_document

        return to_text(solution_document(self, self.setting.title, drawings=False))

    def _repr_markdown_(self) -> str:
        from chalkwork.documents.markdown import to_markdown

        return to_markdown(self.document())

    def save(self, path: str | Path, title: str | None = None) -> None:
        """Write the solution to a file; the suffix says how (.md .html .pdf .tex .docx .ipynb .json .txt).

        Raises ChalkworkError for an unknown suffix or a file that cannot be written.
        """
        from chalkwork.solutions.export import save
        from chalkwork.solutions.workbook import Workbook

        save(Workbook.of(self, title or self.setting.title), path)
