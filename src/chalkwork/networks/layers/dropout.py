"""Dropout: in training every entry is kept or dropped by a mask, and what is kept is scaled up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from chalkwork.algebra.expression import Expression, Number
from chalkwork.derivation.derivation import Equation
from chalkwork.networks.layers.base import Foreign, Layer, LayerKind
from chalkwork.networks.layers.settings import Setting
from chalkwork.networks.quantities import Form, Quantity, Role
from chalkwork.networks.spot import Spot


@dataclass(frozen=True)
class DropoutKind(LayerKind):
    """a = mask * a_below / (1 - rate) in training, a = a_below in inference ("inverted" dropout).

    Source: Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, Dropout: A Simple Way to Prevent Neural
    Networks from Overfitting (JMLR 15, 2014), sections 4 and 10; Goodfellow, Bengio and Courville, Deep Learning,
    section 7.12.
    """

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
            reason = f"Dropout (layer {at.number}){at.again}: in inference everything is kept, unscaled."
            return [Equation(at.name("a"), incoming, at.stage, reason)]
        (mask,) = self.names(at, Role.MASK)
        kept = mask * incoming / (1 - Number(self.rate))
        return [Equation(at.name("a"), kept, at.stage, self._reason(at))]

    def _reason(self, at: Spot) -> str:
        if at.step:
            return f"Dropout (layer {at.number}){at.again}, by the same mask {{mask{at.number}}}."
        return (
            f"Dropout (layer {at.number}): the mask {{mask{at.number}}} keeps an entry of {{{at.below}}} where it is 1 "
            f"and drops it where it is 0; dividing by $1 - {self.rate:g}$, the share that is kept, leaves the "
            "expected value as it was."
        )

    def way_back(self, at: Spot) -> str:
        """Through the mask, and through what lies above."""
        mask = f"the mask {{mask{at.number}}} of the dropout" if at.plan.training else "the dropout, unchanged"
        return f"{at.way_back}{'' if at.is_last else ' and'} through {mask}"

    def words(self, at: Spot) -> str:
        """The rate."""
        return f"dropout (rate {self.rate:g})"

    def title(self, at: Spot) -> str:
        """The rate."""
        return f"dropout {self.rate:g}"

    def declared(self, at: Spot) -> list[str]:
        """That what is kept is scaled in training, not in inference."""
        if not at.plan.training:
            return []
        return [
            f"The dropout (layer {at.number}) drops an entry with probability {self.rate:g} and divides what it keeps "
            f"by {1 - self.rate:g} during training, so that inference needs no scaling."
        ]


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
