"""Mistakes in the update of the parameters."""

from __future__ import annotations

from collections.abc import Iterator

from chalkwork.algebra.expression import Expression, Name, Number, names_in, replace
from chalkwork.algebra.terms import Term, expression_of
from chalkwork.checking.mistakes.context import Context, Role
from chalkwork.checking.mistakes.entry import Mistake
from chalkwork.checking.mistakes.structure import is_slope, name_alone, summands, updated_parameter
from chalkwork.derivation.derivation import Equation, Stage


def _ascent(equation: Equation, context: Context) -> Iterator[Expression]:
    old = updated_parameter(equation) if context.role(equation) == Role.UPDATE else None
    terms = summands(equation.expression)
    if old is None or all(term.coefficient > 0 and name_alone(term) is not None for term in terms):
        return  # what is added has its minus sign already
    result: Expression = old
    for term in terms:
        if name_alone(term) != old:
            result = result - expression_of(term)
    yield result
    shrinks = any(old in names_in(expression_of(term)) for term in terms if name_alone(term) != old)
    for name in names_in(equation.expression) if shrinks else ():  # or the gradient's part of the step alone
        source = context.derivation.get(name.name)
        if source is not None and source.derivative is not None:
            yield replace(equation.expression, {name: -name})


def rate_of(equation: Equation, context: Context) -> Name | None:
    """The scalar that all of the step is multiplied with."""
    if context.role(equation) != Role.UPDATE:
        return None
    old = updated_parameter(equation)
    if old is None:
        return None
    steps = [term for term in summands(equation.expression) if name_alone(term) != old]
    scalars = [name for name in names_in(equation.expression) if not name.shape and name != old and not is_slope(name)]
    given = [name for name in scalars if context.derivation.get(name.name) is None]
    rates = [name for name in given if steps and all(_is_factor(name, term) for term in steps)]
    return rates[0] if len(rates) == 1 else None


def _is_factor(rate: Name, term: Term) -> bool:
    """Whether all of the step is multiplied with it, once: a constant of a moving mean is no learning rate."""
    inside = [base for base, _ in term.factors if rate in names_in(base)]
    return inside == [rate] and dict(term.factors)[rate] == 1


def _not_updated(equation: Equation, context: Context) -> Iterator[Expression]:
    old = updated_parameter(equation) if context.role(equation) == Role.UPDATE else None
    if old is not None:
        yield old


def _omitted(equation: Equation, context: Context) -> Iterator[Expression]:
    rate = rate_of(equation, context)
    if rate is not None:
        yield replace(equation.expression, {rate: Number(1)})


def _squared(equation: Equation, context: Context) -> Iterator[Expression]:
    rate = rate_of(equation, context)
    if rate is not None:
        yield replace(equation.expression, {rate: rate**2})
    for name in names_in(equation.expression) if context.role(equation) == Role.UPDATE else ():
        factor = context.kept_times.get(name.name)  # of a program whose gradients have the rate already
        if factor is not None and len(names_in(factor)) == 1:
            yield replace(equation.expression, {name: names_in(factor)[0] * name})
    for name in names_in(equation.expression) if updated_parameter(equation) is not None else ():
        source = context.derivation.get(name.name)
        rate = _rate_in(source, context) if source is not None and source.stage == Stage.UPDATE else None
        if rate is not None:  # of a velocity that has the rate already
            yield replace(equation.expression, {name: rate * name})


def _rate_in(velocity: Equation, context: Context) -> Name | None:
    """The number that a velocity multiplies the gradient with, where it is one by itself."""
    for term in summands(velocity.expression):
        bases = [base for base, _ in term.factors]
        numbers = [base for base in bases if isinstance(base, Name) and not base.shape]
        sources = [context.derivation.get(base.name) for base in bases if isinstance(base, Name) and base.shape]
        if len(bases) == 2 and len(numbers) == len(sources) == 1 and sources[0] and sources[0].derivative is not None:
            return numbers[0]
    return None


MISTAKES = (
    Mistake(
        id="ascent",
        title="A step up instead of down",
        explanation="The step was added to <parameter> instead of subtracted, so that the loss grows.",
        hint="The gradient points where the loss grows. Where do you want to go?",
        likelihood=8,
        rewrites=_ascent,
    ),
    Mistake(
        id="learning-rate-omitted",
        title="The learning rate was left out",
        explanation="<gradient> was subtracted from <parameter> without being multiplied by <rate>.",
        hint="How large is one step? The gradient alone does not say it.",
        likelihood=7,
        rewrites=_omitted,
    ),
    Mistake(
        id="learning-rate-squared",
        title="The learning rate was multiplied twice",
        explanation="<gradient> was multiplied by the square of <rate> instead of <rate>.",
        hint="Count how often the learning rate has entered your step, the gradients included.",
        likelihood=4,
        rewrites=_squared,
    ),
    Mistake(
        id="not-updated",
        title="Nothing was updated",
        explanation="<this> is <parameter> as it was before the step.",
        hint="What does a step of gradient descent change, and by how much?",
        likelihood=6,
        rewrites=_not_updated,
        rebuilds=True,
    ),
)
