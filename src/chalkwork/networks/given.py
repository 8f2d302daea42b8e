"""What a run is done on, from arrays or batch by batch, checked before it and on the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chalkwork.errors import ChalkworkError
from chalkwork.networks.batches import Source
from chalkwork.networks.fitting import check_outputs, check_targets
from chalkwork.networks.labels import Labels
from chalkwork.networks.model import Model
from chalkwork.networks.sparse import Sparse
from chalkwork.networks.training_data import Samples, held_out_samples, is_source, samples_of, work_of
from chalkwork.training.step import Values
from chalkwork.training.stream import Stream
from chalkwork.training.tensors import digest
from chalkwork.training.work import Gathered, Work

if TYPE_CHECKING:
    from chalkwork.networks.settings import Settings

_ARRAYS_ONLY = {
    "iterations": "epochs= with steps_per_epoch=", "batch_size": "the source makes the batches",
    "drop_last": "the source makes the batches", "sample_weight": "a batch may be (x, y, weights)",
    "class_weight": "a batch may be (x, y, weights)",
}  # fmt: skip
"""Settings that need all samples, and what there is in place of them."""
_NOT_WHOLE = {
    "data": "it takes all samples in every step", "batch_size": "it takes all samples in every step",
    "eta": "it finds the length of a step by itself", "schedule": "it finds the length of a step by itself",
    "clip_norm": "it relies on the gradient as it is", "clip_value": "it relies on the gradient as it is",
    "optimizer_state": "what it remembers is SciPy's, and begins anew",
    "checkpoint": "what it remembers is SciPy's, and cannot be kept; call it again from where the network is",
}  # fmt: skip
"""Settings that L-BFGS does not take, and why."""
Given = tuple[Samples, "Samples | Source | None", "Labels | None", Work | Stream]
"""The samples (the first ones of a source), what is held out, the classes that labels name, and the steps."""


def data_of(net: Model, x: Any, y: Any, settings: Settings) -> Given:
    """What the run is done on. Raises ChalkworkError for what cannot be trained on, or does not go together."""
    if settings.lbfgs is not None:
        _check_whole(net, settings)
    if settings.data is not None:
        return _from_source(net, x, y, settings)
    if x is None or y is None:
        raise ChalkworkError("train takes x and y", hint="data=... gives them batch by batch")
    for name in ("steps_per_epoch", "classes"):
        if getattr(settings, name) is not None:
            raise ChalkworkError(f"{name} is for batches that data= gives")
    samples, held_out, labels = samples_of(net, x, y, settings)
    work = work_of(settings, net.count(samples.x))
    if isinstance(samples.x, Sparse):
        if work.batch < work.samples:
            work = _gathered(net, samples, work)
        else:
            samples = replace(samples, x=samples.x[:])
    for size in {work.batch, work.rest} - {0}:
        net.plan(size, training=True).check_batch()
    _check(net, samples)
    return samples, held_out or _validation(net, settings, labels), labels, work


def _gathered(net: Model, samples: Samples, work: Work) -> Gathered:
    """The steps where only the samples of some of them are made dense."""
    axis = net.convention.sample_axis

    entries = samples.x.shape[net.convention.unit_axis]
    return Gathered(
        **vars(work),
        gather=lambda places: samples.at(places, axis).named,
        entries=entries,
        told=lambda: digest(samples.arrays),
    )


def _check_whole(net: Model, settings: Settings) -> None:
    """Raise ChalkworkError for what does not go with L-BFGS."""
    for name, why in _NOT_WHOLE.items():
        if getattr(settings, name) is not None:
            raise ChalkworkError(f"{name} does not go with optimizer='lbfgs': {why}")
    noisy = next((layer for layer in net.layers if layer.kind.drop_rate), None)
    if noisy is not None:
        raise ChalkworkError(
            f"optimizer='lbfgs' compares losses, which {noisy!r} makes others every time", hint="no dropout, or 'adam'"
        )


def _from_source(net: Model, x: Any, y: Any, settings: Settings) -> Given:
    if x is not None or y is not None:
        raise ChalkworkError("data gives x and y batch by batch: neither is given besides")
    for name, instead in _ARRAYS_ONLY.items():
        if getattr(settings, name):
            raise ChalkworkError(f"{name} needs all samples at once, and data gives them batch by batch", hint=instead)
    source, epochs = Source(net, settings.data, net.labels, settings.classes), settings.epochs or 1
    if source.once and epochs > 1 and settings.steps_per_epoch is None:
        raise ChalkworkError(
            f"data is an iterator, which gives its batches once, and {epochs} epochs are asked for",
            hint="a function that makes it anew, or steps_per_epoch= for one without an end",
        )
    if source.once and settings.checkpoint is not None:
        raise ChalkworkError(
            "data is an iterator, which gives its batches once, so that no run can go on from a checkpoint",
            hint="a function that makes it anew",
        )
    if settings.rates.uses_total and settings.steps_per_epoch is None:
        raise ChalkworkError(
            "the schedule depends on how many steps there are, which the source of data does not say",
            hint="steps_per_epoch=",
        )

    def opened(number: int) -> Iterator[tuple[int, Values]]:
        for samples in source.passed(number):
            size = net.count(samples.x)
            net.plan(size, training=True).check_batch()
            _check(net, samples)
            yield size, samples.named

    classes = "" if source.labels is None else ", ".join(map(str, source.labels.values))
    kept = settings.checkpoint is not None
    work = Stream(opened, epochs, settings.steps_per_epoch, source.once, source.told, kept, classes)
    return source.first, _validation(net, settings, source.labels), source.labels, work


def _check(net: Model, samples: Samples) -> None:
    plan = net.plan(net.count(samples.x), weighted=samples.w is not None)
    check_outputs(plan)
    check_targets(plan, samples)


def _validation(net: Model, settings: Settings, labels: Labels | None) -> Samples | Source | None:
    """What is held out besides the samples."""
    given = settings.validation
    if isinstance(given, tuple | list):
        return held_out_samples(net, given, labels)
    if given is not None and not is_source(given):
        raise ChalkworkError(f"validation is x and y, or a source of batches, not {given!r:.60}, where data is one too")
    if given is None:
        if settings.patience is not None:
            hint = "validation=0.1 holds a tenth out" if settings.data is None else "validation=(x, y)"
            raise ChalkworkError("early stopping needs validation data", hint=hint)
        if settings.metrics is not None and settings.data is not None:
            raise ChalkworkError("metrics are measured on validation= where data comes batch by batch")
        return None
    source = Source(net, given, labels, settings.classes, "validation")
    if source.once:
        raise ChalkworkError(
            "validation is gone through after every epoch, and an iterator only once",
            hint="a function that makes it anew",
        )
    return source
