"""Every kind of layer in plain JAX, as its definition says it, on samples as rows."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from random_networks import ACTIVATIONS


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
