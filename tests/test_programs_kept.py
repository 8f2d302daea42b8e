"""How programs keep what they have worked out: in dictionaries of layers, lists of parameters, engines, loops."""

# ruff: noqa: E501  a program's line stands beside what may be in its place
from __future__ import annotations

from typing import Any

import numpy as np
from test_programs_evidence import W1, W2, X, Y, b1, b2, dense, left_by

from chalkwork import LSTM, AveragePool, Conv1d, Dense, Dropout, Flatten, Graph, NeuralNetwork, SquaredError
from chalkwork.checking.naming.called import read_in_parts
from chalkwork.solutions.solution import Solution

r = np.random.default_rng(17)
LAYERS = """
eps = 1e-8
state = {at: {k: np.zeros_like(v) for k, v in p.items()} for at, p in params.items()}
cache = {"hidden": {}, "output": {}}
cache["hidden"]["z"] = X @ params["hidden"]["W"] + params["hidden"]["b"]
cache["hidden"]["a"] = np.where(cache["hidden"]["z"] > 0, cache["hidden"]["z"], 0.1*cache["hidden"]["z"])
pred = cache["hidden"]["a"] @ params["output"]["W"] + params["output"]["b"]
dout = pred - Y
grads = {"hidden": {}, "output": {}}
grads["output"]["W"] = cache["hidden"]["a"].T @ dout
grads["output"]["b"] = dout.sum(0)
dhid = dout @ params["output"]["W"].T
dhid = dhid * np.where(cache["hidden"]["z"] > 0, 1.0, 0.1)
grads["hidden"]["W"] = X.T @ dhid
grads["hidden"]["b"] = dhid.sum(0)
for at in params:
    for k in params[at]:
        state[at][k] = 0.9*state[at][k] + 0.1*grads[at][k]**2
        params[at][k] = params[at][k] - 0.01*grads[at][k]/(np.sqrt(state[at][k]) + eps)
"""
KEPT = {"hidden": {"W": W1, "b": b1}, "output": {"W": W2, "b": b2}}
ADAM = """
class Adam:
    def __init__(self, b1, b2):
        self.b1, self.b2, self.t = b1, b2, 0
    def update(self, params, grads):
        if not self.t:
            self.first, self.second = [0*p for p in params], [0*p for p in params]
        self.t += 1
        for k in range(4):
            self.first[k] = self.b1*self.first[k] + (1 - self.b1)*grads[k]
            self.second[k] = self.b2*self.second[k] + (1 - self.b2)*grads[k]**2
            first_hat = self.first[k]/(1 - self.b1**self.t)
            second_hat = self.second[k]/(1 - self.b2**self.t)
            params[k] = params[k] - 0.02*first_hat/(np.sqrt(second_hat) + 1e-6)
        return params
def gradients(W1, b1, W2, b2):
    hidden = sigmoid(X @ W1 + b1)
    e = hidden @ W2 + b2 - y
    eh = e @ W2.T*hidden*(1 - hidden)
    return [X.T @ eh, eh.sum(0), hidden.T @ e, e.sum(0)]
opt = Adam(0.8, 0.95)
params = [p.copy() for p in start]
for step in range(2):
    grads = gradients(*params)
    params = opt.update(params, grads)
"""
ENGINE = """
class Value:
    def __init__(self, data):
        self.data, self.grad = data, 0.0
    def __add__(self, other):
        out = Value(self.data + other.data)
        def back():
            self.grad += out.grad
            other.grad += out.grad
        out.back = back
        return out
    def __mul__(self, other):
        out = Value(self.data*other.data)
        def back():
            self.grad += other.data*out.grad
            other.grad += self.data*out.grad
        out.back = back
        return out
a, b = Value(0.7), Value(-0.4)
m = a*b
s = m + a
out = s*m
out.grad = 1.0
for v in (out, s, m):
    v.back()
"""
LOOPS = """
hid, out, err, d_out, d_hid = np.zeros((4, 3)), np.zeros((4, 2)), np.zeros((4, 2)), np.zeros((4, 2)), np.zeros((4, 3))
gU, gV, total = np.zeros((3, 3)), np.zeros((3, 2)), 0.0
for n in range(4):
    for j in range(3):
        hid[n, j] = sigmoid(sum(X[n, i]*U[i, j] for i in range(3)))
    for k in range(2):
        out[n, k] = sigmoid(sum(hid[n, j]*V[j, k] for j in range(3)))
        err[n, k] = out[n, k] - Y[n, k]
        total += err[n, k]**2/2
        d_out[n, k] = err[n, k]*out[n, k]*(1 - out[n, k])
        for j in range(3):
            gV[j, k] += hid[n, j]*d_out[n, k]
    for j in range(3):
        s = 0.0
        for k in range(2):
            s += d_out[n, k]*V[j, k]
        d_hid[n, j] = s*hid[n, j]*(1 - hid[n, j])
        for i in range(3):
            gU[i, j] += X[n, i]*d_hid[n, j]
"""
PLACES = """
feature = []
for p in range(4):
    total = 0.3
    for q in range(3):
        total += signal[p + q]*kernel[q]
    feature.append(total)
active = [max(0.0, s) for s in feature]
pooled = [(active[0] + active[1])/2, (active[2] + active[3])/2]
out = pooled[0]*v[0] + pooled[1]*v[1] - 0.2
loss = 0.5*(out - 0.9)**2
d_out = out - 0.9
d_feature = [d_out*v[p//2]/2*(feature[p] > 0) for p in range(4)]
d_kernel = [sum(d_feature[p]*signal[p + q] for p in range(4)) for q in range(3)]
db1 = sum(d_feature)
"""
CELLS = """
h, cell, caches = np.zeros((3, 1)), np.zeros((3, 1)), []
for t in range(3):
    x = seq[:, [t]]
    f = sigmoid(W["f"] @ x + R["f"] @ h + b["f"])
    i = sigmoid(W["i"] @ x + R["i"] @ h + b["i"])
    g = np.tanh(W["c"] @ x + R["c"] @ h + b["c"])
    o = sigmoid(W["o"] @ x + R["o"] @ h + b["o"])
    cell = f*cell + i*g
    h = o*np.tanh(cell)
    caches.append(dict(f=f, i=i, g=g, o=o, cell=cell, h=h))
y_hat = V @ h
"""
MEANS = """
nets, acts = [X @ W1 + b1], [X]
acts.append(sigmoid(nets[0]))
nets.append(acts[1] @ W2 + b2)
acts.append(sigmoid(nets[1]))
errors = [(acts[2] - Y)*acts[2]*(1 - acts[2])]
errors.insert(0, errors[0] @ W2.T*acts[1]*(1 - acts[1]))
dW2 = acts[1].T @ errors[1]/8
dW1 = X.T @ errors[0]/8
"""
MASK = np.array([[1.0, 0, 1, 1, 0], [1, 1, 1, 0, 1], [0, 1, 1, 1, 1], [1, 1, 0, 1, 1]])
MASKED = """
pre1 = X @ W1 + b1
h1 = np.maximum(pre1, 0.2*pre1)
h1_drop = h1*keep/0.75
y_hat = h1_drop @ W2 + b2
dy = y_hat - Y
dh1_drop = dy @ W2.T
dh1 = dh1_drop*keep/0.75
slope = np.where(pre1 < 0, 0.2, 1.0)
dpre1 = dh1*slope
grad_W1 = X.T @ dpre1
"""
BACKWARDS = """
stack, a = [], X
for w in weights:
    stack.append(a)
    a = sigmoid(a @ w)
loss = ((a - Y)**2).sum()/2
d = (a - Y)*a*(1 - a)
for i in (2, 1, 0):
    a = stack.pop()
    back = d @ weights[i].T
    weights[i] = weights[i] - 0.6*a.T @ d
    d = back*a*(1 - a)
"""
COLUMNS = """
X1 = np.vstack([X.T, np.ones((1, 4))])
H = np.tanh(first @ X1)
H1 = np.vstack([H, np.ones((1, 4))])
Z = last @ H1
E = np.exp(Z - Z.max(axis=0))
P = E/E.sum(axis=0)
E2 = (P - T)/4
E1 = (last.T @ E2)[:-1]*(1 - H**2)
grads = [E1 @ X1.T, E2 @ H1.T]
"""
GATES = {letter: r.normal(size=(3, 2)) for letter in "fico"}
BACK = {letter: r.normal(size=(3, 3)) for letter in "fico"}
BIAS = {letter: r.normal(size=(3, 1)) for letter in "fico"}
SEQUENCE, READ = r.normal(size=(2, 3)), r.normal(size=(2, 3))
SIGNAL, KERNEL, SHARES = (r.normal(size=size) for size in (6, 3, 2))
STACK = [r.normal(size=size) for size in ((3, 4), (4, 4), (4, 2))]
U3, V3, TARGETS = r.normal(size=(3, 3)), r.normal(size=(3, 2)), np.eye(2)[[0, 1, 1, 0]]
Exchange = tuple[str, str, tuple[str, ...], str]
PROGRAMS: list[tuple[Solution, str, dict[str, Any], list[Exchange]]] = [
    (dense("leaky_relu(0.1)", "identity", "squared_error").solve(X, Y, 0.01, optimizer={"name": "rmsprop", "rho": 0.9, "epsilon": 1e-8}),
     LAYERS, {"Y": Y, "params": KEPT},
     [("grads[at][k]**2", "grads[at][k]", ("vW1_new",), "square-forgotten"),
      ("> 0, 1.0, 0.1)", "> 0, cache['hidden']['z'], 0.1)", ("delta1", "dW1"), "right where z1 < 0")]),
    (dense("sigmoid", "identity", "squared_error").solve(X, Y, 0.02, 2, optimizer={"name": "adam", "rho1": 0.8, "rho2": 0.95, "epsilon": 1e-6}),
     ADAM, {"y": Y, "start": [W1, b1, W2, b2]},
     [("(np.sqrt(second_hat) + 1e-6)", "(second_hat + 1e-6)", ("W1_new",), "root-forgotten")]),
    (Graph("m = a*b; s = m + a; out = s*m", "out").solve(a=0.7, b=-0.4), ENGINE, {},
     [("self.grad += other.data", "self.grad = other.data", ("dout/da",), "path-forgotten"),
      ("self.grad += other.data", "self.grad += self.data", ("dout/ds",), "own-factor")]),
    (NeuralNetwork([Dense(weights=one, bias=False, activation="sigmoid") for one in (U3, V3)], "squared_error").solve(X, Y),
     LOOPS, {"Y": Y, "U": U3, "V": V3},
     [("err[n, k]*out[n, k]*(1 - out[n, k])", "err[n, k]*hid[n, k]*(1 - hid[n, k])", ("delta2",), "with a1[:, :2] * (1 - a1[:, :2])"),
      ("err[n, k]**2/2", "err[n, k]**2", ("L",), "factor-two")]),
    (NeuralNetwork([Conv1d(1, 3, "relu", weights=KERNEL.reshape(1, 1, 3), bias=[0.3]), AveragePool(2), Flatten(),
                    Dense(weights=SHARES[:, None], bias=[-0.2])], "squared_error", inputs=(6, 1)).solve(SIGNAL[:, None], [0.9]),
     PLACES, {"signal": SIGNAL.tolist(), "kernel": KERNEL.tolist(), "v": SHARES.tolist()},
     [("kernel[q]\n", "kernel[2 - q]\n", ("z1",), "kernel-turned"), ("sum(d_feature)", "sum(d_feature)/4", ("db1",), "1/4 of the right one")]),
    (NeuralNetwork([LSTM(3, **{f"W{k}": v for k, v in GATES.items()}, **{f"U{k}": v for k, v in BACK.items()},
                         **{f"b{k}": v.ravel() for k, v in BIAS.items()}), Dense(weights=READ, bias=False)],
                   "squared_error", inputs=(2, 3), samples="columns", weights="out_in").solve(SEQUENCE, [1, 0]),
     CELLS, {"seq": SEQUENCE, "W": GATES, "R": BACK, "b": BIAS, "V": READ},
     [("f*cell + i*g", "i*cell + f*g", ("c1_t1",), "gates-in-another-order"), ("o*np.tanh(cell)", "o*cell", ("h1_t1",), "cell-tanh-forgotten")]),
    (dense("sigmoid", "sigmoid", SquaredError(reduction="mean")).solve(X, Y), MEANS,
     {"Y": Y, "W1": W1, "b1": b1, "W2": W2, "b2": b2}, [("*acts[2]*(1 - acts[2])]", "]", ("delta2",), "derivative-dropped")]),
    (dense("leaky_relu(0.2)", "identity", "squared_error", Dropout(0.25)).solve(X, Y, masks={2: MASK}), MASKED,
     {"Y": Y, "keep": MASK, "W1": W1, "b1": b1, "W2": W2, "b2": b2},
     [("dh1 = dh1_drop*keep/0.75", "dh1 = dh1_drop*keep", ("delta1",), "dropout-scale"), ("< 0, 0.2", "< 0, 0.8", ("delta1",), "right where z1 > 0")]),
    (NeuralNetwork([Dense(weights=one, bias=False, activation="sigmoid") for one in STACK], "squared_error").solve(X, Y, 0.6),
     BACKWARDS, {"Y": Y, "weights": STACK},
     [("d = back*a*(1 - a)", "d = back*a", ("delta2",), "function-for-derivative")]),
    (NeuralNetwork([Dense(weights=W1.T, bias=b1, activation="tanh"), Dense(weights=W2.T, bias=b2, activation="softmax")],
                   "cross_entropy", samples="columns", weights="out_in").solve(X.T, TARGETS.T),
     COLUMNS, {"T": TARGETS.T, "first": np.c_[W1.T, b1], "last": np.c_[W2.T, b2]},
     [("[:-1]*(1", "[1:]*(1", ("delta1",), "[W2, b2][:, 1:]"), ("E.sum(axis=0)", "E.sum(axis=1, keepdims=True)", ("a2",), "the sum of each row of e")]),
]  # fmt: skip


def test_what_programs_keep() -> None:
    for done, text, given, exchanges in PROGRAMS:
        assert all(text.count(right) == 1 for right, *_ in exchanges), text
        texts = [text, *(text.replace(right, wrong) for right, wrong, *_ in exchanges)]
        first, second, *others = done.check_class(
            [one for number, each in enumerate(texts) for one in left_by(each, given, 100 + number)]
        )
        for report in (first, second):
            assert report.first_wrong is None and len(report) > 1, str(report)
        for place, report in enumerate(others):
            _, wrong, firsts, said = exchanges[place // 2]
            assert report.first_wrong in firsts, (wrong, str(report))
            result = report[report.first_wrong]
            assert said in result.mistakes or said in " ".join(result.message.split()), (wrong, str(report))


def test_words_of_several_parts() -> None:
    meant = {"fc2_w": "W2", "grad_fc1_b": "db1", "hiddenKernel": "W1", "dOutputBias": "db2", "layer1_weights": "W1"}
    assert {word: read_in_parts(word, 2) for word in meant} == meant
    assert not any(read_in_parts(word, 2) for word in ("fc3_w", "w_of_mine", "grad", "fc1", "w1_b2"))
