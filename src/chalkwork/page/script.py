"""The program of the page: what the operations table says in JavaScript, and the files of this room in order."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from math import inf, isfinite
from pathlib import Path

from chalkwork.algebra.operations import TABLE, Operation
from chalkwork.algebra.operations.entry import argument_names
from chalkwork.algebra.operations.special import COEFFICIENTS

FOLDER = Path(__file__).parent
MARKING = ("arrays", "intervals", "enclosures", "slopes", "reading", "work", "explaining", "marking")
"""What is needed to mark, in order."""
_COMMENT = re.compile(r"^\s*//.*\n|^\s*\n|^[ ]+", re.MULTILINE)


def operations(names: Iterable[str] = tuple(TABLE)) -> str:
    """The operations as JavaScript: the value, and what their enclosure asks for.

    >>> print(operations(["add", "tanh"]).splitlines()[2])
    "tanh": {entrywise: true, value: (x) => Math.tanh(x), parameters: [], range: [-1.0, 1.0], turns: [], rounding: [4, 4]},
    """
    lines = [f"{json.dumps(name)}: {_entry(TABLE[name])}," for name in names if TABLE[name].script]
    return "\n".join(["const OPERATIONS = {", *lines, "};"])


def _entry(entry: Operation) -> str:
    arguments = ", ".join((*argument_names(entry.arity), *entry.parameters))
    fields = {
        "entrywise": "true" if entry.entrywise else "false",
        "value": f"({arguments}) => {entry.script}",
        "parameters": _plain(list(entry.parameters)),
    }
    if entry.range != (-inf, inf):
        fields["range"] = _plain(list(entry.range))
    if isfinite(entry.domain[0]):
        fields["start"] = _plain(entry.domain[0])
    if entry.turns is not None:
        fields["turns"] = _plain([list(turn) for turn in entry.turns])
        fields["rounding"] = _plain(list(entry.rounding))
    if entry.jumps:
        fields["jumps"] = "true"
    return "{" + ", ".join(f"{name}: {text}" for name, text in fields.items()) + "}"


def _plain(value: object) -> str:
    return json.dumps(value)


def constants() -> str:
    """Numbers that the scripts of operations use."""
    return f"const NORMAL = {json.dumps(COEFFICIENTS)};"


@lru_cache(maxsize=32)
def file(name: str) -> str:
    """One of the files of the program, without what only a reader needs."""
    return _COMMENT.sub("", (FOLDER / f"{name}.js").read_text(encoding="utf-8"))


def program(names: Iterable[str] = tuple(TABLE), files: Iterable[str] = MARKING) -> str:
    """The whole program, for these operations."""
    return "\n".join(['"use strict";', constants(), operations(names), *map(file, files)])
