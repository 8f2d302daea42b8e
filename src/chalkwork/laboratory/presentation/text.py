"""What stands on the board: the rule, the first presentation in full, the table of all of them, the line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chalkwork.algebra.expression import Name
from chalkwork.counting import counted, in_runs
from chalkwork.documents.model import Block, Heading, Paragraph, Table
from chalkwork.laboratory.presentation.picture import picture
from chalkwork.laboratory.presentation.study import PRESENTED, Study
from chalkwork.solutions.board import Board, in_lines, maths
from chalkwork.solutions.columns import split_step
from chalkwork.solutions.steps import Column, step_table
from chalkwork.typesetting.lines import EQUALS
from chalkwork.typesetting.pieces import join

ENDINGS = {
    "converged": "nothing changes any more",
    "stopped": "the stopping rule is met",
    "unfinished": "samples still change the weights",
}
_COUNTED = {2: "Two", 3: "Three", 4: "Four", 5: "Five"}


def board_of(board: Board, study: Study, epochs: int) -> Iterator[Block]:
    """The whole answer."""
    yield from posed(board, study)
    steps = range(1, epochs * len(study.order) + 1)
    yield Heading("The first presentation", 2)
    yield from board.equations(_of_step(board, 1))
    if study.batch:
        yield Paragraph("At the end of the epoch:")
        yield from board.equations([f"{name}{len(study.order)}" for name in study.learned])
    first = next((step for step in steps if step not in study.unchanged(board.values, steps)), 1)
    if first > 1:
        yield Paragraph(f"Nothing has changed. The first change comes with presentation {first}:")
        yield from board.equations(_of_step(board, first))
    yield Heading("All presentations", 2)
    yield table_of(board, study, epochs)
    yield from _said(board, study, epochs)
    yield from _line(board, study, epochs)


def posed(board: Board, study: Study) -> Iterator[Block]:
    """The unit, the rule in words and in letters, and what is given."""
    unit, rule, *given = _exercise(board, study)
    yield from (unit, rule, *rule_in_letters(board, study), *given)


def exercise_of(board: Board, study: Study, epochs: int) -> Iterator[Block]:
    """What stands in a sheet before it is solved."""
    yield from _exercise(board, study)
    if epochs == 1:
        yield Paragraph("Present the samples once.")
    else:
        rule = f"until {_stop(study)}" if study.has_stop else "until an epoch changes nothing"
        yield Paragraph(f"Present the samples for at most {epochs} epochs, or {rule}.")


def _exercise(board: Board, study: Study) -> Iterator[Block]:
    yield board.say(_unit(board, study))
    yield board.say(study.rule.words)
    columns = [Column(name, asked=False) for name in ("x", *(["y"] if study.y is not None else []))]
    yield step_table(board, columns, range(1, len(study.x) + 1), "sample")
    yield from board.givens(["eta", "w0", *([f"{study.unit.free}0"] if study.unit.free else [])])


def rule_in_letters(board: Board, study: Study) -> list[Block]:
    """The formulas of any presentation."""
    names, symbols = study.names(), board.writer.symbols
    heads = {name: maths(symbols[name].latex, symbols[name].text) for name in (*names, "db", "dtheta")}
    pairs = [(heads[name], expression) for name, expression in study.formulas(names)]
    for name in () if study.batch else study.learned:
        new = maths(rf"{symbols[name].latex}^{{\text{{new}}}}", f"{symbols[name].text}ⁿᵉʷ")
        pairs.append((new, names[name] + Name(f"d{name}", names[name].shape)))
    return in_lines([join(head, EQUALS, board.writer.formula(expression)) for head, expression in pairs], board.writer)


def table_of(board: Board, study: Study, epochs: int, blank: bool = False) -> Table:
    """A row for each presentation."""
    per_epoch = len(study.order)
    first = {n * per_epoch + 1: str(n + 1) for n in range(epochs)}
    columns = [
        *([Column("epoch", "epoch", cells=first)] if epochs > 1 else []),
        Column("x", at=lambda step: f"x{study.sample(step)}", asked=False),
        "z",
        "a",
        Column("y", at=lambda step: f"y{study.sample(step)}", asked=False),
        *("wrong", "e", "slope", "delta"),
        *(("dw", "db", "dtheta") if study.unit.outputs == 1 else ()),
        *("w", *study.learned[1:], "E"),
    ]
    return step_table(board, columns, range(1, epochs * per_epoch + 1), "$k$", blank)


def _of_step(board: Board, step: int) -> Sequence[str]:
    """The names of one presentation, in the order of the work."""
    return [name for name in board.named(PRESENTED) if split_step(name)[1] == step]


def _unit(board: Board, study: Study) -> str:
    unit, several = study.unit, study.unit.outputs > 1
    inputs = counted(unit.inputs - (unit.constant is not None), "input")
    beside = {"b": " and a bias ${b}$", "theta": " and a threshold ${theta}$, which is subtracted,"}.get(unit.free, "")
    if unit.constant is not None:
        beside = f" and, in front of them, a constant input of ${int(unit.constant)}$ with a weight of its own"
    said = f"A unit with {inputs}{beside} learns"
    if several:
        beside = {"b": " and a bias each", "theta": " and a threshold each, which is subtracted,"}.get(unit.free, "")
        said = f"{_COUNTED.get(unit.outputs, unit.outputs)} units with the same {inputs}{beside} learn"
    said += f" by {study.rule.title}."
    if several:
        said += " Each row of ${w}$ holds the weights of one unit."
    if study.batch:
        said += " The changes of an epoch are added up, and the weights change once, at its end."
    if study.fixed:
        said += f" The {'threshold' if unit.free == 'theta' else 'bias'} stays as it is."
    if unit.activation is not None:
        said += f" {'Each output' if several else 'Its output'} is {unit.said()}."
    if study.order != tuple(range(1, len(study.x) + 1)):
        said += f" The samples come in the order {', '.join(map(str, study.order))}."
    return said


def _stop(study: Study) -> str:
    """The stopping rule in words."""
    rules = []
    if study.stop_change:
        which = "no weight changes by" if study.batch else "no presentation of an epoch changes a weight by"
        rules.append(f"{which} more than {study.stop_change:g}" + (" in an epoch" if study.batch else ""))
    if study.stop_loss is not None:
        rules.append(f"the loss of an epoch is at most {study.stop_loss:g}")
    return " or ".join(rules)


def _said(board: Board, study: Study, epochs: int) -> Iterator[Block]:
    """Which presentations change nothing, and how it ends."""
    steps = range(1, epochs * len(study.order) + 1)
    same = study.unchanged(board.values, steps)
    if same and len(same) < len(steps) and "e" in dict(study.rule.lines):
        which = f"In presentation{'s' if len(same) > 1 else ''} {in_runs(same)}"
        yield Paragraph(f"{which} there is no error, so nothing changes.")
    if study.changed_nothing(board.values, epochs):
        which = "The epoch" if epochs == 1 else f"Epoch {epochs}"
        yield Paragraph(f"{which} has changed nothing: every further one would be like it, and learning ends.")
    elif study.ends(board.values, epochs):
        yield Paragraph(f"Epoch {epochs} is the last: {_stop(study)}.")
    elif study.rule.output and study.rule.target:
        yield Paragraph(f"After {counted(epochs, 'epoch')} the weights still change: another epoch may follow.")
    totals = [name for name in board.derivation if name.startswith("total")]
    if len(totals) > 3:
        yield step_table(board, ["total"], range(1, epochs + 1), "epoch")
    else:
        yield from board.equations(totals)
    yield from board.givens([f"{name}{len(steps)}" for name in study.learned])


def _line(board: Board, study: Study, epochs: int) -> Iterator[Block]:
    """Where the net input is 0, with two inputs."""
    last = epochs * len(study.order)
    line = study.boundary(last)
    if line is None or not study.rule.target:
        return
    yield Heading("The separating line", 2)
    x1, x2 = (board.writer.symbols[f"x[{place + (study.unit.constant is not None)}]"] for place in (1, 2))
    if "line_slope" in board.derivation:
        m, c = (board.writer.symbols[name] for name in ("line_slope", "line_intercept"))
        yield Paragraph(f"The net input is 0 on the line ${x2.latex} = {m.latex} \\, {x1.latex} + {c.latex}$ with")
        yield from board.equations(["line_slope", "line_intercept"])
    yield from picture(board, study, epochs)
