"""What a classifier of two inputs answers everywhere in the plane."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

import numpy as np

from chalkwork.algebra.operations import words
from chalkwork.errors import ChalkworkError, ShapeError
from chalkwork.inside import canvas
from chalkwork.inside.measured import inference_values, oriented
from chalkwork.networks.data import Array
from chalkwork.networks.network import NeuralNetwork
from chalkwork.networks.training_data import classes_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

POINTS = 201
"""Along each axis."""
MARGIN = 0.12
"""Of the range of the data, on each side."""
SIDES = ("#6fa8d6", "#ffffff", "#ffd592")
"""Class 0, undecided, class 1: the sides differ in grey too."""
DEPTHS = (0.6, 0.3, 0.45)
"""How strongly each class is coloured, for the same reason."""


@overload
def plot_decision(net: NeuralNetwork, x: Any, y: Any, *, ax: None = ...) -> Figure: ...
@overload
def plot_decision(net: NeuralNetwork, x: Any, y: Any, *, ax: Axes) -> Axes: ...
def plot_decision(net: NeuralNetwork, x: Any, y: Any, *, ax: Axes | None = None) -> Figure | Axes:
    """The output of a network with two inputs over the plane, its decision boundary (black), and the samples.

    With a single sigmoid output the shade is the probability of class 1 and the boundary where it is one half; with
    several outputs the shade is the class, the paler the less probable. `x` and `y` are samples and targets or labels
    as in `train`; each class has its marker and is called as `predict` calls it. Returns the figure, or `ax` where it
    was given.

    Raises ShapeError unless there are two inputs, ChalkworkError where the outputs are no probabilities.

    >>> from chalkwork import Dense
    >>> net = NeuralNetwork([Dense(weights=[[1.0], [1.0]], activation="sigmoid")], "binary_cross_entropy")
    >>> plot_decision(net, [[0, -1], [2, 1]], [0, 1]).axes[0].get_legend_handles_labels()[1]
    ['class 0', 'class 1']
    """
    _check(net)
    inputs, target = oriented(net, x, y)
    if net.convention.samples == "columns":
        inputs, target = np.swapaxes(inputs, -1, -2), target.T
    if inputs.shape[1:] != (2,):
        raise ShapeError(f"a decision boundary is drawn in the plane: of 2 inputs, not {words(inputs.shape[1:])}")
    axes = canvas.new_axes(5.4, 4.2) if ax is None else ax
    across, up = (_range(values) for values in inputs.T)
    output = _outputs(net, across, up)
    single = output.shape[-1] == 1
    classes = range(max(2, output.shape[-1])) if net.labels is None else net.labels.values.tolist()
    names = [f"class {label}".replace("$", r"\$") for label in classes]
    if single:
        _shade_probability(axes, across, up, output[..., 0], names[1])
    else:
        _shade_classes(axes, across, up, output)
    _samples(axes, inputs, classes_of(target, -1, 0.5), names)
    _finish(axes)
    return canvas.shown(axes, ax)


def _check(net: NeuralNetwork) -> None:
    last = net.layers[-1].activation
    if last.name not in ("sigmoid", "softmax"):
        raise ChalkworkError(
            f"the output is {last.words}, which is no probability", hint="use sigmoid or softmax in the last layer"
        )


def _range(values: Array) -> Array:
    low, high = values.min(), values.max()
    margin = MARGIN * (high - low or 1.0)
    return np.linspace(low - margin, high + margin, POINTS)


def _outputs(net: NeuralNetwork, across: Array, up: Array) -> Array:
    """The outputs on the grid: rows upwards, columns across, then the outputs."""
    grid = np.stack(np.meshgrid(across, up), -1).reshape(-1, 2)
    measured = inference_values(net, grid.T if net.convention.samples == "columns" else grid)
    return measured.data(f"a{measured.plan.depth}").reshape(POINTS, POINTS, -1)


def _shade_probability(ax: Axes, across: Array, up: Array, probability: Array, name: str) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    shades = LinearSegmentedColormap.from_list("probability", SIDES)
    filled = ax.contourf(across, up, probability, levels=np.linspace(0, 1, 11), cmap=shades)
    figure = ax.get_figure(root=True)
    assert figure is not None
    figure.colorbar(filled, ax=ax, label=f"probability of {name}", ticks=[0, 0.25, 0.5, 0.75, 1])
    if probability.min() < 0.5 < probability.max():
        ax.contour(across, up, probability, levels=[0.5], colors="black", linewidths=1.6)


def _shade_classes(ax: Axes, across: Array, up: Array, output: Array) -> None:
    from matplotlib.colors import to_rgb

    colours = np.array([to_rgb(_colour(place)) for place in range(output.shape[-1])])
    best = output.argmax(-1)
    depth = np.array(DEPTHS)[best % len(DEPTHS)] * output.max(-1)
    image = 1 - depth[..., None] * (1 - colours[best])
    ax.pcolormesh(across, up, image, shading="nearest", rasterized=True)
    for place in range(output.shape[-1]):
        ahead = output[..., place] - np.delete(output, place, -1).max(-1)
        if ahead.min() < 0 < ahead.max():
            ax.contour(across, up, ahead, levels=[0], colors="black", linewidths=1.3)


def _colour(place: int) -> str:
    return canvas.COLOURS[place % len(canvas.COLOURS)]


def _samples(ax: Axes, inputs: Array, classes: Array, names: list[str]) -> None:
    for place, name in enumerate(names):
        chosen = inputs[classes == place]
        ax.scatter(
            chosen[:, 0], chosen[:, 1], s=22, marker=canvas.MARKERS[place % len(canvas.MARKERS)], color=_colour(place),
            edgecolors="white", linewidths=0.6, label=name, zorder=3,
        )  # fmt: skip


def _finish(ax: Axes) -> None:
    canvas.tidy(ax, "x1", "x2")
    ax.grid(False)
    ax.legend(loc="upper right", framealpha=0.9, fontsize="small")
