"""What the equations of a network depend on: sizes, activations, loss, convention; and no numbers."""

from __future__ import annotations

from dataclasses import dataclass

from chalkwork.algebra.expression import Name
from chalkwork.algebra.simplify import SumsToOne
from chalkwork.networks.activations import Activation
from chalkwork.networks.convention import Convention
from chalkwork.networks.losses import BinaryCrossEntropy, CrossEntropy, Loss


@dataclass(frozen=True, slots=True)
class LayerPlan:
    """One layer as the equations need it."""

    inputs: int
    units: int
    activation: Activation
    has_bias: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that the equations of a network depend on, and no numbers."""

    layers: tuple[LayerPlan, ...]
    loss: Loss
    convention: Convention
    samples: int = 1

    @property
    def depth(self) -> int:
        """The number of layers with weights."""
        return len(self.layers)

    def data(self, name: str, units: int) -> Name:
        """A data matrix of that many features."""
        return Name(name, self.convention.data_shape(units, self.samples))

    @property
    def x(self) -> Name:
        """The input."""
        return self.data("x", self.layers[0].inputs)

    @property
    def y(self) -> Name:
        """The target."""
        return self.data("y", self.layers[-1].units)

    def parameters(self, suffix: str = "") -> list[Name]:
        """The parameters in order: W1, b1, W2, ..."""
        names = []
        for number, layer in enumerate(self.layers, 1):
            names.append(Name(f"W{number}{suffix}", self.convention.weight_shape(layer.inputs, layer.units)))
            if layer.has_bias:
                bias = (layer.units, 1) if self.convention.samples == "columns" else (1, layer.units)
                names.append(Name(f"b{number}{suffix}", bias))
        return names

    @property
    def facts(self) -> list[SumsToOne]:
        """What is known of the target: under cross-entropy those of each sample add up to one."""
        return [SumsToOne("y", self.convention.unit_axis)] if isinstance(self.loss, CrossEntropy) else []

    @property
    def matched(self) -> bool:
        """Whether output activation and loss belong together, so that the output's error is a - y."""
        last = self.layers[-1].activation.name
        return (last == "softmax" and isinstance(self.loss, CrossEntropy)) or (
            last == "sigmoid" and isinstance(self.loss, BinaryCrossEntropy)
        )

    @property
    def number_of_parameters(self) -> int:
        """How many weights and biases there are."""
        return sum(name.shape[0] * name.shape[1] for name in self.parameters())


def suffix_of(step: int) -> str:
    """What the names carry after so many updates: nothing, `_new`, `_new2`, ..."""
    return "" if step == 0 else "_new" if step == 1 else f"_new{step}"
