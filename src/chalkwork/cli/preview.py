"""`chalkwork preview`: a sheet in the browser, shown anew whenever its file is saved."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from chalkwork.cli.door import STANDARD, say
from chalkwork.errors import ChalkworkError


def add(commands: Any) -> None:
    """Add the command to the others."""
    preview = commands.add_parser(
        "preview",
        help="a sheet in the browser, anew whenever it is saved",
        description="Show a sheet in the browser, anew whenever its file is saved. Errors stand there too.",
    )
    preview.add_argument("sheet", metavar="SHEET", help="a sheet in Markdown, or the name of one that comes along")
    preview.add_argument("--port", metavar="PORT", type=_port, default=0, help="a free one by default")
    preview.add_argument("--no-browser", action="store_true", help="print the address and open nothing")
    preview.set_defaults(run=_preview, inputs=("sheet",))


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError("expected a number from 0 to 65535")
    return int(text)


def _preview(options: argparse.Namespace) -> int:
    import webbrowser

    from chalkwork.cli.serving import Server
    from chalkwork.sheets.library import place_of

    if options.sheet == STANDARD:
        raise ChalkworkError("a preview follows a file, which standard input is not", hint="name the file of the sheet")
    try:
        server = Server(Path(place_of(options.sheet)), options.port)
    except OSError as error:
        raise ChalkworkError(f"port {options.port} cannot be used: {error.strerror}", hint="leave out --port") from None
    say(f"{options.sheet} is shown at {server.address}\nSave the file to see it anew; Ctrl-C ends it.")
    if not options.no_browser:
        webbrowser.open_new_tab(server.address)
    with server:
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            say("")
    return 0
