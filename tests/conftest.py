"""What tests share: double precision in JAX, seeded numbers, and what commands are tried on."""

import os
import signal
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

import jax
import numpy as np
import pytest
from doors import QUICK, SHEET, TABLE
from shipped import SHEETS, TEXTS

from chalkwork.cli import main
from chalkwork.errors import TRACEBACK
from chalkwork.sheets import format as sheet_format
from chalkwork.sheets import solve
from chalkwork.sheets.schema import Sheet

LONG = frozenset({
    "acceptance", "answer_files", "answers", "check", "check_fuzz", "check_mistakes", "claims_parts", "conventions",
    "differentiate", "distributed", "doors", "doors_files", "engine_blas", "estimators", "exchange",
    "exchange_libraries", "exchange_onnx", "exchange_strangers", "exports", "folder", "hierarchical_softmax",
    "hostile_hand_ins", "intervals", "intervals_tangled", "layers", "mistakes", "mistakes_apart", "network",
    "notebooks", "operations", "operations_edges", "operations_onnx", "operations_shapes", "optimisation",
    "optimisation_steps", "outputs", "page_marking", "platforms", "program_mistakes", "programs_evidence",
    "programs_kept", "programs_steps", "read_back", "recording", "shipped_sheets", "simplify", "sklearn",
    "small_inputs", "table_files", "table_parts", "taylor", "train_command", "training", "variants",
})  # fmt: skip
"""Files that go on for long: they start processes or kernels, train, compile, or go through whole tables."""

os.environ[TRACEBACK] = "raised"  # a fault of ours is never made a message
jax.config.update("jax_enable_x64", True)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # who tests in the background ignores it, and so do all children
    signal.signal(signal.SIGINT, signal.default_int_handler)

_READ = sheet_format.read_sheet


@cache
def _shipped(path: Path) -> Sheet:
    return _READ(path)


def _read_once(path: str | Path) -> Sheet:
    """A shipped sheet is read, and so solved, once for all tests of a process: it is equal only to itself."""
    return _shipped(Path(path)) if Path(path).parent == SHEETS else _READ(path)


sheet_format.read_sheet = _read_once
solve._solved = lru_cache(maxsize=200)(solve._solved.__wrapped__)
solve.work_parts = lru_cache(maxsize=200)(solve.work_parts.__wrapped__)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test is quick unless its file is long, or hypothesis draws its cases; of a table, the first case is.

    Tests of one shipped sheet run in one process, which reads and solves it once for all of them.
    """
    seen = set()
    for item in items:
        for value in item.callspec.params.values() if hasattr(item, "callspec") else ():
            name = value.stem if isinstance(value, Path) else value
            if isinstance(name, str) and name in TEXTS:
                item.add_marker(pytest.mark.xdist_group(f"the sheet {name}"))
        drawn = getattr(getattr(item, "function", None), "is_hypothesis_test", False)
        test = item.nodeid.partition("[")[0]
        if test not in seen and not drawn and item.path.stem.removeprefix("test_") not in LONG:
            item.add_marker("quick")
        seen.add(test)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Files without a quick test are not even read where only those are asked for."""
    quick = config.getoption("markexpr") == "quick"
    return True if quick and collection_path.stem.removeprefix("test_") in LONG else None


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20240229)


@pytest.fixture
def data(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Points of two classes, each in two opposite quadrants."""
    x = rng.normal(size=(64, 2))
    return x, (x[:, 0] * x[:, 1] > 0).astype(float)


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a trained network, and the table it was trained on."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "table.csv").write_text(TABLE)
    assert main(["train", str(folder / "table.csv"), "--target", "kind", "-o", str(folder / "model"), *QUICK]) == 0
    return folder


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a sheet, a folder of two hand-ins, and nothing else; it is the current one."""
    (tmp_path / "sheet.md").write_text(SHEET.format(mark=""))
    (tmp_path / "class").mkdir()
    for name in "ann", "bob":
        (tmp_path / "class" / f"{name}.yaml").write_text("c: 3\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def quick_compilation() -> Iterator[None]:
    """JAX compiles sooner and runs slower: for oracles, which run once."""
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)
