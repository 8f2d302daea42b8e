"""Convolution: every filter lies on the data at one place after the other and gives a weighted sum at each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar

import numpy as np

from chalkwork.algebra.expression import Expression, Name, apply
from chalkwork.algebra.operations import Parameter
from chalkwork.algebra.operations import words as sized
from chalkwork.algebra.operations.windows import sweep
from chalkwork.derivation.derivation import Equation
from chalkwork.errors import ChalkworkError, ShapeError
from chalkwork.networks import reasons
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
    check_length,
    listed,
    unknown_inputs,
)
from chalkwork.networks.layers.dense import activated
from chalkwork.networks.layers.settings import Setting
from chalkwork.networks.plan import Spot
from chalkwork.networks.quantities import LEARNED, Form, Quantity, Role
from chalkwork.words import Said, Slot, Text

Sizes = tuple[int, ...]


def one_or_each(sizes: Sizes) -> Parameter:
    """One number where all are the same."""
    return sizes[0] if len(set(sizes)) == 1 else sizes


@dataclass(frozen=True)
class ConvolutionKind(LayerKind):
    """z = x * W + b, where * is the cross-correlation, a = f(z): for one sample, maps behind channels.

    Source: Goodfellow, Bengio and Courville, Deep Learning, equations 9.6 and 9.7.
    """

    called = Text.own("convolution.filters", "a convolution with <n> filters of <window>")
    single = Text.own("convolution.filter", "a convolution with 1 filter of <window>")
    short = Text.own("convolution.title", "convolution <window>")

    positions = "needed"
    quantities: ClassVar[tuple[Quantity, ...]] = (
        Quantity("W", Role.WEIGHT, Form.KERNEL, keyword="weights", torch="weight"),
        Quantity("b", Role.BIAS, Form.UNITS, keyword="bias", torch="bias"),
    )
    window: Sizes = (3, 3)
    stride: Sizes = (1, 1)
    padding: Sizes = (0, 0)
    dilation: Sizes = (1, 1)
    turned: bool = False

    @property
    def axes(self) -> tuple[int, ...]:
        """As many as the window has."""
        return (len(self.window),)

    def present(self, layer: LayerPlan) -> tuple[Quantity, ...]:
        """W, and b where there is one."""
        return self.quantities if layer.has_bias else self.quantities[:1]

    def leaving(self, units: int, positions: Sizes) -> tuple[int, Sizes]:
        """The places at which the window stands. ShapeError where it does not fit."""
        return units, sweep(positions, self.window, self.stride, self.padding, self.dilation).out

    def kernel_shape(self, layer: LayerPlan, letter: str) -> Sizes:
        """Filters x channels x window."""
        return (layer.units, layer.inputs, *self.window)

    def forward(self, at: Spot, incoming: Expression, *others: Expression) -> list[Equation]:
        """The net input z and the activation a."""
        kernel, *bias = (Name(f"{name.name}{at.suffix}", name.shape) for name in self.names(at, *LEARNED))
        along = (-2 if at.plan.convention.samples == "rows" else -1) if len(self.window) == 1 else None
        laid: Expression = apply("turned", kernel, along=along) if self.turned else kernel
        settings = {key: one_or_each(getattr(self, key)) for key in ("stride", "padding", "dilation")}
        net = self.swept(at, incoming, laid, {"along": along, **settings})
        if bias:
            net = net + bias[0]
        first = Equation(at.name("z"), net, at.stage, self.net_input(at))
        return [first, activated(at, first)]

    def swept(self, at: Spot, incoming: Expression, kernel: Expression, settings: dict[str, Any]) -> Expression:
        """What the kernels make of what enters, before the bias."""
        return apply("convolve", incoming, kernel, **settings)

    def net_input(self, at: Spot) -> Text:
        """What happens there, in a sentence."""
        steps: Said = ""
        if any(one > 1 for one in self.stride):
            steps = Text.own("convolution.stride", ", in steps of <stride>", stride=one_size(self.stride))
        rim: Said = ""
        if any(self.padding):
            rim = Text.own(
                "convolution.padding", ", with a rim of zeros around it, <padding> wide", padding=one_size(self.padding)
            )
        gaps: Said = ""
        if any(one > 1 for one in self.dilation):
            said = ", its entries <dilation> apart"
            gaps = Text.own("convolution.dilation", said, dilation=one_size(self.dilation))
        channels: Said = ""
        if at.layer.inputs > 1:
            said = ", over all <channels> channels"
            channels = Text.own("convolution.channels", said, channels=at.layer.inputs)
        bias: Said = ""
        if at.layer.has_bias:
            bias = Text.own("convolution.bias", ", plus its bias in <bias>", bias=at.shown("b"))
        return Text.own(
            "convolution.net",
            "Convolution (layer <layer>)<again>: every filter of <weights> lies on <below> at one place after the other"
            "<steps><rim><gaps>; what it covers is multiplied by it, entry by entry, and added up<channels><bias>.",
            layer=at.number, again=at.again, weights=at.shown("W"), below=f"{{{at.below}}}", steps=steps, rim=rim,
            gaps=gaps, channels=channels, bias=bias,
        )  # fmt: skip

    def adjoints(self, at: Spot) -> list[NamedAdjoint]:
        """The error delta, then the gradients."""
        samples = Text.own("convolution.samples", " and samples") if at.plan.samples > 1 else ""
        by_weights = Text.own(
            "convolution.by_weights",
            "Every weight has met <below> at all places, so each entry that it met is multiplied by the error <error> "
            "of its place, and all places<samples> are added up: again a correlation.",
            below=f"{{{at.below}}}", error=at.shown("delta"), samples=samples,
        )  # fmt: skip
        named = [NamedAdjoint(at.name("z"), at.name("delta"), reasons.error(at))]
        named.append(NamedAdjoint.of(at, "W", by_weights))
        if at.layer.has_bias:
            by_bias = Text.own(
                "convolution.by_bias",
                "The bias of a filter was added at every place: its gradient is the sum of the errors of all "
                "places<samples>.",
                samples=samples,
            )  # fmt: skip
            named.append(NamedAdjoint.of(at, "b", by_bias))
        return named

    def way_back(self, at: Spot) -> Text:
        """A full correlation with the turned kernel."""
        return Text.own(
            "convolution.way_back",
            "<error> goes back through the kernels <weights> (a full correlation with the turned kernels: every entry "
            "gets the errors of all windows that covered it, times the weights that it met)",
            error=at.shown("delta"), weights=at.shown("W"),
        )  # fmt: skip

    def declared(self, at: Spot) -> list[Text]:
        """Whether kernels are turned."""
        if self.turned:
            return [Text.own(
                "convolution.turned",
                "The kernels of layer <layer> are turned by 180° before they are laid on: a convolution in the strict "
                "sense, written as a correlation ⋆ with rot180.",
                layer=at.number,
            )]  # fmt: skip
        return [Text.own(
            "convolution.correlation",
            "The convolution of layer <layer> is the cross-correlation ⋆: its kernels are not turned.",
            layer=at.number,
        )]  # fmt: skip

    def slots(self, at: Spot) -> Mapping[str, Slot]:
        """Filters and their window."""
        return {"n": at.layer.units, "window": sized(self.window)}

    def words(self, at: Spot) -> Text:
        """One filter, or several, and the activation."""
        return listed(at, (self.single if at.layer.units == 1 else self.called).holding(self.slots(at)))


def one_size(sizes: Sizes) -> str:
    """One number where all are the same, else each of them."""
    return str(sizes[0]) if len(set(sizes)) == 1 else sized(sizes)


class Convolution(Layer):
    """What convolutions along one axis and along two have in common."""

    kind_type = ConvolutionKind
    rank: ClassVar[int]
    order: ClassVar[tuple[int, int]] = (0, 1)
    """Which axes of the kernels are filters and channels."""
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("filters", "size"),
        Setting("kernel", "sizes"),
        Setting("activation", "activation", "identity"),
        Setting("weights", "kernels"),
        Setting("bias", "bias", True),
        Setting("stride", "sizes", 1),
        Setting("padding", "sizes", 0, low=0, choices=("same", "valid")),
        Setting("dilation", "sizes", 1),
        Setting("convolution", "flag", False),
        Setting("inputs", "size"),
        Setting("initializer", "initialiser", "glorot_normal"),
    )

    def __init__(
        self, filters: int | None = None, kernel: Any = None, activation: str = "identity", **given: Any
    ) -> None:
        super().__init__(filters=filters, kernel=kernel, activation=activation, **given)
        self.made()

    def made(self) -> None:
        """The kind, once the settings are taken. Raises ChalkworkError for settings that contradict each other."""
        self.given: Array | None = None
        if isinstance(self.options["weights"], np.ndarray):
            self.given = self.options["weights"]
            if not self.rank <= self.given.ndim <= self.rank + 2:
                raise ShapeError(f"the weights of {self.title} are {self._named} x {_WINDOWS[self.rank]}")
        window = self._window()
        self.options["kernel"] = one_or_each(window)
        self.kind: ConvolutionKind = self.chosen(window)
        if self.rank > 1 and self.activation.per_sample:
            raise ChalkworkError(
                f"{self.activation.words} is no activation of {self.title}", hint="put it behind Flatten"
            )

    def chosen(self, window: Sizes) -> ConvolutionKind:
        """The kind with a window of that size."""
        stride, dilation = (self.each(key, self.options[key]) for key in ("stride", "dilation"))
        rim = self._rim(window, stride, dilation)
        return ConvolutionKind(window, stride, rim, dilation, self.options["convolution"])

    @property
    def _named(self) -> str:
        return "filters x channels" if self.order == (0, 1) else "channels x filters"

    def each(self, key: str, value: Any) -> Sizes:
        """A number for each axis. Raises ChalkworkError where there are more or fewer."""
        sizes = value if isinstance(value, tuple) else (value,) * self.rank
        if len(sizes) != self.rank:
            raise ChalkworkError(f"{key} of {self.title} is one number or {self.rank} of them, not {list(sizes)}")
        return sizes

    def _window(self) -> Sizes:
        stated = None if self.options["kernel"] is None else self.each("kernel", self.options["kernel"])
        found = None if self.given is None else self.given.shape[-self.rank :]
        if stated is None and found is None:
            raise ChalkworkError(f"{self.title} needs the size of its kernel or its weights")
        if stated is not None and found is not None and stated != found:
            raise ShapeError(f"kernel is {sized(stated)}, but the weights are for a window of {sized(found)}")
        if self.given is None and self.options["filters"] is None:
            raise ChalkworkError(f"{self.title} needs the number of its filters or its weights")
        return stated or found or ()

    def _rim(self, window: Sizes, stride: Sizes, dilation: Sizes) -> Sizes:
        """The padding in numbers; `same` leaves the sizes as they are."""
        padding = self.options["padding"]
        if padding == "valid":
            return (0,) * self.rank
        if padding != "same":
            return self.each("padding", padding)
        wide = tuple(d * (k - 1) for k, d in zip(window, dilation, strict=True))
        if any(one % 2 for one in wide) or any(one > 1 for one in stride):
            said = "padding 'same' takes a window of odd size and a stride of 1"
            raise ChalkworkError(said, hint="say it in numbers")
        return tuple(one // 2 for one in wide)

    @property
    def units(self) -> int | None:
        """The number of filters, where it is stated or follows from the weights alone."""
        stated: int | None = self.options["filters"]
        whole = self.given is not None and self.given.ndim == self.rank + 2
        return self.given.shape[self.order[0]] if self.given is not None and whole else stated

    @property
    def inputs(self) -> int | None:
        """The number of channels, where it is stated or follows from the weights."""
        stated: int | None = self.options["inputs"]
        if stated is not None or self.given is None:
            return stated
        whole = self.given.ndim == self.rank + 2
        return self.given.shape[self.order[1]] if whole else 1 if self.given.ndim == self.rank else None

    @property
    def has_bias(self) -> bool:
        """Whether a bias is added."""
        return bool(self.options["bias"] is not False)

    def _kernels(self, layer: int, channels: int) -> Array | None:
        """The weights that are given, with an axis for filters and one for channels before the window."""
        if self.given is None:
            return None
        shape = self.given.shape
        if self.given.ndim == self.rank + 1 and channels not in (1, shape[0]):
            raise ShapeError(f"W{layer} is {sized(shape)}, but {channels} channels enter layer {layer}")
        own = (1,) * (self.rank + 2 - len(shape)) if self.given.ndim == self.rank else ()
        if self.given.ndim == self.rank + 1:  # filters of one channel, or one filter of several
            return np.expand_dims(self.given, self.order[1] if channels == 1 else self.order[0])
        return self.given.reshape(*own, *shape)

    def size(self, layer: int, inputs: int | None, positions: Sizes, in_out: bool) -> Size:
        """What leaves; ShapeError where the kernels do not fit on what enters."""
        self.check_entering(layer, positions)
        channels = inputs if inputs is not None else self.inputs
        if channels is None:
            raise unknown_inputs(layer)
        kernels, filters = self._kernels(layer, channels), self.options["filters"]
        if kernels is not None:
            found, wanted = (kernels.shape[axis] for axis in self.order)
            if wanted != channels:
                raise ShapeError(
                    f"W{layer} is {sized(kernels.shape)} ({self._named} x window), but {channels} channels "
                    f"enter layer {layer}"
                )
            if filters not in (None, found):
                raise ShapeError(f"{filters} filters are stated, but W{layer} has {found}")
            filters = found
        check_length(self._bias, "b", layer, filters)
        try:
            return Size(channels, *self.kind.leaving(filters, positions))
        except ShapeError as error:
            raise ShapeError(f"layer {layer}: {error.message}") from None

    @property
    def _bias(self) -> float | Array | None:
        bias = self.options["bias"]
        return None if isinstance(bias, bool) else bias

    def start(
        self, layer: int, sizes: tuple[int, int], convention: Convention, generator: Generator
    ) -> dict[str, Array]:
        """The kernels W, and b."""
        channels, filters = sizes
        shape = (*((filters, channels)[axis] for axis in self.order), *self.kind.window)
        if prod(shape) > MOST_WEIGHTS:
            raise ChalkworkError(f"layer {layer} would have {sized(shape)} weights, which is too many")
        kernels, everywhere, size = self._kernels(layer, channels), self.options["weights"], prod(self.kind.window)
        if kernels is not None:
            weights = kernels.copy()
        elif everywhere is not None:
            weights = np.full(shape, everywhere)
        else:
            weights = self.options["initializer"].drawn(channels * size, filters * size, shape, generator())
        if not self.has_bias:
            return {f"W{layer}": weights}
        return {f"W{layer}": weights, f"b{layer}": np.zeros(filters) + (0.0 if self._bias is None else self._bias)}

    def in_torch(self, inputs: int, units: int) -> Foreign | None:
        """`Conv2d`; None where kernels are turned, or move along positions: samples lie otherwise there."""
        kind = self.kind
        if kind.turned or self.rank == 1:
            return None
        window = {"kernel_size": kind.window, "stride": kind.stride, "padding": kind.padding, "dilation": kind.dilation}
        sizes = {"in_channels": inputs, "out_channels": units}
        return Foreign(f"Conv{self.rank}d", {**sizes, **window, "bias": self.has_bias})

    def in_keras(self, inputs: int, units: int) -> Foreign | None:
        """`Conv1D` or `Conv2D`; None where kernels are turned, or a rim is neither none nor what leaves the size."""
        kind = self.kind
        whole = tuple(d * (k - 1) for k, d in zip(kind.window, kind.dilation, strict=True))
        same = tuple(2 * p for p in kind.padding) == whole and set(kind.stride) == {1}
        if kind.turned or (any(kind.padding) and not same):
            return None
        maps = {"data_format": "channels_first"} if self.rank == 2 else {}
        window = {
            "kernel_size": kind.window,
            "strides": kind.stride,
            "padding": "same" if any(kind.padding) else "valid",
        }
        own = {"filters": units, **window, "dilation_rate": kind.dilation, "use_bias": self.has_bias}
        return Foreign(f"Conv{self.rank}D", {**own, **maps})

    def __repr__(self) -> str:
        kind, own = self.kind, self.options
        filters = self.units if self.units is not None else "..."
        window = kind.window[0] if len(set(kind.window)) == 1 else kind.window
        more = [f"{key}={own[key]!r}" for key in ("stride", "padding", "dilation") if own[key] not in (0, 1)]
        more += [] if self.has_bias else ["bias=False"]
        more += ["convolution=True"] if kind.turned else []
        more += [f"output_padding={own['output_padding']}"] if own.get("output_padding") else []
        return f"{type(self).__name__}({', '.join([str(filters), str(window), repr(str(self.activation)), *more])})"


_WINDOWS = {1: "positions", 2: "rows x columns"}


class Conv1d(Convolution):
    """A convolution along the positions of a sample: every filter gives a weighted sum at each place.

    A sample is a matrix with a position in each row and a channel in each column (the other way round where samples are
    columns). `filters` and `kernel` say how many filters there are and how long each is, or `weights` does: filters x
    channels x positions, in every convention; with one channel or one filter that axis may be left out. `stride`,
    `padding` (zeros at both ends, or `same`) and `dilation` are as everywhere. It is the cross-correlation, as in
    libraries; with `convolution` kernels are turned.

    Source: Goodfellow, Bengio and Courville, Deep Learning, section 9.1.
    Raises ChalkworkError for an unknown activation or initialiser, ShapeError where weights do not fit.

    >>> from chalkwork import Dense, Flatten, NeuralNetwork
    >>> net = NeuralNetwork([Conv1d(weights=[1, 0, -1], bias=False), Flatten(), Dense(1)], inputs=(4, 1))
    >>> net.forward([[1], [2], [3], [4]])["z1"].tolist()
    [[-2.0], [-2.0]]
    """

    title = "a convolution along positions"
    rank = 1


class Conv2d(Convolution):
    """A convolution over an image: every filter gives a weighted sum at each place.

    A sample is an image, channels x rows x columns (or a matrix, with one channel), in every convention. `filters` and
    `kernel` say how many filters there are and how large each is, or `weights` does: filters x channels x rows x
    columns; with one channel or one filter that axis may be left out. `stride`, `padding` (a rim of zeros, or `same`)
    and `dilation` are one number or one for rows and one for columns. It is the cross-correlation, as in libraries;
    with `convolution` kernels are turned.

    Source: Goodfellow, Bengio and Courville, Deep Learning, sections 9.1 and 9.5.
    Raises ChalkworkError for an unknown activation or initialiser, ShapeError where weights do not fit.

    >>> from chalkwork import Dense, Flatten, NeuralNetwork
    >>> net = NeuralNetwork([Conv2d(weights=[[1, 0], [0, -1]], bias=False), Flatten(), Dense(1)], inputs=(1, 3, 3))
    >>> net.forward([[1, 2, 1], [0, 1, 0], [2, 3, 4]])["z1"].tolist()
    [[[0.0, 2.0], [-3.0, -3.0]]]
    """

    title = "a convolution of images"
    rank = 2
