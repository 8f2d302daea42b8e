r"""Names with what hangs on them: x_1, x_{ij}, a^{[1]}, W^{(l)}, W^\top, \hat{y}, \mathbf{x}.

A name becomes one word of letters and digits, as the library's own names are: x_1 and x_{12} are x1 and x12, a^{[1]}
is a1, W^{(2)}_{ij} is W2_ij, \hat{y} is yhat.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from chalkwork.algebra.latex.cursor import Cursor
from chalkwork.algebra.latex.tokens import Token
from chalkwork.algebra.reader import Syntax

_TRANSPOSED = (["T"], ["top"], ["mathrm", "{", "T", "}"], ["mathrm", "T"])
_PLAIN_INDEX = re.compile(r"([^\W\d_]+)_?([0-9]+)")
_ACCENTS = ("hat", "bar", "tilde")


class Names(Cursor):
    """How names are read; sigma is the sigmoid where it is applied, and not both in one text."""

    def __init__(self, text: str, known: Collection[str], functions: Collection[str]) -> None:
        super().__init__(text, known, functions)
        self.spelled: dict[str, tuple[str, str]] = {}
        self.sigma: bool | None = None

    def note_sigma(self, token: Token, applied: bool) -> None:
        """Refuse sigma as a function and as a number in one text."""
        if self.sigma is not None and self.sigma != applied:
            raise self.error("sigma is applied in one place and a number in another; write sigma(x)", token)
        self.sigma = applied

    def letter(self, token: Token) -> str:
        """The letter or word that begins here, out of what only changes its looks."""
        if token.kind == "name" or token.text not in ("mathrm", "mathbf", *_ACCENTS):
            return token.text
        braced = self.at("{")
        if braced:
            self.next()
        parts: list[str] = []
        while self.peek().kind in ("name", "number") or (self.peek().kind == "command" and not parts):
            inner = self.next()
            parts.append(self.letter(inner) if inner.kind == "command" else inner.text)
            if not braced:
                break
        if braced:
            self.take("}")
        word = "".join(parts)
        if not word or word[0].isdigit() or not word.isidentifier():
            raise self.error("expected a name", token)
        return word + (token.text if token.text in _ACCENTS else "")

    def named(self, word: str, token: Token) -> Syntax:
        """The name with its indices and transposes; an index of a sum is its number."""
        if word in self.bound and not self.at("_"):
            return self.bound_number(word)
        layer, index, transposed = "", "", False
        while True:
            if self.at("_") and not index:
                self.next()
                index = self.subscript()
            elif self.at("^") and not transposed:
                label, turned = self.superscript()
                if not label and not turned:
                    break
                layer, transposed = label or layer, turned
            else:
                break
        name = self.whole_name(word, layer, index, token)
        self.refuse_application(name, token)
        result = Syntax("name", name)
        return self.node("transpose", (result,)) if transposed else result

    def bound_number(self, word: str) -> Syntax:
        """The number that the index of a sum stands for."""
        return Syntax("number", str(self.bound[word]))

    def whole_name(self, word: str, layer: str, index: str, token: Token) -> str:
        """The word that a name with its indices becomes; one word has one spelling."""
        if not (layer or index):
            plain = _PLAIN_INDEX.fullmatch(word)
            word, index = (plain[1], plain[2]) if plain else (word, "")
        name = word
        for part in (layer, index):
            if part:
                name += part if part.isdigit() and not name[-1].isdigit() else f"_{part}"
        spelling = (layer, index)
        if self.spelled.setdefault(name, spelling) != spelling:
            raise self.error(f"{name} is written with its index in two places; keep to one way", token)
        return name

    def refuse_application(self, name: str, token: Token) -> None:
        """Refuse f(x) where nobody defined f: it could be a product too."""
        inside = self.tokens[self.index + 1 : self.index + 3]
        lone = len(inside) == 2 and inside[0].kind == "name" and inside[1].text == ")"
        if name not in self.known and self.at("(") and (lone or name in ("f", "g")):
            raise self.error(f"{name}(...) is no function known here; write {name}*(...) for a product", token)
        if self.at("'"):
            raise self.error(f"{name}' is the derivative of no function known here", token)

    def subscript(self) -> str:
        """What stands below, as letters and digits; `_` for commas."""
        if not self.at("{"):
            return self.subscript_part()
        self.next()
        parts = [self.subscript_part()]
        while not self.at("}"):
            if self.at(","):
                self.next()
                parts.append("_")
            parts.append(self.subscript_part())
        self.next()
        return "".join(parts)

    def subscript_part(self) -> str:
        """One letter or number of an index."""
        token = self.peek()
        if token.kind == "number" and self.latex and len(token.text) > 1 and self.before().text == "_":
            self.split_number()
        token = self.next()
        if token.kind == "number" and token.text.isdigit() and len(token.text) <= 6:
            return token.text
        if token.kind == "name" or token.kind == "command":
            word = self.letter(token)
            if word.isidentifier():
                return str(self.bound.get(word, word)).replace("-", "m")
        raise self.error("an index is made of letters and digits", token)

    def superscript(self) -> tuple[str, bool]:
        """A layer's label and whether there is a transpose; nothing read where it is a power."""
        start = self.index
        self.next()
        if self.transposes():
            return "", True
        if not self.at("{"):
            self.index = start
            return "", False
        end = self.closing(self.index)
        inside = self.tokens[self.index + 1 : end]
        if len(inside) < 3 or (inside[0].text, inside[2].text) not in (("[", "]"), ("(", ")")):
            self.index = start
            return "", False
        label, rest = inside[1], [token.text for token in inside[3:]]
        turned = bool(rest) and (rest[1:] if rest[0] == "," else rest) in _TRANSPOSED
        written = label.text.isdigit() if label.kind == "number" else label.kind in ("name", "command")
        if not written or (rest and not turned):
            self.index = start
            return "", False
        self.index = end + 1
        return str(self.bound.get(label.text, label.text)), turned

    def transposes(self) -> bool:
        """Whether what stands above is the sign of the transpose; it is passed then."""
        if self.at("{"):
            end = self.closing(self.index)
            inside, after = [token.text for token in self.tokens[self.index + 1 : end]], end + 1
        else:
            inside, after = [self.peek().text], self.index + 1
        if inside not in _TRANSPOSED or (inside == ["T"] and "T" in self.known):
            return False
        self.index = after
        return True
