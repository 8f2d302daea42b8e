"""What a solution is made of before any file format is chosen: a title and a list of blocks.

The equation writer fills these in; the writers in `markdown` and `pandoc` read them. A block holds finished
text only, so that a new output format needs no knowledge of derivations.
"""

from __future__ import annotations

from typing import NamedTuple

from chalkwork.drawings.canvas import Drawing


class Heading(NamedTuple):
    """A heading of one line of inline Markdown; level 1 is the document's title, sections start at 2.

    >>> Heading("Forward pass", 2).level
    2
    """

    text: str
    level: int


class Paragraph(NamedTuple):
    """Prose in Markdown, which may hold $maths$, lists and tables; it may come from a stranger's sheet.

    >>> Paragraph("The loss is $L = 0.79$.").markdown
    'The loss is $L = 0.79$.'
    """

    markdown: str
    text: str = ""
    """The same for a terminal, where it is known; else the Markdown serves."""


Board = tuple[tuple[tuple[str, str], ...], ...]
"""Lines of (kind, characters); the kinds are name, formula, numbers, result and space."""


class Display(NamedTuple):
    r"""An equation on lines of its own: LaTeX without the dollars, and the same for a terminal.

    >>> Display(r"z_1 = W_1^{\top} x", "z₁ = W₁ᵀ x").text
    'z₁ = W₁ᵀ x'
    """

    latex: str
    text: str
    board: Board = ()
    """The text again with what each piece of it is, for colour."""


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
