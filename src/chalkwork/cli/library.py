"""The commands `sheets` and `new`: what comes with Chalkwork, and a sheet of one's own to begin with."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from chalkwork.cli.door import folder_to_write, note, say
from chalkwork.counting import counted
from chalkwork.errors import ChalkworkError

KINDS = {
    "network": "a network: forward pass, back-propagation, update",
    "graph": "a computation graph and its derivatives",
    "descent": "gradient descent on a function",
    "claim": "a proof, checked line by line",
}


def add(commands: Any) -> None:
    """The two commands."""
    sheets = commands.add_parser("sheets", help="the sheets that come with Chalkwork")
    sheets.add_argument(
        "-o",
        "--output",
        metavar="FOLDER",
        type=folder_to_write,
        help="a gallery: a page with a picture of each, and a page with the solution of each, as HTML",
    )
    sheets.set_defaults(run=_sheets, inputs=())
    new = commands.add_parser("new", help="a commented sheet to start from")
    new.add_argument("name", metavar="NAME", nargs="?", default="sheet", help="the name of the file: NAME.md")
    kinds = "; ".join(f"{kind}: {said}" for kind, said in KINDS.items())
    new.add_argument("--kind", choices=KINDS, help=f"{kinds}; asked for if left out")
    new.set_defaults(run=_new, inputs=())


def _sheets(options: argparse.Namespace) -> int:
    from chalkwork.sheets.format import read_sheet
    from chalkwork.sheets.library import shipped

    if options.output is not None:
        from chalkwork.sheets.gallery import pages

        number = pages(options.output)
        say(f"{counted(number, 'sheet')} in {options.output / 'index.html'}")
        return 0
    say("\n".join(f"{name}\n    {read_sheet(path).title}" for name, path in shipped().items()))
    note("\nchalkwork solve NAME works one out; -o solution.pdf writes it")
    return 0


def _new(options: argparse.Namespace) -> int:
    from chalkwork.files import write_aside
    from chalkwork.sheets.library import starters

    path = Path(options.name if Path(options.name).suffix else f"{options.name}.md")
    if path.exists():
        raise ChalkworkError(f"{path} is there already", hint="give another name: chalkwork new NAME")
    kind = options.kind or _asked()
    write_aside(path, starters()[kind].read_text(encoding="utf-8"))
    say(
        f"{path} written: {KINDS[kind]}\nchalkwork preview {path} shows it while you change it; "
        f"chalkwork solve {path} prints its solution"
    )
    return 0


def _asked() -> str:
    """The kind that somebody at a terminal chooses; the first where nobody is asked."""
    if not sys.stdin or not sys.stdin.isatty():
        return next(iter(KINDS))
    for number, (kind, said) in enumerate(KINDS.items(), 1):
        say(f"{number}  {kind:<8} {said}")
    while True:
        note("Which kind? (a number or a name; 1 if you just press Enter)")
        typed = sys.stdin.readline().strip() or "1"
        if typed in KINDS:
            return typed
        if typed.isdecimal() and 0 < int(typed) <= len(KINDS):
            return list(KINDS)[int(typed) - 1]
