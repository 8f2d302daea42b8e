"""Pictures of what a network on a table has learned."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from chalkwork.errors import ChalkworkError
from chalkwork.inside import canvas
from chalkwork.networks.data import Array
from chalkwork.tables.targets import Target

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_SHOWN = 30
"""Classes up to which a confusion matrix is drawn."""
MOST_NUMBERED = 15
MOST_POINTS = 20_000
_LONGEST = 18


def plot_confusion(names: tuple[str, ...], counts: list[list[int]], part: str = "test") -> Figure:
    """The confusion matrix: a row for each true class, a column for each predicted one, darker for a larger share.

    Shares are of the row. Raises ChalkworkError for more than 30 classes, or where matplotlib is missing.
    """
    if len(names) > MOST_SHOWN:
        raise ChalkworkError(f"a matrix of {len(names)} classes is too large to read; at most {MOST_SHOWN} are drawn")
    matrix = np.array(counts, float)
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    side = 2.6 + 0.38 * len(names)
    axes = canvas.new_axes(side + 0.8, side)
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.figure.colorbar(image, ax=axes, shrink=0.8, label="share of the true class")
    short = [_plain(name) for name in names]
    long = max(map(len, short)) > 6
    axes.set_xticks(range(len(names)), short, rotation=45 if long else 0, ha="right" if long else
                    "center")  # fmt: skip
    axes.set_yticks(range(len(names)), short)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.set_title(f"{part} part, samples", fontsize="medium")
    if len(names) <= MOST_NUMBERED:
        for row, column in np.ndindex(matrix.shape):
            colour = "white" if shares[row, column] > 0.5 else "black"
            axes.text(column, row, f"{counts[row][column]}", ha="center", va="center", color=colour, fontsize="small")
    return axes.figure  # type: ignore[return-value]


def plot_residuals(target: Target, wanted: Array, predicted: Array, part: str = "test") -> Figure:
    """Predicted minus true against predicted, in units of the target; several targets have a marker each.

    Raises ChalkworkError where matplotlib is missing.
    """
    axes = canvas.new_axes()
    for place, name in enumerate(target.names):
        rows = slice(0, MOST_POINTS // len(target.names))
        x, y = predicted[rows, place], predicted[rows, place] - wanted[rows, place]
        look: dict[str, Any] = {"color": canvas.COLOURS[place % len(canvas.COLOURS)],
                "marker": canvas.MARKERS[place % len(canvas.MARKERS)]}  # fmt: skip
        axes.plot(x, y, linestyle="", markersize=4, alpha=0.7, label=_plain(name), **look)
    axes.axhline(0, color=canvas.GREY, linewidth=1)
    what = _plain(target.names[0]) if len(target.names) == 1 else "value"
    canvas.tidy(axes, f"predicted {what}", "predicted minus true", f"{part} part")
    if len(target.names) > 1:
        axes.legend(frameon=False)
    return axes.figure  # type: ignore[return-value]


def png(figure: Any) -> bytes:
    """The figure as PNG."""
    memory = BytesIO()
    figure.savefig(memory, format="png", dpi=150)
    return memory.getvalue()


def _plain(text: str) -> str:
    """A stranger's text for a label: short, and no mathematics in it."""
    from chalkwork.documents.literal import visible

    return visible(text, _LONGEST).replace("$", r"\$")
