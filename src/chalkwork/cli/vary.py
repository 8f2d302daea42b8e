"""`chalkwork vary`: a sheet in, variants of it out; `chalkwork export`: into a learning platform."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from chalkwork.cli.door import A_SHEET, file_to_write, folder_to_write, pour, progressing, say, sheet_of
from chalkwork.errors import ChalkworkError


def add(commands: Any) -> None:
    """Add the commands to the others."""
    vary: argparse.ArgumentParser = commands.add_parser(
        "vary",
        help="fair variants of a sheet, with other numbers",
        description="Draw variants of a sheet: pleasant by hand, every named mistake tells, all about as much work.",
    )
    vary.add_argument("sheet", metavar="SHEET", help=A_SHEET)
    vary.add_argument("-n", metavar="N", dest="count", type=int, default=10, help="how many; 10 by default")
    vary.add_argument("--seed", metavar="S", type=int, default=0, help="the same seed gives the same variants")
    vary.add_argument("-o", "--output", metavar="FOLDER", type=folder_to_write, required=True, help="where they go")
    vary.add_argument(
        "--stratify",
        metavar="KEY",
        help="N of each kind: class (of the target), winner, inactive (units), or the name of a given",
    )
    vary.add_argument(
        "--format",
        metavar="FORMAT",
        help="also write what --show names: md, html, pdf, tex, docx, ipynb, json or txt",
    )
    vary.add_argument(
        "--show",
        nargs="+",
        choices=("sheet", "blanks", "form", "solution"),
        default=("sheet", "solution"),
        help="sheet and solution by default",
    )
    vary.add_argument(
        "--together", action="store_true", help="one PDF for the class, the code of the variant on every page"
    )
    vary.set_defaults(run=_vary, inputs=("sheet",))
    export: argparse.ArgumentParser = commands.add_parser(
        "export",
        help="a sheet, or variants of it, for a learning platform",
        description="Write the questions of a sheet for a learning platform; docs/exports.md says what each carries.",
    )
    export.add_argument("sheet", metavar="SHEET", help=A_SHEET)
    export.add_argument(
        "--to", metavar="PLATFORM", required=True, help="moodle, stack, ...: docs/exports.md lists them"
    )
    export.add_argument("-o", "--output", metavar="OUT", type=file_to_write, help="a file; - is standard output")
    export.add_argument("--variants", metavar="N", type=int, help="so many variants instead of the sheet as it is")
    export.add_argument("--seed", metavar="S", type=int, default=0, help="the same seed gives the same variants")
    export.add_argument("--stratify", metavar="KEY", help="N of each kind, as in vary")
    export.add_argument(
        "--partial", metavar="PERCENT", type=_percent, default=50, help="what a named mistake earns; 50 by default"
    )
    export.set_defaults(run=_export, inputs=("sheet",))


def _percent(text: str) -> int:
    if not text.isdecimal() or int(text) > 100:
        raise argparse.ArgumentTypeError("expected a whole number from 0 to 100")
    return int(text)


def _vary(options: argparse.Namespace) -> int:
    from chalkwork.classroom.paper import save_variants
    from chalkwork.classroom.summary import summary
    from chalkwork.classroom.variants import vary

    variants = vary(sheet_of(options.sheet), options.count, options.seed, stratify=options.stratify)
    with progressing() as progress:
        save_variants(variants, options.output, options.format, options.show, options.together, progress)
    say(summary(variants))
    say(f"\n{options.output} written")
    return 0


def _export(options: argparse.Namespace) -> int:
    from chalkwork.classroom.exports import exporter, items_of
    from chalkwork.classroom.summary import summary
    from chalkwork.classroom.variants import vary
    from chalkwork.files import write_aside

    write = exporter(options.to)  # an unknown platform is noticed before the work
    sheet, variants = sheet_of(options.sheet), None
    if options.variants is not None:
        variants = vary(sheet, options.variants, options.seed, stratify=options.stratify)
    written = write(items_of(sheet, variants), options.partial)
    if options.output is None and isinstance(written, bytes):
        raise ChalkworkError("a zip is written to a file, not to standard output", hint="-o names one")
    if options.output is None:
        pour(str(written))
        return 0
    write_aside(Path(options.output), written)
    if variants is not None:
        say(f"{summary(variants)}\n")
    say(f"{options.output} written")
    return 0
