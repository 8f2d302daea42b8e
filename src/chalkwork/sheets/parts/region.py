"""A region of the plane by threshold units in a sheet: half-planes that are given, or the edges of a polygon."""

from __future__ import annotations

from chalkwork.laboratory.presentation import region
from chalkwork.sheets import values
from chalkwork.sheets.parts import calling

PART = calling(
    region,
    {
        "polygon": values.matrix,
        "weights": values.matrix,
        "bias": values.vector,
        "join": values.name,
        "x": values.matrix,
        "y": values.vector,
        "ask": values.names,
    },
)
