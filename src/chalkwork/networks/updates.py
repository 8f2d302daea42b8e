"""The equations of an update: every parameter after one step."""

from __future__ import annotations

from chalkwork.algebra.expression import Name
from chalkwork.derivation.derivation import Equation, Stage
from chalkwork.networks import reasons
from chalkwork.networks.optimisers import gradient_descent
from chalkwork.networks.plan import Plan, suffix_of


def update(plan: Plan, step: int) -> list[Equation]:
    """Every parameter after one step of gradient descent."""
    suffix, following = suffix_of(step), suffix_of(step + 1)
    rate = Name("eta")
    equations = []
    for old in plan.parameters(suffix):
        gradient = Name(f"d{old.name}", old.shape)
        bare = old.name.removesuffix(suffix) if suffix else old.name
        new = gradient_descent(old, gradient, rate)
        equations.append(Equation(f"{bare}{following}", new, Stage.UPDATE, reasons.updated()))
    return equations
