r"""Vectors and matrices as lists in brackets, ( \frac{1}{2}, x + 1 ), [[1, 2], [3, 4]]: as the reader takes them."""

from __future__ import annotations

import re

_OPENING = re.compile(
    r"(?:^|(?<=[=<>+*&,(\[−-])|(?<=\\cdot)|(?<=\\odot)|(?<=\\times)|(?P<function>(?:\\(?:operatorname|mathrm|text)\s*\{\s*)?"
    r"(?<![A-Za-z])(?:softmax|\\sigma|\\tanh|\\exp|ReLU)(?:\s*\})?))\s*(?P<bracket>[(\[])"
)
_MATRIX = re.compile(r"\s*\\begin\{pmatrix\}((?:(?!\\begin).)*?)\\end\{pmatrix\}\s*")
TRANSPOSE = r"(?:T|\\top|\\intercal|\\mathrm\s*\{\s*T\s*\})(?![A-Za-z])"
TURNED = rf"\s*\^\s*\{{?\s*{TRANSPOSE}\s*\}}?"
_TURNED = re.compile(TURNED)
_NO_ENTRY = re.compile(r"[<>=|]|\\(?:in|to|mid|infty|le|ge)(?![A-Za-z])")
MOST_BRACKETS = 300
_PAIRS = {"(": ")", "[": "]", "{": "}"}


def tuples(text: str) -> str:
    r"""The text with lists of expressions as columns (round brackets) or rows (square ones); lists of lists as rows.

    >>> tuples(r"m = ((1 + 2)/3, \frac{5}{2})")
    'm = \\begin{pmatrix} (1 + 2)/3 \\\\ \\frac{5}{2} \\end{pmatrix}'
    >>> tuples("A = [[a, b], [c, d]]"), tuples("f(a, b) = c")
    ('A = \\begin{pmatrix} a & b \\\\ c & d \\end{pmatrix}', 'f(a, b) = c')
    """
    place = seen = 0
    while "," in text and seen < MOST_BRACKETS and (found := _OPENING.search(text, place)):
        seen += 1
        opening = found.start("bracket")
        end = _closed(text, opening)
        place = opening + 1
        parts = _parts(text[opening + 1 : end - 1]) if end else []
        if len(parts) < 2 or any(_NO_ENTRY.search(part) or not part.strip() for part in parts):
            continue
        inner = [_inner(part) for part in parts]
        if all(inner) and len({len(one) for one in inner}) == 1:
            rows = [" & ".join(one) for one in inner]
        elif found["bracket"] == "[":
            rows = [" & ".join(part.strip() for part in parts)]
        else:
            rows = [part.strip() for part in parts]
            turned = _TURNED.match(text, end)
            end = turned.end() if turned and not found["function"] else end
        below = r" \\ ".join(rows)
        matrix = rf"\begin{{pmatrix}} {below} \end{{pmatrix}}"
        matrix = f"({matrix})" if found["function"] else matrix
        text = f"{text[:opening]}{matrix}{text[end:]}"
        place = opening + len(matrix)
    return text


def _closed(text: str, opening: int) -> int:
    """Behind the bracket that closes the one there; 0 where none does."""
    open_: list[str] = []
    for place in range(opening, len(text)):
        if text[place] in _PAIRS:
            open_.append(_PAIRS[text[place]])
        elif open_ and text[place] == open_[-1]:
            open_.pop()
            if not open_:
                return place + 1
    return 0


def _parts(inside: str) -> list[str]:
    """What stands between the commas outside of all brackets and matrices."""
    parts, depth, start = [], 0, 0
    for place, sign in enumerate(inside):
        depth += (sign in _PAIRS) - (sign in _PAIRS.values())
        if sign == "," and not depth and inside.count(r"\begin", 0, place) == inside.count(r"\end", 0, place):
            parts.append(inside[start:place])
            start = place + 1
    return [*parts, inside[start:]]


def _inner(part: str) -> list[str]:
    """The entries of a list, or of a matrix of one row or column, that is an entry itself."""
    if matrix := _MATRIX.fullmatch(part):
        entries = re.split(r"\\\\|&", matrix[1])
        return [] if "&" in matrix[1] and r"\\" in matrix[1] else [one.strip() for one in entries]
    bare = part.strip()
    if bare[:1] not in ("(", "[") or _closed(bare, 0) != len(bare):
        return []
    own = [one.strip() for one in _parts(bare[1:-1])]
    return own if len(own) > 1 and not any(_NO_ENTRY.search(one) or not one for one in own) else []
