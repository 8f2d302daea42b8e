"""Where an equation of a network stands: which layer of which plan, after how many updates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalkwork.algebra.expression import Name
from chalkwork.derivation.derivation import Stage

if TYPE_CHECKING:
    from chalkwork.networks.plan import LayerPlan, Plan


def suffix_of(step: int) -> str:
    """What the names carry after so many updates: nothing, `_new`, `_new2`, ..."""
    return "" if step == 0 else "_new" if step == 1 else f"_new{step}"


def counted(number: int, noun: str) -> str:
    """A number of things in words.

    >>> counted(1, "unit"), counted(2, "unit")
    ('1 unit', '2 units')
    """
    return f"{number} {noun}" + ("" if number == 1 else "s")


@dataclass(frozen=True, slots=True)
class Spot:
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
    def again(self) -> str:
        """What a sentence adds after an update."""
        return " with the updated parameters" if self.step else ""

    @property
    def layer(self) -> LayerPlan:
        """The layer."""
        return self.plan.layers[self.number - 1]

    @property
    def is_last(self) -> bool:
        """Whether this is the output layer."""
        return self.number == self.plan.depth

    @property
    def above(self) -> Spot:
        """The layer that this one feeds."""
        return Spot(self.plan, self.number + 1, self.step)

    @property
    def below(self) -> str:
        """The name of what enters the layer."""
        return "x" if self.number == 1 else f"a{self.number - 1}{self.suffix}"

    def name(self, letter: str, tail: str = "") -> str:
        """The name of a quantity of this layer: `W2`, `W2_new`, `mu2_run_new`."""
        return f"{letter}{self.number}{tail}{self.suffix}"

    def data(self, letter: str) -> Name:
        """A quantity with an entry for every unit and sample."""
        return self.plan.data(self.name(letter), self.layer.units)

    def vector(self, letter: str, tail: str = "") -> Name:
        """A quantity with an entry for every unit."""
        return Name(self.name(letter, tail), self.plan.convention.data_shape(self.layer.units, 1))
