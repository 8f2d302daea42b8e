"""Documents that people wrote: what is read, what is right, what is wrong first; no alarm on what is right."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from chalkwork import Dense, Graph, NeuralNetwork, verify
from chalkwork.cli import main
from chalkwork.documents.markdown import to_markdown
from chalkwork.sheets import solve_sheet
from chalkwork.sheets.library import find_sheet
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
        ("$E[X] = \\sum_i x_i p_i$", ["definition"]),
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
    assert main(["verify", str(tmp_path / "a.md"), str(tmp_path / "b.tex"), "-o", str(tmp_path / "two.html")]) == 1
    html = (tmp_path / "two.html").read_text()
    assert html.count("<h1>") == 1 and 'href="#d2-"' in html and '<h2 id="d2-"' in html
    assert "</a>: first wrong line 1</li>" in html and "</a>: nothing is wrong that was judged</li>" in html
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


# --- numbers as documents write them ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "value"),
    [
        (r"1{,}234 + 1", "1235"), (r"12\,345 + 1", "12346"), (r"5.1e-2", "0.051"), (r"2.5E2 + 0", "250"),
        (r"12.5\% \cdot 2", "0.25"), (r"\binom{5}{2}", "10"), (r"{6 \choose 3} + 1", "21"), (r"\lceil 2.3 \rceil", "3"),
        (r"\lfloor \frac{7 - 3}{2} \rfloor + 1", "3"), (r"½ + 1", "1.5"), (r"2² + 1", "5"), (r"6 ÷ 3", "2"),
        (r"\|(3, 4)\|", "5"), (r"\left\lVert \begin{pmatrix} 3 \\ 4 \end{pmatrix} \right\rVert_1", "7"),
        (r"\begin{vmatrix} 1 & 2 \\ 3 & 5 \end{vmatrix}", "-1"), (r"(1, 2) \cdot (3, 4)", "11"),
        (r"\mleft| -3 \mright|", "3"), (r"10^{10} + 1", "10000000001"), (r"1.1", "1.1"),
        (r"\det(\begin{pmatrix} 2 & 1 \\ 1 & 3 \end{pmatrix}) + 1", "6"),
    ],
)  # fmt: skip
def test_a_number_is_read_with_its_value(left: str, value: str) -> None:
    assert verdicts(f"$${left} = {value}$$") == ["right"], verify(f"$${left} = {value}$$").verdicts
    assert verdicts(f"$${left} = {float(value) * 2 + 1.37:.2f}$$") == ["wrong"]


def test_what_can_be_read_in_two_ways_or_not_at_all_is_refused() -> None:
    for left in (r"2 \frac{1}{2}", "3!!", r"\operatorname{gcd}(6, 4)", r"0.5 0.3", r"0{,}5 + 1.5"):
        assert verdicts(f"$${left} = 1$$") == ["not judged"], left


def test_a_decimal_comma_is_that_of_the_whole_document() -> None:
    text = r"Es ist $a = 0{,}5$ und $b = 1{,}250$, also $$a \cdot b = 0,625$$ und $$a + b = 1,85$$"
    assert verdicts(text) == ["given", "given", "right", "wrong"]


def test_whole_numbers_are_compared_exactly() -> None:
    assert verdicts("$$10^{10} + 1 = 10^{10}$$") == ["wrong"]
    assert "9.99002e+30102" in verify("$$2^{100000} = 2^{100001}$$").verdicts[0].reason


def test_data_are_not_rounded_and_results_are() -> None:
    data = "$x = 0.5$, $w = 0.2$\n\n"
    assert verdicts(f"{data}$$z = x + 2 w = 0.8$$")[-1] == "wrong"
    assert verdicts("$$h = 0.56 \\cdot 0.4 = 0.23$$") == ["right to the digits shown"]


# --- context ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$$(a, b) = (1, 2)$$ $$a + b = 3$$", ["given", "given", "right"]),
        (r"$$H = \begin{pmatrix} 2 & 1 \\ 1 & 4 \end{pmatrix}$$ $$H^{-1} = \frac{1}{7} \begin{pmatrix} 4 & -1 \\ -1 & 2"
         r"\end{pmatrix}$$ $$\det H = 6$$", ["given", "right", "wrong"]),
        (r"$$\sigma^2 = \frac{9 + 1}{2} = 5$$ $$u = \frac{1}{\sqrt{\sigma^2}} = 0.447$$",
         ["right", "right to the digits shown"]),
        ("$$7 (1 - p) = 3 p$$ $$p = 0.7$$", ["not judged", "given"]),
        ("$$7 (1 - p) = 3 p$$ $$p = 0.6$$", ["wrong", "given"]),
        (r"$$f(x, y) = x^2 y$$ $$\frac{\partial f}{\partial x} = 2 x y$$ $$f(2, 3) = 12$$ $$f(2, 3) = 13$$",
         ["definition", "right", "right", "wrong"]),
        (r"$$w_1 = 2$$ $$w_1' = w_1 - 0.5 = 1.5$$ $$w_1' + 1 = 2$$", ["given", "right", "wrong"]),
        (r"$$H = X + b$$ $$H = \tanh(X + b)$$", ["definition", "definition"]),
        (r"$$x^n - 0^n = x^n$$", ["not judged"]),
        (r"$$d = a - b$$ $$\frac{d}{du} u^2 = 2 u$$", ["definition", "right"]),
        (r"$S = [1, 0; 0, 2]$ $$P = \operatorname{softmax}(S) = [0.731, 0.269; 0.119, 0.881]$$",
         ["given", "right to the digits shown"]),
        (r"$$H = -0.5 \log 0.5 - 0.5 \log 0.5 = 1$$", ["not judged"]),
        (r"$$-\log 0.5 = 0.693$$ $$-\log 0.25 = 2$$", ["right to the digits shown", "wrong"]),
    ],
)  # fmt: skip
def test_what_the_context_says(text: str, expected: list[str]) -> None:
    assert verdicts(text) == expected, verify(text).verdicts


def test_derivatives_by_the_documents_own_definitions() -> None:
    text = (
        r"$x = 2$, $w = 0.5$, $t = 1$ $$n = w x = 1$$ $$a = \frac{1}{1 + e^{-n}} = 0.731$$"
        r"$$E = \frac{1}{2}(t - a)^2 = 0.036$$ $$\frac{\partial E}{\partial w} = (a - t) a (1 - a) x = -0.106$$"
    )
    assert verify(text).first_wrong is None
    found = verify(text.replace("a (1 - a) x = -0.106", "x = -0.538")).verdicts[-1]
    assert found.verdict == "wrong" and "the left side is -0.105754" in found.reason


def test_a_scan_is_closed_up_and_other_readings_are_proposed() -> None:
    scan = r"$$w _ { 1 } = 1 - 0 . 1 \cdot ( - 4 ) = 1 . 4$$ $$w _ { 2 } = 2 \cdot 1 6 = 3 2$$"
    scan += "$$x _ { 3 } = 1 . 5 + 1 = 2 . 6$$"
    assert verdicts(scan) == ["right", "right", "wrong"]
    for text, said in (
        ("$$1.5 - 2 = 0.5$$", "-0.5 for 0.5"),
        ("$$0.5 + 0.2S = 0.75$$", "5 for S"),
        ("$$1.2 + 025 = 1.45$$", "0.25 for 025"),
        ("$$2 + l = 3$$", "1 for l"),
    ):
        one = verify(text).verdicts[0]
        assert one.verdict in ("wrong", "not judged") and f"Perhaps misread: with {said} it is right" in one.reason, one


# --- networks and sheets ----------------------------------------------------------------------------------------------

NETWORK = r"""
A network with sigmoid hidden units and a linear output; the learning rate is 0.1.

$$x = (1, -1)^T, \quad W_1 = [0.5, -0.2; 0.3, 0.8], \quad b_1 = (0.1, 0)^T,
W_2 = [1, -1], \quad b_2 = 0.2, \quad y = 1$$

$$z_1 = W_1 x + b_1 = (0.8, -0.5)^T$$

$$a_1 = \sigma(z_1) = (0.690, 0.378)^T$$

$$z_2 = W_2 a_1 + b_2 = 0.512, \quad L = \frac{1}{2} (y - z_2)^2 = 0.119$$

$$\delta_2 = z_2 - y = -0.488$$

$$\delta_1 = W_2^T \delta_2 \circ a_1 \circ (1 - a_1) = (-0.104, 0.115)^T$$

$$\frac{\partial L}{\partial W_1} = \delta_1 x^T = [-0.104, 0.104; 0.115, -0.115]$$
"""
SHEET = """
```network
name: net
loss: cross_entropy
convention: {samples: columns, weights: out_in}
layers:
  - {weights: [[0.5, -1], [0.25, 2]], bias: [0.1, -0.3], activation: relu}
  - {weights: [[1, 0.5], [-1, 0.2]], bias: [0, 0.4], activation: softmax}
```
```task
id: a
points: 3
network: net
x: [2, 0.5]
y: [1, 0]
ask: [z1, a1, z2, a2, L]
```
"""
PAGE = r"""## (a)

$$z_1 = W_1 x + b_1 = \begin{pmatrix} 0.6 \\ 1.2 \end{pmatrix}$$ and $a_1 = \text{ReLU}(z_1) = (0.6, 1.2)^T$, so

$$z_2 = W_2 a_1 + b_2 = \begin{pmatrix} 1.2 \\ 0.04 \end{pmatrix}$$

$$\hat y_1 = \frac{e^{1.2}}{e^{1.2} + e^{0.04}} = 0.761, \quad \hat y_2 = 0.239$$

$$L = -\ln 0.761 = 0.273$$
"""


def test_a_network_that_is_described_is_recognised_and_a_mistake_has_its_name() -> None:
    assert verify(NETWORK).first_wrong is None, verify(NETWORK).verdicts
    wrong = NETWORK.replace(r" \circ a_1 \circ (1 - a_1) = (-0.104, 0.115)", " = (-0.488, 0.488)").replace(
        "[-0.104, 0.104; 0.115, -0.115]", "[-0.488, 0.488; 0.488, -0.488]"
    )
    found = verify(wrong)
    assert [one.verdict for one in found.verdicts[-2:]] == ["wrong", "follows"]
    assert "derivative of the activation is missing" in found.verdicts[-2].reason


def test_a_page_is_held_against_its_sheet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheet, page = tmp_path / "sheet.md", tmp_path / "page.md"
    sheet.write_text(SHEET)
    page.write_text(PAGE)
    assert main(["verify", str(page), "--sheet", str(sheet)]) == 0
    assert main(["check", str(sheet), str(page)]) == 0
    assert "3 of 3 points" in capsys.readouterr().out
    softmax = PAGE.replace("e^{1.2}}{e^{1.2} + e^{0.04}} = 0.761", "e^{0.6}}{e^{0.6} + e^{1.2}} = 0.354")
    page.write_text(softmax.replace("= 0.239", "= 0.646").replace("0.761 = 0.273", "0.354 = 1.038"))
    assert main(["verify", str(page), "--sheet", str(sheet), "-o", str(tmp_path / "out.html")]) == 1
    html = (tmp_path / "out.html").read_text()
    assert "the softmax is taken over 0.6, 1.2; the net inputs of the output layer are 1.2, 0.04" in html
    assert (
        '<tr id="line-7" class="stated wrong" tabindex="-1">' in html
        and '<a href="#line-7">' in html
        and "<script" not in html
    )
    capsys.readouterr()
    assert main(["check", str(sheet), str(page)]) == 0
    printed = capsys.readouterr().out
    assert "→ a2  mistake" in printed and "L   follows" in printed and "Line 7" in printed
    (tmp_path / "page.tex").write_text(r"\[ z_1 = W_1 x + b_1 = (0.6, 1.3)^T \]")
    assert main(["check", str(sheet), str(tmp_path / "page.tex")]) == 0
    assert "→ z1  wrong" in capsys.readouterr().out


def test_a_name_of_the_sheet_may_be_a_variable_of_the_document() -> None:
    """The sheet gives x as a vector; where a document differentiates by x, it is any number."""
    sheet = solve_sheet(find_sheet("relu-softmax-3-2-2-forward"))
    text = r"""$$\frac{d}{dx} \sigma(x) = \sigma(x) (1 - \sigma(x))$$

$$\sigma(x) = \frac{1}{1 + e^{x}}$$
"""
    assert [str(one.verdict) for one in verify(text, exercises=sheet).verdicts] == ["right", "wrong"]
