"""Runs kept in files: written atomically, read without executing anything, and never mixed up."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from chalkwork.errors import ChalkworkError
from chalkwork.training.history import History
from chalkwork.training.loop import Snapshot
from chalkwork.training.step import Array, Values
from chalkwork.training.tensors import digest, is_whole, read_tensors, write_tensors
from chalkwork.training.work import Place

FORMAT = "chalkwork-run-5"
_NONE = "not given"
_BEST = "best/"
_LOSS = "history/loss"


def fingerprint(settings: Mapping[str, Any], **arrays: Values) -> dict[str, str]:
    """What makes a run this run and no other: its settings as text, and digests of all numbers it depends on.

    >>> fingerprint({"rate": 0.1}, data={})["rate"]
    '0.1'
    """
    told = {key: _NONE if value is None else str(value) for key, value in settings.items()}
    return {**told, **{key: digest(arrays[key]) for key in arrays}}


def kept_engine(path: str | Path | None) -> str:
    """The engine of the run that a file keeps, with which alone it goes on; nothing where there is no such run."""
    try:
        _, metadata = read_tensors(Path(path)) if path is not None else ({}, {})
        return str(json.loads(metadata["identity"])["engine"])
    except (ChalkworkError, KeyError, ValueError, TypeError):  # `resumed` says what is wrong with the file
        return ""


START = "initial parameters"
_FOLLOWING = ("network", "equations", "optimiser's state")
"""What differs as well where one of the others does, so that it says less."""


LENGTHS = ("epochs", "iterations")
"""What says how long a run is."""


class Checkpoint:
    """The file in which one run is kept.

    `resumed` is what is there already, if it belongs to the same run: same equations, settings and data, and the
    network as it was before the first step or as the file holds it. `start` is what is carried before the first step,
    `own` says which of it belongs to the network; `longer` whether the run may have become longer, as it may where no
    rate depends on its length.
    """

    def __init__(
        self, path: str | Path, identity: Mapping[str, str], start: Values, own: set[str], longer: bool = False
    ) -> None:
        if find_spec("safetensors") is None:  # said before the work, not after it
            raise ChalkworkError("keeping a run needs safetensors", hint="pip install 'chalkwork[train]'")
        self.path, self.start, self.own, self.longer = Path(path), dict(start), set(own), longer
        self.identity = {**identity, START: digest(self._owned(start))}

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
            "factor": run.factor.hex(),
            "place": None if run.place is None else asdict(run.place),
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
        try:
            whole = is_whole(self.path)
            if metadata.get("format") != FORMAT:
                raise ChalkworkError(f"this is no checkpoint of a training run in the form {FORMAT}")
            if not whole:
                raise ValueError("no checksum")
            known: dict[str, str] = json.loads(metadata["identity"])
            run = _snapshot(tensors, json.loads(metadata["run"]))
            self._check(known, run)
        except ChalkworkError as error:
            raise error.at(file=str(self.path)) from None
        except (KeyError, ValueError, TypeError, AttributeError):
            raise ChalkworkError("this checkpoint is damaged", file=str(self.path)) from None
        self.identity[START] = known[START]
        run.history.resumed, run.history.source = run.done, str(self.path)
        return run

    def _check(self, known: Mapping[str, str], run: Snapshot) -> None:
        """Raise ChalkworkError, with what differs, unless the run is this one and its arrays are those of this one."""
        held = [values for values in (run.values, run.best_values) if values is not None]
        left = [digest(self._owned(values)) for values in held]
        for key in sorted([*self.identity, *known], key=_FOLLOWING.__contains__):
            mine, theirs = self.identity.get(key, _NONE), known.get(key, _NONE)
            if mine == theirs or (key == START and mine in left):
                continue
            more = key in LENGTHS and _NONE not in (mine, theirs) and int(mine) > int(theirs)
            if more and self.longer:
                continue
            differs = f"its {key} is {theirs}, but here {mine}"
            if len(mine) == hashlib.sha256().digest_size * 2:
                differs = f"not the same {key}"
            hint = "the schedule depends on it" if more else "give another file, or delete this one"
            raise ChalkworkError(f"this checkpoint is of another run: {differs}", hint=hint)
        for values in held:
            shapes = {name: value.shape for name, value in values.items()}
            sound = all(np.isfinite(value).all() for value in values.values())
            if not sound or shapes != {name: np.shape(value) for name, value in self.start.items()}:
                raise ValueError("arrays of another run")

    def _owned(self, values: Values) -> dict[str, Array]:
        """What of the values belongs to the network."""
        return {name: np.asarray(values[name]) for name in self.own}


def _snapshot(tensors: dict[str, Array], state: Mapping[str, Any]) -> Snapshot:
    loss = tensors.pop(_LOSS)
    best = {name.removeprefix(_BEST): tensors.pop(name) for name in list(tensors) if name.startswith(_BEST)}
    return Snapshot(
        tensors,
        state["done"],
        History.from_data({**state["history"], "loss": loss}),
        float.fromhex(state["total"]),
        state["count"],
        float.fromhex(state["best"]),
        best or None,
        state["waited"],
        float.fromhex(state["factor"]),
        None if state["place"] is None else Place(**state["place"]),
    )
