"""Mistakes with matrices: transposes, sums over samples, layers and entries mixed up; and rounding on the way."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations
from math import prod
from string import ascii_letters
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chalkwork.algebra.expression import Expression, Name, apply, names_in, replace, transform
from chalkwork.algebra.times import split_time
from chalkwork.checking.mistakes.context import Context, Role
from chalkwork.checking.mistakes.entry import Mistake
from chalkwork.checking.mistakes.structure import has_operation, is_operation, untransposed
from chalkwork.derivation.derivation import Equation

MOST_OTHERS = 16
MOST_EXCHANGED = 16
Exchange = tuple[NDArray[np.intp], NDArray[np.intp]]


def _weights_transposed(equation: Equation, context: Context) -> Iterator[Expression]:
    """The weights of one matrix product turned, where the product still exists and has the same shape."""
    weights: set[Expression | None] = {layer.weights for layer in context.layers(context.steps[equation.name])}
    weights = weights or {given for given in context.derivation.givens if len(given.shape) == 2}  # of a graph

    def rule(node: Expression) -> Expression | None:
        if not is_operation(node, "matmul"):
            return None
        parts = [_turned(part) if untransposed(part) in weights else transform(part, rule) for part in node.arguments]
        fits = [part.shape for part in parts] == [part.shape for part in node.arguments]
        return apply("matmul", *parts) if fits else None

    if context.role(equation) in (Role.NET, Role.ERROR, Role.GRADIENT, Role.OTHER):
        result = transform(equation.expression, rule)
        if result != equation.expression:
            yield result


def _turned(expression: Expression) -> Expression:
    inner = untransposed(expression)
    return inner if inner is not expression else expression.T


def _outer_transposed(equation: Equation, context: Context) -> Iterator[Expression]:
    expression = equation.expression
    if context.role(equation) == Role.GRADIENT and prod(expression.shape) > 1 and has_operation(expression, "matmul"):
        yield expression.T


def _not_summed(equation: Equation, context: Context) -> Iterator[Expression]:
    """The samples side by side where they are to be added up."""

    def rule(node: Expression) -> Expression | None:
        if is_operation(node, "sum", "mean") and node.parameters[0] == context.samples:
            return node.arguments[0]
        return None

    if context.role(equation) == Role.GRADIENT and context.sizes[0] > 1:
        result = transform(equation.expression, rule)
        if result != equation.expression:
            yield result


def _wrong_layer(equation: Equation, context: Context) -> Iterator[Expression]:
    layers = context.layers(context.steps[equation.name])
    if not layers:
        return
    loss = context.loss_of(equation)
    errors = [context.derivatives.get((loss.name, layer.net.name)) for layer in layers] if loss is not None else []
    weights = [layer.weights for layer in layers if layer.weights is not None]
    kinds: list[list[Name]] = [
        [name for name in (layers[0].inputs, *(layer.activation.symbol for layer in layers)) if name is not None],
        [layer.net.symbol for layer in layers],
        [error.symbol for error in errors if error is not None],
        weights,
        [layer.bias for layer in layers if layer.bias is not None],
    ]
    count = 0
    for name in names_in(equation.expression):
        for kind in kinds:
            penalised = kind is weights and context.role(equation) == Role.LOSS  # the sum of squares, of any shape
            for other in kind if name in kind else ():
                usable = (
                    _layer_of(other) != _layer_of(name)
                    and (other.shape == name.shape or penalised)
                    and context.known_before(other, equation)
                )
                if usable and count < MOST_OTHERS:
                    count += 1
                    yield replace(equation.expression, {name: other})


def _layer_of(name: Name) -> str:
    """The number of a quantity's layer: that of another gate is the same, whatever the step of a sequence."""
    return split_time(name.name)[0].lstrip(ascii_letters)


def _entries(equation: Equation, context: Context) -> Iterator[Expression]:
    if prod(equation.expression.shape) > 1:
        yield equation.expression


def _rounded_early(equation: Equation, context: Context) -> Iterator[Expression]:
    if any(context.derivation.get(name.name) is not None for name in names_in(equation.expression)):
        yield equation.expression


@lru_cache(maxsize=256)
def exchanges_of(shape: tuple[int, ...]) -> tuple[Exchange, ...]:
    """Every exchange of two rows, two columns or two entries: the places that change, counted along the rows.

    Only the first sixteen rows, columns and entries are exchanged; there is none of a single number.

    >>> [(first.tolist(), second.tolist()) for first, second in exchanges_of((2, 2))][:3]
    [([0, 1], [2, 3]), ([0, 2], [1, 3]), ([0], [1])]
    """
    places = np.arange(prod(shape)).reshape(shape or (1, 1))
    found: dict[tuple[bytes, bytes], Exchange] = {}
    for lines in (places, places.T, places.reshape(-1, 1)):
        for first, second in combinations(lines[:MOST_EXCHANGED], 2):
            found.setdefault((first.tobytes(), second.tobytes()), (first, second))
    return tuple(found.values())


def exchanged(value: Any, exchange: Exchange) -> Any:
    """The value, along any leading axes, with what is exchanged.

    >>> exchanged(np.array([[1.0], [2.0], [3.0]]), ([0], [2])).tolist()
    [[3.0], [2.0], [1.0]]
    """
    first, second = exchange
    turned = np.array(value).reshape(*np.shape(value)[:-2], -1)
    turned[..., first], turned[..., second] = turned[..., second], turned[..., first]
    return turned.reshape(np.shape(value))


MISTAKES = (
    Mistake(
        id="weights-transposed",
        title="The weight matrix was transposed",
        explanation="The weight matrix in <this> was transposed where it should not be, or not transposed where it "
        "should be.",
        hint="Take one weight and ask which two units it connects. Does it meet the right number in your product?",
        likelihood=8,
        rewrites=_weights_transposed,
    ),
    Mistake(
        id="outer-product-transposed",
        title="The gradient is transposed",
        explanation="<this> is the transpose of what it should be: the two factors of the product were exchanged.",
        hint="The gradient has the shape of the parameter, each entry in the same place.",
        likelihood=8,
        rewrites=_outer_transposed,
        reshapes=True,
    ),
    Mistake(
        id="bias-gradient-not-summed",
        title="The gradient of the bias was not summed over the samples",
        explanation="<this> holds one gradient for each sample; they were not added up.",
        hint="The bias is the same for every sample. What does that mean for its gradient, and for its shape?",
        likelihood=7,
        rewrites=_not_summed,
        reshapes=True,
    ),
    Mistake(
        id="wrong-layer",
        title="A quantity of another layer",
        explanation="In <this> the activation, error, weights or bias of another layer was used.",
        hint="Check the layer of every quantity that you put in.",
        likelihood=4,
        rewrites=_wrong_layer,
    ),
    Mistake(
        id="entries-swapped",
        title="Entries were exchanged",
        explanation="The numbers in <this> are right, but two entries, rows or columns stand in each other's place.",
        hint="Check where each number stands.",
        likelihood=3,
        rewrites=_entries,
        permutes=True,
    ),
    Mistake(
        id="rounded-early",
        title="Rounded too early",
        explanation="<this> was computed from earlier results that had been rounded to fewer digits than were given.",
        hint="Calculate with all the digits that you have, and round at the end.",
        likelihood=2,
        rewrites=_rounded_early,
        coarser_inputs=True,
    ),
)
