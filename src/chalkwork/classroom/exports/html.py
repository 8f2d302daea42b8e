"""Blocks as HTML with TeX between \\( and \\), or MathML, for platforms; nothing a stranger wrote is markup there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape

from chalkwork.classroom.exports.questions import FIELDS, Field, Item
from chalkwork.documents.markdown import to_markdown
from chalkwork.documents.model import Block, Code, Display, Document, Heading, Marked, Paragraph, Table
from chalkwork.documents.pandoc import to_fragments

Shown = Callable[[Field], str]
"""How one field is shown."""


class Pages:
    """The posed exercise and the solution of every item as HTML; all their texts are converted together."""

    def __init__(self, items: Sequence[Item], *, mathml: bool = False) -> None:
        self.posed = [item.posed() for item in items]
        self.answered = [item.answered() for item in items]
        self._mathml = mathml
        texts = {text: None for blocks in (*self.posed, *self.answered) for text in _texts(blocks, mathml)}
        if mathml:
            fields = (field for item in items for each in item.fields().values() for field in each)
            texts |= {_in_line(field.latex): None for field in fields}
        self._html: Mapping[str, str] = dict(zip(texts, to_fragments(list(texts), mathml=mathml), strict=True))

    def maths(self, latex: str) -> str:
        """The symbol of a field in a line."""
        if not self._mathml:
            return in_maths(latex)
        return self._html[_in_line(latex)].removeprefix("<p>").removesuffix("</p>")

    def field(self, field: Field, cells: Sequence[Sequence[str]]) -> str:
        """A field with its name, and its cells as a matrix."""
        return table_of(field, cells, self.maths(field.latex))

    def question(self, place: int, fields: Mapping[str, str]) -> str:
        """What is asked, with the fields of every exercise as HTML."""
        return self.html(self.posed[place], fields)

    def solution(self, place: int) -> str:
        """The worked solution."""
        return self.html(self.answered[place], {})

    def html(self, blocks: Iterable[Block], fields: Mapping[str, str]) -> str:
        """Blocks as HTML."""
        return "\n".join(self._block(block, fields) for block in blocks)

    def _block(self, block: Block, fields: Mapping[str, str]) -> str:
        match block:
            case Code() if block.language == FIELDS:
                return fields.get(block.text, "")
            case Code():
                return f"<pre>{escape(block.text, quote=False)}</pre>"
            case Display() if self._mathml:
                return self._html[_display(block)]
            case Display():
                return f"<p>\\[{escape(block.latex, quote=False)}\\]</p>"
            case Heading():
                inner = self._html[block.text].removeprefix("<p>").removesuffix("</p>")
                return f"<h{min(6, block.level + 1)}>{inner}</h{min(6, block.level + 1)}>"
            case Marked():
                return f"<blockquote>{self.html(block.blocks, fields)}</blockquote>"
            case _:
                return self._html[_markdown(block)]


def _texts(blocks: Iterable[Block], displays: bool) -> Iterable[str]:
    for block in blocks:
        if isinstance(block, Marked):
            yield from _texts(block.blocks, displays)
        elif isinstance(block, Display) and displays:
            yield _display(block)
        elif isinstance(block, Heading):
            yield block.text
        elif not isinstance(block, Code | Display):
            yield _markdown(block)


def _markdown(block: Block) -> str:
    if isinstance(block, Paragraph):
        return block.markdown
    assert isinstance(block, Table)
    return to_markdown(Document("", (block,))).partition("\n")[2].strip()


def _display(block: Display) -> str:
    return f"$$\n{block.latex}\n$$"


def _in_line(latex: str) -> str:
    return f"${latex}$"


def in_maths(latex: str) -> str:
    """A formula in a line of HTML."""
    return f"\\({escape(latex, quote=False)}\\)"


def table_of(field: Field, cells: Sequence[Sequence[str]], name: str = "") -> str:
    """A field: its name, and its cells as a matrix."""
    head = f"{name or in_maths(field.latex)} ="
    if len(cells) == 1 and len(cells[0]) == 1:
        return f"<p>{head} {cells[0][0]}</p>"
    rows = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in cells)
    bars = "border-left:2px solid;border-right:2px solid;border-radius:6px;display:inline-table;vertical-align:middle"
    return f'<p>{head}</p><table style="{bars}"><tbody>{rows}</tbody></table>'
