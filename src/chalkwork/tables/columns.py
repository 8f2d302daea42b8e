"""What becomes of a column: numbers are standardised, categories one-hot, what cannot help is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar, Self

import numpy as np

from chalkwork.counting import counted
from chalkwork.errors import ChalkworkError
from chalkwork.exchange.strict import Fields, of
from chalkwork.networks.data import Array
from chalkwork.tables.cells import FLAGS, looks_like_date, trimmed
from chalkwork.tables.forms import PLAIN_FORM, Form, Look
from chalkwork.tables.table import ALL, Rows, Table, shown

MOST_VALUES = 100
"""Different texts of a column of categories that have an input each; of more, the commonest have one."""
FEW = 10
"""Rows from which a column of texts, each another one, is no category: it names the rows. A value of many that has an
input of its own stands there as often."""
AS_ASKED = "as was asked"
"""Why a column is left out that somebody has named."""
_IDENTIFIERS = frozenset(("id", "index", "nr", "no", "row", "#"))


@dataclass(frozen=True)
class Encoded:
    """The inputs that a column gives, a row for each sample, and how many cells were missing or never seen."""

    values: Array
    missing: int = 0
    unseen: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class _Kept:
    """A column, which is kept as what its fields hold, each read by its type."""

    name: str

    @property
    def inputs(self) -> tuple[str, ...]:
        """What each input is called."""
        return (self.name,)

    def to_data(self) -> dict[str, Any]:
        """The column as plain data."""
        return {one.name: _plain(getattr(self, one.name)) for one in fields(self)[1:]}

    @classmethod
    def from_data(cls, name: str, given: Fields) -> Self:
        """The column that `to_data` gave."""
        return cls(name, *(given.need(one.name, _READERS[str(one.type)]) for one in fields(cls)[1:]))


def _plain(value: Any) -> Any:
    return value.to_data() if isinstance(value, Form) else list(value) if isinstance(value, tuple) else value


def texts(value: Any, where: str) -> tuple[str, ...]:
    """A list of texts, no two alike. Raises ChalkworkError for anything else."""
    values = of(list)(value, where)
    if not all(isinstance(one, str) for one in values) or len(set(values)) < len(values):
        raise ChalkworkError(f"{where}: expected a list of different texts")
    return tuple(values)


_READERS: Mapping[str, Callable[[Any, str], Any]] = {
    "str": of(str), "int": of(int), "float": of(float), "tuple[str, ...]": texts,
    "Form": lambda value, where: Form.from_data(of(dict)(value, where)),
}  # fmt: skip
"""How what a column holds is read, by its type."""


@dataclass(frozen=True)
class Number(_Kept):
    """A column of numbers: missing ones become the median, then the mean is taken off and the spread divided out."""

    kind: ClassVar[str] = "number"
    median: float
    mean: float
    scale: float
    missing: int = 0
    form: Form = PLAIN_FORM

    @classmethod
    def learn(cls, table: Table, name: str, rows: Rows) -> Self:
        """Median, mean and standard deviation over the rows."""
        form = table.form(name)
        values = table.numbers(name, rows, form)
        present = values[~np.isnan(values)]
        median = float(np.median(present)) if present.size else 0.0
        missing = len(values) - present.size
        values = np.where(np.isnan(values), median, values)
        return cls(name, median, float(values.mean()), float(values.std()) or 1.0, missing, form)

    def encode(self, table: Table, rows: Rows) -> Encoded:
        """One input."""
        values = table.numbers(self.name, rows, table.form(self.name, self.form))
        gaps = np.isnan(values)
        filled = np.where(gaps, self.median, values)
        return Encoded(((filled - self.mean) / self.scale)[:, None], int(gaps.sum()))

    @property
    def words(self) -> str:
        """What is done with the column."""
        filled = f"; {self.missing} missing: median {self.median:.4g}" if self.missing else ""
        form = f" ({self.form.words})" if self.form.words else ""
        return f"number{form}, standardised{filled}"

    @classmethod
    def from_data(cls, name: str, given: Fields) -> Self:
        """The column that `to_data` gave."""
        found = super().from_data(name, given)
        if found.scale <= 0:
            raise ChalkworkError(f"{given.place('scale')}: expected a number above 0, found {found.scale!r:.60}")
        return found


CYCLES: Mapping[str, tuple[float, str]] = {
    "year": (365.2425, "time of year"), "week": (7.0, "day of week"), "day": (1.0, "time of day"),
}  # fmt: skip
"""The cycles of dates: how many days they have, and what the place in them is called."""


@dataclass(frozen=True)
class Moment(Number):
    """A column of dates: its days as a number, and the place in every cycle that the dates go through, a sine and a
    cosine each (both 0 where the date is missing)."""

    kind: ClassVar[str] = "date"
    cycles: tuple[str, ...] = ()

    @classmethod
    def learn(cls, table: Table, name: str, rows: Rows) -> Self:
        """As for numbers; a cycle is taken that lies within the dates as a whole, that of the day where they differ in
        it."""
        days = table.numbers(name, rows, table.form(name))
        days = days[~np.isnan(days)]
        span = float(np.ptp(days)) if days.size else 0.0
        within = {"year": span >= CYCLES["year"][0], "week": span >= 7, "day": len(np.unique(days % 1)) > 1}
        return replace(super().learn(table, name, rows), cycles=tuple(each for each in CYCLES if within[each]))

    def encode(self, table: Table, rows: Rows) -> Encoded:
        """The days, and the places in the cycles."""
        found = super().encode(table, rows)
        days = table.numbers(self.name, rows, table.form(self.name, self.form))
        turns = [2 * np.pi * days / CYCLES[each][0] for each in self.cycles]
        places = [wave(turn) for turn in turns for wave in (np.sin, np.cos)]
        return replace(found, values=np.column_stack([found.values, *map(np.nan_to_num, places)]))

    @property
    def inputs(self) -> tuple[str, ...]:
        """What each input is called."""
        places = [f"{self.name}, {CYCLES[each][1]}, {wave}" for each in self.cycles for wave in ("sine", "cosine")]
        return (self.name, *places)

    @property
    def words(self) -> str:
        """What is done with the column."""
        more = " and ".join(CYCLES[each][1] for each in self.cycles)
        filled = f"; {self.missing} missing: the median" if self.missing else ""
        return f"{self.form.unit} in days, standardised{f', with {more}' if more else ''}{filled}"

    @classmethod
    def from_data(cls, name: str, given: Fields) -> Self:
        """The column that `to_data` gave."""
        found = super().from_data(name, given)
        if not set(found.cycles) <= set(CYCLES):
            raise ChalkworkError(f"{given.place('cycles')}: there are only {', '.join(CYCLES)}")
        return found


@dataclass(frozen=True)
class Flag(_Kept):
    """A column that says yes or no, without gaps: one input, 1 or 0."""

    kind: ClassVar[str] = "flag"
    no: str
    yes: str

    @classmethod
    def learn(cls, table: Table, name: str, rows: Rows) -> Flag:
        """The pair of texts that the column holds."""
        return cls(name, *(flags(table.look(name).counts) or FLAGS[0]))

    def encode(self, table: Table, rows: Rows) -> Encoded:
        """One input; half for what is neither."""
        places = {"": np.nan, self.no: 0.0, self.yes: 1.0}
        values = table.each(self.name, lambda text: places.get(text.lower(), 0.5))[rows]
        unseen = table.look(self.name).counts_in(rows) if (values == 0.5).any() else {}
        strange = Counter({text: count for text, count in unseen.items() if text.lower() not in places})
        gaps = np.isnan(values)
        return Encoded(np.where(gaps, 0.5, values)[:, None], int(gaps.sum()), strange)

    @property
    def words(self) -> str:
        """What is done with the column."""
        return f"{self.no} is 0, {self.yes} is 1"


@dataclass(frozen=True)
class Category(_Kept):
    """A column of categories: an input for each value seen, 1 for the one that is there; missing is a value too.

    Where there are too many, only the commonest have inputs of their own, and one more input is for all others.
    """

    kind: ClassVar[str] = "category"
    values: tuple[str, ...]
    """The values with inputs of their own, in order; the empty one stands for missing."""
    missing: int = 0
    others: int = 0
    """Values of the training part that share the last input; 0 where each has its own."""

    @classmethod
    def learn(cls, table: Table, name: str, rows: Rows, every: bool = True) -> Category:
        """The values that the rows hold: every one, or the commonest."""
        look = table.look(name)
        counts: Counter[str] = Counter()
        for text, count in look.counts_in(rows).items():
            counts[trimmed(text) if look.all_numbers else text] += count
        missing = look.coded[1][rows].size - counts.total()
        kept = list(counts) if every else [text for text, _ in common(counts)]
        return cls(name, tuple(sorted([*kept, *([""] if missing else [])])), missing, len(counts) - len(kept))

    def encode(self, table: Table, rows: Rows) -> Encoded:
        """An input for each value; for a value without one all are 0, or the one for others is 1."""
        places = {value: place for place, value in enumerate(self.values)}
        other = len(self.values) if self.others else -1
        at = table.each(self.name, lambda text: places.get(text, places.get(trimmed(text), other)))[rows].astype(int)
        values = np.zeros((len(at), len(self.inputs)))
        known = np.flatnonzero(at >= 0)
        values[known, at[known]] = 1.0
        counts = table.look(self.name).counts_in(rows)
        unseen = {text: count for text, count in counts.items() if text not in places and trimmed(text) not in places}
        return Encoded(values, len(at) - counts.total(), Counter() if self.others else Counter(unseen))

    @property
    def inputs(self) -> tuple[str, ...]:
        """What each input is called."""
        others = ["(another)"] if self.others else []
        return tuple(f"{self.name} = {value}" for value in [*(value or "(missing)" for value in self.values), *others])

    @property
    def words(self) -> str:
        """What is done with the column."""
        missing = f"; {self.missing} missing: a value of their own" if self.missing else ""
        over = f"one-hot over {counted(len(self.values), 'value')}"
        if self.others:
            kept = len(self.values) - ("" in self.values)
            over = f"one-hot over the {counted(kept, 'commonest value')}; {self.others} others are one"
        return f"category, {over}{missing}"


def common(counts: Counter[str]) -> list[tuple[str, int]]:
    """The commonest values, at most 100 and each at least ten times, with how often they stand there."""
    return [(text, count) for text, count in counts.most_common(MOST_VALUES) if count >= FEW]


@dataclass(frozen=True)
class LeftOut(_Kept):
    """A column that the network is not given, and why."""

    kind: ClassVar[str] = "left out"
    why: str

    def encode(self, table: Table, rows: Rows) -> Encoded:
        """No input."""
        return Encoded(np.zeros((0, 0)))

    @property
    def inputs(self) -> tuple[str, ...]:
        """None."""
        return ()

    @property
    def words(self) -> str:
        """Why it is left out."""
        return f"left out: {self.why}"


Column = Number | Moment | Flag | Category | LeftOut
COLUMNS: dict[str, type[Column]] = {each.kind: each for each in (Number, Moment, Flag, Category, LeftOut)}
"""Every kind of column by its name."""


def look_at(table: Table, name: str, as_category: bool = False) -> Callable[[Rows], Column]:
    """What kind of column this is, found on all rows; the result learns the rest from some of them.

    Numbers where most cells are meant as numbers, and then all must be. Left out is what has one value or names rows.
    Raises ChalkworkError, with file, line and column, for a text among numbers, and for numbers that can be read two
    ways.

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
        table.numbers(name, ALL, form)
    why = _useless(name, look, as_category, form)
    if why:
        return lambda rows: LeftOut(name, why)
    if as_numbers:
        return lambda rows: (Moment if form.is_date else Number).learn(table, name, rows)
    if not as_category and not look.missing and flags(look.counts):
        return lambda rows: Flag.learn(table, name, rows)
    every = as_category or len(look.counts) <= MOST_VALUES
    return lambda rows: Category.learn(table, name, rows, every)


def _useless(name: str, look: Look, as_category: bool, form: Form) -> str:
    """Why a column with these values cannot help; nothing where it can."""
    as_numbers = look.means_numbers and not as_category
    if not look.present:
        return "it is empty"
    if as_numbers and look.values is not None and not look.same and not _names_rows(name):
        return ""
    counts = look.counts
    first = next(iter(counts))
    spelled = form.read if as_numbers else trimmed if look.all_numbers else str.strip
    alone = all(spelled(text) == spelled(first) for text in counts)
    if alone and (not look.missing or as_numbers):
        return f"it is {shown(first)} in every row{' that has it' if look.missing else ''}"
    if as_numbers and not _names_rows(name):
        return ""
    all_differ = counts.total() >= FEW and len(counts) == counts.total()
    if all_differ and _names_rows(name) and _are_whole(look, form):
        return "it numbers the rows"
    if as_numbers:
        return ""
    dates = sum(count for text, count in counts.items() if looks_like_date(text))
    if 2 * dates >= counts.total() and not as_category:
        text = shown(next(filter(looks_like_date, counts)))
        return f"{text} looks like a date, which is read as 2024-12-31, 31.12.2024 or 12/31/2024 only"
    if all_differ:
        return "every text is another one, so that it only names the rows"
    if len(counts) > MOST_VALUES and not as_category and not common(counts):
        return f"it has {len(counts)} different texts, none of them {FEW} times; --categories takes each for a value"
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
