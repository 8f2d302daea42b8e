"""The grammar: one parser by precedence climbing (Pratt, Top down operator precedence, 1973), and chains of relations.

Products with a sign or none, functions with or without brackets, primes, fractions that are derivatives, sums with
numeric bounds (written out term by term), matrices. What could mean two things is refused.
"""

from __future__ import annotations

from math import gcd

from chalkwork.algebra.reading.calls import Calls
from chalkwork.algebra.reading.cursor import BESIDE, MATRICES, MATRIX_PRODUCT, PRODUCT, SUM, Syntax
from chalkwork.algebra.reading.derivatives import Derivatives
from chalkwork.algebra.reading.lists import Lists
from chalkwork.algebra.reading.series import Series
from chalkwork.algebra.reading.tokens import Token
from chalkwork.algebra.reading.words import FUNCTIONS, LETTERS

LINES = ("aligned", "align", "split", "gather", "gathered", "equation")
CLOSING = {"(": ")", "[": "]", "{": "}", "lvert": "rvert", "|": "|", "lfloor": "rfloor", "lceil": "rceil"}
BINDING = {
    "+": SUM, "-": SUM, "*": PRODUCT, "cdot": PRODUCT, "circ": PRODUCT, "/": PRODUCT, "@": MATRIX_PRODUCT,
}  # fmt: skip
_SHORT = 9
"""Digits of a number in a fraction that is a share."""
_OPERATION = {
    "+": "add", "-": "subtract", "*": "multiply", "cdot": "times", "circ": "multiply", "/": "divide", "@": "matmul",
}  # fmt: skip
_NOT_PART = {
    "infty": "infinity is no number here",
    "partial": r"a derivative is written \frac{\partial f}{\partial x}",
    "implies": "one step follows from another: write each as a step of its own",
    "Rightarrow": "one step follows from another: write each as a step of its own",
    "approx": "≈ says nothing that could be proved; write = or a bound",
    "int": "integrals are not part of the language",
    "Vert": "norms are not part of the language; write sqrt(sum(x^2)), or x^T x for the square",
    "lim": "limits are not part of the language",
}


class Grammar(Calls, Derivatives, Lists, Series):
    """One reading of one text."""

    bars = 0
    """How many bars of absolute values are open."""

    # --- whole texts -------------------------------------------------------------------------------------------------

    def whole(self) -> Syntax:
        """One expression, and nothing behind it."""
        result = self.expression()
        self.finish()
        return result

    def chain(self) -> tuple[list[Syntax], list[str], bool]:
        """Sides and the relations between them; whether it begins with a relation, going on from what came before."""
        ends: list[str] = []
        while self.peek().kind == "begin" and self.peek().text in LINES:
            ends.append(self.next().text)
        self.lines()
        sides: list[Syntax] = []
        relations: list[str] = []
        goes_on = self.peek().kind == "relation"
        if not goes_on:
            sides.append(self.expression())
        while True:
            new_line = self.lines()
            token = self.peek()
            if token.kind == "relation":
                self.next()
                self.lines()
                relations.append(token.text)
                sides.append(self.expression())
            elif ends and token.kind == "end" and token.text == ends[-1]:
                self.next()
                ends.pop()
            elif self.at(",", ".") and self.peek(1).kind in ("end of text", "end", "line"):
                self.next()
            elif new_line and token.kind != "end of text":
                raise self.error("a new line of a chain begins with a relation such as =")
            else:
                break
        if ends:
            raise self.error(rf"\end{{{ends[-1]}}} is missing")
        self.finish()
        return sides, relations, goes_on

    def lines(self) -> bool:
        """Skip line ends; whether there was one."""
        found = False
        while self.peek().kind == "line":
            self.next()
            found = True
        return found

    def finish(self) -> None:
        """Refuse what is left over."""
        if self.peek().kind != "end of text":
            raise self.unexpected() if self.formula else self.error(f"{self.peek().text!r} is left over")

    # --- operators ---------------------------------------------------------------------------------------------------

    def expression(self, binding: int = 0) -> Syntax:
        """What binds more tightly than `binding`; a product without a sign binds more tightly than one with it."""
        return self.climbed(self.signed(max(binding, SUM)), binding)

    def climbed(self, left: Syntax, binding: int) -> Syntax:
        """What follows a left operand and binds more tightly than `binding`, with it."""
        while True:
            sign = self.peek().text if self.peek().kind in ("sign", "command") else ""
            strength = BINDING.get(sign, 0)
            if strength > binding:
                self.next()
                right = self.divisor(left) if sign == "/" else self.expression(strength)
                left = self.node(self.operation(sign), left, right)
            elif not strength and binding < BESIDE and self.starts_factor():
                left = self.node("product", left, self.expression(BESIDE))
            else:
                return left

    def operation(self, sign: str) -> str:
        """What a sign stands for; in a formula * is a dot, between quantities entry by entry."""
        return "times" if sign == "*" and self.formula else _OPERATION[sign]

    def signed(self, binding: int) -> Syntax:
        """A factor, or a product with its sign: -a b is -(a b), and a number alone keeps its sign."""
        if self.passed("+"):
            return self.deeper(binding)
        if not self.passed("-"):
            return self.factor()
        literal = self.peek().kind == "number"
        return self.negated(self.deeper(binding), literal)

    def negated(self, inner: Syntax, literal: bool) -> Syntax:
        """Minus something; a minus before a mere number belongs to it."""
        if literal and inner.kind == "number" and not inner.value.startswith("-"):
            return Syntax("number", f"-{inner.value}")
        return self.node("negative", inner)

    def divisor(self, top: Syntax) -> Syntax:
        """What stands behind a slash.

        A factor without sign behind that could belong above or below. Only a constant share is read, as everybody
        writes it: 1/2 (...) and 1/2(...) are half of it, and so, where a space sets them apart, 2/3 x and 2/3 (...).
        """
        bottom = self.expression(BESIDE)
        if self.starts_factor():
            spaced = self.text[self.peek().start - 1].isspace()
            if not _is_share(top, bottom, spaced, spaced or self.at("(", "{")):
                above, below, factor = "a", "b", "c"
                if top.kind == bottom.kind == "number":
                    above, below, factor = top.value, bottom.value, "(...)" if self.at("(", "{", "[") else "x"
                raise self.error(
                    f"{above}/{below}{' ' * factor.isalpha()}{factor} can mean ({above}/{below}) {factor} or "
                    f"{above}/({below} {factor}); write brackets"
                )
        return bottom

    def starts_factor(self) -> bool:
        """Whether a factor follows without a sign before it."""
        token, before = self.peek(), self.peek(-1)
        if token.kind == "number":
            if before.kind == "number":
                raise self.error("two numbers next to each other; write a sign between them")
            if before.kind == "name":
                raise self.error(f"write {before.text}_{token.text} for an index, {before.text} * {token.text} "
                                 "for a product")  # fmt: skip
            return True
        if token.kind == "sign":
            return token.text in ("(", "[", "{") or (token.text == "|" and not self.bars)
        if token.kind == "command":
            return token.text not in ("cdot", "circ", "rvert", "rfloor", "rceil", "partial", "top")
        return token.kind == "name" or (token.kind == "begin" and token.text in MATRICES)

    # --- factors -----------------------------------------------------------------------------------------------------

    def factor(self) -> Syntax:
        """An atom with its powers and transposes."""
        result = self.atom()
        while True:
            if self.passed("^"):
                if self.transposes():
                    result = self.node("transpose", result)
                    continue
                result = self.raised(result, self.exponent())
                if self.latex and self.at("^"):
                    raise self.error("two powers on top of each other; write brackets")
            elif self.passed(".T"):
                result = self.node("transpose", result)
            elif self.at("!"):
                result = self.factorial(result)
            elif self.at("'"):
                raise self.error("a prime stands behind a function, as in sigma'(x)")
            elif self.indexes(result):
                result = self.indexed(result)
            else:
                return result

    def raised(self, base: Syntax, exponent: Syntax) -> Syntax:
        """A power; of Euler's number the exponential function."""
        if base == Syntax("constant", "e"):
            return self.node("exp", exponent)
        return self.node("raised" if self.formula else "power", base, exponent)

    def exponent(self) -> Syntax:
        """What stands behind ^: a group, or in LaTeX one sign, else a signed factor."""
        if self.latex:
            return self.argument()
        self.enter()
        literal = self.peek(1).kind == "number"
        result = self.negated(self.exponent(), literal) if self.passed("-") else self.factor()
        self.depth -= 1
        return result

    def factorial(self, of: Syntax) -> Syntax:
        """The factorial of a small whole number."""
        if of.kind != "number" or not of.value.isdigit() or int(of.value) > 20:
            raise self.error("a factorial is that of a whole number up to 20")
        self.next()
        value = 1
        for number in range(2, int(of.value) + 1):
            value *= number
        return Syntax("number", str(value))

    def atom(self) -> Syntax:
        """A number, a name, a function with its argument, something in brackets."""
        token = self.next()
        if token.kind == "number":
            return Syntax("number", token.text)
        if token.kind == "sign" and token.text == "[" and not self.formula:
            return self.stacked()
        if token.kind == "sign" and token.text in ("(", "[", "{"):
            inner = self.deeper()
            if token.text == "[" and self.at(",", ";", "["):
                matrix = r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}"
                hint = f"a matrix is written {matrix}"
                raise self.error("square brackets hold one expression, as round ones do", hint=hint)
            self.take(CLOSING[token.text])
            return inner
        if token.text in ("|", "lvert") and token.kind in ("sign", "command"):
            self.bars += 1
            inner = self.deeper()
            self.take(CLOSING[token.text])
            self.bars -= 1
            return self.node("abs", inner)
        if token.kind == "command" and token.text in ("lfloor", "lceil"):
            inner = self.deeper()
            self.take(CLOSING[token.text])
            return self.node(token.text.removeprefix("l"), inner)
        if token.kind == "begin" and token.text in MATRICES:
            return self.matrix(token.text)
        if token.kind == "name":
            return self.plain_derivative(token) or self.word(token)
        if token.kind == "command":
            return self.command(token)
        raise self.unexpected(token)

    def command(self, token: Token) -> Syntax:
        """What a command of LaTeX stands for."""
        name = token.text
        if name == "frac":
            return self.derivative_fraction() or self.node("divide", self.argument(), self.argument())
        if name == "sqrt":
            return self.root()
        if name in ("sum", "prod"):
            return self.written_out(name, token)
        if name in FUNCTIONS or name in LETTERS or name in ("mathrm", "mathbf", "hat", "bar", "tilde"):
            return self.word(token)
        raise self.error(_NOT_PART.get(name, rf"\{name} is not part of the language"), token)

    def root(self) -> Syntax:
        """A square root, or one with an index."""
        index = None
        if self.latex and self.passed("["):
            index = self.deeper()
            self.take("]")
        if not (self.latex or self.at("(", "[", "{") or self.peek().kind in ("name", "number")):
            raise self.error("expected a bracket")
        inner = self.argument() if self.latex else self.atom()
        if index is None:
            return self.node("sqrt", inner)
        return self.node("power", inner, self.node("divide", Syntax("number", "1"), index))

    def argument(self) -> Syntax:
        """A group in braces, or one sign: in x^23 the exponent is 2."""
        if self.passed("{"):
            inner = self.deeper()
            self.take("}")
            return inner
        token = self.peek()
        if token.kind == "number" and token.text.isdigit() and len(token.text) > 1 and self.latex:
            self.split_number()
        if token.kind not in ("number", "name", "command"):
            raise self.error("expected a group in braces")
        if token.kind == "name" or token.text in LETTERS:
            return self.lone(self.next())
        self.enter()
        result = self.atom()
        self.depth -= 1
        return result


def _is_share(top: Syntax, bottom: Syntax, spaced: bool, apart: bool) -> bool:
    """Whether a fraction before a factor is written as a share of it: 1/n, or in lowest terms where a space follows."""
    if not (apart and top.kind == bottom.kind == "number"):
        return False
    if top.value == "1":
        return True
    whole = (top.value + bottom.value).isdecimal() and max(len(top.value), len(bottom.value)) <= _SHORT
    return spaced and whole and bottom.value != "1" and gcd(int(top.value), int(bottom.value)) == 1
