"""What every command holds to: nothing a stranger wrote steers a terminal, and whatever ends one is said in words."""

from __future__ import annotations

import ast
import io
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest
from doors import QUICK, SHEET, TABLE, files_of

import chalkwork
from chalkwork.checking.reading.files import READERS
from chalkwork.cli import main
from chalkwork.errors import TRACEBACK, ChalkworkError

ROOT = Path(chalkwork.__file__).parent
# --- what a terminal sees ---------------------------------------------------------------------------------------------

UNSEEN = "\x1b[31m\x9b1m\x07\x08\u202e\u2066\u200b\ufeff\x85\U000e0041"
"""Of C0 and C1, of the signs that turn the direction of writing, and of those that show nothing."""


def seen(text: str) -> bool:
    return all(sign == "\n" or (sign.isprintable() and sign not in UNSEEN.replace("[31m", "").replace("1m", ""))
               for sign in text)  # fmt: skip


@pytest.mark.parametrize("show", ["solution", "sheet", "blanks", "form"])
@pytest.mark.parametrize("mark", UNSEEN.replace("[31m", "").replace("1m", ""))
def test_a_sheet_does_not_steer_the_terminal(show, mark, here, capsys):
    (here / "sheet.md").write_text(SHEET.format(mark=mark), encoding="utf-8", newline="")
    main(["solve", "sheet.md", "--show", show])
    captured = capsys.readouterr()
    assert seen(captured.out) and seen(captured.err)
    main(["solve", "sheet.md", "--show", show, "-o", "out.txt"])
    assert not (here / "out.txt").exists() or seen((here / "out.txt").read_text(encoding="utf-8"))


@pytest.mark.parametrize("suffix", READERS)
def test_a_hand_in_does_not_steer_the_terminal(suffix, here, capsys):
    name = f"c{UNSEEN}"
    forms = {
        ".json": json.dumps({"c": UNSEEN, name: "1", "t": UNSEEN}),
        ".csv": f"name,value\nc,{UNSEEN}\n{name},1\n",
        ".md": f"```answers\nc: {UNSEEN}\n{name}: 1\n```",
    }
    text = forms.get(suffix, f'c: "{UNSEEN}"\n{name}: 1\n')
    hand_in = here / f"a{UNSEEN}{suffix}"
    hand_in.write_text(text, encoding="utf-8", newline="")
    main(["check", "sheet.md", str(hand_in), "class"])
    captured = capsys.readouterr()
    assert captured.out and seen(captured.out) and seen(captured.err)


@pytest.mark.parametrize(
    "command",
    [["solve"], ["check", "sheet.md"], ["check", "sheet.md", "class", "-o"], ["train", "--target", "kind"],
     ["train", "table.csv", "--target"], ["train", "table.csv", "--target", "kind", "--engine"],
     ["train", "table.csv", "--target", "kind", "--hidden"], ["predict", "model"], ["solve", "sheet.md", "--show"],
     ["solve", "sheet.md", "--notation"], ["solve", "sheet.md", "--nonsense"], []],
)  # fmt: skip
def test_an_argument_does_not_steer_the_terminal(command, here, capsys):
    (here / "table.csv").write_text(TABLE)
    try:
        code = main([*command, f"x{UNSEEN}.txt"])
    except SystemExit as stop:
        code = stop.code
    captured = capsys.readouterr()
    assert seen(captured.out) and seen(captured.err)
    assert code == 2 or "written" in captured.out


def test_a_table_does_not_steer_the_terminal(here, capsys, monkeypatch):
    text = TABLE.replace("size", f"size{UNSEEN}").replace("low", f"low{UNSEEN}").replace("\x85", "")
    (here / "table.csv").write_text(text, encoding="utf-8", newline="")
    assert main(["train", "table.csv", "--target", "kind", "-o", f"m{UNSEEN}", *QUICK]) == 0
    captured = capsys.readouterr()
    assert seen(captured.out) and seen(captured.err)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert main(["predict", f"m{UNSEEN}", "table.csv"]) == 0
    captured = capsys.readouterr()
    assert captured.out and seen(captured.out) and seen(captured.err)


PRINTERS = (
    "cli/door.py",
    "documents/terminal.py",
    "laboratory/claims/worker.py",  # which talks to the process that started it
    "cli/__init__.py",  # before the door is there
    "networks/moments.py",  # a line for a measurement, which somebody asked for
)


def test_one_place_prints() -> None:
    for path in ROOT.rglob("*.py"):
        text = path.read_text()
        if "print" not in text and "sys.std" not in text:
            continue
        calls = [ast.unparse(node.func) for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
        prints = {call for call in calls if call in ("print", "sys.stdout.write", "sys.stderr.write", "console.print")}
        allowed = path.relative_to(ROOT).as_posix() in PRINTERS
        assert not prints or allowed, f"{path} prints"


# --- how a command ends -----------------------------------------------------------------------------------------------

RUN = [sys.executable, "-c", "import sys; from chalkwork.cli import main; sys.exit(main())"]
PRINTING = {
    "solve": "solve sheet.md",
    "check": "check sheet.md class",
    "train": f"train table.csv --target kind -o {{model}} {' '.join(QUICK)}",
    "predict": "predict kept.csv table.csv",
    "help": "--help",
    "help of a command": "solve --help",
    "version": "--version",
}


def shell(line: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command in a shell, whose redirections it has."""
    command = shlex.join(RUN) + " " + line
    return subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, timeout=60, env=os.environ | environment
    )


def ended(line: str, given: bytes = b"", out: Any = None) -> tuple[Any, str, str]:
    """The command in this process: its exit code and its outputs; `out` is another one, False none at all."""
    kept, shown = (sys.stdin, sys.stdout, sys.stderr), io.BytesIO()
    stdout = io.TextIOWrapper(shown, encoding="utf-8") if out is None else out or None
    errors = io.StringIO()
    sys.stdin, sys.stdout, sys.stderr = io.TextIOWrapper(io.BytesIO(given)), stdout, errors
    try:
        code: Any = main(line.split())
    except SystemExit as end:
        code = end.code
    finally:
        sys.stdin, sys.stdout, sys.stderr = kept
    return code, shown.getvalue().decode(), errors.getvalue()


@contextmanager
def full() -> Iterator[IO[str]]:
    """An output that takes nothing; what was not given up is an error where it is closed."""
    with Path("/dev/full").open("w", encoding="utf-8") as stream:
        yield stream


@contextmanager
def enough() -> Iterator[IO[str]]:
    """A pipe that nobody reads any more."""
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w", encoding="utf-8") as stream:
        yield stream


@pytest.fixture
def with_model(here: Path, model: Path) -> Path:
    (here / "table.csv").write_text(TABLE)
    (here / "kept.csv").write_bytes((model / "model" / "model.safetensors").read_bytes())
    return here


DASHES = {
    "solve -": "solve sheet.md",
    "solve sheet.md -o -": "solve sheet.md",
    "solve - --output -": "solve sheet.md",
    "check - class -o -": "check sheet.md class",
    "predict kept.csv table.csv -o -": "predict kept.csv table.csv",
}


def test_a_dash_is_standard_input_or_output(with_model):
    before, sheet = files_of(with_model), (with_model / "sheet.md").read_bytes()
    for line, plain in DASHES.items():
        code, shown, errors = ended(plain)
        assert code == 0 and shown
        assert ended(line, sheet) == (0, shown, errors)
        if "-o" in line:
            with full() as out:
                code, _, errors = ended(line, sheet, out)
            assert code == 2 and "standard output cannot be written" in errors
    done, plain = shell("check - class -o - < sheet.md"), shell("check sheet.md class")
    assert (done.returncode, done.stdout, done.stderr) == (0, plain.stdout, plain.stderr) and plain.stdout
    assert files_of(with_model) == before


REFUSED = {
    "solve - <&-": (None, "there is no standard input to read from"),
    "solve - -o sheet.md < sheet.md": (None, "sheet.md would be written over, and it is read here"),
    "solve -": (b"a\xff", "standard input, line 1: the sheet is not UTF-8: byte 0xFF"),
    "solve - ": (b"```network\n\033[31m: \n```", "standard input, line 2, column 1: "),
    "solve -  ": (bytes(3_000_000), "standard input: the file is too large for a sheet"),
    "check - -": (b"", "standard input is one hand-in, and nothing else"),
    "check - class --resume": (b"", "--resume keeps what is marked beside a file"),
    "train table.csv --target kind -o -": (b"", "a folder is written, not standard output"),
}


@pytest.mark.parametrize("line", REFUSED)
def test_a_dash_that_cannot_be_meant_is_refused(line, with_model):
    before, (given, said) = files_of(with_model), REFUSED[line]
    done = shell(line) if given is None else None
    code, shown, errors = (done.returncode, done.stdout, done.stderr) if done is not None else ended(line, given or b"")
    assert code == 2 and said in errors and "\033" not in errors and not shown
    assert files_of(with_model) == before


needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
NO_SPACE = "chalkwork: standard output cannot be written: No space left on device\n"


@needs_full
@pytest.mark.parametrize("name", PRINTING)
def test_output_that_cannot_be_written_is_said(name, with_model):
    line = PRINTING[name].format(model="m1")
    with full() as out:
        code, _, errors = ended(line, out=out)
    assert code == 2 and errors[errors.rindex("chalkwork: ") :] == NO_SPACE and "Traceback" not in errors
    if name in ("solve", "check", "predict"):
        code, _, errors = ended(line, out=False)
        assert code == 2 and errors.startswith("chalkwork: there is no standard output")


@needs_full
def test_a_process_ends_in_the_same_words_and_says_nothing_more(here):
    for line in ("solve sheet.md", "--version"):
        done = shell(f"{line} > /dev/full")
        assert (done.returncode, done.stderr) == (2, NO_SPACE)
    closed, quiet = shell("solve sheet.md >&-"), shell("solve sheet.md 2>&- >/dev/full")
    assert closed.returncode == 2 and closed.stderr.startswith("chalkwork: there is no standard output")
    assert (quiet.returncode, quiet.stderr) == (2, "")


def test_a_closed_output_is_no_matter_where_nothing_is_printed(here):
    done = shell("solve sheet.md -o out.pdf >&- 2>&-")
    assert done.returncode == 0 and (here / "out.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("name", PRINTING)
def test_who_has_read_enough_is_not_told(name, with_model):
    with enough() as out:
        code, _, errors = ended(PRINTING[name].format(model="m2"), out=out)
    assert code == 0 and "Error" not in errors and "Exception" not in errors
    if name in ("solve", "help"):
        done = shell(f"{PRINTING[name]} | true; exit ${{PIPESTATUS[0]}}", FORCE_COLOR="")
        assert (done.returncode, done.stderr) == (0, "")


PLACES = {
    "chalkwork.sheets.library.find_sheet": "solve sheet.md",
    "chalkwork.solutions.export.write_aside": "solve sheet.md -o out.json",
    "chalkwork.sheets.folder.check_class": "check sheet.md class",
    "chalkwork.tables.reading.read_table": "train table.csv --target kind",
    "chalkwork.tables.predicting.load_predictor": "predict model table.csv",
}


@pytest.mark.parametrize("place", PLACES)
def test_an_interrupt_is_said(place, with_model, monkeypatch):
    before = files_of(with_model)
    monkeypatch.setattr(place, lambda *_, **__: signal.raise_signal(signal.SIGINT))
    kept = signal.signal(signal.SIGINT, signal.default_int_handler)  # who tests in the background may ignore it
    try:
        assert ended(PLACES[place]) == (130, "", "chalkwork: interrupted\n")
    finally:
        signal.signal(signal.SIGINT, kept)
    assert files_of(with_model) == before


SLOW = """
import sys, time
from chalkwork.cli import main
from chalkwork.sheets import library
def wait(*_, **__):
    print("here", flush=True)
    time.sleep(60)
library.find_sheet = wait
sys.exit(main(sys.argv[1:]))
"""


def test_an_interrupt_from_without_is_said(here):
    command = [sys.executable, "-c", SLOW, "solve", "sheet.md"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
        time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (130, "chalkwork: interrupted\n")


INTERRUPTED = """
import signal, sys
before = set(sys.modules)
class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == sys.argv[1]:
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, Interrupt())
from chalkwork.cli import main
assert {name for name in set(sys.modules) - before if "." in name or name == "typing"} == {"chalkwork.cli"}
code = main(sys.argv[2:])
sys.exit(code)
"""


@pytest.mark.parametrize("module", ["argparse", "chalkwork.cli.commands", "chalkwork.errors", "numpy", "datetime"])
def test_an_interrupt_is_said_from_the_first_import_on(module, here):
    command = [sys.executable, "-S", "-c", INTERRUPTED, module, "solve", "sheet.md"]
    paths = os.pathsep.join(path for path in sys.path if path)  # -S: nothing has been imported by others
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": paths}, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "chalkwork: interrupted\n")


@pytest.mark.parametrize("kind", [StopIteration, KeyError, RecursionError, MemoryError, OSError, AssertionError])
def test_a_fault_of_our_own_is_said_in_words(kind, here, capsys, monkeypatch):
    def fail(*_, **__):
        raise kind("abc")

    monkeypatch.setattr("chalkwork.sheets.library.find_sheet", fail)
    with pytest.raises(kind):
        main(["solve", "sheet.md"])
    monkeypatch.delenv(TRACEBACK)
    cases = (["solve", "sheet.md"], False), (["--traceback", "solve", "sheet.md"], True)
    for arguments, told in (*cases, (["solve", "sheet.md", "--traceback"], True)):
        monkeypatch.delenv(TRACEBACK, raising=False)
        assert main(arguments) == 1
        said = capsys.readouterr().err
        assert said.startswith("chalkwork: this ")
        assert (kind.__name__ in said) is ("Traceback" in said) is told


def test_a_warning_of_a_library_is_not_for_users(here, capsys, monkeypatch):
    import warnings

    def warn(*_, **__):
        warnings.warn("overflow", RuntimeWarning, stacklevel=1)
        warnings.warn("the rate is large", UserWarning, stacklevel=1)
        raise ChalkworkError("enough")

    monkeypatch.setattr("chalkwork.sheets.library.find_sheet", warn)
    monkeypatch.delenv(TRACEBACK)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert main(["solve", "sheet.md"]) == 2
    assert capsys.readouterr().err == "chalkwork: the rate is large\nchalkwork: enough\n"
