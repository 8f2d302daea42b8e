"""What a tutor wants to know of a whole class: which step fails, which mistakes, how many."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from textwrap import wrap

from chalkwork.checking.mistakes import TABLE, in_language
from chalkwork.checking.reading.files import READERS
from chalkwork.checking.report import WIDTH
from chalkwork.documents.literal import file_names, harmless, visible
from chalkwork.documents.model import Document
from chalkwork.errors import ChalkworkError
from chalkwork.files import make_folder, write_aside, write_together
from chalkwork.sheets.check import (
    HandIn,
    Unread,
    View,
    expected_data,
    hand_in_data,
    points_apart,
    unmarked_words,
    unread_data,
)
from chalkwork.sheets.counts import head, mistakes_made, step_counts
from chalkwork.sheets.schema import Sheet
from chalkwork.sheets.solve import solve_sheet
from chalkwork.words import ENGLISH, say

NOTHING = "nothing is answered"
Writer = Callable[[Sheet, Sequence[HandIn], View, Sequence[Unread]], str]


def overview(hand_ins: Sequence[HandIn], unread: Sequence[Unread] = (), language: str = ENGLISH) -> str:
    """Every step with how many got it right, in which ways others did not, the commonest mistakes, and who is missing.

    >>> from chalkwork.sheets.check import check_class
    >>> from chalkwork.sheets.format import parse_sheet
    >>> text = "```graph\\nequations: c = a * b\\n```\\n```task\\nid: t\\nvalues: {a: 2, b: 3}\\nask: [c]\\n```\\n"
    >>> print(overview(check_class(parse_sheet(text), {"one": {"c": 6}, "two": {"c": 5}, "three": {"c": "6"}})))
    3 hand-ins
    <BLANKLINE>
    task  step  right  follows  mistake  wrong  open  first wrong
    t     c         2        0        0      1     0            1
    """
    missing = _missing(unread, language)
    if not hand_ins:
        said = say(language, "class.none_readable" if unread else "class.no_hand_ins")
        return "\n".join([said, *missing])
    rows = [[task, name, *map(str, counts)] for task, name, counts in step_counts(hand_ins)]
    mistakes = mistakes_made(hand_ins)[:20]
    count = say(language, "class.hand_ins_counted", number=len(hand_ins))
    lines = [count, *(["", *_table(head(language), rows)] if rows else [])]
    if hand_ins[0].unmarked:
        lines += ["", *wrap(unmarked_words(hand_ins[0].unmarked, language), WIDTH)]
    if mistakes:
        lines += ["", say(language, "class.mistakes_follow")]
        lines += [
            f"  {len(titles)} × {in_language(TABLE[mistake], language).title} ({task}, {name})"
            for (task, name, mistake), titles in mistakes
        ]
    if untouched := [visible(one.title, 40) for one in hand_ins if one.untouched]:
        named = say(language, "class.untouched_count", number=len(untouched), names=", ".join(untouched))
        lines += ["", *wrap(named, WIDTH, subsequent_indent="  ")]
    return "\n".join([*lines, *missing])


def _missing(unread: Sequence[Unread], language: str) -> list[str]:
    """The hand-ins that could not be read, and why."""
    each = [
        line
        for one in unread
        for line in wrap(
            f"{visible(one.title)}: {visible(one.problem)}", WIDTH, initial_indent="  ", subsequent_indent="    "
        )
    ]
    return ["", say(language, "class.not_read_count", number=len(unread)), *each] if unread else []


def _table(above: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in (above, *rows)) for column in range(len(above))]
    return [
        "  ".join(
            cell.ljust(width) if column < 2 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (above, *rows)
    ]


def to_csv(hand_ins: Sequence[HandIn], unread: Sequence[Unread] = ()) -> str:
    """One line a hand-in: its title, points, first wrong step, the verdict on every step, and what kept it unread.

    Where the sheet gives points for what is not marked, their sum stands behind those that can be had.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    tasks = hand_ins[0].tasks if hand_ins else ()
    steps = [(number, task.id, name) for number, task in enumerate(tasks) for name in task.report]
    apart = points_apart(hand_ins[0].unmarked) if hand_ins else Fraction(0)
    beside = [("not marked", float(apart))] if apart else []
    columns = [
        "hand-in",
        "points",
        "of",
        *(name for name, _ in beside),
        "first wrong",
        *(f"{task} {name}" for _, task, name in steps),
    ]
    problems = bool(unread) or any(one.untouched for one in hand_ins)
    writer.writerow([*columns, *(["problem"] if problems else [])])
    for hand_in in hand_ins:
        first = " ".join(hand_in.first_wrong) if hand_in.first_wrong else ""
        verdicts = [hand_in.tasks[number].report[name].verdict for number, _, name in steps]
        points = [float(hand_in.earned), float(hand_in.points), *(value for _, value in beside)]
        last = [NOTHING if hand_in.untouched else ""] if problems else []
        writer.writerow([harmless(visible(hand_in.title)), *points, first, *verdicts, *last])
    for one in unread:
        empty = [""] * (len(columns) - 1)
        writer.writerow([harmless(visible(one.title)), *empty, harmless(visible(one.problem))])
    return text.getvalue()


def save_reports(
    sheet: Sheet,
    hand_ins: Sequence[HandIn],
    path: str | Path,
    view: View = "tutor",
    unread: Sequence[Unread] = (),
) -> None:
    """Write the reports in the form that the suffix names; into a folder, if it is one or has no suffix.

    `.md` and `.html` hold the report on one hand-in, or the class at a glance and every report after it; `.json`
    everything as data, `.csv` a line a hand-in, `.txt` the class at a glance. A folder gets an HTML page for each
    hand-in, named after its title, and `class.html` and `class.csv`. Hand-ins that could not be read stand in all of
    them with what was wrong. What is expected stands in the tutor's `view`
    only.

    Raises ChalkworkError for another suffix, for no hand-in, and for files that cannot be written.
    """
    target = Path(path)
    writer = writer_of(target)
    if not hand_ins and not unread:
        raise ChalkworkError("there is no hand-in to report on")
    if writer is None:
        _save_folder(sheet, hand_ins, target, view, unread)
    else:
        write_aside(target, writer(sheet, hand_ins, view, unread))


def writer_of(target: Path) -> Writer | None:
    """What writes such a file; None for a folder. Raises ChalkworkError for a suffix that nothing writes."""
    if target.is_dir() or not target.suffix:
        return None
    writer = WRITERS.get(target.suffix.lower())
    if writer is None:
        raise ChalkworkError(f"{target.name} has no known suffix; use {', '.join(WRITERS)}, or a folder")
    return writer


def _save_folder(sheet: Sheet, hand_ins: Sequence[HandIn], folder: Path, view: View, unread: Sequence[Unread]) -> None:
    from chalkwork.documents.pandoc import to_html_pages
    from chalkwork.sheets.reports import class_document, hand_in_document

    make_folder(folder)
    solved = solve_sheet(sheet)
    names = ["class.html", *file_names((_stem(one.title) for one in hand_ins), ".html", taken=["class"])]
    documents = [
        class_document(sheet, hand_ins, unread, pages=names[1:]),
        *(hand_in_document(solved, one, view, sheet.title) for one in hand_ins),
    ]
    pages = dict(zip((folder / name for name in names), to_html_pages(documents), strict=True))
    write_together({**pages, folder / "class.csv": to_csv(hand_ins, unread)})


def _stem(title: str) -> str:
    """The title of a hand-in without the suffix of its file."""
    stem, dot, suffix = title.rpartition(".")
    return stem if dot and f".{suffix.lower()}" in READERS else title


def _document(sheet: Sheet, hand_ins: Sequence[HandIn], view: View, unread: Sequence[Unread]) -> Document:
    from chalkwork.sheets.reports import class_and_hand_ins, hand_in_document

    if len(hand_ins) == 1 and not unread:
        return hand_in_document(sheet, hand_ins[0], view)
    return class_and_hand_ins(sheet, hand_ins, view, unread)


def _to_json(sheet: Sheet, hand_ins: Sequence[HandIn], view: View, unread: Sequence[Unread]) -> str:
    expected = expected_data(solve_sheet(sheet)) if view == "tutor" else None
    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
    texts = [encode(hand_in_data(one, expected)) for one in hand_ins]  # one at a time: a class is large as data
    texts += [encode(unread_data(one)) for one in unread]
    return f"[{', '.join(texts)}]\n"


def _to_csv(sheet: Sheet, hand_ins: Sequence[HandIn], view: View, unread: Sequence[Unread]) -> str:
    return to_csv(hand_ins, unread)


def _to_text(sheet: Sheet, hand_ins: Sequence[HandIn], view: View, unread: Sequence[Unread]) -> str:
    return overview(hand_ins, unread, sheet.language) + "\n"


def _to_markdown(sheet: Sheet, hand_ins: Sequence[HandIn], view: View, unread: Sequence[Unread]) -> str:
    from chalkwork.documents.markdown import to_markdown

    return to_markdown(_document(sheet, hand_ins, view, unread))


def _to_html(sheet: Sheet, hand_ins: Sequence[HandIn], view: View, unread: Sequence[Unread]) -> str:
    from chalkwork.documents.pandoc import to_html

    return to_html(_document(sheet, hand_ins, view, unread))


WRITERS: dict[str, Writer] = {
    ".json": _to_json,
    ".csv": _to_csv,
    ".txt": _to_text,
    ".md": _to_markdown,
    ".html": _to_html,
}
"""How the reports are written, by the suffix of the file."""
