"""A bidirectional associative memory in a sheet: its pairs, and what is recalled from where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalkwork.laboratory.associative import bam
from chalkwork.sheets import values
from chalkwork.sheets.parts import Part, Surroundings, Work
from chalkwork.sheets.parts.hopfield import at_zero
from chalkwork.sheets.posed import posed_by_room
from chalkwork.sheets.values import Fields
from chalkwork.solutions.solution import Solution

_KEYS: Mapping[str, values.Reader[Any]] = {
    "x": values.matrix,
    "y": values.matrix,
    "start": values.vector,
    "start_y": values.vector,
    "steps": values.integer(1, 100),
    "at_zero": at_zero,
    "ask": values.names,
}


def _read(fields: Fields) -> Work:
    for key in ("x", "y"):
        fields.need(key, _KEYS[key])
    given = fields.given(dict(_KEYS))

    def work(surroundings: Surroundings) -> Solution:
        return bam(**given, style=surroundings.manner)

    return work


PART = Part(tuple(_KEYS), _read, posed_by_room)
