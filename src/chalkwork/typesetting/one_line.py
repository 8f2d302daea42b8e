"""Pieces of mathematics on one line of plain Unicode: what needs parentheses, a space, or small signs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

from chalkwork.typesetting.notation import primes, subscript, superscript

BETWEEN = frozenset("·×∘⊙≤≥≠≈∈∉∋→←↔⇒⇐⇔⟹⟺↦⟶⟼±∓|∥⊥∼≃≅≡∝≪≫⊂⊆⊃⊇∪∩∖∗⋆•÷⊕⊖⊗∧∨≔⊢⊨≺≻") - {"|"}
"""Signs with a space on either side, unless nothing stands before them."""
# the patterns that are strings are seldom needed, and compiled when they are
_ONE_WORD = r"[\w.\ue000-\uf8ff\u0300-\u036f\u20d7′″‴∂∇∞ₐ-ₜ₀-₎⁰-ⁿᵀ²³¹]+"
_MARKS = r"[\u0300-\u036f\u20d7′″‴₀-₎ₐ-ₜⱼ⁰-ⁿ²³¹ʰ-ʸᴬ-ᶿ]*(?:\[\w+\])?"
_ONE_FACTOR = rf"\d[\d.]*{_MARKS}|[d∇Δ]?(?:[^\W\d_]|[∞\ue000-\uf8ff]){_MARKS}|(?:∂{_MARKS}[\w\ue000-\uf8ff]{_MARKS})+"
_WORD_BELOW = re.compile(r"[A-Za-z]{3,}|[A-Z]{2}")
_LARGE = ("∑", "∏", "∫", "∮")
_CALL = r"([fghpqFGPQσφϕΦ∂]|[a-z]{2,})[′″‴₀-₉ₐ-ₜ]*\([^()]*\)"
_SIGNED = re.compile(r"(^|[(\[{])[±∓]$")
"""A sign of what follows, as in f(±x), rather than one between two things."""
_DERIVATIVE = re.compile(r"[∂d][^ +−]*/[∂d][^ +−]*")


class Kind(IntEnum):
    """How a piece behaves beside others."""

    SPACE = 0
    SIGN = 1
    BETWEEN = 2
    ATOM = 3
    WORD = 4
    QUOTIENT = 5
    ROOT = 6
    OPEN = 7


class Part(NamedTuple):
    """A piece as it is written, and of what kind it is."""

    text: str
    kind: Kind

    @property
    def is_factor(self) -> bool:
        """Whether a letter or bracket beside it multiplies it."""
        return self.kind >= Kind.ATOM


def is_word(text: str) -> bool:
    """Whether it is one letter, number or name with what stands above and below it."""
    return re.fullmatch(_ONE_WORD, text) is not None


def joined(row: Sequence[Part]) -> str:
    """Pieces in a row: a quotient or root beside a factor gets parentheses, a name beside a letter a space."""
    text = ""
    before: Part | None = None
    for place, piece in enumerate(row):
        after = next((other for other in row[place + 1 :] if other.kind != Kind.SPACE), None)
        written = "" if piece.kind == Kind.SPACE and _SIGNED.search(text) else piece.text
        beside = (before is not None and before.is_factor) or (after is not None and _multiplies(after))
        opens = {
            Kind.OPEN: beside and re.search(r"[+−]", written),
            Kind.QUOTIENT: beside and not _DERIVATIVE.fullmatch(written),
            Kind.ROOT: after is not None and _multiplies(after) and not written.endswith(")"),
        }
        written = f"({written})" if opens.get(piece.kind) else written
        if before is not None and text and written and _apart(text, written, before, piece):
            text += " "
        text += written
        if piece.kind != Kind.SPACE:
            before = piece
    return text


def _multiplies(piece: Part) -> bool:
    """Whether a piece behind another is a factor: a letter, a number, an opening bracket, a sum."""
    return piece.is_factor or piece.text in ("(", "[", "{", "⟨", "|", "‖") or piece.text.startswith(_LARGE)


def _apart(text: str, written: str, before: Part, piece: Part) -> bool:
    """Whether a space belongs between two pieces: around a sign, and where they would be read as one."""
    if text[-1].isspace() or piece.kind == Kind.SPACE:
        return False
    if Kind.BETWEEN in (before.kind, piece.kind):
        return not _SIGNED.search(text if text[-1] in "±∓" else text + written)
    if not written[0].isalnum() and written[0] not in "√∂∑∏∫":
        return False
    word = Kind.WORD in (before.kind, piece.kind) and (text[-1].isalnum() or before.kind == Kind.WORD)
    written_out = re.search(r"[_^](?:\w|[A-Za-z]+)$", text) is not None
    factors = before.is_factor and (written.startswith(_LARGE) or (before.kind == Kind.QUOTIENT and piece.is_factor))
    return (word and text[-1] not in "([{") or written_out or factors


def script(sign: str, text: str) -> str:
    """What stands above or below: in small signs where there are such, else written out."""
    if not text:
        return ""
    if sign == "^" and (set(text) <= {"′"} or text in ("⊤", "ᵀ") or re.fullmatch(r"\[\w+\]", text)):
        return primes(len(text)) if text[0] == "′" else text.replace("⊤", "ᵀ")
    count = len(text) - len(text.lstrip("′")) if sign == "^" else 0
    start, text = primes(count), text[count:]
    if sign == "_" and "," in text and not any(below.startswith("_") for below in map(subscript, text.split(","))):
        return ",".join(map(subscript, text.split(",")))
    small = (subscript if sign == "_" else superscript)(text.replace(" ", "").replace("−", "-").replace("⊤", "T"))
    if not small.startswith(sign):
        return start + small
    bare = len(unicodedata.normalize("NFC", text)) == 1 or (sign == "_" and _WORD_BELOW.fullmatch(text))
    return start + sign + (text if bare else f"({text})")


def grouped(part: str, above: bool = False) -> str:
    """In parentheses, unless it is one factor, already enclosed, or a product above a line.

    >>> grouped("2n"), grouped("2n", above=True), grouped("x²"), grouped("∂x∂y")
    ('(2n)', '2n', 'x²', '∂x∂y')
    """
    part = part.strip()
    one = is_word(part) if above else re.fullmatch(_ONE_FACTOR, part)
    if one or enclosed(part) or re.fullmatch(_CALL, part):
        return part
    if above and not re.search(r"[+−/;,=]", part) and not part.startswith("√"):
        return part
    return f"({part})"


def enclosed(part: str, pair: str = "()") -> bool:
    """Whether it stands in one pair of parentheses, or of the brackets named.

    >>> enclosed("(a + b)"), enclosed("(a)(b)")
    (True, False)
    """
    opening, closing = pair[0], pair[1]
    if not (part.startswith(opening) and part.endswith(closing)):
        return False
    depth = 0
    for place, sign in enumerate(part):
        depth += {opening: 1, closing: -1}.get(sign, 0)
        if not depth and place < len(part) - 1:
            return False
    return True
