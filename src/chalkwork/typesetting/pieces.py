"""Pieces of mathematics: the same thing in LaTeX and as terminal boxes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from chalkwork.typesetting.boxes import Box, row, width_of

INDICES = {"i": "ᵢ", "j": "ⱼ", "k": "ₖ"}
_UNICODE_FRACTIONS = {"1/2": "½", "1/3": "⅓", "2/3": "⅔", "1/4": "¼", "3/4": "¾", "1/5": "⅕", "1/6": "⅙", "1/8": "⅛"}
_HIGH = re.compile(r"\\frac|\\sum|\\left|\\begin")


class Piece(NamedTuple):
    """The same thing in LaTeX and as boxes in a row."""

    latex: str
    boxes: tuple[Box, ...]
    narrower: int = 0
    """By how many characters the LaTeX is narrower than the boxes: a fraction stands upright there."""

    @staticmethod
    @lru_cache(maxsize=4096)
    def of(latex: str, text: str) -> Piece:
        """A piece of one line; what has a fraction in LaTeX has a slash in the text."""
        box = Box.text(text)
        if latex.startswith(r"\frac"):
            return Piece(latex, (box,), box.width - max(map(width_of, text.split("/", 1))))
        return Piece(latex, (box,))

    @property
    def box(self) -> Box:
        """The boxes as one."""
        return self.boxes[0] if len(self.boxes) == 1 else row(self.boxes)

    @property
    def width(self) -> int:
        """The columns that it takes in a terminal."""
        return self.boxes[0].width if len(self.boxes) == 1 else sum([box.width for box in self.boxes])

    @property
    def latex_width(self) -> int:
        """The room that it takes in LaTeX, in characters."""
        return self.width - self.narrower

    @property
    def flat(self) -> bool:
        """Whether it is one line high in a terminal."""
        return all(len(box.lines) == 1 for box in self.boxes)

    @property
    def low(self) -> bool:
        """Whether it is no higher than a letter with its indices, so that plain parentheses do."""
        return self.flat and not _HIGH.search(self.latex)

    def enclosed(self) -> Piece:
        """In parentheses."""
        latex = f"({self.latex})" if self.low else rf"\left( {self.latex} \right)"
        return Piece(latex, (self.box.enclosed(),), self.narrower)

    def indexed(self, letter: str) -> Piece:
        """With a letter below it."""
        return Piece(f"{grouped(self.latex)}_{{{letter}}}", (*self.boxes, Box.text(INDICES[letter])), self.narrower)


def join(*pieces: Piece) -> Piece:
    """Pieces in a row."""
    boxes: tuple[Box, ...] = ()
    narrower = 0
    for piece in pieces:
        boxes += piece.boxes
        narrower += piece.narrower
    return Piece("".join([piece.latex for piece in pieces]), boxes, narrower)


def in_a_row(pieces: Sequence[Piece], between: str) -> Piece:
    """Matrices in a row: between parentheses, parted as the arguments of a function are."""
    parts = [part for piece in pieces for part in (Piece.of(between, between), piece)]
    return join(*parts[1:]).enclosed()


def in_parentheses(pieces: list[Piece]) -> list[Piece]:
    """The pieces between parentheses, which may stand on different lines where all pieces are one line high."""
    if len(pieces) < 2 or not all(piece.flat for piece in pieces):
        return [join(*pieces).enclosed()]
    left, right = ("(", ")") if all(piece.low for piece in pieces) else (r"\bigl( ", r" \bigr)")
    first, *middle, last = pieces
    return [join(Piece.of(left, "("), first), *middle, join(last, Piece.of(right, ")"))]


def added(piece: Piece) -> tuple[Piece, Piece]:
    """The sign and the rest of a summand: adding a negative number is subtracting."""
    if piece.latex.startswith("-") and piece.flat:
        text = piece.box.lines[0].removeprefix("−")
        return Piece.of(" - ", " − "), Piece.of(piece.latex.removeprefix("-"), text)
    return Piece.of(" + ", " + "), piece


def fraction(value: Fraction) -> Piece:
    """A fraction of whole numbers.

    >>> fraction(Fraction(-1, 2)).latex
    '-\\\\frac{1}{2}'
    """
    top, bottom = str(value).lstrip("-").split("/")
    sign, minus = ("-", "−") if value < 0 else ("", "")
    body = _UNICODE_FRACTIONS.get(f"{top}/{bottom}", f"{top}/{bottom}")
    return Piece.of(rf"{sign}\frac{{{top}}}{{{bottom}}}", minus + body)


def grouped(latex: str) -> str:
    """What stands in plain parentheses as one thing, so that an exponent belongs to all of it."""
    return rf"{{\left{latex[:-1]}\right)}}" if latex.startswith("(") and latex.endswith(")") else latex
