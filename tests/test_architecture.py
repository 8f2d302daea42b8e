"""The rooms import only from rooms above them, and the package keeps its promises about what it loads."""

import ast
import re
import subprocess
import sys
import tomllib
from collections import Counter
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import chalkwork

pytestmark = pytest.mark.xdist_group("the source")  # which one process reads once
ROOT = Path(chalkwork.__file__).parent
ROOMS = [
    "errors", "arrays", "packages", "counting", "words", "budget", "files", "yaml_nodes", "fields", "algebra",
    "derivation", "bounds", "typesetting", "drawings", "documents", "checking", "page", "solutions", "training",
    "networks", "inside", "exchange", "sklearn", "laboratory", "verification", "tables", "sheets", "classroom", "cli",
]  # fmt: skip
FILES = sorted(ROOT.rglob("*.py"))


def room_of(path: Path) -> str:
    first = path.relative_to(ROOT).parts[0]
    return first.removesuffix(".py")


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    return ".".join(("chalkwork", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")


NAMES = {name_of(path) for path in FILES}


@cache
def imported(path: Path) -> set[str]:
    """The files of ours that a file imports from, wherever in it the import stands, but for type checking."""
    tree = tree_of(path)
    skipped = {
        id(node)
        for branch in tree.body
        if isinstance(branch, ast.If) and ast.unparse(branch.test) == "TYPE_CHECKING"
        for statement in branch.body
        for node in ast.walk(statement)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if id(node) not in skipped and isinstance(node, ast.ImportFrom):
            assert not node.level, "imports name the whole module"
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in NAMES else node.module or "" for name in inside}
        elif id(node) not in skipped and isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found & NAMES - {name_of(path)}


def imported_rooms(path: Path) -> set[str]:
    return {name.split(".")[1] for name in imported(path) if "." in name}


def circle(imports: dict[str, set[str]]) -> list[str]:
    """Files of which each imports from the next, and the last from the first; none where there are none."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_files_import_in_a_circle() -> None:
    """Imports inside functions count: what needs them to load at all is two halves of one file."""
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}})
    imports = {name_of(path): imported(path) for path in FILES}
    assert sum(map(len, imports.values())) > len(FILES), "imports are found"
    assert not circle(imports)


def test_no_folders_beside_each_other_import_in_a_circle() -> None:
    """A folder and the one that holds it are one thing; their files are in no circle either."""
    folders = {name_of(path) for path in FILES if path.name == "__init__.py"}
    imports: dict[str, set[str]] = {folder: set() for folder in folders}
    for path in FILES:
        own, *others = (
            name if name in folders else name.rpartition(".")[0] for name in (name_of(path), *imported(path))
        )
        imports[own] |= {one for one in others if not f"{one}.".startswith(f"{own}.") and not own.startswith(f"{one}.")}
    assert sum(map(len, imports.values())) > len(folders)
    assert not circle(imports)


def test_a_room_imports_only_from_rooms_above() -> None:
    for path in FILES:
        room = room_of(path)
        if room != "__init__":
            assert room in ROOMS, f"{room} has no place in the order of the rooms"
            below = ROOMS[ROOMS.index(room) + 1 :]
            assert not imported_rooms(path) & set(below), path


CALLED_BY_OTHERS = {"_print_message", "do_GET", "log_message", "version_string"}
"""What a library calls by its name: argparse, http.server."""


def test_nothing_stands_there_that_nobody_calls() -> None:
    """A name that stands nowhere but where it is defined, neither in the package nor in what uses it."""
    home = Path(__file__).parents[1]
    users = [path for room in ("tests", "benchmarks") for path in (home / room).rglob("*.py") if path != Path(__file__)]
    words = Counter(
        word for path in [*FILES, *users] for word in re.findall(r"[A-Za-z_]\w*", path.read_text(encoding="utf-8"))
    )
    defined = {
        node.name: path
        for path in FILES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("__")
    }
    assert len(defined) > 1000
    unused = {name: path.name for name, path in defined.items() if words[name] == 1 and name not in CALLED_BY_OTHERS}
    assert not unused


def test_every_file_is_read_in_one_sitting() -> None:
    long = {
        str(path.relative_to(ROOT)): length for path in FILES if (length := len(path.read_text().splitlines())) > 450
    }
    assert not long


WRITERS = {"write_text", "write_bytes", "savefig", "save_file", "tofile", "savetxt", "savez"}
READING = {"r", "rb"}


def _writes(node: ast.AST) -> bool:
    """Whether a call opens a file to write in, or may: `open` with a mode that is not plainly one for reading."""
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name == "open":
        owner = ast.unparse(node.func.value) if isinstance(node.func, ast.Attribute) else ""
        place = 0 if owner not in ("", "io") else 1
        modes = [*node.args[place : place + 1], *(each.value for each in node.keywords if each.arg == "mode")]
        return owner == "os" or any(not isinstance(each, ast.Constant) or each.value not in READING for each in modes)
    if name == "savefig":  # into memory
        return ast.unparse(node.args[0]) != "memory"
    return name in WRITERS


def test_one_place_writes_files() -> None:
    for path in FILES:
        writes = [ast.unparse(node) for node in ast.walk(tree_of(path)) if _writes(node)]
        assert bool(writes) == (room_of(path) == "files"), (path, writes)


def test_every_dependency_has_a_version_that_is_known_to_work() -> None:
    """Names and versions, nothing else; and the README installs them."""
    home = Path(__file__).parents[1]
    project = tomllib.loads((home / "pyproject.toml").read_text())["project"]
    wanted = [
        *project["dependencies"],
        *(each for extra in project["optional-dependencies"].values() for each in extra),
    ]
    known = [line for line in (home / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9.]+( ; python_version .*)?", line) for line in known)
    names = {line.partition("==")[0] for line in known}
    for requirement in wanted:
        name = re.sub("[-_.]+", "-", re.split(r"[\[><=~! ]", requirement)[0]).lower()
        assert name in names or name == "chalkwork", f"{name} is not in constraints.txt"
    commands = [line for line in (home / "README.md").read_text().splitlines() if "pip install" in line][:2]
    assert len(commands) == 2 and all("pip install -c constraints.txt " in line for line in commands)


def test_importing_loads_nothing_heavy() -> None:
    code = "import sys, chalkwork; print(' '.join(sorted(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"jax", "sympy", "matplotlib", "typst", "pypandoc", "rich", "yaml", "sklearn"} & set(loaded)


def test_solving_a_sheet_loads_no_more_than_it_needs() -> None:
    """Marking, the server of the preview, random numbers and masked arrays are not what a worked solution needs."""
    code = "import sys; from chalkwork.cli import main; main(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"
    command = [sys.executable, "-c", code, "solve", str(ROOT.parents[1] / "sheets" / "sigmoid-2-3-2-gradients.md")]
    loaded = set(subprocess.run(command, capture_output=True, text=True, check=True).stderr.split())
    assert "chalkwork.networks.network" in loaded and "chalkwork.networks.graph" not in loaded
    assert {name for name in loaded if name.startswith("chalkwork.networks.layers.")} == {
        f"chalkwork.networks.layers.{name}" for name in ("base", "dense", "settings")
    }
    unneeded = {"http.server", "webbrowser", "tempfile", "csv", "numpy.random", "numpy.ma", "rich", "email"}
    assert not unneeded & loaded
    assert not {name.split(".")[1] for name in loaded if name.startswith("chalkwork.")} & {
        "checking", "bounds", "training", "laboratory", "classroom", "verification", "page", "tables",
    }  # fmt: skip


def test_no_string_holds_half_a_command() -> None:
    r"""A `\text` whose backslash was read as the sign before it is a tab and "ext"; no file holds such signs at all."""
    halves = re.compile(r"[\x07\x08\t\x0b\x0c\r][A-Za-z]|\n(?:abla|eq?|u|ot|i|mid|parallel)\b")
    for path in FILES:
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", path.read_text(encoding="utf-8")), path
        strings = [node.value for node in ast.walk(tree_of(path)) if isinstance(node, ast.Constant)]
        assert not [text for text in strings if isinstance(text, str) and halves.search(text)], path
