"""What strangers typed, as it is: no terminal, Markdown reader or file system obeys anything in it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
_JOINERS = "\u200c\u200d"  # ordinary letters of some languages
_SIGNS = re.compile(r"[!-$&-+:<>@\[-`{-~]|^[-=]|(?<=[-.])[-.]|(?<=www)\.")
_NUMBERED = re.compile(r"^([0-9]+)\.")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)
_MOST_IN_A_NAME = 60


def visible(text: str, most: int | None = None) -> str:
    """The text on one line, every sign that cannot be seen replaced; with an ellipsis where it has more than `most`.

    >>> visible("a\\x1b[31m\\nb"), visible("abcdef", 4)
    ('a\ufffd[31m b', 'abc…')
    """
    line = shown(" ".join((text if most is None else text[: 4 * most + 100]).split()))
    return line if most is None or len(line) <= most else line[: most - 1] + "…"


def shown(text: str) -> str:
    """The text with every sign that cannot be seen replaced; lines and spaces stay as they are.

    >>> shown("a  \\x1b[31m\\n  b\\u202e")
    'a  �[31m\\n  b�'
    """
    return text if text.isprintable() else text.translate(_SHOWN)


class _Shown(dict[int, str]):
    """What stands for each sign, found once."""

    def __missing__(self, code: int) -> str:
        sign = chr(code)
        unseen = unicodedata.category(sign) in _UNSEEN and sign not in _JOINERS
        self[code] = "\ufffd" if unseen else sign
        return self[code]


_SHOWN = _Shown({ord("\n"): "\n", ord("\t"): " "})


def literal(text: str, most: int | None = None) -> str:
    """The text as inline Markdown that shows it as it is.

    >>> literal("*a* <b> $c$ [d](e) | `f`")
    '\\\\*a\\\\* \\\\<b\\\\> \\\\$c\\\\$ \\\\[d\\\\]\\\\(e\\\\) \\\\| \\\\`f\\\\`'
    """
    return _NUMBERED.sub(r"\1\\.", _SIGNS.sub(r"\\\g<0>", visible(text, most)))


def harmless(text: str) -> str:
    """The text with an apostrophe before it where a spreadsheet would take it for a formula.

    >>> harmless("=cmd()"), harmless("Ann")
    ("'=cmd()", 'Ann')
    """
    return f"'{text}" if text[:1] in "=+-@\t\r" else text


def file_names(titles: Iterable[str], suffix: str, taken: Iterable[str] = ()) -> Iterator[str]:
    """A file name for each title: letters, digits and `-_.` of it only, and no two alike, in any case of letters.

    >>> list(file_names(["../ann", "Ann", "a/b: c", "", "class"], ".html", taken=["class"]))
    ['ann.html', 'Ann-2.html', 'a-b-c.html', 'hand-in.html', 'class-2.html']
    """
    used = {name.casefold() for name in taken}
    for title in titles:
        stem = re.sub(r"[^\w.]+|\.{2,}", "-", unicodedata.normalize("NFC", visible(title)))[:_MOST_IN_A_NAME]
        stem = stem.strip("-._ ") or "hand-in"
        stem = f"_{stem}" if _RESERVED.match(stem) else stem
        name, number = stem, 1
        while name.casefold() in used:
            number += 1
            name = f"{stem}-{number}"
        used.add(name.casefold())
        yield name + suffix
