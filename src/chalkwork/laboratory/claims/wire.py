"""Expressions as lists of plain values, for the process that proves: only what JSON holds goes through the pipe."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from chalkwork.algebra.expression import Application, Expression, Name, Number, apply
from chalkwork.algebra.operations import TABLE
from chalkwork.algebra.reading.written import DERIVATIVE, PARTIAL, defined, matrix, prime
from chalkwork.laboratory.claims.domain import Range, end_of
from chalkwork.laboratory.claims.evaluation import exact


class Proof(NamedTuple):
    """How a relation was proved, and where its sides are equal (for a bound that is reached), as texts."""

    how: str
    equality: tuple[str, ...] = ()


def packed(expression: Expression) -> list[Any]:
    """The expression as nested lists.

    >>> packed(Name("x") + 1)
    ['add', [], ['x', []], ['1']]
    """
    if isinstance(expression, Number):
        return [str(exact(expression.value))]
    if isinstance(expression, Name):
        return [expression.name, list(expression.shape)]
    assert isinstance(expression, Application)
    name, shape = expression.operation.name, expression.shape
    parameters = list(shape) if name == "matrix" else list(expression.parameters)
    return [name, parameters, *map(packed, expression.arguments)]


def unpacked(parts: list[Any]) -> Expression:
    """The expression that `packed` made these lists of."""
    if len(parts) == 1:
        return Number(Fraction(parts[0]))
    if len(parts) == 2:
        return Name(parts[0], tuple(parts[1]))
    name, parameters = parts[0], parts[1]
    arguments = tuple(map(unpacked, parts[2:]))
    if name == "matrix":
        return Application(matrix(*parameters), arguments, ())
    if name in ("derivative", "partial"):
        return Application(DERIVATIVE if name == "derivative" else PARTIAL, arguments, ())
    if name in TABLE:
        return apply(name, *arguments, **dict(zip(TABLE[name].parameters, parameters, strict=True)))
    order = len(name) - len(name.rstrip("'"))
    return Application(prime(name.rstrip("'"), order) if order else defined(name), arguments, ())


def packed_ranges(ranges: Mapping[str, Range]) -> dict[str, list[Any]]:
    """The ranges of the names of numbers."""
    return {name: [str(given.low), str(given.high), list(given.closed), given.whole] for name, given in ranges.items()}


def unpacked_ranges(ranges: Mapping[str, list[Any]]) -> dict[str, Range]:
    """The ranges that `packed_ranges` made these lists of."""
    return {
        name: Range(end_of(low), end_of(high), (bool(closed[0]), bool(closed[1])), whole)
        for name, (low, high, closed, whole) in ranges.items()
    }
