"""What was found in a document, to read: for the terminal, and as a document for every format."""

from __future__ import annotations

import textwrap
from collections import Counter

from chalkwork.counting import counted
from chalkwork.documents.literal import literal, visible
from chalkwork.documents.model import Block, Document, Heading, Marked, Paragraph, Table
from chalkwork.verification import Judged, Verdict, Verification

WIDTH, MOST_SHOWN = 80, 400
_LOUD = (Verdict.WRONG, Verdict.FOLLOWS)


def summary(found: Verification) -> str:
    """How many formulas there are, how many were read, and the verdicts on their statements.

    >>> from chalkwork.verification import verify
    >>> summary(verify("$x = 2$ and $y = 3 x = 7$"))
    '2 formulas, 2 read. 1 given, 1 wrong. The first wrong statement is on line 1.'
    """
    counts = Counter(one.verdict for one in found.verdicts)
    listed = ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict])
    first = found.first_wrong
    end = (
        f" The first wrong statement is on line {first}." if first is not None else " Nothing is wrong that was judged."
    )
    return f"{counted(found.formulas, 'formula')}, {found.read} read." + (f" {listed}." if listed else "") + end


def to_terminal(found: Verification, title: str, *, everything: bool = False) -> str:
    """The summary, then what is wrong, follows from it or was not judged; `everything` shows the rest too."""
    lines = [visible(title, WIDTH), *textwrap.wrap(summary(found), WIDTH)]
    first = found.first_wrong
    for one in found.verdicts:
        if not everything and one.verdict not in (*_LOUD, Verdict.UNJUDGED):
            continue
        if one.verdict is Verdict.UNJUDGED and not everything and not one.display:
            continue
        mark = ">>" if one.verdict is Verdict.WRONG and one.line == first else "  "
        lines += ["", f"{mark} line {one.line}: {one.verdict}"]
        lines += textwrap.wrap(
            visible(one.formula, MOST_SHOWN), WIDTH, initial_indent=" " * 5, subsequent_indent=" " * 7
        )
        if one.reason:
            lines += textwrap.wrap(
                visible(one.reason, MOST_SHOWN), WIDTH, initial_indent=" " * 3, subsequent_indent=" " * 3
            )
    return "\n".join(lines)


def to_document(found: Verification, title: str) -> Document:
    """The summary, the first wrong statement by itself, and a table of all."""
    blocks: list[Block] = [Paragraph(literal(summary(found)))]
    wrong = next((one for one in found.verdicts if one.verdict is Verdict.WRONG), None)
    if wrong is not None:
        said = f"The first wrong statement, on line {wrong.line}: {literal(wrong.reason, MOST_SHOWN)}."
        blocks.append(Marked((Paragraph(said), Paragraph(_formula(wrong)))))
    blocks.append(Heading("Every statement", 2))
    rows = tuple(
        (str(one.line), _formula(one), str(one.verdict), literal(one.reason, MOST_SHOWN)) for one in found.verdicts
    )
    blocks.append(Table(("line", "statement", "verdict", "why"), rows, right=(0,)))
    return Document(literal(title, WIDTH), tuple(blocks))


def _formula(one: Judged) -> str:
    return literal(one.formula, MOST_SHOWN)
