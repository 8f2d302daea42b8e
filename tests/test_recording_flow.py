"""Recorded steps told by what they were made of: names that say nothing, values that are wrong or right by accident."""

from __future__ import annotations

import linecache
import textwrap
from copy import deepcopy
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import chalkwork
from chalkwork import RNN, Dense, NeuralNetwork
from chalkwork.solutions.solution import Solution

r = np.random.default_rng(47)
X, Y = r.normal(size=(5, 3)), r.normal(size=(5, 2))
CLASSES = np.eye(3)[[0, 2, 2]]
A, a, B, b = (r.normal(size=size) for size in ((3, 4), 4, (4, 2), 2))
S, s = r.normal(size=(3, 3)), r.normal(size=3)
SEQUENCE, GOALS = r.normal(size=(3, 2)), r.normal(size=(3, 1))
K, R, c, V, d = (r.normal(size=size) for size in ((2, 4), (4, 4), 4, (4, 1), 1))

KEPT = """
pot = {name: np.zeros_like(value) for name, value in theta.items()}
with record() as run:
    for epoch in range(2):
        u = np.tanh(X @ theta["A"] + theta["a"])
        gap = 2 * (u @ theta["B"] + theta["b"] - Y) / Y.size
        back = gap @ theta["B"].T * (1 - u**2)
        grad = {"A": X.T @ back, "a": back.sum(axis=0), "B": u.T @ gap, "b": gap.sum(axis=0)}
        for name in theta:
            pot[name] = 0.8 * pot[name] + (1 - 0.8) * grad[name]
            theta[name] = theta[name] - 0.3 * pot[name]
"""
SCALED = """
piled = {name: np.zeros_like(value) for name, value in theta.items()}
with record() as run:
    for epoch in range(2):
        u = np.tanh(X @ theta["A"] + theta["a"])
        gap = 2 * (u @ theta["B"] + theta["b"] - Y) / Y.size
        back = gap @ theta["B"].T * (1 - u**2)
        grad = {"A": X.T @ back, "a": back.sum(axis=0), "B": u.T @ gap, "b": gap.sum(axis=0)}
        for name in theta:
            piled[name] += grad[name] ** 2
            theta[name] = theta[name] - 0.3 * grad[name] / (np.sqrt(piled[name]) + 1e-3)
"""
LOGISTIC = """
with record() as run:
    net = X @ S + s
    t = np.exp(net)
    soft = t / t.sum(axis=1, keepdims=True)
    train_crossentropy = -np.mean(np.sum(CLASSES * np.log(soft), axis=1))
    off = (soft - CLASSES) / 3
    gS, gs = X.T @ off, off.sum(axis=0)
    S, s = S - 0.5 * gS, s - 0.5 * gs
"""
THROUGH_TIME = """
with record() as run:
    states = [np.zeros(4)]
    for t in range(3):
        states.append(np.tanh(SEQUENCE[t] @ K + states[t] @ R + c))
    outs = np.array([one @ V + d for one in states[1:]])
    gK, gR, gc = np.zeros_like(K), np.zeros_like(R), np.zeros_like(c)
    carried = np.zeros(4)
    for t in (2, 1, 0):
        gap = 2 * (outs[t] - GOALS[t]) / 3
        above = V @ gap + carried
        inner = above * (1 - states[t + 1]**2)
        gK += np.outer(SEQUENCE[t], inner)
        gR += np.outer(states[t], inner)
        gc += inner
        carried = R @ inner
"""


def by(rule: dict[str, Any] | None, steps: int) -> Solution:
    layers = [Dense(weights=A, bias=a, activation="tanh"), Dense(weights=B, bias=b)]
    return NeuralNetwork(layers, "mean_squared_error").solve(X, Y, 0.3, steps, optimizer=rule)


SOFTMAX = NeuralNetwork([Dense(weights=S, bias=s, activation="softmax")], "cross_entropy")
OVER_TIME = NeuralNetwork(
    [RNN(4, weights=K, recurrent=R, bias=c, returns="all"), Dense(weights=V, bias=d)], "mean_squared_error"
)
CASES = [
    (by({"name": "momentum", "mu": 0.8, "form": "average"}, 2), KEPT, [
        ("0.8 * pot[name] + (1 - 0.8) * grad[name]", "0.8 * pot[name] + grad[name]", "vW1_new"),
        ("theta[name] - 0.3 * pot[name]", "theta[name] - 0.3 * grad[name]", "W1_new"),
        ("u**2", "u", "delta1"),
    ]),
    (by({"name": "adagrad", "epsilon": 1e-3}, 2), SCALED, [
        ("piled[name] += grad[name] ** 2", "piled[name] += np.abs(grad[name])", "rW1_new"),
        ("theta[name] - 0.3", "theta[name] + 0.3", "W1_new"),
    ]),
    (SOFTMAX.solve(X[:3], CLASSES, 0.5), LOGISTIC, [
        ("-np.mean(np.sum(", "np.mean(np.sum(", "L"),
        ("t.sum(axis=1, keepdims=True)", "t.sum(axis=1)", "a1"),
    ]),
    (OVER_TIME.solve(SEQUENCE[None], GOALS[None], 0.1), THROUGH_TIME, [
        ("carried = R @ inner", "carried = R @ above", "delta1_t2"),
        ("V @ gap + carried", "V @ gap", "delta1_t2"),
    ]),
]  # fmt: skip


def recorded(source: str) -> dict[str, Any]:
    names = {"X": X, "Y": Y, "A": A, "a": a, "B": B, "b": b, "S": S, "s": s, "K": K, "R": R, "c": c, "V": V, "d": d}
    space = deepcopy(names | {"SEQUENCE": SEQUENCE, "GOALS": GOALS, "CLASSES": CLASSES})
    space["theta"] = {name: space[name] for name in "AaBb"}
    if "CLASSES" in source:
        space["X"] = X[:3]
    linecache.cache["<flow>"] = (len(source), None, source.splitlines(keepends=True), "<flow>")
    exec(
        compile(source, "<flow>", "exec"),
        space := space | {"np": np, "record": chalkwork.record, "__name__": "__main__"},
    )
    return space


def test_a_step_is_told_by_its_place_among_the_others() -> None:
    for solution, program, changes in CASES:
        report = solution.check(recorded(program)["run"])
        assert report.first_wrong is None and len(report) > 3, str(report)
        for right, wrong, first in changes:
            assert program.count(right) == 1
            report = solution.check(recorded(program.replace(right, wrong))["run"])
            assert report.first_wrong == first, (wrong, str(report))
            place = program[: program.index(right)].count("\n") + 1
            at = report[first].at
            assert at is not None and at.line == place, (wrong, str(report))


def test_what_a_name_holds_tells_a_loss() -> None:
    solution = SOFTMAX.solve(X[:3], CLASSES, 0.5)
    wrong = recorded(LOGISTIC.replace("-np.mean(np.sum(", "np.mean(np.sum("))
    del wrong["run"]
    assert solution.check(wrong).first_wrong == "L"
    wrong["my_margin"] = wrong.pop("train_crossentropy")
    assert solution.check(wrong).first_wrong is None


RAW = """
values = [X]
for k in range(3):
    values.append(1 / (1 + np.exp(-values[-1] @ ways[k])))
back = values[-1] - Y
for k in (2, 1, 0):
    own = back * values[k + 1] * (1 - values[k + 1])
    back = own @ ways[k].T
    ways[k] = ways[k] - 0.3 * values[k].T @ own
"""


def test_of_two_values_the_step_is_that_which_a_mistake_explains_and_more_follows_from() -> None:
    sizes = (X.shape[1], 4, 3, Y.shape[1])
    rng = np.random.default_rng(4)
    ways = [rng.normal(size=pair) for pair in pairwise(sizes)]
    layers = [Dense(weights=one.copy(), bias=False, activation="sigmoid") for one in ways]
    solution = NeuralNetwork(layers, "squared_error").solve(X, Y, 0.3)
    right = "with record() as run:\n" + textwrap.indent(RAW.strip(), "    ") + "\n"
    for source, first in ((right, None), (right.replace("back = own @", "back = back @"), "delta2")):
        linecache.cache["<raw>"] = (len(source), None, source.splitlines(keepends=True), "<raw>")
        space: dict[str, Any] = {"X": X, "Y": Y, "ways": deepcopy(ways), "np": np, "record": chalkwork.record}
        exec(compile(source, "<raw>", "exec"), space)
        report = solution.check(space["run"])
        assert report.first_wrong == first, str(report)
    assert report["delta2"].mistakes[0] == "raw-error-sent-back", str(report)
    at = report["delta2"].at
    assert at is not None and "back @" in str(at.source), str(report)


GLOBALS = """
def grado(u):
    return 1 - u
def lavora():
    global peso, fuori
    {begun}
    dentro = 1 / (1 + np.exp(-X @ peso))
    esito = dentro @ fuori
    divario = esito - Y
    indietro = divario @ fuori.T * grado(dentro)
    fuori -= 0.1 * dentro.T @ divario
    peso -= 0.1 * X.T @ indietro
peso, fuori = A.copy(), B.copy()
with record() as run:
    lavora()
"""


@pytest.mark.parametrize("begun", ["pass", "peso, fuori = A.copy(), B.copy()"])
def test_parameters_are_known_by_what_they_held_at_first(begun: str) -> None:
    """Global variables that a function changes, or its own, with names that say nothing."""
    layers = [Dense(weights=A, bias=False, activation="sigmoid"), Dense(weights=B, bias=False)]
    report = NeuralNetwork(layers, "squared_error").solve(X, Y, 0.1).check(recorded(GLOBALS.format(begun=begun))["run"])
    assert report.first_wrong == "delta1"
    assert report["W2_new"].verdict == "correct"
    assert report["W1_new"].verdict == "follows"
