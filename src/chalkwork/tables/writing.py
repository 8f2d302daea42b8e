"""Tables written for people and spreadsheets: what a spreadsheet would take for a formula is made harmless."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from typing import Any

import numpy as np

from chalkwork.networks.data import Array
from chalkwork.tables.cells import cell
from chalkwork.tables.forms import as_text
from chalkwork.tables.table import Rows, Table
from chalkwork.tables.targets import Classes, Labels, Target

BLOCK = 20_000
"""Rows that are written in one go."""
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def harmless(text: str) -> str:
    """The text with an apostrophe before it where a spreadsheet would take it for a formula; numbers stay numbers.

    >>> harmless("=cmd()"), harmless("-1.5"), harmless(" +a"), harmless("a=b")
    ("'=cmd()", '-1.5', "' +a", 'a=b')
    """
    starts = text.startswith(("\t", "\r", "\n")) or text.lstrip().startswith(_FORMULA)
    return f"'{text}" if starts and cell(text) is None else text


def csv_text(header: Sequence[str], rows: Iterable[Sequence[str]], delimiter: str = ",") -> str:
    """CSV with this header and these rows, every cell harmless.

    >>> csv_text(["a"], [["=1+1"]])
    "a\\n'=1+1\\n"
    """
    stream = StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
    writer.writerow([harmless(name) for name in header])
    writer.writerows([harmless(text) for text in row] for row in rows)
    return stream.getvalue()


def predicted_columns(target: Target, outputs: Array, table: Table, mark: str) -> tuple[list[str], list[list[str]]]:
    """The names and cells that predictions add to a table: predictions first, then probabilities."""
    decoded, chances = target.decode(outputs), target.probabilities(outputs)
    names = ["prediction"] if len(target.names) == 1 else [f"prediction {name}" for name in target.names]
    columns = [[said(target, place, value, mark) for value in decoded[:, place]] for place in range(len(names))]
    if chances is not None:
        of = target.values if isinstance(target, Classes) else target.names
        names += [f"probability {name}" for name in of]
        columns += [[_number(value, mark, 6) for value in chances[:, place]] for place in range(len(of))]
    return unused(names, table.names), columns


def said(target: Target, place: int, value: Any, mark: str) -> str:
    """One prediction as text."""
    if isinstance(target, Classes):
        return target.values[int(value)]
    return target.pairs[place][int(value)] if isinstance(target, Labels) else _number(value, mark, 10)


def _number(value: float, mark: str, digits: int) -> str:
    return f"{value:.{digits}g}".replace(".", mark)


def unused(names: list[str], taken: Sequence[str]) -> list[str]:
    """The names, with a 2 behind those that the table has already."""
    found: list[str] = []
    for name in names:
        while name in taken or name in found:
            name += " 2"
        found.append(name)
    return found


def with_predictions(
    table: Table, rows: Rows, target: Target, outputs: Array, mark: str = "", header: bool = True
) -> Iterator[str]:
    """The rows of the table as CSV in its own dialect, with the columns that predictions add, block by block."""
    names, columns = predicted_columns(target, outputs, table, mark or table.mark)
    places = np.arange(len(table))[rows]
    if header:
        yield csv_text([*table.names, *names], (), table.delimiter)
    for start in range(0, len(places), BLOCK):
        block = slice(start, start + BLOCK)
        ours = [map(harmless, column[block]) for column in columns]
        stream = StringIO(newline="")
        writer = csv.writer(stream, delimiter=table.delimiter, lineterminator="\n")
        writer.writerows(zip(*(_cells(table, name, places[block]) for name in table.names), *ours, strict=True))
        yield stream.getvalue()


def _cells(table: Table, name: str, rows: Array) -> Array:
    """The harmless cells of a column; plain numbers are known to be."""
    texts: Array = as_text(table.series(name).gather(rows)).to_numpy().copy()
    values = table.look(name).values
    for place in range(len(texts)) if values is None else np.flatnonzero(np.isnan(values[rows])):
        texts[place] = harmless(texts[place])
    return texts
