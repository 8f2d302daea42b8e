"""A threshold unit for a table in a sheet: given weights are held against it, or weights are asked for."""

from __future__ import annotations

from chalkwork.laboratory.presentation import threshold_table
from chalkwork.sheets import values
from chalkwork.sheets.parts import calling

PART = calling(
    threshold_table,
    {
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
    },
    vary=dict.fromkeys(("weights", "bias", "threshold"), "weights"),
)
