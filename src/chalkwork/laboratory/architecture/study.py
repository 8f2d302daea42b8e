"""An architecture without its numbers: what goes in, layers, and what can be counted of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Application, Expression, Name, Number
from chalkwork.algebra.reading.written import matrix
from chalkwork.derivation.derivation import Derivation, Equation, Stage
from chalkwork.documents.model import Block, Heading, Paragraph
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.architecture.kinds import KINDS, Counted
from chalkwork.laboratory.architecture.modules import layers_of
from chalkwork.laboratory.architecture.picture import picture
from chalkwork.laboratory.architecture.tally import At, Tally, product, symbol, written
from chalkwork.networks.layers.settings import size
from chalkwork.solutions.board import Board, maths
from chalkwork.solutions.setting import Setting, Style
from chalkwork.solutions.solution import Solution

MOST_LAYERS = 500
TOTAL = Stage("total", "Altogether")
_SHOWN = {"parameters": "parameters", "macs": "multiply-adds", "activations": "activations"}
_LEGEND = {
    "c": "$c$ channels", "n": "$n$ the length of a side, or the number of units", "w": "$w$ the width",
    "h": "$h$ the height, or the number of units", "T": "$T$ steps", "d": "$d$ the width of a step",
    "k": "$k$ the kernel", "s": "$s$ the stride", "p": "$p$ the padding on each side", "g": "$g$ groups",
    "H": "$H$ heads", "V": "$V$ words",
    "receptive_field": "$r$ on how many inputs along an axis a unit depends",
    "jump": "$j$ how many inputs apart neighbours lie", "shape": "$S$ the shape of the output",
    "macs": r"$\text{MACs}$ the products that are added up",
}  # fmt: skip
_SUMMED = ("weights", "biases", "parameters", "macs", "activations")

Layer = Mapping[str, Any]


class Architecture:
    """Layers with their settings, and the shape of what enters: what comes out of each, and what it costs.

    `layers` are mappings with a `kind` of `KINDS` and its settings; `input` is a number of inputs, (channels, height,
    width), (channels, length) before a `conv1d`, or (steps, width). A layer with `shares: n` uses the parameters of
    layer n, which count once.

    Raises ChalkworkError for unknown kinds and settings, and for layers that do not fit what enters them.
    Source of the sizes: Dumoulin and Visin, A guide to convolution arithmetic for deep learning (2016).

    >>> lenet = Architecture([{"kind": "conv2d", "filters": 6, "kernel": 5}], input=(3, 32, 32)).solve()
    >>> [int(lenet[name]) for name in ("n1", "parameters1", "macs1")], lenet["shape1"].ravel().astype(int).tolist()
    ([28, 456, 352800], [6, 28, 28])
    """

    def __init__(self, layers: Sequence[Layer], input: int | Sequence[int]) -> None:
        if isinstance(layers, str | bytes) or not isinstance(layers, Sequence) or not layers:
            raise ChalkworkError("layers is a list of at least one mapping such as {kind: dense, units: 10}")
        if len(layers) > MOST_LAYERS:
            raise ChalkworkError(f"{len(layers)} layers are more than {MOST_LAYERS}")
        sizes = tuple(input) if isinstance(input, Sequence) and not isinstance(input, str) else (input,)
        if not 1 <= len(sizes) <= 3:
            raise ChalkworkError(f"input has 1 to 3 sizes, not {len(sizes)}")
        self.input = tuple(size(each, "a size of the input") for each in sizes)
        self.layers = tuple(_settings(number, layer) for number, layer in enumerate(layers, 1))

    @classmethod
    def of(cls, module: Any, input: int | Sequence[int]) -> Architecture:
        """The architecture of a `torch.nn.Sequential`, its shapes as PyTorch has them without the batch.

        Raises ChalkworkError for a module of a class that is not counted.
        """
        return cls(layers_of(module), input)

    def solve(self, style: Style | None = None, ask: Sequence[str] = ()) -> Solution:
        """Every size and number of every layer by name: `shape1`, `parameters1`, `macs1`, ..., and the sums."""
        tally = Tally()
        tally.outputs.append(self._enter(tally))
        layers = [self._layer(tally, number, own) for number, own in enumerate(self.layers, 1)]
        totals = _totals(tally, self.layers)
        every = (f"{name}{number}" for number in range(1, len(layers) + 1) for name in ("shape", "parameters"))
        setting = Setting(
            title="An architecture",
            letters=tally.letters,
            script=lambda board: _script(board, self, layers, totals),
            asked=tuple(ask) or (*every, "parameters"),
        )
        values = {name.name: np.array([[float(tally.values[name.name])]]) for name in tally.givens}
        solution = Solution(Derivation(tuple(tally.givens), tuple(tally.equations)), values, style, setting)
        for name in ask:
            if name not in solution:
                raise ChalkworkError(f"{name} is nothing that is counted here", hint="shape1, parameters1, parameters")
        return solution

    def _enter(self, tally: Tally) -> tuple[Name, ...]:
        first = next((own["kind"] for own in self.layers if own["kind"].startswith(("conv", "max", "average"))), "")
        match self.input:
            case (size,):
                return (tally.given("n", 0, size),)
            case (channels, length) if first:
                return tally.given("c", 0, channels), tally.given("n", 0, length)
            case (steps, width):
                return tally.given("T", 0, steps), tally.given("d", 0, width)
            case (channels, height, width) if height == width:
                side = tally.given("n", 0, height)
                return tally.given("c", 0, channels), side, side
            case (channels, height, width):
                return tally.given("c", 0, channels), tally.given("h", 0, height), tally.given("w", 0, width)
        raise ChalkworkError("input has 1 to 3 sizes")

    def _layer(self, tally: Tally, number: int, own: Layer) -> Stage:
        kind = KINDS[own["kind"]]
        stage = Stage(f"layer{number}", f"Layer {number}: {kind.words(own)}")
        at = At(tally, number, own, stage)
        found = kind.count(at)
        tally.outputs.append(found.shape)
        _write(at, found)
        return stage


def _write(at: At, found: Counted) -> None:
    """The equations that every layer has."""
    sizes = found.shape
    shape = Equation(
        f"shape{at.number}", Application(matrix(len(sizes), 1), tuple(sizes), ()), at.stage, "What comes out."
    )
    at.tally.equations.append(shape)
    at.tally.letters[shape.name] = symbol("shape", at.number)
    at.equation("weights", found.weights)
    at.equation("biases", found.biases)
    at.equation("parameters", found.weights if found.parameters is None else found.parameters)
    at.equation("macs", found.macs)
    at.equation("activations", product(sizes))


def _totals(tally: Tally, layers: Sequence[Layer]) -> list[str]:
    """The sums over the layers; parameters that are shared count once."""
    found = []
    for name in _SUMMED:
        parts = [
            Name(f"{name}{number}")
            for number, own in enumerate(layers, 1)
            if tally.values[f"{name}{number}"] and not (own["shares"] and name in ("weights", "biases", "parameters"))
        ]
        total: Expression = parts[0] if parts else Number(0)
        for part in parts[1:]:
            total = total + part
        tally.equation(name, None, total, TOTAL)
        found.append(name)
    return found


# --- settings ------------------------------------------------------------------------------------------------------


def _settings(number: int, layer: Layer) -> dict[str, Any]:
    """The settings of a layer, checked, with its kind and whose parameters it shares."""
    where = f"layer {number}"
    if not isinstance(layer, Mapping):
        raise ChalkworkError(f"{where} is a mapping such as {{kind: dense, units: 10}}, not {layer!r:.60}")
    name = layer.get("kind", "dense")
    if not isinstance(name, str) or name not in KINDS:
        near = get_close_matches(str(name)[:60], KINDS, 1)
        hint = f"did you mean {near[0]}?" if near else f"the kinds are {', '.join(KINDS)}"
        raise ChalkworkError(f"{where}: {name!r:.60} is no kind of layer that is counted", hint=hint)
    shares = layer.get("shares")
    if shares is not None and size(shares, f"{where}: shares") >= number:
        raise ChalkworkError(f"{where}: shares names a layer before it")
    own = {key: value for key, value in layer.items() if key not in ("kind", "shares")}
    return {"kind": name, "shares": shares, **KINDS[name].chosen(own, f"{where} ({name})")}


# --- the board -----------------------------------------------------------------------------------------------------


def _script(board: Board, of: Architecture, layers: Sequence[Stage], totals: Sequence[str]) -> Iterator[Block]:
    """Each layer worked, then the table, then the sums."""
    yield Paragraph(f"What enters is {written(of.input)}.")
    yield _legend(board)
    yield from board.givens([name.name for name in board.derivation.givens if name.name.endswith("0") and
                             name.name[:-1] in ("c", "n", "h", "w", "T", "d")])  # fmt: skip
    for number, stage in enumerate(layers, 1):
        yield Heading(str(stage.title), 2)
        yield from _of_layer(board, number, stage, of.layers[number - 1])
    yield Heading(str(TOTAL.title), 2)
    yield _table(board, of)
    yield picture(board, of.input, of.layers)
    for name in totals:
        if float(board.values[name].item()) and _is_shown(board, name):
            yield from board.equation(name)


def _of_layer(board: Board, number: int, stage: Stage, own: Layer) -> Iterator[Block]:
    given = [n.name for n in board.derivation.givens if _is_of(n.name, number)]
    if given:
        yield from board.givens(given)
    for name in board.named(stage):
        if name == f"shape{number}":
            sizes = [int(size) for size in board.values[name].ravel()]
            if len(sizes) == 1:
                continue
            latex = r" \times ".join(map(str, sizes))
            yield board.chain(name, maths(latex, written(sizes)))
        elif float(board.values[name].item()) and _is_shown(board, name):
            yield from board.equation(name)
    if own["shares"]:
        yield Paragraph(f"Its parameters are those of layer {own['shares']}, and count once.")


def _is_of(name: str, number: int) -> bool:
    return name == f"{letter_of(name)}{number}"


def letter_of(name: str) -> str:
    """The name without the number of its layer."""
    return name.rstrip("0123456789")


def _is_shown(board: Board, name: str) -> bool:
    """Whether it is a size, or a count of the kind that is asked for."""
    asked = {letter_of(one) for one in board.solution.setting.asked}
    asked |= {"jump"} if "receptive_field" in asked else set()
    return letter_of(name) not in (*_SUMMED, "receptive_field", "jump") or letter_of(name) in asked


def _table(board: Board, of: Architecture) -> Block:
    """A row a layer."""
    numbers = range(1, len(of.layers) + 1)
    columns: list[Sequence[float] | Sequence[str]] = [
        [f"{number} {own['kind'].replace('_', ' ')}" for number, own in enumerate(of.layers, 1)],
        [written([int(size) for size in board.values[f"shape{number}"].ravel()]) for number in numbers],
        *([board.values[f"{name}{number}"].item() for number in numbers] for name in _SHOWN),
    ]
    return board.table(("layer", "output", *_SHOWN.values()), columns)


def _legend(board: Board) -> Block:
    """What the letters stand for, those that occur."""
    names = (*(given.name for given in board.derivation.givens), *board.derivation)
    known = {letter_of(name) for name in names if _is_shown(board, name)}
    said = [words for letter, words in _LEGEND.items() if letter in known]
    return Paragraph(f"With the number of the layer as index: {', '.join(said)}.")
