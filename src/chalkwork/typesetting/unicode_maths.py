"""The LaTeX that stands in prose as plain Unicode, for the terminal; what cannot be set right is shown as typed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache, partial

from chalkwork.typesetting.latex_signs import (
    ACCENTS,
    ALPHABETS,
    BRACKETS,
    FRACTIONS,
    FUNCTIONS,
    IGNORED,
    LETTERS,
    PLAIN,
    ROWS,
    SIGNS,
    SIZES,
    SPACES,
)
from chalkwork.typesetting.notation import superscript
from chalkwork.typesetting.one_line import BETWEEN, Kind, Part, enclosed, grouped, is_word, joined, script

LONGEST = 10_000
DEEPEST = 40
_TOKEN = re.compile(r"\\([A-Za-z]+\*?|.)|\s+|.", re.DOTALL)
_SPACES = re.compile(r"[ \t\n]+")


class _AsTyped(Exception):
    """What stands here has no form in plain Unicode."""


@lru_cache(maxsize=1 << 12)
def plain_maths(latex: str) -> str:
    """The LaTeX in Unicode, on one line; what has no such form stays as it is typed.

    >>> plain_maths(r"x^{[0]}, W^\\top"), plain_maths(r"\\frac{\\partial e}{\\partial a}")
    ('x[0], Wᵀ', '∂e/∂a')
    >>> plain_maths(r"\\sigma(x) = \\frac{1}{1 + e^{-x}}"), plain_maths(r"W_1^{\\top} x"), plain_maths(r"\\mathbb{R}^2")
    ('σ(x) = 1/(1 + e⁻ˣ)', 'W₁ᵀ x', 'ℝ²')
    >>> plain_maths(r"\\sqrt{\\frac{2}{a + b}}"), plain_maths(r"\\hat p_{data}"), plain_maths(r"\\xrightarrow{f} y")
    ('√(2/(a + b))', 'p̂_data', '\\\\xrightarrow{f} y')
    >>> plain_maths(r"\\sigma(\\pm x), a \\pm b")
    'σ(±x), a ± b'
    """
    text = ""
    for line in maths_lines(latex):
        text += line if not text else f" {line}" if line[:1] in _CONTINUING else f"; {line}"
    return text


_CONTINUING = tuple("=≤≥<>≈≠∝→⇒⟹⟺≡+−·")


def maths_lines(latex: str) -> list[str]:
    """The same for maths on lines of its own: the rows of an `aligned` block are lines.

    >>> maths_lines(r"\\begin{aligned} y &= 2x \\\\\\\\ &= 6 \\end{aligned}")
    ['y = 2x', '= 6']
    """
    source = latex.strip()
    if len(source) > LONGEST:
        return [" ".join(source.split())]
    reader = _Reader(source)
    try:
        rows = reader.rows(end="", depth=0)
    except _AsTyped:
        return [" ".join(source.split())]
    lines = [line for row in rows for line in "".join(row).split("\n")]
    return [unicodedata.normalize("NFC", _SPACES.sub(" ", line).strip()) for line in lines if line.strip()] or [""]


class _Reader:
    """Reads LaTeX by descent; positions are places in the list of tokens."""

    def __init__(self, source: str) -> None:
        self.tokens = [match[0] for match in _TOKEN.finditer(source)]
        self.at = 0
        self.handlers = self._handlers()

    def next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        token = self.next()
        self.at += 1
        return token

    def skip_space(self) -> None:
        while self.next().isspace():
            self.at += 1

    def typed(self, start: int) -> str:
        """What was typed from a place to here."""
        return "".join(self.tokens[start : self.at])

    # --- rows and groups -------------------------------------------------------------------------------------------

    def rows(self, end: str, depth: int) -> list[list[str]]:
        """Rows of cells, up to the end of an environment or of everything."""
        rows: list[list[str]] = [[]]
        while True:
            rows[-1].append(self.pieces({"&", "\\\\", f"\\end{{{end}}}" if end else ""}, depth))
            if self.next() == "&":
                self.at += 1
            elif self.next() == "\\\\":
                self.at += 1
                rows.append([])
            else:
                return rows if "".join(rows[-1]).strip() or len(rows) == 1 else rows[:-1]

    def pieces(self, ends: set[str], depth: int) -> str:
        """Pieces beside each other, up to one of the ends, which is left standing."""
        if depth > DEEPEST:
            raise _AsTyped
        row: list[Part] = []
        while self.at < len(self.tokens):
            if self.next() in ends or (self.next() == "\\end" and any(end.startswith("\\end") for end in ends)):
                break
            if self.next() in ("}", "\\end", "\\right"):
                raise _AsTyped
            row.append(self.scripted(depth))
        else:
            if not ends & {"", "&"} or any(end.startswith("\\end") for end in ends):
                raise _AsTyped
        return joined(row)

    def group(self, depth: int) -> str:
        """An argument: what stands between braces, or the next sign."""
        self.skip_space()
        if self.next() == "{":
            self.at += 1
            text = self.pieces({"}"}, depth + 1)
            self.at += 1
            return text.strip(" ")
        if self.next().isdigit():
            return self.take()
        if not self.next() or self.next() in "}&^_":
            raise _AsTyped
        return self.piece(depth + 1).text

    def raw(self) -> str:
        """An argument as it is typed."""
        self.skip_space()
        if self.take() != "{":
            raise _AsTyped
        start, depth = self.at, 1
        while depth:
            token = self.take()
            depth += {"{": 1, "}": -1}.get(token, 0)
            if not token:
                raise _AsTyped
        return "".join(self.tokens[start : self.at - 1])

    # --- pieces ----------------------------------------------------------------------------------------------------

    def scripted(self, depth: int) -> Part:
        """A piece with what stands above and below it."""
        base = Part("", Kind.ATOM) if self.next() in ("^", "_", "'") else self.piece(depth)
        scripts = {"_": "", "^": ""}
        after = self.at
        while True:
            self.skip_space()
            token = self.next()
            if token == "'":
                self.at += 1
                scripts["^"] += "′"
            elif token in ("^", "_"):
                self.at += 1
                scripts[token] += self.group(depth)
            elif token in ("\\limits", "\\nolimits"):
                self.at += 1
            else:
                break
            after = self.at
        self.at = after
        if not (scripts["_"] or scripts["^"]):
            return base
        text = base.text
        if base.kind in (Kind.QUOTIENT, Kind.ROOT) or (base.kind == Kind.OPEN and scripts["^"]):
            text = f"({text})"
        text += script("_", scripts["_"]) + script("^", scripts["^"])
        return Part(text, Kind.WORD if base.kind == Kind.WORD else Kind.ATOM if base.is_factor else base.kind)

    def piece(self, depth: int) -> Part:
        """One sign, group or command."""
        if depth > DEEPEST or not self.next():
            raise _AsTyped
        start = self.at
        token = self.take()
        if token.isspace() or token == "~":
            return Part(" ", Kind.SPACE)
        if token == "{":
            self.at = start
            text = self.group(depth)
            return Part(text, Kind.ATOM if is_word(text) or enclosed(text) or not text else Kind.OPEN)
        if not token.startswith("\\"):
            if token.isdigit():
                while re.fullmatch(r"[\d.]", self.next()):
                    token += self.take()
            is_letter = token[0].isalnum() or token >= "\ue000"
            return Part(token.replace("-", "−"), Kind.ATOM if is_letter else Kind.SIGN)
        try:
            return self.command(token[1:], depth)
        except _AsTyped:
            self.at = max(self.at, start + 1)
            while self.next() == "{":
                self.raw()
            return Part(self.typed(start), Kind.WORD)

    def command(self, name: str, depth: int) -> Part:
        """What a command stands for."""
        if name in LETTERS:
            if name in ("partial", "nabla"):
                self.skip_space()
            return Part(LETTERS[name], Kind.ATOM)
        if name in SIGNS:
            return Part(SIGNS[name], Kind.BETWEEN if SIGNS[name] in BETWEEN else Kind.SIGN)
        if name in FUNCTIONS:
            return Part(FUNCTIONS[name], Kind.WORD)
        if name in SPACES:
            return Part(SPACES[name], Kind.SPACE)
        if name in IGNORED:
            return Part("", Kind.SPACE)
        handler = self.handlers.get(name)
        if handler is None:
            raise _AsTyped
        return handler(depth)

    def _handlers(self) -> dict[str, Callable[[int], Part]]:
        """The commands with arguments."""
        found: dict[str, Callable[[int], Part]] = {
            "sqrt": self.root,
            "begin": self.environment,
            "left": self.delimiter,
            "binom": self.binomial,
            "not": self.negated,
            "pmod": lambda depth: Part(f" (mod {self.group(depth)})", Kind.SIGN),
            "underset": lambda depth: self.stacked("_", depth),
            "overset": lambda depth: self.stacked("^", depth),
            "stackrel": lambda depth: self.stacked("^", depth),
            "substack": lambda depth: self.substack(),
            "underbrace": lambda depth: self.braced("_", "⏟", depth),
            "overbrace": lambda depth: self.braced("^", "⏞", depth),
            "phantom": lambda depth: Part(" " if self.raw() else "", Kind.SPACE),
            "hspace": lambda depth: Part(" " if self.raw() else "", Kind.SPACE),
        }
        found |= dict.fromkeys(FRACTIONS, self.quotient) | dict.fromkeys(PLAIN, self.words)
        found |= dict.fromkeys(SIZES, lambda depth: self.bracket())
        found |= {name: partial(self.accented, mark) for name, mark in ACCENTS.items()}
        found |= {name: partial(self.lettered, letters) for name, letters in ALPHABETS.items()}
        return found

    def words(self, depth: int) -> Part:
        """Upright text or a bold letter: what is in it."""
        text = self.raw() if self.tokens[self.at - 1].startswith(("\\text", "\\mbox")) else self.group(depth)
        if "\\" in text or "$" in text:
            raise _AsTyped
        several = len(text) > 1 and text[:1].isalpha()
        return Part(text, Kind.WORD if several else Kind.ATOM if text.strip() else Kind.SPACE)

    def quotient(self, depth: int) -> Part:
        above, below = self.group(depth), self.group(depth)
        return Part(f"{grouped(above, above=True)}/{grouped(below)}", Kind.QUOTIENT)

    def root(self, depth: int) -> Part:
        self.skip_space()
        degree = ""
        if self.next() == "[":
            self.at += 1
            degree = self.pieces({"]"}, depth + 1)
            self.at += 1
        raised = superscript(degree) if degree else ""
        if raised.startswith("^"):
            raise _AsTyped
        return Part(f"{raised}√{grouped(self.group(depth))}", Kind.ROOT)

    def accented(self, mark: str, depth: int) -> Part:
        """A letter under a hat; a hat over several letters has no form, a line under nothing is one to write on."""
        text = self.group(depth)
        if mark == ACCENTS["underline"] and not text.strip():
            return Part("____", Kind.ATOM)
        if len(unicodedata.normalize("NFC", text)) != 1:
            raise _AsTyped
        return Part(text + mark, Kind.ATOM)

    def lettered(self, letters: Mapping[str, str], depth: int) -> Part:
        """Letters of another alphabet."""
        self.skip_space()
        text = self.raw() if self.next() == "{" else self.take()
        if not text or any(letter not in letters for letter in text):
            raise _AsTyped
        return Part("".join(letters[letter] for letter in text), Kind.ATOM)

    def binomial(self, depth: int) -> Part:
        return Part(f"binom({self.group(depth)}, {self.group(depth)})", Kind.WORD)

    def braced(self, side: str, brace: str, depth: int) -> Part:
        """What stands over or under a brace; with a label there, the brace says that this is no index and no power."""
        text = self.group(depth)
        self.skip_space()
        return Part(f"{brace}({text})" if self.next() == side else grouped(text), Kind.ATOM)

    def negated(self, depth: int) -> Part:
        self.skip_space()
        text = self.piece(depth + 1).text
        if len(text) != 1:
            raise _AsTyped
        return Part(text + "\u0338", Kind.SIGN)

    def stacked(self, sign: str, depth: int) -> Part:
        small, base = self.group(depth), self.group(depth)
        return Part(base + script(sign, small), Kind.WORD if base[:1].isalpha() else Kind.SIGN)

    def substack(self) -> Part:
        inside = _Reader(self.raw())
        return Part(", ".join("".join(row).strip() for row in inside.rows("", 1)), Kind.OPEN)

    def delimiter(self, depth: int) -> Part:
        """`\\left( ... \\right)`: a period stands for no bracket."""
        opening = self.bracket().text
        starts = self.next() == "\\begin"
        inside = self.pieces({"\\right"}, depth + 1)
        self.at += 1
        closing = self.bracket().text
        if starts and opening and closing and enclosed(inside.strip(), "[]"):  # an array has no brackets of its own
            inside = inside.strip()[1:-1]
        return Part(opening + inside.strip() + closing, Kind.ATOM if closing else Kind.SIGN)

    def bracket(self) -> Part:
        self.skip_space()
        token = self.take()
        text = BRACKETS.get(token, SIGNS.get(token[1:], "") if token.startswith("\\") else token)
        if not text and token != ".":
            raise _AsTyped
        return Part(text, Kind.SIGN)

    # --- environments ----------------------------------------------------------------------------------------------

    def environment(self, depth: int) -> Part:
        name = self.raw()
        if name not in ROWS:
            self.to_the_end(name)
        opening, closing = ROWS[name]
        if name == "array":
            self.raw()
        rows = self.rows(name, depth + 1)
        self.at += 1
        if self.raw() != name:
            raise _AsTyped
        cells = [[_SPACES.sub(" ", cell).strip() for cell in row] for row in rows]
        if not opening and name not in ("matrix", "smallmatrix", "array"):
            return Part("\n".join(" ".join(row).strip() for row in cells), Kind.SIGN)
        between = ", " if any(" " in cell or not cell for row in cells for cell in row) or name == "cases" else " "
        text = "; ".join(between.join(row).rstrip(", ") for row in cells)
        return Part(f"{opening or '['}{text}{closing or ('' if opening else ']')}", Kind.ATOM)

    def to_the_end(self, name: str) -> None:
        """Past an environment that has no form."""
        while self.at < len(self.tokens):
            if self.take() == "\\end" and self.raw() == name:
                break
        raise _AsTyped
