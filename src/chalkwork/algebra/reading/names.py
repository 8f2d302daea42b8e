r"""Names with what hangs on them: x_1, x_{ij}, a^{[1]}, W^{(l)}, W^\top, \hat{y}, \mathbf{x}.

A name becomes one word of letters and digits, as the library's own names are: x_1 and x_{12} are x1 and x12, a^{[1]}
is a1, W^{(2)}_{ij} is W2_ij, \hat{y} is yhat. In equations between quantities a word stays as it was typed.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import cached_property

from chalkwork.algebra.reading.cursor import Cursor, Syntax
from chalkwork.algebra.reading.tokens import Token
from chalkwork.algebra.reading.words import ACCENTS, CONSTANTS, FUNCTIONS, LETTERS
from chalkwork.errors import ReadError

_TRANSPOSED = (["T"], ["top"], ["mathrm", "{", "T", "}"], ["mathrm", "T"])
_INDEXED = re.compile(r"([^\W\d_]+)_?([0-9]+)")
_LETTER = re.compile(rf"([^\W\d_]+?)(?:{'|'.join(ACCENTS)})?[0-9]*(?:_[^\W_]+)*")
_UPRIGHT = ("mathrm", "mathbf", *ACCENTS)


def joined(name: str) -> str:
    """The name with its index as the library writes it.

    >>> joined("x_1"), joined("W2_ij")
    ('x1', 'W2_ij')
    """
    found = _INDEXED.fullmatch(name)
    return found[1] + found[2] if found else name


def is_letter(word: str) -> bool:
    """Whether it is one letter, perhaps with an accent and indices, as names in formulas are.

    >>> [is_letter(word) for word in ("x", "yhat", "delta1", "x_max", "xy", "net")]
    [True, True, True, True, False, False]
    """
    found = _LETTER.fullmatch(word)
    return found is not None and (len(found[1]) == 1 or found[1] in LETTERS)


_FOLLOWING = frozenset(("frac", "dfrac", "sqrt", "*", "cdot", *LETTERS, *FUNCTIONS))
"""What stands behind a factor, besides names and numbers."""


class Names(Cursor):
    """How names are read; sigma is the sigmoid where it is applied, and not both in one text."""

    sigma: bool | None = None
    """Whether sigma was applied, where it occurred."""

    @cached_property
    def spelled(self) -> dict[str, tuple[str, str]]:
        """The layer and index of every name with which it was written."""
        return {}

    def note_sigma(self, token: Token, applied: bool) -> None:
        """Refuse sigma as a function and as a number in one text."""
        if self.sigma is not None and self.sigma != applied:
            raise self.error("sigma is applied in one place and a number in another; write sigma(x)", token)
        self.sigma = applied

    def letter(self, token: Token) -> str:
        """The letter or word that begins here, out of what only changes its looks."""
        if token.kind == "name" or token.text not in _UPRIGHT:
            return token.text
        self.enter()
        braced = self.passed("{")
        parts: list[str] = []
        while self.peek().kind in ("name", "number") or (self.at("_") if parts else self.peek().kind == "command"):
            inner = self.next()
            parts.append(self.letter(inner) if inner.kind == "command" else inner.text)
            if not braced:
                break
        if braced:
            self.take("}")
        self.depth -= 1
        word = "".join(parts)
        if not word or word[0].isdigit() or not word.isidentifier():
            raise self.error("expected a name", token)
        return word + (token.text if token.text in ACCENTS else "")

    def named(self, word: str, token: Token) -> Syntax:
        """The name with its indices and transposes; an index of a sum is its number."""
        if word in self.bound and not self.at("_"):
            return self.lone(token)
        if not (word in self.known or is_letter(word) or self.at("(")) and self.formula and token.kind == "name":
            word = self.first_of_product(word, token)
        layer, index, transposed = "", "", False
        while True:
            if not index and self.passed("_"):
                index = self.subscript()
            elif self.at("^") and not transposed:
                label, turned = self.superscript()
                if not label and not turned:
                    break
                layer, transposed = label or layer, turned
            else:
                break
        name = self.whole_name(word, layer, index, token)
        if transposed:
            return self.node("transpose", Syntax("name", name))
        if name in CONSTANTS and name not in self.known:
            return Syntax("constant", name)
        self.refuse_application(name, token)
        return Syntax("name", name)

    def lone(self, token: Token) -> Syntax:
        """A name of one sign, with nothing on it: the exponent in x^n (a + b)."""
        if token.text in self.bound:
            return Syntax("number", str(self.bound[token.text]))
        constant = token.text in CONSTANTS and token.text not in self.known
        return Syntax("constant" if constant else "name", self.whole_name(token.text, "", "", token))

    @cached_property
    def alone(self) -> frozenset[str]:
        """The letters that were declared or stand by themselves, here or in what was read before."""
        pairs = zip(self.stream, self.stream[1:], strict=False)
        here = {token.text for token, after in pairs if token.kind == "name" and after.text != "("}
        return self.known | self.letters | here

    @cached_property
    def factors(self) -> frozenset[str]:
        r"""The letters that are certainly factors somewhere in this text: `\eta` of `\eta \frac{1}{2}`."""
        pairs = zip(self.stream, self.stream[1:], strict=False)
        return frozenset(
            token.text
            for token, after in pairs
            if (token.kind == "name" or token.text in LETTERS)
            and (after.kind in ("name", "number") or after.text in _FOLLOWING)
        )

    def first_of_product(self, word: str, token: Token) -> str:
        """The first of letters that are factors, the others next; ReadError where the word could be one name too."""
        raised = self.index > 1 and self.stream[self.index - 2].text == "^"
        if raised or not word.isalpha() or not self.alone.issuperset(word):
            both = f"one name, which is then declared before, or the product {' * '.join(word)}"
            raise self.error(f"{word} could be {both}", token, "write the product with spaces or *")
        letters = [Token("name", letter, token.start + place) for place, letter in enumerate(word)]
        self.stream[self.index : self.index] = letters[1:]
        return word[0]

    def whole_name(self, word: str, layer: str, index: str, token: Token) -> str:
        """The word that a name with its indices becomes; one word has one spelling."""
        if not (layer or index):
            if not self.formula or word in self.known:
                return word
            plain = _INDEXED.fullmatch(word)
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
        """Refuse x(...) where it could be a product or a function, and words next to each other."""
        if self.at("'"):
            raise self.error(f"{name}' is the derivative of no function known here", token)
        if self.at("[") and not self.indexes(Syntax("name", name)):
            raise self.two_readings(f"{name}[...]", f"an entry of {name}", f"the product {name} * (...)", token)
        if self.at("(") and not (self.formula and (name in self.known or token.text in self.factors & {name})):
            raise self.unknown_function(name, token)
        if not is_letter(name) and (self.peek().kind in ("name", "number") or self.at("{")):
            if name in FUNCTIONS and name not in self.known:
                raise self.error(f"{name} stands without its argument; write {name}(x)", token)
            raise self.error(f"{name} is no function known here, and no factor without a sign", token, "write *")

    def unknown_function(self, name: str, token: Token) -> ReadError:
        """The error for what could be a function or a factor."""
        near = get_close_matches(name, [*FUNCTIONS, *self.functions], 1, 0.7)
        hint = f"did you mean {near[0]}?" if near else "write the one that is meant"
        function = "a function, and there is none of that name here,"
        return self.two_readings(f"{name}(...)", function, f"the product {name} * (...)", token, hint)

    def subscript(self) -> str:
        """What stands below, as letters and digits; `_` for commas."""
        if not self.passed("{"):
            return self.subscript_part()
        parts = [self.subscript_part()]
        while not self.passed("}"):
            if self.passed(","):
                parts.append("_")
            parts.append(self.subscript_part())
        return "".join(parts)

    def subscript_part(self) -> str:
        """One letter or number of an index."""
        if self.latex and self.peek().kind == "number" and len(self.peek().text) > 1 and self.peek(-1).text == "_":
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
        inside = self.stream[self.index + 1 : end]
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
            inside, after = [token.text for token in self.stream[self.index + 1 : end]], end + 1
        else:
            inside, after = [self.peek().text], self.index + 1
        if inside not in _TRANSPOSED:
            return False
        if inside == ["T"] and "T" in self.known:
            raise self.two_readings("^T", "the transpose", "a power, ^(T)")
        self.index = after
        return True
