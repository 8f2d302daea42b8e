"""What a step of Newton's method costs: the loss of a network, its Hessian and the linear system, for growing networks.

    python benchmarks/newton.py [--rounds N] [--largest N]

Two tables. The first takes the Hessian of small networks from our own equations (`NetworkLoss`) and one step
of Newton's method with it, beside the gradient alone. The second solves random symmetric systems of n unknowns, beside
what is counted: n^2 numbers of 8 bytes and n^3 / 3 multiplications. The last rows are extrapolated by n^2 and n^3 from
the largest system that was measured. Times are the smallest of the rounds; nothing is judged, and the exit code is 0.
"""

from __future__ import annotations

import argparse
import platform
from collections.abc import Callable
from functools import partial
from time import perf_counter

import numpy as np

from chalkwork import Dense, NeuralNetwork
from chalkwork.laboratory.optimisation.cost import size_in_words
from chalkwork.laboratory.optimisation.network import NetworkLoss

UNITS = (1, 3, 6, 12, 24, 39)
BEYOND = (10_000, 100_000, 1_000_000, 10_000_000)


def fastest(work: Callable[[], object], rounds: int) -> float:
    """Seconds of the fastest of so many rounds, after one that does not count."""
    work()
    times = []
    for _ in range(rounds):
        begin = perf_counter()
        work()
        times.append(perf_counter() - begin)
    return min(times)


def networks(rounds: int) -> None:
    """A 2-h-1 network on 16 samples, for growing h."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=(16, 2))
    y = (x[:, :1] * x[:, 1:] > 0).astype(float)
    print(f"{'parameters':>10}{'gradient ms':>13}{'Hessian ms':>13}{'system ms':>13}{'ratio':>8}")
    for units in UNITS:
        net = NeuralNetwork([Dense(units, "tanh", inputs=2), Dense(1, "sigmoid")], "binary_cross_entropy")
        loss = NetworkLoss(net, x, y)
        hessian, slopes = loss.hessian(loss.start), loss.gradient(loss.start)
        damped = hessian + np.eye(len(slopes))
        times = [
            fastest(partial(loss.gradient, loss.start), rounds),
            fastest(partial(loss.hessian, loss.start), rounds),
            fastest(partial(np.linalg.solve, damped, slopes), rounds),
        ]
        shown = "".join(f"{1000 * seconds:13.3f}" for seconds in times)
        print(f"{len(slopes):>10}{shown}{sum(times) / times[0]:8.1f}")


def systems(rounds: int, largest: int) -> None:
    """Symmetric systems of n unknowns, measured, then extrapolated."""
    print(f"\n{'n':>10}{'Hessian':>12}{'multiplications':>18}{'seconds':>12}{'per n^3/3':>12}")
    size, seconds = 0, 0.0
    for size in [n for n in (125, 250, 500, 1000, 2000, 4000) if n <= largest]:
        matrix = np.random.default_rng(size).normal(size=(size, size))
        matrix = matrix + matrix.T
        right = np.ones(size)
        seconds = fastest(partial(np.linalg.solve, matrix, right), rounds)
        print(_row(size, seconds, "measured"))
    for n in BEYOND:
        print(_row(n, seconds * (n / size) ** 3, "extrapolated"))


def _row(n: int, seconds: float, how: str) -> str:
    operations = n**3 / 3
    each = seconds / operations
    return f"{n:>10}{size_in_words(8 * n**2):>12}{operations:>18.2e}{seconds:>12.3g}{each:>12.2e}  {how}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="how often each thing is timed")
    parser.add_argument("--largest", type=int, default=2000, help="the largest system, in unknowns")
    arguments = parser.parse_args()
    print(f"{platform.machine()}, Python {platform.python_version()}, NumPy {np.__version__}\n")
    networks(arguments.rounds)
    systems(arguments.rounds, max(125, arguments.largest))


if __name__ == "__main__":
    main()
