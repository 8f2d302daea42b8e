"""What a tutor wants to know of a whole class: which step fails, which mistakes, how many."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from chalkwork.checking.marking import Verdict
from chalkwork.checking.mistakes import TABLE
from chalkwork.errors import ChalkworkError
from chalkwork.sheets.check import HandIn, hand_in_data
from chalkwork.solutions.export import save_text

_COLUMNS = (
    ("right", (Verdict.CORRECT, Verdict.ROUNDING)),
    ("follows", (Verdict.FOLLOWS,)),
    ("mistake", (Verdict.MISTAKE,)),
    ("wrong", (Verdict.WRONG,)),
    ("open", (Verdict.BLANK, Verdict.UNREADABLE)),
)


def overview(hand_ins: Sequence[HandIn]) -> str:
    """Every step with how many got it right, in which ways others did not, and the commonest mistakes.

    >>> from chalkwork.sheets.check import check_class
    >>> from chalkwork.sheets.format import parse_sheet
    >>> text = "```graph\\nequations: c = a * b\\n```\\n```task\\nid: t\\nvalues: {a: 2, b: 3}\\nask: [c]\\n```\\n"
    >>> print(overview(check_class(parse_sheet(text), {"one": {"c": 6}, "two": {"c": 5}, "three": {"c": "6"}})))
    3 hand-ins
    <BLANKLINE>
    task  step  right  follows  mistake  wrong  open  first wrong
    t     c         2        0        0      1     0            1
    """
    if not hand_ins:
        return "no hand-ins"
    head = ["task", "step", *(word for word, _ in _COLUMNS), "first wrong"]
    first = Counter(hand_in.first_wrong for hand_in in hand_ins)
    rows: list[list[str]] = []
    mistakes: Counter[tuple[str, str, str]] = Counter()
    for number, task in enumerate(hand_ins[0].tasks):
        for name in task.report:
            results = [hand_in.tasks[number].report[name] for hand_in in hand_ins]
            verdicts = Counter(result.verdict for result in results)
            counts = [sum(verdicts[verdict.word] for verdict in group) for _, group in _COLUMNS]
            rows.append([task.id, name, *map(str, counts), str(first[(task.id, name)])])
            mistakes.update((task.id, name, result.mistakes[0]) for result in results if result.mistakes)
    lines = [f"{len(hand_ins)} hand-ins", "", *_table(head, rows)]
    if mistakes:
        lines += ["", "Mistakes, the commonest first:"]
        lines += [f"  {count} × {TABLE[key[2]].title} ({key[0]}, {key[1]})" for key, count in mistakes.most_common(20)]
    return "\n".join(lines)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    return [
        "  ".join(
            cell.ljust(width) if column < 2 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (head, *rows)
    ]


def to_csv(hand_ins: Sequence[HandIn]) -> str:
    """One line a hand-in: its title, points, first wrong step, and the verdict on every step."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    steps = [(number, task.id, name) for number, task in enumerate(hand_ins[0].tasks) for name in task.report]
    writer.writerow(["hand-in", "points", "of", "first wrong", *(f"{task} {name}" for _, task, name in steps)])
    for hand_in in hand_ins:
        first = " ".join(hand_in.first_wrong) if hand_in.first_wrong else ""
        verdicts = [hand_in.tasks[number].report[name].verdict for number, _, name in steps]
        writer.writerow([_harmless(hand_in.title), float(hand_in.earned), float(hand_in.points), first, *verdicts])
    return text.getvalue()


def _harmless(title: str) -> str:
    """A title that a spreadsheet does not take for a formula."""
    return f"'{title}" if title[:1] in "=+-@\t\r" else title


def _to_json(hand_ins: Sequence[HandIn]) -> str:
    return json.dumps([hand_in_data(one) for one in hand_ins], ensure_ascii=False) + "\n"


WRITERS = {".json": _to_json, ".csv": to_csv, ".txt": overview}
"""How the reports of a class are written, by the suffix of the file."""


def save_reports(hand_ins: Sequence[HandIn], path: Path) -> None:
    """Write the reports in the form that the suffix names; ChalkworkError for another suffix or no hand-in."""
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        raise ChalkworkError(f"{path.name} has no known suffix; use {', '.join(WRITERS)}")
    if not hand_ins:
        raise ChalkworkError("there is no hand-in to report on")
    save_text(writer(hand_ins), path)
