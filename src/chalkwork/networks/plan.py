"""What the equations of a network depend on: sizes, activations, loss, convention, no numbers; where each stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from math import prod
from typing import NamedTuple

from chalkwork.algebra.expression import Expression, Name, apply
from chalkwork.algebra.simplify import SumsToOne
from chalkwork.derivation.derivation import Stage, suffix_of
from chalkwork.errors import ChalkworkError
from chalkwork.networks.activations import Activation
from chalkwork.networks.convention import Convention
from chalkwork.networks.layers.base import LayerPlan
from chalkwork.networks.losses import BinaryCrossEntropy, CrossEntropy, Loss
from chalkwork.networks.quantities import LEARNED, Form, Quantity, Role
from chalkwork.words import Said, Text


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


@dataclass(frozen=True)
class Plan:
    """Everything that the equations of a network depend on, and no numbers.

    `training` tells training from inference where a layer has both; `weighted` says that every sample's loss has a
    weight `w`; `penalties` are those of `lambda1` (sum of absolute weights) and `lambda2` (half the sum of squares)
    that the loss contains. `positions` are those of the input; `batched` says that even a single sample with positions
    stands in a row of samples.
    """

    layers: tuple[LayerPlan, ...]
    loss: Loss
    convention: Convention
    samples: int = 1
    training: bool = False
    weighted: bool = False
    penalties: tuple[str, ...] = ()
    positions: tuple[int, ...] = ()
    batched: bool = False

    @property
    def depth(self) -> int:
        """The number of layers."""
        return len(self.layers)

    def data(self, name: str, units: int, positions: tuple[int, ...] = ()) -> Name:
        """Data of that many features, at every position."""
        alone = bool(positions) and self.samples == 1 and not self.batched
        return Name(name, self.convention.data_shape(units, 0 if alone else self.samples, positions))

    @property
    def input_shape(self) -> int | tuple[int, ...]:
        """What `inputs` of a network is: the number of features, or the shape of a sample that is a matrix."""
        features = self.layers[0].inputs
        return self.convention.data_shape(features, 0, self.positions) if self.positions else features

    @property
    def places(self) -> str:
        """What positions are: "steps", where a layer takes one after the other, or "positions"."""
        return "steps" if any(layer.kind.in_time for layer in self.layers) else "positions"

    @property
    def x(self) -> Name:
        """The input."""
        return self.data("x", self.layers[0].inputs, self.positions)

    @property
    def y(self) -> Name:
        """The target."""
        return self.data("y", self.layers[-1].units, self.layers[-1].positions)

    def of_output(self, letter: str, suffix: str = "") -> Name:
        """A quantity of the last layer: its activation `a`, its net input `z`."""
        return self.data(f"{letter}{self.depth}{suffix}", self.layers[-1].units, self.layers[-1].positions)

    @property
    def w(self) -> Name:
        """The weights of the samples."""
        return self.data("w", 1)

    @cached_property
    def spots(self) -> list[Spot]:
        """The layers, from the first to the last."""
        return [Spot(self, number) for number in range(1, self.depth + 1)]

    @cached_property
    def quantities(self) -> Mapping[str, Quantity]:
        """Everything that the layers have letters for, by name, before any update."""
        return {one.name(at.number): one for at in self.spots for one in at.layer.kind.present(at.layer)}

    def named(self, *roles: Role, suffix: str = "") -> list[Name]:
        """The names with one of the roles, layer by layer, after so many updates."""
        found = [name for at in self.spots for name in at.layer.kind.names(at, *roles)]
        return [Name(f"{name.name}{suffix}", name.shape) for name in found] if suffix else found

    def parameters(self, suffix: str = "") -> list[Name]:
        """What is learned, in order: W1, b1, W2, ..."""
        return self.named(*LEARNED, suffix=suffix)

    def state(self, suffix: str = "") -> list[Name]:
        """What is carried on without being learned: the running statistics of batch normalisation."""
        return self.named(Role.STATE, suffix=suffix)

    @property
    def masks(self) -> list[Name]:
        """The masks of dropout; none in inference."""
        return self.named(Role.MASK) if self.training else []

    def constants(self, target: bool = True) -> list[Name]:
        """Numbers of layers and loss that stand in the equations as letters: epsilon2, lambda1, lambda2."""
        return self.named(Role.CONSTANT) + ([Name(name) for name in self.penalties] if target else [])

    def weights(self, suffix: str = "") -> list[Name]:
        """The weight matrices, which penalties are about."""
        return self.named(Role.WEIGHT, suffix=suffix)

    def held_shape(self, name: Name) -> tuple[int, ...]:
        """The shape in which a network keeps a parameter or a state: a matrix as it is, all else in one dimension."""
        return name.shape if self.quantities[name.name].form.is_whole else (max(name.shape),)

    @property
    def has_modes(self) -> bool:
        """Whether training and inference differ."""
        return any(layer.kind.has_modes for layer in self.layers)

    @property
    def jumping(self) -> Activation | None:
        """The first activation that jumps, so that no gradient comes through it."""
        return next((layer.activation for layer in self.layers if layer.activation.jumps), None)

    def check_gradient(self) -> None:
        """Raise ChalkworkError where a unit jumps."""
        if self.jumping is not None:
            raise ChalkworkError(
                f"no gradient comes through the {self.jumping.words}: its derivative is 0 wherever there is one",
                hint="sigmoid or tanh in its place; threshold units learn by presentation (laboratory.presentation)",
            )

    def check_batch(self) -> None:
        """Raise ChalkworkError where nothing can be learned from a batch of this size: for training loops."""
        for at in self.spots:
            at.layer.kind.check_batch(at)

    @property
    def facts(self) -> list[SumsToOne]:
        """What is known of the target: under cross-entropy those of each sample add up to one."""
        return [SumsToOne("y", self.convention.unit_axis)] if self.loss.distribution else []

    @property
    def matched(self) -> bool:
        """Whether output activation and loss belong together, so that the output's error is a - y."""
        last = self.layers[-1].activation.name
        return (last == "softmax" and isinstance(self.loss, CrossEntropy)) or (
            last == "sigmoid" and isinstance(self.loss, BinaryCrossEntropy)
        )

    @property
    def number_of_parameters(self) -> int:
        """How many numbers are learned."""
        return sum(prod(name.shape) for name in self.parameters())
