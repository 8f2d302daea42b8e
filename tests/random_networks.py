"""Networks drawn at random, through the public API alone, and the same in plain JAX as a second opinion."""

from __future__ import annotations

import re
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
from chalkwork.networks import Attention, BatchNorm, Dropout, Embedding, Flatten, LayerNorm, Residual, RMSNorm
from chalkwork.networks.activations import KINDS
from chalkwork.networks.layers import (
    GRU,
    LSTM,
    RNN,
    AveragePool,
    Conv1d,
    Conv2d,
    ConvTranspose1d,
    ConvTranspose2d,
    GlobalAveragePool,
    MaxPool,
)

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
    seed: int,
    convention: tuple[str, str] | None = None,
    hidden: str | None = None,
    loss: str | None = None,
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


# --- layers of every kind --------------------------------------------------------------------------------------------

BATCH = 4


@dataclass
class Stack:
    """Layers of every kind with their numbers; samples as rows, weights inputs x units, vectors one-dimensional.

    `settings` holds what a layer's reference needs besides `parameters`: a mask, a divisor, an activation.
    """

    net: NeuralNetwork
    samples: str
    weights: str
    kinds: list[str]
    settings: list[dict[str, Any]]
    parameters: dict[str, Any]
    state: dict[str, Any]
    x: Any
    y: Any
    w: Any
    l1: float
    l2: float

    def data(self, rows: Any) -> Any:
        """Rows in the network's orientation."""
        return np.swapaxes(rows, -1, -2) if self.samples == "columns" and rows.ndim < 4 else rows

    def solve(self, **more: Any) -> Any:
        """The solution, with weights of the samples where they are not all one."""
        weights = {"sample_weight": self.w.ravel()} if np.any(self.w != 1) else {}
        return self.net.solve(self.data(self.x), self.data(self.y), **weights, **more)

    @property
    def masks(self) -> dict[int, Any]:
        """The masks as the network takes them."""
        return {n: self.data(found["mask"]) for n, found in enumerate(self.settings, 1) if "mask" in found}

    def canonical(self, name: str, value: Any) -> Any:
        """A value of a solution with samples as rows, weights inputs x units, vectors one-dimensional."""
        value = np.asarray(value)
        bare = name.removeprefix("d")
        if self.kinds[0] == "embedding" and (bare == "W1" or (bare == "PE1" and bare in self.parameters)):
            return value
        if bare.startswith(("b", "gamma", "mu", "var", "rms")):
            return value.reshape(-1)
        if bare.startswith(("W", "U")):
            return value.T if self.weights == "out_in" and value.ndim == 2 else value
        turned = self.samples == "columns" and 2 <= value.ndim <= (3 if self.x.ndim > 3 else 4)
        return np.swapaxes(value, -1, -2) if turned else value

    def forward(self, parameters: dict[str, Any], nudges: dict[str, Any], training: bool) -> dict[str, Any]:
        """Every value; `nudges` are added to what they name as soon as it is known."""
        values: dict[str, Any] = {}

        def keep(name: str, value: Any) -> Any:
            values[name] = value + nudges[name] if name in nudges else value
            return values[name]

        outputs = [self.x]
        for n, (kind, more) in enumerate(zip(self.kinds, self.settings, strict=True), 1):
            own = {**more, "earlier": outputs}
            outputs.append(keep(f"a{n}", REFERENCES[kind](n, outputs[-1], parameters, self.state, own, keep, training)))
        each = (outputs[-1] - self.y) ** 2
        weights = [value for name, value in parameters.items() if name[0] in "WU"]
        penalty = self.l1 * sum(jnp.abs(W).sum() for W in weights) + self.l2 / 2 * sum((W**2).sum() for W in weights)
        values["L"] = (self.w * each).sum() / each.size + penalty
        return values

    def _has_derivative(self, name: str) -> bool:
        """Whether the derivative by it has a name."""
        timed = re.fullmatch(r"([a-z]+)(\d+)_t(\d+)", name)
        if timed is None:
            return name[0] not in "aLE" and re.fullmatch(r"(m|PE)\d+", name) is None
        letters = {"rnn": "", "gru": "h", "lstm": "hc"}[self.kinds[int(timed[2]) - 1]]
        return timed[3] != "0" and (timed[1][0] == "z" or timed[1] in letters)

    def expected(self, training: bool = True) -> dict[str, Any]:
        """Every value, the error of every net input, the gradients, and those of what batch normalisation names."""
        values = in_numpy(lambda parameters: self.forward(parameters, {}, training))(self.parameters)
        pooled = {f"a{n}" for n, kind in enumerate(self.kinds, 1) if kind in ("max_pool", "average_pool", "embedding")}
        nudges = {k: np.zeros_like(v) for k, v in values.items() if self._has_derivative(k) or k in pooled}

        def loss(parameters: Any, nudges: Any) -> Any:
            return self.forward(parameters, nudges, training)["L"]

        gradients, errors = in_numpy(jax.grad(loss, argnums=(0, 1)))(self.parameters, nudges)
        found = dict(values)
        found |= {f"d{name}": value for name, value in gradients.items()}
        found |= {f"delta{name[1:]}": value for name, value in errors.items() if name.startswith("z")}
        if training:
            found |= {f"d{name}": value for name, value in errors.items() if not name.startswith("z")}
        return {name: np.asarray(value) for name, value in found.items()}


def _dense(n: int, a: Any, p: Any, state: Any, more: Any, keep: Any, training: bool) -> Any:
    z = a @ p[f"W{n}"]
    return ACTIVATIONS[more["activation"]](keep(f"z{n}", z + p[f"b{n}"] if f"b{n}" in p else z))


def _batch_norm(n: int, a: Any, p: Any, state: Any, more: Any, keep: Any, training: bool) -> Any:
    mean, variance = state[f"mu{n}_run"], state[f"var{n}_run"]
    if training:
        mean = keep(f"mu{n}", a.mean(axis=0))
        variance = keep(f"var{n}", ((a - mean) ** 2).sum(axis=0) / (len(a) - more["less"]))
    xhat = keep(f"xhat{n}", (a - mean) / jnp.sqrt(variance + more["epsilon"]))
    return ACTIVATIONS[more["activation"]](keep(f"z{n}", p[f"gamma{n}"] * xhat + p[f"beta{n}"]))


def _dropout(n: int, a: Any, p: Any, state: Any, more: Any, keep: Any, training: bool) -> Any:
    return jnp.where(more["mask"] == 1, a / (1 - more["rate"]), 0.0) if training else a


def _layer_norm(n: int, a: Any, p: Any, state: Any, more: Any, keep: Any, training: bool) -> Any:
    each = (*a.shape[:-1], 1)
    mean = keep(f"mu{n}", a.mean(axis=-1).reshape(-1)).reshape(each)
    variance = keep(f"var{n}", ((a - mean) ** 2).mean(axis=-1).reshape(-1)).reshape(each)
    xhat = keep(f"xhat{n}", (a - mean) / jnp.sqrt(variance + more["epsilon"]))
    return ACTIVATIONS[more["activation"]](keep(f"z{n}", p[f"gamma{n}"] * xhat + p[f"beta{n}"]))


def _rms_norm(n: int, a: Any, p: Any, state: Any, more: Any, keep: Any, training: bool) -> Any:
    size = keep(f"rms{n}", jnp.sqrt((a**2).mean(axis=-1).reshape(-1) + more["epsilon"]))
    xhat = keep(f"xhat{n}", a / size.reshape(*a.shape[:-1], 1))
    return ACTIVATIONS[more["activation"]](keep(f"z{n}", p[f"gamma{n}"] * xhat))


def _residual(n: int, a: Any, p: Any, state: Any, more: Any, keep: Any, training: bool) -> Any:
    total = a + more["earlier"][n - 1 - more["over"]]
    return total if more["activation"] == "identity" else ACTIVATIONS[more["activation"]](keep(f"z{n}", total))


def _attention(n: int, a: Any, p: Any, state: Any, more: Any, keep: Any, training: bool) -> Any:
    heads = more["heads"]

    def weighted(of: str, entering: Any) -> Any:
        return entering @ p[f"W{of}{n}"] + p.get(f"b{of}{n}", 0)

    def apart(of: str) -> Any:
        whole = weighted(of, a)
        return jnp.stack(jnp.split(whole, heads, axis=-1), axis=1) if heads > 1 else whole

    queries, keys, values = (keep(f"{of}{n}", apart(of)) for of in "QKV")
    scores = keep(f"S{n}", queries @ jnp.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1]))
    seen = np.tri(a.shape[1]) if more["sees"] == "causal" else np.ones((1, 1))
    if more["padding"] == "zeros":
        there = (jnp.abs(more["earlier"][0]).sum(-1) > 0)[:, None, :] * 1.0
        seen = seen * keep(f"m{n}", there[:, None] if heads > 1 else there)
    powers = jnp.where(seen > 0, jnp.exp(scores), 0.0)
    total = powers.sum(-1, keepdims=True)
    shares = keep(f"P{n}", powers / jnp.where(total == 0, 1.0, total))
    mixed = shares @ values
    if heads > 1:
        mixed = jnp.concatenate([mixed[:, head] for head in range(heads)], axis=-1)
    if more["project"]:
        mixed = weighted("O", keep(f"C{n}", mixed))
    return ACTIVATIONS[more["activation"]](keep(f"z{n}", mixed))


def _embedding(n: int, a: Any, p: Any, state: Any, more: Any, keep: Any, training: bool) -> Any:
    table, tokens = p[f"W{n}"], a[..., 0].astype(int)
    keep(f"E{n}", (tokens[..., None] == np.arange(1, len(table) + 1)) * 1.0)
    rows = jnp.concatenate([jnp.zeros((1, table.shape[1])), table])[tokens]
    if more["encoding"] == "learned":
        return rows + p[f"PE{n}"][: a.shape[1]]
    return rows + keep(f"PE{n}", waves(*rows.shape[1:])) if more["encoding"] == "sinusoidal" else rows


def waves(places: int, width: int) -> Any:
    """The sinusoidal encoding, as the article has it."""
    place, column = np.arange(places)[:, None], np.arange(width)
    angles = place / 10000 ** (column // 2 * 2 / width)
    return np.where(column % 2, np.cos(angles), np.sin(angles))


def _flatten(n: int, a: Any, p: Any, state: Any, more: Any, keep: Any, training: bool) -> Any:
    return jnp.concatenate([a[:, position].reshape(len(a), -1) for position in range(a.shape[1])], axis=-1)


def _conv1d(n: int, a: Any, p: Any, state: Any, more: Any, keep: Any, training: bool) -> Any:
    order = ("NWC", "OIW", "NWC")
    z = jax.lax.conv_general_dilated(a, p[f"W{n}"], (1,), [(more["padding"],) * 2], dimension_numbers=order)
    return ACTIVATIONS[more["activation"]](keep(f"z{n}", z + p[f"b{n}"]))


def _conv2d(n: int, a: Any, p: Any, state: Any, more: Any, keep: Any, training: bool) -> Any:
    z = jax.lax.conv_general_dilated(a, p[f"W{n}"], (1, 1), [(more["padding"],) * 2] * 2)
    return ACTIVATIONS[more["activation"]](keep(f"z{n}", z + p[f"b{n}"][:, None, None]))


def _conv_transpose(n: int, a: Any, p: Any, state: Any, more: Any, keep: Any, training: bool) -> Any:
    W, rank = p[f"W{n}"], p[f"W{n}"].ndim - 2
    order = ("NWC", "IOW", "NWC") if rank == 1 else ("NCHW", "IOHW", "NCHW")
    rim = [(size - 1 - more["padding"],) * 2 for size in W.shape[2:]]
    z = jax.lax.conv_general_dilated(
        a, jnp.flip(W, range(2, 2 + rank)), (1,) * rank, rim, lhs_dilation=(2,) * rank, dimension_numbers=order
    )
    b = p[f"b{n}"] if rank == 1 else p[f"b{n}"][:, None, None]
    return ACTIVATIONS[more["activation"]](keep(f"z{n}", z + b))


def _pool(n: int, a: Any, p: Any, state: Any, more: Any, keep: Any, training: bool) -> Any:
    parts = [a[:, :, i : a.shape[2] - 1 + i, j : a.shape[3] - 1 + j] for i in (0, 1) for j in (0, 1)]
    return more["of"](jnp.stack(parts), axis=0)


def _global_average(n: int, a: Any, p: Any, state: Any, more: Any, keep: Any, training: bool) -> Any:
    return a.mean(axis=(2, 3))


def _recurrent(n: int, a: Any, p: Any, state: Any, more: Any, keep: Any, training: bool) -> Any:
    """One step after the other, as the textbooks have them."""
    h = keep(f"h{n}_t0", jnp.broadcast_to(jnp.asarray(more["initial"]), (len(a), len(more["initial"]))))
    c = keep(f"c{n}_t0", jnp.zeros_like(h)) if more["kind"] == "lstm" else h
    states = []
    for t in range(1, a.shape[1] + 1):

        def at(letter: str, value: Any, t: int = t) -> Any:
            return keep(f"{letter}{n}_t{t}", value)

        def net(gate: str, x: Any, h: Any) -> Any:
            biases = [p[name] for name in (f"b{gate}{n}", f"bU{gate}{n}") if name in p]
            return at(f"z{gate}", x @ p[f"W{gate}{n}"] + h @ p[f"U{gate}{n}"] + sum(biases))

        x = a[:, t - 1]
        if more["kind"] == "rnn":
            h = at("h", ACTIVATIONS[more["activation"]](net("", x, h)))
        elif more["kind"] == "lstm":
            f, i = (at(gate, ACTIVATIONS["sigmoid"](net(gate, x, h))) for gate in "fi")
            candidate = at("ctilde", jnp.tanh(net("c", x, h)))
            o = at("o", ACTIVATIONS["sigmoid"](net("o", x, h)))
            c = at("c", f * c + i * candidate)
            h = at("h", o * jnp.tanh(c))
        else:
            r, u = (at(gate, ACTIVATIONS["sigmoid"](net(gate, x, h))) for gate in "ru")
            inner = (r * h) @ p[f"Uh{n}"] + p.get(f"bUh{n}", 0)
            if more["reset"] == "after":
                inner = r * (h @ p[f"Uh{n}"] + p.get(f"bUh{n}", 0))
            candidate = at("htilde", jnp.tanh(at("zh", x @ p[f"Wh{n}"] + inner + p.get(f"bh{n}", 0))))
            h = at("h", (1 - u) * h + u * candidate if more["update"] == "new" else u * h + (1 - u) * candidate)
        states.append(h)
    return states[-1] if more["returns"] == "last" else jnp.stack(states, axis=1)


GATES = {"rnn": ("",), "lstm": ("f", "i", "c", "o"), "gru": ("r", "u", "h")}
REFERENCES = {
    "dense": _dense,
    "batch_norm": _batch_norm,
    "layer_norm": _layer_norm,
    "rms_norm": _rms_norm,
    "dropout": _dropout,
    "residual": _residual,
    "attention": _attention,
    "embedding": _embedding,
    "flatten": _flatten,
    "rnn": _recurrent,
    "lstm": _recurrent,
    "gru": _recurrent,
    "conv1d": _conv1d,
    "conv2d": _conv2d,
    "conv_transpose1d": _conv_transpose,
    "conv_transpose2d": _conv_transpose,
    "max_pool": _pool,
    "average_pool": _pool,
    "global_average_pool": _global_average,
}
_OF_IMAGES = ("conv2d", "conv_transpose2d", "max_pool", "average_pool", "global_average_pool")
OF_WINDOWS = ("conv1d", "conv_transpose1d", *_OF_IMAGES)
_OF_VECTORS = [kind for kind in REFERENCES if kind not in ("embedding", "attention", "flatten", *GATES, *OF_WINDOWS)]
RECURRENT: dict[str, Any] = {"rnn": RNN, "lstm": LSTM, "gru": GRU}
_SMOOTH = ("tanh", "sigmoid", "softplus", "identity", "relu")


def draw_stack(seed: int, kind: str, convention: tuple[str, str] | None = None, **more: Any) -> Stack:
    """Two to four layers with one of the kind among them, the last one dense; penalties and weights by `more`."""
    rng = np.random.default_rng(seed)
    samples, weights = convention or CONVENTIONS[rng.integers(4)]
    kinds = ["dense", *rng.choice(_OF_VECTORS, int(rng.integers(0, 2)))]
    positions = 0 if kind in _OF_VECTORS else int(rng.integers(2, 4))
    if positions:  # samples are matrices, until they are flattened
        before = [
            str(rng.choice(["dense", "layer_norm", "rms_norm"])),
            *["attention"] * (kind == "attention"),
            "residual",
        ]
        kinds = [*before[: int(rng.integers(2, 4))], "flatten"]
        if kind == "embedding":
            kinds = ["embedding", *["attention"] * int(rng.integers(0, 2)), "flatten"]
        if kind in GATES:
            kinds = ["dense", kind, *["flatten"] * int(rng.integers(0, 2))]
        if kind in OF_WINDOWS:
            first = "conv2d" if kind in _OF_IMAGES else "conv1d"
            kinds = [first, *[kind] * (kind != first)]
            kinds += [] if kind == "global_average_pool" else ["flatten"]
    else:
        kinds.insert(int(rng.integers(kind == "residual", len(kinds) + 1)), kind)
    kinds.append("dense")
    assert kind in kinds
    widths: list[int] = []
    size = inputs = int(rng.integers(2, 4))
    if kind in GATES:  # JAX compiles every operation anew for every shape, and there are many of them
        positions, size, inputs = 3, 2, 2
    positions = int(rng.integers(3, 5)) if kind in OF_WINDOWS else positions
    places = (positions, 4) if kind in _OF_IMAGES else (positions,)
    if kind == "embedding":  # few shapes here too
        positions, size, inputs, places = 3, 1, 1, (3,)
    layers: list[Any] = []
    settings: list[dict[str, Any]] = []
    parameters: dict[str, Any] = {}
    state: dict[str, Any] = {}
    for n, name in enumerate(kinds, 1):
        found: dict[str, Any] = {"activation": "tanh" if kind in GATES else str(rng.choice(_SMOOTH))}
        widths.append(size)
        if name == "flatten":
            size *= int(np.prod(places))
            layers.append(Flatten())
        elif name in GATES:
            units = 2
            found |= {"kind": name, "gates": GATES[name], "initial": rng.normal(0, 1, units).round(2).tolist(),
                      "returns": "all" if "flatten" in kinds else "last"}  # fmt: skip
            if name == "gru":
                found |= {"reset": str(rng.choice(["before", "after"])), "update": str(rng.choice(["new", "old"]))}
            biases = int(rng.integers(0, 3))
            shapes = {"W": (size, units), "U": (units, units), "b": units, "bU": units}
            drawn = {
                f"{letter}{gate}": rng.normal(0, 0.7, shapes[letter])
                for gate in GATES[name]
                for letter in [*"WU", *["b", "bU"][:biases]]
            }
            parameters |= {f"{letter}{n}": value for letter, value in drawn.items()}
            known = {"W": "weights", "U": "recurrent", "b": "bias", "bU": "recurrent_bias"} if name == "rnn" else {}
            own = {known.get(key, key): one.T if weights == "out_in" else one for key, one in drawn.items()}
            own = ({"bias": False} if biases == 0 else {}) | own | {"biases": max(1, biases)}
            own |= {key: found[key] for key in ("returns", "initial", "reset", "update") if key in found}
            own |= {"activation": found["activation"]} if name == "rnn" else {}
            layers.append(RECURRENT[name](units, **own))
            size = units
        elif name in ("conv1d", "conv2d"):
            units, found["padding"] = int(rng.integers(1, 3)), int(rng.integers(2))
            length = 2 if kind in _OF_IMAGES else int(rng.integers(1, 4))
            W, b = rng.normal(0, 0.7, (units, size, *[length] * len(places))), rng.normal(0, 0.5, units)
            parameters |= {f"W{n}": W, f"b{n}": b}
            layers.append((Conv1d if name == "conv1d" else Conv2d)(
                activation=found["activation"], weights=W, bias=b, padding=found["padding"]))  # fmt: skip
            places = tuple(one + 2 * found["padding"] - length + 1 for one in places)
            size = units
        elif name in ("conv_transpose1d", "conv_transpose2d"):
            units, found["padding"] = int(rng.integers(1, 3)), int(rng.integers(2) and min(places) > 1)
            W, b = rng.normal(0, 0.7, (size, units, *[2] * len(places))), rng.normal(0, 0.5, units)
            parameters |= {f"W{n}": W, f"b{n}": b}
            layers.append((ConvTranspose1d if name == "conv_transpose1d" else ConvTranspose2d)(
                activation=found["activation"], weights=W, bias=b, padding=found["padding"], stride=2))  # fmt: skip
            places, size = tuple(2 * one - 2 * found["padding"] for one in places), units
        elif name in ("max_pool", "average_pool"):
            found["of"] = jnp.max if name == "max_pool" else jnp.mean
            layers.append((MaxPool if name == "max_pool" else AveragePool)(2, 1))
            places = tuple(one - 1 for one in places)
        elif name == "global_average_pool":
            layers.append(GlobalAveragePool())
        elif name == "embedding":
            words, size = int(rng.integers(2, 4)), 2
            found["encoding"] = str(rng.choice(["none", "sinusoidal", "learned"]))
            parameters[f"W{n}"] = rng.normal(0, 0.7, (words, size))
            own = {"weights": parameters[f"W{n}"], "encoding": found["encoding"]}
            if found["encoding"] == "learned":
                parameters[f"PE{n}"] = own["places"] = rng.normal(0, 0.7, (positions + int(rng.integers(2)), size))
            layers.append(Embedding(**own))
        elif name == "attention":
            heads = int(rng.integers(1, 4)) if kinds[n : n + 1] != ["residual"] else 1
            units = size if kinds[n : n + 1] == ["residual"] else heads * int(rng.integers(1, 3))
            found |= {
                "heads": heads,
                "project": bool(heads > 1 or rng.integers(2)),
                "sees": str(rng.choice(["none", "causal"])),
                "padding": str(rng.choice(["none", "zeros"])),
            }
            letters = "QKVO" if found["project"] else "QKV"
            drawn = {f"W{of}{n}": rng.normal(0, 0.7, (units if of == "O" else size, units)) for of in letters}
            biases = {f"b{of}{n}": rng.normal(0, 0.5, units) for of in letters}
            biases = biases if (biased := rng.random() < 0.5) else {}
            parameters |= drawn | biases
            own = dict(zip(("queries", "keys", "values", "output"), drawn.values(), strict=False))
            own = {key: W.T if weights == "out_in" else W for key, W in own.items()}
            own |= dict(zip(("query_bias", "key_bias", "value_bias", "output_bias"), biases.values(), strict=False))
            own |= {key: found[key] for key in ("heads", "project", "padding")} | {"mask": found["sees"]}
            layers.append(Attention(units, found["activation"], bias=biased, **own))
            size = units
        elif name == "dense":
            units = size if kinds[n : n + 1] == ["residual"] or kind in GATES else int(rng.integers(1, 4))
            W, b = rng.normal(0, 0.7, (size, units)), rng.normal(0, 0.5, units)
            parameters |= {f"W{n}": W} | ({f"b{n}": b} if (biased := rng.random() < 0.7) else {})
            matrix = W.T if weights == "out_in" else W
            layers.append(Dense(weights=matrix, bias=b if biased else False, activation=found["activation"]))
            size = units
        elif name == "batch_norm":
            gamma, beta = rng.normal(1, 0.3, size), rng.normal(0, 0.3, size)
            parameters |= {f"gamma{n}": gamma, f"beta{n}": beta}
            state |= {f"mu{n}_run": rng.normal(0, 1, size), f"var{n}_run": rng.random(size) + 0.5}
            found |= {"less": int(rng.integers(2)), "epsilon": float(rng.choice([1e-5, 1e-2]))}
            variance = "unbiased" if found["less"] else "biased"
            layers.append(BatchNorm(found["activation"], gamma=gamma, beta=beta, epsilon=found["epsilon"],
                                    variance=variance))  # fmt: skip
        elif name == "layer_norm":
            gamma, beta = rng.normal(1, 0.3, size), rng.normal(0, 0.3, size)
            parameters |= {f"gamma{n}": gamma, f"beta{n}": beta}
            found["epsilon"] = float(rng.choice([1e-2, 0.3]))
            layers.append(LayerNorm(found["activation"], gamma=gamma, beta=beta, epsilon=found["epsilon"]))
        elif name == "rms_norm":
            parameters |= {f"gamma{n}": (gamma := rng.normal(1, 0.3, size))}
            found["epsilon"] = float(rng.choice([1e-2, 0.3]))
            layers.append(RMSNorm(found["activation"], gamma=gamma, epsilon=found["epsilon"]))
        elif name == "residual":
            found["over"] = int(rng.choice([over for over in range(1, n) if widths[n - 1 - over] == size]))
            layers.append(Residual(found["over"], found["activation"]))
        else:
            found |= {"rate": float(rng.choice([0.2, 0.5])), "mask": rng.integers(0, 2, (BATCH, size)) * 1.0}
            layers.append(Dropout(found["rate"]))
        settings.append(found)
    l1, l2 = more.pop("l1", 0.0), more.pop("l2", 0.0)
    sample = (inputs, positions) if samples == "columns" else (positions, inputs)
    sample = (inputs, positions, 4) if kind in _OF_IMAGES else sample
    net = NeuralNetwork(
        layers, "mean_squared_error", samples=samples, weights=weights, inputs=sample if positions else inputs,
        l1=l1, l2=l2,
    )  # fmt: skip
    net.state.update(state)
    x = rng.normal(0, 1, (BATCH, positions, inputs) if positions else (BATCH, inputs))
    x = rng.normal(0, 1, (BATCH, *sample)) if kind in _OF_IMAGES else x
    if any(found.get("padding") == "zeros" for found in settings) and positions > 1:
        x[::2, -1] = 0
    x = rng.integers(0, words + 1, x.shape).astype(float) if kind == "embedding" else x
    y = rng.normal(0, 1, (BATCH, size))
    w = rng.random((BATCH, 1)) + 0.5 if more.pop("weighted", False) else np.ones((BATCH, 1))
    return Stack(net, samples, weights, kinds, settings, parameters, state, x, y, w, l1, l2)
