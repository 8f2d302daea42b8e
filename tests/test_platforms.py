"""What is written for learning platforms, read back by a reader of its own and marked as the platform marks."""

from __future__ import annotations

import io
import json
import math
import re
import runpy
import xml.etree.ElementTree as ET
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from cloze import clozes, grade, questions, text_of
from shipped import SHEETS

from chalkwork.checking.mistakes import TABLE
from chalkwork.classroom.exports import EXPORTS, Item, exporter, items_of
from chalkwork.classroom.exports.carried import MAXIMA, NUMBAS, PYTHON, carried
from chalkwork.classroom.exports.qti21 import in_elements
from chalkwork.classroom.variants import vary
from chalkwork.cli import main
from chalkwork.derivation.evaluate import evaluate
from chalkwork.errors import ChalkworkError
from chalkwork.sheets import parse_sheet, read_sheet
from chalkwork.sheets.check import check_hand_in

HOSTILE = '</text><script>alert(1)</script> {1:NUMERICAL:=7} ]]> & " $course$/top/x'


# --- five hand-ins ----------------------------------------------------------------------------------------------------


@cache
def item() -> Item:
    return items_of(read_sheet(SHEETS / "leaky-relu-softmax-2-3-2.md"))[0]


def right_values() -> Iterator[tuple[str, str, np.ndarray]]:
    for name, exercise in item().exercises.items():
        for asked in exercise.asked:
            yield name, asked, np.asarray(exercise.solution.arrays[asked])


def hand_in(kind: str) -> dict[str, dict[str, np.ndarray]]:
    """Values by task and name: right, rounded, with an error carried on, with a named mistake, nonsense."""
    values: dict[str, dict[str, np.ndarray]] = {}
    for task, name, value in right_values():
        values.setdefault(task, {})[name] = value
    if kind == "rounded":
        return {task: {name: np.round(one, 6) for name, one in each.items()} for task, each in values.items()}
    if kind == "nonsense":
        return {task: {name: one * 0 + 77.5 for name, one in each.items()} for task, each in values.items()}
    if kind == "mistake":
        delta2 = values["b"]["delta2"]
        values["b"]["delta2"] = -delta2
    if kind == "carried":
        wrong = values["a"]["z1"] + np.array([[0.02], [0], [0]])
        a1 = np.where(wrong > 0, wrong, 0.01 * wrong)
        solution = item().exercises["a"].solution
        z2 = solution["W2"].T @ a1
        a2 = np.exp(z2) / np.exp(z2).sum()
        values["a"] |= {"z1": wrong, "a1": a1, "z2": z2, "a2": a2, "L": np.array([[-np.log(a2[0, 0])]])}
    return values


def typed(kind: str) -> list[str]:
    handed = hand_in(kind)
    return [repr(float(cell)) for task, name, _ in right_values() for cell in np.ravel(handed[task][name])]


def test_moodle_gives_the_marks_that_the_table_in_docs_promises() -> None:
    """Right and rounded count in full, as check says; a named mistake a part; what follows from an error, nothing."""
    (question,) = questions(str(exporter("moodle")([item()], 50)))
    fields = clozes(text_of(question, "questiontext"))
    sheet = item().sheet
    marks = {}
    for kind in ("right", "rounded", "carried", "mistake", "nonsense"):
        answers = {task: {n: v.tolist() for n, v in each.items()} for task, each in hand_in(kind).items()}
        report = check_hand_in(sheet, answers)
        marks[kind] = (grade(fields, typed(kind)), float(report.earned / report.points))
    assert marks["right"] == (1, 1) and marks["rounded"] == (1, 1)
    assert marks["nonsense"] == (0, 0)
    delta2 = Fraction(3, 2) / 4 / 3  # of the points: one of the four steps of (b)
    assert marks["mistake"][0] == pytest.approx(1 - float(delta2) / 2)
    carried = Fraction(1, 2) / 3 * (Fraction(1, 5) * 2 * Fraction(1, 3) + Fraction(3, 5))  # one cell of z1, a1; z2 on
    assert marks["carried"][0] == pytest.approx(1 - float(carried)) and marks["carried"][1] > marks["carried"][0]
    feedback = [text for field in fields for share, _, _, text in field.answers if share == 0.5]
    hints = {" ".join(mistake.hint.split()) for mistake in TABLE.values()}
    assert feedback and set(feedback) <= hints


def parts_of(platform: str, written: str | bytes) -> dict[str, str]:
    """The texts of what was written, by file; Chalkwork itself, which an autograder holds, left out."""
    if isinstance(written, str):
        return {platform: written}
    package = zipfile.ZipFile(io.BytesIO(written))
    return {name: package.read(name).decode() for name in package.namelist() if not name.startswith("chalkwork/")}


@cache
def hostile() -> dict[str, dict[str, str]]:
    """What every platform makes of a sheet whose title, prose and task title mean harm."""
    text = (SHEETS / "leaky-relu-softmax-2-3-2.md").read_text().replace("title: One step of gradient descent by hand",
                                                                         f"title: '{HOSTILE}'")  # fmt: skip
    text = text.replace("A small network", f"{HOSTILE} {STACKED} <img src=x onerror=alert(1)> A small network")
    text = text.replace("title: forward pass", "title: '<script>alert(2)</script> `r system(1)`'")
    items = items_of(parse_sheet(text, "sheet.md"))
    items = [replace(item, text=text) for item in items]
    return {platform: parts_of(platform, exporter(platform)(items, 50)) for platform in EXPORTS}


STACKED = "[[input:ans9]] {@1+1@} {#2#} ##ANSWER9## {{{params.x}}} ```{r} system(1)``` `r system(2)`"


def test_nothing_in_a_sheet_acts_on_a_platform() -> None:
    for platform, files in hostile().items():
        for name, text in files.items():
            if name.endswith(".md"):  # the sheet, which the autograder reads
                continue
            if name.endswith(".ipynb") or platform == "nbgrader":  # whose Markdown is cleaned by Jupyter
                cells = json.loads(text)["cells"]
                text = "".join(cell["source"] for cell in cells if cell["cell_type"] == "code")
            mark = "<script>alert" if name == "index.html" else "<script"  # the page has a script of its own
            assert mark not in text and "<img" not in text, (platform, name)
            if name.endswith(".py"):
                compile(text, name, "exec")
    (question,) = questions(hostile()["moodle"]["moodle"])
    assert text_of(question, "name").strip() == " ".join(HOSTILE.split())
    fields = clozes(text_of(question, "questiontext"))
    assert len(fields) == len(typed("right"))
    stack = ET.fromstring(hostile()["stack"]["stack"]).findall("question")[1]
    shown = text_of(stack, "questiontext") + text_of(stack, "generalfeedback")
    assert re.findall(r"\[\[(?!input:|validation:|feedback:)", shown) == [] and "{@" not in shown and "{#" not in shown
    assert sorted(re.findall(r"\[\[input:(\w+)\]\]", shown)) == sorted(one.text for one in stack.findall("input/name"))
    sheet = hostile()["rexams"]["rexams"]
    assert sorted(map(int, re.findall(r"##ANSWER(\d+)##", sheet))) == list(range(1, len(fields) + 1))
    assert re.findall(r"`r [^`]*`", sheet) == ["`r cw_answers`", "`r cw_rooms`"]
    page = hostile()["prairielearn"]
    assert {name.partition("/")[2]: text for name, text in page.items()}["question.html"].count("{{{") == 2
    for name, text in {**hostile()["qti21"], **hostile()["qti30"]}.items():
        assert not any("script" in one.tag.casefold() for one in ET.fromstring(text).iter()), name


def test_variants_are_a_category_with_their_own_numbers_and_solutions() -> None:
    variants = vary(SHEETS / "leaky-relu-softmax-2-3-2.md", 3, 7)
    written = str(exporter("moodle")(items_of(variants.sheet, variants), 50))
    found = questions(written)
    assert [one.findtext("idnumber") for one in found] == ["7-001", "7-002", "7-003"]
    assert "$course$/top/One step of gradient descent by hand" in written
    for question, one in zip(found, variants, strict=True):
        fields = clozes(text_of(question, "questiontext"))
        own = items_of(one.sheet)[0]  # read from the text again
        cells = [
            float(cell)
            for exercise in own.exercises.values()
            for name in exercise.asked
            for cell in np.ravel(exercise.solution.arrays[name])
        ]
        assert [float(field.answers[0][1]) for field in fields] == pytest.approx(cells, rel=1e-12)
        (again,) = questions(str(exporter("moodle")([own], 50)))
        assert text_of(again, "questiontext") == text_of(question, "questiontext")
        assert text_of(again, "generalfeedback") == text_of(question, "generalfeedback")


def test_words_and_the_laboratory_are_carried_too() -> None:
    sheet = read_sheet(SHEETS / "outputs-five-tasks.md")
    (question,) = questions(str(exporter("moodle")(items_of(sheet), 50)))
    fields = clozes(text_of(question, "questiontext"))
    assert {field.kind for field in fields} >= {"NUMERICAL", "MULTICHOICE"}
    assert all(max(share for share, *_ in field.answers) == 1 for field in fields)
    with pytest.raises(ChalkworkError, match="there is no export to 'paper'"):
        exporter("paper")
    with pytest.raises(ChalkworkError, match="nothing in this sheet is marked by machine"):
        items_of(parse_sheet("Why?\n\n```question\nid: a\nanswer: so\n```\n"))


def test_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheet = str(SHEETS / "graph-product-of-sums.md")
    assert main(["vary", sheet, "-n", "3", "--seed", "2", "-o", str(tmp_path / "class")]) == 0
    assert "3 variants with the seed 2" in capsys.readouterr().out
    assert len(list((tmp_path / "class").iterdir())) == 4
    out = tmp_path / "out.xml"
    assert main(["export", sheet, "--to", "moodle", "--variants", "2", "-o", str(out)]) == 0
    assert len(questions(out.read_text())) == 2
    assert main(["export", sheet, "--to", "moodle", "--partial", "40", "-o", "-"]) == 0
    assert "%40%" in capsys.readouterr().out
    for words in (["--to", "canvas", "-o", "-"], ["--to", "paper"], ["--to", "otter", "--variants", "2"]):
        assert main(["export", sheet, *words]) == 2
        assert "Traceback" not in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["export", sheet, "--to", "moodle", "--partial", "140"])


def _bytes(written: str | bytes) -> bytes:
    return written if isinstance(written, bytes) else written.encode()


def test_canvas_accepts_what_is_right_and_asks_nothing_that_it_rounds_away() -> None:
    """Its own reading: a number within the range, or equal; ranges end on four decimals."""
    package = zipfile.ZipFile(io.BytesIO(_bytes(exporter("canvas")([item()], 50))))
    manifest = ET.fromstring(package.read("imsmanifest.xml"))
    (file,) = [one.get("href") for one in manifest.iter() if one.tag.endswith("file")]
    quiz = ET.fromstring(package.read(str(file)))
    tag = "{http://www.imsglobal.org/xsd/ims_qtiasiv1p2}"
    ranges = [
        (float(one.findtext(f".//{tag}vargte", "")), float(one.findtext(f".//{tag}varlte", "")))
        for one in quiz.iter(f"{tag}item")
        if one.find(f".//{tag}vargte") is not None
    ]
    asked = [cell for _, _, value in right_values() for cell in np.ravel(value)]
    assert len(ranges) == len(asked)
    for (low, high), cell in zip(ranges, asked, strict=True):
        assert low <= round(cell, 6) <= high and high - low < 3e-4 and not 0 < abs(cell) < 1e-4
        assert round(low, 4) == low and round(high, 4) == high
    assert "general_fb" in package.read(str(file)).decode()
    assert exporter("canvas")([item()], 50) == exporter("canvas")([item()], 50)


def test_numbas_has_a_gap_for_each_number_and_an_alternative_for_each_mistake() -> None:
    head, _, body = str(exporter("numbas")([item()], 40)).partition("\n")
    assert head == "// Numbas version: exam_results_page_options"
    (question,) = json.loads(body)["question_groups"][0]["questions"]
    (part,) = question["parts"]
    gaps = part["gaps"]
    assert [int(one) for one in re.findall(r"\[\[(\d+)\]\]", part["prompt"])] == list(range(len(gaps)))
    numbers = [cell for _, _, value in right_values() for cell in np.ravel(value)]
    for gap, number in zip(gaps, numbers, strict=True):
        low, high = (float(gap[end].rstrip(")").rpartition(", ")[2]) for end in ("minValue", "maxValue"))
        assert low <= round(number, 6) <= high
        assert ("let(" in gap["minValue"]) == bool(gap.get("variableReplacements"))
        for other in gap["alternatives"]:
            assert other["marks"] == pytest.approx(0.4 * gap["marks"], abs=1e-5)
            assert not float(other["minValue"]) <= number <= float(other["maxValue"])
    assert sum(gap["marks"] for gap in gaps) == pytest.approx(100)
    outside = re.sub(r"\\\(.*?\\\)|\\\[.*?\\\]", "", part["prompt"], flags=re.DOTALL)
    assert not re.search(r"(?<!\\)[{}]", outside)


def test_the_python_of_a_platform_marks_as_check_does() -> None:
    """The notebooks of nbgrader and Otter and PrairieLearn's server share their marking; nbgrader's is run here."""
    cells = json.loads(str(exporter("nbgrader")([item()], 0)))["cells"]
    points = sum(cell["metadata"].get("nbgrader", {}).get("points", 0) for cell in cells)
    assert points == pytest.approx(100, abs=1e-4)
    for kind in ("right", "rounded", "carried", "mistake", "nonsense"):
        handed, earned = iter(hand_in(kind).values()), 0.0
        scope: dict[str, object] = {}
        for cell in cells:
            if cell["cell_type"] == "code" and "nbgrader" not in cell["metadata"]:
                exec(cell["source"], scope)
                scope |= {name: value.tolist() for name, value in next(handed).items()}
            elif cell["cell_type"] == "code":
                *lines, last = cell["source"].removesuffix("### END HIDDEN TESTS").strip().split("\n")
                exec("\n".join(lines), scope)
                earned += eval(last, scope)
        answers = {task: {n: v.tolist() for n, v in each.items()} for task, each in hand_in(kind).items()}
        report = check_hand_in(item().sheet, answers)
        assert earned / points == pytest.approx(float(report.earned / report.points), abs=1e-6), kind
    hidden = re.compile(r"### BEGIN HIDDEN TESTS.*?### END HIDDEN TESTS", re.DOTALL)
    released = "".join(hidden.sub("", cell["source"]) for cell in cells)
    assert "0.4524" not in released and "z1 = [[None], [None], [None]]" in released
    with pytest.raises(ChalkworkError, match="a notebook is one assignment"):
        exporter("nbgrader")([item(), item()], 50)


def test_a_calculation_from_earlier_cells_gives_the_cell() -> None:
    """What a cell follows by, at the right cells, is the cell; and every dialect writes it."""
    for name in ("batch-norm-by-hand", "convolution-by-hand", "leaky-relu-softmax-2-3-2", "outputs-five-tasks"):
        (one,) = items_of(read_sheet(SHEETS / f"{name}.md"))
        cells = {number: cell for number, (_, _, cell) in one.numbered().items()}
        assert len(carried(one)) > len(cells) / 3
        known = {f"c{number}": np.array([[cell.value]]) for number, cell in cells.items()}
        for number, way in carried(one).items():
            assert max(way.cells) < number and max(way.beside) < number
            assert abs(float(evaluate(way.expression, known).item()) - cells[number].value) <= way.room, (name, number)
            values = {number: cell.value for number, cell in cells.items()}
            python = eval(PYTHON.write(way.expression), {"math": math, "c": values})
            assert abs(python - cells[number].value) <= way.room
            assert "None" not in MAXIMA.write(way.expression) + NUMBAS.write(way.expression)
            in_elements(way.expression)


def test_qti_marks_cell_by_cell_with_a_test_and_a_manifest() -> None:
    for platform, prefix in (("qti21", ""), ("qti30", "qti-")):
        variants = vary(SHEETS / "graph-product-of-sums.md", 2, 7)
        files = parts_of(platform, exporter(platform)(items_of(variants.sheet, variants), 50))
        assert set(files) == {"imsmanifest.xml", "test.xml", "item1.xml", "item2.xml"}
        manifest = ET.fromstring(files["imsmanifest.xml"])
        assert {one.get("href") for one in manifest.iter() if one.tag.endswith("}resource")} == set(files) - {
            "imsmanifest.xml"
        }
        tree = ET.fromstring(files["item1.xml"])
        tags = Counter(one.tag.rpartition("}")[2] for one in tree.iter())
        fields = items_of(variants[0].sheet)[0].numbered()
        name = "textEntryInteraction" if not prefix else "qti-text-entry-interaction"
        assert tags[name] == len(fields) and not any(tag.startswith("qti-qti") for tag in tags)
        texts = [
            one.text or "" for one in tree.iter() if one.tag.rpartition("}")[2].endswith(("baseValue", "base-value"))
        ]
        assert not any(re.fullmatch(r"-?[\d.]+e.*", text) for text in texts)


def test_variants_of_stack_stand_inside_one_question() -> None:
    variants = vary(SHEETS / "leaky-relu-softmax-2-3-2.md", 3, 7)
    written = ET.fromstring(str(exporter("stack")(items_of(variants.sheet, variants), 50)))
    (stack,) = [one for one in written if one.get("type") == "stack"]
    given = text_of(stack, "questionvariables")
    assert "rand(3) + 1" in given and given.count("(") == given.count(")") and given.count("[") == given.count("]")
    for variant in variants:
        assert all(f"{float(cell):.6g}" in given for cell in np.ravel(variant.exercises["a"].solution["z1"]))
    trees = stack.findall("prt")
    assert len(trees) == len(stack.findall("input")) == 16
    assert sum(float(one.findtext("value", "")) for one in trees) == pytest.approx(1)
    for tree in trees:
        nodes = {one.findtext("name") for one in tree.findall("node")}
        leads = {one.findtext(f"{kind}nextnode") for one in tree.findall("node") for kind in ("true", "false")}
        assert leads <= nodes | {"-1"}


def test_the_autograder_holds_the_sheet_and_the_program() -> None:
    item_in_file = items_of(read_sheet(SHEETS / "graph-product-of-sums.md"))
    package = zipfile.ZipFile(io.BytesIO(_bytes(exporter("gradescope")(item_in_file, 50))))
    names = set(package.namelist())
    assert {"setup.sh", "run_autograder", "autograder.py", "sheets/sheet.md", "chalkwork/sheets/check.py"} <= names
    assert package.getinfo("run_autograder").external_attr >> 16 & 0o111
    assert "numpy" in package.read("setup.sh").decode()
    with pytest.raises(ChalkworkError, match="the autograder holds the sheet, which is in no file"):
        exporter("gradescope")([item_of_no_file()], 50)


def item_of_no_file() -> Item:
    return items_of(parse_sheet((SHEETS / "graph-product-of-sums.md").read_text()))[0]


def test_the_page_in_docs_has_the_table() -> None:
    docs = SHEETS.parent / "docs"
    made = runpy.run_path(str(docs / "exports.py"))["overview"]()
    assert made in (docs / "exports.md").read_text(encoding="utf-8")
    assert all(one.verified and one.lost for one in EXPORTS.values())


LETTERS = """
```graph
equations: "s = W x + b; e = s - t; L = e^T e / 2"
```
```task
id: a
values: {W: 2x3, x: 3x1, b: 2x1, t: 2x1}
ask: [s, L, dL/dW]
```
"""


def test_formulas_are_fields_where_a_platform_marks_them() -> None:
    """A platform that marks formulas has one for each; the others refuse a sheet of nothing else."""
    items = items_of(parse_sheet(LETTERS))
    for platform, entry in EXPORTS.items():
        if entry.formulas == "no" or platform == "prairielearn":  # which has no matrices
            with pytest.raises(ChalkworkError, match=f"nothing in this sheet is marked by {platform}"):
                exporter(platform)(items, 0)
    written = str(exporter("stack")(items, 0))
    assert "(W . x) + b" in written and "e_v = e" in written and written.count("cw_same:") == 3
    gaps = json.loads(str(exporter("numbas")(items, 0)).partition("\n")[2])
    (part,) = gaps["question_groups"][0]["questions"][0]["parts"]
    assert [gap["answer"] for gap in part["gaps"]][::2] == ["(W*x) + b", "(((W*x) + b) - t)*transpose(x)"]


def test_a_function_is_marked_at_a_point() -> None:
    notebook = json.loads(str(exporter("nbgrader")(items_of(parse_sheet(LETTERS)), 0)))
    sources = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    asked = next(source for source in sources if "lambda" in source)
    assert "dL_dW = lambda W, x, b, t, s, e, L, dL_de, dL_ds, dL_dt: None" in asked
    tests = [source for source in sources if "HIDDEN TESTS" in source]
    bodies = {"(W @ x + b - t) @ x.T": True, "2 * (s - t) @ x.T": False, "x @ e.T": False, "1 / 0": False}
    for body, expected in bodies.items():
        known: dict[str, object] = {}
        right = "s = lambda W, x, b, t: W @ x + b\nL = lambda W, x, b, t, s, e: e.T @ e / 2\n"
        exec(f"{right}{asked.splitlines()[-1].replace('None', body)}", known)  # our own source
        for test in tests[:2]:
            exec(test, known)
        try:
            exec(tests[2], known)
        except AssertionError:
            assert not expected, body
        else:
            assert expected, body
