"""Entries that were given one by one, `z1[1]` and `z1[2]`, put together to the whole that they belong to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from chalkwork.algebra.entries import entry_name, place_of, split_entry
from chalkwork.algebra.operations import words
from chalkwork.checking.reading.names import MAX_NAME, NameTable
from chalkwork.words import Text

_ENTRY = re.compile(r"\s*[^\s\[\]][^\[\]]*\[\s*[0-9]{1,7}\s*(?:,\s*[0-9]{1,7}\s*){0,7}\]\s*")
_NUMBERED = re.compile(r"(.*[^\W_])[\s_^]*[\[({]*[0-9][0-9\s,;_]*[\])}]*")
_DIGITS = re.compile(r"[0-9]+")
_BETWEEN = re.compile(r"[\s_^\[({,;]+")
_MOST_DIGITS = 6

Plan = tuple[dict[str, tuple[str, tuple[int, ...]]], dict[str, Text]]
"""Which words are entries of what, and why others are not used."""


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

    A whole that was given too is left as it is, and a word that can be two entries is not used.

    >>> from chalkwork.typesetting.notation import Notation
    >>> from chalkwork.typesetting.symbols import Symbols
    >>> table = NameTable(["z1"], Symbols(Notation(), layers=1))
    >>> whole, refused = gathered({"z1[2]": "0.5", "z1[9]": "1"}, table, {"z1": (2, 1)})
    >>> whole, str(refused["z1[9]"])
    ({'z1': [[None], ['0.5']]}, 'z1 is 2x1 and has no such entry')
    """
    entries, refused = _plan(tuple(given), table, shapes, mapping)
    if not entries and not refused:
        return given, {}
    wholes: dict[str, Any] = {}
    for word, (known, place) in entries.items():
        whole = wholes.setdefault(known, _empty(shapes[known] or (1, 1)))
        for at in place[:-1]:
            whole = whole[at]
        whole[place[-1]] = given[word]
    rest = {word: value for word, value in given.items() if word not in entries and word not in refused}
    return {**rest, **wholes}, dict(refused)


def entries_in(given: Iterable[str], table: NameTable, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, str]:
    """Which words are entries, each with the name of the whole."""
    return {word: known for word, (known, _) in _plan(tuple(given), table, shapes, None)[0].items()}


def _plan(
    given: tuple[str, ...],
    table: NameTable,
    shapes: Mapping[str, tuple[int, ...]],
    mapping: Mapping[str, str] | None,
) -> Plan:
    """What `_planned` says, which a class needs to hear once."""
    if mapping:
        return _planned(given, table, shapes, mapping)
    if given not in table.plans:
        table.plans[given] = _planned(given, table, shapes, None)
    found: Plan = table.plans[given]
    return found


def _planned(
    given: tuple[str, ...],
    table: NameTable,
    shapes: Mapping[str, tuple[int, ...]],
    mapping: Mapping[str, str] | None,
) -> Plan:
    matched, unknown = table.match([word for word in given if not _ENTRY.fullmatch(word)], mapping)
    taken = {known: word for word, known in matched.items()}
    found: dict[str, tuple[str, tuple[int, ...]]] = {}
    refused: dict[str, Text] = {}
    seen: set[tuple[str | int, ...]] = set()
    for word in given:
        if _ENTRY.fullmatch(word):
            base, index = split_entry(word.strip())
            readings, why = _of_index(base, index, table, shapes, mapping)
        elif word in unknown and len(word) < MAX_NAME and _NUMBERED.fullmatch(word):
            readings, why = _of_digits(word, table, shapes, mapping), None
        else:
            continue
        if len(readings) > 1:
            one, other = (entry_name(known, shapes[known], *place) for known, place in readings[:2])
            refused[word] = Text.of("unused.ambiguous", name=word, names=Text.of("unused.or", first=one, second=other))
        elif not readings:
            if why is not None:
                refused[word] = why
        elif readings[0][0] in taken:
            known = readings[0][0]
            refused[word] = Text.of("unused.given_already", name=known, word=taken[known])
        elif (readings[0][0], *readings[0][1]) in seen:
            refused[word] = Text.of("unused.twice")
        else:
            seen.add((readings[0][0], *readings[0][1]))
            found[word] = readings[0]
    return found, refused


Reading = tuple[str, tuple[int, ...]]


def _of_index(
    base: str,
    index: tuple[str, ...],
    table: NameTable,
    shapes: Mapping[str, tuple[int, ...]],
    mapping: Mapping[str, str] | None,
) -> tuple[list[Reading], Text | None]:
    """The entry that `base[index]` is, or why it is none."""
    names, reasons = table.match([base.strip()], mapping)
    known = next(iter(names.values()), "")
    if not known:
        return [], next(iter(reasons.values()))
    shape = shapes[known] or (1, 1)
    try:
        return [(known, place_of(base, index, shape))], None
    except KeyError:
        none = Text.of("unused.no_entry", name=known, size=words(shape))
        return [], none if shapes[known] else Text.of("unused.no_entry_of_number", name=known)


def _of_digits(
    word: str, table: NameTable, shapes: Mapping[str, tuple[int, ...]], mapping: Mapping[str, str] | None
) -> list[Reading]:
    """What entries a word can mean whose index stands in digits: z1_2, W1_new_11, W1(1,2), z12.

    In z12 the layer and the unit may stand either way round.
    """
    bare = word.strip().rstrip("])} ")
    digits = list(_DIGITS.finditer(bare))
    readings: list[Reading] = []
    for count in range(1, min(len(digits), 3) + 1):
        own = digits[-count:]
        if own[-1].end() != len(bare):
            return []
        base, index = bare[: own[0].start()], tuple(part[0] for part in own)
        between = base.rstrip(" _^[({")
        if not all(_BETWEEN.fullmatch(bare[one.end() : other.start()]) for one, other in pairwise(own)):
            break
        if len(between) < len(base):
            spellings = [(between, index)]
            if count == 1 and len(index[0]) == 2:
                spellings.append((between, tuple(index[0])))
        elif count == 1 and 2 <= len(index[0]) <= _MOST_DIGITS:
            run = index[0]
            spellings = [(base + run[:1], tuple(run[1:])), (base, tuple(run))]
            if len(run) == 2:
                spellings.append((base + run[1], (run[0],)))
        else:
            spellings = [(base, index)]
        for name, place in spellings:
            found, _ = _of_index(name, place, table, shapes, mapping) if name else ([], None)
            readings += [each for each in found if each not in readings and shapes[each[0]]]
    return readings
