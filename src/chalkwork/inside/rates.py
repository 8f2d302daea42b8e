"""A learning rate from a short run: rates that grow from step to step, and the loss that they lead to."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from chalkwork.counting import counted
from chalkwork.errors import ChalkworkError
from chalkwork.inside import canvas
from chalkwork.networks.arguments import positive, whole
from chalkwork.networks.data import Array
from chalkwork.networks.network import NeuralNetwork
from chalkwork.networks.optimisers import Optimiser
from chalkwork.networks.settings import Settings
from chalkwork.networks.training import train_network
from chalkwork.networks.training_data import samples_of
from chalkwork.training.loop import Diverged

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FEWEST = 10
"""Steps without which there is no curve."""


@dataclass(frozen=True, eq=False)
class Rates:
    """The learning rate of each step and the loss of its batch before it, as far as the loss was a number."""

    rates: Array
    loss: Array

    @property
    def smoothed(self) -> Array:
        """The loss, each the mean of a tenth of all steps around it."""
        window = np.ones(2 * (len(self.loss) // 20) + 1)
        count = np.convolve(np.ones(len(self.loss)), window, "same")
        return np.asarray(np.convolve(self.loss, window, "same") / count)

    @property
    def suggested(self) -> float:
        """The rate at which the smoothed loss falls the fastest, by decades of the rate, on the way to its minimum.

        Raises ChalkworkError where it does not fall.
        """
        smoothed = self.smoothed
        last = int(smoothed.argmin())
        slopes = np.gradient(smoothed, np.log10(self.rates))[: last + 1]
        if last == 0 or slopes.min() >= 0:
            raise ChalkworkError(
                "the loss does not fall at any of these rates", hint="a smaller lowest=, or more steps="
            )
        return float(self.rates[slopes.argmin()])

    def __repr__(self) -> str:
        reach = f"{self.rates[0]:.3g} to {self.rates[-1]:.3g}"
        try:
            return f"Rates({counted(len(self.rates), 'step')}, {reach}, suggested {self.suggested:.3g})"
        except ChalkworkError:
            return f"Rates({counted(len(self.rates), 'step')}, {reach}, none suggested)"


def find_rate(
    net: NeuralNetwork,
    x: Any,
    y: Any,
    *,
    lowest: float = 1e-5,
    highest: float = 10.0,
    steps: int = 100,
    batch_size: int = 32,
    optimizer: str | Mapping[str, Any] | Optimiser = "gradient_descent",
    seed: int = 0,
    dtype: str = "float64",
    engine: str = "auto",
) -> Rates:
    """Train a copy of the network with a rate that grows from step to step, by the same factor, until it is too large.

    The network itself is left as it is. `steps` is how many steps there are at least: where the samples do not suffice
    for them, whole epochs are made. The other arguments are as for `train`.

    Source: Smith, Cyclical Learning Rates for Training Neural Networks (2015), section 3.3. Raises ChalkworkError where
    not even ten steps give a loss, and as `train` does.

    >>> from chalkwork import Dense
    >>> x = np.linspace(-1, 1, 64)[:, None]
    >>> net = NeuralNetwork([Dense(8, "tanh", inputs=1), Dense(1)], "mean_squared_error")
    >>> found = find_rate(net, x, np.sin(3 * x), batch_size=16, engine="numpy")
    >>> 0.01 < found.suggested < 1
    True
    """
    low, high = positive(lowest, "lowest"), positive(highest, "highest")
    if high <= low:
        raise ChalkworkError(f"highest is larger than lowest, {low:g}, and not {high:g}")
    data, _, labels = samples_of(net, x, y, Settings())
    count, copy = net.count(data.x), net.after({})
    size, least = min(whole(batch_size, "batch_size"), count), whole(steps, "steps", FEWEST)
    if least * size < count:
        order = np.random.default_rng([seed, 2**30]).permutation(count)[: least * size]
        data, count = data.part(order, net.convention.sample_axis), least * size
    epochs = ceil(least / (count // size))
    factor = (high / low) ** (1 / (epochs * (count // size) - 1))
    settings = Settings(
        eta=low, epochs=epochs, batch_size=size, drop_last=True, schedule=lambda step: factor**step, seed=seed,
        optimizer=optimizer, dtype=dtype, engine=engine, progress=False,
    )  # fmt: skip
    copy.labels, target = None, data.y
    if data.classes and labels is not None:
        copy.labels, target = labels, labels.values[data.y.reshape(-1).astype(np.int64) - 1]
    try:
        with warnings.catch_warnings():  # that it ends higher than it began is what it is made for
            warnings.simplefilter("ignore")
            loss = train_network(copy, data.x, target, settings).loss
    except Diverged as error:
        loss = error.run.history.loss
    loss = np.asarray(loss, np.float64)
    if len(loss) < FEWEST:
        raise ChalkworkError(f"the loss was no number after {counted(len(loss), 'step')}", hint="a smaller lowest=")
    return Rates(low * factor ** np.arange(len(loss)), loss)


@overload
def plot_rates(found: Rates, *, ax: None = ...) -> Figure: ...
@overload
def plot_rates(found: Rates, *, ax: Axes) -> Axes: ...
def plot_rates(found: Rates, *, ax: Axes | None = None) -> Figure | Axes:
    """The loss over the learning rate (thin), smoothed (thick), and the rate that is suggested, where there is one.

    Returns the figure, or `ax` where it was given.
    """
    axes = canvas.new_axes() if ax is None else ax
    colour, smoothed = canvas.COLOURS[0], found.smoothed
    axes.semilogx(found.rates, found.loss, color=colour, linewidth=0.6, alpha=0.5, label="loss of a batch")
    axes.semilogx(found.rates, smoothed, color=colour, linewidth=2, label="smoothed")
    with suppress(ChalkworkError):
        rate = found.suggested
        axes.axvline(rate, color=canvas.COLOURS[1], linestyle="--", label=f"suggested: {rate:.2g}")
    room = float(np.ptp(smoothed[: max(FEWEST, int(smoothed.argmin()) + 1)])) or 1.0
    axes.set_ylim(float(smoothed.min()) - 0.2 * room, float(smoothed[0]) + 0.6 * room)
    canvas.tidy(axes, "learning rate", "loss")
    axes.legend(fontsize="small", framealpha=0.85, edgecolor="white")
    return canvas.shown(axes, ax)
