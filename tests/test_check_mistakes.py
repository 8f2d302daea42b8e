"""Mistakes of programs are named, on any numbers; and what marking must not fall for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from students import ACCEPTED, CONVENTIONS, Exercise, draw, leaky_exercise, typed, verdicts

from chalkwork import ChalkworkError, Dense, Graph, NeuralNetwork, Notation, Solution
from chalkwork.checking.check import check
from chalkwork.checking.mistakes import TABLE
from chalkwork.typesetting.symbols import Symbols

# --- the 2-3-2 exercise ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sheet() -> Solution:
    return leaky_exercise(decimals=6)


# --- mistakes --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Slip:
    """A program that makes one mistake in one step; what else the exercise is."""

    mistake: str
    step: str
    wrong: Callable[[Exercise], Callable[[Mapping[str, Any]], Any]]
    exercise: Mapping[str, Any] = field(default_factory=dict)
    first: bool = True
    """Whether it is the only explanation that comes to mind."""


def cross(**more: Any) -> dict[str, Any]:
    return {"hidden": "tanh", "output": "softmax", "reduction": "sum", "samples": 1} | more


def squared(**more: Any) -> dict[str, Any]:
    return {"hidden": "sigmoid", "output": "sigmoid", "reduction": "sum", "samples": 1} | more


SLIPS = [
    Slip("derivative-dropped", "delta1", lambda e: lambda v: v["delta2"] @ e.W2.T, cross()),
    Slip("derivative-dropped", "delta1", lambda e: lambda v: v["delta2"] @ e.W2.T, squared(samples=3)),
    Slip("derivative-dropped", "delta2", lambda e: lambda v: v["a2"] - e.y, squared()),
    Slip("error-sign", "delta2", lambda e: lambda v: -e.error(v), cross()),
    Slip("error-sign", "delta2", lambda e: lambda v: -e.error(v), squared(samples=3)),
    Slip("ascent", "W1_new", lambda e: lambda v: e.W1 + e.eta * v["dW1"], cross()),
    Slip("ascent", "W2_new", lambda e: lambda v: e.W2 + e.eta * v["dW2"], squared()),
    Slip("ascent", "b2_new", lambda e: lambda v: e.b2 + e.eta * v["db2"], cross()),
    Slip("factor-two", "L", lambda e: lambda v: 2 * e.loss(v["a2"]), squared()),
    Slip("factor-two", "delta2", lambda e: lambda v: 2 * e.error(v), squared()),
    Slip("learning-rate-omitted", "W1_new", lambda e: lambda v: e.W1 - v["dW1"], cross()),
    Slip("learning-rate-omitted", "b1_new", lambda e: lambda v: e.b1 - v["db1"], squared(samples=3)),
    Slip("bias-forgotten", "z1", lambda e: lambda v: e.x @ e.W1, cross()),
    Slip("bias-forgotten", "z2", lambda e: lambda v: v["a1"] @ e.W2, squared(samples=3)),
    Slip(
        "outer-product-transposed", "dW2", lambda e: lambda v: (v["a1"].T @ v["delta2"]).T,
        cross(sizes=(2, 3, 3), samples=3),
    ),
    Slip(
        "outer-product-transposed", "dW1", lambda e: lambda v: (e.x.T @ v["delta1"]).T,
        squared(sizes=(2, 2, 2)),
    ),
    Slip("mean-for-sum", "L", lambda e: lambda v: e.loss(v["a2"]) / 3, cross(samples=3), first=False),
    Slip("mean-for-sum", "dW2", lambda e: lambda v: v["a1"].T @ v["delta2"] / 3, cross(samples=3)),
    Slip("mean-for-sum", "db1", lambda e: lambda v: v["delta1"].mean(axis=0, keepdims=True), squared(samples=3)),
    Slip("sum-for-mean", "dW1", lambda e: lambda v: e.x.T @ v["delta1"] * 3,
         cross(samples=3, reduction="mean_over_samples"), first=False),
    Slip("log-base-10", "L", lambda e: lambda v: -(e.y * np.log10(v["a2"])).sum(), cross(), first=False),
    Slip("log-base-2", "L", lambda e: lambda v: -(e.y * np.log2(v["a2"])).sum(), cross(samples=3), first=False),
    Slip("softmax-not-normalised", "a2", lambda e: lambda v: np.exp(v["z2"]), cross()),
    Slip("softmax-not-normalised", "a2", lambda e: lambda v: np.exp(v["z2"]), cross(samples=3)),
    Slip("activation-forgotten", "a1", lambda e: lambda v: v["z1"], cross()),
    Slip("activation-forgotten", "a2", lambda e: lambda v: v["z2"], squared(samples=3)),
    Slip("entries-swapped", "z1", lambda e: lambda v: (e.x @ e.W1 + e.b1)[:, [1, 0, 2]], cross()),
    Slip("entries-swapped", "dW1", lambda e: lambda v: (e.x.T @ v["delta1"])[:, [2, 1, 0]], squared()),
    Slip("derivative-at-activation", "delta1",
         lambda e: lambda v: (v["delta2"] @ e.W2.T) * (1 - np.tanh(v["a1"]) ** 2), cross()),
    Slip("updated-weights-used", "delta1",
         lambda e: lambda v: (v["delta2"] @ (e.W2 - e.eta * v["dW2"]).T) * (1 - v["a1"] ** 2), cross()),
]  # fmt: skip


@pytest.mark.parametrize("convention", CONVENTIONS, ids="-".join)
@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: f"{slip.mistake}-{slip.step}")
def test_mistakes_of_programs_are_named(slip: Slip, convention: tuple[str, str]) -> None:
    decimals, seed = (None, 3) if convention[0] == "rows" else (5, 4)
    case = draw(seed, convention, **slip.exercise)
    found = case.work({slip.step: slip.wrong(case)}, decimals)
    report = case.solve().check(case.handed_in(found, decimals))
    assert report.first_wrong == slip.step, str(report)
    result = report[slip.step]
    assert result.verdict == "mistake", str(report)
    assert slip.mistake in result.mistakes, result.mistakes
    if slip.first:
        assert result.mistakes[0] == slip.mistake, result.mistakes
        assert TABLE[slip.mistake].hint in result.message
    others = {name: word for name, word in verdicts(report).items() if name != slip.step}
    assert set(others.values()) <= {*ACCEPTED, "follows"}, str(report)


def test_a_mistake_is_named_on_own_wrong_values() -> None:
    case = draw(11, **cross())
    found = case.work({"z1": lambda v: case.x @ case.W1 + case.b1 + 0.37, "delta1": lambda v: v["delta2"] @ case.W2.T})
    report = case.solve().check(case.handed_in(found))
    assert report.first_wrong == "z1"
    assert report["delta2"].verdict == "follows"
    assert report["delta1"].mistakes[0] == "derivative-dropped"


# --- sham answers ----------------------------------------------------------------------------------------------------


# --- other work ------------------------------------------------------------------------------------------------------


def test_graph() -> None:
    solution = Graph("c = a + b; d = b + 1; e = c * d").solve(a=2, b=1)
    assert verdicts(solution.check({"c": 3, "d": 2, "e": 6, "de/da": 2, "de/db": 5})) == dict.fromkeys(
        ["c", "d", "e", "de/da", "de/db"], "correct"
    )
    report = solution.check({"c": 4, "d": "2", "e": "8", "de/db": 15})
    assert verdicts(report) | {"de/db": ""} == {"c": "wrong", "d": "correct", "e": "follows", "de/db": ""}
    assert report["de/db"].verdict in ("wrong", "mistake")
    assert report.first_wrong == "c"


@pytest.fixture(scope="module")
def relu() -> Solution:
    net = NeuralNetwork(
        [
            Dense(weights=[[2, -1], [1, -3], [-2, 5]], bias=False, activation="relu"),
            Dense(weights=[[6, 2], [-1, 8]], bias=False, activation="softmax"),
        ],
        samples="columns",
        weights="in_out",
    )
    return net.solve(x=[3, 1, -1], notation={"hidden": "h", "output": "o"})


def test_a_hand_in_with_the_softmax_of_single_products(relu: Solution) -> None:
    # exp(9*6) / (exp(9*6) + exp(0*(-1))) for the first output: what stands in the exponents is no net input
    report = relu.check({"z1": "9; -11", "h": "[9 0]", "z2": [54, 0], "a2": "[1, 0]", "class": 1})
    assert report["a1"].verdict == "correct"
    assert report.first_wrong == "z2"
    assert report["z2"].cells[0] == ("correct",)
    assert report["z2"].cells[1][0] in ("wrong", "mistake")
    assert report["a2"].verdict in (*ACCEPTED, "follows")
    assert report["class"].verdict in (*ACCEPTED, "follows")


def test_the_numbers_decide_where_nothing_but_the_result_is_handed_in(relu: Solution) -> None:
    assert verdicts(relu.check({"h": "[9 0]", "a2": "[1 0]", "class": "1"})) == dict.fromkeys(
        ["a1", "a2", "class"], "correct"
    )
    assert relu.check({"h": "[9 0]", "class": "2"}).first_wrong == "class"


# --- what marking must not fall for ---------------------------------------------------------------------------


def test_what_follows_is_seen_through_blank_cells(sheet: Solution) -> None:
    z1 = np.array([[0.3], [-0.2], [0.4]])
    a1 = np.where(z1 > 0, z1, 0.01 * z1)
    W2 = np.asarray(sheet.arrays["W2"])
    report = sheet.check({"z1": [["0.3"], ["-0.2"], ["0.4"]], "z2": typed(W2.T @ a1, 6)}, ask=["z1", "a1", "z2"])
    assert report.first_wrong == "z1"
    assert report["a1"].verdict == "blank"
    assert report["z2"].verdict == "follows"


def test_a_bias_gradient_that_is_not_summed_is_named() -> None:
    for convention in CONVENTIONS:
        case = draw(5, convention, **cross(samples=3))
        found = case.work()
        answers = case.handed_in(found) | {"db1": case.turned("delta1", found["delta1"])}
        report = case.solve().check(answers)
        assert "bias-gradient-not-summed" in report["db1"].mistakes


@pytest.mark.parametrize(
    "zeros",
    [np.zeros((3, 1)), np.zeros((3, 1), dtype=int), [0, 0, 0], "[0; 0; 0]"],
    ids=["floats", "integers", "list", "text"],
)
def test_zeros_earn_no_follow_through(sheet: Solution, zeros: Any) -> None:
    report = sheet.check({"a1": zeros, "z2": [["0.000000"], ["0.000000"]]})
    assert report.first_wrong == "a1"
    assert report["z2"].verdict in ("wrong", "mistake")
    assert "trivial" in report["z2"].message
    assert report.score == 0.0


def test_ones_earn_no_follow_through(sheet: Solution) -> None:
    W2 = np.asarray(sheet.arrays["W2"])
    report = sheet.check({"a1": np.ones((3, 1)), "z2": W2.T @ np.ones((3, 1))})
    assert report["z2"].verdict in ("wrong", "mistake")
    assert "trivial" in report["z2"].message


@pytest.mark.parametrize("L", ["123.456", "-7"])
def test_any_wrong_loss_is_not_a_mistake(L):
    case = draw(3, **cross(samples=3))
    assert case.solve().check({"L": L})["L"].mistakes == ()


def test_reading_message_does_not_hide_the_verdict(sheet):
    z1 = np.array(sheet["z1"])
    report = sheet.check({"z1": [["what"], ["7.7"], [f"{z1[2, 0]:.6f}"]]})
    assert report["z1"].verdict == "wrong"
    assert "Wrong" in report["z1"].message


@pytest.mark.parametrize("number", [0, 1])
def test_exact_zeros_and_ones_earn_no_follow_through(sheet: Solution, number: int) -> None:
    a1 = np.full((3, 1), number)
    answers = {"a1": a1, "z2": typed(np.asarray(sheet.arrays["W2"]).T @ a1 + 0.0, 6)}
    report = check(sheet.derivation, sheet.arrays, answers, Symbols(Notation(), 2), sample_axis=-1)
    assert report.first_wrong == "a1"
    assert report["z2"].mistakes == ()
    assert "trivial" in report["z2"].message
    assert report.score == 0.0


def test_a_step_left_open_after_zeros_is_only_open(sheet: Solution) -> None:
    report = sheet.check({"a1": "[0; 0; 0]"}, ask=["a1", "z2"])
    assert report["z2"].message == "Nothing was answered."


def test_a_tolerance_leaves_room_besides_the_digits():
    solution = Graph("c = a + b; d = 2 * c").solve(a=2, b=1)
    answers = {"c": "3.02", "d": "6.10"}
    assert solution.check(answers).first_wrong == "c"
    report = solution.check(answers, tolerance=0.02)
    assert [report[name].verdict for name in ("c", "d")] == ["correct", "rounding"]
    assert solution.check({"c": "3.03"}, tolerance=0.02).first_wrong == "c"
    with pytest.raises(ChalkworkError, match="a tolerance is a number from 0 on"):
        solution.check(answers, tolerance=-1)
