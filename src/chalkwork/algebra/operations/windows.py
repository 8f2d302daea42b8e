"""Windows that move over maps: what convolution and pooling do, over NumPy, JAX or any namespace with slices.

A map is what stands in the last axes of an array, one or two of them, behind the channels. Source of the shapes:
Dumoulin and Visin, A guide to convolution arithmetic for deep learning (2016).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache, reduce
from importlib import import_module
from itertools import product
from math import inf, prod
from typing import Any, NamedTuple

from chalkwork.algebra.operations.entry import Parameter, Shape, words
from chalkwork.errors import ShapeError

Slices = tuple[slice, ...]


class Sweep(NamedTuple):
    """A window on a map, along each axis: how large both are, its steps, the rim of zeros, the gaps in it.

    >>> at = Sweep((5, 4), (3, 2), (2, 1), (1, 0), (1, 1))
    >>> at.out
    (3, 3)
    """

    sizes: Shape
    window: Shape
    stride: Shape
    padding: Shape
    dilation: Shape

    @property
    def out(self) -> Shape:
        """At how many places it stands along each axis."""
        return tuple((size + 2 * p - d * (k - 1) - 1) // s + 1 for size, k, s, p, d in self._each())

    def _each(self) -> Iterator[tuple[int, int, int, int, int]]:
        return zip(self.sizes, self.window, self.stride, self.padding, self.dilation, strict=True)

    @property
    def pieces(self) -> list[Slices]:
        """For every entry of the window the part of the padded map that it lies on, one entry for each place."""
        return [
            tuple(
                slice(k * d, k * d + s * (out - 1) + 1, s)
                for k, d, s, out in zip(entry, self.dilation, self.stride, self.out, strict=True)
            )
            for entry in product(*map(range, self.window))
        ]

    def meetings(self) -> Iterator[tuple[Shape, Shape, Shape]]:
        """Place of the window, entry of the window and entry of the map that meet; what falls on the rim is left out.

        In the order in which a sum is written: place by place, the window row by row.
        """
        for place in product(*map(range, self.out)):
            for entry in product(*map(range, self.window)):
                settings = zip(place, entry, self.stride, self.padding, self.dilation, strict=True)
                met = tuple(at * s + k * d - p for at, k, s, p, d in settings)
                if all(0 <= one < size for one, size in zip(met, self.sizes, strict=True)):
                    yield place, entry, met

    def padded(self, xp: Any, x: Any, value: float = 0.0) -> Any:
        """The map with its rim."""
        if not any(self.padding):
            return x
        before = x.shape[: x.ndim - len(self.sizes)]
        sizes = tuple(size + 2 * p for size, p in zip(self.sizes, self.padding, strict=True))
        inside = tuple(slice(p, p + size) for size, p in zip(self.sizes, self.padding, strict=True))
        return _put(xp.full((*before, *sizes), value, dtype=x.dtype), inside, x)

    def read(self, xp: Any, x: Any, value: float = 0.0) -> list[Any]:
        """For every entry of the window what it lies on at each place."""
        whole = self.padded(xp, x, value)
        return [whole[(..., *piece)] for piece in self.pieces]

    def spread(self, xp: Any, parts: Sequence[Any]) -> Any:
        """The reverse of `read`: what each entry of the window gives, added where it lay; the rim is cut off."""
        if lax := _lax(xp):
            return reduce(lambda one, other: one + other, map(lambda k, part: self._placed(lax, k, part), *zip(
                *zip(product(*map(range, self.window)), parts, strict=True), strict=True)))  # fmt: skip
        before = parts[0].shape[: parts[0].ndim - len(self.sizes)]
        sizes = tuple(size + 2 * p for size, p in zip(self.sizes, self.padding, strict=True))
        whole = xp.zeros((*before, *sizes), dtype=parts[0].dtype)
        for piece, part in zip(self.pieces, parts, strict=True):
            whole[(..., *piece)] = whole[(..., *piece)] + part
        return whole[(..., *(slice(p, p + size) for size, p in zip(self.sizes, self.padding, strict=True)))]

    def _placed(self, lax: Any, entry: Shape, part: Any) -> Any:
        """A part with zeros between its entries and around them (JAX cuts off where that is negative)."""
        rim = [(0, 0, 0)] * (part.ndim - len(self.sizes))
        for k, out, (size, _, s, p, d) in zip(entry, self.out, self._each(), strict=True):
            low = k * d - p
            rim.append((low, size - low - s * (out - 1) - 1, s - 1))
        return lax.pad(part, part.dtype.type(0), rim)


@lru_cache(maxsize=128)
def meetings_by(at: Sweep, which: int) -> dict[Shape, tuple[tuple[Shape, Shape, Shape], ...]]:
    """The meetings of each place of the window (0), entry of the window (1) or entry of the map (2).

    >>> meetings_by(Sweep((4,), (2,), (2,), (0,), (1,)), 0)[1,]
    (((1,), (0,), (2,)), ((1,), (1,), (3,)))
    """
    found: dict[Shape, list[tuple[Shape, Shape, Shape]]] = {}
    for one in at.meetings():
        found.setdefault(one[which], []).append(one)
    return {key: tuple(value) for key, value in found.items()}


def _put(whole: Any, inside: Slices, part: Any) -> Any:
    if hasattr(whole, "at"):
        return whole.at[(..., *inside)].set(part)
    whole[(..., *inside)] = part
    return whole


def _lax(xp: Any) -> Any:
    """The primitives of JAX, where the arrays are its own; None elsewhere."""
    return import_module("jax.lax") if getattr(xp, "__name__", "") == "jax.numpy" else None


@lru_cache(maxsize=1024)
def sweep(sizes: Shape, window: Parameter, stride: Parameter, padding: Parameter, dilation: Parameter = 1) -> Sweep:
    """The window with its settings, each one number or one for each axis; ShapeError where it does not fit.

    Of a vector one number is for its length alone.

    >>> sweep((4, 1), (3, 1), 2, 1).out
    (2, 1)
    """

    def each(value: Parameter, name: str, least: int, neutral: int) -> Shape:
        single = not isinstance(value, tuple)
        given = value if isinstance(value, tuple) else (value,) * len(sizes)
        found = [int(one) for one in given if isinstance(one, int | float) and one == int(one)]
        if not len(found) == len(given) == len(sizes):
            raise ShapeError(f"{name} is a whole number, or one for each of the {len(sizes)} axes of a map")
        if any(one < least for one in found):
            raise ShapeError(f"{name} is a whole number from {least}")
        alone = [single and size == 1 < max(sizes) and k == 1 for size, k in zip(sizes, held or sizes, strict=True)]
        return tuple(neutral if one else own for one, own in zip(alone, found, strict=True))

    held: Shape = window if isinstance(window, tuple) else ()
    held = each(window, "the window", 1, 1)
    steps, gaps = each(stride, "stride", 1, 1), each(dilation, "dilation", 1, 1)
    found = Sweep(sizes, held, steps, each(padding, "padding", 0, 0), gaps)
    if any(out < 1 for out in found.out):
        around = f" with a padding of {_said(found.padding)}" if any(found.padding) else ""
        wide = tuple(d * (k - 1) + 1 for k, d in zip(held, gaps, strict=True))
        raise ShapeError(f"a window of {words(wide)} does not fit on a map of {words(sizes)}{around}")
    return found


def spread_over(sizes: Shape, window: Parameter, stride: Parameter, padding: Parameter, dilation: Parameter) -> Shape:
    """The sizes of the map that windows at so many places reach, without its rim; ShapeError where nothing is left.

    Dumoulin and Visin, relationship 14.

    >>> spread_over((3, 3), (2, 2), 2, 0, 1), spread_over((3, 1), (2, 1), 2, 0, 1)
    ((6, 6), (6, 1))
    """

    def each(value: Parameter, neutral: int) -> Shape:
        given = value if isinstance(value, tuple) else (value,) * len(sizes)
        alone = not isinstance(value, tuple) and 1 in sizes and max(sizes) > 1  # of a vector its length alone
        found = [neutral if alone and size == 1 == k else one
                 for one, size, k in zip(given, sizes, held, strict=False)]  # fmt: skip
        if len(given) != len(sizes) or not all(isinstance(one, int) and one >= 0 for one in found):
            raise ShapeError(f"stride, padding and dilation are whole numbers, one for each of {len(sizes)} axes")
        return tuple(one for one in found if isinstance(one, int))

    held: Shape = window if isinstance(window, tuple) else ()
    settings = zip(sizes, held, each(stride, 1), each(padding, 0), each(dilation, 1), strict=True)
    found = tuple((size - 1) * s - 2 * p + d * (k - 1) + 1 for size, k, s, p, d in settings)
    if any(one < 1 for one in found):
        raise ShapeError("nothing is left of the result; the padding is too large")
    return found


def _said(sizes: Shape) -> str:
    return str(sizes[0]) if len(set(sizes)) == 1 else words(sizes)


class Lie(NamedTuple):
    """How data and kernels of a convolution lie, from their own shapes and the axis along which a window moves.

    A matrix with a matrix as kernel; a matrix with a kernel for each filter; channels with a kernel for each filter and
    channel; or, with `along`, matrices in which one axis is the map and the other holds the channels. Kernels are
    always filters x channels x window.
    """

    before: Shape
    kernel: Shape
    along: int | None

    @property
    def own(self) -> int:
        """How many axes the data of one sample have."""
        return 2 if len(self.kernel) < 4 else 3

    @property
    def samples(self) -> int:
        """How many axes run over samples."""
        return len(self.before) - self.own

    @property
    def axes(self) -> int:
        """How many axes a map has."""
        return 1 if self.along is not None else 2

    def map_shape(self) -> tuple[int, Shape]:
        """Channels and sizes of the map."""
        own = self.before[-self.own :]
        if self.along is not None:
            return (own[0], own[1:]) if self.along == -1 else (own[1], own[:1])
        return (own[0], own[1:]) if self.own == 3 else (1, own)

    def kernel_shape(self) -> tuple[int, int, Shape]:
        """Filters, channels, and sizes of the window."""
        if self.along is not None:
            return self.kernel[0], self.kernel[1], self.kernel[2:]
        filters, channels = (*self.kernel[:-2], 1, 1)[:2] if len(self.kernel) < 4 else self.kernel[:2]
        return filters, channels, self.kernel[-2:]

    def data_place(self, channel: int, met: Shape) -> Shape:
        """Where an entry of a map stands in the data of a sample."""
        if self.along == -2:
            return (*met, channel)
        return met if self.own == 2 and self.along is None else (channel, *met)

    def kernel_place(self, number: int, channel: int, entry: Shape) -> Shape:
        """Where an entry of a window stands in the kernels."""
        whole = (number, channel, *entry)
        return whole if len(self.kernel) == len(whole) else whole[2:] if len(self.kernel) == 2 else (number, *entry)

    def result_place(self, number: int, place: Shape) -> Shape:
        """Where the result of a filter at a place stands in that of a sample."""
        if self.along == -2:
            return (*place, number)
        return place if len(self.kernel) == 2 else (number, *place)

    def place_in_data(self, own: Shape) -> tuple[int, Shape]:
        """The reverse of `data_place`: channel and entry of the map."""
        if self.along == -2:
            return own[-1], own[:-1]
        return (0, own) if self.own == 2 and self.along is None else (own[0], own[1:])

    def place_in_kernel(self, own: Shape) -> tuple[int, int, Shape]:
        """The reverse of `kernel_place`: filter, channel, entry of the window."""
        if self.along is not None or len(own) == 4:
            return own[0], own[1], own[2:]
        return (*own[:-2], 0)[0], 0, own[-2:]

    def place_in_result(self, own: Shape) -> tuple[int, Shape]:
        """The reverse of `result_place`: filter and place of the window."""
        if self.along == -2:
            return own[-1], own[:-1]
        return (0, own) if len(self.kernel) == 2 else (own[0], own[1:])

    def maps(self, xp: Any, x: Any) -> Any:
        """Data with channels before their maps."""
        if self.along == -2:
            return xp.matrix_transpose(x)
        return x if self.along == -1 or self.own == 3 else xp.expand_dims(x, axis=-3)

    def as_data(self, xp: Any, x: Any) -> Any:
        """The reverse of `maps`."""
        if self.along == -2:
            return xp.matrix_transpose(x)
        return x if self.along == -1 or self.own == 3 else xp.squeeze(x, axis=-3)

    def results(self, xp: Any, y: Any) -> Any:
        """Results with filters before their maps."""
        if self.along == -2:
            return xp.matrix_transpose(y)
        return xp.expand_dims(y, axis=-3) if len(self.kernel) == 2 else y

    def as_results(self, xp: Any, y: Any) -> Any:
        """The reverse of `results`."""
        if self.along == -2:
            return xp.matrix_transpose(y)
        return xp.squeeze(y, axis=-3) if len(self.kernel) == 2 else y

    def kernels(self, xp: Any, w: Any) -> Any:
        """Kernels by filter and channel, behind their free axes, which stand before those of the samples."""
        free = w.shape[: w.ndim - len(self.kernel)]
        filters, channels, window = self.kernel_shape()
        return xp.reshape(w, (*free, *((1,) * self.samples if free else ()), filters, channels, *window))

    def as_kernels(self, xp: Any, w: Any) -> Any:
        """Filters, channels and windows in the shape of the kernels."""
        axes = 2 + self.axes
        return xp.reshape(w, (*w.shape[: w.ndim - axes], *self.kernel))


@lru_cache(maxsize=1024)
def laid(
    before: Shape, kernel: Shape, stride: Parameter, padding: Parameter, dilation: Parameter, along: Parameter
) -> tuple[Lie, Sweep]:
    """How they lie and how the window moves. Raises ShapeError where they do not fit."""
    if not before or not kernel:
        raise ShapeError("a window moves over a matrix, not over a scalar")
    lie = Lie(before, kernel, int(along) if isinstance(along, int | float) else None)
    if len(kernel) > 4 or lie.samples < 0 or (len(kernel) != 3 and lie.along is not None) or lie.along not in _ALONG:
        raise ShapeError(f"kernels of {words(kernel)} do not go over {words(before)}")
    (channels, sizes), (_, wanted, window) = lie.map_shape(), lie.kernel_shape()
    if channels != wanted:
        raise ShapeError(f"the kernels are for {wanted} channels, but {words(before)} has {channels}")
    return lie, sweep(sizes, window, stride, padding, dilation)


_ALONG = (None, -1, -2)


def result_shape(lie: Lie, at: Sweep) -> Shape:
    """The shape of what comes out."""
    filters, own = lie.kernel_shape()[0], at.out
    samples = lie.before[: lie.samples]
    if lie.along == -2:
        return (*samples, *own, filters)
    return (*samples, *own) if len(lie.kernel) == 2 else (*samples, filters, *own)


# --- correlation and what goes back through it -------------------------------------------------------------------


def correlated(xp: Any, x: Any, w: Any, lie: Lie, at: Sweep) -> Any:
    """Every window times the kernel, summed over its entries and the channels."""
    maps, kernels = lie.maps(xp, x), lie.kernels(xp, w)
    if lax := _one_operation(xp, kernels, lie):
        flat = xp.reshape(maps, (-1, *maps.shape[-1 - lie.axes :]))
        return lie.as_results(xp, xp.reshape(_convolution(lax, at)(flat, kernels),
                                             (*maps.shape[: -1 - lie.axes], kernels.shape[0], *at.out)))  # fmt: skip
    total: Any = None
    for entry, part in zip(product(*map(range, at.window)), at.read(xp, maps), strict=True):
        part = xp.matmul(kernels[(..., *entry)], _in_line(xp, part, lie.axes))
        total = part if total is None else total + part
    return lie.as_results(xp, xp.reshape(total, (*total.shape[:-1], *at.out)))


def for_kernel(xp: Any, x: Any, g: Any, lie: Lie, at: Sweep) -> Any:
    """The error at every place times what the window lay on there: summed over places and samples."""
    maps, errors = lie.maps(xp, x), lie.results(xp, g)
    free = max(maps.ndim, errors.ndim) - lie.samples - lie.axes - 1
    filters, channels, window = lie.kernel_shape()
    if (lax := _lax(xp)) and not free:
        errors = xp.reshape(errors, (-1, *errors.shape[-1 - lie.axes :]))
        flat = xp.reshape(maps, (-1, *maps.shape[-1 - lie.axes :]))
        like = xp.zeros((filters, channels, *window), dtype=x.dtype)
        through = import_module("jax").linear_transpose(lambda w: _convolution(lax, at)(flat, w), like)
        return lie.as_kernels(xp, through(errors)[0])
    errors = _in_line(xp, errors, lie.axes)
    parts = []
    for part in at.read(xp, maps):
        found = xp.matmul(errors, xp.matrix_transpose(_in_line(xp, part, lie.axes)))
        parts.append(xp.sum(found, axis=tuple(range(free, free + lie.samples))) if lie.samples else found)
    whole = xp.stack(parts, axis=-1)
    return lie.as_kernels(xp, xp.reshape(whole, (*whole.shape[:-1], *window)))


def for_data(xp: Any, g: Any, w: Any, lie: Lie, at: Sweep) -> Any:
    """The error at every place times the kernel, added to where the window lay."""
    errors, kernels = lie.results(xp, g), lie.kernels(xp, w)
    if lax := _one_operation(xp, kernels, lie):
        flat = xp.reshape(errors, (-1, *errors.shape[-1 - lie.axes :]))
        like = xp.zeros((flat.shape[0], kernels.shape[1], *at.sizes), dtype=g.dtype)
        through = import_module("jax").linear_transpose(lambda x: _convolution(lax, at)(x, kernels), like)
        whole = xp.reshape(through(flat)[0], (*errors.shape[: -1 - lie.axes], *like.shape[1:]))
        return lie.as_data(xp, whole)
    errors = _in_line(xp, errors, lie.axes)
    parts = []
    for entry in product(*map(range, at.window)):
        part = xp.matmul(xp.matrix_transpose(kernels[(..., *entry)]), errors)
        parts.append(xp.reshape(part, (*part.shape[:-1], *at.out)))
    return lie.as_data(xp, at.spread(xp, parts))


def _in_line(xp: Any, maps: Any, axes: int) -> Any:
    """Every map as one row."""
    return xp.reshape(maps, (*maps.shape[: maps.ndim - axes], prod(maps.shape[maps.ndim - axes :])))


def _one_operation(xp: Any, kernels: Any, lie: Lie) -> Any:
    """The primitives of JAX where all data have the same kernels: then it is one convolution."""
    return _lax(xp) if kernels.ndim == 2 + lie.axes else None


def _convolution(lax: Any, at: Sweep) -> Any:
    def convolution(x: Any, w: Any) -> Any:
        rim = [(p, p) for p in at.padding]
        return lax.conv_general_dilated(x, w, at.stride, rim, rhs_dilation=at.dilation)

    return convolution


# --- pooling -----------------------------------------------------------------------------------------------------


def largest(xp: Any, x: Any, at: Sweep) -> Any:
    """The largest of every window; the rim is smaller than everything."""
    return reduce(xp.maximum, at.read(xp, x, -inf))


def chosen(xp: Any, x: Any, at: Sweep, share: bool) -> list[Any]:
    """For every entry of the window its share in the largest: of equal ones the first has it, or all alike."""
    read = at.read(xp, x, -inf)
    top = reduce(xp.maximum, read)
    equal = [part == top for part in read]
    known = xp.where(top == top, xp.ones_like(top), top)  # what is no number stays so
    if share:
        ones = [xp.astype(one, x.dtype) * known for one in equal]
        total = reduce(lambda one, other: one + other, ones)
        return [one / total for one in ones]
    taken, found = equal[0], [equal[0]]
    for one in equal[1:]:
        found.append(one & ~taken)
        taken = taken | one
    return [xp.astype(one, x.dtype) * known for one in found]
