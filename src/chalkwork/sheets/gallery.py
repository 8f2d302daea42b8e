"""The shipped sheets at a glance: a picture of each, and a page with its solution.

`chalkwork sheets -o FOLDER` writes the pages; `python -m chalkwork.sheets.gallery FOLDER` the pictures and an index in
Markdown, which is how `docs/gallery` is made.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from chalkwork.documents.model import Block, Display, Document, Heading, Marked, Paragraph
from chalkwork.drawings.canvas import escaped
from chalkwork.drawings.drawing import Drawing
from chalkwork.files import make_folder, write_together
from chalkwork.sheets.document import workbook
from chalkwork.sheets.format import read_sheet
from chalkwork.sheets.library import shipped
from chalkwork.sheets.schema import Prose, Sheet

MOST_LINES = 16
MOST_SIGNS = 30_000
"""Of a picture: what is larger, such as the contours of a surface, gives way to the next one."""
_SIZE, _LINE, _ADVANCE, _RIM = 14, 19, 8.5, 14
_SOLUTION = re.compile(r"The worked solution: (<code[^>]*>chalkwork solve ([\w-]+)</code>)")
_SENTENCE = re.compile(r"(?s).*?[.?!](?=\s|$)")


@dataclass(frozen=True, slots=True)
class Shown:
    """A sheet of the gallery: its name, its title, what it is about, a picture, its solution."""

    name: str
    title: str
    about: str
    picture: Drawing
    solution: Document


def shown(name: str, sheet: Sheet) -> Shown:
    """What the gallery shows of a sheet.

    >>> leaky = shown("leaky", read_sheet(shipped()["leaky-relu-softmax-2-3-2"]))
    >>> leaky.title, leaky.picture.svg[:4]
    ('One step of gradient descent by hand', '<svg')
    """
    document = workbook(sheet).document
    prose = next((block.markdown for block in sheet.blocks if isinstance(block, Prose)), "")
    plain = " ".join(line for line in prose.splitlines() if not line.startswith("#")).strip()
    first = _SENTENCE.match(plain)
    about = "" if first is None or "{{" in first[0] or plain.startswith("(") else " ".join(first[0].split())
    figures = [block for block in _inside(document.blocks) if isinstance(block, Drawing)]
    small = next((figure for figure in figures if len(figure.svg) <= MOST_SIGNS), None)
    return Shown(name, sheet.title or name, about, small or _board(document), document)


def index(sheets: list[Shown]) -> str:
    """The gallery in Markdown, beside whose file the pictures lie."""
    lines = ["# Gallery", "", _OPENING, ""]
    for one in sheets:
        lines += [f"## {one.title}", "", *([one.about, ""] if one.about else [])]
        lines += [f"![{one.picture.description.splitlines()[0]}]({one.name}.svg)", ""]
        lines += [f"`chalkwork solve {one.name}` · [the sheet](../../sheets/{one.name}.md)", ""]
    return "\n".join(lines).rstrip() + "\n"


_OPENING = (
    "What comes with Chalkwork, a picture of each. `chalkwork sheets -o gallery` writes the same with a page for every "
    "solution; this page is made by `python -m chalkwork.sheets.gallery docs/gallery`."
)


def pictures(folder: Path) -> None:
    """The index in Markdown and a picture for every shipped sheet, into a folder."""
    sheets = _all()
    files: dict[Path, str | bytes] = {folder / "README.md": index(sheets)}
    make_folder(folder)
    write_together(files | {folder / f"{one.name}.svg": one.picture.svg + "\n" for one in sheets})


def pages(folder: Path) -> int:
    """An index and the solution of every shipped sheet as HTML, into a folder; how many sheets there are.

    Raises ChalkworkError where pandoc is missing or the folder cannot be written.
    """
    from chalkwork.documents.pandoc import to_html_pages

    sheets = _all()
    blocks: list[Block] = []
    for one in sheets:
        blocks += [Heading(one.title, 2), *([Paragraph(one.about)] if one.about else []), one.picture]
        blocks.append(Paragraph(f"The worked solution: `chalkwork solve {one.name}`"))
    front, *solutions = to_html_pages([Document("Gallery", tuple(blocks)), *(one.solution for one in sheets)])
    linked = _SOLUTION.sub(r'<a href="\2.html">The worked solution</a>: \1', front)
    files: Mapping[Path, str | bytes] = {folder / "index.html": linked}
    make_folder(folder)
    write_together(
        {**files, **{folder / f"{one.name}.html": page for one, page in zip(sheets, solutions, strict=True)}}
    )
    return len(sheets)


def _all() -> list[Shown]:
    return [shown(name, read_sheet(path)) for name, path in shipped().items()]


def _inside(blocks: tuple[Block, ...]) -> Iterator[Block]:
    for block in blocks:
        yield block
        if isinstance(block, Marked):
            yield from _inside(block.blocks)


def _board(document: Document) -> Drawing:
    """The first equations of a solution as they stand in a terminal, for a sheet that has no drawing."""
    lines: list[str] = []
    for block in _inside(document.blocks):
        own = block.text.splitlines() if isinstance(block, Display) else []
        if lines and len(lines) + len(own) > MOST_LINES:
            break
        lines += [*([""] if lines and own else []), *own]
    height, width = 2 * _RIM + _LINE * len(lines), 2 * _RIM + _ADVANCE * max(map(len, lines), default=1)
    texts = "".join(
        f'<text x="{_RIM}" y="{_RIM + _LINE * place + _SIZE:.0f}" xml:space="preserve">{escaped(line)}</text>'
        for place, line in enumerate(lines)
        if line
    )
    description = "The first equations of the solution."
    return Drawing(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}"><desc>{description}</desc><rect width="100%" height="100%" fill="#ffffff"/>'
        f'<g font-family="\'DejaVu Sans Mono\', monospace" font-size="{_SIZE}" fill="#222222">{texts}</g></svg>',
        description,
    )


if __name__ == "__main__":
    pictures(Path(sys.argv[1]))
