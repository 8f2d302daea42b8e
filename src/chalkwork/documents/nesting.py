r"""How deep formulas are nested: what no page could show is refused before a typesetter is asked.

Typst and pandoc go down into groups within groups, and pandoc reads powers of powers in a time that doubles with each.
"""

from __future__ import annotations

import re

from chalkwork.errors import ChalkworkError

MOST_GROUPS, MOST_SCRIPTS = 100, 10
_SIGN = re.compile(r"\\(?:left|right)\b|\\[A-Za-z]+|\\.|[{}^_]|\n[ \t]*\n|\S", re.DOTALL)


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
    """Refuse formulas that are nested too deeply, at the line that they stand in where the first line is given.

    Raises ChalkworkError.
    """
    found = too_deep(text)
    if found is not None:
        place, problem = found
        at = line + text.count("\n", 0, place) if line is not None else None
        shown = " ".join(text[max(0, place - 30) : place + 10].split())
        hint = "give its parts their own names"
        raise ChalkworkError(f"a formula has {problem}: ... {shown} ...", line=at, hint=hint)
