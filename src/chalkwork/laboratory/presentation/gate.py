"""A threshold unit held against a table: inequalities for its weights, such weights, each row worked, its line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from typing import Any, Unpack

import numpy as np

from chalkwork.algebra.expression import Expression, Name, Number, apply
from chalkwork.counting import counted, in_runs
from chalkwork.derivation.derivation import Relation, Stage
from chalkwork.documents.model import Block, Heading, Paragraph
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.presentation.picture import plane
from chalkwork.laboratory.presentation.unit import (
    Rows,
    Unit,
    samples_of,
    signed_sum,
    targets_of,
    threshold_unit,
    unit_of,
)
from chalkwork.networks.activations import Activation
from chalkwork.networks.arguments import flag, one_of, whole
from chalkwork.networks.data import Array
from chalkwork.solutions.board import Board
from chalkwork.solutions.setting import Look, Style, Word
from chalkwork.solutions.solution import Solution
from chalkwork.typesetting.symbols import Symbol

DESIGN = Stage("design", "The weights")
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
    low = -1.0 if flag(bipolar, "bipolar") else 0.0
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
    if (gate is None) == (x is None) or (x is None) != (y is None):
        raise ChalkworkError("a table is given by x and y, or by the name of a gate")
    rows, wanted = truth_table(gate, inputs, bipolar) if gate is not None else (samples_of(x), y)
    targets = targets_of(wanted, len(rows))
    function = threshold_unit(targets, activation, "")
    if not function.jumps or not set(targets.tolist()) <= {1.0, -1.0 if function.name == "sign" else 0.0}:
        raise ChalkworkError("a threshold unit gives two values: step with 0 and 1, sign with -1 and 1")
    found = separating(rows, targets > 0)
    one_of(find, ("bias", "threshold"), "find")
    unit = None
    if weights is not None:
        unit = unit_of(weights, rows.shape[1], bias, threshold, None, function)
    elif bias is not None or threshold is not None:
        raise ChalkworkError("a bias or a threshold without weights", hint="give both, or neither to find them")
    elif found is not None:
        value = 0.0 - float(found[-1]) if find == "threshold" else float(found[-1])
        unit = Unit(found[:-1], "theta" if find == "threshold" else "b", value, None, function)
    free = unit.free if unit is not None else "theta" if find == "threshold" else "b"
    task = _Task(rows, targets, unit, free, weights is not None, function, found is not None)
    return _solved(task, Style.chosen(**look), tuple(ask))


@dataclass(frozen=True)
class _Task:
    """The table, the unit if there is one, and whether its weights were given."""

    x: Array
    y: Array
    unit: Unit | None
    free: str
    given: bool
    activation: Activation
    separable: bool

    @property
    def own(self) -> tuple[str, ...]:
        """What the unit has, by name."""
        return ("w", self.free) if self.free else ("w",)


def _solved(task: _Task, style: Style, ask: tuple[str, ...]) -> Solution:
    """The answer for these weights."""
    unit, rows, choice = task.unit, Rows(task.x, task.y, style, "za"), None
    rows.letters["separable"] = Symbol.word("answer")
    rows.words["separable"] = Word("yes" if task.separable else "no", (), ("yes", "no"))
    if unit is not None:
        column, free = (unit.inputs, 1), Name(unit.free) if unit.free else None
        rows.units(dict(zip(task.own, (unit.weights[:, None], unit.value), strict=False)), DESIGN, not task.given)
        rows.put_in(lambda k: (unit.net(Name("w", column), Name(f"x{k}", column), free), unit.output(Name(f"z{k}"))))
    if unit is not None and not task.given:

        def instead(values: Mapping[str, Array]) -> Solution:
            own = replace(unit, weights=values["w"].ravel(), value=float(values[task.free].item()))
            return _solved(replace(task, unit=own, given=True), style, ())

        choice = rows.choice(task.own, instead, lambda wrong: f"With these weights {_come_out(wrong)} wrong.")
    return rows.answer(
        style, ask, "A threshold unit for a table",
        script=lambda board: _script(board, task, rows),
        posed=lambda board: _posed(board, task, rows),
        blank=lambda board: () if unit is None else rows.blanks(board, () if task.given else task.own, marked=True),
        choice=choice,
        **({} if unit is not None else {"usual": ["separable"]}),
    )  # fmt: skip


def _come_out(rows: Sequence[int]) -> str:
    return f"row {rows[0]} of the table comes out" if len(rows) == 1 else f"rows {in_runs(rows)} of the table come out"


# --- the board -----------------------------------------------------------------------------------------------------


def _script(board: Board, task: _Task, rows: Rows) -> Iterator[Block]:
    yield from _posed(board, task, rows)
    yield Heading("What the weights must meet", 2)
    yield from _inequalities(board, task)
    if task.unit is None:
        yield from _impossible(board, task)
        return
    if not task.given:
        yield Paragraph("Many weights do. These keep the samples far from the line:")
        yield from board.givens(task.own)
    yield Heading("Every row", 2)
    yield from board.equations(["z1", "a1"])
    yield rows.table(board, marked=True)
    wrong = rows.wrong(board.values)
    if wrong:
        said = _come_out(wrong)
        yield Paragraph(f"{said[0].upper()}{said[1:]} wrong.")
        if not task.separable:
            yield from _impossible(board, task)
    else:
        yield Paragraph("Every row is right.")
    yield from _picture(board, task)


def _posed(board: Board, task: _Task, rows: Rows) -> Iterator[Block]:
    """The table and the unit."""
    function = Unit(task.x[0], activation=task.activation).said()
    beside = {"b": " and a bias ${b}$", "theta": " and a threshold ${theta}$ (which is subtracted)"}.get(task.free, "")
    yield board.say(
        f"A unit with {counted(task.x.shape[1], 'input')}{beside} is to give the outputs ${{y}}$ of this table. Its "
        f"output is {function}."
    )
    yield rows.given_table(board)
    if task.given:
        yield from board.givens(task.own)


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
        f"No weights can do this. The inputs of rows {in_runs(ones)} have the same sum as those of rows "
        f"{in_runs(others)}, and so have their net inputs. But the one sum must be positive and the other one "
        "negative: no straight line parts them."
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


MOST_STEPS = 20_000
MOST_TRIED = 200_000
"""Choices of small weights, or of multiples of rows, that are tried."""


def separating(x: Array, high: Any) -> Array | None:
    """Weights and behind them a bias for which `x w + b` is above 0 where `high`, else below; None if none are found.

    Of small whole weights those are taken that keep the samples farthest from the line; where these do not do, those
    that the perceptron rule finds.

    >>> separating(np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), [False, False, False, True]).tolist()
    [1.0, 1.0, -1.5]
    """
    signed = np.column_stack([x, np.ones(len(x))]) * np.where(np.asarray(high), 1.0, -1.0)[:, None]
    n = x.shape[1]
    most = next((size for size in (3, 2, 1) if (2 * size + 1) ** n * (4 * n + 13) <= MOST_TRIED), 0)
    if most:
        tried = _small(n, most)
        margins = (tried @ signed.T).min(1)
        length = np.linalg.norm(tried[:, :n], axis=1)
        order = np.lexsort((np.abs(tried).sum(1), -np.round(margins / length, 9)))
        if margins[order[0]] > 0:
            return np.asarray(tried[order[0]] + 0.0)
    if contradiction(x, high) is not None:
        return None
    w = np.zeros(n + 1)
    for _ in range(MOST_STEPS):
        wrong = np.flatnonzero(signed @ w <= 0)
        if not wrong.size:
            return w
        w = w + signed[wrong[0]]
    return None


@lru_cache(maxsize=8)
def _small(n: int, most: int) -> Array:
    """Whole weights up to a size, not all of them 0, each with every bias in steps of one half."""
    biases = np.arange(-most * n, most * n + 0.5, 0.5)
    return np.array([(*w, b) for w in product(range(-most, most + 1), repeat=n) for b in biases if any(w)])


def contradiction(x: Array, high: Any) -> tuple[list[int], list[int]] | None:
    """Samples of the one kind and of the other whose inputs have the same sum, as many of each: no line parts them.

    Counted from 0, one as often as it is needed. None where none are found.

    >>> contradiction(np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), [False, True, True, False])
    ([1, 2], [0, 3])
    """
    truth = np.asarray(high)
    signed = np.column_stack([x, np.ones(len(x))]) * np.where(truth, 1.0, -1.0)[:, None]
    for most in (1, 2):
        if (most + 1) ** len(x) > MOST_TRIED:
            return None
        times = np.array(list(product(range(most + 1), repeat=len(x))))
        fits = np.flatnonzero((np.abs(times @ signed).max(1) < 1e-9) & times.any(1))
        if fits.size:
            best = times[fits[times[fits].sum(1).argmin()]]
            one, other = ([int(row) for row in np.flatnonzero(truth == kind) for _ in range(best[row])]
                          for kind in (True, False))  # fmt: skip
            return one, other
    return None
