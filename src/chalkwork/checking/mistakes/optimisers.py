"""Mistakes in the rules of optimisers: moments and velocities, what is added to what."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from math import prod

from chalkwork.algebra.expression import (
    Expression,
    Name,
    Number,
    apply,
    names_in,
    replace,
    transform,
    walk,
)
from chalkwork.algebra.terms import expression_of
from chalkwork.checking.mistakes.context import Context, Role
from chalkwork.checking.mistakes.entry import Mistake, Rewrites
from chalkwork.checking.mistakes.structure import is_operation, is_slope, name_alone, summands, updated_parameter
from chalkwork.derivation.derivation import Equation, Stage

_NUMBERED = re.compile(r"(.*)_new(\d*)")
_STEP = re.compile(r"([a-z]+)(\d+)(_[a-z_]+)?")


def _through(rewrites: Rewrites) -> Rewrites:
    """The same in what enters an update, where that is no velocity and no moment but made of these."""

    def both(equation: Equation, context: Context) -> Iterator[Expression]:
        if equation.stage != Stage.UPDATE:
            return
        yield from rewrites(equation, context)
        for name in names_in(equation.expression):
            source = context.derivation.get(name.name)
            if source is None or source.stage != Stage.UPDATE or _kept(source, context) is not None:
                continue
            for other in rewrites(source, context):
                yield replace(equation.expression, {name: other})

    return both


# --- epsilon ---------------------------------------------------------------------------------------------------------


def _epsilon_inside(equation: Equation, context: Context) -> Iterator[Expression]:
    def rule(node: Expression) -> Expression | None:
        if is_operation(node, "add"):
            for root, small in (node.arguments, node.arguments[::-1]):
                if is_operation(root, "sqrt") and (inside := _small(small)) is not None:
                    return apply("sqrt", transform(root.arguments[0], rule) + inside)
        return None

    if equation.stage == Stage.UPDATE:
        yield from _if_changed(equation, rule)


def _small(beside: Expression) -> Expression | None:
    """What stands below a root where this stood beside it: a number by name, or one that is divided as the root is."""
    if isinstance(beside, Name) and not beside.shape:
        return beside
    if is_operation(beside, "divide") and not beside.shape and isinstance(beside.arguments[0], Name | Number):
        return beside / beside.arguments[1]
    return None


def _root_forgotten(equation: Equation, context: Context) -> Iterator[Expression]:
    if equation.stage == Stage.UPDATE:
        yield from _if_changed(equation, lambda node: node.arguments[0] if is_operation(node, "sqrt") else None)


def _if_changed(equation: Equation, rule: Callable[[Expression], Expression | None]) -> Iterator[Expression]:
    result = transform(equation.expression, rule)
    if result != equation.expression:
        yield result


# --- velocities and moments ------------------------------------------------------------------------------------------


def _before(name: str) -> str:
    """The name as it was an update earlier; the same where there was none."""
    found = _NUMBERED.fullmatch(name)
    if found is None:
        return name
    count = int(found[2] or 1) - 1
    return found[1] if not count else f"{found[1]}_new{count if count > 1 else ''}"


def _kept(equation: Equation, context: Context) -> Name | None:
    """What a velocity or a moment was before: the name in its own equation that is its own, an update earlier."""
    step = _STEP.fullmatch(equation.name)
    names = [_before(equation.name)]
    if step is not None:
        before = f"{step[1]}{int(step[2]) - 1}"
        names += [f"{before}{step[3] or ''}", before]
    return next((name for name in names_in(equation.expression) if name.name in names), None)


def _states(equation: Equation, context: Context) -> dict[Expression, Expression]:
    """The new velocities and moments in an update, each with what it was before."""
    own = _kept(equation, context)
    found: dict[Expression, Expression] = {}
    for name in names_in(equation.expression):
        source = context.derivation.get(name.name)
        if source is None or source.stage != Stage.UPDATE or name == own:
            continue
        before = _kept(source, context)
        if before is not None:
            found[name] = before
    return found


def _old_velocity(equation: Equation, context: Context) -> Iterator[Expression]:
    states = _states(equation, context) if equation.stage == Stage.UPDATE else {}
    if states:
        yield replace(equation.expression, states)


def _gradient(velocity: Equation, context: Context) -> Name | None:
    """What a velocity takes on: the one derivative in it."""
    found = [name for name in names_in(velocity.expression) if _is_derivative(name, context)]
    return found[0] if len(found) == 1 else None


def _is_derivative(name: Name, context: Context) -> bool:
    if is_slope(name):
        return True
    source = context.derivation.get(name.name)
    return source is not None and source.derivative is not None


def _shares(velocity: Equation, gradient: Name, context: Context) -> list[Name]:
    """The constants in the equation of a velocity or a moment."""
    apart = (gradient, _kept(velocity, context))
    return [name for name in names_in(velocity.expression) if not name.shape and name not in apart]


def _velocity_of(equation: Equation, context: Context) -> tuple[Name, Name, Expression] | None:
    """The velocity that a step is made of, its gradient, and the part of itself that it keeps."""
    if equation.stage != Stage.UPDATE or updated_parameter(equation) is None:
        return None
    states = _states(equation, context)
    new = [name for name in names_in(equation.expression) if name in states]
    if len(new) != 1:
        return None
    source = context.derivation[new[0].name]
    gradient = _gradient(source, context)
    kept = [] if gradient is None else _shares(source, gradient, context)
    if gradient is None or len(kept) != 1 or gradient not in map(name_alone, summands(source.expression)):
        return None
    return new[0], gradient, kept[0]


def _other_momentum(equation: Equation, context: Context) -> Iterator[Expression]:
    """Nesterov's step for that of momentum, and the other way round."""
    found = _velocity_of(equation, context)
    if found is None:
        return
    velocity, gradient, kept = found
    nesterov = gradient + kept * velocity
    if gradient not in names_in(equation.expression):
        yield replace(equation.expression, {velocity: nesterov})
    else:
        yield replace(equation.expression, {nesterov: velocity})


def _velocity_sign(equation: Equation, context: Context) -> Iterator[Expression]:
    """The gradient subtracted from a velocity that is subtracted itself, or one of both from the other in a step."""
    gradient = _gradient(equation, context) if equation.stage == Stage.UPDATE else None
    found = _velocity_of(equation, context)
    if found is not None and gradient == found[1]:  # Nesterov's, which is made of both
        for name in found[:2]:
            yield replace(equation.expression, {name: -name})
    if gradient is None or updated_parameter(equation) is not None:
        return
    parts = summands(equation.expression)
    if len(parts) == 2 and not any(dict(part.factors).get(gradient, 1) != 1 for part in parts):  # no mean of squares
        first, second = (expression_of(part) for part in parts)
        yield first - second
        yield second - first


def _square_forgotten(equation: Equation, context: Context) -> Iterator[Expression]:
    gradient = _gradient(equation, context) if equation.stage == Stage.UPDATE else None
    if gradient is not None:
        yield from _if_changed(
            equation, lambda node: gradient if is_operation(node, "power") and node.arguments[0] == gradient else None
        )


def _weights_exchanged(equation: Equation, context: Context) -> Iterator[Expression]:
    """rho and 1 - rho in each other's place, or the new part taken whole where a share is meant, or the reverse."""
    gradient = _gradient(equation, context) if equation.stage == Stage.UPDATE else None
    if gradient is None or updated_parameter(equation) is not None:
        return
    kept = _shares(equation, gradient, context)
    if len(kept) != 1:
        return
    (rho,) = kept
    if any(is_operation(node, "subtract") for node in walk(equation.expression)):
        yield replace(equation.expression, {rho: 1 - rho})
        yield replace(equation.expression, {1 - rho: Number(1)})
    else:
        parts = summands(equation.expression)
        if gradient in map(name_alone, parts):
            rest = [expression_of(part) for part in parts if name_alone(part) != gradient]
            yield rest[0] + (1 - rho) * gradient if len(rest) == 1 else equation.expression
            before = _kept(equation, context)
            if before is not None and len(rest) == 1:  # the constant at the new part, or at both
                yield before + rho * gradient
                yield rest[0] + rho * gradient


def _not_kept(equation: Equation, context: Context) -> Iterator[Expression]:
    """A velocity or a running mean that begins anew at every step."""
    before = _kept(equation, context) if equation.stage == Stage.UPDATE else None
    gradient = _gradient(equation, context) if before is not None else None
    squares = [node for node in walk(equation.expression) if is_operation(node, "power")]
    of_squares = any(node.arguments[0] == gradient for node in squares)
    if before is not None and gradient is not None and (of_squares or updated_parameter(equation) is None):
        yield replace(equation.expression, {before: 0 * before})


def _accumulated(equation: Equation, context: Context) -> Iterator[Expression]:
    """The gradient of the step before still in that of this one."""
    if context.role(equation) != Role.GRADIENT:
        return
    before = context.derivation.get(_before(equation.name))
    if before is not None and before.name != equation.name:
        yield equation.expression + before.symbol


def _of_another(equation: Equation, context: Context) -> Iterator[Expression]:
    """The step of another parameter that has the same shape, or is one number for all entries."""
    if context.role(equation) != Role.UPDATE:
        return
    own = [
        name for name in names_in(equation.expression) if _is_derivative(name, context) and name.name in context.steps
    ]
    for name in own[:1]:
        for other in context.derivatives.values():
            same_step = context.role(other) == Role.GRADIENT and context.steps[other.name] == context.steps[name.name]
            single = prod(other.expression.shape) == 1 and len(other.expression.shape) <= len(name.shape)
            if same_step and other.name != name.name and (other.expression.shape == name.shape or single):
                spread = apply("broadcast", other.symbol, shape=name.shape) if single else other.symbol
                yield replace(equation.expression, {name: spread})


MISTAKES = (
    Mistake(
        id="epsilon-inside-root",
        title="Epsilon inside the root",
        explanation="Epsilon was added below the root instead of to the root.",
        hint="Where does the root end?",
        likelihood=6,
        rewrites=_through(_epsilon_inside),
        alone=True,
    ),
    Mistake(
        id="root-forgotten",
        title="The root was forgotten",
        explanation="In <this> the squares of the gradients stand without their root.",
        hint="What has the unit of a gradient: its square, or the root of that?",
        likelihood=5,
        rewrites=_through(_root_forgotten),
        alone=True,
    ),
    Mistake(
        id="old-velocity-used",
        title="The velocity of the step before",
        explanation="The step was made with what the velocity or the running means were before their own update.",
        hint="In which order are the velocity and the parameter renewed?",
        likelihood=5,
        rewrites=_through(_old_velocity),
        alone=True,
    ),
    Mistake(
        id="nesterov-for-momentum",
        title="The other kind of momentum",
        explanation="The step is that of Nesterov's momentum where plain momentum is meant, or the other way round.",
        hint="Two rules are called momentum. Which one does the exercise state?",
        likelihood=5,
        rewrites=_other_momentum,
        alone=True,
    ),
    Mistake(
        id="velocity-sign",
        title="A sign in the velocity",
        explanation="In <this> gradient and velocity have different signs, although both are to lead downhill.",
        hint="Which of the two lines has the minus of gradient descent?",
        likelihood=6,
        rewrites=_velocity_sign,
        alone=True,
    ),
    Mistake(
        id="moment-weights",
        title="The two parts of a running mean have other weights",
        explanation="In <this> what is kept and what is new have each other's weights, or the new part its own.",
        hint="How much of the old does a running mean keep, and how much of the new does it take on?",
        likelihood=5,
        rewrites=_weights_exchanged,
        alone=True,
    ),
    Mistake(
        id="state-not-kept",
        title="What was kept of the steps before was lost",
        explanation="<this> is made of the gradient of this step alone; what it was before has no part in it.",
        hint="Do the velocity and the running means live on from one step to the next in your program?",
        likelihood=6,
        rewrites=_not_kept,
        alone=True,
    ),
    Mistake(
        id="square-forgotten",
        title="The square of the gradient was forgotten",
        explanation="<this> is the running mean of the gradient itself; that of its square is meant.",
        hint="Of what is the second running mean a mean?",
        likelihood=5,
        rewrites=_square_forgotten,
        alone=True,
    ),
    Mistake(
        id="gradient-accumulated",
        title="The gradient of the step before was not cleared",
        explanation="<this> holds the gradient of the step before besides its own.",
        hint="What is in the place where the gradient is added up when the next step begins?",
        likelihood=5,
        rewrites=_accumulated,
        alone=True,
    ),
    Mistake(
        id="step-of-another-parameter",
        title="The step of another parameter",
        explanation="The gradient that was subtracted from <parameter> belongs to another parameter.",
        hint="Which parameter was each gradient taken by?",
        likelihood=4,
        rewrites=_of_another,
        alone=True,
    ),
)
