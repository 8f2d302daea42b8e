"""Mistakes in the forward pass: the weighted sum, the bias, the activation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from chalkwork.algebra.expression import Application, Expression, Name, Number, apply, names_in, replace, transform
from chalkwork.checking.mistakes.context import Context, Role
from chalkwork.checking.mistakes.entry import Mistake
from chalkwork.checking.mistakes.structure import has_operation, is_operation
from chalkwork.derivation.derivation import Equation, Stage


def _bias_forgotten(equation: Equation, context: Context) -> Iterator[Expression]:
    layer = context.layer(equation)
    if context.role(equation) != Role.NET or layer is None or layer.bias is None:
        return
    result = _with_bias(equation, layer.bias, lambda rest: rest)
    if result.shape == equation.expression.shape:
        yield result


def _bias_subtracted(equation: Equation, context: Context) -> Iterator[Expression]:
    layer = context.layer(equation)
    if context.role(equation) == Role.NET and layer is not None and layer.bias is not None:
        bias = layer.bias
        yield _with_bias(equation, bias, lambda rest: rest - bias)


def _with_bias(equation: Equation, bias: Name, change: Callable[[Expression], Expression]) -> Expression:
    """The net input with something else in the place of the weighted sum and the bias."""

    def rule(node: Expression) -> Expression | None:
        if is_operation(node, "add") and bias in node.arguments:
            left, right = node.arguments
            return change(left if right == bias else right)
        return None

    return transform(equation.expression, rule)


def _activation_forgotten(equation: Equation, context: Context) -> Iterator[Expression]:
    """z where a belongs, here or in what a enters."""
    layer = context.layer(equation)
    role = context.role(equation)
    if role == Role.ACTIVATION and layer is not None:
        yield layer.net.symbol
    elif has_operation(equation.expression, "argmax"):
        return  # the largest net input gives the largest activation
    elif role != Role.ERROR or context.starts_backward(equation):
        present = names_in(equation.expression)
        for other in context.layers(context.steps[equation.name]):
            if other.activation.symbol in present and other.function.operation.name != "identity":
                yield replace(equation.expression, {other.activation.symbol: other.net.symbol})


def _old_weights(equation: Equation, context: Context) -> Iterator[Expression]:
    if equation.stage != Stage.REEVALUATION:
        return
    old = {new: before for before, new in context.updated.items()}
    used: dict[Expression, Expression] = {name: old[name] for name in names_in(equation.expression) if name in old}
    yield from _all_or_each(equation.expression, used)


def _all_or_each(expression: Expression, exchanged: Mapping[Expression, Expression]) -> Iterator[Expression]:
    if exchanged:
        yield replace(expression, exchanged)
    if len(exchanged) > 1:
        for before, after in exchanged.items():
            yield replace(expression, {before: after})


def _leaky_slope_forgotten(equation: Equation, context: Context) -> Iterator[Expression]:
    def rule(node: Expression) -> Expression | None:
        if is_operation(node, "leaky_relu", "leaky_step"):
            if node.named_parameters["alpha"] == 0:
                return None
            plain = "relu" if node.operation.name == "leaky_relu" else "step"
            return apply(plain, transform(node.arguments[0], rule))
        return None

    yield from _if_changed(equation.expression, rule)


def _if_changed(expression: Expression, rule: Callable[[Expression], Expression | None]) -> Iterator[Expression]:
    result = transform(expression, rule)
    if result != expression:
        yield result


def _on_softmax(change: Callable[[Application, Context], list[Expression]]) -> Callable[..., Iterator[Expression]]:
    """A mistake in the forward softmax: of a layer's net input, or of scores."""

    def rewrites(equation: Equation, context: Context) -> Iterator[Expression]:
        expression = equation.expression
        if equation.derivative is None and is_operation(expression, "softmax", "causal_softmax", "masked_softmax"):
            yield from change(expression, context)

    return rewrites


def _powers(softmax: Application) -> Expression:
    """What a softmax divides by its sum: of scores that are masked none."""
    powers = apply("exp", softmax.arguments[0])
    return powers if softmax.operation.name == "softmax" else powers * apply("step", softmax)


def _axes(softmax: Application, context: Context) -> list[Expression]:
    axis, inner = softmax.parameters[0], softmax.arguments[0]
    if not inner.shape or not isinstance(axis, int) or axis < -2:
        return []
    across = -1 if axis == -2 else -2
    others: list[int | None] = [across] if inner.shape[across] == 1 else [across, None]
    if inner.shape[axis] == 1:
        others = [other for other in others if other is not None or inner.shape[across] > 1]
    if softmax.operation.name != "softmax":
        total = apply("sum", _powers(softmax), axis=across)  # 0 where nobody is seen
        return [_powers(softmax) / apply("maximum", total, Number(1e-300))]
    return [apply("softmax", inner, axis=other) for other in others]


MISTAKES = (
    Mistake(
        id="bias-forgotten",
        title="The bias was forgotten",
        explanation="<this> holds the weighted sum of the inputs only; the bias was not added.",
        hint="Write down everything that enters the net input of one unit, and count the terms.",
        likelihood=8,
        rewrites=_bias_forgotten,
    ),
    Mistake(
        id="bias-subtracted",
        title="The bias was subtracted",
        explanation="<this> is the weighted sum of the inputs minus the bias.",
        hint="What happens to the net input of a unit if its bias grows?",
        likelihood=4,
        rewrites=_bias_subtracted,
        alone=True,
    ),
    Mistake(
        id="softmax-unstable",
        title="The softmax overflows or underflows",
        explanation="The exponentials in <this> are larger than any number, or all 0, so that the quotient is none.",
        hint="What does the softmax give if the same number is subtracted from all net inputs? Which one helps here?",
        likelihood=4,
        rewrites=lambda equation, context: (),
        alone=True,
    ),
    Mistake(
        id="logarithm-of-zero",
        title="The logarithm of zero",
        explanation="An output is exactly 0 or 1 in floats of this size, so that a logarithm in <this> is none.",
        hint="Which output became exactly zero or one? Can the loss be worked out from the net inputs, or that be "
        "avoided?",
        likelihood=4,
        rewrites=lambda equation, context: (),
        alone=True,
    ),
    Mistake(
        id="activation-forgotten",
        title="The activation function was not applied",
        explanation="In <this> the net input was used where the activation belongs.",
        hint="What happens to a net input before the next layer sees it?",
        likelihood=7,
        rewrites=_activation_forgotten,
    ),
    Mistake(
        id="old-weights-used",
        title="The parameters from before the update were used",
        explanation="<this> was computed with parameters from before the update instead of the updated ones.",
        hint="This pass comes after the update. Which parameters does it use?",
        likelihood=5,
        rewrites=_old_weights,
    ),
    Mistake(
        id="leaky-slope-forgotten",
        title="The slope of the leaky ReLU was forgotten",
        explanation="Negative net inputs were cut off at zero, as by the plain ReLU, and not multiplied by the slope.",
        hint="Look at the units whose net input is negative: what does a leaky ReLU do there?",
        likelihood=8,
        rewrites=_leaky_slope_forgotten,
    ),
    Mistake(
        id="softmax-not-normalised",
        title="The softmax was not normalised",
        explanation="The exponentials of <net> were not divided by their sum.",
        hint="What do the outputs of a softmax add up to? And yours?",
        likelihood=6,
        rewrites=_on_softmax(lambda softmax, context: [_powers(softmax)]),
    ),
    Mistake(
        id="softmax-wrong-axis",
        title="The softmax was normalised over the wrong axis",
        explanation="The exponentials were divided by a sum over other entries than the units of the same sample.",
        hint="For which group of entries do the outputs add up to one? Each sample should have its own distribution.",
        likelihood=5,
        rewrites=_on_softmax(_axes),
    ),
    Mistake(
        id="softmax-twice",
        title="The softmax was applied twice",
        explanation="The softmax was applied to outputs that were probabilities already.",
        hint="Check what goes into the softmax: net inputs, or something that has been through it?",
        likelihood=4,
        rewrites=_on_softmax(lambda softmax, context: [apply("softmax", softmax, axis=softmax.parameters[0])]),
    ),
)
