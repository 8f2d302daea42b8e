"""Hierarchical softmax: the probability of a word is a product of sigmoids on its way through a binary tree.

Sources: Morin and Bengio, Hierarchical Probabilistic Neural Network Language Model, AISTATS 2005; Mikolov, Sutskever,
Chen, Corrado and Dean, Distributed Representations of Words and Phrases and their Compositionality, NeurIPS 2013,
equation 3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chalkwork.algebra.operations import TABLE
from chalkwork.errors import ChalkworkError, ShapeError
from chalkwork.laboratory.outputs.tree import Tree, huffman, read_tree
from chalkwork.networks.data import Array, as_matrix, as_vector
from chalkwork.solutions.setting import Style
from chalkwork.solutions.solution import Solution


class HierarchicalSoftmax:
    """An output layer over a binary tree of words: at each inner node a sigmoid decides between left and right.

    Made from a tree of nested pairs (`[["the", "a"], ["cat", "dog"]]`) or from frequencies (a mapping of words to
    positive numbers), of which Huffman's rule makes a tree. Inner node n = 1, ..., V - 1 (breadth-first from the root,
    left before right) has a vector v_n, row n of `vectors`, (V - 1) x d; the layer's input is `h` with d entries.
    Going left at n has the probability sigma(v_n . h), going right sigma(-v_n . h).

    Raises ChalkworkError for what is no tree and no frequencies.

    >>> layer = HierarchicalSoftmax([["the", "a"], "cat"])
    >>> layer.probabilities([0.0], [[1.0], [1.0]])
    {'the': 0.25, 'a': 0.25, 'cat': 0.5}
    """

    def __init__(self, tree: Any) -> None:
        if isinstance(tree, Tree):
            self.tree = tree
        else:
            self.tree = huffman(tree) if isinstance(tree, Mapping) else read_tree(tree)
        self._places = {word: place for place, word in enumerate(self.tree.words)}

    @property
    def words(self) -> tuple[str, ...]:
        """The words, from left to right."""
        return self.tree.words

    def index(self, word: str) -> int:
        """The place of a word, from 0; ChalkworkError for a word that is not in the tree."""
        found = self._places.get(word) if isinstance(word, str) else None
        if found is None:
            some = ", ".join(self.words[:6]) + (", ..." if len(self.words) > 6 else "")
            raise ChalkworkError(f"the word {word!r:.60} is not in the tree", hint=f"the words are {some}")
        return found

    def inputs(self, h: Any, vectors: Any) -> tuple[Array, Array]:
        """h and the vectors as arrays, d and (V - 1) x d; ShapeError where they do not fit."""
        entering, table = as_vector(h, "h"), as_matrix(vectors, "vectors")
        wanted = (len(self.words) - 1, len(entering))
        if table.shape != wanted:
            raise ShapeError(
                f"vectors is {table.shape[0]}x{table.shape[1]}, but {wanted[0]}x{wanted[1]} is needed: a row for each "
                f"of the {wanted[0]} inner nodes, as long as h"
            )
        return entering, table

    def log_probabilities(self, h: Any, vectors: Any) -> Array:
        """The logarithm of the probability of every word, in the order of `words`."""
        entering, table = self.inputs(h, vectors)
        scores = table @ entering
        parts = log_sigmoid(self.tree.signs * scores[self.tree.nodes])
        return np.add.reduceat(parts, self.tree.starts[:-1])

    def probabilities(self, h: Any, vectors: Any) -> dict[str, float]:
        """The probability of every word; they sum to one."""
        values = np.exp(self.log_probabilities(h, vectors))
        return dict(zip(self.words, values.tolist(), strict=True))

    def loss(self, h: Array, words: Sequence[int] | Array, vectors: Array) -> Array:
        """-log P of one word (by its place, from 0) for each row of h (n x d); only the paths are touched."""
        rows, nodes, signs = self._steps(np.asarray(words))
        scores = signs * np.einsum("id,id->i", vectors[nodes], h[rows])
        return np.bincount(rows, -log_sigmoid(scores), minlength=len(h))

    def gradients(self, h: Array, words: Sequence[int] | Array, vectors: Array) -> tuple[Array, Array, Array, Array]:
        """The losses of a batch, dL/dh (n x d), and the derivatives by the node vectors that lie on a path.

        The latter come as the node's row and its derivative, one for every step of every path: a node on several
        paths occurs several times, its derivatives add up (`np.add.at`).
        """
        rows, nodes, signs = self._steps(np.asarray(words))
        touched = vectors[nodes]
        scores = signs * np.einsum("id,id->i", touched, h[rows])
        error = -signs * sigmoid(-scores)  # p - 1 to the left, 1 - p to the right
        losses = np.bincount(rows, -log_sigmoid(scores), minlength=len(h))
        starts = np.concatenate([[0], np.cumsum(self.tree.lengths[np.asarray(words)])[:-1]])
        back = np.add.reduceat(error[:, None] * touched, starts, axis=0)
        return losses, back, nodes, error[:, None] * h[rows]

    def update(self, h: Array, words: Sequence[int] | Array, vectors: Array, rate: float) -> tuple[Array, Array]:
        """One step of gradient descent on the vectors, in place; gives the losses before and dL/dh before."""
        losses, back, nodes, changes = self.gradients(h, words, vectors)
        np.subtract.at(vectors, nodes, rate * changes)
        return losses, back

    def _steps(self, words: Array) -> tuple[Array, Array, Array]:
        """For every step of every path: the sample, the node (from 0), the sign."""
        starts, lengths = self.tree.starts[words], self.tree.lengths[words]
        rows = np.repeat(np.arange(len(words)), lengths)
        offsets = np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        places = starts[rows] + offsets
        return rows, self.tree.nodes[places], self.tree.signs[places]

    def expected_length(self) -> float:
        """The expected number of nodes on a path: by the frequencies, if there are any, else over equal words."""
        weights = np.array(self.tree.frequencies or [1.0] * len(self.words))
        return float(weights @ self.tree.lengths / weights.sum())

    def entropy(self) -> float:
        """The entropy of the frequencies in bits; that of equal words where there are none."""
        weights = np.array(self.tree.frequencies or [1.0] * len(self.words))
        shares = weights / weights.sum()
        return float(-(shares @ np.log2(shares)))

    def solve(
        self,
        h: Any,
        word: str,
        *,
        vectors: Any,
        learning_rate: float | None = None,
        style: Style | None = None,
    ) -> Solution:
        """The worked solution for one target word: path, probability, loss, gradients, and one update step.

        The solution holds `P`, `L`, `dh` (d x 1), `s5`, `p5`, `delta5`, `v5`, `dv5` for a node 5 on the path (scalars
        and d x 1), with a learning rate (above 0) `v5_new`, `P_new`, `L_new`, and besides `path` (node numbers), `code`
        (0 left, 1 right) and `probabilities` (by word, if there are at most 1000). Raises ChalkworkError, ShapeError.

        >>> layer = HierarchicalSoftmax([["the", "a"], "cat"])
        >>> answer = layer.solve([1.0], "a", vectors=[[0.0], [0.0]], learning_rate=1.0)
        >>> float(answer["P"]), answer["dh"].tolist(), answer["v2_new"].tolist(), round(float(answer["P_new"]), 4)
        (0.25, [[0.0]], [[-0.5]], 0.3875)
        """
        from chalkwork.laboratory.outputs.worked import solved

        return solved(self, h, word, vectors, learning_rate, style or Style())


def sigmoid(x: Array) -> Array:
    """1/(1 + e^-x), without overflow."""
    return np.asarray(TABLE["sigmoid"].value(np, x))


def log_sigmoid(x: Array) -> Array:
    """log(1/(1 + e^-x)), without overflow."""
    return np.asarray(TABLE["log_sigmoid"].value(np, x))
