"""How a program lays out its parameters: the same step in many layouts, right and wrong, by variables and recorded."""

# ruff: noqa: E501  a program's line stands beside what may be in its place
from __future__ import annotations

import linecache
import textwrap
from copy import deepcopy
from typing import Any

import numpy as np

import chalkwork
from chalkwork import Dense, NeuralNetwork

r = np.random.default_rng(77)
A, a, B, b = r.normal(size=(3, 2)), r.normal(size=3), r.normal(size=(2, 3)), r.normal(size=2)
X, Y = r.normal(size=(4, 2)), r.random(size=(4, 2))
X0, Y0 = X[0], Y[0]
BATCH = NeuralNetwork([Dense(weights=A, bias=a, activation="sigmoid"), Dense(weights=B, bias=b)],
                      "squared_error", weights="out_in").solve(X, Y, 0.1)  # fmt: skip
SINGLE = NeuralNetwork([Dense(weights=A, bias=a, activation="sigmoid"), Dense(weights=B, bias=b)],
                       "squared_error", weights="out_in").solve(X0, Y0, 0.1)  # fmt: skip
HELPERS = """
def squash(v):
    return 1 / (1 + np.exp(-v))
def joined(*parts):
    return np.concatenate([np.ravel(part) for part in parts])
"""
FLAT = """
U, c, V, d = cut(theta)
h = squash(X @ U.T + c)
e = h @ V.T + d - Y
back = (e @ V) * h * (1 - h)
slope = joined(SLOPES)
theta = theta - 0.1 * slope
"""
NEURONS = """
class Unit:
    def __init__(self, incoming, offset):
        self.incoming, self.offset = list(incoming), float(offset)
class Net:
    def __init__(self):
        self.stages = [[Unit(*one) for one in zip(A, a)], [Unit(*one) for one in zip(B, b)]]
net = Net()
"""
BY_UNIT = """
hs = [squash(sum(w * x for w, x in zip(unit.incoming, X0)) + unit.offset) for unit in net.stages[0]]
es = [sum(w * h for w, h in zip(unit.incoming, hs)) + unit.offset - y for unit, y in zip(net.stages[1], Y0)]
ds = [sum(es[k] * net.stages[1][k].incoming[j] for k in range(2)) * hs[j] * (1 - hs[j]) for j in range(3)]
for units, errors, before in ((net.stages[1], es, hs), (net.stages[0], ds, X0)):
    for unit, error in zip(units, errors):
        for place, value in enumerate(before):
            unit.incoming[place] = unit.incoming[place] - 0.1 * error * value
        unit.offset = unit.offset - 0.1 * error
"""
SCALARS = """
h1 = squash(w1 * X0[0] + w2 * X0[1] + b1)
h2 = squash(w3 * X0[0] + w4 * X0[1] + b2)
h3 = squash(w5 * X0[0] + w6 * X0[1] + b3)
e1 = w7 * h1 + w8 * h2 + w9 * h3 + b4 - Y0[0]
e2 = w10 * h1 + w11 * h2 + w12 * h3 + b5 - Y0[1]
s1 = (e1 * w7 + e2 * w10) * h1 * (1 - h1)
s2 = (e1 * w8 + e2 * w11) * h2 * (1 - h2)
s3 = (e1 * w9 + e2 * w12) * h3 * (1 - h3)
w1, w2, b1 = w1 - 0.1 * s1 * X0[0], w2 - 0.1 * s1 * X0[1], b1 - 0.1 * s1
w3, w4, b2 = w3 - 0.1 * s2 * X0[0], w4 - 0.1 * s2 * X0[1], b2 - 0.1 * s2
w5, w6, b3 = w5 - 0.1 * s3 * X0[0], w6 - 0.1 * s3 * X0[1], b3 - 0.1 * s3
w7, w8, w9, b4 = w7 - 0.1 * e1 * h1, w8 - 0.1 * e1 * h2, w9 - 0.1 * e1 * h3, b4 - 0.1 * e1
w10, w11, w12, b5 = w10 - 0.1 * e2 * h1, w11 - 0.1 * e2 * h2, w12 - 0.1 * e2 * h3, b5 - 0.1 * e2
"""
JOINED = """
wide = np.c_[FIRST]
h = squash(wide @ first.T)
tall = np.c_[SECOND]
e = tall @ second.T - Y
back = (e @ second[:, KEPT]) * h * (1 - h)
first_move = back.T @ wide
second_move = e.T @ tall
first, second = first - 0.1 * first_move, second - 0.1 * second_move
"""


def flat(parts: str, slopes: str, cut: str) -> tuple[str, str]:
    """A program that keeps everything in one row of numbers."""
    return f"{HELPERS}def cut(t):\n    return {cut}\ntheta = joined({parts})", FLAT.replace("SLOPES", slopes)


def joint(start: str, first: str, second: str, kept: str) -> tuple[str, str]:
    """A program that keeps the biases within the weights."""
    body = JOINED.replace("FIRST", first).replace("SECOND", second).replace("KEPT", kept)
    return f"{HELPERS}first, second = {start}", body


PROGRAMS = {
    "row by row": flat("A, a, B, b", "back.T @ X, back.sum(0), e.T @ h, e.sum(0)",
                       "t[:6].reshape(3, 2), t[6:9], t[9:15].reshape(2, 3), t[15:]"),
    "column by column": flat("A.T, B.T, a, b", "X.T @ back, h.T @ e, back.sum(0), e.sum(0)",
                             "t[:6].reshape(2, 3).T, t[12:15], t[6:12].reshape(3, 2).T, t[15:]"),
    "with the biases before": flat("np.c_[a, A], np.c_[b, B]", "back.T @ np.c_[np.ones(4), X], e.T @ np.c_[np.ones(4), h]",
                                   "t[:9].reshape(3, 3)[:, 1:], t[:9].reshape(3, 3)[:, 0], t[9:].reshape(2, 4)[:, 1:], t[9:].reshape(2, 4)[:, 0]"),
    "first column": joint("np.c_[a, A], np.c_[b, B]", "np.ones(4), X", "np.ones(4), h", "1:"),
    "last column": joint("np.c_[A, a], np.c_[B, b]", "X, np.ones(4)", "h, np.ones(4)", ":-1"),
    "threshold": joint("np.c_[A, -a], np.c_[B, -b]", "X, -np.ones(4)", "h, -np.ones(4)", ":-1"),
    "neurons": (HELPERS + NEURONS, BY_UNIT),
    "one by one": (HELPERS + "w1, w2, w3, w4, w5, w6 = A.ravel().tolist()\nw7, w8, w9, w10, w11, w12 = B.ravel().tolist()\n"
                   "b1, b2, b3, b4, b5 = a.tolist() + b.tolist()", SCALARS),
}  # fmt: skip
GIVEN = {"A": A, "a": a, "B": B, "b": b, "X": X, "Y": Y, "X0": X0, "Y0": Y0}
WRONG = [
    ("(e @ V) * h * (1 - h)", "(e @ V) * (1 - h)"),
    ("(e @ second[:, 1:]) * h", "(e @ second[:, :-1]) * h"),
    ("theta - 0.1 * slope", "theta + 0.1 * slope"),
    ("unit.incoming[place] - 0.1 * error * value", "unit.incoming[place] - 0.1 * error"),
    ("b4 - 0.1 * e1\n", "b4 - 0.1 * e1 * h1\n"),
    ("0.1 * s2 * X0[1]", "0.1 * s2 * X0[0]"),
]


def run(pre: str, body: str) -> tuple[dict[str, object], Any]:
    """The variables of a program, and its recording; it has the samples that it names."""
    source = f"{pre}\nwith record() as run:\n{textwrap.indent(body.strip(), '    ')}\n"
    file = f"<layout {abs(hash(source))}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    given = {name: value for name, value in GIVEN.items() if name not in ("X", "Y") or "X0" not in body}
    space: dict[str, Any] = {**deepcopy(given), "np": np, "record": chalkwork.record, "__name__": "__main__"}
    exec(compile(source, file, "exec"), space)
    recording = space.pop("run")
    return space, recording


def test_every_layout_is_found_and_its_mistakes_are() -> None:
    """The renewed parameters are marked in every layout; a mistake is found where it is made, and nothing before."""
    for name, (pre, body) in PROGRAMS.items():
        solution = SINGLE if name in ("neurons", "one by one") else BATCH
        for given in run(pre, body):
            report = solution.check(given)
            assert report.first_wrong is None, (name, str(report))
            assert {"W1_new", "b1_new", "W2_new", "b2_new"} <= set(report), (name, list(report))
            assert not any("Other data" in note for note in report.notes), (name, report.notes)
        for old, new in WRONG:
            if old not in body:
                continue
            for given in run(pre, body.replace(old, new)):
                report = solution.check(given)
                assert report.first_wrong is not None, (name, new)
                right = [one for one in report if report[one].verdict == "correct"]
                assert any(one.endswith("_new") for one in right) or "theta" in new, (name, new, str(report))


def test_weights_without_their_biases_are_not_renewed() -> None:
    """What a penalty is of: the bias's column is zero there."""
    rng = np.random.default_rng(5)
    V, W, c, d = rng.normal(size=(3, 2)), rng.normal(size=(2, 3)), rng.normal(size=3) / 20, rng.normal(size=2) / 20
    layers = [Dense(weights=V, bias=c, activation="tanh"), Dense(weights=W, bias=d)]
    done = NeuralNetwork(layers, "squared_error", weights="out_in").solve([0.4, -0.9], [0.7, 0.2], 0.1)
    theta = {"Theta1": np.c_[c, V], "Theta2": np.c_[d, W]}
    grad = {f"Theta{n}_grad": np.c_[np.ravel(done[f"db{n}"]), done[f"dW{n}"]] for n in (1, 2)}
    cut = {"reg1": np.c_[np.zeros(3), V], "reg2": np.c_[np.zeros(2), W]}
    report = done.check(theta | grad | cut)
    assert report.first_wrong is None and {"dW1", "dW2"} <= report.keys() and "W1_new" not in report, str(report)


def test_a_wrong_bias_in_a_flat_list_keeps_its_sign() -> None:
    """Minus a bias is a threshold, and only where the numbers say so."""
    V, c, W, d = np.array([[0.3, -0.2], [0.5, 0.7]]), np.array([0.1, -0.1]), np.array([[1.1], [-0.6]]), np.array([0.2])
    layers = [Dense(weights=V, bias=c, activation="relu"), Dense(weights=W, bias=d)]
    done = NeuralNetwork(layers, "squared_error").solve([[1.0, 2.0]], [[0.5]], 0.05)
    theta = np.concatenate([V.ravel(), c, W.ravel(), d])
    grad = np.concatenate([done[name].ravel() for name in ("dW1", "db1", "dW2", "db2")])
    for factor, first in ((1, None), (2, "db1"), (-1, "db1")):
        own = grad.copy()
        own[4:6] *= factor
        report = done.check({"theta": theta - 0.05 * own, "grad": own})
        assert report.first_wrong == first, str(report)
        assert report["b1_new"].verdict == ("follows" if first else "correct"), str(report)
