"""Names of steps, and a column of a table that was answered at once: its rows as the answers of the steps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chalkwork.counting import counted


def split_step(name: str) -> tuple[str, int | None]:
    """A name without the number of its step, and the number.

    >>> split_step("dw12"), split_step("line_slope")
    (('dw', 12), ('line_slope', None))
    """
    letters = name.rstrip("0123456789")
    return letters, int(name[len(letters) :]) if len(letters) < len(name) else None


def spread(
    given: Mapping[str, object], columns: Mapping[str, Sequence[str]]
) -> tuple[dict[str, object], dict[str, str]]:
    """The answers with every column as many, and why a column is not used: it has another number of rows.

    >>> spread({"z": "0.5; -1", "w": [[1, 2], [3, 4]], "L": 1}, {"z": ("z1", "z2"), "w": ("w1", "w2")})[0]
    {'z1': '0.5', 'z2': '-1', 'w1': [1, 2], 'w2': [3, 4], 'L': 1}
    """
    found: dict[str, object] = {}
    unused: dict[str, str] = {}
    for word, value in given.items():
        names = columns.get(word)
        if names is None:
            found[word] = value
            continue
        rows = _rows(value)
        if len(rows) == len(names):
            found |= {name: row for name, row in zip(names, rows, strict=True) if name not in given}
        elif value is not None and value != "":
            unused[word] = f"it has {counted(len(rows), 'row')}, and {len(names)} are asked for"
    return found, unused


def _rows(value: Any) -> list[object]:
    """The rows of a column: of a text what stands between semicolons, entries parted by spaces."""
    if isinstance(value, str):
        text = re.sub(r"^\s*\[(.*)\]\s*$", r"\1", value, flags=re.DOTALL)
        return [_row(part) for part in text.split(";")]
    if isinstance(value, Iterable):
        return list(value)
    return []


def _row(text: str) -> object:
    entries = [entry.strip(",") for entry in text.replace("[", " ").replace("]", " ").split()]
    return entries[0] if len(entries) == 1 else entries or None
