"""What a run is done on: samples, those held out, their weights, and how they are gone through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from chalkwork.errors import ChalkworkError, ShapeError, ValueProblem
from chalkwork.networks.data import Array, as_array
from chalkwork.training.work import Work

if TYPE_CHECKING:
    from chalkwork.networks.network import NeuralNetwork
    from chalkwork.networks.training import Settings

MOST_STEPS = 10**9


@dataclass(frozen=True)
class Samples:
    """Inputs and targets in the network's orientation, and the weights of the samples where they have some."""

    x: Array
    y: Array
    w: Array | None = None

    def part(self, places: Array, axis: int) -> Samples:
        """Those at these places; their weights have mean one again."""
        weights = None if self.w is None else mean_one(self.w.take(places, axis))
        return Samples(self.x.take(places, axis), self.y.take(places, axis), weights)

    @property
    def named(self) -> dict[str, Array]:
        """The arrays by the names that the equations have for them."""
        return {"x": self.x, "y": self.y} | ({} if self.w is None else {"w": self.w})


def samples_of(net: NeuralNetwork, x: Any, y: Any, settings: Settings) -> tuple[Samples, Samples | None]:
    """What is trained on, and what is held out.

    Raises ShapeError, ValueProblem or ChalkworkError for data and settings that do not go together.
    """
    axis, held_out = net.convention.sample_axis, settings.validation
    inputs = net.oriented_input(x)
    target = net.oriented_target(y, inputs.shape[axis])
    whole = Samples(inputs, target, _weights(net, target, settings))
    if isinstance(held_out, tuple):
        return whole, _given(net, held_out)
    if held_out is None:
        if settings.patience is not None:
            raise ChalkworkError("early stopping needs validation data", hint="validation=0.1 holds a tenth out")
        return whole, None
    if isinstance(held_out, bool) or not isinstance(held_out, int | float) or not 0 < held_out < 1:
        raise ChalkworkError(f"validation is a pair of x and y, or a part between 0 and 1, not {held_out!r:.60}")
    samples = inputs.shape[axis]
    count = max(1, round(samples * held_out))
    if count >= samples:
        raise ChalkworkError(f"nothing is left to train on: {count} of {samples} samples are held out")
    order = np.random.default_rng([settings.seed, 2**31]).permutation(samples)
    return whole.part(np.sort(order[count:]), axis), whole.part(np.sort(order[:count]), axis)


def _given(net: NeuralNetwork, held_out: tuple[Any, ...]) -> Samples:
    if len(held_out) not in (2, 3):
        raise ChalkworkError("validation is x and y, or x, y and the weights of the samples")
    inputs = net.oriented_input(held_out[0])
    samples = inputs.shape[net.convention.sample_axis]
    weights = None if len(held_out) == 2 or held_out[2] is None else _sample_weights(held_out[2], samples)
    shape = net.convention.data_shape(1, samples)
    oriented = None if weights is None else mean_one(weights.reshape(shape))
    return Samples(inputs, net.oriented_target(held_out[1], samples), oriented)


def _weights(net: NeuralNetwork, target: Array, settings: Settings) -> Array | None:
    """The weights of the samples, with mean one; None where all count the same."""
    if settings.sample_weight is None and settings.class_weight is None:
        return None
    samples = target.shape[net.convention.sample_axis]
    weights = np.ones(samples)
    if settings.sample_weight is not None:
        weights = _sample_weights(settings.sample_weight, samples)
    if settings.class_weight is not None:
        weights = weights * _class_weights(net, target, settings.class_weight)
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


def _class_weights(net: NeuralNetwork, target: Array, wanted: str | Mapping[int, float]) -> Array:
    """A weight for every sample by its class; `balanced` gives every class the same in all."""
    axis = net.convention.unit_axis
    several = target.shape[axis] > 1
    classes = target.argmax(axis) + 1 if several else (target.reshape(-1) > 0.5).astype(int)
    present, counts = np.unique(classes, return_counts=True)
    if wanted == "balanced":
        table = {
            int(label): len(classes) / (len(present) * count) for label, count in zip(present, counts, strict=True)
        }
    elif isinstance(wanted, Mapping):
        table = {int(label): float(value) for label, value in wanted.items()}
        missing = [int(label) for label in present if int(label) not in table]
        if missing:
            raise ChalkworkError(f"class_weight says nothing of class {missing[0]}")
    else:
        raise ChalkworkError(f"class_weight is 'balanced' or a weight for each class, not {wanted!r:.60}")
    return np.array([table[int(label)] for label in classes])


def work_of(settings: Settings, samples: int) -> Work:
    """How the samples are gone through."""
    if settings.iterations is not None and (settings.epochs is not None or settings.batch_size is not None):
        raise ChalkworkError("iterations take all samples at once", hint="give epochs= with batch_size=")
    batch = samples if settings.batch_size is None else min(whole(settings.batch_size, "batch_size"), samples)
    epochs = settings.iterations if settings.epochs is None else settings.epochs
    count = whole(100 if epochs is None else epochs, "epochs")
    work = Work(samples, batch, count, settings.shuffle, settings.seed, settings.drop_last)
    if work.steps > MOST_STEPS:
        raise ChalkworkError(f"{work.steps} steps are more than {MOST_STEPS}")
    return work


def clip_of(settings: Settings) -> dict[str, float]:
    """How gradients are clipped, by the names that the equations have for it."""
    wanted = {"clip_norm": settings.clip_norm, "clip_value": settings.clip_value}
    return {name: positive(value, name) for name, value in wanted.items() if value is not None}


def positive(value: Any, name: str) -> float:
    """A positive number; ValueProblem otherwise."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not 0 < value < np.inf:
        raise ValueProblem(f"{name} is a positive number, not {value!r}")
    return float(value)


def whole(value: Any, name: str) -> int:
    """A whole number from 1 on; ChalkworkError otherwise."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ChalkworkError(f"{name} is a whole number from 1 on, not {value!r}")
    return int(value)
