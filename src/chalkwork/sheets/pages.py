"""Pages of working as hand-ins: what they say the asked quantities are, and every line of them that is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from chalkwork.checking.reading.files import PAGES, READERS, Answers, content_of, read_answers
from chalkwork.checking.reading.forms import form_entries
from chalkwork.documents.literal import visible
from chalkwork.errors import ChalkworkError
from chalkwork.sheets.check import WorkLine
from chalkwork.solutions.exercise import Exercise

if TYPE_CHECKING:
    from chalkwork.verification import Verification

MOST_LINES, MOST_SHOWN = 20, 60


def read_hand_in(path: str | Path, solved: Mapping[str, Exercise]) -> tuple[Answers, tuple[WorkLine, ...]]:
    """The answers in a file, and of a page of working the lines in which it is wrong.

    A page is Markdown, LaTeX or a notebook that holds formulas, and no form. Its answers are what its chains of
    equalities end in. Raises ChalkworkError for a file that cannot be read.
    """
    file = Path(path)
    form = PAGES.get(file.suffix.lower())
    if form is None:
        return read_answers(file), ()
    page = _page(file, form, solved)
    if page is None:
        return read_answers(file), ()
    found: Answers = {task: dict(values) for task, values in page.answers.items() if values}
    if file.suffix.lower() in READERS and _as_many_by_lines(file, found, solved):
        return read_answers(file), _working(page)
    if not found:
        raise ChalkworkError("no formula of this page says what an asked quantity is", file=str(path))
    return found, _working(page)


def _page(file: Path, form: str, solved: Mapping[str, Exercise]) -> Verification | None:
    """What is found in a page; None where the file is none, or cannot be read."""
    from chalkwork.verification import is_page, verify

    try:
        text = content_of(file)
        if next(iter(form_entries(text)), None) is not None or not is_page(text, form):
            return None
        return verify(text, form, exercises=solved)
    except ChalkworkError as error:
        if file.suffix.lower() in READERS:
            return None
        raise error.at(file=str(file)) from None


def _as_many_by_lines(file: Path, found: Answers, solved: Mapping[str, Exercise]) -> bool:
    """Whether the lines of the file, each read for itself, answer more than the page does."""
    try:
        answers = read_answers(file)
    except ChalkworkError:
        return False
    loose = {name: value for name, value in answers.items() if not isinstance(value, Mapping)}
    count = sum(len(part.solution.names_meant(loose, part.asked)) for part in solved.values())
    count += sum(
        len(solved[task].solution.names_meant(values, solved[task].asked))
        for task, values in answers.items()
        if isinstance(values, Mapping) and task in solved
    )
    asked = {task: {name.partition("[")[0] for name in part.asked} for task, part in solved.items()}
    own = sum(
        len({name.partition("[")[0] for name in values} & asked[task])
        for task, values in found.items()
        if isinstance(values, Mapping)
    )
    return count > own


def _working(page: Verification) -> tuple[WorkLine, ...]:
    wrong = [one for one in page.verdicts if one.verdict == "wrong"]
    return tuple(WorkLine(one.line, visible(one.formula, MOST_SHOWN), one.reason) for one in wrong[:MOST_LINES])
