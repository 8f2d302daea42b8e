"""A network that a document describes: layers by their formulas, numbers by what was given, the loss by its words.

What a document leaves open (which activation its sigma is, the factor of its loss) is tried, and is that with which
most of its own values come out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Application, Expression, Name
from chalkwork.checking.reading.names import bare_name
from chalkwork.errors import ChalkworkError
from chalkwork.networks.layers.dense import Dense
from chalkwork.networks.losses import BinaryCrossEntropy, CrossEntropy, SquaredError
from chalkwork.networks.network import NeuralNetwork
from chalkwork.solutions.solution import Solution
from chalkwork.verification.sides import Step, is_near, number_of

MOST_TRIED, MOST_COMPARED, FEWEST = 60, 6, 2
"""How many networks are tried, and how many values of the document have to come out with one."""
UNITS = ("identity", "sigmoid", "tanh", "relu", "softmax", "leaky_relu", "softplus", "elu", "step")
_WORDS = {
    "sigmoid": r"sigmoid|logistic",
    "tanh": r"tanh|hyperbolic tangent",
    "relu": r"(?<!leaky )\brelu\b|rectif",
    "softmax": r"softmax",
    "leaky_relu": r"leaky",
    "identity": r"linear output|identity|no activation",
}
_LOSSES = ("L", "E", "J", "C", "loss", "Loss", "cost", "error", "Etotal", "MSE", "ell", "calL")
_TARGETS = ("y", "t", "target", "ytrue", "ystar", "d", "T", "Y", "z")
_LOGS = re.compile(r"\\log|\\ln|\blog\b|\bln\b")
_SQUARE = re.compile(r"\^\s*\{?\s*2|²|\\\||Vert")
_LOGS_SAID = re.compile(r"cross[- ]entropy|kreuzentropie|log[- ]likelihood", re.IGNORECASE)
_SQUARES_SAID = re.compile(r"squared|\bMSE\b|quadrat", re.IGNORECASE)
_RATE = re.compile(r"(?:learning[ -]rate|step size|lernrate)[^0-9.]{0,40}?([0-9]*\.?[0-9]+)", re.IGNORECASE)
_RATES = ("eta", "alpha", "lr", "gamma", "mu", "epsilon", "lambda")


@dataclass
class Layer:
    """A layer by the document's names."""

    weight: str
    source: str
    bias: str | None
    turned: bool
    first: bool
    """Whether the weights stand before what they are applied to."""
    net: str | None = None
    out: str | None = None
    activation: str | None = None


@dataclass(frozen=True)
class Described:
    """A network that was recognised: its solution, and what the document's names are called in it."""

    solution: Solution
    names: Mapping[str, str]
    words: str


@dataclass
class Reading:
    """What a document's steps say of a network."""

    steps: Sequence[Step]
    known: Sequence[Step]
    """These, and before them what was said earlier, the latest first."""
    text: str
    spelled: Mapping[str, str]
    """The bare spelling of every name."""
    layers: list[Layer] = field(default_factory=list)

    def given(self, name: str | None) -> np.ndarray[Any, Any] | None:
        """The first numbers that a name was given."""
        rows = next((step.rows for step in self.known if step.name == name and step.given and step.rows), None)
        return None if rows is None else np.array([[number_of(one) for one in row] for row in rows])

    def called(self, *bare: str) -> Iterator[str]:
        """The names of the steps that are spelled so."""
        for step in self.known:
            if self.spelled[step.name] in bare:
                yield step.name


Agreement = Callable[[Sequence[Step], Solution, Mapping[str, str]], int]
"""How many values of steps are those of a solution, where names of the document are known to be names in it."""


def described(
    steps: Sequence[Step], text: str, spelled: Mapping[str, str], agreement: Agreement
) -> Iterator[tuple[Sequence[Step], Described]]:
    """The networks of a document with the steps about each; a new one begins where its numbers are given anew."""
    start, seen = 0, set[str]()
    for place, step in enumerate([*steps, None]):
        anew = step is None or (step.given and bool(step.rows) and step.name in seen)
        if anew:
            own = steps[start:place]
            if (network := _network([*own, *reversed(steps[:start])], own, text, spelled, agreement)) is not None:
                yield own, network
            start, seen = place, set()
        if step is not None and step.given and step.rows:
            seen.add(step.name)


def _network(
    steps: Sequence[Step], own: Sequence[Step], text: str, spelled: Mapping[str, str], agreement: Agreement
) -> Described | None:
    """The network with which at least two of a part's own values come out, and most; None where there is none."""
    reading = Reading(own, steps, text, spelled)
    reading.layers = _chained(list(_layers(reading)))
    if len(by_name := _by_name(reading)) > len(reading.layers):
        reading.layers = by_name
    if not reading.layers or any(reading.given(layer.weight) is None for layer in reading.layers):
        return None
    first = reading.layers[0]
    if reading.given(first.source) is None:
        first.source = next(
            (name for name in reading.called("x", "X", "x0", "a0") if reading.given(name) is not None), first.source
        )
    inputs, target = reading.given(first.source), _target(reading)
    if inputs is None:
        return None
    names = _names(reading, target)
    tried: list[tuple[int, Solution]] = []
    for place, (activations, loss) in enumerate(_candidates(reading)):
        if place >= MOST_TRIED:
            break
        try:
            solution = _solved(reading, activations, loss, inputs, target)
        except (ChalkworkError, ValueError, FloatingPointError):
            continue
        right, wrong = _agreeing(reading, solution, names)
        if right >= FEWEST and right > wrong:
            tried.append((right, solution))
    most = max((right for right, _ in tried), default=0)
    equal = [solution for right, solution in tried if right == most][:MOST_COMPARED]
    if not equal:
        return None
    found = equal[0] if len(equal) == 1 else max(equal, key=lambda one: agreement(own, one, names))
    return Described(found, names, f"a network of {len(reading.layers)} layers")


# --- layers ---------------------------------------------------------------------------------------------------------


def _layers(reading: Reading) -> Iterator[Layer]:
    """Layers as formulas say them: z = W x + b, a = f(z), or both in one."""
    found: dict[str, Layer] = {}
    for step in reading.steps:
        for side in step.sides:
            unit = side.operation.name if isinstance(side, Application) else ""
            inner = side.arguments[0] if isinstance(side, Application) and unit in UNITS else None
            if isinstance(side, Name) and side.name in found and found[side.name].out is None:
                inner, unit = side, "identity"  # a = z
            if isinstance(inner, Name) and inner.name in found and step.name != inner.name:
                before = found[inner.name]
                before.out = before.out or step.name
                before.activation = before.activation or unit
            elif (layer := _linear(inner if inner is not None else side, reading)) is not None:
                known = reading.given(layer.weight) is not None and step.name not in (layer.weight, layer.bias)
                if not known or any(layer.weight == one.weight for one in found.values()):
                    continue
                if inner is not None:
                    layer.out, layer.activation = step.name, unit
                else:
                    layer.net = step.name
                found[step.name] = layer
    yield from found.values()


def _linear(side: Expression, reading: Reading) -> Layer | None:
    """W x + b, x W + b, W^T x + b, with or without the bias."""
    bias: Name | None = None
    if isinstance(side, Application) and side.operation.name == "add":
        first, second = (_plain(one) for one in side.arguments)
        side, other = (first, second) if isinstance(second, Name) else (second, first)
        if not isinstance(other, Name):
            return None
        bias = other
    if not isinstance(side, Application) or side.operation.name not in ("matmul", "multiply"):
        return None
    factors, turned = [], []
    for one in side.arguments:
        flipped = isinstance(one, Application) and one.operation.name == "transpose"
        inner = one.arguments[0] if isinstance(one, Application) and flipped else one
        if not isinstance(inner, Name):
            return None
        factors.append(inner.name)
        turned.append(flipped)
    place = 1 if _is_input(factors[0], factors[1], reading) else 0
    return Layer(factors[place], factors[1 - place], bias.name if bias else None, turned[place], place == 0)


def _plain(side: Expression) -> Expression:
    while isinstance(side, Application) and side.operation.name == "broadcast":
        side = side.arguments[0]
    return side


def _is_input(first: str, second: str, reading: Reading) -> bool:
    """Whether the first of two factors is what the weights are applied to."""
    letters = [reading.spelled.get(name, name)[:1] for name in (first, second)]
    weights = [letter in "WwVvUuΘM" for letter in letters]
    if weights[0] != weights[1]:
        return weights[1]
    return letters[0] in "xXahHo"


def _chained(layers: list[Layer]) -> list[Layer]:
    """The layers in order, each on what the one before gives; none where they do not hang together."""
    made = {one for layer in layers for one in (layer.out, layer.net) if one}
    starts = [layer for layer in layers if layer.source not in made]
    if len(starts) != 1:
        return []
    found = [starts[0]]
    while len(found) < len(layers):
        before = found[-1]
        following = [layer for layer in layers if layer.source in (before.out or before.net, before.net)]
        if len(following) != 1 or following[0] in found:
            return []
        found.append(following[0])
    return found


def _by_name(reading: Reading) -> list[Layer]:
    """The layers by the usual names, where no formula says them: W1, b1, z1, a1."""
    found: list[Layer] = []
    for number in range(1, 10):
        weight = next(
            (name for name in reading.called(f"W{number}", f"w{number}") if reading.given(name) is not None), None
        )
        if weight is None or (size := reading.given(weight)) is None or (number == 1 and size.size < 2):
            break
        names = {
            letter: next(reading.called(*(f"{one}{number}" for one in spellings)), None)
            for letter, spellings in {
                "b": ("b", "theta"),
                "z": ("z", "s", "net", "n"),
                "a": ("a", "h", "o", "x", "y"),
            }.items()
        }
        source = found[-1].out or "" if found else next(reading.called("x", "a0", "X", "input", "x0"), "")
        found.append(Layer(weight, source, names["b"], False, True, names["z"], names["a"]))
    return found if found and found[0].source else []


# --- numbers --------------------------------------------------------------------------------------------------------


def _target(reading: Reading) -> np.ndarray[Any, Any] | None:
    name = _target_name(reading)
    return reading.given(name)


def _target_name(reading: Reading) -> str | None:
    inside = {one for layer in reading.layers for one in (layer.net, layer.out, layer.weight, layer.bias, layer.source)}
    return next(
        (name for name in reading.called(*_TARGETS) if name not in inside and reading.given(name) is not None), None
    )


def _rate(reading: Reading) -> float | None:
    for name in reading.called(*_RATES):
        given = reading.given(name)
        if given is not None and given.size == 1:
            return float(given.flat[0])
    found = _RATE.search(reading.text)
    return float(found[1]) if found else None


def _names(reading: Reading, target: np.ndarray[Any, Any] | None) -> dict[str, str]:
    """What the document's names are called in the solution."""
    names: dict[str, str] = {reading.layers[0].source: "x"}
    for number, layer in enumerate(reading.layers, 1):
        for name, letter in ((layer.weight, "W"), (layer.bias, "b"), (layer.net, "z"), (layer.out, "a")):
            if name:
                names[name] = f"{letter}{number}"
    if target is not None and (name := _target_name(reading)):
        names[name] = "y"
    for name in reading.called(*_LOSSES):
        names.setdefault(name, "L")
    return names


def _candidates(reading: Reading) -> Iterator[tuple[tuple[str, ...], Any]]:
    text = reading.text
    said = [name for name, words in _WORDS.items() if re.search(words, text, re.IGNORECASE)]
    told = [layer.activation for layer in reading.layers]
    options = [_options(one, said, place == len(told) - 1) for place, one in enumerate(told)]
    for activations in product(*options):
        for loss in _losses(reading, activations[-1]):
            yield activations, loss


def _options(told: str | None, said: list[str], last: bool) -> list[str]:
    """The activations that may be meant; sigma stands for others than the sigmoid as well."""
    rest = [one for one in (*said, "identity", "sigmoid", "tanh", "relu") if last or one != "softmax"]
    first = [told] if told else []
    return list(dict.fromkeys([*first, *rest] if told in (None, "sigmoid") else first))


def _losses(reading: Reading, last: str) -> list[Any]:
    """The losses that may be meant, by the formula of the loss or else by what the text speaks of."""
    squared = [SquaredError(factor, reduction) for factor in (0.5, 1) for reduction in ("sum", "mean")]
    by_output: dict[str, list[Any]] = {
        "softmax": [CrossEntropy(), CrossEntropy(reduction="sum")],
        "sigmoid": [BinaryCrossEntropy()],
    }
    logarithmic = by_output.get(last, [])
    formula = next((step.text for step in reading.known if step.name in reading.called(*_LOSSES) and step.sides), "")
    own, prose = bool(_LOGS.search(formula)), bool(_LOGS_SAID.search(reading.text))
    if logarithmic and (own or (prose and not formula and not _SQUARES_SAID.search(reading.text))):
        return logarithmic
    if formula and _SQUARE.search(formula):
        return squared
    return [*logarithmic, *squared]


def _solved(
    reading: Reading, activations: Sequence[str], loss: Any, inputs: np.ndarray[Any, Any],
    target: np.ndarray[Any, Any] | None,
) -> Solution:  # fmt: skip
    layers = []
    first = reading.layers[0]
    columns = first.first
    for layer, activation in zip(reading.layers, activations, strict=True):
        weights, bias = reading.given(layer.weight), reading.given(layer.bias)
        assert weights is not None
        layers.append(
            Dense(
                weights=weights.tolist(),
                bias=bias.ravel().tolist() if bias is not None else False,
                activation=activation,
            )
        )
    in_out = first.turned == columns
    net = NeuralNetwork(
        layers, loss, samples="columns" if columns else "rows", weights="in_out" if in_out else "out_in"
    )
    y = None if target is None else target.tolist()
    rate = _rate(reading) if target is not None else None
    return net.solve(inputs.tolist(), y, rate)


def _agreeing(reading: Reading, solution: Solution, names: Mapping[str, str]) -> tuple[int, int]:
    """How many values of the document come out forwards, and how many do not."""
    right, wrong, seen = 0, 0, set[str]()
    for step in reading.steps:
        name = names.get(step.name, "")
        if not step.rows or step.given or name in seen or name not in solution.derivation:
            continue
        seen.add(name)
        near = is_near(step, solution[name])
        right, wrong = right + near, wrong + (not near)
    return right, wrong


def spellings(written: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    """The bare spelling of every name, where `written` says how it was written."""
    return {name: bare_name(written.get(name, name)) or name for name in names}
