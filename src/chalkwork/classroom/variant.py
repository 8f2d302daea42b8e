"""One variant of a sheet, and the variants of one seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import overload

import numpy as np

from chalkwork.classroom.batch import Array, Bench
from chalkwork.classroom.fairness import Certificate, Key, Mistaken
from chalkwork.classroom.groups import Layout
from chalkwork.sheets.format import parse_sheet
from chalkwork.sheets.schema import Sheet
from chalkwork.sheets.solve import solve_sheet
from chalkwork.solutions.exercise import Exercise


@dataclass(frozen=True)
class Variant:
    """One variant: its code, the text of its sheet, and what is said of it.

    `made` are the values of the named mistakes, for what is worked out at once with others.
    """

    code: str
    text: str
    difficulty: float
    facts: Mapping[str, str]
    origin: Sheet = field(repr=False)
    layout: Layout = field(repr=False)
    drawn: tuple[tuple[int, ...], ...] = field(repr=False, default=())
    fast: tuple[Bench, ...] = field(repr=False, default=())
    numbers: Array = field(repr=False, default_factory=lambda: np.zeros(0))
    made: Mapping[Key, list[Mistaken]] = field(repr=False, default_factory=dict)

    @cached_property
    def sheet(self) -> Sheet:
        """The sheet, read."""
        return parse_sheet(self.text, f"{Path(self.origin.file).stem}-{self.code}")

    @cached_property
    def shown(self) -> Sheet:
        """The sheet as far as it is shown around the exercises: the author's blocks, and texts with these numbers."""
        if not self.fast:
            return self.sheet
        return self.layout.with_texts(self.origin, self.drawn)

    @cached_property
    def exercises(self) -> Mapping[str, Exercise]:
        """The exercises, solved."""
        if not self.fast:
            return solve_sheet(self.sheet)
        found = {one.id: one for bench in self.fast for one in bench.solved(self.numbers)}
        return {name: found[name] for name in solve_sheet(self.origin)}


class Variants(Sequence[Variant]):
    """Variants in the order in which they were drawn, with what certifies them.

    `certificate` says what coincides in all of them, `tried` how many candidates there were, `failed` how many of them
    which condition turned away.
    """

    def __init__(
        self,
        found: Sequence[Variant],
        sheet: Sheet,
        seed: int,
        certificate: Certificate,
        tried: int,
        failed: Counter[str],
    ) -> None:
        self._found = tuple(found)
        self.sheet, self.seed, self.certificate = sheet, seed, certificate
        self.tried, self.failed = tried, failed

    @overload
    def __getitem__(self, place: int) -> Variant: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Variant, ...]: ...
    def __getitem__(self, place: int | slice) -> Variant | tuple[Variant, ...]:
        return self._found[place]

    def __len__(self) -> int:
        return len(self._found)

    @property
    def spread(self) -> tuple[float, float, float]:
        """The least difficulty, the middle one, the greatest."""
        found = [one.difficulty for one in self]
        return min(found), float(np.median(found)), max(found)
