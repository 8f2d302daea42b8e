"""Mistakes in estimates from a sample and in the information of distributions."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import reduce

from chalkwork.algebra.expression import Expression, Name, Number, apply, names_in, replace
from chalkwork.algebra.terms import expression_of
from chalkwork.checking.mistakes.context import Context
from chalkwork.checking.mistakes.entry import Mistake
from chalkwork.checking.mistakes.structure import has_operation, is_operation, product, share_below, summands
from chalkwork.derivation.derivation import Equation, Stage

_OF_NETWORKS = (Stage.FORWARD, Stage.BACKWARD, Stage.UPDATE, Stage.REEVALUATION)


def _is_studied(equation: Equation) -> bool:
    """Whether it is a number that a room of its own works out, no step of a network."""
    return equation.stage not in _OF_NETWORKS and equation.derivative is None and not equation.expression.shape


def _other_count(equation: Equation, context: Context) -> Iterator[Expression]:
    """n - 1 below a sum of squared deviations for n, and n for n - 1; in a network units for samples."""
    yield from _units_for_samples(equation, context)
    if _is_studied(equation) and is_operation(equation.expression, "divide"):
        total, count = equation.expression.arguments
        if _are_deviations(total, context):
            if isinstance(count, Name):
                yield total / (count - 1)
            elif is_operation(count, "subtract") and count.arguments[1] == Number(1):
                yield total / count.arguments[0]


def _units_for_samples(equation: Equation, context: Context) -> Iterator[Expression]:
    """Another size of the data or of the weights below what is divided by the number of samples."""
    samples = context.sizes[0]
    terms = summands(equation.expression) if samples > 1 else []
    if not any(share_below(term, samples) for term in terms):
        return
    sizes = dict.fromkeys(size for given in context.derivation.givens for size in given.shape)
    for size in sizes.keys() - {1, samples}:
        factor = Number(Fraction(samples, size))
        parts = (expression_of(one) for one in terms)
        changed = [factor * part if share_below(one, samples) else part for one, part in zip(terms, parts, strict=True)]
        yield reduce(Expression.__add__, changed)


def _are_deviations(total: Expression, context: Context) -> bool:
    """Whether it is the name of a sum of (x - m)^2 with one m for all x."""
    source = context.derivation.get(total.name) if isinstance(total, Name) else None
    if source is None or not is_operation(source.expression, "sum"):
        return False
    factors = product(source.expression.arguments[0]).factors
    if len(factors) != 1 or factors[0][1] != 2 or not is_operation(factors[0][0], "subtract"):
        return False
    data, centre = factors[0][0].arguments
    return bool(data.shape) and not centre.shape


def _root_taken(equation: Equation, context: Context) -> Iterator[Expression]:
    expression = equation.expression
    if (
        _is_studied(equation)
        and is_operation(expression, "divide")
        and _are_deviations(expression.arguments[0], context)
    ):
        yield apply("sqrt", expression)


def _inverted(equation: Equation, context: Context) -> Iterator[Expression]:
    if _is_studied(equation) and is_operation(equation.expression, "divide"):
        above, below = equation.expression.arguments
        yield below / above


def _multiplied(equation: Equation, context: Context) -> Iterator[Expression]:
    if _is_studied(equation) and is_operation(equation.expression, "divide"):
        above, below = equation.expression.arguments
        yield above * below


def _exchanged(equation: Equation, context: Context) -> Iterator[Expression]:
    """p for q and q for p, where both are given."""
    if not _is_studied(equation) or not has_operation(equation.expression, "log", "xlogy"):
        return
    columns = [name for name in names_in(equation.expression) if name.shape]
    given = [name for name in columns if name in context.derivation.givens]
    if len(given) == len(columns) == 2 and given[0].shape == given[1].shape:
        one, other = given
        yield replace(equation.expression, {one: other, other: one})


def _sign_turned(equation: Equation, context: Context) -> Iterator[Expression]:
    if _is_studied(equation) and _has_logarithms(equation, context):
        yield -equation.expression


def _has_logarithms(equation: Equation, context: Context) -> bool:
    """Whether it is a sum of logarithms, or another such sum with a minus in front."""
    expression = equation.expression
    if has_operation(expression, "log", "xlogy"):
        return not is_operation(expression, "divide")
    if is_operation(expression, "negative") and isinstance(expression.arguments[0], Name):
        source = context.derivation.get(expression.arguments[0].name)
        return source is not None and _has_logarithms(source, context)
    sources = (context.derivation.get(name.name) for name in names_in(expression))
    logs = any(source is not None and has_operation(source.expression, "log", "xlogy") for source in sources)
    return is_operation(expression, "sum") and logs


MISTAKES = (
    Mistake(
        id="other-count",
        title="Divided by another count",
        explanation="<this> was divided by another number of things than is meant: by a number of units for that of "
        "the samples, or by one less where two estimates of a variance are in use.",
        hint="Over how many things is the mean taken? Count them.",
        likelihood=5.5,
        rewrites=_other_count,
    ),
    Mistake(
        id="root-taken",
        title="The standard deviation instead of the variance",
        explanation="The root was taken: this is the standard deviation, and <this> is its square.",
        hint="Is the variance asked for, or the standard deviation?",
        likelihood=5,
        rewrites=_root_taken,
    ),
    Mistake(
        id="quotient-inverted",
        title="A quotient upside down",
        explanation="For <this> numerator and denominator were exchanged.",
        hint="Which of the two numbers is divided by which?",
        likelihood=5,
        rewrites=_inverted,
    ),
    Mistake(
        id="multiplied",
        title="Multiplied instead of divided",
        explanation="For <this> the numbers were multiplied; one of them must be divided by the other.",
        hint="Must the result become larger or smaller?",
        likelihood=4,
        rewrites=_multiplied,
    ),
    Mistake(
        id="distributions-exchanged",
        title="The distributions the other way round",
        explanation="In <this> the two distributions stand in each other's place: the expectation is taken under the "
        "one that stands first.",
        hint="Under which of the two distributions is the expectation taken?",
        likelihood=7,
        rewrites=_exchanged,
    ),
    Mistake(
        id="logarithm-sign",
        title="The sign of the logarithms",
        explanation="<this> has the wrong sign: a minus in front of the logarithms was forgotten, or is one too many.",
        hint="Which sign has the logarithm of a probability, and which one must the result have?",
        likelihood=6.5,
        rewrites=_sign_turned,
    ),
)
