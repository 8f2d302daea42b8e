"""A table of data: columns of text under their names, with the line on which each row stands, read as numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property
from typing import Any

import numpy as np

from chalkwork.counting import some
from chalkwork.documents.literal import visible
from chalkwork.errors import ChalkworkError
from chalkwork.networks.data import Array
from chalkwork.tables.cells import LARGEST, MARKS, ORDERS, cell
from chalkwork.tables.forms import Form, Look, as_text, readings
from chalkwork.tables.packages import frames

Rows = Array | Sequence[int] | slice
"""Which rows of a table are meant."""
ALL = slice(None)
MOST_COLUMNS = 10_000
_MOST_NAMED = 5
_DECIDES = {
    False: "--decimal point or --decimal comma decides",
    True: "--dates day-first or --dates month-first decides",
}


@dataclass(frozen=True, eq=False)
class Table:
    """Columns under their names, each a tuple of texts or a Series of polars; `lines` says on which line of the file
    each row begins.

    `delimiter` is what stood between the cells, `decimal` the decimal mark that somebody has said it is, `dates` what
    stands first in dates such as 3/4/2024 (`d` the day, `m` the month), and `missing` holds what stands for a missing
    value besides the usual words, in small letters. A `part` of a larger table reads its texts as was learned.

    >>> table = Table("colours.csv", ("colour", "size"), (("red", "blue"), ("1", "2")), (2, 3))
    >>> table["size"], len(table)
    (('1', '2'), 2)
    """

    file: str
    names: tuple[str, ...]
    columns: tuple[Any, ...]
    lines: Sequence[int]
    delimiter: str = ","
    decimal: str = ""
    missing: frozenset[str] = frozenset()
    dates: str = ""
    part: bool = False

    @cached_property
    def _looks(self) -> dict[str, Look]:
        return {}

    def look(self, name: str) -> Look:
        """What the cells of a column are as numbers."""
        if name not in self._looks:
            self._looks[name] = Look.at(self.series(name), self.missing)
        return self._looks[name]

    def each(self, name: str, meaning: Callable[[str], float]) -> Array:
        """A number for every cell of a column, asked once for each different text (nothing where it is missing)."""
        texts, codes = self.look(name).coded
        return np.array([meaning(text) for text in texts], np.float64)[codes]

    @cached_property
    def shown_mark(self) -> str:
        """The decimal mark that the columns of numbers show, as far as they agree; nothing where none shows one."""
        looks = (self.look(name) for name in self.names)
        shown_marks = {mark for look in looks if look.means_numbers for mark in look.only if mark in MARKS}
        return next(iter(shown_marks)) if len(shown_marks) == 1 else ""

    @property
    def mark(self) -> str:
        """The decimal mark: what was said, what the columns show, or what is usual with the delimiter."""
        return self.decimal or self.shown_mark or ("," if self.delimiter == ";" else ".")

    def form(self, name: str, learned: Form | None = None) -> Form:
        """How the numbers of a column are written; `learned` is how they were when the network was trained.

        Raises ChalkworkError, with file, line and column, where two decimal marks, or two orders of dates, stand in one
        column, and where a text can be read two ways and nothing in the column decides it.
        """
        if self.part and learned and self.series(name).dtype == frames().String:
            said = self.dates if learned.is_date else self.decimal
            return replace(learned, mark=said or learned.mark)
        look = self.look(name)
        if len(look.only) == 2:
            one, other = sorted(look.only)
            message = f"{shown(look.only[one])} has {_named(one)}, but {shown(look.only[other])} {_named(other)}"
            raise self.problem(name, self.row(name, look.only[one]), message, "write all of the column alike")
        mark = next(iter(look.only), "") or (self._undecided(name, look, learned) if look.open else "")
        return Form(mark, "".join(sorted(look.groups.get(mark or ".", ()))), learned.unit if learned else look.unit)

    def _undecided(self, name: str, look: Look, learned: Form | None) -> str:
        """The mark of a column in which every text that has a sign, or is a date, can be read in two ways."""
        dates, signs = Form(unit=look.unit).is_date, set(look.open)
        said = self.dates or (learned.mark if learned else "") if dates else self.decimal
        if said or dates:
            pass
        elif learned and learned.mark:
            if signs <= {learned.mark, *learned.group} and self.mark == learned.mark:
                said = learned.mark
        elif signs == {self.shown_mark} and (self.shown_mark == "." or self.delimiter != ","):
            said = self.shown_mark
        if said:
            return said
        text = min(look.open.values(), key=lambda text: self.row(name, text))
        raise self.problem(
            name,
            self.row(name, text),
            f"{readings(text)}, and the column does not decide it",
            f"{_DECIDES[dates]}; --leave-out leaves the column out",
        )

    def row(self, name: str, text: str) -> int:
        """The first row whose cell in a column is this text, without the spaces around it."""
        texts, codes = self.look(name).coded
        return int((codes == texts.index(text)).argmax())

    def numbers(self, name: str, rows: Rows, form: Form) -> Array:
        """The numbers of a column in these rows, NaN where they are missing.

        Raises ChalkworkError, with file, line and column, for a text that is no number in this form.
        """
        if (name, form) not in self._numbers:
            self._numbers[name, form] = self._read(name, form)
        values = np.asarray(self._numbers[name, form][rows])
        wrong = np.flatnonzero(np.isinf(values))
        if wrong.size:
            raise self._no_number(name, int(np.arange(len(self))[rows][wrong[0]]), form)
        return values

    @cached_property
    def _numbers(self) -> dict[tuple[str, Form], Array]:
        return {}

    def _read(self, name: str, form: Form) -> Array:
        """The numbers of a column, NaN where they are missing and infinite where there is none."""
        look = self.look(name)
        if form.unit == look.unit and form.mark in look.by_order:
            return look.by_order[form.mark]
        if look.values is not None and form.unit == look.unit and form.mark != ",":
            return look.values

        def number(text: str) -> float:
            value = form.read(text) if text else np.nan
            return np.inf if value is None else value

        return self.each(name, number)

    def _no_number(self, name: str, row: int, form: Form) -> ChalkworkError:
        text = self[name][row].strip()
        found, kind = cell(text), "date" if form.is_date else "number"
        if found is None:
            hint = "leave the cell empty, or say that the column holds categories, or leave it out"
            return self.problem(name, row, f"{shown(text)} is no {kind}, but most of the column are", hint)
        if any(abs(value) > LARGEST for value in found.values.values()):
            hint = "leave the cell empty where the value is missing"
            return self.problem(name, row, f"{shown(text)} is no number to work with", hint)
        if found.unit != form.unit:
            having = [f"is in {unit}" if unit else "has no unit" for unit in (found.unit, form.unit)]
            message = f"{shown(text)} {having[0]}, but the column {having[1]}"
            return self.problem(name, row, message, "write all of the column alike")
        message = f"{readings(text)}, and the column does not decide it"
        if form.mark:
            message = f"{shown(text)} is no {kind} with {_named(form.mark)}"
        return self.problem(name, row, message, _DECIDES[form.is_date])

    def __len__(self) -> int:
        return len(self.lines)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def series(self, name: str) -> Any:
        """A column as a Series of polars. Raises ChalkworkError, with the nearest name, where there is none such."""
        if name not in self.names:
            raise ChalkworkError(f"there is no column {shown(name)}", file=self.file, hint=_nearest(name, self.names))
        column = self.columns[self.names.index(name)]
        return frames().Series(column, dtype=frames().String) if isinstance(column, tuple) else column

    def __getitem__(self, name: str) -> tuple[str, ...]:
        """The texts of a column. Raises ChalkworkError as `series` does."""
        return tuple(as_text(self.series(name)).to_list())

    def problem(self, name: str, row: int, message: str, hint: str | None = None) -> ChalkworkError:
        """An error that names the file, the line and the column."""
        return ChalkworkError(f"column {shown(name)}: {message}", file=self.file, line=self.lines[row], hint=hint)


def _named(mark: str) -> str:
    """A decimal mark, or what stands first in a date, in words."""
    return f"a decimal {MARKS[mark]}" if mark in MARKS else f"the {ORDERS[mark]} first"


def shown(text: str) -> str:
    """What a stranger wrote, in quotation marks, short and harmless."""
    return f"'{visible(text, 40)}'"


def named(texts: Iterable[str]) -> str:
    """The first of several texts, as `shown` shows them."""
    return some(map(shown, texts), _MOST_NAMED, " and others")


def _nearest(name: str, names: Sequence[str]) -> str:
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    without_case = [other for other in names if other.lower() == name.lower()]
    if without_case or near:
        return f"did you mean {shown((without_case or near)[0])}?"
    return f"the columns are {some(map(shown, names), 8, ' and others')}"


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
