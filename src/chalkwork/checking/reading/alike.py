"""What is typed alike, in one hand-in or by many of a class: it is read and marked once."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

_MOST_DEPTH = 4
Given = Mapping[str, object]


def as_typed(value: object, depth: int = _MOST_DEPTH) -> Hashable:
    """The same for texts and lists of texts that were typed alike; anything else is like itself alone, while it lives.

    >>> as_typed("0.5") == as_typed("0.50"), as_typed([["1", "2"]]) == as_typed([["1", "2"]])
    (False, True)
    >>> as_typed(0.25) == as_typed(float("0.25"))
    False
    """
    if type(value) is str:
        return value
    if type(value) is list and depth:
        return tuple([each if type(each) is str else as_typed(each, depth - 1) for each in value])
    return type(value), id(value)


def each_once(given: Sequence[Given]) -> tuple[list[Given], list[int]]:
    """The hand-ins that are not alike, and for every hand-in its place among these.

    >>> each_once([{"c": "4"}, {"c": "5"}, {"c": "4"}])
    ([{'c': '4'}, {'c': '5'}], [0, 1, 0])
    """
    known: dict[Hashable, int] = {}
    found: list[Given] = []
    places = []
    for one in given:
        place = known.setdefault(_key(one), len(found))
        if place == len(found):
            found.append(one)
        places.append(place)
    return found, places


def _key(given: Given) -> Hashable:
    if type(given) is not dict:
        return id(given)  # a recording, of which each value would be looked for
    return tuple(given), tuple([value if type(value) is str else as_typed(value) for value in given.values()])
