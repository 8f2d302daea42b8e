"""Flattening: the units of all positions of a sample become the entries of one vector."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from chalkwork.algebra.expression import Expression
from chalkwork.derivation.derivation import Equation
from chalkwork.networks.layers.base import Foreign, Layer, LayerKind
from chalkwork.networks.plan import Spot
from chalkwork.words import Said, Slot, Text


class FlattenKind(LayerKind):
    """a = the entries of a matrix in a row, position after position."""

    called = Text.own("flatten.name", "a flattening to <units> entries")
    short = Text.own("flatten.title", "flattened")
    positions = "needed"

    @property
    def axes(self) -> tuple[int, ...]:
        """Positions in a row, or images."""
        return (1, 2)

    def leaving(self, units: int, positions: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
        """A vector with all entries."""
        return units * prod(positions), ()

    def forward(self, at: Spot, incoming: Expression, *others: Expression) -> list[Equation]:
        """The entries in a row, or a column."""
        rows = at.plan.convention.samples == "rows"
        each = Text.of("each_sample") if at.plan.samples > 1 else ""
        slots: dict[str, Said] = {"again": at.again, "below": f"{{{at.below}}}", "each": each}
        by_rows = Text.own(
            "flatten.entries_row",
            "Flattened (layer <layer>)<again>: the units of all positions of <below>, one position after the other, "
            "make one row<each>.",
            layer=at.number, **slots,
        )  # fmt: skip
        by_columns = Text.own(
            "flatten.entries_column",
            "Flattened (layer <layer>)<again>: the units of all positions of <below>, one position after the other, "
            "make one column<each>.",
            layer=at.number, **slots,
        )  # fmt: skip
        by_image = Text.own(
            "flatten.image",
            "Flattened (layer <layer>)<again>: the maps of <below> one after the other, each row by row, make "
            "<vector><each>.",
            layer=at.number, vector=Text.own("flatten.one_row", "one row") if rows
            else Text.own("flatten.one_column", "one column"), **slots,
        )  # fmt: skip
        reason = by_rows if rows else by_columns
        reason = by_image if len(at.positions_below) > 1 else reason
        return [Equation(at.name("a"), at.flattened(incoming), at.stage, reason)]

    def way_back(self, at: Spot) -> Text:
        """Back to where every entry came from."""
        return Text.own("flatten.way_back", "<way> (every entry to its position)", way=at.way_back)

    def slots(self, at: Spot) -> Mapping[str, Slot]:
        """How many entries there are."""
        return {"units": at.layer.units}


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
