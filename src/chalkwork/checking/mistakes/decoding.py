"""Mistakes in the scores of a search: what is multiplied and what is added, and the words before the last one."""

from __future__ import annotations

from collections.abc import Iterator

from chalkwork.algebra.expression import Expression, Name, Number, apply
from chalkwork.checking.mistakes.context import Context
from chalkwork.checking.mistakes.entry import Mistake
from chalkwork.checking.mistakes.structure import is_operation
from chalkwork.derivation.derivation import Equation


def _parts(equation: Equation) -> tuple[Expression, Expression] | None:
    """The score before and the probability of the last word, where the equation is the score of a search."""
    score = equation.expression
    if equation.stage.id != "search" or not is_operation(score, "add", "multiply"):
        return None
    before, last = score.arguments
    if is_operation(last, "log"):
        last = last.arguments[0]
    return (before, last) if isinstance(before, Name) and isinstance(last, Number) else None


def _other_sign(equation: Equation, context: Context) -> Iterator[Expression]:
    parts = _parts(equation)
    if parts is not None:
        before, last = parts
        yield before + last if is_operation(equation.expression, "multiply") else before * apply("log", last)


def _last_alone(equation: Equation, context: Context) -> Iterator[Expression]:
    parts = _parts(equation)
    if parts is not None:
        yield parts[1] if is_operation(equation.expression, "multiply") else apply("log", parts[1])


MISTAKES = (
    Mistake(
        id="scores-added-or-multiplied",
        title="Probabilities were added, or logarithms multiplied",
        explanation="<this> comes of the score before by the other sign: probabilities of words that follow one "
        "another are multiplied, their logarithms are added.",
        hint="How likely are two words in a row, if the second is so likely after the first?",
        likelihood=7,
        rewrites=_other_sign,
    ),
    Mistake(
        id="last-word-alone",
        title="The score of the last word alone",
        explanation="<this> is that of the last word alone; the words before it count too.",
        hint="A hypothesis is all of its words. What was its score before the last one?",
        likelihood=7,
        rewrites=_last_alone,
    ),
)
