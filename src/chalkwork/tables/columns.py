"""What becomes of a column: numbers are standardised, categories one-hot, what cannot help is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from chalkwork.counting import counted
from chalkwork.errors import ChalkworkError
from chalkwork.exchange.strict import Fields, of
from chalkwork.networks.data import Array
from chalkwork.tables.cells import FLAGS, is_missing, looks_like_date, trimmed
from chalkwork.tables.forms import PLAIN_FORM, Form, Look
from chalkwork.tables.table import Table, shown

MOST_VALUES = 100
"""Different texts up to which a column is one of categories."""
FEW = 10
"""Rows from which a column of texts, each another one, is no category: it names the rows."""
AS_ASKED = "as was asked"
"""Why a column is left out that somebody has named."""
_IDENTIFIERS = frozenset(("id", "index", "nr", "no", "row", "#"))


@dataclass(frozen=True)
class Encoded:
    """The inputs that a column gives, a row for each sample, and how many cells were missing or never seen."""

    values: Array
    missing: int = 0
    unseen: tuple[str, ...] = ()


@dataclass(frozen=True)
class Number:
    """A column of numbers: missing ones become the median, then the mean is taken off and the spread divided out."""

    kind: ClassVar[str] = "number"
    name: str
    median: float
    mean: float
    scale: float
    missing: int = 0
    form: Form = PLAIN_FORM

    @classmethod
    def learn(cls, table: Table, name: str, rows: Sequence[int]) -> Number:
        """Median, mean and standard deviation over the rows."""
        form = table.form(name)
        values = table.numbers(name, rows, form)
        present = values[~np.isnan(values)]
        median = float(np.median(present)) if present.size else 0.0
        missing = len(values) - present.size
        values = np.where(np.isnan(values), median, values)
        return cls(name, median, float(values.mean()), float(values.std()) or 1.0, missing, form)

    def encode(self, table: Table, rows: Sequence[int]) -> Encoded:
        """One input."""
        values = table.numbers(self.name, rows, table.form(self.name, self.form))
        gaps = np.isnan(values)
        filled = np.where(gaps, self.median, values)
        return Encoded(((filled - self.mean) / self.scale)[:, None], int(gaps.sum()))

    @property
    def inputs(self) -> tuple[str, ...]:
        """What each input is called."""
        return (self.name,)

    @property
    def words(self) -> str:
        """What is done with the column."""
        filled = f"; {self.missing} missing: median {self.median:.4g}" if self.missing else ""
        form = f" ({self.form.words})" if self.form.words else ""
        return f"number{form}, standardised{filled}"

    def to_data(self) -> dict[str, Any]:
        """The column as plain data."""
        data = {"median": self.median, "mean": self.mean, "scale": self.scale, "missing": self.missing}
        return {**data, "form": self.form.to_data()}

    @classmethod
    def from_data(cls, name: str, fields: Fields) -> Number:
        """The column that `to_data` gave."""
        median, mean, scale = (fields.need(key, of(float)) for key in ("median", "mean", "scale"))
        if scale <= 0:
            raise ChalkworkError(f"{fields.place('scale')}: expected a number above 0, found {scale!r:.60}")
        missing, form = fields.need("missing", of(int)), Form.from_data(fields.need("form", of(dict)))
        return cls(name, median, mean, scale, missing, form)


@dataclass(frozen=True)
class Flag:
    """A column that says yes or no, without gaps: one input, 1 or 0."""

    kind: ClassVar[str] = "flag"
    name: str
    no: str
    yes: str

    @classmethod
    def learn(cls, table: Table, name: str, rows: Sequence[int]) -> Flag:
        """The pair of texts that the column holds."""
        return cls(name, *(flags(table[name]) or FLAGS[0]))

    def encode(self, table: Table, rows: Sequence[int]) -> Encoded:
        """One input; half for what is neither."""
        cells = [table[self.name][row].strip() for row in rows]
        values = np.array([{self.no: 0.0, self.yes: 1.0}.get(cell.lower(), 0.5) for cell in cells])
        missing = sum(map(is_missing, cells))
        unseen = [cell for cell in cells if cell.lower() not in (self.no, self.yes) and not is_missing(cell)]
        return Encoded(values[:, None], missing, tuple(unseen))

    @property
    def inputs(self) -> tuple[str, ...]:
        """What each input is called."""
        return (self.name,)

    @property
    def words(self) -> str:
        """What is done with the column."""
        return f"{self.no} is 0, {self.yes} is 1"

    def to_data(self) -> dict[str, Any]:
        """The column as plain data."""
        return {"no": self.no, "yes": self.yes}

    @classmethod
    def from_data(cls, name: str, fields: Fields) -> Flag:
        """The column that `to_data` gave."""
        return cls(name, fields.need("no", of(str)), fields.need("yes", of(str)))


@dataclass(frozen=True)
class Category:
    """A column of categories: an input for each value seen, 1 for the one that is there; missing is a value too."""

    kind: ClassVar[str] = "category"
    name: str
    values: tuple[str, ...]
    """The values, in order; the empty one stands for missing."""
    missing: int = 0

    @classmethod
    def learn(cls, table: Table, name: str, rows: Sequence[int]) -> Category:
        """The values that the rows hold."""
        spelled = trimmed if table.look(name).all_numbers else str.strip
        cells = [spelled(_category(table[name][row])) for row in rows]
        return cls(name, tuple(sorted(set(cells))), cells.count(""))

    def encode(self, table: Table, rows: Sequence[int]) -> Encoded:
        """An input for each value; all 0 for a value never seen."""
        places = {value: place for place, value in enumerate(self.values)}
        cells = [_category(table[self.name][row]) for row in rows]
        values = np.zeros((len(cells), len(self.values)))
        cells = [cell if cell in places else trimmed(cell) for cell in cells]
        for row, cell in enumerate(cells):
            if cell in places:
                values[row, places[cell]] = 1.0
        unseen = tuple(cell for cell in cells if cell and cell not in places)
        return Encoded(values, cells.count(""), unseen)

    @property
    def inputs(self) -> tuple[str, ...]:
        """What each input is called."""
        return tuple(f"{self.name} = {value or '(missing)'}" for value in self.values)

    @property
    def words(self) -> str:
        """What is done with the column."""
        missing = f"; {self.missing} missing: a value of their own" if self.missing else ""
        return f"category, one-hot over {counted(len(self.values), 'value')}{missing}"

    def to_data(self) -> dict[str, Any]:
        """The column as plain data."""
        return {"values": list(self.values), "missing": self.missing}

    @classmethod
    def from_data(cls, name: str, fields: Fields) -> Category:
        """The column that `to_data` gave."""
        return cls(name, texts(fields, "values"), fields.need("missing", of(int)))


@dataclass(frozen=True)
class LeftOut:
    """A column that the network is not given, and why."""

    kind: ClassVar[str] = "left out"
    name: str
    why: str

    def encode(self, table: Table, rows: Sequence[int]) -> Encoded:
        """No input."""
        return Encoded(np.zeros((len(rows), 0)))

    @property
    def inputs(self) -> tuple[str, ...]:
        """None."""
        return ()

    @property
    def words(self) -> str:
        """Why it is left out."""
        return f"left out: {self.why}"

    def to_data(self) -> dict[str, Any]:
        """The column as plain data."""
        return {"why": self.why}

    @classmethod
    def from_data(cls, name: str, fields: Fields) -> LeftOut:
        """The column that `to_data` gave."""
        return cls(name, fields.need("why", of(str)))


Column = Number | Flag | Category | LeftOut
COLUMNS: dict[str, type[Column]] = {each.kind: each for each in (Number, Flag, Category, LeftOut)}
"""Every kind of column by its name."""


def texts(fields: Fields, key: str) -> tuple[str, ...]:
    """A list of texts, no two alike. Raises ChalkworkError for anything else."""
    values = fields.need(key, of(list))
    if not all(isinstance(value, str) for value in values) or len(set(values)) < len(values):
        raise ChalkworkError(f"{fields.place(key)}: expected a list of different texts")
    return tuple(values)


def look_at(table: Table, name: str, as_category: bool = False) -> Callable[[Sequence[int]], Column]:
    """What kind of column this is, found on all rows; the result learns the rest from some of them.

    Numbers where most cells are meant as numbers, and then all must be. Left out is what has one value, names rows, or
    has more than 100 different texts. Raises ChalkworkError, with file, line and column, for a text among numbers, and
    for numbers that can be read two ways.

    >>> table = Table("t.csv", ("size", "answer", "plan"), (("1", "2"), ("Yes", "no"), ("a", "a")), (2, 3))
    >>> for name in table.names:
    ...     print(name, "-", look_at(table, name)([0, 1]).words)
    size - number, standardised
    answer - no is 0, yes is 1
    plan - left out: it is 'a' in every row
    """
    look = table.look(name)
    as_numbers = look.means_numbers and not as_category
    form = table.form(name) if as_numbers else PLAIN_FORM
    if as_numbers:
        table.numbers(name, range(len(table)), form)
    why = _useless(name, look, as_category, form)
    if why:
        return lambda rows: LeftOut(name, why)
    if as_numbers:
        return lambda rows: Number.learn(table, name, rows)
    if not as_category and not look.missing and flags(look.counts):
        return lambda rows: Flag.learn(table, name, rows)
    return lambda rows: Category.learn(table, name, rows)


def _useless(name: str, look: Look, as_category: bool, form: Form) -> str:
    """Why a column with these values cannot help; nothing where it can."""
    as_numbers = look.means_numbers and not as_category
    if not look.texts:
        return "it is empty"
    first = look.texts[0]
    spelled = form.read if as_numbers else trimmed if look.all_numbers else str.strip
    alone = all(spelled(text) == spelled(first) for text in look.texts)
    if alone and (not look.missing or as_numbers):
        return f"it is {shown(first)} in every row{' that has it' if look.missing else ''}"
    if as_numbers and not _names_rows(name):
        return ""
    counts = look.counts
    all_differ = counts.total() >= FEW and len(counts) == counts.total()
    if all_differ and _names_rows(name) and _are_whole(look, form):
        return "it numbers the rows"
    if as_numbers:
        return ""
    dates = sum(count for text, count in counts.items() if looks_like_date(text))
    if 2 * dates >= counts.total() and not as_category:
        return f"{shown(next(filter(looks_like_date, counts)))} looks like a date, which is read as 2024-12-31 only"
    if all_differ:
        return "every text is another one, so that it only names the rows"
    if len(counts) > MOST_VALUES and not as_category:
        return f"it has {len(counts)} different texts, and above {MOST_VALUES} only --categories takes them"
    return ""


def _names_rows(name: str) -> bool:
    """Whether a column is called as one that numbers the rows is."""
    low = name.lower()
    return low in _IDENTIFIERS or low.endswith(("_id", " id")) or low.startswith("unnamed:") or low == "column 1"


def _are_whole(look: Look, form: Form) -> bool:
    return all((value := form.read(text)) is not None and value.is_integer() for text in look.counts)


def flags(cells: Iterable[str]) -> tuple[str, str] | None:
    """The texts for no and yes, where the cells hold nothing else and both."""
    found = {cell.strip().lower() for cell in cells}
    return next((pair for pair in FLAGS if found == set(pair)), None)


def _category(cell: str) -> str:
    return "" if is_missing(cell) else cell.strip()
