"""Pooling: of every window of a map the largest entry, or the mean; and the mean of a whole map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from chalkwork.algebra.expression import Expression, apply
from chalkwork.algebra.operations.convolutions import pooling
from chalkwork.derivation.derivation import Equation
from chalkwork.errors import ShapeError
from chalkwork.networks.layers.base import Foreign, Layer, LayerKind, NamedAdjoint, Size
from chalkwork.networks.layers.settings import Setting
from chalkwork.networks.plan import Spot
from chalkwork.words import Said, Slot, Text

Sizes = tuple[int, ...]


@dataclass(frozen=True)
class PoolingKind(LayerKind):
    """What poolings have in common: every channel for itself.

    Source: Goodfellow, Bengio and Courville, Deep Learning, section 9.3.
    """

    positions = "needed"
    window: int | Sizes = 2
    stride: int | Sizes | None = None
    padding: int | Sizes = 0

    @property
    def axes(self) -> tuple[int, ...]:
        """Images, or positions in a row."""
        return (2, 1)

    def _settings(self, positions: Sizes) -> dict[str, Any]:
        """Window, stride and padding along every axis."""

        def each(value: int | Sizes) -> Sizes:
            found = value if isinstance(value, tuple) else (value,) * len(positions)
            if len(found) != len(positions):
                raise ShapeError(f"a pooling along {len(positions)} axes has not {len(found)} sizes")
            return found

        window = each(self.window)
        stride = window if self.stride is None else each(self.stride)
        return {"window": window, "stride": stride, "padding": each(self.padding)}

    def leaving(self, units: int, positions: Sizes) -> tuple[int, Sizes]:
        """The places at which the window stands. ShapeError where it does not fit."""
        alone = (1,) * (2 - len(positions))
        known = {key: (*((0,) if key == "padding" else (1,)) * len(alone), *value)
                 for key, value in self._settings(positions).items()}  # fmt: skip
        out = pooling((*alone, *positions), **known).out
        return units, out[len(alone) :]

    def pooled(self, at: Spot, operation: str, incoming: Expression, **more: Any) -> Expression:
        """The operation with its window, which of a row of positions is one along them."""
        known = self._settings(at.positions_below)
        if len(at.positions_below) == 1:
            first = at.plan.convention.samples == "rows"
            known = {key: (value[0], neutral) if first else (neutral, value[0])
                     for (key, value), neutral in zip(known.items(), (1, 1, 0), strict=True)}  # fmt: skip
        known = {key: value[0] if len(set(value)) == 1 else value for key, value in known.items()}
        stride = None if known["stride"] == known["window"] else known["stride"]
        return apply(operation, incoming, **{**known, "stride": stride}, **more)

    def slots(self, at: Spot) -> Mapping[str, Slot]:
        """Window, steps and rim in words."""
        known = self._settings(at.positions_below)
        window, stride = ("x".join(map(str, known[key])) for key in ("window", "stride"))
        steps: Said = ""
        if stride != window:
            steps = Text.own("pooling.stride", ", in steps of <stride>", stride=stride)
        rim: Said = ""
        if any(known["padding"]):
            padding = "x".join(map(str, dict.fromkeys(known["padding"])))
            rim = Text.own("pooling.padding", ", with a rim of <padding>", padding=padding)
        below = f"{{{at.below}}}"
        return {
            "layer": str(at.number),
            "again": at.again,
            "below": below,
            "window": window,
            "steps": steps,
            "rim": rim,
        }

    def adjoints(self, at: Spot) -> list[NamedAdjoint]:
        """The error that comes to what is pooled."""
        reason = Text.own("pooling.error", "The error of what was pooled: <way>.", way=at.way_back)
        return [NamedAdjoint.of(at, "a", reason)]


@dataclass(frozen=True)
class MaxPoolKind(PoolingKind):
    """a = the largest entry of every window."""

    called = Text.own("max_pool.name", "a max pooling of <window>")
    short = Text.own("max_pool.title", "max pooling <window>")
    ties: str = "first"

    def forward(self, at: Spot, incoming: Expression, *others: Expression) -> list[Equation]:
        """The largest entries."""
        reason = Text.own(
            "max_pool.largest",
            "Max pooling (layer <layer>)<again>: of every window of <window> on <below> the largest entry<steps><rim>.",
            **self.slots(at),
        )  # fmt: skip
        found = self.pooled(at, "max_pool", incoming, ties=int(self.ties == "share"))
        return [Equation(at.name("a"), found, at.stage, reason)]

    def way_back(self, at: Spot) -> Text:
        """To the entry that was the largest of its window."""
        said = "<error> goes back to the largest entry of every window (the others get 0)"
        return Text.own("max_pool.way_back", said, error=f"{{d{at.name('a')}}}")

    def declared(self, at: Spot) -> list[Text]:
        """Which of equal entries the error goes to."""
        if self.ties == "share":
            said = "Where several entries of a window are the largest (layer <layer>), they share the error."
            return [Text.own("max_pool.share", said, layer=at.number)]
        return [Text.own(
            "max_pool.first",
            "Where several entries of a window are the largest (layer <layer>), the first of them, row by row, gets "
            "the error.",
            layer=at.number,
        )]  # fmt: skip


class AveragePoolKind(PoolingKind):
    """a = the mean of every window."""

    called = Text.own("average_pool.name", "an average pooling of <window>")
    short = Text.own("average_pool.title", "average pooling <window>")

    def forward(self, at: Spot, incoming: Expression, *others: Expression) -> list[Equation]:
        """The means."""
        reason = Text.own(
            "average_pool.mean",
            "Average pooling (layer <layer>)<again>: the mean of every window of <window> on <below><steps><rim>.",
            **self.slots(at),
        )  # fmt: skip
        return [Equation(at.name("a"), self.pooled(at, "average_pool", incoming), at.stage, reason)]

    def way_back(self, at: Spot) -> Text:
        """In equal parts to all entries of a window."""
        said = "<error> goes back in equal parts to the entries of every window"
        return Text.own("average_pool.way_back", said, error=f"{{d{at.name('a')}}}")

    def declared(self, at: Spot) -> list[Text]:
        """Whether the rim counts."""
        if not any(self._settings(at.positions_below)["padding"]):
            return []
        said = "The zeros of the rim count in the means of layer <layer>."
        return [Text.own("average_pool.rim", said, layer=at.number)]


class GlobalAverageKind(LayerKind):
    """a = the mean of every channel over all positions: Lin, Chen and Yan, Network in Network (2013), section 3.2."""

    called = Text.own("global_average.name", "a global average pooling")
    short = Text.own("global_average.title", "global average")
    positions = "needed"

    @property
    def axes(self) -> tuple[int, ...]:
        """Images, or positions in a row."""
        return (2, 1)

    def leaving(self, units: int, positions: Sizes) -> tuple[int, Sizes]:
        """A vector with an entry for every channel."""
        return units, ()

    def forward(self, at: Spot, incoming: Expression, *others: Expression) -> list[Equation]:
        """The means as a row, or a column."""
        reason = Text.own(
            "global_average.mean",
            "Global average pooling (layer <layer>)<again>: of every channel of <below> the mean over all positions.",
            layer=at.number, again=at.again, below=f"{{{at.below}}}",
        )  # fmt: skip
        mean = PoolingKind(at.positions_below).pooled(at, "average_pool", incoming)
        return [Equation(at.name("a"), at.flattened(mean), at.stage, reason)]

    def way_back(self, at: Spot) -> Text:
        """In equal parts to all positions."""
        said = "<way> (in equal parts to all positions of a channel)"
        return Text.own("global_average.way_back", said, way=at.way_back)


class Pooling(Layer):
    """What poolings have in common."""

    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("pool", "sizes", 2),
        Setting("stride", "sizes"),
        Setting("padding", "sizes", 0, low=0),
    )

    def __init__(self, pool: Any = 2, stride: Any = None, padding: Any = 0, **more: Any) -> None:
        super().__init__(pool=pool, stride=stride, padding=padding, **more)
        self.kind = self._kind(*(self.options[key] for key in ("pool", "stride", "padding")))

    def _kind(self, window: Any, stride: Any, padding: Any) -> PoolingKind:
        raise NotImplementedError

    def size(self, layer: int, inputs: int | None, positions: Sizes, in_out: bool) -> Size:
        """What leaves; ShapeError where a window does not fit."""
        try:
            return super().size(layer, inputs, positions, in_out)
        except ShapeError as error:
            raise (
                error if error.message.startswith("layer") else ShapeError(f"layer {layer}: {error.message}")
            ) from None

    def _in_torch(self, name: str) -> Foreign:
        own = self.options
        stride = own["pool"] if own["stride"] is None else own["stride"]
        return Foreign(name, {"kernel_size": own["pool"], "stride": stride, "padding": own["padding"]}, axes=2)

    def _in_keras(self, name: str) -> Foreign | None:
        """The pooling of images; None with a padding, or where the window lies along positions."""
        own = self.options
        stride = own["pool"] if own["stride"] is None else own["stride"]
        if any(own["padding"]) if isinstance(own["padding"], tuple) else own["padding"]:
            return None
        settings = {"pool_size": own["pool"], "strides": stride, "data_format": "channels_first"}
        return Foreign(name, settings, axes=2)


class MaxPool(Pooling):
    """Max pooling: of every window of a map the largest entry, for every channel.

    `pool` is the size of the window, `stride` its steps (as large as the window, where nothing is said), `padding` a
    rim that is smaller than everything: one number, or one for rows and one for columns. On a sample that is a matrix
    the window lies along the positions. Where several entries are the largest the first of them has the derivative
    (`ties` is `first`), or all alike (`share`).

    Source: Goodfellow, Bengio and Courville, Deep Learning, section 9.3. Raises ShapeError where a window does not fit.

    >>> from chalkwork import Dense, Flatten, NeuralNetwork
    >>> net = NeuralNetwork([MaxPool(2), Flatten(), Dense(1)], inputs=(1, 4, 4))
    >>> net.forward([[1, 2, 5, 6], [3, 4, 7, 8], [1, 1, 2, 2], [0, 0, 9, 1]])["a1"].tolist()
    [[[4.0, 8.0], [1.0, 9.0]]]
    """

    kind_type = MaxPoolKind
    title = "a max pooling"
    settings = (*Pooling.settings, Setting("ties", "choice", "first", choices=("first", "share")))

    def __init__(self, pool: Any = 2, stride: Any = None, padding: Any = 0, ties: str = "first") -> None:
        super().__init__(pool, stride, padding, ties=ties)

    def _kind(self, window: Any, stride: Any, padding: Any) -> PoolingKind:
        return MaxPoolKind(window, stride, padding, self.options["ties"])

    def in_torch(self, inputs: int, units: int) -> Foreign:
        """`MaxPool2d`."""
        differs = "equal largest entries do not share there" if self.options["ties"] == "share" else ""
        return self._in_torch("MaxPool2d")._replace(differs=differs)

    def in_keras(self, inputs: int, units: int) -> Foreign | None:
        """`MaxPooling2D`."""
        found = self._in_keras("MaxPooling2D")
        differs = "equal largest entries do not share there" if self.options["ties"] == "share" else ""
        return None if found is None else found._replace(differs=differs)


class AveragePool(Pooling):
    """Average pooling: the mean of every window of a map, for every channel.

    Settings as those of `MaxPool`; the zeros of a rim count.

    Source: Goodfellow, Bengio and Courville, Deep Learning, section 9.3. Raises ShapeError where a window does not fit.

    >>> from chalkwork import Dense, Flatten, NeuralNetwork
    >>> net = NeuralNetwork([AveragePool(2), Flatten(), Dense(1)], inputs=(1, 2, 4))
    >>> net.forward([[1, 3, 0, 2], [5, 7, 0, 2]])["a1"].tolist()
    [[[4.0, 1.0]]]
    """

    kind_type = AveragePoolKind
    title = "an average pooling"

    def _kind(self, window: Any, stride: Any, padding: Any) -> PoolingKind:
        return AveragePoolKind(window, stride, padding)

    def in_torch(self, inputs: int, units: int) -> Foreign:
        """`AvgPool2d`, which counts the rim too."""
        return self._in_torch("AvgPool2d")

    def in_keras(self, inputs: int, units: int) -> Foreign | None:
        """`AveragePooling2D`."""
        return self._in_keras("AveragePooling2D")


class GlobalAveragePool(Layer):
    """Global average pooling: of every channel the mean over all positions, as one vector.

    Source: Lin, Chen and Yan, Network in Network (2013), section 3.2. Raises ShapeError where samples are vectors.

    >>> from chalkwork import Dense, NeuralNetwork
    >>> net = NeuralNetwork([GlobalAveragePool(), Dense(1)], inputs=(2, 1, 2))
    >>> net.forward([[[1, 3]], [[5, 7]]])["a1"].tolist()
    [[2.0, 6.0]]
    """

    kind_type = GlobalAverageKind
    kind = GlobalAverageKind()
    title = "a global average pooling"

    def __init__(self) -> None:
        super().__init__()

    def in_torch(self, inputs: int, units: int) -> Foreign:
        """`AdaptiveAvgPool2d`, and what makes a vector of its maps of one entry."""
        return Foreign("AdaptiveAvgPool2d", {"output_size": 1}, then="Flatten")
