"""The command line: a thin door to the sheets and to the tables; `train` and `predict` have files of their own."""

from __future__ import annotations

import argparse
import io
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from chalkwork import __version__
from chalkwork.cli import predict, train
from chalkwork.errors import ChalkworkError

BAD_INPUT = 2
MOST_JOBS = 1_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the result is its exit code: 0, or 2 for bad input, which is explained on standard error."""
    parser = _parser()
    options = parser.parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal without Greek letters gets question marks
            stream.reconfigure(errors="replace")
    try:
        return int(options.run(options))
    except ChalkworkError as error:
        _complain(error)
        return BAD_INPUT
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="chalkwork", description="The neural network that shows its work.")
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    solve = commands.add_parser("solve", help="the complete worked solution of a sheet")
    solve.add_argument("sheet", metavar="SHEET", help="a sheet in Markdown")
    solve.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        type=Path,
        help="a file to write; its suffix chooses the format: .md .html .pdf .tex .docx .ipynb .json .txt",
    )
    solve.add_argument(
        "--show",
        choices=("solution", "sheet", "blanks", "form"),
        default="solution",
        help="the sheet with solutions (the default), without them, with blanks to fill in by hand, or with a form to "
        "type the answers into, for the command check",
    )
    solve.add_argument("--notation", metavar="NAME", help="a named notation instead of the sheet's")
    solve.add_argument("--decimals", metavar="N", type=int, help="decimals instead of the sheet's")
    solve.set_defaults(run=_solve)
    check = commands.add_parser("check", help="what is wrong first in answers to a sheet, and why")
    check.add_argument("sheet", metavar="SHEET", help="a sheet in Markdown")
    check.add_argument(
        "answers",
        metavar="ANSWERS",
        nargs="+",
        type=Path,
        help="files of answers: .yaml .json .csv .md .txt .ipynb; or a folder with one file a student",
    )
    check.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        type=Path,
        help="a file for the reports: .html .md (to read), .json (everything), .csv (a line a student), .txt (the "
        "class at a glance); or a folder, for a page a student",
    )
    check.add_argument(
        "--view",
        choices=("tutor", "student"),
        default="tutor",
        help="for whom the reports in OUT are: a student's holds hints and nothing that is expected",
    )
    check.add_argument(
        "--jobs", metavar="N", type=_jobs, default=-1, help="processes that mark a large class; all cores by default"
    )
    check.add_argument(
        "--resume",
        action="store_true",
        help="go on where an interrupted run of the same command stopped: what it marked stands in OUT.journal "
        "(without -o in SHEET.journal, and only with this option)",
    )
    check.set_defaults(run=_check)
    train.add(commands)
    predict.add(commands)
    return parser


def _solve(options: argparse.Namespace) -> int:
    from chalkwork.sheets.document import workbook
    from chalkwork.sheets.format import read_sheet
    from chalkwork.sheets.schema import with_style

    sheet = with_style(read_sheet(options.sheet), options.notation, options.decimals)
    book = workbook(sheet, options.show, drawings=options.output is not None)
    if options.output is None:
        from chalkwork.documents.terminal import print_document

        print_document(book.document)
    else:
        from chalkwork.solutions.export import save

        save(book, options.output)
        print(f"{options.output} written")
    return 0


def _jobs(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= MOST_JOBS:
        raise argparse.ArgumentTypeError(f"expected a number from 1 to {MOST_JOBS}")
    return int(text)


def _check(options: argparse.Namespace) -> int:
    from chalkwork.sheets.folder import check_folder
    from chalkwork.sheets.format import read_sheet
    from chalkwork.sheets.overview import overview, save_reports, writer_of

    if options.output is not None:
        writer_of(options.output)  # a wrong suffix is noticed before the work
    sheet = read_sheet(options.sheet)
    beside = options.output or (Path(options.sheet) if options.resume else None)
    journal = Path(f"{beside.resolve()}.journal") if beside else None
    with _progress() as progress:
        hand_ins, errors = check_folder(
            sheet,
            options.answers,
            jobs=options.jobs,
            keep=journal,
            resume=options.resume,
            without=[options.output] if options.output else [],
            progress=progress,
        )
    for error in errors:
        _complain(error)
    if not hand_ins and not errors:
        raise ChalkworkError("there are no hand-ins")
    if options.output is None:
        _print("\n\n".join(str(hand_in) for hand_in in hand_ins))
        if len(hand_ins) > 1:
            _print(f"\n{overview(hand_ins)}")
    elif hand_ins or errors:
        save_reports(sheet, hand_ins, options.output, options.view, errors)
        _print(f"{options.output} written")
    if journal:
        journal.unlink(missing_ok=True)
    return BAD_INPUT if errors else 0


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None] | None]:
    """A bar on standard error that shows how many are done; nothing where that is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


def _print(text: str) -> None:
    """Print what may hold a stranger's words: no sign of them reaches the terminal but those that show something."""
    from chalkwork.documents.literal import visible

    for line in text.split("\n"):
        print(re.sub("[^ ]+", lambda word: visible(word[0]), line))


def _complain(error: ChalkworkError) -> None:
    from chalkwork.documents.literal import visible

    print(f"chalkwork: {visible(str(error))}", file=sys.stderr)
