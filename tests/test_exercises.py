"""Exercises of the laboratory on a sheet: asked in numbers and in words, handed in, marked and reported."""

from __future__ import annotations

import json

import pytest

from chalkwork.checking.wording import named, word_result
from chalkwork.cli import main
from chalkwork.sheets.format import parse_sheet
from chalkwork.sheets.solve import solve_sheet

SHEET = """# Outputs

```output
id: a
points: 5
task: multiclass
classes: 3
z: [2, 1, 0.1]
y: 1
```
"""


@pytest.fixture
def exercise():
    return solve_sheet(parse_sheet(SHEET))["a"]


def test_words_and_numbers_are_marked_in_the_order_they_are_asked(exercise):
    right = {"activation": "Soft-Max.", "loss": "cross entropy", "a": exercise.solution["a"]}
    report = exercise.solution.check({**right, "delta": "[0; 0; 0]"}, ask=exercise.asked)
    assert list(report) == list(exercise.asked)
    verdicts = {name: result.verdict for name, result in report.items()}
    assert [verdicts[name] for name in ("activation", "loss", "a", "L")] == ["correct", "correct", "correct", "blank"]
    assert report.first_wrong == "delta"
    for words in ({"loss": "squared error"}, {"loss": "7"}, {"loss": "a" * 5000}, {"loss": [1, 2]}, {"loss": {}}):
        assert exercise.solution.check(words, ask=exercise.asked)["loss"].verdict in ("wrong", "unreadable")
    assert list(exercise.solution.check({"loss": "cross-entropy"})) == ["loss"]
    only = exercise.solution.check({"loss": "cross-entropy", "a": 1}, ask=["loss"])
    assert list(only) == ["loss"] and only.score == 1 and set(only.unused) == {"a"}


def test_two_spellings_of_one_name_are_not_both_taken(exercise):
    report = exercise.solution.check({"loss": "cross-entropy", "Loss": "squared error"}, ask=["loss"])
    assert report["loss"].verdict == "correct" and set(report.unused) == {"Loss"}


def test_words_stand_in_forms_reports_and_files(exercise, tmp_path, capsys):
    sheet = tmp_path / "sheet.md"
    sheet.write_text(SHEET, encoding="utf-8")
    assert main(["solve", str(sheet), "--show", "form"]) == 0
    form = " ".join(capsys.readouterr().out.split())
    assert "is one of: " in form and "activation:" in form
    assert main(["solve", str(sheet), "-o", str(tmp_path / "own.json")]) == 0
    own = json.loads((tmp_path / "own.json").read_text(encoding="utf-8"))
    assert own["tasks"][0]["words"] == {"activation": "softmax", "loss": "cross-entropy"}
    hand_in = tmp_path / "ann.yaml"
    hand_in.write_text("a:\n  activation: softmax\n  loss: hinge\n", encoding="utf-8")
    for view in ("student", "tutor"):
        for suffix in ("md", "json", "html"):
            target = tmp_path / f"{view}.{suffix}"
            assert main(["check", str(sheet), str(hand_in), "--view", view, "-o", str(target)]) == 0
            text = target.read_text(encoding="utf-8")
            assert "hinge" in text
            assert ("cross-entropy" in text.replace("\\", "")) == (view == "tutor")


def test_words_are_named_whatever_their_case():
    assert named("kind of point", ["kind_of_point"]) == "kind_of_point" and named("kin", ["kind"]) is None
    assert word_result("w", ("saddle point", "saddle"), "SADDLE").verdict == "correct"
    assert word_result("w", ("saddle",), "  ").verdict == "blank"
