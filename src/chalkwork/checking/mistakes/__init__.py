"""Mistakes as rewrites of equations: one table, an entry each.

`entry` says what an entry holds, `context` what a mistake can ask about the derivation. The entries stand by kind:
`forward`, `embedding`, `attention`, `losses`, `errors`, `chains`, `quantities`, `products`, `matrices`, `layers`,
`penalties`, `updates`, `corrections`, `optimisers`, `newton`, `estimates`, `series`, `presentation`, `recurrence`,
`decoding`, `windows`, `counts`. `search` groups the rewrites of an equation by what they come to, `words` says them.
`equivalents` is the opposite: rewrites that are right.
"""

from __future__ import annotations

from functools import lru_cache

from chalkwork.algebra.expression import Expression
from chalkwork.checking.mistakes import (
    attention,
    chains,
    corrections,
    counts,
    decoding,
    embedding,
    errors,
    estimates,
    forward,
    layers,
    losses,
    matrices,
    newton,
    optimisers,
    penalties,
    presentation,
    products,
    quantities,
    recurrence,
    search,
    series,
    updates,
    windows,
)
from chalkwork.checking.mistakes import equivalents as other_forms
from chalkwork.checking.mistakes.context import Context, Layer, Role
from chalkwork.checking.mistakes.entry import Mistake
from chalkwork.checking.mistakes.matrices import exchanged, exchanges_of
from chalkwork.checking.mistakes.search import Found, FoundPairs, combinations
from chalkwork.checking.mistakes.words import explanation, in_language
from chalkwork.derivation.derivation import Derivation, Equation

__all__ = [
    "TABLE",
    "Context",
    "Found",
    "FoundPairs",
    "Layer",
    "Mistake",
    "Role",
    "combinations",
    "context_of",
    "distinct",
    "distinct_pairs",
    "equivalents",
    "exchanged",
    "exchanges_of",
    "explanation",
    "in_language",
]

_PARTS = (forward, embedding, attention, losses, errors, matrices, newton, updates, estimates, series, chains,
          quantities, products, layers, recurrence, corrections, optimisers, penalties, presentation, decoding, windows,
          counts)  # fmt: skip

TABLE: dict[str, Mistake] = {
    mistake.id: mistake
    for mistake in sorted(
        (one for part in _PARTS for one in part.MISTAKES),
        key=lambda mistake: -mistake.likelihood,
    )
}
"""Every mistake by its id, the likeliest first."""


def distinct(equation: Equation, context: Context) -> Found:
    """What each mistake makes of the equation, simplified, with the ids that it may be; the likeliest first.

    Ids that stand together cannot be told apart on this equation; rewrites that come to the right expression are
    left out, and so are the mistakes that are none (`permutes`, `coarser_inputs`).

    >>> from chalkwork.algebra.expression import Name
    >>> from chalkwork.derivation.derivation import Derivation, Stage
    >>> W, dW, eta = Name("W1", (3, 2)), Name("dW1", (3, 2)), Name("eta")
    >>> update = Equation("W1_new", W - eta * dW, Stage.UPDATE)
    >>> for expression, ids in distinct(update, Context(Derivation((W, dW, eta), (update,)))):
    ...     print(expression, *ids)
    W1 + eta * dW1 ascent
    W1 - dW1 learning-rate-omitted
    W1 not-updated
    W1 - eta^2 * dW1 learning-rate-squared
    W1 - 10 * eta * dW1 learning-rate-times-ten
    W1 - (1/10) * eta * dW1 learning-rate-times-ten
    """
    found = context.known_rewrites.get(equation.name)
    if found is None:
        found = search.single(tuple(TABLE.values()), equation, context)
        context.known_rewrites[equation.name] = found
    return found


def distinct_pairs(equation: Equation, context: Context, most: int = search.MOST_PAIRS) -> FoundPairs:
    """What two different mistakes at once make of the equation, with the pairs that it may be; at most so many.

    What one mistake alone explains is left out.
    """
    found = context.known_pairs.get((equation.name, most))
    if found is None:
        found = search.double(tuple(TABLE.values()), equation, context, most)
        context.known_pairs[equation.name, most] = found
    return found


def equivalents(equation: Equation, context: Context) -> list[Expression]:
    """Other right-hand sides that are equally right, and differ where an earlier step is wrong.

    >>> from chalkwork import Graph
    >>> derivation = Graph("z = w * x; a = sigmoid(z); L = a^2").solve(w=1, x=2).derivation
    >>> print(derivation["da/dz"].expression, *equivalents(derivation["da/dz"], Context(derivation)))
    a * (1 - a) sigmoid(z) * (1 - sigmoid(z))
    """
    found = context.known_equivalents.get(equation.name)
    if found is None:
        found = context.known_equivalents[equation.name] = other_forms.equivalents(equation, context)
    return found


@lru_cache(maxsize=64)
def context_of(derivation: Derivation, samples: int | None) -> Context:
    """The context of a derivation, kept with what has been found in it: the same exercise comes again and again."""
    return Context(derivation, samples)
