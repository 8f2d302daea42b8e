"""General formulas and prose with the notation's sign of the logarithm."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from chalkwork.documents.model import Display, Paragraph
from chalkwork.solutions.board import Board, Member, lines, maths
from chalkwork.typesetting.notation import Notation
from chalkwork.typesetting.numbers import shown
from chalkwork.typesetting.pieces import Piece, added, join
from chalkwork.typesetting.symbols import Symbol

MOST_TERMS = 6
_LOG = re.compile(r"\blog\b(?!-)")
_COMMAND = re.compile(r"\\log(?![_A-Za-z])")


class Letters:
    """Writes what is no equation of the solution: statements in letters, sentences, sums and products of numbers.

    >>> from chalkwork.networks.graph import Graph
    >>> letters = Letters(Board(Graph("c = a + b").solve(a=2, b=1, notation={"log": "ln"})))
    >>> letters.maths(r"\\log \\theta", "log θ").box.lines
    ('ln θ',)
    """

    def __init__(self, board: Board) -> None:
        self.board = board
        self._sign = board.writer.notation.log

    def maths(self, latex: str, text: str | None = None) -> Piece:
        """A piece from LaTeX in which the logarithm is written `\\log`."""
        return maths(self._signed(latex), None if text is None else _LOG.sub(self._sign, text))

    def say(self, markdown: str) -> Paragraph:
        """A sentence in which the logarithm is written `\\log`."""
        return Paragraph(self._signed(markdown))

    def lines(self, rows: Iterable[tuple[str, str]]) -> Display:
        """Lines of LaTeX and of text."""
        return lines([(self._signed(latex), _LOG.sub(self._sign, text)) for latex, text in rows])

    def _signed(self, latex: str) -> str:
        return _COMMAND.sub(lambda _: rf"\{self._sign}", latex)


def signed(letters: Mapping[str, Symbol], notation: Notation) -> dict[str, Symbol]:
    """The symbols with the notation's sign of the logarithm.

    >>> signed({"a": Symbol(r"\\log a", "log a")}, Notation.of({"log": "ln"}))["a"].text
    'ln a'
    """
    sign = notation.log
    return {
        name: Symbol(_COMMAND.sub(lambda _: rf"\{sign}", each.latex), _LOG.sub(sign, each.text), each.raised)
        for name, each in letters.items()
    }


def total(terms: list[Piece]) -> Member:
    """The terms of a sum with their signs, with dots where there are many."""
    pieces: list[Piece] = []
    for place in shown(len(terms), MOST_TERMS):
        if place is None:
            pieces.append(maths(r" + \cdots", " + ⋯"))
        else:
            pieces.append(join(*added(terms[place])) if pieces else terms[place])
    return tuple(pieces)


def product(factors: list[Piece]) -> Member:
    """The factors of a product, with dots where there are many."""
    pieces: list[Piece] = []
    for place in shown(len(factors), MOST_TERMS):
        factor = maths(r"\cdots", "⋯") if place is None else factors[place]
        pieces.append(join(Piece.of(r" \cdot ", " · "), factor) if pieces else factor)
    return tuple(pieces)
