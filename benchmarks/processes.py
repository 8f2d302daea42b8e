"""Training in whole processes: the time to the first trained step, and two processes against one.

    python benchmarks/processes.py [--rounds N]

Start: a fresh process imports chalkwork, makes the moons network of `training.py` and trains one step; the compilation
cache of JAX is warm, as after a first use. Epoch: a fresh process trains 784-128-10 for one epoch over 60,000 samples,
and one with PyTorch, where it is installed, does the same; by the clock, and in time of the processor. Scaling: one
process pinned to one core against two processes joined by `jax.distributed` on a core each, the same 784-128-10 network
in batches of 512 and 8192; the time of the steps alone, as each process measures it.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from statistics import median
from time import perf_counter

BATCHES = (512, 8192)

START = """
import numpy as np
from chalkwork import Dense, NeuralNetwork
x = np.random.default_rng(0).normal(size=(200, 2))
y = (x[:, :1] * x[:, 1:] > 0) * 1.0
net = NeuralNetwork([Dense(16, "tanh", inputs=2), Dense(16, "tanh"), Dense(1, "sigmoid")], "binary_cross_entropy")
net.train(x, y, 0.1, 1, engine="{engine}")
"""

DATA = """
import numpy as np
rng = np.random.default_rng(0)
x, y = rng.random((60_000, 784), dtype=np.float32), rng.integers(0, 10, 60_000)
"""

EPOCHS = {
    "chalkwork": DATA + """
from chalkwork import Dense, NeuralNetwork
net = NeuralNetwork([Dense(128, "relu", inputs=784), Dense(10, "softmax")], "cross_entropy")
net.train(x, y, 0.1, epochs=1, batch_size=32, dtype="float32", progress=False)
""",
    "torch": DATA + """
import torch
from torch import nn
x, y, order = torch.from_numpy(x), torch.from_numpy(y), torch.randperm(60_000)
net = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
optimizer, measure = torch.optim.SGD(net.parameters(), lr=0.1), nn.CrossEntropyLoss()
for chosen in order.split(32):
    optimizer.zero_grad()
    measure(net(x[chosen]), y[chosen]).backward()
    optimizer.step()
""",
}  # fmt: skip

STEPS = """
import os, sys, time
number, processes, port, batch = map(int, sys.argv[1:])
os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[number]})
if processes > 1:
    import jax
    jax.distributed.initialize(f"localhost:{port}", processes, number)
import numpy as np
from chalkwork import Dense, NeuralNetwork
generator = np.random.default_rng(0)
x = generator.normal(size=(16384, 784)).astype(np.float32)
y = np.eye(10)[generator.integers(0, 10, 16384)]
net = NeuralNetwork([Dense(128, "relu", inputs=784), Dense(10, "softmax")], "cross_entropy")
for epochs in (1, 6):
    start = time.perf_counter()
    history = net.train(x, y, 0.1, epochs=epochs, batch_size=batch, dtype="float32", engine="jax", shuffle=False)
print((time.perf_counter() - start) / history.steps * 1e6, history.loss[-1])
"""


def timed(code: str) -> tuple[float, float]:
    """Seconds of a process: by the clock, and of the processor."""
    start, before = perf_counter(), os.times()
    subprocess.run([sys.executable, "-c", code], check=True)
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return perf_counter() - start, used


def microseconds(processes: int, batch: int) -> tuple[float, float]:
    """A step of the slowest process, and the last loss."""
    with socket.socket() as listener:
        listener.bind(("localhost", 0))
        port = listener.getsockname()[1]
    environment = {**os.environ, "JAX_PLATFORMS": "cpu", "OMP_NUM_THREADS": "1"}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", STEPS, str(number), str(processes), str(port), str(batch)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for number in range(processes)
    ]
    found = [tuple(map(float, process.communicate(timeout=300)[0].splitlines()[-1].split())) for process in started]
    return max(one[0] for one in found), found[0][1]


def show(name: str, values: Sequence[float], unit: str) -> None:
    print(f"{name:<54}{min(values):>9.2f}{median(values):>9.2f}{max(values):>9.2f}  {unit}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    print(f"{'':<54}{'min':>9}{'median':>9}{'max':>9}")
    codes = {engine: START.format(engine=engine) for engine in ("jax", "auto")}
    for code in codes.values():
        timed(code)
    starts = {engine: [] for engine in codes}  # type: dict[str, list[float]]
    for _ in range(rounds):
        for engine, code in codes.items():
            starts[engine].append(timed(code)[0])
    for engine, values in starts.items():
        show(f"from import to the first step, {engine} (target 2)", values, "s")
    epochs = {name: code for name, code in EPOCHS.items() if find_spec(name) is not None}
    spent = {name: [] for name in epochs}  # type: dict[str, list[tuple[float, float]]]
    for _ in range(rounds):
        for name, code in epochs.items():
            spent[name].append(timed(code))
    for name, pairs in spent.items():
        for place, kind in enumerate(("by the clock", "of the processor")):
            show(f"one epoch in a fresh process, {name}, {kind}", [pair[place] for pair in pairs], "s")
            if name != "chalkwork":
                ratios = [ours[place] / one[place] for ours, one in zip(spent["chalkwork"], pairs, strict=True)]
                show(f"chalkwork / {name}, round by round", ratios, "times")
    for batch in BATCHES:
        ones, twos = [], []
        for _ in range(rounds):
            one, loss = microseconds(1, batch)
            two, same = microseconds(2, batch)
            if abs(loss - same) > 1e-4:
                raise SystemExit(f"two processes end with the loss {same}, one with {loss}")
            ones.append(one)
            twos.append(two)
        show(f"batch {batch}: a step, one process on one core", ones, "us")
        show(f"batch {batch}: a step, two processes on a core each", twos, "us")
        show("one / two, round by round", [one / two for one, two in zip(ones, twos, strict=True)], "times")


if __name__ == "__main__":
    main()
