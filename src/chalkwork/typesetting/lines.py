"""A chain of things that are equal (or less, or nearly equal) on lines that fit the page and the terminal."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from textwrap import wrap
from typing import NamedTuple

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
    "≠": Piece.of(r" \ne ", " ≠ "),
}
# the empty text makes a following minus a sign between two things, not the sign of one
_CONTINUED = Piece.of(r"\quad \text{}", "   ")
_NOTHING = Piece.of("", "")
_PAIR = re.compile(r"\\bigl\( ((?:(?!\\big[lr]).)*) \\bigr\)", re.DOTALL)
WIDEST_HEAD = 8


class Line(NamedTuple):
    """One line of the terminal's board: boxes with what each is (`name`, `formula`, `numbers`, `result`)."""

    parts: tuple[tuple[str, Box], ...]


class Part(NamedTuple):
    """One member of a chain, in pieces between which a line may be broken, and how it stands to the one before."""

    kind: str
    pieces: tuple[Piece, ...]
    relation: Relation = "="

    @property
    def latex(self) -> str:
        """The whole of it in LaTeX."""
        return "".join([piece.latex for piece in self.pieces])


def without_repetition(parts: Sequence[Part]) -> list[Part]:
    """The members without those that read as the one after them; the relation stays that of the first."""
    kept: list[Part] = []
    before = ""
    for part in parts:
        latex = part.latex
        if kept and latex == before and part.relation == "=":
            part = Part(part.kind, part.pieces, kept.pop().relation)
        kept.append(part)
        before = latex
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
        first, *more = _in_rows(relation, part.pieces, room, measure)
        lines[-1].append((part.kind, first))
        lines += [[(part.kind, row)] for row in more]
        used = room  # what follows a broken part starts a line
    return [line for line in lines if line]


def _in_rows(start: Piece, pieces: Sequence[Piece], room: int, measure: Callable[[Piece], int]) -> list[list[Piece]]:
    """Pieces behind a start, on as many rows as they need."""
    rows, used = [[start]], measure(start)
    for piece in pieces:
        if len(rows[-1]) > 1 and used + measure(piece) > room:
            rows.append([_CONTINUED])
            used = measure(_CONTINUED)
        rows[-1].append(piece)
        used += measure(piece)
    return rows


def chain_latex(head: Sequence[Piece], parts: Sequence[Part], layout: Layout) -> str:
    """What goes between the dollars; an `aligned` block where there are several lines.

    A head of more than half a line stands above the rest.
    """

    def measure(piece: Piece) -> int:
        return piece.latex_width

    first, width = join(*head), layout.latex_width
    above: list[str] = []
    if first.latex_width > width // 2 and first.latex_width + sum(map(_latex_width, parts)) > width:
        above = [_grown("".join(piece.latex for piece in row)) for row in _in_rows(_NOTHING, head, width, measure)]
        first = _NOTHING
    lines = _broken(first.latex_width, parts, width, measure)
    rows = [_grown("".join([piece.latex for _, pieces in line for piece in pieces]).strip()) for line in lines]
    if len(rows) == 1 and not above:
        return f"{_grown(first.latex)} {rows[0]}".strip()
    indent = r"\quad " if above else ""
    rows = [*(f"&{text}" for text in above), *(f" &{indent}{text}" for text in rows)]
    body = " \\\\\n".join([_grown(first.latex) + rows[0], *rows[1:]])
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"


def _grown(row: str) -> str:
    """The row with parentheses that both stand on it as high as what is between them."""
    while found := _PAIR.search(row):
        row = rf"{row[: found.start()]}\left( {found[1]} \right){row[found.end() :]}"
    return row


def _latex_width(part: Part) -> int:
    return sum(piece.latex_width for piece in (RELATIONS[part.relation], *part.pieces))


def chain_lines(head: Sequence[Piece], parts: Sequence[Part], layout: Layout) -> tuple[Line, ...]:
    """The lines of the terminal's board; a head that does not stand before the first line stands above it."""

    def measure(piece: Piece) -> int:
        return piece.width

    whole, width = join(*head), layout.text_width
    indent = min(whole.width, WIDEST_HEAD)
    parts = [part._replace(pieces=_at_blanks(part.pieces, width - indent)) for part in parts]
    lines = _broken(indent, parts, width, measure)
    board = []
    first = sum(piece.width for _, pieces in lines[0] for piece in pieces) if lines else 0
    if whole.width > indent and whole.width + first > width:
        board += [
            Line((("name", join(*row).box),)) for row in _in_rows(_NOTHING, _at_blanks(head, width), width, measure)
        ]
        whole = Piece.of("", " " * indent)
    for index, line in enumerate(lines):
        start = ("name", whole.box) if index == 0 else ("space", Box.text(" " * indent))
        boxes = [(kind, join(*pieces).box) for kind, pieces in line]
        board.append(Line((start, *boxes) if head else _flush(boxes)))
    return tuple(board)


def _at_blanks(pieces: Sequence[Piece], room: int) -> tuple[Piece, ...]:
    """Pieces, those that are wider than a line cut where they have a blank."""
    cut: list[Piece] = []
    for piece in pieces:
        if piece.width + 3 <= room or not piece.flat:
            cut.append(piece)
            continue
        texts = wrap(piece.box.lines[0], room - 3, drop_whitespace=False, break_long_words=False)
        cut += [Piece.of("", text) for text in texts]
    return tuple(cut)


def _flush(boxes: Sequence[tuple[str, Box]]) -> tuple[tuple[str, Box], ...]:
    """Boxes without the blank in front of a relation before which nothing stands."""
    (kind, box), *rest = boxes
    return ((kind, Box(tuple(line[1:] for line in box.lines), box.baseline, box.width - 1)), *rest)
