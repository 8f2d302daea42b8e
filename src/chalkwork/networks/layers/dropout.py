"""Dropout: in training every entry is kept or dropped by a mask, and what is kept is scaled up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from chalkwork.algebra.expression import Expression, Number
from chalkwork.derivation.derivation import Equation
from chalkwork.networks.layers.base import Foreign, Layer, LayerKind
from chalkwork.networks.layers.settings import Setting
from chalkwork.networks.plan import Spot
from chalkwork.networks.quantities import Form, Quantity, Role
from chalkwork.words import Slot, Text


@dataclass(frozen=True)
class DropoutKind(LayerKind):
    """a = mask * a_below / (1 - rate) in training, a = a_below in inference ("inverted" dropout).

    Source: Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, Dropout: A Simple Way to Prevent Neural
    Networks from Overfitting (JMLR 15, 2014), sections 4 and 10; Goodfellow, Bengio and Courville, Deep Learning,
    section 7.12.
    """

    called = Text.own("dropout.name", "dropout (rate <rate>)")
    short = Text.own("dropout.title", "dropout <rate>")
    rate: float = 0.5
    quantities: ClassVar[tuple[Quantity, ...]] = (Quantity("mask", Role.MASK, Form.DATA),)
    has_modes: ClassVar[bool] = True

    @property
    def drop_rate(self) -> float:
        """The rate."""
        return self.rate

    def forward(self, at: Spot, incoming: Expression, *others: Expression) -> list[Equation]:
        """The activation a."""
        if not at.plan.training:
            said = "Dropout (layer <layer>)<again>: in inference everything is kept, unscaled."
            reason = Text.own("dropout.inference", said, layer=at.number, again=at.again)
            return [Equation(at.name("a"), incoming, at.stage, reason)]
        (mask,) = self.names(at, Role.MASK)
        kept = mask * incoming / (1 - Number(self.rate))
        return [Equation(at.name("a"), kept, at.stage, self._reason(at))]

    def _reason(self, at: Spot) -> Text:
        mask = f"{{mask{at.number}}}"
        if at.step:
            said = "Dropout (layer <layer>)<again>, by the same mask <mask>."
            return Text.own("dropout.same_mask", said, layer=at.number, again=at.again, mask=mask)
        return Text.own(
            "dropout.mask",
            "Dropout (layer <layer>): the mask <mask> keeps an entry of <below> where it is 1 and drops it where it is "
            "0; dividing by $1 - <rate>$, the share that is kept, leaves the expected value as it was.",
            layer=at.number, mask=mask, below=f"{{{at.below}}}", rate=f"{self.rate:g}",
        )  # fmt: skip

    def way_back(self, at: Spot) -> Text:
        """Through the mask, and through what lies above."""
        mask = Text.own("dropout.the_mask", "the mask <mask> of the dropout", mask=f"{{mask{at.number}}}")
        through = mask if at.plan.training else Text.own("dropout.unchanged", "the dropout, unchanged")
        if at.is_last:
            return Text.own("dropout.way_back_last", "<way> through <through>", way=at.way_back, through=through)
        return Text.own("dropout.way_back", "<way> and through <through>", way=at.way_back, through=through)

    def slots(self, at: Spot) -> Mapping[str, Slot]:
        """The rate."""
        return {"rate": f"{self.rate:g}"}

    def declared(self, at: Spot) -> list[Text]:
        """That what is kept is scaled in training, not in inference."""
        if not at.plan.training:
            return []
        said = (
            "The dropout (layer <layer>) drops an entry with probability <rate> and divides what it keeps by <kept> "
            "during training, so that inference needs no scaling."
        )
        rate, kept = f"{self.rate:g}", f"{1 - self.rate:g}"
        return [Text.own("dropout.declared", said, layer=at.number, rate=rate, kept=kept)]


class Dropout(Layer):
    """Inverted dropout: in training each entry is dropped with probability `rate`, else divided by 1 - rate.

    `rate` lies from 0 to below 1. The mask is drawn from the network's seed or given: `solve(..., masks={3: ...})`.
    In inference the layer changes nothing.

    Source: Srivastava et al., Dropout (JMLR 15, 2014), section 10; Goodfellow et al., Deep Learning, section 7.12.
    Raises ChalkworkError for any other rate.

    >>> Dropout(0.2)
    Dropout(0.2)
    >>> Dropout(1)
    Traceback (most recent call last):
        ...
    chalkwork.errors.ChalkworkError: the rate of a dropout is a number from 0 to below 1, not 1
    """

    kind_type = DropoutKind
    title = "a dropout"
    settings = (Setting("rate", "number", low=0, high=1, high_open=True),)

    def __init__(self, rate: float) -> None:
        super().__init__(rate=rate)
        self.kind: DropoutKind = DropoutKind(self.options["rate"])

    def in_torch(self, inputs: int, units: int) -> Foreign:
        """`Dropout`, which scales in training too."""
        return Foreign("Dropout", {"p": self.kind.rate})

    def in_keras(self, inputs: int, units: int) -> Foreign:
        """`Dropout`, which scales in training too."""
        return Foreign("Dropout", {"rate": self.kind.rate})

    def __repr__(self) -> str:
        return f"Dropout({self.kind.rate:g})"
