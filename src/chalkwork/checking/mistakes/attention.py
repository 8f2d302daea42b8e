"""Mistakes in attention: the scores, whose products are divided by the root of their length."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from chalkwork.algebra.expression import Application, Expression, Number, apply, names_in
from chalkwork.checking.mistakes.context import Context
from chalkwork.checking.mistakes.entry import Mistake, Rewrites
from chalkwork.checking.mistakes.structure import is_operation
from chalkwork.derivation.derivation import Equation


def _scaled_otherwise(change: Callable[[Expression, Expression], Expression | None]) -> Rewrites:
    """Products of two names' rows, divided by a number: what else is done with the products and the number."""

    def rewrites(equation: Equation, context: Context) -> Iterator[Expression]:
        scores = equation.expression
        if equation.derivative is None and is_operation(scores, "divide") and not scores.arguments[1].shape:
            products, length = scores.arguments
            if is_operation(products, "matmul"):
                changed = change(products, length)
                if changed is not None:
                    yield changed

    return rewrites


def _by_the_length(products: Expression, root: Expression) -> Expression | None:
    """Divided by the length itself."""
    if isinstance(root, Number):
        return products / (root.value * root.value) if root.value != 1 else None
    return products / root.arguments[0] if is_operation(root, "sqrt") else None


def _on_mask(change: Callable[[Application], Expression]) -> Rewrites:
    """What is done with a masked softmax instead."""

    def rewrites(equation: Equation, context: Context) -> Iterator[Expression]:
        shares = equation.expression
        if equation.derivative is None and is_operation(shares, "causal_softmax", "masked_softmax"):
            yield change(shares)

    return rewrites


def _one_mask_forgotten(equation: Equation, context: Context) -> Iterator[Expression]:
    """No mask; of two masks, that of padding and that of what comes later, one of them."""
    yield from _on_mask(_unmasked)(equation, context)
    shares = equation.expression
    if equation.derivative is None and is_operation(shares, "masked_softmax") and shares.named_parameters["causal"]:
        scores, seen = shares.arguments
        keys = shares.named_parameters["keys"]
        yield apply("causal_softmax", scores, keys=keys)
        yield apply("masked_softmax", scores, seen, keys=keys)


def _by_the_model(equation: Equation, context: Context) -> Iterator[Expression]:
    """Products of one head, divided by the root of the length of a query in all heads together."""
    scores = equation.expression
    if equation.derivative is not None or not is_operation(scores, "divide"):
        return
    products = scores.arguments[0]
    if is_operation(products, "matmul"):
        for name in names_in(products):
            made = context.derivation.get(name.name)
            if made is not None and is_operation(made.expression, "split_heads"):
                (inner,), (_, along) = made.expression.arguments, made.expression.parameters
                assert isinstance(along, int)
                yield products / apply("sqrt", Number(inner.shape[along]))
                return


def _unmasked(shares: Application) -> Expression:
    return apply("softmax", shares.arguments[0], axis=shares.parameters[0])


def _mask_after(shares: Application) -> Expression:
    """The softmax of all scores, of which those that nobody may see are set to zero."""
    return _unmasked(shares) * apply("step", shares)


MISTAKES = (
    Mistake(
        id="mask-forgotten",
        title="The mask was forgotten",
        explanation="In <this> positions are seen that must not be: those behind a position, or padding.",
        hint="Which positions may a position look at here? The scores of the others must get no weight.",
        likelihood=8,
        rewrites=_one_mask_forgotten,
    ),
    Mistake(
        id="mask-after-softmax",
        title="The mask came after the softmax",
        explanation="In <this> the weights of positions that must not be seen were set to zero after the softmax, so "
        "that those that are left do not sum to one.",
        hint="Do the weights of each query sum to one? Where must the mask stand so that they do?",
        likelihood=8,
        rewrites=_on_mask(_mask_after),
    ),
    Mistake(
        id="scores-not-scaled",
        title="The scores were not divided by the root of their length",
        explanation="<this> holds the products of queries and keys as they are: they were not divided.",
        hint="Products of long vectors are large. What is done against that before the softmax?",
        likelihood=8,
        rewrites=_scaled_otherwise(lambda products, root: products),
    ),
    Mistake(
        id="scores-over-model-length",
        title="The scores were divided by the root of the length in all heads",
        explanation="For <this> the products were divided by the root of how long a query is in all heads together; "
        "that of one head is shorter.",
        hint="How many entries has a query within one head?",
        likelihood=8,
        rewrites=_by_the_model,
    ),
    Mistake(
        id="scores-over-length",
        title="The scores were divided by the length instead of its root",
        explanation="For <this> the products of queries and keys were divided by their length, not by the root of it.",
        hint="Look up the number by which the products are divided: how does it grow with the length of a query?",
        likelihood=6,
        rewrites=_scaled_otherwise(_by_the_length),
    ),
)
