"""The fully connected layer: weighted sums of what enters, plus a bias, through an activation."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from chalkwork.algebra.expression import Expression, Name
from chalkwork.derivation.derivation import Equation
from chalkwork.errors import ChalkworkError
from chalkwork.networks import reasons
from chalkwork.networks.convention import Convention
from chalkwork.networks.data import Array
from chalkwork.networks.initialisers import Initialiser
from chalkwork.networks.layers.base import (
    Foreign,
    Generator,
    Layer,
    LayerKind,
    LayerPlan,
    NamedAdjoint,
    check_length,
)
from chalkwork.networks.layers.settings import Setting
from chalkwork.networks.plan import Spot
from chalkwork.networks.quantities import LEARNED, Form, Quantity, Role
from chalkwork.words import Text


class DenseKind(LayerKind):
    """z = W a + b, a = f(z): Goodfellow, Bengio and Courville, Deep Learning, algorithms 6.3 and 6.4."""

    positions = "any"
    quantities: ClassVar[tuple[Quantity, ...]] = (
        Quantity("W", Role.WEIGHT, Form.MATRIX, keyword="weights", torch="weight"),
        Quantity("b", Role.BIAS, Form.UNITS, keyword="bias", torch="bias"),
    )

    def present(self, layer: LayerPlan) -> tuple[Quantity, ...]:
        """W, and b where there is one."""
        return self.quantities if layer.has_bias else self.quantities[:1]

    def forward(self, at: Spot, incoming: Expression, *others: Expression) -> list[Equation]:
        """The net input z and the activation a."""
        weights, *bias = (Name(f"{name.name}{at.suffix}", name.shape) for name in self.names(at, *LEARNED))
        net = at.plan.convention.weighted(incoming, weights)
        if bias:
            net = net + bias[0]
        first = Equation(at.name("z"), net, at.stage, reasons.net_input(at))
        return [first, activated(at, first)]

    def adjoints(self, at: Spot) -> list[NamedAdjoint]:
        """The error delta, then the gradients."""
        named = [NamedAdjoint(at.name("z"), at.name("delta"), reasons.error(at))]
        named.append(NamedAdjoint.of(at, "W", reasons.weight_gradient(at)))
        if at.layer.has_bias:
            named.append(NamedAdjoint.of(at, "b", reasons.bias_gradient(at)))
        return named

    def way_back(self, at: Spot) -> Text:
        """Through the weights."""
        return Text.of("dense.way_back", error=at.shown("delta"), weights=at.shown("W"))

    def words(self, at: Spot) -> Text:
        """Units and activation."""
        units = Text.of("counted.outputs" if at.is_last else "counted.hidden", n=at.layer.units)
        return Text.of("layer.listed", layer=units, activation=at.layer.activation.said)

    def title(self, at: Spot) -> Text:
        """Hidden or output, and the activation."""
        place = "layer_title.output" if at.is_last else "layer_title.hidden"
        return Text.of(place, activation=at.layer.activation.said)


DENSE = DenseKind()


def activated(at: Spot, net: Equation) -> Equation:
    """a = f(z), with the reason."""
    output = at.layer.activation.expression(net.symbol, at.plan.convention.unit_axis)
    return Equation(at.name("a"), output, at.stage, reasons.activation(at))


class Dense(Layer):
    """A fully connected layer: weighted sums of its inputs, plus a bias, through an activation.

    `units` or `weights` say how large it is. `weights` is a matrix in the network's orientation, or one number
    for all of them (then with `units`); without weights they are drawn by `initializer` when the network is made
    (`glorot_normal`, `he_normal`, `constant(0.5)`, ...: see `INITIALISERS`). `bias` is True (zeros), False (none),
    a vector, or one number for all of them.

    Raises ChalkworkError for an unknown activation or initialiser, ShapeError when weights and bias do not fit.

    >>> Dense(weights=[[0.15, -0.25, 0.05], [0.2, 0.1, -0.15]], bias=False, activation="leaky_relu(0.01)")
    Dense(3, 'leaky_relu(0.01)', bias=False)
    >>> Dense(4, "tanh")
    Dense(4, 'tanh')
    >>> Dense(4, "relu", initializer="he_normal")
    Dense(4, 'relu', initializer='he_normal')
    """

    kind_type = DenseKind
    kind = DENSE
    title = "a dense layer"
    settings = (
        Setting("units", "size"),
        Setting("activation", "activation", "identity"),
        Setting("weights", "weights"),
        Setting("bias", "bias", True),
        Setting("inputs", "size"),
        Setting("initializer", "initialiser", "glorot_normal"),
    )

    def __init__(
        self,
        units: int | None = None,
        activation: str = "identity",
        *,
        weights: Any = None,
        bias: Any = True,
        inputs: int | None = None,
        initializer: str = "glorot_normal",
    ) -> None:
        super().__init__(
            units=units, activation=activation, weights=weights, bias=bias, inputs=inputs, initializer=initializer
        )
        self.weights: float | Array | None = self.options["weights"]
        self.initializer: Initialiser = self.options["initializer"]
        if bias is None:
            raise ChalkworkError("bias is True (zeros), False (none), a number or a vector, not None")
        bias = self.options["bias"]
        self.bias: float | Array | None = None if isinstance(bias, bool) else bias
        if self.units is None and not isinstance(self.weights, np.ndarray):
            raise ChalkworkError("a layer needs the number of its units or its weights")

    @property
    def has_bias(self) -> bool:
        """Whether a bias is added."""
        return bool(self.options["bias"] is not False)

    @property
    def settled(self) -> bool:
        """Whether the inputs are given, or follow from the weights."""
        return self.inputs is not None or isinstance(self.weights, np.ndarray)

    def sizes(self, layer: int, inputs: int | None, in_out: bool) -> tuple[int, int]:
        """Inputs and units, once the layer before is known; ShapeError when they contradict each other."""
        given = {"W": self.weights} if isinstance(self.weights, np.ndarray) else {}
        sizes = self.sizes_of_weights(layer, given, inputs, in_out)
        check_length(self.bias, "b", layer, sizes[1])
        return sizes

    def start(
        self, layer: int, sizes: tuple[int, int], convention: Convention, generator: Generator
    ) -> dict[str, Array]:
        """W in the convention's orientation, and b."""
        weights = self.weights_to_start(layer, sizes, convention, generator)
        if not self.has_bias:
            return weights
        bias = np.full(sizes[1], 0.0) + (0.0 if self.bias is None else self.bias)
        return {**weights, f"b{layer}": bias}

    def in_torch(self, inputs: int, units: int) -> Foreign:
        """`Linear`."""
        return Foreign("Linear", {"in_features": inputs, "out_features": units, "bias": self.has_bias})

    def in_keras(self, inputs: int, units: int) -> Foreign:
        """`Dense`."""
        return Foreign("Dense", {"units": units, "use_bias": self.has_bias})

    def __repr__(self) -> str:
        shape = self.weights.shape if isinstance(self.weights, np.ndarray) else None
        units = self.units if self.units is not None else shape[1] if shape else 0
        drawn = "" if str(self.initializer) == "glorot_normal" else f", initializer={str(self.initializer)!r}"
        return f"Dense({units}, {str(self.activation)!r}{'' if self.has_bias else ', bias=False'}{drawn})"
