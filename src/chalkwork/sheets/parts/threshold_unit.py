"""A threshold unit for a table in a sheet: given weights are held against it, or weights are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalkwork.laboratory.presentation import threshold_table
from chalkwork.sheets import values
from chalkwork.sheets.parts import Part, Surroundings, Work
from chalkwork.sheets.posed import posed_by_room
from chalkwork.sheets.values import Fields
from chalkwork.solutions.solution import Solution

_KEYS: Mapping[str, values.Reader[Any]] = {
    "x": values.matrix,
    "y": values.vector,
    "gate": values.name,
    "inputs": values.integer(1, 4),
    "bipolar": values.flag,
    "weights": values.vector,
    "bias": values.number,
    "threshold": values.number,
    "find": values.name,
    "activation": values.text,
    "ask": values.names,
}


def _read(fields: Fields) -> Work:
    given = fields.given(dict(_KEYS))

    def work(surroundings: Surroundings) -> Solution:
        return threshold_table(**given, style=surroundings.manner)

    return work


PART = Part(tuple(_KEYS), _read, posed_by_room)
