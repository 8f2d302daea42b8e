"""A threshold unit held against a table: each row worked, the inequalities that its weights must meet, its line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import product
from typing import Any, Unpack

import numpy as np

from chalkwork.algebra.expression import Expression, Name, Number, apply
from chalkwork.counting import counted
from chalkwork.derivation.derivation import Derivation, Equation, Relation, Stage
from chalkwork.documents.model import Block, Heading, Paragraph, Table
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.presentation.picture import plane
from chalkwork.laboratory.presentation.separating import contradiction, separating
from chalkwork.laboratory.presentation.study import listed
from chalkwork.laboratory.presentation.unit import (
    Letters,
    Unit,
    constant,
    samples_of,
    signed_sum,
    targets_of,
    threshold_unit,
    unit_of,
)
from chalkwork.networks.arguments import one_of, whole
from chalkwork.networks.data import Array
from chalkwork.solutions.board import Board
from chalkwork.solutions.columns import split_step
from chalkwork.solutions.compose import blank
from chalkwork.solutions.setting import Choice, Look, Setting, Style, Word
from chalkwork.solutions.solution import Solution
from chalkwork.solutions.steps import Column, asked_of, step_table
from chalkwork.typesetting.symbols import Symbol

DESIGN, ROWS = Stage("design", "The weights"), Stage("rows", "Every row")
GATES: dict[str, Callable[[Sequence[bool]], bool]] = {
    "and": all,
    "or": any,
    "nand": lambda bits: not all(bits),
    "nor": lambda bits: not any(bits),
    "xor": lambda bits: sum(bits) % 2 == 1,
    "xnor": lambda bits: sum(bits) % 2 == 0,
    "majority": lambda bits: 2 * sum(bits) > len(bits),
}


def truth_table(gate: str, inputs: int = 2, bipolar: bool = False) -> tuple[Array, Array]:
    """Every row of a gate with its output; false is 0, or -1 if it is `bipolar`.

    >>> truth_table("nor", bipolar=True)[1].tolist()
    [1.0, -1.0, -1.0, -1.0]
    """
    known = GATES[one_of(gate, GATES, "gate")]
    rows = list(product((False, True), repeat=whole(inputs, "inputs", 1, 4)))
    low = -1.0 if bipolar else 0.0
    return np.where(np.array(rows), 1.0, low), np.where([known(row) for row in rows], 1.0, low)


def threshold_table(
    x: Any = None,
    y: Any = None,
    *,
    gate: str | None = None,
    inputs: int = 2,
    bipolar: bool = False,
    weights: Any = None,
    bias: float | None = None,
    threshold: float | None = None,
    find: str = "bias",
    activation: str | None = None,
    ask: Sequence[str] = (),
    **look: Unpack[Look],
) -> Solution:
    """A threshold unit for a table of samples and wanted outputs: `x` and `y`, or a `gate` by name (see `GATES`).

    With `weights` (and `bias` or `threshold`) the unit is held against the table; without them weights are found,
    with a bias or a threshold as `find` says. Many weights are right: an answer `w` with `b` or `theta` is right if
    it meets the table, and the rows are then marked by it. Of row k `z1` is the net input, `a1` the output,
    `right1` 1 where that is what is wanted; `right` is the number of such rows. The word `separable` is `yes` where
    one unit can do it at all; where it cannot, the board says why.

    >>> found = threshold_table(gate="nor", bipolar=True, find="threshold")
    >>> found["w"].ravel().tolist(), found["theta"].item(), found["right"].item()
    ([-1.0, -1.0], 1.0, 4.0)
    """
    style = Style.chosen(**look)
    task = _Task.of(x, y, gate, inputs, bipolar, weights, bias, threshold, find, activation)
    return _solved(task, style, tuple(ask))


@dataclass(frozen=True)
class _Task:
    """The table, the unit if there is one, and whether its weights were given."""

    x: Array
    y: Array
    unit: Unit | None
    free: str
    given: bool
    activation: Any
    separable: bool

    @classmethod
    def of(
        cls, x: Any, y: Any, gate: Any, inputs: int, bipolar: bool, weights: Any, bias: Any, threshold: Any, find: str,
        activation: Any,
    ) -> _Task:  # fmt: skip
        """The task; ChalkworkError for what does not fit."""
        if (gate is None) == (x is None) or (x is None) != (y is None):
            raise ChalkworkError("a table is given by x and y, or by the name of a gate")
        rows, wanted = truth_table(gate, inputs, bipolar) if gate is not None else (samples_of(x), y)
        targets = targets_of(wanted, len(rows))
        function = threshold_unit(targets, activation, "")
        if not function.jumps or not set(targets.tolist()) <= {1.0, -1.0 if function.name == "sign" else 0.0}:
            raise ChalkworkError("a threshold unit gives two values: step with 0 and 1, sign with -1 and 1")
        high = targets > 0
        found = separating(rows, high)
        one_of(find, ("bias", "threshold"), "find")
        if weights is not None:
            unit = unit_of(weights, rows.shape[1], bias, threshold, None, function)
            return cls(rows, targets, unit, unit.free, True, function, found is not None)
        if bias is not None or threshold is not None:
            raise ChalkworkError("a bias or a threshold without weights", hint="give both, or neither to find them")
        free = "theta" if find == "threshold" else "b"
        unit_found = None
        if found is not None:
            value = float(found[-1])
            unit_found = Unit(found[:-1], free, 0.0 - value if free == "theta" else value, None, function)
        return cls(rows, targets, unit_found, free, False, function, found is not None)

    def with_weights(self, w: Array, value: float) -> _Task:
        """The same table with other weights."""
        return replace(self, unit=Unit(w, self.free, value, None, self.activation), given=True)


def _solved(task: _Task, style: Style, ask: tuple[str, ...]) -> Solution:
    """The answer for these weights."""
    unit, letters = task.unit, Letters(style.notation)
    givens = {f"x{number}": row[:, None] for number, row in enumerate(task.x, 1)}
    givens |= {f"y{number}": np.array([[target]]) for number, target in enumerate(task.y, 1)}
    equations: list[Equation] = []
    if unit is not None:
        own = {"w": unit.weights[:, None]} | ({unit.free: np.array([[unit.value]])} if unit.free else {})
        if task.given:
            givens |= own
        else:
            equations += [Equation(name, constant(value, single=name != "w"), DESIGN) for name, value in own.items()]
        equations += _rows(task, unit)
    names = tuple(Name(name, value.shape if name[0] in "wx" else ()) for name, value in givens.items())
    derivation = Derivation(names, tuple(equations))
    numbered = [(name, step) for name, step in map(split_step, [*givens, *derivation]) if step is not None]
    table = letters.table(unit or Unit(np.zeros(task.x.shape[1])), numbered)
    table |= {name: letters.plain(name) for name in ("w", "b", "theta")}
    table["separable"] = Symbol(r"\text{answer}", "answer")
    words = {"separable": Word("yes" if task.separable else "no", (), ("yes", "no"))}
    usual = [name for name in derivation if not name.startswith("right")] if unit is not None else ["separable"]
    setting = Setting(
        title="A threshold unit for a table",
        letters=table,
        script=lambda board: _script(board, task),
        posed=lambda board: exercise_of(board, task),
        blank=lambda board: _blanks(board, task),
        asked=asked_of(ask, derivation, usual, words),
        words=words,
        columns=("z", "a"),
        exact=True,
        choice=None if task.given or unit is None else _choice(task, style, ask),
    )
    return Solution(derivation, givens, style, setting)


def _blanks(board: Board, task: _Task) -> Iterator[Block]:
    """The weights to find and the table to fill in."""
    if task.unit is not None:
        yield from (blank(board.solution, name) for name in (() if task.given else ("w", task.free)))
        yield _table(board, task, empty=True)


def _choice(task: _Task, style: Style, ask: tuple[str, ...]) -> Choice:
    """Weights of one's own: right if they meet the table."""

    def instead(values: Mapping[str, Array]) -> Solution:
        other = task.with_weights(values["w"].ravel(), float(values[task.free].item()))
        return _solved(other, style, ())

    def wrong(solution: Solution) -> str:
        rows = wrong_rows(len(task.x), solution.arrays)
        return f"With these weights {_come_out(rows)} wrong." if rows else ""

    return Choice(("w", task.free), instead, wrong, tuple(f"right{row}" for row in range(1, len(task.x) + 1)))


def wrong_rows(count: int, values: Mapping[str, Array]) -> list[int]:
    """The rows whose output is not the one that is wanted."""
    return [number for number in range(1, count + 1) if not values[f"right{number}"].any()]


def _come_out(rows: Sequence[int]) -> str:
    return f"row {rows[0]} of the table comes out" if len(rows) == 1 else f"rows {listed(rows)} of the table come out"


def _rows(task: _Task, unit: Unit) -> Iterator[Equation]:
    """Net input, output, and whether it is right, of every row."""
    column = (unit.inputs, 1)
    rights = []
    for number in range(1, len(task.x) + 1):
        net = unit.net(Name("w", column), Name(f"x{number}", column), Name(unit.free) if unit.free else None)
        yield Equation(f"z{number}", net, ROWS)
        yield Equation(f"a{number}", unit.output(Name(f"z{number}")), ROWS)
        yield Equation(f"right{number}", apply("equal", Name(f"a{number}"), Name(f"y{number}")), ROWS)
        rights.append(Name(f"right{number}"))
    yield Equation("right", reduce(Expression.__add__, rights[1:], rights[0] + 0), ROWS)


# --- the board -----------------------------------------------------------------------------------------------------


def _script(board: Board, task: _Task) -> Iterator[Block]:
    yield from exercise_of(board, task)
    yield Heading("What the weights must meet", 2)
    yield from _inequalities(board, task)
    if task.unit is None:
        yield from _impossible(board, task)
        return
    if not task.given:
        yield Paragraph("Many weights do. These keep the samples far from the line:")
        yield from board.givens(["w", task.free])
    yield Heading("Every row", 2)
    yield from board.equations(["z1", "a1"])
    yield _table(board, task)
    wrong = wrong_rows(len(task.x), board.values)
    if wrong:
        said = _come_out(wrong)
        yield Paragraph(f"{said[0].upper()}{said[1:]} wrong.")
        if not task.separable:
            yield from _impossible(board, task)
    else:
        yield Paragraph("Every row is right.")
    yield from _picture(board, task)


def exercise_of(board: Board, task: _Task) -> Iterator[Block]:
    """The table and the unit."""
    function = Unit(task.x[0], activation=task.activation).said()
    beside = {"b": " and a bias ${b}$", "theta": " and a threshold ${theta}$ (which is subtracted)"}.get(task.free, "")
    yield board.say(
        f"A unit with {counted(task.x.shape[1], 'input')}{beside} is to give the outputs ${{y}}$ of this table. Its "
        f"output is {function}."
    )
    yield step_table(board, [Column("x", asked=False), Column("y", asked=False)], range(1, len(task.x) + 1), "row")
    if task.given:
        yield from board.givens(["w", *([task.free] if task.free else [])])


def _table(board: Board, task: _Task, empty: bool = False) -> Table:
    columns = [Column("x", asked=False), Column("z"), Column("a"), Column("y", asked=False)]
    if not empty:
        said = {number: "yes" if board.values[f"right{number}"].any() else "no" for number in range(1, len(task.x) + 1)}
        columns.append(Column("right", "right", cells=said))
    return step_table(board, columns, range(1, len(task.x) + 1), "row", empty)


def _inequalities(board: Board, task: _Task) -> Iterator[Block]:
    """For every row what it asks of the weights and the bias, or the threshold."""
    at_zero = task.activation.at_zero
    for row, target in zip(task.x, task.y, strict=True):
        above: Relation = "≥" if at_zero == 1 else ">"
        below: Relation = "≤" if at_zero == target else "<"
        relation = above if target > 0 else below
        yield board.chain(_demand(task, row), Number(0), relations=[relation])


def _demand(task: _Task, row: Array) -> Expression:
    """The net input of one row in letters, its inputs put in: w1 - w2 + b."""
    w = Name("w", (len(row), 1))
    parts = [(value, apply("entry", w, place=(place, 1))) for place, value in enumerate(row.tolist(), 1)]
    return signed_sum([*parts, *([(-1.0 if task.free == "theta" else 1.0, Name(task.free))] if task.free else [])])


def _impossible(board: Board, task: _Task) -> Iterator[Block]:
    """Why no single unit can do it."""
    pair = contradiction(task.x, task.y > 0)
    if pair is None:
        yield Paragraph("No weights that do were found.")
        return
    ones, others = ([row + 1 for row in kind] for kind in pair)
    yield Paragraph(
        f"No weights can do this. The inputs of rows {listed(ones)} have the same sum as those of rows {listed(others)}"
        ", and so have their net inputs. But the one sum must be positive and the other one negative: no straight line "
        "parts them."
    )
    picture = plane(board, task.x, task.y, [], "The samples") if task.x.shape[1] == 2 else None
    if picture is not None:
        yield picture


def _picture(board: Board, task: _Task) -> Iterator[Block]:
    unit = task.unit
    if unit is None or unit.inputs != 2 or not unit.weights.any():
        return
    free = -unit.value if unit.free == "theta" else unit.value
    line = (float(unit.weights[0]), float(unit.weights[1]), float(free))
    yield plane(board, task.x, task.y, [("net input 0", line)], "The samples and the line where the net input is 0")
