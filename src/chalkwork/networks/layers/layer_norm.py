"""Layer normalisation: the units of every sample brought to mean 0 and variance 1, then scaled and shifted."""

from __future__ import annotations

from typing import Any, ClassVar

from chalkwork.algebra.expression import Expression, apply
from chalkwork.derivation.derivation import Equation
from chalkwork.networks.layers.base import Foreign, LayerKind, NamedAdjoint
from chalkwork.networks.layers.dense import activated
from chalkwork.networks.layers.normalised import (
    ACTIVATION,
    BETA,
    EPSILON,
    GAMMA,
    INPUTS,
    ROOM,
    VECTORS,
    Normalisation,
    adjoints,
    by_statistics,
    each_alone,
    over_units,
    scaled,
)
from chalkwork.networks.plan import Spot
from chalkwork.networks.quantities import Quantity, Role
from chalkwork.words import Text


class LayerNormKind(LayerKind):
    """mu, var, xhat = (a - mu) / sqrt(var + epsilon), z = gamma * xhat + beta, a = f(z), for every sample alone.

    Source: Ba, Kiros and Hinton, Layer Normalization (2016), equations 3 and 4.
    """

    positions = "any"
    called = Text.own("layer_norm.name", "layer normalisation")
    short = Text.own("layer_norm.title", "layer norm")
    quantities: ClassVar[tuple[Quantity, ...]] = (GAMMA, BETA, EPSILON)

    def forward(self, at: Spot, incoming: Expression, *others: Expression) -> list[Equation]:
        """mu, var, xhat, z, a."""
        each = each_alone(at)
        mean = Equation(
            at.name("mu"), over_units(at, incoming), at.stage,
            Text.own(
                "layer_norm.mean",
                "Layer normalisation (layer <layer>)<again>: the mean of <below> over its <units><each>.",
                layer=at.number, again=at.again, below=f"{{{at.below}}}",
                units=Text.of("counted.units", n=at.layer.units), each=each,
            ),
        )  # fmt: skip
        variance = Equation(
            at.name("var"), over_units(at, (incoming - mean.symbol) ** 2), at.stage,
            Text.own(
                "layer_norm.variance",
                "The variance over the units: the squared deviations from <mean>, divided by $<number>$.",
                mean=at.shown("mu"), number=at.layer.units,
            ),
        )  # fmt: skip
        (epsilon,) = self.names(at, Role.CONSTANT)
        deviation = apply("sqrt", variance.symbol + epsilon)
        xhat = Equation(
            at.name("xhat"), (incoming - mean.symbol) / deviation, at.stage,
            Text.own(
                "layer_norm.normalised",
                "Normalised<again>: mean 0 and variance 1 over the units; <epsilon> keeps the root away from 0.",
                again=at.again, epsilon=f"{{{epsilon}}}",
            ),
        )  # fmt: skip
        net = Equation(at.name("z"), at.vector("gamma") * xhat.symbol + at.vector("beta"), at.stage, scaled(at))
        return [mean, variance, xhat, net, activated(at, net)]

    def adjoints(self, at: Spot) -> list[NamedAdjoint]:
        """delta, dgamma, dbeta, then dxhat, dvar, dmu, as for batch normalisation."""
        summed = Text.of(f"normalised.over_{at.over}") if at.over else ""
        added = Text.own(
            "layer_norm.shift_gradient", "Gradient of the shift: it is added, so it gets <error><summed>.",
            error=at.shown("delta"), summed=summed,
        )  # fmt: skip
        by_variance = Text.own(
            "layer_norm.by_variance",
            "The variance <variance> divides every unit alike, so it collects from all of them; the derivative of one "
            "over its root brings the half and the third power.",
            variance=at.shown("var"),
        )
        return adjoints(at, {"beta": added, **by_statistics(at, by_variance)}, at.over)

    def way_back(self, at: Spot) -> Text:
        """By three ways: through xhat, the variance and the mean."""
        return Text.of("normalised.way_back", below=f"{{{at.below}}}")

    def declared(self, at: Spot) -> list[Text]:
        """Which variance."""
        said = (
            "The layer normalisation (layer <layer>) takes mean and variance over the <units> units<each>; "
            "the variance divides by $<units>$."
        )
        each = Text.of("each_position" if at.layer.positions else "each_sample")
        return [Text.own("layer_norm.declared", said, layer=at.number, units=at.layer.units, each=each)]


class LayerNorm(Normalisation):
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
    settings = (ACTIVATION, ROOM, *VECTORS, INPUTS)

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

    def in_torch(self, inputs: int, units: int) -> Foreign:
        """`LayerNorm`."""
        return Foreign("LayerNorm", {"normalized_shape": units, "eps": self.options["epsilon"]})

    def in_keras(self, inputs: int, units: int) -> Foreign:
        """`LayerNormalization`."""
        return Foreign("LayerNormalization", {"epsilon": self.options["epsilon"]})
