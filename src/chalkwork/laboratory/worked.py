"""What every part of the laboratory gives back: a worked answer, in every format, with its values by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from chalkwork.documents.decimal_mark import in_decimals_of
from chalkwork.documents.model import Block, Document
from chalkwork.solutions.solution import Style
from chalkwork.typesetting.notation import Notation

if TYPE_CHECKING:
    from pathlib import Path


Manner = Style
"""How a worked answer is written."""


class Worked(Mapping[str, Any]):
    """A worked answer: a title, what is written below it, and the values that were found, by name.

    `print` shows it in the terminal, a notebook renders it, `save` writes a file by its suffix (.md .html .pdf .tex
    .docx .json .txt). Values are numbers, texts, arrays, or lists and mappings of them.

    >>> from chalkwork.documents.model import Paragraph
    >>> answer = Worked("The mean", (Paragraph("It is $2$."),), {"mean": 2.0})
    >>> answer["mean"], str(answer).splitlines()[-1]
    (2.0, 'It is 2.')
    """

    def __init__(
        self, title: str, blocks: Iterable[Block], values: Mapping[str, Any], notation: Notation | None = None
    ) -> None:
        self.title = title
        self.blocks = in_decimals_of(notation or Notation(), blocks)
        self._values = dict(values)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def document(self, title: str | None = None) -> Document:
        """The answer as a document."""
        return Document(title or self.title, self.blocks)

    def __str__(self) -> str:
        from chalkwork.documents.terminal import to_text

        return to_text(self.document())

    def _repr_markdown_(self) -> str:
        from chalkwork.documents.markdown import to_markdown

        return to_markdown(self.document())

    def save(self, path: str | Path, title: str | None = None) -> None:
        """Write the answer to a file; the suffix says how.

        Raises ChalkworkError for an unknown suffix or a file that cannot be written.
        """
        from chalkwork.solutions.export import save
        from chalkwork.solutions.workbook import Answered, Workbook

        shown = title or self.title
        save(
            Workbook(shown, self.document(shown), (), (Answered("answer", None, "answer", shown, self.blocks, self),)),
            path,
        )
