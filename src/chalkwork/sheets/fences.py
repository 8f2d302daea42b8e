"""Where prose ends and a block begins: CommonMark's fences, front matter, comments; every byte kept.

Only fences at the left margin (up to three spaces) hold blocks. One that CommonMark would hide in a list, a
quotation or indented code is an error rather than a task that silently goes missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from chalkwork.errors import SheetError
from chalkwork.sheets.parts import MODULES

LANGUAGES = ("network", "graph", "task", *MODULES)
MAX_BLOCKS = 1000

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_OPENING = re.compile(r"( {0,3})(`{3,}|~{3,})(.*)", re.DOTALL)
_HIDDEN = re.compile(r"[ \t>*+\-0-9.)]*(?:`{3,}|~{3,})[ \t]*([A-Za-z]+)[ \t\r\n]*$")
_ORDINARY = frozenset({"graphql", "graphviz", "tasm", "tap", "net", "netlogo", "bash", "text", "tex"})


class Piece(NamedTuple):
    """A stretch of the sheet: prose, or one block with its fences (`source`) and without them (`body`)."""

    language: str
    source: str
    body: str
    line: int
    fill: Callable[[str, int], str] | None = None
    """What fills the places of its texts, where there are any."""


class Split(NamedTuple):
    """A sheet cut up: `header` and the sources of `pieces`, joined, are the sheet again."""

    header: str
    front: str
    front_line: int
    pieces: tuple[Piece, ...]


class _Fence(NamedTuple):
    indent: int
    mark: str
    info: str

    def closes(self, line: str) -> bool:
        inner = line.lstrip(" ")
        mark = inner.rstrip(" \t\r\n")
        return len(line) - len(inner) <= 3 and mark.startswith(self.mark) and not mark.strip(self.mark[0])

    def strip_indent(self, line: str) -> str:
        return line[min(self.indent, len(line) - len(line.lstrip(" "))) :]


def split_sheet(text: str) -> Split:
    r"""Cut a sheet into front matter, prose and blocks.

    Raises `SheetError` for a fence, a comment or front matter that is never closed, for a block nested in a
    list or quotation, and for a block language that looks like a misspelt one of ours.

    >>> split = split_sheet("---\ntitle: One\n---\nRead this.\n```task\nid: a\n```\n")
    >>> [(piece.language, piece.body, piece.line) for piece in split.pieces]
    [('', 'Read this.\n', 4), ('task', 'id: a\n', 5)]
    """
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    lines = _LINE.findall(text.removeprefix(mark))
    front_start, front_end = _front_matter(lines)
    split = _Splitter(lines)
    split.run(front_end)
    header = mark + "".join(lines[:front_end])
    front = "".join(lines[front_start : max(front_end - 1, front_start)])
    return Split(header, front, front_start + 1, tuple(split.pieces))


def _front_matter(lines: list[str]) -> tuple[int, int]:
    """The first line inside the front matter and the first one after it, counted from 0."""
    start = next((index for index, line in enumerate(lines) if line.strip(" \t\r\n")), None)
    if start is None or lines[start].rstrip() != "---":
        return 0, 0
    for index in range(start + 1, len(lines)):
        if lines[index].rstrip() in ("---", "..."):
            return start + 1, index + 1
    raise SheetError("the front matter is never closed", line=start + 1, hint="end it with a line that holds only ---")


class _Splitter:
    """Walks the lines once; `prose` is where the current stretch of prose began."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.pieces: list[Piece] = []
        self.blocks = 0

    def run(self, start: int) -> None:
        prose = index = start
        while index < len(self.lines):
            line = self.lines[index]
            if line.lstrip(" ").startswith("<!--") and not line.startswith("    "):
                index = self.end_of_comment(index)
                continue
            fence = _opening(line)
            if fence is None:
                _check_hidden(line, index + 1)
                index += 1
                continue
            language = _language(fence.info, index + 1)
            end = self.end_of_fence(index, fence, language)
            if language:
                self.add_prose(prose, index)
                self.add_block(language, fence, index, end)
                prose = end
            index = end
        self.add_prose(prose, index)

    def end_of_comment(self, start: int) -> int:
        for index in range(start, len(self.lines)):
            if "-->" in self.lines[index]:
                return index + 1
        raise SheetError("the comment <!-- is never closed", line=start + 1, hint="end it with -->")

    def end_of_fence(self, start: int, fence: _Fence, language: str) -> int:
        for index in range(start + 1, len(self.lines)):
            line = self.lines[index]
            if fence.closes(line):
                return index + 1
            inner = _opening(line)
            if inner is not None and inner.info in LANGUAGES and (language or inner.mark.startswith(fence.mark)):
                raise _unclosed(start, fence, f" before the {inner.info} block in line {index + 1}")
        raise _unclosed(start, fence, "")

    def add_prose(self, start: int, end: int) -> None:
        if start < end:
            source = "".join(self.lines[start:end])
            self.pieces.append(Piece("", source, source, start + 1))

    def add_block(self, language: str, fence: _Fence, start: int, end: int) -> None:
        self.blocks += 1
        if self.blocks > MAX_BLOCKS:
            raise SheetError(f"a sheet holds at most {MAX_BLOCKS} blocks", line=start + 1)
        body = "".join(fence.strip_indent(line) for line in self.lines[start + 1 : end - 1])
        self.pieces.append(Piece(language, "".join(self.lines[start:end]), body, start + 1))


def _unclosed(start: int, fence: _Fence, before: str) -> SheetError:
    word = fence.info.partition(" ")[0][:40]
    name = f"{word} block" if word and word.isprintable() else "code block"
    return SheetError(
        f"the {name} is never closed{before}",
        line=start + 1,
        hint=f"end it with a line that holds only {fence.mark}" if len(fence.mark) < 10 else None,
    )


def _opening(line: str) -> _Fence | None:
    match = _OPENING.match(line)
    if match is None:
        return None
    indent, mark, info = match.groups()
    if mark[0] == "`" and "`" in info:
        return None
    return _Fence(len(indent), mark, info.strip(" \t\r\n"))


def _language(info: str, line: int) -> str:
    """Which of our blocks the fence opens; '' for ordinary code, an error for what was meant to be ours."""
    if info in LANGUAGES or not info:
        return info
    word, _, rest = info.partition(" ")
    if word in LANGUAGES:
        raise SheetError(
            f"nothing may follow {word} on the opening line, found {rest.strip()[:60]!r}",
            line=line,
            hint="write settings as 'key: value' lines in the block",
        )
    name = word.strip("{}.:,").lower()[:40]
    if name in _ORDINARY:
        return ""
    import difflib  # only a sheet with ordinary code pays for it

    close = difflib.get_close_matches(name, LANGUAGES, n=1, cutoff=0.75)
    if close:
        raise SheetError(
            f"unknown block {word[:40]!r}; expected {', '.join(LANGUAGES)} or an ordinary language",
            line=line,
            hint=f"the nearest block is {close[0]!r}",
        )
    return ""


def _check_hidden(line: str, number: int) -> None:
    match = _HIDDEN.match(line)
    if match and match.group(1) in LANGUAGES:
        raise SheetError(
            f"the {match.group(1)} block is inside a list, a quotation or indented code",
            line=number,
            hint="begin its fence at the left margin, with at most three spaces before it",
        )
