r"""Numbers as documents write them, as the reader takes them: 0{,}5, 12\,345, 50\%, ½, \binom{5}{2}, \lceil x \rceil.

What can be read in two ways stays as it is, and is refused where it is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import comb

MOST_CHOSEN = 300
_HALVES = {"½": (1, 2), "⅓": (1, 3), "⅔": (2, 3), "¼": (1, 4), "¾": (3, 4), "⅕": (1, 5), "⅛": (1, 8)}
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_LOWERED = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_PERCENT = re.compile(r"(?<![\w.])([0-9]+)(?:\.([0-9]+))?\s*(?:\\%|%(?!\s*[\w(\\]))")
_CHOSEN = re.compile(
    r"(?P<before>[A-Za-z0-9)}\]]\s*)?"
    r"(?:\\[dt]?binom\s*(?:\{\s*(\d+)\s*\}|(\d))\s*(?:\{\s*(\d+)\s*\}|(\d))|\{\s*(\d+)\s*\\choose\s*(\d+)\s*\})"
)
_RAISED_FIRST = re.compile(
    r"(?<=[A-Za-z}])\s*(\^\s*(?:\{[^{}]*\}|\w|\\[a-z]+))\s*(_\s*(?:\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}|\w|\\[a-z]+))"
)
_SMALL_DETERMINANT = re.compile(
    r"(?:\\det\s*(?:\\left)?\s*\(?\s*\\begin\{[pb]?matrix\}|\\begin\{vmatrix\})"
    r"((?:(?!\\begin)[^&])*?)&((?:(?!\\begin)[^&])*?)\\\\((?:(?!\\begin)[^&])*?)&((?:(?!\\begin)[^&])*?)"
    r"(?:\\\\\s*)?(?:\\end\{[pb]?matrix\}\s*(?:\\right)?\s*\)?|\\end\{vmatrix\})"
)
_COMMA = r"(?:,|\{,\})"
_TELLING_COMMA = re.compile(
    rf"(?<![\d.,([{{_A-Za-z])(?:0{_COMMA}\d+|\d+{_COMMA}(?:\d{{1,2}}|\d{{4,}}))(?![\d,.)\]}}]|\s*,)"
)
_POINT = re.compile(r"\d\.\d")
_PLAIN_COMMA = re.compile(r"(?<![\d.,])(\d+),(\d+)(?![\d.,])")
_SPACED = re.compile(r"[_^] \{ |\\frac \{ | _ [A-Za-z0-9]|(?<=\d) \. \d")
_SPACED_POINT = re.compile(r"(?<=\d) ?\. ?(?=\d)")
_APART = re.compile(r"(?<=\d) (?=\d)")
_ROW = re.compile(r"\[[^\[\].]*\]")
_THOUSANDS = re.compile(r"(?<![0-9.])([0-9]{1,3})((?:(?:\{,\}|\\[,;])[0-9]{3})+)(?![0-9])")
_LOOKS = (
    (re.compile(r"\\m(left|right)(?![A-Za-z])"), r"\\\1"),
    (re.compile(r"\\[lr]?vert(?![A-Za-z])"), "|"),
    (
        re.compile(r"(?<![\w)}\]])\s*\\mid\s*((?:[^()|{}\\]|\([^()]*\)|\\(?!mid)[a-z]+)+?)\s*\\mid(?![A-Za-z])"),
        r" |\1| ",
    ),
    (re.compile(r"\\lceil(?![A-Za-z])|⌈"), r"(-\\lfloor -("),
    (re.compile(r"\\rceil(?![A-Za-z])|⌉"), r")\\rfloor )"),
    (re.compile("÷"), "/"),
    (re.compile(r"(?<=[\w)}\]])([⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)"), lambda found: f"^{{{found[1].translate(_RAISED)}}}"),
    (re.compile(r"(?<=[A-Za-z\u0370-\u03ff])([₀₁₂₃₄₅₆₇₈₉]+)"), lambda found: f"_{{{found[1].translate(_LOWERED)}}}"),
)


def decimal_comma(formulas: Iterable[str]) -> bool:
    r"""Whether a document writes decimals with a comma: some number says so, and none has a point.

    >>> decimal_comma(["x = 0,5"]), decimal_comma(["x = (0,5)", "y = 0.5"]), decimal_comma([r"z = 1{,}25"])
    (True, False, True)
    """
    told = False
    for formula in formulas:
        if _POINT.search(formula):
            return False
        told = told or bool(_TELLING_COMMA.search(formula))
    return told


def with_point(formula: str) -> str:
    r"""The formula of such a document with decimal points.

    >>> with_point(r"0{,}5 \cdot 1,25 = f(1,2)")
    '0.5 \\cdot 1.25 = f(1,2)'
    """
    formula = re.sub(r"(?<=\d)\{,\}(?=\d)", ".", formula)
    return _PLAIN_COMMA.sub(
        lambda found: (
            found.group()
            if formula[max(0, found.start() - 1) : found.start()] in ("(", "[", "{")
            and formula[found.end() : found.end() + 1] in (")", "]", "}")
            else f"{found[1]}.{found[2]}"
        ),
        formula,
    )


def is_spaced(formulas: Iterable[str]) -> bool:
    """Whether a document, as some scans, has spaces between all signs, those of a number too."""
    found = [bool(_SPACED.search(formula)) for formula in formulas]
    return sum(found) > 2 or (any(found) and sum(found) * 2 > len(found))


def closed_up(formula: str) -> str:
    r"""The formula of such a document with its numbers and indices in one piece.

    >>> closed_up(r"w _ { 1 } = 1 - 0 . 3 2 \cdot [ 1 0 ]")
    'w_{1} = 1 - 0.32 \\cdot [ 1 0 ]'
    """
    formula = _SPACED_POINT.sub(".", formula)
    parts, place = [], 0
    for row in _ROW.finditer(formula):
        parts += [_APART.sub("", formula[place : row.start()]), row.group()]
        place = row.end()
    formula = "".join((*parts, _APART.sub("", formula[place:])))
    formula = re.sub(r"(?<=[A-Za-z}]) \((?= ?-? ?[0-9.]+ ?,)", "(", formula)  # f ( 2 , 1 )
    formula = re.sub(r"[ \t]*([_^])[ \t]*", r"\1", formula)
    return re.sub(r"[ \t]+\}", "}", re.sub(r"\{[ \t]+", "{", formula))


def plain_numbers(text: str) -> str:
    r"""The formula with its numbers as the reader takes them.

    >>> plain_numbers(r"12\,345 + 50\% + \binom{5}{2} + 2² + x^2_i")
    '12345 + 0.50 + (10) + 2^{2} + x_i^2'
    >>> plain_numbers(r"\lceil x \rceil = \det\begin{pmatrix} a & b \\ c & d \end{pmatrix}")
    '(-\\lfloor -( x )\\rfloor ) = (( a ) \\cdot ( d ) - ( b ) \\cdot ( c ))'
    """
    text = _THOUSANDS.sub(lambda found: found[1] + re.sub(r"\{,\}|\\[,;]", "", found[2]), text)
    for pattern, plain in _LOOKS:
        text = pattern.sub(plain, text)
    for sign, (above, below) in _HALVES.items():
        text = text.replace(sign, rf"\frac{{{above}}}{{{below}}}")
    text = _PERCENT.sub(lambda found: _hundredths(found[1], found[2] or ""), text)
    text = _SMALL_DETERMINANT.sub(r"((\1) \\cdot (\4) - (\2) \\cdot (\3))", text)
    return _RAISED_FIRST.sub(r"\2\1", _CHOSEN.sub(_chosen, text))


def _hundredths(whole: str, places: str) -> str:
    digits = whole.rjust(3, "0")
    return f"{digits[:-2]}.{digits[-2:]}{places}"


def _chosen(found: re.Match[str]) -> str:
    above, below = (int(number) for number in found.groups()[1:] if number is not None)
    before = found["before"] or ""
    if above > MOST_CHOSEN:
        return found.group()
    return rf"{before}{before and chr(92)}{before and 'cdot '}({comb(above, below)})"
