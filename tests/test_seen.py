"""Where no entry of the table explains a wrong answer, what is seen of it is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from chalkwork import Dense, NeuralNetwork
from chalkwork.solutions.solution import Solution

r = np.random.default_rng(12)
X, Y = r.normal(size=(4, 2)).round(2), r.normal(size=(4, 2)).round(2)
V, W = r.normal(size=(2, 3)).round(2), r.normal(size=(3, 2)).round(2)


@pytest.fixture(scope="module")
def done() -> Solution:
    layers = [Dense(weights=V, bias=False, activation="relu"), Dense(weights=W, bias=False, activation="tanh")]
    return NeuralNetwork(layers, "squared_error", l2=0.1).solve(X, Y, 0.1)


def _without(sample: int, value: Any) -> Any:
    return np.delete(value, sample, 0)


SEEN: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "every entry is 1.5 times the right one": ("dW2", lambda v: 1.5 * v["dW2"]),
    "every entry is 1/7 of the right one": ("dW2", lambda v: v["dW2"] / 7),
    "every entry is 2.718 times the right one": ("dW2", lambda v: np.e * v["dW2"]),
    "it is the right one up to the sign in row 2": ("dW2", lambda v: v["dW2"] * [[1], [-1], [1]]),
    "it is right where z1 > 0 only": ("a1", lambda v: np.where(v["z1"] > 0, v["z1"], 0.3 * np.exp(v["z1"]))),
    "it is right in sample 1 only": ("delta2", lambda v: v["delta2"] * np.sqrt([[1], [2], [3], [5]])),
    "every entry is 0.7 more than the right one": ("dW1", lambda v: v["dW1"] + 0.7),
    "it differs from the right one by 0.5 W2": ("dW2", lambda v: v["dW2"] + 0.5 * W),
    "this is the right value of z2": ("delta2", lambda v: v["z2"]),
    "every entry is 0.25": ("dW1", lambda v: np.full((2, 3), 0.25)),
    "it is what sample 3 alone gives": ("dW2", lambda v: np.outer(v["a1"][2], v["delta2"][2]) + 0.1 * W),
    "it is what all samples but sample 2 give": ("dW1", lambda v: _without(1, X).T @ _without(1, v["delta1"]) + V / 10),
    "it holds only the signs of the right one": ("dW1", lambda v: np.sign(v["dW1"])),
    "it has the rows of the right one in another order": ("delta2", lambda v: v["delta2"][[1, 2, 3, 0]]),
    "it has the entries of the right one in other places": ("dW2", lambda v: v["dW2"].T.reshape(3, 2)),
    "it is the right one, cut off": ("dW2", lambda v: np.clip(v["dW2"], -0.3, 0.3)),
    "it is 1 minus the right one": ("a2", lambda v: 1 - v["a2"]),
    "the step has the right signs, but the size 0.1": ("W1_new", lambda v: V - 0.1 * np.sign(v["dW1"])),
    "it is 1/9 of the right one, transposed": ("dW2", lambda v: v["dW2"].T / 9),
}


@pytest.mark.parametrize("decimals", [None, 4])
def test_what_is_seen_is_said(done: Solution, decimals: int | None) -> None:
    hand_ins = {}
    for words, (name, make) in SEEN.items():
        value = np.asarray(make(done.arrays))
        if decimals is None:
            hand_ins[words] = {name: value}
        elif not words.startswith("the step"):  # which is seen where all digits are there
            hand_ins[words] = {name: [[f"{one:.{decimals}f}" for one in row] for row in value]}
    for words, report in zip(hand_ins, done.check_class(list(hand_ins.values())), strict=True):
        result = report[SEEN[words][0]]
        assert not result.mistakes, result
        assert words[1:] in result.message, result.message


@pytest.mark.parametrize("decimals", [None, 5])
def test_a_number_that_was_misread_is_seen(decimals: int | None) -> None:
    """A weight, an input, a target: where it is the one number of the exercise that can be another one."""
    first, second = r.normal(size=(2, 3)), np.array([[0.7, -0.2], [0.3, 0.9], [0.5, 0.4]])
    x, y = np.array([[0.8, -0.3]]), np.array([[1.0, 0.2]])
    layers = [Dense(weights=first, bias=False, activation="tanh"), Dense(weights=second, bias=False)]
    done = NeuralNetwork(layers, "squared_error").solve(x, y)
    read, seen, aim = second.copy(), x.copy(), y.copy()
    read[1, 0], seen[0, 1], aim[0, 1] = 0.8, -0.8, 0.7
    for name, value, said in (
        ("z1", seen @ first, "with -0.8 in the place of one -0.3 in x"),
        ("z2", done["a1"] @ read, "with 0.8 in the place of one 0.3 in W2"),
        ("delta2", done["a2"] - aim, "with 0.7 in the place of one 0.2 in y"),
    ):
        typed = value if decimals is None else [[f"{one:.{decimals}f}" for one in row] for row in value]
        result = done.check({name: typed})[name]
        assert said in result.message, result.message
    read[0, 1] = 0.3
    assert "in the place of one" not in done.check({"z2": done["a1"] @ read})["z2"].message


def test_few_digits_show_nothing(done: Solution) -> None:
    result = done.check({"L": "9.1"})["L"]
    assert result.verdict == "wrong" and "times" not in result.message


def test_what_follows_is_seen_on_own_values(done: Solution) -> None:
    a1 = done["a1"] + 0.3 * np.cos(done["z1"])
    result = done.check({"a1": a1, "z2": 1.7 * a1 @ W})["z2"]
    assert "every entry is 1.7 times what follows from your values" in result.message
