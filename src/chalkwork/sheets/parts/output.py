"""The output layer and the loss of a task; a hierarchical softmax with its worked solution."""

from __future__ import annotations

from typing import Any

from chalkwork.errors import SheetError
from chalkwork.sheets import values
from chalkwork.sheets.locate import Listing, Node, Scalar
from chalkwork.sheets.parts import Part, Surroundings, Work
from chalkwork.sheets.posed import Posed, posed, usual_of
from chalkwork.sheets.values import Fields
from chalkwork.solutions.solution import Solution

TASKS = ("binary", "multiclass", "multilabel", "regression", "counts", "positive", "next_word")
_TREE = ("tree", "frequencies", "h", "word", "vectors", "learning_rate")
_SIZES = ("vocabulary", "hidden")
_EXAMPLE = ("classes", "z", "y")
MOST_WORDS = 1000


def _read(fields: Fields) -> Work:
    task = fields.need("task", values.choice(TASKS))
    others = (*_TREE, *_SIZES) if task != "next_word" else _EXAMPLE
    for key in others:
        if key in fields:
            raise SheetError(f"{key} does not belong to task: {task}", line=fields.line(key))
    if task == "next_word" and any(key in fields for key in _TREE):
        return _read_tree(fields)
    given = fields.given(
        {
            "classes": values.integer(2, MOST_WORDS),
            "z": values.number_or(values.vector),
            "y": values.number_or(values.vector),
            "vocabulary": values.integer(2, 10**12),
            "hidden": values.integer(2, 10**6),
        }
    )

    def work(surroundings: Surroundings) -> Solution:
        from chalkwork.laboratory.outputs import output_for

        return output_for(task, style=surroundings.manner, **given)

    return work


def _read_tree(fields: Fields) -> Work:
    """A worked hierarchical softmax."""
    for key in _SIZES:
        if key in fields:
            raise SheetError(f"{key} does not belong beside a tree", line=fields.line(key))
    if ("tree" in fields) == ("frequencies" in fields):
        found = "both" if "tree" in fields else "neither"
        raise SheetError(f"expected tree or frequencies, found {found}", line=fields.line("frequencies"))
    tree = fields.read("tree", _nested, None)
    frequencies = fields.read("frequencies", values.table(values.positive), None)
    if frequencies is not None and len(frequencies) > MOST_WORDS:
        raise SheetError(f"frequencies: at most {MOST_WORDS} words", line=fields.line("frequencies"))
    h, word = fields.need("h", values.vector), fields.need("word", values.name)
    vectors = fields.need("vectors", values.matrix)
    rate = fields.read("learning_rate", values.positive, None)

    def work(surroundings: Surroundings) -> Solution:
        from chalkwork.laboratory.outputs import HierarchicalSoftmax

        layer = HierarchicalSoftmax(tree if tree is not None else frequencies)
        return layer.solve(h, word, vectors=vectors, learning_rate=rate, style=surroundings.manner)

    return work


def _nested(node: Node, where: str) -> Any:
    """Words in nested pairs; how deep lists go is bounded where the YAML is read."""
    if isinstance(node, Scalar):
        return values.name(node, where)
    if not isinstance(node, Listing) or len(node.items) != 2:
        found = f"{len(node.items)} of them" if isinstance(node, Listing) else ""
        raise values.fail(node, where, "a pair of subtrees or words, such as [[the, a], cat]", found)
    return [_nested(item, f"{where}[{place}]") for place, item in enumerate(node.items, 1)]


_SAID = {
    "classes": "${}$ [class]",
    "z": "the net input $z = {}$",
    "y": "the target $y = {}$",
    "vocabulary": "a vocabulary of ${}$ [word]",
    "hidden": "${}$ [hidden unit]",
    "tree": "the tree {}",
    "frequencies": "the frequencies {}",
    "h": "$h = {}$",
    "word": "the word *{}*",
    "vectors": "the vectors of the inner nodes, a row each, ${}$",
    "learning_rate": r"the learning rate $\eta = {}$",
}


def _pose(fields: Fields) -> Posed:
    """A number as the target of several classes is the one that is there."""
    is_class = isinstance(fields.entries.get("y"), Scalar) and "classes" in fields
    said = {**_SAID, "y": "the target is class ${}$"} if is_class else _SAID
    if fields.need("task", values.choice(TASKS)) != "next_word" or any(key in fields for key in _TREE):
        return posed(fields, said)
    from chalkwork.laboratory.outputs import output_for

    return posed(fields, said, usual_of(output_for, _SIZES))


PART = Part(
    ("task", *_EXAMPLE, *_TREE, *_SIZES),
    _read,
    _pose,
    vary={"z": "weights", "y": "target", "h": "weights", "vectors": "weights"},
)
