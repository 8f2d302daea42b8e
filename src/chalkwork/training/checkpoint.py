"""Runs kept in files: written atomically, read without executing anything, and never mixed up."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from chalkwork.errors import ChalkworkError
from chalkwork.files import make_folder, write_aside
from chalkwork.training.history import History
from chalkwork.training.loop import Snapshot
from chalkwork.training.step import Array, Values

FORMAT = "chalkwork-run-1"
_BEST = "best/"
_LOSS = "history/loss"


def write_tensors(path: Path, tensors: Mapping[str, Array], metadata: Mapping[str, str]) -> None:
    """A safetensors file, there as a whole or not at all, whenever the machine stops.

    Raises ChalkworkError if the file cannot be written or safetensors is missing.
    """
    try:
        from safetensors.numpy import save
    except ImportError as error:
        raise ChalkworkError("saving needs safetensors", hint="pip install 'chalkwork[train]'") from error
    content = save({name: np.ascontiguousarray(value) for name, value in tensors.items()}, dict(metadata))
    make_folder(path.parent)
    write_aside(path, content)


def read_tensors(path: Path) -> tuple[dict[str, Array], dict[str, str]]:
    """The tensors of a safetensors file and its metadata. Raises ChalkworkError with the file where it is none."""
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError as error:
        raise ChalkworkError("reading needs safetensors", hint="pip install 'chalkwork[train]'") from error
    try:
        with safe_open(str(path), framework="numpy") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, dict(file.metadata() or {})  # noqa: SIM118
    except FileNotFoundError:
        raise ChalkworkError("there is no such file", file=str(path)) from None
    except (SafetensorError, OSError, ValueError):
        raise ChalkworkError("this is no safetensors file", file=str(path)) from None


def fingerprint(settings: Mapping[str, Any], data: Values) -> dict[str, str]:
    """What makes a run this run and no other: its settings as text, and a digest of its data."""
    digest = hashlib.sha256()
    for name in sorted(data):
        array = np.ascontiguousarray(data[name])
        digest.update(f"{name}{array.shape}{array.dtype}".encode())
        digest.update(array.tobytes())
    return {**{key: str(value) for key, value in settings.items()}, "data": digest.hexdigest()}


class Checkpoint:
    """The file in which one run is kept.

    `resumed` is what is there already, if it belongs to the same run: same equations, settings and data.
    """

    def __init__(self, path: str | Path, identity: Mapping[str, str]) -> None:
        if find_spec("safetensors") is None:  # said before the work, not after it
            raise ChalkworkError("keeping a run needs safetensors", hint="pip install 'chalkwork[train]'")
        self.path, self.identity = Path(path), dict(identity)

    def keep(self, run: Snapshot) -> None:
        """Write the run as it is now."""
        tensors = dict(run.values) | {_BEST + name: value for name, value in (run.best_values or {}).items()}
        history = run.history.as_data()
        tensors[_LOSS] = run.history.loss
        state = {
            "done": run.done,
            "total": run.total.hex(),
            "count": run.count,
            "best": run.best.hex(),
            "waited": run.waited,
            "history": {key: value for key, value in history.items() if key != "loss"},
        }
        write_tensors(
            self.path,
            tensors,
            {"format": FORMAT, "run": json.dumps(state), "identity": json.dumps(self.identity)},
        )

    def resumed(self) -> Snapshot | None:
        """The run that the file holds; None where there is no file.

        Raises ChalkworkError where the file is no checkpoint or that of another run, and says what differs.
        """
        if not self.path.exists():
            return None
        tensors, metadata = read_tensors(self.path)
        if metadata.get("format") != FORMAT:
            raise ChalkworkError("this is no checkpoint of a training run", file=str(self.path))
        known: dict[str, str] = json.loads(metadata["identity"])
        different = [key for key in self.identity if known.get(key) != self.identity[key]]
        if different:
            key = different[0]
            theirs = known.get(key, "not there")
            raise ChalkworkError(
                f"this checkpoint is of another run: its {key} is {theirs}, not {self.identity[key]}",
                file=str(self.path),
                hint="give another file, or delete this one",
            )
        state = json.loads(metadata["run"])
        loss = tensors.pop(_LOSS)
        best = {name.removeprefix(_BEST): tensors.pop(name) for name in list(tensors) if name.startswith(_BEST)}
        history = History.from_data({**state["history"], "loss": loss})
        return Snapshot(
            tensors,
            state["done"],
            history,
            float.fromhex(state["total"]),
            state["count"],
            float.fromhex(state["best"]),
            best or None,
            state["waited"],
        )
