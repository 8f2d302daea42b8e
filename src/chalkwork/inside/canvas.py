"""Figures without pyplot: axes to draw on, colours, markers and dashes that differ in grey too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from chalkwork.errors import ChalkworkError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000", "#999999")
"""Okabe and Ito's, which colour-blind readers can tell apart; in another order, so that neighbours differ in grey."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<", ">")
DASHES = ("-", "--", "-.", ":")
GREY = "#666666"
DECADES_IN_FULL = 300
"""Above this ratio, powers of ten are ticks enough."""


def new_figure(width: float = 6.0, height: float = 3.8) -> Figure:
    """An empty figure, in inches, that a notebook shows by itself.

    Raises ChalkworkError where matplotlib is missing.
    """
    try:
        from chalkwork.inside.figure import NotebookFigure
    except ImportError as error:
        raise ChalkworkError("plots need matplotlib", hint="pip install 'chalkwork[train]'") from error
    return NotebookFigure(figsize=(width, height), layout="constrained")


def new_axes(width: float = 6.0, height: float = 3.8) -> Axes:
    """The only axes of a new figure."""
    axes: Axes = new_figure(width, height).add_subplot()
    return axes


def shown(axes: Axes, given: Axes | None) -> Figure | Axes:
    """What a plot gives back: the axes that it was given, or else the figure that it made."""
    return cast("Figure", axes.figure) if given is None else axes


def tidy(ax: Axes, x: str, y: str, title: str = "") -> None:
    """Labels, a faint grid, no frame above and on the right."""
    ax.set_xlabel(x)
    ax.set_ylabel(y)
    if title:
        ax.set_title(title, fontsize="medium")
    ax.grid(True, color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)


def marks(place: int, points: int) -> dict[str, Any]:
    """A marker now and then, for a curve that must be told from others in grey."""
    return {"marker": MARKERS[place % len(MARKERS)], "markersize": 5, "markevery": max(1, points // 8)}


def logarithmic(ax: Axes) -> None:
    """A logarithmic ordinate, for what is drawn already; over few decades with plain numbers at 1, 2 and 5."""
    from matplotlib.ticker import LogLocator, NullFormatter

    ax.set_yscale("log")
    low, high = ax.get_ylim()
    if high <= DECADES_IN_FULL * low:
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.yaxis.set_major_formatter("{x:g}")
        ax.yaxis.set_minor_formatter(NullFormatter())


def style(place: int) -> dict[str, Any]:
    """Colour and dashes of the curve in that place."""
    return {"color": COLOURS[place % len(COLOURS)], "linestyle": DASHES[place % len(DASHES)]}
