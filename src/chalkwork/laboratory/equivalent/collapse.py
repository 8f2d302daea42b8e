"""Layers without an activation between them are one layer: the product of their matrices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression, Name
from chalkwork.counting import counted
from chalkwork.derivation.derivation import Equation
from chalkwork.documents.model import Block, Heading, Paragraph
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.equivalent import reading
from chalkwork.networks.network import NeuralNetwork
from chalkwork.networks.plan import Plan
from chalkwork.solutions.board import Board
from chalkwork.solutions.setting import Style
from chalkwork.typesetting.notation import subscript
from chalkwork.typesetting.symbols import Symbol, Symbols

Run = tuple[int, int]
"""The first and the last layer of a stack that becomes one layer; both the same for a layer that stays."""


def collapse(net: NeuralNetwork, x: Any = None, *, style: Style | None = None) -> reading.Equivalent:
    """The network with every stack of linear layers replaced by one layer, computing the same function.

    A layer is merged with the one above it where its own activation is the identity. `x` and the values are those of
    `to_tanh`; besides `layers` (before, after), `parameters` (before, after) and `ranks`, the rank of each product.
    In a product of layers k to j the matrix is written W_{j:k}, as in Arora, Cohen and Hazan, On the Optimization of
    Deep Networks (2018). Raises ChalkworkError where no hidden layer is linear, or a layer is not dense.

    >>> from chalkwork import Dense
    >>> net = NeuralNetwork([Dense(weights=[[2.0]], bias=[1.0]), Dense(weights=[[3.0]], bias=[4.0])])
    >>> other = collapse(net).network
    >>> {name: value.tolist() for name, value in other.parameters.items()}
    {'W1': [[6.0]], 'b1': [7.0]}
    """
    plan = reading.taken_apart(net)
    runs = _runs(plan)
    if len(runs) == plan.depth:
        shown = ", ".join(f"layer {at} is {layer.activation.words}" for at, layer in enumerate(plan.layers[:-1], 1))
        raise ChalkworkError(
            f"no hidden layer is linear, so nothing collapses{': ' + shown if shown else ''}",
            hint="layers are merged where the activation between them is the identity",
        )
    equations = [equation for start, end in runs for top in range(start + 1, end + 1) for equation in
                 _merged(plan, start, top)]  # fmt: skip
    names = [(_name("W", *run), _name("b", *run)) for run in runs]
    activations = [plan.layers[end - 1].activation for _, end in runs]
    made = reading.Rewriting(net, plan, x, equations, activations, names=names)
    matrices = [made.network.parameters[f"W{at}"] for at in range(1, len(runs) + 1)]
    made.facts |= {
        "layers": [plan.depth, len(runs)],
        "parameters": [net.number_of_parameters, made.network.number_of_parameters],
        "ranks": [int(np.linalg.matrix_rank(matrix)) for matrix in matrices],
    }

    def script(board: Board) -> Iterator[Block]:
        yield Paragraph(
            "A layer whose activation is the identity passes on its net input. The layer above takes weighted sums of "
            "weighted sums, and those are weighted sums again: two such layers are one."
        )
        yield from board.givens([name.name for name in plan.parameters()])
        for at, run in enumerate(runs, 1):
            yield from _run_blocks(board, plan, run, at)
        yield from made.compared(board)
        yield Paragraph(_gain(plan, runs, made.facts))

    style = style or Style()
    made.letters |= _letters(runs, Symbols(reading.primed(style).notation, len(runs)))
    return made.answer(made.whole(*_renamed(plan, runs)), style, title="Linear layers collapsed", script=script)


def _runs(plan: Plan) -> list[Run]:
    runs: list[Run] = []
    start = 1
    for number, layer in enumerate(plan.layers, 1):
        if number == plan.depth or layer.activation.name != "identity":
            runs.append((start, number))
            start = number + 1
    return runs


def _name(letter: str, start: int, end: int) -> str:
    """The parameters of the layers from `start` to `end` as one; those of a single layer are the given ones."""
    return f"{letter}{end}" if start == end else f"{letter}_{end}_to_{start}"


def _weights(plan: Plan, start: int, end: int) -> Name:
    """The weights of the layers from `start` to `end` as one."""
    inputs, units = plan.layers[start - 1].inputs, plan.layers[end - 1].units
    return Name(_name("W", start, end), plan.convention.weight_shape(inputs, units))


def _shift(plan: Plan, start: int, end: int) -> Name | None:
    """Their bias, if any of them has one."""
    biased = any(layer.has_bias for layer in plan.layers[start - 1 : end])
    return Name(_name("b", start, end), plan.convention.data_shape(plan.layers[end - 1].units, 1)) if biased else None


def _product(plan: Plan, start: int, end: int) -> Expression:
    """The weights of a layer times those of the layers from `start` to the one below it."""
    above, below = _weights(plan, end, end), _weights(plan, start, end - 1)
    return above @ below if plan.convention.weights == "out_in" else below @ above


def _bias(plan: Plan, start: int, end: int) -> Expression | None:
    """The bias of a layer, with what that of the layers below becomes in it."""
    own, entering = _shift(plan, end, end), _shift(plan, start, end - 1)
    if entering is None:
        return own
    carried = plan.convention.weighted(entering, _weights(plan, end, end))
    return carried if own is None else carried + own


def _merged(plan: Plan, start: int, end: int) -> list[Equation]:
    """The layer `end` after what the layers from `start` to the one below it have become."""
    made, bias = [reading.rewritten(_name("W", start, end), _product(plan, start, end))], _bias(plan, start, end)
    return [*made, reading.rewritten(_name("b", start, end), bias)] if bias is not None else made


def _letters(runs: list[Run], own: Symbols) -> dict[str, Symbol]:
    """The products with the layers that they span; what the new network computes has its own layers' numbers."""
    spans = [(start, top) for start, end in runs for top in range(start + 1, end + 1)]
    found = {_name(letter, *span): _spanned(letter, *span) for span in spans for letter in "Wb"}
    return found | {name: own[name] for at in range(1, len(runs) + 1) for name in (f"z{at}_new", f"a{at}_new")}


def _renamed(plan: Plan, runs: list[Run]) -> Iterator[Equation]:
    """The parameters of the new network by its own numbers."""
    for at, run in enumerate(runs, 1):
        for letter, parameter in (("W", _weights(plan, *run)), ("b", _shift(plan, *run))):
            if parameter is not None:
                yield reading.rewritten(f"{letter}{at}_new", parameter)


def _spanned(letter: str, start: int, end: int) -> Symbol:
    return Symbol(rf"{letter}_{{{end}:{start}}}", f"{letter}{subscript(str(end))}:{subscript(str(start))}")


def _run_blocks(board: Board, plan: Plan, run: Run, at: int) -> Iterator[Block]:
    start, end = run
    new = f"{{W{at}_new}}" + (f" and {{b{at}_new}}" if _shift(plan, *run) is not None else "")
    if start == end:
        same = f"{{W{end}}}" + (f" and {{b{end}}}" if plan.layers[end - 1].has_bias else "")
        kept = f"It keeps {same}" if at == end else f"It keeps {same} and becomes layer {at}: {new}"
        yield Heading(f"Layer {end}", 3)
        yield board.say(f"No linear layer lies below it. {kept}.")
        return
    yield Heading(f"Layers {start} {'and' if end == start + 1 else 'to'} {end}", 3)
    for top in range(start + 1, end + 1):
        yield from _step_blocks(board, plan, start, top)
    yield board.say(f"This is layer {at} of the new network: its {new}.")


def _step_blocks(board: Board, plan: Plan, start: int, top: int) -> Iterator[Block]:
    """One more layer put on top: the formula, then the matrices."""
    weighted, data_shape = plan.convention.weighted, plan.convention.data_shape
    entering = Name("x" if start == 1 else f"a{start - 1}", data_shape(plan.layers[start - 1].inputs, 1))
    upper, below = _weights(plan, top, top), Name(f"a{top - 1}", data_shape(plan.layers[top - 1].inputs, 1))

    def plus(term: Expression, shift: Expression | None) -> Expression:
        return term if shift is None else term + shift

    own = _shift(plan, top, top)
    inside = plus(weighted(entering, _weights(plan, start, top - 1)), _shift(plan, start, top - 1))
    yield board.say(f"Layer {top} is put on top of layer {top - 1}, which passes on its net input unchanged:")
    yield board.forms(
        f"z{top}",
        plus(weighted(below, upper), own),
        plus(weighted(inside, upper), own),
        plus(weighted(entering, _product(plan, start, top)), _bias(plan, start, top)),
    )
    yield from board.equations(
        name for name in (_name("W", start, top), _name("b", start, top)) if name in board.derivation
    )


def _gain(plan: Plan, runs: list[Run], values: dict[str, Any]) -> str:
    """What is gained, and what narrow layers cost."""
    before, after = values["parameters"]
    said = f"{counted(plan.depth, 'layer')} with {counted(before, 'parameter')} have become "
    said += f"{counted(len(runs), 'layer')} with {after}. "
    said += "Depth without activations adds nothing that one layer could not compute."
    for at, (start, end) in enumerate(runs, 1):
        narrowest = min(layer.units for layer in plan.layers[start - 1 : end])
        edges = min(plan.layers[start - 1].inputs, plan.layers[end - 1].units)
        if start != end and narrowest < edges:
            said += (
                f" In layers {start} to {end} it even takes something away: all passes through "
                f"{counted(narrowest, 'unit')}, so the product has at most that rank (here "
                f"{values['ranks'][at - 1]}), and one layer could reach {edges}."
            )
    return said
