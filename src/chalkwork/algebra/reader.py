"""Plain maths, such as `c = a + b` or `W1 @ x + b1`, to expressions. Nothing is ever executed.

The language: numbers (`2`, `0.5`, `1e-3`), names (letters, digits, `_`; also `dW1`), `+ - * / ^ **`, `@` for
the matrix product, `.T` or `^T` for the transpose, parentheses, and the operations of the table called by name,
their parameters after the arguments: `leaky_relu(z, 0.01)`, `sum(x, axis=0)`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from math import inf

from chalkwork.algebra.expression import Expression, Number, apply
from chalkwork.algebra.operations import TABLE, Parameter
from chalkwork.errors import ReadError

LONGEST_TEXT = 20_000
LONGEST_NAME = 100
DEEPEST_NESTING = 100
MOST_LEVELS = 150  # of a whole tree, chains such as a + b + c + ... included

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:[0-9]+(?:\.(?!T\b)[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(?P<transpose>\.T\b|\^T\b)"
    r"|(?P<name>[^\W\d]\w*)|(?P<sign>\*\*|[-+*/^@(),=\[\]−·×]))"
)
_SAME = {"**": "^", "−": "-", "·": "*", "×": "*"}
_BINDING = {"+": 10, "-": 10, "*": 20, "/": 20, "@": 30}
_PRODUCT = 20
_OPERATION = {entry.infix: entry.name for entry in TABLE.values() if entry.infix}
_ALSO = {"ln": "log"}


@dataclass(frozen=True, slots=True)
class Syntax:
    """What was read, before names have shapes: a number, a name, or a call."""

    kind: str  # "number", "name", "call", "tuple"
    value: str
    parts: tuple[Syntax, ...] = ()
    keywords: tuple[tuple[str, Syntax], ...] = ()
    levels: int = 1


class _Reader:
    """A precedence-climbing parser (Pratt, Top down operator precedence, 1973)."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str, int]] = []
        position = 0
        while position < len(text):
            found = _TOKEN.match(text, position)
            if found is None:
                rest = text[position:].lstrip()
                if not rest:
                    break
                raise self.foreign(len(text) - len(rest))
            kind = found.lastgroup or ""
            word = found.group(kind)
            if kind == "name":
                self.check_name(word, found.start(kind))
            elif kind == "number" and abs(number(word)) == inf:
                raise self.error("the number is too large", found.start(kind))
            self.tokens.append((kind, _SAME.get(word, word), found.start(kind)))
            position = found.end()
        self.index = 0
        self.depth = 0

    def error(self, message: str, position: int | None = None, hint: str | None = None) -> ReadError:
        if position is None:
            position = self.tokens[self.index][2] if self.index < len(self.tokens) else len(self.text)
        start, end = max(0, position - 30), position + 30
        before, after = "..." if start else "", "..." if end < len(self.text) else ""
        shown = before + self.text[start:end].strip() + after
        return ReadError(f"{message}, at character {position + 1} of {shown!r}", hint=hint)

    def foreign(self, position: int) -> ReadError:
        """The error for a character that the language does not have."""
        character = self.text[position]
        usual = unicodedata.normalize("NFKC", character)  # what a superscript or a full-width sign stands for
        hint = None
        if usual != character and usual.isascii() and usual.isprintable():
            hint = f"write ^{usual}" if "<super>" in unicodedata.decomposition(character) else f"write {usual}"
        return self.error(f"{character!r} is not part of the language", position, hint)

    def check_name(self, word: str, position: int) -> None:
        if len(word) > LONGEST_NAME:
            raise self.error(f"a name of {len(word)} characters is longer than {LONGEST_NAME}", position)
        for place, character in enumerate(word):
            if not (character.isalpha() or character == "_" or (character.isascii() and character.isdigit())):
                raise self.foreign(position + place)

    def node(self, name: str, parts: tuple[Syntax, ...], keywords: tuple[tuple[str, Syntax], ...] = ()) -> Syntax:
        """The call of an operation."""
        levels = 1 + max((part.levels for part in parts), default=0)
        if levels > MOST_LEVELS:
            raise self.error(f"more than {MOST_LEVELS} operations on top of each other", hint="name a part of it first")
        return Syntax("call", name, parts, keywords, levels)

    def enter(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST_NESTING:
            raise self.error(f"more than {DEEPEST_NESTING} levels of brackets, signs or powers")

    def peek(self) -> str:
        return self.tokens[self.index][1] if self.index < len(self.tokens) else ""

    def take(self, wanted: str) -> None:
        if self.peek() != wanted:
            raise self.error(f"expected {wanted!r}, found {self.peek() or 'the end'!r}")
        self.index += 1

    def sum(self, binding: int = 0) -> Syntax:
        self.enter()
        left = self.signed()
        while (strength := _BINDING.get(self.peek(), -1)) > binding:
            sign = self.peek()
            self.index += 1
            left = self.node(_OPERATION[sign], (left, self.sum(strength)))
        self.depth -= 1
        return left

    def signed(self) -> Syntax:
        # -a @ b and -a^2 are -(a @ b) and -(a^2); -a * b is (-a) * b, which is worth the same
        if self.peek() == "-":
            return self.negated(lambda: self.sum(_PRODUCT))
        if self.peek() == "+":
            self.index += 1
            return self.sum(_PRODUCT)
        return self.power()

    def negated(self, operand: Callable[[], Syntax]) -> Syntax:
        """What follows a minus sign, negated; in front of a number the sign belongs to the number."""
        self.index += 1
        literal = self.index < len(self.tokens) and self.tokens[self.index][0] == "number"
        inner = operand()
        if literal and inner.kind == "number":
            return Syntax("number", f"-{inner.value}")
        return self.node("negative", (inner,))

    def power(self) -> Syntax:
        base = self.postfix()
        if self.peek() == "^":
            self.index += 1
            return self.node("power", (base, self.exponent()))
        return base

    def exponent(self) -> Syntax:
        self.enter()
        result = self.negated(self.exponent) if self.peek() == "-" else self.power()
        self.depth -= 1
        return result

    def postfix(self) -> Syntax:
        result = self.atom()
        while self.index < len(self.tokens) and self.tokens[self.index][0] == "transpose":
            self.index += 1
            result = self.node("transpose", (result,))
        return result

    def atom(self) -> Syntax:
        if self.index >= len(self.tokens):
            raise self.error("the expression ends too early")
        kind, word, position = self.tokens[self.index]
        self.index += 1
        if kind == "number":
            return Syntax("number", word)
        if kind == "name":
            return self.call(word, position) if self.peek() == "(" else Syntax("name", word)
        if word == "(":
            inner = self.sum()
            self.take(")")
            return inner
        if word == "[":
            return self.sizes()
        self.index -= 1
        raise self.error(f"{word!r} cannot stand here")

    def sizes(self) -> Syntax:
        parts = []
        while self.peek() != "]":
            parts.append(self.sum())
            if self.peek() != "]":
                self.take(",")
        self.take("]")
        return Syntax("tuple", "", tuple(parts))

    def call(self, word: str, position: int) -> Syntax:
        name = _ALSO.get(word, word)
        if name not in TABLE:
            near = get_close_matches(name, TABLE, 1)
            hint = f"did you mean {near[0]}?" if near else "write a product with *"
            raise self.error(f"there is no operation {word!r}", position, hint)
        self.take("(")
        parts: list[Syntax] = []
        keywords: list[tuple[str, Syntax]] = []
        while self.peek() != ")":
            if self.index + 1 < len(self.tokens) and self.tokens[self.index + 1][1] == "=":
                keyword = self.peek()
                self.index += 2
                keywords.append((keyword, self.sum()))
            else:
                parts.append(self.sum())
            if self.peek() != ")":
                self.take(",")
        self.take(")")
        self._check_call(name, parts, keywords, position)
        return self.node(name, tuple(parts), tuple(keywords))

    def _check_call(self, name: str, parts: list[Syntax], keywords: list[tuple[str, Syntax]], position: int) -> None:
        entry = TABLE[name]
        most = entry.arity + len(entry.parameters)
        if not entry.arity <= len(parts) <= most - len(keywords):
            wanted = str(entry.arity) if most == entry.arity else f"{entry.arity} to {most}"
            raise self.error(f"{name} takes {wanted} arguments, not {len(parts) + len(keywords)}", position)
        free = list(entry.parameters)[len(parts) - entry.arity :]
        for keyword, _ in keywords:
            if keyword not in entry.parameters:
                raise self.error(f"{name} has no parameter {keyword!r}", position)
            if keyword not in free:
                raise self.error(f"{name} has its parameter {keyword!r} twice", position)
            free.remove(keyword)


@lru_cache(maxsize=4096)
def parse(text: str) -> Syntax:
    """The syntax of one expression.

    Raises ReadError with the place where the text stops being one.

    >>> parse("a + ")
    Traceback (most recent call last):
        ...
    chalkwork.errors.ReadError: the expression ends too early, at character 5 of 'a +'
    """
    if len(text) > LONGEST_TEXT:
        raise ReadError(f"the expression has {len(text)} characters, more than {LONGEST_TEXT}")
    reader = _Reader(text)
    result = reader.sum()
    if reader.index < len(reader.tokens):
        raise reader.error(f"{reader.peek()!r} is left over")
    return result


def free_names(syntax: Syntax) -> list[str]:
    """The names in it, in order of first occurrence.

    >>> free_names(parse("b * (a + b)"))
    ['b', 'a']
    """
    if syntax.kind == "name":
        return [syntax.value]
    arguments = syntax.parts[: TABLE[syntax.value].arity] if syntax.kind == "call" else ()
    return list(dict.fromkeys(name for part in arguments for name in free_names(part)))


def number(text: str) -> int | float:
    """The number that was typed: an int where it is one, else a float."""
    if re.fullmatch(r"-?[0-9]{1,30}", text):
        return int(text)
    return float(text)


def build(
    syntax: Syntax, names: Mapping[str, Expression], parameters: Mapping[str, Parameter] | None = None
) -> Expression:
    """The expression behind the syntax, its names taken from `names`.

    Raises ReadError for an unknown name, ShapeError where the shapes do not fit.
    """
    if syntax.kind == "number":
        return Number(number(syntax.value))
    if syntax.kind == "name":
        if syntax.value in names:
            return names[syntax.value]
        if parameters and isinstance(value := parameters.get(syntax.value), int | float):
            return Number(value)
        near = get_close_matches(syntax.value, names, 1)
        raise ReadError(f"{syntax.value!r} is not defined", hint=f"did you mean {near[0]}?" if near else None)
    if syntax.kind == "tuple":
        raise ReadError("square brackets hold a shape and can only stand as a parameter")
    entry = TABLE[syntax.value]
    arguments = [build(part, names, parameters) for part in syntax.parts[: entry.arity]]
    given = dict(zip(entry.parameters, syntax.parts[entry.arity :], strict=False)) | dict(syntax.keywords)
    values = {name: _parameter(name, part, parameters or {}) for name, part in given.items()}
    return apply(entry.name, *arguments, **values)


_IN_BRACKETS = {
    "shape": "the shape is the number of rows and of columns",
    "place": "the place of an entry is its row and its column, counted from 1,",
}


def _parameter(name: str, syntax: Syntax, known: Mapping[str, Parameter]) -> Parameter:
    if syntax.kind == "name" and syntax.value in known:
        return known[syntax.value]
    if name in _IN_BRACKETS:
        sizes = [number(part.value) if part.kind == "number" else 0 for part in syntax.parts]
        if syntax.kind != "tuple" or not all(isinstance(size, int) and 0 < size < 10**6 for size in sizes):
            raise ReadError(f"{_IN_BRACKETS[name]} in square brackets, such as [2, 3]")
        return tuple(int(size) for size in sizes)
    if syntax.kind == "name" and syntax.value == "none" and name in ("axis", "at_zero"):
        return None
    if name == "axis":
        if syntax.kind != "number" or number(syntax.value) not in (-2, -1, 0, 1):
            raise ReadError("the axis is 0 (over the rows), 1 (over the columns) or none (over both)")
        value = int(number(syntax.value))
        return value if value < 0 else value - 2
    if syntax.kind != "number":
        raise ReadError(f"the parameter {name} takes a number")
    return float(number(syntax.value))


def read(text: str, names: Mapping[str, Expression], parameters: Mapping[str, Parameter] | None = None) -> Expression:
    """The expression that the text stands for.

    `names` gives every name its expression, which may itself be more than a name. Raises ReadError where the
    text is not in the language or a name is unknown, ShapeError where shapes do not fit.

    >>> from chalkwork.algebra.expression import Name
    >>> print(read("W @ x + b", {"W": Name("W", (3, 2)), "x": Name("x", (2, 1)), "b": Name("b", (3, 1))}))
    W @ x + b
    """
    return build(parse(text), names, parameters)
