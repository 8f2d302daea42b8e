"""No mistake is named that was not made: what a name has to show before it is told."""

from __future__ import annotations

from typing import Any

import numpy as np
from test_programs_steps import left_by

from chalkwork import Dense, Embedding, GlobalAveragePool, NeuralNetwork

r = np.random.default_rng(8)
X, Y = r.normal(size=(6, 3)), r.integers(0, 2, size=(6, 1)).astype(float)
A, a, B, b = (r.normal(size=size) for size in ((3, 4), 4, (4, 1), 1))
GIVEN: dict[str, Any] = {"X": X, "Y": Y, "A": A, "a": a, "B": B, "b": b}
two = [Dense(weights=A, bias=a, activation="tanh"), Dense(weights=B, bias=b, activation="sigmoid")]
SOLVED = NeuralNetwork(two, "binary_cross_entropy").solve(X, Y, 0.3)
SUMS = """
h = np.tanh(X @ A + a)
p = 1 / (1 + np.exp(-(h @ B + b)))
cost = -np.sum(Y * np.log(p) + (1 - Y) * np.log(1 - p))
raw = p - Y
gB, gb = h.T @ raw, raw.sum(axis=0)
back = raw @ B.T * (1 - h**2)
gA, ga = X.T @ back, back.sum(axis=0)
rate = 0.3 / COUNT
A, a, B, b = A - rate * gA, a - rate * ga, B - rate * gB, b - rate * gb
"""
PENALISED = """
h = np.tanh(X @ A + a)
p = 1 / (1 + np.exp(-(h @ B + b)))
delta2 = (p - Y) / 6
delta1 = delta2 @ B.T * (1 - h**2)
dW2, db2 = h.T @ delta2, delta2.sum(axis=0)
dW1, db1 = X.T @ delta1, delta1.sum(axis=0)
full2, full1 = dW2 + 0.1 * B, dW1 + PENALTY
A, a, B, b = A - 0.3 * full1, a - 0.3 * db1, B - 0.3 * full2, b - 0.3 * db2
"""


def test_zero_throughout_has_no_name() -> None:
    steps = {name: SOLVED[name] for name in SOLVED.derivation}
    for name, right in steps.items():
        if np.size(right) > 1 and SOLVED.derivation[name].derivative is not None:
            given = {one: value for one, value in steps.items() if "_new" not in one}
            report = SOLVED.check({**given, name: np.full_like(right, 1e-18 if name[1] == "b" else 0.0)})
            assert report[name].verdict == "wrong" and not report[name].mistakes, name
            assert "every entry is" in report[name].message


def test_what_nobody_worked_out_has_no_name_however_much_was_left_open() -> None:
    words = NeuralNetwork(
        [Embedding(5, 3, weights=r.normal(size=(5, 3))), GlobalAveragePool(), Dense(2, "softmax")],
        "cross_entropy",
        inputs=3,
    ).solve([[1, 3, 3], [5, 2, 1]], np.eye(2), 0.5)
    for solved, name in ((words, "dW1"), (SOLVED, "delta1")):
        other = r.normal(size=np.shape(solved[name]))
        assert not solved.check({name: other})[name].mistakes, name


def test_sums_that_are_divided_by_something_else_later_go_wrong_there() -> None:
    for number, count in enumerate((4, 5)):
        for report in SOLVED.check_class(left_by(SUMS.replace("COUNT", str(count)), GIVEN, number)):
            assert report.first_wrong == "W1_new", str(report)
            assert "sum-for-mean" not in report["W1_new"].mistakes
            assert any("sums in place of means" in str(note) for note in report.notes)
    for report in SOLVED.check_class(left_by(SUMS.replace("COUNT", "6"), GIVEN, 9)):
        assert report.first_wrong is None, str(report)


def test_units_counted_for_samples_have_a_name() -> None:
    for scaled, name in ((6 / 4, "other-count"), (6 / 3, "other-count"), (6.0, "sum-for-mean")):
        assert name in SOLVED.check({"delta2": scaled * SOLVED["delta2"]})["delta2"].mistakes


def test_a_loss_kept_as_a_sum_is_how_a_program_shows_it() -> None:
    mean = SUMS.replace("raw = p - Y", "raw = (p - Y) / 6").replace("0.3 / COUNT", "0.3")
    for number, text in enumerate((SUMS.replace("COUNT", "6"), mean)):
        text = text.replace("-np.sum(", "-np.ravel(") if number else text
        for report in SOLVED.check_class(left_by(text, GIVEN, 20 + number)):
            assert report.first_wrong is None, str(report)
    typed = SOLVED.check({"a2": [f"{one:.6f}" for one in SOLVED["a2"].ravel()], "L": f"{6 * SOLVED['L']:.6f}"})
    assert "sum-for-mean" in typed["L"].mistakes


def test_a_name_leads_to_what_was_worked_out_after_it() -> None:
    net = NeuralNetwork(two, "binary_cross_entropy", l2=0.1).solve(X, Y, 0.3)
    for number, penalty in enumerate(("0.1 * A", "0.1 * A**2")):
        for report in net.check_class(left_by(PENALISED.replace("PENALTY", penalty), GIVEN, 30 + number)):
            if number:
                assert report.first_wrong == "dW1" and report["W1_new"].verdict == "follows", str(report)
            assert not any("penalty-forgotten" in result.mistakes for result in report.values())


def test_a_step_in_which_a_mistake_is_told_is_the_programs_own_whatever_its_name() -> None:
    text = SUMS.replace("COUNT", "6").replace("raw.sum(axis=0)", "raw.sum(axis=0)\nblob = raw @ B.T * (1 - h)")
    text = text.replace("back = raw @ B.T * (1 - h**2)", "").replace("back", "blob")
    for report in SOLVED.check_class(left_by(text, GIVEN, 40)):
        assert report.first_wrong == "delta1" and report["delta1"].made_in is None, str(report)


def test_a_factor_that_is_two_things_at_these_numbers_is_told_as_both() -> None:
    solved = NeuralNetwork([Dense(weights=[[0.4], [-0.3]], bias=False)], "mean_squared_error").solve(
        X[:2, :2], Y[:2], 0.5
    )
    found = solved.check({"W1_new": np.array([[0.4], [-0.3]]) - solved["dW1"]})["W1_new"]
    assert {"sum-for-mean", "learning-rate-omitted"} <= set(found.mistakes), found
