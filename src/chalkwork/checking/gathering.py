"""Entries that were given one by one, `z1[1]` and `z1[2]`, put together to the whole that they belong to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from chalkwork.algebra.entries import place_of, split_entry
from chalkwork.algebra.operations import words
from chalkwork.checking.names import NameTable
from chalkwork.words import Text

_ENTRY = re.compile(r"\s*[^\s\[\]][^\[\]]*\[\s*[0-9]{1,7}\s*(?:,\s*[0-9]{1,7}\s*){0,7}\]\s*")


def whole_of(word: str) -> str:
    """The name without the index of an entry; any other name as it is.

    >>> whole_of("z1[2]"), whole_of("W1 [1, 2]"), whole_of("L"), whole_of("[1]")
    ('z1', 'W1', 'L', '[1]')
    """
    return split_entry(word.strip())[0].strip() if _ENTRY.fullmatch(word) else word


def _empty(shape: tuple[int, ...]) -> Any:
    """Nothing in every entry of the shape, as nested lists."""
    return [_empty(shape[1:]) for _ in range(shape[0])] if shape else None


def gathered(
    given: Mapping[str, object],
    table: NameTable,
    shapes: Mapping[str, tuple[int, ...]],
    mapping: Mapping[str, str] | None = None,
) -> tuple[Mapping[str, object], dict[str, Text]]:
    """The answers with entries put together, and why some entries are not used.

    A whole that was given too is left as it is.

    >>> from chalkwork.typesetting.notation import Notation
    >>> from chalkwork.typesetting.symbols import Symbols
    >>> table = NameTable(["z1"], Symbols(Notation(), layers=1))
    >>> whole, refused = gathered({"z1[2]": "0.5", "z1[9]": "1"}, table, {"z1": (2, 1)})
    >>> whole, str(refused["z1[9]"])
    ({'z1': [[None], ['0.5']]}, 'z1 is 2x1 and has no such entry')
    """
    entries = [word for word in given if _ENTRY.fullmatch(word)]
    if not entries:
        return given, {}
    rest = {word: value for word, value in given.items() if word not in entries}
    taken = {known: word for word, known in table.match(rest, mapping)[0].items()}
    wholes: dict[str, Any] = {}
    refused: dict[str, Text] = {}
    seen: set[tuple[str | int, ...]] = set()
    for word in entries:
        base, index = split_entry(word.strip())
        matched, reasons = table.match([base.strip()], mapping)
        known = next(iter(matched.values()), "")
        if not known:
            refused[word] = next(iter(reasons.values()))
            continue
        if known in taken:
            refused[word] = Text.of("unused.given_already", name=known, word=taken[known])
            continue
        shape = shapes[known] or (1, 1)
        try:
            place = place_of(base, index, shape)
        except KeyError:
            none = Text.of("unused.no_entry", name=known, size=words(shape))
            refused[word] = none if shapes[known] else Text.of("unused.no_entry_of_number", name=known)
            continue
        if (known, *place) in seen:
            refused[word] = Text.of("unused.twice")
            continue
        seen.add((known, *place))
        whole = wholes.setdefault(known, _empty(shape))
        for at in place[:-1]:
            whole = whole[at]
        whole[place[-1]] = given[word]
    return {**rest, **wholes}, refused
