"""A Hopfield network in a sheet: patterns or weights, a start, and how it is recalled."""

from __future__ import annotations

from chalkwork.laboratory.associative import hopfield
from chalkwork.sheets import values
from chalkwork.sheets.locate import Node
from chalkwork.sheets.parts import calling


def at_zero(node: Node, where: str) -> str | float:
    """`keep`, or a number."""
    return values.number(node, where) if values.is_number(node) else values.name(node, where)


PART = calling(
    hopfield,
    {
        "patterns": values.matrix,
        "weights": values.matrix,
        "start": values.vector,
        "mode": values.name,
        "order": values.listing(values.integer(1, 30), "a list of numbers of units", 200),
        "sweeps": values.integer(1, 200),
        "scaled": values.flag,
        "self_connections": values.flag,
        "bias": values.vector,
        "binary": values.flag,
        "at_zero": at_zero,
        "ask": values.names,
    },
    vary={"patterns": "data", "start": "data"},
)
