"""What every command holds to.

Files are replaced as a whole or not at all, nothing that is read is written over, nothing
a stranger wrote steers a terminal, and whatever ends a command is said in words.
"""

from __future__ import annotations

import ast
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

import chalkwork
from chalkwork import Dense, NeuralNetwork
from chalkwork.checking.files import READERS
from chalkwork.cli import main
from chalkwork.errors import TRACEBACK, ChalkworkError
from chalkwork.exchange import EXCHANGES, save_network
from chalkwork.files import append, kept_apart, write_aside, write_together
from chalkwork.inside import draw
from chalkwork.sheets.overview import WRITERS
from chalkwork.solutions.export import EXPORTERS

ROOT = Path(chalkwork.__file__).parent
SHEET = """\
---
title: Sums {mark}
---
Add{mark}.

```graph
equations: c = a + b
```
```task
id: t
values: {{a: 1, b: 2}}
ask: [c]
hint: one{mark}
note: two{mark}
```
"""
TABLE = "size,kind\n" + "".join(f"{row},{'low' if row < 20 else 'high'}\n" for row in range(40))
QUICK = ("--hidden", "2", "--epochs", "2")


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    """A folder with a trained network, and the table it was trained on."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "table.csv").write_text(TABLE)
    arguments = ["train", str(folder / "table.csv"), "--target", "kind", "-o", str(folder / "model"), *QUICK]
    assert main(arguments) == 0
    return folder


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """A folder with a sheet, a folder of two hand-ins, and nothing else; it is the current one."""
    (tmp_path / "sheet.md").write_text(SHEET.format(mark=""))
    (tmp_path / "class").mkdir()
    for name in "ann", "bob":
        (tmp_path / "class" / f"{name}.yaml").write_text("c: 3\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- as a whole or not at all -----------------------------------------------------------------------------------------


@contextmanager
def full_disk() -> Iterator[None]:
    """No file grows beyond a few bytes, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


COMMANDS = {
    **{f"solve {suffix}": ["solve", "sheet.md", "-o", f"out{suffix}"] for suffix in EXPORTERS},
    **{f"check {suffix}": ["check", "sheet.md", "class", "-o", f"out{suffix}"] for suffix in WRITERS},
    "check folder": ["check", "sheet.md", "class", "-o", "reports"],
    "check --resume": ["check", "sheet.md", "class", "--resume"],
    "train": ["train", "table.csv", "--target", "kind", "-o", "model", "--overwrite", *QUICK],
    "train --checkpoint": ["train", "table.csv", "--target", "kind", "-o", "m", "--checkpoint", "run", *QUICK],
    "predict": ["predict", "kept.safetensors", "table.csv", "-o", "out.csv"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_full_disk_leaves_what_was_there(name, here, model, capsys):
    (here / "table.csv").write_text(TABLE)
    (here / "kept.safetensors").write_bytes((model / "model" / "model.safetensors").read_bytes())
    arguments = COMMANDS[name]
    if "run" not in arguments:  # which is not gone on with unless asked
        assert main(arguments) == 0
    before = files_of(here)
    capsys.readouterr()
    with full_disk():
        code = main(arguments)
    said = capsys.readouterr().err
    assert code == 2 and said.startswith("chalkwork: ") and "cannot be written: File too large" in said
    assert files_of(here) == before


NET = NeuralNetwork([Dense(weights=np.full((2, 3), 0.5), activation="tanh")])
SAVES = {
    **{f"network{suffix}": lambda path: save_network(NET, path) for suffix in EXCHANGES},
    "drawing.svg": lambda path: draw(NET).save(path),
    "run.part": lambda path: NET.train([[1.0, 2.0]], [[1.0, 0.0, 0.0]], eta=0.1, iterations=2, checkpoint=path),
}


@pytest.mark.parametrize("name", SAVES)
def test_a_full_disk_leaves_what_was_saved(name, tmp_path):
    path = tmp_path / name
    SAVES[name](path)
    before = files_of(tmp_path)
    assert list(before) == [name]
    if name == "run.part":
        path.unlink()
        before = {}
    with full_disk(), pytest.raises(ChalkworkError, match="cannot be written"):
        SAVES[name](path)
    assert files_of(tmp_path) == before


def test_files_that_belong_together_are_replaced_together(tmp_path):
    write_together({tmp_path / "a": "old", tmp_path / "b": "old"})
    with pytest.raises(ChalkworkError, match="cannot be written"):
        write_together({tmp_path / "a": "new", tmp_path / "nowhere" / "b": "new"})
    assert files_of(tmp_path) == {"a": b"old", "b": b"old"}


@pytest.mark.parametrize("signal_", [signal.SIGKILL, signal.SIGINT])
def test_a_kill_leaves_what_was_there(signal_, tmp_path):
    out = tmp_path / "out"
    write_aside(out, "old")
    slow = (
        "import os, sys, time; from chalkwork.files import write_aside\n"
        "os.fsync = lambda _: (print(flush=True), time.sleep(60))\n"
        "write_aside(sys.argv[1], 'new')"
    )
    with subprocess.Popen([sys.executable, "-c", slow, str(out)], stdout=-1, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal_)
        process.wait(timeout=30)
    assert out.read_text() == "old"
    assert len(files_of(tmp_path)) == (2 if signal_ == signal.SIGKILL else 1)


def test_a_file_keeps_its_rights_its_links_and_its_kind(tmp_path):
    target, link, pipe = tmp_path / "a.txt", tmp_path / "link", tmp_path / "pipe"
    write_aside(target, "old")
    target.chmod(0o640)
    link.symlink_to(target)
    write_aside(link, b"new")
    assert target.read_text() == "new" and target.stat().st_mode & 0o777 == 0o640 and link.is_symlink()
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE) as reader:
        write_aside(pipe, "through")
        assert reader.communicate(timeout=30)[0] == b"through"
    assert pipe.is_fifo()
    write_aside(os.devnull, "nothing")
    assert not Path(os.devnull).is_file()


@pytest.mark.parametrize("name", ["nowhere/a", "a\0b", "x" * 300, "folder"])
def test_what_cannot_be_written_is_said(name, tmp_path):
    (tmp_path / "folder").mkdir()
    for write in (lambda path: write_aside(path, "text"), lambda path: append(path, "text")):
        with pytest.raises(ChalkworkError, match="cannot be written"):
            write(tmp_path / name)
    assert files_of(tmp_path) == {}


# --- what is read is not written over ---------------------------------------------------------------------------------


def symbolic(path: Path) -> Path:
    link = path.with_name(f"link{path.suffix}")
    link.symlink_to(path)
    return link


def hard(path: Path) -> Path:
    link = path.with_name(path.name.upper())
    link.hardlink_to(path)
    return link


WAYS = {
    "itself": lambda path: path,
    "a way round": lambda path: path.parent / ".." / path.parent.name / path.name,
    "a link": symbolic,
    "another name": hard,  # as on a disk that takes SHEET.MD and sheet.md for one
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("command", ["solve", "check sheet", "check hand-in", "predict table", "predict model"])
def test_an_input_is_not_written_over(command, way, here, model, capsys):
    table, kept, hand_in = here / "table.csv", here / "kept.csv", here / "hand-in.json"
    table.write_text(TABLE)
    kept.write_bytes((model / "model" / "model.safetensors").read_bytes())
    hand_in.write_text('{"c": 3}')
    words, target = {
        "solve": (["solve", "sheet.md"], here / "sheet.md"),
        "check sheet": (["check", "sheet.md", "class"], here / "sheet.md"),
        "check hand-in": (["check", "sheet.md", "hand-in.json"], hand_in),
        "predict table": (["predict", "kept.csv", "table.csv"], table),
        "predict model": (["predict", "kept.csv", "table.csv"], kept),
    }[command]
    out = WAYS[way](target)
    before = files_of(here)
    assert main([*words, "-o", str(out)]) == 2
    assert "would be written over, and it is read here" in capsys.readouterr().err
    assert files_of(here) == before


def test_what_is_written_beside_the_output_is_no_input_either(here, capsys):
    """Figures beside Markdown, pages and tables in a folder, what training leaves."""
    hand_in, data = here / "class.csv", here / "test-predictions.csv"
    hand_in.write_text("name,value\nc,3\n")
    data.write_text(TABLE)
    sheet = here / "page-figure-1.svg"
    sheet.write_text((ROOT.parents[1] / "sheets" / "sigmoid-2-3-2-gradients.md").read_text())
    before = files_of(here)
    for command in (
        ["check", "sheet.md", "class.csv", "-o", "."],
        ["train", "test-predictions.csv", "--target", "kind", "-o", ".", *QUICK],
        ["solve", "page-figure-1.svg", "-o", "page.md"],
    ):
        assert main(command) == 2
        assert "it is read here" in capsys.readouterr().err
        assert files_of(here) == before


def test_a_checkpoint_is_no_place_for_the_network(here, capsys):
    (here / "table.csv").write_text(TABLE)
    command = ["train", "table.csv", "--target", "kind", "-o", "m", "--checkpoint", "m/model.safetensors"]
    assert main(command) == 2
    assert "would replace this checkpoint" in capsys.readouterr().err


def test_what_is_not_there_yet_may_be_written(tmp_path):
    with kept_apart([tmp_path / "sheet.md", tmp_path]):
        write_aside(tmp_path / "new", "text")
    assert files_of(tmp_path) == {"new": b"text"}


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
    *("cli/door.py", "algebra/reading/overview.py", "classroom/exports/table.py", "documents/terminal.py"),
    "laboratory/claims/worker.py",  # which talks to the process that started it
    "cli/__init__.py",  # before the door is there
    "networks/moments.py",  # a line for a measurement, which somebody asked for
)


def test_one_place_prints() -> None:
    for path in ROOT.rglob("*.py"):
        calls = [ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
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
    """The command in a shell, whose redirections it has; RUN is the program, where it does not come first."""
    command = " ".join(f"'{word}'" for word in RUN)
    command = line.replace("RUN", command) if "RUN" in line else f"{command} {line}"
    return subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, timeout=60, env=os.environ | environment
    )


DASHES = {
    "a sheet": ("solve - < sheet.md", "solve sheet.md"),
    "text": ("solve sheet.md -o -", "solve sheet.md"),
    "both": ("solve - --output - < sheet.md", "solve sheet.md"),
    "marking": ("check - class -o - < sheet.md", "check sheet.md class"),
    "predictions": ("predict kept.csv table.csv -o -", "predict kept.csv table.csv"),
}


@pytest.mark.parametrize("name", DASHES)
def test_a_dash_is_standard_input_or_output(name, here, model):
    (here / "table.csv").write_text(TABLE)
    (here / "kept.csv").write_bytes((model / "model" / "model.safetensors").read_bytes())
    before = files_of(here)
    dashed, plain = (shell(line) for line in DASHES[name])
    assert plain.returncode == 0 and plain.stdout
    assert (dashed.returncode, dashed.stdout, dashed.stderr) == (0, plain.stdout, plain.stderr)
    if "-o" in DASHES[name][0]:
        full = shell(f"{DASHES[name][0]} > /dev/full")
        assert full.returncode == 2 and "standard output cannot be written" in full.stderr
    assert files_of(here) == before


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("solve - <&-", "there is no standard input to read from"),
        (r"printf 'a\xff' | RUN solve -", "standard input, line 1: the sheet is not UTF-8: byte 0xFF"),
        (r"printf '```network\n\033[31m: \n```' | RUN solve -", "standard input, line 2, column 1: "),
        ("head -c 3000000 /dev/zero | RUN solve -", "standard input: the file is too large for a sheet"),
        ("solve - -o sheet.md < sheet.md", "sheet.md would be written over, and it is read here"),
        ("check - - < sheet.md", "standard input is one hand-in, and nothing else"),
        ("check - class --resume < sheet.md", "--resume keeps what is marked beside a file"),
        ("train table.csv --target kind -o -", "a folder is written, not standard output"),
    ],
)
def test_a_dash_that_cannot_be_meant_is_refused(line, said, here):
    (here / "table.csv").write_text(TABLE)
    before = files_of(here)
    done = shell(line)
    assert done.returncode == 2 and said in done.stderr and "\033" not in done.stderr and not done.stdout
    assert files_of(here) == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize("name", PRINTING)
def test_output_that_cannot_be_written_is_said(name, here, model):
    (here / "table.csv").write_text(TABLE)
    (here / "kept.csv").write_bytes((model / "model" / "model.safetensors").read_bytes())
    full = shell(PRINTING[name].format(model="m1") + " > /dev/full")
    assert full.stderr.rpartition("chalkwork: ")[2] == "standard output cannot be written: No space left on device\n"
    assert full.returncode == 2
    assert "Exception" not in full.stderr and "Traceback" not in full.stderr
    if name in ("solve", "check", "predict"):
        closed = shell(PRINTING[name] + " >&-")
        assert closed.stderr.startswith("chalkwork: there is no standard output") and closed.returncode == 2
        quiet = shell(PRINTING[name] + " 2>&- >/dev/full")
        assert quiet.returncode == 2 and not quiet.stderr


def test_a_closed_output_is_no_matter_where_nothing_is_printed(here):
    done = shell("solve sheet.md -o out.pdf >&- 2>&-")
    assert done.returncode == 0 and (here / "out.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("name", PRINTING)
def test_who_has_read_enough_is_not_told(name, here, model):
    (here / "table.csv").write_text(TABLE)
    (here / "kept.csv").write_bytes((model / "model" / "model.safetensors").read_bytes())
    done = shell(PRINTING[name].format(model="m2") + " | true; exit ${PIPESTATUS[0]}", FORCE_COLOR="")
    assert done.returncode == 0 and "Error" not in done.stderr and "Exception" not in done.stderr


SLOW = """
import sys, time
from importlib import import_module
from chalkwork.cli import main
home, name = sys.argv[1].rsplit(".", 1)
def wait(*_, **__):
    print("here", flush=True)
    time.sleep(60)
setattr(import_module(home), name, wait)
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize(
    ("place", "arguments"),
    [("chalkwork.sheets.library.find_sheet", ["solve", "sheet.md"]),
     ("chalkwork.solutions.export.write_aside", ["solve", "sheet.md", "-o", "out.json"]),
     ("chalkwork.sheets.folder.check_class", ["check", "sheet.md", "class"]),
     ("chalkwork.tables.reading.read_table", ["train", "table.csv", "--target", "kind"]),
     ("chalkwork.tables.predicting.load_predictor", ["predict", "model", "table.csv"])],
)  # fmt: skip
def test_an_interrupt_is_said(place, arguments, here):
    (here / "table.csv").write_text(TABLE)
    before = files_of(here)
    command = [sys.executable, "-c", SLOW, place, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
        time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (130, "chalkwork: interrupted\n")
    assert files_of(here) == before


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
