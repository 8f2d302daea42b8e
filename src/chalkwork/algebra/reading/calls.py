"""Functions with their arguments: by name or without brackets, with primes, powers, a base; parameters by name."""

from __future__ import annotations

from functools import reduce

from chalkwork.algebra.operations import TABLE
from chalkwork.algebra.reading.cursor import BESIDE, Syntax
from chalkwork.algebra.reading.names import Names
from chalkwork.algebra.reading.tokens import Token
from chalkwork.algebra.reading.words import BARE, DEFINED, FUNCTIONS, GATES, LAID, LETTERS, VECTORS

_CLOSING = {"(": ")", "[": "]", "{": "}"}
Arguments = tuple[list[Syntax], list[tuple[str, Syntax]], list[str]]
"""What stands in brackets: arguments, parameters by name, and the arguments as they were typed."""


class Calls(Names):
    """How functions are read."""

    def word(self, token: Token) -> Syntax:
        """A function with its argument, or a name."""
        name = self.letter(token)
        base = None
        if name.startswith("log_") and name[4:].isdigit() and self.at("("):
            name, base = "log", Syntax("number", name[4:])
        if name not in FUNCTIONS and name not in self.functions:
            return self.named(name, token)
        bare = (token.kind == "command" and name in BARE) or (name == "sqrt" and self.peek().kind in ("name", "number"))
        applied = self.at("(") or ((self.formula or self.latex) and self.is_applied())
        if self.formula and name in self.known and applied:
            raise self.two_readings(f"{name}(...)", "the function", f"the quantity times what follows, {name} * (...)")
        if (self.formula and name in self.known) or not (bare or applied):
            if name == "sigma" and self.formula and not self.at("_"):
                self.note_sigma(token, applied=False)
            if name in ("sigma", *self.known) or not self.formula:
                return self.named(name, token)
            raise self.error(f"{name} stands without its argument; write {name}(x)", token)
        if name == "sigma" and self.formula:
            self.note_sigma(token, applied=True)
        return self.call(name, token, base)

    def is_applied(self) -> bool:
        """Whether an argument in brackets follows, perhaps behind primes or a power: sigma'(x), sigma^2(x)."""
        index = self.index
        while self.stream[index].text == "'":
            index += 1
        if self.stream[index].text == "_" and self.peek(-1).text == "log":
            index = self.behind(index)
        if self.stream[index].text == "^":
            index = self.behind(index)
        return self.stream[min(index, len(self.stream) - 1)].text in _CLOSING

    def behind(self, index: int) -> int:
        """The place behind what stands above or below there."""
        return self.closing(index + 1) + 1 if self.stream[index + 1].text == "{" else index + 2

    def call(self, name: str, token: Token, base: Syntax | None) -> Syntax:
        """A function with primes, a base, a power and its arguments."""
        primes = 0
        while self.passed("'"):
            primes += 1
        if name == "log" and self.passed("_"):
            base = self.argument()
        power = None
        if self.passed("^"):
            place = self.peek()
            power = self.argument() if self.latex else self.atom_of_power()
            if power.kind != "number" or not power.value.isdigit():
                raise self.error(f"{name}^n(x) is a power only for n = 2, 3, ...; write ({name}(x))^n", place)
        self.enter()
        bare = self.factor if name == "sqrt" else self.bare_argument
        arguments = self.arguments() if self.at(*_CLOSING) else ([bare()], [], [""])
        self.depth -= 1
        result = self.applied_to(name, arguments, primes, token)
        if base is not None:
            result = self.node("divide", result, self.node("log", base))
        return result if power is None else self.node("power", result, power)

    def atom_of_power(self) -> Syntax:
        """The number above a function in plain maths."""
        return self.argument() if self.at("{") else Syntax(self.peek().kind, self.next().text)

    def applied_to(self, name: str, arguments: Arguments, primes: int, token: Token) -> Syntax:
        """The function of its arguments, its derivative where there are primes."""
        parts, keywords, typed = arguments
        function = "" if name in self.functions else FUNCTIONS[name]
        if function in VECTORS:
            if len(parts) != 2 or keywords or primes:
                raise self.error(f"{name} takes two arguments", token)
            return self.node(function, *parts)
        if function in LAID:
            known = [] if function == "vec" else ["stride", "padding", "dilation"]
            if len(parts) != LAID[function] or primes or any(key not in known for key, _ in keywords):
                taken = "1 argument" if function == "vec" else f"data and kernel, and by name {', '.join(known)}"
                raise self.error(f"{name} takes {taken}", token)
            return self.node(function, *parts, keywords=tuple(keywords))
        if function in ("concat", "beside") and len(parts) > 2:
            return reduce(lambda first, second: self.node(function, first, second), parts)
        if not function or primes or function in DEFINED:
            if len(parts) != 1 or keywords:
                raise self.error(f"{name} takes 1 argument, not {len(parts) + len(keywords)}", token)
            if primes and (function in DEFINED or not self.formula):
                raise self.error(f"write the derivative of {name} as d/dx {name}(x)", token)
            if primes:
                order = (("order", Syntax("number", str(primes))),)
                return self.node(function or name, parts[0], kind="prime", keywords=order)
            return self.node(function or name, parts[0], kind="call" if function else "function")
        if function in GATES and len(parts) > 1 and not keywords:
            result = parts[0]
            for part in parts[1:]:
                result = self.node(GATES[function], result, part)
            return result
        if function == "min" and len(parts) == 1:
            largest = self.with_parameters("max", ([self.node("negative", parts[0])], keywords, typed), token)
            return self.node("negative", largest)
        return self.with_parameters(function, arguments, token)

    def with_parameters(self, function: str, arguments: Arguments, token: Token) -> Syntax:
        """The operation of the table, with its parameters by name."""
        parts, keywords, typed = arguments
        entry = TABLE[function]
        extra = parts[entry.arity :]
        names = list(entry.parameters)
        if len(parts) < entry.arity or len(extra) > len(names):
            what = "argument" if entry.arity == 1 else "arguments"
            hint = "a base is written log2(x), log10(x) or log_b(x)" if function == "log" else None
            raise self.error(f"{function} takes {entry.arity} {what}, not {len(parts)}", token, hint)
        if len(extra) > len(entry.by_place):
            place = len(entry.by_place)
            kept = typed[: entry.arity + place]
            named = [f"{key}={text}" for key, text in zip(names[place:], typed[entry.arity + place :], strict=False)]
            right = f"{function}({', '.join([*kept, *named])})"
            raise self.error(f"{function} takes its parameters by name", token, f"write {right}")
        keywords = [*zip(entry.by_place, extra, strict=False), *keywords]
        for place, (key, _) in enumerate(keywords):
            if key not in entry.parameters:
                raise self.error(f"{function} has no parameter {key!r}", token)
            if key in dict(keywords[:place]):
                raise self.error(f"{function} has its parameter {key!r} twice", token)
        return self.node(function, *parts[: entry.arity], keywords=tuple(keywords))

    def arguments(self) -> Arguments:
        """What stands in the brackets behind a function."""
        closing = _CLOSING[self.next().text]
        parts: list[Syntax] = []
        keywords: list[tuple[str, Syntax]] = []
        typed: list[str] = []
        while not self.at(closing):
            start = self.peek().start
            if self.peek().kind == "name" and self.peek(1).kind == "relation" and self.peek(1).text == "=":
                key = self.next().text
                self.next()
                keywords.append((key, self.deeper()))
            elif keywords:
                raise self.error("a parameter by its name stands behind the arguments")
            else:
                parts.append(self.deeper())
                typed.append(self.source(start))
            if not self.at(closing):
                self.take(",")
        self.take(closing)
        return parts, keywords, typed

    def bare_argument(self) -> Syntax:
        """The argument of a function without brackets: numbers and names, or one other thing."""
        first = self.peek()
        left = self.deeper(BESIDE)
        while first.kind in ("number", "name") or first.text in LETTERS:
            token = self.peek()
            if (token.kind != "name" and token.text not in LETTERS) or token.text in FUNCTIONS:
                break
            left = self.node("product", left, self.factor())
        return left
