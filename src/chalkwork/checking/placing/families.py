"""The places of a program: which belong together, and what is known of them put in their stead."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalkwork.checking.recording.watching import Made, Path
from chalkwork.words import Text

Place = tuple[object, Path]
"""A scope, and where in it."""
_DIGITS = re.compile(r"\d+")
_MOST_FAMILIES = 300
_MOST_NUMBERS = 8


@dataclass
class Laid:
    """What a program's places hold, by the exercise's names."""

    words: dict[str, list[Made]] = field(default_factory=dict)
    instead: dict[Place, list[Made] | None] = field(default_factory=dict)
    """What stands for the places that are known now: the weights alone, that layers are still counted, or nothing."""
    notes: list[Text] = field(default_factory=list)
    still: dict[str, Made] = field(default_factory=dict)
    """What is as it was, though those that are kept beside it were renewed."""

    def put(self, name: str, versions: Iterable[Made]) -> None:
        """Versions of a quantity, in the order of time."""
        known = {made.order: made for made in (*self.words.get(name, ()), *versions)}
        self.words[name] = [known[order] for order in sorted(known)]

    def beside(self, words: Mapping[str, list[Made]]) -> dict[str, list[Made]]:
        """The words of a recording, with these among them."""
        for name in list(self.words):
            self.put(name, words.get(name, ()))
        return {**words, **self.words}


@dataclass(frozen=True)
class Family:
    """Places that differ in their numbers alone, in the order of these; or one place."""

    places: tuple[Place, ...]
    numbers: tuple[tuple[int, ...], ...]
    shapes: tuple[tuple[int, ...], ...]

    @property
    def word(self) -> str:
        """What the places are called, without numbers."""
        return _DIGITS.sub("", next(str(name) for _, name in reversed(self.places[0][1]) if not str(name).isdigit()))

    def is_built_like(self, other: Family) -> bool:
        """Whether it has an entry for each of the other's."""
        several = len(self.places) > 1
        return self.shapes == other.shapes and (self.numbers == other.numbers if several else self.shapes[0] != ())

    @property
    def is_in_a_row(self) -> bool:
        """Whether the numbers of the places follow one another."""
        single = [one[0] for one in self.numbers if len(one) == 1]
        return len(single) != len(self.numbers) or single[-1] - single[0] == len(single) - 1


def families_of(shapes: Mapping[Place, tuple[int, ...]]) -> list[Family]:
    """The places that differ in numbers alone, together; arrays among them also each alone."""
    together: dict[tuple[object, ...], list[tuple[tuple[int, ...], Place]]] = {}
    for scope, path in shapes:
        form = (scope, *((kind, _DIGITS.sub("#", str(name))) for kind, name in path))
        numbers = [int(one[:_MOST_NUMBERS]) for _, name in path for one in _DIGITS.findall(str(name))]
        together.setdefault(form, []).append((tuple(numbers), (scope, path)))
    found = []
    for members in list(together.values())[:_MOST_FAMILIES]:
        members.sort(key=lambda member: member[0])
        alone = [[one] for one in members if shapes[one[1]]] if len(members) > 1 else []
        for some in (members, *alone):
            places = tuple(place for _, place in some)
            found.append(Family(places, tuple(own for own, _ in some), tuple(shapes[place] for place in places)))
    return found


def without(given: Mapping[str, object], instead: Mapping[Path, object]) -> dict[str, Any]:
    """The variables of a program, with something else, or nothing, at some places; nothing of them is changed."""
    found: dict[str, Any] = dict(given)
    for path, other in instead.items():
        _exchanged(found, path, other)
    return found


class _Stand:
    """What stands for an object of somebody's class."""

    __module__ = "recorded"


def _exchanged(holder: Any, path: Path, other: object) -> None:
    kind, key = path[0]
    inside = vars(holder) if kind == "attribute" else holder
    if len(path) > 1:
        inside[key] = _copied(inside[key])
        _exchanged(inside[key], path[1:], other)
    elif other is None and not isinstance(inside, list):
        del inside[key]
    else:
        inside[key] = other


def _copied(value: Any) -> Any:
    """A copy of what holds something, that is one already where it was made here."""
    if isinstance(value, _Stand):
        return value
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (list, tuple)):
        return list(value)
    stand = _Stand()
    vars(stand).update(vars(value))
    return stand
