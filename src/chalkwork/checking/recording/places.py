"""Where a value was made: the statement as it stands there."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

MOST_SOURCE = 200


def cell_of(file: str, names: Mapping[str, Any]) -> int | None:
    """The number of the notebook's cell that a file is, by the list of inputs that a notebook keeps."""
    cells = names.get("In")
    if ("ipykernel" not in file and "ipython-input" not in file) or not isinstance(cells, Sequence):
        return None
    text = "".join(linecache.getlines(file)).strip()
    same = [number for number, cell in enumerate(cells) if isinstance(cell, str) and text and cell.strip() == text]
    return same[-1] if same else None


def source_of(file: str, names: dict[str, Any] | None = None) -> str:
    """The text of a file; nothing where it is not known."""
    return "".join(linecache.getlines(file, names))


def statement_in(text: str, line: int) -> str:
    """The statement that a line of a file belongs to, on one line; nothing where there is no such line."""
    lines = text.splitlines()
    if not 0 < line <= len(lines):
        return ""
    node = statements(text).get(line)
    first, last = (line, line) if node is None else (node.lineno, node.end_lineno or node.lineno)
    return _on_one_line(lines[first - 1 : last])[:MOST_SOURCE]


def _on_one_line(lines: Sequence[str]) -> str:
    plain = [line.partition(" #")[0].strip() if "'" not in line and '"' not in line else line.strip() for line in lines]
    joined = " ".join(line.removesuffix("\\").strip() for line in plain)
    return joined.replace("( ", "(").replace(" )", ")").replace("[ ", "[").replace(" ]", "]").rstrip(";")


@lru_cache(maxsize=64)
@lru_cache(maxsize=256)
def parsed(source: str) -> ast.Module:
    """The source as Python reads it; empty where it does not."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


@lru_cache(maxsize=64)
def statements(source: str) -> dict[int, ast.stmt]:
    """For every line the innermost simple statement on it."""
    found: dict[int, ast.stmt] = {}
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.stmt) and not hasattr(node, "body") and node.end_lineno is not None:
            for line in range(node.lineno, node.end_lineno + 1):
                found.setdefault(line, node)
    return found


def is_product(source: str) -> bool:
    """Whether a statement only multiplies what has names.

    >>> is_product("delta = error * slope"), is_product("delta = error * (1 - a)"), is_product("delta *= slope")
    (True, False, True)
    """
    statement = next(iter(parsed(source).body), None)
    named = (ast.Name, ast.Attribute, ast.Subscript, ast.Load, ast.Mult, ast.MatMult, ast.BinOp, ast.Constant)
    augmented = isinstance(statement, ast.AugAssign) and isinstance(statement.op, (ast.Mult, ast.MatMult))
    if not augmented and not (isinstance(statement, ast.Assign) and isinstance(statement.value, ast.BinOp)):
        return False
    assert isinstance(statement, (ast.AugAssign, ast.Assign))
    parts = list(ast.walk(statement.value))
    factors = [part for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, (int, float))]
    return all(isinstance(part, named) for part in parts) and (not factors or _are_indices(statement.value, factors))


def _are_indices(value: ast.expr, constants: list[ast.Constant]) -> bool:
    """Whether numbers stand in square brackets only."""
    inside = {id(part) for one in ast.walk(value) if isinstance(one, ast.Subscript) for part in ast.walk(one.slice)}
    return all(id(one) in inside for one in constants)
