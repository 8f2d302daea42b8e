"""How much memory training and prediction take beyond the data, each in a process of its own.

    python benchmarks/memory.py [--samples N] [--rounds N] [--only ROW]

The data are float32, and float32 is wanted. What is measured is by how much the peak of the process (`ru_maxrss`)
grows while the call lasts, after the same call on a few samples has loaded and compiled everything; as a multiple of
the data.

In the row with many classes, 20,000 samples of 64 inputs have a label out of 5,000 classes. In that of the memory map,
x lies in a file on the disk; pages of the file that are in memory are the system's to take back, so there only what is
the process's own is counted, looked at every few milliseconds. A source of batches, and a sparse matrix with 1 in 1,000
entries, are held against all that they would be as one dense array.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

INPUTS, CLASSES = 784, 10
MANY = (20_000, 64, 5_000)
"""Samples, inputs and classes, where these are many."""
BATCH = 256
"""Samples of a batch of a source that draws them when they are wanted."""
COLUMNS = 10_000
"""Of a sparse matrix."""
Call = Callable[[np.ndarray, np.ndarray], object]


def calls() -> dict[str, Call]:
    """What is measured, by name."""
    from chalkwork import Dense, NeuralNetwork
    from chalkwork.packages import package
    from chalkwork.sklearn import NeuralNetworkClassifier

    net = NeuralNetwork([Dense(32, "relu"), Dense(CLASSES, "softmax")], "cross_entropy", inputs=INPUTS)
    run: dict[str, Any] = {"epochs": 1, "batch_size": 64, "dtype": "float32", "progress": False}

    many = NeuralNetwork([Dense(32, "relu"), Dense(MANY[2], "softmax")], "cross_entropy", inputs=MANY[1])

    def map_of(x: np.ndarray, y: np.ndarray) -> None:
        net.train(x, y, engine="numpy", **run)

    def drawn(samples: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        generator = np.random.default_rng(1)
        for _ in range(0, samples, BATCH):
            yield generator.random((BATCH, INPUTS), np.float32), generator.integers(0, CLASSES, BATCH)

    def one_by_one(engine: str) -> Call:
        return lambda x, y: net.train(data=lambda: drawn(len(x)), engine=engine, **run | {"batch_size": None})

    def sparse(x: np.ndarray, y: np.ndarray) -> None:
        thin = package("scipy.sparse", "this row", "pip install scipy").random_array(
            (len(x), COLUMNS), density=1e-3, format="csr", dtype=np.float32, rng=0
        )
        estimator().fit(thin, y % 2).predict(thin)

    def estimator() -> NeuralNetworkClassifier:
        return NeuralNetworkClassifier((32,), max_epochs=1, batch_size=64, dtype="float32", engine="numpy", tol=None)

    few = np.random.default_rng(0).random((64, INPUTS), np.float32)
    fitted = estimator().fit(few, np.arange(64) % CLASSES)
    return {
        "train, NumPy": lambda x, y: net.train(x, y, engine="numpy", **run),
        "train, JAX": lambda x, y: net.train(x, y, engine="jax", **run),
        "train with a quarter held out": lambda x, y: net.train(x, y, engine="numpy", validation=0.25, **run),
        "train, a memory map": map_of,
        "train, many classes": lambda x, y: many.train(x, y, engine="numpy", validation=0.25, **run),
        "train, batches one by one": one_by_one("numpy"),
        "train, one by one, JAX": one_by_one("jax"),
        "fit and predict, sparse": sparse,
        "evaluate": net.evaluate,
        "predict": lambda x, y: net.predict(x),
        "fit of the estimator": lambda x, y: estimator().fit(x, y),
        "predict of the estimator": lambda x, y: fitted.predict(x),
    }


def peak() -> float:
    """The largest size of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@contextmanager
def own_memory() -> Iterator[list[float]]:
    """The largest part of the process's memory that is no file, in MiB, as far as it was seen while it lasts."""
    seen, done = [0.0], threading.Event()

    def look() -> None:
        while not done.wait(0.003):
            resident, shared = (int(part) for part in Path("/proc/self/statm").read_text().split()[1:3])
            seen[0] = max(seen[0], (resident - shared) * resource.getpagesize() / 2**20)

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    yield seen
    done.set()
    watcher.join()


def measured(name: str, samples: int) -> tuple[float, float]:
    """What one call takes beyond the data, in MiB, and the data."""
    generator, call = np.random.default_rng(1), calls()[name]
    samples, inputs, classes = MANY if "many" in name else (samples, INPUTS, CLASSES)
    few = generator.random((200, inputs), np.float32)
    call(few, np.arange(200) % classes)
    if any(word in name for word in ("one by one", "sparse")):  # these bring data of their own
        before, none = peak(), np.empty((samples, 0))
        call(none, np.arange(samples))
        return peak() - before, 4 * samples * (COLUMNS if "sparse" in name else INPUTS) / 2**20
    y = generator.integers(0, classes, samples)
    y[0] = 0
    if "map" not in name:
        x = generator.random((samples, inputs), np.float32)
        before = peak()
        call(x, y)
        return peak() - before, x.nbytes / 2**20
    with TemporaryDirectory() as folder:
        file = np.memmap(f"{folder}/x", np.float32, "w+", shape=(samples, inputs))
        for start in range(0, samples, 1000):
            file[start : start + 1000] = generator.random(file[start : start + 1000].shape, np.float32)
        file.flush()
        with own_memory() as least:
            threading.Event().wait(0.1)
        with own_memory() as most:
            call(np.memmap(f"{folder}/x", np.float32, "r", shape=(samples, inputs)), y)
        return most[0] - least[0], file.nbytes / 2**20


def main() -> None:
    """Measure every call in fresh processes, or, as one of these, one of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=40_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", action="append", metavar="ROW")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        print(*measured(chosen.one, chosen.samples))
        return
    print(f"{chosen.samples} samples of {INPUTS} float32: {chosen.samples * INPUTS * 4 / 2**20:.0f} MiB")
    for name in chosen.only or calls():
        command = [sys.executable, __file__, "--samples", str(chosen.samples), "--one", name]
        found, data = [], 0.0
        for _ in range(chosen.rounds):
            said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-2:]
            taken, data = map(float, said)
            found.append(taken)
        low, middle, high = (each / data for each in (min(found), median(found), max(found)))
        told = f"{middle:6.2f} times the data  ({low:.2f} to {high:.2f}), {median(found):.0f} MiB"
        print(f"{name:32} {told}", flush=True)


if __name__ == "__main__":
    main()
