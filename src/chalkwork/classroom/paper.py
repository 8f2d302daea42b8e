"""Variants as files: their sheets and a table of them, and what is handed out and kept, one by one or for a class."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from chalkwork.classroom.variant import Variant, Variants
from chalkwork.documents.literal import harmless, literal
from chalkwork.documents.model import Document
from chalkwork.errors import ChalkworkError
from chalkwork.files import make_folder, write_together
from chalkwork.sheets.document import Show, workbook
from chalkwork.solutions.export import EXPORTERS
from chalkwork.solutions.workbook import Workbook

SHOWS: tuple[Show, ...] = ("sheet", "blanks", "form", "solution")
TABLE = "variants.csv"
Progress = Callable[[int, int], None]


def table_of(variants: Variants) -> str:
    """A line for each variant: its code, its file, its difficulty, what is said of it, and its givens.

    >>> from chalkwork.classroom.variants import vary
    >>> from chalkwork.sheets import parse_sheet
    >>> text = '''```graph
    ... equations: "c = a*b + a"
    ... ```
    ... ```task
    ... id: a
    ... values: {a: 1.5, b: 0.25}
    ... ask: [c]
    ... ```'''
    >>> print(table_of(vary(parse_sheet(text), 1, 7)))
    code,file,difficulty,a.a,a.b
    7-001,variant-001.md,1.45,2.0,0.30
    <BLANKLINE>
    """
    columns = list(dict.fromkeys(key for one in variants for key in one.facts))
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["code", "file", "difficulty", *map(harmless, columns)])
    for one in variants:
        writer.writerow([one.code, file_of(one), f"{one.difficulty:.2f}", *(one.facts.get(key, "") for key in columns)])
    return stream.getvalue()


def file_of(variant: Variant, suffix: str = ".md", show: str = "") -> str:
    """The name of a file: `variant-001.md`, `variant-001-solution.pdf`."""
    number = variant.code.rpartition("-")[2]
    return f"variant-{number}{f'-{show}' if show else ''}{suffix}"


def save_variants(
    variants: Variants,
    folder: str | Path,
    form: str | None = None,
    shows: Sequence[Show] = ("sheet", "solution"),
    together: bool = False,
    progress: Progress | None = None,
) -> list[Path]:
    """Write the sheets of the variants and their table; with a format also what `shows` names, each in its own file.

    With `together` they are one PDF for the class for each of `shows`. On every page of a PDF stands the code of the
    variant. The names of what was written, first the table.

    Raises ChalkworkError for an unknown format and what cannot be written.
    """
    folder = Path(folder)
    suffix = f".{form}" if form else ""
    if form and suffix not in EXPORTERS:
        known = ", ".join(name[1:] for name in EXPORTERS)
        raise ChalkworkError(f"there is no format {form!r:.40}", hint=f"formats are {known}")
    if together and form != "pdf":
        raise ChalkworkError("one file for the class is a PDF", hint="--format pdf")
    make_folder(folder)
    sheets = {folder / file_of(one): one.text for one in variants}
    write_together({folder / TABLE: table_of(variants), **sheets})
    found = [folder / TABLE, *sheets]
    if not form:
        return found
    for number, show in enumerate(shows):
        if together:
            from chalkwork.documents.pandoc import to_one_pdf

            found.append(folder / f"class-{show}.pdf")
            to_one_pdf(documents_of(variants, show, progress), found[-1], variants.sheet.title)
            continue
        for place, one in enumerate(variants):
            found.append(folder / file_of(one, suffix, show))
            _save_one(book_of(one, show), one.code, found[-1])
            if progress:
                progress(number * len(variants) + place + 1, len(shows) * len(variants))
    return found


def _save_one(book: Workbook, code: str, path: Path) -> None:
    """Write what one student gets; on paper with the code of the variant on every page."""
    if path.suffix == ".pdf":
        from chalkwork.documents.pandoc import to_one_pdf

        to_one_pdf({code: book.document}, path)
    else:
        EXPORTERS[path.suffix](book, path)


def book_of(variant: Variant, show: Show) -> Workbook:
    """The workbook of one variant, its code in the title."""
    book = workbook(variant.sheet, show)
    title = f"{book.title} ({literal(variant.code)})"
    return book._replace(title=title, document=book.document._replace(title=title))


def documents_of(variants: Sequence[Variant], show: Show, progress: Progress | None = None) -> Mapping[str, Document]:
    """The documents by their codes."""
    found = {}
    for place, one in enumerate(variants, 1):
        found[one.code] = book_of(one, show).document
        if progress:
            progress(place, len(variants))
    return found
