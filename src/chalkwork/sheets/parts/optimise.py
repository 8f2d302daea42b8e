"""Optimisation: paths of methods, critical points, the step size, the condition number, saddles, the cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalkwork.documents.model import Block
from chalkwork.errors import SheetError
from chalkwork.laboratory import optimisation
from chalkwork.sheets import values
from chalkwork.sheets.locate import Node, Table
from chalkwork.sheets.parts import Part, Surroundings, Work
from chalkwork.sheets.posed import Posed, posed, usual_of
from chalkwork.sheets.values import Fields
from chalkwork.solutions.setting import Style
from chalkwork.solutions.solution import Solution

_NUMBERS = values.table(values.number)
_INTERVALS = values.table(values.vector)


def _start(node: Node, where: str) -> Any:
    """A number for every variable; of given gradients also a number, or one for every entry."""
    return _NUMBERS(node, where) if isinstance(node, Table) else values.number_or(values.vector)(node, where)


CONSTANTS: Mapping[str, values.Reader[Any]] = {
    **dict.fromkeys(("beta1", "beta2", "rho", "gamma", "beta", "decay", "epsilon"), values.number),
    "epsilon_place": values.name,
    "form": values.name,
    "schedule": values.named,
    "clip_norm": values.positive,
    "clip_value": values.positive,
}
KEYS: Mapping[str, values.Reader[Any]] = {
    "function": values.text,
    "gradients": values.numbers,
    "values": values.vector,
    "start": _start,
    "method": values.names,
    "steps": values.integer(0, 10_000),
    "rate": values.positive,
    "momentum": values.number,
    "damping": values.number,
    **CONSTANTS,
    "corrected": values.flag,
    "shown": values.integer(0, 20),
    "window": _INTERVALS,
    "box": _INTERVALS,
    "grid": values.integer(2, 41),
    "accuracy": values.positive,
    "at": _NUMBERS,
    "step": values.positive,
    "parameter": values.text,
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


_SETTINGS = ("method", "steps", "rate", "momentum", "damping", "shown", *CONSTANTS)
STUDIES = {
    "path": Study("optimise", ("function", "start"), (*_SETTINGS, "window")),
    "step_size": Study("step_size", ("function", "start"), ("steps",)),
    "condition": Study("condition", ("function", "start"), ("accuracy",)),
    "escape": Study("escape", ("function", "saddle"), ("distances", "rate", "radius")),
    "critical_points": Study("critical_points", ("function", "box"), ("grid",)),
    "cost": Study("newton_cost", (), ("parameters",)),
    "network": Study("optimise_network", ("network", "x", "y"), _SETTINGS),
    "gradients": Study("apply_gradients", ("gradients", "start"), ("method", "rate", "momentum", "shown", *CONSTANTS)),
    "gradient_check": Study("gradient_check", ("function", "at"), ("step",)),
    "network_gradient_check": Study("check_network_gradient", ("network", "x", "y", "parameter"), ("step",)),
    "average": Study("exponential_average", ("values",), ("beta", "corrected", "start", "shown")),
}


def _study(fields: Fields) -> str:
    """The study that is asked for, or the one that a key belongs to."""
    own = {
        "at": "gradient_check",
        "parameter": "network_gradient_check",
        "network": "network",
        "gradients": "gradients",
        "values": "average",
    }
    usual = next((study for key, study in own.items() if key in fields), "path")
    return fields.read("study", values.choice(tuple(STUDIES)), usual)


def _read(fields: Fields) -> Work:
    name = _study(fields)
    study = STUDIES[name]
    for key in KEYS:
        if key in fields and key not in (*study.needed, *study.allowed):
            takes = ", ".join((*study.needed, *study.allowed))
            raise SheetError(f"{key} is of no use in the study {name}", line=fields.line(key), hint=f"it has {takes}")
    given = {key: fields.need(key, KEYS[key]) for key in study.needed}
    given |= fields.given({key: KEYS[key] for key in study.allowed})
    if "method" in given:
        given["method"] = list(given["method"])
    if name == "gradients" and len(given.get("method", ())) > 1:
        raise SheetError("given gradients take one method", line=fields.line("method"), hint="write a block for each")
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


_FORMS = {
    "usual": "the velocity adds up gradients, without the rate",
    "rate_inside": "the velocity has the rate in it already",
    "signed": "the velocity has the rate and the minus in it already",
    "average": "the velocity is a running mean",
    "lookahead": "the gradient is taken ahead, where the velocity alone would lead",
}


def _form(word: str) -> str:
    return _FORMS.get(word, word)


def _corrected(word: str) -> str:
    return "corrected for its start at zero" if word.lower() in ("true", "yes") else "not corrected for its start"


_SAID = {
    "function": "${}$",
    "gradients": "the gradients ${}$",
    "values": "the values ${}$",
    "start": "the start ${}$",
    "method": "the [method]: {}",
    "steps": "${}$ [step]",
    "rate": r"the learning rate $\eta = {}$",
    "momentum": "the momentum ${}$",
    "beta1": r"$\beta_1 = {}$",
    "beta2": r"$\beta_2 = {}$",
    "rho": r"$\rho = {}$",
    "gamma": r"$\gamma = {}$",
    "beta": r"$\beta = {}$",
    "decay": r"$\lambda = {}$",
    "epsilon": r"$\varepsilon = {}$",
    "epsilon_place": "epsilon {} the root",
    "form": "{}",
    "schedule": "the schedule of the rate: {}",
    "clip_norm": "gradients clipped to the norm ${}$",
    "clip_value": "gradients clipped to the size ${}$",
    "damping": "the damping ${}$",
    "corrected": "the average {}",
    "box": "over ${}$",
    "saddle": "the saddle at ${}$",
    "distances": "the distances ${}$",
    "radius": "the radius $R = {}$",
    "accuracy": "the accuracy ${}$",
    "at": "the point ${}$",
    "step": "the step $h = {}$",
    "parameter": "the parameter {}",
    "parameters": "numbers of parameters ${}$",
    "x": "$x = {}$",
    "y": "$y = {}$",
}
_KEY_OF = {"mu": "momentum", "rho1": "beta1", "rho2": "beta2"}


def _pose(fields: Fields) -> Posed:
    """What is typed, and what the study takes for the keys that are left out."""

    def pose(manner: Style, worked: Mapping[str, Any]) -> list[Block]:
        study = STUDIES[_study(fields)]
        call = getattr(optimisation, study.call)
        usual = {key: value for key, value in usual_of(call, study.allowed).items() if value or key == "start"}
        said = dict(_SAID)
        if "method" in study.allowed:
            _add_rules(fields, usual, said)
        titles = {"method": _method, "form": _form, "corrected": _corrected}
        return posed(fields, said, usual, titles)(manner, worked)

    return pose


def _add_rules(fields: Fields, usual: dict[str, Any], said: dict[str, str]) -> None:
    """The usual constants and forms of the rules that are used; no rate where none is."""
    from chalkwork.laboratory.optimisation.methods import Method
    from chalkwork.networks.optimisers import constant_of

    methods = [Method.of(word) for word in fields.read("method", values.names, (usual["method"],))]
    rules = {method.name: method.optimiser.rule for method in methods if not method.uses_hessian}
    usual.pop("momentum")
    if not rules:
        del usual["rate"]
    for name, rule in rules.items():
        typed = {constant_of(name, key) for key in fields.entries}
        for constant, value in rule.constants:
            key = _KEY_OF.get(constant, constant)
            if usual.get(key, value) != value:
                key = f"{key} of {name}"
                said[key] = f"{said[_KEY_OF.get(constant, constant)]} ({rule.title})"
            if constant not in typed:
                usual[key] = value
        if rule.forms:
            usual["form"] = "usual"
        if "epsilon" in dict(rule.constants) and "form" not in fields and fields.read("epsilon", values.number, 1):
            usual["epsilon_place"] = "outside"


PART = Part(
    ("study", *KEYS),
    _read,
    _pose,
    vary={**dict.fromkeys(("start", "x", "gradients", "values"), "data"), "y": "target"},
)
