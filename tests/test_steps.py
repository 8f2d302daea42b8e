"""Several updates in one task: each is numbered, shown or summed up, asked for, and gone on from."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from chalkwork import RNN, Dense, LayerNorm, NeuralNetwork
from chalkwork.documents.terminal import to_text
from chalkwork.sheets.check import check_hand_in
from chalkwork.sheets.document import workbook
from chalkwork.sheets.format import parse_sheet
from chalkwork.sheets.solve import solve_sheet
from chalkwork.solutions.export import to_json

SHEET = """---
decimals: 6
NOTATION
---
```network
layers:
  - {weights: [[0.5, -0.25], [0.75, 0.1]], bias: [0.1, -0.2], activation: tanh}
  - {weights: [[1], [-1]], bias: false}
```
```task
id: a
x: [1, -2]
y: [1]
learning_rate: 0.1
steps: STEPS
ask: [ASK]
```
```task
id: b
after: a
x: [2, 1]
ask: [a2]
```
"""


def sheet_of(steps, ask, notation=""):
    return parse_sheet(SHEET.replace("STEPS", str(steps)).replace("ASK", ask).replace("NOTATION", notation))


def trained(steps):
    """The same in NumPy: every W1, W2, b1 and loss, and the output for the second input."""
    w1, b1, w2 = np.array([[0.5, -0.25], [0.75, 0.1]]), np.array([0.1, -0.2]), np.array([[1.0], [-1.0]])
    x, found = np.array([[1.0, -2.0]]), []
    for _ in range(steps):
        a1 = np.tanh(x @ w1 + b1)
        error = a1 @ w2 - 1
        below = error @ w2.T * (1 - a1**2)
        w1, b1, w2 = w1 - 0.1 * x.T @ below, b1 - 0.1 * below[0], w2 - 0.1 * a1.T @ error
        found.append((w1, b1, w2, 0.5 * float((np.tanh(x @ w1 + b1) @ w2 - 1).item()) ** 2))
    return found, float((np.tanh(np.array([[2.0, 1.0]]) @ w1 + b1) @ w2).item())


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 7])
def test_every_step_is_asked_shown_and_gone_on_from(steps):
    sheet = sheet_of(steps, "W1_new, L_new")
    solved = solve_sheet(sheet)
    wanted, output = trained(steps)
    names = [name for step in range(1, steps + 1) for name in ("W1_new", "L_new")]
    suffixes = ["", *map(str, range(2, steps + 1))]
    assert solved["a"].asked == tuple(f"{stem}{suffix}" for suffix in suffixes for stem in ("W1_new", "L_new"))
    assert len(solved["a"].asked) == len(names)
    for suffix, (w1, _, _, loss) in zip(suffixes, wanted, strict=True):
        assert np.allclose(solved["a"].solution[f"W1_new{suffix}"], w1, rtol=1e-12)
        assert float(solved["a"].solution[f"L_new{suffix}"]) == pytest.approx(loss, rel=1e-10)
    assert float(np.squeeze(solved["b"].solution["a2"])) == pytest.approx(output, rel=1e-12)
    text = to_text(workbook(sheet, drawings=False).document)
    for *_, loss in wanted:
        assert f"{loss:.6f}" in text, "the loss after every step is seen"
    start = text.index("Solution to task (b)")
    for number in re.findall(r"\d\.\d{6}", text[start : text.index("Net input", start)]):
        assert number in text[:start], "what the next task starts from was seen before"
    blanks = to_text(workbook(sheet, "blanks").document)
    assert blanks.count("L") >= steps and f"{wanted[-1][3]:.6f}" not in blanks


def test_steps_are_numbered():
    text = to_text(workbook(sheet_of(2, "W1_new, L_new"), drawings=False).document)
    for heading in ("Backward pass, step 1", "Update, step 1", "Forward pass after step 1", "Backward pass, step 2",
                    "Update, step 2", "Forward pass after step 2"):  # fmt: skip
        assert text.count(f"— {heading} —") == 1
    assert "W₁ⁿᵉʷ⁽²⁾" in text and "W₁ⁿᵉʷ⁽¹⁾" in text and "ⁿᵉʷ²" not in text
    single = to_text(workbook(sheet_of(1, "W1_new, L_new"), drawings=False).document)
    assert "W₁ⁿᵉʷ" in single and "⁽¹⁾" not in single and "— Update —" in single


@pytest.mark.parametrize("notation", ["notation: {new: prime}", "notation: {new: plus}", "notation: {layer: '[l]'}"])
def test_no_step_prints_as_another(notation):
    solution = solve_sheet(sheet_of(3, "W1_new", notation))["a"].solution
    symbols = solution.writer().symbols
    names = [f"{stem}{suffix}" for stem in ("W1", "z1", "L") for suffix in ("", "_new", "_new2", "_new3")]
    for form in ("latex", "text"):
        assert len({getattr(symbols[name], form) for name in names}) == len(names)


def test_many_steps_are_summed_up():
    text = to_text(workbook(sheet_of(20, "L_new"), drawings=False).document)
    assert "Steps 2 to 19 are worked out in the same way." in text
    assert text.count("— Update, step") == 2
    assert len(text.split("\n")) < 400


def test_all_that_is_learned_stands_in_the_table_of_all_steps():
    nets = [
        (NeuralNetwork([Dense(1, inputs=1), LayerNorm("tanh"), Dense(1)], seed=1), "L W₁ b₁ γ₂ β₂ W₃ b₃"),
        (NeuralNetwork([RNN(1), Dense(1)], inputs=(2, 1), seed=1), "L W₁ U₁ b₁ W₂ b₂"),
    ]
    for net, head in nets:
        x, y = ([[1], [2]], [[1], [0.5]]) if not net.takes_positions else ([[1], [2]], [1])
        for optimizer in ("gradient_descent", "adam"):
            text = str(net.solve(x, y, learning_rate=0.1, steps=3, optimizer=optimizer))
            assert f"step {head}" in [" ".join(line.split()) for line in text.splitlines()]


def test_an_author_who_numbers_the_steps_is_taken_at_their_word():
    solved = solve_sheet(sheet_of(3, "L_new, L_new3"))
    assert solved["a"].asked == ("L_new", "L_new3")


def test_answers_of_every_step_are_marked():
    sheet = sheet_of(2, "W1_new, L_new")
    answers = {"a": {name: solve_sheet(sheet)["a"].solution[name].tolist() for name in ("W1_new", "L_new", "W1_new2")}}
    report = check_hand_in(sheet, answers | {"b": {}}).tasks[0].report
    assert {name: report[name].verdict for name in report} == {
        "W1_new": "correct", "L_new": "correct", "W1_new2": "correct", "L_new2": "blank",
    }  # fmt: skip
    data = json.loads(to_json(workbook(sheet)))
    assert {"W1_new", "L_new", "W1_new2", "L_new2"} <= {one["name"] for one in data["tasks"][0]["equations"]}


def test_a_graph_has_no_steps():
    sheet = parse_sheet("```graph\nequations: a_new2 = 2*x\n```\n```task\nid: a\nvalues: {x: 1}\n```\n")
    assert "step" not in to_text(workbook(sheet, drawings=False).document)
