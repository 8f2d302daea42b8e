"""Mistakes in what is multiplied with what: another quantity, another product, a sum too many or none."""

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
from chalkwork.checking.mistakes.context import Context, Layer, Role
from chalkwork.checking.mistakes.entry import Mistake
from chalkwork.checking.mistakes.errors import error_factors, slope_of
from chalkwork.checking.mistakes.structure import is_operation, summands
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


def _fitting(equation: Equation, builders: Iterable[Callable[[], Expression]]) -> Iterator[Expression]:
    for result in attempts(builders):
        if result.shape == equation.expression.shape:
            yield result


def _exchanging(equation: Equation, name: Name, others: Iterable[Expression]) -> Iterator[Expression]:
    """Something else in the place of a name, where the result has the right shape."""
    for other in others:
        yield from _fitting(equation, [partial(replace, equation.expression, {name: other})])


def _own_layer(equation: Equation, context: Context) -> Layer | None:
    """The layer whose parameter the gradient is taken by."""
    if context.role(equation) != Role.GRADIENT or equation.derivative is None:
        return None
    layers = context.layers(context.steps[equation.name])
    return next((one for one in layers if one.weights is not None and one.weights.name == equation.derivative.by), None)


def _entering(name: Expression, equation: Equation) -> bool:
    return name in names_in(equation.expression)


# --- another quantity ------------------------------------------------------------------------------------------------


def _weight_for_input(equation: Equation, context: Context) -> Iterator[Expression]:
    layer = _own_layer(equation, context)
    if layer is None or layer.inputs is None or layer.weights is None or not _entering(layer.inputs, equation):
        return
    yield from _exchanging(equation, layer.inputs, (layer.weights, layer.weights.T))
    error = context.derivatives.get((equation.derivative.of, layer.net.name)) if equation.derivative else None
    if error is not None:
        yield from _fitting(equation, [lambda: error.symbol * layer.weights, lambda: error.symbol * layer.weights.T])


def _input_forgotten(equation: Equation, context: Context) -> Iterator[Expression]:
    """The error alone, for each weight that enters the unit."""
    layer = _own_layer(equation, context)
    if layer is None or layer.inputs is None or equation.derivative is None:
        return
    error = context.derivatives.get((equation.derivative.of, layer.net.name))
    if error is None or not _entering(error.symbol, equation):
        return
    if context.samples is None:
        summed: Expression = error.symbol
    else:
        summed = apply("sum", error.symbol, axis=context.samples)
    nothing = 0 * equation.expression
    yield from _fitting(
        equation, [lambda: error.symbol + nothing, lambda: summed + nothing, lambda: summed.T + nothing]
    )


def _gradient_for_weights(equation: Equation, context: Context) -> Iterator[Expression]:
    if context.role(equation) not in (Role.ERROR, Role.NET, Role.OTHER):
        return
    for name in names_in(equation.expression):
        for (_, by), gradient in context.derivatives.items():
            if by == name.name and context.known_before(gradient.symbol, equation) and name.shape:
                yield from _exchanging(equation, name, (gradient.symbol,))


def _activation_for_error(equation: Equation, context: Context) -> Iterator[Expression]:
    """An activation, a net input or the target in the place of an error."""
    if context.role(equation) not in (Role.ERROR, Role.GRADIENT):
        return
    for name in names_in(equation.expression):
        source = context.derivation.get(name.name)
        layer = context.layer(source) if source is not None and source.derivative is not None else None
        if layer is not None:
            yield from _exchanging(equation, name, (layer.activation.symbol, layer.net.symbol))


def _activated_twice(equation: Equation, context: Context) -> Iterator[Expression]:
    layer = context.layer(equation)
    if context.role(equation) == Role.ACTIVATION and layer is not None:
        function = layer.function
        if function.operation.entrywise and function.operation.name not in ("identity", "relu", "step"):
            yield Application(function.operation, (equation.expression,), function.parameters)


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
    yield from islice(_fitting(equation, builders), MOST_PRODUCTS)
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
    """Every sample's own gradient of the weights, where a row or a column holds them."""
    layer = _own_layer(equation, context)
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


def _over_units(equation: Equation, context: Context) -> Iterator[Expression]:
    """One number for all units, alone or for each of them."""
    if context.role(equation) != Role.GRADIENT or prod(equation.expression.shape) < 2:
        return
    if not _sums(equation) and not isinstance(equation.expression, Name):
        return
    total = apply("sum", equation.expression)
    yield total
    yield from _fitting(equation, [lambda: total + 0 * equation.expression])


def _target_spread(equation: Equation, context: Context) -> Iterator[Expression]:
    """A target without its second axis: every output against every target."""
    samples = context.sizes[0]
    if samples < 2 or context.sizes[1] != 1 or not (context.loss_of(equation) and _has_target(equation, context)):
        return
    for name in _targets(equation, context):
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
    if equation.stage == Stage.UPDATE or equation.derivative is None:
        return
    found = 0
    for node in dict.fromkeys(walk(equation.expression)):
        if is_operation(node, "multiply", "subtract", "add") and found < 4:
            left, right = node.arguments
            if left.shape == right.shape and 1 in left.shape and prod(left.shape) > 1:
                found += 1
                for way in ((left, right.T), (left.T, right)):
                    yield from attempts([partial(_put, equation, node, partial(rebuild, node, way))])


# --- factors ---------------------------------------------------------------------------------------------------------


def _extra_factor(equation: Equation, context: Context) -> Iterator[Expression]:
    """Once more by the net input, the activation or the input."""
    layer = context.layer(equation) if context.role(equation) == Role.ERROR else None
    if layer is not None and equation.expression.shape == layer.net.expression.shape:
        yield equation.expression * layer.net.symbol
        yield equation.expression * layer.activation.symbol


def _slope_elsewhere(equation: Equation, context: Context) -> Iterator[Expression]:
    """The slope of this layer at another layer's net input, or a local derivative at another node."""
    found = error_factors(equation, context)
    layers = context.layers(context.steps[equation.name])
    if found is not None:
        layer, upstream = found
        for other in layers:
            slope = slope_of(layer, other)
            if other is not layer and slope is not None:
                yield from _fitting(equation, [partial(Expression.__mul__, upstream, slope)])
        return
    own = equation.derivative
    source = context.derivation.get(own.of) if own is not None else None
    if source is None or equation.expression.shape or not _is_function(source.expression):
        return
    others = [one.symbol for one in context.derivation.equations if one.stage == Stage.FORWARD]
    for name in names_in(equation.expression):
        for other_name in [*others, *context.derivation.givens][:12]:
            if other_name != name and not other_name.shape and context.known_before(name, equation):
                yield replace(equation.expression, {name: other_name})


def _is_function(expression: Expression) -> bool:
    return isinstance(expression, Application) and len(expression.arguments) == 1


def _shared_out(equation: Equation, context: Context) -> Iterator[Expression]:
    """The error shared out by the weights: each in proportion to what enters the unit, so that the shares add up."""
    if context.role(equation) == Role.ERROR and equation.expression.shape:
        weights = {layer.weights for layer in context.layers(context.steps[equation.name])}
        for name in names_in(equation.expression):
            if name in weights:
                for axis in (-1, -2):
                    yield replace(equation.expression, {name: name / apply("sum", name, axis=axis)})
        return
    local = equation.derivative
    if local is None or equation.expression.shape:
        return
    shared: dict[Expression, Expression] = {}
    for name in names_in(equation.expression):
        source = context.derivation.get(name.name)
        edge = source.derivative if source is not None else local if name == equation.expression else None
        weight = source.expression if source is not None else name
        node = context.derivation.get(edge.of) if edge is not None else None
        entering = _weights_of(node, context) if node is not None else []
        if isinstance(weight, Name) and weight in entering and len(entering) > 1:
            total: Expression = entering[0]
            for other in entering[1:]:
                total = total + other
            shared[name] = weight / total
    if shared:
        yield replace(equation.expression, shared)


def _weights_of(node: Equation, context: Context) -> list[Name]:
    """What the results of other nodes are multiplied with in a sum."""
    found = []
    for term in _terms(node):
        given = [base for base in term if base in context.derivation.givens]
        computed = [base for base in term if base not in given]
        if len(given) == len(computed) == 1:
            found += [base for base in given if isinstance(base, Name)]
    return found


def _terms(node: Equation) -> list[list[Expression]]:
    return [[base for base, _ in term.factors] for term in summands(node.expression)]


MISTAKES = (
    Mistake(
        id="weight-for-input",
        title="A weight in the place of an input",
        explanation="<this> was worked out with the layer's own weights where what enters the layer belongs.",
        hint="How does the net input change if one weight changes? What is that weight multiplied with?",
        likelihood=6,
        rewrites=_weight_for_input,
        alone=True,
    ),
    Mistake(
        id="input-forgotten",
        title="What enters the layer was left out",
        explanation="<this> is the error alone; it is not multiplied by what enters the layer.",
        hint="How does the net input change if one weight changes? What is that weight multiplied with?",
        likelihood=6,
        rewrites=_input_forgotten,
        alone=True,
    ),
    Mistake(
        id="gradient-for-weights",
        title="A gradient in the place of the weights",
        explanation="In <this> the gradient of the weights was used where the weights themselves belong.",
        hint="Through what did the signal go forward here? The error goes back through the same.",
        likelihood=4,
        rewrites=_gradient_for_weights,
        alone=True,
    ),
    Mistake(
        id="activation-for-error",
        title="An activation in the place of an error",
        explanation="In <this> an activation or a net input was used where the error of that layer belongs.",
        hint="What travels back through the weights: what the units put out, or how far they are off?",
        likelihood=6,
        rewrites=_activation_for_error,
        alone=True,
    ),
    Mistake(
        id="activation-for-net-input",
        title="The activation function was applied twice",
        explanation="In <this> the activation function was applied to what had been through it already.",
        hint="Check what goes into the activation function.",
        likelihood=4,
        rewrites=_activated_twice,
        alone=True,
    ),
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
        explanation="<this> holds one gradient for each sample; they were not added up.",
        hint="The weights are the same for every sample. What does that mean for their gradient, and for its shape?",
        likelihood=5,
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
    Mistake(
        id="extra-factor",
        title="A factor too many",
        explanation="<this> was multiplied by the net input or the activation once more than the chain rule says.",
        hint="Write the chain rule for this step and count the factors.",
        likelihood=4,
        rewrites=_extra_factor,
        alone=True,
    ),
    Mistake(
        id="slope-elsewhere",
        title="The slope at another place",
        explanation="In <this> the derivative was taken where another layer or node is, not at its own net input.",
        hint="At which point is the derivative of this function taken?",
        likelihood=4,
        rewrites=_slope_elsewhere,
        alone=True,
    ),
    Mistake(
        id="error-shared-out",
        title="The error was shared out by the weights",
        explanation="In <this> the weights were divided by their sum, so that the error was shared out among them; the "
        "chain rule multiplies by the weight itself.",
        hint="If the weight is doubled and all else stays, how much more does the output move with this unit?",
        likelihood=4,
        rewrites=_shared_out,
        alone=True,
    ),
)
