"""Other conventions are no mistakes, and mistakes are no other convention."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from students import sigmoid

from chalkwork import Dense, NeuralNetwork
from chalkwork.checking.mistakes import Context
from chalkwork.checking.reviewing import adopting, simpler
from chalkwork.checking.reviewing.conventions import TABLE
from chalkwork.checking.reviewing.ways import ways
from chalkwork.derivation.evaluate import evaluate, evaluate_all
from chalkwork.errors import ChalkworkError
from chalkwork.solutions.solution import Solution

X = np.array([[0.3, -0.7], [0.9, 0.2], [-0.4, 0.6]])
Y = np.array([[1.0], [0.0], [1.0]])
W1 = np.array([[0.3, -0.6, 0.2], [0.5, 0.2, -0.9]])
b1 = np.array([0.1, -0.2, 0.05])
W2 = np.array([[0.7], [-0.3], [0.4]])
b2 = np.array([0.15])


def solution(
    loss: str = "binary_cross_entropy", steps: int = 1, optimiser: Any = "gradient_descent", l2: float = 0.0
) -> Solution:
    net = NeuralNetwork(
        [Dense(weights=W1, bias=b1, activation="tanh"), Dense(weights=W2, bias=b2, activation="sigmoid")], loss, l2=l2
    )
    return net.solve(X, Y, 0.5, steps, optimizer=optimiser)


MADE = [
    ("binary_cross_entropy", "gradient_descent", 0.0),
    ("mean_squared_error", "gradient_descent", 0.2),
    ("squared_error", {"name": "momentum", "momentum": 0.9}, 0.0),
    ("mean_squared_error", "adam", 0.1),
    ("binary_cross_entropy", "adagrad", 0.0),
    ("binary_cross_entropy", {"name": "rmsprop", "epsilon": 0}, 0.0),
]
ENOUGH = 1
"""How many forms of a convention are marked before it is left to its own in further networks."""


@pytest.mark.parametrize(("loss", "optimiser", "l2"), MADE)
def test_a_rewritten_derivation_gives_the_values_of_the_convention(loss: str, optimiser: Any, l2: float) -> None:
    done = solution(loss, 1, optimiser, l2)
    for way in ways(Context(done.derivation, -2), ()):
        values, other = way.values(done.arrays), way.derivation
        again = evaluate_all(other, {given.name: values[given.name] for given in other.givens})
        for name in other:
            assert again[name].shape == values[name].shape
            assert np.allclose(again[name], values[name], 1e-9, 1e-12), (way.found.words(), name)


def test_every_convention_has_full_credit_and_is_said() -> None:
    seen: Counter[str] = Counter()
    for loss, optimiser, l2 in MADE:
        done = solution(loss, 2, optimiser, l2)
        every = [way for way in ways(Context(done.derivation, -2), ()) if len(way.found.conventions) == 1]
        every = [way for way in every if seen[way.found.conventions[0].id] < ENOUGH]
        single, worked = [way.found for way in every], [way.values(done.arrays) for way in every]
        reports = done.check_class([{name: values[name] for name in done.derivation} for values in worked])
        for found, values, report in zip(single, worked, reports, strict=True):
            alike = [name for name in report if values[name].shape == done.arrays[name].shape]
            same = {name for name in alike if np.allclose(values[name], done.arrays[name], 1e-9, 1e-15)}
            changed = [name for name in found.forms if name in report and name not in same]
            if not changed:
                continue
            assert report.first_wrong is None and report.score == 1, (found.words(), str(report))
            assert "That is no mistake." in report.notes[0]
            assert all("In another convention" in report[name].message for name in changed)
            seen[found.conventions[0].id] += 1
    assert seen.keys() == TABLE.keys()


def test_two_conventions_at_once() -> None:
    done = solution()
    a1 = np.tanh(X @ W1 + b1)
    a2 = sigmoid(a1 @ W2 + b2)
    delta2 = Y - a2
    delta1 = delta2 @ W2.T * (1 - a1**2)
    dW2, dW1 = a1.T @ delta2 / 3, X.T @ delta1 / 3
    answers = {"a2": a2, "delta2": delta2, "delta1": delta1, "dW2": dW2, "dW1": dW1}
    report = done.check({**answers, "W2_new": W2 + 0.5 * dW2, "W1_new": W1 + 0.5 * dW1})
    assert report.first_wrong is None and report.score == 1
    assert "divide by the number of samples in the gradients" in report.notes[0]
    assert "y minus the output" in report.notes[0]


def test_what_nothing_follows_from_stays_a_mistake() -> None:
    done = solution()
    a1 = np.tanh(X @ W1 + b1)
    a2 = sigmoid(a1 @ W2 + b2)
    assert done.check({"a2": a2, "delta2": a2 - Y})["delta2"].mistakes == ("sum-for-mean",)
    assert done.check({"a2": a2, "delta2": (Y - a2) / 3})["delta2"].mistakes == ("error-sign",)
    forgotten = done.check({"a2": a2, "delta2": a2 - Y, "dW2": a1.T @ (a2 - Y)})
    assert forgotten.first_wrong == "delta2" and forgotten["delta2"].mistakes == ("sum-for-mean",)
    assert not forgotten.notes
    climbing = done.check({"delta2": (Y - a2) / 3, "dW2": a1.T @ (Y - a2) / 3, "W2_new": W2 - a1.T @ (Y - a2) / 6})
    assert climbing.first_wrong == "delta2" and climbing["delta2"].mistakes == ("error-sign",)


def test_a_mistake_is_found_in_work_of_another_convention() -> None:
    done = solution()
    a1 = np.tanh(X @ W1 + b1)
    a2 = sigmoid(a1 @ W2 + b2)
    delta2 = a2 - Y
    delta1 = delta2 @ W2.T
    answers = {
        "a1": a1,
        "a2": a2,
        "delta2": delta2,
        "dW2": a1.T @ delta2 / 3,
        "delta1": delta1,
        "dW1": X.T @ delta1 / 3,
    }
    report = done.check(answers)
    assert report.first_wrong == "delta1" and report["delta1"].mistakes[0] == "derivative-dropped"
    assert report["dW1"].verdict == "follows"


def test_a_convention_is_declared() -> None:
    done = solution()
    a2 = sigmoid(np.tanh(X @ W1 + b1) @ W2 + b2)
    assert done.check({"delta2": a2 - Y}, conventions=["mean-in-gradients"]).first_wrong is None
    assert done.check({"delta2": (a2 - Y) / 3}, conventions=["mean-in-gradients"]).first_wrong == "delta2"
    with pytest.raises(ChalkworkError, match="there is no convention 'mean-in-gradient'"):
        done.check({"delta2": a2 - Y}, conventions=["mean-in-gradient"])


def test_gradients_turned_throughout_around_a_mistake() -> None:
    """Also where the shape of one layer's turned gradient is that of the other's upright one."""
    rng = np.random.default_rng(8)
    V, W, data = rng.normal(size=(2, 3)), rng.normal(size=(3, 2)), rng.normal(size=(4, 2))
    done = NeuralNetwork([Dense(weights=V, bias=False, activation="sigmoid"), Dense(weights=W, bias=False)]).solve(
        data, data[::-1], 0.1
    )
    a1 = sigmoid(data @ V)
    delta2 = done["delta2"]
    for slope, first in ((a1 * (1 - a1), None), (a1, "delta1"), (1.0, "delta1")):
        delta1 = delta2 @ W.T * slope
        turned = {"dW2": delta2.T @ a1, "dW1": delta1.T @ data}
        new = {"W2_new": W - 0.1 * turned["dW2"].T, "W1_new": V - 0.1 * turned["dW1"].T}
        report = done.check({"a1": a1, "a2": done["a2"], "delta2": delta2, "delta1": delta1} | turned | new)
        assert report.first_wrong == first, str(report)
        assert "transposed" in report.notes[0]
        assert report["W1_new"].verdict == ("follows" if first else "correct"), str(report)


@pytest.mark.parametrize(("loss", "optimiser", "l2"), MADE[:3])
def test_what_is_left_out_early_changes_no_report(
    loss: str, optimiser: Any, l2: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step is off in work of each convention: what cannot be by another one is not marked by it to the end."""
    done = solution(loss, 1, optimiser, l2)
    single = [way for way in ways(Context(done.derivation, -2), ()) if len(way.found.conventions) == 1]
    programs = []
    for number, way in enumerate(single[MADE.index((loss, optimiser, l2)) :: 14]):
        values, other = way.values(done.arrays), way.derivation
        wrong = [one.name for one in other.equations if one.name in way.found.forms or one.name.endswith("_new")]
        for name in other:
            values[name] = evaluate(other[name].expression, values)
            if name == wrong[number * 3 % len(wrong)]:
                values[name] = values[name] * 1.7
        misshapen = {"b1_new": values["b1_new"].sum(keepdims=True)} if number % 2 else {}
        programs.append({**{name: values[name] for name in other if name != "L"}, **misshapen})
    soon = [str(done.check(program)) for program in programs]
    monkeypatch.setattr(adopting, "_apart", lambda found, *_: found)
    monkeypatch.setattr(adopting, "_is_hopeless", lambda *_: False)
    monkeypatch.setattr(simpler.Simpler, "_may_be_left", lambda *_: True)
    monkeypatch.setattr(simpler.Simpler, "_is_one", lambda *_: lambda _: True)
    monkeypatch.setattr(simpler, "_in_common", lambda: lambda _: True)
    assert [str(done.check(program)) for program in programs] == soon


def test_a_convention_shows_in_what_follows_from_one_mistake() -> None:
    """Nobody has said what delta2 is, or it is mistaken itself; the gradients are divided, and the rest follows."""
    done = solution()
    a1, (a2, gap) = done["a1"], (done["a2"], done["a2"] - Y)
    half = -Y / a2 - (1 - Y) / (1 - a2)
    for id, errors in {
        "function-for-derivative": {"delta1": gap @ W2.T * a1},
        "wrong-derivative": {"delta1": gap @ W2.T * (1 - a1)},
        "loss-sign-of-one-term": {"delta2": half * a2 * (1 - a2)},
        "loss-term-forgotten": {"delta2": -Y * (1 - a2)},
    }.items():
        errors = errors if "delta1" in errors else errors | {"delta1": errors["delta2"] @ W2.T * (1 - a1**2)}
        gradients = {"dW1": X.T @ errors["delta1"] / 3, "db1": errors["delta1"].mean(0)}
        new = {"W1_new": W1 - 0.5 * gradients["dW1"], "b1_new": b1 - 0.5 * gradients["db1"]}
        first = next(iter(errors))
        report = done.check({"a1": a1, "a2": a2} | errors | gradients | new)
        assert report.first_wrong == first and report[first].mistakes[0] == id, str(report)
        assert list(report.wrong) == [first] and "divide by the number of samples" in report.notes[0], str(report)


def test_a_convention_is_not_told_beside_the_mistake_that_it_looks_like() -> None:
    done = solution()
    delta2, delta1 = 3 * done["delta2"], 3 * done["delta1"]
    gradients = {"dW2": done["dW2"], "dW1": done["dW1"]}
    new = {f"{one}_new": start + 0.5 * gradients[f"d{one}"] for one, start in (("W2", W2), ("W1", W1))}
    report = done.check({"a2": done["a2"], "delta2": delta2, "delta1": delta1} | gradients | new)
    assert {report[name].mistakes for name in report.wrong} == {("ascent",)}, str(report)


def test_the_rate_in_gradients_and_once_more_in_the_step() -> None:
    done = solution("squared_error")
    sign = -1  # the target minus the output, and the step is added
    change = {name: sign * 0.5 * done[name] for name in ("dW2", "dW1")}
    new = {"W2_new": W2 + 0.5 * change["dW2"], "W1_new": W1 + 0.5 * change["dW1"]}
    report = done.check({"delta2": sign * done["delta2"], "delta1": sign * done["delta1"]} | change | new)
    assert {report[name].mistakes[0] for name in report.wrong} == {"learning-rate-squared"}, str(report)


def test_sums_whose_mean_the_rate_takes_with_the_last_sample_alone() -> None:
    done = solution()
    errors = {"delta2": 3 * done["delta2"], "delta1": 3 * done["delta1"]}
    gradients = {"dW2": np.outer(done["a1"][-1], errors["delta2"][-1]), "dW1": np.outer(X[-1], errors["delta1"][-1])}
    new = {"W2_new": W2 - 0.5 / 3 * gradients["dW2"], "W1_new": W1 - 0.5 / 3 * gradients["dW1"]}
    report = done.check({"a1": done["a1"], "a2": done["a2"]} | errors | gradients | new)
    assert {*report.wrong} == {"dW2", "dW1"} and "the learning rate makes up" in report.notes[0], str(report)
    assert all(report[name].mistakes == ("gradient-not-summed",) for name in report.wrong)
