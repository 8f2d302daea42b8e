"""What is accepted rests on what was typed: digits that say nothing, blanks, programs, garbage, shapes, guesses."""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chalkwork import Dense, Graph, NeuralNetwork, Solution
from chalkwork.sheets.check import check_hand_in, hand_in_data
from chalkwork.sheets.format import parse_sheet

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))
acceptance = pytest.importorskip("acceptance")

W1, W2 = np.array([[0.1, -0.3], [0.4, 0.2]]), np.array([[0.5, -0.2], [-0.6, 0.7]])


def solved(optimizer: str = "gradient_descent", **style: Any) -> Solution:
    layers = [Dense(weights=W1, bias=[0.1, 0.2], activation="tanh"), Dense(weights=W2, bias=False)]
    network = NeuralNetwork(layers, "squared_error", samples="columns", weights="out_in")
    return network.solve([0.4, -0.7], [0.3, 0.9], 0.01, optimizer=optimizer, **style)


@pytest.mark.parametrize("nothing", ["0e9", "0*10^3", "0.0/0.1", "1e0", "0e2", "-1e1"])
@pytest.mark.parametrize("style", [{}, {"decimals": 4}, {"significant": 6}])
def test_digits_that_stand_for_everything_earn_nothing(nothing: str, style: dict[str, int]) -> None:
    solution = solved(**style)
    shapes = solution.derivation.shapes()
    typed = {
        name: [[nothing] * (shapes[name] or (1, 1))[1]] * (shapes[name] or (1, 1))[0] for name in solution.derivation
    }
    report = solution.check(typed)
    assert report.score == 0 and report.first_wrong == "z1", str(report)


@pytest.mark.parametrize(("right", "few"), [(0.0994943, "0.1"), (0.000505747, "0.0"), (0.0994943, "0.10")])
def test_fewer_digits_than_asked_have_to_say_enough(right: float, few: str) -> None:
    solution = Graph("c = 1 * a").solve(a=right, significant=6)
    result = solution.check({"c": few})["c"]
    assert result.verdict == "wrong" and "6 significant digits are asked" in result.message
    assert solution.check({"c": f"{right:.6g}"})["c"].verdict == "correct"
    assert solution.check({"c": f"{right:.3g}"})["c"].verdict == "correct"


def test_a_short_number_that_is_meant_exactly_is_right() -> None:
    assert Graph("c = 1 * a").solve(a=0.5, significant=6).check({"c": "0.5"})["c"].verdict == "correct"
    assert Graph("c = 1 * a").solve(a=0.0, decimals=4).check({"c": "0"})["c"].verdict == "correct"


def test_a_program_that_never_updates_is_told_so() -> None:
    solution = solved()
    found = {name: np.array(solution.arrays[name]) for name in solution.derivation}
    found |= {"W1_new": W1.copy(), "W2_new": W2.copy()}
    report = solution.check(found)
    assert report["W1_new"].mistakes == ("not-updated",) == report["W2_new"].mistakes, str(report)
    found = {name: np.array(solution.arrays[name]) for name in solution.derivation} | {
        "a1": np.round(solution["a1"], 1)
    }
    assert solution.check(found).first_wrong == "a1"


def test_a_missing_update_typed_with_too_few_digits_is_told_so() -> None:
    solution = solved(decimals=6)
    typed = {name: [[f"{cell:.6f}" for cell in row] for row in solution.arrays[name]] for name in ("z1", "a1", "dW1")}
    report = solution.check(typed | {"W1_new": W1.astype(str).tolist()})
    assert report["W1_new"].mistakes == ("not-updated",), str(report)


def test_blanks_do_not_widen() -> None:
    solution = solved()
    right = float(solution["L_new"])
    for off in (0.02, 0.1, -0.1, 0.5):
        assert solution.check({"L_new": f"{right + off:.2f}"}).first_wrong == "L_new"
    for decimals in (2, 3, 4, 6, 9):
        assert solution.check({"L_new": f"{right:.{decimals}f}"})["L_new"].verdict == "correct"


@pytest.mark.parametrize("optimizer", ["adam", "momentum", "rmsprop"])
def test_only_a_learning_rate_is_called_one(optimizer: str) -> None:
    solution = solved(optimizer)
    found = {name: np.array(solution.arrays[name]) for name in solution.derivation}
    random = np.random.default_rng(1)
    for equation in solution.derivation.equations:
        if equation.stage == "update":
            wrong = found | {equation.name: found[equation.name] + random.normal(0, 0.3, found[equation.name].shape)}
            assert solution.check(wrong)[equation.name].mistakes == ()
    step = solution.arrays["W1_new"] - W1
    assert "learning-rate-omitted" in solution.check(found | {"W1_new": W1 + step / 0.01})["W1_new"].mistakes


def test_a_guess_agrees_with_what_was_answered() -> None:
    solution = solved()
    wrong_z2 = W2 @ solution["z1"]  # as if the activation were missing in a1, which is left open
    assert solution.check({"z2": wrong_z2})["z2"].verdict == "mistake"
    report = solution.check({"z2": wrong_z2, "dW2": solution["dW2"]})  # but dW2 holds the right a1
    assert report["z2"].made_in is None, str(report)


def test_points_and_score_say_the_same_under_every_policy() -> None:
    for policy, credit in (("full", 1), ("half", Fraction(1, 2)), ("none", 0)):
        sheet = parse_sheet(
            f"---\ntitle: t\nfollow_through: {policy}\n---\n"
            '```graph\nequations: "c = a * b; d = 3 * c"\n```\n'
            "```task\nid: a\npoints: 1\nvalues: {a: 2.5, b: 1.25}\nask: [c, d]\n```\n"
        )
        hand_in = check_hand_in(sheet, {"c": "3.25", "d": "9.75"})
        (task,) = hand_in.tasks
        assert task.report["d"].verdict == "follows"
        assert hand_in.earned == Fraction(credit) / 2
        data = hand_in_data(hand_in)["tasks"][0]
        assert data["score"] == data["points"] == float(hand_in.earned) == task.report.score
        assert data["results"][1]["credit"] == credit


def deep(layers: int, units: int) -> Solution:
    random = np.random.default_rng(0)
    weights = random.normal(0, 0.4, (layers, units, units)).round(2)
    network = NeuralNetwork(
        [Dense(weights=each, bias=random.normal(0, 0.1, units).round(2), activation="tanh") for each in weights],
        "squared_error",
        samples="columns",
        weights="out_in",
    )
    return network.solve(random.normal(0, 1, units).round(2), random.normal(0, 1, units).round(1), 0.1)


def test_the_search_has_a_budget_and_says_when_it_is_spent() -> None:
    solution = deep(6, 30)
    wrong = {"L_new": f"{1.5 * float(solution['L_new']):.4f}"}
    result = solution.check(wrong)["L_new"]
    assert result.verdict == "wrong" and "given up" in result.message
    both = solution.check_class([wrong, {"L_new": "0.1"}, wrong])
    assert both[0]["L_new"] == both[2]["L_new"] == result  # whoever else is marked


@pytest.mark.parametrize("number", range(6))
def test_honest_work_has_no_alarm(number: int) -> None:
    assert acceptance.honest(7, number).alarms == []


@pytest.mark.parametrize("number", range(5))
def test_five_units_off_are_never_accepted(number: int) -> None:
    tally = acceptance.off(7, number)
    assert tally.off.total() and not tally.accepted.total(), tally.examples


def test_garbage_earns_next_to_nothing() -> None:
    scores = [score for number in range(3) for _, score in acceptance.garbage(7, number).scores]
    assert np.mean(scores) < 0.05
