"""Programs that people would write: five styles of one training step, and the mistakes that are made in each."""

# ruff: noqa: E501  a line of a program stands beside what may be in its place
from __future__ import annotations

import numpy as np

r = np.random.default_rng(12)
V, c = r.normal(size=(3, 4)).round(2), r.normal(size=4).round(2)
W, d = r.normal(size=(4, 2)).round(2), r.normal(size=2).round(2)
X, Y = r.normal(size=(5, 3)).round(2), np.eye(2)[[0, 1, 1, 0, 1]]

CLASS = """
class Network:
    def __init__(self):
        self.W1, self.b1, self.W2, self.b2 = V.copy(), c.copy(), W.copy(), d.copy()

    def sigmoid(self, z):
        return 1 / (1 + np.exp(-z))

    def forward(self, x):
        self.z1 = x @ self.W1 + self.b1
        self.a1 = self.sigmoid(self.z1)
        self.z2 = self.a1 @ self.W2 + self.b2
        e = np.exp(self.z2)
        self.a2 = e / e.sum(axis=1, keepdims=True)
        return self.a2

    def backward(self, x, y):
        n = len(x)
        d_out = (self.a2 - y) / n
        self.grads = {"W2": self.a1.T @ d_out, "b2": d_out.sum(0)}
        d_hidden = d_out @ self.W2.T
        d_hidden *= self.a1 * (1 - self.a1)
        self.grads["W1"] = x.T @ d_hidden
        self.grads["b1"] = d_hidden.sum(0)

    def step(self, eta):
        for name in self.grads:
            setattr(self, name, getattr(self, name) - eta * self.grads[name])

net = Network()
with record() as run:
    net.forward(X)
    net.backward(X, Y)
    net.step(0.5)
"""

LISTS = """
weights, biases = [V.copy(), W.copy()], [c.copy(), d.copy()]
with record() as run:
    a = X
    activations, zs = [X], []
    for w, b in zip(weights, biases):
        z = np.dot(a, w) + b
        zs.append(z)
        a = 1 / (1 + np.exp(-z)) if len(zs) < 2 else np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        activations.append(a)
    delta = (activations[-1] - Y) / 5
    nabla_w, nabla_b = [None, None], [None, None]
    for l in (1, 0):
        nabla_w[l] = np.dot(activations[l].T, delta)
        nabla_b[l] = np.sum(delta, axis=0)
        if l > 0:
            delta = np.dot(delta, weights[l].T) * activations[l] * (1 - activations[l])
    for l in range(2):
        weights[l] -= 0.5 * nabla_w[l]
        biases[l] -= 0.5 * nabla_b[l]
"""

DICTS = """
def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def forward(X, params):
    cache = {}
    cache["Z1"] = X @ params["W1"] + params["b1"]
    cache["A1"] = sigmoid(cache["Z1"])
    cache["Z2"] = cache["A1"] @ params["W2"] + params["b2"]
    shifted = cache["Z2"] - cache["Z2"].max(axis=1, keepdims=True)
    cache["A2"] = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)
    return cache

def backward(X, Y, params, cache):
    m = X.shape[0]
    dZ2 = cache["A2"] - Y
    dW2 = cache["A1"].T @ dZ2 / m
    db2 = np.sum(dZ2, axis=0) / m
    dA1 = dZ2 @ params["W2"].T
    dZ1 = dA1 * cache["A1"] * (1 - cache["A1"])
    dW1 = X.T @ dZ1 / m
    db1 = np.sum(dZ1, axis=0) / m
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}

def update(params, grads, rate):
    for key in params:
        params[key] = params[key] - rate * grads["d" + key]
    return params

params = {"W1": V.copy(), "b1": c.copy(), "W2": W.copy(), "b2": d.copy()}
with record() as run:
    cache = forward(X, params)
    loss = -np.sum(Y * np.log(cache["A2"])) / 5
    grads = backward(X, Y, params, cache)
    params = update(params, grads, 0.5)
"""

SCRIPT = """
syn0, bias0, syn1, bias1 = V.copy(), c.copy(), W.copy(), d.copy()
nonlin = lambda x, deriv=False: x * (1 - x) if deriv else 1 / (1 + np.exp(-x))
with record() as run:
    l1 = nonlin(X @ syn0 + bias0)
    scores = l1 @ syn1 + bias1
    exp_scores = np.exp(scores)
    probs = exp_scores / np.sum(exp_scores, axis=1, keepdims=True)
    correct_logprobs = -np.log(probs[range(5), Y.argmax(1)])
    data_loss = np.sum(correct_logprobs) / 5
    dscores = probs.copy()
    dscores[range(5), Y.argmax(1)] -= 1
    dscores /= 5
    l1_error = dscores @ syn1.T
    l1_delta = l1_error * nonlin(l1, True)
    syn1 -= 0.5 * (l1.T @ dscores)
    syn0 -= 0.5 * (X.T @ l1_delta)
"""

LAYERS = """
class Layer:
    def __init__(self, weights, bias, last):
        self.weights, self.bias, self.last = weights.copy(), bias.copy(), last

    def forward(self, inputs):
        self.inputs = inputs
        self.z = inputs @ self.weights + self.bias
        if self.last:
            self.output = np.exp(self.z) / np.exp(self.z).sum(axis=1, keepdims=True)
        else:
            self.output = 1 / (1 + np.exp(-self.z))
        return self.output

    def backward(self, error, rate):
        slope = 1 if self.last else self.output * (1 - self.output)
        self.delta = error * slope
        back = self.delta @ self.weights.T
        self.weights -= rate * self.inputs.T @ self.delta
        self.bias -= rate * self.delta.sum(axis=0)
        return back

layers = [Layer(V, c, False), Layer(W, d, True)]
with record() as run:
    out = X
    for layer in layers:
        out = layer.forward(out)
    error = (out - Y) / 5
    for layer in reversed(layers):
        error = layer.backward(error, 0.5)
"""

MISTAKES = [
    (CLASS, "self.z2 = self.a1 @ self.W2 + self.b2", "self.z2 = self.z1 @ self.W2 + self.b2", "z2", "activation-forgotten"),
    (CLASS, "d_hidden *= self.a1 * (1 - self.a1)", "d_hidden *= self.z1 * (1 - self.z1)", "delta1", ""),
    (CLASS, 'self.grads["b1"] = d_hidden.sum(0)', 'self.grads["b1"] = d_hidden', "db1", "bias-gradient-not-summed"),
    (CLASS, "e.sum(axis=1, keepdims=True)", "e.sum(axis=0, keepdims=True)", "a2", "softmax-wrong-axis"),
    (LISTS, "weights[l].T) * activations[l] * (1 - activations[l])", "weights[l].T)", "delta1", "derivative-dropped"),
    (LISTS, "nabla_w[l] = np.dot(activations[l].T, delta)", "nabla_w[l] = np.dot(zs[l].T, delta)", "dW2", ""),
    (LISTS, "weights[l] -= 0.5 * nabla_w[l]", "weights[l] += 0.5 * nabla_w[l]", "W1_new", "ascent"),
    (DICTS, "dW2 = cache[\"A1\"].T @ dZ2 / m", "dW2 = cache[\"A1\"].T @ dZ2", "dW2", "sum-for-mean"),
    (DICTS, "dA1 = dZ2 @ params[\"W2\"].T", "dA1 = cache[\"A2\"] @ params[\"W2\"].T", "delta1", "activation-for-error"),
    (DICTS, "loss = -np.sum(Y * np.log(cache[\"A2\"])) / 5", "loss = -np.sum(Y * np.log2(cache[\"A2\"])) / 5", "L", "log-base-2"),
    (DICTS, "params[key] = params[key] - rate * grads", "params[key] = params[key] - grads", "W1_new", "learning-rate-omitted"),
    (SCRIPT, "nonlin(l1, True)", "nonlin(X @ syn0 + bias0, True)", "delta1", "derivative-with-net-input"),
    (SCRIPT, "l1_error = dscores @ syn1.T", "l1_error = (probs - Y) @ syn1.T", "delta1", ""),
    (LAYERS, "slope = 1 if self.last else self.output *", "slope = 1 if self.last else", "delta1", ""),
    (LAYERS, "self.z = inputs @ self.weights + self.bias", "self.z = inputs @ self.weights", "z1", "bias-forgotten"),
]  # fmt: skip
