"""How a function and what is measured of it are written on the board."""

from __future__ import annotations

import textwrap

from chalkwork.algebra.expression import Expression
from chalkwork.documents.literal import visible
from chalkwork.documents.model import Code, Display
from chalkwork.laboratory.functions.one_variable import Function
from chalkwork.solutions.board import Board
from chalkwork.typesetting.pieces import Piece


def definition(board: Board, head: Piece, function: Function, *forms: Expression) -> Display | Code:
    """The function, and other forms of it, as an equation; as it was typed where that does not fit the page."""
    members = [board.formula(form) for form in (function.tree, *forms)]
    room = board.writer.layout.text_width
    if max(piece.width for member in members for piece in member) > room - head.width - 3:
        return Code("\n".join(textwrap.wrap(visible(function.text), room)), "")
    return board.chain(head, *members)


def measured(board: Board, value: str | float) -> Piece:
    """A number, or a value by its name, with significant digits whatever the style: it may be small."""
    style = board.writer.numbers
    return board.piece(value, style.significant or max(style.decimals or 4, 3))


def inline(board: Board, value: str | float) -> str:
    """The same between dollars."""
    return f"${measured(board, value).latex}$"
