"""Taking a network apart into weights and biases, putting one together, and comparing two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chalkwork.derivation.derivation import Derivation, Equation, Stage
from chalkwork.documents.model import Block, Heading, Paragraph
from chalkwork.errors import ChalkworkError
from chalkwork.networks.activations import Activation
from chalkwork.networks.data import Array
from chalkwork.networks.equations import forward
from chalkwork.networks.layers import Dense
from chalkwork.networks.layers.dense import DENSE
from chalkwork.networks.network import NeuralNetwork
from chalkwork.networks.plan import Plan
from chalkwork.solutions.board import Board
from chalkwork.solutions.setting import Setting, Style
from chalkwork.solutions.solution import Solution

RANDOM_POINTS = 100
MOST_HIDDEN_LAYERS = 20


class Equivalent(Solution):
    """A worked solution with the network that it arrives at.

    `network` has the original's conventions and loss and parameters of its own.
    """

    network: NeuralNetwork


def taken_apart(net: NeuralNetwork) -> Plan:
    """The plan of a network of dense layers for one sample; ChalkworkError for any other network."""
    if not isinstance(net, NeuralNetwork):
        raise ChalkworkError(f"a NeuralNetwork is expected, not {type(net).__name__}")
    for number, layer in enumerate(net.layers, 1):
        if layer.kind != DENSE:
            raise ChalkworkError(
                f"layer {number} is {type(layer).__name__}, and only fully connected layers are rewritten here",
                hint="use a network of Dense layers",
            )
    if len(net.layers) > MOST_HIDDEN_LAYERS + 1:
        raise ChalkworkError(f"the network has {len(net.layers)} layers; at most {MOST_HIDDEN_LAYERS + 1} are written")
    return net.plan()


def oriented(net: NeuralNetwork, plan: Plan) -> dict[str, Array]:
    """Every parameter as the matrix that it is on the board."""
    return net.values(Derivation(tuple(plan.parameters()), ()), plan)


def put_together(
    net: NeuralNetwork, activations: Sequence[Activation], values: Mapping[str, Array], *names: tuple[str, str]
) -> NeuralNetwork:
    """A network with other weights and biases (oriented), the rest like `net`.

    They are `W1_new`, `b1_new` and so on, unless `names` are given; a bias that has no value is none.
    """
    pairs = names or [(f"W{k}_new", f"b{k}_new") for k in range(1, len(activations) + 1)]
    biases = [np.ravel(values[bias]) if bias in values else False for _, bias in pairs]
    made = [
        Dense(weights=values[weights], bias=bias, activation=_written(activation))
        for activation, (weights, _), bias in zip(activations, pairs, biases, strict=True)
    ]
    convention = net.convention
    return NeuralNetwork(
        made, net.loss, samples=convention.samples, weights=convention.weights, seed=net.seed, l1=net.l1, l2=net.l2
    )


def _written(activation: Activation) -> str:
    """The activation as `Dense` reads it, every digit of its parameters kept."""
    inside = ", ".join(f"{name}={value!r}" for name, value in activation.parameters if value is not None)
    return f"{activation.name}({inside})" if inside else activation.name


def primed(style: Style) -> Style:
    """The style in which what belongs to the second network has a prime (a plus where a prime transposes)."""
    mark = "plus" if style.notation.transpose == "prime" else "prime"
    return replace(style, notation=replace(style.notation, new=mark))


def given_point(net: NeuralNetwork, x: Any) -> Array:
    """The inputs in the network's orientation; ones where none are given."""
    if x is None:
        x = np.ones(net.plan().layers[0].inputs)
    found: Array = net.oriented_input(x)
    return found


def passes(plan: Plan, other: Plan, target: bool = False) -> tuple[list[Equation], list[Equation]]:
    """The forward passes of a network and of the other one, whose names end in `_new`; without reasons."""
    first, second = forward(plan, 0, target), forward(other, 1, target)
    return [replace(e, reason="") for e in first], [replace(e, reason="") for e in second]


def largest_difference(one: NeuralNetwork, other: NeuralNetwork, x: Array) -> float:
    """The largest absolute difference of the outputs at x and at random inputs (standard normal, times two)."""
    rows, columns = x.shape
    shape = (rows, RANDOM_POINTS) if one.convention.samples == "columns" else (RANDOM_POINTS, columns)
    drawn = 2 * np.random.default_rng(0).standard_normal(shape)
    return max(float(np.max(np.abs(one.output(points) - other.output(points)))) for points in (x, drawn))


def compared(board: Board, plan: Plan, other: Plan, difference: float) -> Iterator[Block]:
    """Both forward passes with their numbers, and how far the outputs are apart."""
    first = [name for at in range(1, plan.depth + 1) for name in (f"z{at}", f"a{at}")]
    second = [f"{name}{at}_new" for at in range(1, other.depth + 1) for name in ("z", "a")]
    out, out_new = f"{{a{plan.depth}}}", f"{{a{other.depth}_new}}"
    said = f"The outputs agree: {out} = {out_new}. "
    yield Heading("Both networks at one input", 2)
    yield from board.givens(["x"])
    yield board.say("The network as it was:")
    yield from board.equations(first)
    yield board.say("The other network:")
    yield from board.equations(second)
    yield board.say(said)
    yield Paragraph(
        f"At this input and at {RANDOM_POINTS} random ones the largest difference of the outputs is "
        f"{board.number(difference, 2)}: rounding, nothing else."
        if difference
        else f"At this input and at {RANDOM_POINTS} random ones the outputs are equal in every digit."
    )


def results(net: NeuralNetwork, other: NeuralNetwork, x: Array) -> dict[str, Any]:
    """What every rewriting finds besides its equations: both outputs, and their largest difference."""
    return {"output": net.output(x), "output_new": other.output(x), "difference": largest_difference(net, other, x)}


def answer(
    net: NeuralNetwork,
    other: NeuralNetwork,
    derivation: Derivation,
    values: Mapping[str, Any],
    style: Style,
    setting: Setting,
) -> Equivalent:
    """The worked rewriting of a network as another one; `setting` says what is particular to it.

    Asked for are what it names, and the parameters of the second network.
    """
    new = (e.name for e in derivation.equations if e.stage == REWRITING and e.name.endswith("_new"))
    common = replace(
        setting,
        givens=tuple(name.name for name in derivation.givens),
        layers=len(net.layers),
        samples=net.convention.samples,
        asked=(*setting.asked, *new),
    )
    worked = Equivalent(derivation, values, style, common)
    worked.network = other
    return worked


def samples_of(net: NeuralNetwork, points: Array) -> int:
    """How many inputs these are."""
    return int(points.shape[net.convention.sample_axis])


def derivation_of(givens: Sequence[Any], *parts: Sequence[Equation]) -> Derivation:
    """The equations of all parts, in order."""
    return Derivation(tuple(givens), tuple(equation for part in parts for equation in part))


REWRITING = Stage("rewriting", "The new parameters")


def rewritten(name: str, expression: Any, reason: str = "") -> Equation:
    """The equation of a parameter of the second network."""
    return Equation(name, expression, REWRITING, reason)
