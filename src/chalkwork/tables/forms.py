"""How the numbers of a column are written. The column as a whole decides; what it leaves open is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from chalkwork.errors import ChalkworkError
from chalkwork.exchange.strict import mapping, of
from chalkwork.networks.data import Array
from chalkwork.tables.cells import DATE, LARGEST, MARKS, MOST_SIGNS, PLAIN, TIME_IN_UTC, Cell, cell, is_missing

_GROUPS = {",": "a comma", ".": "a point", " ": "a space", "'": "an apostrophe"}


@dataclass(frozen=True, slots=True)
class Form:
    """How numbers are written: decimal mark (none where no number needs one), signs between thousands, unit.

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
        number = found.values.get(self.mark or ".")
        return None if number is None or abs(number) > LARGEST else number

    @property
    def is_date(self) -> bool:
        """Whether the numbers are days."""
        return self.unit in (DATE, TIME_IN_UTC)

    @property
    def words(self) -> str:
        """What is particular about the form; nothing for plain numbers with a point."""
        if self.is_date:
            return f"a {self.unit}, counted in days"
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
        if form.mark not in ("", *MARKS) or not set(form.group) <= set(_GROUPS) or len(form.unit) > len(TIME_IN_UTC):
            raise ChalkworkError("the form of numbers is unknown")
        return form


PLAIN_FORM = Form()
_PLAIN_SIGNS = frozenset("0123456789.+-eE")


def _has_point(text: str) -> bool:
    """Whether the text is a plain number that a decimal point alone reads: most numbers are, and it is soon seen."""
    return "." in text and text[-4:-3] != "." and len(text) <= MOST_SIGNS and bool(PLAIN["."].fullmatch(text))


@dataclass
class Look:
    """What the cells of a column are as numbers, seen once for all of them.

    `only` and `open` hold a text for each decimal mark: one that this mark alone reads, and one whose value it changes
    (by the sign in it). `groups` are the signs between thousands by mark. `values` are the numbers of all rows, NaN
    where they are missing, where all cells are plain numbers that a decimal point reads and nothing is open.
    """

    texts: Sequence[str]
    """The cells that hold something, as often as they stand there."""
    missing: int = 0
    """Cells that hold nothing."""
    values: Array | None = None
    numbers: int = 0
    unit: str = ""
    only: dict[str, str] = field(default_factory=dict)
    open: dict[str, str] = field(default_factory=dict)
    groups: dict[str, set[str]] = field(default_factory=lambda: {mark: set() for mark in MARKS})

    @classmethod
    def at(cls, texts: Sequence[str]) -> Look:
        """The look of these cells, missing ones left away."""
        return cls._plain(texts) or cls._any(texts)

    @classmethod
    def _plain(cls, texts: Sequence[str]) -> Look | None:
        """The look of plain numbers with a decimal point or none; None where a cell is anything else, or open.

        Most columns are such, and it is the whole column that is looked at: its signs, then what `float` makes of it.
        """
        signs = set("".join(texts))
        if not signs <= _PLAIN_SIGNS:
            return None
        gaps = [text for text in ("", "-", "--") if text in texts]
        there = [text for text in texts if text not in gaps] if gaps else texts
        point = next((text for text in reversed(there) if "." in text and text[-4:-3] != "."), None)
        if (point is None and "." in signs) or max(map(len, there), default=0) > MOST_SIGNS:
            return None
        if signs & set("eE") and not all(PLAIN["."].fullmatch(text) for text in there if "e" in text or "E" in text):
            return None
        try:
            filled = ["nan" if text in gaps else text for text in texts] if gaps else texts
            values = np.fromiter(map(float, filled), np.float64, len(texts))
        except ValueError:
            return None
        if (np.abs(values) > LARGEST).any():
            return None
        only = {} if point is None else {".": point}
        return cls(there, len(texts) - len(there), values, len(there), only=only)

    @classmethod
    def _any(cls, texts: Sequence[str]) -> Look:
        there = [text.strip() for text in texts if not is_missing(text)]
        look = cls(there, len(texts) - len(there))
        units: Counter[str] = Counter()
        seen: list[tuple[str, Cell]] = []
        pointed = 0
        for text, count in look.counts.items():
            if _has_point(text):
                pointed += count
                point = text
            elif (found := cell(text)) is not None:
                look.numbers += count
                units[found.unit] += count
                seen.append((text, found))
        if pointed:
            look.numbers += pointed
            units[""] += pointed
        look.unit = max(units, key=lambda unit: units[unit]) if units else ""
        if pointed and not look.unit:
            look.only["."] = point
        for text, found in seen:
            if found.unit == look.unit:
                look._add(text, found)
        return look

    def _add(self, text: str, found: Cell) -> None:
        for mark, group in found.groups.items():
            self.groups[mark].add(group)
        if len(found.values) == 1:
            self.only.setdefault(next(iter(found.values)), text)
        elif found.is_open:
            self.open.setdefault("," if "," in text else ".", text)

    @cached_property
    def counts(self) -> Counter[str]:
        """How often each text stands there, in the order in which they first do."""
        return Counter(self.texts)

    @property
    def means_numbers(self) -> bool:
        """Whether at least half of what is there is meant as numbers."""
        return 2 * self.numbers >= len(self.texts) > 0

    @property
    def all_numbers(self) -> bool:
        """Whether all of what is there is meant as numbers."""
        return self.numbers == len(self.texts) > 0


def readings(text: str) -> str:
    """Both readings of a text that has two.

    >>> readings("1,234")
    "'1,234' is 1234 with a decimal point, but 1.234 with a decimal comma"
    """
    values = getattr(cell(text), "values", {})
    said = ", but ".join(f"{values[mark]:.15g} with a decimal {word}" for mark, word in MARKS.items() if mark in values)
    return f"'{text}' is {said}"
