"""Marking in full: other right forms of an equation, mistakes in steps left open, two mistakes in one step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from students import sigmoid

from chalkwork import Dense, NeuralNetwork, Solution
from chalkwork.checking.judging.explaining import Explanation
from chalkwork.checking.judging.marking import Answers, mark
from chalkwork.checking.mistakes import context_of, distinct
from chalkwork.checking.reading.answers import read_answer
from chalkwork.derivation.evaluate import evaluate

X = np.array([[0.4, -1.1], [1.3, 0.2], [-0.6, 0.9]])
Y = np.array([[0.3, -0.2], [0.8, 0.1], [-0.5, 0.4]])
W1 = np.array([[0.2, -0.4, 0.7], [0.5, 0.3, -0.6]])
W2 = np.array([[0.6, -0.3], [-0.8, 0.5], [0.1, 0.9]])
B1, B2 = np.array([0.1, -0.2, 0.3]), np.array([0.2, -0.1])
ETA = 0.1
GIVENS = {"x": X, "y": Y, "W1": W1, "W2": W2, "b1": B1[None], "b2": B2[None], "eta": ETA}


FUNCTIONS: dict[str, Any] = {
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0),
    "leaky_relu(0.1)": lambda z: np.where(z > 0, z, 0.1 * z),
}
BY_NET: dict[str, Any] = {
    "sigmoid": lambda z: sigmoid(z) * (1 - sigmoid(z)),
    "tanh": lambda z: 1 - np.tanh(z) ** 2,
    "relu": lambda z: (z > 0) * 1.0,
    "leaky_relu(0.1)": lambda z: np.where(z > 0, 1.0, 0.1),
}
BY_ACTIVATION: dict[str, Any] = {
    "sigmoid": lambda a: a * (1 - a),
    "tanh": lambda a: 1 - a**2,
    "relu": lambda a: (a > 0) * 1.0,
    "leaky_relu(0.1)": lambda a: np.where(a > 0, 1.0, 0.1),
}


def solved(hidden: str = "sigmoid", output: str = "identity") -> Solution:
    layers = [Dense(weights=W1, bias=B1, activation=hidden), Dense(weights=W2, bias=B2, activation=output)]
    return NeuralNetwork(layers, "squared_error").solve(X, Y, ETA)


def worked(hidden: str = "sigmoid", **slips: Any) -> dict[str, Any]:
    """A student's steps, samples as rows; `slips` replaces steps by values or by functions of what was found."""
    steps: dict[str, Any] = {
        "z1": lambda v: X @ W1 + B1,
        "a1": lambda v: FUNCTIONS[hidden](v["z1"]),
        "z2": lambda v: v["a1"] @ W2 + B2,
        "a2": lambda v: v["z2"],
        "delta2": lambda v: v["a2"] - Y,
        "dW2": lambda v: v["a1"].T @ v["delta2"],
        "db2": lambda v: v["delta2"].sum(0),
        "delta1": lambda v: v["delta2"] @ W2.T * BY_ACTIVATION[hidden](v["a1"]),
        "dW1": lambda v: X.T @ v["delta1"],
        "db1": lambda v: v["delta1"].sum(0),
        "W1_new": lambda v: W1 - ETA * v["dW1"],
        "b1_new": lambda v: B1 - ETA * v["db1"],
    }
    found: dict[str, Any] = {}
    for name, step in (steps | slips).items():
        found[name] = step(found) if callable(step) else step
    return found


def typed(found: Mapping[str, Any], decimals: int) -> dict[str, Any]:
    return {name: [[f"{cell:.{decimals}f}" for cell in row] for row in np.atleast_2d(v)] for name, v in found.items()}


# --- other forms that are right ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("hidden", FUNCTIONS)
@pytest.mark.parametrize("decimals", [None, 4])
@pytest.mark.parametrize("form", ["by the net input", "by the activation"])
def test_the_derivative_may_be_taken_from_either_side_of_a_wrong_activation(
    hidden: str, decimals: int | None, form: str
) -> None:
    wrong = FUNCTIONS[hidden](X @ W1 + B1)
    wrong[0, 1], wrong[2, 2] = -0.4, 0.35
    slopes = {"by the net input": ("z1", BY_NET), "by the activation": ("a1", BY_ACTIVATION)}[form]
    found = worked(hidden, a1=wrong, delta1=lambda v: v["delta2"] @ W2.T * slopes[1][hidden](v[slopes[0]]))
    if decimals is not None:
        found = worked(hidden, **{name: np.round(value, decimals) for name, value in found.items()})
    report = solved(hidden).check(found if decimals is None else typed(found, decimals))
    assert report.first_wrong == "a1"
    assert {report[name].verdict for name in ("z2", "delta2", "dW2", "delta1", "dW1")} == {"follows"}, str(report)


def test_the_derivative_at_the_output_may_be_taken_from_either_side() -> None:
    a2 = sigmoid(worked()["z2"]) + 0.05
    z2 = worked()["z2"]
    for slope in (a2 * (1 - a2), BY_NET["sigmoid"](z2)):
        report = solved(output="sigmoid").check({"z2": z2, "a2": a2, "delta2": (a2 - Y) * slope})
        assert report.first_wrong == "a2"
        assert report["delta2"].verdict == "follows"


def test_an_activation_that_is_an_input_is_not_exchanged() -> None:
    wrong = sigmoid(X @ W1 + B1) + 0.05
    found = worked(a1=wrong, dW2=lambda v: sigmoid(v["z1"]).T @ v["delta2"])
    assert solved().check(found)["dW2"].verdict in ("wrong", "mistake")


@pytest.mark.parametrize(
    "slope",
    [lambda v: BY_NET["sigmoid"](v["a1"]), lambda v: v["z1"] * (1 - v["z1"]), lambda v: BY_NET["tanh"](v["z1"])],
)
def test_a_wrong_derivative_is_wrong_on_a_wrong_activation_too(slope: Any) -> None:
    wrong = sigmoid(X @ W1 + B1) + 0.05
    report = solved().check(worked(a1=wrong, delta1=lambda v: v["delta2"] @ W2.T * slope(v)))
    assert report["delta1"].verdict == "mistake"


# --- steps left open --------------------------------------------------------------------------------------------------


def without(found: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name not in names}


def test_a_bias_of_the_shape_of_a_batch_comes_from_an_open_gradient() -> None:
    found = without(worked(b1_new=lambda v: B1 - ETA * v["delta1"]), "db1")
    result = solved().check(found)["b1_new"]
    assert (result.verdict, result.mistakes) == ("mistake", ("bias-gradient-not-summed",))
    assert result.made_in == "db1"
    found["b1_new"] = found["b1_new"] + 0.3
    result = solved().check(found)["b1_new"]
    assert result.verdict == "wrong" and result.message == "Wrong: it is 3x3, but three numbers in a row are expected."


def test_rounding_in_an_open_step_is_seen() -> None:
    found = without(worked(dW1=lambda v: X.T @ np.round(v["delta1"], 2)), "dW1")
    result = solved().check(found)["W1_new"]
    assert (result.mistakes, result.made_in) == (("rounded-early",), "dW1")


# --- two mistakes in one step -----------------------------------------------------------------------------------------


def explanation(found: Mapping[str, Any], name: str) -> Explanation:
    solution = solved()
    shapes = solution.derivation.shapes()
    answers = {
        known: Answers.stacked([read_answer(value, shapes[known])], (shapes[known][0], shapes[known][1]))
        for known, value in found.items()
    }
    return mark(solution.derivation, solution.arrays, answers, [name], context_of(solution.derivation, -2))[
        name
    ].explanations[0]


PAIRS: dict[str, tuple[str, set[str], Any]] = {
    "dropped and turned": ("delta1", {"derivative-dropped", "error-sign"}, lambda v: -(v["delta2"] @ W2.T)),
    "up without the rate": ("W1_new", {"ascent", "learning-rate-omitted"}, lambda v: W1 + v["dW1"]),
    "halved and exchanged": ("dW1", {"factor-half", "entries-swapped"}, lambda v: (X.T @ v["delta1"])[::-1] / 2),
    "doubled and rounded": ("dW1", {"factor-two", "rounded-early"}, lambda v: 2 * X.T @ np.round(v["delta1"], 2)),
    "not summed, doubled": ("db1", {"bias-gradient-not-summed", "factor-two"}, lambda v: 2 * v["delta1"]),
}


@pytest.mark.parametrize("decimals", [None, 6])
@pytest.mark.parametrize("case", PAIRS)
def test_two_mistakes_in_one_step_are_both_named(case: str, decimals: int | None) -> None:
    name, ids, slip = PAIRS[case]
    found: dict[str, Any] = worked(**{name: slip})
    answers = found if decimals is None else typed(found, decimals)
    report = solved().check(answers)
    assert report.first_wrong == name
    said = explanation(answers, name)
    assert said.ids == said.pairs[0]
    assert any(set(pair) == ids for pair in said.pairs), said.pairs
    assert report[name].mistakes == said.ids


def test_a_few_digits_name_pairs_on_the_digits_written_and_on_the_numbers_behind_them() -> None:
    """The range of a logarithm of 0.03 holds much; its value on 0.03, or on what was rounded to that, little."""
    layers = [Dense(weights=[[2.2, 0.3], [-1.1, 0.4]], bias=[0.1, 0.2], activation="softmax")]
    solution = NeuralNetwork(layers, "cross_entropy").solve([[1.3, -0.7]], [[0, 1]])
    names = ("z1", "a1")
    for decimals, loss in ((2, solution["a1"][0, 1]), (2, np.round(solution["a1"][0, 1], 2))):
        written = typed({name: solution[name] for name in names}, decimals)
        report = solution.check(written | {"L": f"{-2 * np.log2(loss):.3f}"})
        assert {"factor-two", "log-base-2"} in map(set, report["L"].pairs), report["L"]


def test_pairs_that_give_the_same_numbers_are_all_said() -> None:
    """A matrix with two rows and columns is turned by an exchange, too."""
    net = NeuralNetwork([Dense(weights=[[0.4, -0.7], [0.9, 0.2]], bias=False)], "squared_error")
    solution = net.solve(X, Y, ETA)
    found = {name: solution[name] for name in ("z1", "a1", "L", "delta1", "dW1")}
    result = solution.check(typed(found | {"dW1": 2 * found["dW1"].T}, 4))["dW1"]
    assert {frozenset(pair) for pair in result.pairs} >= {
        frozenset(("outer-product-transposed", "factor-two")),
        frozenset(("factor-two", "entries-swapped")),
    }
    assert "; or: " in result.message


def test_a_hand_in_is_marked_alone_as_in_a_class() -> None:
    """With mistakes in steps left open: what one must have had is not what others have."""
    solution = solved()
    context = context_of(solution.derivation, -2)
    ask = ["z1", "a1", "z2", "a2", "L", "delta2", "dW2", "delta1", "dW1"]
    hand_ins: list[dict[str, Any]] = []
    for name in ("a1", "delta2"):
        for expression, _ in distinct(solution.derivation[name], context)[:4]:
            work = worked(**{name: lambda v, e=expression: evaluate(e, context.constants | GIVENS | v)})
            for decimals in (2, 3):
                answers = typed(work, decimals)
                hand_ins.append({one: answers[one] for one in answers if one not in (name, "z2")})
    for one, report in zip(hand_ins, solution.check_class(hand_ins, ask=ask), strict=True):
        assert dict(report) == dict(solution.check(one, ask=ask)), one


def test_few_digits_name_no_pair() -> None:
    found = typed(worked(), 6) | {"L": "0.31"}
    assert solved().check(found)["L"].verdict == "wrong"


def test_any_wrong_numbers_name_no_pair() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        delta1 = np.round(rng.normal(0, 0.3, (3, 3)), 2)
        report = solved().check(typed(worked(), 6) | {"delta1": typed({"d": delta1}, 2)["d"]})
        assert report["delta1"].verdict == "wrong"
