"""The board: how every worked line is written, from the equations of a solution with their numbers to blocks.

A room that arranges its equations in its own way (`Setting.script`) is given a `Board` and says what stands on it, in
order; nothing else makes a line.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from chalkwork.algebra.entries import EntryValues
from chalkwork.algebra.expression import Expression
from chalkwork.algebra.operations import Shape
from chalkwork.derivation.derivation import Equation, Relation, Stage
from chalkwork.documents.model import Block, Display, Painted, Paragraph, Table
from chalkwork.typesetting.boxes import Box, in_line
from chalkwork.typesetting.equations import TypesetEquation, fill, given, typeset
from chalkwork.typesetting.lines import Line, Part, chain_latex, chain_lines, without_repetition
from chalkwork.typesetting.notation import superscript
from chalkwork.typesetting.numbers import NumberFormat
from chalkwork.typesetting.pieces import Piece, join
from chalkwork.typesetting.symbols import Symbol
from chalkwork.typesetting.unicode_maths import plain_maths
from chalkwork.typesetting.values import ValueWriter
from chalkwork.typesetting.writer import Writer
from chalkwork.words import Said

if TYPE_CHECKING:
    from chalkwork.solutions.working import Working


LARGE = 1e6
"""From this size on the numbers of a column are written each in its own way."""
Member = tuple[Piece, ...]
"""One member of a chain of equal things, in pieces between which a line may be broken."""
Writable = Member | Piece | Symbol | Expression
"""What can be a member: pieces, a symbol as it stands, an expression in letters."""


def maths(latex: str, text: str | None = None) -> Piece:
    """A piece from LaTeX; the text is what the terminal shows, made from the LaTeX where it is not given.

    >>> maths(r"\\alpha + 1").box.lines
    ('α + 1',)
    """
    return Piece.of(latex, plain_maths(latex) if text is None else text)


class Board:
    """Writes what a solution worked out: equations with their numbers, formulas without, sentences, tables.

    >>> from chalkwork.networks.graph import Graph
    >>> board = Board(Graph("c = a + b").solve(a=2, b=1))
    >>> [block.text for block in board.equation("c", reason="The sum of {a} and {b}.")]
    ['The sum of a and b.', 'c = a + b = 2 + 1 = 3']
    """

    def __init__(self, solution: Working) -> None:
        self.solution = solution
        self.derivation = solution.derivation
        self.values = solution.arrays
        self.writer: Writer = solution.writer()

    # --- equations -------------------------------------------------------------------------------------------------

    def equation(self, name: str | Equation, reason: Said | None = None) -> list[Block]:
        """The reason, if there is one, and the equation: formula = numbers put in = result."""
        equation = self.derivation[name] if isinstance(name, str) else name
        said = equation.reason if reason is None else reason
        return [*([self.say(said)] if said else []), display(typeset(equation, self.writer))]

    def equations(self, names: Iterable[str], reason: Said | None = None) -> list[Block]:
        """Several equations one after the other."""
        return [block for name in names for block in self.equation(name, reason)]

    def named(self, stage: Stage) -> list[str]:
        """The names that are worked out in a stage, in order."""
        return [equation.name for equation in self.derivation.equations if equation.stage == stage]

    def givens(self, names: Iterable[str]) -> list[Block]:
        """Givens with their values, side by side where they fit."""
        if self.solution.setting.letters_only:
            shapes = self.derivation.shapes()
            return in_lines([_in_space(self.writer.symbols[name], shapes[name]) for name in names], self.writer)
        return in_lines([given(name, self.writer) for name in names], self.writer)

    def forms(self, name: str, *forms: Expression) -> Display:
        """A name and the forms that it equals, in letters, one below the other."""
        head = self.writer.symbols[name]
        pieces = [self.writer.formula(form) for form in forms]
        rows = [
            (f"{head.latex if row == 0 else ''} &= {piece.latex}", head.text if row == 0 else "", piece.box.lines[0])
            for row, piece in enumerate(pieces)
        ]
        return lines([(latex, f"{start:<{len(head.text)}} = {text}") for latex, start, text in rows])

    def formula(self, expression: Expression) -> Member:
        """An expression in letters, as a member of a chain."""
        return tuple(self.writer.segments(expression, with_numbers=False))

    def numbers(self, expression: Expression, free: Iterable[str] = ()) -> Member:
        """An expression in numbers; the names in `free`, and those that have no value, keep their letters."""
        kept = set(free)
        writer = self.writer
        if kept:
            values = EntryValues({name: value for name, value in self.values.items() if name not in kept})
            writer = Writer(writer.symbols, values, writer.numbers, writer.layout, writer.samples)
        return tuple(writer.segments(expression, with_numbers=True))

    def chain(
        self,
        left: str | Piece | Symbol | Expression | None,
        *members: Writable,
        relations: Sequence[Relation] = (),
        repeated: bool = False,
    ) -> Display:
        """A statement without a number of its own: left = member = member ..., broken where it must be.

        `left` is a name, a piece or an expression; None where the chain goes on from one that was just shown. A member
        is a piece, pieces between which a line may be broken, a symbol, or an expression, which is written in letters;
        `relations` are the signs in front of the members, `=` if none are given. A member that reads as the one after
        it is left out, unless `repeated`.

        >>> from chalkwork.networks.graph import Graph
        >>> board = Board(Graph("c = a + b").solve(a=2, b=1))
        >>> board.chain("c", Piece.of("3", "3"), Piece.of("4", "4"), relations=["=", "<"]).text
        'c = 3 < 4'
        >>> board.chain(None, Piece.of("3", "3")).text
        '= 3'
        """
        head = () if left is None else self._member(self.writer.symbols[left] if isinstance(left, str) else left)
        signs = relations or ["="] * len(members)
        parts = [Part("formula", self._member(each), sign) for each, sign in zip(members, signs, strict=True)]
        parts = parts if repeated else without_repetition(parts)
        layout = self.writer.layout
        return Display(lambda: chain_latex(head, parts, layout), lambda: _painted(chain_lines(head, parts, layout)))

    def _member(self, given: Writable) -> Member:
        if isinstance(given, Expression):
            return self.formula(given)
        if isinstance(given, Symbol):
            return (Piece.of(given.latex, given.text),)
        return (given,) if isinstance(given, Piece) else tuple(given)

    # --- words -----------------------------------------------------------------------------------------------------

    def say(self, sentence: Said) -> Paragraph:
        """A sentence with its `{names}` in the notation."""
        return paragraph(sentence, self.writer)

    def prose(self, markdown: str) -> Paragraph:
        """A sentence as it stands, with its maths between dollars and the notation's sign for `\\log`."""
        return Paragraph(self.writer.notation.with_log(markdown)[0])

    def maths(self, latex: str, text: str | None = None) -> Piece:
        """Maths as it stands, with the notation's sign for `\\log`: see `maths`.

        >>> from chalkwork.networks.graph import Graph
        >>> board = Board(Graph("c = a + b").solve(a=2, b=1, notation={"log": "ln"}))
        >>> board.maths(r"\\log \\theta", "log θ").box.lines
        ('ln θ',)
        """
        return Piece.of(*self.writer.notation.with_log(latex, plain_maths(latex) if text is None else text))

    def lines(self, rows: Iterable[tuple[str, str]]) -> Display:
        """Lines of LaTeX and of text, as one display, with the notation's sign for `\\log`: see `lines`."""
        return lines([self.writer.notation.with_log(*row) for row in rows])

    def number(self, value: str | float, digits: int | None = None) -> str:
        """A number within a sentence, as inline mathematics: see `piece`."""
        return f"${self.piece(value, digits).latex}$"

    def piece(self, value: str | float, digits: int | None = None) -> Piece:
        """A number, or the value of a scalar by its name, as LaTeX and text; to so many significant digits if given."""
        found = np.array([[float(self.values[value].item()) if isinstance(value, str) else float(value)]])
        if digits is None:
            return self.writer.value(found)
        return ValueWriter(self.writer.notation, NumberFormat(None, digits), self.writer.layout).value(found)

    @cached_property
    def _digits(self) -> ValueWriter:
        return ValueWriter(self.writer.notation, self.writer.numbers, self.writer.layout)

    def cells(self, values: Sequence[float]) -> list[str]:
        """Numbers of one column of a table as inline mathematics: with as many decimals each, counts with none.

        Where some are large each is written in its own way, and so is one of which the decimals show nothing.
        """
        if values and all(isinstance(value, int) for value in values):
            return [str(value) for value in values]
        if any(abs(value) >= LARGE for value in values):
            return [self.number(value) for value in values]
        digits = self.writer.numbers.decimals if self.writer.numbers.decimals is not None else 4
        return [
            self.number(value) if 0 < abs(value) < 5 * 10.0**-digits else f"${self._digits.digits(text.strip()).latex}$"
            for value, text in zip(values, self.writer.numbers.column(values), strict=True)
        ]

    def table(self, head: Sequence[str], columns: Sequence[Sequence[float] | Sequence[str]]) -> Table:
        """A table of columns, numbers flush right with their decimals in line, texts as they are."""
        texts = [all(isinstance(each, str) for each in column) for column in columns]
        written = [
            [str(cell) for cell in column]
            if text
            else self.cells([cell for cell in column if not isinstance(cell, str)])
            for column, text in zip(columns, texts, strict=True)
        ]
        right = tuple(place for place, text in enumerate(texts) if not text)
        return Table(tuple(head), tuple(zip(*written, strict=True)), right)


def _in_space(symbol: Symbol, shape: Shape) -> Piece:
    """What has only a letter, with its shape: W in R^{2x3}."""
    sizes = r" \times ".join(map(str, shape))
    above = f"^{{{sizes}}}" if shape else ""
    text = f"{symbol.text} ∈ ℝ{superscript('x'.join(map(str, shape))) if shape else ''}"
    return Piece.of(rf"{symbol.latex} \in \mathbb{{R}}{above}", text)


# --- blocks ----------------------------------------------------------------------------------------------------------


def display(work: TypesetEquation) -> Display:
    """A typeset equation as a block."""
    return Display(lambda: work.latex, lambda: _painted(work.lines))


def boxed(latex: str, kind: str, box: Box) -> Display:
    """A box of one kind as a block, with the LaTeX of the same."""
    return Display(latex, lambda: _painted([Line(((kind, box),))]))


def _painted(lines: Iterable[Line]) -> Painted:
    """The lines of characters of lines of boxes, each piece with its kind."""
    painted: list[tuple[tuple[str, str], ...]] = []
    for line in lines:
        kinds, boxes = zip(*line.parts, strict=True)
        painted += [tuple(zip(kinds, characters, strict=True)) for characters in in_line(boxes)]
    return tuple(painted)


def in_lines(pieces: Sequence[Piece], writer: Writer) -> list[Block]:
    """Pieces of mathematics side by side, as many on a line as fit."""
    if not pieces:
        return []
    rows: list[list[Piece]] = [[]]
    for piece in pieces:
        used = sum(other.box.width + 4 for other in rows[-1])
        if rows[-1] and used + piece.box.width > min(writer.layout.latex_width, writer.layout.text_width):
            rows.append([])
        rows[-1].append(piece)
    comma = writer.notation.between.strip()
    gap = Piece.of(rf"{comma} \quad ", f"{comma}   ")
    joined = [_spaced(line, gap) for line in rows]
    return [boxed(piece.latex, "formula", piece.box) for piece in joined]


def _spaced(line: Sequence[Piece], gap: Piece) -> Piece:
    parts = [line[0]]
    for piece in line[1:]:
        parts += [gap, piece]
    return join(*parts)


def paragraph(sentence: Said, writer: Writer) -> Paragraph:
    """A sentence of ours with its `{names}` in the notation."""
    return Paragraph(lambda: fill(sentence, writer, latex=True), lambda: fill(sentence, writer, latex=False))


def lines(rows: Iterable[tuple[str, str]]) -> Display:
    """Lines of LaTeX (with an ampersand where they are aligned) and of text, as one display.

    >>> lines([("a &= b", "a = b")]).latex
    'a = b'
    """
    latex, text = zip(*rows, strict=True)
    if len(latex) == 1:
        return Display(latex[0].replace("&=", "="), text[0])
    return Display("\\begin{aligned}\n" + " \\\\\n".join(latex) + "\n\\end{aligned}", "\n".join(text))
