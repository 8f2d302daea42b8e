"""How an operation is written, from its entry in the table: texts with slots, of a matrix with the axis."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from chalkwork.algebra.expression import Application
from chalkwork.typesetting.boxes import Box
from chalkwork.typesetting.notation import Notation
from chalkwork.typesetting.pieces import Piece
from chalkwork.words import ENGLISH, say

_SLOT = re.compile(r"<(\w+)>")
_COMMA = re.compile(r"(?<!\\), ")
_OVER = {-2: "over.columns", -1: "over.rows"}


def templates(expression: Application, samples: str | None, language: str = ENGLISH) -> tuple[str, str]:
    """LaTeX and terminal text of the operation; what runs over one axis of a matrix says which, each row or column.

    Where the axis of the samples is declared it says that already.
    """
    operation, shape = expression.operation, expression.arguments[0].shape
    axis = expression.named_parameters.get("axis")
    if samples or not shape or 1 in shape or not (axis or operation.needs_axis):
        return operation.latex, operation.text
    over = say(language, _OVER[axis] if isinstance(axis, int) else "over.all")
    latex = operation.latex.replace(r"\left(", rf"_{{\mathrm{{{over}}}}}\left(", 1)
    return latex, operation.text.replace("(", f"_{over}(", 1)


def signs_of(notation: Notation) -> dict[str, Piece]:
    """The signs that a course chooses, by their slots in the table."""
    hadamard = {"circ": "∘", "odot": "⊙", "ast": "∗", "cdot": "·"}[notation.hadamard]
    transposed = {"top": (r"\top", "ᵀ"), "T": (r"\mathsf{T}", "ᵀ"), "prime": (r"\prime", "′"), "t": ("t", "ᵗ")}
    return {
        "hadamard": Piece.of(rf" \{notation.hadamard} ", f" {hadamard} "),
        "transposed": Piece.of(*transposed[notation.transpose]),
        "log": Piece.of(rf"\{notation.log}", notation.log),
    }


@lru_cache(maxsize=1024)
def split(template: str, between: str) -> tuple[str, ...]:
    """The text around the slots and what stands in them, in turn; arguments parted as the notation has it."""
    return tuple(_SLOT.split(_COMMA.sub(between, template)))


def stretched(boxes: Sequence[Box]) -> tuple[Box, ...]:
    """The boxes; parentheses around something high grow with it."""
    if len(boxes) == 3 and len(boxes[1].lines) > 1 and boxes[0].lines[0].endswith("(") and boxes[2].lines == (")",):
        return Box.text(boxes[0].lines[0].removesuffix("(")), boxes[1].enclosed()
    return tuple(boxes)
