"""What a solution is made of before any file format is chosen: a title and a list of blocks.

The equation writer fills these in; the writers in `markdown` and `pandoc` read them. A block holds finished
text only, or what makes it, so that a new output format needs no knowledge of derivations.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple

from chalkwork.drawings.drawing import Drawing


class Heading(NamedTuple):
    """A heading of one line of inline Markdown; level 1 is the document's title, sections start at 2.

    >>> Heading("Forward pass", 2).level
    2
    """

    text: str
    level: int


Made = str | Callable[[], str]
"""A text, or what makes it when it is asked for."""


def _made(text: Made) -> str:
    return text if isinstance(text, str) else text()


class Paragraph:
    """Prose in Markdown, which may hold $maths$, lists and tables; it may come from a stranger's sheet.

    >>> Paragraph("The loss is $L = 0.79$.").markdown
    'The loss is $L = 0.79$.'
    """

    def __init__(self, markdown: Made, text: Made = "") -> None:
        self._markdown = markdown
        self._text = text

    @cached_property
    def markdown(self) -> str:
        """The Markdown."""
        return _made(self._markdown)

    @cached_property
    def text(self) -> str:
        """The same for a terminal, where it is known; else the Markdown serves."""
        return _made(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Paragraph) and (self.markdown, self.text) == (other.markdown, other.text)

    def __hash__(self) -> int:
        return hash(self.markdown)


Painted = tuple[tuple[tuple[str, str], ...], ...]
"""Lines of (kind, characters); the kinds are name, formula, numbers, result and space."""


class Display:
    r"""An equation on lines of its own: LaTeX without the dollars, and the same for a terminal.

    >>> Display(r"z_1 = W_1^{\top} x", "z₁ = W₁ᵀ x").text
    'z₁ = W₁ᵀ x'
    """

    def __init__(self, latex: Made, text: str | Callable[[], Painted]) -> None:
        self._latex = latex
        self._text = text

    @cached_property
    def latex(self) -> str:
        """The LaTeX."""
        return _made(self._latex)

    @cached_property
    def board(self) -> Painted:
        """The lines of the terminal, with what each piece of them is, for colour."""
        lines = self._text
        return tuple((("formula", line),) for line in lines.split("\n")) if isinstance(lines, str) else lines()

    @cached_property
    def text(self) -> str:
        """These lines as one text."""
        return "\n".join("".join([characters for _, characters in line]).rstrip() for line in self.board)


class Code(NamedTuple):
    """Program text, kept as it is, and the language it is in ('' if none).

    >>> Code("z1 = W1.T @ x", "python").language
    'python'
    """

    text: str
    language: str


class Table(NamedTuple):
    """A head and rows of cells in inline Markdown; the columns that `right` counts from 0 are flush right.

    >>> Table(("step", "right"), (("$z_1$", "12"),), right=(1,)).rows[0][1]
    '12'
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: tuple[int, ...] = ()


class Marked(NamedTuple):
    """Blocks that stand out from the others: what a reader should see first.

    >>> len(Marked((Paragraph("The first wrong step."),)).blocks)
    1
    """

    blocks: tuple[Paragraph | Display | Code | Table, ...]


Block = Heading | Paragraph | Display | Drawing | Code | Table | Marked


class Document(NamedTuple):
    """A title (one line of inline Markdown), what follows it, and the language that it says it is in.

    >>> len(Document("Exercise 1", (Heading("Forward pass", 2), Paragraph("Propagate $x$."))).blocks)
    2
    """

    title: str
    blocks: tuple[Block, ...]
    language: str = "en"
