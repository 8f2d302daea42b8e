"""From solutions to documents: headings, reasons, equations, remarks."""

from __future__ import annotations

from collections.abc import Sequence

from chalkwork.derivation.derivation import Equation, Stage
from chalkwork.documents.decimal_mark import in_decimals_of
from chalkwork.documents.model import Block, Display, Document, Figure, Heading, Paragraph
from chalkwork.solutions.solution import Solution
from chalkwork.typesetting.boxes import Box, row
from chalkwork.typesetting.equations import Line, TypesetEquation, fill, given, typeset
from chalkwork.typesetting.pieces import Piece, join
from chalkwork.typesetting.writer import Writer

STAGE_TITLES = {
    Stage.FORWARD: "Forward pass",
    Stage.BACKWARD: "Backward pass",
    Stage.UPDATE: "Update",
    Stage.REEVALUATION: "Forward pass after the update",
}


def solution_document(solution: Solution, title: str, drawings: bool = True) -> Document:
    """One solution as a document of its own: the exercise, then every stage; without drawings if nobody can see them.

    >>> from chalkwork.networks.graph import Graph
    >>> document = solution_document(Graph("c = a + b").solve(a=2, b=1), "A sum")
    >>> [type(block).__name__ for block in document.blocks][-2:]
    ['Display', 'Display']
    """
    blocks = [*setting_blocks(solution, drawings), *equation_blocks(solution, solution.chosen(), level=2)]
    return Document(title, tuple(blocks))


def setting_blocks(solution: Solution, drawings: bool = True) -> list[Block]:
    """What is given: sentences, the drawing, and the givens with their values."""
    blocks = [*setting_sentences(solution), *(figure_block(solution, values=True) if drawings else ())]
    return [*blocks, *given_blocks(solution, solution.setting.givens)]


def setting_sentences(solution: Solution) -> list[Block]:
    """The exercise in words."""
    sentences = solution.setting.introduction
    return [paragraph(" ".join(sentences), solution.writer())] if sentences else []


def figure_block(solution: Solution, values: bool) -> list[Block]:
    """The drawing, with the values that the solution finds or without them."""
    if solution.setting.drawing is None or (values and not solution.setting.values_drawn):
        return []
    drawing = solution.setting.drawing(solution, values)
    return list(in_decimals_of(solution.style.notation, [Figure(drawing.svg, drawing.description, "")]))


def given_blocks(solution: Solution, names: Sequence[str]) -> list[Block]:
    """The givens with their values, as many on a line as fit."""
    writer = solution.writer()
    return in_lines([given(name, writer) for name in names], writer)


def in_lines(pieces: Sequence[Piece], writer: Writer) -> list[Block]:
    """Pieces of mathematics side by side, as many on a line as fit."""
    if not pieces:
        return []
    lines: list[list[Piece]] = [[]]
    for piece in pieces:
        used = sum(other.box.width + 4 for other in lines[-1])
        if lines[-1] and used + piece.box.width > min(writer.layout.latex_width, writer.layout.text_width):
            lines.append([])
        lines[-1].append(piece)
    comma = writer.notation.between.strip()
    gap = Piece.of(rf"{comma} \quad ", f"{comma}   ")
    joined = [_spaced(line, gap) for line in lines]
    return [_display(piece.latex, [Line((("formula", piece.box),))]) for piece in joined]


def _spaced(line: Sequence[Piece], gap: Piece) -> Piece:
    parts = [line[0]]
    for piece in line[1:]:
        parts += [gap, piece]
    return join(*parts)


def equation_blocks(
    solution: Solution, equations: Sequence[Equation], level: int, headings: bool = True
) -> list[Block]:
    """The equations with their reasons and what is to be said after them, a heading for each stage."""
    writer = solution.writer()
    remarks = solution.setting.remarks(solution) if solution.setting.remarks else {}
    several = len({equation.stage for equation in equations}) > 1
    blocks: list[Block] = []
    stage: Stage | None = None
    said = ""
    for equation in equations:
        if equation.stage != stage:
            stage = equation.stage
            if headings and several:
                blocks.append(Heading(STAGE_TITLES[stage], level))
        work = typeset(equation, writer)
        if work.reason_latex and work.reason_latex != said:
            blocks.append(Paragraph(work.reason_latex, work.reason_text))
        said = work.reason_latex
        blocks.append(display(work))
        blocks += [paragraph(sentence, writer) for sentence in remarks.get(equation.name, ())]
    return blocks


def display(work: TypesetEquation) -> Display:
    """A typeset equation as a block."""
    return _display(work.latex, work.lines)


def _display(latex: str, lines: Sequence[Line]) -> Display:
    board = tuple(_painted(line) for line in lines)
    text = "\n".join("".join(characters for _, characters in painted).rstrip() for rows in board for painted in rows)
    return Display(latex, text, tuple(painted for rows in board for painted in rows))


def _painted(line: Line) -> list[tuple[tuple[str, str], ...]]:
    """The lines of characters of one line of boxes, each piece with its kind."""
    whole = row(box for _, box in line.parts)
    painted = []
    for index in range(len(whole.lines)):
        pieces = []
        for kind, box in line.parts:
            place = index - whole.baseline + box.baseline
            pieces.append((kind, box.lines[place] if 0 <= place < len(box.lines) else " " * box.width))
        painted.append(tuple(pieces))
    return painted


def paragraph(sentence: str, writer: Writer) -> Paragraph:
    """A sentence of ours with its `{names}` in the notation."""
    return Paragraph(fill(sentence, writer, latex=True), fill(sentence, writer, latex=False))


def blank(solution: Solution, name: str) -> Display:
    """An empty answer of the right shape: `z1 = [ _ _ ]`."""
    writer = solution.writer()
    symbol = writer.symbols[name]
    shape = solution.derivation.shapes().get(name.partition("[")[0], ()) if "[" not in name else ()
    latex_gap, text_gap = r"\underline{\qquad\quad}", "______"
    if not shape:
        return _display(f"{symbol.latex} = {latex_gap}", [Line((("name", Box.text(f"{symbol.text} = {text_gap}")),))])
    rows, columns = min(shape[0], writer.layout.rows), min(shape[1], writer.layout.columns)
    line, spacer = " & ".join([latex_gap] * columns), r" \\ " + r"\phantom{0}" + " & " * (columns - 1) + r" \\ "
    body = spacer.join([line] * rows)
    latex = rf"{symbol.latex} = \left[\begin{{array}}{{{'r' * columns}}} {body} \end{{array}}\right]"
    box = row((Box.text(f"{symbol.text} = "), Box.matrix([[text_gap] * columns] * rows)))
    return _display(latex, [Line((("name", box),))])
