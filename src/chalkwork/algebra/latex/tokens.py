"""Text of a formula in tokens, with their places: LaTeX where there is a backslash, else plain maths."""

from __future__ import annotations

import re
from math import inf
from typing import NamedTuple

from chalkwork.algebra.latex.words import FUNCTIONS, GREEK, RELATIONS, SAME, SKIPPED
from chalkwork.algebra.reader import number
from chalkwork.errors import ReadError

LONGEST_TEXT = 4000
MOST_TOKENS = 1500
LONGEST_NAME = 40
_EXCERPT = 36

_TOKEN = re.compile(
    r"(?P<space>(?:\s|~|\\[,;:!> ])+)"
    r"|(?P<number>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+))"
    r"|(?P<line>\\\\(?:\[[0-9.]+[a-z]{2}\])?)"
    r"|(?P<environment>\\(?:begin|end)\s*\{[A-Za-z]+\*?\})"
    r"|(?P<sized>\\(?:left|right)\s*[|.])"
    r"|(?P<command>\\(?:[A-Za-z]+|[{}]))"
    r"|(?P<word>[^\W\d_](?:[^\W_]|_(?=\w))*)"
    r"|(?P<sign><=|>=|!=|==|:=|\*\*|[-+*/^_()\[\]{},|=<>!&.'′≤≥≠−·×∘⊙∂∑∞√])"
)
_EXPONENT = re.compile(r"[eE][+-]?[0-9]+(?![A-Za-z0-9])")
_LETTERS = re.compile(r"[^\W\d_]+|[0-9]+|_")


class Token(NamedTuple):
    """A piece of the text: its kind, what it stands for, and where."""

    kind: str
    """number, name, command, sign, relation, line, begin, end."""
    text: str
    start: int


def error(text: str, message: str, position: int) -> ReadError:
    """The error with the column, the text around it, and a caret below the place."""
    position = min(position, len(text))
    start, end = max(0, position - _EXCERPT), position + _EXCERPT
    before, after = "..." if start else "", "..." if end < len(text) else ""
    excerpt = "".join(sign if sign.isprintable() else " " for sign in text[start:end]).rstrip()
    caret = " " * (len(before) + position - start) + "^"
    return ReadError(f"{message}, at column {position + 1}\n    {before}{excerpt}{after}\n    {caret}")


def tokens_of(text: str) -> list[Token]:
    r"""The tokens of a formula.

    Raises ReadError, with the place, for what is too long or no part of the language.

    >>> [token.text for token in tokens_of(r"\dfrac{1}{1+e^{-x}}")]
    ['frac', '{', '1', '}', '{', '1', '+', 'e', '^', '{', '-', 'x', '}', '}']
    """
    if len(text) > LONGEST_TEXT:
        raise ReadError(f"the formula has {len(text)} characters, more than {LONGEST_TEXT}")
    latex = "\\" in text
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise error(text, f"{text[position]!r} is not part of the language", position)
        position = found.end()
        kind, word = found.lastgroup or "", found.group()
        if kind == "number" and not latex and (power := _EXPONENT.match(text, position)):
            word, position = word + power.group(), power.end()
        tokens += _tokens(text, kind, word, found.start(), latex)
        if len(tokens) > MOST_TOKENS:
            raise ReadError(f"the formula has more than {MOST_TOKENS} signs")
    return tokens


def _tokens(text: str, kind: str, word: str, start: int, latex: bool) -> list[Token]:
    """What one match stands for: nothing, a token, or the letters of a run."""
    if kind == "number" and len(word) > 60:
        raise error(text, "a number has at most 60 characters", start)
    if kind == "number" and abs(number(word)) == inf:
        raise error(text, "the number is too large", start)
    if kind == "sized":
        if word.endswith("."):
            raise error(text, "a bracket without its other half is not part of the language", start)
        return [Token("command", "lvert" if "left" in word else "rvert", start)]
    if kind == "command" and not word[1:].isalpha():
        return [_sign("(" if word == r"\{" else ")", start)]
    if kind == "command":
        name = SAME.get(word[1:], word[1:])
        if name in SKIPPED:
            return []
        return [_sign(name, start)] if name != word[1:] and not name.isalpha() else [Token("command", name, start)]
    if kind == "environment":
        return [Token(word[1:].partition("{")[0].strip(), word.partition("{")[2].rstrip("*}"), start)]
    if kind == "word":
        return _names(text, word, start, latex)
    if kind == "sign":
        name = SAME.get(word, word)
        return [Token("command", name, start)] if name.isalpha() else [_sign(name, start)]
    return [] if kind == "space" else [Token(kind, word, start)]


def _sign(name: str, start: int) -> Token:
    return Token("relation", RELATIONS[name], start) if name in RELATIONS else Token("sign", name, start)


def _names(text: str, word: str, start: int, latex: bool) -> list[Token]:
    """A run of letters: one name in plain maths; in LaTeX single letters, but for the words that are functions."""
    if len(word) > LONGEST_NAME:
        raise error(text, f"a name of {len(word)} characters is longer than {LONGEST_NAME}", start)
    for place, sign in enumerate(word):
        if not (sign.isalpha() or sign == "_" or sign in "0123456789"):
            raise error(text, f"{sign!r} is not part of the language", start + place)
    if not latex:
        return [Token("name", "".join(GREEK.get(sign, sign) for sign in word), start)]
    tokens = []
    for run in _LETTERS.finditer(word):
        piece, place = run.group(), start + run.start()
        if piece.isdigit():
            tokens.append(Token("number", piece, place))
        elif piece == "_":
            tokens.append(Token("sign", "_", place))
        elif piece in FUNCTIONS:
            tokens.append(Token("name", piece, place))
        else:
            tokens += [Token("name", GREEK.get(sign, sign), place + index) for index, sign in enumerate(piece)]
    return tokens
