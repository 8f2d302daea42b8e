"""Threshold units for a boolean function in a sheet: a sum of products, or the exclusive or of many inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalkwork.errors import SheetError
from chalkwork.laboratory.presentation import minterm_network, parity_units
from chalkwork.sheets import values
from chalkwork.sheets.locate import Listing, Node
from chalkwork.sheets.parts import Part, Surroundings, Work
from chalkwork.sheets.posed import posed_by_room
from chalkwork.sheets.values import Fields
from chalkwork.solutions.solution import Solution


def _terms(node: Node, where: str) -> tuple[str, ...] | str:
    """A sum of products, or a list of them."""
    reader = values.listing(values.text, "a list of products", 40)
    return reader(node, where) if isinstance(node, Listing) else values.text(node, where)


_KEYS: Mapping[str, values.Reader[Any]] = {
    "minterms": _terms,
    "parity": values.integer(2, 60),
    "ask": values.names,
}


def _read(fields: Fields) -> Work:
    given = fields.given(dict(_KEYS))
    if ("minterms" in given) == ("parity" in given):
        raise SheetError("give minterms, or parity with the number of inputs", line=fields.start)

    def work(surroundings: Surroundings) -> Solution:
        ask, style = given.get("ask", ()), surroundings.manner
        if "parity" in given:
            return parity_units(given["parity"], ask=ask, style=style)
        return minterm_network(given["minterms"], ask=ask, style=style)

    return work


PART = Part(tuple(_KEYS), _read, posed_by_room)
