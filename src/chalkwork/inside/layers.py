"""The numbers of each layer as plots: activations, gradients, weights."""

from __future__ import annotations

from math import ceil, isqrt
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from chalkwork.counting import counted
from chalkwork.inside import canvas
from chalkwork.inside.measured import inference_values, training_values
from chalkwork.networks.data import Array
from chalkwork.networks.network import NeuralNetwork

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_BINS = 40
COLUMNS = 3


@overload
def plot_activations(net: NeuralNetwork, x: Any, *, ax: None = ...) -> Figure: ...
@overload
def plot_activations(net: NeuralNetwork, x: Any, *, ax: Axes) -> Axes: ...
def plot_activations(net: NeuralNetwork, x: Any, *, ax: Axes | None = None) -> Figure | Axes:
    """The activations of each layer on data, in inference: a box from quartile to quartile, whiskers from 5 to 95 %.

    The share of zeros stands on the right where there are any. Returns the figure, or `ax` where it was given.

    >>> from chalkwork import Dense
    >>> net = NeuralNetwork([Dense(3, "relu", inputs=2), Dense(1)])
    >>> [label.get_text() for label in plot_activations(net, [[1, 2], [3, 4]]).axes[0].get_yticklabels()]
    ['a1: ReLU', 'a2: identity']
    """
    measured = inference_values(net, x)
    titles = [f"a{at.number}: {str(at.layer.kind.title(at)).split(': ')[-1]}" for at in measured.plan.spots]
    values = [measured.data(f"a{at.number}").ravel() for at in measured.plan.spots]
    axes = canvas.new_axes(6.0, _height(len(values))) if ax is None else ax
    _boxes(axes, values, titles)
    canvas.tidy(axes, "activation", "", "activations by layer")
    for place, one in enumerate(values, 1):
        _note_zeros(axes, place, one)
    return canvas.shown(axes, ax)


@overload
def plot_gradients(net: NeuralNetwork, x: Any, y: Any, *, ax: None = ...) -> Figure: ...
@overload
def plot_gradients(net: NeuralNetwork, x: Any, y: Any, *, ax: Axes) -> Axes: ...
def plot_gradients(net: NeuralNetwork, x: Any, y: Any, *, ax: Axes | None = None) -> Figure | Axes:
    """The sizes of the gradients of each weight matrix on data as one batch, in training: boxes as of activations.

    The scale is logarithmic; entries that are 0 are left out, and their share stands on the right. Returns the figure,
    or `ax` where it was given.

    >>> from chalkwork import Dense
    >>> net = NeuralNetwork([Dense(3, "tanh", inputs=2), Dense(1)])
    >>> plot_gradients(net, [[1, 2], [3, 4]], [[0], [1]]).axes[0].get_xscale()
    'log'
    """
    measured = training_values(net, x, y)
    names = [f"d{name.name}" for name in measured.plan.weights()]
    sizes = [np.abs(measured.values[name]).ravel() for name in names]
    axes = canvas.new_axes(6.0, _height(len(sizes))) if ax is None else ax
    axes.set_xscale("log")
    _boxes(axes, [size[size > 0] for size in sizes], names)
    canvas.tidy(axes, "size of an entry of the gradient (logarithmic)", "", "gradients by layer")
    for place, size in enumerate(sizes, 1):
        _note_zeros(axes, place, size)
    return canvas.shown(axes, ax)


def plot_weights(net: NeuralNetwork, *, figure: Any = None) -> Figure:
    """A histogram of the entries of each weight matrix, on one scale. Returns the figure, which may be given.

    >>> from chalkwork import Dense
    >>> [ax.get_title() for ax in plot_weights(NeuralNetwork([Dense(3, "tanh", inputs=2), Dense(1)])).axes]
    ['W1: 6 weights, std 0.23', 'W2: 3 weights, std 0.62']
    """
    names = [name.name for name in net.plan().weights()]
    columns = min(COLUMNS, len(names))
    rows = ceil(len(names) / columns)
    target: Figure = canvas.new_figure(2.9 * columns + 0.4, 2.4 * rows) if figure is None else figure
    from matplotlib.ticker import MaxNLocator  # by now matplotlib is known to be there

    most = max((float(np.abs(net.parameters[name]).max()) for name in names), default=0.0) or 1.0
    for place, name in enumerate(names):
        ax = target.add_subplot(rows, columns, place + 1)
        weights = np.ravel(net.parameters[name])
        ax.hist(
            weights,
            bins=_bins(weights.size),
            range=(-most, most),
            color=canvas.COLOURS[0],
            edgecolor="white",
            linewidth=0.3,
        )
        ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
        canvas.tidy(ax, "weight", "count" if place % columns == 0 else "")
        ax.set_title(
            f"{name}: {counted(weights.size, 'weight', f'{weights.size:,}')}, std {weights.std():.2g}", fontsize="small"
        )
    return target


def _bins(count: int) -> int:
    """The more there are, the finer; the root of their number, doubled, since the middle holds most."""
    return max(8, min(MOST_BINS, 2 * isqrt(count)))


def _height(rows: int) -> float:
    return 1.3 + 0.42 * rows


def _boxes(ax: Axes, values: list[Array], titles: list[str]) -> None:
    """Lying boxes, the first layer on top."""
    drawn = ax.boxplot(
        values, orientation="horizontal", whis=(5, 95), showfliers=False, patch_artist=True, widths=0.55,
        medianprops={"color": "black", "linewidth": 1.8}, tick_labels=titles,
    )  # fmt: skip
    for box in drawn["boxes"]:
        box.set_facecolor(canvas.COLOURS[4])
        box.set_edgecolor(canvas.GREY)
    ax.invert_yaxis()


def _note_zeros(ax: Axes, place: int, values: Array) -> None:
    share = float((values == 0).mean())
    if share:
        ax.text(
            1.01, place, f"{share:.0%} are 0", transform=ax.get_yaxis_transform(), va="center", fontsize="small",
            color=canvas.GREY,
        )  # fmt: skip
