"""Programs that people would write, recorded: the line with the mistake is named, and the right ones are let alone."""

# ruff: noqa: F841  a line of a program stands beside what may be in its place
from __future__ import annotations

import contextlib
import linecache
import sys
import threading
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from recorded_programs import CLASS, DICTS, LAYERS, LISTS, MISTAKES, SCRIPT, V, W, X, Y, c, d

import chalkwork
from chalkwork import ChalkworkError, Dense, NeuralNetwork
from chalkwork.checking.recording.tracing import Traced
from chalkwork.checking.report import as_data
from chalkwork.solutions.solution import Solution


@pytest.fixture(scope="module")
def done() -> Solution:
    layers = [Dense(weights=V, bias=c, activation="sigmoid"), Dense(weights=W, bias=d, activation="softmax")]
    return NeuralNetwork(layers, "cross_entropy").solve(X, Y, 0.5)


def ran(source: str, file: str = "<program>", **names: Any) -> Any:
    """The recording of a program's step."""
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    space = {"np": np, "V": V, "c": c, "W": W, "d": d, "X": X, "Y": Y, "record": chalkwork.record} | names
    space["__name__"] = "__main__"
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


def test_another_quantity_is_not_the_first_wrong_step() -> None:
    """What is no step by value and named otherwise: the error of a unit, an argument with other signs, zeros."""
    rng = np.random.default_rng(8)
    first, second = rng.normal(size=(2, 3)), rng.normal(size=(3, 2))
    layers = [
        Dense(weights=first, activation="sigmoid", bias=False),
        Dense(weights=second, activation="sigmoid", bias=False),
    ]
    x, y = np.array([0.7, -0.4]), np.array([1.0, 0.0])
    turned = [Dense(weights=one.T, activation="sigmoid", bias=False) for one in (first, second)]
    one = NeuralNetwork(turned, "squared_error", weights="out_in").solve(x, y, 0.3)
    both = NeuralNetwork(layers, "binary_cross_entropy").solve(x, y, 0.3)
    units = """
class Unit:
    def __init__(self, weights=()):
        self.weights, self.act, self.error = list(weights), 0.0, 0.0
net = [[Unit(), Unit()], [Unit(column) for column in first.T], [Unit(column) for column in second.T]]
with record() as run:
    for unit, number in zip(net[0], x):
        unit.act = float(number)
    for below, layer in zip(net, net[1:]):
        for unit in layer:
            total = sum(one.act * w for one, w in zip(below, unit.weights))
            unit.act = float(1 / (1 + np.exp(-total)))
    for unit, goal in zip(net[2], y):
        unit.error = float(unit.act * (1 - unit.act) * (goal - unit.act))
    for place, unit in enumerate(net[1]):
        back = 0.0
        for after in net[2]:
            back += after.error * after.weights[place]
        unit.error = float(unit.act * (1 - unit.act) * back)
    for below, layer in zip(net, net[1:]):
        for unit in layer:
            for place, one in enumerate(below):
                unit.weights[place] += float(0.3 * unit.error * one.act)
"""
    signs = """
def squashed(u):
    return 1 / (1 + np.exp(-u))
with record() as run:
    h = squashed(x @ first)
    side = np.where(y > 0, 1.0, -1.0)
    q = squashed(side * (h @ second))
    cost = -np.sum(np.log(q))
    back = side * (q - 1)
    d_second = np.outer(h, back)
    d_hidden = second @ back
    d_net = d_hidden * h * (1 - h)
    d_first = np.outer(x, d_net)
    second = second - 0.3 * d_second
    first = first - 0.3 * d_first
"""
    given = {"x": x, "y": y, "first": first, "second": second}
    for solution, source, right, wrong, step in (
        (one, units, "(goal - unit.act))", "(goal - unit.act) * unit.act)", "delta2"),
        (one, units, "back += after.error", "back += after.act", "delta1"),
        (both, signs, "d_hidden = second @ back", "d_hidden = second @ (back * back)", "delta1"),
        (both, signs, "d_hidden * h * (1 - h)", "d_hidden * (1 - h)", "delta1"),
    ):
        assert source.count(right) == 1
        report = solution.check(ran(source, **given))
        assert report.first_wrong is None and len(report) > 3, str(report)
        report = solution.check(ran(source.replace(right, wrong), **given))
        assert report.first_wrong == step, (wrong, str(report))


def test_an_update_of_a_single_number_with_few_digits() -> None:
    x, y = np.array([1.0, 2.0, 3.0]), np.array([2.0, 3.0, 5.0])
    net = NeuralNetwork([Dense(weights=[[0.4]], bias=[0.3])], "mean_squared_error")
    program = """
with record() as run:
    y_hat = w * x + b
    dw = 2 * np.mean((y_hat - y) * x)
    db = 2 * np.mean(y_hat - y)
    w = w - 0.03 * dw
    b = b - 0.03 * dw
"""
    report = net.solve(x[:, None], y[:, None], 0.03).check(ran(program, x=x, y=y, w=0.4, b=0.3))
    assert report.first_wrong == "b1_new", str(report)
    assert report["b1_new"].mistakes == ("step-of-another-parameter",)


def test_what_a_function_is_given_is_the_step_that_it_is() -> None:
    """Its letter e is no loss, and what says that it is the new one of a parameter is that."""
    done = NeuralNetwork(
        [Dense(weights=V, bias=False, activation="sigmoid"), Dense(weights=W, bias=False, activation="softmax")],
        "cross_entropy",
    ).solve(X, Y, 0.5)
    program = """
f = lambda e: 1 / (1 + np.exp(-e))
with record() as run:
    h = f(X @ V)
    s_out = h @ W
    o = np.exp(s_out) / np.exp(s_out).sum(axis=1, keepdims=True)
    err = (o - Y) / len(X)
    W_new = W - 0.5 * h.T @ err
    new_V = V - 0.5 * X.T @ (err @ W.T * h * (1 - h))
"""
    report = done.check(ran(program))
    assert report.first_wrong is None and {"W1_new", "W2_new"} <= report.keys(), str(report)
    report = done.check(ran(program.replace("h * (1 - h)", "h * h")))
    assert report.first_wrong == "W1_new", str(report)
