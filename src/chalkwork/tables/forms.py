"""How the numbers of a column are written. The column as a whole decides; what it leaves open is refused."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import numpy as np

from chalkwork.errors import ChalkworkError
from chalkwork.exchange.strict import mapping, of
from chalkwork.networks.data import Array
from chalkwork.tables.cells import DATE, LARGEST, MARKS, MOST_SIGNS, ORDERS, PLAIN, TIME_IN_UTC, Cell, cell, is_missing
from chalkwork.tables.packages import frames

_DAY = 86_400
_MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?)?$"
_PADDED = (
    ("^([0-9][./-])", "0$1"), ("^([0-9]{2}[./-])([0-9][./-])", "${1}0$2"), ("^([0-9]{4}/)([0-9]/)", "${1}0$2"),
    ("^([0-9]{4}/[0-9]{2}/)([0-9])($|[T ])", "${1}0$2$3"), (" ([0-9]:)", " 0$1"),
)  # fmt: skip
_DOTTED = ((r"^([0-9]{2})\.([0-9]{2})\.([0-9]{4})", "$3-$2-$1"),)
_DAY_FIRST = tuple((f"^([0-9]{{2}}){sign}([0-9]{{2}}){sign}([0-9]{{4}})", "$3-$2-$1") for sign in "/-")
_MONTH_FIRST = tuple((pattern, "$3-$1-$2") for pattern, _ in _DAY_FIRST)
_YEAR_FIRST = (("^([0-9]{4})/([0-9]{2})/", "$1-$2-"),)
"""Dates in other spellings than 2024-12-31, step by step, as `cells` reads them one by one."""
_GROUPS = {",": "a comma", ".": "a point", " ": "a space", "'": "an apostrophe"}


@dataclass(frozen=True, slots=True)
class Form:
    """How numbers are written: decimal mark (none where no number needs one), signs between thousands, unit.

    The mark of dates is what stands first in them, the day or the month.

    >>> Form(",", ".", "€").read("1.234,50 €"), Form(".").read("1,5"), Form().read("3")
    (1234.5, None, 3.0)
    """

    mark: str = ""
    group: str = ""
    unit: str = ""

    def read(self, text: str) -> float | None:
        """The number that the text is in this form; None where it is none, or beyond 1e100."""
        text = text.strip()
        if self.mark == "." and not self.unit and len(text) <= MOST_SIGNS and PLAIN["."].fullmatch(text):
            value = float(text)
            return value if abs(value) <= LARGEST else None  # most numbers are like this
        found = cell(text)
        if found is None or found.unit != self.unit or (not self.mark and found.is_open):
            return None
        if self.is_date and not self.mark and len(found.values) < len(ORDERS):
            return None
        number = found.values.get(self.mark or next(iter(ORDERS if self.is_date else MARKS)))
        return None if number is None or abs(number) > LARGEST else number

    @property
    def is_date(self) -> bool:
        """Whether the numbers are days."""
        return self.unit in (DATE, TIME_IN_UTC)

    @property
    def words(self) -> str:
        """What is particular about the form; nothing for plain numbers with a point."""
        if self.is_date:
            first = f" with the {ORDERS[self.mark]} first" if self.mark else ""
            return f"a {self.unit}{first}, counted in days"
        said = ["a decimal comma"] if self.mark == "," else []
        said += [f"{_GROUPS[sign]} between thousands" for sign in self.group]
        return ", ".join([*said, *([f"in {self.unit}"] if self.unit else [])])

    def to_data(self) -> dict[str, Any]:
        """The form as plain data."""
        return {"mark": self.mark, "group": self.group, "unit": self.unit}

    @classmethod
    def from_data(cls, data: Any) -> Form:
        """The form that `to_data` gave. Raises ChalkworkError for anything else."""
        fields = mapping(data, "the form of numbers")
        form = cls(*(fields.need(key, of(str)) for key in ("mark", "group", "unit")))
        fields.done()
        if (
            form.mark not in ("", *(ORDERS if form.is_date else MARKS))
            or not set(form.group) <= set(_GROUPS)
            or len(form.unit) > len(TIME_IN_UTC)
        ):
            raise ChalkworkError("the form of numbers is unknown")
        return form


PLAIN_FORM = Form()


def as_text(column: Any) -> Any:
    """A Series of polars as the texts that a CSV file would hold, empty where there is nothing."""
    polars = frames()
    if column.dtype == polars.Datetime:
        zone = "Z" if column.dtype.time_zone else ""
        column = (column.dt.convert_time_zone("UTC") if zone else column).dt.to_string(f"%Y-%m-%d %H:%M:%S{zone}")
    elif column.dtype.is_float():
        column = column.fill_nan(None)
    return column.cast(polars.String).fill_null("")


@dataclass
class Look:
    """What the cells of a column are as numbers, seen once for all of them.

    `only` and `open` hold a text for each decimal mark: one that this mark alone reads, and one whose value it changes
    (by the sign in it); for dates likewise by what stands first. `groups` are the signs between thousands by
    mark. `values` are the numbers of all rows, NaN where they are missing, where all cells are plain numbers that a
    decimal point reads and nothing is open, or dates that are no texts.
    """

    column: Any
    """The cells, as they stand in the file."""
    missing_words: frozenset[str]
    present: int = 0
    """Cells that hold something."""
    values: Array | None = None
    by_order: dict[str, Array] = field(default_factory=dict)
    """Of written dates the days by what stands first, infinite where it cannot, and, by nothing, where it matters."""
    numbers: int = 0
    unit: str = ""
    only: dict[str, str] = field(default_factory=dict)
    open: dict[str, str] = field(default_factory=dict)
    groups: dict[str, set[str]] = field(default_factory=lambda: {mark: set() for mark in MARKS})

    @classmethod
    def at(cls, column: Any, missing_words: frozenset[str] = frozenset()) -> Look:
        """The look of these cells, a Series of polars."""
        look = cls(column, missing_words)
        if column.dtype.is_numeric():
            look._as_typed()
        elif column.dtype in (frames().Date, frames().Datetime):
            look._as_dates(column)
        elif column.dtype != frames().String or not (look._as_plain() or look._as_written_dates()):
            look._as_any()
        return look

    def _as_typed(self) -> None:
        """Numbers that are no texts."""
        values = self.column.cast(frames().Float64).fill_null(np.nan).to_numpy()
        if self.missing_words:
            words = [value for word in self.missing_words if (value := Form(".").read(word)) is not None]
            values = np.where(np.isin(values, words), np.nan, values)
        beyond = np.abs(values) > LARGEST
        self._hold(np.where(beyond, np.inf, values) if beyond.any() else values)
        if self.column.dtype.is_float():
            self.only.update(dict.fromkeys(".", next(iter(as_text(self.column.drop_nulls().head(1))), "1.5")))

    def _as_dates(self, column: Any) -> None:
        """Dates that are no texts: days."""
        moments = column.dt.epoch("us").cast(frames().Float64)
        self._hold(moments.fill_null(np.nan).to_numpy() / (_DAY * 1e6))
        self.unit = TIME_IN_UTC if getattr(column.dtype, "time_zone", None) else DATE

    def _as_written_dates(self) -> bool:
        """Whether these are dates such as 2024-12-31 or 12/31/2024, perhaps with a time of day, and nothing else."""
        texts, codes = self.coded
        column = frames().Series(texts, dtype=frames().String)
        day = _days(column, "d")
        month = _days(column, "m") if column.str.contains("[0-9][/-].*[0-9]{4}").any() else day
        there = ~np.isnan(day) | ~np.isnan(month)
        if not there.any() or (there != (column != "").to_numpy()).any():
            return False
        day, month = (np.where(there & np.isnan(each), np.inf, each) for each in (day, month))
        apart = there & (day != month)
        both = apart & np.isfinite(day) & np.isfinite(month)
        for found, mark, where in (
            (self.only, "d", np.isinf(month)),
            (self.only, "m", np.isinf(day)),
            (self.open, ".", both),
        ):
            found.update({mark: texts[int(where.argmax())]} if where.any() else {})
        self.by_order = {"": np.where(apart, np.inf, day)[codes], "d": day[codes], "m": month[codes]}
        self._hold(self.by_order["d"])
        self.values = None if self.open and not self.only else self.by_order[next(iter(self.only), "")]
        self.unit = DATE
        return True

    def _hold(self, values: Array) -> None:
        self.values = values
        self.present = self.numbers = len(values) - int(np.isnan(values).sum())

    def _as_plain(self) -> bool:
        """Whether these are plain numbers with a decimal point or none; not where a cell is anything else, or open.

        Most columns are such, and it is the whole column that is looked at.
        """
        polars, texts = frames(), as_text(self.column).str.strip_chars()
        read = texts.cast(polars.Float64, strict=False)
        if self.missing_words:
            read = read.set(texts.str.to_lowercase().is_in(list(self.missing_words)), None)
        there = read.is_finite().fill_null(False)
        if not there.all():
            if not all(map(self._is_missing, texts.filter(~there).unique().to_list())):
                return False
            texts, read = texts.filter(there), polars.select(polars.when(there).then(read)).to_series()
        powers = texts.filter(texts.str.contains("[eE]"))
        if not all(PLAIN["."].fullmatch(text) for text in powers.unique().to_list()):
            return False
        points = texts.str.contains(".", literal=True)
        pointed = texts.filter(points & texts.str.slice(-4, 1).ne("."))
        values = read.fill_null(np.nan).to_numpy()
        if (points.any() and not len(pointed)) or (texts.str.len_bytes().max() or 0) > MOST_SIGNS:
            return False
        if (np.abs(values) > LARGEST).any():
            return False
        self._hold(values)
        self.only.update(dict.fromkeys(".", pointed[-1]) if len(pointed) else {})
        return True

    def _is_missing(self, text: str) -> bool:
        return is_missing(text) or text.lower() in self.missing_words

    def _as_any(self) -> None:
        self.present = self.counts.total()
        units: Counter[str] = Counter()
        seen: list[tuple[str, Cell]] = []
        for text, count in self.counts.items():
            if (found := cell(text)) is not None:
                self.numbers += count
                units[found.unit] += count
                seen.append((text, found))
        self.unit = max(units, key=lambda unit: units[unit]) if units else ""
        for text, found in seen:
            if found.unit == self.unit:
                self._add(text, found)

    def _add(self, text: str, found: Cell) -> None:
        for mark, group in found.groups.items():
            self.groups[mark].add(group)
        if len(found.values) == 1:
            self.only.setdefault(next(iter(found.values)), text)
        elif found.is_open:
            self.open.setdefault("," if "," in text else ".", text)

    @cached_property
    def coded(self) -> tuple[list[str], Array]:
        """The different texts, in the order in which they first stand there, and for each row which of them it is.

        They are without spaces around them; what stands for a missing value is empty.
        """
        polars, texts = frames(), as_text(self.column).str.strip_chars()
        different = texts.unique(maintain_order=True)
        codes = texts.cast(polars.Enum(different)).to_physical().to_numpy()
        return ["" if self._is_missing(text) else text for text in different.to_list()], codes

    @cached_property
    def counts(self) -> Counter[str]:
        """How often each text stands there, in the order in which they first do."""
        return self.counts_in(slice(None))

    def counts_in(self, rows: Any) -> Counter[str]:
        """How often each text stands in these rows, those that are missing left away."""
        texts, codes = self.coded
        found: Counter[str] = Counter()
        times = np.bincount(codes[rows], minlength=len(texts))
        found.update({text: int(count) for text, count in zip(texts, times, strict=True) if text and count})
        return found

    @property
    def missing(self) -> int:
        """Cells that hold nothing."""
        return len(self.column) - self.present

    @property
    def words_for_missing(self) -> list[str]:
        """What stands where nothing does."""
        texts = as_text(self.column).str.strip_chars()
        return [text for text in texts.unique(maintain_order=True).to_list() if self._is_missing(text)]

    @property
    def code(self) -> str | None:
        """The first whole number that begins with a zero, as codes do."""
        if self.column.dtype.is_numeric():
            return None
        texts = as_text(self.column).str.strip_chars()
        return next(iter(texts.filter(texts.str.contains("^0[0-9]+$")).head(1)), None)

    @property
    def same(self) -> bool:
        """Whether all plain numbers that are there are one number."""
        return self.values is not None and bool(np.nanmin(self.values) == np.nanmax(self.values))

    @property
    def means_numbers(self) -> bool:
        """Whether at least half of what is there is meant as numbers."""
        return 2 * self.numbers >= self.present > 0

    @property
    def all_numbers(self) -> bool:
        """Whether all of what is there is meant as numbers."""
        return self.numbers == self.present > 0


def _days(texts: Any, order: str) -> Array:
    """The days of written dates, where the day or the month stands first; NaN for anything else."""
    polars = frames()
    if texts.str.contains("^[0-9]{1,2}[./-]|/| [0-9]:").any():
        parts = _MONTH_FIRST if order == "m" else _DAY_FIRST
        for pattern, iso in (*_PADDED, *_DOTTED, *parts, *_YEAR_FIRST):
            texts = texts.str.replace(pattern, iso)
    there = texts.str.contains(_MOMENT)
    rest = texts.str.len_bytes().replace_strict({10: " 00:00:00", 16: ":00"}, default="", return_dtype=polars.String)
    whole = polars.select(texts.str.slice(0, 10) + polars.lit(" ") + texts.str.slice(11) + rest).to_series()
    moments = whole.str.replace("  ", " ").str.to_datetime("%Y-%m-%d %H:%M:%S%.f", strict=False, time_unit="us")
    days: Array = moments.dt.epoch("us").cast(polars.Float64).fill_null(np.nan).to_numpy() / (_DAY * 1e6)
    return np.where(there.to_numpy(), days, np.nan)


def readings(text: str) -> str:
    """Both readings of a text that has two.

    >>> readings("1,234")
    "'1,234' is 1234 with a decimal point, but 1.234 with a decimal comma"
    >>> readings("3/4/2024")
    "'3/4/2024' is 2024-04-03 with the day first, but 2024-03-04 with the month first"
    """
    found = cell(text)
    values = found.values if found else {}
    said = [f"{values[mark]:.15g} with a decimal {word}" for mark, word in MARKS.items() if mark in values]
    for order, word in ORDERS.items():
        if order in values:
            said.append(f"{date(1970, 1, 1) + timedelta(values[order]):%Y-%m-%d} with the {word} first")
    return f"'{text}' is {', but '.join(said)}"
