"""The page `docs/tables.md`, made from the tables in the code: `python docs/tables.py`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from chalkwork.algebra.operations import TABLE as OPERATIONS
from chalkwork.checking.mistakes import TABLE as MISTAKES
from chalkwork.checking.reviewing.conventions import TABLE as CONVENTIONS
from chalkwork.classroom.exports import EXPORTS
from chalkwork.documents.terminal import plain_prose
from chalkwork.networks.layers import LAYERS
from chalkwork.networks.losses import LOSSES
from chalkwork.networks.optimisers import RULES
from chalkwork.sheets.library import shipped
from chalkwork.solutions.export import EXPORTERS

PAGE = Path(__file__).with_name("tables.md")
_OPENING = """# Tables

What Chalkwork knows, as its code has it. This page is made from the tables in the code (`python docs/tables.py`); a
test holds it to them. Every operation with its derivative, and how it is written: [functions](functions.md).
"""


def page() -> str:
    """The whole page."""
    parts = [
        ("Operations", ("name",), [(f"`{name}`",) for name in OPERATIONS]),
        ("Activations", ("`activation`", "in words"), _activations()),
        ("Layers", ("`kind`", "what it is", "settings"), _layers()),
        ("Losses", ("`loss`", "what it is"), _losses()),
        ("Optimisers", ("`optimizer`",), [(f"`{name}`",) for name in RULES]),
        ("Mistakes", ("mistake", "what is said", "hint"), _mistakes()),
        ("Conventions", ("`conventions`", "who follows it: they"), _conventions()),
        ("Exports", ("`--to`", "what is written", "error carried forward"), _exports()),
        ("Files", ("`-o`",), [(f"`{suffix}`",) for suffix in EXPORTERS]),
        ("Sheets that come along", ("name",), [(f"`{name}`",) for name in shipped()]),
    ]
    return _OPENING + "".join(f"\n## {title}\n\n{_table(head, list(rows))}\n" for title, head, rows in parts)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if len(head) == 1:  # a column of words is a list
        return ", ".join(row[0] for row in rows) + "."
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def _activations() -> Iterable[tuple[str, str]]:
    for name, entry in OPERATIONS.items():
        if entry.unit is not None:
            said = plain_prose(re.sub(r"<(\w+)\*?>", r"\1", entry.unit.function or entry.unit.words))
            yield f"`{name}`", said.removesuffix(", entry by entry")


def _layers() -> Iterable[tuple[str, str, str]]:
    for name, layer in LAYERS.items():
        settings = ", ".join(f"`{one.key}`" for one in layer.settings)
        yield f"`{name}`", _first(layer), settings


def _losses() -> Iterable[tuple[str, str]]:
    names: dict[str, list[str]] = {}
    for name, loss in LOSSES.items():  # with a sum and with a mean it is one
        names.setdefault(_first(loss), []).append(f"`{name}`")
    for said, those in names.items():
        yield ", ".join(those), said


def _mistakes() -> Iterable[tuple[str, str, str]]:
    for name, mistake in MISTAKES.items():
        yield f"`{name}`", _plain(mistake.title), _plain(mistake.hint)


def _conventions() -> Iterable[tuple[str, str]]:
    for name, convention in CONVENTIONS.items():
        yield f"`{name}`", _plain(convention.words)


def _exports() -> Iterable[tuple[str, str, str]]:
    for name, one in EXPORTS.items():
        yield f"`{name}`", f"{one.written} (`{one.suffix}`)", one.carried


def _first(thing: Any) -> str:
    """The first paragraph of what is said of a class, its formulas as they stand."""
    said = " ".join((thing.__doc__ or "").split("\n\n")[0].split())
    return said.replace("*", "\\*").replace("^", "\\^").replace("<", "\\<")


def _plain(text: str) -> str:
    """A sentence of a catalogue; what it says of the exercise at hand is left open."""
    return re.sub(r"[<{](\w+)[>}]", r"*\1*", text)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
