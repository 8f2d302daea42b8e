"""Tables in files: CSV and Parquet become columns of text, with the line on which each row stands."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property
from io import StringIO
from itertools import islice
from pathlib import Path
from stat import S_ISREG

import numpy as np

from chalkwork.counting import counted
from chalkwork.documents.literal import visible
from chalkwork.errors import ChalkworkError
from chalkwork.networks.data import Array
from chalkwork.tables.cells import LARGEST, MARKS, cell, is_missing
from chalkwork.tables.forms import Form, Look, readings

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

    `delimiter` is what stood between the cells, `decimal` the decimal mark that somebody has said it is.

    >>> table = Table("colours.csv", ("colour", "size"), (("red", "blue"), ("1", "2")), (2, 3))
    >>> table["size"], len(table)
    (('1', '2'), 2)
    """

    file: str
    names: tuple[str, ...]
    columns: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    delimiter: str = ","
    decimal: str = ""

    @cached_property
    def _looks(self) -> dict[str, Look]:
        return {}

    def look(self, name: str) -> Look:
        """What the cells of a column are as numbers."""
        if name not in self._looks:
            self._looks[name] = Look.at(self[name])
        return self._looks[name]

    @cached_property
    def shown_mark(self) -> str:
        """The decimal mark that the columns of numbers show, as far as they agree; nothing where none shows one."""
        looks = (self.look(name) for name in self.names)
        shown_marks = {mark for look in looks if look.means_numbers for mark in look.only}
        return next(iter(shown_marks)) if len(shown_marks) == 1 else ""

    @property
    def mark(self) -> str:
        """The decimal mark: what was said, what the columns show, or what is usual with the delimiter."""
        return self.decimal or self.shown_mark or ("," if self.delimiter == ";" else ".")

    def form(self, name: str, learned: Form | None = None) -> Form:
        """How the numbers of a column are written; `learned` is how they were when the network was trained.

        Raises ChalkworkError, with file, line and column, where two decimal marks stand in one column, and where a
        text can be read two ways and nothing in the column decides it.
        """
        look = self.look(name)
        if len(look.only) == 2:
            comma, point = shown(look.only[","]), shown(look.only["."])
            message = f"{comma} has a decimal comma, but {point} a decimal point"
            raise self.problem(name, self._row(name, look.only[","]), message, "write all of the column alike")
        mark = next(iter(look.only), "") or (self._undecided(name, look, learned) if look.open else "")
        groups = look.groups[mark or "."]
        return Form(mark, "".join(sorted(groups)), learned.unit if learned else look.unit)

    def _undecided(self, name: str, look: Look, learned: Form | None) -> str:
        """The mark of a column in which every text that has a sign can be read with either mark."""
        if self.decimal:
            return self.decimal
        signs = set(look.open)
        if learned and learned.mark:
            if signs <= {learned.mark, *learned.group} and self.mark == learned.mark:
                return learned.mark
        elif signs == {self.shown_mark} and (self.shown_mark == "." or self.delimiter != ","):
            return self.shown_mark
        text = min(look.open.values(), key=lambda text: self._row(name, text))
        raise self.problem(
            name,
            self._row(name, text),
            f"{readings(text)}, and the column does not decide it",
            "--decimal point or --decimal comma decides; --leave-out leaves the column out",
        )

    def _row(self, name: str, text: str) -> int:
        return next(row for row, each in enumerate(self[name]) if each.strip() == text)

    def numbers(self, name: str, rows: Sequence[int], form: Form) -> Array:
        """The numbers of a column in these rows, NaN where they are missing.

        Raises ChalkworkError, with file, line and column, for a text that is no number in this form.
        """
        if (name, form) not in self._numbers:
            self._numbers[name, form] = self._read(name, form)
        values = self._numbers[name, form][rows]
        wrong = np.flatnonzero(np.isinf(values))
        if wrong.size:
            raise self._no_number(name, rows[int(wrong[0])], form)
        return np.asarray(values)

    @cached_property
    def _numbers(self) -> dict[tuple[str, Form], Array]:
        return {}

    def _read(self, name: str, form: Form) -> Array:
        """The numbers of a column, NaN where they are missing and infinite where there is none."""
        values = (form.read(text) if not is_missing(text) else np.nan for text in self[name])
        return np.array([np.inf if value is None else value for value in values])

    def _no_number(self, name: str, row: int, form: Form) -> ChalkworkError:
        text = self[name][row]
        found = cell(text)
        if found is None:
            hint = "leave the cell empty, or say that the column holds categories, or leave it out"
            kind = "date" if form.is_date else "number"
            return self.problem(name, row, f"{shown(text)} is no {kind}, but most of the column are", hint)
        if any(abs(value) > LARGEST for value in found.values.values()):
            hint = "leave the cell empty where the value is missing"
            return self.problem(name, row, f"{shown(text)} is no number to work with", hint)
        if found.unit != form.unit:
            having = [f"is in {unit}" if unit else "has no unit" for unit in (found.unit, form.unit)]
            message = f"{shown(text)} {having[0]}, but the column {having[1]}"
            return self.problem(name, row, message, "write all of the column alike")
        message = f"{shown(text)} is no number with a decimal {MARKS[form.mark or '.']}"
        return self.problem(name, row, message, "--decimal says which mark the table has")

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


def read_table(path: str | Path, decimal: str = "") -> Table:
    """The table in a file: CSV in UTF-8 (whether commas, semicolons or tabs separate is found out), or Parquet.

    The first row holds the names of the columns; one without a name is called after its place. Quoted cells may hold
    anything, empty lines are skipped. `decimal` is the decimal mark, `.` or `,`, where a column leaves it open; without
    it such a column is refused. Read are at most 256 MiB, 10,000 columns and 20 million cells of 131,072
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

            table = read_parquet(path)
            return replace(table, decimal=decimal or table.decimal)
        return replace(_parsed(_text(path.read_bytes()), str(path)), decimal=decimal)
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
