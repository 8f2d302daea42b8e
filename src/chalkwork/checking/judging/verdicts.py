"""What is said of one cell, and of a step: that of its worst cell."""

from __future__ import annotations

from enum import IntEnum


class Verdict(IntEnum):
    """What is said of one cell, the best first."""

    CORRECT = 0
    ROUNDING = 1
    FOLLOWS = 2
    BLANK = 3
    UNREADABLE = 4
    MISTAKE = 5
    WRONG = 6

    @property
    def word(self) -> str:
        """The verdict as it stands in a report."""
        return _WORDS[self]

    @property
    def accepted(self) -> bool:
        """Whether the step itself is right."""
        return self <= Verdict.FOLLOWS


_WORDS = [verdict.name.lower() for verdict in Verdict]
RIGHT = (Verdict.CORRECT.word, Verdict.ROUNDING.word)
"""The words for a step whose value is right."""
ACCEPTED = (*RIGHT, Verdict.FOLLOWS.word)
"""The words for a step that is right by itself."""
BAD = (Verdict.MISTAKE.word, Verdict.WRONG.word)
"""The words for a step that is wrong by itself."""
