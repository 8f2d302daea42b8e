"""Attention: every position of a sample takes a weighted mean of what all positions offer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isqrt
from typing import Any, ClassVar

import numpy as np

from chalkwork.algebra.expression import Expression, Name, Number, apply
from chalkwork.algebra.operations import words
from chalkwork.derivation.derivation import Equation
from chalkwork.errors import ChalkworkError, ShapeError
from chalkwork.networks import reasons
from chalkwork.networks.convention import Convention
from chalkwork.networks.data import Array
from chalkwork.networks.layers.base import (
    Foreign,
    Generator,
    Layer,
    LayerKind,
    LayerPlan,
    NamedAdjoint,
    Size,
    check_length,
)
from chalkwork.networks.layers.dense import activated
from chalkwork.networks.layers.settings import Setting
from chalkwork.networks.plan import Spot
from chalkwork.networks.quantities import LEARNED, Form, Quantity, Role
from chalkwork.words import Said, Slot, Text


@dataclass(frozen=True)
class AttentionKind(LayerKind):
    """Q, K, V = x WQ, x WK, x WV; S = Q K^T / sqrt(d); P = softmax(S); z = P V: for one sample.

    With several heads Q, K and V are a row of matrices, one for each, as wide as the head; what the heads give stands
    side by side in C, and z = C WO. Source: Vaswani and others, Attention Is All You Need (2017), equation 1 and
    section 3.2.2.
    """

    called = Text.own("attention.name", "an attention with <units><heads>")
    short = Text.own("attention.title", "attention")
    causal: bool = False
    """Whether a position sees only itself and those before it."""
    heads: int = 1
    projects: bool = False
    """Whether what the heads give goes through weights of its own."""
    biased: bool = False
    padded: bool = False
    """Whether positions of the network's input whose entries are all 0 are seen by none."""

    positions = "needed"
    quantities: ClassVar[tuple[Quantity, ...]] = (
        Quantity("WQ", Role.WEIGHT, Form.MATRIX, keyword="queries", torch="in_proj_weight[0]"),
        Quantity("WK", Role.WEIGHT, Form.MATRIX, keyword="keys", torch="in_proj_weight[1]"),
        Quantity("WV", Role.WEIGHT, Form.MATRIX, keyword="values", torch="in_proj_weight[2]"),
        Quantity("WO", Role.WEIGHT, Form.RECURRENT, keyword="output", torch="out_proj.weight"),
        Quantity("bQ", Role.BIAS, Form.UNITS, keyword="query_bias", torch="in_proj_bias[0]"),
        Quantity("bK", Role.BIAS, Form.UNITS, keyword="key_bias", torch="in_proj_bias[1]"),
        Quantity("bV", Role.BIAS, Form.UNITS, keyword="value_bias", torch="in_proj_bias[2]"),
        Quantity("bO", Role.BIAS, Form.UNITS, keyword="output_bias", torch="out_proj.bias"),
    )

    @property
    def weighs(self) -> int:
        """In every head."""
        return self.heads

    def present(self, layer: LayerPlan) -> tuple[Quantity, ...]:
        """Weights, biases where there are some, and those of the heads together where they have any."""
        return tuple(one for one in self.quantities if self.has(one))

    def has(self, one: Quantity) -> bool:
        """Whether an attention of this kind has the quantity."""
        return (self.biased or one.role is Role.WEIGHT) and (self.projects or one.letter[1] != "O")

    def sources(self, number: int) -> tuple[int, ...]:
        """The layer below, and where positions are padding the input, which tells."""
        return (number - 1, 0) if self.padded and number > 1 else (number - 1,)

    def forward(self, at: Spot, incoming: Expression, *others: Expression) -> list[Equation]:
        """Q, K, V, S, P, z, a; m before P where there is padding, C before z where heads are put together."""
        found = self._asked(at, incoming)
        by_rows, (query, key, value) = at.plan.convention.samples == "rows", (one.symbol for one in found)
        products = query @ key.T if by_rows else key.T @ query
        said = Text.own(
            "attention.scores", "The scores: every query times every key, divided by the root of their length."
        )
        if self.heads > 1:
            said = Text.own(
                "attention.head_scores",
                "The scores of each head: every query times every key, divided by the root of their length in a head.",
            )
        found.append(Equation(at.name("S"), products / _root(at.layer.units // self.heads), at.stage, said))
        if self.padded:
            found.append(self._padding(at, (incoming, *others)[-1]))
        found.append(self._shares(at, *(one.symbol for one in found[3:])))
        shares = found[-1].symbol
        mixed: Expression = shares @ value if by_rows else value @ shares
        said = Text.own("attention.mixed", "Every position gets the mean of the values of all, by its weights.")
        if self.heads > 1:
            mixed = apply("join_heads", mixed, count=self.heads, along=at.plan.convention.unit_axis)
            said = Text.own(
                "attention.joined",
                "In each head every position gets the mean of the values of all, by its weights; what the heads give "
                "stands side by side.",
            )
        if self.projects:
            found.append(Equation(at.name("C"), mixed, at.stage, said))
            mixed = self._weighted(at, "O", found[-1].symbol)
            said = Text.own(
                "attention.output", "What the heads give, <all>, weighted by <weights>.",
                all=at.shown("C"), weights=at.shown("WO"),
            )  # fmt: skip
        net = Equation(at.name("z"), mixed, at.stage, said)
        return [*found, net, activated(at, net)]

    def _weighted(self, at: Spot, of: str, entering: Expression) -> Expression:
        units, convention = at.layer.units, at.plan.convention
        shape = convention.weight_shape(units if of == "O" else at.layer.inputs, units)
        total = convention.weighted(entering, Name(at.name(f"W{of}"), shape))
        return total + at.vector(f"b{of}") if self.biased else total

    def _shared(self, at: Spot) -> Said:
        """What is said of several heads."""
        if self.heads == 1:
            return ""
        return Text.own(
            "attention.shared",
            ", and shared out among <heads> heads, <width> entries for each, so that there is a matrix for every head",
            heads=self.heads, width=at.layer.units // self.heads,
        )  # fmt: skip

    def _asked(self, at: Spot, incoming: Expression) -> list[Equation]:
        """What every position asks, is found by and gives."""
        below = f"{{{at.below}}}"
        offered = {
            "Q": Text.own(
                "attention.query",
                "Attention (layer <layer>)<again>: the query of every position, what it looks for; <below> weighted by "
                "<weights><shared>.",
                layer=at.number, again=at.again, below=below, weights=at.shown("WQ"), shared=self._shared(at),
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
        found = []
        for letter, reason in offered.items():
            value = self._weighted(at, letter, incoming)
            if self.heads > 1:
                value = apply("split_heads", value, count=self.heads, along=at.plan.convention.unit_axis)
            found.append(Equation(at.name(letter), value, at.stage, reason))
        return found

    def _padding(self, at: Spot, given: Expression) -> Equation:
        """1 where a position may be seen, 0 where it is padding: a row where queries are rows."""
        sizes = apply("sum", apply("abs", given), axis=at.plan.convention.unit_axis)
        seen = apply("step", sizes, at_zero=0).T
        if self.heads > 1 and len(seen.shape) > 2:
            seen = apply("reshape", seen, shape=(seen.shape[0], 1, *seen.shape[1:]))
        said = Text.own(
            "attention.padding",
            "Which positions may be seen: 1, but 0 where all entries of the input are 0, which is padding.",
        )
        return Equation(at.name("m"), seen, at.stage, said)

    def _shares(self, at: Spot, scores: Expression, seen: Expression | None = None) -> Equation:
        """The softmax over the keys, of those that may be seen."""
        keys = at.plan.convention.unit_axis
        if seen is not None:
            said = Text.own(
                "attention.masked",
                "Nobody sees padding: where <mask> is 0 the scores become minus infinity, and the softmax gives them "
                "no weight; those of a query sum to one.",
                mask=at.shown("m"),
            )  # fmt: skip
            if self.causal:
                said = Text.own(
                    "attention.masked_causal",
                    "Nobody sees padding, and no position a later one: where <mask> is 0, and behind its own place, "
                    "the scores become minus infinity, and the softmax gives them no weight.",
                    mask=at.shown("m"),
                )  # fmt: skip
            shares = apply("masked_softmax", scores, seen, keys=keys, causal=int(self.causal))
        elif self.causal:
            said = Text.own(
                "attention.causal",
                "No position sees a later one: the mask $M$ adds minus infinity to those scores, and the softmax gives "
                "them no weight; those of a query sum to one.",
            )
            shares = apply("causal_softmax", scores, keys=keys)
        else:
            said = Text.own("attention.shares", "The softmax turns the scores of a query into weights that sum to one.")
            shares = apply("softmax", scores, axis=keys)
        return Equation(at.name("P"), shares, at.stage, said)

    def adjoints(self, at: Spot) -> list[NamedAdjoint]:
        """delta, dC, dV, dP, dS, dQ, dK, then the gradients of the weights and biases."""
        named = [NamedAdjoint(at.name("z"), at.name("delta"), reasons.error(at))]
        shares, error, scores = at.shown("P"), at.shown("dC" if self.projects else "delta"), at.shown("dS")
        if self.projects:
            said = Text.own(
                "attention.by_joined", "<error> comes back to what the heads gave through the weights <weights>.",
                error=at.shown("delta"), weights=at.shown("WO"),
            )  # fmt: skip
            named.append(NamedAdjoint.of(at, "C", said))
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
        named += [NamedAdjoint.of(at, letter, reason) for letter, reason in back.items()]
        for one in self.present(at.layer):
            error = "delta" if one.letter[1] == "O" else f"d{one.letter[1]}"
            reason = reasons.weight_gradient(at, error, entering="C" if one.letter[1] == "O" else None)
            if one.role is Role.BIAS:
                reason = reasons.bias_gradient(at, error)
            named.append(NamedAdjoint.of(at, one.letter, reason))
        return named

    def way_back(self, at: Spot) -> Text:
        """By three ways: through queries, keys and values."""
        said = "the error comes to <below> by three ways (through the queries, the keys and the values)"
        return Text.own("attention.way_back", said, below=f"{{{at.below}}}")

    def slots(self, at: Spot) -> Mapping[str, Slot]:
        """Units and heads."""
        heads = Text.own("attention.in_heads", " in <heads> heads", heads=self.heads) if self.heads > 1 else ""
        return {"units": Text.of("counted.units", n=at.layer.units), "heads": heads}


def _root(units: int) -> Expression:
    """The square root of a number of units, a whole number where it is one."""
    root = isqrt(units)
    return Number(root) if root * root == units else apply("sqrt", Number(units))


class Attention(Layer):
    """Attention of every position of a sample to all of them, with one head or several; then an activation.

    A sample is a matrix with a position in each row (a column where samples are columns). `units` is how many entries
    queries, keys and values have, those of all `heads` together; `queries`, `keys` and `values` are their weights (a
    matrix in the network's orientation, or one number for all entries); those that are not given are drawn by
    `initializer`. What the heads give stands side by side and goes through the weights `output` (units x units): where
    there are several heads, where they are given, or by `project`. With `bias` (or `query_bias`, `key_bias`,
    `value_bias`, `output_bias`) every one of these products has a bias.

    No position knows where it stands unless the data says it. With `mask="causal"` none sees those behind it; with
    `padding="zeros"` nobody sees positions of the network's input whose entries are all 0.

    Source: Vaswani and others, Attention Is All You Need (2017), equation 1 and section 3.2.2.
    Raises ChalkworkError for an unknown activation or initialiser, and where the heads do not share the units evenly;
    ShapeError where weights do not fit.

    >>> Attention(2)
    Attention(2)
    >>> from chalkwork import Dense, Flatten, NeuralNetwork
    >>> same = Attention(2, queries=[[1, 0], [0, 1]], keys=0, values=[[2, 0], [0, 2]])
    >>> net = NeuralNetwork([same, Flatten(), Dense(1)])
    >>> net.forward([[1, 0], [0, 1], [5, 2]])["a1"].tolist()
    [[4.0, 2.0], [4.0, 2.0], [4.0, 2.0]]
    >>> NeuralNetwork([Attention(4, heads=2)], inputs=(3, 4)).forward(np.ones((3, 4)))["P1"].shape
    (2, 3, 3)
    """

    kind_type = AttentionKind
    title = "an attention"
    settings = (
        Setting("units", "size"),
        Setting("activation", "activation", "identity"),
        Setting("heads", "count", 1, high=1000),
        *(Setting(one.keyword, "weights") for one in AttentionKind.quantities if one.role is Role.WEIGHT),
        Setting("project", "flag"),
        Setting("bias", "flag", False),
        *(Setting(one.keyword, "entries") for one in AttentionKind.quantities if one.role is Role.BIAS),
        Setting("mask", "choice", "none", choices=("none", "causal")),
        Setting("padding", "choice", "none", choices=("none", "zeros")),
        Setting("inputs", "size"),
        Setting("initializer", "initialiser", "glorot_normal"),
    )

    def __init__(
        self, units: int | None = None, activation: str = "identity", *, heads: int = 1, queries: Any = None,
        keys: Any = None, values: Any = None, output: Any = None, project: bool | None = None, bias: bool = False,
        query_bias: Any = None, key_bias: Any = None, value_bias: Any = None, output_bias: Any = None,
        mask: str = "none", padding: str = "none", inputs: int | None = None, initializer: str = "glorot_normal",
    ) -> None:  # fmt: skip
        super().__init__(
            units=units, activation=activation, heads=heads, queries=queries, keys=keys, values=values, output=output,
            project=project, bias=bias, query_bias=query_bias, key_bias=key_bias, value_bias=value_bias,
            output_bias=output_bias, mask=mask, padding=padding, inputs=inputs, initializer=initializer,
        )  # fmt: skip
        own = self.options
        own["bias"] |= any(own[f"{of}_bias"] is not None for of in ("query", "key", "value", "output"))
        given = [name for name in ("output", "output_bias") if own[name] is not None]
        own["project"] = own["heads"] > 1 or bool(given) if own["project"] is None else own["project"]
        if given and not own["project"]:
            raise ChalkworkError(f"an attention that does not project has no {given[0]}")
        self.kind: AttentionKind = AttentionKind(
            own["mask"] == "causal", own["heads"], own["project"], own["bias"], own["padding"] == "zeros"
        )
        if not (self.units or self._matrices):
            raise ChalkworkError("an attention needs the number of its units or its weights")

    @property
    def has_bias(self) -> bool:
        """Whether there are biases."""
        return self.kind.biased

    @property
    def _matrices(self) -> dict[str, Array]:
        """The weights of what enters that are given as matrices, by letter."""
        given = {one.letter: self.options[one.keyword] for one in self.kind.quantities[:3]}
        return {letter: value for letter, value in given.items() if isinstance(value, np.ndarray)}

    @property
    def settled(self) -> bool:
        """Whether the inputs are given, or follow from weights."""
        return self.inputs is not None or bool(self._matrices)

    def sizes(self, layer: int, inputs: int | None, in_out: bool) -> tuple[int, int]:
        """Inputs and units, once the layer before is known; ShapeError when they contradict each other."""
        known, units = self.sizes_of_weights(layer, self._matrices, inputs, in_out)
        if units % self.kind.heads:
            said = f"the {units} units of layer {layer} are not shared evenly by {self.kind.heads} heads"
            raise ChalkworkError(said, hint="units are those of all heads together")
        output = self.options["output"]
        if isinstance(output, np.ndarray) and output.shape != (units, units):
            raise ShapeError(f"WO{layer} is {words(output.shape)}, but {units}x{units} is needed")
        for one in self.kind.quantities[4:]:
            check_length(self.options[one.keyword], one.letter, layer, units)
        return known, units

    def check_sources(self, layer: int, sizes: Sequence[Size]) -> None:
        """Raise ShapeError where the input, which tells padding, has other positions."""
        if self.kind.padded and sizes[0].positions != sizes[layer - 1].positions:
            raise ShapeError(f"layer {layer}, an attention, has not the positions of the input, which tell its padding")

    def start(
        self, layer: int, sizes: tuple[int, int], convention: Convention, generator: Generator
    ) -> dict[str, Array]:
        """The matrices in the convention's orientation, and the biases."""
        found = self._filled(layer, sizes[1], LEARNED) | self.weights_to_start(layer, sizes, convention, generator)
        return {one.name(layer): found[one.name(layer)] for one in self.kind.quantities if self.kind.has(one)}

    def in_torch(self, inputs: int, units: int) -> Foreign | None:
        """MultiheadAttention, whose heads share as many units as enter, of all to all."""
        kind = self.kind
        if inputs != units or not kind.projects:
            return None
        arguments = {"embed_dim": units, "num_heads": kind.heads, "bias": kind.biased, "batch_first": True}
        return Foreign("MultiheadAttention", arguments | {"causal": kind.causal, "padded": kind.padded}, axes=1)

    def __repr__(self) -> str:
        units = self.units or next(iter(self._matrices.values())).shape[1]
        more = "" if self.activation.name == "identity" else f", {str(self.activation)!r}"
        more += f", heads={self.kind.heads}" if self.kind.heads > 1 else ""
        more += (", mask='causal'" if self.kind.causal else "") + (", padding='zeros'" if self.kind.padded else "")
        return f"Attention({units}{more})"
