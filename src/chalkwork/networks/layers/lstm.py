"""Long short-term memory: a cell that is kept, added to and shown by three gates."""

from __future__ import annotations

from typing import Any, ClassVar

from chalkwork.algebra.expression import Expression, apply
from chalkwork.derivation.derivation import Equation
from chalkwork.networks.layers.recurrent import Recurrent, RecurrentKind, quantities_of, state, timed
from chalkwork.networks.layers.settings import Setting
from chalkwork.networks.plan import Spot
from chalkwork.networks.quantities import Quantity
from chalkwork.words import Text

GATES = ("f", "i", "c", "o")
_TORCH = {"i": 0, "f": 1, "c": 2, "o": 3}


def gate_quantities(places: dict[str, int]) -> tuple[Quantity, ...]:
    """Those of all gates, in the order in which they are written; `places` are those of PyTorch, which stacks them."""
    arrays = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    return tuple(
        one
        for gate, place in places.items()
        for one in quantities_of(gate, torch=[f"{name}[{place}]" for name in arrays])
    )


def gate_settings(gates: tuple[str, ...]) -> tuple[Setting, ...]:
    """The weights and biases of all gates as settings."""
    return tuple(
        Setting(f"{letter}{gate}", "weights" if letter in "WU" else "entries")
        for gate in gates
        for letter in ("W", "U", "b", "bU")
    )


class LSTMKind(RecurrentKind):
    """f, i, o = sigma(W x + U h + b), ctilde = tanh(W x + U h + b), c = f c + i ctilde, h = o tanh(c).

    Source: Gers, Schmidhuber and Cummins, Learning to Forget (2000); Goodfellow, Bengio and Courville, 10.10.1.
    """

    called = Text.own("lstm.name", "an LSTM with <units> over <steps>")
    short = Text.own("lstm.title", "LSTM")
    gates = GATES
    states = ("h", "c")
    quantities: ClassVar[tuple[Quantity, ...]] = gate_quantities({gate: _TORCH[gate] for gate in GATES})
    back = (("h", "dh"), ("zo", "deltao"), ("c", "dc"), ("zf", "deltaf"), ("zi", "deltai"), ("zc", "deltac"))

    def step(self, at: Spot, step: int, incoming: Expression) -> list[Equation]:
        """The gates f and i, the candidate, the cell, the gate o, the state; each gate after its net input."""
        before, kept = state(at, "h", step - 1), state(at, "c", step - 1)
        gates = {
            "f": Text.own("lstm.forget", "The forget gate, between 0 and 1: how much of the cell is kept."),
            "i": Text.own("lstm.input", "The input gate: how much of the candidate is added."),
            "c": Text.own("lstm.candidate", "The candidate for the cell, with the tanh."),
            "o": Text.own("lstm.output", "The output gate: how much of the cell is shown."),
        }
        found = []
        for gate in GATES:
            net = Equation(
                timed(at, f"z{gate}", step), self.net(at, step, gate, incoming, before), at.stage, gates[gate]
            )
            called, function = ("ctilde", "tanh") if gate == "c" else (gate, "sigmoid")
            found += [net, Equation(timed(at, called, step), apply(function, net.symbol), at.stage, gates[gate])]
        forget, add, candidate, show = (state(at, letter, step) for letter in ("f", "i", "ctilde", "o"))
        cell = Text.own("lstm.cell", "The cell: what is kept of the old one, and what is added of the candidate.")
        shown = Text.own("lstm.state", "The state: the tanh of the cell, as far as the output gate shows it.")
        found.append(Equation(timed(at, "c", step), forget * kept + add * candidate, at.stage, cell))
        found.append(Equation(timed(at, "h", step), show * apply("tanh", state(at, "c", step)), at.stage, shown))
        return found

    def named_at(self, at: Spot, step: int) -> list[str]:
        """Everything of a step."""
        letters = [*(f"z{gate}" for gate in GATES), "f", "i", "ctilde", "o", "c", "h"]
        return [timed(at, letter, step) for letter in letters]

    def reason_back(self, at: Spot, letter: str) -> Text:
        """What each gate receives."""
        gate = Text.own("lstm.slope", "the derivative of the sigmoid")
        return {
            "h": Text.own(
                "lstm.by_state",
                "Back through time: the state of a step acts on what the layer gives and on all the gates after it.",
            ),
            "zo": Text.own(
                "lstm.by_output", "The output gate has let the tanh of the cell through; <slope>.", slope=gate
            ),
            "c": Text.own(
                "lstm.by_cell", "The cell acts on the state of its step, and through the forget gate on the next cell."
            ),
            "zf": Text.own("lstm.by_forget", "The forget gate has multiplied the cell before; <slope>.", slope=gate),
            "zi": Text.own("lstm.by_input", "The input gate has multiplied the candidate; <slope>.", slope=gate),
            "zc": Text.own(
                "lstm.by_candidate", "The candidate came through the input gate; the derivative of the tanh."
            ),
        }[letter]

    def declared(self, at: Spot) -> list[Text]:
        """The order of the gates."""
        said = Text.own(
            "lstm.declared",
            "The gates are listed in the order forget, input, candidate, output; the cell starts at 0.",
        )
        return [*super().declared(at), said]


class LSTM(Recurrent):
    """Long short-term memory: the gates f, i, o, the candidate and the cell c, and the state h = o tanh(c).

    A sample is a matrix with a step in each row (a column where samples are columns). `units` is how many entries cell
    and state have. The weights of each gate are matrices in the network's orientation, or numbers: `Wf`, `Wi`, `Wc`,
    `Wo` of what enters (inputs x units), `Uf`, `Ui`, `Uc`, `Uo` of the state before (units x units); `Wf` may hold
    both, one below the other, as W [x; h] has them (`joined="h_x"` for [h; x]). Without weights they are drawn by
    `initializer`. `bias` is True (zeros), False (none), or the value of all; `bf`, `bi`, `bc`, `bo` are their own
    values, and `biases=2` has second ones, as PyTorch (`bUf`, ...). `returns` is "last" (the last state) or "all",
    `initial` the state before the first step, `truncate` after how many steps back no error goes further.

    Source: Gers, Schmidhuber and Cummins, Learning to Forget (2000).
    Raises ChalkworkError for settings that are none, ShapeError where weights do not fit.

    >>> from chalkwork import NeuralNetwork
    >>> net = NeuralNetwork([LSTM(1, Wf=0.5, Wi=0.6, Wc=0.7, Wo=0.8, Uf=0.1, Ui=0.2, Uc=0.3, Uo=0.4)], inputs=(3, 1))
    >>> round(net.forward([[1], [2], [3]])["a1"].item(), 6)
    0.870678
    """

    kind_type = LSTMKind
    kind = LSTMKind()
    title = "an LSTM"
    keras = ("LSTM", ("i", "f", "c", "o"))
    settings = (Setting("units", "size"), *gate_settings(GATES), *Recurrent.common)

    def __init__(self, units: int | None = None, **given: Any) -> None:
        super().__init__(units, **given)
        self.made()
