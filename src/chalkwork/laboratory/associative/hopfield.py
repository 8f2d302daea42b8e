"""A Hopfield network: Hebb's weights, recall one unit at a time or all at once, and its energy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from typing import Any, Unpack

import numpy as np

from chalkwork.algebra.expression import Expression, Name, Number, apply
from chalkwork.counting import counted
from chalkwork.documents.model import Block, Heading, Paragraph
from chalkwork.errors import ChalkworkError, ShapeError
from chalkwork.laboratory.associative.memory import (
    ENDINGS,
    MOST_STEPS,
    MOST_UNITS,
    STORE,
    AtZero,
    Memory,
    at_zero_of,
    column_of,
    first_step,
    patterns_of,
    said_of_zero,
    thresholded,
    two_valued,
)
from chalkwork.networks.arguments import flag, one_of, whole
from chalkwork.networks.data import Array, as_matrix
from chalkwork.solutions.board import Board
from chalkwork.solutions.setting import Look, Style, Word
from chalkwork.solutions.solution import Solution
from chalkwork.solutions.steps import Column, step_table
from chalkwork.typesetting.notation import subscript, superscript
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
    style = Style.chosen(**look)
    low = 0.0 if flag(binary, "binary") else -1.0
    if (patterns is None) == (weights is None):
        raise ChalkworkError("give the patterns to store, or the weights")
    memory = Memory()
    stored = None if patterns is None else patterns_of(patterns, "patterns", low)
    w = _given_weights(memory, weights) if stored is None else _hebb(memory, stored, scaled, self_connections, binary)
    n = w.shape[0]
    b = None if bias is None else memory.given("b", column_of(bias, n, "bias"))
    steps, words, facts = 0, {}, {}
    one_of(mode, MODES, "mode")
    if start is not None:
        begin = two_valued(column_of(start, n, "start"), "start", low)
        run = Run(memory, w, b, binary, at_zero_of(at_zero), _order(order, n))
        steps, ending = run.asynchronous(begin, whole(sweeps, "sweeps", 1, MOST_STEPS)) if mode == MODES[0] else (
            run.synchronous(begin, whole(sweeps, "sweeps", 1, MOST_STEPS)))  # fmt: skip
        state = memory.values[f"s{steps}"].ravel()
        words["ending"] = Word(ending, (ENDINGS[ending],), tuple(ENDINGS))
        if stored is not None:
            words["recalled"] = recalled_of(state, stored, low)
        facts = {"state": state, "steps": steps}
    usual = (*(["W"] if stored is not None else []), "net", "s", "E")
    order_said = _order(order, n)
    kept = at_zero_of(at_zero)
    given = Exercise(
        n, stored, mode, order_said, kept, binary, scaled, self_connections, started=start is not None, sweeps=sweeps
    )
    return memory.solution(
        "A Hopfield network", style, ask, usual,
        script=lambda board: _hopfield_script(board, given, steps),
        posed=lambda board: given.posed(board),
        blank=lambda board: _blank(board, given, steps),
        words=words, facts=facts,
    )  # fmt: skip


def _order(order: Sequence[int] | None, n: int) -> tuple[int, ...]:
    if order is None:
        return tuple(range(1, n + 1))
    if isinstance(order, str) or not isinstance(order, Sequence) or not 1 <= len(order) <= MOST_STEPS:
        raise ChalkworkError("order is a list of numbers of units, from 1")
    return tuple(whole(one, "a number in order", 1, n) for one in order)


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
        letter = Symbol(f"p_{{{number}}}", f"p{subscript(str(number))}")
        name = memory.given(f"p{number}", pattern[:, None], letter)
        columns.append(2 * name - 1 if binary else name)
    total = reduce(Expression.__add__, [column @ column.T for column in columns])
    if not flag(self_connections, "self_connections"):
        total = total - len(patterns) * memory.given("I", np.eye(n))
    if flag(scaled, "scaled"):
        total = total / n
    return memory.equation("W", total, STORE)


def recalled_of(state: Array, stored: Array, low: float) -> Word:
    """Which stored pattern a state is, or the opposite of which."""
    choices = [f"{sign}pattern {number}" for number in range(1, len(stored) + 1) for sign in ("", "minus ")]
    found = "none"
    for number, pattern in enumerate(stored, 1):
        if np.array_equal(state, pattern):
            found = f"pattern {number}"
            break
        if np.array_equal(state, 1.0 + low - pattern):
            found = f"minus pattern {number}"
    return Word(found, (), (*choices, "none"))


@dataclass
class Run:
    """The recall: from a state to the next, with the energy of each."""

    memory: Memory
    w: Name
    b: Name | None
    binary: bool
    at_zero: AtZero
    order: tuple[int, ...]

    def _energy(self, step: int, s: Name) -> None:
        expression: Expression = -(Number(1) / 2 * (s.T @ self.w @ s))
        if self.b is not None:
            expression = expression - self.b.T @ s
        self.memory.equation(self.memory.numbered("E", step), expression)

    def _begin(self, begin: Array) -> Name:
        s = self.memory.given(self.memory.numbered("s", 0), begin)
        self._energy(0, s)
        return s

    def asynchronous(self, begin: Array, sweeps: int) -> tuple[int, str]:
        """One unit at a time; how many steps that takes, and how it ends."""
        s, step = self._begin(begin), 0
        for _ in range(sweeps):
            before = self.memory.values[s.name]
            for unit in self.order:
                step += 1
                if step > MOST_STEPS:
                    raise ChalkworkError(f"more than {MOST_STEPS} steps", hint="fewer sweeps")
                s = self._update(s, step, unit)
            if np.array_equal(before, self.memory.values[s.name]):
                return step, "stable"
        return step, "stable" if self._is_stable(s) else "unfinished"

    def _is_stable(self, s: Name) -> bool:
        state = self.memory.values[s.name]
        net = self.memory.values[self.w.name] @ state
        if self.b is not None:
            net = net + self.memory.values[self.b.name]
        low = 0.0 if self.binary else -1.0
        return bool(np.all((net == 0) | (np.where(net > 0, 1.0, low) == state)))

    def _update(self, s: Name, step: int, unit: int) -> Name:
        n = s.shape[0]
        places = range(1, n + 1)
        products = [apply("entry", self.w, place=(unit, j)) * apply("entry", s, place=(j, 1)) for j in places]
        net = reduce(Expression.__add__, products)
        if self.b is not None:
            net = net + apply("entry", self.b, place=(unit, 1))
        found = self.memory.equation(self.memory.numbered("net", step), net)
        new = self.memory.equation(
            f"new{step}", thresholded(found, apply("entry", s, place=(unit, 1)), self.binary, self.at_zero)
        )
        own = str(unit)
        letter = Symbol(f"s_{{{own}}}^{{({step})}}", f"s{subscript(own)}{superscript(f'({step})')}")
        self.memory.letters[new.name] = letter
        state = self.memory.equation(self.memory.numbered("s", step), apply("placed", s, new, place=(unit, 1)))
        self._energy(step, state)
        return state

    def synchronous(self, begin: Array, sweeps: int) -> tuple[int, str]:
        """All units at once; how many steps that takes, and how it ends."""
        states = [self._begin(begin)]
        for step in range(1, sweeps + 1):
            net: Expression = self.w @ states[-1]
            found = self.memory.equation(self.memory.numbered("net", step), net if self.b is None else net + self.b)
            new = thresholded(found, states[-1], self.binary, self.at_zero)
            states.append(self.memory.equation(self.memory.numbered("s", step), new))
            self._energy(step, states[-1])
            now, *others = [self.memory.values[one.name] for one in reversed(states)]
            if np.array_equal(now, others[0]):
                return step, "stable"
            if len(others) > 1 and np.array_equal(now, others[1]):
                return step, "cycle"
        return sweeps, "stable" if self._is_stable(states[-1]) else "unfinished"


@dataclass(frozen=True)
class Exercise:
    """What is asked of a Hopfield network, in words."""

    n: int
    stored: Array | None
    mode: str
    order: tuple[int, ...]
    at_zero: AtZero
    binary: bool
    scaled: bool
    self_connections: bool
    started: bool
    sweeps: int

    def posed(self, board: Board) -> Iterator[Block]:
        """The network, what it stores, and how it is recalled."""
        values = "0 and 1" if self.binary else "−1 and 1"
        said = f"A Hopfield network has {counted(self.n, 'unit')} with the states {values}."
        if self.stored is not None:
            said += f" It stores {counted(len(self.stored), 'pattern')} by Hebb's rule"
            said += f", divided by the number of units, {self.n}" if self.scaled else ""
            own = (
                "units are connected with themselves too"
                if self.self_connections
                else "no unit is connected with itself"
            )
            said += f"; {own}."
            said += " Of a pattern p the vector 2p − 1 is stored." if self.binary else ""
        yield Paragraph(said)
        names = [name.name for name in board.derivation.givens if name.name not in ("I", "s0")]
        yield from board.givens(names)
        if not self.started:
            return
        asynchronous = self.mode == MODES[0]
        how = f"one unit at a time, in the order {', '.join(map(str, self.order))}" if asynchronous else "all at once"
        times = "" if self.sweeps == 1 else f", at most {self.sweeps} times"
        yield Paragraph(f"From this state the units are updated, {how}{times}. {said_of_zero(self.at_zero)}")
        yield from board.givens(["s0"])


def _rows(board: Board, given: Exercise, steps: int, blank: bool = False) -> Block:
    unit = Column("unit", "unit", cells={k: str(given.order[(k - 1) % len(given.order)]) for k in range(1, steps + 1)})
    first = [unit] if given.mode == MODES[0] else []
    return step_table(board, [*first, "net", "s", "E"], range(0, steps + 1), "$k$", blank)


def _blank(board: Board, given: Exercise, steps: int) -> Iterator[Block]:
    if steps:
        yield _rows(board, given, steps, blank=True)


def _hopfield_script(board: Board, given: Exercise, steps: int) -> Iterator[Block]:
    yield from given.posed(board)
    if given.stored is not None:
        yield Heading("The weights", 2)
        yield from board.equation("W")
        if not given.self_connections:
            m = len(given.stored)
            yield Paragraph(
                f"Each pattern puts 1 on the diagonal; {'this is' if m == 1 else f'these {m} are'} subtracted."
            )
    if not steps:
        return
    yield Heading("Recall", 2)
    yield from board.equation("E0")
    yield from first_step(board)
    yield Paragraph("All steps:")
    yield _rows(board, given, steps)
    ending = board.solution["ending"]
    yield Paragraph({
        "stable": "No unit would change any more: the state is stable.",
        "cycle": "This is the state of two steps before: the two come in turn for ever, and no state is stable.",
        "unfinished": "The state may still change: it is not stable yet.",
    }[ending])  # fmt: skip
    energies = [board.values[f"E{k}"].item() for k in range(steps + 1)]
    if energies[0] - energies[-1] > 1e-12 and all(one >= other - 1e-12 for one, other in pairwise(energies)):
        yield Paragraph("The energy has never risen.")
    if given.stored is not None:
        word = str(board.solution["recalled"])
        yield Paragraph("It is none of the stored patterns." if word == "none" else f"It is {word}.")
