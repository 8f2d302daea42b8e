"""Learning platforms: one table, an entry each, a short file each.

A file defines `write(items, partial)`: what the platform reads, as text or bytes. `questions` says what there is to be
carried: the items (a sheet, or a variant each), their texts with places for answers, the answers with their tolerance
and the values of named mistakes, the worked solution; `carried` how each answer follows from those before it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module

from chalkwork.classroom.exports.questions import Item, items_of
from chalkwork.classroom.exports.table import EXPORTS, Export
from chalkwork.errors import ChalkworkError

Write = Callable[[Sequence[Item], int], str | bytes]

__all__ = ["EXPORTS", "Export", "Item", "exporter", "items_of"]


def exporter(platform: str) -> Write:
    """What writes for a platform. Raises ChalkworkError for one that is not in the table.

    >>> exporter("moodle").__module__
    'chalkwork.classroom.exports.moodle'
    """
    if platform not in EXPORTS:
        raise ChalkworkError(f"there is no export to {platform!r:.40}", hint=f"it is one of {', '.join(EXPORTS)}")
    write: Write = import_module(f"chalkwork.classroom.exports.{platform}").write
    return write
