"""Matrix products, transposes, and what runs over the entries of a matrix."""

from __future__ import annotations

from math import prod
from typing import Any, TypeGuard

import numpy as np

from chalkwork.algebra.operations.entry import (
    Operation,
    Parameter,
    Precedence,
    Shape,
    entrywise_shape,
    reduced_shape,
    words,
)
from chalkwork.errors import ShapeError

FREE, MATRIX_PRODUCT, POWER, ATOM = (
    Precedence.FREE,
    Precedence.MATRIX_PRODUCT,
    Precedence.POWER,
    Precedence.ATOM,
)
BOTH = (-2, -1)


def _matmul_shape(shapes: tuple[Shape, ...]) -> Shape:
    left, right = shapes
    if not left or not right:
        raise ShapeError("a matrix product takes two matrices, not a scalar", hint="write * for a multiple")
    if left[-1] != right[-2]:
        raise ShapeError(f"the left factor is {words(left)}, but the right one has {right[-2]} rows")
    before = entrywise_shape(((*left[:-2], 1, 1), (*right[:-2], 1, 1)))
    return (*before[:-2], left[-2], right[-1])


def _transpose_shape(shapes: tuple[Shape, ...]) -> Shape:
    shape = shapes[0]
    return (*shape[:-2], *shape[:-3:-1])


def _broadcast_shape(shapes: tuple[Shape, ...], shape: Parameter) -> Shape:
    if not is_shape(shape) or entrywise_shape((shapes[0], shape)) != shape:
        raise ShapeError(f"{words(shapes[0])} does not fill {shown_shape(shape)}")
    return shape


def _reshaped_shape(shapes: tuple[Shape, ...], shape: Parameter, before: Parameter) -> Shape:
    if not is_shape(shape) or not shape or before != shapes[0] or prod(shapes[0]) != prod(shape):
        raise ShapeError(f"{words(shapes[0])} has not the entries of {shown_shape(shape)}")
    return shape


def _reshaped(xp: Any, x: Any, shape: Shape, before: Shape) -> Any:
    return xp.reshape(x, (*x.shape[: len(x.shape) - (len(before) or 2)], *shape))


def is_shape(shape: Parameter) -> TypeGuard[Shape]:
    """Whether it is a shape that a value can have."""
    return isinstance(shape, tuple) and len(shape) != 1 and len(shape) <= MOST_AXES and all(size > 0 for size in shape)


def shown_shape(shape: Parameter) -> str:
    """The shape in words, whatever it is."""
    return words(shape) if is_shape(shape) else f"the shape {shape}"


def _norm_shape(shapes: tuple[Shape, ...]) -> Shape:
    if len(shapes[0]) > 2:
        raise ShapeError(f"the squared norm is one of a matrix, not of {words(shapes[0])}", hint="write sum(x^2)")
    return ()


def _diag_shape(shapes: tuple[Shape, ...]) -> Shape:
    size = prod(shapes[0])
    if len(shapes[0]) != 2 or size != max(shapes[0]):
        raise ShapeError(f"diag takes a vector, not {words(shapes[0])}")
    return (size, size)


def _diagonal_shape(shapes: tuple[Shape, ...], shape: Parameter) -> Shape:
    if not is_shape(shape) or len(shape) != 2 or 1 not in shape or shapes[0] != (max(shape), max(shape)):
        raise ShapeError(f"the diagonal of {words(shapes[0])} is not {shown_shape(shape)}")
    return shape


MOST_AXES = 8
EQUAL = 1e-12
"""Entries that are nearer to the largest than this, relative to it, differ by rounding only."""


def axes_of(axis: Parameter) -> Any:
    """The axes that a parameter means, as an array namespace takes them."""
    return BOTH if axis is None else axis


def without(xp: Any, kept: Any, axis: Parameter) -> Any:
    """What was collapsed along an axis and kept one entry there: axes before those of the matrices go."""
    axes = axis if isinstance(axis, tuple) else (axis,) if isinstance(axis, int) else BOTH
    gone = tuple(one for one in axes if one < -2)
    return xp.squeeze(kept, axis=gone) if gone else kept


def _collapsed(xp: Any, function: Any, x: Any, axis: Parameter) -> Any:
    return without(xp, function(x, axis=axes_of(axis), keepdims=True), axis)


def _argmax(xp: Any, x: Any, axis: Parameter, tie: float | None) -> Any:
    """Counted from 1, as the entries of a vector are; without an axis through the rows one after another.

    Where several entries are the largest, up to rounding, it is the first of them, or `tie` if that is given.
    """
    if not isinstance(axis, int):
        rank = len(axis) if isinstance(axis, tuple) else 2
        x, axis = xp.reshape(x, (*x.shape[:-rank], 1, prod(x.shape[-rank:]))), -1
    place = xp.astype(xp.argmax(x, axis=axis, keepdims=True) + 1, x.dtype)
    if tie is None:
        return without(xp, place, axis)
    largest = xp.max(x, axis=axis, keepdims=True)
    equal = xp.astype(x >= largest - EQUAL * xp.abs(largest), x.dtype)
    several = xp.sum(equal, axis=axis, keepdims=True) > 1
    return without(xp, xp.where(several, xp.full_like(place, tie), place), axis)


def _on_diagonal(xp: Any, x: Any, size: int) -> Any:
    """x on the diagonal of a square matrix, zero elsewhere (an infinite entry times zero would not be)."""
    return xp.where(xp.eye(size, dtype=x.dtype) == 1, x, xp.zeros_like(x))


def _diagonal(xp: Any, x: Any, shape: Shape) -> Any:
    return xp.sum(_on_diagonal(xp, x, x.shape[-1]), axis=-1 if shape[1] == 1 else -2, keepdims=True)


def _solve_shape(shapes: tuple[Shape, ...]) -> Shape:
    matrix, right = shapes
    if len(matrix) != 2 or len(right) != 2 or matrix[0] != matrix[1] or matrix[0] != right[0]:
        hint = "the matrix is square, and the right side has as many rows"
        raise ShapeError(f"{words(matrix)} and {words(right)} are no linear system", hint=hint)
    return right


def _solve(xp: Any, a: Any, b: Any) -> Any:
    """NaN where the matrix is singular; those of the others are not lost for it."""
    try:
        return xp.linalg.solve(a, b)
    except np.linalg.LinAlgError:
        singular = (xp.linalg.det(a) == 0)[..., None, None]
        regular = xp.where(singular, xp.eye(a.shape[-1], dtype=a.dtype), a)
        return xp.where(singular, xp.asarray(float("nan"), dtype=a.dtype), xp.linalg.solve(regular, b))


OPERATIONS = (
    Operation(
        name="matmul",
        arity=2,
        value=lambda xp, a, b: xp.matmul(a, b),
        adjoint=("g @ b.T", "a.T @ g"),
        shape=_matmul_shape,
        products=lambda shapes, result: prod(result) * shapes[0][-1],
        precedence=MATRIX_PRODUCT,
        slots=(MATRIX_PRODUCT, POWER),
        infix="@",
        latex=r"<0> \, <1>",
        text="<0> <1>",
        script="matmulOf(a, b)",
        code="<0> @ <1>",
    ),
    Operation(
        name="transpose",
        value=lambda xp, x: xp.matrix_transpose(x),
        adjoint=("g.T",),
        shape=_transpose_shape,
        precedence=POWER,
        slots=(ATOM,),
        latex="<0>^{<transposed>}",
        text="<0><transposed>",
        script="transposeOf(x)",
        code="<0>.T",
    ),
    Operation(
        name="broadcast",
        value=lambda xp, x, shape: xp.broadcast_to(x, (*x.shape[: -len(shape)], *shape) if shape else x.shape),
        adjoint=("g",),
        parameters={"shape": ()},
        by_place=("shape",),
        shape=_broadcast_shape,
        latex=r"<0><times>\mathbf{1}",
        text="<0> · 𝟏",
        script="spreadOver(x, shape)",
        code="np.broadcast_to(<0>, <shape>)",
        precedence=Precedence.PRODUCT,
        slots=(Precedence.PRODUCT,),
    ),
    Operation(
        name="reshape",  # the entries in their order, row by row
        value=_reshaped,
        adjoint=("reshape(g, shape=before, before=shape)",),
        parameters={"shape": (), "before": None},
        by_place=("shape",),
        shape=_reshaped_shape,
        latex=r"\operatorname{reshape}\left( <0> \right)",
        text="reshape(<0>)",
        script="reshapeOf(x, shape)",
        code="np.reshape(<0>, <shape>)",
    ),
    Operation(
        name="sum",
        value=lambda xp, x, axis: _collapsed(xp, xp.sum, x, axis),
        adjoint=("broadcast(g, shape)",),
        parameters={"axis": None},
        shape=reduced_shape,
        latex=r"\sum <0>",
        text="∑ <0>",
        script="sumOf(x, axis)",
        code="np.sum(<0>, axis=<axis>, keepdims=True)",
        precedence=Precedence.PRODUCT,
        slots=(MATRIX_PRODUCT,),
    ),
    Operation(
        name="mean",
        value=lambda xp, x, axis: _collapsed(xp, xp.mean, x, axis),
        adjoint=("broadcast(g / count, shape)",),
        parameters={"axis": None},
        shape=reduced_shape,
        latex=r"\operatorname{mean}\left( <0> \right)",
        text="mean(<0>)",
        script="meanOf(x, axis)",
        code="np.mean(<0>, axis=<axis>, keepdims=True)",
        definition="sum(x, axis=axis) / count",
    ),
    Operation(
        name="max",
        value=lambda xp, x, axis: _collapsed(xp, xp.max, x, axis),
        # equal largest entries share the derivative
        adjoint=("g * equal(x, y) / sum(equal(x, y), axis=axis)",),
        parameters={"axis": None},
        shape=reduced_shape,
        convention="equal largest entries share it",
        latex=r"\max\left( <0> \right)",
        text="max(<0>)",
        script="maxOf(x, axis)",
        code="np.max(<0>, axis=<axis>, keepdims=True)",
    ),
    Operation(
        name="argmax",
        value=_argmax,
        adjoint=(None,),
        parameters={"axis": None, "tie": None},
        shape=lambda shapes, axis, tie: reduced_shape(shapes, axis=axis),
        latex=r"\operatorname{argmax}\left( <0> \right)",
        text="arg max(<0>)",
        script="argmaxOf(x, axis, tie)",
        code="np.argmax(<0>, axis=<axis>, keepdims=True) + 1",
        jumps=True,
    ),
    Operation(
        name="squared_norm",
        value=lambda xp, x: xp.sum(x * x, axis=BOTH, keepdims=True),
        adjoint=("2 * g * x",),
        shape=_norm_shape,
        latex=r"\left\lVert <0> \right\rVert^2",
        text="‖<0>‖²",
        script="sumOf(each((one) => one * one, x), null)",
        code="np.sum((<0>) ** 2)",
        definition="sum(x^2)",
    ),
    Operation(
        name="diag",
        value=lambda xp, x: _on_diagonal(xp, x, max(x.shape[-2:])),
        adjoint=("diagonal(g, shape)",),
        shape=_diag_shape,
        latex=r"\operatorname{diag}\left( <0> \right)",
        text="diag(<0>)",
        script="diagOf(x)",
        code="np.diag(np.ravel(<0>))",
    ),
    Operation(
        name="diagonal",
        value=_diagonal,
        adjoint=("diag(g)",),
        parameters={"shape": ()},
        by_place=("shape",),
        shape=_diagonal_shape,
        latex=r"\operatorname{diagonal}\left( <0> \right)",
        text="diagonal(<0>)",
        script="diagonalOf(x, shape)",
        code="np.diagonal(<0>).reshape(<shape>)",
    ),
    Operation(
        name="solve",  # Golub and Van Loan, Matrix Computations, section 3.4: elimination with pivots
        arity=2,
        value=_solve,
        adjoint=("-(solve(a.T, g) @ y.T)", "solve(a.T, g)"),
        shape=_solve_shape,
        precedence=MATRIX_PRODUCT,
        slots=(ATOM, POWER),
        latex=r"<0>^{-1} \, <1>",
        text="<0>⁻¹ <1>",
        script="solveOf(a, b)",
        code="np.linalg.solve(<0>, <1>)",
    ),
)
