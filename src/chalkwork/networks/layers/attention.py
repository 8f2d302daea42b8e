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
from chalkwork.networks.layers.base import Generator, Layer, LayerKind, NamedAdjoint
from chalkwork.networks.layers.dense import activated
from chalkwork.networks.layers.settings import Setting
from chalkwork.networks.quantities import Form, Quantity, Role
from chalkwork.networks.spot import Spot, counted


@dataclass(frozen=True)
class AttentionKind(LayerKind):
    """Q, K, V = x WQ, x WK, x WV; S = Q K^T / sqrt(d); P = softmax(S); z = P V: for one sample.

    Source: Vaswani and others, Attention Is All You Need (2017), equation 1.
    """

    positions = "needed"
    quantities: ClassVar[tuple[Quantity, ...]] = (
        Quantity("WQ", Role.WEIGHT, Form.MATRIX, keyword="queries"),
        Quantity("WK", Role.WEIGHT, Form.MATRIX, keyword="keys"),
        Quantity("WV", Role.WEIGHT, Form.MATRIX, keyword="values"),
    )

    def forward(self, at: Spot, incoming: Expression, *others: Expression) -> list[Equation]:
        """Q, K, V, S, P, z, a."""
        convention, number = at.plan.convention, at.number
        line = "row" if convention.samples == "rows" else "column"
        offered = {
            "Q": f"Attention (layer {number}){at.again}: the query of every position, a {line} each: what it looks for",
            "K": "The key of every position: what it can be found by",
            "V": "The value of every position: what it gives",
        }
        asked = []
        for letter, words in offered.items():
            weights = Name(f"W{letter}{number}{at.suffix}", convention.weight_shape(at.layer.inputs, at.layer.units))
            reason = f"{words}; {{{at.below}}} weighted by {{{weights}}}."
            asked.append(Equation(at.name(letter), convention.weighted(incoming, weights), at.stage, reason))
        query, key, value = (one.symbol for one in asked)
        by_rows = convention.samples == "rows"
        products = query @ key.T if by_rows else key.T @ query
        scores = Equation(
            at.name("S"), products / _root(at.layer.units), at.stage,
            f"The scores: every query times every key, divided by the root of their length; the {line} of a query "
            "holds those of all keys.",
        )  # fmt: skip
        shares = Equation(
            at.name("P"), apply("softmax", scores.symbol, axis=convention.unit_axis), at.stage,
            f"The softmax of each {line} turns the scores of a query into weights that sum to one.",
        )  # fmt: skip
        mixed = shares.symbol @ value if by_rows else value @ shares.symbol
        net = Equation(at.name("z"), mixed, at.stage, "Every position gets the mean of all values with its weights.")
        return [*asked, scores, shares, net, activated(at, net)]

    def adjoints(self, at: Spot) -> list[NamedAdjoint]:
        """delta, dV, dP, dS, dQ, dK, then the gradients of the weights."""
        delta, scores = at.name("delta"), f"d{at.name('S')}"
        named = [NamedAdjoint(at.name("z"), delta, reasons.error(at))]
        steps = {
            "V": f"Every value has gone to all positions, with the weights {{{at.name('P')}}}, and {{{delta}}} comes "
            "back with them.",
            "P": f"The derivative by these weights: {{{delta}}} of a position times the values {{{at.name('V')}}} "
            "that it was given.",
            "S": f"Back through the softmax, whose weights {{{at.name('P')}}} of one query sum to one: from every "
            "derivative the mean of them all is subtracted.",
            "Q": f"Every query was multiplied by all keys {{{at.name('K')}}}, so {{{scores}}} comes back through them.",
            "K": f"Every key was multiplied by all queries {{{at.name('Q')}}}, so {{{scores}}} comes back through "
            "them.",
        }
        named += [NamedAdjoint(at.name(letter), f"d{at.name(letter)}", reason) for letter, reason in steps.items()]
        for letter in "QKV":
            reason = reasons.weight_gradient(at, f"d{at.name(letter)}")
            named.append(NamedAdjoint(at.name(f"W{letter}"), f"d{at.name(f'W{letter}')}", reason))
        return named

    def way_back(self, at: Spot) -> str:
        """By three ways: through queries, keys and values."""
        return f"the error comes to {{{at.below}}} by three ways (through the queries, the keys and the values)"

    def words(self, at: Spot) -> str:
        """Units, and the activation where it is one."""
        name = "" if at.layer.activation.name == "identity" else f" ({at.layer.activation.words})"
        return f"an attention with {counted(at.layer.units, 'unit')}{name}"

    def title(self, at: Spot) -> str:
        """The activation, where it is one."""
        name = "" if at.layer.activation.name == "identity" else f", {at.layer.activation.words}"
        return f"attention{name}"


def _root(units: int) -> Expression:
    """The square root of a number of units, a whole number where it is one."""
    root = isqrt(units)
    return Number(root) if root * root == units else apply("sqrt", Number(units))


class Attention(Layer):
    """Attention of every position of a sample to all of them, with one head; then an activation.

    A sample is a matrix with a position in each row (a column where samples are columns). `units` is how many entries
    queries, keys and values have, `queries`, `keys` and `values` are their weights (a matrix in the network's
    orientation, or one number for all entries); those that are not given are drawn by `initializer`. No position knows
    where it stands unless the data says it.

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
    kind = AttentionKind()
    title = "an attention"
    settings = (
        Setting("units", "size"),
        Setting("activation", "activation", "identity"),
        Setting("queries", "weights"),
        Setting("keys", "weights"),
        Setting("values", "weights"),
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
        inputs: int | None = None,
        initializer: str = "glorot_normal",
    ) -> None:
        super().__init__(
            units=units, activation=activation, queries=queries, keys=keys, values=values, inputs=inputs,
            initializer=initializer,
        )  # fmt: skip
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
        return f"Attention({units}{'' if activation == 'identity' else f', {activation!r}'})"
