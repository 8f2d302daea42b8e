"""Mistakes in what is put in: a weight, an activation or a gradient for something else, a factor too many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from chalkwork.algebra.expression import (
    Application,
    Expression,
    Name,
    Number,
    apply,
    names_in,
    replace,
)
from chalkwork.checking.mistakes.context import Context, Role
from chalkwork.checking.mistakes.entry import Mistake
from chalkwork.checking.mistakes.errors import applied, error_factors, slopes_at
from chalkwork.checking.mistakes.products import fitting, own_layer
from chalkwork.checking.mistakes.structure import coefficient_of, is_function, summands
from chalkwork.derivation.derivation import Equation, Stage


def _exchanging(equation: Equation, name: Name, others: Iterable[Expression]) -> Iterator[Expression]:
    """Something else in the place of a name, where the result has the right shape."""
    for other in others:
        yield from fitting(equation, [partial(replace, equation.expression, {name: other})])


def _entering(name: Expression, equation: Equation) -> bool:
    return name in names_in(equation.expression)


# --- another quantity ------------------------------------------------------------------------------------------------


def _weight_for_input(equation: Equation, context: Context) -> Iterator[Expression]:
    layer = own_layer(equation, context)
    if layer is None or layer.inputs is None or layer.weights is None or not _entering(layer.inputs, equation):
        return
    yield from _exchanging(equation, layer.inputs, (layer.weights, layer.weights.T))
    error = context.derivatives.get((equation.derivative.of, layer.net.name)) if equation.derivative else None
    if error is not None:
        ways = (layer.weights, layer.weights.T)
        yield from fitting(equation, [partial(Expression.__mul__, error.symbol, weights) for weights in ways])


def _output_for_input(equation: Equation, context: Context) -> Iterator[Expression]:
    """What leaves the layer, or its net input, in the place of what enters it."""
    layer = own_layer(equation, context)
    if layer is not None and layer.inputs is not None and _entering(layer.inputs, equation):
        yield from _exchanging(equation, layer.inputs, (layer.net.symbol, layer.activation.symbol))


def _input_forgotten(equation: Equation, context: Context) -> Iterator[Expression]:
    """The error alone, for each weight that enters the unit."""
    layer = own_layer(equation, context)
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
    yield from fitting(equation, [lambda: error.symbol + nothing, lambda: summed + nothing, lambda: summed.T + nothing])


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
        if layer is not None and source is not None:
            others = (layer.activation.symbol, layer.net.symbol)
            yield from _exchanging(equation, name, others)
            front = coefficient_of(source.expression)
            if front not in (0, 1) and context.starts_backward(source):  # with the mean that the error has
                yield from _exchanging(equation, name, [Number(front) * one for one in others])


def _activated_twice(equation: Equation, context: Context) -> Iterator[Expression]:
    layer = context.layer(equation)
    if context.role(equation) == Role.ACTIVATION and layer is not None:
        function = layer.function
        if function.operation.entrywise and function.operation.name not in ("identity", "relu", "step"):
            yield Application(function.operation, (equation.expression,), function.parameters)


# --- factors ---------------------------------------------------------------------------------------------------------


def _extra_factor(equation: Equation, context: Context) -> Iterator[Expression]:
    """Once more by the net input, the activation or the input."""
    layer = context.layer(equation) if context.role(equation) == Role.ERROR else None
    if layer is not None and equation.expression.shape == layer.net.expression.shape:
        yield equation.expression * layer.net.symbol
        yield equation.expression * layer.activation.symbol


def _slope_elsewhere(equation: Equation, context: Context) -> Iterator[Expression]:
    """The slope of this layer at another layer's net input or at what comes back, or a local derivative elsewhere."""
    found = error_factors(equation, context)
    forward = [one for one in context.derivation.equations if one.stage == Stage.FORWARD and not one.expression.shape]
    nodes = [one.symbol for one in forward] if not equation.expression.shape else []
    if found is not None:
        layer, upstream = found
        others = [one for one in context.layers(context.steps[equation.name]) if one is not layer]
        places: list[tuple[Expression, tuple[Expression, ...]]] = [
            (one.net.symbol, (applied(layer.function, one.net.symbol), one.activation.symbol)) for one in others
        ]
        places += [(upstream, ())] if names_in(upstream) else []
        own = (layer.net.symbol, layer.activation.symbol, *(place for place, _ in places))
        for place, results in (*places, *((node, ()) for node in nodes if node not in own)):
            for slope in slopes_at(layer.function, place, *results):
                yield from fitting(equation, [partial(Expression.__mul__, upstream, slope)])
        if names_in(upstream):  # who gives a function what comes back takes the slope there for all of it
            yield from (one for one in slopes_at(layer.function, upstream) if one.shape == equation.expression.shape)
        return
    edge = equation.derivative
    source = context.derivation.get(edge.of) if edge is not None else None
    if source is None or equation.expression.shape or not is_function(source.expression):
        return
    for name in names_in(equation.expression):
        for other in [*nodes, *context.derivation.givens][:12]:
            if other != name and not other.shape and context.known_before(name, equation):
                yield replace(equation.expression, {name: other})


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


def _own_factor(equation: Equation, context: Context) -> Iterator[Expression]:
    """The factor by which a product is differentiated, in the place of the other one."""
    local = equation.derivative
    if local is None or equation.expression.shape:
        return
    for name in names_in(equation.expression):
        source = context.derivation.get(name.name)
        edge = local if name == equation.expression else source.derivative if source is not None else None
        if edge is None:
            continue
        other = source.expression if edge is not local and source is not None else name
        node, own = context.derivation.get(edge.of), Name(edge.by)
        for term in _terms(node) if node is not None else ():
            if len(term) == 2 and other in term and own in term and other != own:
                yield replace(equation.expression, {name: own})


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
        id="other-data",
        title="Worked out from other data",
        explanation="<this> is right for the data that were handed in, and these are not the exercise's.",
        hint="Compare the data that your program has with those of the exercise, row by row.",
        likelihood=5,
        rewrites=lambda equation, context: (),
        alone=True,
    ),
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
        id="own-factor",
        title="A factor in the place of the one it is multiplied with",
        explanation="In a product, the derivative by one factor is the other one; <this> was worked out with the "
        "factor itself.",
        hint="How much does a product change if one of its factors grows by one?",
        likelihood=6,
        rewrites=_own_factor,
        alone=True,
    ),
    Mistake(
        id="output-for-input",
        title="What leaves the layer in the place of what enters it",
        explanation="<this> was worked out with the layer's own net input or activation, and not with its input.",
        hint="How does the net input change if one weight changes? What is that weight multiplied with?",
        likelihood=4,
        rewrites=_output_for_input,
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
        unless=("derivative-dropped", "derivative-with-net-input"),
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
