"""How fast a Taylor polynomial is as an activation, beside the sigmoid by NumPy's exponential.

    python benchmarks/taylor.py [--rounds N] [--orders 3,5,7]

For arrays of several sizes, in double and single precision, the rows take turns within each round, so that what
disturbs the machine disturbs all of them alike; a ratio is taken round by round. Each row gives the smallest, the
middle and the largest time for an element. Every way writes into arrays that are there already. The last column is
the largest error for arguments from -1 to 1.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from chalkwork.laboratory.taylor import taylor

Array = np.ndarray[Any, Any]
SIZES = (1_000, 100_000, 4_000_000)
BLOCK = 0.02


def by_exponential(x: Array, out: Array) -> Array:
    """1 / (1 + exp(-x)), without temporary arrays."""
    np.negative(x, out=out)
    np.exp(out, out=out)
    np.add(out, 1, out=out)
    return np.divide(1, out, out=out)


def by_horner(coefficients: Array) -> Callable[[Array, Array], Array]:
    """1/2 + x p(x^2): the even coefficients of the sigmoid about 0 vanish, which halves the work."""
    odd = coefficients[1::2]
    squares: dict[int, Array] = {}

    def work(x: Array, out: Array) -> Array:
        if x.size not in squares:
            squares[x.size] = np.empty_like(x)
        square = np.multiply(x, x, out=squares[x.size])
        np.multiply(square, odd[-1], out=out)
        for coefficient in odd[-2:0:-1]:
            np.add(out, coefficient, out=out)
            np.multiply(out, square, out=out)
        if len(odd) > 1:
            np.add(out, odd[0], out=out)
        else:
            out.fill(odd[0])
        np.multiply(out, x, out=out)
        return np.add(out, 0.5, out=out)

    return work


def once(work: Callable[[Array, Array], Array], x: Array, out: Array) -> float:
    """Seconds for one pass over the array, the mean over about BLOCK seconds."""
    count, start = 0, perf_counter()
    while count < 2 or perf_counter() - start < BLOCK:
        work(x, out)
        count += 1
    return (perf_counter() - start) / count


def measured(rows: dict[str, Callable[[Array, Array], Array]], size: int, dtype: str, rounds: int) -> None:
    """Print one table."""
    x = np.linspace(-1, 1, size, dtype=dtype)
    out = np.empty_like(x)
    exact = by_exponential(x.astype("float64"), np.empty(size))
    times: dict[str, list[float]] = {name: [] for name in rows}
    for _ in range(rounds):
        for name, work in rows.items():
            times[name].append(once(work, x, out) / size * 1e9)
    print(f"\n{size} elements, {dtype} (nanoseconds for an element)")
    first = next(iter(rows))
    for name, work in rows.items():
        found = times[name]
        ratio = median(base / own for base, own in zip(times[first], found, strict=True))
        error = np.abs(work(x, out) - exact).max()
        spread = f"{min(found):8.3f} {median(found):8.3f} {max(found):8.3f}"
        print(f"  {name:24} {spread}   exp / this {ratio:5.2f}x   error {error:.1e}")


def main() -> int:
    """Measure all sizes."""
    parser = argparse.ArgumentParser(description="The sigmoid by its Taylor polynomial and by the exponential.")
    parser.add_argument("--rounds", type=int, default=15, help="how often everything is measured (15)")
    parser.add_argument("--orders", default="3,5,7", help="the orders of the polynomials (3,5,7)")
    arguments = parser.parse_args()
    orders = [int(order) for order in arguments.orders.split(",")]
    print(f"{platform.system()}, {os.cpu_count()} cores, Python {platform.python_version()}, NumPy {np.__version__}")
    for dtype in ("float64", "float32"):
        rows: dict[str, Callable[[Array, Array], Array]] = {"1 / (1 + exp(-x))": by_exponential}
        for order in orders:
            rows[f"Taylor, order {order}"] = by_horner(taylor("sigmoid", order)["coefficients"].astype(dtype))
        for size in SIZES:
            measured(rows, size, dtype, max(1, arguments.rounds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
