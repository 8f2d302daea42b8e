"""Errors carried forward: a cell as a calculation with the cells that were typed before it, in a closed set of steps.

`carried(item)` gives the calculation of every cell that has one, in which the name `c7` is the seventh cell of the
item; givens are numbers, and what is not asked is worked out on the way. `Dialect` writes it in the language of a
platform.

What follows from a wrong value counts where work shows in it: where some cell of a step that it is made of is right or
counts as following itself, or where it is no copy of a cell that it is made of. So the same number typed everywhere
earns nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import isfinite, pi
from typing import TYPE_CHECKING

import numpy as np

from chalkwork.algebra.definitions import defined
from chalkwork.algebra.entries import entry, place_of, split_entry
from chalkwork.algebra.expression import Application, Constant, Expression, Name, Number, apply, check_written, names_in
from chalkwork.classroom.exports.packing import decimal
from chalkwork.derivation.evaluate import evaluate
from chalkwork.errors import ChalkworkError
from chalkwork.solutions.exercise import Exercise

if TYPE_CHECKING:
    from chalkwork.classroom.exports.questions import Cell, Item

MOST_STEPS = 400
"""So many operations a calculation of one cell has at most; a longer one is not carried."""


@dataclass(frozen=True, slots=True)
class Carried:
    """How a cell follows from earlier ones.

    `room` is how far the result may be off: the cell's own room, and what rounding of the earlier ones may do.
    `beside` are the cells of the steps that it is made of, one of which has to be accepted if the result is a copy.
    """

    expression: Expression
    room: float
    beside: tuple[int, ...]

    @property
    def copies(self) -> bool:
        """Whether the same number in all that it is made of gives that number again."""
        with np.errstate(all="ignore"):
            found = [
                (one, float(evaluate(self.expression, {f"c{cell}": np.array([[one]]) for cell in self.cells}).item()))
                for one in (77.5, -0.3125)
            ]
        return any(abs(value - one) <= 1e-9 for one, value in found)

    @property
    def cells(self) -> tuple[int, ...]:
        """The numbers of the cells that it is calculated from."""
        return tuple(int(name.name[1:]) for name in names_in(self.expression))


def carried(item: Item) -> dict[int, Carried]:
    """The calculations by the number of the cell, from 1; nothing where the course does not carry errors."""
    if not item.follows:
        return {}
    numbered = item.numbered()
    numbers = {(task, cell.entry): number for number, (task, _, cell) in numbered.items()}
    steps: dict[tuple[str, str], list[int]] = {}
    for number, (task, _, cell) in numbered.items():
        steps.setdefault((task, split_entry(cell.entry)[0]), []).append(number)
    found = {}
    for number, (task, _, cell) in numbered.items():
        expression = _Way(item.exercises, numbers, number).of(task, cell.entry)
        if expression is None or not names_in(expression):
            continue
        used = [int(name.name[1:]) for name in names_in(expression)]
        whole = {one: split_entry(numbered[one][2].entry)[0] for one in used}
        beside = sorted({each for one in used for each in steps[numbered[one][0], whole[one]]})
        room = cell.tolerance + _drift(expression, {one: numbered[one][2] for one in used})
        if isfinite(room):
            found[number] = Carried(expression, room, tuple(beside))
    return found


@dataclass
class _Way:
    """The way to one cell, from the cells before it."""

    exercises: Mapping[str, Exercise]
    numbers: Mapping[tuple[str, str], int]
    own: int
    left: int = MOST_STEPS
    known: dict[tuple[str, str], Expression] = field(default_factory=dict)

    def of(self, task: str, name: str) -> Expression | None:
        """What the cell is calculated by, from others; None where it cannot be written in the closed set of steps."""
        try:
            expression = self._worked_out(self.exercises[task], name)
            check_written(expression, MOST_STEPS)
            return expression
        except (ChalkworkError, _Unwritten):
            return None

    def _worked_out(self, exercise: Exercise, name: str) -> Expression:
        whole, index = split_entry(name)
        expression = exercise.solution.derivation[whole].expression
        place = place_of(whole, index, expression.shape) if index else (0,) * len(expression.shape)
        return self._simple(exercise, entry(expression, *place))

    def _named(self, exercise: Exercise, name: str) -> Expression:
        at: Exercise | None = exercise
        while at is not None:
            number = self.numbers.get((at.id, name))
            if number is not None and number < self.own:
                return Name(f"c{number}")
            at = self.exercises.get(at.after) if at.goes_on and at.after is not None else None
        whole, index = split_entry(name)
        if whole in exercise.solution.derivation:
            key = exercise.id, name
            if key not in self.known:
                self.known[key] = self._worked_out(exercise, name)
            return self.known[key]
        value = np.asarray(exercise.solution.arrays[whole], np.float64)
        shape = next(given.shape for given in exercise.solution.derivation.givens if given.name == whole)
        return Number(float(value.reshape(shape)[place_of(whole, index, shape)] if index else value.flat[0]))

    def _simple(self, exercise: Exercise, node: Expression) -> Expression:
        self.left -= 1
        if self.left < 0:
            raise _Unwritten
        if isinstance(node, Constant):
            return Number(node.value)
        if isinstance(node, Name):
            if node.shape:
                raise _Unwritten
            return self._named(exercise, node.name)
        if not isinstance(node, Application):
            return node
        if node.operation.name in STEPS:
            return _folded(node.operation.name, [self._simple(exercise, each) for each in node.arguments])
        simpler = _REDUCED[node.operation.name](node) if node.operation.name in _REDUCED else defined(node)
        if simpler is None:
            raise _Unwritten
        return self._simple(exercise, simpler)


class _Unwritten(Exception):
    """There is no calculation of this cell in the closed set of steps."""


STEPS = (
    *("add", "subtract", "multiply", "divide", "negative", "power", "exp", "log", "abs", "sign"),
    *("maximum", "minimum", "sin", "cos", "tanh", "floor", "sqrt"),
)
"""The closed set: what every dialect writes. `sign` is 0 at 0 here."""


def _sign(node: Expression) -> Expression:
    return apply("sign", node, at_zero=0)


def _at_zero(node: Application, below: float, above: float, at: float) -> Expression:
    """A step function by its sign: its values below, above and at zero."""
    sign = _sign(node.arguments[0])
    middle = (below + above) / 2
    return Number(middle) + Number((above - below) / 2) * sign + Number(at - middle) * (1 - apply("abs", sign))


def _number(node: Application, *parameters: str) -> float:
    """The first of the parameters that is one."""
    value = next((node.named_parameters[one] for one in parameters if node.named_parameters[one] is not None), None)
    if not isinstance(value, int | float):
        raise _Unwritten
    return float(value)


def _signed(node: Application) -> Expression:
    at = _number(node, "at_zero")
    return node if at == 0 else _at_zero(node, -1, 1, at)


_REDUCED: dict[str, Callable[[Application], Expression]] = {
    "step": lambda node: _at_zero(node, 0, 1, _number(node, "at_zero")),
    "leaky_step": lambda node: _at_zero(node, _number(node, "alpha"), 1, _number(node, "at_zero", "alpha")),
    "equal": lambda node: 1 - apply("abs", _sign(node.arguments[0] - node.arguments[1])),
    "xlogy": lambda node: node.arguments[0] * apply("log", node.arguments[1]),
    "normal_pdf": lambda node: apply("exp", -(node.arguments[0] ** 2) / 2) / Number((2 * pi) ** 0.5),
}


def _folded(operation: str, arguments: list[Expression]) -> Expression:
    """The application without what multiplies by zero or one and adds nothing, and with its numbers worked out."""
    if all(isinstance(each, Number) for each in arguments):
        value = float(evaluate(apply(operation, *arguments), {}).item())
        if not isfinite(value):
            raise _Unwritten
        return Number(value)
    first, last = arguments[0], arguments[-1]
    zero = [isinstance(each, Number) and each.value == 0 for each in (first, last)]
    one = [isinstance(each, Number) and each.value == 1 for each in (first, last)]
    if operation == "multiply" and any(zero):
        return Number(0)
    if (operation == "multiply" and one[0]) or (operation == "add" and zero[0]):
        return last
    if (operation in ("multiply", "divide") and one[1]) or (operation in ("add", "subtract") and zero[1]):
        return first
    return apply(operation, *arguments)


def _drift(expression: Expression, used: Mapping[int, Cell]) -> float:
    """How far half a unit more in each of the cells moves the result, about the right values."""
    at = {f"c{number}": np.array([[cell.value]]) for number, cell in used.items()}
    with np.errstate(all="ignore"):
        right = float(evaluate(expression, at).item())
        moved = (
            evaluate(expression, {**at, f"c{number}": at[f"c{number}"] + cell.tolerance / 2}).item()
            for number, cell in used.items()
        )
        return sum(abs(float(each) - right) for each in moved)


@dataclass(frozen=True)
class Dialect:
    """A language of scalars: how each step is written; `name` writes the value of a cell by its number."""

    steps: Mapping[str, str]
    name: str

    def write(self, node: Expression) -> str:
        """The calculation, every part of it in parentheses."""
        if isinstance(node, Name):
            return self.name.format(node.name[1:])
        if isinstance(node, Number):
            text = decimal(float(node.value), 0)
            return f"({text})" if node.value < 0 else text
        assert isinstance(node, Application)
        return self.steps[node.operation.name].format(*(self.write(each) for each in node.arguments))


_INFIX = {"add": "({} + {})", "subtract": "({} - {})", "multiply": "({} * {})", "divide": "({} / {})"}
_CALLS = {name: f"{name}({{}})" for name in ("exp", "abs", "sin", "cos", "tanh", "floor", "sqrt")}
_USUAL = {**_INFIX, **_CALLS, "negative": "(-{})", "power": "({})^({})"}
PYTHON = Dialect(
    {**_INFIX, **{name: f"math.{text}" for name, text in _CALLS.items()}, "abs": "abs({})", "negative": "(-{})",
     "power": "({} ** {})", "log": "math.log({})", "sign": "math.copysign(1.0, {0}) * ({0} != 0)",
     "maximum": "max({}, {})", "minimum": "min({}, {})"}, "c[{}]",
)  # fmt: skip
MAXIMA = Dialect(
    {**_USUAL, "divide": "cw_over({}, {})", "log": "log({})", "sign": "signum({})", "maximum": "max({}, {})",
     "minimum": "min({}, {})"}, "c[{}]",
)  # fmt: skip
NUMBAS = Dialect(
    {**_USUAL, "log": "ln({})", "sign": "sign({})", "maximum": "max({}, {})", "minimum": "min({}, {})"}, "c{}"
)
