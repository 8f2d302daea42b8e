"""Formulas with numbers put in, parts of which are worked out first: what would be long or high is its value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

from chalkwork.algebra.expression import Application, Expression, Name, names_in, transform, walk
from chalkwork.derivation.evaluate import evaluate

Values = Mapping[str, Any]
MOST_PARTS = 300
CONDITIONS = ("step", "leaky_step")


def gates_worked_out(expression: Expression, values: Values) -> tuple[Expression, dict[str, Any]]:
    """Slopes that depend on a condition as their values, which say more than the condition; and those values by name.

    >>> import numpy as np
    >>> from chalkwork.algebra.expression import apply
    >>> z = Name("z", (2, 1))
    >>> form, found = gates_worked_out(Name("g", (2, 1)) * (1 - apply("step", z)), {"z": np.array([[1.0], [-1.0]])})
    >>> [value.tolist() for value in found.values()]
    [[[0.0], [1.0]]]
    """
    if not _holds_condition(expression):
        return expression, {}
    return _worked_out(expression, values, lambda node: _has_condition(node) and _is_of_one_name(node))


def parts_worked_out(expression: Expression, values: Values) -> tuple[Expression, dict[str, Any]]:
    """Sums over entries, and functions of the entries of one name, as their values; and those values by name."""
    return _worked_out(expression, values, lambda node: _is_sum(node) or _is_of_one_name(node))


def factors_worked_out(expression: Expression, values: Values) -> tuple[Expression, dict[str, Any]]:
    """What stands in parentheses, and products of matrices, as values; and those values by name."""
    return _worked_out(expression, values, lambda node: node.operation.name in ("add", "subtract", "matmul"))


def _worked_out(
    expression: Expression, values: Values, is_worked_out: Callable[[Application], bool]
) -> tuple[Expression, dict[str, Any]]:
    found: dict[str, Any] = {}
    if next(islice(walk(expression), MOST_PARTS, None), None) is not None:
        return expression, found  # a sum of thousands is broken into lines, and shown by its ends

    def rule(node: Expression) -> Expression | None:
        if node is expression or not isinstance(node, Application) or not is_worked_out(node):
            return None
        name = f"part {len(found) + 1}"
        found[name] = evaluate(node, values)
        return Name(name, node.shape)

    return transform(expression, rule), found


def _is_sum(node: Application) -> bool:
    inner = node.arguments[0] if node.operation.name == "broadcast" else node
    return isinstance(inner, Application) and inner.operation.name == "sum"


def _is_of_one_name(node: Application) -> bool:
    parts = [part for part in walk(node) if isinstance(part, Application)]
    return node.operation.arity > 0 and len(names_in(node)) == 1 and all(part.operation.entrywise for part in parts)


def _has_condition(node: Application) -> bool:
    return node.operation.name not in CONDITIONS and _holds_condition(node)  # alone it is written by itself


@lru_cache(maxsize=1024)
def _holds_condition(expression: Expression) -> bool:
    return any(isinstance(part, Application) and part.operation.name in CONDITIONS for part in walk(expression))
