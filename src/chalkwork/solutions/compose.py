"""From solutions to documents: headings, reasons, equations, remarks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import chain
from math import prod

from chalkwork.algebra.times import step_of
from chalkwork.derivation.derivation import Equation, Stage
from chalkwork.documents.decimal_mark import in_decimals_of
from chalkwork.documents.model import Block, Display, Document, Heading, Marked, Paragraph, Table
from chalkwork.drawings.drawing import Drawing
from chalkwork.solutions.board import Board, boxed, display, in_lines, paragraph
from chalkwork.solutions.recurring import for_all_steps, for_any_step, run_blocks, runs
from chalkwork.solutions.steps import Column, step_table
from chalkwork.solutions.working import Working
from chalkwork.typesetting.boxes import Box
from chalkwork.typesetting.equations import typeset
from chalkwork.typesetting.pieces import Piece, in_a_row, join
from chalkwork.typesetting.writer import Writer
from chalkwork.words import Said, Text, say, written

MOST_WORKED_OUT = 3
FEWEST_IN_A_TABLE = 3
MOST_IN_A_TABLE = 7
"""Steps of training that are all worked out; of more, those between the first and the last are summed up."""


def solution_document(solution: Working, title: str, drawings: bool = True) -> Document:
    """One solution as a document of its own: the exercise, then every stage; without drawings if nobody can see them.

    >>> from chalkwork.networks.graph import Graph
    >>> document = solution_document(Graph("c = a + b").solve(a=2, b=1), "A sum")
    >>> [type(block).__name__ for block in document.blocks][-2:]
    ['Display', 'Display']
    """
    return Document(title, tuple(solution_blocks(solution, drawings)), solution.style.language)


def solution_blocks(solution: Working, drawings: bool = True) -> list[Block]:
    """What a solution says: as its room arranges it, or what is given and then every stage."""
    script = solution.setting.script
    if script is None:
        return [*setting_blocks(solution, drawings), *equation_blocks(solution, solution.chosen(), level=2)]
    blocks = [block for block in script(Board(solution)) if drawings or not isinstance(block, Drawing)]
    return list(in_decimals_of(solution.style.notation, [*blocks, *_said_of_zeros(solution, blocks)]))


def setting_blocks(solution: Working, drawings: bool = True, values: bool = True) -> list[Block]:
    """What is given: sentences, the drawing (with what is found, or without), and the givens with their values."""
    blocks = [*setting_sentences(solution), *(figure_block(solution, values) if drawings else ())]
    return [*blocks, *given_blocks(solution, solution.setting.givens)]


def setting_sentences(solution: Working) -> list[Block]:
    """The exercise in words."""
    sentences = [written(sentence, solution.style.language) for sentence in solution.setting.introduction()]
    return [paragraph(" ".join(sentences), solution.writer())] if sentences else []


def figure_block(solution: Working, values: bool) -> list[Block]:
    """The drawing, with the values that the solution finds or without them."""
    if solution.setting.drawing is None or (values and not solution.setting.values_drawn):
        return []
    drawing = solution.setting.drawing(solution, values)
    return list(in_decimals_of(solution.style.notation, [drawing]))


def given_blocks(solution: Working, names: Sequence[str]) -> list[Block]:
    """The givens with their values, as many on a line as fit."""
    return Board(solution).givens(names)


def steps_of(solution: Working) -> int:
    """How many updates the solution of a network makes."""
    equations = solution.derivation.equations if solution.setting.layers or "eta" in solution.setting.givens else ()
    return max((equation.step for equation in equations if equation.stage != Stage.BACKWARD), default=0)


def stage_title(equation: Equation, steps: int) -> Said:
    """The heading over a stage; of several steps with the number of its own.

    >>> from chalkwork.algebra.expression import Name
    >>> str(stage_title(Equation("W1_new2", Name("W1"), Stage.UPDATE), steps=2))
    'Update, step 2'
    """
    title = equation.stage.title
    if steps < 2 or equation.step == 0:
        return title
    if equation.stage == Stage.REEVALUATION:
        return Text.of("stage.forward_after", step=equation.step)
    return Text.of("stage.of_step", stage=title, step=equation.step)


def equation_blocks(solution: Working, equations: Sequence[Equation], level: int, headings: bool = True) -> list[Block]:
    """The equations with their reasons and what is to be said after them, a heading for each stage.

    Of more than `MOST_WORKED_OUT` steps the first and the last are worked out, those between are summed up; of three
    or more all stand in a table.
    """
    steps = steps_of(solution)
    last = max((equation.step for equation in equations), default=0)
    table = _all_steps(solution, equations, last)
    if min(steps, last) <= MOST_WORKED_OUT:
        return _worked_blocks(solution, equations, level, headings, steps) + table
    first = [equation for equation in equations if equation.step <= 1]
    end = [equation for equation in equations if equation.step == last]
    between = [equation for equation in solution.derivation.equations if 1 < equation.step < last]
    blocks = _worked_blocks(solution, first, level, headings, steps)
    blocks += _summed_up(solution, between, level, headings)
    return blocks + _worked_blocks(solution, end, level, headings, steps) + table


def _all_steps(solution: Working, equations: Sequence[Equation], last: int) -> list[Block]:
    """The loss and the parameters after each of the steps, as far as they are worked out: nothing of one or two.

    Many parameters are left out, and the losses of many steps stand where those are summed up.
    """
    names = {equation.name for equation in equations} | {given.name for given in solution.derivation.givens}
    updated = [equation.name for equation in equations if equation.stage == Stage.UPDATE and equation.step == 1]
    kept = [name.removesuffix("_new") for name in updated if name.endswith("_new")]
    derivatives = {equation.derivative.by for equation in solution.derivation.equations if equation.derivative}
    parameters = [name for name in kept if name in names & derivatives]
    few = sum(solution.arrays[name].size for name in parameters) <= MOST_IN_A_TABLE
    if not solution.setting.layers or last < FEWEST_IN_A_TABLE or not (few or last <= MOST_WORKED_OUT):
        return []

    def column(bare: str) -> Column:
        def at(step: int) -> str | None:
            name = f"{bare}_new{step if step > 1 else ''}" if step else bare
            return name if name in names else None

        return Column(bare, at=at)

    columns = [column(name) for name in ("L", *(parameters if few else ())) if name in names]
    language = solution.style.language
    head = say(language, "steps.column")
    said = Paragraph(say(language, "steps.all"))
    return [said, step_table(Board(solution), columns, range(last + 1), head)] if columns else []


def _summed_up(solution: Working, equations: Sequence[Equation], level: int, headings: bool) -> list[Block]:
    """The loss after each of the steps, and the parameters that they end with."""
    writer = solution.writer()
    low, high = equations[0].step, equations[-1].step
    losses = [one for one in equations if one.stage == Stage.REEVALUATION and one.name.startswith("L_new")]
    rows = [(f"{one.step}", f"${writer.value(writer.values[one.name]).latex}$") for one in losses]
    ends = [one.name for one in equations if one.stage == Stage.UPDATE and one.step == high]
    symbol, language = writer.symbols["L"].latex, writer.language
    blocks: list[Block] = [Heading(say(language, "steps", low=low, high=high), level)] if headings else []
    if rows:
        head = (say(language, "steps.column"), f"${symbol}$")
        said = Paragraph(say(language, "steps.in_the_same_way", low=low, high=high))
        blocks += [said, Table(head, tuple(rows), right=(0, 1))]
    after = Paragraph(say(language, "steps.after", step=high))
    return [*blocks, after, *given_blocks(solution, ends)] if ends else blocks


def _worked_blocks(
    solution: Working, equations: Sequence[Equation], level: int, headings: bool, steps: int
) -> list[Block]:
    writer = solution.writer()
    remarks = solution.setting.remarks(solution) if solution.setting.remarks else {}
    several = len({equation.stage for equation in equations}) > 1 or steps > 1
    blocks: list[Block] = []
    title: Said = ""
    said = ""
    first_held = next((equation for equation in equations if held_fixed(equation, writer)), None)
    for run in runs(equations):
        equation = run[0][0]
        if title != stage_title(equation, steps):
            title = stage_title(equation, steps)
            if headings and several:
                blocks.append(Heading(written(title, writer.language), level))
        if len(run) > 1:
            blocks += run_blocks(Board(solution), run)
        else:
            work = typeset(equation, writer)
            before, said = said, written(equation.reason, writer.language)
            if said and said != before:
                blocks.append(paragraph(said, writer))
            blocks += [display(one) for one in (work, *(typeset(one, writer) for one in solution.samples_of(equation)))]
        shown = [one for step in run for one in step]
        if first_held is not None and first_held in shown:
            blocks += held_fixed(for_any_step(first_held) if len(run) > 1 else first_held, writer)
        blocks += [paragraph(sentence, writer) for one in shown for sentence in remarks.get(one.name, ())]
    if not solution.setting.letters_only and any(_rounds_to_zero(solution, equation.name) for equation in equations):
        blocks.append(paragraph(_rounded_zeros(writer.numbers.decimals or 0), writer))
    return blocks


def held_fixed(equation: Equation, writer: Writer) -> list[Paragraph]:
    """What the symbol of a derivative along one edge means, if the equation has such a one."""
    own = [equation.derivative] if equation.derivative is not None else []
    local = next((step for step in (*own, *chain.from_iterable(equation.chain)) if step.fixed), None)
    if local is None:
        return []
    symbols = [writer.symbols.derivative(local), writer.symbols.derivative(local._replace(fixed=()))]
    symbols += [writer.symbols[name] for name in (local.by, local.of, *local.fixed)]

    def said(along: str, whole: str, by: str, of: str, *fixed: str) -> str:
        n, held = len(fixed), reduce(lambda one, other: say(writer.language, "both", one=one, other=other), fixed)
        return say(writer.language, "held_fixed", along=along, whole=whole, by=by, of=of, fixed=held, n=n)

    return [Paragraph(said(*(f"${one.latex}$" for one in symbols)), said(*(one.text for one in symbols)))]


def _rounded_zeros(decimals: int) -> Text:
    """What is said where numbers round to zero."""
    return Text.of("rounded.to_zero", zero=f"0.{'0' * decimals}") if decimals else Text.of("rounded.some")


def _said_of_zeros(solution: Working, blocks: Sequence[Block]) -> list[Block]:
    """The sentence about numbers that round to zero, where a room has written one and has not said it."""
    decimals = solution.style.numbers.decimals
    if not decimals:
        return []
    said = paragraph(_rounded_zeros(decimals), solution.writer())
    zero = re.compile(rf"(?<![\d.])0\.0{{{decimals}}}(?!\d)")
    shown = any(zero.search(text) for block in blocks for text in _texts(block))
    return [said] if shown and said not in blocks else []


def _texts(block: Block) -> Iterator[str]:
    """What a block shows, but for headings and drawings."""
    match block:
        case Display():
            yield block.text
        case Paragraph():
            yield block.markdown
        case Table():
            yield from chain.from_iterable(block.rows)
        case Marked():
            yield from chain.from_iterable(map(_texts, block.blocks))


def _rounds_to_zero(solution: Working, name: str) -> bool:
    """Whether a number of the result that is not zero is written as one."""
    return name not in solution.setting.givens and solution.style.numbers.hides(solution.arrays[name])


def blank(solution: Working, name: str) -> Display:
    """An empty answer of the right shape: `z1 = [ _ _ ]`."""
    writer = solution.writer()
    symbol = writer.symbols[name]
    formula = "[" in name or solution.setting.letters_only
    shape = () if formula else solution.derivation.shapes().get(name.partition("[")[0], ())
    latex_gap, text_gap = r"\underline{\qquad\quad}", "______"
    if prod(shape) == 1:
        return boxed(f"{symbol.latex} = {latex_gap}", "name", Box.text(f"{symbol.text} = {text_gap}"))
    rows, columns = min(shape[-2], writer.layout.rows), min(shape[-1], writer.layout.columns)
    line, spacer = " & ".join([latex_gap] * columns), r" \\ " + r"\phantom{0}" + " & " * (columns - 1) + r" \\ "
    body = spacer.join([line] * rows)
    kind = solution.style.notation.brackets
    left, right = ("[", "]") if kind == "square" else ("(", ")")
    latex = rf"\left{left}\begin{{array}}{{{'r' * columns}}} {body} \end{{array}}\right{right}"
    gaps = Piece(latex, (Box.matrix([[text_gap] * columns] * rows, kind),))
    if prod(shape[:-2]) > 1:
        gaps = in_a_row([gaps] * prod(shape[:-2]), solution.style.notation.between)
    whole = join(Piece.of(f"{symbol.latex} = ", f"{symbol.text} = "), gaps)
    return boxed(whole.latex, "name", whole.box)


def ruled_line() -> Display:
    """An empty line as wide as the page, to write on."""
    return boxed(r"\underline{\phantom{\frac{0}{0}}" + r"\qquad" * 21 + "}", "space", Box.text("_" * 76))


def formula_blocks(solution: Working) -> list[Block]:
    """The equations of the forward pass without their numbers, as many on a line as fit; those of all steps once."""
    writer = solution.writer()
    pieces = []
    for run in runs([equation for equation in solution.derivation.equations if equation.stage == Stage.FORWARD]):
        for equation in for_all_steps(run):
            symbol = writer.symbols[equation.name]
            head = Piece.of(f"{symbol.latex} = ", f"{symbol.text} = ")
            pieces.append(join(head, writer.formula(equation.expression)))
        if len(run) > 1:
            first, last = (step_of(step[0].name) for step in (run[0], run[-1]))
            pieces.append(Piece.of(rf"t = {first}, \dots, {last}", f"t = {first}, …, {last}"))
    return in_lines(pieces, writer)
