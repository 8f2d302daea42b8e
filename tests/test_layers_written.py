"""Layers as a reader meets them: written out, checked, as NumPy source, in sheets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from random_layers import draw_stack
from random_networks import CONVENTIONS, far

from chalkwork import BatchNorm, Dense, Dropout, NeuralNetwork
from chalkwork.documents.terminal import to_text
from chalkwork.errors import SheetError
from chalkwork.sheets.document import workbook
from chalkwork.sheets.format import parse_sheet
from chalkwork.sheets.solve import solve_sheet
from chalkwork.typesetting.boxes import width_of
from chalkwork.typesetting.code import definitions, numpy_source

NEAR = 1e-10


# --- what is written -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("convention", CONVENTIONS, ids="-".join)
@pytest.mark.parametrize("notation", [None, "brackets", "parentheses", "bold", {"new": "prime", "gradient": "nabla"}])
def test_solutions_are_written_in_every_notation(convention, notation):
    samples, weights = convention
    net = NeuralNetwork(
        [Dense(2, inputs=2), BatchNorm("tanh"), Dropout(0.2), Dense(1, "sigmoid")], "binary_cross_entropy",
        samples=samples, weights=weights, l1=0.1, l2=0.1,
    )  # fmt: skip
    x, y = np.array([[1, 2], [0, 1]]), np.array([[1, 0]])
    solution = net.solve(x, y if samples == "columns" else y.T, 0.1, notation=notation, sample_weight=[1, 2])
    written = str(solution)
    assert not any(word in written for word in ("xhat", "gamma", "mask3", "lambda", "{", "_run"))
    assert max(map(width_of, written.splitlines())) <= 80
    assert all(equation.latex for equation in solution.equations)
    for detail in ("equations", "entries"):
        assert str(solution.restyled(detail=detail))


@pytest.mark.parametrize(
    ("name", "latex", "text"),
    [
        ("mu2", r"\mu_2", "μ₂"), ("var2", r"\sigma_2^{2}", "σ²₂"), ("xhat2", r"\hat{x}_2", "x̂₂"),
        ("gamma2", r"\gamma_2", "γ₂"), ("beta2", r"\beta_2", "β₂"), ("mask3", "m_3", "m₃"),
        ("lambda1", r"\lambda_1", "λ₁"), ("mu2_run", r"\mu_{2,\text{run}}", "μ₂,ᵣᵤₙ"),
        ("var2_run_new", r"\sigma_{2,\text{run}}^{2,\text{new}}", "σ²₂,ᵣᵤₙⁿᵉʷ"),
    ],
)  # fmt: skip
def test_letters(name, latex, text):
    net = NeuralNetwork([Dense(2, inputs=2), BatchNorm(), Dropout(0.2), Dense(1)], l1=0.1)
    symbol = net.solve(np.eye(2), [0, 1], 0.1).writer().symbols[name]
    assert (symbol.latex, symbol.text) == (latex, text)


def test_the_drawing_shows_a_layer_without_weights_in_the_title_of_the_units_before_it():
    net = NeuralNetwork([Dense(2, "identity", inputs=2), BatchNorm("relu"), Dropout(0.2), Dense(1)])
    solution = net.solve([1, 2])
    drawing = solution.setting.drawing(solution, True)
    assert "batch norm, ReLU, dropout 0.2" in drawing.description


# --- readings of the same equations --------------------------------------------------------------------------------


def test_rounded_answers_are_right_and_a_wrong_one_is_found():
    stack = draw_stack(3, "batch_norm", ("columns", "out_in"), l2=0.1)
    solution = stack.solve(masks=stack.masks, decimals=4)
    number = stack.kinds.index("batch_norm") + 1
    answers = {name: np.round(solution[name], 4) for name in solution.derivation}
    report = solution.check(answers)
    assert {result.verdict for result in report.values()} <= {"correct", "rounding"}
    answers[f"mu{number}"] = answers[f"mu{number}"] + 1
    assert solution.check(answers).first_wrong == f"mu{number}"


def test_the_equations_as_numpy_source():
    stack = draw_stack(8, "batch_norm", l1=0.1, weighted=True)
    solution = stack.solve(masks=stack.masks, learning_rate=0.1)
    known: dict[str, Any] = {"np": np} | {name.name: solution.arrays[name.name] for name in solution.derivation.givens}
    for text in definitions(equation.expression for equation in solution.derivation.equations):
        exec(text, known)
    for equation in solution.derivation.equations:
        exec(f"{equation.name} = {numpy_source(equation.expression)}", known)
        assert far(np.broadcast_to(known[equation.name], solution.arrays[equation.name].shape),
                   solution.arrays[equation.name]) < NEAR, equation.name  # fmt: skip


# --- in sheets -----------------------------------------------------------------------------------------------------

SHEET = """
```network
loss: mean_squared_error
layers:
  - {units: 3, inputs: 2, initializer: he_normal}
  - {kind: batch_norm, activation: relu, gamma: [1, 2, 3], momentum: 0.2, running_variance: biased}
  - {kind: dropout, rate: 0.5}
  - {units: 1}
```

```task
id: a
x: [[1, 2], [3, -1]]
y: [[1], [0]]
learning_rate: 0.1
ask: [mu2, dgamma2, mu2_run_new]
```

```task
id: b
after: a
x: [[1, 2], [0, 1]]
ask: [xhat2, a3]
```
"""


def test_layers_in_a_sheet_and_a_task_that_goes_on_with_their_statistics():
    solved = solve_sheet(parse_sheet(SHEET))
    first, later = solved["a"].solution, solved["b"].solution
    assert first["gamma2"].tolist() == [[1, 2, 3]]
    assert far(first["mu2_run_new"], 0.2 * first["mu2"]) < NEAR
    assert np.array_equal(later["mu2_run"], first["mu2_run_new"])
    assert np.array_equal(later["gamma2"], first["gamma2_new"])
    assert np.array_equal(later["W4"], first["W4_new"])
    assert np.array_equal(later["a3"], later["a2"])


def test_what_is_learned_stands_with_the_network_and_data_with_the_task():
    """Scales too: what a network learns is known by its role, not by a first letter."""
    sheet = parse_sheet(SHEET)
    solution = next(iter(solve_sheet(sheet).values())).solution
    above, _, below = to_text(workbook(sheet, "sheet", drawings=False).document).partition("  x = ")
    learned, symbols = solution.setting.learned, solution.writer().symbols
    assert {name[0] for name in learned} == {"W", "b", "g"} and set(learned) < set(solution.setting.givens)
    assert all(f"{symbols[name].text} = " in above for name in learned)
    assert not any(f"{symbols[name].text} = " in below for name in learned)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("kind: dropout, rate: 0.5", "kind: dropout", 7, "needs the key 'rate'"),
        ("rate: 0.5", "rate: 1", 7, r"layers\[3\].rate: expected a number from 0 to below 1, found 1"),
        ("rate: 0.5", "rate: 0.5, units: 3", 7, "unknown key 'units' in a dropout layer"),
        ("kind: dropout", "kind: dropuot", 7, r"layers\[3\].kind: expected dense or batch_norm or "),
        ("[1, 2, 3]", "[1, 2]", 6, r"layers\[2\].gamma: expected one number for each of the 3 units, found 2"),
        ("momentum: 0.2", "momentum: 2", 6, "expected a number from 0 to 1, found 2"),
        ("momentum: 0.2", "epsilon: -1", 6, "expected a number from 0 on"),
        ("variance: biased", "variance: some", 6, "expected biased or unbiased"),
        ("momentum: 0.2", "inputs: 4", 6, "expected 3 inputs, as many as the units before, found 4"),
        ("he_normal", "he_norml", 5, "did you mean he_normal"),
        ("activation: relu", "activation: rleu", 6, "did you mean relu"),
    ],
)
def test_layers_that_a_sheet_refuses(old, new, line, words):
    with pytest.raises(SheetError, match=words) as caught:
        solve_sheet(parse_sheet(SHEET.replace(old, new)))
    assert caught.value.line == line
