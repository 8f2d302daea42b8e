"""Mistakes with a penalty on the weights: in the loss and in the gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import reduce

from chalkwork.algebra.expression import Application, Expression, Name, Number, names_in, rebuild, replace, transform
from chalkwork.algebra.simplify import simplify
from chalkwork.algebra.terms import expression_of
from chalkwork.checking.mistakes.context import Context, Role
from chalkwork.checking.mistakes.entry import Mistake, Rewrites
from chalkwork.checking.mistakes.structure import is_operation, summands
from chalkwork.derivation.derivation import Equation, Stage


def data_and_penalties(equation: Equation, context: Context) -> tuple[list[Expression], list[Expression]] | None:
    """What the data contribute, and the penalties: what is made of parameters and constants alone."""
    if context.role(equation) not in (Role.LOSS, Role.GRADIENT):
        return None
    data: list[Expression] = []
    penalties: list[Expression] = []
    for term in summands(equation.expression):
        part = expression_of(term)
        names = names_in(part)
        alone = any(name.shape for name in names) and all(context.is_parameter(name) for name in names)
        (penalties if alone and any(not name.shape for name in names) else data).append(part)
    return (data, penalties) if data and penalties else None


def _sum(parts: list[Expression]) -> Expression:
    return reduce(Expression.__add__, parts)


def _with_penalty(change: Callable[[Expression, Context], list[Expression]]) -> Rewrites:
    """Something else in the place of the penalty."""

    def rewrites(equation: Equation, context: Context) -> Iterator[Expression]:
        found = data_and_penalties(equation, context)
        if found is not None:
            data, penalties = found
            yield from (_sum(data) + other for other in change(_sum(penalties), context))

    return rewrites


def _forgotten(equation: Equation, context: Context) -> Iterator[Expression]:
    found = data_and_penalties(equation, context)
    if found is not None:
        yield _sum(found[0])


def _apart(equation: Equation, context: Context) -> Iterator[Expression]:
    """The data divided by the number of samples and the penalty not, or the other way round."""
    found = data_and_penalties(equation, context)
    samples = context.sizes[0]
    if found is not None and samples > 1:
        data, penalties = (_sum(part) for part in found)
        share = Number(Fraction(1, samples))
        yield from (share * data + penalties, samples * data + penalties)
        yield from (data + share * penalties, data + samples * penalties)


def _factors(penalty: Expression, context: Context) -> list[Expression]:
    return [2 * penalty, Number(Fraction(1, 2)) * penalty]


def _bias_penalised(equation: Equation, context: Context) -> Iterator[Expression]:
    """The biases in the penalty, as the weights are."""
    step = context.steps[equation.name]
    pairs = [(layer.weights, layer.bias) for layer in context.layers(step) if layer.weights and layer.bias]
    if context.role(equation) == Role.LOSS:
        biases = dict(pairs)

        def rule(node: Expression) -> Expression | None:
            if isinstance(node, Application) and not node.shape and len(node.arguments) == 1:
                (inner,) = node.arguments
                name = inner.arguments[0] if is_operation(inner, "abs") else inner
                if isinstance(name, Name) and name in biases and is_operation(node, "squared_norm", "sum"):
                    return node + rebuild(node, (replace(inner, {name: biases[name]}),))
            return None

        result = transform(equation.expression, rule)
        if result != equation.expression:
            yield result
        return
    if equation.stage == Stage.UPDATE:
        yield from _updated_as_weights(equation, context, pairs)
    if context.role(equation) != Role.GRADIENT or equation.derivative is None:
        return
    for weights, bias in pairs:
        other = context.derivatives.get((equation.derivative.of, weights.name))
        concerned = other is not None and bias.name == equation.derivative.by
        found = data_and_penalties(other, context) if other is not None and concerned else None
        if found is not None:
            yield equation.expression + replace(_sum(found[1]), {weights: bias})


def _updated_as_weights(equation: Equation, context: Context, pairs: list[tuple[Name, Name]]) -> Iterator[Expression]:
    """A bias that shrinks in its update as the weights do."""
    for weights, bias in pairs:
        if weights not in context.updated or context.updated.get(bias) != equation.symbol:
            continue
        for (of, by), one in context.derivatives.items():  # added to a gradient that is there without it
            other = context.derivatives.get((of, weights.name)) if by == bias.name else None
            found = data_and_penalties(other, context) if other is not None else None
            if found is not None and one.symbol in names_in(equation.expression):
                more = one.symbol + replace(_sum(found[1]), {weights: bias})
                yield replace(equation.expression, {one.symbol: more})
        own = context.derivation[context.updated[weights].name].expression
        gradients = {by: one.symbol for (_, by), one in context.derivatives.items() if by in (weights.name, bias.name)}
        if len(gradients) == 2 and {weights, gradients[weights.name]} == {one for one in names_in(own) if one.shape}:
            result = simplify(replace(own, {weights: bias, gradients[weights.name]: gradients[bias.name]}))
            if result != equation.expression:
                yield result


MISTAKES = (
    Mistake(
        id="penalty-forgotten",
        title="The penalty on the weights was forgotten",
        explanation="<this> holds what the data contribute only; the penalty on the weights has a part in it, too.",
        hint="The loss has two parts. What does the second one contribute here?",
        likelihood=8,
        rewrites=_forgotten,
        alone=True,
    ),
    Mistake(
        id="penalty-sign",
        title="The sign of the penalty",
        explanation="The penalty was subtracted in <this>; it is added to the loss, and so to the gradient.",
        hint="Large weights are to cost something. Which sign does that give the penalty?",
        likelihood=6,
        rewrites=_with_penalty(lambda penalty, context: [-penalty]),
        alone=True,
    ),
    Mistake(
        id="penalty-factor",
        title="A factor two in the penalty",
        explanation="The penalty's part in <this> is twice or half of what it should be.",
        hint="Compare the factor in front of the penalty with what is left of it when a square is differentiated.",
        likelihood=6.5,
        rewrites=_with_penalty(_factors),
        alone=True,
    ),
    Mistake(
        id="scaled-apart",
        title="Data and penalty were scaled apart",
        explanation="In <this> one of the two parts was divided by the number of samples and the other not.",
        hint="Which part of the loss is a mean over the samples?",
        likelihood=5.5,
        rewrites=_apart,
        alone=True,
    ),
    Mistake(
        id="bias-penalised",
        title="The bias was penalised",
        explanation="<this> holds a penalty on the bias; only the weights are penalised.",
        hint="Which parameters does the penalty name?",
        likelihood=5,
        rewrites=_bias_penalised,
        alone=True,
    ),
)
