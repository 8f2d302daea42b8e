"""Boxes of characters, for mathematics in a terminal: matrices are several lines high."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple
from unicodedata import combining, east_asian_width


@lru_cache(maxsize=4096)
def width_of(text: str) -> int:
    """The columns that the text takes in a terminal.

    >>> width_of("W₁ x"), width_of("𝟏")
    (4, 1)
    """
    if text.isascii():
        return len(text)
    return sum(0 if combining(sign) else 2 if east_asian_width(sign) in "WF" else 1 for sign in text)


class Box(NamedTuple):
    """Lines of equal width; `baseline` is the line on which the neighbours' text stands.

    >>> print(Box.matrix([["1", "2"], ["3", "4"]]).beside(Box.text(" x")))
    ⎡1  2⎤ x
    ⎣3  4⎦
    """

    lines: tuple[str, ...]
    baseline: int
    width: int

    @classmethod
    def text(cls, text: str) -> Box:
        """One line."""
        return cls((text,), 0, width_of(text))

    @classmethod
    def matrix(cls, rows: Sequence[Sequence[str]], brackets: str = "square") -> Box:
        """Entries, flush right in their columns, between tall brackets."""
        filled = []
        for column in zip(*rows, strict=True):
            widths = list(map(width_of, column))
            widest = max(widths)
            filled.append([" " * (widest - width) + entry for entry, width in zip(column, widths, strict=True)]
                          if min(widths) < widest else column)  # fmt: skip
        bodies = list(map("  ".join, zip(*filled, strict=True)))
        left, right = _brackets(len(bodies), brackets)
        lines = tuple(a + body + b for a, body, b in zip(left, bodies, right, strict=True))
        return cls(lines, (len(lines) - 1) // 2, width_of(lines[0]))

    def beside(self, *others: Box) -> Box:
        """The boxes in a row, their baselines in line."""
        return row((self, *others))

    def raised(self, exponent: str) -> Box:
        """The box with a superscript at its upper right corner."""
        extra = width_of(exponent)
        lines = (self.lines[0] + exponent, *(line + " " * extra for line in self.lines[1:]))
        return Box(lines, self.baseline, self.width + extra)

    def enclosed(self, kind: str = "round") -> Box:
        """The box in parentheses as high as it is."""
        left, right = _brackets(len(self.lines), kind)
        lines = tuple(a + line + b for a, line, b in zip(left, self.lines, right, strict=True))
        return Box(lines, self.baseline, self.width + 2)

    def between(self, above: int, below: int) -> Sequence[str]:
        """Its lines, with empty ones so that there are so many above the baseline, and from there on."""
        over, under = above - self.baseline, below + self.baseline - len(self.lines)
        return [*[" " * self.width] * over, *self.lines, *[" " * self.width] * under] if over or under else self.lines

    def __str__(self) -> str:
        return "\n".join(line.rstrip() for line in self.lines)


_TALL = {"square": ("⎡⎢⎣", "⎤⎥⎦", "[]"), "round": ("⎛⎜⎝", "⎞⎟⎠", "()"), "bar": ("│││", "│││", "||")}


def _brackets(height: int, kind: str) -> tuple[list[str], list[str]]:
    left, right, flat = _TALL[kind]
    if height == 1:
        return [flat[0]], [flat[1]]
    middle = height - 2
    return (
        [left[0], *left[1] * middle, left[2]],
        [right[0], *right[1] * middle, right[2]],
    )


def row(boxes: Iterable[Box]) -> Box:
    """Boxes side by side on one baseline."""
    parts = list(boxes)
    if len(parts) < 2:
        return parts[0] if parts else Box.text("")
    width = sum([part.width for part in parts])
    return Box(tuple(map("".join, in_line(parts))), max([part.baseline for part in parts]), width)


def in_line(boxes: Sequence[Box]) -> Iterator[tuple[str, ...]]:
    """Boxes with their baselines in line: for every line what each of them shows there."""
    above = max([box.baseline for box in boxes])
    below = max([len(box.lines) - box.baseline for box in boxes])
    if (above, below) == (0, 1):
        return iter([tuple([box.lines[0] for box in boxes])])
    return zip(*[box.between(above, below) for box in boxes], strict=True)
