"""Files are replaced as a whole or not at all, and nothing that is read is written over."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from doors import QUICK, TABLE, files_of
from shipped import SHEETS

from chalkwork import Dense, NeuralNetwork
from chalkwork.cli import main
from chalkwork.errors import ChalkworkError
from chalkwork.exchange import EXCHANGES, save_network
from chalkwork.files import append, kept_apart, write_aside, write_together
from chalkwork.inside import draw
from chalkwork.sheets.overview import WRITERS
from chalkwork.solutions.export import EXPORTERS

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
    sheet.write_text((SHEETS / "sigmoid-2-3-2-gradients.md").read_text())
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
