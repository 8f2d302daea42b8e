"""The command line. What it needs is imported where an interrupt is said."""

import sys


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the result is its exit code: 0, or 2 for bad input, which is explained on standard error."""
    try:
        from chalkwork.cli.commands import parser_of
        from chalkwork.cli.door import enter

        given = sys.argv[1:] if arguments is None else arguments
        return enter(parser_of(given), given)
    except KeyboardInterrupt:  # before or after the work, which says it by itself
        if sys.stderr is not None:
            sys.stderr.write("chalkwork: interrupted\n")
        return 130
