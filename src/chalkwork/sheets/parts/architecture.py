"""Counting an architecture in a sheet: what enters, the layers, and what is asked of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalkwork.documents.model import Block, Paragraph, Table
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.architecture import KINDS, Architecture
from chalkwork.laboratory.architecture.study import enters
from chalkwork.laboratory.architecture.tally import written
from chalkwork.sheets import values
from chalkwork.sheets.locate import Listing, Node
from chalkwork.sheets.parts import Part, Surroundings, Work
from chalkwork.sheets.posed import Posed
from chalkwork.sheets.values import Fields
from chalkwork.solutions.setting import Style
from chalkwork.solutions.solution import Solution

MOST_LAYERS = 100
_SIZE = values.integer(0, 10**9)
_KEYS = tuple(dict.fromkeys(setting.key for kind in KINDS.values() for setting in kind.settings))

_ABSENT = ("dilation", "groups", "output_padding")
"""What a layer is taken to be without where nobody speaks of it."""


def _setting(node: Node, where: str) -> Any:
    """A whole number, a list of them, true or false, or a word."""
    if isinstance(node, Listing):
        return values.listing(_SIZE, "a list of whole numbers", 3)(node, where)
    truth = values.boolean(node)
    if truth is not None:
        return truth
    return _SIZE(node, where) if values.is_number(node) else values.name(node, where)


def _layer(node: Node, where: str) -> dict[str, Any]:
    fields = values.mapping(node, "a layer", where, ("kind", "shares", *_KEYS))
    return {key: fields.read(key, _setting, None) for key in fields.entries}


def _read(fields: Fields) -> Work:
    layers = fields.need("layers", values.listing(_layer, "a list of layers", MOST_LAYERS))
    given = fields.need("input", _setting)
    ask = fields.read("ask", values.names, ())

    def work(surroundings: Surroundings) -> Solution:
        try:
            return Architecture(layers, given).solve(surroundings.manner, ask)
        except ChalkworkError as error:
            raise error.at(line=fields.line("layers")) from None

    return work


def _pose(fields: Fields) -> Posed:
    """What enters, and a row for every layer."""
    rows = fields.need("layers", values.listing(_described, "a list of layers", MOST_LAYERS))
    given = fields.need("input", _setting)
    sizes = given if isinstance(given, tuple) else (given,)

    def pose(manner: Style, worked: Mapping[str, Any]) -> list[Block]:
        numbered = tuple((str(number), *row) for number, row in enumerate(rows, 1))
        assert isinstance(worked, Solution)
        symbols = [worked.writer().symbols[name] for name in worked.setting.asked]
        asked = [", ".join(getattr(symbol, kind) for symbol in symbols) for kind in ("latex", "text")]
        return [
            Paragraph(enters(sizes, rows[0][0].replace(" ", "_"))),
            Table(("layer", "kind", "settings"), numbered),
            Paragraph(f"Find ${asked[0]}$.", f"Find {asked[1]}."),
        ]

    return pose


def _described(node: Node, where: str) -> tuple[str, str]:
    """A layer in words: its kind, and its settings: as they are typed, then what the others are where nobody says."""
    own = _layer(node, where)
    kind = own.pop("kind", "dense")
    if kind in KINDS:
        usual = {setting.key: setting.default for setting in KINDS[kind].settings}
        usual["stride"] = own.get("pool") if usual.get("stride", 0) is None else usual.get("stride")
        said = {key: value for key, value in usual.items() if value is not None and key not in _ABSENT}
        own |= {key: value for key, value in said.items() if own.get(key) is None}
    return str(kind).replace("_", " "), ", ".join(
        f"{key.replace('_', ' ')} {_typed(value)}" for key, value in own.items()
    )


def _typed(value: Any) -> str:
    if isinstance(value, tuple):
        return written(value)
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


PART = Part(("input", "layers", "ask"), _read, _pose, vary={"filters": "data", "units": "data"})
