"""Whether the digits of an answer say enough to be marked.

The interval of `0e9` holds every number, and so says nothing; that of `0.1` holds 0.0994943, and does not say it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chalkwork.words import ENGLISH, say

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

SHARE_STATED, SHARE = 0.05, 0.1
"""Half a unit of the last digit as a part of the number: fewer digits than asked say enough below it."""
FINE = 0.005
"""Two decimals say enough where an exercise states no digits, or other decimals and somebody writes two throughout."""
_ROOM = 1 + 1e-9


@dataclass(frozen=True, slots=True)
class Digits:
    """The digits that an exercise asks: so many decimals, or so many significant ones.

    `stated` is whether it says so itself; otherwise they are only those that its solution shows.

    >>> asked = Digits(None, 6, stated=True)
    >>> asked.tell(np.array([0.1, 0.0995, 0.0]), np.array([0.05, 5e-5, 0.05]), np.array([0.0994943, 0.0994943, 0.0]))
    array([False,  True,  True])
    """

    decimals: int | None = 4
    significant: int | None = None
    stated: bool = False
    exact: bool = False
    """Whether the right numbers end with the digits shown: a short number that is wrong is meant as it stands."""

    def half_unit(self, values: Array) -> Array:
        """Half a unit of the last digit asked, for each of the values; 0 for a zero of which significant ones are."""
        values = np.asarray(values, np.float64)
        if self.decimals is not None:
            return np.full(values.shape, 0.5 * 10.0**-self.decimals)
        usable = np.isfinite(values) & (values != 0)
        place = np.floor(np.log10(np.where(usable, np.abs(values), 1.0))) - (self.significant or 6) + 1
        return np.where(usable, 0.5 * 10.0**place, 0.0)

    @property
    def coarsest_habit(self) -> float:
        """Half a unit of the fewest decimals that somebody may go on with who writes as many throughout."""
        return np.inf if self.decimals is None else max(FINE, 0.5 * 10.0**-self.decimals)

    def enough(self, value: Array, half: Array, habit: Array | float = 0.0) -> Flags:
        """Whether a number known to `half` is as fine as asked, or fine enough for its size.

        `habit` is half a unit of the last digit that the student usually writes, 0 where that is not known.
        """
        few = half < (SHARE_STATED if self.stated else SHARE) * np.abs(value)
        asked = half <= self.half_unit(value) * _ROOM
        usual = (half <= FINE * _ROOM) & (not self.stated or (half <= habit * _ROOM))
        return np.asarray(few | asked | (usual & (not self.stated or self.decimals is not None)))

    def tell(self, value: Array, half: Array, meant: Array, habit: Array | float = 0.0) -> Flags:
        """Whether an answer says that this number is meant.

        It has the digits asked, or fewer that say enough, or is that number to the digits asked (`0.5` for 0.5000).
        """
        same = np.abs(value - meant) <= self.half_unit(meant) * _ROOM + 1e-12 * np.abs(meant)
        exact = same & (half <= np.maximum(0.5, 0.5 * np.abs(value)) * _ROOM)
        return np.asarray(self.enough(value, half, habit) | exact)

    def tells_apart(self, value: Array, half: Array, meant: Array, habit: Array | float = 0.0) -> Flags:
        """Whether the digits asked tell this number from the answer, whose fewer digits are no habit.

        Where none are asked, two decimals are as good as those that the solution shows.
        """
        asked = self.half_unit(meant) * _ROOM
        least = asked if self.stated else np.maximum(asked, FINE * _ROOM)
        return np.asarray((half > least) & (half > habit * _ROOM) & (np.abs(value - meant) > asked))

    def words(self, language: str = ENGLISH) -> str:
        """The digits asked, in words: "4 decimals"."""
        if self.decimals is None:
            return say(language, "digits.significant", n=str(self.significant))
        return say(language, "digits.decimals", n=self.decimals)
