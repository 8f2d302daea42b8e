"""What every command has at its door: how it says something, what it leaves alone, and how it ends."""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from chalkwork.documents.literal import shown, visible
from chalkwork.errors import TRACEBACK, ChalkworkError, fault, faults_are
from chalkwork.files import kept_apart, nowhere, refuse_input

if TYPE_CHECKING:
    from chalkwork.sheets.schema import Sheet

FAULT, BAD_INPUT, INTERRUPTED = 1, 2, 130
NARROWEST, PAGE, WIDEST = 56, 80, 110
STANDARD = "-"
"""Standard input or output in place of a file."""
A_SHEET = "a sheet in Markdown, or the name of one that comes with Chalkwork (chalkwork sheets); - reads standard input"


class Parser(argparse.ArgumentParser):
    """A parser that speaks as every command does."""

    def _print_message(self, message: str, file: Any = None) -> None:
        (say if file is sys.stdout else note)(message.rstrip("\n"))


def enter(parser: Parser, arguments: Sequence[str] | None) -> int:
    """Run the command that the arguments name; its exit code.

    What it reads (its default `inputs` names the arguments) is not written over. Whatever goes wrong is said in words
    on standard error: 2 for bad input, 130 for an interrupt, 1 for a fault of Chalkwork's own.
    """
    _prepare_streams()
    interrupts: list[int] = []
    try:
        options = parser.parse_args(arguments)
        if options.traceback:
            os.environ.setdefault(TRACEBACK, "shown")
        if sys.stdout is None and getattr(options, "output", None) is None:
            raise ChalkworkError("there is no standard output to print on", hint="-o names a file")
        with _noting(interrupts), _warnings_in_words(), kept_apart(_inputs(options)):
            if getattr(options, "output", None) is not None:
                refuse_input(options.output)
            return int(options.run(options))
    except (Exception, KeyboardInterrupt) as error:
        if interrupts and isinstance(error, ImportError):  # a library in C that was being loaded made this of it
            error = KeyboardInterrupt()
        return _ended(error)


@contextmanager
def _noting(interrupts: list[int]) -> Iterator[None]:
    """Note the interrupts that come, beside what Python does with them."""

    def note_it(number: int, frame: FrameType | None) -> None:
        interrupts.append(number)
        signal.default_int_handler(number, frame)

    noting = False
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        with suppress(ValueError):  # of a thread that is not the main one
            signal.signal(signal.SIGINT, note_it)
            noting = True
    try:
        yield
    finally:
        if noting:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def _inputs(options: argparse.Namespace) -> Iterator[Path]:
    for name in options.inputs:
        given = getattr(options, name)
        for each in given if isinstance(given, list) else [given]:
            yield Path("/dev/stdin" if str(each) == STANDARD else each)  # which may be a file


def _ended(error: BaseException) -> int:
    """Say what ended a command; its exit code."""
    match error:
        case BrokenPipeError():  # who reads has read enough
            return 0
        case KeyboardInterrupt():
            complain("interrupted")
            return INTERRUPTED
        case ChalkworkError():
            complain(str(error))
            return BAD_INPUT
    if faults_are("raised"):
        raise error
    complain(fault(error))
    if faults_are("shown"):
        note("".join(traceback.format_exception(error)))
    return FAULT


def file_to_write(text: str) -> Path | None:
    """What `-o` names: a file; None for standard output."""
    return None if text == STANDARD else Path(text)


def folder_to_write(text: str) -> Path:
    """What `-o` names: a folder, which standard output is not."""
    if text == STANDARD:
        raise argparse.ArgumentTypeError("a folder is written, not standard output")
    return Path(text)


def from_standard_input(most: int) -> bytes:
    """All that standard input holds, or one byte more than `most`. Raises ChalkworkError where there is none."""
    if sys.stdin is None:
        raise ChalkworkError("there is no standard input to read from")
    try:
        return sys.stdin.buffer.read(most + 1)
    except OSError as error:
        raise ChalkworkError(f"standard input cannot be read: {error.strerror}") from None


def sheet_of(name: str) -> Sheet:
    """The sheet in a file, in standard input, or the shipped one of that name."""
    from chalkwork.sheets.format import MAX_BYTES, decode_sheet
    from chalkwork.sheets.library import find_sheet

    return find_sheet(name) if name != STANDARD else decode_sheet(from_standard_input(MAX_BYTES), "standard input")


@contextmanager
def _warnings_in_words() -> Iterator[None]:
    """A warning that is meant for people is said as everything else is; one of a library's own is not theirs."""
    if faults_are("raised"):
        yield
        return

    def show(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
        if category is UserWarning:
            complain(visible(str(message)))

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield


# --- saying something -------------------------------------------------------------------------------------------------


def _prepare_streams() -> None:
    """Have a standard error, and streams that take every sign: a terminal without Greek letters gets question marks."""
    if sys.stderr is None:  # closed by whoever called
        sys.stderr = nowhere()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def terminal_width() -> int:
    """How many columns a page on standard output has: those of the terminal within what can be read, else 80."""
    if sys.stdout is None or not sys.stdout.isatty():
        return PAGE
    from shutil import get_terminal_size

    return max(NARROWEST, min(WIDEST, get_terminal_size((PAGE, 24)).columns))


def say(text: str) -> None:
    """Print what may hold a stranger's words: no sign of them reaches the terminal but those that show something."""
    with printing():
        print(shown(text))


def pour(data: str) -> None:
    """Print data for another program as they are; on a terminal, as `say` does."""
    with printing():
        if sys.stdout is not None:
            sys.stdout.write(shown(data) if sys.stdout.isatty() else data)


def complain(words: str) -> None:
    """A paragraph on standard error, perhaps with an excerpt below."""
    note(f"chalkwork: {words}")


def note(text: str) -> None:
    """Print on standard error, as `say` does."""
    try:
        print(shown(text), file=sys.stderr, flush=True)
    except OSError:  # there is nowhere else to say it
        _give_up(sys.stderr)


@contextmanager
def printing() -> Iterator[None]:
    """Print all of it now. Raises ChalkworkError where it cannot be, BrokenPipeError where nobody reads any more."""
    try:
        yield
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        _give_up(sys.stdout)
        raise
    except OSError as error:
        _give_up(sys.stdout)
        raise ChalkworkError(f"standard output cannot be written: {error.strerror}") from None


def _give_up(stream: Any) -> None:
    """Let what is left to write go nowhere, so that Python does not try again at the end."""
    with suppress(OSError, ValueError), nowhere() as end:
        os.dup2(end.fileno(), stream.fileno())


@contextmanager
def progressing() -> Iterator[Callable[[int, int], None] | None]:
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
