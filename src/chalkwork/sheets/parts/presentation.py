"""Learning by presentation in a sheet: one unit, its samples, the rule, and the table of the presentations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalkwork.documents.model import Block
from chalkwork.laboratory.presentation import learn
from chalkwork.laboratory.presentation.study import Study
from chalkwork.laboratory.presentation.text import exercise_of
from chalkwork.sheets import values
from chalkwork.sheets.parts import Part, Surroundings, Work
from chalkwork.sheets.posed import Posed
from chalkwork.sheets.values import Fields
from chalkwork.solutions.board import Board
from chalkwork.solutions.setting import Style
from chalkwork.solutions.solution import Solution

_UNIT: Mapping[str, values.Reader[Any]] = {
    "rule": values.name,
    "x": values.matrix,
    "y": values.vector,
    "weights": values.number_or(values.vector),
    "bias": values.number,
    "threshold": values.number,
    "bias_input": values.number,
    "learning_rate": values.positive,
    "activation": values.text,
    "order": values.listing(values.integer(1, 200), "a list of numbers of samples", 600),
    "fixed": values.flag,
}
_KEYS: Mapping[str, values.Reader[Any]] = {**_UNIT, "epochs": values.integer(1, 1000), "ask": values.names}


def _given(fields: Fields, keys: Mapping[str, values.Reader[Any]]) -> dict[str, Any]:
    fields.need("x", values.matrix)
    given = fields.given(dict(keys))
    return {"rate" if key == "learning_rate" else key: value for key, value in given.items()}


def _read(fields: Fields) -> Work:
    given = _given(fields, _KEYS)

    def work(surroundings: Surroundings) -> Solution:
        return learn(**given, style=surroundings.manner)

    return work


def _pose(fields: Fields) -> Posed:
    """The unit, the rule in words, the samples, the start, and how long it goes on."""
    given = _given(fields, _UNIT)
    epochs = fields.read("epochs", _KEYS["epochs"], 1)

    def pose(manner: Style, worked: Mapping[str, Any]) -> list[Block]:
        assert isinstance(worked, Solution)
        return list(exercise_of(Board(worked), Study.of(**given), epochs))

    return pose


PART = Part(tuple(_KEYS), _read, _pose)
