"""Tables in Parquet, of which the values keep their types."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

from chalkwork.errors import ChalkworkError
from chalkwork.tables.packages import frames
from chalkwork.tables.table import Table, checked_names


def read_parquet(source: Path | BytesIO, file: str) -> Table:
    """The table in a Parquet file.

    Raises ChalkworkError for columns that hold lists or other nested values, and for what is no Parquet.
    """
    polars = frames()
    try:
        schema = polars.read_parquet_schema(source)
        names = checked_names(list(schema))
        check_types(dict(zip(names, schema.values(), strict=True)))
        content = polars.read_parquet(source, glob=False)
    except ChalkworkError:
        raise
    except (polars.exceptions.PolarsError, ValueError, OSError):
        raise ChalkworkError("this is no Parquet file, or a broken one") from None
    if not len(content):
        raise ChalkworkError("the file has a header and no row of data")
    return of_frame(content, names, file)


def of_frame(content: Any, names: tuple[str, ...], file: str) -> Table:
    """The table of a frame; texts in it may leave open which decimal mark they have, numbers do not."""
    table = Table(file, names, tuple(content.get_columns()), range(1, len(content) + 1))
    texts = [name for name in names if table.series(name).dtype == frames().String]
    return table if any(table.look(name).open for name in texts) else replace(table, decimal=".")


def check_types(kinds: dict[str, Any]) -> None:
    """Raise ChalkworkError where a column holds no numbers, texts, dates, or true and false."""
    polars = frames()
    for name, kind in kinds.items():
        if kind.is_nested() or kind in (polars.Binary, polars.Object, polars.Duration):
            raise ChalkworkError(
                f"column {name!r:.60} holds a {str(kind).lower():.40}", hint="give it one value a cell"
            )
