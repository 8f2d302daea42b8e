"""How the optimisation is written: symbols of derivatives, vectors, and equations that fit the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression
from chalkwork.derivation.derivation import Equation
from chalkwork.documents.model import Display, Table
from chalkwork.laboratory.optimisation.surface import Surface, curvature_name, slope_name
from chalkwork.laboratory.worked import Manner
from chalkwork.solutions.board import display
from chalkwork.typesetting.boxes import Box, row
from chalkwork.typesetting.equations import MOST_SEGMENTS, typeset
from chalkwork.typesetting.notation import superscript
from chalkwork.typesetting.pieces import Piece, join
from chalkwork.typesetting.symbols import Symbol, Symbols
from chalkwork.typesetting.writer import Writer

EQUALS = Piece.of(" = ", " = ")
WIDTH = 72
MOST_PIECES = 40
ETA, MU, LAMBDA = Piece.of(r"\eta", "η"), Piece.of(r"\mu", "μ"), Piece.of(r"\lambda", "λ")


class _Named(Symbols):
    """Symbols, some of which are given."""

    def __init__(self, manner: Manner, given: Mapping[str, Symbol]) -> None:
        super().__init__(manner.notation)
        self._given = dict(given)

    def __getitem__(self, name: str) -> Symbol:
        return self._given.get(name) or super().__getitem__(name)


class Scribe:
    """Writes numbers, vectors and equations about one function, or about any n numbers where there is none."""

    def __init__(self, manner: Manner, surface: Surface | None = None) -> None:
        self.manner = manner
        self.surface = surface
        self.symbols = _Named(manner, {} if surface is None else _symbols(surface, Symbols(manner.notation)))

    def writer(self, values: Mapping[str, Any] | None = None) -> Writer:
        """A writer of expressions with those values."""
        return Writer(self.symbols, values or {}, self.manner.numbers)

    # --- pieces ----------------------------------------------------------------------------------------------------

    def number(self, value: Any) -> Piece:
        """One number."""
        return self.writer().value(np.array([[float(value)]]))

    def factor(self, value: Any) -> Piece:
        """One number that stands in a product."""
        piece = self.number(value)
        return piece.enclosed() if piece.latex.startswith("-") or "10^" in piece.latex else piece

    def vector(self, values: Any) -> Piece:
        """A column; a number where it has one entry."""
        return self.writer().value(np.asarray(values, dtype=np.float64).reshape(-1, 1))

    def matrix(self, values: Any) -> Piece:
        """A matrix."""
        return self.writer().value(np.asarray(values, dtype=np.float64))

    def symbol(self, name: str) -> Piece:
        """The symbol of a name."""
        found = self.symbols[name]
        return Piece.of(found.latex, found.text)

    def point(self) -> Piece:
        """The variables: a column of them, or the only one."""
        if self.surface is None:
            return Piece.of(r"\theta", "θ")
        return self.column([self.symbol(name) for name in self.surface.variables])

    def new_point(self) -> Piece:
        """The variables after the step."""
        return raised(self.point(), r"\text{new}", superscript("new"))

    def slope(self) -> Piece:
        """The gradient's symbol; f'(x) for one variable."""
        if self.surface is None:
            return Piece.of(r"\nabla L", "∇L")
        name = self.surface.name
        return (
            Piece.of(f"{name}'", f"{name}′")
            if len(self.surface.variables) == 1
            else Piece.of(rf"\nabla {name}", f"∇{name}")
        )

    def curvature(self) -> Piece:
        """The Hessian's symbol; f''(x) for one variable."""
        if self.surface is not None and len(self.surface.variables) == 1:
            return Piece.of(f"{self.surface.name}''", f"{self.surface.name}″")
        return Piece.of("H", "H")

    def column(self, entries: Sequence[Piece]) -> Piece:
        """Entries below each other in brackets; the entry itself where there is one."""
        return entries[0] if len(entries) == 1 else bracketed([[entry] for entry in entries], self.manner)

    # --- sentences -------------------------------------------------------------------------------------------------

    def said(self, value: Any) -> str:
        """A number within a sentence, in Markdown."""
        return f"${self.number(value).latex}$"

    def place(self, values: Any) -> str:
        """A point within a sentence: $(1, 2)$, or $1$."""
        parts = [self.number(value).latex for value in np.ravel(values)]
        if len(parts) > 6:
            parts = [*parts[:4], r"\ldots", parts[-1]]
        return f"${parts[0]}$" if len(parts) == 1 else f"$({self.manner.notation.between.join(parts)})$"

    def variables(self) -> str:
        """The variables within a sentence: $(x, y)$."""
        if self.surface is None:
            return r"$\theta$"
        parts = [self.symbols[name].latex for name in self.surface.variables]
        return f"${parts[0]}$" if len(parts) == 1 else f"$({', '.join(parts)})$"

    def table(self, head: Sequence[str], columns: Sequence[Sequence[Any]]) -> Table:
        """A table whose columns are numbers (aligned) or texts."""
        written = [self._column(column) for column in columns]
        right = tuple(place for place, column in enumerate(columns) if column and not isinstance(column[0], str))
        return Table(tuple(head), tuple(zip(*written, strict=True)), right)

    def _column(self, values: Sequence[Any]) -> list[str]:
        if values and isinstance(values[0], str):
            return [str(value) for value in values]
        if all(isinstance(value, int) for value in values):
            return [str(value) for value in values]
        if not all(np.isfinite(value) for value in values):
            return [f"${self.writer().value(np.array([[float(value)]])).latex}$" for value in values]
        sizes = [abs(value) for value in values if value]
        spread = bool(sizes) and (max(sizes) >= 1e6 or min(sizes) < 1e-3)
        texts = (
            [self.manner.numbers.scalar(value) for value in values] if spread else self.manner.numbers.column(values)
        )
        decimals = self.manner.notation.decimal_comma
        return [_cell(text.rstrip(), decimals) for text in texts]

    # --- equations -------------------------------------------------------------------------------------------------

    def equation(self, equation: Equation, values: Mapping[str, Any]) -> Display:
        """Formula = numbers put in = result."""
        if not self.fits(equation.expression, MOST_SEGMENTS):
            return self.chain(self.symbol(equation.name), self.matrix(values[equation.name]))
        return display(typeset(equation, self.writer(values)))

    def fits(self, expression: Expression, most: int = MOST_PIECES) -> bool:
        """Whether a formula can be broken into lines of the page."""
        pieces = self.writer().segments(expression, with_numbers=False)
        return len(pieces) <= most and all(piece.width <= WIDTH - 14 for piece in pieces)

    def defined(self, name: str, expression: Expression) -> Display:
        """A name = its formula, on several lines if need be; what has no room at all is left out."""
        head, whole = self.symbol(name), self.formula(expression)
        if head.width + 3 + whole.width <= WIDTH:
            return self.chain(head, whole)
        if not self.fits(expression):
            return self.chain(head, Piece.of(r"\text{(too long for the page)}", "(too long for the page)"))
        lines: list[list[Piece]] = [[]]
        for piece in self.writer().segments(expression, with_numbers=False):
            if lines[-1] and head.width + 6 + sum(each.width for each in lines[-1]) + piece.width > WIDTH:
                lines.append([Piece.of(r"\quad \text{}", "   ")])
            lines[-1].append(piece)
        return _broken(head, [join(*line) for line in lines])

    def formula(self, expression: Expression) -> Piece:
        """An expression in names."""
        return self.writer().formula(expression)

    def chain(self, *parts: Piece) -> Display:
        """Things that are equal, one after the other, on as many lines as they need."""
        return equal_things(parts)


def equal_things(parts: Sequence[Piece]) -> Display:
    """Things that are equal on as few lines as fit, the equals signs in line."""
    head, *rest = parts
    lines: list[list[Piece]] = [[]]
    used = head.width
    for part in rest:
        if lines[-1] and used + 3 + part.width > WIDTH:
            lines.append([])
            used = min(head.width, 12)
        lines[-1] += [EQUALS, part]
        used += 3 + part.width
    indent = Box.text(" " * min(head.width, 12))
    boxes = [join(head, *lines[0]).box, *(row((indent, *(join(*line).boxes))) for line in lines[1:])]
    text = "\n".join(line.rstrip() for box in boxes for line in box.lines)
    bodies = ["".join(piece.latex for piece in line).strip() for line in lines]
    if len(bodies) == 1:
        return Display(f"{head.latex} {bodies[0]}", text)
    body = " \\\\\n".join(f"{head.latex if place == 0 else ''} &{latex}" for place, latex in enumerate(bodies))
    return Display(f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}", text)


def alone(piece: Piece) -> Display:
    """A piece on a line of its own."""
    return Display(piece.latex, "\n".join(line.rstrip() for line in piece.box.lines))


def _broken(head: Piece, lines: Sequence[Piece]) -> Display:
    """A formula on several lines."""
    gap = " " * (head.width + 3)
    text = "\n".join(
        (f"{head.box.lines[0]} = " if place == 0 else gap) + line.box.lines[0].rstrip()
        for place, line in enumerate(lines)
    )
    rows = [f"{head.latex} &= {lines[0].latex}", *(f"&{line.latex}" for line in lines[1:])]
    return Display("\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}", text)


def bracketed(rows: Sequence[Sequence[Piece]], manner: Manner) -> Piece:
    """Pieces of one line each as a matrix."""
    left, right = ("[", "]") if manner.notation.brackets == "square" else ("(", ")")
    body = r" \\ ".join(" & ".join(entry.latex for entry in line) for line in rows)
    latex = rf"\left{left}\begin{{array}}{{{'c' * len(rows[0])}}} {body} \end{{array}}\right{right}"
    texts = [[_centred(entry, column, rows) for column, entry in enumerate(line)] for line in rows]
    return Piece(latex, (Box.matrix(texts, manner.notation.brackets),))


def _centred(entry: Piece, column: int, rows: Sequence[Sequence[Piece]]) -> str:
    return entry.box.lines[0].center(max(line[column].width for line in rows))


def raised(piece: Piece, latex: str, text: str) -> Piece:
    """A piece with something at its upper right corner."""
    return Piece(f"{{{piece.latex}}}^{{{latex}}}", (piece.box.raised(text),))


def minus(left: Piece, right: Piece) -> Piece:
    """A difference."""
    return join(left, Piece.of(" - ", " − "), right)


def plus(left: Piece, right: Piece) -> Piece:
    """A sum; a number with a sign is subtracted."""
    if right.flat and right.latex.startswith("-"):
        text = right.box.lines[0].removeprefix("−")
        return minus(left, Piece.of(right.latex.removeprefix("-"), text))
    return join(left, Piece.of(" + ", " + "), right)


def times(*factors: Piece) -> Piece:
    """A product of numbers and columns, with dots between numbers."""
    parts = [factors[0]]
    for before, factor in pairwise(factors):
        both = before.latex[-1:].isdigit() or before.latex[-1:] in ")}"
        dot = both and (factor.latex[:1].isdigit() or factor.latex[:1] == "(" or factor.latex.startswith(r"\left"))
        parts += [Piece.of(r" \cdot ", " · ") if dot else Piece.of(r" \, ", " "), factor]
    return join(*parts)


def negative(piece: Piece) -> Piece:
    """The piece with a minus sign in front, in parentheses where it has one already."""
    return join(Piece.of("-", "−"), piece.enclosed() if piece.latex.startswith("-") else piece)


def _cell(text: str, decimal_comma: bool) -> str:
    mantissa, _, exponent = text.partition("e")
    if decimal_comma:
        mantissa = mantissa.replace(".", "{,}")
    body = rf"{mantissa} \cdot 10^{{{exponent}}}" if exponent else mantissa
    return f"${body}$"


def _symbols(surface: Surface, plain: Symbols) -> dict[str, Symbol]:
    """f(x, y), its partial derivatives and its second partial derivatives."""
    f = surface.name
    letters = {name: plain[name] for name in surface.variables}
    if len(letters) == 1:
        (x,) = letters
        inside = letters[x]
        return {
            f: Symbol(f"{f}({inside.latex})", f"{f}({inside.text})"),
            slope_name(f, x): Symbol(f"{f}'({inside.latex})", f"{f}′({inside.text})"),
            curvature_name(f, x, x): Symbol(f"{f}''({inside.latex})", f"{f}″({inside.text})"),
        }
    listed = ", ".join(letter.latex for letter in letters.values()), ", ".join(s.text for s in letters.values())
    found = {f: Symbol(f"{f}({listed[0]})", f"{f}({listed[1]})")}
    for first, one in letters.items():
        found[slope_name(f, first)] = Symbol(rf"\frac{{\partial {f}}}{{\partial {one.latex}}}", f"∂{f}/∂{one.text}")
        for second, two in letters.items():
            if first == second:
                below, text = rf"\partial {one.latex}^2", f"∂{one.text}²"
            else:
                below, text = rf"\partial {one.latex} \, \partial {two.latex}", f"∂{one.text}∂{two.text}"
            found[curvature_name(f, first, second)] = Symbol(rf"\frac{{\partial^2 {f}}}{{{below}}}", f"∂²{f}/{text}")
    return found
