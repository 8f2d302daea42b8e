"""How fast a convolution is trained, beside the same network in JAX by hand.

    python benchmarks/convolution.py [--rounds N] [--steps N] [--pool]

32 filters of 3x3 on 28x28 images in batches of 64, a ReLU, (with --pool a max pooling of 2x2,) ten outputs with softmax
and cross-entropy, plain gradient descent in single precision. Both do the same steps on the same batches from the same
parameters, and their losses are compared. Ours is the compiled step of `train`; by hand it is a jitted `lax.scan` over
the same batches. They take turns in one process, a round after the other in changing order; a ratio is taken round by
round, of wall and of processor time. Compiling is done before.
"""

from __future__ import annotations

import argparse
from functools import partial
from statistics import median, quantiles
from time import perf_counter, process_time
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from chalkwork import Conv2d, Dense, Flatten, MaxPool, NeuralNetwork

BATCH, FILTERS, SIZE, RATE = 64, 32, 28, 0.05


def loss_by_hand(p: dict[str, Any], x: Any, y: Any, pool: bool) -> Any:
    """As one writes it in JAX."""
    z = jax.lax.conv_general_dilated(x, p["W1"], (1, 1), "VALID") + p["b1"][:, None, None]
    a = jax.nn.relu(z)
    if pool:
        a = jax.lax.reduce_window(a, -jnp.inf, jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")
    last = 4 if pool else 3
    z = a.reshape(len(a), -1) @ p[f"W{last}"] + p[f"b{last}"]
    return -jnp.mean(jnp.sum(y * jax.nn.log_softmax(z), axis=1))


def by_hand(pool: bool) -> Any:
    """So many steps on one batch after the other."""

    def step(p: Any, batch: Any) -> Any:
        loss, gradient = jax.value_and_grad(partial(loss_by_hand, pool=pool))(p, *batch)
        return {name: value - RATE * gradient[name] for name, value in p.items()}, loss

    return jax.jit(lambda p, x, y: jax.lax.scan(step, p, (x, y)))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--pool", action="store_true")
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    count = BATCH * options.steps
    x = rng.normal(size=(count, 1, SIZE, SIZE)).astype(np.float32)
    y = np.eye(10, dtype=np.float32)[rng.integers(0, 10, count)]
    layers = [Conv2d(FILTERS, 3, "relu"), *([MaxPool(2)] if options.pool else []), Flatten(), Dense(10, "softmax")]
    net = NeuralNetwork(layers, "cross_entropy", inputs=(1, SIZE, SIZE), seed=1)
    start = {name: np.array(value) for name, value in net.parameters.items()}
    hand = by_hand(options.pool)
    batches = (x.reshape(options.steps, BATCH, 1, SIZE, SIZE), y.reshape(options.steps, BATCH, 10))

    def ours() -> float:
        for name, value in start.items():
            net.parameters[name] = value.copy()
        history = net.train(
            x, y, eta=RATE, epochs=1, batch_size=BATCH, shuffle=False, dtype="float32", engine="jax", progress=False,
        )  # fmt: skip
        return float(history.loss.mean())

    def theirs() -> float:
        parameters, losses = hand({name: jnp.float32(value) for name, value in start.items()}, *batches)
        return float(losses.mean()) + 0 * float(parameters["b1"][0])

    work = {"Chalkwork": ours, "JAX by hand": theirs}
    for name, function in work.items():
        begin = perf_counter()
        print(f"{name}: loss {function():.6f}, first call {perf_counter() - begin:.2f} s")
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in work}
    for number in range(options.rounds):
        for name in sorted(work, reverse=bool(number % 2)):
            wall, processor = perf_counter(), process_time()
            work[name]()
            taken[name].append((perf_counter() - wall, process_time() - processor))
    for kind, which in (("wall", 0), ("processor", 1)):
        each = {name: [one[which] / options.steps * 1e3 for one in values] for name, values in taken.items()}
        ratios = [hand / own for own, hand in zip(*each.values(), strict=True)]
        low, _, high = quantiles(ratios, n=4)
        times = ", ".join(f"{name} {median(values):.2f} ms" for name, values in each.items())
        print(f"{kind} time a step: {times}; ratio {median(ratios):.3f} (quartiles {low:.3f} to {high:.3f})")


if __name__ == "__main__":
    main()
