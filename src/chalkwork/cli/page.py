"""`chalkwork page`: a page that marks an exercise in the browser; `chalkwork practice` opens it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from chalkwork.cli.door import A_SHEET, file_to_write, pour, say, sheet_of


def add(commands: Any) -> None:
    """Add the commands to the others."""
    page = commands.add_parser(
        "page",
        help="one HTML file in which a student works a sheet and is marked at once",
        description="Write one HTML file that needs no server: it marks as the command check does; docs/page.md.",
    )
    page.add_argument(
        "-o", "--output", metavar="OUT", type=file_to_write, required=True, help="a file; - is standard output"
    )
    page.set_defaults(run=_page, inputs=("sheet",))
    practice = commands.add_parser("practice", help="open the page of a sheet in the browser")
    practice.set_defaults(run=_practice, inputs=("sheet",))
    for command in (page, practice):
        command.add_argument("sheet", metavar="SHEET", help=A_SHEET)
        command.add_argument("--variants", metavar="N", type=int, help="so many variants behind the sheet as it is")
        command.add_argument("--seed", metavar="S", type=int, default=0, help="the same seed gives the same variants")


def _written(options: argparse.Namespace) -> str:
    from chalkwork.classroom.page import sheet_page
    from chalkwork.classroom.variants import vary

    sheet = sheet_of(options.sheet)
    return sheet_page(sheet, None if options.variants is None else vary(sheet, options.variants, options.seed))


def _page(options: argparse.Namespace) -> int:
    from chalkwork.files import write_aside

    written = _written(options)
    if options.output is None:
        pour(written)
        return 0
    write_aside(options.output, written)
    say(f"{options.output} written")
    return 0


def _practice(options: argparse.Namespace) -> int:
    import webbrowser
    from tempfile import mkdtemp

    from chalkwork.files import write_aside

    path = Path(mkdtemp(prefix="chalkwork-")) / "practice.html"
    write_aside(path, _written(options))
    opened = webbrowser.open_new_tab(path.as_uri())
    say(f"{path} {'opened' if opened else 'written: no browser was found to open it'}")
    return 0
