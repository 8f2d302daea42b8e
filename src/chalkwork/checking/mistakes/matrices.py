"""Mistakes with matrices: transposes, sums over samples, layers and entries mixed up; and rounding on the way."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations
from math import prod
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression, Name, apply, names_in, replace, transform
from chalkwork.checking.mistakes.context import Context, Role
from chalkwork.checking.mistakes.entry import Mistake
from chalkwork.checking.mistakes.structure import has_operation, is_operation, untransposed
from chalkwork.derivation.derivation import Equation

MOST_OTHERS = 16
MOST_EXCHANGED = 16


def _weights_transposed(equation: Equation, context: Context) -> Iterator[Expression]:
    """The weights of one matrix product turned, where the product still exists and has the same shape."""
    weights = {layer.weights for layer in context.layers(context.steps[equation.name])}

    def rule(node: Expression) -> Expression | None:
        if not is_operation(node, "matmul"):
            return None
        parts = [_turned(part) if untransposed(part) in weights else transform(part, rule) for part in node.arguments]
        fits = [part.shape for part in parts] == [part.shape for part in node.arguments]
        return apply("matmul", *parts) if fits else None

    if context.role(equation) in (Role.NET, Role.ERROR, Role.OTHER):
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
    kinds: list[list[Name]] = [
        [name for name in (layers[0].inputs, *(layer.activation.symbol for layer in layers)) if name is not None],
        [layer.net.symbol for layer in layers],
        [error.symbol for error in errors if error is not None],
        [layer.weights for layer in layers if layer.weights is not None],
        [layer.bias for layer in layers if layer.bias is not None],
    ]
    count = 0
    for name in names_in(equation.expression):
        for kind in kinds:
            for other in kind if name in kind else ():
                usable = other != name and other.shape == name.shape and context.known_before(other, equation)
                if usable and count < MOST_OTHERS:
                    count += 1
                    yield replace(equation.expression, {name: other})


def _entries(equation: Equation, context: Context) -> Iterator[Expression]:
    if prod(equation.expression.shape) > 1:
        yield equation.expression


def _rounded_early(equation: Equation, context: Context) -> Iterator[Expression]:
    if any(context.derivation.get(name.name) is not None for name in names_in(equation.expression)):
        yield equation.expression


def swapped(value: Any) -> Any:
    """The value with two rows, two columns or two entries exchanged, every way, along a new first axis.

    Only the first sixteen rows, columns and entries are exchanged. Nothing is left of a value that is one number.

    >>> swapped(np.array([[1.0], [2.0], [3.0]])).tolist()
    [[[2.0], [1.0], [3.0]], [[3.0], [2.0], [1.0]], [[1.0], [3.0], [2.0]]]
    """
    value = np.asarray(value)
    rows, columns = value.shape[-2:]
    orders = _exchanges(rows, columns)
    if not orders:
        return value[None][:0]
    flat = value.reshape(*value.shape[:-2], rows * columns)
    return np.stack([flat[..., order].reshape(value.shape) for order in orders])


@lru_cache(maxsize=256)
def _exchanges(rows: int, columns: int) -> list[Any]:
    """Every order of the entries, counted along the rows, that an exchange leaves; each once."""
    places = np.arange(rows * columns).reshape(rows, columns)
    orders = [places[_exchanged(rows, *pair)] for pair in combinations(range(min(rows, MOST_EXCHANGED)), 2)]
    orders += [places[:, _exchanged(columns, *pair)] for pair in combinations(range(min(columns, MOST_EXCHANGED)), 2)]
    orders += [_exchanged(places.size, *pair) for pair in combinations(range(min(places.size, MOST_EXCHANGED)), 2)]
    return list({order.tobytes(): order.reshape(-1) for order in map(np.ascontiguousarray, orders)}.values())


def _exchanged(count: int, first: int, second: int) -> Any:
    """The numbers up to `count`, two of them in each other's place."""
    order = np.arange(count)
    order[[first, second]] = second, first
    return order


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
