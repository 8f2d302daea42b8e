"""The tree of a hierarchical softmax with the path to one word marked."""

from __future__ import annotations

from dataclasses import dataclass

from chalkwork.counting import counted
from chalkwork.documents.literal import visible
from chalkwork.drawings.canvas import GREY, INK, PALE, Box, Canvas, Drawing, Point, number, text_width
from chalkwork.laboratory.outputs.tree import Tree

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
    root = _shown(tree, 1, 0, dict(path), word, whole)
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


def _shown(tree: Tree, node: int, depth: int, path: dict[int, int], word: int, whole: bool) -> _Node:
    """The part of the tree that is drawn below a node, which is an inner one (above 0) or a word (below)."""
    if node < 0:
        return _Node(visible(tree.words[-node - 1], _LONGEST), -node - 1 == word, depth=depth)
    if node not in path and not whole:
        return _Node(counted(_words_below(tree, node), "word"), False, depth=depth)
    children = tuple(_shown(tree, child, depth + 1, path, word, whole) for child in tree.children[node - 1])
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
