"""A comma as decimal mark: in formulas, in prose with formulas, and in plain characters.

Numbers in a row are then parted by semicolons: 1,5, 2 could be two numbers or three.
"""

from __future__ import annotations

import re

_NUMBER = re.compile(r"[-−]?\d+(?P<decimal>(?:\.|,|\{,\})\d+)?(?: \\cdot 10\^\{-?\d+\}|·10[⁻⁰¹²³⁴-⁹]+)?")
_PARTED = re.compile(r"(\}?\)?\$?),( |\\,|\\ |\\quad)(\$?\(?)")
_ARGUMENTS = re.compile(r"(\b(?:max|min)(?:\\left)?\([^(),;]*), ")
_POINT = re.compile(r"(?<=\d)\.(?=\d)")


def commas_in_maths(latex: str) -> str:
    r"""LaTeX without dollars.

    >>> commas_in_maths(r"f(1.5, -2) = w_{1,2}")
    'f(1{,}5; -2) = w_{1,2}'
    >>> commas_in_maths(r"\max(0, z_2)")
    '\\max(0; z_2)'
    """
    return _POINT.sub("{,}", _parted(latex))


def commas_in_text(text: str) -> str:
    """Plain characters; no line becomes wider.

    >>> commas_in_text("max(0.5, −2), x = 3, 4")
    'max(0,5; −2), x = 3, 4'
    """
    return _POINT.sub(",", _parted(text))


def commas_in_prose(markdown: str) -> str:
    """Markdown with formulas between dollars.

    >>> commas_in_prose("at $0.5$, $2$ and 1.5")
    'at $0{,}5$; $2$ and 1,5'
    """
    parts = _parted(markdown).split("$")
    return "$".join(_POINT.sub("{,}" if place % 2 else ",", part) for place, part in enumerate(parts))


def _parted(text: str) -> str:
    """Semicolons between numbers in a row of which one has decimals, and between the arguments of max and min."""
    text = _ARGUMENTS.sub(r"\1; ", text)
    rows: list[list[re.Match[str]]] = []
    for number in _NUMBER.finditer(text):
        together = rows and _PARTED.fullmatch(text, rows[-1][-1].end(), number.start())
        rows[-1].append(number) if together else rows.append([number])
    for row in reversed([row for row in rows if len(row) > 1 and any(number["decimal"] for number in row)]):
        for number in row[-2::-1]:
            comma = text.index(",", number.end())
            text = f"{text[:comma]};{text[comma + 1 :]}"
    return text
