"""The equations of an update: every parameter after one step, by the rule of an optimiser."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from chalkwork.algebra.expression import Expression, Name, Number, apply
from chalkwork.algebra.simplify import simplify
from chalkwork.derivation.derivation import Equation, Stage, suffix_of
from chalkwork.errors import ChalkworkError
from chalkwork.networks.optimisers import Optimiser, sentence, worked_lines
from chalkwork.networks.plan import Plan

GRADIENT_DESCENT = Optimiser()


def optimiser_givens(plan: Plan, optimiser: Optimiser = GRADIENT_DESCENT) -> list[Name]:
    """What an update uses besides parameters and gradients: the rate, the constants, the states, all zero at first.

    >>> from chalkwork.networks.activations import Activation
    >>> from chalkwork.networks.convention import Convention
    >>> from chalkwork.networks.losses import SquaredError
    >>> from chalkwork.networks.layers.base import LayerPlan
    >>> from chalkwork.networks.layers.dense import DENSE
    >>> plan = Plan((LayerPlan(2, 1, Activation("tanh"), False, DENSE),), SquaredError(), Convention())
    >>> [str(name) for name in optimiser_givens(plan, Optimiser.of("momentum"))]
    ['eta', 'mu', 'vW1']
    """
    rate = [Name("eta"), *(Name(constant) for constant, _ in optimiser.constants)]
    states = [(name, letter) for name in plan.parameters() for letter in optimiser.rule.states]
    return rate + [Name(f"{letter}{name.name}", name.shape) for name, letter in states]


def update(
    plan: Plan,
    step: int,
    optimiser: Optimiser = GRADIENT_DESCENT,
    count: Expression | None = None,
    gradients: str = "d",
) -> list[Equation]:
    """Every parameter, and every state of the optimiser, after one step.

    `count` is the number of the step from 1 on, where it is not `step + 1`; `gradients` is what the names of the
    gradients begin with.
    """
    if optimiser.looks_ahead:
        hint = f"leave out the form of {optimiser.name}"
        raise ChalkworkError("a network has its gradient at its parameters, not ahead of them", hint=hint)
    number = Number(step + 1) if count is None else count
    equations: list[Equation] = []
    for old in plan.parameters(suffix_of(step)):
        equations += _updated(old, step, optimiser, number, gradients)
    return equations


def _updated(old: Name, step: int, optimiser: Optimiser, count: Expression, gradients: str) -> list[Equation]:
    """The lines of the rule for one parameter."""
    suffix, following = suffix_of(step), suffix_of(step + 1)
    bare = old.name.removesuffix(suffix) if suffix else old.name
    gradient = Name(f"{gradients}{old.name}", old.shape)
    bound: dict[str, Expression] = {"p": old, "g": gradient, "eta": Name("eta"), "t": count}
    bound |= {constant: Name(constant) for constant, _ in optimiser.constants}
    bound |= {letter: Name(f"{letter}{old.name}", old.shape) for letter in optimiser.rule.states}
    renewed = {"p": bare} | {letter: f"{letter}{bare}" for letter in optimiser.rule.states}

    def called(defined: str) -> str:
        kept = renewed.get(defined.removesuffix("_new")) if defined.endswith("_new") else None
        return f"{kept}{following}" if kept else f"{defined}{old.name}"

    said = sentence(optimiser, lambda word: old.name if word == "p" else f"{word}{old.name}")
    lines = worked_lines(optimiser.lines, bound, called)
    return [
        Equation(name.name, expression, Stage.UPDATE, "" if place else said)
        for place, (name, expression) in enumerate(lines)
    ]


def clipped(raw: Sequence[Name], norm: bool, value: bool, number: str = "") -> list[Equation]:
    """Gradients shortened to a norm or cut to a size, under the names that an update uses.

    The norm and what shortens them carry the `number` in their names. The norm is that of all gradients together:
    Pascanu, Mikolov and Bengio, On the difficulty of training recurrent neural networks (ICML 2013), algorithm 1.
    """
    equations: list[Equation] = []
    parts: list[tuple[Name, Expression]] = [(name, name) for name in raw]
    if norm:
        squares: list[Expression] = [apply("squared_norm", name) for name in raw]
        total = Equation(f"gnorm{number}", apply("sqrt", reduce(Expression.__add__, squares)), Stage.BACKWARD)
        scale = Equation(
            f"gscale{number}", apply("minimum", Number(1), Name("clip_norm") / total.symbol), Stage.BACKWARD
        )
        equations += [total, scale]
        parts = [(name, scale.symbol * part) for name, part in parts]
    if value:
        most = Name("clip_value")
        parts = [(name, apply("maximum", apply("minimum", part, most), -most)) for name, part in parts]
    return equations + [Equation(f"clipped_{name.name}", simplify(part), Stage.BACKWARD) for name, part in parts]
