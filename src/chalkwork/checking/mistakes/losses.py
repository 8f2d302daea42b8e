"""Mistakes in the loss, and in the factors that gradients have from it."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from math import log

from chalkwork.algebra.expression import Application, Expression, Name, Number, apply, rebuild, transform, walk
from chalkwork.checking.mistakes.context import FIRST_SAMPLE, Context, Role
from chalkwork.checking.mistakes.entry import Mistake, Rewrites
from chalkwork.checking.mistakes.structure import (
    coefficient_of,
    collapsed,
    has_operation,
    is_operation,
    product,
    summands,
)
from chalkwork.derivation.derivation import Equation


def _scaled(factor: Fraction) -> Rewrites:
    def rewrites(equation: Equation, context: Context) -> Iterator[Expression]:
        role = context.role(equation)
        first = context.starts_backward(equation) and context.loss_of(equation) is not None
        if role in (Role.LOSS, Role.GRADIENT) or first:
            yield Number(factor if factor.denominator > 1 else int(factor)) * equation.expression

    return rewrites


def _counts(equation: Equation, context: Context) -> list[int]:
    """What a sum may run over in this equation: samples, outputs, both."""
    samples, outputs = context.sizes
    role = context.role(equation)
    if role == Role.LOSS or context.starts_backward(equation):
        sums = [collapsed(node) for node in walk(equation.expression) if is_operation(node, "sum")]
        counts = [samples, samples * outputs, outputs, *(sums if role == Role.LOSS else ())]
    elif role == Role.GRADIENT:
        counts = [samples]
    else:
        counts = []
    return [count for count in dict.fromkeys(counts) if count > 1]


def _mean_for_sum(equation: Equation, context: Context) -> Iterator[Expression]:
    for count in _counts(equation, context):
        yield Number(Fraction(1, count)) * equation.expression


def _sum_for_mean(equation: Equation, context: Context) -> Iterator[Expression]:
    loss = context.loss_of(equation)
    if loss is not None:
        parts = [Fraction(term.coefficient).limit_denominator(10**9) for term in summands(loss.expression)]
        below = [part.denominator for part in (coefficient_of(loss.expression), *parts)]
        for count in _counts(equation, context):
            if any(each % count == 0 for each in below):
                yield count * equation.expression
    if equation.derivative is None and has_operation(equation.expression, "mean"):
        yield transform(equation.expression, _summed)


def _summed(node: Expression) -> Expression | None:
    if is_operation(node, "mean"):
        return apply("sum", transform(node.arguments[0], _summed), axis=node.parameters[0])
    return None


def _log_base(base: int) -> Rewrites:
    natural = Number(log(base))

    def rule(node: Expression) -> Expression | None:
        if is_operation(node, "log", "xlogy"):
            return rebuild(node, tuple(transform(argument, rule) for argument in node.arguments)) / natural
        return None

    def rewrites(equation: Equation, context: Context) -> Iterator[Expression]:
        if context.role(equation) == Role.LOSS or equation.derivative is None:
            result = transform(equation.expression, rule)
            if result != equation.expression:
                yield result

    return rewrites


def _loss_sign(equation: Equation, context: Context) -> Iterator[Expression]:
    if context.role(equation) == Role.LOSS and has_operation(equation.expression, "log", "xlogy"):
        yield -equation.expression


def _wrong_variance(equation: Equation, context: Context) -> Iterator[Expression]:
    """n - 1 for n below a sum of squared distances from a mean, and n for n - 1."""

    def rule(node: Expression) -> Expression | None:
        if is_operation(node, "mean") and _squared_distance(node.arguments[0], context):
            count = collapsed(node)
            return Number(Fraction(count, count - 1)) * node if count > 1 else node
        return other_count(node) if is_operation(node, "multiply", "divide") else None

    def other_count(node: Expression) -> Expression | None:
        factors = product(node).factors
        total = factors[0][0] if len(factors) == 1 and factors[0][1] == 1 else node
        if not is_operation(total, "sum") or not _squared_distance(total.arguments[0], context):
            return None
        count = collapsed(total)
        other = {Fraction(1, count): count - 1, Fraction(1, max(1, count - 1)): count}.get(coefficient_of(node))
        return Number(Fraction(1, other)) * total if other else None

    if equation.derivative is None and context.role(equation) != Role.LOSS:
        result = transform(equation.expression, rule)
        if result != equation.expression:
            yield result


def _squared_distance(expression: Expression, context: Context) -> bool:
    """Whether it is (x - m)^2 with m the mean of x."""
    factors = product(expression).factors
    if len(factors) != 1 or factors[0][1] != 2:
        return False
    distance = factors[0][0]
    if not is_operation(distance, "subtract"):
        return False
    data, centre = distance.arguments
    for _ in range(2):  # a mean that has a name, and the same where it is spread over the samples
        if is_operation(centre, "broadcast"):
            (centre,) = centre.arguments
        source = context.derivation.get(centre.name) if isinstance(centre, Name) else None
        centre = source.expression if source is not None else centre
    inside = [base for term in summands(centre) for base, _ in term.factors]
    return any(is_operation(node, "mean", "sum") and node.arguments[0] == data for node in inside)


def _absolute(equation: Equation, context: Context) -> Iterator[Expression]:
    """The absolute distances, with the factor of the squares and without."""

    def rule(node: Expression) -> Expression | None:
        if is_operation(node, "power") and node.arguments[1] == Number(2):
            return apply("abs", node.arguments[0])
        return None

    if context.role(equation) == Role.LOSS:
        result = transform(equation.expression, rule)
        if result != equation.expression:
            yield result
            front = coefficient_of(result)
            if front not in (0, 1):
                yield Number(1 / front) * result


def one_sample_only(which: str, equation: Equation, context: Context) -> Iterator[Expression]:
    """Sums over the samples with the first or the last one alone, as they are and without the mean."""
    samples = context.sizes[0]
    mask, axis = context.sample(which), context.samples
    if samples < 2 or context.role(equation) not in (Role.LOSS, Role.GRADIENT):
        return

    def rule(node: Expression) -> Expression | None:
        if not isinstance(node, Application):
            return None
        name, arguments = node.operation.name, node.arguments
        if len(arguments[0].shape) != 2:
            return None
        if name in ("sum", "mean") and arguments[0].shape[axis or 0] == samples:
            return rebuild(node, (mask * arguments[0],)) if node.parameters[0] in (None, axis) else None
        if name == "matmul" and arguments[0].shape[1] == samples:
            left, right = arguments
            masked = (left * mask, right) if axis == -1 else (left, right * mask)
            return rebuild(node, masked)
        return None

    result = transform(equation.expression, rule)
    if result != equation.expression:
        yield result
        loss = context.loss_of(equation)
        if loss is not None and coefficient_of(loss.expression).denominator % samples == 0:
            yield samples * result


MISTAKES = (
    Mistake(
        id="absolute-for-square",
        title="Absolute values in the place of squares",
        explanation="<this> was worked out with the absolute values of the errors; their squares are meant.",
        hint="What does this loss do with the distance from the target before it adds up?",
        likelihood=4,
        rewrites=_absolute,
        alone=True,
    ),
    Mistake(
        id="factor-half",
        title="A factor one half too many",
        explanation="<this> is half of what it should be: a factor one half was put in that does not belong there, "
        "or a factor two is missing.",
        hint="Compare the factors in front of your expression with those in the definition of the loss.",
        likelihood=7,
        rewrites=_scaled(Fraction(1, 2)),
    ),
    Mistake(
        id="factor-two",
        title="A factor two too many",
        explanation="<this> is twice what it should be: a factor one half was left out, or a factor two was put in.",
        hint="Compare the factors in front of your expression with those in the definition of the loss.",
        likelihood=7.5,
        rewrites=_scaled(Fraction(2)),
    ),
    Mistake(
        id="mean-for-sum",
        title="A mean instead of a sum",
        explanation="<this> was divided by a number of samples or outputs, but it is a sum, or is divided already.",
        hint="Where does the definition of the loss divide by a number of things, and where does it only add?",
        likelihood=6,
        rewrites=_mean_for_sum,
    ),
    Mistake(
        id="sum-for-mean",
        title="A sum instead of a mean",
        explanation="<this> was not divided by the number of samples or outputs that the loss is averaged over.",
        hint="The loss is a mean. Does what follows from it know that?",
        likelihood=6.5,
        rewrites=_sum_for_mean,
    ),
    Mistake(
        id="first-sample-only",
        title="Only the first sample was used",
        explanation="<this> holds the part of the first sample only; the others were left out.",
        hint="How many samples does the batch hold, and which of them have a part in your result?",
        likelihood=5,
        rewrites=partial(one_sample_only, FIRST_SAMPLE),
    ),
    Mistake(
        id="log-base-2",
        title="The logarithm to the wrong base",
        explanation="The logarithm in <this> was taken to base two instead of the natural one.",
        hint="Which logarithm does the definition of the loss mean, and which key did you press?",
        likelihood=4,
        rewrites=_log_base(2),
    ),
    Mistake(
        id="log-base-10",
        title="The logarithm to the wrong base",
        explanation="The logarithm in <this> was taken to base ten instead of the natural one.",
        hint="Which logarithm does the definition of the loss mean, and which key did you press?",
        likelihood=5,
        rewrites=_log_base(10),
    ),
    Mistake(
        id="loss-sign",
        title="The sign of the loss was forgotten",
        explanation="<this> has the wrong sign: the minus in front of the logarithms was forgotten.",
        hint="Can a cross-entropy be negative?",
        likelihood=6,
        rewrites=_loss_sign,
    ),
    Mistake(
        id="wrong-variance",
        title="The variance with the other denominator",
        explanation="The squared distances from the mean were divided by one less than their number where their number "
        "is meant, or the other way round.",
        hint="There are two definitions of the variance of a sample. Which one is used here?",
        likelihood=6,
        rewrites=_wrong_variance,
    ),
)
