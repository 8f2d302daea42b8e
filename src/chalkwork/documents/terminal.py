"""Documents in a terminal: wrapped prose, mathematics in Unicode, colour where the terminal has it."""

from __future__ import annotations

import os
import re
import sys
import textwrap
from collections.abc import Iterator

from chalkwork.documents.literal import shown
from chalkwork.documents.model import Block, Code, Display, Document, Heading, Marked, Paragraph, Table
from chalkwork.drawings.drawing import Drawing
from chalkwork.typesetting.boxes import width_of
from chalkwork.typesetting.unicode_maths import maths_lines, plain_maths

WIDTH = 80
INDENT = "  "
BAR = "┃ "
STYLES = {
    "heading": "bold underline",
    "name": "bold",
    "formula": "cyan",
    "numbers": "",
    "result": "bold green",
    "mark": "bold",
}

_FORCING = ("FORCE_COLOR", "TTY_COMPATIBLE")
"""What makes rich, which is not loaded for plain text, take anything for a terminal."""

StyledLine = tuple[tuple[str, str], ...]


def to_text(document: Document, width: int = WIDTH) -> str:
    """The document as plain text, no line longer than `width`.

    >>> print(to_text(Document("Exercise 1", (Paragraph("Propagate $x_1$."), Display("a = b", "a = b")))))
    Exercise 1
    ==========
    <BLANKLINE>
    Propagate x₁.
    <BLANKLINE>
      a = b
    """
    lines = ["".join([characters for _, characters in line]) for line in _lines(document, width)]
    return "\n".join([shown(line).rstrip() for line in lines])


def print_document(document: Document, width: int | None = None) -> None:
    """The document on standard output, in colour where that is a terminal that has it (NO_COLOR is obeyed)."""
    if sys.stdout.isatty() or any(os.environ.get(name) for name in _FORCING):
        _print_in_colour(document, width)
    else:
        print(to_text(document, width or WIDTH), flush=True)


def _print_in_colour(document: Document, width: int | None) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    columns = min(width or WIDTH, max(40, console.width)) if console.is_terminal else width or WIDTH
    for line in styled_lines(document, columns):
        text = Text()
        for kind, characters in line:
            text.append(characters, STYLES.get(kind, ""))
        text.rstrip()
        console.print(text)


def styled_lines(document: Document, width: int) -> Iterator[StyledLine]:
    """The lines of the document, each in pieces of (kind, characters), with nothing in them that a terminal obeys."""
    for line in _lines(document, width):
        yield tuple((kind, shown(characters)) for kind, characters in line)


def _lines(document: Document, width: int) -> Iterator[StyledLine]:
    yield from _heading(Heading(document.title, 1), width)
    for block in document.blocks:
        lines = list(_block(block, width))
        if lines:
            yield ()
            yield from lines


def _block(block: Block, width: int) -> Iterator[StyledLine]:
    match block:
        case Heading():
            yield from _heading(block, width)
        case Paragraph():
            for line in _wrapped(block.text or block.markdown, width):
                yield (("text", line),)
        case Display():
            for painted in block.board:
                yield (("space", INDENT), *painted)
        case Code():
            for line in block.text.rstrip("\n").split("\n"):
                yield (("text", INDENT + line),)
        case Drawing():
            return
        case Table():
            for line in _table(block, width):
                yield (("text", line),)
        case Marked():
            for number, inner in enumerate(block.blocks):
                if number:
                    yield (("mark", BAR.rstrip()),)
                for pieces in _block(inner, width - len(BAR)):
                    yield (("mark", BAR), *pieces)


def _table(table: Table, width: int) -> Iterator[str]:
    """The rows with their cells below each other; closer together or in parts where the page is too narrow.

    Where that is not enough, since it is of words, the widest column gives way.
    """
    for number, part in enumerate(in_parts(table, width, gap=1)):
        if number:
            yield ""
        rows = [[plain_prose(cell) for cell in row] for row in (part.head, *part.rows)]
        widths = _widths(rows)
        gap = 2 if _room(widths, 2) <= width else 1
        excess = _room(widths, gap) - width
        if excess > 0:
            widest = widths.index(max(widths))
            widths[widest] = max(8, widths[widest] - excess)
        for row in rows:
            cells = []
            for column, (cell, room) in enumerate(zip(row, widths, strict=True)):
                short = _shortened(cell, room)
                filling = " " * (room - width_of(short))
                cells.append(filling + short if column in part.right else short + filling)
            yield (" " * gap).join(cells).rstrip()


def _widths(rows: list[list[str]]) -> list[int]:
    return [max(map(width_of, column)) for column in zip(*rows, strict=True)]


def _room(widths: list[int], gap: int) -> int:
    return sum(widths) + gap * (len(widths) - 1)


def in_parts(table: Table, width: int, gap: int = 2) -> list[Table]:
    """A table of numbers as tables that are no wider than so many characters, each with the first column.

    One that fits, and one of words, is left as it is. `gap` is what lies between columns at least.

    >>> wide = Table(("k", "a", "b"), (("1", "$1.25$", "$2.25$"),), right=(0, 1, 2))
    >>> [part.head for part in in_parts(wide, 10)]
    [('k', 'a'), ('k', 'b')]
    """
    widths = _widths([[plain_prose(cell) for cell in row] for row in (table.head, *table.rows)])
    if _room(widths, gap) <= width or 2 * len(table.right) <= len(widths):
        return [table]
    parts, used = [[0]], widths[0]
    for column, room in enumerate(widths[1:], 1):
        if used + 2 + room > width and len(parts[-1]) > 1:
            parts.append([0])
            used = widths[0]
        parts[-1].append(column)
        used += 2 + room
    return [
        Table(
            tuple(table.head[column] for column in part),
            tuple(tuple(row[column] for column in part) for row in table.rows),
            tuple(place for place, column in enumerate(part) if column in table.right),
        )
        for part in parts
    ]


def _shortened(text: str, room: int) -> str:
    if width_of(text) <= room:
        return text
    while width_of(text) > room - 1:
        text = text[:-1]
    return text + "…"


def _heading(heading: Heading, width: int) -> Iterator[StyledLine]:
    text = plain_prose(heading.text) if heading.level < 4 else f"— {plain_prose(heading.text)} —"
    for line in textwrap.wrap(text, width) or [""]:
        yield (("heading", line),)
    if heading.level < 4:
        yield (("text", ("=" if heading.level == 1 else "-") * min(width, width_of(text))),)


_HELD_OR_MATHS = re.compile(
    r"\\([!-/:-@\[-`{-~])|\$\$(.+?)\$\$|\$(?!\s)((?:[^$\\\n]|\\.|\n(?!\s*\n))+)(?<!\s)\$(?!\d)|((?<!`)(`+)(?!`).+?(?<!`)\5(?!`))",
    re.DOTALL,
)
_MARKS = frozenset("\\$`*_")
_DISPLAY = re.compile(r"\s*(?<!\\)\$\$(.+?)\$\$\s*", re.DOTALL)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_ASCII_SPACES = re.compile(r"[ \t\n]+")
_PRIVATE = 0xE100
_HELD = re.compile(f"[{chr(_PRIVATE)}-{chr(_PRIVATE + 127)}]")
_EMPHASIS = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1|(?<!\w)([*_])(?=\S)([^*_]+?)(?<=\S)\3(?!\w)")


def plain_prose(markdown: str) -> str:
    """Inline Markdown with maths as plain text.

    >>> plain_prose("the **net** input $z_1 = W^{\\\\top} x$")
    'the net input z₁ = Wᵀ x'
    >>> plain_prose(r"it costs \\$5 \\*and\\* \\$6, `a*b*c`")
    'it costs $5 *and* $6, `a*b*c`'
    """
    if _MARKS.isdisjoint(markdown):
        return markdown
    text = _HELD_OR_MATHS.sub(_held_or_plain, markdown)
    text = _EMPHASIS.sub(lambda found: found[2] or found[4], text)
    return _HELD.sub(lambda found: chr(ord(found[0]) - _PRIVATE), text)


def _held_or_plain(found: re.Match[str]) -> str:
    """An escaped sign, code, or mathematics in plain text, held where no emphasis is seen in it."""
    text = found[1] or found[4] or plain_maths(found[2] or found[3])
    return re.sub(r"[*_`\\$]" if not found[1] else ".", lambda sign: chr(_PRIVATE + ord(sign[0])), text)


def _wrapped(markdown: str, width: int) -> Iterator[str]:
    """Paragraphs wrapped, list items with hanging indents; maths of its own and code on lines of their own."""
    for number, (kind, text) in enumerate(_passages(markdown.strip("\n"))):
        if number:
            yield ""
        if kind == "code":
            yield from (INDENT + line for line in text.split("\n"))
        elif kind == "maths":
            for line in maths_lines(text):
                yield from textwrap.wrap(
                    line, width, initial_indent=INDENT, subsequent_indent=2 * INDENT, break_on_hyphens=False
                )
        else:
            yield from _paragraph(text, width)


def _passages(markdown: str) -> Iterator[tuple[str, str]]:
    """What stands apart: paragraphs, displayed maths, and code between fences."""
    for kind, text in _fenced(markdown):
        if kind == "code":
            yield kind, text
            continue
        for paragraph in re.split(r"\n\s*\n", text.strip()):
            for place, part in enumerate(_DISPLAY.split(paragraph) if "$$" in paragraph else [paragraph]):
                if part.strip():
                    yield ("maths" if place % 2 else "prose"), part.strip()


def _fenced(markdown: str) -> Iterator[tuple[str, str]]:
    lines: list[str] = []
    fence = ""
    for line in markdown.split("\n"):
        mark = _FENCE.match(line)
        if mark and (not fence or (mark[1].startswith(fence) and line.strip() == mark[1])):
            yield "code" if fence else "prose", "\n".join(lines)
            lines, fence = [], "" if fence else mark[1]
        else:
            lines.append(line)
    yield "code" if fence else "prose", "\n".join(lines)


def _paragraph(paragraph: str, width: int) -> Iterator[str]:
    text = plain_prose(paragraph)
    for item in re.split(r"\n(?=\s*(?:[-*+]|\d+[.)]|\|)\s)", text):
        lead = re.match(r"\s*(?:[-*+]|\d+[.)])\s+", item)
        start = lead[0] if lead else ""
        line = start + _ASCII_SPACES.sub(" ", item[len(start) :]).strip()
        if 0 < len(line) <= width and line.isprintable():
            yield line
        else:
            yield from textwrap.wrap(line, width, subsequent_indent=" " * len(start), break_on_hyphens=False)
