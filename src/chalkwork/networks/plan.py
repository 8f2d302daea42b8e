"""What the equations of a network depend on: sizes, activations, loss, convention; and no numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import NamedTuple

from chalkwork.algebra.expression import Name
from chalkwork.algebra.simplify import SumsToOne
from chalkwork.errors import ChalkworkError
from chalkwork.networks.activations import Activation
from chalkwork.networks.convention import Convention
from chalkwork.networks.layers.base import LayerKind
from chalkwork.networks.layers.dense import DENSE
from chalkwork.networks.losses import BinaryCrossEntropy, CrossEntropy, Loss
from chalkwork.networks.quantities import LEARNED, Quantity, Role
from chalkwork.networks.spot import Spot, suffix_of

__all__ = ["LayerPlan", "Plan", "suffix_of"]


class LayerPlan(NamedTuple):
    """One layer as the equations need it."""

    inputs: int
    units: int
    activation: Activation
    has_bias: bool
    kind: LayerKind = DENSE
    positions: tuple[int, ...] = ()
    """At how many positions every sample has these units, along each axis; none where a sample is a vector."""


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
