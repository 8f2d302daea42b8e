"""Learning platforms: one table, an entry each, a short file each.

A file defines `write(items, partial)`: what the platform reads, as text or bytes. `questions` says what there is to be
carried: the items (a sheet, or a variant each), their texts with places for answers, the answers with their tolerance
and the values of named mistakes, the worked solution.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module

from chalkwork.classroom.exports.questions import Item, items_of
from chalkwork.errors import ChalkworkError

Write = Callable[[Sequence[Item], int], str | bytes]
EXPORTS = {
    "moodle": "Moodle XML, a cloze question for each variant",
    "canvas": "Canvas, QTI 1.2 in a zip, a quiz for each variant",
    "numbas": "Numbas, an exam that picks one of the variants",
    "nbgrader": "a notebook with graded cells, for nbgrader",
}
"""The platforms, and what is written for them."""

__all__ = ["EXPORTS", "Item", "exporter", "items_of"]


def exporter(platform: str) -> Write:
    """What writes for a platform. Raises ChalkworkError for one that is not in the table.

    >>> exporter("paper")
    Traceback (most recent call last):
        ...
    chalkwork.errors.ChalkworkError: there is no export to 'paper'. Hint: it is one of moodle, canvas, numbas, nbgrader.
    """
    if platform not in EXPORTS:
        raise ChalkworkError(f"there is no export to {platform!r:.40}", hint=f"it is one of {', '.join(EXPORTS)}")
    write: Write = import_module(f"chalkwork.classroom.exports.{platform}").write
    return write
