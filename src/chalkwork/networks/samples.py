"""Inputs and targets as the equations need them: in the convention's orientation, and such as the loss is for."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from chalkwork.algebra.operations import words
from chalkwork.counting import counted
from chalkwork.errors import ShapeError, ValueProblem
from chalkwork.networks.convention import Convention, Samples
from chalkwork.networks.data import Array, as_array
from chalkwork.networks.layers.settings import size
from chalkwork.networks.losses import BinaryCrossEntropy, BinaryFocal, Loss


def oriented(array: Array, units: int, name: str, noun: str, convention: Convention) -> Array:
    """One sample as a column or row, or a batch in the convention's orientation; ShapeError otherwise.

    >>> oriented(np.ones(2), 2, "x", "input", Convention("columns")).shape
    (2, 1)
    """
    columns = convention.samples == "columns"
    if array.ndim == 1:
        if len(array) != units:
            raise ShapeError(f"{name} has {counted(len(array), 'entry')}, but the network has {counted(units, noun)}")
        return array[:, None] if columns else array[None, :]
    if array.shape[convention.unit_axis] != units:
        side = "rows" if columns else "columns"
        fits = array.shape[convention.sample_axis] == units
        raise ShapeError(
            f"{name} is {array.shape[0]}x{array.shape[1]}, but needs {units} {side}, one for each {noun}: "
            f"samples are {convention.samples}",
            hint="its transpose would fit" if fits else None,
        )
    return array


def features_and_positions(shape: Sequence[Any], samples: Samples) -> tuple[int, tuple[int, ...]]:
    """How many features a sample of that shape has at how many positions; ChalkworkError for no sizes.

    >>> features_and_positions((3, 2), "rows"), features_and_positions((1, 28, 28), "rows")
    ((2, (3,)), (1, (28, 28)))
    """
    if len(shape) == 3:
        channels, *positions = (size(one, "inputs") for one in shape)
        return channels, tuple(positions)
    rows, columns = (size(one, "inputs") for one in shape)
    return (columns, (rows,)) if samples == "rows" else (rows, (columns,))


def target(
    y: Any, samples: int, units: int, convention: Convention, loss: Loss, positions: tuple[int, ...] = ()
) -> Array:
    """The targets of so many samples, at every position of the output where it has some.

    Raises ShapeError for another number of samples or outputs, ValueProblem for values that the loss is not for.

    >>> from chalkwork.networks.losses import SquaredError
    >>> target([1, 0, 1], 3, 1, Convention("rows"), SquaredError()).shape
    (3, 1)
    """
    if positions:
        array = _at_positions(as_array(y, "y", most=3), samples, units, convention, positions)
        _check_values(array, units, convention, loss)
        return array
    array = as_array(y, "y")
    if array.ndim < 2 and units == 1 and array.size == samples:
        array = array.reshape(convention.data_shape(1, samples))
    elif array.ndim == 0:
        array = array.reshape(1)
    array = oriented(array, units, "y", "output", convention)
    found = array.shape[convention.sample_axis]
    if found != samples:
        raise ShapeError(f"y holds {found} samples, but x holds {samples}")
    _check_values(array, units, convention, loss)
    return array


def _at_positions(array: Array, samples: int, units: int, convention: Convention, positions: tuple[int, ...]) -> Array:
    """Targets of samples whose outputs are matrices; of a single sample without an axis for samples."""
    one = convention.data_shape(units, 0, positions)
    if array.ndim < 2 and array.size == prod(one):
        array = array.reshape(one)
    wanted = ((samples, *one),) if samples > 1 else (one, (1, *one))
    if array.shape not in wanted:
        raise ShapeError(f"y is {words(array.shape)}, but {words(wanted[0])} is needed, a target for every output")
    return array


def _check_values(array: Array, units: int, convention: Convention, loss: Loss) -> None:
    if loss.targets is not None and not np.isin(array, loss.targets).all():
        low, high = loss.targets
        raise ValueProblem(
            f"the targets y of the {loss.title} are {low:g} and {high:g}", hint=f"{high:g} where the class is there"
        )
    if loss.distribution:
        sums = array.sum(axis=convention.unit_axis)
        if (array < 0).any() or not (np.abs(sums - 1) <= 1e-9).all():
            bad = int(np.argmax(np.abs(sums - 1) + (array < 0).any(axis=convention.unit_axis)))
            which = f" of sample {bad + 1}" if len(sums) > 1 else ""
            raise ValueProblem(
                f"the target y{which} is no distribution under {loss.title}: its entries are to be at least 0 "
                f"and to add up to 1, and they add up to {sums[bad]:g}",
                hint="use binary_cross_entropy for several independent labels"
                if units > 1
                else "use binary_cross_entropy for a single output",
            )
    elif isinstance(loss, BinaryCrossEntropy | BinaryFocal) and ((array < 0) | (array > 1)).any():
        hint = "more than two classes take an output each, with softmax and cross_entropy"
        raise ValueProblem(f"the targets y of {loss.title} lie between 0 and 1", hint=hint)
