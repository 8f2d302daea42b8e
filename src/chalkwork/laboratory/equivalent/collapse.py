"""Layers without an activation between them are one layer: the product of their matrices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression, Name
from chalkwork.counting import counted
from chalkwork.derivation.derivation import Equation
from chalkwork.derivation.work_out import work_out
from chalkwork.documents.model import Block, Heading, Paragraph
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.equivalent import reading
from chalkwork.networks.data import Array
from chalkwork.networks.network import NeuralNetwork
from chalkwork.networks.plan import Plan
from chalkwork.solutions.board import Board
from chalkwork.solutions.setting import Setting, Style
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
    points = reading.given_point(net, x)
    equations = [equation for start, end in runs for top in range(start + 1, end + 1) for equation in
                 _merged(plan, start, top)]  # fmt: skip
    parameters = reading.oriented(net, plan)
    made = work_out(reading.derivation_of(plan.parameters(), equations), parameters)
    names = [(_name("W", *run), _name("b", *run)) for run in runs]
    other = reading.put_together(net, [plan.layers[end - 1].activation for _, end in runs], made, *names)
    batch, new_batch = (each.plan(reading.samples_of(net, points)) for each in (net, other))
    first, second = reading.passes(batch, new_batch)
    whole = reading.derivation_of([batch.x, *plan.parameters()], first, equations, _renamed(plan, runs), second)
    facts = reading.results(net, other, points)
    facts["layers"] = [plan.depth, len(runs)]
    facts["parameters"] = [net.number_of_parameters, other.number_of_parameters]
    facts["ranks"] = [_rank(other.parameters[f"W{at}"]) for at in range(1, len(runs) + 1)]

    def script(board: Board) -> Iterator[Block]:
        yield Paragraph(
            "A layer whose activation is the identity passes on its net input. The layer above takes weighted sums of "
            "weighted sums, and those are weighted sums again: two such layers are one."
        )
        yield from board.givens([name.name for name in plan.parameters()])
        for at, run in enumerate(runs, 1):
            yield from _run_blocks(board, plan, run, at)
        yield from reading.compared(board, batch, new_batch, facts["difference"])
        yield Paragraph(_gain(plan, runs, facts))

    marked = reading.primed(style or Style())
    letters = _letters(runs, Symbols(marked.notation, len(runs)))
    setting = Setting(title="Linear layers collapsed", letters=letters, script=script, facts=facts)
    return reading.answer(net, other, whole, {**parameters, "x": points}, marked, setting)


def _runs(plan: Plan) -> list[Run]:
    runs: list[Run] = []
    start = 1
    for number, layer in enumerate(plan.layers, 1):
        if number == plan.depth or layer.activation.name != "identity":
            runs.append((start, number))
            start = number + 1
    return runs


def _rank(matrix: Array) -> int:
    return int(np.linalg.matrix_rank(matrix))


def _name(letter: str, start: int, end: int) -> str:
    """The parameters of the layers from `start` to `end` as one; those of a single layer are the given ones."""
    return f"{letter}{end}" if start == end else f"{letter}_{end}_to_{start}"


def _merged(plan: Plan, start: int, end: int) -> list[Equation]:
    """The layer `end` after what the layers from `start` to the one below it have become."""
    convention, layer = plan.convention, plan.layers[end - 1]
    inputs, middle = plan.layers[start - 1].inputs, layer.inputs
    below = Name(_name("W", start, end - 1), convention.weight_shape(inputs, middle))
    above = Name(f"W{end}", convention.weight_shape(middle, layer.units))
    product = above @ below if convention.weights == "out_in" else below @ above
    made = [reading.rewritten(_name("W", start, end), product)]
    bias = _bias(plan, start, end)
    return [*made, reading.rewritten(_name("b", start, end), bias)] if bias is not None else made


def _has_bias(plan: Plan, start: int, end: int) -> bool:
    return any(plan.layers[number - 1].has_bias for number in range(start, end + 1))


def _bias(plan: Plan, start: int, end: int) -> Expression | None:
    convention, layer = plan.convention, plan.layers[end - 1]
    own = Name(f"b{end}", convention.data_shape(layer.units, 1)) if layer.has_bias else None
    if not _has_bias(plan, start, end - 1):
        return own
    entering = Name(_name("b", start, end - 1), convention.data_shape(layer.inputs, 1))
    carried = convention.weighted(entering, Name(f"W{end}", convention.weight_shape(layer.inputs, layer.units)))
    return carried if own is None else carried + own


def _letters(runs: list[Run], own: Symbols) -> dict[str, Symbol]:
    """The products with the layers that they span; what the new network computes has its own layers' numbers."""
    spans = [(start, top) for start, end in runs for top in range(start + 1, end + 1)]
    found = {_name(letter, *span): _spanned(letter, *span) for span in spans for letter in "Wb"}
    return found | {name: own[name] for at in range(1, len(runs) + 1) for name in (f"z{at}_new", f"a{at}_new")}


def _renamed(plan: Plan, runs: list[Run]) -> list[Equation]:
    """The parameters of the new network by its own numbers."""
    convention = plan.convention
    made = []
    for at, (start, end) in enumerate(runs, 1):
        inputs, units = plan.layers[start - 1].inputs, plan.layers[end - 1].units
        weights = Name(_name("W", start, end), convention.weight_shape(inputs, units))
        made.append(reading.rewritten(f"W{at}_new", weights))
        if _has_bias(plan, start, end):
            bias = Name(_name("b", start, end), convention.data_shape(units, 1))
            made.append(reading.rewritten(f"b{at}_new", bias))
    return made


def _spanned(letter: str, start: int, end: int) -> Symbol:
    return Symbol(rf"{letter}_{{{end}:{start}}}", f"{letter}{subscript(str(end))}:{subscript(str(start))}")


def _run_blocks(board: Board, plan: Plan, run: Run, at: int) -> list[Block]:
    start, end = run
    new = f"{{W{at}_new}}" + (f" and {{b{at}_new}}" if _has_bias(plan, start, end) else "")
    if start == end:
        same = f"{{W{end}}}" + (f" and {{b{end}}}" if plan.layers[end - 1].has_bias else "")
        kept = f"It keeps {same}" if at == end else f"It keeps {same} and becomes layer {at}: {new}"
        return [Heading(f"Layer {end}", 3), board.say(f"No linear layer lies below it. {kept}.")]
    blocks: list[Block] = [Heading(f"Layers {start} {'and' if end == start + 1 else 'to'} {end}", 3)]
    for top in range(start + 1, end + 1):
        blocks += _step_blocks(board, plan, start, top)
    blocks.append(board.say(f"This is layer {at} of the new network: its {new}."))
    return blocks


def _step_blocks(board: Board, plan: Plan, start: int, top: int) -> list[Block]:
    """One more layer put on top: the formula, then the matrices."""
    convention = plan.convention
    below = plan.layers[start - 1].inputs
    middle, units = plan.layers[top - 1].inputs, plan.layers[top - 1].units
    entering = Name("x" if start == 1 else f"a{start - 1}", convention.data_shape(below, 1))
    upper = Name(f"W{top}", convention.weight_shape(middle, units))
    lower = Name(_name("W", start, top - 1), convention.weight_shape(below, middle))
    inside = convention.weighted(entering, lower)
    if _has_bias(plan, start, top - 1):
        inside = inside + Name(_name("b", start, top - 1), convention.data_shape(middle, 1))
    first = convention.weighted(Name(f"a{top - 1}", convention.data_shape(middle, 1)), upper)
    second = convention.weighted(inside, upper)
    product = upper @ lower if convention.weights == "out_in" else lower @ upper
    third = convention.weighted(entering, product)
    if plan.layers[top - 1].has_bias:
        own = Name(f"b{top}", convention.data_shape(units, 1))
        first, second = first + own, second + own
    bias = _bias(plan, start, top)
    forms = (first, second, third if bias is None else third + bias)
    names = [name for name in (_name("W", start, top), _name("b", start, top)) if name in board.derivation]
    return [
        board.say(f"Layer {top} is put on top of layer {top - 1}, which passes on its net input unchanged:"),
        board.forms(f"z{top}", *forms),
        *board.equations(names),
    ]


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
