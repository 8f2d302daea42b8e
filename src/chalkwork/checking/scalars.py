"""A network written without arrays, a variable for each unit and each weight: `net_h1`, `net_h2`, `w1` to `w8`.

The variables that differ only in a number are one quantity, in the order of their numbers, if most of its entries are
there; the weights of all layers may be numbered through.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from chalkwork.checking.programs import Reader

_NUMBERED = re.compile(r"(.*[^\W\d])(\d{1,2})(\D*)")
_SAME = 1e-9
Whole = tuple[str, ...]
"""The words of the entries, row by row."""


def wholes(reader: Reader, scalars: Mapping[str, float]) -> dict[str, Whole]:
    """The quantities whose entries are single numbers of a program, with their words."""
    found: dict[str, Whole] = {}
    families: dict[tuple[str, str], dict[int, str]] = {}
    for word in scalars:
        parts = _NUMBERED.fullmatch(word)
        if parts is not None and word not in reader.values:
            families.setdefault((parts[1], parts[3]), {})[int(parts[2])] = word
    for numbered in families.values():
        words = tuple(numbered[number] for number in sorted(numbered))
        if len(words) > 1 and sorted(numbered)[-1] - sorted(numbered)[0] == len(words) - 1:
            for name, own in _parts(reader, words, [scalars[word] for word in words]):
                found.setdefault(name, own)
    return found


def whole_of(reader: Reader, name: str, entries: Sequence[float]) -> Any:
    """The entries in the shape of the quantity."""
    return np.asarray(entries, dtype=float).reshape(np.shape(reader.values[name]))


def _parts(reader: Reader, words: Whole, values: Sequence[float]) -> Iterator[tuple[str, Whole]]:
    names = (*reader.givens.known, *reader.context.derivation)
    one = [(_met(reader, name, values), name) for name in names if np.size(reader.values[name]) == len(words)]
    best = max(one, key=lambda item: item[0], default=(0, ""))
    if 2 * best[0] >= len(words):
        yield best[1], words
        return
    for suffix in ("", *(f"_new{number}" for number in ("", 2, 3))):
        weights = [f"W{layer}{suffix}" for layer in reader.weighed if f"W{layer}{suffix}" in reader.values]
        if not weights or sum(np.size(reader.values[name]) for name in weights) != len(words):
            continue
        ends = np.cumsum([0, *(np.size(reader.values[name]) for name in weights)])
        spans = [slice(start, end) for start, end in pairwise(ends)]
        met = sum(_met(reader, name, values[span]) for name, span in zip(weights, spans, strict=True))
        if 2 * met >= len(words):
            yield from ((name, words[span]) for name, span in zip(weights, spans, strict=True))
            return


def _met(reader: Reader, name: str, values: Sequence[float]) -> int:
    """How many entries are right."""
    right = np.asarray(reader.values[name], dtype=float).ravel()
    return int(np.sum(np.abs(np.asarray(values) - right) <= _SAME * np.abs(right) + 1e-15))
