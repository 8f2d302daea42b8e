"""A network of the sheet turned into another one that computes the same function."""

from __future__ import annotations

from chalkwork.errors import SheetError
from chalkwork.sheets import values
from chalkwork.sheets.locate import Node
from chalkwork.sheets.parts import Part, Surroundings, Work
from chalkwork.sheets.posed import Key, Keys, posed, readers
from chalkwork.sheets.values import Fields
from chalkwork.solutions.solution import Solution

WAYS = ("tanh", "sigmoid", "one_layer", "symmetries")
_MOST_UNITS = 1000


def _read(fields: Fields) -> Work:
    name = fields.need("network", values.name)
    way = fields.need("to", values.choice(WAYS))
    x, y, permute, flip = (fields.read(key, read, None) for key, read in readers(_KEYS).items())
    for key in ("y", "permute", "flip"):
        if key in fields and way != "symmetries":
            raise SheetError(f"{key} is for to: symmetries, not to: {way}", line=fields.line(key))
    line = fields.line("network")

    def work(surroundings: Surroundings) -> Solution:
        from chalkwork.laboratory import equivalent

        net, style = surroundings.network(name, line), surroundings.manner
        if way == "symmetries":
            return equivalent.symmetries(net, x, y, permute=permute, flip=flip, style=style)
        rewrite = {"tanh": equivalent.to_tanh, "sigmoid": equivalent.to_sigmoid, "one_layer": equivalent.collapse}[way]
        return rewrite(net, x, style=style)

    return work


def _moves(node: Node, where: str) -> dict[int, tuple[int, ...]]:
    """Hidden layers with lists of units, both counted from 1: `{1: [2, 1, 3]}`."""
    units = values.listing(values.integer(1, _MOST_UNITS), "a list of units", _MOST_UNITS)
    found = values.table(units)(node, where)
    for key in found:
        if not key.isascii() or not key.isdigit() or len(key) > 3:
            raise values.fail(node, where, "the number of a hidden layer as key", repr(key[:60]))
    return {int(key): moved for key, moved in found.items()}


_KEYS: Keys = {
    "x": Key(values.numbers, "the input $x = {}$"),
    "y": Key(values.numbers, "the target $y = {}$"),
    "permute": Key(_moves, "the order of the units: {}"),
    "flip": Key(_moves, "the units whose signs change: {}"),
}
PART = Part(
    ("network", "to", *_KEYS),
    _read,
    lambda fields: posed(fields, _KEYS),
    vary={"x": "data", "y": "target"},
)
