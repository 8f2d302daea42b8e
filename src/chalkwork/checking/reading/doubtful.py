"""What no reader of one answer can settle: two values for one name, and a comma that may stand for thousands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeGuard

_THOUSANDS = re.compile(r"(?<![0-9.,])[-+]?[1-9][0-9]{0,2},[0-9]{3}(?![0-9.,])")
_DECIMAL_COMMA = re.compile(r"(?<![0-9.,])0,[0-9]{2,}(?![0-9,])|(?<![0-9.,])[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})\s*(?:;|$)")


class Twice(str):
    """Two values that were typed for one name: neither can be taken."""

    both: tuple[str, str]

    @classmethod
    def of(cls, one: object, other: object) -> Twice:
        """Both, as they were typed; of three the first and the last."""
        first = one.both[0] if isinstance(one, Twice) else str(one)
        made = cls(f"{first} / {other}")
        made.both = (first, str(other))
        return made


def _is_texts(given: object) -> TypeGuard[list[str]]:
    return type(given) is list and all(type(cell) is str for cell in given)


def thousands_in(typed: Mapping[str, object]) -> dict[str, str]:
    """Numbers such as 1,234, by the answers in which they stand; none where another number has a decimal comma.

    >>> thousands_in({"z": "1,234", "L": "0.79"}), thousands_in({"z": "1,234", "L": "0,79"})
    ({'z': '1,234'}, {})
    """
    found: dict[str, str] = {}
    for name, given in typed.items():
        text = given if type(given) is str else "; ".join(given) if _is_texts(given) else ""
        if "," in text:
            if _DECIMAL_COMMA.search(text):
                return {}
            if number := _THOUSANDS.search(text):
                found[name] = number[0]
    return found
