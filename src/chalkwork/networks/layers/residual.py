"""The residual connection: what entered some layers below is added to what comes out of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chalkwork.algebra.expression import Expression
from chalkwork.derivation.derivation import Equation
from chalkwork.errors import ChalkworkError
from chalkwork.networks import reasons
from chalkwork.networks.layers.base import Foreign, Layer, LayerKind, NamedAdjoint, listed, titled
from chalkwork.networks.layers.dense import activated
from chalkwork.networks.layers.settings import Setting
from chalkwork.networks.plan import Spot
from chalkwork.words import Text


@dataclass(frozen=True)
class ResidualKind(LayerKind):
    """a = a_below + a_earlier, or f of that sum: He, Zhang, Ren and Sun, Deep Residual Learning (2015), equation 1."""

    positions = "any"
    over: int = 1

    @property
    def axes(self) -> tuple[int, ...]:
        """Positions in a row, or images."""
        return (1, 2)

    def sources(self, number: int) -> tuple[int, ...]:
        """The layer below, and what entered the layers that are gone round."""
        return (number - 1, number - 1 - self.over)

    def forward(self, at: Spot, incoming: Expression, *others: Expression) -> list[Equation]:
        """The sum, and the activation where there is one."""
        below, earlier = at.entering
        reason = Text.own(
            "residual.sum",
            "Residual connection (layer <layer>)<again>: <earlier> goes round and is added to <below>.",
            layer=at.number, again=at.again, earlier=f"{{{earlier}}}", below=f"{{{below}}}",
        )  # fmt: skip
        total = incoming + others[0]
        if at.layer.activation.name == "identity":
            return [Equation(at.name("a"), total, at.stage, reason)]
        net = Equation(at.name("z"), total, at.stage, reason)
        return [net, activated(at, net)]

    def adjoints(self, at: Spot) -> list[NamedAdjoint]:
        """delta, where there is an activation."""
        if at.layer.activation.name == "identity":
            return []
        return [NamedAdjoint(at.name("z"), at.name("delta"), reasons.error(at))]

    def way_back(self, at: Spot) -> Text:
        """Unchanged, to both that were added."""
        layer, way = at.number, at.way_back
        if at.layer.activation.name != "identity":
            said = "<error> goes back through the sum of layer <layer>, unchanged"
            return Text.own("residual.error_back", said, layer=layer, error=at.shown("delta"))
        if at.is_last:
            said = "<way> through the sum of layer <layer>, unchanged"
            return Text.own("residual.way_back_last", said, layer=layer, way=way)
        return Text.own(
            "residual.way_back", "<way> and through the sum of layer <layer>, unchanged", layer=layer, way=way
        )

    def words(self, at: Spot) -> Text:
        """What is added, and the activation where it is one."""
        _, earlier = at.sources
        source = Text.own("residual.layer", "layer <number>", number=earlier)
        source = source if earlier else Text.own("residual.the_input", "the input")
        return listed(at, Text.own("residual.name", "a residual connection from <source>", source=source))

    def title(self, at: Spot) -> Text:
        """What is added."""
        _, earlier = at.sources
        source = Text.own("residual.layer", "layer <number>", number=earlier)
        source = source if earlier else Text.own("residual.input", "input")
        return titled(at, Text.own("residual.title", "plus <source>", source=source))


class Residual(Layer):
    """A residual connection: what entered the `over` layers below is added to what they give, then an activation.

    `over` (from 1) counts the layers that are gone round, or is a list of them: then they are put in front of this
    layer. Both that are added need as many units.

    Source: He, Zhang, Ren and Sun, Deep Residual Learning for Image Recognition (2015), section 3.1.
    Raises ChalkworkError for an `over` that is none; ShapeError, when the network is made, where the two do not fit.

    >>> from chalkwork import Dense, NeuralNetwork
    >>> NeuralNetwork([Residual([Dense(2, "tanh"), Dense(2)]), Dense(1)], inputs=2).layers
    [Dense(2, 'tanh'), Dense(2, 'identity'), Residual(over=2), Dense(1, 'identity')]
    """

    kind_type = ResidualKind
    title = "a residual connection"
    settings = (
        Setting("over", "layers", 1),
        Setting("activation", "activation", "identity"),
    )

    def __init__(self, over: int | Sequence[Layer] = 1, activation: str = "identity") -> None:
        self.inside: tuple[Layer, ...] = ()
        if isinstance(over, Sequence) and not isinstance(over, str):
            for layer in over:
                if not isinstance(layer, Layer):
                    raise ChalkworkError(f"a residual connection goes round layers, not {type(layer).__name__}")
            self.inside = tuple(part for layer in over for part in layer.unfolded())
        super().__init__(over=len(self.inside) if self.inside else over, activation=activation)
        self.kind: ResidualKind = ResidualKind(self.options["over"])

    def unfolded(self) -> list[Layer]:
        """The layers that are gone round, and then the sum."""
        return [*self.inside, self]

    def in_torch(self, inputs: int, units: int) -> Foreign:
        """Nothing but the sum, which the module around it makes."""
        return Foreign("Identity", {})

    def __repr__(self) -> str:
        activation = str(self.activation)
        return f"Residual(over={self.kind.over}{'' if activation == 'identity' else f', activation={activation!r}'})"
