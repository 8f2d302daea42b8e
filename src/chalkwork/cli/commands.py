"""The commands for sheets: a thin door; `train` and `predict`, for tables, have files of their own."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from chalkwork import __version__
from chalkwork.cli.door import (
    A_SHEET,
    BAD_INPUT,
    STANDARD,
    Parser,
    complain,
    file_to_write,
    from_standard_input,
    printing,
    progressing,
    say,
    sheet_of,
    terminal_width,
)
from chalkwork.errors import ChalkworkError

MOST_JOBS = 1_000
INPUT = "standard input"
MARGIN = 4
"""Columns of the page that equations leave free."""


_FILES = {
    "verify": "verify", "sheets": "library", "new": "library", "preview": "preview", "train": "train",
    "predict": "predict", "vary": "vary", "export": "vary", "page": "page", "practice": "page",
}  # fmt: skip
"""The file of this room that each command is in; those that are not named here are in this one."""


def parser_of(arguments: Sequence[str]) -> Parser:
    """The parser of the command that the arguments name; of the whole command line where they name none."""
    parser = Parser(prog="chalkwork", description="The neural network that shows its work.")
    parser.add_argument("--traceback", action="store_true", help="show where a fault of Chalkwork is, to report it")
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_solve(commands)
    _add_check(commands)
    named = next((word for word in arguments if not word.startswith("-")), "")
    wanted = [_FILES[named]] if named in _FILES else [] if named in commands.choices else _FILES.values()
    for file in dict.fromkeys(wanted):
        import_module(f"chalkwork.cli.{file}").add(commands)
    for command in commands.choices.values():  # understood after the command as well
        command.add_argument("--traceback", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    return parser


def _add_solve(commands: Any) -> None:
    solve = commands.add_parser("solve", help="the complete worked solution of a sheet")
    solve.add_argument("sheet", metavar="SHEET", help=A_SHEET)
    solve.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        type=file_to_write,
        help="a file to write; its suffix chooses the format: .md .html .pdf .tex .docx .ipynb .json .txt; text on "
        "standard output by default, and with -",
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
    solve.set_defaults(run=_solve, inputs=("sheet",))


def _add_check(commands: Any) -> None:
    check = commands.add_parser("check", help="what is wrong first in answers to a sheet, and why")
    check.add_argument("sheet", metavar="SHEET", help=A_SHEET)
    check.add_argument(
        "answers",
        metavar="ANSWERS",
        nargs="+",
        type=Path,
        help="files of answers: .yaml .json .csv .md .txt .ipynb; or a folder with one file a student; - reads a "
        "hand-in from standard input",
    )
    check.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        type=file_to_write,
        help="a file for the reports: .html .md (to read), .json (everything), .csv (a line a student), .txt (the "
        "class at a glance); or a folder, for a page a student; text on standard output by default, and with -",
    )
    check.add_argument(
        "--view",
        choices=("tutor", "student"),
        default="tutor",
        help="for whom the reports in OUT are: a student's holds hints and nothing that is expected",
    )
    check.add_argument(
        "--each",
        action="store_true",
        help="print the report on every hand-in of a folder, not the class at a glance alone",
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
    check.set_defaults(run=_check, inputs=("sheet", "answers"))


def _solve(options: argparse.Namespace) -> int:
    from chalkwork.sheets.document import workbook
    from chalkwork.sheets.schema import with_style

    sheet = with_style(sheet_of(options.sheet), options.notation, options.decimals)
    if options.output is None:
        from chalkwork.documents.terminal import print_document
        from chalkwork.typesetting.values import on_lines_of

        width = terminal_width()
        with printing(), on_lines_of(width - MARGIN):
            print_document(workbook(sheet, options.show, drawings=False).document, width)
    else:
        from chalkwork.solutions.export import save

        book = workbook(sheet, options.show)
        save(book, options.output)
        say(f"{options.output} written")
    return 0


def _jobs(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= MOST_JOBS:
        raise argparse.ArgumentTypeError(f"expected a number from 1 to {MOST_JOBS}")
    return int(text)


def _check(options: argparse.Namespace) -> int:
    from chalkwork.sheets.folder import check_folder
    from chalkwork.sheets.overview import overview, save_reports, writer_of

    if options.output is not None:
        writer_of(options.output)  # a wrong suffix is noticed before the work
        _keep_apart(options.output, options.answers)
    if options.resume and options.output is None and options.sheet == STANDARD:
        raise ChalkworkError(
            "--resume keeps what is marked beside a file, but the sheet is standard input",
            hint="-o names a file for the reports",
        )
    if Path(STANDARD) in options.answers:
        return _check_standard(options)
    sheet = sheet_of(options.sheet)
    beside = options.output or (Path(options.sheet) if options.resume else None)
    journal = Path(f"{beside.resolve()}.journal") if beside else None
    with progressing() as progress, _saying_how_to_go_on(journal):
        hand_ins, errors = check_folder(
            sheet,
            options.answers,
            jobs=options.jobs,
            keep=journal,
            resume=options.resume,
            progress=progress,
        )
    several = len(hand_ins) + len(errors) > 1
    for error in errors if options.output is not None or not several else ():
        complain(str(error))
    if not hand_ins and not errors:
        raise ChalkworkError("there are no hand-ins")
    if options.output is None:
        if options.each or not several or not any(path.is_dir() for path in options.answers):
            say("\n\n".join(hand_in.written(terminal_width()) for hand_in in hand_ins) + ("\n" if several else ""))
        if several:
            say(overview(hand_ins, errors, sheet.language))
    elif hand_ins or errors:
        save_reports(sheet, hand_ins, options.output, options.view, errors)
        say(f"{options.output} written")
    if journal:
        journal.unlink(missing_ok=True)
    return BAD_INPUT if errors else 0


def _check_standard(options: argparse.Namespace) -> int:
    """Mark the one hand-in that is standard input."""
    from chalkwork.checking.reading.files import MAX_BYTES, decode_answers
    from chalkwork.sheets.check import check_hand_in
    from chalkwork.sheets.overview import save_reports

    if len(options.answers) > 1 or options.sheet == STANDARD:
        raise ChalkworkError("standard input is one hand-in, and nothing else", hint="give the others as files")
    sheet = sheet_of(options.sheet)
    hand_in = check_hand_in(sheet, decode_answers(from_standard_input(MAX_BYTES), INPUT), INPUT)
    if options.output is None:
        say(hand_in.written(terminal_width()))
    else:
        save_reports(sheet, [hand_in], options.output, options.view, [])
        say(f"{options.output} written")
    return 0


def _keep_apart(output: Path, answers: Sequence[Path]) -> None:
    """Raise ChalkworkError where reports would come to lie among the hand-ins, and be taken for one the next time."""
    for folder in answers:
        if folder.is_dir() and folder.resolve() in (output.resolve(), *output.resolve().parents):
            raise ChalkworkError(
                f"{output} lies in the folder of the hand-ins", hint="give a place outside of it with -o"
            )


@contextmanager
def _saying_how_to_go_on(journal: Path | None) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        if journal is not None:
            complain(f"what has been marked is kept in {journal}; the same command with --resume goes on from there")
        raise
