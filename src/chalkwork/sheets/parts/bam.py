"""A bidirectional associative memory in a sheet: its pairs, and what is recalled from where."""

from __future__ import annotations

from chalkwork.laboratory.associative import bam
from chalkwork.sheets import values
from chalkwork.sheets.parts import calling
from chalkwork.sheets.parts.hopfield import at_zero

PART = calling(
    bam,
    {
        "x": values.matrix,
        "y": values.matrix,
        "start": values.vector,
        "start_y": values.vector,
        "steps": values.integer(1, 100),
        "at_zero": at_zero,
        "ask": values.names,
    },
    needed=("x", "y"),
    vary=dict.fromkeys(("x", "y", "start", "start_y"), "data"),
)
