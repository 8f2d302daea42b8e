"""The value of an expression over any kind of number: SymPy's, or fractions and intervals (`precise`).

A matrix is evaluated entry by entry (`algebra.entries`), so that only numbers are ever met. Functions that somebody
defined are evaluated by their bodies, derivatives by what the kind of number offers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from chalkwork.algebra.definitions import branches, defined, side
from chalkwork.algebra.entries import entry
from chalkwork.algebra.expression import Application, Expression, Name, Number, apply
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.claims.domain import flat

_ARGUMENTS = (Name("a"), Name("b"))
Definitions = Mapping[str, tuple[str, Expression]]


class Undefined(ArithmeticError):
    """A side has no value at a point; the message says why."""


class Proof(NamedTuple):
    """How a relation was proved, and where its sides are equal (for a bound that is reached), as texts."""

    how: str
    equality: tuple[str, ...] = ()


class NotHeld(ChalkworkError):
    """An operation that this kind of number does not have."""


@dataclass(frozen=True)
class Arithmetic:
    """A kind of number: its rules for entrywise functions, by the names of the table, and how derivatives are taken.

    A function without a rule goes by its definition or its branches in the table.
    """

    number: Callable[[Fraction], Any]
    functions: Mapping[str, Callable[..., Any]]
    differentiate: Callable[[Evaluation, Application], Any]
    choose: Callable[[Any, Callable[[], Any], Any, Callable[[], Any]], Any]
    """By the sign of a number: what is below zero, what is at zero (None: what is above), what is above."""


class Evaluation:
    """Evaluates expressions; `known` gives every scalar name its value."""

    def __init__(self, arithmetic: Arithmetic, known: Mapping[str, Any], definitions: Definitions) -> None:
        self.arithmetic = arithmetic
        self.known = dict(known)
        self.definitions = definitions
        self.values: dict[Expression, Any] = {}

    def entries(self, expression: Expression) -> list[Any]:
        """The values of the entries, row by row; Undefined where one has none."""
        return [self.of(each) for each in _entries(expression)]

    def of(self, number: Expression) -> Any:
        """The value of a number; Undefined where there is none."""
        found = self.values.get(number)
        if found is None:
            found = self.values[number] = self._of(number)
        return found

    def _of(self, node: Expression) -> Any:
        if isinstance(node, Number):
            return self.arithmetic.number(exact(node.value))
        if isinstance(node, Name):
            name = flat(entry(node, 0, 0))
            if name not in self.known:
                raise ChalkworkError(f"{name} has no value")
            return self.known[name]
        assert isinstance(node, Application)
        name = node.operation.name
        if name in ("derivative", "partial") or "'" in name:
            return self.arithmetic.differentiate(self, node)
        if name in self.definitions:
            return self.applied(name, self.of(node.arguments[0]))
        if node.operation.entrywise:
            return self._applied(node, [self.of(argument) for argument in node.arguments])
        simpler = entry(node, 0, 0)
        if simpler == node:
            raise NotHeld(f"{name} cannot be checked here")
        return self.of(simpler)

    def applied(self, function: str, value: Any) -> Any:
        """A defined function of a number."""
        parameter, body = self.definitions[function]
        return Evaluation(self.arithmetic, {**self.known, parameter: value}, self.definitions).of(body)

    def call(self, name: str, *numbers: Any) -> Any:
        """One entrywise function, its parameters as they usually are."""
        return self._applied(apply(name, *_ARGUMENTS[: len(numbers)]), numbers)

    def _applied(self, node: Application, numbers: Sequence[Any]) -> Any:
        """By the rule of this kind of number, else by the definition, else by the branch that the sign decides."""
        rule = self.arithmetic.functions.get(node.operation.name)
        if rule is not None:
            return rule(*numbers, *(None if value is None else self._constant(value) for value in node.parameters))
        plain = Application(node.operation, _ARGUMENTS[: len(numbers)], node.parameters)
        inner = Evaluation(self.arithmetic, dict(zip(("a", "b"), numbers, strict=False)), {})
        simpler = defined(plain)
        if simpler is not None:
            return inner.of(simpler)
        pair = branches(plain)
        if pair is None:
            raise NotHeld(f"{node.operation.name} cannot be checked here")
        below, above = ((lambda branch=branch: inner.of(branch)) for branch in pair)
        at_zero = None
        if node.operation.jumps:
            at_zero = self._constant(node.operation.value(np, np.zeros(1), **node.named_parameters).item())
        return self.arithmetic.choose(inner.of(side(plain)), below, at_zero, above)

    def _constant(self, value: Any) -> Any:
        """A constant of an operation."""
        return self.arithmetic.number(exact(value)) if isinstance(value, int | float | Fraction) else value


@lru_cache(maxsize=256)
def _entries(expression: Expression) -> tuple[Expression, ...]:
    """The entries of an expression, row by row; a number is its own."""
    return tuple(entry(expression, *place) for place in product(*map(range, expression.shape or (1, 1))))


def exact(value: int | float | Fraction) -> Fraction:
    """The number as it was written: 0.1 is one tenth."""
    return Fraction(str(value)) if isinstance(value, float) else Fraction(value)
