"""The gated recurrent unit: a state that is exchanged for a candidate, as far as one gate says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from chalkwork.algebra.expression import Expression, apply
from chalkwork.derivation.derivation import Equation
from chalkwork.networks.layers.lstm import gate_quantities, gate_settings
from chalkwork.networks.layers.recurrent import Recurrent, RecurrentKind, state, timed
from chalkwork.networks.layers.settings import Setting
from chalkwork.networks.plan import Spot
from chalkwork.networks.quantities import Quantity
from chalkwork.words import Text

GATES = ("r", "u", "h")


@dataclass(frozen=True)
class GRUKind(RecurrentKind):
    """r, u = sigma(W x + U h + b), htilde = tanh(W x + U (r h) + b), h = (1 - u) h + u htilde.

    `reset` says whether r multiplies the state "before" the weights, or the product "after"; `update` whether u
    weighs the "new" candidate or the "old" state. Sources: Cho and others (2014), Chung and others (2014).
    """

    called = Text.own("gru.name", "a GRU with <units> over <steps>")
    short = Text.own("gru.title", "GRU")
    reset: str = "before"
    update: str = "new"

    gates = GATES
    quantities: ClassVar[tuple[Quantity, ...]] = gate_quantities({"r": 0, "u": 1, "h": 2})
    back = (("h", "dh"), ("zu", "deltau"), ("zh", "deltah"), ("zr", "deltar"))

    def step(self, at: Spot, step: int, incoming: Expression) -> list[Equation]:
        """The gates r and u, the candidate, the state; each gate after its net input."""
        before = state(at, "h", step - 1)
        reset, update, candidate = (state(at, letter, step) for letter in ("r", "u", "htilde"))
        after = self.reset == "after"
        gates = {
            "r": Text.own("gru.reset", "The reset gate, between 0 and 1: how much of the state the candidate sees."),
            "u": Text.own("gru.update", "The update gate: how much of the state is exchanged."),
            "h": Text.own("gru.candidate_after", "The candidate: the reset gate multiplies weights times state.")
            if after
            else Text.own("gru.candidate_before", "The candidate: the reset gate multiplies the state first."),
        }  # fmt: skip
        found = []
        for gate, called, function in (("r", "r", "sigmoid"), ("u", "u", "sigmoid"), ("h", "htilde", "tanh")):
            value = (
                self._candidate(at, incoming, before, reset)
                if gate == "h"
                else self.net(at, step, gate, incoming, before)
            )
            net = Equation(timed(at, f"z{gate}", step), value, at.stage, gates[gate])
            found += [net, Equation(timed(at, called, step), apply(function, net.symbol), at.stage, gates[gate])]
        old, new = (1 - update, update) if self.update == "new" else (update, 1 - update)
        said = Text.own("gru.state", "The state: a mean of the old one and the candidate, weighted by the update gate.")
        return [*found, Equation(timed(at, "h", step), old * before + new * candidate, at.stage, said)]

    def _candidate(self, at: Spot, incoming: Expression, before: Expression, reset: Expression) -> Expression:
        weighted, letters = at.plan.convention.weighted, self.bias_letters(at, "h")
        outer, inner = weighted(incoming, self.weights(at, "Wh")), self.weights(at, "Uh")
        if self.reset == "before":
            found = outer + weighted(reset * before, inner)
            for letter in letters:
                found = found + at.vector(letter)
            return found
        product = weighted(before, inner)
        if "bUh" in letters:
            product = product + at.vector("bUh")
        found = outer + reset * product
        return found + at.vector("bh") if "bh" in letters else found

    def named_at(self, at: Spot, step: int) -> list[str]:
        """Everything of a step."""
        letters = [*(f"z{gate}" for gate in GATES), "r", "u", "htilde", "h"]
        return [timed(at, letter, step) for letter in letters]

    def reason_back(self, at: Spot, letter: str) -> Text:
        """What each gate receives."""
        return {
            "h": Text.own(
                "gru.by_state",
                "Back through time: the state of a step acts on what the layer gives, on the next state directly, and "
                "on the gates and the candidate of the next step.",
            ),
            "zu": Text.own(
                "gru.by_update",
                "The update gate weighs the candidate against the old state; the derivative of the sigmoid.",
            ),
            "zh": Text.own(
                "gru.by_candidate", "The candidate, by its weight in the state; the derivative of the tanh."
            ),
            "zr": Text.own(
                "gru.by_reset", "The reset gate, through the candidate alone; the derivative of the sigmoid."
            ),
        }[letter]

    def declared(self, at: Spot) -> list[Text]:
        """What the update gate weighs, and what the reset gate multiplies."""
        gate = f"{{{timed(at, 'u', 't')}}}"
        weighs, multiplies = {
            "new": Text.own("gru.weighs_new", "The gate <gate> weighs the candidate, 1 minus it the state.", gate=gate),
            "old": Text.own("gru.weighs_old", "The gate <gate> weighs the state, 1 minus it the candidate.", gate=gate),
        }, {
            "before": Text.own("gru.resets_before", "The reset gate multiplies the state before the weights do."),
            "after": Text.own("gru.resets_after", "The reset gate multiplies the product of weights and state."),
        }  # fmt: skip
        said = [weighs[self.update], multiplies[self.reset]]
        return [*super().declared(at), *said]


class GRU(Recurrent):
    """A gated recurrent unit: the gates r (reset) and u (update), the candidate, and the state h.

    A sample is a matrix with a step in each row (a column where samples are columns). `units` is how many entries the
    state has. The weights of each gate are matrices in the network's orientation, or numbers: `Wr`, `Wu`, `Wh` of what
    enters (inputs x units), `Ur`, `Uu`, `Uh` of the state before (units x units); `Wr` may hold both, one below the
    other, as W [x; h] has them (`joined="h_x"` for [h; x]). Without weights they are drawn by `initializer`. `bias` is
    True (zeros), False (none), or the value of all; `br`, `bu`, `bh` are their own values, `biases=2` has second ones
    (`bUr`, ...). `reset` is "before" (the reset gate multiplies the state, then come the weights) or "after" (the
    product, as PyTorch and Keras), `update` is "new" (the update gate, which many write z, weighs the candidate) or
    "old" (it weighs the old state, as PyTorch and Keras). `returns` is "last" or "all", `initial` the state before the
    first step, `truncate` after how many steps back no error goes further.

    Source: Chung, Gulcehre, Cho and Bengio, Empirical Evaluation of Gated Recurrent Neural Networks (2014).
    Raises ChalkworkError for settings that are none, ShapeError where weights do not fit.

    >>> GRU(2, reset="after", update="old")
    GRU(2, reset='after', update='old')
    """

    kind_type = GRUKind
    kind = GRUKind()
    title = "a GRU"
    keras = ("GRU", ("u", "r", "h"))
    settings = (
        Setting("units", "size"),
        Setting("reset", "choice", "before", choices=("before", "after")),
        Setting("update", "choice", "new", choices=("new", "old")),
        *gate_settings(GATES),
        *Recurrent.common,
    )

    def __init__(self, units: int | None = None, **given: Any) -> None:
        super().__init__(units, **given)
        self.made(reset=self.options["reset"], update=self.options["update"])

    def of_keras(self) -> dict[str, Any] | None:
        """The update gate of Keras weighs the old state; behind the weights there are two biases."""
        after = self.options["reset"] == "after"
        fits = self.options["update"] == "old" and (self.kind.biases == 1 + after or not self.has_bias)
        return {"reset_after": after} if fits else None

    def of_torch(self) -> dict[str, Any] | None:
        """PyTorch resets behind the weights, and its update gate weighs the old state."""
        alike = self.options["reset"] == "after" and self.options["update"] == "old"
        return {} if alike and (self.kind.biases == 2 or not self.has_bias) else None
