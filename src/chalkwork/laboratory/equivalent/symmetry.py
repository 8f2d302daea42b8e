"""Weight-space symmetries: other weights, the same function. How many there are, and one of them applied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import factorial, lgamma, log, prod
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression, Name, Number
from chalkwork.counting import some
from chalkwork.derivation.derivation import Derivation, Equation, Stage
from chalkwork.derivation.evaluate import evaluate
from chalkwork.derivation.work_out import work_out
from chalkwork.documents.model import Block, Display, Heading, Paragraph, Table
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.equivalent import reading
from chalkwork.networks.activations import KINDS
from chalkwork.networks.data import Array
from chalkwork.networks.equations import backward
from chalkwork.networks.network import NeuralNetwork
from chalkwork.networks.plan import Plan
from chalkwork.solutions.board import Board
from chalkwork.solutions.setting import Style
from chalkwork.typesetting.notation import superscript

COUNTING = Stage("counting", "How many there are")
MOST_COUNTED = 1000
"""Hidden units, up to which the number of symmetries is written out; above, its logarithm."""
_LONGEST_NUMBER = 12
_ODD = {name for name, operation in KINDS.items() if operation.odd}
_RECTIFIED = {name for name, operation in KINDS.items() if operation.homogeneous} - {"identity"}

Moves = Mapping[int, Sequence[int]]


@dataclass(frozen=True, slots=True)
class _Change:
    """What happens to the units of one hidden layer: their new order, and those whose sign is turned."""

    order: tuple[int, ...]
    flipped: tuple[int, ...]

    @property
    def matrix(self) -> Array:
        """The signed permutation matrix: row i has its entry, 1 or -1, in the column of the unit that moves to i."""
        moved = np.eye(len(self.order))
        moved[list(self.flipped)] *= -1
        return moved[list(self.order)]


def symmetries(
    net: NeuralNetwork,
    x: Any = None,
    y: Any = None,
    *,
    permute: Moves | None = None,
    flip: Moves | None = None,
    style: Style | None = None,
) -> reading.Equivalent:
    """The permutations and sign flips of hidden units that leave the network's function as it is.

    There are n! permutations of the n units of a hidden layer, and for an odd activation (f(-z) = -f(z): tanh,
    softsign, identity) 2^n sign flips. One of the symmetries is applied: `permute` maps hidden layers (from 1) to the
    units in their new order, `flip` to the units (by their old numbers) whose incoming and outgoing weights change
    sign; if neither is given, the first two units of every hidden layer change places and the first unit is flipped
    where that is allowed. With targets `y` the losses, the gradients and the loss half-way between them are compared.

    The solution holds `M`, how many there are (below 2^53; besides, `number` up to 1000 hidden units, and
    `log10_number`), the new parameters (`W1_new`, ...) and what `to_tanh` gives; with y also `L`, `L_new`, all
    gradients, `gradient_difference` (largest absolute difference of the transformed gradient and the gradient of the
    transformed network) and `L_halfway`.

    Sources: Bishop, Pattern Recognition and Machine Learning, section 5.1.1; Chen, Lu and Hecht-Nielsen, On the
    Geometry of Feedforward Neural Network Error Surfaces, Neural Computation 5 (1993). Raises ChalkworkError for a
    network without hidden layers, a layer that is not dense, or moves that are none.

    >>> from chalkwork import Dense
    >>> net = NeuralNetwork([Dense(3, "tanh", inputs=2), Dense(2, "relu"), Dense(1)])
    >>> symmetries(net)["number"]  # 3! 2^3 2!
    96
    """
    plan = reading.taken_apart(net)
    if plan.depth < 2:
        raise ChalkworkError("the network has no hidden layer, so it has no units to exchange")
    changes = _changes(plan, permute, flip)
    rewriting = [reading.rewritten(f"{name.name}_new", _transformed(plan, name)) for name in plan.parameters()]
    activations = [layer.activation for layer in plan.layers]
    matrices = {f"Q{at}": change.matrix for at, change in changes.items()}
    made = reading.Rewriting(net, plan, x, rewriting, activations, matrices)
    made.facts = _counted(plan) | made.facts
    number = made.facts.get("number", 2**53)
    if number < 2**53:  # which a double holds exactly
        made.equations.insert(0, Equation("M", Number(number), COUNTING))
    whole = made.whole() if y is None else _with_backward(made)
    if y is not None:
        made.values["y"] = net.oriented_target(y, made.samples)
        known = whole.shapes()
        made.values |= {name: np.array([[value]]) for name, value in net.constants.items() if name in known}
        values = work_out(whole, {**made.values, "x": made.points})
        made.facts |= _with_target(net, made.network, plan, values, made.points, y)

    def script(board: Board) -> Iterator[Block]:
        yield from _counting(board, plan, made.facts)
        yield from _applied(board, plan, changes)
        yield from made.compared(board)
        if y is not None:
            yield from _losses(board, made.facts)
        yield Heading("What it means for training", 2)
        yield Paragraph(_meaning(net, made.network, plan))

    made.asked += ["M"] if "M" in whole else []
    return made.answer(whole, style or Style(), title="Weight-space symmetries", script=script)


def _with_backward(made: reading.Rewriting) -> Derivation:
    """Both passes with the rewriting between them, with losses and gradients."""
    first, second = made.passes(target=True)
    back = backward(made.batch, 0, first), backward(made.batch, 1, second)
    givens = (made.batch.x, made.batch.y, *made.givens, *made.batch.constants(True))
    return Derivation(givens, (*first, *back[0], *made.equations, *second, *back[1]))


# --- how many ------------------------------------------------------------------------------------------------------


def _odd(plan: Plan, layer: int) -> bool:
    activation = plan.layers[layer - 1].activation
    return activation.name in _ODD and not activation.values.get("at_zero")


def _counted(plan: Plan) -> dict[str, Any]:
    hidden = range(1, plan.depth)
    units = [plan.layers[layer - 1].units for layer in hidden]
    logarithm = sum(lgamma(n + 1) + _odd(plan, layer) * n * log(2) for layer, n in zip(hidden, units, strict=True))
    values: dict[str, Any] = {"log10_number": logarithm / log(10)}
    if sum(units) <= MOST_COUNTED:
        flips = 2 ** sum(n for layer, n in zip(hidden, units, strict=True) if _odd(plan, layer))
        values["number"] = prod(map(factorial, units)) * flips
    return values


def _counting(board: Board, plan: Plan, values: Mapping[str, Any]) -> Iterator[Block]:
    yield Heading("How many there are", 2)
    yield Paragraph(
        "A unit of a hidden layer may change places with another one of the same layer, if its incoming weights, its "
        "bias and its outgoing weights move with it: the layer above adds up the same terms in another order. A layer "
        "of $n$ units has $n!$ such orders. If the activation is odd, $f(-z) = -f(z)$, the incoming weights, the bias "
        "and the outgoing weights of a unit may change their signs together: the two signs cancel. That is a choice "
        "for every unit, $2^n$ in all. The choices in different layers are independent, so the numbers multiply."
    )
    rows, latex, text = [], [], []
    for number, layer in enumerate(plan.layers[:-1], 1):
        n, odd = layer.units, _odd(plan, number)
        rows.append((str(number), str(n), layer.activation.words, f"${n}!$", f"$2^{{{n}}}$" if odd else "not odd"))
        latex.append(rf"{n}!" + (rf" \cdot 2^{{{n}}}" if odd else ""))
        text.append(f"{n}!" + (f" · 2{superscript(str(n))}" if odd else ""))
    yield Table(("hidden layer", "units $n$", "activation", "permutations", "sign flips"), tuple(rows), right=(0, 1))
    result, product = _total(values), r" \cdot ".join(latex)
    yield Display(rf"M = {product} {result[0]}", f"M = {' · '.join(text)} {result[1]}")
    yield from _besides(plan)


def _total(values: Mapping[str, Any]) -> tuple[str, str]:
    """The number, or its first digits and the power of ten."""
    written = str(values.get("number", ""))
    if written and len(written) <= _LONGEST_NUMBER:
        return f"= {written}", f"= {written}"
    exponent = int(values["log10_number"])
    first = f"{10 ** (values['log10_number'] - exponent):.2f}"
    return rf"\approx {first} \cdot 10^{{{exponent}}}", f"≈ {first}·10{superscript(str(exponent))}"


def _besides(plan: Plan) -> list[Block]:
    """Symmetries that are not in the count."""
    hidden = {layer.activation.name for layer in plan.layers[:-1]}
    said = []
    if "sigmoid" in hidden:
        said.append(
            "The sigmoid is not odd, but $\\sigma(-z) = 1 - \\sigma(z)$: a unit may be flipped if the bias of the "
            "layer above takes over the constant 1 times its outgoing weight. With these flips a sigmoid layer has "
            "as many symmetries as the tanh layer that it is equivalent to; they are not counted here, since they are "
            "no mere changes of sign."
        )
    if hidden & _RECTIFIED:
        said.append(
            "A rectified unit satisfies $f(c z) = c f(z)$ for every $c > 0$: its incoming weights and bias may be "
            "multiplied by $c$ and its outgoing weights divided by it. That is a whole curve of equal networks for "
            "every unit, besides the ones counted."
        )
    if "identity" in hidden:
        said.append(
            "Between linear layers, moreover, any invertible matrix may be put with its inverse, of which permutations "
            "and signs are only special cases; see the collapse of linear layers."
        )
    if plan.layers[-1].activation.name == "softmax":
        said.append(
            "A softmax output does not change either if the same vector is added to the weights of all outputs."
        )
    return [Paragraph(" ".join(said))] if said else []


# --- one of them ---------------------------------------------------------------------------------------------------


def _changes(plan: Plan, permute: Moves | None, flip: Moves | None) -> dict[int, _Change]:
    """The change of every hidden layer; checked."""
    orders, flips = _moves(permute, "permute"), _moves(flip, "flip")
    if permute is None and flip is None:
        for layer in range(1, plan.depth):
            units = plan.layers[layer - 1].units
            orders[layer] = [2, 1, *range(3, units + 1)] if units > 1 else [1]
            flips[layer] = [1] if _odd(plan, layer) else []
    for what, moves in (("permute", orders), ("flip", flips)):
        for layer in moves:
            if isinstance(layer, bool) or not isinstance(layer, int) or not 1 <= layer < plan.depth:
                raise ChalkworkError(f"{what} names hidden layers from 1 to {plan.depth - 1}, not {layer!r}")
    return {layer: _change(plan, layer, orders.get(layer), flips.get(layer, ())) for layer in range(1, plan.depth)}


def _moves(given: Moves | None, what: str) -> dict[int, Sequence[int]]:
    """Units by their hidden layers."""
    listed = {} if given is None else given
    known = isinstance(listed, Mapping)
    if not known or any(isinstance(one, str) or not isinstance(one, Sequence) for one in listed.values()):
        raise ChalkworkError(f"{what} maps hidden layers to lists of units, such as {{1: [2, 1]}}, not {given!r:.60}")
    return dict(listed)


def _change(plan: Plan, layer: int, order: Sequence[int] | None, flipped: Sequence[int]) -> _Change:
    units = plan.layers[layer - 1].units
    places = list(range(1, units + 1)) if order is None else list(order)
    if sorted(places) != list(range(1, units + 1)):
        raise ChalkworkError(
            f"permute: layer {layer} needs each of its units 1 to {units} once, not {places!r:.80}",
            hint="write the units in their new order",
        )
    if len(set(flipped)) != len(flipped) or not set(flipped) <= set(places):
        raise ChalkworkError(f"flip: layer {layer} has the units 1 to {units}, each at most once, not {flipped!r:.80}")
    if flipped and not _odd(plan, layer):
        words = plan.layers[layer - 1].activation.words
        raise ChalkworkError(
            f"flip: layer {layer} is {words}, which is not odd, so a sign flip would change the function",
            hint=f"flips are for {', '.join(sorted(_ODD))}",
        )
    return _Change(tuple(place - 1 for place in places), tuple(unit - 1 for unit in flipped))


def _matrix_name(plan: Plan, layer: int) -> Name:
    units = plan.layers[layer - 1].units
    return Name(f"Q{layer}", (units, units))


def _transformed(plan: Plan, name: Name) -> Expression:
    """The parameter (or its gradient) with the signed permutations of the layers on its two sides."""
    layer = int(name.name.lstrip("dWb"))
    above = _matrix_name(plan, layer) if layer < plan.depth else None
    below = _matrix_name(plan, layer - 1) if layer > 1 else None
    columns = plan.convention.samples == "columns"
    value: Expression = name
    if "b" in name.name:
        left, right = (above, None) if columns else (None, above)
    else:
        left, right = (above, below) if plan.convention.weights == "out_in" else (below, above)
    value = value if left is None else left @ value
    return value if right is None else value @ right.T


def _applied(board: Board, plan: Plan, changes: Mapping[int, _Change]) -> Iterator[Block]:
    yield Heading("One of them applied", 2)
    for layer, change in changes.items():
        yield Paragraph(f"Hidden layer {layer}: {_in_words(change)}.")
    yield Paragraph(
        "As a matrix this is an identity matrix with its rows in the new order, and minus signs in those of the "
        "flipped units. Its inverse is its transpose. Primes mark the new network."
    )
    yield from board.givens([f"Q{layer}" for layer in changes])
    yield board.say(
        "The incoming weights and the bias of a hidden layer are multiplied by its matrix, the outgoing weights by the "
        "inverse, so that the two cancel between the layers."
    )
    yield from board.equations([f"{name.name}_new" for name in plan.parameters()])


def _in_words(change: _Change) -> str:
    """The change in a sentence."""
    moved = change.order != tuple(range(len(change.order)))
    order = some((str(unit + 1) for unit in change.order), 12, ", …")
    said = f"the units in the order {order}" if moved else "every unit keeps its place"
    if change.flipped:
        units = ", ".join(str(unit + 1) for unit in sorted(change.flipped)[:12])
        said += f"; {'units' if len(change.flipped) > 1 else 'unit'} {units} (by the old number) with the sign turned"
    return said


# --- losses and gradients ------------------------------------------------------------------------------------------


def _with_target(
    net: NeuralNetwork,
    other: NeuralNetwork,
    plan: Plan,
    values: Mapping[str, Array],
    points: Array,
    y: Any,
) -> dict[str, Any]:
    """How far the gradients are from being images of each other, and the loss half-way."""
    apart = {}
    for name in plan.parameters():
        image = evaluate(_transformed(plan, Name(f"d{name.name}", name.shape)), values)
        apart[f"d{name.name}"] = float(np.max(np.abs(image - values[f"d{name.name}_new"])))
    middle = {f"{name}_new": value / 2 + other.parameters[name] / 2 for name, value in net.parameters.items()}
    halfway = reading.put_together(net, [layer.activation for layer in plan.layers], middle)
    return {
        "gradient_differences": apart,
        "gradient_difference": max(apart.values()),
        "L_halfway": float(halfway.solve(points, y)["L"]),
    }


def _losses(board: Board, values: Mapping[str, Any]) -> Iterator[Block]:
    yield Heading("Loss and gradients", 2)
    yield from board.givens(["y"])
    yield from board.equations(["L", "L_new"], "")
    yield Paragraph(
        "Equal outputs have equal losses. The gradients are images of each other under the same matrices, because a "
        "signed permutation is orthogonal: what holds for the weights holds for the derivatives by them. For the first "
        "layer:"
    )
    yield from board.equations(["dW1", "dW1_new"], "")
    symbols = board.writer.symbols
    rows = [
        (f"$\\partial L' / \\partial {symbols[name[1:]].latex}'$", board.number(apart, 2))
        for name, apart in values["gradient_differences"].items()
    ]
    yield Table(("gradient", "largest difference from the image of the old one"), tuple(rows), right=(1,))
    yield Paragraph(
        "So every step of gradient descent takes the two networks to images of each other again: they train alike for "
        "ever. Between them the loss is another one: half-way, at the mean of both parameters, it is "
        f"{board.number(values['L_halfway'])}, against {board.number('L')} at both ends."
    )


def _meaning(net: NeuralNetwork, other: NeuralNetwork, plan: Plan) -> str:
    """Help or hindrance, and what equal units do."""
    said = (
        "Every minimum of the loss comes with its images, equally deep and equally good. Finding any of them is "
        "enough, so the symmetry does not make a good network harder to find. It does make the loss surface "
        "non-convex: between two images of a minimum the loss rises as a rule, and surfaces on which images meet "
        "hold saddle points, where gradient descent is slow. Units that start with equal weights stay equal, since "
        "their gradients are equal as well; that is why weights are drawn at random."
    )
    if all(np.array_equal(value, other.parameters[name]) for name, value in net.parameters.items()):
        said += (
            " Here the new parameters are the old ones: the units that change places are equal, so this network lies "
            "on such a surface. The images that are counted above are then not all different."
        )
    return said
