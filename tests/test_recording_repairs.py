"""Recorded programs whose mistake no entry explains: the statement that would be right is said, and nothing is run."""

from __future__ import annotations

import linecache
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chalkwork
from chalkwork import Dense, NeuralNetwork
from chalkwork.checking.repairing.arrays import Unclear, called
from chalkwork.checking.report import Report, as_data
from chalkwork.solutions.solution import Solution

r = np.random.default_rng(3)
V, c, W, d = r.normal(size=(3, 4)), r.normal(size=4), r.normal(size=(4, 2)), r.normal(size=2)
X, Y = r.normal(size=(5, 3)), r.normal(size=(5, 2))
PAGE = (Path(__file__).parents[1] / "docs" / "find-the-mistake.md").read_text(encoding="utf-8")

LOOPS = """
def slope(out):
    return out * (1 - out)

def hidden_part(error, out):
    part = np.zeros((5, 4))
    for n in range(5):
        part[n] = W @ error[n]
    return part * slope(out)

with record() as run:
    z1 = X @ V + c
    a1 = 1 / (1 + np.exp(-z1))
    z2 = a1 @ W + d
    total = 0.0
    for n in range(5):
        total += np.sum((z2[n] - Y[n]) ** 2)
    loss = total / 2
    g = {"out": z2 - Y}
    dW2 = a1.T @ g["out"]
    db2 = g["out"].sum(axis=0)
    g["hid"] = hidden_part(g["out"], a1)
    dW1 = np.zeros((3, 4))
    for n in range(5):
        dW1 += np.outer(X[n], g["hid"][n])
    db1 = g["hid"].sum(axis=0)
    W_new, d_new = W - 0.5 * dW2, d - 0.5 * db2
    V_new, c_new = V - 0.5 * dW1, c - 0.5 * db1
"""
CASES = [
    ("total += np.sum((z2[n] - Y[n]) ** 2)", "total += np.sum(z2[n] - Y[n]) ** 2", "L"),
    ("return out * (1 - out)", "return out * (1 + out)", "delta1"),
    ("part[n] = W @ error[n]", "part[n] = W @ error[n] * c", "delta1"),
    ("dW1 += np.outer(X[n], g[\"hid\"][n])", "dW1 = np.outer(X[n], g[\"hid\"][n])", "dW1"),
    ("db1 = g[\"hid\"].sum(axis=0)", "db1 = g[\"hid\"].sum(axis=0) * a1.sum(axis=0)", "db1"),
]  # fmt: skip


@pytest.fixture(scope="module")
def done() -> Solution:
    layers = [Dense(weights=V, bias=c, activation="sigmoid"), Dense(weights=W, bias=d)]
    return NeuralNetwork(layers, "squared_error").solve(X, Y, 0.5)


def ran(source: str, **names: Any) -> dict[str, Any]:
    linecache.cache["<repair>"] = (len(source), None, source.splitlines(keepends=True), "<repair>")
    space = {"np": np, "V": V, "c": c, "W": W, "d": d, "X": X, "Y": Y, "record": chalkwork.record} | names
    exec(compile(source, "<repair>", "exec"), space := space | {"__name__": "__main__"})
    return space


def checked(done: Solution, source: str) -> Report:
    return done.check(ran(source)["run"])


def test_the_statement_that_would_be_right_is_said(done: Solution) -> None:
    assert checked(done, LOOPS).first_wrong is None
    for right, wrong, first in CASES:
        assert LOOPS.count(right) == 1
        report = checked(done, LOOPS.replace(right, wrong))
        result = report[first]
        assert report.first_wrong == first, (wrong, str(report))
        place = LOOPS[: LOOPS.index(right)].count("\n") + 1
        assert result.at is not None and result.at.line == place, (wrong, str(report))
        whole = next(line.strip() for line in LOOPS.splitlines() if right in line)
        assert whole in result.repair, (wrong, result.repair, str(report))
        assert result.mistakes or f"`{whole}`" in result.message, result.message
        data = next(one for one in as_data(report)["results"] if one["name"] == first)
        assert data["repair"] == list(result.repair)


def test_an_edit_that_breaks_what_is_right_is_none(done: Solution) -> None:
    """The function is right for the first layer: only its call can be wrong for the second."""
    source = """
def forward(z):
    return 1 / (1 + np.exp(-z))

with record() as run:
    a1 = forward(X @ V + c)
    z2 = a1 @ W + d
    a2 = forward(z2)
    loss = np.sum((a2 - Y) ** 2) / 2
"""
    report = checked(done, source)
    assert report.first_wrong == "a2" and report["a2"].repair in (("a2 = z2",), ("a2 = (z2)",)), str(report)
    assert report["a2"].at is not None and report["a2"].at.line == 8


def test_nothing_of_the_program_is_run_again(done: Solution) -> None:
    calls: list[float] = []
    source = LOOPS.replace("loss = total / 2", "loss = counted(total) * 3.0")
    report = done.check(ran(source, counted=lambda value: calls.append(value) or value / 2)["run"])
    assert report.first_wrong == "L" and len(calls) == 1


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("open", ["/etc/passwd"]),
        ("eval", ["1"]),
        ("zeros", [(10**6, 10**6)]),
        ("outer", [np.ones(10**4), np.ones(10**4)]),
        ("arange", [10**9]),
        ("einsum", ["i,j,k->ijk", *[np.ones(10**3)] * 3]),
        ("power", [10**9, 10**9]),
    ],
)
def test_no_other_function_and_nothing_large(name: str, values: list[Any]) -> None:
    with pytest.raises(Unclear):
        called(name, values, {})


def test_the_page_shows_what_is_said() -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    block = next(one for one in blocks if "chalkwork.record()" in one)
    source = (blocks[0] + block).replace("dZ1 = dA1 * (1 - A1)", "dZ1 = dA1 * A1 * (1 - dA1)")
    said = ran(source.replace("print(", "shown = str("))["shown"]
    result = " ".join(said[said.index("Line 25") :].split())
    shown = " ".join(PAGE[PAGE.index("Line 24: `dZ1 = dA1 * A1 *") :].partition("```")[0].split())
    assert result.startswith(shown.replace("Line 24", "Line 25")), (result, shown)
