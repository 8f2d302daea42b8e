"""What people type, in every kind of hand-in: read as any person would read it, or refused with both readings."""

from __future__ import annotations

import json

import numpy as np
import pytest
from shipped import SHEETS

from chalkwork import Dense, Graph, NeuralNetwork
from chalkwork.checking.reading.answers import _of_numerals, _read_any, read_answer
from chalkwork.checking.reading.cells import plain_cells
from chalkwork.checking.reading.files import read_answers
from chalkwork.sheets.check import check_hand_in, hand_in_data
from chalkwork.sheets.format import parse_sheet, read_sheet
from chalkwork.sheets.solve import solve_sheet

LEAKY = read_sheet(SHEETS / "leaky-relu-softmax-2-3-2.md")
BLANK = "blank"
NUMBERS: dict[str, float | str | None] = {
    "-log(0.4525) = 0.793": 0.793, "L≈0.793": 0.793, "≈ 0,793": 0.793, "~0.793": 0.793, "approx. 0.793": 0.793,
    "ca. 0,793": 0.793, "rund 0,793": 0.793, "0.793.": 0.793, "0.793;": 0.793, "0.793 (rounded)": 0.793,
    "0.793 (3 d.p.)": 0.793, "0.793?": 0.793, "0.793...": 0.793, "0.793 ± 0.001": 0.793, "0.793 nats": 0.793,
    "0.793 €": 0.793, "0.793 # natural log": 0.793, "**0.793**": 0.793, "`0.793`": 0.793, '"0.793"': 0.793,
    "$0.793$": 0.793, r"\boxed{0.793}": 0.793, "= 0.793": 0.793, "relu(z) = max(0, z) = 0.793": 0.793,
    "7.93x10^-1": 0.793, "7.93 x 10^-1": 0.793, "7.93 × 10^(-1)": 0.793, "7.93*10**-1": 0.793, "7.93 e-01": 0.793,
    "7.93 10^-1": 0.793, "793·10⁻³": 0.793, "10^-1 * 7.93": 0.793, "79.3 %": 0.793, "79,3%": 0.793,
    "79.3 per cent": 0.793, "½": 0.5, "5½": 5.5, "-1 ½": -1.5, "¾": 0.75, "1⁄2": 0.5, "\u200b0.793": 0.793,
    "0.\u200b793": 0.793, "\u00a00.793\u202f": 0.793, "—0.793": -0.793, "1 234.5": 1234.5, "1\u202f234,5": 1234.5,
    "1'234.5": 1234.5, "1’234,5": 1234.5, "0.123 456": 0.123456, "-ln(0.4525)": -np.log(0.4525),
    "-ln 0.4525": -np.log(0.4525), "-1*(1*log(0.4525) + 0)": -np.log(0.4525), "1/(1+exp(-0))": 0.5, "√0.25": 0.5,
    "e^(-0.232)": np.exp(-0.232), "e^-0.232": np.exp(-0.232), "1-0.207": 0.793, "0.5 + 0.293": 0.793,
    "I don't know": BLANK, "idk": BLANK, "weiß nicht": BLANK, "???": BLANK, "-": BLANK, "—": BLANK, "n/a": BLANK,
    "k. A.": BLANK, "keine Ahnung": BLANK, "...": BLANK, "L = ?": BLANK,
    "7.93*10-1": None, "10-3": None, "2.3e^-4": None, "0.7-0.8": None, "0.7–0.8": None, "0.79 bits": None,
    "0·793": None, "1.234,5": None, "0.5 -0.2": None, "0.5(3)": None, "0.(3)": None, "1 1/2": None, "2/3 %": None,
    "0.79 or 0.8": None, "0.793 (or 0.8)": None, "<0.793": None, "L <= 0.5": None, "0.5, z2 = 0.3": None,
    "0. 793": None, "0'793": None, "--0.5": None, "0.5²": None, "3!": None, "1k": None, "0.5 million": None,
    "9^9^9": None, "O.793": None, "e": None, "[0.7 0.8]": None, "ln(0)": None, "W x": None, "unclear": None,
}  # fmt: skip
COLUMNS = [
    "[0,05; 0,35; -0,2]", "W1^T x = [0.05; 0.35; -0.2]", "x = [1; 2; 3] = [0.05; 0.35; -0.2].", "≈ (0.05, 0.35, -0.2)",
    "[0.05 0.35 -0.2]^T", "[0.05, 0.35, -0.2]T", "<0.05, 0.35, -0.2>", "⟨0,05; 0,35; -0,2⟩", "|0.05 0.35 -0.2|",
    "0.05 und 0.35 und -0.2", "0.05, 0.35 and -0.2", "5 %, 35 %, -20 %", "[5·10^-2; 3.5x10^-1; -2e-1]",
    "1/20; 7/20; -1/5", "0.05\n0.35\n-0.2", "= [0.05\n0.35\n-0.2] (as a column)", r"0{,}05 \\ 0{,}35 \\ -0{,}2",
    "[0.05\u00a00.35\u2009−0.2]", "0.05\t0.35\t-0.2",
]  # fmt: skip


def test_every_way_of_typing_a_number():
    for text, meant in NUMBERS.items():
        answer = read_answer(text, (), 4)
        if meant == BLANK:
            assert answer.blank.all(), text
        elif meant is None:
            assert answer.unreadable.all() and answer.message, text
        else:
            assert answer.given.all() and answer.value.item() == pytest.approx(meant, rel=1e-12), (text, answer.message)
            assert answer.low.item() <= meant <= answer.high.item(), text
    for text in COLUMNS:
        assert read_answer(text, (3, 1)).value.ravel().tolist() == pytest.approx([0.05, 0.35, -0.2]), text
    assert read_answer("[1'234.5; 2 345.5; 0.5]", (3, 1)).value.ravel().tolist() == [1234.5, 2345.5, 0.5]


def test_the_quick_reader_and_the_general_one_agree_on_all_of_these():
    for text in [*NUMBERS, *COLUMNS, "0.35; 0; -0.2", "[0, 0.35, 0.2]"]:
        for shape in ((), (3, 1), (2, 2)):
            cells, size = plain_cells(text, shape), shape or (1, 1)
            quick = _of_numerals(cells, size, 4) if cells else None
            general = _read_any(text, shape, size, 4)
            for part in ("value", "low", "high", "blank", "unreadable") if quick else ():
                np.testing.assert_array_equal(getattr(quick, part), getattr(general, part), err_msg=text)


def test_what_has_two_readings_is_refused_with_both():
    for text, one, other in (
        ("7.93*10-1", "7.93*10^-1", "7.93*10 - 1"),
        ("0.79 bits", "0.79", "0.5476 (nats)"),
        ("0.7–0.8", "0.7 to 0.8", "0.7 - 0.8"),
    ):
        assert f"{text!r} can be read as {one} or as {other}" in read_answer(text, ()).message
    solution = Graph("c = a * b; d = c + 1").solve(a=1.234, b=1)
    assert "'1,234' can be read as 1.234 or as 1234" in solution.check({"c": "1,234", "d": "2.234"})["c"].message
    assert solution.check({"c": "1,234", "d": "2,23"}).score == 1
    german = Graph("c = a * b").solve(a=1.234, b=1, language="de")
    assert german.check({"c": "1,234"}).score == 1


def test_a_zero_among_decimals_has_as_many():
    for given in ("[0.35; 0; -0.2]", ["0.35", "0", "-0.20"], [0.35, 0, -0.2]):
        answer = read_answer(given, (3, 1), 4)
        if answer.floats is None:
            assert answer.low[1].item() <= -0.0019 <= answer.high[1].item(), given
    assert read_answer("0", (), 4).high.item() < 1e-4
    many = read_answer("0 " * 9000 + "0.5", (3, 3))
    assert not many.given.any()


def test_a_calculation_stands_for_what_its_digits_leave_open():
    answer = read_answer("-ln(0.4525)", (), 4)
    assert answer.low.item() == pytest.approx(-np.log(0.45255)) and answer.high.item() == pytest.approx(
        -np.log(0.45245)
    )


FILES = {
    "a.yaml": "a:\n  s1: [0,05; 0,35; -0,2]\n  L: -log(0.4525) = 0.793\n",
    "b.yaml": "a:\n  s1: [0,05; 0,35; -0,2]^T\n  L: ≈ 0.793\n",
    "c.yaml": "- s1: 0.05, 0.35, -0.2\n- L = 0.793\n",
    "a.txt": "Hello!\n\nTask a\n\ns1 = W1^T x = [0,05; 0,35; -0,2]\nE = -ln(0.4525) = 0.793.\nI am not sure about E.\n",
    "b.txt": "s1 = 0.05\n     0.35\n    -0.2\nL is 0.793\n",
    "c.txt": "a) s1_1 = 0.05, s1_2 = 0.35 and s1_3 = -0.2; L = 0.793",
    "a.md": "# Mine\n\n$s_1 = (0.05, 0.35, -0.2)^T$\n\n| step | value |\n|---|---|\n| L | 0.793 |\n",
    "b.md": "\\begin{align}\n"
    "s_1 &= \\begin{pmatrix} 0.05 \\\\ 0.35 \\\\ -0.2 \\end{pmatrix} \\\\\nL &= 0.793\n\\end{align}\n",
    "c.md": "```answers\ntask: a\ns1 ≈ 0.05; 0.35; -0.2\nL = log stuff\n  = 0.793\nand a stray line\n```\n",
    "a.json": '{"a": {"s1": "[0,05; 0,35; -0,2]", "L": "79.3 %"}}',
    "b.json": '{\n"s1": [0,05; 0,35; -0,2],\n"L": 0,793\n}',
    "a.csv": "sep=;\nAufgabe;Name;Wert\na;s1;0,05;0,35;-0,2\na;L;0,793;;\n",
    "b.csv": "s1,0.05,0.35,-0.2\nL,0.793\n",
    "c.csv": "a;s1;0,05\n;;0,35\n;;-0,2\na;L;0,793\n",
    "d.csv": "name\tvalue\ns1[1]\t0.05\ns1(2)\t0.35\ns1_3\t-0.2\nL\t0.793\n",
}


def test_every_kind_of_file(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        report = check_hand_in(LEAKY, read_answers(tmp_path / name)).tasks[0].report
        assert [report[step].verdict for step in ("z1", "L")] == ["correct", "correct"], (name, str(report))


def test_what_is_wrong_in_a_file_costs_its_own_line_alone(tmp_path):
    cases = {
        "a.yaml": "z1: 0.5\nz1: 0.7\nL: 0.3\n",
        "a.json": '{"z1": 0.5, "z1": 0.7, "L": 0.3}',
        "a.csv": "name,value\nz1,0.5\nz1,0.7\nL,0.3\n",
        "a.md": "```answers\nz1: 0.5\nz1: 0.7\nL: 0.3\n```\n",
        "a.txt": "z1 = 0.5\nz1 = 0.7\nL = 0.3\n",
    }
    for name, text in cases.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        found = read_answers(tmp_path / name)
        assert found["L"] == "0.3" and str(found["z1"]) == "0.5 / 0.7", name
        answer = read_answer(found["z1"], ())
        assert answer.message == "it is answered twice, with '0.5' and with '0.7'" and not answer.given.any()
    (tmp_path / "b.txt").write_text("z1 = W x + b\nz1 = [0.5]\nz1 = 0.5\n", encoding="utf-8")
    assert str(read_answers(tmp_path / "b.txt")["z1"]) == "[0.5] / 0.5"


def test_names_with_the_digits_of_an_entry():
    parsed = {"z1_1": "0.05", "z_1_2": "0.35", "z1(3)": "-0.2"}
    assert check_hand_in(LEAKY, {"a": parsed}).tasks[0].report["z1"].verdict == "correct"
    rows = {f"W1_new_{row}{column}": "0" for row in (1, 2) for column in (1, 2, 3)}
    task = check_hand_in(LEAKY, {"c": rows}).tasks[2]
    assert not task.report.unused and task.report["W1_new"].verdict != "blank"
    unused = check_hand_in(LEAKY, {"a": {"z12": "0.35", "z1_9": "1", "foo1": "1"}}).tasks[0].report.unused
    assert unused["z12"].startswith("z12 can mean z1[2] or z2[1]") and set(unused) == {"z12", "z1_9", "foo1"}


def test_an_untouched_form_is_told_apart():
    sheet = parse_sheet("```graph\nequations: c = a * b\n```\n```task\nid: t\nvalues: {a: 2, b: 3}\nask: [c]\n```\n")
    assert hand_in_data(check_hand_in(sheet, {"c": " "}))["untouched"]
    assert not hand_in_data(check_hand_in(sheet, {"c": "5"}))["untouched"]
    assert json.dumps(hand_in_data(check_hand_in(LEAKY, {"L": "0.793"}))["exact"]) == '"1/10"'


def test_a_bias_in_the_weights_is_taken_apart():
    for samples, weights in (("columns", "out_in"), ("rows", "in_out")):
        w1, w2 = np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.7]]), np.array([[0.1, 0.2, 0.3], [0.3, 0.4, 0.5]])
        turned = (w1, w2) if weights == "out_in" else (w1.T, w2.T)
        layers = [
            Dense(weights=w, bias=b, activation="tanh")
            for w, b in zip(turned, ([0.1, 0.2, 0.3], [0.1, -0.2]), strict=True)
        ]
        solution = NeuralNetwork(layers, samples=samples, weights=weights).solve([1, 2], [1, 0], 0.1)
        axis = 1 if weights == "out_in" else 0
        for sign, first in ((1, False), (-1, False), (1, True), (-1, True)):
            given = {"z1": solution["z1"]}
            for name, bias in (("dW1", "db1"), ("dW2", "db2"), ("W1_new", "b1_new"), ("W2_new", "b2_new")):
                parts = [np.asarray(solution[name]), np.expand_dims(sign * np.ravel(solution[bias]), axis)]
                given[name] = np.concatenate(parts[::-1] if first else parts, axis)
            typed = {name: "; ".join(" ".join(f"{x:.4f}" for x in row) for row in given[name]) for name in given}
            for answers in (given, typed):
                report = solution.check(answers)
                assert report.score == 1 and len(report) == 9 and not report.unused
                assert report.notes[0].startswith("You keep the bias as a further")
    assert solution.check({"dW1": np.zeros((3, 3))})["dW1"].verdict == "wrong"


def test_a_convention_is_declared_in_the_sheet_or_the_hand_in():
    text = (
        "---\ntitle: t\n---\n```network\nlayers:\n  - {weights: [[0.5], [0.2]], bias: [0.1]}\n"
        "loss: mean_squared_error\n```\n```task\nid: a\nx: [[1, 2], [0.5, 1], [2, 0]]\ny: [[1], [0], [1]]\n"
        "ask: [delta1]\n```\n"
    )
    sheet = parse_sheet(text)
    right = solve_sheet(sheet)["a"].solution["delta1"]
    given = {"delta1": "; ".join(f"{3 * value:.5f}" for value in right.ravel())}
    declared = parse_sheet(text.replace("title: t", "conventions: [mean-in-gradients]"))
    assert check_hand_in(sheet, given).first_wrong == ("a", "delta1")
    assert check_hand_in(declared, given).first_wrong is None
    assert check_hand_in(sheet, {**given, "convention": "mean-in-gradients"}).first_wrong is None
    assert "convention" in check_hand_in(sheet, {**given, "convention": "nonsense"}).tasks[0].report.unused


def test_what_is_seen_is_said_in_german_too():
    solution = Graph("c = a * b; d = 3 * c").solve(a=[[1.0, 2.0]], b=[[3.0, 5.0]], language="de")
    message = solution.check({"c": "[4.5, 15.0]"})["c"].message
    assert message == "Falsch: jeder Eintrag ist das 1.5-Fache von dem, was richtig ist."
