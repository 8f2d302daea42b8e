"""A chain of things that are equal (or less, or nearly equal) on lines that fit the page and the terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chalkwork.derivation.derivation import Relation
from chalkwork.typesetting.boxes import Box
from chalkwork.typesetting.pieces import Piece, join
from chalkwork.typesetting.values import Layout

EQUALS = Piece.of(" = ", " = ")
RELATIONS: dict[Relation, Piece] = {
    "=": EQUALS,
    "≤": Piece.of(r" \le ", " ≤ "),
    "<": Piece.of(" < ", " < "),
    "≥": Piece.of(r" \ge ", " ≥ "),
    ">": Piece.of(" > ", " > "),
    "≈": Piece.of(r" \approx ", " ≈ "),
}
# the empty text makes a following minus a sign between two things, not the sign of one
_CONTINUED = Piece.of(r"\quad \text{}", "   ")
WIDEST_HEAD = 8


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the terminal's board: boxes with what each is (`name`, `formula`, `numbers`, `result`)."""

    parts: tuple[tuple[str, Box], ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One member of a chain, in pieces between which a line may be broken, and how it stands to the one before."""

    kind: str
    pieces: tuple[Piece, ...]
    relation: Relation = "="

    @property
    def latex(self) -> str:
        """The whole of it in LaTeX."""
        return "".join(piece.latex for piece in self.pieces)


def without_repetition(parts: Sequence[Part]) -> list[Part]:
    """The members without those that read as the one after them; the relation stays that of the first."""
    kept: list[Part] = []
    for part in parts:
        if kept and kept[-1].latex == part.latex and part.relation == "=":
            part = Part(part.kind, part.pieces, kept.pop().relation)
        kept.append(part)
    return kept


def _broken(
    head_width: int, parts: Sequence[Part], width: int, measure: Callable[[Piece], int]
) -> list[list[tuple[str, list[Piece]]]]:
    """The parts on lines: as many parts on a line as fit, a part that is too wide broken between its pieces."""
    lines: list[list[tuple[str, list[Piece]]]] = [[]]
    room, used = width - head_width, 0
    for part in parts:
        relation = RELATIONS[part.relation]
        whole = sum(map(measure, part.pieces)) + 3
        if lines[-1] and used + whole > room:
            lines.append([])
            used = 0
        if whole <= room:
            lines[-1].append((part.kind, [relation, *part.pieces]))
            used += whole
            continue
        line, line_width = [relation], 3
        for piece in part.pieces:
            if len(line) > 1 and line_width + measure(piece) > room:
                lines[-1].append((part.kind, line))
                lines.append([])
                line, line_width = [_CONTINUED], 3
            line.append(piece)
            line_width += measure(piece)
        lines[-1].append((part.kind, line))
        used = room  # what follows a broken part starts a line
    return [line for line in lines if line]


def chain_latex(head: Piece, parts: Sequence[Part], layout: Layout) -> str:
    """What goes between the dollars; an `aligned` block where there are several lines."""
    lines = _broken(head.latex_width, parts, layout.latex_width, lambda piece: piece.latex_width)
    rows = ["".join(piece.latex for _, pieces in line for piece in pieces).strip() for line in lines]
    if len(rows) == 1:
        return f"{head.latex} {rows[0]}"
    body = " \\\\\n".join(f"{head.latex if index == 0 else ''} &{text}" for index, text in enumerate(rows))
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"


def chain_lines(head: Piece, parts: Sequence[Part], layout: Layout) -> tuple[Line, ...]:
    """The lines of the terminal's board."""
    indent, width = min(head.width, WIDEST_HEAD), layout.text_width
    lines = _broken(indent, parts, width, lambda piece: piece.width)
    board = []
    first = sum(piece.width for _, pieces in lines[0] for piece in pieces) if lines else 0
    if head.width > indent and head.width + first > width:
        board.append(Line((("name", head.box),)))
        head = Piece.of("", " " * indent)
    for index, line in enumerate(lines):
        start = ("name", head.box) if index == 0 else ("space", Box.text(" " * indent))
        board.append(Line((start, *((kind, join(*pieces).box) for kind, pieces in line))))
    return tuple(board)
