"""Labels: whole numbers, truth values or texts that name classes, and the targets that stand for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chalkwork.arrays import unmasked
from chalkwork.counting import some
from chalkwork.errors import ChalkworkError, ShapeError
from chalkwork.networks.convention import Convention
from chalkwork.networks.data import Array

SHOWN = 6
MANY = 64
"""Above so many classes, targets are kept as numbers of classes, and every batch makes its own matrix of them."""
CLASSIFY = ("softmax", "log_softmax", "sigmoid", "tanh")
"""The outputs from which a class is read off."""


@dataclass(frozen=True, eq=False)
class Labels:
    """The classes of a network in the order of its outputs; of a single output, that of the lower value first.

    `codes` are the two targets of a single output.
    """

    values: Array
    codes: tuple[float, float] = (0.0, 1.0)

    @property
    def cut(self) -> float:
        """Where a single output changes from the one class to the other."""
        return sum(self.codes) / 2

    def targets(self, found: Array, units: int, convention: Convention) -> Array:
        """The targets of labels, in the network's orientation; ChalkworkError for a label that is none of the classes.

        >>> Labels(np.array(["a", "b", "c"])).targets(np.array(["b", "a"]), 3, Convention()).tolist()
        [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]
        """
        places = self._places(found)
        if units == 1:
            return np.array(self.codes)[places].reshape(convention.data_shape(1, len(found)))
        rows = np.eye(units)[places]
        return rows.T.copy() if convention.samples == "columns" else rows

    def numbers(self, found: Array, convention: Convention) -> Array:
        """The numbers of the classes of labels, from 1 on, an entry a sample; ChalkworkError as for `targets`.

        >>> Labels(np.array(["a", "b", "c"])).numbers(np.array(["b", "a"]), Convention()).tolist()
        [[2.0], [1.0]]
        """
        return (self._places(found) + 1.0).reshape(convention.data_shape(1, len(found)))

    def _places(self, found: Array) -> Array:
        places = np.minimum(np.searchsorted(self.values, found), len(self.values) - 1)
        strange = found[self.values[places] != found]
        if strange.size:
            raise ChalkworkError(f"y holds {strange.tolist()[0]!r:.60}, but the classes are {_listed(self.values)}")
        return places


def labels_in(y: Any, samples: int, units: int, activation: str) -> Array | None:
    """The labels that `y` holds, one for each sample; None where it holds targets.

    Numbers are labels where they cannot be targets (a vector for several outputs), and where they are two whole
    numbers, which a single sigmoid or tanh tells apart. Raises ChalkworkError for texts that cannot be labels.

    >>> labels_in([2, 0, 1], 3, 3, "softmax").tolist(), labels_in([[0.0, 1.0]], 1, 2, "softmax")
    ([2, 0, 1], None)
    """
    array = read_labels(y)
    if array is None or array.size == 0:
        return None
    texts = array.dtype.kind == "U"
    if array.ndim == 2 and 1 in array.shape:
        array = array.reshape(-1)
    if array.ndim != 1 or len(array) != samples:
        if texts:
            raise ShapeError(f"y holds {array.size} labels, but x holds {samples} samples")
        return None
    if activation not in CLASSIFY or (units > 1 and activation == "tanh"):
        if texts:
            raise ChalkworkError(
                f"y holds labels, but the outputs are {activation}, which tells no classes apart",
                hint="softmax with an output for each class under cross_entropy, or one sigmoid for two under "
                "binary_cross_entropy",
            )
        return None
    if array.dtype.kind == "f":
        if not (np.isfinite(array) & (array == np.round(array)) & (np.abs(array) < 2**53)).all():
            return None
        array = array.astype(np.int64)
    if units == 1 and not texts and len(np.unique(array)) != 2:
        return None
    return array


def read_labels(y: Any) -> Array | None:
    """The array of labels or targets; None for what is neither."""
    unmasked(y, "y")
    if isinstance(y, list | tuple) and len({isinstance(entry, str) for entry in y}) > 1:
        raise ChalkworkError("y holds texts and numbers side by side", hint="labels are of one kind")
    try:
        array = np.asarray(y)
    except (ValueError, TypeError):
        return None
    if array.dtype.kind == "O" and array.size and all(isinstance(entry, str) for entry in array.ravel()):
        array = array.astype(str)
    if array.dtype.kind == "T":
        array = array.astype(str)
    return array if array.dtype.kind in "Ubiuf" else None


def labels_of(found: Array, units: int, activation: str) -> Labels:
    """The classes that the labels of a training name, in order.

    Raises ChalkworkError where they are more or fewer than the outputs tell apart; whole numbers from 0 on, with a 0
    among them, need not all occur.

    >>> labels_of(np.array([7, 3, 7]), 2, "softmax").values.tolist(), labels_of(np.array([2, 0]), 3, "softmax").values
    ([3, 7], array([0, 1, 2]))
    """
    classes = np.unique(found)
    counted = classes.dtype.kind in "iu"
    if units == 1:
        if len(classes) != 2:
            raise ChalkworkError(
                f"a single output tells two classes apart, but y names {len(classes)}: {_listed(classes)}",
                hint="an output for each class, softmax and cross_entropy" if len(classes) > 2 else None,
            )
        low, high = (float(each) for each in classes) if counted else (0.0, 1.0)
        if activation == "tanh":
            return Labels(classes, (low, high) if -1 <= low < high <= 1 and counted else (-1.0, 1.0))
        return Labels(classes)
    if len(classes) == units:
        return Labels(classes)
    if counted and classes[0] == 0 and classes[-1] < units:
        return Labels(np.arange(units))
    fewer = len(classes) < units
    raise ChalkworkError(
        f"the network has {units} outputs, but y names {len(classes)} classes: {_listed(classes)}",
        hint="which output stands for which class cannot be told; give y as a matrix with a column of 0 and 1 for each "
        "output"
        if fewer
        else f"the last layer needs {len(classes)} units",
    )


def _listed(values: Array) -> str:
    return some((f"{value!r:.40}" for value in values[: SHOWN + 1].tolist()), SHOWN)
