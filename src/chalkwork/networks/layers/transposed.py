"""Transposed convolution: every entry is multiplied by the kernel, and what comes of it is laid down and added up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from chalkwork.algebra.expression import Expression, apply
from chalkwork.algebra.operations.windows import spread_over
from chalkwork.errors import ChalkworkError
from chalkwork.networks.layers.base import Foreign, LayerPlan
from chalkwork.networks.layers.convolution import Convolution, ConvolutionKind, Sizes, one_size
from chalkwork.networks.layers.settings import Setting
from chalkwork.networks.plan import Spot
from chalkwork.words import Said, Text


@dataclass(frozen=True)
class TransposedKind(ConvolutionKind):
    """z = x *^T W + b: the matrix of a convolution transposed; for one sample, maps behind channels.

    Source: Dumoulin and Visin, A guide to convolution arithmetic for deep learning (2016), section 4.
    """

    called = Text.own("transposed.filters", "a transposed convolution with <n> filters of <window>")
    single = Text.own("transposed.filter", "a transposed convolution with 1 filter of <window>")
    short = Text.own("transposed.title", "transposed convolution <window>")

    spreads: ClassVar[bool] = True
    more: Sizes = (0, 0)
    """Rows and columns at the end that no window needs to reach: which of the sizes before a stride it is."""

    def leaving(self, units: int, positions: Sizes) -> tuple[int, Sizes]:
        """All that the kernels reach, without the rim. ShapeError where nothing is left."""
        found = spread_over(positions, self.window, self.stride, self.padding, self.dilation)
        return units, tuple(one + more for one, more in zip(found, self.more, strict=True))

    def kernel_shape(self, layer: LayerPlan, letter: str) -> Sizes:
        """Channels x filters x window, as in the convolution whose transpose it is."""
        return (layer.inputs, layer.units, *self.window)

    def swept(self, at: Spot, incoming: Expression, kernel: Expression, settings: dict[str, Any]) -> Expression:
        """The kernels laid down and added up."""
        return apply("convolve_transposed", incoming, kernel, before=at.data("z").shape, **settings)

    def net_input(self, at: Spot) -> Text:
        """What is laid down where."""
        cut: Said = ""
        if any(self.padding):
            cut = Text.own("transposed.padding", "; a rim <padding> wide is cut off", padding=one_size(self.padding))
        channels: Said = ""
        if at.layer.inputs > 1:
            channels = Text.own("transposed.channels", ", over all <channels> channels", channels=at.layer.inputs)
        bias: Said = ""
        if at.layer.has_bias:
            bias = Text.own("transposed.bias", ", plus its bias in <bias>", bias=at.shown("b"))
        return Text.own(
            "transposed.net",
            "Transposed convolution (layer <layer>)<again>: every entry of <below> is multiplied by each whole kernel "
            "of <weights>; the products are laid down, those of the next entry <stride> further, and where they "
            "overlap they are added up<channels><cut><bias>.",
            layer=at.number, again=at.again, weights=at.shown("W"), below=f"{{{at.below}}}",
            stride=one_size(self.stride), channels=channels, cut=cut, bias=bias,
        )  # fmt: skip

    def way_back(self, at: Spot) -> Text:
        """A plain correlation."""
        return Text.own(
            "transposed.way_back",
            "<error> goes back through the kernels <weights> (a correlation: every entry gets the errors of all that "
            "it was laid on, times the weights that it was multiplied by there)",
            error=at.shown("delta"), weights=at.shown("W"),
        )  # fmt: skip

    def declared(self, at: Spot) -> list[Text]:
        """How the kernels lie, and how large the result is."""
        more: Said = ""
        if any(self.more):
            more = Text.own("transposed.more", ", plus <size> more", size=one_size(self.more))
        return [Text.own(
            "transposed.declared",
            "The transposed convolution ⋆ᵀ of layer <layer> lays its kernels down as they are, not turned; they are "
            "channels × filters × window. A side of n entries becomes (n − 1)s − 2p + d(k − 1) + 1<more>, with stride "
            "s, padding p, dilation d and kernel k.",
            layer=at.number, more=more,
        )]  # fmt: skip


class Transposed(Convolution):
    """What transposed convolutions along one axis and along two have in common."""

    kind_type = TransposedKind
    order: ClassVar[tuple[int, int]] = (1, 0)
    settings = (
        *(one for one in Convolution.settings if one.key not in ("padding", "convolution")),
        Setting("padding", "sizes", 0, low=0),
        Setting("output_padding", "sizes", 0, low=0),
    )

    def chosen(self, window: Sizes) -> TransposedKind:
        """The kind with a window of that size. ChalkworkError where no convolution would leave what enters."""
        stride, padding, dilation, more = (
            self.each(key, self.options[key]) for key in ("stride", "padding", "dilation", "output_padding")
        )
        if any(one and one >= step for one, step in zip(more, stride, strict=True)):
            raise ChalkworkError(
                f"output_padding of {self.title} is smaller than the stride, not {one_size(more)}",
                hint="it says which of the sizes it is that a convolution with this stride makes as small",
            )
        return TransposedKind(window, stride, padding, dilation, more=more)

    def in_torch(self, inputs: int, units: int) -> Foreign | None:
        """`ConvTranspose2d`; None along positions: samples lie otherwise there."""
        kind = self.kind
        if self.rank == 1 or not isinstance(kind, TransposedKind):
            return None
        window = {key: getattr(kind, key) for key in ("stride", "padding", "dilation")}
        sizes = {"in_channels": inputs, "out_channels": units, "kernel_size": kind.window}
        return Foreign("ConvTranspose2d", {**sizes, **window, "output_padding": kind.more, "bias": self.has_bias})

    def in_keras(self, inputs: int, units: int) -> Foreign | None:
        """`Conv1DTranspose` or `Conv2DTranspose`; None with a padding, whose rim is chosen otherwise there."""
        kind = self.kind
        plain = not any(kind.padding) and not self.options["output_padding"] and set(kind.dilation) == {1}
        if not plain or any(step > k for step, k in zip(kind.stride, kind.window, strict=True)):
            return None
        maps = {"data_format": "channels_first"} if self.rank == 2 else {}
        own = {"filters": units, "kernel_size": kind.window, "strides": kind.stride, "use_bias": self.has_bias}
        return Foreign(f"Conv{self.rank}DTranspose", {**own, **maps})


class ConvTranspose1d(Transposed):
    """A transposed convolution along the positions of a sample: every entry lays the kernel down, and they add up.

    A sample is a matrix with a position in each row and a channel in each column (the other way round where samples are
    columns). `filters` and `kernel` say how many filters there are and how long each is, or `weights` does: channels x
    filters x positions, in every convention. `stride` is how far apart the kernels of neighbours are laid down,
    `padding` how much is cut off at both ends, `output_padding` how much longer the result is.

    Source: Dumoulin and Visin, A guide to convolution arithmetic for deep learning (2016), section 4.
    Raises ChalkworkError for an unknown activation or initialiser, ShapeError where weights do not fit.

    >>> from chalkwork import Dense, Flatten, NeuralNetwork
    >>> layers = [ConvTranspose1d(weights=[1, 2, 3], bias=False, stride=2), Flatten(), Dense(1)]
    >>> NeuralNetwork(layers, inputs=(2, 1)).forward([[1], [10]])["z1"].ravel().tolist()
    [1.0, 2.0, 13.0, 20.0, 30.0]
    """

    title = "a transposed convolution along positions"
    rank = 1


class ConvTranspose2d(Transposed):
    """A transposed convolution of an image: every entry lays the kernel down, and where they overlap they add up.

    A sample is an image, channels x rows x columns (or a matrix, with one channel), in every convention. `filters` and
    `kernel` say how many filters there are and how large each is, or `weights` does: channels x filters x rows x
    columns; with one channel or one filter that axis may be left out. `stride` is how far apart the kernels of
    neighbours are laid down, `padding` how much is cut off on each side, `output_padding` how many rows and columns
    more the result has; each is one number or one for rows and one for columns.

    Source: Dumoulin and Visin, A guide to convolution arithmetic for deep learning (2016), section 4.
    Raises ChalkworkError for an unknown activation or initialiser, ShapeError where weights do not fit.

    >>> from chalkwork import Dense, Flatten, NeuralNetwork
    >>> layers = [ConvTranspose2d(weights=[[1, 0], [2, -1]], bias=False), Flatten(), Dense(1)]
    >>> NeuralNetwork(layers, inputs=(1, 2, 2)).forward([[1, 2], [0, 3]])["z1"].tolist()
    [[[1.0, 2.0, 0.0], [2.0, 6.0, -2.0], [0.0, 6.0, -3.0]]]
    """

    title = "a transposed convolution of images"
    rank = 2
