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
from chalkwork.sheets.posed import Key, Posed, posed, readers, usual_of
from chalkwork.sheets.values import Fields
from chalkwork.solutions.setting import Style
from chalkwork.solutions.solution import Solution

_NUMBERS = values.table(values.number)
_INTERVALS = values.table(values.vector)


def _start(node: Node, where: str) -> Any:
    """A number for every variable; of given gradients also a number, or one for every entry."""
    return _NUMBERS(node, where) if isinstance(node, Table) else values.number_or(values.vector)(node, where)


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
    given = {key: fields.need(key, readers(KEYS)[key]) for key in study.needed}
    given |= fields.given({key: readers(KEYS)[key] for key in study.allowed})
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


def _corrected(word: str) -> str:
    return "corrected for its start at zero" if word.lower() in ("true", "yes") else "not corrected for its start"


CONSTANTS: dict[str, Key] = {
    **{key: Key(values.number, f"${letter} = {{}}$") for key, letter in (
        ("beta1", r"\beta_1"), ("beta2", r"\beta_2"), ("rho", r"\rho"), ("gamma", r"\gamma"), ("beta", r"\beta"),
        ("decay", r"\lambda"), ("epsilon", r"\varepsilon"),
    )},
    "epsilon_place": Key(values.name, "epsilon {} the root"),
    "form": Key(values.name, "{}", lambda word: _FORMS.get(word, word)),
    "schedule": Key(values.named, "the schedule of the rate: {}"),
    "clip_norm": Key(values.positive, "gradients clipped to the norm ${}$"),
    "clip_value": Key(values.positive, "gradients clipped to the size ${}$"),
}  # fmt: skip
KEYS: dict[str, Key | values.Reader[Any]] = {
    "function": Key(values.text, "${}$"),
    "gradients": Key(values.numbers, "the gradients ${}$"),
    "values": Key(values.vector, "the values ${}$"),
    "start": Key(_start, "the start ${}$"),
    "method": Key(values.names, "the [method]: {}", _method),
    "steps": Key(values.integer(0, 10_000), "${}$ [step]"),
    "rate": Key(values.positive, r"the learning rate $\eta = {}$"),
    "momentum": Key(values.number, "the momentum ${}$"),
    **CONSTANTS,
    "damping": Key(values.number, "the damping ${}$"),
    "corrected": Key(values.flag, "the average {}", _corrected),
    "box": Key(_INTERVALS, "over ${}$"),
    "saddle": Key(_NUMBERS, "the saddle at ${}$"),
    "distances": Key(values.vector, "the distances ${}$"),
    "radius": Key(values.positive, "the radius $R = {}$"),
    "accuracy": Key(values.positive, "the accuracy ${}$"),
    "at": Key(_NUMBERS, "the point ${}$"),
    "step": Key(values.positive, "the step $h = {}$"),
    "parameter": Key(values.text, "the parameter {}"),
    "parameters": Key(
        values.listing(values.integer(1, 10**12), "a list of whole numbers", 20), "numbers of parameters ${}$"
    ),
    "x": Key(values.numbers, "$x = {}$"),
    "y": Key(values.numbers, "$y = {}$"),
    "shown": values.integer(0, 20),
    "window": _INTERVALS,
    "grid": values.integer(2, 41),
    "network": values.name,
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
_KEY_OF = {"mu": "momentum", "rho1": "beta1", "rho2": "beta2"}


def _pose(fields: Fields) -> Posed:
    """What is typed, and what the study takes for the keys that are left out."""

    def pose(manner: Style, worked: Mapping[str, Any]) -> list[Block]:
        study = STUDIES[_study(fields)]
        call = getattr(optimisation, study.call)
        usual = {key: value for key, value in usual_of(call, study.allowed).items() if value or key == "start"}
        keys = dict(KEYS)
        if "method" in study.allowed:
            _add_rules(fields, usual, keys)
        return posed(fields, keys, usual)(manner, worked)

    return pose


def _add_rules(fields: Fields, usual: dict[str, Any], keys: dict[str, Key | values.Reader[Any]]) -> None:
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
                own, key = KEYS[key], f"{key} of {name}"
                assert isinstance(own, Key)
                keys[key] = own._replace(said=f"{own.said} ({rule.title})")
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
