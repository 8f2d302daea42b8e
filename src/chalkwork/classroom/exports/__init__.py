"""Learning platforms: one table, an entry each, a short file each.

A file defines `write(items, partial)`: what the platform reads, as text or bytes; where it marks formulas, also
`formula`, which writes one as the platform does, or says that it has no such thing. `questions` says what there is to
be carried: the items (a sheet, or a variant each), their texts with places for answers, the answers with their
tolerance and the values of named mistakes, the worked solution; `carried` how each answer follows from those before it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import import_module

from chalkwork.classroom.exports.questions import Item, items_of
from chalkwork.classroom.exports.table import EXPORTS, Export
from chalkwork.errors import ChalkworkError

Write = Callable[[Sequence[Item], int], str | bytes]

__all__ = ["EXPORTS", "Export", "Item", "exporter", "items_of"]


def exporter(platform: str) -> Write:
    """What writes for a platform. Raises ChalkworkError for one that is not in the table.

    >>> exporter("moodel")
    Traceback (most recent call last):
        ...
    chalkwork.errors.ChalkworkError: there is no export to 'moodel'. Hint: it is one of ...
    """
    if platform not in EXPORTS:
        raise ChalkworkError(f"there is no export to {platform!r:.40}", hint=f"it is one of {', '.join(EXPORTS)}")
    module = import_module(f"chalkwork.classroom.exports.{platform}")
    write: Write = module.write

    def written(items: Sequence[Item], partial: int) -> str | bytes:
        marked = [replace(item, formulas=getattr(module, "formula", None)) for item in items]
        if not any(marked[0].fields().values()):
            raise ChalkworkError(f"nothing in this sheet is marked by {platform}", file=items[0].sheet.file)
        return write(marked, partial)

    return written
