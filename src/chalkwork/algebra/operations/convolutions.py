"""Convolution and pooling: windows that move over maps.

`convolve` is what courses on neural networks call a convolution, the cross-correlation: the kernel is not turned.
Source: Goodfellow, Bengio and Courville, Deep Learning, sections 9.1, 9.3 and 9.5 (equations 9.4 to 9.13).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from math import prod
from typing import Any

from chalkwork.algebra.operations.entry import Operation, Parameter, Precedence, Shape, words
from chalkwork.algebra.operations.window_code import CONVOLUTION, POOLING
from chalkwork.algebra.operations.windows import (
    Lie,
    Sweep,
    chosen,
    correlated,
    for_data,
    for_kernel,
    laid,
    largest,
    result_shape,
    spread_over,
    sweep,
)
from chalkwork.errors import ShapeError

MATRIX_PRODUCT, POWER = Precedence.MATRIX_PRODUCT, Precedence.POWER

_SETTINGS: dict[str, Parameter] = {
    "stride": 1, "padding": 0, "dilation": 1, "along": None, "before": None, "kernel": None,
}  # fmt: skip
"""`along` is the axis that is the map, if it is one axis; `before` the shape of the data, `kernel` of the kernels."""
_CODED = "<kernel>, <stride>, <padding>, <dilation>, <along>, <before>"
_GIVEN = "stride=stride, padding=padding, dilation=dilation, along=along, before=before, kernel=kernel"


def lie_of(
    stride: Parameter, padding: Parameter, dilation: Parameter, along: Parameter, before: Parameter, kernel: Parameter
) -> tuple[Lie, Sweep]:
    """How data and kernels lie and how the window moves, from the parameters of an operation."""
    if not isinstance(before, tuple) or not isinstance(kernel, tuple):
        raise ShapeError("a window moves over data of a known shape")
    return laid(before, kernel, stride, padding, dilation, along)


SHAPES: dict[str, Callable[[Lie, Sweep], tuple[Shape, Shape, Shape]]] = {
    "convolve": lambda lie, at: (lie.before, lie.kernel, result_shape(lie, at)),
    "convolve_kernel": lambda lie, at: (lie.before, result_shape(lie, at), lie.kernel),
    "convolve_full": lambda lie, at: (result_shape(lie, at), lie.kernel, lie.before),
    "convolve_transposed": lambda lie, at: (result_shape(lie, at), lie.kernel, lie.before),
}
"""By the operation: the shapes of its arguments and of what comes out."""


def _shape_of(name: str) -> Callable[..., Shape]:
    def shape(shapes: tuple[Shape, ...], **settings: Any) -> Shape:
        first, second, result = SHAPES[name](*lie_of(**settings))
        if shapes != (first, second):
            raise ShapeError(f"{words(shapes[0])} and {words(shapes[1])} are not {words(first)} and {words(second)}")
        return result

    return shape


def _value(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda xp, a, b, **settings: function(xp, a, b, *lie_of(**settings))


def _products(shapes: tuple[Shape, ...], result: Shape, **settings: Any) -> int:
    lie, at = lie_of(**settings)
    filters, channels, window = lie.kernel_shape()
    return prod(lie.before[: lie.samples]) * filters * channels * prod(window) * prod(at.out)


def _spread_over(shapes: tuple[Shape, ...], known: dict[str, Parameter]) -> dict[str, Parameter]:
    """The shape of what a transposed convolution gives, where nothing else is wanted: all that it reaches."""
    data, kernel = shapes
    own, along = 2 if len(kernel) < 4 else 3, known["along"]
    axes = 2 if along is None else 1
    if len(data) < own or len(kernel) < axes:
        raise ShapeError("a window moves over a matrix, not over a scalar")
    samples, one, window = data[: len(data) - own], data[len(data) - own :], kernel[len(kernel) - axes :]
    sizes = one[:1] if along == -2 else one[-axes:]
    spread = spread_over(sizes, window, known["stride"], known["padding"], known["dilation"])
    channels = kernel[1:2] if along is not None or len(kernel) == 4 else ()
    before = (*samples, *spread, *channels) if along == -2 else (*samples, *channels, *spread)
    return {"before": before}


def settled(name: str, shapes: tuple[Shape, ...], result: Shape, known: dict[str, Parameter]) -> dict[str, Parameter]:
    """The parameters of an operation by window with a number for every axis, as its source in NumPy takes them.

    `before` is the shape of what comes out there, or that of the data.
    """
    if name in SHAPES:
        lie, at = lie_of(**known)
        filters, channels, window = lie.kernel_shape()
        kernel = (filters, channels, *window)
        sizes: dict[str, Parameter] = {"stride": at.stride, "padding": at.padding, "dilation": at.dilation}
        return {**known, **sizes, "kernel": kernel, "before": result}
    before = result if name == "average_pool_back" else shapes[-1]
    at = pooling(before, known["window"], known["stride"], known["padding"])
    return {**known, "window": at.window, "stride": at.stride, "padding": at.padding, "before": before}


def turned_axes(along: Parameter) -> tuple[int, ...]:
    """The axes of a kernel along which it is turned: those of its window."""
    return (-2, -1) if along is None else (-1,)


# --- pooling -----------------------------------------------------------------------------------------------------


def pooling(before: Shape, window: Parameter, stride: Parameter, padding: Parameter) -> Sweep:
    """The window of a pooling on the last two axes; without a stride it moves by its own size."""
    if len(before) < 2:
        raise ShapeError("a pooling is one of a matrix, not of a scalar")
    found = sweep(before[-2:], window, window if stride is None else stride, padding)
    if any(2 * p > k for p, k in zip(found.padding, found.window, strict=True)):
        raise ShapeError("the padding of a pooling is at most half of its window")
    return found


_POOLED: dict[str, Parameter] = {"window": 2, "stride": None, "padding": 0}
_POOL = "window=window, stride=stride, padding=padding"


def _pooled_shape(
    shapes: tuple[Shape, ...], window: Parameter, stride: Parameter, padding: Parameter, **_: Any
) -> Shape:
    return (*shapes[-1][:-2], *pooling(shapes[-1], window, stride, padding).out)


def _to_largest_shape(shapes: tuple[Shape, ...], ties: Parameter, **settings: Any) -> Shape:
    return _to_data_shape(shapes[:1], shapes[1], **settings)


def _to_data_shape(shapes: tuple[Shape, ...], before: Parameter, **settings: Any) -> Shape:
    whole = before if isinstance(before, tuple) else ()
    if shapes[0] != _pooled_shape((whole,), **settings):
        raise ShapeError(f"{words(shapes[0])} is not what a pooling of {words(whole)} gives")
    return whole


def _picked_shape(shapes: tuple[Shape, ...], **settings: Any) -> Shape:
    if shapes[0] != shapes[1]:
        raise ShapeError(f"{words(shapes[0])} are not the entries of {words(shapes[1])}")
    return _pooled_shape(shapes, **settings)


def _sweep_of(x: Any, window: Parameter, stride: Parameter, padding: Parameter) -> Sweep:
    return pooling(tuple(x.shape[-2:]), window, stride, padding)


def _max_pool(xp: Any, x: Any, window: Parameter, stride: Parameter, padding: Parameter, ties: Parameter) -> Any:
    return largest(xp, x, _sweep_of(x, window, stride, padding))


def _max_back(
    xp: Any, g: Any, x: Any, window: Parameter, stride: Parameter, padding: Parameter, ties: Parameter
) -> Any:
    at = _sweep_of(x, window, stride, padding)
    return at.spread(xp, [share * g for share in chosen(xp, x, at, bool(ties))])


def _max_picked(
    xp: Any, u: Any, x: Any, window: Parameter, stride: Parameter, padding: Parameter, ties: Parameter
) -> Any:
    at = _sweep_of(x, window, stride, padding)
    shares = zip(chosen(xp, x, at, bool(ties)), at.read(xp, u), strict=True)
    return reduce(lambda one, other: one + other, [share * part for share, part in shares])


def _average_pool(xp: Any, x: Any, **settings: Parameter) -> Any:
    at = _sweep_of(x, **settings)
    return reduce(lambda one, other: one + other, at.read(xp, x)) / prod(at.window)


def _average_back(xp: Any, g: Any, window: Parameter, stride: Parameter, padding: Parameter, before: Shape) -> Any:
    at = pooling(before, window, stride, padding)
    count = prod(at.window)
    return at.spread(xp, [g / count] * count)


def _swept(name: str, value: Callable[..., Any], adjoint: tuple[str, str], sign: str = "", **own: Any) -> Operation:
    """One of the operations of which each is the derivative of another; `sign` is what stands at the star."""
    return Operation(
        name=name,
        arity=2,
        value=value,
        adjoint=adjoint,
        parameters=_SETTINGS,
        shape=_shape_of(name),
        own_axes=True,
        products=_products,
        by_window=True,
        precedence=MATRIX_PRODUCT,
        slots=(MATRIX_PRODUCT, POWER),
        latex=rf"<0> \star{sign} <1>",
        text="<0> ⋆ᵀ <1>" if name == "convolve_transposed" else "<0> ⋆ <1>",
        script=f'correlation("{name}", a, b, stride, padding, dilation, along, before, kernel)',
        code=f"{name}(<0>, <1>, {_CODED})",
        code_definition=CONVOLUTION,
        **own,
    )


OPERATIONS = (
    _swept(  # Goodfellow and others, equation 9.6: the cross-correlation
        "convolve",
        _value(correlated),
        (f"convolve_full(g, turned(b, along=along), {_GIVEN})", f"convolve_kernel(a, g, {_GIVEN})"),
        also=("correlate", "conv2d", "conv1d"),
    ),
    _swept(  # equation 9.11: the derivative by the kernel is a correlation with the error
        "convolve_kernel",
        _value(for_kernel),
        (f"convolve_full(b, turned(g, along=along), {_GIVEN})", f"convolve(a, g, {_GIVEN})"),
    ),
    _swept(  # equation 9.13: the derivative by the data is a full one with the turned kernel
        "convolve_full",
        lambda xp, g, k, along, **settings: for_data(
            xp, g, xp.flip(k, axis=turned_axes(along)), *lie_of(along=along, **settings)
        ),
        (
            f"convolve(g, turned(b, along=along), {_GIVEN})",
            f"turned(convolve_kernel(g, a, {_GIVEN}), along=along)",
        ),
        r"_{\text{full}}",
    ),
    _swept(  # Dumoulin and Visin, section 4: the transpose of the matrix of a correlation
        "convolve_transposed",
        _value(for_data),
        (f"convolve(g, b, {_GIVEN})", f"convolve_kernel(g, a, {_GIVEN})"),
        r"^{\mathsf{T}}",
        follows=_spread_over,
        also=("transposed_convolution", "conv_transpose", "conv_transpose2d", "conv_transpose1d"),
    ),
    Operation(
        name="turned",  # by half a turn: rows and columns in reverse order
        value=lambda xp, x, along: xp.flip(x, axis=turned_axes(along)),
        adjoint=("turned(g, along=along)",),
        parameters={"along": None},
        shape=lambda shapes, along: shapes[0],
        latex=r"\operatorname{rot180}\left( <0> \right)",
        text="rot180(<0>)",
        script="turnedOf(x, along)",
        code="turned(<0>, <along>)",
        code_definition="""def turned(kernel, along):
    return np.flip(kernel, (-2, -1) if along is None else -1)""",
        also=("rot180", "flip"),
    ),
    Operation(
        name="max_pool",
        value=_max_pool,
        adjoint=(f"max_pool_back(g, x, {_POOL}, ties=ties)",),
        parameters={**_POOLED, "ties": 0},
        by_place=("window",),
        shape=_pooled_shape,
        by_window=True,
        convention="the first of equal largest entries has it (ties=1: they share it)",
        latex=r"\operatorname{maxpool}\left( <0> \right)",
        text="maxpool(<0>)",
        script="maxPoolOf(x, window, stride, padding)",
        code="max_pool(<0>, <window>, <stride>, <padding>)",
        code_definition=POOLING,
        also=("maxpool", "max_pool2d"),
    ),
    Operation(
        name="max_pool_back",  # every error to the entry that was the largest of its window
        arity=2,
        value=_max_back,
        adjoint=(f"max_pool_at(g, b, {_POOL}, ties=ties)", None),
        parameters={**_POOLED, "ties": 0},
        shape=_to_largest_shape,
        own_axes=True,
        latex=r"\operatorname{unpool}\left( <0>, <1> \right)",
        text="unpool(<0>, <1>)",
        script="maxPoolBackOf(a, b, window, stride, padding, ties)",
        code="max_pool_back(<0>, <1>, <window>, <stride>, <padding>, <ties>)",
        code_definition=POOLING,
    ),
    Operation(
        name="max_pool_at",  # of every window the entry at the place where another map has its largest
        arity=2,
        value=_max_picked,
        adjoint=(f"max_pool_back(g, b, {_POOL}, ties=ties)", None),
        parameters={**_POOLED, "ties": 0},
        shape=_picked_shape,
        own_axes=True,
        latex=r"\operatorname{pooled}\left( <0>, <1> \right)",
        text="pooled(<0>, <1>)",
        script="maxPoolAtOf(a, b, window, stride, padding, ties)",
        code="max_pool_at(<0>, <1>, <window>, <stride>, <padding>, <ties>)",
        code_definition=POOLING,
    ),
    Operation(
        name="average_pool",
        value=_average_pool,
        adjoint=(f"average_pool_back(g, {_POOL}, before=shape)",),
        parameters=_POOLED,
        by_place=("window",),
        shape=_pooled_shape,
        by_window=True,
        latex=r"\operatorname{meanpool}\left( <0> \right)",
        text="meanpool(<0>)",
        script="averagePoolOf(x, window, stride, padding)",
        code="average_pool(<0>, <window>, <stride>, <padding>)",
        code_definition=POOLING,
        also=("averagepool", "avg_pool", "avgpool", "meanpool", "mean_pool"),
    ),
    Operation(
        name="average_pool_back",  # every error in equal parts to the entries of its window
        value=_average_back,
        adjoint=(f"average_pool(g, {_POOL})",),
        parameters={**_POOLED, "before": None},
        shape=_to_data_shape,
        latex=r"\operatorname{unpool}\left( <0> \right)",
        text="unpool(<0>)",
        script="averagePoolBackOf(x, window, stride, padding, before)",
        code="average_pool_back(<0>, <before>, <window>, <stride>, <padding>)",
        code_definition=POOLING,
    ),
)
