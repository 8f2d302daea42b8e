"""A Hopfield network, its units one at a time or all at once, and a bidirectional associative memory, to and fro."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from typing import Any, Unpack

import numpy as np

from chalkwork.algebra.expression import Expression, Name, Number, apply
from chalkwork.counting import counted
from chalkwork.documents.model import Block, Paragraph
from chalkwork.errors import ChalkworkError, ShapeError
from chalkwork.laboratory.associative.memory import (
    BARE,
    MOST_STEPS,
    MOST_UNITS,
    STORE,
    AtZero,
    Memory,
    at_zero_of,
    column_of,
    patterns_of,
    said_of_zero,
    thresholded,
    two_valued,
)
from chalkwork.networks.arguments import flag, one_of, order_of, whole
from chalkwork.networks.data import Array, as_matrix
from chalkwork.solutions.board import Board
from chalkwork.solutions.setting import Look, Style
from chalkwork.solutions.solution import Solution
from chalkwork.solutions.steps import Column
from chalkwork.typesetting.symbols import Symbol

MODES = ("asynchronous", "synchronous")


def hopfield(
    patterns: Any = None,
    *,
    weights: Any = None,
    start: Any = None,
    mode: str = "asynchronous",
    order: Sequence[int] | None = None,
    sweeps: int = 1,
    scaled: bool = False,
    self_connections: bool = False,
    bias: Any = None,
    binary: bool = False,
    at_zero: str | float = "keep",
    ask: Sequence[str] = (),
    **look: Unpack[Look],
) -> Solution:
    """A Hopfield network: its weights by Hebb's rule or as given, and the recall from a `start` with its energy.

    `patterns` (up to 20 of 30 units, each a row of -1 and 1, or of 0 and 1 if `binary`) give the weights `W`: the
    sum of p p^T, divided by the number of units if `scaled`, the diagonal 0 unless there are `self_connections`; of
    binary patterns 2 p - 1 is stored. Or `weights` are given. From `start` the units are updated one at a time in
    their `order` (numbers from 1), or all at once (`mode: synchronous`), `sweeps` times; a sweep that changes
    nothing is the last, and so is a state that came two sweeps before. A unit whose net input is 0 keeps its state,
    unless `at_zero` says -1, 0 or 1. `bias` is added to the net inputs.

    `E0` is the energy -1/2 s^T W s - b^T s of the start; step k has `net1`, `s1` and `E1`. Words: `ending`
    (`stable`, `cycle`, `unfinished`) and, where patterns are given, `recalled` (`pattern 1`, `minus pattern 1`,
    ..., `none`); facts: `state`, `steps`.

    >>> found = hopfield([[1, -1, 1, -1], [1, 1, -1, -1]], start=[1, 1, 1, -1])
    >>> found["W"][0].tolist(), found["net1"].item(), found["E4"].item(), found["ending"], found["recalled"]
    ([0.0, 0.0, 0.0, -2.0], 2.0, -4.0, 'stable', 'pattern 1')
    """
    low = 0.0 if flag(binary, "binary") else -1.0
    if (patterns is None) == (weights is None):
        raise ChalkworkError("give the patterns to store, or the weights")
    memory = Memory()
    stored = None if patterns is None else patterns_of(patterns, "patterns", low)
    w = _given_weights(memory, weights) if stored is None else _hebb(memory, stored, scaled, self_connections, binary)
    n = w.shape[0]
    b = None if bias is None else memory.given("b", column_of(bias, n, "bias"))
    units, kept = order_of(order, n, "units", MOST_STEPS), at_zero_of(at_zero)
    one_of(mode, MODES, "mode")
    run = Recall(memory, w, b, binary, kept, units, mode == MODES[0], sweeps)
    if start is not None:
        whole(sweeps, "sweeps", 1, MOST_STEPS)
        steps, ending = run.recall(two_valued(column_of(start, n, "start"), "start", low))
        state = memory.values[f"s{steps}"].ravel()
        known = {
            f"{sign}pattern {number}": (1.0 + low - pattern if sign else pattern,)
            for number, pattern in enumerate(() if stored is None else stored, 1)
            for sign in ("", "minus ")
        }
        memory.facts["state"] = state
        memory.ends(steps, ending, known, state)
    count = 0 if stored is None else len(stored)

    def posed(board: Board) -> Iterator[Block]:
        said = f"A Hopfield network has {counted(n, 'unit')} with the states {'0 and 1' if binary else '−1 and 1'}."
        if count:
            said += f" It stores {counted(count, 'pattern')} by Hebb's rule"
            said += f", divided by the number of units, {n}; " if scaled else "; "
            said += "units are connected with themselves too." if self_connections else _NONE_WITH_ITSELF
            said += " Of a pattern p the vector 2p − 1 is stored." if binary else ""
        yield Paragraph(said)
        yield from run.begun(board)

    def subtracted(board: Board) -> Iterator[Block]:
        if count and not self_connections:
            which = "this is" if count == 1 else f"these {count} are"
            yield Paragraph(f"Each pattern puts 1 on the diagonal; {which} subtracted.")

    style = Style.chosen(**look)
    return memory.answer("A Hopfield network", style, ask, run.columns, posed, subtracted, run.ended, first=0)


_NONE_WITH_ITSELF = "no unit is connected with itself."
_ENDED = {
    "stable": "No unit would change any more: the state is stable.",
    "cycle": "This is the state of two steps before: the two come in turn for ever, and no state is stable.",
    "unfinished": "The state may still change: it is not stable yet.",
}


def _given_weights(memory: Memory, weights: Any) -> Name:
    array = as_matrix(weights, "weights")
    if array.shape[0] != array.shape[1] or array.shape[0] > MOST_UNITS:
        raise ShapeError(f"the weights of a Hopfield network are square, at most {MOST_UNITS}x{MOST_UNITS}")
    if not np.array_equal(array, array.T):
        raise ChalkworkError("the weights are not symmetric", hint="w_ij = w_ji, or there is no energy that falls")
    return memory.given("W", array)


def _hebb(memory: Memory, patterns: Array, scaled: bool, self_connections: bool, binary: bool) -> Name:
    """The sum of the products of each pattern with itself, less its diagonal."""
    n = patterns.shape[1]
    columns: list[Expression] = []
    for number, pattern in enumerate(patterns, 1):
        name = memory.given(f"p{number}", pattern, Symbol("p", "p").below(number))
        columns.append(2 * name - 1 if binary else name)
    total = reduce(Expression.__add__, [column @ column.T for column in columns])
    if not flag(self_connections, "self_connections"):
        total = total - len(patterns) * memory.given("I", np.eye(n))
    if flag(scaled, "scaled"):
        total = total / n
    return memory.equation("W", total, STORE)


@dataclass
class Recall:
    """The recall, one unit at a time or all at once: from a state to the next, with the energy of each."""

    memory: Memory
    w: Name
    b: Name | None
    binary: bool
    at_zero: AtZero
    order: tuple[int, ...]
    one_by_one: bool
    sweeps: int

    def recall(self, begin: Array) -> tuple[int, str]:
        """How many steps it takes, and how it ends."""
        states, step = [self.memory.given(self.memory.numbered("s", 0), begin)], 0
        self._energy(0, states[0])
        for _ in range(self.sweeps):
            s = states[-1]
            for unit in self.order if self.one_by_one else (None,):
                step += 1
                if step > MOST_STEPS:
                    raise ChalkworkError(f"more than {MOST_STEPS} steps", hint="fewer sweeps")
                s = self._together(s, step) if unit is None else self._alone(s, step, unit)
                self._energy(step, s)
            states.append(s)
            now, *others = [self.memory.values[one.name] for one in reversed(states)]
            if np.array_equal(now, others[0]):
                return step, "stable"
            if not self.one_by_one and len(others) > 1 and np.array_equal(now, others[1]):
                return step, "cycle"
        return step, "stable" if self._is_stable(states[-1]) else "unfinished"

    def _energy(self, step: int, s: Name) -> None:
        expression: Expression = -(Number(1) / 2 * (s.T @ self.w @ s))
        self.memory.at("E", step, expression if self.b is None else expression - self.b.T @ s)

    def _is_stable(self, s: Name) -> bool:
        state = self.memory.values[s.name]
        net = self.memory.values[self.w.name] @ state
        if self.b is not None:
            net = net + self.memory.values[self.b.name]
        low = 0.0 if self.binary else -1.0
        return bool(np.all((net == 0) | (np.where(net > 0, 1.0, low) == state)))

    def _alone(self, s: Name, step: int, unit: int) -> Name:
        places = range(1, s.shape[0] + 1)
        products = [apply("entry", self.w, place=(unit, j)) * apply("entry", s, place=(j, 1)) for j in places]
        net = reduce(Expression.__add__, products)
        found = self.memory.at("net", step, net if self.b is None else net + apply("entry", self.b, place=(unit, 1)))
        before, letter = apply("entry", s, place=(unit, 1)), BARE["s"].below(unit).above(step)
        new = thresholded(found, before, self.binary, self.at_zero)
        name = self.memory.equation(f"new{step}", new, letter=letter._replace(raised=False))
        return self.memory.at("s", step, apply("placed", s, name, place=(unit, 1)))

    def _together(self, s: Name, step: int) -> Name:
        net: Expression = self.w @ s
        found = self.memory.at("net", step, net if self.b is None else net + self.b)
        return self.memory.at("s", step, thresholded(found, s, self.binary, self.at_zero))

    # --- what is said -----------------------------------------------------------------------------------------------

    @property
    def columns(self) -> list[Column | str]:
        """What stands in a row for each step."""
        cells = {step: str(self.order[(step - 1) % len(self.order)]) for step in range(1, self.memory.steps + 1)}
        return [*([Column("unit", "unit", cells=cells)] if self.one_by_one else []), "net", "s", "E"]

    def begun(self, board: Board) -> Iterator[Block]:
        """What is given, and the state from which it goes on, if there is one."""
        yield from board.givens([each.name for each in self.memory.givens if each.name not in ("I", "s0")])
        if self.memory.steps:
            order = ", ".join(map(str, self.order))
            how = f"one unit at a time, in the order {order}" if self.one_by_one else "all at once"
            times = "" if self.sweeps == 1 else f", at most {self.sweeps} times"
            yield Paragraph(f"From this state the units are updated, {how}{times}. {said_of_zero(self.at_zero)}")
            yield from board.givens(["s0"])

    def ended(self, board: Board) -> Iterator[Block]:
        """How it has ended, whether the energy has risen, and which pattern it is."""
        words = self.memory.words
        yield Paragraph(_ENDED[words["ending"].value])
        energies = [board.values[f"E{step}"].item() for step in range(self.memory.steps + 1)]
        if energies[0] - energies[-1] > 1e-12 and all(one >= other - 1e-12 for one, other in pairwise(energies)):
            yield Paragraph("The energy has never risen.")
        if "recalled" in words:
            word = words["recalled"].value
            yield Paragraph("It is none of the stored patterns." if word == "none" else f"It is {word}.")


def bam(
    x: Any,
    y: Any,
    *,
    start: Any = None,
    start_y: Any = None,
    steps: int = 5,
    at_zero: str | float = "keep",
    ask: Sequence[str] = (),
    **look: Unpack[Look],
) -> Solution:
    """A bidirectional associative memory: `W` is the sum of x y^T; recall goes to and fro until nothing changes.

    `x` and `y` hold a pattern of -1 and 1 in each row, as many in both. From `start`, an x (or `start_y`, a y),
    step k gives `u1` = W^T x, `y1`, `v1` = W y, `x1` and the energy `E1` = -x^T W y; at most so many `steps`. A
    unit whose net input is 0 keeps its state, which is 0 where it has none yet; `at_zero` may say -1, 0 or 1.
    Words: `ending`, `recalled` as for `hopfield`.

    >>> found = bam([[1, 1, 1], [1, -1, 1]], [[1, -1], [1, 1]], start=[1, 1, 1])
    >>> found["W"].tolist(), found["y1"].ravel().tolist(), found["E1"].item(), found["recalled"]
    ([[2.0, 0.0], [0.0, -2.0], [2.0, 0.0]], [1.0, -1.0], -6.0, 'pair 1')
    """
    left, right = patterns_of(x, "x"), patterns_of(y, "y")
    if len(left) != len(right):
        raise ShapeError(f"there are {len(left)} patterns x and {len(right)} patterns y")
    if start is not None and start_y is not None:
        raise ChalkworkError("recall begins at start or at start_y, not at both")
    memory, pairs = Memory(), []
    for number, (one, other) in enumerate(zip(left, right, strict=True), 1):
        p = memory.given(f"p{number}", one, BARE["x"].below(number))
        q = memory.given(f"q{number}", other, BARE["y"].below(number))
        pairs.append(p @ q.T)
    w = memory.equation("W", reduce(Expression.__add__, pairs), STORE)
    keep = at_zero_of(at_zero)
    if start is not None or start_y is not None:
        found = _recall(memory, w, start, start_y, keep, whole(steps, "steps", 1, MOST_STEPS // 2))
        stored = {f"pair {number}": pair for number, pair in enumerate(zip(left, right, strict=True), 1)}
        state = (memory.values[f"{name}{found[0]}"].ravel() for name in "xy")
        memory.ends(*found, stored, *state)

    def posed(board: Board) -> Iterator[Block]:
        yield Paragraph(f"A bidirectional associative memory stores {counted(len(left), 'pair')} of patterns.")
        yield from board.givens([name.name for name in board.derivation.givens if name.name[0] in "pq"])
        if memory.steps:
            yield Paragraph(f"Recall begins here, and goes to and fro until nothing changes. {said_of_zero(keep)}")
            yield from board.givens(["x0" if start is not None else "y0"])

    def ended(board: Board) -> Iterator[Block]:
        if memory.words["ending"].value == "stable":
            yield Paragraph("Nothing changes any more.")
        word = memory.words["recalled"].value
        yield Paragraph("This is none of the stored pairs." if word == "none" else f"This is {word}.")

    columns = ("u", "y", "v", "x", "E")
    return memory.answer(
        "A bidirectional associative memory", Style.chosen(**look), ask, columns, posed, lambda board: iter(()), ended
    )


def _recall(memory: Memory, w: Name, start: Any, start_y: Any, at_zero: AtZero, steps: int) -> tuple[int, str]:
    """To and fro from an x, or fro and to from a y."""
    n, p = w.shape
    given, name, size = (start, "start", n) if start is not None else (start_y, "start_y", p)
    begin = two_valued(column_of(given, size, name), name, -1.0)
    x = memory.given(memory.numbered("x", 0), begin if start is not None else np.zeros((n, 1)))
    y = memory.given(memory.numbered("y", 0), np.zeros((p, 1)) if start is not None else begin)

    def of_y(step: int, x: Name, y: Name) -> Name:
        return memory.at("y", step, thresholded(memory.at("u", step, w.T @ x), y, False, at_zero))

    def of_x(step: int, x: Name, y: Name) -> Name:
        return memory.at("x", step, thresholded(memory.at("v", step, w @ y), x, False, at_zero))

    for step in range(1, steps + 1):
        before = memory.values[x.name], memory.values[y.name]
        if start is not None:
            y = of_y(step, x, y)
            x = of_x(step, x, y)
        else:
            x = of_x(step, x, y)
            y = of_y(step, x, y)
        memory.at("E", step, -(x.T @ w @ y))
        if all(np.array_equal(one, memory.values[name.name]) for one, name in zip(before, (x, y), strict=True)):
            return step, "stable"
    return steps, "unfinished"
