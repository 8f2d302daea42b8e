"""What both memories are made of: givens and equations, the states of units, and how a recall is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Application, Expression, Name, Number, apply
from chalkwork.counting import counted
from chalkwork.derivation.derivation import Stage
from chalkwork.derivation.evaluate import evaluate
from chalkwork.documents.model import Block, Heading, Paragraph
from chalkwork.errors import ChalkworkError, ShapeError
from chalkwork.laboratory.work import Work
from chalkwork.networks.arguments import number
from chalkwork.networks.data import Array, as_matrix, as_vector
from chalkwork.solutions.board import Board
from chalkwork.solutions.columns import split_step
from chalkwork.solutions.setting import Style, Word
from chalkwork.solutions.solution import Solution
from chalkwork.solutions.steps import Column, step_table
from chalkwork.typesetting.symbols import Symbol

STORE, RECALL = Stage("store", "The weights"), Stage("recall", "Recall")
MOST_UNITS, MOST_PATTERNS, MOST_STEPS = 30, 20, 200
ENDINGS = {"stable": "fixed point", "cycle": "two states in turn", "unfinished": "still changing"}
BARE = {letter: Symbol(letter, letter) for letter in "sExyWIuvb"} | {"net": Symbol.word("net")}
Script = Callable[[Board], Iterator[Block]]
AtZero = float | None
"""What a unit is whose net input is 0; None where it keeps its state."""


@dataclass
class Memory(Work):
    """Givens and equations so far, with what they are worth, and what the recall came to."""

    letters: dict[str, Symbol] = field(default_factory=lambda: dict(BARE))
    usual: Stage = RECALL
    at_once: bool = True
    steps: int = 0

    def numbered(self, name: str, step: int) -> str:
        """The name in a step, its number above."""
        self.letters[f"{name}{step}"] = BARE[name].above(step)
        return f"{name}{step}"

    def at(self, name: str, step: int, expression: Expression) -> Name:
        """What is worked out in a step."""
        return self.equation(self.numbered(name, step), expression)

    def ends(self, steps: int, ending: str, stored: Mapping[str, Sequence[Array]], *state: Array) -> None:
        """How the recall ends, and which of what is `stored` it comes to; nothing is said of that where nothing is."""
        self.steps, self.facts["steps"] = steps, steps
        self.words["ending"] = Word(ending, (ENDINGS[ending],), tuple(ENDINGS))
        if stored:
            alike = [name for name, known in stored.items() if all(map(np.array_equal, known, state))]
            itself = min(alike, key=lambda name: name.startswith("minus"), default="none")
            self.words["recalled"] = Word(itself, (), (*stored, "none"))

    def answer(
        self, title: str, style: Style, ask: Sequence[str], columns: Sequence[Column | str], posed: Script,
        stored: Script, ended: Script, first: int = 1,
    ) -> Solution:  # fmt: skip
        """The answer: what is `posed` and `stored`, the steps from the `first` in `columns`, and how that `ended`.

        It asks for what it is told to, a name without a number in every step.
        """

        def rows(board: Board, blank: bool = False) -> Block:
            return step_table(board, columns, range(first, self.steps + 1), "$k$", blank)

        def script(board: Board) -> Iterator[Block]:
            yield from posed(board)
            if "W" in board.derivation:
                yield Heading("The weights", 2)
                yield from board.equation("W")
                yield from stored(board)
            if not self.steps:
                return
            yield Heading("Recall", 2)
            yield from board.equations(["E0"] if first == 0 else [])
            yield from first_step(board)
            yield Paragraph("All steps:")
            yield rows(board)
            yield from ended(board)

        known = [equation.name for equation in self.equations]
        quantities = ["W", *(column for column in columns if isinstance(column, str)), *self.words]
        return self.solution(
            style, ask, [name for name in quantities if name != "W" or "W" in known],
            title=title, script=script, posed=posed, blank=lambda board: [rows(board, True)] if self.steps else [],
            exact=True, columns=("net", "s", "u", "v", "x", "y"),
            scalars=frozenset(name for name in known if split_step(name)[0] == "E"),
        )  # fmt: skip


def patterns_of(value: Any, name: str, low: float = -1.0) -> Array:
    """Patterns, one a row, of two values."""
    array = as_matrix(value, name)
    if array.shape[0] > MOST_PATTERNS or array.shape[1] > MOST_UNITS:
        raise ShapeError(
            f"{name} has {array.shape[0]} patterns of {array.shape[1]}; at most {MOST_PATTERNS} of {MOST_UNITS}"
        )
    return two_valued(array, name, low)


def two_valued(array: Array, name: str, low: float) -> Array:
    """The array; ChalkworkError for a number that is no state."""
    if not np.isin(array, (low, 1.0)).all():
        raise ChalkworkError(f"{name} holds something else than {low:g} and 1", hint="binary: true for 0 and 1")
    return array


def thresholded(net: Expression, before: Expression, binary: bool, at_zero: AtZero) -> Expression:
    """The new state: 1 above 0, the other value below; at 0 the state before, or what is agreed."""
    operation = "step" if binary else "sign"
    if at_zero is not None:
        return apply(operation, net, at_zero=at_zero)
    return apply(operation, net) + apply("equal", net, Number(0)) * before


def at_zero_of(value: Any) -> AtZero:
    """What is agreed for a net input of 0: `keep`, or a number."""
    if isinstance(value, str) and value == "keep":
        return None
    found = number(value)
    if found not in (-1.0, 0.0, 1.0):
        raise ChalkworkError(f"at_zero is keep, -1, 0 or 1, not {value!r:.60}")
    return found


def said_of_zero(at_zero: AtZero) -> str:
    """What becomes of a unit whose net input is 0."""
    if at_zero is None:
        return "A unit whose net input is 0 keeps its state."
    return f"A unit whose net input is 0 becomes ${at_zero:g}$."


def column_of(value: Any, n: int, name: str) -> Array:
    """A number for each unit, as a column."""
    vector = as_vector(value, name)
    if len(vector) != n:
        raise ShapeError(f"{name} has {counted(len(vector), 'number')} for {counted(n, 'unit')}")
    return vector[:, None]


def first_step(board: Board) -> Iterator[Block]:
    """The equations of step 1, the new states without what only a net input of 0 asks for."""
    for name in board.named(RECALL):
        if split_step(name)[1] != 1:
            continue
        equation = board.derivation[name]
        whole_state = equation.expression
        if not isinstance(whole_state, Application) or whole_state.operation.name not in ("placed", "add"):
            yield from board.equation(equation)
        elif whole_state.operation.name == "placed":
            yield board.chain(name, board.writer.of_name(name))
        else:
            plain = whole_state.arguments[0]
            jumps = isinstance(plain, Application) and plain.operation.jumps
            same = jumps and np.array_equal(evaluate(plain, board.values), board.values[name])
            yield from board.equation(replace(equation, expression=plain) if same else equation)
