"""Blocks with a comma as decimal mark, and the semicolons that lists of numbers then need."""

from __future__ import annotations

import re
from collections.abc import Iterable

from chalkwork.documents.model import Block, Code, Display, Marked, Painted, Paragraph, Table
from chalkwork.drawings.drawing import Drawing
from chalkwork.typesetting.decimal_mark import commas_in_maths, commas_in_prose, commas_in_text
from chalkwork.typesetting.notation import Notation


def in_decimals_of(notation: Notation, blocks: Iterable[Block]) -> tuple[Block, ...]:
    """The blocks, their numbers with the notation's decimal mark: formulas, prose, tables and drawings.

    >>> in_decimals_of(Notation.of({"decimal_comma": True}), [Paragraph("From $0.5$ to 2.5.")])[0].markdown
    'From $0{,}5$ to 2,5.'
    """
    return tuple(map(_with_commas, blocks)) if notation.decimal_comma else tuple(blocks)


def _with_commas(block: Block) -> Block:
    match block:
        case Display():
            return Display(lambda: commas_in_maths(block.latex), lambda: _painted_with_commas(block.board))
        case Paragraph():
            return Paragraph(lambda: commas_in_prose(block.markdown), lambda: commas_in_text(block.text))
        case Table():
            rows = tuple(tuple(map(commas_in_prose, row)) for row in block.rows)
            return block._replace(head=tuple(map(commas_in_prose, block.head)), rows=rows)
        case Drawing():
            svg = re.sub(r">[^<>]+<", lambda found: commas_in_text(found[0]), block.svg)
            return Drawing(svg, commas_in_text(block.description), commas_in_prose(block.caption))
        case Marked():
            inner = map(_with_commas, block.blocks)
            return Marked(tuple(part for part in inner if isinstance(part, Paragraph | Display | Code | Table)))
        case _:
            return block


def _painted_with_commas(board: Painted) -> Painted:
    return tuple(tuple((kind, commas_in_text(part)) for kind, part in line) for line in board)
