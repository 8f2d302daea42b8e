"""Sheets and hand-ins of benchmarks/fuzz.py, a few of them: worked out and marked, or refused in words."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

import pytest
from shipped import PATHS

from chalkwork.checking.reading.files import READERS
from chalkwork.cli import main
from chalkwork.errors import ChalkworkError

_SPEC = importlib.util.spec_from_file_location("fuzz", Path(__file__).parents[1] / "benchmarks" / "fuzz.py")
fuzz = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(fuzz)
fuzz.parse_sheet = cache(fuzz.parse_sheet)  # and so solved once, for the hand-in and for the marking


@pytest.mark.parametrize("start", range(0, 30, 10))
def test_random_hand_ins_are_marked_or_refused(start):
    marked = 0
    for number in range(start, start + 10):
        source, _, suffix, text = fuzz.case(number, check=True)
        try:
            fuzz.through_check(source, suffix, text)
            marked += 1
        except ChalkworkError as error:
            assert "Error" not in str(error) and error.message.count("\n") in (0, 2)  # with an excerpt and a caret
    assert marked >= 2


def test_random_sheets_are_solved_or_refused():
    solved = 0
    for number in range(40):
        source, show, _, _ = fuzz.case(number, check=False)
        try:
            fuzz.through(source, show)
            solved += 1
        except ChalkworkError as error:
            assert "Error" not in str(error)
    assert solved >= 3


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_every_shipped_sheet_refuses_files_that_say_nothing_in_words(path, tmp_path, capsys):
    for suffix in sorted(READERS):
        for number, content in enumerate((b"", b"\xff\xfe", b"[]", b"\x00", b"a\n")):
            (tmp_path / f"{suffix[1:]}{number}{suffix}").write_bytes(content)
    assert main(["check", str(path), str(tmp_path)]) == 2
    printed = capsys.readouterr()
    for suffix in READERS:
        assert all(f"{suffix[1:]}{number}{suffix}" in printed.out + printed.err for number in range(5))
    for text in (printed.out, printed.err):
        assert "Error" not in text and "Iteration" not in text and "defect" not in text
