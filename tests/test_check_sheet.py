"""Hand-ins held against shipped sheets: files in, reports and exact points out."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
from shipped import SHEETS

from chalkwork.checking.reading.doubtful import Twice
from chalkwork.checking.reading.files import read_answers
from chalkwork.cli import main
from chalkwork.sheets.check import check_class, check_hand_in, hand_in_data
from chalkwork.sheets.format import parse_sheet, read_sheet

LEAKY = SHEETS / "leaky-relu-softmax-2-3-2.md"
RIGHT = {
    "a": {
        "s1": [0.05, 0.35, -0.2],
        "h1": "0,05; 0,35; -0,002",
        "s2": "-0.1128 0.0779",
        "h2": "[0.4525; 0.5475]",
        "L": "0.793",
    },
    "b": {
        "delta2": [-0.5475, 0.5475],
        "dW2": "-0.0274 0.0274; -0.1916 0.1916; 0.0011 -0.0011",
        "delta1": [0.1643, 0.2738, -0.0019],
        "dW1": "-0.1643 -0.2738 0.0019; 0.1643 0.2738 -0.0019",
    },
}


def hand_in(answers):
    return check_hand_in(read_sheet(LEAKY), answers)


def test_right_answers_earn_all_points_of_their_tasks():
    result = hand_in(RIGHT)
    assert [task.earned for task in result.tasks] == [Fraction(1, 2), Fraction(3, 2), 0]
    assert result.first_wrong is None
    assert {part.verdict for part in result.tasks[0].report.values()} <= {"correct", "rounding"}


def test_names_without_tasks_find_theirs():
    flat = {name: value for part in RIGHT.values() for name, value in part.items()}
    assert hand_in(flat).earned == hand_in(RIGHT).earned


def test_an_error_is_carried_from_task_to_task():
    answers = {
        "a": {**RIGHT["a"], "h2": "0.55; 0.45", "L": "0.598"},
        "b": {"delta2": "-0.45 0.45", "dW2": "-0.0225 0.0225; -0.1575 0.1575; 0.0009 -0.0009"},
    }
    result = hand_in(answers)
    assert result.first_wrong == ("a", "a2")
    assert result.tasks[1].report["delta2"].verdict == "follows"
    assert result.tasks[1].report["dW2"].verdict == "follows"
    assert result.tasks[1].report["dW1"].verdict == "blank"


@pytest.mark.parametrize(("policy", "earned"), [("full", 1), ("half", Fraction(1, 2)), ("none", 0)])
def test_the_sheet_says_what_follows_on_earns(policy, earned):
    text = LEAKY.read_text(encoding="utf-8").replace("---\n", f"---\nfollow_through: {policy}\n", 1)
    answers = {"a": {**RIGHT["a"], "h2": "0.6; 0.4", "L": "0.511"}}
    task = check_hand_in(parse_sheet(text), answers).tasks[0]
    assert [result.verdict for result in task.report.values()][-2:] == ["wrong", "follows"]
    assert task.earned == Fraction(1, 2) * (3 + Fraction(earned)) / 5


def test_points_add_up_exactly():
    answers = {"a": {**RIGHT["a"], "s1": "0.05; 0.35; 7"}}
    assert hand_in(answers).tasks[0].earned == Fraction(1, 2) * (4 + Fraction(2, 3)) / 5


def test_the_command_reads_files_and_reports(tmp_path, capsys):
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps(RIGHT), encoding="utf-8")
    bad.write_text("{", encoding="utf-8")
    assert main(["check", str(LEAKY), str(good)]) == 0
    printed = capsys.readouterr().out
    assert "2 of 3 points" in printed and max(map(len, printed.splitlines())) <= 80
    out = tmp_path.parent / f"{tmp_path.name}.json"
    assert main(["check", str(LEAKY), str(tmp_path), "-o", str(out)]) == 2
    assert "bad.json" in capsys.readouterr().err
    data, unread = json.loads(out.read_text(encoding="utf-8"))
    assert unread["title"] == "bad.json" and "this is not JSON" in unread["problem"]
    assert data["title"] == "good.json" and data["points"] == 2 and data["first_wrong"] is None


def test_a_class_has_an_overview_and_a_line_a_student(tmp_path, capsys):
    wrong = {**RIGHT, "b": {**RIGHT["b"], "delta2": "0.5475 -0.5475"}}
    for name, answers in {"one": RIGHT, "two": wrong, "=three": wrong}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(answers), encoding="utf-8")
    assert main(["check", str(LEAKY), str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "3 hand-ins" in printed and "2 × The sign of the error (b, delta2)" in printed
    table = tmp_path / "class.csv"
    assert main(["check", str(LEAKY), *map(str, sorted(tmp_path.glob("*.json"))), "-o", str(table)]) == 0
    lines = table.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 4 and lines[1].startswith("'=three.json,") and "b delta2" in lines[1]


def test_a_form_filled_in_is_a_hand_in(tmp_path, capsys):
    form = tmp_path / "form.md"
    assert main(["solve", str(LEAKY), "--show", "form", "-o", str(form)]) == 0
    text = form.read_text(encoding="utf-8")
    for name, value in RIGHT["a"].items():
        assert f"\n{name}: \n" in text or f"\n{name}:\n" in text
        text = text.replace(f"\n{name}: \n", f"\n{name}: {value}\n", 1).replace(
            f"\n{name}:\n", f"\n{name}: {value}\n", 1
        )
    form.write_text(text, encoding="utf-8")
    capsys.readouterr()
    assert main(["check", str(LEAKY), str(form)]) == 0
    assert "Task a: 0.5 of 0.5 points" in capsys.readouterr().out


def test_what_was_typed_stays_as_it_was_typed(tmp_path):
    file = tmp_path / "answers.yaml"
    file.write_text("a:\n  L: 0.790\n", encoding="utf-8")
    assert read_answers(file) == {"a": {"L": "0.790"}}


@pytest.mark.parametrize("name", sorted(path.name for path in SHEETS.glob("*.md")))
def test_every_shipped_sheet_takes_an_empty_hand_in(name):
    result = check_hand_in(read_sheet(SHEETS / name), {})
    assert all(part.verdict == "blank" for task in result.tasks for part in task.report.values())
    assert result.earned == 0


def test_in_a_class_everybody_is_told_what_they_are_told_alone():
    """Who typed the same is marked once; what looks alike and is not, or stands in another task, is kept apart."""
    wrong = {**RIGHT["a"], "h2": "0.55; 0.45"}
    class_ = {
        "first": RIGHT,
        "the same": {task: dict(answers) for task, answers in RIGHT.items()},
        "numbers as texts": {**RIGHT, "a": {**RIGHT["a"], "s1": ["0.05", "0.35", "-0.2"]}},
        "in one row": {**RIGHT, "a": {**RIGHT["a"], "s1": [["0.05", "0.35", "-0.2"]]}},
        "twice": {"a": {**RIGHT["a"], "L": Twice.of("0.793", "0.8")}},
        "that text": {"a": {**RIGHT["a"], "L": str(Twice.of("0.793", "0.8"))}},
        "strange": {"a": {**RIGHT["a"], "stray": "1"}, "b": RIGHT["b"]},
        "strange later": {"a": RIGHT["a"], "b": {"stray": "1", **RIGHT["b"]}},
        "wrong": {"a": wrong, "b": RIGHT["b"]},
        "all in the last": {"b": {**wrong, **RIGHT["b"]}},
        "another order": {"a": dict(reversed(wrong.items())), "b": RIGHT["b"]},
        "wrong again": {"a": wrong, "b": RIGHT["b"]},
    }
    sheet = read_sheet(LEAKY)
    together = check_class(sheet, class_)
    for hand_in, (title, answers) in zip(together, class_.items(), strict=True):
        alone = check_hand_in(sheet, answers, title)
        assert hand_in_data(hand_in) == hand_in_data(alone), title
        assert hand_in.strays == alone.strays, title
    assert together[0].tasks == together[1].tasks
