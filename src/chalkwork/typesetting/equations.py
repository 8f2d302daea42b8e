"""One equation as a reader sees it: chain rule = formula = numbers put in = result, broken where it must be."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any, Literal

from chalkwork.algebra.entries import split_entry
from chalkwork.algebra.expression import Expression, Name
from chalkwork.derivation.derivation import Chain, Equation
from chalkwork.typesetting.boxes import row
from chalkwork.typesetting.condensing import factors_worked_out, gates_worked_out, parts_worked_out
from chalkwork.typesetting.decimal_mark import commas_in_prose, commas_in_text
from chalkwork.typesetting.lines import EQUALS, WIDEST_HEAD, Line, Part, chain_latex, chain_lines, without_repetition
from chalkwork.typesetting.numbers import shown
from chalkwork.typesetting.pieces import Piece, join
from chalkwork.typesetting.unfolding import unfolded
from chalkwork.typesetting.unicode_maths import plain_maths
from chalkwork.typesetting.writer import Writer
from chalkwork.words import Said, written

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_MATHS_OR_NAME = re.compile(r"\$([^$]*)\$|\{(\w+)\}")
_PRIVATE = 0xE000
MOST_SEGMENTS = 14


Shows = Literal["", "formula", "numbers"]
"""What is shown of an equation: all, the formula without numbers, or the numbers without the formula."""


class TypesetEquation:
    """An equation in every form that a document needs; each form is made when it is asked for."""

    def __init__(self, equation: Equation, writer: Writer, only: Shows = "") -> None:
        self.name = equation.name
        self.stage = equation.stage.id
        self._equation = equation
        self._writer = writer
        symbol = writer.symbols[equation.name]
        self._head = Piece.of(symbol.latex, symbol.text)
        self._parts = _parts(equation, writer, only)

    @cached_property
    def latex(self) -> str:
        """What goes between the dollars; an `aligned` block where there are several lines."""
        return chain_latex((self._head,), self._parts, self._writer.layout)

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """The lines of the terminal's board."""
        return chain_lines((self._head,), self._parts, self._writer.layout)

    @cached_property
    def text(self) -> str:
        """The formula and the result on one line, for machines and search."""
        known = self.name in self._writer.values
        formula = next((part for part in reversed(self._parts) if part.kind == "formula"), None)
        box = row(box for piece in formula.pieces for box in piece.boxes) if formula else None
        result = flat(self._writer.values[self.name], self._writer) if known else ""
        if box and len(box.lines) == 1:
            result = f"{box.lines[0]} = {result}" if known else box.lines[0]
        return f"{self._head.box.lines[0]} {self._equation.relation} {result}"

    @property
    def reason_latex(self) -> str:
        """The reason, with inline LaTeX."""
        return fill(self._equation.reason, self._writer, latex=True)

    @property
    def reason_text(self) -> str:
        """The reason in plain Unicode."""
        return fill(self._equation.reason, self._writer, latex=False)


def typeset(equation: Equation, writer: Writer, only: Shows = "") -> TypesetEquation:
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
    return TypesetEquation(equation, writer, only)


def fill(sentence: Said, writer: Writer, *, latex: bool) -> str:
    """A sentence in the writer's language with its `{names}` in the notation, also between dollars.

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

    filled = _MATHS_OR_NAME.sub(prose, written(sentence, writer.language))
    if not writer.notation.decimal_comma:
        return filled
    return commas_in_prose(filled) if latex else commas_in_text(filled)


def _in_maths(maths: str, writer: Writer, latex: bool) -> str:
    """What stands between dollars, its `{names}` in the notation."""
    names: list[str] = []

    def symbol(found: re.Match[str]) -> str:
        mark = writer.symbols[found[1]]
        powered = mark.raised and maths[found.end() : found.end() + 1] == "^"
        sign = mark.latex if latex else mark.text
        return f"({sign})" if powered else sign

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
    value = writer.of_name(name)
    return join(Piece.of(symbol.latex, symbol.text), EQUALS, value)


# --- the parts -----------------------------------------------------------------------------------------------------


def _parts(equation: Equation, writer: Writer, only: Shows) -> list[Part]:
    parts: list[Part] = []
    chain = _chain_part(equation.chain, writer)
    if equation.derivative is not None and equation.name.startswith("delta"):
        symbol = writer.symbols.derivative(equation.derivative, split_entry(equation.name)[1])
        parts.append(Part("formula", (Piece.of(symbol.latex, symbol.text),)))
    if chain:
        parts.append(Part("formula", tuple(chain)))
    formulas = (*equation.steps, equation.general or equation.expression)
    parts += [Part("formula", _abridged(writer.segments(form, with_numbers=False))) for form in formulas]
    if only == "formula" or split_entry(equation.name)[0] not in writer.values:
        first, *others = without_repetition(parts)
        return [first._replace(relation=equation.relation), *others]
    if only == "numbers":
        parts = []
    worked = [form for form in (equation.worked, equation.expression) if form and not isinstance(form, Name)]
    numbers = [Part("numbers", _numbers_that_fit(form, writer)) for form in worked]
    parts += [part for part in numbers if part.pieces]
    room = writer.layout.text_width - WIDEST_HEAD - 3
    apart = unfolded(writer, equation.expression)
    parts += [Part("numbers", step) for step in apart if all(piece.width <= room for piece in step)]
    value = writer.of_name(equation.name)
    parts.append(Part("result", (value,)))
    first, *others = without_repetition(parts)
    return [first._replace(relation=equation.relation), *others]


def _numbers_that_fit(expression: Expression, writer: Writer) -> tuple[Piece, ...]:
    """The expression with its numbers; where it leaves the page, with parts worked out, or matrices elided further."""
    room = writer.layout.text_width - WIDEST_HEAD - 3
    for attempt in (writer, writer.tight):
        for work_out in (gates_worked_out, parts_worked_out, factors_worked_out):
            form, values = work_out(expression, writer.values)
            pieces = _abridged(attempt.knowing(values).segments(form, with_numbers=True))
            if all(piece.width <= room for piece in pieces):
                return pieces
    return ()


def _abridged(pieces: list[Piece]) -> tuple[Piece, ...]:
    """A very long sum or product with its middle left out."""
    if len(pieces) <= MOST_SEGMENTS:
        return tuple(pieces)
    places = shown(len(pieces), MOST_SEGMENTS)
    return tuple(Piece.of(r" + \cdots", " + ⋯") if place is None else pieces[place] for place in places)


def _chain_part(chain: Chain, writer: Writer) -> list[Piece]:
    """The derivatives along each path; of several paths one is broken only where it is wider than a line."""
    room = writer.layout.text_width - WIDEST_HEAD - 3
    pieces: list[Piece] = []
    for path in chain:
        symbols = [writer.symbols.derivative(step) for step in path]
        first, *others = [Piece.of(symbol.latex, symbol.text) for symbol in symbols]
        steps = [first, *(join(Piece.of(r" \cdot ", " · "), piece) for piece in others)]
        if pieces:
            steps[0] = join(Piece.of(" + ", " + "), first)
        whole = join(*steps)
        pieces += [whole] if len(chain) > 1 and whole.width <= room else steps
    return pieces


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
