"""The value of an expression over any kind of number, and what has to be worked out before: derivatives, definitions.

The numbers are SymPy's, or fractions and intervals (`precise`). A matrix is evaluated entry by entry
(`algebra.entries`), so that only numbers are ever met. Derivatives are worked out by the rules of the table of
operations, so that what is left can be evaluated anywhere: the chain rule over scalar expressions, Griewank and
Walther, Evaluating Derivatives, section 2.

Sums over an index from 1 to a number that has a letter have as many terms as it is, and both sides of a relation are
linear in such sums. So it holds for all numbers x_1, ..., x_n if and only if it holds where they are all equal: then a
sum of A(x_i) is n A(x), n A(x) + B = 0 for every x makes A the constant -B/n, and the sum of n such constants is -B
whatever the x_i are; likewise for a bound. So what is verified is the relation with n times the summand in the place of
each sum; what would not be linear is refused.
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
from chalkwork.algebra.expression import (
    Application,
    Expression,
    Name,
    Number,
    apply,
    check_written,
    names_in,
    replace,
    transform,
    walk,
)
from chalkwork.algebra.reading.written import is_derivative, no_value
from chalkwork.algebra.simplify import simplify
from chalkwork.derivation.differentiate import gradient
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
        if is_derivative(node) or "'" in name:
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


_KEPT = ("add", "subtract", "negative", "multiply", "divide", "derivative", "partial", "series")


def is_series(node: Expression) -> bool:
    """Whether it is a sum to a letter."""
    return isinstance(node, Application) and node.operation.name == "series"


def has_series(expression: Expression) -> bool:
    """Whether a sum to a letter occurs in it."""
    return any(map(is_series, walk(expression)))


def of_equal_numbers(expression: Expression) -> Expression:
    """The expression with n times the summand for every sum to n."""

    def rule(node: Expression) -> Expression | None:
        if not isinstance(node, Application) or not is_series(node):
            return None
        body, upper = node.arguments
        return upper * body

    return transform(expression, rule)


def in_summands(expression: Expression, rule: Callable[[Expression], Expression]) -> Expression:
    """A sum with its summand exchanged for what the rule makes of it."""
    assert isinstance(expression, Application)
    body, upper = expression.arguments
    return Application(expression.operation, (rule(body), upper), expression.parameters)


def uppers(expression: Expression) -> list[str]:
    """The letters to which sums go."""
    found = [node.arguments[1] for node in walk(expression) if isinstance(node, Application) and is_series(node)]
    return [name.name for name in found if isinstance(name, Name)]


def check_linear(*sides: Expression) -> None:
    """Raise ChalkworkError where the sides of a relation are not linear in its sums, or an index stands outside."""
    nodes = [node for side in sides for node in walk(side)]
    indices = {chr(int(str(node.parameters[0]))) for node in nodes if isinstance(node, Application) and is_series(node)}
    if len(indices) > 1:
        raise ChalkworkError("sums to a letter have one index here", hint=f"write {min(indices)} in all of them")
    for index in indices:
        for one in sides:
            _check(one, index)


def _check(node: Expression, index: str) -> None:
    if isinstance(node, Name) and index in node.name.partition("_")[2]:
        raise ChalkworkError(f"{node} stands outside of the sum over {index}", hint="put it into a sum, or rename it")
    if not isinstance(node, Application):
        return
    if is_series(node):
        body = node.arguments[0]
        if has_series(body):
            raise ChalkworkError("a sum to a letter inside of another one is not read here")
        if Name(index) in names_in(body):
            raise ChalkworkError(
                f"the index {index} stands for itself in the sum; only x_{index} and the like are read"
            )
        return
    inside = [has_series(argument) for argument in node.arguments]
    name = node.operation.name
    if sum(inside) and (
        name not in _KEPT or (name == "multiply" and sum(inside) > 1) or (name == "divide" and inside[1])
    ):
        raise ChalkworkError(
            "only what is linear in a sum to a letter is read here", hint="name the sum, or give its terms"
        )
    for argument in node.arguments:
        _check(argument, index)


MOST_NODES = 4000
_ARGUMENT = Name("argument of a function")
ZERO, ONE = Number(0), Number(1)


def worked_out(expression: Expression, definitions: Definitions) -> Expression:
    """The expression in operations of the table only: defined functions put in, derivatives taken.

    Raises ChalkworkError where something cannot be differentiated.

    >>> from chalkwork.algebra.reading import read_formula
    >>> print(worked_out(read_formula("d/dx x^3", {"x": Name("x")}), {}))
    3 * x^2
    """

    def rule(node: Expression) -> Expression | None:
        if not isinstance(node, Application):
            return None
        name = node.operation.name
        if is_derivative(node):
            body, variable = node.arguments
            return slope(worked_out(body, definitions), variable)
        if name in definitions:
            parameter, body = definitions[name]
            return worked_out(replace(body, {Name(parameter): node.arguments[0]}), definitions)
        if "'" in name:
            return _primed(name, worked_out(node.arguments[0], definitions), definitions)
        return None

    found = transform(expression, rule)
    check_written(found, MOST_NODES)
    return found


def exactly(expression: Expression) -> Expression:
    """The expression with decimals as the fractions that were typed: 0.1 is one tenth."""

    def rule(node: Expression) -> Expression | None:
        return Number(exact(node.value)) if isinstance(node, Number) and isinstance(node.value, float) else None

    return transform(expression, rule)


def _primed(name: str, argument: Expression, definitions: Definitions) -> Expression:
    function, order = name.rstrip("'"), len(name) - len(name.rstrip("'"))
    if function in definitions:
        parameter, body = definitions[function]
        result = worked_out(replace(body, {Name(parameter): _ARGUMENT}), definitions)
    else:
        result = apply(function, _ARGUMENT)
    for _ in range(order):
        result = slope(result, _ARGUMENT)
    return replace(result, {_ARGUMENT: argument})


def slope(expression: Expression, variable: Expression) -> Expression:
    """The derivative of a number by a name, simplified; term by term in sums to a letter, which it is linear in.

    Raises ChalkworkError where something has no derivative, such as a function of which nothing is known.
    """
    check_written(expression, MOST_NODES)
    moving = [node for node in walk(expression) if isinstance(node, Application) and variable in names_in(node)]
    sums: dict[Expression, Name] = {
        node: Name(f"sum {number}") for number, node in enumerate(filter(is_series, moving))
    }
    for node in moving:
        if node.operation.value is no_value and node not in sums:
            raise ChalkworkError(f"the derivative of {node.operation.name} is not taken here")
    plain = replace(expression, sums)
    found: Expression = gradient(plain, variable)
    for series, name in sums.items():
        found = found + gradient(plain, name) * in_summands(series, lambda body: slope(body, variable))
    return simplify(exactly(found))


def put_in(expression: Expression, quantities: Mapping[str, Expression]) -> Expression:
    """Quantities that were defined, such as e = c d, exchanged for what they are.

    The variable of a derivative is not: it is what the derivative is taken by.
    """

    def expanded(node: Expression, kept: frozenset[Expression]) -> Expression:
        def rule(part: Expression) -> Expression | None:
            if part in kept:
                return part
            if isinstance(part, Name) and part.name in quantities:
                return expanded(quantities[part.name], kept)
            if is_derivative(part):
                body, variable = part.arguments
                return Application(part.operation, (expanded(body, kept | {variable}), variable), ())
            return None

        return transform(node, rule)

    def outside(node: Expression) -> Expression | None:
        if is_derivative(node):
            body, variable = node.arguments
            inside = expanded(body, frozenset((variable,)))
            if isinstance(variable, Name) and variable.name in quantities:
                return transform(slope(inside, variable), outside)  # the derivative is that at the quantity's own value
            return Application(node.operation, (inside, variable), ())
        if isinstance(node, Name) and node.name in quantities:
            return transform(quantities[node.name], outside)
        return None

    return transform(expression, outside)
