"""Root mean square normalisation: every sample divided by the root mean square of its units, then scaled."""

from __future__ import annotations

from typing import Any, ClassVar

from chalkwork.algebra.expression import Expression, apply
from chalkwork.derivation.derivation import Equation
from chalkwork.networks.layers.base import Foreign, LayerKind, NamedAdjoint
from chalkwork.networks.layers.dense import activated
from chalkwork.networks.layers.normalised import (
    ACTIVATION,
    EPSILON,
    GAMMA,
    INPUTS,
    ROOM,
    VECTORS,
    Normalisation,
    adjoints,
    by_normalised,
    each_alone,
    over_units,
)
from chalkwork.networks.plan import Spot
from chalkwork.networks.quantities import Quantity, Role
from chalkwork.words import Text


class RMSNormKind(LayerKind):
    """rms = sqrt(mean(a^2) + epsilon), xhat = a / rms, z = gamma * xhat, a = f(z), for every sample alone.

    Source: Zhang and Sennrich, Root Mean Square Layer Normalization (2019), equation 4.
    """

    positions = "any"
    called = Text.own("rms_norm.name", "root mean square normalisation")
    short = Text.own("rms_norm.title", "RMS norm")
    quantities: ClassVar[tuple[Quantity, ...]] = (GAMMA, EPSILON)

    def forward(self, at: Spot, incoming: Expression, *others: Expression) -> list[Equation]:
        """rms, xhat, z, a."""
        (epsilon,) = self.names(at, Role.CONSTANT)
        each = each_alone(at)
        units = Text.of("counted.units", n=at.layer.units)
        size = Equation(
            at.name("rms"), apply("sqrt", over_units(at, incoming**2) + epsilon), at.stage,
            Text.own(
                "rms_norm.size",
                "Root mean square (layer <layer>)<again> of <below> over its <units><each>; <epsilon> keeps it away "
                "from 0.",
                layer=at.number, again=at.again, below=f"{{{at.below}}}", units=units, each=each,
                epsilon=f"{{{epsilon}}}",
            ),
        )  # fmt: skip
        xhat = Equation(
            at.name("xhat"), incoming / size.symbol, at.stage,
            Text.own(
                "rms_norm.normalised",
                "Normalised<again>: the squares have mean 1 over the units, up to <epsilon>.",
                again=at.again, epsilon=f"{{{epsilon}}}",
            ),
        )  # fmt: skip
        net = Equation(
            at.name("z"),
            at.vector("gamma") * xhat.symbol,
            at.stage,
            Text.own(
                "rms_norm.scaled",
                "Scaled<again> by <scale>, which is learned: one for each unit.",
                again=at.again,
                scale=at.shown("gamma"),
            ),
        )
        return [size, xhat, net, activated(at, net)]

    def adjoints(self, at: Spot) -> list[NamedAdjoint]:
        """delta, dgamma, dxhat, drms."""
        by_size = "<size> divides every unit alike, so it collects from all of them."
        said = Text.own("rms_norm.by_size", by_size, size=at.shown("rms"))
        return adjoints(at, {**by_normalised(at), "rms": said}, at.over)

    def way_back(self, at: Spot) -> Text:
        """By two ways: directly and through rms."""
        said = "the error comes to <below> by two ways (directly, and through the root mean square)"
        return Text.own("rms_norm.way_back", said, below=f"{{{at.below}}}")

    def declared(self, at: Spot) -> list[Text]:
        """Where epsilon stands."""
        said = r"The root mean square (layer <layer>) has $\varepsilon$ under the root."
        return [Text.own("rms_norm.declared", said, layer=at.number)]


class RMSNorm(Normalisation):
    """Root mean square normalisation, then an activation.

    The units of every sample are divided by the root of the mean of their squares (n x d or d x n in, the same shape
    out) and scaled by `gamma`, which is learned (one for each unit; ones if not given, or one number for all, or a
    vector). Training and inference do the same. `epsilon` (from 0) is added to the mean under the root.

    Source: Zhang and Sennrich, Root Mean Square Layer Normalization (2019).
    Raises ChalkworkError for settings out of range, ShapeError where gamma does not fit.

    >>> RMSNorm("relu", epsilon=1e-3)
    RMSNorm('relu', epsilon=0.001)
    """

    kind_type = RMSNormKind
    kind = RMSNormKind()
    title = "a root mean square normalisation"
    settings = (ACTIVATION, ROOM, VECTORS[0], INPUTS)

    def __init__(
        self, activation: str = "identity", *, epsilon: float = 1e-5, gamma: Any = None, inputs: int | None = None
    ) -> None:
        super().__init__(activation=activation, epsilon=epsilon, gamma=gamma, inputs=inputs)

    def in_torch(self, inputs: int, units: int) -> Foreign:
        """`RMSNorm`."""
        return Foreign("RMSNorm", {"normalized_shape": units, "eps": self.options["epsilon"]})

    def in_keras(self, inputs: int, units: int) -> Foreign:
        """`RMSNormalization`."""
        return Foreign("RMSNormalization", {"epsilon": self.options["epsilon"]})
