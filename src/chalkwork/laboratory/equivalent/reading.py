"""Taking a network apart into weights and biases, putting one together, and comparing two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from chalkwork.derivation.derivation import Derivation, Equation, Stage
from chalkwork.derivation.work_out import work_out
from chalkwork.documents.model import Block, Heading, Paragraph
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.work import Work
from chalkwork.networks.activations import Activation
from chalkwork.networks.data import Array
from chalkwork.networks.equations import forward
from chalkwork.networks.layers.dense import DENSE, Dense
from chalkwork.networks.network import NeuralNetwork
from chalkwork.networks.plan import Plan
from chalkwork.solutions.board import Board
from chalkwork.solutions.setting import Style
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
    return style._replace(notation=style.notation._replace(new=mark))


REWRITING = Stage("rewriting", "The new parameters")


def rewritten(name: str, expression: Any, reason: str = "") -> Equation:
    """The equation of a parameter of the second network."""
    return Equation(name, expression, REWRITING, reason)


class Rewriting(Work):
    """A network and the one that it becomes by equations for new parameters, at some inputs.

    `activations` are those of the new network, `constants` what the equations need besides the parameters, and `names`
    those of the new weights and biases where they are not `W1_new`, `b1_new` and so on.
    """

    def __init__(
        self, net: NeuralNetwork, plan: Plan, x: Any, equations: Sequence[Equation], activations: Sequence[Activation],
        constants: Mapping[str, Array] = MappingProxyType({}), names: Sequence[tuple[str, str]] = (),
    ) -> None:  # fmt: skip
        points = np.ones(plan.layers[0].inputs) if x is None else x
        givens = plan.parameters()
        super().__init__(net.values(Derivation(tuple(givens), ()), plan), [*givens], [*equations])
        self.net, self.points = net, net.oriented_input(points)
        for name, value in constants.items():
            self.given(name, value)
        made = work_out(self.derivation, self.values)
        self.network = put_together(net, activations, made, *names)
        self.samples = int(self.points.shape[net.convention.sample_axis])
        self.batch, self.new_batch = (each.plan(self.samples) for each in (net, self.network))
        self.facts |= {
            "output": net.output(self.points), "output_new": self.network.output(self.points),
            "difference": self._difference(),
        }  # fmt: skip

    def passes(self, target: bool = False) -> tuple[list[Equation], list[Equation]]:
        """The forward passes of both networks, the names of the other one ending in `_new`; without reasons."""
        both = forward(self.batch, 0, target), forward(self.new_batch, 1, target)
        first, second = ([replace(equation, reason="") for equation in each] for each in both)
        return first, second

    def whole(self, *more: Equation) -> Derivation:
        """The first pass, the rewriting and what follows from it, the second pass."""
        first, second = self.passes()
        return Derivation((self.batch.x, *self.givens), (*first, *self.equations, *more, *second))

    def _difference(self) -> float:
        """The largest absolute difference of the outputs here and at random inputs (standard normal, times two)."""
        rows, columns = self.points.shape
        shape = (rows, RANDOM_POINTS) if self.net.convention.samples == "columns" else (RANDOM_POINTS, columns)
        drawn = 2 * np.random.default_rng(0).standard_normal(shape)
        apart = (np.abs(self.net.output(x) - self.network.output(x)) for x in (self.points, drawn))
        return max(float(np.max(each)) for each in apart)

    def compared(self, board: Board) -> Iterator[Block]:
        """Both forward passes with their numbers, and how far the outputs are apart."""
        before, after = self.batch.depth, self.new_batch.depth
        yield Heading("Both networks at one input", 2)
        yield from board.givens(["x"])
        yield board.say("The network as it was:")
        yield from board.equations(f"{name}{at}" for at in range(1, before + 1) for name in "za")
        yield board.say("The other network:")
        yield from board.equations(f"{name}{at}_new" for at in range(1, after + 1) for name in "za")
        yield board.say(f"The outputs agree: {{a{before}}} = {{a{after}_new}}. ")
        difference = self.facts["difference"]
        yield Paragraph(
            f"At this input and at {RANDOM_POINTS} random ones the largest difference of the outputs is "
            f"{board.number(difference, 2)}: rounding, nothing else."
            if difference
            else f"At this input and at {RANDOM_POINTS} random ones the outputs are equal in every digit."
        )

    def answer(self, derivation: Derivation, style: Style, **setting: Any) -> Equivalent:
        """The worked rewriting; asked for are what `setting` names, and the parameters of the second network."""
        new = (e.name for e in derivation.equations if e.stage == REWRITING and e.name.endswith("_new"))
        self.asked += new
        common = self.setting(
            givens=tuple(name.name for name in derivation.givens), layers=len(self.net.layers),
            samples=self.net.convention.samples, **setting,
        )  # fmt: skip
        worked = Equivalent(derivation, {**self.values, "x": self.points}, primed(style), common)
        worked.network = self.network
        return worked
