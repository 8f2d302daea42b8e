"""What an expression looks like from outside: questions that the writer asks before it sets one."""

from __future__ import annotations

from chalkwork.algebra.expression import Application, Expression, Number
from chalkwork.algebra.numerals import Scalar, as_text


def is_sum(expression: Expression) -> bool:
    """Whether it is a sum or a difference."""
    return isinstance(expression, Application) and expression.operation.name in ("add", "subtract")


def is_summation(expression: Expression) -> bool:
    """Whether it is a sum over entries."""
    return isinstance(expression, Application) and expression.operation.name == "sum"


def starts_with_number(expression: Expression) -> bool:
    """Whether its first sign is a digit."""
    while isinstance(expression, Application) and expression.operation.infix:
        expression = expression.arguments[0]
    return isinstance(expression, Number)


def is_entry_by_entry(expression: Expression) -> bool:
    """Whether every entry of it is made of the same entries of its names."""
    if not isinstance(expression, Application):
        return True
    if not expression.operation.entrywise and expression.operation.name != "broadcast":
        return False
    return all(is_entry_by_entry(argument) for argument in expression.arguments)


def index_text(letter: str) -> str:
    """A running index below a sign of summation."""
    return {"i": "ᵢ", "k": "ₖ", "j": "ⱼ"}[letter]


def short(value: Scalar) -> str:
    """A number of a formula, as it was typed."""
    return f"{value:.15g}" if isinstance(value, float) else as_text(value)
