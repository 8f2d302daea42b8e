"""What normalisations share: their quantities, settings and sentences, and the layer that people write."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression, Number, apply
from chalkwork.networks import reasons
from chalkwork.networks.layers.base import Layer, NamedAdjoint
from chalkwork.networks.layers.settings import Setting
from chalkwork.networks.plan import Spot
from chalkwork.networks.quantities import Form, Quantity, Role
from chalkwork.words import Said, Text

GAMMA = Quantity("gamma", Role.SCALE, Form.UNITS, keyword="gamma", start=1.0, torch="weight")
BETA = Quantity("beta", Role.SHIFT, Form.UNITS, keyword="beta", torch="bias")
EPSILON = Quantity("epsilon", Role.CONSTANT, Form.NUMBER, keyword="epsilon")

ACTIVATION = Setting("activation", "activation", "identity")
ROOM = Setting("epsilon", "number", 1e-5, low=0, high=float("inf"), high_open=True)
VECTORS = (Setting("gamma", "entries"), Setting("beta", "entries"))
INPUTS = Setting("inputs", "size")


class Normalisation(Layer):
    """A layer with as many units as enter it, which follow from the vectors that are given."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        vectors = (value for value in self.options.values() if isinstance(value, np.ndarray))
        self.options["inputs"] = self.options["inputs"] or next(map(len, vectors), None)


def each_alone(at: Spot) -> Said:
    """What is said where there are several, of samples or of their positions."""
    if at.layer.positions:
        return Text.of("normalised.each_position")
    return "" if at.plan.samples == 1 else Text.of("normalised.each_sample")


def scaled(at: Spot) -> Text:
    """Why z is what it is."""
    return Text.of("normalised.scaled", again=at.again, scale=at.shown("gamma"), shift=at.shown("beta"))


def average(expression: Expression, axis: int, count: int, divisor: int | None = None) -> Expression:
    """The sum of so many entries along an axis, divided by their number or by `divisor`."""
    if count == 1:
        return expression
    total, divisor = apply("sum", expression, axis=axis), divisor or count
    return total if divisor == 1 else Number(Fraction(1, divisor)) * total


def over_units(at: Spot, expression: Expression) -> Expression:
    """The mean over the units."""
    return average(expression, at.plan.convention.unit_axis, at.layer.units)


def adjoints(at: Spot, own: Mapping[str, Text], over: str) -> list[NamedAdjoint]:
    """delta, dgamma, what is the kind's own (`beta` first, where there is a shift) and dxhat among it.

    `over` says over what the gradients of parameters are summed: `samples`, say, or nothing.
    """
    summed = Text.of(f"normalised.over_{over}") if over else ""
    scale = Text.of("normalised.scale_gradient", error=at.shown("delta"), scaled=at.shown("xhat"), summed=summed)
    named = {"gamma": scale, **own}
    first = NamedAdjoint(at.name("z"), at.name("delta"), reasons.error(at))
    return [first, *(NamedAdjoint.of(at, letter, said) for letter, said in named.items())]


def by_normalised(at: Spot) -> dict[str, Text]:
    """Why dxhat is what it is."""
    return {"xhat": Text.of("normalised.by_scaled", scale=at.shown("gamma"))}


def by_statistics(at: Spot, variance: Text) -> dict[str, Text]:
    """dxhat, dvar, dmu, where the statistics depend on what is normalised."""
    return {**by_normalised(at), "var": variance, "mu": Text.of("normalised.by_mean", mean=at.shown("mu"))}
