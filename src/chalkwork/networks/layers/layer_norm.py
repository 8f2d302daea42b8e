"""Layer normalisation: the units of every sample brought to mean 0 and variance 1, then scaled and shifted."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np

from chalkwork.algebra.expression import Expression, Number, apply
from chalkwork.derivation.derivation import Equation
from chalkwork.networks import reasons
from chalkwork.networks.layers.base import Foreign, Layer, LayerKind, NamedAdjoint
from chalkwork.networks.layers.dense import activated
from chalkwork.networks.layers.settings import Setting
from chalkwork.networks.quantities import Form, Quantity, Role
from chalkwork.networks.spot import Spot, counted


@dataclass(frozen=True)
class LayerNormKind(LayerKind):
    """mu, var, xhat = (a - mu) / sqrt(var + epsilon), z = gamma * xhat + beta, a = f(z), for every sample alone.

    Source: Ba, Kiros and Hinton, Layer Normalization (2016), equations 3 and 4.
    """

    positions = "any"
    quantities: ClassVar[tuple[Quantity, ...]] = (
        Quantity("gamma", Role.SCALE, Form.UNITS, keyword="gamma", start=1.0, torch="weight"),
        Quantity("beta", Role.SHIFT, Form.UNITS, keyword="beta", torch="bias"),
        Quantity("epsilon", Role.CONSTANT, Form.NUMBER, keyword="epsilon"),
    )

    def forward(self, at: Spot, incoming: Expression, *others: Expression) -> list[Equation]:
        """mu, var, xhat, z, a."""
        units = counted(at.layer.units, "unit")
        each = "" if not at.over else f", for every {at.over.split()[0][:-1]} alone"
        title = f"Layer normalisation (layer {at.number}){at.again}: the mean of {{{at.below}}} over its {units}{each}."
        mean = Equation(at.name("mu"), _average(at, incoming), at.stage, title)
        variance = Equation(
            at.name("var"), _average(at, (incoming - mean.symbol) ** 2), at.stage,
            f"The variance over the units: the squared deviations from {{{at.name('mu')}}}, divided by "
            f"${at.layer.units}$.",
        )  # fmt: skip
        (epsilon,) = self.names(at, Role.CONSTANT)
        deviation = apply("sqrt", variance.symbol + epsilon)
        xhat = Equation(
            at.name("xhat"), (incoming - mean.symbol) / deviation, at.stage,
            f"Normalised{at.again}: mean 0 and variance 1 over the units; {{{epsilon}}} keeps the root away from 0.",
        )  # fmt: skip
        net = Equation(
            at.name("z"), at.vector("gamma") * xhat.symbol + at.vector("beta"), at.stage,
            f"Scaled and shifted{at.again} by {{{at.name('gamma')}}} and {{{at.name('beta')}}}, which are learned: one "
            "of each for a unit.",
        )  # fmt: skip
        return [mean, variance, xhat, net, activated(at, net)]

    def adjoints(self, at: Spot) -> list[NamedAdjoint]:
        """delta, dgamma, dbeta, then dxhat, dvar, dmu, as for batch normalisation."""
        delta, gamma, xhat = at.name("delta"), at.name("gamma"), at.name("xhat")
        summed = "" if not at.over else f", summed over the {at.over}"
        named = [
            ("z", delta, reasons.error(at)),
            ("gamma", "", f"Gradient of the scale: {{{delta}}} times what is scaled, {{{xhat}}}{summed}."),
            ("beta", "", f"Gradient of the shift: it is added, so it gets {{{delta}}}{summed}."),
            ("xhat", "", f"Back through the scaling by {{{gamma}}}."),
            ("var", "", f"The variance {{{at.name('var')}}} divides every unit alike, so it collects from all of them; "
             "the derivative of one over its root brings the half and the third power."),
            ("mu", "", f"The mean {{{at.name('mu')}}} enters every normalised value, and the variance too; that second "
             "part is zero, because the deviations from a mean add up to zero."),
        ]  # fmt: skip
        return [NamedAdjoint(at.name(letter), name or f"d{at.name(letter)}", reason) for letter, name, reason in named]

    def way_back(self, at: Spot) -> str:
        """By three ways: through xhat, the variance and the mean."""
        return f"the error comes to {{{at.below}}} by three ways (directly, through the variance, through the mean)"

    def words(self, at: Spot) -> str:
        """The activation, where it is one."""
        name = "" if at.layer.activation.name == "identity" else f" ({at.layer.activation.words})"
        return f"layer normalisation{name}"

    def title(self, at: Spot) -> str:
        """The activation, where it is one."""
        name = "" if at.layer.activation.name == "identity" else f", {at.layer.activation.words}"
        return f"layer norm{name}"

    def declared(self, at: Spot) -> list[str]:
        """Which variance."""
        return [
            f"The layer normalisation (layer {at.number}) takes mean and variance over the {at.layer.units} units of "
            f"each {'position' if at.layer.positions else 'sample'}; the variance divides by ${at.layer.units}$."
        ]


def _average(at: Spot, expression: Expression) -> Expression:
    """The mean over the units."""
    if at.layer.units == 1:
        return expression
    total = apply("sum", expression, axis=at.plan.convention.unit_axis)
    return Number(Fraction(1, at.layer.units)) * total


class LayerNorm(Layer):
    """Layer normalisation, then an activation.

    The units of every sample are brought to mean 0 and variance 1 (n x d or d x n in, the same shape out; the variance
    divides by d), scaled by `gamma` and shifted by `beta`, which are learned (one for each unit; ones and zeros if not
    given, or one number for all, or a vector). Training and inference do the same. `epsilon` (from 0) is added to the
    variance under the root.

    Source: Ba, Kiros and Hinton, Layer Normalization (2016).
    Raises ChalkworkError for settings out of range, ShapeError where gamma and beta do not fit.

    >>> LayerNorm("relu", epsilon=1e-3)
    LayerNorm('relu', epsilon=0.001)
    """

    kind_type = LayerNormKind
    kind = LayerNormKind()
    title = "a layer normalisation"
    settings = (
        Setting("activation", "activation", "identity"),
        Setting("epsilon", "number", 1e-5, low=0, high=float("inf"), high_open=True),
        Setting("gamma", "entries"),
        Setting("beta", "entries"),
        Setting("inputs", "size"),
    )

    def __init__(
        self,
        activation: str = "identity",
        *,
        epsilon: float = 1e-5,
        gamma: Any = None,
        beta: Any = None,
        inputs: int | None = None,
    ) -> None:
        super().__init__(activation=activation, epsilon=epsilon, gamma=gamma, beta=beta, inputs=inputs)
        own = self.options
        lengths = [len(value) for value in (own["gamma"], own["beta"]) if isinstance(value, np.ndarray)]
        own["inputs"] = own["inputs"] or (lengths[0] if lengths else None)

    def in_torch(self, inputs: int, units: int) -> Foreign:
        """`LayerNorm`."""
        return Foreign("LayerNorm", {"normalized_shape": units, "eps": self.options["epsilon"]})

    def in_keras(self, inputs: int, units: int) -> Foreign:
        """`LayerNormalization`."""
        return Foreign("LayerNormalization", {"epsilon": self.options["epsilon"]})
