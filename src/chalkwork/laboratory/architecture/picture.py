"""An architecture as a figure: what leaves every layer, with its size and the layer's parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chalkwork.counting import counted
from chalkwork.documents.model import Block
from chalkwork.drawings.stack import Pile, draw_stack
from chalkwork.laboratory.architecture.kinds import KINDS
from chalkwork.laboratory.architecture.tally import written
from chalkwork.solutions.board import Board

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
