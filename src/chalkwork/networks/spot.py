"""Where an equation of a network stands: which layer of which plan, after how many updates."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, NamedTuple

from chalkwork.algebra.expression import Expression, Name, apply
from chalkwork.derivation.derivation import Stage
from chalkwork.networks.quantities import Form, Quantity
from chalkwork.words import Said, Text

if TYPE_CHECKING:
    from chalkwork.networks.plan import LayerPlan, Plan


def suffix_of(step: int) -> str:
    """What the names carry after so many updates: nothing, `_new`, `_new2`, ..."""
    return "" if step == 0 else "_new" if step == 1 else f"_new{step}"


class Spot(NamedTuple):
    """One layer of a plan, counted from 1, after `step` updates."""

    plan: Plan
    number: int
    step: int = 0

    @property
    def suffix(self) -> str:
        """What the names carry."""
        return suffix_of(self.step)

    @property
    def stage(self) -> Stage:
        """The stage of the forward equations."""
        return Stage.FORWARD if self.step == 0 else Stage.REEVALUATION

    @property
    def again(self) -> Said:
        """What a sentence adds after an update."""
        return Text.of("again") if self.step else ""

    @property
    def over(self) -> str:
        """What the equations of the layer run over: "samples", "positions", "both", or nothing."""
        if self.plan.samples == 1:
            return "positions" if self.layer.positions else ""
        return "both" if self.layer.positions else "samples"

    @property
    def layer(self) -> LayerPlan:
        """The layer."""
        return self.plan.layers[self.number - 1]

    @property
    def positions_below(self) -> tuple[int, ...]:
        """At how many positions what enters from the layer below has units."""
        return self.plan.layers[self.number - 2].positions if self.number > 1 else self.plan.positions

    @property
    def is_last(self) -> bool:
        """Whether this is the output layer."""
        return self.number == self.plan.depth

    @property
    def users(self) -> list[Spot]:
        """The layers that this one feeds, in order."""
        spots = [Spot(self.plan, number, self.step) for number in range(self.number + 1, self.plan.depth + 1)]
        return [at for at in spots if self.number in at.sources]

    @property
    def sources(self) -> tuple[int, ...]:
        """The layers whose activations enter, 0 for the input of the network."""
        return self.layer.kind.sources(self.number)

    @property
    def entering(self) -> list[str]:
        """The names of what enters the layer."""
        return [f"a{number}{self.suffix}" if number else "x" for number in self.sources]

    @property
    def below(self) -> str:
        """The name of what enters the layer from the one below."""
        return self.entering[0]

    @property
    def way_back(self) -> Text:
        """How an error comes back to the activation of this layer, through all that it feeds."""
        if self.is_last:
            return Text.of("way_back.loss", output=self.shown("a"))
        ways = [at.layer.kind.way_back(at) for at in self.users]
        if len(ways) == 1:
            return ways[0]
        return Text.of(
            "way_back.added",
            ways=reduce(lambda first, second: Text.of("way_back.two", first=first, second=second), ways),
        )

    def shown(self, letter: str, tail: str = "") -> str:
        """The name of a quantity of this layer as sentences hold it: in braces, to be set in the notation."""
        return f"{{{self.name(letter, tail)}}}"

    def name(self, letter: str, tail: str = "") -> str:
        """The name of a quantity of this layer: `W2`, `W2_new`, `mu2_run_new`."""
        return f"{letter}{self.number}{tail}{self.suffix}"

    def quantity(self, one: Quantity) -> Name:
        """The name of a declared quantity, as it is before any update."""
        convention, layer = self.plan.convention, self.layer
        shape: tuple[int, ...] = ()
        match one.form:
            case Form.MATRIX:
                shape = convention.weight_shape(layer.inputs, layer.units)
            case Form.RECURRENT:
                shape = convention.weight_shape(layer.units, layer.units)
            case Form.KERNEL:
                shape = layer.kind.kernel_shape(layer, one.letter)
            case Form.UNITS:
                shape = convention.unit_shape(layer.units, layer.positions)
            case Form.DATA:
                return self.plan.data(one.name(self.number), layer.units, layer.positions)
        return Name(one.name(self.number), shape)

    def data(self, letter: str) -> Name:
        """A quantity with an entry for every unit, position and sample."""
        return self.plan.data(self.name(letter), self.layer.units, self.layer.positions)

    def vector(self, letter: str, tail: str = "") -> Name:
        """A quantity with an entry for every unit."""
        return Name(self.name(letter, tail), self.plan.convention.unit_shape(self.layer.units, self.layer.positions))

    def flattened(self, incoming: Expression) -> Expression:
        """All entries of every sample, as vectors that lie as the convention has them.

        Positions in a row one after the other with all their units; of an image channel after channel, row by row.
        """
        shape = (self.plan.samples, self.layer.units)
        if self.plan.convention.samples == "rows":
            return apply("reshape", incoming, shape=shape)
        turned = incoming.T if len(self.positions_below) == 1 else incoming
        return apply("reshape", turned, shape=shape).T
