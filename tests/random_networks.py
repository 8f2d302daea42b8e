"""Networks drawn at random, through the public API alone, and the same in plain JAX as a second opinion."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise, product
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from in_numpy import in_numpy
from oracles import VALUES

from chalkwork import BinaryCrossEntropy, CrossEntropy, Dense, NeuralNetwork, SquaredError
from chalkwork.networks.activations import KINDS

jax.config.update("jax_enable_x64", True)

CONVENTIONS = list(product(("columns", "rows"), ("out_in", "in_out")))
LOSSES = ("squared_error", "mean_squared_error", "cross_entropy", "binary_cross_entropy")
# Each activation as its textbook defines it, on samples as rows.
ACTIVATIONS = {
    "identity": lambda z: z,
    "sigmoid": lambda z: 1 / (1 + jnp.exp(-z)),
    "tanh": lambda z: (jnp.exp(z) - jnp.exp(-z)) / (jnp.exp(z) + jnp.exp(-z)),
    "relu": lambda z: jnp.where(z > 0, z, 0.0),
    "leaky_relu": lambda z: jnp.where(z > 0, z, 0.01 * z),
    "leaky_relu(0.2)": lambda z: jnp.where(z > 0, z, 0.2 * z),
    "elu": lambda z: jnp.where(z > 0, z, jnp.exp(jnp.where(z > 0, 0.0, z)) - 1),
    "elu(alpha=0.5)": lambda z: jnp.where(z > 0, z, 0.5 * (jnp.exp(jnp.where(z > 0, 0.0, z)) - 1)),
    "softplus": lambda z: jnp.log(1 + jnp.exp(z)),
    "silu": lambda z: z / (1 + jnp.exp(-z)),
    "gelu": lambda z: z * (1 + jax.scipy.special.erf(z / jnp.sqrt(2.0))) / 2,
    "softsign": lambda z: z / (1 + jnp.abs(z)),
    "softmax": lambda z: jnp.exp(z) / jnp.exp(z).sum(axis=1, keepdims=True),
    "log_softmax": lambda z: z - jnp.log(jnp.exp(z).sum(axis=1, keepdims=True)),
}
ACTIVATIONS |= {name: VALUES[name] for name, kind in KINDS.items() if name not in ACTIVATIONS and not kind.jumps}
# Few sizes, as JAX compiles every operation anew for every shape; layers of one unit among them.
SIZES = ((3, 2), (2, 1), (3, 1, 3), (2, 3, 2), (1, 4, 1), (3, 2, 4, 2))
_OUTPUTS = {
    "cross_entropy": ("softmax", "softmax", "sigmoid", "softplus"),
    "binary_cross_entropy": ("sigmoid", "sigmoid", "softmax"),
}


def _xlogy(y: Any, a: Any) -> Any:
    return jnp.where(y == 0, 0.0, y * jnp.log(jnp.where(y == 0, 1.0, a)))


@dataclass
class Case:
    """A network with its data. `x` and `y` are rows, `W` inputs x units, whatever the network's convention is."""

    net: NeuralNetwork
    samples: str
    weights: str
    activations: list[str]
    loss: str
    factor: float
    reduction: str
    W: list[Any]
    b: list[Any]
    x: Any
    y: Any
    rate: float

    def data(self, rows: Any) -> Any:
        """Rows in the network's orientation."""
        return rows.T if self.samples == "columns" else rows

    def given(self) -> tuple[Any, Any]:
        """x and y as the network takes them."""
        return self.data(self.x), self.data(self.y)

    def solve(self, **more: Any) -> Any:
        x, y = self.given()
        return self.net.solve(x, y, self.rate, **more)

    # --- the second opinion ----------------------------------------------------------------------------------

    def forward(self, W: list[Any], b: list[Any], nudges: list[Any] | None = None) -> dict[str, Any]:
        """z, a and L, samples as rows; `nudges` are added to the net inputs."""
        values: dict[str, Any] = {}
        a = self.x
        for number, name in enumerate(self.activations, 1):
            z = a @ W[number - 1]
            if b[number - 1] is not None:
                z = z + b[number - 1]
            if nudges is not None:
                z = z + nudges[number - 1]
            a = ACTIVATIONS[name](z)
            values[f"z{number}"], values[f"a{number}"] = z, a
        if "squared" in self.loss:
            each = (a - self.y) ** 2
            count = {"sum": 1, "mean": each.size, "mean_over_samples": len(self.x)}[self.reduction]
        else:
            each = -_xlogy(self.y, a)
            if self.loss == "binary_cross_entropy":
                each = each - _xlogy(1 - self.y, 1 - a)
            count = 1 if self.reduction == "sum" else len(self.x)
        values["L"] = self.factor * each.sum() / count
        return values

    def expected(self, updates: int = 1) -> dict[str, Any]:
        """Every value that a solution with so many updates holds, samples as rows, weights inputs x units."""
        W, b = list(self.W), list(self.b)
        found: dict[str, Any] = {}
        for step in range(updates + 1):
            suffix = "" if step == 0 else "_new" if step == 1 else f"_new{step}"
            found |= {f"{name}{suffix}": value for name, value in in_numpy(self.forward)(W, b).items()}
            if step == updates and updates:
                break
            zeros = [np.zeros_like(found[f"z{number}{suffix}"]) for number in range(1, len(W) + 1)]
            known = [bias if bias is not None else np.zeros(0) for bias in b]

            def loss(W: Any, known: Any, nudges: Any, b: Any = b) -> Any:
                used = [None if old is None else new for old, new in zip(b, known, strict=True)]
                return self.forward(W, used, nudges)["L"]

            dW, db, deltas = in_numpy(jax.grad(loss, argnums=(0, 1, 2)))(W, known, zeros)
            following = "_new" if step == 0 else f"_new{step + 1}"
            for number in range(1, len(W) + 1):
                found[f"delta{number}{suffix}"] = deltas[number - 1]
                found[f"dW{number}{suffix}"] = dW[number - 1]
                W[number - 1] = W[number - 1] - self.rate * dW[number - 1]
                if updates:
                    found[f"W{number}{following}"] = W[number - 1]
                if b[number - 1] is not None:
                    found[f"db{number}{suffix}"] = db[number - 1]
                    b[number - 1] = b[number - 1] - self.rate * db[number - 1]
                    if updates:
                        found[f"b{number}{following}"] = b[number - 1]
        return {name: np.asarray(value) for name, value in found.items()}

    def canonical(self, name: str, value: Any) -> Any:
        """A value of a solution with samples as rows, weights inputs x units, biases one-dimensional."""
        bare = name.removeprefix("d") if name.startswith(("dW", "db")) else name
        value = np.asarray(value)
        if bare.startswith("b"):
            return value.reshape(-1)
        if bare.startswith("W"):
            return value.T if self.weights == "out_in" else value
        if name.startswith("L") or value.ndim < 2:
            return value
        return value.T if self.samples == "columns" else value


def draw(
    seed: int, convention: tuple[str, str] | None = None, hidden: str | None = None, loss: str | None = None
) -> Case:
    """A case; what is not asked for is drawn."""
    rng = np.random.default_rng(seed)
    samples, weights = convention or CONVENTIONS[rng.integers(4)]
    loss = loss or str(rng.choice(LOSSES))
    batch = int(rng.choice([1, 4]))
    sizes = list(SIZES[rng.integers(0 if hidden is None else 3, len(SIZES))])
    output = str(rng.choice(_OUTPUTS.get(loss, tuple(ACTIVATIONS))))
    if output == "softmax":
        sizes[-1] = max(2, sizes[-1])
    # the softmax of a single unit is constant, and its gradients are nothing but noise
    single = [name for name in ACTIVATIONS if "softmax" not in name]
    output = str(rng.choice(single)) if "softmax" in output and sizes[-1] == 1 else output
    activations = [hidden or str(rng.choice(list(ACTIVATIONS) if k > 1 else single)) for k in sizes[1:-1]] + [output]
    W = [rng.normal(0, 0.6, (d, k)).round(int(rng.integers(1, 8))) for d, k in pairwise(sizes)]
    b: list[Any] = []
    layers = []
    for number, activation in enumerate(activations):
        kind = rng.integers(4)
        units = sizes[number + 1]
        bias: Any = (True, False, rng.normal(0, 1, units).round(2), 0.5)[kind]
        b.append((np.zeros(units), None, bias, np.full(units, 0.5))[kind])
        matrix = W[number].T if weights == "out_in" else W[number]
        layers.append(Dense(weights=matrix, bias=bias, activation=activation))
    x = rng.normal(0, 1, (batch, sizes[0])).round(3)
    outputs = sizes[-1]
    if loss == "cross_entropy":
        y = (
            np.eye(outputs)[rng.integers(0, outputs, batch)]
            if rng.random() < 0.5
            else rng.dirichlet(np.ones(outputs), batch)
        )
    elif loss == "binary_cross_entropy":
        y = rng.integers(0, 2, (batch, outputs)).astype(float) if rng.random() < 0.5 else rng.random((batch, outputs))
    else:
        y = rng.normal(0, 1, (batch, outputs)).round(2)
    reduction = str(rng.choice(["sum", "mean", "mean_over_samples"]))
    described: Any
    if rng.random() < 0.5:
        described = loss
        factor, reduction = {"squared_error": (0.5, "sum"), "mean_squared_error": (1.0, "mean")}.get(
            loss, (1.0, "mean")
        )
    elif "squared" in loss:
        exact = Fraction(int(rng.integers(1, 4)), 2)
        described, factor = SquaredError(factor=exact, reduction=reduction), float(exact)
    elif loss == "cross_entropy":
        described, factor = CrossEntropy(reduction=reduction), 1.0
    else:
        described, factor = BinaryCrossEntropy(factor=0.25, reduction=reduction), 0.25
    net = NeuralNetwork(layers, described, samples=samples, weights=weights)
    return Case(net, samples, weights, activations, loss, factor, reduction, W, b, x, y, float(rng.choice([0.1, 0.25])))


def far(found: Any, wanted: Any) -> float:
    """How far apart two arrays are, by the norm of what is wanted (but for what is zero by cancellation)."""
    found, wanted = np.asarray(found), np.asarray(wanted)
    if found.shape != wanted.shape:
        return float("inf")
    return float(np.linalg.norm(found - wanted) / (np.linalg.norm(wanted) + 1e-3))
