"""What is unhealthy about a network on its data, in sentences with the numbers.

Each disease is one function: from what was measured to findings. `DISEASES` is the list of them, in the order in which
one causes the next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chalkwork.errors import ChalkworkError
from chalkwork.inside.measured import Measured, has_error, training_values
from chalkwork.inside.statistics import SATURATED_SLOPE, saturated
from chalkwork.networks.data import Array
from chalkwork.networks.network import NeuralNetwork
from chalkwork.networks.plan import Spot
from chalkwork.networks.quantities import Role

FEWEST_SAMPLES = 16
"""Below this, a healthy ReLU unit may well be 0 for all samples: with chance 1/2 each, once in 65,536 for 16."""
LARGE_INPUT = 10.0
SMALL_INPUT = 0.01
"""Initialisers assume inputs with a root mean square near 1: net inputs ten times as large saturate a tanh, and a
hundred times as small leave every activation in its linear part."""
DEAD_SHARE = 0.1
"""One dead unit in many costs little; from a tenth of a layer on, the layer is smaller than it looks."""
SATURATED_SHARE = 0.75
"""Trained networks saturate in part, away from their boundaries; three quarters leave hardly a path for errors."""
FALL = 1e-2
"""Of the error from the last layer to the first: with one learning rate for all, the first layers learn a hundred
times more slowly. Sigmoid units, whose derivative is at most 1/4, come there with about four hidden layers."""
RISE = 1e3
"""The other way: a rate that suits the last layer throws the first about. Trained ReLU networks reach some ten."""
ALIKE = 1e-9
"""Relative: units that differ by no more than rounding."""
CONSTANT_OUTPUT = 1e-3
"""Of the spread of the targets: the output then says nothing about the input."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is unhealthy: its kind, the layer (0 is the input), and the sentence."""

    kind: str
    layer: int
    sentence: str

    def __str__(self) -> str:
        return self.sentence


class Findings(tuple[Finding, ...]):
    """What was found, causes first; printed as sentences, one a line."""

    __slots__ = ()

    @property
    def kinds(self) -> list[str]:
        """The kinds, in order."""
        return [finding.kind for finding in self]

    def __str__(self) -> str:
        return "\n".join(map(str, self)) or "Nothing unhealthy was found."

    def __repr__(self) -> str:
        return str(self)

    def _repr_markdown_(self) -> str:
        return "\n".join(f"- {finding}" for finding in self) or str(self)


def findings(net: NeuralNetwork, x: Any, y: Any) -> Findings:
    """What is unhealthy about the network on these data, in training mode, as sentences with their numbers.

    The kinds are `unscaled` inputs, `symmetric` units, `dead` ReLU units, `saturated` sigmoid or tanh units,
    `vanishing` and `exploding` gradients, `constant` outputs, and `infinite` values. What follows from another finding
    (a constant output from vanishing gradients) is not said again. The thresholds are the constants of this module.

    Raises ChalkworkError for fewer than 16 samples, ShapeError or ValueProblem for data that does not fit.

    >>> from chalkwork import Dense
    >>> x = np.linspace(-1, 1, 32).reshape(16, 2)
    >>> net = NeuralNetwork([Dense(4, "tanh", weights=0.5, inputs=2), Dense(1, weights=0.5)])
    >>> print(findings(net, x, x[:, 0]))
    All 4 units of layer 1 are alike in every activation and every gradient: they learn the same for ever, as one unit.
    """
    measured = training_values(net, x, y)
    if measured.plan.samples < FEWEST_SAMPLES:
        raise ChalkworkError(f"findings need at least {FEWEST_SAMPLES} samples, not {measured.plan.samples}")
    infinite = _infinite(measured)
    if infinite:
        return Findings(infinite)
    found: list[Finding] = []
    for disease in DISEASES:
        found += disease(measured, {finding.kind for finding in found})
    return Findings(found)


def _infinite(measured: Measured) -> list[Finding]:
    for name, value in measured.values.items():
        if not np.isfinite(value).all():
            return [Finding("infinite", 0, f"{name} is not finite: the numbers are too large to go on with.")]
    return []


# --- diseases ------------------------------------------------------------------------------------------------------


def _unscaled(measured: Measured, known: set[str]) -> list[Finding]:
    sizes = np.sqrt((measured.data("x") ** 2).mean(0))
    large = int((sizes > LARGE_INPUT).sum())
    end = "where initialisers assume about 1."
    if large:
        count = f"{large} of {len(sizes)} {'has' if large == 1 else 'have'} a root mean square above {LARGE_INPUT:g}"
        text = f"Unscaled inputs: {count}, input {int(sizes.argmax()) + 1} one of {_number(sizes.max())}, {end}"
        return [Finding("unscaled", 0, text)]
    if 0 < sizes.max() < SMALL_INPUT:
        text = f"Unscaled inputs: the largest root mean square is {_number(sizes.max())}, {end}"
        return [Finding("unscaled", 0, text)]
    return []


def _symmetric(measured: Measured, known: set[str]) -> list[Finding]:
    found = []
    for number in _hidden(measured):
        both = np.concatenate([measured.data(f"a{number}"), _scaled(measured.data(f"delta{number}"))])
        dead = (measured.data(f"a{number}") == 0).all(0) & (_activation(measured, number) == "relu")
        largest = max(_groups(both[:, ~dead]), default=1)
        if largest > 1:
            count = _of(largest, both.shape[1], "unit")
            text = f"{count.removesuffix(' are')} of layer {number} are alike in every activation and every gradient: "
            found.append(Finding("symmetric", number, f"{text}they learn the same for ever, as one unit."))
    return found


def _dead(measured: Measured, known: set[str]) -> list[Finding]:
    found = []
    for number in _hidden(measured):
        if _activation(measured, number) != "relu":
            continue
        dead = (measured.data(f"a{number}") == 0).all(0)
        if dead.mean() >= DEAD_SHARE:
            text = f"{_of(int(dead.sum()), len(dead), 'unit', number)} 0 for every sample: "
            end = "these dead ReLUs pass no gradient and learn nothing."
            found.append(Finding("dead", number, text + end))
    return found


def _saturated(measured: Measured, known: set[str]) -> list[Finding]:
    found = []
    for number in _hidden(measured):
        entries = saturated(_activation(measured, number), measured.data(f"a{number}"))
        if entries is not None and entries.mean() >= SATURATED_SHARE:
            words = measured.plan.layers[number - 1].activation.words
            text = (
                f"{entries.mean():.0%} of the activations of layer {number} are saturated: there the derivative of the"
            )
            end = f"{words} is below {SATURATED_SLOPE:.0%} of its largest, and errors fade."
            found.append(Finding("saturated", number, f"{text} {end}"))
    return found


def _steep(measured: Measured, known: set[str]) -> list[Finding]:
    """Gradients that vanish or explode on the way back."""
    layers = [*_hidden(measured), measured.plan.depth]
    norms = [float(np.linalg.norm(measured.data(f"delta{number}"))) for number in layers]
    if len(norms) < 2 or not norms[0] or not norms[-1]:
        return []
    ratio = norms[0] / norms[-1]
    if FALL <= ratio <= RISE:
        return []
    factor = max(ratio, 1 / ratio) ** (1 / (len(norms) - 1))
    way = f"from layer {layers[-1]} to layer {layers[0]} the norm of the error"
    sizes = f"from {_number(norms[-1])} to {_number(norms[0])}, by a factor of {factor:.2g} from layer to layer."
    if ratio < FALL:
        return [Finding("vanishing", layers[0], f"The gradients vanish: {way} falls {sizes}")]
    return [Finding("exploding", layers[0], f"The gradients explode: {way} grows {sizes}")]


def _constant(measured: Measured, known: set[str]) -> list[Finding]:
    if known & {"vanishing", "dead", "saturated"}:
        return []
    output, target = measured.data(f"a{measured.plan.depth}"), measured.data("y")
    spread, wanted = output.std(0).max(), target.std(0).max()
    if wanted == 0 or spread >= CONSTANT_OUTPUT * wanted:
        return []
    text = f"The output is the same for every sample: its standard deviation is {_number(spread)}, that of the targets"
    return [Finding("constant", measured.plan.depth, f"{text} {_number(wanted)}.")]


DISEASES: Sequence[Callable[[Measured, set[str]], list[Finding]]] = (
    _unscaled, _symmetric, _dead, _saturated, _steep, _constant,
)  # fmt: skip
"""Each is given the kinds found before it."""


# --- what they share ---------------------------------------------------------------------------------------------


def _hidden(measured: Measured) -> list[int]:
    """The hidden layers with units of their own: not dropout, nor what a batch normalisation rescales at once."""
    plan = measured.plan
    return [
        at.number
        for at in plan.spots[:-1]
        if has_error(at)
        and not (at.layer.activation.name == "identity" and any(_normalises(user) for user in at.users))
    ]


def _normalises(at: Spot) -> bool:
    """Whether the layer rescales the batch by its own statistics."""
    return bool(at.layer.kind.names(at, Role.STATE))


def _activation(measured: Measured, number: int) -> str:
    return measured.plan.layers[number - 1].activation.name


def _scaled(values: Array) -> Array:
    """Shortened or stretched to a largest entry of 1, so that errors weigh as much as activations."""
    return values / (np.abs(values).max() or 1.0)


def _groups(columns: Array) -> list[int]:
    """The sizes of the groups of equal columns: by one random projection, in which others never meet."""
    if not columns.size:
        return []
    weights = np.random.default_rng(0).standard_normal(len(columns))
    places = np.sort(weights @ columns)
    apart = np.flatnonzero(np.diff(places) > ALIKE * float(np.abs(weights) @ np.abs(columns).max(1)))
    return [int(size) for size in np.diff([0, *(apart + 1), len(places)])]


def _number(value: float) -> str:
    """Three digits that count, without an exponent where a person would write none."""
    return f"{value:,.0f}" if 1000 <= value < 1e6 else f"{value:.3g}"


def _of(count: int, total: int, noun: str, layer: int | None = None) -> str:
    """How many of how many, with their verb: "7 of 16 units of layer 1 are"."""
    where = "" if layer is None else f" of layer {layer}"
    if count == total:
        every = "Both" if total == 2 else f"All {total}"
        return f"{every} {noun}s{where} are" if total > 1 else f"The only {noun}{where} is"
    return f"{count} of {total} {noun}s{where} {'is' if count == 1 else 'are'}"
