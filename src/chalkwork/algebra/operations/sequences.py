"""Steps of a sequence: one of them taken out, one put in its place, all of them put together.

A sequence is a matrix with a position in each row (along -2) or column (along -1), or a row of such matrices, one for
each sample. A step of it lies as data without positions does: the samples take the place of the positions.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from chalkwork.algebra.operations.entry import Operation, Parameter, Precedence, Shape, argument_names, words
from chalkwork.errors import ShapeError


def step_shape(shape: Shape, along: Parameter) -> Shape:
    """The shape of one step.

    >>> step_shape((5, 3, 2), -2), step_shape((5, 2, 3), -1), step_shape((3, 2), -2)
    ((5, 2), (2, 5), (1, 2))
    """
    if len(shape) not in (2, 3) or along not in (-2, -1):
        raise ShapeError(
            f"{words(shape)} is no sequence", hint="its steps are the rows (-2) or columns (-1) of matrices"
        )
    several = shape[0] if len(shape) == 3 else 1
    return (several, shape[-1]) if along == -2 else (shape[-2], several)


def _check(shape: Shape, at: Parameter, along: Parameter) -> None:
    if not isinstance(at, int) or not isinstance(along, int) or not 0 < at <= shape[along]:
        raise ShapeError(f"{words(shape)} has no step {at}", hint="steps are counted from 1")


def _moment_shape(shapes: tuple[Shape, ...], at: Parameter, along: Parameter, before: Parameter) -> Shape:
    found = step_shape(shapes[0], along)
    _check(shapes[0], at, along)
    if before != shapes[0]:
        raise ShapeError(f"{words(shapes[0])} is not what the step is taken out of")
    return found


def _moment(xp: Any, x: Any, at: int, along: int, before: Shape) -> Any:
    if len(before) == 2:
        return x[..., at - 1 : at, :] if along == -2 else x[..., at - 1 : at]
    return x[..., at - 1, :] if along == -2 else xp.matrix_transpose(x[..., at - 1])


def _at_moment_shape(shapes: tuple[Shape, ...], at: Parameter, along: Parameter, shape: Parameter) -> Shape:
    if not isinstance(shape, tuple) or step_shape(shape, along) != shapes[0]:
        raise ShapeError(f"{words(shapes[0])} is no step of the shape {shape}")
    _check(shape, at, along)
    return shape


def _lying(xp: Any, x: Any, along: int, rank: int) -> Any:
    """A step as the sequence holds it, with one position."""
    if rank == 2:
        return x
    return xp.expand_dims(x, axis=-2) if along == -2 else xp.expand_dims(xp.matrix_transpose(x), axis=-1)


def _at_moment(xp: Any, x: Any, at: int, along: int, shape: Shape) -> Any:
    there = np.arange(1, shape[along] + 1) == at
    lying = _lying(xp, x, along, len(shape))
    return xp.where(xp.asarray(there[:, None] if along == -2 else there), lying, xp.zeros_like(lying))


OPERATIONS = (
    Operation(
        name="moment",
        value=_moment,
        adjoint=("at_moment(g, at=at, along=along, shape=before)",),
        parameters={"at": 1, "along": -2, "before": None},
        shape=_moment_shape,
        latex="<0>_{<at>}",
        text="<0>[step <at>]",
        slots=(Precedence.ATOM,),
        script="momentOf(x, at, along, before)",
        code="moment(<0>, <at>, <along>)",
        code_definition="""def moment(sequence, at, along):
    step = np.take(sequence, at - 1, axis=along)
    if np.ndim(sequence) == 2:
        return np.expand_dims(step, along)
    return step if along == -2 else step.T""",
    ),
    Operation(
        name="at_moment",  # zero at every other step
        value=_at_moment,
        adjoint=("moment(g, at=at, along=along, before=shape)",),
        parameters={"at": 1, "along": -2, "shape": ()},
        shape=_at_moment_shape,
        latex=r"\operatorname{step}_{<at>}\left( <0> \right)",
        text="step_<at>(<0>)",
        script="atMomentOf(x, at, along, shape)",
        code="at_moment(<0>, <at>, <along>, <shape>)",
        code_definition="""def at_moment(step, at, along, shape):
    whole = np.zeros(shape)
    place = np.swapaxes(whole, 0, along)[at - 1] if len(shape) == 2 else np.moveaxis(whole, along, 0)[at - 1]
    place[...] = np.ravel(step) if len(shape) == 2 else step if along == -2 else step.T
    return whole""",
    ),
)


@lru_cache(maxsize=1024)
def sequence(count: int, along: int, shape: Shape) -> Operation:
    """So many steps put together to a sequence of that shape."""
    names = argument_names(count)
    own = list(shape)

    def value(xp: Any, *steps: Any, along: int) -> Any:
        return xp.concat([_lying(xp, step, along, len(shape)) for step in xp.broadcast_arrays(*steps)], axis=along)

    def joined(shapes: tuple[Shape, ...], along: Parameter) -> Shape:
        if any(step != step_shape(shape, along) for step in shapes) or count not in shape[-2:]:
            raise ShapeError(f"these steps make no sequence of the shape {words(shape)}")
        return shape

    slots = ", ".join(f"<{place}>" for place in range(count))
    stacked = "np.stack" if len(shape) == 3 else "np.concatenate"
    parts = ", ".join(f"<{place}>{'.T' if len(shape) == 3 and along == -1 else ''}" for place in range(count))
    return Operation(
        name="sequence",
        arity=count,
        parameters={"along": along},
        value=value,
        adjoint=tuple(f"moment(g, at={at}, along=along)" for at in range(1, count + 1)),
        shape=joined,
        slots=(Precedence.FREE,) * count,
        latex=rf"\left( {slots} \right)",
        text=f"({slots})",
        code=f"{stacked}([{parts}], axis={along})",
        definition=" + ".join(
            f"at_moment({one}, at={at}, along=along, shape={own})" for at, one in enumerate(names, 1)
        ),
    )
