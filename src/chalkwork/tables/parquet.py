"""Tables in Parquet: values become the text that a CSV file would hold."""

from __future__ import annotations

from dataclasses import replace
from math import isnan
from pathlib import Path
from typing import Any

from chalkwork.errors import ChalkworkError
from chalkwork.packages import package
from chalkwork.tables.table import MOST_CELLS, Table, checked_names


def read_parquet(path: Path) -> Table:
    """The table in a Parquet file, which is bounded as CSV is.

    Raises ChalkworkError where pyarrow is missing, for columns that hold lists or other nested values, and for what
    is no Parquet.
    """
    parquet = package("pyarrow.parquet", "reading Parquet", "pip install pyarrow, or save the table as CSV")
    try:
        file = parquet.ParquetFile(path)
        rows, columns = file.metadata.num_rows, len(file.schema_arrow.names)
        names = checked_names(file.schema_arrow.names)
        if rows * columns > MOST_CELLS:
            raise ChalkworkError(f"the table has {rows * columns} cells; at most {MOST_CELLS} are read")
        if not rows:
            raise ChalkworkError("the file has a header and no row of data")
        content = file.read()
    except ChalkworkError:
        raise
    except (ValueError, OSError, RuntimeError):
        raise ChalkworkError("this is no Parquet file, or a broken one") from None
    values = [content.column(place).to_pylist() for place in range(columns)]
    cells = tuple(tuple(_text(value, name) for value in each) for name, each in zip(names, values, strict=True))
    table = Table(str(path), names, cells, tuple(range(1, rows + 1)))
    texts = [name for place, name in enumerate(names) if any(isinstance(v, str) for v in values[place])]
    return table if any(table.look(name).open for name in texts) else replace(table, decimal=".")


def _text(value: Any, name: str) -> str:
    if value is None or (isinstance(value, float) and isnan(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict | tuple | bytes):
        raise ChalkworkError(f"column {name!r:.60} holds a {type(value).__name__}", hint="give it one value a cell")
    return str(value)
