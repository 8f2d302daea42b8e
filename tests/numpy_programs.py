"""A network in plain NumPy, with samples as rows and weights inputs x units, step by step."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

# --- plain NumPy: samples as rows, weights inputs x units ------------------------------------------------------------


def erf(z: Any) -> Any:
    return np.vectorize(math.erf)(z)


def softmax(z: Any, axis: Any = 1) -> Any:
    powers = np.exp(z)
    return powers / powers.sum(axis=axis, keepdims=True)


def density(z: Any) -> Any:
    return np.exp(-z * z / 2) / np.sqrt(2 * np.pi)


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "identity": lambda z: z,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(0, z),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.01 * z),
    "leaky_relu(0.1)": lambda z: np.where(z > 0, z, 0.1 * z),
    "elu": lambda z: np.where(z > 0, z, np.exp(np.minimum(z, 0)) - 1),
    "softplus": lambda z: np.log(1 + np.exp(z)),
    "silu": lambda z: z / (1 + np.exp(-z)),
    "gelu": lambda z: z * (1 + erf(z / np.sqrt(2))) / 2,
    "softsign": lambda z: z / (1 + abs(z)),
    "softmax": softmax,
}
sigmoid = FUNCTIONS["sigmoid"]
SLOPES: dict[str, Callable[[Any], Any]] = {
    "identity": np.ones_like,
    "sigmoid": lambda z: sigmoid(z) * (1 - sigmoid(z)),
    "tanh": lambda z: 1 / np.cosh(z) ** 2,
    "relu": lambda z: (z > 0) * 1.0,
    "leaky_relu": lambda z: np.where(z > 0, 1, 0.01),
    "leaky_relu(0.1)": lambda z: np.where(z > 0, 1, 0.1),
    "elu": lambda z: np.where(z > 0, 1, np.exp(z)),
    "softplus": sigmoid,
    "silu": lambda z: sigmoid(z) + z * SLOPES["sigmoid"](z),
    "gelu": lambda z: (1 + erf(z / np.sqrt(2))) / 2 + z * density(z),
    "softsign": lambda z: 1 / (1 + abs(z)) ** 2,
}
SMOOTH = ("sigmoid", "tanh", "elu", "softplus", "silu", "gelu", "softsign")


def back(name: str, z: Any, g: Any) -> Any:
    """What the net input receives when the activation receives g."""
    if name != "softmax":
        return g * SLOPES[name](z)
    jacobians = [np.diag(s) - np.outer(s, s) for s in softmax(z)]
    return np.stack([row @ jacobian for row, jacobian in zip(g, jacobians, strict=True)])


@dataclass
class Program:
    """A correct program, whose numbers the wrong ones start from."""

    hidden: str
    output: str
    loss: str
    x: Any
    y: Any
    W: list[Any]
    b: list[Any]
    eta: float = 0.3

    def __post_init__(self) -> None:
        self.z1, self.a1, self.z2, self.a2 = self.forward(self.W, self.b)
        self.N, self.K = self.y.shape
        self.L = self.cost(self.a2)
        self.up2 = self.cost_slope(self.a2)
        self.delta2 = back(self.output, self.z2, self.up2)
        self.up1 = self.delta2 @ self.W[1].T
        self.delta1 = back(self.hidden, self.z1, self.up1)
        self.dW = [self.x.T @ self.delta1, self.a1.T @ self.delta2]
        self.db = [self.delta1.sum(0), self.delta2.sum(0)]
        self.W_new = [W - self.eta * dW for W, dW in zip(self.W, self.dW, strict=True)]
        self.b_new = [b - self.eta * db for b, db in zip(self.b, self.db, strict=True)]

    def forward(self, W: list[Any], b: list[Any]) -> tuple[Any, Any, Any, Any]:
        z1 = self.x @ W[0] + b[0]
        a1 = FUNCTIONS[self.hidden](z1)
        z2 = a1 @ W[1] + b[1]
        return z1, a1, z2, FUNCTIONS[self.output](z2)

    def each(self, a: Any, log: Any = np.log) -> Any:
        """The loss of each output, before it is summed."""
        if "squared" in self.loss:
            return (a - self.y) ** 2
        if self.loss == "cross_entropy":
            return -self.y * log(a)
        return -self.y * log(a) - (1 - self.y) * log(1 - a)

    @property
    def scale(self) -> float:
        """What the sum is multiplied with."""
        if self.loss == "squared_error":
            return 0.5
        return 1 / (self.N * self.K) if self.loss == "mean_squared_error" else 1 / self.N

    def cost(self, a: Any) -> Any:
        return self.scale * self.each(a).sum()

    def cost_slope(self, a: Any) -> Any:
        if "squared" in self.loss:
            return self.scale * 2 * (a - self.y)
        if self.loss == "cross_entropy":
            return self.scale * -self.y / a
        return self.scale * ((1 - self.y) / (1 - a) - self.y / a)

    @property
    def square(self) -> bool:
        return self.W[0].shape == self.W[1].shape and self.W[0].shape[0] == self.W[0].shape[1]


Wrong = Iterator[tuple[str, Any]]
