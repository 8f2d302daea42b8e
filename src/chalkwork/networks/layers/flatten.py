"""Flattening: the units of all positions of a sample become the entries of one vector."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from chalkwork.algebra.expression import Expression, apply
from chalkwork.derivation.derivation import Equation
from chalkwork.networks.layers.base import Foreign, Layer, LayerKind
from chalkwork.networks.spot import Spot


@dataclass(frozen=True)
class FlattenKind(LayerKind):
    """a = the entries of a matrix in a row, position after position."""

    positions = "needed"

    @classmethod
    def leaving(cls, units: int, positions: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
        """A vector with all entries."""
        return units * prod(positions), ()

    def forward(self, at: Spot, incoming: Expression, *others: Expression) -> list[Equation]:
        """The entries in a row, or a column."""
        rows = at.plan.convention.samples == "rows"
        each = " of every sample" if at.plan.samples > 1 else ""
        flat = apply("reshape", incoming if rows else incoming.T, shape=(at.plan.samples, at.layer.units))
        reason = (
            f"Flattened (layer {at.number}){at.again}: the units of all positions of {{{at.below}}}, one position "
            f"after the other, make one {'row' if rows else 'column'}{each}."
        )
        return [Equation(at.name("a"), flat if rows else flat.T, at.stage, reason)]

    def way_back(self, at: Spot) -> str:
        """Back to where every entry came from."""
        return f"{at.way_back}, every entry to its position,"

    def words(self, at: Spot) -> str:
        """How many entries there are."""
        return f"a flattening to {at.layer.units} entries"

    def title(self, at: Spot) -> str:
        """What is done."""
        return "flattened"


class Flatten(Layer):
    """The units of all positions of a sample as the entries of one vector, one position after the other.

    Source: Goodfellow, Bengio and Courville, Deep Learning, section 9.3 (what comes between convolutions and dense
    layers). Raises ShapeError, when the network is made, where samples are vectors already.

    >>> from chalkwork import Dense, NeuralNetwork
    >>> NeuralNetwork([Dense(2, "tanh"), Flatten(), Dense(1)], inputs=(3, 4)).plan().layers[2].inputs
    6
    """

    kind_type = FlattenKind
    kind = FlattenKind()
    title = "a flattening"

    def __init__(self) -> None:
        super().__init__()

    def in_torch(self, inputs: int, units: int) -> Foreign:
        """`Flatten`."""
        return Foreign("Flatten", {})

    def in_keras(self, inputs: int, units: int) -> Foreign:
        """`Flatten`."""
        return Foreign("Flatten", {})
