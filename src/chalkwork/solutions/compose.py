"""From solutions to documents: headings, reasons, equations, remarks."""

from __future__ import annotations

from collections.abc import Sequence

from chalkwork.derivation.derivation import Equation, Stage
from chalkwork.documents.model import Block, Display, Document, Figure, Heading, Paragraph
from chalkwork.solutions.board import Board, boxed, display, paragraph
from chalkwork.solutions.solution import Solution
from chalkwork.typesetting.boxes import Box, row
from chalkwork.typesetting.equations import typeset
from chalkwork.typesetting.lines import Line


def solution_document(solution: Solution, title: str, drawings: bool = True) -> Document:
    """One solution as a document of its own: the exercise, then every stage; without drawings if nobody can see them.

    >>> from chalkwork.networks.graph import Graph
    >>> document = solution_document(Graph("c = a + b").solve(a=2, b=1), "A sum")
    >>> [type(block).__name__ for block in document.blocks][-2:]
    ['Display', 'Display']
    """
    return Document(title, tuple(solution_blocks(solution, drawings)))


def solution_blocks(solution: Solution, drawings: bool = True) -> list[Block]:
    """What a solution says: as its room arranges it, or what is given and then every stage."""
    script = solution.setting.script
    if script is None:
        return [*setting_blocks(solution, drawings), *equation_blocks(solution, solution.chosen(), level=2)]
    return [block for block in script(Board(solution)) if drawings or not isinstance(block, Figure)]


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
    return [Figure(drawing.svg, drawing.description, "")]


def given_blocks(solution: Solution, names: Sequence[str]) -> list[Block]:
    """The givens with their values, as many on a line as fit."""
    return Board(solution).givens(names)


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
                blocks.append(Heading(stage.title, level))
        work = typeset(equation, writer)
        if work.reason_latex and work.reason_latex != said:
            blocks.append(Paragraph(work.reason_latex, work.reason_text))
        said = work.reason_latex
        blocks.append(display(work))
        blocks += [paragraph(sentence, writer) for sentence in remarks.get(equation.name, ())]
    return blocks


def blank(solution: Solution, name: str) -> Display:
    """An empty answer of the right shape: `z1 = [ _ _ ]`."""
    writer = solution.writer()
    symbol = writer.symbols[name]
    shape = solution.derivation.shapes().get(name.partition("[")[0], ()) if "[" not in name else ()
    latex_gap, text_gap = r"\underline{\qquad\quad}", "______"
    if not shape:
        return boxed(f"{symbol.latex} = {latex_gap}", [Line((("name", Box.text(f"{symbol.text} = {text_gap}")),))])
    rows, columns = min(shape[0], writer.layout.rows), min(shape[1], writer.layout.columns)
    line, spacer = " & ".join([latex_gap] * columns), r" \\ " + r"\phantom{0}" + " & " * (columns - 1) + r" \\ "
    body = spacer.join([line] * rows)
    latex = rf"{symbol.latex} = \left[\begin{{array}}{{{'r' * columns}}} {body} \end{{array}}\right]"
    box = row((Box.text(f"{symbol.text} = "), Box.matrix([[text_gap] * columns] * rows)))
    return boxed(latex, [Line((("name", box),))])
