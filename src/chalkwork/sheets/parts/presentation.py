"""Learning by presentation in a sheet: one unit, its samples, the rule, and the table of the presentations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalkwork.laboratory.presentation import learn
from chalkwork.sheets import values
from chalkwork.sheets.parts import Part, Surroundings, Work
from chalkwork.sheets.posed import posed_by_room
from chalkwork.sheets.values import Fields
from chalkwork.solutions.solution import Solution

_KEYS: Mapping[str, values.Reader[Any]] = {
    "rule": values.name,
    "x": values.matrix,
    "y": values.vector,
    "weights": values.number_or(values.vector),
    "bias": values.number,
    "threshold": values.number,
    "bias_input": values.number,
    "learning_rate": values.positive,
    "activation": values.text,
    "epochs": values.integer(1, 1000),
    "order": values.listing(values.integer(1, 200), "a list of numbers of samples", 600),
    "fixed": values.flag,
    "ask": values.names,
}


def _read(fields: Fields) -> Work:
    fields.need("x", values.matrix)
    given = fields.given(dict(_KEYS))
    if "learning_rate" in given:
        given["rate"] = given.pop("learning_rate")

    def work(surroundings: Surroundings) -> Solution:
        return learn(**given, style=surroundings.manner)

    return work


PART = Part(tuple(_KEYS), _read, posed_by_room)
