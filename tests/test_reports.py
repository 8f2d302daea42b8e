"""Reports as people read them: what a tutor sees, what a student must not see, and what strangers type."""

from __future__ import annotations

import csv
import json
import re
from fractions import Fraction

import numpy as np
import pytest
from shipped import SHEETS

from chalkwork.checking.shown import answer_piece
from chalkwork.documents.literal import file_names, literal, visible
from chalkwork.documents.markdown import to_markdown
from chalkwork.documents.model import Display, Document, Marked, Paragraph, Table
from chalkwork.documents.pandoc import to_html, to_html_pages
from chalkwork.documents.terminal import to_text
from chalkwork.drawings.bars import draw_bars
from chalkwork.errors import ChalkworkError
from chalkwork.networks.graph import Graph
from chalkwork.sheets.check import check_class, check_hand_in, expected_data, hand_in_data
from chalkwork.sheets.counts import distribution
from chalkwork.sheets.format import parse_sheet, read_sheet
from chalkwork.sheets.overview import WRITERS, overview, save_reports
from chalkwork.sheets.reports import class_document, hand_in_document
from chalkwork.sheets.solve import solve_sheet

LEAKY = read_sheet(SHEETS / "leaky-relu-softmax-2-3-2.md")
SOLVED = solve_sheet(LEAKY)
HOSTILE = "../../<script>alert(1)</script> $x^2$ *b* [l](http://e.vil) `c` | \x1b[31m\x07\u202e" + "w" * 300
BREAK_OUT = "$$\n# Heading\n<img src=x onerror=alert(1)>\n```\n[l](javascript:alert(1)) | \x1b]0;title\x07 & \\text{✗}"


def right(task: str) -> dict[str, object]:
    part = SOLVED[task]
    return {name: np.round(part.solution[name], 6).tolist() for name in part.asked}


def typed(value: object) -> str:
    return "; ".join(" ".join(f"{number:.4f}" for number in line) for line in np.atleast_2d(np.array(value)))


def negated(value: object) -> str:
    return typed(-np.array(value))


WRONG = {
    "a": {"s1": "0,05; 0,45; -0,2", "h1": "0,05; 0,45; -0,002", "s2": "1 2 3", "h2": "0.61 _", "L": "nearly 0.8"},
    "b": {
        "delta2": negated(right("b")["delta2"]),
        "dW2": typed(np.array(right("b")["dW2"]).T),
        "delta1": [7, 8, 9],
        "dW1": "[1 2 3; 4 5",
    },
    "c": {"W1_new": [[1, 2, 3], [4, 5, 6]], "L_new": "0.5"},
}


def text_of(document: Document) -> str:
    return to_markdown(document) + to_text(document)


def numbers_in(text: str) -> set[str]:
    plain = text.replace("{,}", ".").replace(",", ".").replace("−", "-")
    return {found.lstrip("+-") for found in re.findall(r"\d+\.\d+", plain)}


# --- what stands in a report -----------------------------------------------------------------------------------------


def test_every_step_has_its_verdict_and_the_first_wrong_one_stands_out():
    document = hand_in_document(LEAKY, check_hand_in(LEAKY, WRONG, "Ann"))
    marked = [block for block in document.blocks if isinstance(block, Marked)]
    assert len(marked) == 1 and "First wrong step: $s^{(1)}$" in marked[0].blocks[0].markdown
    text = to_markdown(document)
    for part in SOLVED.values():
        for name in part.asked:
            assert f"${part.solution.writer().symbols[name].latex}$" in text
    assert r"0{,}45\,\text{✗}" in text and r"\text{□}" in text
    assert "Typed: “nearly 0.8”" in text


def test_the_tutor_sees_the_working_and_every_mistake():
    text = to_markdown(hand_in_document(LEAKY, check_hand_in(LEAKY, WRONG, "Ann"), "tutor"))
    assert SOLVED["b"].solution.equation("delta2").latex.splitlines()[0] in text
    assert "One of these, the likeliest first:" in text and "1. **The sign of the error.**" in text
    assert r"$\delta^{(2)}$ has the wrong sign" in text
    assert "**The gradient is transposed.**" in text


def test_two_mistakes_at_once_and_a_step_not_handed_in_are_said():
    sheet = parse_sheet(
        "```network\nname: net\nloss: squared_error\nlayers:\n"
        "  - {weights: [[0.3, -0.2], [0.7, 0.1]], bias: [0.1, 0.2], activation: sigmoid}\n"
        "  - {weights: [[0.5], [-0.4]], bias: [0.3], activation: sigmoid}\n```\n"
        "```task\nid: a\nnetwork: net\nx: [0.5, -1]\ny: [1]\nask: [z1, a1, z2, a2, L]\n```\n"
    )
    x, first = np.array([0.5, -1.0]), np.array([[0.3, -0.2], [0.7, 0.1]])
    forgotten = 1 / (1 + np.exp(-(x @ first)))
    hand_in = check_hand_in(sheet, {"a1": typed(np.round(forgotten, 4))}, "Ann")
    result = hand_in.tasks[0].report["a1"]
    assert result.made_in == "z1"
    tutor = to_markdown(hand_in_document(sheet, hand_in, "tutor"))
    student = to_markdown(hand_in_document(sheet, hand_in, "student"))
    assert "In an earlier step that was not handed in, $z_1$: **The bias was forgotten.**" in tutor
    assert "*Hint:* In $z_1$, which you did not hand in:" in student and "Expected" not in student


@pytest.mark.parametrize("answers", [WRONG, {**WRONG, "a": right("a")}, {"b": WRONG["b"]}])
def test_no_number_in_the_students_view_is_news_to_the_student(answers):
    hand_in = check_hand_in(LEAKY, answers, "Ann")
    known = numbers_in(json.dumps(answers)) | {"0.45", "6.2"}  # how to write a number
    known |= numbers_in(" ".join(map(str, (hand_in.earned, hand_in.points))))
    points = [float(task.earned) for task in hand_in.tasks] + [float(task.points) for task in hand_in.tasks]
    known |= {f"{value:g}" for value in [*points, float(hand_in.earned)]}
    known |= {f"{value:.3f}" for value in [*points, float(hand_in.earned)]}
    student, tutor = (text_of(hand_in_document(LEAKY, hand_in, view)) for view in ("student", "tutor"))
    assert not numbers_in(student) - known
    assert numbers_in(tutor) - known
    assert r"\top" in tutor and not re.search(r"\\top|\\circ|softmax|\\log", student)  # no formula either
    values = {f"{abs(v):.4f}" for p in SOLVED.values() for n in p.asked for v in np.ravel(p.solution[n])}
    assert not (values - known) & numbers_in(student)


def test_data_for_students_holds_nothing_expected():
    hand_in = check_hand_in(LEAKY, WRONG, "Ann")
    assert '"expected":' not in json.dumps(hand_in_data(hand_in))
    result = hand_in_data(hand_in, expected_data(SOLVED))["tasks"][0]["results"][0]
    assert np.allclose(result["expected"], SOLVED["a"].solution["z1"])
    assert result["given"] == "0,05; 0,45; -0,2" and result["made_in"] is None and result["together"] is False


class Foreign:
    """Something with a `tolist` that fails, as of a broken tensor."""

    def tolist(self):
        raise RuntimeError("no memory")

    def __str__(self):
        raise RuntimeError("no text")


@pytest.mark.parametrize(
    "given",
    [
        float("nan"), [float("inf"), 1], np.array([1, np.nan]), object(), {"a": {1: 2}}, b"\xff", "\ud800", 10**400,
        [[[[[[1]]]]]], 1 + 2j, np.float32("nan"), Foreign(), {"\ud800": 1}, np.array(["a", None], dtype=object),
    ],
)  # fmt: skip
def test_data_is_valid_json_whatever_was_given(given):
    hand_in = check_hand_in(LEAKY, {"a": {"s1": given}}, "\udcff")
    text = json.dumps(hand_in_data(hand_in), allow_nan=False, ensure_ascii=False)
    assert json.loads(text.encode("utf-8"))["title"] == "?"
    for view in ("tutor", "student"):
        text_of(hand_in_document(LEAKY, hand_in, view)).encode("utf-8")


# --- points ----------------------------------------------------------------------------------------------------------


def test_thirds_and_halves_of_points_add_up_exactly():
    sheet = parse_sheet(
        "```graph\nequations: [c = a + b, d = 2 * c, e = c * d]\n```\n"
        + "".join(
            f"```task\nid: {name}\npoints: {points}\nvalues: {{a: 2, b: 1}}\nask: [c, d, e]\n```\n"
            for name, points in (("p", "1/3"), ("q", "1/2"), ("r", "7/6"))
        )
    )
    two_right = {"c": 3, "d": 6, "e": 1}
    hand_in = check_hand_in(sheet, {"p": {"c": 3, "d": 6, "e": 18}, "q": two_right, "r": {"c": 3}}, "Ann")
    assert [task.earned for task in hand_in.tasks] == [Fraction(1, 3), Fraction(1, 3), Fraction(7, 18)]
    assert hand_in.earned == Fraction(19, 18) and hand_in.points == 2
    text = str(hand_in) + text_of(hand_in_document(sheet, hand_in))
    assert "1.056 of 2 points" in text and "0.333 of 0.5 points" in text
    assert "2.0001" not in text and "0.3333333" not in text


def test_the_distribution_counts_everybody_once():
    earned = [Fraction(number, 7) for number in range(22)]
    bars = distribution(earned, Fraction(3))
    assert sum(count for _, count in bars) == 22 and bars[0] == ("3", 1) and len(bars) <= 11
    assert sum(count for _, count in distribution([Fraction(1, 3)] * 5, Fraction(1, 3))) == 5


# --- hostile text ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hostile():
    answers = {
        "a": {"s1": BREAK_OUT, "h1": [BREAK_OUT, 1, 2], "s2": "1;2", "L": HOSTILE, BREAK_OUT: "3", "\x1b[2J": 1},
        BREAK_OUT: {"x": 1},
        "b": {"dW1": f"[1 2 3; 4 5 {BREAK_OUT}]", "delta1": [[BREAK_OUT], [None], ["1e-5"]]},
    }
    return check_class(LEAKY, {HOSTILE: answers, BREAK_OUT: answers, "=cmd|' /C calc'!A0": answers})


@pytest.mark.parametrize("view", ["tutor", "student"])
def test_hostile_answers_are_text_on_a_page(hostile, view):
    pages = to_html_pages([hand_in_document(SOLVED, one, view) for one in hostile] + [class_document(LEAKY, hostile)])
    for page in pages:
        body = page[page.index("<body>") :]
        assert not re.search(r"<(script|img|a|iframe)\b", body)
        assert not re.search("[\x00-\x08\x0b-\x1f\u202e]", page)
        assert len(re.findall("<h1", body)) == 1 and "<pre" not in body
    assert "&lt;script&gt;alert(1)&lt;/script&gt; $x^2$ *b* [l](http://e.vil) `c` |" in pages[0]
    assert ">Heading<" not in pages[0]


def test_hostile_answers_never_reach_a_terminal(hostile):
    for hand_in in hostile:
        shown = str(hand_in) + to_text(hand_in_document(SOLVED, hand_in)) + str(hand_in.tasks[0].report)
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", shown)
        assert max(map(len, str(hand_in).splitlines())) <= 80
        assert max(map(len, to_text(hand_in_document(SOLVED, hand_in)).splitlines())) <= 80
    assert max(map(len, to_text(class_document(LEAKY, hostile)).splitlines())) <= 80


def test_hostile_titles_make_a_table_and_no_formula(hostile, tmp_path):
    save_reports(LEAKY, hostile, tmp_path / "class.csv")
    with (tmp_path / "class.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert len(rows) == 4 and all(len(row) == len(rows[0]) for row in rows)
    assert rows[3][0].startswith("'=cmd") and not any("\x1b" in cell or "\n" in cell for row in rows for cell in row)


def test_a_title_is_shown_as_it_is_in_markdown():
    for text in (
        r"a*b*c _d_ `e` $f$ <g> [h](i) | ~~j~~ \k &amp; # !",
        "1. one",
        "- two",
        "--- ...",
        "www.a.b",
        "=== x",
    ):
        page = to_html(Document("T", (Paragraph(literal(text)), Table((literal(text),), ((literal(text),),)))))
        shown = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        assert f"<p>{shown}</p>" in page and page.count(shown) == 3


def test_file_names_are_safe_and_all_different():
    titles = [
        HOSTILE,
        HOSTILE,
        "../../etc/passwd",
        "..",
        ".hidden",
        "CON",
        "a\0b",
        "Ü" * 500,
        "ann",
        "ANN",
        "日本",
        "",
        " ",
    ]
    names = list(file_names(titles, ".html", taken=["class"]))
    assert len({name.casefold() for name in names}) == len(titles)
    for name in names:
        assert re.fullmatch(r"[\w][\w.-]*\.html", name) and ".." not in name and len(name.encode()) < 255
    assert list(file_names(["CON", "日本"], ".html")) == ["_CON.html", "日本.html"]


def test_visible_keeps_ordinary_words():
    assert visible("Zoë  Müller, 日本 ✓") == "Zoë Müller, 日本 ✓" and visible("می\u200cخواهم") == "می\u200cخواهم"


# --- files -----------------------------------------------------------------------------------------------------------


def test_a_folder_gets_a_page_each_and_the_class(tmp_path):
    hand_ins = check_class(LEAKY, {"ann.json": WRONG, "Ann.yaml": {}, "class": {"a": right("a")}, HOSTILE: WRONG})
    out = tmp_path / "new" / "reports"
    save_reports(LEAKY, hand_ins, out, view="student")
    names = sorted(path.name for path in out.iterdir())
    assert {"class.html", "class.csv", "ann.html", "Ann-2.html", "class-2.html"} <= set(names) and len(names) == 6
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.parent != out]
    page = (out / "ann.html").read_text(encoding="utf-8")
    assert "<h1>ann.json</h1>" in page and "First wrong step" in page and "Expected" not in page
    save_reports(LEAKY, hand_ins, str(out))
    assert "Expected" in (out / "ann.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("suffix", WRITERS)
def test_every_suffix_is_written_in_both_views(suffix, tmp_path):
    hand_ins = check_class(LEAKY, {"one": WRONG, "Zweite": {"a": right("a")}})
    for view in ("tutor", "student"):
        for some in (hand_ins, hand_ins[:1]):
            path = tmp_path / f"{view}{len(some)}{suffix}"
            save_reports(LEAKY, some, path, view)
            text = path.read_text(encoding="utf-8")
            assert ("Zweite" in text) == (len(some) == 2) or suffix == ".txt"
    if suffix == ".json":
        assert '"expected"' in (tmp_path / "tutor2.json").read_text(encoding="utf-8")
        assert '"expected"' not in (tmp_path / "student2.json").read_text(encoding="utf-8")


def test_what_cannot_be_written_is_said(tmp_path):
    hand_ins = check_class(LEAKY, {"one": {}})
    with pytest.raises(ChalkworkError, match="no known suffix"):
        save_reports(LEAKY, hand_ins, tmp_path / "out.pdf")
    with pytest.raises(ChalkworkError, match="no hand-in"):
        save_reports(LEAKY, [], tmp_path / "out.html")
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ChalkworkError, match="cannot be made"):
        save_reports(LEAKY, hand_ins, tmp_path / "file")


def test_the_class_page_counts_and_names():
    sign = {"b": {"delta2": negated(right("b")["delta2"])}}
    hand_ins = check_class(LEAKY, {**{f"s{number}": sign for number in range(15)}, "good": {"a": right("a")}})
    text = to_markdown(class_document(LEAKY, hand_ins))
    assert "16 hand-ins; on average" in text
    assert r"| b | $\delta^{(2)}$ | · | · | 15 | · | 1 | 15 |" in text
    assert "- 15 × **The sign of the error**: s0, s1," in text and "and 3 more" in text
    assert "15 × The sign of the error (b, delta2)" in overview(hand_ins)


def test_bars_are_described_and_escaped():
    drawing = draw_bars("<t>", "How many & why", [("<1>", 3), ("0", 0)])
    assert "&lt;1&gt;" in drawing.svg and "<1>" not in drawing.svg and "<1>: 3" in drawing.description


# --- one report ------------------------------------------------------------------------------------------------------


def test_a_report_renders_itself_in_a_notebook():
    report = Graph("c = a + b; d = 2 * c").solve(a=2, b=1).check({"c": "4,0", "d": "<b>|*", "e|f": 1})
    text = report._repr_markdown_()
    assert r"| ✗ | `c` | $4{,}0\,\text{✗}$ | **first wrong step**: Wrong" in text
    assert r"“\<b\>\|\*”" in text and r"e\|f was not used" in text
    assert "<table>" in to_html(Document("r", (Paragraph(text.partition("\n")[2]),)))


def test_a_report_prints_in_eighty_columns():
    long = "a_very_long_name_for_one_single_step_of_this_exercise"
    report = Graph(f"{long} = a + b").solve(a=2, b=1).check({long: "x" * 500, "\x1b[31m" + "y" * 300: 2})
    assert max(map(len, str(report).splitlines())) <= 80 and "\x1b" not in str(report)


@pytest.mark.parametrize(
    ("given", "latex"),
    [
        ("[1/2, 0,5; x 3e-2]", r"\text{?}"),
        ("1 _; 0,5 3e-2", r"0{,}5"),
        ([[1, 2.5], ["1·10^-4", None]], r"1 \cdot 10^{-4}"),
        ([[1, 2, 3], [4, 5, 6]], r"1 & 2 & 3"),
        (np.ones((50, 60)), r"\vdots"),
    ],
)
def test_an_answer_stands_as_it_was_typed(given, latex):
    sheet = parse_sheet(
        "```network\nname: n\nlayers: [{weights: [[1, 2], [3, 4]], bias: false}]\n```\n"
        "```task\nid: t\nnetwork: n\nx: [[1, 2], [3, 4]]\nask: [z1]\n```\n"
    )
    piece = answer_piece(check_hand_in(sheet, {"z1": given}).tasks[0].report["z1"])
    assert latex in piece.latex


def test_marked_blocks_are_quotations_in_every_format():
    document = Document("T", (Marked((Paragraph("**Look**"), Display("a = b", "a = b"))), Paragraph("after")))
    assert "> **Look**\n>\n> $$\n> a = b\n> $$\n\nafter" in to_markdown(document)
    assert "┃ Look\n┃\n┃   a = b\n\nafter" in to_text(document)
    assert "<blockquote>" in to_html(document)
