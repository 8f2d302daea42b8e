"""Programs as people write them: the right ones raise no alarm, and a wrong line is named with its mistake."""

# ruff: noqa: E501  an exercise stands beside its program
from __future__ import annotations

import linecache
import textwrap
import warnings
from copy import deepcopy
from typing import Any

import numpy as np
import pytest

import chalkwork
from chalkwork import BatchNorm, Dense, Dropout, NeuralNetwork
from chalkwork.solutions.solution import Solution

r = np.random.default_rng(77)


def normal(*shape: int) -> Any:
    return r.normal(size=shape).round(2)


X, T, LABELS = normal(4, 3), normal(4, 2), np.eye(2)[[0, 1, 1, 0]]
W1, b1, W2, b2 = normal(3, 5), normal(5), normal(5, 2), normal(2)
MASK = np.array([[1.0, 0, 1, 1, 0], [1, 1, 1, 0, 1], [0, 1, 1, 1, 1], [1, 1, 0, 0, 1]])
HELPERS = """
import numpy as np
def sigmoid(z): return 1 / (1 + np.exp(-z))
def slope(z): return sigmoid(z) * (1 - sigmoid(z))
"""


def dense(hidden: str, output: str, loss: str, *between: Any, bias: bool = True, **more: Any) -> NeuralNetwork:
    first = Dense(weights=W1, bias=b1 if bias else False, activation=hidden)
    return NeuralNetwork(
        [first, *between, Dense(weights=W2, bias=b2 if bias else False, activation=output)], loss, **more
    )


WEIGHTS = {"W1": W1, "b1": b1, "W2": W2, "b2": b2}
XOR = """
l1 = sigmoid(X @ syn0)
l2 = sigmoid(l1 @ syn1)
l2_error = y - l2
l2_delta = l2_error * l2 * (1 - l2)
l1_error = l2_delta @ syn1.T
l1_delta = l1_error * slope(X @ syn0)
syn1 += l1.T @ l2_delta
syn0 += X.T @ l1_delta
"""
SCORES = """
hidden_layer = np.maximum(0, X @ params["W1"] + params["b1"])
scores = hidden_layer @ params["W2"] + params["b2"]
exp_scores = np.exp(scores)
probs = exp_scores / exp_scores.sum(axis=1, keepdims=True)
data_loss = -np.sum(np.log(probs[range(4), y.argmax(1)])) / 4
loss = data_loss + 0.5 * reg * (np.sum(params["W1"]**2) + np.sum(params["W2"]**2))
dscores = probs.copy()
dscores[range(4), y.argmax(1)] -= 1
dscores /= 4
grads = {"W2": hidden_layer.T @ dscores, "b2": dscores.sum(axis=0)}
dhidden = dscores @ params["W2"].T
dhidden[hidden_layer <= 0] = 0
grads["W1"] = X.T @ dhidden
grads["b1"] = dhidden.sum(axis=0)
grads["W2"] += reg * params["W2"]
grads["W1"] += reg * params["W1"]
"""
THETA = """
m = len(X)
a1 = np.hstack([np.ones((m, 1)), X])
z2 = a1 @ Theta1.T
a2 = np.hstack([np.ones((m, 1)), sigmoid(z2)])
h = sigmoid(a2 @ Theta2.T)
J = np.sum(-y*np.log(h) - (1 - y)*np.log(1 - h)) / m
delta3 = h - y
delta2 = (delta3 @ Theta2)[:, 1:] * slope(z2)
Theta1_grad = delta2.T @ a1 / m
Theta2_grad = delta3.T @ a2 / m
"""
ADAM = """
h = sigmoid(X @ parameters["W1"] + parameters["b1"])
out = h @ parameters["W2"] + parameters["b2"]
dout = out - y
dh = dout @ parameters["W2"].T * h * (1 - h)
grads = {"dW2": h.T @ dout, "db2": dout.sum(axis=0), "dW1": X.T @ dh, "db1": dh.sum(axis=0)}
for k in parameters:
    v["d" + k] = 0.9*v["d" + k] + 0.1*grads["d" + k]
    v_corrected["d" + k] = v["d" + k] / (1 - 0.9)
    s["d" + k] = 0.999*s["d" + k] + 0.001*grads["d" + k]**2
    s_corrected["d" + k] = s["d" + k] / (1 - 0.999)
    parameters[k] = parameters[k] - 0.1*v_corrected["d" + k] / (np.sqrt(s_corrected["d" + k]) + 1e-8)
"""
SAMPLES = """
dW1, dW2, db1, db2, loss = 0*W1, 0*W2, 0*b1, 0*b2, 0.0
for i in range(len(X)):
    x, t = X[i], y[i]
    h = np.tanh(x @ W1 + b1)
    o = h @ W2 + b2
    loss += 0.5*np.sum((o - t)**2)
    d2 = o - t
    d1 = (W2 @ d2) * (1 - h**2)
    dW2 += np.outer(h, d2)
    db2 += d2
    dW1 += np.outer(x, d1)
    db1 += d1
"""
DROPPED = """
Z1 = X @ W1 + b1
A1 = np.maximum(0, Z1)
A1 = A1 * D1 / 0.6
Z2 = A1 @ W2 + b2
E = np.exp(Z2 - np.max(Z2, axis=1, keepdims=True))
A2 = E / E.sum(axis=1, keepdims=True)
loss = -np.mean(np.sum(y*np.log(A2), axis=1))
dZ2 = (A2 - y) / 4
dW2 = A1.T @ dZ2
db2 = dZ2.sum(axis=0)
dZ1 = dZ2 @ W2.T * D1 / 0.6 * (Z1 > 0)
dW1 = X.T @ dZ1
db1 = dZ1.sum(axis=0)
"""
NORMAL = """
s = X @ W1
mu = s.mean(axis=0)
var = s.var(axis=0)
x_hat = (s - mu) / np.sqrt(var + 1e-3)
bn = gamma*x_hat + beta
h = np.maximum(bn, 0)
dout = h @ W3 - y
dW3 = h.T @ dout
dbn = (dout @ W3.T) * (bn > 0)
dgamma = np.sum(dbn*x_hat, axis=0)
dx_hat = dbn*gamma
ds = (4*dx_hat - dx_hat.sum(axis=0) - x_hat*np.sum(dx_hat*x_hat, axis=0)) / 4 / np.sqrt(var + 1e-3)
dW1 = X.T @ ds
"""
STACK = """
class Sigmoid:
    def forward(self, x):
        self.out = 1/(1+np.exp(-x))
        return self.out
    def backward(self, dout):
        return dout * self.out * (1 - self.out)
class Affine:
    def __init__(self, W, b):
        self.W, self.b = W.copy(), b.copy()
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, dout):
        dx = dout @ self.W.T
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dx
layers = [Affine(W1, b1), Sigmoid(), Affine(W2, b2)]
x = X
for layer in layers:
    x = layer.forward(x)
e = np.exp(x - x.max(axis=1, keepdims=True))
out = e / e.sum(axis=1, keepdims=True)
loss = -np.sum(y*np.log(out)) / len(X)
dout = (out - y) / len(X)
for layer in reversed(layers):
    dout = layer.backward(dout)
"""
OBJECTS = """
class Layer:
    def __init__(self, W, b, act):
        self.W, self.b, self.act = W.copy(), b.copy(), act
    def forward(self, x):
        self.input = x
        self.z = x @ self.W + self.b
        self.output = sigmoid(self.z) if self.act else self.z
        return self.output
    def backward(self, grad):
        self.delta = grad * slope(self.z) if self.act else grad
        self.dW = self.input.T @ self.delta
        self.db = self.delta.sum(axis=0)
        return self.delta @ self.W.T
l1 = Layer(W1, b1, True)
l2 = Layer(W2, b2, False)
out = l2.forward(l1.forward(X))
loss = 0.5*np.sum((out - y)**2)
g = out - y
g = l2.backward(g)
l1.backward(g)
"""
TWICE = """
for epoch in range(2):
    Z1 = X @ W1 + b1
    A1 = sigmoid(Z1)
    Z2 = A1 @ W2 + b2
    loss = 0.5*np.sum((Z2 - y)**2)
    dZ2 = Z2 - y
    dW2 = A1.T @ dZ2
    db2 = dZ2.sum(axis=0)
    dZ1 = dZ2 @ W2.T * slope(Z1)
    dW1 = X.T @ dZ1
    db1 = dZ1.sum(axis=0)
    vW1 = 0.9*vW1 - 0.1*dW1
    vb1 = 0.9*vb1 - 0.1*db1
    vW2 = 0.9*vW2 - 0.1*dW2
    vb2 = 0.9*vb2 - 0.1*db2
    W1 = W1 + vW1
    b1 = b1 + vb1
    W2 = W2 + vW2
    b2 = b2 + vb2
"""
ONE_BY_ONE = """
m = X.shape[0]
Delta1 = np.zeros(Theta1.shape)
Delta2 = np.zeros(Theta2.shape)
J = 0
for i in range(m):
    a_1 = np.r_[1, X[i]]
    z_2 = Theta1 @ a_1
    a_2 = np.r_[1, sigmoid(z_2)]
    z_3 = Theta2 @ a_2
    a_3 = sigmoid(z_3)
    J += -np.sum(y[i]*np.log(a_3) + (1-y[i])*np.log(1-a_3))/m
    d_3 = a_3 - y[i]
    d_2 = (Theta2.T @ d_3)[1:] * slope(z_2)
    Delta1 += np.outer(d_2, a_1)
    Delta2 += np.outer(d_3, a_2)
J += lam/(2*m)*(np.sum(Theta1[:,1:]**2)+np.sum(Theta2[:,1:]**2))
Theta1_grad = Delta1/m
Theta2_grad = Delta2/m
Theta1_grad[:,1:] = Theta1_grad[:,1:] + lam/m*Theta1[:,1:]
Theta2_grad[:,1:] = Theta2_grad[:,1:] + lam/m*Theta2[:,1:]
"""
BOTH = """
m = len(X)
a1 = np.c_[np.ones(m), X]
z2 = a1 @ Theta1.T
a2 = np.c_[np.ones(m), sigmoid(z2)]
h = sigmoid(a2 @ Theta2.T)
d3 = h - y
d2 = (d3 @ Theta2)[:, 1:] * slope(z2)
reg1 = Theta1.copy(); reg1[:, 0] = 0
reg2 = Theta2.copy(); reg2[:, 0] = 0
D1 = d2.T @ a1/m + lam/m*reg1
D2 = d3.T @ a2/m + lam/m*reg2
"""
THETAS = {"Theta1": np.vstack([b1, W1]).T, "Theta2": np.vstack([b2, W2]).T}
GAMMA, BETA = np.array([1.1, 0.8, 1.3, 0.9, 1.2]), np.array([0.1, -0.2, 0.3, 0.05, -0.4])


def empty() -> dict[str, Any]:
    return {f"d{name}": 0.0 * value for name, value in WEIGHTS.items()}


MOMENTUM = {"name": "momentum", "mu": 0.9}
Exchange = tuple[str, str, str | tuple[str, ...], str]
MADE: dict[str, tuple[Solution, str, dict[str, Any], list[Exchange]]] = {
    "xor": (
        dense("sigmoid", "sigmoid", "squared_error", bias=False).solve(X, T, 1.0), XOR, {"y": T, "syn0": W1, "syn1": W2},
        [("l2_delta @ syn1.T", "l2_error @ syn1.T", "delta1", "raw-error-sent-back"),
         ("slope(X @ syn0)", "slope(l1)", "delta1", "derivative-at-activation")],
    ),
    "scores": (
        dense("relu", "softmax", "cross_entropy", l2=0.1).solve(X, LABELS), SCORES, {"y": LABELS, "params": WEIGHTS, "reg": 0.1},
        [("dscores /= 4", "pass", "delta2", "sum-for-mean"),
         ("sum(axis=1, keepdims=True)", "sum(axis=0, keepdims=True)", "a2", "softmax-wrong-axis"),
         ('grads["W1"] += reg', 'grads["W1"] += 2*reg', "dW1", "penalty-factor")],
    ),
    "theta": (
        dense("sigmoid", "sigmoid", "binary_cross_entropy").solve(X, LABELS), THETA, {"y": LABELS, **THETAS},
        [("[:, 1:] * slope(z2)", "[:, 1:]", "delta1", "derivative-dropped"),
         ("- (1 - y)*np", "+ (1 - y)*np", "L", "loss-sign-of-one-term")],
    ),
    "adam": (
        dense("sigmoid", "identity", "squared_error").solve(X, T, 0.1, optimizer="adam"), ADAM,
        {"y": T, "parameters": WEIGHTS, "v": empty(), "s": empty(), "v_corrected": {}, "s_corrected": {}},
        [('v["d" + k] / (1 - 0.9)', 'v["d" + k] * (1 - 0.9)', "mhatW1", "bias-correction-multiplied"),
         ('grads["d" + k]**2', 'grads["d" + k]', "vW1_new", "square-forgotten")],
    ),
    "samples": (
        dense("tanh", "identity", "squared_error").solve(X, T), SAMPLES, {"y": T, **WEIGHTS},
        [("dW1 += np.outer", "dW1 = np.outer", "dW1", "gradient-not-summed"),
         ("(1 - h**2)", "(1 + h**2)", ("delta1", "dW1"), "derivative-sign")],
    ),
    "dropped": (
        dense("relu", "softmax", "cross_entropy", Dropout(0.4)).solve(X, LABELS, masks={2: MASK}), DROPPED,
        {"y": LABELS, "D1": MASK, **WEIGHTS},
        [("W2.T * D1 / 0.6", "W2.T", "delta1", "dropout-mask-forgotten")],
    ),
    "normal": (
        NeuralNetwork([Dense(weights=W1, bias=False), BatchNorm(activation="relu", gamma=GAMMA, beta=BETA, epsilon=1e-3),
                       Dense(weights=W2, bias=False)], "squared_error").solve(X, T), NORMAL,
        {"y": T, "W1": W1, "W3": W2, "gamma": GAMMA, "beta": BETA},
        [("dbn*gamma", "1*dbn", "dxhat2", "scale-forgotten"),
         ("s.var(axis=0)", "s.var(axis=0, ddof=1)", "var2", "wrong-variance")],
    ),
    "stack": (
        dense("sigmoid", "softmax", "cross_entropy").solve(X, LABELS), STACK, {"y": LABELS, **WEIGHTS},
        [("dout.sum(axis=0)", "dout.mean(axis=0)", "db2", "mean-for-sum")],
    ),
    "objects": (
        dense("sigmoid", "identity", "squared_error").solve(X, T), OBJECTS, {"y": T, **WEIGHTS},
        [("slope(self.z)", "slope(self.output)", "delta1", "derivative-at-activation"),
         ("self.delta.sum", "self.delta.mean", "db2", "mean-for-sum")],
    ),
    "twice": (
        dense("sigmoid", "identity", "squared_error").solve(X, T, 0.1, optimizer=MOMENTUM, steps=2), TWICE,
        {"y": T, **WEIGHTS, **{f"v{name}": 0*value for name, value in WEIGHTS.items()}},
        [("vW1 = 0.9*vW1 - 0.1*dW1", "vW1 = 0.9*vW1 + 0.1*dW1", "vW1_new", "velocity-sign")],
    ),
    "one by one": (
        dense("sigmoid", "sigmoid", "binary_cross_entropy", l2=0.1).solve(X, LABELS), ONE_BY_ONE,
        {"y": LABELS, "lam": 0.4, **THETAS}, [("lam/m*Theta1[", "lam*Theta1[", "dW1", "scaled-apart")],
    ),
    "both": (
        dense("sigmoid", "sigmoid", "binary_cross_entropy", l2=0.1).solve(X, LABELS), BOTH,
        {"y": LABELS, "lam": 0.4, **THETAS}, [("lam/m*reg2", "lam*reg2", "dW2", "scaled-apart")],
    ),
}  # fmt: skip


def left_by(kind: str, text: str, number: int) -> tuple[list[Any], list[str]]:
    """The variables that the program leaves, and its recording; and its lines."""
    given = MADE[kind][2]
    source = f"{HELPERS}with record() as run:\n{textwrap.indent(text.strip(), '    ')}\n"
    file = f"<{kind} {number}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    space: dict[str, Any] = {"X": X.copy(), **deepcopy(given), "record": chalkwork.record, "__name__": "__main__"}
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(source, file, "exec"), space)
    return [space, space.pop("run")], source.splitlines()


@pytest.mark.parametrize("kind", MADE)
def test_a_program_as_people_write_it(kind: str) -> None:
    done, text, _, exchanges = MADE[kind]
    assert all(text.count(right) == 1 for right, *_ in exchanges)
    texts = [text, *(text.replace(right, wrong) for right, wrong, *_ in exchanges)]
    made = [left_by(kind, each, number) for number, each in enumerate(texts)]
    reports = done.check_class([one for left, _ in made for one in left])
    for report in reports[:2]:
        assert report.first_wrong is None and len(report) > 4, str(report)
        assert not any("Other data" in str(note) for note in report.notes), str(report)
    for place, (_, wrong, first, said) in enumerate(exchanges, 1):
        left, recorded = reports[2 * place : 2 * place + 2]
        firsts = (first,) if isinstance(first, str) else first
        for report in (left, recorded):
            assert report.first_wrong in firsts, (wrong, str(report))
            result = report[report.first_wrong]
            assert said in result.mistakes or said in result.message, (wrong, str(report))
        at = recorded[recorded.first_wrong or ""].at
        if wrong != "pass":
            assert at is not None and wrong in made[place][1][at.line - 1], (wrong, at)
