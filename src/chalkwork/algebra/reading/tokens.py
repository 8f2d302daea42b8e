"""One stream of tokens, with their places, from two spellings: plain maths, and LaTeX where there is a backslash."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from math import inf
from typing import NamedTuple

from chalkwork.algebra.operations import TABLE
from chalkwork.algebra.reading.words import FUNCTIONS, RELATIONS, SAME, SKIPPED, canonical
from chalkwork.errors import ReadError

LONGEST_NAME = 100
_EXCERPT = 36

_TOKEN = re.compile(
    r"(?P<space>(?:\s|~|\\[,;:!> ])+)"
    r"|(?P<number>(?:[0-9]+(?:\.(?!T\b)[0-9]*)?|\.[0-9]+))"
    r"|(?P<line>\\\\(?:\[[0-9.]+[a-z]{2}\])?)"
    r"|(?P<environment>\\(?:begin|end)\s*\{[A-Za-z]+\*?\})"
    r"|(?P<sized>\\(?:left|right)\s*[|.])"
    r"|(?P<command>\\(?:[A-Za-z]+|[{}_|]))"
    r"|(?P<word>[^\W\d_](?:[^\W_]|_+(?=[^\W_]))*)"
    r"|(?P<sign>\.T\b|<=|>=|!=|==|:=|\*\*|[-+*/^_()\[\]{},;:|=<>!&.'@′≤≥≠−·×∘⊙∂∑∞√‖⌊⌋])"
)
_EXPONENT = re.compile(r"[eE][+-]?[0-9]+")
_PIECES = re.compile(r"[^\W\d_]+|[0-9]+|_+")
_PARAMETERS = frozenset(name for entry in TABLE.values() for name in entry.parameters)


class Token(NamedTuple):
    """A piece of the text: its kind, what it stands for, and where."""

    kind: str
    """number, name, command, sign, relation, line, begin, end."""
    text: str
    start: int


class Text:
    """A text that is read: what was declared before it, how it is spelled, and how its errors show the place.

    `known` are names that were declared. A `formula` is read as people write it: names are letters with indices; else,
    in equations between quantities, every word is a name.
    """

    def __init__(self, text: str, known: Collection[str], formula: bool) -> None:
        self.text = text
        self.known = frozenset(known)
        self.formula = formula
        self.latex = "\\" in text

    def error_at(self, message: str, position: int, hint: str | None = None) -> ReadError:
        """The error with the place: in a formula the column, the text around it, and a caret below."""
        position = min(position, len(self.text))
        start, end = max(0, position - _EXCERPT), position + _EXCERPT
        before, after = "..." if start else "", "..." if end < len(self.text) else ""
        excerpt = "".join(sign if sign.isprintable() else " " for sign in self.text[start:end]).rstrip()
        if not self.formula:
            return ReadError(f"{message}, at character {position + 1} of {before + excerpt + after!r}", hint=hint)
        said = f"{message}; {hint}" if hint else message
        caret = " " * (len(before) + position - start) + "^"
        return ReadError(f"{said}, at column {position + 1}\n    {before}{excerpt}{after}\n    {caret}")

    def foreign(self, position: int) -> ReadError:
        """The error for a character that the language does not have."""
        character = self.text[position]
        usual = unicodedata.normalize("NFKC", character)  # what a superscript or a full-width sign stands for
        hint = None
        if usual != character and usual.isascii() and usual.isprintable():
            hint = f"write ^{usual}" if "<super>" in unicodedata.decomposition(character) else f"write {usual}"
        return self.error_at(f"{character!r} is not part of the language", position, hint)

    def tokens(self) -> Iterator[Token]:
        """The tokens in order; ReadError for what is no part of the language."""
        position = 0
        while position < len(self.text):
            found = _TOKEN.match(self.text, position)
            if found is None:
                raise self.foreign(position)
            start, position = position, found.end()
            kind, word = found.lastgroup or "", found.group()
            if kind == "number":
                word = self._number(word, start)
                position = start + len(word)
                yield Token(kind, word, start)
            else:
                yield from self._tokens(kind, word, start)

    def _number(self, word: str, start: int) -> str:
        """The digits that belong to the number: a stop behind a formula does not, an exponent such as e-3 does."""
        if word[-1] == "." and (self.latex or (self.formula and not self.text[start + len(word) :].strip())):
            word = word[:-1]
        power = _EXPONENT.match(self.text, start + len(word))
        if power and (self.latex or (self.formula and "e" in self.known)):
            both = f"{word}{power.group()} could be a number or a product with e"
            product = f"{word} * e {power.group()[1:].replace('-', '- ').replace('+', '+ ')}"
            raise self.error_at(both, start, f"write {float(word + power.group()):g}, or {product}")
        word += power.group() if power else ""
        if self.formula and len(word) > 60:
            raise self.error_at("a number has at most 60 characters", start)
        if abs(float(word)) == inf:
            raise self.error_at("the number is too large", start)
        return word

    def _tokens(self, kind: str, word: str, start: int) -> Iterator[Token]:
        """What one match stands for: nothing, a token, or the letters of a run."""
        if kind == "word":
            yield from self._names(word, start)
        elif kind == "sized":
            if word.endswith("."):
                raise self.error_at("a bracket without its other half is not part of the language", start)
            yield Token("command", "lvert" if "left" in word else "rvert", start)
        elif kind == "environment":
            yield Token(word[1:].partition("{")[0].strip(), word.partition("{")[2].rstrip("*}"), start)
        elif kind in ("command", "sign"):
            name = {r"\{": "(", r"\}": ")", r"\|": "Vert"}.get(word) or word.removeprefix("\\")
            name = SAME.get(name, name)
            if name in RELATIONS:
                yield Token("relation", RELATIONS[name], start)
            elif name not in SKIPPED:
                yield Token("command" if name.isalpha() else "sign", name, start)
        elif kind == "line":
            yield Token(kind, word, start)

    def _names(self, word: str, start: int) -> Iterator[Token]:
        """A run of letters: a word in plain maths, in LaTeX single letters but for words that are known."""
        if len(word) > LONGEST_NAME:
            raise self.error_at(f"a name of {len(word)} characters is longer than {LONGEST_NAME}", start)
        for place, sign in enumerate(word):
            if not (sign.isalpha() or sign in "_0123456789"):
                raise self.foreign(start + place)
        if not self.latex or word in self.known or word in FUNCTIONS or word in _PARAMETERS:
            yield Token("name", canonical(word), start)
            return
        for run in _PIECES.finditer(word):
            piece, place = run.group(), start + run.start()
            if piece.isdigit():
                yield Token("number", piece, place)
            elif piece[0] == "_":
                yield Token("sign", "_", place)
            elif piece in FUNCTIONS or piece in self.known:
                yield Token("name", piece, place)
            else:
                for index, sign in enumerate(piece):
                    yield Token("name", canonical(sign), place + index)
