"""What attention and embeddings take apart and put together: heads beside each other, tokens as one-hot vectors."""

from __future__ import annotations

from typing import Any, TypeGuard

import numpy as np

from chalkwork.algebra.operations.entry import Operation, Parameter, Shape, words
from chalkwork.algebra.operations.matrices import MOST_AXES
from chalkwork.errors import ShapeError


def _is_whole(count: Parameter) -> TypeGuard[int]:
    return isinstance(count, int) and count > 0


def _is_axis(along: Parameter) -> TypeGuard[int]:
    return along in (-2, -1)


def _split_shape(shapes: tuple[Shape, ...], count: Parameter, along: Parameter) -> Shape:
    (shape,) = shapes
    if not _is_axis(along) or not _is_whole(count) or not 2 <= len(shape) < MOST_AXES or shape[along] % count:
        raise ShapeError(f"{words(shape)} is not split into {count} heads")
    each = shape[along] // count
    return (*shape[:-2], count, *((shape[-2], each) if along == -1 else (each, shape[-1])))


def _split(xp: Any, x: Any, count: int, along: int) -> Any:
    lying = xp.matrix_transpose(x) if along == -1 else x
    *before, units, positions = lying.shape
    each = xp.reshape(lying, (*before, count, units // count, positions))
    return xp.matrix_transpose(each) if along == -1 else each


def _join_shape(shapes: tuple[Shape, ...], count: Parameter, along: Parameter) -> Shape:
    (shape,) = shapes
    if not _is_axis(along) or not _is_whole(count) or len(shape) < 3 or shape[-3] != count:
        raise ShapeError(f"{words(shape)} are not {count} heads")
    rows, columns = shape[-2:]
    return (*shape[:-3], *((rows, columns * shape[-3]) if along == -1 else (rows * shape[-3], columns)))


def _join(xp: Any, x: Any, count: int, along: int) -> Any:
    lying = xp.matrix_transpose(x) if along == -1 else x
    *before, heads, units, positions = lying.shape
    whole = xp.reshape(lying, (*before, heads * units, positions))
    return xp.matrix_transpose(whole) if along == -1 else whole


def _one_hot_shape(shapes: tuple[Shape, ...], count: Parameter, along: Parameter) -> Shape:
    shape = shapes[0] or (1, 1)
    if not _is_axis(along) or not _is_whole(count) or shape[along] != 1:
        raise ShapeError(f"{words(shapes[0])} holds no tokens of {count}, one at each position")
    return (*shape[:-2], *((shape[-2], count) if along == -1 else (count, shape[-1])))


def _one_hot(xp: Any, x: Any, count: int, along: int) -> Any:
    numbers = xp.asarray(np.arange(1.0, count + 1) if along == -1 else np.arange(1.0, count + 1)[:, None])
    return xp.astype(x == numbers, x.dtype) + 0 * x  # what is no number stays none


OPERATIONS = (
    Operation(
        name="split_heads",  # Vaswani and others, Attention Is All You Need (2017), section 3.2.2
        value=_split,
        adjoint=("join_heads(g, count=count, along=along)",),
        parameters={"count": 1, "along": -1},
        shape=_split_shape,
        latex=r"\operatorname{heads}\left( <0> \right)",
        text="heads(<0>)",
        script="splitHeads(x, count, along)",
        code="split_heads(<0>, <count>, <along>)",
        code_definition=(
            "def split_heads(x, count, along):\n    return np.stack(np.split(x, count, axis=along), axis=-3)"
        ),
    ),
    Operation(
        name="join_heads",
        value=_join,
        adjoint=("split_heads(g, count=count, along=along)",),
        parameters={"count": 1, "along": -1},
        shape=_join_shape,
        latex=r"\operatorname{concat}\left( <0> \right)",
        text="concat(<0>)",
        script="joinHeads(x, count, along)",
        code="join_heads(<0>, <count>, <along>)",
        code_definition=(
            "def join_heads(x, count, along):\n    return np.concatenate(list(np.moveaxis(x, -3, 0)), axis=along)"
        ),
    ),
    Operation(
        name="one_hot",  # tokens are counted from 1; of any other number every entry is 0
        value=_one_hot,
        adjoint=(None,),
        parameters={"count": 1, "along": -1},
        shape=_one_hot_shape,
        latex=r"\operatorname{onehot}\left( <0> \right)",
        text="onehot(<0>)",
        script="oneHotOf(x, count, along)",
        code="one_hot(<0>, <count>, <along>)",
        code_definition=(
            "def one_hot(tokens, count, along):\n"
            "    numbers = np.arange(1, count + 1)\n"
            "    return (tokens == (numbers if along == -1 else numbers[:, None])).astype(float)"
        ),
        range=(0.0, 1.0),
        jumps=True,
    ),
)
