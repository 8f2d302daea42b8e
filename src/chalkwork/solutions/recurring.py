"""Equations that are the same at every step of a sequence: each once, with the index t, then their numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from chalkwork.algebra.expression import Application, Expression, Name, names_in
from chalkwork.algebra.times import at_time, relative, split_time, step_of, template
from chalkwork.derivation.derivation import Derivative, Equation
from chalkwork.documents.model import Block, Paragraph, Table
from chalkwork.solutions.board import Board, display
from chalkwork.typesetting.equations import typeset
from chalkwork.typesetting.unicode_maths import plain_maths
from chalkwork.words import say

MOST_IN_FULL = 2
"""Steps whose numbers are put in, where a table holds the results of all."""
MOST_COLUMNS = 8
"""Entries of one result that stand in a table."""


def runs(equations: Sequence[Equation]) -> Iterator[list[list[Equation]]]:
    """The equations in order: such as recur, step by step, and every other one as a run of its own with one step.

    >>> from chalkwork.algebra.expression import Name
    >>> from chalkwork.derivation.derivation import Stage
    >>> made = [Equation(name, Name("x"), Stage.FORWARD) for name in ("a", "z_t1", "h_t1", "z_t2", "h_t2", "b")]
    >>> [[[one.name for one in step] for step in run] for run in runs(made)]
    [[['a']], [['z_t1', 'h_t1'], ['z_t2', 'h_t2']], [['b']]]
    """
    steps: list[list[Equation]] = []
    for equation in equations:
        step = step_of(equation.name)
        if step is not None and steps and step_of(steps[-1][0].name) == step and not _again(equation, steps[-1]):
            steps[-1].append(equation)
        else:
            steps.append([equation])
    run: list[list[Equation]] = []
    for one in steps:
        if run and not _goes_on([*run[-2:], one]):
            yield from [run] if len(run) > 1 else [[[each]] for each in run[0]]
            run = []
        run.append(one)
    if run:
        yield from [run] if len(run) > 1 else [[[each]] for each in run[0]]


def _again(equation: Equation, step: Sequence[Equation]) -> bool:
    return equation.stage != step[0].stage


def _goes_on(steps: Sequence[Sequence[Equation]]) -> bool:
    """Whether the last step is the next one, or the one before, with the same letters."""
    places = [step_of(step[0].name) for step in steps]
    letters = [[split_time(one.name)[0] for one in step] for step in steps]
    if None in places or letters[-1] != letters[-2] or steps[-1][0].stage != steps[-2][0].stage:
        return False
    ways = {(after or 0) - (before or 0) for before, after in pairwise(places)}
    return len(ways) == 1 and ways <= {1, -1}


def run_blocks(board: Board, run: Sequence[Sequence[Equation]]) -> list[Block]:
    """Every equation once, for a step t; the numbers of the steps; a table of the results where there are many."""
    language = board.writer.language
    steps = [step_of(step[0].name) or 0 for step in run]
    usual = _of_each(run)
    blocks: list[Block] = []
    said = ""
    for equation in usual:
        work = typeset(for_any_step(equation), board.writer, "formula")
        if work.reason_latex and work.reason_latex != said:
            blocks.append(Paragraph(work.reason_latex, work.reason_text))
        said = work.reason_latex
        blocks.append(display(work))
    tables = _tables(board, run, steps) if len(run) > MOST_IN_FULL else []
    order = "recurring.forward" if steps[0] < steps[-1] else "recurring.backward"
    blocks.append(_said(say(language, order, first=steps[0], last=steps[-1])))
    for step in run[: MOST_IN_FULL if tables else len(run)]:
        for one, equation in zip(usual, step, strict=True):
            other = _counted(equation) != _counted(one)
            blocks.append(display(typeset(equation, board.writer, "" if other else "numbers")))
    if tables:
        blocks += [_said(say(language, "recurring.all", n=len(run))), *tables]
    return blocks


def for_all_steps(run: Sequence[Sequence[Equation]]) -> list[Equation]:
    """The equations of a run for a step t; those of a single step as they are."""
    return list(run[0]) if len(run) == 1 else list(map(for_any_step, _of_each(run)))


def _of_each(run: Sequence[Sequence[Equation]]) -> list[Equation]:
    return [_usual([step[place] for step in run]) for place in range(len(run[0]))]


def _said(sentence: str) -> Paragraph:
    return Paragraph(sentence, sentence)


def _counted(equation: Equation) -> Expression:
    """The expression with every step counted from that of its name."""
    return template(equation.expression, step_of(equation.name) or 0)


def _usual(equations: Sequence[Equation]) -> Equation:
    """One of those that most of them are like."""
    forms = [_counted(equation) for equation in equations]
    counts = Counter(forms)
    most = max(forms, key=lambda form: (counts[form], any(map(_other, names_in(form)))))
    return equations[forms.index(most)]


def _other(name: Name) -> bool:
    """Whether it is of another step than t."""
    return len(split_time(name.name)[1]) > 1


def for_any_step(equation: Equation) -> Equation:
    """The equation with t for the number of its step."""
    origin = step_of(equation.name) or 0

    def at(name: str) -> str:
        stem, step = split_time(name)
        return at_time(stem, relative(int(step), origin)) if step.isdigit() else name

    def derivative(one: Derivative) -> Derivative:
        return Derivative(at(one.of), at(one.by), tuple(map(at, one.fixed)))

    return replace(
        equation,
        name=at(equation.name),
        expression=_counted(equation),
        chain=tuple(tuple(map(derivative, path)) for path in equation.chain),
        derivative=None if equation.derivative is None else derivative(equation.derivative),
        steps=(),
        worked=None,
    )


def _tables(board: Board, run: Sequence[Sequence[Equation]], steps: Sequence[int]) -> list[Block]:
    """The results, a row for each step and a column for each entry, in as many tables as they need; none of a batch."""
    first = [board.values[equation.name] for equation in run[0]]
    sizes = [max(value.shape[-2:]) for value in first]
    if any(value.size != size or size > MOST_COLUMNS for value, size in zip(first, sizes, strict=True)):
        return []
    columns = [_columns(board, [step[place] for step in run], size) for place, size in enumerate(sizes)]
    room = board.writer.layout.text_width - 4
    widths = [sum(2 + max(len(plain_maths(one.strip("$"))) for one in (head, *cells)) for head, cells in group)
              for group in columns]  # fmt: skip
    groups: list[list[Column]] = []
    used = room
    for place, (group, width) in enumerate(zip(columns, widths, strict=True)):
        if sum(widths) > room and _is_net(run[0], place):
            continue
        if used + width > room:
            groups.append([])
            used = 0
        groups[-1] += group
        used += width
    return [_table(steps, group) for group in groups]


def _is_net(step: Sequence[Equation], place: int) -> bool:
    """Whether the next equation is only a function of this one."""
    following = step[place + 1].expression if place + 1 < len(step) else None
    unit = isinstance(following, Application) and following.operation.unit is not None
    return unit and following is not None and names_in(following) == (step[place].symbol,)


Column = tuple[str, list[str]]
"""What stands above, and the cells."""


def _columns(board: Board, steps: Sequence[Equation], size: int) -> list[Column]:
    """A column for each entry of a result."""
    name = at_time(split_time(steps[0].name)[0], "t")
    found = []
    for entry in range(size):
        symbol = board.writer.symbols.entry(name, (str(entry + 1),)) if size > 1 else board.writer.symbols[name]
        values = [float(board.values[step.name].ravel()[entry]) for step in steps]
        found.append((f"${symbol.latex}$", board.cells(values)))
    return found


def _table(steps: Sequence[int], columns: Sequence[Column]) -> Table:
    cells = zip(*([str(step) for step in steps], *(column for _, column in columns)), strict=True)
    return Table(("$t$", *(head for head, _ in columns)), tuple(cells), tuple(range(len(columns) + 1)))
