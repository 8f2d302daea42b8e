"""The grammar: formulas as people write them to syntax, and chains of relations between formulas.

Products without a sign, functions without brackets, primes, fractions that are derivatives, sums with numeric bounds
(written out term by term), matrices. What could mean two things is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from chalkwork.algebra.latex.cursor import MATRICES
from chalkwork.algebra.latex.derivatives import Derivatives
from chalkwork.algebra.latex.names import Names
from chalkwork.algebra.latex.series import Series
from chalkwork.algebra.latex.tokens import Token
from chalkwork.algebra.latex.words import BARE, FUNCTIONS, LETTERS
from chalkwork.algebra.operations import TABLE
from chalkwork.algebra.reader import Syntax

LINES = ("aligned", "align", "split", "gather", "gathered", "equation")
CLOSING = {"(": ")", "[": "]", "{": "}", "lvert": "rvert", "|": "|"}
_BINARY = ("maximum", "minimum")


class Grammar(Names, Derivatives, Series):
    """One reading of one text; `known` are names that were declared, such as e or d, which else mean other things."""

    def __init__(self, text: str, known: Collection[str] = (), functions: Collection[str] = ()) -> None:
        super().__init__(text, known, functions)
        self.bars = 0

    # --- chains ------------------------------------------------------------------------------------------------

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
            sides.append(self.sum())
        while True:
            new_line = self.lines()
            token = self.peek()
            if token.kind == "relation":
                self.next()
                self.lines()
                relations.append(token.text)
                sides.append(self.sum())
            elif ends and token.kind == "end" and token.text == ends[-1]:
                self.next()
                ends.pop()
            elif token.text in (",", ".") and token.kind == "sign" and self.is_last():
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
            raise self.unexpected()

    # --- sums and products ---------------------------------------------------------------------------------------

    def sum(self) -> Syntax:
        """A sum of products."""
        self.enter()
        left = self.signed()
        while self.peek().text in ("+", "-") and self.peek().kind == "sign":
            name = "add" if self.next().text == "+" else "subtract"
            left = self.node(name, (left, self.product()))
        self.leave()
        return left

    def signed(self) -> Syntax:
        """A product with its sign: -a b is -(a b), and a number alone keeps its sign."""
        if self.at("+"):
            self.next()
            return self.signed_again(self.signed)
        if not self.at("-"):
            return self.product()
        self.next()
        literal = self.peek().kind == "number"
        inner = self.signed_again(self.signed)
        if literal and inner.kind == "number" and not inner.value.startswith("-"):
            return Syntax("number", f"-{inner.value}")
        return self.node("negative", (inner,))

    def signed_again(self, operand: Callable[[], Syntax]) -> Syntax:
        """What follows a sign, one level deeper."""
        self.enter()
        result = operand()
        self.leave()
        return result

    def product(self) -> Syntax:
        """Factors with signs between them or none."""
        left = self.factor()
        over = False  # whether the last sign was a slash, after which a product without sign is ambiguous
        while True:
            token = self.peek()
            if token.text in ("*", "circ") and token.kind in ("sign", "command"):
                self.next()
                right = self.signed_factor()
                left = self.node("times" if token.text == "*" else "multiply", (left, right))
                over = False
            elif self.at("/"):
                self.next()
                over = left.kind != "number"
                left = self.node("divide", (left, self.signed_factor()))
            elif self.starts_factor():
                if over:
                    raise self.error("a/b c can mean (a/b) c or a/(b c); write brackets")
                left = self.node("product", (left, self.factor()))
            else:
                return left

    def signed_factor(self) -> Syntax:
        """A factor with its sign."""
        if not self.at("-"):
            return self.factor()
        self.next()
        inner = self.signed_again(self.signed_factor)
        return Syntax("number", f"-{inner.value}") if inner.kind == "number" else self.node("negative", (inner,))

    def starts_factor(self) -> bool:
        """Whether a factor follows without a sign before it."""
        token = self.peek()
        if token.kind == "number":
            if self.before().kind == "number":
                raise self.error("two numbers next to each other; write a sign between them")
            if self.before().kind == "name":
                name, number = self.before().text, token.text
                raise self.error(f"write {name}_{number} for an index, {name} * {number} for a product")
            return True
        if token.kind == "sign":
            return token.text in ("(", "[", "{") or (token.text == "|" and not self.bars)
        if token.kind == "command":
            return token.text not in ("circ", "rvert", "partial", "top")
        return token.kind == "name" or (token.kind == "begin" and token.text in MATRICES)

    # --- factors -------------------------------------------------------------------------------------------------

    def factor(self) -> Syntax:
        """An atom with its powers and transposes."""
        self.enter()
        result = self.atom()
        while True:
            if self.at("^"):
                self.next()
                if self.transposes():
                    result = self.node("transpose", (result,))
                    continue
                result = self.raised(result, self.exponent())
                if self.latex and self.at("^"):
                    raise self.error("two powers on top of each other; write brackets")
            elif self.at("!"):
                result = self.factorial(result)
            elif self.at("'"):
                raise self.error("a prime stands behind a function, as in sigma'(x)")
            else:
                self.leave()
                return result

    def raised(self, base: Syntax, exponent: Syntax) -> Syntax:
        """A power; of e, where that is no declared name, the exponential function."""
        if base.kind == "name" and base.value == "e" and "e" not in self.known:
            return self.node("exp", (exponent,))
        return self.node("power", (base, exponent))

    def exponent(self) -> Syntax:
        """What stands behind ^: a group, or in LaTeX one sign, else a signed factor."""
        if self.at("{") or self.latex:
            return self.argument()
        self.enter()
        result = self.signed_factor()
        self.leave()
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
        if token.kind == "sign" and token.text in ("(", "[", "{"):
            inner = self.sum()
            self.take(CLOSING[token.text])
            return inner
        if token.text in ("|", "lvert") and token.kind in ("sign", "command"):
            return self.absolute(token)
        if token.kind == "begin" and token.text in MATRICES:
            return self.matrix(token.text)
        if token.kind == "name":
            return self.word(token)
        if token.kind == "command":
            return self.command(token)
        raise self.unexpected(token)

    def absolute(self, token: Token) -> Syntax:
        """What stands between bars."""
        self.bars += 1
        inner = self.sum()
        self.take(CLOSING[token.text])
        self.bars -= 1
        return self.node("abs", (inner,))

    def command(self, token: Token) -> Syntax:
        """What a command of LaTeX stands for."""
        name = token.text
        if name == "frac":
            return self.fraction()
        if name == "sqrt":
            return self.root()
        if name in ("sum", "prod"):
            return self.written_out(name, token)
        if name in FUNCTIONS or name in LETTERS or name in ("mathrm", "mathbf", "hat", "bar", "tilde"):
            return self.word(token)
        what = {
            "infty": "infinity is no number here",
            "partial": r"a derivative is written \frac{\partial f}{\partial x}",
            "implies": "one step follows from another: write each as a step of its own",
            "Rightarrow": "one step follows from another: write each as a step of its own",
            "approx": "≈ says nothing that could be proved; write = or a bound",
            "int": "integrals are not part of the language",
            "lim": "limits are not part of the language",
        }.get(name, rf"\{name} is not part of the language")
        raise self.error(what, token)

    def fraction(self) -> Syntax:
        """A fraction, or the derivative that is written as one."""
        derivative = self.derivative_fraction()
        if derivative is not None:
            return derivative
        top = self.argument()
        return self.node("divide", (top, self.argument()))

    def root(self) -> Syntax:
        """A square root, or one with an index."""
        index = None
        if self.latex and self.at("["):
            self.next()
            index = self.sum()
            self.take("]")
        inner = self.argument() if self.latex else self.bracketed()
        if index is None:
            return self.node("sqrt", (inner,))
        return self.node("power", (inner, self.node("divide", (Syntax("number", "1"), index))))

    def bracketed(self) -> Syntax:
        """One thing in brackets."""
        if not self.opens():
            raise self.error("expected a bracket")
        return self.factor() if self.at("{") else self.atom()

    def argument(self) -> Syntax:
        """A group in braces, or one sign: in x^23 the exponent is 2."""
        if self.at("{"):
            self.next()
            inner = self.sum()
            self.take("}")
            return inner
        token = self.peek()
        if token.kind == "number" and token.text.isdigit() and len(token.text) > 1 and self.latex:
            self.split_number()
        if token.kind not in ("number", "name", "command"):
            raise self.error("expected a group in braces")
        return self.atom()

    # --- functions -------------------------------------------------------------------------------------------------

    def word(self, token: Token) -> Syntax:
        """A function with its argument, or a name."""
        derivative = self.plain_derivative(token)
        if derivative is not None:
            return derivative
        name = self.letter(token)
        function = name if name in self.functions else FUNCTIONS.get(name)
        if function is None or name in self.known:
            return self.named(name, token)
        bare = token.kind == "command" and name in BARE
        if not (bare or self.applied()):
            if name == "sigma":
                if not self.at("_"):
                    self.note_sigma(token, applied=False)
                return self.named(name, token)
            raise self.error(f"{name} stands without its argument; write {name}(x)", token)
        if name == "sigma":
            self.note_sigma(token, applied=True)
        return self.call(function, name, token)

    def applied(self) -> bool:
        """Whether an argument in brackets follows, perhaps behind primes or a power: sigma'(x), sigma^2(x)."""
        index = self.index
        while self.tokens[index].text == "'" and self.tokens[index].kind == "sign":
            index += 1
        if self.tokens[index].text == "^" and self.tokens[index].kind == "sign":
            index = self.closing(index + 1) + 1 if self.tokens[index + 1].text == "{" else index + 2
        return index < len(self.tokens) and self.opens(self.tokens[index])

    def call(self, function: str, name: str, token: Token) -> Syntax:
        """A function with primes, a base, a power and its arguments."""
        primes = 0
        while self.at("'"):
            self.next()
            primes += 1
        base = None
        if name == "log" and self.at("_"):
            self.next()
            base = self.argument()
        power = None
        if self.at("^"):
            self.next()
            place = self.peek()
            power = self.exponent()
            if power.kind != "number" or not power.value.isdigit():
                raise self.error(f"{name}^n(x) is a power only for n = 2, 3, ...; write ({name}(x))^n", place)
        arguments = self.arguments() if self.opens() else [self.bare_argument()]
        result = self.applied_to(function, name, arguments, primes, token)
        if base is not None:
            result = self.node("divide", (result, self.node("log", (base,))))
        return result if power is None else self.node("power", (result, power))

    def applied_to(self, function: str, name: str, arguments: list[Syntax], primes: int, token: Token) -> Syntax:
        """The function of its arguments, its derivative where there are primes."""
        if name in self.functions:
            self.check_count(name, arguments, 1, 1, token)
            return self.extra("prime" if primes else "function", name, (arguments[0],), str(primes))
        if function in ("tan", "sinh", "cosh"):
            self.check_count(name, arguments, 1, 1, token)
            if primes:
                raise self.error(f"write the derivative of {name} as d/dx {name}(x)", token)
            return self.by_definition(function, arguments[0])
        if function in _BINARY:
            if len(arguments) < 2 or primes:
                raise self.error(f"{name} takes two or more arguments in brackets", token)
            result = arguments[0]
            for argument in arguments[1:]:
                result = self.node(function, (result, argument))
            return result
        if primes:
            self.check_count(name, arguments, 1, 1, token)
            return self.extra("prime", function, (arguments[0],), str(primes))
        entry = TABLE[function]
        self.check_count(name, arguments, entry.arity, entry.arity + len(entry.parameters), token)
        return self.node(function, tuple(arguments))

    def check_count(self, name: str, arguments: list[Syntax], least: int, most: int, token: Token) -> None:
        """Refuse too few or too many arguments."""
        if not least <= len(arguments) <= most:
            wanted = f"{least}" if least == most else f"{least} to {most}"
            raise self.error(f"{name} takes {wanted} arguments, not {len(arguments)}", token)

    def by_definition(self, function: str, x: Syntax) -> Syntax:
        """Functions that the table lacks, by those that it has."""
        if function == "tan":
            return self.node("divide", (self.node("sin", (x,)), self.node("cos", (x,))))
        both = (self.node("exp", (x,)), self.node("exp", (self.node("negative", (x,)),)))
        top = self.node("subtract" if function == "sinh" else "add", both)
        return self.node("divide", (top, Syntax("number", "2")))

    def arguments(self) -> list[Syntax]:
        """What stands in the brackets behind a function."""
        opening = self.next().text
        found = [self.sum()]
        while self.at(","):
            self.next()
            found.append(self.sum())
        self.take(CLOSING[opening])
        return found

    def bare_argument(self) -> Syntax:
        """The argument of a function without brackets: numbers and names, or one other thing."""
        first = self.peek()
        left = self.signed_factor()
        simple = first.kind in ("number", "name") or first.text in LETTERS
        while simple and self.starts_factor():
            token = self.peek()
            if (token.kind != "name" and token.text not in LETTERS) or token.text in FUNCTIONS:
                break
            left = self.node("product", (left, self.factor()))
        return left
