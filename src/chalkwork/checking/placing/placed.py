"""What the assignments of a recorded program stand for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from chalkwork.checking.naming.programs import Names
from chalkwork.checking.recording import Made


@dataclass
class Recorded:
    """What the assignments of one program stand for."""

    names: Names = field(default_factory=Names)
    makers: dict[str, Made] = field(default_factory=dict)
    """The assignment of each quantity."""
    loose: list[Made] = field(default_factory=list)
    """What is no quantity of the exercise, in the order of time."""
    between: list[Any] = field(default_factory=list)
    """Right values that are no step: the distance from the target, what comes back to a layer."""
    own: dict[str, Any] = field(default_factory=dict)
    """All quantities as they follow from what the program has."""
    right: set[int] = field(default_factory=set)
    """The values that are right, a step or a row of one, by their numbers."""
