"""Greedy and beam search in a sheet: rows of probabilities, and how wide and how far."""

from __future__ import annotations

from chalkwork.laboratory.decoding import MOST_BEAM, MOST_STEPS, decoding
from chalkwork.sheets import values
from chalkwork.sheets.parts import calling

_ROW = values.table(values.number)
PART = calling(
    decoding,
    {
        "start": _ROW,
        "after": values.table(_ROW),
        "steps": values.listing(_ROW, "a list of rows, one for each word", MOST_STEPS),
        "beam": values.integer(1, MOST_BEAM),
        "length": values.integer(1, MOST_STEPS),
        "end": values.text,
        "scores": values.choice(("product", "log")),
        "length_penalty": values.number,
        "ask": values.names,
    },
)
