"""Samples that are matrices: layers written for one sample, on one sample and on rows of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from random_layers import BATCH, draw_stack
from random_networks import CONVENTIONS, far

from chalkwork import Attention, BatchNorm, ChalkworkError, Dense, Dropout, Flatten, LayerNorm, NeuralNetwork, Residual
from chalkwork.cli import main
from chalkwork.documents.terminal import to_text
from chalkwork.errors import ShapeError
from chalkwork.sheets.check import check_hand_in
from chalkwork.sheets.document import workbook
from chalkwork.sheets.format import parse_sheet
from chalkwork.solutions.export import to_json

X = [[[1.0, 0.0], [0.0, 1.0], [0.5, -1.0]], [[0.0, 1.0], [1.0, 1.0], [2.0, 0.0]]]
SHEET = """---
convention: {samples: columns, weights: out_in}
---
```network
input: [2, 3]
loss: squared_error
layers:
  - {kind: attention, queries: [[1, 0], [0.5, 1]], keys: [[1, -1], [0, 1]], values: [[2, 0], [0, 1]]}
  - {kind: layer_norm}
  - {kind: flatten}
  - {weights: [[1, 0, 0.5, 0, 1, -1]], bias: [0.5]}
```
```task
id: a
points: 4
x: [[[1, 0, 0.5], [0, 1, -1]], [[0, 1, 2], [1, 1, 0]]]
y: [1, 0]
ask: [Q1, S1, P1, dWQ1, "K1[2,1,3]"]
```
"""


def network(**more: Any) -> NeuralNetwork:
    layers = [
        Attention(2, queries=[[1, 0.5], [0, 1]], keys=[[1, 0], [-1, 1]], values=[[2, 0], [0, 1]]),
        LayerNorm(epsilon=0.1), Residual(1, "tanh"), Flatten(),
        Dense(weights=[[0.5], [-1], [0.25], [2], [-0.5], [1]], bias=[0.25]),
    ]  # fmt: skip
    return NeuralNetwork(layers, "squared_error", **more)


@pytest.mark.parametrize("convention", CONVENTIONS, ids=str)
@pytest.mark.parametrize("kind", ["attention", "flatten"])
def test_a_row_of_samples_is_every_sample_alone(kind: str, convention: tuple[str, str]) -> None:
    """The equations for one sample, without an axis for samples, and their sums over samples."""
    stack = draw_stack(11, kind, convention)
    x, columns = stack.data(stack.x), stack.samples == "columns"
    whole = stack.net.solve(x, stack.data(stack.y))
    alone = [stack.net.solve(x[one], stack.y[one]) for one in range(BATCH)]
    for name in stack.net.parameters:
        assert far(sum(one[f"d{name}"] for one in alone) / BATCH, whole[f"d{name}"]) < 1e-12
    for name, value in whole.items():
        if np.ndim(value) == 3:
            assert alone[0].derivation.shapes()[name] == value.shape[1:]
            if not name.startswith(("d", "delta")):
                assert far(np.stack([one[name] for one in alone]), value) < 1e-12
    output = f"a{len(stack.kinds)}"
    joined = np.concatenate([one[output] for one in alone], axis=1 if columns else 0)
    assert far(joined, whole[output]) < 1e-12


def test_attention_step_by_step() -> None:
    solution = network().solve(X[0], 1)
    assert solution["S1"] == pytest.approx(solution["Q1"] @ solution["K1"].T / np.sqrt(2))
    assert solution["P1"].sum(axis=1) == pytest.approx(np.ones(3))
    assert solution["P1"][1] == pytest.approx([0.283996, 0.575975, 0.140029], abs=1e-6)
    assert str(solution.derivation["S1"]) == "S1 = Q1 @ K1.T / sqrt(2)"
    assert str(solution.derivation["dS1"]) == "dS1 = P1 * (dP1 - sum(dP1 * P1, axis=1))"
    assert str(solution.derivation["dQ1"]) == "dQ1 = dS1 @ K1 / sqrt(2)"
    assert str(network().solve(X, [1, 0]).derivation["dWQ1"]) == "dWQ1 = sum(x.T @ dQ1, axis=-3)"
    assert str(NeuralNetwork([Attention(4), Flatten(), Dense(1)]).solve(X).derivation["S1"]) == "S1 = Q1 @ K1.T / 2"


def test_what_is_said_fits_one_sample_and_several() -> None:
    one, several = str(network().solve(X[0], 1)), str(network().solve(X, [1, 0]))
    assert "The network has 2 inputs at each of 3 positions, an attention with 2 units" in one
    assert "the matrix product adds up the positions." in " ".join(one.split())
    assert "the matrix product adds up the positions, and the samples are summed." in " ".join(several.split())
    assert "∑ᵢ xᵢᵀ ∂L/∂q₁,ᵢ" in several
    assert "q₁,₂₁₁" in str(network().solve(X, detail="entries"))


@pytest.mark.parametrize("convention", CONVENTIONS, ids=str)
def test_engines_do_the_same_steps_on_minibatches(convention: tuple[str, str]) -> None:
    ends = []
    for engine in ("reference", "numpy", "jax"):
        stack = draw_stack(5, "attention", convention)
        x, y = stack.data(stack.x), 1 / (1 + np.exp(-stack.data(stack.y)))
        stack.net.train(x, y, eta=0.1, epochs=3, batch_size=1, optimizer="adam", engine=engine, validation=0.25)
        stack.net.train(x, y, eta=0.1, epochs=2, batch_size=3, engine=engine, sample_weight=[1, 2, 0, 1])
        ends.append(stack.net.parameters)
    for other in ends[1:]:
        for name, value in ends[0].items():
            assert far(other[name], value) < 1e-10, name


def test_answers_are_marked_matrix_by_matrix() -> None:
    solution = network().solve(X, [1, 0])
    typed = {name: np.round(solution[name], 4).tolist() for name in solution.derivation}
    assert solution.check(typed).score == 1
    as_text = {name: json.dumps(value) for name, value in typed.items()}
    assert solution.check(as_text).score == 1
    turned = typed | {"delta1": np.round(-solution["delta1"], 4).tolist()}
    report = solution.check(turned)
    assert (report.first_wrong, report["delta1"].mistakes) == ("delta1", ("error-sign",))
    wrong = typed | {"Q1": np.round(solution["Q1"] + 0.5, 4).tolist()}
    carried = np.einsum("nqd,nkd->nqk", np.array(wrong["Q1"]), solution["K1"]) / np.sqrt(2)
    report = solution.check(wrong | {"S1": np.round(carried, 4).tolist()}, ask=["Q1", "S1"])
    assert (report["Q1"].verdict, report["S1"].verdict) == ("wrong", "follows")
    one_cell = np.round(solution["K1"], 4)
    one_cell[1, 2, 0] += 1
    assert np.array(solution.check({"K1": one_cell})["K1"].cells).tolist() == [
        ["correct", "correct"] if row != 5 else ["wrong", "correct"] for row in range(6)
    ]


def test_a_program_is_marked_as_one_with_vectors_is() -> None:
    """What is seen of a wrong answer, other data, and that what attention weighs with is no weight matrix."""
    solution = network().solve(X, [1, 0])
    typed = {name: np.asarray(solution[name]) for name in solution.derivation}
    assert "every entry is 1.5 times the right one" in solution.check(typed | {"K1": typed["K1"] * 1.5})["K1"].message
    assert "this is the right value of Q1" in solution.check(typed | {"K1": typed["Q1"]})["K1"].message
    twice = network().solve(2 * np.array(X), [1, 0])
    report = solution.check({name: np.asarray(twice[name]) for name in typed} | {"x": 2 * np.array(X)})
    assert "it is 2 times the exercise's. What follows is held against these." in report.notes[0]
    assert {report[name].verdict for name in ("S1", "z1", "dWQ1")} == {"follows"}
    report = solution.check({name: np.swapaxes(one, -1, -2) if one.ndim == 3 else one for name, one in typed.items()})
    assert (report.notes, report["Q1"].verdict, report["S1"].verdict) == ((), "wrong", "wrong")


@pytest.mark.parametrize("units", [1, 2, 4])
@pytest.mark.parametrize(("samples", "several"), [("rows", True), ("columns", False)])
def test_mistakes_are_worth_what_a_program_with_the_mistake_computes(units: int, samples: Any, several: bool) -> None:
    net = NeuralNetwork([Attention(units), Flatten(), Dense(1)], samples=samples, seed=2)
    x = np.swapaxes(X, 1, 2) if samples == "columns" else np.array(X)
    solution = net.solve(x if several else x[0], [1, 0] if several else 1)
    scores, powers = solution["S1"] * np.sqrt(units), np.exp(solution["S1"])
    across = -2 if samples == "rows" else -1
    made = {
        "softmax-not-normalised": ("P1", powers),
        "softmax-wrong-axis": ("P1", powers / powers.sum(across, keepdims=True)),
    }
    if units > 1:
        made |= {"scores-not-scaled": ("S1", scores), "scores-over-length": ("S1", scores / units)}
    for id, (name, value) in made.items():
        report = solution.check({name: np.round(value, 6)})
        assert id in report[name].mistakes, (id, report[name])
    assert "{" not in solution.check({"P1": powers})["P1"].message


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([[1, 2], [3, 4]], "no row of matrices, but 2 matrices of 3x2 are expected"),
        (np.zeros((3, 2, 2)), "it has 3 matrices, but 2 matrices of 3x2"),
        (np.zeros((2, 2, 3)), "matrix 1: it is 2x3, but 3x2 is expected"),
        ("[[[1, 2], [3, 4], [5, 6]], [[1, 2], [3, x], [5, 6]]]", "matrix 2: row 2, column 2: 'x' is not a number"),
        ("x", "no row of matrices"),
        (7, "no row of matrices"),
        ([[[1, 2], [3, 4], [5, 6]], None], "no row of matrices"),
    ],
)
def test_answers_of_another_shape_are_said(given: object, said: str) -> None:
    result = network().solve(X, [1, 0]).check({"K1": given})["K1"]
    assert result.verdict in ("wrong", "unreadable")
    assert said in result.message.replace("Matrix", "matrix")


def test_a_sheet_is_solved_marked_and_left_blank(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheet = parse_sheet(SHEET)
    own = json.loads(to_json(workbook(sheet, "solution")))
    values = {one["name"]: one["value"] for one in own["tasks"][0]["equations"]}
    assert np.shape(values["S1"]) == (2, 3, 3)
    asked = {name: values[name] for name in ("Q1", "S1", "P1", "dWQ1")} | {"K1[2,1,3]": values["K1"][1][0][2]}
    for given, points in ((asked, 4), (asked | {"K1[2,1,3]": 7}, 3.2), (asked | {"S1": [[[9] * 3] * 3] * 2}, 3.2)):
        report = check_hand_in(sheet, {"a": given}).tasks[0].report
        assert report.score * 4 == pytest.approx(points)
    blanks = to_text(workbook(sheet, "blanks").document)
    assert blanks.count("______") == 2 * (6 + 9 + 9) + 4 + 1
    path, answers = tmp_path / "sheet.md", tmp_path / "ann.yaml"
    path.write_text(SHEET, encoding="utf-8")
    rounded = {name: np.round(value, 3).tolist() for name, value in asked.items()}
    answers.write_text(json.dumps({"a": rounded}), encoding="utf-8")
    assert main(["check", str(path), str(answers)]) in (0, 1)
    assert "4 of 4" in capsys.readouterr().out


BAD = {
    "[[1, 2, 3], [4, 5, 6]]": "a sample of x is 2x3, but 3x2 .*its transpose would fit",
    "[1, 2]": "x is to be a matrix",
    "[[[1, 2], [3]], [[1, 2], [3, 4]]]": r"x\[1\] is ragged",
    "[[[[1, 2]]]]": "4 dimensions; a row of matrices has three",
}


@pytest.mark.parametrize("x", BAD)
def test_inputs_that_do_not_fit(x: str) -> None:
    with pytest.raises(ShapeError, match=BAD[x]):
        network(inputs=(3, 2)).solve(json.loads(x))


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ([Attention(2), BatchNorm(), Flatten(), Dense(1)], r"takes vectors.*put Flatten\(\) before it"),
        ([Attention(2), Dropout(0.5), Flatten(), Dense(1)], "takes vectors"),
        ([Attention(2), Flatten(), Flatten(), Dense(1)], "takes samples with positions, but vectors enter it"),
        ([Dense(2), Attention(2), Flatten(), Residual(1), Dense(1)], "has not the positions of layer 2"),
        ([Attention(2, keys=[[1, 2, 3]] * 2), Flatten(), Dense(1)], "WK1 is 2x3, but 2x2"),
    ],
)
def test_layers_that_do_not_go_together(layers: list[Any], said: str) -> None:
    with pytest.raises(ShapeError, match=said):
        NeuralNetwork(layers, inputs=(1, 2))


def test_an_output_at_every_position_is_solved_and_not_trained() -> None:
    net = NeuralNetwork([Attention(2), Dense(1)], samples="columns")
    x, y = np.swapaxes(X, 1, 2), [[[1, 0, 2]], [[0, 1, 1]]]
    whole = net.solve(x, y)
    alone = [net.solve(x[one], y[one]) for one in range(2)]
    assert whole["L"] == pytest.approx(sum(one["L"] for one in alone))
    assert far(whole["dWQ1"], sum(one["dWQ1"] for one in alone)) < 1e-12
    assert net.solve(x[0], [1, 0, 2])["L"] == alone[0]["L"]
    with pytest.raises(ShapeError, match="y is 3x2, but 1x3 is needed"):
        net.solve(x[0], np.ones((3, 2)))
    with pytest.raises(ShapeError, match="trained with one vector of outputs"):
        net.train(x, y)


def test_a_shape_of_samples_is_for_those_that_are_matrices() -> None:
    for inputs in ((3, 2), (3, 2, 1)):
        with pytest.raises(ChalkworkError, match="inputs is the number of features"):
            NeuralNetwork([Dense(1)] if len(inputs) == 2 else [Attention(1), Flatten(), Dense(1)], inputs=inputs)
    with pytest.raises(ChalkworkError, match="needs the number of its units"):
        Attention()
