"""Formulas of the likelihood room on the board: names in a notation, numbers put in, several lines in a row."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence, Set
from functools import cached_property

import numpy as np

from chalkwork.algebra.expression import Application, Expression, Name, apply, names_in, transform
from chalkwork.algebra.operations import Precedence
from chalkwork.algebra.reading import read
from chalkwork.derivation.evaluate import evaluate
from chalkwork.documents.model import Block, Display, Paragraph, Table
from chalkwork.laboratory.worked import Manner
from chalkwork.typesetting.boxes import width_of
from chalkwork.typesetting.notation import GREEK, Notation
from chalkwork.typesetting.numbers import shown
from chalkwork.typesetting.pieces import Piece, added, join
from chalkwork.typesetting.symbols import Symbol, Symbols
from chalkwork.typesetting.unicode_maths import plain_maths
from chalkwork.typesetting.values import Layout, ValueWriter
from chalkwork.typesetting.writer import Writer

WIDTH = 72
MOST_TERMS = 6
_CONSTANTS = frozenset({"pi"})
"""Names that keep their letter where numbers are put in."""

Row = Sequence[Piece]
"""What stands behind one equals sign, in pieces between which the line may be broken."""


class _Marks(Symbols):
    """Symbols of which some are given."""

    def __init__(self, manner: Manner, marks: Mapping[str, Symbol]) -> None:
        super().__init__(manner.notation)
        self._given = dict(marks)

    def __getitem__(self, name: str) -> Symbol:
        return self._given.get(name) or super().__getitem__(name)


class _Partly(Writer):
    """A writer that keeps some names when it puts the numbers in."""

    free: Set[str] = _CONSTANTS

    def _write(self, expression: Expression) -> Piece:
        if isinstance(expression, Name) and expression.name in self.free:
            return Piece.of(self.symbols[expression.name].latex, self.symbols[expression.name].text)
        return super()._write(expression)

    def _precedence(self, expression: Expression) -> Precedence:
        if isinstance(expression, Name) and expression.name in self.free:
            return Precedence.POWER if self.symbols[expression.name].raised else Precedence.ATOM
        return super()._precedence(expression)


class Board:
    """Writes expressions over scalar names with the marks given, and puts the values in.

    >>> board = Board(Manner(), {"s": Symbol("s", "s"), "n": Symbol("n", "n")}, {"s": 6.0, "n": 4.0})
    >>> ratio = board.read("s / n")
    >>> board.worked(Piece.of("m", "m"), ratio).text
    'm = s / n = 6 / 4 = 1.5'
    """

    def __init__(self, manner: Manner, marks: Mapping[str, Symbol], values: Mapping[str, float]) -> None:
        self.manner = manner
        self.marks = dict(marks)
        self.values = dict(values)
        self._arrays = {name: np.array([[value]]) for name, value in values.items()}
        self._layout = Layout(WIDTH, WIDTH)
        self._writer = _Partly(_Marks(manner, marks), self._arrays, manner.numbers, self._layout)

    @cached_property
    def names(self) -> dict[str, Expression]:
        """Every name that an expression of this board may hold."""
        return {name: Name(name) for name in (*self.marks, *self.values)}

    def read(self, text: str) -> Expression:
        """The expression that a text of ours stands for."""
        return read(text, self.names)

    def value(self, expression: Expression) -> float:
        """Its value."""
        with np.errstate(all="ignore"):
            return float(evaluate(expression, self._arrays)[0, 0])

    def number(self, value: float) -> Piece:
        """A number in the digits asked for."""
        return ValueWriter(self.manner.notation, self.manner.numbers, self._layout).value(np.array([[float(value)]]))

    def formula(self, expression: Expression) -> list[Piece]:
        """The expression in names."""
        return self._writer.segments(expression, with_numbers=False)

    def put_in(self, expression: Expression) -> list[Piece]:
        """The expression in numbers."""
        return self._writer.segments(expression, with_numbers=True)

    def partly(self, expression: Expression, free: str) -> list[Piece]:
        """The expression with numbers for all names but one; factors of 1 are left out."""
        ones = {name for name, value in self.values.items() if value == 1} - {free}
        writer = _Partly(_Marks(self.manner, self.marks), self._arrays, self.manner.numbers, self._layout)
        unknown = {name.name for name in names_in(expression)} - self.values.keys()
        writer.free = {free, *_CONSTANTS, *unknown}
        return writer.segments(_without_ones(expression, ones), with_numbers=True)

    def mark(self, name: str) -> Piece:
        """One name as it prints."""
        symbol = self.marks[name]
        return Piece.of(symbol.latex, symbol.text)

    def worked(self, left: Piece, expression: Expression, value: float | None = None) -> Display:
        """left = formula = numbers put in = value."""
        formula, numbers = self.formula(expression), self.put_in(expression)
        result = [self.number(self.value(expression) if value is None else value)]
        return chain(left, without_repetition([formula, numbers, result]))

    def table(self, head: Sequence[str], columns: Sequence[Sequence[float] | Sequence[str]]) -> Table:
        """A table of numbers, each column with its decimals in line; a column of texts stays as it is."""
        written = [self.column(column) for column in columns]
        return Table(tuple(head), tuple(zip(*written, strict=True)), tuple(range(len(columns))))

    def column(self, values: Sequence[float] | Sequence[str]) -> list[str]:
        """The cells of one column."""
        if any(isinstance(value, str) for value in values):
            return [str(value) for value in values]
        numbers = [float(value) for value in values]
        known = [number for number in numbers if np.isfinite(number)]
        finite = iter(self.manner.numbers.column(known) if known else ())
        digits = ValueWriter(self.manner.notation, self.manner.numbers, self._layout)
        texts = [next(finite).rstrip() if np.isfinite(number) else str(number) for number in numbers]
        return [f"${digits.digits(text).latex}$" for text in texts]


def _without_ones(expression: Expression, names: set[str]) -> Expression:
    """The expression without factors that are 1."""

    def rule(node: Expression) -> Expression | None:
        if not isinstance(node, Application) or node.operation.name not in ("multiply", "xlogy"):
            return None
        left, right = (_without_ones(argument, names) for argument in node.arguments)
        if node.operation.name == "xlogy":
            return apply("log", right) if isinstance(left, Name) and left.name in names else None
        if isinstance(left, Name) and left.name in names:
            return right
        return left if isinstance(right, Name) and right.name in names else left * right

    return transform(expression, rule)


def without_repetition(rows: Sequence[Row]) -> list[Row]:
    """The rows without those that read as the one before."""
    kept: list[Row] = []
    for row in rows:
        if not kept or join(*row).latex != join(*kept[-1]).latex:
            kept.append(row)
    return kept


def maths(latex: str, text: str | None = None) -> Piece:
    """A piece from LaTeX; the text is what the terminal shows, made from the LaTeX where it is not given."""
    return Piece.of(latex, plain_maths(latex) if text is None else text)


_HAT = re.compile(r"\\hat\{\\?(\w+?)\}")


def prose(markdown: str) -> Paragraph:
    """A paragraph whose hats are kept in the terminal.

    >>> prose(r"The estimate is $\\hat{\\theta}$.").text
    'The estimate is $θ̂$.'
    """
    text = _HAT.sub(lambda found: GREEK.get(found[1], found[1]) + "\u0302", markdown)
    return Paragraph(markdown, text.replace(r"\mathbb{E}", "E"))


def in_notation(blocks: Sequence[Block], notation: Notation) -> tuple[Block, ...]:
    """The blocks with the notation's sign of the natural logarithm where they were written with the usual one."""
    if notation.log == "log":
        return tuple(blocks)
    sign = rf"\{notation.log}"
    changed: list[Block] = []
    for block in blocks:
        if isinstance(block, Display):
            text = re.sub(r"\blog\b", notation.log, block.text)
            changed.append(Display(block.latex.replace(r"\log", sign), text))
        elif isinstance(block, Paragraph):
            changed.append(Paragraph(block.markdown.replace(r"\log", sign), block.text.replace(r"\log", sign)))
        elif isinstance(block, Table):
            rows = tuple(tuple(cell.replace(r"\log", sign) for cell in row) for row in block.rows)
            changed.append(Table(tuple(cell.replace(r"\log", sign) for cell in block.head), rows, block.right))
        else:
            changed.append(block)
    return tuple(changed)


def total(terms: Sequence[Piece]) -> list[Piece]:
    """The terms of a sum with their signs, with dots where there are many."""
    pieces: list[Piece] = []
    for place in shown(len(terms), MOST_TERMS):
        if place is None:
            pieces.append(maths(r" + \cdots", " + ⋯"))
        else:
            pieces.append(join(*added(terms[place])) if pieces else terms[place])
    return pieces


def product(factors: Sequence[Piece]) -> list[Piece]:
    """The factors of a product, with dots where there are many."""
    pieces: list[Piece] = []
    for place in shown(len(factors), MOST_TERMS):
        factor = maths(r"\cdots", "⋯") if place is None else factors[place]
        pieces.append(join(Piece.of(r" \cdot ", " · "), factor) if pieces else factor)
    return pieces


def chain(left: Piece, rows: Sequence[Row], relations: Sequence[str] | None = None) -> Display:
    """left = row = row ..., on one line where it fits, else a line for every row.

    `relations` are the LaTeX of the signs, `=` where none are given.

    >>> chain(maths("a"), [[maths("b + c")], [maths("3")]]).latex
    'a = b + c = 3'
    """
    signs = list(relations or ["="] * len(rows))
    indent = left.width if left.width <= 24 else 4
    latex = _latex_lines(left, rows, signs)
    text = _text_lines(left, rows, signs, indent)
    body = latex[0] if len(latex) == 1 else "\\begin{aligned}\n" + " \\\\\n".join(latex) + "\n\\end{aligned}"
    return Display(_PARENTHESISED.sub(r"{{\\left( \1 \\right)}^", body), "\n".join(text))


_PARENTHESISED = re.compile(r"(?<=\})\{\{\(((?:(?!\)\}).)+)\)\}\^")
"""A power of parentheses alone below a fraction's bar: pandoc's Typst breaks it unless the parentheses are a pair."""


def _latex_lines(left: Piece, rows: Sequence[Row], signs: Sequence[str]) -> list[str]:
    whole = left.latex_width + sum(piece.latex_width for row in rows for piece in row) + 3 * len(rows)
    if whole <= WIDTH:
        parts = [f" {sign} " + join(*row).latex for sign, row in zip(signs, rows, strict=True)]
        return [left.latex + "".join(parts)]
    lines: list[str] = []
    for sign, row in zip(signs, rows, strict=True):
        for number, part in enumerate(_broken(row, WIDTH - left.latex_width - 3, lambda piece: piece.latex_width)):
            relation = sign if number == 0 else r"\quad \text{}"
            lines.append(f"{'' if lines else left.latex} &{relation} {join(*part).latex}".strip())
    return lines


def _text_lines(left: Piece, rows: Sequence[Row], signs: Sequence[str], indent: int) -> list[str]:
    head = left.box.lines[0]
    texts = [(plain_maths(sign), row) for sign, row in zip(signs, rows, strict=True)]
    whole = head + "".join(f" {sign} {join(*row).box.lines[0]}" for sign, row in texts)
    if width_of(whole) <= WIDTH:
        return [whole]
    lines = []
    for sign, row in texts:
        for number, part in enumerate(_broken(row, WIDTH - indent - 3, lambda piece: piece.width)):
            lines.append(f"{'':{indent}} {sign if number == 0 else ' '} {join(*part).box.lines[0]}")
    return [head + lines[0][indent:], *lines[1:]] if indent == left.width else [head, *lines]


def _broken(row: Row, room: int, measure: Callable[[Piece], int]) -> list[list[Piece]]:
    lines: list[list[Piece]] = [[]]
    used = 0
    for piece in row:
        if lines[-1] and used + measure(piece) > room:
            lines.append([])
            used = 0
        lines[-1].append(piece)
        used += measure(piece)
    return lines
