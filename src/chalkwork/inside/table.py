"""A small table: values by column, printed in the terminal and rendered in a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from chalkwork.errors import ChalkworkError

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings; numbers stay numbers, None is what does not apply.

    `print` aligns the columns, a notebook shows HTML. `column` gives one column, `rows` are plain tuples.

    >>> table = Table(("layer", "mean", "at 0"), (("a1", 0.25, None), ("a2", -1.5, 12)))
    >>> print(table)
    layer  mean  at 0
    -----  ----  ----
    a1     0.25
    a2     -1.5    12
    >>> table.column("mean")
    [0.25, -1.5]
    """

    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    footer: str = ""

    def column(self, heading: str) -> list[Any]:
        """The values under a heading. Raises ChalkworkError for one that is not there."""
        if heading not in self.headings:
            raise ChalkworkError(f"there is no column {heading!r}", hint=f"there are {', '.join(self.headings)}")
        place = self.headings.index(heading)
        return [row[place] for row in self.rows]

    def _lines(self) -> list[list[str]]:
        return [[shown(cell) for cell in row] for row in self.rows]

    def _left(self) -> list[bool]:
        """Columns of words are aligned on the left, of numbers on the right."""
        return [all(isinstance(row[place], str) for row in self.rows) for place in range(len(self.headings))]

    def __str__(self) -> str:
        lines = [list(self.headings), *self._lines()]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        rule = ["-" * width for width in widths]
        left = self._left()
        text = [_joined(line, widths, left) for line in (lines[0], rule, *lines[1:])]
        return "\n".join([*text, *([self.footer] if self.footer else [])])

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        left = self._left()
        head = _html_row(self.headings, left, "th")
        body = "".join(_html_row(line, left, "td") for line in self._lines())
        note = f"<p>{escape(self.footer)}</p>" if self.footer else ""
        return f"<table><thead>{head}</thead><tbody>{body}</tbody></table>{note}"

    def _repr_markdown_(self) -> str:
        rule = [":--" if left else "--:" for left in self._left()]
        lines = [self.headings, rule, *self._lines()]
        table = "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)
        return f"{table}\n\n{self.footer}\n" if self.footer else f"{table}\n"


def shown(cell: Cell) -> str:
    """A cell in few characters: three digits that count, whole numbers whole."""
    if cell is None:
        return ""
    return f"{cell:.3g}" if isinstance(cell, float) else f"{cell:,}" if isinstance(cell, int) else cell


def _joined(line: Sequence[str], widths: Sequence[int], left: Sequence[bool]) -> str:
    cells = [
        cell.ljust(width) if is_left else cell.rjust(width)
        for cell, width, is_left in zip(line, widths, left, strict=True)
    ]
    return "  ".join(cells).rstrip()


def _html_row(line: Sequence[str], left: Sequence[bool], tag: str) -> str:
    cells = [
        f'<{tag} style="text-align:{"left" if is_left else "right"}">{escape(cell)}</{tag}>'
        for cell, is_left in zip(line, left, strict=True)
    ]
    return f"<tr>{''.join(cells)}</tr>"
