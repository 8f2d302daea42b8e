"""The output layer and the loss of a task; a hierarchical softmax with its worked solution."""

from __future__ import annotations

from typing import Any

from chalkwork.errors import SheetError
from chalkwork.sheets import values
from chalkwork.sheets.locate import Listing, Node, Scalar
from chalkwork.sheets.parts import Part, Surroundings, Work
from chalkwork.sheets.posed import Key, Posed, posed, readers, usual_of
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
    given = fields.given({key: readers(_KEYS)[key] for key in (*_EXAMPLE, *_SIZES)})

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
    read = readers(_KEYS)
    tree, frequencies, rate = (fields.read(key, read[key], None) for key in ("tree", "frequencies", "learning_rate"))
    if frequencies is not None and len(frequencies) > MOST_WORDS:
        raise SheetError(f"frequencies: at most {MOST_WORDS} words", line=fields.line("frequencies"))
    h, word, vectors = (fields.need(key, read[key]) for key in ("h", "word", "vectors"))

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


_KEYS: dict[str, Key] = {
    "classes": Key(values.integer(2, MOST_WORDS), "${}$ [class]"),
    "z": Key(values.number_or(values.vector), "the net input $z = {}$"),
    "y": Key(values.number_or(values.vector), "the target $y = {}$"),
    "vocabulary": Key(values.integer(2, 10**12), "a vocabulary of ${}$ [word]"),
    "hidden": Key(values.integer(2, 10**6), "${}$ [hidden unit]"),
    "tree": Key(_nested, "the tree {}"),
    "frequencies": Key(values.table(values.positive), "the frequencies {}"),
    "h": Key(values.vector, "$h = {}$"),
    "word": Key(values.name, "the word *{}*"),
    "vectors": Key(values.matrix, "the vectors of the inner nodes, a row each, ${}$"),
    "learning_rate": Key(values.positive, r"the learning rate $\eta = {}$"),
}


def _pose(fields: Fields) -> Posed:
    """A number as the target of several classes is the one that is there."""
    is_class = isinstance(fields.entries.get("y"), Scalar) and "classes" in fields
    said = _KEYS | ({"y": _KEYS["y"]._replace(said="the target is class ${}$")} if is_class else {})
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
