"""Sigmoid hidden units into tanh hidden units and back: only weights and biases change, linearly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression, Name
from chalkwork.derivation.derivation import Equation
from chalkwork.documents.model import Block, Heading, Paragraph
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.equivalent import reading
from chalkwork.laboratory.functions.one_variable import as_number
from chalkwork.networks.activations import Activation
from chalkwork.networks.network import NeuralNetwork
from chalkwork.networks.plan import Plan
from chalkwork.solutions.board import Board, lines
from chalkwork.solutions.setting import Style
from chalkwork.typesetting.symbols import Symbol


@dataclass(frozen=True, slots=True)
class _Rule:
    """old(z) = shift + slope * new(scale * z)."""

    old: str
    new: str
    scale: Fraction
    slope: Fraction
    shift: Fraction
    proof: tuple[tuple[str, str], ...]
    said: str


_HALF = Fraction(1, 2)
_TO_TANH = _Rule(
    "sigmoid", "tanh", _HALF, _HALF, _HALF,
    (
        (r"\sigma(z) &= \frac{1}{1 + e^{-z}} = \frac{e^{z/2}}{e^{z/2} + e^{-z/2}}",
         "σ(z) = 1/(1 + e⁻ᶻ) = e^(z/2) / (e^(z/2) + e^(−z/2))"),
        (r"&= \frac{1}{2} \left( 1 + \frac{e^{z/2} - e^{-z/2}}{e^{z/2} + e^{-z/2}} \right)",
         "     = ½ (1 + (e^(z/2) − e^(−z/2)) / (e^(z/2) + e^(−z/2)))"),
        (r"&= \frac{1}{2} \left( 1 + \tanh\frac{z}{2} \right)", "     = ½ (1 + tanh(z/2))"),
    ),
    "Multiply numerator and denominator by $e^{z/2}$, then write the numerator as half the sum of the denominator and "
    "$e^{z/2} - e^{-z/2}$:",
)  # fmt: skip
_TO_SIGMOID = _Rule(
    "tanh", "sigmoid", Fraction(2), Fraction(2), Fraction(-1),
    (
        (r"\tanh z &= \frac{e^{z} - e^{-z}}{e^{z} + e^{-z}} = \frac{1 - e^{-2z}}{1 + e^{-2z}}",
         "tanh z = (eᶻ − e⁻ᶻ)/(eᶻ + e⁻ᶻ) = (1 − e^(−2z))/(1 + e^(−2z))"),
        (r"&= \frac{2}{1 + e^{-2z}} - 1 = 2 \, \sigma(2z) - 1", "       = 2/(1 + e^(−2z)) − 1 = 2 σ(2z) − 1"),
    ),
    "Divide numerator and denominator by $e^{z}$, then write the numerator as 2 minus the denominator:",
)  # fmt: skip


def to_tanh(net: NeuralNetwork, x: Any = None, *, style: Style | None = None) -> reading.Equivalent:
    """The network with tanh in place of every sigmoid in its hidden layers, computing the same function.

    `net` is a network of dense layers, in any convention; `x` one input or a batch in its orientation, at which both
    networks are shown (ones, if none is given). The solution holds both forward passes, the new parameters (`W1_new`,
    `b1_new`, ..., oriented as on the board), `output` and `output_new` at x, and `difference`, the largest absolute
    difference of the outputs at x and at 100 random inputs.

    Source: Bishop, Pattern Recognition and Machine Learning, exercise 5.1. Raises ChalkworkError where no hidden layer
    is sigmoid, or a layer is not dense.

    >>> from chalkwork import Dense
    >>> net = NeuralNetwork([Dense(weights=[[2.0]], bias=[1.0], activation="sigmoid"), Dense(weights=[[4.0]])])
    >>> other = to_tanh(net).network
    >>> {name: value.tolist() for name, value in other.parameters.items()}
    {'W1': [[1.0]], 'b1': [0.5], 'W2': [[2.0]], 'b2': [2.0]}
    """
    return _swapped(net, x, _TO_TANH, style or Style())


def to_sigmoid(net: NeuralNetwork, x: Any = None, *, style: Style | None = None) -> reading.Equivalent:
    """The network with sigmoid in place of every tanh in its hidden layers; as `to_tanh`, the other way round.

    >>> from chalkwork import Dense
    >>> net = NeuralNetwork([Dense(weights=[[1.0]], bias=[0.5], activation="tanh"), Dense(weights=[[2.0]], bias=[2.0])])
    >>> other = to_sigmoid(net).network
    >>> {name: value.tolist() for name, value in other.parameters.items()}
    {'W1': [[2.0]], 'b1': [1.0], 'W2': [[4.0]], 'b2': [0.0]}
    """
    return _swapped(net, x, _TO_SIGMOID, style or Style())


def _swapped(net: NeuralNetwork, x: Any, rule: _Rule, style: Style) -> reading.Equivalent:
    plan = reading.taken_apart(net)
    swapped = [layer.activation.name == rule.old for layer in plan.layers[:-1]] + [False]
    if not any(swapped):
        raise ChalkworkError(
            f"no hidden layer is {rule.old}, so there is nothing to turn into {rule.new}",
            hint="the output layer keeps its activation",
        )
    equations = [equation for number in range(1, plan.depth + 1) for equation in _layer(plan, number, swapped, rule)]
    ones = [_ones(plan, number) for number in range(2, plan.depth + 1) if swapped[number - 2]]
    changed = [Activation(rule.new) if swap else at.activation for swap, at in zip(swapped, plan.layers, strict=True)]
    made = reading.Rewriting(net, plan, x, equations, changed, {name.name: np.ones(name.shape) for name in ones})

    def script(board: Board) -> Iterator[Block]:
        yield Paragraph(
            f"Every {rule.old} of a hidden layer is to become a {rule.new}; the output layer stays what it is. "
            "Primes mark what belongs to the new network."
        )
        yield Heading("The identity", 2)
        yield Paragraph(rule.said)
        yield lines(rule.proof)
        yield Heading("The parameters, layer by layer", 2)
        yield from board.givens([name.name for name in plan.parameters()])
        for number in range(1, plan.depth + 1):
            yield from _layer_blocks(board, plan, number, swapped, rule)
        yield from made.compared(board)
        yield Paragraph(_training_words(net))

    made.letters |= {name.name: Symbol(r"\mathbf{1}", "𝟏") for name in ones}
    return made.answer(made.whole(), style, title=f"An equivalent network with {rule.new} units", script=script)


def _ones(plan: Plan, number: int) -> Name:
    """A one for every unit of the layer below."""
    return Name(f"one{number}", plan.convention.data_shape(plan.layers[number - 1].inputs, 1))


def _parameters(plan: Plan, number: int) -> tuple[Name, Name | None]:
    names = {name.name: name for name in plan.parameters()}
    return names[f"W{number}"], names.get(f"b{number}")


def _layer(plan: Plan, number: int, swapped: list[bool], rule: _Rule) -> list[Equation]:
    """W' and b' of one layer."""
    weights, bias = _parameters(plan, number)
    below, here = number > 1 and swapped[number - 2], swapped[number - 1]
    factor = (rule.slope if below else Fraction(1)) * (rule.scale if here else 1)
    made = [reading.rewritten(f"W{number}_new", weights if factor == 1 else as_number(factor) * weights)]
    total = _constant(plan, number, rule) if below else bias
    if total is not None:
        made.append(reading.rewritten(f"b{number}_new", as_number(rule.scale) * total if here else total))
    return made


def _constant(plan: Plan, number: int, rule: _Rule) -> Expression:
    """The bias with what the constant part of the old activations adds to it."""
    weights, bias = _parameters(plan, number)
    return _plus(bias, rule.shift, plan.convention.weighted(_ones(plan, number), weights))


def _plus(start: Expression | None, factor: Fraction, term: Expression) -> Expression:
    """start + factor * term, with a minus where the factor has one."""
    scaled = term if abs(factor) == 1 else as_number(abs(factor)) * term
    if start is None:
        return -scaled if factor < 0 else scaled
    return start - scaled if factor < 0 else start + scaled


def _layer_blocks(board: Board, plan: Plan, number: int, swapped: list[bool], rule: _Rule) -> Iterator[Block]:
    """Why the parameters of a layer become what they become, and the numbers."""
    below, here = number > 1 and swapped[number - 2], swapped[number - 1]
    yield Heading(f"Layer {number}", 3)
    if below:
        yield from _entering(board, plan, number, rule)
    if here:
        share, factor = ("half", "1/2") if rule.scale == _HALF else ("twice", "2")
        both = "weights and bias" if plan.layers[number - 1].has_bias or below else "the weights"
        yield board.say(
            f"A {rule.new} unit takes {share} the net input of the {rule.old} unit, so {both} get the factor {factor}"
            f"{' as well' if below else ''}."
        )
    if not below and not here:
        yield board.say("Nothing changes here: neither what enters nor the activation.")
    yield from board.equations(name for name in (f"W{number}_new", f"b{number}_new") if name in board.derivation)


def _entering(board: Board, plan: Plan, number: int, rule: _Rule) -> Iterator[Block]:
    """The old activations in terms of the new ones, put into the net input."""
    weights, bias = _parameters(plan, number)
    weighted, shape = plan.convention.weighted, plan.convention.data_shape(plan.layers[number - 1].inputs, 1)
    old, new = (Name(f"a{number - 1}{suffix}", shape) for suffix in ("", "_new"))
    split = _plus(as_number(rule.slope) * new, rule.shift, _ones(plan, number))
    forms = [weighted(old, weights), weighted(split, weights)]
    if bias is not None:
        forms = [form + bias for form in forms]
    forms.append(weighted(new, as_number(rule.slope) * weights) + _constant(plan, number, rule))
    yield board.say(f"With {{one{number}}} for a vector of ones, what enters is")
    yield board.forms(f"a{number - 1}", split)
    yield board.say("Put into the net input, the factor goes to the weights and the constant to the bias:")
    yield board.forms(f"z{number}", *forms)


def _training_words(net: NeuralNetwork) -> str:
    """What the two networks do not share."""
    said = (
        "The functions are equal, and so are their losses. Training is not: the parameters differ by factors, so a "
        "step of gradient descent with the same learning rate moves the two functions differently."
    )
    if net.l1 or net.l2:
        said += " The penalty on large weights is not the same either, since the weights themselves differ."
    return said
