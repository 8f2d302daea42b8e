"""Hierarchical softmax: the probability of a word is a product of sigmoids on its way through a binary tree.

Sources: Morin and Bengio, Hierarchical Probabilistic Neural Network Language Model, AISTATS 2005; Mikolov, Sutskever,
Chen, Corrado and Dean, Distributed Representations of Words and Phrases and their Compositionality, NeurIPS 2013,
equation 3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from math import log2
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Application, Expression, Name, apply
from chalkwork.algebra.operations import TABLE
from chalkwork.counting import counted, some
from chalkwork.derivation.chain import chain
from chalkwork.derivation.derivation import Equation, Stage
from chalkwork.derivation.differentiate import Adjoints, local_derivatives
from chalkwork.documents.literal import literal
from chalkwork.documents.model import Block, Display, Heading, Paragraph, Table
from chalkwork.errors import ChalkworkError, ShapeError
from chalkwork.laboratory.outputs.tree import MOST_DRAWN, Tree, draw_tree, huffman, read_tree
from chalkwork.laboratory.work import Work
from chalkwork.networks.data import Array, as_matrix, as_vector
from chalkwork.networks.layers.settings import real
from chalkwork.solutions.board import Board
from chalkwork.solutions.setting import Style
from chalkwork.solutions.solution import Solution
from chalkwork.typesetting.notation import Notation
from chalkwork.typesetting.symbols import Symbol, Symbols

LONGEST_PATH = 40
MOST_LISTED = 1000
Path = Sequence[tuple[int, int]]


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
            hint = f"the words are {some(self.words[:7], 6)}"
            raise ChalkworkError(f"the word {word!r:.60} is not in the tree", hint=hint)
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
        return _solved(self, h, word, vectors, learning_rate, style or Style())


def sigmoid(x: Array) -> Array:
    """1/(1 + e^-x), without overflow."""
    return np.asarray(TABLE["sigmoid"].value(np, x))


def log_sigmoid(x: Array) -> Array:
    """log(1/(1 + e^-x)), without overflow."""
    return np.asarray(TABLE["log_sigmoid"].value(np, x))


# --- the worked solution: forward for a word, loss, gradients by reverse mode, one update ----------------------------


def _solved(
    layer: HierarchicalSoftmax, h: Any, word: str, vectors: Any, learning_rate: float | None, style: Style
) -> Solution:
    index = layer.index(word)
    path = layer.tree.path(index)
    if len(path) > LONGEST_PATH:
        raise ChalkworkError(f"the path to {word!r} has {len(path)} nodes; at most {LONGEST_PATH} are written out")
    entering, table = layer.inputs(h, vectors)
    work = Work(letters=_letters(path, style.notation))
    x = work.given("h", entering)
    inner = [work.given(f"v{node}", table[node - 1]) for node, _ in path]
    forward = _forward(path, x, "", Stage.FORWARD)
    work.equations += [*_as_products(forward, x), *_backward(path, x, forward)]
    if learning_rate is not None:
        rate = work.given("eta", real(learning_rate, "learning_rate", 0, float("inf"), low_open=True))
        for vector in inner:
            work.equation(f"{vector.name}_new", vector - rate * Name(f"d{vector.name}", vector.shape), Stage.UPDATE)
        work.equations += _as_products(_forward(path, x, "_new", Stage.REEVALUATION), x)
    chances = layer.probabilities(entering, table) if len(layer.words) <= MOST_LISTED else {}
    work.facts |= {"path": [node for node, _ in path], "code": layer.tree.code(index)}
    work.facts |= {"probabilities": chances} if chances else {}
    work.facts |= {"expected_length": layer.expected_length(), "entropy": layer.entropy()}

    def script(board: Board) -> Iterator[Block]:
        yield from _tree_blocks(board, layer, index)
        yield from _forward_blocks(board, path, word)
        yield from _sum_blocks(board, layer, index, chances)
        yield from _backward_blocks(board, path)
        if learning_rate is not None:
            yield from _update_blocks(board, path)
        yield from _cost_blocks(board, layer, len(path), len(entering))

    return work.solution(style, title=f"Hierarchical softmax: the word {literal(word)}", script=script)


def _letters(path: Path, notation: Notation) -> dict[str, Symbol]:
    """The letters of the notation for loss, errors and rate; vectors are bold where it has them so."""
    own, bold = Symbols(notation), notation.letter_latex("v", bold=True)
    found = {"eta": own[notation.rate], "L": own[notation.loss], "L_new": own[f"{notation.loss}_new"]}
    for node, _ in path:
        found[f"delta{node}"] = own[f"{notation.delta}{node}"]
        for name in (f"v{node}", f"v{node}_new"):
            found[name] = own[name]._replace(latex=own[name].latex.replace("v", bold, 1))
    return found


# --- the derivation ------------------------------------------------------------------------------------------------


def _forward(path: Path, h: Name, suffix: str, stage: Stage) -> list[Equation]:
    """s_n = v_n . h, p_n = sigma(+-s_n), P and L; the scores as sums of products, which are scalars."""
    equations: list[Equation] = []
    for node, sign in path:
        score = Name(f"s{node}{suffix}")
        vector = Name(f"v{node}{suffix}", h.shape)
        side = apply("sigmoid", score if sign > 0 else -score)
        equations.append(Equation(score.name, apply("sum", vector * h), stage))
        equations.append(Equation(f"p{node}{suffix}", side, stage))
    chances: list[Expression] = [Name(f"p{node}{suffix}") for node, _ in path]
    first, *others = (apply("log", chance) for chance in chances)
    whole = Equation(f"P{suffix}", reduce(Expression.__mul__, chances), stage)
    steps = (-apply("log", whole.symbol),) if others else ()
    return [*equations, whole, Equation(f"L{suffix}", reduce(Expression.__sub__, others, -first), stage, steps=steps)]


def _as_products(equations: Sequence[Equation], h: Name) -> list[Equation]:
    """The same with the scores written as they are in the books, v^T h."""
    return [
        replace(e, expression=Name(f"v{e.name[1:]}", h.shape).T @ h) if e.name.startswith("s") else e for e in equations
    ]


def _backward(path: Path, h: Name, forward: Sequence[Equation]) -> list[Equation]:
    """The adjoints of scores, vectors and h, by reverse mode, with their chain rules.

    Reverse mode meets the last node first; it is given the path from its end, so that sums begin at the root.
    """
    named = {f"s{node}": f"delta{node}" for node, _ in path} | {f"v{node}": f"dv{node}" for node, _ in path}
    named["h"] = "dh"
    short = [equation for equation in forward if equation.name != "P"]
    adjoints = Adjoints([e for e in _forward(path[::-1], h, "", Stage.FORWARD) if e.name != "P"], "L", named)
    found = {equation.name: equation for equation in adjoints.equations()}
    local = {equation.name: equation for equation in short}
    ordered = []
    for node, _ in path:
        steps = (adjoints.found[f"p{node}"] * _slope(local[f"p{node}"]),)
        ordered.append(replace(found[f"delta{node}"], chain=chain(short, "L", f"s{node}"), steps=steps))
    stops = [f"s{node}" for node, _ in path]
    names = [*(f"v{node}" for node, _ in path), "h"]
    return ordered + [replace(found[named[name]], chain=chain(short, "L", name, stops)) for name in names]


def _slope(probability: Equation) -> Expression:
    """dp/ds as the table of operations gives it, with p for its own value."""
    outer = probability.expression
    assert isinstance(outer, Application)
    (slope,) = local_derivatives(outer, probability.symbol)
    assert slope is not None
    return slope if isinstance(outer.arguments[0], Name) else -slope


# --- what is written -----------------------------------------------------------------------------------------------


def _tree_blocks(board: Board, layer: HierarchicalSoftmax, index: int) -> Iterator[Block]:
    tree = layer.tree
    count, word = len(tree.words), literal(tree.words[index])
    nodes = [f"node {node} to the {'left' if sign > 0 else 'right'}" for node, sign in tree.path(index)]
    yield Heading("The tree", 2)
    if tree.merges and count <= MOST_DRAWN:
        yield Paragraph(
            "Huffman's rule makes the tree: the two lightest subtrees become the children of a new node, whose weight "
            "is their sum, until one tree is left. Frequent words come to lie near the root."
        )
        rows = [
            (str(step), literal(merge.left), literal(merge.right), " + ".join(board.cells(merge.weights)),
             board.number(sum(merge.weights)))
            for step, merge in enumerate(tree.merges, 1)
        ]  # fmt: skip
        yield Table(("step", "left", "right", "weights", "sum"), tuple(rows), right=(0, 4))
    yield Paragraph(
        f"The {count} words are the leaves of a binary tree with {counted(count - 1, 'inner node')}, counted from the "
        "root down and from left to right. Node $n$ has a vector $v_n$ and decides between its two children: to the "
        "left with the probability $\\sigma(v_n^{\\top} h)$, to the right with $1 - \\sigma(v_n^{\\top} h) = "
        f"\\sigma(-v_n^{{\\top}} h)$. The path to **{word}** leaves {', '.join(nodes)}."
    )
    drawing = draw_tree(tree, index, {node: board.number(f"p{node}").strip("$") for node, _ in tree.path(index)})
    if drawing is not None:
        yield drawing.titled(f"The path to {word}, with the probability of each turn")


def _forward_blocks(board: Board, path: Path, word: str) -> Iterator[Block]:
    yield Heading("Probability and loss", 2)
    yield from board.givens(["h", *(f"v{node}" for node, _ in path)])
    for node, sign in path:
        side, called, minus = ("left", "plus", "") if sign > 0 else ("right", "minus", "-")
        yield board.say(
            f"Node {node}{' (the root)' if node == 1 else ''}: the path goes to the {side}, so the sign is {called}: "
            f"${{p{node}}} = \\sigma({minus}{{s{node}}})$."
        )
        yield from board.equations([f"s{node}", f"p{node}"])
    yield Paragraph(
        f"The probability of **{literal(word)}** is the product of the probabilities of the turns, each given those "
        "before it; the loss is its negative logarithm, a sum over the path."
    )
    yield from board.equations(["P", "L"])


def _sum_blocks(board: Board, layer: HierarchicalSoftmax, index: int, chances: Mapping[str, float]) -> Iterator[Block]:
    said = "No normalising sum over the vocabulary was needed: at every node the two probabilities add up to one, "
    said += "so those of all leaves do."
    listed = len(layer.words) <= MOST_DRAWN
    yield Paragraph(said + " With 0 for left and 1 for right:" if listed else said)
    if listed:
        shown = board.cells([*chances.values(), sum(chances.values())])
        rows = [
            (f"**{literal(word)}**" if place == index else literal(word), layer.tree.code(place), shown[place])
            for place, word in enumerate(layer.words)
        ]
        yield Table(("word", "path", "probability"), (*rows, ("sum", "", shown[-1])), right=(2,))


def _backward_blocks(board: Board, path: Path) -> Iterator[Block]:
    yield Heading("Gradients", 2)
    yield Paragraph(
        "First by the score of each node on the path; with $\\sigma' = \\sigma (1 - \\sigma)$ the fraction cancels."
    )
    yield from board.equations([f"delta{node}" for node, _ in path])
    yield Paragraph(
        "Every node is a binary classification of its own: with $a_n = \\sigma(s_n)$ for left and the target $t_n = 1$ "
        "where the path goes left, 0 where it goes right, all of these are $a_n - t_n$, as for a sigmoid output under "
        "binary cross-entropy."
    )
    yield board.say("A score is a product of a vector with {h}, so each vector gets a multiple of {h}:")
    yield from board.equations([f"dv{node}" for node, _ in path])
    yield board.say("{h} enters every score on the path; this is what goes back to the network below:")
    yield from board.equations(["dh"])
    yield Paragraph("The vectors of all other nodes do not occur in the loss. Their gradients are zero.")


def _update_blocks(board: Board, path: Path) -> Iterator[Block]:
    falls = bool(board.values["L_new"] < board.values["L"])
    yield Heading("One update step", 2)
    yield board.say("Only the vectors on the path move; {h} belongs to the layer below and stays.")
    yield from board.givens(["eta"])
    yield from board.equations([f"v{node}_new" for node, _ in path])
    yield Paragraph("The forward pass once more:")
    yield from board.equations([*(f"{kind}{node}_new" for node, _ in path for kind in "sp"), "P_new", "L_new"])
    end = "." if falls else ": the step is too long, a smaller learning rate would lower it."
    change = f"The loss {'falls' if falls else 'rises'} from {board.number('L')} to {board.number('L_new')}"
    yield Paragraph(change + end)


def _cost_blocks(board: Board, layer: HierarchicalSoftmax, steps: int, size: int) -> Iterator[Block]:
    """How many operations the tree saves, and how long its paths are."""
    count = len(layer.words)
    yield Heading("What it costs", 2)
    yield Paragraph(
        f"A softmax over $V = {count}$ words with $d = {size}$ needs every score: $V d = {count * size}$ "
        f"multiplications, and as many for each gradient. The path needs {counted(steps, 'score')}: "
        f"${steps} \\cdot {size} = {steps * size}$. In a balanced tree a path has about $\\log_2 V$ "
        f"nodes, here {board.number(log2(count))}, so the cost is $d \\log_2 V$ instead of $V d$."
    )
    if not layer.tree.frequencies:
        return
    yield Paragraph(
        "With the words' frequencies $q_w$ the expected length of a path of $\\ell_w$ nodes lies between the entropy "
        "in bits and the entropy plus one (Shannon 1948; no binary tree does better than Huffman's):"
    )
    weights = np.array(layer.tree.frequencies)
    shares, lengths = weights / weights.sum(), layer.tree.lengths
    if count <= MOST_DRAWN:
        terms = -shares * np.log2(shares)
        first, second, third = (board.cells(part.tolist()) for part in (shares, shares * lengths, terms))
        words = map(literal, layer.words)
        rows = tuple(zip(words, first, map(str, lengths), second, third, strict=True))
        last = ("sum", "1", "", *(board.number(float(value)) for value in (shares @ lengths, terms.sum())))
        head = ("word", "$q_w$", "$\\ell_w$", "$q_w \\ell_w$", "$-q_w \\log_2 q_w$")
        yield Table(head, (*rows, last), right=(1, 2, 3, 4))
    entropy, length, upper = map(board.piece, (layer.entropy(), layer.expected_length(), layer.entropy() + 1))
    latex = rf"H = {entropy.latex} \le E[\ell] = {length.latex} < H + 1 = {upper.latex}"
    text = [piece.box.lines[0] for piece in (entropy, length, upper)]
    yield Display(latex, f"H = {text[0]} ≤ E[ℓ] = {text[1]} < H + 1 = {text[2]}")
