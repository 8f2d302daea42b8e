"""One equation as a reader sees it: chain rule = formula = numbers put in = result, broken where it must be."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from chalkwork.algebra.entries import split_entry
from chalkwork.algebra.expression import Expression, Name
from chalkwork.derivation.derivation import Chain, Equation
from chalkwork.typesetting.boxes import Box, row
from chalkwork.typesetting.decimal_mark import commas_in_prose, commas_in_text
from chalkwork.typesetting.numbers import shown
from chalkwork.typesetting.pieces import Piece, join
from chalkwork.typesetting.unicode_maths import plain_maths
from chalkwork.typesetting.writer import Writer

_EQUALS = Piece.of(" = ", " = ")
# the empty text makes a following minus a sign between two things, not the sign of one
_CONTINUED = Piece.of(r"\quad \text{}", "   ")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_MATHS_OR_NAME = re.compile(r"\$([^$]*)\$|\{(\w+)\}")
_PRIVATE = 0xE000
MOST_SEGMENTS = 14
_WIDEST_HEAD = 8


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the terminal's board: boxes with what each is (`name`, `formula`, `numbers`, `result`)."""

    parts: tuple[tuple[str, Box], ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """What stands between two equals signs, in pieces between which a line may be broken."""

    kind: str
    pieces: tuple[Piece, ...]

    @property
    def latex(self) -> str:
        return "".join(piece.latex for piece in self.pieces)


class TypesetEquation:
    """An equation in every form that a document needs; each form is made when it is asked for."""

    def __init__(self, equation: Equation, writer: Writer) -> None:
        self.name = equation.name
        self.stage = equation.stage.value
        self._equation = equation
        self._writer = writer
        symbol = writer.symbols[equation.name]
        self._head = Piece.of(symbol.latex, symbol.text)
        self._parts = _parts(equation, writer)

    @cached_property
    def latex(self) -> str:
        """What goes between the dollars; an `aligned` block where there are several lines."""
        return _latex(self._head, self._parts, self._writer.layout.latex_width)

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """The lines of the terminal's board."""
        return _board(self._head, self._parts, self._writer.layout.text_width)

    @cached_property
    def text(self) -> str:
        """The formula and the result on one line, for machines and search."""
        value = self._writer.values[self.name]
        formula = next((part for part in reversed(self._parts) if part.kind == "formula"), None)
        box = row(box for piece in formula.pieces for box in piece.boxes) if formula else None
        middle = f" = {box.lines[0]}" if box and len(box.lines) == 1 else ""
        result = flat(value, self._writer)
        return f"{self._head.box.lines[0]}{middle} = {result}"

    @property
    def reason_latex(self) -> str:
        """The reason, with inline LaTeX."""
        return fill(self._equation.reason, self._writer, latex=True)

    @property
    def reason_text(self) -> str:
        """The reason in plain Unicode."""
        return fill(self._equation.reason, self._writer, latex=False)


def typeset(equation: Equation, writer: Writer) -> TypesetEquation:
    """The equation with its numbers, as the writer's notation and layout ask.

    >>> import numpy as np
    >>> from chalkwork.derivation.derivation import Stage
    >>> from chalkwork.typesetting.notation import Notation
    >>> from chalkwork.typesetting.numbers import NumberFormat
    >>> from chalkwork.typesetting.symbols import Symbols
    >>> values = {"a": np.array([[2.0]]), "b": np.array([[1.0]]), "c": np.array([[3.0]])}
    >>> writer = Writer(Symbols(Notation()), values, NumberFormat())
    >>> print(typeset(Equation("c", Name("a") + Name("b"), Stage.FORWARD), writer).latex)
    c = a + b = 2 + 1 = 3
    """
    return TypesetEquation(equation, writer)


def fill(sentence: str, writer: Writer, *, latex: bool) -> str:
    """A sentence with its `{names}` in the notation, also between dollars.

    >>> from chalkwork.typesetting.notation import Notation
    >>> from chalkwork.typesetting.numbers import NumberFormat
    >>> from chalkwork.typesetting.symbols import Symbols
    >>> fill("through {W1}", Writer(Symbols(Notation(), 2), {}, NumberFormat()), latex=True)
    'through $W_1$'
    """

    def prose(found: re.Match[str]) -> str:
        if found[1] is not None:
            return _in_maths(found[1], writer, latex)
        mark = writer.symbols[found[2]]
        return f"${mark.latex}$" if latex else mark.text

    filled = _MATHS_OR_NAME.sub(prose, sentence)
    if not writer.notation.decimal_comma:
        return filled
    return commas_in_prose(filled) if latex else commas_in_text(filled)


def _in_maths(maths: str, writer: Writer, latex: bool) -> str:
    """What stands between dollars, its `{names}` in the notation."""
    names: list[str] = []

    def symbol(found: re.Match[str]) -> str:
        mark = writer.symbols[found[1]]
        powered = mark.raised and maths[found.end() : found.end() + 1] == "^"
        written = mark.latex if latex else mark.text
        return f"({written})" if powered else written

    def held(found: re.Match[str]) -> str:
        names.append(symbol(found))
        return chr(_PRIVATE + len(names) - 1)

    if latex:
        return "$" + _PLACEHOLDER.sub(symbol, maths) + "$"

    text = plain_maths(_PLACEHOLDER.sub(held, maths))
    return "".join(names[ord(sign) - _PRIVATE] if 0 <= ord(sign) - _PRIVATE < len(names) else sign for sign in text)


def given(name: str, writer: Writer) -> Piece:
    """A given with its value: `x = [...]`.

    >>> import numpy as np
    >>> from chalkwork.typesetting.notation import Notation
    >>> from chalkwork.typesetting.numbers import NumberFormat
    >>> from chalkwork.typesetting.symbols import Symbols
    >>> writer = Writer(Symbols(Notation(), 2), {"eta": np.array([[0.1]])}, NumberFormat())
    >>> given("eta", writer).latex
    '\\\\eta = 0.1'
    """
    symbol = writer.symbols[name]
    value = writer.value(writer.values[name])
    return join(Piece.of(symbol.latex, symbol.text), _EQUALS, value)


# --- the parts -----------------------------------------------------------------------------------------------------


def _parts(equation: Equation, writer: Writer) -> list[_Part]:
    parts: list[_Part] = []
    chain = _chain_part(equation.chain, writer)
    if equation.derivative is not None and equation.name.startswith("delta"):
        symbol = writer.symbols.derivative(equation.derivative, split_entry(equation.name)[1])
        parts.append(_Part("formula", (Piece.of(symbol.latex, symbol.text),)))
    if chain:
        parts.append(_Part("formula", tuple(chain)))
    formulas = (*equation.steps, equation.expression)
    parts += [_Part("formula", _abridged(writer.segments(form, with_numbers=False))) for form in formulas]
    worked = [form for form in (equation.worked, equation.expression) if form and not isinstance(form, Name)]
    numbers = [_Part("numbers", _numbers_that_fit(form, writer)) for form in worked]
    parts += [part for part in numbers if part.pieces]
    value = writer.value(writer.values[equation.name])
    parts.append(_Part("result", (value,)))
    return _without_repetition(parts)


def _numbers_that_fit(expression: Expression, writer: Writer) -> tuple[Piece, ...]:
    """The expression with its numbers; large matrices elided further, or nothing, where it leaves the page."""
    room = writer.layout.text_width - _WIDEST_HEAD - 3
    for attempt in (writer, writer.tight):
        pieces = _abridged(attempt.segments(expression, with_numbers=True))
        if all(piece.width <= room for piece in pieces):
            return pieces
    return ()


def _abridged(pieces: list[Piece]) -> tuple[Piece, ...]:
    """A very long sum or product with its middle left out."""
    places = shown(len(pieces), MOST_SEGMENTS)
    return tuple(Piece.of(r" + \cdots", " + ⋯") if place is None else pieces[place] for place in places)


def _without_repetition(parts: list[_Part]) -> list[_Part]:
    kept: list[_Part] = []
    for part in parts:
        if kept and kept[-1].latex == part.latex:
            kept.pop()
        kept.append(part)
    return kept


def _chain_part(chain: Chain, writer: Writer) -> list[Piece]:
    pieces = []
    for index, path in enumerate(chain):
        for position, step in enumerate(path):
            symbol = writer.symbols.derivative(step)
            piece = Piece.of(symbol.latex, symbol.text)
            if position:
                piece = join(Piece.of(r" \cdot ", " · "), piece)
            elif index:
                piece = join(Piece.of(" + ", " + "), piece)
            pieces.append(piece)
    return pieces


# --- lines ---------------------------------------------------------------------------------------------------------


def _broken(
    head_width: int, parts: Sequence[_Part], width: int, measure: Callable[[Piece], int]
) -> list[list[tuple[str, list[Piece]]]]:
    """The parts on lines: as many parts on a line as fit, a part that is too wide broken between its pieces."""
    lines: list[list[tuple[str, list[Piece]]]] = [[]]
    room, used = width - head_width, 0
    for part in parts:
        whole = sum(map(measure, part.pieces)) + 3
        if lines[-1] and used + whole > room:
            lines.append([])
            used = 0
        if whole <= room:
            lines[-1].append((part.kind, [_EQUALS, *part.pieces]))
            used += whole
            continue
        line, line_width = [_EQUALS], 3
        for piece in part.pieces:
            if len(line) > 1 and line_width + measure(piece) > room:
                lines[-1].append((part.kind, line))
                lines.append([])
                line, line_width = [_CONTINUED], 3
            line.append(piece)
            line_width += measure(piece)
        lines[-1].append((part.kind, line))
        used = room  # what follows a broken part starts a line
    return [line for line in lines if line]


def _latex(head: Piece, parts: Sequence[_Part], width: int) -> str:
    lines = _broken(head.latex_width, parts, width, lambda piece: piece.latex_width)
    rows = ["".join(piece.latex for _, pieces in line for piece in pieces).strip() for line in lines]
    if len(rows) == 1:
        return f"{head.latex} {rows[0]}"
    body = " \\\\\n".join(f"{head.latex if index == 0 else ''} &{text}" for index, text in enumerate(rows))
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"


def _board(head: Piece, parts: Sequence[_Part], width: int) -> tuple[Line, ...]:
    indent = min(head.width, _WIDEST_HEAD)
    lines = _broken(indent, parts, width, lambda piece: piece.width)
    board = []
    first = sum(piece.width for _, pieces in lines[0] for piece in pieces) if lines else 0
    if head.width > indent and head.width + first > width:
        board.append(Line((("name", head.box),)))
        head = Piece.of("", " " * indent)
    for index, line in enumerate(lines):
        start = ("name", head.box) if index == 0 else ("space", Box.text(" " * indent))
        board.append(Line((start, *((kind, join(*pieces).box) for kind, pieces in line))))
    return tuple(board)


def flat(value: Any, writer: Writer) -> str:
    """A value on one line: rows separated by semicolons.

    >>> import numpy as np
    >>> from chalkwork.typesetting.notation import Notation
    >>> from chalkwork.typesetting.numbers import NumberFormat
    >>> from chalkwork.typesetting.symbols import Symbols
    >>> flat(np.array([[1.0], [0.5]]), Writer(Symbols(Notation()), {}, NumberFormat()))
    '[1.0; 0.5]'
    """
    box = writer.value(value).box
    if len(box.lines) == 1:
        return " ".join(box.lines[0].split())
    return "[" + "; ".join(" ".join(line[1:-1].split()) for line in box.lines) + "]"
