"""The command line: what is printed, what is written, and what the exit code says."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from chalkwork.checking.reading.files import READERS
from chalkwork.cli import main
from chalkwork.sheets.document import workbook
from chalkwork.sheets.format import read_sheet
from chalkwork.sheets.library import shipped
from chalkwork.solutions.export import EXPORTERS

SHEET = """\
---
title: Back-propagation by hand
convention: {samples: columns, weights: in_out}
notation: {net: s, activation: h}
decimals: 3
---
A network with two inputs, *three* units and two outputs.

```network
loss: cross_entropy
layers:
  - {weights: [[0.15, -0.25, 0.05], [0.2, 0.1, -0.15]], bias: false, activation: leaky_relu(0.01)}
  - {weights: [[0.2, 0.5], [-0.35, 0.15], [0.15, -0.2]], bias: false, activation: softmax}
```

(a) Propagate $x$ forward.

```task
id: a
points: 0.5
x: [-1, 1]
y: [1, 0]
ask: [z1, a1, L]
hint: the natural logarithm
```

```task
id: b
after: a
learning_rate: 0.1
ask: [L_new]
note: the loss is lower
```
"""
FORMATS = ("md", "html", "pdf", "tex", "docx", "ipynb", "json", "txt")


@pytest.fixture
def sheet(tmp_path):
    path = tmp_path / "sheet.md"
    path.write_text(SHEET, encoding="utf-8")
    return path


def run(capsys, *arguments) -> str:
    assert main([str(argument) for argument in arguments]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def test_the_solution_is_printed(sheet, capsys):
    out = run(capsys, "solve", sheet)
    assert out.startswith("Back-propagation by hand\n=====")
    for words in (
        "A network with two inputs, three units",
        "(a) Propagate x forward.",
        "Solution to task (a), 0.5 points",
        "s₁ = W₁ᵀ x",
        "0.793",
        "0.767",
        "Note: the loss is lower",
        "Forward pass after the update",
    ):
        assert words in out
    assert "\x1b" not in out
    assert "$" not in out
    assert max(map(len, out.split("\n"))) <= 80


def test_what_is_shown(sheet, capsys):
    plain = run(capsys, "solve", sheet, "--show", "sheet")
    assert "(a) Propagate x forward." in plain
    assert "Hint: the natural logarithm" in plain
    assert "0.793" not in plain
    assert "Solution" not in plain
    blanks = run(capsys, "solve", sheet, "--show", "blanks")
    assert "____" in blanks
    assert "L = ____" in blanks
    assert "0.793" not in blanks
    assert run(capsys, "solve", sheet, "--show", "solution") == run(capsys, "solve", sheet)


def test_notation_and_decimals_instead_of_the_sheets(sheet, capsys):
    out = run(capsys, "solve", sheet, "--notation", "brackets", "--decimals", "6")
    assert "z[1] = " in out
    assert "0.793036" in out
    assert "0.766696" in out
    assert "0.79\n" in run(capsys, "solve", sheet, "--decimals=2")


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("show", ["solution", "sheet", "blanks"])
def test_every_format_is_written(sheet, tmp_path, capsys, suffix, show):
    out = tmp_path / f"out.{suffix.upper() if suffix == 'md' else suffix}"
    assert run(capsys, "solve", sheet, "-o", out, "--show", show) == f"{out} written\n"
    content = out.read_bytes()
    start = {"pdf": b"%PDF", "docx": b"PK", "html": b"<!DOCTYPE html>", "json": b"{", "ipynb": b"{"}
    assert content.startswith(start.get(suffix, b""))
    assert len(content) > 100
    if suffix in ("md", "html", "tex", "txt") and show != "solution":
        assert b"0.793" not in content


def test_an_output_file_is_replaced(sheet, tmp_path, capsys):
    out = tmp_path / "out.txt"
    out.write_text("what was there", encoding="utf-8")
    run(capsys, "solve", sheet, "--output", out)
    assert out.read_text(encoding="utf-8").startswith("Back-propagation by hand")


def test_what_is_printed_is_what_is_written_as_text(sheet, tmp_path, capsys):
    printed = run(capsys, "solve", sheet)
    run(capsys, "solve", sheet, "-o", tmp_path / "out.txt")
    assert (tmp_path / "out.txt").read_text(encoding="utf-8") == printed


def test_the_command_is_a_thin_door(sheet, tmp_path, capsys):
    run(capsys, "solve", sheet, "-o", tmp_path / "out.json")
    tasks = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["tasks"]
    book = workbook(read_sheet(sheet))
    assert [task["id"] for task in tasks] == [task.id for task in book.tasks] == ["a", "b"]
    assert tasks[0]["equations"][-1]["value"] == float(book.tasks[0].solution["L"])


@pytest.mark.parametrize(
    "arguments",
    [[], ["solv", "x.md"], ["solve"], ["solve", "x.md", "--show", "all"], ["solve", "x.md", "--decimals", "two"],
     ["solve", "x.md", "--nonsense"], ["solve", "x.md", "y.md"]],
)  # fmt: skip
def test_usage_errors(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "usage: chalkwork" in captured.err
    assert "Traceback" not in captured.err


def test_help_names_every_format_that_is_written_and_read(capsys):
    for command, formats in (("solve", EXPORTERS), ("check", READERS)):
        with pytest.raises(SystemExit):
            main([command, "--help"])
        said = capsys.readouterr().out
        assert not [suffix for suffix in set(formats) - {".yml"} if suffix not in said]


def test_help_and_version(capsys):
    cases = (["--help"], "solve"), (["solve", "--help"], "--decimals"), (["--version"], version("chalkwork"))
    for arguments, words in cases:
        with pytest.raises(SystemExit) as stop:
            main(arguments)
        assert stop.value.code == 0
        assert words in capsys.readouterr().out


def command(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-c", "import sys; from chalkwork.cli import main; sys.exit(main())", *map(str, arguments)],
        capture_output=True, env=os.environ | environment, timeout=60,
    )  # fmt: skip


def test_as_a_process(sheet, tmp_path):
    done = command("solve", sheet, FORCE_COLOR="", NO_COLOR="1", PYTHONUTF8="1")
    assert done.returncode == 0
    assert done.stderr == b""
    assert "s₁ = W₁ᵀ x" in done.stdout.decode()
    assert b"\x1b" not in done.stdout
    refused = command("solve", tmp_path / "missing.md")
    assert refused.returncode == 2
    assert refused.stdout == b""
    message = f"chalkwork: {tmp_path / 'missing.md'}: the sheet cannot be read: No such file or directory\n"
    assert refused.stderr.decode() == message


def test_a_terminal_that_cannot_show_greek_letters_is_no_reason_to_fail(sheet):
    done = command("solve", sheet, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr


def test_a_reader_that_goes_away_is_no_error(sheet):
    script = "import sys; from chalkwork.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", script, "solve", str(sheet)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        errors = process.stderr.read()
        assert process.wait(timeout=60) in (0, 141)
    assert b"Traceback" not in errors
    assert b"Exception ignored" not in errors


def test_colours_on_a_terminal_and_none_where_they_are_not_wanted(sheet, monkeypatch, capsys):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" in run(capsys, "solve", sheet)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    out = run(capsys, "solve", sheet)
    assert not any(f"\x1b[{colour}" in out for colour in ("3", "1;3", "4;3"))


def test_a_page_is_as_wide_as_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    heights = {}
    text = shipped()["leaky-relu-softmax-2-3-2"].read_text(encoding="utf-8")
    for width in (60, 80, 110):
        monkeypatch.setattr("chalkwork.cli.commands.terminal_width", lambda width=width: width)
        copy = tmp_path / f"{width}.md"  # a sheet of its own: one that other tests have solved is written as it was
        copy.write_text(text.replace("title: ", f"title: {width} ", 1), encoding="utf-8")
        assert main(["solve", str(copy)]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert width - 2 <= max(map(len, lines)) <= width
        heights[width] = len(lines)
    assert heights[60] > heights[80] > heights[110]


def test_a_report_is_as_wide_as_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    answers = tmp_path / "answers.yaml"
    answers.write_text("z1: [-0.15, 0.25, -0.05]\na1: [-0.15, 0.25, -0.05]\n", encoding="utf-8")
    heights = {}
    for width in (60, 80, 110):
        monkeypatch.setattr("chalkwork.cli.commands.terminal_width", lambda width=width: width)
        main(["check", "leaky-relu-softmax-2-3-2", str(answers)])
        lines = capsys.readouterr().out.splitlines()
        assert max(map(len, lines)) <= width
        heights[width] = len(lines)
    assert heights[60] > heights[80] > heights[110]


def test_a_hand_in_may_come_by_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for text in (
        "z1: [0.05, 0.35, -0.2]",
        '{"z1": [0.05, 0.35, -0.2]}',
        "Mine:\n\n```answers\nz1: 0.05; 0.35; -0.2\n```",
    ):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        assert main(["check", "leaky-relu-softmax-2-3-2", "-"]) == 0
        printed = capsys.readouterr().out
        assert printed.startswith("standard input\n") and "z1  correct" in printed
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff")))
    assert main(["check", "leaky-relu-softmax-2-3-2", "-"]) == 2
    assert "standard input, line 1: the file is not UTF-8 text" in capsys.readouterr().err
