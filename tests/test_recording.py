"""Programs that people would write, recorded: the line with the mistake is named, and the right ones are let alone."""

# ruff: noqa: E501, F841  a line of a program stands beside what may be in its place
from __future__ import annotations

import contextlib
import linecache
import sys
import threading
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import chalkwork
from chalkwork import ChalkworkError, Dense, NeuralNetwork
from chalkwork.checking.recording.tracing import Traced
from chalkwork.checking.report import as_data
from chalkwork.solutions.solution import Solution

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


@pytest.fixture(scope="module")
def done() -> Solution:
    layers = [Dense(weights=V, bias=c, activation="sigmoid"), Dense(weights=W, bias=d, activation="softmax")]
    return NeuralNetwork(layers, "cross_entropy").solve(X, Y, 0.5)


def ran(source: str, file: str = "<program>", **names: Any) -> Any:
    """The recording of a program's step."""
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    space = {
        "np": np,
        "V": V,
        "c": c,
        "W": W,
        "d": d,
        "X": X,
        "Y": Y,
        "record": chalkwork.record,
        "__name__": "__main__",
    }
    space |= names
    with contextlib.suppress(ValueError):  # as wrong shapes end in
        exec(compile(source, file, "exec"), space)
    return space["run"]


@pytest.mark.parametrize("source", [CLASS, LISTS, DICTS, SCRIPT, LAYERS])
def test_a_right_program_is_let_alone(done: Solution, source: str) -> None:
    report = done.check(ran(source))
    assert report.first_wrong is None, str(report)
    assert {"delta2", "delta1", "W1_new", "W2_new"} <= report.keys(), str(report)
    assert all(result.at is not None and result.message.startswith("Line ") for result in report.values())


def test_the_line_with_the_mistake_is_named(done: Solution) -> None:
    for source, right, wrong, first, mistake in MISTAKES:
        assert source.count(right) == 1
        place = source[: source.index(right)].count("\n") + 1
        report = done.check(ran(source.replace(right, wrong)))
        assert report.first_wrong == first, (wrong, str(report))
        result = report[first]
        assert result.at is not None and result.at.line == place, (wrong, str(report))
        assert wrong in result.at.source, result.at.source
        assert result.message.startswith(f"Line {place}: `"), result.message
        assert not mistake or mistake in result.mistakes, (wrong, result.mistakes, str(report))
        assert result.mistakes or "Wrong: " in result.message, str(report)


def test_what_is_kept() -> None:
    with chalkwork.record() as run:
        a = np.ones(2)
        a[0] = 5
        a *= 2
        held = {"list": [a, 1.5], "text": "no"}
        b, c = a + 1, 0.5
        held["list"][1] = b
    found = [(one.name, one.value.tolist(), one.source) for one in run.assignments]
    assert found == [
        ("a", [1, 1], "a = np.ones(2)"),
        ("a", [5, 1], "a[0] = 5"),
        ("a", [10, 2], "a *= 2"),
        ('held["list"][0]', [10, 2], 'held = {"list": [a, 1.5], "text": "no"}'),
        ('held["list"][1]', 1.5, 'held = {"list": [a, 1.5], "text": "no"}'),
        ("b", [11, 3], "b, c = a + 1, 0.5"),
        ("c", 0.5, "b, c = a + 1, 0.5"),
        ('held["list"][1]', [11, 3], 'held["list"][1] = b'),
    ]
    assert run.assignments[0].shape == (2,) and run.assignments[0].function == "test_what_is_kept"
    assert np.array_equal(run["a"], [10, 2]) and "b" in run and "a *= 2" in str(run)


def test_an_exception_goes_on_and_leaves_the_record() -> None:
    def fails(z: Any) -> None:
        half = z / 2
        raise ZeroDivisionError(half.sum())

    with pytest.raises(ZeroDivisionError), chalkwork.record() as run:
        z = np.arange(3.0)
        fails(z)
    assert [(one.name, one.function) for one in run.assignments] == [
        ("z", "test_an_exception_goes_on_and_leaves_the_record"),
        ("half", "fails"),
    ]


@pytest.mark.parametrize("by_trace", [True, False])
def test_what_traced_before_is_put_back(by_trace: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if by_trace:
        monkeypatch.setattr("chalkwork.checking.recording.tracing", Traced)
    seen = []

    def before(frame: Any, event: str, argument: object) -> Any:
        seen.append(event)
        return before

    old = sys.gettrace()
    sys.settrace(before)
    try:
        with chalkwork.record() as run:
            a = np.ones(1)
        assert sys.gettrace() is before
    finally:
        sys.settrace(old)
    assert run.assignments[0].value is not a
    with chalkwork.record() as run, contextlib.suppress(ValueError):
        raise ValueError
    assert sys.gettrace() is old


def test_only_one_thread_and_one_recording() -> None:
    def work() -> None:
        inner = np.ones(3)
        inner += 1

    with chalkwork.record() as run:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        with pytest.raises(ChalkworkError, match="running already"), chalkwork.record():
            pass
    assert "inner" not in run
    with pytest.raises(ChalkworkError, match="is done"), run:
        pass
    with pytest.raises(ChalkworkError, match="above 0"):
        chalkwork.record(most=0)


def test_bounds_end_a_recording_and_not_the_program() -> None:
    with chalkwork.record(most=5) as run:
        for n in range(20):
            a = np.full(2, n / 2)
    assert a[0] == 9.5 and len(run.assignments) <= 6 and "more are not kept" in run.notes[0]
    with chalkwork.record(largest=10) as run:
        big, small = np.ones(11), np.ones(10)
    assert "small" in run and "big" not in run and run.notes == ["More than 10 entries, so not kept: big."]
    with chalkwork.record(seconds=1e-9) as run:
        a = big + small.sum()
    assert a.size == 11 and not run and run.notes == ["Recording ended after 1e-09 seconds."]


class Odd:
    """Something that cannot be looked at."""

    def __array__(self, *arguments: object, **named: object) -> Any:
        raise RuntimeError


def test_foreign_objects_do_no_harm() -> None:
    loop: dict[str, Any] = {}
    with chalkwork.record() as run:
        loop["again"] = loop
        odd = Odd()
        cycle = SimpleNamespace(me=odd)
        a = np.ones(2)
    assert "a" in run and cycle.me is odd and a.size


def test_lines_in_notebooks_consoles_and_data(done: Solution) -> None:
    source = "with record() as run:\n    z1 = X @ V - c\n    loss = 3.5\n"
    cells = ["", source]
    report = done.check(ran(source, "/tmp/ipykernel_1/2.py", In=cells))
    assert report["z1"].message.startswith("Cell 1, line 2: `z1 = X @ V - c` makes z1, and here it goes wrong.")
    (first, *_) = as_data(report)["results"]
    assert (first["line"], first["source"], first["cell"]) == (2, "z1 = X @ V - c", 1)
    assert "Cell 1, line 2" in report._repr_markdown_()
    space = {"X": X, "V": V, "c": c, "record": chalkwork.record, "__name__": "__main__"}
    exec(compile(source, "<stdin>", "exec"), space)
    report = done.check(space["run"])
    assert report["z1"].message.startswith("Line 2 makes z1, and here it goes wrong."), report["z1"].message
    plain = done.check({"z1": X @ V})
    assert "line" not in as_data(plain)["results"][0] and plain["z1"].at is None


TORCH = """
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden, self.out = torch.nn.Linear(3, 4, dtype=kind), torch.nn.Linear(4, 2, dtype=kind)
        for layer, weight, bias in ((self.hidden, V, c), (self.out, W, d)):
            layer.load_state_dict({"weight": torch.tensor(weight.T), "bias": torch.tensor(bias)})

    def forward(self, x):
        z1 = self.hidden(x)
        a1 = torch.sigmoid(z1)
        return self.out(a1)

model = Net()
x, t = torch.tensor(X, dtype=kind), torch.tensor(Y.argmax(1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
with record() as run:
    logits = model(x)
    loss = torch.nn.functional.cross_entropy(logits, t)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
left = {"model": model, "loss": loss, "optimizer": optimizer}
"""

BY_HAND = """
W1, b1, W2, b2 = (torch.tensor(one, requires_grad=True) for one in (V, c, W, d))
with record() as run:
    z1 = torch.tensor(X) @ W1 + b1
    a1 = torch.sigmoid(z1)
    z2 = a1 @ W2 + b2
    p = torch.softmax(z2, 1)
    loss = -(torch.tensor(Y) * torch.log(p)).sum() / 5
    loss.backward()
    with torch.no_grad():
        for parameter in (W1, b1, W2, b2):
            parameter -= 0.5 * parameter.grad
left = {"W1": W1, "b1": b1, "W2": W2, "b2": b2, "loss": loss}
"""


def test_programs_of_pytorch(done: Solution) -> None:
    torch = pytest.importorskip("torch")
    space = {"torch": torch, "V": V, "c": c, "W": W, "d": d, "X": X, "Y": Y, "record": chalkwork.record}

    def run(source: str, **names: Any) -> dict[str, Any]:
        linecache.cache["<program>"] = (len(source), None, source.splitlines(keepends=True), "<program>")
        exec(compile(source, "<program>", "exec"), found := {**space, "__name__": "__main__", **names})
        return found

    for source, names in ((TORCH, {"kind": torch.float64}), (TORCH, {"kind": torch.float32}), (BY_HAND, {})):
        found = run(source, **names)
        for given in (found["run"], found["left"]):
            report = done.check(given)
            assert report.first_wrong is None, str(report)
            assert {"L", "dW1", "db2", "W1_new", "b2_new"} <= report.keys(), str(report)
    report = done.check(run(BY_HAND.replace("softmax(z2, 1)", "softmax(z2, 0)"))["run"])
    assert report.first_wrong == "a2" and report["a2"].mistakes == ("softmax-wrong-axis",), str(report)
    assert report["a2"].at is not None and report["a2"].at.line == 7
    report = done.check(run(TORCH.replace("logits, t)", 'logits, t, reduction="sum")'), kind=torch.float64)["run"])
    assert report.first_wrong == "L" and report["L"].mistakes[0] == "sum-for-mean", str(report)
