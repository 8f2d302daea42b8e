"""Optimisation: paths of methods, critical points, the step size, the condition number, saddles, the cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalkwork.errors import SheetError
from chalkwork.laboratory import optimisation
from chalkwork.sheets import values
from chalkwork.sheets.parts import Part, Surroundings, Work
from chalkwork.sheets.posed import posed
from chalkwork.sheets.values import Fields
from chalkwork.solutions.solution import Solution

_NUMBERS = values.table(values.number)
_INTERVALS = values.table(values.vector)

KEYS: Mapping[str, values.Reader[Any]] = {
    "function": values.text,
    "start": _NUMBERS,
    "method": values.names,
    "steps": values.integer(0, 10_000),
    "rate": values.positive,
    "momentum": values.number,
    "damping": values.number,
    "shown": values.integer(0, 20),
    "window": _INTERVALS,
    "box": _INTERVALS,
    "grid": values.integer(2, 41),
    "accuracy": values.positive,
    "saddle": _NUMBERS,
    "distances": values.vector,
    "radius": values.positive,
    "parameters": values.listing(values.integer(1, 10**12), "a list of whole numbers", 20),
    "network": values.name,
    "x": values.numbers,
    "y": values.numbers,
}


@dataclass(frozen=True, slots=True)
class Study:
    """What a block can ask: the call behind it, the keys that it needs, and those that it may have."""

    call: str
    needed: tuple[str, ...]
    allowed: tuple[str, ...] = ()


_SETTINGS = ("method", "steps", "rate", "momentum", "damping", "shown")
STUDIES = {
    "path": Study("optimise", ("function", "start"), (*_SETTINGS, "window")),
    "step_size": Study("step_size", ("function", "start"), ("steps",)),
    "condition": Study("condition", ("function", "start"), ("accuracy",)),
    "escape": Study("escape", ("function", "saddle"), ("distances", "rate", "radius")),
    "critical_points": Study("critical_points", ("function", "box"), ("grid",)),
    "cost": Study("newton_cost", (), ("parameters",)),
    "network": Study("optimise_network", ("network", "x", "y"), _SETTINGS),
}


def _read(fields: Fields) -> Work:
    usual = "network" if "network" in fields else "path"
    name = fields.read("study", values.choice(tuple(STUDIES)), usual)
    study = STUDIES[name]
    for key in KEYS:
        if key in fields and key not in (*study.needed, *study.allowed):
            takes = ", ".join((*study.needed, *study.allowed))
            raise SheetError(f"{key} is of no use in the study {name}", line=fields.line(key), hint=f"it has {takes}")
    given = {key: fields.need(key, KEYS[key]) for key in study.needed}
    given |= fields.given({key: KEYS[key] for key in study.allowed})
    if "method" in given:
        given["method"] = list(given["method"])
    line = fields.line("network")

    def work(surroundings: Surroundings) -> Solution:
        settings = dict(given)
        if "network" in settings:
            settings["net"] = surroundings.network(settings.pop("network"), line)
        solution: Solution = getattr(optimisation, study.call)(**settings, style=surroundings.manner)
        return solution

    return work


def _method(word: str) -> str:
    from chalkwork.laboratory.optimisation.methods import Method

    return Method.of(word).title


_SAID = {
    "function": "${}$",
    "start": "the start ${}$",
    "method": "the [method]: {}",
    "steps": "${}$ [step]",
    "rate": r"the learning rate $\eta = {}$",
    "momentum": "the momentum ${}$",
    "damping": "the damping ${}$",
    "box": "over ${}$",
    "saddle": "the saddle at ${}$",
    "distances": "the distances ${}$",
    "radius": "the radius $R = {}$",
    "accuracy": "the accuracy ${}$",
    "parameters": "numbers of parameters ${}$",
    "x": "$x = {}$",
    "y": "$y = {}$",
}
PART = Part(
    ("study", *KEYS),
    _read,
    lambda fields: posed(fields, _SAID, titles={"method": _method}),
    vary={"start": "data", "x": "data", "y": "target"},
)
