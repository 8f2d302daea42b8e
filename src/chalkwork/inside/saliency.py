"""How much an output changes with each input: its gradient by the inputs, read from the network's own equations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from chalkwork.algebra.expression import Name, apply
from chalkwork.derivation.derivation import Derivation, Equation, Stage
from chalkwork.derivation.differentiate import adjoint_equations
from chalkwork.derivation.evaluate import evaluate_each
from chalkwork.errors import ChalkworkError, ShapeError
from chalkwork.inside import canvas
from chalkwork.inside.importance import called
from chalkwork.networks.arguments import one_of, whole
from chalkwork.networks.data import Array
from chalkwork.networks.equations import forward
from chalkwork.networks.measuring import BLOCK
from chalkwork.networks.measuring import output as output_of
from chalkwork.networks.network import NeuralNetwork
from chalkwork.networks.plan import Plan

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = 20
"""Samples, and inputs, of which the derivatives are drawn."""
PICTURES = 8
_CHOSEN, _SUM = "chosen", "chosen_output"


@dataclass(frozen=True, eq=False)
class Saliency:
    """The derivatives of an output by the inputs, in the shape of `x`; `outputs` holds which, from 0, by sample."""

    x: Array
    slopes: Array
    outputs: Array
    names: tuple[str, ...]
    """Of the inputs; none where a sample is a matrix."""
    equations: tuple[Equation, ...]
    """What was worked out: forward, the output that is chosen, and back to `dx`."""
    columns: bool = False
    """Whether samples that are vectors are columns."""

    @property
    def rows(self) -> tuple[Array, Array]:
        """Inputs and derivatives with a row for each sample that is a vector."""
        return (self.x.T, self.slopes.T) if self.columns and self.x.ndim == 2 else (self.x, self.slopes)

    def __repr__(self) -> str:
        return "\n".join(map(str, self.equations))


def saliency(
    net: NeuralNetwork, x: Any, *, output: int | None = None, of: str = "a", names: Sequence[str] | None = None
) -> Saliency:
    """Differentiate an output by every input, for each sample, in inference.

    `output` is its number from 0 on; without it each sample's largest one is taken, which is that of the predicted
    class. `of` is `"a"` for the activation or `"z"` for the net input, which says more where a softmax is sure of its
    class. `names` are those of the inputs. What is worked out is the derivation of the network with one equation more,
    the sum of what is chosen, back to `dx`.

    Source: Simonyan, Vedaldi and Zisserman, Deep inside convolutional networks (2014), section 3. Raises
    ChalkworkError for inputs that have no derivative, such as tokens.

    >>> from chalkwork import Dense
    >>> net = NeuralNetwork([Dense(weights=[[2.0, 0.0], [-1.0, 1.0]], bias=False, activation="tanh")])
    >>> found = saliency(net, [[0.0, 0.0], [1.0, 2.0]])
    >>> found.outputs.tolist(), found.slopes.round(3).tolist()
    ([0, 1], [[2.0, -1.0], [0.0, 0.071]])
    >>> found
    z1 = x @ W1
    a1 = tanh(z1)
    chosen_output = sum(chosen * a1)
    da1 = chosen
    dz1 = da1 * (1 - a1^2)
    dx = dz1 @ W1.T
    """
    inputs, letter = net.oriented_input(x, batched=True), one_of(of, ("a", "z"), "of")
    if net.plan().layers[-1].positions:
        raise ChalkworkError("saliency is of outputs that are vectors, not of outputs at several positions")
    columns, count = net.convention.samples == "columns", net.count(inputs)
    found = output_of(net, inputs, letter)
    rows = found.T if columns else found
    outputs = rows.argmax(1) if output is None else np.full(count, whole(output, "output", 0, rows.shape[1] - 1))
    chosen, axis, parts = np.eye(rows.shape[1])[outputs], net.convention.axis_of(inputs), []
    for start in range(0, count, BLOCK):
        places = np.arange(start, min(start + BLOCK, count))
        plan = net.plan(len(places))
        derivation = _derivation(plan, letter)
        here = chosen[places].T if columns else chosen[places]
        givens = {"x": inputs.take(places, axis), _CHOSEN: here, **net.values(derivation, plan)}
        parts.append(evaluate_each(derivation.equations, givens)["dx"])
    named = () if net.takes_positions else called(inputs.shape[net.convention.unit_axis], names)
    return Saliency(inputs, np.concatenate(parts, axis), outputs, named, derivation.equations, columns)


@lru_cache(maxsize=16)
def _derivation(plan: Plan, letter: str) -> Derivation:
    """Forward, the sum of the outputs that are chosen, and back to the inputs."""
    last = plan.of_output(letter)
    chosen = Name(_CHOSEN, last.shape)
    equations = forward(plan, 0, False)
    if not any(one.name == last.name for one in equations):
        raise ChalkworkError(f"the last layer has no {last.name}", hint='of="a"')
    equations.append(Equation(_SUM, apply("sum", chosen * last), Stage.FORWARD))
    named = {one.name: f"d{one.name}" for one in equations[:-1]} | {"x": "dx"}
    equations += adjoint_equations(equations, _SUM, named)
    derivation = Derivation(
        (plan.x, chosen, *plan.parameters(), *plan.state(), *plan.constants(False)), tuple(equations)
    )
    if "dx" not in derivation:
        raise ChalkworkError("the inputs are tokens: an output has no derivative by them")
    return replace(derivation, equations=derivation.needed([_SUM, "dx"]))


@overload
def plot_saliency(found: Saliency, *, shape: tuple[int, int] | None = ..., ax: None = ...) -> Figure: ...
@overload
def plot_saliency(found: Saliency, *, shape: tuple[int, int] | None = ..., ax: Axes) -> Axes: ...
def plot_saliency(found: Saliency, *, shape: tuple[int, int] | None = None, ax: Axes | None = None) -> Figure | Axes:
    """The derivatives of the first samples.

    At most 8 images stand above the size of theirs (of channels the largest); inputs that are vectors may be images
    too, of this `shape` (rows, columns). Else a matrix with a row for each input and a column for each sample, at most
    20, in colours from negative to positive. Returns the figure, or `ax` where it was given.
    """
    x, slopes = found.rows
    if shape is not None and slopes[0].size != shape[0] * shape[1]:
        raise ShapeError(f"{slopes[0].size} inputs are no image of {shape[0]}x{shape[1]}")
    pictures = shape is not None or x.ndim == 4
    height = 1.9 if pictures else 1.5 + 0.22 * min(slopes[0].size, SHOWN)
    axes = canvas.new_axes(height=height) if ax is None else ax
    if pictures:
        _mosaic(axes, found, shape or x.shape[2:])
    elif x.ndim == 2:
        _matrix(axes, found)
    else:
        raise ChalkworkError("samples that are sequences are not drawn", hint="slopes holds their derivatives")
    return canvas.shown(axes, ax)


def _mosaic(axes: Axes, found: Saliency, shape: tuple[int, ...]) -> None:
    """The images above, how much each point counts below, each in the range of its own."""
    rows = []
    for values in (found.rows[0], np.abs(found.rows[1])):
        images = values[:PICTURES].reshape(len(values[:PICTURES]), -1, *shape).max(1)
        low, high = (end((1, 2), keepdims=True) for end in (images.min, images.max))
        scaled = (images - low) / np.where(high > low, high - low, 1)
        rows.append(np.hstack(list(np.pad(scaled, [(0, 0), (1, 1), (1, 1)], constant_values=np.nan))))
    height, width = (size + 2 for size in shape)
    axes.imshow(np.vstack(rows), cmap="Greys", interpolation="nearest")
    axes.set_xticks(
        width * (np.arange(len(images)) + 0.5) - 0.5, [f"output {place}" for place in found.outputs[: len(images)]]
    )
    axes.set_yticks([height / 2 - 0.5, 1.5 * height - 0.5], ["x", "size of dx"])
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)


def _matrix(axes: Axes, found: Saliency) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    slopes = found.rows[1][:SHOWN, :SHOWN].T
    most = float(np.abs(slopes).max()) or 1.0
    shades = LinearSegmentedColormap.from_list("slopes", (canvas.COLOURS[0], "white", canvas.COLOURS[1]))
    image = axes.imshow(slopes, cmap=shades, vmin=-most, vmax=most, aspect="auto", interpolation="nearest")
    canvas.tidy(axes, "sample, and its output", "")
    axes.grid(False)
    numbers = range(slopes.shape[1])
    axes.set_xticks(numbers, [f"{at + 1}\n({found.outputs[at]})" for at in numbers])
    axes.set_yticks(range(len(slopes)), found.names[: len(slopes)])
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.colorbar(image, ax=axes, label="derivative")
