"""The loss along the gradient, at every step of a training run: how far can the gradient be trusted?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from chalkwork.counting import counted
from chalkwork.errors import ChalkworkError, ValueProblem
from chalkwork.inside import canvas
from chalkwork.inside.measured import filled, gradient_equations, oriented
from chalkwork.networks.arguments import positive, seed_of, whole
from chalkwork.networks.data import Array
from chalkwork.networks.network import NeuralNetwork
from chalkwork.training.work import Work

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LENGTHS = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0)
"""In learning rates: from half the step that training takes to four times it."""


@dataclass(frozen=True, eq=False)
class Landscape:
    """What was met along the gradient: rows are training steps, columns are `lengths`.

    `loss` is the loss at each step, `losses` what it becomes along the gradient; `predictiveness` the distance (l2)
    between the gradient there and the gradient at the step; `smoothness`, the effective beta, the largest of these
    distances divided by the distance moved. Small numbers mean that the gradient says much about the loss ahead.
    """

    lengths: Array
    loss: Array
    losses: Array
    predictiveness: Array
    smoothness: Array

    @property
    def loss_range(self) -> Array:
        """The largest minus the smallest loss along the gradient, for each step."""
        return np.asarray(self.losses.max(1) - self.losses.min(1))

    def __repr__(self) -> str:
        return (
            f"Landscape({counted(len(self.loss), 'step')}, loss {self.loss[0]:.4g} to {self.loss[-1]:.4g}, "
            f"median smoothness {np.median(self.smoothness):.3g})"
        )


def landscape(
    net: NeuralNetwork,
    x: Any,
    y: Any,
    eta: float,
    steps: int,
    *,
    batch_size: int | None = None,
    lengths: Sequence[float] = LENGTHS,
    seed: int = 0,
) -> Landscape:
    """Train a copy of the network by gradient descent and look ahead along the gradient before every step.

    At step t the loss and its gradient are computed on the same batch at W - s * eta * dW, for every s of `lengths`:
    all of them in one evaluation of the equations. The network itself is left as it is; its batch normalisations
    use the statistics of each batch. Batches of `batch_size` (all samples, if it is None) are those of `train` with the
    same `seed` and `drop_last`.

    Source: Santurkar, Tsipras, Ilyas and Madry, How Does Batch Normalization Help Optimization? (NeurIPS 2018),
    section 3.1 and figure 4. Raises ChalkworkError for a network with dropout, whose loss is another one for every
    mask, and ValueProblem where the loss is no number any more.

    >>> from chalkwork import Dense
    >>> net = NeuralNetwork([Dense(weights=[[1.0]], bias=False)])  # L = (w - 3)^2 / 2: its second derivative is 1
    >>> landscape(net, [[1.0]], [[3.0]], eta=0.1, steps=5).smoothness.round(12).tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0]
    """
    inputs, target = oriented(net, x, y)
    walk = _Walk(net, inputs, target, _lengths(lengths), positive(eta, "eta"))
    count, axes = net.count(inputs), (net.convention.axis_of(inputs), net.convention.sample_axis)
    size = count if batch_size is None else min(whole(batch_size, "batch_size"), count)
    work = Work(count, size, whole(steps, "steps"), size < count, seed_of(seed), drop_last=True)
    batches = (part for epoch in range(steps) for part in work.order(epoch)[: work.full * size].reshape(-1, size))
    rows = [
        walk.step(inputs.take(chosen, axes[0]), target.take(chosen, axes[1]), number)
        for number, chosen in enumerate(islice(batches, steps), 1)
    ]
    loss, losses, distances, smoothness = (np.array(column) for column in zip(*rows, strict=True))
    return Landscape(walk.lengths, loss, losses, distances, smoothness)


class _Walk:
    """The copy of the network that goes along its gradient."""

    def __init__(self, net: NeuralNetwork, inputs: Array, target: Array, lengths: Array, eta: float) -> None:
        self.net, self.eta, self.lengths = net, eta, lengths
        plan = net.plan()
        if any(layer.kind.drop_rate for layer in plan.layers):
            raise ChalkworkError(
                "a network with dropout has another loss for every mask", hint="measure it without the dropout"
            )
        self.constants = {name: np.array([[value]]) for name, value in net.constants.items()}
        names = [name.name for name in plan.parameters()]
        self.parameters = {
            name.name: np.asarray(net.parameters[name.name], np.float64).reshape(name.shape)
            for name in plan.parameters()
        }
        self.names = names

    def step(self, x: Array, y: Array, number: int) -> tuple[float, Array, Array, float]:
        """Look ahead, then go one step: loss, losses ahead, changes of the gradient, effective smoothness."""
        here = self._evaluated(x, y, self.parameters)
        gradient = {name: here[f"d{name}"] for name in self.names}
        ahead = self.lengths[:, None, None] * self.eta
        there = self._evaluated(x, y, {name: self.parameters[name] - ahead * gradient[name] for name in self.names})
        changes = _norm([there[f"d{name}"] - gradient[name] for name in self.names])
        moved = self.lengths * self.eta * _norm(list(gradient.values()))
        loss, losses = float(here["L"].item()), there["L"].reshape(-1)
        if not (np.isfinite(loss) and np.isfinite(losses).all() and np.isfinite(changes).all()):
            raise ValueProblem(f"the loss along the gradient is no number at step {number}", hint="a smaller eta")
        self.parameters = {name: self.parameters[name] - self.eta * gradient[name] for name in self.names}
        return loss, losses, changes, float((changes / moved).max()) if moved.all() else 0.0

    def _evaluated(self, x: Array, y: Array, parameters: Mapping[str, Array]) -> dict[str, Array]:
        plan = self.net.plan(self.net.count(x), training=True)
        return filled(gradient_equations(plan), {"x": x, "y": y, **self.constants, **parameters})


def _norm(parts: Sequence[Array]) -> Array:
    """The l2 norm of matrices taken together, for each of their leading axes."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(np.sqrt(sum((part**2).sum((-2, -1)) for part in parts)))


def _lengths(lengths: Sequence[float]) -> Array:
    array = np.asarray(lengths, np.float64).reshape(-1)
    if not len(array) or not (np.isfinite(array) & (array > 0)).all():
        raise ChalkworkError("lengths are positive numbers, in learning rates")
    return array


def plot_landscape(landscapes: Landscape | Mapping[str, Landscape], *, log: bool = True, figure: Any = None) -> Figure:
    """Three panels over the training steps, for one landscape or several by name.

    The range of the loss along the gradient, the range of the change of the gradient, and the effective smoothness.
    `log` makes the ordinates logarithmic. Returns the figure, which may be given.

    >>> from chalkwork import Dense
    >>> net = NeuralNetwork([Dense(weights=[[1.0]], bias=False)])
    >>> figure = plot_landscape(landscape(net, [[1.0]], [[3.0]], eta=0.1, steps=5))
    >>> [ax.get_ylabel() for ax in figure.axes]
    ['loss', 'l2 change of the gradient', 'effective β']
    """
    named = {"": landscapes} if isinstance(landscapes, Landscape) else dict(landscapes)
    target: Figure = canvas.new_figure(10.5, 3.4) if figure is None else figure
    panels = [target.add_subplot(1, 3, place) for place in (1, 2, 3)]
    for place, (name, one) in enumerate(named.items()):
        _band(panels[0], place, one.losses, name)
        _band(panels[1], place, one.predictiveness, name)
        panels[2].plot(1 + np.arange(len(one.smoothness)), one.smoothness, **canvas.style(place), label=name)
    titles = ("range of the loss", "gradient predictiveness", "effective β-smoothness")
    labels = ("loss", "l2 change of the gradient", "effective β")
    for ax, title, label in zip(panels, titles, labels, strict=True):
        canvas.tidy(ax, "step", label, title)
        if log:
            canvas.logarithmic(ax)
    if any(named):
        panels[0].legend(frameon=False, fontsize="small")
    return target


def _band(ax: Axes, place: int, values: Array, name: str) -> None:
    """The range over all lengths, between two lines."""
    steps = 1 + np.arange(len(values))
    look = canvas.style(place)
    ax.fill_between(steps, values.min(1), values.max(1), color=look["color"], alpha=0.25, linewidth=0)
    ax.plot(steps, values.min(1), **look, linewidth=1)
    ax.plot(steps, values.max(1), **look, linewidth=1, label=name)
