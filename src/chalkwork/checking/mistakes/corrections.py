"""Mistakes in the correction of moments that start at zero: m / (1 - rho^t)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain

from chalkwork.algebra.expression import Application, Expression, Number, apply, names_in, replace, walk
from chalkwork.algebra.simplify import simplify
from chalkwork.checking.mistakes.context import Context
from chalkwork.checking.mistakes.entry import Mistake, Rewrites
from chalkwork.checking.mistakes.structure import is_operation
from chalkwork.checking.mistakes.updates import rate_of
from chalkwork.derivation.derivation import Equation, Stage


def corrected(expression: Expression) -> tuple[Expression, Expression] | None:
    """The moment and 1 - rho^t, where the one is divided by the other."""
    if is_operation(expression, "divide"):
        moment, below = expression.arguments
        if is_operation(below, "subtract") and below.arguments[0] == Number(1):
            return moment, below
    return None


def _with_correction(change: Callable[[Expression, Expression], Expression | None]) -> Rewrites:
    """Something else done with the moment and 1 - rho^t, in the correction itself and in what it enters."""

    def rewrites(equation: Equation, context: Context) -> Iterator[Expression]:
        if equation.stage != Stage.UPDATE:
            return
        own = corrected(equation.expression)
        if own is not None:
            changed = change(*own)
            if changed is not None:
                yield changed
            return
        entering: dict[Expression, dict[Expression, Expression]] = {}
        for name in names_in(equation.expression):
            source = context.derivation.get(name.name)
            correction = corrected(source.expression) if source is not None else None
            other = change(*correction) if correction is not None else None
            if other is not None and correction is not None:
                entering[name] = {name: other, **_by_itself(correction[1], change)}
        if entering:
            yield replace(equation.expression, dict(chain.from_iterable(one.items() for one in entering.values())))
        if len(entering) > 1:
            yield from (replace(equation.expression, one) for one in entering.values())

    return rewrites


def _by_itself(
    below: Expression, change: Callable[[Expression, Expression], Expression | None]
) -> dict[Expression, Expression]:
    """What 1 - rho^t becomes where it stands by itself: with epsilon, if the rate is corrected."""
    other = change(Number(1), below)
    return {} if other is None else dict.fromkeys((below, simplify(below)), 1 / other)


def _without_power(moment: Expression, below: Expression) -> Expression | None:
    assert isinstance(below, Application)
    power = below.arguments[1]
    return moment / (1 - power.arguments[0]) if is_operation(power, "power") else None


def _of_another_step(equation: Equation, context: Context) -> Iterator[Expression]:
    """The power of a step further on: the step was counted once for every parameter, or more often still."""
    for further in range(1, len(context.updated) + 1):

        def later(moment: Expression, below: Expression, further: int = further) -> Expression:
            assert isinstance(below, Application)
            power = below.arguments[1]
            return moment / (1 - power * (power.arguments[0] if is_operation(power, "power") else power) ** further)

        yield from _with_correction(later)(equation, context)


def _corrected_twice(equation: Equation, context: Context) -> Iterator[Expression]:
    """The moments corrected once more, or the rate by the quotient that corrects them both; the corrected one kept."""
    yield from _kept_corrected(equation, context)
    yield from _with_correction(lambda moment, below: moment / below / below)(equation, context)
    rate = rate_of(equation, context)
    sources = {name: context.derivation.get(name.name) for name in names_in(equation.expression)}
    below = {name: one[1] for name, source in sources.items() if source and (one := corrected(source.expression))}
    roots = [node for node in walk(equation.expression) if is_operation(node, "sqrt")]
    squares = [name for name in below if any(name in names_in(root) for root in roots)]
    if rate is not None and len(below) == 2 and len(squares) == 1:
        (mean,) = below.keys() - squares
        yield replace(equation.expression, {rate: rate * apply("sqrt", below[squares[0]]) / below[mean]})


def _kept_corrected(equation: Equation, context: Context) -> Iterator[Expression]:
    """A moment made of the corrected one of the step before, as it is or corrected in its place as well."""
    made = [(one, corrected(one.expression)) for one in context.derivation.equations if one.stage == Stage.UPDATE]
    below = [found[1] for _, found in made if found is not None and found[0] == equation.symbol]
    for other, found in made:
        earlier = context.steps[other.name] < context.steps[equation.name]
        if below and earlier and found is not None and found[0] in names_in(equation.expression):
            kept = replace(equation.expression, {found[0]: other.symbol})
            yield from (kept, kept / below[0])


def _other_rate(equation: Equation, context: Context) -> Iterator[Expression]:
    """The correction with the constant of the other moment."""
    own = corrected(equation.expression) if equation.stage == Stage.UPDATE else None
    if own is None:
        return
    mine = names_in(own[1])
    for other in context.derivation.equations:
        correction = corrected(other.expression) if other.stage == Stage.UPDATE else None
        if correction is not None and names_in(correction[1]) != mine and len(names_in(correction[1])) == 1:
            yield replace(equation.expression, dict(zip(mine, names_in(correction[1]), strict=False)))
            return


MISTAKES = (
    Mistake(
        id="bias-correction-omitted",
        title="The correction of the moments was left out",
        explanation="<this> was worked out from the running means as they are. They start at zero, which the division "
        "by one minus the power of their constant makes up for.",
        hint="How large is a running mean after its first step, if it started at zero?",
        likelihood=8,
        rewrites=_with_correction(lambda moment, below: moment),
        alone=True,
    ),
    Mistake(
        id="bias-correction-multiplied",
        title="The correction of the moments was multiplied",
        explanation="A running mean was multiplied by one minus the power of its constant instead of divided by it.",
        hint="The running mean starts at zero and is too small. Must the correction make it larger or smaller?",
        likelihood=6,
        rewrites=_with_correction(lambda moment, below: moment * below),
        alone=True,
    ),
    Mistake(
        id="bias-correction-without-power",
        title="The correction of the moments without its power",
        explanation="The constant in the correction was not raised to the number of the step.",
        hint="The correction fades as the steps go on. What makes it do so?",
        likelihood=6,
        rewrites=_with_correction(_without_power),
        alone=True,
    ),
    Mistake(
        id="bias-correction-of-another-step",
        title="The correction of the moments of another step",
        explanation="The constant in the correction was raised to the number of another step.",
        hint="Which number has the first step, and how often is it raised while all parameters make one step?",
        likelihood=5,
        rewrites=_of_another_step,
        alone=True,
    ),
    Mistake(
        id="bias-correction-twice",
        title="The correction of the moments was made twice",
        explanation="The running means are corrected already, and were corrected once more in the step.",
        hint="Where does your program make up for running means that start at zero? Is it done in one place only?",
        likelihood=5,
        rewrites=_corrected_twice,
        alone=True,
    ),
    Mistake(
        id="bias-correction-of-second-moment",
        title="The correction with the constant of the other moment",
        explanation="<this> was corrected with the constant that belongs to the other running mean.",
        hint="Two running means, two constants: which one belongs to this?",
        likelihood=4,
        rewrites=_other_rate,
        alone=True,
    ),
)
