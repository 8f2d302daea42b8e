"""Mistakes in the chain rule: what comes from above was left out, or is not what belongs there; signs and slopes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from chalkwork.algebra.expression import Expression, Name, Number, apply, names_in, replace, transform, walk
from chalkwork.algebra.simplify import simplify
from chalkwork.checking.mistakes.context import ACTIVATIONS, Context, Role
from chalkwork.checking.mistakes.entry import Mistake, Rewrites
from chalkwork.checking.mistakes.errors import applied, error_factors, slope_of
from chalkwork.checking.mistakes.products import attempts
from chalkwork.checking.mistakes.structure import (
    coefficient_of,
    has_operation,
    is_operation,
    untransposed,
    updated_parameter,
)
from chalkwork.checking.mistakes.updates import rate_of
from chalkwork.derivation.derivation import Equation, Stage

_OTHERS = ("sigmoid", "tanh", "relu", "leaky_relu", "identity")


def _errors_above(equation: Equation, context: Context) -> list[Equation]:
    """The errors of other layers that an error, or a gradient, is made of."""
    if context.role(equation) not in (Role.ERROR, Role.GRADIENT):
        return []
    sources = (context.derivation.get(name.name) for name in names_in(equation.expression))
    return [one for one in sources if one is not None and context.role(one) == Role.ERROR]


def _raw_error(equation: Equation, context: Context) -> Iterator[Expression]:
    """The output minus the target, without the slope of the output, in the place of the output's error."""
    for above in _errors_above(equation, context):
        if not context.starts_backward(above) or context.role(equation) == Role.GRADIENT:
            continue
        layer = context.layer(above)
        loss = context.loss_of(above)
        others = [] if layer is None or loss is None else _targets(loss, context, layer.activation.symbol)
        for raw in (_written_first(above, one) for one in others):
            for scaled in (raw, Number(coefficient_of(above.expression)) * raw, 2 * raw):
                if simplify(scaled) != simplify(above.expression):
                    yield replace(equation.expression, {above.symbol: scaled})


def _targets(loss: Equation, context: Context, output: Name) -> list[Expression]:
    return [
        output - name
        for name in names_in(loss.expression)
        if name.shape == output.shape and name in context.derivation.givens
    ]


def _written_first(above: Equation, raw: Expression) -> Expression:
    """The distance from the target with the sign that it has in the error: target minus output in some conventions."""
    turned = simplify(-raw)
    return turned if any(node == turned for node in walk(above.expression)) else raw


def _above_dropped(equation: Equation, context: Context) -> Iterator[Expression]:
    """An error above without the slope of its own layer."""
    for above in _errors_above(equation, context):
        if context.role(equation) == Role.ERROR:
            found = error_factors(above, context)
            if found is not None and found[0].function.operation.name != "identity":
                yield replace(equation.expression, {above.symbol: found[1]})


def _weights_omitted(equation: Equation, context: Context) -> Iterator[Expression]:
    """The error above times this layer's slope, without the weights between them."""
    found = error_factors(equation, context)
    if found is None or not equation.expression.shape:
        return
    layer, upstream = found

    def rule(node: Expression) -> Expression | None:
        if is_operation(node, "matmul"):
            left, right = node.arguments
            for one, other in ((left, right), (right, left)):
                if isinstance(untransposed(other), Name) and context.is_parameter(_name(untransposed(other))):
                    return one
        return None

    without = next(attempts([partial(transform, upstream, rule)]), upstream)
    slope = slope_of(layer)
    if without != upstream and slope is not None:
        nothing = 0 * equation.expression
        for result in attempts([lambda: without * slope + nothing, lambda: apply("sum", without, axis=-1) * slope]):
            if result.shape == equation.expression.shape:
                yield result


def _name(expression: Expression) -> Name:
    assert isinstance(expression, Name)
    return expression


def _upstream_dropped(equation: Equation, context: Context) -> Iterator[Expression]:
    """The slope alone, or a product of local derivatives with one of them left out."""
    found = error_factors(equation, context)
    if found is not None:
        slope = slope_of(found[0])
        if slope is not None and slope.shape == equation.expression.shape and names_in(slope):
            yield slope
        return
    backward = [name for name in names_in(equation.expression) if _is_derivative(name, context)]
    if equation.derivative is not None and not equation.expression.shape and len(backward) > 1:
        yield from (replace(equation.expression, {name: Number(1)}) for name in backward)


def _is_derivative(name: Name, context: Context) -> bool:
    source = context.derivation.get(name.name)
    return source is not None and source.derivative is not None


def _below_zero(equation: Equation, context: Context) -> Iterator[Expression]:
    """The slope of a leaky ReLU put in the place of the error below zero, or one in its place above."""
    found = error_factors(equation, context)
    if found is None or found[0].function.operation.name not in ("leaky_relu", "relu"):
        return
    layer, upstream = found
    positive = apply("step", layer.net.symbol)
    alpha = layer.function.named_parameters.get("alpha", 0)
    small = Number(alpha) if isinstance(alpha, (int, float)) else Number(0)
    if found[0].function.operation.name == "leaky_relu":
        yield upstream * positive + small * (1 - positive)
        yield positive + small * (1 - positive) * upstream
    else:
        yield positive + 0 * upstream
        yield upstream * positive + (1 - positive)


def _slope_signs(equation: Equation, context: Context) -> Iterator[Expression]:
    """a (a - 1) for a (1 - a), and 1 + a^2 for 1 - a^2."""
    found = error_factors(equation, context)
    if found is None and equation.derivative is not None and not equation.expression.shape:
        yield -equation.expression  # of a graph
        for name in names_in(equation.expression):
            if _is_derivative(name, context):
                yield replace(equation.expression, {name: -name})
    slope = slope_of(found[0]) if found is not None else None
    if found is None or slope is None or not has_operation(slope, "subtract"):
        return

    def turned(node: Expression) -> Expression | None:
        return node.arguments[1] - node.arguments[0] if is_operation(node, "subtract") else None

    def added(node: Expression) -> Expression | None:
        return node.arguments[0] + node.arguments[1] if is_operation(node, "subtract") else None

    if not context.starts_backward(equation):
        yield found[1] * transform(slope, turned)
    yield found[1] * transform(slope, added)


def _function_for_slope(equation: Equation, context: Context) -> Iterator[Expression]:
    found = error_factors(equation, context)
    if found is not None and found[0].function.operation.name != "identity":
        layer, upstream = found
        yield upstream * layer.activation.symbol
        yield upstream * layer.net.symbol
        if names_in(upstream):
            yield applied(layer.function, upstream)


def _diagonal(equation: Equation, context: Context) -> Iterator[Expression]:
    """Only the slopes of each output by its own net input."""
    found = error_factors(equation, context)
    if found is not None and found[0].function.operation.name == "softmax":
        layer, upstream = found
        output = layer.activation.symbol
        yield upstream * (output * (1 - output))
        yield upstream * output


def _in_place(equation: Equation, context: Context) -> Iterator[Expression]:
    layer = context.layer(equation)
    if context.role(equation) == Role.NET and layer is not None and layer.function.operation.name != "identity":
        yield replace(layer.function, {layer.net.symbol: equation.expression})


def _other_activation(equation: Equation, context: Context) -> Iterator[Expression]:
    layer = context.layer(equation)
    if context.role(equation) != Role.ACTIVATION or layer is None or not layer.function.operation.entrywise:
        return
    for other in _OTHERS:
        if other != layer.function.operation.name and other in ACTIVATIONS and other != "identity":
            yield apply(other, layer.net.symbol)


def _of_two_logarithms(way: str, node: Expression) -> Expression | None:
    if is_operation(node, "add") and all(has_operation(part, "log", "xlogy") for part in node.arguments):
        first, second = node.arguments
        if first.shape == second.shape:
            forms = {"minus": first - second, "turned": second - first, "first": first, "second": second}
            return forms[way]
    return None


def _one_term(*ways: str) -> Rewrites:
    def rewrites(equation: Equation, context: Context) -> Iterator[Expression]:
        starts = context.starts_backward(equation) and context.role(equation) == Role.ERROR
        loss = equation if context.role(equation) == Role.LOSS else context.loss_of(equation) if starts else None
        if loss is None:
            return
        for way in ways:
            result = transform(loss.expression, partial(_of_two_logarithms, way))
            if result != loss.expression:
                found = result if loss is equation else context.error_from(result, equation)
                yield from () if found is None else (found,)

    return rewrites


def _rate_times_ten(equation: Equation, context: Context) -> Iterator[Expression]:
    rate = rate_of(equation, context) if equation.stage == Stage.UPDATE else None
    sources = [context.derivation.get(one.name) for one in names_in(equation.expression)]
    moved = [one for one in sources if one is not None and one.stage == Stage.UPDATE]
    old = updated_parameter(equation)
    if rate is not None and all(one.symbol == old for one in moved):  # a mean with other weights is ten times as long
        yield replace(equation.expression, {rate: 10 * rate})
        yield replace(equation.expression, {rate: rate / 10})


MISTAKES = (
    Mistake(
        id="raw-error-sent-back",
        title="The output's distance from the target was sent back",
        explanation="In <this> output minus target went back through the weights; the derivative of the output's "
        "activation belongs to what is sent back.",
        hint="Is what goes back the derivative by the activation or by the net input of the layer above?",
        likelihood=7,
        rewrites=_raw_error,
        alone=True,
    ),
    Mistake(
        id="derivative-above-dropped",
        title="The derivative of the layer above is missing",
        explanation="What came back into <this> was not multiplied by the derivative of the activation of the layer "
        "that it comes from.",
        hint="Between two weight matrices there is one activation function. Is its derivative in the product?",
        likelihood=6,
        rewrites=_above_dropped,
        alone=True,
    ),
    Mistake(
        id="weights-omitted",
        title="The weights are missing on the way back",
        explanation="In <this> the error of the layer above was not multiplied by the weights between the layers.",
        hint="On which way does this unit reach the layer above? What stands on that way?",
        likelihood=6,
        rewrites=_weights_omitted,
        alone=True,
    ),
    Mistake(
        id="upstream-dropped",
        title="What comes from above is missing",
        explanation="<this> is the local derivative alone; it was not multiplied by what comes back from above.",
        hint="The chain rule has two kinds of factors: the local one, and what was found before. Are both there?",
        likelihood=6,
        rewrites=_upstream_dropped,
        alone=True,
    ),
    Mistake(
        id="upstream-forgotten-below-zero",
        title="What comes from above is missing on one side of zero",
        explanation="On one side of zero <this> holds the slope of the activation alone, not multiplied by what comes "
        "from above.",
        hint="Look at the units with a negative net input, and at those with a positive one: what is in each product?",
        likelihood=5,
        rewrites=_below_zero,
        alone=True,
    ),
    Mistake(
        id="derivative-sign",
        title="A sign in the derivative",
        explanation="In the derivative of a function in <this> a minus stands on the wrong side, or is a plus.",
        hint="Does the function rise or fall there? Then which sign must its derivative have?",
        likelihood=5,
        rewrites=_slope_signs,
        alone=True,
    ),
    Mistake(
        id="function-for-derivative",
        title="The function in the place of its derivative",
        explanation="In <this> what comes from above was multiplied by the activation or the net input, or put into "
        "the activation function; it belongs multiplied by the derivative of that function.",
        hint="The chain rule asks how fast the function changes, not how large it is.",
        likelihood=5,
        rewrites=_function_for_slope,
        alone=True,
    ),
    Mistake(
        id="softmax-jacobian-diagonal",
        title="Only the diagonal of the softmax's derivative",
        explanation="Each output of a softmax depends on every net input; in <this> only its dependence on its own was "
        "used.",
        hint="If one net input grows, what becomes of the other outputs?",
        likelihood=7,
        rewrites=_diagonal,
        alone=True,
    ),
    Mistake(
        id="activation-in-place",
        title="The net input was overwritten by the activation",
        explanation="<this> holds the activation: the net input is lost, and the derivative is taken elsewhere.",
        hint="Does your program work on a copy?",
        likelihood=5,
        rewrites=_in_place,
        alone=True,
    ),
    Mistake(
        id="other-activation",
        title="Another activation function",
        explanation="<this> was worked out with another activation function than this layer has.",
        hint="Which activation function does this layer have?",
        likelihood=5,
        rewrites=_other_activation,
        alone=True,
    ),
    Mistake(
        id="loss-sign-of-one-term",
        title="The sign of one part of the loss",
        explanation="In <this>, or in the loss that it is the derivative of, the minus in front covers one of the two "
        "logarithms only.",
        hint="Where does the bracket end that the minus stands before?",
        likelihood=6,
        rewrites=_one_term("minus", "turned"),
        alone=True,
    ),
    Mistake(
        id="loss-term-forgotten",
        title="A part of the loss was forgotten",
        explanation="<this>, or the loss that it is the derivative of, holds one of the two logarithms only.",
        hint="What does the loss say of the samples whose target is zero, and what of the others?",
        likelihood=6,
        rewrites=_one_term("first", "second"),
        alone=True,
    ),
    Mistake(
        id="learning-rate-times-ten",
        title="Another learning rate",
        explanation="The step from <parameter> is ten times too long or too short.",
        hint="Which learning rate is stated? Count its zeros.",
        likelihood=4,
        rewrites=_rate_times_ten,
        alone=True,
    ),
)
