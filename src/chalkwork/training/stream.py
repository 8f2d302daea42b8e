"""Batches that come from somewhere, one after another, and are never held all together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import numpy as np

from chalkwork.errors import ChalkworkError
from chalkwork.training.step import Values
from chalkwork.training.tensors import digest
from chalkwork.training.work import GROUP, Chunk, Place

Batch = tuple[int, Values]
"""How many samples it has, and its arrays."""


@dataclass
class Stream:
    """The steps of a run on batches that a source gives: in the place of `Work`.

    `opened` gives the batches of a pass, by its number. An epoch is a pass, or `steps_per_epoch` batches, which may go
    on in the next pass. A source that can be gone through `once` only ends the run with its last batch.

    >>> stream = Stream(lambda number: iter([(2, {"x": np.ones((2, 1))})] * 3), epochs=2)
    >>> [(chunk.start, chunk.count, chunk.epoch, chunk.ends_epoch) for chunk in stream.chunks(0, 10, 1)]
    [(0, 3, 0, True), (3, 3, 1, True)]
    """

    opened: Callable[[int], Iterator[Batch]]
    epochs: int = 1
    steps_per_epoch: int | None = None
    once: bool = False
    told: bool = False
    """Whether the source is told the number of the pass, so that every pass may differ."""
    kept: bool = False
    """Whether the run is kept, so that what the source gives must be known again."""
    classes: str = ""
    """What the classes are called."""

    def __post_init__(self) -> None:
        self.place, self.ended, self._steps = Place(), "", 0
        self._passing = self._pass()
        self._next = next(self._passing, None)
        if self._next is None:
            raise self._empty()
        self.batch, first = self._next
        self._first = digest(first) if self.kept else ""

    @property
    def steps(self) -> int:
        """All steps; 0 where nobody knows."""
        return self.epochs * (self.steps_per_epoch or 0)

    @property
    def steps_an_epoch(self) -> int:
        """Batches an epoch, as far as is known."""
        return self.steps_per_epoch or max(1, self._steps, self.place.steps)

    @property
    def facts(self) -> dict[str, Any]:
        """What the run depends on."""
        return {
            "samples": "those of a source", "epochs": self.epochs, "steps_per_epoch": self.steps_per_epoch,
            "batch": self.batch, "classes": self.classes, "first batch": self._first,
        }  # fmt: skip

    def resume(self, place: Place) -> None:
        """Go to the place up to which a run has come.

        Raises ChalkworkError where the source gives other batches on the way there than it gave that run.
        """
        if not place.alike and not self.told:
            raise ChalkworkError(
                "the run was given other batches in every pass over the data, which cannot be done again",
                hint="give a function of the number of the pass, from 0 on, that gives its batches",
            )
        self.place = replace(place, taken=0, seen="")
        self._passing, self._next = self._pass(), None
        for _ in range(place.taken):
            batch = next(self._passing, None)
            if batch is None:
                break
            self._take(batch)
        if (self.place.taken, self.place.seen) != (place.taken, place.seen):
            raise ChalkworkError("the source gives other batches than those that the run has had")
        self.place = place

    def chunks(self, start: int, most: int, every: int) -> Iterator[Chunk]:
        """The steps from `start` on: batches of one size, a few together where they are small."""
        group: list[Values] = []
        places: list[Place] = []
        size, held = 0, 0

        def chunk(ends: bool = False) -> Chunk:
            nonlocal start
            order = np.arange(len(group) * size).reshape(len(group), size)
            epoch = self.place.epoch - ends
            made = Chunk(start, len(group), size, order, epoch, ends, tuple(group), tuple(places))
            start += len(group)
            group.clear()
            places.clear()
            return made

        while self.place.epoch < self.epochs:
            batch = self._taken()
            if batch is None:
                if not self.ended and self.steps_per_epoch is not None:
                    continue  # the epoch goes on in the next pass
                if self.ended and not self.place.steps:
                    return
                self._end_epoch()
                places[-1:] = [self.place]
                yield chunk(True)
                if self.ended:
                    return
                continue
            bytes_ = sum(value.nbytes for value in batch[1].values())
            if group and batch[0] != size:
                yield chunk()
            if not group:
                size, held = batch[0], 0
            held += bytes_
            group.append(batch[1])
            self._take(batch)
            if ends := self.place.steps == self.steps_per_epoch:
                self._end_epoch()
            places.append(self.place)
            if ends or len(group) == most or held + bytes_ > GROUP:
                yield chunk(ends)

    def _taken(self) -> Batch | None:
        """The next batch of the pass; None at its end, after which the next one begins."""
        batch, self._next = self._next or next(self._passing, None), None
        if batch is not None:
            return batch
        place = self.place
        if self.once:
            self.ended = "the batches came to an end" if self.steps_per_epoch else ""
            return None
        if place.taken == 0:
            raise self._empty()
        whole = place.whole or place.seen
        alike = place.alike and place.seen == whole
        self.place = replace(place, passes=place.passes + 1, taken=0, seen="", whole=whole, alike=alike)
        self._passing = self._pass()
        return None

    def _take(self, batch: Batch) -> None:
        seen = sha256((self.place.seen + digest(batch[1])).encode()).hexdigest() if self.kept else ""
        self.place = replace(self.place, steps=self.place.steps + 1, taken=self.place.taken + 1, seen=seen)

    def _end_epoch(self) -> None:
        self._steps = self.place.steps
        self.place = replace(self.place, epoch=self.place.epoch + 1, steps=0)

    def _pass(self) -> Iterator[Batch]:
        yield from self.opened(self.place.passes)  # not before the first batch is wanted

    def _empty(self) -> ChalkworkError:
        return ChalkworkError(
            f"pass {self.place.passes + 1} over the data gives no batch",
            hint="an iterator is gone through once; give a function that makes a new one",
        )
