"""Answers in a notebook: numbers assigned to names in its code cells. The code is looked at and never run."""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Iterator
from typing import Any

from chalkwork.checking.reading.forms import form_entries
from chalkwork.errors import ChalkworkError, misplaced

MAX_CODE = 200_000
MAX_DEPTH = 12
MAX_CELLS = 5_000

_TASK = re.compile(r"^#\s*task\s*:\s*(\S+)", re.MULTILINE | re.IGNORECASE)
_MAGIC = re.compile(r"^[ \t]*[%!].*$", re.MULTILINE)
_CHAIN = re.compile(r"[-+~(\[{.\s]{400}")
_ARRAYS = frozenset({"array", "asarray", "matrix", "tensor", "as_tensor", "Tensor", "float64", "float32", "float"})
_BOOKS = frozenset({"answers", "answer", "antworten", "results", "ergebnisse"})


class _NotLiteral(Exception):  # never leaves this file
    pass


def notebook_entries(text: str) -> Iterator[tuple[str, str, object, int]]:
    """Task, name, value and line (in its cell) of the numbers that a notebook assigns; the last one of a name counts.

    >>> cell = {"cell_type": "code", "source": "# task: a\\nW = np.array([[0.50, 1/3]])\\nz = W @ x"}
    >>> list(notebook_entries(json.dumps({"cells": [cell]})))
    [('a', 'W', [['0.50', '1/3']], 2)]
    """
    found: dict[tuple[str, str], tuple[object, int]] = {}
    task = ""
    for kind, source in _cells(text):
        if kind == "markdown":
            try:
                for part, name, value, line in form_entries(source):
                    found[part, name] = (value, line)
            except ChalkworkError:
                continue
        elif kind == "code":
            if mark := _TASK.search(source):
                task = mark[1]
            for name, value, line in _assignments(source):
                found.pop((task, name), None)
                if value is not None:
                    found[task, name] = (value, line)
    for (part, name), (value, line) in found.items():
        yield part, name, value, line


def _cells(text: str) -> Iterator[tuple[str, str]]:
    try:
        book = json.loads(text)
    except json.JSONDecodeError as error:
        raise ChalkworkError(f"this is not a notebook: {misplaced(text, error.pos)}", line=error.lineno) from None
    except ValueError as error:  # an integer of too many digits
        raise ChalkworkError("this is not a notebook: a number in it is too long") from error
    cells = book.get("cells") if isinstance(book, dict) else None
    if not isinstance(cells, list):
        raise ChalkworkError("this is not a notebook: it has no cells")
    for cell in cells[:MAX_CELLS]:
        if isinstance(cell, dict):
            source = cell.get("source", "")
            if isinstance(source, list):
                source = "".join(part for part in source if isinstance(part, str))
            if isinstance(source, str):
                yield str(cell.get("cell_type")), source


def _assignments(source: str) -> Iterator[tuple[str, object, int]]:
    """Name, value and line of each assignment on the outermost level; the value is None where it is computed."""
    if len(source) > MAX_CODE or _CHAIN.search(source):
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(_MAGIC.sub("", source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    lines = source.split("\n")
    for statement in tree.body:
        if isinstance(statement, ast.Assign):
            targets, value = statement.targets, statement.value
        elif isinstance(statement, (ast.AnnAssign, ast.AugAssign)):
            targets, value = [statement.target], getattr(statement, "value", None) or ast.Constant(None)
            if isinstance(statement, ast.AugAssign):
                value = ast.Name("computed")
        else:
            continue
        for target in targets:
            yield from _assigned(target, value, lines, statement.lineno)


def _assigned(target: ast.expr, value: ast.expr, lines: list[str], line: int) -> Iterator[tuple[str, object, int]]:
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        for one, other in zip(target.elts, value.elts, strict=True):
            if isinstance(one, ast.Name):
                yield one.id, _literal_or_none(other, lines), line
    elif isinstance(target, ast.Tuple):
        yield from ((one.id, None, line) for one in target.elts if isinstance(one, ast.Name))
    elif isinstance(target, ast.Name) and target.id.lower() in _BOOKS and isinstance(value, ast.Dict):
        for key, each in zip(value.keys, value.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield key.value, _literal_or_none(each, lines), line
    elif isinstance(target, ast.Name):
        yield target.id, _literal_or_none(value, lines), line


def _literal_or_none(node: ast.expr, lines: list[str]) -> object:
    try:
        return _literal(node, lines, 0)
    except (_NotLiteral, RecursionError):
        return None


def _literal(node: ast.expr, lines: list[str], depth: int) -> object:
    """The value of a literal, numbers as they are typed."""
    if depth > MAX_DEPTH:
        raise _NotLiteral
    if isinstance(node, ast.Constant):
        return _constant(node, lines)
    if isinstance(node, (ast.List, ast.Tuple)):
        return [_literal(each, lines, depth + 1) for each in node.elts]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        return ("-" if isinstance(node.op, ast.USub) else "") + _number(node.operand, lines)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        below = _number(node.right, lines)
        above = _literal(node.left, lines, depth + 1)
        if isinstance(above, str) and "/" not in above:
            return f"{above}/{below}"
    if isinstance(node, ast.Call) and node.args and _called(node.func) in _ARRAYS:
        return _literal(node.args[0], lines, depth + 1)
    if isinstance(node, ast.Attribute) and node.attr == "T":
        rows: Any = _literal(node.value, lines, depth + 1)
        if isinstance(rows, list) and rows and all(isinstance(row, list) for row in rows):
            if len({len(row) for row in rows}) == 1:
                return [list(column) for column in zip(*rows, strict=True)]
        elif isinstance(rows, list):
            return rows
    raise _NotLiteral


def _constant(node: ast.Constant, lines: list[str]) -> object:
    if node.value is None or isinstance(node.value, str):
        return node.value
    if isinstance(node.value, bool) or not isinstance(node.value, (int, float)):
        raise _NotLiteral
    return _number(node, lines)


def _number(node: ast.expr, lines: list[str]) -> str:
    if not isinstance(node, ast.Constant) or isinstance(node.value, bool) or not isinstance(node.value, (int, float)):
        raise _NotLiteral
    line = lines[node.lineno - 1].encode() if node.lineno <= len(lines) else b""
    return line[node.col_offset : node.end_col_offset].decode(errors="replace").replace("_", "")


def _called(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
