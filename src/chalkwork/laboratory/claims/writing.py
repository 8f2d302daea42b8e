"""What a reader sees of a claim: the statement, the proof step by step with what speaks for each, the verdict."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import groupby

from chalkwork.algebra.expression import Expression, names_in
from chalkwork.documents.model import Block, Display, Paragraph
from chalkwork.laboratory.claims.domain import Range, entries_of
from chalkwork.laboratory.claims.refuted import point_text, refuted
from chalkwork.laboratory.claims.statement import Board, Link
from chalkwork.laboratory.claims.verify import Verified
from chalkwork.laboratory.worked import Manner
from chalkwork.typesetting.pieces import Piece, join
from chalkwork.typesetting.symbols import Symbols
from chalkwork.typesetting.writer import Writer

_SIGNS = {
    "=": Piece.of(" = ", " = "),
    "<": Piece.of(" < ", " < "),
    ">": Piece.of(" > ", " > "),
    "<=": Piece.of(r" \le ", " ≤ "),
    ">=": Piece.of(r" \ge ", " ≥ "),
    "!=": Piece.of(r" \ne ", " ≠ "),
}
_RESULT = {
    "exact": "Holds exactly,",
    "intervals": "Holds,",
    "points": "Not proved, but true",
    "undefined": "Open:",
}


class Page:
    """Writes the blocks of one claim in one manner."""

    def __init__(self, manner: Manner, board: Board) -> None:
        self.manner = manner
        self.board = board
        self.writer = Writer(Symbols(manner.notation), {}, manner.numbers)

    # --- formulas ------------------------------------------------------------------------------------------------

    def relation(self, links: Sequence[Link], *, whole: bool = True) -> Display:
        """A chain of relations; without `whole` the first left side is left out where it was just shown."""
        first = links[0]
        head = () if first.continued and not whole else (first.left,)
        return self._display(head, [(_SIGNS[link.relation], link.right) for link in links])

    def side(self, expression: Expression, value: Piece) -> Display:
        """A side and its value."""
        return self._display((expression,), [(_SIGNS["="], value)])

    def _display(self, head: Sequence[Expression], parts: Sequence[tuple[Piece, Expression | Piece]]) -> Display:
        """A chain, whole on a line where it fits, else in pieces on several."""
        layout = self.writer.layout
        forms = [self._pieces(head, parts, broken) for broken in (False, True)]
        lines = []
        for measure, width in ((_in_latex, layout.latex_width), (_in_text, layout.text_width)):
            fits = _width(*forms[0], measure) <= width
            lines.append(_lines(*forms[0 if fits else 1], width, measure))
        text = "\n".join(_flat(line, place > 0, bool(head), layout.text_width) for place, line in enumerate(lines[1]))
        return Display(_aligned(lines[0]), text)

    def _pieces(
        self, head: Sequence[Expression], parts: Sequence[tuple[Piece, Expression | Piece]], broken: bool
    ) -> tuple[list[Piece], list[tuple[Piece, list[Piece]]]]:
        def pieces(part: Expression | Piece) -> list[Piece]:
            if isinstance(part, Piece):
                return [part]
            return self.writer.segments(part, False) if broken else [self.writer.formula(part)]

        return [piece for part in head for piece in pieces(part)], [(sign, pieces(part)) for sign, part in parts]

    def symbol(self, name: str) -> str:
        """The name between dollars."""
        return f"${self.writer.symbols[name].latex}$"

    # --- parts of the page -----------------------------------------------------------------------------------------

    def opening(self, links: Sequence[Link]) -> Iterator[Block]:
        """What is to be shown, and for which numbers."""
        expressions = [self.board.meant(side) for link in links for side in (link.left, link.right)]
        ranges = self.board.ranges(*expressions)
        yield Paragraph(f"To show{self._domain(ranges, expressions)}:")
        yield self.relation(links)

    def _domain(self, ranges: dict[str, Range], expressions: Sequence[Expression]) -> str:
        groups: dict[str, list[str]] = {}
        entries = set()
        for name in dict.fromkeys(name for side in expressions for name in names_in(side)):
            if name.shape:
                groups.setdefault(self.board.domain[name.name].words, []).append(name.name)
                entries |= set(entries_of(name))
        for number, given in ranges.items():
            if number not in entries:
                groups.setdefault(given.words, []).append(number)
        phrases = []
        for words, names in groups.items():
            listed = ", ".join(map(self.symbol, names))
            phrases.append(words.format(listed) if "{}" in words else f"{words} {listed}")
        return " for all " + " and all ".join(phrases) if phrases else ""

    def steps(self, proof: Sequence[Verified], repaired: Collection[int] = ()) -> Iterator[Block]:
        """The steps with their reasons and what speaks for them; `repaired` are places that undo the mistake before."""
        place = 0
        for number, group in groupby(proof, lambda found: found.link.step):
            found = list(group)
            links = [each.link for each in found]
            reason = _sentence(links[0].because)
            false = [at for at, each in enumerate(found, place) if each.way == "false"]
            result = self.result(found, undone=set(false) <= set(repaired))
            yield Paragraph(f"**Step {number}.** {reason}{' ' if reason else ''}*{result}.*")
            yield self.relation(links, whole=number == 1 or not links[0].continued)
            for each in found:
                yield from self.repaired(proof[place - 1], each) if place in repaired else self.remarks(each)
                place += 1

    def result(self, found: Sequence[Verified], undone: bool = False) -> str:
        """What speaks for a step, or against it."""
        if any(each.way == "false" for each in found):
            return "Undoes the mistake before it" if undone else "Does not hold"
        ways = {_RESULT[each.way]: None for each in found}
        how = dict.fromkeys(each.how for each in found)
        return f"{' or '.join(ways)} {', '.join(how)}"

    def remarks(self, step: Verified) -> Iterator[Block]:
        """A counterexample, or points without a value."""
        if step.counterexample is not None:
            yield refuted(self, step.link, step.counterexample)
        elif step.one_sided:
            which, point, why = step.one_sided[0]
            yield Paragraph(
                f"At {point_text(self, point)} the {which} side has no value ({why}); what is said here is about the "
                "numbers for which both sides have one."
            )

    def repaired(self, before: Verified, step: Verified) -> Iterator[Block]:
        """A step that undoes the mistake of the one before."""
        whole = Link(before.link.left, "=", step.link.right)
        yield Paragraph("The next side is right again; only the one before it is wrong, for this holds:")
        yield self.relation([whole])


def _sentence(text: str) -> str:
    """The reason as a sentence."""
    text = text.strip()
    text = text[:1].upper() + text[1:]
    return text if not text or text[-1] in ".!?:" else text + "."


# --- lines ---------------------------------------------------------------------------------------------------------

_Line = tuple[Piece, list[Piece]]
"""What stands before the column of the relations, and what from there on."""

_NOTHING, _INDENT = Piece.of("", ""), Piece.of(r"\quad ", "    ")


def _in_latex(piece: Piece) -> int:
    return piece.latex_width


def _in_text(piece: Piece) -> int:
    return piece.width


def _width(head: list[Piece], parts: Sequence[tuple[Piece, list[Piece]]], measure: Callable[[Piece], int]) -> int:
    return sum(map(measure, head)) + sum(measure(sign) + sum(map(measure, pieces)) for sign, pieces in parts)


def _lines(
    head: list[Piece], parts: Sequence[tuple[Piece, list[Piece]]], width: int, measure: Callable[[Piece], int]
) -> list[_Line]:
    """A chain on lines that fit: on one if it does, else a line for every relation, broken between pieces."""
    if _width(head, parts, measure) <= width:
        rest = [piece for sign, pieces in parts for piece in (sign, *pieces)]
        return [(join(*head) if head else _NOTHING, rest)]
    lines: list[_Line] = []
    if head and (sum(map(measure, head)) > width // 3 or len(head) > 1):
        lines += _broken(head, _NOTHING, width, measure, full=True)
        head = []
    room = width - (sum(map(measure, head)) if head else 4)
    for sign, pieces in parts:
        lines += _broken(pieces, sign, room, measure, full=False)
    if head:
        lines[0] = (join(*head), lines[0][1])
    return lines


def _broken(pieces: list[Piece], sign: Piece, room: int, measure: Callable[[Piece], int], full: bool) -> list[_Line]:
    """Pieces on as many lines as they need; `full` ones begin before the column of the relations."""
    lines: list[list[Piece]] = [[sign]]
    used = measure(sign)
    for piece in pieces:
        if used + measure(piece) > room and len(lines[-1]) > 1:
            lines.append([_INDENT])
            used = 4
        lines[-1].append(piece)
        used += measure(piece)
    if full:
        return [(join(*line), []) for line in lines]
    return [(_NOTHING, line) for line in lines]


def _aligned(lines: list[_Line]) -> str:
    if len(lines) == 1:
        head, rest = lines[0]
        return (head.latex + "".join(piece.latex for piece in rest)).strip()
    rows = []
    for head, rest in lines:
        body = "".join(piece.latex for piece in rest).strip()
        rows.append(f"{head.latex} &{body}" if rest else f"&{head.latex}")
    return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"


def _flat(line: _Line, later: bool, headed: bool, width: int) -> str:
    """A line of the terminal; every later one is indented, and one that is still too long goes on below."""
    head, rest = line
    box = join(head, *rest).box if rest else head.box
    text = "\n".join(box.lines)
    if later and rest and headed:
        text = "   " + text
    elif not head.latex:
        text = text.lstrip(" ")
    if "\n" in text or len(text) <= width:
        return text
    indent = " " * (len(text) - len(text.lstrip(" ")))
    return textwrap.fill(text, width, subsequent_indent=f"{indent}      ", break_long_words=False)
