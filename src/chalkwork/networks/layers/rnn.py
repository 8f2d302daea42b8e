"""The recurrent layer of Elman: the state after a step, from what enters and the state before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from chalkwork.algebra.expression import Expression, Name, apply
from chalkwork.derivation.derivation import Equation
from chalkwork.derivation.differentiate import gradient
from chalkwork.derivation.evaluate import evaluate
from chalkwork.errors import ChalkworkError
from chalkwork.networks.activations import Activation
from chalkwork.networks.layers.recurrent import Recurrent, RecurrentKind, quantities_of, state, steps_of, timed
from chalkwork.networks.layers.settings import Setting
from chalkwork.networks.plan import Spot
from chalkwork.networks.quantities import Quantity
from chalkwork.words import Slot, Text

TANH = Activation("tanh")
MOST_NORMS = 6
VANISHED = 0.1
"""A norm below which an error is called vanished; one above its inverse is called exploded."""


@dataclass(frozen=True)
class RNNKind(RecurrentKind):
    """z = W x + U h + b with the state h before, and the new state h = f(z): Goodfellow, Bengio and Courville, 10.8."""

    called = Text.own("rnn.name", "a recurrent layer with <units> (<function>) over <steps>")
    short = Text.own("rnn.title", "recurrent, <function>")
    function: Activation = TANH

    quantities: ClassVar[tuple[Quantity, ...]] = quantities_of(
        "",
        ("weights", "recurrent", "bias", "recurrent_bias"),
        ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"),
    )
    back = (("z", "delta"),)

    def step(self, at: Spot, step: int, incoming: Expression) -> list[Equation]:
        """z and h."""
        net = Equation(
            timed(at, "z", step), self.net(at, step, "", incoming, state(at, "h", step - 1)), at.stage,
            Text.own(
                "rnn.net",
                "Net input of the recurrent layer<again>: what enters, weighted by <weights>, and the state before, "
                "weighted by <recurrent>.",
                again=at.again, weights=at.shown("W"), recurrent=at.shown("U"),
            ),
        )  # fmt: skip
        said = Text.own("rnn.state", "The new state: <function>.", function=self.function.function(*_named(at)))
        if self.function.name == "identity":
            said = Text.own("rnn.linear", "The layer is linear: the new state is the net input.")
        value = self.function.expression(net.symbol, at.plan.convention.unit_axis)
        return [net, Equation(timed(at, "h", step), value, at.stage, said)]

    def named_at(self, at: Spot, step: int) -> list[str]:
        """z and h."""
        return [timed(at, letter, step) for letter in "zh"]

    def reason_back(self, at: Spot, letter: str) -> Text:
        """Through the state after the step, and what it is used for."""
        slope = self.function.slope(*_named(at))
        through = Text.own("rnn.slope", ", times <slope>", slope=slope) if slope is not None else ""
        return Text.own(
            "rnn.error",
            "Back through time: the state of a step acts on what the layer gives and on the next step, whose error "
            "comes back through <recurrent><slope>.",
            recurrent=at.shown("U"), slope="" if self.function.name == "identity" else through,
        )  # fmt: skip

    def remarks(self, at: Spot, values: Mapping[str, Any]) -> dict[str, Text]:
        """How large the product of the Jacobians from the last state to each one before is, of a single sample.

        Source: Pascanu, Mikolov and Bengio, On the difficulty of training recurrent neural networks (2013).
        """
        first, steps = timed(at, "delta", 1), steps_of(at)
        if first not in values or at.plan.samples > 1 or steps < 3 or self.truncate is not None:
            return {}
        weights = values[at.name("U")]
        onwards = weights.T if at.plan.convention.weights == "in_out" else weights
        net, norms, product = Name("z"), [], np.eye(at.layer.units)
        slope = gradient(apply("sum", self.function.expression(net, -1)), net)
        for step in range(steps, 1, -1):
            entries = np.ravel(values[timed(at, "z", step)])
            slopes = evaluate(slope, {"z": entries[:, None, None]}) + np.zeros((len(entries), 1, 1))
            product = product @ (slopes.reshape(-1, 1) * onwards)
            norms.append(float(np.linalg.norm(product, 2)))
        few = norms if len(norms) <= MOST_NORMS else norms[: MOST_NORMS - 1]
        listed = ", ".join(f"${norm:.3g}$" for norm in few) + (
            "" if few is norms else rf", $\ldots$, ${norms[-1]:.3g}$"
        )
        outcome = Text.own("rnn.neither", "neither vanishes nor explodes")
        if norms[-1] < VANISHED:
            outcome = Text.own("rnn.vanishes", "vanishes")
        elif norms[-1] > 1 / VANISHED:
            outcome = Text.own("rnn.explodes", "explodes")
        said = Text.own(
            "rnn.jacobians",
            "Along the states an error is multiplied by the Jacobian of each state by the one before. The product of "
            "these Jacobians, 1, 2, ... steps back from the last state, has the norm <norms>: the error <outcome> on "
            "this way.",
            norms=listed, outcome=outcome,
        )  # fmt: skip
        return {first: said}

    def slots(self, at: Spot) -> Mapping[str, Slot]:
        """The activation, units and steps."""
        return {"function": self.function.said, **super().slots(at)}


def _named(at: Spot) -> tuple[str, str]:
    """Net input and state of a step, as sentences hold them."""
    return f"{{{timed(at, 'z', 't')}}}", f"{{{timed(at, 'h', 't')}}}"


class RNN(Recurrent):
    """A recurrent layer: h = f(W x + U h + b) at every step, with the state h of the step before.

    A sample is a matrix with a step in each row (a column where samples are columns). `units` is how many entries the
    state has, `weights` (inputs x units) and `recurrent` (units x units) are matrices in the network's orientation, or
    numbers; `weights` may hold both, one below the other, as W [x; h] has them (`joined="h_x"` for [h; x]). Without
    weights they are drawn by `initializer`. `bias` is True (zeros), False (none) or its values; `biases=2` has a second
    one, as PyTorch, with the values `recurrent_bias`. `returns` is "last" (the last state) or "all", `initial` the
    state before the first step, `truncate` after how many steps back no error goes further.

    Source: Goodfellow, Bengio and Courville, Deep Learning, section 10.2.
    Raises ChalkworkError for settings that are none, ShapeError where weights do not fit.

    >>> from chalkwork import NeuralNetwork
    >>> net = NeuralNetwork([RNN(weights=[[0.5]], recurrent=[[2.0]], activation="identity", bias=False)], inputs=(3, 1))
    >>> net.forward([[2], [0], [1]])["a1"].tolist()
    [[4.5]]
    """

    kind_type = RNNKind
    kind: RNNKind = RNNKind()
    title = "a recurrent layer"
    keras = ("SimpleRNN", ("",))
    settings = (
        Setting("units", "size"),
        Setting("activation", "activation", "tanh"),
        Setting("weights", "weights"),
        Setting("recurrent", "weights"),
        Setting("recurrent_bias", "entries"),
        *Recurrent.common,
    )

    def __init__(self, units: int | None = None, activation: str = "tanh", **given: Any) -> None:
        super().__init__(units, activation=activation, **given)
        function, self.activation = self.activation, Activation("identity")
        if function.per_sample:
            raise ChalkworkError(f"the state of {self.title} is made entry by entry, not by {function.words}")
        self.made(function=function)

    def of_keras(self) -> dict[str, Any] | None:
        """The activation, by its name in Keras."""
        known = {"tanh": "tanh", "relu": "relu", "sigmoid": "sigmoid", "identity": "linear"}
        name = known.get(self.kind.function.name)
        return None if name is None or super().of_keras() is None else {"activation": name}

    def of_torch(self) -> dict[str, Any] | None:
        """The activation, where PyTorch has it."""
        name = self.kind.function.name
        return {"nonlinearity": name} if name in ("tanh", "relu") else None
