"""What a scan may have misread: other readings of one digit, letter or sign with which a statement would be right.

A reading is proposed and never taken: the verdict on what stands there remains.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from chalkwork.verification.comparing import Found, Verdict
from chalkwork.verification.spelling import Statement

MOST_READINGS, MOST_PROPOSED = 40, 2
_NUMBER = re.compile(r"(?<![A-Za-z0-9_.^{\\])(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?![0-9.A-Za-z])")
_LETTERS = {"o": "0", "O": "0", "l": "1", "I": "1", "S": "5", "s": "5", "B": "8", "Z": "2"}
_LETTER = re.compile(
    rf"(?<=[0-9.])[{''.join(_LETTERS)}](?![A-Za-z(])|(?<![A-Za-z\\_0-9])[{''.join(_LETTERS)}](?=[0-9.])"
)
_ALONE = re.compile(r"(?<![A-Za-z\\_{(0-9'])[oOlI](?![A-Za-z0-9_('^])")
_SIGN_BEFORE = re.compile(r"[-−+][ ]*$")
_ALIKE = {"0": "68", "1": "7", "3": "8", "4": "9", "5": "6", "6": "058", "7": "1", "8": "360", "9": "4"}


@dataclass(frozen=True)
class Read:
    """Another reading of a statement: its text, and what is read instead of what."""

    text: str
    instead: str
    of: str


def has_letters(text: str) -> bool:
    """Whether a letter stands where a digit may have been."""
    return bool(_LETTER.search(text) or _ALONE.search(text))


def readings(text: str, scanned: bool) -> Iterator[Read]:
    """The other readings of a statement; of digits that look alike only where the document is a scan.

    >>> [(one.instead, one.of) for one in readings("x = 0.S = 3", False)]
    [('5', 'S'), ('-3', '3')]
    """
    for pattern in (_LETTER, _ALONE):
        for found in pattern.finditer(text):
            digit = _LETTERS[found.group()]
            yield Read(text[: found.start()] + digit + text[found.end() :], digit, found.group())
    for found in _NUMBER.finditer(text):
        number, before, after = found.group(), text[: found.start()], text[found.end() :]
        if "." not in number:
            for place in range(1, len(number)):
                pointed = f"{number[:place]}.{number[place:]}"
                yield Read(before + pointed + after, pointed, number)
        if not _SIGN_BEFORE.search(before):
            yield Read(f"{before}{_minus(before, number)}{after}", f"-{number}", number)
    for found in _NUMBER.finditer(text) if scanned else ():
        number = found.group()
        for place, digit in enumerate(number):
            for other in _ALIKE.get(digit, ""):
                own = number[:place] + other + number[place + 1 :]
                yield Read(text[: found.start()] + own + text[found.end() :], own, number)


def _minus(before: str, number: str) -> str:
    """A negative number, in brackets where it is a factor or behind one."""
    alone = re.search(r"(?:^|[=(&<>]|\\\\)\s*$", before)
    return f"-{number}" if alone else f"(-{number})"


def proposed(found: Found, statement: Statement, judged: Callable[[Statement], Found], scanned: bool) -> Found:
    """What was found, with the other readings that would be right, if they are few."""
    right: list[Read] = []
    for one in islice(readings(statement.text, scanned), MOST_READINGS):
        if judged(replace(statement, text=one.text)).verdict in (Verdict.RIGHT, Verdict.ROUNDED):
            right.append(one)
        if len(right) > MOST_PROPOSED:
            return found
    if not right:
        return found
    same = len({(one.instead, one.of) for one in right}) < len(right)
    said = ", or with ".join(f"{one.instead} for {one.of}" + f" ({one.text})" * same for one in right)
    return replace(found, reason=f"{found.reason}. Perhaps misread: with {said} it is right")
