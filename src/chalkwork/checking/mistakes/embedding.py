"""Mistakes with embeddings: which row is a token's, what a token that stands twice learns, neighbours and strangers."""

from __future__ import annotations

from collections.abc import Iterator

from chalkwork.algebra.expression import Application, Expression, Number, apply, names_in, replace, transform
from chalkwork.algebra.reading.written import matrix
from chalkwork.checking.mistakes.context import Context
from chalkwork.checking.mistakes.entry import Mistake
from chalkwork.checking.mistakes.structure import has_operation, is_operation, summands
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


def _all_neighbours(equation: Equation, context: Context) -> Iterator[Expression]:
    """The logarithms of sigmoids of products, without the minus that words drawn at random have."""

    def positive(node: Expression) -> Expression | None:
        if is_operation(node, "sigmoid") and is_operation(node.arguments[0], "negative"):
            return apply("sigmoid", node.arguments[0].arguments[0])
        return None

    if equation.derivative is None and has_operation(equation.expression, "log"):
        changed = transform(equation.expression, positive)
        if changed != equation.expression:
            yield changed


def _other_answer(equation: Equation, context: Context) -> Iterator[Expression]:
    """What the sigmoid says minus 1 for minus 0, and the other way round."""
    slope = equation.expression
    if equation.derivative is not None and is_operation(slope, "sigmoid"):
        yield slope - 1
    elif equation.derivative is not None and is_operation(slope, "subtract"):
        share, answer = slope.arguments
        if is_operation(share, "sigmoid") and answer == Number(1):
            yield share


def _not_averaged(equation: Equation, context: Context) -> Iterator[Expression]:
    """The sum of several vectors for their mean."""
    if equation.derivative is None and is_operation(equation.expression, "divide"):
        total, count = equation.expression.arguments
        if is_operation(total, "add") and count == Number(len(summands(total))):
            yield total


MISTAKES = (
    Mistake(
        id="negative-sample-as-neighbour",
        title="A word drawn at random was taken for a neighbour",
        explanation="In <this> the words drawn at random stand as the true neighbour does: theirs is the sigmoid of "
        "minus the score.",
        hint="How large should the score of a word be that was drawn at random?",
        likelihood=7,
        rewrites=_all_neighbours,
    ),
    Mistake(
        id="answer-of-other-kind",
        title="The right answer was taken for the other one",
        explanation="<this> is what the sigmoid says minus what it should say; 1 and 0 were exchanged there.",
        hint="Is this the score of a true neighbour or of a word drawn at random? What is the right answer of each?",
        likelihood=7,
        rewrites=_other_answer,
    ),
    Mistake(
        id="vectors-not-averaged",
        title="The vectors were added up, not averaged",
        explanation="<this> holds the sum; it was not divided by how many there are.",
        hint="How many are added? A mean lies between the smallest and the largest of them.",
        likelihood=7,
        rewrites=_not_averaged,
    ),
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
