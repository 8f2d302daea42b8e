"""A region of the plane by threshold units in a sheet: half-planes that are given, or the edges of a polygon."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalkwork.laboratory.presentation import region
from chalkwork.sheets import values
from chalkwork.sheets.parts import Part, Surroundings, Work
from chalkwork.sheets.posed import posed_by_room
from chalkwork.sheets.values import Fields
from chalkwork.solutions.solution import Solution

_KEYS: Mapping[str, values.Reader[Any]] = {
    "polygon": values.matrix,
    "weights": values.matrix,
    "bias": values.vector,
    "join": values.name,
    "x": values.matrix,
    "y": values.vector,
    "ask": values.names,
}


def _read(fields: Fields) -> Work:
    given = fields.given(dict(_KEYS))

    def work(surroundings: Surroundings) -> Solution:
        return region(**given, style=surroundings.manner)

    return work


PART = Part(tuple(_KEYS), _read, posed_by_room)
