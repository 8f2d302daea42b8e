"""What hierarchical softmax costs against a softmax over all words: loss, gradients and one update, in NumPy.

    python benchmarks/hierarchical_softmax.py [--rounds N] [--hidden D] [--batch N]

The words have frequencies as in Zipf's law (1/rank), the tree is Huffman's, and targets are drawn by frequency. In
every round both run one after the other on the same data, and the ratio is taken round by round; what is printed is
the median with the quartiles. The operations are counted beside the times.
"""

from __future__ import annotations

import argparse
from statistics import median, quantiles
from time import perf_counter
from typing import Any

import numpy as np

from chalkwork.laboratory.outputs import HierarchicalSoftmax

VOCABULARIES = (1_000, 10_000, 100_000)
RATE = 0.01
Array = np.ndarray[Any, Any]


def full_update(h: Array, targets: Array, weights: Array) -> tuple[Array, Array]:
    """Softmax over all words: the losses, dL/dh, and one step on the weights (V x d) in place."""
    scores = h @ weights.T
    scores -= scores.max(axis=1, keepdims=True)
    powers = np.exp(scores)
    totals = powers.sum(axis=1, keepdims=True)
    rows = np.arange(len(h))
    losses = np.log(totals[:, 0]) - scores[rows, targets]
    error = powers / totals
    error[rows, targets] -= 1
    back = error @ weights
    weights -= RATE * (error.T @ h)
    return losses, back


def seconds(work: Any, repeats: int) -> float:
    """The mean over the repeats."""
    start = perf_counter()
    for _ in range(repeats):
        work()
    return (perf_counter() - start) / repeats


def measured(vocabulary: int, hidden: int, batch: int, rounds: int) -> tuple[list[float], list[float], float]:
    """Seconds of a full step and of a step over the tree, round by round, and the expected path length."""
    random = np.random.default_rng(0)
    shares = 1 / np.arange(1, vocabulary + 1)
    shares /= shares.sum()
    layer = HierarchicalSoftmax({f"w{rank}": float(share) for rank, share in enumerate(shares, 1)})
    places = np.array([layer.index(f"w{rank}") for rank in range(1, vocabulary + 1)])
    weights = random.normal(0, 0.1, (vocabulary, hidden))
    vectors = random.normal(0, 0.1, (vocabulary - 1, hidden))
    full, tree = [], []
    for number in range(rounds + 1):
        ranks = random.choice(vocabulary, size=batch, p=shares)
        h = random.normal(0, 1, (batch, hidden))
        first = seconds(lambda h=h, ranks=ranks: full_update(h, ranks, weights), max(1, 20_000 // vocabulary))
        second = seconds(lambda h=h, ranks=ranks: layer.update(h, places[ranks], vectors, RATE), 20)
        if number:  # the first round warms up
            full.append(first)
            tree.append(second)
    return full, tree, layer.expected_length()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--hidden", type=int, default=128)
    parser.add_argument("--batch", type=int, default=1)
    chosen = parser.parse_args()
    print(f"d = {chosen.hidden}, {chosen.batch} target(s) a step, {chosen.rounds} rounds, float64")
    print(f"{'V':>7}  {'V d':>9}  {'E[path] d':>9}  {'full, us':>10}  {'tree, us':>9}  ratio (quartiles)")
    for vocabulary in VOCABULARIES:
        full, tree, length = measured(vocabulary, chosen.hidden, chosen.batch, chosen.rounds)
        ratios = [a / b for a, b in zip(full, tree, strict=True)]
        low, _, high = quantiles(ratios, n=4)
        print(
            f"{vocabulary:>7}  {vocabulary * chosen.hidden:>9}  {length * chosen.hidden:>9.0f}"
            f"  {1e6 * median(full):>10.1f}  {1e6 * median(tree):>9.1f}  {median(ratios):.1f} ({low:.1f} to {high:.1f})"
        )


if __name__ == "__main__":
    main()
