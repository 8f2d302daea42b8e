"""Chains of equations, `f''(x) = s - 3 s^2 = 0`, on lines that fit the page and the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence

from chalkwork.documents.literal import visible
from chalkwork.documents.model import Code, Display
from chalkwork.laboratory.functions.one_variable import Function
from chalkwork.typesetting.boxes import Box
from chalkwork.typesetting.pieces import Piece, join
from chalkwork.typesetting.writer import Writer

TEXT_WIDTH, LATEX_WIDTH = 76, 70
_CONTINUED = Piece.of(r"\quad \text{}", "   ")  # the empty text makes a minus that follows a sign between two things
_WIDEST_HEAD = 12


def equation(head: Piece, *parts: Sequence[Piece], relation: str = "=") -> Display:
    """A head and what it equals: each part in pieces between which a line may be broken, equal neighbours once.

    >>> one, two = Piece.of("a + b", "a + b"), Piece.of("3", "3")
    >>> equation(Piece.of("c", "c"), [one], [two]).text
    'c = a + b = 3'
    """
    kept: list[Sequence[Piece]] = []
    for part in map(_by_terms, parts):
        if not kept or join(*part).latex != join(*kept[-1]).latex:
            kept.append(part)
    signs = [_relation(relation), *[_relation("=")] * (len(kept) - 1)]
    return Display(_latex(head, kept, signs), _text(head, kept, signs))


def display_or_text(head: Piece, writer: Writer, function: Function, *parts: Sequence[Piece]) -> Display | Code:
    """The function as an equation, or as it was typed where that does not fit the page."""
    pieces = writer.segments(function.tree, with_numbers=False)
    if max(piece.width for part in (pieces, *parts) for piece in part) > TEXT_WIDTH - head.width - 3:
        return Code("\n".join(textwrap.wrap(visible(function.text), TEXT_WIDTH)), "")
    return equation(head, pieces, *parts)


def _by_terms(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces, the factors of a term together: a line is broken between terms, unless a term fills it alone."""
    result: list[Piece] = []
    for piece in pieces:
        factor = piece.latex.startswith((r" \cdot", r" \,"))
        if result and factor and result[-1].width + piece.width < TEXT_WIDTH // 2:
            result[-1] = join(result[-1], piece)
        else:
            result.append(piece)
    return result


def _relation(sign: str) -> Piece:
    latex, text = {"=": ("=", "="), "<=": (r"\le", "≤"), "~": (r"\approx", "≈")}[sign]
    return Piece.of(f" {latex} ", f" {text} ")


def _broken(
    room: int, parts: Sequence[Sequence[Piece]], signs: Sequence[Piece], measure: Callable[[Piece], int]
) -> list[list[Piece]]:
    lines: list[list[Piece]] = [[]]
    used = 0
    for sign, part in zip(signs, parts, strict=True):
        whole = measure(sign) + sum(map(measure, part))
        if lines[-1] and used + whole > room:
            lines.append([])
            used = 0
        lines[-1].append(sign)
        used += measure(sign)
        for piece in part:
            if used + measure(piece) > room and used > measure(sign):
                lines.append([_CONTINUED])
                used = 3
            lines[-1].append(piece)
            used += measure(piece)
    return lines


def _latex(head: Piece, parts: Sequence[Sequence[Piece]], signs: Sequence[Piece]) -> str:
    lines = _broken(LATEX_WIDTH - head.latex_width, parts, signs, lambda piece: piece.latex_width)
    rows = ["".join(piece.latex for piece in line).strip() for line in lines]
    if len(rows) == 1:
        return f"{head.latex} {rows[0]}"
    body = " \\\\\n".join(f"{head.latex if index == 0 else ''} &{row}" for index, row in enumerate(rows))
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"


def _text(head: Piece, parts: Sequence[Sequence[Piece]], signs: Sequence[Piece]) -> str:
    indent = min(head.width, _WIDEST_HEAD)
    lines = _broken(TEXT_WIDTH - max(head.width, indent), parts, signs, lambda piece: piece.width)
    written = []
    for index, line in enumerate(lines):
        start = head if index == 0 else Piece("", (Box.text(" " * indent),))
        written.append(str(join(start, *line).box))
    return "\n".join(written)
