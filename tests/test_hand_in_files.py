"""Which files of a folder are hand-ins, and what they are called."""

from __future__ import annotations

from pathlib import Path

from test_check_sheet import LEAKY

from chalkwork.checking.reading.files import read_answers
from chalkwork.cli import main
from chalkwork.errors import ChalkworkError
from chalkwork.sheets.folder import check_folder, hand_in_files
from chalkwork.sheets.format import read_sheet

SHEET = read_sheet(LEAKY)


def found(*paths, without=()):
    """Titles, and messages where there is an error."""
    return [
        each.message if isinstance(each, ChalkworkError) else each.title for each in hand_in_files(paths, set(without))
    ]


def test_a_folder_holds_a_file_or_a_folder_a_student(tmp_path):
    for name in "b.yaml", "a.md", ".DS_Store", ".hidden.md", "Thumbs.db", "reports.json":
        (tmp_path / name).touch()
    for name in "Ann 12_file", "Ben 13_file", "Eve 14_file", "Dan 15_file", "__MACOSX", ".git":
        (tmp_path / name).mkdir()
    for name in "Ann 12_file/onlinetext.html", "Ann 12_file/a.ipynb", "Ann 12_file/.DS_Store", "Ben 13_file/b.yaml":
        (tmp_path / name).touch()
    (tmp_path / "Ben 13_file" / "c.csv").touch()
    (tmp_path / "Dan 15_file" / "d.pdf").touch()
    assert found(tmp_path, without=[tmp_path / "reports.json"]) == [
        "Ann 12_file",
        "the folder holds several files of answers: b.yaml, c.csv",
        "Dan 15_file",
        "the folder holds no file of answers",
        "a.md",
        "b.yaml",
    ]
    first = next(iter(hand_in_files([tmp_path])))
    assert first.path == tmp_path / "Ann 12_file" / "a.ipynb"
    (error,) = check_folder(SHEET, [tmp_path / "Dan 15_file" / "d.pdf"])[1]
    assert "d.pdf: answers cannot be read from .pdf" in str(error)


def test_titles_are_unique(tmp_path):
    for name in "one", "two":
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.json").write_text("{}", encoding="utf-8")
    file = tmp_path / "one" / "a.json"
    titles = ["a.json", str(tmp_path / "two" / "a.json"), str(file), f"{file} (2)"]
    assert found(tmp_path / "one", tmp_path / "two", file, file) == titles
    hand_ins, errors = check_folder(SHEET, [tmp_path / "one", tmp_path / "two"])
    assert [each.title for each in hand_ins] == titles[:2] and not errors


def test_an_empty_folder_is_said_to_be_empty(tmp_path, capsys):
    (tmp_path / "class").mkdir()
    assert main(["check", str(LEAKY), str(tmp_path / "class")]) == 2
    assert "there are no hand-ins" in capsys.readouterr().err


def test_an_equation_among_prose_is_told_where_it_holds_no_number(tmp_path: Path) -> None:
    file = tmp_path / "mine.txt"
    file.write_text("By hand: it took long.\nz1 = three\nz2 = W2 a1\nz2 = [1; 2]\nL = -ln(a2)\nL = 0.79\n")
    assert read_answers(file) == {"z1": "three", "z2": "[1; 2]", "L": "0.79"}
