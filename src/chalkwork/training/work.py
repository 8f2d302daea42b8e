"""What a run consists of: which samples make a batch, how many steps are done in one go, where it can stop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

import numpy as np

from chalkwork.training.step import Array, Values

SECONDS_A_CHUNK = 0.25
MOST_STEPS_A_CHUNK = 50_000
GROUP = 2**20
"""Bytes of small batches, given one by one, that are done in one go."""
TAKEN = 2**23
"""Bytes of samples that are put together in one go."""
MOST_NOISE = 20_000_000
"""Entries of noise that are drawn ahead."""


@dataclass(frozen=True)
class Place:
    """How far a run has come in a source of batches."""

    epoch: int = 0
    """Epochs that are done."""
    steps: int = 0
    """Batches of the next one that are done."""
    passes: int = 0
    """Passes over the source that are done."""
    taken: int = 0
    """Batches of the next one that are done."""
    seen: str = ""
    """What stands for these."""
    whole: str = ""
    """What stands for the batches of the first pass."""
    alike: bool = True
    """Whether all passes had the same batches."""


@dataclass(frozen=True)
class Chunk:
    """Steps that are done in one go: all of the same batch size, none beyond the end of an epoch."""

    start: int
    """The number of the first step, counted from 0."""
    count: int
    size: int
    """Samples a batch."""
    order: Array | None
    epoch: int
    """The epoch that the steps belong to, counted from 0; that of the last where a step is an epoch."""
    ends_epoch: bool = True
    parts: tuple[Values, ...] = ()
    """The batches themselves, where they are given one by one."""
    places: tuple[Place, ...] = ()
    """Where in their source each was, and after a chunk without steps, which only ends an epoch."""


@dataclass(frozen=True)
class Work:
    """All the steps of a run, which depend on nothing but these numbers: any part of it can be done again.

    `batch` is the number of samples a batch, or `samples` for all; without `shuffle` they come in their order. With
    `drop_last` an epoch ends with its last full batch.

    >>> work = Work(samples=5, batch=2, epochs=2, shuffle=False, seed=0)
    >>> [(chunk.start, chunk.count, chunk.size, chunk.epoch) for chunk in work.chunks(0, 10, 10)]
    [(0, 2, 2, 0), (2, 1, 1, 0), (3, 2, 2, 1), (5, 1, 1, 1)]
    """

    samples: int
    batch: int
    epochs: int
    shuffle: bool
    seed: int
    drop_last: bool = False

    @property
    def ended(self) -> str:
        """Why there are fewer steps than were wanted: never."""
        return ""

    @property
    def facts(self) -> dict[str, Any]:
        """What the run depends on."""
        return asdict(self)

    @property
    def full(self) -> int:
        """How many full batches an epoch has."""
        return self.samples // self.batch

    @property
    def rest(self) -> int:
        """The samples of the last, smaller batch of an epoch; 0 where there is none."""
        return 0 if self.drop_last else self.samples % self.batch

    @property
    def steps_an_epoch(self) -> int:
        """Batches an epoch."""
        return self.full + (self.rest > 0)

    @property
    def steps(self) -> int:
        """All steps."""
        return self.epochs * self.steps_an_epoch

    def chunks(self, start: int, most: int, every: int) -> Iterator[Chunk]:
        """The steps from `start` on, at most so many in one go; a chunk ends where `every` epochs are full."""
        if self.batch == self.samples:
            yield from self._whole_batches(start, most, every)
            return
        for epoch in range(start // self.steps_an_epoch, self.epochs):
            first = epoch * self.steps_an_epoch
            order = self.order(epoch)
            at = max(start - first, 0)
            while at < self.full:
                count = min(most, self.full - at)
                part = order[at * self.batch : (at + count) * self.batch].reshape(count, self.batch)
                yield Chunk(first + at, count, self.batch, part, epoch, at + count == self.steps_an_epoch)
                at += count
            if self.rest and at <= self.full:
                yield Chunk(first + self.full, 1, self.rest, order[-self.rest :].reshape(1, self.rest), epoch)

    def _whole_batches(self, start: int, most: int, every: int) -> Iterator[Chunk]:
        at = start
        while at < self.epochs:
            left = min(every - at % every, self.epochs - at)
            count = -(-left // -(-left // most))  # pieces as equal as they can be: each length is compiled anew
            count = min(count, left)
            yield Chunk(at, count, self.samples, None, at + count - 1)
            at += count

    def order(self, epoch: int) -> Array:
        """The samples of an epoch in their order; the same for the same seed, whatever was done before."""
        if not self.shuffle:
            return np.arange(self.samples)
        return np.random.default_rng([self.seed, epoch]).permutation(self.samples)


@dataclass(frozen=True)
class Gathered(Work):
    """The same where the samples of a chunk are put together when it comes: they lie otherwise than engines take them.

    `gather` gives the arrays of the samples at these places, which take `entries` numbers each; `told` stands for them.
    """

    gather: Callable[[Array], Values] = field(default=dict, repr=False)
    entries: int = 1
    told: Callable[[], str] = field(default=str, repr=False)

    @property
    def facts(self) -> dict[str, Any]:
        """What the run depends on."""
        own = {one.name for one in fields(Gathered)} - {one.name for one in fields(Work)}
        return {key: value for key, value in vars(self).items() if key not in own} | {"data": self.told()}

    def chunks(self, start: int, most: int, every: int) -> Iterator[Chunk]:
        """The steps from `start` on, with their samples: as many in one go as take little room."""
        few = max(1, min(most, TAKEN // (self.batch * self.entries * 8)))
        for chunk in super().chunks(start, few, every):
            if chunk.order is not None:
                places = np.arange(chunk.order.size).reshape(chunk.order.shape)
                chunk = replace(chunk, order=places, parts=(self.gather(chunk.order.reshape(-1)),))
            yield chunk


def steps_in_one_go(seconds: float, noise: int = 0) -> int:
    """How many steps of so many seconds take about a quarter of one: short enough to stop, long enough not to count.

    >>> steps_in_one_go(1e-6), steps_in_one_go(0.5)
    (50000, 1)
    """
    count = int(SECONDS_A_CHUNK / seconds)
    if noise:
        count = min(count, MOST_NOISE // noise)
    return max(1, min(count, MOST_STEPS_A_CHUNK))
