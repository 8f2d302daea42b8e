"""The program of the page: what the operations table says in JavaScript, and the files of this room in order."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from math import inf, isfinite
from pathlib import Path

from chalkwork.algebra.operations import TABLE, Operation, convolutions, heads
from chalkwork.algebra.operations.entry import argument_names
from chalkwork.algebra.operations.special import COEFFICIENTS

FOLDER = Path(__file__).parent
MARKING = (
    "arrays",
    "intervals",
    "enclosures",
    "slopes",
    "windows",
    "heads",
    "reading",
    "work",
    "explaining",
    "adopting",
    "seen",
    "marking",
)
"""What is needed to mark, in order."""
_SELDOM = {
    "windows": frozenset(operation.name for operation in convolutions.OPERATIONS) - {"turned"},
    "heads": frozenset(("masked_softmax", *(operation.name for operation in heads.OPERATIONS))),
}
"""Files that only some operations need."""


def operations(names: Iterable[str] = tuple(TABLE)) -> str:
    """The operations as JavaScript: the value, and what their enclosure asks for.

    >>> print(operations(["add", "tanh"]).splitlines()[1])
    "add": {entrywise: true, value: (a, b) => a + b},
    """
    lines = [f"{json.dumps(name)}: {_entry(TABLE[name])}," for name in names if TABLE[name].script]
    return "\n".join(["const OPERATIONS = {", *lines, "};"])


def _entry(entry: Operation) -> str:
    arguments = ", ".join((*argument_names(entry.arity), *entry.parameters))
    fields = {
        "entrywise": "true" if entry.entrywise else "false",
        "value": f"({arguments}) => {entry.script}",
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
    return squeezed((FOLDER / f"{name}.js").read_text(encoding="utf-8"))


_PIECE = re.compile(
    r"""(?P<comment>//[^\n]*)|(?P<kept>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)|(?P<word>[\w$]+)|(?P<space>\s+)|(?P<sign>.)""",
    re.DOTALL,
)
_REGEX = re.compile(r"/(?:[^/\\\n\[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")
_BEFORE_REGEX = frozenset("(,=:[!&|?{};+")


def squeezed(source: str) -> str:
    """The program without comments, and without spaces where it means the same.

    >>> squeezed('const a = "b  c" ;  // said\\nreturn x / 2 + /[ /]/.test(a);\\n')
    'const a="b  c";\\nreturn x/2+/[ /]/.test(a);\\n'
    """
    found: list[str] = []
    at = 0
    while at < len(source):
        before = next((piece for piece in reversed(found) if piece.strip()), ";")
        able = before[-1] in _BEFORE_REGEX or before == "return"
        piece = _REGEX.match(source, at) if able else None
        if piece is None or source.startswith("//", at):
            piece = _PIECE.match(source, at)
            assert piece is not None
            kind = piece.lastgroup
        else:
            kind = "kept"
        at = piece.end()
        if kind == "space":
            found.append("\n" if "\n" in piece[0] else " ")
        elif kind != "comment":
            found.append(piece[0])
    return _needed(found)


def _needed(pieces: list[str]) -> str:
    """The pieces with a space only between words, or signs that would be another together; line ends stay."""
    text: list[str] = []
    for place, piece in enumerate(pieces):
        if not piece.isspace():
            text.append(piece)
            continue
        before = text[-1] if text else "\n"
        after = next((one for one in pieces[place + 1 :] if not one.isspace()), "\n")
        if piece == "\n":
            if before != "\n" and before[-1] not in "{(,[":
                text.append("\n")
        elif (_is_word(before[-1]) and _is_word(after[0])) or (before[-1] in "+-" and after[0] == before[-1]):
            text.append(" ")
    return "".join(text)


def _is_word(sign: str) -> bool:
    return sign.isalnum() or sign in "_$"


def program(names: Iterable[str] = tuple(TABLE), files: Iterable[str] = MARKING) -> str:
    """The whole program, for these operations; what only some of them need comes with those."""
    names = list(names)
    files = [name for name in files if name not in _SELDOM or not _SELDOM[name].isdisjoint(names)]
    return "\n".join(['"use strict";', constants(), operations(names), *map(file, files)])
