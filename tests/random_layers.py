"""Layers of every kind drawn at random, through the public API alone, and what JAX makes of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from in_numpy import in_numpy
from layers_in_jax import GATES, REFERENCES
from random_networks import CONVENTIONS

from chalkwork import (
    Attention,
    BatchNorm,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    LayerNorm,
    NeuralNetwork,
    Residual,
    RMSNorm,
)
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
