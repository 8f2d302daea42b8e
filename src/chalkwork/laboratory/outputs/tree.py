"""Binary trees with words at their leaves: read from nested lists, or made from frequencies by Huffman's rule.

A tree is flat: the children of every inner node, inner nodes numbered from 1 in breadth-first order from the root, and
for every word the path of (node, sign) that leads to it; the sign is +1 to the left and -1 to the right.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

import numpy as np

from chalkwork.counting import counted
from chalkwork.documents.literal import visible
from chalkwork.drawings.canvas import GREY, INK, PALE, Box, Canvas, Point, number, text_width
from chalkwork.drawings.drawing import Drawing
from chalkwork.errors import ChalkworkError
from chalkwork.networks.data import Array

MOST_WORDS = 1_000_000
LONGEST_WORD = 100
MOST_STEPS = 20_000_000

Pair = tuple[int, int]
"""The left and the right child: an inner node by its number from 1, a word as minus its number from 1."""


@dataclass(frozen=True, slots=True)
class Merge:
    """One step of Huffman's rule: the two lightest subtrees, and the weight that they have together."""

    left: str
    right: str
    weights: tuple[float, float]


@dataclass(frozen=True)
class Tree:
    """A binary tree: `words` in order from left to right, `children` of the inner nodes 1, 2, ...

    `starts`, `nodes` and `signs` hold all paths one after the other: that of word i (from 0) is
    `nodes[starts[i]:starts[i + 1]]`.
    """

    words: tuple[str, ...]
    children: tuple[Pair, ...]
    frequencies: tuple[float, ...] = ()
    merges: tuple[Merge, ...] = ()
    starts: Array = field(init=False, repr=False, compare=False)
    nodes: Array = field(init=False, repr=False, compare=False)
    signs: Array = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        paths = self._paths()
        lengths = np.array([len(path) for path in paths])
        starts = np.concatenate([[0], np.cumsum(lengths)])
        steps = np.array([step for path in paths for step in path], dtype=np.int64).reshape(-1, 2)
        for name, value in (("starts", starts), ("nodes", steps[:, 0] - 1), ("signs", steps[:, 1].astype(float))):
            object.__setattr__(self, name, value)

    def _paths(self) -> list[tuple[Pair, ...]]:
        """The path of every word: (node, sign) from the root."""
        found: list[tuple[Pair, ...]] = [()] * len(self.words)
        stack: list[tuple[int, tuple[Pair, ...]]] = [(1, ())]
        total = 0
        while stack:
            node, path = stack.pop()
            total += len(path)
            if total > MOST_STEPS:
                raise ChalkworkError(f"the paths of the tree have more than {MOST_STEPS} steps together")
            for child, sign in zip(self.children[node - 1], (1, -1), strict=True):
                below = (*path, (node, sign))
                if child < 0:
                    found[-child - 1] = below
                else:
                    stack.append((child, below))
        return found

    @property
    def lengths(self) -> Array:
        """The number of inner nodes on the path of every word."""
        return np.diff(self.starts)

    def path(self, index: int) -> list[Pair]:
        """The nodes (from 1) and signs from the root to a word (from 0)."""
        part = slice(self.starts[index], self.starts[index + 1])
        return [(int(n) + 1, int(s)) for n, s in zip(self.nodes[part], self.signs[part], strict=True)]

    def code(self, index: int) -> str:
        """The path as bits: 0 to the left, 1 to the right."""
        return "".join("0" if sign > 0 else "1" for _, sign in self.path(index))


def read_tree(nested: Any) -> Tree:
    """The tree of nested pairs such as `[["the", "a"], ["cat", "dog"]]`.

    Raises ChalkworkError for a node that has not two children, a word given twice, or no inner node.

    >>> tree = read_tree([["the", "a"], "cat"])
    >>> tree.words, tree.children, tree.code(1)
    (('the', 'a', 'cat'), ((2, -3), (-1, -2)), '01')
    """
    if isinstance(nested, str) or not isinstance(nested, Sequence):
        raise ChalkworkError("a tree is a pair of subtrees or words, such as [[the, a], [cat, dog]]")
    return _numbered(_breadth_first(nested))


def _numbered(pairs: Sequence[Sequence[Any]], weights: Mapping[str, float] | None = None, *merges: Merge) -> Tree:
    """The tree of pairs, the root first, its nodes in that order and its words from left to right."""
    numbers = {id(pair): number for number, pair in enumerate(pairs, 1)}
    words = _leaves(pairs[0])
    places = {word: place for place, word in enumerate(words, 1)}
    if len(places) != len(words):
        twice = next(word for place, word in enumerate(words, 1) if places[word] != place)
        raise ChalkworkError(f"the word {twice!r} stands at two leaves of the tree")

    def child(item: Any) -> int:
        return -places[item] if isinstance(item, str) else numbers[id(item)]

    children = tuple((child(left), child(right)) for left, right in pairs)
    return Tree(tuple(words), children, tuple(weights[word] for word in words) if weights else (), merges)


def _breadth_first(nested: Sequence[Any]) -> list[Sequence[Any]]:
    """Every pair, from the root down; checked."""
    pairs = [nested]
    seen = {id(nested)}
    for pair in pairs:
        if len(pair) != 2:
            raise ChalkworkError(
                f"a node of the tree has {len(pair)} children; expected 2",
                hint="the tree is binary: a sigmoid decides between left and right; split larger nodes",
            )
        for child in pair:
            if isinstance(child, str):
                _check_word(child)
            elif isinstance(child, Sequence):
                if id(child) in seen:
                    raise ChalkworkError("the tree holds the same list at two places")
                seen.add(id(child))
                pairs.append(child)
            else:
                raise ChalkworkError(f"a leaf of the tree is a word, not {child!r:.60}")
        if len(pairs) >= MOST_WORDS:
            raise ChalkworkError(f"a tree has at most {MOST_WORDS} words")
    return pairs


def _check_word(word: Any) -> None:
    if not isinstance(word, str) or not word or len(word) > LONGEST_WORD or not word.isprintable():
        raise ChalkworkError(f"a word is a text of 1 to {LONGEST_WORD} printable characters, not {word!r:.60}")


def _leaves(nested: Sequence[Any]) -> list[str]:
    """The words from left to right."""
    found: list[str] = []
    stack: list[Any] = [nested]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            found.append(item)
        else:
            stack += [item[1], item[0]]
    return found


def huffman(frequencies: Mapping[str, float]) -> Tree:
    """The tree with the least expected path length: the two lightest subtrees are joined until one is left.

    Frequencies are positive; they need not sum to one. Of equal weights the one that came first is taken first, and
    the lighter of two goes to the left. Source: Huffman, A Method for the Construction of Minimum-Redundancy Codes,
    Proceedings of the IRE 40 (1952). Raises ChalkworkError for fewer than two words or a frequency that is not
    positive.

    >>> tree = huffman({"a": 5, "b": 2, "c": 1})
    >>> {word: tree.code(place) for place, word in enumerate(tree.words)}
    {'c': '00', 'b': '01', 'a': '1'}
    """
    weights = _checked(frequencies)
    heap: list[tuple[float, int, Any]] = [(weight, place, word) for place, (word, weight) in enumerate(weights.items())]
    heapq.heapify(heap)
    merges = []
    while len(heap) > 1:
        (first, _, left), (second, _, right) = heapq.heappop(heap), heapq.heappop(heap)
        if len(weights) <= _MOST_SHOWN:
            merges.append(Merge(_shown(left), _shown(right), (first, second)))
        heapq.heappush(heap, (first + second, 2 * len(weights) - len(heap), (left, right)))
    return _numbered(_breadth_first(heap[0][2]), weights, *merges)


_MOST_SHOWN = 16


def _shown(item: Any) -> str:
    return item if isinstance(item, str) else f"({' '.join(map(_shown, item))})"


def _checked(frequencies: Mapping[str, float]) -> dict[str, float]:
    if not isinstance(frequencies, Mapping) or not 2 <= len(frequencies) <= MOST_WORDS:
        raise ChalkworkError(f"frequencies are a mapping of 2 to {MOST_WORDS} words to positive numbers")
    for word, value in frequencies.items():
        _check_word(word)
        number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
        if not number or not isfinite(value) or value <= 0:
            raise ChalkworkError(f"the frequency of {word!r} is a positive number, not {value!r:.60}")
    total = sum(map(float, frequencies.values()))
    if not isfinite(total):
        raise ChalkworkError("the frequencies add up to infinity")
    return {word: float(value) for word, value in frequencies.items()}


MOST_DRAWN = 16
"""Words of a tree that is drawn whole; of a larger one only the path, with what branches off as one box each."""
DEEPEST = 16
_SIZE = 14
_LEVEL, _GAP, _RADIUS = 74, 16, 15
_LONGEST = 20
"""Characters of a word in the picture."""


@dataclass(slots=True)
class _Node:
    """What is drawn: an inner node with its number, or a box with a text."""

    text: str
    on_path: bool
    children: tuple[_Node, ...] = ()
    depth: int = 0
    x: float = 0.0


def draw_tree(tree: Tree, word: int, chances: dict[int, str]) -> Drawing | None:
    """The tree with the path to a word (from 0); `chances` are written at the path's edges, by node.

    None where the path is too long to be drawn.

    >>> from chalkwork.laboratory.outputs.tree import read_tree
    >>> draw_tree(read_tree([["the", "a"], "cat"]), 1, {1: "0.5", 2: "0.7"}).description
    'A binary tree with 3 words and 2 inner nodes. The path to a is marked: at node 1 to the left (0.5), then at \
node 2 to the right (0.7).'
    """
    path = tree.path(word)
    if len(path) > DEEPEST:
        return None
    whole = len(tree.words) <= MOST_DRAWN
    root = _part(tree, 1, 0, dict(path), word, whole)
    _place(root, 0.0)
    canvas = Canvas()
    _draw_edges(canvas, root, dict(path), chances)
    _draw_nodes(canvas, root)
    return canvas.drawing("The path through the tree", _description(tree, word, chances))


def _description(tree: Tree, word: int, chances: dict[int, str]) -> str:
    steps = [
        f"at node {node} to the {'left' if sign > 0 else 'right'} ({chances[node]})" for node, sign in tree.path(word)
    ]
    return (
        f"A binary tree with {counted(len(tree.words), 'word')} and {counted(len(tree.children), 'inner node')}. "
        f"The path to {tree.words[word]} is marked: {', then '.join(steps)}."
    )


def _part(tree: Tree, node: int, depth: int, path: dict[int, int], word: int, whole: bool) -> _Node:
    """The part of the tree that is drawn below a node, which is an inner one (above 0) or a word (below)."""
    if node < 0:
        return _Node(visible(tree.words[-node - 1], _LONGEST), -node - 1 == word, depth=depth)
    if node not in path and not whole:
        return _Node(counted(_words_below(tree, node), "word"), False, depth=depth)
    children = tuple(_part(tree, child, depth + 1, path, word, whole) for child in tree.children[node - 1])
    return _Node(str(node), node in path, children, depth)


def _words_below(tree: Tree, node: int) -> int:
    """The words are numbered from left to right, so the outermost two say how many lie below."""
    ends = []
    for side in (0, 1):
        at = node
        while at > 0:
            at = tree.children[at - 1][side]
        ends.append(-at)
    return ends[1] - ends[0] + 1


def _room(text: str) -> float:
    return max(40.0, text_width(text, _SIZE) + 16)


def _place(node: _Node, left: float) -> float:
    """Set the places from a left edge on; gives the right edge."""
    if not node.children:
        node.x = left + _room(node.text) / 2
        return left + _room(node.text) + _GAP
    for child in node.children:
        left = _place(child, left)
    node.x = sum(child.x for child in node.children) / 2
    return left


def _point(node: _Node) -> Point:
    return Point(node.x, node.depth * _LEVEL)


def _draw_edges(canvas: Canvas, node: _Node, path: dict[int, int], chances: dict[int, str]) -> None:
    for child in sorted(node.children, key=lambda child: child.on_path):
        marked = node.on_path and child.on_path
        start, end = _point(node), _point(child)
        canvas.line(start, end, stroke=INK if marked else PALE, width=3.2 if marked else 1.2)
        if marked:
            middle = Point((start.x + end.x) / 2, (start.y + end.y) / 2)
            canvas.label(middle, chances[int(node.text)], size=_SIZE - 1)
        _draw_edges(canvas, child, path, chances)


def _draw_nodes(canvas: Canvas, node: _Node) -> None:
    at = _point(node)
    stroke, width = (INK, 2.4) if node.on_path else (GREY, 1.1)
    if node.children:
        room = Box.around(at, max(2 * _RADIUS, text_width(node.text, _SIZE) + 8), 2 * _RADIUS)
        canvas.extents.append(room)
        canvas.parts.append(
            f'<rect x="{number(room.left)}" y="{number(room.top)}" width="{number(room.right - room.left)}"'
            f' height="{2 * _RADIUS}" rx="{_RADIUS}" fill="#ffffff" stroke="{stroke}" stroke-width="{number(width)}"/>'
        )
    else:
        box = Box.around(at, _room(node.text), 26)
        canvas.box(box, radius=4, fill="#e6e6e6" if node.on_path else "#ffffff")
    weight = ' font-weight="bold"' if node.on_path else ""
    canvas.text(at, node.text, size=_SIZE, more=weight)
    for child in node.children:
        _draw_nodes(canvas, child)
