"""Tables in files: CSV and Parquet become columns of text, with the line on which each row stands."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from io import StringIO
from itertools import islice
from pathlib import Path
from stat import S_ISREG

from chalkwork.documents.literal import visible
from chalkwork.errors import ChalkworkError

MOST_BYTES = 256 * 2**20
MOST_COLUMNS = 10_000
MOST_CELLS = 20_000_000
DELIMITERS = ",;\t"
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


@dataclass(frozen=True)
class Table:
    """Columns of text under their names; `lines` says on which line of the file each row begins.

    `delimiter` is what stood between the cells, `mark` the decimal mark (a comma only where cells are separated by
    semicolons).

    >>> table = Table("colours.csv", ("colour", "size"), (("red", "blue"), ("1", "2")), (2, 3))
    >>> table["size"], len(table)
    (('1', '2'), 2)
    """

    file: str
    names: tuple[str, ...]
    columns: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    delimiter: str = ","

    @property
    def mark(self) -> str:
        """The decimal mark."""
        return "," if self.delimiter == ";" else "."

    def __len__(self) -> int:
        return len(self.lines)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __getitem__(self, name: str) -> tuple[str, ...]:
        """The cells of a column. Raises ChalkworkError, with the nearest name, where there is none such."""
        if name not in self.names:
            raise ChalkworkError(f"there is no column {shown(name)}", file=self.file, hint=_nearest(name, self.names))
        return self.columns[self.names.index(name)]

    def problem(self, name: str, row: int, message: str, hint: str | None = None) -> ChalkworkError:
        """An error that names the file, the line and the column."""
        return ChalkworkError(f"column {shown(name)}: {message}", file=self.file, line=self.lines[row], hint=hint)


def shown(text: str) -> str:
    """What a stranger wrote, in quotation marks, short and harmless."""
    return f"'{visible(text, 40)}'"


def _nearest(name: str, names: Sequence[str]) -> str:
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    without_case = [other for other in names if other.lower() == name.lower()]
    if without_case or near:
        return f"did you mean {shown((without_case or near)[0])}?"
    several = ", ".join(shown(other) for other in names[:8])
    return f"the columns are {several}{' and others' if len(names) > 8 else ''}"


def read_table(path: str | Path) -> Table:
    """The table in a file: CSV in UTF-8 (whether commas, semicolons or tabs separate is found out), or Parquet.

    The first row holds the names of the columns; one without a name is called after its place. Quoted cells may hold
    anything, empty lines are skipped. Read are at most 256 MiB, 10,000 columns and 20 million cells of 131,072
    characters. Raises ChalkworkError, with the file and the line, for anything else.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "sizes.csv"
    ...     _ = path.write_text('name;size\\n"a;b";1,5\\n')
    ...     table = read_table(path)
    >>> table.names, table.columns, table.delimiter
    (('name', 'size'), (('a;b',), ('1,5',)), ';')
    """
    path = Path(path)
    try:
        status = path.stat()
        if not S_ISREG(status.st_mode):
            raise ChalkworkError("this is no file", file=str(path))
        if status.st_size > MOST_BYTES:
            raise ChalkworkError(f"the file has {status.st_size} bytes; at most {MOST_BYTES} are read", file=str(path))
        if path.suffix.lower() in (".parquet", ".pq"):
            from chalkwork.tables.parquet import read_parquet

            return read_parquet(path)
        return _parsed(_text(path.read_bytes()), str(path))
    except FileNotFoundError:
        raise ChalkworkError("there is no such file", file=str(path)) from None
    except OSError as error:
        raise ChalkworkError(f"the file cannot be read: {error.strerror}", file=str(path)) from None
    except ChalkworkError as error:
        raise error.at(file=str(path)) from None


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
        if len(cells) * len(names) > MOST_CELLS:
            raise ChalkworkError(f"the table has more than {MOST_CELLS} cells", line=line)
    if not cells:
        raise ChalkworkError("the file has a header and no row of data")
    return Table(file, names, tuple(zip(*cells, strict=True)), tuple(lines), delimiter)


def _cells(count: int) -> str:
    return f"{count} cell{'' if count == 1 else 's'}"


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


def checked_names(header: Sequence[str]) -> tuple[str, ...]:
    """The names of the columns: bounded in number, none empty, no two alike. ChalkworkError otherwise.

    >>> checked_names(["", "a", " b "])
    ('column 1', 'a', 'b')
    """
    if len(header) > MOST_COLUMNS:
        raise ChalkworkError(f"the header has {len(header)} columns; at most {MOST_COLUMNS} are read", line=1)
    names = tuple(re.sub(r"\s+", " ", name).strip() or f"column {place}" for place, name in enumerate(header, 1))
    places: dict[str, int] = {}
    for place, name in enumerate(names, 1):
        if name in places:
            raise ChalkworkError(f"the columns {places[name]} and {place} have the same name {shown(name)}", line=1)
        places[name] = place
    return names
