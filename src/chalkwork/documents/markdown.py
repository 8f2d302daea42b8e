"""A document as clean Markdown: to read as it is, to put on a page, and the source of every pandoc format."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator

from chalkwork.documents.model import Block, Code, Display, Document, Heading, Marked, Paragraph, Table
from chalkwork.drawings.drawing import Drawing

FigureTarget = Callable[[int, Drawing], str]
"""Says where an image points, given the number of the figure (from 1) and the figure."""


def data_uri(number: int, figure: Drawing) -> str:
    """The figure itself as the target of its image: nothing to lose when the file is sent on.

    >>> data_uri(1, Drawing("<svg/>", "nothing", ""))
    'data:image/svg+xml;base64,PHN2Zy8+'
    """
    return "data:image/svg+xml;base64," + b64encode(figure.svg.encode()).decode()


def to_markdown(document: Document, figure_target: FigureTarget = data_uri) -> str:
    r"""The document as CommonMark with `$` and `$$` maths; figures are embedded unless a target is given.

    >>> document = Document("Exercise 1", (Paragraph("Propagate $x$."), Display("z = W x", "")))
    >>> print(to_markdown(document), end="")
    # Exercise 1
    <BLANKLINE>
    Propagate $x$.
    <BLANKLINE>
    $$
    z = W x
    $$
    """
    parts = [_heading(Heading(document.title, 1))]
    figures = 0
    for block in in_outline(document.blocks):
        if isinstance(block, Drawing):
            figures += 1
            parts.append(_figure(block, figure_target(figures, block)))
        else:
            parts.append(_text(block))
    return "\n\n".join(part for part in parts if part) + "\n"


def in_outline(blocks: Iterable[Block]) -> Iterator[Block]:
    """The blocks with headings that skip no level below the one above them, as a reader who hears them needs it.

    >>> levels = Heading("Task (a)", 3), Heading("Forward", 4), Heading("Task (b)", 3), Heading("Part", 2)
    >>> [block.level for block in in_outline(levels) if isinstance(block, Heading)]
    [2, 3, 2, 2]
    """
    above = [1]
    for block in blocks:
        if not isinstance(block, Heading):
            yield block
            continue
        while above and above[-1] >= block.level:
            above.pop()
        above.append(block.level)
        yield block._replace(level=len(above))


def _text(block: Block) -> str:
    match block:
        case Heading():
            return _heading(block)
        case Display():
            return _display(block.latex)
        case Code():
            return _code(block)
        case Paragraph():
            return _contained(block.markdown)
        case Table():
            return _table(block)
        case Marked():
            inside = "\n\n".join(map(_text, block.blocks))
            return "\n".join(f"> {line}".rstrip() for line in inside.split("\n"))
        case Drawing():
            raise TypeError("a figure needs a target")


def _heading(heading: Heading) -> str:
    return "#" * min(max(heading.level, 1), 6) + " " + _one_line(heading.text)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _display(latex: str) -> str:
    """A `$$` block. Markdown would take a line that starts with `-` or `>` for a list or a quotation, and
    an empty line for the end, so only lines that cannot be misread keep a line of their own.
    """
    return re.sub(r"\s*\n\s*(?![\w&\\{}(\[$])", " ", f"$$\n{latex.strip()}\n$$")


def _code(code: Code) -> str:
    longest = max((len(run) for run in re.findall("`+", code.text)), default=0)
    fence = "`" * max(3, longest + 1)
    language = re.sub(r"[^\w+#.-]", "", code.language)
    return f"{fence}{language}\n{code.text.rstrip()}\n{fence}"


def _table(table: Table) -> str:
    rules = ["---:" if column in table.right else ":---" for column in range(len(table.head))]
    return "\n".join(f"| {' | '.join(map(_cell, row))} |" for row in (table.head, rules, *table.rows))


def _cell(text: str) -> str:
    """One line whose bars do not end the cell."""
    parts = re.split(r"(?<!\\)(\$[^$]*\$)", _one_line(text))
    for place, part in enumerate(parts):
        if place % 2:
            parts[place] = re.sub(r"(?<!\\)\|", r"\\vert ", part.replace(r"\|", r"\Vert "))
        else:
            parts[place] = re.sub(r"(?<!\\)\|", r"\\|", part)
    return "".join(parts)


def _figure(figure: Drawing, target: str) -> str:
    alternative = re.sub(r"([\\\[\]*_`$<&!])", r"\\\1", _one_line(figure.description))
    caption = _one_line(figure.caption)
    return f"![{alternative}]({target})" + (f"\\\n{caption}" if caption else "")


def _contained(markdown: str) -> str:
    """The author's text, unable to swallow what follows: an open code fence is closed, and a line that
    would start a block of HTML (which may have no end) becomes text.
    """
    fence = ""
    lines = []
    for line in markdown.strip("\n").split("\n"):
        mark = re.match(r" {0,3}(`{3,}|~{3,})(.*)", line)
        if fence:
            if mark and mark[1].startswith(fence) and not mark[2].strip():
                fence = ""
        elif mark:
            fence = mark[1]
        else:
            line = re.sub(r"^( {0,3})<(?=[!?/A-Za-z])", r"\1\\<", line)
        lines.append(line)
    return "\n".join([*lines, fence] if fence else lines)
