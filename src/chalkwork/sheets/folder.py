"""A class of hand-ins: which files there are, and all of them marked, on many processors if there are many.

Marking works out each equation once for a whole batch, so batches are large. joblib hands them out: to the processes
of this machine, or to Dask or Ray where a `joblib.parallel_config` around the call says so.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any
from warnings import catch_warnings, filterwarnings

import numpy as np

from chalkwork.checking.reading.files import MAX_BYTES, PAGES, READERS
from chalkwork.documents.literal import visible
from chalkwork.errors import ChalkworkError, fault, faults_are
from chalkwork.sheets.check import Answers, HandIn, Unread, WorkLine, check_class
from chalkwork.sheets.journal import Journal, digest
from chalkwork.sheets.pages import read_hand_in
from chalkwork.sheets.schema import Sheet
from chalkwork.sheets.solve import solve_sheet

BATCH = 200
"""Hand-ins that are marked together."""
FEW_BATCHES = 10
"""What is marked sooner than workers start."""
BATCH_BYTES = 4 * MAX_BYTES
"""What the files of one batch hold at most, so that a few large ones do not fill the memory."""
MAX_FILES = 1_000
"""Files in the folder of one student."""
_NO_HAND_INS = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})

Outcome = HandIn | Unread


@dataclass(frozen=True, slots=True)
class HandInFile:
    """A file of answers and the title of its report, which no other file of the class has."""

    title: str
    path: Path


def check_folder(
    sheet: Sheet,
    paths: Sequence[str | Path],
    *,
    jobs: int | None = None,
    keep: Path | None = None,
    resume: bool = False,
    progress: Callable[[int, int], object] | None = None,
) -> tuple[list[HandIn], list[Unread]]:
    """The reports on all hand-ins that can be read, in order, and what is wrong with the others.

    Each of `paths` is a file, or a folder with one file or one subfolder a student.
    `jobs` is the number of processes, -1 for one a core; None for what a surrounding `joblib.parallel_config` says,
    else one. `progress` is called with how many are done and how many there are. Every finished batch is written to
    the journal `keep`; with `resume`, what stands there is not marked again unless its file or the sheet has changed.
    Whoever gives `keep` removes the file when the reports are safe.

    Raises ChalkworkError for a sheet that cannot be worked out and a journal that cannot be written.

    >>> from tempfile import TemporaryDirectory
    >>> from chalkwork.sheets.format import parse_sheet
    >>> text = "```graph\\nequations: c = a * b\\n```\\n```task\\nid: t\\nvalues: {a: 2, b: 3}\\nask: [c]\\n```\\n"
    >>> with TemporaryDirectory() as name:
    ...     for student, answer in ("ann", "c: 6"), ("bob", "c: 5"), ("eve", "c: !!python/none"):
    ...         _ = Path(name, f"{student}.yaml").write_text(answer)
    ...     hand_ins, errors = check_folder(parse_sheet(text), [name])
    >>> [(each.title, each.tasks[0].report["c"].verdict) for each in hand_ins], errors[0].message
    ([('ann.yaml', 'correct'), ('bob.yaml', 'wrong')], 'YAML tags are not read, found !!python/none')
    """
    solve_sheet(sheet)  # what is wrong with the sheet is no student's fault
    found = list(hand_in_files(paths, [keep] if keep else []))
    files = [each for each in found if isinstance(each, HandInFile)]
    journal = Journal(keep, sheet, resume) if keep else None
    digests = {file.title: digest(file.path) for file in files} if journal else {}
    outcomes: dict[str, Outcome] = {}
    if journal:
        for file in files:
            if (key := digests[file.title]) in journal.kept and key is not None:
                outcomes[file.title] = replace(journal.kept[key], title=file.title)
    report = progress or (lambda done, of: None)
    report(len(outcomes), len(files))
    for finished in _in_parallel(sheet, _batches([file for file in files if file.title not in outcomes]), jobs):
        outcomes |= finished
        if journal:
            hand_ins = ((digests[title], each) for title, each in finished.items() if isinstance(each, HandIn))
            journal.add((key, each) for key, each in hand_ins if key is not None)
        report(len(outcomes), len(files))
    everything = [outcomes[each.title] if isinstance(each, HandInFile) else each for each in found]
    return (
        [each for each in everything if isinstance(each, HandIn)],
        [each for each in everything if isinstance(each, Unread)],
    )


# --- which files ------------------------------------------------------------------------------------------------------


def hand_in_files(paths: Sequence[str | Path], without: Collection[Path] = ()) -> Iterator[HandInFile | Unread]:
    """The file of every student, or what is wrong with it; hidden files are passed over.

    In a folder links are refused, as they may lead to another student's file or out of the folder.
    """
    skipped = {path.resolve() for path in without}
    titles: set[str] = set()
    for each in map(Path, paths):
        for title, found in _of_folder(each, skipped) if each.is_dir() else [(each.name, each)]:
            if isinstance(found, ChalkworkError):
                yield Unread.of(found, visible(title))
                continue
            name = _unused(visible(title), visible(str(found)), titles)
            titles.add(name)
            yield HandInFile(name, found)


def _unused(title: str, path: str, titles: Collection[str]) -> str:
    if title not in titles:
        return title
    number = 1
    while (name := path if number == 1 else f"{path} ({number})") in titles:
        number += 1
    return name


def _of_folder(folder: Path, skipped: Collection[Path]) -> Iterator[tuple[str, Path | ChalkworkError]]:
    home = folder.resolve()
    for entry in _entries(folder):
        if isinstance(entry, ChalkworkError):
            yield folder.name, entry
        elif home / entry.name not in skipped:
            yield entry.name, _one_of(entry) if entry.is_dir() and not entry.is_symlink() else _regular(entry)


def _entries(folder: Path, most: int | None = None) -> Sequence[Path | ChalkworkError]:
    try:
        shown = (each for each in folder.iterdir() if each.name[:1] != "." and each.name not in _NO_HAND_INS)
        return sorted(islice(shown, most))
    except OSError as error:
        return [ChalkworkError(f"the folder cannot be read: {error.strerror}", file=str(folder))]


def _regular(file: Path) -> Path | ChalkworkError:
    if file.is_symlink():
        return ChalkworkError("a link is not followed", file=str(file), hint="put the file itself there")
    return file


def _one_of(folder: Path) -> Path | ChalkworkError:
    """The one file of answers in a student's folder."""
    entries = _entries(folder, MAX_FILES + 1)
    if entries and isinstance(entries[0], ChalkworkError):
        return entries[0]
    if len(entries) > MAX_FILES:
        return ChalkworkError(f"the folder holds more than {MAX_FILES} files", file=str(folder))
    files = [each for each in entries if isinstance(each, Path)]
    known = [file for file in files if file.suffix.lower() in {**READERS, **PAGES}] or [
        file for file in files if not file.is_dir()
    ]
    if len(known) == 1:
        return _regular(known[0])
    if not known:
        return ChalkworkError("the folder holds no file of answers", file=str(folder))
    names = ", ".join(file.name for file in known[:3])
    several = f"the folder holds several files of answers: {names:.200}"
    return ChalkworkError(several, file=str(folder), hint="leave one")


# --- marking ----------------------------------------------------------------------------------------------------------


def _batches(files: Sequence[HandInFile]) -> list[list[HandInFile]]:
    batches: list[list[HandInFile]] = []
    size = 0
    for file in files:
        own = min(_size(file.path), MAX_BYTES)
        if not batches or len(batches[-1]) == BATCH or size + own > BATCH_BYTES:
            batches.append([])
            size = 0
        batches[-1].append(file)
        size += own
    return batches


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except (OSError, ValueError):
        return 0


def _in_parallel(
    sheet: Sheet, batches: Sequence[Sequence[HandInFile]], jobs: int | None
) -> Iterator[Mapping[str, Outcome]]:
    """Every batch's outcomes as they come; a class of few batches is done before workers would have started."""
    if len(batches) <= FEW_BATCHES:
        yield from (mark_batch(sheet, batch) for batch in batches)
        return
    from concurrent.futures.process import BrokenProcessPool

    from joblib import Parallel, delayed

    try:
        run: Any = Parallel(n_jobs=jobs, return_as="generator_unordered")
    except ValueError:  # a backend that gives everything at the end
        run = Parallel(n_jobs=jobs)
    with catch_warnings():  # joblib's, that an interrupt ends what is being done
        filterwarnings("ignore", "[0-9]+ tasks which were still being processed", UserWarning)
        try:
            yield from run(delayed(_mark_apart)(sheet, batch, os.getpid()) for batch in batches)
        except BrokenProcessPool:
            raise ChalkworkError("a worker was ended, perhaps for want of memory", hint="use fewer jobs") from None


def _mark_apart(sheet: Sheet, files: Sequence[HandInFile], caller: int) -> dict[str, Outcome]:
    """`mark_batch` for a worker, which leaves an interrupt from the keyboard to the process that called it."""
    if os.getpid() != caller and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    return mark_batch(sheet, files)


def mark_batch(sheet: Sheet, files: Sequence[HandInFile]) -> dict[str, Outcome]:
    """The report or the error of every file, by title; one that cannot be marked costs only itself."""
    outcomes: dict[str, Outcome] = {}
    answers: dict[str, Answers] = {}
    working: dict[str, tuple[WorkLine, ...]] = {}
    for file in files:
        try:
            answers[file.title], working[file.title] = read_hand_in(file.path, solve_sheet(sheet))
        except Exception as error:  # whatever a hand-in brings about is its own
            outcomes[file.title] = _refusal(error, file.title)
    outcomes |= _marked(sheet, answers) if answers else {}
    for file in files:
        if isinstance(outcome := outcomes[file.title], Unread):
            outcome.at(file=str(file.path))
        elif working[file.title]:
            outcomes[file.title] = replace(outcome, working=working[file.title])
    return outcomes


def _marked(sheet: Sheet, answers: Mapping[str, Answers]) -> dict[str, Outcome]:
    try:
        with np.errstate(all="ignore"):  # a tutor is not to be told of numbers that overflow
            return {hand_in.title: hand_in for hand_in in check_class(sheet, answers)}
    except Exception as error:
        if len(answers) == 1:
            return {title: _refusal(error, title) for title in answers}
    titles = list(answers)
    middle = len(titles) // 2
    halves = ({title: answers[title] for title in part} for part in (titles[:middle], titles[middle:]))
    return {title: outcome for half in halves for title, outcome in _marked(sheet, half).items()}


def _refusal(error: Exception, title: str) -> Unread:
    if not isinstance(error, ChalkworkError):
        if faults_are("raised"):
            raise error
        error = ChalkworkError(f"it cannot be marked: {fault(error)}")
    return Unread.of(error, title)
