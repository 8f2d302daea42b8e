"""The functions of a recorded program, as they stand in its text."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import lru_cache
from types import CodeType

from chalkwork.checking.recording.places import parsed

Function = ast.FunctionDef | ast.Lambda


def functions_in(texts: Mapping[str, str]) -> dict[str, list[tuple[str, Function]]]:
    """All functions in the texts of files, by their names, each with its file."""
    found: dict[str, list[tuple[str, Function]]] = {}
    for file, text in texts.items():
        for node in ast.walk(parsed(text)):
            if isinstance(node, ast.FunctionDef):
                found.setdefault(node.name, []).append((file, node))
            elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        found.setdefault(target.id, []).append((file, node.value))
    return found


def spans(node: Function, line: int) -> bool:
    """Whether a line stands within a function."""
    return node.lineno <= line <= (node.end_lineno or node.lineno)


def function_at(text: str, code: CodeType) -> Function | None:
    """The function that begins at the line where its code does."""
    return _functions_by_line(text).get((code.co_name == "<lambda>", code.co_firstlineno))


@lru_cache(maxsize=32)
def _functions_by_line(text: str) -> dict[tuple[bool, int], Function]:
    """Each first function of a line, those without a name apart."""
    found: dict[tuple[bool, int], Function] = {}
    for node in ast.walk(parsed(text)):
        if isinstance(node, (ast.Lambda, ast.FunctionDef)):
            found.setdefault((isinstance(node, ast.Lambda), node.lineno), node)
    return found


def lambda_in(statement: ast.stmt | None, node: ast.Lambda) -> ast.Lambda:
    """The function as it stands in an edited statement."""
    found = [one for one in ast.walk(statement) if isinstance(one, ast.Lambda)] if statement is not None else []
    return found[0] if len(found) == 1 else node
