"""CSV as most files are, read as a whole: every row on one line of its own, as many cells in each, quoted as usual."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from chalkwork.tables.packages import frames

BLOCK = 2**25
LONGEST = 131_072
"""Characters of a cell, as the careful reader takes them."""
_NEWLINE, _QUOTE, _RETURN = b'\n"\r'


def blocks(source: Path | bytes) -> Iterator[bytes]:
    """The content in blocks that end with a line each; the last one gets its end of line if it has none."""
    rest = b""
    with source.open("rb") if isinstance(source, Path) else BytesIO(source) as stream:
        while content := stream.read(BLOCK):
            content = rest + content
            end = content.rfind(b"\n") + 1
            rest = content[end:]
            yield content[:end]
    if rest:
        yield rest + b"\n"


def regular_blocks(source: Path | bytes, delimiter: str, columns: int) -> list[tuple[int, int]]:
    """The bytes and rows of every block, the header among them; none where a reader has to look more closely."""
    found = []
    for block in blocks(source):
        found.append((len(block), _rows(block, ord(delimiter), columns)))
        if not found[-1][1]:
            return []
    return found if sum(rows for _, rows in found) > 1 else []


def read_regular(source: Path | bytes, delimiter: str, columns: int) -> Any:
    """The rows below the header as a frame of polars; None where the file needs a reader that looks more closely."""
    polars, rows = frames(), sum(rows for _, rows in regular_blocks(source, delimiter, columns))
    try:
        frame = scanned(source, delimiter, header=True).collect() if rows else None
    except polars.exceptions.PolarsError:
        return None
    return frame if frame is not None and frame.shape == (rows - 1, columns) else None


def scanned(source: Path | bytes, delimiter: str, header: bool = False) -> Any:
    """The rows of a regular file, or of a block of one, to be read: all of them texts."""
    rows = frames().scan_csv(
        source, separator=delimiter, has_header=False, skip_lines=int(header), infer_schema=False, glob=False
    )
    return rows.fill_null("")


def scanned_block(path: Path, start: int, size: int, delimiter: str) -> Any:
    """The rows of a block that begins at this byte of a regular file."""
    with path.open("rb") as stream:
        stream.seek(start)
        return scanned(stream.read(size), delimiter, header=start == 0)


def _rows(block: bytes, delimiter: int, columns: int) -> int:
    """How many rows the block holds; 0 where it holds anything but whole rows with so many cells."""
    if b"\0" in block or (b"\r" in block and block.count(b"\r") != block.count(b"\r\n")):
        return 0
    if not block.isascii():
        try:
            block.decode()
        except UnicodeDecodeError:
            return 0
    signs = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero((signs == delimiter) | (signs == _NEWLINE))
    if b'"' in block:
        quotes = np.flatnonzero(signs == _QUOTE)
        if len(quotes) % 2 or not _quoted(signs, quotes, delimiter):
            return 0
        inside = np.searchsorted(quotes, ends) % 2 == 1
        if (signs[ends[inside]] == _NEWLINE).any():
            return 0
        ends = ends[~inside]
    if len(ends) % columns or np.diff(ends, prepend=-1).max(initial=0) > LONGEST:
        return 0
    kinds = signs[ends].reshape(-1, columns)
    if columns == 1 and (np.diff(ends, prepend=-1) < 3).any() and any(line in block for line in (b"\n\n", b"\n\r")):
        return 0  # an empty line
    return len(kinds) if (kinds[:, -1] == _NEWLINE).all() and (kinds[:, :-1] == delimiter).all() else 0


def _quoted(signs: np.ndarray[Any, Any], quotes: np.ndarray[Any, Any], delimiter: int) -> bool:
    """Whether quotation marks open at the beginning of a cell, close at its end, and are doubled within."""
    before = signs[quotes[::2] - 1]
    after = signs[quotes[1::2] + 1]
    opens = np.isin(before, (delimiter, _NEWLINE, _QUOTE)) | (quotes[::2] == 0)
    return bool(opens.all() and np.isin(after, (delimiter, _NEWLINE, _QUOTE, _RETURN)).all())
