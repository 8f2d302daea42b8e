"""Where the reading stands: the tokens, what is next, the bounds on depth and size."""

from __future__ import annotations

from collections.abc import Collection

from chalkwork.algebra.latex.tokens import Token, error, tokens_of
from chalkwork.algebra.reader import Syntax
from chalkwork.errors import ReadError

DEEPEST_NESTING = 40
MOST_LEVELS = 80
MOST_NODES = 4000
MATRICES = ("pmatrix", "bmatrix", "matrix")


class Cursor:
    """The tokens of one text and a place among them; `bound` holds the indices of sums that stand for numbers."""

    def __init__(self, text: str, known: Collection[str], functions: Collection[str]) -> None:
        self.text = text
        self.latex = "\\" in text
        self.known = frozenset(known)
        self.functions = frozenset(functions)
        self.tokens = [*_without_alignment(tokens_of(text)), Token("end of text", "", len(text.rstrip()))]
        self.index = 0
        self.depth = 0
        self.nodes = 0
        self.bound: dict[str, int] = {}

    def error(self, message: str, token: Token | None = None) -> ReadError:
        """The error at a token, or where the reading stands."""
        return error(self.text, message, (token or self.peek()).start)

    def unexpected(self, token: Token | None = None) -> ReadError:
        """The error for a token that cannot stand there."""
        token = token or self.peek()
        if token.kind == "end of text":
            return self.error("the formula ends too early", token)
        slash = "\\" if token.kind in ("command", "begin", "end") else ""
        return self.error(f"{slash}{token.text or token.kind} cannot stand here", token)

    def peek(self) -> Token:
        """The next token."""
        return self.tokens[self.index]

    def before(self) -> Token:
        """The token that was passed last."""
        return self.tokens[max(0, self.index - 1)]

    def next(self) -> Token:
        """The next token, which is passed; the end of the text stays."""
        token = self.tokens[self.index]
        self.index = min(self.index + 1, len(self.tokens) - 1)
        return token

    def at(self, sign: str) -> bool:
        """Whether that sign is next."""
        token = self.tokens[self.index]
        return token.kind == "sign" and token.text == sign

    def is_last(self) -> bool:
        """Whether this token ends its line."""
        return self.tokens[self.index + 1].kind in ("end of text", "end", "line")

    def take(self, wanted: str) -> None:
        """Pass the sign that must come now."""
        token = self.peek()
        if token.text != wanted or token.kind not in ("sign", "command"):
            found = token.text or "the end"
            raise self.error(f"expected {wanted!r}, found {found!r}")
        self.next()

    def opens(self, token: Token | None = None) -> bool:
        """Whether a bracket opens."""
        token = token or self.peek()
        return token.kind == "sign" and token.text in ("(", "[", "{")

    def closing(self, start: int) -> int:
        """Where the brace that opens at `start` is closed; the end of the text if nowhere."""
        depth = 0
        for index in range(start, len(self.tokens)):
            token = self.tokens[index]
            if token.kind == "sign":
                depth += {"{": 1, "}": -1}.get(token.text, 0)
                if depth == 0:
                    return index
        return len(self.tokens) - 1

    def split_number(self) -> None:
        """The number that is next as its first digit and the rest."""
        kind, text, start = self.peek()
        self.tokens[self.index : self.index + 1] = [Token(kind, text[0], start), Token(kind, text[1:], start + 1)]

    def enter(self) -> None:
        """Go one level deeper."""
        self.depth += 1
        if self.depth > DEEPEST_NESTING:
            raise self.error(f"more than {DEEPEST_NESTING} levels of brackets, signs or powers")

    def leave(self) -> None:
        """Come back from it."""
        self.depth -= 1

    def node(self, name: str, parts: tuple[Syntax, ...]) -> Syntax:
        """The call of an operation."""
        return self.extra("call", name, parts)

    def extra(self, kind: str, value: str, parts: tuple[Syntax, ...], order: str = "") -> Syntax:
        """A node of some kind; `order` is that of a derivative."""
        self.nodes += 1
        levels = 1 + max((part.levels for part in parts), default=0)
        if levels > MOST_LEVELS or self.nodes > MOST_NODES:
            raise self.error("the formula is too large; name a part of it first")
        keywords = (("order", Syntax("number", order)),) if order else ()
        return Syntax(kind, value, parts, keywords, levels)


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
