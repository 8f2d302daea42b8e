"""What a run is done on: samples, those held out, their weights, and how they are gone through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from chalkwork.errors import ChalkworkError, ShapeError, ValueProblem
from chalkwork.networks.arguments import positive
from chalkwork.networks.data import Array, as_array
from chalkwork.networks.labels import CLASSIFY, MANY, Labels, labels_in, labels_of
from chalkwork.networks.layers.settings import real
from chalkwork.networks.model import Model
from chalkwork.networks.sparse import Chosen, Sparse
from chalkwork.training.work import Work

if TYPE_CHECKING:
    from chalkwork.networks.settings import Settings

MOST_STEPS = 10**9
LARGE = 2**24
"""Bytes of inputs from which a part that is held out is not copied, and neither is the rest."""


@dataclass(frozen=True)
class Samples:
    """Inputs and targets in the network's orientation, and the weights of the samples where they have some.

    With many `classes`, `y` holds the number of each sample's class, from 1 on, in place of a target for every output.
    """

    x: Any
    """An array, or a `Sparse` matrix."""
    y: Array
    w: Array | None = None
    classes: int = 0

    def at(self, places: Array, axis: int) -> Samples:
        """Those at these places, dense; the weights as they are."""

        def taken(array: Any) -> Array:
            found: Array = array.take(places, axis if array.ndim == 2 else 0)
            return found

        return Samples(taken(self.x), taken(self.y), None if self.w is None else taken(self.w), self.classes)

    def part(self, places: Array, axis: int) -> Samples:
        """Those at these places, as sparse as they are; their weights have mean one again."""
        if isinstance(self.x, Sparse):
            rest = replace(self, x=self.y).part(places, axis)
            return replace(rest, x=self.x.only(places))
        found = self.at(places, axis)
        return found if found.w is None else replace(found, w=mean_one(found.w))

    def block(self, start: int, stop: int, axis: int) -> Samples:
        """Those from start to before stop, with a target for every output; the weights as they are."""

        def cut(array: Array) -> Array:
            return array[:, start:stop] if axis == -1 and array.ndim == 2 else array[start:stop]

        part = Samples(cut(self.x), cut(self.y), None if self.w is None else cut(self.w), self.classes)
        return part.spelled(axis)

    def spelled(self, axis: int) -> Samples:
        """The same with a target for every output."""
        return replace(self, y=_spelled(self.y, self.classes, axis), classes=0) if self.classes else self

    @property
    def named(self) -> dict[str, Array]:
        """The arrays by the names that the equations have for them."""
        return {"x": self.x, "k" if self.classes else "y": self.y} | ({} if self.w is None else {"w": self.w})

    @property
    def arrays(self) -> dict[str, Array]:
        """All that they consist of, a sparse matrix by its parts."""
        return self.named | (self.x.named if isinstance(self.x, Sparse) else {})


def is_source(given: Any) -> bool:
    """Whether something gives batches rather than being arrays, a pair of them, or a number.

    >>> is_source(lambda: []), is_source(iter([])), is_source([[1], [2]]), is_source(np.ones(2)), is_source(0.5)
    (True, True, False, False, False)
    """
    return not (isinstance(given, list | tuple | str) or hasattr(given, "__array__")) and (
        callable(given) or hasattr(given, "__iter__")
    )


def samples_of(net: Model, x: Any, y: Any, settings: Settings) -> tuple[Samples, Samples | None, Labels | None]:
    """What is trained on, what is held out, and the classes that the labels name, where `y` holds labels.

    Raises ShapeError, ValueProblem or ChalkworkError for data and settings that do not go together.
    """
    axis, held_out = net.convention.sample_axis, settings.validation
    inputs = net.oriented_input(x, batched=True, sparse=True)
    samples = net.count(inputs)
    target, labels, classes = _targets(net, y, samples, net.labels)
    whole = Samples(inputs, target, _weights(net, target, settings, labels, bool(classes)), classes)
    if held_out is None or isinstance(held_out, tuple | list) or is_source(held_out):
        return whole, None, labels
    try:
        part = real(held_out, "validation", 0, 1, low_open=True)
    except ChalkworkError:
        message = f"validation is a pair of x and y, or a part between 0 and 1, not {held_out!r:.60}"
        raise ChalkworkError(message) from None
    count = max(1, round(samples * part))
    if count >= samples:
        raise ChalkworkError(f"nothing is left to train on: {count} of {samples} samples are held out")
    order = np.random.default_rng([settings.seed, 2**31]).permutation(samples)
    if (
        isinstance(inputs, np.ndarray)
        and inputs.ndim == 2
        and inputs.nbytes > LARGE
        and settings.batch_size is not None
    ):
        whole = replace(whole, x=Chosen(inputs, np.arange(samples), axis))
    return whole.part(np.sort(order[count:]), axis), whole.part(np.sort(order[:count]), axis), labels


def targets_of(net: Model, y: Any, samples: int, known: Labels | None) -> tuple[Array, Labels | None]:
    """The targets, and the classes where `y` holds labels; those that are known already stay as they are."""
    target, labels, classes = _targets(net, y, samples, known)
    return _spelled(target, classes, net.convention.sample_axis) if classes else target, labels


def _spelled(numbers: Array, classes: int, axis: int) -> Array:
    """A target for every output in place of numbers of classes."""
    rows: Array = (numbers.reshape(-1, 1) == np.arange(1, classes + 1)).astype(np.float64)
    return rows if axis == -2 else rows.T.copy()


def _targets(net: Model, y: Any, samples: int, known: Labels | None) -> tuple[Array, Labels | None, int]:
    """The targets, the classes where `y` holds labels, and how many they are where the targets are their numbers."""
    last = net.plan().layers[-1]
    found = labels_in(y, samples, last.units, last.activation.name)
    if found is None and known is not None and last.units == 1:
        found = _again(y, samples, known)
    if found is None:
        return net.oriented_target(y, samples), known, 0
    labels = labels_of(found, last.units, last.activation.name) if known is None else known
    if last.units > MANY and last.activation.name == "softmax" and net.loss.distribution:
        return labels.numbers(found, net.convention), labels, last.units
    return labels.targets(found, last.units, net.convention), labels, 0


def _again(y: Any, samples: int, known: Labels) -> Array | None:
    """Labels of one class alone, which only a network that knows its classes can tell from targets."""
    array = np.ravel(np.asarray(y))
    if len(array) != samples or tuple(known.values.tolist()) == known.codes or array.dtype.kind not in "biuf":
        return None
    return array.astype(known.values.dtype) if np.isin(array, known.values).all() else None


def held_out_samples(net: Model, held_out: Sequence[Any], labels: Labels | None) -> Samples:
    """What somebody holds out, as x, y and perhaps weights; labels are of classes that are known."""
    data, theirs = given_samples(net, held_out, labels)
    if theirs is not labels:
        raise ChalkworkError("the validation data has labels, but y holds targets", hint="give both alike")
    return data


def given_samples(net: Model, held_out: Sequence[Any], labels: Labels | None) -> tuple[Samples, Labels | None]:
    """Samples that are measured, as x, y and perhaps weights, and the classes that they name."""
    if len(held_out) not in (2, 3):
        raise ChalkworkError("validation is x and y, or x, y and the weights of the samples")
    inputs = net.oriented_input(held_out[0], batched=True, sparse=True)
    target, theirs, classes = _targets(net, held_out[1], net.count(inputs), labels)
    weights = _given_weights(net, held_out[2] if len(held_out) == 3 else None, net.count(inputs))
    return Samples(inputs, target, None if weights is None else mean_one(weights), classes), theirs


def batch_samples(net: Model, inputs: Array, y: Any, weights: Any, labels: Labels | None) -> Samples:
    """One batch of many, whose weights are taken as they are: the mean of all is not known."""
    target, _, classes = _targets(net, y, net.count(inputs), labels)
    return Samples(inputs, target, _given_weights(net, weights, net.count(inputs)), classes)


def _given_weights(net: Model, weights: Any, samples: int) -> Array | None:
    if weights is None:
        return None
    return _sample_weights(weights, samples).reshape(net.convention.data_shape(1, samples))


def _weights(net: Model, target: Array, settings: Settings, labels: Labels | None, numbered: bool) -> Array | None:
    """The weights of the samples, with mean one; None where all count the same."""
    if settings.sample_weight is None and settings.class_weight is None:
        return None
    samples = target.shape[net.convention.sample_axis]
    weights = np.ones(samples)
    if settings.sample_weight is not None:
        weights = _sample_weights(settings.sample_weight, samples)
    if settings.class_weight is not None:
        weights = weights * _class_weights(net, target, settings.class_weight, labels, numbered)
    if not weights.any():
        raise ValueProblem("the weights are zero for every sample, so that nothing is left to learn from")
    return mean_one(weights.reshape(net.convention.data_shape(1, samples)))


def _sample_weights(value: Any, samples: int) -> Array:
    weights = as_array(value, "sample_weight").reshape(-1)
    if len(weights) != samples:
        raise ShapeError(f"sample_weight has {len(weights)} entries, but there are {samples} samples")
    if (weights < 0).any() or not weights.any():
        raise ValueProblem("sample_weight holds a negative number, or nothing but zeros")
    return weights


def mean_one(weights: Array) -> Array:
    """The weights, scaled to a mean of one; all ones where there is none to scale."""
    mean = weights.mean()
    return np.asarray(weights / mean) if mean > 0 else np.ones_like(weights)


def _class_weights(net: Model, target: Array, wanted: Any, labels: Labels | None, numbered: bool) -> Array:
    """A weight for every sample by its class; `balanced` gives every class the same in all."""
    last = net.plan().layers[-1]
    if last.activation.name not in CLASSIFY:
        raise ChalkworkError(f"class_weight is for classes, but the outputs are {last.activation.words}")
    cut = cut_of(last.activation.name, labels)
    places = target.reshape(-1).astype(np.int64) - 1 if numbered else classes_of(target, net.convention.unit_axis, cut)
    names: list[Any] = list(range(max(2, last.units))) if labels is None else labels.values.tolist()
    if isinstance(wanted, str) and wanted == "balanced":
        counts = np.bincount(places, minlength=len(names))
        return np.asarray(len(places) / (np.count_nonzero(counts) * counts[places]))
    if not isinstance(wanted, Mapping):
        raise ChalkworkError(f"class_weight is 'balanced' or a weight for each class, not {wanted!r:.60}")
    for key in wanted:
        if isinstance(key, bool) is not isinstance(names[0], bool) or key not in names:
            raise ChalkworkError(f"class_weight names {key!r:.60}, but the classes are {', '.join(map(repr, names))}")
    table = {key: real(value, f"class_weight of {key!r:.60}", 0, float("inf")) for key, value in wanted.items()}
    for place in np.unique(places):
        if names[place] not in table:
            raise ChalkworkError(f"class_weight says nothing of class {names[place]!r:.60}")
    return np.array([table.get(name, 0.0) for name in names])[places]


def cut_of(activation: str, labels: Labels | None) -> float:
    """Where a single output changes from the one class to the other."""
    return labels.cut if labels is not None else 0.0 if activation == "tanh" else 0.5


def classes_of(array: Array, unit_axis: int, cut: float) -> Array:
    """The classes of outputs or targets, counted from 0: the largest, or whether a single one is above the cut.

    >>> classes_of(np.array([[0.2, 0.8], [0.9, 0.1]]), -1, 0.5).tolist()
    [1, 0]
    """
    if array.shape[unit_axis] > 1:
        return np.asarray(array.argmax(unit_axis))
    return (array.reshape(-1) > cut).astype(np.int64)


def work_of(settings: Settings, samples: int) -> Work:
    """How the samples are gone through."""
    if settings.iterations is not None and (settings.epochs is not None or settings.batch_size is not None):
        raise ChalkworkError("iterations take all samples at once", hint="give epochs= with batch_size=")
    batch = samples if settings.batch_size is None else min(int(settings.batch_size), samples)
    epochs = settings.iterations if settings.epochs is None else settings.epochs
    count = 100 if epochs is None else int(epochs)
    work = Work(samples, batch, count, bool(settings.shuffle), int(settings.seed), bool(settings.drop_last))
    if work.steps > MOST_STEPS:
        raise ChalkworkError(f"{work.steps} steps are more than {MOST_STEPS}")
    return work


def clip_of(settings: Settings) -> dict[str, float]:
    """How gradients are clipped, by the names that the equations have for it."""
    wanted = {"clip_norm": settings.clip_norm, "clip_value": settings.clip_value}
    return {name: positive(value, name) for name, value in wanted.items() if value is not None}
