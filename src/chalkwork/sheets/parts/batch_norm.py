"""Batch normalisation by hand."""

from __future__ import annotations

from typing import Any

from chalkwork.laboratory.normalisation import LOSSES, Running, batch_norm
from chalkwork.sheets import values
from chalkwork.sheets.fields import Fields
from chalkwork.sheets.locate import Node
from chalkwork.sheets.parts import Part, Surroundings, Work
from chalkwork.sheets.posed import posed
from chalkwork.solutions.solution import Solution

_UNITS = values.number_or(values.vector)
_BATCH = values.number_or(values.numbers)
_DIVISORS = ("biased", "unbiased")


def _running(node: Node, where: str) -> Running:
    fields = Fields(node, "running statistics", where, tuple(Running.__dataclass_fields__))
    usual = Running()
    return Running(
        mean=fields.read("mean", _UNITS, usual.mean),
        variance=fields.read("variance", _UNITS, usual.variance),
        momentum=fields.read("momentum", values.number, usual.momentum),
        divisor=fields.read("divisor", values.choice(("biased", "unbiased")), usual.divisor),
    )


KEYS: dict[str, values.Reader[Any]] = {
    "gamma": _UNITS,
    "beta": _UNITS,
    "epsilon": values.number,
    "upstream": _BATCH,
    "target": _BATCH,
    "loss": values.choice(LOSSES),
    "undo": values.flag,
    "variance": values.choice(_DIVISORS),
    "running": _running,
    "inference": _BATCH,
}


def _read(fields: Fields) -> Work:
    batch = fields.need("batch", _BATCH)
    given: dict[str, Any] = {key: fields.read(key, reader, None) for key, reader in KEYS.items() if key in fields}

    def work(surroundings: Surroundings) -> Solution:
        return batch_norm(batch, **given, style=surroundings.manner)

    return work


_SAID = {
    "batch": "the batch $x = {}$, a row for each sample",
    "gamma": r"$\gamma = {}$",
    "beta": r"$\beta = {}$",
    "epsilon": r"$\varepsilon = {}$",
    "upstream": r"the error from above $\delta = {}$",
    "target": "the target $y = {}$",
    "loss": "the loss {}",
    "variance": "the {} variance",
    "running": "the running statistics ({})",
    "inference": "in inference $x = {}$",
}
PART = Part(("batch", *KEYS), _read, lambda fields: posed(fields, _SAID))
