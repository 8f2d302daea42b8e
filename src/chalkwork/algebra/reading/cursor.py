"""Where the reading stands: the tokens, what is next, the bounds on depth and size, and what is made of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection
from typing import NamedTuple

from chalkwork.algebra.reading.tokens import Text, Token
from chalkwork.errors import ReadError

LONGEST_TEXT, LONGEST_FORMULA = 20_000, 4000
DEEPEST_NESTING = 100  # a function in a function counts twice
MOST_LEVELS, MOST_LEVELS_OF_FORMULA = 150, 80  # of a whole tree, chains such as a + b + c + ... included
MOST_TOKENS_OF_FORMULA = 1500
MOST_NODES_OF_FORMULA = 4000  # sums written out
SUM, PRODUCT, BESIDE, MATRIX_PRODUCT = 10, 20, 25, 30
"""How tightly + and -, * and /, factors without a sign, and @ bind."""
MATRICES = ("pmatrix", "bmatrix", "matrix")


class Syntax(NamedTuple):
    """What was read, before names have shapes.

    `kind` is number, name, constant, call, matrix, tuple (a shape), function (one that somebody defined), prime, d or
    partial; `value` what it is called.
    """

    kind: str
    value: str
    parts: tuple[Syntax, ...] = ()
    keywords: tuple[tuple[str, Syntax], ...] = ()
    levels: int = 1


class Cursor(Text, ABC):
    """The tokens of one text and a place among them; `bound` holds the indices of sums that stand for numbers."""

    def __init__(
        self,
        text: str,
        known: Collection[str] = (),
        functions: Collection[str] = (),
        letters: Collection[str] = (),
        formula: bool = False,
    ) -> None:
        super().__init__(text, known, formula)
        self.letters = frozenset(letters)
        longest = LONGEST_FORMULA if formula else LONGEST_TEXT
        if len(text) > longest:
            raise ReadError(f"the formula has {len(text)} characters, more than {longest}")
        self.functions = frozenset(functions)
        self.stream = [*_without_alignment(list(self.tokens())), Token("end of text", "", len(text.rstrip()))]
        if formula and len(self.stream) > MOST_TOKENS_OF_FORMULA:
            raise ReadError(f"the formula has more than {MOST_TOKENS_OF_FORMULA} signs")
        self.index = 0
        self.depth = 0
        self.nodes = 0
        self.bound: dict[str, int] = {}

    # --- what the parts of the grammar ask of each other -------------------------------------------------------------

    @abstractmethod
    def expression(self, binding: int = 0) -> Syntax:
        """What binds more tightly than `binding`: everything, if that is 0."""

    @abstractmethod
    def climbed(self, left: Syntax, binding: int) -> Syntax:
        """What follows a left operand and binds more tightly than `binding`, with it."""

    @abstractmethod
    def factor(self) -> Syntax:
        """An atom with its powers and transposes."""

    @abstractmethod
    def argument(self) -> Syntax:
        """A group in braces, or one sign."""

    def indexes(self, of: Syntax) -> bool:
        """Whether what is next takes entries out of what was read: x[2]."""
        return False

    # --- tokens ------------------------------------------------------------------------------------------------------

    def error(self, message: str, token: Token | None = None, hint: str | None = None) -> ReadError:
        """The error at a token, or where the reading stands."""
        return self.error_at(message, (token or self.peek()).start, hint)

    def two_readings(
        self, what: str, first: str, second: str, token: Token | None = None, hint: str = "write the one that is meant"
    ) -> ReadError:
        """The error for what could be two things."""
        return self.error(f"{what} could mean {first} or {second}", token, hint)

    def unexpected(self, token: Token | None = None) -> ReadError:
        """The error for a token that cannot stand there."""
        token = token or self.peek()
        if token.kind == "end of text":
            return self.error("the expression ends too early", token)
        slash = "\\" if token.kind in ("command", "begin", "end") else ""
        return self.error(f"{slash + (token.text or token.kind)!r} cannot stand here", token)

    def peek(self, ahead: int = 0) -> Token:
        """The next token, or one after it."""
        return self.stream[min(self.index + ahead, len(self.stream) - 1)]

    def next(self) -> Token:
        """The next token, which is passed; the end of the text stays."""
        token = self.stream[self.index]
        self.index = min(self.index + 1, len(self.stream) - 1)
        return token

    def at(self, *signs: str) -> bool:
        """Whether one of these signs is next."""
        token = self.stream[self.index]
        return token.kind in ("sign", "relation") and token.text in signs

    def passed(self, sign: str) -> bool:
        """Whether that sign is next; it is passed then."""
        found = self.at(sign)
        if found:
            self.next()
        return found

    def take(self, wanted: str) -> None:
        """Pass the sign that must come now."""
        token = self.peek()
        if token.text != wanted or token.kind not in ("sign", "command"):
            raise self.error(f"expected {wanted!r}, found {token.text or 'the end'!r}")
        self.next()

    def closing(self, start: int) -> int:
        """Where the brace that opens at `start` is closed; the end of the text if nowhere."""
        depth = 0
        for index in range(start, len(self.stream)):
            token = self.stream[index]
            if token.kind == "sign":
                depth += {"{": 1, "}": -1}.get(token.text, 0)
                if depth == 0:
                    return index
        return len(self.stream) - 1

    def split_number(self) -> None:
        """The number that is next as its first digit and the rest."""
        kind, text, start = self.peek()
        self.stream[self.index : self.index + 1] = [Token(kind, text[0], start), Token(kind, text[1:], start + 1)]

    def source(self, start: int) -> str:
        """What was typed from there to where the reading stands."""
        return self.text[start : self.peek().start].strip()

    # --- syntax ------------------------------------------------------------------------------------------------------

    def enter(self) -> None:
        """Go one level deeper."""
        self.depth += 1
        if self.depth > DEEPEST_NESTING:
            raise self.error(f"more than {DEEPEST_NESTING} levels of brackets, signs or powers")

    def deeper(self, binding: int = 0) -> Syntax:
        """An expression one level deeper."""
        self.enter()
        result = self.expression(binding)
        self.depth -= 1
        return result

    def node(
        self, name: str, *parts: Syntax, kind: str = "call", keywords: tuple[tuple[str, Syntax], ...] = ()
    ) -> Syntax:
        """The call of an operation, or another node with parts."""
        self.nodes += 1
        levels = 1 + max((part.levels for part in parts), default=0)
        most = MOST_LEVELS_OF_FORMULA if self.formula else MOST_LEVELS
        if levels > most:
            raise self.error(f"more than {most} operations on top of each other", hint="name a part of it first")
        if self.nodes > (MOST_NODES_OF_FORMULA if self.formula else LONGEST_TEXT):
            raise self.error("the formula is too large; name a part of it first")
        return Syntax(kind, name, parts, keywords, levels)


def _without_alignment(tokens: list[Token]) -> list[Token]:
    """The tokens without the & that only align lines; in a matrix it separates entries."""
    kept: list[Token] = []
    environments: list[str] = []
    for token in tokens:
        if token.kind == "begin":
            environments.append(token.text)
        elif token.kind == "end" and environments:
            environments.pop()
        in_matrix = bool(environments) and environments[-1] in MATRICES
        if token.text != "&" or token.kind != "sign" or in_matrix:
            kept.append(token)
    return kept
