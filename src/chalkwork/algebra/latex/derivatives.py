r"""Fractions that are derivatives: \frac{d}{dx} f, \frac{df}{dx}, \frac{\partial L}{\partial w}, of any order."""

from __future__ import annotations

from abc import ABC, abstractmethod

from chalkwork.algebra.latex.cursor import Cursor
from chalkwork.algebra.latex.tokens import Token
from chalkwork.algebra.reader import Syntax

HIGHEST_ORDER = 4


class Derivatives(Cursor, ABC):
    """How derivatives are read."""

    @abstractmethod
    def product(self) -> Syntax:
        """A product."""

    @abstractmethod
    def factor(self) -> Syntax:
        """A factor."""

    @abstractmethod
    def letter(self, token: Token) -> str:
        """The letter or word that begins at a token."""

    @abstractmethod
    def named(self, word: str, token: Token) -> Syntax:
        """The name with what hangs on it."""

    @abstractmethod
    def starts_factor(self) -> bool:
        """Whether a factor follows."""

    def derivative_fraction(self) -> Syntax | None:
        r"""The derivative behind \frac, or None where the fraction is one of numbers."""
        start = self.index
        sign = self.marker(start)
        if not sign:
            return None
        below = self.closing(start) + 1
        if self.marker(below) != sign or self.tokens[below].text != "{":
            if sign == "partial":
                raise self.error(r"below \partial stands another \partial with the variable", self.tokens[below])
            return None
        self.index = start
        self.pass_marker()
        order = self.order()
        if self.at("}"):
            self.next()
            variable = self.variable(order)
            body = self.operand()
        else:
            body = self.product()
            self.take("}")
            variable = self.variable(order)
        return self.extra(sign, variable, (body,), str(order))

    def marker(self, index: int) -> str:
        r"""d or partial where a brace opens with one, or with \mathrm{d}."""
        texts = [token.text for token in self.tokens[index : index + 5]] + [""] * 5
        if texts[0] != "{":
            return ""
        if texts[1] == "partial":
            return "partial"
        upright = texts[1] == "mathrm" and texts[2:5] == ["{", "d", "}"]
        return "d" if (texts[1] == "d" or upright) and "d" not in self.known else ""

    def pass_marker(self) -> None:
        """Pass the brace and the d behind it."""
        self.next()
        if self.next().text == "mathrm":
            self.index += 3

    def order(self) -> int:
        """The order of the derivative, behind ^."""
        if not self.at("^"):
            return 1
        self.next()
        braced = self.at("{")
        if braced:
            self.next()
        token = self.next()
        if token.kind != "number" or not token.text.isdigit() or not 1 <= int(token.text) <= HIGHEST_ORDER:
            raise self.error(f"the order of a derivative is a number from 1 to {HIGHEST_ORDER}", token)
        if braced:
            self.take("}")
        return int(token.text)

    def variable(self, order: int) -> str:
        """The variable below, with the same order."""
        self.pass_marker()
        token = self.next()
        if token.kind not in ("name", "command"):
            raise self.error("expected the variable of the derivative", token)
        found = self.named(self.letter(token), token)
        if found.kind != "name":
            raise self.error("the variable of a derivative is a name", token)
        if self.order() != order:
            raise self.error("the order of the derivative is not the same above and below", token)
        self.take("}")
        return found.value

    def operand(self) -> Syntax:
        """What d/dx in front is applied to: a square bracket, else everything up to the next sign."""
        if not (self.starts_factor() or self.at("(")):
            raise self.error("what is differentiated is missing")
        square = self.at("[")
        result = self.factor()
        while not square and self.starts_factor():
            result = self.node("product", (result, self.factor()))
        return result

    def plain_derivative(self, token: Token) -> Syntax | None:
        """In plain maths: d/dx f(x), and de/db where e and b are known."""
        ahead = self.tokens[self.index : self.index + 2]
        if self.latex or len(ahead) < 2 or ahead[0].text != "/" or ahead[1].kind != "name":
            return None
        above, below = token.text, ahead[1].text
        if above[0] != "d" or below[0] != "d" or len(below) < 2 or above in self.known or below in self.known:
            return None
        variable = below[1:]
        if above == "d":
            self.index += 2
            return self.extra("d", variable, (self.operand(),), "1")
        if above[1:] not in self.known:
            return None
        self.index += 2
        return self.extra("d", variable, (Syntax("name", above[1:]),), "1")
