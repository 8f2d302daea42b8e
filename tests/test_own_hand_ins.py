"""What a sheet says itself, handed in; sheets and hand-ins that cannot be marked, in every report."""

from __future__ import annotations

import csv
import json
from copy import deepcopy
from fractions import Fraction

import pytest
from shipped import PATHS

from chalkwork.checking.reading.files import read_answers
from chalkwork.cli import main
from chalkwork.errors import ChalkworkError
from chalkwork.sheets.check import check_class, check_hand_in
from chalkwork.sheets.document import workbook
from chalkwork.sheets.folder import check_folder
from chalkwork.sheets.format import parse_sheet, read_sheet
from chalkwork.sheets.overview import save_reports
from chalkwork.sheets.solve import solve_sheet
from chalkwork.solutions.export import to_json

MANY = 12
"""Of so many equations of a task every third one is answered wrongly."""
ENTRIES = """---
convention: {samples: columns, weights: in_out}
---

```network
name: net
layers:
  - {weights: [[2, -1, 3], [1, -3, 1]], bias: false, activation: identity}
  - {weights: [[6, 2], [-1, 8], [1, 1]], bias: false, activation: tanh}
```

```task
id: a
points: 1
network: net
x: [0.1, 0.3]
ask: ["z1[2]", "a2[1]", "a2[2]"]
detail: entries
```
"""


def own(sheet):
    return json.loads(to_json(workbook(sheet, "solution")))


def handed_in(folder, data):
    path = folder / "own.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    return read_answers(path)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_every_shipped_sheet_is_marked_or_says_what_is_not(path, tmp_path, capsys):
    sheet = read_sheet(path)
    answers = tmp_path / "ann.yaml"
    answers.write_text("z1: 1\nsomething: else\n", encoding="utf-8")
    assert main(["check", str(path), str(answers)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    unmarked = [part for part in sheet.parts if part.id not in solve_sheet(sheet)]
    assert said.count("Not marked by machine: ") == bool(unmarked)
    for part in unmarked:
        assert f"{part.id} ({part.kind}" in said
    (hand_in,), _ = check_folder(sheet, [answers])
    apart = sum((each.points or Fraction(0) for each in hand_in.unmarked), Fraction(0))
    blocks = [*sheet.tasks, *sheet.parts]
    assert hand_in.points + apart == sum((each.points or Fraction(0) for each in blocks), Fraction(0))
    assert ("are not included" in said or "is not included" in said) == bool(apart)
    for suffix in ("json", "csv", "txt", "md"):
        save_reports(sheet, [hand_in], tmp_path / f"out.{suffix}", "tutor", [])
        text = (tmp_path / f"out.{suffix}").read_text(encoding="utf-8")
        if suffix == "csv":
            row = next(csv.DictReader(text.splitlines()))
            assert float(row.get("not marked", 0)) == float(apart)
        assert suffix == "csv" or all(part.kind in text.replace("\\", "") for part in unmarked)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_sheet_s_own_json_has_full_points_and_a_wrong_one_has_not(path, tmp_path):
    sheet = read_sheet(path)
    data = own(sheet)
    whole = check_hand_in(sheet, handed_in(tmp_path, data))
    assert whole.earned == whole.points and not whole.unused
    for task in whole.tasks:
        assert {result.verdict for result in task.report.values()} == {"correct"}
        assert not task.report.unused
    places, wrong, solved = [], {}, solve_sheet(sheet)
    for place, task in enumerate(whole.tasks):
        every = range(len(data["tasks"][place]["equations"]))
        for equation in every[place % 3 :: 3] if len(every) > MANY else every:
            changed = deepcopy(data)
            entry = changed["tasks"][place]["equations"][equation]
            choice = solved[task.id].solution.setting.choice
            free = choice is not None and entry["name"] in choice.names  # another one may be as right
            if entry["name"].partition("[")[0] in task.report and not free:
                entry["value"] = _changed(entry["value"])
                places.append(place)
                wrong[f"{task.id} {entry['name']}"] = handed_in(tmp_path, changed)
        for name in set(data["tasks"][place].get("words", {})) & set(task.report):
            changed = deepcopy(data)
            changed["tasks"][place]["words"][name] = "another word"
            places.append(place)
            wrong[f"{task.id} {name}"] = handed_in(tmp_path, changed)
    for place, checked in zip(places, check_class(sheet, wrong), strict=True):
        assert checked.first_wrong is not None, checked.title
        assert checked.tasks[place].report.score < 1
        assert checked.earned < checked.points or not checked.tasks[place].points


def _changed(value):
    if isinstance(value, list):
        return [_changed(value[0]), *value[1:]]
    return value * 1.25 + 0.375


def test_only_the_entries_that_are_asked_for_count(tmp_path):
    sheet = parse_sheet(ENTRIES)
    data = own(sheet)
    names = [equation["name"] for equation in data["tasks"][0]["equations"]]
    assert "z1[2]" in names and "a2[1]" in names
    whole = check_hand_in(sheet, handed_in(tmp_path, data))
    assert whole.earned == whole.points == 1
    values = {equation["name"]: str(equation["value"]) for equation in data["tasks"][0]["equations"]}
    some = check_hand_in(sheet, {"z1[2]": values["z1[2]"], "a2[1]": values["a2[1]"], "a2[2]": "17"})
    assert some.tasks[0].report["z1"].verdict == "correct" and some.tasks[0].report["a2"].verdict == "wrong"
    assert some.tasks[0].report["a2"].cells == (("correct",), ("wrong",)) and some.earned == Fraction(3, 4)
    none = check_hand_in(sheet, {"z1": "[7; _; _]"})
    assert none.tasks[0].report["z1"].verdict == "blank" and none.earned == 0
    other = check_hand_in(sheet, {"z1[2]": values["z1[2]"], "z1[4]": "1", "q[1]": "2", "a2": "[1; 2]", "a2[1]": "1"})
    unused = other.tasks[0].report.unused
    assert unused["z1[4]"] == "z1 is 3x1 and has no such entry"
    assert unused["q[1]"] == "not a name of this exercise" and unused["a2[1]"] == "a2 is already given as a2"


@pytest.mark.parametrize(
    "data",
    [
        {"tasks": [1]},
        {"tasks": [{"id": "a"}]},
        {"tasks": [{"id": "a", "equations": [{"name": "z1"}]}]},
        {"tasks": [{"id": None, "equations": []}]},
        {"tasks": [{"id": "a", "equations": []}, {"id": "a", "equations": []}]},
    ],
)
def test_a_broken_solution_is_an_error_in_words(tmp_path, data):
    with pytest.raises(ChalkworkError, match=r"this worked solution has no|is answered twice"):
        handed_in(tmp_path, data)


def test_unreadable_hand_ins_stand_in_every_report(tmp_path, capsys):
    sheet, school = PATHS[0], tmp_path / "school"
    school.mkdir()
    (school / "ann.yaml").write_text("c: 3\n")
    (school / "bob.yaml").write_text("c: *x\n")
    (school / "=eve.pdf").write_text("c: 3\n")
    (school / "dan").mkdir()
    for target in ("out", "class.json", "class.csv", "class.txt", "class.html", "class.md"):
        assert main(["check", str(sheet), str(school), "-o", str(tmp_path / target)]) == 2
    texts = {
        name: (tmp_path / name).read_text(encoding="utf-8").replace("\\", "")
        for name in (
            "class.json",
            "class.csv",
            "class.txt",
            "class.html",
            "class.md",
            "out/class.html",
            "out/class.csv",
        )
    }
    for name, text in texts.items():
        flat = " ".join(text.split())
        for part in ("bob.yaml", "aliases", "eve.pdf", "cannot be read from .pdf", "dan", "no file of answers"):
            assert part in flat, (name, part)
    rows = list(csv.reader(texts["out/class.csv"].splitlines()))
    assert len({len(row) for row in rows}) == 1 and rows[0][-1] == "problem" and len(rows) == 5
    assert rows[1][0] == "ann.yaml" and rows[1][-1] == "" and [row[1] for row in rows[2:]] == ["", "", ""]
    assert not any(cell.startswith("=") for row in rows for cell in row)
    assert not any(str(tmp_path) in text for text in texts.values())
    data = {each["title"]: each for each in json.loads((tmp_path / "class.json").read_text(encoding="utf-8"))}
    assert data["ann.yaml"]["problem"] is None and data["ann.yaml"]["points"] == 0
    assert data["bob.yaml"]["points"] is None and "aliases" in data["bob.yaml"]["problem"]
    (school / "ann.yaml").unlink()
    assert main(["check", str(sheet), str(school), "-o", str(tmp_path / "none")]) == 2
    assert "bob.yaml" in (tmp_path / "none" / "class.html").read_text(encoding="utf-8")


SIZES = [(1, 1, 1), (2, 3, 2), (3, 1, 2), (2, 2, 1)]


@pytest.mark.parametrize("samples", ["rows", "columns"])
@pytest.mark.parametrize("weights", ["in_out", "out_in"])
def test_entries_asked_of_networks_of_every_shape(tmp_path, rng, samples, weights):
    for inputs, hidden, outputs in SIZES:
        for batch in (1, 3):
            sheet = parse_sheet(_random_sheet(rng, (inputs, hidden, outputs), batch, samples, weights))
            data = own(sheet)
            hand_in = check_hand_in(sheet, handed_in(tmp_path, data))
            assert hand_in.earned == hand_in.points == 1, sheet.text
            (task,) = data["tasks"]
            asked = set(sheet.tasks[0].ask)
            wrong = next(each for each in task["equations"] if each["name"] in asked)
            wrong["value"] = _changed(wrong["value"])
            assert check_hand_in(sheet, handed_in(tmp_path, data)).earned < 1, (wrong, sheet.text)


def _random_sheet(rng, sizes, batch, samples, weights):
    inputs, hidden, outputs = sizes
    layers = []
    for before, after in ((inputs, hidden), (hidden, outputs)):
        shape = (before, after) if weights == "in_out" else (after, before)
        matrix = rng.normal(size=shape).round(2).tolist()
        layers.append(f"  - {{weights: {matrix}, bias: {rng.normal(size=after).round(2).tolist()}, activation: tanh}}")
    x, y = (rng.normal(size=(batch, size)).round(2) for size in (inputs, outputs))
    if samples == "columns":
        x, y = x.T, y.T
    if batch == 1:
        x, y = x.ravel(), y.ravel()
    asks = []
    for name, width in (("z1", hidden), ("a2", outputs), ("delta2", outputs), ("dW1", None), ("L", None)):
        if name == "L":
            asks.append(name)
        elif name == "dW1":
            index = rng.integers(1, inputs + 1), rng.integers(1, hidden + 1)
            asks.append("dW1[{},{}]".format(*(index if weights == "in_out" else index[::-1])))
        elif batch == 1 or width == 1:
            asks.append(f"{name}[{rng.integers(1, (width if batch == 1 else batch) + 1)}]")
        else:
            index = rng.integers(1, batch + 1), rng.integers(1, width + 1)
            asks.append("{}[{},{}]".format(name, *(index if samples == "rows" else index[::-1])))
    detail = rng.choice(["entries", "equations"])
    front = f"---\nconvention: {{samples: {samples}, weights: {weights}}}\n---\n"
    network = "```network\nlayers:\n" + "\n".join(layers) + "\n```\n"
    task = f"id: a\npoints: 1\nx: {x.tolist()}\ny: {y.tolist()}\nask: {json.dumps(asks)}\ndetail: {detail}\n"
    return f"{front}\n{network}\n```task\n{task}```\n"
