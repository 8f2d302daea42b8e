"""The command line: a thin door to the sheets."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence
from pathlib import Path

from chalkwork import __version__
from chalkwork.errors import ChalkworkError

BAD_INPUT = 2


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
        print(f"chalkwork: {error}", file=sys.stderr)
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
        help="a file for the reports: .json (everything), .csv (a line a student), .txt (the class at a glance)",
    )
    check.set_defaults(run=_check)
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


def _check(options: argparse.Namespace) -> int:
    from chalkwork.sheets.check import check_files
    from chalkwork.sheets.format import read_sheet
    from chalkwork.sheets.overview import overview, save_reports

    sheet = read_sheet(options.sheet)
    paths = [file for path in options.answers for file in (sorted(path.iterdir()) if path.is_dir() else [path])]
    hand_ins, errors = check_files(sheet, paths)
    if options.output is not None:
        save_reports(hand_ins, options.output)
        print(f"{options.output} written")
    elif len(hand_ins) == 1:
        print(hand_ins[0])
    else:
        print("\n\n".join([*map(str, hand_ins), overview(hand_ins)]))
    for error in errors:
        print(f"chalkwork: {error}", file=sys.stderr)
    return BAD_INPUT if errors else 0
