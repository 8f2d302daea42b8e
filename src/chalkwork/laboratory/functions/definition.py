"""How a function is written on the board."""

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
