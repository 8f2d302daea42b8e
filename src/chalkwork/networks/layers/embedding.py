"""Embedding: a vector for every token of a vocabulary, and where a token stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from chalkwork.algebra.expression import Expression, Name, Number, apply
from chalkwork.algebra.reading.joining import positional
from chalkwork.derivation.derivation import Equation
from chalkwork.errors import ChalkworkError, ShapeError, ValueProblem
from chalkwork.networks.convention import Convention
from chalkwork.networks.data import Array
from chalkwork.networks.layers.base import (
    MOST_WEIGHTS,
    Foreign,
    Generator,
    Layer,
    LayerKind,
    LayerPlan,
    NamedAdjoint,
    Size,
)
from chalkwork.networks.layers.settings import Setting
from chalkwork.networks.plan import Spot
from chalkwork.networks.quantities import Form, Quantity, Role
from chalkwork.words import Slot, Text


@dataclass(frozen=True)
class EmbeddingKind(LayerKind):
    """E = onehot(x), a = E W: the row of every token; plus PE, where a position is to be known.

    Source: Bengio and others, A Neural Probabilistic Language Model (2003), section 2; of the encodings Vaswani and
    others, Attention Is All You Need (2017), section 3.5.
    """

    called = Text.own("embedding.name", "an embedding of <vocabulary> words with <units>")
    short = Text.own("embedding.title", "embedding")
    vocabulary: int
    encoding: str = "none"
    longest: int = 0
    """How many positions a learned encoding knows."""
    from_zero: bool = False

    positions = "needed"
    quantities: ClassVar[tuple[Quantity, ...]] = (
        Quantity("W", Role.WEIGHT, Form.KERNEL, keyword="weights", torch="weight"),
        Quantity("PE", Role.SHIFT, Form.KERNEL, keyword="places"),
    )

    @property
    def zero_is_word(self) -> bool:
        """Where tokens are counted from 0."""
        return self.from_zero

    def present(self, layer: LayerPlan) -> tuple[Quantity, ...]:
        """The table, and that of positions where it is learned."""
        return self.quantities if self.encoding == "learned" else self.quantities[:1]

    def kernel_shape(self, layer: LayerPlan, letter: str) -> tuple[int, ...]:
        """A row for each token, or for each position, in every convention."""
        return (self.vocabulary if letter == "W" else self.longest, layer.units)

    def forward(self, at: Spot, incoming: Expression, *others: Expression) -> list[Equation]:
        """E, a; PE between them where positions are encoded by sines."""
        convention, units, table = at.plan.convention, at.layer.units, at.shown("W")
        by_rows, (places,) = convention.samples == "rows", at.layer.positions
        tokens = incoming + 1 if self.from_zero else incoming
        said = Text.own(
            "embedding.one_hot",
            "Embedding (layer <layer>)<again>: every token as a vector that is 1 at its place in the vocabulary and 0 "
            "elsewhere.",
            layer=at.number, again=at.again,
        )  # fmt: skip
        chosen = apply("one_hot", tokens, count=self.vocabulary, along=convention.unit_axis)
        found = [Equation(at.name("E"), chosen, at.stage, said)]
        weights = Name(at.name("W"), (self.vocabulary, units))
        value: Expression = found[0].symbol @ weights if by_rows else weights.T @ found[0].symbol
        said = Text.own(
            "embedding.rows", "The product takes the rows of the tokens out of <table>: nothing is multiplied.",
            table=table,
        )  # fmt: skip
        if self.encoding != "none":
            said = Text.own(
                "embedding.encoded",
                "The product takes the rows of the tokens out of <table>; <places> is added: by it positions differ.",
                table=table, places=at.shown("PE"),
            )  # fmt: skip
        if self.encoding == "sinusoidal":
            sines = Text.own(
                "embedding.sinusoidal",
                "Where a token stands: sines and cosines of its position, counted from 0, slower from pair to pair.",
            )
            waves = positional(Number(places), Number(units))
            found.append(Equation(at.name("PE"), waves if by_rows else waves.T, at.stage, sines))
            value = value + found[-1].symbol
        elif self.encoding == "learned":
            known = Name(at.name("PE"), (self.longest, units))
            used = known if self.longest == places else apply("part", known, span=(1, places, 1, units))
            value = value + (used if by_rows else used.T)
        return [*found, Equation(at.name("a"), value, at.stage, said)]

    def adjoints(self, at: Spot) -> list[NamedAdjoint]:
        """The error of the vectors, and the gradient, which only the rows of tokens that occur have."""
        error = Text.own("embedding.error", "The error of the vectors: <way>.", way=at.way_back)
        gradient = Text.own(
            "embedding.gradient",
            "A row of the gradient is the sum of the errors wherever its token stands; what does not occur learns "
            "nothing.",
        )
        named = [
            NamedAdjoint.of(at, "a", error),
            NamedAdjoint.of(at, "W", gradient),
        ]
        if self.encoding == "learned":
            said = Text.own("embedding.by_places", "Every position was added once to each sample.")
            named.append(NamedAdjoint.of(at, "PE", said))
        return named

    def way_back(self, at: Spot) -> Text:
        """Tokens are no numbers that could be changed."""
        return Text.own("embedding.way_back", "no error goes back to tokens")

    def slots(self, at: Spot) -> Mapping[str, Slot]:
        """Width and vocabulary."""
        return {"vocabulary": self.vocabulary, "units": Text.of("counted.units", n=at.layer.units)}

    def declared(self, at: Spot) -> list[Text]:
        """From where tokens are counted."""
        said = "Tokens are counted from <first>: the first row of <table> is that of token <first>."
        found = Text.own("embedding.declared", said, first=0 if self.from_zero else 1, table=at.shown("W"))
        nothing = Text.own("embedding.padding", "A token 0 is padding, whose vector is 0.")
        return [found] if self.from_zero else [found, nothing]


class Embedding(Layer):
    """A vector of `width` entries for each of so many `words`: the first layer, where a sample is a list of tokens.

    Tokens are whole numbers from 1; 0 is padding, whose vector is 0 (an `Attention` with `padding="zeros"` sees none).
    With `from_zero` they are counted from 0, as in PyTorch. `weights` is a matrix with a row for every word, in every
    convention, or one number; else it is drawn by `initializer`. `encoding` adds where a token stands: "sinusoidal", or
    "learned", with a row of `places` for each of `longest` positions.

    A sample is a list of tokens, several are a list of lists; as it lies it has a token in each row (column).

    Source: Bengio and others, A Neural Probabilistic Language Model (2003); Vaswani and others (2017), section 3.5.
    Raises ChalkworkError for settings that are none, ShapeError where it is not the first layer or matrices do not fit,
    ValueProblem for what is no token.

    >>> from chalkwork import Dense, Flatten, NeuralNetwork
    >>> net = NeuralNetwork([Embedding(weights=[[1, 0], [0, 2], [3, 3]]), Flatten(), Dense(1)])
    >>> net.forward([3, 1, 1])["a1"].tolist()
    [[3.0, 3.0], [1.0, 0.0], [1.0, 0.0]]
    """

    kind_type = EmbeddingKind
    title = "an embedding"
    settings = (
        Setting("words", "count", high=100_000),
        Setting("width", "count", high=10_000),
        Setting("weights", "kernels"),
        Setting("encoding", "choice", "none", choices=("none", "sinusoidal", "learned")),
        Setting("longest", "count", high=10_000),
        Setting("places", "kernels"),
        Setting("from_zero", "flag", False),
        Setting("initializer", "initialiser", "glorot_normal"),
    )

    def __init__(
        self, words: int | None = None, width: int | None = None, *, weights: Any = None, encoding: str = "none",
        longest: int | None = None, places: Any = None, from_zero: bool = False, initializer: str = "glorot_normal",
    ) -> None:  # fmt: skip
        super().__init__(
            words=words, width=width, weights=weights, encoding=encoding, longest=longest, places=places,
            from_zero=from_zero, initializer=initializer,
        )  # fmt: skip
        own = self.options
        self._agree("weights", "words", "width", "row for each word")
        self._agree("places", "longest", "width", "row for each position")
        for key, what in (("words", "how many words there are"), ("width", "how wide it is")):
            if own[key] is None:
                raise ChalkworkError(f"an embedding needs {key}, {what}, or its weights")
        if (own["encoding"] == "learned") != (own["longest"] is not None):
            raise ChalkworkError(
                "longest, or places, is the number of positions of a learned encoding, and of no other"
            )
        self.kind: EmbeddingKind = EmbeddingKind(own["words"], own["encoding"], own["longest"] or 0, own["from_zero"])

    def _agree(self, key: str, rows: str, columns: str, what: str) -> None:
        """Take sizes from a matrix that is given; ShapeError where they are stated otherwise."""
        given = self.options[key]
        if not isinstance(given, np.ndarray):
            return
        if given.ndim != 2:
            raise ShapeError(f"{key} are a matrix with a {what}")
        for size, axis in zip(given.shape, (rows, columns), strict=True):
            if self.options[axis] is None:
                self.options[axis] = size
            elif self.options[axis] != size:
                found = "x".join(map(str, given.shape))
                raise ShapeError(f"{key} are {found}, but {axis} is {self.options[axis]}", hint=f"a {what}")

    @property
    def units(self) -> int:
        """The width."""
        width: int = self.options["width"]
        return width

    @property
    def inputs(self) -> int | None:
        """A token at each position."""
        return 1

    def sizes(self, layer: int, inputs: int | None, in_out: bool) -> tuple[int, int]:
        """A token, and the width; ShapeError for another layer than the first, and for more than tokens."""
        if layer > 1:
            raise ShapeError(f"layer {layer} is an embedding, which only the first layer is: its input are tokens")
        if inputs not in (None, 1):
            raise ShapeError(f"an embedding takes one token at each position, not {inputs} features")
        return 1, self.units

    def size(self, layer: int, inputs: int | None, positions: tuple[int, ...], in_out: bool) -> Size:
        """As large as samples are; ShapeError for more positions than a learned encoding knows."""
        found = super().size(layer, inputs, positions, in_out)
        if self.kind.encoding == "learned" and positions[0] > self.kind.longest:
            raise ShapeError(f"the embedding knows {self.kind.longest} positions, but samples have {positions[0]}")
        return found

    def entering(self, x: Array, convention: Convention) -> Array:
        """Tokens as a sample lies, from a list of them or a list of such lists; ValueProblem for what is none."""
        by_rows = convention.samples == "rows"
        if x.ndim == 1:
            x = x[:, None] if by_rows else x[None]
        elif x.ndim == 2 and x.shape[-1 if by_rows else -2] != 1:
            x = x[:, :, None] if by_rows else x[:, None]
        last = self.kind.vocabulary - 1 if self.kind.from_zero else self.kind.vocabulary
        wrong = x[(x != np.floor(x)) | (x < 0) | (x > last)]
        if wrong.size:
            raise ValueProblem(f"{wrong[0]:g} is no token: they are whole numbers from 0 to {last}")
        return x

    def start(
        self, layer: int, sizes: tuple[int, int], convention: Convention, generator: Generator
    ) -> dict[str, Array]:
        """The tables, as they are given or drawn."""
        found = {}
        for one, rows in zip(self.kind.quantities, (self.kind.vocabulary, self.kind.longest), strict=True):
            if not rows:
                continue
            if rows * sizes[1] > MOST_WEIGHTS:
                raise ChalkworkError(f"layer {layer} would have {rows}x{sizes[1]} weights, which is too many")
            given = self.options[one.keyword]
            drawn = given is None
            value = self.options["initializer"].draw(rows, sizes[1], generator()) if drawn else given
            found[one.name(layer)] = np.full((rows, sizes[1]), value) if isinstance(value, float) else value.copy()
        return found

    def in_torch(self, inputs: int, units: int) -> Foreign | None:
        """`Embedding`, whose tokens are counted from 0."""
        if self.kind.encoding != "none":
            return None
        sizes = {"num_embeddings": self.kind.vocabulary, "embedding_dim": units}
        return Foreign("Embedding", {**sizes, "first": 0 if self.kind.from_zero else 1})

    def __repr__(self) -> str:
        more = "" if self.kind.encoding == "none" else f", encoding={self.kind.encoding!r}"
        return (
            f"Embedding({self.kind.vocabulary}, {self.units}{more}{', from_zero=True' if self.kind.from_zero else ''})"
        )
