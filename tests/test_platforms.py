"""What is written for learning platforms, read back by a reader of its own and marked as the platform marks."""

from __future__ import annotations

import io
import json
import re
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from html import unescape
from pathlib import Path

import numpy as np
import pytest

from chalkwork.checking.mistakes import TABLE
from chalkwork.classroom.exports import EXPORTS, Item, exporter, items_of
from chalkwork.classroom.variants import vary
from chalkwork.cli import main
from chalkwork.errors import ChalkworkError
from chalkwork.sheets import parse_sheet, read_sheet
from chalkwork.sheets.check import check_hand_in

SHEETS = Path(__file__).parents[1] / "sheets"
FIELD = re.compile(r"(?<!\\)\{(\d*):([A-Z]+):((?:\\.|[^\\}])*)\}")
HOSTILE = '</text><script>alert(1)</script> {1:NUMERICAL:=7} ]]> & " $course$/top/x'


# --- Moodle, as qtype_multianswer reads a cloze -----------------------------------------------------------------------


@dataclass(frozen=True)
class Cloze:
    """A field: its weight, and its answers as (share, value, tolerance, feedback)."""

    weight: int
    kind: str
    answers: tuple[tuple[float, str, float, str], ...]

    def credit(self, typed: str) -> float:
        best = 0.0
        for share, value, tolerance, _ in self.answers:
            if self.kind == "NUMERICAL":
                try:
                    met = abs(float(typed) - float(value)) <= tolerance
                except ValueError:
                    met = False
            else:
                met = typed.strip().casefold() == value.casefold()
            best = max(best, share if met else 0.0)
        return best


def clozes(html: str) -> list[Cloze]:
    found = []
    for weight, kind, body in FIELD.findall(html):
        answers = []
        for answer in re.split(r"(?<!\\)~", body):
            head, _, feedback = _parted(answer)
            share = 1.0 if head.startswith("=") else 0.0
            head = head.removeprefix("=")
            if percent := re.match(r"%(-?\d+)%", head):
                share, head = int(percent[1]) / 100, head[percent.end() :]
            value, _, tolerance = head.partition(":") if kind == "NUMERICAL" else (head, "", "")
            answers.append((share, _plain(value), float(tolerance or 0), _plain(feedback)))
        found.append(Cloze(int(weight or 1), kind, tuple(answers)))
    return found


def _parted(answer: str) -> tuple[str, str, str]:
    mark = re.search(r"(?<!\\)#", answer)
    return (answer, "", "") if mark is None else (answer[: mark.start()], "#", answer[mark.end() :])


def _plain(text: str) -> str:
    return unescape(re.sub(r"\\(.)", r"\1", text))


def questions(written: str) -> list[ET.Element]:
    return [one for one in ET.fromstring(written).iter("question") if one.get("type") == "cloze"]


def text_of(question: ET.Element, tag: str) -> str:
    found = question.find(f"{tag}/text")
    assert found is not None and found.text is not None
    return found.text


def grade(fields: list[Cloze], typed: list[str]) -> float:
    assert len(fields) == len(typed)
    earned = sum(field.weight * field.credit(one) for field, one in zip(fields, typed, strict=True))
    return earned / sum(field.weight for field in fields)


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


def test_every_platform_is_well_formed_and_does_nothing_that_a_sheet_says() -> None:
    text = (SHEETS / "leaky-relu-softmax-2-3-2.md").read_text().replace("title: One step of gradient descent by hand",
                                                                         f"title: '{HOSTILE}'")  # fmt: skip
    sheet = parse_sheet(text.replace("A small network", f"{HOSTILE} <img src=x onerror=alert(1)> A small network"))
    for platform in EXPORTS:
        written = exporter(platform)(items_of(sheet), 50)
        if platform == "canvas":
            package = zipfile.ZipFile(io.BytesIO(_bytes(written)))
            written = "".join(package.read(name).decode() for name in package.namelist())
        if platform == "nbgrader":  # whose Markdown is cleaned by Jupyter
            cells = json.loads(_bytes(written))["cells"]
            written = "".join(cell["source"] for cell in cells if cell["cell_type"] == "code")
        assert "<script" not in str(written) and "<img" not in str(written), platform
    (question,) = questions(str(exporter("moodle")(items_of(sheet), 50)))
    assert text_of(question, "name").strip() == " ".join(HOSTILE.split())
    fields = clozes(text_of(question, "questiontext"))
    assert len(fields) == len(typed("right"))


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
    for words in (["--to", "canvas", "-o", "-"], ["--to", "paper"]):
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
    asked = [cell for _, _, value in right_values() for cell in np.ravel(value) if not 0 < abs(cell) < 1e-4]
    assert len(ranges) == len(asked)
    for (low, high), cell in zip(ranges, asked, strict=True):
        assert low <= round(cell, 6) <= high and high - low < 3e-4
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
        assert float(gap["minValue"]) <= round(number, 6) <= float(gap["maxValue"])
        for other in gap["alternatives"]:
            assert other["marks"] == pytest.approx(0.4 * gap["marks"], abs=1e-5)
            assert not float(other["minValue"]) <= number <= float(other["maxValue"])
    assert sum(gap["marks"] for gap in gaps) == pytest.approx(100)
    outside = re.sub(r"\\\(.*?\\\)|\\\[.*?\\\]", "", part["prompt"], flags=re.DOTALL)
    assert not re.search(r"(?<!\\)[{}]", outside)


def test_a_notebook_marks_as_check_does_and_holds_no_answer_once_released() -> None:
    cells = json.loads(str(exporter("nbgrader")([item()], 50)))["cells"]
    points = sum(cell["metadata"].get("nbgrader", {}).get("points", 0) for cell in cells)
    assert points == pytest.approx(100, abs=1e-4)
    marks = {}
    for kind in ("right", "rounded", "nonsense"):
        handed, earned = hand_in(kind), 0.0
        scope: dict[str, object] = {}
        for cell in cells:
            about = cell["metadata"].get("nbgrader")
            if about and about["solution"]:
                exec(cell["source"], scope)
                scope |= {name: value.tolist() for name, value in handed[about["grade_id"].partition("_")[0]].items()}
            elif about:
                try:
                    exec(cell["source"], scope)
                    earned += about["points"]
                except AssertionError:
                    pass
        marks[kind] = earned
    assert marks["right"] == pytest.approx(points) == marks["rounded"] and marks["nonsense"] == 0
    hidden = re.compile(r"### BEGIN HIDDEN TESTS.*?### END HIDDEN TESTS", re.DOTALL)
    assert "0.4524" not in "".join(hidden.sub("", cell["source"]) for cell in cells)
    with pytest.raises(ChalkworkError, match="a notebook is one assignment"):
        exporter("nbgrader")([item(), item()], 50)
