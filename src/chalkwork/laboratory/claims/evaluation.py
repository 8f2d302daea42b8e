"""The value of an expression over any kind of number: SymPy's, or fractions and intervals (`precise`).

A value is a list of rows; a number is [[number]]. Functions that somebody defined are evaluated by their bodies;
derivatives by what the kind of number offers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from chalkwork.algebra.definitions import branches, defined, side
from chalkwork.algebra.expression import Application, Expression, Name, Number, apply
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.claims.domain import entries_of

Value = list[list[Any]]
_ARGUMENTS = (Name("a"), Name("b"))
Definitions = Mapping[str, tuple[str, Expression]]


class Undefined(ArithmeticError):
    """A side has no value at a point; the message says why."""


class NotHeld(ChalkworkError):
    """An operation that this kind of number does not have."""


@dataclass(frozen=True)
class Arithmetic:
    """A kind of number: its rules for entrywise functions, by the names of the table, and how derivatives are taken.

    A function without a rule goes by its definition or its branches in the table.
    """

    number: Callable[[Fraction], Any]
    functions: Mapping[str, Callable[..., Any]]
    differentiate: Callable[[Evaluation, Application], Value]
    choose: Callable[[Any, Callable[[], Any], Any, Callable[[], Any]], Any]
    """By the sign of a number: what is below zero, what is at zero (None: what is above), what is above."""


class Evaluation:
    """Evaluates expressions; `known` gives every scalar name its value."""

    def __init__(self, arithmetic: Arithmetic, known: Mapping[str, Any], definitions: Definitions) -> None:
        self.arithmetic = arithmetic
        self.known = dict(known)
        self.definitions = definitions
        self.values: dict[Expression, Value] = {}

    def of(self, expression: Expression) -> Value:
        """The value, as rows of entries; Undefined where there is none."""
        found = self.values.get(expression)
        if found is None:
            found = self.values[expression] = self._of(expression)
        return found

    def _of(self, node: Expression) -> Value:
        if isinstance(node, Number):
            return [[self.arithmetic.number(exact(node.value))]]
        if isinstance(node, Name):
            return self._named(node)
        assert isinstance(node, Application)
        name = node.operation.name
        if name in ("derivative", "partial") or "'" in name:
            return self.arithmetic.differentiate(self, node)
        if name in self.definitions:
            return self.applied(name, self.of(node.arguments[0])[0][0])
        values = [self.of(argument) for argument in node.arguments]
        special = _SPECIAL.get(name)
        if special is not None:
            return special(self, node, values)
        return self._entrywise(node, values)

    def applied(self, function: str, value: Any) -> Value:
        """A defined function of a number."""
        parameter, body = self.definitions[function]
        inner = Evaluation(self.arithmetic, {**self.known, parameter: value}, self.definitions)
        return inner.of(body)

    def _named(self, node: Name) -> Value:
        entries = entries_of(node)
        missing = [entry for entry in entries if entry not in self.known]
        if missing:
            raise ChalkworkError(f"{missing[0]} has no value")
        columns = node.shape[1] if node.shape else 1
        flat = [self.known[entry] for entry in entries]
        return [flat[start : start + columns] for start in range(0, len(flat), columns)]

    def _entrywise(self, node: Application, values: list[Value]) -> Value:
        rows, columns = node.shape or (1, 1)

        def entry(value: Value, row: int, column: int) -> Any:
            return value[row if len(value) > 1 else 0][column if len(value[0]) > 1 else 0]

        return [
            [self._applied(node, [entry(value, i, j) for value in values]) for j in range(columns)] for i in range(rows)
        ]

    def call(self, name: str, *numbers: Any) -> Any:
        """One entrywise function, its parameters as they usually are."""
        return self._applied(apply(name, *_ARGUMENTS[: len(numbers)]), numbers)

    def _applied(self, node: Application, numbers: Sequence[Any]) -> Any:
        """By the rule of this kind of number, else by the definition, else by the branch that the sign decides."""
        rule = self.arithmetic.functions.get(node.operation.name)
        if rule is not None:
            return rule(*numbers, *(None if value is None else self.constant(value) for value in node.parameters))
        plain = Application(node.operation, _ARGUMENTS[: len(numbers)], node.parameters)
        inner = Evaluation(self.arithmetic, dict(zip(("a", "b"), numbers, strict=False)), {})
        simpler = defined(plain)
        if simpler is not None:
            return inner.of(simpler)[0][0]
        pair = branches(plain)
        if pair is None:
            raise NotHeld(f"{node.operation.name} cannot be checked here")
        below, above = ((lambda branch=branch: inner.of(branch)[0][0]) for branch in pair)
        at_zero = None
        if node.operation.jumps:
            at_zero = self.constant(node.operation.value(np, np.zeros(1), **node.named_parameters).item())
        return self.arithmetic.choose(inner.of(side(plain))[0][0], below, at_zero, above)

    def constant(self, value: Any) -> Any:
        """A constant of an operation."""
        return self.arithmetic.number(exact(value)) if isinstance(value, int | float | Fraction) else value

    def total(self, numbers: list[Any]) -> Any:
        """The sum."""
        result = self.arithmetic.number(Fraction(0))
        for each in numbers:
            result = self.call("add", result, each)
        return result


def exact(value: int | float | Fraction) -> Fraction:
    """The number as it was written: 0.1 is one tenth."""
    return Fraction(str(value)) if isinstance(value, float) else Fraction(value)


def _groups(value: Value, axis: Any) -> list[list[Any]]:
    """The entries that are taken together: all, those of each column, those of each row."""
    if axis is None:
        return [[each for row in value for each in row]]
    return [list(column) for column in zip(*value, strict=True)] if axis == -2 else [list(row) for row in value]


def _laid_out(groups: list[list[Any]], axis: Any, shape: tuple[int, ...]) -> Value:
    """Groups of the same size as before in their places."""
    if axis == -2:
        return [list(row) for row in zip(*groups, strict=True)]
    if axis is not None:
        return groups
    columns = shape[1] if shape else 1
    return [groups[0][start : start + columns] for start in range(0, len(groups[0]), columns)]


def _reduced(results: list[Any], axis: Any) -> Value:
    return [results] if axis == -2 else [[result] for result in results]


def _matmul(run: Evaluation, node: Application, values: list[Value]) -> Value:
    left, right = values
    columns = list(zip(*right, strict=True))

    def product(row: list[Any], column: tuple[Any, ...]) -> Any:
        return run.total([run.call("multiply", a, b) for a, b in zip(row, column, strict=True)])

    return [[product(row, column) for column in columns] for row in left]


def _transpose(run: Evaluation, node: Application, values: list[Value]) -> Value:
    return [list(column) for column in zip(*values[0], strict=True)]


def _matrix(run: Evaluation, node: Application, values: list[Value]) -> Value:
    rows, columns = node.shape
    flat = [value[0][0] for value in values]
    return [flat[row * columns : (row + 1) * columns] for row in range(rows)]


def _sum(run: Evaluation, node: Application, values: list[Value]) -> Value:
    axis = node.parameters[0]
    return _reduced([run.total(group) for group in _groups(values[0], axis)], axis)


def _mean(run: Evaluation, node: Application, values: list[Value]) -> Value:
    axis = node.parameters[0]
    groups = _groups(values[0], axis)
    return _reduced([run.call("divide", run.total(group), run.constant(len(group))) for group in groups], axis)


def _softmax(run: Evaluation, node: Application, values: list[Value]) -> Value:
    axis = node.parameters[0]
    shares = []
    for group in _groups(values[0], axis):
        powers = [run.call("exp", each) for each in group]
        total = run.total(powers)
        shares.append([run.call("divide", power, total) for power in powers])
    return _laid_out(shares, axis, node.shape)


def _logsumexp(run: Evaluation, node: Application, values: list[Value]) -> Value:
    axis = node.parameters[0]
    groups = _groups(values[0], axis)
    return _reduced([run.call("log", run.total([run.call("exp", each) for each in group])) for group in groups], axis)


def _log_softmax(run: Evaluation, node: Application, values: list[Value]) -> Value:
    return [[run.call("log", each) for each in row] for row in _softmax(run, node, values)]


def _squared_norm(run: Evaluation, node: Application, values: list[Value]) -> Value:
    return [[run.total([run.call("power", each, run.constant(2)) for row in values[0] for each in row])]]


_SPECIAL: dict[str, Callable[[Evaluation, Application, list[Value]], Value]] = {
    "matmul": _matmul,
    "transpose": _transpose,
    "matrix": _matrix,
    "sum": _sum,
    "mean": _mean,
    "softmax": _softmax,
    "logsumexp": _logsumexp,
    "log_softmax": _log_softmax,
    "squared_norm": _squared_norm,
}
