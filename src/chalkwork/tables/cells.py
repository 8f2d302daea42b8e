"""What the text of one cell is: nothing, true or false, a number, a date, and as which numbers it can be read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

MISSING = frozenset(
    (
        "",
        "na",
        "n/a",
        "#n/a",
        "#n/a n/a",
        "#na",
        "<na>",
        "nan",
        "-nan",
        "nat",
        "none",
        "null",
        "?",
        "-",
        "--",
        "1.#ind",
        "-1.#ind",
        "1.#qnan",
        "-1.#qnan",
    )
)
"""What stands for a missing value, in any case of letters."""
FLAGS = (("false", "true"), ("no", "yes"))
"""Pairs of texts, in any case of letters, that say no and yes."""
LARGEST = 1e100
"""The largest number that is taken: its square is still a number."""
MARKS: Mapping[str, str] = {".": "point", ",": "comma"}
"""The decimal marks and what they are called."""
ORDERS: Mapping[str, str] = {"d": "day", "m": "month"}
"""What may stand first in dates such as 3/4/2024, and what it is called."""
DATE, TIME_IN_UTC = "date", "time in UTC"

MOST_SIGNS = 400
"""The longest number that is read."""
_CURRENCY = "$¢£¤¥฿₡₦₩₪₫€₭₮₱₲₴₵₸₹₺₽₾₿"
_SIGNS = str.maketrans({"\u2212": "-", "\u00a0": " ", "\u2007": " ", "\u2009": " ", "\u202f": " ", "’": "'"})
_PARTS = re.compile(rf"([+-]?)([{_CURRENCY}]?) ?([+-]?)([0-9.,][0-9., '+eE-]*?) ?([{_CURRENCY}%]?)")
PLAIN = {
    mark: re.compile(rf"[+-]?(?:[0-9]+(?:[{mark}][0-9]*)?|[{mark}][0-9]+)(?:[eE][+-]?[0-9]{{1,4}})?") for mark in MARKS
}
"""Numbers without a unit and without signs between thousands, by decimal mark."""
_GROUPED = {
    mark: re.compile(rf"[1-9][0-9]{{0,2}}([{other} '])[0-9]{{3}}(?:\1[0-9]{{3}})*(?:[{mark}][0-9]*)?")
    for mark, other in ((".", ","), (",", "."))
}
_DATE = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_WRITTEN = re.compile(r"([0-9]{1,2})([./-])([0-9]{1,2})\2([0-9]{4})(?![0-9./-])")
_YEAR_FIRST = re.compile(r"([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})(?![0-9/])")
_HOUR = re.compile(" ([0-9]:)")
_DATE_LIKE = re.compile(r"[0-9]{1,4}([./-])[0-9]{1,2}\1[0-9]{1,4}\b.*|[0-9]{1,2}[. -][A-Za-z]{3,9}[. -]+[0-9]{2,4}")
_BEYOND = frozenset(("inf", "infinity"))
_DAY = 86_400


def is_missing(text: str) -> bool:
    """Whether the cell holds nothing: it is empty, or a word for it such as NA, NaN, None, null or a question mark.

    >>> is_missing(" "), is_missing("n/a"), is_missing("NaN"), is_missing("0")
    (True, True, True, False)
    """
    return not text or text.strip().lower() in MISSING


@dataclass(frozen=True, slots=True)
class Cell:
    """A text that is meant as a number: its unit, and by decimal mark the value and the sign between thousands; the
    values of a date are by what stands first in it."""

    unit: str
    values: Mapping[str, float]
    groups: Mapping[str, str]

    @property
    def is_open(self) -> bool:
        """Whether the decimal mark, or what stands first, makes a difference."""
        return len(set(self.values.values())) == 2


def cell(text: str) -> Cell | None:
    """What the text is as a number; None where it is none.

    A unit is a percent sign, a currency sign or that it is a date, which counts days. Thousands are separated by one
    sign throughout, three digits at a time. In a date with points the day stands first; with slashes or hyphens it is
    the day or the month, unless the year does. Digits are those of ASCII.

    >>> cell("1,234").values, cell("12.50 €").values, cell("$1,234.50").values, cell("red")
    ({'.': 1234.0, ',': 1.234}, {'.': 12.5}, {'.': 1234.5}, None)
    >>> cell("1970-01-02").values, cell("2.1.1970").unit, cell("1/2/1970").values, cell("13/1/1970").values
    ({'d': 1.0, 'm': 1.0}, 'date', {'d': 31.0, 'm': 1.0}, {'d': 12.0})
    """
    text = text.strip()
    if text.isascii() and text.isdigit() and len(text) <= MOST_SIGNS:
        value = float(text)
        return Cell("", {".": value, ",": value}, {})
    if len(text) > MOST_SIGNS:
        return None
    text = text.translate(_SIGNS)
    parts = _PARTS.fullmatch(text)
    if parts is None:
        return _date(text) or _infinity(text)
    before, first, after, body, last = parts.groups()
    if (before and after) or (first and last) or (after and not first):
        return None
    sign = -1 if "-" in (before, after) else 1
    values: dict[str, float] = {}
    groups: dict[str, str] = {}
    for mark in MARKS:
        grouped = _GROUPED[mark].fullmatch(body)
        if grouped:
            groups[mark] = grouped[1]
        if grouped or PLAIN[mark].fullmatch(body):
            values[mark] = sign * float(body.replace(grouped[1] if grouped else " ", "").replace(mark, "."))
    return Cell(first or last, values, groups) if values else _date(text)


def _infinity(text: str) -> Cell | None:
    beyond = text.lower().lstrip("+-") in _BEYOND
    return Cell("", dict.fromkeys(MARKS, float("inf")), {}) if beyond else None


def _date(text: str) -> Cell | None:
    unit, values = DATE, {}
    for order in ORDERS:
        iso = _iso(text, order)
        found = _DATE.fullmatch(iso)
        if found is None:
            return None
        unit = TIME_IN_UTC if found[1] else DATE
        with suppress(ValueError, OverflowError):
            moment = datetime.fromisoformat(iso)
            values[order] = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() / _DAY
    return Cell(unit, values, {}) if values else None


def _iso(text: str, order: str) -> str:
    """The text with its date as 2024-12-31, where the year stands last or slashes stand between."""

    def turned(part: re.Match[str]) -> str:
        first, sign, second, year = part.groups()
        day, month = (second, first) if order == "m" and sign != "." else (first, second)
        return f"{year}-{month:0>2}-{day:0>2}"

    text = _YEAR_FIRST.sub(lambda part: f"{part[1]}-{part[2]:0>2}-{part[3]:0>2}", _WRITTEN.sub(turned, text, count=1))
    return _HOUR.sub(r" 0\1", text)


def looks_like_date(text: str) -> bool:
    """Whether the text is built as a date is, perhaps as one that is not read.

    >>> looks_like_date("31.12.24"), looks_like_date("3/4/24"), looks_like_date("2 Jan 2024"), looks_like_date("1.5")
    (True, True, True, False)
    """
    return bool(_DATE_LIKE.fullmatch(text.strip()[:60]))


def trimmed(text: str) -> str:
    """A whole number without the zeros after its point, as which some programs write it; other texts as they are.

    >>> trimmed("10.0"), trimmed("10.5"), trimmed("010")
    ('10', '10.5', '010')
    """
    whole, point, zeros = text.strip().partition(".")
    return whole if point and zeros and not zeros.strip("0") and whole.lstrip("+-").isdigit() else text.strip()
