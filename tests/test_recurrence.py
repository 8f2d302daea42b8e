"""Recurrent layers: the numbers of exercises, values and gradients against JAX, and what is said of them."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from random_networks import CONVENTIONS, far

from chalkwork import Dense, Flatten, NeuralNetwork
from chalkwork.networks.layers import GRU, LSTM, RNN

jax.config.update("jax_enable_x64", True)
KINDS = {"rnn": RNN, "lstm": LSTM, "gru": GRU}


def sigma(z: Any) -> Any:
    return 1 / (1 + jnp.exp(-z))


def scanned(kind: str, p: dict[str, Any], n: int, x: Any, start: Any, more: dict[str, Any], held: Any = ()) -> Any:
    """The states of layer n over x (samples x steps x inputs), by hand over `lax.scan`; no error leaves `held` steps."""

    def net(gate: str, x: Any, h: Any) -> Any:
        return x @ p[f"W{gate}{n}"] + h @ p[f"U{gate}{n}"] + p.get(f"b{gate}{n}", 0) + p.get(f"bU{gate}{n}", 0)

    def step(carried: Any, given: Any) -> Any:
        (h, c), (x, stopped) = carried, given
        h, c = (jnp.where(stopped, jax.lax.stop_gradient(one), one) for one in (h, c))
        if kind == "rnn":
            h = jnp.tanh(net("", x, h))
        elif kind == "lstm":
            f, i, o = (sigma(net(gate, x, h)) for gate in "fio")
            c = f * c + i * jnp.tanh(net("c", x, h))
            h = o * jnp.tanh(c)
        else:
            r, u = (sigma(net(gate, x, h)) for gate in "ru")
            if more["reset"] == "before":
                new = jnp.tanh(net("h", x, r * h))
            else:
                inner = h @ p[f"Uh{n}"] + p.get(f"bUh{n}", 0)
                new = jnp.tanh(x @ p[f"Wh{n}"] + p.get(f"bh{n}", 0) + r * inner)
            h = (1 - u) * h + u * new if more["update"] == "new" else u * h + (1 - u) * new
        return (h, c), h

    first = jnp.broadcast_to(jnp.asarray(start), (len(x), len(start)))
    stops = jnp.array([t in held for t in range(x.shape[1])])
    _, states = jax.lax.scan(step, (first, jnp.zeros_like(first)), (jnp.swapaxes(x, 0, 1), stops))
    return jnp.swapaxes(states, 0, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_values_and_gradients_are_those_of_jax(kind: str) -> None:
    """Below a dense layer and another one of its kind, for one sample and several, with every setting."""
    rng = np.random.default_rng(list(KINDS).index(kind))
    for trial, (samples, weights) in enumerate(CONVENTIONS):
        d, h, steps, count = int(rng.integers(1, 4)), int(rng.integers(1, 4)), 3 + trial, (1, 3)[trial % 2]
        returns, biases, start = ("last", "all")[trial // 2], trial % 3, rng.normal(0, 1, h).tolist()
        more = {"reset": ("before", "after")[trial % 2], "update": ("new", "old")[trial // 2]}
        held = (steps - 2, steps - 4) if trial == 3 else ()
        given: dict[str, Any] = {"bias": biases > 0, "biases": max(1, biases), **(more if kind == "gru" else {})}
        first = KINDS[kind](h, returns="all", truncate=2 if held else None, initial=start, **given)
        head = [Dense(2, "tanh"), Flatten(), Dense(1)] if returns == "all" else [Dense(1)]
        net = NeuralNetwork(
            [Dense(d, "tanh"), first, KINDS[kind](2, returns=returns, **given), *head],
            samples=samples, weights=weights, inputs=(d, steps) if samples == "columns" else (steps, d),
        )  # fmt: skip
        turned = samples == "columns"
        for name, value in net.parameters.items():
            net.parameters[name] = rng.normal(0, 0.7, value.shape)
        own = {name: one.T if one.ndim == 2 and weights == "out_in" else one for name, one in net.parameters.items()}
        x, y = rng.normal(0, 1, (count, steps, d)), rng.normal(0, 1, (count, 1))

        def forward(p: dict[str, Any]) -> dict[str, Any]:
            a1 = jnp.tanh(x @ p["W1"] + p["b1"])
            a2 = scanned(kind, p, 2, a1, start, more, held)
            a3 = scanned(kind, p, 3, a2, [0.0, 0.0], more)
            out = a3[:, -1]
            if returns == "all":
                out = jnp.tanh(a3 @ p["W4"] + p["b4"]).reshape(count, -1)
            top = len(net.layers)
            return {"a2": a2, "out": out @ p[f"W{top}"] + p[f"b{top}"]}

        values = forward(own)
        wanted = jax.grad(lambda p: ((forward(p)["out"] - y) ** 2).sum() / 2)(own)
        given_x = np.swapaxes(x, 1, 2) if turned else x
        solution = net.solve(given_x if count > 1 else given_x[0], y.T if turned else y)
        found = solution["a2"] if count > 1 else solution["a2"][None]
        assert far(np.swapaxes(found, 1, 2) if turned else found, values["a2"]) < 1e-12
        for name, value in wanted.items():
            gradient = np.asarray(solution[f"d{name}"])
            gradient = gradient.T if value.ndim == 2 and weights == "out_in" else gradient
            assert far(gradient.reshape(value.shape), value) < 1e-12, (kind, trial, name)
