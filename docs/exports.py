"""The table of platforms in `docs/exports.md`, made from that in the code: `python docs/exports.py`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from chalkwork.classroom.exports import EXPORTS, Export

ROWS = {
    "written": "what is written",
    "suffix": "file",
    "item": "an item is",
    "variants": "variants",
    "digits": "right, rounded, a unit off: full marks",
    "cells": "part of the marks for part of a matrix",
    "mistakes": "part of the marks for a named mistake",
    "hints": "the mistake's hint",
    "carried": "error carried forward",
    "solution": "worked solution",
    "words": "words to choose from",
    "formulas": "answers that are formulas in letters",
    "maths": "mathematics",
    "lost": "lost",
    "verified": "read and marked by",
}
"""The rows of the table in docs, by the fields of an entry."""


def overview() -> str:
    """The table for docs, a row for what is carried, a few platforms side by side.

    >>> overview().splitlines()[0]
    '| | `moodle` | `stack` | `canvas` | `numbas` |'
    """
    groups = (("moodle", "stack", "canvas", "numbas"), ("qti21", "qti30", "prairielearn", "rexams"),
              ("nbgrader", "otter", "gradescope"), ("scorm12", "scorm2004"))  # fmt: skip
    return "\n\n".join("\n".join(_rows(group)) for group in groups)


def _rows(group: tuple[str, ...]) -> Iterator[str]:
    yield f"| | {' | '.join(f'`{name}`' for name in group)} |"
    yield "|---" * (len(group) + 1) + "|"
    for field in fields(Export):
        mark = "`" if field.name == "suffix" else ""
        cells = (f"{mark}{getattr(EXPORTS[name], field.name)}{mark}" for name in group)
        yield f"| {ROWS[field.name]} | {' | '.join(cells)} |"


if __name__ == "__main__":
    print(overview())
