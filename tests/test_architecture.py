"""The rooms import only from rooms above them, and the package keeps its promises about what it loads."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import chalkwork

ROOT = Path(chalkwork.__file__).parent
ROOMS = [
    "errors",
    "budget",
    "algebra",
    "derivation",
    "typesetting",
    "documents",
    "checking",
    "solutions",
    "training",
    "networks",
    "inside",
    "exchange",
    "sklearn",
    "laboratory",
    "tables",
    "sheets",
    "cli",
]
FILES = sorted(ROOT.rglob("*.py"))


def room_of(path: Path) -> str:
    first = path.relative_to(ROOT).parts[0]
    return first.removesuffix(".py")


def imported_rooms(path: Path) -> set[str]:
    """The rooms that a file imports from, wherever in it the import stands, but for type checking."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = {
        id(node)
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If) and "TYPE_CHECKING" in ast.dump(branch.test)
        for node in ast.walk(branch)
    }
    modules = [
        name
        for node in ast.walk(tree)
        if id(node) not in skipped
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else []
        )
    ]
    return {module.split(".")[1] for module in modules if module.startswith("chalkwork.")}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_imports_only_from_rooms_above(path: Path) -> None:
    room = room_of(path)
    if room == "__init__":
        return
    assert room in ROOMS, f"{room} has no place in the order of the rooms"
    below = ROOMS[ROOMS.index(room) + 1 :]
    assert not imported_rooms(path) & set(below)


def test_every_file_is_read_in_one_sitting() -> None:
    long = {
        str(path.relative_to(ROOT)): length for path in FILES if (length := len(path.read_text().splitlines())) > 450
    }
    assert not long


def test_importing_loads_nothing_heavy() -> None:
    code = "import sys, chalkwork; print(' '.join(sorted(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"jax", "sympy", "matplotlib", "typst", "pypandoc", "rich", "yaml", "sklearn"} & set(loaded)
