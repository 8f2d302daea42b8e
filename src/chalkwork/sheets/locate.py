"""The YAML of a sheet, and where each entry of it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from chalkwork.errors import SheetError
from chalkwork.yaml_nodes import Bounds, Listing, Node, Scalar, Table, read_nodes

__all__ = ["Listing", "Node", "Path", "Scalar", "Table", "line_map", "load_yaml", "nearest_line"]

MAX_DEPTH = 16
MAX_NODES = 100_000

Path = tuple[str | int, ...]


def load_yaml(text: str, first_line: int = 1) -> Table:
    """The mapping written in `text`, every node with its line; `first_line` is where the text begins.

    Raises `SheetError`, with the line, for what is not YAML, for anchors, aliases, tags, keys given twice,
    several documents, and for more nesting or more values than any sheet needs.

    >>> table = load_yaml("x: [1, 0]\\ny:\\n- no\\n", first_line=10)
    >>> table.key_lines, table.entries["y"].items[0].text
    ({'x': 10, 'y': 11}, 'no')
    """
    root = read_nodes(text, Bounds(MAX_DEPTH, MAX_NODES, SheetError), first_line)
    if not isinstance(root, Table):
        kind = "a list" if isinstance(root, Listing) else "a text"
        raise SheetError(f"expected lines of the form 'key: value', found {kind}", line=root.line)
    _check_keys(root)
    return root


def _check_keys(node: Node) -> None:
    if isinstance(node, Table):
        for key, child in node.entries.items():
            if not key.isprintable():
                raise SheetError("a key must be a name, such as 'units'", line=node.key_lines[key])
            _check_keys(child)
    elif isinstance(node, Listing):
        for child in node.items:
            _check_keys(child)


def line_map(table: Table) -> dict[Path, int]:
    """Where each key, each list and each entry that begins a line of its own stands.

    >>> line_map(load_yaml("x: [[1, 0],\\n    [0, 1]]"))
    {('x',): 1, ('x', 0): 1, ('x', 1): 2}
    """
    return dict(_lines_below(table, ()))


def nearest_line(lines: Mapping[Path, int], path: Path, default: int) -> int:
    """The line of `path`, or of the nearest thing around it whose line is known.

    >>> nearest_line({("x",): 4}, ("x", 0, 1), default=2), nearest_line({}, ("x",), default=2)
    (4, 2)
    """
    for length in range(len(path), 0, -1):
        if (line := lines.get(path[:length])) is not None:
            return line
    return default


def _lines_below(node: Node, path: Path) -> Iterator[tuple[Path, int]]:
    if isinstance(node, Table):
        for key, child in node.entries.items():
            yield (*path, key), node.key_lines[key]
            yield from _lines_below(child, (*path, key))
    elif isinstance(node, Listing):
        for index, child in enumerate(node.items):
            if not isinstance(child, Scalar) or child.line != node.line:
                yield (*path, index), child.line
            yield from _lines_below(child, (*path, index))
