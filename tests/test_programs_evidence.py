"""What a program's names do not tell: values, what follows from them, and what stands in the place of what."""

# ruff: noqa: E501  a program's line stands beside what may be in its place
from __future__ import annotations

import linecache
import textwrap
from copy import deepcopy
from typing import Any

import numpy as np

import chalkwork
from chalkwork import RNN, BatchNorm, Dense, Dropout, NeuralNetwork, SquaredError
from chalkwork.solutions.solution import Solution

r = np.random.default_rng(6)
X, Y, BITS = r.normal(size=(4, 3)), r.normal(size=(4, 2)), np.array([[1.0], [0], [0], [1]])
W1, b1, W2, b2, v2 = (r.normal(size=size) for size in ((3, 5), 5, (5, 2), 2, (5, 1)))
CACHES = """
from math import log
def affine(x, w, b): return x @ w + b, (x, w, b)
def back(dout, cache):
    x, w, b = cache
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)
L = len(weights)
p = "b2"
h, first = affine(X, *weights[0])
hr, relu = np.maximum(0, h), h
scores, second = affine(hr, *weights[1])
caches = [(first, relu), (second, scores)]
for k in range(1):
    j = k
losses = [0.5*np.sum((scores - y)**2)]
dscores = scores - y
dhr, dW2, db2 = back(dscores, second)
dh = dhr * (h > 0)
dx, dW1, db1 = back(dh, first)
"""
UNNAMED = """
pre = X @ V
hid = np.tanh(pre)
guess = hid @ U
gap = guess - y
gU = hid.T @ gap
behind = (gap @ U.T) * (1 - hid**2)
gV = X.T @ behind
V = V - 0.01*gV
U = U - 0.01*gU
"""
LATER = """
Z = sigmoid(X @ A + a)
out = sigmoid(Z @ B + c)
dz2 = out - y
dB = Z.T @ dz2/4
dc = dz2.sum(axis=0)/4
dz1 = (dz2 @ B.T)*Z*(1 - Z)
dA = X.T @ dz1/4
da = dz1.sum(axis=0)/4
A = A - 0.5*dA
a = a - 0.5*da
B = B - 0.5*dB
c = c - 0.5*dc
"""
ROWS = """
ones = np.ones((len(X), 1))
Z = np.tanh(np.hstack([ones, X]) @ first)
out = sigmoid(np.hstack([ones, Z]) @ last)
dout = (out - y)/len(X)
dhid = dout @ last[1:].T*(1 - Z**2)
grad_first = np.hstack([ones, X]).T @ dhid
grad_last = np.hstack([ones, Z]).T @ dout
"""
UNITS = """
from math import exp
net_h1 = w1*i1 + w2*i2 + b1
net_h2 = w3*i1 + w4*i2 + b1
out_h1 = 1/(1 + exp(-net_h1))
out_h2 = 1/(1 + exp(-net_h2))
net_o1 = w5*out_h1 + w6*out_h2 + b2
net_o2 = w7*out_h1 + w8*out_h2 + b2
out_o1 = 1/(1 + exp(-net_o1))
out_o2 = 1/(1 + exp(-net_o2))
delta_o1 = (out_o1 - 0.2)*out_o1*(1 - out_o1)
delta_o2 = (out_o2 - 0.7)*out_o2*(1 - out_o2)
delta_h1 = (delta_o1*w5 + delta_o2*w7)*out_h1*(1 - out_h1)
delta_h2 = (delta_o1*w6 + delta_o2*w8)*out_h2*(1 - out_h2)
"""
SAMPLES = """
def backprop(x, t):
    acts, zs = [x], []
    for w in weights:
        zs.append(w @ acts[-1])
        acts.append(sigmoid(zs[-1]))
    delta = (acts[-1] - t)*acts[-1]*(1 - acts[-1])
    nabla = [None, np.outer(delta, acts[1])]
    delta = (weights[1].T @ delta)*acts[1]*(1 - acts[1])
    nabla[0] = np.outer(delta, x)
    return nabla
nabla_w = [0*w for w in weights]
for x, t in batch:
    nabla_w = [a + b for a, b in zip(nabla_w, backprop(x, t))]
"""
ENGINE = """
class Tensor:
    def __init__(self, data):
        self.data, self.grad = data, 0*data
z1 = Tensor(X @ W1)
a1 = Tensor(np.tanh(z1.data))
z2 = Tensor(a1.data @ W2)
z2.grad += z2.data - y
a1.grad += z2.grad @ W2.T
z1.grad += a1.grad*(1 - a1.data**2)
"""
DROPPED = """
A1 = sigmoid(X @ W1 + b1)
A1d = A1*D1/0.5
out = A1d @ W2 + b2
dout = out - y
dW2 = A1d.T @ dout
"""
SMALL = {f"w{k}": value for k, value in enumerate((0.15, 0.2, 0.25, 0.3, 0.4, 0.45, 0.5, 0.55), 1)}
SEQUENCE = {"inputs": X[:2], "target": Y[0], "Wxh": r.normal(size=(4, 3)), "Whh": r.normal(size=(4, 4)),
            "Why": r.normal(size=(2, 4)), "bh": r.normal(size=(4, 1)), "by": r.normal(size=(2, 1))}  # fmt: skip
GAMMA, BETA = np.array([1.1, 0.8, 1.3, 0.9, 1.2]), np.array([0.1, -0.2, 0.3, 0.05, -0.4])
MASK = np.array([[1, 0, 1, 1, 0], [1, 1, 1, 0, 1], [0, 1, 1, 1, 1], [1, 1, 0, 0, 1]])

RECURRENT = """
xs, hs = {}, {-1: np.zeros((4, 1))}
for t in range(2):
    xs[t] = inputs[t][:, None]
    hs[t] = np.tanh(Wxh @ xs[t] + Whh @ hs[t - 1] + bh)
ys = Why @ hs[1] + by
loss = 0.5 * np.sum((ys - target[:, None])**2)
dy = ys - target[:, None]
dWxh, dWhh, dbh = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(bh)
dWhy, dby = dy @ hs[1].T, dy.copy()
dhnext = Why.T @ dy
for t in (1, 0):
    dhraw = (1 - hs[t]**2) * dhnext
    dbh += dhraw
    dWxh += dhraw @ xs[t].T
    dWhh += dhraw @ hs[t - 1].T
    dhnext = Whh.T @ dhraw
for param, dparam in zip([Wxh, Whh, Why, bh, by], [dWxh, dWhh, dWhy, dbh, dby]):
    param += -0.1 * dparam
"""
ORDERED = """
class Affine:
    def __init__(self, w, b): self.w, self.b = w, b
    def forward(self, x):
        self.x = x
        return x @ self.w + self.b
    def backward(self, dout):
        dx = dout @ self.w.T
        self.dw, self.db = self.x.T @ dout, dout.sum(axis=0)
        return dx
class Sigmoid:
    def forward(self, x):
        self.out = sigmoid(x)
        return self.out
    def backward(self, dout):
        return dout * self.out * (1 - self.out)
layers = {"Affine1": Affine(w1, b1), "Sigmoid1": Sigmoid(), "Affine2": Affine(w2, b2)}
x = X
for layer in layers.values():
    x = layer.forward(x)
error = x - y
dout = error
for layer in list(layers.values())[::-1]:
    dout = layer.backward(dout)
"""
KEEPING = """
class Affine:
    def __init__(self, w, b): self.w, self.b = w, b
    def forward(self, x):
        self.x = x
        return x @ self.w + self.b
    def backward(self, dout):
        self.dw, self.db = self.x.T @ dout / 4, dout.mean(axis=0)
        return dout @ self.w.T
class Tanh:
    def forward(self, x):
        self.arg = x
        return np.tanh(x)
    def backward(self, dout):
        self.kept = dout * (1 - np.tanh(self.arg)**2)
        return self.kept
def walk():
    layers = [Affine(w1, b1), Tanh(), Affine(w2, b2)]
    x = X
    for layer in layers: x = layer.forward(x)
    dout = x - y
    for layer in layers[::-1]: dout = layer.backward(dout)
    return layers
layers = walk()
"""
BEFORE = """
hidden = sigmoid(X @ W1 + b1)
out = hidden @ W2 + b2
d_out = out - Y
d_hidden = d_out @ W2.T
d_pre = d_hidden * hidden * (1 - hidden)
dW1 = X.T @ d_pre
"""
AXES = """
z = X @ W1
mu = z.mean(axis=0)
var = z.var(axis=0)
z_hat = (z - mu) / np.sqrt(var + 0.001)
a = np.tanh(gamma * z_hat + beta)
out = a @ W3
"""


def dense(
    hidden: str, output: str, loss: Any, *between: Any, last: Any = W2, bias: Any = (b1, b2), **more: Any
) -> NeuralNetwork:
    first = Dense(weights=W1, bias=bias[0], activation=hidden)
    return NeuralNetwork([first, *between, Dense(weights=last, bias=bias[1], activation=output)], loss, **more)


BARE: Any = (False, False)
Exchange = tuple[str, str, tuple[str, ...], str]
PROGRAMS: list[tuple[Solution, str, dict[str, Any], list[Exchange]]] = [
    (dense("relu", "identity", "squared_error").solve(X, Y), CACHES, {"y": Y, "weights": [(W1, b1), (W2, b2)]},
     [("dh = dhr * (h > 0)", "dh = dhr * (dhr > 0)", ("delta1",), "function-for-derivative")]),
    (dense("tanh", "identity", "squared_error", bias=BARE).solve(X, Y, 0.01), UNNAMED, {"y": Y, "V": W1, "U": W2},
     [("(1 - hid**2)", "1", ("delta1",), "derivative-dropped"), ("hid.T @ gap", "pre.T @ gap", ("dW2",), "activation-forgotten"),
      ("(1 - hid**2)", "(1 - hid)**2", ("delta1",), "with (1 - a1)^2 in the place of 1 - a1^2")]),
    (dense("sigmoid", "sigmoid", "binary_cross_entropy", last=v2, bias=(b1, b2[:1])).solve(X, BITS, 0.5), LATER,
     {"y": BITS, "A": W1, "a": b1, "B": v2, "c": b2[:1]}, [("Z.T @ dz2/4", "Z.T @ dz2", ("dW2",), "sum-for-mean"),
      ("dz2.sum(axis=0)/4", "dz2/4", ("db2", "b2_new"), "bias-gradient-not-summed")]),
    (dense("tanh", "sigmoid", "binary_cross_entropy", last=v2, bias=(b1, b2[:1])).solve(X, BITS), ROWS,
     {"y": BITS, "first": np.vstack([b1, W1]), "last": np.vstack([b2[:1], v2])},
     [("last[1:]", "last[:-1]", ("delta1",), "with [b2, W2][:-1] in the place of W2")]),
    (NeuralNetwork([Dense(weights=[[0.15, 0.2], [0.25, 0.3]], bias=[0.35, 0.35], activation="sigmoid"),
                    Dense(weights=[[0.4, 0.45], [0.5, 0.55]], bias=[0.6, 0.6], activation="sigmoid")],
                   "squared_error", weights="out_in").solve([0.05, 0.1], [0.2, 0.7]), UNITS,
     {**SMALL, "b1": 0.35, "b2": 0.6, "i1": 0.05, "i2": 0.1}, [("(delta_o1*w6 + delta_o2*w8)", "(delta_o1*w6 - delta_o2*w8)", ("delta1",), "")]),
    (NeuralNetwork([Dense(weights=W1.T, bias=False, activation="sigmoid"), Dense(weights=W2.T, bias=False, activation="sigmoid")],
                   "squared_error", weights="out_in").solve(X, Y), SAMPLES, {"weights": [W1.T, W2.T], "batch": list(zip(X, Y, strict=True))},
     [("delta)*acts[1]*(1 - acts[1])", "delta)", ("delta1", "dW1"), "derivative-dropped")]),
    (dense("tanh", "identity", "squared_error", bias=BARE).solve(X, Y), ENGINE, {"y": Y, "W1": W1, "W2": W2},
     [("z2.data - y", "2*(z2.data - y)", ("delta2",), "factor-two")]),
    (dense("sigmoid", "identity", "squared_error", Dropout(0.5)).solve(X, Y, masks={2: MASK}), DROPPED,
     {"y": Y, "D1": MASK, "W1": W1, "b1": b1, "W2": W2, "b2": b2},
     [("A1d.T @ dout", "A1.T @ dout", ("dW3",), "with a1 in the place of a2")]),
    (NeuralNetwork([RNN(4, weights=SEQUENCE["Wxh"].T, recurrent=SEQUENCE["Whh"].T, bias=SEQUENCE["bh"].ravel()),
                    Dense(weights=SEQUENCE["Why"].T, bias=SEQUENCE["by"].ravel())], "squared_error",
                   inputs=(2, 3)).solve(X[:2], Y[0], 0.1), RECURRENT, SEQUENCE,
     [("dhraw @ hs[t - 1].T", "dhraw @ hs[t].T", ("dU1",), "in the place of h1_t")]),
    (dense("sigmoid", "identity", "squared_error").solve(X, Y), ORDERED, {"y": Y, "w1": W1, "b1": b1, "w2": W2, "b2": b2},
     [("x @ self.w + self.b", "x @ self.w - self.b", ("z1", "a1"), "bias-subtracted"),
      ("dx = dout @ self.w.T", "dx = dout @ self.w.T / 5", ("delta1", "dW1"), "1/5 of")]),
    (dense("tanh", "identity", SquaredError(reduction="mean_over_samples")).solve(X, Y), KEEPING, {"y": Y, "w1": W1, "b1": b1, "w2": W2, "b2": b2},
     [("(1 - np.tanh(self.arg)**2)", "np.tanh(self.arg)", ("delta1",), "function-for-derivative"),
      ("(1 - np.tanh(self.arg)**2)", "(1 + np.tanh(self.arg)**2)", ("delta1",), "derivative-sign")]),
    (dense("sigmoid", "identity", "squared_error").solve(X, Y), BEFORE, {"Y": Y, "W1": W1, "b1": b1, "W2": W2, "b2": b2},
     [("hidden * (1 - hidden)", "hidden * (1 - b1)", ("delta1",), "with b1 in the place of a1")]),
    (NeuralNetwork([Dense(weights=W1, bias=False), BatchNorm(activation="tanh", gamma=GAMMA, beta=BETA, epsilon=1e-3),
                    Dense(weights=W2, bias=False)], "squared_error").solve(X, Y), AXES,
     {"W1": W1, "W3": W2, "gamma": GAMMA, "beta": BETA},
     [("mean(axis=0)", "mean(axis=1, keepdims=True)", ("mu2",), "statistics-over-wrong-axis")]),
]  # fmt: skip


def left_by(text: str, given: dict[str, Any], number: int) -> list[Any]:
    """The variables that the program leaves, and its recording."""
    source = f"import numpy as np\ndef sigmoid(z): return 1/(1 + np.exp(-z))\nwith record() as run:\n{textwrap.indent(text.strip(), '    ')}\n"
    file = f"<evidence {number}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    space: dict[str, Any] = {"X": X.copy(), **deepcopy(given), "record": chalkwork.record, "__name__": "__main__"}
    with np.errstate(invalid="ignore"):
        exec(compile(source, file, "exec"), space)
    return [space, space.pop("run")]


def test_what_the_names_do_not_tell() -> None:
    for done, text, given, exchanges in PROGRAMS:
        assert all(text.count(right) == 1 for right, *_ in exchanges), text
        texts = [text, *(text.replace(right, wrong) for right, wrong, *_ in exchanges)]
        first, second, *others = done.check_class(
            [one for number, each in enumerate(texts) for one in left_by(each, given, number)]
        )
        for report in (first, second):
            assert report.first_wrong is None and len(report) > 1, str(report)
        for place, report in enumerate(others):
            _, wrong, firsts, said = exchanges[place // 2]
            assert report.first_wrong in firsts, (wrong, str(report))
            result = report[report.first_wrong]
            assert said in result.mistakes or said in " ".join(result.message.split()), (wrong, str(report))


def test_a_renewed_vector_with_its_bias() -> None:
    theta, y = np.array([0.31, -1.27, 0.84]), np.array([0.5, -0.2, 0.9, 0.1])
    data = X[:, :2]
    done = NeuralNetwork([Dense(weights=theta[1:, None], bias=theta[:1])], SquaredError(reduction="mean")).solve(
        data, y[:, None], 0.1
    )
    with_ones = np.c_[np.ones(4), data]
    gradient = with_ones.T @ (with_ones @ theta - y) / 4
    assert done.check({"theta": theta - 0.1 * gradient}).first_wrong is None
    report = done.check({"theta": theta + 0.1 * gradient})
    assert report.first_wrong == "W1_new" and "ascent" in report["W1_new"].mistakes, str(report)


def test_one_step_of_a_sequence_alone() -> None:
    done = NeuralNetwork([RNN(2), Dense(units=1)], "squared_error", inputs=(3, 3)).solve(X[:3], [0.5])
    own = {name: done[name] for name in ("delta1_t3", "delta1_t2", "delta1_t1")}
    report = done.check({**own, "dW1": X[:1].T @ done["delta1_t1"]})
    assert "with moment(x).T @ delta1_t1 in the place of the whole sum" in report["dW1"].message, str(report)


def test_a_slip_in_every_step_that_no_entry_of_the_table_has() -> None:
    done = NeuralNetwork([Dense(weights=W1, bias=False, activation="tanh")], "squared_error").solve(
        X, X @ W1 - 1, 0.1, steps=2
    )
    weights = W1
    for _ in range(2):
        out = np.tanh(X @ weights)
        weights = weights - 0.1 * X.T @ ((out - X @ W1 + 1) * (1 - out) ** 2)
    report = done.check({"X": X, "weights": weights})
    assert report.first_wrong == "delta1" and "(1 - a1)^2" in report["delta1"].message, str(report)
