"""What a right program does beside its step is none of it: checks, predictions, other networks, later steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chalkwork
from chalkwork import Dense, NeuralNetwork
from chalkwork.checking.report import Report
from chalkwork.solutions.solution import Solution

Arrays = dict[str, Any]
r = np.random.default_rng(21)
X, Y, OTHER = (r.normal(size=size).round(2) for size in ((4, 3), (4, 2), (4, 3)))
W1, b1, W2, b2 = (r.normal(size=size).round(2) for size in ((3, 5), 5, (5, 2), 2))
RATE = 0.5


def solved() -> Solution:
    net = NeuralNetwork([Dense(weights=W1, bias=b1, activation="tanh"), Dense(weights=W2, bias=b2)])
    return net.solve(X, Y, RATE)


class Net:
    """A network as many write it: what it was last asked stands in its attributes."""

    def __init__(self, *parameters: Any, dropped: bool = False) -> None:
        self.W1, self.b1, self.W2, self.b2 = (one.copy() for one in parameters or (W1, b1, W2, b2))
        self.dropped = dropped
        self.losses: list[float] = []

    def forward(self, x: Any) -> Any:
        self.z1 = x @ self.W1 + self.b1
        self.a1 = np.tanh(self.z1)
        self.z2 = self.a1 @ self.W2 + self.b2
        return self.z2

    def loss(self, x: Any, y: Any) -> float:
        return float(((self.forward(x) - y) ** 2).sum() / 2)

    def step(self, x: Any, y: Any) -> None:
        out = self.forward(x)
        self.losses.append(float(((out - y) ** 2).sum() / 2))
        d2 = out - y
        d1 = d2 @ self.W2.T * (1.0 if self.dropped else 1 - self.a1**2)
        self.dW2, self.db2, self.dW1, self.db1 = self.a1.T @ d2, d2.sum(0), x.T @ d1, d1.sum(0)
        for name in ("W1", "b1", "W2", "b2"):
            setattr(self, name, getattr(self, name) - RATE * getattr(self, f"d{name}"))


def predicted(net: Net) -> Arrays:
    """What it says of other data, before and afterwards."""
    before = net.forward(OTHER)
    net.step(X, Y)
    return {**vars(net), "before": before, "after": net.forward(OTHER)}


def checked(net: Net) -> Arrays:
    """The slopes of its loss where each number is moved a little."""
    slopes = np.zeros_like(net.W2)
    for place in np.ndindex(net.W2.shape):
        kept, ends = net.W2[place], []
        for moved in (kept + 1e-5, kept - 1e-5):
            net.W2[place] = moved
            ends.append(net.loss(X, Y))
        net.W2[place] = kept
        slopes[place] = (ends[0] - ends[1]) / 2e-5
    net.step(X, Y)
    return {**vars(net), "slopes": slopes}


def beside_another(net: Net) -> Arrays:
    """Another network of the same kind takes a step first, and predicts afterwards."""
    other = Net(*(one * 0.5 + 0.1 for one in (W1, b1, W2, b2)))
    other.step(X, Y)
    net.step(X, Y)
    return {**vars(net), "theirs": other.forward(X)}


def tried(net: Net) -> Arrays:
    """Several rates are tried on copies."""
    net.step(X, Y)
    costs = []
    for rate in (0.05, 0.2, RATE):
        trial = Net(W1 - rate * net.dW1, b1 - rate * net.db1, W2 - rate * net.dW2, b2 - rate * net.db2)
        costs.append(trial.loss(X, Y))
    return {**vars(net), "costs": costs}


def watched(net: Net) -> Arrays:
    """A loss under one name before and after."""
    loss = net.loss(X, Y)
    net.step(X, Y)
    loss = net.loss(X, Y)
    return {**{name: value for name, value in vars(net).items() if name in ("W1", "b1", "W2", "b2")}, "loss": loss}


def gone_on(net: Net) -> Arrays:
    """The exercise is the first of three batches."""
    for x, y in ((X, Y), (OTHER, Y[::-1]), (OTHER[:2], Y[:2])):
        net.step(x, y)
    return vars(net)


def asked_of_fewer(net: Net) -> Arrays:
    """It goes on with other batches, and is asked of fewer samples at the end."""
    for x, y in ((X, Y), (OTHER, Y[::-1])):
        net.step(x, y)
    net.forward(OTHER[:3])
    return {name: value for name, value in vars(net).items() if name != "losses"}


def on_one_after_the_other(net: Net) -> Arrays:
    """A loss beside what the last of the batches left."""
    net.step(X, Y)
    loss = net.loss(X, Y)
    for k in range(3):
        net.step(OTHER[k:], Y[k:])
    return {**{name: value for name, value in vars(net).items() if name[0] in "dWb"}, "loss": loss}


BESIDE: tuple[Callable[[Net], Arrays], ...] = (
    predicted,
    checked,
    beside_another,
    tried,
    watched,
    gone_on,
    asked_of_fewer,
    on_one_after_the_other,
)


def reports(what: Callable[[Net], Arrays], *, dropped: bool = False) -> tuple[Report, Report]:
    done = solved()
    with chalkwork.record() as run:
        kept = what(Net(dropped=dropped))
    return done.check(kept), done.check(run)


@pytest.mark.parametrize("what", BESIDE)
def test_what_is_done_beside_a_step_is_no_step(what: Callable[[Net], Arrays]) -> None:
    for report in reports(what):
        assert report.first_wrong is None, str(report)


@pytest.mark.parametrize("what", BESIDE[:5])
def test_a_mistake_stays_one(what: Callable[[Net], Arrays]) -> None:
    report = reports(what, dropped=True)[1]
    assert report.first_wrong == "delta1" and "derivative-dropped" in report["delta1"].mistakes, str(report)


def test_samples_one_by_one_in_another_order() -> None:
    """What each gives is that of another one, and all that is added up is right."""

    def trained(dropped: bool) -> Arrays:
        gW1, gb1, gW2, gb2 = (np.zeros_like(one) for one in (W1, b1, W2, b2))
        for place in (2, 0, 3, 1):
            x, y = X[place], Y[place]
            z1 = x @ W1 + b1
            a1 = np.tanh(z1)
            z2 = a1 @ W2 + b2
            delta = z2 - y
            gW2, gb2 = gW2 + np.outer(a1, delta), gb2 + delta
            delta = (delta @ W2.T) * (1.0 if dropped else 1 - a1**2)
            gW1, gb1 = gW1 + np.outer(x, delta), gb1 + delta
        return {"W1": W1 - RATE * gW1, "b1": b1 - RATE * gb1, "W2": W2 - RATE * gW2, "b2": b2 - RATE * gb2}

    done = solved()
    for dropped in (False, True):
        with chalkwork.record() as run:
            trained(dropped)
        report = done.check(run)
        assert (report.first_wrong is None) != dropped, str(report)


def test_a_flat_vector_that_is_checked_in_its_place() -> None:
    """What is unpacked of it again and again is given the parameters, and renews none."""
    shapes = W1.shape, b1.shape, W2.shape, b2.shape

    def unpacked(theta: Any) -> list[Any]:
        ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
        return [part.reshape(shape) for part, shape in zip(np.split(theta, ends[:-1]), shapes, strict=True)]

    def cost(theta: Any) -> tuple[float, Any]:
        A, a, B, b = unpacked(theta)
        h = np.tanh(X @ A + a)
        d2 = h @ B + b - Y
        d1 = d2 @ B.T * (1 - h**2)
        return float((d2**2).sum() / 2), np.concatenate([(X.T @ d1).ravel(), d1.sum(0), (h.T @ d2).ravel(), d2.sum(0)])

    def step(sign: float) -> Any:
        theta = np.concatenate([W1.ravel(), b1, W2.ravel(), b2])
        grad = cost(theta)[1]
        for place in (0, len(theta) - 1):
            kept = theta[place]
            theta[place] = kept + 1e-4
            cost(theta)
            theta[place] = kept
        return theta - sign * RATE * grad

    done = solved()
    for sign, wrong in ((1.0, False), (-1.0, True)):
        with chalkwork.record() as run:
            step(sign)
        report = done.check(run)
        assert (report.first_wrong is not None) == wrong and "b2_new" in report, str(report)


def test_a_state_and_a_parameter_of_one_line() -> None:
    """Which of them was there first is not known; what keeps the step from dividing by zero is another number."""
    net = NeuralNetwork([Dense(weights=W2, bias=b2)], "squared_error")
    x = np.tanh(X @ W1 + b1)
    done = net.solve(x, Y, RATE, optimizer="adagrad")
    with chalkwork.record() as run:
        now, h = {"W1": W2.copy(), "b1": b2.copy()}, {}
        d = x @ now["W1"] + now["b1"] - Y
        grads = {"W1": x.T @ d, "b1": d.sum(0)}
        for k, g in grads.items(): h[k] = g * g; now[k] = now[k] - RATE * g / (np.sqrt(h[k]) + 1e-7)  # fmt: skip  # noqa: E701, E702
    report = done.check(run)
    assert report.first_wrong is None and "W1_new" in report, str(report)


def test_a_prediction_may_be_called_as_the_targets_are() -> None:
    done = solved()
    new = {f"{name}": done[f"{name}_new"] for name in ("W1", "b1", "W2", "b2")}
    report = done.check({**new, "y": done["z2"], "dW2": done["dW2"]})
    assert report.first_wrong is None and not any("Other data" in note for note in report.notes), str(report)
    other = done.check({**new, "y": Y + 0.125, "dW2": done["dW2"]})
    assert any("Other data" in note for note in other.notes), str(other)


def test_a_gradient_may_stand_by_itself_after_the_update() -> None:
    """It is no sign that the parameter was there too early."""

    def step(sign: float) -> tuple[Any, ...]:
        A, a, B, b = (one.copy() for one in (W1, b1, W2, b2))
        h = np.tanh(X @ A + a)
        d2 = h @ B + b - Y
        d1 = d2 @ B.T * (1 - h**2)
        A -= sign * RATE / 3 * (3 * X.T @ d1)
        a -= sign * RATE / 3 * (3 * d1.sum(0))
        B -= RATE * h.T @ d2
        b -= RATE * d2.sum(0)
        return X.T @ d1, d1.sum(0)

    for sign in (1.0, -1.0):
        with chalkwork.record() as run:
            step(sign)
        report = solved().check(run)
        assert report.first_wrong == (None if sign > 0 else "W1_new"), str(report)
        assert sign > 0 or "ascent" in report["W1_new"].mistakes


def test_what_is_handed_in_under_the_names_of_the_exercise_is_marked() -> None:
    """Also where all parameters are right."""
    done = solved()
    right = {name: done[name] for name in ("a1", "dW1", "W1_new", "b1_new", "W2_new", "b2_new")}
    report = done.check({"z1": 1.5 * done["z1"], **right})
    assert report.first_wrong == "z1", str(report)


def test_a_word_that_is_right_goes_before_one_that_may_mean_the_same() -> None:
    """The weights of an output gate are no output's."""
    done = solved()
    new = {f"{name}_new": done[f"{name}_new"] for name in ("W1", "b1", "W2", "b2")}
    report = done.check({"w1": new["W1_new"], "bias1": new["b1_new"], "wo": 0.5 * W2, "wy": new["W2_new"]})
    assert report.first_wrong is None and report["W2_new"].verdict == "correct", str(report)
