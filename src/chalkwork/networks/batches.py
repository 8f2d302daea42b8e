"""Samples that somebody's own code gives batch by batch: what a batch is, and what its targets mean."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from inspect import Parameter, signature
from typing import Any

import numpy as np

from chalkwork.errors import ChalkworkError
from chalkwork.networks.labels import Labels, labels_in, labels_of, read_labels
from chalkwork.networks.model import Model
from chalkwork.networks.sparse import is_sparse
from chalkwork.networks.training_data import Samples, batch_samples


class Source:
    """Batches (x, y) or (x, y, weights): from a function, or from anything that can be gone through.

    A function that takes an argument is given the number of the pass over the data, from 0 on. What can be gone through
    `once` is an iterator. The classes of labels are those that are known or named (`classes`); where nobody says them,
    the numbers of the outputs, from 0 on. Raises ChalkworkError for what gives no batches.
    """

    def __init__(
        self, net: Model, given: Any, labels: Labels | None = None, classes: Any = None, name: str = "data"
    ) -> None:
        self.net, self.name, self._given = net, name, given
        self.told, self.once = _takes_number(given), isinstance(given, Iterator)
        if isinstance(given, str | bytes | dict) or not (callable(given) or hasattr(given, "__iter__")):
            raise ChalkworkError(f"{name} is a function or an iterable that gives batches, not {given!r:.60}")
        self.labels, self._classes = labels, classes
        self._kinds: Collection[str] = ()
        self._opened: Iterator[Samples] | None = self._batches(0)
        first = next(self._opened, None)
        if first is None:
            raise ChalkworkError(f"{name} gives no batch", hint="an iterator is gone through once")
        self.first = first
        """The first batch, and when it has been given a sample of it."""

    def passed(self, number: int) -> Iterator[Samples]:
        """The batches of a pass; the first ones of all go on after the one that is known."""
        if self._opened is None or number:
            yield from self._batches(number)
            return
        opened, self._opened = self._opened, None
        known, self.first = [self.first], self.first.part(np.arange(1), self.net.convention.sample_axis)
        yield known.pop()
        yield from opened

    def _batches(self, number: int) -> Iterator[Samples]:
        given = self._given(*[number] * self.told) if callable(self._given) else self._given
        try:
            batches = iter(given)
        except TypeError:
            raise ChalkworkError(f"{self.name} gives no batches: {given!r:.60} cannot be gone through") from None
        for place, batch in enumerate(batches, 1):
            where = f"batch {place} of {self.name}"
            if not isinstance(batch, list | tuple) or len(batch) not in (2, 3):
                raise ChalkworkError(
                    f"{where} is to be x and y, or x, y and the weights of the samples, not {_told(batch)}",
                    hint="arrays of all samples are given as x and y" if place == 1 else None,
                )
            try:
                samples = self._samples(*batch)
            except ChalkworkError as error:
                raise type(error)(f"{where}: {error.message}", hint=error.hint) from None
            if self._kinds and self._kinds != samples.named.keys():
                raise ChalkworkError(f"{where} has {_kinds(samples.named)}, but the others have {_kinds(self._kinds)}")
            self._kinds = samples.named.keys()
            yield samples

    def _samples(self, x: Any, y: Any, weights: Any = None) -> Samples:
        inputs = self.net.oriented_input(x.toarray() if is_sparse(x) else x, batched=True)
        if self.labels is None:
            self.labels = self._guessed(y, self.net.count(inputs))
        return batch_samples(self.net, inputs, y, weights, self.labels)

    def _guessed(self, y: Any, samples: int) -> Labels | None:
        """The classes that are named, or, where there are labels all the same, the outputs by their numbers."""
        last = self.net.plan().layers[-1]
        if self._classes is not None:
            return _named(self._classes, last.units, last.activation.name)
        found = labels_in(y, samples, last.units, last.activation.name)
        if found is None:
            return None
        if found.dtype.kind in "iu":
            known = Labels(np.arange(last.units)) if last.units > 1 else labels_of(found, 1, last.activation.name)
            if last.units > 1 or tuple(known.values.tolist()) == known.codes:
                return known
        raise ChalkworkError(
            "y holds labels, and one batch does not tell which classes there are",
            hint="classes=[...] names all of them",
        )


def _named(classes: Any, units: int, activation: str) -> Labels:
    found = read_labels(classes)
    if found is None or found.ndim != 1 or len(np.unique(found)) != len(found) or found.dtype.kind not in "Ubiu":
        raise ChalkworkError(f"classes names every class once, not {classes!r:.60}")
    return labels_of(found, units, activation)


def _takes_number(given: Any) -> bool:
    try:
        parameters = signature(given).parameters.values() if callable(given) else ()
    except (TypeError, ValueError):
        return False
    free = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    return any(one.kind in free and one.default is one.empty for one in parameters)


def _kinds(names: Collection[str]) -> str:
    return "labels" * ("k" in names) + "targets" * ("y" in names) + " and weights" * ("w" in names)


def _told(batch: Any) -> str:
    shape = getattr(batch, "shape", None)
    if shape is not None:
        return f"an array of {'x'.join(map(str, shape))}"
    return f"{len(batch)} things" if isinstance(batch, list | tuple) else f"{batch!r:.60}"
