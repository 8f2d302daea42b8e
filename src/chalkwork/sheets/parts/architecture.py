"""Counting an architecture in a sheet: what enters, the layers, and what is asked of them."""

from __future__ import annotations

from typing import Any

from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.architecture import KINDS, Architecture
from chalkwork.sheets import values
from chalkwork.sheets.fields import Fields
from chalkwork.sheets.locate import Listing, Node
from chalkwork.sheets.parts import Part, Surroundings, Work
from chalkwork.sheets.posed import posed
from chalkwork.solutions.solution import Solution

MOST_LAYERS = 100
_SIZE = values.integer(0, 10**9)
_KEYS = tuple(dict.fromkeys(setting.key for kind in KINDS.values() for setting in kind.settings))


def _setting(node: Node, where: str) -> Any:
    """A whole number, a list of them, true or false, or a word."""
    if isinstance(node, Listing):
        return values.listing(_SIZE, "a list of whole numbers", 3)(node, where)
    truth = values.boolean(node)
    if truth is not None:
        return truth
    return _SIZE(node, where) if values.is_number(node) else values.name(node, where)


def _layer(node: Node, where: str) -> dict[str, Any]:
    fields = Fields(node, "a layer", where, ("kind", "shares", *_KEYS))
    return {key: fields.read(key, _setting, None) for key in fields.table.entries}


def _read(fields: Fields) -> Work:
    layers = fields.need("layers", values.listing(_layer, "a list of layers", MOST_LAYERS))
    enters = fields.need("input", lambda node, where: _setting(node, where))
    ask = fields.read("ask", values.names, ())

    def work(surroundings: Surroundings) -> Solution:
        try:
            return Architecture(layers, enters).solve(surroundings.manner, ask)
        except ChalkworkError as error:
            raise error.at(line=fields.line("layers")) from None

    return work


_SAID = {"input": "what enters, ${}$", "ask": "wanted are {}"}
PART = Part(("input", "layers", "ask"), _read, lambda fields: posed(fields, _SAID))
