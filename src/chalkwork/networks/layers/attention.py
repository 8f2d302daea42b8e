"""Attention: every position of a sample takes a weighted mean of what all positions offer."""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt
from typing import Any, ClassVar

import numpy as np

from chalkwork.algebra.expression import Expression, Name, Number, apply
from chalkwork.derivation.derivation import Equation
from chalkwork.errors import ChalkworkError
from chalkwork.networks import reasons
from chalkwork.networks.convention import Convention
from chalkwork.networks.data import Array
from chalkwork.networks.layers.base import Generator, Layer, LayerKind, NamedAdjoint, listed, titled
from chalkwork.networks.layers.dense import activated
from chalkwork.networks.layers.settings import Setting
from chalkwork.networks.quantities import Form, Quantity, Role
from chalkwork.networks.spot import Spot
from chalkwork.words import Text


@dataclass(frozen=True)
class AttentionKind(LayerKind):
    """Q, K, V = x WQ, x WK, x WV; S = Q K^T / sqrt(d); P = softmax(S); z = P V: for one sample.

    Source: Vaswani and others, Attention Is All You Need (2017), equation 1.
    """

    causal: bool = False
    """Whether a position sees only itself and those before it."""

    positions = "needed"
    quantities: ClassVar[tuple[Quantity, ...]] = (
        Quantity("WQ", Role.WEIGHT, Form.MATRIX, keyword="queries"),
        Quantity("WK", Role.WEIGHT, Form.MATRIX, keyword="keys"),
        Quantity("WV", Role.WEIGHT, Form.MATRIX, keyword="values"),
    )

    def forward(self, at: Spot, incoming: Expression, *others: Expression) -> list[Equation]:
        """Q, K, V, S, P, z, a."""
        convention, number = at.plan.convention, at.number
        by_rows, below = convention.samples == "rows", f"{{{at.below}}}"
        offered = {
            "Q": Text.own(
                "attention.query",
                "Attention (layer <layer>)<again>: the query of every position, what it looks for; <below> weighted by "
                "<weights>.",
                layer=number, again=at.again, below=below, weights=at.shown("WQ"),
            ),
            "K": Text.own(
                "attention.key", "The key of every position, what it is found by; <below> weighted by <weights>.",
                below=below, weights=at.shown("WK"),
            ),
            "V": Text.own(
                "attention.value", "The value of every position, what it gives; <below> weighted by <weights>.",
                below=below, weights=at.shown("WV"),
            ),
        }  # fmt: skip
        asked = []
        for letter, reason in offered.items():
            weights = Name(at.name(f"W{letter}"), convention.weight_shape(at.layer.inputs, at.layer.units))
            asked.append(Equation(at.name(letter), convention.weighted(incoming, weights), at.stage, reason))
        query, key, value = (one.symbol for one in asked)
        products = query @ key.T if by_rows else key.T @ query
        scores = Equation(
            at.name("S"), products / _root(at.layer.units), at.stage,
            Text.own(
                "attention.scores",
                "The scores: every query times every key, divided by the root of their length.",
            ),
        )  # fmt: skip
        said = Text.own("attention.shares", "The softmax turns the scores of a query into weights that sum to one.")
        weights_of = apply("softmax", scores.symbol, axis=convention.unit_axis)
        if self.causal:
            said = Text.own(
                "attention.causal",
                "No position sees a later one: the mask $M$ adds minus infinity to those scores, and the softmax gives "
                "them no weight; those of a query sum to one.",
            )
            weights_of = apply("causal_softmax", scores.symbol, keys=convention.unit_axis)
        shares = Equation(at.name("P"), weights_of, at.stage, said)
        mixed = shares.symbol @ value if by_rows else value @ shares.symbol
        said = Text.own("attention.mixed", "Every position gets the mean of the values of all, by its weights.")
        net = Equation(at.name("z"), mixed, at.stage, said)
        return [*asked, scores, shares, net, activated(at, net)]

    def adjoints(self, at: Spot) -> list[NamedAdjoint]:
        """delta, dV, dP, dS, dQ, dK, then the gradients of the weights."""
        named = [NamedAdjoint(at.name("z"), at.name("delta"), reasons.error(at))]
        shares, error, scores = at.shown("P"), at.shown("delta"), at.shown("dS")
        back = {
            "V": Text.own(
                "attention.by_value",
                "Every value has gone to all positions, with the weights <shares>, and <error> comes back with them.",
                shares=shares, error=error,
            ),
            "P": Text.own(
                "attention.by_shares",
                "The derivative by these weights: <error> of a position times the values <value> that it was given.",
                error=error, value=at.shown("V"),
            ),
            "S": Text.own(
                "attention.by_scores",
                "Back through the softmax, whose weights <shares> of one query sum to one: from every derivative the "
                "mean of them all is subtracted.",
                shares=shares,
            ),
            "Q": Text.own(
                "attention.by_query",
                "Every query was multiplied by all keys <key>, so <error> comes back through them.",
                key=at.shown("K"), error=scores,
            ),
            "K": Text.own(
                "attention.by_key",
                "Every key was multiplied by all queries <query>, so <error> comes back through them.",
                query=at.shown("Q"), error=scores,
            ),
        }  # fmt: skip
        named += [NamedAdjoint(at.name(letter), f"d{at.name(letter)}", reason) for letter, reason in back.items()]
        for letter in "QKV":
            reason = reasons.weight_gradient(at, f"d{letter}")
            named.append(NamedAdjoint(at.name(f"W{letter}"), f"d{at.name(f'W{letter}')}", reason))
        return named

    def way_back(self, at: Spot) -> Text:
        """By three ways: through queries, keys and values."""
        said = "the error comes to <below> by three ways (through the queries, the keys and the values)"
        return Text.own("attention.way_back", said, below=f"{{{at.below}}}")

    def words(self, at: Spot) -> Text:
        """Units, and the activation where it is one."""
        units = Text.of("counted.units", n=at.layer.units)
        return listed(at, Text.own("attention.name", "an attention with <units>", units=units))

    def title(self, at: Spot) -> Text:
        """The activation, where it is one."""
        return titled(at, Text.own("attention.title", "attention"))


def _root(units: int) -> Expression:
    """The square root of a number of units, a whole number where it is one."""
    root = isqrt(units)
    return Number(root) if root * root == units else apply("sqrt", Number(units))


class Attention(Layer):
    """Attention of every position of a sample to all of them, with one head; then an activation.

    A sample is a matrix with a position in each row (a column where samples are columns). `units` is how many entries
    queries, keys and values have, `queries`, `keys` and `values` are their weights (a matrix in the network's
    orientation, or one number for all entries); those that are not given are drawn by `initializer`. No position knows
    where it stands unless the data says it. With `mask="causal"` none sees those behind it.

    Source: Vaswani and others, Attention Is All You Need (2017), equation 1.
    Raises ChalkworkError for an unknown activation or initialiser, ShapeError where weights do not fit.

    >>> Attention(2)
    Attention(2)
    >>> from chalkwork import Dense, Flatten, NeuralNetwork
    >>> same = Attention(2, queries=[[1, 0], [0, 1]], keys=0, values=[[2, 0], [0, 2]])
    >>> net = NeuralNetwork([same, Flatten(), Dense(1)])
    >>> net.forward([[1, 0], [0, 1], [5, 2]])["a1"].tolist()
    [[4.0, 2.0], [4.0, 2.0], [4.0, 2.0]]
    """

    kind_type = AttentionKind
    title = "an attention"
    settings = (
        Setting("units", "size"),
        Setting("activation", "activation", "identity"),
        Setting("queries", "weights"),
        Setting("keys", "weights"),
        Setting("values", "weights"),
        Setting("mask", "choice", "none", choices=("none", "causal")),
        Setting("inputs", "size"),
        Setting("initializer", "initialiser", "glorot_normal"),
    )

    def __init__(
        self,
        units: int | None = None,
        activation: str = "identity",
        *,
        queries: Any = None,
        keys: Any = None,
        values: Any = None,
        mask: str = "none",
        inputs: int | None = None,
        initializer: str = "glorot_normal",
    ) -> None:
        super().__init__(
            units=units, activation=activation, queries=queries, keys=keys, values=values, mask=mask, inputs=inputs,
            initializer=initializer,
        )  # fmt: skip
        self.kind: AttentionKind = AttentionKind(causal=self.options["mask"] == "causal")
        if self.units is None and not self._matrices:
            raise ChalkworkError("an attention needs the number of its units or its weights")

    @property
    def _matrices(self) -> dict[str, Array]:
        """The weights that are given as matrices, by letter."""
        given = {one.letter: self.options[one.keyword] for one in self.kind.quantities}
        return {letter: value for letter, value in given.items() if isinstance(value, np.ndarray)}

    @property
    def settled(self) -> bool:
        """Whether the inputs are given, or follow from weights."""
        return self.inputs is not None or bool(self._matrices)

    def sizes(self, layer: int, inputs: int | None, in_out: bool) -> tuple[int, int]:
        """Inputs and units, once the layer before is known; ShapeError when they contradict each other."""
        return self.sizes_of_weights(layer, self._matrices, inputs, in_out)

    def start(
        self, layer: int, sizes: tuple[int, int], convention: Convention, generator: Generator
    ) -> dict[str, Array]:
        """The three matrices in the convention's orientation."""
        return self.weights_to_start(layer, sizes, convention, generator)

    def __repr__(self) -> str:
        units = self.units or next(iter(self._matrices.values())).shape[1]
        activation = str(self.activation)
        mask = ", mask='causal'" if self.kind.causal else ""
        return f"Attention({units}{'' if activation == 'identity' else f', {activation!r}'}{mask})"
