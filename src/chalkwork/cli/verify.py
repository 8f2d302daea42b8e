"""The command `verify`: somebody's document, every formula in it judged."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from chalkwork.cli.door import STANDARD, file_to_write, from_standard_input, pour, say, sheet_of
from chalkwork.errors import ChalkworkError

WRONG = 1
_WRITTEN = (".json", ".txt", ".html", ".md", ".pdf", ".docx")


def add(commands: Any) -> None:
    """Add the command to the others."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "verify",
        help="the first wrong line of a solution that somebody wrote",
        description="Read every formula of a document in its context and judge it. Exit code 1: one is wrong.",
    )
    parser.add_argument(
        "documents",
        metavar="DOCUMENT",
        nargs="+",
        type=Path,
        help="Markdown, LaTeX, a notebook, plain text, or a folder of them; - reads Markdown from standard input",
    )
    parser.add_argument(
        "--sheet",
        metavar="SHEET",
        help="the sheet whose tasks the documents work out: a file, or the name of one that comes with Chalkwork",
    )
    parser.add_argument("--json", action="store_true", help="the verdicts as JSON on standard output")
    parser.add_argument("--all", action="store_true", help="what is right, too")
    parser.add_argument(
        "-o", "--output", metavar="OUT", type=file_to_write, help=f"a file for the report: {' '.join(_WRITTEN)}"
    )
    parser.set_defaults(run=_verify, inputs=("documents",))


def _verify(options: argparse.Namespace) -> int:
    from chalkwork.checking.reading.files import PAGES
    from chalkwork.verification import verify
    from chalkwork.verification.finding import MOST_BYTES, shown_text
    from chalkwork.verification.report import to_terminal

    if options.output is not None and options.output.suffix not in _WRITTEN:
        raise ChalkworkError(f"a report is written as {', '.join(_WRITTEN)}, not {options.output.suffix or 'nothing'}")
    exercises = None
    if options.sheet is not None:
        from chalkwork.sheets.solve import solve_sheet

        exercises = solve_sheet(sheet_of(options.sheet))
    found, texts = {}, {}
    for path in _files(options.documents):
        name, form = str(path), PAGES.get(path.suffix.lower(), "markdown")
        if name == STANDARD:
            name, text = "standard input", from_standard_input(MOST_BYTES).decode("utf-8", "replace")
        else:
            text = _text(path)
        try:
            found[name] = verify(text, form, exercises=exercises)
        except ChalkworkError as error:
            raise error.at(file=name) from None
        texts[name] = shown_text(text, form)
    data = {name: one.to_data() for name, one in found.items()}
    as_json = json.dumps(data if len(data) > 1 else next(iter(data.values())), ensure_ascii=False, indent=1)
    if options.output is not None:
        _save(options.output, found, texts, as_json)
        say(f"{options.output} written")
    elif options.json:
        pour(as_json + "\n")
    else:
        say("\n\n".join(to_terminal(one, name, everything=options.all) for name, one in found.items()))
    return WRONG if any(one.first_wrong is not None for one in found.values()) else 0


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        unread = isinstance(error, UnicodeDecodeError)
        why = "it is not UTF-8" if unread else getattr(error, "strerror", None) or error
        raise ChalkworkError(f"{path} cannot be read: {why}") from None


def _files(given: list[Path]) -> list[Path]:
    from chalkwork.checking.reading.files import PAGES

    found: list[Path] = []
    for path in given:
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(one for one in path.rglob("*") if one.suffix.lower() in PAGES and one.is_file())
        if not inside:
            raise ChalkworkError(f"{path} holds no document", hint=f"documents end in {', '.join(PAGES)}")
        found += inside
    return found


def _save(path: Path, found: dict[str, Any], texts: dict[str, str], as_json: str) -> None:
    from chalkwork.documents.model import Block, Document, Heading
    from chalkwork.files import write_aside
    from chalkwork.solutions.export import save
    from chalkwork.solutions.workbook import Workbook
    from chalkwork.verification.page import to_html
    from chalkwork.verification.report import to_document, to_terminal

    if path.suffix == ".html":
        write_aside(path, to_html({name: (one, texts[name]) for name, one in found.items()}))
    elif path.suffix == ".json":
        write_aside(path, as_json + "\n")
    elif path.suffix == ".txt":
        write_aside(path, "\n\n".join(to_terminal(one, name, everything=True) for name, one in found.items()) + "\n")
    else:
        pages = [to_document(one, name) for name, one in found.items()]
        blocks: tuple[Block, ...] = pages[0].blocks
        for page in pages[1:]:
            blocks += (Heading(page.title, 2), *page.blocks)
        title = pages[0].title if len(pages) == 1 else "Verified"
        save(Workbook(title, Document(title, blocks), ()), path)
