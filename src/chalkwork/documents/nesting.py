r"""How deep formulas, quotations and lists are nested: what no page could show is refused before a typesetter is asked.

Typst and pandoc go down into groups within groups, and pandoc reads powers of powers in a time that doubles with each.
"""

from __future__ import annotations

import re

from chalkwork.errors import ChalkworkError

MOST_GROUPS, MOST_SCRIPTS, MOST_PARTS = 100, 10, 16
_SIGN = re.compile(r"\\(?:left|right)\b|\\[A-Za-z]+|\\.|[{}^_]|\n[ \t]*\n|\S", re.DOTALL)

_MARKS = re.compile(r"^([ \t]*)((?:[ \t]*(?:>|(?:[-*+]|\d{1,9}[.)])(?=[ \t])))+)[ \t]*(?=[^\s*+-])", re.MULTILINE)
_MARK = re.compile(r">|[-*+]|\d+[.)]")


def _parts(text: str) -> int | None:
    """Where quotations and lists stand in too many others; None where they do not."""
    for found in _MARKS.finditer(text):
        marks = _MARK.findall(found[2])
        within = 0 if marks[0] == ">" else len(found[1].expandtabs(4)) // 2
        if len(marks) + within > MOST_PARTS:
            return found.start()
    return None


def too_deep(text: str) -> tuple[int, str] | None:
    r"""Where a formula of a text goes too deep, and what is wrong there; None where none does.

    >>> too_deep(r"$\frac{1}{2}$"), too_deep("$" + "x^{" * 11 + "2" + "}" * 11 + "$")
    (None, (33, 'more than 10 powers or indices on top of each other'))
    """
    groups: list[bool] = []
    script = False
    for found in _SIGN.finditer(text):
        sign = found.group()
        if sign in "^_":
            script = True
            continue
        if sign == "{" or sign == r"\left":
            groups.append(script and sign == "{")
            if len(groups) > MOST_GROUPS:
                return found.start(), f"more than {MOST_GROUPS} groups within each other"
            if groups[-1] and sum(groups) > MOST_SCRIPTS:
                return found.start(), f"more than {MOST_SCRIPTS} powers or indices on top of each other"
        elif sign in ("}", r"\right") and groups:
            groups.pop()
        elif sign[0] == "\n":
            groups.clear()
        if not sign[1:].isalpha():
            script = False
    return None


def check_nesting(text: str, line: int | None = None) -> None:
    """Refuse what is nested too deeply, at the line that it stands in where the first line is given.

    Raises ChalkworkError.

    >>> check_nesting("An aside:\\n\\n" + "> " * 17 + "deep", 1)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    chalkwork.errors.ChalkworkError: line 3: more than 16 quotations and lists within each other. Hint: ...
    """
    place = _parts(text)
    if place is not None:
        at = line + text.count("\n", 0, place) if line is not None else None
        problem = f"more than {MOST_PARTS} quotations and lists within each other"
        raise ChalkworkError(problem, line=at, hint="write it flatter")
    found = too_deep(text)
    if found is not None:
        place, problem = found
        at = line + text.count("\n", 0, place) if line is not None else None
        shown = " ".join(text[max(0, place - 30) : place + 10].split())
        hint = "give its parts their own names"
        raise ChalkworkError(f"a formula has {problem}: ... {shown} ...", line=at, hint=hint)
