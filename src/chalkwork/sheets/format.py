"""Reading a sheet: Markdown with front matter and fenced blocks, into typed data. No mathematics here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from chalkwork.documents.nesting import check_nesting
from chalkwork.errors import ChalkworkError, SheetError
from chalkwork.sheets import values
from chalkwork.sheets.blocks import (
    PRECISION_KEYS,
    read_convention,
    read_graph,
    read_network,
    read_notation,
    read_part,
    read_precision,
    read_task,
)
from chalkwork.sheets.fences import Piece, Split, split_sheet
from chalkwork.sheets.givens import filler, givens_of
from chalkwork.sheets.locate import Listing, Node, line_map, load_yaml
from chalkwork.sheets.parts import MODULES
from chalkwork.sheets.references import settle
from chalkwork.sheets.schema import Block, Convention, Precision, Prose, Sheet
from chalkwork.sheets.varying import Varying, read_varying
from chalkwork.solutions.setting import Style
from chalkwork.typesetting.notation import Notation
from chalkwork.words import ENGLISH, LANGUAGES

MAX_BYTES = 2_000_000


def read_sheet(path: str | Path) -> Sheet:
    """The sheet in a file.

    Raises `SheetError`, with file and line, for a file that cannot be read, is larger than two megabytes or
    is not UTF-8, and for everything in it that does not follow the format.

    >>> read_sheet("nowhere.md")
    Traceback (most recent call last):
        ...
    chalkwork.errors.SheetError: nowhere.md: the sheet cannot be read: No such file or directory
    """
    file = str(path)
    try:
        data = _bytes(Path(path))
    except OSError as error:
        raise SheetError(f"the sheet cannot be read: {error.strerror or error}", file=file) from None
    except ValueError:
        raise SheetError("the sheet cannot be read: the name is not a file name", file=repr(file)) from None
    return decode_sheet(data, file)


def decode_sheet(data: bytes, file: str = "<sheet>") -> Sheet:
    """The sheet in a text in UTF-8. Raises `SheetError` as `parse_sheet` does.

    >>> decode_sheet(b"a\\xff")
    Traceback (most recent call last):
        ...
    chalkwork.errors.SheetError: <sheet>, line 1: the sheet is not UTF-8: byte 0xFF cannot be decoded. Hint: save it \
as UTF-8.
    """
    if len(data) > MAX_BYTES:
        raise SheetError(f"the file is too large for a sheet; the limit is {MAX_BYTES} bytes", file=file)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = _line(data[: error.start].decode("utf-8"))
        message = f"the sheet is not UTF-8: byte 0x{data[error.start]:02X} cannot be decoded"
        raise SheetError(message, file=file, line=line, hint="save it as UTF-8") from None
    return parse_sheet(text, file)


def parse_sheet(text: str, file: str = "<sheet>") -> Sheet:
    r"""The sheet in a text; `file` is the name that errors give.

    Raises `SheetError`, with file and line, for everything that does not follow the format.

    >>> sheet = parse_sheet('''---
    ... title: One unit
    ... ---
    ... Compute the output.
    ...
    ... ```network
    ... layers: [{weights: [[0.5], [1/4]], activation: sigmoid}]
    ... ```
    ... ```task
    ... id: a
    ... x: [1, 2]
    ... points: 0.5
    ... ```
    ... ''')
    >>> task = sheet.tasks[0]
    >>> task.network, task.x, task.points, sheet.networks["net"].layers[0].weights
    ('net', (1.0, 2.0), Fraction(1, 2), ((0.5,), (0.25,)))
    >>> sheet.networks["net"].line_of("layers", 0, "weights")
    7
    """
    try:
        _check_text(text)
        return _sheet(split_sheet(text), file)
    except SheetError as error:
        error.at(file=file)
        raise


def _bytes(path: Path) -> bytes:
    size = path.stat().st_size
    with path.open("rb") as stream:
        return stream.read(MAX_BYTES + 1) if size <= MAX_BYTES else bytes(MAX_BYTES + 1)


def _check_text(text: str) -> None:
    try:
        size = len(text.encode("utf-8"))
    except UnicodeEncodeError as error:
        raise SheetError("a lone surrogate is not text", line=_line(text[: error.start])) from None
    if size > MAX_BYTES:
        raise SheetError(f"the text is too large for a sheet; the limit is {MAX_BYTES} bytes")
    if "\0" in text:
        raise SheetError("the sheet holds a NUL character", line=_line(text[: text.index("\0")]))


def _line(before: str) -> int:
    return before.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1


def _sheet(split: Split, file: str) -> Sheet:
    table = load_yaml(split.front, split.front_line)
    fields = values.mapping(table, "the front matter", "", ("convention", "language", *PRECISION_KEYS, *_FRONT))
    convention = read_convention(fields, Convention())
    precision = read_precision(fields, Precision())
    language = fields.read("language", values.choice(tuple(LANGUAGES)), ENGLISH)
    given = fields.given(_FRONT)
    pieces = _with_places(split.pieces, given, language)
    return Sheet(
        file=file,
        line=1,
        source=split.header,
        lines=line_map(table),
        convention=convention,
        precision=precision,
        blocks=settle(_block(piece, convention, precision, language) for piece in pieces),
        language=language,
        **given,
    )


def _with_places(pieces: Sequence[Piece], given: Mapping[str, Any], language: str) -> Sequence[Piece]:
    """The pieces, those with places to fill with what fills them; and whether what is to vary is given."""
    varying: Varying | None = given.get("vary")
    if varying is None and not any("{{" in piece.source for piece in pieces):
        return pieces
    givens = givens_of(pieces)
    if varying is not None:
        varying.check(givens)
    with suppress(ChalkworkError):  # which is said where the solution is written
        notation = Notation.of(given.get("notation", {}), LANGUAGES[language].decimal_comma)
        fill = filler(givens, Style(notation))
        return [piece._replace(fill=fill) if "{{" in piece.source else piece for piece in pieces]
    return pieces


def _block(piece: Piece, convention: Convention, precision: Precision, language: str) -> Block:
    if piece.language == "network":
        return read_network(piece, convention)
    if piece.language == "graph":
        return read_graph(piece)
    if piece.language == "task":
        return read_task(piece, precision)
    if piece.language in MODULES and language != ENGLISH:
        raise SheetError(
            f"the block {piece.language} is written in {LANGUAGES[ENGLISH].name} only",
            line=piece.line,
            hint=f"leave out language: {language}",
        )
    if piece.language in MODULES:
        return read_part(piece, precision)
    try:
        check_nesting(piece.source, piece.line)
    except ChalkworkError as error:
        raise SheetError(error.message, line=error.line, hint=error.hint) from None
    if piece.fill is not None:
        return Prose(piece.fill(piece.source, piece.line), piece.line, piece.source)
    return Prose(piece.source, piece.line)


def _texts(node: Node, where: str) -> str:
    """A text, or a list of texts joined by commas."""
    return ", ".join(values.names(node, where)) if isinstance(node, Listing) else values.text(node, where)


def _conventions(node: Node, where: str) -> tuple[str, ...]:
    from chalkwork.checking.reviewing.conventions import TABLE

    return values.listing(values.choice(tuple(TABLE)), "a list of conventions", len(TABLE))(node, where)


_FRONT: Mapping[str, values.Reader[Any]] = {
    "title": values.text,
    "notation": read_notation,
    "follow_through": values.choice(("full", "half", "none")),
    "tolerance": values.positive,
    "conventions": _conventions,
    "author": _texts,
    "course": values.text,
    "date": values.text,
    "points": values.text,
    "vary": read_varying,
}
