"""Batch normalisation by hand."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from chalkwork.laboratory.normalisation import LOSSES, Running, batch_norm
from chalkwork.sheets import values
from chalkwork.sheets.locate import Node
from chalkwork.sheets.parts import calling
from chalkwork.sheets.posed import Key, Keys, usual_of
from chalkwork.sheets.values import Fields

_UNITS = values.number_or(values.vector)
_BATCH = values.number_or(values.numbers)
_DIVISORS = ("biased", "unbiased")
_RUNNING: dict[str, values.Reader[Any]] = {
    "mean": _UNITS,
    "variance": _UNITS,
    "momentum": values.number,
    "divisor": values.choice(_DIVISORS),
}


def _running(node: Node, where: str) -> Running:
    fields = values.mapping(node, "running statistics", where, _RUNNING)
    return Running(**fields.given(_RUNNING))


_KEYS: Keys = {
    "batch": Key(_BATCH, "the batch $x = {}$, a row for each sample"),
    "gamma": Key(_UNITS, r"$\gamma = {}$"),
    "beta": Key(_UNITS, r"$\beta = {}$"),
    "epsilon": Key(values.number, r"$\varepsilon = {}$"),
    "upstream": Key(_BATCH, r"the error from above $\delta = {}$"),
    "target": Key(_BATCH, "the target $y = {}$"),
    "loss": Key(values.choice(LOSSES), "the loss {}"),
    "variance": Key(values.choice(_DIVISORS), "the {} variance"),
    "running": Key(_running, "the running statistics ({})"),
    "inference": Key(_BATCH, "in inference $x = {}$"),
    "undo": values.flag,
}


def _usual(fields: Fields) -> dict[str, Any]:
    """What a layer has where nobody says."""
    undone = fields.read("undo", values.flag, False)
    used = ["epsilon", "variance", *([] if undone else ["gamma", "beta"]), *(["loss"] if "target" in fields else [])]
    return usual_of(batch_norm, used) | {"running": asdict(Running())}


PART = calling(
    batch_norm,
    _KEYS,
    needed=("batch",),
    usual=_usual,
    vary=dict.fromkeys(("batch", "gamma", "beta", "upstream", "target", "inference"), "data"),
)
