"""Threshold units, learning by presentation, and associative memories, against plain loops and published tables."""

from __future__ import annotations

import re

import numpy as np
import pytest
from shipped import SHEETS

from chalkwork import Graph
from chalkwork.documents.model import Document, Table
from chalkwork.documents.terminal import to_text
from chalkwork.errors import ChalkworkError, ValueProblem
from chalkwork.laboratory.associative import bam, hopfield
from chalkwork.laboratory.presentation import learn, minterm_network, region, threshold_table
from chalkwork.laboratory.presentation.study import RULES
from chalkwork.sheets.format import read_sheet
from chalkwork.sheets.solve import solve_sheet
from chalkwork.solutions.board import Board
from chalkwork.solutions.steps import MOST_ROWS, Column, step_table

SHEET = SHEETS / "perceptron-rule.md"


def rows_of(solution, names):
    """The values of every presentation, one row each."""
    count = solution["presentations"]
    return np.array([[v for name in names for v in np.ravel(solution[f"{name}{k}"])] for k in range(1, count + 1)])


# --- published tables -----------------------------------------------------------------------------------------------

AND = [[0, 0], [0, 1], [1, 0], [1, 1]]
BIPOLAR_OR = [[-1, -1], [-1, 1], [1, -1], [1, 1]]


def test_published_rows_of_the_perceptron_rule():
    """Net input, output, bias and weights, as worked tables print them."""
    found = learn([[1, 1], [1, 0], [0, 1], [0, 0]], [1, 1, -1, 1], weights=[0.3, 0.7], bias=-2, rate=0.6)
    wanted = [[-1, -1, -0.8, 1.5, 1.9], [0.7, 1, -0.8, 1.5, 1.9], [1.1, 1, -2, 1.5, 0.7], [-2, -1, -0.8, 1.5, 0.7]]
    np.testing.assert_allclose(rows_of(found, "zabw"), wanted, atol=1e-12)
    found = learn(BIPOLAR_OR, [-1, 1, 1, 1], bias=0)
    wanted = [[0, 1, -2, 2, 2], [-2, -1, 0, 0, 4], [-4, -1, 2, 2, 2], [6, 1, 2, 2, 2]]
    np.testing.assert_allclose(rows_of(found, "zabw"), wanted, atol=1e-12)
    found = learn([[1, 1], [2, 2], [0, 0], [1, 0]], [1, 1, 0, 0], bias=0, epochs=2)
    wanted = [[0, 1, 0, 0, 0], [0, 1, 0, 0, 0], [0, 1, -1, 0, 0], [-1, 0, -1, 0, 0],
              [-1, 0, 0, 1, 1], [4, 1, 0, 1, 1], [0, 1, -1, 1, 1], [0, 1, -2, 0, 1]]  # fmt: skip
    np.testing.assert_allclose(rows_of(found, "zabw"), wanted, atol=1e-12)
    found = learn([[2, 3]], [0], weights=[0.2, 0.1], threshold=0.6, rate=0.1)
    np.testing.assert_allclose(rows_of(found, ["z", "a", "theta", "w"]), [[0.1, 1, 0.7, 0, -0.2]], atol=1e-12)


def test_published_rows_of_the_delta_rule_and_of_a_fixed_threshold():
    found = learn([[1, 1], [1, -1], [-1, 1], [-1, -1]], [1, 1, 1, -1], rule="adaline", weights=0.1, bias=0.1, rate=0.1)
    wanted = [[0.3, 0.17, 0.17, 0.17, 0.49], [0.17, 0.253, 0.087, 0.253, 0.6889],
              [0.087, 0.1617, 0.1783, 0.3443, 0.833569], [0.0043, 0.26213, 0.27873, 0.24387, 1.00861849]]  # fmt: skip
    np.testing.assert_allclose(rows_of(found, "zwbE"), wanted, atol=1e-12)
    assert found["total1"] == pytest.approx(0.49 + 0.6889 + 0.833569 + 1.00861849)
    found = learn(AND, [0, 0, 0, 1], weights=[0.3, -0.1], threshold=0.2, fixed=True, rate=0.1, epochs=20)
    assert (found["epochs"], found["ending"]) == (5, "converged")  # where a net input of 0 counts as reached
    np.testing.assert_allclose(found["w20"].ravel(), [0.1, 0.1], atol=1e-12)


def test_published_rows_with_a_band_in_which_the_unit_is_undecided():
    """AND with inputs 0 and 1 and bipolar targets, a band of 0.2 and the rate 1: ten epochs, ending at 2, 3 and -4."""
    found = learn([[1, 1], [1, 0], [0, 1], [0, 0]], [1, -1, -1, -1], rule="perceptron_by_target", bias=0, band=0.2,
                  epochs=20)  # fmt: skip
    wanted = [[0, 0, 1, 1, 1], [2, 1, 0, 0, 1], [1, 1, -1, 0, 0], [-1, -1, -1, 0, 0]]
    np.testing.assert_allclose(rows_of(found, "zabw")[:4], wanted)
    assert (found["epochs"], found["ending"], found["weights"].tolist()) == (10, "converged", [2, 3, -4])
    assert "1 where z > 0.2, −1 where z < −0.2, and 0 between" in " ".join(str(found).split())
    assert learn([[0.2]], [1], weights=[1], band=0.2, activation="sign")["a1"] == 0


# --- against plain loops --------------------------------------------------------------------------------------------


def plainly(rule, x, y, w, b, rate, slope=0.0):
    """The same rules as people program them, one after the other; the bias is a last weight."""
    w = np.append(np.asarray(w, float), b)
    for sample, target in zip(x, y, strict=True):
        inputs = np.append(np.asarray(sample, float), 1.0)
        net = float(np.dot(w, inputs))
        out = 1.0 if net >= 0 else -1.0
        if rule == "perceptron" and out != target:
            w = w + rate * (target - out) * inputs
        elif rule == "perceptron_by_target" and out != target:
            w = w + rate * target * inputs
        elif rule == "adaline":
            w = w - rate * (net - target) * inputs
        elif rule == "normalised_lms":
            w = w + rate * (target - net) / (np.dot(sample, sample)) * inputs
        elif rule == "hebb":
            w = w + rate * target * inputs
        elif rule == "hebb_output":
            w = w + rate * net * inputs
        elif rule == "gradient":
            a = np.tanh(net)
            w = w + rate * (target - a) * (1 - a * a) * inputs
        yield np.array(w)


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_the_loop_that_people_write(rule, rng):
    for n in (1, 3, 9):
        x = rng.integers(-3, 4, (6, n)) + 0.5
        y = rng.choice([-1.0, 1.0], 6)
        y[0], y[1] = 1.0, -1.0
        w, b = rng.normal(size=n), float(rng.normal())
        activation = "tanh" if rule == "gradient" else None
        found = learn(x, y, rule=rule, weights=w, bias=b, rate=0.3, activation=activation, decimals=6)
        wanted = list(plainly(rule, x, y, w, b, 0.3))
        np.testing.assert_allclose(rows_of(found, "wb"), wanted, rtol=1e-10, atol=1e-12)
        turned = learn(x, y, rule=rule, weights=w, threshold=-b, rate=0.3, activation=activation)
        constant = learn(x, y, rule=rule, weights=[-b, *w], bias_input=-1, rate=0.3, activation=activation)
        if rule != "normalised_lms":  # the constant input counts there
            np.testing.assert_allclose(rows_of(turned, ["w", "theta"])[:, -1], -np.array(wanted)[:, -1], rtol=1e-10)
            np.testing.assert_allclose(rows_of(constant, "w")[:, 0], -np.array(wanted)[:, -1], rtol=1e-10)


def test_learning_ends_where_an_epoch_changes_nothing_and_says_so():
    found = learn(AND, [0, 0, 0, 1], bias=0, epochs=100)
    last = found["presentations"]
    changes = [np.abs(found[f"dw{k}"]).sum() + abs(found[f"db{k}"]) for k in range(1, last + 1)]
    assert not any(changes[-4:]) and any(changes[-8:-4])
    assert "has changed nothing: every further one would be like it" in " ".join(str(found).split())
    w, b = found[f"w{last}"].ravel(), found[f"b{last}"]
    assert [int(np.dot(w, row) + b >= 0) for row in AND] == [0, 0, 0, 1]
    np.testing.assert_allclose(found["weights"], [*w, b])
    np.testing.assert_allclose([found["line_slope"], found["line_intercept"]], [-w[0] / w[1], -b / w[1]])
    assert learn(AND, [0, 1, 1, 0], bias=0, epochs=3)["ending"] == "unfinished"
    with pytest.raises(ChalkworkError, match=r"after \d+ epochs the weights still change"):
        learn(AND, [0, 1, 1, 0], order=[1, 2, 3, 4] * 75, epochs=3)


def test_the_order_the_constant_input_and_what_is_asked():
    found = learn(AND, [0, 0, 0, 1], bias_input=1, order=[4, 1], ask=["w", "z2"])
    assert found.setting.asked == ("w1", "z2", "w2")
    assert found["z1"] == 0 and found["x4"].ravel().tolist() == [1, 1, 1]
    assert "w₀" in str(found) and "in the order 4, 1" in str(found)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: learn(AND), "needs targets"),
        (lambda: learn(AND, [0, 0, 0]), "4 samples and 3 targets"),
        (lambda: learn(AND, [0, 0, 0, 2]), "do not tell which activation"),
        (lambda: learn(AND, [1, 1, 1, 1]), "do not tell which activation"),
        (lambda: learn(AND, [0, 0, 0, 1], bias=1, threshold=1), "not two of them"),
        (lambda: learn(AND, [0, 0, 0, 1], weights=[1]), "2 weights belong to 2 inputs"),
        (lambda: learn(AND, [0, 0, 0, 1], rule="perzeptron"), "did you mean perceptron"),
        (lambda: learn(AND, [0, 0, 0, 1], rule="adaline", activation="sign"), "looks at no output"),
        (lambda: learn(AND, [0, 0, 0, 1], rule="gradient", activation="step"), "no gradient comes through the step"),
        (lambda: learn(AND, [0, 0, 0, 1], fixed=True), "there is none"),
        (lambda: learn(AND, [0, 0, 0, 1], band=0.2), "of a unit with the sign"),
        (lambda: learn(AND, [0, 0, 0, 1], order=[5]), "from 1 to 4"),
        (lambda: learn(AND, [0, 0, 0, 1], ask=["q1"]), "q1 is nothing that is worked out here"),
        (lambda: threshold_table(AND, [0, 1, 2, 1], activation="step"), "gives two values"),
        (lambda: threshold_table(gate="nonsense"), "gate is and or or"),
        (lambda: threshold_table(gate="and", bias=1), "a bias or a threshold without weights"),
        (lambda: minterm_network("AA'"), "never true"),
        (lambda: minterm_network("A + 1"), "no product of variables"),
        (lambda: hopfield([[1, 0]]), "something else than -1 and 1"),
        (lambda: hopfield(weights=[[0, 1], [2, 0]]), "not symmetric"),
        (lambda: hopfield(), "the patterns to store, or the weights"),
        (lambda: bam([[1, 1]], [[1], [1]]), "1 patterns x and 2 patterns y"),
    ],
)
def test_what_does_not_fit_is_said(call, said):
    with pytest.raises(ChalkworkError, match=said):
        call()


# --- mistakes -------------------------------------------------------------------------------------------------------

POINTS, CLASSES = [[1, 0], [0, 3], [2, 0], [-2, -2]], [1, -1, 1, -1]


def hand_in(mistake, epochs, threshold=False):
    """What somebody hands in who makes one mistake throughout, and goes on from there."""
    w, b, eta, before, answers = np.array([-0.5, -0.5]), 0.0, 0.25, None, {}
    start = (w, b)
    for k in range(1, 4 * epochs + 1):
        x, y = np.array(POINTS[(k - 1) % 4], float), CLASSES[(k - 1) % 4]
        used, free = start if mistake == "weights-of-the-start" else (w, b)
        z = used @ x - free if threshold else used @ x + free
        a = 1.0 if z >= 0 else -1.0
        e = {
            "other-targets": (y + 1) / 2 - a,
            "output-of-before": y - (a if before is None else before),
            "net-or-output": y - z,
            "correction-turned": a - y,
        }.get(mistake, y - a)
        step = (1 if mistake == "rate-left-out" else eta) * (y if mistake == "updated-without-error" else e)
        turned = threshold and mistake != "threshold-as-bias"
        if mistake != "correction-not-added":
            w, b = w + step * x, b - step if turned else b + step
        free_name = "theta" if threshold else "b"
        own = {"z": z, "a": a, "e": e, "dw": step * x, f"d{free_name}": -step if turned else step, "w": w, free_name: b}
        answers |= {f"{name}{k}": np.asarray(value).tolist() for name, value in own.items()}
        before = a
    return answers


OF_ROWS = ("weights-of-the-start", "other-targets", "output-of-before", "net-or-output", "correction-turned",
           "rate-left-out", "updated-without-error", "correction-not-added", "threshold-as-bias")  # fmt: skip


@pytest.mark.parametrize("mistake", OF_ROWS)
def test_mistakes_of_a_table_are_named_where_they_are_made(mistake):
    threshold = mistake == "threshold-as-bias"
    free = {"threshold": 0} if threshold else {"bias": 0}
    solution = learn(POINTS, CLASSES, weights=[-0.5, -0.5], rate=0.25, epochs=9, **free)
    assert solution.check(hand_in("", solution["epochs"], threshold)).score == 1.0
    report = solution.check(hand_in(mistake, solution["epochs"], threshold))
    assert report.score < 1 and mistake in report[report.first_wrong].mistakes


def test_mistakes_at_zero_of_slopes_and_of_memories():
    solution = learn(AND, [0, 0, 0, 1], bias=0)
    assert solution.check({"z1": 0, "a1": 0})["a1"].mistakes == ("jump-at-zero",)
    slope = learn(AND, [0, 0, 0, 1], rule="gradient", weights=0.3, bias=0.1, decimals=5)
    assert "slope-left-out" in slope.check({"e1": float(slope["e1"]), "delta1": float(slope["e1"])})["delta1"].mistakes
    memory = hopfield([[1, 1, -1, -1, 1], [1, -1, 1, -1, -1]], start=[-1, 1, 1, -1, 1])
    w = memory["W"]
    assert memory.check({"W": (w + 2 * np.eye(5)).tolist()})["W"].mistakes == ("self-connected",)
    assert "energy-factor" in memory.check({"E0": 2 * memory["E0"]})["E0"].mistakes
    stale = float(w[3] @ memory["s0"].ravel())
    assert stale != memory["net4"] and "state-of-the-start" in memory.check({"net4": stale})["net4"].mistakes


# --- the table ------------------------------------------------------------------------------------------------------


def test_repeated_equations_are_read_as_a_table():
    text = "; ".join(f"v{k} = 0.5 * p{k - 1}; p{k} = p{k - 1} - v{k}" for k in range(1, 4))
    board = Board(Graph(text).solve(p0=8))
    said = Column("note", "note", cells={2: "half"})
    table = step_table(board, ["v", "p", "missing", said], [0, 1, 2, 3], "$t$")
    assert table.head == ("$t$", "$v$", "$p$", "note")
    assert table.rows[0] == ("0", "", "$8$", "") and table.rows[2] == ("2", "$2$", "$2$", "half")
    before = step_table(board, [Column("p", at=lambda k: f"p{k - 1}" if k > 1 else None)], [1, 2, 3])
    assert [row[1] for row in before.rows] == ["", "$4$", "$2$"]
    blank = step_table(board, [Column("v", asked=False), "p"], [1, 2], blank=True)
    assert blank.rows[0][1] == "$4$" and set(blank.rows[0][2]) == {"\\", "_"}
    many = learn(AND, [0, 0, 0, 1], weights=0.001, bias=0.5, rate=0.001, order=[1, 2, 3, 4] * 20)
    rows = step_table(Board(many), ["z"], range(1, 81)).rows
    assert len(rows) == MOST_ROWS and rows[-2] == ("⋮", "") and rows[-1][0] == "80"


def test_a_column_may_be_answered_at_once():
    solution = learn(AND, [0, 0, 0, 1], weights=[0.5, -1], bias=0.25, decimals=3)
    rows = {name: [solution[f"{name}{k}"] for k in range(1, 5)] for name in ("z", "a", "w", "b")}
    typed = {
        name: "; ".join(" ".join(f"{v:.12g}" for v in np.ravel(one)) for one in each) for name, each in rows.items()
    }
    for given in ({name: [np.ravel(one).tolist() for one in each] for name, each in rows.items()}, typed,
                  {**typed, "z": f"[{typed['z']}]"}, {"Δw": [solution[f"dw{k}"] for k in range(1, 5)]}):  # fmt: skip
        report = solution.check(given)
        assert report.score == 1.0 and len(report) == 4 * len(given) and not report.unused
    short = solution.check({"z": "1; 2", "a1": 1})
    assert short.unused == {"z": "it has 2 rows, and 4 are asked for"} and list(short) == ["a1"]
    assert solution.names_meant(["z", "q"], ["z1", "z2"]) == ["z"]


def test_vectors_have_columns_while_they_are_few():
    few, many = (learn(np.eye(n), [1, -1] * (n // 2), bias=0, rate=0.5) for n in (2, 10))
    assert step_table(Board(few), ["w"], [1, 2]).head == ("step", "$w_{1}$", "$w_{2}$")
    wide = step_table(Board(many), ["w", "dw"], [1, 2])
    assert wide.head == ("step", "$w$", r"$\Delta{w}$") and wide.rows[0][1].startswith("$(0, 0")


def test_no_number_of_a_wide_table_is_cut():
    numbers = [f"{k}.{k:03}" for k in range(30)]
    shown = to_text(Document("", (Table(("k", *("x" * 6 for _ in numbers)), (("1", *numbers),), tuple(range(31))),)))
    assert max(map(len, shown.splitlines())) <= 80 and all(re.search(rf"(?<!\d){n}(?!\d)", shown) for n in numbers)


def test_the_sheet_marks_weights_of_ones_own():
    exercise = solve_sheet(read_sheet(SHEET))["c"]
    own = {"w": [-3, -2], "theta": 2, "z1": 3, "z2": -1, "z3": -3, "z4": -7}
    assert exercise.solution.check(own, ask=exercise.asked).score == 1.0
    report = exercise.solution.check({**own, "w[1]": -2.875, "z1": "3", "w": None}, ask=exercise.asked)
    assert report["w"].verdict == "blank"
    entries = {"w[1]": -2.875, "w[2]": -2, "theta": 2, "z1": "3", "z2": -1.125}
    verdicts = {name: result.verdict for name, result in exercise.solution.check(entries, ask=exercise.asked).items()}
    assert verdicts == {
        "w": "correct",
        "theta": "correct",
        "z1": "wrong",
        "z2": "correct",
        "z3": "blank",
        "z4": "blank",
    }


def test_several_units_learn_in_one_table():
    x = np.array([[1, 1], [1, 2], [2, -1], [-1, 2]])
    y = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]])
    for rule, rate in (
        ("perceptron", 1.0),
        ("adaline", 0.05),
        ("gradient", 0.5),
        ("hebb", 0.5),
        ("perceptron_by_target", 0.5),
    ):
        w, b = np.array([[1.0, 0], [0, 1]]), np.array([1.0, 1])
        activation = {"gradient": "tanh"}.get(rule)
        found = learn(x, y, rule=rule, weights=w, bias=b, rate=rate, epochs=2, activation=activation)
        each = [learn(x, y[:, k], rule=rule, weights=w[k], bias=b[k], rate=rate, epochs=2, activation=activation)
                for k in (0, 1)]  # fmt: skip
        for step in range(1, 9):
            for k in (0, 1):
                if f"w{step}" in each[k].arrays:
                    np.testing.assert_allclose(found[f"w{step}"][k], each[k][f"w{step}"].ravel(), rtol=1e-12)
                    np.testing.assert_allclose(np.ravel(found[f"b{step}"])[k], each[k][f"b{step}"], rtol=1e-12)
        right = {name: np.asarray(found[name]).tolist() for name in found.derivation}
        assert found.check(right).score == 1
        assert "Two units with the same 2 inputs and a bias each learn by" in str(found)
    with pytest.raises(ChalkworkError, match="weights are 2x2, a row for each unit, not 1x2"):
        learn(x, y, weights=[[1, 2]])


def test_a_batch_changes_the_weights_once_an_epoch_and_rules_stop_it():
    x, y = np.array([[1.0, 1], [1, -1], [-1, 1], [-1, -1]]), np.array([1.0, -1, -1, -1])
    found = learn(x, y, rule="adaline", weights=0.1, bias=0.1, rate=0.1, batch=True, epochs=20, stop_change=0.05)
    w, b, changes = np.full(2, 0.1), 0.1, []
    while not changes or changes[-1] > 0.05:
        error = y - (x @ w + b)
        changes.append(max(abs(0.1 * x.T @ error).max(), abs(0.1 * error.sum())))
        w, b = w + 0.1 * x.T @ error, b + 0.1 * error.sum()
    assert found["epochs"] == len(changes) and found["ending"] == "stopped"
    np.testing.assert_allclose(found["weights"], [*w, b], rtol=1e-12)
    assert "w3" not in found and f"w{4 * len(changes)}" in found
    right = {name: np.asarray(found[name]).tolist() for name in found.derivation} | {"ending": "stopped"}
    assert found.check(right).score == 1
    early = learn(x, y, rule="adaline", bias=0, rate=0.1, epochs=20, stop_loss=2)
    totals = [early[f"total{epoch}"].item() for epoch in range(1, early["epochs"] + 1)]
    assert totals[-1] <= 2 < min(totals[:-1]) and early["ending"] == "stopped"
    with pytest.raises(ChalkworkError, match="has no loss that could stop it"):
        learn(x, y, stop_loss=1)


def test_a_majority_joins_units():
    w, b = np.array([[1.0, 0], [0, 1], [1, 1]]), np.array([0.0, 0, -3])
    x = np.array([[1.0, 1], [1, -1], [-1, -1], [4, -0.5], [-0.5, 0.5]])
    found = region(weights=w, bias=b, join="majority", x=x)
    wanted = ((x @ w.T + b >= 0).sum(1) >= 2) * 1.0
    assert [found[f"a{k}"].item() for k in range(1, 6)] == wanted.tolist()
    assert "more than half of them are" in str(found)


def test_learning_that_leaves_all_numbers_says_where_and_not_that_it_goes_on():
    with pytest.raises(ValueProblem, match="an overflow of"):
        learn([[3, 4], [1, 2], [0, 1]], [1, -1, 1], bias=0, rule="adaline", rate=10, epochs=1000)
