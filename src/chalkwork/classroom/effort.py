"""How much work a variant is by hand: the operations of its equations, counted on its own numbers.

A product by 0, 1 or -1 is none, a sign has to be watched, every digit of a given is carried, an exponential needs the
calculator. The unit is one product of two numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chalkwork.algebra.entries import split_entry
from chalkwork.algebra.expression import Application, Constant, Expression, Name, Number
from chalkwork.classroom.batch import Array, Bench, Values
from chalkwork.classroom.groups import Layout
from chalkwork.derivation.evaluate import applied

A_TERM, A_SIGN, A_DIGIT, A_QUOTIENT, A_FUNCTION, A_CASE = 0.25, 0.1, 0.05, 1.5, 2.0, 0.1
_FREE = frozenset(
    (
        "negative",
        "transpose",
        "reshape",
        "broadcast",
        "diag",
        "diagonal",
        "entry",
        "placed",
        "split_heads",
        "join_heads",
        "one_hot",
    )
)


def effort(bench: Bench, values: Values) -> Array:
    """The work of every candidate, for all equations that the exercises show."""
    known: dict[Expression, Any] = {}
    total = np.zeros(max(len(value) for value in values.values()))
    names = [split_entry(equation.name)[0] for one in bench.exercises for equation in one.equations]
    for name in dict.fromkeys(names):
        for node in dict.fromkeys(_applications(bench.derivation[name].expression)):
            if node not in known:
                total = total + _cost(node, values, known)
    return np.asarray(total)


def _applications(expression: Expression) -> list[Application]:
    """The operations, what they are applied to first."""
    if not isinstance(expression, Application):
        return []
    return [*(node for each in expression.arguments for node in _applications(each)), expression]


def _cost(node: Application, values: Values, known: dict[Expression, Any]) -> Array:
    arguments = [_value(each, values, known) for each in node.arguments]
    with np.errstate(all="ignore"):
        known[node] = np.asarray(applied(np, node, arguments))
    name = node.operation.name
    if name == "matmul":
        return _of_products(arguments[0], arguments[1])
    if name == "multiply":
        trivial = [np.isin(np.abs(each), (0.0, 1.0)) for each in arguments]
        products = ~(trivial[0] | trivial[1])
        negative = products & ((arguments[0] < 0) | (arguments[1] < 0))
        return _sum(products) + A_SIGN * _sum(negative)
    if name in ("add", "subtract"):
        both = (arguments[0] != 0) & (arguments[1] != 0)
        return np.asarray(A_TERM * _sum(both))
    if name in _FREE:
        return np.zeros(1)
    size = _sum(np.ones_like(known[node]))
    if name in ("sum", "mean"):
        return np.asarray(A_TERM * _sum(np.asarray(arguments[0] != 0)))
    if name == "divide":
        return np.asarray(A_QUOTIENT * size)
    return np.asarray((A_CASE if node.operation.kinks else A_FUNCTION) * size)


def _value(expression: Expression, values: Values, known: Mapping[Expression, Any]) -> Array:
    if isinstance(expression, Name):
        return values[expression.name]
    if isinstance(expression, Number | Constant):
        return np.full((1, 1, 1), float(expression.value))
    return np.asarray(known[expression])


def _of_products(left: Array, right: Array) -> Array:
    """Products that are some work, terms that are added, and signs."""
    with np.errstate(all="ignore"):
        hard = [(~np.isin(np.abs(each), (0.0, 1.0))).astype(float) for each in (left, right)]
        there = [(each != 0).astype(float) for each in (left, right)]
        negative = [(each < 0).astype(float) for each in (left, right)]
        products, terms = hard[0] @ hard[1], there[0] @ there[1]
        signs = negative[0] @ there[1] + there[0] @ negative[1] - 2 * (negative[0] @ negative[1])
    return _sum(products) + A_TERM * _sum(np.maximum(terms - 1, 0)) + A_SIGN * _sum(signs)


def _sum(found: Array) -> Array:
    return np.asarray(found.sum(axis=tuple(range(1, found.ndim))), np.float64)


def digits_carried(layout: Layout, drawn: list[Array]) -> Array:
    """The work of carrying the digits of the drawn numbers."""
    total = np.zeros(len(drawn[0]))
    for group, places in zip(layout.groups, drawn, strict=True):
        if group.alternatives:
            table = np.array([sum(map(_digits, row)) for row in group.alternatives], np.float64)
            total += table[places[:, 0]]
        else:
            total += np.array([_digits(text) for text in group.options], np.float64)[places].sum(axis=1)
    return A_DIGIT * total


def _digits(text: str) -> int:
    """The significant digits of a number as it is written."""
    return len(text.strip("-+").replace(".", "").replace("/", "").lstrip("0"))
