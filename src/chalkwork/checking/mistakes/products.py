"""Mistakes in products and sums: of entries for those of matrices, over the wrong axis, too many or none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from math import prod

from chalkwork.algebra.expression import (
    Application,
    Expression,
    Name,
    Number,
    apply,
    names_in,
    rebuild,
    replace,
    transform,
    walk,
)
from chalkwork.checking.mistakes.context import LAST_SAMPLE, Context, Layer, Role
from chalkwork.checking.mistakes.entry import Mistake
from chalkwork.checking.mistakes.errors import error_factors, slope_of
from chalkwork.checking.mistakes.losses import one_sample_only
from chalkwork.checking.mistakes.structure import is_operation, updated_parameter
from chalkwork.derivation.derivation import Equation, Stage
from chalkwork.errors import ShapeError

MOST_PRODUCTS = 40


def attempts(builders: Iterable[Callable[[], Expression]]) -> Iterator[Expression]:
    """The expressions that can be built, those whose shapes do not fit together left out."""
    for build in builders:
        try:
            yield build()
        except ShapeError:
            continue


def _put(equation: Equation, node: Expression, build: Callable[[], Expression]) -> Expression:
    """The right-hand side with something else in the place of a part of it."""
    return replace(equation.expression, {node: build()})


def fitting(equation: Equation, builders: Iterable[Callable[[], Expression]]) -> Iterator[Expression]:
    """The expressions that can be built and have the shape that is right."""
    for result in attempts(builders):
        if result.shape == equation.expression.shape:
            yield result


def own_layer(equation: Equation, context: Context) -> Layer | None:
    """The layer whose parameter the gradient is taken by."""
    if context.role(equation) != Role.GRADIENT or equation.derivative is None:
        return None
    layers = context.layers(context.steps[equation.name])
    return next((one for one in layers if one.weights is not None and one.weights.name == equation.derivative.by), None)


# --- another product -------------------------------------------------------------------------------------------------


def _matrix_products(left: Expression, right: Expression) -> list[Callable[[], Expression]]:
    """The matrix products of two factors, either way round, either of them turned."""
    ways = [(left, right), (right, left), (left, right.T), (left.T, right), (right, left.T), (right.T, left)]
    return [partial(apply, "matmul", one, other) for one, other in ways]


def _matrix_for_elementwise(equation: Equation, context: Context) -> Iterator[Expression]:
    """A matrix product with the slope, and perhaps within it, where products of entries belong."""
    found = error_factors(equation, context)
    if found is None:
        return
    layer, upstream = found
    slope = slope_of(layer)
    if slope is None or 1 in equation.expression.shape or not equation.expression.shape:
        return
    slopes = [slope, *attempts(_squares_as_products(slope))]
    builders = [way for one in slopes for way in _matrix_products(upstream, one)]
    builders += [partial(Expression.__mul__, upstream, one) for one in slopes[1:]]
    yield from islice(fitting(equation, builders), MOST_PRODUCTS)
    yield from islice((one for one in attempts(builders) if one.shape != equation.expression.shape), MOST_PRODUCTS)


def _squares_as_products(slope: Expression) -> list[Callable[[], Expression]]:
    """The slope with matrix products in the place of its squares and products."""

    def with_(turn: Callable[[Expression, Expression], Expression]) -> Callable[[], Expression]:
        def rule(node: Expression) -> Expression | None:
            if is_operation(node, "power") and node.arguments[1] == Number(2) and node.shape:
                return turn(node.arguments[0], node.arguments[0])
            if is_operation(node, "multiply") and node.arguments[0].shape == node.arguments[1].shape != ():
                return turn(node.arguments[0], transform(node.arguments[1], rule))
            return None

        return lambda: _changed(transform(slope, rule), slope)

    return [with_(lambda one, other: one.T @ other), with_(lambda one, other: one @ other.T)]


def _changed(result: Expression, before: Expression) -> Expression:
    if result == before:
        raise ShapeError("nothing to change")
    return result


def _elementwise_for_matrix(equation: Equation, context: Context) -> Iterator[Expression]:
    """Products of entries, spread where a row or a column allows it, in the place of a matrix product."""
    if equation.derivative is None and context.role(equation) != Role.NET:
        return
    products = [node for node in dict.fromkeys(walk(equation.expression)) if is_operation(node, "matmul")]
    for node in [one for one in products if one.arguments[0].shape[-1] > 1][:2]:
        left, right = node.arguments
        ways = [(left, right), (left, right.T), (left.T, right), (left.T, right.T)]
        builders = [partial(_put, equation, node, partial(Expression.__mul__, *way)) for way in ways]
        yield from (one for one in attempts(builders) if prod(one.shape) > 1 or not prod(equation.expression.shape) > 1)


# --- sums ------------------------------------------------------------------------------------------------------------


def _not_summed(equation: Equation, context: Context) -> Iterator[Expression]:
    """Every sample's own gradient of the weights, where a row or a column holds them; or the last one's alone, which
    took the place of the others.
    """
    if context.role(equation) == Role.GRADIENT:
        yield from one_sample_only(LAST_SAMPLE, equation, context)
    old = updated_parameter(equation) if equation.stage == Stage.UPDATE else None
    for name in names_in(equation.expression) if old is not None else ():
        source = context.derivation.get(name.name)
        if source is not None and context.role(source) == Role.GRADIENT:  # of which the sum is there, and left unused
            alone = one_sample_only(LAST_SAMPLE, source, context)
            yield from (replace(equation.expression, {name: one}) for one in alone)
    layer = own_layer(equation, context)
    if layer is None or context.sizes[0] < 2:
        return
    for result in _elementwise_for_matrix(equation, context):
        if (
            context.samples is not None
            and context.sizes[0] in result.shape
            and result.shape != equation.expression.shape
        ):
            yield result


def _sums(equation: Equation) -> list[Application]:
    return [node for node in dict.fromkeys(walk(equation.expression)) if is_operation(node, "sum", "mean")]


def _wrong_axis(equation: Equation, context: Context) -> Iterator[Expression]:
    if context.role(equation) != Role.GRADIENT:
        return
    for node in _sums(equation):
        (inner,) = node.arguments
        axis = node.parameters[0]
        if axis in (-1, -2) and inner.shape:
            other = -2 if axis == -1 else -1
            turned = apply(node.operation.name, inner, axis=other)
            yield from attempts([partial(replace, equation.expression, {node: turned})])
            if turned.T.shape == node.shape:  # as many samples as units: a row is read for a column
                yield from attempts([partial(replace, equation.expression, {node: turned.T})])


def _over_units(equation: Equation, context: Context) -> Iterator[Expression]:
    """One number for all units, alone or for each of them."""
    if context.role(equation) != Role.GRADIENT or prod(equation.expression.shape) < 2:
        return
    if not _sums(equation) and not isinstance(equation.expression, Name):
        return
    total = apply("sum", equation.expression)
    yield total
    yield from fitting(equation, [lambda: total + 0 * equation.expression])


def _target_spread(equation: Equation, context: Context) -> Iterator[Expression]:
    """A target without its second axis: every output against every target; or the classes of all samples in each."""
    samples, axis = context.sizes[0], context.samples
    if samples < 2 or not (context.loss_of(equation) and _has_target(equation, context)):
        return
    for name in _targets(equation, context):
        if context.sizes[1] != 1:
            for how in ("max", "mean", "sum"):
                every = apply(how, name, axis=axis)
                yield replace(equation.expression, {name: apply("broadcast", every, shape=name.shape)})
            continue
        for spread in attempts([partial(replace, equation.expression, {name: name.T})]):
            yield spread
            yield spread / samples
            yield spread / samples**2


def _targets(equation: Equation, context: Context) -> list[Name]:
    data = {layer.inputs for layer in context.layers(0)}
    differentiated = {by for _, by in context.derivatives}
    return [
        name
        for name in names_in(equation.expression)
        if name in context.derivation.givens and name.shape and name not in data and name.name not in differentiated
    ]


def _has_target(equation: Equation, context: Context) -> bool:
    starts = context.role(equation) == Role.LOSS or context.starts_backward(equation)
    return starts and len(_targets(equation, context)) == 1


def _spread(equation: Equation, context: Context) -> Iterator[Expression]:
    """One of two rows or columns that are multiplied or subtracted entry by entry turned: a table comes of it."""
    if equation.stage == Stage.UPDATE or (equation.derivative is None and context.role(equation) != Role.NET):
        return
    factors = error_factors(equation, context)
    slope = slope_of(factors[0]) if factors is not None else None
    if factors is not None and slope is not None and 1 in equation.expression.shape:
        upstream = factors[1]
        yield from attempts(
            [partial(Expression.__mul__, upstream, slope.T), partial(Expression.__mul__, upstream.T, slope)]
        )
    found = 0
    for node in dict.fromkeys(walk(equation.expression)):
        if is_operation(node, "multiply", "subtract", "add") and found < 4:
            left, right = node.arguments
            spread = equation.derivative is None and left.shape != right.shape  # a bias along the samples
            if (spread or left.shape == right.shape) and prod(right.shape) > 1 in right.shape:
                found += 1
                for way in ((left, right.T), (left.T, right)):
                    yield from attempts([partial(_put, equation, node, partial(rebuild, node, way))])


MISTAKES = (
    Mistake(
        id="matrix-product-for-elementwise",
        title="A matrix product in the place of products of entries",
        explanation="In <this> a matrix product was taken where each entry is to be multiplied by its own slope.",
        hint="Each unit has one slope. Which operation multiplies entry by entry?",
        likelihood=6,
        rewrites=_matrix_for_elementwise,
        reshapes=True,
        alone=True,
    ),
    Mistake(
        id="elementwise-for-matrix-product",
        title="Products of entries in the place of a matrix product",
        explanation="In <this> the entries were multiplied one by one where rows and columns are to be multiplied and "
        "added up.",
        hint="Over what is the sum in this step, and which operation adds?",
        likelihood=6,
        rewrites=_elementwise_for_matrix,
        reshapes=True,
        alone=True,
    ),
    Mistake(
        id="gradient-not-summed",
        title="The gradient was not summed over the samples",
        explanation="The gradients of the samples were not added up: <this> holds one for each of them, or the last "
        "one alone.",
        hint="The weights are the same for every sample. What does that mean for their gradient, and for its shape?",
        likelihood=6.5,
        rewrites=_not_summed,
        reshapes=True,
        alone=True,
    ),
    Mistake(
        id="summed-over-wrong-axis",
        title="A sum over the wrong axis",
        explanation="For <this> the sum was taken over the units where it runs over the samples.",
        hint="What is there one of for each unit, and what for each sample?",
        likelihood=6,
        rewrites=_wrong_axis,
        reshapes=True,
        alone=True,
    ),
    Mistake(
        id="bias-gradient-summed-over-units",
        title="The gradient of the bias was summed over the units, too",
        explanation="<this> is one number for all units; every unit has a bias and a gradient of its own.",
        hint="How many biases has the layer?",
        likelihood=6.5,
        rewrites=_over_units,
        reshapes=True,
        alone=True,
    ),
    Mistake(
        id="target-broadcast",
        title="Every output was held against every target",
        explanation="A target without its second axis was spread, so that <this> has every sample's output against the "
        "target of every sample.",
        hint="Which shapes have the two arrays that you subtract, and which shape has the result?",
        likelihood=7,
        rewrites=_target_spread,
        reshapes=True,
        alone=True,
    ),
    Mistake(
        id="shapes-broadcast",
        title="A row against a column",
        explanation="In <this> a row and a column were taken entry by entry, and a whole table came of it.",
        hint="Print the shapes of what you multiply or subtract, and that of the result.",
        likelihood=3,
        rewrites=_spread,
        reshapes=True,
        alone=True,
    ),
)
