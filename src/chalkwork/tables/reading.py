"""Tables in files: CSV and Parquet become columns of text."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from io import StringIO
from itertools import accumulate, islice
from pathlib import Path
from stat import S_ISREG

from chalkwork.counting import counted
from chalkwork.errors import ChalkworkError
from chalkwork.tables.csv_fast import blocks, read_regular, regular_blocks, scanned_block
from chalkwork.tables.pieces import Pieces, open_parquet
from chalkwork.tables.table import Table, checked_names

MOST_BYTES = 16 * 2**30
MOST_IRREGULAR = 256 * 2**20
MOST_CELLS = 400_000_000
PARQUET = (".parquet", ".pq")
DELIMITERS = ",;\t"
LARGE = 100_000_000
"""Cells from which a table is not read as a whole."""
PROBED = 2**20
"""Bytes at the beginning by which it is found out how a file is written."""
_PROBED = 20
"""Rows by which the delimiter is found."""
_FOREIGN = (
    (b"PK\x03\x04", "a zip archive or a spreadsheet (.xlsx, .ods)", "save it as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet (.xls)", "save it as CSV"),
    (b"\xff\xfe", "text in UTF-16", "save it as UTF-8"),
    (b"\xfe\xff", "text in UTF-16", "save it as UTF-8"),
    (b"PAR1", "Parquet", "give it the suffix .parquet"),
    (b"\x1f\x8b", "compressed (gzip)", "unpack it first"),
)


def read_table(
    source: str | Path | bytes, decimal: str = "", missing: Iterable[str] = (), file: str = "", dates: str = ""
) -> Table:
    """The table in a file: CSV in UTF-8 (whether commas, semicolons or tabs separate is found out), or Parquet.

    The first row holds the names of the columns; one without a name is called after its place. Quoted cells may hold
    anything, empty lines are skipped. `decimal` is the decimal mark, `.` or `,`, where a column leaves it open; without
    it such a column is refused; and `dates` what stands first in dates such as 3/4/2024, `d` the day or `m` the month,
    where a column leaves that open. `missing` are texts that stand for a missing value, besides the usual ones. Bytes
    are the content itself, and `file` is what it is called.

    Read are at most 16 GiB, 10,000 columns, 400 million cells of 131,072 characters, and 256 MiB of a CSV file that is
    not regular: with empty lines, or line breaks in cells. Raises ChalkworkError, with the file and the line, for
    anything else.

    >>> table = read_table(b'name;size\\n"a;b";1,5\\n', file="sizes.csv")
    >>> table.names, table["name"], table["size"], table.delimiter
    (('name', 'size'), ('a;b',), ('1,5',), ';')
    """
    path = source if isinstance(source, bytes) else Path(source)
    file = file or ("a table" if isinstance(path, bytes) else str(path))
    words = frozenset(text.strip().lower() for text in missing)
    try:
        table = _table(path, file)
        return replace(table, decimal=decimal or table.decimal, missing=words, dates=dates)
    except FileNotFoundError:
        raise ChalkworkError("there is no such file", file=file) from None
    except OSError as error:
        raise ChalkworkError(f"the file cannot be read: {error.strerror}", file=file) from None
    except ChalkworkError as error:
        raise error.at(file=file) from None


def table_or_pieces(path: Path, decimal: str = "", missing: Iterable[str] = (), dates: str = "") -> Pieces | Table:
    """The table in a file, or in the Parquet files of a folder; in pieces where it has more than 100 million cells.

    Raises ChalkworkError as `read_table` does, and for a folder without Parquet files or with other columns in one.
    """
    words = frozenset(text.strip().lower() for text in missing)
    pieces = None
    if path.is_dir() or (path.is_file() and path.suffix.lower() in PARQUET):
        files = sorted(
            each for each in (path.iterdir() if path.is_dir() else (path,)) if each.suffix.lower() in PARQUET
        )
        if not files:
            raise ChalkworkError("this folder holds no .parquet file", file=str(path))
        pieces = open_parquet(files, str(path))
    elif path.is_file() and path.stat().st_size > LARGE:
        pieces = _csv_pieces(path)
    if pieces is None or (len(pieces) * len(pieces.names) <= LARGE and pieces.delimiter):
        return read_table(path, decimal, missing, dates=dates)
    pieces = replace(pieces, decimal=decimal, missing=words, dates=dates)
    return pieces if len(pieces) * len(pieces.names) > LARGE else pieces.table()


def _csv_pieces(path: Path) -> Pieces | None:
    """The blocks of a CSV file; None where it has to be looked at more closely."""
    found = dialect(path)
    blocks = regular_blocks(path, found[0], len(found[1])) if found else ()
    if not blocks or found is None:
        return None
    delimiter, names = found
    starts = accumulate((size for size, _ in blocks), initial=0)
    scans = [
        partial(scanned_block, path, start, size, delimiter) for start, (size, _) in zip(starts, blocks, strict=False)
    ]
    rows = (blocks[0][1] - 1, *(rows for _, rows in blocks[1:]))
    return Pieces(str(path), tuple(scans), rows, names, delimiter)


def _table(source: Path | bytes, file: str) -> Table:
    size = len(source) if isinstance(source, bytes) else _size(source)
    if size > MOST_BYTES:
        raise ChalkworkError(f"the file has {size} bytes; at most {MOST_BYTES} are read")
    in_parquet = source.startswith(b"PAR1") if isinstance(source, bytes) else source.suffix.lower() in PARQUET
    if in_parquet:
        return open_parquet([source], file).table()
    table = _regular(source, file)
    if table is None and size > MOST_IRREGULAR:
        raise ChalkworkError(
            f"the file has {size} bytes; at most {MOST_IRREGULAR} are read where lines are empty, rows are not equally "
            "long, or cells hold line breaks",
            hint="write it as Parquet",
        )
    return table or _parsed(_text(source if isinstance(source, bytes) else source.read_bytes()), file)


def _size(path: Path) -> int:
    status = path.stat()
    if not S_ISREG(status.st_mode):
        raise ChalkworkError("this is no file")
    return status.st_size


def _regular(source: Path | bytes, file: str) -> Table | None:
    """The table where the file is regular."""
    found = dialect(source)
    frame = read_regular(source, found[0], len(found[1])) if found else None
    if frame is None or found is None:
        return None
    if frame.height * frame.width > MOST_CELLS:
        raise ChalkworkError(f"the table has {frame.height * frame.width} cells; at most {MOST_CELLS} are read")
    return Table(file, found[1], tuple(frame.get_columns()), range(2, frame.height + 2), found[0])


def dialect(source: Path | bytes) -> tuple[str, tuple[str, ...]] | None:
    """The delimiter and the names of the columns; None where the file does not begin with them, in UTF-8."""
    head = next(blocks(source), b"")[:PROBED]
    head = head[: head.rfind(b"\n") + 1]
    if not head or any(head.startswith(start) for start, _, _ in _FOREIGN):
        return None
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    delimiter = _delimiter(text)
    first = next(_rows(text, delimiter), (0, []))
    if first[0] != 1:
        return None
    return delimiter, checked_names(first[1])


def _text(content: bytes) -> str:
    for start, what, hint in _FOREIGN:
        if content.startswith(start):
            raise ChalkworkError(f"this is {what}, not CSV", hint=hint)
    if b"\0" in content:
        line = content.count(b"\n", 0, content.index(b"\0")) + 1
        raise ChalkworkError("this is a binary file, not CSV: it holds a zero byte", line=line)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ChalkworkError(
            f"the byte {error.object[error.start]:#04x} is not UTF-8",
            line=error.object.count(b"\n", 0, error.start) + 1,
            hint="save the file as UTF-8; a spreadsheet calls it 'CSV UTF-8'",
        ) from None


def _parsed(text: str, file: str) -> Table:
    delimiter = _delimiter(text)
    rows = _rows(text, delimiter)
    first = next(rows, None)
    if first is None:
        raise ChalkworkError("the file is empty")
    names = checked_names(first[1])
    cells: list[list[str]] = []
    lines: list[int] = []
    for line, row in rows:
        if len(row) != len(names):
            raise ChalkworkError(
                f"this row has {_cells(len(row))}, but the header has {len(names)}",
                line=line,
                hint="a cell that holds the separator is written in quotation marks" if len(row) > len(names) else None,
            )
        cells.append(row)
        lines.append(line)
        if len(cells) * len(names) > MOST_CELLS // 10:
            raise ChalkworkError(f"the table has more than {MOST_CELLS // 10} cells", line=line)
    if not cells:
        raise ChalkworkError("the file has a header and no row of data")
    return Table(file, names, tuple(zip(*cells, strict=True)), tuple(lines), delimiter)


def _cells(count: int) -> str:
    return counted(count, "cell")


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Every row that is no empty line, with the line on which it begins."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise ChalkworkError(_said(str(error)), line=line) from None
        if row is None:
            return
        if row:
            yield line, row


def _said(reason: str) -> str:
    if "unexpected end" in reason:
        return "a quotation mark opens here and is never closed"
    if "expected after" in reason:
        return "there is text after a closing quotation mark"
    if "field limit" in reason or "field larger" in reason:
        return f"a cell has more than {csv.field_size_limit()} characters"
    return f"this row cannot be read: {reason}"


def _delimiter(text: str) -> str:
    """The sign that splits the header, and the first rows into as many cells; the one with most cells among equals."""

    def fit(sign: str) -> tuple[bool, bool, int]:
        widths: list[int] = []
        with suppress(ChalkworkError):  # a row that cannot be read is reported when it is read
            widths += map(len, (row for _, row in islice(_rows(text, sign), _PROBED)))
        return bool(widths) and widths[0] > 1, len(set(widths)) == 1, widths[0] if widths else 0

    return max(DELIMITERS, key=fit)
