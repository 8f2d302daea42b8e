"""Learning by presentation: one sample after the other, in epochs, by a rule of the table; every value by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Unpack

import numpy as np

from chalkwork.algebra.expression import Name
from chalkwork.counting import counted, in_runs
from chalkwork.documents.model import Block, Heading, Paragraph, Table
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.presentation.picture import picture
from chalkwork.laboratory.presentation.study import ASKED, MOST_PRESENTATIONS, PRESENTED, Rule, Study, rule_of
from chalkwork.laboratory.presentation.unit import (
    Letters,
    samples_of,
    targets_of,
    threshold_unit,
    unit_of,
    units_of,
)
from chalkwork.networks.activations import Activation
from chalkwork.networks.arguments import flag, number, order_of, positive, whole
from chalkwork.networks.data import Array
from chalkwork.solutions.board import Board, in_lines, maths
from chalkwork.solutions.columns import split_step
from chalkwork.solutions.setting import Look, Style, Word
from chalkwork.solutions.solution import Solution
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


MOST_EPOCHS = 1000


def learn(
    x: Any,
    y: Any = None,
    *,
    rule: str = "perceptron",
    weights: Any = None,
    bias: Any = None,
    threshold: Any = None,
    bias_input: float | None = None,
    rate: float = 1.0,
    activation: str | None = None,
    epochs: int = 1,
    order: Sequence[int] | None = None,
    band: float = 0.0,
    fixed: bool = False,
    batch: bool = False,
    stop_change: float | None = None,
    stop_loss: float | None = None,
    ask: Sequence[str] = (),
    **look: Unpack[Look],
) -> Solution:
    """One unit that learns by presentation: the table of all presentations, the first of them worked in full.

    `x` holds a sample in each row (up to 200 of 50 inputs), `y` the targets; `rule` is `perceptron`,
    `perceptron_by_target`, `adaline` (also `delta_rule`, `widrow_hoff`), `normalised_lms`, `hebb`, `hebb_output` or
    `gradient`. `weights` are those of the start (0 if none are given, one number for all alike), with a `bias`,
    which is added, a `threshold`, which is subtracted, or a constant input `bias_input` of 1 or -1 in front of the
    others, whose weight is the first; `fixed` says that bias or threshold stay as they are. `rate` is above 0. The
    `activation` is, if none is given, the step for targets of 0 and 1 and the sign for -1 and 1, both 1 at 0; with
    a `band` the sign is 0 as far as that from 0. The samples come `epochs` times (up to 1000) in their `order`
    (numbers from 1), at most 600 presentations; an epoch that changes nothing is the last, and so is one whose largest
    change of a weight in a presentation is `stop_change` at most, or whose loss is `stop_loss` at most. With `batch`
    the changes of an epoch are added up, and the weights change at its end. Where `y` has a column for each of several
    units, `weights` has a row for each of them, and `bias` or `threshold` an entry.

    The presentation k gives `z1`, `a1`, `e1`, `dw1`, `w1`, and `db1`, `b1` or `dtheta1`, `theta1`; of a rule with a
    loss `E1`, and `total1` in epoch 1; gradient descent `slope1` and `delta1`. The start is `w0`, `b0`, `theta0`.
    Two inputs have a line: `line_slope` and `line_intercept`. Words: `ending` (`converged`, `stopped`, `unfinished`);
    facts: `epochs`, `presentations`, `weights` (as they end, bias or threshold behind). `ask` are names; without number
    they stand for every presentation.

    Raises ChalkworkError (ShapeError, ValueProblem) for data that do not fit. Sources: see `rules`.

    >>> found = learn([[1, 1], [-1, 1]], [1, -1], bias=0, epochs=5)
    >>> found["z1"].item(), found["w2"].ravel().tolist(), found["b2"].item(), found["ending"], found["epochs"]
    (0.0, [2.0, -2.0], -2.0, 'converged', 3)
    """
    name, chosen = rule_of(rule)
    samples = samples_of(x)
    if chosen.target and y is None:
        raise ChalkworkError(f"{chosen.title} needs targets", hint="y is a number for each sample")
    targets = None if y is None or not chosen.target else targets_of(y, len(samples), several=True)
    function = _function(name, chosen, targets, activation)
    if targets is not None and targets.ndim == 2:
        if bias_input is not None or band:
            raise ChalkworkError("several units have a bias or a threshold each, no bias_input and no band")
        unit = units_of(weights, samples.shape[1], targets.shape[1], bias, threshold, function)
    else:
        unit = unit_of(weights, samples.shape[1], bias, threshold, bias_input, function, band)
    _check_stops(chosen, stop_change, stop_loss)
    if flag(fixed, "fixed") and not unit.free:
        raise ChalkworkError("fixed is said of a bias or a threshold, and there is none")
    if unit.constant is not None:
        samples = np.column_stack([np.full(len(samples), unit.constant), samples])
    places = order_of(order, len(samples), "samples", MOST_PRESENTATIONS)
    study = Study(
        chosen, unit, samples, targets, positive(rate, "the learning rate"), places, fixed, flag(batch, "batch"),
        float(stop_change or 0.0), None if stop_loss is None else float(stop_loss),
    )  # fmt: skip
    whole(epochs, "epochs", 1, MOST_EPOCHS)
    work, done = study.run(epochs)
    last, style = done * len(study.order), Style.chosen(**look)
    ending = study.ends(work.values, done) or "unfinished"
    endings = [name for name in ENDINGS if name != "stopped" or study.has_stop]
    names = [(name, step) for name, step in map(split_step, work.derivation.shapes()) if step is not None]
    work.letters |= Letters(style.notation).table(unit, names)
    work.words["ending"] = Word(ending, (ENDINGS[ending],), tuple(endings))
    work.facts |= {"epochs": done, "presentations": last, "weights": study.found(work.values, last)}
    return work.solution(
        style, ask, ASKED if epochs == 1 else (*ASKED, "ending"),
        title=f"Learning by {chosen.title}",
        script=lambda board: board_of(board, study, done),
        posed=lambda board: exercise_of(board, study, epochs),
        blank=lambda board: [table_of(board, study, done, blank=True)],
        columns=(*ASKED, "dw", "db", "dtheta", "E"),
        exact=True,
    )  # fmt: skip


def _function(name: str, rule: Rule, targets: Array | None, activation: Any) -> Activation | None:
    """The activation, if the rule looks at an output."""
    if not rule.output:
        if activation is not None:
            raise ChalkworkError(f"{rule.title} looks at no output, so that an activation is of no use")
        return None
    function = threshold_unit(targets, activation, rule.usual)
    if name == "gradient" and function.jumps:
        hint = "sigmoid or tanh, or the rule perceptron"
        raise ChalkworkError(f"no gradient comes through the {function.words}", hint=hint)
    return function


def _check_stops(rule: Rule, change: Any, loss: Any) -> None:
    """Raise ChalkworkError for stopping rules that are none, or not this rule's."""
    for name, value in (("stop_change", change), ("stop_loss", loss)):
        if value is not None and ((found := number(value)) is None or found < 0):
            raise ChalkworkError(f"{name} is a number from 0 on, not {value!r:.60}")
    if loss is not None and not rule.error:
        raise ChalkworkError(f"{rule.title} has no loss that could stop it", hint="stop_change: 0.05")
