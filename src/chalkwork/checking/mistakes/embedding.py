"""Mistakes with embeddings: which row is a token's, and what a token that stands twice learns."""

from __future__ import annotations

from collections.abc import Iterator

from chalkwork.algebra.expression import Application, Expression, Number, apply, names_in, replace
from chalkwork.algebra.reading.written import matrix
from chalkwork.checking.mistakes.context import Context
from chalkwork.checking.mistakes.entry import Mistake
from chalkwork.checking.mistakes.structure import is_operation
from chalkwork.derivation.derivation import Equation

MOST_POSITIONS = 32


def _next_row(equation: Equation, context: Context) -> Iterator[Expression]:
    """The rows before and behind."""
    chosen = equation.expression
    if is_operation(chosen, "one_hot"):
        for away in (1, -1):
            yield Application(chosen.operation, (chosen.arguments[0] + away,), chosen.parameters)


def _overwritten(equation: Equation, context: Context) -> Iterator[Expression]:
    """Of a token that stands several times the last place alone."""
    if equation.derivative is None:
        return
    for name in names_in(equation.expression):
        made = context.derivation.get(name.name)
        if made is None or not is_operation(made.expression, "one_hot"):
            continue
        along = made.expression.named_parameters["along"]
        places = name.shape[-2 if along == -1 else -1]
        if places > MOST_POSITIONS:
            continue
        later = _later(places) @ name if along == -1 else name @ _later(places).T
        yield replace(equation.expression, {name: name * (1 - apply("step", later, at_zero=0))})


def _later(places: int) -> Expression:
    """1 wherever the column stands behind the row."""
    entries = tuple(Number(int(column > row)) for row in range(places) for column in range(places))
    return Application(matrix(places, places), entries, ())


MISTAKES = (
    Mistake(
        id="token-of-next-row",
        title="The row of a neighbouring token",
        explanation="For <this> tokens were counted from another number: every one got the row beside its own.",
        hint="With which number does the vocabulary begin?",
        likelihood=7,
        rewrites=_next_row,
    ),
    Mistake(
        id="gradient-of-last-place",
        title="A token that stands several times learned from its last place alone",
        explanation="In <this> the errors of a token that stands at several places were not added up: the last one "
        "took the place of those before.",
        hint="Which errors come back to the row of a token that stands twice?",
        likelihood=7,
        rewrites=_overwritten,
    ),
)
