"""What the text of one cell is: nothing, a number, true or false."""

from __future__ import annotations

import re

MISSING = frozenset(("", "na", "n/a", "null", "?"))
"""What stands for a missing value, in any case of letters."""
FLAGS = (("false", "true"), ("no", "yes"))
"""Pairs of texts, in any case of letters, that say no and yes."""
LARGEST = 1e100
"""The largest number that is taken: its square is still a number."""

_NUMBER = {
    mark: re.compile(rf"[+-]?(?:[0-9]+(?:[{signs}][0-9]*)?|[{signs}][0-9]+)(?:[eE][+-]?[0-9]{{1,4}})?")
    for mark, signs in ((".", "."), (",", ".,"))
}
_NO_NUMBER = frozenset(("nan", "inf", "infinity"))
_MOST_DIGITS = 400


def is_missing(text: str) -> bool:
    """Whether the cell holds nothing: it is empty, or NA, N/A, null or a question mark.

    >>> is_missing(" "), is_missing("n/a"), is_missing("0")
    (True, True, False)
    """
    return not text or text.strip().lower() in MISSING


def number(text: str, mark: str = ".") -> float | None:
    """The number that the text is; None where it is none. With the decimal mark `,` a point is understood too.

    Digits are those of ASCII; there are no thousands separators, and NaN, infinities and numbers beyond 1e100 are none.

    >>> number("-1.5e3"), number("1,5", ","), number("1,5"), number("nan"), number("1_000")
    (-1500.0, 1.5, None, None, None)
    """
    text = text.strip()
    if len(text) > _MOST_DIGITS or not _NUMBER[mark].fullmatch(text):
        return None
    value = float(text.replace(",", ".") if mark == "," else text)
    return value if abs(value) <= LARGEST else None


def is_meant_as_number(text: str, mark: str = ".") -> bool:
    """Whether the text is a number or one of those that cannot be worked with: NaN, an infinity, 1e999.

    >>> is_meant_as_number("NaN"), is_meant_as_number("-inf"), is_meant_as_number("red")
    (True, True, False)
    """
    text = text.strip()
    return text.lower().lstrip("+-") in _NO_NUMBER or bool(_NUMBER[mark].fullmatch(text))
