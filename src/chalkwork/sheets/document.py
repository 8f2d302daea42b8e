"""A sheet as a document: with its solutions, without, or with blanks to fill in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Literal, NamedTuple

from chalkwork.budget import RUN_SECONDS, within
from chalkwork.documents.model import Block, Document, Heading, Paragraph
from chalkwork.drawings.drawing import Drawing
from chalkwork.networks.optimisers import Optimiser
from chalkwork.sheets.forms import form
from chalkwork.sheets.parts import part_of
from chalkwork.sheets.schema import GraphBlock, NetworkBlock, PartBlock, Prose, Sheet, TaskBlock
from chalkwork.sheets.solve import empty_solution, manner_of, solve_sheet, work_parts
from chalkwork.solutions.board import Board
from chalkwork.solutions.compose import (
    blank,
    equation_blocks,
    figure_block,
    formula_blocks,
    given_blocks,
    ruled_line,
    setting_sentences,
    solution_blocks,
)
from chalkwork.solutions.exercise import Exercise
from chalkwork.solutions.solution import Solution
from chalkwork.solutions.workbook import Answered, SolvedTask, Workbook
from chalkwork.words import ENGLISH, Text, decimal, say

Show = Literal["solution", "sheet", "blanks", "form"]
_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*\s*$")


def workbook(sheet: Sheet, show: Show = "solution", drawings: bool = True) -> Workbook:
    """The sheet with everything in place: its document, and its tasks for formats that need the equations.

    `show` is `solution` (the sheet with the solutions below each task), `sheet` (without), `blanks` (with empty
    answers of the right shape) or `form` (with names to type the answers behind); `drawings` are left out where
    nobody could see them. Raises SheetError with file and line.

    >>> from chalkwork.sheets.format import parse_sheet
    >>> text = "```graph\\nequations: c = a + b\\n```\\n```task\\nid: a\\nvalues: {a: 2, b: 1}\\nask: [c]\\n```\\n"
    >>> [task.id for task in workbook(parse_sheet(text)).tasks]
    ['a']
    """
    title = sheet.title or say(sheet.language, "document.sheet")
    with within(RUN_SECONDS):
        worked = work_parts(sheet)
        solved = solve_sheet(sheet)
        blocks = [*_front(sheet), *_body(_Page(sheet, solved, worked, show, drawings))]
    tasks = tuple(
        SolvedTask(part.id, part.points, task_title(part, sheet.language), part.solution, part.equations)
        for part in solved.values()
    )
    answers = tuple(
        Answered(
            block.id,
            block.points,
            block.kind,
            task_title(block),
            tuple(solution_blocks(worked[block.id])),
            worked[block.id],
        )
        for block in sheet.parts
        if block.id not in solved
    )
    return Workbook(title, Document(title, tuple(blocks), sheet.language), tasks, answers)


Answering = Callable[[Exercise], Iterable[Block]]
"""What stands where an exercise is to be answered."""


def posed_blocks(
    sheet: Sheet, solved: Mapping[str, Exercise], answering: Answering, drawings: bool = False
) -> list[Block]:
    """The sheet without its solutions, with what `answering` gives below each exercise that is marked."""
    return list(_body(_Page(sheet, solved, work_parts(sheet), "blanks", drawings, answering)))


def answered_blocks(sheet: Sheet, solved: Mapping[str, Exercise]) -> list[Block]:
    """The solutions alone, a heading for each exercise, without drawings."""
    worked = work_parts(sheet)
    page = _Page(sheet, solved, worked, "solution", drawings=False)
    blocks: list[Block] = []
    for block in sheet.blocks:
        if isinstance(block, TaskBlock):
            blocks += _task(block, solved[block.id], page, figure=False)
        elif isinstance(block, PartBlock):
            blocks += _part(block, page)
    return blocks


class _Page(NamedTuple):
    """What is shown, and of what."""

    sheet: Sheet
    solved: Mapping[str, Exercise]
    worked: Mapping[str, Solution]
    show: Show
    drawings: bool
    answering: Answering | None = None

    def answer(self, part: Exercise) -> Iterable[Block]:
        """What stands where the exercise is to be answered."""
        if self.answering is not None:
            return self.answering(part)
        return form(part) if self.show == "form" else (blank(part.solution, name) for name in part.asked)


def task_title(task: TaskBlock | PartBlock | Exercise, language: str = ENGLISH, solved: bool = False) -> str:
    """What stands above a task, or above its solution."""
    title = say(language, "task.solution" if solved else "task", name=_named(task.id))
    title = f"{title}: {task.title}" if task.title else title
    return f"{title}, {points_words(task.points, language)}" if task.points is not None else title


def _named(task: str) -> str:
    return f"({task})" if len(task) <= 3 else task


def points_words(points: Fraction, language: str = ENGLISH) -> str:
    """The points as they are written.

    >>> points_words(Fraction(1, 2)), points_words(Fraction(1)), points_words(Fraction(1, 2), "de")
    ('0.5 points', '1 point', '0,5 Punkte')
    """
    value = float(points)
    number = f"{value:g}" if Fraction(f"{value:g}") == points else str(points)
    return say(language, "points", n=decimal(number, language))


def _front(sheet: Sheet) -> Iterator[Block]:
    line = ", ".join(part for part in (sheet.course, sheet.author, sheet.date) if part)
    if line:
        yield Paragraph(line)
    points = [*(task.points for task in sheet.tasks), *(part.points for part in sheet.parts)]
    total = sum((each for each in points if each is not None), Fraction(0))
    if total:
        yield Paragraph(say(sheet.language, "points.in_all", points=points_words(total, sheet.language)))


def _body(page: _Page) -> Iterator[Block]:
    sheet, solved = page.sheet, page.solved
    figures = _places_of_figures(sheet) if page.drawings else set()
    for block in sheet.blocks:
        match block:
            case Prose():
                yield from _prose(block.markdown)
            case TaskBlock():
                yield from _task(block, solved[block.id], page, figure=block.id in figures)
            case PartBlock():
                yield from _part(block, page)
            case NetworkBlock() | GraphBlock():
                parts = [solved[task.id] for task in sheet.tasks if block.name in (task.network, task.graph)]
                if not parts and isinstance(block, NetworkBlock) and page.show != "solution":
                    yield from _unused(sheet, block, page.drawings)
                if parts:
                    chosen = next((part for part in parts if "y" in part.solution), parts[0])
                    yield from _introduced(chosen, isinstance(block, NetworkBlock), page.drawings)


def _places_of_figures(sheet: Sheet) -> set[str]:
    """The tasks after which the drawing with values stands: a network's first one, a graph's last one."""
    networks: dict[str, str] = {}
    graphs: dict[str, str] = {}
    for task in sheet.tasks:
        if task.network is not None:
            networks.setdefault(task.network, task.id)
        elif task.graph is not None:
            graphs[task.graph] = task.id
    return {*networks.values(), *graphs.values()}


def _prose(markdown: str) -> Iterator[Block]:
    """Prose with its headings one level below the title."""
    lines: list[str] = []
    fenced = False
    for line in markdown.splitlines():
        fenced ^= line.lstrip().startswith(("```", "~~~"))
        found = None if fenced else _HEADING.match(line)
        if found is None:
            lines.append(line)
            continue
        if "\n".join(lines).strip():
            yield Paragraph("\n".join(lines).strip())
        lines = []
        yield Heading(found[2], min(6, len(found[1]) + 1))
    if "\n".join(lines).strip():
        yield Paragraph("\n".join(lines).strip())


def _introduced(part: Exercise, is_network: bool, drawings: bool) -> Iterator[Block]:
    """The network or graph where the sheet defines it: in words, drawn without results, with its parameters."""
    solution = part.solution
    if is_network:
        yield from setting_sentences(solution)
    if drawings:
        yield from figure_block(solution, values=False)
    if is_network:
        yield from given_blocks(solution, solution.setting.learned)
    else:
        yield from formula_blocks(solution)


def _unused(sheet: Sheet, block: NetworkBlock, drawings: bool) -> Iterator[Block]:
    """A network that only blocks of the laboratory speak of."""
    solution = empty_solution(sheet, block)
    yield from setting_sentences(solution)
    if drawings:
        yield from figure_block(solution, values=False)
    yield from given_blocks(solution, solution.setting.learned)


def _task(task: TaskBlock, part: Exercise, page: _Page, figure: bool) -> Iterator[Block]:
    show = page.show
    solution, language = part.solution, part.solution.style.language
    if show == "sheet":
        yield from _points(task.points, language)
        yield from _exercise(task, part)
        symbols = [solution.writer().symbols[name] for name in dict.fromkeys(part.asked)]
        latex, text = ([getattr(symbol, kind) for symbol in symbols] for kind in ("latex", "text"))
        if symbols:
            names = (tuple(f"${each}$" for each in latex), tuple(text))
            yield Paragraph(*(say(language, "task.find", names=each) for each in names))
        yield from _hint(task.hint, language)
        return
    yield Heading(task_title(task, language, solved=show == "solution"), 3)
    if show == "solution":
        yield from _going_on(part)
        yield from given_blocks(solution, _newly_given(task, part))
        yield from equation_blocks(solution, part.equations, level=4)
        if figure:
            yield from figure_block(solution, values=True)
        yield from _note(task.note, language)
        return
    yield from _exercise(task, part)
    yield from _hint(task.hint, language)
    yield from page.answer(part)


def _exercise(task: TaskBlock, part: Exercise) -> Iterator[Block]:
    """What a task gives, without what an earlier one has found."""
    solution = part.solution
    yield from _going_on(part)
    found = solution.setting.learned if part.after is not None else ()
    yield from given_blocks(solution, [name for name in _newly_given(task, part) if name not in found])
    language, called = solution.style.language, str((task.optimizer or {}).get("name", ""))
    known = Optimiser.of(called).name if called else ""
    rule = Text.own(f"rule.{known}", called.replace("_", " "))
    if task.steps > 1 and called:
        yield Paragraph(say(language, "task.updates_by", n=task.steps, rule=rule))
    elif task.steps > 1:
        yield Paragraph(say(language, "task.updates", n=task.steps))
    elif called:
        yield Paragraph(say(language, "task.update_by", rule=rule))


def _going_on(part: Exercise) -> Iterator[Block]:
    """Where the parameters come from, if an earlier task has changed them."""
    if part.fresh and part.after is not None and part.solution.setting.layers:
        yield Paragraph(say(part.solution.style.language, "task.going_on", name=_named(part.after)))


def _points(points: Fraction | None, language: str) -> Iterator[Block]:
    if points is not None:
        yield Paragraph(f"*({points_words(points, language)})*")


def _hint(hint: str, language: str) -> Iterator[Block]:
    if hint:
        yield Paragraph(say(language, "task.hint", hint=hint))


def _note(note: str, language: str) -> Iterator[Block]:
    if note:
        yield Paragraph(say(language, "task.note", note=note))


def _part(block: PartBlock, page: _Page) -> Iterator[Block]:
    """A block of the laboratory: the exercise, or its worked answer."""
    worked, exercise, show = page.worked[block.id], page.solved.get(block.id), page.show
    manner = manner_of(page.sheet, block)
    language = manner.language
    if show != "solution":
        if show != "sheet":
            yield Heading(task_title(block, language), 3)
        else:
            yield from _points(block.points, language)
        yield from block.pose(manner, worked)
        yield from _hint(block.hint, language)
        if page.answering is not None:
            yield from page.answer(exercise) if exercise else ()
        elif show == "blanks" and worked.setting.blank is not None:
            yield from worked.setting.blank(Board(worked))
            yield from _choices(exercise) if exercise else ()
        elif show == "blanks":
            yield from (ruled_line() for _ in range(part_of(block.kind).room))
            yield from _circled(exercise) if exercise else ()
        elif show == "form":
            yield from form(exercise) if exercise else [Paragraph("This is answered on paper.")]
        return
    yield Heading(task_title(block, language, solved=True), 3)
    for part in solution_blocks(worked):
        if isinstance(part, Heading):
            yield Heading(part.text, max(4, part.level))
        elif page.drawings or not isinstance(part, Drawing):
            yield part
    yield from _note(block.note, language)


def _circled(part: Exercise) -> Iterator[Block]:
    """Words to choose from, with what else is asked for beside them."""
    if not any(question.choices for question in part.questions):
        return
    yield from _choices(part)
    for question in part.questions:
        if not question.choices and question.shape is not None:
            yield blank(part.solution, question.name)


def _choices(part: Exercise) -> Iterator[Block]:
    for question in part.questions:
        if question.choices:
            yield Paragraph(f"The ${question.latex}$ (circle one): {' · '.join(question.choices)}.")


def _newly_given(task: TaskBlock, part: Exercise) -> list[str]:
    """The givens that stand with a task: its data, and the parameters where they are not the sheet's."""
    setting = part.solution.setting
    if not part.fresh:
        updated = setting.givens.index("eta") if task.learning_rate is not None else len(setting.givens)
        own = {"y"} if task.y is not None else set()
        return [name for place, name in enumerate(setting.givens) if name in own or place >= updated]
    if not setting.layers:
        return list(setting.givens)
    data = [name for name in setting.givens if name not in setting.learned]
    return data if task.after is None else [*data, *setting.learned]
