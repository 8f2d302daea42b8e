"""An architecture without its numbers: what goes in, layers, what can be counted of them, and all that as a figure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import reduce
from typing import Any

from chalkwork.algebra.expression import Application, Expression, Name, Number, names_in
from chalkwork.algebra.reading.written import matrix
from chalkwork.counting import counted
from chalkwork.derivation.derivation import Stage
from chalkwork.documents.model import Block, Heading, Paragraph
from chalkwork.drawings.stack import Pile, draw_stack
from chalkwork.errors import ChalkworkError, meant
from chalkwork.laboratory.architecture.kinds import KINDS, NONE, Counted
from chalkwork.laboratory.architecture.modules import layers_of
from chalkwork.laboratory.architecture.tally import Tally, product, symbol, written
from chalkwork.networks.layers.settings import size
from chalkwork.solutions.board import Board, maths
from chalkwork.solutions.compose import blank
from chalkwork.solutions.setting import Style
from chalkwork.solutions.solution import Solution
from chalkwork.solutions.steps import check_names

MOST_LAYERS = 500
TOTAL = Stage("total", "Altogether")
_COLUMNS = {
    "weights": "weights", "biases": "biases", "parameters": "parameters", "macs": "multiply-adds", "flops": "FLOPs",
    "activations": "activations", "receptive_field": "receptive field",
}  # fmt: skip
_LEGEND = {
    "c": "$c$ channels", "w": "$w$ the width",
    "h": "$h$ the height, or the number of units", "T": "$T$ steps", "d": "$d$ the width of a step",
    "k": "$k$ the kernel", "s": "$s$ the stride", "p": "$p$ the padding on each side", "g": "$g$ groups",
    "H": "$H$ heads", "V": "$V$ words",
    "receptive_field": "$r$ on how many inputs along an axis a unit depends",
    "jump": "$j$ how many inputs apart neighbours lie", "shape": "$S$ the shape of the output",
    "macs": r"$\text{MACs}$ the products that are added up",
    "flops": r"$\text{FLOPs}$ a multiplication and an addition for each product",
}  # fmt: skip
_SUMMED = ("weights", "biases", "parameters", "macs", "flops", "activations")
_LEARNED = ("weights", "biases", "parameters")
_SLIDING = ("conv", "max", "average")
"""What the kinds begin with that slide over maps."""
_OF_LAST = ("receptive_field", "shape")
"""What is asked of the whole network is asked of its last layer."""

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
        check_names(ask)
        tally = Tally()
        tally.outputs.append(self._enter(tally))
        layers = [self._layer(tally, number, own) for number, own in enumerate(self.layers, 1)]
        totals = _totals(tally, self.layers)
        known = {equation.name for equation in tally.equations}
        every = [f"{name}{number}" for number in range(1, len(layers) + 1) for name in ("shape", "parameters")]
        ask = [_of_last(name, len(layers), known) for name in ask]
        for name in ask:
            if name not in tally.values:
                raise ChalkworkError(f"{name} is nothing that is counted here", hint="shape1, parameters1, parameters")
        return tally.solution(
            style or Style(), title="An architecture", givens=(),
            script=lambda board: _script(board, self, layers, totals),
            asked=tuple(ask) or (*(name for name in every if name in known), "parameters"),
            blank=lambda board: [blank(board.solution, name) for name in board.solution.setting.asked],
        )  # fmt: skip

    def _enter(self, tally: Tally) -> tuple[Name, ...]:
        sliding = any(own["kind"].startswith(_SLIDING) for own in self.layers)
        tally.sizeless = sliding and len(self.input) == 1
        match self.input:
            case (_,):
                letters = "c" if sliding else "n"
            case (_, _):
                letters = "cn" if sliding else "Td"
            case (_, height, width):
                letters = "cn" if height == width else "chw"
        sizes = tuple(tally.chosen(letter, size) for letter, size in zip(letters, self.input, strict=False))
        return sizes if len(sizes) == len(self.input) else (*sizes, sizes[-1])

    def _layer(self, tally: Tally, number: int, own: Layer) -> Stage:
        kind = KINDS[own["kind"]]
        stage = Stage(f"layer{number}", f"Layer {number}: {kind.called(own)}")
        tally.layer, tally.settings, tally.usual = number, own, stage
        found = kind.count(tally)
        tally.outputs.append(found.shape)
        _write(tally, found)
        return stage


def _write(at: Tally, found: Counted) -> None:
    """The equations that every layer has."""
    if not at.sizeless:
        shape = Application(matrix(len(found.shape), 1), tuple(found.shape), ())
        at.equation(f"shape{at.layer}", shape, reason="What comes out.", letter=symbol("shape", at.layer))
    at.follows("weights", found.weights)
    at.follows("biases", found.biases)
    at.follows("parameters", found.weights if found.parameters is None else found.parameters)
    if not at.sizeless:
        macs = at.follows("macs", found.macs)
        at.follows("flops", 2 * macs if found.macs != NONE else NONE)
        at.follows("activations", product(found.shape))


def _totals(tally: Tally, layers: Sequence[Layer]) -> list[str]:
    """The sums over the layers; parameters that are shared count once."""
    names = [name for name in _SUMMED if f"{name}1" in tally.values]
    tally.layer, tally.usual = None, TOTAL
    for name in names:
        parts: list[Expression] = [
            Name(f"{name}{number}")
            for number, own in enumerate(layers, 1)
            if tally.values[f"{name}{number}"].any() and not (own["shares"] and name in _LEARNED)
        ]
        tally.follows(name, reduce(Expression.__add__, parts) if parts else Number(0))
    return names


# --- settings ------------------------------------------------------------------------------------------------------


def _settings(number: int, layer: Layer) -> dict[str, Any]:
    """The settings of a layer, checked, with its kind and whose parameters it shares."""
    where = f"layer {number}"
    if not isinstance(layer, Mapping):
        raise ChalkworkError(f"{where} is a mapping such as {{kind: dense, units: 10}}, not {layer!r:.60}")
    name = layer.get("kind", "dense")
    if not isinstance(name, str) or name not in KINDS:
        hint = meant(name, KINDS, f"the kinds are {', '.join(KINDS)}")
        raise ChalkworkError(f"{where}: {name!r:.60} is no kind of layer that is counted", hint=hint)
    shares = layer.get("shares")
    if shares is not None and size(shares, f"{where}: shares") >= number:
        raise ChalkworkError(f"{where}: shares names a layer before it")
    own = {key: value for key, value in layer.items() if key not in ("kind", "shares")}
    return {"kind": name, "shares": shares, **KINDS[name].chosen(own, f"{where} ({name})")}


# --- the board -----------------------------------------------------------------------------------------------------


def _script(board: Board, of: Architecture, layers: Sequence[Stage], totals: Sequence[str]) -> Iterator[Block]:
    """Each layer worked as far as it is asked for, then the table, then the sums."""
    needed = _needed(board)
    yield Paragraph(enters(of.input, of.layers[0]["kind"]))
    yield _legend(needed, [own["kind"] for own in of.layers])
    sizes = {f"{letter}0" for letter in "cnhwTd"} & needed
    yield from board.givens([name.name for name in board.derivation.givens if name.name in sizes])
    for number, stage in enumerate(layers, 1):
        worked = list(_of_layer(board, number, stage, of.layers[number - 1], needed))
        if worked:
            yield Heading(str(stage.title), 2)
            yield from worked
    sums = [name for name in totals if name in needed and float(board.values[name].item())]
    columns = [letter for letter in _COLUMNS if any(letter_of(name) == letter for name in needed)]
    shapes = any(letter_of(name) == "shape" for name in needed)
    table = len(of.layers) > 1 and shapes + len(columns) > 1
    if table or sums:
        yield Heading(str(TOTAL.title), 2)
    if table:
        yield _table(board, of, columns)
    if all(f"shape{number}" in board.values for number in range(1, len(of.layers) + 1)):  # without a size, none has one
        yield picture(board, of.input, of.layers)
    for name in sums:
        yield from board.equation(name)


def _needed(board: Board) -> set[str]:
    """What is asked, and everything that leads to it."""
    equations = {equation.name: equation.expression for equation in board.derivation.equations}
    found: set[str] = set()
    open_names = list(board.solution.setting.asked)
    while open_names:
        name = open_names.pop()
        if name not in found:
            found.add(name)
            open_names += [each.name for each in names_in(equations[name])] if name in equations else []
    return found


def enters(sizes: Sequence[int], first: str) -> str:
    """What the input is, in words.

    >>> enters((3, 32, 32), "conv2d"), enters((8,), "dense")
    ('What enters is 3 × 32 × 32: channels × height × width.', 'What enters are 8 numbers.')
    """
    sliding = first.startswith(_SLIDING)
    if len(sizes) == 1:
        return f"What enters are {counted(sizes[0], 'channel' if sliding else 'number')}{' of any size' * sliding}."
    two = "channels × length" if sliding else "steps × width"
    return f"What enters is {written(sizes)}: {two if len(sizes) == 2 else 'channels × height × width'}."


def _of_layer(board: Board, number: int, stage: Stage, own: Layer, needed: set[str]) -> Iterator[Block]:
    equations = [name for name in board.named(stage) if name in needed]
    given = [n.name for n in board.derivation.givens if _is_of(n.name, number) and n.name in needed]
    if given and equations:
        yield from board.givens(given)
    for name in equations:
        if name == f"shape{number}":
            sizes = [int(size) for size in board.values[name].ravel()]
            if len(sizes) > 1:
                latex = r" \times ".join(map(str, sizes))
                yield board.chain(name, maths(latex, written(sizes)))
        elif float(board.values[name].item()):
            yield from board.equation(name)
    if own["shares"]:
        yield Paragraph(f"Its parameters are those of layer {own['shares']}, and count once.")


def _is_of(name: str, number: int) -> bool:
    return name == f"{letter_of(name)}{number}"


def letter_of(name: str) -> str:
    """The name without the number of its layer."""
    return name.rstrip("0123456789")


def _of_last(name: str, layers: int, known: Collection[str]) -> str:
    """The last layer that has it, for what is asked of the whole network."""
    if name not in _OF_LAST:
        return name
    return next((f"{name}{number}" for number in range(layers, 0, -1) if f"{name}{number}" in known), name)


def _table(board: Board, of: Architecture, counts: Sequence[str]) -> Block:
    """A row a layer."""
    numbers = range(1, len(of.layers) + 1)
    columns: dict[str, Sequence[float] | Sequence[str]] = {
        "layer": [f"{number} {own['kind'].replace('_', ' ')}" for number, own in enumerate(of.layers, 1)]
    }
    if "shape1" in board.values:
        columns["output"] = [written([int(size) for size in board.values[f"shape{n}"].ravel()]) for n in numbers]
    for name in counts:
        found = [board.values[f"{name}{n}"].item() if f"{name}{n}" in board.values else None for n in numbers]
        counted = [value for value in found if value is not None]
        full = len(counted) == len(found)
        columns[_COLUMNS[name]] = counted if full else ["" if value is None else f"{value:.0f}" for value in found]
    return board.table(tuple(columns), list(columns.values()))


def _legend(needed: set[str], kinds: Sequence[str]) -> Block:
    """What the letters stand for, those that occur."""
    known = {letter_of(name) for name in needed}
    maps = any(kind.startswith(_SLIDING) for kind in kinds)
    dense = any(kind in ("dense", "flatten", "embedding") for kind in kinds)
    n = "$n$ the length of a side, or the number of units" if maps and dense else ""
    legend = {"n": n or ("$n$ the length of a side" if maps else "$n$ the number of units"), **_LEGEND}
    said = [words for letter, words in legend.items() if letter in known]
    return Paragraph(f"With the number of the layer as index: {', '.join(said)}.")


_CAPTION = "What leaves each layer, with the layer's parameters; lengths grow with the logarithm of the sizes"
_SHORT = {"max_pool": "pool", "average_pool": "pool", "activation": "name"} | dict.fromkeys(
    ("conv1d", "conv2d", "conv_transpose1d", "conv_transpose2d"), "kernel"
)
"""The setting that stands with the kind."""


def picture(board: Board, enters: Sequence[int], layers: Sequence[Mapping[str, Any]]) -> Block:
    """The input and a box or a volume for every layer."""
    piles, said = [Pile("input", tuple(enters), (written(enters),))], []
    for number, own in enumerate(layers, 1):
        sizes = tuple(int(size) for size in board.values[f"shape{number}"].ravel())
        count = int(board.values[f"parameters{number}"].item())
        has = f"as layer {own['shares']}" if own["shares"] and count else f"{count:,}".replace(",", "\u202f")
        piles.append(Pile(f"{number} {_label(own)}", sizes, (written(sizes), *([has] if count else []))))
        held = f", with the parameters of layer {own['shares']}" if own["shares"] and count else (
            f", {counted(count, 'parameter')}" if count else "")  # fmt: skip
        said.append(f"{number}. {KINDS[own['kind']].called(own)}: {written(sizes)}{held}")
    words = f"The layers in a row. What enters is {written(enters)}. {'; '.join(said)}."
    return draw_stack(piles, "The architecture", words).titled(_CAPTION)


def _label(own: Mapping[str, Any]) -> str:
    """The kind in a few letters, with its window."""
    kind = str(own["kind"]).replace("_", " ")
    key = _SHORT.get(own["kind"])
    if key is None:
        return kind
    value = own[key]
    if key == "name":
        return str(value.words)
    sides = value if isinstance(value, tuple) else (value,) * (1 if own["kind"].endswith("1d") else 2)
    return f"{kind} {'×'.join(map(str, sides))}"
