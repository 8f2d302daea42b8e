"""Tables piece by piece: files in Parquet, of which the values keep their types, or the blocks of a CSV file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from chalkwork.errors import ChalkworkError
from chalkwork.tables.packages import frames
from chalkwork.tables.table import Table, checked_names

CHUNK = 20_000
"""Rows that are read in one go."""


@dataclass(frozen=True)
class Pieces:
    """A table piece by piece: Parquet files in the order of their names, or the blocks of a CSV file."""

    file: str
    scans: tuple[Callable[[], Any], ...]
    """What reads each piece, as a lazy frame of polars."""
    rows: tuple[int, ...]
    """How many each piece has."""
    names: tuple[str, ...]
    delimiter: str = ""
    """Of a CSV file, in which a row has a line."""
    missing: frozenset[str] = frozenset()
    decimal: str = ""
    dates: str = ""

    def __len__(self) -> int:
        return sum(self.rows)

    def table(self, columns: Sequence[str] | None = None) -> Table:
        """All rows at once, of some columns."""
        names = self.names if columns is None else tuple(dict.fromkeys(columns))
        for name in names:
            if name not in self.names:
                Table(self.file, self.names, (), ()).series(name)
        with _sound(self.file):
            content = frames().concat([self._read(place).select(names).collect() for place in range(len(self.scans))])
        return self.like(content, range(len(self)))

    def chunks(self, order: Sequence[int] | None = None) -> Iterator[tuple[int, Table]]:
        """The rows, so many at a time, with the number of the first; the pieces in an order."""
        starts = np.cumsum([0, *self.rows])
        for place in range(len(self.scans)) if order is None else order:
            at = int(starts[place])
            with _sound(self.file):
                for content in self._read(place).collect_batches(chunk_size=CHUNK, maintain_order=True):
                    yield at, self.like(content, range(at, at + len(content)), part=True)
                    at += len(content)

    def _read(self, place: int) -> Any:
        scan = self.scans[place]()
        return scan.rename(dict(zip(scan.collect_schema().names(), self.names, strict=True)))

    def like(self, content: Any, rows: Sequence[int], part: bool = False) -> Table:
        """A table of these rows."""
        lines = [row + (2 if self.delimiter else 1) for row in rows]
        columns, delimiter = tuple(content.get_columns()), self.delimiter or ","
        found = self.file, tuple(content.columns), columns, lines, delimiter, self.decimal, self.missing, self.dates
        return Table(*found, part)


@contextmanager
def _sound(file: str) -> Iterator[None]:
    """What polars cannot read, or is no Parquet, in words."""
    try:
        yield
    except (frames().exceptions.PolarsError, OSError):
        raise ChalkworkError("this is no Parquet file, or a broken one", file=file) from None


def open_parquet(sources: Sequence[Path | bytes], file: str) -> Pieces:
    """Files in Parquet, or the content of one, as one table.

    Raises ChalkworkError where one is broken, holds lists or other nested values, or has other columns than the first.
    """
    polars = frames()
    first: dict[str, Any] = {}
    for source in sources:
        name = file if isinstance(source, bytes) else str(source)
        with _sound(name):
            schema = dict(polars.read_parquet_schema(source))
        if schema != (first := first or schema):
            raise ChalkworkError("the columns, or their types, are not those of the first file", file=name)
    names = checked_names(list(first))
    _check_types(dict(zip(names, first.values(), strict=True)))
    scans = tuple(partial(polars.scan_parquet, source, glob=False) for source in sources)
    rows = tuple(int(scan().select(polars.len()).collect().item()) for scan in scans)
    if not sum(rows):
        raise ChalkworkError("there is a header and no row of data", file=file)
    return Pieces(file, scans, rows, names)


def _check_types(kinds: dict[str, Any]) -> None:
    """Raise ChalkworkError where a column holds no numbers, texts, dates, or true and false."""
    polars = frames()
    for name, kind in kinds.items():
        if kind.is_nested() or kind in (polars.Binary, polars.Object, polars.Duration):
            raise ChalkworkError(
                f"column {name!r:.60} holds a {str(kind).lower():.40}", hint="give it one value a cell"
            )
