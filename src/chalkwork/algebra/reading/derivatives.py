r"""Fractions that are derivatives: \frac{d}{dx} f, \frac{df}{dx}, \frac{\partial L}{\partial w}, of any order."""

from __future__ import annotations

from chalkwork.algebra.reading.cursor import SUM, Syntax
from chalkwork.algebra.reading.names import Names
from chalkwork.algebra.reading.tokens import Token

HIGHEST_ORDER = 4


class Derivatives(Names):
    """How derivatives are read."""

    def derivative_fraction(self) -> Syntax | None:
        r"""The derivative behind \frac, or None where the fraction is one of numbers."""
        start = self.index
        sign = self.marker(start)
        if not sign:
            return None
        below = self.closing(start) + 1
        if self.marker(below) != sign or self.stream[below].text != "{":
            if sign == "partial":
                raise self.error(r"below \partial stands another \partial with the variable", self.stream[below])
            return None
        self.index = start
        self.pass_marker()
        order = self.order()
        if self.passed("}"):
            variable = self.variable(order)
            body = self.operand()
        else:
            body = self.deeper(SUM)
            self.take("}")
            variable = self.variable(order)
        return self.derivative(sign, variable, body, order)

    def derivative(self, sign: str, variable: str, body: Syntax, order: int) -> Syntax:
        """The node of a derivative."""
        return self.node(variable, body, kind=sign, keywords=(("order", Syntax("number", str(order))),))

    def marker(self, index: int) -> str:
        r"""d or partial where a brace opens with one, or with \mathrm{d}."""
        texts = [token.text for token in self.stream[index : index + 5]] + [""] * 5
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
        if not self.passed("^"):
            return 1
        braced = self.passed("{")
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
        """What d/dx in front is applied to: a square bracket, else everything up to the next plus or minus."""
        start, square, opened = self.index, self.at("["), self.at("(")
        if self.peek().kind in ("end of text", "relation", "line", "end"):
            raise self.error("what is differentiated is missing")
        self.enter()
        first = self.factor()
        end, closed = self.index, self.peek(-1).text
        whole = first if square and closed == "]" else self.climbed(first, SUM)
        self.depth -= 1
        if self.index == end:
            return whole
        if opened and closed == ")":
            raise self.two_readings("d/dx (f) g", "(d/dx f) g", "d/dx [f g]", self.stream[start])
        if whole.kind == "call" and any(_has_derivative(part) for part in whole.parts):
            raise self.two_readings("d/dx f d/dx g", "(d/dx f) (d/dx g)", "d/dx [f (d/dx g)]", self.stream[start])
        return whole

    def plain_derivative(self, token: Token) -> Syntax | None:
        """In plain formulas: d/dx f(x), and de/db where e and b are known."""
        slash, name = self.peek(), self.peek(1)
        if self.latex or not self.formula or slash.text != "/" or name.kind != "name":
            return None
        above, below = token.text, name.text
        if above[0] != "d" or below[0] != "d" or len(below) < 2 or above in self.known or below in self.known:
            return None
        if above != "d" and above[1:] not in self.known:
            return None
        self.index += 2
        body = self.operand() if above == "d" else Syntax("name", above[1:])
        return self.derivative("d", below[1:], body, 1)


def _has_derivative(syntax: Syntax) -> bool:
    return syntax.kind in ("d", "partial") or any(map(_has_derivative, syntax.parts))
