"""Exercises and students' work in plain NumPy, with samples as rows and weights inputs x units."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from chalkwork import CrossEntropy, Dense, NeuralNetwork, Solution, SquaredError
from chalkwork.checking.report import Report

CONVENTIONS = list(product(("columns", "rows"), ("out_in", "in_out")))
ACCEPTED = ("correct", "rounding")


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


# --- students in plain NumPy: samples as rows, weights inputs x units ------------------------------------------------

FUNCTIONS: dict[str, tuple[Callable[[Any], Any], Callable[[Any, Any], Any]]] = {
    "sigmoid": (sigmoid, lambda z, a: a * (1 - a)),
    "tanh": (np.tanh, lambda z, a: 1 - a**2),
    "relu": (lambda z: np.maximum(0, z), lambda z, a: (z > 0) * 1.0),
    "leaky_relu(0.1)": (lambda z: np.where(z > 0, z, 0.1 * z), lambda z, a: np.where(z > 0, 1, 0.1)),
}
"""Each activation and its derivative, as courses write it."""


def leaky_exercise(**style: Any) -> Solution:
    """A 2-3-2 network with leaky ReLU and softmax, its gradients and an update."""
    layers = [
        Dense(weights=[[0.15, -0.25, 0.05], [0.2, 0.1, -0.15]], bias=False, activation="leaky_relu(0.01)"),
        Dense(weights=[[0.2, 0.5], [-0.35, 0.15], [0.15, -0.2]], bias=False, activation="softmax"),
    ]
    net = NeuralNetwork(layers, "cross_entropy", samples="columns", weights="in_out")
    return net.solve(x=[-1, 1], y=[1, 0], learning_rate=0.1, **style)


def softmax(z: Any) -> Any:
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)


@dataclass(frozen=True)
class Exercise:
    """A 2-3-2 network (or another size) with its data: softmax under cross-entropy, or squared error."""

    hidden: str
    output: str
    reduction: str
    sizes: tuple[int, int, int]
    x: Any
    y: Any
    W1: Any
    b1: Any
    W2: Any
    b2: Any
    eta: float
    convention: tuple[Any, Any] = ("rows", "in_out")

    @property
    def scale(self) -> float:
        return 1 / len(self.x) if self.reduction == "mean_over_samples" else 1.0

    def turned(self, name: str, value: Any) -> Any:
        """A value of the student as the convention has it."""
        samples, weights = self.convention
        bare = name.removeprefix("d").removesuffix("_new")
        if bare in ("W1", "W2"):
            return value.T if weights == "out_in" else value
        return np.asarray(value).T if samples == "columns" else np.asarray(value)

    def solve(self, **style: Any) -> Solution:
        bias = [b.reshape(-1) for b in (self.b1, self.b2)]
        layers = [
            Dense(weights=self.turned("W1", self.W1), bias=bias[0], activation=self.hidden),
            Dense(weights=self.turned("W2", self.W2), bias=bias[1], activation=self.output),
        ]
        loss: Any = CrossEntropy if self.output == "softmax" else SquaredError
        net = NeuralNetwork(
            layers, loss(reduction=self.reduction), samples=self.convention[0], weights=self.convention[1]
        )
        return net.solve(self.turned("x", self.x), self.turned("y", self.y), self.eta, **style)

    def act(self, z: Any) -> Any:
        return softmax(z) if self.output == "softmax" else FUNCTIONS[self.output][0](z)

    def loss(self, a: Any) -> Any:
        each = -self.y * np.log(a) if self.output == "softmax" else (a - self.y) ** 2 / 2
        return self.scale * each.sum()

    def error(self, v: Any) -> Any:
        slope = 1.0 if self.output == "softmax" else FUNCTIONS[self.output][1](v["z2"], v["a2"])
        return self.scale * (v["a2"] - self.y) * slope

    @property
    def steps(self) -> dict[str, Callable[[Mapping[str, Any]], Any]]:
        """Each step from what was found before."""
        f, slope = FUNCTIONS[self.hidden]
        return {
            "z1": lambda v: self.x @ self.W1 + self.b1,
            "a1": lambda v: f(v["z1"]),
            "z2": lambda v: v["a1"] @ self.W2 + self.b2,
            "a2": lambda v: self.act(v["z2"]),
            "L": lambda v: self.loss(v["a2"]),
            "delta2": self.error,
            "dW2": lambda v: v["a1"].T @ v["delta2"],
            "db2": lambda v: v["delta2"].sum(axis=0, keepdims=True),
            "delta1": lambda v: (v["delta2"] @ self.W2.T) * slope(v["z1"], v["a1"]),
            "dW1": lambda v: self.x.T @ v["delta1"],
            "db1": lambda v: v["delta1"].sum(axis=0, keepdims=True),
            "W1_new": lambda v: self.W1 - self.eta * v["dW1"],
            "b1_new": lambda v: self.b1 - self.eta * v["db1"],
            "W2_new": lambda v: self.W2 - self.eta * v["dW2"],
            "b2_new": lambda v: self.b2 - self.eta * v["db2"],
            "z1_new": lambda v: self.x @ v["W1_new"] + v["b1_new"],
            "a1_new": lambda v: f(v["z1_new"]),
            "z2_new": lambda v: v["a1_new"] @ v["W2_new"] + v["b2_new"],
            "a2_new": lambda v: self.act(v["z2_new"]),
            "L_new": lambda v: self.loss(v["a2_new"]),
        }

    def work(
        self, wrong: Mapping[str, Callable[[Mapping[str, Any]], Any]] | None = None, decimals: int | None = None
    ) -> dict[str, Any]:
        """Everything the student found, going on with what was found; `wrong` replaces steps."""
        found: dict[str, Any] = {}
        for name, step in (self.steps | dict(wrong or {})).items():
            value = step(found)
            found[name] = value if decimals is None else np.round(value, decimals) + 0.0
        return found

    def handed_in(self, found: Mapping[str, Any], decimals: int | None = None) -> dict[str, Any]:
        """What the student writes: arrays, or text with so many decimals."""
        turned = {name: self.turned(name, value) for name, value in found.items()}
        return turned if decimals is None else {name: typed(value, decimals) for name, value in turned.items()}


def typed(value: Any, decimals: int) -> Any:
    if np.ndim(value):
        return [typed(part, decimals) for part in value]
    return f"{value:.{decimals}f}"


def draw(
    seed: int,
    convention: tuple[Any, Any] = ("rows", "in_out"),
    *,
    hidden: str | None = None,
    output: str | None = None,
    reduction: str | None = None,
    samples: int | None = None,
    sizes: tuple[int, int, int] = (2, 3, 2),
) -> Exercise:
    rng = np.random.default_rng(seed)
    n = samples or int(rng.choice([1, 3]))
    output = output or str(rng.choice(["softmax", "sigmoid", "tanh"]))
    target = np.eye(sizes[2])[rng.integers(0, sizes[2], n)] if output == "softmax" else rng.normal(0, 1, (n, sizes[2]))
    return Exercise(
        hidden=hidden or str(rng.choice(list(FUNCTIONS))),
        output=output,
        reduction=reduction or str(rng.choice(["sum", "mean_over_samples"])),
        sizes=sizes,
        x=rng.normal(0, 1, (n, sizes[0])).round(2),
        y=target.round(1),
        W1=rng.normal(0, 0.7, sizes[:2]).round(2),
        b1=rng.normal(0, 0.5, (1, sizes[1])).round(2),
        W2=rng.normal(0, 0.7, sizes[1:]).round(2),
        b2=rng.normal(0, 0.5, (1, sizes[2])).round(2),
        eta=float(rng.choice([0.1, 0.25])),
        convention=convention,
    )


def verdicts(report: Report) -> dict[str, str]:
    return {name: result.verdict for name, result in report.items()}
