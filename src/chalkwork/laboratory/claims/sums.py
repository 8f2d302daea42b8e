"""Sums over an index from 1 to a number that has a letter, as many terms as it is.

Both sides of a relation are linear in such sums. So it holds for all numbers x_1, ..., x_n if and only if it holds
where they are all equal: then a sum of A(x_i) is n A(x), n A(x) + B = 0 for every x makes A the constant -B/n, and the
sum of n such constants is -B whatever the x_i are; likewise for a bound. So what is verified is the relation with n
times the summand in the place of each sum; what would not be linear is refused.
"""

from __future__ import annotations

from collections.abc import Callable

from chalkwork.algebra.expression import Application, Expression, Name, names_in, transform, walk
from chalkwork.errors import ChalkworkError

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
        for side in sides:
            _check(side, index)


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
