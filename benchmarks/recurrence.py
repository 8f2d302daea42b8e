"""How fast an LSTM is trained, beside the same network in JAX by hand.

    python benchmarks/recurrence.py [--kinds rnn,lstm,gru] [--steps 50] [--units 64] [--batch 64] [--rounds N]

A recurrent layer over a sequence, then a dense output on the last state; plain gradient descent in single precision on
the same data from the same parameters. By hand: `lax.scan` over the sequence with the gates' weights side by side,
`jax.value_and_grad`, and `lax.scan` over the updates, compiled. The two take turns in one process, a ratio (time by
hand over ours) is taken round by round; their losses are compared. Compiling is given apart.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from chalkwork import GRU, LSTM, RNN, Dense, NeuralNetwork
from chalkwork.networks.optimisers import Optimiser
from chalkwork.networks.training import training_step
from chalkwork.training.engines.compiled import JaxEngine
from chalkwork.training.step import Batches

GATES = {"rnn": "", "lstm": "fico", "gru": "ruh"}
LAYERS: dict[str, Any] = {"rnn": RNN, "lstm": LSTM, "gru": lambda units: GRU(units, reset="after")}
RATE = 0.05


def by_hand(kind: str, p: dict[str, Any], x: Any, y: Any) -> Any:
    """The loss: half the squared error of the output from the last state."""
    units = len(p["W2"])
    zero = jnp.zeros((len(x), units), x.dtype)

    def step(carried: Any, x: Any) -> Any:
        h, c = carried
        entering, before = x @ p["W"] + p["b"], h @ p["U"]
        if kind == "rnn":
            h = jnp.tanh(entering + before)
        elif kind == "lstm":
            f, i, g, o = jnp.split(entering + before, 4, axis=1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            h = jax.nn.sigmoid(o) * jnp.tanh(c)
        else:
            gates = jax.nn.sigmoid(entering[:, : 2 * units] + before[:, : 2 * units])
            r, u = gates[:, :units], gates[:, units:]
            h = (1 - u) * h + u * jnp.tanh(entering[:, 2 * units :] + r * before[:, 2 * units :])
        return (h, c), None

    (h, _), _ = jax.lax.scan(step, (zero, zero), jnp.swapaxes(x, 0, 1))
    return ((h @ p["W2"] + p["b2"] - y) ** 2).sum() / 2


def hand_steps(kind: str, count: int) -> Callable[..., Any]:
    """So many updates, compiled."""

    def update(x: Any, y: Any, p: Any, _: Any) -> Any:
        loss, gradient = jax.value_and_grad(lambda p: by_hand(kind, p, x, y))(p)
        return {name: value - RATE / len(x) * gradient[name] for name, value in p.items()}, loss

    return jax.jit(lambda p, x, y: jax.lax.scan(lambda p, n: update(x, y, p, n), p, None, length=count))


def measure(kind: str, units: int, steps: int, batch: int, rounds: int, count: int) -> None:
    """Print times, ratios and how far the losses are apart."""
    rng, inputs = np.random.default_rng(0), 32
    net = NeuralNetwork([LAYERS[kind](units), Dense(1)], inputs=(steps, inputs))
    x = rng.normal(0, 1, (batch, steps, inputs)).astype(np.float32)
    y = x[:, -8:].mean(axis=(1, 2)).reshape(-1, 1) * 5
    step = training_step(net.plan(batch, training=True), Optimiser())
    engine = JaxEngine("float32")
    run = engine.prepare(step, {})
    shapes = step.derivation.shapes()
    start = {name: np.asarray(value, np.float32).reshape(shapes[name]) for name, value in net.parameters.items()}
    data, batches = engine.data({"x": x, "y": y}), Batches(count, None, RATE / batch)
    side = {
        letter: np.concatenate([start[f"{letter}{gate}1"] for gate in GATES[kind] or [""]], axis=1) for letter in "WUb"
    }
    own = {name: jnp.asarray(value) for name, value in {**side, "W2": start["W2"], "b2": start["b2"]}.items()}
    hand = hand_steps(kind, count)

    def ours() -> Any:
        return run.steps(engine.carried({name: start[name] for name in step.carried}), data, batches)[1]

    def theirs() -> Any:
        return np.asarray(hand(own, data["x"], data["y"])[1])

    found: dict[str, list[float]] = {"ours": [], "theirs": []}
    losses = {}
    for name, work in (("ours", ours), ("theirs", theirs)):
        begun = perf_counter()
        losses[name] = work()
        print(f"  {name}: compiled and run once in {perf_counter() - begun:.2f} s")
    for number in range(rounds):
        for name, work in (("ours", ours), ("theirs", theirs))[:: 1 if number % 2 else -1]:
            begun = perf_counter()
            work()
            found[name].append((perf_counter() - begun) / count)
    ratios = sorted(b / a for a, b in zip(found["ours"], found["theirs"], strict=True))
    quarter = len(ratios) // 4
    print(f"  a step: {median(found['ours']) * 1e3:.3f} ms, by hand {median(found['theirs']) * 1e3:.3f} ms; ratio "
          f"{median(ratios):.2f} (quarters {ratios[quarter]:.2f} to {ratios[-1 - quarter]:.2f})")  # fmt: skip
    apart = np.abs(losses["ours"] - losses["theirs"]).max() / np.abs(losses["theirs"]).max()
    print(f"  losses from {losses['ours'][0]:.4f} to {losses['ours'][-1]:.4f}, apart by {apart:.1e}")


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinds", default="lstm")
    for name, default in (("units", 64), ("steps", 50), ("batch", 64), ("rounds", 21), ("count", 40)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    for kind in given.kinds.split(","):
        print(f"{kind}: {given.units} units, {given.steps} steps, batches of {given.batch}, 32 inputs, float32, "
              f"JAX {jax.__version__}")  # fmt: skip
        measure(kind, given.units, given.steps, given.batch, given.rounds, given.count)


if __name__ == "__main__":
    main()
