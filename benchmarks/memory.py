"""How much memory training and prediction take beyond the data, each in a process of its own.

    python benchmarks/memory.py [--samples N] [--rounds N]

The data are float32, and float32 is wanted. What is measured is by how much the peak of the process (`ru_maxrss`)
grows while the call lasts, after the same call on a few samples has loaded and compiled everything; as a multiple of
the data.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np

INPUTS, CLASSES = 784, 10
Call = Callable[[np.ndarray, np.ndarray], object]


def calls() -> dict[str, Call]:
    """What is measured, by name."""
    from chalkwork import Dense, NeuralNetwork
    from chalkwork.sklearn import NeuralNetworkClassifier

    net = NeuralNetwork([Dense(32, "relu"), Dense(CLASSES, "softmax")], "cross_entropy", inputs=INPUTS)
    run: dict[str, Any] = {"epochs": 1, "batch_size": 64, "dtype": "float32", "progress": False}

    def estimator() -> NeuralNetworkClassifier:
        return NeuralNetworkClassifier((32,), max_epochs=1, batch_size=64, dtype="float32", engine="numpy", tol=None)

    few = np.random.default_rng(0).random((64, INPUTS), np.float32)
    fitted = estimator().fit(few, np.arange(64) % CLASSES)
    return {
        "train, NumPy": lambda x, y: net.train(x, y, engine="numpy", **run),
        "train, JAX": lambda x, y: net.train(x, y, engine="jax", **run),
        "train with a quarter held out": lambda x, y: net.train(x, y, engine="numpy", validation=0.25, **run),
        "evaluate": net.evaluate,
        "predict": lambda x, y: net.predict(x),
        "fit of the estimator": lambda x, y: estimator().fit(x, y),
        "predict of the estimator": lambda x, y: fitted.predict(x),
    }


def peak() -> float:
    """The largest size of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measured(name: str, samples: int) -> float:
    """What one call takes beyond the data, as a multiple of them."""
    generator, call = np.random.default_rng(1), calls()[name]
    few = generator.random((200, INPUTS), np.float32)
    call(few, np.arange(200) % CLASSES)
    x, y = generator.random((samples, INPUTS), np.float32), generator.integers(0, CLASSES, samples)
    before = peak()
    call(x, y)
    return (peak() - before) / (x.nbytes / 2**20)


def main() -> None:
    """Measure every call in fresh processes, or, as one of these, one of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=40_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        print(measured(chosen.one, chosen.samples))
        return
    print(f"{chosen.samples} samples of {INPUTS} float32: {chosen.samples * INPUTS * 4 / 2**20:.0f} MiB")
    for name in calls():
        command = [sys.executable, __file__, "--samples", str(chosen.samples), "--one", name]
        found = [float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1])
                 for _ in range(chosen.rounds)]  # fmt: skip
        print(f"{name:32} {median(found):6.2f} times the data  ({min(found):.2f} to {max(found):.2f})", flush=True)


if __name__ == "__main__":
    main()
