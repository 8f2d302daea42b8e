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

MOST_STEPS = (
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
