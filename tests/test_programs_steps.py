"""Which step a variable is whose name says another, or none."""

# ruff: noqa: E501  a program's line stands beside what may be in its place
from __future__ import annotations

import linecache
import textwrap
from copy import deepcopy
from typing import Any

import numpy as np

import chalkwork
from chalkwork import RNN, BatchNorm, Dense, Graph, NeuralNetwork
from chalkwork.solutions.solution import Solution

r = np.random.default_rng(31)
X, Y = r.normal(size=(6, 3)), r.normal(size=(6, 2))
A, a, B, b = (r.normal(size=size) for size in ((3, 4), 4, (4, 2), 2))
SEQUENCE, GOALS = r.normal(size=(3, 2)), r.normal(size=(3, 1))
K, R, c, V, d = (r.normal(size=size) for size in ((2, 4), (4, 4), 4, (4, 1), 1))

ACROSS = """
H = np.tanh(A.T @ X.T + a[:, None])
out = (B.T @ H + b[:, None]).T
gap = 2 * (out - Y) / Y.size
back = (B @ gap.T) * (1 - H**2)
gA, ga = X.T @ back.T, back.sum(axis=1)
gB, gb = (H @ gap), gap.sum(axis=0)
A, a, B, b = A - 0.2*gA, a - 0.2*ga, B - 0.2*gB, b - 0.2*gb
"""
TWICE = """
current, kept = [A.copy(), B.copy()], [np.zeros_like(A), np.zeros_like(B)]
for epoch in range(2):
    hid = np.tanh(X @ current[0])
    gap = 2 * (hid @ current[1] - Y) / Y.size
    gradient = [X.T @ (gap @ current[1].T * (1 - hid**2)), hid.T @ gap]
    new_w, new_v = [], []
    for i in range(2):
        speed = 0.7*kept[i] - 0.1*gradient[i]
        new_v.append(speed)
        new_w.append(current[i] + speed)
    kept, current = new_v, new_w
"""
THROUGH_TIME = """
hs = [np.zeros(4)]
for t in range(3):
    hs.append(np.tanh(SEQUENCE[t] @ K + hs[t] @ R + c))
h = hs[-1]
outs = np.array([one @ V + d for one in hs[1:]])
gK, gR, gc, gV, gd = (np.zeros_like(one) for one in (K, R, c, V, d))
later = np.zeros(4)
for t in (2, 1, 0):
    gap = 2 * (outs[t] - GOALS[t]) / 3
    gV += np.outer(hs[t + 1], gap)
    gd += gap
    dh = V @ gap + later
    raw = dh * (1 - hs[t + 1]**2)
    gK += np.outer(SEQUENCE[t], raw)
    gR += np.outer(hs[t], raw)
    gc += raw
    later = R @ raw
K, R, c, V, d = K - 0.1*gK, R - 0.1*gR, c - 0.1*gc, V - 0.1*gV, d - 0.1*gd
"""
NORMALISED = """
h = X @ A
mean = h.mean(axis=0)
var = h.var(axis=0)
xhat = (h - mean) / np.sqrt(var + 1e-5)
out = xhat * scale + shift
gap = 2 * (out - Y4) / Y4.size
dscale, dshift = (gap * xhat).sum(axis=0), gap.sum(axis=0)
dxhat = gap * scale
dvar = (dxhat * (h - mean)).sum(axis=0) * -0.5 * (var + 1e-5)**-1.5
dh = dxhat / np.sqrt(var + 1e-5) + 2/6 * (h - mean) * dvar
minus = dh.sum(axis=0)
dh = dh - minus/6
dA = X.T @ dh
"""
SCALE, SHIFT, Y4 = r.normal(size=4), r.normal(size=4), r.normal(size=(6, 4))
two = [Dense(weights=A, bias=a, activation="tanh"), Dense(weights=B, bias=b)]
bare = [Dense(weights=A, bias=False, activation="tanh"), Dense(weights=B, bias=False)]
timed = [RNN(4, weights=K, recurrent=R, bias=c, returns="all"), Dense(weights=V, bias=d)]
PROGRAMS: list[tuple[Solution, str, dict[str, Any], list[tuple[str, str, tuple[str, ...]]]]] = [
    (NeuralNetwork(two, "mean_squared_error").solve(X, Y, 0.2), ACROSS, {"X": X, "Y": Y, "A": A, "a": a, "B": B, "b": b},
     [("(1 - H**2)", "(1 - H)", ("delta1",)), ("(B @ gap.T) * (1 - H**2)", "B @ gap.T", ("delta1",))]),
    (NeuralNetwork(bare, "mean_squared_error").solve(X, Y, 0.1, 2, optimizer={"name": "momentum", "mu": 0.7, "form": "signed"}),
     TWICE, {"X": X, "Y": Y, "A": A, "B": B}, [("0.7*kept[i] - 0.1", "0.7*kept[i] + 0.1", ("vW1_new", "vW1_new2", "W1_new", "W1_new2", "L_new", "dW1_new", "dW2_new", "delta2_new"))]),
    (NeuralNetwork(timed, "mean_squared_error", inputs=(3, 2)).solve(SEQUENCE, GOALS, 0.1), THROUGH_TIME,
     {"SEQUENCE": SEQUENCE, "GOALS": GOALS, "K": K, "R": R, "c": c, "V": V, "d": d},
     [("raw = dh * (1", "raw = dh / (1", ("delta1_t3", "dW1")), ("later = R @ raw", "later = R.T @ raw", ("delta1_t2", "dW1"))]),
    (NeuralNetwork([Dense(weights=A, bias=False), BatchNorm(gamma=SCALE, beta=SHIFT, epsilon=1e-5)], "mean_squared_error").solve(X, Y4),
     NORMALISED, {"X": X, "Y4": Y4, "A": A, "scale": SCALE, "shift": SHIFT},
     [("-0.5 *", "0.5 *", ("dvar2",)), ("minus/6", "minus", ("delta1",))]),
]  # fmt: skip


def left_by(text: str, given: dict[str, Any], number: int) -> list[Any]:
    body = textwrap.indent(text.strip(), "    ")
    source, file = f"with record() as run:\n{body}\n", f"<step {number}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    space = {"np": np, "record": chalkwork.record, **deepcopy(given)}
    exec(compile(source, file, "exec"), space)
    return [space, space.pop("run")]


def test_which_step_it_is() -> None:
    for done, text, given, exchanges in PROGRAMS:
        assert all(text.count(right) == 1 for right, *_ in exchanges), text
        texts = [text, *(text.replace(right, wrong) for right, wrong, *_ in exchanges)]
        reports = done.check_class([one for number, each in enumerate(texts) for one in left_by(each, given, number)])
        for report in reports[:2]:
            assert report.first_wrong is None and len(report) > 3, str(report)
        for place, report in enumerate(reports[2:]):
            _, wrong, firsts = exchanges[place // 2]
            assert report.first_wrong in firsts, (wrong, place, str(report))


def test_the_error_itself_is_no_loss() -> None:
    first, second = np.array([[0.2, -0.4], [0.5, 0.3]]), np.array([[0.7], [-0.6]])
    network = NeuralNetwork(
        [
            Dense(activation="sigmoid", weights=first, bias=[0.1, 0.2]),
            Dense(activation="sigmoid", weights=second, bias=[0.3]),
        ],
        "squared_error",
    )
    solution = network.solve([[0.5, -0.8]], [[1.0]], 0.1)
    a2 = np.asarray(solution["a2"])
    report = solution.check({"a1": np.asarray(solution["a1"]), "a2": a2, "err": 1.0 - a2})
    assert report.first_wrong is None
    assert "no step of its own" in str(report.unused["err"])


def test_the_delta_is_what_is_gone_on_with_and_not_what_comes_back_to_the_activation() -> None:
    first, second = np.array([[0.2, -0.4], [0.5, 0.3]]), np.array([[0.7], [-0.6]])
    x, y = np.array([[0.5, -0.8], [-0.3, 0.9]]), np.array([[1.0], [0.4]])
    layers = [Dense(activation="tanh", weights=first, bias=[0.1, 0.2]), Dense(weights=second, bias=[0.3])]
    solution = NeuralNetwork(layers, "squared_error").solve(x, y, 0.1)
    hidden = np.asarray(solution["a1"])
    dhidden = np.asarray(solution["delta2"]) @ second.T
    wrong = dhidden * (1 - hidden)
    program = {"hidden": hidden, "dhidden": dhidden, "dz": wrong, "dW1": x.T @ wrong, "db1": wrong.sum(axis=0)}
    report = solution.check(program)
    assert report.first_wrong == "delta1"
    assert "derivative-dropped" not in report["delta1"].mistakes
    assert {report[name].verdict for name in ("dW1", "db1")} == {"follows"}
    assert "no step of its own" in str(report.unused["dhidden"])


def test_derivatives_of_the_last_result_by_one_letter_each() -> None:
    """dx could be the derivative of any step by x; beside dc and dy, which are those of the last result, it is one."""
    done = Graph("a = x + y; b = sigmoid(x); c = a * b", "c").solve(x=1.2, y=-0.5)
    a, b = (np.float64(done[name]) for name in "ab")
    da, db = b, a
    for dx, first in ((da + b * (1 - b) * db, None), (b * (1 - b) * db, "dc/dx"), (da, "dc/dx")):
        report = done.check({"np": np, "a": a, "b": b, "da": da, "db": db, "dx": dx, "dy": da})
        assert report.first_wrong == first and "dc/dx" in report, str(report)
        assert not first or report[first].mistakes == ("path-forgotten",), str(report)


def test_what_is_left_out_of_every_path() -> None:
    done = Graph("p = sigmoid(u*h); q = sigmoid(v*h); o = p + 2*q", "o").solve(u=1.3127, v=-0.7391, h=0.9173)
    p, q = done["p"], done["q"]
    report = done.check({"p": p, "q": q, "o": done["o"], "do/dh": p * (1 - p) + 2 * q * (1 - q)})
    assert report.first_wrong == "do/dh" and "wherever it stands like that" in report["do/dh"].message, str(report)


def test_what_is_called_like_a_step_beside_a_mistake_elsewhere() -> None:
    """`self.var` holds one over the standard deviation; all that is made with it is right, or wrong by itself."""
    rng = np.random.default_rng(12)
    x, y, W = rng.normal(size=(4, 3)), rng.normal(size=(4, 2)), rng.normal(size=(3, 2))
    gamma, beta = rng.normal(size=2), rng.normal(size=2)
    layers = [Dense(weights=W, bias=False), BatchNorm(gamma=gamma, beta=beta, epsilon=0.01)]
    done = NeuralNetwork(layers, "squared_error").solve(x, y, 0.1)
    z = x @ W
    mean, var = z.mean(axis=0), 1 / np.sqrt(z.var(axis=0) + 0.01)
    x_norm = (z - mean) * var
    out = gamma * x_norm + beta
    for factor, first in ((-0.5, None), (0.5, "dvar2")):
        program = {"z1": z, "mean": mean, "var": var, "x_norm": x_norm, "out": out, "delta2": out - y}
        dx_norm = (out - y) * gamma
        program |= {"dx_norm": dx_norm, "dvar": factor * np.sum(dx_norm * (z - mean) * var**3, axis=0)}
        report = done.check(program)
        assert report.first_wrong == first, str(report)
