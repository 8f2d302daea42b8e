"""A small derivation on the board: its equations with their numbers, and formulas without numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression
from chalkwork.derivation.derivation import Derivation, Derivative
from chalkwork.derivation.work_out import work_out
from chalkwork.documents.model import Block, Display, Paragraph
from chalkwork.laboratory.worked import Manner
from chalkwork.solutions.board import display, in_lines, paragraph
from chalkwork.typesetting.equations import given, typeset
from chalkwork.typesetting.notation import Notation, subscript
from chalkwork.typesetting.numbers import NumberFormat
from chalkwork.typesetting.symbols import Symbol, Symbols
from chalkwork.typesetting.values import Layout, ValueWriter
from chalkwork.typesetting.writer import Writer


class Lettered(Symbols):
    """Symbols of which some are given outright: `special` maps names to how they print."""

    def __init__(
        self,
        notation: Notation,
        layers: int,
        special: Mapping[str, Symbol],
        derivatives: Mapping[str, Derivative] | None = None,
    ) -> None:
        super().__init__(notation, layers, derivatives)
        self._special = dict(special)

    def entry(self, name: str, index: tuple[str, ...]) -> Symbol:
        """The symbol of an entry; that of a special name gets its index, unless it has one already."""
        found = self._special.get(name)
        if found is None:
            return super().entry(name, index)
        if not index or "_" in found.latex:
            return found
        return Symbol(f"{found.latex}_{{{''.join(index)}}}", found.text + "".join(map(subscript, index)), found.raised)


class Board:
    """Works a derivation out and writes it.

    `layers` is the number of layers whose letters the notation knows (0: names stand for themselves), `samples` says
    which axis runs over samples, `special` how single names print. Raises ValueProblem where a value is no number.

    >>> from chalkwork.algebra.expression import Name
    >>> from chalkwork.derivation.derivation import Equation, Stage
    >>> work = Derivation((Name("a"),), (Equation("b", 2 * Name("a"), Stage.FORWARD, "Twice {a}."),))
    >>> board = Board(work, {"a": np.array([[3.0]])}, Manner())
    >>> [block.text for block in board.equation("b")]
    ['Twice a.', 'b = 2 a = 2 · 3 = 6']
    """

    def __init__(
        self,
        derivation: Derivation,
        givens: Mapping[str, Any],
        manner: Manner,
        *,
        layers: int = 0,
        samples: str | None = None,
        special: Mapping[str, Symbol] | None = None,
    ) -> None:
        self.derivation = derivation
        self.values = work_out(derivation, givens)
        derivatives = {e.name: e.derivative for e in derivation.equations if e.derivative is not None}
        symbols = Lettered(manner.notation, layers, special or {}, derivatives)
        self.writer = Writer(symbols, self.values, manner.numbers, None, samples)

    def equation(self, name: str, reason: str | None = None) -> list[Block]:
        """The reason, if there is one, and the equation: formula = numbers put in = result."""
        work = typeset(self.derivation[name], self.writer)
        said = self.derivation[name].reason if reason is None else reason
        return [*([self.say(said)] if said else []), display(work)]

    def equations(self, names: Iterable[str], reason: str | None = None) -> list[Block]:
        """Several equations one after the other."""
        return [block for name in names for block in self.equation(name, reason)]

    def givens(self, names: Iterable[str]) -> list[Block]:
        """Givens with their values, side by side where they fit."""
        return in_lines([given(name, self.writer) for name in names], self.writer)

    def say(self, sentence: str) -> Paragraph:
        """A sentence with its `{names}` in the notation."""
        return paragraph(sentence, self.writer)

    def forms(self, name: str, *forms: Expression) -> Display:
        """A name and the forms that it equals, in letters, one below the other."""
        head = self.writer.symbols[name]
        pieces = [self.writer.formula(form) for form in forms]
        rows = [
            (f"{head.latex if row == 0 else ''} &= {piece.latex}", head.text if row == 0 else "", piece.box.lines[0])
            for row, piece in enumerate(pieces)
        ]
        return lines([(latex, f"{start:<{len(head.text)}} = {text}") for latex, start, text in rows])

    def number(self, name: str) -> str:
        """The value of a scalar as inline mathematics."""
        return f"${self.writer.value(self.values[name]).latex}$"


def lines(rows: Iterable[tuple[str, str]]) -> Display:
    """Lines of LaTeX (with an ampersand where they are aligned) and of text, as one display."""
    latex, text = zip(*rows, strict=True)
    if len(latex) == 1:
        return Display(latex[0].replace("&=", "="), text[0])
    return Display("\\begin{aligned}\n" + " \\\\\n".join(latex) + "\n\\end{aligned}", "\n".join(text))


def inline(value: float, numbers: NumberFormat, notation: Notation | None = None) -> str:
    """A number within a sentence, as inline mathematics.

    >>> inline(-0.125, NumberFormat(2)), inline(2.2e-16, NumberFormat(None, 2))
    ('$-0.13$', '$2.2 \\\\cdot 10^{-16}$')
    """
    writer = ValueWriter(notation or Notation(), numbers, Layout())
    return f"${writer.value(np.array([[float(value)]])).latex}$"


def cells(values: Sequence[float], manner: Manner) -> list[str]:
    """Numbers of one column of a table, with as many decimals each, as inline mathematics.

    >>> cells([0.5, 0.25], Manner.of({"decimal_comma": True}))
    ['$0{,}50$', '$0{,}25$']
    """
    writer = ValueWriter(manner.notation, manner.numbers, Layout())
    return [f"${writer.digits(text.strip()).latex}$" for text in manner.numbers.column(values)]


def tiny(value: float) -> str:
    """A difference that should vanish, to two digits, as inline mathematics."""
    return inline(value, NumberFormat(None, 2))
