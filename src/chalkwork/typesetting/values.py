"""Numbers and matrices as pieces; a matrix that is larger than the page is shown with dots."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from chalkwork.typesetting.boxes import Box, width_of
from chalkwork.typesetting.notation import Notation, superscript
from chalkwork.typesetting.numbers import NumberFormat, shown
from chalkwork.typesetting.pieces import Piece, in_a_row

_MOST_IN_A_ROW = 4
_DOTS, _VERTICAL, _DIAGONAL = Piece.of(r"\cdots", "⋯"), Piece.of(r"\vdots", "⋮"), Piece.of(r"\ddots", "⋱")
_TEXT_WIDTH = ContextVar("text_width", default=76)


@contextmanager
def on_lines_of(width: int) -> Iterator[None]:
    """What is worked out meanwhile is written on lines of so many characters, in a terminal.

    >>> with on_lines_of(60):
    ...     Layout().text_width
    60
    >>> Layout().text_width
    76
    """
    before = _TEXT_WIDTH.set(width)
    try:
        yield
    finally:
        _TEXT_WIDTH.reset(before)


@dataclass(frozen=True, slots=True)
class Layout:
    """The room there is: for one line of LaTeX and of the terminal, in characters, and for a matrix, in entries."""

    latex_width: int = 70
    text_width: int = field(default_factory=lambda: _TEXT_WIDTH.get())
    rows: int = 10
    columns: int = 10


class ValueWriter:
    """Writes the values of one derivation, each matrix once."""

    def __init__(self, notation: Notation, numbers: NumberFormat, layout: Layout) -> None:
        self.notation = notation
        self.numbers = numbers
        self.layout = layout
        self._matrices: dict[int, tuple[Any, Piece]] = {}

    def digits(self, text: str) -> Piece:
        """A formatted number as LaTeX and text."""
        return _digits(text, self.notation.decimal_comma)

    def value(self, value: Any, given: bool = False) -> Piece:
        """A number, or a matrix in brackets with dots where it does not fit; a 1x1 matrix counts as its number."""
        if value.shape == (1, 1):
            return self.digits(self.numbers.scalar(value.item(), given=given))
        known = self._matrices.get(id(value))
        if known is None:  # the array is kept beside its piece, so that its id stays its own
            whole = self._matrix(value, given) if value.ndim == 2 else self._row(value, given)
            known = self._matrices[id(value)] = (value, whole)
        return known[1]

    def _row(self, value: Any, given: bool) -> Piece:
        """Matrices in a row between parentheses, as many as the page is wide; parted as the notation parts arguments.

        >>> import numpy as np
        >>> print(ValueWriter(Notation(), NumberFormat(), Layout()).value(np.arange(8.0).reshape(2, 2, 2)).box)
        ⎛⎡0  1⎤, ⎡4  5⎤⎞
        ⎝⎣2  3⎦  ⎣6  7⎦⎠
        """
        if len(value) == 1:
            return self.value(value[0], given)
        most = min(len(value), _MOST_IN_A_ROW)
        row = self._of_row(value, shown(len(value), most), given)
        while most > 3 and row.width > min(self.layout.text_width, self.layout.latex_width):
            most -= 1
            row = self._of_row(value, shown(len(value), most), given)
        return row

    def _of_row(self, value: Any, places: Sequence[int | None], given: bool) -> Piece:
        room = min(self.layout.text_width, self.layout.latex_width) // len(places)
        narrow = replace(self.layout, text_width=room, latex_width=room)
        writer = ValueWriter(self.notation, self.numbers, narrow)
        parts = [_DOTS if place is None else writer.value(value[place], given) for place in places]
        return in_a_row(parts, self.notation.between)

    def _matrix(self, value: Any, given: bool) -> Piece:
        rows = shown(value.shape[0], self.layout.rows)
        columns, numbers = self._columns_shown(value, rows, given)
        entries = zip(*numbers, strict=True)
        if None not in rows and None not in columns:
            return self.bracketed(list(entries))
        table = []
        for place in rows:
            if place is None:
                table.append([_DIAGONAL if column is None else _VERTICAL for column in columns])
                continue
            line = iter(next(entries))
            table.append([_DOTS if column is None else next(line) for column in columns])
        return self.bracketed(table)

    def _columns_shown(
        self, value: Any, rows: Sequence[int | None], given: bool
    ) -> tuple[list[int | None], list[list[Piece]]]:
        """As many columns as the page is wide, and the numbers of each that is shown; the others are never written."""
        places, size = _places(rows), value.shape[1]
        most = min(self.layout.columns, size)
        candidates = _places(shown(size, most))
        whole = value.size == len(places) * len(candidates)
        part = value if whole else value[np.ix_(places, candidates)]
        comma = self.notation.decimal_comma
        written = [
            [_digits(text, comma) for text in self.numbers.column(column, given=given)] for column in part.T.tolist()
        ]
        numbers = dict(zip(candidates, written, strict=True))
        widths = {index: max([piece.width for piece in numbers[index]]) + 2 for index in candidates if size > 3}
        room = min(self.layout.text_width, self.layout.latex_width) - 10
        while most > 3 and sum(widths[index] for index in _places(shown(size, most))) > room:
            most -= 1
        columns = shown(size, most)
        return columns, [numbers[index] for index in _places(columns)]

    def bracketed(self, table: Sequence[Sequence[Piece]], align: Literal["r", "c"] = "r") -> Piece:
        """Pieces of one line each as a matrix, flush right or centred in their columns."""
        body = r" \\ ".join([" & ".join([entry.latex for entry in line]) for line in table])
        left, right = ("[", "]") if self.notation.brackets == "square" else ("(", ")")
        latex = rf"\left{left}\begin{{array}}{{{align * len(table[0])}}} {body} \end{{array}}\right{right}"
        texts = [[entry.box.lines[0] for entry in line] for line in table]
        if align == "c":
            widths = [max(map(width_of, column)) for column in zip(*texts, strict=True)]
            texts = [[_centred(text, width) for text, width in zip(line, widths, strict=True)] for line in texts]
        return Piece(latex, (Box.matrix(texts, self.notation.brackets),))


@lru_cache(maxsize=4096)
def _digits(text: str, decimal_comma: bool) -> Piece:
    bare = text.rstrip()
    mantissa, _, exponent = bare.partition("e")
    latex, plain = mantissa, mantissa.replace("-", "−")
    if mantissa.lstrip("-") in ("inf", "nan"):
        latex = mantissa.replace("inf", r"\infty").replace("nan", r"\text{NaN}")
        plain = plain.replace("inf", "∞").replace("nan", "NaN")
    if decimal_comma:
        latex, plain = latex.replace(".", "{,}"), plain.replace(".", ",")
    if exponent:
        latex += rf" \cdot 10^{{{exponent}}}"
        plain += f"·10{superscript(exponent)}"
    filling = len(text) - len(bare)
    if filling:
        latex += rf"\phantom{{{_filling(bare, filling)}}}"
    return Piece(latex, (Box.text(plain + " " * filling),))


def _centred(text: str, width: int) -> str:
    before = (width - width_of(text)) // 2
    return " " * before + text + " " * (width - width_of(text) - before)


def _filling(number: str, width: int) -> str:
    """The invisible digits behind a number, with the point where it has none."""
    return "0" * width if "." in number else "." + "0" * (width - 1)


def _places(indices: Sequence[int | None]) -> list[int]:
    """The indices without the dots."""
    return [index for index in indices if index is not None]
