"""Mistakes in the errors delta: the derivative of the activation, and its neighbours."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce

from chalkwork.algebra.expression import Application, Expression, Name, apply, names_in, replace, transform, walk
from chalkwork.algebra.operations import TABLE
from chalkwork.algebra.reading import read
from chalkwork.algebra.terms import expression_of
from chalkwork.algebra.times import last_step, step_of
from chalkwork.checking.mistakes.context import ACTIVATIONS, Context, Layer, Role
from chalkwork.checking.mistakes.entry import Mistake
from chalkwork.checking.mistakes.structure import has_operation, is_function, is_operation, summands
from chalkwork.derivation.derivation import Equation, Stage
from chalkwork.derivation.differentiate import local_derivatives

_OTHERS = tuple(name for name in ACTIVATIONS if TABLE[name].entrywise and name != "identity")
MOST_PATHS = 8


def error_factors(equation: Equation, context: Context) -> tuple[Layer, Expression] | None:
    """The layer whose error this is, and what its f' is multiplied with."""
    layer = context.layer(equation)
    if context.role(equation) != Role.ERROR or layer is None:
        return None
    upstream = context.upstream(equation)
    return None if upstream is None else (layer, upstream)


def slope_of(layer: Layer) -> Expression | None:
    """f' of the layer at its own net input, where it has one entry by entry."""
    return next(slopes_at(layer.function, layer.net.symbol, layer.activation.symbol), None)


def slopes_at(function: Application, place: Expression, *results: Expression) -> Iterator[Expression]:
    """f' at a place where the function has one entry by entry: by what the function is there, or is taken to be."""
    there = applied(function, place)
    for result in results or (there,) if function.operation.entrywise else ():
        (slope,) = local_derivatives(there, result)
        if slope is not None:
            yield slope


def through(upstream: Expression, function: Application, result: Expression) -> Iterator[Expression]:
    """The derivative by the argument of the function: f' times what comes from above, or through the Jacobian."""
    operation = function.operation
    if operation.entrywise:
        (slope,) = local_derivatives(function, result)
        if slope is not None:
            yield upstream * slope
    elif operation.adjoint[0] is not None:
        names = {"g": upstream, "x": function.arguments[0], "y": result}
        yield read(operation.adjoint[0], names, function.named_parameters)


def applied(function: Application, argument: Expression) -> Application:
    """The same function of something else."""
    return Application(function.operation, (argument,), function.parameters)


def keeps_sign(function: Application) -> bool:
    """Whether it is a ReLU whose result says which slope belongs to its argument."""
    parameters = function.named_parameters
    slope = parameters.get("alpha", 1)
    above_zero = parameters.get("at_zero") in (None, 0) and isinstance(slope, int | float) and slope > 0
    return function.operation.homogeneous and above_zero


def _dropped(equation: Equation, context: Context) -> Iterator[Expression]:
    found = error_factors(equation, context)
    if found is not None and found[0].function.operation.name != "identity":
        yield found[1]
    if context.role(equation) == Role.GRADIENT:  # or in the gradient, made of such an error of the output
        for name in names_in(equation.expression):
            error = context.derivation.get(name.name)
            own = error_factors(error, context) if error is not None and context.starts_backward(error) else None
            if own is not None and own[0].function.operation.name != "identity":
                yield replace(equation.expression, {name: own[1]})


def _at_activation(equation: Equation, context: Context) -> Iterator[Expression]:
    found = error_factors(equation, context)
    if found is None:
        return
    layer, upstream = found
    function, output = layer.function, layer.activation.symbol
    if function.operation.name == "identity" or keeps_sign(function):
        return
    again = applied(function, output)
    yield from through(upstream, again, again)


def _from_net_input(equation: Equation, context: Context) -> Iterator[Expression]:
    """The derivative's formula in a, filled with z."""
    found = error_factors(equation, context)
    if found is not None:
        layer, upstream = found
        (symbolic,) = list(through(upstream, layer.function, layer.activation.symbol))[:1] or (upstream,)
        (filled,) = list(through(upstream, layer.function, layer.net.symbol))[:1] or (upstream,)
        if filled != symbolic:
            yield filled
    elif equation.derivative is not None and not equation.expression.shape:  # of a graph
        source = context.derivation.get(equation.derivative.of)
        inner = source.expression.arguments[0] if source is not None and is_function(source.expression) else None
        if source is not None and isinstance(inner, Name) and source.symbol in names_in(equation.expression):
            yield replace(equation.expression, {source.symbol: inner})


def _twice(equation: Equation, context: Context) -> Iterator[Expression]:
    found = error_factors(equation, context)
    if found is not None:
        layer, _ = found
        unchanged = layer.function.operation.name in ("identity", "relu")  # the square of a step is the step
        if not unchanged:
            yield from through(equation.expression, layer.function, layer.activation.symbol)


def _of_another(equation: Equation, context: Context) -> Iterator[Expression]:
    found = error_factors(equation, context)
    if found is None:
        return
    layer, upstream = found
    own = layer.function.operation.name
    net, output = layer.net.symbol, layer.activation.symbol
    for other in _OTHERS:
        if other == own or (own, other) == ("leaky_relu", "relu"):
            continue
        function = apply(other, net)
        yield from through(upstream, function, output)
        if _uses(function, output):
            yield from through(upstream, function, function)
    yield from (upstream * part for part in _parts_of(slope_of(layer)))


def _parts_of(slope: Expression | None) -> Iterator[Expression]:
    """A slope written down wrongly: without a square, and one factor of a product alone."""
    if slope is None:
        return

    def rule(node: Expression) -> Expression | None:
        return node.arguments[0] if is_operation(node, "power") else None

    plain = transform(slope, rule)
    if plain != slope:
        yield plain
    if is_operation(slope, "multiply"):
        yield from (part for part in slope.arguments if names_in(part) and has_operation(part, "subtract"))


def _uses(function: Application, output: Expression) -> bool:
    """Whether the derivative is written in terms of the result."""
    (slope,) = local_derivatives(function, output)
    return slope is not None and output in names_in(slope)


def _softmax_extra(equation: Equation, context: Context) -> Iterator[Expression]:
    layer = context.layer(equation)
    if context.role(equation) == Role.ERROR and layer is not None and layer.function.operation.name == "softmax":
        output = layer.activation.symbol
        yield equation.expression * (output * (1 - output))


def _sign(equation: Equation, context: Context) -> Iterator[Expression]:
    if context.starts_backward(equation):
        differs = has_operation(equation.expression, "subtract", "negative")
        able = differs and context.loss_of(equation) is not None
    else:
        able = context.role(equation) == Role.ERROR
    if able:
        yield -equation.expression


def _path_forgotten(equation: Equation, context: Context) -> Iterator[Expression]:
    """The chain rule over several paths, with one of them left out; their sum may be multiplied by a slope."""
    if equation.derivative is None:
        return
    sums = [node for node in walk(equation.expression) if is_operation(node, "add", "subtract")]
    inside = {argument for node in sums for argument in node.arguments}
    for node in dict.fromkeys((equation.expression, *(one for one in sums if one not in inside))):
        terms = [expression_of(term) for term in summands(node)]
        steps = [last_step(term) for term in terms]
        if step_of(equation.name) is None and len(set(steps)) == len(steps) and None not in steps:
            continue  # the steps of a sequence are no paths
        if 1 < len(terms) <= MOST_PATHS and all(map(context.uses_derivative, terms)):
            for left_out in terms:
                rest = reduce(Expression.__add__, [term for term in terms if term is not left_out])
                if rest.shape == node.shape:
                    yield replace(equation.expression, {node: rest})


def _updated_weights(equation: Equation, context: Context) -> Iterator[Expression]:
    if equation.stage != Stage.BACKWARD:
        return
    used: dict[Expression, Expression] = {
        name: context.updated[name] for name in names_in(equation.expression) if name in context.updated
    }
    if used:
        yield replace(equation.expression, used)


MISTAKES = (
    Mistake(
        id="path-forgotten",
        title="A path of the chain rule was forgotten",
        explanation="<this> misses the contribution of one of the ways on which the result depends on it.",
        hint="Draw the graph: along how many ways does a change travel to the end? Their contributions are added.",
        likelihood=8,
        rewrites=_path_forgotten,
    ),
    Mistake(
        id="derivative-dropped",
        title="The derivative of the activation is missing",
        explanation="What comes from above was not multiplied by the derivative of the activation at <net>.",
        hint="Follow the chain rule from the activation to the net input: which factor belongs to that step?",
        likelihood=10,
        rewrites=_dropped,
        rebuilds=True,
    ),
    Mistake(
        id="derivative-at-activation",
        title="The derivative was taken at the activation",
        explanation="The derivative of the activation function was taken at <activation> instead of <net>.",
        hint="What is the argument of the activation function in the forward pass? Its derivative has the same one.",
        likelihood=8,
        rewrites=_at_activation,
        rebuilds=True,
    ),
    Mistake(
        id="derivative-with-net-input",
        title="The derivative's formula was filled with the net input",
        explanation="The formula that gives the derivative from <activation> was filled with <net>.",
        hint="The short formula for this derivative holds the value of the function. What did you put in for it?",
        likelihood=6,
        rewrites=_from_net_input,
        rebuilds=True,
    ),
    Mistake(
        id="derivative-twice",
        title="The derivative of the activation was multiplied twice",
        explanation="The error was multiplied by the derivative of the activation at <net> once more than needed.",
        hint="Count the factors: every function on the way gives one derivative. Is one in there already?",
        likelihood=5,
        rewrites=_twice,
    ),
    Mistake(
        id="wrong-derivative",
        title="The derivative of another activation function",
        explanation="The derivative of another function than this layer's activation was used.",
        hint="Which activation function does this layer have? Differentiate that one.",
        likelihood=3,
        rewrites=_of_another,
        rebuilds=True,
    ),
    Mistake(
        id="softmax-extra-derivative",
        title="A further derivative of the softmax",
        explanation="The error was multiplied by <activation> times one minus <activation>, entry by entry, although "
        "the derivative of the softmax is in it already.",
        hint="The error is the derivative by the net input. Is the softmax still ahead of you or behind you?",
        likelihood=7,
        rewrites=_softmax_extra,
    ),
    Mistake(
        id="error-sign",
        title="The sign of the error",
        explanation="<this> has the wrong sign: the target is subtracted from the output, and the layers before pass "
        "the error on with the sign that it has.",
        hint="If the output is larger than the target, should the error be positive or negative?",
        likelihood=9,
        rewrites=_sign,
    ),
    Mistake(
        id="updated-weights-used",
        title="The updated weights were used in the backward pass",
        explanation="The error went back through the weights after the update instead of those of the forward pass.",
        hint="All gradients belong to the same forward pass. Which weights did that one use?",
        likelihood=6,
        rewrites=_updated_weights,
    ),
)
