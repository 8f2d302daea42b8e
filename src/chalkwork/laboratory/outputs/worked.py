"""The worked solution of a hierarchical softmax: forward for a word, loss, gradients by reverse mode, one update."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from math import log2
from typing import TYPE_CHECKING, Any

import numpy as np

from chalkwork.algebra.expression import Application, Expression, Name, apply
from chalkwork.counting import counted
from chalkwork.derivation.chain import chain
from chalkwork.derivation.derivation import Derivation, Equation, Stage
from chalkwork.derivation.differentiate import Adjoints, local_derivatives
from chalkwork.documents.literal import literal
from chalkwork.documents.model import Block, Display, Heading, Paragraph, Table
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.outputs.picture import MOST_DRAWN, draw_tree
from chalkwork.networks.data import Array
from chalkwork.networks.layers.settings import real
from chalkwork.solutions.board import Board
from chalkwork.solutions.setting import Setting, Style
from chalkwork.solutions.solution import Solution
from chalkwork.typesetting.notation import Notation, subscript, superscript
from chalkwork.typesetting.symbols import Symbol

if TYPE_CHECKING:
    from chalkwork.laboratory.outputs.hierarchical import HierarchicalSoftmax

LONGEST_PATH = 40
MOST_LISTED = 1000
Path = Sequence[tuple[int, int]]


def solved(
    layer: HierarchicalSoftmax, h: Any, word: str, vectors: Any, learning_rate: float | None, style: Style
) -> Solution:
    """See `HierarchicalSoftmax.solve`."""
    index = layer.index(word)
    path = layer.tree.path(index)
    if len(path) > LONGEST_PATH:
        raise ChalkworkError(f"the path to {word!r} has {len(path)} nodes; at most {LONGEST_PATH} are written out")
    entering, table = layer.inputs(h, vectors)
    rate = None if learning_rate is None else real(learning_rate, "learning_rate", 0, float("inf"), low_open=True)
    derivation, givens = _derivation(path, entering, table, rate)
    facts = _facts(layer, index, path, entering, table)

    def script(board: Board) -> Iterator[Block]:
        yield from _tree_blocks(board, layer, index)
        yield from _forward_blocks(board, path, word)
        yield from _sum_blocks(board, layer, index, facts.get("probabilities", {}))
        yield from _backward_blocks(board, path)
        if rate is not None:
            yield from _update_blocks(board, path)
        yield from _cost_blocks(board, layer, len(path), len(entering))

    setting = Setting(
        givens=tuple(name.name for name in derivation.givens),
        title=f"Hierarchical softmax: the word {literal(word)}",
        letters=_special(path, style.notation),
        script=script,
        facts=facts,
    )
    return Solution(derivation, givens, style, setting)


def _facts(layer: HierarchicalSoftmax, index: int, path: Path, entering: Array, table: Array) -> dict[str, Any]:
    found: dict[str, Any] = {"path": [node for node, _ in path], "code": layer.tree.code(index)}
    if len(layer.words) <= MOST_LISTED:
        found["probabilities"] = layer.probabilities(entering, table)
    found["expected_length"], found["entropy"] = layer.expected_length(), layer.entropy()
    return found


# --- the derivation ------------------------------------------------------------------------------------------------


def _derivation(path: Path, entering: Array, table: Array, rate: float | None) -> tuple[Derivation, dict[str, Any]]:
    size = len(entering)
    h = Name("h", (size, 1))
    vectors = [Name(f"v{node}", (size, 1)) for node, _ in path]
    forward = _forward(path, h, "", Stage.FORWARD)
    backward = _backward(path, h, forward)
    equations = [*_as_products(forward, h), *backward]
    givens = [h, *vectors]
    values: dict[str, Any] = {"h": entering[:, None]}
    values |= {f"v{node}": table[node - 1][:, None] for node, _ in path}
    if rate is not None:
        eta = Name("eta")
        givens.append(eta)
        values["eta"] = np.array([[rate]])
        for vector in vectors:
            step = vector - eta * Name(f"d{vector.name}", vector.shape)
            equations.append(Equation(f"{vector.name}_new", step, Stage.UPDATE))
        equations += _as_products(_forward(path, h, "_new", Stage.REEVALUATION), h)
    return Derivation(tuple(givens), tuple(equations)), values


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
    equations.append(Equation(f"P{suffix}", reduce(lambda left, right: left * right, chances), stage))
    logarithms: list[Expression] = [apply("log", chance) for chance in chances]
    loss = reduce(lambda left, right: left - right, logarithms[1:], -logarithms[0])
    whole = -apply("log", Name(f"P{suffix}"))
    steps = (whole,) if len(path) > 1 else ()
    return [*equations, Equation(f"L{suffix}", loss, stage, steps=steps)]


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
    upwards = [e for e in _forward(path[::-1], h, "", Stage.FORWARD) if e.name != "P"]
    adjoints = Adjoints(upwards, "L", named)
    found = {equation.name: equation for equation in adjoints.equations()}
    by_name = {equation.name: equation for equation in short}
    ordered = []
    for node, _ in path:
        local = by_name[f"p{node}"]
        slope = _slope(local)
        steps = (adjoints.found[f"p{node}"] * slope,)
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


def _special(path: Path, notation: Notation) -> dict[str, Symbol]:
    """The letters of the notation for loss, errors and rate, and the mark of what is new."""
    mark = {"new": (r"^{\text{new}}", superscript("new")), "prime": ("'", "′"), "plus": ("^{+}", "⁺")}[notation.new]
    loss, rate, delta = notation.loss, notation.rate, notation.delta
    latex = {letter: notation.letter_latex(letter, bold=False) for letter in (loss, rate, delta)}
    found = {"eta": Symbol(latex[rate], notation.letter_text(rate))}
    for letter in ("P", "L"):
        shown = notation.loss if letter == "L" else letter
        bare = notation.letter_latex(shown, bold=False), notation.letter_text(shown)
        found[letter] = Symbol(*bare)
        found[f"{letter}_new"] = Symbol(bare[0] + mark[0], bare[1] + mark[1], raised=True)
    for node, _ in path:
        below = f"_{{{node}}}", subscript(str(node))
        found[f"delta{node}"] = Symbol(latex[delta] + below[0], notation.letter_text(delta) + below[1])
        for letter in "vsp":
            bare = notation.letter_latex(letter, bold=letter == "v") + below[0], letter + below[1]
            found[f"{letter}{node}"] = Symbol(*bare)
            found[f"{letter}{node}_new"] = Symbol(bare[0] + mark[0], bare[1] + mark[1], raised=True)
    return found


# --- what is written -----------------------------------------------------------------------------------------------


def _tree_blocks(board: Board, layer: HierarchicalSoftmax, index: int) -> list[Block]:
    tree = layer.tree
    chances = {node: board.number(f"p{node}").strip("$") for node, _ in tree.path(index)}
    count, word = len(tree.words), literal(tree.words[index])
    turns = ["left" if sign > 0 else "right" for _, sign in tree.path(index)]
    nodes = [f"node {node} to the {turn}" for (node, _), turn in zip(tree.path(index), turns, strict=True)]
    said = (
        f"The {count} words are the leaves of a binary tree with {counted(count - 1, 'inner node')}, counted from the "
        "root down and from left to right. Node $n$ has a vector $v_n$ and decides between its two children: to the "
        "left with the probability $\\sigma(v_n^{\\top} h)$, to the right with $1 - \\sigma(v_n^{\\top} h) = "
        f"\\sigma(-v_n^{{\\top}} h)$. The path to **{word}** leaves {', '.join(nodes)}."
    )
    blocks: list[Block] = [
        Heading("The tree", 2),
        *(_merge_blocks(board, layer) if tree.merges else []),
        Paragraph(said),
    ]
    drawing = draw_tree(tree, index, chances)
    if drawing is not None:
        blocks.append(drawing.titled(f"The path to {word}, with the probability of each turn"))
    return blocks


def _merge_blocks(board: Board, layer: HierarchicalSoftmax) -> list[Block]:
    tree = layer.tree
    if len(tree.words) > MOST_DRAWN:
        return []
    rows = tuple(
        (str(step), literal(merge.left), literal(merge.right),
         " + ".join(board.cells(merge.weights)), board.number(sum(merge.weights)))
        for step, merge in enumerate(tree.merges, 1)
    )  # fmt: skip
    return [
        Paragraph(
            "Huffman's rule makes the tree: the two lightest subtrees become the children of a new node, whose weight "
            "is their sum, until one tree is left. Frequent words come to lie near the root."
        ),
        Table(("step", "left", "right", "weights", "sum"), rows, right=(0, 4)),
    ]


def _forward_blocks(board: Board, path: Path, word: str) -> list[Block]:
    blocks: list[Block] = [Heading("Probability and loss", 2), *board.givens(["h", *(f"v{n}" for n, _ in path)])]
    for node, sign in path:
        way = f"to the left, so the sign is plus: ${{p{node}}} = \\sigma({{s{node}}})$." if sign > 0 else (
            f"to the right, so the sign is minus: ${{p{node}}} = \\sigma(-{{s{node}}})$."
        )  # fmt: skip
        root = " (the root)" if node == 1 else ""
        blocks.append(board.say(f"Node {node}{root}: the path goes {way}"))
        blocks += board.equations([f"s{node}", f"p{node}"])
    said = f"The probability of **{literal(word)}** is the product of the probabilities of the turns, each given those "
    blocks.append(Paragraph(f"{said}before it; the loss is its negative logarithm, a sum over the path."))
    return [*blocks, *board.equations(["P", "L"])]


def _sum_blocks(board: Board, layer: HierarchicalSoftmax, index: int, chances: Mapping[str, float]) -> list[Block]:
    tree = layer.tree
    said = "No normalising sum over the vocabulary was needed: at every node the two probabilities add up to one, "
    said += "so those of all leaves do."
    if len(tree.words) > MOST_DRAWN:
        return [Paragraph(said)]
    shown = board.cells([*chances.values(), sum(chances.values())])
    rows = [
        (f"**{literal(word)}**" if place == index else literal(word), tree.code(place), shown[place])
        for place, word in enumerate(tree.words)
    ]
    rows.append(("sum", "", shown[-1]))
    return [
        Paragraph(said + " With 0 for left and 1 for right:"),
        Table(("word", "path", "probability"), tuple(rows), right=(2,)),
    ]


def _backward_blocks(board: Board, path: Path) -> list[Block]:
    blocks: list[Block] = [
        Heading("Gradients", 2),
        Paragraph("First by the score of each node on the path; with $\\sigma' = \\sigma (1 - \\sigma)$ the fraction "
                  "cancels."),
        *board.equations([f"delta{node}" for node, _ in path]),
        Paragraph(
            "Every node is a binary classification of its own: with $a_n = \\sigma(s_n)$ for left and the target "
            "$t_n = 1$ where the path goes left, 0 where it goes right, all of these are $a_n - t_n$, as for a sigmoid "
            "output under binary cross-entropy."
        ),
        board.say("A score is a product of a vector with {h}, so each vector gets a multiple of {h}:"),
        *board.equations([f"dv{node}" for node, _ in path]),
        board.say("{h} enters every score on the path; this is what goes back to the network below:"),
        *board.equations(["dh"]),
        Paragraph("The vectors of all other nodes do not occur in the loss. Their gradients are zero."),
    ]  # fmt: skip
    return blocks


def _update_blocks(board: Board, path: Path) -> list[Block]:
    before, after = float(board.values["L"].item()), float(board.values["L_new"].item())
    change = f"The loss {'falls' if after < before else 'rises'} from {board.number('L')} to {board.number('L_new')}"
    change += "." if after < before else ": the step is too long, a smaller learning rate would lower it."
    new = [f"{kind}{node}_new" for node, _ in path for kind in "sp"]
    return [
        Heading("One update step", 2),
        board.say("Only the vectors on the path move; {h} belongs to the layer below and stays."),
        *board.givens(["eta"]),
        *board.equations([f"v{node}_new" for node, _ in path]),
        Paragraph("The forward pass once more:"),
        *board.equations([*new, "P_new", "L_new"]),
        Paragraph(change),
    ]


def _cost_blocks(board: Board, layer: HierarchicalSoftmax, steps: int, size: int) -> list[Block]:
    """How many operations the tree saves, and how long its paths are."""
    count = len(layer.words)
    full, balanced = count * size, log2(count)
    blocks: list[Block] = [
        Heading("What it costs", 2),
        Paragraph(
            f"A softmax over $V = {count}$ words with $d = {size}$ needs every score: $V d = {full}$ multiplications, "
            f"and as many for each gradient. The path needs {counted(steps, 'score')}: "
            f"${steps} \\cdot {size} = {steps * size}$. In a balanced tree a path has about $\\log_2 V$ "
            f"nodes, here {board.number(balanced)}, so the cost is $d \\log_2 V$ instead of $V d$."
        ),
    ]
    if layer.tree.frequencies:
        blocks += _length_blocks(board, layer)
    return blocks


def _length_blocks(board: Board, layer: HierarchicalSoftmax) -> list[Block]:
    """The expected path length between the entropy and the entropy plus one."""
    weights = np.array(layer.tree.frequencies)
    shares, lengths = weights / weights.sum(), layer.tree.lengths
    blocks: list[Block] = [Paragraph(
        "With the words' frequencies $q_w$ the expected length of a path of $\\ell_w$ nodes lies between the entropy "
        "in bits and the entropy plus one (Shannon 1948; no binary tree does better than Huffman's):"
    )]  # fmt: skip
    if len(layer.words) <= MOST_DRAWN:
        terms = -shares * np.log2(shares)
        columns = [board.cells(part.tolist()) for part in (shares, shares * lengths, terms)]
        rows = [
            (literal(word), columns[0][i], str(lengths[i]), columns[1][i], columns[2][i])
            for i, word in enumerate(layer.words)
        ]
        sums = [board.number(float(value)) for value in (shares @ lengths, terms.sum())]
        rows.append(("sum", "1", "", sums[0], sums[1]))
        head = ("word", "$q_w$", "$\\ell_w$", "$q_w \\ell_w$", "$-q_w \\log_2 q_w$")
        blocks.append(Table(head, tuple(rows), right=(1, 2, 3, 4)))
    amounts = [layer.entropy(), layer.expected_length(), layer.entropy() + 1]
    entropy, length, upper = (board.piece(amount) for amount in amounts)
    latex = rf"H = {entropy.latex} \le E[\ell] = {length.latex} < H + 1 = {upper.latex}"
    text = [piece.box.lines[0] for piece in (entropy, length, upper)]
    return [*blocks, Display(latex, f"H = {text[0]} ≤ E[ℓ] = {text[1]} < H + 1 = {text[2]}")]
