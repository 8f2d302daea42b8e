"""Documents that people wrote: what is read, what is right, what is wrong first; no alarm on what is right."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from chalkwork import Dense, Graph, NeuralNetwork, verify
from chalkwork.cli import main
from chalkwork.documents.markdown import to_markdown
from chalkwork.solutions.compose import solution_document
from chalkwork.solutions.solution import Solution
from chalkwork.verification.spelling import statements

VECTOR = r"$x = (1, 2)^T$, $W = \begin{bmatrix} 1 & 0 \\ 1 & 1 \end{bmatrix}$"


def verdicts(text: str, form: str = "markdown") -> list[str]:
    return [str(one.verdict) for one in verify(text, form).verdicts]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$x = 2$, $y = 3x + 1 = 7$", ["given", "right"]),
        ("$x = 2$, $y = 3x + 1 = 8$", ["given", "wrong"]),
        ("$L = -\\ln 0.452 = 0.794$", ["right to the digits shown"]),
        ("$L = -\\ln 0.452 \\approx 0.79$", ["right to the digits shown"]),
        ("$L = -\\ln 0.452 = 0.764$", ["wrong"]),
        ("$z = 0.5 \\cdot 0.3 + 0.1 = 0.25$", ["right"]),
        ("$z = 0.5 \\cdot 0.3 + 0.1 = 0.26$", ["wrong"]),
        ("$$(a + b)^2 = a^2 + 2ab + b^2$$", ["right"]),
        ("$$(a + b)^2 = a^2 + b^2$$", ["wrong"]),
        ("$\\sigma'(x) = \\sigma(x)(1 - \\sigma(x))$", ["right"]),
        ("$\\sigma'(x) = \\sigma(x) - \\sigma(x)^3$", ["wrong"]),
        ("$f(x) = x^2$ and $f'(3) = 6$ and $f''(3) = 3$", ["definition", "right", "wrong"]),
        ("$x^2 + y^2 = 1$", ["not judged"]),
        ("$W = [0.1, 0.2; 0.3, 0.4]$, $W [1; 1] = [0.3; 0.7]$", ["given", "right"]),
        (f"{VECTOR}, $z = Wx = [1, 3]^T$", ["given", "given", "right"]),
        (f"{VECTOR}, $z = Wx = [1, 2]^T$", ["given", "given", "wrong"]),
        ("$w^{[1]} = 0.5$, $a^{[1]} = \\tanh(w^{[1]}) = 0.4621$", ["given", "right to the digits shown"]),
        ("$h_{t-1} = 0.5$, $h_t = h_{t-1} / 2 = 0.25$", ["given", "right"]),
        ("$\\hat{y} = 0.8$, $y = 1$, $e = y - \\hat{y} = 0.2$", ["given", "given", "right"]),
        ("$p(x; \\theta) = \\theta^x$", ["definition"]),
        ("$E[X] = \\sum_i x_i p_i$", ["not judged"]),
        ("$\\sum_{i=1}^{3} i = 6$", ["right"]),
        ("$e = \\exp(1) = 2.718$", ["right to the digits shown"]),
    ],
)  # fmt: skip
def test_verdicts(text: str, expected: list[str]) -> None:
    assert verdicts(text) == expected, verify(text).verdicts


def test_what_goes_on_from_a_wrong_line_follows_and_an_own_line_is_found() -> None:
    found = verify("$a = 2$\n\n$$b = 3a = 7$$\n\n$$c = b + 1 = 8$$\n\n$$d = c + 1 = 10$$\n")
    assert [(one.line, str(one.verdict)) for one in found.verdicts] == [
        (1, "given"), (3, "wrong"), (5, "follows"), (7, "wrong"),
    ]  # fmt: skip
    assert found.first_wrong == 3 and found.verdicts[2].reason.endswith("follows from your wrong line 3")


def test_a_letter_may_be_given_anew() -> None:
    assert verdicts("$\\eta = 1$. Then:\n\n(b) Now $\\eta = 0.1$ and $2\\eta = 0.2$") == ["given", "given", "right"]


def test_lines_that_go_on() -> None:
    text = "$$\\begin{aligned} z &= 2 \\cdot 3 \\\\ &\\quad + 4 \\\\ &= 10 \\end{aligned}$$\n$$= 5 + 5 = 11$$"
    found = verify(text)
    assert [(one.line, str(one.verdict)) for one in found.verdicts] == [(1, "given"), (1, "right"), (2, "wrong")]


def test_statements_beside_each_other() -> None:
    source = r"x = 1, \quad y = \tfrac12 \text{ and } z \approx 2 \Rightarrow w = 3 \tag{4}"
    assert [one.text for one in statements(source)] == ["x = 1", r"y = \frac{1}{2}", "z = 2", "w = 3"]


def solutions() -> list[Solution]:
    weights = [[0.15, -0.25, 0.05], [0.2, 0.1, -0.15]], [[0.2, 0.5], [-0.35, 0.15], [0.15, -0.2]]
    first, second = (
        Dense(weights=one, bias=True, activation=name) for one, name in zip(weights, ("tanh", "identity"), strict=True)
    )
    rows = NeuralNetwork([first, second], "squared_error")
    columns = NeuralNetwork([first, second], "squared_error", samples="columns")
    graph = Graph("z = w*x + b; a = sigmoid(z); L = (a - y)^2")
    return [
        rows.solve([[1, -1], [0.5, 2]], [[1, 0], [0, 1]], 0.1),
        columns.solve([-1, 1], [1, 0], 0.1, decimals=3),
        graph.solve(x=1.5, w=0.4, b=-0.2, y=1),
    ]  # fmt: skip


@pytest.mark.parametrize("place", range(3))
def test_right_documents_have_no_alarm_and_a_changed_digit_is_found(place: int) -> None:
    text = to_markdown(solution_document(solutions()[place], "Worked"))
    assert verify(text).first_wrong is None, verify(text).verdicts
    lines = text.split("\n")
    changed = found = 0
    for number, line in enumerate(lines):
        results = list(re.finditer(r"(?<== )-?[0-9]\.([0-9]{2})[0-9]+(?=$| *\\\\\\\\)", line))
        if results:
            where = results[-1].start(1)
            digit = "5" if line[where] < "3" else "0"
            other = [*lines[:number], f"{line[:where]}{digit}{line[where + 1 :]}", *lines[number + 1 :]]
            changed += 1
            found += verify("\n".join(other)).first_wrong is not None
    assert found == changed


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.md").write_text("Then $2 + 2 = 5$.\n")
    (tmp_path / "b.tex").write_text("\\[ 2 + 2 = 4 \\] % $1 = 2$\n")
    (tmp_path / "c.txt").write_text("Working:\n  x = 2 * 3 = 6\n  y = x + 1 = 8\n")
    (tmp_path / "d.ipynb").write_text(json.dumps({"cells": [{"cell_type": "markdown", "source": ["$1 + 1 = 2$"]}]}))
    assert main(["verify", str(tmp_path / "a.md")]) == 1
    printed = capsys.readouterr().out
    assert ">> line 1: wrong" in printed and "the left side is 4, the right side 5" in printed
    assert main(["verify", str(tmp_path / "b.tex")]) == 0
    capsys.readouterr()
    assert main(["verify", "--json", str(tmp_path / "c.txt")]) == 1
    data = json.loads(capsys.readouterr().out)
    assert (data["formulas"], data["read"], data["first_wrong"]) == (2, 2, 3)
    assert set(data["verdicts"][0]) == {"line", "formula", "verdict", "reason"}
    assert main(["verify", str(tmp_path), "-o", str(tmp_path / "out.json")]) == 1
    assert len(json.loads((tmp_path / "out.json").read_text())) == 4
    assert main(["verify", str(tmp_path / "nowhere.md")]) == 2
    assert "nowhere.md cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    "formula",
    [
        "{" * 3000, "=" * 500, r"\frac" * 400 + "= 1", r"\sum_{i=1}^{9999999} i = 1", "x^" * 300 + "x = 1",
        "9^9^9^9^9 = 1", r"\begin{pmatrix}" * 50 + "= 2", "a" * 3000 + "= 1", r"x \in = \mathbb{",
        r"\left( = \right] ^ _", "1e999999 = 2",
        r"\begin{pmatrix} x & (1, 2)^T \\ 1 & 2 \end{pmatrix} = 1", "f(x) = f(f(f(x)))",
        "x = y, y = x, x + y = 1", r"0^0 = 1", r"\frac{1}{0} = \infty", "import os = 1",
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_alone(formula: str) -> None:
    found = verify(f"$${formula}$$\n\n$$1 + 1 = 3$$\n")
    assert found.verdicts[-1].verdict == "wrong" and found.first_wrong == found.verdicts[-1].line
